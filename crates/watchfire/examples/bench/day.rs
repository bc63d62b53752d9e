//! The day after the worst day: one node holds 28,000 calls, 12,000 dispatches and 5,000 directives of one day, with 1,500
//! units free again, and every page of the console is asked for what it shows.
//!
//! The day is made through engine and store, under a clock of its own, from one settlement to the next; it is kept beside
//! the build. Then the program itself is started, and each page's requests are made over HTTP by two clients at once, as
//! many as two cores can tell apart. The settlement is the agency's book of that day: read, its open lines carried over,
//! signed. Start at [`run`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use watchfire::clock::Clock;
use watchfire_core::basis::{
    AssignmentId, CallId, DirectiveId, IncidentId, PersonId, Priority, Timestamp, UnitId,
};
use watchfire_core::record::assignment::{AssignmentAction, Choice, Step as Going, Why};
use watchfire_core::record::call::CallAction;
use watchfire_core::record::directive::{Addressee, Details, DirectiveAction, Step};
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::person::Seat;
use watchfire_core::record::{Action, Actor, RecordKind};

use crate::client::Client;
use crate::floors;
use crate::measure::{Samples, timed};
use crate::program::Program;
use crate::report::Report;
use crate::stage::{City, Stage};
use crate::{Outcome, Scale};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// The hour at which a day is settled, in the node's zone.
const CLOSE_HOUR_MS: i64 = 8 * HOUR_MS;
/// Says that a store was made whole.
const MADE: &str = "bench.made";
/// Of so many, one is still open when the day ends.
const ONE_OPEN_OF: usize = 40;
/// The seats from which pages are looked at.
const SEATS: [Seat; 4] = [
    Seat::CallTaker,
    Seat::Dispatcher,
    Seat::DutyOfficer,
    Seat::Administrator,
];

/// How much there is of everything.
#[derive(Clone, Copy)]
struct Sizes {
    units: usize,
    calls: usize,
    dispatches: usize,
    directives: usize,
    /// How often each page is asked.
    asked: usize,
}

const WHOLE: Sizes = Sizes {
    units: 1_500,
    calls: 28_000,
    dispatches: 12_000,
    directives: 5_000,
    asked: 40,
};
const QUICK: Sizes = Sizes {
    units: 100,
    calls: 280,
    dispatches: 120,
    directives: 50,
    asked: 3,
};

/// What each page of the console asks for when it is opened, with the seat that has it.
const PAGES: [(&str, Seat, &[&str]); 15] = [
    ("door and frame", Seat::Dispatcher, &["/session", "/node"]),
    ("calls", Seat::CallTaker, &["/board", "/drafts"]),
    (
        "dispatch, wall, duty",
        Seat::Dispatcher,
        &["/board", "/cover", "/peers"],
    ),
    (
        "incident",
        Seat::Dispatcher,
        &[
            "/incidents/{incident}",
            "/incidents/{incident}/entries",
            "/incidents/{incident}/recommendation",
        ],
    ),
    (
        "directives",
        Seat::DutyOfficer,
        &["/directives", "/directives/kinds", "/directives/bins"],
    ),
    (
        "settlement",
        Seat::DutyOfficer,
        &["/settlements/book?date={date}"],
    ),
    ("roster", Seat::DutyOfficer, &["/duty", "/duty/handovers"]),
    ("operations", Seat::DutyOfficer, &["/operations", "/peers"]),
    (
        "support",
        Seat::DutyOfficer,
        &["/support", "/support/figures"],
    ),
    (
        "assessment",
        Seat::DutyOfficer,
        &["/assessments", "/consultations", "/patterns/alerts"],
    ),
    ("patrols", Seat::DutyOfficer, &["/patrols"]),
    (
        "figures",
        Seat::DutyOfficer,
        &["/figures?from={from}&to={to}"],
    ),
    (
        "after-action",
        Seat::DutyOfficer,
        &["/past/board?at={noon}"],
    ),
    (
        "monitoring",
        Seat::DutyOfficer,
        &[
            "/monitoring",
            "/monitoring/coverage",
            "/monitoring/report?span=day&date={day}",
        ],
    ),
    (
        "playbooks",
        Seat::DutyOfficer,
        &["/playbooks", "/playbook-runs"],
    ),
];

/// Measures pages, settlement and coverage.
pub(crate) fn run(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let sizes = scale.of(WHOLE, QUICK);
    let mut city = City::read(scale)?;
    // The day ended at the last full hour: the node lives where its hour of settlement is just past, so that what ended last
    // is still on the board.
    let until = Clock::Real.now().0.div_euclid(HOUR_MS) * HOUR_MS;
    let offset_h = offset_where_settled(until);
    let name = format!("day-{}-{}-{until}", City::name(scale), sizes.calls);
    let dir = scale.scratch.join(name);
    if !dir.join(MADE).exists() {
        make(&dir, &mut city, sizes, Timestamp(until))?;
        std::fs::write(dir.join(MADE), "")?;
    }
    let config = dir.join(watchfire::config::FILE);
    let zone = format!("zone = \"Etc/GMT{:+}\"\n", -offset_h);
    let text = std::fs::read_to_string(&config)?;
    if !text.starts_with(&zone) {
        std::fs::write(&config, zone + &text)?;
    }
    let mut stage = Stage::open(&dir, &city)?;
    let mut tokens = BTreeMap::new();
    for seat in SEATS {
        let token = stage.token_for(&format!("day-{}", seat.as_str()), seat)?;
        tokens.insert(seat, token);
    }
    drop(stage.into_store()?);
    let program = Program::serve(&dir)?;
    let at = |ms: i64| -> String { jiff_time(ms) };
    let local = until + offset_h * HOUR_MS;
    let mut words = BTreeMap::from([
        ("{date}", at(local)[..10].to_owned()),
        ("{day}", at(local - DAY_MS)[..10].to_owned()),
        ("{from}", at(until - DAY_MS)),
        ("{to}", at(until)),
        ("{noon}", at(until - DAY_MS / 2)),
    ]);
    let mut client = Client::connect(program.address, &tokens[&Seat::Dispatcher])?;
    let board: Value = serde_json::from_str(&client.get("/api/v1/board")?)?;
    let incident = board["incidents"][0]["id"].as_str();
    words.insert(
        "{incident}",
        incident.ok_or("no incident is open")?.to_owned(),
    );
    let count = |list: &str| board[list].as_array().map_or(0, Vec::len);
    eprintln!(
        "    the board: {} calls, {} incidents, {} assignments, {} records more",
        count("calls"),
        count("incidents"),
        count("assignments"),
        count("records")
    );
    let unit = board["units"][0]["id"].as_str().ok_or("there is no unit")?;
    words.insert("{unit}", unit.to_owned());

    pages(&program, &tokens, &words, sizes.asked, report)?;
    let of_calls = coverage(&mut client, unit, sizes.asked)?;
    let of_roads = coverage_of_roads(scale, &mut city, sizes)?;
    report.add(&floors::DAY_COVERAGE_P95_MS, of_calls.max(of_roads));
    settlement(
        program.address,
        &tokens[&Seat::DutyOfficer],
        &words["{date}"],
        report,
    )
}

/// Returns by how many hours a zone is ahead of UTC in which it is the hour of settlement.
fn offset_where_settled(at: i64) -> i64 {
    let hour = at.rem_euclid(DAY_MS) / HOUR_MS;
    let ahead = CLOSE_HOUR_MS / HOUR_MS - hour;
    if ahead < -12 { ahead + 24 } else { ahead }
}

fn jiff_time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map(|at| at.to_string())
        .unwrap_or_default()
}

/// Asks for every page, all in turn, from two clients at once; a page is answered once all that it asks for is.
fn pages(
    program: &Program,
    tokens: &BTreeMap<Seat, String>,
    words: &BTreeMap<&str, String>,
    asked: usize,
    report: &mut Report,
) -> Outcome<()> {
    let address = program.address;
    let ask_all = || -> Result<Vec<Samples>, String> {
        let mut clients = BTreeMap::new();
        for (seat, token) in tokens {
            let client = Client::connect(address, token).map_err(|error| error.to_string())?;
            clients.insert(*seat, client);
        }
        let mut samples: Vec<Samples> = PAGES.iter().map(|_| Samples::default()).collect();
        // The first round is as cold as a page can be, and counts as well.
        for _ in 0..asked {
            for ((name, seat, paths), samples) in PAGES.iter().zip(&mut samples) {
                let client = clients.get_mut(seat).ok_or("no client")?;
                let (done, took) = timed(|| {
                    paths.iter().try_for_each(|path| {
                        let path = filled(path, words);
                        client.get(&format!("/api/v1{path}")).map(drop)
                    })
                });
                done.map_err(|error| format!("{name}: {error}"))?;
                samples.add(took);
            }
        }
        Ok(samples)
    };
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(ask_all);
        let other = scope.spawn(ask_all);
        (one.join(), other.join())
    });
    let one = one.map_err(|_| "a client panicked")??;
    let other = other.map_err(|_| "a client panicked")??;
    let mut worst: f64 = 0.0;
    for ((name, ..), (mut samples, more)) in PAGES.iter().zip(one.into_iter().zip(other)) {
        samples.extend(more);
        let (p50, p95) = (samples.quantile(0.5), samples.quantile(0.95));
        eprintln!(
            "    {name:<22} p50 {p50:>7.1} ms  p95 {p95:>7.1} ms  of {}",
            samples.count()
        );
        worst = worst.max(p95);
    }
    report.add(&floors::DAY_PAGE_P95_MS, worst);
    Ok(())
}

fn filled(path: &str, words: &BTreeMap<&str, String>) -> String {
    let mut path = path.to_owned();
    for (word, value) in words {
        path = path.replace(word, value);
    }
    path
}

/// Asks for coverage as it is and as it would be without a unit; after each a moment, so that it is worked out anew.
/// Returns how long the slow ones took, p95 in ms.
fn coverage(client: &mut Client, unit: &str, asked: usize) -> Outcome<f64> {
    let (mut answered, mut made) = (Samples::default(), Samples::default());
    for number in 0..asked.min(15) {
        std::thread::sleep(Duration::from_millis(2_500));
        let path = match number % 2 {
            0 => "/api/v1/monitoring/coverage".to_owned(),
            _ => format!("/api/v1/monitoring/coverage?without={unit}"),
        };
        let (answer, took) = timed(|| client.get(&path));
        let answer: Value = serde_json::from_str(&answer?)?;
        if number == 0 {
            let known = &answer["known"];
            eprintln!(
                "    coverage over {} places, {} units free, {} without a place",
                known["places"], known["units"], known["unplaced"]
            );
        }
        answered.add(took);
        let took_ms = answer["known"]["took_ms"].as_u64();
        let took_ms = took_ms.ok_or_else(|| format!("no coverage: {}", answer["why_not"]["en"]))?;
        made.add(Duration::from_millis(took_ms));
    }
    eprintln!(
        "    its answer, at most a few seconds old, p95 {:.1} ms",
        answered.quantile(0.95)
    );
    let slow = made.quantile(0.95);
    eprintln!("    worked out anew, p95 {slow:.1} ms");
    Ok(slow)
}

/// The same on a node that knows the roads and no calls: its squares are those of the map, as many as there may be.
fn coverage_of_roads(scale: &Scale, city: &mut City, sizes: Sizes) -> Outcome<f64> {
    let dir = scale.scratch.join("coverage");
    let mut stage = Stage::create(&dir, city, Clock::Real.now())?;
    let units: Vec<UnitId> = (0..sizes.units)
        .map(|number| stage.unit(city, &format!("U{number}")))
        .collect::<Outcome<_>>()?;
    let token = stage.token_for("coverage", Seat::Dispatcher)?;
    drop(stage.into_store()?);
    let program = Program::serve(&dir)?;
    let mut client = Client::connect(program.address, &token)?;
    coverage(&mut client, &units[0].to_string(), sizes.asked)
}

/// Settles the day: reads the book, carries its open lines over, signs.
fn settlement(address: SocketAddr, token: &str, date: &str, report: &mut Report) -> Outcome<()> {
    let mut client = Client::connect(address, token)?;
    let path = format!("/api/v1/settlements/book?date={date}");
    let (book, read) = timed(|| client.get(&path));
    let book: Value = serde_json::from_str(&book?)?;
    let lines = book["lines"].as_array().ok_or("a book has lines")?;
    let open: Vec<Value> = lines
        .iter()
        .filter(|line| line["carried_out"] == true)
        .map(|line| json!({ "record": line["record"], "item": line["item"] }))
        .collect();
    eprintln!(
        "    the book has {} lines, {} of them open",
        lines.len(),
        open.len()
    );
    report.add(&floors::DAY_BOOK_S, read.as_secs_f64());
    let key = |what: &str| format!("{what} {}", Clock::Real.now().0);
    let until = jiff_time(Clock::Real.now().0 + 2 * DAY_MS);
    let (signed, took) = timed(|| -> Outcome<()> {
        for (number, lines) in open.chunks(200).enumerate() {
            let body = json!({ "date": date, "lines": lines, "reason": "open at the end of the day", "until": until });
            client.post(
                "/api/v1/settlements/carried",
                &key(&format!("carry {number}")),
                &body.to_string(),
            )?;
        }
        let body = json!({ "date": date }).to_string();
        client.post("/api/v1/settlements/signature", &key("sign"), &body)?;
        Ok(())
    });
    signed?;
    report.add(&floors::DAY_SETTLED_S, took.as_secs_f64());
    Ok(())
}

fn make(dir: &Path, city: &mut City, sizes: Sizes, until: Timestamp) -> Outcome<()> {
    eprintln!("    making a day of {} calls, once", sizes.calls);
    let mut stage = Stage::create(dir, city, Timestamp(until.0 - DAY_MS - HOUR_MS))?;
    let units: Vec<UnitId> = (0..sizes.units)
        .map(|number| stage.unit(city, &format!("U{number}")))
        .collect::<Outcome<_>>()?;
    let gap_ms = (DAY_MS - MINUTE_MS) / i64::try_from(sizes.calls)?;
    stage.now = Timestamp(until.0 - DAY_MS);
    let mut incident = None;
    for number in 0..sizes.calls {
        stage.now.0 += gap_ms;
        let due = |of: usize| (number + 1) * of / sizes.calls > number * of / sizes.calls;
        match incident {
            Some(known) if !due(sizes.dispatches) => joined(&mut stage, city, known)?,
            Some(_) | None => {
                let unit = units[number % units.len()];
                let open = number.is_multiple_of(ONE_OPEN_OF) && number * 20 > sizes.calls * 19;
                incident = Some(sent(&mut stage, city, unit, !open)?);
            }
        }
        if due(sizes.directives) {
            directive(&mut stage, units[number % units.len()], until, number)?;
        }
        if number.is_multiple_of(5_000) {
            stage.let_go(Timestamp(stage.now.0 - DAY_MS))?;
        }
    }
    stage.into_store()?.checkpoint()?;
    Ok(())
}

/// A call about something that is known, until that is over; then it is closed.
fn joined(stage: &mut Stage, city: &mut City, incident: IncidentId) -> Outcome<()> {
    let call = CallId(stage.ask(Action::Call(city.call("12 Harbour Road")?))?[0].id);
    let join = CallAction::Join { call, incident };
    if stage.ask(Action::Call(join)).is_err() {
        let reason = "answered on the telephone".parse()?;
        stage.ask(Action::Call(CallAction::Close { call, reason }))?;
    }
    Ok(())
}

/// An incident that one unit is sent to, from its call to its end or up to the unit's arrival.
fn sent(stage: &mut Stage, city: &mut City, unit: UnitId, to_the_end: bool) -> Outcome<IncidentId> {
    let incident = stage.incident(city)?;
    let choices = vec![Choice {
        unit,
        why: Why::default(),
    }];
    let sent = stage.ask(Action::Assignment(AssignmentAction::Send {
        incident,
        choices,
    }))?;
    let assignment = sent
        .iter()
        .find(|record| record.kind == RecordKind::Assignment);
    let assignment = AssignmentId(assignment.ok_or("nothing was sent")?.id);
    for step in [
        Going::Acknowledge,
        Going::Depart,
        Going::Arrive,
        Going::Clear { ending: None },
    ] {
        stage.ask(Action::Assignment(AssignmentAction::Advance {
            assignment,
            step,
        }))?;
    }
    if to_the_end {
        let disposition = "attended".parse()?;
        stage.ask(Action::Incident(IncidentAction::Close {
            incident,
            disposition,
        }))?;
    }
    Ok(incident)
}

/// A directive to a unit: signed, acted on, reported and verified by somebody else, or still open when the day ends.
fn directive(stage: &mut Stage, unit: UnitId, until: Timestamp, number: usize) -> Outcome<()> {
    let officer = Actor {
        person: PersonId([1; 16]),
        seat: Seat::DutyOfficer,
    };
    let details = Details {
        kind: "task".parse()?,
        priority: Priority::P3,
        subject: "look at the lights of the crossing".parse()?,
        to: vec![Addressee::Unit(unit)],
        operation: None,
        related: Vec::new(),
        close_by: Timestamp(until.0 + DAY_MS),
        replaces: None,
    };
    let draft = DirectiveAction::Draft {
        details,
        text: None,
        issue: true,
    };
    let made = stage.ask_by(officer, Action::Directive(draft))?;
    let (directive, item) = (DirectiveId(made[0].id), 0);
    let steps = match number % ONE_OPEN_OF {
        0 => &[Step::Signed, Step::Acting][..],
        _ => &[Step::Signed, Step::Acting, Step::Reported][..],
    };
    for step in steps {
        let text = (*step == Step::Reported)
            .then(|| "done".parse())
            .transpose()?;
        let step = *step;
        stage.ask(Action::Directive(DirectiveAction::Advance {
            directive,
            item,
            step,
            text,
        }))?;
    }
    if !number.is_multiple_of(ONE_OPEN_OF) {
        stage.ask_by(
            officer,
            Action::Directive(DirectiveAction::Verify { directive, item }),
        )?;
    }
    Ok(())
}

//! A storm of duplicates: a thousand calls on twenty events, each joined to its best hint by an obedient
//! call taker. Measures how good the hints are; the floors are what was measured, not what was hoped.
//!
//! Callers stand scattered around what they see, mistake what it is, know no place or call again, and
//! some events lie close together. Truth is known because the storm is made up. Start at [`storm`].

use crate::basis::{CallId, Code, Line, Personal, Place, Point, Priority, Timestamp};
use crate::duplicate::{self, DuplicateRules, Report};
use crate::entropy::Entropy;
use crate::plan::ResponseFile;
use crate::record::Action;
use crate::record::call::{CallAction, CallDetails, CallState, Channel};
use crate::record::incident::IncidentAction;
use crate::story::world::{Asked, BEGIN_MS, World};

const CALLS: u64 = 1_000;
const EVENTS: u64 = 20;
const SEEDS: [u64; 5] = [1, 2, 3, 20_170_101, 0x5f5f];
const METRES_PER_DEGREE: f64 = 111_194.93;

/// Something that really happens; the node never sees it.
struct Happening {
    north_m: f64,
    east_m: f64,
    category: u64,
    begins_s: u64,
    weight: u64,
}

/// One report of it, with all that a caller gets wrong.
struct Reported {
    event: usize,
    at_s: u64,
    place: Option<Point>,
    category: Option<u64>,
    number: u64,
}

fn happenings(dice: &mut Entropy) -> Vec<Happening> {
    let mut all: Vec<Happening> = Vec::new();
    for event in 0..EVENTS {
        // Every third lies 150 to 400 m from the one before: a second crash in the same jam.
        let (north_m, east_m) = match all.last() {
            Some(near) if event % 3 == 2 => {
                let far_m = 150.0 + dice.below(250) as f64;
                let angle = dice.below(628) as f64 / 100.0;
                (
                    near.north_m + far_m * angle.sin(),
                    near.east_m + far_m * angle.cos(),
                )
            }
            _ => (dice.below(5_000) as f64, dice.below(5_000) as f64),
        };
        all.push(Happening {
            north_m,
            east_m,
            category: dice.below(5),
            begins_s: dice.below(1_200),
            weight: 1 + 60 / (event + 1),
        });
    }
    all
}

/// Returns a number that is about normally distributed, with the given spread.
fn scattered(dice: &mut Entropy, spread_m: f64) -> f64 {
    let sum: u64 = (0..12).map(|_| dice.below(1_000)).sum();
    (sum as f64 / 1_000.0 - 6.0) * spread_m
}

fn reports(seed: u64) -> Vec<Reported> {
    let mut dice = Entropy::from_number(seed);
    let events = happenings(&mut dice);
    let weight: u64 = events.iter().map(|event| event.weight).sum();
    let mut all: Vec<Reported> = Vec::new();
    for caller in 0..CALLS {
        let mut drawn = dice.below(weight);
        let found = events.iter().position(|event| {
            let here = drawn < event.weight;
            drawn = drawn.saturating_sub(event.weight);
            here
        });
        let at = found.unwrap();
        let event = &events[at];
        let spread_m = match dice.below(20) {
            0 => 400.0, // Sees the smoke from afar.
            1..=5 => 120.0,
            _ => 40.0,
        };
        let north_m = event.north_m + scattered(&mut dice, spread_m);
        let east_m = event.east_m + scattered(&mut dice, spread_m);
        let point = Point::from_degrees(
            30.0 + north_m / METRES_PER_DEGREE,
            120.0 + east_m / (METRES_PER_DEGREE * 30f64.to_radians().cos()),
        );
        let knows_place = dice.below(100) >= 8;
        let category = match dice.below(100) {
            0..=4 => None,
            5..=14 => Some(dice.below(5)),
            _ => Some(event.category),
        };
        let again = (dice.below(10) == 0)
            .then(|| all.iter().rev().find(|earlier| earlier.event == at))
            .flatten();
        let patrol = dice.below(100) == 0;
        let number = match (patrol, again) {
            (true, _) => 7, // A guard or a bus driver who sees one thing after the other.
            (false, Some(earlier)) => earlier.number,
            (false, None) => 1_000 + caller,
        };
        all.push(Reported {
            event: at,
            at_s: event.begins_s + dice.below(900).min(dice.below(900)),
            place: knows_place.then(|| point.unwrap()),
            category,
            number,
        });
    }
    all.sort_by_key(|report| (report.at_s, report.number));
    all
}

fn details(report: &Reported) -> CallDetails {
    let number: Line = format!("+86 575 {:08}", report.number).parse().unwrap();
    CallDetails {
        place: report.place.map(|point| Place {
            point,
            address: None,
            area: None,
        }),
        category: report
            .category
            .map(|code| format!("kind{code}").parse::<Code>().unwrap()),
        priority: Some(Priority::P2),
        personal: Personal {
            callback: Some(number),
            ..Personal::default()
        },
    }
}

/// Takes a call and does what the best hint says.
fn take(world: &mut World, report: &Reported) -> CallId {
    let ask = |world: &mut World, action| {
        let step = world.handle(Asked::default(), action);
        world.append(&step.append);
        step.then.answer
    };
    world.now = Timestamp(BEGIN_MS + report.at_s as i64 * 1_000);
    let receive = CallAction::Receive {
        ringing_at: None,
        onward: Default::default(),
        channel: Channel::Phone,
        source: None,
        details: details(report),
    };
    let made = ask(world, Action::Call(receive)).unwrap();
    let call = CallId(made.records[0].0.id);
    let board = world.engine.board();
    let asked = Report::of(&board.calls[&call]);
    let hints = duplicate::hints(board, &DuplicateRules::default(), &asked);
    let open = |call| {
        let category = Some("kind0".parse().unwrap());
        let missing = board.calls[&call].category.is_none();
        Action::Incident(IncidentAction::Open {
            from_call: Some(call),
            category: category.filter(|_| missing),
            priority: None,
            place: None,
        })
    };
    match hints.first().map(|hint| (hint.incident, hint.call)) {
        Some((Some(incident), _)) => {
            ask(world, Action::Call(CallAction::Join { call, incident })).unwrap();
        }
        Some((None, Some(other))) => {
            // Whichever of the two has a place begins the incident.
            let (first, second) = match board.calls[&other].place {
                Some(_) => (other, call),
                None => (call, other),
            };
            let opening = open(first);
            if let Ok(made) = ask(world, opening) {
                let incident = crate::basis::IncidentId(made.records[0].0.id);
                ask(
                    world,
                    Action::Call(CallAction::Join {
                        call: second,
                        incident,
                    }),
                )
                .unwrap();
            }
        }
        Some((None, None)) => unreachable!("a hint names an incident or a call"),
        None => {
            let opening = open(call);
            drop(ask(world, opening)); // Without a place it stays loose.
        }
    }
    call
}

/// Returns how many of the pairs that were joined belong together, and how many that do were joined.
fn storm(seed: u64) -> (f64, f64) {
    let reports = reports(seed);
    let mut world = World::new(seed, ResponseFile::default());
    let calls: Vec<CallId> = reports
        .iter()
        .map(|report| take(&mut world, report))
        .collect();
    let board = world.engine.board();
    let incident = |call: &CallId| match board.calls[call].state {
        CallState::Joined { incident } => Some(incident),
        CallState::Received | CallState::Closed { .. } => None,
    };
    let (mut joined, mut same, mut both) = (0u32, 0u32, 0u32);
    for (at, one) in reports.iter().enumerate() {
        for (other_at, other) in reports.iter().enumerate().skip(at + 1) {
            let together = incident(&calls[at]).is_some()
                && incident(&calls[at]) == incident(&calls[other_at]);
            let truth = one.event == other.event;
            joined += u32::from(together);
            same += u32::from(truth);
            both += u32::from(together && truth);
        }
    }
    let (joined, same, both) = (f64::from(joined), f64::from(same), f64::from(both));
    println!(
        "seed {seed}: {} incidents, {} loose; precision {:.3}, recall {:.3}",
        board.incidents.len(),
        board.calls.values().filter(|call| call.is_loose()).count(),
        both / joined,
        both / same
    );
    (both / joined, both / same)
}

#[test]
fn an_obedient_call_taker_sorts_a_storm() {
    // Measured: precision 0.80 to 0.94 (mean 0.864), recall 0.70 to 0.75 (mean 0.722). What is missing to 1
    // are calls without a place (7 in 100, left loose), far-off callers, and events of one category within
    // 400 m and minutes of each other, which nobody could tell apart by place and time.
    let mut sums = (0.0, 0.0);
    for seed in SEEDS {
        let (precision, recall) = storm(seed);
        assert!(precision >= 0.78, "seed {seed}: precision {precision:.3}");
        assert!(recall >= 0.68, "seed {seed}: recall {recall:.3}");
        sums = (sums.0 + precision, sums.1 + recall);
    }
    let storms = SEEDS.len() as f64;
    assert!(
        sums.0 / storms >= 0.85,
        "mean precision {:.3}",
        sums.0 / storms
    );
    assert!(
        sums.1 / storms >= 0.71,
        "mean recall {:.3}",
        sums.1 / storms
    );
}

//! Call takers at work: hints at duplicates among 5,000 open incidents, triage, and fifty people who type while calls are
//! taken, each of whose drafts is kept once a second.
//!
//! Must not know how the node works; start at [`run`].

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use watchfire::clock::Clock;

use crate::client::Client;
use crate::floors;
use crate::measure::{Samples, timed};
use crate::program::Program;
use crate::report::Report;
use crate::stage::{City, Stage};
use crate::{Outcome, Scale};

/// Open incidents among which a duplicate is looked for.
const OPEN: usize = 5_000;
/// People who type.
const TYPISTS: usize = 50;
/// From one keeping of a draft to the next.
const KEPT_EVERY: Duration = Duration::from_secs(1);
/// From one call to the next while they type.
const CALL_EVERY: Duration = Duration::from_millis(200);

/// Measures what a call taker waits for.
pub(crate) fn run(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let mut city = City::read(scale)?;
    let dir = scale.scratch.join("calls");
    let mut stage = Stage::create(&dir, &city, Clock::Real.now())?;
    for _ in 0..scale.of(OPEN, 200) {
        stage.incident(&mut city)?;
    }
    let sender = stage.token("sender")?;
    let typists: Vec<String> = (0..TYPISTS)
        .map(|number| stage.token(&format!("typist{number}")))
        .collect::<Outcome<_>>()?;
    drop(stage.into_store()?);
    let program = Program::serve(&dir)?;
    let mut client = Client::connect(program.address, &sender)?;

    let times = scale.of(300, 20);
    let (mut hints, mut triage) = (Samples::default(), Samples::default());
    for _ in 0..times {
        let point = city.point()?;
        let place = serde_json::json!({ "lat": point.lat(), "lon": point.lon() });
        let body =
            serde_json::json!({ "place": place, "category": "medical", "callback": "555 0199" });
        let (done, took) = timed(|| client.post("/api/v1/duplicates", "", &body.to_string()));
        done?;
        hints.add(took);
        let body = serde_json::json!({ "said": "my husband fell down the stairs, there's blood, 他叫不醒" });
        let (done, took) = timed(|| client.post("/api/v1/triage", "", &body.to_string()));
        done?;
        triage.add(took);
    }
    report.add(&floors::DUPLICATE_P50_MS, hints.quantile(0.5));
    report.add(&floors::DUPLICATE_P99_MS, hints.quantile(0.99));
    report.add(&floors::TRIAGE_P99_MS, triage.quantile(0.99));

    let seconds = scale.of(20, 2);
    let (alone, _) = typed(program.address, &mut city, &sender, &[], seconds)?;
    let (beside, drafts) = typed(program.address, &mut city, &sender, &typists, seconds)?;
    report.add(&floors::CALL_ALONE_P50_MS, alone.quantile(0.5));
    report.add(&floors::CALL_TYPING_P50_MS, beside.quantile(0.5));
    report.add(&floors::CALL_TYPING_P99_MS, beside.quantile(0.99));
    report.add(&floors::DRAFT_P50_MS, drafts.quantile(0.5));
    report.add(&floors::DRAFT_P99_MS, drafts.quantile(0.99));
    Ok(())
}

/// Takes calls for some seconds while others type; returns how long calls took, and how long drafts.
fn typed(
    address: SocketAddr,
    city: &mut City,
    sender: &str,
    typists: &[String],
    seconds: usize,
) -> Outcome<(Samples, Samples)> {
    let over = AtomicBool::new(false);
    let (mut calls, mut drafts) = (Samples::default(), Samples::default());
    std::thread::scope(|scope| {
        let typing: Vec<_> = typists
            .iter()
            .enumerate()
            .map(|(number, token)| {
                let over = &over;
                scope.spawn(move || {
                    keep(address, token, number, over).map_err(|error| error.to_string())
                })
            })
            .collect();
        let mut client = Client::connect(address, sender)?;
        let began = Instant::now();
        let mut send = || -> Outcome<()> {
            for number in 0..seconds * 5 {
                let due = CALL_EVERY * u32::try_from(number)?;
                std::thread::sleep(due.saturating_sub(began.elapsed()));
                let key = format!("{} {number}", typists.len());
                let body = city.call_json("9 Typing Street")?;
                let (done, took) = timed(|| client.post("/api/v1/calls", &key, &body));
                done?;
                calls.add(took);
            }
            Ok(())
        };
        let sent = send();
        over.store(true, Ordering::SeqCst);
        for handle in typing {
            drafts.extend(handle.join().map_err(|_| "a typist panicked")??);
        }
        sent
    })?;
    Ok((calls, drafts))
}

/// Types, and has it kept once a second.
fn keep(address: SocketAddr, token: &str, number: usize, over: &AtomicBool) -> Outcome<Samples> {
    let mut client = Client::connect(address, token)?;
    let mut took = Samples::default();
    let path = format!("/api/v1/drafts/{number:032x}");
    // Nobody begins in step with the others.
    std::thread::sleep(KEPT_EVERY * u32::try_from(number)? / u32::try_from(TYPISTS)?);
    let mut seq = 0;
    while !over.load(Ordering::SeqCst) {
        seq += 1;
        let said = "smoke from the third floor, two people at a window. ".repeat(seq.min(40));
        let body =
            serde_json::json!({ "seq": seq, "opened_at": "2026-01-01T00:00:00Z", "said": said });
        let (done, waited) = timed(|| client.put(&path, &body.to_string()));
        done?;
        took.add(waited);
        std::thread::sleep(KEPT_EVERY.saturating_sub(waited));
    }
    Ok(took)
}

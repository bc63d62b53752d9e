//! A start after years: from starting the program to its first accepted call, with a million entries.
//!
//! The store is made once and kept beside the build, since making it takes minutes: call after call,
//! each with its incident, an assignment from sent to cleared and the end, a minute apart up to now; the
//! last two thousand stay open. Start at [`run`].

use std::path::Path;
use std::time::Instant;

use watchfire::clock::Clock;
use watchfire_core::basis::{AssignmentId, Timestamp, UnitId};
use watchfire_core::record::assignment::{AssignmentAction, Choice, Step, Why};
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::{Action, RecordKind};

use crate::client::Client;
use crate::floors;
use crate::program::Program;
use crate::report::Report;
use crate::stage::{City, Stage};
use crate::{Outcome, Scale};

/// Units at work.
const UNITS: usize = 1_000;
/// Entries of an incident from call to end, by which the past is laid out.
const ENTRIES_PER_INCIDENT: i64 = 9;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// Says that a store was made whole.
const MADE: &str = "bench.made";

/// Measures a start.
pub(crate) fn run(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let (entries, open) = scale.of((1_000_000, 2_000), (20_000, 200));
    let mut city = City::read(scale)?;
    let dir = scale.scratch.join(format!("start-{entries}"));
    if !dir.join(MADE).exists() {
        make(&dir, &mut city, entries, open)?;
        std::fs::write(dir.join(MADE), "")?;
    }
    let mut stage = Stage::open(&dir, &city)?;
    let token = stage.token("sender")?;
    drop(stage.into_store()?);
    let body = city.call_json("Bench Street 1")?;

    let began = Instant::now();
    let program = Program::serve(&dir)?;
    let key = format!("first call {}", Clock::Real.now().0);
    Client::connect(program.address, &token)?.post("/api/v1/calls", &key, &body)?;
    report.add(&floors::START_S, began.elapsed().as_secs_f64());
    Ok(())
}

fn make(dir: &Path, city: &mut City, entries: u64, open: u64) -> Outcome<()> {
    eprintln!("    making a store of {entries} entries, once");
    let incidents = i64::try_from(entries)? / ENTRIES_PER_INCIDENT;
    let begin = Timestamp(Clock::Real.now().0 - incidents * MINUTE_MS);
    let mut stage = Stage::create(dir, city, begin)?;
    let units: Vec<UnitId> = (0..UNITS)
        .map(|number| stage.unit(city, &format!("U{number}")))
        .collect::<Outcome<_>>()?;
    let mut number = 0;
    while stage.entries() < entries {
        // One that stays open has its call, its opening and that the call joined it.
        let to_the_end = entries - stage.entries() > 3 * open;
        stage.now.0 = (stage.now.0 + MINUTE_MS).min(Clock::Real.now().0);
        whole(&mut stage, city, units[number % UNITS], to_the_end)?;
        number += 1;
        if number.is_multiple_of(10_000) {
            stage.let_go(Timestamp(stage.now.0 - DAY_MS))?;
            eprintln!("    {} entries", stage.entries());
        }
    }
    stage.into_store()?.checkpoint()?;
    Ok(())
}

/// An incident from its call to its end, or left open.
fn whole(stage: &mut Stage, city: &mut City, unit: UnitId, to_the_end: bool) -> Outcome<()> {
    let incident = stage.incident(city)?;
    if !to_the_end {
        return Ok(());
    }
    let why = Why::default();
    let choices = vec![Choice { unit, why }];
    let sent = AssignmentAction::Send { incident, choices };
    let sent = stage.ask(Action::Assignment(sent))?;
    let assignment = sent
        .iter()
        .find(|record| record.kind == RecordKind::Assignment);
    let assignment = AssignmentId(assignment.ok_or("nothing was sent")?.id);
    for step in [
        Step::Acknowledge,
        Step::Depart,
        Step::Arrive,
        Step::Clear { ending: None },
    ] {
        stage.ask(Action::Assignment(AssignmentAction::Advance {
            assignment,
            step,
        }))?;
    }
    let disposition = "attended".parse()?;
    stage.ask(Action::Incident(IncidentAction::Close {
        incident,
        disposition,
    }))?;
    Ok(())
}

//! Two nodes that were apart for a day: each has written a hundred thousand entries to one operation, and the line comes
//! back. How long until both hold all? What they wrote is what a day is made of: incidents from their sharing to
//! their end, with notes, units sent and back, and a word for the log. Start at [`run`].

use std::path::Path;
use std::time::{Duration, Instant};

use watchfire::clock::Clock;
use watchfire_core::basis::{AssignmentId, OperationId, Timestamp, UnitId};
use watchfire_core::record::assignment::{AssignmentAction, Choice, Step, Why};
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::message::MessageAction;
use watchfire_core::record::participation::{ParticipationAction, Tier};
use watchfire_core::record::{Action, RecordKind};

use super::member::{Member, acquaint, join};
use super::paced::holds_all;
use super::runtime;
use crate::floors;
use crate::report::Report;
use crate::stage::{City, Stage};
use crate::{Outcome, Scale};

/// How long both have been apart, in milliseconds.
const APART_MS: i64 = 24 * 3_600 * 1_000;
/// Entries of an operation that one incident comes to.
const ENTRIES_PER_INCIDENT: usize = 16;
/// Notes on each incident.
const NOTES: usize = 5;

/// Measures how soon two that were apart agree.
pub(crate) fn run(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let mut city = City::read(scale)?;
    let entries = scale.of(100_000, 3_000);
    let dirs = ["apart0", "apart1"].map(|name| scale.scratch.join(name));
    let runtime = runtime()?;
    let (operation, listens) = runtime.block_on(async {
        let mut members = Vec::new();
        for dir in &dirs {
            members.push(Member::new(dir, "Apart", &city)?);
        }
        acquaint(&members).await?;
        let operation = join(&members).await?;
        let listens: Vec<_> = members.iter().map(|one| one.listen().clone()).collect();
        Outcome::Ok((operation, listens))
    })?;
    for dir in &dirs {
        write(dir, &mut city, operation, entries)?;
    }
    let took = runtime.block_on(async {
        let mut members = Vec::new();
        for (dir, listen) in dirs.iter().zip(&listens) {
            members.push(Member::start(dir, "Apart", listen, &city.response)?);
        }
        let healed = Instant::now();
        members.iter().try_for_each(Member::connect)?;
        let all = || {
            holds_all(&members[0], &members[1], operation)
                && holds_all(&members[1], &members[0], operation)
        };
        while !all() {
            if healed.elapsed() > Duration::from_secs(600) {
                return Err("they never came to agree".into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let took = healed.elapsed();
        let held: usize = members.iter().map(|one| count(one, operation)).sum();
        eprintln!("    {held} entries of the other held by the two");
        Outcome::Ok(took)
    })?;
    report.add(&floors::JOINT_APART_S, took.as_secs_f64());
    Ok(())
}

fn count(member: &Member, operation: OperationId) -> usize {
    let board = member.node.board();
    let others = board
        .copies
        .feeds
        .values()
        .filter(|one| one.feed.node != member.id());
    let within =
        others.filter(|one| one.feed.scope == watchfire_feed::Scope::Operation(operation.0));
    within
        .map(|one| usize::try_from(one.head.seq).unwrap_or(0))
        .sum()
}

/// Writes a day into the operation of a node that is not running.
fn write(dir: &Path, city: &mut City, operation: OperationId, entries: usize) -> Outcome<()> {
    let mut stage = Stage::open(dir, city)?;
    let incidents = entries / ENTRIES_PER_INCIDENT;
    let until = Clock::Real.now().0;
    stage.now = Timestamp(until - APART_MS);
    let unit = stage.unit(city, "A 1")?;
    for number in 0..incidents {
        let share = u64::try_from(number).unwrap_or(0) as f64 / incidents as f64;
        stage.now = Timestamp(until - APART_MS + (share * APART_MS as f64) as i64);
        one(&mut stage, city, operation, unit, number)?;
        if number % 1_000 == 0 {
            stage.let_go(Timestamp(stage.now.0 - 3_600 * 1_000))?;
        }
    }
    stage.into_store()?.checkpoint()?;
    Ok(())
}

/// An incident of a day: opened, shared, attended, written about and closed, and a word for the log.
fn one(
    stage: &mut Stage,
    city: &mut City,
    operation: OperationId,
    unit: UnitId,
    number: usize,
) -> Outcome<()> {
    let incident = stage.incident(city)?;
    stage.ask(Action::Participation(ParticipationAction::Share {
        operation,
        record: incident.into(),
        tier: Tier::Assist,
        with_response: true,
        until: None,
    }))?;
    let why = Why::default();
    let choices = vec![Choice { unit, why }];
    let sent = stage.ask(Action::Assignment(AssignmentAction::Send {
        incident,
        choices,
    }))?;
    let mut sent = sent.iter().filter(|one| one.kind == RecordKind::Assignment);
    let assignment = AssignmentId(sent.next().ok_or("nothing was sent")?.id);
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
    for note in 0..NOTES {
        let text = format!("note {note}: smoke on the stairs, the second crew goes in at the back");
        let text = text.parse()?;
        stage.ask(Action::Incident(IncidentAction::AddNote { incident, text }))?;
    }
    let text = format!("incident {number} needs nobody else").parse()?;
    stage.ask(Action::Message(MessageAction::Say {
        operation,
        about: None,
        text,
        break_silence: None,
    }))?;
    let disposition = "attended".parse()?;
    stage.ask(Action::Incident(IncidentAction::Close {
        incident,
        disposition,
    }))?;
    stage.ask(Action::Participation(ParticipationAction::EndShare {
        operation,
        record: incident.into(),
    }))?;
    Ok(())
}

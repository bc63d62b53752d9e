//! Looks again and again whether a playbook fires, and carries out what is to be carried out.
//!
//! Nothing older than its window fires: a node that was down, or into which the past was imported, raises no siren for
//! it. What has fired is a record, so that a restart fires nothing twice. What was asked and refused is not asked again by
//! this run of the program. Start at [`keep`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sha2::{Digest, Sha256};
use watchfire_core::basis::{Code, IncidentId, OperationId, PlaybookRunId, Text, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::limits::OLD_NEWS_MS;
use watchfire_core::playbook::{
    AlarmFact, CallFact, Earlier, IncidentFact, Material, Playbook, RequestFact, Span, Trigger,
    firings,
};
use watchfire_core::record::Action;
use watchfire_core::record::playbook_run::{PlaybookRunAction, Why};
use watchfire_core::support;
use watchfire_core::timer;

use super::past::whereabouts;
use crate::node::{Health, Node, NotAccepted, Submission};
use crate::policy::Authorized;

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often it looks whether the node is still there.
const WAKE_EVERY: Duration = Duration::from_millis(250);

/// What is remembered between two looks.
#[derive(Default)]
struct Memory {
    /// The category under which each incident was last seen, and when it became that under our eyes.
    graded: BTreeMap<IncidentId, (Code, Option<Timestamp>)>,
    /// What was refused.
    refused: BTreeSet<String>,
}

/// Looks for as long as the node is there.
pub(super) fn keep(node: &Node) {
    let mut memory = Memory::default();
    loop {
        for _ in 0..LOOK_EVERY.as_millis() / WAKE_EVERY.as_millis() {
            match node.health() {
                Health::Failed | Health::Stopped => return,
                Health::Ready | Health::DiskFull => std::thread::sleep(WAKE_EVERY),
            }
        }
        if node.health() == Health::Ready {
            look(node, &mut memory);
        }
    }
}

fn look(node: &Node, memory: &mut Memory) {
    let now = node.now();
    // A replay that runs ten times as fast looks at ten times as much at once.
    let speed = i64::from(node.settings().clock.speed().unwrap_or(1));
    let window_ms = OLD_NEWS_MS.max(5_000 * speed);
    let span = Span {
        from: Timestamp(now.0.saturating_sub(window_ms)),
        until: Timestamp(now.0.saturating_add(1)),
    };
    let fired = {
        let board = node.board();
        memory.see(&board, now);
        fired(node, &board, memory, span)
    };
    for (key, action) in fired {
        if let Err(said) = submit(node, &key, action) {
            tracing::warn!(key, said = said.en, "a playbook could not fire");
            memory.refused.insert(key);
        }
    }
    carry_out(node, memory);
}

impl Memory {
    /// Notes which incidents changed what they are since the last look.
    fn see(&mut self, board: &Board, now: Timestamp) {
        self.graded
            .retain(|id, _| board.incidents.get(id).is_some_and(|one| one.is_open()));
        // What is practised fires nothing: what a playbook raises is real.
        for incident in board.open_incidents().filter(|one| one.exercise.is_none()) {
            let known = self.graded.get_mut(&incident.id);
            match known {
                Some((category, _)) if *category == incident.category => {}
                Some(known) => *known = (incident.category.clone(), Some(now)),
                None => {
                    let seen = (incident.category.clone(), None);
                    self.graded.insert(incident.id, seen);
                }
            }
        }
    }
}

/// Returns what fires now, each under the key by which it fires once.
fn fired(
    node: &Node,
    board: &Board,
    memory: &Memory,
    span: Span,
) -> Vec<(String, PlaybookRunAction)> {
    let on: Vec<&Playbook> = node.playbooks().iter().filter(|one| one.on).collect();
    if on.is_empty() {
        return Vec::new();
    }
    let material = gather(node, board, memory, &on, span);
    let mut all = Vec::new();
    for playbook in on {
        let runs = board.playbook_runs.values();
        let runs = runs.filter(|run| run.of.playbook == playbook.id);
        let earlier: Vec<Earlier> = runs
            .map(|run| Earlier {
                subject: run.why.subject,
                at: run.fired_at,
                place: run.why.place.clone(),
            })
            .collect();
        for firing in firings(playbook, &material, &earlier, span) {
            let key = super::key_of(playbook, firing.subject);
            if memory.refused.contains(&key) {
                continue;
            }
            let why = Box::new(Why {
                subject: firing.subject,
                incident: firing.incident,
                place: firing.place,
                saw: firing.saw,
            });
            let playbook = Box::new(playbook.clone());
            all.push((key, PlaybookRunAction::Fire { playbook, why }));
        }
    }
    all
}

/// Gathers what may matter within the span from the board.
fn gather(node: &Node, board: &Board, memory: &Memory, on: &[&Playbook], span: Span) -> Material {
    let mut material = Material::default();
    for incident in board.open_incidents() {
        let seen = memory.graded.get(&incident.id).and_then(|(_, at)| *at);
        material.incidents.push(IncidentFact::of(incident, seen));
    }
    let before = on.iter().filter_map(|one| match one.when {
        Trigger::CallsNear { within_s, .. } => Some(within_s),
        Trigger::IncidentOpened { .. }
        | Trigger::AlarmUnanswered { .. }
        | Trigger::SupportUnmet { .. } => None,
    });
    if let Some(before) = before.max() {
        let since = Timestamp(span.from.0.saturating_sub(i64::from(before) * 1_000));
        let calls = board
            .calls
            .values()
            .filter(|call| call.received_at >= since);
        let facts = calls.filter_map(|call| CallFact::of(call));
        material.calls.extend(facts);
    }
    let requests = board.support_requests.values();
    let drill = |of: Option<OperationId>| of.is_some_and(|of| board.is_exercise(of));
    let open = requests.filter(|one| one.is_open() && !drill(one.wish.operation));
    let answers = support::answers_by_request(board);
    material.requests.extend(open.map(|one| {
        let answers = answers.get(&one.name()).map_or(&[][..], Vec::as_slice);
        RequestFact::of(one, answers)
    }));
    if on
        .iter()
        .any(|one| matches!(one.when, Trigger::AlarmUnanswered { .. }))
    {
        let open = timer::open(board, &node.settings().timers, Timestamp(span.until.0 - 1));
        for (record, alarm) in open {
            if board.is_practised(record) {
                continue;
            }
            let (incident, place) = whereabouts(board, record);
            let found = board.get(record);
            let seen = found.as_ref().map_or(&[][..], timer::seen_of);
            material.alarms.push(AlarmFact {
                record,
                code: alarm.code,
                since: alarm.since,
                acknowledged_at: timer::acknowledged(seen, alarm).map(|seen| seen.at),
                ended_at: None,
                incident,
                place,
            });
        }
    }
    material
}

/// Carries out, one after another, the steps that the agency says are done by rule. One that a rule refuses is not tried
/// again: it says what was said, and waits for a person.
fn carry_out(node: &Node, memory: &mut Memory) {
    let next = |node: &Node| -> Vec<(PlaybookRunId, u16)> {
        let board = node.board();
        let runs = board.playbook_runs.values();
        runs.filter_map(|run| Some((run.id, run.to_carry_out()?)))
            .collect()
    };
    for _ in 0..watchfire_core::limits::PLAYBOOK_STEPS_MAX {
        let mut went_on = false;
        for (run, no) in next(node) {
            let key = format!("playbook step {run} {no}");
            if memory.refused.contains(&key) {
                continue;
            }
            let wording = {
                let board = node.board();
                board.playbook_runs.get(&run).map(|run| run.of.wording)
            };
            let Ok(own_name) = node.settings().name.parse() else {
                continue;
            };
            let take = PlaybookRunAction::TakeStep {
                run,
                no,
                wording: wording.unwrap_or_default(),
                own_name,
            };
            match submit(node, &key, take) {
                Ok(Came::Done) => went_on = true,
                Ok(Came::NotNow) => {}
                Err(said) => {
                    tracing::warn!(%run, no, said = said.en, "a step could not be carried out");
                    let fail = PlaybookRunAction::FailStep { run, no, said };
                    let failed = submit(node, &format!("playbook step {run} {no} failed"), fail);
                    went_on |= failed == Ok(Came::Done);
                    memory.refused.insert(key);
                }
            }
        }
        if !went_on {
            return;
        }
    }
}

/// What came of asking the engine.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    /// It is durable.
    Done,
    /// The node could take nothing: it is asked again at the next look.
    NotNow,
}

/// Asks the engine in the node's own name, under a key by which the same is done once; returns what was said against it.
fn submit(node: &Node, key: &str, action: PlaybookRunAction) -> Result<Came, Text> {
    let submission = Submission {
        key: key.to_owned(),
        fingerprint: Sha256::digest(key.as_bytes()).into(),
        ..Submission::fresh(Authorized::by_the_node(Action::PlaybookRun(action)))
    };
    match node.submit_blocking(submission) {
        Ok(_) => Ok(Came::Done),
        Err(NotAccepted::Refused(refusal)) => Err(refusal.what()),
        Err(NotAccepted::DiskFull | NotAccepted::Busy | NotAccepted::Stopping) => Ok(Came::NotNow),
    }
}

//! A playbook run (预案启动): that a playbook fired, for what, and what became of each of its steps.
//!
//! It keeps the steps as they were written then, so that a file that is changed or gone since changes nothing here. A step
//! that a person takes becomes the real action in the same decision, and names what came of it; what is carried out by
//! rule is an entry of the node itself, in no person's name. One playbook has one run for one subject. Life: fired ->
//! over, by itself once no step waits, or closed with a reason. Start at [`decide`].

mod fold;
mod take;

use serde::{Deserialize, Serialize};

use super::{Actor, Context, Event, Happened, Life, RecordKind, RecordRef, incident};
use crate::basis::{Code, IncidentId, Line, OperationId, Place, PlaybookRunId, Text, Timestamp};
use crate::board::Board;
use crate::limits;
use crate::playbook::{How, Playbook, Saw, Step, Task, Wording};
use crate::refusal::Refusal;
pub(super) use fold::apply;

/// A playbook run as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaybookRun {
    /// Its name in entries and the API.
    pub id: PlaybookRunId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The agency's running number.
    pub number: u64,
    /// The playbook.
    pub of: Of,
    /// For what it fired.
    pub why: Why,
    /// When.
    pub fired_at: Timestamp,
    /// Who started it: the node itself, or a person.
    pub fired_by: Actor,
    /// Its steps, in order.
    pub steps: Vec<RunStep>,
    /// The operation that one of them opened.
    pub operation: Option<OperationId>,
    /// When and why it is over.
    pub ended: Option<Ended>,
}

/// The playbook of a run, as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Of {
    /// Its code.
    pub playbook: Code,
    /// What people call it.
    pub label: Text,
    /// The beginning of the hash of its text.
    pub digest: Line,
    /// In which language it writes by itself.
    pub wording: Wording,
    /// How long it does not fire again nearby, in seconds: a run is remembered for as long.
    #[serde(default)]
    pub again_after_s: u32,
}

/// For what a playbook fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// The record.
    pub subject: RecordRef,
    /// The incident that it is about, if about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What was seen.
    pub saw: Saw,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStep {
    /// As it was written.
    pub step: Step,
    /// What became of it.
    pub state: StepState,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum StepState {
    /// It waits for a person, or for the node.
    Waiting,
    /// It is done.
    Done {
        /// When.
        at: Timestamp,
        /// By whom; the node itself where it is carried out by rule.
        by: Actor,
        /// The records that came of it.
        came: Vec<RecordRef>,
        /// Whom it named and who could not be found.
        left_out: Vec<Line>,
    },
    /// It is not done.
    Declined {
        /// Why.
        reason: Line,
        /// When.
        at: Timestamp,
        /// Who said so.
        by: Actor,
    },
    /// The node tried, and a rule said no; it waits for a person.
    Failed {
        /// What was said.
        said: Text,
        /// When.
        at: Timestamp,
    },
}

/// That a run is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Who ended it.
    pub by: Actor,
    /// Why, if steps were still waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Line>,
}

impl StepState {
    /// Returns true while somebody has to say what becomes of it.
    pub fn waits(&self) -> bool {
        match self {
            StepState::Waiting | StepState::Failed { .. } => true,
            StepState::Done { .. } | StepState::Declined { .. } => false,
        }
    }
}

impl PlaybookRun {
    /// Returns true until it is over.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Returns the numbers, from 1, of the steps that wait for a person.
    pub fn waiting(&self) -> impl Iterator<Item = u16> {
        let all = self.steps.iter().zip(1..);
        let waits = all.filter(|(step, _)| match step.state {
            StepState::Failed { .. } => true,
            StepState::Waiting => step.step.how == How::Propose,
            StepState::Done { .. } | StepState::Declined { .. } => false,
        });
        waits.map(|(_, no)| no).filter(|_| self.is_open())
    }

    /// Returns the number, from 1, of the first step that the node is to carry out.
    pub fn to_carry_out(&self) -> Option<u16> {
        let mut all = self.steps.iter().zip(1..);
        let next = all
            .find(|(step, _)| step.step.how == How::CarryOut && step.state == StepState::Waiting);
        next.map(|(_, no)| no).filter(|_| self.is_open())
    }

    /// Fills in what a text of a step leaves open, as things are now: the incident's number and where it is.
    pub fn filled(&self, board: &Board, text: &Text) -> Text {
        let incident = self.incident_now(board);
        let incident = incident.and_then(|incident| board.incidents.get(&incident));
        let number = incident.map_or_else(|| "-".to_owned(), |one| one.number.to_string());
        let place = incident.map(|one| &one.place).or(self.why.place.as_ref());
        let place = place.map_or_else(
            || "-".to_owned(),
            |place| match (&place.address, &place.area) {
                (Some(address), _) => address.to_string(),
                (None, Some(area)) => area.to_string(),
                (None, None) => format!("{:.5}, {:.5}", place.point.lat(), place.point.lon()),
            },
        );
        let fill = |text: &str| text.replace("{number}", &number).replace("{place}", &place);
        Text::new(fill(&text.en), fill(&text.zh))
    }

    fn step(&self, no: u16) -> Option<&RunStep> {
        self.steps.get(usize::from(no).checked_sub(1)?)
    }

    /// Returns the incident that it is about now: a call may have become part of one since.
    pub fn incident_now(&self, board: &Board) -> Option<IncidentId> {
        let of_call = self.why.subject.kind == RecordKind::Call;
        let call = board.calls.get(&crate::basis::CallId(self.why.subject.id));
        let joined = call.filter(|_| of_call).and_then(|call| call.incident());
        joined.or(self.why.incident)
    }
}

impl Life for PlaybookRun {
    fn open_item(&self, _: Timestamp) -> Option<super::Open> {
        let (number, label) = (self.number, &self.of.label);
        let waiting = self.waiting().count();
        (waiting > 0).then(|| super::Open {
            what: Text::new(
                format!("playbook run {number}: {}, {waiting} steps wait", label.en),
                format!("预案启动 {number}：{}，{waiting} 项待处理", label.zh),
            ),
            since: self.fired_at,
        })
    }

    fn number(&self) -> Option<u64> {
        Some(self.number)
    }

    fn needs_attention(&self) -> bool {
        self.is_open()
    }

    fn over_since(&self) -> Option<Timestamp> {
        let ended = self.ended.as_ref()?.at;
        Some(ended.max(self.fired_at.plus_s(self.of.again_after_s)))
    }
}

/// What can be asked of a playbook run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaybookRunAction {
    /// Start one.
    Fire {
        /// Of which playbook.
        playbook: Box<Playbook>,
        /// For what.
        why: Box<Why>,
    },
    /// Do what a step says.
    TakeStep {
        /// Of which run.
        run: PlaybookRunId,
        /// Which step, from 1.
        no: u16,
        /// In which language it is written down.
        wording: Wording,
        /// What this node calls itself, where it opens an operation.
        own_name: Line,
    },
    /// Say that a step is not done.
    DeclineStep {
        /// Of which run.
        run: PlaybookRunId,
        /// Which step, from 1.
        no: u16,
        /// Why.
        reason: Line,
    },
    /// Say that a step could not be carried out by rule.
    FailStep {
        /// Of which run.
        run: PlaybookRunId,
        /// Which step, from 1.
        no: u16,
        /// What was said.
        said: Text,
    },
    /// End it, though steps wait.
    Close {
        /// Which.
        run: PlaybookRunId,
        /// Why.
        reason: Line,
    },
}

impl PlaybookRunAction {
    /// Returns the playbook run it changes.
    pub fn subject(&self) -> Option<PlaybookRunId> {
        match self {
            PlaybookRunAction::Fire { .. } => None,
            PlaybookRunAction::TakeStep { run, .. }
            | PlaybookRunAction::DeclineStep { run, .. }
            | PlaybookRunAction::FailStep { run, .. }
            | PlaybookRunAction::Close { run, .. } => Some(*run),
        }
    }

    /// Returns what a step of a run does, if the action takes one.
    pub fn task<'a>(&self, board: &'a Board) -> Option<&'a Task> {
        let PlaybookRunAction::TakeStep { run, no, .. } = self else {
            return None;
        };
        let run = board.playbook_runs.get(run)?;
        run.step(*no).map(|step| &step.step.task)
    }
}

/// What happened to a playbook run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum PlaybookRunEvent {
    /// The playbook fired.
    Fired {
        /// The agency's running number.
        number: u64,
        /// The playbook.
        of: Box<Of>,
        /// For what.
        why: Box<Why>,
        /// Its steps as they are written now.
        steps: Vec<Step>,
    },
    /// A step is done.
    StepDone {
        /// Which, from 1.
        no: u16,
        /// The records that came of it.
        came: Vec<RecordRef>,
        /// Whom it named and who could not be found.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left_out: Vec<Line>,
    },
    /// A step is not done.
    StepDeclined {
        /// Which, from 1.
        no: u16,
        /// Why.
        reason: Line,
    },
    /// A step could not be carried out by rule.
    StepFailed {
        /// Which, from 1.
        no: u16,
        /// What was said.
        said: Text,
    },
    /// It is over.
    Ended {
        /// Why, if steps were still waiting.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Line>,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 5] = [
    "fired",
    "step_done",
    "step_declined",
    "step_failed",
    "ended",
];

pub(super) fn decide(
    board: &Board,
    action: &PlaybookRunAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    match action {
        PlaybookRunAction::Fire { playbook, why } => fire(board, playbook, why, context),
        PlaybookRunAction::TakeStep {
            run,
            no,
            wording,
            own_name,
        } => {
            let found = board.playbook_run(*run)?;
            let step = must_wait(found, *no)?;
            let taken = take::Taken {
                run: found,
                wording: *wording,
                own_name,
            };
            let (mut all, left_out) = taken.task(board, &step.step.task, context)?;
            let mut came: Vec<RecordRef> = Vec::new();
            for one in &all {
                let apart = one.record.kind == RecordKind::Participation;
                if !apart && !came.contains(&one.record) {
                    came.push(one.record);
                }
            }
            let done = PlaybookRunEvent::StepDone {
                no: *no,
                came,
                left_out,
            };
            all.push(one(*run, done));
            all.extend(ends_with(found, *no));
            Ok(all)
        }
        PlaybookRunAction::DeclineStep { run, no, reason } => {
            let found = board.playbook_run(*run)?;
            must_wait(found, *no)?;
            let reason = reason.clone();
            let declined = one(*run, PlaybookRunEvent::StepDeclined { no: *no, reason });
            Ok([declined]
                .into_iter()
                .chain(ends_with(found, *no))
                .collect())
        }
        PlaybookRunAction::FailStep { run, no, said } => {
            let step = must_wait(board.playbook_run(*run)?, *no)?;
            if step.state != StepState::Waiting {
                return Err(wrong_step(&step.state));
            }
            let said = said.clone();
            Ok(vec![one(
                *run,
                PlaybookRunEvent::StepFailed { no: *no, said },
            )])
        }
        PlaybookRunAction::Close { run, reason } => {
            must_be_open(board.playbook_run(*run)?)?;
            let reason = Some(reason.clone());
            Ok(vec![one(*run, PlaybookRunEvent::Ended { reason })])
        }
    }
}

/// Starts one, and one only: a playbook that fired for something is not started for it again.
fn fire(
    board: &Board,
    playbook: &Playbook,
    why: &Why,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let subject = board.get(why.subject);
    let subject = subject.ok_or(Refusal::NotFound(why.subject.kind))?;
    // What a playbook raises is real.
    if board.exercise_of(&subject).is_some() {
        return Err(incident::not_with_an_exercise());
    }
    let runs = board.playbook_runs.values();
    let same = |run: &&std::sync::Arc<PlaybookRun>| {
        run.of.playbook == playbook.id && run.why.subject == why.subject
    };
    if let Some(run) = runs.clone().find(same) {
        return Err(Refusal::Taken {
            kind: RecordKind::PlaybookRun,
            name: run.number.to_string(),
        });
    }
    if runs.filter(|run| run.is_open()).count() >= limits::PLAYBOOK_RUNS_OPEN_MAX {
        return Err(Refusal::limit(
            "playbook runs that are not over",
            "未结束的预案启动",
            limits::PLAYBOOK_RUNS_OPEN_MAX,
        ));
    }
    let id = PlaybookRunId(context.entropy.next_16());
    let fired = PlaybookRunEvent::Fired {
        number: board.next_number(RecordKind::PlaybookRun),
        of: Box::new(Of {
            playbook: playbook.id.clone(),
            label: playbook.label.clone(),
            digest: playbook.digest.clone(),
            wording: playbook.wording,
            again_after_s: playbook.again_after_s,
        }),
        why: Box::new(why.clone()),
        steps: playbook
            .steps
            .iter()
            .map(|step| take::with_template(step, context.response))
            .collect(),
    };
    Ok(vec![one(id, fired)])
}

fn must_be_open(found: &PlaybookRun) -> Result<(), Refusal> {
    if found.is_open() {
        return Ok(());
    }
    Err(Refusal::WrongState {
        kind: RecordKind::PlaybookRun,
        state: Text::new("over", "已结束"),
        instead: Text::new("Do by hand what is still needed.", "如仍需要，请直接操作。"),
    })
}

fn must_wait(found: &PlaybookRun, no: u16) -> Result<&RunStep, Refusal> {
    must_be_open(found)?;
    let step = found.step(no);
    let step = step.ok_or(Refusal::NotFound(RecordKind::PlaybookRun))?;
    match step.state.waits() {
        true => Ok(step),
        false => Err(wrong_step(&step.state)),
    }
}

fn wrong_step(state: &StepState) -> Refusal {
    let state = match state {
        StepState::Waiting => Text::new("one in which that step waits", "该步骤待处理"),
        StepState::Done { .. } => Text::new("one in which that step is done", "该步骤已执行"),
        StepState::Declined { .. } => {
            Text::new("one in which that step was declined", "该步骤已不予执行")
        }
        StepState::Failed { .. } => {
            Text::new("one in which that step could not be done", "该步骤未能执行")
        }
    };
    Refusal::WrongState {
        kind: RecordKind::PlaybookRun,
        state,
        instead: Text::new(
            "See what came of it, or do by hand what is still needed.",
            "请查看结果；如仍需要，请直接操作。",
        ),
    }
}

/// Returns that the run is over once a step is settled, if it was the last that waited.
fn ends_with(found: &PlaybookRun, settled: u16) -> Option<Happened> {
    let mut others = found.steps.iter().zip(1..).filter(|(_, no)| *no != settled);
    let over = others.all(|(step, _)| !step.state.waits());
    over.then(|| one(found.id, PlaybookRunEvent::Ended { reason: None }))
}

fn one(id: PlaybookRunId, event: PlaybookRunEvent) -> Happened {
    Happened::new(id, Event::PlaybookRun(event))
}

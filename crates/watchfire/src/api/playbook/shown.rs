//! How playbooks and their runs are shown: codes and names in words, and what the asker may do with each step.

use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{Code, IncidentId, Text, say_seconds};
use watchfire_core::board::Board;
use watchfire_core::playbook::{Firing, How, Playbook, Saw, Task, To, Trigger};
use watchfire_core::record::playbook_run::{PlaybookRun, RunStep, StepState};
use watchfire_core::record::{Actor, Record};
use watchfire_store::{Reader, StoreError};

use super::super::App;
use super::super::assessment::shown::{label_of, name_of};
use super::super::view::{self, PlaceView, TextView};
use crate::playbooks;
use crate::policy::{Permission, Session, of_task};

/// Firings of the past that are listed, the latest first; all are counted.
pub(super) const PAST_MAX: usize = 500;
/// Runs that are shown with a playbook.
const LAST_RUNS: usize = 5;

/// A playbook.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaybookView {
    /// Its code.
    pub id: String,
    /// What people call it.
    pub label: TextView,
    /// Whether it fires by itself.
    pub on: bool,
    /// When it fires.
    pub when: TextView,
    /// How long and how near it does not fire again.
    pub again: TextView,
    /// What is done, in order.
    pub steps: Vec<PlannedStepView>,
    /// The beginning of the hash of its text.
    pub digest: String,
    /// What it names that this node does not know.
    pub remarks: Vec<TextView>,
    /// Its runs that are at hand, the last first.
    pub last: Vec<PlaybookRunMark>,
}

/// A step of a playbook.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlannedStepView {
    /// Whether a person is asked first.
    pub how: HowView,
    /// What is done, in a word.
    pub what: TextView,
    /// What it says.
    pub says: TextView,
}

/// Whether a person is asked before a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HowView {
    /// It is proposed.
    Propose,
    /// The node does it by itself.
    CarryOut,
}

super::super::view::same_words!(How <=> HowView { Propose, CarryOut });

/// That a playbook fired; what its steps say is asked for by who may read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlaybookRunMark {
    /// Its id.
    pub id: String,
    /// How many events made it.
    pub version: u64,
    /// The agency's running number.
    pub number: u64,
    /// What the playbook is called.
    pub label: TextView,
    /// The incident that it is about, if about one.
    pub incident: Option<String>,
    /// When it fired.
    pub fired_at: String,
    /// Steps that wait for a person.
    pub waiting: usize,
    /// True once it is over.
    pub over: bool,
}

/// A run of a playbook.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaybookRunView {
    /// Its id.
    pub id: String,
    /// How many events made it.
    pub version: u64,
    /// The agency's running number.
    pub number: u64,
    /// The playbook's code.
    pub playbook: String,
    /// What it was called.
    pub label: TextView,
    /// The beginning of the hash of its text then.
    pub digest: String,
    /// True if the playbook reads otherwise now, or is gone.
    pub changed_since: bool,
    /// What was seen.
    pub saw: TextView,
    /// The record that it fired for: its kind, a colon, its id.
    pub subject: String,
    /// What people call that.
    pub subject_label: TextView,
    /// The incident that it is about, if about one.
    pub incident: Option<String>,
    /// Where.
    pub place: Option<PlaceView>,
    /// When it fired.
    pub fired_at: String,
    /// Who started it; absent if the node did by rule.
    pub fired_by: Option<String>,
    /// Its steps as they were written then.
    pub steps: Vec<PlaybookRunStepView>,
    /// The operation that one of them opened.
    pub operation: Option<String>,
    /// Steps that wait for a person.
    pub waiting: usize,
    /// When it was over.
    pub ended_at: Option<String>,
    /// Why it was ended though steps waited.
    pub ended_reason: Option<String>,
    /// True if the asker may decline steps and end it.
    pub may_run: bool,
}

/// A step of a run.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaybookRunStepView {
    /// Its number, from 1.
    pub no: u16,
    /// Whether a person was to be asked first.
    pub how: HowView,
    /// What is done, in a word.
    pub what: TextView,
    /// What it says.
    pub says: TextView,
    /// What became of it.
    pub state: RunStepStateView,
    /// When that was.
    pub at: Option<String>,
    /// Who did or declined it; absent if the node did by rule.
    pub by: Option<String>,
    /// The records that came of it.
    pub came: Vec<CameOfView>,
    /// Whom it named and who could not be found.
    pub left_out: Vec<String>,
    /// Why it was declined.
    pub reason: Option<String>,
    /// What was said when it could not be carried out.
    pub refused: Option<TextView>,
    /// True if the asker may take it now.
    pub may_take: bool,
    /// Why not, if it waits and they may not.
    pub why_not: Option<TextView>,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStepStateView {
    /// It waits for a person.
    Proposed,
    /// The node is about to do it.
    ToBeDone,
    /// It is done.
    Done,
    /// It is not done.
    Declined,
    /// The node tried, and a rule said no; it waits for a person.
    Failed,
}

/// A record that came of a step.
#[derive(Debug, Serialize, ToSchema)]
pub struct CameOfView {
    /// Its kind, a colon, its id.
    pub record: String,
    /// What people call it.
    pub label: TextView,
}

/// When a playbook would have fired.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WouldHaveFiredView {
    /// How many days were looked back.
    pub days: u32,
    /// From when.
    pub from: String,
    /// Until when, that moment not included.
    pub until: String,
    /// How often.
    pub count: usize,
    /// The latest of them, the last first.
    pub items: Vec<WouldHaveView>,
    /// Calls and incidents that were looked at.
    pub looked_at: usize,
    /// False if there was too much to read, so that the oldest is left out.
    pub whole: bool,
    /// False if the past of its alarm cannot be worked out here: then no count says nothing.
    pub counted: bool,
}

/// One time that a playbook would have fired.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WouldHaveView {
    /// When.
    pub at: String,
    /// What would have been seen.
    pub saw: TextView,
    /// For what: its kind, a colon, its id.
    pub subject: String,
    /// The incident, if about one.
    pub incident: Option<String>,
    /// Its running number.
    pub incident_number: Option<u64>,
    /// Where.
    pub place: Option<PlaceView>,
}

pub(super) fn playbook(app: &App, board: &Board, one: &Playbook) -> PlaybookView {
    let runs = board.playbook_runs.values();
    let mut runs: Vec<_> = runs.filter(|run| run.of.playbook == one.id).collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.number));
    let after = say_seconds(one.again_after_s);
    let within = one.again_within_m;
    let remarks = playbooks::remarks(one, app.node.response(), Some(board));
    PlaybookView {
        id: one.id.to_string(),
        label: one.label.clone().into(),
        on: one.on,
        when: when(app, &one.when).into(),
        again: Text::new(
            format!("not again within {} and {within} m", after.en),
            format!("{}内、{within} 米范围不重复启动", after.zh),
        )
        .into(),
        steps: one
            .steps
            .iter()
            .map(|step| PlannedStepView {
                how: step.how.into(),
                what: step.task.label().into(),
                says: says(app, &step.task).into(),
            })
            .collect(),
        digest: one.digest.to_string(),
        remarks: remarks.into_iter().map(TextView::from).collect(),
        last: runs
            .iter()
            .take(LAST_RUNS)
            .map(|run| mark(board, run))
            .collect(),
    }
}

fn category(app: &App, code: &Code) -> Text {
    let response = app.node.response();
    let capability = response.capabilities.get(code).cloned();
    match response.categories.contains_key(code) {
        true => response.category_label(code),
        false => capability.unwrap_or_else(|| response.category_label(code)),
    }
}

/// Returns what a capability is called: as in the response file, else its code.
fn capability_label(app: &App, code: &Code) -> Text {
    let known = app.node.response().capabilities.get(code).cloned();
    known.unwrap_or_else(|| Text::new(code.as_str(), code.as_str()))
}

/// Says when a playbook fires.
fn when(app: &App, when: &Trigger) -> Text {
    match when {
        Trigger::IncidentOpened {
            categories,
            priorities,
        } => {
            let labels: Vec<Text> = categories.iter().map(|code| category(app, code)).collect();
            let en: Vec<&str> = labels.iter().map(|one| one.en.as_str()).collect();
            let zh: Vec<&str> = labels.iter().map(|one| one.zh.as_str()).collect();
            let numbers: Vec<String> = priorities
                .iter()
                .map(|one| u8::from(*one).to_string())
                .collect();
            let (en_of, zh_of) = match numbers.is_empty() {
                true => (String::new(), String::new()),
                false => (
                    format!(" of priority {}", numbers.join(", ")),
                    format!("（优先级 {}）", numbers.join("、")),
                ),
            };
            Text::new(
                format!("an incident opens: {}{en_of}", en.join(", ")),
                format!("新增警情：{}{zh_of}", zh.join("、")),
            )
        }
        Trigger::AlarmUnanswered { code, after_s } => Saw::Alarm {
            code: *code,
            after_s: *after_s,
        }
        .label(|code| category(app, code)),
        Trigger::CallsNear {
            count,
            radius_m,
            within_s,
            category: of,
        } => {
            let saw = Saw::Calls {
                count: *count,
                radius_m: *radius_m,
                within_s: *within_s,
            };
            let said = saw.label(|code| category(app, code));
            match of {
                None => said,
                Some(code) => {
                    let of = category(app, code);
                    Text::new(
                        format!("{}: {}", said.en, of.en),
                        format!("{}：{}", said.zh, of.zh),
                    )
                }
            }
        }
        Trigger::SupportUnmet {
            after_s,
            capability,
        } => match capability {
            Some(capability) => Saw::Unmet {
                capability: capability.clone(),
                after_s: *after_s,
            }
            .label(|code| category(app, code)),
            None => {
                let long = say_seconds(*after_s);
                Text::new(
                    format!("a support request not met after {}", long.en),
                    format!("支撑请求{}未满足", long.zh),
                )
            }
        },
    }
}

/// Says what a step says, with what it fills in left open.
fn says(app: &App, task: &Task) -> Text {
    match task {
        Task::OpenOperation { name, purpose, .. } => Text::new(
            format!("{}: {}", name.en, purpose.en),
            format!("{}：{}", name.zh, purpose.zh),
        ),
        Task::Invite {
            agencies,
            role,
            share_incident,
        } => {
            let names: Vec<&str> = agencies.iter().map(|name| name.as_str()).collect();
            let (en, zh) = match share_incident {
                true => ("; the incident is shared", "；共享警情"),
                false => ("", ""),
            };
            Text::new(
                format!("{}: {}{en}", names.join(", "), role.en),
                format!("{}：{}{zh}", names.join("、"), role.zh),
            )
        }
        Task::Directive {
            subject, text, to, ..
        } => {
            let to: Vec<Text> = to.iter().map(addressee).collect();
            let en: Vec<&str> = to.iter().map(|one| one.en.as_str()).collect();
            let zh: Vec<&str> = to.iter().map(|one| one.zh.as_str()).collect();
            let text = text.clone().unwrap_or_else(|| Text::new("", ""));
            Text::new(
                format!("{} → {}. {}", subject.en, en.join(", "), text.en),
                format!("{} → {}。{}", subject.zh, zh.join("、"), text.zh),
            )
        }
        Task::AskSupport {
            capability,
            quantity,
            purpose,
            ..
        } => {
            let of = capability_label(app, capability);
            Text::new(
                format!("{quantity} × {}: {}", of.en, purpose.en),
                format!("{quantity} × {}：{}", of.zh, purpose.zh),
            )
        }
        Task::Tell {
            seats,
            subject,
            text,
        } => {
            let labels: Vec<Text> = seats.iter().map(|seat| seat.label()).collect();
            let en: Vec<&str> = labels.iter().map(|one| one.en.as_str()).collect();
            let zh: Vec<&str> = labels.iter().map(|one| one.zh.as_str()).collect();
            Text::new(
                format!("{} → {}. {}", subject.en, en.join(", "), text.en),
                format!("{} → {}。{}", subject.zh, zh.join("、"), text.zh),
            )
        }
    }
}

fn addressee(to: &To) -> Text {
    match to {
        To::Seat(seat) => seat.label(),
        To::Unit(name) | To::Station(name) | To::Agency(name) => {
            Text::new(name.as_str(), name.as_str())
        }
        To::Everyone => Text::new("every agency", "全部参战单位"),
        To::Assigned => Text::new("units on the incident", "在处置力量"),
    }
}

/// Shows that a playbook fired.
pub(crate) fn mark(board: &Board, one: &PlaybookRun) -> PlaybookRunMark {
    PlaybookRunMark {
        id: one.id.to_string(),
        version: one.version,
        number: one.number,
        label: one.of.label.clone().into(),
        incident: one.incident_now(board).map(|incident| incident.to_string()),
        fired_at: view::time(one.fired_at),
        waiting: one.waiting().count(),
        over: !one.is_open(),
    }
}

/// Shows a run whole.
pub(super) fn run(
    app: &App,
    board: &Board,
    session: &Session,
    one: &PlaybookRun,
) -> PlaybookRunView {
    let now = app.node.playbooks().iter();
    let same = now.filter(|book| book.id == one.of.playbook);
    let changed_since = !same.into_iter().any(|book| book.digest == one.of.digest);
    let steps = one.steps.iter().zip(1..);
    PlaybookRunView {
        id: one.id.to_string(),
        version: one.version,
        number: one.number,
        playbook: one.of.playbook.to_string(),
        label: one.of.label.clone().into(),
        digest: one.of.digest.to_string(),
        changed_since,
        saw: one.why.saw.label(|code| category(app, code)).into(),
        subject: one.why.subject.to_string(),
        subject_label: label_of(app, board, one.why.subject),
        incident: one.incident_now(board).map(|incident| incident.to_string()),
        place: one.why.place.as_ref().map(PlaceView::from),
        fired_at: view::time(one.fired_at),
        fired_by: person(board, one.fired_by),
        steps: steps
            .map(|(step, no)| run_step(app, board, session, one, (step, no)))
            .collect(),
        operation: one.operation.map(|operation| operation.to_string()),
        waiting: one.waiting().count(),
        ended_at: one.ended.as_ref().map(|ended| view::time(ended.at)),
        ended_reason: one
            .ended
            .as_ref()
            .and_then(|ended| ended.reason.as_ref())
            .map(ToString::to_string),
        may_run: one.is_open() && session.may(Permission::RunPlaybooks),
    }
}

/// Returns who did something; nobody if the node did it by rule.
fn person(board: &Board, by: Actor) -> Option<String> {
    (by != Actor::NODE).then(|| name_of(board, by))
}

fn run_step(
    app: &App,
    board: &Board,
    session: &Session,
    of: &PlaybookRun,
    (one, no): (&RunStep, u16),
) -> PlaybookRunStepView {
    let waits = of.is_open() && one.state.waits();
    let needs = of_task(&one.step.task);
    let may = session.may(needs) && session.may(Permission::RunPlaybooks);
    let unready = one.step.task.needs_operation() && of.operation.is_none();
    let why_not = match (waits, may, unready) {
        (false, _, _) | (true, true, false) => None,
        (true, false, _) => Some(Text::new(
            "another seat takes this step",
            "该步骤由其他席位执行",
        )),
        (true, true, true) => Some(Text::new(
            "the operation has to be opened first",
            "须先发起合成作战",
        )),
    };
    let mut shown = PlaybookRunStepView {
        no,
        how: one.step.how.into(),
        what: one.step.task.label().into(),
        says: of.filled(board, &says(app, &one.step.task)).into(),
        state: match one.step.how {
            How::Propose => RunStepStateView::Proposed,
            How::CarryOut => RunStepStateView::ToBeDone,
        },
        at: None,
        by: None,
        came: Vec::new(),
        left_out: Vec::new(),
        reason: None,
        refused: None,
        may_take: waits && may && !unready,
        why_not: why_not.map(TextView::from),
    };
    match &one.state {
        StepState::Waiting => {}
        StepState::Done {
            at,
            by,
            came,
            left_out,
        } => {
            shown.state = RunStepStateView::Done;
            shown.at = Some(view::time(*at));
            shown.by = person(board, *by);
            let came = came.iter().map(|record| CameOfView {
                record: record.to_string(),
                label: label_of(app, board, *record),
            });
            shown.came = came.collect();
            shown.left_out = left_out.iter().map(ToString::to_string).collect();
        }
        StepState::Declined { reason, at, by } => {
            shown.state = RunStepStateView::Declined;
            shown.at = Some(view::time(*at));
            shown.by = person(board, *by);
            shown.reason = Some(reason.to_string());
        }
        StepState::Failed { said, at } => {
            shown.state = RunStepStateView::Failed;
            shown.at = Some(view::time(*at));
            shown.refused = Some(said.clone().into());
        }
    }
    shown
}

/// Shows one time that a playbook would have fired.
pub(super) fn would_have(app: &App, one: &Firing, number: Option<u64>) -> WouldHaveView {
    WouldHaveView {
        at: view::time(one.at),
        saw: one.saw.label(|code| category(app, code)).into(),
        subject: one.subject.to_string(),
        incident: one.incident.map(|incident| incident.to_string()),
        incident_number: number,
        place: one.place.as_ref().map(PlaceView::from),
    }
}

/// Reads the running number of an incident.
pub(super) fn incident_number(
    reader: &Reader,
    incident: Option<IncidentId>,
) -> Result<Option<u64>, StoreError> {
    let Some(incident) = incident else {
        return Ok(None);
    };
    let row = reader.record(incident.into())?;
    let record = row.map(|row| reader.plain(&row)).transpose()?;
    Ok(record.as_ref().and_then(Record::number))
}

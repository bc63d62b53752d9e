//! An assignment (派警): a unit's task on an incident, with its status times. It lives at the unit's home.
//!
//! Life: proposed -> sent -> acknowledged or declined -> departed -> arrived -> cleared, or cancelled on
//! the way. "Unanswered", "late" and "overdue" are not states: they follow from the times and the clock
//! (see [`timer`]), so that they survive a restart. A crew may skip a step (a crew that
//! arrives has departed); the times it skipped stay empty rather than invented.

use serde::{Deserialize, Serialize};

use super::{Context, Event, Happened, Life, Meta, RecordKind};
use crate::basis::{AssignmentId, IncidentId, Line, Personal, Text, Timestamp, TravelTime, UnitId};
use crate::board::Board;
use crate::limits;
use crate::recommend::{Otherwise, Reason};
use crate::record::unit::{Duty, Unit};
use crate::refusal::Refusal;
use crate::timer::{self, AlarmCode, Progress, Seen};

/// An assignment as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Its name.
    pub id: AssignmentId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Where the unit is sent.
    pub incident: IncidentId,
    /// The unit.
    pub unit: UnitId,
    /// Where it is in its life.
    pub status: AssignmentStatus,
    /// Why this unit.
    pub why: Why,
    /// When it was proposed, if it was.
    pub proposed_at: Option<Timestamp>,
    /// When it was first sent.
    pub sent_at: Option<Timestamp>,
    /// When it was last sent again, if it was.
    pub resent_at: Option<Timestamp>,
    /// When it was sent again, each time, oldest first.
    #[serde(default)]
    pub resends: Vec<Timestamp>,
    /// When the crew acknowledged.
    pub acknowledged_at: Option<Timestamp>,
    /// When it departed.
    pub departed_at: Option<Timestamp>,
    /// When it arrived.
    pub arrived_at: Option<Timestamp>,
    /// When it ended (declined, cleared or cancelled).
    pub ended_at: Option<Timestamp>,
    /// How or why it ended.
    pub ending: Option<Line>,
    /// Who has seen its alarms, oldest first.
    #[serde(default)]
    pub seen: Vec<Seen>,
}

/// Where an assignment is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentStatus {
    /// Put forward, not yet sent.
    Proposed,
    /// Sent to the crew.
    Sent,
    /// The crew has it.
    Acknowledged,
    /// The crew said no.
    Declined,
    /// On its way.
    Departed,
    /// On scene.
    Arrived,
    /// Done.
    Cleared,
    /// Called off.
    Cancelled,
}

impl AssignmentStatus {
    /// Returns the word people read.
    pub fn label(self) -> Text {
        match self {
            AssignmentStatus::Proposed => Text::new("proposed", "待派"),
            AssignmentStatus::Sent => Text::new("sent", "已派"),
            AssignmentStatus::Acknowledged => Text::new("acknowledged", "已接收"),
            AssignmentStatus::Declined => Text::new("declined", "已拒绝"),
            AssignmentStatus::Departed => Text::new("departed", "已出发"),
            AssignmentStatus::Arrived => Text::new("arrived", "已到达"),
            AssignmentStatus::Cleared => Text::new("cleared", "已结束"),
            AssignmentStatus::Cancelled => Text::new("cancelled", "已取消"),
        }
    }
}

/// Why this unit was sent: what was known when it was chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// How long it was expected to need.
    pub travel: Option<TravelTime>,
    /// The reasons given.
    pub reasons: Vec<Reason>,
    /// Who was recommended in its place, when people chose otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Otherwise>,
    /// The name of the recommendation that was looked at, with all that it was made of
    /// ([`Made::name`](crate::recommend::Made::name)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Line>,
}

/// A unit to send or propose, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The unit.
    pub unit: UnitId,
    /// Why it.
    pub why: Why,
}

impl Assignment {
    /// Returns true while the unit is bound by it.
    pub fn is_live(&self) -> bool {
        match self.status {
            AssignmentStatus::Sent
            | AssignmentStatus::Acknowledged
            | AssignmentStatus::Departed
            | AssignmentStatus::Arrived => true,
            AssignmentStatus::Proposed
            | AssignmentStatus::Declined
            | AssignmentStatus::Cleared
            | AssignmentStatus::Cancelled => false,
        }
    }

    /// Returns how far it has come.
    pub fn progress(&self) -> Progress {
        Progress {
            status: self.status,
            ..self.progress_at(Timestamp(i64::MAX))
        }
    }

    /// Returns how far it had come at some time.
    pub(crate) fn progress_at(&self, at: Timestamp) -> Progress {
        let by_then = |time: Option<Timestamp>| time.filter(|time| *time <= at);
        let (departed_at, arrived_at) = (by_then(self.departed_at), by_then(self.arrived_at));
        let (sent_at, ended_at) = (by_then(self.sent_at), by_then(self.ended_at));
        let resent_at = self.resends.iter().rev().find(|time| **time <= at);
        let mut checks = self.seen.iter().rev();
        let checked = checks.find(|seen| seen.code == AlarmCode::OnSceneCheck && seen.at <= at);
        let status = if ended_at.is_some() {
            self.status
        } else if arrived_at.is_some() {
            AssignmentStatus::Arrived
        } else if departed_at.is_some() {
            AssignmentStatus::Departed
        } else if by_then(self.acknowledged_at).is_some() {
            AssignmentStatus::Acknowledged
        } else if sent_at.is_some() {
            AssignmentStatus::Sent
        } else {
            AssignmentStatus::Proposed
        };
        Progress {
            status,
            sent_at: resent_at.copied().or(sent_at),
            departed_at,
            arrived_at,
            checked_at: checked.map(|seen| seen.at),
            ended_at,
            travel: self.why.travel,
        }
    }

    /// Returns every time at which it came further.
    pub(crate) fn turning_points(&self) -> impl Iterator<Item = Timestamp> {
        let steps = [
            self.sent_at,
            self.acknowledged_at,
            self.departed_at,
            self.arrived_at,
            self.ended_at,
        ];
        let seen = self.seen.iter().map(|seen| seen.at);
        let resends = self.resends.iter().copied();
        steps.into_iter().flatten().chain(resends).chain(seen)
    }

    /// Returns true if the unit fills a need of the incident: it is bound by it, or it was there and is done.
    pub fn counts(&self) -> bool {
        // A crew may clear without ever having gone. Then nobody came, and somebody is still wanted.
        let was_there = self.status == AssignmentStatus::Cleared && self.arrived_at.is_some();
        self.is_live() || was_there
    }
}

impl Life for Assignment {
    fn needs_attention(&self) -> bool {
        self.is_live()
    }

    fn parent(&self) -> Option<IncidentId> {
        Some(self.incident)
    }
}

/// What can be asked of an assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignmentAction {
    /// Put units forward for an incident.
    Propose {
        /// Where.
        incident: IncidentId,
        /// Who.
        choices: Vec<Choice>,
    },
    /// Send units to an incident: all of them or none.
    Send {
        /// Where.
        incident: IncidentId,
        /// Who.
        choices: Vec<Choice>,
    },
    /// Call one off and send another unit in its place: both or neither.
    Swap {
        /// The one that is given up.
        assignment: AssignmentId,
        /// Who goes instead.
        choice: Choice,
        /// Why; in words of our own if absent.
        reason: Option<Line>,
    },
    /// Call several off: all of them or none.
    CallOff {
        /// Which.
        assignments: Vec<AssignmentId>,
        /// Why.
        reason: Line,
    },
    /// Take a unit off its incident and send it to another at once: both or neither.
    Reassign {
        /// The one that is given up.
        assignment: AssignmentId,
        /// Where it goes instead.
        incident: IncidentId,
        /// Why this unit.
        why: Why,
        /// Why it is taken away; in words of our own if absent.
        reason: Option<Line>,
    },
    /// Change the status of one.
    Advance {
        /// Which.
        assignment: AssignmentId,
        /// To what.
        step: Step,
    },
    /// Say that somebody has seen its alarm.
    SeeAlarm {
        /// Which.
        assignment: AssignmentId,
        /// Which alarm.
        code: AlarmCode,
    },
}

/// One step in the life of an assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send one that was proposed.
    SendProposed,
    /// Send it again, because nobody answered.
    Resend,
    /// The crew has it.
    Acknowledge,
    /// The crew says no.
    Decline {
        /// Why.
        reason: Line,
    },
    /// The crew is on its way.
    Depart,
    /// The crew is there.
    Arrive,
    /// The crew is done.
    Clear {
        /// How it ended, if there is something to say.
        ending: Option<Line>,
    },
    /// It is called off.
    Cancel {
        /// Why.
        reason: Line,
    },
}

impl AssignmentAction {
    /// Returns the assignment it changes.
    pub fn subject(&self) -> Option<AssignmentId> {
        match self {
            AssignmentAction::Propose { .. }
            | AssignmentAction::Send { .. }
            | AssignmentAction::CallOff { .. } => None,
            AssignmentAction::Swap { assignment, .. }
            | AssignmentAction::Reassign { assignment, .. }
            | AssignmentAction::Advance { assignment, .. }
            | AssignmentAction::SeeAlarm { assignment, .. } => Some(*assignment),
        }
    }
}

/// What happened to an assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AssignmentEvent {
    /// A unit was put forward.
    Proposed {
        /// For which incident.
        incident: IncidentId,
        /// The unit.
        unit: UnitId,
        /// Why it.
        why: Why,
    },
    /// A unit was sent.
    Sent {
        /// To which incident.
        incident: IncidentId,
        /// The unit.
        unit: UnitId,
        /// Why it.
        why: Why,
    },
    /// It was sent again.
    Resent,
    /// The crew has it.
    Acknowledged,
    /// The crew said no.
    Declined {
        /// Why.
        reason: Line,
    },
    /// The crew is on its way.
    Departed,
    /// The crew is there.
    Arrived,
    /// The crew is done.
    Cleared {
        /// How it ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ending: Option<Line>,
    },
    /// It was called off.
    Cancelled {
        /// Why.
        reason: Line,
    },
    /// Somebody has seen its alarm.
    AlarmSeen {
        /// Which alarm.
        code: AlarmCode,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 10] = [
    "proposed",
    "sent",
    "resent",
    "acknowledged",
    "declined",
    "departed",
    "arrived",
    "cleared",
    "cancelled",
    "alarm_seen",
];

pub(super) fn decide(
    board: &Board,
    action: &AssignmentAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    match action {
        AssignmentAction::Propose { incident, choices } => {
            begin(board, context, *incident, choices, |incident, unit, why| {
                AssignmentEvent::Proposed {
                    incident,
                    unit,
                    why,
                }
            })
        }
        AssignmentAction::Send { incident, choices } => {
            begin(board, context, *incident, choices, |incident, unit, why| {
                AssignmentEvent::Sent {
                    incident,
                    unit,
                    why,
                }
            })
        }
        AssignmentAction::Swap {
            assignment,
            choice,
            reason,
        } => swap(board, context, *assignment, choice, reason.as_ref()),
        AssignmentAction::CallOff {
            assignments,
            reason,
        } => call_off(board, assignments, reason),
        AssignmentAction::Reassign {
            assignment,
            incident,
            why,
            reason,
        } => reassign(board, context, *assignment, *incident, why, reason.as_ref()),
        AssignmentAction::Advance { assignment, step } => {
            advance(board, context, *assignment, step)
        }
        AssignmentAction::SeeAlarm { assignment, code } => {
            let found = board.assignment(*assignment)?;
            let alarm = timer::alarm(found, context.timers, context.now);
            timer::must_be_unseen(alarm, *code, &found.seen)?;
            let event = AssignmentEvent::AlarmSeen { code: *code };
            Ok(vec![Happened::new(*assignment, Event::Assignment(event))])
        }
    }
}

fn begin(
    board: &Board,
    context: &mut Context<'_>,
    incident: IncidentId,
    choices: &[Choice],
    event: impl Fn(IncidentId, UnitId, Why) -> AssignmentEvent,
) -> Result<Vec<Happened>, Refusal> {
    board.incident(incident)?.must_be_open()?;
    if choices.is_empty() {
        return Err(Refusal::Missing(Text::new("The list of units", "处警力量")));
    }
    if choices.len() > limits::UNITS_PER_SEND_MAX {
        return Err(Refusal::Limit {
            what: Text::new("units in one action", "单次派出的力量"),
            max: limits::UNITS_PER_SEND_MAX,
        });
    }
    must_have_room(board, incident, choices.len())?;
    let mut all = Vec::with_capacity(choices.len());
    for (at, choice) in choices.iter().enumerate() {
        check_why(&choice.why)?;
        must_be_free(board, context, choice.unit, incident)?;
        if choices[..at]
            .iter()
            .any(|earlier| earlier.unit == choice.unit)
        {
            return Err(Refusal::Circle(RecordKind::Unit));
        }
        let id = AssignmentId(context.entropy.next_16());
        all.push(Happened::new(
            id,
            Event::Assignment(event(incident, choice.unit, choice.why.clone())),
        ));
    }
    Ok(all)
}

fn must_have_room(board: &Board, incident: IncidentId, more: usize) -> Result<(), Refusal> {
    if board.assignments_of(incident).count() + more <= limits::ASSIGNMENTS_PER_INCIDENT_MAX {
        return Ok(());
    }
    Err(Refusal::Limit {
        what: Text::new("assignments on an incident", "每条警情的派警"),
        max: limits::ASSIGNMENTS_PER_INCIDENT_MAX,
    })
}

/// Calls one off and sends another unit in its place. The end comes first among the entries, so that nobody who
/// reads them one by one ever sees more units on the incident than were meant to go.
fn swap(
    board: &Board,
    context: &mut Context<'_>,
    assignment: AssignmentId,
    choice: &Choice,
    reason: Option<&Line>,
) -> Result<Vec<Happened>, Refusal> {
    let given_up = board.assignment(assignment)?;
    let called_off = cancelled(
        given_up,
        or_words(reason, "another unit goes instead / 改派其他力量"),
    )?;
    // Whoever was sent to an incident that was merged since is needed on the one that goes on.
    let incident = board.merge_root(given_up.incident);
    board.incident(incident)?.must_be_open()?;
    if choice.unit == given_up.unit {
        return Err(Refusal::Circle(RecordKind::Unit));
    }
    check_why(&choice.why)?;
    must_be_free(board, context, choice.unit, incident)?;
    must_have_room(board, incident, 1)?;
    Ok(vec![
        called_off,
        sent(context, incident, choice.unit, &choice.why),
    ])
}

fn call_off(
    board: &Board,
    assignments: &[AssignmentId],
    reason: &Line,
) -> Result<Vec<Happened>, Refusal> {
    if assignments.len() > limits::UNITS_PER_SEND_MAX {
        return Err(Refusal::Limit {
            what: Text::new("units in one action", "单次派出的力量"),
            max: limits::UNITS_PER_SEND_MAX,
        });
    }
    let mut all: Vec<Happened> = Vec::with_capacity(assignments.len());
    for assignment in assignments {
        if all.iter().any(|one| one.record == (*assignment).into()) {
            return Err(Refusal::Circle(RecordKind::Assignment));
        }
        let found = board.assignment(*assignment)?;
        all.push(cancelled(found, reason.clone())?);
    }
    if all.is_empty() {
        return Err(Refusal::Missing(Text::new("The list of units", "处警力量")));
    }
    Ok(all)
}

/// Takes a unit off its incident and sends it to another. It is free but for what it is taken off.
fn reassign(
    board: &Board,
    context: &mut Context<'_>,
    assignment: AssignmentId,
    incident: IncidentId,
    why: &Why,
    reason: Option<&Line>,
) -> Result<Vec<Happened>, Refusal> {
    let given_up = board.assignment(assignment)?;
    let target = board.incident(incident)?;
    let words = format!("goes to incident {0} / 改派至警情 {0}", target.number);
    let called_off = cancelled(given_up, or_words(reason, &words))?;
    if given_up.status == AssignmentStatus::Proposed {
        return Err(wrong_state(
            given_up,
            Text::new(
                "It binds nobody yet: send the unit to the other incident.",
                "尚未占用力量，请直接派往另一警情。",
            ),
        ));
    }
    target.must_be_open()?;
    if board.merge_root(given_up.incident) == incident {
        return Err(Refusal::WrongState {
            kind: RecordKind::Assignment,
            state: Text::new("on that incident already", "已在该警情上"),
            instead: Text::new("Choose another incident.", "请另选警情。"),
        });
    }
    check_why(why)?;
    let unit = board.unit(given_up.unit)?;
    let because = not_on_duty(unit, context);
    if let Some(because) = because.or_else(|| promised(board, context, unit.id, incident)) {
        return Err(not_free(board.unit(given_up.unit)?, because));
    }
    must_have_room(board, incident, 1)?;
    Ok(vec![
        called_off,
        sent(context, incident, given_up.unit, why),
    ])
}

fn sent(context: &mut Context<'_>, incident: IncidentId, unit: UnitId, why: &Why) -> Happened {
    let event = AssignmentEvent::Sent {
        incident,
        unit,
        why: why.clone(),
    };
    let id = AssignmentId(context.entropy.next_16());
    Happened::new(id, Event::Assignment(event))
}

/// Returns the end of an assignment that is given up for another; refuses if it ended before.
fn cancelled(given_up: &Assignment, reason: Line) -> Result<Happened, Refusal> {
    if given_up.ended_at.is_some() {
        return Err(wrong_state(
            given_up,
            Text::new("Send the unit again.", "请重新派出该力量。"),
        ));
    }
    let event = AssignmentEvent::Cancelled { reason };
    Ok(Happened::new(given_up.id, Event::Assignment(event)))
}

fn or_words(reason: Option<&Line>, otherwise: &str) -> Line {
    let words = || {
        let words = otherwise.parse();
        words.expect("our own words with a number in them are a line")
    };
    reason.cloned().unwrap_or_else(words)
}

fn wrong_state(found: &Assignment, instead: Text) -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::Assignment,
        state: found.status.label(),
        instead,
    }
}

/// The reasons are kept in the entry, so they must fit into one whoever hands them in.
fn check_why(why: &Why) -> Result<(), Refusal> {
    if why.reasons.len() > limits::REASONS_PER_CHOICE_MAX {
        return Err(Refusal::Limit {
            what: Text::new("reasons for a unit", "每支力量的理由"),
            max: limits::REASONS_PER_CHOICE_MAX,
        });
    }
    if let Some(made) = &why.made
        && !crate::recommend::is_name(made)
    {
        return Err(Refusal::Missing(Text::new(
            "The name of a recommendation",
            "推荐的名称",
        )));
    }
    let longest = why.reasons.iter().map(Reason::longest_text_chars).max();
    if longest.unwrap_or(0) > limits::NEED_LABEL_CHARS_MAX {
        return Err(Refusal::Limit {
            what: Text::new("characters in the name of a need", "需求名称的字符"),
            max: limits::NEED_LABEL_CHARS_MAX,
        });
    }
    Ok(())
}

fn must_be_free(
    board: &Board,
    context: &Context<'_>,
    unit: UnitId,
    incident: IncidentId,
) -> Result<(), Refusal> {
    let found = board.unit(unit)?;
    let busy = board.live_assignment(unit).map(|live| {
        let number = board
            .incidents
            .get(&live.incident)
            .map_or(0, |incident| incident.number);
        Text::new(
            format!("it is on incident {number}"),
            format!("正在处置警情 {number}"),
        )
    });
    let because = busy.or_else(|| not_on_duty(found, context));
    match because.or_else(|| promised(board, context, unit, incident)) {
        Some(because) => Err(not_free(found, because)),
        None => Ok(()),
    }
}

/// A unit that is lent goes nowhere but where the borrower wants it: to an incident paired with one of theirs.
fn promised(
    board: &Board,
    context: &Context<'_>,
    unit: UnitId,
    incident: IncidentId,
) -> Option<Text> {
    let loan = board.loan_of(unit, context.now)?;
    let pairs = board.incidents.get(&incident).map(|found| &found.pairs);
    if pairs.is_some_and(|pairs| pairs.iter().any(|pair| pair.node == loan.to)) {
        return None;
    }
    let name = board.name_of(&loan.to);
    Some(Text::new(
        format!("it is lent to {name}"),
        format!("已借调给{name}"),
    ))
}

fn not_free(unit: &Unit, because: Text) -> Refusal {
    Refusal::UnitNotFree {
        callsign: unit.callsign.to_string(),
        because,
    }
}

fn not_on_duty(unit: &Unit, context: &Context<'_>) -> Option<Text> {
    if context.response.is_volunteer(&unit.details.kind) {
        return Some(Text::new(
            "it is a team of volunteers, which goes on patrol rounds only",
            "属志愿者队伍，仅参加巡逻",
        ));
    }
    match &unit.duty {
        Duty::OffDuty => Some(Text::new("it is off duty", "已下班")),
        Duty::OutOfService { reason } => Some(Text::new(
            format!("it is out of service ({reason})"),
            format!("已停用（{reason}）"),
        )),
        Duty::Available if unit.is_resting(context.now) => {
            Some(Text::new("its crew rests", "人员休整中"))
        }
        Duty::Available => None,
    }
}

fn advance(
    board: &Board,
    context: &Context<'_>,
    assignment: AssignmentId,
    step: &Step,
) -> Result<Vec<Happened>, Refusal> {
    use AssignmentStatus::{
        Acknowledged, Arrived, Cancelled, Cleared, Declined, Departed, Proposed, Sent,
    };
    let found = board.assignment(assignment)?;
    let (from, event): (&[AssignmentStatus], AssignmentEvent) = match step {
        Step::SendProposed => {
            must_be_free(board, context, found.unit, found.incident)?;
            board.incident(found.incident)?.must_be_open()?;
            let Assignment {
                incident,
                unit,
                why,
                ..
            } = found.clone();
            (
                &[Proposed],
                AssignmentEvent::Sent {
                    incident,
                    unit,
                    why,
                },
            )
        }
        Step::Resend => (&[Sent], AssignmentEvent::Resent),
        Step::Acknowledge => (&[Sent], AssignmentEvent::Acknowledged),
        Step::Decline { reason } => (
            &[Sent, Acknowledged],
            AssignmentEvent::Declined {
                reason: reason.clone(),
            },
        ),
        Step::Depart => (&[Sent, Acknowledged], AssignmentEvent::Departed),
        Step::Arrive => (&[Sent, Acknowledged, Departed], AssignmentEvent::Arrived),
        Step::Clear { ending } => (
            &[Sent, Acknowledged, Departed, Arrived],
            AssignmentEvent::Cleared {
                ending: ending.clone(),
            },
        ),
        Step::Cancel { reason } => (
            &[Proposed, Sent, Acknowledged, Departed, Arrived],
            AssignmentEvent::Cancelled {
                reason: reason.clone(),
            },
        ),
    };
    if !from.contains(&found.status) {
        let instead = match found.status {
            Proposed => Text::new("Send it first.", "请先派出。"),
            Sent | Acknowledged | Departed | Arrived => Text::new(
                "Look at its status; that step is past or not yet due.",
                "请查看其状态：该步骤已过或尚未到。",
            ),
            Declined | Cleared | Cancelled => {
                Text::new("Send the unit again.", "请重新派出该力量。")
            }
        };
        return Err(wrong_state(found, instead));
    }
    Ok(vec![Happened::new(assignment, Event::Assignment(event))])
}

pub(super) fn apply(
    before: Option<&Assignment>,
    event: &AssignmentEvent,
    _: Option<&Personal>,
    meta: &Meta,
) -> Option<Assignment> {
    let at = Some(meta.happened_at);
    let begin = |incident: IncidentId, unit: UnitId, why: &Why| Assignment {
        id: AssignmentId(meta.record),
        version: meta.version,
        changed_at: meta.at,
        incident,
        unit,
        status: AssignmentStatus::Proposed,
        why: why.clone(),
        proposed_at: None,
        sent_at: None,
        resent_at: None,
        resends: Vec::new(),
        acknowledged_at: None,
        departed_at: None,
        arrived_at: None,
        ended_at: None,
        ending: None,
        seen: Vec::new(),
    };
    let mut next = match (before, event) {
        (Some(before), _) => before.clone(),
        (
            None,
            AssignmentEvent::Proposed {
                incident,
                unit,
                why,
            }
            | AssignmentEvent::Sent {
                incident,
                unit,
                why,
            },
        ) => begin(*incident, *unit, why),
        (None, _) => return None,
    };
    next.version = meta.version;
    next.changed_at = meta.at;
    match event {
        AssignmentEvent::Proposed { .. } => next.proposed_at = at,
        AssignmentEvent::Sent { .. } => {
            next.status = AssignmentStatus::Sent;
            next.sent_at = at;
        }
        AssignmentEvent::Resent => {
            next.resent_at = at;
            super::keep_newest(&mut next.resends, meta.happened_at);
        }
        AssignmentEvent::Acknowledged => {
            next.status = AssignmentStatus::Acknowledged;
            next.acknowledged_at = at;
        }
        AssignmentEvent::Departed => {
            next.status = AssignmentStatus::Departed;
            next.departed_at = at;
        }
        AssignmentEvent::Arrived => {
            next.status = AssignmentStatus::Arrived;
            next.arrived_at = at;
        }
        AssignmentEvent::Declined { reason } => {
            end(&mut next, AssignmentStatus::Declined, Some(reason), meta)
        }
        AssignmentEvent::Cleared { ending } => {
            end(&mut next, AssignmentStatus::Cleared, ending.as_ref(), meta)
        }
        AssignmentEvent::Cancelled { reason } => {
            end(&mut next, AssignmentStatus::Cancelled, Some(reason), meta)
        }
        AssignmentEvent::AlarmSeen { code } => {
            super::keep_newest(&mut next.seen, meta.seen(*code));
        }
    }
    Some(next)
}

fn end(assignment: &mut Assignment, status: AssignmentStatus, ending: Option<&Line>, meta: &Meta) {
    assignment.status = status;
    assignment.ended_at = Some(meta.happened_at);
    assignment.ending = ending.cloned();
}

//! A call (接警单): one report reaching the agency. Several may join one incident.
//!
//! Life: received -> joined to an incident, or closed without action with a reason. Joining can be taken
//! back. Who called, the number and what was said are personal and sealed under the call's own key.

use serde::{Deserialize, Serialize};

use super::{Context, Event, Happened, Life, Meta, RecordKind, incident};
use crate::basis::{
    Answer, CallId, Code, IncidentId, Line, Personal, Place, Priority, Text, Timestamp,
};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;
use crate::timer::{self, AlarmCode, Seen};

/// How a call reached the agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By telephone.
    Phone,
    /// By text message.
    Text,
    /// From an application.
    App,
    /// From an alarm centre.
    Alarm,
    /// From a sensor.
    Sensor,
    /// By radio, or raised by an officer.
    Radio,
    /// In person.
    Counter,
    /// Read from another system's export.
    Import,
}

impl Channel {
    /// Returns true unless it is one that officers use. [`Channel::Import`] does not say who began a call: whoever imports
    /// has to leave out what is none of the public.
    pub fn is_public(self) -> bool {
        match self {
            Channel::Phone
            | Channel::Text
            | Channel::App
            | Channel::Alarm
            | Channel::Sensor
            | Channel::Counter
            | Channel::Import => true,
            Channel::Radio => false,
        }
    }
}

/// A call as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Its name.
    pub id: CallId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The agency's running number.
    pub number: u64,
    /// How it reached the agency.
    pub channel: Channel,
    /// When it began to ring, if that was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ringing_at: Option<Timestamp>,
    /// When it was answered (as claimed by the channel, or when it was accepted).
    pub received_at: Timestamp,
    /// When this node accepted it.
    pub accepted_at: Timestamp,
    /// Where it is about, once known.
    pub place: Option<Place>,
    /// What it is about, once known.
    pub category: Option<Code>,
    /// How urgent, once known.
    pub priority: Option<Priority>,
    /// The name that the sending system gave it.
    pub source: Option<Line>,
    /// Where it is in its life.
    pub state: CallState,
    /// When it became loose (`true`) or was dealt with (`false`), oldest first.
    #[serde(default)]
    pub turns: Vec<(Timestamp, bool)>,
    /// Who has seen its alarms, oldest first.
    #[serde(default)]
    pub seen: Vec<Seen>,
    /// Who called and what was said; empty when the key is gone.
    #[serde(skip)]
    pub personal: Personal,
}

/// Where a call is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum CallState {
    /// Taken, and not yet part of an incident.
    Received,
    /// Part of an incident.
    Joined {
        /// Which.
        incident: IncidentId,
    },
    /// Closed without action.
    Closed {
        /// Why.
        reason: Line,
        /// When.
        at: Timestamp,
    },
}

impl Call {
    /// Returns the incident it joined.
    pub fn incident(&self) -> Option<IncidentId> {
        match &self.state {
            CallState::Joined { incident } => Some(*incident),
            CallState::Received | CallState::Closed { .. } => None,
        }
    }

    /// Returns true while it is neither part of an incident nor closed.
    pub fn is_loose(&self) -> bool {
        matches!(self.state, CallState::Received)
    }
}

impl Call {
    /// Returns since when it is neither part of an incident nor closed, while that is so.
    pub fn loose_since(&self) -> Option<Timestamp> {
        let last = self.turns.last();
        self.is_loose()
            .then_some(last.map_or(self.received_at, |(at, _)| *at))
    }

    /// Returns the same as it was at some time.
    pub(crate) fn loose_since_at(&self, at: Timestamp) -> Option<Timestamp> {
        let (since, loose) = self.turns.iter().rfind(|(turn, _)| *turn <= at)?;
        loose.then_some(*since)
    }
}

impl CallState {
    fn label(&self) -> Text {
        match self {
            CallState::Received => Text::new("received", "已接警"),
            CallState::Joined { .. } => Text::new("joined to an incident", "已并入警情"),
            CallState::Closed { .. } => Text::new("closed", "已关闭"),
        }
    }
}

/// What is known of a call when it is taken or amended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallDetails {
    /// Where.
    pub place: Option<Place>,
    /// What.
    pub category: Option<Code>,
    /// How urgent.
    pub priority: Option<Priority>,
    /// Who called and what was said.
    pub personal: Personal,
}

/// What is done with a new call in the same step in which it is taken: all of it or nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Onward {
    /// Nothing: it stays loose.
    #[default]
    Wait,
    /// An incident is opened from it.
    Open,
    /// It is about the same event as this incident.
    Join(IncidentId),
}

impl Life for Call {
    fn open_item(&self, _: Timestamp) -> Option<super::Open> {
        let number = self.number;
        Some(super::Open {
            what: Text::new(format!("call {number}"), format!("接警单 {number}")),
            since: self.loose_since()?,
        })
    }

    fn number(&self) -> Option<u64> {
        Some(self.number)
    }

    fn needs_attention(&self) -> bool {
        self.is_loose()
    }

    fn parent(&self) -> Option<IncidentId> {
        self.incident()
    }

    fn personal_json(&self) -> Option<Vec<u8>> {
        let personal = (!self.personal.is_empty()).then_some(&self.personal)?;
        serde_json::to_vec(personal).ok()
    }

    fn take_personal(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        self.personal = serde_json::from_slice(json)?;
        Ok(())
    }
}

/// What can be asked of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallAction {
    /// Take a new call.
    Receive {
        /// How it came.
        channel: Channel,
        /// The sending system's own name for it.
        source: Option<Line>,
        /// When it began to ring, if that was told.
        ringing_at: Option<Timestamp>,
        /// What is known.
        details: CallDetails,
        /// What is done with it at once.
        onward: Onward,
    },
    /// Add to or correct what is known; what is absent stays as it was.
    Amend {
        /// Which call.
        call: CallId,
        /// What is new.
        details: CallDetails,
    },
    /// Make it part of an incident.
    Join {
        /// Which call.
        call: CallId,
        /// Which incident.
        incident: IncidentId,
    },
    /// Take it off its incident again.
    Detach {
        /// Which call.
        call: CallId,
    },
    /// Close it without action.
    Close {
        /// Which call.
        call: CallId,
        /// Why nothing is done.
        reason: Line,
    },
    /// Say that somebody has seen its alarm.
    SeeAlarm {
        /// Which call.
        call: CallId,
        /// Which alarm.
        code: AlarmCode,
    },
}

impl CallAction {
    /// Returns the call it changes.
    pub fn subject(&self) -> Option<CallId> {
        match self {
            CallAction::Receive { .. } => None,
            CallAction::Amend { call, .. }
            | CallAction::Join { call, .. }
            | CallAction::Detach { call }
            | CallAction::Close { call, .. }
            | CallAction::SeeAlarm { call, .. } => Some(*call),
        }
    }
}

/// What happened to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum CallEvent {
    /// It was taken.
    Received {
        /// The agency's running number.
        number: u64,
        /// How it came.
        channel: Channel,
        /// The sending system's own name for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Line>,
        /// When it began to ring.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ringing_at: Option<Timestamp>,
        /// Where.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Place>,
        /// What.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<Code>,
        /// How urgent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        priority: Option<Priority>,
    },
    /// More became known.
    Amended {
        /// Where.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Place>,
        /// What.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<Code>,
        /// How urgent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        priority: Option<Priority>,
    },
    /// It became part of an incident.
    Joined {
        /// Which.
        incident: IncidentId,
    },
    /// It was taken off its incident.
    Detached,
    /// It was closed without action.
    Closed {
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
pub(super) const EVENT_NAMES: [&str; 6] = [
    "received",
    "amended",
    "joined",
    "detached",
    "closed",
    "alarm_seen",
];

pub(super) fn decide(
    board: &Board,
    action: &CallAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    match action {
        CallAction::Receive {
            channel,
            source,
            ringing_at,
            details,
            onward,
        } => {
            check_ringing(*ringing_at, context)?;
            let (channel, source, ringing_at) = (*channel, source.clone(), *ringing_at);
            let event = CallEvent::Received {
                number: board.next_number(RecordKind::Call),
                channel,
                source,
                ringing_at,
                place: details.place.clone(),
                category: details.category.clone(),
                priority: details.priority,
            };
            receive(board, context, event, details, *onward)
        }
        CallAction::Amend { call, details } => {
            let found = board.call(*call)?;
            check_details(details, context)?;
            let mut kept = found.personal.answers.clone();
            put_answers(&mut kept, &details.personal.answers);
            if kept.len() > limits::ANSWERS_PER_CALL_MAX {
                return Err(too_many_answers());
            }
            let event = CallEvent::Amended {
                place: details.place.clone(),
                category: details.category.clone(),
                priority: details.priority,
            };
            Ok(vec![happened(*call, event, details.personal.clone())])
        }
        CallAction::Join { call, incident } => {
            let found = board.call(*call)?;
            must_be_received(found)?;
            must_take_calls(board, *incident)?;
            Ok(vec![joined(*call, *incident)])
        }
        CallAction::Detach { call } => {
            let found = board.call(*call)?;
            if found.incident().is_none() {
                return Err(wrong_state(
                    found,
                    Text::new("It belongs to no incident.", "该报警不属于任何警情。"),
                ));
            }
            Ok(vec![happened(
                *call,
                CallEvent::Detached,
                Personal::default(),
            )])
        }
        CallAction::Close { call, reason } => {
            must_be_received(board.call(*call)?)?;
            Ok(vec![happened(
                *call,
                CallEvent::Closed {
                    reason: reason.clone(),
                },
                Personal::default(),
            )])
        }
        CallAction::SeeAlarm { call, code } => {
            let found = board.call(*call)?;
            let alarm = timer::alarm_of_call(found, context.timers, context.now);
            timer::must_be_unseen(alarm, *code, &found.seen)?;
            let event = CallEvent::AlarmSeen { code: *code };
            Ok(vec![happened(*call, event, Personal::default())])
        }
    }
}

/// Takes a call, and does what is to be done with it in the same step.
fn receive(
    board: &Board,
    context: &mut Context<'_>,
    event: CallEvent,
    details: &CallDetails,
    onward: Onward,
) -> Result<Vec<Happened>, Refusal> {
    check_details(details, context)?;
    let id = CallId(context.entropy.next_16());
    let mut personal = details.personal.clone();
    personal.answers.clear();
    put_answers(&mut personal.answers, &details.personal.answers);
    let mut all = vec![happened(id, event, personal)];
    match onward {
        Onward::Wait => {}
        Onward::Open => all.extend(incident::open_from_new(board, context, id, details)?),
        Onward::Join(incident) => {
            must_take_calls(board, incident)?;
            all.push(joined(id, incident));
        }
    }
    Ok(all)
}

/// A call joins what is open and real.
fn must_take_calls(board: &Board, incident: IncidentId) -> Result<(), Refusal> {
    let found = board.incident(incident)?;
    found.must_be_open()?;
    match found.exercise {
        None => Ok(()),
        Some(_) => Err(incident::not_with_an_exercise()),
    }
}

fn check_details(details: &CallDetails, context: &Context<'_>) -> Result<(), Refusal> {
    context.response.check_category(details.category.as_ref())?;
    context.response.check_answers(&details.personal.answers)
}

fn check_ringing(ringing_at: Option<Timestamp>, context: &Context<'_>) -> Result<(), Refusal> {
    let answered = context.happened_at.0;
    let fits = ringing_at.is_none_or(|at| {
        at.0 <= answered && at.0 >= answered.saturating_sub(limits::RINGING_MAX_MS)
    });
    fits.then_some(()).ok_or(Refusal::BadRingingTime)
}

fn too_many_answers() -> Refusal {
    Refusal::Limit {
        what: Text::new("answers on a call", "每条报警的回答"),
        max: limits::ANSWERS_PER_CALL_MAX,
    }
}

/// Adds answers; a later answer to a question takes the place of the earlier one.
fn put_answers(kept: &mut Vec<Answer>, new: &[Answer]) {
    for answer in new {
        match kept
            .iter_mut()
            .find(|known| known.question == answer.question)
        {
            Some(known) => known.answer = answer.answer.clone(),
            None => kept.push(answer.clone()),
        }
    }
}

pub(super) fn must_be_received(call: &Call) -> Result<(), Refusal> {
    match call.state {
        CallState::Received => Ok(()),
        CallState::Joined { .. } => Err(wrong_state(
            call,
            Text::new(
                "Detach it from its incident first.",
                "请先将其从警情中分离。",
            ),
        )),
        CallState::Closed { .. } => Err(wrong_state(
            call,
            Text::new("Take a new call instead.", "请新建一条报警。"),
        )),
    }
}

pub(super) fn joined(call: CallId, incident: IncidentId) -> Happened {
    happened(call, CallEvent::Joined { incident }, Personal::default())
}

fn wrong_state(call: &Call, instead: Text) -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::Call,
        state: call.state.label(),
        instead,
    }
}

fn happened(call: CallId, event: CallEvent, personal: Personal) -> Happened {
    Happened {
        record: call.into(),
        event: Event::Call(event),
        personal,
        scope: watchfire_feed::Scope::Local,
    }
}

pub(super) fn apply(
    before: Option<&Call>,
    event: &CallEvent,
    personal: Option<&Personal>,
    meta: &Meta,
) -> Option<Call> {
    if let CallEvent::Received {
        number,
        channel,
        source,
        ringing_at,
        place,
        category,
        priority,
    } = event
    {
        return Some(Call {
            id: CallId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            number: *number,
            channel: *channel,
            ringing_at: *ringing_at,
            received_at: meta.happened_at,
            accepted_at: meta.at,
            place: place.clone(),
            category: category.clone(),
            priority: *priority,
            source: source.clone(),
            state: CallState::Received,
            turns: vec![(meta.happened_at, true)],
            seen: Vec::new(),
            personal: personal.cloned().unwrap_or_default(),
        });
    }
    let mut call = before?.clone();
    call.version = meta.version;
    call.changed_at = meta.at;
    match event {
        CallEvent::Received { .. } => {}
        CallEvent::Amended {
            place,
            category,
            priority,
        } => {
            call.place = place.clone().or(call.place);
            call.category = category.clone().or(call.category);
            call.priority = priority.or(call.priority);
            if let Some(new) = personal {
                call.personal.caller = new.caller.clone().or(call.personal.caller);
                call.personal.callback = new.callback.clone().or(call.personal.callback);
                call.personal.said = new.said.clone().or(call.personal.said);
                call.personal.note = new.note.clone().or(call.personal.note);
                put_answers(&mut call.personal.answers, &new.answers);
            }
        }
        CallEvent::Joined { incident } => {
            call.state = CallState::Joined {
                incident: *incident,
            };
            super::keep_newest(&mut call.turns, (meta.happened_at, false));
        }
        CallEvent::Detached => {
            call.state = CallState::Received;
            super::keep_newest(&mut call.turns, (meta.happened_at, true));
        }
        CallEvent::Closed { reason } => {
            call.state = CallState::Closed {
                reason: reason.clone(),
                at: meta.happened_at,
            };
            super::keep_newest(&mut call.turns, (meta.happened_at, false));
        }
        CallEvent::AlarmSeen { code } => {
            super::keep_newest(&mut call.seen, meta.seen(*code));
        }
    }
    Some(call)
}

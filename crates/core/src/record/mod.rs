//! Records and their lives: one file per kind, each with its state, actions, events, `decide` and `apply`.
//!
//! `decide` reads the [`Board`] of the home node and may refuse. `apply` never
//! fails and reads only its own record, because a peer may hold that record and nothing else. What lies
//! between records (an incident's units, a unit's status) is derived from both and stored in neither.
//!
//! This file only binds the kinds together; start at [`call`] or [`incident`].

pub mod assignment;
pub mod call;
pub mod incident;
mod kind;
pub mod message;
pub mod operation;
pub mod participation;
pub mod patrol;
pub mod peer;
pub mod person;
pub mod reply;
pub mod road_condition;
pub mod station;
pub mod turn;
pub mod unit;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use watchfire_feed::{NodeId, Scope};

use crate::basis::{
    AssignmentId, CallId, IncidentId, MessageId, OperationId, ParticipationId, PatrolId, PeerId,
    PersonId, Personal, ReplyId, RoadConditionId, StationId, Text, Timestamp, UnitId,
};
use crate::board::Board;
use crate::entropy::Entropy;
use crate::limits;
use crate::plan::ResponseFile;
use crate::refusal::Refusal;
use crate::timer::{AlarmCode, Seen, TimerRules};
use crate::undo::Undo;
use assignment::{Assignment, AssignmentAction, AssignmentEvent};
pub use kind::{Elsewhere, RecordKind, RecordRef};

use call::{Call, CallAction, CallEvent, Onward};
use incident::{Incident, IncidentAction, IncidentEvent};
use message::{Message, MessageAction, MessageEvent};
use operation::{Operation, OperationAction, OperationEvent};
use participation::{Participation, ParticipationAction, ParticipationEvent};
use patrol::{Patrol, PatrolAction, PatrolEvent};
use peer::{Peer, PeerAction, PeerEvent};
use person::{Person, PersonAction, PersonEvent, Seat};
use reply::{Reply, ReplyAction, ReplyEvent};
use road_condition::{RoadCondition, RoadConditionAction, RoadConditionEvent};
use station::{Station, StationAction, StationEvent};
use unit::{Unit, UnitAction, UnitEvent};

/// One record as it stands. Cheap to clone: boards share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A call.
    Call(Arc<Call>),
    /// An incident.
    Incident(Arc<Incident>),
    /// A unit.
    Unit(Arc<Unit>),
    /// An assignment.
    Assignment(Arc<Assignment>),
    /// A station.
    Station(Arc<Station>),
    /// A person.
    Person(Arc<Person>),
    /// A road condition.
    RoadCondition(Arc<RoadCondition>),
    /// A patrol plan.
    Patrol(Arc<Patrol>),
    /// A peer.
    Peer(Arc<Peer>),
    /// An operation.
    Operation(Arc<Operation>),
    /// A node's part in an operation.
    Participation(Arc<Participation>),
    /// A message.
    Message(Arc<Message>),
    /// A reply.
    Reply(Arc<Reply>),
}

/// A kind of record as a type, so that what is the same for all kinds is written once.
pub trait OfKind: Sized {
    /// Its ids.
    type Id: Into<RecordRef>;
    /// Which kind it is.
    const KIND: RecordKind;

    /// Returns the record if it is of this kind.
    fn of(record: &Record) -> Option<&Arc<Self>>;
}

macro_rules! of_kind {
    ($($kind:ident: $id:ident),+) => {$(
        impl OfKind for $kind {
            type Id = $id;
            const KIND: RecordKind = RecordKind::$kind;

            fn of(record: &Record) -> Option<&Arc<$kind>> {
                let Record::$kind(found) = record else {
                    return None;
                };
                Some(found)
            }
        }
    )+};
}

of_kind!(
    Call: CallId,
    Incident: IncidentId,
    Unit: UnitId,
    Assignment: AssignmentId,
    Station: StationId,
    Person: PersonId,
    RoadCondition: RoadConditionId,
    Patrol: PatrolId,
    Peer: PeerId,
    Operation: OperationId,
    Participation: ParticipationId,
    Message: MessageId,
    Reply: ReplyId
);

/// Runs `$body` with `$record` bound to whichever record it is.
macro_rules! each_record {
    ($value:expr, $record:ident => $body:expr) => {
        match $value {
            Record::Call($record) => $body,
            Record::Incident($record) => $body,
            Record::Unit($record) => $body,
            Record::Assignment($record) => $body,
            Record::Station($record) => $body,
            Record::Person($record) => $body,
            Record::RoadCondition($record) => $body,
            Record::Patrol($record) => $body,
            Record::Peer($record) => $body,
            Record::Operation($record) => $body,
            Record::Participation($record) => $body,
            Record::Message($record) => $body,
            Record::Reply($record) => $body,
        }
    };
}

impl Record {
    /// Returns its name.
    pub fn reference(&self) -> RecordRef {
        each_record!(self, record => record.id.into())
    }

    /// Returns how many events made it.
    pub fn version(&self) -> u64 {
        each_record!(self, record => record.version)
    }

    /// Returns when it last changed.
    pub fn changed_at(&self) -> Timestamp {
        each_record!(self, record => record.changed_at)
    }

    /// Returns the agency's running number, for the kinds that have one.
    pub fn number(&self) -> Option<u64> {
        match self {
            Record::Call(call) => Some(call.number),
            Record::Incident(incident) => Some(incident.number),
            Record::Unit(_)
            | Record::Assignment(_)
            | Record::Station(_)
            | Record::Person(_)
            | Record::RoadCondition(_)
            | Record::Patrol(_)
            | Record::Peer(_)
            | Record::Operation(_)
            | Record::Participation(_)
            | Record::Message(_)
            | Record::Reply(_) => None,
        }
    }

    /// Returns true while it needs anybody's attention; closed records may leave memory.
    pub fn is_open(&self) -> bool {
        match self {
            Record::Call(call) => call.is_loose(),
            Record::Incident(incident) => incident.is_open(),
            Record::Assignment(assignment) => assignment.is_live(),
            // Its time may run out while nobody writes; that follows from the clock, which no row knows.
            Record::RoadCondition(condition) => condition.ended_at.is_none(),
            Record::Patrol(patrol) => patrol.is_open(),
            Record::Operation(operation) => operation.is_open(),
            // What belongs to an operation stays in memory with it: see `Board::over_before`.
            Record::Participation(_) | Record::Message(_) | Record::Reply(_) => true,
            Record::Unit(_) | Record::Station(_) | Record::Person(_) | Record::Peer(_) => true,
        }
    }

    /// Returns the incident it belongs to: of a call or an assignment, and of an incident that was merged into it.
    pub fn parent(&self) -> Option<IncidentId> {
        match self {
            Record::Call(call) => call.incident(),
            Record::Assignment(assignment) => Some(assignment.incident),
            Record::Incident(incident) => incident.merged_into(),
            Record::Unit(_)
            | Record::Station(_)
            | Record::Person(_)
            | Record::RoadCondition(_)
            | Record::Patrol(_)
            | Record::Peer(_)
            | Record::Operation(_)
            | Record::Participation(_)
            | Record::Message(_)
            | Record::Reply(_) => None,
        }
    }

    /// Returns its state without personal data, as JSON for the tables (which are rebuilt from entries when its shape changes).
    pub fn to_row_json(&self) -> Vec<u8> {
        each_record!(self, record => serde_json::to_vec(record.as_ref())).expect(
            "record states hold only strings, integers and lists, which JSON can always carry",
        )
    }

    /// Returns its personal data as JSON, if it has any.
    pub fn personal_json(&self) -> Option<Vec<u8>> {
        match self {
            Record::Call(call) if !call.personal.is_empty() => {
                serde_json::to_vec(&call.personal).ok()
            }
            Record::Incident(incident) if incident.notes.iter().any(|note| note.text.is_some()) => {
                let texts: Vec<_> = incident
                    .notes
                    .iter()
                    .map(|note| note.text.as_ref())
                    .collect();
                serde_json::to_vec(&texts).ok()
            }
            Record::Message(message) => {
                let text = message.text.as_ref()?;
                serde_json::to_vec(text).ok()
            }
            Record::Call(_)
            | Record::Incident(_)
            | Record::Unit(_)
            | Record::Assignment(_)
            | Record::Station(_)
            | Record::Person(_)
            | Record::RoadCondition(_)
            | Record::Patrol(_)
            | Record::Peer(_)
            | Record::Operation(_)
            | Record::Participation(_)
            | Record::Reply(_) => None,
        }
    }

    /// Reads a record back from its row. `personal` is the unsealed personal data, absent when its key is gone.
    pub fn from_row(
        kind: RecordKind,
        json: &[u8],
        personal: Option<&[u8]>,
    ) -> Result<Record, serde_json::Error> {
        let record = match kind {
            RecordKind::Call => {
                let mut call: Call = serde_json::from_slice(json)?;
                if let Some(personal) = personal {
                    call.personal = serde_json::from_slice(personal)?;
                }
                Record::Call(Arc::new(call))
            }
            RecordKind::Incident => {
                let mut incident: Incident = serde_json::from_slice(json)?;
                if let Some(personal) = personal {
                    let texts: Vec<Option<crate::basis::Prose>> = serde_json::from_slice(personal)?;
                    for (note, text) in incident.notes.iter_mut().zip(texts) {
                        note.text = text;
                    }
                }
                Record::Incident(Arc::new(incident))
            }
            RecordKind::Unit => Record::Unit(Arc::new(serde_json::from_slice(json)?)),
            RecordKind::Assignment => Record::Assignment(Arc::new(serde_json::from_slice(json)?)),
            RecordKind::Station => Record::Station(Arc::new(serde_json::from_slice(json)?)),
            RecordKind::Person => Record::Person(Arc::new(serde_json::from_slice(json)?)),
            RecordKind::RoadCondition => {
                Record::RoadCondition(Arc::new(serde_json::from_slice(json)?))
            }
            RecordKind::Patrol => Record::Patrol(Arc::new(serde_json::from_slice(json)?)),
            RecordKind::Peer => Record::Peer(Arc::new(serde_json::from_slice(json)?)),
            RecordKind::Operation => Record::Operation(Arc::new(serde_json::from_slice(json)?)),
            RecordKind::Participation => {
                Record::Participation(Arc::new(serde_json::from_slice(json)?))
            }
            RecordKind::Message => {
                let mut message: Message = serde_json::from_slice(json)?;
                if let Some(personal) = personal {
                    message.text = serde_json::from_slice(personal)?;
                }
                Record::Message(Arc::new(message))
            }
            RecordKind::Reply => Record::Reply(Arc::new(serde_json::from_slice(json)?)),
        };
        Ok(record)
    }

    /// Folds one event into a record: the one `apply` of home, peer, restart, simulator and auditor.
    ///
    /// Never fails. An event that does not fit (a change to a record that never began, or to one of another
    /// kind) leaves things as they are.
    pub fn apply(
        before: Option<&Record>,
        event: &Event,
        personal: Option<&Personal>,
        meta: &Meta,
    ) -> Option<Record> {
        if before.is_some_and(|record| record.reference().kind != event.record_kind()) {
            return before.cloned();
        }
        macro_rules! fold {
            ($kind:ident, $module:ident, $event:expr) => {{
                let own = match before {
                    Some(Record::$kind(record)) => Some(record.as_ref()),
                    _ => None,
                };
                $module::apply(own, $event, personal, meta)
                    .map(|next| Record::$kind(Arc::new(next)))
            }};
        }
        let next = match event {
            Event::Call(event) => fold!(Call, call, event),
            Event::Incident(event) => fold!(Incident, incident, event),
            Event::Unit(event) => fold!(Unit, unit, event),
            Event::Assignment(event) => fold!(Assignment, assignment, event),
            Event::Station(event) => fold!(Station, station, event),
            Event::Person(event) => fold!(Person, person, event),
            Event::RoadCondition(event) => fold!(RoadCondition, road_condition, event),
            Event::Patrol(event) => fold!(Patrol, patrol, event),
            Event::Peer(event) => fold!(Peer, peer, event),
            Event::Operation(event) => fold!(Operation, operation, event),
            Event::Participation(event) => fold!(Participation, participation, event),
            Event::Message(event) => fold!(Message, message, event),
            Event::Reply(event) => fold!(Reply, reply, event),
            Event::Told(record) => Some(told(record, meta)),
        };
        next.or_else(|| before.cloned())
    }
}

/// The name of the event by which a record is first told in an operation, as it then stood.
pub const TOLD: &str = "told";

impl Record {
    /// Returns the event, as JSON, that tells the record as it stands. Of an incident with very many notes the
    /// oldest are left out, so that it fits an entry.
    fn to_told(&self) -> Result<serde_json::Value, serde_json::Error> {
        let state: serde_json::Value = serde_json::from_slice(&self.to_row_json())?;
        Ok(serde_json::json!({ "event": TOLD, "state": state }))
    }

    fn from_told(
        kind: RecordKind,
        mut json: serde_json::Value,
    ) -> Result<Record, serde_json::Error> {
        let state = json.get_mut("state").map(serde_json::Value::take);
        let state = serde_json::to_vec(&state.unwrap_or_default())?;
        Record::from_row(kind, &state, None)
    }

    /// Returns the record at a version that its home has risen to without anything happening to it; nothing if it is
    /// there already.
    pub(crate) fn risen_to(&self, version: u64) -> Option<Record> {
        if self.version() >= version {
            return None;
        }
        let mut json: serde_json::Value = serde_json::from_slice(&self.to_row_json()).ok()?;
        json["version"] = version.into();
        let json = serde_json::to_vec(&json).ok()?;
        let personal = self.personal_json();
        Record::from_row(self.reference().kind, &json, personal.as_deref()).ok()
    }

    /// Returns the record with the personal data that was told with it.
    pub fn with_personal(&self, json: &[u8]) -> Result<Record, serde_json::Error> {
        Record::from_row(self.reference().kind, &self.to_row_json(), Some(json))
    }

    /// Returns the record made small enough to be told in one entry: an incident keeps its newest notes.
    pub fn to_tell(&self) -> Record {
        let Record::Incident(incident) = self else {
            return self.clone();
        };
        let mut room = limits::TOLD_NOTES_BYTES_MAX;
        let fits = |note: &incident::Note| {
            let text = note.text.as_ref().map_or(0, |text| 2 * text.as_str().len());
            let left = room.checked_sub(200 + text);
            room = left.unwrap_or(0);
            left.is_some()
        };
        let kept = incident
            .notes
            .iter()
            .rev()
            .map(fits)
            .take_while(|fits| *fits)
            .count();
        let mut small = incident.as_ref().clone();
        small.notes.drain(..incident.notes.len() - kept);
        Record::Incident(Arc::new(small))
    }
}

/// Takes a record as it was told, at the version that its home's entry has.
fn told(record: &Record, meta: &Meta) -> Record {
    if record.reference().id == meta.record && record.version() == meta.version {
        return record.clone();
    }
    // A home that names another record or version than its own header is believed in the header alone.
    let mut json =
        serde_json::from_slice::<serde_json::Value>(&record.to_row_json()).unwrap_or_default();
    json["id"] = crate::basis::CallId(meta.record).to_string().into();
    json["version"] = meta.version.into();
    let json = serde_json::to_vec(&json).unwrap_or_default();
    Record::from_row(record.reference().kind, &json, None).unwrap_or_else(|_| record.clone())
}

/// Who did something, and from which seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The person or program.
    pub person: PersonId,
    /// The seat under whose rights it was done.
    pub seat: Seat,
}

impl Actor {
    /// The node itself: set-up before anybody has signed in.
    pub const NODE: Actor = Actor {
        person: PersonId([0; 16]),
        seat: Seat::Administrator,
    };
}

/// What `apply` may know besides the event.
#[derive(Debug, Clone, Copy)]
pub struct Meta {
    /// The record.
    pub record: [u8; 16],
    /// The record's version after this event.
    pub version: u64,
    /// When the home accepted it.
    pub at: Timestamp,
    /// When it happened, as claimed by whoever reported it; `at` when nothing else was claimed.
    pub happened_at: Timestamp,
    /// Who did it.
    pub by: Actor,
}

impl Meta {
    /// Returns that somebody saw an alarm.
    fn seen(&self, code: AlarmCode) -> Seen {
        Seen {
            code,
            at: self.happened_at,
            by: self.by,
        }
    }
}

/// Remembers one thing more, and forgets the oldest of too many: `apply` may not refuse.
fn keep_newest<T>(all: &mut Vec<T>, one: T) {
    all.push(one);
    let too_many = all.len().saturating_sub(limits::TURNS_KEPT_MAX);
    all.drain(..too_many);
}

/// What happened: the decoded content of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// To a call.
    Call(CallEvent),
    /// To an incident.
    Incident(IncidentEvent),
    /// To a unit.
    Unit(UnitEvent),
    /// To an assignment.
    Assignment(AssignmentEvent),
    /// To a station.
    Station(StationEvent),
    /// To a person who signs in.
    Person(PersonEvent),
    /// To a road condition.
    RoadCondition(RoadConditionEvent),
    /// To a patrol plan.
    Patrol(PatrolEvent),
    /// To a peer.
    Peer(PeerEvent),
    /// To an operation.
    Operation(OperationEvent),
    /// To a node's part in an operation.
    Participation(ParticipationEvent),
    /// To a message.
    Message(MessageEvent),
    /// To a reply.
    Reply(ReplyEvent),
    /// A record of any kind that can be shared, as it stood when its home first told an operation of it.
    Told(Box<Record>),
}

impl Event {
    /// Returns the kind of record it happened to.
    pub fn record_kind(&self) -> RecordKind {
        match self {
            Event::Call(_) => RecordKind::Call,
            Event::Incident(_) => RecordKind::Incident,
            Event::Unit(_) => RecordKind::Unit,
            Event::Assignment(_) => RecordKind::Assignment,
            Event::Station(_) => RecordKind::Station,
            Event::Person(_) => RecordKind::Person,
            Event::RoadCondition(_) => RecordKind::RoadCondition,
            Event::Patrol(_) => RecordKind::Patrol,
            Event::Peer(_) => RecordKind::Peer,
            Event::Operation(_) => RecordKind::Operation,
            Event::Participation(_) => RecordKind::Participation,
            Event::Message(_) => RecordKind::Message,
            Event::Reply(_) => RecordKind::Reply,
            Event::Told(record) => record.reference().kind,
        }
    }

    /// Returns the operation that the event itself names, if it names one.
    pub fn operation(&self) -> Option<OperationId> {
        if let Event::Message(MessageEvent::Sent { operation, .. })
        | Event::Reply(
            ReplyEvent::Shown { operation, .. }
            | ReplyEvent::Erased { operation, .. }
            | ReplyEvent::Signed { operation, .. }
            | ReplyEvent::Answered { operation, .. },
        )
        | Event::Participation(
            ParticipationEvent::Joined { operation, .. }
            | ParticipationEvent::Declined { operation, .. },
        ) = self
        {
            return Some(*operation);
        }
        let Event::Told(told) = self else {
            return None;
        };
        match told.as_ref() {
            Record::Operation(told) => Some(told.id),
            Record::Participation(told) => Some(told.operation),
            Record::Message(told) => Some(told.operation),
            Record::Reply(told) => Some(told.operation),
            Record::Call(_)
            | Record::Incident(_)
            | Record::Unit(_)
            | Record::Assignment(_)
            | Record::Station(_)
            | Record::Person(_)
            | Record::RoadCondition(_)
            | Record::Patrol(_)
            | Record::Peer(_) => None,
        }
    }

    /// Returns the event as JSON with its name in the member `event`.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Event::Call(event) => serde_json::to_value(event),
            Event::Incident(event) => serde_json::to_value(event),
            Event::Unit(event) => serde_json::to_value(event),
            Event::Assignment(event) => serde_json::to_value(event),
            Event::Station(event) => serde_json::to_value(event),
            Event::Person(event) => serde_json::to_value(event),
            Event::RoadCondition(event) => serde_json::to_value(event),
            Event::Patrol(event) => serde_json::to_value(event),
            Event::Peer(event) => serde_json::to_value(event),
            Event::Operation(event) => serde_json::to_value(event),
            Event::Participation(event) => serde_json::to_value(event),
            Event::Message(event) => serde_json::to_value(event),
            Event::Reply(event) => serde_json::to_value(event),
            Event::Told(record) => record.to_told(),
        }
        .expect("events hold only strings, integers and lists, which JSON can always carry")
    }

    /// Reads an event of a kind of record back from JSON.
    pub fn from_json(
        kind: RecordKind,
        json: serde_json::Value,
    ) -> Result<Event, serde_json::Error> {
        if json.get("event").and_then(serde_json::Value::as_str) == Some(TOLD) {
            return Record::from_told(kind, json).map(|record| Event::Told(Box::new(record)));
        }
        Ok(match kind {
            RecordKind::Call => Event::Call(serde_json::from_value(json)?),
            RecordKind::Incident => Event::Incident(serde_json::from_value(json)?),
            RecordKind::Unit => Event::Unit(serde_json::from_value(json)?),
            RecordKind::Assignment => Event::Assignment(serde_json::from_value(json)?),
            RecordKind::Station => Event::Station(serde_json::from_value(json)?),
            RecordKind::Person => Event::Person(serde_json::from_value(json)?),
            RecordKind::RoadCondition => Event::RoadCondition(serde_json::from_value(json)?),
            RecordKind::Patrol => Event::Patrol(serde_json::from_value(json)?),
            RecordKind::Peer => Event::Peer(serde_json::from_value(json)?),
            RecordKind::Operation => Event::Operation(serde_json::from_value(json)?),
            RecordKind::Participation => Event::Participation(serde_json::from_value(json)?),
            RecordKind::Message => Event::Message(serde_json::from_value(json)?),
            RecordKind::Reply => Event::Reply(serde_json::from_value(json)?),
        })
    }
}

/// One thing that `decide` says will have happened, with what is personal in it apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// To which record.
    pub record: RecordRef,
    /// What.
    pub event: Event,
    /// What is personal in it.
    pub personal: Personal,
    /// Which of the node's feeds says it.
    pub scope: Scope,
}

impl Happened {
    fn new(record: impl Into<RecordRef>, event: Event) -> Happened {
        Happened {
            record: record.into(),
            event,
            personal: Personal::default(),
            scope: Scope::Local,
        }
    }

    /// Returns that something happened in an operation: what its lead says of it goes into the command feed.
    fn within(operation: OperationId, record: impl Into<RecordRef>, event: Event) -> Happened {
        let commands = matches!(event, Event::Operation(_));
        let scope = if commands {
            Scope::Command(operation.0)
        } else {
            Scope::Operation(operation.0)
        };
        Happened {
            scope,
            ..Happened::new(record, event)
        }
    }
}

/// What a person or adapter asks the engine to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// On calls.
    Call(CallAction),
    /// On incidents.
    Incident(IncidentAction),
    /// On units.
    Unit(UnitAction),
    /// On assignments.
    Assignment(AssignmentAction),
    /// On stations.
    Station(StationAction),
    /// On people who sign in.
    Person(PersonAction),
    /// On road conditions.
    RoadCondition(RoadConditionAction),
    /// On patrol plans.
    Patrol(PatrolAction),
    /// On peers.
    Peer(PeerAction),
    /// On operations.
    Operation(OperationAction),
    /// On this node's part in operations.
    Participation(ParticipationAction),
    /// On messages.
    Message(MessageAction),
    /// On replies.
    Reply(ReplyAction),
    /// On what was just done: it is taken back.
    Undo(Box<Undo>),
    /// On several units, or several assignments, each a step of its own: all of them or none.
    Together(Vec<Action>),
}

impl Action {
    /// Returns the record whose version `If-Match` speaks of, if the action changes one that exists.
    pub fn subject(&self) -> Option<RecordRef> {
        match self {
            Action::Call(action) => action.subject().map(RecordRef::from),
            Action::Incident(action) => action.subject().map(RecordRef::from),
            Action::Unit(action) => action.subject().map(RecordRef::from),
            Action::Assignment(action) => action.subject().map(RecordRef::from),
            Action::Station(action) => action.subject().map(RecordRef::from),
            Action::Person(action) => action.subject().map(RecordRef::from),
            Action::RoadCondition(action) => action.subject().map(RecordRef::from),
            Action::Patrol(action) => action.subject().map(RecordRef::from),
            Action::Peer(action) => action.subject().map(RecordRef::from),
            Action::Operation(action) => action.subject().map(RecordRef::from),
            Action::Message(action) => action.subject().map(RecordRef::from),
            // There is one for each operation, and one for each record that is replied to.
            Action::Participation(_) | Action::Reply(_) => None,
            Action::Undo(undo) => undo.inverse.subject(),
            Action::Together(_) => None,
        }
    }

    /// Returns every record it names, so that the host can bring closed ones back into memory first.
    pub fn names(&self) -> Vec<RecordRef> {
        let mut names: Vec<RecordRef> = self.subject().into_iter().collect();
        match self {
            Action::Call(
                CallAction::Join { incident, .. }
                | CallAction::Receive {
                    onward: Onward::Join(incident),
                    ..
                },
            ) => names.push((*incident).into()),
            Action::Incident(IncidentAction::Open { from_call, .. }) => {
                names.extend(from_call.map(RecordRef::from))
            }
            Action::Incident(IncidentAction::Merge { into, .. }) => names.push((*into).into()),
            Action::Incident(
                IncidentAction::Link { other, .. } | IncidentAction::Unlink { other, .. },
            ) => {
                names.push((*other).into());
            }
            Action::Incident(IncidentAction::Split { calls, .. }) => {
                names.extend(calls.iter().map(|call| RecordRef::from(*call)));
            }
            Action::Assignment(
                AssignmentAction::Propose { incident, .. }
                | AssignmentAction::Send { incident, .. }
                | AssignmentAction::Reassign { incident, .. },
            ) => names.push((*incident).into()),
            Action::Assignment(AssignmentAction::CallOff { assignments, .. }) => {
                names.extend(assignments.iter().map(|one| RecordRef::from(*one)));
            }
            Action::Participation(ParticipationAction::Share { record, .. }) => {
                names.push(*record);
            }
            Action::Participation(_) => {}
            Action::Undo(undo) => {
                names.extend(undo.unchanged.iter().map(|(name, _)| *name));
                names.extend(undo.inverse.names());
            }
            Action::Together(actions) => names.extend(actions.iter().flat_map(Action::names)),
            Action::Call(_)
            | Action::Incident(_)
            | Action::Unit(_)
            | Action::Assignment(_)
            | Action::Station(_)
            | Action::Person(_)
            | Action::RoadCondition(_)
            | Action::Patrol(_)
            | Action::Peer(_)
            | Action::Operation(_)
            | Action::Message(_)
            | Action::Reply(_) => {}
        }
        names
    }
}

/// What `decide` is given besides the board and the action.
#[derive(Debug)]
pub struct Context<'a> {
    /// This node.
    pub node: NodeId,
    /// The node's clock.
    pub now: Timestamp,
    /// When what is asked for happened, as claimed; `now` when nothing else was claimed.
    pub happened_at: Timestamp,
    /// Who asks.
    pub by: Actor,
    /// Where new ids come from.
    pub entropy: &'a mut Entropy,
    /// The agency's categories, kinds and plans.
    pub response: &'a ResponseFile,
    /// When a step is late.
    pub timers: &'a TimerRules,
}

/// Decides what an action leads to, or refuses it. Writes nothing.
pub fn decide(
    board: &Board,
    action: &Action,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    match action {
        Action::Call(action) => call::decide(board, action, context),
        Action::Incident(action) => incident::decide(board, action, context),
        Action::Unit(action) => unit::decide(board, action, context),
        Action::Assignment(action) => assignment::decide(board, action, context),
        Action::Station(action) => station::decide(board, action, context),
        Action::Person(action) => person::decide(board, action, context),
        Action::RoadCondition(action) => road_condition::decide(board, action, context),
        Action::Patrol(action) => patrol::decide(board, action, context),
        Action::Peer(action) => peer::decide(board, action, context),
        Action::Operation(action) => operation::decide(board, action, context),
        Action::Participation(action) => participation::decide(board, action, context),
        Action::Message(action) => message::decide(board, action, context),
        Action::Reply(action) => reply::decide(board, action, context),
        Action::Undo(undo) => {
            undo.must_be_possible(board, context.now)?;
            decide(board, &undo.inverse, context)
        }
        Action::Together(actions) => together(board, actions, context),
    }
}

/// Decides several steps at once. Each is decided on the board as it was before all of them, so none may be about what
/// another changes: every step is on a unit of its own.
fn together(
    board: &Board,
    actions: &[Action],
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    if actions.is_empty() {
        return Err(Refusal::Missing(Text::new("The list of steps", "操作列表")));
    }
    if actions.len() > limits::UNITS_PER_SEND_MAX {
        return Err(Refusal::Limit {
            what: Text::new("units in one action", "单次操作的力量"),
            max: limits::UNITS_PER_SEND_MAX,
        });
    }
    let mut units: BTreeSet<UnitId> = BTreeSet::new();
    let mut all = Vec::new();
    for action in actions {
        let unit = match action {
            Action::Unit(step) => step.subject(),
            Action::Assignment(AssignmentAction::Advance { assignment, .. }) => {
                Some(board.assignment(*assignment)?.unit)
            }
            Action::Assignment(_)
            | Action::Call(_)
            | Action::Incident(_)
            | Action::Station(_)
            | Action::Person(_)
            | Action::RoadCondition(_)
            | Action::Patrol(_)
            | Action::Peer(_)
            | Action::Operation(_)
            | Action::Participation(_)
            | Action::Message(_)
            | Action::Reply(_)
            | Action::Undo(_)
            | Action::Together(_) => None,
        };
        let Some(unit) = unit else {
            return Err(Refusal::Missing(Text::new(
                "A unit for every step",
                "每一步所涉的力量",
            )));
        };
        if !units.insert(unit) {
            return Err(Refusal::Circle(RecordKind::Unit));
        }
        all.extend(decide(board, action, context)?);
    }
    Ok(all)
}

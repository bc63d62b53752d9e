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
pub mod patrol;
pub mod person;
pub mod road_condition;
pub mod station;
pub mod turn;
pub mod unit;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::basis::{
    AssignmentId, CallId, IncidentId, PatrolId, PersonId, Personal, RoadConditionId, StationId,
    Text, Timestamp, UnitId,
};
use crate::board::Board;
use crate::entropy::Entropy;
use crate::limits;
use crate::plan::ResponseFile;
use crate::refusal::Refusal;
use crate::timer::{AlarmCode, Seen, TimerRules};
use crate::undo::Undo;
use assignment::{Assignment, AssignmentAction, AssignmentEvent};
use call::{Call, CallAction, CallEvent, Onward};
use incident::{Incident, IncidentAction, IncidentEvent};
use patrol::{Patrol, PatrolAction, PatrolEvent};
use person::{Person, PersonAction, PersonEvent, Seat};
use road_condition::{RoadCondition, RoadConditionAction, RoadConditionEvent};
use station::{Station, StationAction, StationEvent};
use unit::{Unit, UnitAction, UnitEvent};

/// The kinds of record that this node knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A report that reached the agency.
    Call,
    /// A situation that needs response.
    Incident,
    /// A dispatchable crew.
    Unit,
    /// A unit's task on an incident.
    Assignment,
    /// A place units start from.
    Station,
    /// Someone, or a program, who signs in.
    Person,
    /// Roads that are closed or slower than usual for a while.
    RoadCondition,
    /// Places that want visits, and who goes there.
    Patrol,
}

impl RecordKind {
    /// All kinds.
    pub const ALL: [RecordKind; 8] = [
        RecordKind::Call,
        RecordKind::Incident,
        RecordKind::Unit,
        RecordKind::Assignment,
        RecordKind::Station,
        RecordKind::Person,
        RecordKind::RoadCondition,
        RecordKind::Patrol,
    ];

    /// Returns the word used in entries, tables and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            RecordKind::Call => "call",
            RecordKind::Incident => "incident",
            RecordKind::Unit => "unit",
            RecordKind::Assignment => "assignment",
            RecordKind::Station => "station",
            RecordKind::Person => "person",
            RecordKind::RoadCondition => "road_condition",
            RecordKind::Patrol => "patrol",
        }
    }

    /// Returns the kind with that word.
    pub fn parse(word: &str) -> Option<RecordKind> {
        RecordKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }

    /// Returns the names of the events that this program knows of the kind.
    pub fn event_names(self) -> &'static [&'static str] {
        match self {
            RecordKind::Call => &call::EVENT_NAMES,
            RecordKind::Incident => &incident::EVENT_NAMES,
            RecordKind::Unit => &unit::EVENT_NAMES,
            RecordKind::Assignment => &assignment::EVENT_NAMES,
            RecordKind::Station => &station::EVENT_NAMES,
            RecordKind::Person => &person::EVENT_NAMES,
            RecordKind::RoadCondition => &road_condition::EVENT_NAMES,
            RecordKind::Patrol => &patrol::EVENT_NAMES,
        }
    }

    /// Returns the word people read.
    pub fn label(self) -> Text {
        match self {
            RecordKind::Call => Text::new("call", "报警（接警单）"),
            RecordKind::Incident => Text::new("incident", "警情"),
            RecordKind::Unit => Text::new("unit", "处警力量"),
            RecordKind::Assignment => Text::new("assignment", "派警"),
            RecordKind::Station => Text::new("station", "站点"),
            RecordKind::Person => Text::new("person", "人员"),
            RecordKind::RoadCondition => Text::new("road condition", "路况"),
            RecordKind::Patrol => Text::new("patrol plan", "巡逻计划"),
        }
    }
}

/// Names one record of any kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordRef {
    /// Its kind.
    pub kind: RecordKind,
    /// Its id.
    pub id: [u8; 16],
}

macro_rules! refs {
    ($($id:ident => $kind:ident),* $(,)?) => {$(
        impl From<$id> for RecordRef {
            fn from(id: $id) -> RecordRef { RecordRef { kind: RecordKind::$kind, id: id.0 } }
        }
    )*};
}

refs! {
    CallId => Call, IncidentId => Incident, UnitId => Unit,
    AssignmentId => Assignment, StationId => Station, PersonId => Person,
    RoadConditionId => RoadCondition, PatrolId => Patrol,
}

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
    Patrol: PatrolId
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
            | Record::Patrol(_) => None,
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
            Record::Unit(_) | Record::Station(_) | Record::Person(_) => true,
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
            | Record::Patrol(_) => None,
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
            Record::Call(_)
            | Record::Incident(_)
            | Record::Unit(_)
            | Record::Assignment(_)
            | Record::Station(_)
            | Record::Person(_)
            | Record::RoadCondition(_)
            | Record::Patrol(_) => None,
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
        };
        next.or_else(|| before.cloned())
    }
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
        }
        .expect("events hold only strings, integers and lists, which JSON can always carry")
    }

    /// Reads an event of a kind of record back from JSON.
    pub fn from_json(
        kind: RecordKind,
        json: serde_json::Value,
    ) -> Result<Event, serde_json::Error> {
        Ok(match kind {
            RecordKind::Call => Event::Call(serde_json::from_value(json)?),
            RecordKind::Incident => Event::Incident(serde_json::from_value(json)?),
            RecordKind::Unit => Event::Unit(serde_json::from_value(json)?),
            RecordKind::Assignment => Event::Assignment(serde_json::from_value(json)?),
            RecordKind::Station => Event::Station(serde_json::from_value(json)?),
            RecordKind::Person => Event::Person(serde_json::from_value(json)?),
            RecordKind::RoadCondition => Event::RoadCondition(serde_json::from_value(json)?),
            RecordKind::Patrol => Event::Patrol(serde_json::from_value(json)?),
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
}

impl Happened {
    fn new(record: impl Into<RecordRef>, event: Event) -> Happened {
        Happened {
            record: record.into(),
            event,
            personal: Personal::default(),
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
            | Action::Patrol(_) => {}
        }
        names
    }
}

/// What `decide` is given besides the board and the action.
#[derive(Debug)]
pub struct Context<'a> {
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

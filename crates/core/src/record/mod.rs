//! Records and their lives: one file per kind, each with its state, actions, events, `decide` and `apply`.
//!
//! `decide` reads the [`Board`] of the home node and may refuse. `apply` never
//! fails and reads only its own record, because a peer may hold that record and nothing else. What lies
//! between records (an incident's units, a unit's status) is derived from both and stored in neither.
//!
//! This file only binds the kinds together, by the one list of them in `kind.rs`; start at [`call`] or [`incident`].

pub mod assessment;
pub mod assignment;
pub mod call;
pub mod consultation;
pub mod directive;
pub mod duty_post;
pub mod handover;
pub mod incident;
mod kind;
pub mod message;
pub mod operation;
pub mod participation;
pub mod patrol;
pub mod peer;
pub mod person;
pub mod planned_action;
pub mod playbook_run;
pub mod reply;
pub mod road_condition;
pub mod saved_view;
pub mod settlement;
pub mod shift;
pub mod station;
pub mod support_capability;
pub mod support_offer;
pub mod support_request;
mod told;
pub mod turn;
pub mod unit;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use watchfire_feed::{NodeId, Scope};

use crate::basis::{IncidentId, OperationId, PersonId, Personal, Text, Timestamp, UnitId};
use crate::board::Board;
use crate::entropy::Entropy;
use crate::ledger::Booked;
use crate::limits;
use crate::plan::ResponseFile;
use crate::refusal::Refusal;
use crate::timer::{AlarmCode, Seen, TimerRules};
use crate::undo::Undo;
use assignment::AssignmentAction;
use call::{CallAction, Onward};
use incident::IncidentAction;
pub(crate) use kind::for_kinds;
pub use kind::{Elsewhere, RecordKind, RecordRef};
use message::MessageEvent;
use participation::{ParticipationAction, ParticipationEvent};
use person::Seat;
use playbook_run::PlaybookRunAction;
use settlement::SettlementAction;

/// What a kind of record may have besides its name, version and time; most need little of it.
pub(crate) trait Life {
    /// Returns the agency's running number.
    fn number(&self) -> Option<u64> {
        None
    }

    /// Returns true while it needs anybody's attention; what is over may leave memory.
    fn needs_attention(&self) -> bool {
        true
    }

    /// Returns since when it is over by itself, so that it may leave memory; what belongs to an incident or an
    /// operation goes with that, and says nothing here.
    fn over_since(&self) -> Option<Timestamp> {
        None
    }

    /// Returns from when until when it was to be done, once for every time, if it stands in the [book](crate::ledger) of a day.
    fn booked(&self) -> Vec<Booked> {
        Vec::new()
    }

    /// Returns what of it is open at a time, so that whoever goes off duty hands it over; what takes several records to
    /// say is found by [`crate::duty::open_items`].
    fn open_item(&self, _: Timestamp) -> Option<Open> {
        None
    }

    /// Returns the incident it belongs to.
    fn parent(&self) -> Option<IncidentId> {
        None
    }

    /// Returns the operation it is part of.
    fn part_of(&self) -> Option<OperationId> {
        None
    }

    /// Returns its personal data as JSON, if it has any.
    fn personal_json(&self) -> Option<Vec<u8>> {
        None
    }

    /// Takes its personal data back.
    fn take_personal(&mut self, _: &[u8]) -> Result<(), serde_json::Error> {
        Ok(())
    }
}

/// What is open about a record: what it is called, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// What it is, in words that name nobody.
    pub what: Text,
    /// Since when.
    pub since: Timestamp,
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

macro_rules! records {
    ($($kind:ident $id:ident $action:ident $event:ident $module:ident $map:ident
        $word:literal ($en:literal, $zh:literal) $lives:ident $doc:literal;)+) => {
        /// One record as it stands. Cheap to clone: boards share it.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Record {
            $(#[doc = concat!($doc, ".")] $kind(Arc<$module::$kind>),)+
        }

        $(impl OfKind for $module::$kind {
            type Id = crate::basis::$id;
            const KIND: RecordKind = RecordKind::$kind;

            fn of(record: &Record) -> Option<&Arc<$module::$kind>> {
                let Record::$kind(found) = record else {
                    return None;
                };
                Some(found)
            }
        })+

        /// Runs `$body` with `$record` bound to whichever record it is.
        macro_rules! each_record {
            ($value:expr, $record:ident => $body:expr) => {
                match $value { $(Record::$kind($record) => $body,)+ }
            };
        }

        impl Record {
            /// Reads a record back from its row. `personal` is the unsealed personal data, absent when its key is gone.
            pub fn from_row(
                kind: RecordKind,
                json: &[u8],
                personal: Option<&[u8]>,
            ) -> Result<Record, serde_json::Error> {
                match kind {
                    $(RecordKind::$kind => {
                        let mut record: $module::$kind = serde_json::from_slice(json)?;
                        if let Some(personal) = personal {
                            record.take_personal(personal)?;
                        }
                        Ok(Record::$kind(Arc::new(record)))
                    })+
                }
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
                let next = match event {
                    $(Event::$kind(event) => {
                        let own = before.and_then(<$module::$kind>::of).map(Arc::as_ref);
                        let next = $module::apply(own, event, personal, meta);
                        next.map(|next| Record::$kind(Arc::new(next)))
                    })+
                    Event::Told(record) => Some(told(record, meta)),
                };
                next.or_else(|| before.cloned())
            }
        }

        /// What happened: the decoded content of an entry.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Event {
            $(#[doc = concat!("To this kind of record: ", $en, ".")] $kind($module::$event),)+
            /// A record of any kind that can be shared, as it stood when its home first told an operation of it.
            Told(Box<Record>),
        }

        impl Event {
            /// Returns the kind of record it happened to.
            pub fn record_kind(&self) -> RecordKind {
                match self {
                    $(Event::$kind(_) => RecordKind::$kind,)+
                    Event::Told(record) => record.reference().kind,
                }
            }

            /// Returns the event as JSON with its name in the member `event`.
            pub fn to_json(&self) -> serde_json::Value {
                match self {
                    $(Event::$kind(event) => serde_json::to_value(event),)+
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
                match kind {
                    $(RecordKind::$kind => serde_json::from_value(json).map(Event::$kind),)+
                }
            }
        }

        /// What a person or adapter asks the engine to do.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Action {
            $(#[doc = concat!("On this kind of record: ", $en, ".")] $kind($module::$action),)+
            /// On what was just done: it is taken back.
            Undo(Box<Undo>),
            /// On several units, or several assignments, each a step of its own: all of them or none.
            Together(Vec<Action>),
        }

        impl Action {
            /// Returns the record whose version `If-Match` speaks of, if the action changes one that exists.
            pub fn subject(&self) -> Option<RecordRef> {
                match self {
                    $(Action::$kind(action) => action.subject().map(RecordRef::from),)+
                    Action::Undo(undo) => undo.inverse.subject(),
                    Action::Together(_) => None,
                }
            }
        }

        /// Decides what an action leads to, or refuses it. Writes nothing.
        pub fn decide(
            board: &Board,
            action: &Action,
            context: &mut Context<'_>,
        ) -> Result<Vec<Happened>, Refusal> {
            match action {
                $(Action::$kind(action) => $module::decide(board, action, context),)+
                Action::Undo(undo) => {
                    undo.must_be_possible(board, context.now)?;
                    decide(board, &undo.inverse, context)
                }
                Action::Together(actions) => together(board, actions, context),
            }
        }
    };
}

for_kinds!(records);

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
        each_record!(self, record => Life::number(record.as_ref()))
    }

    /// Returns true while it needs anybody's attention; closed records may leave memory.
    pub fn is_open(&self) -> bool {
        each_record!(self, record => Life::needs_attention(record.as_ref()))
    }

    /// Returns since when it is over by itself (see [`Board::over_before`]).
    pub fn over_since(&self) -> Option<Timestamp> {
        each_record!(self, record => Life::over_since(record.as_ref()))
    }

    /// Returns what of it is open at a time and has to be handed over.
    pub(crate) fn open_item(&self, now: Timestamp) -> Option<Open> {
        each_record!(self, record => Life::open_item(record.as_ref(), now))
    }

    /// Returns the incident it belongs to: of a call or an assignment, and of an incident that was merged into it.
    pub fn parent(&self) -> Option<IncidentId> {
        each_record!(self, record => Life::parent(record.as_ref()))
    }

    /// Returns from when until when it was to be done, once for every time, if it stands in the [book](crate::ledger) of a day.
    pub fn booked(&self) -> Vec<Booked> {
        each_record!(self, record => Life::booked(record.as_ref()))
    }

    /// Returns the operation it is part of, if it is of a kind that lives in one.
    pub fn part_of(&self) -> Option<OperationId> {
        each_record!(self, record => Life::part_of(record.as_ref()))
    }

    /// Returns its state without personal data, as JSON for the tables (which are rebuilt from entries when its shape changes).
    pub fn to_row_json(&self) -> Vec<u8> {
        each_record!(self, record => serde_json::to_vec(record.as_ref())).expect(
            "record states hold only strings, integers and lists, which JSON can always carry",
        )
    }

    /// Returns its personal data as JSON, if it has any.
    pub fn personal_json(&self) -> Option<Vec<u8>> {
        each_record!(self, record => Life::personal_json(record.as_ref()))
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

impl Event {
    /// Returns the operation that the event itself names, if it names one.
    pub fn operation(&self) -> Option<OperationId> {
        if let Event::Reply(event) = self {
            return Some(event.about().0);
        }
        if let Event::Message(MessageEvent::Sent { operation, .. })
        | Event::Participation(
            ParticipationEvent::Joined { operation, .. }
            | ParticipationEvent::Declined { operation, .. },
        ) = self
        {
            return Some(*operation);
        }
        if let Event::PlannedAction(event) = self {
            return event.operation();
        }
        let Event::Told(told) = self else {
            return None;
        };
        told.part_of()
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

impl Action {
    /// Returns every record it names, so that the host can bring closed ones back into memory first.
    pub fn names(&self) -> Vec<RecordRef> {
        let mut names: Vec<RecordRef> = self.subject().into_iter().collect();
        if let Action::Call(
            CallAction::Join { incident, .. }
            | CallAction::Receive {
                onward: Onward::Join(incident),
                ..
            },
        )
        | Action::Incident(
            IncidentAction::Merge { into: incident, .. }
            | IncidentAction::Link {
                other: incident, ..
            }
            | IncidentAction::Unlink {
                other: incident, ..
            },
        )
        | Action::Assignment(
            AssignmentAction::Propose { incident, .. }
            | AssignmentAction::Send { incident, .. }
            | AssignmentAction::Reassign { incident, .. },
        ) = self
        {
            names.push((*incident).into());
        } else if let Action::Incident(IncidentAction::Open { from_call, .. }) = self {
            names.extend(from_call.map(RecordRef::from));
        } else if let Action::Incident(IncidentAction::Split { calls, .. }) = self {
            names.extend(calls.iter().map(|call| RecordRef::from(*call)));
        } else if let Action::Assignment(AssignmentAction::CallOff { assignments, .. }) = self {
            names.extend(assignments.iter().map(|one| RecordRef::from(*one)));
        } else if let Action::Participation(ParticipationAction::Share { record, .. }) = self {
            names.push(*record);
        } else if let Action::Settlement(SettlementAction::Sign { within, .. }) = self {
            names.extend(within);
        } else if let Action::Assessment(action) = self {
            names.extend(action.rests_on());
        } else if let Action::Consultation(action) = self {
            names.extend(action.papers());
        } else if let Action::PlaybookRun(PlaybookRunAction::Fire { why, .. }) = self {
            names.push(why.subject);
        } else if let Action::Undo(undo) = self {
            names.extend(undo.unchanged.iter().map(|(name, _)| *name));
            names.extend(undo.inverse.names());
        } else if let Action::Together(actions) = self {
            names.extend(actions.iter().flat_map(Action::names));
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
        let unit = if let Action::Unit(step) = action {
            step.subject()
        } else if let Action::Assignment(AssignmentAction::Advance { assignment, .. }) = action {
            Some(board.assignment(*assignment)?.unit)
        } else {
            None
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

//! The kinds of record, and the names by which one record is meant: here, or of another home.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use watchfire_feed::NodeId;

use super::{
    assignment, call, incident, message, operation, participation, patrol, peer, person, reply,
    road_condition, station, unit,
};
use crate::basis::{
    AssignmentId, CallId, IncidentId, MessageId, OperationId, ParticipationId, PatrolId, PeerId,
    PersonId, ReplyId, RoadConditionId, StationId, Text, UnitId, read_hex,
};

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
    /// A node that this one federates with.
    Peer,
    /// A joint activity of several agencies.
    Operation,
    /// What one node does in one operation.
    Participation,
    /// What one member says in an operation.
    Message,
    /// What one node has to say to a record of another.
    Reply,
}

impl RecordKind {
    /// All kinds.
    pub const ALL: [RecordKind; 13] = [
        RecordKind::Call,
        RecordKind::Incident,
        RecordKind::Unit,
        RecordKind::Assignment,
        RecordKind::Station,
        RecordKind::Person,
        RecordKind::RoadCondition,
        RecordKind::Patrol,
        RecordKind::Peer,
        RecordKind::Operation,
        RecordKind::Participation,
        RecordKind::Message,
        RecordKind::Reply,
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
            RecordKind::Peer => "peer",
            RecordKind::Operation => "operation",
            RecordKind::Participation => "participation",
            RecordKind::Message => "message",
            RecordKind::Reply => "reply",
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
            RecordKind::Peer => &peer::EVENT_NAMES,
            RecordKind::Operation => &operation::EVENT_NAMES,
            RecordKind::Participation => &participation::EVENT_NAMES,
            RecordKind::Message => &message::EVENT_NAMES,
            RecordKind::Reply => &reply::EVENT_NAMES,
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
            RecordKind::Peer => Text::new("peer", "对等节点"),
            RecordKind::Operation => Text::new("operation", "合成作战"),
            RecordKind::Participation => Text::new("part in an operation", "参战"),
            RecordKind::Message => Text::new("message", "联络"),
            RecordKind::Reply => Text::new("reply", "回执"),
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

impl Serialize for RecordRef {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RecordRef {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<RecordRef, D::Error> {
        let text = String::deserialize(from)?;
        RecordRef::parse(&text).ok_or_else(|| serde::de::Error::custom("not the name of a record"))
    }
}

impl std::fmt::Display for RecordRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:", self.kind.as_str())?;
        self.id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl RecordRef {
    /// Reads a name as it is written: the kind, a colon, 32 hex digits.
    pub fn parse(text: &str) -> Option<RecordRef> {
        let (kind, id) = text.split_once(':')?;
        let kind = RecordKind::parse(kind)?;
        let id = read_hex(id).ok()?;
        Some(RecordRef { kind, id })
    }
}

/// Names one record of another home: ids are drawn by each home for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Its home.
    pub node: NodeId,
    /// Which.
    pub record: RecordRef,
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
    RoadConditionId => RoadCondition, PatrolId => Patrol, PeerId => Peer, OperationId => Operation,
    ParticipationId => Participation, MessageId => Message, ReplyId => Reply,
}

impl RecordKind {
    /// Returns true if records of this kind can be shared in an operation. People, calls (who called, what was
    /// said) and all that a node is set up with stay at home.
    pub fn can_be_shared(self) -> bool {
        match self {
            RecordKind::Incident | RecordKind::Unit | RecordKind::Assignment => true,
            RecordKind::Call
            | RecordKind::Station
            | RecordKind::Person
            | RecordKind::RoadCondition
            | RecordKind::Patrol
            | RecordKind::Peer
            | RecordKind::Operation
            | RecordKind::Participation
            | RecordKind::Message
            | RecordKind::Reply => false,
        }
    }

    /// Returns true if a record of this kind can be told whole in an operation.
    pub fn can_be_told(self) -> bool {
        self.can_be_shared() || self.lives_in_operation()
    }

    /// Returns true if records of this kind live in an operation's feeds and nowhere else.
    pub fn lives_in_operation(self) -> bool {
        match self {
            RecordKind::Operation
            | RecordKind::Participation
            | RecordKind::Message
            | RecordKind::Reply => true,
            RecordKind::Call
            | RecordKind::Incident
            | RecordKind::Unit
            | RecordKind::Assignment
            | RecordKind::Station
            | RecordKind::Person
            | RecordKind::RoadCondition
            | RecordKind::Patrol
            | RecordKind::Peer => false,
        }
    }
}

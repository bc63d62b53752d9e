//! The kinds of record, and the names by which one record is meant: here, or of another home.
//!
//! [`for_kinds`] is the one list of kinds: enums, maps, ids and conversions over all of them are made from it, so
//! that a new kind is a row here and a file beside this one.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use watchfire_feed::NodeId;

use crate::basis::{Text, read_hex};

/// Calls a macro with all kinds of record. A row has the record's type, the types of its id, actions and events, its
/// module, its map on the board, the word for it in entries, tables and the API, the words that people read, where
/// such records live, and what it is.
macro_rules! for_kinds {
    ($then:ident) => {
        $then! {
            Call CallId CallAction CallEvent call calls
                "call" ("call", "报警（接警单）") AtHome "A report that reached the agency";
            Incident IncidentId IncidentAction IncidentEvent incident incidents
                "incident" ("incident", "警情") CanBeShared "A situation that needs response";
            Unit UnitId UnitAction UnitEvent unit units
                "unit" ("unit", "处警力量") CanBeShared "A dispatchable crew";
            Assignment AssignmentId AssignmentAction AssignmentEvent assignment assignments
                "assignment" ("assignment", "派警") CanBeShared "A unit's task on an incident";
            Station StationId StationAction StationEvent station stations
                "station" ("station", "站点") AtHome "A place units start from";
            Person PersonId PersonAction PersonEvent person people
                "person" ("person", "人员") AtHome "Someone, or a program, who signs in";
            RoadCondition RoadConditionId RoadConditionAction RoadConditionEvent road_condition road_conditions
                "road_condition" ("road condition", "路况") AtHome "Roads that are closed or slower than usual for a while";
            Patrol PatrolId PatrolAction PatrolEvent patrol patrols
                "patrol" ("patrol plan", "巡逻计划") AtHome "Places that want visits, and who goes there";
            Peer PeerId PeerAction PeerEvent peer peers
                "peer" ("peer", "对等节点") AtHome "A node that this one federates with";
            Operation OperationId OperationAction OperationEvent operation operations
                "operation" ("operation", "合成作战") InOperations "A joint activity of several agencies; on the board, those that this node leads or led";
            Participation ParticipationId ParticipationAction ParticipationEvent participation participations
                "participation" ("part in an operation", "参战") InOperations "What one node does in one operation";
            Message MessageId MessageAction MessageEvent message messages
                "message" ("message", "联络") InOperations "What one member says in an operation";
            Reply ReplyId ReplyAction ReplyEvent reply replies
                "reply" ("reply", "回执") InOperations "What one node has to say to a record of another";
            PlannedAction PlannedActionId PlannedActionAction PlannedActionEvent planned_action planned_actions
                "planned_action" ("planned action", "统一行动") InOperations "What several agencies do at one time, by teams and phases";
            Assessment AssessmentId AssessmentAction AssessmentEvent assessment assessments
                "assessment" ("assessment", "研判") CanBeShared "A graded analytic product for named readers";
            Consultation ConsultationId ConsultationAction ConsultationEvent consultation consultations
                "consultation" ("consultation", "会商") CanBeShared "The meeting, in person or on line, that settles something";
            SavedView SavedViewId SavedViewAction SavedViewEvent saved_view saved_views
                "saved_view" ("saved view", "常用视图") AtHome "A question about past incidents that is kept under a name";
            Directive DirectiveId DirectiveAction DirectiveEvent directive directives
                "directive" ("directive", "指令") CanBeShared "An instruction that must be signed for, acted on, reported back, verified and closed";
            Settlement SettlementId SettlementAction SettlementEvent settlement settlements
                "settlement" ("settlement", "日清日结") CanBeShared "The balance of a day, signed";
            SupportCapability SupportCapabilityId SupportCapabilityAction SupportCapabilityEvent support_capability support_capabilities
                "support_capability" ("support capability", "支撑能力") CanBeShared "What an agency can give others, and who answers when";
            SupportRequest SupportRequestId SupportRequestAction SupportRequestEvent support_request support_requests
                "support_request" ("support request", "支撑请求") CanBeShared "What is needed, and which offers were accepted";
            SupportOffer SupportOfferId SupportOfferAction SupportOfferEvent support_offer support_offers
                "support_offer" ("support offer", "支撑响应") CanBeShared "What one agency answers to a support request";
            DutyPost DutyPostId DutyPostAction DutyPostEvent duty_post duty_posts
                "duty_post" ("duty post", "岗位") AtHome "A seat or station that must be staffed, and in which pattern";
            Shift ShiftId ShiftAction ShiftEvent shift shifts
                "shift" ("duty shift", "值班班次") AtHome "Who holds a duty post from when until when, and what they wrote down";
            Handover HandoverId HandoverAction HandoverEvent handover handovers
                "handover" ("handover", "交接班") AtHome "What was open when a duty post changed hands, item by item";
        }
    };
}
pub(crate) use for_kinds;

/// Where records of a kind live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lives {
    /// At home: people, calls (who called, what was said) and all that a node is set up with.
    AtHome,
    /// At home, and in operations when they are shared.
    CanBeShared,
    /// In an operation's feeds and nowhere else.
    InOperations,
}

macro_rules! kinds {
    ($($kind:ident $id:ident $action:ident $event:ident $module:ident $map:ident
        $word:literal ($en:literal, $zh:literal) $lives:ident $doc:literal;)+) => {
        /// The kinds of record that this node knows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum RecordKind {
            $(#[doc = concat!($doc, ".")] $kind,)+
        }

        impl RecordKind {
            /// All kinds.
            pub const ALL: [RecordKind; [$($word),+].len()] = [$(RecordKind::$kind),+];

            /// Returns the word used in entries, tables and the API.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(RecordKind::$kind => $word,)+
                }
            }

            /// Returns the names of the events that this program knows of the kind.
            pub fn event_names(self) -> &'static [&'static str] {
                match self {
                    $(RecordKind::$kind => &super::$module::EVENT_NAMES,)+
                }
            }

            /// Returns the word people read.
            pub fn label(self) -> Text {
                match self {
                    $(RecordKind::$kind => Text::new($en, $zh),)+
                }
            }

            fn lives(self) -> Lives {
                match self {
                    $(RecordKind::$kind => Lives::$lives,)+
                }
            }
        }

        $(impl From<crate::basis::$id> for RecordRef {
            fn from(id: crate::basis::$id) -> RecordRef {
                RecordRef { kind: RecordKind::$kind, id: id.0 }
            }
        })+
    };
}

for_kinds!(kinds);

impl RecordKind {
    /// Returns the kind with that word.
    pub fn parse(word: &str) -> Option<RecordKind> {
        RecordKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }

    /// Returns true if records of this kind can be shared in an operation.
    pub fn can_be_shared(self) -> bool {
        self.lives() == Lives::CanBeShared
    }

    /// Returns true if a record of this kind can be told whole in an operation.
    pub fn can_be_told(self) -> bool {
        self.can_be_shared() || self.lives_in_operation()
    }

    /// Returns true if records of this kind live in an operation's feeds and nowhere else.
    pub fn lives_in_operation(self) -> bool {
        self.lives() == Lives::InOperations
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

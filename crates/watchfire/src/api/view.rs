//! What the API shows: whole records with what follows from several of them, made by hand from the core's. Nothing here
//! is read back; the words are the glossary's. Times are RFC 3339, UTC, with milliseconds.

use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{Answer, Place, Priority, Text, Timestamp, TravelBasis};
use watchfire_core::board::{Board, IncidentStatus, UnitStatus};
use watchfire_core::plan::ResponseFile;
use watchfire_core::recommend::Otherwise;
use watchfire_core::record::assignment::{Assignment, AssignmentStatus};
use watchfire_core::record::call::{Call, CallState, Channel};
use watchfire_core::record::incident::{Incident, IncidentState, Relation};
use watchfire_core::record::person::{Person, Seat};
use watchfire_core::record::station::Station;
use watchfire_core::record::unit::{Duty, Unit};
use watchfire_core::timer::{self, Alarm, AlarmCode, Seen};

use crate::node::Node;
use crate::positions::Located;

/// The same words in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TextView {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh: String,
}

impl From<Text> for TextView {
    fn from(text: Text) -> TextView {
        TextView {
            en: text.en,
            zh: text.zh,
        }
    }
}

/// Writes a time as RFC 3339, UTC, with milliseconds.
pub fn time(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(time) => format!("{time:.3}"),
        Err(_) => "9999-12-31T23:59:59.999Z".to_owned(),
    }
}

/// Writes the id of a record of any kind, as the ids of each kind are written.
pub fn hex(id: &[u8; 16]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn maybe_time(at: Option<Timestamp>) -> Option<String> {
    at.map(time)
}

/// Where something is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlaceView {
    /// Latitude in degrees (WGS 84).
    pub lat: f64,
    /// Longitude in degrees (WGS 84).
    pub lon: f64,
    /// The address as entered.
    pub address: Option<String>,
    /// The station area.
    pub area: Option<String>,
}

impl From<&Place> for PlaceView {
    fn from(place: &Place) -> PlaceView {
        PlaceView {
            lat: place.point.lat(),
            lon: place.point.lon(),
            address: place.address.as_ref().map(ToString::to_string),
            area: place.area.as_ref().map(ToString::to_string),
        }
    }
}

/// Urgency, 1 to 4; 1 is most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriorityView(pub Priority);

impl From<Priority> for PriorityView {
    fn from(priority: Priority) -> PriorityView {
        PriorityView(priority)
    }
}

impl Serialize for PriorityView {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0.into())
    }
}

// A range would be a number to the console; it has a word and a colour for each of the four.
impl utoipa::PartialSchema for PriorityView {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Integer)
            .description(Some("Urgency; 1 is most urgent."))
            .enum_values(Some(Priority::ALL.map(u8::from)))
            .into()
    }
}

impl ToSchema for PriorityView {}

/// A call.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CallView {
    /// Its id.
    pub id: String,
    /// Its version, for `If-Match`.
    pub version: u64,
    /// The agency's running number.
    pub number: u64,
    /// Where it is in its life.
    pub status: CallStatusView,
    /// How it came.
    pub channel: ChannelView,
    /// When it began to ring, if that was told.
    #[schema(format = DateTime)]
    pub ringing_at: Option<String>,
    /// When it was answered.
    pub received_at: String,
    /// Where.
    pub place: Option<PlaceView>,
    /// What.
    pub category: Option<String>,
    /// How urgent; 1 is most urgent.
    pub priority: Option<PriorityView>,
    /// The incident it joined.
    pub incident: Option<String>,
    /// The sending system's own name for it.
    pub source: Option<String>,
    /// Why it was closed without action.
    pub reason: Option<String>,
    /// What is late about it.
    pub alarms: Vec<AlarmView>,
    /// Who called and what was said; absent when it is sealed or not yours to see.
    pub personal: Option<PersonalView>,
}

/// Where a call is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallStatusView {
    /// Taken, not yet part of an incident.
    Received,
    /// Part of an incident.
    Joined,
    /// Closed without action.
    Closed,
}

/// How a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelView {
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
    /// By radio.
    Radio,
    /// In person.
    Counter,
    /// Read from another system's export.
    Import,
}

macro_rules! same_words {
    ($one:ident <=> $other:ident { $($word:ident),* $(,)? }) => {
        impl From<$one> for $other { fn from(one: $one) -> $other { match one { $($one::$word => $other::$word),* } } }
        impl From<$other> for $one { fn from(one: $other) -> $one { match one { $($other::$word => $one::$word),* } } }
    };
}
pub(crate) use same_words;

same_words!(Channel <=> ChannelView { Phone, Text, App, Alarm, Sensor, Radio, Counter, Import });

/// Who called and what was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonalView {
    /// Who.
    pub caller: Option<String>,
    /// The number to call back.
    pub callback: Option<String>,
    /// What was said.
    pub said: Option<String>,
    /// What was answered to the questions of the response file.
    pub answers: Vec<AnswerView>,
}

/// What a caller answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnswerView {
    /// The question, by its name in the response file.
    pub question: String,
    /// The answer, by its name within the question.
    pub answer: String,
    /// The question in words; absent if the file no longer has it.
    pub asked: Option<TextView>,
    /// The answer in words; absent if the file no longer has it.
    pub answered: Option<TextView>,
}

fn answer(given: &Answer, response: &ResponseFile) -> AnswerView {
    let mut questions = response.triage.questions.iter();
    let question = questions.find(|known| known.id == given.question);
    let choice = question.and_then(|question| question.choice(&given.answer));
    AnswerView {
        question: given.question.to_string(),
        answer: given.answer.to_string(),
        asked: question.map(|question| question.text.clone().into()),
        answered: choice.map(|choice| choice.text.clone().into()),
    }
}

/// Shows a call, with what is personal in it or without.
pub fn call(board: &Board, call: &Call, node: &Node, personal: bool) -> CallView {
    call_at(board, call, node, personal, node.now())
}

/// Shows a call as of a moment.
pub fn call_at(board: &Board, call: &Call, node: &Node, personal: bool, at: Timestamp) -> CallView {
    let shown = (personal && !call.personal.is_empty()).then(|| PersonalView {
        caller: call.personal.caller.as_ref().map(ToString::to_string),
        callback: call.personal.callback.as_ref().map(ToString::to_string),
        said: call.personal.said.as_ref().map(ToString::to_string),
        answers: call
            .personal
            .answers
            .iter()
            .map(|given| answer(given, node.response()))
            .collect(),
    });
    let (status, reason) = match &call.state {
        CallState::Received => (CallStatusView::Received, None),
        CallState::Joined { .. } => (CallStatusView::Joined, None),
        CallState::Closed { reason, .. } => (CallStatusView::Closed, Some(reason.to_string())),
    };
    CallView {
        id: call.id.to_string(),
        version: call.version,
        number: call.number,
        status,
        channel: call.channel.into(),
        ringing_at: call.ringing_at.map(time),
        received_at: time(call.received_at),
        place: call.place.as_ref().map(PlaceView::from),
        category: call.category.as_ref().map(ToString::to_string),
        priority: call.priority.map(PriorityView),
        incident: call.incident().map(|incident| incident.to_string()),
        source: call.source.as_ref().map(ToString::to_string),
        reason,
        alarms: alarms(
            board,
            timer::alarm_of_call(call, &node.settings().timers, at),
            &call.seen,
        ),
        personal: shown,
    }
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct IncidentView {
    /// Its id.
    pub id: String,
    /// Its version, for `If-Match`.
    pub version: u64,
    /// The agency's running number.
    pub number: u64,
    /// How far it has come, its response included.
    pub status: IncidentStatusView,
    /// What it is.
    pub category: String,
    /// How urgent; 1 is most urgent.
    pub priority: PriorityView,
    /// Alarm level, 1 or more.
    pub alarm_level: u8,
    /// Where.
    pub place: PlaceView,
    /// When it was opened.
    pub opened_at: String,
    /// When it ended.
    pub closed_at: Option<String>,
    /// How or why it ended.
    pub disposition: Option<String>,
    /// Incidents of other homes about the same situation.
    pub pairs: Vec<PairView>,
    /// The node that it was offered to for good, while that has not answered.
    pub offered_to: Option<String>,
    /// When what was said in it was erased.
    pub erased_at: Option<String>,
    /// The exercise that it was raised for.
    pub exercise: Option<String>,
    /// Its calls, those of incidents merged into it included.
    pub calls: Vec<String>,
    /// Its assignments, those of incidents merged into it included.
    pub assignments: Vec<String>,
    /// The incident it was merged into.
    pub merged_into: Option<String>,
    /// The incident it was split from.
    pub split_from: Option<String>,
    /// Its links.
    pub links: Vec<LinkView>,
    /// How many notes it has.
    pub notes: usize,
    /// True if somebody was there and nobody is bound by it any more: then it waits to be closed, not for help.
    pub attended: bool,
    /// What is late about it; what is late about its assignments is said of these.
    pub alarms: Vec<AlarmView>,
}

/// A link to another incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LinkView {
    /// The other incident.
    pub incident: String,
    /// How the other stands to this one.
    pub relation: RelationView,
}

/// How one incident stands to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RelationView {
    /// The other contains this one.
    Parent,
    /// This one contains the other.
    Child,
    /// They have to do with each other.
    Related,
}

same_words!(Relation <=> RelationView { Parent, Child, Related });

/// How far an incident has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentStatusView {
    /// Nobody is on it.
    Active,
    /// A unit is assigned.
    Assigned,
    /// A unit is on its way.
    EnRoute,
    /// A unit is there.
    OnScene,
    /// It ended.
    Closed,
    /// It was not needed.
    Cancelled,
    /// It goes on as part of another.
    Merged,
}

same_words!(IncidentStatus <=> IncidentStatusView { Active, Assigned, EnRoute, OnScene, Closed, Cancelled, Merged });

/// Shows an incident.
pub fn incident(board: &Board, incident: &Incident, node: &Node) -> IncidentView {
    incident_at(board, incident, node, node.now())
}

/// Shows an incident as of a moment.
pub fn incident_at(board: &Board, incident: &Incident, node: &Node, at: Timestamp) -> IncidentView {
    let disposition = match &incident.state {
        IncidentState::Closed {
            disposition: words, ..
        }
        | IncidentState::Cancelled { reason: words, .. } => Some(words.to_string()),
        IncidentState::Active | IncidentState::Merged { .. } => None,
    };
    let link = |link: &watchfire_core::record::incident::Link| LinkView {
        incident: link.other.to_string(),
        relation: link.relation.into(),
    };
    IncidentView {
        id: incident.id.to_string(),
        version: incident.version,
        number: incident.number,
        status: board.incident_status(incident).into(),
        category: incident.category.to_string(),
        priority: PriorityView(incident.priority),
        alarm_level: incident.alarm_level,
        place: PlaceView::from(&incident.place),
        opened_at: time(incident.opened_at),
        closed_at: maybe_time(incident.ended_at()),
        disposition,
        calls: board
            .calls_of(incident.id)
            .map(|call| call.id.to_string())
            .collect(),
        assignments: board
            .assignments_of(incident.id)
            .map(|one| one.id.to_string())
            .collect(),
        merged_into: incident.merged_into().map(|into| into.to_string()),
        split_from: incident.split_from.map(|from| from.to_string()),
        exercise: incident.exercise.map(|of| of.to_string()),
        links: incident.links.iter().map(link).collect(),
        pairs: incident
            .pairs
            .iter()
            .map(|pair| PairView {
                node: pair.node.to_string(),
                incident: hex(&pair.record.id),
            })
            .collect(),
        offered_to: incident.offered_to.map(|to| to.to_string()),
        erased_at: maybe_time(incident.erased_at),
        notes: incident.notes.len(),
        attended: super::incident::attended(board, incident),
        alarms: alarms(
            board,
            timer::alarm_of_incident(board, incident, &node.settings().timers, at),
            &incident.seen,
        ),
    }
}

/// An incident of another home about the same situation.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PairView {
    /// Its home.
    pub node: String,
    /// The incident there.
    pub incident: String,
}

/// A unit.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UnitView {
    /// Its id.
    pub id: String,
    /// Its version, for `If-Match`.
    pub version: u64,
    /// What it is called on the radio.
    pub callsign: String,
    /// Its kind.
    pub kind: String,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// The station it starts from.
    pub station: Option<String>,
    /// How many people are on it.
    pub crew: Option<u8>,
    /// The station areas it may be sent to; everywhere when empty.
    pub areas: Vec<String>,
    /// What it is doing, its assignment included.
    pub status: UnitStatusView,
    /// Since when.
    pub status_since: String,
    /// Why it is out of service.
    pub reason: Option<String>,
    /// The assignment that binds it.
    pub assignment: Option<String>,
    /// Until when its crew rests.
    pub rest_until: Option<String>,
    /// The station at which it was told to wait in place of its own.
    pub moved_to: Option<MovedToView>,
    /// Where it was last.
    pub position: Option<PositionView>,
}

/// Where a unit was last.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PositionView {
    /// Latitude in degrees.
    pub lat: f64,
    /// Longitude in degrees.
    pub lon: f64,
    /// Degrees clockwise from north, if it moves.
    pub heading_deg: Option<u16>,
    /// When.
    pub at: String,
    /// The code of the station that is the first by road where it is; none if that is not known, and of the past.
    pub area: Option<String>,
}

/// What a unit is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitStatusView {
    /// Nobody is on it.
    OffDuty,
    /// It can be sent.
    Available,
    /// It has an assignment and has not departed.
    Assigned,
    /// It is on its way.
    EnRoute,
    /// It is there.
    OnScene,
    /// It cannot be sent.
    OutOfService,
}

same_words!(UnitStatus <=> UnitStatusView { OffDuty, Available, Assigned, EnRoute, OnScene, OutOfService });

/// Shows a unit.
pub fn unit(board: &Board, unit: &Unit, position: Option<Located>) -> UnitView {
    let (status, since) = board.unit_status(unit);
    let reason = match &unit.duty {
        Duty::OutOfService { reason } => Some(reason.to_string()),
        Duty::OffDuty | Duty::Available => None,
    };
    UnitView {
        id: unit.id.to_string(),
        version: unit.version,
        callsign: unit.callsign.to_string(),
        kind: unit.details.kind.to_string(),
        capabilities: unit
            .details
            .capabilities
            .iter()
            .map(ToString::to_string)
            .collect(),
        station: unit.details.station.map(|station| station.to_string()),
        crew: unit.details.crew,
        areas: unit.details.areas.iter().map(ToString::to_string).collect(),
        status: status.into(),
        status_since: time(since),
        reason,
        assignment: board
            .live_assignment(unit.id)
            .map(|live| live.id.to_string()),
        rest_until: maybe_time(unit.rest_until),
        moved_to: moved_to(board, unit),
        position: position.map(|(position, area)| PositionView {
            lat: position.point.lat(),
            lon: position.point.lon(),
            heading_deg: position.heading_deg,
            at: time(position.at),
            area: area.map(|code| code.to_string()),
        }),
    }
}

/// An assignment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AssignmentView {
    /// Its id.
    pub id: String,
    /// Its version, for `If-Match`.
    pub version: u64,
    /// Where the unit is sent.
    pub incident: String,
    /// The unit.
    pub unit: String,
    /// Where it is in its life.
    pub status: AssignmentStatusView,
    /// When it was proposed.
    pub proposed_at: Option<String>,
    /// When it was sent.
    pub sent_at: Option<String>,
    /// When it was last sent again.
    pub resent_at: Option<String>,
    /// When the crew acknowledged.
    pub acknowledged_at: Option<String>,
    /// When it departed.
    pub departed_at: Option<String>,
    /// When it arrived.
    pub arrived_at: Option<String>,
    /// When it ended.
    pub cleared_at: Option<String>,
    /// How or why it ended.
    pub ending: Option<String>,
    /// How long it was expected to need, in seconds.
    pub travel_time_s: Option<u32>,
    /// What that rests on.
    pub basis: Option<BasisView>,
    /// Why this unit.
    pub reasons: Vec<ReasonView>,
    /// Who was recommended in its place, when people chose otherwise.
    pub otherwise: Option<OtherwiseSentView>,
    /// What is late about it.
    pub alarms: Vec<AlarmView>,
}

/// Where an assignment is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentStatusView {
    /// Put forward.
    Proposed,
    /// Sent.
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

same_words!(AssignmentStatus <=> AssignmentStatusView {
    Proposed, Sent, Acknowledged, Declined, Departed, Arrived, Cleared, Cancelled,
});

/// What a travel time rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BasisView {
    /// The road network.
    Road,
    /// The straight line.
    StraightLine,
}

same_words!(TravelBasis <=> BasisView { Road, StraightLine });

/// A reason, a shortfall or a hint: a stable code and its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReasonView {
    /// The code.
    pub code: String,
    /// The words.
    pub text: TextView,
}

/// Something that is late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlarmView {
    /// What.
    pub code: AlarmCodeView,
    /// Since when.
    pub since: String,
    /// What is late, in words.
    pub text: TextView,
    /// What to do; by that it ends.
    pub todo: TextView,
    /// Who has seen it, if somebody has.
    pub acknowledged: Option<SeenView>,
}

/// Who has seen an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SeenView {
    /// When.
    pub at: String,
    /// Who, by name.
    pub by: String,
}

/// Shows what is late about a record.
pub fn alarms(board: &Board, alarm: Option<Alarm>, seen: &[Seen]) -> Vec<AlarmView> {
    let shown = |alarm: Alarm| AlarmView {
        code: alarm.code.into(),
        since: time(alarm.since),
        text: alarm.code.text().into(),
        todo: alarm.code.todo().into(),
        acknowledged: timer::acknowledged(seen, alarm).map(|seen| SeenView {
            at: time(seen.at),
            by: super::entries::name_of(board, seen.by.person),
        }),
    };
    alarm.into_iter().map(shown).collect()
}

/// What is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmCodeView {
    /// The crew has not answered.
    Unanswered,
    /// The crew has not departed.
    LateDeparture,
    /// The crew should have arrived.
    OverdueArrival,
    /// The crew has been on scene for long and nobody has asked how they are.
    OnSceneCheck,
    /// Nobody is on the incident.
    Unassigned,
    /// The call is part of no incident.
    CallWaiting,
    /// A step of a directive is overdue.
    DirectiveOverdue,
    /// Nobody has answered the support request.
    SupportUnanswered,
    /// Less was accepted than the support request needs.
    SupportShort,
}

same_words!(AlarmCode <=> AlarmCodeView {
    Unanswered, LateDeparture, OverdueArrival, OnSceneCheck, Unassigned, CallWaiting, DirectiveOverdue, SupportUnanswered, SupportShort,
});

/// Shows an assignment as of now.
pub fn assignment(board: &Board, assignment: &Assignment, node: &Node) -> AssignmentView {
    assignment_at(board, assignment, node, node.now())
}

/// Shows an assignment as of a moment.
pub fn assignment_at(
    board: &Board,
    assignment: &Assignment,
    node: &Node,
    at: Timestamp,
) -> AssignmentView {
    let alarm = timer::alarm(assignment, &node.settings().timers, at);
    let reason = |reason: &watchfire_core::recommend::Reason| ReasonView {
        code: reason.code().to_owned(),
        text: reason.text().into(),
    };
    AssignmentView {
        id: assignment.id.to_string(),
        version: assignment.version,
        incident: assignment.incident.to_string(),
        unit: assignment.unit.to_string(),
        status: assignment.status.into(),
        proposed_at: maybe_time(assignment.proposed_at),
        sent_at: maybe_time(assignment.sent_at),
        resent_at: maybe_time(assignment.resent_at),
        acknowledged_at: maybe_time(assignment.acknowledged_at),
        departed_at: maybe_time(assignment.departed_at),
        arrived_at: maybe_time(assignment.arrived_at),
        cleared_at: maybe_time(assignment.ended_at),
        ending: assignment.ending.as_ref().map(ToString::to_string),
        travel_time_s: assignment.why.travel.map(|travel| travel.seconds),
        basis: assignment.why.travel.map(|travel| travel.basis.into()),
        reasons: assignment.why.reasons.iter().map(reason).collect(),
        otherwise: assignment.why.otherwise.as_ref().map(otherwise_sent),
        alarms: alarms(board, alarm, &assignment.seen),
    }
}

/// The station at which a unit was told to wait.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MovedToView {
    /// The station.
    pub station: String,
    /// Its code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// When it was told.
    pub told_at: String,
    /// When its crew said that they know.
    pub understood_at: Option<String>,
}

fn moved_to(board: &Board, unit: &Unit) -> Option<MovedToView> {
    let moved = unit.moved.as_ref();
    let moved = moved.filter(|moved| Some(moved.to) != unit.details.station)?;
    let station = board.stations.get(&moved.to)?;
    Some(MovedToView {
        station: station.id.to_string(),
        code: station.code.to_string(),
        name: station.details.name.to_string(),
        told_at: time(moved.at),
        understood_at: maybe_time(moved.understood_at),
    })
}

/// Who was recommended in place of a unit that was sent.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OtherwiseSentView {
    /// Why people chose otherwise.
    pub rule: ReasonView,
    /// The unit that was recommended.
    pub recommended: String,
    /// How many seconds of travel that one was expected to need.
    pub expected_s: u32,
}

fn otherwise_sent(kept: &Otherwise) -> OtherwiseSentView {
    OtherwiseSentView {
        rule: ReasonView {
            code: kept.rule.as_str().to_owned(),
            text: kept.rule.text().into(),
        },
        recommended: kept.recommended.to_string(),
        expected_s: kept.expected_s,
    }
}

/// A station.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StationView {
    /// Its id.
    pub id: String,
    /// Its version, for `If-Match`.
    pub version: u64,
    /// The agency's short code for it.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Where.
    pub place: PlaceView,
    /// The areas it answers for first; its own code when empty.
    pub areas: Vec<String>,
}

/// Shows a station.
pub fn station(station: &Station) -> StationView {
    StationView {
        id: station.id.to_string(),
        version: station.version,
        code: station.code.to_string(),
        name: station.details.name.to_string(),
        place: PlaceView::from(&station.details.place),
        areas: station
            .details
            .areas
            .iter()
            .map(ToString::to_string)
            .collect(),
    }
}

/// A person or program that signs in.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PersonView {
    /// Their id.
    pub id: String,
    /// Their version, for `If-Match`.
    pub version: u64,
    /// What they sign in with.
    pub login: String,
    /// What the screens call them.
    pub name: String,
    /// The seats they may take.
    pub seats: Vec<SeatView>,
    /// The unit whose crew they are.
    pub unit: Option<String>,
    /// True for a program.
    pub program: bool,
    /// True once they may not sign in.
    pub disabled: bool,
}

/// A seat.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SeatView {
    /// Takes calls.
    CallTaker,
    /// Picks units and watches timers.
    Dispatcher,
    /// Commands the shift.
    DutyOfficer,
    /// Gets assignments and reports back.
    Crew,
    /// Works on assessments.
    Analyst,
    /// Reads everything, changes nothing.
    Overseer,
    /// Installs, enrols, backs up.
    Administrator,
    /// Shows; nobody touches it.
    Wall,
    /// Goes on patrol rounds.
    Volunteer,
}

same_words!(Seat <=> SeatView {
    CallTaker, Dispatcher, DutyOfficer, Crew, Analyst, Overseer, Administrator, Wall, Volunteer,
});

/// Shows a person.
pub fn person(person: &Person) -> PersonView {
    PersonView {
        id: person.id.to_string(),
        version: person.version,
        login: person.login.to_string(),
        name: person.details.name.to_string(),
        seats: person
            .details
            .seats
            .iter()
            .map(|seat| SeatView::from(*seat))
            .collect(),
        unit: person.details.unit.map(|unit| unit.to_string()),
        program: person.details.program,
        disabled: person.disabled,
    }
}

//! Support as it is shown: each request with its answers, who could answer at this hour, how long it has waited and what
//! waits for a person here. Everything is derived from the board, the copies and the lines at the moment of asking.
//!
//! Start at [`Look`].

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{OperationId, SupportRequestId, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::record::support_capability::SupportCapability;
use watchfire_core::record::support_offer::{Stage, SupportOffer};
use watchfire_core::record::support_request::SupportRequest;
use watchfire_core::record::{Elsewhere, Record, RecordRef};
use watchfire_core::support::{self, Answer, Come, Standing};
use watchfire_core::timer;
use watchfire_feed::NodeId;

use super::super::peer::{LineState, LineView};
use super::super::view::{self, AlarmView, PlaceView, PriorityView, TextView, maybe_time, time};
use super::written::HoursBody;
use crate::node::Node;

/// That a record of support changed: who shows support asks anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SupportMarkView {
    /// The record: its kind, a colon, its id.
    pub id: String,
    /// Its version.
    pub version: u64,
    /// True until it is over.
    pub open: bool,
}

/// Marks a record of support as changed; nothing for records of other kinds.
pub fn mark(record: &Record) -> Option<SupportMarkView> {
    let of_support = matches!(
        record,
        Record::SupportCapability(_) | Record::SupportRequest(_) | Record::SupportOffer(_)
    );
    of_support.then(|| SupportMarkView {
        id: record.reference().to_string(),
        version: record.version(),
        open: record.is_open(),
    })
}

/// Support, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SupportView {
    /// This node.
    node: String,
    /// The time as of which it is shown.
    at: String,
    /// The catalogue: this node's own, then what others share with it.
    capabilities: Vec<CapabilityView>,
    /// This node's requests: the open ones, what waits longest first, then those that ended lately.
    requests: Vec<SupportRequestView>,
    /// The requests of other homes that this node may answer, and those that it answered.
    elsewhere: Vec<SupportRequestView>,
    /// The operations in which support can be asked of others.
    operations: Vec<SupportOperationView>,
}

/// An operation in which support can be asked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SupportOperationView {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
}

/// A capability in the catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CapabilityView {
    /// Its id.
    id: String,
    /// Its version.
    version: u64,
    /// Its home.
    node: String,
    /// What people call that.
    home_name: String,
    /// True if it is this node's own.
    own: bool,
    /// The word that agencies have agreed on for it.
    code: String,
    /// What people call it.
    name: String,
    /// The same in its agency's other language.
    name_other: Option<String>,
    /// How many there are.
    quantity: u32,
    /// How many are promised or offered at this moment; known of this node's own only.
    bound: Option<u32>,
    /// Who answers when.
    #[schema(value_type = Vec<HoursBody>)]
    hours: Vec<HoursBody>,
    /// Who answers at this hour, if anybody does.
    answering: Option<AnsweringView>,
    /// What else is good to know.
    note: Option<String>,
    /// Why it was taken out of the catalogue, if it was.
    retired: Option<String>,
    /// The operations in which this node shares it.
    shared_in: Vec<String>,
}

/// Who answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AnsweringView {
    /// Which seat or desk.
    who: String,
    /// How to reach it.
    reach: String,
}

/// A support request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SupportRequestView {
    /// Its id.
    id: String,
    /// Its version.
    pub(super) version: u64,
    /// Its home: who asks.
    node: String,
    /// What people call that.
    home_name: String,
    /// True if it is this node's own.
    own: bool,
    /// Its home's running number.
    number: u64,
    /// Which capability.
    code: String,
    /// What that is called here, if it is in the catalogue.
    capability_name: Option<String>,
    /// The same in the other language.
    capability_name_other: Option<String>,
    /// How many are needed.
    quantity: u32,
    /// Where.
    place: Option<PlaceView>,
    /// From when.
    from: String,
    /// Until when.
    until: String,
    /// What for.
    purpose: String,
    /// What is said of the need, if it may be read.
    need: Option<String>,
    /// How urgent.
    priority: PriorityView,
    /// For which incident of this node's.
    incident: Option<String>,
    /// The running number of that.
    incident_number: Option<u64>,
    /// In which operation it is asked.
    operation: Option<String>,
    /// What that is called.
    operation_name: Option<String>,
    /// When it was asked.
    asked_at: String,
    /// Where it is in its life.
    status: SupportStatusView,
    /// When it ended.
    ended_at: Option<String>,
    /// What was said of that.
    ending: Option<String>,
    /// How many can be accepted now.
    on_offer: u32,
    /// How many were accepted and are still counted on.
    committed: u32,
    /// Of these, how many no home has promised yet.
    provisional: u32,
    /// Of these, how many are there.
    there: u32,
    /// How many are still to be found.
    lacking: u32,
    /// When the first answer came.
    first_answer_at: Option<String>,
    /// What is late about it.
    alarms: Vec<AlarmView>,
    /// What waits for a person here.
    waits: Vec<SupportWaitView>,
    /// The answers, the earliest first.
    answers: Vec<SupportOfferView>,
    /// Who has such a capability, answered or not, answering at this hour or not.
    can: Vec<CanView>,
    /// True if its home cannot be reached, so that it may be old.
    stale: bool,
}

/// Where a support request is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SupportStatusView {
    /// Nobody has answered.
    Asked,
    /// All who answered said no.
    Declined,
    /// There are offers, none accepted.
    Offered,
    /// Less was accepted than is needed.
    PartlyCommitted,
    /// All that is needed was accepted.
    Committed,
    /// All of it is or was there.
    Delivered,
    /// It was closed, and the need was met.
    Met,
    /// It was closed, and it was not.
    Unmet,
    /// It was taken back.
    Withdrawn,
}

impl From<Come> for SupportStatusView {
    fn from(come: Come) -> SupportStatusView {
        match come {
            Come::Asked => SupportStatusView::Asked,
            Come::Declined => SupportStatusView::Declined,
            Come::Offered => SupportStatusView::Offered,
            Come::PartlyCommitted => SupportStatusView::PartlyCommitted,
            Come::Committed => SupportStatusView::Committed,
            Come::Delivered => SupportStatusView::Delivered,
            Come::Met => SupportStatusView::Met,
            Come::Unmet => SupportStatusView::Unmet,
            Come::Withdrawn => SupportStatusView::Withdrawn,
        }
    }
}

/// What waits for a person here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SupportWaitView {
    /// Nobody has answered this node's request for too long.
    Unanswered,
    /// Less was accepted than this node needs.
    Short,
    /// Another agency's request has no answer of this node, which has such a capability.
    ToAnswer,
    /// There are offers that can be accepted.
    ToAccept,
    /// What was accepted is not promised: its home has not heard of it, or cannot any more.
    Unpromised,
    /// It should be there and is not.
    Late,
    /// It was let go, or its lease is over, and it is not back.
    ToReturn,
}

/// One answer to a request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SupportOfferView {
    /// Its id.
    id: String,
    /// Its version.
    version: u64,
    /// Its home: who answers.
    node: String,
    /// What people call that.
    home_name: String,
    /// True if it is this node's own.
    own: bool,
    /// How far it has come at its home.
    stage: SupportStageView,
    /// The same in words.
    stage_label: TextView,
    /// Which capability; nothing of a no.
    code: Option<String>,
    /// How many.
    quantity: u32,
    /// When they can be there.
    eta: Option<String>,
    /// Until when they can stay: the end of the lease.
    until: Option<String>,
    /// Until when it can be accepted.
    answer_by: Option<String>,
    /// True if nobody accepted it in time: it binds its home no longer.
    lapsed: bool,
    /// True if its lease is over.
    lease_over: bool,
    /// True if it can be accepted now, by who asks.
    acceptable: bool,
    /// How many of it the asker accepted.
    accepted: Option<u32>,
    /// When.
    accepted_at: Option<String>,
    /// When the asker let go of it.
    released_at: Option<String>,
    /// When it was said.
    offered_at: String,
    /// When its home promised it.
    promised_at: Option<String>,
    /// When it was there.
    delivered_at: Option<String>,
    /// When it was back, withdrawn or declined.
    ended_at: Option<String>,
    /// Why it was withdrawn or declined.
    reason: Option<String>,
    /// What goes with it, if it may be read.
    note: Option<String>,
}

/// How far an offer has come at its home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SupportStageView {
    /// It can be accepted.
    Offered,
    /// It was accepted, and its home knows.
    Promised,
    /// It is there.
    Delivered,
    /// It is back.
    Returned,
    /// Its home took it back.
    Withdrawn,
    /// The answer was no.
    Declined,
}

impl From<Stage> for SupportStageView {
    fn from(stage: Stage) -> SupportStageView {
        match stage {
            Stage::Offered => SupportStageView::Offered,
            Stage::Promised => SupportStageView::Promised,
            Stage::Delivered => SupportStageView::Delivered,
            Stage::Returned => SupportStageView::Returned,
            Stage::Withdrawn => SupportStageView::Withdrawn,
            Stage::Declined => SupportStageView::Declined,
        }
    }
}

/// Somebody who has such a capability.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CanView {
    /// Its home.
    node: String,
    /// What people call that.
    home_name: String,
    /// True if it is this node's own.
    own: bool,
    /// What it is called there.
    name: String,
    /// The same in its agency's other language.
    name_other: Option<String>,
    /// How many there are.
    quantity: u32,
    /// Who answers at this hour, if anybody does.
    answering: Option<AnsweringView>,
    /// True if it has answered.
    answered: bool,
}

/// A look at all support that this node knows of, at one moment.
pub(super) struct Look<'a> {
    node: &'a Node,
    board: &'a Board,
    own: NodeId,
    now: Timestamp,
    personal: bool,
    /// The day of the week, 1 for Monday, and the minute of it, by the node's own zone.
    local: (u8, u16),
    answers: BTreeMap<Elsewhere, Vec<Answer<'a>>>,
    capabilities: Vec<(NodeId, &'a SupportCapability)>,
}

impl<'a> Look<'a> {
    /// Looks now, with what is personal or without.
    pub(super) fn at(node: &'a Node, board: &'a Board, personal: bool) -> Look<'a> {
        let (own, now) = (node.feed().node, node.now());
        Look {
            node,
            board,
            own,
            now,
            personal,
            local: local(node.settings().zone.as_deref(), now),
            answers: support::answers_by_request(board),
            capabilities: support::capabilities(board, own, now),
        }
    }

    /// Shows all of it.
    pub(super) fn all(&self) -> SupportView {
        let own = self.board.support_requests.values();
        let own = own.map(|one| self.shown(one.name(), one, one.wish.operation));
        let elsewhere = support::requests_elsewhere(self.board, self.own, self.now);
        let elsewhere = elsewhere.into_iter();
        let elsewhere = elsewhere.map(|(name, one)| self.shown(name, one.request, one.operation));
        let operations = self.board.own_operations(self.own).into_iter();
        SupportView {
            node: self.own.to_string(),
            at: time(self.now),
            capabilities: self
                .capabilities
                .iter()
                .map(|(node, one)| self.capability(*node, one))
                .collect(),
            requests: in_order(own.collect()),
            elsewhere: in_order(elsewhere.collect()),
            operations: operations
                .map(|id| SupportOperationView {
                    id: id.to_string(),
                    name: self.operation_name(id).unwrap_or_default(),
                })
                .collect(),
        }
    }

    /// Shows one request.
    pub(super) fn request(&self, name: Elsewhere) -> Option<SupportRequestView> {
        if name.node == self.own {
            let id = SupportRequestId(name.record.id);
            let found = self.board.support_requests.get(&id)?;
            return Some(self.shown(name, found, found.wish.operation));
        }
        let found = support::request_to_answer(self.board, self.own, name, self.now).ok()?;
        Some(self.shown(name, found.request, found.operation))
    }

    fn operation_name(&self, id: OperationId) -> Option<String> {
        let found = self.board.operation_anywhere(id).ok()?;
        Some(found.genesis.name.to_string())
    }

    fn answering(&self, capability: &SupportCapability) -> Option<AnsweringView> {
        let (day, minute) = self.local;
        let hours = capability.details.answering(day, minute)?;
        Some(AnsweringView {
            who: hours.who.to_string(),
            reach: hours.reach.to_string(),
        })
    }

    /// Shows a capability.
    pub(super) fn capability(&self, node: NodeId, one: &SupportCapability) -> CapabilityView {
        let own = node == self.own;
        let details = &one.details;
        let span = (self.now, Timestamp(self.now.0 + 1));
        let bound = || support::bound_at_most(self.board, one.id, span, None, self.now);
        let reference = RecordRef::from(one.id);
        let parts = self.board.participations.values();
        let shared_in = parts.filter(|part| part.share_of(reference, self.now).is_some());
        CapabilityView {
            id: one.id.to_string(),
            version: one.version,
            node: node.to_string(),
            home_name: self.name_of(&node),
            own,
            code: details.code.to_string(),
            name: details.name.to_string(),
            name_other: details.name_other.as_ref().map(ToString::to_string),
            quantity: details.quantity,
            bound: own.then(bound),
            hours: details.hours.iter().map(HoursBody::from).collect(),
            answering: self.answering(one),
            note: details.note.as_ref().map(ToString::to_string),
            retired: one.retired.as_ref().map(|(_, why)| why.to_string()),
            shared_in: shared_in
                .filter(|_| own)
                .map(|part| part.operation.to_string())
                .collect(),
        }
    }

    fn name_of(&self, node: &NodeId) -> String {
        if *node == self.own {
            self.node.settings().name.to_string()
        } else {
            self.board.name_of(node)
        }
    }

    fn shown(
        &self,
        name: Elsewhere,
        request: &SupportRequest,
        operation: Option<OperationId>,
    ) -> SupportRequestView {
        let own = name.node == self.own;
        let nothing = Vec::new();
        let answers = self.answers.get(&name).unwrap_or(&nothing);
        let standing = support::standing_of(request, answers, self.now);
        let wish = &request.wish;
        let timers = &self.node.settings().timers;
        let alarm = timer::support_late(request, &standing, timers, self.now).filter(|_| own);
        let mut called = self.capabilities.iter();
        let called = called.find(|(_, one)| one.details.code == wish.code);
        let incident = wish.incident.filter(|_| own);
        let incident = incident.and_then(|id| self.board.incidents.get(&id));
        let can = self.can(request, answers);
        SupportRequestView {
            id: request.id.to_string(),
            version: request.version,
            node: name.node.to_string(),
            home_name: self.name_of(&name.node),
            own,
            number: request.number,
            code: wish.code.to_string(),
            capability_name: called.map(|(_, one)| one.details.name.to_string()),
            capability_name_other: called
                .and_then(|(_, one)| one.details.name_other.as_ref().map(ToString::to_string)),
            quantity: wish.quantity,
            place: wish.place.as_ref().map(PlaceView::from),
            from: time(wish.from),
            until: time(wish.until),
            purpose: wish.purpose.to_string(),
            need: self.said(request.need.as_ref().map(|need| need.as_str())),
            priority: wish.priority.into(),
            incident: wish.incident.filter(|_| own).map(|id| id.to_string()),
            incident_number: incident.map(|found| found.number),
            operation: operation.map(|id| id.to_string()),
            operation_name: operation.and_then(|id| self.operation_name(id)),
            asked_at: time(request.asked_at),
            status: standing.come(request).into(),
            ended_at: request.ending.as_ref().map(|ending| time(ending.at)),
            ending: request
                .ending
                .as_ref()
                .and_then(|ending| ending.reason.as_ref().map(ToString::to_string)),
            on_offer: standing.on_offer,
            committed: standing.committed,
            provisional: standing.provisional,
            there: standing.there,
            lacking: standing.lacking(request),
            first_answer_at: maybe_time(standing.first_answer_at),
            waits: self.waits(own, request, &standing, answers, &can, alarm),
            alarms: view::alarms(self.board, alarm, &request.seen),
            answers: answers.iter().map(|one| self.offer(request, one)).collect(),
            can,
            stale: !own && self.is_cut(&name.node),
        }
    }

    fn is_cut(&self, node: &NodeId) -> bool {
        let link = self.node.federation().links().get(node);
        LineView::of(&link).state != LineState::Up
    }

    fn said(&self, text: Option<&str>) -> Option<String> {
        text.filter(|_| self.personal).map(str::to_owned)
    }

    /// Returns who has such a capability. What another agency sees is its own and what is shared with it.
    fn can(&self, request: &SupportRequest, answers: &[Answer<'_>]) -> Vec<CanView> {
        let all = self.capabilities.iter();
        let fit = all.filter(|(_, one)| one.is_offered() && one.details.code == request.wish.code);
        fit.map(|(node, one)| CanView {
            node: node.to_string(),
            home_name: self.name_of(node),
            own: *node == self.own,
            name: one.details.name.to_string(),
            name_other: one.details.name_other.as_ref().map(ToString::to_string),
            quantity: one.details.quantity,
            answering: self.answering(one),
            answered: answers.iter().any(|answer| answer.name.node == *node),
        })
        .collect()
    }

    fn offer(&self, request: &SupportRequest, answer: &Answer<'_>) -> SupportOfferView {
        let offer: &SupportOffer = answer.offer;
        let terms = offer.terms.as_ref();
        let taken = request.last_commitment(answer.name);
        let waits = offer.stage == Stage::Offered;
        let lapsed = waits && terms.is_none_or(|terms| self.now >= terms.answer_by);
        let live = matches!(offer.stage, Stage::Promised | Stage::Delivered);
        SupportOfferView {
            id: offer.id.to_string(),
            version: offer.version,
            node: answer.name.node.to_string(),
            home_name: self.name_of(&answer.name.node),
            own: answer.name.node == self.own,
            stage: offer.stage.into(),
            stage_label: offer.stage.label().into(),
            code: terms.map(|terms| terms.code.to_string()),
            quantity: terms.map_or(0, |terms| terms.quantity),
            eta: terms.map(|terms| time(terms.eta)),
            until: terms.map(|terms| time(terms.until)),
            answer_by: terms.map(|terms| time(terms.answer_by)),
            lapsed,
            lease_over: live && terms.is_some_and(|terms| self.now >= terms.until),
            acceptable: waits && !lapsed && taken.is_none() && request.is_open(),
            accepted: taken.map(|one| one.quantity),
            accepted_at: taken.map(|one| time(one.at)),
            released_at: taken.and_then(|one| maybe_time(one.released_at)),
            offered_at: time(offer.offered_at),
            promised_at: maybe_time(offer.promised_at),
            delivered_at: maybe_time(offer.delivered_at),
            ended_at: maybe_time(offer.ended_at),
            reason: offer.reason.as_ref().map(ToString::to_string),
            note: self.said(offer.note.as_ref().map(|note| note.as_str())),
        }
    }

    fn waits(
        &self,
        own: bool,
        request: &SupportRequest,
        standing: &Standing,
        answers: &[Answer<'_>],
        can: &[CanView],
        alarm: Option<timer::Alarm>,
    ) -> Vec<SupportWaitView> {
        let mut all = Vec::new();
        if let Some(alarm) = alarm {
            all.push(match standing.offers {
                0 => SupportWaitView::Unanswered,
                _ => SupportWaitView::Short,
            });
            debug_assert!(alarm.since <= self.now);
        }
        if own && request.is_open() && standing.on_offer > 0 && standing.lacking(request) > 0 {
            all.push(SupportWaitView::ToAccept);
        }
        let answered = answers.iter().any(|one| one.name.node == self.own);
        let able = can.iter().any(|one| one.own);
        if !own && request.is_open() && !answered && able && standing.lacking(request) > 0 {
            all.push(SupportWaitView::ToAnswer);
        }
        for answer in answers {
            let ours = answer.name.node == self.own;
            let Some(terms) = &answer.offer.terms else {
                continue;
            };
            let taken = request.last_commitment(answer.name);
            let holds = taken.is_some_and(|one| one.released_at.is_none());
            let over = self.now >= terms.until;
            match answer.offer.stage {
                Stage::Offered if holds && (own || ours) => all.push(SupportWaitView::Unpromised),
                Stage::Promised if holds && self.now >= terms.eta && (own || ours) => {
                    all.push(SupportWaitView::Late);
                }
                Stage::Promised | Stage::Delivered if ours && (!holds || over) => {
                    all.push(SupportWaitView::ToReturn);
                }
                Stage::Offered
                | Stage::Promised
                | Stage::Delivered
                | Stage::Returned
                | Stage::Withdrawn
                | Stage::Declined => {}
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The day of the week, 1 for Monday, and the minute of it, by a zone.
fn local(zone: Option<&str>, at: Timestamp) -> (u8, u16) {
    let zone = zone.and_then(|name| TimeZone::get(name).ok());
    let moment = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    let local = zone.unwrap_or(TimeZone::UTC).to_datetime(moment);
    let day = u8::try_from(local.weekday().to_monday_one_offset()).unwrap_or(1);
    let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
    (day, u16::try_from(minute).unwrap_or(0))
}

/// What waits for a person first, then what is open, by urgency and age, then what ended, the last first.
fn in_order(mut all: Vec<SupportRequestView>) -> Vec<SupportRequestView> {
    all.sort_by(|one, other| {
        let open = |view: &SupportRequestView| view.ended_at.is_none();
        let rank =
            |view: &SupportRequestView| (!open(view), view.waits.is_empty(), view.priority.0);
        rank(one).cmp(&rank(other)).then_with(|| match open(one) {
            true => one.asked_at.cmp(&other.asked_at),
            false => other.ended_at.cmp(&one.ended_at),
        })
    });
    all
}

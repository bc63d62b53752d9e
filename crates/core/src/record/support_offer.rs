//! A support offer (支撑响应): what one agency answers to a support request, its own or another's.
//!
//! Its home is who answers, and nobody else writes it: so the home alone can promise what it has, cut or no cut, and it
//! refuses to promise more of a capability at any moment than there is. An offer that was made binds its home until `answer_by`; one
//! that was promised, until its end; what was delivered, until it is back. Saying that one cannot is an answer, too.
//!
//! Life: offered -> promised (the asker accepted it) -> delivered -> returned; or withdrawn; or declined from the
//! beginning. That the asker has let go of it is said by the request.

use serde::{Deserialize, Serialize};
use watchfire_feed::NodeId;

use super::{Context, Elsewhere, Event, Happened, Life, Meta, RecordKind, participation};
use crate::basis::{
    Code, Line, OperationId, Personal, Prose, SupportCapabilityId, SupportOfferId, Text, Timestamp,
};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;
use crate::support;

/// A support offer as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportOffer {
    /// Its name in entries and the API.
    pub id: SupportOfferId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Its home.
    pub home: NodeId,
    /// The request that it answers.
    pub request: Elsewhere,
    /// In which operation it was made; none within one agency.
    pub operation: Option<OperationId>,
    /// What is offered; nothing if the answer is no.
    pub terms: Option<Terms>,
    /// When it was said.
    pub offered_at: Timestamp,
    /// How far it has come.
    pub stage: Stage,
    /// When it was promised.
    pub promised_at: Option<Timestamp>,
    /// How many were promised.
    pub promised: u32,
    /// When it was delivered.
    pub delivered_at: Option<Timestamp>,
    /// When it was back, withdrawn or declined.
    pub ended_at: Option<Timestamp>,
    /// Why it was withdrawn or declined.
    pub reason: Option<Line>,
    /// What goes with it; absent when its key is gone, or not here yet.
    #[serde(skip)]
    pub note: Option<Prose>,
}

/// What is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Which of its home's capabilities.
    pub capability: SupportCapabilityId,
    /// The word for it.
    pub code: Code,
    /// How many.
    pub quantity: u32,
    /// From when they are set aside.
    pub from: Timestamp,
    /// When they can be there.
    pub eta: Timestamp,
    /// Until when they can stay: the end of the lease.
    pub until: Timestamp,
    /// Until when the asker can accept it and be sure.
    pub answer_by: Timestamp,
}

/// How far an offer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
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

impl Stage {
    /// Returns the word people read.
    pub fn label(self) -> Text {
        match self {
            Stage::Offered => Text::new("offered", "已响应"),
            Stage::Promised => Text::new("promised", "已承诺"),
            Stage::Delivered => Text::new("delivered", "已到位"),
            Stage::Returned => Text::new("returned", "已归还"),
            Stage::Withdrawn => Text::new("withdrawn", "已撤回"),
            Stage::Declined => Text::new("declined", "无法支撑"),
        }
    }
}

impl SupportOffer {
    /// Returns its name for others.
    pub fn name(&self) -> Elsewhere {
        Elsewhere {
            node: self.home,
            record: self.id.into(),
        }
    }

    /// Returns how many of its home's capability it keeps, if it keeps any at that time: what is there stays bound until
    /// it is back, whatever its lease says.
    pub fn binds(&self, now: Timestamp) -> Option<Binding> {
        let terms = self.terms.as_ref()?;
        let (quantity, until) = match self.stage {
            Stage::Offered if now < terms.answer_by => (terms.quantity, Some(terms.until)),
            Stage::Promised => (self.promised, Some(terms.until)),
            Stage::Delivered => (self.promised, None),
            Stage::Offered | Stage::Returned | Stage::Withdrawn | Stage::Declined => return None,
        };
        // What came early is bound from then on.
        let from = self
            .delivered_at
            .map_or(terms.from, |at| at.min(terms.from));
        Some(Binding {
            quantity,
            from,
            until,
        })
    }

    /// Refuses if its asker cannot accept it any more.
    pub(super) fn must_be_acceptable(&self, now: Timestamp) -> Result<(), Refusal> {
        self.must_be(&[Stage::Offered])?;
        let late = self
            .terms
            .as_ref()
            .is_none_or(|terms| now >= terms.answer_by);
        if late {
            return Err(Refusal::WrongState {
                kind: RecordKind::SupportOffer,
                state: Text::new("lapsed: nobody accepted it in time", "已过采纳时限"),
                instead: Text::new("Ask its home to offer anew.", "请联系对方重新响应。"),
            });
        }
        Ok(())
    }

    fn must_be(&self, any_of: &[Stage]) -> Result<(), Refusal> {
        if any_of.contains(&self.stage) {
            return Ok(());
        }
        Err(Refusal::WrongState {
            kind: RecordKind::SupportOffer,
            state: self.stage.label(),
            instead: Text::new("Look at it as it is now.", "请查看其最新状态。"),
        })
    }
}

/// What an offer keeps of a capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// How many.
    pub quantity: u32,
    /// From when.
    pub from: Timestamp,
    /// Until when; until it is back when absent.
    pub until: Option<Timestamp>,
}

impl Life for SupportOffer {
    // What is only offered lapses by itself; a promise is kept until all of it is back.
    fn open_item(&self, _: Timestamp) -> Option<super::Open> {
        let since = self.promised_at.filter(|_| self.ended_at.is_none())?;
        Some(super::Open {
            what: Text::new(
                format!("support promised: {}", self.promised),
                format!("已承诺支撑：{}", self.promised),
            ),
            since,
        })
    }

    fn needs_attention(&self) -> bool {
        self.ended_at.is_none()
    }

    fn over_since(&self) -> Option<Timestamp> {
        // One that nobody accepted is over with its time.
        let lapses = self.terms.as_ref().map(|terms| terms.answer_by);
        let lapses = lapses.filter(|_| self.stage == Stage::Offered);
        self.ended_at.or(lapses)
    }

    fn personal_json(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self.note.as_ref()?).ok()
    }

    fn take_personal(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        self.note = serde_json::from_slice(json)?;
        Ok(())
    }
}

/// What can be asked of a support offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SupportOfferAction {
    /// Answer a request by an offer.
    Offer {
        /// Which request.
        request: Elsewhere,
        /// Which of this node's capabilities.
        capability: SupportCapabilityId,
        /// How many.
        quantity: u32,
        /// From when they are set aside.
        from: Timestamp,
        /// When they can be there.
        eta: Timestamp,
        /// Until when they can stay.
        until: Timestamp,
        /// Until when it can be accepted.
        answer_by: Timestamp,
        /// What goes with it.
        note: Option<Prose>,
    },
    /// Answer a request by saying that one cannot.
    Decline {
        /// Which request.
        request: Elsewhere,
        /// Why.
        reason: Line,
    },
    /// Promise what the asker accepted. The node does so by itself when it hears of it and still can.
    Promise {
        /// Which.
        offer: SupportOfferId,
    },
    /// Come sooner or later, or stay longer or shorter.
    Retime {
        /// Which.
        offer: SupportOfferId,
        /// When they can be there now.
        eta: Timestamp,
        /// Until when they can stay now.
        until: Timestamp,
    },
    /// Say that it is there.
    Deliver {
        /// Which.
        offer: SupportOfferId,
    },
    /// Say that it is back and free.
    Return {
        /// Which.
        offer: SupportOfferId,
    },
    /// Take it back before it is there.
    Withdraw {
        /// Which.
        offer: SupportOfferId,
        /// Why.
        reason: Line,
    },
}

impl SupportOfferAction {
    /// Returns the support offer it changes.
    pub fn subject(&self) -> Option<SupportOfferId> {
        match self {
            SupportOfferAction::Offer { .. } | SupportOfferAction::Decline { .. } => None,
            SupportOfferAction::Promise { offer }
            | SupportOfferAction::Retime { offer, .. }
            | SupportOfferAction::Deliver { offer }
            | SupportOfferAction::Return { offer }
            | SupportOfferAction::Withdraw { offer, .. } => Some(*offer),
        }
    }
}

/// What happened to a support offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SupportOfferEvent {
    /// It was made; what goes with it is in the personal part.
    Offered {
        /// Its home.
        home: NodeId,
        /// To which request.
        request: Elsewhere,
        /// In which operation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<OperationId>,
        /// What is offered.
        terms: Box<Terms>,
    },
    /// The answer was no.
    Declined {
        /// Its home.
        home: NodeId,
        /// To which request.
        request: Elsewhere,
        /// In which operation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<OperationId>,
        /// Why.
        reason: Line,
    },
    /// It was accepted, and its home keeps it.
    Promised {
        /// How many.
        quantity: u32,
    },
    /// Its times changed.
    Retimed {
        /// When they can be there now.
        eta: Timestamp,
        /// Until when they can stay now.
        until: Timestamp,
    },
    /// It is there.
    Delivered,
    /// It is back.
    Returned,
    /// Its home took it back.
    Withdrawn {
        /// Why.
        reason: Line,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 7] = [
    "offered",
    "declined",
    "promised",
    "retimed",
    "delivered",
    "returned",
    "withdrawn",
];

pub(super) fn decide(
    board: &Board,
    action: &SupportOfferAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let (offer, event) = match action {
        SupportOfferAction::Offer { .. } | SupportOfferAction::Decline { .. } => {
            return answer(board, action, context);
        }
        SupportOfferAction::Promise { offer } => {
            let found = board.support_offer(*offer)?;
            (*offer, promise(board, found, context)?)
        }
        SupportOfferAction::Retime { offer, eta, until } => {
            let found = board.support_offer(*offer)?;
            found.must_be(&[Stage::Offered, Stage::Promised, Stage::Delivered])?;
            let Some(terms) = &found.terms else {
                return Err(Refusal::NotFound(RecordKind::SupportOffer));
            };
            let quantity = match found.stage {
                Stage::Offered => terms.quantity,
                Stage::Promised
                | Stage::Delivered
                | Stage::Returned
                | Stage::Withdrawn
                | Stage::Declined => found.promised,
            };
            let terms = Terms {
                quantity,
                eta: *eta,
                until: *until,
                ..terms.clone()
            };
            check_times(&terms, context.now)?;
            must_have(board, &terms, Some(*offer), context.now)?;
            let (eta, until) = (*eta, *until);
            (*offer, SupportOfferEvent::Retimed { eta, until })
        }
        SupportOfferAction::Deliver { offer } => {
            let found = board.support_offer(*offer)?;
            found.must_be(&[Stage::Promised])?;
            let Some(terms) = &found.terms else {
                return Err(Refusal::NotFound(RecordKind::SupportOffer));
            };
            // Sooner or later than promised it may be bound elsewhere.
            let now = context.now;
            let terms = Terms {
                quantity: found.promised,
                from: terms.from.min(now),
                until: terms.until.max(now.plus_s(1)),
                ..terms.clone()
            };
            must_have(board, &terms, Some(*offer), now)?;
            (*offer, SupportOfferEvent::Delivered)
        }
        SupportOfferAction::Return { offer } => {
            let found = board.support_offer(*offer)?;
            found.must_be(&[Stage::Promised, Stage::Delivered])?;
            (*offer, SupportOfferEvent::Returned)
        }
        SupportOfferAction::Withdraw { offer, reason } => {
            let found = board.support_offer(*offer)?;
            found.must_be(&[Stage::Offered, Stage::Promised])?;
            let reason = reason.clone();
            (*offer, SupportOfferEvent::Withdrawn { reason })
        }
    };
    Ok(vec![Happened::new(offer, Event::SupportOffer(event))])
}

/// Answers a request by an offer or by a no; in an operation the answer is shared there in the same step.
fn answer(
    board: &Board,
    action: &SupportOfferAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let (SupportOfferAction::Offer { request, .. } | SupportOfferAction::Decline { request, .. }) =
        action
    else {
        return Err(Refusal::NotFound(RecordKind::SupportRequest));
    };
    let (home, request) = (context.node, *request);
    let asked = support::request_to_answer(board, home, request, context.now)?;
    if !asked.request.is_open() {
        return Err(Refusal::WrongState {
            kind: RecordKind::SupportRequest,
            state: Text::new("over", "已结束"),
            instead: Text::new("Nothing needs doing.", "无需操作。"),
        });
    }
    let own = board.support_offers.values();
    if own.filter(|one| one.request == request).count() >= limits::SUPPORT_OFFERS_PER_REQUEST_MAX {
        return Err(Refusal::Limit {
            what: Text::new("answers to one request", "对同一请求的响应"),
            max: limits::SUPPORT_OFFERS_PER_REQUEST_MAX,
        });
    }
    let operation = asked.operation;
    let mut said = None;
    let event = match action {
        SupportOfferAction::Offer {
            capability,
            quantity,
            from,
            eta,
            until,
            answer_by,
            note,
            ..
        } => {
            let terms = Terms {
                capability: *capability,
                code: board.support_capability(*capability)?.details.code.clone(),
                quantity: *quantity,
                // Nothing is set aside in the past, so that what ended is never counted again.
                from: (*from).max(context.now),
                eta: (*eta).max(context.now),
                until: *until,
                answer_by: *answer_by,
            };
            check_offer(board, &terms, context.now)?;
            said.clone_from(note);
            SupportOfferEvent::Offered {
                home,
                request,
                operation,
                terms: Box::new(terms),
            }
        }
        SupportOfferAction::Decline { reason, .. } => SupportOfferEvent::Declined {
            home,
            request,
            operation,
            reason: reason.clone(),
        },
        SupportOfferAction::Promise { .. }
        | SupportOfferAction::Retime { .. }
        | SupportOfferAction::Deliver { .. }
        | SupportOfferAction::Return { .. }
        | SupportOfferAction::Withdraw { .. } => {
            return Err(Refusal::NotFound(RecordKind::SupportRequest));
        }
    };
    let id = SupportOfferId(context.entropy.next_16());
    let mut happened = Happened::new(id, Event::SupportOffer(event));
    happened.personal.note = said;
    let mut all = vec![happened];
    if let Some(operation) = operation {
        all.extend(participation::share_new(
            board,
            context,
            operation,
            id.into(),
            (super::participation::Tier::Assist, 0),
        )?);
    }
    Ok(all)
}

fn check_offer(board: &Board, terms: &Terms, now: Timestamp) -> Result<(), Refusal> {
    if !board.support_capability(terms.capability)?.is_offered() {
        return Err(Refusal::WrongState {
            kind: RecordKind::SupportCapability,
            state: Text::new("retired", "已停用"),
            instead: Text::new("Choose another.", "请另选。"),
        });
    }
    if terms.quantity == 0 {
        return Err(Refusal::Missing(Text::new(
            "How many are offered",
            "可提供的数量",
        )));
    }
    let latest = now.plus_s(limits::SUPPORT_ANSWER_S_MAX);
    if terms.answer_by <= now || terms.answer_by > latest || terms.answer_by > terms.until {
        return Err(Refusal::Missing(Text::new(
            "A time to accept it by, within a day and before its end",
            "一天之内且早于结束时间的采纳时限",
        )));
    }
    check_times(terms, now)?;
    must_have(board, terms, None, now)
}

fn check_times(terms: &Terms, now: Timestamp) -> Result<(), Refusal> {
    let ordered = terms.from <= terms.eta && terms.eta < terms.until && now < terms.until;
    if !ordered {
        return Err(Refusal::Missing(Text::new(
            "Times in their order: set aside, there, end",
            "先后有序的时间：预留、到位、结束",
        )));
    }
    if terms.until > terms.from.plus_s(limits::SUPPORT_LEASE_S_MAX)
        || terms.until > now.plus_s(limits::SUPPORT_AHEAD_S_MAX)
    {
        return Err(Refusal::Limit {
            what: Text::new("days of one offer", "单次响应的天数"),
            max: (limits::SUPPORT_LEASE_S_MAX / 86_400) as usize,
        });
    }
    Ok(())
}

/// Refuses to promise more of a capability at any moment than there is.
fn must_have(
    board: &Board,
    terms: &Terms,
    except: Option<SupportOfferId>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let capability = board.support_capability(terms.capability)?;
    let span = (terms.from, terms.until);
    let bound = support::bound_at_most(board, terms.capability, span, except, now);
    let has = capability.details.quantity;
    if bound.saturating_add(terms.quantity) > has {
        return Err(Refusal::NotEnough {
            what: capability.details.name.to_string(),
            has,
            bound,
        });
    }
    Ok(())
}

/// Promises what the asker accepted, if that still can be: an offer that lapsed before this node heard of it may have
/// been made to somebody else since.
fn promise(
    board: &Board,
    found: &SupportOffer,
    context: &Context<'_>,
) -> Result<SupportOfferEvent, Refusal> {
    found.must_be(&[Stage::Offered])?;
    let asked = support::request_of(board, found);
    let commitment = asked.and_then(|request| request.commitment(found.name()));
    let Some(commitment) = commitment else {
        return Err(Refusal::WrongState {
            kind: RecordKind::SupportOffer,
            state: Text::new("not accepted", "未被采纳"),
            instead: Text::new("Wait for its asker.", "请等待请求方采纳。"),
        });
    };
    promised(board, found, commitment.quantity, context.now)
}

/// Returns the promise of so many of what was offered. What is bound is counted anew even where the offer bound its home
/// meanwhile: a clock that was put back must not make two promises of one thing.
pub(super) fn promised(
    board: &Board,
    found: &SupportOffer,
    quantity: u32,
    now: Timestamp,
) -> Result<SupportOfferEvent, Refusal> {
    let Some(terms) = &found.terms else {
        return Err(Refusal::NotFound(RecordKind::SupportOffer));
    };
    if quantity > terms.quantity {
        return Err(Refusal::NotEnough {
            what: terms.code.to_string(),
            has: terms.quantity,
            bound: quantity,
        });
    }
    let terms = Terms {
        quantity,
        ..terms.clone()
    };
    check_times(&terms, now)?;
    must_have(board, &terms, Some(found.id), now)?;
    Ok(SupportOfferEvent::Promised { quantity })
}

pub(super) fn apply(
    before: Option<&SupportOffer>,
    event: &SupportOfferEvent,
    personal: Option<&Personal>,
    meta: &Meta,
) -> Option<SupportOffer> {
    let at = meta.happened_at;
    let new = |home: &NodeId, request: &Elsewhere, operation: &Option<OperationId>| SupportOffer {
        id: SupportOfferId(meta.record),
        version: meta.version,
        changed_at: meta.at,
        home: *home,
        request: *request,
        operation: *operation,
        terms: None,
        offered_at: at,
        stage: Stage::Offered,
        promised_at: None,
        promised: 0,
        delivered_at: None,
        ended_at: None,
        reason: None,
        note: personal.and_then(|personal| personal.note.clone()),
    };
    if let SupportOfferEvent::Offered {
        home,
        request,
        operation,
        terms,
    } = event
    {
        return Some(SupportOffer {
            terms: Some(terms.as_ref().clone()),
            ..new(home, request, operation)
        });
    }
    if let SupportOfferEvent::Declined {
        home,
        request,
        operation,
        reason,
    } = event
    {
        return Some(SupportOffer {
            stage: Stage::Declined,
            ended_at: Some(at),
            reason: Some(reason.clone()),
            ..new(home, request, operation)
        });
    }
    let mut offer = before?.clone();
    offer.version = meta.version;
    offer.changed_at = meta.at;
    match event {
        SupportOfferEvent::Offered { .. } | SupportOfferEvent::Declined { .. } => {}
        SupportOfferEvent::Promised { quantity } => {
            offer.stage = Stage::Promised;
            offer.promised_at = Some(at);
            offer.promised = *quantity;
        }
        SupportOfferEvent::Retimed { eta, until } => {
            if let Some(terms) = &mut offer.terms {
                terms.eta = *eta;
                terms.until = *until;
            }
        }
        SupportOfferEvent::Delivered => {
            offer.stage = Stage::Delivered;
            offer.delivered_at = Some(at);
        }
        SupportOfferEvent::Returned => {
            offer.stage = Stage::Returned;
            offer.ended_at = Some(at);
        }
        SupportOfferEvent::Withdrawn { reason } => {
            offer.stage = Stage::Withdrawn;
            offer.ended_at = Some(at);
            offer.reason = Some(reason.clone());
        }
    }
    Some(offer)
}

//! Support (支撑): what follows from requests, offers and capabilities together, at home and across nodes.
//!
//! A request and its offers are a pair of records with a home each: how far a request has come, who has answered, what
//! is promised of a capability at any moment, and what is owed back is derived here from boards and a clock that is passed in, and
//! stored nowhere. Start at [`standing`]; [`bound_at_most`] is the rule that nothing is promised twice, [`figures`] counts a period.

pub mod figures;

use std::collections::BTreeMap;

use watchfire_feed::NodeId;

use crate::basis::{
    Code, OperationId, SupportCapabilityId, SupportOfferId, SupportRequestId, Timestamp,
};
use crate::board::Board;
use crate::record::support_capability::SupportCapability;
use crate::record::support_offer::{Stage, SupportOffer};
use crate::record::support_request::{Commitment, Ended, SupportRequest};
use crate::record::{Elsewhere, RecordKind, RecordRef};
use crate::refusal::Refusal;

/// One answer to a request: an offer, or a no.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Its home and id.
    pub name: Elsewhere,
    /// The offer.
    pub offer: &'a SupportOffer,
}

/// How far a request has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Answers of any kind.
    pub answers: usize,
    /// Answers that offer something.
    pub offers: usize,
    /// When the first answer came, by its home's clock.
    pub first_answer_at: Option<Timestamp>,
    /// When the first offer came.
    pub first_offer_at: Option<Timestamp>,
    /// How many could be accepted now.
    pub on_offer: u32,
    /// How many were accepted and are not let go, taken back or back.
    pub committed: u32,
    /// Of these, how many no home has promised yet: it has not heard of it, or cannot any more.
    pub provisional: u32,
    /// Of these, how many are there.
    pub there: u32,
    /// How many were ever there.
    pub delivered: u32,
}

impl Standing {
    /// Returns how many are still to be found.
    pub fn lacking(&self, request: &SupportRequest) -> u32 {
        let came = self.committed.max(self.delivered);
        request.wish.quantity.saturating_sub(came)
    }

    /// Returns where a request is in its life, in one word.
    pub fn come(&self, request: &SupportRequest) -> Come {
        match request.ending.as_ref().map(|ending| ending.how) {
            Some(Ended::Met) => return Come::Met,
            Some(Ended::Unmet) => return Come::Unmet,
            Some(Ended::Withdrawn) => return Come::Withdrawn,
            None => {}
        }
        let wanted = request.wish.quantity;
        if self.delivered >= wanted {
            Come::Delivered
        } else if self.committed >= wanted {
            Come::Committed
        } else if self.committed > 0 {
            Come::PartlyCommitted
        } else if self.offers > 0 {
            Come::Offered
        } else if self.answers > 0 {
            Come::Declined
        } else {
            Come::Asked
        }
    }
}

/// Where a request is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Come {
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

/// Returns the answers to one of this node's own requests, the earliest first, each once.
pub fn answers<'a>(board: &'a Board, request: &SupportRequest) -> Vec<Answer<'a>> {
    answers_to(board, request.name())
}

/// Returns the answers to a request of any home that this node holds, the earliest first, each once.
pub fn answers_to(board: &Board, request: Elsewhere) -> Vec<Answer<'_>> {
    let mut found: Vec<Answer<'_>> = all_answers(board)
        .filter(|one| one.offer.request == request)
        .collect();
    found.sort_by_key(|one| (one.offer.offered_at, one.name));
    found
}

/// Returns every answer that this node holds, of its own and of other homes. Of others the home is the one whose feed
/// told it, whatever the offer says.
fn all_answers(board: &Board) -> impl Iterator<Item = Answer<'_>> {
    let own = board.support_offers.values().map(|offer| Answer {
        name: offer.name(),
        offer,
    });
    let copies = board.copies.boards.iter().flat_map(|(node, copies)| {
        copies.support_offers.values().map(|offer| Answer {
            name: Elsewhere {
                node: *node,
                record: offer.id.into(),
            },
            offer,
        })
    });
    own.chain(copies)
}

/// Returns all answers by the request that they are to, for whoever looks at many requests at once.
pub fn answers_by_request(board: &Board) -> BTreeMap<Elsewhere, Vec<Answer<'_>>> {
    let mut all: BTreeMap<Elsewhere, Vec<Answer<'_>>> = BTreeMap::new();
    for one in all_answers(board) {
        all.entry(one.offer.request).or_default().push(one);
    }
    for answers in all.values_mut() {
        answers.sort_by_key(|one| (one.offer.offered_at, one.name));
    }
    all
}

/// Returns how far one of this node's own requests has come.
pub fn standing(board: &Board, request: &SupportRequest, now: Timestamp) -> Standing {
    standing_of(request, &answers(board, request), now)
}

/// Returns how far a request has come with these answers.
pub fn standing_of(request: &SupportRequest, answers: &[Answer<'_>], now: Timestamp) -> Standing {
    let mut all = Standing::default();
    for answer in answers {
        let offer = answer.offer;
        all.answers += 1;
        all.first_answer_at = earlier(all.first_answer_at, offer.offered_at);
        if offer.terms.is_some() {
            all.offers += 1;
            all.first_offer_at = earlier(all.first_offer_at, offer.offered_at);
        }
        let taken = request.last_commitment(answer.name);
        if let (Some(terms), None) = (&offer.terms, taken)
            && offer.stage == Stage::Offered
            && now < terms.answer_by
        {
            all.on_offer = all.on_offer.saturating_add(terms.quantity);
        }
    }
    for commitment in &request.commitments {
        let found = answers.iter().find(|one| one.name == commitment.offer);
        count(&mut all, commitment, found.map(|one| one.offer));
    }
    all
}

fn earlier(before: Option<Timestamp>, at: Timestamp) -> Option<Timestamp> {
    Some(before.map_or(at, |before| before.min(at)))
}

/// Counts one commitment, once. Of an offer that is not held here any more nothing is known but that it was accepted.
fn count(all: &mut Standing, commitment: &Commitment, offer: Option<&SupportOffer>) {
    let quantity = commitment.quantity;
    let stage = offer.map_or(Stage::Offered, |offer| offer.stage);
    if offer.is_some_and(|offer| offer.delivered_at.is_some()) {
        all.delivered = all.delivered.saturating_add(quantity);
    }
    let holds = match stage {
        Stage::Offered | Stage::Promised | Stage::Delivered => commitment.released_at.is_none(),
        Stage::Returned | Stage::Withdrawn | Stage::Declined => false,
    };
    if !holds {
        return;
    }
    all.committed = all.committed.saturating_add(quantity);
    if stage == Stage::Offered {
        all.provisional = all.provisional.saturating_add(quantity);
    }
    if stage == Stage::Delivered {
        all.there = all.there.saturating_add(quantity);
    }
}

/// Returns how many of a capability this node's offers bind at most at any moment from now on.
pub fn bound_from_now(board: &Board, capability: SupportCapabilityId, now: Timestamp) -> u32 {
    bound_at_most(board, capability, (now, Timestamp(i64::MAX)), None, now)
}

/// Returns how many of a capability this node's offers bind at most at any moment of a span; one offer may be left out
/// of the count. This is what keeps a thing from being promised twice.
pub fn bound_at_most(
    board: &Board,
    capability: SupportCapabilityId,
    (first, last): (Timestamp, Timestamp),
    except: Option<SupportOfferId>,
    now: Timestamp,
) -> u32 {
    let bindings: Vec<_> = board
        .support_offers
        .values()
        .filter(|offer| Some(offer.id) != except)
        .filter(|offer| {
            let of = offer.terms.as_ref().map(|terms| terms.capability);
            of == Some(capability)
        })
        .filter_map(|offer| offer.binds(now))
        .filter(|one| one.from < last && one.until.is_none_or(|end| first < end))
        .collect();
    // The sum rises only where a binding begins, or where the span does.
    let at = |moment: Timestamp| {
        bindings
            .iter()
            .filter(|one| one.from <= moment && one.until.is_none_or(|end| moment < end))
            .fold(0u32, |sum, one| sum.saturating_add(one.quantity))
    };
    let moments = bindings.iter().map(|one| one.from.max(first));
    moments.map(at).max().unwrap_or(0)
}

/// A request that this node may answer, and in which operation.
#[derive(Debug, Clone, Copy)]
pub struct ToAnswer<'a> {
    /// The request.
    pub request: &'a SupportRequest,
    /// The operation in which its home shares it; none if it is this node's own.
    pub operation: Option<OperationId>,
}

/// Returns a request that this node may answer: its own, or one that another member shares in an operation that this node takes part in.
pub fn request_to_answer(
    board: &Board,
    own: NodeId,
    request: Elsewhere,
    now: Timestamp,
) -> Result<ToAnswer<'_>, Refusal> {
    let id = SupportRequestId(request.record.id);
    let nothing = Refusal::NotFound(RecordKind::SupportRequest);
    if request.record != RecordRef::from(id) {
        return Err(nothing);
    }
    if request.node == own {
        let request = board.support_request(id)?;
        return Ok(ToAnswer {
            request,
            operation: request.wish.operation,
        });
    }
    let copies = board.copies.boards.get(&request.node);
    let found = copies.and_then(|copies| copies.support_requests.get(&id));
    let found = found.ok_or(nothing.clone())?;
    let shared_in = |operation: &OperationId| {
        board.takes_part(own, *operation)
            && board.share_elsewhere(*operation, request, now).is_some()
    };
    let operation = found.wish.operation.filter(shared_in).or_else(|| {
        let mut all = board.own_operations(own).into_iter();
        all.find(|operation| shared_in(operation))
    });
    Ok(ToAnswer {
        request: found,
        operation: Some(operation.ok_or(nothing)?),
    })
}

/// Returns the request that one of this node's own offers answers, if it is held.
pub fn request_of<'a>(board: &'a Board, offer: &SupportOffer) -> Option<&'a SupportRequest> {
    let id = SupportRequestId(offer.request.record.id);
    let of = if offer.request.node == offer.home {
        &board.support_requests
    } else {
        &board
            .copies
            .boards
            .get(&offer.request.node)?
            .support_requests
    };
    of.get(&id).map(AsRef::as_ref)
}

/// Returns the requests of other homes that this node may answer, or whose answers it follows.
pub fn requests_elsewhere(
    board: &Board,
    own: NodeId,
    now: Timestamp,
) -> Vec<(Elsewhere, ToAnswer<'_>)> {
    let mut all = Vec::new();
    for (node, copies) in &board.copies.boards {
        for id in copies.support_requests.keys() {
            let name = Elsewhere {
                node: *node,
                record: (*id).into(),
            };
            if let Ok(found) = request_to_answer(board, own, name, now) {
                all.push((name, found));
            }
        }
    }
    all
}

/// Returns the capabilities of a code that this node knows of: its own, and those that other members share with it.
pub fn who_can<'a>(
    board: &'a Board,
    own: NodeId,
    code: &Code,
    now: Timestamp,
) -> Vec<(NodeId, &'a SupportCapability)> {
    capabilities(board, own, now)
        .into_iter()
        .filter(|(_, one)| one.is_offered() && one.details.code == *code)
        .collect()
}

/// Returns all capabilities that this node knows of, its own first.
pub fn capabilities(
    board: &Board,
    own: NodeId,
    now: Timestamp,
) -> Vec<(NodeId, &SupportCapability)> {
    let mut all: Vec<(NodeId, &SupportCapability)> = Vec::new();
    let mine = board.support_capabilities.values();
    all.extend(mine.map(|one| (own, one.as_ref())));
    let operations = board.own_operations(own);
    for (node, copies) in &board.copies.boards {
        for one in copies.support_capabilities.values() {
            let name = Elsewhere {
                node: *node,
                record: one.id.into(),
            };
            let shared =
                |operation: &OperationId| board.share_elsewhere(*operation, name, now).is_some();
            if operations.iter().any(shared) {
                all.push((*node, one.as_ref()));
            }
        }
    }
    all
}

/// Says whether a support record is over for good, so that its share may make room for another.
pub(crate) fn is_over(board: &Board, record: RecordRef) -> bool {
    if record.kind == RecordKind::SupportRequest {
        let found = board.support_requests.get(&SupportRequestId(record.id));
        found.is_none_or(|one| !one.is_open())
    } else if record.kind == RecordKind::SupportOffer {
        let found = board.support_offers.get(&SupportOfferId(record.id));
        found.is_none_or(|one| one.ended_at.is_some())
    } else {
        false
    }
}

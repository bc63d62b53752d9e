//! A support request (支撑请求): what is needed, how many, where, when and what for, and which offers were accepted.
//!
//! Its home is who asks. Offers are records of those who answer; accepting one is an event here, so that parts add up
//! without anybody writing another's record: a *commitment* is that acceptance. What it comes to (answered, in part or whole,
//! delivered, unanswered for too long) follows from request and offers together and is stored in neither: see
//! [`crate::support`]. What is said of the need may name people: it is personal and sealed.
//!
//! Life: asked -> commitments -> closed (met or not) or withdrawn.

use serde::{Deserialize, Serialize};
use watchfire_feed::NodeId;

use super::{
    Context, Elsewhere, Event, Happened, Life, Meta, RecordKind, participation, support_offer,
};
use crate::basis::{
    Code, IncidentId, Line, OperationId, Personal, Place, Priority, Prose, SupportRequestId, Text,
    Timestamp,
};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;
use crate::support;
use crate::timer::{self, AlarmCode, Seen};

/// A support request as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportRequest {
    /// Its name in entries and the API.
    pub id: SupportRequestId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The agency's running number.
    pub number: u64,
    /// Its home, so that offers can be told to be for it.
    pub home: NodeId,
    /// What is asked for.
    pub wish: Wish,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// The offers that were accepted, in their order.
    pub commitments: Vec<Commitment>,
    /// How it ended, if it did.
    pub ending: Option<Ending>,
    /// Which of its alarms were seen.
    pub seen: Vec<Seen>,
    /// What is said of the need; absent when its key is gone, or not here yet.
    #[serde(skip)]
    pub need: Option<Prose>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Which capability.
    pub code: Code,
    /// How many.
    pub quantity: u32,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// From when it is wanted.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// What for, in a line that names nobody.
    pub purpose: Line,
    /// How urgent.
    pub priority: Priority,
    /// For which incident of the asker's, if for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// In which operation others are asked; nobody but this agency when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
}

/// That an offer was accepted, whole or in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitment {
    /// The offer.
    pub offer: Elsewhere,
    /// How many of what it offers.
    pub quantity: u32,
    /// When.
    pub at: Timestamp,
    /// When it was let go again, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Timestamp>,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// In which way.
    pub how: Ended,
    /// What was said of it.
    pub reason: Option<Line>,
}

/// In which way a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// What was needed came.
    Met,
    /// It did not, or not all of it.
    Unmet,
    /// It was not needed any more.
    Withdrawn,
}

impl SupportRequest {
    /// Returns true until it has ended.
    pub fn is_open(&self) -> bool {
        self.ending.is_none()
    }

    /// Returns the commitment to an offer that holds, if one does.
    pub fn commitment(&self, offer: Elsewhere) -> Option<&Commitment> {
        let mut all = self.commitments.iter();
        all.find(|one| one.offer == offer && one.released_at.is_none())
    }

    /// Returns the last commitment to an offer, whether it holds or was let go.
    pub fn last_commitment(&self, offer: Elsewhere) -> Option<&Commitment> {
        self.commitments.iter().rev().find(|one| one.offer == offer)
    }

    /// Returns its name for others.
    pub fn name(&self) -> Elsewhere {
        Elsewhere {
            node: self.home,
            record: self.id.into(),
        }
    }

    fn must_be_open(&self) -> Result<(), Refusal> {
        let state = match self.ending.as_ref().map(|ending| ending.how) {
            None => return Ok(()),
            Some(Ended::Met | Ended::Unmet) => Text::new("closed", "已办结"),
            Some(Ended::Withdrawn) => Text::new("withdrawn", "已撤销"),
        };
        Err(Refusal::WrongState {
            kind: RecordKind::SupportRequest,
            state,
            instead: Text::new("Ask anew if it is needed.", "如仍需要，请重新请求。"),
        })
    }
}

impl Life for SupportRequest {
    fn open_item(&self, _: Timestamp) -> Option<super::Open> {
        let (number, purpose) = (self.number, &self.wish.purpose);
        self.is_open().then(|| super::Open {
            what: Text::new(
                format!("support request {number}: {purpose}"),
                format!("支撑请求 {number}：{purpose}"),
            ),
            since: self.asked_at,
        })
    }

    fn booked(&self) -> Vec<crate::ledger::Booked> {
        vec![crate::ledger::Booked {
            opened_at: self.asked_at,
            ended_at: self.ending.as_ref().map(|ending| ending.at),
        }]
    }

    fn number(&self) -> Option<u64> {
        Some(self.number)
    }

    fn needs_attention(&self) -> bool {
        self.is_open()
    }

    fn over_since(&self) -> Option<Timestamp> {
        self.ending.as_ref().map(|_| self.changed_at)
    }

    fn personal_json(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self.need.as_ref()?).ok()
    }

    fn take_personal(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        self.need = serde_json::from_slice(json)?;
        Ok(())
    }
}

/// What can be asked of a support request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SupportRequestAction {
    /// Ask for support.
    Ask {
        /// For what.
        wish: Wish,
        /// What is said of the need.
        need: Option<Prose>,
    },
    /// Ask for more, less, longer or sooner.
    Amend {
        /// Which.
        request: SupportRequestId,
        /// How many now.
        quantity: u32,
        /// From when now.
        from: Timestamp,
        /// Until when now.
        until: Timestamp,
        /// How urgent now.
        priority: Priority,
    },
    /// Accept an offer, whole or in part.
    Commit {
        /// Of which request.
        request: SupportRequestId,
        /// Which offer.
        offer: Elsewhere,
        /// How many of what it offers.
        quantity: u32,
    },
    /// Let go of what was accepted: it is needed no more.
    Release {
        /// Of which request.
        request: SupportRequestId,
        /// Which offer.
        offer: Elsewhere,
    },
    /// Take it back: it is not needed any more.
    Withdraw {
        /// Which.
        request: SupportRequestId,
        /// Why.
        reason: Line,
    },
    /// Close it; what is still committed is let go.
    Close {
        /// Which.
        request: SupportRequestId,
        /// Whether what was needed came.
        met: bool,
        /// What is to be said of it.
        reason: Option<Line>,
    },
    /// Say that somebody has seen its alarm.
    SeeAlarm {
        /// Of which request.
        request: SupportRequestId,
        /// Which alarm.
        code: AlarmCode,
    },
}

impl SupportRequestAction {
    /// Returns the support request it changes.
    pub fn subject(&self) -> Option<SupportRequestId> {
        match self {
            SupportRequestAction::Ask { .. } => None,
            SupportRequestAction::Amend { request, .. }
            | SupportRequestAction::Commit { request, .. }
            | SupportRequestAction::Release { request, .. }
            | SupportRequestAction::Withdraw { request, .. }
            | SupportRequestAction::Close { request, .. }
            | SupportRequestAction::SeeAlarm { request, .. } => Some(*request),
        }
    }
}

/// What happened to a support request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SupportRequestEvent {
    /// It was asked; what is said of the need is in the personal part.
    Asked {
        /// The agency's running number.
        number: u64,
        /// Its home.
        home: NodeId,
        /// For what.
        wish: Box<Wish>,
    },
    /// It was changed.
    Amended {
        /// How many now.
        quantity: u32,
        /// From when now.
        from: Timestamp,
        /// Until when now.
        until: Timestamp,
        /// How urgent now.
        priority: Priority,
    },
    /// An offer was accepted.
    Committed {
        /// Which.
        offer: Elsewhere,
        /// How many of what it offers.
        quantity: u32,
    },
    /// What was accepted was let go.
    Released {
        /// Which offer.
        offer: Elsewhere,
    },
    /// It was taken back.
    Withdrawn {
        /// Why.
        reason: Line,
    },
    /// It was closed.
    Closed {
        /// Whether what was needed came.
        met: bool,
        /// What was said of it.
        reason: Option<Line>,
    },
    /// Somebody has seen its alarm.
    AlarmSeen {
        /// Which.
        code: AlarmCode,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 7] = [
    "asked",
    "amended",
    "committed",
    "released",
    "withdrawn",
    "closed",
    "alarm_seen",
];

pub(super) fn decide(
    board: &Board,
    action: &SupportRequestAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let (request, event) = match action {
        SupportRequestAction::Ask { wish, need } => {
            return ask(board, wish, need.as_ref(), context);
        }
        SupportRequestAction::Amend {
            request,
            quantity,
            from,
            until,
            priority,
        } => {
            let found = board.support_request(*request)?;
            found.must_be_open()?;
            check_extent(*quantity, *from, *until, context.now)?;
            let bound = support::standing(board, found, context.now).committed;
            if *quantity < bound {
                return Err(Refusal::NotEnough {
                    what: found.wish.code.to_string(),
                    has: *quantity,
                    bound,
                });
            }
            let event = SupportRequestEvent::Amended {
                quantity: *quantity,
                from: *from,
                until: *until,
                priority: *priority,
            };
            (*request, event)
        }
        SupportRequestAction::Commit {
            request,
            offer,
            quantity,
        } => return commit(board, *request, *offer, *quantity, context),
        SupportRequestAction::Release { request, offer } => {
            let found = board.support_request(*request)?;
            found.must_be_open()?;
            if found.commitment(*offer).is_none() {
                return Err(Refusal::NotFound(RecordKind::SupportOffer));
            }
            (*request, SupportRequestEvent::Released { offer: *offer })
        }
        SupportRequestAction::Withdraw { request, reason } => {
            board.support_request(*request)?.must_be_open()?;
            let reason = reason.clone();
            (*request, SupportRequestEvent::Withdrawn { reason })
        }
        SupportRequestAction::Close {
            request,
            met,
            reason,
        } => {
            board.support_request(*request)?.must_be_open()?;
            let (met, reason) = (*met, reason.clone());
            if !met && reason.is_none() {
                return Err(Refusal::Missing(Text::new(
                    "Why the need was not met",
                    "未满足的原因",
                )));
            }
            (*request, SupportRequestEvent::Closed { met, reason })
        }
        SupportRequestAction::SeeAlarm { request, code } => {
            let found = board.support_request(*request)?;
            let alarm = timer::alarm_of_support(board, found, context.timers, context.now);
            timer::must_be_unseen(alarm, *code, &found.seen)?;
            (*request, SupportRequestEvent::AlarmSeen { code: *code })
        }
    };
    Ok(vec![Happened::new(request, Event::SupportRequest(event))])
}

fn ask(
    board: &Board,
    wish: &Wish,
    need: Option<&Prose>,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    check_extent(wish.quantity, wish.from, wish.until, context.now)?;
    if let Some(incident) = wish.incident {
        board.incident(incident)?;
    }
    let open = board.support_requests.values();
    if open.filter(|one| one.is_open()).count() >= limits::SUPPORT_REQUESTS_OPEN_MAX {
        return Err(Refusal::Limit {
            what: Text::new("open support requests", "未办结的支撑请求"),
            max: limits::SUPPORT_REQUESTS_OPEN_MAX,
        });
    }
    let id = SupportRequestId(context.entropy.next_16());
    let event = SupportRequestEvent::Asked {
        number: board.next_number(RecordKind::SupportRequest),
        home: context.node,
        wish: Box::new(wish.clone()),
    };
    let mut happened = Happened::new(id, Event::SupportRequest(event));
    happened.personal.note = need.cloned();
    let mut all = vec![happened];
    if let Some(operation) = wish.operation {
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

fn check_extent(
    quantity: u32,
    from: Timestamp,
    until: Timestamp,
    now: Timestamp,
) -> Result<(), Refusal> {
    if quantity == 0 {
        return Err(Refusal::Missing(Text::new(
            "How many are needed",
            "所需数量",
        )));
    }
    if quantity > limits::SUPPORT_QUANTITY_MAX {
        return Err(Refusal::Limit {
            what: Text::new("of one support request", "单次支撑请求的数量"),
            max: limits::SUPPORT_QUANTITY_MAX as usize,
        });
    }
    let latest = now.plus_s(limits::SUPPORT_AHEAD_S_MAX);
    if until <= from || until <= now || until > latest {
        return Err(Refusal::Missing(Text::new(
            "An end after the beginning, within thirty days",
            "晚于开始且在三十天之内的结束时间",
        )));
    }
    Ok(())
}

/// Accepts an offer. Of this agency's own the promise is given in the same step: its home is here.
fn commit(
    board: &Board,
    request: SupportRequestId,
    offer: Elsewhere,
    quantity: u32,
    context: &Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let found = board.support_request(request)?;
    found.must_be_open()?;
    let standing = support::standing(board, found, context.now);
    let answers = support::answers(board, found);
    let answer = answers.iter().find(|one| one.name == offer);
    let answer = answer.ok_or(Refusal::NotFound(RecordKind::SupportOffer))?;
    if found.last_commitment(offer).is_some() {
        return Err(Refusal::WrongState {
            kind: RecordKind::SupportOffer,
            state: Text::new("accepted already", "已采纳"),
            instead: Text::new("Ask for another offer.", "如需更多，请对方另行响应。"),
        });
    }
    answer.offer.must_be_acceptable(context.now)?;
    let Some(terms) = &answer.offer.terms else {
        return Err(Refusal::NotFound(RecordKind::SupportOffer));
    };
    let left = found.wish.quantity.saturating_sub(standing.committed);
    if quantity == 0 || quantity > terms.quantity {
        return Err(Refusal::NotEnough {
            what: found.wish.code.to_string(),
            has: terms.quantity,
            bound: quantity,
        });
    }
    if quantity > left {
        return Err(Refusal::NotEnough {
            what: found.wish.code.to_string(),
            has: left,
            bound: quantity,
        });
    }
    if found.commitments.len() >= limits::SUPPORT_COMMITMENTS_MAX {
        return Err(Refusal::Limit {
            what: Text::new("commitments of one request", "单次请求的承诺"),
            max: limits::SUPPORT_COMMITMENTS_MAX,
        });
    }
    let event = SupportRequestEvent::Committed { offer, quantity };
    let mut all = vec![Happened::new(request, Event::SupportRequest(event))];
    if offer.node == context.node {
        let event = support_offer::promised(board, answer.offer, quantity, context.now)?;
        all.push(Happened::new(answer.offer.id, Event::SupportOffer(event)));
    }
    Ok(all)
}

pub(super) fn apply(
    before: Option<&SupportRequest>,
    event: &SupportRequestEvent,
    personal: Option<&Personal>,
    meta: &Meta,
) -> Option<SupportRequest> {
    if let SupportRequestEvent::Asked { number, home, wish } = event {
        return Some(SupportRequest {
            id: SupportRequestId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            number: *number,
            home: *home,
            wish: wish.as_ref().clone(),
            asked_at: meta.happened_at,
            commitments: Vec::new(),
            ending: None,
            seen: Vec::new(),
            need: personal.and_then(|personal| personal.note.clone()),
        });
    }
    let mut request = before?.clone();
    request.version = meta.version;
    request.changed_at = meta.at;
    let at = meta.happened_at;
    match event {
        SupportRequestEvent::Asked { .. } => {}
        SupportRequestEvent::Amended {
            quantity,
            from,
            until,
            priority,
        } => {
            request.wish.quantity = *quantity;
            request.wish.from = *from;
            request.wish.until = *until;
            request.wish.priority = *priority;
        }
        SupportRequestEvent::Committed { offer, quantity } => {
            // An offer counts once, whatever another home's program says.
            let known = request.last_commitment(*offer).is_some();
            if !known && request.commitments.len() < limits::SUPPORT_COMMITMENTS_MAX {
                request.commitments.push(Commitment {
                    offer: *offer,
                    quantity: *quantity,
                    at,
                    released_at: None,
                });
            }
        }
        SupportRequestEvent::Released { offer } => {
            let mut all = request.commitments.iter_mut();
            if let Some(one) = all.find(|one| one.offer == *offer) {
                one.released_at.get_or_insert(at);
            }
        }
        SupportRequestEvent::Withdrawn { reason } => {
            end(&mut request, at, Ended::Withdrawn, Some(reason.clone()));
        }
        SupportRequestEvent::Closed { met, reason } => {
            let how = if *met { Ended::Met } else { Ended::Unmet };
            end(&mut request, at, how, reason.clone());
        }
        SupportRequestEvent::AlarmSeen { code } => {
            super::keep_newest(&mut request.seen, meta.seen(*code));
        }
    }
    Some(request)
}

fn end(request: &mut SupportRequest, at: Timestamp, how: Ended, reason: Option<Line>) {
    request.ending = Some(Ending { at, how, reason });
    for one in &mut request.commitments {
        one.released_at.get_or_insert(at);
    }
}

//! A handover (交接班): what was open when a duty post changed hands, item by item, and who signed for it.
//!
//! The node lists what is open ([`duty::open_items`]); nobody can leave anything out. The incoming person accepts each
//! item or questions it; the outgoing explains. Both sign, and with the second signature, and nothing else, the post
//! changes hands. At that moment everything that is open then must have been accepted, whatever arose meanwhile. Who is
//! gone signs nothing: that is said, with a reason, and the incoming accepts alone. Questions, explanations and reasons
//! are personal and sealed.

use serde::{Deserialize, Serialize};

use super::duty_post::{limit, missing};
use super::shift::{self, ShiftEvent};
use super::{Actor, Context, Event, Happened, Life, Meta, RecordKind};
use crate::basis::{DutyPostId, HandoverId, PersonId, Personal, Prose, ShiftId, Text, Timestamp};
use crate::board::Board;
use crate::duty::{self, ItemName, OpenItem};
use crate::limits;
use crate::refusal::Refusal;

/// A handover as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// Its name in entries and the API.
    pub id: HandoverId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// What changes hands.
    pub post: DutyPostId,
    /// The shift that is left.
    pub from: ShiftId,
    /// The shift that begins, or goes on.
    pub to: ShiftId,
    /// Who hands over.
    pub outgoing: PersonId,
    /// Who takes over.
    pub incoming: PersonId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// That the outgoing person is gone, if they are.
    pub gone: Option<Gone>,
    /// What was listed, and how it was answered.
    pub items: Vec<Item>,
    /// When the outgoing person signed.
    pub signed_out_at: Option<Timestamp>,
    /// When the incoming person signed.
    pub signed_in_at: Option<Timestamp>,
    /// That it was given up, if it was.
    pub given_up: Option<Gone>,
}

/// Somebody said so, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// When.
    pub at: Timestamp,
    /// Who said so.
    pub by: Actor,
    /// Why; absent when its key is gone.
    #[serde(skip)]
    pub reason: Option<Prose>,
}

/// One item of a handover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What is open.
    pub open: OpenItem,
    /// How it was answered.
    pub answer: Answer,
    /// What was asked and explained about it, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub talk: Vec<Said>,
}

/// How an item was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Answer {
    /// Not yet.
    Unanswered,
    /// The incoming person asks.
    Questioned,
    /// The outgoing person has explained.
    Explained,
    /// The incoming person has taken it over.
    Accepted {
        /// When.
        at: Timestamp,
    },
}

/// Something was asked or explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// What; absent when its key is gone.
    #[serde(skip)]
    pub text: Option<Prose>,
}

impl Handover {
    /// Returns true until it is signed by both, or given up.
    pub fn is_open(&self) -> bool {
        self.given_up.is_none() && !self.is_signed()
    }

    /// Returns true once the post has changed hands by it.
    pub fn is_signed(&self) -> bool {
        self.signed_in_at.is_some() && (self.signed_out_at.is_some() || self.gone.is_some())
    }

    /// Returns an item by its name.
    pub fn item(&self, name: &ItemName) -> Option<&Item> {
        self.items.iter().find(|item| item.open.name == *name)
    }

    fn is_accepted(&self, name: &ItemName) -> bool {
        let found = self.item(name);
        found.is_some_and(|item| matches!(item.answer, Answer::Accepted { .. }))
    }
}

#[derive(Serialize, Deserialize)]
struct Texts {
    gone: Option<Prose>,
    given_up: Option<Prose>,
    talk: Vec<Vec<Option<Prose>>>,
}

impl Life for Handover {
    fn needs_attention(&self) -> bool {
        self.is_open()
    }

    fn over_since(&self) -> Option<Timestamp> {
        (!self.is_open()).then_some(self.changed_at)
    }

    fn personal_json(&self) -> Option<Vec<u8>> {
        let reason = |gone: &Option<Gone>| gone.as_ref().and_then(|gone| gone.reason.clone());
        let talk = |item: &Item| item.talk.iter().map(|said| said.text.clone()).collect();
        let texts = Texts {
            gone: reason(&self.gone),
            given_up: reason(&self.given_up),
            talk: self.items.iter().map(talk).collect(),
        };
        let any = texts.gone.is_some()
            || texts.given_up.is_some()
            || texts.talk.iter().flatten().any(Option::is_some);
        any.then(|| serde_json::to_vec(&texts).ok())?
    }

    fn take_personal(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        let texts: Texts = serde_json::from_slice(json)?;
        if let Some(gone) = &mut self.gone {
            gone.reason = texts.gone;
        }
        if let Some(given_up) = &mut self.given_up {
            given_up.reason = texts.given_up;
        }
        for (item, all) in self.items.iter_mut().zip(texts.talk) {
            for (said, text) in item.talk.iter_mut().zip(all) {
                said.text = text;
            }
        }
        Ok(())
    }
}

/// What can be asked of a handover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandoverAction {
    /// Begin one: the node lists what is open.
    Open {
        /// The shift that is left.
        from: ShiftId,
        /// Who hands over.
        outgoing: PersonId,
        /// The shift that begins, or goes on.
        to: ShiftId,
        /// Who takes over.
        incoming: PersonId,
    },
    /// Take an item over.
    Accept {
        /// Of which.
        handover: HandoverId,
        /// Which.
        item: ItemName,
    },
    /// Question an item.
    Question {
        /// Of which.
        handover: HandoverId,
        /// Which.
        item: ItemName,
        /// What is asked.
        text: Prose,
    },
    /// Explain an item that was questioned.
    Explain {
        /// Of which.
        handover: HandoverId,
        /// Which.
        item: ItemName,
        /// The explanation.
        text: Prose,
    },
    /// Say that the outgoing person is gone and cannot hand over.
    SayGone {
        /// Which.
        handover: HandoverId,
        /// Why.
        reason: Prose,
    },
    /// Sign, as whoever one is in it.
    Sign {
        /// Which.
        handover: HandoverId,
    },
    /// Give it up: the post stays with the outgoing person.
    GiveUp {
        /// Which.
        handover: HandoverId,
        /// Why.
        reason: Prose,
    },
}

impl HandoverAction {
    /// Returns the handover it changes.
    pub fn subject(&self) -> Option<HandoverId> {
        match self {
            HandoverAction::Open { .. } => None,
            HandoverAction::Accept { handover, .. }
            | HandoverAction::Question { handover, .. }
            | HandoverAction::Explain { handover, .. }
            | HandoverAction::SayGone { handover, .. }
            | HandoverAction::Sign { handover }
            | HandoverAction::GiveUp { handover, .. } => Some(*handover),
        }
    }
}

/// What happened to a handover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum HandoverEvent {
    /// It began.
    Opened {
        /// What changes hands.
        post: DutyPostId,
        /// The shift that is left.
        from: ShiftId,
        /// The shift that begins, or goes on.
        to: ShiftId,
        /// Who hands over.
        outgoing: PersonId,
        /// Who takes over.
        incoming: PersonId,
        /// What is open.
        items: Vec<OpenItem>,
    },
    /// An item was taken over; whole, because it may have arisen since it began.
    Accepted {
        /// Which.
        item: OpenItem,
    },
    /// An item was questioned; what was asked is in the personal part.
    Questioned {
        /// Which.
        item: OpenItem,
    },
    /// An item was explained; how is in the personal part.
    Explained {
        /// Which.
        item: ItemName,
    },
    /// The outgoing person is gone; why is in the personal part.
    SaidGone,
    /// Somebody signed.
    Signed {
        /// Who.
        side: Side,
    },
    /// It was given up; why is in the personal part.
    GivenUp,
}

/// Who somebody is in a handover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Hands over.
    Outgoing,
    /// Takes over.
    Incoming,
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 7] = [
    "opened",
    "accepted",
    "questioned",
    "explained",
    "said_gone",
    "signed",
    "given_up",
];

pub(super) fn decide(
    board: &Board,
    action: &HandoverAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    match action {
        HandoverAction::Open {
            from,
            outgoing,
            to,
            incoming,
        } => open(board, (*from, *outgoing), (*to, *incoming), context),
        HandoverAction::Accept { handover, item } => {
            let found = must_be_open(board, *handover)?;
            must_be(found.incoming, context)?;
            let open = must_be_an_item(board, found, item, context)?;
            if found.is_accepted(item) {
                return Err(done("one whose item is accepted already", "该项已接收"));
            }
            Ok(vec![happened(
                *handover,
                HandoverEvent::Accepted { item: open },
                None,
            )])
        }
        HandoverAction::Question {
            handover,
            item,
            text,
        } => {
            let found = must_be_open(board, *handover)?;
            must_be(found.incoming, context)?;
            let open = must_be_an_item(board, found, item, context)?;
            must_have_room(found, item)?;
            if found.signed_in_at.is_some() && found.is_accepted(item) {
                return Err(done("one in which that item was signed for", "该项已签收"));
            }
            let event = HandoverEvent::Questioned { item: open };
            Ok(vec![happened(*handover, event, Some(text))])
        }
        HandoverAction::Explain {
            handover,
            item,
            text,
        } => {
            let found = must_be_open(board, *handover)?;
            must_be(found.outgoing, context)?;
            let asked = found.item(item);
            if asked.is_none_or(|one| one.answer != Answer::Questioned) {
                return Err(missing("A question to explain", "待说明的疑问"));
            }
            must_have_room(found, item)?;
            let event = HandoverEvent::Explained { item: item.clone() };
            Ok(vec![happened(*handover, event, Some(text))])
        }
        HandoverAction::SayGone { handover, reason } => {
            let found = must_be_open(board, *handover)?;
            if found.gone.is_some() || found.signed_out_at.is_some() {
                return Err(done(
                    "one that the outgoing person need not sign any more",
                    "交班人员无需再签字",
                ));
            }
            if context.by.person == found.outgoing {
                return Err(done("one whose outgoing person is here", "交班人员在场"));
            }
            let mut all = vec![happened(*handover, HandoverEvent::SaidGone, Some(reason))];
            if found.signed_in_at.is_some() {
                // Nobody else has to sign: the post changes hands now.
                must_be_answered(board, found, context)?;
                all.extend(change_hands(board, found, context.now)?);
            }
            Ok(all)
        }
        HandoverAction::Sign { handover } => sign(board, *handover, context),
        HandoverAction::GiveUp { handover, reason } => {
            must_be_open(board, *handover)?;
            let event = HandoverEvent::GivenUp;
            Ok(vec![happened(*handover, event, Some(reason))])
        }
    }
}

fn happened(id: HandoverId, event: HandoverEvent, note: Option<&Prose>) -> Happened {
    let mut one = Happened::new(id, Event::Handover(event));
    one.personal.note = note.cloned();
    one
}

fn open(
    board: &Board,
    (from, outgoing): (ShiftId, PersonId),
    (to, incoming): (ShiftId, PersonId),
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let left = shift::must_be_open(board, from)?;
    if !left.has_on(outgoing) {
        return Err(shift::not_on());
    }
    if outgoing == incoming {
        return Err(Refusal::Circle(RecordKind::Person));
    }
    shift::must_come_on(board, to, incoming, context.now)?;
    let post = left.post;
    if board.shift(to)?.post != post {
        return Err(missing(
            "A duty shift of the same duty post",
            "同一岗位的班次",
        ));
    }
    if let Some(other) = duty::handover_of(board, post) {
        let name = duty::name_of(board, other.incoming);
        return Err(Refusal::WrongState {
            kind: RecordKind::DutyPost,
            state: Text::new(
                format!("being handed over to {name} already"),
                format!("正在与{name}交接"),
            ),
            instead: Text::new(
                "Finish that handover, or give it up.",
                "请完成或取消该次交接。",
            ),
        });
    }
    let mut items = duty::open_items(board, context.node, post, context.timers, context.now);
    items.truncate(limits::HANDOVER_LISTED_MAX);
    let id = HandoverId(context.entropy.next_16());
    let event = HandoverEvent::Opened {
        post,
        from,
        to,
        outgoing,
        incoming,
        items,
    };
    Ok(vec![happened(id, event, None)])
}

fn must_be_open(board: &Board, handover: HandoverId) -> Result<&Handover, Refusal> {
    let found = board.handover(handover)?;
    if found.is_open() {
        return Ok(found);
    }
    Err(if found.given_up.is_some() {
        done("given up", "已取消")
    } else {
        done("signed by both", "双方已签字")
    })
}

fn must_be(person: PersonId, context: &Context<'_>) -> Result<(), Refusal> {
    if context.by.person == person {
        return Ok(());
    }
    Err(done(
        "one in which that is for somebody else to say",
        "该操作须由当事人本人完成",
    ))
}

fn done(en: &str, zh: &str) -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::Handover,
        state: Text::new(en, zh),
        instead: Text::new(
            "Look at the handover as it is now.",
            "请查看交接班的最新状态。",
        ),
    }
}

/// Returns an item that was listed, or is open now.
fn must_be_an_item(
    board: &Board,
    found: &Handover,
    item: &ItemName,
    context: &Context<'_>,
) -> Result<OpenItem, Refusal> {
    if let Some(listed) = found.item(item) {
        return Ok(listed.open.clone());
    }
    if found.items.len() >= limits::HANDOVER_ITEMS_MAX {
        return Err(limit(
            "items of a handover",
            "每次交接的事项",
            limits::HANDOVER_ITEMS_MAX,
        ));
    }
    let open = duty::open_items(board, context.node, found.post, context.timers, context.now);
    let arisen = open.into_iter().find(|one| one.name == *item);
    arisen.ok_or_else(|| missing("An item that is open", "未结事项"))
}

fn must_have_room(found: &Handover, item: &ItemName) -> Result<(), Refusal> {
    let said = found.item(item).map_or(0, |one| one.talk.len());
    if said < limits::HANDOVER_TALK_MAX {
        return Ok(());
    }
    Err(limit(
        "questions and explanations about one item",
        "每项提问与说明",
        limits::HANDOVER_TALK_MAX,
    ))
}

fn sign(
    board: &Board,
    handover: HandoverId,
    context: &Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let found = must_be_open(board, handover)?;
    let by = context.by.person;
    let side = if by == found.incoming {
        Side::Incoming
    } else if by == found.outgoing {
        Side::Outgoing
    } else {
        return Err(done(
            "one that only the two people in it sign",
            "须由交接双方本人签字",
        ));
    };
    let (signed, other_done) = match side {
        Side::Incoming => (
            found.signed_in_at,
            found.signed_out_at.is_some() || found.gone.is_some(),
        ),
        Side::Outgoing => (found.signed_out_at, found.signed_in_at.is_some()),
    };
    if signed.is_some() {
        return Err(done("one that you have signed", "您已签字"));
    }
    if side == Side::Outgoing && found.gone.is_some() {
        return Err(done(
            "one whose outgoing person was said to be gone",
            "已登记交班人员离岗",
        ));
    }
    // Nothing may be lost: what is open at this moment is in the handover and accepted, or nobody takes over.
    if side == Side::Incoming || other_done {
        must_be_answered(board, found, context)?;
    } else if let Some(asked) = unexplained(found) {
        return Err(Refusal::ItemsOpen {
            count: 1,
            first: asked.open.what.clone(),
        });
    }
    let signed = happened(handover, HandoverEvent::Signed { side }, None);
    if !other_done {
        return Ok(vec![signed]);
    }
    let mut all = vec![signed];
    all.extend(change_hands(board, found, context.now)?);
    Ok(all)
}

fn unexplained(found: &Handover) -> Option<&Item> {
    let mut items = found.items.iter();
    items.find(|item| item.answer == Answer::Questioned)
}

/// Refuses while anything that is open now, or was questioned, is not accepted. What was listed and has ended meanwhile
/// needs no answer.
fn must_be_answered(board: &Board, found: &Handover, context: &Context<'_>) -> Result<(), Refusal> {
    let open = duty::open_items(board, context.node, found.post, context.timers, context.now);
    let asked = found
        .items
        .iter()
        .filter(|item| matches!(item.answer, Answer::Questioned | Answer::Explained))
        .map(|item| &item.open);
    let waiting = open
        .iter()
        .filter(|one| !found.is_accepted(&one.name) && !is_asked(found, &one.name));
    let mut all = asked.chain(waiting);
    let Some(first) = all.next() else {
        return Ok(());
    };
    Err(Refusal::ItemsOpen {
        count: 1 + all.count(),
        first: first.what.clone(),
    })
}

fn is_asked(found: &Handover, name: &ItemName) -> bool {
    let found = found.item(name);
    found.is_some_and(|item| matches!(item.answer, Answer::Questioned | Answer::Explained))
}

/// Lets the post change hands: one goes off, the other comes on.
fn change_hands(board: &Board, found: &Handover, now: Timestamp) -> Result<Vec<Happened>, Refusal> {
    let (left, begun) = (
        board.shift(found.from)?,
        shift::must_be_open(board, found.to)?,
    );
    if !left.is_open() || !left.has_on(found.outgoing) {
        return Err(shift::not_on());
    }
    let handover = Some(found.id);
    let person = found.outgoing;
    let closes = found.from != found.to && left.on.len() == 1;
    let off = ShiftEvent::WentOff {
        person,
        handover,
        closes,
    };
    let mut all = vec![Happened::new(found.from, Event::Shift(off))];
    if !begun.has_on(found.incoming) && now < begun.until {
        // Long handovers run past what would be the last moment to come on; the person is there.
        shift::must_come_on(board, found.to, found.incoming, now)?;
    }
    let on = ShiftEvent::CameOn {
        person: found.incoming,
        handover,
        holds: true,
    };
    all.push(Happened::new(found.to, Event::Shift(on)));
    Ok(all)
}

pub(super) fn apply(
    before: Option<&Handover>,
    event: &HandoverEvent,
    personal: Option<&Personal>,
    meta: &Meta,
) -> Option<Handover> {
    if let HandoverEvent::Opened {
        post,
        from,
        to,
        outgoing,
        incoming,
        items,
    } = event
    {
        let mut made = Handover {
            id: HandoverId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            post: *post,
            from: *from,
            to: *to,
            outgoing: *outgoing,
            incoming: *incoming,
            opened_at: meta.happened_at,
            gone: None,
            items: Vec::new(),
            signed_out_at: None,
            signed_in_at: None,
            given_up: None,
        };
        for item in items {
            made.listed(item);
        }
        return Some(made);
    }
    let mut handover = before?.clone();
    handover.version = meta.version;
    handover.changed_at = meta.at;
    let text = personal.and_then(|personal| personal.note.clone());
    let at = meta.happened_at;
    let said = |text| Said {
        at,
        by: meta.by,
        text,
    };
    let why = |reason| {
        Some(Gone {
            at,
            by: meta.by,
            reason,
        })
    };
    match event {
        HandoverEvent::Opened { .. } => {}
        HandoverEvent::Accepted { item } => {
            handover.listed(item).answer = Answer::Accepted { at };
        }
        HandoverEvent::Questioned { item } => {
            let item = handover.listed(item);
            item.answer = Answer::Questioned;
            item.talk.push(said(text));
        }
        HandoverEvent::Explained { item } => {
            let mut items = handover.items.iter_mut();
            if let Some(item) = items.find(|one| one.open.name == *item) {
                item.answer = Answer::Explained;
                item.talk.push(said(text));
            }
        }
        HandoverEvent::SaidGone => handover.gone = why(text),
        HandoverEvent::Signed { side } => match side {
            Side::Outgoing => handover.signed_out_at = Some(at),
            Side::Incoming => handover.signed_in_at = Some(at),
        },
        HandoverEvent::GivenUp => handover.given_up = why(text),
    }
    Some(handover)
}

impl Handover {
    /// Returns the item of that name, listed now if it was not.
    fn listed(&mut self, open: &OpenItem) -> &mut Item {
        let at = self
            .items
            .iter()
            .position(|item| item.open.name == open.name);
        let at = at.unwrap_or_else(|| {
            self.items.push(Item {
                open: open.clone(),
                answer: Answer::Unanswered,
                talk: Vec::new(),
            });
            self.items.len() - 1
        });
        &mut self.items[at]
    }
}

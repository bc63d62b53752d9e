//! Random asks for support, answers, acceptances and returns, most of them such as somebody might really try. What must
//! hold: at no moment is more of a capability promised than there is, and no offer counts twice. Start at [`action`].

use std::cell::Cell;

use super::random::Dice;
use super::{invariants, new_world, prove};
use crate::basis::{
    Code, Line, Priority, SupportCapabilityId, SupportOfferId, SupportRequestId, Timestamp,
};
use crate::board::Board;
use crate::record::support_capability::{CapabilityDetails, Hours, SupportCapabilityAction};
use crate::record::support_offer::{Stage, SupportOfferAction};
use crate::record::support_request::{SupportRequestAction, Wish};
use crate::record::{Action, Elsewhere};
use crate::refusal::Refusal;
use crate::story::world::{Asked, World};
use crate::support;
use crate::timer::AlarmCode;

fn line(text: &str) -> Line {
    text.parse().unwrap()
}

fn code(dice: &Dice) -> Code {
    let codes = ["drone", "dog", "crane"];
    codes[usize::from(dice.0[2]) % 3].parse().unwrap()
}

fn details(dice: &Dice) -> CapabilityDetails {
    CapabilityDetails {
        code: code(dice),
        name: line("Something"),
        name_other: None,
        quantity: 1 + u32::from(dice.0[3] % 4),
        hours: vec![Hours {
            days: Vec::new(),
            from_min: 0,
            until_min: 0,
            who: line("duty desk"),
            reach: line("8110"),
        }],
        note: None,
    }
}

fn nth<K: Copy>(mut of: impl ExactSizeIterator<Item = K>, at: u16) -> Option<K> {
    let count = of.len().max(1);
    of.nth(usize::from(at) % count)
}

/// Steps of support after a run: enough to come to every kind of them in the longest run.
const STEPS_MAX: usize = 500;

/// Lives some support after a run, so that what the rest of it comes to does not hang on it.
pub(super) fn lived(world: &mut World, run: &[Dice]) {
    for dice in run.iter().take(STEPS_MAX) {
        world.now.0 += i64::from(dice.0[0] % 120) * 1_000;
        let action = action(world, dice);
        drop(world.ask(Asked::default(), action));
    }
}

/// Returns the action on support that the dice say.
pub(super) fn action(world: &World, dice: &Dice) -> Action {
    let board = world.engine.board();
    let now = world.now;
    let minutes = |count: u16| Timestamp(now.0 + 60_000 * i64::from(count));
    let nobody = ([9; 16], watchfire_feed::NodeId([9; 32]));
    let capability = nth(board.support_capabilities.keys().copied(), dice.0[2]);
    let capability = capability.unwrap_or(SupportCapabilityId(nobody.0));
    // Mostly what still goes on.
    let any = dice.0[5] % 8 == 6;
    let requests = board.support_requests.values();
    let requests: Vec<SupportRequestId> = requests
        .filter(|one| any || one.is_open())
        .map(|one| one.id)
        .collect();
    let request = nth(requests.into_iter(), dice.0[3]);
    let request = request.unwrap_or(SupportRequestId(nobody.0));
    let offers = board.support_offers.values();
    let offers: Vec<SupportOfferId> = offers
        .filter(|one| any || one.ended_at.is_none())
        .map(|one| one.id)
        .collect();
    let offer = nth(offers.into_iter(), dice.0[4]);
    let offer = offer.unwrap_or(SupportOfferId(nobody.0));
    let asked = board.support_requests.get(&request);
    let to = Elsewhere {
        node: asked.map_or(nobody.1, |found| found.home),
        record: request.into(),
    };
    let of = board.support_offers.get(&offer);
    let answered = of.map_or(request, |found| SupportRequestId(found.request.record.id));
    let by = Elsewhere {
        node: of.map_or(nobody.1, |found| found.home),
        record: offer.into(),
    };
    let quantity = u32::from(dice.0[5] / 4 % 5).min(3);
    let reason = line("not now");
    let capabilities = |action| Action::SupportCapability(action);
    let requests = |action| Action::SupportRequest(action);
    let offers = |action| Action::SupportOffer(action);
    match dice.0[1] % 25 {
        0 => capabilities(SupportCapabilityAction::Enter {
            details: details(dice),
        }),
        1 => capabilities(SupportCapabilityAction::Amend {
            capability,
            details: details(dice),
        }),
        2 if dice.0[5].is_multiple_of(3) => {
            capabilities(SupportCapabilityAction::Retire { capability, reason })
        }
        2..=5 => requests(SupportRequestAction::Ask {
            wish: Wish {
                code: code(dice),
                quantity: 1 + quantity,
                place: None,
                from: now,
                until: minutes(1 + dice.0[4] % 600),
                purpose: line("search the bank"),
                priority: Priority::P2,
                incident: None,
                operation: None,
            },
            need: None,
        }),
        6..=10 => offers(SupportOfferAction::Offer {
            request: to,
            capability,
            quantity,
            from: minutes(dice.0[4] % 90),
            eta: minutes(dice.0[4] % 90 + 1),
            until: minutes(dice.0[4] % 90 + 2 + dice.0[3] % 120),
            answer_by: minutes(1 + dice.0[3] % 60),
            note: None,
        }),
        11 => offers(SupportOfferAction::Decline {
            request: to,
            reason,
        }),
        12..=14 => requests(SupportRequestAction::Commit {
            request: answered,
            offer: by,
            quantity,
        }),
        16 => requests(SupportRequestAction::Release {
            request: answered,
            offer: by,
        }),
        17 if any => offers(SupportOfferAction::Promise { offer }),
        17 => requests(SupportRequestAction::Withdraw { request, reason }),
        18 => offers(SupportOfferAction::Retime {
            offer,
            eta: minutes(dice.0[3] % 60),
            until: minutes(dice.0[3] % 60 + dice.0[2] % 90),
        }),
        15 | 19 => offers(SupportOfferAction::Deliver { offer }),
        20 => offers(SupportOfferAction::Return { offer }),
        21 => offers(SupportOfferAction::Withdraw { offer, reason }),
        22 => requests(SupportRequestAction::Close {
            request,
            met: dice.0[5] % 8 == 2,
            reason: Some(reason),
        }),
        23 => requests(SupportRequestAction::SeeAlarm {
            request,
            code: match dice.0[4] % 2 {
                0 => AlarmCode::SupportUnanswered,
                _ => AlarmCode::SupportShort,
            },
        }),
        _ => requests(SupportRequestAction::Amend {
            request,
            quantity: 1 + quantity,
            from: now,
            until: minutes(1 + dice.0[4] % 600),
            priority: Priority::P1,
        }),
    }
}

/// At every moment the leases of what is promised, and of what can still be accepted, are no more than there is.
fn nothing_is_promised_twice(board: &Board, now: Timestamp) {
    for capability in board.support_capabilities.values() {
        let leases: Vec<(Timestamp, Timestamp, u32)> = board
            .support_offers
            .values()
            .filter_map(|offer| {
                let terms = offer.terms.as_ref()?;
                let quantity = match offer.stage {
                    Stage::Offered if now < terms.answer_by => terms.quantity,
                    Stage::Promised | Stage::Delivered => offer.promised,
                    Stage::Offered | Stage::Returned | Stage::Withdrawn | Stage::Declined => 0,
                };
                let of = terms.capability == capability.id;
                of.then_some((terms.from, terms.until, quantity))
            })
            .collect();
        for (moment, until, _) in &leases {
            // What was there may have become fewer since a lease ended.
            if *until <= now {
                continue;
            }
            let moment = (*moment).max(now);
            let at = leases
                .iter()
                .filter(|(from, until, _)| *from <= moment && moment < *until);
            let sum: u32 = at.map(|(_, _, quantity)| quantity).sum();
            let has = capability.details.quantity;
            assert!(sum <= has, "{sum} of {has} are promised at {moment:?}");
        }
    }
}

/// What a request counts is what its accepted offers come to, each once.
fn nothing_counts_twice(board: &Board, now: Timestamp) {
    for request in board.support_requests.values() {
        let mut offers: Vec<Elsewhere> = request.commitments.iter().map(|one| one.offer).collect();
        offers.sort_unstable();
        offers.dedup();
        assert_eq!(
            offers.len(),
            request.commitments.len(),
            "one offer, one commitment"
        );
        let standing = support::standing(board, request, now);
        let live = board.support_offers.values().filter(|offer| {
            let holds = matches!(offer.stage, Stage::Promised | Stage::Delivered);
            holds && request.commitment(offer.name()).is_some()
        });
        let promised: u32 = live.map(|offer| offer.promised).sum();
        assert_eq!(
            standing.committed, promised,
            "of this agency's own all is promised at once"
        );
        assert!(standing.committed <= request.wish.quantity);
        assert!(standing.there <= standing.committed && standing.delivered >= standing.there);
    }
}

#[test]
fn whatever_is_offered_and_accepted_nothing_is_promised_twice_and_no_offer_counts_twice() {
    let (promised, refused) = (Cell::new(0), Cell::new(0));
    prove(24, 160, |run| {
        let mut world = new_world();
        for at in 0..3 {
            let dice = Dice([0, 0, at, 3, 599, 16]);
            for what in [0, 3, 3] {
                let [_, _, code, has, until, asked] = dice.0;
                let dice = Dice([0, what, code, has, until, asked]);
                let action = action(&world, &dice);
                world.ask(Asked::default(), action).unwrap();
            }
        }
        for (at, dice) in run.iter().enumerate() {
            world.now.0 += i64::from(dice.0[0] % 120) * 1_000;
            let asked = Asked {
                key: Some(format!("support {at}")),
                ..Asked::default()
            };
            let action = action(&world, dice);
            if let Err(Refusal::NotEnough { .. }) = world.ask(asked, action) {
                refused.set(refused.get() + 1);
            }
            nothing_is_promised_twice(world.engine.board(), world.now);
            nothing_counts_twice(world.engine.board(), world.now);
        }
        let offers = world.engine.board().support_offers.values();
        promised.set(promised.get() + offers.filter(|one| one.promised > 0).count());
        invariants::check(&world);
        world.check();
    });
    // A property that is never put to the test holds easily.
    assert!(promised.get() > 100, "{}", promised.get());
    assert!(refused.get() > 100, "{}", refused.get());
}

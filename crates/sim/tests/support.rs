//! Support across nodes and cuts: a request here, offers there, accepted in parts; what was accepted in time is promised
//! when its home hears of it, and what lapsed meanwhile is seen by both for what it is.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use common::*;
use watchfire_core::basis::{OperationId, SupportCapabilityId, SupportOfferId, SupportRequestId};
use watchfire_core::record::participation::Tier;
use watchfire_core::record::support_capability::{
    CapabilityDetails, Hours, SupportCapabilityAction,
};
use watchfire_core::record::support_offer::{Stage, SupportOfferAction};
use watchfire_core::record::support_request::{SupportRequestAction, Wish};
use watchfire_core::record::{Action, Elsewhere, Record, RecordKind};
use watchfire_core::refusal::Refusal;
use watchfire_core::support::{self, Come, Standing};
use watchfire_sim::site::{Site, pull};

fn drones(site: &mut Site, operation: OperationId, quantity: u32) -> SupportCapabilityId {
    let hours = Hours {
        days: Vec::new(),
        from_min: 0,
        until_min: 0,
        who: "air desk".parse().unwrap(),
        reach: "8110".parse().unwrap(),
    };
    let details = CapabilityDetails {
        code: "drone".parse().unwrap(),
        name: "Drone".parse().unwrap(),
        name_other: None,
        quantity,
        hours: vec![hours],
        note: None,
    };
    let enter = Action::SupportCapability(SupportCapabilityAction::Enter { details });
    let id = SupportCapabilityId(site.ask(enter).unwrap().records[0].0.id);
    share(site, operation, id, Tier::Assist);
    id
}

fn ask_for(site: &mut Site, operation: OperationId, quantity: u32) -> SupportRequestId {
    let wish = Wish {
        code: "drone".parse().unwrap(),
        quantity,
        place: Some(place()),
        from: site.now,
        until: site.now.plus_s(4 * 3_600),
        purpose: "search the river bank".parse().unwrap(),
        priority: watchfire_core::basis::Priority::P1,
        incident: None,
        operation: Some(operation),
    };
    let need = Some("a child of seven".parse().unwrap());
    let asked = site
        .ask(Action::SupportRequest(SupportRequestAction::Ask {
            wish,
            need,
        }))
        .unwrap();
    SupportRequestId(asked.records[0].0.id)
}

fn offer(
    site: &mut Site,
    request: Elsewhere,
    capability: SupportCapabilityId,
    quantity: u32,
) -> Result<SupportOfferId, Refusal> {
    let now = site.now;
    let made = site.ask(Action::SupportOffer(SupportOfferAction::Offer {
        request,
        capability,
        quantity,
        from: now,
        eta: now.plus_s(600),
        until: now.plus_s(3 * 3_600),
        answer_by: now.plus_s(1_800),
        note: Some("pilot Wang drives".parse().unwrap()),
    }))?;
    Ok(SupportOfferId(made.records[0].0.id))
}

fn commit(site: &mut Site, request: SupportRequestId, offer: Elsewhere, quantity: u32) {
    let commit = SupportRequestAction::Commit {
        request,
        offer,
        quantity,
    };
    site.ask(Action::SupportRequest(commit)).unwrap();
}

fn standing(site: &Site, request: SupportRequestId) -> Standing {
    let found = &site.shown.support_requests[&request];
    support::standing(&site.shown, found, site.now)
}

#[test]
fn a_need_goes_out_to_all_members_and_is_met_by_two_of_them_in_parts() {
    let (mut a, mut b, mut c, operation) = joint();
    let of_b = drones(&mut b, operation, 2);
    let of_c = drones(&mut c, operation, 1);
    settle(&mut [&mut a, &mut b, &mut c]);
    let code = "drone".parse().unwrap();
    assert_eq!(support::who_can(&a.shown, a.node(), &code, a.now).len(), 2);

    let need = ask_for(&mut a, operation, 3);
    settle(&mut [&mut a, &mut b, &mut c]);
    let name = of(&a, need);
    for other in [&b, &c] {
        let open = support::requests_elsewhere(&other.shown, other.node(), other.now);
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].0, name);
        let told = open[0].1.request.need.as_ref().unwrap();
        assert_eq!(
            told.as_str(),
            "a child of seven",
            "who is asked knows what for"
        );
    }
    let first = offer(&mut b, name, of_b, 2).unwrap();
    let second = offer(&mut c, name, of_c, 1).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    assert_eq!(standing(&a, need).on_offer, 3);
    let (first_name, second_name) = (of(&b, first), of(&c, second));
    commit(&mut a, need, first_name, 2);
    commit(&mut a, need, second_name, 1);
    assert_eq!(
        standing(&a, need).provisional,
        3,
        "no home has heard of it yet"
    );
    settle(&mut [&mut a, &mut b, &mut c]);
    assert_eq!(b.shown.support_offers[&first].stage, Stage::Promised);
    let come = standing(&a, need);
    assert_eq!((come.committed, come.provisional), (3, 0));
    b.ask(Action::SupportOffer(SupportOfferAction::Deliver {
        offer: first,
    }))
    .unwrap();
    c.ask(Action::SupportOffer(SupportOfferAction::Deliver {
        offer: second,
    }))
    .unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    let come = standing(&a, need).come(&a.shown.support_requests[&need]);
    assert_eq!(come, Come::Delivered);
    // All see the same of it.
    let answers = support::answers_to(&c.shown, name);
    assert_eq!(answers.len(), 2, "each member sees who answered what");
    let close = SupportRequestAction::Close {
        request: need,
        met: true,
        reason: None,
    };
    a.ask(Action::SupportRequest(close)).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    assert_eq!(
        b.shown.support_offers[&first].stage,
        Stage::Delivered,
        "it is not back yet"
    );
    b.ask(Action::SupportOffer(SupportOfferAction::Return {
        offer: first,
    }))
    .unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    let Some(Record::SupportOffer(back)) = a.copy(of(&b, first)) else {
        panic!("a holds what b told");
    };
    assert_eq!(back.stage, Stage::Returned);
    check(&[&a, &b, &c]);
    b.restart();
    check(&[&b]);
}

#[test]
fn across_a_cut_the_home_alone_promises_and_what_lapsed_is_seen_by_both() {
    let (mut a, mut b, mut c, operation) = joint();
    let of_b = drones(&mut b, operation, 1);
    let (one, two) = (ask_for(&mut a, operation, 1), ask_for(&mut c, operation, 1));
    settle(&mut [&mut a, &mut b, &mut c]);
    let (one_name, two_name) = (of(&a, one), of(&c, two));
    let first = offer(&mut b, one_name, of_b, 1).unwrap();
    assert!(
        matches!(
            offer(&mut b, two_name, of_b, 1),
            Err(Refusal::NotEnough { .. })
        ),
        "the one drone is held for a until it answers"
    );
    settle(&mut [&mut a, &mut b, &mut c]);
    // The line is cut. a accepts in time; b hears nothing, and after the time it had given offers the drone to c.
    let first_name = of(&b, first);
    commit(&mut a, one, first_name, 1);
    assert_eq!(standing(&a, one).provisional, 1);
    for site in [&mut a, &mut b, &mut c] {
        site.now = site.now.plus_s(1_900);
    }
    let second = offer(&mut b, two_name, of_b, 1).unwrap();
    pull(&mut c, &b);
    let second_name = of(&b, second);
    commit(&mut c, two, second_name, 1);
    pull(&mut b, &c);
    assert_eq!(b.shown.support_offers[&second].stage, Stage::Promised);
    // It heals: b has no second drone, and both sides see that the first was accepted and is not promised.
    settle(&mut [&mut a, &mut b, &mut c]);
    assert_eq!(b.shown.support_offers[&first].stage, Stage::Offered);
    let come = standing(&a, one);
    assert_eq!(
        (come.committed, come.provisional),
        (1, 1),
        "a promise it is not"
    );
    let promise = SupportOfferAction::Promise { offer: first };
    assert!(matches!(
        b.ask(Action::SupportOffer(promise.clone())),
        Err(Refusal::NotEnough { .. })
    ));
    // c lets it go, it comes back, and then a can have it after all.
    let release = SupportRequestAction::Release {
        request: two,
        offer: second_name,
    };
    c.ask(Action::SupportRequest(release)).unwrap();
    pull(&mut b, &c);
    b.ask(Action::SupportOffer(SupportOfferAction::Return {
        offer: second,
    }))
    .unwrap();
    b.ask(Action::SupportOffer(promise)).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    assert_eq!(standing(&a, one).provisional, 0);
    check(&[&a, &b, &c]);
}

#[test]
fn what_was_accepted_in_time_is_promised_when_the_line_heals() {
    let (mut a, mut b, mut c, operation) = joint();
    let of_b = drones(&mut b, operation, 2);
    let need = ask_for(&mut a, operation, 2);
    settle(&mut [&mut a, &mut b, &mut c]);
    let name = of(&a, need);
    let made = offer(&mut b, name, of_b, 2).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    let made_name = of(&b, made);
    commit(&mut a, need, made_name, 1);
    for site in [&mut a, &mut b, &mut c] {
        site.now = site.now.plus_s(3_600);
    }
    settle(&mut [&mut a, &mut b, &mut c]);
    let kept = &b.shown.support_offers[&made];
    assert_eq!(
        (kept.stage, kept.promised),
        (Stage::Promised, 1),
        "it was still there to be had"
    );
    check(&[&a, &b, &c]);
}

#[test]
fn what_is_asked_within_an_agency_or_without_a_share_leaves_no_node() {
    let (mut a, mut b, mut c, operation) = joint();
    let need = {
        let wish = Wish {
            code: "dog".parse().unwrap(),
            quantity: 1,
            place: None,
            from: a.now,
            until: a.now.plus_s(3_600),
            purpose: "our own".parse().unwrap(),
            priority: watchfire_core::basis::Priority::P3,
            incident: None,
            operation: None,
        };
        let ask = SupportRequestAction::Ask { wish, need: None };
        let asked = a.ask(Action::SupportRequest(ask)).unwrap();
        SupportRequestId(asked.records[0].0.id)
    };
    settle(&mut [&mut a, &mut b, &mut c]);
    assert!(b.copy(of(&a, need)).is_none());
    let of_b = drones(&mut b, operation, 1);
    let name = of(&a, need);
    assert_eq!(
        offer(&mut b, name, of_b, 1),
        Err(Refusal::NotFound(RecordKind::SupportRequest))
    );
    check(&[&a, &b, &c]);
}

#[test]
fn a_standing_operation_never_runs_out_of_shares_for_support_that_is_over() {
    let (mut a, _, _, operation) = joint();
    let max = watchfire_core::limits::SHARES_PER_OPERATION_MAX;
    for _ in 0..max + 3 {
        let need = ask_for(&mut a, operation, 1);
        let withdraw = SupportRequestAction::Withdraw {
            request: need,
            reason: "found".parse().unwrap(),
        };
        a.ask(Action::SupportRequest(withdraw)).unwrap();
    }
    let part = a.shown.participation_of(operation, a.node()).unwrap();
    assert!(part.shares.len() <= max);
    // What still goes on is not pushed out.
    let mut open = Vec::new();
    for _ in part.shares.len()..max {
        open.push(ask_for(&mut a, operation, 1));
    }
    let wish = a.shown.support_requests[&open[0]].wish.clone();
    for _ in open.len()..max {
        open.push(ask_for(&mut a, operation, 1));
    }
    let ask = SupportRequestAction::Ask { wish, need: None };
    let full = a.ask(Action::SupportRequest(ask));
    assert!(
        matches!(full, Err(Refusal::Limit { max: found, .. }) if found == max),
        "{full:?}"
    );
    check(&[&a]);
}

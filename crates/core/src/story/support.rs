//! Support: who is asked, what is offered and accepted in parts, what is refused because it is promised, what is late,
//! and what a period came to.

use super::check;
use super::world::{Asked, BEGIN_MS, World, line};
use crate::basis::{
    Code, Priority, SupportCapabilityId, SupportOfferId, SupportRequestId, Timestamp,
};
use crate::limits;
use crate::playbook::RequestFact;
use crate::record::support_capability::{CapabilityDetails, Hours, SupportCapabilityAction};
use crate::record::support_offer::{Stage, SupportOfferAction};
use crate::record::support_request::{SupportRequest, SupportRequestAction, Wish};
use crate::record::{Action, Elsewhere};
use crate::refusal::Refusal;
use crate::support::figures::figures;
use crate::support::{self, Come};
use crate::timer::{self, AlarmCode};

fn minute(at: i64) -> Timestamp {
    Timestamp(BEGIN_MS + at * 60_000)
}

fn always() -> Hours {
    Hours {
        days: Vec::new(),
        from_min: 0,
        until_min: 0,
        who: line("Air support desk"),
        reach: line("8110"),
    }
}

fn drones(quantity: u32) -> CapabilityDetails {
    CapabilityDetails {
        code: "drone".parse().unwrap(),
        name: line("Drone with camera"),
        name_other: Some(line("无人机")),
        quantity,
        hours: vec![always()],
        note: None,
    }
}

fn wish(quantity: u32) -> Wish {
    Wish {
        code: "drone".parse().unwrap(),
        quantity,
        place: None,
        from: minute(0),
        until: minute(240),
        purpose: line("search the river bank"),
        priority: Priority::P1,
        incident: None,
        operation: None,
    }
}

fn capability(
    world: &mut World,
    action: SupportCapabilityAction,
) -> Result<SupportCapabilityId, Refusal> {
    let done = world.ask(Asked::default(), Action::SupportCapability(action))?;
    Ok(SupportCapabilityId(done.records[0].0.id))
}

fn request(world: &mut World, action: SupportRequestAction) -> Result<SupportRequestId, Refusal> {
    let done = world.ask(Asked::default(), Action::SupportRequest(action))?;
    Ok(SupportRequestId(done.records[0].0.id))
}

fn offer(world: &mut World, action: SupportOfferAction) -> Result<SupportOfferId, Refusal> {
    let done = world.ask(Asked::default(), Action::SupportOffer(action))?;
    Ok(SupportOfferId(done.records[0].0.id))
}

fn asked(world: &mut World, wish: Wish) -> SupportRequestId {
    let need = Some("two children on the ice".parse().unwrap());
    request(world, SupportRequestAction::Ask { wish, need }).unwrap()
}

fn found(world: &World, id: SupportRequestId) -> SupportRequest {
    world.engine.board().support_request(id).unwrap().clone()
}

fn named(world: &World, id: SupportOfferId) -> Elsewhere {
    world.engine.board().support_offer(id).unwrap().name()
}

fn offered(
    world: &World,
    to: SupportRequestId,
    of: SupportCapabilityId,
    quantity: u32,
    from: i64,
    until: i64,
) -> SupportOfferAction {
    SupportOfferAction::Offer {
        request: found(world, to).name(),
        capability: of,
        quantity,
        from: minute(from),
        eta: minute(from + 10),
        until: minute(until),
        answer_by: minute(from + 30).min(minute(until)),
        note: Some("pilot in the car".parse().unwrap()),
    }
}

fn come(world: &World, id: SupportRequestId) -> Come {
    let request = found(world, id);
    support::standing(world.engine.board(), &request, world.now).come(&request)
}

fn commit(request: SupportRequestId, offer: Elsewhere, quantity: u32) -> SupportRequestAction {
    SupportRequestAction::Commit {
        request,
        offer,
        quantity,
    }
}

/// A brigade with three drones.
fn brigade() -> (World, SupportCapabilityId) {
    let mut world = check("given engine E1").world;
    let details = drones(3);
    let of = capability(&mut world, SupportCapabilityAction::Enter { details }).unwrap();
    (world, of)
}

#[test]
fn a_need_is_met_in_parts_and_followed_until_all_is_back() {
    let (mut world, of) = brigade();
    let details = CapabilityDetails {
        code: "thermal".parse().unwrap(),
        ..drones(1)
    };
    let other = capability(&mut world, SupportCapabilityAction::Enter { details }).unwrap();
    let need = asked(&mut world, wish(3));
    assert_eq!(come(&world, need), Come::Asked);
    assert_eq!(
        found(&world, need).need.unwrap().as_str(),
        "two children on the ice"
    );
    let first = offered(&world, need, of, 2, 0, 120);
    let first = offer(&mut world, first).unwrap();
    let second = offered(&world, need, other, 1, 0, 120);
    let second = offer(&mut world, second).unwrap();
    assert_eq!(come(&world, need), Come::Offered);

    let name = named(&world, first);
    request(&mut world, commit(need, name, 2)).unwrap();
    assert_eq!(come(&world, need), Come::PartlyCommitted);
    let twice = request(&mut world, commit(need, name, 1));
    assert!(
        matches!(twice, Err(Refusal::WrongState { .. })),
        "an offer counts once"
    );
    let name = named(&world, second);
    let more = request(&mut world, commit(need, name, 2));
    assert!(
        matches!(more, Err(Refusal::NotEnough { has: 1, .. })),
        "more than is offered"
    );
    request(&mut world, commit(need, name, 1)).unwrap();
    assert_eq!(come(&world, need), Come::Committed);

    for one in [first, second] {
        assert_eq!(
            world.engine.board().support_offers[&one].stage,
            Stage::Promised
        );
        offer(&mut world, SupportOfferAction::Deliver { offer: one }).unwrap();
    }
    assert_eq!(come(&world, need), Come::Delivered);
    let let_go = SupportRequestAction::Release {
        request: need,
        offer: name,
    };
    request(&mut world, let_go).unwrap();
    let standing = support::standing(world.engine.board(), &found(&world, need), world.now);
    assert_eq!((standing.committed, standing.delivered), (2, 3));
    offer(&mut world, SupportOfferAction::Return { offer: second }).unwrap();
    offer(&mut world, SupportOfferAction::Return { offer: first }).unwrap();
    let close = SupportRequestAction::Close {
        request: need,
        met: true,
        reason: None,
    };
    request(&mut world, close).unwrap();
    assert_eq!(come(&world, need), Come::Met);
    let again = offered(&world, need, of, 1, 0, 120);
    assert!(
        offer(&mut world, again).is_err(),
        "nobody answers what is over"
    );
    world.check();
}

#[test]
fn the_same_thing_is_promised_once_at_a_time_and_again_when_it_is_free() {
    let (mut world, of) = brigade();
    let (one, two) = (asked(&mut world, wish(3)), asked(&mut world, wish(3)));
    let first = offered(&world, one, of, 2, 0, 60);
    let first = offer(&mut world, first).unwrap();
    let too_many = offered(&world, two, of, 2, 30, 90);
    let refused = offer(&mut world, too_many);
    assert_eq!(
        refused,
        Err(Refusal::NotEnough {
            what: "Drone with camera".to_owned(),
            has: 3,
            bound: 2
        })
    );
    let part = offered(&world, two, of, 1, 30, 90);
    offer(&mut world, part).unwrap();
    let later = offered(&world, two, of, 2, 60, 120);
    offer(&mut world, later).unwrap();
    let fewer = SupportCapabilityAction::Amend {
        capability: of,
        details: drones(2),
    };
    assert!(matches!(
        capability(&mut world, fewer),
        Err(Refusal::NotEnough { .. })
    ));

    // What is there stays bound until it is back, whatever was agreed.
    let name = named(&world, first);
    request(&mut world, commit(one, name, 2)).unwrap();
    offer(&mut world, SupportOfferAction::Deliver { offer: first }).unwrap();
    world.now = minute(130);
    let waits = offered(&world, two, of, 2, 130, 180);
    assert!(
        offer(&mut world, waits.clone()).is_err(),
        "they are not back"
    );
    offer(&mut world, SupportOfferAction::Return { offer: first }).unwrap();
    offer(&mut world, waits).unwrap();
    world.check();
}

#[test]
fn an_offer_lapses_by_itself_and_is_not_accepted_after() {
    let (mut world, of) = brigade();
    let need = asked(&mut world, wish(3));
    let lapsed = offered(&world, need, of, 3, 0, 120);
    let lapsed = offer(&mut world, lapsed).unwrap();
    world.now = minute(30);
    let name = named(&world, lapsed);
    let late = request(&mut world, commit(need, name, 3));
    assert!(matches!(late, Err(Refusal::WrongState { .. })), "{late:?}");
    let anew = offered(&world, need, of, 3, 30, 120);
    let anew = offer(&mut world, anew).unwrap();
    let promise = offer(&mut world, SupportOfferAction::Promise { offer: anew });
    assert!(
        matches!(promise, Err(Refusal::WrongState { .. })),
        "nobody accepted it"
    );
    let name = named(&world, anew);
    request(&mut world, commit(need, name, 3)).unwrap();
    let back = SupportOfferAction::Withdraw {
        offer: anew,
        reason: line("grounded by wind"),
    };
    offer(&mut world, back).unwrap();
    assert_eq!(
        come(&world, need),
        Come::Offered,
        "what was taken back counts no more"
    );
}

#[test]
fn what_nobody_answers_is_reported_and_then_what_falls_short() {
    let (mut world, of) = brigade();
    let need = asked(&mut world, wish(2));
    let late = |world: &World| {
        let request = found(world, need);
        let alarm =
            timer::alarm_of_support(world.engine.board(), &request, &world.timers, world.now);
        let all = timer::open(world.engine.board(), &world.timers, world.now);
        assert_eq!(all.len(), usize::from(alarm.is_some()));
        alarm.map(|alarm| alarm.code)
    };
    world.now = Timestamp(minute(2).0 - 1);
    assert_eq!(late(&world), None);
    world.now = minute(2);
    assert_eq!(late(&world), Some(AlarmCode::SupportUnanswered));
    let see = |code| SupportRequestAction::SeeAlarm {
        request: need,
        code,
    };
    assert!(
        request(&mut world, see(AlarmCode::SupportShort)).is_err(),
        "not on"
    );
    request(&mut world, see(AlarmCode::SupportUnanswered)).unwrap();
    assert!(
        request(&mut world, see(AlarmCode::SupportUnanswered)).is_err(),
        "seen"
    );
    let no = SupportOfferAction::Decline {
        request: found(&world, need).name(),
        reason: line("all are out"),
    };
    offer(&mut world, no).unwrap();
    assert_eq!(
        (come(&world, need), late(&world)),
        (Come::Declined, Some(AlarmCode::SupportUnanswered)),
        "a no is no offer"
    );
    world.now = minute(4);
    assert_eq!(late(&world), Some(AlarmCode::SupportUnanswered));
    let enough = offered(&world, need, of, 2, 4, 60);
    let enough = offer(&mut world, enough).unwrap();
    assert_eq!(
        late(&world),
        Some(AlarmCode::SupportShort),
        "an offer is no promise"
    );
    let name = named(&world, enough);
    request(&mut world, commit(need, name, 2)).unwrap();
    assert_eq!(late(&world), None);
}

#[test]
fn a_period_is_counted_by_capability() {
    let (mut world, of) = brigade();
    let met = asked(&mut world, wish(2));
    world.now = minute(3);
    let first = offered(&world, met, of, 2, 3, 60);
    let first = offer(&mut world, first).unwrap();
    let name = named(&world, first);
    request(&mut world, commit(met, name, 2)).unwrap();
    offer(&mut world, SupportOfferAction::Deliver { offer: first }).unwrap();
    let unmet = asked(&mut world, wish(1));
    let no = SupportOfferAction::Decline {
        request: found(&world, unmet).name(),
        reason: line("all are out"),
    };
    offer(&mut world, no).unwrap();
    let close = SupportRequestAction::Close {
        request: unmet,
        met: false,
        reason: Some(line("did without")),
    };
    request(&mut world, close).unwrap();
    let back = asked(&mut world, wish(1));
    let withdraw = SupportRequestAction::Withdraw {
        request: back,
        reason: line("found"),
    };
    request(&mut world, withdraw).unwrap();
    world.now = minute(100);
    asked(&mut world, wish(1));

    let board = world.engine.board();
    let requests = || {
        let all = board.support_requests.values();
        all.map(|one| (one.as_ref(), support::answers(board, one)))
    };
    let all = figures(requests(), minute(0), minute(100), world.now);
    let drone = &all[&"drone".parse::<Code>().unwrap()];
    assert_eq!((drone.asked, drone.answered, drone.offered), (3, 2, 1));
    assert_eq!((drone.met, drone.unmet, drone.withdrawn), (1, 1, 1));
    assert_eq!((drone.wanted, drone.delivered), (3, 2));
    assert_eq!(
        drone.first_offer.map(|one| (one.count, one.p90_s)),
        Some((1, 180))
    );
    let none = figures(requests(), minute(200), minute(300), world.now);
    assert!(none.is_empty());
}

#[test]
fn who_answers_follows_the_hours_of_the_week() {
    let hours = |days: &[u8], from_min, until_min, who: &str| Hours {
        days: days.to_vec(),
        from_min,
        until_min,
        who: line(who),
        reach: line("8110"),
    };
    let details = CapabilityDetails {
        hours: vec![
            hours(&[1, 2, 3, 4, 5], 480, 1_080, "lab"),
            hours(&[5], 1_080, 480, "night lab"),
        ],
        ..drones(1)
    };
    let who = |day, minute| {
        details
            .answering(day, minute)
            .map(|one| one.who.to_string())
    };
    assert_eq!(who(1, 480).as_deref(), Some("lab"));
    assert_eq!(who(1, 1_080), None);
    assert_eq!(who(5, 1_439).as_deref(), Some("night lab"));
    assert_eq!(
        who(6, 0).as_deref(),
        Some("night lab"),
        "the night of Friday"
    );
    assert_eq!(who(6, 480), None);
    assert_eq!(who(7, 0), None);
    assert!(always().hold(1, 0) && always().hold(7, 1_439));
}

#[test]
fn limits_of_support_hold_at_and_not_one_past_them() {
    let (mut world, of) = brigade();
    let enter = |details| SupportCapabilityAction::Enter { details };
    let most = |count: usize, quantity| CapabilityDetails {
        code: format!("c{count}-{quantity}").parse().unwrap(),
        quantity,
        hours: vec![always(); count],
        ..drones(1)
    };
    let quantity = limits::SUPPORT_QUANTITY_MAX;
    capability(&mut world, enter(most(limits::SUPPORT_HOURS_MAX, quantity))).unwrap();
    for past in [
        most(limits::SUPPORT_HOURS_MAX + 1, 1),
        most(1, quantity + 1),
        most(0, 1),
        most(1, 0),
        drones(2),
    ] {
        assert!(capability(&mut world, enter(past)).is_err());
    }
    for at in world.engine.board().support_capabilities.len()..limits::SUPPORT_CAPABILITIES_MAX {
        let details = CapabilityDetails {
            code: format!("n{at}").parse().unwrap(),
            ..drones(1)
        };
        capability(&mut world, enter(details)).unwrap();
    }
    let past = capability(&mut world, enter(most(1, 7)));
    assert!(
        matches!(past, Err(Refusal::Limit { max, .. }) if max == limits::SUPPORT_CAPABILITIES_MAX)
    );

    let ask = |wish| SupportRequestAction::Ask { wish, need: None };
    let ahead = world.now.plus_s(limits::SUPPORT_AHEAD_S_MAX);
    let until = |until| Wish {
        until,
        ..wish(quantity)
    };
    let need = request(&mut world, ask(until(ahead))).unwrap();
    let past = Timestamp(ahead.0 + 1);
    for refused in [until(past), wish(quantity + 1), wish(0), until(minute(0))] {
        assert!(request(&mut world, ask(refused)).is_err());
    }
    let no = |world: &World| SupportOfferAction::Decline {
        request: found(world, need).name(),
        reason: line("no"),
    };
    let times = |lease: i64, answer: i64| {
        let mut action = offered(&world, need, of, 1, 0, 60);
        if let SupportOfferAction::Offer {
            until, answer_by, ..
        } = &mut action
        {
            *until = Timestamp(minute(0).0 + lease);
            *answer_by = Timestamp(minute(0).0 + answer);
        }
        action
    };
    let lease = i64::from(limits::SUPPORT_LEASE_S_MAX) * 1_000;
    let answer = i64::from(limits::SUPPORT_ANSWER_S_MAX) * 1_000;
    let (fits, late, long) = (
        times(lease, answer),
        times(lease, answer + 1),
        times(lease + 1, answer),
    );
    assert!(offer(&mut world, late).is_err());
    assert!(offer(&mut world, long).is_err());
    offer(&mut world, fits).unwrap();
    for _ in 1..limits::SUPPORT_OFFERS_PER_REQUEST_MAX {
        let no = no(&world);
        offer(&mut world, no).unwrap();
    }
    let no = no(&world);
    assert!(matches!(offer(&mut world, no), Err(Refusal::Limit { .. })));
    for _ in 1..limits::SUPPORT_REQUESTS_OPEN_MAX {
        request(&mut world, ask(wish(1))).unwrap();
    }
    let past = request(&mut world, ask(wish(1)));
    assert!(
        matches!(past, Err(Refusal::Limit { max, .. }) if max == limits::SUPPORT_REQUESTS_OPEN_MAX)
    );
}

#[test]
fn nobody_elses_word_makes_more_of_a_request_than_its_home_may() {
    use crate::record::support_request::SupportRequestEvent;
    use crate::record::{Actor, Event, Meta, Record, RecordKind, RecordRef};
    use watchfire_feed::NodeId;
    let meta = |version| Meta {
        record: [1; 16],
        version,
        at: minute(0),
        happened_at: minute(0),
        by: Actor::NODE,
    };
    let asked = SupportRequestEvent::Asked {
        number: 1,
        home: NodeId([1; 32]),
        wish: Box::new(wish(1)),
    };
    let mut held = Record::apply(None, &Event::SupportRequest(asked), None, &meta(1));
    for at in 0..=limits::SUPPORT_COMMITMENTS_MAX {
        let mut id = [0; 16];
        id[0] = u8::try_from(at).unwrap();
        let record = RecordRef {
            kind: RecordKind::SupportOffer,
            id,
        };
        let node = NodeId([2; 32]);
        // Each is said twice; an offer counts once all the same.
        for again in 0..2 {
            let event = Event::SupportRequest(SupportRequestEvent::Committed {
                offer: Elsewhere { node, record },
                quantity: 1,
            });
            let version = 2 + 2 * at as u64 + again;
            held = Record::apply(held.as_ref(), &event, None, &meta(version));
        }
    }
    let Some(Record::SupportRequest(held)) = held else {
        panic!("{held:?}");
    };
    assert_eq!(held.commitments.len(), limits::SUPPORT_COMMITMENTS_MAX);
}

#[test]
fn what_comes_early_or_late_is_not_promised_to_somebody_else_as_well() {
    let (mut world, of) = brigade();
    let first = asked(&mut world, wish(3));
    let other = asked(&mut world, wish(3));
    let early = offered(&world, first, of, 3, 60, 120);
    let early = offer(&mut world, early).unwrap();
    let name = named(&world, early);
    request(&mut world, commit(first, name, 3)).unwrap();
    offer(&mut world, SupportOfferAction::Deliver { offer: early }).unwrap();
    let now = offered(&world, other, of, 1, 0, 30);
    let refused = offer(&mut world, now);
    assert!(
        matches!(refused, Err(Refusal::NotEnough { bound: 3, .. })),
        "all three are there already: {refused:?}"
    );
    offer(&mut world, SupportOfferAction::Return { offer: early }).unwrap();

    // A promise whose time is over frees them; then they cannot be there for both.
    let late = offered(&world, first, of, 3, 0, 15);
    let late = offer(&mut world, late);
    assert!(late.is_ok(), "{late:?}");
    let late = late.unwrap();
    let name = named(&world, late);
    request(&mut world, commit(first, name, 3)).unwrap();
    world.now = minute(20);
    let second = offered(&world, other, of, 3, 20, 60);
    let second = offer(&mut world, second).unwrap();
    let name = named(&world, second);
    request(&mut world, commit(other, name, 3)).unwrap();
    let refused = offer(&mut world, SupportOfferAction::Deliver { offer: late });
    assert!(
        matches!(refused, Err(Refusal::NotEnough { .. })),
        "{refused:?}"
    );
    world.check();
}

#[test]
fn help_that_its_home_took_back_has_not_met_a_need() {
    let (mut world, of) = brigade();
    let need = asked(&mut world, wish(2));
    let given = offered(&world, need, of, 2, 0, 120);
    let given = offer(&mut world, given).unwrap();
    let name = named(&world, given);
    request(&mut world, commit(need, name, 2)).unwrap();
    let settled_at = |world: &World| {
        let answers = support::answers_by_request(world.engine.board());
        let request = found(world, need);
        let answers = answers.get(&request.name()).map_or(&[][..], Vec::as_slice);
        RequestFact::of(&request, answers).settled_at
    };
    assert_eq!(settled_at(&world), Some(world.now));
    let back = SupportOfferAction::Withdraw {
        offer: given,
        reason: "the pilot is ill".parse().unwrap(),
    };
    offer(&mut world, back).unwrap();
    assert_eq!(
        settled_at(&world),
        None,
        "a playbook for what is unmet fires"
    );
}

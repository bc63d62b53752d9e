//! Stories of several nodes in one operation, step by step and without a network between them: what is
//! shared arrives, what is not shared does not, and who may do what follows from who said what.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use common::*;
use watchfire_core::basis::{IncidentId, MessageId, OperationId, Timestamp};
use watchfire_core::ledger::{BookOf, Ledger};
use watchfire_core::record::assignment::{AssignmentAction, Choice, Step, Why};
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::message::{Ask, MessageAction};
use watchfire_core::record::operation::OperationAction;
use watchfire_core::record::participation::{ParticipationAction, Tier};
use watchfire_core::record::peer::{Peer, PeerAction};
use watchfire_core::record::planned_action::{
    Branch, Decided, Phase, Plan, PlannedActionAction, Team, TeamPosition,
};
use watchfire_core::record::reply::{Reply, ReplyAction};
use watchfire_core::record::settlement::{Book, Settlement};
use watchfire_core::record::unit::UnitAction;
use watchfire_core::record::{Action, Elsewhere};
use watchfire_core::refusal::Refusal;
use watchfire_sim::site::{Site, pull};

#[test]
fn what_is_shared_arrives_with_its_notes_and_what_is_not_stays_at_home() {
    let (mut a, mut b, mut c, operation) = joint();
    let (shared, kept) = (open(&mut a), open(&mut a));
    note(&mut a, shared, "gold, posted at noon");
    note(&mut a, kept, "nothing of theirs");
    share(&mut a, operation, shared, Tier::View);
    note(&mut a, shared, "parcel 42");
    settle(&mut [&mut a, &mut b, &mut c]);
    for other in [&b, &c] {
        assert_eq!(
            notes(other.copy(of(&a, shared))),
            ["gold, posted at noon", "parcel 42"]
        );
        assert!(other.copy(of(&a, kept)).is_none());
        let entries = other
            .disk
            .log
            .iter()
            .filter(|(feed, _)| feed.node == a.node());
        assert!(
            entries
                .into_iter()
                .all(|(_, entry)| entry.header.record != kept.0),
            "not one entry of it left its home"
        );
    }
    check(&[&a, &b, &c]);
    b.restart();
    check(&[&b]);
    let end = ParticipationAction::EndShare {
        operation,
        record: shared.into(),
    };
    a.ask(Action::Participation(end)).unwrap();
    note(&mut a, shared, "after it was ended");
    settle(&mut [&mut a, &mut b, &mut c]);
    assert_eq!(notes(b.copy(of(&a, shared))).len(), 2, "nothing more comes");
    assert!(
        b.shown
            .share_elsewhere(operation, of(&a, shared), b.now)
            .is_none()
    );
    check(&[&a, &b, &c]);
}

#[test]
fn nobody_is_a_member_until_both_say_so() {
    let (mut a, mut b, mut c) = sites();
    let operation = raise(&mut a);
    let incident = open(&mut a);
    share(&mut a, operation, incident, Tier::View);
    pull(&mut b, &a);
    assert!(
        b.shown.operation_anywhere(operation).is_err(),
        "not called in, not told"
    );
    invite(&mut a, operation, &b);
    pull(&mut b, &a);
    let seen = b.shown.operation_anywhere(operation).unwrap();
    assert_eq!(
        seen.genesis.purpose.as_str(),
        "stop a parcel",
        "who is called in may read what for"
    );
    assert!(
        b.copy(of(&a, incident)).is_none(),
        "but nothing that is shared in it"
    );
    let text = "me too".parse().unwrap();
    let say = MessageAction::Say {
        operation,
        about: None,
        text,
        break_silence: None,
    };
    assert_eq!(b.ask(Action::Message(say)), Err(Refusal::NotAMember));
    join(&mut b, operation);
    pull(&mut b, &a);
    assert!(
        b.copy(of(&a, incident)).is_none(),
        "the lead does not know yet"
    );
    pull(&mut a, &b);
    assert!(a.shown.is_member(operation, &b.node()));
    pull(&mut b, &a);
    assert!(b.copy(of(&a, incident)).is_some());
    // A third that nobody called cannot come in by itself.
    pull(&mut c, &b);
    let join = ParticipationAction::Join { operation };
    assert!(c.ask(Action::Participation(join)).is_err());
    check(&[&a, &b, &c]);
}

#[test]
fn a_member_relays_what_another_cannot_fetch_itself() {
    let (mut a, mut b, mut c, operation) = joint();
    let incident = open(&mut a);
    note(&mut a, incident, "seen at the airport");
    share(&mut a, operation, incident, Tier::View);
    pull(&mut b, &a); // The line from a to c is cut.
    pull(&mut c, &b);
    assert_eq!(notes(c.copy(of(&a, incident))), ["seen at the airport"]);
    check(&[&a, &b, &c]);
}

#[test]
fn nobody_shares_on_what_is_not_theirs() {
    let (mut a, mut b, mut c, operation) = joint();
    let incident = open(&mut a);
    share(&mut a, operation, incident, Tier::Assist);
    settle(&mut [&mut a, &mut b, &mut c]);
    let other = raise(&mut b);
    for operation in [operation, other] {
        let share = ParticipationAction::Share {
            operation,
            record: incident.into(),
            tier: Tier::View,
            with_response: false,
            until: None,
        };
        assert!(matches!(
            b.ask(Action::Participation(share)),
            Err(Refusal::NotFound(_))
        ));
    }
    check(&[&a, &b, &c]);
}

#[test]
fn a_unit_is_asked_for_sent_by_its_home_and_seen_on_its_way_by_all() {
    let (mut a, mut b, mut c, operation) = joint();
    let incident = open(&mut a);
    let car = unit(&mut b, "B7");
    share(&mut a, operation, incident, Tier::Assist);
    share(&mut b, operation, car, Tier::Assist);
    settle(&mut [&mut a, &mut b, &mut c]);
    let ask = MessageAction::Ask {
        operation,
        of: of(&b, car),
        ask: Ask::Send { to: incident },
        if_version: Some(2),
        expires_at: a.now.plus_s(600),
        text: Some("to the cargo gate".parse().unwrap()),
        break_silence: None,
    };
    let asked = a.ask(Action::Message(ask)).unwrap();
    let message = MessageId(asked.records[0].0.id);
    settle(&mut [&mut a, &mut b, &mut c]);
    let answer = |accept| {
        Action::Reply(ReplyAction::Answer {
            node: a.node(),
            message,
            accept,
            reason: None,
            clash: false,
        })
    };
    assert!(
        b.ask(answer(true)).is_err(),
        "it needs an incident of its own first"
    );
    let open = IncidentAction::OpenFor {
        of: of(&a, incident),
        category: None,
    };
    let opened = b.ask(Action::Incident(open)).unwrap();
    let own = IncidentId(opened.records[0].0.id);
    share(&mut b, operation, own, Tier::View);
    b.ask(answer(true)).unwrap();
    assert!(b.ask(answer(false)).is_err(), "answered once");
    let live = b.shown.live_assignment(car).unwrap().id;
    let step = Step::Depart;
    b.ask(Action::Assignment(AssignmentAction::Advance {
        assignment: live,
        step,
    }))
    .unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    for other in [&a, &c] {
        let board = &other.shown.copies.boards[&b.node()];
        let status = board.assignments[&live].status;
        assert_eq!(
            status,
            watchfire_core::record::assignment::AssignmentStatus::Departed
        );
        assert_eq!(board.assignments[&live].incident, own);
        assert_eq!(
            board.incidents[&own].pairs,
            [of(&a, incident)],
            "the pair is seen"
        );
        let id = Reply::id_of(
            &b.node(),
            &Elsewhere {
                node: a.node(),
                record: message.into(),
            },
        );
        assert!(board.replies[&id].answer.as_ref().unwrap().accepted);
    }
    check(&[&a, &b, &c]);
}

#[test]
fn a_lent_unit_goes_where_the_borrower_asks_though_nobody_at_home_is_awake() {
    let (mut a, mut b, mut c, operation) = joint();
    let (incident, car) = (open(&mut a), unit(&mut b, "B7"));
    share(&mut a, operation, incident, Tier::View);
    share(&mut b, operation, car, Tier::Assist);
    let until = b.now.plus_s(3_600);
    let lend = ParticipationAction::Lend {
        operation,
        unit: car,
        to: a.node(),
        until,
    };
    b.ask(Action::Participation(lend)).unwrap();
    let home = open(&mut b);
    let choices = vec![Choice {
        unit: car,
        why: Why::default(),
    }];
    let send = AssignmentAction::Send {
        incident: home,
        choices,
    };
    assert!(
        matches!(
            b.ask(Action::Assignment(send)),
            Err(Refusal::UnitNotFree { .. })
        ),
        "it is promised"
    );
    settle(&mut [&mut a, &mut b, &mut c]);
    let ask = |expires_at| MessageAction::Ask {
        operation,
        of: of(&b, car),
        ask: Ask::Send { to: incident },
        if_version: None,
        expires_at,
        text: None,
        break_silence: None,
    };
    let asked = ask(a.now.plus_s(600));
    a.ask(Action::Message(asked)).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    let live = b.shown.live_assignment(car).unwrap();
    assert_eq!(b.shown.incidents[&live.incident].pairs, [of(&a, incident)]);
    check(&[&a, &b, &c]);
}

#[test]
fn what_was_promised_twice_across_a_cut_is_told_to_both() {
    let (mut a, mut b, mut c, operation) = joint();
    let (incident, car) = (open(&mut a), unit(&mut b, "B7"));
    share(&mut a, operation, incident, Tier::View);
    share(&mut b, operation, car, Tier::Assist);
    let until = b.now.plus_s(3_600);
    let lend = ParticipationAction::Lend {
        operation,
        unit: car,
        to: a.node(),
        until,
    };
    b.ask(Action::Participation(lend)).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    // The line is cut. The borrower asks within the loan; at home the car goes out of service.
    let ask = MessageAction::Ask {
        operation,
        of: of(&b, car),
        ask: Ask::Send { to: incident },
        if_version: None,
        expires_at: a.now.plus_s(600),
        text: None,
        break_silence: None,
    };
    let message = a.ask(Action::Message(ask)).unwrap().records[0].0;
    let reason = "broke down".parse().unwrap();
    b.ask(Action::Unit(UnitAction::TakeOutOfService {
        unit: car,
        reason,
    }))
    .unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    let to = Elsewhere {
        node: a.node(),
        record: message,
    };
    let id = Reply::id_of(&b.node(), &to);
    for (at, board) in [("a", &a.shown.copies.boards[&b.node()]), ("b", &b.shown)] {
        let answer = board.replies[&id].answer.clone().unwrap();
        assert!(!answer.accepted && answer.clash, "{at}: {answer:?}");
        assert!(answer.reason.unwrap().as_str().contains("broke down"));
    }
    check(&[&a, &b, &c]);
}

#[test]
fn command_is_offered_and_taken_and_nobody_else_takes_it() {
    let (mut a, mut b, mut c, operation) = joint();
    let offer = OperationAction::OfferCommand {
        operation,
        to: b.node(),
    };
    a.ask(Action::Operation(offer)).unwrap();
    let role = "x".parse().unwrap();
    let node = c.node();
    let reason = "no".parse().unwrap();
    let remove = OperationAction::Remove {
        operation,
        node,
        reason,
    };
    assert!(
        a.ask(Action::Operation(remove)).is_err(),
        "an offer freezes it"
    );
    settle(&mut [&mut a, &mut b, &mut c]);
    let take = Action::Operation(OperationAction::TakeCommand { operation });
    assert!(c.ask(take.clone()).is_err());
    b.ask(take).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    for site in [&a, &b, &c] {
        assert_eq!(
            site.shown.operation_anywhere(operation).unwrap().lead,
            b.node()
        );
    }
    let set = |text: &str| OperationAction::SetObjective {
        operation,
        number: 0,
        text: text.parse().unwrap(),
    };
    assert!(a.ask(Action::Operation(set("the old lead's"))).is_err());
    b.ask(Action::Operation(set("find it"))).unwrap();
    // And back again.
    let offer = OperationAction::OfferCommand {
        operation,
        to: a.node(),
    };
    b.ask(Action::Operation(offer)).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    a.ask(Action::Operation(OperationAction::TakeCommand {
        operation,
    }))
    .unwrap();
    a.ask(Action::Operation(set("bring it back"))).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    for site in [&a, &b, &c] {
        let found = site.shown.operation_anywhere(operation).unwrap();
        assert_eq!(found.lead, a.node());
        assert_eq!(found.objectives[0].text.as_str(), "bring it back");
    }
    let _: watchfire_core::basis::Line = role;
    check(&[&a, &b, &c]);
}

fn pass_command(from: &mut Site, to: &mut Site, third: &mut Site, operation: OperationId) {
    let offer = OperationAction::OfferCommand {
        operation,
        to: to.node(),
    };
    from.ask(Action::Operation(offer)).unwrap();
    settle(&mut [from, to, third]);
    let take = OperationAction::TakeCommand { operation };
    to.ask(Action::Operation(take)).unwrap();
    settle(&mut [from, to, third]);
}

#[test]
fn a_plan_that_nobody_touched_while_command_was_away_goes_on_when_it_is_back() {
    let (mut a, mut b, mut c, operation) = joint();
    let line = |text: &str| text.parse().unwrap();
    let team = Team {
        name: line("team"),
        branch: 1,
        agency: b.node(),
        strength: 6,
        call_sign: None,
        position: TeamPosition {
            label: line("gate"),
            point: None,
        },
        task: line("the door"),
    };
    let plan = Plan {
        intent: line("the door"),
        branches: vec![Branch {
            name: line("north"),
            lead: None,
        }],
        teams: [(1, team)].into(),
        phases: vec![Phase {
            name: line("entry"),
            what: line("as briefed"),
            go_at: a.now.plus_s(3_600),
            teams: Default::default(),
        }],
        no_go: Vec::new(),
        silence: true,
    };
    a.ask(Action::PlannedAction(PlannedActionAction::Plan {
        operation,
        plan,
    }))
    .unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    pass_command(&mut a, &mut b, &mut c, operation);
    pass_command(&mut b, &mut a, &mut c, operation);
    let (home, found) = a.shown.planned_action_in(operation).unwrap();
    assert_eq!(home, a.node());
    let issue = Action::PlannedAction(PlannedActionAction::Decide {
        operation,
        action: found.id,
        what: Decided::Issued,
    });
    let before = a.ask(issue.clone());
    assert!(before.is_err(), "it is taken over first");
    let over = Action::PlannedAction(PlannedActionAction::TakeOver { operation });
    a.ask(over.clone()).unwrap();
    assert!(a.ask(over).is_err(), "once is enough");
    a.ask(issue).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    check(&[&a, &b, &c]);
}

#[test]
fn an_offer_that_is_declined_leaves_the_lead_where_it_was() {
    let (mut a, mut b, mut c, operation) = joint();
    let offer = OperationAction::OfferCommand {
        operation,
        to: b.node(),
    };
    a.ask(Action::Operation(offer)).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    b.ask(Action::Participation(ParticipationAction::DeclineCommand {
        operation,
    }))
    .unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    for site in [&a, &b, &c] {
        let found = site.shown.operation_anywhere(operation).unwrap();
        assert_eq!(
            (found.lead, found.offered_to),
            (a.node(), None),
            "{}",
            site.name
        );
    }
    check(&[&a, &b, &c]);
}

#[test]
fn who_is_removed_learns_of_it_and_gets_nothing_more() {
    let (mut a, mut b, mut c, operation) = joint();
    let incident = open(&mut a);
    share(&mut a, operation, incident, Tier::View);
    settle(&mut [&mut a, &mut b, &mut c]);
    // Cut off, in good faith, it goes on writing.
    let say = |text: &str| {
        let text = text.parse().unwrap();
        Action::Message(MessageAction::Say {
            operation,
            about: None,
            text,
            break_silence: None,
        })
    };
    c.ask(say("from before")).unwrap();
    pull(&mut a, &c);
    c.ask(say("from after")).unwrap();
    let reason = "wrong agency".parse().unwrap();
    let node = c.node();
    a.ask(Action::Operation(OperationAction::Remove {
        operation,
        node,
        reason,
    }))
    .unwrap();
    note(&mut a, incident, "not for c");
    settle(&mut [&mut a, &mut b, &mut c]);
    assert!(
        !c.shown
            .operation_anywhere(operation)
            .unwrap()
            .names(&c.node()),
        "it knows"
    );
    assert!(notes(c.copy(of(&a, incident))).is_empty());
    assert_eq!(notes(b.copy(of(&a, incident))), ["not for c"]);
    let set = OperationAction::SetObjective {
        operation,
        number: 0,
        text: "not for c either".parse().unwrap(),
    };
    a.ask(Action::Operation(set)).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    assert!(
        c.shown
            .operation_anywhere(operation)
            .unwrap()
            .objectives
            .is_empty()
    );
    for site in [&a, &b] {
        let said = &site.shown.copies.boards[&c.node()].messages;
        assert_eq!(
            said.len(),
            1,
            "{}: what came before stays, what came after waits",
            site.name
        );
    }
    assert_eq!(c.ask(say("again")), Err(Refusal::NotAMember));
    check(&[&a, &b, &c]);
}

#[test]
fn who_is_called_in_again_tells_what_happened_while_it_was_out() {
    let (mut a, mut b, mut c, operation) = joint();
    let incident = open(&mut c);
    share(&mut c, operation, incident, Tier::View);
    note(&mut c, incident, "from before");
    settle(&mut [&mut a, &mut b, &mut c]);
    let node = c.node();
    a.ask(Action::Operation(OperationAction::Remove {
        operation,
        node,
        reason: "wrong agency".parse().unwrap(),
    }))
    .unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    note(&mut c, incident, "while it was out");
    settle(&mut [&mut a, &mut b, &mut c]);
    for other in [&a, &b] {
        assert_eq!(notes(other.copy(of(&c, incident))), ["from before"]);
    }
    a.ask(Action::Operation(OperationAction::Invite {
        operation,
        node,
        role: "the right one after all".parse().unwrap(),
    }))
    .unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    settle(&mut [&mut a, &mut b, &mut c]);
    for other in [&a, &b] {
        assert_eq!(
            notes(other.copy(of(&c, incident))),
            ["from before", "while it was out"],
            "{}",
            other.name
        );
    }
    check(&[&a, &b, &c]);
    c.restart();
    note(&mut c, incident, "and on");
    settle(&mut [&mut a, &mut b, &mut c]);
    assert_eq!(notes(b.copy(of(&c, incident))).len(), 3);
    check(&[&a, &b, &c]);
}

#[test]
fn who_is_shut_out_is_given_nothing_at_once() {
    let (mut a, mut b, mut c, operation) = joint();
    let incident = open(&mut a);
    share(&mut a, operation, incident, Tier::View);
    let reason = "stolen".parse().unwrap();
    let peer = Peer::id_of(&b.node());
    a.ask(Action::Peer(PeerAction::ShutOut { peer, reason }))
        .unwrap();
    pull(&mut b, &a);
    assert!(b.copy(of(&a, incident)).is_none());
    let text = "let me in".parse().unwrap();
    b.ask(Action::Message(MessageAction::Say {
        operation,
        about: None,
        text,
        break_silence: None,
    }))
    .unwrap();
    pull(&mut a, &b);
    pull(&mut c, &b);
    pull(&mut a, &c);
    assert!(
        a.shown.copies.boards[&b.node()].messages.is_empty(),
        "not by another's hand either"
    );
    a.ask(Action::Peer(PeerAction::LetIn { peer })).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    assert_eq!(a.shown.copies.boards[&b.node()].messages.len(), 1);
    check(&[&a, &b, &c]);
}

#[test]
fn a_share_ends_when_its_time_is_over() {
    let (mut a, mut b, mut c, operation) = joint();
    let incident = open(&mut a);
    let until = Some(a.now.plus_s(60));
    let share = ParticipationAction::Share {
        operation,
        record: incident.into(),
        tier: Tier::View,
        with_response: false,
        until,
    };
    a.ask(Action::Participation(share)).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    assert!(b.copy(of(&a, incident)).is_some());
    a.now = Timestamp(a.now.0 + 60_000);
    note(&mut a, incident, "too late to be told");
    a.tick();
    settle(&mut [&mut a, &mut b, &mut c]);
    assert!(notes(b.copy(of(&a, incident))).is_empty());
    let part = b.shown.participation_of(operation, a.node()).unwrap();
    assert!(part.shares.is_empty());
    check(&[&a, &b, &c]);
}

#[test]
fn an_incident_is_handed_over_for_good_and_never_has_two_homes_or_none() {
    let (mut a, mut b, mut c, operation) = joint();
    let incident = open(&mut a);
    note(&mut a, incident, "it is theirs, really");
    share(&mut a, operation, incident, Tier::View);
    let offer = |to| Action::Incident(IncidentAction::Offer { incident, to });
    settle(&mut [&mut a, &mut b, &mut c]);
    a.ask(offer(b.node())).unwrap();
    let priority = Some(watchfire_core::basis::Priority::P3);
    let grade = IncidentAction::Grade {
        incident,
        category: None,
        priority,
    };
    assert!(
        a.ask(Action::Incident(grade)).is_err(),
        "an offer freezes it"
    );
    settle(&mut [&mut a, &mut b, &mut c]);
    let offered = of(&a, incident);
    let answer = |accept| {
        Action::Reply(ReplyAction::AnswerOffer {
            operation,
            of: offered,
            accept,
            reason: None,
        })
    };
    assert!(c.ask(answer(true)).is_err(), "it was not offered to c");
    b.ask(answer(false)).unwrap();
    assert!(b.ask(answer(true)).is_err(), "answered once");
    settle(&mut [&mut a, &mut b, &mut c]);
    assert!(
        a.shown.incidents[&incident].is_open() && a.shown.incidents[&incident].offered_to.is_none()
    );
    // Offered again, it is another offer.
    a.ask(offer(b.node())).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    b.ask(answer(true)).unwrap();
    let own = b.shown.open_incidents().next().unwrap();
    assert_eq!(own.pairs, [offered]);
    let own = of(&b, own.id);
    settle(&mut [&mut a, &mut b, &mut c]);
    assert!(!a.shown.incidents[&incident].is_open(), "it has ended here");
    for board in [
        &b.shown.copies.boards[&a.node()],
        &c.shown.copies.boards[&a.node()],
    ] {
        assert!(!board.incidents[&incident].is_open());
        assert_eq!(board.incidents[&incident].pairs, [own]);
    }
    check(&[&a, &b, &c]);
}

#[test]
fn what_is_shared_later_is_opened_in_the_operations_book_of_that_day() {
    let (mut a, _, _, operation) = joint();
    let incident = open(&mut a);
    let begins = a.now.plus_s(1);
    let book = |from: Timestamp| Book {
        home: a.node(),
        of: BookOf::Operation(operation),
        from,
        until: from.plus_s(3_600),
    };
    let [first, second] = [book(begins), book(begins.plus_s(3_600))];
    a.now = second.from.plus_s(60);
    share(&mut a, operation, incident, Tier::View);
    let line = |ledger: &Ledger| {
        let mut lines = ledger.lines.iter();
        let found = lines.find(|line| line.id.record == incident.into());
        found.map(|line| (line.booked.opened_at, line.carried_in))
    };
    let before = Settlement::ledger(&a.shown, &first);
    assert_eq!(line(&before), None, "nobody of the operation knew of it");
    let now = Settlement::ledger(&a.shown, &second);
    assert_eq!(line(&now), Some((a.now, false)));
}

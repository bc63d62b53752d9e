//! What simulated lives have found and reading had not: each story is one mistake that was made once.

#![allow(clippy::unwrap_used, reason = "closures of tests fail like tests")]

mod common;

use common::*;
use watchfire_core::record::message::MessageAction;
use watchfire_core::record::operation::{OperationAction, OperationEvent};
use watchfire_core::record::participation::{ParticipationAction, Tier};
use watchfire_core::record::{Action, Event};
use watchfire_feed::Scope;
use watchfire_sim::pen::{Pen, Words};
use watchfire_sim::site::{Site, enrol, pull};

#[test]
fn that_a_node_left_is_heard_by_all() {
    let (mut a, mut b, mut c, operation) = joint();
    let reason = "no crews".parse().unwrap();
    let leave = ParticipationAction::Leave { operation, reason };
    b.ask(Action::Participation(leave)).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    for site in [&a, &c] {
        let part = site.shown.participation_of(operation, b.node()).unwrap();
        assert!(part.left.is_some(), "{} still counts on b", site.name);
        assert!(!site.shown.is_member(operation, &b.node()));
    }
    check(&[&a, &b, &c]);
}

#[test]
fn that_a_node_said_no_is_heard_by_the_lead() {
    let (mut a, mut b, _) = sites();
    let operation = raise(&mut a);
    invite(&mut a, operation, &b);
    pull(&mut b, &a);
    let reason = "not ours".parse().unwrap();
    let decline = ParticipationAction::Decline { operation, reason };
    b.ask(Action::Participation(decline)).unwrap();
    pull(&mut a, &b);
    let part = a.shown.participation_of(operation, b.node()).unwrap();
    assert!(part.declined.is_some());
    assert!(!a.shown.is_member(operation, &b.node()));
    check(&[&a, &b]);
}

#[test]
fn command_that_was_declined_is_not_taken_after_all() {
    let (mut a, mut b, mut c, operation) = joint();
    offer_command(&mut a, operation, &b);
    settle(&mut [&mut a, &mut b, &mut c]);
    let decline = ParticipationAction::DeclineCommand { operation };
    b.ask(Action::Participation(decline)).unwrap();
    // The lead has not heard of it, and may keep command as soon as it does: two would lead.
    assert!(b.ask(take_command(operation)).is_err());
    settle(&mut [&mut a, &mut b, &mut c]);
    assert!(a.shown.leading(operation).is_ok());
    assert!(b.shown.leading(operation).is_err());
    // Offered again, it is another offer.
    offer_command(&mut a, operation, &b);
    settle(&mut [&mut a, &mut b, &mut c]);
    b.ask(take_command(operation)).unwrap();
    settle(&mut [&mut a, &mut b, &mut c]);
    check(&[&a, &b, &c]);
}

#[test]
fn whoever_led_before_sees_who_leads_now_however_often_command_went_round() {
    let (mut a, mut b, mut c, operation) = joint();
    let all = |from: &mut Site, to: &mut Site, other: &mut Site| {
        offer_command(from, operation, to);
        settle(&mut [&mut *from, &mut *to, &mut *other]);
        to.ask(take_command(operation)).unwrap();
        settle(&mut [from, to, other]);
    };
    all(&mut a, &mut c, &mut b);
    all(&mut c, &mut a, &mut b);
    all(&mut a, &mut b, &mut c);
    all(&mut b, &mut a, &mut c);
    for site in [&a, &b, &c] {
        let found = site.shown.operation_anywhere(operation).unwrap();
        assert_eq!(found.lead, a.node(), "{} sees another lead", site.name);
    }
    check(&[&a, &b, &c]);
}

#[test]
fn whoever_was_removed_before_command_went_on_learns_of_it() {
    let (mut a, mut b, mut c, operation) = joint();
    // The line to c is cut.
    let node = c.node();
    let reason = "wrong agency".parse().unwrap();
    let remove = OperationAction::Remove {
        operation,
        node,
        reason,
    };
    a.ask(Action::Operation(remove)).unwrap();
    offer_command(&mut a, operation, &b);
    settle(&mut [&mut a, &mut b]);
    b.ask(take_command(operation)).unwrap();
    for number in 0..5 {
        let text = "not for c".parse().unwrap();
        let set = OperationAction::SetObjective {
            operation,
            number,
            text,
        };
        b.ask(Action::Operation(set)).unwrap();
    }
    settle(&mut [&mut a, &mut b, &mut c]);
    let seen = c.shown.operation_anywhere(operation).unwrap();
    assert!(!seen.names(&c.node()), "it knows");
    assert!(seen.objectives.is_empty(), "and no more than that");
    check(&[&a, &b, &c]);
}

#[test]
fn a_fork_is_found_by_whoever_is_further_on_too() {
    let (mut a, mut b, mut c, operation) = joint();
    let say = |text: &str| {
        let text = text.parse().unwrap();
        Action::Message(MessageAction::Say {
            operation,
            about: None,
            text,
            break_silence: None,
        })
    };
    // Somebody has c's key and shows b another history than c shows a.
    let scope = Scope::Operation(operation.0);
    let mut thief = Pen::new(c.seeds(), "c");
    let feed = thief.feed(scope);
    let stolen = thief.sign(
        c.disk.head(feed.id()),
        Words::unknown("message.stolen", [7; 16], 1, false),
    );
    assert!(b.take(vec![stolen.clone()], &[]).is_empty());
    c.ask(say("one")).unwrap();
    c.ask(say("two")).unwrap();
    pull(&mut a, &c);
    // Each hears what the other holds: b is behind, and a is ahead.
    let held = a.disk.head(feed.id()).seq;
    assert!(held > stolen.header.seq);
    a.try_forks(vec![stolen]).unwrap();
    pull(&mut b, &a);
    for site in [&a, &b] {
        let followed = site.shown.copies.feeds[&feed.id()];
        assert!(followed.forked, "{}", site.name);
    }
    // Nothing more is taken from it, also after a restart.
    c.ask(say("three")).unwrap();
    a.restart();
    pull(&mut a, &c);
    assert_eq!(a.disk.head(feed.id()).seq, held);
    check(&[&a, &b, &c]);
}

#[test]
fn nobody_leads_because_it_says_that_it_took_command() {
    let (mut a, mut b, mut c, operation) = joint();
    let mut d = Site::new("d", 4);
    enrol(&mut a, &mut d);
    enrol(&mut c, &mut d);
    invite(&mut a, operation, &d);
    pull(&mut c, &a);
    // c says that it took command, to d who has heard nothing of it yet.
    let mut liar = Pen::new(c.seeds(), "c");
    let stood = c.shown.operation_anywhere(operation).unwrap().clone();
    let taken = OperationEvent::CommandTaken {
        operation: Box::new(stood),
        lead: c.node(),
    };
    let taken = Words::of(&Event::Operation(taken), operation.0, 99);
    liar.write(Scope::Command(operation.0), taken);
    let lies = liar.feeds.remove(&Scope::Command(operation.0)).unwrap();
    assert!(d.take(lies, &[]).is_empty(), "it may say so");
    assert!(
        d.shown.operation_anywhere(operation).is_err(),
        "and is not believed"
    );
    pull(&mut d, &a);
    let found = d.shown.operation_anywhere(operation).unwrap();
    assert_eq!(found.lead, a.node());
    settle(&mut [&mut a, &mut b, &mut c]);
    check(&[&a, &b, &c, &d]);
}

#[test]
fn whoever_is_called_in_by_a_later_lead_gets_to_the_founders_word() {
    let (mut a, mut b, mut c, operation) = joint();
    let mut d = Site::new("d", 4);
    enrol(&mut b, &mut d);
    offer_command(&mut a, operation, &b);
    settle(&mut [&mut a, &mut b, &mut c]);
    b.ask(take_command(operation)).unwrap();
    invite(&mut b, operation, &d);
    let incident = open(&mut c);
    share(&mut c, operation, incident, Tier::View);
    settle(&mut [&mut a, &mut b, &mut c]);
    // It knows nobody but b, and reaches nobody else.
    pull(&mut d, &b);
    assert_eq!(
        d.shown.operation_anywhere(operation).unwrap().lead,
        b.node()
    );
    join(&mut d, operation);
    pull(&mut b, &d);
    pull(&mut d, &b);
    assert!(d.copy(of(&c, incident)).is_some());
    settle(&mut [&mut a, &mut b, &mut c]);
    check(&[&a, &b, &c, &d]);
}

//! Rules that hold for every action: repeated keys, versions, claimed times, timers, restarts, leaving memory.

use std::collections::BTreeMap;

use super::world::{Asked, World};
use super::{RESPONSE, check};
use crate::basis::{Line, Timestamp};
use crate::engine::{self, Decoded};
use crate::plan::ResponseFile;
use crate::record::call::{CallAction, CallDetails, Channel};
use crate::record::{Action, Event, RecordKind, RecordRef};

#[test]
fn the_same_key_twice_is_done_once() {
    check(
        r#"
        [key k1] call at harbour: fire p1     -> call 1 received; entries 1
        [key k1] call at harbour: fire p1     -> repeated; entries 1; calls 1
        [key k1] call at market: fire p1      -> refused idempotency_key_reused; calls 1
        [key k1] [by 2] call at harbour: fire p1 -> call 2 received
        [key k2] open incident for call 1     -> incident 1 active; records 2
        restart
        [key k2] open incident for call 1     -> repeated; records 2; open incidents 1
        [key k3] open incident for call 1     -> refused wrong_state
        detach call 1
        [key k3] open incident for call 1     -> incident 2 active
        "#,
    );
}

#[test]
fn an_action_on_what_changed_meanwhile_is_refused() {
    check(
        r#"
        call at harbour: fire p1
        [version 1] open incident for call 1  -> incident 1 active
        [version 1] grade incident 1: p2      -> incident 1 version 2
        [version 1] grade incident 1: p3      -> refused version_mismatch; says The incident has changed: you saw version 1, it is now at 2.; incident 1 fire p2
        [version 3] grade incident 1: p3      -> refused version_mismatch
        [version 0] grade incident 8: p3      -> refused not_found
        [key k] [version 2] grade incident 1: p3 -> incident 1 fire p3
        [key k] [version 2] grade incident 1: p3 -> repeated; incident 1 version 3
        "#,
    );
}

#[test]
fn claimed_times_are_believed_within_reason() {
    check(
        r#"
        given engine E1
        after 90 s
        [30 s ago] call at harbour: fire p1   -> call 1 received 30 s before it was accepted
        [in 300000 ms] call                   -> call 2 received
        [in 300001 ms] call                   -> refused bad_claimed_time; calls 2
        [2678400 s ago] call                  -> call 3 received 2678400 s before it was accepted
        [2678400001 ms ago] call              -> refused bad_claimed_time; calls 3
        [imported 400 d ago] call             -> call 4 received 34560000 s before it was accepted
        open incident for call 1
        [20 s ago] send E1 to incident 1      -> E1 sent 20 s ago
        [5 s ago] E1 departs                  -> E1 departed 5 s ago; E1 so for 5 s
        "#,
    );
    let mut world = World::new(1, ResponseFile::default());
    for (now, when) in [
        (i64::MAX, engine::HappenedWhen::At(Timestamp(i64::MIN))),
        (i64::MIN, engine::HappenedWhen::At(Timestamp(i64::MAX))),
        (
            i64::MIN,
            engine::HappenedWhen::Imported(Timestamp(i64::MIN)),
        ),
    ] {
        world.now = Timestamp(now);
        let asked = Asked {
            when,
            ..Asked::default()
        };
        drop(world.handle(asked, a_call())); // No clock, however wrong, stops the engine.
    }
}

#[test]
fn silence_becomes_an_alarm_and_survives_a_restart() {
    check(
        r#"
        given engine E1; engine E2
        open incident at harbour: fire p1
        way of E1: 200 s
        send E1, E2 to incident 1             -> E1 no alarm
        after 59 s                            -> E1 no alarm
        after 1 s                             -> E1 alarm unanswered; E1 alarm unanswered since 0 s
        after 1 s                             -> E2 alarm unanswered since 1 s
        restart                               -> E2 alarm unanswered since 1 s; E1 alarm unanswered
        resend E2                             -> E2 no alarm; E1 alarm unanswered
        E1 acknowledges                       -> E1 no alarm
        after 118 s                           -> E1 no alarm; E2 alarm unanswered
        after 1 s                             -> E1 alarm late_departure
        E1 departs                            -> E1 no alarm
        after 419 s                           -> E1 no alarm
        after 1 s                             -> E1 alarm overdue_arrival   # 200 s and a half, and 120 s
        restart                               -> E1 alarm overdue_arrival since 0 s
        E1 arrives                            -> E1 no alarm
        after 1799 s                          -> E1 no alarm; E2 alarm unanswered
        after 1 s                             -> E1 alarm on_scene_check
        E2 departs
        after 1199 s                          -> E2 no alarm
        after 1 s                             -> E2 alarm overdue_arrival
        call off E2: enough                   -> E2 no alarm
        "#,
    );
}

#[test]
fn the_clock_may_go_back_and_time_does_not() {
    check(
        r#"
        given engine E1
        call at harbour: fire p1              -> call 1 received
        the clock goes back 1 h
        open incident for call 1              -> incident 1 active
        send E1 to incident 1                 -> E1 sent 0 s ago; E1 no alarm
        after 60 s                            -> E1 alarm unanswered
        restart                               -> E1 alarm unanswered
        E1 departs                            -> E1 departed 0 s ago
        "#,
    );
}

#[test]
fn a_restart_goes_on_where_the_disk_is() {
    check(
        r#"
        given station 1 at harbour; engine E1 at station 1; engine E2
        call from "110" at harbour saying "fire": fire p1
        open incident for call 1
        note on incident 1: first
        send E1 to incident 1
        restart                               -> call 1 from 110; call 1 said fire; incident 1 last note first; E1 assigned
        call                                  -> call 2 received
        open incident at market: flood p2     -> incident 2 active
        note on incident 1: second            -> incident 1 notes 2; incident 1 last note second
        amend call 1 saying "worse"           -> call 1 said worse; call 1 from 110
        enter engine E1                       -> refused taken
        E1 departs                            -> incident 1 en_route
        restart                               -> incident 1 notes 2; incident 1 en_route
        "#,
    );
}

#[test]
fn folding_a_prefix_and_then_the_rest_is_folding_all() {
    let story = check(
        r#"
        given engine E1; engine E2
        call from "110" at harbour: fire p1
        open incident for call 1
        note on incident 1: first
        send E1, E2 to incident 1
        E1 departs
        close call 1: no                      -> refused wrong_state
        E2 declines: no
        "#,
    );
    let world = &story.world;
    for cut in 0..=world.entries.len() {
        let (first, rest) = world.entries.split_at(cut);
        let mut board = crate::board::Board::default();
        world.fold(&mut board, first);
        world.fold(&mut board, rest);
        assert!(board == *world.engine.board(), "cut at {cut}");
    }
}

#[test]
fn ended_families_leave_memory_together_and_come_back() {
    let mut story = check(
        r#"
        given engine E1
        call at harbour: fire p1
        open incident for call 1
        call at harbour: fire p1
        open incident for call 2
        send E1 to incident 2
        E1 clears
        merge incident 2 into incident 1
        call
        close call 3: nothing
        call
        open incident at market: flood p2
        close incident 1: done                -> incident 1 calls 1, 2
        after 1 h
        note on incident 2: late              -> incident 2 notes 1
        "#,
    );
    let all = story.world.engine.board().clone();
    let world = &mut story.world;
    assert_eq!(
        names(&world.engine.let_go(Timestamp(world.now.0))),
        [(RecordKind::Call, 1)],
        "incident 2 was written about just now, so its family stays; call 3 goes"
    );
    world.now.0 += 1;
    let gone = world.engine.let_go(Timestamp(world.now.0));
    assert_eq!(
        names(&gone),
        [
            (RecordKind::Call, 2),
            (RecordKind::Incident, 2),
            (RecordKind::Assignment, 1)
        ]
    );
    assert_eq!(world.engine.board().calls.len(), 1, "the loose call stays");
    assert_eq!(
        world.engine.board().incidents.len(),
        1,
        "the open incident stays"
    );
    let call = world.ask(Asked::default(), a_call()).unwrap();
    assert_eq!(
        world
            .engine
            .board()
            .get(call.records[0].0)
            .unwrap()
            .number(),
        Some(5)
    );
    for reference in gone {
        let sealed = &world.rows[&reference].sealed;
        assert!(sealed.is_empty() || reference == RecordRef::from(all_id(&all, 2)));
        world.engine.adopt(all.get(reference).unwrap(), None);
    }
    assert_eq!(world.engine.board().calls_of(all_id(&all, 1)).count(), 2);
}

fn all_id(board: &crate::board::Board, number: u64) -> crate::basis::IncidentId {
    let mut incidents = board.incidents.values();
    incidents
        .find(|incident| incident.number == number)
        .unwrap()
        .id
}

fn names(references: &[RecordRef]) -> Vec<(RecordKind, usize)> {
    let mut counts: BTreeMap<RecordKind, usize> = BTreeMap::new();
    for reference in references {
        *counts.entry(reference.kind).or_default() += 1;
    }
    counts.into_iter().collect()
}

#[test]
fn an_abandoned_batch_leaves_no_trace_and_may_be_asked_again() {
    let mut world = World::new(3, ResponseFile::parse(RESPONSE).unwrap());
    world.ask(Asked::default(), a_call()).unwrap();
    let (board, head) = (world.engine.board().clone(), world.engine.head());
    let asked = |key: &str| Asked {
        key: Some(key.to_owned()),
        ..Asked::default()
    };
    let first = world.handle(asked("a"), a_call());
    let again = world.handle(asked("a"), a_call());
    assert!(again.append.is_empty() && again.then.answer.unwrap().repeated);
    assert_eq!(first.append.entries.len(), 1);
    world.engine.abandon(board.clone(), head); // The disk was full.
    assert!(*world.engine.board() == board);
    let after = world.ask(asked("a"), a_call()).unwrap();
    assert!(!after.repeated, "what was not durable was not done");
    let call = world.engine.board().get(after.records[0].0).unwrap();
    assert_eq!(call.number(), Some(2), "the number was not used up");
    world.check();
}

#[test]
fn an_entry_of_a_newer_program_is_unknown_and_not_an_error() {
    let story = check("call at harbour: fire p1");
    let entry = story.world.entries.last().unwrap();
    assert!(matches!(
        engine::decode(entry),
        Ok(Decoded::Event {
            event: Event::Call(_),
            ..
        })
    ));
    for (kind, version) in [
        ("call.received", 2),
        ("call.transferred", 1),
        ("drone.launched", 1),
    ] {
        let mut newer = entry.clone();
        newer.header.kind = kind.to_owned();
        newer.header.kind_version = version;
        assert!(
            matches!(engine::decode(&newer), Ok(Decoded::Unknown)),
            "{kind} {version}"
        );
    }
    let mut lying = entry.clone();
    lying.header.kind = "call.closed".to_owned();
    assert!(
        engine::decode(&lying).is_err(),
        "a known kind with another body is no newer one"
    );
}

#[test]
fn actions_name_all_that_the_host_must_have_at_hand() {
    let send = crate::record::assignment::AssignmentAction::Send {
        incident: crate::basis::IncidentId([4; 16]),
        choices: Vec::new(),
    };
    let names = Action::Assignment(send).names();
    assert_eq!(
        names,
        [RecordRef {
            kind: RecordKind::Incident,
            id: [4; 16]
        }]
    );
}

fn a_call() -> Action {
    let line: Line = "0575-110".parse().unwrap();
    let mut details = CallDetails::default();
    details.personal.callback = Some(line);
    Action::Call(CallAction::Receive {
        channel: Channel::Phone,
        source: None,
        details,
    })
}

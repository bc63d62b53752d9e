//! Monitoring: what waits at every step, with whom and since when, what is beyond its time and what is just not; that every
//! step ends what it waited for; how strong stations are, and what is covered without one unit.

use super::world::{Asked, BEGIN_MS, World, line};
use super::{check, check_with};
use crate::basis::{DirectiveId, PersonId, Priority, Prose, Timestamp};
use crate::board::Board;
use crate::limits;
use crate::monitoring::{
    COVERAGE_WITHIN_S, Coverage, Moment, Nearest, Wait, WaitStep, Waiter, class_of, groups,
    strength, waiting,
};
use crate::record::Action;
use crate::record::directive::{Addressee, Details, DirectiveAction, Step, overdue};
use crate::record::person::Seat;
use crate::timer;

const BRIGADE: &str = r#"
[categories.fire]
en = "Fire"
zh = "火警"

[kinds.car]
en = "Patrol car"
zh = "巡逻车"

[[plan]]
category = "*"
[[plan.alarm]]
needs = [{ kind = "car", count = 1 }]
"#;

fn all(world: &World) -> Vec<Wait> {
    all_at(world, world.now)
}

fn all_at(world: &World, now: Timestamp) -> Vec<Wait> {
    let moment = Moment {
        node: world.engine.node(),
        rules: &world.timers,
        now,
        calendar: &|day, minute| {
            Timestamp(i64::from(day) * 86_400_000 + i64::from(minute) * 60_000)
        },
    };
    waiting(world.engine.board(), &moment)
}

/// What waits, each as `step seconds` with a mark if it is beyond its time; alarms have lines of their own elsewhere.
fn told(world: &World) -> Vec<String> {
    let waits = all(world).into_iter();
    let steps = waits.filter(|one| one.step != WaitStep::AlarmUnanswered);
    let line = |one: Wait| {
        let beyond = if one.is_beyond(world.now) { "!" } else { "" };
        format!("{} {}{beyond}", one.step.as_str(), one.waited_s(world.now))
    };
    steps.map(line).collect()
}

/// Lives a story and says what waits at its end.
#[track_caller]
fn waits_after(story: &str, wanted: &[&str]) -> World {
    let world = check(&format!("given engine E1; engine E2\n{story}")).world;
    assert_eq!(told(&world), wanted, "after {story}");
    world
}

#[test]
fn every_step_of_a_response_waits_until_it_is_taken_and_is_late_when_its_timer_says_so() {
    waits_after("", &[]);
    waits_after(
        "call at harbour: fire p2\nafter 119 s",
        &["call_unplaced 119"],
    );
    waits_after(
        "call at harbour: fire p2\nafter 120 s",
        &["call_unplaced 120!"],
    );
    let open = "open incident at harbour: fire p2\n";
    waits_after(&format!("{open}after 59 s"), &["incident_unassigned 59"]);
    waits_after(&format!("{open}after 60 s"), &["incident_unassigned 60!"]);
    let proposed = format!("{open}propose E1 for incident 1\nafter 5 s");
    waits_after(&proposed, &["incident_unassigned 5"]);
    let sent = format!("{open}send E1 to incident 1\n");
    waits_after(
        &format!("{sent}after 59 s"),
        &["assignment_unacknowledged 59"],
    );
    waits_after(
        &format!("{sent}after 60 s"),
        &["assignment_unacknowledged 60!"],
    );
    let taken = format!("{sent}E1 acknowledges\n");
    waits_after(
        &format!("{taken}after 179 s"),
        &["assignment_undeparted 179"],
    );
    waits_after(
        &format!("{taken}after 180 s"),
        &["assignment_undeparted 180!"],
    );
    let gone = format!("{taken}after 30 s\nE1 departs\n");
    waits_after(
        &format!("{gone}after 1199 s"),
        &["assignment_unarrived 1199"],
    );
    waits_after(
        &format!("{gone}after 1200 s"),
        &["assignment_unarrived 1200!"],
    );
    let there = format!("{gone}E1 arrives\n");
    waits_after(&format!("{there}after 2 h"), &[]);
    waits_after(
        &format!("{there}E1 clears: out\nclose incident 1: done"),
        &[],
    );
    let declined = format!("{sent}E1 declines: pump\nafter 10 s");
    waits_after(&declined, &["incident_unassigned 10"]);
}

#[test]
fn what_is_beyond_is_what_the_timers_call_late_and_nothing_else() {
    let world = check(
        "given engine E1; engine E2
         call at market: fire p2
         open incident at harbour: fire p1
         open incident at museum: fire p4
         send E1 to incident 1
         after 200 s",
    )
    .world;
    let board = world.engine.board();
    let late = |now: Timestamp| -> Vec<_> {
        let mut late: Vec<_> = timer::open(board, &world.timers, now)
            .into_iter()
            .map(|(record, alarm)| (record, alarm.since))
            .collect();
        late.sort();
        late
    };
    for after_s in [0, 1, 59, 60, 61, 119, 120, 299, 300, 301, 1_000] {
        let now = Timestamp(BEGIN_MS).plus_s(after_s);
        let waits = all_at(&world, now);
        let mut beyond: Vec<_> = waits
            .iter()
            .filter(|one| one.is_beyond(now) && one.step != WaitStep::AlarmUnanswered)
            .map(|one| (one.record, one.due.unwrap()))
            .collect();
        beyond.sort();
        assert_eq!(beyond, late(now), "{after_s} s");
        let alarms = waits
            .iter()
            .filter(|one| one.step == WaitStep::AlarmUnanswered);
        assert_eq!(alarms.count(), beyond.len(), "nobody has acknowledged any");
    }
}

fn act(world: &mut World, person: u8, action: DirectiveAction) -> DirectiveId {
    let asked = Asked {
        person: PersonId([person; 16]),
        ..Asked::default()
    };
    let done = world.ask(asked, Action::Directive(action)).unwrap();
    DirectiveId(done.records[0].0.id)
}

fn advance(world: &mut World, directive: DirectiveId, step: Step) {
    let text: Option<Prose> = (step == Step::Reported).then(|| "It is closed".parse().unwrap());
    let action = DirectiveAction::Advance {
        directive,
        item: 0,
        step,
        text,
    };
    act(world, 2, action);
}

#[test]
fn a_directive_waits_with_its_addressee_then_with_whoever_verifies_it() {
    let mut world = check_with(BRIGADE, "given car C1").world;
    let unit = world.unit("C1");
    let details = Details {
        kind: "task".parse().unwrap(),
        priority: Priority::P2,
        subject: line("Close the east gate"),
        to: vec![Addressee::Unit(unit)],
        operation: None,
        related: Vec::new(),
        close_by: Timestamp(BEGIN_MS).plus_s(12 * 3_600),
        replaces: None,
    };
    let draft = DirectiveAction::Draft {
        details,
        text: Some("Nobody in".parse().unwrap()),
        issue: false,
    };
    let directive = act(&mut world, 1, draft);
    assert_eq!(told(&world), [""; 0], "a draft waits for nobody");
    act(&mut world, 1, DirectiveAction::Issue { directive });
    let mut lived = Vec::new();
    let mut look = |world: &World| {
        let waits = all(world);
        let mut steps = waits
            .iter()
            .filter(|one| one.step != WaitStep::AlarmUnanswered);
        let one = *steps.next().unwrap();
        assert!(steps.next().is_none() && one.item == Some(0));
        let found = world.engine.board().directive(directive).unwrap();
        let late = overdue(world.engine.board(), found, world.now);
        assert_eq!(one.is_beyond(world.now), late.is_some(), "{one:?} {late:?}");
        lived.push((one.step, one.with, one.waited_s(world.now)));
    };
    for step in [Step::Delivered, Step::Shown, Step::Signed, Step::Acting] {
        world.now = world.now.plus_s(10);
        look(&world);
        advance(&mut world, directive, step);
    }
    world.now = world.now.plus_s(3 * 3_600);
    look(&world);
    advance(&mut world, directive, Step::Reported);
    world.now = world.now.plus_s(7);
    look(&world);
    let reason = line("which gate?");
    let back = DirectiveAction::Return {
        directive,
        item: 0,
        reason,
    };
    act(&mut world, 1, back);
    world.now = world.now.plus_s(9);
    look(&world);
    let crew = Waiter::Unit(unit);
    let officer = Waiter::Seat(Seat::DutyOfficer);
    assert_eq!(
        lived,
        [
            (WaitStep::DirectiveUnsigned, crew, 10),
            (WaitStep::DirectiveUnsigned, crew, 20),
            (WaitStep::DirectiveUnsigned, crew, 30),
            (WaitStep::DirectiveUndeparted, crew, 10),
            (WaitStep::DirectiveUnreported, crew, 10_800),
            (WaitStep::DirectiveUnverified, officer, 7),
            (WaitStep::DirectiveReturned, crew, 9),
        ]
    );
    advance(&mut world, directive, Step::Reported);
    act(
        &mut world,
        1,
        DirectiveAction::Verify { directive, item: 0 },
    );
    assert_eq!(told(&world), [""; 0], "what is done waits no more");
}

#[test]
fn groups_count_all_and_name_the_longest_waiting_up_to_the_limit() {
    for count in [limits::WAITS_NAMED_MAX, limits::WAITS_NAMED_MAX + 1] {
        let story = "call at harbour: fire p2\nafter 1 s\n".repeat(count);
        let world = check(&story).world;
        let found = groups(&all(&world), world.now);
        assert_eq!(found.len(), 1);
        let calls = &found[0];
        assert_eq!((calls.step, calls.count), (WaitStep::CallUnplaced, count));
        assert_eq!(calls.with, Waiter::Seat(Seat::CallTaker));
        assert_eq!(calls.behind.len(), limits::WAITS_NAMED_MAX);
        assert_eq!(calls.longest_s as usize, count);
        assert_eq!(calls.median_s as usize, count.div_ceil(2));
        assert_eq!(
            calls.behind[0].waited_s(world.now),
            u64::from(calls.longest_s)
        );
        assert_eq!(calls.beyond, 0);
    }
    assert!(groups(&[], Timestamp(BEGIN_MS)).is_empty());
}

#[test]
fn every_step_has_a_word_of_its_own_and_is_found_by_it() {
    for step in WaitStep::ALL {
        assert_eq!(WaitStep::parse(step.as_str()), Some(step));
        assert!(!step.label().zh.is_empty() && !step.label().en.is_empty());
    }
    assert_eq!(WaitStep::parse("anything"), None);
}

#[test]
fn strength_adds_up_whatever_units_do() {
    let world = check(
        "given engine E1; engine E2; engine E3
         open incident at harbour: fire p2
         send E1 to incident 1",
    )
    .world;
    let found = strength(world.engine.board(), world.now);
    let engines = found.values().fold((0, 0, 0), |sum, one| {
        assert_eq!(one.on_duty, one.free + one.bound + one.out_of_service);
        (sum.0 + one.on_duty, sum.1 + one.free, sum.2 + one.bound)
    });
    assert_eq!(engines, (3, 2, 1));
    assert!(strength(&Board::default(), world.now).is_empty());
}

#[test]
fn coverage_counts_at_each_limit_and_one_past_and_looks_up_what_one_unit_leaves() {
    let [five, ten, fifteen] = COVERAGE_WITHIN_S;
    for (seconds, class) in [
        (Some(0), 0),
        (Some(five), 0),
        (Some(five + 1), 1),
        (Some(ten), 1),
        (Some(ten + 1), 2),
        (Some(fifteen), 2),
        (Some(fifteen + 1), 3),
        (None, 3),
    ] {
        assert_eq!(class_of(seconds), class, "{seconds:?}");
    }
    let place = |first, second| Nearest { first, second };
    let places = [
        place(Some((0, 100)), Some((1, 700))),
        place(Some((1, 301)), Some((0, 301))),
        place(Some((0, 899)), None),
        place(None, None),
    ];
    let share = |without| Coverage::of(&places, without).within;
    assert_eq!(share(None), [1, 2, 3]);
    assert_eq!(
        share(Some(0)),
        [0, 1, 2],
        "the second soonest takes its place, or nobody"
    );
    assert_eq!(
        share(Some(1)),
        [1, 2, 3],
        "who is soonest nowhere alone is not missed"
    );
    assert_eq!(share(Some(9)), share(None));
    let third = |within| Coverage { places: 3, within }.permille();
    assert_eq!(third([1, 2, 3]), [Some(333), Some(667), Some(1_000)]);
    assert_eq!(
        Coverage::default().permille(),
        [None; 3],
        "no places, no share"
    );
}

#[test]
fn a_unit_that_is_offered_takes_the_place_that_its_time_gives_it() {
    let mut one = Nearest::default();
    one.offer((4, 200));
    one.offer((5, 300));
    one.offer((6, 250));
    one.offer((7, 100));
    one.offer((8, 900));
    assert_eq!(one.first, Some((7, 100)));
    assert_eq!(one.second, Some((4, 200)));
    assert_eq!(one.seconds_without(Some(7)), Some(200));
}

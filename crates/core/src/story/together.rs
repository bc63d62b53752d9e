//! Steps of several units in one action: all of them or none, and each of a unit of its own.

use super::check;
use super::world::{Asked, World};
use crate::basis::UnitId;
use crate::limits;
use crate::record::Action;
use crate::record::assignment::{AssignmentAction, Step};
use crate::record::unit::{UnitAction, UnitDetails};
use crate::refusal::Refusal;

fn off(unit: UnitId) -> Action {
    Action::Unit(UnitAction::GoOffDuty { unit })
}

fn advance(world: &World, callsign: &str, step: Step) -> Action {
    let board = world.engine.board();
    let assignment = board.live_assignment(world.unit(callsign)).unwrap().id;
    Action::Assignment(AssignmentAction::Advance { assignment, step })
}

#[test]
fn all_of_it_is_done_or_nothing() {
    let mut told = check(
        r#"
        given engine E1; engine E2; engine E3
        open incident at harbour: fire p1
        send E1, E2 to incident 1
        E2 departs
        "#,
    );
    let world = &mut told.world;
    let both = |world: &World, step: &Step| {
        let each = ["E1", "E2"].map(|callsign| advance(world, callsign, step.clone()));
        Action::Together(each.into())
    };
    // E2 is past that.
    let refused = world.ask(Asked::default(), both(world, &Step::Acknowledge));
    assert!(
        matches!(refused, Err(Refusal::WrongState { .. })),
        "{refused:?}"
    );
    let done = world
        .ask(Asked::default(), both(world, &Step::Arrive))
        .unwrap();
    assert_eq!(done.records.len(), 2);
    world.check();

    let (e1, e3) = (world.unit("E1"), world.unit("E3"));
    let mixed = vec![off(e3), advance(world, "E1", Step::Clear { ending: None })];
    assert!(world.ask(Asked::default(), Action::Together(mixed)).is_ok());
    let twice = vec![off(e1), off(e1)];
    let refused = world.ask(Asked::default(), Action::Together(twice));
    assert!(matches!(refused, Err(Refusal::Circle(_))), "{refused:?}");
    let crossed = vec![
        off(world.unit("E2")),
        advance(world, "E2", Step::Clear { ending: None }),
    ];
    let refused = world.ask(Asked::default(), Action::Together(crossed));
    assert!(
        refused.is_err(),
        "one step would rest on the other: {refused:?}"
    );
    let nested = vec![Action::Together(vec![off(e1)])];
    assert!(
        world
            .ask(Asked::default(), Action::Together(nested))
            .is_err()
    );
    world.check();
}

#[test]
fn as_many_as_can_be_sent_and_no_more() {
    let mut world = check("given engine E1").world;
    let mut units = Vec::new();
    for number in 0..=limits::UNITS_PER_SEND_MAX {
        let details = UnitDetails {
            kind: "engine".parse().unwrap(),
            capabilities: [].into(),
            station: None,
            post: None,
            crew: None,
            areas: [].into(),
        };
        let callsign = format!("X{number}").parse().unwrap();
        let enter = Action::Unit(UnitAction::Enter { callsign, details });
        let made = world.ask(Asked::default(), enter).unwrap();
        units.push(UnitId(made.records[0].0.id));
    }
    let on = |units: &[UnitId]| {
        let each = units
            .iter()
            .map(|unit| Action::Unit(UnitAction::MakeAvailable { unit: *unit }));
        Action::Together(each.collect())
    };
    let past = world.ask(Asked::default(), on(&units));
    assert!(matches!(past, Err(Refusal::Limit { .. })), "{past:?}");
    let at = world.ask(Asked::default(), on(&units[1..]));
    assert_eq!(at.unwrap().records.len(), limits::UNITS_PER_SEND_MAX);
    assert!(world.ask(Asked::default(), on(&[])).is_err());
}

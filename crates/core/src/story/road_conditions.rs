//! Roads that are closed or slowed for a while: entered, planned, ended by a person or by the clock, taken back.
//!
//! In these stories a road condition is called by its one-word reason. Its limits are tested at them and one past.

use super::verbs::Words;
use super::world::{Asked, World};
use super::{Story, check, place};
use crate::basis::{Line, Point, RoadConditionId, Timestamp};
use crate::limits;
use crate::plan::ResponseFile;
use crate::record::Action;
use crate::record::road_condition::{
    RoadCondition, RoadConditionAction, RoadConditionDetails, RoadEffect, RoadShape,
};
use crate::refusal::Refusal;

impl Story {
    fn road(&self, reason: &str) -> RoadConditionId {
        let mut all = self.world.engine.board().road_conditions.values();
        let found = all.find(|one| one.details.reason.as_str() == reason);
        found.map_or(RoadConditionId([0x57; 16]), |one| one.id)
    }

    /// Reads `close road NAME at PLACE`, `slow road NAME at PLACE to 40`, and what `road NAME` may then do.
    pub(super) fn road_action(&self, first: &str, words: &mut Words) -> RoadConditionAction {
        let reason = words.next();
        let now = self.world.now;
        let later = |words: &mut Words| Timestamp(now.0 + words.seconds() * 1_000);
        if first == "road" {
            let road_condition = self.road(&reason);
            return if words.eat("ends") {
                RoadConditionAction::End { road_condition }
            } else if words.eat("resumes") {
                RoadConditionAction::Resume { road_condition }
            } else {
                words.must("holds");
                let until = words.eat("for").then(|| later(words));
                RoadConditionAction::AmendEnd {
                    road_condition,
                    until,
                }
            };
        }
        words.must("at");
        let centre = place(&words.next()).point;
        let mut details = RoadConditionDetails {
            effect: RoadEffect::Closed,
            shape: RoadShape::Circle {
                centre,
                radius_m: 50,
            },
            reason: reason.parse().unwrap(),
            from: now,
            until: None,
        };
        if words.eat("to") {
            let percent = words.number();
            details.effect = RoadEffect::Slowed { percent };
        }
        if words.eat("in") {
            details.from = later(words);
        }
        if words.eat("for") {
            details.until = Some(later(words));
        }
        RoadConditionAction::Enter { details }
    }
}

/// Says where a road condition is in its life.
pub(super) fn facts_of(condition: &RoadCondition, now: Timestamp) -> [String; 2] {
    let name = condition.details.reason.as_str();
    [
        format!("road {name} {}", condition.phase(now).as_str()),
        format!("road {name} version {}", condition.version),
    ]
}

#[test]
fn a_bridge_is_closed_and_a_person_opens_it() {
    check(
        r#"
        close road bridge at harbour          -> road bridge in_force; road bridge version 1
        restart
        after 40 d                            -> road bridge in_force  # without an end it holds until somebody ends it
        road bridge ends                      -> road bridge ended
        road bridge ends                      -> refused wrong_state; next Enter a new one if the road is not clear.
        road bridge holds for 1 h             -> refused wrong_state
        road ferry ends                       -> refused not_found
        "#,
    );
}

#[test]
fn the_clock_begins_and_ends_it_and_nothing_is_written() {
    check(
        r#"
        slow road parade at market to 40 in 1 h for 3 h -> road parade planned; entries 1
        after 59 min                          -> road parade planned
        after 1 min                           -> road parade in_force; entries 1
        after 119 min                         -> road parade in_force
        after 1 min                           -> road parade ran_out; entries 1
        road parade holds for 1 h             -> refused wrong_state; says The road condition is past its end.
        close road fair at market for 2 h     -> road fair in_force
        road fair holds for 5 h               -> road fair version 2
        after 4 h                             -> road fair in_force
        road fair holds                       -> road fair version 3
        after 9 h                             -> road fair in_force
        "#,
    );
}

#[test]
fn what_cannot_be_is_refused() {
    check(
        r#"
        close road bridge at harbour for 0 s           -> refused missing
        close road bridge at harbour in 2 h for 1 h    -> refused missing; says An end that is after the beginning and in the future is missing.
        close road bridge at harbour in 2 h for 2 h    -> refused missing
        slow road bridge at harbour to 0               -> refused missing
        slow road bridge at harbour to 100             -> refused missing; says A speed of 1 to 99 percent of the usual one is missing.
        slow road bridge at harbour to 99              -> road bridge in_force
        close road early at harbour in 366 d           -> road early planned
        close road late at harbour in 31622401 s       -> refused limit; says The limit is reached: at most 366 days that a road condition lies ahead.
        road bridge holds for 366 d                    -> road bridge version 2
        road bridge holds for 31622401 s               -> refused limit
        "#,
    );
}

#[test]
fn what_was_just_done_is_taken_back() {
    check(
        r#"
        close road bridge at harbour          -> road bridge in_force
        undo                                  -> road bridge ended
        close road quay at market for 1 h
        road quay holds for 2 h
        undo                                  -> road quay in_force
        after 61 min                          -> road quay ran_out
        close road mole at market
        road mole ends                        -> road mole ended
        after 5 s
        undo                                  -> road mole in_force
        road mole resumes                     -> refused wrong_state
        "#,
    );
}

#[test]
fn a_unit_that_comes_later_than_usual_says_why() {
    check(
        r#"
        given engine E1; engine E2; truck T1
        open incident at harbour: fire p1
        way of E1: 300 s seen 5 s ago later by 240 s
        way of E2: 200 s seen 5 s ago later by 9 s
        recommend for incident 1              -> E1: no. 2 by time, for: Engine, a road on the usual way is closed or slow: 4 min later; E1：用时第 2，满足：水罐车，常走道路封闭或缓行：晚 4 分钟
        recommend for incident 1              -> E2: nearest that fits, for: Engine
        way of E2: 200 s seen 5 s ago later by 10 s
        recommend for incident 1              -> E2: nearest that fits, for: Engine, a road on the usual way is closed or slow: 10 s later
        "#,
    );
}

#[test]
fn what_is_over_leaves_memory_and_what_holds_stays() {
    let mut story = check(
        r#"
        close road past at harbour for 1 h
        close road ended at harbour
        road ended ends
        close road holds at harbour
        close road tomorrow at harbour in 1 d
        after 2 h
        "#,
    );
    let now = story.world.now;
    let gone = story.world.engine.let_go(now);
    assert_eq!(gone.len(), 2, "{gone:?}");
    let left = story.world.engine.board().road_conditions.values();
    let left: Vec<&str> = left.map(|one| one.details.reason.as_str()).collect();
    assert!(left.len() == 2 && left.contains(&"holds") && left.contains(&"tomorrow"));
}

fn enter(shape: RoadShape) -> Action {
    let reason: Line = "flood".parse().unwrap();
    Action::RoadCondition(RoadConditionAction::Enter {
        details: RoadConditionDetails {
            effect: RoadEffect::Closed,
            shape,
            reason,
            from: Timestamp(0),
            until: None,
        },
    })
}

fn points(count: usize) -> Vec<Point> {
    (0..count)
        .map(|at| Point::from_degrees(30.0 + at as f64 / 1e4, 120.0).unwrap())
        .collect()
}

#[test]
fn shapes_are_taken_at_their_limits_and_refused_one_past_them() {
    let mut world = World::new(3, ResponseFile::default());
    let line = |count, width_m| RoadShape::Line {
        points: points(count),
        width_m,
    };
    let area = |count| RoadShape::Area {
        points: points(count),
    };
    let circle = |radius_m| RoadShape::Circle {
        centre: points(1)[0],
        radius_m,
    };
    let most = limits::POINTS_PER_SHAPE_MAX;
    let (wide, far) = (
        limits::ROAD_LINE_WIDTH_M_MAX,
        limits::ROAD_CIRCLE_RADIUS_M_MAX,
    );
    let standing = RoadShape::Line {
        points: vec![points(1)[0]; 4],
        width_m: 5,
    };
    for (shape, refused) in [
        (line(2, 1), None),
        (line(most, wide), None),
        (line(most + 1, wide), Some("limit")),
        (line(2, wide + 1), Some("limit")),
        (line(2, 0), Some("missing")),
        (line(1, 5), Some("missing")),
        (standing, Some("missing")),
        (area(3), None),
        (area(most), None),
        (area(most + 1), Some("limit")),
        (area(2), Some("missing")),
        (circle(1), None),
        (circle(far), None),
        (circle(far + 1), Some("limit")),
        (circle(0), Some("missing")),
    ] {
        let found = world.ask(Asked::default(), enter(shape.clone()));
        let found = found.err().map(|refusal| refusal.code());
        assert_eq!(found, refused, "{shape:?}");
    }
}

#[test]
fn so_many_hold_at_a_time_and_what_is_over_does_not_count() {
    let mut world = World::new(3, ResponseFile::default());
    let circle = || RoadShape::Circle {
        centre: points(1)[0],
        radius_m: 20,
    };
    for _ in 0..limits::ROAD_CONDITIONS_MAX {
        world.ask(Asked::default(), enter(circle())).unwrap();
    }
    let past = world.ask(Asked::default(), enter(circle()));
    assert!(matches!(past, Err(Refusal::Limit { max, .. }) if max == limits::ROAD_CONDITIONS_MAX));
    let first = *world.engine.board().road_conditions.keys().next().unwrap();
    let end = RoadConditionAction::End {
        road_condition: first,
    };
    world
        .ask(Asked::default(), Action::RoadCondition(end))
        .unwrap();
    world.ask(Asked::default(), enter(circle())).unwrap();
    let resume = RoadConditionAction::Resume {
        road_condition: first,
    };
    let full = world.ask(Asked::default(), Action::RoadCondition(resume));
    assert_eq!(full.unwrap_err().code(), "limit");
    world.check();
}

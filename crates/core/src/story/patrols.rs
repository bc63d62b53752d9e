//! Patrol plans: what they promise, how rounds are laid out and accepted, what is reported, and who may not go.

use std::collections::{BTreeMap, BTreeSet};

use super::check_with;
use super::world::{Asked, BEGIN_MS, World, line};
use crate::basis::{PatrolId, Point, Timestamp, TravelBasis, TravelTime, UnitId};
use crate::engine::HappenedWhen;
use crate::limits;
use crate::patrol::{self, Begins, Coverage, Layout, Trouble, VisitName, called_away, coverage};
use crate::record::Action;
use crate::record::patrol::{
    Leg, Patrol, PatrolAction, PatrolDetails, PatrolPoint, PatrolStatus, Round, Wanted, Window,
};
use crate::record::person::{PersonAction, PersonDetails, Seat};
use crate::refusal::Refusal;
use crate::routing::Search;

const BRIGADE: &str = r#"
[categories.fire]
en = "Fire"
zh = "火警"

[kinds.car]
en = "Patrol car"
zh = "巡逻车"

[kinds.neighbours]
en = "Neighbourhood watch"
zh = "邻里守望队"
volunteers = true

[[plan]]
category = "*"
[[plan.alarm]]
needs = [{ kinds = ["car", "neighbours"], count = 1 }]
"#;

fn minute(at: i64) -> Timestamp {
    Timestamp(BEGIN_MS + at * 60_000)
}

/// A point on one long street, so many hundredths of a degree along it.
fn on_street(at: i32) -> Point {
    Point {
        lat_e6: 30_000_000,
        lon_e6: 120_000_000 + at * 10_000,
    }
}

fn point(no: u16, wanted: Wanted) -> PatrolPoint {
    PatrolPoint {
        no,
        label: line("Market"),
        at: on_street(i32::from(no)),
        to: None,
        stay_min: 5,
        wanted,
        windows: Vec::new(),
        volunteers: false,
    }
}

fn times(count: u16) -> Wanted {
    Wanted::Times { count }
}

fn details(units: &[UnitId], points: Vec<PatrolPoint>) -> PatrolDetails {
    PatrolDetails {
        theme: line("Night round"),
        theme_other: None,
        from: minute(60),
        until: minute(300),
        start: None,
        end: None,
        units: units.iter().copied().collect(),
        points,
    }
}

/// Two cars and a team of volunteers, all on duty.
fn night() -> (World, [UnitId; 3]) {
    let told = check_with(BRIGADE, "given car C1; car C2; neighbours N1");
    let units = ["C1", "C2", "N1"].map(|callsign| told.world.unit(callsign));
    (told.world, units)
}

fn ask(world: &mut World, action: PatrolAction) -> Result<PatrolId, Refusal> {
    let done = world.ask(Asked::default(), Action::Patrol(action))?;
    Ok(PatrolId(done.records[0].0.id))
}

fn entered(world: &mut World, details: PatrolDetails) -> PatrolId {
    ask(world, PatrolAction::Enter { details }).unwrap()
}

fn found(world: &World, patrol: PatrolId) -> Patrol {
    world.engine.board().patrol(patrol).unwrap().clone()
}

/// One minute for each hundredth of a degree.
fn street_times(points: &[Point]) -> Vec<Option<TravelTime>> {
    let way = |from: &Point, to: &Point| TravelTime {
        seconds: (from.lon_e6 - to.lon_e6).unsigned_abs() / 10_000 * 60,
        basis: TravelBasis::Road,
    };
    let line = |from: &Point| {
        points
            .iter()
            .map(|to| Some(way(from, to)))
            .collect::<Vec<_>>()
    };
    points.iter().flat_map(line).collect()
}

fn begins(volunteers: bool) -> Begins {
    Begins {
        at: on_street(0),
        end: on_street(0),
        from: minute(60),
        volunteers,
    }
}

fn proposed(patrol: &Patrol, units: &[(UnitId, Begins)], now: Timestamp) -> patrol::Proposal {
    let layout = Layout::new(patrol, units.iter().copied().collect(), now);
    let times = street_times(layout.points());
    let problem = layout.problem(&times).unwrap();
    let mut search = Search::new(problem.clone(), 1);
    (0..500).for_each(|step| search.step(f64::from(step) / 500.0));
    layout.proposal(&problem, search.best(), &times)
}

fn legs(proposal: &patrol::Proposal, unit: UnitId) -> Vec<(u16, u16)> {
    let round = proposal.rounds.iter().find(|round| round.unit == unit);
    let legs = round.map_or(&[][..], |round| &round.legs);
    legs.iter().map(|leg| (leg.point, leg.visit)).collect()
}

#[test]
fn a_plan_promises_spans_of_time() {
    let spans = |wanted: Wanted, windows: &[(i64, i64)]| -> Vec<(i64, i64)> {
        let mut one = point(1, wanted);
        let window = |(from, until): &(i64, i64)| Window {
            from: minute(*from),
            until: minute(*until),
        };
        one.windows = windows.iter().map(window).collect();
        let details = details(&[UnitId([1; 16])], vec![one]);
        let minutes = |time: Timestamp| (time.0 - BEGIN_MS) / 60_000;
        let all = patrol::promised(&details);
        assert_eq!(all.len(), patrol::promised_count(&details));
        assert!(
            all.iter()
                .zip(1..)
                .all(|(one, visit)| one.name.visit == visit)
        );
        all.iter()
            .map(|one| (minutes(one.from), minutes(one.until)))
            .collect()
    };
    // The shift is four hours.
    assert_eq!(spans(times(2), &[]), [(60, 180), (180, 300)]);
    let every = Wanted::Every { minutes: 90 };
    assert_eq!(
        spans(every, &[]),
        [(60, 180), (180, 300)],
        "two full spans, no stub"
    );
    // Three visits over one long and one short window.
    let spread = spans(times(3), &[(60, 180), (200, 260)]);
    assert_eq!(spread, [(60, 120), (120, 180), (200, 260)]);
    assert_eq!(spans(times(1), &[(60, 70), (100, 300)]), [(100, 300)]);
    let short = Wanted::Every { minutes: 60 };
    assert_eq!(
        spans(short, &[(100, 110)]),
        [(100, 110)],
        "a short window has one"
    );
}

#[test]
fn rounds_are_proposed_accepted_walked_and_add_up() {
    let (mut world, [c1, c2, _]) = night();
    let points = vec![point(1, times(2)), point(3, times(1)), point(9, times(1))];
    let patrol = entered(&mut world, details(&[c1, c2], points));
    assert!(
        ask(&mut world, PatrolAction::Start { patrol }).is_err(),
        "no rounds yet"
    );
    let made = proposed(
        &found(&world, patrol),
        &[(c1, begins(false)), (c2, begins(false))],
        world.now,
    );
    assert_eq!(made.left_out, []);
    // Along the street and back, twice to the first point: one car does it on its way.
    assert_eq!(made.under_way_s, 2 * 9 * 60);
    let rounds = made.rounds;
    ask(
        &mut world,
        PatrolAction::Accept {
            patrol,
            rounds: rounds.clone(),
        },
    )
    .unwrap();
    ask(&mut world, PatrolAction::Start { patrol }).unwrap();
    let busy = rounds.iter().find(|round| !round.legs.is_empty()).unwrap();
    let unit = busy.unit;
    let name = |point, visit| VisitName { point, visit };
    let visit = |name| PatrolAction::Visit { patrol, unit, name };
    world.now = minute(70);
    ask(&mut world, visit(name(1, 1))).unwrap();
    let again = ask(&mut world, visit(name(1, 1)));
    assert!(
        matches!(again, Err(Refusal::WrongState { .. })),
        "{again:?}"
    );
    assert!(
        ask(&mut world, visit(name(1, 3))).is_err(),
        "only two are promised"
    );
    let reason = line("road closed");
    let skip = PatrolAction::Skip {
        patrol,
        unit,
        name: name(9, 1),
        reason,
    };
    ask(&mut world, skip).unwrap();
    let all = |world: &World, at| {
        let points = coverage(&found(world, patrol), at);
        patrol::coverage_of_all(&points)
    };
    let expected = Coverage {
        promised: 4,
        in_time: 1,
        skipped: 1,
        awaited: 2,
        ..Coverage::default()
    };
    assert_eq!(all(&world, world.now), expected);
    let expected = Coverage {
        promised: 4,
        in_time: 1,
        skipped: 1,
        missed: 2,
        ..Coverage::default()
    };
    assert_eq!(
        all(&world, minute(301)),
        expected,
        "silence is a visit that was missed"
    );
    world.now = minute(305);
    ask(&mut world, visit(name(1, 2))).unwrap();
    let expected = Coverage {
        late: 1,
        missed: 1,
        ..expected
    };
    assert_eq!(all(&world, world.now), expected);
    ask(
        &mut world,
        PatrolAction::End {
            patrol,
            ending: None,
        },
    )
    .unwrap();
    // A phone that had no coverage tells of a visit before the end; of one after it, nobody wants to know.
    world.now = minute(320);
    let late = |when| Asked {
        when: HappenedWhen::At(when),
        ..Asked::default()
    };
    let third = Action::Patrol(visit(name(3, 1)));
    assert!(world.ask(late(minute(310)), third.clone()).is_err());
    world.ask(late(minute(200)), third).unwrap();
    assert_eq!(all(&world, world.now).in_time, 2);
    assert_eq!(found(&world, patrol).status, PatrolStatus::Ended);
    world.check();
    let gone = world.engine.let_go(minute(400));
    assert!(gone.contains(&patrol.into()), "an ended plan leaves memory");
}

#[test]
fn what_a_unit_that_is_called_away_leaves_is_laid_out_for_the_others() {
    let mut told = check_with(
        BRIGADE,
        "given car C1; car C2\nopen incident at harbour: fire p1",
    );
    let (c1, c2) = (told.world.unit("C1"), told.world.unit("C2"));
    let world = &mut told.world;
    let patrol = entered(
        world,
        details(&[c1, c2], vec![point(2, times(1)), point(4, times(1))]),
    );
    let leg = |point, at| Leg {
        point,
        visit: 1,
        at: minute(at),
    };
    let round = |unit, legs| Round {
        unit,
        legs,
        back_at: minute(200),
        basis: TravelBasis::Road,
    };
    let rounds = vec![round(c1, vec![leg(2, 62), leg(4, 70)]), round(c2, vec![])];
    ask(
        world,
        PatrolAction::Accept {
            patrol,
            rounds: rounds.clone(),
        },
    )
    .unwrap();
    ask(world, PatrolAction::Start { patrol }).unwrap();
    world.now = minute(65);
    let name = VisitName { point: 2, visit: 1 };
    ask(
        world,
        PatrolAction::Visit {
            patrol,
            unit: c1,
            name,
        },
    )
    .unwrap();
    assert_eq!(called_away(world.engine.board(), &found(world, patrol)), []);
    use crate::record::assignment::{AssignmentAction, Choice, Why};
    let send = AssignmentAction::Send {
        incident: world.incident(1),
        choices: vec![Choice {
            unit: c1,
            why: Why::default(),
        }],
    };
    world
        .ask(Asked::default(), Action::Assignment(send))
        .unwrap();
    assert_eq!(
        called_away(world.engine.board(), &found(world, patrol)),
        [c1]
    );
    let refused = ask(world, PatrolAction::Accept { patrol, rounds });
    assert!(
        matches!(
            refused,
            Err(Refusal::WrongState { .. } | Refusal::UnitNotFree { .. })
        ),
        "{refused:?}"
    );
    let made = proposed(&found(world, patrol), &[(c2, begins(false))], world.now);
    assert_eq!(
        legs(&made, c2),
        [(4, 1)],
        "what was visited is not laid out again"
    );
    ask(
        world,
        PatrolAction::Accept {
            patrol,
            rounds: made.rounds,
        },
    )
    .unwrap();
    assert_eq!(called_away(world.engine.board(), &found(world, patrol)), []);
    world.check();
}

#[test]
fn volunteers_go_where_they_may_and_are_sent_to_no_incident() {
    let (mut world, [c1, _, n1]) = night();
    let open = PatrolPoint {
        volunteers: true,
        ..point(1, times(1))
    };
    let patrol = entered(&mut world, details(&[n1], vec![open, point(2, times(1))]));
    let made = proposed(&found(&world, patrol), &[(n1, begins(true))], world.now);
    assert_eq!(legs(&made, n1), [(1, 1)]);
    let name = VisitName { point: 2, visit: 1 };
    assert_eq!(made.left_out, [(name, Trouble::NotForVolunteers)]);
    let leg = Leg {
        point: 2,
        visit: 1,
        at: minute(70),
    };
    let round = Round {
        unit: n1,
        legs: vec![leg],
        back_at: minute(80),
        basis: TravelBasis::Road,
    };
    let refused = ask(
        &mut world,
        PatrolAction::Accept {
            patrol,
            rounds: vec![round],
        },
    );
    assert!(refused.is_err(), "not open to them: {refused:?}");
    ask(
        &mut world,
        PatrolAction::Accept {
            patrol,
            rounds: made.rounds,
        },
    )
    .unwrap();

    let enrol = |seat: Seat, unit: UnitId| {
        let details = PersonDetails {
            name: line("Lin"),
            seats: BTreeSet::from([seat]),
            unit: Some(unit),
            program: false,
        };
        let login = line(&format!("{}-{unit}", seat.as_str()));
        Action::Person(PersonAction::Enrol { login, details })
    };
    let refused = world.ask(Asked::default(), enrol(Seat::Crew, n1));
    assert!(
        matches!(refused, Err(Refusal::WrongState { .. })),
        "{refused:?}"
    );
    world
        .ask(Asked::default(), enrol(Seat::Volunteer, n1))
        .unwrap();
    world.ask(Asked::default(), enrol(Seat::Crew, c1)).unwrap();

    let told = check_with(
        BRIGADE,
        "given neighbours N1\nopen incident at harbour: fire p1\nsend N1 to incident 1 -> refused unit_not_free",
    );
    told.world.check();
}

#[test]
fn nonsense_is_refused() {
    let (mut world, [c1, c2, _]) = night();
    let good = details(&[c1], vec![point(1, times(1))]);
    let mut refused = |change: &dyn Fn(&mut PatrolDetails)| {
        let mut details = good.clone();
        change(&mut details);
        ask(&mut world, PatrolAction::Enter { details })
            .unwrap_err()
            .code()
    };
    assert_eq!(refused(&|one| one.until = one.from), "missing");
    assert_eq!(refused(&|one| one.units.clear()), "missing");
    assert_eq!(refused(&|one| one.points.clear()), "missing");
    assert_eq!(
        refused(&|one| one.points.push(point(1, times(1)))),
        "missing"
    );
    assert_eq!(refused(&|one| one.points[0].wanted = times(0)), "missing");
    let outside = Window {
        from: minute(0),
        until: minute(90),
    };
    assert_eq!(
        refused(&|one| one.points[0].windows.push(outside)),
        "missing"
    );
    assert_eq!(
        refused(&|one| {
            one.units.insert(UnitId([9; 16]));
        }),
        "not_found"
    );
    let patrol = entered(&mut world, good.clone());
    let twice = ask(
        &mut world,
        PatrolAction::Enter {
            details: good.clone(),
        },
    );
    assert_eq!(
        twice.unwrap_err().code(),
        "unit_not_free",
        "one plan at a time"
    );
    let mut later = good.clone();
    (later.from, later.until) = (good.until, minute(400));
    entered(&mut world, later);
    let round = Round {
        unit: c2,
        legs: vec![],
        back_at: minute(61),
        basis: TravelBasis::Road,
    };
    let foreign = ask(
        &mut world,
        PatrolAction::Accept {
            patrol,
            rounds: vec![round],
        },
    );
    assert!(foreign.is_err(), "not a unit of the plan");
    let name = VisitName { point: 1, visit: 1 };
    let early = ask(
        &mut world,
        PatrolAction::Visit {
            patrol,
            unit: c1,
            name,
        },
    );
    assert_eq!(early.unwrap_err().code(), "wrong_state", "it has not begun");
    // What was reported stays what it was about.
    let leg = Leg {
        point: 1,
        visit: 1,
        at: minute(70),
    };
    let round = Round {
        unit: c1,
        legs: vec![leg],
        back_at: minute(80),
        basis: TravelBasis::Road,
    };
    ask(
        &mut world,
        PatrolAction::Accept {
            patrol,
            rounds: vec![round],
        },
    )
    .unwrap();
    ask(&mut world, PatrolAction::Start { patrol }).unwrap();
    ask(
        &mut world,
        PatrolAction::Visit {
            patrol,
            unit: c1,
            name,
        },
    )
    .unwrap();
    let mut moved = good.clone();
    moved.points[0].at = on_street(7);
    let refused = ask(
        &mut world,
        PatrolAction::Amend {
            patrol,
            details: moved,
        },
    );
    assert_eq!(refused.unwrap_err().code(), "wrong_state");
    let mut more = good;
    more.points.push(point(2, times(1)));
    ask(
        &mut world,
        PatrolAction::Amend {
            patrol,
            details: more,
        },
    )
    .unwrap();
    assert_eq!(
        found(&world, patrol).rounds[0].legs.len(),
        1,
        "accepted rounds stay"
    );
    ask(
        &mut world,
        PatrolAction::End {
            patrol,
            ending: Some(line("done")),
        },
    )
    .unwrap();
    assert!(
        ask(
            &mut world,
            PatrolAction::End {
                patrol,
                ending: None
            }
        )
        .is_err()
    );
    world.check();
}

#[test]
fn every_limit_holds_at_it_and_one_past_it() {
    let (mut world, [c1, ..]) = night();
    let mut limited = |change: &dyn Fn(&mut PatrolDetails, usize), max: usize| {
        for more in [0, 1] {
            let mut one = details(&[c1], vec![point(1, times(1))]);
            change(&mut one, max + more);
            let done = ask(&mut world, PatrolAction::Enter { details: one });
            match (more, done) {
                (0, Ok(patrol)) => {
                    ask(
                        &mut world,
                        PatrolAction::End {
                            patrol,
                            ending: None,
                        },
                    )
                    .unwrap();
                }
                (1, Err(Refusal::Limit { max: told, .. })) => assert_eq!(told, max),
                (_, other) => panic!("{max} and {more} more: {other:?}"),
            }
        }
    };
    let u16_of = |count: usize| u16::try_from(count).unwrap();
    limited(
        &|one, count| one.until = Timestamp(one.from.0 + count as i64 * 3_600_000),
        limits::PATROL_HOURS_MAX,
    );
    limited(
        &|one, count| one.points = (1..=u16_of(count)).map(|no| point(no, times(1))).collect(),
        limits::PATROL_POINTS_MAX,
    );
    limited(
        &|one, count| one.points[0].wanted = times(u16_of(count)),
        limits::PATROL_VISITS_MAX,
    );
    limited(
        &|one, count| one.points[0].label = line(&"点".repeat(count)),
        limits::PATROL_LABEL_CHARS_MAX,
    );
    limited(
        &|one, count| one.points[0].stay_min = u16_of(count),
        limits::PATROL_STAY_MINUTES_MAX,
    );
    let window = |at: usize| Window {
        from: minute(60 + 2 * at as i64),
        until: minute(61 + 2 * at as i64),
    };
    limited(
        &|one, count| one.points[0].windows = (0..count).map(window).collect(),
        limits::PATROL_WINDOWS_MAX,
    );
}

#[test]
fn the_largest_plan_and_its_rounds_fit_into_entries() {
    let mut story = String::from("given car U0");
    for number in 1..=limits::PATROL_UNITS_MAX {
        story.push_str(&format!("; car U{number}"));
    }
    let mut world = check_with(BRIGADE, &story).world;
    let units: Vec<UnitId> = (0..=limits::PATROL_UNITS_MAX)
        .map(|number| world.unit(&format!("U{number}")))
        .collect();
    let wide = line(&"\u{10000}".repeat(limits::PATROL_LABEL_CHARS_MAX));
    let windows: Vec<Window> = (0..limits::PATROL_WINDOWS_MAX as i64)
        .map(|at| Window {
            from: minute(60 + 60 * at),
            until: minute(119 + 60 * at),
        })
        .collect();
    let each = u16::try_from(limits::PATROL_VISITS_MAX / limits::PATROL_POINTS_MAX).unwrap();
    let points = (0..limits::PATROL_POINTS_MAX as u16).map(|no| PatrolPoint {
        no: u16::MAX - no,
        label: wide.clone(),
        at: Point {
            lat_e6: -89_999_999,
            lon_e6: -179_999_999,
        },
        to: Some(Point {
            lat_e6: -89_999_998,
            lon_e6: -179_999_999,
        }),
        stay_min: 240,
        windows: windows.clone(),
        ..point(1, times(each))
    });
    let mut largest = details(&units[1..], points.collect());
    largest.theme = line(&"\u{10000}".repeat(limits::LINE_CHARS_MAX));
    largest.theme_other = Some(largest.theme.clone());
    let mut crowded = largest.clone();
    crowded.units.insert(units[0]);
    let refused = ask(&mut world, PatrolAction::Enter { details: crowded });
    assert!(matches!(refused, Err(Refusal::Limit { .. })), "{refused:?}");
    let patrol = entered(&mut world, largest);
    let promised = patrol::promised(&found(&world, patrol).details);
    assert_eq!(promised.len(), limits::PATROL_VISITS_MAX);
    let mut rounds: BTreeMap<usize, Vec<Leg>> = BTreeMap::new();
    for (at, one) in promised.iter().enumerate() {
        let leg = Leg {
            point: one.name.point,
            visit: one.name.visit,
            at: minute(100),
        };
        rounds
            .entry(1 + at % limits::PATROL_UNITS_MAX)
            .or_default()
            .push(leg);
    }
    let rounds = rounds.into_iter().map(|(unit, legs)| Round {
        unit: units[unit],
        legs,
        back_at: minute(300),
        basis: TravelBasis::StraightLine,
    });
    ask(
        &mut world,
        PatrolAction::Accept {
            patrol,
            rounds: rounds.collect(),
        },
    )
    .unwrap();
    let max = watchfire_feed::limits::BODY_MAX_BYTES;
    let largest = world
        .entries
        .iter()
        .map(|entry| entry.plain.len())
        .max()
        .unwrap();
    assert!(
        largest > max / 2 && largest <= max,
        "this test must come near: {largest} of {max}"
    );
    world.check();
}

#[test]
fn so_many_plans_may_be_open_and_no_more() {
    let (mut world, [c1, ..]) = night();
    for number in 0..=limits::PATROLS_OPEN_MAX as i64 {
        let mut one = details(&[c1], vec![point(1, times(1))]);
        (one.from, one.until) = (minute(number), minute(number + 1));
        let done = ask(&mut world, PatrolAction::Enter { details: one });
        let fits = number < limits::PATROLS_OPEN_MAX as i64;
        assert_eq!(done.is_ok(), fits, "{number}: {done:?}");
    }
}

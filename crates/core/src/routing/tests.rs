//! Routes keep every window, room and rule, whatever is asked; small problems come out at their best; numbers that are none are
//! refused.

use proptest::prelude::*;

use super::*;
use crate::limits;

fn task(place: usize) -> Task {
    Task {
        enter: place,
        leave: place,
        service: 0,
        open: 0,
        close: 10_000,
        load: 1,
        price: 100_000,
        groups: 1,
    }
}

fn vehicle() -> Vehicle {
    Vehicle {
        start: 0,
        end: 0,
        from: 0,
        until: 10_000,
        room: 100,
        groups: 1,
    }
}

fn found(problem: &Problem, seed: u64, steps: u32) -> Solution {
    let mut search = Search::new(problem.clone(), seed);
    for step in 0..steps {
        search.step(f64::from(step) / f64::from(steps));
    }
    search.best().clone()
}

/// Looks at a solution anew: each task once, every rule kept, and the cost what it is said to be.
fn must_hold(problem: &Problem, solution: &Solution) {
    let mut seen = vec![0; problem.tasks().len()];
    let mut cost = 0;
    for (vehicle, route) in solution.routes.iter().enumerate() {
        assert!(
            problem.times(vehicle, route).is_some(),
            "{vehicle}: {route:?}"
        );
        cost += problem.under_way(vehicle, route);
        route.iter().for_each(|task| seen[*task] += 1);
    }
    for task in &solution.left_out {
        seen[*task] += 1;
        cost += i64::from(problem.tasks()[*task].price);
    }
    assert!(seen.iter().all(|times| *times == 1), "{seen:?}");
    assert_eq!(cost, solution.cost);
}

/// Returns the least cost there is, by trying every order on every vehicle.
fn least(problem: &Problem, routes: &mut Vec<Vec<usize>>, next: usize) -> i64 {
    if next == problem.tasks().len() {
        let each = routes.iter().enumerate();
        let way = each.map(|(at, route)| problem.under_way(at, route)).sum();
        return if whole(problem, routes) {
            way
        } else {
            i64::MAX / 2
        };
    }
    let mut best = i64::from(problem.tasks()[next].price) + least(problem, routes, next + 1);
    for vehicle in 0..routes.len() {
        for at in 0..=routes[vehicle].len() {
            routes[vehicle].insert(at, next);
            best = best.min(least(problem, routes, next + 1));
            routes[vehicle].remove(at);
        }
    }
    best
}

fn whole(problem: &Problem, routes: &[Vec<usize>]) -> bool {
    let mut each = routes.iter().enumerate();
    each.all(|(at, route)| problem.times(at, route).is_some())
}

prop_compose! {
    fn a_task(places: usize)(
        enter in 0..places, leave in 0..places, service in 0..30, open in 0..300, width in 0..400,
        load in 0..5, groups in 1_u64..4,
    ) -> Task {
        Task { enter, leave, service, open, close: open + width, load, price: 5_000, groups }
    }
}

prop_compose! {
    fn a_vehicle(places: usize)(
        start in 0..places, end in 0..places, from in 0..100, length in 50..900, room in 3..12, groups in 1_u64..4,
    ) -> Vehicle {
        Vehicle { start, end, from, until: from + length, room, groups }
    }
}

prop_compose! {
    fn a_problem(tasks_max: usize, vehicles_max: usize)(
        travel in proptest::collection::vec(prop_oneof![9 => 1..90_i32, 1 => Just(NO_WAY)], 36),
        tasks in proptest::collection::vec(a_task(6), 1..=tasks_max),
        vehicles in proptest::collection::vec(a_vehicle(6), 1..=vehicles_max),
    ) -> Problem {
        Problem::new(6, travel, tasks, vehicles).unwrap()
    }
}

/// Times for which no way round is shorter than the way itself: along the streets of a chessboard.
fn chessboard(places: &[(i32, i32)]) -> Vec<i32> {
    let way = |from: &(i32, i32), to: &(i32, i32)| (from.0 - to.0).abs() + (from.1 - to.1).abs();
    let line = |from: &(i32, i32)| places.iter().map(|to| way(from, to)).collect::<Vec<i32>>();
    places.iter().flat_map(line).collect()
}

prop_compose! {
    fn a_small_problem()(
        places in proptest::collection::vec((0..60, 0..60), 6),
        tasks in proptest::collection::vec(a_task(6), 1..=4),
        vehicles in proptest::collection::vec(a_vehicle(6), 1..=2),
    ) -> Problem {
        Problem::new(6, chessboard(&places), tasks, vehicles).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_rule_is_kept_after_any_number_of_steps(problem in a_problem(40, 6), seed: u64, steps in 0_u32..300) {
        must_hold(&problem, &found(&problem, seed, steps));
    }

    #[test]
    fn small_problems_come_out_at_their_best(problem in a_small_problem(), seed: u64) {
        let solution = found(&problem, seed, 1_500);
        let mut routes = vec![Vec::new(); problem.vehicles().len()];
        must_hold(&problem, &solution);
        prop_assert_eq!(solution.cost, least(&problem, &mut routes, 0));
    }
}

#[test]
fn the_same_seed_and_steps_give_the_same_routes() {
    let travel = (0..900).map(|at| 1 + at * 37 % 61).collect();
    let tasks = (1..30).map(task).collect();
    let problem = Problem::new(30, travel, tasks, vec![vehicle(); 4]).unwrap();
    assert_eq!(found(&problem, 5, 400), found(&problem, 5, 400));
    assert!(found(&problem, 5, 400).left_out.is_empty());
}

#[test]
fn nothing_to_do_and_nobody_to_do_it_are_answers() {
    let none = Problem::new(1, vec![0], Vec::new(), vec![vehicle()]).unwrap();
    assert_eq!(found(&none, 1, 10).cost, 0);
    let nobody = Problem::new(1, vec![0], vec![task(0)], Vec::new()).unwrap();
    assert_eq!(found(&nobody, 1, 10).left_out, [0]);
    let nothing = Problem::new(0, Vec::new(), Vec::new(), Vec::new()).unwrap();
    assert_eq!(found(&nothing, 1, 10).cost, 0);
}

#[test]
fn a_stretch_is_left_at_its_other_end_and_a_group_is_kept() {
    // Places stand on a line, one minute apart.
    let travel: Vec<i32> = (0..4)
        .flat_map(|from: i32| (0..4).map(move |to: i32| 60 * (from - to).abs()))
        .collect();
    let stretch = Task {
        leave: 3,
        groups: 2,
        ..task(1)
    };
    let other = Vehicle {
        groups: 2,
        ..vehicle()
    };
    let problem = Problem::new(4, travel, vec![stretch], vec![vehicle(), other]).unwrap();
    let solution = found(&problem, 3, 50);
    assert_eq!(solution.routes, [vec![], vec![0]]);
    assert_eq!(solution.cost, 60 + 180);
}

#[test]
fn bad_numbers_and_too_many_are_refused() {
    let bad = |change: &dyn Fn(&mut Task)| {
        let mut one = task(0);
        change(&mut one);
        Problem::new(1, vec![0], vec![one], vec![vehicle()])
    };
    assert_eq!(bad(&|one| one.service = -1), Err(BadProblem::Number));
    assert_eq!(bad(&|one| one.price = i32::MAX), Err(BadProblem::Number));
    assert_eq!(bad(&|one| one.leave = 1), Err(BadProblem::Place(1)));
    let table = Problem::new(2, vec![0], Vec::new(), Vec::new());
    assert!(matches!(table, Err(BadProblem::Table { .. })));
    for (tasks, vehicles) in [
        (limits::ROUTING_TASKS_MAX, limits::ROUTING_VEHICLES_MAX),
        (limits::ROUTING_TASKS_MAX + 1, 1),
        (1, limits::ROUTING_VEHICLES_MAX + 1),
    ] {
        let taken = Problem::new(1, vec![0], vec![task(0); tasks], vec![vehicle(); vehicles]);
        let fits = tasks <= limits::ROUTING_TASKS_MAX && vehicles <= limits::ROUTING_VEHICLES_MAX;
        assert_eq!(taken.is_ok(), fits, "{tasks} tasks, {vehicles} vehicles");
    }
    let places = Problem::new(
        limits::ROUTING_PLACES_MAX + 1,
        Vec::new(),
        Vec::new(),
        Vec::new(),
    );
    assert!(matches!(places, Err(BadProblem::TooMany { .. })));
}

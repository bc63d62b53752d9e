//! The nearest few, tables, the nearest point that can be reached, and what a crew is told to do.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use common::{Random, at, beside_a_road, build_file, build_map, build_xml, demo_city, ends, map};
use std::fmt::Write;
use std::sync::Arc;
use watchfire_roads::limits::TABLE_CELLS_MAX;
use watchfire_roads::{
    BuildOptions, Condition, Conditions, Effect, Format, Manoeuvre, NoRoute, Parts, Point, Router,
    Snap, Stretch, build,
};

const SEED: u64 = 0x7ab1_e026;

fn router(text: &str) -> Router {
    Router::new(Arc::new(build_map(text).unwrap().0))
}

fn snaps(router: &Router, names: &[&str]) -> Vec<Snap> {
    let snap = |name: &&str| router.snap(at(name)).unwrap();
    names.iter().map(snap).collect()
}

#[test]
fn the_soonest_come_first_and_of_equals_the_first_in_the_list() {
    let router = router(
        "Long: a0 b0 c0 d0 e0 f0 g0
         Side: d0 d5",
    );
    let target = router.snap(at("d0")).unwrap();
    let units = snaps(&router, &["a0", "c0", "d3", "c0", "d0"]);
    let order = |count| -> Vec<usize> {
        let nearest = router.nearest(&target, &units, count).unwrap();
        nearest.into_iter().map(|(index, _)| index).collect()
    };
    assert_eq!(order(10), [4, 1, 3, 0, 2]);
    assert_eq!(order(2), [4, 1]);
    assert_eq!(order(0), Vec::<usize>::new());
    assert_eq!(router.nearest(&target, &[], 3), Ok(Vec::new()));
    let other = self::router("Long: a0 b0");
    let stranger = other.snap(at("a0")).unwrap();
    assert_eq!(
        router.nearest(&stranger, &units, 1),
        Err(NoRoute::OtherGraph)
    );
    assert_eq!(
        router.nearest(&target, &[stranger], 1),
        Err(NoRoute::OtherGraph)
    );
}

#[test]
fn a_table_says_what_single_questions_say() {
    let (graph, _) = build_file(&demo_city()).unwrap();
    let router = Router::new(Arc::new(graph));
    let ends = ends(router.graph());
    let mut random = Random(SEED);
    let mut some = |count: usize| -> Vec<Snap> {
        (0..count)
            .map(|_| router.snap(beside_a_road(&ends, &mut random)).unwrap())
            .collect()
    };
    let (sources, targets) = (some(60), some(37));
    let table = router.table(&sources, &targets).unwrap();
    for (column, target) in targets.iter().enumerate() {
        let single = router.times_to_snapped(target, &sources);
        for (row, time) in single.into_iter().enumerate() {
            let cell = table[row * targets.len() + column];
            assert_eq!(cell, time.ok().map(|time| time.time_ms), "seed {SEED:#x}");
        }
    }
    assert_eq!(router.table(&[], &targets), Ok(Vec::new()));
    assert_eq!(router.table(&sources, &[]), Ok(Vec::new()));
    let side = 1 + TABLE_CELLS_MAX as usize / 5_000;
    let many = vec![sources[0]; side];
    assert!(router.table(&many, &vec![sources[0]; 5_000]).is_err());
}

#[test]
fn a_table_leaves_out_what_is_not_on_its_graph_or_has_no_way() {
    let options = BuildOptions {
        parts: Parts::FromKm(0),
        ..BuildOptions::default()
    };
    let text = map("Here: a0 b0 c0\nThere: f0 g0");
    let (graph, _) = build(Format::OsmXml, text.as_bytes(), &options, &mut |_, _, _| {}).unwrap();
    let islands = Router::new(Arc::new(graph));
    let stranger = router("Long: a0 b0").snap(at("a0")).unwrap();
    let mut places = snaps(&islands, &["a0", "c0", "g0"]);
    places.push(stranger);
    let table = islands.table(&places, &places).unwrap();
    let known: Vec<bool> = table.iter().map(Option::is_some).collect();
    let (yes, no) = (true, false);
    assert_eq!(
        known,
        [
            [yes, yes, no, no],
            [yes, yes, no, no],
            [no, no, yes, no],
            [no, no, no, no]
        ]
        .concat()
    );
}

#[test]
fn where_no_way_leads_the_nearest_point_that_can_be_reached_is_told() {
    let options = BuildOptions {
        parts: Parts::FromKm(0),
        ..BuildOptions::default()
    };
    let text = map("Here: a0 b0 c0\nThere: f0 g0\nAway: c9 d9");
    let (graph, _) = build(Format::OsmXml, text.as_bytes(), &options, &mut |_, _, _| {}).unwrap();
    let islands = Router::new(Arc::new(graph));
    let from = islands.snap(at("a0")).unwrap();
    let near = islands.nearest_reachable(&from, at("g0")).unwrap();
    assert!(near.place.distance_m(at("c0")) < 0.1, "{near:?}");
    assert!((near.distance_m - 400.0).abs() < 1.0, "{near:?}");
    assert!(near.time_ms.unwrap().abs_diff(24_000) < 20, "{near:?}");
    let there = islands.nearest_reachable(&from, at("b0")).unwrap();
    assert!(there.distance_m < 0.1 && there.place.distance_m(at("b0")) < 0.1);
    // Shut in on one's own street, one is as near as one can be.
    let edges = (0..islands.graph().edges() as u32).collect();
    let closed = Conditions {
        places: vec![Condition {
            place: Stretch::Edges(edges),
            effect: Effect::Closed,
            profile: None,
        }],
        ..Conditions::default()
    };
    let shut = islands.under_conditions(&closed).unwrap();
    let near = shut.nearest_reachable(&from, at("g0")).unwrap();
    assert!(near.place.distance_m(at("c0")) > 50.0, "{near:?}");
    let nowhere = Point {
        lat: 80.0,
        lon: 0.0,
    };
    assert_eq!(islands.nearest_reachable(&from, nowhere), None);
}

/// The steps of a route as `manoeuvre name metres`, one per line.
#[track_caller]
fn check_steps(text: &str, from: &str, to: &str, wanted: &str) {
    let router = router(text);
    let route = router.route(at(from), at(to)).unwrap();
    let total_ms: u32 = route.steps.iter().map(|step| step.time_ms).sum();
    assert_eq!(total_ms + route.off_road_ms, route.time_ms);
    let length_m: f64 = route.steps.iter().map(|step| step.length_m).sum();
    assert!((length_m - route.length_m).abs() < 0.5);
    let mut got = String::new();
    for step in &route.steps {
        let name = step.name.as_deref().unwrap_or("-");
        writeln!(got, "{:?} {name} {:.0}", step.manoeuvre, step.length_m).unwrap();
    }
    let wanted: String = wanted
        .lines()
        .map(|line| line.trim().to_owned() + "\n")
        .collect();
    assert_eq!(got, wanted.trim_start());
}

#[test]
fn a_crew_is_told_where_to_turn_and_into_what() {
    let town = "
        Long: a1 b1 c1
        On: c1 d1 e1
        North: b3 b2 b1
        South: b1 b0
        Slant: c1 d2
        Bend: e1 f1 f2 f3";
    check_steps(
        town,
        "a1",
        "d1",
        "\nDepart Long 200\nStraight On 100\nArrive - 0",
    );
    check_steps(
        town,
        "a1",
        "b3",
        "\nDepart Long 100\nLeft North 200\nArrive - 0",
    );
    check_steps(
        town,
        "a1",
        "b0",
        "\nDepart Long 100\nRight South 100\nArrive - 0",
    );
    check_steps(
        town,
        "a1",
        "d2",
        "\nDepart Long 200\nSlightLeft Slant 141\nArrive - 0",
    );
    check_steps(
        town,
        "b0",
        "b3",
        "\nDepart South 100\nStraight North 200\nArrive - 0",
    );
    check_steps(
        town,
        "d1",
        "f3",
        "\nDepart On 100\nStraight Bend 300\nArrive - 0",
    );
    check_steps(
        town,
        "d2",
        "e1",
        "\nDepart Slant 141\nSharpLeft On 200\nArrive - 0",
    );
}

#[test]
fn a_roundabout_is_one_step_with_its_exit() {
    let town = "
        Ring: c1 d2 c3 b2 c1 junction=roundabout
        South: c0 c1
        East: d2 f2
        North: c3 c5
        West: b2 a2";
    check_steps(
        town,
        "c0",
        "c5",
        "\nDepart South 100\nRoundabout { exit: 2 } North 483\nArrive - 0",
    );
    check_steps(
        town,
        "c0",
        "a2",
        "\nDepart South 100\nRoundabout { exit: 3 } West 524\nArrive - 0",
    );
}

#[test]
fn turning_round_and_ferries_are_said() {
    let text = map("Long: a0 d0\nSide: d0 d1\nCrossing: d1 d9 route=ferry\nThere: d9 e9");
    let router = Router::new(Arc::new(build_xml(&text).unwrap().0));
    let motion = watchfire_roads::Motion {
        heading_deg: 90.0,
        speed_kmh: 40.0,
    };
    let from = router.snap_moving(at("b0"), motion).unwrap();
    let to = router.snap(at("a0")).unwrap();
    let steps = router.route_snapped(&from, &to).unwrap().steps;
    let done: Vec<Manoeuvre> = steps.iter().map(|step| step.manoeuvre).collect();
    assert_eq!(
        done,
        [Manoeuvre::Depart, Manoeuvre::TurnRound, Manoeuvre::Arrive]
    );
    let steps = router.route(at("a0"), at("e9")).unwrap().steps;
    assert!(steps.iter().any(|step| step.manoeuvre == Manoeuvre::Ferry));
}

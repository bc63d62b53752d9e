//! Closed streets, floods, lanes and hours: what they do to times, and that working out little gives what working out all does.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use common::{Random, at, beside_a_road, build_file, build_map, demo_city, ends};
use std::collections::BTreeMap;
use std::sync::Arc;
use watchfire_roads::limits::{CONDITION_POINTS_MAX, CONDITIONS_MAX, SHARE_RANGE_PERCENT};
use watchfire_roads::oracle::Oracle;
use watchfire_roads::{
    Class, Condition, Conditions, Effect, NoRoute, Point, Profile, Router, Snap, Stretch,
};

const SEED: u64 = 0xf100_d026;
const HUNDRED_METRES_MS: f64 = 12_000.0;
/// Two streets side by side with rungs between them.
const LADDER: &str = "
    North: a2 b2 c2 d2 e2
    South: a0 b0 c0 d0 e0
    First: a0 a2
    Second: c0 c2
    Third: e0 e2
    Wrong: e0 f0 oneway=yes
    Round: f0 f2 e2 highway=tertiary";

fn router(text: &str) -> Router {
    Router::new(Arc::new(build_map(text).unwrap().0))
}

fn only(place: Stretch, effect: Effect) -> Conditions {
    let profile = None;
    let places = vec![Condition {
        place,
        effect,
        profile,
    }];
    Conditions {
        places,
        ..Conditions::default()
    }
}

/// An area of points of the map.
fn area(corners: &[&str]) -> Stretch {
    Stretch::Area(vec![corners.iter().map(|corner| at(corner)).collect()])
}

fn along(points: &[&str], width_m: f64) -> Stretch {
    Stretch::Along {
        line: points.iter().map(|point| at(point)).collect(),
        width_m,
    }
}

/// Hundreds of metres of residential street, to a tenth; none if there is no way. The slow answer must agree.
#[track_caller]
fn hundreds(router: &Router, from: &str, to: &str) -> Option<f64> {
    let [source, target] = [from, to].map(|name| router.snap(at(name)).unwrap());
    let time = router.times_to_snapped(&target, &[source]);
    let slow = Oracle::new(router).times_to_snapped(&target, &[source]);
    assert_eq!(time, slow, "{from} to {to}");
    let tenth = |ms: u32| (f64::from(ms) / HUNDRED_METRES_MS * 10.0).round() / 10.0;
    time[0].ok().map(|time| tenth(time.time_ms))
}

#[test]
fn a_flood_closes_every_street_that_it_touches() {
    let router = router(LADDER);
    assert_eq!(hundreds(&router, "a0", "e0"), Some(4.0));
    // A pool in the middle of the southern street, between its junctions.
    let flood = only(area(&["b9", "b8", "c8", "c9"]), Effect::Closed);
    let dry = router.under_conditions(&flood).unwrap();
    assert_eq!(hundreds(&dry, "a0", "e0"), Some(4.0));
    let corner = |lat: f64, lon: f64| Point { lat, lon };
    let (low, high) = (at("b0"), at("c1"));
    let pool = Stretch::Area(vec![vec![
        corner(low.lat - 1e-4, low.lon + 2e-4),
        corner(low.lat - 1e-4, low.lon + 4e-4),
        corner(high.lat - 5e-4, low.lon + 4e-4),
        corner(high.lat - 5e-4, low.lon + 2e-4),
    ]]);
    let flooded = router
        .under_conditions(&only(pool, Effect::Closed))
        .unwrap();
    assert_eq!(hundreds(&flooded, "a0", "e0"), Some(8.0));
    // Whoever is in it gets out, and whoever is sent there gets in.
    assert_eq!(hundreds(&flooded, "b0", "a0"), Some(1.0));
    let again = flooded.under_conditions(&Conditions::default()).unwrap();
    assert_eq!(hundreds(&again, "a0", "e0"), Some(4.0));
}

#[test]
fn a_lane_closes_what_runs_along_it_and_not_what_crosses_it() {
    let router = router(LADDER);
    let lane = |effect| only(along(&["a0", "e0"], 20.0), effect);
    let closed = router.under_conditions(&lane(Effect::Closed)).unwrap();
    assert_eq!(hundreds(&closed, "a0", "e0"), Some(8.0));
    assert_eq!(hundreds(&closed, "c1", "c2"), Some(1.0));
    let slow = router
        .under_conditions(&lane(Effect::SpeedPercent(75)))
        .unwrap();
    assert_eq!(hundreds(&slow, "a0", "e0"), Some(5.3));
    let slower = router
        .under_conditions(&lane(Effect::SpeedPercent(40)))
        .unwrap();
    assert_eq!(hundreds(&slower, "a0", "e0"), Some(8.0));
}

#[test]
fn a_lane_may_be_closed_to_some_and_opened_for_others() {
    let router = router(LADDER);
    let condition = |effect, profile| Condition {
        place: along(&["e0", "f0"], 20.0),
        effect,
        profile: Some(profile),
    };
    let conditions = Conditions {
        places: vec![
            condition(Effect::Closed, Profile::Plain),
            condition(Effect::Opened, Profile::Siren),
        ],
        ..Conditions::default()
    };
    let convoy = router.under_conditions(&conditions).unwrap();
    assert_eq!(hundreds(&router, "e0", "f0"), Some(1.0));
    assert_eq!(hundreds(&convoy, "e0", "f0"), Some(4.2));
    let siren = convoy.under(Profile::Siren);
    assert_eq!(hundreds(&siren, "f0", "e0"), Some(0.8));
}

#[test]
fn an_hour_stretches_the_roads_of_a_class() {
    let router = router(LADDER);
    let conditions = Conditions {
        time_percent: BTreeMap::from([(Class::Residential, 150)]),
        ..Conditions::default()
    };
    let rush = router.under_conditions(&conditions).unwrap();
    assert_eq!(hundreds(&rush, "a0", "e0"), Some(6.0));
    assert_eq!(hundreds(&rush, "f0", "f2"), hundreds(&router, "f0", "f2"));
}

#[test]
fn where_no_open_road_leads_that_is_the_answer() {
    let router = router("Long: a0 b0 c0 d0\nUp: b0 b2\nDown: c0 c2");
    let edges = (0..3).collect();
    let closed = router
        .under_conditions(&only(Stretch::Edges(edges), Effect::Closed))
        .unwrap();
    assert_eq!(hundreds(&closed, "b1", "c1"), None);
    assert_eq!(closed.route(at("b1"), at("c1")), Err(NoRoute::Unreachable));
    assert_eq!(hundreds(&closed, "b1", "b2"), Some(1.0));
}

#[test]
fn conditions_hold_at_their_limits_and_not_one_past() {
    let router = router(LADDER);
    let refused = |conditions: Conditions| router.under_conditions(&conditions).is_err();
    let none = || Condition {
        place: Stretch::Edges(Vec::new()),
        effect: Effect::Closed,
        profile: None,
    };
    let many = |count: u64| Conditions {
        places: (0..count).map(|_| none()).collect(),
        ..Conditions::default()
    };
    assert!(!refused(many(CONDITIONS_MAX)) && refused(many(CONDITIONS_MAX + 1)));
    let ring = |count: u64| {
        let ring = vec![at("a0"); count as usize];
        only(Stretch::Area(vec![ring]), Effect::Closed)
    };
    assert!(!refused(ring(CONDITION_POINTS_MAX)) && refused(ring(CONDITION_POINTS_MAX + 1)));
    // The graph bounds edges: whoever names one often names it once.
    let often = only(Stretch::Edges(vec![0; 1_000_001]), Effect::Closed);
    assert!(!refused(often));
    let (min, max) = SHARE_RANGE_PERCENT;
    for (percent, wanted) in [(min, false), (max, false), (min - 1, true), (max + 1, true)] {
        let speed = only(Stretch::Edges(vec![0]), Effect::SpeedPercent(percent));
        assert_eq!(refused(speed), wanted, "{percent}");
        let time = Conditions {
            time_percent: BTreeMap::from([(Class::Primary, percent)]),
            ..Conditions::default()
        };
        assert_eq!(refused(time), wanted, "{percent}");
    }
    // Places that are none touch nothing.
    for place in [
        Stretch::Edges(vec![u32::MAX]),
        Stretch::Area(Vec::new()),
        Stretch::Area(vec![vec![at("a0"), at("b0")]]),
        along(&["a0"], 10.0),
        along(&["a0", "e0"], f64::NAN),
        along(&["a0", "e0"], -1.0),
    ] {
        let same = router
            .under_conditions(&only(place.clone(), Effect::Closed))
            .unwrap();
        assert_eq!(hundreds(&same, "a0", "e0"), Some(4.0), "{place:?}");
    }
}

#[test]
fn working_out_what_changed_gives_what_working_out_all_gives() {
    let (graph, _) = build_file(&demo_city()).unwrap();
    let fresh = Router::new(Arc::new(graph));
    let ends = ends(fresh.graph());
    let mut router = fresh.clone();
    let mut random = Random(SEED);
    for round in 0..8 {
        let mut edges = || {
            let count = random.below(200);
            (0..count)
                .map(|_| random.below(fresh.graph().edges()) as u32)
                .collect()
        };
        let mut conditions = only(Stretch::Edges(edges()), Effect::Closed);
        let slow = only(Stretch::Edges(edges()), Effect::SpeedPercent(30));
        conditions.places.extend(slow.places);
        router = router.under_conditions(&conditions).unwrap();
        let oracle = Oracle::new(&router);
        let mut snap = || {
            let point = beside_a_road(&ends, &mut random);
            router.snap(point).unwrap()
        };
        let target = snap();
        let sources: Vec<Snap> = (0..500).map(|_| snap()).collect();
        assert_eq!(
            router.times_to_snapped(&target, &sources),
            oracle.times_to_snapped(&target, &sources),
            "seed {SEED:#x}, round {round}"
        );
    }
}

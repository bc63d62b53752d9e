//! How far one gets: outlines of what is reached in time, and the areas of several starts.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use common::{Random, at, beside_a_road, build_file, build_map, demo_city, ends};
use std::sync::Arc;
use watchfire_roads::limits::{AREA_SOURCES_MAX, OUTLINE_POINTS_MAX};
use watchfire_roads::{Area, NoRoute, Outline, Point, Router};

/// A long street, and a one-way street that leaves it and is come back from another way only.
const TOWN: &str = "
    Long: a0 b0 c0 d0 e0 f0 g0 h0 i0 j0 k0 l0 m0 n0 o0 p0 q0 r0 s0 t0
    Out: a0 a10 a20 oneway=yes
    Back: a20 t20 t0";

fn router(text: &str) -> Router {
    let (graph, _) = build_map(text).unwrap();
    Router::new(Arc::new(graph))
}

fn holds(outline: &Outline, point: Point) -> bool {
    let polygons = outline.polygons.iter();
    let mut areas = polygons.filter_map(|rings| Area::new("A".into(), Vec::new(), rings.clone()));
    areas.any(|area| area.holds(point))
}

#[test]
fn what_is_reached_in_time_lies_within_and_what_is_not_lies_without() {
    let router = router(TOWN);
    // 30 km/h: a hundred metres in twelve seconds.
    let reach = router.reach(at("a0"), &[60_000, 120_000]).unwrap();
    assert_eq!(reach.len(), 2);
    let inside = |point: &str| [holds(&reach[0], at(point)), holds(&reach[1], at(point))];
    assert_eq!(inside("a0"), [true, true]);
    assert_eq!(inside("d0"), [true, true]);
    assert_eq!(inside("h0"), [false, true]);
    assert_eq!(inside("n0"), [false, false]);
    assert_eq!(inside("a4"), [true, true]);
    // Against the one-way street there is no way: from its far end one goes round.
    let from_far = &router.reach(at("a20"), &[60_000]).unwrap()[0];
    assert!(!holds(from_far, at("a17")) && holds(from_far, at("d20")));
}

#[test]
fn a_start_far_from_every_road_reaches_nothing_and_says_so() {
    let router = router(TOWN);
    let nowhere = Point {
        lat: 50.0,
        lon: 0.0,
    };
    assert_eq!(
        router.reach(nowhere, &[60_000]),
        Err(NoRoute::SourceOffNetwork)
    );
    assert_eq!(router.reach(at("a0"), &[]), Ok(Vec::new()));
    let none = router.nearest_areas(&[nowhere, at("a0")]).unwrap();
    let none = none.outlines();
    assert!(none[0].polygons.is_empty() && !none[1].polygons.is_empty());
    let nobody = router.nearest_areas(&[]).unwrap();
    assert!(nobody.outlines().is_empty());
    assert_eq!(nobody.source_at(at("a0")), None);
    assert!(
        router
            .nearest_areas(&vec![nowhere; AREA_SOURCES_MAX])
            .is_ok()
    );
    assert!(
        router
            .nearest_areas(&vec![nowhere; AREA_SOURCES_MAX + 1])
            .is_err()
    );
}

#[test]
fn each_place_belongs_to_whoever_is_there_first() {
    let router = router(TOWN);
    let areas = router.nearest_areas(&[at("a0"), at("t0")]).unwrap();
    let outlines = areas.outlines();
    assert!(holds(&outlines[0], at("d0")) && !holds(&outlines[1], at("d0")));
    assert!(holds(&outlines[1], at("p0")) && !holds(&outlines[0], at("p0")));
    assert_eq!(areas.source_at(at("d0")), Some(0));
    assert_eq!(areas.source_at(at("p0")), Some(1));
    let nowhere = Point {
        lat: 50.0,
        lon: 0.0,
    };
    assert_eq!(areas.source_at(nowhere), None);
}

#[test]
fn on_the_demo_city_outlines_agree_with_the_times_of_the_router() {
    let (graph, _) = build_file(&demo_city()).unwrap();
    let router = Router::new(Arc::new(graph));
    let ends = ends(router.graph());
    let mut random = Random(20_261_126);
    let from = beside_a_road(&ends, &mut random);
    let limits = [120_000, 300_000, 600_000];
    let reach = router.reach(from, &limits).unwrap();
    for outline in &reach {
        assert!(outline.points() <= OUTLINE_POINTS_MAX);
    }
    let stations: Vec<Point> = (0..12).map(|_| beside_a_road(&ends, &mut random)).collect();
    let areas = router.nearest_areas(&stations).unwrap();
    let outlines = areas.outlines();
    let points: usize = outlines.iter().map(Outline::points).sum();
    assert!(points > 50 && points <= OUTLINE_POINTS_MAX, "{points}");
    let (mut asked, mut right) = (0, 0);
    for _ in 0..400 {
        let place = ends[random.below(ends.len())];
        let Ok(time) = router.times_to(place, &[from])[0] else {
            continue;
        };
        for (outline, limit_ms) in reach.iter().zip(limits) {
            asked += 1;
            right += usize::from(holds(outline, place) == (time.time_ms <= limit_ms));
        }
        let times = router.times_to(place, &stations);
        let first = (0..stations.len()).filter_map(|one| Some((times[one].ok()?.time_ms, one)));
        let (_, first) = first.min().unwrap();
        asked += 1;
        right += usize::from(holds(&outlines[first], place));
        asked += 1;
        right += usize::from(areas.source_at(place) == Some(first));
    }
    // A cell is a quarter of a block or more: at its border it cannot be right about every street.
    assert!(right * 100 >= asked * 93, "{right} of {asked}");
}

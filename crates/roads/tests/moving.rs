//! Units under way: on which road and in which direction they are, and from where they can turn.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use common::{at, build_map};
use std::sync::Arc;
use watchfire_roads::oracle::Oracle;
use watchfire_roads::{Motion, Point, Router, Snap};

const HUNDRED_METRES_MS: f64 = 12_000.0;

fn router(text: &str) -> Router {
    Router::new(Arc::new(build_map(text).unwrap().0))
}

fn heading(heading_deg: f64) -> Motion {
    Motion {
        heading_deg,
        speed_kmh: 50.0,
    }
}

/// Hundreds of metres of residential street, to a tenth; the slow answer must agree.
#[track_caller]
fn hundreds(router: &Router, from: &Snap, to: &str) -> f64 {
    let target = router.snap(at(to)).unwrap();
    let time = router.times_to_snapped(&target, &[*from]);
    assert_eq!(
        time,
        Oracle::new(router).times_to_snapped(&target, &[*from])
    );
    let route = router.route_snapped(from, &target).unwrap();
    assert_eq!(route.time_ms, time[0].unwrap().time_ms);
    (f64::from(route.time_ms) / HUNDRED_METRES_MS * 10.0).round() / 10.0
}

#[test]
fn a_unit_under_way_goes_on_to_the_next_junction_before_it_turns() {
    let router = router(
        "Long: a0 d0 g0
         Side: d0 d3",
    );
    let standing = router.snap(at("b0")).unwrap();
    assert_eq!(hundreds(&router, &standing, "a0"), 1.0);
    let east = router.snap_moving(at("b0"), heading(90.0)).unwrap();
    assert_eq!(hundreds(&router, &east, "a0"), 5.0);
    assert_eq!(hundreds(&router, &east, "c0"), 1.0);
    let west = router.snap_moving(at("b0"), heading(265.0)).unwrap();
    assert_eq!(hundreds(&router, &west, "a0"), 1.0);
    // From the dead end it comes back.
    assert_eq!(hundreds(&router, &west, "c0"), 3.0);
}

#[test]
fn a_sign_against_turning_round_binds_a_unit_under_way() {
    let text = "
        Long: a0 d0
        Further: d0 g0
        Side: d0 d1
        @turn: from=Long via=d0 to=Long restriction=no_u_turn";
    let router = router(text);
    let east = router.snap_moving(at("b0"), heading(90.0)).unwrap();
    assert_eq!(hundreds(&router, &east, "a0"), 2.0 + 2.0 + 3.0);
}

#[test]
fn on_a_divided_road_the_heading_tells_the_side() {
    // Fifteen metres apart; the receiver is wrong by ten and lies nearer to the wrong side.
    let text = "
        East: a0 z0 oneway=yes
        West: z0.15 a0.15 oneway=yes
        Ends: z0 z0.15
        Start: a0.15 a0";
    let text = text.replace("0.15", "1");
    let router = router(&text);
    let between = Point {
        lat: at("m0").lat * 0.6 + at("m1").lat * 0.4,
        lon: at("m0").lon,
    };
    let lat = |snap: Option<Snap>| snap.unwrap().place.lat;
    assert!((lat(router.snap(between)) - at("m0").lat).abs() < 1e-7);
    let west = router.snap_moving(between, heading(272.0));
    assert!((lat(west) - at("m1").lat).abs() < 1e-7);
    let east = router.snap_moving(between, heading(92.0));
    assert!((lat(east) - at("m0").lat).abs() < 1e-7);
}

#[test]
fn where_no_road_leads_that_way_or_nothing_moves_the_nearest_road_counts() {
    let router = router("Long: a0 d0 g0");
    let standing = router.snap(at("b0"));
    for motion in [
        heading(0.0),
        heading(f64::NAN),
        Motion {
            heading_deg: 90.0,
            speed_kmh: 3.0,
        },
    ] {
        assert_eq!(router.snap_moving(at("b0"), motion), standing, "{motion:?}");
    }
    assert_ne!(router.snap_moving(at("b0"), heading(450.0)), standing);
    let nowhere = Point {
        lat: 50.0,
        lon: 0.0,
    };
    assert_eq!(router.snap_moving(nowhere, heading(0.0)), None);
}

//! Small maps with answers worked out by hand: a newcomer can check each with a pencil.
//!
//! The maps are drawn in the form of `common::map`: `a0 b0` is a hundred metres due east, residential unless said
//! otherwise, which is 30 km/h or 12 s.

mod common;

use common::{at, build_map, build_xml, map};
use std::sync::Arc;
use watchfire_roads::limits::{
    ARC_MAX_MS, NAME_MAX_BYTES, OFF_ROAD_KMH, SNAP_MAX_M, WAY_POINTS_MAX,
};
use watchfire_roads::{
    Access, AgainstOneway, Basis, BuildOptions, Class, DropReason, Format, NoRoute, Point, RoadArc,
    RoadsError, Router, Stage, build,
};

const HUNDRED_METRES_MS: u32 = 12_000;

fn router(text: &str) -> Router {
    Router::new(Arc::new(
        build_map(text).expect("the map of a story can be built").0,
    ))
}

/// Asserts the time between two places in units of a hundred metres of residential street, to a hundredth.
#[track_caller]
fn check(router: &Router, from: &str, to: &str, hundreds: f64) {
    let time = router.times_to(at(to), &[at(from)])[0]
        .unwrap_or_else(|why| panic!("{from} to {to}: {why}"));
    assert_eq!(time.basis, Basis::Road);
    let got = f64::from(time.time_ms) / f64::from(HUNDRED_METRES_MS);
    assert!(
        (got - hundreds).abs() < 0.01,
        "{from} to {to}: {got:.3}, not {hundreds}"
    );
    let route = router
        .route(at(from), at(to))
        .expect("what has a time has a route");
    assert_eq!(route.time_ms, time.time_ms, "{from} to {to}");
    // All streets of these stories are driven at one speed, so the line must be as long as the time says.
    assert!(
        (route.length_m / 100.0 - hundreds).abs() < 0.01,
        "{from} to {to}: line of {:.1} m",
        route.length_m
    );
    assert!(
        route
            .points
            .first()
            .is_some_and(|first| first.distance_m(at(from)) < 0.1)
    );
    assert!(
        route
            .points
            .last()
            .is_some_and(|last| last.distance_m(at(to)) < 0.1)
    );
}

#[test]
fn streets_meet_where_they_share_a_point_and_only_there() {
    let router = router(
        "Long: a0 b0 c0 d0
         Cross: b0 b1 b2
         Bridge: a1 c1
         Ramp: a0 a1",
    );
    check(&router, "a0", "d0", 3.0);
    check(&router, "b2", "d0", 4.0);
    // The bridge passes over Cross Street at b1 without meeting it.
    check(&router, "c1", "b2", 2.0 + 1.0 + 1.0 + 2.0);
    check(&router, "b0.5", "b1.5", 1.0);
}

#[test]
fn on_one_street_the_way_is_along_it_unless_it_is_one_way() {
    let ring = "North: a1 b1 oneway=yes
                East: b1 b0 oneway=yes
                South: b0 a0 oneway=yes
                West: a0 a1 oneway=yes";
    let router = router(ring);
    check(&router, "a0.25", "a0.75", 0.5);
    // Back along a one-way street is all the way round the block.
    check(&router, "a0.75", "a0.25", 3.5);
    check(&router, "b0.25", "b0.75", 3.5);
    check(&router, "a0", "a1", 1.0);
    check(&router, "a1", "a0", 3.0);
}

#[test]
fn against_a_one_way_street_takes_as_much_longer_as_was_chosen() {
    let xml = map("North: a1 b1 oneway=yes
                   East: b1 b0 oneway=yes
                   South: b0 a0 oneway=yes
                   West: a0 a1 oneway=yes");
    let access = Access {
        against_oneway: AgainstOneway::Penalised(200),
        ..Access::default()
    };
    let options = BuildOptions {
        access,
        ..BuildOptions::default()
    };
    let (graph, _) = build(Format::OsmXml, xml.as_bytes(), &options, &mut |_, _, _| {}).unwrap();
    let router = Router::new(Arc::new(graph));
    let time_ms = router.times_to(at("a0"), &[at("a1")])[0].unwrap().time_ms;
    assert!(
        time_ms.abs_diff(2 * HUNDRED_METRES_MS) < 100,
        "twice the time of the right way, not {time_ms} ms"
    );
}

#[test]
fn a_loop_is_entered_and_left_at_its_mouth() {
    let router = router(
        "Stem: a0 b0
         Loop: b0 c0 c1 b1 b0",
    );
    check(&router, "c0", "b1", 2.0);
    check(&router, "a0", "c0", 2.0);
    check(&router, "c0.5", "a0", 2.5);
    let one_way = self::router(
        "Stem: a0 b0
         Loop: b0 c0 c1 b1 b0 oneway=yes",
    );
    check(&one_way, "a0", "b1", 4.0);
    check(&one_way, "b1", "a0", 2.0);
    check(&one_way, "b1", "c0", 2.0);
    check(&one_way, "c0", "b1", 2.0);
}

#[test]
fn parallel_streets_take_the_faster() {
    let router = router(
        "Detour: a0 a1 b1 b0
         Straight: a0 b0
         Far: b0 d0",
    );
    check(&router, "a0", "d0", 3.0);
    check(&router, "a1", "d0", 4.0);
}

#[test]
fn the_last_metres_are_walked() {
    let router = router("Only: a0 b0");
    let beside = Point {
        lat: 50.0 / 111_195.08,
        ..at("a0")
    };
    let time_ms = router.times_to(beside, &[at("b0")])[0].unwrap().time_ms;
    let walked_ms = 50.0 / (OFF_ROAD_KMH / 3.6) * 1_000.0;
    assert!(
        (f64::from(time_ms) - f64::from(HUNDRED_METRES_MS) - walked_ms).abs() < 50.0,
        "{time_ms}"
    );
}

#[test]
fn a_point_is_on_the_network_up_to_the_limit_and_not_past_it() {
    let router = router("Only: a0 b0");
    let north = |metres: f64| Point {
        lat: metres / 111_195.08,
        lon: 0.0,
    };
    let near = router.snap(north(SNAP_MAX_M - 0.5)).unwrap();
    assert!((near.distance_m - SNAP_MAX_M).abs() < 1.0);
    assert!(near.place.distance_m(at("a0")) < 0.1);
    assert!(router.snap(north(SNAP_MAX_M + 0.5)).is_none());
    let far = north(SNAP_MAX_M + 0.5);
    assert_eq!(
        router.times_to(at("b0"), &[far, at("b0")])[0],
        Err(NoRoute::SourceOffNetwork)
    );
    assert_eq!(
        router.times_to(far, &[at("b0")]),
        [Err(NoRoute::TargetOffNetwork)]
    );
    assert!(matches!(
        router.route(far, at("a0")),
        Err(NoRoute::SourceOffNetwork)
    ));
    for (lat, lon) in [(f64::NAN, 0.0), (91.0, 0.0), (0.0, f64::NEG_INFINITY)] {
        assert!(router.snap(Point { lat, lon }).is_none());
    }
}

#[test]
fn a_closed_street_is_driven_round_at_once_but_those_on_it_are_reached() {
    let open = router(
        "Short: a0 b0 c0
         Stem: b0 b1
         Round: a0 a2 c2 c0
         End: c0 d0",
    );
    check(&open, "a0", "d0", 3.0);
    let closed =
        open.reweighed(&|arc: &RoadArc<'_>| arc.base_ms.filter(|_| arc.name != Some("Short")));
    check(&closed, "a0", "d0", 2.0 + 2.0 + 2.0 + 1.0);
    // Stem hangs on the closed street alone: no open road leads there.
    assert_eq!(
        closed.times_to(at("b1"), &[at("a0")]),
        [Err(NoRoute::Unreachable)]
    );
    assert!(matches!(
        closed.route(at("a0"), at("b1")),
        Err(NoRoute::Unreachable)
    ));
    // The accident that closed the street is on it, and so is a unit.
    let on_it = Point {
        lon: at("b0").lon / 2.0,
        lat: 0.0,
    };
    let reached = closed.times_to(on_it, &[at("a0")])[0].unwrap();
    assert!(reached.time_ms.abs_diff(HUNDRED_METRES_MS / 2) < 10);
    assert!(closed.times_to(at("a2"), &[on_it])[0].is_ok());
    // The router before the closure is as it was.
    check(&open, "a0", "d0", 3.0);
}

#[test]
fn weights_are_held_between_a_millisecond_and_a_day_and_may_open_what_the_map_forbids() {
    let one_way = router(
        "There: a0 b0 oneway=yes
         Back: b0 b1 a1 a0",
    );
    check(&one_way, "b0", "a0", 3.0);
    let opened = one_way.reweighed(&|arc| arc.base_ms.or(Some(HUNDRED_METRES_MS)));
    check(&opened, "b0", "a0", 1.0);
    let ms = |weight: u32| {
        let reweighed = one_way.reweighed(&|_| Some(weight));
        reweighed.times_to(at("b0"), &[at("a0")])[0]
            .unwrap()
            .time_ms
    };
    assert_eq!(ms(0), 1);
    assert_eq!(ms(1), 1);
    assert_eq!(ms(ARC_MAX_MS), ARC_MAX_MS);
    assert_eq!(ms(ARC_MAX_MS + 1), ARC_MAX_MS);
    assert_eq!(ms(u32::MAX), ARC_MAX_MS);
}

#[test]
fn pieces_that_hang_together_with_nothing_are_dropped_and_counted() {
    let (graph, report) = build_map(
        "Main: a0 b0 c0 d0
         Side: b0 b1
         Island: a9 b9
         Trap: d0 d1 oneway=yes
         Steps: c0 c1 highway=steps",
    )
    .unwrap();
    assert_eq!(report.ways_read, 5);
    assert_eq!(report.ways_kept, 4);
    assert_eq!(report.ways_dropped[&DropReason::NotForVehicles], 1);
    assert_eq!(report.parts, 3);
    assert_eq!((report.dropped.junctions, report.dropped.arcs), (3, 3));
    assert!((report.length_km - 0.4).abs() < 0.001);
    assert!((report.dropped.length_km - 0.2).abs() < 0.001);
    assert!((report.dropped.length_km_by_class[&Class::Residential] - 0.2).abs() < 0.001);
    assert!((report.kept_share - 4.0 / 6.0).abs() < 0.001);
    assert_eq!(graph.junctions(), 4);
    let words = report.to_string();
    assert!(
        words.contains("the largest of 3 parts holds 66.7 % of the road"),
        "{words}"
    );
    assert!(words.contains("1 left out: for walkers"), "{words}");
    assert!(
        serde_json::to_string(&report)
            .unwrap()
            .contains("\"not_for_vehicles\":1")
    );
}

#[test]
fn what_people_draw_wrong_is_survived() {
    let xml = r#"<osm><node id="1" lat="0" lon="0"/><node id="2" lat="0" lon="0.001"/><node id="2" lat="5" lon="5"/>
        <node id="3" lat="0" lon="0.002"/><node id="4" lat="0" lon="0.002"/><node id="5" lat="0.001" lon="0.002"/>
        <way id="1"><nd ref="1"/><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>
        <way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>
        <way id="2"><nd ref="2"/><nd ref="3"/><nd ref="99"/><nd ref="4"/><nd ref="5"/><tag k="highway" v="road"/></way>
        <way id="3"><nd ref="3"/><nd ref="4"/><tag k="highway" v="road"/></way>
        <way id="4"><nd ref="98"/><tag k="highway" v="road"/></way>
        <way id="5"><nd ref="3"/><nd ref="3"/><tag k="highway" v="road"/></way>
        <way id="6"><tag k="highway" v="road"/></way>
        <way id="7"><nd ref="5"/><nd ref="1"/><nd ref="5"/><tag k="highway" v="service"/></way></osm>"#;
    let (graph, report) = build_xml(xml).unwrap();
    assert_eq!(report.ways_dropped[&DropReason::Duplicate], 1);
    assert_eq!(report.ways_dropped[&DropReason::NoGeometry], 3);
    assert_eq!(report.points_missing, 2);
    assert_eq!(report.parts, 1);
    // The way drawn there and back is one edge, and the street without length still joins its ends.
    assert_eq!(graph.edges(), 5);
    let router = Router::new(Arc::new(graph));
    let time = router.times_to(
        Point {
            lat: 0.001,
            lon: 0.002,
        },
        &[Point {
            lat: 0.0,
            lon: 0.002,
        }],
    )[0]
    .unwrap();
    assert!(time.time_ms > 10_000 && time.time_ms < 20_000, "{time:?}");
}

#[test]
fn a_map_without_roads_is_refused_in_words() {
    for text in ["Steps: a0 b0 highway=steps", "Point: a0", ""] {
        let refused = build_map(text).expect_err("there is no road in it");
        assert!(matches!(refused, RoadsError::NoRoads { .. }));
        assert!(
            refused.to_string().contains("no usable road in the source"),
            "{refused}"
        );
    }
    // One one-way street has no part that can be driven both ways, so nothing that could be a network.
    assert!(matches!(
        build_map("Only: a0 b0 oneway=yes"),
        Err(RoadsError::NoRoads { .. })
    ));
}

#[test]
fn streets_are_drawn_in_one_stroke_with_their_names() {
    let (graph, _) = build_map(
        "Long: a0 b0 c0 d0
         Cross: b0 b1
         Trap: d0 d1 oneway=yes
         胜利路: c0 c1 highway=primary",
    )
    .unwrap();
    let lines: Vec<_> = graph
        .lines()
        .map(|line| (line.name.unwrap_or("-"), line.class, line.points.len()))
        .collect();
    assert_eq!(
        lines,
        [
            ("Long", Class::Residential, 4),
            ("Cross", Class::Residential, 2),
            ("胜利路", Class::Primary, 2)
        ]
    );
    let bounds = graph.bounds();
    assert!(
        bounds.south_west.distance_m(at("a0")) < 0.1
            && bounds.north_east.distance_m(at("d1")) < 0.1
    );
    assert_eq!(
        graph.attribution(),
        "© OpenStreetMap contributors, ODbL 1.0"
    );
}

#[test]
fn an_attribution_of_ones_own_is_kept() {
    let options = BuildOptions {
        attribution: Some("City survey 2026".into()),
        ..BuildOptions::default()
    };
    let xml = map("Only: a0 b0");
    let (graph, _) = build(Format::OsmXml, xml.as_bytes(), &options, &mut |_, _, _| {}).unwrap();
    assert_eq!(graph.attribution(), "City survey 2026");
}

#[test]
fn names_are_kept_whole_at_the_limit_and_cut_at_a_character_past_it() {
    let with = |name: &str| {
        let xml = map("NAME: a0 b0").replace("NAME", name);
        let (graph, report) = build_xml(&xml).unwrap();
        let kept = graph.lines().next().unwrap().name.unwrap_or("").to_owned();
        (kept.len(), report.names_cut)
    };
    assert_eq!(with(&"n".repeat(NAME_MAX_BYTES)), (NAME_MAX_BYTES, 0));
    assert_eq!(with(&"n".repeat(NAME_MAX_BYTES + 1)), (NAME_MAX_BYTES, 1));
    assert_eq!(
        with(&"路".repeat(NAME_MAX_BYTES / 3 + 1)),
        (NAME_MAX_BYTES / 3 * 3, 1)
    );
}

#[test]
fn ways_are_read_at_the_limit_of_points_and_refused_past_it() {
    let with = |points: usize| {
        let refs = "<nd ref='1'/><nd ref='2'/>".repeat(points / 2)
            + if points % 2 == 1 { "<nd ref='1'/>" } else { "" };
        let nodes = "<node id='1' lat='0' lon='0'/><node id='2' lat='0' lon='1'/>";
        build_xml(&format!(
            "<osm>{nodes}<way id='1'>{refs}<tag k='highway' v='road'/></way></osm>"
        ))
    };
    assert!(with(WAY_POINTS_MAX).is_ok());
    assert!(matches!(
        with(WAY_POINTS_MAX + 1),
        Err(RoadsError::TooMany {
            what: "points in one way",
            ..
        })
    ));
}

#[test]
fn progress_goes_through_the_stages_in_order_and_ends_each() {
    let xml = map("Only: a0 b0");
    let mut seen = Vec::new();
    build(
        Format::OsmXml,
        xml.as_bytes(),
        &BuildOptions::default(),
        &mut |stage, done, total| {
            seen.push((stage, done == total));
        },
    )
    .unwrap();
    let ended: Vec<Stage> = seen
        .iter()
        .filter(|(_, is_done)| *is_done)
        .map(|(stage, _)| *stage)
        .collect();
    assert_eq!(
        ended,
        [
            Stage::Reading,
            Stage::Cutting,
            Stage::Connecting,
            Stage::Ordering
        ]
    );
}

#[test]
fn a_router_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    shared(&router("Only: a0 b0"));
}

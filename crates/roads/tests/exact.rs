//! The fast answer is Dijkstra's answer, to the millisecond, on made-up networks and on every real one that is at hand.

mod common;

use common::{
    Random, beside_a_road, build_file, build_file_with, build_xml, demo_city, ends, real_maps,
};
use proptest::prelude::*;
use std::fmt::Write;
use std::sync::Arc;
use watchfire_roads::oracle::Oracle;
use watchfire_roads::{BuildOptions, NoRoute, Parts, Profile, RoadGraph, Router, Snap};

const SEED: u64 = 0x5eed_2026;

/// Holds `targets` times `sources` pairs against Dijkstra, then a few routes against their own times.
fn check(name: &str, graph: RoadGraph, seed: u64, targets: usize, sources: usize) {
    let mut random = Random(seed);
    let ends = ends(&graph);
    let router = Router::new(Arc::new(graph));
    let siren = router.under(Profile::Siren);
    for (weights, router) in [
        ("as mapped", router.clone()),
        ("with closed streets", with_closed_streets(&router, seed)),
        ("with lights and siren", siren.clone()),
        ("with both", with_closed_streets(&siren, seed)),
    ] {
        let oracle = Oracle::new(&router);
        // Lights and siren change the weights, not the search: a quarter of the questions tells.
        let targets = match router.profile() {
            Profile::Plain => targets,
            Profile::Siren => targets.div_ceil(4),
        };
        for round in 0..targets {
            let target = beside_a_road(&ends, &mut random);
            let from: Vec<_> = (0..sources)
                .map(|_| beside_a_road(&ends, &mut random))
                .collect();
            let snap = |point| {
                router
                    .snap(point)
                    .expect("a point beside a road is near one")
            };
            let snaps: Vec<Snap> = from.iter().map(|point| snap(*point)).collect();
            let slow = oracle.times_to_snapped(&snap(target), &snaps);
            let words = format!("{name}, {weights}, seed {seed:#x}, target {round}");
            assert_eq!(
                router.times_to_snapped(&snap(target), &snaps),
                slow,
                "{words}"
            );
            assert_eq!(router.times_to(target, &from), slow, "{words}");
            let mut soonest: Vec<(u32, usize)> = slow
                .iter()
                .zip(0..)
                .filter_map(|(time, index)| Some((time.ok()?.time_ms, index)))
                .collect();
            soonest.sort_unstable();
            soonest.truncate(5);
            let nearest = router.nearest(&snap(target), &snaps, 5);
            let nearest = nearest.expect("all places are on this graph");
            let nearest = nearest.iter().map(|(index, time)| (time.time_ms, *index));
            assert_eq!(nearest.collect::<Vec<_>>(), soonest, "{words}");
            let table = router.table(&snaps, &[snap(target), snaps[0]]);
            let table = table.expect("the table is small");
            let column = table.iter().step_by(2).copied();
            let of_slow = slow.iter().map(|time| time.ok().map(|time| time.time_ms));
            assert!(column.eq(of_slow), "{words}");
            let routed = router.route(from[0], target).map(|route| route.time_ms);
            assert_eq!(routed, slow[0].map(|time| time.time_ms), "{words}");
        }
    }
}

/// One arc in ten closed and the others up to three times slower, by a rule that depends on the seed alone.
fn with_closed_streets(router: &Router, seed: u64) -> Router {
    router.reweighed(&|arc| {
        let mut random = Random(seed ^ u64::from(arc.edge * 2 + arc.travel as u32));
        if random.below(10) == 0 {
            None
        } else {
            arc.base_ms
                .map(|ms| ms + random.below(ms as usize * 2) as u32)
        }
    })
}

/// A street plan with holes, one-way streets, bends, loops, parallel streets, dead ends, turn restrictions and barriers.
fn made_up(seed: u64, side: usize) -> String {
    let mut random = Random(seed);
    let mut xml = "<osm version='0.6'>".to_owned();
    for index in 0..side * side {
        let (row, column) = (index / side, index % side);
        let mut place = |line: usize| 30.0 + line as f64 * 0.002 + random.share() * 0.001;
        let (lat, lon) = (place(row), place(column));
        let barrier = ["", "<tag k='barrier' v='bollard'/>"][usize::from(random.below(20) == 0)];
        write!(
            xml,
            "<node id='{index}' lat='{lat:.7}' lon='{lon:.7}'>{barrier}</node>"
        )
        .expect("writing to a string cannot fail");
    }
    let classes = [
        "primary",
        "residential",
        "service",
        "motorway",
        "steps",
        "tertiary",
    ];
    let mut ways = Vec::new();
    for way in 0..side * side * 2 {
        let start = random.below(side * side);
        let mut at = start;
        let mut way = format!("<way id='{way}'><nd ref='{at}'/>");
        let mut points = vec![at];
        for _ in 0..=random.below(4) {
            let step = [1, side, side * side - 1, side * side - side, 0][random.below(5)];
            at = (at + step) % (side * side);
            points.push(at);
            write!(way, "<nd ref='{at}'/>").expect("writing to a string cannot fail");
        }
        if random.below(6) == 0 {
            write!(way, "<nd ref='{start}'/>").expect("writing to a string cannot fail");
        }
        let class = classes[random.below(classes.len())];
        let oneway = ["no", "no", "yes", "-1"][random.below(4)];
        xml += &format!("{way}<tag k='highway' v='{class}'/><tag k='oneway' v='{oneway}'/></way>");
        ways.push(points);
    }
    for index in 0..side * side * 2 {
        xml += &made_up_restriction(index, &ways, &mut random);
    }
    xml + "</osm>"
}

/// A restriction from one way to another that shares an end with it, or by a way between that does.
fn made_up_restriction(index: usize, ways: &[Vec<usize>], random: &mut Random) -> String {
    let from = random.below(ways.len());
    let ends = |way: usize| [ways[way][0], ways[way][ways[way].len() - 1]];
    let mut next = |way: usize| {
        let beside: Vec<(usize, usize)> = (0..ways.len())
            .flat_map(|other| ends(other).map(|end| (other, end)))
            .filter(|(_, end)| ends(way).contains(end))
            .collect();
        beside[random.below(beside.len())]
    };
    let (mut to, point) = next(from);
    let mut via = format!("<member type='node' ref='{point}' role='via'/>");
    if index.is_multiple_of(3) {
        via = format!("<member type='way' ref='{to}' role='via'/>");
        to = next(to).0;
    }
    let kind = [
        "no_left_turn",
        "no_u_turn",
        "only_straight_on",
        "no_right_turn",
    ][random.below(4)];
    let except = ["emergency", "bicycle"][random.below(2)];
    format!(
        "<relation id='{index}'><member type='way' ref='{from}' role='from'/>{via}\
         <member type='way' ref='{to}' role='to'/><tag k='type' v='restriction'/>\
         <tag k='restriction' v='{kind}'/><tag k='except' v='{except}'/></relation>"
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn made_up_networks_of_every_small_size(seed: u64, side in 1usize..12) {
        // A plan may hold no road at all; then there is nothing to ask.
        if let Ok((graph, _)) = build_xml(&made_up(seed, side)) {
            check("made up", graph, seed, 6, 12);
        }
    }
}

#[test]
fn ten_thousand_pairs_on_a_made_up_city() {
    let (graph, report) = build_xml(&made_up(SEED, 60)).unwrap();
    assert!(report.junctions > 1_000, "{report}");
    assert!(report.turns.obeyed > 500, "{report}");
    check("made-up city", graph, SEED, 100, 100);
}

#[test]
fn ten_thousand_pairs_on_the_demo_city() {
    let (graph, report) = build_file(&demo_city()).unwrap();
    assert!(report.kept_share > 0.98, "{report}");
    check("demo city", graph, SEED, 100, 100);
}

#[test]
fn ten_thousand_pairs_on_every_real_map() {
    for path in real_maps(&[".osm.pbf", ".osm.gz", ".graphml.gz"]) {
        let (graph, report) =
            build_file(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        println!("{}\n{report}", path.display());
        check(&path.display().to_string(), graph, SEED, 100, 100);
    }
}

/// With all its pieces, a map in pieces has many pairs without a way, and that is the answer.
#[test]
fn every_real_map_with_all_its_pieces() {
    let options = BuildOptions {
        parts: Parts::FromKm(0),
        ..BuildOptions::default()
    };
    for path in real_maps(&[".osm.pbf", ".osm.gz", ".graphml.gz"]) {
        let (graph, report) = build_file_with(&path, &options)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        println!(
            "{}: {} junctions in {} parts, {} turn restrictions obeyed of {}",
            path.display(),
            report.junctions,
            report.parts,
            report.turns.obeyed,
            report.turns.read
        );
        check(&path.display().to_string(), graph, SEED, 20, 100);
    }
}

#[test]
fn a_place_on_one_graph_is_not_a_place_on_another() {
    let (one, _) = build_xml(&made_up(SEED, 5)).unwrap();
    let (other, _) = build_xml(&made_up(SEED + 1, 5)).unwrap();
    let point = ends(&one)[0];
    let (one, other) = (Router::new(Arc::new(one)), Router::new(Arc::new(other)));
    let (here, there) = (one.snap(point).unwrap(), other.snap(point).unwrap());
    assert_eq!(
        one.times_to_snapped(&there, &[here]),
        [Err(NoRoute::OtherGraph)]
    );
    assert_eq!(
        one.times_to_snapped(&here, &[there]),
        [Err(NoRoute::OtherGraph)]
    );
}

#[test]
fn the_demo_city_is_the_census_map_it_was_made_from() {
    let (demo, report) = build_file(&demo_city()).unwrap();
    assert_eq!(demo.attribution(), "US Census Bureau, TIGER/Line");
    for path in real_maps(&["us-sanfrancisco-tiger2017-roads.shp.zip"]) {
        let (census, of_census) = build_file(&path).unwrap();
        assert_eq!(census.attribution(), demo.attribution());
        assert_eq!(
            (of_census.ways_read, of_census.junctions),
            (report.ways_read, report.junctions)
        );
        assert!(
            (of_census.length_km - report.length_km).abs() < 0.1,
            "{of_census}"
        );
    }
}

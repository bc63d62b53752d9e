//! Finding places: what people type, in two scripts, on made-up streets and on the real maps.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use common::{at, build_file, build_map, demo_city, real_maps};
use proptest::prelude::*;
use std::sync::{Arc, OnceLock};
use watchfire_roads::limits::{PLACE_QUERY_MAX_CHARS, PLACES_FOUND_MAX, PLACES_LISTED_MAX};
use watchfire_roads::{
    Area, Found, FoundKind, Gazetteer, Listed, ListedKind, Matched, Point, QueryTooLong, Router,
};

/// A grid of streets in two scripts; `5th St` lies twice, far apart, and `Main Ave` is wider than `Main St`.
const TOWN: &str = "
    Main_St: a0 b0 c0 d0 e0 f0
    5th_St: a0 a1 a2 a3
    Mission_St: b0 b1 b2 b3
    Martin_Luther_King_Jr_Blvd: c0 c1 c2 c3
    解放路: a1 b1 c1 d1 e1
    人民路: d0 d1 d2 d3
    重庆南路: e0 e1 e2 e3
    和平路: a2 b2 c2 d2
    O’Farrell_St: f0 f1
    Main_Ave: a3 b3 c3 d3 e3 highway=primary
    link: d3 d40
    5th_St: d40 d41
    Nowhere: f1 e2";

fn town() -> Gazetteer {
    let text = TOWN.to_owned();
    let (graph, _) = build_map(&text).unwrap();
    let listed = vec![
        station("Station 5", "五中队", at("b2")),
        Listed {
            kind: ListedKind::Place { rank: 3 },
            name: "老城区".into(),
            other_names: vec!["Old Town".into()],
            point: at("a1"),
        },
    ];
    let corners = ["a0", "d0", "d3", "a3"].map(at).to_vec();
    let areas = Area::new("Riverside".into(), Vec::new(), vec![corners]);
    let map = Gazetteer::new(Some(&graph), Vec::new(), areas.into_iter().collect()).unwrap();
    map.with_listed(listed).unwrap()
}

fn station(name: &str, other: &str, point: Point) -> Listed {
    Listed {
        kind: ListedKind::Station,
        name: name.into(),
        other_names: vec![other.into()],
        point,
    }
}

fn line(found: &Found) -> String {
    let kind = format!("{:?}", found.kind).to_lowercase();
    let matched = format!("{:?}", found.matched).to_lowercase();
    format!("{kind} {} {matched}", found.text.replace('_', " "))
}

/// One line per text: what is typed, then what comes first.
fn check(town: &Gazetteer, near: Option<Point>, table: &str) {
    for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (typed, wanted) = row.split_once(" => ").unwrap();
        let found = town.search(typed, near, 10).unwrap();
        let first = found.first().map_or("nothing".to_owned(), line);
        assert_eq!(first, wanted, "{typed}: {found:#?}");
    }
}

#[test]
fn a_road_is_found_in_every_way_that_people_type_it() {
    check(
        &town(),
        None,
        "
        Main St => road Main St exact
        ＭＡＩＮ　ＳＴＲＥＥＴ => road Main St exact
        mainst => road Main St exact
        5th street => road 5th St exact
        fifth st => road 5th St exact
        5 st => road 5th St exact
        main => road Main Ave start
        mis => road Mission St start
        king => road Martin Luther King Jr Blvd word
        luther boul => road Martin Luther King Jr Blvd word
        mision st => road Mission St similar
        missoin => road Mission St similar
        o'farrell => road O’Farrell St start
        ofarrell st => road O’Farrell St exact
        解放路 => road 解放路 exact
        解放 => road 解放路 start
        放路 => road 解放路 word
        jiefanglu => road 解放路 pinyin
        jiefang lu => road 解放路 pinyin
        JIEFANG => road 解放路 pinyin
        fanglu => road 解放路 pinyin
        jfl => road 解放路 initials
        解fang路 => road 解放路 pinyin
        chongqingnan => road 重庆南路 pinyin
        zhongqingnan => road 重庆南路 pinyin
        jiefnaglu => road 解放路 similar
        姐放路 => road 解放路 similar
        zzzz => nothing
        — => nothing",
    );
}

#[test]
fn a_crossing_is_found_in_every_form_and_by_both_orders() {
    check(
        &town(),
        None,
        "
        5th & main => crossing 5th St & Main Ave start
        5th & main s => crossing 5th St & Main St start
        5th St & Main St => crossing 5th St & Main St exact
        main/5th => crossing Main Ave & 5th St start
        Mission and Main => crossing Mission St & Main Ave start
        mission st at main st => crossing Mission St & Main St exact
        mission @ main st => crossing Mission St & Main St start
        mission main st => crossing Mission St & Main St start
        解放路与人民路 => crossing 解放路与人民路 exact
        人民路和解放路 => crossing 人民路与解放路 exact
        解放路人民路 => crossing 解放路与人民路 exact
        解放路/人民路口 => crossing 解放路与人民路 exact
        解放路与人民路路口 => crossing 解放路与人民路 exact
        解放路 人民路交叉口 => crossing 解放路与人民路 exact
        jfl/rml => crossing 解放路与人民路 initials
        jiefanglu & renminlu => crossing 解放路与人民路 pinyin
        人民路与和平路 => crossing 人民路与和平路 exact
        mission/jfl => crossing Mission St & 解放路 initials
        misson & main st => crossing Mission St & Main St similar
        main st & 5th ave => nothing",
    );
}

#[test]
fn house_numbers_coordinates_stations_and_places_are_understood() {
    let town = town();
    check(
        &town,
        None,
        "
        120 main st => road 120 Main St exact
        main st 120 => road 120 Main St exact
        解放路120号 => road 解放路120号 exact
        解放路 120 => road 解放路120号 exact
        解放路12弄5号 => road 解放路12弄5号 exact
        30.001, 120.58 => point 30.00100, 120.58000 exact
        station 5 => station Station 5 exact
        五中队 => station Station 5 exact
        lcq => place 老城区 initials
        old town => place 老城区 exact
        riverside => place Riverside exact",
    );
    let found = &town.search("old town", Some(at("a1")), 5).unwrap()[0];
    assert_eq!(found.name, "老城区");
    assert_eq!(found.distance_m, Some(0.0));
    assert_eq!(
        town.search("mission", None, 1).unwrap()[0].area.as_deref(),
        Some("Riverside")
    );
}

#[test]
fn the_order_is_exactness_then_nearness_then_width_of_road() {
    let town = town();
    let names = |typed: &str, near: Option<Point>| -> Vec<String> {
        let found = town.search(typed, near, 10).unwrap();
        found.iter().map(line).collect()
    };
    // An exact name far away beats the beginning of one that is near.
    assert_eq!(names("main ave", Some(at("a0")))[0], "road Main Ave exact");
    // Of two that fit alike and are in the same step of distance, the wider; of two steps, the nearer.
    assert_eq!(names("main", Some(at("a2")))[0], "road Main Ave start");
    assert_eq!(names("main", Some(at("f0")))[0], "road Main St start");
    // Two roads of one name far apart are two, the nearer first.
    let far = town.search("5th st", Some(at("d41")), 10).unwrap();
    assert_eq!(far.len(), 2, "{far:#?}");
    assert!(far[0].distance_m < Some(100.0) && far[1].distance_m > Some(3_000.0));
    let near = town.search("5th st", Some(at("a0")), 10).unwrap();
    assert_eq!(near[0].point, far[1].point);
}

#[test]
fn limits_hold_at_the_limit_and_not_one_past() {
    let town = town();
    let text = "a".repeat(PLACE_QUERY_MAX_CHARS);
    assert!(town.search(&text, None, 10).is_ok());
    assert_eq!(town.search(&(text + "a"), None, 10), Err(QueryTooLong));
    assert_eq!(town.search("main", None, 0).unwrap().len(), 0);
    let many = vec![station("Twin", "双", at("a0")); PLACES_LISTED_MAX];
    let listed = town.with_listed(many.clone()).unwrap();
    assert_eq!(
        listed.search("twin", None, usize::MAX).unwrap().len(),
        PLACES_FOUND_MAX
    );
    let one_more = [many, vec![station("Twin", "双", at("a0"))]].concat();
    assert!(town.with_listed(one_more).is_err());
}

#[test]
fn a_point_is_said_by_its_crossing_its_road_or_its_coordinates() {
    let (graph, _) = build_map(TOWN).unwrap();
    let router = Router::new(Arc::new(graph));
    let town = town();
    let said = |point: Point| town.at(Some(&router), point);
    assert_eq!(said(at("a0")).text.replace('_', " "), "Main St & 5th St");
    assert_eq!(said(at("d1")).text, "解放路与人民路");
    let on = said(at("d1.4"));
    assert_eq!(
        (on.text.as_str(), on.area.as_deref()),
        ("人民路近解放路", None)
    );
    assert_eq!(on.crossing, Some("解放路与人民路".into()));
    let far = said(Point {
        lat: 40.0,
        lon: 0.0,
    });
    assert_eq!(
        (far.text.as_str(), far.on_map),
        ("40.00000, 0.00000", false)
    );
    assert_eq!((far.road, far.crossing, far.area), (None, None, None));
    let without = town.at(None, at("a1"));
    assert!(!without.on_map && without.road.is_none());
}

fn any_text() -> impl Strategy<Value = String> {
    let pieces = "(main|st|5th|&|/|解放路|人民|路口|与|和|jfl|jiefang|lu|[0-9]{1,3}|号|[a-z]{1,4}|\\PC{0,6}| |,|\\.)";
    prop_oneof![
        proptest::collection::vec(pieces, 0..8).prop_map(|words| words.concat()),
        proptest::collection::vec(pieces, 0..8).prop_map(|words| words.join(" ")),
        any::<String>(),
    ]
}

fn shared_town() -> &'static Gazetteer {
    static TOWN: OnceLock<Gazetteer> = OnceLock::new();
    TOWN.get_or_init(town)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics_and_every_answer_keeps_its_limits(
        text in any_text(), lat in -100.0..100.0f64, lon in any::<f64>(), limit in 0..80usize,
    ) {
        if let Ok(found) = shared_town().search(&text, Some(Point { lat, lon }), limit) {
            prop_assert!(found.len() <= limit.min(PLACES_FOUND_MAX));
            prop_assert!(found.iter().all(|one| one.point.is_valid()));
        }
    }
}

/// Every road's own full name finds it, as well as anything is found; every crossing is found by both orders.
fn every_name_finds_its_own(map: &Gazetteer, every: usize) {
    for (name, point) in map.roads().step_by(every) {
        let found = map.search(name, Some(point), 5).unwrap();
        let own = found
            .iter()
            .find(|one| one.kind == FoundKind::Road && one.point == point);
        let own = own.unwrap_or_else(|| panic!("{name} is not found by its name: {found:#?}"));
        assert_eq!(own.matched, Matched::Exact, "{name}: {found:#?}");
        assert!(found[0].matched == Matched::Exact, "{name}: {found:#?}");
    }
    for (a, b, point) in map.crossings().step_by(every) {
        for (first, second) in [(a, b), (b, a)] {
            let typed = format!("{first} & {second}");
            let found = map.search(&typed, Some(point), 5).unwrap();
            let is_own = |one: &&Found| one.kind == FoundKind::Crossing && one.point == point;
            let own = found.iter().find(is_own);
            let own = own.unwrap_or_else(|| panic!("{typed} is not found: {found:#?}"));
            assert_eq!(own.matched, Matched::Exact, "{typed}: {found:#?}");
        }
    }
}

#[test]
fn every_road_and_crossing_of_the_town_and_the_demo_city_is_found_by_its_name() {
    every_name_finds_its_own(&town(), 1);
    let (graph, _) = build_file(&demo_city()).unwrap();
    let map = Gazetteer::new(Some(&graph), Vec::new(), Vec::new()).unwrap();
    let (roads, crossings, _) = map.counts();
    assert!(roads > 1_500 && crossings > 5_000, "{roads} {crossings}");
    every_name_finds_its_own(&map, 7);
    let found = map.search("5th & mission", None, 3).unwrap();
    assert_eq!(line(&found[0]), "crossing 5th St & Mission St start");
}

#[test]
fn every_road_and_crossing_of_real_maps_is_found_by_its_name() {
    for path in real_maps(&[
        "shanghai-centre-osm2026.osm.gz",
        "rhein-neckar-osm2016-drive.osm.pbf",
    ]) {
        let (graph, _) = build_file(&path).unwrap();
        let map = Gazetteer::new(Some(&graph), Vec::new(), Vec::new()).unwrap();
        let (roads, ..) = map.counts();
        every_name_finds_its_own(&map, (roads / 150).max(1));
    }
}

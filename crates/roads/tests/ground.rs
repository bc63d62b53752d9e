//! What lies under the roads: read from maps, saved with the graph, and found by name in two languages.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use common::{Random, build_file, build_map, build_xml, real_maps};
use watchfire_roads::{Course, Cover, Gazetteer, Listed, ListedKind, RoadGraph};

/// A street with names in two languages, a park, a lake of two ways with an island in it, a river, a railway and its
/// tunnel, houses, an island's coast, and places.
const MAP: &str = r#"<osm version="0.6">
    <node id="1" lat="30.000" lon="120.000"/><node id="2" lat="30.000" lon="120.010"/>
    <node id="3" lat="30.010" lon="120.010"/><node id="4" lat="30.010" lon="120.000"/>
    <node id="5" lat="30.003" lon="120.003"/><node id="6" lat="30.003" lon="120.006"/><node id="7" lat="30.006" lon="120.006"/>
    <node id="20" lat="30.002" lon="120.002"><tag k="place" v="neighbourhood"/><tag k="name" v="老城"/><tag k="name:en" v="Old Town"/></node>
    <node id="21" lat="30.004" lon="120.004"><tag k="place" v="city"/><tag k="name:zh" v="绍兴"/><tag k="name:en" v="Shaoxing"/></node>
    <node id="22" lat="30.004" lon="120.004"><tag k="place" v="country"/><tag k="name" v="too large"/></node>
    <node id="23" lat="30.004" lon="120.004"><tag k="place" v="hamlet"/></node>
    <way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/><tag k="highway" v="residential"/>
        <tag k="name" v="解放路"/><tag k="name:en" v="Jiefang Road"/><tag k="name:zh" v="解放路"/></way>
    <way id="2"><nd ref="5"/><nd ref="6"/><nd ref="7"/><nd ref="5"/><tag k="leisure" v="park"/><tag k="name" v="People's Park"/>
        <tag k="name:zh" v="人民公园"/></way>
    <way id="3"><nd ref="1"/><nd ref="2"/><nd ref="3"/></way><way id="4"><nd ref="1"/><nd ref="4"/><nd ref="3"/></way>
    <way id="5"><nd ref="1"/><nd ref="3"/><tag k="waterway" v="river"/></way>
    <way id="6"><nd ref="2"/><nd ref="4"/><tag k="railway" v="rail"/></way>
    <way id="7"><nd ref="2"/><nd ref="4"/><tag k="railway" v="subway"/><tag k="tunnel" v="yes"/></way>
    <way id="8"><nd ref="5"/><nd ref="6"/><nd ref="7"/><nd ref="5"/><tag k="landuse" v="residential"/><tag k="name" v="Estate"/></way>
    <way id="9"><nd ref="5"/><nd ref="6"/><nd ref="7"/><nd ref="5"/><tag k="natural" v="coastline"/></way>
    <way id="10"><nd ref="5"/><nd ref="6"/><nd ref="99"/><nd ref="5"/><tag k="natural" v="wood"/></way>
    <way id="11"><nd ref="5"/><nd ref="6"/><tag k="natural" v="water"/></way>
    <relation id="1"><member type="way" ref="3" role="outer"/><member type="way" ref="4" role="outer"/>
        <member type="way" ref="2" role="inner"/><member type="node" ref="5" role="label"/>
        <tag k="type" v="multipolygon"/><tag k="natural" v="water"/><tag k="name" v="West Lake"/></relation>
    <relation id="2"><member type="way" ref="3" role="outer"/><tag k="type" v="multipolygon"/><tag k="landuse" v="forest"/></relation>
</osm>"#;

fn map() -> RoadGraph {
    build_xml(MAP).unwrap().0
}

#[test]
fn a_map_keeps_what_lies_under_its_roads() {
    let graph = map();
    let ground = graph.ground();
    let patches: Vec<(Cover, usize)> = ground
        .patches()
        .map(|(cover, rings)| (cover, rings.len()))
        .collect();
    // The wood misses a point and is a triangle no more; the coast runs against the clock round an island; the forest
    // does not close.
    assert_eq!(
        patches,
        [(Cover::Green, 1), (Cover::Built, 1), (Cover::Water, 2)]
    );
    let strips: Vec<Course> = ground.strips().map(|(course, _)| course).collect();
    assert_eq!(strips, [Course::River, Course::Rail]);
    let labels: Vec<_> = ground
        .labels()
        .iter()
        .map(|label| (label.rank, label.name.as_str(), label.name_en.as_deref()))
        .collect();
    let expected = [
        (4, "People's Park", None),
        (4, "West Lake", None),
        (3, "老城", Some("Old Town")),
        (1, "绍兴", Some("Shaoxing")),
    ];
    assert_eq!(labels, expected);
}

#[test]
fn ground_is_saved_and_found_again_and_a_map_of_roads_alone_has_none() {
    let graph = map();
    let bytes = graph.to_bytes();
    let again = RoadGraph::from_bytes(&bytes).unwrap();
    assert_eq!(again, graph);
    assert_eq!(again.to_bytes(), bytes);
    let (plain, _) = build_map("A: a0 b0 c0").unwrap();
    let bytes = plain.to_bytes();
    assert!(RoadGraph::from_bytes(&bytes).unwrap().ground().is_empty());
}

#[test]
fn ground_that_was_damaged_is_refused_and_never_more() {
    let bytes = map().to_bytes();
    for len in 0..bytes.len() {
        assert!(
            RoadGraph::from_bytes(&bytes[..len]).is_err(),
            "cut to {len}"
        );
    }
    for round in 0..20_000u64 {
        let mut random = Random(0x9_2026 + round);
        let mut forged = bytes.clone();
        for _ in 0..=random.below(3) {
            let index = 22 + random.below(forged.len() - 22);
            forged[index] = random.below(256) as u8;
        }
        let mut crc = flate2::Crc::new();
        crc.update(&forged[22..]);
        forged[10..14].copy_from_slice(&crc.sum().to_le_bytes());
        if let Ok(graph) = RoadGraph::from_bytes(&forged) {
            let _ = Gazetteer::new(Some(&graph), places(&graph), Vec::new()).unwrap();
            assert!(graph.ground().patches().all(|(_, rings)| !rings.is_empty()));
        }
    }
}

fn places(graph: &RoadGraph) -> Vec<Listed> {
    let labels = graph.ground().labels().iter();
    let place = labels.map(|label| Listed {
        kind: ListedKind::Place { rank: label.rank },
        name: label.name.clone(),
        other_names: label
            .name_zh
            .iter()
            .chain(&label.name_en)
            .cloned()
            .collect(),
        point: label.point(),
    });
    place.collect()
}

#[test]
fn roads_and_places_are_found_by_their_names_in_both_languages() {
    let graph = map();
    let map = Gazetteer::new(Some(&graph), places(&graph), Vec::new()).unwrap();
    for (typed, name) in [
        ("jiefang road", "解放路"),
        ("jiefang rd", "解放路"),
        ("解放路", "解放路"),
        ("old town", "老城"),
        ("shaoxing", "绍兴"),
        ("sx", "绍兴"),
        ("peoples park", "People's Park"),
        ("rmgy", "People's Park"),
        ("west lake", "West Lake"),
    ] {
        let found = map.search(typed, None, 3).unwrap();
        assert_eq!(
            found.first().map(|one| one.name.as_str()),
            Some(name),
            "{typed}"
        );
    }
}

#[test]
fn real_maps_have_ground_and_places() {
    for path in real_maps(&[
        "malta-osm2016-full.osm.pbf",
        "shanghai-centre-osm2026.osm.gz",
    ]) {
        let (graph, _) = build_file(&path).unwrap();
        let ground = graph.ground();
        let counts = (
            ground.patches().count(),
            ground.strips().count(),
            ground.labels().len(),
        );
        println!(
            "{}: {counts:?}, {} kB",
            path.display(),
            graph.to_bytes().len() / 1_000
        );
        assert_eq!(
            RoadGraph::from_bytes(&graph.to_bytes()).as_ref(),
            Ok(&graph)
        );
        if path.to_string_lossy().contains("malta") {
            assert!(
                counts.0 > 1_000 && counts.1 > 10 && counts.2 > 100,
                "{counts:?}"
            );
            let map = Gazetteer::new(Some(&graph), places(&graph), Vec::new()).unwrap();
            let found = map.search("valletta", None, 1).unwrap();
            let name = found[0].name.to_lowercase();
            assert!(name.contains("valletta"), "{found:?}");
        }
    }
}

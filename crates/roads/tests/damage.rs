//! Whatever the bytes, the crate answers in words: nothing here may panic, hang or ask for memory the bytes do not justify.

mod common;

use common::{Random, at, build_map, map};
use proptest::prelude::*;
use std::io::Write;
use std::sync::Arc;
use watchfire_roads::{BuildOptions, Format, RoadGraph, RoadsError, Router, build};

const SEED: u64 = 0xdead_2026;
const CITY: &str = "Long: a0 b0 c0 d0 maxspeed=50
    Cross: b0 b1 b2 oneway=yes
    Back: b2 a2 a0
    环城路: c0 c2 d2 d0 highway=primary
    Spur: d0 d1 e1
    @turn: from=Spur via=d0 to=Long restriction=no_right_turn
    @turn: from=Back via=a0 to=Long restriction=only_left_turn except=emergency";
/// Magic, version, checksum, length.
const HEADER_LEN: usize = 22;

fn saved() -> Vec<u8> {
    build_map(CITY)
        .expect("the map of this file can be built")
        .0
        .to_bytes()
}

/// Makes the header fit a body that was tampered with, as an attacker would.
fn with_fitting_header(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[HEADER_LEN..]);
    let len = (bytes.len() - HEADER_LEN) as u64;
    bytes[10..14].copy_from_slice(&crc.sum().to_le_bytes());
    bytes[14..22].copy_from_slice(&len.to_le_bytes());
    bytes
}

#[test]
fn a_saved_graph_reads_back_the_same() {
    let (graph, _) = build_map(CITY).unwrap();
    let bytes = graph.to_bytes();
    let again = RoadGraph::from_bytes(&bytes).unwrap();
    assert_eq!(again, graph);
    assert_eq!(again.to_bytes(), bytes);
    // A place snapped before saving is known after loading.
    let (before, after) = (Router::new(Arc::new(graph)), Router::new(Arc::new(again)));
    let snap = |router: &Router, name| router.snap(at(name)).unwrap();
    let (unit, incident) = (snap(&before, "a2"), snap(&before, "d2"));
    assert_eq!(
        before.times_to_snapped(&incident, &[unit]),
        after.times_to_snapped(&incident, &[unit])
    );
    assert!(after.times_to_snapped(&incident, &[unit])[0].is_ok());
}

#[test]
fn a_graph_cut_anywhere_or_with_any_byte_changed_is_refused() {
    let bytes = saved();
    for len in 0..bytes.len() {
        assert!(
            RoadGraph::from_bytes(&bytes[..len]).is_err(),
            "cut to {len}"
        );
    }
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 0x10;
        assert!(RoadGraph::from_bytes(&changed).is_err(), "byte {index}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(RoadGraph::from_bytes(&longer).is_err());
}

#[test]
fn another_version_or_another_file_is_named_as_such() {
    let mut bytes = saved();
    assert_eq!(
        RoadGraph::from_bytes(b"PK\x03\x04 a zip"),
        Err(RoadsError::NotAGraph)
    );
    assert_eq!(RoadGraph::from_bytes(b""), Err(RoadsError::NotAGraph));
    bytes[8] = 2;
    assert_eq!(
        RoadGraph::from_bytes(&bytes),
        Err(RoadsError::Version { found: 2, known: 3 })
    );
}

#[test]
fn a_forged_graph_is_refused_or_at_worst_wrong() {
    let bytes = saved();
    let mut accepted = 0;
    for round in 0..20_000u64 {
        let mut random = Random(SEED + round);
        let mut forged = bytes.clone();
        for _ in 0..=random.below(3) {
            let index = HEADER_LEN + random.below(forged.len() - HEADER_LEN);
            forged[index] = random.below(256) as u8;
        }
        if random.below(4) == 0 {
            forged.truncate(HEADER_LEN + random.below(forged.len() - HEADER_LEN));
        }
        let Ok(graph) = RoadGraph::from_bytes(&with_fitting_header(forged)) else {
            continue;
        };
        accepted += 1;
        let ends = common::ends(&graph);
        let router = Router::new(Arc::new(graph));
        // Where the forged points are does not matter; that asking about them ends in an answer does.
        let _ = router.times_to(ends[0], &ends);
        let _ = router.route(ends[0], ends[ends.len() - 1]);
    }
    assert!(
        accepted > 100,
        "the test must reach the router, and did {accepted} times (seed {SEED:#x})"
    );
}

#[test]
fn the_demo_city_tampered_with_is_refused_or_built() {
    let bytes = common::bytes_of(&common::demo_city());
    let bytes = &bytes[..bytes.len().min(20_000)];
    for round in 0..300u64 {
        let mut random = Random(SEED + round);
        let mut changed = bytes.to_vec();
        let index = random.below(changed.len().min(400));
        changed[index] = random.below(256) as u8;
        let _ = try_build(Format::OsmPbf, &changed);
    }
}

#[test]
fn a_map_tampered_with_is_refused_or_built() {
    let xml = map(CITY);
    for round in 0..2_000u64 {
        let mut random = Random(SEED + round);
        let mut changed = xml.clone().into_bytes();
        for _ in 0..=random.below(4) {
            let index = random.below(changed.len());
            changed[index] = b"<>&;'\"/ 09-.nwk\xff\x00"[random.below(17)];
        }
        let _ = try_build(Format::OsmXml, &changed);
        let _ = try_build(Format::GraphMl, &changed);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&changed).unwrap();
        let mut packed = packed.finish().unwrap();
        assert_eq!(
            try_build(Format::OsmXml, &packed).is_ok(),
            try_build(Format::OsmXml, &changed).is_ok(),
            "{round}"
        );
        packed.truncate(random.below(packed.len()));
        let _ = try_build(Format::OsmXml, &packed);
    }
}

fn try_build(format: Format, bytes: &[u8]) -> Result<RoadGraph, RoadsError> {
    build(format, bytes, &BuildOptions::default(), &mut |_, _, _| {}).map(|(graph, _)| graph)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for format in [Format::OsmPbf, Format::OsmXml, Format::GraphMl, Format::TigerZip] {
            prop_assert!(try_build(format, &bytes).is_err());
        }
        prop_assert!(RoadGraph::from_bytes(&bytes).is_err());
        let mut forged = b"WFROADS\n\x03\x00............".to_vec();
        forged.extend_from_slice(&bytes);
        let _ = RoadGraph::from_bytes(&with_fitting_header(forged));
        let _ = Format::detect("", &bytes);
    }
}

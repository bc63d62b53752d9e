//! What the tests share: seeded numbers, maps made up as OSM XML, and where real maps may lie.
#![allow(dead_code, reason = "each test file uses its own part")]
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests may look for real maps and say that there are none; the crate may not"
)]

use std::path::{Path, PathBuf};
use watchfire_roads::{BuildOptions, BuildReport, Format, Point, RoadGraph, RoadsError, build};

/// A small seeded generator (SplitMix64), so that a failing run is replayed from the seed it printed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Returns a number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as usize % limit
    }

    /// Returns a number from 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        self.below(1_000_001) as f64 / 1_000_000.0
    }
}

/// One line per way: `name: point point ... key=value ...`. A point is a letter for the column and a number for the row of
/// a grid 100 m wide, so `a0 b0` is a hundred metres due east. A line `@turn: from=NAME via=POINT to=NAME key=value ...` is a
/// turn restriction (`via=NAME+NAME` one by ways); `@at: point key=value ...` puts tags on a point.
pub(crate) fn map(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines = lines.map(|line| line.split_once(':').expect("a line starts with its name"));
    let (special, ways): (Vec<_>, Vec<_>) = lines.partition(|(name, _)| name.starts_with('@'));
    let mut nodes = std::collections::BTreeMap::new();
    let (mut xml_of_ways, mut relations) = (String::new(), String::new());
    for (index, (name, rest)) in ways.iter().enumerate() {
        xml_of_ways += &format!("<way id='{}'>", index + 1);
        for word in rest.split_whitespace() {
            match word.split_once('=') {
                Some((key, value)) => xml_of_ways += &tag(key, value),
                None => {
                    nodes.insert(word, String::new());
                    xml_of_ways += &format!("<nd ref='{}'/>", id(word));
                }
            }
        }
        if !rest.contains("highway=") && !rest.contains("route=") {
            xml_of_ways += &tag("highway", "residential");
        }
        xml_of_ways += &(tag("name", name) + "</way>\n");
    }
    let way = |name: &str| {
        ways.iter()
            .position(|(known, _)| *known == name)
            .map(|at| at + 1)
    };
    for (name, rest) in special {
        let words = || rest.split_whitespace();
        let tags = || words().filter_map(|word| word.split_once('='));
        if name == "@at" {
            let point = words().next().expect("a point stands first");
            nodes.insert(point, tags().map(|(key, value)| tag(key, value)).collect());
            continue;
        }
        relations += &format!("<relation id='1'>{}", tag("type", "restriction"));
        for (key, value) in tags() {
            if !["from", "via", "to"].contains(&key) {
                relations += &tag(key, value);
                continue;
            }
            for member in value.split('+') {
                let (kind, id) =
                    way(member).map_or_else(|| ("node", id(member)), |way| ("way", way));
                relations += &format!("<member type='{kind}' ref='{id}' role='{key}'/>");
            }
        }
        relations += "</relation>\n";
    }
    let mut xml = "<osm version='0.6'>".to_owned();
    for (node, tags) in nodes {
        let (id, place) = (id(node), at(node));
        let (lat, lon) = (place.lat, place.lon);
        xml += &format!("<node id='{id}' lat='{lat:.7}' lon='{lon:.7}'>{tags}</node>");
    }
    xml + &xml_of_ways + &relations + "</osm>"
}

fn tag(key: &str, value: &str) -> String {
    format!("<tag k='{key}' v='{value}'/>")
}

/// The place of a point of [`map`]; a fraction is allowed in the row.
pub(crate) fn at(name: &str) -> Point {
    let column = name.as_bytes()[0] - b'a';
    let row: f64 = name[1..].parse().expect("a row is a number");
    // Rounded as a map is, so that a point of the map is met exactly.
    let degrees = |hundreds: f64| (hundreds * 100.0 / 111_195.08 * 1e7).round() / 1e7;
    Point {
        lat: degrees(row),
        lon: degrees(f64::from(column)),
    }
}

fn id(name: &str) -> usize {
    (name.as_bytes()[0] - b'a') as usize * 1_000
        + name[1..].parse::<usize>().expect("a row is a number")
        + 1
}

/// Builds a map of [`map`]'s form with default options.
pub(crate) fn build_map(text: &str) -> Result<(RoadGraph, BuildReport), RoadsError> {
    build_xml(&map(text))
}

/// Builds OSM XML with default options.
pub(crate) fn build_xml(xml: &str) -> Result<(RoadGraph, BuildReport), RoadsError> {
    build(
        Format::OsmXml,
        xml.as_bytes(),
        &BuildOptions::default(),
        &mut |_, _, _| {},
    )
}

/// Builds a file with default options.
pub(crate) fn build_file(path: &Path) -> Result<(RoadGraph, BuildReport), RoadsError> {
    build_file_with(path, &BuildOptions::default())
}

/// Builds a file.
pub(crate) fn build_file_with(
    path: &Path,
    options: &BuildOptions,
) -> Result<(RoadGraph, BuildReport), RoadsError> {
    let bytes = bytes_of(path);
    let name = path.to_string_lossy();
    let format = Format::detect(&name, &bytes[..bytes.len().min(4_096)])?;
    build(format, &bytes, options, &mut |_, _, _| {})
}

/// Everything in a file.
pub(crate) fn bytes_of(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a file that was just listed can be read")
}

/// The demo network, which is part of the repository.
pub(crate) fn demo_city() -> PathBuf {
    repository().join("examples/demo-city/roads.osm.pbf")
}

/// Real maps beside the checkout or where `WATCHFIRE_SHARED_DATA` says; none is a word on the console, not a failure.
pub(crate) fn real_maps(endings: &[&str]) -> Vec<PathBuf> {
    let folder = std::env::var_os("WATCHFIRE_SHARED_DATA")
        .map_or_else(|| repository().join("../shared/data"), PathBuf::from);
    let folder = folder.join("roads");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!(
            "SKIPPED: no real maps in {}; set WATCHFIRE_SHARED_DATA to use some",
            folder.display()
        );
        return Vec::new();
    };
    let wanted = |path: &PathBuf| {
        endings
            .iter()
            .any(|ending| path.to_string_lossy().ends_with(ending))
    };
    let mut maps: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(wanted)
        .collect();
    maps.sort();
    maps
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A point within 20 m or so of a road.
pub(crate) fn beside_a_road(ends: &[Point], random: &mut Random) -> Point {
    let base = ends[random.below(ends.len())];
    let mut jitter = || (random.share() - 0.5) * 4e-4;
    Point {
        lat: base.lat + jitter(),
        lon: base.lon + jitter(),
    }
}

/// Every shape point of a graph.
pub(crate) fn ends(graph: &RoadGraph) -> Vec<Point> {
    graph.lines().flat_map(|line| line.points).collect()
}

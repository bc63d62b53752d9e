//! Reading maps: bytes in one of several forms to ways and points.
//!
//! Every reader ends in the same [`Ways`], so what follows knows nothing of formats. Readers are forgiving about content
//! (missing points, doubled ids, unknown tags) and strict about form: damage is an error with words, never a panic, and no
//! count in a file is believed before the bytes behind it are there. Start at [`read`].

mod graphml;
mod pbf;
mod tiger;
mod xml;

use crate::error::RoadsError;
use crate::geo::Fixed;
use crate::ground;
use crate::limits::SOURCE_MAX_BYTES;
use crate::report::Stage;
use crate::tags::Tags;
use flate2::read::MultiGzDecoder;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};

/// The forms of map that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OpenStreetMap's compact binary form (`.osm.pbf`).
    OsmPbf,
    /// OpenStreetMap XML (`.osm`, `.osm.gz`).
    OsmXml,
    /// GraphML as OSMnx writes it (`.graphml`, `.graphml.gz`).
    GraphMl,
    /// Roads of the US Census Bureau, a zip with a shapefile (`tl_…_roads.zip`).
    TigerZip,
}

/// One way as the source has it: tags and the ids of its points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) id: i64,
    pub(crate) points: Vec<i64>,
    pub(crate) tags: Tags,
}

/// An area whose border is made of several ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Relation {
    pub(crate) tags: Tags,
    pub(crate) members: Vec<Member>,
}

/// A turn restriction as the source has it; `turns.rs` says what comes of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Restriction {
    pub(crate) tags: Tags,
    pub(crate) from: Vec<i64>,
    pub(crate) to: Vec<i64>,
    pub(crate) via_nodes: Vec<i64>,
    pub(crate) via_ways: Vec<i64>,
}

/// What a member of a relation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemberKind {
    Node,
    Way,
}

impl Restriction {
    fn add(&mut self, role: &str, kind: MemberKind, id: i64) {
        match (role, kind) {
            ("from", MemberKind::Way) => self.from.push(id),
            ("to", MemberKind::Way) => self.to.push(id),
            ("via", MemberKind::Way) => self.via_ways.push(id),
            ("via", MemberKind::Node) => self.via_nodes.push(id),
            _ => {}
        }
    }
}

/// A way in the border of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) way: i64,
    /// Whether it bounds a hole.
    pub(crate) inner: bool,
}

/// What a reader brings home.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    /// Ways with a `highway` tag and ferries, in the order of the source.
    pub(crate) ways: Vec<Way>,
    /// Points by id, sorted, each id once.
    pub(crate) points: Vec<(i64, Fixed)>,
    pub(crate) restrictions: Vec<Restriction>,
    /// Points of ways with a barrier on them, sorted, each id once.
    pub(crate) barriers: Vec<(i64, Tags)>,
    /// Ways without a road that are ground: areas, rivers, railways.
    pub(crate) ground_ways: Vec<Way>,
    /// Areas made of several ways.
    pub(crate) relations: Vec<Relation>,
    /// The ways that these are made of, as far as they are none of the above.
    pub(crate) member_ways: Vec<Way>,
    /// Places with a name.
    pub(crate) places: Vec<(Fixed, Tags)>,
    /// Whether the data come from OpenStreetMap by their form.
    pub(crate) is_osm: bool,
}

impl Ways {
    /// The ids of all points that something refers to, sorted.
    fn wanted_points(&self) -> Vec<i64> {
        let ways = self
            .ways
            .iter()
            .chain(&self.ground_ways)
            .chain(&self.member_ways);
        let mut wanted: Vec<i64> = ways.flat_map(|way| way.points.iter().copied()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    /// The ids of ways that areas are made of and that were not kept for their own tags, sorted.
    fn wanted_members(&self) -> Vec<i64> {
        let members = self.relations.iter().flat_map(|relation| &relation.members);
        let mut wanted: Vec<i64> = members.map(|member| member.way).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let known: BTreeSet<i64> = self.ground_ways.iter().map(|way| way.id).collect();
        wanted.retain(|id| !known.contains(id));
        wanted
    }

    /// Sorts the points and keeps the first of each id; readers call it last.
    fn settle(mut self) -> Self {
        self.points.sort_by_key(|(id, _)| *id);
        self.points.dedup_by_key(|(id, _)| *id);
        self.barriers.sort_by_key(|(id, _)| *id);
        self.barriers.dedup_by_key(|(id, _)| *id);
        self
    }
}

pub(crate) type Progress<'a> = &'a mut dyn FnMut(Stage, u64, u64);

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";
const PBF_FIRST_BLOCK: &[u8] = b"OSMHeader";

impl Format {
    /// Tells the form of a file from its name and its first bytes (64 or more; the name may be empty).
    pub fn detect(name: &str, head: &[u8]) -> Result<Format, RoadsError> {
        let lower = name.to_ascii_lowercase();
        let head_of_text = &head[..head.len().min(4096)];
        let holds = |needle: &[u8]| {
            head_of_text
                .windows(needle.len())
                .any(|window| window == needle)
        };
        if lower.ends_with(".pbf") || holds(PBF_FIRST_BLOCK) {
            return Ok(Format::OsmPbf);
        }
        if lower.ends_with(".zip") || head.starts_with(ZIP_MAGIC) {
            return Ok(Format::TigerZip);
        }
        if lower.ends_with(".graphml") || lower.ends_with(".graphml.gz") || holds(b"<graphml") {
            return Ok(Format::GraphMl);
        }
        if [".osm", ".osm.gz", ".osm.xml"]
            .iter()
            .any(|ending| lower.ends_with(ending))
            || holds(b"<osm")
        {
            return Ok(Format::OsmXml);
        }
        Err(RoadsError::UnknownFormat {
            name: name.to_owned(),
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Format::OsmPbf => "OSM PBF",
            Format::OsmXml => "OSM XML",
            Format::GraphMl => "GraphML",
            Format::TigerZip => "TIGER/Line zip",
        }
    }

    /// Returns the error for bytes that break the rules of this form.
    fn damaged(self, what: impl Into<String>) -> RoadsError {
        RoadsError::Damaged {
            format: self.name(),
            what: what.into(),
        }
    }
}

/// Reads a whole source.
pub(crate) fn read(
    format: Format,
    bytes: &[u8],
    progress: Progress<'_>,
) -> Result<Ways, RoadsError> {
    check_size(bytes.len() as u64)?;
    let total = bytes.len() as u64;
    progress(Stage::Reading, 0, total);
    let ways = match format {
        Format::OsmPbf => pbf::read(bytes, progress)?,
        Format::OsmXml => xml::read(text(bytes))?,
        Format::GraphMl => graphml::read(text(bytes))?,
        Format::TigerZip => tiger::read(bytes)?,
    };
    progress(Stage::Reading, total, total);
    Ok(ways.settle())
}

/// Whether a relation with these tags restricts a turn.
fn is_restriction(tags: &Tags) -> bool {
    tags.get("type")
        .is_some_and(|kind| kind.starts_with("restriction"))
}

/// Whether a relation with these tags is an area of ground.
fn is_area(tags: &Tags) -> bool {
    tags.get("type") == Some("multipolygon") && ground::is_ground(tags)
}

pub(crate) fn check_size(found: u64) -> Result<(), RoadsError> {
    check_count("bytes of source", found, SOURCE_MAX_BYTES)
}

/// Refuses a count beyond its limit.
pub(crate) fn check_count(what: &'static str, found: u64, max: u64) -> Result<(), RoadsError> {
    if found > max {
        Err(RoadsError::TooMany { what, found, max })
    } else {
        Ok(())
    }
}

/// Text as it is, or unpacked when it is gzip; what unpacks without end stops one past the limit, as a cut file.
fn text(bytes: &[u8]) -> Box<dyn BufRead + '_> {
    if bytes.starts_with(GZIP_MAGIC) {
        let unpacked = std::io::Read::take(MultiGzDecoder::new(bytes), SOURCE_MAX_BYTES);
        Box::new(BufReader::with_capacity(1 << 16, unpacked))
    } else {
        Box::new(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_by_name_or_by_the_first_bytes() {
        let cases: &[(&str, &[u8], Option<Format>)] = &[
            ("city.osm.pbf", b"", Some(Format::OsmPbf)),
            (
                "",
                b"\0\0\0\x0d\x0a\x09OSMHeader\x18\x7c",
                Some(Format::OsmPbf),
            ),
            ("City.OSM.GZ", b"\x1f\x8b", Some(Format::OsmXml)),
            (
                "",
                b"<?xml version='1.0'?>\n<osm version='0.6'>",
                Some(Format::OsmXml),
            ),
            ("g.graphml.gz", b"\x1f\x8b", Some(Format::GraphMl)),
            (
                "",
                b"<?xml version='1.0'?><graphml xmlns='x'>",
                Some(Format::GraphMl),
            ),
            ("tl_2017_06075_roads.zip", b"", Some(Format::TigerZip)),
            ("", b"PK\x03\x04", Some(Format::TigerZip)),
            ("roads.dwg", b"AC1032", None),
        ];
        for (name, head, wanted) in cases {
            assert_eq!(Format::detect(name, head).ok(), *wanted, "{name}");
        }
    }

    #[test]
    fn counts_hold_at_the_limit_and_not_one_past() {
        assert!(check_size(SOURCE_MAX_BYTES).is_ok());
        assert!(matches!(
            check_size(SOURCE_MAX_BYTES + 1),
            Err(RoadsError::TooMany { .. })
        ));
    }
}

//! From ways and points to a connected road graph.
//!
//! Ways are cut where they meet, each piece becomes an edge with a time each way, and the largest part in which every
//! place can be reached from every other is kept: a unit must not be sent into a corner it cannot leave. What falls away
//! is counted in the [`BuildReport`]. Start at [`build`]; the reading itself is in `source`.

use crate::class::Class;
use crate::error::RoadsError;
use crate::geo::{Fixed, length_m};
use crate::graph::{CLOSED_MS, Edge, RoadGraph};
use crate::ground::{self, Ground};
use crate::limits::{
    ARC_MAX_MS, EDGES_MAX, JUNCTIONS_MAX, NAME_MAX_BYTES, OTHER_NAMES_MAX, POINTS_MAX,
};
use crate::options::BuildOptions;
use crate::report::{BuildReport, DropReason, Stage};
use crate::source::{self, Format, Progress, Way, Ways, check_count};
use crate::tags::{Usage, usage};
use std::collections::{BTreeMap, BTreeSet};

/// The words that OpenStreetMap asks for.
const OSM_ATTRIBUTION: &str = "© OpenStreetMap contributors, ODbL 1.0";
/// Public domain; the Census Bureau asks to be named.
const TIGER_ATTRIBUTION: &str = "US Census Bureau, TIGER/Line";
/// Often enough for a progress line, seldom enough to cost nothing.
const PROGRESS_EVERY_WAYS: usize = 4_096;

/// Builds a road graph from the bytes of a map.
///
/// `progress` is told the stage, how much of it is done and how much there is. The same bytes and options give the same
/// graph.
pub fn build(
    format: Format,
    bytes: &[u8],
    options: &BuildOptions,
    progress: &mut dyn FnMut(Stage, u64, u64),
) -> Result<(RoadGraph, BuildReport), RoadsError> {
    options.check()?;
    let ways = source::read(format, bytes, progress)?;
    let attribution = options
        .attribution
        .clone()
        .unwrap_or_else(|| origin(&ways).to_owned());
    let mut report = BuildReport {
        ways_read: ways.ways.len() as u64,
        turn_restrictions_ignored: ways.turn_restrictions,
        ..BuildReport::default()
    };
    let all = cut(&ways, options, &mut report, progress)?;
    let ground = ground::gather(&ways);
    let other_names = other_names(&ways);
    drop(ways);
    if all.edges.is_empty() {
        return Err(RoadsError::NoRoads {
            ways_read: report.ways_read,
        });
    }
    progress(Stage::Connecting, 0, 1);
    let kept = keep_largest_part(all, &mut report);
    if kept.edges.is_empty() {
        return Err(RoadsError::NoRoads {
            ways_read: report.ways_read,
        });
    }
    progress(Stage::Connecting, 1, 1);
    progress(Stage::Ordering, 0, 1);
    let mut graph = finish(kept, attribution);
    let kept_names: BTreeSet<&str> = graph.names.iter().map(String::as_str).collect();
    let others = other_names
        .into_iter()
        .filter(|(name, _)| kept_names.contains(name.as_str()));
    graph.other_names = others.collect();
    graph.ground = ground;
    graph.fingerprint = graph.checksum();
    progress(Stage::Ordering, 1, 1);
    Ok((graph, report))
}

/// The names in other languages of every road name.
fn other_names(ways: &Ways) -> BTreeMap<String, Vec<String>> {
    let mut others: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for way in &ways.ways {
        let Some(name) = way.tags.name() else {
            continue;
        };
        for other in way.tags.other_names() {
            let fits = name.len() <= NAME_MAX_BYTES && other.len() <= NAME_MAX_BYTES;
            let known = others.entry(name.to_owned()).or_default();
            if fits && known.len() < OTHER_NAMES_MAX && !known.iter().any(|one| one == other) {
                known.push(other.to_owned());
            }
        }
    }
    others.retain(|_, names| !names.is_empty());
    others
}

/// The words that are due to whoever made the map, as far as the map tells.
fn origin(ways: &Ways) -> &'static str {
    // Census roads keep the class they had there, also when somebody wrote them in the form of OpenStreetMap.
    if ways
        .ways
        .iter()
        .all(|way| way.tags.get("tiger:mtfcc").is_some())
    {
        TIGER_ATTRIBUTION
    } else if ways.is_osm {
        OSM_ATTRIBUTION
    } else {
        ""
    }
}

/// Edges and what they refer to, before and after the largest part is taken.
#[derive(Default)]
pub(crate) struct Roads {
    pub(crate) junctions: u32,
    pub(crate) edges: Vec<Edge>,
    pub(crate) points: Vec<Fixed>,
    pub(crate) names: Vec<String>,
}

impl Roads {
    fn shape(&self, edge: usize) -> &[Fixed] {
        let end = self
            .edges
            .get(edge + 1)
            .map_or(self.points.len(), |next| next.first_point as usize);
        &self.points[self.edges[edge].first_point as usize..end]
    }
}

/// A run of points of one way without a gap, by place in the sorted points.
struct Piece {
    way: usize,
    usage: Usage,
    points: Vec<u32>,
}

fn cut(
    ways: &Ways,
    options: &BuildOptions,
    report: &mut BuildReport,
    progress: Progress<'_>,
) -> Result<Roads, RoadsError> {
    check_count("points", ways.points.len() as u64, POINTS_MAX)?;
    let pieces = usable_pieces(ways, options, report, progress);
    let uses = count_uses(&pieces, ways.points.len());
    let mut roads = Roads {
        names: vec![String::new()],
        ..Roads::default()
    };
    let mut junction_of = vec![u32::MAX; ways.points.len()];
    let mut name_of: BTreeMap<&str, u32> = BTreeMap::from([("", 0)]);
    for piece in &pieces {
        let name = short_name(&ways.ways[piece.way], report);
        let name = *name_of.entry(name).or_insert_with(|| {
            roads.names.push(name.to_owned());
            (roads.names.len() - 1) as u32
        });
        let mut start = 0;
        for end in 1..piece.points.len() {
            let is_last = end + 1 == piece.points.len();
            if !is_last && uses[piece.points[end] as usize] < 2 {
                continue;
            }
            let shape: Vec<Fixed> = piece.points[start..=end]
                .iter()
                .map(|&point| ways.points[point as usize].1)
                .collect();
            let mut junction = |point: u32| {
                let known = &mut junction_of[point as usize];
                if *known == u32::MAX {
                    *known = roads.junctions;
                    roads.junctions += 1;
                }
                *known
            };
            let (from, to) = (junction(piece.points[start]), junction(piece.points[end]));
            let continues = start > 0;
            start = end;
            add_edge(&mut roads, (from, to), piece.usage, name, continues, &shape);
        }
        check_count("junctions", u64::from(roads.junctions), JUNCTIONS_MAX)?;
        check_count("edges", roads.edges.len() as u64, EDGES_MAX)?;
        check_count("points", roads.points.len() as u64, POINTS_MAX)?;
    }
    Ok(roads)
}

fn add_edge(
    roads: &mut Roads,
    (from, to): (u32, u32),
    usage: Usage,
    name: u32,
    continues: bool,
    shape: &[Fixed],
) {
    let long_m = length_m(shape);
    if from == to && long_m == 0.0 {
        return;
    }
    let ms = |kmh: Option<f64>| kmh.map_or(CLOSED_MS, |kmh| travel_ms(long_m, kmh));
    // A dropped loop in between breaks the line; drawing must not jump over it.
    let continues = continues && roads.edges.last().is_some_and(|last| last.to == from);
    roads.edges.push(Edge {
        from,
        to,
        class: usage.class,
        name,
        ms: [ms(usage.forward_kmh), ms(usage.backward_kmh)],
        first_point: roads.points.len() as u32,
        continues,
    });
    roads.points.extend_from_slice(shape);
}

/// The time for a length at a speed, in milliseconds: never zero, so that every step along a route costs something.
pub(crate) fn travel_ms(length_m: f64, kmh: f64) -> u32 {
    (length_m * 3_600.0 / kmh)
        .round()
        .clamp(1.0, f64::from(ARC_MAX_MS)) as u32
}

fn usable_pieces(
    ways: &Ways,
    options: &BuildOptions,
    report: &mut BuildReport,
    progress: Progress<'_>,
) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut seen = BTreeSet::new();
    let total = ways.ways.len() as u64;
    for (index, way) in ways.ways.iter().enumerate() {
        if index % PROGRESS_EVERY_WAYS == 0 {
            progress(Stage::Cutting, index as u64, total);
        }
        let usage = match usage(&way.tags, options) {
            Ok(_) if !seen.insert(way.id) => Err(DropReason::Duplicate),
            decided => decided,
        };
        let before = pieces.len();
        let dropped = match usage {
            Ok(usage) => {
                for points in runs(way, ways, report) {
                    pieces.push(Piece {
                        way: index,
                        usage,
                        points,
                    });
                }
                (pieces.len() == before).then_some(DropReason::NoGeometry)
            }
            Err(reason) => Some(reason),
        };
        match dropped {
            Some(reason) => *report.ways_dropped.entry(reason).or_default() += 1,
            None => report.ways_kept += 1,
        }
    }
    progress(Stage::Cutting, total, total);
    pieces
}

/// The runs of points of a way that the source holds: it is cut at every gap, for a straight line over one could be a road
/// that is not there.
fn runs(way: &Way, ways: &Ways, report: &mut BuildReport) -> Vec<Vec<u32>> {
    let mut runs = vec![Vec::new()];
    for id in there_only(&way.points) {
        match ways.points.binary_search_by_key(id, |(id, _)| *id) {
            Ok(point) => {
                if let Some(run) = runs.last_mut()
                    && run.last() != Some(&(point as u32))
                {
                    run.push(point as u32);
                }
            }
            Err(_) => {
                report.points_missing += 1;
                runs.push(Vec::new());
            }
        }
    }
    runs.retain(|run| run.len() >= 2);
    runs
}

/// Some writers draw a two-way street there and back along the same points; the way there says it all.
fn there_only(points: &[i64]) -> &[i64] {
    let is_there_and_back =
        points.len() >= 3 && points.len() % 2 == 1 && points.iter().eq(points.iter().rev());
    if is_there_and_back {
        &points[..=points.len() / 2]
    } else {
        points
    }
}

/// How often each point is used; two or more mean a junction, and the ends of a piece are one without being asked.
fn count_uses(pieces: &[Piece], points: usize) -> Vec<u8> {
    let mut uses = vec![0u8; points];
    for &point in pieces.iter().flat_map(|piece| &piece.points) {
        let slot = &mut uses[point as usize];
        *slot = slot.saturating_add(1);
    }
    uses
}

fn short_name<'a>(way: &'a Way, report: &mut BuildReport) -> &'a str {
    let name = way.tags.name().unwrap_or("");
    if name.len() <= NAME_MAX_BYTES {
        return name;
    }
    report.names_cut += 1;
    &name[..name.floor_char_boundary(NAME_MAX_BYTES)]
}

/// Keeps the strongly connected part with the most road, and counts the rest.
fn keep_largest_part(all: Roads, report: &mut BuildReport) -> Roads {
    let (part_of, parts) = strong_parts(&all);
    let lengths: Vec<f64> = (0..all.edges.len())
        .map(|edge| length_m(all.shape(edge)) / 1_000.0)
        .collect();
    let mut length_of_part = vec![0.0; parts];
    for (edge, length_km) in all.edges.iter().zip(&lengths) {
        let part = part_of[edge.from as usize];
        if part == part_of[edge.to as usize] {
            length_of_part[part as usize] += length_km;
        }
    }
    let largest = (0..parts)
        .rev()
        .max_by(|&a, &b| length_of_part[a].total_cmp(&length_of_part[b]))
        .unwrap_or(0) as u32;
    let mut new_number = vec![u32::MAX; all.junctions as usize];
    let mut kept = Roads {
        names: all.names.clone(),
        ..Roads::default()
    };
    let mut last_kept = None;
    let mut lengths_by_class: [BTreeMap<Class, f64>; 2] = Default::default();
    for (index, edge) in all.edges.iter().enumerate() {
        let stays = [edge.from, edge.to]
            .iter()
            .all(|&end| part_of[end as usize] == largest);
        *lengths_by_class[usize::from(!stays)]
            .entry(edge.class)
            .or_default() += lengths[index];
        let arcs = edge.ms.iter().filter(|ms| **ms != CLOSED_MS).count() as u64;
        if !stays {
            report.dropped.arcs += arcs;
            continue;
        }
        report.arcs += arcs;
        let mut renumber = |junction: u32| {
            let known = &mut new_number[junction as usize];
            if *known == u32::MAX {
                *known = kept.junctions;
                kept.junctions += 1;
            }
            *known
        };
        let continues = edge.continues && last_kept == index.checked_sub(1);
        last_kept = Some(index);
        let (from, to) = (renumber(edge.from), renumber(edge.to));
        let first_point = kept.points.len() as u32;
        kept.edges.push(Edge {
            from,
            to,
            first_point,
            continues,
            ..*edge
        });
        kept.points.extend_from_slice(all.shape(index));
    }
    report.parts = parts as u64;
    report.junctions = u64::from(kept.junctions);
    report.dropped.junctions = u64::from(all.junctions) - report.junctions;
    report_lengths(lengths_by_class, report);
    kept
}

fn report_lengths([kept_km, dropped_km]: [BTreeMap<Class, f64>; 2], report: &mut BuildReport) {
    // A sum over nothing is minus zero, which no person should have to read.
    let sum = |lengths: &BTreeMap<Class, f64>| lengths.values().sum::<f64>() + 0.0;
    report.length_km = sum(&kept_km);
    report.dropped.length_km = sum(&dropped_km);
    let total_km = report.length_km + report.dropped.length_km;
    report.kept_share = if total_km > 0.0 {
        report.length_km / total_km
    } else {
        1.0
    };
    report.length_km_by_class = kept_km;
    report.dropped.length_km_by_class = dropped_km;
}

/// Returns the number of the strongly connected part of every junction, and how many parts there are (Tarjan's method,
/// with a stack of its own so that a long road cannot exhaust the thread's).
fn strong_parts(roads: &Roads) -> (Vec<u32>, usize) {
    const NONE: u32 = u32::MAX;
    let (first, heads) = outgoing(roads);
    let count = roads.junctions as usize;
    let (mut part_of, mut parts) = (vec![NONE; count], 0);
    let (mut seen_as, mut lowest) = (vec![NONE; count], vec![0u32; count]);
    let mut seen = 0;
    let mut open = Vec::new();
    let mut walk: Vec<(usize, usize)> = Vec::new();
    for root in 0..count {
        if seen_as[root] == NONE {
            walk.push((root, first[root]));
        }
        while let Some(&(junction, next)) = walk.last() {
            if seen_as[junction] == NONE {
                (seen_as[junction], lowest[junction]) = (seen, seen);
                seen += 1;
                open.push(junction);
            }
            if next < first[junction + 1] {
                if let Some(top) = walk.last_mut() {
                    top.1 += 1;
                }
                let head = heads[next] as usize;
                if seen_as[head] == NONE {
                    walk.push((head, first[head]));
                } else if part_of[head] == NONE {
                    lowest[junction] = lowest[junction].min(seen_as[head]);
                }
                continue;
            }
            walk.pop();
            if let Some(&(above, _)) = walk.last() {
                lowest[above] = lowest[above].min(lowest[junction]);
            }
            if lowest[junction] == seen_as[junction] {
                while let Some(member) = open.pop() {
                    part_of[member] = parts as u32;
                    if member == junction {
                        break;
                    }
                }
                parts += 1;
            }
        }
    }
    (part_of, parts)
}

/// The open arcs out of each junction: where each one's start in the list, and the list of heads.
fn outgoing(roads: &Roads) -> (Vec<usize>, Vec<u32>) {
    let arcs = || {
        roads.edges.iter().flat_map(|edge| {
            let both = [
                (edge.from, edge.to, edge.ms[0]),
                (edge.to, edge.from, edge.ms[1]),
            ];
            both.into_iter().filter(|(_, _, ms)| *ms != CLOSED_MS)
        })
    };
    let mut first = vec![0; roads.junctions as usize + 1];
    for (tail, _, _) in arcs() {
        first[tail as usize + 1] += 1;
    }
    for index in 1..first.len() {
        first[index] += first[index - 1];
    }
    let mut heads = vec![0; first[roads.junctions as usize]];
    let mut next = first.clone();
    for (tail, head, _) in arcs() {
        heads[next[tail as usize]] = head;
        next[tail as usize] += 1;
    }
    (first, heads)
}

/// Orders the junctions and closes the graph.
pub(crate) fn finish(roads: Roads, attribution: String) -> RoadGraph {
    let count = roads.junctions as usize;
    let mut places = vec![Fixed { lat: 0, lon: 0 }; count];
    for (index, edge) in roads.edges.iter().enumerate() {
        let shape = roads.shape(index);
        places[edge.from as usize] = shape[0];
        places[edge.to as usize] = shape[shape.len() - 1];
    }
    // The order depends on which junctions are neighbours, not on how often: streets side by side would only slow it down.
    let pair = |edge: &Edge| (edge.from.min(edge.to), edge.from.max(edge.to));
    let mut pairs: Vec<(u32, u32)> = roads.edges.iter().map(pair).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let (tails, heads): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
    let lats: Vec<f32> = places
        .iter()
        .map(|place| place.point().lat as f32)
        .collect();
    let lons: Vec<f32> = places
        .iter()
        .map(|place| place.point().lon as f32)
        .collect();
    let order = cch::inertial_order(roads.junctions, &tails, &heads, &lats, &lons);
    let Roads {
        junctions,
        edges,
        points,
        names,
    } = roads;
    let mut graph = RoadGraph {
        junctions,
        edges,
        points,
        names,
        order,
        attribution,
        other_names: BTreeMap::new(),
        ground: Ground::default(),
        fingerprint: 0,
    };
    graph.fingerprint = graph.checksum();
    graph
}

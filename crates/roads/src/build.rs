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
    ARC_MAX_MS, EDGES_MAX, JUNCTIONS_MAX, NAME_MAX_BYTES, OTHER_NAMES_MAX, POINTS_MAX, TURNS_MAX,
};
use crate::options::{BuildOptions, Parts};
use crate::profile::Bound;
use crate::report::{BuildReport, DropReason, Stage};
use crate::source::{self, Format, Progress, Way, Ways, check_count};
use crate::tags::{Barred, Usage, barred, usage};
use crate::turns::{self, Turn, Turns, Whereabouts, forbid};
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
    let kept = keep_parts(all, options.parts, &mut report);
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
    pub(crate) turns: Turns,
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

/// What is known of the points of all pieces.
struct Uses {
    /// How often each is used; two or more mean a junction, and the ends of a piece are one without being asked.
    count: Vec<u8>,
    barred: BTreeMap<u32, Barred>,
}

impl Uses {
    fn is_junction(&self, point: u32) -> bool {
        self.count[point as usize] >= 2 || self.barred.contains_key(&point)
    }

    /// Whether the road ends here on either side.
    fn is_closed(&self, point: u32) -> bool {
        self.barred.get(&point) == Some(&Barred::Everyone)
    }
}

fn cut(
    ways: &Ways,
    options: &BuildOptions,
    report: &mut BuildReport,
    progress: Progress<'_>,
) -> Result<Roads, RoadsError> {
    check_count("points", ways.points.len() as u64, POINTS_MAX)?;
    let pieces = usable_pieces(ways, options, report, progress);
    let uses = uses(ways, &pieces, options, report);
    let mut roads = Roads {
        names: vec![String::new()],
        ..Roads::default()
    };
    let mut junction_of = vec![u32::MAX; ways.points.len()];
    let mut way_of_edge = Vec::new();
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
            if !is_last && !uses.is_junction(piece.points[end]) {
                continue;
            }
            let shape: Vec<Fixed> = piece.points[start..=end]
                .iter()
                .map(|&point| ways.points[point as usize].1)
                .collect();
            let mut junction = |point: u32| {
                let known = &mut junction_of[point as usize];
                if *known == u32::MAX || uses.is_closed(point) {
                    *known = roads.junctions;
                    roads.junctions += 1;
                }
                *known
            };
            let (from, to) = (junction(piece.points[start]), junction(piece.points[end]));
            let continues = start > 0;
            start = end;
            add_edge(&mut roads, (from, to), piece.usage, name, continues, &shape);
            way_of_edge.resize(roads.edges.len(), piece.way as u32);
        }
        check_count("junctions", u64::from(roads.junctions), JUNCTIONS_MAX)?;
        check_count("edges", roads.edges.len() as u64, EDGES_MAX)?;
        check_count("points", roads.points.len() as u64, POINTS_MAX)?;
    }
    let at = Whereabouts::new(ways, &roads, &way_of_edge, &junction_of);
    let mut turns = Turns::new();
    turns::resolve(&at, &mut turns, &mut report.turns);
    let barriers = uses
        .barred
        .iter()
        .filter(|(_, who)| **who == Barred::PlainOnly);
    for junction in barriers.map(|(point, _)| junction_of[*point as usize]) {
        bar_plain(&at, junction, &mut turns);
    }
    check_count("forbidden turns", turns.len() as u64, TURNS_MAX)?;
    roads.turns = turns;
    Ok(roads)
}

/// Forbids those without lights and siren to go through a junction of two roads.
fn bar_plain(at: &Whereabouts<'_>, junction: u32, turns: &mut Turns) {
    for arrive in at.into(junction) {
        for leave in at.out(junction).filter(|leave| *leave != arrive ^ 1) {
            forbid(turns, vec![arrive, leave], Bound::PlainOnly);
        }
    }
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
    let ms = usage.kmh.map(|by_travel| by_travel.map(ms));
    // A dropped loop in between breaks the line; drawing must not jump over it.
    let continues = continues && roads.edges.last().is_some_and(|last| last.to == from);
    roads.edges.push(Edge {
        from,
        to,
        class: usage.class,
        name,
        ms,
        first_point: roads.points.len() as u32,
        continues,
        is_roundabout: usage.is_roundabout,
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
                let runs = runs(way, ways, report);
                let usage = if usage.class == Class::Ferry {
                    as_ferry(usage, way_length_m(&runs, ways), options)
                } else {
                    usage
                };
                for points in runs {
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

fn way_length_m(runs: &[Vec<u32>], ways: &Ways) -> f64 {
    let place = |point: &u32| ways.points[*point as usize].1;
    let length = |run: &Vec<u32>| length_m(&run.iter().map(place).collect::<Vec<_>>());
    runs.iter().map(length).sum()
}

/// Spreads waiting and boarding over the length of a ferry, so that whoever takes all of it pays all of it.
fn as_ferry(usage: Usage, length_m: f64, options: &BuildOptions) -> Usage {
    let boarding_s = f64::from(options.ferry_boarding_s);
    let kmh = |kmh: f64| {
        let under_way_s = usage.whole_s.map_or(length_m * 3.6 / kmh, f64::from);
        (length_m * 3.6 / (under_way_s + boarding_s)).max(f64::MIN_POSITIVE)
    };
    Usage {
        kmh: usage
            .kmh
            .map(|by_travel| by_travel.map(|open| open.map(kmh))),
        ..usage
    }
}

fn uses(ways: &Ways, pieces: &[Piece], options: &BuildOptions, report: &mut BuildReport) -> Uses {
    let mut count = vec![0u8; ways.points.len()];
    for &point in pieces.iter().flat_map(|piece| &piece.points) {
        let slot = &mut count[point as usize];
        *slot = slot.saturating_add(1);
    }
    let mut arms: BTreeMap<u32, u32> = BTreeMap::new();
    let mut barriers: BTreeMap<u32, Option<Barred>> = BTreeMap::new();
    for (id, tags) in &ways.barriers {
        if let Ok(point) = ways.points.binary_search_by_key(id, |(id, _)| *id) {
            barriers.insert(point as u32, barred(tags, options));
        }
    }
    for piece in pieces {
        let last = piece.points.len() - 1;
        for (index, point) in piece.points.iter().enumerate() {
            if barriers.contains_key(point) {
                *arms.entry(*point).or_default() += if index == 0 || index == last { 1 } else { 2 };
            }
        }
    }
    let mut barred = BTreeMap::new();
    for (point, arms) in arms {
        match barriers.get(&point).copied().flatten() {
            None => report.barriers.open += 1,
            Some(_) if arms > 2 => report.barriers.at_crossings += 1,
            Some(who) => {
                let told = match who {
                    Barred::Everyone => &mut report.barriers.closed,
                    Barred::PlainOnly => &mut report.barriers.siren_only,
                };
                *told += 1;
                barred.insert(point, who);
            }
        }
    }
    Uses { count, barred }
}

fn short_name<'a>(way: &'a Way, report: &mut BuildReport) -> &'a str {
    let name = way.tags.name().unwrap_or("");
    if name.len() <= NAME_MAX_BYTES {
        return name;
    }
    report.names_cut += 1;
    &name[..name.floor_char_boundary(NAME_MAX_BYTES)]
}

/// Which of the strongly connected parts are kept.
fn kept_parts(length_of_part: &[f64], parts: Parts) -> Vec<bool> {
    match parts {
        Parts::FromKm(km) => length_of_part
            .iter()
            .map(|length_km| *length_km >= f64::from(km))
            .collect(),
        Parts::Largest => {
            let largest = (0..length_of_part.len())
                .rev()
                .max_by(|&a, &b| length_of_part[a].total_cmp(&length_of_part[b]));
            (0..length_of_part.len())
                .map(|part| Some(part) == largest)
                .collect()
        }
    }
}

/// Keeps the strongly connected part with the most road, or all that are long enough, and counts the rest.
fn keep_parts(all: Roads, wanted: Parts, report: &mut BuildReport) -> Roads {
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
    let is_kept = kept_parts(&length_of_part, wanted);
    let mut new_number = vec![u32::MAX; all.junctions as usize];
    let mut kept = Roads {
        names: all.names.clone(),
        ..Roads::default()
    };
    let mut last_kept = None;
    let mut new_edge = vec![u32::MAX; all.edges.len()];
    let mut lengths_by_class: [BTreeMap<Class, f64>; 2] = Default::default();
    for (index, edge) in all.edges.iter().enumerate() {
        let stays = [edge.from, edge.to]
            .iter()
            .all(|&end| is_kept[part_of[end as usize] as usize]);
        *lengths_by_class[usize::from(!stays)]
            .entry(edge.class)
            .or_default() += lengths[index];
        let arcs = open_ways(edge).into_iter().filter(|open| *open).count() as u64;
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
        new_edge[index] = kept.edges.len() as u32;
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
    let moved = |arc: &u32| {
        let edge = new_edge[*arc as usize / 2];
        (edge != u32::MAX).then(|| edge * 2 + arc % 2)
    };
    let turns = all.turns.iter().filter_map(|(arcs, bound)| {
        let arcs: Option<Vec<u32>> = arcs.iter().map(moved).collect();
        Some((arcs?, *bound))
    });
    kept.turns = turns.collect();
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

/// Whether somebody may drive an edge, each way.
fn open_ways(edge: &Edge) -> [bool; 2] {
    [0, 1].map(|travel| edge.ms.iter().any(|ms| ms[travel] != CLOSED_MS))
}

/// The open arcs out of each junction: where each one's start in the list, and the list of heads.
fn outgoing(roads: &Roads) -> (Vec<usize>, Vec<u32>) {
    let arcs = || {
        roads.edges.iter().flat_map(|edge| {
            let [forward, backward] = open_ways(edge);
            let both = [
                (edge.from, edge.to, forward),
                (edge.to, edge.from, backward),
            ];
            both.into_iter().filter(|(_, _, is_open)| *is_open)
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
        turns,
    } = roads;
    let turns = turns.into_iter().map(|(arcs, bound)| Turn { arcs, bound });
    let mut graph = RoadGraph {
        junctions,
        edges,
        points,
        names,
        order,
        turns: turns.collect(),
        attribution,
        other_names: BTreeMap::new(),
        ground: Ground::default(),
        fingerprint: 0,
    };
    graph.fingerprint = graph.checksum();
    graph
}

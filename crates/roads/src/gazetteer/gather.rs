//! From the edges of a graph to roads and crossings that have names.
//!
//! A road is all the edges of one name that lie together; the same name in the next village is another road. A crossing
//! is a junction that two roads of different names share. Both follow from the graph alone.

use super::{Crossing, Road};
use crate::geo::{Bounds, Point};
use crate::graph::RoadGraph;
use crate::limits::{SAME_CROSSING_M, SAME_ROAD_GAP_M};
use std::collections::{BTreeMap, BTreeSet};

/// No road: the edge has no name that can be looked up.
pub(super) const NO_ROAD: u32 = u32::MAX;
/// The most points of a road that are kept to tell how near it is.
const SAMPLES_MAX: usize = 48;
const METRES_PER_DEGREE: f64 = 111_195.0;

/// Roads, crossings, and the road of every edge.
pub(super) struct Gathered {
    pub(super) roads: Vec<Road>,
    pub(super) crossings: Vec<Crossing>,
    pub(super) road_of_edge: Vec<u32>,
}

/// Gathers them; `is_name` says which names can be looked up.
pub(super) fn gather(graph: &RoadGraph, is_name: impl Fn(&str) -> bool) -> Gathered {
    let mut edges_of: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (index, edge) in graph.edges.iter().enumerate() {
        edges_of.entry(edge.name).or_default().push(index as u32);
    }
    let mut roads = Vec::new();
    let mut road_of_edge = vec![NO_ROAD; graph.edges.len()];
    for (name, edges) in edges_of {
        if !is_name(&graph.names[name as usize]) {
            continue;
        }
        for together in lie_together(graph, &edges) {
            for &edge in &together {
                road_of_edge[edge as usize] = roads.len() as u32;
            }
            roads.push(road(graph, name, &together));
        }
    }
    let crossings = crossings(graph, &road_of_edge, &roads);
    Gathered {
        roads,
        crossings,
        road_of_edge,
    }
}

/// Parts the edges of one name by where they are: a grid of cells, and cells side by side belong together.
fn lie_together(graph: &RoadGraph, edges: &[u32]) -> Vec<Vec<u32>> {
    let mut leader: Vec<usize> = (0..edges.len()).collect();
    fn find(leader: &mut [usize], mut one: usize) -> usize {
        while leader[one] != one {
            leader[one] = leader[leader[one]];
            one = leader[one];
        }
        one
    }
    let first_lat = graph.shape(edges[0] as usize)[0].point().lat;
    let north = METRES_PER_DEGREE / SAME_ROAD_GAP_M;
    let east = north * first_lat.to_radians().cos().max(0.01);
    let mut in_cell: BTreeMap<(i64, i64), usize> = BTreeMap::new();
    for (index, &edge) in edges.iter().enumerate() {
        for place in graph.shape(edge as usize) {
            let place = place.point();
            let cell = (
                (place.lat * north).floor() as i64,
                (place.lon * east).floor() as i64,
            );
            let first = *in_cell.entry(cell).or_insert(index);
            let (a, b) = (find(&mut leader, first), find(&mut leader, index));
            leader[a.max(b)] = a.min(b);
        }
    }
    for (&(row, column), &index) in &in_cell {
        for beside in [(0, 1), (1, -1), (1, 0), (1, 1)] {
            if let Some(&other) = in_cell.get(&(row + beside.0, column + beside.1)) {
                let (a, b) = (find(&mut leader, index), find(&mut leader, other));
                leader[a.max(b)] = a.min(b);
            }
        }
    }
    let mut parts: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for (index, &edge) in edges.iter().enumerate() {
        parts
            .entry(find(&mut leader, index))
            .or_default()
            .push(edge);
    }
    parts.into_values().collect()
}

fn road(graph: &RoadGraph, name: u32, edges: &[u32]) -> Road {
    let mut long_m = BTreeMap::new();
    let (mut lat, mut lon, mut weight) = (0.0, 0.0, 0.0);
    let mut points = Vec::new();
    for &edge in edges {
        let shape = graph.shape(edge as usize);
        let mut edge_m = 0.0;
        for pair in shape.windows(2) {
            let (a, b) = (pair[0].point(), pair[1].point());
            let piece_m = a.distance_m(b);
            edge_m += piece_m;
            lat += (a.lat + b.lat) / 2.0 * piece_m;
            lon += (a.lon + b.lon) / 2.0 * piece_m;
            weight += piece_m;
        }
        points.extend(shape.iter().map(|place| place.point()));
        *long_m
            .entry(graph.edges[edge as usize].class)
            .or_insert(0.0) += edge_m;
    }
    let middle = if weight > 0.0 {
        Point {
            lat: lat / weight,
            lon: lon / weight,
        }
    } else {
        points[0]
    };
    // On the road itself, so that a unit sent there has a road under it.
    let nearest = |a: &&Point, b: &&Point| {
        flat_2(**a, middle)
            .total_cmp(&flat_2(**b, middle))
            .then(a.lat.total_cmp(&b.lat))
            .then(a.lon.total_cmp(&b.lon))
    };
    let point = points.iter().min_by(nearest).copied().unwrap_or(points[0]);
    let longest = long_m
        .iter()
        .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0)));
    let class = longest.map_or(graph.edges[edges[0] as usize].class, |(class, _)| *class);
    let step = points.len().div_ceil(SAMPLES_MAX).max(1);
    Road {
        name,
        class,
        point,
        extent: extent(&points),
        samples: points.iter().step_by(step).copied().collect(),
        crossings: Vec::new(),
    }
}

fn extent(points: &[Point]) -> Bounds {
    let mut bounds = Bounds {
        south_west: points[0],
        north_east: points[0],
    };
    for point in points {
        bounds.south_west.lat = bounds.south_west.lat.min(point.lat);
        bounds.south_west.lon = bounds.south_west.lon.min(point.lon);
        bounds.north_east.lat = bounds.north_east.lat.max(point.lat);
        bounds.north_east.lon = bounds.north_east.lon.max(point.lon);
    }
    bounds
}

fn crossings(graph: &RoadGraph, road_of_edge: &[u32], roads: &[Road]) -> Vec<Crossing> {
    let mut at: Vec<(u32, u32, Point)> = Vec::new();
    for (index, edge) in graph.edges.iter().enumerate() {
        let road = road_of_edge[index];
        if road == NO_ROAD {
            continue;
        }
        let shape = graph.shape(index);
        at.push((edge.from, road, shape[0].point()));
        at.push((edge.to, road, shape[shape.len() - 1].point()));
    }
    at.sort_by_key(|(junction, road, _)| (*junction, *road));
    at.dedup_by_key(|(junction, road, _)| (*junction, *road));
    let mut pairs: BTreeMap<(u32, u32), Vec<Point>> = BTreeMap::new();
    for junction in at.chunk_by(|a, b| a.0 == b.0) {
        for (index, (_, road, point)) in junction.iter().enumerate() {
            for (_, other, _) in &junction[index + 1..] {
                if roads[*road as usize].name != roads[*other as usize].name {
                    pairs.entry((*road, *other)).or_default().push(*point);
                }
            }
        }
    }
    let mut crossings = Vec::new();
    for ((road, other), points) in pairs {
        // The middle strip of a wide road makes two or four junctions out of what everybody calls one crossing.
        let mut kept: Vec<Point> = Vec::new();
        for point in points {
            if kept
                .iter()
                .all(|known| known.distance_m(point) > SAME_CROSSING_M)
            {
                kept.push(point);
            }
        }
        crossings.extend(kept.into_iter().map(|point| Crossing {
            roads: [road, other],
            point,
        }));
    }
    crossings
}

/// Fills in which crossings every road has.
pub(super) fn index_crossings(roads: &mut [Road], crossings: &[Crossing]) {
    for (index, crossing) in crossings.iter().enumerate() {
        let both: BTreeSet<u32> = crossing.roads.into_iter().collect();
        for road in both {
            roads[road as usize].crossings.push(index as u32);
        }
    }
}

/// The square of the distance between two points that are not far apart, in square metres, as if the Earth were flat
/// there: for comparing, many at a time.
pub(super) fn flat_2(a: Point, b: Point) -> f64 {
    let north = (a.lat - b.lat) * METRES_PER_DEGREE;
    let mut turn = (a.lon - b.lon).abs();
    if turn > 180.0 {
        turn = 360.0 - turn;
    }
    let east = turn * METRES_PER_DEGREE * b.lat.to_radians().cos();
    north * north + east * east
}

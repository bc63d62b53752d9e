//! Travel times and routes over a road graph under a set of weights.
//!
//! A [`Router`] is immutable and cheap to clone: [`Router::reweighed`] gives another one over the same network with other
//! weights (another hour, a closed street) in milliseconds, while questions in flight go on with the old one. Points are
//! first placed on the network ([`Snap`]); a caller with many units keeps their snaps and asks
//! [`Router::times_to_snapped`]. The router knows nothing of what the points are.
//!
//! A closed street is not driven through. It may still be left by those who stand on it and entered by those who are sent
//! to it, because an incident is often the very reason why it is closed.

use crate::error::NoRoute;
use crate::geo::{Point, between, in_space, length_m, slice};
use crate::graph::{CLOSED_MS, RoadArc, RoadGraph, Travel};
use crate::limits::{ARC_MAX_MS, OFF_ROAD_KMH, SNAP_MAX_M};
use crate::nearest::{Found, Nearest};
use crate::sweep::TimesTo;
use cch::{Cch, Metric};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How near to a junction a place on a road counts as the junction, in metres.
const AT_JUNCTION_M: f64 = 0.05;

/// On what a travel time rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// On the road network.
    Road,
    /// On the straight line and a guess at the speed.
    StraightLine,
}

/// A travel time and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TravelTime {
    /// The time in milliseconds.
    pub time_ms: u32,
    /// What it rests on.
    pub basis: Basis,
}

/// A point placed on the nearest road.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Snap {
    /// The place on the road.
    pub place: Point,
    /// How far the point is from it, in metres.
    pub distance_m: f64,
    pub(crate) edge: u32,
    /// How far along the edge as drawn, 0 to 1.
    pub(crate) along: f64,
    fingerprint: u32,
}

/// The fastest way between two points.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The time in milliseconds, the ways to and from the road included.
    pub time_ms: u32,
    /// The length on the road, in metres.
    pub length_m: f64,
    /// How much of the time is spent between the two points and the road, in milliseconds.
    pub off_road_ms: u32,
    /// How far the two points are from the road, added up, in metres.
    pub off_road_m: f64,
    /// The line to draw, from the one point to the other.
    pub points: Vec<Point>,
    /// What the time rests on.
    pub basis: Basis,
}

/// Answers questions about travel over one graph under one set of weights. `Send`, `Sync`, cheap to clone.
#[derive(Clone)]
pub struct Router {
    network: Arc<Network>,
    weights: Arc<Weights>,
}

/// What does not change with the weights.
struct Network {
    graph: Arc<RoadGraph>,
    cch: Cch,
    /// Outgoing arcs of each junction: where they start in `arcs`.
    first_out: Vec<u32>,
    /// Arc numbers (twice the edge, plus one for backward) by tail.
    arcs: Vec<u32>,
    nearest: Nearest,
}

struct Weights {
    /// By arc number, in milliseconds or [`CLOSED_MS`].
    ms: Vec<u32>,
    metric: Metric,
}

impl Router {
    /// Prepares a graph for questions, with the times that the map gives: milliseconds to a second or two, by size.
    pub fn new(graph: Arc<RoadGraph>) -> Router {
        let network = Network::new(graph);
        let base: Vec<u32> = network
            .graph
            .edges
            .iter()
            .flat_map(|edge| edge.ms)
            .collect();
        let weights = Arc::new(Weights::new(&network, base));
        Router {
            network: Arc::new(network),
            weights,
        }
    }

    /// Returns a router over the same network with the weight in milliseconds that `weigh` gives each arc; none closes it.
    ///
    /// Arcs that the map forbids are asked for too (`base_ms` is none): giving one a weight opens it.
    pub fn reweighed(&self, weigh: &dyn Fn(&RoadArc<'_>) -> Option<u32>) -> Router {
        let weight = |arc: RoadArc<'_>| weigh(&arc).map_or(CLOSED_MS, |ms| ms.clamp(1, ARC_MAX_MS));
        let ms: Vec<u32> = self.network.graph.arcs().map(weight).collect();
        Router {
            network: Arc::clone(&self.network),
            weights: Arc::new(Weights::new(&self.network, ms)),
        }
    }

    /// Returns the graph underneath.
    pub fn graph(&self) -> &Arc<RoadGraph> {
        &self.network.graph
    }

    /// Places a point on the nearest road; none beyond [`SNAP_MAX_M`].
    pub fn snap(&self, point: Point) -> Option<Snap> {
        if !point.is_valid() {
            return None;
        }
        let graph = &self.network.graph;
        let found = self
            .network
            .nearest
            .find(graph, in_space(point), SNAP_MAX_M)?;
        let Found {
            edge,
            piece,
            along: along_piece,
            distance_m,
        } = found;
        let shape = graph.shape(edge);
        let before_m = length_m(&shape[..=piece]);
        let piece_m = shape[piece].distance_m(shape[piece + 1]);
        let total_m = length_m(shape);
        let along_m = before_m + along_piece * piece_m;
        // Within a hand's breadth of a junction is at it: rounding must not decide which of its roads one stands on.
        let along = if along_m < AT_JUNCTION_M {
            0.0
        } else if total_m - along_m < AT_JUNCTION_M {
            1.0
        } else {
            along_m / total_m
        };
        Some(Snap {
            place: between(shape[piece].point(), shape[piece + 1].point(), along_piece),
            distance_m,
            edge: edge as u32,
            along,
            fingerprint: self.network.graph.fingerprint,
        })
    }

    /// Returns the nearest of the edges that `wanted` names, and how far it is in metres.
    pub(crate) fn nearest_edge(
        &self,
        point: Point,
        within_m: f64,
        wanted: impl Fn(usize) -> bool,
    ) -> Option<(usize, f64)> {
        if !point.is_valid() {
            return None;
        }
        let (nearest, graph) = (&self.network.nearest, &self.network.graph);
        let found = nearest.find_among(graph, in_space(point), within_m, wanted)?;
        Some((found.edge, found.distance_m))
    }

    /// Returns the time from every source to the target, in the order of the sources.
    pub fn times_to(&self, target: Point, sources: &[Point]) -> Vec<Result<TravelTime, NoRoute>> {
        let Some(target) = self.snap(target) else {
            return vec![Err(NoRoute::TargetOffNetwork); sources.len()];
        };
        let snapped = sources
            .iter()
            .map(|source| self.snap(*source).ok_or(NoRoute::SourceOffNetwork));
        self.answer(&target, snapped)
    }

    /// Returns the time from every source to the target, for points that are already on the network.
    pub fn times_to_snapped(
        &self,
        target: &Snap,
        sources: &[Snap],
    ) -> Vec<Result<TravelTime, NoRoute>> {
        self.answer(target, sources.iter().map(|source| Ok(*source)))
    }

    fn answer(
        &self,
        target: &Snap,
        sources: impl Iterator<Item = Result<Snap, NoRoute>>,
    ) -> Vec<Result<TravelTime, NoRoute>> {
        if !self.knows(target) {
            return sources.map(|_| Err(NoRoute::OtherGraph)).collect();
        }
        let entries = self.entries(target);
        let mut times = TimesTo::new(&self.network.cch, &self.weights.metric, entries.as_slice());
        let time = |source: Result<Snap, NoRoute>| {
            let source = source?;
            if !self.knows(&source) {
                return Err(NoRoute::OtherGraph);
            }
            let exits = self.exits(&source);
            let by_junctions = exits.as_slice().iter().filter_map(|exit| {
                times
                    .from(exit.junction)
                    .map(|rest_ms| u64::from(exit.ms) + u64::from(rest_ms))
            });
            let best = by_junctions
                .chain(self.along_one_edge(&source, target).map(u64::from))
                .min();
            let road_ms = best.ok_or(NoRoute::Unreachable)?;
            Ok(TravelTime {
                time_ms: with_off_road(road_ms, &source, target),
                basis: Basis::Road,
            })
        };
        sources.map(time).collect()
    }

    /// Returns the fastest way from one point to another.
    pub fn route(&self, from: Point, to: Point) -> Result<Route, NoRoute> {
        let source = self.snap(from).ok_or(NoRoute::SourceOffNetwork)?;
        let target = self.snap(to).ok_or(NoRoute::TargetOffNetwork)?;
        let mut best: Option<(u64, Option<(End, End)>)> = self
            .along_one_edge(&source, &target)
            .map(|time_ms| (u64::from(time_ms), None));
        for &entry in self.entries(&target).as_slice() {
            let mut times = TimesTo::new(&self.network.cch, &self.weights.metric, &[entry]);
            for &exit in self.exits(&source).as_slice() {
                let Some(rest_ms) = times.from(exit.junction) else {
                    continue;
                };
                let time_ms = u64::from(exit.ms) + u64::from(rest_ms);
                if best.is_none_or(|(best_ms, _)| time_ms < best_ms) {
                    best = Some((time_ms, Some((exit, entry))));
                }
            }
        }
        let (road_ms, by) = best.ok_or(NoRoute::Unreachable)?;
        let mut line = Vec::new();
        match by {
            None => line.extend(self.piece(source.edge, source.along, target.along)),
            Some((exit, entry)) => {
                line.extend(self.piece(source.edge, source.along, exit.at));
                line.extend(self.between_junctions(exit.junction, entry.junction)?);
                line.extend(self.piece(target.edge, entry.at, target.along));
            }
        }
        let length_m = line
            .windows(2)
            .map(|pair| pair[0].distance_m(pair[1]))
            .sum();
        let mut points = vec![from];
        points.append(&mut line);
        points.push(to);
        points.dedup();
        Ok(Route {
            time_ms: with_off_road(road_ms, &source, &target),
            length_m,
            off_road_ms: with_off_road(0, &source, &target),
            off_road_m: source.distance_m + target.distance_m,
            points,
            basis: Basis::Road,
        })
    }

    fn knows(&self, snap: &Snap) -> bool {
        snap.fingerprint == self.network.graph.fingerprint
            && (snap.edge as usize) < self.network.graph.edges.len()
    }

    /// The times along an edge by direction, for those who start or end on it: a closed street is open to those within.
    fn own_ms(&self, snap: &Snap) -> [u32; 2] {
        let first = snap.edge as usize * 2;
        let now = [self.weights.ms[first], self.weights.ms[first + 1]];
        let is_within = snap.along > 0.0 && snap.along < 1.0;
        if now == [CLOSED_MS; 2] && is_within {
            self.network.graph.edges[snap.edge as usize].ms
        } else {
            now
        }
    }

    /// The junctions that a start on an edge can leave by, and the time to each in milliseconds.
    pub(crate) fn exits(&self, snap: &Snap) -> Ends {
        let edge = &self.network.graph.edges[snap.edge as usize];
        let [forward_ms, backward_ms] = self.own_ms(snap);
        let mut ends = Ends::default();
        // Whoever stands at a junction may leave it by any road, whatever the direction of the one the point fell on.
        if forward_ms != CLOSED_MS || snap.along >= 1.0 {
            ends.push(edge.to, 1.0, share_ms(forward_ms, 1.0 - snap.along));
        }
        if backward_ms != CLOSED_MS || snap.along <= 0.0 {
            ends.push(edge.from, 0.0, share_ms(backward_ms, snap.along));
        }
        ends
    }

    /// The junctions from which an end on an edge can be reached, and the time from each in milliseconds.
    pub(crate) fn entries(&self, snap: &Snap) -> Ends {
        let edge = &self.network.graph.edges[snap.edge as usize];
        let [forward_ms, backward_ms] = self.own_ms(snap);
        let mut ends = Ends::default();
        if forward_ms != CLOSED_MS || snap.along <= 0.0 {
            ends.push(edge.from, 0.0, share_ms(forward_ms, snap.along));
        }
        if backward_ms != CLOSED_MS || snap.along >= 1.0 {
            ends.push(edge.to, 1.0, share_ms(backward_ms, 1.0 - snap.along));
        }
        ends
    }

    /// The time between two places on one edge without leaving it.
    pub(crate) fn along_one_edge(&self, source: &Snap, target: &Snap) -> Option<u32> {
        if source.edge != target.edge {
            return None;
        }
        let step = target.along - source.along;
        if step == 0.0 {
            return Some(0);
        }
        let travel = if step > 0.0 {
            Travel::Forward
        } else {
            Travel::Backward
        };
        let ms = [source, target].map(|end| self.own_ms(end)[travel as usize]);
        let ms = ms[0].min(ms[1]);
        (ms != CLOSED_MS).then(|| share_ms(ms, step.abs()))
    }

    fn piece(&self, edge: u32, from: f64, to: f64) -> Vec<Point> {
        slice(self.network.graph.shape(edge as usize), from, to)
    }

    fn between_junctions(&self, from: u32, to: u32) -> Result<Vec<Point>, NoRoute> {
        let cch = &self.network.cch;
        let path = cch::node_path(&cch.view(), &self.weights.metric.view(), from, to)
            .ok_or(NoRoute::Unreachable)?;
        let mut points = Vec::new();
        for pair in path.windows(2) {
            let arc = self
                .fastest_arc(pair[0], pair[1])
                .ok_or(NoRoute::Unreachable)?;
            let shape = self
                .network
                .graph
                .shape(arc as usize / 2)
                .iter()
                .map(|place| place.point());
            if arc % 2 == 0 {
                points.extend(shape);
            } else {
                points.extend(shape.rev());
            }
        }
        Ok(points)
    }

    fn fastest_arc(&self, from: u32, to: u32) -> Option<u32> {
        let arcs = self.out_arcs(from).filter(|&(_, head, _)| head == to);
        arcs.min_by_key(|&(_, _, ms)| ms).map(|(arc, _, _)| arc)
    }

    /// The weight of one direction of an edge, in milliseconds or [`CLOSED_MS`].
    pub(crate) fn arc_ms(&self, edge: usize, travel: Travel) -> u32 {
        self.weights.ms[edge * 2 + travel as usize]
    }

    /// The open arcs out of a junction: number, head, weight in milliseconds.
    pub(crate) fn out_arcs(&self, junction: u32) -> impl Iterator<Item = (u32, u32, u32)> {
        let range = self.network.first_out[junction as usize]
            ..self.network.first_out[junction as usize + 1];
        range.filter_map(move |position| {
            let arc = self.network.arcs[position as usize];
            let ms = self.weights.ms[arc as usize];
            (ms != CLOSED_MS).then(|| (arc, head(&self.network.graph, arc), ms))
        })
    }
}

impl Network {
    fn new(graph: Arc<RoadGraph>) -> Network {
        let count = graph.junctions();
        let all = || (0..graph.edges.len() as u32 * 2).map(|arc| (arc, tail(&graph, arc)));
        let mut first_out = vec![0u32; count + 1];
        for (_, tail) in all() {
            first_out[tail as usize + 1] += 1;
        }
        for index in 1..first_out.len() {
            first_out[index] += first_out[index - 1];
        }
        let mut next = first_out.clone();
        let mut arcs = vec![0; graph.edges.len() * 2];
        for (arc, tail) in all() {
            arcs[next[tail as usize] as usize] = arc;
            next[tail as usize] += 1;
        }
        let heads = arcs.iter().map(|&arc| head(&graph, arc)).collect();
        let plain = cch::graph::Graph {
            first_out,
            head: heads,
            weight: Vec::new(),
        };
        let cch = Cch::build(&plain, &graph.order);
        let nearest = Nearest::new(&graph);
        Network {
            cch,
            first_out: plain.first_out,
            arcs,
            nearest,
            graph,
        }
    }
}

impl Weights {
    fn new(network: &Network, ms: Vec<u32>) -> Weights {
        let weight = |&arc: &u32| match ms[arc as usize] {
            CLOSED_MS => cch::INF_WEIGHT,
            open => open,
        };
        let by_position: Vec<u32> = network.arcs.iter().map(weight).collect();
        let metric = network.cch.customize(&by_position);
        Weights { ms, metric }
    }
}

/// A junction at one end of an edge, as the way off it or onto it.
#[derive(Clone, Copy, Default)]
pub(crate) struct End {
    pub(crate) junction: u32,
    /// The time between it and the place on the edge, in milliseconds.
    pub(crate) ms: u32,
    /// Which end of the edge as drawn: 0 or 1.
    at: f64,
}

/// Up to two of them.
#[derive(Default)]
pub(crate) struct Ends {
    ends: [End; 2],
    len: usize,
}

impl Ends {
    fn push(&mut self, junction: u32, at: f64, ms: u32) {
        self.ends[self.len] = End { junction, ms, at };
        self.len += 1;
    }

    pub(crate) fn as_slice(&self) -> &[End] {
        &self.ends[..self.len]
    }
}

fn tail(graph: &RoadGraph, arc: u32) -> u32 {
    let edge = &graph.edges[arc as usize / 2];
    if arc % 2 == Travel::Forward as u32 {
        edge.from
    } else {
        edge.to
    }
}

fn head(graph: &RoadGraph, arc: u32) -> u32 {
    tail(graph, arc ^ 1)
}

/// The share of a weight; a closed direction costs nothing here, since it is asked for only at its own junction.
fn share_ms(ms: u32, share: f64) -> u32 {
    if ms == CLOSED_MS {
        0
    } else {
        (f64::from(ms) * share).round() as u32
    }
}

/// Adds the ways between the points and the road.
pub(crate) fn with_off_road(road_ms: u64, source: &Snap, target: &Snap) -> u32 {
    let off_road_ms = (source.distance_m + target.distance_m) * 3_600.0 / OFF_ROAD_KMH;
    u32::try_from(road_ms + off_road_ms.round() as u64).unwrap_or(u32::MAX)
}

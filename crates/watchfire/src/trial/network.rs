//! The roads of a trial: nodes and arcs with a time for each way of driving, and every question a simulated day asks.
//!
//! Travel from and to a *hub* (a station, a post, a hospital) is looked up in trees that are made once; travel between any
//! other two places is asked of a customizable contraction hierarchy (crate `cch`, exact); and a unit that is stopped on its
//! way is found on the very arcs that it drives, node by node. Times are whole milliseconds, so that every machine agrees.
//!
//! The same form serves a network of [`watchfire_roads`] and one that comes as nodes and arcs in a simulator's files.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use cch::{Cch, INF_WEIGHT, Metric};

/// No way.
pub const NEVER: u32 = u32::MAX;
/// Hubs at most: each holds trees over the whole network.
pub const HUBS_MAX: usize = 500;
/// Side of the squares by which the nearest node is found, in metres.
const SQUARE_M: f64 = 400.0;

/// A place in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// Latitude.
    pub lat: f64,
    /// Longitude.
    pub lon: f64,
}

/// A place on the network: its nearest node, and how far that is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// The node.
    pub node: u32,
    /// Metres to it as the crow flies.
    pub off_m: f64,
}

/// An arc as it is read, with milliseconds for each way of driving.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arc {
    /// Where it starts.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// Milliseconds by way of driving; [`NEVER`] where it may not be driven.
    pub ms: Vec<u32>,
}

/// How a unit may drive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Driving {
    /// Metres per second between a place and its nearest node.
    pub off_road_m_s: f64,
}

/// Metres of a degree at this place on Earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Metres per degree of latitude.
    pub lat_m: f64,
    /// Metres per degree of longitude.
    pub lon_m: f64,
}

/// Trees to and from one place.
#[derive(Debug, Clone)]
pub struct Hub {
    /// Where it is.
    pub at: Near,
    /// Milliseconds from it to each node, by way of driving.
    from: Vec<Vec<u32>>,
    /// Milliseconds from each node to it, in the plain way of driving.
    to: Vec<u32>,
    /// The next node on that way.
    next: Vec<u32>,
}

/// The network.
pub struct Network {
    /// Where each node is.
    pub points: Vec<Spot>,
    /// The ways of driving.
    pub driving: Vec<Driving>,
    /// The way of driving without lights and siren.
    pub plain: usize,
    /// Metres of a degree.
    pub scale: Scale,
    first_out: Vec<u32>,
    head: Vec<u32>,
    /// By way of driving, by arc.
    ms: Vec<Vec<u32>>,
    first_in: Vec<u32>,
    /// Arc numbers by head, and their tails.
    into: Vec<(u32, u32)>,
    cch: Cch,
    metrics: Vec<Metric>,
    squares: Squares,
    hubs: Vec<Hub>,
}

impl Network {
    /// Makes a network of nodes and arcs; `access` says at which nodes one may leave the road.
    pub fn new(
        points: Vec<Spot>,
        access: &[bool],
        arcs: Vec<Arc>,
        driving: Vec<Driving>,
        plain: usize,
        scale: Scale,
    ) -> Network {
        let arcs = both_ways(arcs, driving.len());
        let nodes = points.len();
        let mut first_out = vec![0_u32; nodes + 1];
        let mut first_in = vec![0_u32; nodes + 1];
        for arc in &arcs {
            first_out[arc.from as usize + 1] += 1;
            first_in[arc.to as usize + 1] += 1;
        }
        for node in 0..nodes {
            first_out[node + 1] += first_out[node];
            first_in[node + 1] += first_in[node];
        }
        let mut into = vec![(0, 0); arcs.len()];
        let mut at = first_in.clone();
        for (number, arc) in arcs.iter().enumerate() {
            into[at[arc.to as usize] as usize] = (number as u32, arc.from);
            at[arc.to as usize] += 1;
        }
        let head: Vec<u32> = arcs.iter().map(|arc| arc.to).collect();
        let tail: Vec<u32> = arcs.iter().map(|arc| arc.from).collect();
        let ms: Vec<Vec<u32>> = (0..driving.len())
            .map(|way| arcs.iter().map(|arc| arc.ms[way]).collect())
            .collect();
        let degrees =
            |of: fn(&Spot) -> f64| points.iter().map(|at| of(at) as f32).collect::<Vec<_>>();
        let order = cch::inertial_order(
            nodes as u32,
            &tail,
            &head,
            &degrees(|at| at.lat),
            &degrees(|at| at.lon),
        );
        let graph = cch::graph::Graph {
            first_out: first_out.clone(),
            head: head.clone(),
            weight: Vec::new(),
        };
        let cch = Cch::build(&graph, &order);
        let metrics = ms
            .iter()
            .map(|ms| {
                let weights: Vec<u32> = ms.iter().map(|ms| (*ms).min(INF_WEIGHT)).collect();
                cch.customize(&weights)
            })
            .collect();
        Network {
            squares: Squares::new(&points, access, scale),
            points,
            driving,
            plain,
            scale,
            first_out,
            head,
            ms,
            first_in,
            into,
            cch,
            metrics,
            hubs: Vec::new(),
        }
    }

    /// Returns the number of nodes.
    pub fn nodes(&self) -> usize {
        self.points.len()
    }

    /// Returns every arc that may be driven in some way: where it starts and ends, for drawing.
    pub fn arcs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (0..self.nodes()).flat_map(move |node| {
            let range = self.first_out[node] as usize..self.first_out[node + 1] as usize;
            range
                .filter(|arc| self.ms.iter().any(|ms| ms[*arc] != NEVER))
                .map(move |arc| (node as u32, self.head[arc]))
        })
    }

    /// Returns the node nearest to a place at which one may leave the road.
    pub fn near(&self, place: Spot) -> Near {
        self.squares.nearest(&self.points, self.scale, place)
    }

    /// Returns metres between two places.
    pub fn distance_m(&self, a: Spot, b: Spot) -> f64 {
        apart_m(self.scale, a, b)
    }

    /// Returns the milliseconds between a place and its node.
    pub fn off_ms(&self, way: usize, near: Near) -> i64 {
        (near.off_m / self.driving[way].off_road_m_s * 1_000.0).round() as i64
    }

    /// Makes trees to and from a place; asking for the same place again gives the same hub.
    pub fn hub(&mut self, at: Near) -> usize {
        if let Some(hub) = self.hubs.iter().position(|hub| hub.at == at) {
            return hub;
        }
        let from = (0..self.driving.len()).map(|way| self.tree_from(way, at.node));
        let from = from.collect();
        let (to, next) = self.tree_to(self.plain, at.node);
        self.hubs.push(Hub { at, from, to, next });
        self.hubs.len() - 1
    }

    /// Returns a hub.
    pub fn hub_at(&self, hub: usize) -> Near {
        self.hubs[hub].at
    }

    /// Returns the milliseconds on the road from a hub to a node; none without a way.
    pub fn from_hub(&self, hub: usize, way: usize, node: u32) -> Option<i64> {
        known(self.hubs[hub].from[way][node as usize])
    }

    /// Returns the milliseconds on the road from a node to a hub, driving plainly; none without a way.
    pub fn to_hub(&self, hub: usize, node: u32) -> Option<i64> {
        known(self.hubs[hub].to[node as usize])
    }

    /// Returns the nodes on the plain way to a hub, each with the milliseconds from the start.
    pub fn path_to_hub(&self, hub: usize, node: u32) -> Vec<(u32, i64)> {
        let hub = &self.hubs[hub];
        let mut path = vec![(node, 0)];
        let mut at = node;
        let whole = i64::from(hub.to[node as usize]);
        while at != hub.at.node && hub.next[at as usize] != NEVER {
            at = hub.next[at as usize];
            path.push((at, whole - i64::from(hub.to[at as usize])));
        }
        path
    }

    /// Returns the nodes on the way between two nodes, each with the milliseconds from the start.
    pub fn path(&self, way: usize, from: u32, to: u32) -> Vec<(u32, i64)> {
        let nodes = cch::node_path(&self.cch.view(), &self.metrics[way].view(), from, to);
        let mut path = vec![(from, 0)];
        let mut ms = 0;
        for pair in nodes.unwrap_or_default().windows(2) {
            ms += self.arc_ms(way, pair[0], pair[1]);
            path.push((pair[1], ms));
        }
        path
    }

    fn arc_ms(&self, way: usize, from: u32, to: u32) -> i64 {
        let range =
            self.first_out[from as usize] as usize..self.first_out[from as usize + 1] as usize;
        let arc = range.into_iter().find(|arc| self.head[*arc] == to);
        arc.map_or(0, |arc| i64::from(self.ms[way][arc]))
    }

    fn tree_from(&self, way: usize, start: u32) -> Vec<u32> {
        let mut best = vec![NEVER; self.nodes()];
        let mut heap = BinaryHeap::from([Reverse((0, start))]);
        best[start as usize] = 0;
        while let Some(Reverse((so_far, node))) = heap.pop() {
            if so_far > best[node as usize] {
                continue;
            }
            let range =
                self.first_out[node as usize] as usize..self.first_out[node as usize + 1] as usize;
            for arc in range {
                let there = so_far.saturating_add(self.ms[way][arc]);
                if there < best[self.head[arc] as usize] {
                    best[self.head[arc] as usize] = there;
                    heap.push(Reverse((there, self.head[arc])));
                }
            }
        }
        best
    }

    fn tree_to(&self, way: usize, end: u32) -> (Vec<u32>, Vec<u32>) {
        let mut best = vec![NEVER; self.nodes()];
        let mut next = vec![NEVER; self.nodes()];
        let mut heap = BinaryHeap::from([Reverse((0, end))]);
        best[end as usize] = 0;
        while let Some(Reverse((so_far, node))) = heap.pop() {
            if so_far > best[node as usize] {
                continue;
            }
            let range =
                self.first_in[node as usize] as usize..self.first_in[node as usize + 1] as usize;
            for (arc, tail) in &self.into[range] {
                let there = so_far.saturating_add(self.ms[way][*arc as usize]);
                if there < best[*tail as usize] {
                    best[*tail as usize] = there;
                    next[*tail as usize] = node;
                    heap.push(Reverse((there, *tail)));
                }
            }
        }
        (best, next)
    }
}

fn known(ms: u32) -> Option<i64> {
    (ms != NEVER).then_some(i64::from(ms))
}

/// Sorts arcs, keeps the faster of two alike, and gives each its opposite, which may not be driven unless it is there itself.
fn both_ways(mut arcs: Vec<Arc>, ways: usize) -> Vec<Arc> {
    arcs.retain(|arc| arc.from != arc.to);
    let closed = |arc: &Arc| Arc {
        from: arc.to,
        to: arc.from,
        ms: vec![NEVER; ways],
    };
    let opposite: Vec<Arc> = arcs.iter().map(closed).collect();
    arcs.extend(opposite);
    arcs.sort();
    arcs.dedup_by(|later, kept| {
        let same = later.from == kept.from && later.to == kept.to;
        if same {
            for (kept, later) in kept.ms.iter_mut().zip(&later.ms) {
                *kept = (*kept).min(*later);
            }
        }
        same
    });
    arcs
}

fn apart_m(scale: Scale, a: Spot, b: Spot) -> f64 {
    ((a.lat - b.lat) * scale.lat_m).hypot((a.lon - b.lon) * scale.lon_m)
}

/// Nodes by square, to find the nearest.
struct Squares {
    south: f64,
    west: f64,
    rows: i64,
    columns: i64,
    first: Vec<u32>,
    nodes: Vec<u32>,
}

impl Squares {
    fn new(points: &[Spot], access: &[bool], scale: Scale) -> Squares {
        let least = |of: fn(&Spot) -> f64| points.iter().map(of).fold(f64::INFINITY, f64::min);
        let most = |of: fn(&Spot) -> f64| points.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        let (south, west) = (least(|at| at.lat), least(|at| at.lon));
        let squares =
            |degrees: f64, metres: f64| ((degrees * metres / SQUARE_M) as i64).clamp(0, 4_000) + 1;
        let mut made = Squares {
            south,
            west,
            rows: squares(most(|at| at.lat) - south, scale.lat_m),
            columns: squares(most(|at| at.lon) - west, scale.lon_m),
            first: Vec::new(),
            nodes: Vec::new(),
        };
        let open = |node: usize| access.get(node).copied().unwrap_or(true);
        let all_shut = (0..points.len()).all(|node| !open(node));
        let mut by_square: Vec<(i64, u32)> = (0..points.len())
            .filter(|node| all_shut || open(*node))
            .map(|node| (made.square(scale, points[node]), node as u32))
            .collect();
        by_square.sort_unstable();
        made.first = vec![0; (made.rows * made.columns + 1) as usize];
        for (square, _) in &by_square {
            made.first[*square as usize + 1] += 1;
        }
        for square in 1..made.first.len() {
            made.first[square] += made.first[square - 1];
        }
        made.nodes = by_square.into_iter().map(|(_, node)| node).collect();
        made
    }

    fn at(&self, scale: Scale, place: Spot) -> (i64, i64) {
        let row = ((place.lat - self.south) * scale.lat_m / SQUARE_M).floor() as i64;
        let column = ((place.lon - self.west) * scale.lon_m / SQUARE_M).floor() as i64;
        (
            row.clamp(0, self.rows - 1),
            column.clamp(0, self.columns - 1),
        )
    }

    fn square(&self, scale: Scale, place: Spot) -> i64 {
        let (row, column) = self.at(scale, place);
        row * self.columns + column
    }

    /// Looks ring by ring around the place until no nearer node can come.
    fn nearest(&self, points: &[Spot], scale: Scale, place: Spot) -> Near {
        let (row, column) = self.at(scale, place);
        let mut best = Near {
            node: 0,
            off_m: f64::INFINITY,
        };
        for ring in 0..self.rows.max(self.columns) {
            if best.off_m < (ring - 1) as f64 * SQUARE_M {
                break;
            }
            for r in (row - ring).max(0)..=(row + ring).min(self.rows - 1) {
                for c in (column - ring).max(0)..=(column + ring).min(self.columns - 1) {
                    if (r - row).abs().max((c - column).abs()) != ring {
                        continue;
                    }
                    let square = (r * self.columns + c) as usize;
                    for node in
                        &self.nodes[self.first[square] as usize..self.first[square + 1] as usize]
                    {
                        let off_m = apart_m(scale, points[*node as usize], place);
                        if off_m < best.off_m {
                            best = Near { node: *node, off_m };
                        }
                    }
                }
            }
        }
        best
    }
}

/// Times from many nodes to one target, worked out as they are asked for; made once and used again and again.
pub struct TimesTo<'a> {
    network: &'a Network,
    way: usize,
    target: u32,
    ms: Vec<u32>,
    done: Vec<bool>,
    touched: Vec<u32>,
    stack: Vec<u32>,
}

impl<'a> TimesTo<'a> {
    /// Makes the room that it needs.
    pub fn new(network: &'a Network) -> TimesTo<'a> {
        TimesTo {
            network,
            way: usize::MAX,
            target: NEVER,
            ms: vec![INF_WEIGHT; network.nodes()],
            done: vec![false; network.nodes()],
            touched: Vec::new(),
            stack: Vec::new(),
        }
    }

    /// Takes a target and a way of driving.
    pub fn aim(&mut self, way: usize, target: u32) {
        if (self.way, self.target) == (way, target) {
            return;
        }
        for rank in self.touched.drain(..) {
            self.ms[rank as usize] = INF_WEIGHT;
            self.done[rank as usize] = false;
        }
        (self.way, self.target) = (way, target);
        let (cch, metric) = (&self.network.cch, &self.network.metrics[way]);
        let mut at = cch.rank[target as usize] as usize;
        self.ms[at] = 0;
        self.touched.push(at as u32);
        while at < self.ms.len() {
            let below = self.ms[at];
            if below < INF_WEIGHT {
                for arc in cch.up_first_out[at] as usize..cch.up_first_out[at + 1] as usize {
                    let above = cch.up_head[arc] as usize;
                    let there = below.saturating_add(metric.backward[arc]);
                    if there < self.ms[above] {
                        self.ms[above] = there;
                        self.touched.push(above as u32);
                    }
                }
            }
            // Above a root the parent is the largest number, which ends the climb.
            at = cch.elimination_tree_parent[at] as usize;
        }
    }

    /// Returns the milliseconds from a node to the target; none without a way.
    pub fn from(&mut self, node: u32) -> Option<i64> {
        let (cch, metric) = (&self.network.cch, &self.network.metrics[self.way]);
        let start = cch.rank[node as usize] as usize;
        let mut at = start;
        while at < self.done.len() && !self.done[at] {
            self.stack.push(at as u32);
            at = cch.elimination_tree_parent[at] as usize;
        }
        while let Some(at) = self.stack.pop() {
            let at = at as usize;
            let mut best = self.ms[at];
            for arc in cch.up_first_out[at] as usize..cch.up_first_out[at + 1] as usize {
                let above = self.ms[cch.up_head[arc] as usize];
                best = best.min(above.saturating_add(metric.forward[arc]));
            }
            self.ms[at] = best;
            self.done[at] = true;
            self.touched.push(at as u32);
        }
        let ms = self.ms[start];
        (ms < INF_WEIGHT).then_some(i64::from(ms))
    }
}

//! How far one gets: the area within a number of minutes of a point, and the area of each of several points.
//!
//! One search from the start outward (with the direction of one-way streets) gives the time to every junction; the roads
//! are then put on a grid of cells, and the borders of the cells that are reached in time become outlines. The gaps
//! between streets are closed, for a block is as near as the streets around it. Start at [`Router::reach`] and
//! [`Router::nearest_areas`]; `outline.rs` turns cells into rings.

use crate::class::Class;
use crate::error::{NoRoute, RoadsError};
use crate::geo::{Bounds, Point};
use crate::graph::Travel;
use crate::limits::{AREA_SOURCES_MAX, NEAR_MAX_M, OFF_ROAD_KMH, REACH_TIMES_MAX};
use crate::outline::{Cells, NOWHERE, Outline};
use crate::router::{Router, with_off_road};
use crate::snap::Snap;
use crate::source::check_count;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The time of a junction that is not reached.
const NEVER_MS: u32 = u32::MAX;
/// How far beyond the roads an area goes, in metres.
const BESIDE_ROADS_M: f64 = 300.0;

/// By arc, when its start is first reached by somebody who may drive it, and from which source.
struct Spread {
    ms: Vec<u32>,
    source: Vec<u32>,
}

/// The point nearest to a place that cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reachable {
    /// Where it is, on the road.
    pub place: Point,
    /// How far from there to the place, straight, in metres.
    pub distance_m: f64,
    /// The time to get there, in milliseconds; none for the start itself, when it cannot be left.
    pub time_ms: Option<u32>,
}

/// Where each of several sources is the first to arrive, by [`Router::nearest_areas`].
pub struct FirstThere {
    outlines: Vec<Outline>,
    cells: Cells,
}

impl FirstThere {
    /// Returns the outline of each source's area, in the order of the sources.
    pub fn outlines(&self) -> &[Outline] {
        &self.outlines
    }

    /// Returns the number of the source that is the first at a point, if one is. By the cells from which the outlines are
    /// drawn: where a border was straightened the two differ by a cell at most.
    pub fn source_at(&self, point: Point) -> Option<usize> {
        self.cells.label_at(point)
    }
}

impl Router {
    /// Returns how near one comes to a place by road: the place itself, snapped, where a way leads there, else the nearest
    /// point of any road that can be reached. None if no such road is within [`crate::limits::NEAR_MAX_M`].
    pub fn nearest_reachable(&self, from: &Snap, to: Point) -> Option<Reachable> {
        if !self.knows(from) || !to.is_valid() {
            return None;
        }
        let spread = self.spread(&[(0, *from)], NEVER_MS);
        let is_reached = |edge: usize| {
            let both = [edge * 2, edge * 2 + 1];
            both.iter().any(|arc| spread.ms[*arc] != NEVER_MS) || edge == from.edge as usize
        };
        let snap = self.snap_among(to, NEAR_MAX_M, is_reached)?;
        // The start's own edge may be reached on one side only; then the start is what is certain.
        let time = self.times_to_snapped(&snap, &[*from])[0];
        let walked_ms = with_off_road(0, from, &snap);
        Some(match time {
            Ok(time) => Reachable {
                place: snap.place,
                distance_m: snap.distance_m,
                time_ms: Some(time.time_ms.saturating_sub(walked_ms)),
            },
            Err(_) => Reachable {
                place: from.place,
                distance_m: from.place.distance_m(to),
                time_ms: None,
            },
        })
    }

    /// Returns the outline of what is reached from a point within each of these times, in milliseconds.
    pub fn reach(&self, from: Point, within_ms: &[u32]) -> Result<Vec<Outline>, NoRoute> {
        let longest_ms = within_ms.iter().copied().max().unwrap_or(0);
        let snap = self.snap(from).ok_or(NoRoute::SourceOffNetwork)?;
        let spread = self.spread(&[(0, snap)], longest_ms);
        let Some(bounds) = self.reached_bounds(from, &spread) else {
            return Ok(vec![Outline::default(); within_ms.len()]);
        };
        let mut cells = Cells::over(bounds);
        self.fill(&mut cells, &spread, longest_ms);
        cells.note(from, 0, 0);
        let times = within_ms.iter().take(REACH_TIMES_MAX);
        let outlines = times.map(|&limit_ms| {
            let reached = cells.within(limit_ms).closed();
            let mut outlines = reached.outlines(1);
            outlines.pop().unwrap_or_default()
        });
        Ok(outlines.collect())
    }

    /// Returns where each source is the first to arrive; the area of a source without roads is empty.
    pub fn nearest_areas(&self, sources: &[Point]) -> Result<FirstThere, RoadsError> {
        check_count(
            "sources of areas",
            sources.len() as u64,
            AREA_SOURCES_MAX as u64,
        )?;
        let snaps = sources.iter().zip(0u32..);
        let snaps: Vec<(u32, Snap)> = snaps
            .filter_map(|(source, index)| Some((index, self.snap(*source)?)))
            .collect();
        let spread = self.spread(&snaps, NEVER_MS);
        let mut cells = Cells::over(self.graph().bounds());
        self.fill(&mut cells, &spread, NEVER_MS);
        let cells = cells.grown(BESIDE_ROADS_M);
        Ok(FirstThere {
            outlines: cells.outlines(sources.len()),
            cells,
        })
    }

    /// Dijkstra's search from all sources at once, up to a time.
    fn spread(&self, sources: &[(u32, Snap)], longest_ms: u32) -> Spread {
        let arcs = self.graph().edges() * 2;
        let mut spread = Spread {
            ms: vec![NEVER_MS; arcs],
            source: vec![NOWHERE; arcs],
        };
        let mut reached_ms = vec![NEVER_MS; self.network.places()];
        // Of two sources that arrive together the first in the list has it: the heap compares the source after the time.
        let mut open = BinaryHeap::new();
        for (index, snap) in sources {
            let off_road_ms = (snap.distance_m * 3_600.0 / OFF_ROAD_KMH).round() as u32;
            for exit in self.exits(snap) {
                let at_ms = off_road_ms.saturating_add(exit.ms);
                open.push(Reverse((at_ms, *index, self.exit_place(&exit))));
            }
        }
        while let Some(Reverse((at_ms, source, place))) = open.pop() {
            if at_ms >= reached_ms[place as usize] || at_ms > longest_ms {
                continue;
            }
            reached_ms[place as usize] = at_ms;
            for (arc, head, ms) in self.out_arcs(place) {
                if at_ms < spread.ms[arc as usize] {
                    spread.ms[arc as usize] = at_ms;
                    spread.source[arc as usize] = source;
                }
                let next_ms = at_ms.saturating_add(ms);
                if next_ms < reached_ms[head as usize] {
                    open.push(Reverse((next_ms, source, head)));
                }
            }
        }
        spread
    }

    fn reached_bounds(&self, from: Point, spread: &Spread) -> Option<Bounds> {
        let mut bounds = Bounds {
            south_west: from,
            north_east: from,
        };
        self.for_each_stretch(spread, |points, _, _| {
            for point in points {
                bounds.south_west.lat = bounds.south_west.lat.min(point.lat);
                bounds.south_west.lon = bounds.south_west.lon.min(point.lon);
                bounds.north_east.lat = bounds.north_east.lat.max(point.lat);
                bounds.north_east.lon = bounds.north_east.lon.max(point.lon);
            }
        });
        bounds.south_west.is_valid().then_some(bounds)
    }

    fn fill(&self, cells: &mut Cells, spread: &Spread, longest_ms: u32) {
        let step_m = cells.size_m() / 2.0;
        self.for_each_stretch(spread, |points, (start_ms, take_ms), source| {
            let lengths: Vec<f64> = points
                .windows(2)
                .map(|pair| pair[0].distance_m(pair[1]))
                .collect();
            let total_m = lengths.iter().sum::<f64>().max(f64::MIN_POSITIVE);
            let mut before_m = 0.0;
            for (pair, length_m) in points.windows(2).zip(&lengths) {
                let steps = (length_m / step_m).ceil().clamp(1.0, 10_000.0) as u32;
                for step in 0..=steps {
                    let share = f64::from(step) / f64::from(steps);
                    let along = (before_m + share * length_m) / total_m;
                    let at_ms = f64::from(start_ms) + along * f64::from(take_ms);
                    let at_ms = at_ms.min(f64::from(NEVER_MS - 1)) as u32;
                    if at_ms > longest_ms {
                        return;
                    }
                    cells.note(crate::geo::between(pair[0], pair[1], share), at_ms, source);
                }
                before_m += length_m;
            }
        });
    }

    /// Calls `each` with every edge in each direction in which it is entered in time: its points in that direction, when
    /// it is entered and how long it takes, and from which source.
    fn for_each_stretch(&self, spread: &Spread, mut each: impl FnMut(&[Point], (u32, u32), u32)) {
        let graph = self.graph();
        let mut points = Vec::new();
        for (index, edge) in graph.edges.iter().enumerate() {
            for travel in Travel::BOTH {
                let ms = self.arc_ms(index, travel);
                let arc = index * 2 + travel as usize;
                let start_ms = spread.ms[arc];
                // A ferry takes one across the water, and the water is not reached.
                if start_ms == NEVER_MS || edge.class == Class::Ferry {
                    continue;
                }
                points.clear();
                let shape = graph.shape(index).iter().map(|place| place.point());
                match travel {
                    Travel::Forward => points.extend(shape),
                    Travel::Backward => points.extend(shape.rev()),
                }
                each(&points, (start_ms, ms), spread.source[arc]);
            }
        }
    }
}

//! The nearest road to a point.
//!
//! Edges are kept as boxes of up to [`BOX_PIECES`] straight pieces in a tree; a question walks the boxes from the nearest on
//! and stops when no box can hold anything nearer than what was found. A box for every single piece would make the tree
//! four times as large, and building it is most of what a node does between opening its road file and its first answer.

use crate::class::Class;
use crate::geo::{Bounds, EARTH_RADIUS_M, Point, between, in_space, nearest_on_segment};
use crate::graph::RoadGraph;
use rstar::{AABB, PointDistance, RTree, RTreeObject};
use std::collections::BTreeSet;

/// The most straight pieces in one box: most edges fit in one, and long bends do not make boxes that cover a district.
const BOX_PIECES: usize = 12;

/// Finds the nearest road.
pub(crate) struct Nearest {
    boxes: RTree<Stretch>,
}

/// Where the nearest road is.
pub(crate) struct Found {
    pub(crate) edge: usize,
    /// Which straight piece of the edge.
    pub(crate) piece: usize,
    /// How far along that piece, 0 to 1.
    pub(crate) along: f64,
    pub(crate) distance_m: f64,
}

/// Some consecutive pieces of one edge, in the box that holds them.
struct Stretch {
    bounds: AABB<[f64; 3]>,
    edge: u32,
    first_piece: u32,
}

impl RTreeObject for Stretch {
    type Envelope = AABB<[f64; 3]>;

    fn envelope(&self) -> Self::Envelope {
        self.bounds
    }
}

impl PointDistance for Stretch {
    /// The distance to the box, never more than that to the pieces in it.
    fn distance_2(&self, point: &[f64; 3]) -> f64 {
        self.bounds.distance_2(point)
    }
}

impl Nearest {
    pub(crate) fn new(graph: &RoadGraph) -> Nearest {
        let mut stretches = Vec::with_capacity(graph.edges());
        for edge in 0..graph.edges() {
            // What lies beside a ferry line lies in the water.
            if graph.edges[edge].class == Class::Ferry {
                continue;
            }
            let places: Vec<[f64; 3]> = graph
                .shape(edge)
                .iter()
                .map(|place| in_space(place.point()))
                .collect();
            for first_piece in (0..places.len() - 1).step_by(BOX_PIECES) {
                let end = (first_piece + BOX_PIECES + 1).min(places.len());
                let bounds = AABB::from_points(&places[first_piece..end]);
                stretches.push(Stretch {
                    bounds,
                    edge: edge as u32,
                    first_piece: first_piece as u32,
                });
            }
        }
        Nearest {
            boxes: RTree::bulk_load(stretches),
        }
    }

    /// Returns every edge that may have a point within a rectangle, in order; ferries always.
    pub(crate) fn within(&self, graph: &RoadGraph, bounds: Option<Bounds>) -> BTreeSet<u32> {
        let Some(Bounds {
            south_west,
            north_east,
        }) = bounds
        else {
            return BTreeSet::new();
        };
        let shares = [0.0, 0.5, 1.0];
        let places: Vec<[f64; 3]> = shares
            .iter()
            .flat_map(|lat| shares.map(|lon| (lat, lon)))
            .map(|(lat, lon)| {
                in_space(Point {
                    lat: between(south_west, north_east, *lat).lat,
                    lon: between(south_west, north_east, lon).lon,
                })
            })
            .collect();
        // The Earth bulges out of the box around these places by no more than this.
        let across_m = south_west.distance_m(north_east);
        let bulge_m = across_m * across_m / (8.0 * EARTH_RADIUS_M) + 1.0;
        let tight = AABB::from_points(&places);
        let (low, high) = (tight.lower(), tight.upper());
        let wide = AABB::from_corners(
            low.map(|side| side - bulge_m),
            high.map(|side| side + bulge_m),
        );
        let found = self.boxes.locate_in_envelope_intersecting(wide);
        let mut edges: BTreeSet<u32> = found.map(|stretch| stretch.edge).collect();
        let all = graph.edges.iter().zip(0u32..);
        edges.extend(
            all.filter(|(edge, _)| edge.class == Class::Ferry)
                .map(|(_, at)| at),
        );
        edges
    }

    /// Returns the nearest road within a distance in metres; of roads equally near, the one first in the graph.
    pub(crate) fn find(&self, graph: &RoadGraph, place: [f64; 3], within_m: f64) -> Option<Found> {
        self.find_among(graph, place, within_m, |_| true)
    }

    /// Does the same among the edges that `wanted` names.
    pub(crate) fn find_among(
        &self,
        graph: &RoadGraph,
        place: [f64; 3],
        within_m: f64,
        wanted: impl Fn(usize) -> bool,
    ) -> Option<Found> {
        let mut best: Option<(f64, usize, usize, f64)> = None;
        for (stretch, box_distance_2) in self.boxes.nearest_neighbor_iter_with_distance_2(place) {
            let limit_2 = best.map_or(within_m * within_m, |(distance_2, ..)| distance_2);
            if box_distance_2 > limit_2 {
                break;
            }
            let edge = stretch.edge as usize;
            if !wanted(edge) {
                continue;
            }
            let first_piece = stretch.first_piece as usize;
            let shape = &graph.shape(edge)[first_piece..];
            for (offset, pair) in shape.windows(2).take(BOX_PIECES).enumerate() {
                let [a, b] = [pair[0], pair[1]].map(|end| in_space(end.point()));
                let (along, distance_2) = nearest_on_segment(a, b, place);
                let piece = first_piece + offset;
                let is_nearer = best.is_none_or(|(best_2, best_edge, best_piece, _)| {
                    distance_2 < best_2
                        || (distance_2 == best_2 && (edge, piece) < (best_edge, best_piece))
                });
                if is_nearer {
                    best = Some((distance_2, edge, piece, along));
                }
            }
        }
        let (distance_2, edge, piece, along) = best?;
        let distance_m = distance_2.sqrt();
        (distance_m <= within_m).then_some(Found {
            edge,
            piece,
            along,
            distance_m,
        })
    }

    /// Returns the road that costs least, where a cost is the distance in metres and whatever is put on it; none for a piece
    /// that is not to be had. Arguments of `cost` are the edge, the piece of it and its distance.
    pub(crate) fn find_by(
        &self,
        graph: &RoadGraph,
        place: [f64; 3],
        within_m: f64,
        cost: impl Fn(usize, usize, f64) -> Option<f64>,
    ) -> Option<Found> {
        let mut best: Option<(f64, Found)> = None;
        for (stretch, box_distance_2) in self.boxes.nearest_neighbor_iter_with_distance_2(place) {
            let box_m = box_distance_2.sqrt();
            if box_m > within_m || best.as_ref().is_some_and(|(least, _)| box_m > *least) {
                break;
            }
            let (edge, first_piece) = (stretch.edge as usize, stretch.first_piece as usize);
            let shape = &graph.shape(edge)[first_piece..];
            for (offset, pair) in shape.windows(2).take(BOX_PIECES).enumerate() {
                let [a, b] = [pair[0], pair[1]].map(|end| in_space(end.point()));
                let (along, distance_2) = nearest_on_segment(a, b, place);
                let (piece, distance_m) = (first_piece + offset, distance_2.sqrt());
                let Some(cost) = cost(edge, piece, distance_m).filter(|_| distance_m <= within_m)
                else {
                    continue;
                };
                let is_less = best.as_ref().is_none_or(|(least, found)| {
                    cost < *least || (cost == *least && (edge, piece) < (found.edge, found.piece))
                });
                if is_less {
                    let found = Found {
                        edge,
                        piece,
                        along,
                        distance_m,
                    };
                    best = Some((cost, found));
                }
            }
        }
        best.map(|(_, found)| found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{Roads, finish};
    use crate::class::Class;
    use crate::geo::Point;
    use crate::graph::Edge;

    /// Long bends of many pieces, so that boxes are split, overlap and lie inside each other.
    fn spirals() -> RoadGraph {
        let mut roads = Roads {
            junctions: 8,
            names: vec![String::new()],
            ..Roads::default()
        };
        for spiral in 0..8u32 {
            let first_point = roads.points.len() as u32;
            for step in 0..(BOX_PIECES as u32 * spiral + 2) {
                let turn = f64::from(step) * 0.7 + f64::from(spiral);
                let reach = 0.000_3 * f64::from(step + 1);
                let place = Point {
                    lat: 65.0 + reach * turn.sin(),
                    lon: 179.99 + reach * turn.cos() / 2.0,
                };
                roads.points.extend(place.fixed());
            }
            let (from, to) = (spiral, (spiral + 1) % 8);
            roads.edges.push(Edge {
                from,
                to,
                class: Class::Road,
                name: 0,
                ms: [[1; 2]; 2],
                is_roundabout: false,
                first_point,
                continues: false,
            });
        }
        finish(roads, String::new())
    }

    #[test]
    fn the_nearest_is_what_trying_every_piece_finds() {
        let graph = spirals();
        let nearest = Nearest::new(&graph);
        for step in 0..2_000u32 {
            let (row, column) = (f64::from(step / 50), f64::from(step % 50));
            let point = Point {
                lat: 64.98 + row * 0.001,
                lon: 179.96 + column * 0.000_8,
            };
            let place = in_space(point);
            let tried = (0..graph.edges()).flat_map(|edge| {
                let ends: Vec<_> = graph
                    .shape(edge)
                    .iter()
                    .map(|end| in_space(end.point()))
                    .collect();
                ends.windows(2)
                    .map(|pair| nearest_on_segment(pair[0], pair[1], place).1)
                    .collect::<Vec<_>>()
            });
            let wanted = tried
                .min_by(f64::total_cmp)
                .map(f64::sqrt)
                .filter(|distance_m| *distance_m <= 800.0);
            let found = nearest.find(&graph, place, 800.0);
            assert_eq!(found.map(|found| found.distance_m), wanted, "{point:?}");
        }
    }
}

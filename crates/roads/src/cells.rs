//! The places of a map, as squares that roads lead through: where people can be driven to, however large the map is.
//!
//! A square is taken where a junction lies in it; it is known by the junction nearest to its middle. Squares grow until there
//! are no more of them than wanted. Start at [`RoadGraph::cells`].

use crate::class::Class;
use crate::geo::{EARTH_RADIUS_M, Point};
use crate::graph::RoadGraph;
use std::collections::BTreeMap;

/// The side that is tried first, in metres.
const SIDE_MIN_M: f64 = 200.0;
/// How much larger the next try is.
const GROW: f64 = 1.2;
/// Tries before the whole map is one square: sides beyond half the Earth.
const TRIES_MAX: u32 = 80;

/// A square that roads lead through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoadCell {
    /// The junction in it that is nearest to its middle.
    pub place: Point,
    /// Its corner of least latitude and longitude.
    pub south_west: Point,
    /// Its corner of greatest latitude and longitude.
    pub north_east: Point,
}

impl RoadGraph {
    /// Returns the squares of the map that roads lead through, from south to north and west to east: at most `cells_max`,
    /// and as small as that allows, but no smaller than 200 m. Water that ferries cross has none.
    pub fn cells(&self, cells_max: usize) -> Vec<RoadCell> {
        if self.edges.is_empty() || cells_max == 0 {
            return Vec::new();
        }
        let mut side_m = SIDE_MIN_M;
        for _ in 0..TRIES_MAX {
            let cells = self.cells_of(side_m);
            if cells.len() <= cells_max {
                return cells;
            }
            side_m *= GROW;
        }
        Vec::new()
    }

    fn cells_of(&self, side_m: f64) -> Vec<RoadCell> {
        let bounds = self.bounds();
        let (south, west) = (bounds.south_west.lat, bounds.south_west.lon);
        let middle_lat = f64::midpoint(south, bounds.north_east.lat);
        let north_deg = (side_m / EARTH_RADIUS_M).to_degrees();
        let east_deg = north_deg / middle_lat.to_radians().cos().max(0.01);
        let mut found: BTreeMap<(i64, i64), (f64, Point)> = BTreeMap::new();
        for (index, edge) in self.edges.iter().enumerate() {
            if edge.class == Class::Ferry {
                continue;
            }
            let shape = self.shape(index);
            for end in [shape.first(), shape.last()].into_iter().flatten() {
                let place = end.point();
                let (row, column) = (
                    (place.lat - south) / north_deg,
                    (place.lon - west) / east_deg,
                );
                let off = (row.fract() - 0.5).powi(2) + (column.fract() - 0.5).powi(2);
                let at = (row.floor() as i64, column.floor() as i64);
                let nearest = found.entry(at).or_insert((off, place));
                if off < nearest.0 {
                    *nearest = (off, place);
                }
            }
        }
        let corner = |row: i64, column: i64| Point {
            lat: south + row as f64 * north_deg,
            lon: west + column as f64 * east_deg,
        };
        let cell = |((row, column), (_, place)): (&(i64, i64), &(f64, Point))| RoadCell {
            place: *place,
            south_west: corner(*row, *column),
            north_east: corner(row + 1, column + 1),
        };
        found.iter().map(cell).collect()
    }
}

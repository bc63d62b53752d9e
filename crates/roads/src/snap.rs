//! Points placed on roads: the nearest place on any, or for a unit under way the one that fits where it is heading.
//!
//! A position alone says little on which side of a divided road a unit is, and nothing of which way it must go on. With its
//! heading both are known: the place is taken on the edge and in the direction that fit position and heading together, and
//! the unit is timed from where it can next turn. Start at [`Router::snap`] and [`Router::snap_moving`].

use crate::geo::{Point, between, in_space, length_m};
use crate::graph::{CLOSED_MS, Travel};
use crate::limits::SNAP_MAX_M;
use crate::nearest::Found;
use crate::router::Router;

/// How near to a junction a place on a road counts as the junction, in metres.
const AT_JUNCTION_M: f64 = 0.05;
/// Below this speed the heading of a receiver is noise, in km/h.
const MOVING_MIN_KMH: f64 = 5.0;
/// How many metres off the road one degree off its direction weighs: a road at right angles is as bad as one 45 m away,
/// which is more than a receiver in a street is usually wrong by.
const METRES_PER_DEGREE_OFF: f64 = 0.5;
/// A road that leads farther off the heading than this is not the one that is driven, in degrees.
const OFF_HEADING_MAX_DEG: f64 = 60.0;
/// How much farther than the nearest road one that fits the heading may be, in metres.
const FARTHER_MAX_M: f64 = 40.0;

/// How a unit moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Motion {
    /// Clockwise from north, in degrees.
    pub heading_deg: f64,
    /// In km/h; below 5 the heading is not believed.
    pub speed_kmh: f64,
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
    /// The place in space, in metres from the centre of the Earth.
    pub(crate) space: [f64; 3],
    /// The direction in which it moves, if that is known; it cannot turn round before the next junction.
    pub(crate) going: Option<Travel>,
    pub(crate) fingerprint: u32,
}

impl Snap {
    /// The end of its edge at which a target lies, as the direction that leads there.
    pub(crate) fn place_at(&self) -> Option<Travel> {
        if self.along >= 1.0 {
            Some(Travel::Forward)
        } else {
            (self.along <= 0.0).then_some(Travel::Backward)
        }
    }

    /// The same for a start, which stands there and may leave by any road; whoever moves is still on the way.
    pub(crate) fn stands_at(&self) -> Option<Travel> {
        self.place_at().filter(|_| self.going.is_none())
    }
}

impl Router {
    /// Places a point on the nearest road; none beyond [`SNAP_MAX_M`].
    pub fn snap(&self, point: Point) -> Option<Snap> {
        if !point.is_valid() {
            return None;
        }
        let (nearest, graph) = (&self.network.nearest, &self.network.graph);
        let found = nearest.find(graph, in_space(point), SNAP_MAX_M)?;
        Some(self.snap_of(&found, None))
    }

    /// Places a point on the nearest of the edges that `wanted` names, if one is so near.
    pub(crate) fn snap_among(
        &self,
        point: Point,
        within_m: f64,
        wanted: impl Fn(usize) -> bool,
    ) -> Option<Snap> {
        let (nearest, graph) = (&self.network.nearest, &self.network.graph);
        let found = nearest.find_among(graph, in_space(point), within_m, wanted)?;
        Some(self.snap_of(&found, None))
    }

    /// Places a point on the road and in the direction that fit its position and motion best. Where no road near by leads
    /// that way, or it hardly moves, it is placed as if it stood.
    pub fn snap_moving(&self, point: Point, motion: Motion) -> Option<Snap> {
        let standing = self.snap(point)?;
        let is_moving = motion.speed_kmh >= MOVING_MIN_KMH && motion.heading_deg.is_finite();
        if !is_moving {
            return Some(standing);
        }
        let (nearest, graph) = (&self.network.nearest, &self.network.graph);
        let within_m = (standing.distance_m + FARTHER_MAX_M).min(SNAP_MAX_M);
        let found = nearest.find_by(
            graph,
            in_space(point),
            within_m,
            |edge, piece, distance_m| {
                let (off_deg, _) = self.fits(edge, piece, motion.heading_deg)?;
                Some(distance_m + off_deg * METRES_PER_DEGREE_OFF)
            },
        );
        let going = |found: &Found| self.fits(found.edge, found.piece, motion.heading_deg);
        let fitting = found.and_then(|found| {
            let (_, travel) = going(&found)?;
            Some(self.snap_of(&found, Some(travel)))
        });
        Some(fitting.unwrap_or(standing))
    }

    /// The direction in which a piece of an edge is driven by whoever heads there, and how far off it that leads in degrees.
    fn fits(&self, edge: usize, piece: usize, heading_deg: f64) -> Option<(f64, Travel)> {
        let graph = self.graph();
        let shape = graph.shape(edge);
        let along_deg = bearing_deg(shape[piece].point(), shape[piece + 1].point())?;
        let off_deg = off_deg(along_deg, heading_deg);
        let mapped = &graph.edges[edge].ms;
        let both = [
            (off_deg, Travel::Forward),
            (180.0 - off_deg, Travel::Backward),
        ];
        let open = both.into_iter().filter(|(off_deg, travel)| {
            let is_mapped = mapped.iter().any(|ms| ms[*travel as usize] != CLOSED_MS);
            *off_deg <= OFF_HEADING_MAX_DEG
                && (is_mapped || self.arc_ms(edge, *travel) != CLOSED_MS)
        });
        open.min_by(|a, b| a.0.total_cmp(&b.0))
    }

    fn snap_of(&self, found: &Found, going: Option<Travel>) -> Snap {
        let graph = &self.network.graph;
        let &Found {
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
        let place = between(shape[piece].point(), shape[piece + 1].point(), along_piece);
        Snap {
            place,
            space: in_space(place),
            distance_m,
            edge: edge as u32,
            along,
            going,
            fingerprint: self.network.graph.fingerprint,
        }
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
}

/// The direction from one point to another, clockwise from north in degrees; none between equal points.
pub(crate) fn bearing_deg(from: Point, to: Point) -> Option<f64> {
    let north = to.lat - from.lat;
    // The shorter way round the Earth, also across the date line.
    let east = (to.lon - from.lon + 540.0).rem_euclid(360.0) - 180.0;
    let east = east * ((from.lat + to.lat) / 2.0).to_radians().cos();
    (north != 0.0 || east != 0.0).then(|| east.atan2(north).to_degrees().rem_euclid(360.0))
}

/// How far one direction is off another, 0 to 180 degrees.
fn off_deg(one: f64, other: f64) -> f64 {
    let apart = (one - other).rem_euclid(360.0);
    apart.min(360.0 - apart)
}

//! What is different on the roads just now: closed streets, floods, convoy lanes, the hour of the day.
//!
//! [`Conditions`] say what; [`Router::under_conditions`] gives a router that knows, over the same network, while questions in
//! flight go on with the old one. Conditions start from the times of the map, not from the conditions before: whoever keeps
//! the list of what is in force need not know how it came about. An area or a lane closes whole edges, from junction to
//! junction: between two junctions nobody can leave a street anyway. Start at [`Conditions`].

use crate::class::Class;
use crate::error::RoadsError;
use crate::geo::{Bounds, Point, between, in_space, nearest_on_segment};
use crate::graph::{CLOSED_MS, RoadGraph};
use crate::limits::{ARC_MAX_MS, CONDITION_POINTS_MAX, CONDITIONS_MAX, SHARE_RANGE_PERCENT};
use crate::network::Network;
use crate::profile::Profile;
use crate::router::Router;
use crate::source::check_count;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An edge runs along a line if at least this share of its length lies within the width.
const ALONG_SHARE: f64 = 0.5;
/// How often an edge is looked at to tell that, in metres.
const LOOK_EVERY_M: f64 = 10.0;
const LOOKS_MAX: f64 = 1_000.0;

/// All that is different now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// The time on roads of a class in percent of the time by the map; classes that are not named take 100.
    pub time_percent: BTreeMap<Class, u16>,
    /// What holds at certain places; each applies to what those before it left.
    pub places: Vec<Condition>,
}

/// One thing that is different.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Where.
    pub place: Stretch,
    /// What.
    pub effect: Effect,
    /// For whom; none means for everybody.
    #[serde(default)]
    pub profile: Option<Profile>,
}

/// Some of the roads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Stretch {
    /// These edges, by their numbers in the graph.
    Edges(Vec<u32>),
    /// Every edge that an area touches: an outer ring and its holes, as in GeoJSON.
    Area(Vec<Vec<Point>>),
    /// Every edge that runs along a line; one that crosses it does not.
    Along {
        /// The line.
        line: Vec<Point>,
        /// How wide it is, in metres, both sides together.
        width_m: f64,
    },
}

/// What happens to roads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Nobody drives through. Who stands there may leave, and who is sent there may enter.
    Closed,
    /// Driven at this percentage of the speed.
    SpeedPercent(u16),
    /// Open both ways, also where the map or a condition before this one says no: a lane kept for a convoy.
    Opened,
}

impl Conditions {
    /// Refuses conditions outside their limits.
    pub fn check(&self) -> Result<(), RoadsError> {
        check_count("conditions", self.places.len() as u64, CONDITIONS_MAX)?;
        let points = |condition: &Condition| match &condition.place {
            Stretch::Edges(_) => 0, // The graph bounds them.
            Stretch::Area(rings) => rings.iter().map(|ring| ring.len() as u64).sum(),
            Stretch::Along { line, .. } => line.len() as u64,
        };
        let all = self.places.iter().map(points).sum();
        check_count("points in conditions", all, CONDITION_POINTS_MAX)?;
        let speeds = self
            .places
            .iter()
            .filter_map(|condition| match condition.effect {
                Effect::SpeedPercent(percent) => Some(percent),
                Effect::Closed | Effect::Opened => None,
            });
        let (min, max) = SHARE_RANGE_PERCENT;
        for value in speeds.chain(self.time_percent.values().copied()) {
            if value < min || value > max {
                return Err(RoadsError::Option {
                    what: "percentage of a condition",
                    value: value.to_string(),
                    min,
                    max,
                });
            }
        }
        Ok(())
    }

    /// The weights by arc under a profile.
    fn weights(&self, graph: &RoadGraph, profile: Profile, touched: &[Vec<u32>]) -> Vec<u32> {
        let mut by_class = [100u64; 256];
        for (class, percent) in &self.time_percent {
            by_class[usize::from(class.code())] = u64::from(*percent);
        }
        let edges = graph.edges.iter();
        let mut ms: Vec<u32> = edges
            .flat_map(|edge| {
                let percent = by_class[usize::from(edge.class.code())];
                edge.ms[profile as usize].map(|ms| scaled(ms, percent, 100))
            })
            .collect();
        for (condition, edges) in self.places.iter().zip(touched) {
            if condition.profile.is_some_and(|only| only != profile) {
                continue;
            }
            for &edge in edges {
                let first = edge as usize * 2;
                let both = [ms[first], ms[first + 1]];
                let now = match condition.effect {
                    Effect::Closed => [CLOSED_MS; 2],
                    Effect::SpeedPercent(percent) => {
                        both.map(|ms| scaled(ms, 100, u64::from(percent)))
                    }
                    Effect::Opened => {
                        let class = graph.edges[edge as usize].class.code();
                        let mapped = opened(graph, edge, profile);
                        let mapped = mapped.map(|ms| scaled(ms, by_class[usize::from(class)], 100));
                        [0, 1].map(|travel| both[travel].min(mapped[travel]))
                    }
                };
                ms[first..first + 2].copy_from_slice(&now);
            }
        }
        ms
    }
}

/// So many parts of a time of so many, within what an arc may take.
fn scaled(ms: u32, parts: u64, of: u64) -> u32 {
    match ms {
        CLOSED_MS => CLOSED_MS,
        open => (u64::from(open) * parts / of).clamp(1, u64::from(ARC_MAX_MS)) as u32,
    }
}

/// The times along an edge that is open both ways: its own, else those of the other profile, else those of the other way.
fn opened(graph: &RoadGraph, edge: u32, profile: Profile) -> [u32; 2] {
    let mapped = &graph.edges[edge as usize].ms;
    let [plain, siren] = mapped;
    let own = mapped[profile as usize];
    [0, 1].map(|travel| {
        let tried = [own[travel], plain[travel], siren[travel], own[1 - travel]];
        let there = tried.into_iter().find(|ms| *ms != CLOSED_MS);
        there.unwrap_or(plain[1 - travel].min(siren[1 - travel]))
    })
}

impl Router {
    /// Returns a router over the same network that knows what is different now, for both profiles. Conditions that this
    /// router knew are forgotten.
    ///
    /// Where little differs from what this router knew, only what depends on it is worked out anew.
    pub fn under_conditions(&self, conditions: &Conditions) -> Result<Router, RoadsError> {
        conditions.check()?;
        let touched: Vec<Vec<u32>> = conditions
            .places
            .iter()
            .map(|condition| edges_of(&self.network, &condition.place))
            .collect();
        Ok(self.with_weights(&|profile| conditions.weights(self.graph(), profile, &touched)))
    }
}

/// The edges that a place names, each once, in order.
fn edges_of(network: &Network, place: &Stretch) -> Vec<u32> {
    let graph = &network.graph;
    match place {
        Stretch::Edges(edges) => {
            let known = edges.iter().copied();
            let mut known: Vec<u32> = known
                .filter(|edge| (*edge as usize) < graph.edges())
                .collect();
            known.sort_unstable();
            known.dedup();
            known
        }
        Stretch::Area(rings) => {
            let rings: Vec<&[Point]> = rings
                .iter()
                .filter(|ring| ring.len() >= 3 && ring.iter().all(|corner| corner.is_valid()))
                .map(Vec::as_slice)
                .collect();
            let beside = network
                .nearest
                .within(graph, bounds(rings.iter().copied().flatten(), 0.0));
            let touched = beside.into_iter();
            touched
                .filter(|edge| touches(&points(graph, *edge), &rings))
                .collect()
        }
        Stretch::Along { line, width_m } => {
            let sound = line.iter().all(|point| point.is_valid()) && *width_m > 0.0;
            if line.len() < 2 || !sound {
                return Vec::new();
            }
            let half_m = width_m / 2.0;
            let beside = network.nearest.within(graph, bounds(line.iter(), half_m));
            let line: Vec<[f64; 3]> = line.iter().map(|point| in_space(*point)).collect();
            let along = beside.into_iter();
            along
                .filter(|edge| runs_along(&points(graph, *edge), &line, half_m))
                .collect()
        }
    }
}

fn points(graph: &RoadGraph, edge: u32) -> Vec<Point> {
    let shape = graph.shape(edge as usize).iter();
    shape.map(|place| place.point()).collect()
}

/// The rectangle around points and so many metres more; none around no point.
fn bounds<'a>(points: impl Iterator<Item = &'a Point>, more_m: f64) -> Option<Bounds> {
    const METRES_PER_DEGREE: f64 = 111_195.0;
    let around = |point: &Point| {
        let lat = more_m / METRES_PER_DEGREE;
        let lon = lat / point.lat.to_radians().cos().max(0.01);
        Bounds {
            south_west: Point {
                lat: point.lat - lat,
                lon: point.lon - lon,
            },
            north_east: Point {
                lat: point.lat + lat,
                lon: point.lon + lon,
            },
        }
    };
    points.map(around).reduce(|a, b| Bounds {
        south_west: Point {
            lat: a.south_west.lat.min(b.south_west.lat),
            lon: a.south_west.lon.min(b.south_west.lon),
        },
        north_east: Point {
            lat: a.north_east.lat.max(b.north_east.lat),
            lon: a.north_east.lon.max(b.north_east.lon),
        },
    })
}

/// Whether a line has a point in an area or crosses its border.
fn touches(line: &[Point], rings: &[&[Point]]) -> bool {
    let is_within = line.iter().any(|point| {
        let crossed = sides(rings).filter(|(a, b)| {
            let spans = (a.lat > point.lat) != (b.lat > point.lat);
            spans && {
                let share = (point.lat - a.lat) / (b.lat - a.lat);
                a.lon + share * (b.lon - a.lon) > point.lon
            }
        });
        crossed.count() % 2 == 1
    });
    is_within
        || line
            .windows(2)
            .any(|pair| sides(rings).any(|(a, b)| cross(pair[0], pair[1], a, b)))
}

fn sides<'a>(rings: &'a [&'a [Point]]) -> impl Iterator<Item = (Point, Point)> + 'a {
    rings.iter().flat_map(|ring| {
        let next = ring.iter().cycle().skip(1);
        ring.iter().zip(next).map(|(a, b)| (*a, *b))
    })
}

fn cross(a: Point, b: Point, c: Point, d: Point) -> bool {
    let side = |from: Point, to: Point, point: Point| {
        (to.lon - from.lon) * (point.lat - from.lat) - (to.lat - from.lat) * (point.lon - from.lon)
    };
    side(a, b, c) * side(a, b, d) <= 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}

fn runs_along(points: &[Point], line: &[[f64; 3]], half_m: f64) -> bool {
    let (mut looked, mut near) = (0u32, 0u32);
    for pair in points.windows(2) {
        let looks = (pair[0].distance_m(pair[1]) / LOOK_EVERY_M)
            .ceil()
            .clamp(1.0, LOOKS_MAX) as u32;
        for look in 0..=looks {
            let place = in_space(between(
                pair[0],
                pair[1],
                f64::from(look) / f64::from(looks),
            ));
            let is_near = line.windows(2).any(|stretch| {
                nearest_on_segment(stretch[0], stretch[1], place).1 <= half_m * half_m
            });
            looked += 1;
            near += u32::from(is_near);
        }
    }
    f64::from(near) >= f64::from(looked) * ALONG_SHARE
}

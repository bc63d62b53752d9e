//! The road graph: junctions, the edges between them with their shape and name, and the time each takes each way.
//!
//! A graph is made by [`crate::build()`] or read by [`RoadGraph::from_bytes`] and never changes afterwards; what changes by
//! the hour or with a closed street are the weights, and those live in [`crate::Router`]. An edge is a piece of one way
//! between two junctions; a [`RoadArc`] is one direction of travel along it.

use crate::class::Class;
use crate::geo::{Bounds, Fixed, Point};
use crate::ground::Ground;
use crate::profile::Profile;
use crate::turns::Turn;
use std::collections::BTreeMap;

/// The weight of an arc that may not be driven.
pub(crate) const CLOSED_MS: u32 = u32::MAX;

/// A direction of travel along an edge, seen from the direction in which the map draws it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Travel {
    /// As drawn.
    Forward,
    /// Against it.
    Backward,
}

impl Travel {
    /// Both directions, in the order of arc numbers.
    pub(crate) const BOTH: [Travel; 2] = [Travel::Forward, Travel::Backward];
}

/// A piece of one way between two junctions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) class: Class,
    /// Index into the names; 0 is no name.
    pub(crate) name: u32,
    /// Times by [`Profile`] and [`Travel`], in milliseconds, or [`CLOSED_MS`].
    pub(crate) ms: [[u32; 2]; 2],
    /// Where its points start; they end where those of the next edge start, both ends included.
    pub(crate) first_point: u32,
    /// Whether it goes on where the edge before it ends, on the same way.
    pub(crate) continues: bool,
    pub(crate) is_roundabout: bool,
}

/// A road network that can be saved, drawn, and given to a [`crate::Router`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoadGraph {
    pub(crate) junctions: u32,
    pub(crate) edges: Vec<Edge>,
    pub(crate) points: Vec<Fixed>,
    /// The first is empty and means "no name".
    pub(crate) names: Vec<String>,
    /// The junctions in the order in which the fast structure takes them in: the slow part of a build, so it is saved.
    pub(crate) order: Vec<u32>,
    /// What may not be driven one after the other, by its arcs, each once.
    pub(crate) turns: Vec<Turn>,
    pub(crate) attribution: String,
    /// By the name in `names`, what the same roads are called in other languages.
    pub(crate) other_names: BTreeMap<String, Vec<String>>,
    pub(crate) ground: Ground,
    /// The checksum of the saved form; tells a place snapped on one graph from a place on another.
    pub(crate) fingerprint: u32,
}

/// One direction of travel along one edge, as a weighing function sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoadArc<'a> {
    /// The edge, numbered from 0 in this graph.
    pub edge: u32,
    /// The direction along it.
    pub travel: Travel,
    /// The class of road.
    pub class: Class,
    /// The street name, if it has one.
    pub name: Option<&'a str>,
    /// Its length in metres.
    pub length_m: f64,
    /// The time it takes by the map alone, in milliseconds; none if the map forbids this direction.
    pub base_ms: Option<u32>,
    /// Where it starts.
    pub from: Point,
    /// Where it ends.
    pub to: Point,
}

/// A line to draw: consecutive edges of one way.
#[derive(Debug, Clone, PartialEq)]
pub struct Line<'a> {
    /// The class of road.
    pub class: Class,
    /// The street name, if it has one.
    pub name: Option<&'a str>,
    /// Its points, two at least.
    pub points: Vec<Point>,
}

impl RoadGraph {
    /// Returns the words that must stand wherever this network is shown; may be empty.
    pub fn attribution(&self) -> &str {
        &self.attribution
    }

    /// Returns the checksum of the saved form, which tells one network from another.
    pub fn fingerprint(&self) -> u32 {
        self.fingerprint
    }

    /// Returns the number of junctions.
    pub fn junctions(&self) -> usize {
        self.junctions as usize
    }

    /// Returns the number of edges; each has one or two arcs that may be driven.
    pub fn edges(&self) -> usize {
        self.edges.len()
    }

    /// Returns the rectangle that holds every point.
    pub fn bounds(&self) -> Bounds {
        let lats = || self.points.iter().map(|place| place.lat);
        let lons = || self.points.iter().map(|place| place.lon);
        let corner = |lat: Option<i32>, lon: Option<i32>| {
            Fixed {
                lat: lat.unwrap_or(0),
                lon: lon.unwrap_or(0),
            }
            .point()
        };
        Bounds {
            south_west: corner(lats().min(), lons().min()),
            north_east: corner(lats().max(), lons().max()),
        }
    }

    /// Returns every road as lines to draw, one per unbroken stretch of a way; ferries are none.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let mut next = 0;
        std::iter::from_fn(move || {
            while self.edges.get(next)?.class == Class::Ferry {
                next += 1;
            }
            let first = *self.edges.get(next)?;
            let mut points: Vec<Point> =
                self.shape(next).iter().map(|place| place.point()).collect();
            next += 1;
            while self.edges.get(next).is_some_and(|edge| edge.continues) {
                points.extend(self.shape(next).iter().skip(1).map(|place| place.point()));
                next += 1;
            }
            Some(Line {
                class: first.class,
                name: self.name(&first),
                points,
            })
        })
    }

    /// Returns what lies under the roads; empty if the map held roads alone.
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// The junction at which an arc starts. An arc's number is twice its edge's, plus one for the way back.
    pub(crate) fn tail(&self, arc: u32) -> u32 {
        let edge = &self.edges[arc as usize / 2];
        if arc % 2 == Travel::Forward as u32 {
            edge.from
        } else {
            edge.to
        }
    }

    /// The junction at which an arc ends.
    pub(crate) fn head(&self, arc: u32) -> u32 {
        self.tail(arc ^ 1)
    }

    /// Returns the points of an edge as the map draws it, both ends included; empty if there is no such edge.
    pub fn points_of(&self, edge: u32) -> Vec<Point> {
        let edge = edge as usize;
        if edge >= self.edges.len() {
            return Vec::new();
        }
        self.shape(edge).iter().map(|place| place.point()).collect()
    }

    /// Returns the street name of an edge, if it has one.
    pub fn name_of(&self, edge: u32) -> Option<&str> {
        self.edges
            .get(edge as usize)
            .and_then(|edge| self.name(edge))
    }

    /// The other names of a name: in English, in Chinese.
    pub(crate) fn other_names(&self, name: u32) -> &[String] {
        let others = self.other_names.get(&self.names[name as usize]);
        others.map_or(&[], Vec::as_slice)
    }

    /// The points of an edge, both ends included.
    pub(crate) fn shape(&self, edge: usize) -> &[Fixed] {
        let start = self.edges[edge].first_point as usize;
        let end = self
            .edges
            .get(edge + 1)
            .map_or(self.points.len(), |next| next.first_point as usize);
        &self.points[start..end]
    }

    pub(crate) fn name(&self, edge: &Edge) -> Option<&str> {
        self.names
            .get(edge.name as usize)
            .map(String::as_str)
            .filter(|name| !name.is_empty())
    }

    pub(crate) fn arc(
        &self,
        index: usize,
        travel: Travel,
        profile: Profile,
        length_m: f64,
    ) -> RoadArc<'_> {
        let edge = &self.edges[index];
        let shape = self.shape(index);
        let (first, last) = (shape[0].point(), shape[shape.len() - 1].point());
        let (from, to) = match travel {
            Travel::Forward => (first, last),
            Travel::Backward => (last, first),
        };
        let ms = edge.ms[profile as usize][travel as usize];
        RoadArc {
            edge: index as u32,
            travel,
            class: edge.class,
            name: self.name(edge),
            length_m,
            base_ms: (ms != CLOSED_MS).then_some(ms),
            from,
            to,
        }
    }
}

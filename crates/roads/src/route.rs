//! The fastest way between two points as a line and as the arcs it is made of.
//!
//! The sweep (`sweep.rs`) knows the time left from every place, so the way is found by stepping: from each place along the
//! arc after which exactly the rest is left. Start at [`Router::route`].

use crate::error::NoRoute;
use crate::geo::{Point, slice};
use crate::graph::{CLOSED_MS, Travel};
use crate::router::{Basis, Router, with_off_road};
use crate::snap::Snap;

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

/// A stretch of one edge that is driven.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leg {
    pub(crate) edge: u32,
    /// From where to where along the edge as drawn, 0 to 1.
    pub(crate) from: f64,
    pub(crate) to: f64,
}

impl Router {
    /// Returns the fastest way from one point to another.
    pub fn route(&self, from: Point, to: Point) -> Result<Route, NoRoute> {
        let source = self.snap(from).ok_or(NoRoute::SourceOffNetwork)?;
        let target = self.snap(to).ok_or(NoRoute::TargetOffNetwork)?;
        let mut route = self.route_snapped(&source, &target)?;
        route.points.insert(0, from);
        route.points.push(to);
        route.points.dedup();
        Ok(route)
    }

    /// Returns the fastest way between two points that are already on the network; its line begins and ends on the road.
    pub fn route_snapped(&self, source: &Snap, target: &Snap) -> Result<Route, NoRoute> {
        if !self.knows(source) || !self.knows(target) {
            return Err(NoRoute::OtherGraph);
        }
        let (road_ms, legs) = self.legs(source, target)?;
        let mut points: Vec<Point> = legs.iter().flat_map(|leg| self.line(leg)).collect();
        points.dedup();
        let length_m = points
            .windows(2)
            .map(|pair| pair[0].distance_m(pair[1]))
            .sum();
        Ok(Route {
            time_ms: with_off_road(road_ms, source, target),
            length_m,
            off_road_ms: with_off_road(0, source, target),
            off_road_m: source.distance_m + target.distance_m,
            points,
            basis: Basis::Road,
        })
    }

    fn line(&self, leg: &Leg) -> Vec<Point> {
        slice(self.graph().shape(leg.edge as usize), leg.from, leg.to)
    }

    /// What is driven, in order, and the time of it all in milliseconds.
    fn legs(&self, source: &Snap, target: &Snap) -> Result<(u64, Vec<Leg>), NoRoute> {
        let entries = self.entry_places(target);
        let mut times = self.sweep_to(&entries);
        let ways = self.exits(source).filter_map(|exit| {
            let rest_ms = times.from(self.exit_place(&exit))?;
            Some((u64::from(exit.ms) + u64::from(rest_ms), exit, rest_ms))
        });
        let best = ways.min_by_key(|(time_ms, ..)| *time_ms);
        if let Some(direct_ms) = self.along_one_edge(source, target)
            && best.is_none_or(|(time_ms, ..)| u64::from(direct_ms) <= time_ms)
        {
            let leg = Leg {
                edge: source.edge,
                from: source.along,
                to: target.along,
            };
            return Ok((u64::from(direct_ms), vec![leg]));
        }
        let (road_ms, exit, mut left_ms) = best.ok_or(NoRoute::Unreachable)?;
        let mut legs = Vec::new();
        if let Some(arc) = exit.arc {
            let to = end_of(arc);
            legs.push(Leg {
                edge: source.edge,
                from: source.along,
                to,
            });
        }
        let mut place = self.exit_place(&exit);
        loop {
            let entry = entries
                .iter()
                .find(|entry| entry.place == place && entry.end.ms == left_ms);
            if let Some(entry) = entry {
                legs.extend(entry.end.arc.map(|arc| Leg {
                    edge: target.edge,
                    from: 1.0 - end_of(arc),
                    to: target.along,
                }));
                return Ok((road_ms, legs));
            }
            let next = self.out_arcs(place).find(|&(_, head, ms)| {
                ms <= left_ms
                    && times
                        .from(head)
                        .is_some_and(|rest_ms| ms + rest_ms == left_ms)
            });
            // There is always one: the time left is that of a way.
            let (arc, head, ms) = next.ok_or(NoRoute::Unreachable)?;
            debug_assert!(ms != CLOSED_MS);
            legs.push(Leg {
                edge: arc / 2,
                from: 1.0 - end_of(arc),
                to: end_of(arc),
            });
            place = head;
            left_ms -= ms;
        }
    }
}

/// Where on its edge as drawn an arc ends: 0 or 1.
fn end_of(arc: u32) -> f64 {
    if arc % 2 == Travel::Forward as u32 {
        1.0
    } else {
        0.0
    }
}

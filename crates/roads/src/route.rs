//! The fastest way between two points as a line and as the arcs it is made of.
//!
//! The sweep (`sweep.rs`) knows the time left from every place, so the way is found by stepping: from each place along the
//! arc after which exactly the rest is left. Start at [`Router::route`].

use crate::class::Class;
use crate::error::NoRoute;
use crate::geo::{Point, slice};
use crate::graph::{CLOSED_MS, Travel};
use crate::router::{Basis, Router, with_off_road};
use crate::snap::{Snap, bearing_deg};
use serde::Serialize;
use std::collections::BTreeMap;

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
    /// What the crew does, one after the other; the last is the end.
    pub steps: Vec<Step>,
    /// What the time rests on.
    pub basis: Basis,
}

/// One thing that the crew does, and the stretch after it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// What to do.
    pub manoeuvre: Manoeuvre,
    /// Where.
    pub at: Point,
    /// The name of the road then driven, if it has one.
    pub name: Option<String>,
    /// How long that stretch is, in metres.
    pub length_m: f64,
    /// How long it takes, in milliseconds.
    pub time_ms: u32,
}

/// What a crew does at a junction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Manoeuvre {
    /// Sets out.
    Depart,
    /// Goes straight on, on a road of another name.
    Straight,
    /// Bears left.
    SlightLeft,
    /// Turns left.
    Left,
    /// Turns sharp left.
    SharpLeft,
    /// Bears right.
    SlightRight,
    /// Turns right.
    Right,
    /// Turns sharp right.
    SharpRight,
    /// Turns round.
    TurnRound,
    /// Enters a roundabout and leaves it by this exit, counted from 1.
    Roundabout {
        /// Which.
        exit: u16,
    },
    /// Drives onto a ferry.
    Ferry,
    /// Is there.
    Arrive,
}

/// A stretch of one edge that is driven.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leg {
    pub(crate) edge: u32,
    /// From where to where along the edge as drawn, 0 to 1.
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) ms: u32,
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
        let lines: Vec<Vec<Point>> = legs.iter().map(|leg| self.line(leg)).collect();
        let steps = self.steps(&legs, &lines, target.place);
        let mut points: Vec<Point> = lines.into_iter().flatten().collect();
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
            steps,
            basis: Basis::Road,
        })
    }

    /// Returns how long the map says that the fastest way takes on each class of road, in milliseconds.
    pub(crate) fn mapped_ms_by_class(
        &self,
        source: &Snap,
        target: &Snap,
    ) -> Result<BTreeMap<Class, f64>, NoRoute> {
        if !self.knows(source) || !self.knows(target) {
            return Err(NoRoute::OtherGraph);
        }
        let mut by_class = BTreeMap::new();
        for leg in self.legs(source, target)?.1 {
            let edge = &self.graph().edges[leg.edge as usize];
            let mapped_ms = edge.ms[self.profile() as usize][arc_of(&leg) as usize % 2];
            // What the map forbids and conditions opened has no time by the map.
            if mapped_ms != CLOSED_MS {
                *by_class.entry(edge.class).or_default() +=
                    f64::from(mapped_ms) * (leg.to - leg.from).abs();
            }
        }
        Ok(by_class)
    }

    fn line(&self, leg: &Leg) -> Vec<Point> {
        slice(self.graph().shape(leg.edge as usize), leg.from, leg.to)
    }

    /// What the crew does: legs that go on along one road are one step.
    fn steps(&self, legs: &[Leg], lines: &[Vec<Point>], end: Point) -> Vec<Step> {
        let graph = self.graph();
        let mut steps: Vec<Step> = Vec::new();
        let mut before: Option<(&Leg, &[Point])> = None;
        for (leg, line) in legs.iter().zip(lines) {
            let edge = &graph.edges[leg.edge as usize];
            let (Some(&at), true) = (line.first(), line.len() >= 2) else {
                continue;
            };
            let manoeuvre = match before {
                None => Some(Manoeuvre::Depart),
                Some((last, driven)) => self.manoeuvre(last, leg, driven, line),
            };
            let length_m: f64 = line
                .windows(2)
                .map(|pair| pair[0].distance_m(pair[1]))
                .sum();
            match (manoeuvre, steps.last_mut()) {
                (None, Some(step)) => {
                    // Behind a roundabout, the road that leaves it gives the name.
                    if let Manoeuvre::Roundabout { exit } = &mut step.manoeuvre {
                        if edge.is_roundabout {
                            *exit += u16::from(self.has_exit(leg));
                        } else {
                            step.name = graph.name(edge).map(str::to_owned);
                        }
                    }
                    step.length_m += length_m;
                    step.time_ms = step.time_ms.saturating_add(leg.ms);
                }
                (manoeuvre, _) => steps.push(Step {
                    manoeuvre: manoeuvre.unwrap_or(Manoeuvre::Straight),
                    at,
                    name: graph.name(edge).map(str::to_owned),
                    length_m,
                    time_ms: leg.ms,
                }),
            }
            before = Some((leg, line));
        }
        steps.push(Step {
            manoeuvre: Manoeuvre::Arrive,
            at: end,
            name: None,
            length_m: 0.0,
            time_ms: 0,
        });
        steps
    }

    /// What is done between two legs; none if one simply goes on.
    fn manoeuvre(
        &self,
        last: &Leg,
        next: &Leg,
        driven: &[Point],
        ahead: &[Point],
    ) -> Option<Manoeuvre> {
        let graph = self.graph();
        let [from, to] = [last, next].map(|leg| &graph.edges[leg.edge as usize]);
        if to.is_roundabout || from.is_roundabout {
            let enters = !from.is_roundabout;
            let exit = u16::from(self.has_exit(next));
            return enters.then_some(Manoeuvre::Roundabout { exit });
        }
        if to.class == Class::Ferry {
            return (from.class != Class::Ferry).then_some(Manoeuvre::Ferry);
        }
        let arrives_deg = bearing_deg(driven[driven.len() - 2], driven[driven.len() - 1])?;
        let leaves_deg = bearing_deg(ahead[0], ahead[1])?;
        let right_deg = (leaves_deg - arrives_deg + 540.0).rem_euclid(360.0) - 180.0;
        let turned = turned(right_deg);
        let is_same_road = from.name == to.name && (from.name != 0 || from.class == to.class);
        let bends = matches!(
            turned,
            Manoeuvre::Straight | Manoeuvre::SlightLeft | Manoeuvre::SlightRight
        );
        // A road that bends where no other leaves it is no turn, however much it bends.
        let is_only_way = self.ways_on(last) <= 1 && turned != Manoeuvre::TurnRound;
        (!(is_same_road && (bends || is_only_way))).then_some(turned)
    }

    /// How many ways there are on at the end of a leg besides back.
    fn ways_on(&self, leg: &Leg) -> usize {
        let arc = arc_of(leg);
        let junction = self.graph().head(arc);
        let on = self
            .out_arcs(junction)
            .filter(|(next, ..)| *next != arc ^ 1);
        on.count()
    }

    /// Whether one can leave a roundabout at the end of a leg.
    fn has_exit(&self, leg: &Leg) -> bool {
        let graph = self.graph();
        let mut out = self.out_arcs(graph.head(arc_of(leg)));
        out.any(|(arc, ..)| !graph.edges[arc as usize / 2].is_roundabout)
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
                ms: direct_ms,
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
                ms: exit.ms,
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
                    ms: entry.end.ms,
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
                ms,
            });
            place = head;
            left_ms -= ms;
        }
    }
}

/// The arc of a leg: by the direction in which it is driven.
fn arc_of(leg: &Leg) -> u32 {
    leg.edge * 2 + u32::from(leg.to < leg.from)
}

/// The turn that goes so many degrees to the right.
fn turned(right_deg: f64) -> Manoeuvre {
    let sides = [
        [Manoeuvre::SlightLeft, Manoeuvre::Left, Manoeuvre::SharpLeft],
        [
            Manoeuvre::SlightRight,
            Manoeuvre::Right,
            Manoeuvre::SharpRight,
        ],
    ];
    let [slight, full, sharp] = sides[usize::from(right_deg > 0.0)];
    match right_deg.abs() {
        off if off < 20.0 => Manoeuvre::Straight,
        off if off < 50.0 => slight,
        off if off < 120.0 => full,
        off if off < 170.0 => sharp,
        _ => Manoeuvre::TurnRound,
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

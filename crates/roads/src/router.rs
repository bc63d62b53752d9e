//! Travel times and routes over a road graph under a set of weights.
//!
//! A [`Router`] is immutable and cheap to clone: [`Router::reweighed`] gives another one over the same network with other
//! weights (another hour, a closed street) in milliseconds, while questions in flight go on with the old one. Points are
//! first placed on the network ([`Snap`]); a caller with many units keeps their snaps and asks
//! [`Router::times_to_snapped`]. The router knows nothing of what the points are.
//!
//! A closed street is not driven through. It may still be left by those who stand on it and entered by those who are sent
//! to it, because an incident is often the very reason why it is closed.
//!
//! Turn restrictions bind whoever drives into a junction; whoever stands at one may leave it by any road. A router answers
//! for one [`Profile`] at a time; [`Router::under`] gives the other.

use crate::error::NoRoute;
use crate::geo::Point;
use crate::graph::{CLOSED_MS, RoadArc, RoadGraph, Travel};
use crate::limits::{ARC_MAX_MS, OFF_ROAD_KMH};
use crate::many::by_road;
use crate::network::{Network, Weights};
use crate::profile::Profile;
use crate::snap::Snap;
use crate::sweep::TimesTo;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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

/// A place from which an end on an edge is entered, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) place: u32,
    pub(crate) end: End,
}

/// Answers questions about travel over one graph under one set of weights. `Send`, `Sync`, cheap to clone.
#[derive(Clone)]
pub struct Router {
    pub(crate) network: Arc<Network>,
    /// By [`Profile`].
    by_profile: [Arc<Weights>; 2],
    profile: Profile,
}

impl Router {
    /// Prepares a graph for questions, with the times that the map gives: milliseconds to a second or two, by size.
    pub fn new(graph: Arc<RoadGraph>) -> Router {
        let network = Network::new(graph);
        let by_profile = Profile::ALL.map(|profile| {
            let edges = network.graph.edges.iter();
            let base = edges.flat_map(|edge| edge.ms[profile as usize]).collect();
            Arc::new(Weights::new(&network, profile, base))
        });
        Router {
            network: Arc::new(network),
            by_profile,
            profile: Profile::default(),
        }
    }

    /// Returns a router over the same network and weights that answers for the other profile, or the same.
    pub fn under(&self, profile: Profile) -> Router {
        Router {
            profile,
            ..self.clone()
        }
    }

    /// Returns every arc with its time by the map under this profile, the directions that the map forbids included.
    pub fn arcs(&self) -> impl Iterator<Item = RoadArc<'_>> {
        self.network.arcs(self.profile)
    }

    /// Returns for whom it answers.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Returns a router over the same network with the weight in milliseconds that `weigh` gives each arc under the present
    /// profile; none closes it. The other profile keeps its weights.
    ///
    /// Arcs that the map forbids are asked for too (`base_ms` is none): giving one a weight opens it.
    pub fn reweighed(&self, weigh: &dyn Fn(&RoadArc<'_>) -> Option<u32>) -> Router {
        let weight = |arc: RoadArc<'_>| weigh(&arc).map_or(CLOSED_MS, |ms| ms.clamp(1, ARC_MAX_MS));
        let ms: Vec<u32> = self.network.arcs(self.profile).map(weight).collect();
        let mut other = self.clone();
        let weights = self.weights().changed(&self.network, self.profile, ms);
        other.by_profile[self.profile as usize] = Arc::new(weights);
        other
    }

    /// Returns a router over the same network with the weights by arc that `ms` gives for each profile.
    pub(crate) fn with_weights(&self, ms: &dyn Fn(Profile) -> Vec<u32>) -> Router {
        let by_profile = Profile::ALL.map(|profile| {
            let (now, ms) = (&self.by_profile[profile as usize], ms(profile));
            if now.ms == ms {
                Arc::clone(now)
            } else {
                Arc::new(now.changed(&self.network, profile, ms))
            }
        });
        Router {
            by_profile,
            ..self.clone()
        }
    }

    pub(crate) fn weights(&self) -> &Weights {
        &self.by_profile[self.profile as usize]
    }

    /// Returns the graph underneath.
    pub fn graph(&self) -> &Arc<RoadGraph> {
        &self.network.graph
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
        let mut times = self.sweep_to(&self.entry_places(target));
        let time = |source: Result<Snap, NoRoute>| {
            let source = source?;
            if !self.knows(&source) {
                return Err(NoRoute::OtherGraph);
            }
            let road_ms = self.road_ms(&mut times, &source, target);
            let road_ms = road_ms.ok_or(NoRoute::Unreachable)?;
            Ok(by_road(with_off_road(road_ms, &source, target)))
        };
        sources.map(time).collect()
    }

    /// The time on the road from a source to a target to which `times` leads, in milliseconds.
    pub(crate) fn road_ms(
        &self,
        times: &mut TimesTo<'_>,
        source: &Snap,
        target: &Snap,
    ) -> Option<u64> {
        let by_junctions = self.exits(source).filter_map(|exit| {
            let rest_ms = times.from(self.exit_place(&exit))?;
            Some(u64::from(exit.ms) + u64::from(rest_ms))
        });
        by_junctions
            .chain(self.along_one_edge(source, target).map(u64::from))
            .min()
    }

    pub(crate) fn knows(&self, snap: &Snap) -> bool {
        snap.fingerprint == self.network.graph.fingerprint
            && (snap.edge as usize) < self.network.graph.edges.len()
    }

    pub(crate) fn sweep_to(&self, entries: &[Entry]) -> TimesTo<'_> {
        let entries = entries.iter().map(|entry| (entry.place, entry.end.ms));
        TimesTo::new(&self.network.cch, &self.weights().metric, entries)
    }

    /// The times along an edge by direction, for those who start or end on it: a closed street is open to those within.
    fn own_ms(&self, snap: &Snap) -> [u32; 2] {
        let first = snap.edge as usize * 2;
        let ms = &self.weights().ms;
        let now = [ms[first], ms[first + 1]];
        if now != [CLOSED_MS; 2] || snap.stands_at().is_some() {
            return now;
        }
        let mapped = &self.network.graph.edges[snap.edge as usize].ms;
        let own = mapped[self.profile as usize];
        if own == [CLOSED_MS; 2] {
            // Where only those with lights and siren may go, the others are when they are there.
            mapped[Profile::Siren as usize]
        } else {
            own
        }
    }

    /// The junctions that a start on an edge can leave by, and the time to each in milliseconds.
    pub(crate) fn exits(&self, snap: &Snap) -> impl Iterator<Item = End> {
        let ends = match snap.stands_at() {
            Some(travel) => [Some(self.at_end(snap, travel)), None],
            None => Travel::BOTH.map(|travel| {
                let goes_there = snap.going.is_none_or(|going| going == travel);
                let ms = self.own_ms(snap)[travel as usize];
                (goes_there && ms != CLOSED_MS).then(|| {
                    let arc = snap.edge * 2 + travel as u32;
                    let left = match travel {
                        Travel::Forward => 1.0 - snap.along,
                        Travel::Backward => snap.along,
                    };
                    End {
                        junction: self.network.graph.head(arc),
                        arc: Some(arc),
                        ms: share_ms(ms, left),
                    }
                })
            }),
        };
        ends.into_iter().flatten()
    }

    /// The same; none for a place on another graph.
    pub(crate) fn exits_known(&self, snap: &Snap) -> impl Iterator<Item = End> {
        let known = self.knows(snap).then(|| self.exits(snap));
        known.into_iter().flatten()
    }

    /// The junctions from which an end on an edge can be reached, and the time from each in milliseconds.
    pub(crate) fn entries(&self, snap: &Snap) -> impl Iterator<Item = End> {
        let ends = match snap.place_at() {
            Some(travel) => [Some(self.at_end(snap, travel)), None],
            None => Travel::BOTH.map(|travel| {
                let ms = self.own_ms(snap)[travel as usize];
                (ms != CLOSED_MS).then(|| {
                    let arc = snap.edge * 2 + travel as u32;
                    let driven = match travel {
                        Travel::Forward => snap.along,
                        Travel::Backward => 1.0 - snap.along,
                    };
                    End {
                        junction: self.network.graph.tail(arc),
                        arc: Some(arc),
                        ms: share_ms(ms, driven),
                    }
                })
            }),
        };
        ends.into_iter().flatten()
    }

    /// The junction at the end of an edge, for whoever is at it.
    fn at_end(&self, snap: &Snap, travel: Travel) -> End {
        End {
            junction: self.network.graph.head(snap.edge * 2 + travel as u32),
            arc: None,
            ms: 0,
        }
    }

    /// The place of whoever has left an edge by an exit.
    pub(crate) fn exit_place(&self, exit: &End) -> u32 {
        exit.arc
            .map_or(exit.junction, |arc| self.network.head_of_arc(arc))
    }

    /// Every place from which an end on an edge can be entered: of the copies of a junction those that may turn into it.
    pub(crate) fn entry_places(&self, target: &Snap) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(2);
        for end in self.entries(target) {
            let may_enter = |place: &u32| {
                end.arc.is_none_or(|arc| {
                    let mut steps = self.network.steps(*place).iter();
                    steps.any(|step| step.arc == arc && step.is_allowed(self.profile))
                })
            };
            let places = self.network.places_at(end.junction).filter(may_enter);
            entries.extend(places.map(|place| Entry { place, end }));
        }
        entries
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
        if source.going.is_some_and(|going| going != travel) {
            return None;
        }
        let ms = [source, target].map(|end| self.own_ms(end)[travel as usize]);
        let ms = ms[0].min(ms[1]);
        (ms != CLOSED_MS).then(|| share_ms(ms, step.abs()))
    }

    /// The weight of one direction of an edge, in milliseconds or [`CLOSED_MS`].
    pub(crate) fn arc_ms(&self, edge: usize, travel: Travel) -> u32 {
        self.weights().ms[edge * 2 + travel as usize]
    }

    /// The open steps out of a place: number of the arc, place it leads to, weight in milliseconds.
    pub(crate) fn out_arcs(&self, place: u32) -> impl Iterator<Item = (u32, u32, u32)> {
        let steps = self.network.steps(place).iter();
        steps.filter_map(move |step| {
            let ms = self.weights().ms[step.arc as usize];
            let is_open = ms != CLOSED_MS && step.is_allowed(self.profile);
            is_open.then_some((step.arc, step.head, ms))
        })
    }
}

/// A way off an edge or onto it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    /// The junction at its end.
    pub(crate) junction: u32,
    /// The arc that is driven to the junction, or from it; none for whoever is at it.
    pub(crate) arc: Option<u32>,
    /// The time between it and the place on the edge, in milliseconds.
    pub(crate) ms: u32,
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

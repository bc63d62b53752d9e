//! Travel times for recommendations: by road where the node has a road network, else by straight line and said so.
//!
//! This is the one place where the domain's units meet the road graph; neither knows the other.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use watchfire_core::basis::{Point, Priority, Timestamp, TravelBasis, TravelTime, UnitId};
use watchfire_core::board::Board;
use watchfire_core::monitoring::Nearest;
use watchfire_core::plan::ResponseFile;
use watchfire_core::recommend::{self, Origin, Recommendation, StartsFrom, Weighed};
use watchfire_core::record::incident::Incident;
use watchfire_core::record::unit::Unit;
use watchfire_roads::{Area, Basis, Motion, NoRoute, Profile, Route, Router, Snap, StraightLine};

use crate::atlas::Atlas;
use crate::conditions::{Conditions, InForce};
use crate::positions::{Position, Positions};
use crate::road_hours::RoadHours;
use serde::{Deserialize, Serialize};
use watchfire_roads::calibrate::Factors;

/// How many snapped points are remembered for sure, and twice as many at most; units stand still for most of a night.
const SNAPS_KEPT: usize = 25_000;
/// How long a unit is taken to head where it headed, in seconds.
const HEADING_KEPT_S: u32 = 30;
/// A position has a heading only if the unit moves; this is as fast as any.
const MOVING_KMH: f64 = 30.0;

/// Which of the times that a run may take is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimate {
    /// Half of the runs take at most this.
    P50,
    /// Nine of ten runs take at most this.
    P90,
}

/// Where somebody sets out from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Start {
    /// The point.
    pub point: Point,
    /// Where it heads, in degrees clockwise from north, if it moves: it is timed from where it can turn.
    pub heading_deg: Option<u16>,
}

impl From<Point> for Start {
    fn from(point: Point) -> Start {
        Start {
            point,
            heading_deg: None,
        }
    }
}

/// Points that were placed on the road, the latest and those before. What is asked for again stays.
#[derive(Default)]
struct Snaps {
    latest: BTreeMap<Start, Option<Snap>>,
    before: BTreeMap<Start, Option<Snap>>,
}

impl Snaps {
    fn get(&mut self, start: Start, snap: impl FnOnce() -> Option<Snap>) -> Option<Snap> {
        if let Some(known) = self.latest.get(&start) {
            return *known;
        }
        let found = self.before.remove(&start).unwrap_or_else(snap);
        if self.latest.len() >= SNAPS_KEPT {
            self.before = std::mem::take(&mut self.latest);
        }
        self.latest.insert(start, found);
        found
    }
}

/// Computes travel times.
pub struct Travel {
    conditions: Conditions,
    straight: StraightLine,
    /// Percent put on road times, for what the network does not know (lights, turns, bridges).
    factor_percent: u32,
    /// The least urgent incidents that units drive to with lights and siren; none: to nothing.
    siren_to: Option<Priority>,
    /// What an agency's own runs taught, and which of the times that follow from it is taken.
    learned: Option<(Factors, Estimate)>,
    atlas: Atlas,
    snaps: Mutex<Snaps>,
}

impl Travel {
    /// Makes it from a road network, if there is one, and what to do without.
    pub fn new(router: Option<Arc<Router>>, straight: StraightLine, factor_percent: u32) -> Travel {
        Travel {
            atlas: Atlas::new(router.clone(), Vec::new()),
            conditions: Conditions::new(router),
            straight,
            factor_percent,
            siren_to: None,
            learned: None,
            snaps: Mutex::default(),
        }
    }

    /// Gives the map named areas (districts, quarters) that its file does not hold.
    pub fn with_areas(self, areas: Vec<Area>) -> Travel {
        Travel {
            atlas: Atlas::new(self.router(), areas),
            ..self
        }
    }

    /// Gives road times what was learned of an agency's own runs, for the hours of a time zone.
    pub fn with_learned(
        self,
        factors: Factors,
        estimate: Estimate,
        zone: jiff::tz::TimeZone,
    ) -> Travel {
        let hours = RoadHours::learned(&factors);
        Travel {
            learned: Some((factors, estimate)),
            ..self.with_hours(hours, zone)
        }
    }

    /// Has units drive with lights and siren to incidents of this priority and more urgent ones.
    pub fn with_siren_to(self, priority: Priority) -> Travel {
        Travel {
            siren_to: Some(priority),
            ..self
        }
    }

    /// Returns how units drive to an incident of a priority.
    pub fn driven(&self, priority: Priority) -> Profile {
        match self.siren_to {
            Some(least) if priority <= least => Profile::Siren,
            _ => Profile::Plain,
        }
    }

    /// Gives road times speeds by hour, for the hours of a time zone.
    pub fn with_hours(self, hours: RoadHours, zone: jiff::tz::TimeZone) -> Travel {
        Travel {
            conditions: self.conditions.with_hours(hours, zone),
            ..self
        }
    }

    /// Returns what is known of the map besides travel times.
    pub fn atlas(&self) -> &Atlas {
        &self.atlas
    }

    /// Returns the road network as it is now, if there is one.
    pub fn router(&self) -> Option<Arc<Router>> {
        let now = self.conditions.in_force();
        now.map(|now| Arc::clone(&now.router))
    }

    /// Returns the road conditions that its times rest on.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// Returns which road network and stretching its times rest on; none where they are by straight line.
    pub fn version(&self) -> Option<String> {
        let router = self.router()?;
        let network = router.graph().fingerprint();
        let siren = self
            .siren_to
            .map(|least| format!("-siren{}", u8::from(least)));
        let siren = siren.unwrap_or_default();
        Some(format!("{network:08x}-{}{siren}", self.factor_percent))
    }

    /// Returns what its times rest on.
    pub fn basis(&self) -> TravelBasis {
        if self.conditions.in_force().is_some() {
            TravelBasis::Road
        } else {
            TravelBasis::StraightLine
        }
    }

    /// Returns the percent put on road times.
    pub fn factor_percent(&self) -> u32 {
        self.factor_percent
    }

    /// Returns the factor put on the straight line, in percent, and its speed in km/h.
    pub fn straight(&self) -> &StraightLine {
        &self.straight
    }

    /// Returns the time from each source to one target, driven as everybody does; none where no way leads there.
    pub fn times_to(&self, target: Point, sources: &[Point]) -> Vec<Option<TravelTime>> {
        let starts: Vec<Start> = sources.iter().copied().map(Start::from).collect();
        self.times_driven(Profile::Plain, target, &starts)
    }

    /// Returns the time from each source to one target, driven so; none where no way leads there.
    pub fn times_driven(
        &self,
        driven: Profile,
        target: Point,
        sources: &[Start],
    ) -> Vec<Option<TravelTime>> {
        match self.router() {
            Some(router) => self.road_times(&router.under(driven), target, sources),
            None => self.straight_times(target, sources),
        }
    }

    /// Returns the time from each source to one target under conditions, and by how many seconds each is later than usual.
    fn times_now(
        &self,
        now: Option<&InForce>,
        driven: Profile,
        target: Point,
        sources: &[Start],
    ) -> Vec<(Option<TravelTime>, u32)> {
        let Some(now) = now else {
            let times = self.straight_times(target, sources).into_iter();
            return times.map(|time| (time, 0)).collect();
        };
        let times = self.road_times(&now.router.under(driven), target, sources);
        if !now.has_conditions() {
            return times.into_iter().map(|time| (time, 0)).collect();
        }
        let usual = self.road_times(&now.usual.under(driven), target, sources);
        let later = |(time, usual): (Option<TravelTime>, Option<TravelTime>)| {
            let later_s = time.zip(usual).map_or(0, |(time, usual)| {
                time.seconds.saturating_sub(usual.seconds)
            });
            (time, later_s)
        };
        times.into_iter().zip(usual).map(later).collect()
    }

    fn straight_times(&self, target: Point, sources: &[Start]) -> Vec<Option<TravelTime>> {
        let points: Vec<_> = sources
            .iter()
            .map(|source| road_point(source.point))
            .collect();
        let times = self.straight.times_to(road_point(target), &points);
        times.into_iter().map(|time| self.time(time)).collect()
    }

    /// Places points on the road before anybody asks, so that who asks need not wait for it.
    pub fn expect(&self, starts: impl Iterator<Item = Start>) {
        if let Some(router) = self.router() {
            for start in starts {
                self.snap(&router, start);
            }
        }
    }

    /// Returns whether the road network reaches as far as a point; true where there is none to ask.
    pub fn reaches(&self, point: Point) -> bool {
        self.router()
            .is_none_or(|router| self.snap(&router, point.into()).is_some())
    }

    fn road_times(
        &self,
        router: &Router,
        target: Point,
        sources: &[Start],
    ) -> Vec<Option<TravelTime>> {
        // Where the map ends people still need help: a time by straight line, which says so, beats none. It is
        // another thing where the map knows both ends and no road between them.
        let Some(snapped_target) = self.snap(router, target.into()) else {
            return self.straight_times(target, sources);
        };
        let snapped: Vec<Option<Snap>> = sources
            .iter()
            .map(|source| self.snap(router, *source))
            .collect();
        let known: Vec<Snap> = snapped.iter().flatten().cloned().collect();
        let mut times = router.times_to_snapped(&snapped_target, &known).into_iter();
        let mut next = || times.next().and_then(|time| self.time(time));
        let one = |(snap, source): (&Option<Snap>, &Start)| match snap {
            Some(_) => next(),
            None => self.straight_times(target, &[*source])[0],
        };
        snapped.iter().zip(sources).map(one).collect()
    }

    /// Returns for each target which two of the sources are soonest there, with their seconds, as [`Travel::times_to`] would
    /// time them; whoever needs longer than `within_s` is left out. One search for all of them.
    pub fn two_soonest(&self, targets: &[Point], sources: &[Start], within_s: u32) -> Vec<Nearest> {
        let Some(router) = self.router() else {
            let all: Vec<u32> = (0u32..).take(sources.len()).collect();
            let straight = |target: &Point| self.two_straight(*target, sources, &all, within_s);
            return targets.iter().map(straight).collect();
        };
        let snap = |start: Start| self.snap(&router, start);
        let places: Vec<Option<Snap>> = targets.iter().map(|one| snap((*one).into())).collect();
        let starts: Vec<Option<Snap>> = sources.iter().map(|one| snap(*one)).collect();
        let numbered = starts.iter().zip(0u32..);
        let (known, numbers): (Vec<Snap>, Vec<u32>) = numbered
            .clone()
            .filter_map(|(snap, number)| Some(((*snap)?, number)))
            .unzip();
        // Who is off the map is timed by straight line, as anywhere else.
        let off: Vec<u32> = numbered
            .filter_map(|(snap, number)| snap.is_none().then_some(number))
            .collect();
        let all: Vec<u32> = (0u32..).take(sources.len()).collect();
        let on_map: Vec<Snap> = places.iter().flatten().copied().collect();
        let found = router.two_soonest(&known, &on_map, self.road_bound_ms(within_s));
        let mut found = found.unwrap_or_default().into_iter();
        let one = |(place, target): (&Option<Snap>, &Point)| {
            if place.is_none() {
                return self.two_straight(*target, sources, &all, within_s);
            }
            let found = found.next().unwrap_or_default();
            let timed = |one: Option<(u32, u32)>| {
                let (number, time_ms) = one?;
                let basis = Basis::Road;
                let time = self.time(Ok(watchfire_roads::TravelTime { time_ms, basis }))?;
                let number = *numbers.get(number as usize)?;
                Some((number, time.seconds)).filter(|_| time.seconds <= within_s)
            };
            let mut nearest = Nearest {
                first: timed(found.first),
                second: timed(found.second),
            };
            if !off.is_empty() {
                let straight = self.two_straight(*target, sources, &off, within_s);
                for one in [straight.first, straight.second].into_iter().flatten() {
                    nearest.offer(one);
                }
            }
            nearest
        };
        places.iter().zip(targets).map(one).collect()
    }

    /// Up to which time on the road somebody may be within so many seconds once it is stretched.
    fn road_bound_ms(&self, within_s: u32) -> u32 {
        let percent = u64::from(self.factor_percent.max(1));
        let bound_ms = u64::from(within_s) * 1_000 * 100 / percent + 1_000;
        // What an agency's own runs taught may be sooner than the map says, never by more than half.
        let bound_ms = bound_ms * if self.learned.is_some() { 2 } else { 1 };
        u32::try_from(bound_ms).unwrap_or(u32::MAX)
    }

    /// The two of some sources that are soonest at a target by straight line.
    fn two_straight(
        &self,
        target: Point,
        sources: &[Start],
        which: &[u32],
        within_s: u32,
    ) -> Nearest {
        let east = target.lat().to_radians().cos();
        let off = |point: Point| {
            let (north, east) = (
                point.lat() - target.lat(),
                (point.lon() - target.lon()) * east,
            );
            north * north + east * east
        };
        // Compared on a plane, which is right about who is nearer within any city; timed as everywhere.
        let mut best: [Option<(f64, u32)>; 2] = [None; 2];
        for number in which {
            let Some(source) = sources.get(*number as usize) else {
                continue;
            };
            let one = (off(source.point), *number);
            if best[0].is_none_or(|first| one < first) {
                best = [Some(one), best[0]];
            } else if best[1].is_none_or(|second| one < second) {
                best[1] = Some(one);
            }
        }
        let timed = |one: Option<(f64, u32)>| {
            let (_, number) = one?;
            let source = *sources.get(number as usize)?;
            let time = self.straight_times(target, &[source])[0]?;
            Some((number, time.seconds)).filter(|_| time.seconds <= within_s)
        };
        Nearest {
            first: timed(best[0]),
            second: timed(best[1]),
        }
    }

    fn snap(&self, router: &Router, start: Start) -> Option<Snap> {
        let mut snaps = self
            .snaps
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let snap = || match start.heading_deg {
            None => router.snap(road_point(start.point)),
            Some(heading_deg) => {
                let motion = Motion {
                    heading_deg: f64::from(heading_deg),
                    speed_kmh: MOVING_KMH,
                };
                router.snap_moving(road_point(start.point), motion)
            }
        };
        snaps.get(start, snap)
    }

    /// Returns the fastest way by road, and how long it takes by all that is known; none without a road network.
    pub fn route(
        &self,
        driven: Profile,
        start: Start,
        target: Point,
    ) -> Option<Result<(Route, TravelTime), NoRoute>> {
        let router = self.router()?.under(driven);
        let ends = self
            .snap(&router, start)
            .ok_or(NoRoute::SourceOffNetwork)
            .and_then(|source| {
                let target = self.snap(&router, target.into());
                Ok((source, target.ok_or(NoRoute::TargetOffNetwork)?))
            });
        let found = ends.and_then(|(source, target_snap)| {
            let mut route = router.route_snapped(&source, &target_snap)?;
            route.points.insert(0, road_point(start.point));
            route.points.push(road_point(target));
            route.points.dedup();
            Ok(route)
        });
        Some(found.and_then(|route| {
            let time = watchfire_roads::TravelTime {
                time_ms: route.time_ms,
                basis: route.basis,
            };
            let time = self.time(Ok(time)).ok_or(NoRoute::Unreachable)?;
            Ok((route, time))
        }))
    }

    fn time(&self, time: Result<watchfire_roads::TravelTime, NoRoute>) -> Option<TravelTime> {
        let time = time.ok()?;
        let (basis, percent) = match time.basis {
            Basis::Road => (TravelBasis::Road, self.factor_percent),
            Basis::StraightLine => (TravelBasis::StraightLine, 100),
        };
        let learned = self.learned.as_ref().filter(|_| time.basis == Basis::Road);
        let time_ms = learned.map_or(time.time_ms, |(factors, estimate)| {
            let quantiles = factors.quantiles(time.time_ms);
            match estimate {
                Estimate::P50 => quantiles.p50_ms,
                Estimate::P90 => quantiles.p90_ms,
            }
        });
        let ms = u64::from(time_ms) * u64::from(percent) / 100;
        Some(TravelTime {
            seconds: u32::try_from(ms.div_ceil(1_000)).unwrap_or(u32::MAX),
            basis,
        })
    }

    /// Recommends what to send to an incident as things stand; with `weighed`, time is weighed against cover.
    pub fn recommend(
        &self,
        board: &Board,
        response: &ResponseFile,
        positions: &Positions,
        incident: &Incident,
        weighed: Option<&Weighed>,
        now: Timestamp,
    ) -> Recommendation {
        // Taken once: all times of one recommendation rest on the same conditions.
        let roads = self.conditions.in_force();
        let origins = self.origins(roads.as_deref(), board, positions, incident, now);
        Recommendation {
            siren: roads.is_some() && self.driven(incident.priority) == Profile::Siren,
            conditions_version: roads.map(|roads| roads.version),
            ..recommend::recommend(board, response, incident, &origins, weighed, now)
        }
    }

    /// Returns where each unit that could be sent would start from and how long it would need.
    pub fn origins(
        &self,
        roads: Option<&InForce>,
        board: &Board,
        positions: &Positions,
        incident: &Incident,
        now: Timestamp,
    ) -> BTreeMap<UnitId, Origin> {
        let mut units = Vec::new();
        let mut starts = Vec::new();
        positions.read(|known| {
            for unit in recommend::sendable(board, incident, now) {
                if let Some((start, from)) = whereabouts(board, known.get(&unit.id), unit, now) {
                    units.push((unit.id, from));
                    starts.push(start);
                }
            }
        });
        let driven = self.driven(incident.priority);
        let times = self.times_now(roads, driven, incident.place.point, &starts);
        units
            .into_iter()
            .zip(times)
            .map(|((unit, from), (travel, later_s))| {
                let origin = Origin {
                    travel,
                    from,
                    later_s,
                };
                (unit, origin)
            })
            .collect()
    }
}

impl Position {
    /// Returns where its unit would set out from, so many seconds after it was there.
    pub fn start(&self, age_s: u32) -> Start {
        Start {
            point: self.point,
            heading_deg: self.heading_deg.filter(|_| age_s <= HEADING_KEPT_S),
        }
    }
}

/// Returns where a unit is, as well as is known: its last position, else its station or post.
pub fn whereabouts(
    board: &Board,
    known: Option<&Position>,
    unit: &Unit,
    now: Timestamp,
) -> Option<(Start, StartsFrom)> {
    if let Some(position) = known {
        let age_s = u32::try_from(now.seconds_since(position.at)).unwrap_or(u32::MAX);
        return Some((position.start(age_s), StartsFrom::Position { age_s }));
    }
    let station = unit
        .waits_at()
        .and_then(|station| board.stations.get(&station));
    let point = station
        .map(|station| station.details.place.point)
        .or(unit.details.post)?;
    Some((point.into(), StartsFrom::Post))
}

fn road_point(point: Point) -> watchfire_roads::Point {
    watchfire_roads::Point {
        lat: point.lat(),
        lon: point.lon(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One street, two kilometres long.
    const MAP: &str = r#"<osm version="0.6">
        <node id="1" lat="30" lon="120"/><node id="2" lat="30.009" lon="120"/><node id="3" lat="30.018" lon="120"/>
        <way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/></way></osm>"#;

    #[test]
    fn where_the_map_ends_times_are_by_straight_line_and_say_so() {
        let options = watchfire_roads::BuildOptions::default();
        let format = watchfire_roads::Format::detect("a.osm", MAP.as_bytes()).unwrap();
        let (graph, _) =
            watchfire_roads::build(format, MAP.as_bytes(), &options, &mut |_, _, _| {}).unwrap();
        let router = Arc::new(Router::new(Arc::new(graph)));
        let travel = Travel::new(Some(router), StraightLine::default(), 100);
        let at = |lat: f64, lon: f64| Point::from_degrees(lat, lon).unwrap();
        let (start, end, far) = (at(30.0, 120.0), at(30.018, 120.0), at(30.0, 120.1));
        let basis = |target, source| travel.times_to(target, &[source])[0].map(|time| time.basis);
        assert_eq!(basis(end, start), Some(TravelBasis::Road));
        assert_eq!(basis(far, start), Some(TravelBasis::StraightLine));
        assert_eq!(basis(start, far), Some(TravelBasis::StraightLine));
        assert!(travel.reaches(start) && !travel.reaches(far));
        let mixed = travel.times_to(end, &[far, start]);
        let mixed = mixed.iter().map(|time| time.map(|time| time.basis));
        let expected = [TravelBasis::StraightLine, TravelBasis::Road];
        assert!(mixed.eq(expected.map(Some)));
    }
}

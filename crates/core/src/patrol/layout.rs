//! A patrol plan put to the search for routes, and the routes put back as rounds.
//!
//! The host is asked for the times between [`Layout::points`], in that order, and hands them to [`Layout::problem`]; what the
//! search finds becomes a [`Proposal`] by [`Layout::proposal`]. Visits whose time is over and those that were reported
//! are left out, so that the same steps lay out a shift before it begins and what is left of it when a unit is called away.
//! Volunteers are sent only to points that are open to them. Start at [`Layout::new`].

use std::collections::BTreeMap;

use super::{Promised, VisitName, promised};
use crate::basis::{Point, Text, Timestamp, TravelBasis, TravelTime, UnitId};
use crate::record::patrol::{Leg, Patrol, Round};
use crate::routing::{BadProblem, NO_WAY, Problem, Solution, Task, Vehicle};

/// Any unit may do it.
const UNITS: u64 = 1;
/// Volunteers may do it.
const VOLUNTEERS: u64 = 2;
/// What it costs to leave a visit out, in seconds: more than any way there and back within a day, so that none is left out to
/// spare a way; small enough that a plan's sum stays far below what can be counted.
const PRICE_S: i32 = 1_000_000;

/// Where and when a unit can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begins {
    /// Where it is, or will be.
    pub at: Point,
    /// Where it must be at the end.
    pub end: Point,
    /// When it can set out.
    pub from: Timestamp,
    /// Whether it is a team of volunteers.
    pub volunteers: bool,
}

/// Why a visit is in no round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// No way leads there from where any unit begins.
    NoWay,
    /// Only volunteers are there to go, and the point is not open to them.
    NotForVolunteers,
    /// There is not time enough, or nobody free at that time.
    NoTime,
}

impl Trouble {
    /// Returns the stable code programs look at.
    pub fn code(self) -> &'static str {
        match self {
            Trouble::NoWay => "no_way",
            Trouble::NotForVolunteers => "not_for_volunteers",
            Trouble::NoTime => "no_time",
        }
    }

    /// Returns it in words.
    pub fn text(self) -> Text {
        match self {
            Trouble::NoWay => Text::new(
                "no way leads there from where a unit begins",
                "从各力量的起点无路可达",
            ),
            Trouble::NotForVolunteers => Text::new(
                "only volunteers could go, and the point is not open to them",
                "仅有志愿者可用，而该点不对志愿者开放",
            ),
            Trouble::NoTime => Text::new(
                "no unit has the time for it within its window",
                "时段内没有力量来得及到达",
            ),
        }
    }
}

/// Rounds that are proposed, and what they leave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// A round for each unit that could begin; one that has nothing to do has no legs.
    pub rounds: Vec<Round>,
    /// The visits in no round, and why.
    pub left_out: Vec<(VisitName, Trouble)>,
    /// The time all units are under way together, in seconds.
    pub under_way_s: u64,
}

/// A patrol plan as it is put to the search.
#[derive(Debug, Clone)]
pub struct Layout {
    zero: Timestamp,
    units: Vec<(UnitId, Begins)>,
    visits: Vec<Promised>,
    places: Vec<Point>,
    at: BTreeMap<Point, usize>,
    patrol: Patrol,
}

impl Layout {
    /// Takes a plan as it is at `now`, and the units that can begin.
    pub fn new(patrol: &Patrol, units: BTreeMap<UnitId, Begins>, now: Timestamp) -> Layout {
        let zero = now.max(patrol.details.from);
        let open = |one: &Promised| one.until >= zero && patrol.report(one.name).is_none();
        let visits: Vec<Promised> = promised(&patrol.details).into_iter().filter(open).collect();
        let mut layout = Layout {
            zero,
            units: units.into_iter().collect(),
            visits,
            places: Vec::new(),
            at: BTreeMap::new(),
            patrol: patrol.clone(),
        };
        let ends: Vec<Point> = {
            let units = layout.units.iter();
            let units = units.flat_map(|(_, begins)| [begins.at, begins.end]);
            let points = patrol.details.points.iter();
            let points = points.flat_map(|point| [point.at, point.to.unwrap_or(point.at)]);
            units.chain(points).collect()
        };
        for end in ends {
            let next = layout.places.len();
            if *layout.at.entry(end).or_insert(next) == next {
                layout.places.push(end);
            }
        }
        layout
    }

    /// Returns the points between which times are needed, each once.
    pub fn points(&self) -> &[Point] {
        &self.places
    }

    /// Puts the plan to the search. `times` holds, line by line, the time from each of [`Layout::points`] to each.
    pub fn problem(&self, times: &[Option<TravelTime>]) -> Result<Problem, BadProblem> {
        let seconds = |time: &Option<TravelTime>| {
            time.map_or(NO_WAY, |time| {
                i32::try_from(time.seconds).unwrap_or(NO_WAY).min(NO_WAY)
            })
        };
        let travel: Vec<i32> = times.iter().map(seconds).collect();
        let tasks = self.visits.iter().map(|visit| self.task(visit)).collect();
        let end = self.offset(self.patrol.details.until);
        let vehicle = |(_, begins): &(UnitId, Begins)| Vehicle {
            start: self.at[&begins.at],
            end: self.at[&begins.end],
            from: self.offset(begins.from),
            until: end,
            room: i32::from(i16::MAX),
            groups: if begins.volunteers { VOLUNTEERS } else { UNITS },
        };
        let vehicles = self.units.iter().map(vehicle).collect();
        Problem::new(self.places.len(), travel, tasks, vehicles)
    }

    fn task(&self, visit: &Promised) -> Task {
        let point = self.patrol.point(visit.name.point);
        let at = |point: Option<Point>| point.and_then(|point| self.at.get(&point)).copied();
        let enter = at(point.map(|point| point.at)).unwrap_or(0);
        let leave = at(point.and_then(|point| point.to)).unwrap_or(enter);
        let volunteers = point.is_some_and(|point| point.volunteers);
        Task {
            enter,
            leave,
            service: point.map_or(0, |point| i32::from(point.stay_min) * 60),
            open: self.offset(visit.from),
            close: self.offset(visit.until),
            load: 0,
            price: PRICE_S,
            groups: if volunteers {
                UNITS | VOLUNTEERS
            } else {
                UNITS
            },
        }
    }

    /// Returns the whole seconds from the beginning of the layout to a time; none are below zero.
    fn offset(&self, time: Timestamp) -> i32 {
        let seconds = time.0.saturating_sub(self.zero.0).max(0) / 1_000;
        i32::try_from(seconds).unwrap_or(NO_WAY).min(NO_WAY)
    }

    fn time(&self, offset: i32) -> Timestamp {
        Timestamp(self.zero.0 + i64::from(offset) * 1_000)
    }

    /// Reads what was found back as rounds. `times` are those that the problem was made of.
    pub fn proposal(
        &self,
        problem: &Problem,
        found: &Solution,
        times: &[Option<TravelTime>],
    ) -> Proposal {
        let mut proposal = Proposal {
            rounds: Vec::new(),
            left_out: Vec::new(),
            under_way_s: 0,
        };
        for (vehicle, (unit, begins)) in self.units.iter().enumerate() {
            let route = found.routes.get(vehicle).map_or(&[][..], Vec::as_slice);
            // The search keeps every rule; a round that did not would have no times, and is left empty.
            let (begun, back) = problem
                .times(vehicle, route)
                .unwrap_or((Vec::new(), self.offset(begins.from)));
            let leg = |(task, at): (&usize, &i32)| Leg {
                point: self.visits[*task].name.point,
                visit: self.visits[*task].name.visit,
                at: self.time(*at),
            };
            proposal.under_way_s +=
                u64::try_from(problem.under_way(vehicle, route)).unwrap_or_default();
            proposal.rounds.push(Round {
                unit: *unit,
                legs: route.iter().zip(&begun).map(leg).collect(),
                back_at: self.time(back),
                basis: self.basis(begins, problem, route, times),
            });
        }
        for task in &found.left_out {
            let name = self.visits[*task].name;
            proposal.left_out.push((name, self.trouble(*task, problem)));
        }
        proposal
    }

    /// Returns the weaker of what the times of a round rest on.
    fn basis(
        &self,
        begins: &Begins,
        problem: &Problem,
        route: &[usize],
        times: &[Option<TravelTime>],
    ) -> TravelBasis {
        let mut from = self.at[&begins.at];
        let tasks = route.iter().map(|task| &problem.tasks()[*task]);
        let ways = tasks.map(|task| {
            let way = (from, task.enter);
            from = task.leave;
            way
        });
        let mut all = ways.filter_map(|(from, to)| times[from * self.places.len() + to]);
        if all.any(|time| time.basis == TravelBasis::StraightLine) {
            TravelBasis::StraightLine
        } else {
            TravelBasis::Road
        }
    }

    fn trouble(&self, task: usize, problem: &Problem) -> Trouble {
        let task = &problem.tasks()[task];
        let mut may = problem
            .vehicles()
            .iter()
            .filter(|vehicle| vehicle.groups & task.groups != 0)
            .peekable();
        if may.peek().is_none() && !problem.vehicles().is_empty() {
            return Trouble::NotForVolunteers;
        }
        let reached = |vehicle: &Vehicle| {
            problem.travel(vehicle.start, task.enter) < NO_WAY
                && problem.travel(task.leave, vehicle.end) < NO_WAY
        };
        if may.any(reached) || problem.vehicles().is_empty() {
            Trouble::NoTime
        } else {
            Trouble::NoWay
        }
    }
}

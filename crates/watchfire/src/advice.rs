//! What a node advises beyond one incident: all that wait filled together, and whom to take off something less grave.
//!
//! The rules are the core's ([`watchfire_core::recommend`]); here they are given the times and the boards to look at.
//! Nothing is done by itself: people send. Start at [`Advice`].

use std::sync::Arc;

use watchfire_core::basis::{Point, Timestamp, TravelTime, UnitId};
use watchfire_core::board::{Board, IncidentStatus};
use watchfire_core::limits::TOGETHER_PLACES_MAX;
use watchfire_core::plan::ResponseFile;
use watchfire_core::recommend::{
    self, Diversion, Recommendation, Together, UnderWay, Waiting, diversions, may_be_diverted,
};
use watchfire_core::record::Record;
use watchfire_core::record::assignment::{Assignment, AssignmentStatus};
use watchfire_core::record::incident::Incident;

use crate::api::cover::cover_now;
use crate::cover::{CoverNow, CoverSettings};
use crate::node::Node;
use crate::positions::Positions;
use crate::travel::{Travel, whereabouts};

/// What advice is made of: the board as it is on disk, the plans, where units are, and how long they need.
pub struct Advice<'a> {
    board: &'a Board,
    response: &'a ResponseFile,
    positions: &'a Positions,
    travel: &'a Travel,
    /// How units stand to what is expected, if that is known.
    cover: Option<CoverNow>,
    settings: &'a CoverSettings,
    now: Timestamp,
}

impl<'a> Advice<'a> {
    /// Looks at a node's board, which the caller holds.
    pub fn of(node: &'a Node, board: &'a Board) -> Advice<'a> {
        Advice {
            board,
            response: node.response(),
            positions: node.positions(),
            travel: &node.settings().travel,
            cover: cover_now(node, board).ok(),
            settings: node.cover().settings(),
            now: node.now(),
        }
    }

    /// Returns how units stand to what is expected, if that is known.
    pub fn cover(&self) -> Option<&CoverNow> {
        self.cover.as_ref()
    }

    /// Recommends what to send to one incident.
    pub fn recommend(&self, incident: &Incident) -> Recommendation {
        self.recommend_on(self.board, incident)
    }

    /// Recommends what to send to an incident once an assignment is given up: whoever goes instead fills what it leaves
    /// open, and its unit may be sent like any other.
    pub fn recommend_without(&self, incident: &Incident, given_up: &Assignment) -> Recommendation {
        self.recommend_on(&without(self.board, given_up), incident)
    }

    fn recommend_on(&self, board: &Board, incident: &Incident) -> Recommendation {
        let (response, positions) = (self.response, self.positions);
        let cover = self.cover.as_ref();
        let weighed = cover.map(|cover| cover.weighed(self.settings));
        self.travel
            .recommend(board, response, positions, incident, weighed, self.now)
    }

    /// Proposes what to send to all incidents that nobody is on yet, looked at together; the gravest and oldest, when
    /// there are more than can be looked at.
    pub fn together(&self) -> Together {
        let mut waiting: Vec<&Incident> = self
            .board
            .open_incidents()
            .filter(|incident| self.board.incident_status(incident) == IncidentStatus::Active)
            .collect();
        waiting.sort_by_key(|incident| (incident.priority, incident.opened_at, incident.number));
        let beyond = waiting.len().saturating_sub(TOGETHER_PLACES_MAX);
        waiting.truncate(TOGETHER_PLACES_MAX);
        let alone: Vec<Recommendation> = waiting.iter().map(|one| self.recommend(one)).collect();
        let waiting: Vec<Waiting<'_>> = waiting
            .iter()
            .zip(&alone)
            .map(|(incident, alone)| Waiting { incident, alone })
            .collect();
        let mut found = recommend::together(self.board, &waiting);
        found.left_out += beyond;
        found
    }

    /// Proposes whom to take off something less grave for an incident.
    pub fn diversions(&self, incident: &Incident, made: &Recommendation) -> Vec<Diversion> {
        let units: Vec<(&Assignment, Point)> = self.positions.read(|known| {
            let may = may_be_diverted(self.board, incident, self.now).into_iter();
            may.filter_map(|assignment| {
                let unit = self.board.units.get(&assignment.unit)?;
                let (point, _) = whereabouts(self.board, known.get(&unit.id), unit, self.now)?;
                Some((assignment, point))
            })
            .collect()
        });
        let points: Vec<Point> = units.iter().map(|(_, point)| *point).collect();
        let times = self.travel.times_to(incident.place.point, &points);
        let here = |((assignment, _), here): (&(&Assignment, Point), Option<TravelTime>)| {
            Some(UnderWay {
                assignment: assignment.id,
                here: here?,
                there: None,
                stand_in: None,
            })
        };
        let under_way: Vec<UnderWay> = units.iter().zip(times).filter_map(here).collect();
        // What it costs the other is worked out for the few that are worth it.
        let worth = diversions(self.board, made, &under_way);
        let with_cost = |one: &Diversion| {
            let at = units
                .iter()
                .find(|(assignment, _)| assignment.id == one.assignment)?;
            Some(self.with_cost(one, at.1))
        };
        let under_way: Vec<UnderWay> = worth.iter().filter_map(with_cost).collect();
        diversions(self.board, made, &under_way)
    }

    fn with_cost(&self, one: &Diversion, at: Point) -> UnderWay {
        let found = self.board.incidents.get(&one.from);
        let given_up = self.board.assignments.get(&one.assignment);
        let there = found.and_then(|other| self.travel.times_to(other.place.point, &[at])[0]);
        UnderWay {
            assignment: one.assignment,
            here: one.travel,
            there,
            stand_in: found
                .zip(given_up)
                .and_then(|(other, given_up)| self.stand_in(other, given_up)),
        }
    }

    /// Who would go in place of a unit that is taken off: of those recommended then, the soonest that fills what it filled.
    fn stand_in(&self, incident: &Incident, given_up: &Assignment) -> Option<(UnitId, TravelTime)> {
        let unit = self.board.units.get(&given_up.unit)?;
        let made = self.recommend_without(incident, given_up);
        let met = made.needs.iter().find(|met| met.need.of.is_met_by(unit))?;
        let free = made.candidates.iter().find(|candidate| {
            let other = self.board.units.get(&candidate.unit);
            candidate.unit != unit.id && other.is_some_and(|other| met.need.of.is_met_by(other))
        });
        free.map(|candidate| (candidate.unit, candidate.travel))
    }
}

/// The board as it would be without an assignment. Records are shared between boards, so that this one costs little.
fn without(board: &Board, given_up: &Assignment) -> Board {
    let mut board = board.clone();
    board.put(Record::Assignment(Arc::new(Assignment {
        status: AssignmentStatus::Cancelled,
        ..given_up.clone()
    })));
    board
}

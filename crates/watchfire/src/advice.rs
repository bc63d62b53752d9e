//! What a node advises beyond one incident: all that wait filled together, and whom to take off something less grave.
//!
//! The rules are the core's ([`watchfire_core::recommend`]); here they are given the times and the boards to look at.
//! Nothing is done by itself: people send. Start at [`Advice`].

use std::io::{Read, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use watchfire_core::basis::{Timestamp, TravelTime, UnitId};
use watchfire_core::board::{Board, IncidentStatus};
use watchfire_core::limits::TOGETHER_PLACES_MAX;
use watchfire_core::log::KeptMade;
use watchfire_core::plan::ResponseFile;
use watchfire_core::recommend::{
    self, Diversion, Made, Recommendation, Rule, Together, UnderWay, Versions, Waiting, Weighed,
    diversions, may_be_diverted,
};
use watchfire_core::record::Record;
use watchfire_core::record::assignment::{Assignment, AssignmentStatus, Choice};
use watchfire_core::record::incident::Incident;

use crate::api::cover::cover_now;
use crate::cover::CoverNow;
use crate::node::Node;
use crate::positions::Positions;
use crate::travel::{Start, Travel, whereabouts};
use watchfire_roads::Profile;

/// What advice is made of: the board as it is on disk, the plans, where units are, and how long they need.
pub struct Advice<'a> {
    board: &'a Board,
    response: &'a ResponseFile,
    positions: &'a Positions,
    travel: &'a Travel,
    /// How units stand to what is expected, if that is known.
    cover: Option<CoverNow>,
    weighed: Option<Weighed>,
    now: Timestamp,
}

impl<'a> Advice<'a> {
    /// Looks at a node's board, which the caller holds.
    pub fn of(node: &'a Node, board: &'a Board) -> Advice<'a> {
        let cover = cover_now(node, board).ok();
        let settings = node.cover().settings();
        Advice {
            weighed: cover.as_ref().map(|cover| cover.weighed(settings)),
            board,
            response: node.response(),
            positions: node.positions(),
            travel: &node.settings().travel,
            cover,
            now: node.now(),
        }
    }

    /// Recommends what to send to one incident, and keeps all that this is made of. With `given_up`, as if that assignment
    /// were called off.
    pub fn made(
        &self,
        incident: &Incident,
        given_up: Option<&Assignment>,
    ) -> (Made, Recommendation) {
        let changed = given_up.map(|given_up| without(self.board, given_up));
        let board = changed.as_ref().unwrap_or(self.board);
        // Taken once: all times of one recommendation rest on the same conditions.
        let roads = self.travel.conditions().in_force();
        let positions = self.positions;
        let origins = self
            .travel
            .origins(roads.as_deref(), board, positions, incident, self.now);
        let versions = Versions {
            conditions: roads.as_ref().map_or(0, |roads| roads.version),
            roads: self.travel.version(),
            demand: self.cover.as_ref().map(|cover| cover.expected.made_at),
            siren: self.travel.driven(incident.priority) == Profile::Siren,
            ..Versions::default()
        };
        let weighed = self.weighed.as_ref();
        Made::of(
            board,
            self.response,
            incident,
            &origins,
            weighed,
            versions,
            self.now,
        )
    }

    /// Returns units as they are sent to an incident, with what was known of each, and the recommendation to keep with them.
    pub fn choices(
        &self,
        incident: &Incident,
        given_up: Option<&Assignment>,
        units: &[UnitId],
        rule: Rule,
    ) -> (Vec<Choice>, KeptMade) {
        let (made, recommendation) = self.made(incident, given_up);
        let kept = packed(&made);
        let name = kept.name.parse().ok();
        let choices = recommendation.choices(self.board, units, rule, name.as_ref());
        (choices, kept)
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
        let weighed = self.weighed.as_ref();
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
        let units: Vec<(&Assignment, Start)> = self.positions.read(|known| {
            let may = may_be_diverted(self.board, incident, self.now).into_iter();
            may.filter_map(|assignment| {
                let unit = self.board.units.get(&assignment.unit)?;
                let (start, _) = whereabouts(self.board, known.get(&unit.id), unit, self.now)?;
                Some((assignment, start))
            })
            .collect()
        });
        let starts: Vec<Start> = units.iter().map(|(_, start)| *start).collect();
        let driven = self.travel.driven(incident.priority);
        let times = self
            .travel
            .times_driven(driven, incident.place.point, &starts);
        let here = |((assignment, _), here): (&(&Assignment, Start), Option<TravelTime>)| {
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

    fn with_cost(&self, one: &Diversion, at: Start) -> UnderWay {
        let found = self.board.incidents.get(&one.from);
        let given_up = self.board.assignments.get(&one.assignment);
        let there = found.and_then(|other| {
            let driven = self.travel.driven(other.priority);
            self.travel.times_driven(driven, other.place.point, &[at])[0]
        });
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

/// Packs a recommendation to be kept: JSON, compressed.
fn packed(made: &Made) -> KeptMade {
    let json = serde_json::to_vec(made).unwrap_or_default(); // Maps and lists of our own: always JSON.
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    // Into memory nothing can go wrong; were it otherwise, an empty body says on reading that it is damaged.
    let body = packer.write_all(&json).and_then(|()| packer.finish());
    KeptMade {
        name: made.name(),
        at: made.at,
        body: body.unwrap_or_default(),
    }
}

/// Unpacks a recommendation that was kept; none if it is not what was packed.
pub fn unpacked(kept: &KeptMade) -> Option<Made> {
    let mut json = Vec::new();
    let unpacker = GzDecoder::new(&kept.body[..]);
    unpacker.take(UNPACKED_MAX).read_to_end(&mut json).ok()?;
    let made: Made = serde_json::from_slice(&json).ok()?;
    (made.name() == kept.name).then_some(made)
}

/// Largest recommendation that is unpacked, in bytes.
const UNPACKED_MAX: u64 = 16 * 1024 * 1024;

/// The board as it would be without an assignment. Records are shared between boards, so that this one costs little.
fn without(board: &Board, given_up: &Assignment) -> Board {
    let mut board = board.clone();
    board.put(Record::Assignment(Arc::new(Assignment {
        status: AssignmentStatus::Cancelled,
        ..given_up.clone()
    })));
    board
}

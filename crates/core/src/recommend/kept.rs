//! A recommendation with everything that it was made of, so that it can be made again: by whoever asks afterwards why this
//! unit was sent, on any machine, to the same answer.
//!
//! What does not decide is left out: where the incident was in words, who called, what was noted. Units that could
//! not have been sent in any case are left out too, and of thousands the nearest are kept. Start at [`Made::of`].

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Origin, Recommendation, Weighed, recommend};
use crate::basis::{Line, Timestamp, UnitId};
use crate::board::{Board, UnitStatus};
use crate::plan::ResponseFile;
use crate::record::Record;
use crate::record::assignment::Assignment;
use crate::record::incident::Incident;
use crate::record::station::Station;
use crate::record::unit::Unit;

/// Units kept with a recommendation at most, the nearest first.
pub const MADE_UNITS_MAX: usize = 500;

/// Of what version everything was that a recommendation was made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The response file.
    pub response: String,
    /// The road network, by its checksum; none where times are by straight line.
    pub roads: Option<String>,
    /// The road conditions in force, by the number of their set.
    pub conditions: u64,
    /// The expected demand, by when it was made; none where it is not known.
    pub demand: Option<Timestamp>,
    /// Whether its times are those of driving with lights and siren.
    #[serde(default)]
    pub siren: bool,
}

/// A recommendation and what it was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// When.
    pub at: Timestamp,
    /// Of what.
    pub versions: Versions,
    /// For what, without words.
    pub incident: Incident,
    /// Those that count or could have gone.
    pub units: Vec<Unit>,
    /// What they were doing.
    pub assignments: Vec<Assignment>,
    /// Their stations.
    pub stations: Vec<Station>,
    /// Where they would have started from.
    pub origins: BTreeMap<UnitId, Origin>,
    /// How cover was weighed.
    pub weighed: Option<Weighed>,
    /// The SHA-256 of what was recommended, in hexadecimal.
    pub answer: String,
}

impl Made {
    /// Makes a recommendation and keeps what it was made of. The answer is of what is kept, so that it can be made again.
    pub fn of(
        board: &Board,
        response: &ResponseFile,
        incident: &Incident,
        origins: &BTreeMap<UnitId, Origin>,
        weighed: Option<&Weighed>,
        mut versions: Versions,
        at: Timestamp,
    ) -> (Made, Recommendation) {
        versions.response.clone_from(&response.version);
        let first = recommend(board, response, incident, origins, weighed, at);
        let wanted = |unit: &Unit| {
            let off_duty = board.unit_status(unit).0 == UnitStatus::OffDuty;
            !off_duty && first.needs.iter().any(|met| met.need.of.is_met_by(unit))
        };
        let there = |unit: &Unit| {
            board
                .assignments_of(incident.id)
                .any(|one| one.unit == unit.id)
        };
        let mut units: Vec<&Unit> = board.units.values().map(AsRef::as_ref).collect();
        units.retain(|unit| wanted(unit) || there(unit));
        let nearness = |unit: &Unit| {
            let travel = origins.get(&unit.id).and_then(|origin| origin.travel);
            (
                !there(unit),
                travel.map_or(u32::MAX, |travel| travel.seconds),
            )
        };
        units.sort_by_cached_key(|unit| (nearness(unit), unit.id));
        units.truncate(MADE_UNITS_MAX);
        let kept = |unit: &UnitId| units.iter().any(|one| one.id == *unit);
        let assignments = board.assignments.values().filter(|one| {
            let live = board
                .live_assignment(one.unit)
                .is_some_and(|live| live.id == one.id);
            one.incident == incident.id || live && kept(&one.unit)
        });
        let station = |unit: &&Unit| unit.details.station.and_then(|id| board.stations.get(&id));
        let stations: BTreeMap<_, _> = units
            .iter()
            .filter_map(station)
            .map(|station| (station.id, Station::clone(station)))
            .collect();
        let mut made = Made {
            at,
            versions,
            incident: without_words(incident),
            assignments: assignments.map(|one| Assignment::clone(one)).collect(),
            stations: stations.into_values().collect(),
            origins: origins
                .iter()
                .filter(|(unit, _)| kept(unit))
                .map(|(unit, origin)| (*unit, *origin))
                .collect(),
            weighed: weighed.map(|weighed| Weighed {
                losses: weighed
                    .losses
                    .iter()
                    .filter(|(unit, _)| kept(unit))
                    .map(|(unit, loss)| (*unit, *loss))
                    .collect(),
                ..weighed.clone()
            }),
            units: units.into_iter().cloned().collect(),
            answer: String::new(),
        };
        let again = made.again(response);
        made.answer = digest(&again);
        (made, again)
    }

    /// Makes the recommendation again. With another response file than it was made of the answer may be another;
    /// [`Versions::response`] tells.
    pub fn again(&self, response: &ResponseFile) -> Recommendation {
        let mut board = Board::default();
        board.put(Record::Incident(Arc::new(self.incident.clone())));
        for unit in &self.units {
            board.put(Record::Unit(Arc::new(unit.clone())));
        }
        for assignment in &self.assignments {
            board.put(Record::Assignment(Arc::new(assignment.clone())));
        }
        for station in &self.stations {
            board.put(Record::Station(Arc::new(station.clone())));
        }
        let weighed = self.weighed.as_ref();
        let (incident, origins) = (&self.incident, &self.origins);
        let roads = self.versions.roads.as_ref();
        Recommendation {
            conditions_version: roads.map(|_| self.versions.conditions),
            siren: self.versions.siren,
            ..recommend(&board, response, incident, origins, weighed, self.at)
        }
    }

    /// Returns whether a recommendation is the one that was made.
    pub fn is_same(&self, again: &Recommendation) -> bool {
        digest(again) == self.answer
    }

    /// Returns the name by which it is kept: the SHA-256 of all of it, in hexadecimal.
    pub fn name(&self) -> String {
        let whole = serde_json::to_vec(self).unwrap_or_default(); // Maps and lists of our own: always JSON.
        hex(&Sha256::digest(whole))
    }
}

/// What decides of an incident; what people wrote about it does not.
fn without_words(incident: &Incident) -> Incident {
    let mut kept = incident.clone();
    kept.place.address = None;
    kept.links.clear();
    kept.notes.clear();
    kept.turns.clear();
    kept.urgency.clear();
    kept.seen.clear();
    kept
}

/// What was recommended: who for what, in which order others would have followed, and what was lacking.
fn digest(made: &Recommendation) -> String {
    let candidates: Vec<_> = made
        .candidates
        .iter()
        .map(|one| (one.unit, one.travel, one.chosen, &one.reasons))
        .collect();
    let needs: Vec<_> = made
        .needs
        .iter()
        .map(|met| (met.have, &met.chosen))
        .collect();
    let lacking: Vec<_> = made.shortfalls.iter().map(|one| one.text()).collect();
    let said = serde_json::to_vec(&(candidates, needs, lacking)).unwrap_or_default();
    hex(&Sha256::digest(said))
}

/// Says whether a line can be the name of a recommendation.
pub(crate) fn is_name(line: &Line) -> bool {
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    line.as_str().len() == 64 && line.as_str().bytes().all(hexadecimal)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

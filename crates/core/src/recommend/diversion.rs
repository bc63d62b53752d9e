//! Units on their way to something less grave that would be of more use here: what it gains, and what it costs there.
//!
//! Nothing is taken from an incident by itself. A proposal names the unit, how much sooner help is here, and how much later
//! the other incident is helped by whoever takes its place, so that a person can decide. Start at [`may_be_diverted`],
//! then [`diversions`] with the times that were asked for.

use crate::basis::{AssignmentId, IncidentId, Text, Timestamp, TravelTime, UnitId};
use crate::board::Board;
use crate::recommend::{Candidate, NeedMet, Recommendation};
use crate::record::assignment::{Assignment, AssignmentStatus};
use crate::record::incident::Incident;

/// Seconds that help must come sooner before a unit is proposed to be taken off another incident.
pub const DIVERSION_GAIN_S: u32 = 120;
/// Proposals at most for one incident.
pub const DIVERSIONS_MAX: usize = 3;
/// Units under way that are looked at at most for one incident.
pub const DIVERSIONS_ASKED_MAX: usize = 50;

/// A unit under way, with the times that a decision needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderWay {
    /// What it is on its way for.
    pub assignment: AssignmentId,
    /// How long it needs to the graver incident.
    pub here: TravelTime,
    /// How long it still needs to where it is going; none if that is not known.
    pub there: Option<TravelTime>,
    /// The free unit that would be there soonest in its place, and its time; none if there is none.
    pub stand_in: Option<(UnitId, TravelTime)>,
}

/// A unit that could be taken off a lesser incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diversion {
    /// What it would be taken off.
    pub assignment: AssignmentId,
    /// The unit.
    pub unit: UnitId,
    /// The incident it is on its way to.
    pub from: IncidentId,
    /// What it would fill here.
    pub need: Text,
    /// How long it needs.
    pub travel: TravelTime,
    /// How many seconds sooner than whoever is free; none if nobody free fits at all.
    pub sooner_s: Option<u32>,
    /// Who could take its place there; none if nobody can.
    pub stand_in: Option<UnitId>,
    /// How many seconds later the other incident is helped; none if nobody can take its place or no time is known.
    pub later_s: Option<u32>,
}

/// Returns the assignments whose units may be taken off for an incident: they are not there yet, where they go is less
/// grave, and their crews are fit to be sent.
pub fn may_be_diverted<'a>(
    board: &'a Board,
    incident: &Incident,
    now: Timestamp,
) -> Vec<&'a Assignment> {
    let less_grave = |assignment: &&Assignment| {
        let to = board.merge_root(assignment.incident);
        let there = board.incidents.get(&to);
        to != incident.id && there.is_some_and(|there| there.priority > incident.priority)
    };
    let under_way = |assignment: &&Assignment| match assignment.status {
        AssignmentStatus::Sent | AssignmentStatus::Acknowledged | AssignmentStatus::Departed => {
            true
        }
        AssignmentStatus::Proposed
        | AssignmentStatus::Declined
        | AssignmentStatus::Arrived
        | AssignmentStatus::Cleared
        | AssignmentStatus::Cancelled => false,
    };
    let fit = |assignment: &&Assignment| {
        let unit = board.units.get(&assignment.unit);
        unit.is_some_and(|unit| !unit.is_resting(now))
    };
    board
        .live_assignments()
        .filter(under_way)
        .filter(less_grave)
        .filter(fit)
        .take(DIVERSIONS_ASKED_MAX)
        .collect()
}

/// Proposes whom to take off, those that gain most first.
pub fn diversions(
    board: &Board,
    recommendation: &Recommendation,
    under_way: &[UnderWay],
) -> Vec<Diversion> {
    let mut all: Vec<Diversion> = Vec::new();
    for one in under_way {
        let Some(assignment) = board.assignments.get(&one.assignment) else {
            continue;
        };
        let Some(unit) = board.units.get(&assignment.unit) else {
            continue;
        };
        let fitting = recommendation.needs.iter();
        let mut gains = fitting
            .filter(|met| met.need.of.is_met_by(unit))
            .filter_map(|met| Some((met, gain(recommendation, met, one.here)?)));
        let Some((met, sooner_s)) = gains.next() else {
            continue;
        };
        let later_s = one.there.zip(one.stand_in).map(|(there, (_, stand_in))| {
            // The one that stands in may even be nearer; then nothing is lost.
            stand_in.seconds.saturating_sub(there.seconds)
        });
        all.push(Diversion {
            assignment: one.assignment,
            unit: assignment.unit,
            from: board.merge_root(assignment.incident),
            need: met.label.clone(),
            travel: one.here,
            sooner_s,
            stand_in: one.stand_in.map(|(unit, _)| unit),
            later_s,
        });
    }
    all.sort_by_key(|one| {
        let nobody_else = one.sooner_s.is_none();
        let sooner_s = one.sooner_s.unwrap_or(0);
        (
            !nobody_else,
            std::cmp::Reverse(sooner_s),
            one.travel.seconds,
            one.unit,
        )
    });
    all.truncate(DIVERSIONS_MAX);
    all
}

/// How many seconds sooner it is than the last of those proposed for a need (none inside if a place stays empty), or
/// none if that is not worth it.
fn gain(recommendation: &Recommendation, met: &NeedMet, here: TravelTime) -> Option<Option<u32>> {
    let filled = met.have as usize + met.chosen.len();
    if filled < met.need.count as usize {
        return Some(None);
    }
    let chosen = |candidate: &&Candidate| met.chosen.contains(&candidate.unit);
    let candidates = recommendation.candidates.iter().filter(chosen);
    let last_s = candidates.map(|one| one.travel.seconds).max()?;
    let sooner_s = last_s.saturating_sub(here.seconds);
    (sooner_s >= DIVERSION_GAIN_S).then_some(Some(sooner_s))
}

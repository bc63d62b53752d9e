//! How a recommendation is shown: whom the node would send, why, what is lacking, and who was passed over.

use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::UnitId;
use watchfire_core::board::Board;
use watchfire_core::recommend::Recommendation;

use super::view::{BasisView, ReasonView, TextView};
use crate::node::Node;

/// What to send, and why.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecommendationView {
    /// What the node's travel times rest on.
    pub basis: BasisView,
    /// The version of the response file that was used.
    pub response_version: String,
    /// The number of the set of road conditions that the times rest on; none without a road network.
    pub conditions_version: Option<u64>,
    /// The needs of the plan and how they are met.
    pub needs: Vec<NeedView>,
    /// Those that could go, nearest first.
    pub candidates: Vec<CandidateView>,
    /// What is lacking.
    pub shortfalls: Vec<ReasonView>,
    /// Those of a wanted kind that are not offered, and why.
    pub passed_over: Vec<PassedOverView>,
}

/// A need of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NeedView {
    /// What is wanted.
    pub label: TextView,
    /// How many.
    pub wanted: u32,
    /// How many are on the incident already.
    pub have: u32,
    /// Within how many seconds.
    pub within_s: Option<u32>,
    /// Who is proposed for the rest.
    pub chosen: Vec<String>,
}

/// A unit that could go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CandidateView {
    /// The unit.
    pub unit: String,
    /// What it is called.
    pub callsign: String,
    /// Its kind.
    pub kind: String,
    /// How long it needs, in seconds.
    pub travel_time_s: u32,
    /// What that rests on.
    pub basis: BasisView,
    /// True if it is proposed.
    pub chosen: bool,
    /// Why, and what speaks against it.
    pub reasons: Vec<ReasonView>,
}

/// A unit that is not offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PassedOverView {
    /// The unit.
    pub unit: String,
    /// What it is called.
    pub callsign: String,
    /// Why not.
    pub text: TextView,
}

/// Candidates shown at most; the rest is farther away.
pub const CANDIDATES_SHOWN_MAX: usize = 50;

/// Shows a recommendation.
pub fn shown(board: &Board, node: &Node, made: &Recommendation) -> RecommendationView {
    let callsign = |unit: &UnitId| {
        board
            .units
            .get(unit)
            .map(|unit| unit.callsign.to_string())
            .unwrap_or_default()
    };
    let ids = |units: &[UnitId]| units.iter().map(ToString::to_string).collect();
    let mut candidates = Vec::new();
    for candidate in &made.candidates {
        if candidates.len() >= CANDIDATES_SHOWN_MAX && !candidate.chosen {
            continue;
        }
        candidates.push(CandidateView {
            unit: candidate.unit.to_string(),
            callsign: callsign(&candidate.unit),
            kind: board
                .units
                .get(&candidate.unit)
                .map(|unit| unit.details.kind.to_string())
                .unwrap_or_default(),
            travel_time_s: candidate.travel.seconds,
            basis: candidate.travel.basis.into(),
            chosen: candidate.chosen,
            reasons: candidate
                .reasons
                .iter()
                .map(|reason| ReasonView {
                    code: reason.code().to_owned(),
                    text: reason.text().into(),
                })
                .collect(),
        });
    }
    RecommendationView {
        basis: node.settings().travel.basis().into(),
        response_version: made.response_version.clone(),
        conditions_version: made.conditions_version,
        needs: made
            .needs
            .iter()
            .map(|met| NeedView {
                label: met.label.clone().into(),
                wanted: met.need.count,
                have: met.have,
                within_s: met.need.within_s,
                chosen: ids(&met.chosen),
            })
            .collect(),
        candidates,
        shortfalls: made
            .shortfalls
            .iter()
            .map(|shortfall| ReasonView {
                code: shortfall.code().to_owned(),
                text: shortfall.text().into(),
            })
            .collect(),
        passed_over: made
            .passed_over
            .iter()
            .map(|(unit, why)| PassedOverView {
                unit: unit.to_string(),
                callsign: callsign(unit),
                text: why.text().into(),
            })
            .collect(),
    }
}

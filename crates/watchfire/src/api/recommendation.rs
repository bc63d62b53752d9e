//! How a recommendation is shown: whom the node would send, why, what is lacking, and who was passed over.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{IncidentId, Text, UnitId};
use watchfire_core::board::Board;
use watchfire_core::recommend::{
    ChosenTogether, Diversion, Made, Recommendation, Rule, Together, Total,
};

use super::cover::percent;
use super::view::{BasisView, ReasonView, TextView};
use crate::cover::CoverNow;
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
    /// Whether the times are those of driving with lights and siren (`[roads] siren_to_priority`).
    pub siren: bool,
    /// The needs of the plan and how they are met.
    pub needs: Vec<NeedView>,
    /// Those that could go, best first: the nearest, unless cover is weighed.
    pub candidates: Vec<CandidateView>,
    /// What is lacking.
    pub shortfalls: Vec<ReasonView>,
    /// Those of a wanted kind that are not offered, and why.
    pub passed_over: Vec<PassedOverView>,
    /// What this does to cover; absent where cover is not known.
    pub cover: Option<CoverBriefView>,
    /// Why others may be sent: the rules to name, in the order in which they are offered.
    pub rules: Vec<ReasonView>,
    /// Units on their way to something less grave that would be here sooner, and what that costs there.
    pub diversions: Vec<DiversionView>,
}

/// The share of expected public calls that could be reached in time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CoverBriefView {
    /// Now, in percent.
    pub percent: f64,
    /// Once those recommended are gone, in percent.
    pub after_percent: f64,
    /// The agency's line, in percent.
    pub line_percent: u32,
}

/// A unit that could be taken off a lesser incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DiversionView {
    /// What it would be taken off: `POST /assignments/{id}/reassign` does it.
    pub assignment: String,
    /// The unit.
    pub unit: String,
    /// What it is called.
    pub callsign: String,
    /// The number of the incident it is on its way to.
    pub from_number: u64,
    /// How urgent that one is.
    pub from_priority: u8,
    /// What it would fill here.
    pub need: TextView,
    /// How long it needs, in seconds.
    pub travel_time_s: u32,
    /// What that rests on.
    pub basis: BasisView,
    /// How many seconds sooner it is than those who are free; none if nobody free fits.
    pub sooner_s: Option<u32>,
    /// Who could take its place there; none if nobody can.
    pub stand_in: Option<String>,
    /// How many seconds later the other incident is helped; none if nobody can take its place, or no time is known.
    pub later_s: Option<u32>,
}

/// A recommendation that was looked at, made again.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MadeView {
    /// When it was made.
    pub at: String,
    /// The version of the incident that it was made for.
    pub incident_version: u64,
    /// The response file that it was made with.
    pub response_version: String,
    /// The road network (and stretching) that it was made with; absent where times were by straight line.
    pub roads_version: Option<String>,
    /// The number of the set of road conditions then in force.
    pub conditions_version: u64,
    /// The expected demand that it was made with, by when that was made; absent where it was not known.
    pub demand_version: Option<String>,
    /// Whether it came to the same answer again, to the letter.
    pub same: bool,
    /// Why it did not, if it did not.
    pub why_not: Option<TextView>,
    /// The answer.
    pub recommendation: RecommendationView,
}

/// What to send to all that wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TogetherView {
    /// What the node's travel times rest on.
    pub basis: BasisView,
    /// The version of the response file that was used.
    pub response_version: String,
    /// One for each incident that wants somebody, the gravest and oldest first.
    pub plans: Vec<PlanTogetherView>,
    /// What it comes to.
    pub together: TotalView,
    /// What filling them one after the other would come to.
    pub one_by_one: TotalView,
    /// Incidents that were left for the next look, since there are too many.
    pub left_out: usize,
}

/// What a way to fill all comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TotalView {
    /// Seconds of travel of all that are sent, added up.
    pub seconds: u64,
    /// Places that stay empty.
    pub empty: u32,
}

/// What to send to one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlanTogetherView {
    /// The incident.
    pub incident: String,
    /// Its number.
    pub number: u64,
    /// Who goes, need by need.
    pub chosen: Vec<ChosenTogetherView>,
    /// Places of this one that stay empty.
    pub empty: u32,
}

/// A unit that goes to one of several incidents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChosenTogetherView {
    /// The unit.
    pub unit: String,
    /// What it is called.
    pub callsign: String,
    /// What it fills.
    pub need: TextView,
    /// How long it needs, in seconds.
    pub travel_time_s: u32,
    /// What that rests on.
    pub basis: BasisView,
    /// A unit that would be there sooner and goes elsewhere.
    pub spared: Option<SparedView>,
}

/// A unit that is not sent where it would be first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SparedView {
    /// What it is called.
    pub callsign: String,
    /// The number of the incident it goes to.
    pub number: u64,
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
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
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
    /// Percentage points of cover that sending it costs; absent where cover is not known or it does not count for it.
    pub cover_loss_percent: Option<f64>,
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
pub fn shown(
    board: &Board,
    node: &Node,
    made: &Recommendation,
    cover: Option<&CoverNow>,
    diversions: &[Diversion],
) -> RecommendationView {
    let callsign = |unit: &UnitId| callsign(board, *unit);
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
            cover_loss_percent: candidate.cover_loss_ppm.map(percent),
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
        siren: made.siren,
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
        cover: cover.map(|now| cover_brief(node, made, now)),
        rules: Rule::ALL.into_iter().map(rule).collect(),
        diversions: diversions.iter().map(|one| diversion(board, one)).collect(),
    }
}

fn cover_brief(node: &Node, made: &Recommendation, now: &CoverNow) -> CoverBriefView {
    let going: Vec<UnitId> = made.chosen().map(|one| one.unit).collect();
    CoverBriefView {
        percent: percent(now.ppm()),
        after_percent: percent(now.ppm_without(&going)),
        line_percent: node.cover().settings().line_percent,
    }
}

fn rule(rule: Rule) -> ReasonView {
    ReasonView {
        code: rule.as_str().to_owned(),
        text: rule.text().into(),
    }
}

fn diversion(board: &Board, one: &Diversion) -> DiversionView {
    let from = board.incidents.get(&one.from);
    DiversionView {
        assignment: one.assignment.to_string(),
        unit: one.unit.to_string(),
        callsign: callsign(board, one.unit),
        from_number: from.map_or(0, |from| from.number),
        from_priority: from.map_or(0, |from| from.priority.into()),
        need: one.need.clone().into(),
        travel_time_s: one.travel.seconds,
        basis: one.travel.basis.into(),
        sooner_s: one.sooner_s,
        stand_in: one.stand_in.map(|unit| callsign(board, unit)),
        later_s: one.later_s,
    }
}

fn callsign(board: &Board, unit: UnitId) -> String {
    let found = board.units.get(&unit);
    found.map_or_else(String::new, |unit| unit.callsign.to_string())
}

/// Shows what to send to all that wait.
pub fn shown_together(board: &Board, node: &Node, found: &Together) -> TogetherView {
    let number = |incident: &IncidentId| board.incidents.get(incident).map_or(0, |one| one.number);
    let chosen = |one: &ChosenTogether| ChosenTogetherView {
        unit: one.unit.to_string(),
        callsign: callsign(board, one.unit),
        need: one.need.clone().into(),
        travel_time_s: one.travel.seconds,
        basis: one.travel.basis.into(),
        spared: one.spared.map(|(unit, incident)| SparedView {
            callsign: callsign(board, unit),
            number: number(&incident),
        }),
    };
    let total = |total: Total| TotalView {
        seconds: total.seconds,
        empty: total.empty,
    };
    let plans = found.plans.iter().map(|plan| PlanTogetherView {
        incident: plan.incident.to_string(),
        number: number(&plan.incident),
        chosen: plan.chosen.iter().map(chosen).collect(),
        empty: plan.empty,
    });
    TogetherView {
        basis: node.settings().travel.basis().into(),
        response_version: node.response().version.clone(),
        plans: plans.collect(),
        together: total(found.together),
        one_by_one: total(found.one_by_one),
        left_out: found.left_out,
    }
}

/// Why people chose otherwise than was recommended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleView {
    /// The crew knows the place or the case.
    KnowsPlace,
    /// The unit is better suited.
    BetterSuited,
    /// The one recommended is wanted where it is.
    KeepsCover,
    /// It is nearer than the node knew.
    NearerThanShown,
    /// The one recommended could not go.
    RecommendedCannot,
    /// Somebody asked for it.
    AskedFor,
    /// Something else.
    Other,
    /// Nobody said why.
    NotSaid,
}

impl From<RuleView> for Rule {
    fn from(rule: RuleView) -> Rule {
        match rule {
            RuleView::KnowsPlace => Rule::KnowsPlace,
            RuleView::BetterSuited => Rule::BetterSuited,
            RuleView::KeepsCover => Rule::KeepsCover,
            RuleView::NearerThanShown => Rule::NearerThanShown,
            RuleView::RecommendedCannot => Rule::RecommendedCannot,
            RuleView::AskedFor => Rule::AskedFor,
            RuleView::Other => Rule::Other,
            RuleView::NotSaid => Rule::NotSaid,
        }
    }
}

impl From<Rule> for RuleView {
    fn from(rule: Rule) -> RuleView {
        match rule {
            Rule::KnowsPlace => RuleView::KnowsPlace,
            Rule::BetterSuited => RuleView::BetterSuited,
            Rule::KeepsCover => RuleView::KeepsCover,
            Rule::NearerThanShown => RuleView::NearerThanShown,
            Rule::RecommendedCannot => RuleView::RecommendedCannot,
            Rule::AskedFor => RuleView::AskedFor,
            Rule::Other => RuleView::Other,
            Rule::NotSaid => RuleView::NotSaid,
        }
    }
}

/// Shows a recommendation that was made again.
pub fn shown_again(board: &Board, node: &Node, made: &Made, again: &Recommendation) -> MadeView {
    let same = made.is_same(again);
    let other_plans = made.versions.response != node.response().version;
    let why_not = match (same, other_plans) {
        (true, _) => None,
        (false, true) => Some(Text::new(
            "The response file has changed since; with the one of then it would be the same.",
            "预案文件已变更；使用当时的版本结果才会一致。",
        )),
        (false, false) => Some(Text::new(
            "This program recommends otherwise than the one of then.",
            "当前程序版本的推荐与当时不同。",
        )),
    };
    MadeView {
        at: super::view::time(made.at),
        incident_version: made.incident.version,
        response_version: made.versions.response.clone(),
        roads_version: made.versions.roads.clone(),
        conditions_version: made.versions.conditions,
        demand_version: made.versions.demand.map(super::view::time),
        same,
        why_not: why_not.map(TextView::from),
        recommendation: shown(board, node, again, None, &[]),
    }
}

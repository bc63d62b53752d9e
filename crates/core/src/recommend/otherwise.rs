//! When people send another unit than the one recommended: why, kept with the assignment, and how it turned out, by the
//! rule that they named and never by person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::basis::{Line, Text, UnitId};
use crate::board::Board;
use crate::recommend::{Candidate, Reason, Recommendation};
use crate::record::assignment::{Assignment, Choice, Why};

/// Why people chose otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The crew knows the place or the case.
    KnowsPlace,
    /// The unit is better suited: crew, equipment, vehicle.
    BetterSuited,
    /// The one recommended is wanted where it is.
    KeepsCover,
    /// It is nearer than the node knew: a position or a road is wrong.
    NearerThanShown,
    /// The one recommended could not go.
    RecommendedCannot,
    /// Somebody on scene or another agency asked for it.
    AskedFor,
    /// Something else.
    Other,
    /// Nobody said why.
    #[default]
    NotSaid,
}

impl Rule {
    /// All of them, in the order in which they are offered; the last is what is kept when nothing was said.
    pub const ALL: [Rule; 8] = [
        Rule::KnowsPlace,
        Rule::BetterSuited,
        Rule::KeepsCover,
        Rule::NearerThanShown,
        Rule::RecommendedCannot,
        Rule::AskedFor,
        Rule::Other,
        Rule::NotSaid,
    ];

    /// Returns its code.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::KnowsPlace => "knows_place",
            Rule::BetterSuited => "better_suited",
            Rule::KeepsCover => "keeps_cover",
            Rule::NearerThanShown => "nearer_than_shown",
            Rule::RecommendedCannot => "recommended_cannot",
            Rule::AskedFor => "asked_for",
            Rule::Other => "other",
            Rule::NotSaid => "not_said",
        }
    }

    /// Returns the words.
    pub fn text(self) -> Text {
        match self {
            Rule::KnowsPlace => Text::new("knows the place or the case", "熟悉地点或案情"),
            Rule::BetterSuited => Text::new("better suited", "更适合"),
            Rule::KeepsCover => Text::new("the other keeps its area covered", "另一支需留守辖区"),
            Rule::NearerThanShown => Text::new("nearer than shown", "实际更近"),
            Rule::RecommendedCannot => Text::new("the other could not go", "推荐的力量无法前往"),
            Rule::AskedFor => Text::new("asked for", "指名要求"),
            Rule::Other => Text::new("another reason", "其他原因"),
            Rule::NotSaid => Text::new("no reason given", "未说明"),
        }
    }
}

/// A unit that was sent in place of one that was recommended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Otherwise {
    /// Why.
    pub rule: Rule,
    /// The unit that was recommended in its place.
    pub recommended: UnitId,
    /// How many seconds of travel that one was expected to need.
    pub expected_s: u32,
}

impl Recommendation {
    /// Returns what to keep with units that are sent though others were recommended: each in the place of one that
    /// was recommended and is not among them, of the same need where that can be. A unit that is sent beyond what was
    /// recommended stands in for nobody.
    pub fn otherwise(
        &self,
        board: &Board,
        sent: &[UnitId],
        rule: Rule,
    ) -> BTreeMap<UnitId, Otherwise> {
        let passed_by = |candidate: &&Candidate| !sent.contains(&candidate.unit);
        let mut recommended: Vec<&Candidate> = self.chosen().filter(passed_by).collect();
        let is_recommended = |unit: &UnitId| self.chosen().any(|one| one.unit == *unit);
        let mut kept = BTreeMap::new();
        for unit in sent.iter().filter(|unit| !is_recommended(unit)) {
            if recommended.is_empty() {
                break;
            }
            let alike = recommended
                .iter()
                .position(|one| self.fill_alike(board, one.unit, *unit));
            let in_place_of = recommended.remove(alike.unwrap_or(0));
            kept.insert(
                *unit,
                Otherwise {
                    rule,
                    recommended: in_place_of.unit,
                    expected_s: in_place_of.travel.seconds,
                },
            );
        }
        kept
    }

    /// Returns units as they are sent to an incident, with what was known of each: what this recommendation says of it,
    /// and whom it stands in for. `rule` is why people chose otherwise, if they did; `made` is the name under which the
    /// recommendation is kept.
    pub fn choices(
        &self,
        board: &Board,
        units: &[UnitId],
        rule: Rule,
        made: Option<&Line>,
    ) -> Vec<Choice> {
        let mut otherwise = self.otherwise(board, units, rule);
        let mut choice = |unit: &UnitId| {
            let found = self.candidates.iter().find(|one| one.unit == *unit);
            let mut reasons = found.map_or_else(Vec::new, |one| one.reasons.clone());
            if found.is_none_or(|one| !one.chosen) {
                reasons.push(Reason::ByHand);
            }
            let why = Why {
                travel: found.map(|one| one.travel),
                reasons,
                otherwise: otherwise.remove(unit),
                made: made.cloned(),
            };
            Choice { unit: *unit, why }
        };
        units.iter().map(&mut choice).collect()
    }

    /// Whether another unit could fill the need that a chosen one fills.
    fn fill_alike(&self, board: &Board, chosen: UnitId, other: UnitId) -> bool {
        let met = self.needs.iter().find(|met| met.chosen.contains(&chosen));
        let unit = board.units.get(&other);
        met.zip(unit)
            .is_some_and(|(met, unit)| met.need.of.is_met_by(unit))
    }
}

/// How often people chose otherwise by one rule, and how it turned out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleFigures {
    /// How often.
    pub count: u32,
    /// How many of them drove there and said so.
    pub measured: u32,
    /// How many of these were there no later, by time on the road, than the one recommended was expected to be.
    pub no_later: u32,
    /// Seconds on the road beyond what was expected of the one recommended, sorted; less than zero is sooner.
    beyond_s: Vec<i64>,
}

impl RuleFigures {
    /// Returns the middle of the seconds beyond what was expected of the one recommended.
    pub fn median_beyond_s(&self) -> Option<i64> {
        let last = self.beyond_s.len().checked_sub(1)?;
        Some(self.beyond_s[last / 2])
    }

    pub(crate) fn take(&mut self, kept: &Otherwise, drove_s: Option<i64>) {
        self.count += 1;
        let Some(drove_s) = drove_s else { return };
        let beyond_s = drove_s - i64::from(kept.expected_s);
        self.measured += 1;
        self.no_later += u32::from(beyond_s <= 0);
        let at = self.beyond_s.partition_point(|other| *other <= beyond_s);
        self.beyond_s.insert(at, beyond_s);
    }
}

/// Returns how many seconds a unit drove, if both ends were told and in order.
pub(crate) fn drove_s(assignment: &Assignment) -> Option<i64> {
    let (departed_at, arrived_at) = (assignment.departed_at?, assignment.arrived_at?);
    let drove_s = arrived_at.seconds_since(departed_at);
    (arrived_at >= departed_at).then(|| i64::try_from(drove_s).unwrap_or(i64::MAX))
}

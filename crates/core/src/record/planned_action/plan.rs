//! What is planned: branches and teams with their strength and positions, phases with their times, and when it is no go.
//! A plan names roles, call signs and numbers, never people. Start at [`Plan::check`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use watchfire_feed::NodeId;

use crate::basis::{Line, Point, Text, Timestamp};
use crate::limits;
use crate::record::RecordKind;
use crate::record::operation::Operation;
use crate::refusal::Refusal;

/// What is planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What is to be reached.
    pub intent: Line,
    /// Parts of the action, each under one lead.
    pub branches: Vec<Branch>,
    /// Who goes where to do what, by number.
    #[serde(deserialize_with = "by_number")]
    pub teams: BTreeMap<u16, Team>,
    /// What is done one after another; numbered from 1.
    pub phases: Vec<Phase>,
    /// On what conditions it is no go, and who says so; numbered from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_go: Vec<Criterion>,
    /// True if nobody but the lead speaks in the operation until go.
    pub silence: bool,
}

/// A branch (分队): some teams under one lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// What people call it.
    pub name: Line,
    /// The call sign or post of whoever leads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<Line>,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// What people call it.
    pub name: Line,
    /// Its branch, from 1.
    pub branch: u16,
    /// The agency whose people they are, and which answers for it.
    pub agency: NodeId,
    /// How many people.
    pub strength: u16,
    /// Its call sign on the radio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_sign: Option<Line>,
    /// Where it waits for go.
    pub position: TeamPosition,
    /// What it has to do.
    pub task: Line,
}

/// Where a team waits for go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamPosition {
    /// What people call it.
    pub label: Line,
    /// Where it is on the map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
}

/// A phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// What people call it.
    pub name: Line,
    /// What is done in it.
    pub what: Line,
    /// When it is to go.
    pub go_at: Timestamp,
    /// The teams that act in it; all when empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub teams: BTreeSet<u16>,
}

/// A condition on which it is no go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    /// What.
    pub what: Line,
    /// The seat or post that says so.
    pub who: Line,
}

/// Reads what is kept by number. An event's body is read before it is known which event it is, and until then a number that
/// is a key is text.
fn by_number<'de, D, T>(from: D) -> Result<BTreeMap<u16, T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    let named = BTreeMap::<String, T>::deserialize(from)?;
    let number = |(no, one): (String, T)| no.parse().map(|no| (no, one));
    let all: Result<_, std::num::ParseIntError> = named.into_iter().map(number).collect();
    all.map_err(serde::de::Error::custom)
}

impl Plan {
    /// Returns how many people it is for.
    pub fn strength(&self) -> u32 {
        self.teams
            .values()
            .map(|team| u32::from(team.strength))
            .sum()
    }

    /// Returns the numbers of the teams that act in a phase.
    pub fn teams_of(&self, phase: &Phase) -> BTreeSet<u16> {
        match phase.teams.is_empty() {
            true => self.teams.keys().copied().collect(),
            false => phase.teams.clone(),
        }
    }

    /// Returns the same plan with its first phase at another time, and the others as much earlier or later.
    pub fn moved_to(&self, go_at: Timestamp) -> Plan {
        let first = self.phases.first().map_or(go_at, |phase| phase.go_at);
        let mut moved = self.clone();
        for phase in &mut moved.phases {
            let after = phase.go_at.0.saturating_sub(first.0);
            phase.go_at = Timestamp(go_at.0.saturating_add(after));
        }
        moved
    }

    /// Refuses a plan that nobody could act on: `operation` is the one it belongs to.
    pub(super) fn check(&self, operation: &Operation, now: Timestamp) -> Result<(), Refusal> {
        self.check_counts()?;
        self.check_texts()?;
        for team in self.teams.values() {
            if !operation.names(&team.agency) {
                return Err(Refusal::NotAMember);
            }
            let branch = usize::from(team.branch);
            if branch == 0 || branch > self.branches.len() {
                return Err(Refusal::missing(
                    "A branch of the plan for every team",
                    "每个小组所属的分队",
                ));
            }
            if team.strength == 0 || team.strength > limits::TEAM_STRENGTH_MAX {
                return Err(Refusal::limit(
                    "people of one team, at least 1",
                    "每个小组的人数（至少 1 人）",
                    usize::from(limits::TEAM_STRENGTH_MAX),
                ));
            }
        }
        let latest = now.plus_s(limits::ACTION_AHEAD_S_MAX);
        let mut before = None;
        for phase in &self.phases {
            if phase.go_at > latest || before.is_some_and(|before| phase.go_at < before) {
                return Err(Refusal::missing(
                    "Times of phases that follow on each other, within 90 days",
                    "各阶段依次的开始时间（90 天之内）",
                ));
            }
            before = Some(phase.go_at);
            if !phase.teams.iter().all(|team| self.teams.contains_key(team)) {
                return Err(Refusal::NotFound(RecordKind::PlannedAction));
            }
        }
        Ok(())
    }

    fn check_counts(&self) -> Result<(), Refusal> {
        if self.teams.is_empty() || self.phases.is_empty() {
            return Err(Refusal::missing(
                "A team and a phase, at least",
                "至少一个小组和一个阶段",
            ));
        }
        let all = [
            (
                self.branches.len(),
                limits::BRANCHES_PER_ACTION_MAX,
                Text::new("branches of an action", "每次行动的分队"),
            ),
            (
                self.teams.len(),
                limits::TEAMS_PER_ACTION_MAX,
                Text::new("teams of an action", "每次行动的小组"),
            ),
            (
                self.phases.len(),
                limits::PHASES_PER_ACTION_MAX,
                Text::new("phases of an action", "每次行动的阶段"),
            ),
            (
                self.no_go.len(),
                limits::NO_GO_PER_ACTION_MAX,
                Text::new("conditions on which it is no go", "中止条件"),
            ),
        ];
        for (count, max, what) in all {
            if count > max {
                return Err(Refusal::Limit { what, max });
            }
        }
        let bytes = serde_json::to_vec(self).map_or(usize::MAX, |json| json.len());
        if bytes > limits::PLAN_BYTES_MAX {
            return Err(Refusal::limit(
                "bytes of one plan",
                "每份方案的字节数",
                limits::PLAN_BYTES_MAX,
            ));
        }
        Ok(())
    }

    fn check_texts(&self) -> Result<(), Refusal> {
        let branches = self.branches.iter();
        let branches = branches.flat_map(|one| std::iter::once(&one.name).chain(&one.lead));
        let teams = self.teams.values().flat_map(|one| {
            let named = [&one.name, &one.task, &one.position.label];
            named.into_iter().chain(&one.call_sign)
        });
        let phases = self.phases.iter().flat_map(|one| [&one.name, &one.what]);
        let no_go = self.no_go.iter().flat_map(|one| [&one.what, &one.who]);
        branches
            .chain(teams)
            .chain(phases)
            .chain(no_go)
            .try_for_each(check_text)
    }
}

/// Refuses a text that is too long for a plan, a decision or what a team says: told in an operation, all of it fits one entry.
pub(in crate::record) fn check_text(text: &Line) -> Result<(), Refusal> {
    if text.as_str().chars().count() <= limits::ACTION_TEXT_CHARS_MAX {
        return Ok(());
    }
    Err(Refusal::limit(
        "characters of a text in an action",
        "行动中每段文字的字数",
        limits::ACTION_TEXT_CHARS_MAX,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::planned_action::PlannedActionEvent;

    #[test]
    fn a_plan_is_read_back_from_the_event_that_tells_it() {
        let line = |text: &str| text.parse::<Line>().unwrap();
        let team = Team {
            name: line("cordon"),
            branch: 1,
            agency: NodeId([7; 32]),
            strength: 12,
            call_sign: None,
            position: TeamPosition {
                label: line("the lane"),
                point: None,
            },
            task: line("close the lane"),
        };
        let plan = Plan {
            intent: line("both at one time"),
            branches: Vec::new(),
            teams: [(1, team.clone()), (40, team)].into(),
            phases: Vec::new(),
            no_go: Vec::new(),
            silence: true,
        };
        let plan = Box::new(plan);
        let told = serde_json::to_value(PlannedActionEvent::Changed { plan: plan.clone() });
        let read: PlannedActionEvent = serde_json::from_value(told.unwrap()).unwrap();
        assert_eq!(read, PlannedActionEvent::Changed { plan });
    }
}

//! What is sent of planned actions, and how it is read. Start at [`PlanBody`] and [`PlannedActionStep`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{OperationId, PlannedActionId, Point, UnitId};
use watchfire_core::record::planned_action::{
    Branch, Criterion, Decided, Phase, Plan, PlannedActionAction, Team, TeamPosition, Word,
};
use watchfire_core::record::reply::ReplyAction;
use watchfire_core::record::{Action, Elsewhere};
use watchfire_feed::NodeId;

use super::super::assessment::written::node_named;
use super::super::{Timed, read, read_id, read_maybe, read_time, unreadable};
use crate::problem::Problem;

/// A plan as it is written down. It names roles, call signs and numbers, never people.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "intent": "Both doors at one time", "silence": true,
    "branches": [{"name": "North branch", "lead": "N-1"}],
    "teams": [{"no": 1, "name": "Assault", "branch": 1, "agency": "00ff", "strength": 8, "call_sign": "N-11",
        "position": "Lane behind no. 4", "lat": 31.0, "lon": 121.0, "task": "Front door"}],
    "phases": [{"name": "Entry", "what": "Both doors", "go_at": "2026-11-27T03:00:00Z", "teams": [1]}],
    "no_go": [{"what": "Children in the yard", "who": "Duty officer"}],
}))]
pub(crate) struct PlanBody {
    /// What is to be reached.
    #[schema(min_length = 1, max_length = 200)]
    intent: String,
    /// Parts of the action, each under one lead; numbered from 1.
    #[schema(min_items = 1, max_items = 12)]
    branches: Vec<BranchBody>,
    /// Who goes where to do what.
    #[schema(min_items = 1, max_items = 40)]
    teams: Vec<TeamBody>,
    /// What is done one after another; numbered from 1.
    #[schema(min_items = 1, max_items = 12)]
    phases: Vec<PhaseBody>,
    /// On what conditions it is no go, and who says so; numbered from 1.
    #[serde(default)]
    #[schema(max_items = 12)]
    no_go: Vec<NoGoBody>,
    /// True if nobody but the lead speaks in the operation until go.
    #[serde(default)]
    silence: bool,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(PlanBody);

/// A branch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BranchBody {
    /// What people call it.
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// The call sign or post of whoever leads it.
    #[schema(min_length = 1, max_length = 120)]
    lead: Option<String>,
}

/// A team.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamBody {
    /// Its number.
    #[schema(minimum = 1)]
    no: u16,
    /// What people call it.
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// Its branch, from 1.
    #[schema(minimum = 1, maximum = 12)]
    branch: u16,
    /// The node of the agency whose people they are.
    agency: String,
    /// How many people.
    #[schema(minimum = 1, maximum = 1000)]
    strength: u16,
    /// Its call sign on the radio.
    #[schema(min_length = 1, max_length = 120)]
    call_sign: Option<String>,
    /// Where it waits for go: what people call it.
    #[schema(min_length = 1, max_length = 120)]
    position: String,
    /// Where that is: latitude in degrees (WGS 84).
    #[schema(minimum = -90, maximum = 90)]
    lat: Option<f64>,
    /// Where that is: longitude in degrees (WGS 84).
    #[schema(minimum = -180, maximum = 180)]
    lon: Option<f64>,
    /// What it has to do.
    #[schema(min_length = 1, max_length = 120)]
    task: String,
}

/// A phase.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PhaseBody {
    /// What people call it.
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// What is done in it.
    #[schema(min_length = 1, max_length = 120)]
    what: String,
    /// When it is to go.
    #[schema(format = DateTime)]
    go_at: String,
    /// The teams that act in it, by their numbers; all when left out.
    #[serde(default)]
    #[schema(max_items = 40)]
    teams: Vec<u16>,
}

/// A condition on which it is no go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoGoBody {
    /// What.
    #[schema(min_length = 1, max_length = 120)]
    what: String,
    /// The seat or post that says so.
    #[schema(min_length = 1, max_length = 120)]
    who: String,
}

impl PlanBody {
    pub(super) fn read(self) -> Result<Plan, Problem> {
        let branch = |one: &BranchBody| {
            Ok(Branch {
                name: read("branches.name", &one.name)?,
                lead: read_maybe("branches.lead", one.lead.as_deref())?,
            })
        };
        let phase = |one: &PhaseBody| {
            Ok(Phase {
                name: read("phases.name", &one.name)?,
                what: read("phases.what", &one.what)?,
                go_at: read_time("phases.go_at", &one.go_at)?,
                teams: one.teams.iter().copied().collect(),
            })
        };
        let no_go = |one: &NoGoBody| {
            Ok(Criterion {
                what: read("no_go.what", &one.what)?,
                who: read("no_go.who", &one.who)?,
            })
        };
        let mut teams: BTreeMap<u16, Team> = BTreeMap::new();
        for team in &self.teams {
            if team.no == 0 || teams.insert(team.no, team.read()?).is_some() {
                return Err(Problem::unreadable(
                    "`teams.no` names each team once, from 1.",
                    "“teams.no”应从 1 起且互不重复。",
                ));
            }
        }
        let branches: Result<_, Problem> = self.branches.iter().map(branch).collect();
        let phases: Result<_, Problem> = self.phases.iter().map(phase).collect();
        let conditions: Result<_, Problem> = self.no_go.iter().map(no_go).collect();
        Ok(Plan {
            intent: read("intent", &self.intent)?,
            branches: branches?,
            teams,
            phases: phases?,
            no_go: conditions?,
            silence: self.silence,
        })
    }
}

impl TeamBody {
    fn read(&self) -> Result<Team, Problem> {
        let point = match (self.lat, self.lon) {
            (Some(lat), Some(lon)) => {
                Some(Point::from_degrees(lat, lon).map_err(|error| unreadable("lat", &error))?)
            }
            _ => None,
        };
        Ok(Team {
            name: read("teams.name", &self.name)?,
            branch: self.branch,
            agency: node_named(&self.agency)?,
            strength: self.strength,
            call_sign: read_maybe("teams.call_sign", self.call_sign.as_deref())?,
            position: TeamPosition {
                label: read("teams.position", &self.position)?,
                point,
            },
            task: read("teams.task", &self.task)?,
        })
    }
}

/// A step in a planned action. Phases are numbered from 1.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum PlannedActionStep {
    /// Change the plan while it is being planned.
    Change {
        /// What is planned now.
        plan: Box<PlanBody>,
    },
    /// Issue the plan: the teams are briefed.
    Issue {},
    /// Take the plan back to be changed, before anything went.
    Rework {
        /// Why.
        #[schema(min_length = 1, max_length = 120)]
        reason: String,
    },
    /// Go: a phase now; or all that have not gone, the first of them now and the later ones at their times.
    Go {
        /// Which phase; all when left out.
        phase: Option<u16>,
        /// Why it is go although teams have not said that they are in position.
        #[schema(min_length = 1, max_length = 120)]
        despite: Option<String>,
    },
    /// No go: a phase does not go at its time.
    NoGo {
        /// Which phase.
        phase: u16,
        /// The condition of the plan that was met, from 1.
        condition: Option<u16>,
        /// Why.
        #[schema(min_length = 1, max_length = 120)]
        reason: String,
    },
    /// Hold: a phase waits for a new time; later ones move as much.
    Hold {
        /// Which phase.
        phase: u16,
        /// Why.
        #[schema(min_length = 1, max_length = 120)]
        reason: String,
        /// The new time.
        #[schema(format = DateTime)]
        go_at: String,
    },
    /// A phase is done.
    Done {
        /// Which phase.
        phase: u16,
    },
    /// It was carried out.
    End {
        /// With what outcome.
        #[schema(min_length = 1, max_length = 120)]
        outcome: String,
    },
    /// Call it off.
    CallOff {
        /// Why.
        #[schema(min_length = 1, max_length = 120)]
        reason: String,
    },
    /// Go on with what the lead before planned, after command was taken.
    TakeOver {},
    /// Say which of this agency's units make up a team of its own.
    Man {
        /// The team, by its number.
        team: u16,
        /// The units, by their ids; none when nobody is to be.
        #[schema(max_items = 10)]
        units: Vec<String>,
    },
}

impl Timed for PlannedActionStep {
    fn happened_at(&self) -> Option<&str> {
        None
    }
}

impl PlannedActionStep {
    /// Returns the action that it means; `found` is the planned action that there is, and where.
    pub(super) fn meaning(
        self,
        operation: OperationId,
        found: Option<(NodeId, PlannedActionId)>,
    ) -> Result<Action, Problem> {
        let (node, action) = found.ok_or_else(Problem::not_found)?;
        let decide = |what| PlannedActionAction::Decide {
            operation,
            action,
            what,
        };
        Ok(Action::PlannedAction(match self {
            PlannedActionStep::Man { team, units } => {
                let units: Result<BTreeSet<UnitId>, Problem> =
                    units.iter().map(|unit| read_id(unit)).collect();
                return Ok(Action::Reply(ReplyAction::ManTeam {
                    operation,
                    to: Elsewhere {
                        node,
                        record: action.into(),
                    },
                    team,
                    units: units?,
                }));
            }
            PlannedActionStep::Change { plan } => PlannedActionAction::Change {
                operation,
                action,
                plan: plan.read()?,
            },
            PlannedActionStep::Issue {} => decide(Decided::Issued),
            PlannedActionStep::Rework { reason } => decide(Decided::Reworked {
                reason: read("reason", &reason)?,
            }),
            PlannedActionStep::Go { phase, despite } => decide(Decided::Go {
                phase,
                not_ready: Vec::new(),
                despite: read_maybe("despite", despite.as_deref())?,
            }),
            PlannedActionStep::NoGo {
                phase,
                condition,
                reason,
            } => decide(Decided::NoGo {
                phase,
                criterion: condition,
                reason: read("reason", &reason)?,
            }),
            PlannedActionStep::Hold {
                phase,
                reason,
                go_at,
            } => decide(Decided::Hold {
                phase,
                reason: read("reason", &reason)?,
                go_at: read_time("go_at", &go_at)?,
            }),
            PlannedActionStep::Done { phase } => decide(Decided::Done { phase }),
            PlannedActionStep::End { outcome } => PlannedActionAction::End {
                operation,
                action,
                outcome: read("outcome", &outcome)?,
            },
            PlannedActionStep::CallOff { reason } => PlannedActionAction::CallOff {
                operation,
                action,
                reason: read("reason", &reason)?,
            },
            PlannedActionStep::TakeOver {} => PlannedActionAction::TakeOver { operation },
        }))
    }
}

/// What is said of a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WordView {
    /// It knows its task.
    Briefed,
    /// It is on its way to its position.
    OnTheWay,
    /// It is in position.
    InPosition,
    /// It cannot go; the reason says why.
    NotReady,
    /// It has done its part of a phase.
    Done,
    /// It needs help; the reason says what.
    NeedsHelp,
}

impl From<WordView> for Word {
    fn from(view: WordView) -> Word {
        match view {
            WordView::Briefed => Word::Briefed,
            WordView::OnTheWay => Word::OnTheWay,
            WordView::InPosition => Word::InPosition,
            WordView::NotReady => Word::NotReady,
            WordView::Done => Word::Done,
            WordView::NeedsHelp => Word::NeedsHelp,
        }
    }
}

impl From<Word> for WordView {
    fn from(word: Word) -> WordView {
        match word {
            Word::Briefed => WordView::Briefed,
            Word::OnTheWay => WordView::OnTheWay,
            Word::InPosition => WordView::InPosition,
            Word::NotReady => WordView::NotReady,
            Word::Done => WordView::Done,
            Word::NeedsHelp => WordView::NeedsHelp,
        }
    }
}

/// What is said of a team.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"team": 1, "word": "in_position"}))]
pub(crate) struct TeamWordBody {
    /// The team, by its number.
    #[schema(minimum = 1)]
    team: u16,
    /// What.
    word: WordView,
    /// Of which phase it has done its part, for `done`.
    #[schema(minimum = 1)]
    phase: Option<u16>,
    /// Why it is not ready, what help it needs, or how go came where no word of it is here.
    #[schema(min_length = 1, max_length = 120)]
    reason: Option<String>,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(TeamWordBody);

impl TeamWordBody {
    /// Returns the action that it means; `found` is the planned action that there is, and where.
    pub(super) fn meaning(
        &self,
        operation: OperationId,
        found: Option<(NodeId, PlannedActionId)>,
    ) -> Result<Action, Problem> {
        let (node, action) = found.ok_or_else(Problem::not_found)?;
        Ok(Action::Reply(ReplyAction::SayOfTeam {
            operation,
            to: Elsewhere {
                node,
                record: action.into(),
            },
            team: self.team,
            word: self.word.into(),
            phase: self.phase,
            reason: read_maybe("reason", self.reason.as_deref())?,
        }))
    }
}

/// When it is to be rehearsed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RehearsalBody {
    /// What the exercise is called.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) name: String,
    /// When its first phase is to go; the others as long after as in the plan.
    #[schema(format = DateTime)]
    pub(super) go_at: String,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(RehearsalBody);

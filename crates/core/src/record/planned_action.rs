//! A planned action (统一行动): what several agencies do at one time, by teams and phases, as the lead of an operation planned it.
//!
//! An operation *is* a planned action once it has one. Only the lead writes this record, in the operation's feed; each agency
//! says in a [`reply`](super::reply) of its own where its teams stand, so that neither needs two writers. People are numbers
//! here: a team has a strength and no names. What is decided (go, no-go, hold, done) is kept one after another, and where
//! each phase stands is worked out from that: see [`PlannedAction::runs`]. No word is no go: nothing goes because a time has come.
//!
//! Life: planning -> issued -> phases go and are done, one by one -> ended; or called off. Start at [`Plan`].

mod decide;
mod fold;
mod plan;
mod runs;
mod teams;

use serde::{Deserialize, Serialize};
use watchfire_feed::NodeId;

use super::directive::Mark;
use super::{Elsewhere, Life, Open};
use crate::basis::{Line, OperationId, PlannedActionId, Text, Timestamp};
pub(super) use decide::decide;
pub(super) use fold::apply;
pub use plan::{Branch, Criterion, Phase, Plan, Team, TeamPosition};
pub use runs::{Run, RunState, Standing};
pub use teams::{TeamPart, TeamWord, Word};
pub(super) use teams::{fold_units, fold_word, man, say};

/// A planned action as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedAction {
    /// Its name: made of its home and its operation, so that there is one.
    pub id: PlannedActionId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The operation that it belongs to.
    pub operation: OperationId,
    /// The version of the operation from which on its home led it: a lead of an earlier time is heard no more.
    pub led_from: u64,
    /// What is planned.
    pub plan: Plan,
    /// When and by whom it was first written down.
    pub planned: Mark,
    /// How often it was issued; what a team said of an earlier issue says nothing of this one.
    pub issue: u16,
    /// What was decided, in its order.
    pub decisions: Vec<Decision>,
    /// How it ended, once it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<(Mark, Ending)>,
    /// The action that it rehearses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearses: Option<Elsewhere>,
}

/// Something that the lead decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// When, and by whom.
    pub mark: Mark,
    /// What.
    pub what: Decided,
}

/// What the lead decides. Phases are numbered from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Decided {
    /// The plan was issued: the teams may be briefed.
    Issued,
    /// The plan was taken back to be changed, before anything went.
    Reworked {
        /// Why.
        reason: Line,
    },
    /// Go: one phase now; or all that have not gone, the first of them now and the later ones at their times.
    Go {
        /// Which phase; all when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phase: Option<u16>,
        /// Teams that had not said that they were in position.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        not_ready: Vec<u16>,
        /// Why it is go all the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        despite: Option<Line>,
    },
    /// No go: a phase does not go at its time, and those after it wait for word again.
    NoGo {
        /// Which phase.
        phase: u16,
        /// The condition of the plan that was met, from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        criterion: Option<u16>,
        /// Why.
        reason: Line,
    },
    /// Hold: a phase waits for word at a new time; those after it wait for word again, and move as much.
    Hold {
        /// Which phase.
        phase: u16,
        /// Why.
        reason: Line,
        /// The new time.
        go_at: Timestamp,
    },
    /// A phase is done.
    Done {
        /// Which phase.
        phase: u16,
    },
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Ending {
    /// It was carried out.
    Ended {
        /// With what outcome.
        outcome: Line,
    },
    /// It was called off.
    CalledOff {
        /// Why.
        reason: Line,
    },
}

impl PlannedAction {
    /// Returns the id of a home's planned action in an operation: there is one.
    pub fn id_of(node: &NodeId, operation: OperationId) -> PlannedActionId {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        hash.update(b"watchfire planned action v1\0");
        hash.update(node.0);
        hash.update(operation.0);
        let bytes: [u8; 32] = hash.finalize().into();
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[..16]);
        PlannedActionId(id)
    }

    /// Returns true until it ended or was called off.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Returns true while the plan is out: issued, not taken back, not over.
    pub fn is_out(&self) -> bool {
        self.is_open() && self.is_issued()
    }

    /// Returns true while nobody but the lead may speak in the operation: the plan wants it so, it is out, and nothing has gone.
    pub fn is_silent(&self) -> bool {
        self.plan.silence && self.is_out() && !self.has_gone()
    }
}

impl Life for PlannedAction {
    fn needs_attention(&self) -> bool {
        self.is_open()
    }

    fn part_of(&self) -> Option<OperationId> {
        Some(self.operation)
    }

    // What it is for is for those who take part.
    fn open_item(&self, _: Timestamp) -> Option<Open> {
        self.is_open().then(|| Open {
            what: Text::new("planned action", "统一行动"),
            since: self.planned.at,
        })
    }
}

/// What can be asked of a planned action; always of an operation that this node leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlannedActionAction {
    /// Write the plan down: from now on the operation is a planned action.
    Plan {
        /// Of which operation.
        operation: OperationId,
        /// What is planned.
        plan: Plan,
    },
    /// Change the plan while it is being planned.
    Change {
        /// Of which operation.
        operation: OperationId,
        /// Which, as it was seen.
        action: PlannedActionId,
        /// What is planned now.
        plan: Plan,
    },
    /// Decide something: issue the plan, take it back, go, no-go, hold, done. Which teams were not in position is filled in.
    Decide {
        /// Of which operation.
        operation: OperationId,
        /// Which, as it was seen.
        action: PlannedActionId,
        /// What.
        what: Decided,
    },
    /// Say that it was carried out.
    End {
        /// Of which operation.
        operation: OperationId,
        /// Which, as it was seen.
        action: PlannedActionId,
        /// With what outcome.
        outcome: Line,
    },
    /// Call it off.
    CallOff {
        /// Of which operation.
        operation: OperationId,
        /// Which, as it was seen.
        action: PlannedActionId,
        /// Why.
        reason: Line,
    },
    /// Go on with what the lead before planned and decided, after command was taken.
    TakeOver {
        /// Of which operation.
        operation: OperationId,
    },
    /// Raise an exercise in which a plan of this node's is rehearsed: the same plan, its first phase at another time.
    Rehearse {
        /// Of which operation.
        operation: OperationId,
        /// What the exercise is called.
        name: Line,
        /// When its first phase is to go.
        go_at: Timestamp,
        /// What this node calls itself in it.
        own_name: Line,
    },
}

impl PlannedActionAction {
    /// Returns the planned action of this node's that it is about, which may be held against the version that was seen.
    pub fn subject(&self) -> Option<PlannedActionId> {
        match self {
            PlannedActionAction::Change { action, .. }
            | PlannedActionAction::Decide { action, .. }
            | PlannedActionAction::End { action, .. }
            | PlannedActionAction::CallOff { action, .. } => Some(*action),
            PlannedActionAction::Plan { .. }
            | PlannedActionAction::TakeOver { .. }
            | PlannedActionAction::Rehearse { .. } => None,
        }
    }

    /// Returns the operation that it is about.
    pub fn operation(&self) -> OperationId {
        match self {
            PlannedActionAction::Plan { operation, .. }
            | PlannedActionAction::Change { operation, .. }
            | PlannedActionAction::Decide { operation, .. }
            | PlannedActionAction::End { operation, .. }
            | PlannedActionAction::CallOff { operation, .. }
            | PlannedActionAction::TakeOver { operation }
            | PlannedActionAction::Rehearse { operation, .. } => *operation,
        }
    }
}

/// What happened to a planned action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum PlannedActionEvent {
    /// It was planned.
    Planned {
        /// The operation.
        operation: OperationId,
        /// The version of the operation from which on its home led it.
        led_from: u64,
        /// What is planned.
        plan: Box<Plan>,
        /// The action that it rehearses.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rehearses: Option<Elsewhere>,
    },
    /// The plan was changed.
    Changed {
        /// What is planned now.
        plan: Box<Plan>,
    },
    /// Something was decided.
    Decided {
        /// What.
        what: Decided,
    },
    /// It ended.
    Ended {
        /// With what outcome.
        outcome: Line,
    },
    /// It was called off.
    CalledOff {
        /// Why.
        reason: Line,
    },
    /// It goes on with the lead that took command.
    TakenOver {
        /// The version of the operation from which on its new home leads it.
        led_from: u64,
        /// As it stood with the lead before.
        action: Box<PlannedAction>,
    },
}

impl PlannedActionEvent {
    /// Returns the operation that the event itself names, if it does.
    pub(super) fn operation(&self) -> Option<OperationId> {
        match self {
            PlannedActionEvent::Planned { operation, .. } => Some(*operation),
            PlannedActionEvent::TakenOver { action, .. } => Some(action.operation),
            PlannedActionEvent::Changed { .. }
            | PlannedActionEvent::Decided { .. }
            | PlannedActionEvent::Ended { .. }
            | PlannedActionEvent::CalledOff { .. } => None,
        }
    }
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 6] = [
    "planned",
    "changed",
    "decided",
    "ended",
    "called_off",
    "taken_over",
];

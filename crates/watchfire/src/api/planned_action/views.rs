//! The shapes in which a planned action is told: whole to who may read it, and one team of it to its own crew.
//! Start at [`PlannedActionView`] and [`OwnTeamView`].

use serde::Serialize;
use utoipa::ToSchema;

use super::super::operation::shown::DeliveryView;
use super::super::view::TextView;
use super::written::WordView;

/// A planned action.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct PlannedActionView {
    /// Its id.
    pub(super) id: String,
    /// Its version.
    pub(super) version: u64,
    /// Its home.
    pub(super) node: String,
    /// What people call its home.
    pub(super) home_name: String,
    /// True if it is this node's own.
    pub(super) own: bool,
    /// The operation.
    pub(super) operation: String,
    /// What that is called.
    pub(super) operation_name: String,
    /// True if it is an exercise.
    pub(super) exercise: bool,
    /// True if it rehearses another.
    pub(super) rehearsal: bool,
    /// What is to be reached.
    pub(super) intent: String,
    /// How many people it is for.
    pub(super) strength: u32,
    /// True if the plan wants nobody but the lead to speak until go.
    pub(super) silence: bool,
    /// True while that is so.
    pub(super) silent: bool,
    /// Where it stands.
    pub(super) standing: StandingView,
    /// The same in words.
    pub(super) standing_text: TextView,
    /// When it was planned.
    pub(super) planned_at: String,
    /// How often it was issued.
    pub(super) issue: u16,
    /// When it was issued last.
    pub(super) issued_at: Option<String>,
    /// How it ended, or why it was called off.
    pub(super) ending: Option<String>,
    /// When it ended.
    pub(super) ended_at: Option<String>,
    /// When its home was last heard, if it cannot be reached now; absent for one's own.
    pub(super) lead_heard_at: Option<String>,
    /// True if its home cannot be reached, so that go may have been given and is not known here.
    pub(super) lead_cut: bool,
    /// Parts of the action.
    pub(super) branches: Vec<BranchView>,
    /// The teams, by their numbers.
    pub(super) teams: Vec<TeamView>,
    /// The phases, in order.
    pub(super) phases: Vec<PhaseView>,
    /// The next phase that has not gone.
    pub(super) next: Option<u16>,
    /// On what conditions it is no go.
    pub(super) no_go: Vec<NoGoView>,
    /// What was decided and what was said of teams, newest first.
    pub(super) log: Vec<PlannedActionLineView>,
    /// How far it has come to the other agencies, if it is this node's own.
    pub(super) delivery: Vec<DeliveryView>,
    /// When a screen of this node showed it as it stands now, if it is another's.
    pub(super) shown: bool,
    /// When a person of this node signed for it as it stands now, if it is another's.
    pub(super) signed_at: Option<String>,
    /// What the asker may do with it now.
    pub(super) may: Vec<PlannedActionStepView>,
}

/// Where a planned action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StandingView {
    /// It is being planned.
    Planning,
    /// It was issued and waits for go.
    Issued,
    /// The next phase waits for a new time.
    Held,
    /// The next phase does not go.
    NoGo,
    /// It goes on.
    Going,
    /// It was carried out.
    Ended,
    /// It was called off.
    CalledOff,
}

/// What may be done with a planned action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlannedActionStepView {
    /// Change the plan.
    Change,
    /// Issue it.
    Issue,
    /// Take it back.
    Rework,
    /// Go, no-go and hold.
    Decide,
    /// Say that a phase is done.
    Done,
    /// End it.
    End,
    /// Call it off.
    CallOff,
    /// Take it over.
    TakeOver,
    /// Rehearse it.
    Rehearse,
    /// Say where teams of this agency stand, and which units they are.
    Say,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BranchView {
    /// Its number.
    pub(super) no: u16,
    /// What people call it.
    pub(super) name: String,
    /// The call sign or post of whoever leads it.
    pub(super) lead: Option<String>,
    /// How many people.
    pub(super) strength: u32,
    /// How many teams.
    pub(super) teams: u32,
    /// How many of these are ready.
    pub(super) ready: u32,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct TeamView {
    /// Its number.
    pub(super) no: u16,
    /// What people call it.
    pub(super) name: String,
    /// Its branch.
    pub(super) branch: u16,
    /// The node of its agency.
    pub(super) agency: String,
    /// What people call that.
    pub(super) agency_name: String,
    /// True if that is this node.
    pub(super) own: bool,
    /// How many people.
    pub(super) strength: u16,
    /// Its call sign on the radio.
    pub(super) call_sign: Option<String>,
    /// Where it waits for go.
    pub(super) position: String,
    /// Where that is, in degrees.
    pub(super) lat: Option<f64>,
    /// Where that is, in degrees.
    pub(super) lon: Option<f64>,
    /// What it has to do.
    pub(super) task: String,
    /// The units that make it up: of this node only.
    pub(super) units: Vec<TeamUnitView>,
    /// What was said of it last, of the plan as it was issued last.
    pub(super) word: Option<TeamSaidView>,
    /// Since when it is in position.
    pub(super) in_position_at: Option<String>,
    /// True if it can go.
    pub(super) ready: bool,
    /// When its agency was last heard, if it cannot be reached now: what was said may be old.
    pub(super) heard_at: Option<String>,
    /// True if its agency cannot be reached now.
    pub(super) cut: bool,
}

/// A unit of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TeamUnitView {
    /// Its id.
    pub(super) id: String,
    /// Its call sign.
    pub(super) callsign: String,
}

/// What was said of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TeamSaidView {
    /// What.
    pub(super) word: WordView,
    /// The same in words.
    pub(super) label: TextView,
    /// Of which phase.
    pub(super) phase: Option<u16>,
    /// Why.
    pub(super) reason: Option<String>,
    /// When.
    pub(super) at: String,
}

/// A phase.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct PhaseView {
    /// Its number.
    pub(super) no: u16,
    /// What people call it.
    pub(super) name: String,
    /// What is done in it.
    pub(super) what: String,
    /// When it was to go, as it was planned.
    pub(super) planned_at: String,
    /// When it is to go, as it stands now.
    pub(super) go_at: String,
    /// Where it stands.
    pub(super) state: PhaseStateView,
    /// The same in words.
    pub(super) state_text: TextView,
    /// Why it is held or does not go.
    pub(super) reason: Option<String>,
    /// From when it goes or went.
    pub(super) from: Option<String>,
    /// When it was done.
    pub(super) done_at: Option<String>,
    /// True if its time is past and no word of go is here.
    pub(super) no_word: bool,
    /// The teams that act in it.
    pub(super) teams: Vec<u16>,
    /// Those of them that have not said that they are in position; before go only.
    pub(super) not_ready: Vec<u16>,
    /// Those that said that they have done their part.
    pub(super) done: Vec<u16>,
}

/// Where a phase stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PhaseStateView {
    /// It waits for go.
    Waiting,
    /// It waits for go at a new time.
    Held,
    /// It does not go.
    NoGo,
    /// It was given go.
    Gone,
    /// It is done.
    Done,
}

/// A condition on which it is no go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct NoGoView {
    /// Its number.
    pub(super) no: u16,
    /// What.
    pub(super) what: String,
    /// The seat or post that says so.
    pub(super) who: String,
}

/// Something that was decided, or said of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PlannedActionLineView {
    /// When.
    pub(super) at: String,
    /// Whose agency.
    pub(super) name: String,
    /// Who, if of this agency.
    pub(super) by: Option<String>,
    /// What, in words.
    pub(super) what: TextView,
    /// True if the lead decided it.
    pub(super) decision: bool,
}

/// A team as its own crew is shown it, and nothing of anybody else.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct OwnTeamView {
    /// The operation, through which answers are given.
    pub(super) operation: String,
    /// True if it is an exercise.
    pub(super) exercise: bool,
    /// The team's number.
    pub(super) no: u16,
    /// What people call it.
    pub(super) name: String,
    /// What people call its branch.
    pub(super) branch: String,
    /// The call sign or post of whoever leads that.
    pub(super) branch_lead: Option<String>,
    /// Its call sign on the radio.
    pub(super) call_sign: Option<String>,
    /// How many people.
    pub(super) strength: u16,
    /// What it has to do.
    pub(super) task: String,
    /// Where it waits for go.
    pub(super) position: String,
    /// Where that is, in degrees.
    pub(super) lat: Option<f64>,
    /// Where that is, in degrees.
    pub(super) lon: Option<f64>,
    /// Where the action stands.
    pub(super) standing: StandingView,
    /// The same in words.
    pub(super) standing_text: TextView,
    /// True while nobody but the lead speaks.
    pub(super) silent: bool,
    /// Its phases.
    pub(super) phases: Vec<PhaseView>,
    /// What was said of it last.
    pub(super) word: Option<TeamSaidView>,
    /// When the lead was last heard, if it cannot be reached now.
    pub(super) lead_heard_at: Option<String>,
    /// True if the lead cannot be reached now.
    pub(super) lead_cut: bool,
}

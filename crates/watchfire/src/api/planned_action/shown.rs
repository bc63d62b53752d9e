//! A planned action as it is shown: branches, teams with their last word and its age, phases and their times, what was decided.
//!
//! Everything is derived from this node's board, the copies and the lines at the moment of asking. A node that hears nothing
//! of the lead says so, and says since when: no word is no go. Start at [`Viewer`].

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{Line, OperationId, Text, Timestamp, UnitId};
use watchfire_core::board::Board;
use watchfire_core::record::directive::Mark;
use watchfire_core::record::operation::Operation;
use watchfire_core::record::planned_action::{
    Decided, Ending, PlannedAction, Run, RunState, Standing, Team, TeamPart, TeamWord, Word,
};
use watchfire_core::record::reply::Reply;
use watchfire_core::record::{Elsewhere, RecordRef};
use watchfire_feed::NodeId;

use super::super::App;
use super::super::assessment::shown::name_of;
use super::super::operation::shown::{DeliveryView, delivery_of};
use super::super::peer::{LineState, LineView};
use super::super::view::{self, TextView, maybe_time};
use super::written::WordView;
use crate::policy::{Permission, Session};

/// A planned action.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct PlannedActionView {
    /// Its id.
    id: String,
    /// Its version.
    pub(super) version: u64,
    /// Its home.
    node: String,
    /// What people call its home.
    home_name: String,
    /// True if it is this node's own.
    own: bool,
    /// The operation.
    operation: String,
    /// What that is called.
    operation_name: String,
    /// True if it is an exercise.
    exercise: bool,
    /// True if it rehearses another.
    rehearsal: bool,
    /// What is to be reached.
    intent: String,
    /// How many people it is for.
    strength: u32,
    /// True if the plan wants nobody but the lead to speak until go.
    silence: bool,
    /// True while that is so.
    silent: bool,
    /// Where it stands.
    standing: StandingView,
    /// The same in words.
    standing_text: TextView,
    /// When it was planned.
    planned_at: String,
    /// How often it was issued.
    issue: u16,
    /// When it was issued last.
    issued_at: Option<String>,
    /// How it ended, or why it was called off.
    ending: Option<String>,
    /// When it ended.
    ended_at: Option<String>,
    /// When its home was last heard, if it cannot be reached now; absent for one's own.
    lead_heard_at: Option<String>,
    /// True if its home cannot be reached, so that go may have been given and is not known here.
    lead_cut: bool,
    /// Parts of the action.
    branches: Vec<BranchView>,
    /// The teams, by their numbers.
    teams: Vec<TeamView>,
    /// The phases, in order.
    phases: Vec<PhaseView>,
    /// The next phase that has not gone.
    next: Option<u16>,
    /// On what conditions it is no go.
    no_go: Vec<NoGoView>,
    /// What was decided and what was said of teams, newest first.
    log: Vec<ActionLineView>,
    /// How far it has come to the other agencies, if it is this node's own.
    delivery: Vec<DeliveryView>,
    /// When a screen of this node showed it as it stands now, if it is another's.
    shown: bool,
    /// When a person of this node signed for it as it stands now, if it is another's.
    signed_at: Option<String>,
    /// What the asker may do with it now.
    may: Vec<PlannedActionStepView>,
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
    no: u16,
    /// What people call it.
    name: String,
    /// The call sign or post of whoever leads it.
    lead: Option<String>,
    /// How many people.
    strength: u32,
    /// How many teams.
    teams: u32,
    /// How many of these are ready.
    ready: u32,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct TeamView {
    /// Its number.
    no: u16,
    /// What people call it.
    name: String,
    /// Its branch.
    branch: u16,
    /// The node of its agency.
    agency: String,
    /// What people call that.
    agency_name: String,
    /// True if that is this node.
    own: bool,
    /// How many people.
    strength: u16,
    /// Its call sign on the radio.
    call_sign: Option<String>,
    /// Where it waits for go.
    position: String,
    /// Where that is, in degrees.
    lat: Option<f64>,
    /// Where that is, in degrees.
    lon: Option<f64>,
    /// What it has to do.
    task: String,
    /// The units that make it up: of this node only.
    units: Vec<TeamUnitView>,
    /// What was said of it last, of the plan as it was issued last.
    word: Option<SaidView>,
    /// Since when it is in position.
    in_position_at: Option<String>,
    /// True if it can go.
    ready: bool,
    /// When its agency was last heard, if it cannot be reached now: what was said may be old.
    heard_at: Option<String>,
    /// True if its agency cannot be reached now.
    cut: bool,
}

/// A unit of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TeamUnitView {
    /// Its id.
    id: String,
    /// Its call sign.
    callsign: String,
}

/// What was said of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SaidView {
    /// What.
    word: WordView,
    /// The same in words.
    label: TextView,
    /// Of which phase.
    phase: Option<u16>,
    /// Why.
    reason: Option<String>,
    /// When.
    at: String,
}

/// A phase.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct PhaseView {
    /// Its number.
    no: u16,
    /// What people call it.
    name: String,
    /// What is done in it.
    what: String,
    /// When it was to go, as it was planned.
    planned_at: String,
    /// When it is to go, as it stands now.
    go_at: String,
    /// Where it stands.
    state: PhaseStateView,
    /// The same in words.
    state_text: TextView,
    /// Why it is held or does not go.
    reason: Option<String>,
    /// From when it goes or went.
    from: Option<String>,
    /// When it was done.
    done_at: Option<String>,
    /// True if its time is past and no word of go is here.
    no_word: bool,
    /// The teams that act in it.
    teams: Vec<u16>,
    /// Those of them that have not said that they are in position; before go only.
    not_ready: Vec<u16>,
    /// Those that said that they have done their part.
    done: Vec<u16>,
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
    no: u16,
    /// What.
    what: String,
    /// The seat or post that says so.
    who: String,
}

/// Something that was decided, or said of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ActionLineView {
    /// When.
    at: String,
    /// Whose agency.
    name: String,
    /// Who, if of this agency.
    by: Option<String>,
    /// What, in words.
    what: TextView,
    /// True if the lead decided it.
    decision: bool,
}

/// A team as its own crew is shown it, and nothing of anybody else.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct OwnTeamView {
    /// The operation, through which answers are given.
    operation: String,
    /// True if it is an exercise.
    exercise: bool,
    /// The team's number.
    no: u16,
    /// What people call it.
    name: String,
    /// What people call its branch.
    branch: String,
    /// The call sign or post of whoever leads that.
    branch_lead: Option<String>,
    /// Its call sign on the radio.
    call_sign: Option<String>,
    /// How many people.
    strength: u16,
    /// What it has to do.
    task: String,
    /// Where it waits for go.
    position: String,
    /// Where that is, in degrees.
    lat: Option<f64>,
    /// Where that is, in degrees.
    lon: Option<f64>,
    /// Where the action stands.
    standing: StandingView,
    /// The same in words.
    standing_text: TextView,
    /// True while nobody but the lead speaks.
    silent: bool,
    /// Its phases.
    phases: Vec<PhaseView>,
    /// What was said of it last.
    word: Option<SaidView>,
    /// When the lead was last heard, if it cannot be reached now.
    lead_heard_at: Option<String>,
    /// True if the lead cannot be reached now.
    lead_cut: bool,
}

/// Returns what of a planned action the stream tells with its operation: a mark that changes whenever anything of it does, so
/// that whoever may see it asks anew, and whether nobody but the lead speaks now.
pub(crate) fn marked(board: &Board, operation: OperationId) -> (Option<String>, bool) {
    let Some((home, action)) = board.planned_action_in(operation) else {
        return (None, false);
    };
    let to = Elsewhere {
        node: home,
        record: action.id.into(),
    };
    let boards = board.copies.boards.values().chain([board]);
    let replies = boards.flat_map(|board| board.replies.values());
    let said: u64 = replies
        .filter(|reply| reply.to == to)
        .map(|reply| reply.version)
        .sum();
    let mark = format!("{}.{said}", action.version);
    (Some(mark), board.is_silent(operation))
}

/// Somebody who looks at planned actions.
pub(super) struct Viewer<'a> {
    app: &'a App,
    session: &'a Session,
    board: &'a Board,
    own: NodeId,
    now: Timestamp,
}

/// One planned action with all that it is shown of.
struct Scene<'a> {
    operation: &'a Operation,
    home: NodeId,
    action: &'a PlannedAction,
    parts: BTreeMap<u16, TeamPart>,
    runs: Vec<Run<'a>>,
    /// When its home was last heard, if it cannot be reached now.
    heard_at: Option<String>,
    cut: bool,
}

impl<'a> Viewer<'a> {
    pub(super) fn new(app: &'a App, session: &'a Session, board: &'a Board) -> Viewer<'a> {
        Viewer {
            app,
            session,
            board,
            own: app.node.feed().node,
            now: app.node.now(),
        }
    }

    fn scene(&self, id: OperationId) -> Option<Scene<'a>> {
        let operation = self.board.operation_anywhere(id).ok()?;
        let (home, action) = self.board.planned_action_in(id)?;
        // Whoever left hears no more of it.
        if !self.board.is_member(id, &self.own) {
            return None;
        }
        let (heard_at, cut) = self.line(&home);
        Some(Scene {
            operation,
            home,
            action,
            parts: self.board.team_parts(home, action),
            runs: action.runs(),
            heard_at,
            cut,
        })
    }

    /// Returns when a node was last heard, if it cannot be reached now, and whether that is so.
    fn line(&self, node: &NodeId) -> (Option<String>, bool) {
        if *node == self.own {
            return (None, false);
        }
        let line = LineView::of(&self.app.node.federation().links().get(node));
        let cut = line.state != LineState::Up;
        (line.heard_at.filter(|_| cut), cut)
    }

    /// Returns all, those that go on first.
    pub(super) fn all(&self) -> Vec<PlannedActionView> {
        let mut all: Vec<(bool, Timestamp, PlannedActionView)> = Vec::new();
        for operation in self.board.all_operations() {
            if let Some(scene) = self.scene(operation.id) {
                let (open, at) = (scene.action.is_open(), scene.action.planned.at);
                all.push((!open, at, self.whole(&scene)));
            }
        }
        all.sort_by_key(|(over, at, _)| (*over, std::cmp::Reverse(*at)));
        all.into_iter().map(|(_, _, view)| view).collect()
    }

    /// Returns the planned action of an operation, if there is one that may be seen here.
    pub(super) fn shown(&self, id: OperationId) -> Option<PlannedActionView> {
        Some(self.whole(&self.scene(id)?))
    }

    fn whole(&self, scene: &Scene<'a>) -> PlannedActionView {
        let Scene {
            action, operation, ..
        } = scene;
        let own = scene.home == self.own;
        let record = RecordRef::from(action.id);
        let ended = action.ended.as_ref();
        let issued = action.decisions.iter().rev();
        let mut issued = issued.filter(|one| one.what == Decided::Issued);
        let (shown, signed_at) = self.replied(scene);
        PlannedActionView {
            id: action.id.to_string(),
            version: action.version,
            node: scene.home.to_string(),
            home_name: self.board.name_of_in(&scene.home, operation),
            own,
            operation: operation.id.to_string(),
            operation_name: operation.genesis.name.to_string(),
            exercise: operation.genesis.exercise,
            rehearsal: action.rehearses.is_some(),
            intent: action.plan.intent.to_string(),
            strength: action.plan.strength(),
            silence: action.plan.silence,
            silent: self.board.is_silent(operation.id),
            standing: standing(action.standing()),
            standing_text: action.standing().label().into(),
            planned_at: view::time(action.planned.at),
            issue: action.issue,
            issued_at: maybe_time(issued.next().map(|one| one.mark.at)),
            ending: ended.map(|(_, ending)| match ending {
                Ending::Ended { outcome } => outcome.to_string(),
                Ending::CalledOff { reason } => reason.to_string(),
            }),
            ended_at: maybe_time(ended.map(|(mark, _)| mark.at)),
            lead_heard_at: scene.heard_at.clone(),
            lead_cut: scene.cut,
            branches: self.branches(scene),
            teams: self.teams(scene),
            phases: scene
                .runs
                .iter()
                .map(|run| self.phase(scene, run))
                .collect(),
            next: action.next_run().map(|run| run.no),
            no_go: no_go(action),
            log: self.log(scene),
            delivery: match own {
                true => delivery_of(&self.app.node, self.board, operation.id, record),
                false => Vec::new(),
            },
            shown,
            signed_at,
            may: self.may(scene),
        }
    }

    fn replied(&self, scene: &Scene<'a>) -> (bool, Option<String>) {
        let of = to(scene);
        let reply = self.board.replies.get(&Reply::id_of(&self.own, &of));
        let version = scene.action.version;
        let shown = reply.and_then(|reply| reply.shown);
        let signed = reply.and_then(|reply| reply.signed);
        let signed = signed.filter(|(seen, ..)| *seen >= version);
        (
            shown.is_some_and(|(seen, _)| seen >= version),
            maybe_time(signed.map(|(_, at, _)| at)),
        )
    }

    fn branches(&self, scene: &Scene<'a>) -> Vec<BranchView> {
        let plan = &scene.action.plan;
        let branch = |(no, branch): (u16, &watchfire_core::record::planned_action::Branch)| {
            let teams = || plan.teams.iter().filter(|(_, team)| team.branch == no);
            let ready = teams().filter(|(no, _)| ready(scene, **no));
            BranchView {
                no,
                name: branch.name.to_string(),
                lead: branch.lead.as_ref().map(ToString::to_string),
                strength: teams().map(|(_, team)| u32::from(team.strength)).sum(),
                teams: teams().map(|_| 1).sum(),
                ready: ready.map(|_| 1).sum(),
            }
        };
        (1..).zip(&plan.branches).map(branch).collect()
    }

    fn teams(&self, scene: &Scene<'a>) -> Vec<TeamView> {
        let teams = scene.action.plan.teams.iter();
        teams
            .map(|(no, team)| self.team(scene, *no, team))
            .collect()
    }

    fn team(&self, scene: &Scene<'a>, no: u16, team: &Team) -> TeamView {
        let part = scene.parts.get(&no);
        let own = team.agency == self.own;
        let (heard_at, cut) = self.line(&team.agency);
        let units = part
            .filter(|_| own)
            .into_iter()
            .flat_map(|part| &part.units);
        TeamView {
            no,
            name: team.name.to_string(),
            branch: team.branch,
            agency: team.agency.to_string(),
            agency_name: match own {
                true => self.app.node.settings().name.clone(),
                false => self.board.name_of_in(&team.agency, scene.operation),
            },
            own,
            strength: team.strength,
            call_sign: team.call_sign.as_ref().map(ToString::to_string),
            position: team.position.label.to_string(),
            lat: team.position.point.map(|point| point.lat()),
            lon: team.position.point.map(|point| point.lon()),
            task: team.task.to_string(),
            units: units.map(|unit| self.unit(*unit)).collect(),
            word: word(scene, no).map(said),
            in_position_at: maybe_time(
                part.filter(|_| word(scene, no).is_some())
                    .and_then(|part| part.in_position_at),
            ),
            ready: ready(scene, no),
            heard_at,
            cut,
        }
    }

    fn unit(&self, id: UnitId) -> TeamUnitView {
        let unit = self.board.units.get(&id);
        TeamUnitView {
            id: id.to_string(),
            callsign: unit.map_or_else(String::new, |unit| unit.callsign.to_string()),
        }
    }

    fn phase(&self, scene: &Scene<'a>, run: &Run<'_>) -> PhaseView {
        let action = scene.action;
        let phase = &action.plan.phases[usize::from(run.no) - 1];
        let teams: Vec<u16> = action.plan.teams_of(phase).into_iter().collect();
        let waits = action.is_out() && !run.has_gone();
        let (state, state_text, reason, from, done_at) = state(&run.state);
        let has_done = |no: &u16| {
            let words = self.words(scene, *no);
            words.iter().any(|word| word.phase == Some(run.no))
        };
        PhaseView {
            no: run.no,
            name: phase.name.to_string(),
            what: phase.what.to_string(),
            planned_at: view::time(phase.go_at),
            go_at: view::time(run.go_at),
            state,
            state_text: state_text.into(),
            reason: reason.map(ToString::to_string),
            from: maybe_time(from),
            done_at: maybe_time(done_at),
            no_word: waits && state != PhaseStateView::NoGo && run.go_at <= self.now,
            not_ready: teams
                .iter()
                .copied()
                .filter(|no| waits && !ready(scene, *no))
                .collect(),
            done: teams.iter().copied().filter(has_done).collect(),
            teams,
        }
    }

    /// Returns what was said of a team and is kept, of the plan as it was issued last.
    fn words(&self, scene: &Scene<'a>, no: u16) -> Vec<&TeamWord> {
        let team = scene.action.plan.teams.get(&no);
        let reply = team.and_then(|team| self.reply(scene, &team.agency));
        let words = reply.into_iter().flat_map(|reply| &reply.words);
        words
            .filter(|word| word.team == no && word.issue == scene.action.issue)
            .collect()
    }

    fn reply(&self, scene: &Scene<'a>, node: &NodeId) -> Option<&'a Reply> {
        let id = Reply::id_of(node, &to(scene));
        let board = match *node == self.own {
            true => self.board,
            false => self.board.copies.boards.get(node)?,
        };
        board.replies.get(&id).map(AsRef::as_ref)
    }

    fn log(&self, scene: &Scene<'a>) -> Vec<ActionLineView> {
        let action = scene.action;
        let mut lines: Vec<(Timestamp, ActionLineView)> = Vec::new();
        let mut add = |node: &NodeId, mark: &Mark, what: Text, decision: bool| {
            let own = *node == self.own;
            let by = own.then(|| name_of(self.board, mark.by));
            let line = ActionLineView {
                at: view::time(mark.at),
                name: self.board.name_of_in(node, scene.operation),
                by: by.filter(|name| !name.is_empty()),
                what: what.into(),
                decision,
            };
            lines.push((mark.at, line));
        };
        add(
            &scene.home,
            &action.planned,
            Text::new("planned", "拟制方案"),
            true,
        );
        for decision in &action.decisions {
            let what = crate::words::decided(&decision.what);
            add(&scene.home, &decision.mark, what, true);
        }
        if let Some((mark, ending)) = &action.ended {
            add(&scene.home, mark, crate::words::ending(ending), true);
        }
        let mut agencies: Vec<NodeId> = action.plan.teams.values().map(|one| one.agency).collect();
        agencies.sort_unstable();
        agencies.dedup();
        for agency in agencies {
            let reply = self.reply(scene, &agency);
            for word in reply.into_iter().flat_map(|reply| &reply.words) {
                let team = action.plan.teams.get(&word.team);
                let name = team.map_or("", |team| team.name.as_str());
                let said = crate::words::team_word(word.word, word.phase, word.reason.as_ref());
                let what = Text::new(
                    format!("team {} {name}: {}", word.team, said.en),
                    format!("第 {} 组 {name}：{}", word.team, said.zh),
                );
                add(&agency, &word.mark, what, false);
            }
        }
        lines.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        lines.into_iter().map(|(_, line)| line).collect()
    }

    fn may(&self, scene: &Scene<'a>) -> Vec<PlannedActionStepView> {
        use PlannedActionStepView as May;
        let action = scene.action;
        let leads = scene.operation.lead == self.own && scene.operation.is_open();
        let leads = leads && self.session.may(Permission::LeadOperations);
        let mut may = Vec::new();
        if leads && scene.home != self.own {
            may.push(May::TakeOver);
        } else if leads {
            if action.is_open() {
                let runs = &scene.runs;
                let going = runs
                    .iter()
                    .any(|run| matches!(run.state, RunState::Gone { .. }));
                match (action.is_out(), action.has_gone()) {
                    (false, _) => may.extend([May::Change, May::Issue]),
                    (true, false) => may.push(May::Rework),
                    (true, true) => may.push(May::End),
                }
                if action.is_out() && runs.iter().any(|run| !run.has_gone()) {
                    may.push(May::Decide);
                }
                if going {
                    may.push(May::Done);
                }
                may.push(May::CallOff);
            }
            may.push(May::Rehearse);
        }
        let answers = action
            .plan
            .teams
            .values()
            .any(|team| team.agency == self.own);
        if answers && action.is_open() && self.session.may(Permission::ActInOperations) {
            may.push(May::Say);
        }
        may
    }

    /// Returns the teams that the looker's unit is part of, in plans that are out.
    pub(super) fn own_teams(&self) -> Vec<OwnTeamView> {
        let Some(unit) = self.session.unit else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for operation in self.board.all_operations() {
            let Some(scene) = self.scene(operation.id) else {
                continue;
            };
            if !scene.action.is_out() {
                continue;
            }
            for (no, team) in &scene.action.plan.teams {
                let part = scene.parts.get(no);
                let of_it = part.is_some_and(|part| part.units.contains(&unit));
                if team.agency == self.own && of_it {
                    all.push(self.own_team(&scene, *no, team));
                }
            }
        }
        all
    }

    fn own_team(&self, scene: &Scene<'a>, no: u16, team: &Team) -> OwnTeamView {
        let action = scene.action;
        let branch = action.plan.branches.get(usize::from(team.branch) - 1);
        let phases = scene.runs.iter().map(|run| self.phase(scene, run));
        let own = phases.filter(|phase| phase.teams.contains(&no));
        // Of the other teams of its phases nothing is told.
        let only = |mut phase: PhaseView| {
            for list in [&mut phase.teams, &mut phase.not_ready, &mut phase.done] {
                list.retain(|one| *one == no);
            }
            phase
        };
        OwnTeamView {
            operation: scene.operation.id.to_string(),
            exercise: scene.operation.genesis.exercise,
            no,
            name: team.name.to_string(),
            branch: branch.map_or_else(String::new, |branch| branch.name.to_string()),
            branch_lead: branch.and_then(|branch| branch.lead.as_ref().map(ToString::to_string)),
            call_sign: team.call_sign.as_ref().map(ToString::to_string),
            strength: team.strength,
            task: team.task.to_string(),
            position: team.position.label.to_string(),
            lat: team.position.point.map(|point| point.lat()),
            lon: team.position.point.map(|point| point.lon()),
            standing: standing(action.standing()),
            standing_text: action.standing().label().into(),
            silent: self.board.is_silent(scene.operation.id),
            phases: own.map(only).collect(),
            word: word(scene, no).map(said),
            lead_heard_at: scene.heard_at.clone(),
            lead_cut: scene.cut,
        }
    }
}

fn to(scene: &Scene<'_>) -> Elsewhere {
    Elsewhere {
        node: scene.home,
        record: scene.action.id.into(),
    }
}

fn word<'s>(scene: &'s Scene<'_>, no: u16) -> Option<&'s TeamWord> {
    scene.parts.get(&no)?.word(scene.action)
}

fn ready(scene: &Scene<'_>, no: u16) -> bool {
    word(scene, no).is_some_and(|word| word.word.is_ready())
}

fn said(word: &TeamWord) -> SaidView {
    SaidView {
        word: word.word.into(),
        label: Word::label(word.word).into(),
        phase: word.phase,
        reason: word.reason.as_ref().map(ToString::to_string),
        at: view::time(word.mark.at),
    }
}

fn no_go(action: &PlannedAction) -> Vec<NoGoView> {
    let all = (1..).zip(&action.plan.no_go);
    let view = |(no, one): (u16, &watchfire_core::record::planned_action::Criterion)| NoGoView {
        no,
        what: one.what.to_string(),
        who: one.who.to_string(),
    };
    all.map(view).collect()
}

fn standing(standing: Standing) -> StandingView {
    match standing {
        Standing::Planning => StandingView::Planning,
        Standing::Issued => StandingView::Issued,
        Standing::Held => StandingView::Held,
        Standing::NoGo => StandingView::NoGo,
        Standing::Going => StandingView::Going,
        Standing::Ended => StandingView::Ended,
        Standing::CalledOff => StandingView::CalledOff,
    }
}

type StateParts<'a> = (
    PhaseStateView,
    Text,
    Option<&'a Line>,
    Option<Timestamp>,
    Option<Timestamp>,
);

fn state<'a>(state: &RunState<'a>) -> StateParts<'a> {
    match *state {
        RunState::Waiting => (
            PhaseStateView::Waiting,
            Text::new("waiting for go", "等待命令"),
            None,
            None,
            None,
        ),
        RunState::Held { reason } => (
            PhaseStateView::Held,
            Text::new("on hold", "暂缓"),
            Some(reason),
            None,
            None,
        ),
        RunState::NoGo { reason } => (
            PhaseStateView::NoGo,
            Text::new("no go", "不行动"),
            Some(reason),
            None,
            None,
        ),
        RunState::Gone { from } => (
            PhaseStateView::Gone,
            Text::new("go", "行动"),
            None,
            Some(from),
            None,
        ),
        RunState::Done { from, at } => (
            PhaseStateView::Done,
            Text::new("done", "完成"),
            None,
            Some(from),
            Some(at),
        ),
    }
}

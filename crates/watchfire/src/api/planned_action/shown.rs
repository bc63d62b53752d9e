//! A planned action as it is shown: branches, teams with their last word and its age, phases and their times, what was decided.
//!
//! Everything is derived from this node's board, the copies and the lines at the moment of asking. A node that hears nothing
//! of the lead says so, and says since when: no word is no go. Start at [`Viewer`].

use std::collections::BTreeMap;

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
use super::super::operation::shown::delivery_of;
use super::super::peer::{LineState, LineView};
use super::super::view::{self, maybe_time};
use super::views::*;
use crate::policy::{Permission, Session};

/// What the stream tells of a planned action with its operation; whoever may see more asks for it.
#[derive(Debug, Default)]
pub(crate) struct Marked {
    /// Changes whenever anything of it does.
    pub(crate) mark: Option<String>,
    /// True while nobody but the lead speaks.
    pub(crate) silent: bool,
    /// Since when a team needs help, where it is led.
    pub(crate) help_asked_at: Option<Timestamp>,
}

/// Returns what the stream tells of the planned action of an operation.
pub(crate) fn marked(board: &Board, own: NodeId, operation: OperationId) -> Marked {
    let Some((home, action)) = board.planned_action_in(operation) else {
        return Marked::default();
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
    let asks = |part: &TeamPart| {
        let word = part.word(action)?;
        (word.word == Word::NeedsHelp).then_some(word.mark.at)
    };
    let parts = board.team_parts(home, action);
    let leads = home == own && action.is_open();
    Marked {
        mark: Some(format!("{}.{said}", action.version)),
        silent: board.is_silent(operation),
        help_asked_at: parts.values().filter_map(asks).max().filter(|_| leads),
    }
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
            next: action.next_run(self.now).map(|run| run.no),
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
        let waits = action.is_out() && !run.went_by(self.now);
        let unsaid = waits && !run.has_gone();
        let (state, state_text, reason, from, done_at) = state(&run.state, self.now);
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
            no_word: unsaid && state != PhaseStateView::NoGo && run.go_at <= self.now,
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

    fn log(&self, scene: &Scene<'a>) -> Vec<PlannedActionLineView> {
        let action = scene.action;
        let mut lines: Vec<(Timestamp, PlannedActionLineView)> = Vec::new();
        let mut add = |node: &NodeId, mark: &Mark, what: Text, decision: bool| {
            let own = *node == self.own;
            let by = own.then(|| name_of(self.board, mark.by));
            let line = PlannedActionLineView {
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
        let is_here = scene.home == self.own && action.is_with_lead(scene.operation);
        if leads && !is_here {
            may.push(May::TakeOver);
        } else if leads {
            if action.is_open() {
                let runs = &scene.runs;
                let going = runs.iter().any(|run| match run.state {
                    RunState::Gone { from } => from <= self.now,
                    RunState::Waiting
                    | RunState::Held { .. }
                    | RunState::NoGo { .. }
                    | RunState::Done { .. } => false,
                });
                match (action.is_out(), action.has_gone()) {
                    (false, _) => may.extend([May::Change, May::Issue]),
                    (true, false) => may.push(May::Rework),
                    (true, true) => may.push(May::End),
                }
                if action.is_out() && runs.iter().any(|run| !run.went_by(self.now)) {
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
        // A plan of another home may name a branch that is none.
        let branch = usize::from(team.branch).checked_sub(1);
        let branch = branch.and_then(|at| action.plan.branches.get(at));
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

fn said(word: &TeamWord) -> TeamSaidView {
    TeamSaidView {
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

fn state<'a>(state: &RunState<'a>, now: Timestamp) -> StateParts<'a> {
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
            match from <= now {
                true => Text::new("go", "行动"),
                false => Text::new("go given, from its time", "已下令，届时行动"),
            },
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

//! What the agencies say of their teams: in a reply of their own to the planned action, so that a cut keeps nobody from saying
//! it. Which of its units make up a team is an agency's own matter, too. What was said comes late after a cut, and in order;
//! what counts is a team's last word, with its age. Start at [`Word`], then [`Board::team_parts`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use watchfire_feed::NodeId;

use super::plan::check_text;
use super::{PlannedAction, Run};
use crate::basis::{Line, OperationId, Text, Timestamp, UnitId};
use crate::board::Board;
use crate::limits;
use crate::record::directive::Mark;
use crate::record::reply::{Reply, ReplyEvent};
use crate::record::{Context, Elsewhere, RecordKind};
use crate::refusal::Refusal;

/// What is said of a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
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

impl Word {
    /// All of them.
    pub const ALL: [Word; 6] = [
        Word::Briefed,
        Word::OnTheWay,
        Word::InPosition,
        Word::NotReady,
        Word::Done,
        Word::NeedsHelp,
    ];

    /// Returns the words people read.
    pub fn label(self) -> Text {
        match self {
            Word::Briefed => Text::new("briefed", "已受领任务"),
            Word::OnTheWay => Text::new("on the way", "开进中"),
            Word::InPosition => Text::new("in position", "已到位"),
            Word::NotReady => Text::new("not ready", "未就绪"),
            Word::Done => Text::new("done", "本阶段完成"),
            Word::NeedsHelp => Text::new("needs help", "需要支援"),
        }
    }

    /// Says whether a team that said it last can go.
    pub fn is_ready(self) -> bool {
        match self {
            Word::InPosition | Word::Done => true,
            Word::Briefed | Word::OnTheWay | Word::NotReady | Word::NeedsHelp => false,
        }
    }

    fn needs_reason(self) -> bool {
        match self {
            Word::NotReady | Word::NeedsHelp => true,
            Word::Briefed | Word::OnTheWay | Word::InPosition | Word::Done => false,
        }
    }
}

/// Something that was said of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamWord {
    /// Of which.
    pub team: u16,
    /// What.
    pub word: Word,
    /// Of which phase it did its part, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<u16>,
    /// Why it is not ready, or what help it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Line>,
    /// How often the plan had been issued then.
    pub issue: u16,
    /// When, and by whom.
    pub mark: Mark,
}

/// What an agency says of one of its teams.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamPart {
    /// The units that make it up.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub units: BTreeSet<UnitId>,
    /// What it said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<TeamWord>,
    /// Since when it is in position, if it has said so and nothing else since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_position_at: Option<Timestamp>,
}

impl TeamPart {
    /// Returns what it said last of the plan as it was issued last.
    pub fn word(&self, action: &PlannedAction) -> Option<&TeamWord> {
        self.last.as_ref().filter(|word| word.issue == action.issue)
    }
}

impl Board {
    /// Returns the planned action of an operation and its home: what the lead of today planned or took over, and what the lead
    /// before it planned while it has not.
    pub fn planned_action_in(&self, operation: OperationId) -> Option<(NodeId, &PlannedAction)> {
        let found = self.operation_anywhere(operation).ok()?;
        let of = |node: NodeId| {
            let id = PlannedAction::id_of(&node, operation);
            let own = self.operations.get(&operation);
            let here = own.is_some_and(|one| one.lead == node);
            let board = match here {
                true => self,
                false => self.copies.boards.get(&node)?,
            };
            let action = board.planned_actions.get(&id)?.as_ref();
            (action.operation == operation).then_some((node, action))
        };
        let led_from = led_from(found);
        let leads = of(found.lead).filter(|(_, action)| action.led_from >= led_from);
        let before = || of(found.taken_from?.0);
        leads.or_else(before).or_else(|| of(found.lead))
    }

    /// Says whether nobody but the lead may speak in an operation now, as far as this node knows.
    pub fn is_silent(&self, operation: OperationId) -> bool {
        let open = self.operation_anywhere(operation);
        let open = open.is_ok_and(super::super::operation::Operation::is_open);
        let action = self.planned_action_in(operation);
        open && action.is_some_and(|(_, action)| action.is_silent())
    }

    /// Returns what each agency says of its teams: each of the plan's, whether anything was said of it or not.
    pub fn team_parts(&self, home: NodeId, action: &PlannedAction) -> BTreeMap<u16, TeamPart> {
        let to = Elsewhere {
            node: home,
            record: action.id.into(),
        };
        let part = |(no, team): (&u16, &super::Team)| {
            let id = Reply::id_of(&team.agency, &to);
            let own = self.replies.get(&id);
            let theirs = || self.copies.boards.get(&team.agency)?.replies.get(&id);
            let reply = own.or_else(theirs);
            let part = reply.and_then(|reply| reply.teams.get(no).cloned());
            (*no, part.unwrap_or_default())
        };
        action.plan.teams.iter().map(part).collect()
    }

    /// Returns the teams of phases that have not said that they are in position, with what they said last.
    pub(super) fn not_ready<'a>(
        &self,
        home: NodeId,
        action: &'a PlannedAction,
        wanted: &[Run<'_>],
    ) -> Vec<(u16, &'a super::Team)> {
        let parts = self.team_parts(home, action);
        let mut teams: BTreeSet<u16> = BTreeSet::new();
        for run in wanted {
            let phase = action.plan.phases.get(usize::from(run.no) - 1);
            teams.extend(
                phase
                    .into_iter()
                    .flat_map(|phase| action.plan.teams_of(phase)),
            );
        }
        let ready = |no: &u16| {
            let word = parts.get(no).and_then(|part| part.word(action));
            word.is_some_and(|word| word.word.is_ready())
        };
        let late = teams.into_iter().filter(|no| !ready(no));
        late.filter_map(|no| Some((no, action.plan.teams.get(&no)?)))
            .collect()
    }
}

/// Returns the version of an operation from which on its lead of today leads it.
pub(super) fn led_from(operation: &super::super::operation::Operation) -> u64 {
    operation.taken_from.map_or(0, |(_, version)| version)
}

impl super::PlannedAction {
    /// Returns true once it is with the lead of today; where command changed since, the lead takes it over first, be it
    /// its own from before.
    pub fn is_with_lead(&self, operation: &super::super::operation::Operation) -> bool {
        self.led_from >= led_from(operation)
    }
}

/// Finds the planned action that a reply is about, if this node may answer for that team of it.
fn own_team<'a>(
    board: &'a Board,
    context: &Context<'_>,
    (operation, to): (OperationId, Elsewhere),
    team: u16,
) -> Result<(&'a PlannedAction, Option<&'a TeamPart>), Refusal> {
    board.must_take_part(context.node, operation)?;
    let none = Refusal::NotFound(RecordKind::PlannedAction);
    let found = board.planned_action_in(operation);
    let (home, action) = found.ok_or_else(|| none.clone())?;
    let names = Elsewhere {
        node: home,
        record: action.id.into(),
    };
    let named = action.plan.teams.get(&team);
    if names != to || named.is_none_or(|named| named.agency != context.node) {
        return Err(none);
    }
    if !action.is_open() {
        return Err(Refusal::WrongState {
            kind: RecordKind::PlannedAction,
            state: action.standing().label(),
            instead: Text::new("Nothing needs doing.", "无需操作。"),
        });
    }
    let reply = board.replies.get(&Reply::id_of(&context.node, &to));
    Ok((action, reply.and_then(|reply| reply.teams.get(&team))))
}

/// Decides what an agency says of a team of its own.
pub(in crate::record) fn say(
    board: &Board,
    context: &Context<'_>,
    (operation, to): (OperationId, Elsewhere),
    team: u16,
    (word, phase, reason): (Word, Option<u16>, Option<&Line>),
) -> Result<ReplyEvent, Refusal> {
    let (action, before) = own_team(board, context, (operation, to), team)?;
    if !action.is_out() {
        return Err(Refusal::WrongState {
            kind: RecordKind::PlannedAction,
            state: action.standing().label(),
            instead: Text::new("Wait until it is issued.", "请等待方案下达。"),
        });
    }
    reason.map_or(Ok(()), check_text)?;
    if word.needs_reason() && reason.is_none() {
        return Err(Refusal::missing("The reason", "原因"));
    }
    if word == Word::Done {
        let no = phase.ok_or_else(|| Refusal::missing("The phase", "阶段"))?;
        let runs = action.runs();
        let run = runs.iter().find(|run| run.no == no);
        let run = run.ok_or(Refusal::NotFound(RecordKind::PlannedAction))?;
        if !run.has_gone() && reason.is_none() {
            return Err(Refusal::WrongState {
                kind: RecordKind::PlannedAction,
                state: Text::new(
                    "without word of go for that phase here",
                    "本节点尚未收到该阶段的行动命令",
                ),
                instead: Text::new(
                    "No word is no go. If go came by another way, say how as the reason.",
                    "未收到命令即不行动。如经其他途径接到命令，请在原因中注明。",
                ),
            });
        }
    }
    let phase = phase.filter(|_| word == Word::Done);
    let last = before.and_then(|part| part.word(action));
    let same =
        |last: &TeamWord| (last.word, last.phase, last.reason.as_ref()) == (word, phase, reason);
    if last.is_some_and(same) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Reply,
            state: Text::new("said already", "已报告"),
            instead: Text::new("Nothing needs doing.", "无需操作。"),
        });
    }
    Ok(ReplyEvent::TeamSaid {
        operation,
        to,
        team,
        word,
        phase,
        reason: reason.cloned(),
        issue: action.issue,
    })
}

/// Decides which units of an agency make up a team of its own.
pub(in crate::record) fn man(
    board: &Board,
    context: &Context<'_>,
    (operation, to): (OperationId, Elsewhere),
    team: u16,
    units: &BTreeSet<UnitId>,
) -> Result<ReplyEvent, Refusal> {
    let (_, before) = own_team(board, context, (operation, to), team)?;
    units
        .iter()
        .try_for_each(|unit| board.unit(*unit).map(|_| ()))?;
    if units.len() > limits::UNITS_PER_TEAM_MAX {
        return Err(Refusal::limit(
            "units of one team",
            "每个小组的处警力量",
            limits::UNITS_PER_TEAM_MAX,
        ));
    }
    if before.map_or(units.is_empty(), |part| part.units == *units) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Reply,
            state: Text::new("made up of these already", "已由这些力量组成"),
            instead: Text::new("Nothing needs doing.", "无需操作。"),
        });
    }
    let units = units.clone();
    Ok(ReplyEvent::TeamManned {
        operation,
        to,
        team,
        units,
    })
}

/// Folds what was said of a team. A home keeps to its limits; nobody else's word makes more of it.
pub(in crate::record) fn fold_word(reply: &mut Reply, word: TeamWord) {
    let room = reply.teams.len() < limits::TEAMS_PER_ACTION_MAX;
    if !room && !reply.teams.contains_key(&word.team) {
        return;
    }
    let part = reply.teams.entry(word.team).or_default();
    let since = part.in_position_at.or(Some(word.mark.at));
    part.in_position_at = since.filter(|_| word.word == Word::InPosition);
    part.last = Some(word.clone());
    reply.words.push(word);
    let too_many = reply
        .words
        .len()
        .saturating_sub(limits::TEAM_WORDS_KEPT_MAX);
    reply.words.drain(..too_many);
}

/// Folds which units make up a team.
pub(in crate::record) fn fold_units(reply: &mut Reply, team: u16, units: &BTreeSet<UnitId>) {
    let room = reply.teams.len() < limits::TEAMS_PER_ACTION_MAX;
    if room || reply.teams.contains_key(&team) {
        let units = units.iter().take(limits::UNITS_PER_TEAM_MAX).copied();
        reply.teams.entry(team).or_default().units = units.collect();
    }
}

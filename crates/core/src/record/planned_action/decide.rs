//! What the lead may do with a planned action, and when. Start at [`decide`].

use watchfire_feed::NodeId;

use super::plan::check_text;
use super::teams::led_from;
use super::{Decided, Plan, PlannedAction, PlannedActionAction, PlannedActionEvent, Run, RunState};
use crate::basis::{Line, OperationId, PlannedActionId, Text, Timestamp};
use crate::board::Board;
use crate::limits;
use crate::record::operation::{self, Operation};
use crate::record::{Context, Elsewhere, Event, Happened, RecordKind};
use crate::refusal::Refusal;

pub(in crate::record) fn decide(
    board: &Board,
    action: &PlannedActionAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let id = action.operation();
    let operation = leading(board, id)?;
    let event = match action {
        PlannedActionAction::Plan { plan, .. } => {
            if board.planned_action_in(id).is_some() {
                return Err(Refusal::WrongState {
                    kind: RecordKind::Operation,
                    state: Text::new("a planned action already", "已有统一行动方案"),
                    instead: Text::new(
                        "Change that plan, or raise another operation.",
                        "请修改该方案，或另行发起行动。",
                    ),
                });
            }
            plan.check(operation, context.now)?;
            planned(operation, plan.clone(), None)
        }
        PlannedActionAction::Change { action, plan, .. } => {
            let found = own(board, context.node, operation, *action)?;
            must_be_open(found)?;
            if found.is_issued() {
                return Err(wrong(
                    found,
                    "Take it back first: the teams hold what was issued.",
                    "请先收回方案：各小组持有的是已下达的版本。",
                ));
            }
            plan.check(operation, context.now)?;
            let plan = Box::new(plan.clone());
            PlannedActionEvent::Changed { plan }
        }
        PlannedActionAction::Decide { action, what, .. } => {
            let found = own(board, context.node, operation, *action)?;
            let what = decided(board, context, found, what)?;
            PlannedActionEvent::Decided { what }
        }
        PlannedActionAction::End {
            action, outcome, ..
        } => {
            let found = own(board, context.node, operation, *action)?;
            must_be_open(found)?;
            check_text(outcome)?;
            if !found.has_gone() {
                return Err(wrong(
                    found,
                    "Nothing has gone: call it off instead.",
                    "尚未开始行动：请改为取消。",
                ));
            }
            let outcome = outcome.clone();
            PlannedActionEvent::Ended { outcome }
        }
        PlannedActionAction::CallOff { action, reason, .. } => {
            let found = own(board, context.node, operation, *action)?;
            must_be_open(found)?;
            check_text(reason)?;
            let reason = reason.clone();
            PlannedActionEvent::CalledOff { reason }
        }
        PlannedActionAction::TakeOver { .. } => take_over(board, context.node, operation)?,
        PlannedActionAction::Rehearse {
            name,
            go_at,
            own_name,
            ..
        } => return rehearse(board, context, operation, (name, own_name), *go_at),
    };
    Ok(vec![happened(context.node, id, event)])
}

fn happened(node: NodeId, operation: OperationId, event: PlannedActionEvent) -> Happened {
    let id = PlannedAction::id_of(&node, operation);
    Happened::within(operation, id, Event::PlannedAction(event))
}

fn planned(operation: &Operation, plan: Plan, rehearses: Option<Elsewhere>) -> PlannedActionEvent {
    PlannedActionEvent::Planned {
        operation: operation.id,
        led_from: led_from(operation),
        plan: Box::new(plan),
        rehearses,
    }
}

fn leading(board: &Board, id: OperationId) -> Result<&Operation, Refusal> {
    let found = board.leading(id)?;
    if found.is_open() {
        return Ok(found);
    }
    Err(Refusal::WrongState {
        kind: RecordKind::Operation,
        state: Text::new("closed", "已结束"),
        instead: Text::new("Raise another.", "请另行发起。"),
    })
}

/// Finds the plan that the lead of today holds itself.
fn own<'a>(
    board: &'a Board,
    node: NodeId,
    operation: &Operation,
    meant: PlannedActionId,
) -> Result<&'a PlannedAction, Refusal> {
    let found = board.planned_action_in(operation.id);
    let (home, action) = found.ok_or(Refusal::NotFound(RecordKind::PlannedAction))?;
    if home == node && action.is_with_lead(operation) {
        return match action.id == meant {
            true => Ok(action),
            false => Err(Refusal::NotFound(RecordKind::PlannedAction)),
        };
    }
    Err(Refusal::WrongState {
        kind: RecordKind::PlannedAction,
        state: Text::new("still with the lead before", "仍由前任牵头单位持有"),
        instead: Text::new(
            "Take it over first: then it goes on as it stood.",
            "请先接管该方案，即可按原状态继续。",
        ),
    })
}

fn must_be_open(found: &PlannedAction) -> Result<(), Refusal> {
    match found.is_open() {
        true => Ok(()),
        false => Err(wrong(
            found,
            "Raise another operation, or rehearse it.",
            "请另行发起行动，或组织演练。",
        )),
    }
}

fn wrong(found: &PlannedAction, en: &str, zh: &str) -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::PlannedAction,
        state: found.standing().label(),
        instead: Text::new(en, zh),
    }
}

fn decided(
    board: &Board,
    context: &Context<'_>,
    found: &PlannedAction,
    what: &Decided,
) -> Result<Decided, Refusal> {
    must_be_open(found)?;
    if found.decisions.len() >= limits::DECISIONS_PER_ACTION_MAX {
        return Err(Refusal::limit(
            "decisions of one action; end it or call it off",
            "每次行动的决定（请结束或取消行动）",
            limits::DECISIONS_PER_ACTION_MAX,
        ));
    }
    if *what == Decided::Issued {
        return issue(found, context.now).map(|()| Decided::Issued);
    }
    if !found.is_issued() {
        return Err(wrong(found, "Issue the plan first.", "请先下达方案。"));
    }
    match what {
        Decided::Issued => {}
        Decided::Reworked { reason } => {
            check_text(reason)?;
            if found.has_gone() {
                return Err(wrong(
                    found,
                    "A phase has gone: hold the next, end it, or call it off.",
                    "已有阶段开始行动：请暂缓下一阶段，或结束、取消行动。",
                ));
            }
        }
        Decided::Go { phase, despite, .. } => return go(board, context, found, *phase, despite),
        Decided::NoGo {
            phase,
            criterion,
            reason,
        } => {
            check_text(reason)?;
            let none = Refusal::NotFound(RecordKind::PlannedAction);
            let known = |no: u16| no > 0 && usize::from(no) <= found.plan.no_go.len();
            if !criterion.is_none_or(known) {
                return Err(none);
            }
            let runs = found.runs();
            let run = waiting(found, &runs, *phase, context.now)?;
            if let RunState::NoGo { .. } = run.state {
                return Err(wrong(found, "Nothing needs doing.", "无需操作。"));
            }
        }
        Decided::Hold {
            phase,
            reason,
            go_at,
        } => {
            check_text(reason)?;
            let runs = found.runs();
            waiting(found, &runs, *phase, context.now)?;
            let latest = context.now.plus_s(limits::ACTION_AHEAD_S_MAX);
            let before = runs.iter().filter(|run| run.no < *phase);
            let before = before.map(|run| run.go_at).max();
            let follows = before.is_none_or(|before| before <= *go_at);
            if *go_at <= context.now || *go_at > latest || !follows {
                return Err(Refusal::missing(
                    "A new time to come, after the phase before and within 90 days",
                    "晚于当前和前一阶段、90 天之内的新时间",
                ));
            }
        }
        Decided::Done { phase } => {
            let runs = found.runs();
            let run = runs.iter().find(|run| run.no == *phase);
            let run = run.ok_or(Refusal::NotFound(RecordKind::PlannedAction))?;
            match run.state {
                RunState::Gone { from } if from <= context.now => {}
                RunState::Gone { .. }
                | RunState::Done { .. }
                | RunState::Waiting
                | RunState::Held { .. }
                | RunState::NoGo { .. } => {
                    return Err(wrong(
                        found,
                        "Only a phase that has gone and is not done can be done.",
                        "只有已开始且未完成的阶段可标记完成。",
                    ));
                }
            }
        }
    }
    Ok(what.clone())
}

fn issue(found: &PlannedAction, now: Timestamp) -> Result<(), Refusal> {
    if found.is_issued() {
        return Err(wrong(found, "Nothing needs doing.", "无需操作。"));
    }
    let first = found.plan.phases.first();
    if first.is_none_or(|phase| phase.go_at <= now) {
        return Err(Refusal::missing(
            "A time to come for the first phase",
            "第一阶段将来的开始时间",
        ));
    }
    Ok(())
}

/// Go is given in order, and not over a team that has not said that it is in position, but for a reason that is kept.
fn go(
    board: &Board,
    context: &Context<'_>,
    found: &PlannedAction,
    phase: Option<u16>,
    despite: &Option<Line>,
) -> Result<Decided, Refusal> {
    despite.as_ref().map_or(Ok(()), check_text)?;
    let runs = found.runs();
    let left = |run: &&Run<'_>| match phase {
        Some(_) => !run.went_by(context.now),
        None => !run.has_gone(),
    };
    let mut wanted: Vec<Run<'_>> = runs.iter().filter(left).cloned().collect();
    if let Some(no) = phase {
        waiting(found, &runs, no, context.now)?;
        if wanted.first().is_some_and(|first| first.no != no) {
            return Err(wrong(
                found,
                "Phases go in their order: an earlier one has not gone.",
                "各阶段依次进行：之前的阶段尚未开始。",
            ));
        }
        wanted.truncate(1);
    }
    if wanted.is_empty() {
        return Err(wrong(found, "Nothing needs doing.", "无需操作。"));
    }
    let late = board.not_ready(context.node, found, &wanted);
    if !late.is_empty() && despite.is_none() {
        let names: Vec<String> = late
            .iter()
            .map(|(no, team)| format!("{no} {}", team.name))
            .collect();
        return Err(Refusal::WrongState {
            kind: RecordKind::PlannedAction,
            state: Text::new(
                format!(
                    "without word that they are in position of: {}",
                    names.join(", ")
                ),
                format!("下列小组尚未报告到位：{}", names.join("、")),
            ),
            instead: Text::new(
                "Wait for them, hold it, or give the reason why it is go all the same.",
                "请等待、暂缓，或写明仍下令行动的理由。",
            ),
        });
    }
    Ok(Decided::Go {
        phase,
        not_ready: late.iter().map(|(no, _)| *no).collect(),
        despite: despite.clone().filter(|_| !late.is_empty()),
    })
}

fn waiting<'r, 'a>(
    found: &PlannedAction,
    runs: &'r [Run<'a>],
    phase: u16,
    now: Timestamp,
) -> Result<&'r Run<'a>, Refusal> {
    let run = runs.iter().find(|run| run.no == phase);
    let run = run.ok_or(Refusal::NotFound(RecordKind::PlannedAction))?;
    match run.went_by(now) {
        false => Ok(run),
        true => Err(wrong(
            found,
            "That phase has gone already.",
            "该阶段已开始行动。",
        )),
    }
}

fn take_over(
    board: &Board,
    node: NodeId,
    operation: &Operation,
) -> Result<PlannedActionEvent, Refusal> {
    let found = board.planned_action_in(operation.id);
    let (home, action) = found.ok_or(Refusal::NotFound(RecordKind::PlannedAction))?;
    // Command that went and came back finds the plan here, as it was before it went: it is taken over all the same.
    if home == node && action.is_with_lead(operation) {
        return Err(wrong(
            action,
            "It is this node's own.",
            "该方案已由本节点持有。",
        ));
    }
    Ok(PlannedActionEvent::TakenOver {
        led_from: led_from(operation),
        action: Box::new(action.clone()),
    })
}

/// Raises an exercise with the agencies of the plan and the very plan, moved to another time.
fn rehearse(
    board: &Board,
    context: &mut Context<'_>,
    operation: &Operation,
    (name, own_name): (&Line, &Line),
    go_at: Timestamp,
) -> Result<Vec<Happened>, Refusal> {
    let own_id = PlannedAction::id_of(&context.node, operation.id);
    let found = own(board, context.node, operation, own_id)?;
    if go_at <= context.now {
        return Err(Refusal::missing(
            "A time to come for the first phase",
            "第一阶段将来的开始时间",
        ));
    }
    let plan = found.plan.moved_to(go_at);
    let latest = context.now.plus_s(limits::ACTION_AHEAD_S_MAX);
    if plan.phases.last().is_some_and(|phase| phase.go_at > latest) {
        return Err(Refusal::missing(
            "Times of phases within 90 days",
            "90 天之内的阶段时间",
        ));
    }
    let others = plan.teams.values().map(|team| team.agency);
    let others = others.filter(|agency| *agency != context.node).collect();
    let rehearses = Elsewhere {
        node: context.node,
        record: found.id.into(),
    };
    let raised =
        operation::raise_exercise_of(board, context, operation, (name, own_name), &others)?;
    let (id, mut all) = raised;
    let event = PlannedActionEvent::Planned {
        operation: id,
        led_from: 0,
        plan: Box::new(plan),
        rehearses: Some(rehearses),
    };
    all.push(happened(context.node, id, event));
    Ok(all)
}

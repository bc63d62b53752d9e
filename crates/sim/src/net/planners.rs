//! The people who plan actions across agencies and answer for their teams, beside all others: what they ask for at random.
//!
//! They draw from dice of their own, so that what everybody else does in a life does not hang on them. They see what their
//! own node shows. Start at [`act`].

use std::collections::{BTreeMap, BTreeSet};

use watchfire_core::basis::{Line, OperationId};
use watchfire_core::entropy::Entropy;
use watchfire_core::record::planned_action::{
    Branch, Criterion, Decided, Phase, Plan, PlannedAction, PlannedActionAction, RunState, Team,
    TeamPosition, Word,
};
use watchfire_core::record::reply::ReplyAction;
use watchfire_core::record::{Action, Elsewhere};

use super::people::Wish;
use crate::site::Site;

fn line(text: &str) -> Line {
    text.parse().expect("the simulator's own words fit a line")
}

/// Returns what somebody at a node does about a planned action next, if anything comes to mind.
pub(crate) fn act(site: &Site, dice: &mut Entropy) -> Option<Wish> {
    let mut joined = site.shown.own_operations(site.node());
    let leads = |id: &OperationId| site.shown.leading(*id).is_ok();
    // Whoever leads one has most to do there.
    if joined.iter().any(leads) && dice.below(4) > 0 {
        joined.retain(leads);
    }
    let operation = match joined.len() {
        0 => return None,
        count => joined[dice.below(count as u64) as usize],
    };
    let planned = site.shown.planned_action_in(operation);
    match (planned, dice.below(8)) {
        (Some((home, _)), 0..=4) if home != site.node() && leads(&operation) => {
            let over = PlannedActionAction::TakeOver { operation };
            let words = "takes the plan over".to_owned();
            Some((words, Action::PlannedAction(over)))
        }
        (Some((home, _)), 1..=5) if home == site.node() => Some(decide(site, operation, dice)),
        (None, _) | (Some(_), 0) => Some(plan(site, operation, dice)),
        (Some(_), 1) => Some(decide(site, operation, dice)),
        (Some(_), _) => answer(site, operation, dice),
    }
}

/// Returns in a word what an action did to a planned action, so that a life that comes to few of them is seen.
pub(crate) fn what_was_done(action: &Action) -> Option<&'static str> {
    if let Action::Reply(ReplyAction::SayOfTeam { .. }) = action {
        return Some("team said");
    }
    if let Action::Reply(ReplyAction::ManTeam { .. }) = action {
        return Some("team manned");
    }
    let Action::PlannedAction(action) = action else {
        return None;
    };
    Some(match action {
        PlannedActionAction::Plan { .. } => "action planned",
        PlannedActionAction::Change { .. } => "plan changed",
        PlannedActionAction::Decide { what, .. } => match what {
            Decided::Issued => "plan issued",
            Decided::Reworked { .. } => "plan taken back",
            Decided::Go { .. } => "go",
            Decided::NoGo { .. } => "no go",
            Decided::Hold { .. } => "hold",
            Decided::Done { .. } => "phase done",
        },
        PlannedActionAction::End { .. } => "action ended",
        PlannedActionAction::CallOff { .. } => "action called off",
        PlannedActionAction::TakeOver { .. } => "plan taken over",
        PlannedActionAction::Rehearse { .. } => "action rehearsed",
    })
}

fn plan(site: &Site, operation: OperationId, dice: &mut Entropy) -> Wish {
    let found = site.shown.operation_anywhere(operation);
    let members = found.map_or(Vec::new(), |found| found.members.keys().copied().collect());
    let mut teams = BTreeMap::new();
    for (no, agency) in (1..).zip(members) {
        let team = Team {
            name: line("team"),
            branch: 1,
            agency,
            strength: 6,
            call_sign: None,
            position: TeamPosition {
                label: line("gate"),
                point: None,
            },
            task: line("the door"),
        };
        teams.insert(no, team);
    }
    let phase = |minutes: u32| Phase {
        name: line("phase"),
        what: line("as briefed"),
        go_at: site.now.plus_s(minutes * 60),
        teams: BTreeSet::new(),
    };
    let minutes = 1 + dice.below(60) as u32;
    let plan = Plan {
        intent: line("both doors"),
        branches: vec![Branch {
            name: line("north"),
            lead: None,
        }],
        teams,
        phases: vec![phase(minutes), phase(minutes + 10)],
        no_go: vec![Criterion {
            what: line("children"),
            who: line("duty officer"),
        }],
        silence: dice.below(4) == 0,
    };
    let action = match site.shown.planned_action_in(operation) {
        None => PlannedActionAction::Plan { operation, plan },
        Some(_) if dice.below(3) == 0 => PlannedActionAction::Rehearse {
            operation,
            name: line("drill"),
            go_at: site.now.plus_s(600),
            own_name: line(&site.name),
        },
        Some((_, found)) => PlannedActionAction::Change {
            operation,
            action: found.id,
            plan,
        },
    };
    (
        format!("plans {operation:?}"),
        Action::PlannedAction(action),
    )
}

fn decide(site: &Site, operation: OperationId, dice: &mut Entropy) -> Wish {
    let phase = 1 + dice.below(2) as u16;
    let reason = line("a bus");
    let planned = site.shown.planned_action_in(operation);
    let own = PlannedAction::id_of(&site.node(), operation);
    let action = planned.map_or(own, |(_, action)| action.id);
    let waits = planned.is_some_and(|(_, action)| action.is_open() && !action.is_out());
    let runs = planned.map_or(Vec::new(), |(_, action)| action.runs());
    let went = planned.is_some_and(|(_, action)| action.has_gone());
    let mut gone = runs.iter();
    let gone = gone.find(|run| matches!(run.state, RunState::Gone { .. }));
    let what = match (gone, dice.below(20)) {
        // Nothing else is decided before that.
        _ if waits && dice.below(4) > 0 => Decided::Issued,
        (Some(run), 0..=5) => Decided::Done { phase: run.no },
        _ if went && dice.below(3) == 0 => {
            let outcome = line("both open");
            let end = PlannedActionAction::End {
                operation,
                action,
                outcome,
            };
            return ("ends the action".to_owned(), Action::PlannedAction(end));
        }
        (_, 0) => Decided::Issued,
        // Only what was issued and has not gone is taken back.
        (_, 1 | 2) => Decided::Reworked { reason },
        (_, 3..=9) => Decided::Go {
            phase: Some(phase).filter(|_| dice.below(3) > 0),
            not_ready: Vec::new(),
            despite: Some(reason).filter(|_| dice.below(6) > 0),
        },
        (_, 10 | 11) => Decided::NoGo {
            phase,
            criterion: Some(1),
            reason,
        },
        (_, 12..=14) => Decided::Hold {
            phase,
            reason,
            go_at: site.now.plus_s(60 + dice.below(3_600) as u32),
        },
        (_, 15) => Decided::Done { phase },
        (_, 16 | 17) if dice.below(2) == 0 => {
            let off = PlannedActionAction::CallOff {
                operation,
                action,
                reason,
            };
            return (
                "calls the action off".to_owned(),
                Action::PlannedAction(off),
            );
        }
        _ => {
            let over = PlannedActionAction::TakeOver { operation };
            return (
                "takes the plan over".to_owned(),
                Action::PlannedAction(over),
            );
        }
    };
    let decide = PlannedActionAction::Decide {
        operation,
        action,
        what,
    };
    (
        format!("decides in {operation:?}"),
        Action::PlannedAction(decide),
    )
}

fn answer(site: &Site, operation: OperationId, dice: &mut Entropy) -> Option<Wish> {
    let (node, action) = site.shown.planned_action_in(operation)?;
    let record = action.id.into();
    let to = Elsewhere { node, record };
    let own = site.node();
    let mut teams = action.plan.teams.iter();
    let (team, _) = teams.find(|(_, team)| team.agency == own)?;
    let team = *team;
    if dice.below(4) == 0 {
        let units = site.shown.units.keys().copied();
        let units = units.take(dice.below(3) as usize).collect();
        let man = ReplyAction::ManTeam {
            operation,
            to,
            team,
            units,
        };
        return Some((format!("mans team {team}"), Action::Reply(man)));
    }
    let word = Word::ALL[dice.below(Word::ALL.len() as u64) as usize];
    let say = ReplyAction::SayOfTeam {
        operation,
        to,
        team,
        word,
        phase: Some(1 + dice.below(2) as u16),
        reason: Some(line("no key")).filter(|_| dice.below(2) == 0),
    };
    Some((format!("says {word:?} of team {team}"), Action::Reply(say)))
}

//! The verbs that send units and take them elsewhere: each turns the rest of a line into one action.

use super::Story;
use super::verbs::Words;
use super::world::BEGIN_MS;
use crate::basis::{AssignmentId, Line, Timestamp};
use crate::episode::{self, Episode};
use crate::recommend;
use crate::record::assignment::{
    Assignment, AssignmentAction, AssignmentStatus, Choice, Step, Why,
};
use crate::record::call::CallAction;
use crate::record::incident::IncidentAction;
use crate::record::{Action, Record};
use crate::timer::{AlarmCode, TimerRules};

impl Story {
    pub(super) fn send(&mut self, verb: &str, words: &mut Words) -> Action {
        if words.eat("proposed") {
            let callsign = words.next();
            return self.advance(&callsign, Step::SendProposed);
        }
        let nobody = words.eat("nobody");
        let callsigns = if nobody { Vec::new() } else { words.list() };
        if !words.eat("for") {
            words.must("to");
        }
        let incident = self.incident(words);
        let choices = callsigns
            .iter()
            .map(|callsign| self.choice(callsign))
            .collect();
        Action::Assignment(match verb {
            "send" => AssignmentAction::Send { incident, choices },
            _ => AssignmentAction::Propose { incident, choices },
        })
    }

    fn choice(&self, callsign: &str) -> Choice {
        let unit = self.world.unit(callsign);
        let travel = self.origins.get(&unit).and_then(|origin| origin.travel);
        let why = Why {
            otherwise: None,
            made: None,
            travel,
            reasons: vec![recommend::Reason::ByHand],
        };
        Choice { unit, why }
    }

    /// `swap E1 for E2: why`, `swap proposed E1 for E2`
    pub(super) fn swap(&mut self, words: &mut Words) -> Action {
        let assignment = match words.eat("proposed") {
            true => self.proposed(&words.next()),
            false => self.bound(&words.next()),
        };
        words.must("for");
        let choice = self.choice(&words.next());
        let reason = maybe_reason(words);
        Action::Assignment(AssignmentAction::Swap {
            assignment,
            choice,
            reason,
        })
    }

    /// `reassign E1 to incident 2: why`
    pub(super) fn reassign(&mut self, words: &mut Words) -> Action {
        let assignment = match words.eat("proposed") {
            true => self.proposed(&words.next()),
            false => self.bound(&words.next()),
        };
        let unit = self.world.engine.board().assignments.get(&assignment);
        let origin = unit.and_then(|found| self.origins.get(&found.unit));
        let why = Why {
            otherwise: None,
            made: None,
            travel: origin.and_then(|origin| origin.travel),
            reasons: Vec::new(),
        };
        words.must("to");
        let incident = self.incident(words);
        let reason = maybe_reason(words);
        Action::Assignment(AssignmentAction::Reassign {
            assignment,
            incident,
            why,
            reason,
        })
    }

    /// `see E1 unanswered`, `see incident 1 unassigned`, `see call 1 call_waiting`
    pub(super) fn see(&mut self, words: &mut Words) -> Action {
        let code = |words: &mut Words| {
            let word = words.next();
            AlarmCode::ALL
                .into_iter()
                .find(|code| serde_json::to_value(code).unwrap() == word.as_str())
                .unwrap()
        };
        if words.eat("call") {
            let call = self.world.call(words.number());
            let code = code(words);
            return Action::Call(CallAction::SeeAlarm { call, code });
        }
        if words.peek() == "incident" {
            let incident = self.incident(words);
            let code = code(words);
            return Action::Incident(IncidentAction::SeeAlarm { incident, code });
        }
        let assignment = self.bound(&words.next());
        let code = code(words);
        Action::Assignment(AssignmentAction::SeeAlarm { assignment, code })
    }

    /// Says when which alarm was on, in seconds since the story began.
    pub(super) fn recount(&mut self) {
        let board = self.world.engine.board();
        let after = |at: Timestamp| at.seconds_since(Timestamp(BEGIN_MS));
        let told = |one: Episode| {
            let name = match board.get(one.record) {
                Some(Record::Assignment(found)) => board.units[&found.unit].callsign.to_string(),
                Some(Record::Incident(found)) => format!("incident {}", found.number),
                Some(Record::Call(found)) => format!("call {}", found.number),
                other => panic!("an alarm on {other:?}"),
            };
            let code = serde_json::to_value(one.code).unwrap();
            let code = code.as_str().unwrap();
            let seen = one.acknowledged_at;
            let seen = seen.map_or(String::new(), |at| format!(" seen {}", after(at)));
            let end = one
                .ended_at
                .map_or("on".to_owned(), |at| after(at).to_string());
            format!("{name} {code} {}..{end}{seen}", after(one.raised_at))
        };
        let all = episode::episodes(board, &TimerRules::default(), self.world.now);
        self.said = all.into_iter().map(told).collect();
        self.said.push(format!("episodes {}", self.said.len()));
    }

    pub(super) fn advance(&self, callsign: &str, step: Step) -> Action {
        // Of a unit's assignments the live one is meant, or the latest; to be sent, the one that is proposed.
        let assignment = match step {
            Step::SendProposed => self.proposed(callsign),
            Step::Resend
            | Step::Acknowledge
            | Step::Decline { .. }
            | Step::Depart
            | Step::Arrive
            | Step::Clear { .. }
            | Step::Cancel { .. } => self.bound(callsign),
        };
        Action::Assignment(AssignmentAction::Advance { assignment, step })
    }

    fn bound(&self, callsign: &str) -> AssignmentId {
        self.assignment(callsign, Assignment::is_live)
    }

    fn proposed(&self, callsign: &str) -> AssignmentId {
        let proposed = |one: &Assignment| one.status == AssignmentStatus::Proposed;
        self.assignment(callsign, proposed)
    }

    fn assignment(&self, callsign: &str, meant: impl Fn(&Assignment) -> bool) -> AssignmentId {
        let unit = self.world.unit(callsign);
        let all = self.world.engine.board().assignments.values();
        let own = all.filter(|assignment| assignment.unit == unit);
        let latest = own.max_by_key(|assignment| (meant(assignment), assignment.changed_at));
        latest.map_or(AssignmentId([0xa5; 16]), |assignment| assignment.id)
    }
}

fn maybe_reason(words: &mut Words) -> Option<Line> {
    (words.peek() == ":").then(|| words.after_colon())
}

//! Planned actions of two agencies: planned, issued, answered for, go, no-go and hold, silence, what is not known across a cut,
//! command that changes hands, and what of an exercise counts nowhere.
//!
//! Operations live in feeds that a [`World`](super::world::World) does not have, so these stories run on boards alone:
//! [`Stage`] decides and folds as the engine does, and [`tell`] carries what was written to the other node.

mod exercises;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use watchfire_feed::NodeId;

use super::world::line;
use super::{RESPONSE, place};
use crate::basis::{
    CallId, IncidentId, Line, OperationId, PersonId, Personal, PlannedActionId, Priority,
    Timestamp, UnitId,
};
use crate::board::Board;
use crate::entropy::Entropy;
use crate::figures::{Material, Part, Period};
use crate::ledger::{BookOf, Ledger};
use crate::limits;
use crate::plan::ResponseFile;
use crate::record::call::{CallAction, CallDetails, Channel, Onward};
use crate::record::directive::{Addressee, Details, DirectiveAction};
use crate::record::incident::IncidentAction;
use crate::record::message::MessageAction;
use crate::record::operation::{Handling, History, OperationAction, OperationEvent};
use crate::record::participation::ParticipationAction;
use crate::record::person::Seat;
use crate::record::planned_action::{
    Branch, Criterion, Decided, Phase, Plan, PlannedAction, PlannedActionAction, Run, RunState,
    Standing, Team, TeamPosition, Word,
};
use crate::record::reply::{Reply, ReplyAction};
use crate::record::unit::{UnitAction, UnitDetails};
use crate::record::{Action, Actor, Context, Elsewhere, Event, Meta, Record, RecordRef, decide};
use crate::refusal::Refusal;
use crate::timer::TimerRules;

const BEGIN: i64 = 1_700_000_000_000;

/// One node: a board, and nothing that keeps it.
struct Stage {
    node: NodeId,
    board: Board,
    now: Timestamp,
    entropy: Entropy,
    response: ResponseFile,
}

impl Stage {
    fn new(number: u8) -> Stage {
        Stage {
            node: NodeId([number; 32]),
            board: Board::default(),
            now: Timestamp(BEGIN),
            entropy: Entropy::from_number(number.into()),
            response: ResponseFile::parse(RESPONSE).unwrap(),
        }
    }

    fn put(&mut self, record: RecordRef, event: &Event) {
        let before = self.board.get(record);
        // Command that is taken goes on from the version of the lead before.
        let taken = OperationEvent::taken(event).map_or(0, |before| before.version);
        let meta = Meta {
            record: record.id,
            version: taken.max(before.as_ref().map_or(0, Record::version)) + 1,
            at: self.now,
            happened_at: self.now,
            by: self.by(),
        };
        let next = Record::apply(before.as_ref(), event, None, &meta).unwrap();
        self.board.put(next);
    }

    fn by(&self) -> Actor {
        Actor {
            person: PersonId([1; 16]),
            seat: Seat::DutyOfficer,
        }
    }

    /// Decides and folds; a refusal leaves no trace.
    fn ask(&mut self, action: Action) -> Result<RecordRef, Refusal> {
        let by = self.by();
        let mut context = Context {
            node: self.node,
            now: self.now,
            happened_at: self.now,
            by,
            entropy: &mut self.entropy,
            response: &self.response,
            timers: &TimerRules::default(),
        };
        let all = decide(&self.board, &action, &mut context)?;
        for happened in &all {
            self.put(happened.record, &happened.event);
        }
        Ok(all[0].record)
    }

    fn raise(&mut self, exercise: bool) -> OperationId {
        let raised = self.ask(Action::Operation(OperationAction::Raise {
            name: line("two doors"),
            purpose: line("open both"),
            legal_basis: line("art. 54"),
            handling: Handling::PoliceUse,
            history: History::All,
            exercise,
            succeeds: None,
            own_name: line("a"),
        }));
        OperationId(raised.unwrap().id)
    }

    fn action(&self, operation: OperationId) -> &PlannedAction {
        self.board.planned_action_in(operation).unwrap().1
    }

    fn standing(&self, operation: OperationId) -> Standing {
        self.action(operation).standing()
    }

    fn plan(&mut self, operation: OperationId, plan: Plan) -> Result<RecordRef, Refusal> {
        self.ask(Action::PlannedAction(PlannedActionAction::Plan {
            operation,
            plan,
        }))
    }

    /// The id of the plan as this node has it, or would have it.
    fn id(&self, operation: OperationId) -> PlannedActionId {
        let found = self.board.planned_action_in(operation);
        found.map_or(PlannedAction::id_of(&self.node, operation), |(_, found)| {
            found.id
        })
    }

    fn decide(&mut self, operation: OperationId, what: Decided) -> Result<RecordRef, Refusal> {
        let action = self.id(operation);
        self.ask(Action::PlannedAction(PlannedActionAction::Decide {
            operation,
            action,
            what,
        }))
    }

    fn go(
        &mut self,
        operation: OperationId,
        phase: Option<u16>,
        despite: Option<&str>,
    ) -> Result<RecordRef, Refusal> {
        let go = Decided::Go {
            phase,
            not_ready: Vec::new(),
            despite: despite.map(line),
        };
        self.decide(operation, go)
    }

    fn hold(
        &mut self,
        operation: OperationId,
        phase: u16,
        minute: i64,
    ) -> Result<RecordRef, Refusal> {
        let hold = Decided::Hold {
            phase,
            reason: line("a bus"),
            go_at: at(minute),
        };
        self.decide(operation, hold)
    }

    fn no_go(&mut self, operation: OperationId, phase: u16) -> Result<RecordRef, Refusal> {
        let no_go = Decided::NoGo {
            phase,
            criterion: Some(1),
            reason: line("children in the yard"),
        };
        self.decide(operation, no_go)
    }

    fn say(
        &mut self,
        operation: OperationId,
        team: u16,
        word: Word,
        reason: Option<&str>,
    ) -> Result<RecordRef, Refusal> {
        self.say_done(operation, team, word, None, reason)
    }

    fn say_done(
        &mut self,
        operation: OperationId,
        team: u16,
        word: Word,
        phase: Option<u16>,
        reason: Option<&str>,
    ) -> Result<RecordRef, Refusal> {
        let to = self.named(operation);
        self.ask(Action::Reply(ReplyAction::SayOfTeam {
            operation,
            to,
            team,
            word,
            phase,
            reason: reason.map(line),
        }))
    }

    fn named(&self, operation: OperationId) -> Elsewhere {
        let found = self.board.planned_action_in(operation);
        let (node, action) = found.unwrap();
        let record = action.id.into();
        Elsewhere { node, record }
    }

    fn speak(
        &mut self,
        operation: OperationId,
        break_silence: Option<&str>,
    ) -> Result<RecordRef, Refusal> {
        self.ask(Action::Message(MessageAction::Say {
            operation,
            about: None,
            text: "here".parse().unwrap(),
            break_silence: break_silence.map(line),
        }))
    }

    fn unit(&mut self, callsign: &str) -> UnitId {
        let entered = self.ask(Action::Unit(UnitAction::Enter {
            callsign: line(callsign),
            details: UnitDetails {
                kind: "engine".parse().unwrap(),
                capabilities: BTreeSet::new(),
                station: None,
                post: None,
                crew: None,
                areas: BTreeSet::new(),
            },
        }));
        UnitId(entered.unwrap().id)
    }
}

fn at(minute: i64) -> Timestamp {
    Timestamp(BEGIN + minute * 60_000)
}

/// Carries all that lives in operations from one node to another.
fn tell(from: &Stage, to: &mut Stage) {
    let mut copy = to
        .board
        .copies
        .boards
        .remove(&from.node)
        .unwrap_or_default();
    for record in from.board.records() {
        if record.reference().kind.lives_in_operation() {
            copy.put(record);
        }
    }
    to.board.copies.boards.insert(from.node, copy);
}

fn together(a: &mut Stage, b: &mut Stage) {
    tell(a, b);
    tell(b, a);
}

fn team(name: &str, branch: u16, agency: NodeId) -> Team {
    Team {
        name: line(name),
        branch,
        agency,
        strength: 10,
        call_sign: None,
        position: TeamPosition {
            label: line("the lane"),
            point: None,
        },
        task: line("the door"),
    }
}

/// Teams 1 and 2 of one agency, 3 of another: entry of 1 and 3 after 30 minutes, search of all ten minutes later.
fn plan(own: NodeId, other: NodeId) -> Plan {
    let branch = |name: &str| Branch {
        name: line(name),
        lead: None,
    };
    let phase = |name: &str, minute: i64, teams: &[u16]| Phase {
        name: line(name),
        what: line("as briefed"),
        go_at: at(minute),
        teams: teams.iter().copied().collect(),
    };
    Plan {
        intent: line("both doors at one time"),
        branches: vec![branch("north"), branch("south")],
        teams: BTreeMap::from([
            (1, team("assault", 1, own)),
            (2, team("cordon", 1, own)),
            (3, team("rear", 2, other)),
        ]),
        phases: vec![phase("entry", 30, &[1, 3]), phase("search", 40, &[])],
        no_go: vec![Criterion {
            what: line("children in the yard"),
            who: line("duty officer"),
        }],
        silence: true,
    }
}

/// Two nodes in one operation that the first leads.
fn pair(exercise: bool) -> (Stage, Stage, OperationId) {
    let (mut a, mut b) = (Stage::new(1), Stage::new(2));
    let operation = a.raise(exercise);
    let invited = OperationEvent::Invited {
        node: b.node,
        name: line("b"),
        role: line("rear"),
    };
    a.put(operation.into(), &Event::Operation(invited));
    tell(&a, &mut b);
    let join = ParticipationAction::Join { operation };
    b.ask(Action::Participation(join)).unwrap();
    tell(&b, &mut a);
    (a, b, operation)
}

/// The same with a plan that is issued.
fn issued() -> (Stage, Stage, OperationId) {
    let (mut a, mut b, operation) = pair(false);
    let planned = plan(a.node, b.node);
    a.plan(operation, planned).unwrap();
    a.decide(operation, Decided::Issued).unwrap();
    tell(&a, &mut b);
    (a, b, operation)
}

#[track_caller]
fn refused(done: Result<RecordRef, Refusal>, code: &str) {
    let refusal = done.unwrap_err();
    assert_eq!(refusal.code(), code, "{refusal:?}");
}

#[test]
fn an_action_is_planned_issued_gone_phase_by_phase_and_ended() {
    let (mut a, mut b, of) = pair(false);
    let planned = plan(a.node, b.node);
    assert_eq!(planned.strength(), 30);
    a.plan(of, planned.clone()).unwrap();
    assert_eq!(a.standing(of), Standing::Planning);
    refused(a.plan(of, planned), "wrong_state"); // An operation has one.
    refused(a.go(of, None, None), "wrong_state"); // What is not issued does not go.
    a.decide(of, Decided::Issued).unwrap();
    assert_eq!(a.standing(of), Standing::Issued);
    refused(a.decide(of, Decided::Issued), "wrong_state");
    tell(&a, &mut b);

    a.say(of, 1, Word::Briefed, None).unwrap();
    b.say(of, 3, Word::OnTheWay, None).unwrap();
    a.say(of, 1, Word::InPosition, None).unwrap();
    tell(&b, &mut a);
    let missing = a.go(of, Some(1), None).unwrap_err();
    assert!(missing.what().en.contains("3 rear"), "{missing:?}");
    assert!(!missing.what().en.contains("1 assault"));
    b.say(of, 3, Word::InPosition, None).unwrap();
    tell(&b, &mut a);
    refused(a.go(of, Some(2), Some("now")), "wrong_state"); // In order.
    a.go(of, Some(1), Some("not needed")).unwrap();
    let Decided::Go {
        despite, not_ready, ..
    } = &a.action(of).decisions[1].what
    else {
        panic!("{:?}", a.action(of).decisions);
    };
    assert!(
        despite.is_none() && not_ready.is_empty(),
        "all were in position"
    );
    assert_eq!(a.standing(of), Standing::Going);
    refused(a.go(of, Some(1), None), "wrong_state");
    refused(a.decide(of, Decided::Done { phase: 2 }), "wrong_state");
    a.decide(of, Decided::Done { phase: 1 }).unwrap();
    refused(a.decide(of, Decided::Done { phase: 1 }), "wrong_state");

    // Team 2 was never in position: an override names it, with the reason.
    refused(a.go(of, Some(2), None), "wrong_state");
    a.go(of, Some(2), Some("rear is enough")).unwrap();
    let last = &a.action(of).decisions.last().unwrap().what;
    let kept = Decided::Go {
        phase: Some(2),
        not_ready: vec![2],
        despite: Some(line("rear is enough")),
    };
    assert_eq!(*last, kept);
    let end = PlannedActionAction::End {
        operation: of,
        action: a.id(of),
        outcome: line("both open"),
    };
    a.ask(Action::PlannedAction(end.clone())).unwrap();
    assert_eq!(a.standing(of), Standing::Ended);
    refused(a.ask(Action::PlannedAction(end)), "wrong_state");
    refused(a.say(of, 1, Word::Briefed, None), "wrong_state");
    assert!(!a.board.get(a.named(of).record).unwrap().is_open());
}

#[test]
fn a_hold_moves_what_comes_later_a_no_go_stands_until_something_else_is_decided() {
    let (mut a, _, of) = issued();
    a.hold(of, 1, 45).unwrap();
    assert_eq!(a.standing(of), Standing::Held);
    let times: Vec<Timestamp> = a.action(of).runs().iter().map(|run| run.go_at).collect();
    assert_eq!(times, [at(45), at(55)]);
    a.no_go(of, 1).unwrap();
    assert_eq!(a.standing(of), Standing::NoGo);
    refused(a.no_go(of, 1), "wrong_state");
    a.hold(of, 1, 50).unwrap();
    assert_eq!(a.standing(of), Standing::Held);
    // Of one phase alone, and not before the one that comes first.
    refused(a.hold(of, 2, 45), "missing");
    refused(a.hold(of, 1, 0), "missing");
    refused(a.hold(of, 3, 60), "not_found");
    a.hold(of, 2, 70).unwrap();
    a.go(of, Some(1), Some("enough")).unwrap();
    assert_eq!(a.standing(of), Standing::Held, "the next one waits");
    refused(a.hold(of, 1, 80), "wrong_state");
    refused(a.no_go(of, 1), "wrong_state");
    let unknown = Decided::NoGo {
        phase: 2,
        criterion: Some(2),
        reason: line("?"),
    };
    refused(a.decide(of, unknown), "not_found");
}

#[test]
fn go_for_all_goes_now_with_the_first_and_at_their_times_with_the_others() {
    let (mut a, _, of) = issued();
    a.now = at(20);
    a.go(of, None, Some("all are on the radio")).unwrap();
    let runs = a.action(of).runs();
    let from = |run: usize| {
        let RunState::Gone { from } = runs[run].state else {
            panic!("{runs:?}");
        };
        from
    };
    assert_eq!((from(0), from(1)), (at(20), at(40)));
    refused(a.go(of, None, None), "wrong_state");
}

#[test]
fn what_was_given_go_for_a_time_to_come_is_kept_back_until_then_and_not_done_before() {
    let (mut a, b, of) = pair(false);
    let mut three = plan(a.node, b.node);
    let mut last = three.phases[1].clone();
    last.go_at = at(50);
    three.phases.push(last);
    a.plan(of, three).unwrap();
    a.decide(of, Decided::Issued).unwrap();
    a.now = at(20);
    a.go(of, None, Some("all are on the radio")).unwrap();
    let next = |a: &Stage| a.action(of).next_run(a.now).map(|run| run.no);
    assert_eq!(
        next(&a),
        Some(2),
        "it goes at its time, and may be kept back"
    );
    refused(a.decide(of, Decided::Done { phase: 2 }), "wrong_state");
    refused(a.go(of, Some(3), Some("now")), "wrong_state"); // Before the second.

    // A bus comes: the second waits for word again, and with it the third.
    a.hold(of, 2, 45).unwrap();
    assert_eq!(a.standing(of), Standing::Held);
    let states = |a: &Stage| {
        let runs = a.action(of).runs();
        let word = |run: &Run<'_>| match run.state {
            RunState::Waiting => "waits",
            RunState::Held { .. } => "held",
            RunState::NoGo { .. } => "no go",
            RunState::Gone { .. } => "gone",
            RunState::Done { .. } => "done",
        };
        runs.iter()
            .map(|run| (word(run), run.go_at))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        states(&a),
        [("gone", at(30)), ("held", at(45)), ("waits", at(55))]
    );
    a.go(of, None, Some("the bus is gone")).unwrap();
    assert_eq!(next(&a), Some(3), "the second goes now");
    a.no_go(of, 3).unwrap();
    assert_eq!(a.standing(of), Standing::NoGo);
    a.go(of, None, Some("on")).unwrap();

    // Whoever has gone cannot be kept back.
    a.now = at(56);
    refused(a.hold(of, 3, 60), "wrong_state");
    refused(a.no_go(of, 3), "wrong_state");
    a.decide(of, Decided::Done { phase: 3 }).unwrap();
}

#[test]
fn a_phase_that_was_to_go_later_may_go_at_once() {
    let (mut a, _, of) = issued();
    a.now = at(20);
    a.go(of, None, Some("all are on the radio")).unwrap();
    a.now = at(25);
    a.go(of, Some(2), Some("the door is open")).unwrap();
    let runs = a.action(of).runs();
    assert_eq!(runs[1].state, RunState::Gone { from: at(25) });
    assert_eq!(a.action(of).next_run(a.now), None);
}

#[test]
fn what_was_said_of_a_plan_that_was_taken_back_says_nothing_of_the_next() {
    let (mut a, mut b, of) = issued();
    b.say(of, 3, Word::InPosition, None).unwrap();
    a.hold(of, 1, 60).unwrap();
    let action = a.id(of);
    let change = |plan| {
        Action::PlannedAction(PlannedActionAction::Change {
            operation: of,
            action,
            plan,
        })
    };
    refused(a.ask(change(plan(a.node, b.node))), "wrong_state");
    let back = Decided::Reworked {
        reason: line("another door"),
    };
    a.decide(of, back.clone()).unwrap();
    assert_eq!(a.standing(of), Standing::Planning);
    refused(a.decide(of, back.clone()), "wrong_state");
    let mut other = plan(a.node, b.node);
    other.phases[0].go_at = at(35);
    a.ask(change(other)).unwrap();
    a.decide(of, Decided::Issued).unwrap();
    assert_eq!(a.action(of).runs()[0].go_at, at(35), "no hold of before");
    together(&mut a, &mut b);
    let parts = a.board.team_parts(a.node, a.action(of));
    assert!(parts[&3].last.is_some() && parts[&3].word(a.action(of)).is_none());
    b.say(of, 3, Word::InPosition, None).unwrap(); // Said again, of the new one.
    a.go(of, Some(1), Some("go")).unwrap();
    refused(a.decide(of, back), "wrong_state"); // What has gone is not taken back.
    a.now = at(36);
    let late = a.raise(false);
    let mut old = plan(a.node, a.node);
    old.phases[0].go_at = at(36);
    a.plan(late, old).unwrap();
    refused(a.decide(late, Decided::Issued), "missing"); // Its time is past.
}

#[test]
fn until_go_only_the_lead_speaks_and_who_cannot_wait_says_why() {
    let (mut a, mut b, of) = issued();
    refused(b.speak(of, None), "wrong_state");
    a.speak(of, None).unwrap();
    let broken = b.speak(of, Some("lives at risk")).unwrap();
    let said = b.board.get(broken);
    assert!(
        matches!(said, Some(Record::Message(said)) if said.broke_silence == Some(line("lives at risk")))
    );
    a.go(of, Some(1), Some("go")).unwrap();
    refused(b.speak(of, None), "wrong_state"); // No word of go is here.
    tell(&a, &mut b);
    let free = b.speak(of, Some("no need")).unwrap();
    let said = b.board.get(free);
    assert!(matches!(said, Some(Record::Message(said)) if said.broke_silence.is_none()));
    // A plan that does not want it keeps nobody quiet, nor does one that is not out.
    let (mut a, mut b, of) = pair(false);
    let mut loud = plan(a.node, b.node);
    loud.silence = false;
    a.plan(of, loud.clone()).unwrap();
    a.decide(of, Decided::Issued).unwrap();
    tell(&a, &mut b);
    b.speak(of, None).unwrap();
}

#[test]
fn no_word_is_no_go_and_what_was_said_in_a_cut_comes_later_and_in_order() {
    let (mut a, mut b, of) = issued();
    // From here on neither hears the other.
    a.go(of, Some(1), Some("it moves")).unwrap();
    b.now = at(31);
    assert_eq!(b.action(of).runs()[0].state, RunState::Waiting);
    b.say(of, 3, Word::InPosition, None).unwrap();
    refused(b.say_done(of, 3, Word::Done, None, None), "missing");
    refused(b.say_done(of, 3, Word::Done, Some(9), None), "not_found");
    refused(b.say_done(of, 3, Word::Done, Some(1), None), "wrong_state");
    b.now = at(33);
    b.say(of, 3, Word::NeedsHelp, Some("one hurt")).unwrap();
    b.now = at(35);
    b.say_done(of, 3, Word::Done, Some(1), Some("go by radio"))
        .unwrap();
    assert!(a.board.team_parts(a.node, a.action(of))[&3].last.is_none());
    together(&mut a, &mut b);
    assert!(b.action(of).runs()[0].has_gone());
    let to = a.named(of);
    let theirs = &a.board.copies.boards[&b.node];
    let reply = &theirs.replies[&Reply::id_of(&b.node, &to)];
    let said: Vec<(Word, Timestamp)> = reply
        .words
        .iter()
        .map(|one| (one.word, one.mark.at))
        .collect();
    let expected = [
        (Word::InPosition, at(31)),
        (Word::NeedsHelp, at(33)),
        (Word::Done, at(35)),
    ];
    assert_eq!(said, expected);
    let part = &a.board.team_parts(a.node, a.action(of))[&3];
    assert_eq!(part.last.as_ref().unwrap().word, Word::Done);
    assert!(part.in_position_at.is_none(), "it has moved on");
}

#[test]
fn an_agency_answers_for_its_own_teams_with_its_own_units_and_only_so() {
    let (mut a, mut b, of) = issued();
    refused(b.say(of, 1, Word::Briefed, None), "not_found");
    refused(b.say(of, 9, Word::Briefed, None), "not_found");
    refused(b.say(of, 3, Word::NotReady, None), "missing");
    b.say(of, 3, Word::NotReady, Some("no key")).unwrap();
    refused(b.say(of, 3, Word::NotReady, Some("no key")), "wrong_state");
    b.say(of, 3, Word::NotReady, Some("no ram")).unwrap();
    let unit = b.unit("R1");
    let to = b.named(of);
    let man = |team: u16, units: &[UnitId]| {
        Action::Reply(ReplyAction::ManTeam {
            operation: of,
            to,
            team,
            units: units.iter().copied().collect(),
        })
    };
    b.ask(man(3, &[unit])).unwrap();
    refused(b.ask(man(3, &[unit])), "wrong_state");
    refused(b.ask(man(3, &[UnitId([9; 16])])), "not_found");
    refused(b.ask(man(1, &[unit])), "not_found");
    b.ask(man(3, &[])).unwrap();
    refused(b.ask(man(3, &[])), "wrong_state");
    let many: Vec<UnitId> = (0..=limits::UNITS_PER_TEAM_MAX)
        .map(|at| b.unit(&format!("M{at}")))
        .collect();
    refused(b.ask(man(3, &many)), "limit");
    b.ask(man(3, &many[1..])).unwrap();
    // The lead's word is the lead's alone.
    refused(b.decide(of, Decided::Issued), "not_found");
    let leave = ParticipationAction::Leave {
        operation: of,
        reason: line("called away"),
    };
    b.ask(Action::Participation(leave)).unwrap();
    refused(b.say(of, 3, Word::Briefed, None), "not_a_member");
    tell(&b, &mut a);
}

#[test]
fn a_plan_that_nobody_could_act_on_is_refused_and_limits_are_taken_at_their_edge() {
    let (mut a, b, of) = pair(false);
    let good = plan(a.node, b.node);
    let mut tried = |change: &dyn Fn(&mut Plan)| {
        let mut changed = good.clone();
        change(&mut changed);
        let operation = a.raise(false);
        for team in changed.teams.values_mut() {
            if team.agency != NodeId([9; 32]) {
                team.agency = a.node;
            }
        }
        a.plan(operation, changed).map_err(|refusal| refusal.code())
    };
    let long = |count: usize| line(&"字".repeat(count));
    assert!(tried(&|_| {}).is_ok());
    assert_eq!(tried(&|plan| plan.teams.clear()), Err("missing"));
    assert_eq!(tried(&|plan| plan.phases.clear()), Err("missing"));
    for (count, expected) in [
        (limits::TEAMS_PER_ACTION_MAX, Ok(())),
        (limits::TEAMS_PER_ACTION_MAX + 1, Err("limit")),
    ] {
        let teams = |plan: &mut Plan| {
            let one = plan.teams[&1].clone();
            plan.teams = (1..=count)
                .map(|no| (u16::try_from(no).unwrap(), one.clone()))
                .collect();
        };
        assert_eq!(tried(&teams).map(|_| ()), expected);
    }
    for (count, expected) in [
        (limits::PHASES_PER_ACTION_MAX, Ok(())),
        (limits::PHASES_PER_ACTION_MAX + 1, Err("limit")),
    ] {
        let phases = |plan: &mut Plan| plan.phases = vec![plan.phases[0].clone(); count];
        assert_eq!(tried(&phases).map(|_| ()), expected);
    }
    for (count, expected) in [
        (limits::BRANCHES_PER_ACTION_MAX, Ok(())),
        (limits::BRANCHES_PER_ACTION_MAX + 1, Err("limit")),
    ] {
        let branches = |plan: &mut Plan| plan.branches = vec![plan.branches[0].clone(); count];
        assert_eq!(tried(&branches).map(|_| ()), expected);
    }
    for (count, expected) in [
        (limits::NO_GO_PER_ACTION_MAX, Ok(())),
        (limits::NO_GO_PER_ACTION_MAX + 1, Err("limit")),
    ] {
        let no_go = |plan: &mut Plan| plan.no_go = vec![plan.no_go[0].clone(); count];
        assert_eq!(tried(&no_go).map(|_| ()), expected);
    }
    let task = |plan: &mut Plan, text: Line| plan.teams.get_mut(&1).unwrap().task = text;
    let max = limits::ACTION_TEXT_CHARS_MAX;
    assert!(tried(&|plan| task(plan, long(max))).is_ok());
    assert_eq!(tried(&|plan| task(plan, long(max + 1))), Err("limit"));
    let strength = |plan: &mut Plan, people| plan.teams.get_mut(&1).unwrap().strength = people;
    assert!(tried(&|plan| strength(plan, limits::TEAM_STRENGTH_MAX)).is_ok());
    assert_eq!(
        tried(&|plan| strength(plan, limits::TEAM_STRENGTH_MAX + 1)),
        Err("limit")
    );
    assert_eq!(tried(&|plan| strength(plan, 0)), Err("limit"));
    let branch = |plan: &mut Plan, no| plan.teams.get_mut(&1).unwrap().branch = no;
    assert_eq!(tried(&|plan| branch(plan, 0)), Err("missing"));
    assert_eq!(tried(&|plan| branch(plan, 3)), Err("missing"));
    let stranger = |plan: &mut Plan| plan.teams.get_mut(&1).unwrap().agency = NodeId([9; 32]);
    assert_eq!(tried(&stranger), Err("not_a_member"));
    assert_eq!(
        tried(&|plan| plan.phases[0].teams = BTreeSet::from([7])),
        Err("not_found")
    );
    assert_eq!(tried(&|plan| plan.phases[1].go_at = at(29)), Err("missing"));
    let far = Timestamp(BEGIN).plus_s(limits::ACTION_AHEAD_S_MAX);
    assert!(tried(&|plan| plan.phases[1].go_at = far).is_ok());
    assert_eq!(
        tried(&|plan| plan.phases[1].go_at = Timestamp(far.0 + 1)),
        Err("missing")
    );
    assert!(a.board.planned_action_in(of).is_none());
}

/// A plan as large as is taken, and one that is a text larger.
fn largest(node: NodeId) -> (Plan, Plan) {
    let mut plan = plan(node, node);
    let long = line(&"字".repeat(limits::ACTION_TEXT_CHARS_MAX));
    plan.phases = vec![plan.phases[0].clone(); limits::PHASES_PER_ACTION_MAX];
    let one = plan.teams[&1].clone();
    plan.teams = (1..=40).map(|no| (no, one.clone())).collect();
    for no in 1..=40 {
        for text in 0..3 {
            let mut more = plan.clone();
            let team = more.teams.get_mut(&no).unwrap();
            let texts = [&mut team.task, &mut team.name, &mut team.position.label];
            *texts.into_iter().nth(text).unwrap() = long.clone();
            if serde_json::to_vec(&more).unwrap().len() > limits::PLAN_BYTES_MAX {
                return (plan, more);
            }
            plan = more;
        }
    }
    panic!("the limit of a plan in bytes is never reached");
}

#[test]
fn the_largest_plan_with_all_that_can_be_decided_and_said_fits_an_entry() {
    let mut a = Stage::new(1);
    let of = a.raise(false);
    let (plan, one_more) = largest(a.node);
    refused(a.plan(of, one_more), "limit");
    a.plan(of, plan).unwrap();
    a.decide(of, Decided::Issued).unwrap();
    let reason = line(&"😀".repeat(limits::ACTION_TEXT_CHARS_MAX));
    let hold = |a: &mut Stage, minute| {
        let hold = Decided::Hold {
            phase: 1,
            reason: reason.clone(),
            go_at: at(minute),
        };
        a.decide(of, hold)
    };
    for minute in 1..limits::DECISIONS_PER_ACTION_MAX as i64 {
        hold(&mut a, 100 + minute).unwrap();
    }
    refused(hold(&mut a, 300), "limit");
    for round in 0..3 {
        for no in 1..=40 {
            let word = if round % 2 == 0 {
                Word::NotReady
            } else {
                Word::NeedsHelp
            };
            a.say(of, no, word, Some(reason.as_str())).unwrap();
        }
    }
    let end = PlannedActionAction::CallOff {
        operation: of,
        action: a.id(of),
        reason: reason.clone(),
    };
    a.ask(Action::PlannedAction(end)).unwrap();
    for record in a.board.records() {
        let bytes = record.to_row_json().len();
        // Room for the name of the event and who said it.
        assert!(
            bytes + 1_000 < watchfire_feed::limits::BODY_MAX_BYTES,
            "{:?}: {bytes}",
            record.reference()
        );
    }
    let reply = a.board.replies.values().next().unwrap();
    assert_eq!(reply.words.len(), limits::TEAM_WORDS_KEPT_MAX);
    assert_eq!(reply.teams.len(), 40);
}

#[test]
fn the_lead_that_takes_command_takes_the_plan_over_as_it_stood() {
    let (mut a, mut b, of) = issued();
    b.say(of, 3, Word::InPosition, None).unwrap();
    a.hold(of, 1, 45).unwrap();
    let offer = OperationAction::OfferCommand {
        operation: of,
        to: b.node,
    };
    tell(&b, &mut a);
    a.ask(Action::Operation(offer)).unwrap();
    refused(a.go(of, None, Some("now")), "wrong_state"); // It is being handed over.
    tell(&a, &mut b);
    b.ask(Action::Operation(OperationAction::TakeCommand {
        operation: of,
    }))
    .unwrap();
    let still = b.go(of, None, Some("now")).unwrap_err();
    assert!(still.next_step().en.contains("Take it over"), "{still:?}");
    let take = Action::PlannedAction(PlannedActionAction::TakeOver { operation: of });
    b.ask(take.clone()).unwrap();
    refused(b.ask(take), "wrong_state");
    assert_eq!(b.standing(of), Standing::Held);
    assert_eq!(b.named(of).node, b.node);
    together(&mut a, &mut b);
    assert_eq!(
        a.named(of).node,
        b.node,
        "everybody follows the lead of today"
    );
    refused(a.go(of, None, Some("now")), "wrong_state");
    a.say(of, 1, Word::InPosition, None).unwrap();
    tell(&a, &mut b);
    b.say(of, 3, Word::InPosition, None).unwrap(); // It is said to the new home.
    b.go(of, Some(1), None).unwrap();
}

//! A drill of several agencies: it has the very plan at another time, and nothing of it is counted among what is real.

use super::*;
use crate::episode;
use crate::monitoring::{self, Moment, WaitStep};
use crate::playbook::{Playbook, Saw};
use crate::record::playbook_run::{PlaybookRunAction, Why};
use crate::story::playbooks::SHIPPED;

#[test]
fn a_rehearsal_is_an_exercise_with_the_very_plan_at_another_time() {
    let (mut a, b, of) = issued();
    let rehearse = |minute| {
        Action::PlannedAction(PlannedActionAction::Rehearse {
            operation: of,
            name: line("drill"),
            go_at: at(minute),
            own_name: line("a"),
        })
    };
    refused(a.ask(rehearse(0)), "missing");
    let raised = OperationId(a.ask(rehearse(600)).unwrap().id);
    assert!(a.board.is_exercise(raised) && !a.board.is_exercise(of));
    let found = a.board.operation(raised).unwrap();
    assert!(
        found.names(&b.node),
        "the agencies of the plan are called in"
    );
    let drill = a.action(raised);
    assert_eq!(drill.standing(), Standing::Planning);
    assert_eq!(
        drill.rehearses.map(|of| of.record),
        Some(a.named(of).record)
    );
    let times: Vec<Timestamp> = drill.plan.phases.iter().map(|phase| phase.go_at).collect();
    assert_eq!(times, [at(600), at(610)]);
    assert_eq!(drill.plan.moved_to(at(30)), a.action(of).plan);
}

#[test]
fn what_is_raised_for_an_exercise_counts_nowhere_and_hides_nothing_real() {
    let (mut a, _, drill) = pair(true);
    let real = a.raise(false);
    let raise = |operation| {
        Action::Incident(IncidentAction::OpenInExercise {
            operation,
            category: "fire".parse().unwrap(),
            priority: Priority::P1,
            place: place("harbour"),
        })
    };
    refused(a.ask(raise(real)), "wrong_state");
    let drilled = IncidentId(a.ask(raise(drill)).unwrap().id);
    let open = Action::Incident(IncidentAction::Open {
        from_call: None,
        category: "fire".parse().ok(),
        priority: Some(Priority::P1),
        place: Some(place("market")),
    });
    let true_one = IncidentId(a.ask(open).unwrap().id);
    for (incident, into) in [(drilled, true_one), (true_one, drilled)] {
        let merge = IncidentAction::Merge { incident, into };
        refused(a.ask(Action::Incident(merge)), "wrong_state");
    }
    let receive = |onward| {
        Action::Call(CallAction::Receive {
            channel: Channel::Phone,
            source: None,
            ringing_at: None,
            details: CallDetails {
                place: None,
                category: None,
                priority: None,
                personal: Personal::default(),
            },
            onward,
        })
    };
    refused(a.ask(receive(Onward::Join(drilled))), "wrong_state");
    let call = CallId(a.ask(receive(Onward::Wait)).unwrap().id);
    let join = |incident| Action::Call(CallAction::Join { call, incident });
    refused(a.ask(join(drilled)), "wrong_state");
    a.ask(join(true_one)).unwrap();
    // A playbook would raise what is real.
    let fire = |incident: IncidentId| {
        Action::PlaybookRun(PlaybookRunAction::Fire {
            playbook: Box::new(Playbook::parse(SHIPPED[0].1).unwrap()),
            why: Box::new(Why {
                subject: incident.into(),
                incident: Some(incident),
                place: None,
                saw: Saw::Opened {
                    category: "fire".parse().unwrap(),
                    priority: Priority::P1,
                },
            }),
        })
    };
    refused(a.ask(fire(drilled)), "wrong_state");
    a.ask(fire(true_one)).unwrap();

    let day = (Timestamp(BEGIN - 1), at(1_000));
    let lines = |a: &Stage, of| -> Vec<RecordRef> {
        let ledger = Ledger::of(&a.board, of, day, None);
        ledger.lines.iter().map(|line| line.id.record).collect()
    };
    assert_eq!(lines(&a, BookOf::Agency), [RecordRef::from(true_one)]);
    let share = ParticipationAction::Share {
        operation: drill,
        record: drilled.into(),
        tier: crate::record::participation::Tier::View,
        with_response: false,
        until: None,
    };
    a.ask(Action::Participation(share)).unwrap();
    assert_eq!(
        lines(&a, BookOf::Operation(drill)),
        [RecordRef::from(drilled)]
    );

    let period = Period {
        from: day.0,
        to: day.1,
    };
    let mut material = Material::of(period);
    for record in a.board.records() {
        material.take(&record);
    }
    let measured = material.measure(&Part::default(), &|_| 0);
    assert_eq!(measured.tally.incidents, 1, "the real one alone");

    // Nobody went to either: both wait and sound, and one is counted.
    let rules = TimerRules::default();
    let told = episode::episodes(&a.board, &rules, at(60));
    let told: BTreeSet<RecordRef> = told.iter().map(|one| one.record).collect();
    assert_eq!(told, BTreeSet::from([true_one.into()]));
    let moment = Moment {
        node: a.node,
        rules: &rules,
        now: at(60),
        calendar: &|day, _| at(i64::from(day) * 1_440),
    };
    let waits = monitoring::waiting(&a.board, &moment);
    let groups = monitoring::groups(&waits, moment.now);
    let mut alone = groups.iter();
    let alone = alone
        .by_ref()
        .filter(|one| one.step == WaitStep::IncidentUnassigned);
    let alone: Vec<_> = alone
        .map(|one| (one.exercise, one.count, one.behind[0].record))
        .collect();
    assert_eq!(
        alone,
        [(false, 1, true_one.into()), (true, 1, drilled.into())]
    );
    let all: Vec<bool> = [drilled, true_one]
        .into_iter()
        .map(|id| {
            let record = Record::Incident(Arc::clone(&a.board.incidents[&id]));
            a.board.exercise_of(&record) == Some(drill)
        })
        .collect();
    assert_eq!(all, [true, false]);
}

#[test]
fn a_directive_of_an_exercise_stands_in_no_book_but_that_of_the_exercise() {
    let (mut a, b, drill) = pair(true);
    let details = |operation| Details {
        kind: "task".parse().unwrap(),
        priority: Priority::P2,
        subject: line("bring the ram"),
        to: vec![Addressee::Agency(b.node)],
        operation: Some(operation),
        related: Vec::new(),
        close_by: at(600),
        replaces: None,
    };
    let issue = DirectiveAction::Draft {
        details: details(drill),
        text: None,
        issue: true,
    };
    let given = a.ask(Action::Directive(issue)).unwrap();
    let day = (Timestamp(BEGIN - 1), at(1_000));
    let count = |of| Ledger::of(&a.board, of, day, None).lines.len();
    assert_eq!(count(BookOf::Agency), 0);
    assert_eq!(count(BookOf::Operation(drill)), 1);
    let record = a.board.get(given).unwrap();
    assert_eq!(a.board.exercise_of(&record), Some(drill));
}

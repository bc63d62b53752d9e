//! Runs of playbooks: fired once for a subject, steps taken, declined or failed, and over once none waits. What opens
//! operations and calls agencies in takes two nodes, and is lived over HTTP.

use std::sync::Arc;

use super::check;
use super::playbooks::SHIPPED;
use super::world::{Asked, World, line};
use crate::basis::{IncidentId, PersonId, PlaybookRunId, Text};
use crate::limits;
use crate::playbook::{Playbook, Saw, Wording};
use crate::record::directive::Addressee;
use crate::record::person::Seat;
use crate::record::playbook_run::{PlaybookRun, PlaybookRunAction, StepState, Why};
use crate::record::{Action, Record, RecordKind};
use crate::refusal::Refusal;

/// Tells the dispatcher by rule; proposes a directive to units on the incident and an unknown one, and asks for boats.
const BOOK: &str = r#"
id = "big-fire"
en = "Big fire"
zh = "大火"
[when.incident_opened]
categories = ["fire"]
[[step]]
do = "carry_out"
[step.tell]
seats = ["dispatcher", "duty_officer"]
subject = { en = "Fire {number}", zh = "火警 {number}" }
text = { en = "At {place}", zh = "地点 {place}" }
[[step]]
do = "propose"
[step.directive]
kind = "task"
priority = 1
subject = { en = "Keep clear, incident {number}", zh = "清场，警情 {number}" }
text = { en = "Hold people back", zh = "疏散群众" }
to = ["assigned", "unit:X9", "seat:dispatcher"]
close_within_s = 600
[[step]]
do = "propose"
[step.ask_support]
capability = "boat"
quantity = 2
purpose = { en = "Boats", zh = "舟艇" }
priority = 2
for_s = 3600
"#;

fn world() -> World {
    let given = "given station 1 at harbour; engine E1 at station 1\n\
        call at harbour opening: fire p1\nsend E1 to incident 1\n";
    check(given).world
}

fn incident(world: &World) -> IncidentId {
    *world.engine.board().incidents.keys().next().unwrap()
}

fn fire_of(world: &World, text: &str) -> PlaybookRunAction {
    let found = incident(world);
    let of = world.engine.board().incident(found).unwrap();
    PlaybookRunAction::Fire {
        playbook: Box::new(Playbook::parse(text).unwrap()),
        why: Box::new(Why {
            subject: found.into(),
            incident: Some(found),
            place: Some(of.place.clone()),
            saw: Saw::Opened {
                category: of.category.clone(),
                priority: of.priority,
            },
        }),
    }
}

/// Asks in the name of the node itself.
fn by_rule(world: &mut World, action: PlaybookRunAction) -> Result<PlaybookRunId, Refusal> {
    ask_as(world, PersonId([0; 16]), action)
}

fn ask(world: &mut World, action: PlaybookRunAction) -> Result<PlaybookRunId, Refusal> {
    ask_as(world, PersonId([1; 16]), action)
}

fn ask_as(
    world: &mut World,
    person: PersonId,
    action: PlaybookRunAction,
) -> Result<PlaybookRunId, Refusal> {
    let asked = Asked {
        person,
        ..Asked::default()
    };
    let done = world.ask(asked, Action::PlaybookRun(action))?;
    let mut records = done.records.iter();
    let run = records.find(|(record, _)| record.kind == RecordKind::PlaybookRun);
    Ok(PlaybookRunId(run.unwrap().0.id))
}

fn take(run: PlaybookRunId, no: u16) -> PlaybookRunAction {
    PlaybookRunAction::TakeStep {
        run,
        no,
        wording: Wording::En,
        own_name: line("Here"),
    }
}

fn decline(run: PlaybookRunId, no: u16) -> PlaybookRunAction {
    PlaybookRunAction::DeclineStep {
        run,
        no,
        reason: line("not needed"),
    }
}

fn found(world: &World, run: PlaybookRunId) -> PlaybookRun {
    world.engine.board().playbook_run(run).unwrap().clone()
}

fn code(refused: Result<PlaybookRunId, Refusal>) -> &'static str {
    refused.unwrap_err().code()
}

#[test]
fn steps_become_what_they_say_in_one_decision_and_name_what_came_of_them() {
    let mut world = world();
    let fire = fire_of(&world, BOOK);
    let run = by_rule(&mut world, fire).unwrap();
    let fired = found(&world, run);
    assert_eq!(fired.number, 1);
    assert_eq!(fired.to_carry_out(), Some(1));
    assert_eq!(fired.waiting().collect::<Vec<_>>(), [2, 3]);

    by_rule(&mut world, take(run, 1)).unwrap();
    let told = found(&world, run);
    assert_eq!(told.to_carry_out(), None);
    let StepState::Done { by, came, .. } = &told.steps[0].state else {
        panic!("it is done");
    };
    assert_eq!(
        by.person,
        PersonId([0; 16]),
        "no person's name stands on it"
    );
    let notice = crate::basis::DirectiveId(came[0].id);
    let notice = world.engine.board().directive(notice).unwrap().clone();
    assert_eq!(notice.details.subject, line("Fire 1"));
    assert_eq!(notice.items.len(), 2, "each seat signs for itself");
    assert!(
        notice.ladder.as_ref().unwrap().act_s.is_none(),
        "only to be signed for"
    );
    assert_eq!(notice.details.related, [incident(&world).into()]);

    ask(&mut world, take(run, 2)).unwrap();
    let StepState::Done { came, left_out, .. } = &found(&world, run).steps[1].state else {
        panic!("it is done");
    };
    assert_eq!(
        left_out,
        &[line("X9")],
        "nobody is called that, and it is said so"
    );
    let directive = crate::basis::DirectiveId(came[0].id);
    let directive = world.engine.board().directive(directive).unwrap();
    let unit = world.unit("E1");
    let to: Vec<Addressee> = directive.items.iter().map(|item| item.to).collect();
    assert_eq!(
        to,
        [Addressee::Unit(unit), Addressee::Seat(Seat::Dispatcher)]
    );

    ask(&mut world, take(run, 3)).unwrap();
    let over = found(&world, run);
    assert!(!over.is_open(), "the last step ends it");
    let request = world
        .engine
        .board()
        .support_requests
        .values()
        .next()
        .unwrap();
    assert_eq!(request.wish.quantity, 2);
    assert_eq!(request.wish.incident, Some(incident(&world)));
    assert_eq!(code(ask(&mut world, take(run, 3))), "wrong_state");
    world.check();
}

#[test]
fn one_playbook_has_one_run_for_one_subject_and_each_step_one_end() {
    let mut world = world();
    let fire = fire_of(&world, BOOK);
    let run = by_rule(&mut world, fire.clone()).unwrap();
    assert_eq!(code(by_rule(&mut world, fire.clone())), "taken");
    ask(&mut world, decline(run, 2)).unwrap();
    assert_eq!(code(ask(&mut world, take(run, 2))), "wrong_state");
    assert_eq!(code(ask(&mut world, decline(run, 2))), "wrong_state");
    assert_eq!(code(ask(&mut world, decline(run, 4))), "not_found");
    assert_eq!(code(ask(&mut world, decline(run, 0))), "not_found");
    let reason = line("the fire is out");
    ask(
        &mut world,
        PlaybookRunAction::Close {
            run,
            reason: reason.clone(),
        },
    )
    .unwrap();
    let over = found(&world, run);
    assert_eq!(over.ended.as_ref().unwrap().reason.as_ref(), Some(&reason));
    assert_eq!(over.waiting().count(), 0);
    assert_eq!(over.to_carry_out(), None, "what is over is not carried out");
    assert_eq!(code(ask(&mut world, take(run, 3))), "wrong_state");
    assert_eq!(
        code(ask(&mut world, PlaybookRunAction::Close { run, reason })),
        "wrong_state"
    );
    assert_eq!(
        code(by_rule(&mut world, fire)),
        "taken",
        "also when it is over"
    );
    world.check();
}

#[test]
fn a_run_is_remembered_for_as_long_as_its_playbook_keeps_quiet() {
    let mut world = world();
    let quiet = BOOK.replace("zh = \"大火\"\n", "zh = \"大火\"\nagain_after_s = 864000\n");
    let mut over = |text: &str| {
        let fire = fire_of(&world, text);
        let run = by_rule(&mut world, fire).unwrap();
        let reason = line("the fire is out");
        ask(&mut world, PlaybookRunAction::Close { run, reason }).unwrap();
        let ended = found(&world, run).ended.as_ref().unwrap().at;
        let fired = found(&world, run).fired_at;
        let record = world.engine.board().get(run.into()).unwrap();
        (record.over_since().unwrap(), fired, ended)
    };
    let other = BOOK.replace("big-fire", "big-fire-too");
    let other = other.replace("zh = \"大火\"\n", "zh = \"大火\"\nagain_after_s = 60\n");
    let (since, fired, _) = over(&quiet);
    assert_eq!(since, fired.plus_s(864_000), "ten days, though it is over");
    let (since, fired, ended) = over(&other);
    assert_eq!(since, ended.max(fired.plus_s(60)));
}

#[test]
fn what_a_rule_refuses_by_itself_waits_for_a_person_with_what_was_said() {
    let mut world = world();
    let text = BOOK.replace("kind = \"task\"\npriority = 1\n", "template = \"gone\"\n");
    let text = text.replace(
        "text = { en = \"Hold people back\", zh = \"疏散群众\" }\n",
        "",
    );
    let text = text.replace(
        "\"propose\"\n[step.directive]",
        "\"carry_out\"\n[step.directive]",
    );
    let fire = fire_of(&world, &text);
    let run = by_rule(&mut world, fire).unwrap();
    by_rule(&mut world, take(run, 1)).unwrap();
    assert_eq!(found(&world, run).to_carry_out(), Some(2));
    let refused = by_rule(&mut world, take(run, 2)).unwrap_err();
    assert_eq!(refused.code(), "unknown_code");
    let said: Text = refused.what();
    let fail = PlaybookRunAction::FailStep { run, no: 2, said };
    by_rule(&mut world, fail.clone()).unwrap();
    let failed = found(&world, run);
    assert!(matches!(failed.steps[1].state, StepState::Failed { .. }));
    assert_eq!(failed.waiting().collect::<Vec<_>>(), [2, 3]);
    assert_eq!(
        failed.to_carry_out(),
        None,
        "it is not tried again and again"
    );
    assert_eq!(code(by_rule(&mut world, fail)), "wrong_state");
    ask(&mut world, decline(run, 2)).unwrap();
    world.check();
}

#[test]
fn what_needs_an_operation_waits_for_it() {
    let mut world = world();
    let (_, parcel) = SHIPPED[4];
    let fire = fire_of(&world, parcel);
    let run = by_rule(&mut world, fire).unwrap();
    for no in [3, 4] {
        let refused = ask(&mut world, take(run, no)).unwrap_err();
        assert!(
            refused.what().en.contains("earlier step"),
            "{}",
            refused.what().en
        );
    }
    world.check();
}

#[test]
fn a_template_is_written_out_when_it_fires() {
    let told = super::check_with(
        &format!(
            "{}\n[[directives.template]]\ncode = \"clear\"\nen = \"Clear\"\nzh = \"清场\"\nkind = \"task\"\n\
             priority = 3\ntext_en = \"Clear the street\"\ntext_zh = \"清场\"\n",
            super::RESPONSE
        ),
        "call at harbour opening: fire p1",
    );
    let mut world = told.world;
    let text = BOOK.replace("kind = \"task\"\npriority = 1\n", "template = \"clear\"\n");
    let text = text.replace(
        "text = { en = \"Hold people back\", zh = \"疏散群众\" }\n",
        "",
    );
    let fire = fire_of(&world, &text);
    let run = by_rule(&mut world, fire).unwrap();
    ask(&mut world, take(run, 2)).unwrap();
    let directives = world.engine.board().directives.values();
    let one = directives.last().unwrap();
    assert_eq!(u8::from(one.details.priority), 3);
    assert_eq!(one.text.as_ref().unwrap().as_str(), "Clear the street");
}

#[test]
fn as_many_runs_are_open_as_the_limit_says_and_no_more() {
    let mut world = world();
    let fire = fire_of(&world, BOOK);
    let run = by_rule(&mut world, fire.clone()).unwrap();
    let mut one = found(&world, run);
    let adopt = |world: &mut World, one: &PlaybookRun| {
        let record = Record::PlaybookRun(Arc::new(one.clone()));
        world.engine.adopt(record, None);
    };
    for at in 2..limits::PLAYBOOK_RUNS_OPEN_MAX {
        let mut id = [7; 16];
        id[..8].copy_from_slice(&(at as u64).to_be_bytes());
        one.id = PlaybookRunId(id);
        one.of.playbook = format!("p{at}").parse().unwrap();
        adopt(&mut world, &one);
    }
    let PlaybookRunAction::Fire { playbook, why } = fire else {
        panic!("it fires");
    };
    let mut another = |id: &str| {
        let mut playbook = playbook.clone();
        playbook.id = id.parse().unwrap();
        let why = why.clone();
        by_rule(&mut world, PlaybookRunAction::Fire { playbook, why })
    };
    another("the-last").unwrap();
    let past = another("one-past");
    let max = limits::PLAYBOOK_RUNS_OPEN_MAX;
    assert!(matches!(past, Err(Refusal::Limit { max: told, .. }) if told == max));
    let reason = line("over");
    ask(&mut world, PlaybookRunAction::Close { run, reason }).unwrap();
    let playbook = Box::new(Playbook::parse(&BOOK.replace("big-fire", "room")).unwrap());
    by_rule(&mut world, PlaybookRunAction::Fire { playbook, why }).unwrap();
}

#[test]
fn a_call_that_joined_an_incident_since_is_about_that() {
    let mut world = check("given engine E1\ncall at harbour: fire p1\n").world;
    let call = *world.engine.board().calls.keys().next().unwrap();
    let of = world.engine.board().call(call).unwrap().clone();
    let why = Box::new(Why {
        subject: call.into(),
        incident: None,
        place: of.place,
        saw: Saw::ByHand,
    });
    let playbook = Box::new(Playbook::parse(BOOK).unwrap());
    let run = ask(&mut world, PlaybookRunAction::Fire { playbook, why }).unwrap();
    assert_eq!(found(&world, run).incident_now(world.engine.board()), None);
    let open = crate::record::incident::IncidentAction::Open {
        from_call: Some(call),
        category: None,
        priority: None,
        place: None,
    };
    world.ask(Asked::default(), Action::Incident(open)).unwrap();
    let incident = incident(&world);
    assert_eq!(
        found(&world, run).incident_now(world.engine.board()),
        Some(incident)
    );
}

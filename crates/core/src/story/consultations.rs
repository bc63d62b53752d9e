//! Consultations: called with papers, held, contributed to, decided and concluded; and all that is refused on the way.

use super::assessments::{details as assessment_details, issued, must_fit};
use super::check;
use super::world::{Asked, World, line};
use crate::basis::{ConsultationId, PersonId, Point, Prose};
use crate::limits;
use crate::record::assessment::AssessmentAction;
use crate::record::consultation::{
    Consultation, ConsultationAction, ConsultationDetails, ConsultationState, Contributed, Outcome,
    Paper, Settling,
};
use crate::record::person::Seat;
use crate::record::{Action, Record};
use crate::refusal::Refusal;

fn prose(text: &str) -> Prose {
    text.parse().unwrap()
}

fn details(world: &World) -> ConsultationDetails {
    ConsultationDetails {
        subject: line("What to do about the canal"),
        at: world.now.plus_s(600),
        venue: line("Room 2, and on line"),
        seats: [Seat::Dispatcher, Seat::Analyst].into_iter().collect(),
        operation: None,
        agencies: Default::default(),
        papers: Vec::new(),
    }
}

fn ask(world: &mut World, action: ConsultationAction) -> Result<ConsultationId, Refusal> {
    let done = world.ask(Asked::default(), Action::Consultation(action))?;
    Ok(ConsultationId(done.records[0].0.id))
}

fn called(world: &mut World) -> ConsultationId {
    let details = details(world);
    ask(world, ConsultationAction::Call { details }).unwrap()
}

fn held(world: &mut World) -> ConsultationId {
    let consultation = called(world);
    ask(world, ConsultationAction::Open { consultation }).unwrap()
}

fn found(world: &World, consultation: ConsultationId) -> Consultation {
    world
        .engine
        .board()
        .consultation(consultation)
        .unwrap()
        .clone()
}

fn card(consultation: ConsultationId, text: &str) -> ConsultationAction {
    ConsultationAction::Contribute {
        consultation,
        what: Contributed::Card,
        text: prose(text),
        point: Some(Point {
            lat_e6: 30_000_000,
            lon_e6: 120_000_000,
        }),
    }
}

fn note(consultation: ConsultationId, text: &str) -> ConsultationAction {
    ConsultationAction::Contribute {
        consultation,
        what: Contributed::Note,
        text: prose(text),
        point: None,
    }
}

fn decided(consultation: ConsultationId, text: &str) -> ConsultationAction {
    ConsultationAction::Decide {
        consultation,
        text: line(text),
    }
}

fn settled(consultation: ConsultationId, no: u16, settling: Settling) -> ConsultationAction {
    ConsultationAction::Settle {
        consultation,
        no,
        settling,
    }
}

fn declined() -> Settling {
    Settling::Declined {
        reason: line("no boat"),
    }
}

fn code(refused: Result<ConsultationId, Refusal>) -> &'static str {
    refused.unwrap_err().code()
}

#[test]
fn it_is_called_with_papers_held_and_concluded_once_every_decision_is_settled() {
    let mut world = check("given engine E1").world;
    let paper = issued(&mut world, None);
    let details = ConsultationDetails {
        papers: vec![Paper {
            node: None,
            record: paper.into(),
        }],
        ..details(&world)
    };
    let one = ask(&mut world, ConsultationAction::Call { details }).unwrap();
    ask(&mut world, card(one, "boats?")).unwrap(); // A board can be prepared before.
    let conclude = ConsultationAction::Conclude { consultation: one };
    for early in [
        conclude.clone(),
        decided(one, "patrol the quay"),
        settled(one, 1, declined()),
    ] {
        assert_eq!(
            code(ask(&mut world, early)),
            "wrong_state",
            "it has not begun"
        );
    }
    assert!(!found(&world, one).is_late(world.now));
    assert!(found(&world, one).is_late(world.now.plus_s(601)));
    ask(&mut world, ConsultationAction::Open { consultation: one }).unwrap();
    assert_eq!(
        code(ask(
            &mut world,
            ConsultationAction::Open { consultation: one }
        )),
        "wrong_state"
    );
    ask(&mut world, note(one, "The brigade has no boat at night.")).unwrap();
    let without = ask(&mut world, conclude.clone()).unwrap_err();
    assert!(
        without.what().en.contains("without a decision"),
        "{without:?}"
    );
    for text in ["patrol the quay", "close the lock"] {
        ask(&mut world, decided(one, text)).unwrap();
    }
    ask(
        &mut world,
        settled(one, 1, Settling::Directive { directive: None }),
    )
    .unwrap();
    let open = ask(&mut world, conclude.clone()).unwrap_err();
    assert!(open.what().en.contains("1 decisions"), "{open:?}");
    assert_eq!(
        code(ask(&mut world, settled(one, 3, declined()))),
        "not_found"
    );
    ask(&mut world, settled(one, 2, declined())).unwrap();
    assert_eq!(
        code(ask(&mut world, settled(one, 2, declined()))),
        "wrong_state",
        "what is settled stays so"
    );
    ask(&mut world, conclude.clone()).unwrap();
    let over = found(&world, one);
    assert!(matches!(over.state, ConsultationState::Concluded { .. }));
    assert!(matches!(
        over.decisions[0].outcome,
        Outcome::Directive { .. }
    ));
    assert!(
        matches!(&over.decisions[1].outcome, Outcome::Declined { reason, .. } if *reason == line("no boat"))
    );
    assert_eq!(over.contributions[0].text, Some(prose("boats?")));
    for late in [
        card(one, "more"),
        note(one, "more"),
        decided(one, "more"),
        conclude,
    ] {
        assert_eq!(code(ask(&mut world, late)), "wrong_state", "it is over");
    }
    world.check();
}

#[test]
fn one_that_is_not_held_is_called_off_with_a_reason() {
    let mut world = check("given engine E1").world;
    let off = |consultation| ConsultationAction::CallOff {
        consultation,
        reason: line("settled by telephone"),
    };
    let one = called(&mut world);
    ask(&mut world, off(one)).unwrap();
    assert_eq!(code(ask(&mut world, off(one))), "wrong_state");
    assert_eq!(
        code(ask(
            &mut world,
            ConsultationAction::Open { consultation: one }
        )),
        "wrong_state"
    );
    let other = held(&mut world);
    assert_eq!(
        code(ask(&mut world, off(other))),
        "wrong_state",
        "what goes on is concluded"
    );
    world.check();
}

#[test]
fn only_who_takes_part_writes_on_it_and_papers_are_there_to_be_read() {
    let mut world = check("given engine E1\n call at harbour opening: fire p1").world;
    let call = *world.engine.board().calls.keys().next().unwrap();
    let incident = *world.engine.board().incidents.keys().next().unwrap();
    let with = |world: &World, record: crate::record::RecordRef| ConsultationAction::Call {
        details: ConsultationDetails {
            papers: vec![Paper { node: None, record }],
            ..details(world)
        },
    };
    let of_incident = with(&world, incident.into());
    ask(&mut world, of_incident).unwrap();
    let of_call = with(&world, call.into());
    assert_eq!(
        code(ask(&mut world, of_call)),
        "not_found",
        "who called is no paper"
    );
    let nobody = ConsultationAction::Call {
        details: ConsultationDetails {
            seats: Default::default(),
            ..details(&world)
        },
    };
    assert_eq!(code(ask(&mut world, nobody)), "missing");
    let abroad = ConsultationDetails {
        agencies: [watchfire_feed::NodeId([7; 32])].into_iter().collect(),
        ..details(&world)
    };
    let without = ConsultationAction::Call {
        details: abroad.clone(),
    };
    assert_eq!(code(ask(&mut world, without)), "missing");
    let strangers = ConsultationAction::Call {
        details: ConsultationDetails {
            operation: Some(crate::basis::OperationId([9; 16])),
            ..abroad
        },
    };
    assert_eq!(code(ask(&mut world, strangers)), "not_a_member");

    let duty = ConsultationDetails {
        seats: [Seat::DutyOfficer].into_iter().collect(),
        ..details(&world)
    };
    let one = ask(&mut world, ConsultationAction::Call { details: duty }).unwrap();
    ask(&mut world, card(one, "who called it takes part")).unwrap();
    let other = Asked {
        person: PersonId([2; 16]),
        ..Asked::default()
    };
    let refused = world.ask(other, Action::Consultation(card(one, "me too")));
    assert_eq!(refused.unwrap_err().code(), "not_found");
    world.check();
}

#[test]
fn it_is_taken_at_its_limits_and_refused_one_past_them() {
    let mut world = check("given engine E1").world;
    let paper = issued(&mut world, None);
    let papers = |world: &World, count| ConsultationAction::Call {
        details: ConsultationDetails {
            papers: vec![
                Paper {
                    node: None,
                    record: paper.into()
                };
                count
            ],
            ..details(world)
        },
    };
    let most = papers(&world, limits::PAPERS_PER_CONSULTATION_MAX);
    ask(&mut world, most).unwrap();
    let more = papers(&world, limits::PAPERS_PER_CONSULTATION_MAX + 1);
    assert_eq!(code(ask(&mut world, more)), "limit");

    let one = held(&mut world);
    let long = "烽".repeat(limits::CARD_CHARS_MAX);
    ask(&mut world, card(one, &long)).unwrap();
    assert_eq!(
        code(ask(&mut world, card(one, &format!("{long}燧")))),
        "limit"
    );
    ask(&mut world, note(one, &format!("{long}燧"))).unwrap();
    for number in 2..=limits::CONTRIBUTIONS_PER_CONSULTATION_MAX {
        let done = ask(&mut world, card(one, "again"));
        assert_eq!(
            done.is_err(),
            number == limits::CONTRIBUTIONS_PER_CONSULTATION_MAX
        );
    }
    let wordy = held(&mut world);
    let room = limits::CONSULTATION_TEXT_BYTES_MAX;
    let text = "x".repeat(limits::PROSE_CHARS_MAX);
    for _ in 0..room / (text.len() + 2) {
        ask(&mut world, note(wordy, &text)).unwrap();
    }
    let left = room % (text.len() + 2);
    assert_eq!(
        code(ask(&mut world, note(wordy, &"x".repeat(left - 1)))),
        "limit"
    );
    ask(&mut world, note(wordy, &"x".repeat(left - 2))).unwrap();

    let label = "烽".repeat(limits::DECISION_CHARS_MAX);
    assert_eq!(
        code(ask(&mut world, decided(one, &format!("{label}燧")))),
        "limit"
    );
    for number in 0..=limits::DECISIONS_PER_CONSULTATION_MAX {
        let done = ask(&mut world, decided(one, &label));
        assert_eq!(
            done.is_err(),
            number == limits::DECISIONS_PER_CONSULTATION_MAX
        );
    }
    let decline = |reason: String| {
        settled(
            one,
            1,
            Settling::Declined {
                reason: line(&reason),
            },
        )
    };
    assert_eq!(
        code(ask(&mut world, decline(format!("{label}燧")))),
        "limit"
    );
    ask(&mut world, decline(label)).unwrap();

    let open = |world: &World| {
        let all = world.engine.board().consultations.values();
        all.filter(|one| one.is_open()).count()
    };
    while open(&world) < limits::CONSULTATIONS_OPEN_MAX {
        called(&mut world);
    }
    let details = details(&world);
    assert_eq!(
        code(ask(&mut world, ConsultationAction::Call { details })),
        "limit"
    );
}

#[test]
fn the_largest_one_is_told_in_one_entry() {
    let mut world = check("given engine E1").world;
    let draft = AssessmentAction::Draft {
        details: assessment_details(),
        text: prose("Papers."),
        supersedes: None,
    };
    let made = world
        .ask(Asked::default(), Action::Assessment(draft))
        .unwrap();
    let long = |chars: usize| "𡘙".repeat(chars);
    let details = ConsultationDetails {
        subject: line(&long(limits::LINE_CHARS_MAX)),
        venue: line(&long(limits::LINE_CHARS_MAX)),
        papers: vec![
            Paper {
                node: None,
                record: made.records[0].0
            };
            limits::PAPERS_PER_CONSULTATION_MAX
        ],
        ..details(&world)
    };
    let one = ask(&mut world, ConsultationAction::Call { details }).unwrap();
    ask(&mut world, ConsultationAction::Open { consultation: one }).unwrap();
    let each = limits::CONSULTATION_TEXT_BYTES_MAX / limits::CONTRIBUTIONS_PER_CONSULTATION_MAX;
    for _ in 0..limits::CONTRIBUTIONS_PER_CONSULTATION_MAX {
        ask(&mut world, note(one, &"\"".repeat(each / 2 - 1))).unwrap();
    }
    let label = long(limits::DECISION_CHARS_MAX);
    for no in 1..=limits::DECISIONS_PER_CONSULTATION_MAX {
        ask(&mut world, decided(one, &label)).unwrap();
        let reason = line(&label);
        ask(
            &mut world,
            settled(one, no as u16, Settling::Declined { reason }),
        )
        .unwrap();
    }
    let mut largest = found(&world, one);
    for paper in &mut largest.details.papers {
        paper.node = Some(watchfire_feed::NodeId([0xff; 32]));
    }
    must_fit(Record::Consultation(largest.into()));
}

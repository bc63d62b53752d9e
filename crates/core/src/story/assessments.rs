//! Assessments: written, given back, reviewed by a second person, issued to named readers, read, superseded; and all that is
//! refused on the way.

use std::collections::BTreeSet;

use super::check;
use super::world::{Asked, BEGIN_MS, World, line};
use crate::basis::{AssessmentId, PersonId, Point, Prose, Text, Timestamp};
use crate::limits;
use crate::record::assessment::{
    Assessment, AssessmentAction, AssessmentDetails, AssessmentKind, AssessmentState, Credibility,
    Grade, Readers, Reliability, Source, SourceOf, Urgency,
};
use crate::record::person::Seat;
use crate::record::{Action, Event, Record, RecordKind, RecordRef};
use crate::refusal::Refusal;

const ANALYST: PersonId = PersonId([1; 16]);
const SECOND: PersonId = PersonId([2; 16]);

fn prose(text: &str) -> Prose {
    text.parse().unwrap()
}

fn hour(at: i64) -> Timestamp {
    Timestamp(BEGIN_MS + at * 3_600_000)
}

fn newspaper() -> Source {
    Source {
        what: SourceOf::OpenReport {
            label: line("Evening paper"),
            reference: Some(line("https://example.org/1")),
        },
        grade: None,
    }
}

pub(super) fn details() -> AssessmentDetails {
    AssessmentDetails {
        title: line("Smoke along the canal"),
        kind: AssessmentKind::Trend,
        urgency: Urgency::Urgent,
        grade: Grade {
            source: Reliability::B,
            credibility: Credibility::try_from(2).unwrap(),
        },
        valid_until: hour(48),
        sources: vec![newspaper()],
    }
}

fn as_person(
    world: &mut World,
    person: PersonId,
    action: AssessmentAction,
) -> Result<AssessmentId, Refusal> {
    let asked = Asked {
        person,
        ..Asked::default()
    };
    let done = world.ask(asked, Action::Assessment(action))?;
    Ok(AssessmentId(done.records[0].0.id))
}

fn ask(world: &mut World, action: AssessmentAction) -> Result<AssessmentId, Refusal> {
    as_person(world, ANALYST, action)
}

fn drafted(world: &mut World, supersedes: Option<AssessmentId>) -> AssessmentId {
    let action = AssessmentAction::Draft {
        details: details(),
        text: prose("Three fires in two nights, all by the water."),
        supersedes,
    };
    ask(world, action).unwrap()
}

fn review(world: &mut World, assessment: AssessmentId) {
    as_person(world, SECOND, AssessmentAction::Review { assessment }).unwrap();
}

/// The seat from which every action of these stories comes is the dispatcher's.
fn to_dispatchers() -> Readers {
    Readers {
        seats: [Seat::Dispatcher, Seat::Crew].into_iter().collect(),
        ..Readers::default()
    }
}

pub(super) fn issued(world: &mut World, supersedes: Option<AssessmentId>) -> AssessmentId {
    let assessment = drafted(world, supersedes);
    review(world, assessment);
    let readers = to_dispatchers();
    ask(
        world,
        AssessmentAction::Issue {
            assessment,
            readers,
        },
    )
    .unwrap()
}

fn found(world: &World, assessment: AssessmentId) -> Assessment {
    world.engine.board().assessment(assessment).unwrap().clone()
}

fn code(refused: Result<AssessmentId, Refusal>) -> &'static str {
    refused.unwrap_err().code()
}

#[test]
fn what_is_written_is_reviewed_by_another_issued_read_and_superseded() {
    let mut world = check("given engine E1").world;
    let first = drafted(&mut world, None);
    let own = AssessmentAction::Review { assessment: first };
    assert_eq!(
        code(ask(&mut world, own)),
        "wrong_state",
        "nobody reviews what they wrote"
    );
    let readers = to_dispatchers();
    let early = AssessmentAction::Issue {
        assessment: first,
        readers: readers.clone(),
    };
    assert_eq!(
        code(ask(&mut world, early.clone())),
        "wrong_state",
        "nothing is issued without a review"
    );
    review(&mut world, first);
    assert_eq!(found(&world, first).review.unwrap().1.person, SECOND);
    let amend = AssessmentAction::Amend {
        assessment: first,
        details: details(),
        text: prose("Four fires."),
    };
    assert_eq!(
        code(ask(&mut world, amend.clone())),
        "wrong_state",
        "what was reviewed stays as it was"
    );
    ask(&mut world, early.clone()).unwrap();
    assert_eq!(
        code(ask(&mut world, early)),
        "wrong_state",
        "nothing is issued twice"
    );
    assert_eq!(code(ask(&mut world, amend)), "wrong_state");
    let withdraw = AssessmentAction::Withdraw {
        assessment: first,
        reason: line("wrong"),
    };
    let refused = ask(&mut world, withdraw).unwrap_err();
    assert!(
        refused.next_step().en.contains("supersedes it"),
        "{refused:?}"
    );

    let one = found(&world, first);
    assert!(one.holds(world.now) && one.unread_by().len() == 2);
    assert!(!one.is_unread_late(world.now) && one.is_unread_late(hour(2)));
    ask(&mut world, AssessmentAction::Read { assessment: first }).unwrap();
    let twice = AssessmentAction::Read { assessment: first };
    assert_eq!(code(ask(&mut world, twice)), "wrong_state");
    let one = found(&world, first);
    assert_eq!(
        one.unread_by(),
        [Seat::Crew].into_iter().collect::<BTreeSet<_>>()
    );
    assert!(
        one.is_unread_late(hour(2)) && !one.is_unread_late(hour(49)),
        "what holds no longer is late no longer"
    );

    let second = issued(&mut world, Some(first));
    let AssessmentState::Superseded { by, .. } = found(&world, first).state else {
        panic!("the first is superseded");
    };
    assert_eq!((by, found(&world, second).number), (second, 2));
    let again = AssessmentAction::Draft {
        details: details(),
        text: prose("Once more."),
        supersedes: Some(first),
    };
    assert_eq!(
        code(ask(&mut world, again)),
        "wrong_state",
        "only what stands is superseded"
    );
    world.check();
}

#[test]
fn two_that_would_supersede_the_same_one_are_not_both_issued() {
    let mut world = check("given engine E1").world;
    let first = issued(&mut world, None);
    let (left, right) = (
        drafted(&mut world, Some(first)),
        drafted(&mut world, Some(first)),
    );
    for each in [left, right] {
        review(&mut world, each);
    }
    let issue = |assessment| AssessmentAction::Issue {
        assessment,
        readers: to_dispatchers(),
    };
    ask(&mut world, issue(left)).unwrap();
    assert_eq!(code(ask(&mut world, issue(right))), "wrong_state");
    assert_eq!(found(&world, right).state, AssessmentState::Reviewed);
    world.check();
}

#[test]
fn a_draft_is_given_back_with_a_remark_and_whoever_changes_it_no_longer_reviews_it() {
    let mut world = check("given engine E1").world;
    let draft = drafted(&mut world, None);
    let give_back = AssessmentAction::Return {
        assessment: draft,
        remark: line("say what the weather was"),
    };
    as_person(&mut world, SECOND, give_back.clone()).unwrap();
    assert_eq!(
        found(&world, draft).returned.unwrap().remark,
        line("say what the weather was")
    );
    let amend = AssessmentAction::Amend {
        assessment: draft,
        details: details(),
        text: prose("It was dry."),
    };
    as_person(&mut world, SECOND, amend).unwrap();
    let one = found(&world, draft);
    assert_eq!((one.returned, one.text), (None, Some(prose("It was dry."))));
    let review = AssessmentAction::Review { assessment: draft };
    assert_eq!(
        code(as_person(&mut world, SECOND, review)),
        "wrong_state",
        "they wrote on it"
    );
    let third = PersonId([3; 16]);
    let review = AssessmentAction::Review { assessment: draft };
    as_person(&mut world, third, review).unwrap();
    as_person(&mut world, third, give_back).unwrap();
    assert_eq!(
        found(&world, draft).state,
        AssessmentState::Draft,
        "a review can be taken back before it is issued"
    );
    let withdraw = AssessmentAction::Withdraw {
        assessment: draft,
        reason: line("overtaken"),
    };
    ask(&mut world, withdraw.clone()).unwrap();
    assert_eq!(code(ask(&mut world, withdraw)), "wrong_state");
    world.check();
}

#[test]
fn readers_are_named_and_can_say_that_they_have_read() {
    let mut world = check("given engine E1").world;
    let draft = drafted(&mut world, None);
    let unissued = AssessmentAction::Read { assessment: draft };
    assert_eq!(
        code(ask(&mut world, unissued)),
        "not_found",
        "nobody knows of a draft"
    );
    review(&mut world, draft);
    let issue = |readers| AssessmentAction::Issue {
        assessment: draft,
        readers,
    };
    assert_eq!(code(ask(&mut world, issue(Readers::default()))), "missing");
    let wall = Readers {
        seats: [Seat::Wall].into_iter().collect(),
        ..Readers::default()
    };
    assert_eq!(
        code(ask(&mut world, issue(wall))),
        "missing",
        "a wall does not say that it has read"
    );
    let agency = Readers {
        agencies: [watchfire_feed::NodeId([7; 32])].into_iter().collect(),
        ..Readers::default()
    };
    assert_eq!(
        code(ask(&mut world, issue(agency.clone()))),
        "missing",
        "agencies get it in an operation"
    );
    let strangers = Readers {
        operation: Some(crate::basis::OperationId([9; 16])),
        ..agency
    };
    assert_eq!(code(ask(&mut world, issue(strangers))), "not_a_member");
    let crews = Readers {
        seats: [Seat::Crew].into_iter().collect(),
        ..Readers::default()
    };
    ask(&mut world, issue(crews)).unwrap();
    let other = AssessmentAction::Read { assessment: draft };
    assert_eq!(
        code(ask(&mut world, other)),
        "not_found",
        "it is not for this seat"
    );
    world.check();
}

#[test]
fn sources_are_records_that_there_are_and_never_people() {
    let mut world = check(
        "given engine E1
         call at harbour opening: fire p1",
    )
    .world;
    let incident = *world.engine.board().incidents.keys().next().unwrap();
    let with = |what: SourceOf| AssessmentAction::Draft {
        details: AssessmentDetails {
            sources: vec![Source { what, grade: None }],
            ..details()
        },
        text: prose("Why?"),
        supersedes: None,
    };
    let record = |record: RecordRef| with(SourceOf::Record { record });
    ask(&mut world, record(incident.into())).unwrap();
    let site = SourceOf::Site {
        label: line("Lock 3"),
        point: Point {
            lat_e6: 1,
            lon_e6: 1,
        },
    };
    ask(&mut world, with(site)).unwrap();
    let unknown = RecordRef {
        kind: RecordKind::Incident,
        id: [9; 16],
    };
    let unit: RecordRef = world.unit("E1").into();
    let person = RecordRef::from(ANALYST);
    for none in [unknown, unit, person] {
        assert_eq!(code(ask(&mut world, record(none))), "not_found", "{none}");
    }
    let elsewhere = SourceOf::There {
        of: crate::record::Elsewhere {
            node: watchfire_feed::NodeId([7; 32]),
            record: incident.into(),
        },
    };
    assert_eq!(code(ask(&mut world, with(elsewhere))), "not_found");
    world.check();
}

#[test]
fn it_is_taken_at_its_limits_and_refused_one_past_them() {
    let mut world = check("given engine E1").world;
    let draft = |details| AssessmentAction::Draft {
        details,
        text: prose("All of it."),
        supersedes: None,
    };
    let holds = |s: i64| AssessmentDetails {
        valid_until: Timestamp(BEGIN_MS + s * 1_000),
        ..details()
    };
    let longest = i64::from(limits::ASSESSMENT_HOLDS_S_MAX);
    ask(&mut world, draft(holds(longest))).unwrap();
    for out in [longest + 1, 0] {
        assert_eq!(code(ask(&mut world, draft(holds(out)))), "missing");
    }
    let sources = |count| AssessmentDetails {
        sources: vec![newspaper(); count],
        ..details()
    };
    ask(
        &mut world,
        draft(sources(limits::SOURCES_PER_ASSESSMENT_MAX)),
    )
    .unwrap();
    assert_eq!(
        code(ask(
            &mut world,
            draft(sources(limits::SOURCES_PER_ASSESSMENT_MAX + 1))
        )),
        "limit"
    );
    assert_eq!(code(ask(&mut world, draft(sources(0)))), "missing");

    let one = drafted(&mut world, None);
    for number in 0..limits::AUTHORS_PER_ASSESSMENT_MAX {
        let amend = AssessmentAction::Amend {
            assessment: one,
            details: details(),
            text: prose("More."),
        };
        let person = PersonId([10 + number as u8; 16]);
        let last = number + 1 == limits::AUTHORS_PER_ASSESSMENT_MAX;
        assert_eq!(
            as_person(&mut world, person, amend).is_err(),
            last,
            "{number}"
        );
    }
    review(&mut world, one);
    let readers = to_dispatchers();
    ask(
        &mut world,
        AssessmentAction::Issue {
            assessment: one,
            readers,
        },
    )
    .unwrap();
    for number in 0..=limits::READINGS_PER_ASSESSMENT_MAX {
        let read = AssessmentAction::Read { assessment: one };
        let done = as_person(&mut world, PersonId([100 + number as u8; 16]), read);
        assert_eq!(done.is_err(), number == limits::READINGS_PER_ASSESSMENT_MAX);
    }
    let in_work = |world: &World| {
        let all = world.engine.board().assessments.values();
        all.filter(|one| one.state == AssessmentState::Draft)
            .count()
    };
    while in_work(&world) < limits::ASSESSMENTS_IN_WORK_MAX {
        drafted(&mut world, None);
    }
    assert_eq!(code(ask(&mut world, draft(details()))), "limit");
}

/// The longest line and text that the node takes, in letters of four bytes.
fn longest(chars: usize) -> String {
    "𡘙".repeat(chars)
}

#[test]
fn the_largest_one_is_told_in_one_entry() {
    let text = longest(limits::LINE_CHARS_MAX);
    let source = Source {
        what: SourceOf::OpenReport {
            label: line(&text),
            reference: Some(line(&text)),
        },
        grade: Some(details().grade),
    };
    let mut world = check("given engine E1").world;
    let action = AssessmentAction::Draft {
        details: AssessmentDetails {
            title: line(&text),
            sources: vec![source; limits::SOURCES_PER_ASSESSMENT_MAX],
            ..details()
        },
        text: prose(&longest(limits::PROSE_CHARS_MAX)),
        supersedes: None,
    };
    let id = ask(&mut world, action).unwrap();
    let mut one = found(&world, id);
    let author = one.authors[0];
    one.authors = vec![author; limits::AUTHORS_PER_ASSESSMENT_MAX];
    one.reads = vec![
        crate::record::assessment::Reading {
            seat: Seat::DutyOfficer,
            by: ANALYST,
            at: world.now,
        };
        limits::READINGS_PER_ASSESSMENT_MAX
    ];
    must_fit(Record::Assessment(one.into()));
}

/// Fails unless a record, told whole with all that is personal in it, fits an entry.
pub(super) fn must_fit(record: Record) {
    let personal = record.personal_json().map_or(0, |json| json.len());
    let event = Event::Told(Box::new(record)).to_json().to_string();
    let all = event.len() + personal;
    assert!(
        all + 2_000 < watchfire_feed::limits::BODY_MAX_BYTES,
        "{all} bytes"
    );
}

#[test]
fn a_grade_is_a_letter_and_a_number_with_words_in_both_languages() {
    assert_eq!(details().grade.to_string(), "B2");
    assert!(Credibility::try_from(0).is_err() && Credibility::try_from(7).is_err());
    assert_eq!(Reliability::parse("F"), Some(Reliability::F));
    assert!(Reliability::parse("G").is_none() && Reliability::parse("AB").is_none());
    let labels: BTreeSet<String> = Reliability::ALL
        .map(|one| one.label())
        .into_iter()
        .chain(Credibility::ALL.map(|one| one.label()))
        .chain(AssessmentKind::ALL.map(|one| one.label()))
        .chain(Urgency::ALL.map(|one| one.label()))
        .flat_map(|Text { en, zh }| [en, zh])
        .collect();
    assert_eq!(labels.len(), 2 * (6 + 6 + 5 + 3), "no two read the same");
}

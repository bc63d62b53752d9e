//! Every limit of the domain, at it and one past it. Those of single texts are tested beside the texts.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::world::{Asked, World};
use super::{RESPONSE, place};
use crate::basis::{
    Answer, AssignmentId, Code, IncidentId, Line, PersonId, Personal, Place, Point, Priority,
    Prose, StationId, Text, Timestamp, TravelBasis, TravelTime, UnitId,
};
use crate::engine::Outcome;
use crate::limits;
use crate::log::KeptOutcome;
use crate::plan::ResponseFile;
use crate::recommend::Reason;
use crate::record::assignment::{AssignmentAction, Choice, Step, Why};
use crate::record::call::{CallAction, CallDetails, Channel, Onward};
use crate::record::incident::{IncidentAction, Link, Note, Relation};
use crate::record::person::{Person, PersonAction, PersonDetails, Seat};
use crate::record::road_condition::{
    RoadConditionAction, RoadConditionDetails, RoadEffect, RoadShape,
};
use crate::record::station::{StationAction, StationDetails};
use crate::record::unit::{UnitAction, UnitDetails};
use crate::record::{Action, Actor, Record};
use crate::refusal::Refusal;

fn world() -> World {
    World::new(11, ResponseFile::parse(RESPONSE).unwrap())
}

fn id(number: usize) -> [u8; 16] {
    let mut id = [0xee; 16];
    id[8..].copy_from_slice(&(number as u64).to_be_bytes());
    id
}

fn done(world: &mut World, action: Action) -> Outcome {
    world
        .ask(Asked::default(), action)
        .expect("it is within its limit")
}

#[track_caller]
fn limited(world: &mut World, action: Action, max: usize) {
    match world.ask(Asked::default(), action) {
        Err(Refusal::Limit { max: found, .. }) => assert_eq!(found, max),
        other => panic!("expected the limit {max}, found {other:?}"),
    }
}

fn open() -> Action {
    Action::Incident(IncidentAction::Open {
        from_call: None,
        category: Some("fire".parse().unwrap()),
        priority: Some(Priority::P1),
        place: Some(place("harbour")),
    })
}

fn opened(world: &mut World) -> IncidentId {
    IncidentId(done(world, open()).records[0].0.id)
}

fn a_unit() -> UnitDetails {
    UnitDetails {
        kind: "engine".parse().unwrap(),
        capabilities: BTreeSet::new(),
        station: None,
        post: None,
        crew: None,
        areas: BTreeSet::new(),
    }
}

fn enter(callsign: &str, details: UnitDetails) -> Action {
    let callsign = callsign.parse().unwrap();
    Action::Unit(UnitAction::Enter { callsign, details })
}

fn many<T: std::str::FromStr + Ord>(count: usize, chars: usize, of: &str) -> BTreeSet<T>
where
    T::Err: std::fmt::Debug,
{
    let one = |number: usize| {
        let name = format!("{number:03}");
        format!("{name}{}", of.repeat(chars - 3)).parse().unwrap()
    };
    (0..count).map(one).collect()
}

#[test]
fn keys_and_kept_outcomes() {
    let mut world = world();
    let key = |chars: usize| Asked {
        key: Some("钥".repeat(chars)),
        ..Asked::default()
    };
    assert!(
        world
            .ask(key(limits::IDEMPOTENCY_KEY_CHARS_MAX), open())
            .is_ok()
    );
    let past = world.ask(key(limits::IDEMPOTENCY_KEY_CHARS_MAX + 1), open());
    assert!(matches!(past, Err(Refusal::Limit { max: 128, .. })));

    let named = |key: &str| Asked {
        key: Some(key.to_owned()),
        ..Asked::default()
    };
    world.ask(named("first"), open()).unwrap();
    let sample = world.outcomes.last().unwrap().clone();
    let fill = (1..limits::OUTCOMES_KEPT_MAX).map(|number| KeptOutcome {
        key: format!("filler {number}"),
        ..sample.clone()
    });
    world.outcomes = [sample.clone()].into_iter().chain(fill).collect();
    world.restart();
    assert!(
        world.ask(named("first"), open()).unwrap().repeated,
        "at the limit it is kept"
    );
    world.ask(named("one more"), open()).unwrap();
    assert!(
        !world.ask(named("first"), open()).unwrap().repeated,
        "the oldest went"
    );
    assert!(world.ask(named("filler 2"), open()).unwrap().repeated);
}

#[test]
fn open_incidents() {
    let mut world = world();
    let first = opened(&mut world);
    let template = world.engine.board().incidents[&first].as_ref().clone();
    for number in 1..limits::OPEN_INCIDENTS_MAX {
        let mut one = template.clone();
        one.id = IncidentId(id(number));
        one.number = number as u64 + 1;
        world.engine.adopt(Record::Incident(Arc::new(one)), None);
    }
    limited(&mut world, open(), limits::OPEN_INCIDENTS_MAX);
    let line = |text: &str| text.parse::<Line>().unwrap();
    let close = IncidentAction::Close {
        incident: first,
        disposition: line("out"),
    };
    done(&mut world, Action::Incident(close));
    opened(&mut world);
    let reopen = IncidentAction::Reopen {
        incident: first,
        reason: line("again"),
    };
    limited(
        &mut world,
        Action::Incident(reopen),
        limits::OPEN_INCIDENTS_MAX,
    );
    let (incident, into) = (IncidentId(id(1)), IncidentId(id(2)));
    done(
        &mut world,
        Action::Incident(IncidentAction::Merge { incident, into }),
    );
    opened(&mut world);
    let unmerge = Action::Incident(IncidentAction::Unmerge { incident });
    limited(&mut world, unmerge, limits::OPEN_INCIDENTS_MAX);
}

#[test]
fn units_stations_and_people() {
    let mut world = world();
    let made = done(&mut world, enter("E", a_unit()));
    let template = world.engine.board().units[&UnitId(made.records[0].0.id)]
        .as_ref()
        .clone();
    for number in 1..limits::UNITS_MAX - 1 {
        let mut one = template.clone();
        one.id = UnitId(id(number));
        one.callsign = format!("E{number}").parse().unwrap();
        world.engine.adopt(Record::Unit(Arc::new(one)), None);
    }
    done(&mut world, enter("last", a_unit()));
    limited(&mut world, enter("one more", a_unit()), limits::UNITS_MAX);

    let station = |code: &str| {
        let code: Line = code.parse().unwrap();
        let details = StationDetails {
            name: code.clone(),
            place: place("harbour"),
            areas: BTreeSet::new(),
        };
        Action::Station(StationAction::Enter { code, details })
    };
    let made = done(&mut world, station("S"));
    let made = StationId(made.records[0].0.id);
    let template = world.engine.board().stations[&made].as_ref().clone();
    for number in 1..limits::STATIONS_MAX - 1 {
        let mut one = template.clone();
        one.id = StationId(id(number));
        one.code = format!("S{number}").parse().unwrap();
        world.engine.adopt(Record::Station(Arc::new(one)), None);
    }
    done(&mut world, station("last"));
    limited(&mut world, station("one more"), limits::STATIONS_MAX);

    let person = |login: &str| Person {
        id: PersonId([0; 16]),
        version: 1,
        changed_at: Timestamp(0),
        login: login.parse().unwrap(),
        details: PersonDetails {
            name: login.parse().unwrap(),
            seats: [Seat::Analyst].into(),
            unit: None,
            program: false,
        },
        disabled: false,
    };
    for number in 1..limits::PEOPLE_MAX {
        let mut one = person(&format!("p{number}"));
        one.id = PersonId(id(number));
        world.engine.adopt(Record::Person(Arc::new(one)), None);
    }
    let enrol = |login: &str| {
        let Person { login, details, .. } = person(login);
        Action::Person(PersonAction::Enrol { login, details })
    };
    done(&mut world, enrol("last"));
    limited(&mut world, enrol("one more"), limits::PEOPLE_MAX);
}

#[test]
fn units_in_one_action_and_assignments_on_an_incident() {
    let mut world = world();
    let incident = opened(&mut world);
    let mut units = Vec::new();
    for number in 0..=limits::UNITS_PER_SEND_MAX {
        let made = done(&mut world, enter(&format!("E{number}"), a_unit()));
        let unit = UnitId(made.records[0].0.id);
        done(&mut world, Action::Unit(UnitAction::MakeAvailable { unit }));
        units.push(Choice {
            unit,
            why: Why::default(),
        });
    }
    let propose = |choices: &[Choice]| {
        let choices = choices.to_vec();
        Action::Assignment(AssignmentAction::Propose { incident, choices })
    };
    limited(&mut world, propose(&units), limits::UNITS_PER_SEND_MAX);
    let full = &units[..limits::UNITS_PER_SEND_MAX];
    let rounds = limits::ASSIGNMENTS_PER_INCIDENT_MAX / limits::UNITS_PER_SEND_MAX;
    for round in 0..rounds {
        if round == rounds - 1 {
            done(&mut world, propose(&full[1..]));
            limited(
                &mut world,
                propose(&full[..2]),
                limits::ASSIGNMENTS_PER_INCIDENT_MAX,
            );
            done(&mut world, propose(&full[..1]));
        } else {
            done(&mut world, propose(full));
        }
    }
    limited(
        &mut world,
        propose(&full[..1]),
        limits::ASSIGNMENTS_PER_INCIDENT_MAX,
    );
    let mut proposals = world.engine.board().assignments.values();
    let assignment = proposals.next().unwrap().id;
    let swap = AssignmentAction::Swap {
        assignment,
        choice: units[limits::UNITS_PER_SEND_MAX].clone(),
        reason: None,
    };
    limited(
        &mut world,
        Action::Assignment(swap),
        limits::ASSIGNMENTS_PER_INCIDENT_MAX,
    );
    let other = opened(&mut world);
    let choices = vec![units[0].clone()];
    let sent = AssignmentAction::Send {
        incident: other,
        choices,
    };
    let sent = done(&mut world, Action::Assignment(sent));
    let reassign = AssignmentAction::Reassign {
        assignment: AssignmentId(sent.records[0].0.id),
        incident,
        why: Why::default(),
        reason: None,
    };
    limited(
        &mut world,
        Action::Assignment(reassign),
        limits::ASSIGNMENTS_PER_INCIDENT_MAX,
    );
    let all = world.engine.board().assignments.values();
    let open = all.filter(|one| one.ended_at.is_none()).map(|one| one.id);
    let open: Vec<AssignmentId> = open.take(limits::UNITS_PER_SEND_MAX + 1).collect();
    let call_off = |assignments: &[AssignmentId]| {
        Action::Assignment(AssignmentAction::CallOff {
            assignments: assignments.to_vec(),
            reason: "enough".parse().unwrap(),
        })
    };
    limited(&mut world, call_off(&open), limits::UNITS_PER_SEND_MAX);
    for (assignments, code) in [(&[][..], "missing"), (&[open[0], open[0]][..], "circle")] {
        let refused = world.ask(Asked::default(), call_off(assignments));
        assert_eq!(refused.unwrap_err().code(), code);
    }
    let made = done(&mut world, call_off(&open[1..]));
    assert_eq!(made.records.len(), limits::UNITS_PER_SEND_MAX);
    let ended = world.ask(Asked::default(), call_off(&open[..2]));
    assert_eq!(ended.unwrap_err().code(), "wrong_state");
    assert!(
        world.engine.board().assignments[&open[0]]
            .ended_at
            .is_none()
    );
    world.check();
}

#[test]
fn a_record_remembers_so_many_sendings_and_forgets_the_oldest() {
    let mut world = world();
    let incident = opened(&mut world);
    let made = done(&mut world, enter("E1", a_unit()));
    let unit = UnitId(made.records[0].0.id);
    done(&mut world, Action::Unit(UnitAction::MakeAvailable { unit }));
    let why = Why::default();
    let choices = vec![Choice { unit, why }];
    let send = AssignmentAction::Send { incident, choices };
    let made = done(&mut world, Action::Assignment(send));
    let assignment = AssignmentId(made.records[0].0.id);
    let mut times = Vec::new();
    for _ in 0..=limits::TURNS_KEPT_MAX {
        world.now.0 += 1_000;
        times.push(world.now);
        let step = Step::Resend;
        let resend = AssignmentAction::Advance { assignment, step };
        done(&mut world, Action::Assignment(resend));
        let kept = &world.engine.board().assignments[&assignment].resends;
        let all = times.len().min(limits::TURNS_KEPT_MAX);
        assert_eq!(*kept, times[times.len() - all..]);
    }
    world.check();
}

#[test]
fn notes_and_links_on_an_incident_and_calls_in_a_split() {
    let mut world = world();
    let incident = opened(&mut world);
    let mut full = world.engine.board().incidents[&incident].as_ref().clone();
    let note = Note {
        at: Timestamp(0),
        by: Actor::NODE,
        text: None,
    };
    full.notes = vec![note; limits::NOTES_PER_INCIDENT_MAX - 1];
    full.links = (1..limits::LINKS_PER_INCIDENT_MAX)
        .map(|number| Link {
            other: IncidentId(id(number)),
            relation: Relation::Related,
        })
        .collect();
    world.engine.adopt(Record::Incident(Arc::new(full)), None);
    let text: Prose = "x".repeat(limits::PROSE_CHARS_MAX).parse().unwrap();
    let add = Action::Incident(IncidentAction::AddNote { incident, text });
    done(&mut world, add.clone());
    limited(&mut world, add, limits::NOTES_PER_INCIDENT_MAX);

    let (last, past) = (opened(&mut world), opened(&mut world));
    let link = |incident, other| {
        let relation = Relation::Child;
        Action::Incident(IncidentAction::Link {
            incident,
            other,
            relation,
        })
    };
    done(&mut world, link(incident, last));
    done(&mut world, link(last, incident)); // Saying it again takes no more room.
    limited(
        &mut world,
        link(incident, past),
        limits::LINKS_PER_INCIDENT_MAX,
    );
    limited(
        &mut world,
        link(past, incident),
        limits::LINKS_PER_INCIDENT_MAX,
    );

    let from = opened(&mut world);
    let mut calls = Vec::new();
    for _ in 0..=limits::CALLS_PER_SPLIT_MAX {
        let receive = CallAction::Receive {
            ringing_at: None,
            onward: Default::default(),
            channel: Channel::App,
            source: None,
            details: CallDetails::default(),
        };
        let made = done(&mut world, Action::Call(receive));
        let call = crate::basis::CallId(made.records[0].0.id);
        done(
            &mut world,
            Action::Call(CallAction::Join {
                call,
                incident: from,
            }),
        );
        calls.push(call);
    }
    let split = |calls: &[crate::basis::CallId]| {
        Action::Incident(IncidentAction::Split {
            incident: from,
            calls: calls.to_vec(),
            category: None,
            priority: None,
            place: None,
        })
    };
    limited(&mut world, split(&calls), limits::CALLS_PER_SPLIT_MAX);
    done(&mut world, split(&calls[1..]));
    assert_eq!(world.engine.board().calls_of(from).count(), 1);
}

#[test]
fn list_items() {
    let mut world = world();
    let max = limits::LIST_ITEMS_MAX;
    for (count, fits) in [(max, true), (max + 1, false)] {
        let areas: BTreeSet<Line> = many(count, 4, "a");
        let name: Line = "S".parse().unwrap();
        let details = StationDetails {
            name: name.clone(),
            place: place("harbour"),
            areas,
        };
        let enter_station = Action::Station(StationAction::Enter {
            code: name,
            details,
        });
        let areas = many(count, 4, "a");
        let by_area = enter(&format!("A{count}"), UnitDetails { areas, ..a_unit() });
        if fits {
            done(&mut world, enter_station);
            done(&mut world, by_area);
        } else {
            limited(&mut world, enter_station, max);
            limited(&mut world, by_area, max);
        }
    }
    // Capabilities must be in the response file; one that lists none takes any.
    let mut world = World::new(1, ResponseFile::default());
    let capable = |count| UnitDetails {
        capabilities: many(count, 4, "c"),
        ..a_unit()
    };
    done(&mut world, enter("E1", capable(max)));
    limited(&mut world, enter("E2", capable(max + 1)), max);
}

#[test]
fn plans_slots_alarms_labels_and_kinds_of_a_need() {
    let head = "[kinds.engine]\nen = \"E\"\nzh = \"水\"\n";
    let plans = |count: usize| {
        let mut text = head.to_owned();
        for number in 0..count {
            text += &format!("[categories.c{number}]\nen = \"C\"\nzh = \"类\"\n");
        }
        for number in 0..count {
            text += &format!(
                "[[plan]]\ncategory = \"c{number}\"\nalarm = [{{ needs = [{{ kind = \"engine\" }}] }}]\n"
            );
        }
        ResponseFile::parse(&text)
    };
    assert_eq!(
        plans(limits::PLANS_MAX).unwrap().plans.len(),
        limits::PLANS_MAX
    );
    assert!(
        plans(limits::PLANS_MAX + 1)
            .unwrap_err()
            .problem
            .contains("2000 plans")
    );

    let one = |head: &str, alarms: &str| {
        ResponseFile::parse(&format!(
            "{head}[[plan]]\ncategory = \"*\"\nalarm = [{alarms}]"
        ))
    };
    let slots = |count: usize| {
        one(
            head,
            &format!("{{ needs = [{{ kind = \"engine\", count = {count} }}] }}"),
        )
    };
    assert!(slots(limits::PLAN_SLOTS_MAX).is_ok());
    assert!(slots(limits::PLAN_SLOTS_MAX + 1).is_err());
    let alarm = "{ needs = [{ kind = \"engine\" }] },";
    let levels = usize::from(limits::ALARM_LEVEL_MAX);
    assert!(one(head, &alarm.repeat(levels)).is_ok());
    assert!(one(head, &alarm.repeat(levels + 1)).is_err());

    let label = |chars: usize| {
        let zh = "水".repeat(chars);
        ResponseFile::parse(&format!("[kinds.engine]\nen = \"E\"\nzh = \"{zh}\"\n"))
    };
    assert!(label(limits::LABEL_CHARS_MAX).is_ok());
    assert!(
        label(limits::LABEL_CHARS_MAX + 1)
            .unwrap_err()
            .problem
            .contains("61 characters")
    );

    let kinds = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("k{number}")).collect();
        let labels: String = names
            .iter()
            .map(|name| {
                let long = "水".repeat(limits::LABEL_CHARS_MAX);
                format!("[kinds.{name}]\nen = \"{long}\"\nzh = \"{long}\"\n")
            })
            .collect();
        one(&labels, &format!("{{ needs = [{{ kinds = {names:?} }}] }}"))
    };
    let file = kinds(limits::KINDS_PER_NEED_MAX).unwrap();
    let longest = file.need_label(&file.plans[0].alarms[0][0].of);
    assert!(
        longest.zh.chars().count() <= limits::NEED_LABEL_CHARS_MAX,
        "what a plan names can be sent"
    );
    assert!(
        kinds(limits::KINDS_PER_NEED_MAX + 1)
            .unwrap_err()
            .problem
            .contains("at most 8 kinds")
    );
}

/// Sends one unit with these reasons.
fn send_for(world: &mut World, reasons: Vec<Reason>) -> Action {
    let incident = opened(world);
    let number = world.engine.board().units.len();
    let made = done(world, enter(&format!("E{number}"), a_unit()));
    let unit = UnitId(made.records[0].0.id);
    done(world, Action::Unit(UnitAction::MakeAvailable { unit }));
    let travel = TravelTime {
        seconds: u32::MAX,
        basis: TravelBasis::StraightLine,
    };
    let why = Why {
        otherwise: None,
        made: None,
        travel: Some(travel),
        reasons,
    };
    let choices = vec![Choice { unit, why }];
    Action::Assignment(AssignmentAction::Send { incident, choices })
}

#[test]
fn reasons_for_a_unit() {
    let mut world = world();
    // A control character is the longest there is in JSON: six bytes.
    let fills = |chars: usize| Reason::Fills {
        need: Text::new("\u{1}".repeat(chars), "\u{1}".repeat(chars)),
    };
    let (count, chars) = (limits::REASONS_PER_CHOICE_MAX, limits::NEED_LABEL_CHARS_MAX);
    let at = send_for(&mut world, vec![fills(chars); count]);
    let asked = Asked {
        key: Some("\u{1}".repeat(128)),
        ..Asked::default()
    };
    world.ask(asked, at).unwrap();
    let too_many = send_for(&mut world, vec![Reason::ByHand; count + 1]);
    limited(&mut world, too_many, count);
    let too_long = send_for(&mut world, vec![fills(chars + 1)]);
    limited(&mut world, too_long, chars);
    world.check();
}

/// Returns so many answers, each to a question of its own and as long as a code may be.
fn answers(count: usize) -> Vec<Answer> {
    let width = limits::CODE_CHARS_MAX;
    (0..count)
        .map(|number| Answer {
            question: format!("{number:0width$}").parse().unwrap(),
            answer: "a".repeat(width).parse().unwrap(),
        })
        .collect()
}

#[test]
fn a_call_keeps_so_many_answers() {
    let mut world = World::new(1, ResponseFile::default());
    let receive = |count| {
        let mut details = CallDetails::default();
        details.personal.answers = answers(count);
        Action::Call(CallAction::Receive {
            channel: Channel::App,
            source: None,
            ringing_at: None,
            details,
            onward: Onward::Wait,
        })
    };
    let max = limits::ANSWERS_PER_CALL_MAX;
    let made = done(&mut world, receive(max));
    limited(&mut world, receive(max + 1), max);
    let call = crate::basis::CallId(made.records[0].0.id);
    let amend = |answer: Answer| {
        let mut details = CallDetails::default();
        details.personal.answers = vec![answer];
        Action::Call(CallAction::Amend { call, details })
    };
    let mut answers = answers(max + 1);
    let past = answers.pop().unwrap();
    done(&mut world, amend(answers[0].clone())); // It takes the place of the earlier one.
    limited(&mut world, amend(past), max);
}

/// Returns points whose numbers are as long as they come.
fn far_points(count: usize) -> Vec<Point> {
    let point = |at: usize| Point::from_degrees(-89.0, -179.0 + at as f64 / 1e6).unwrap();
    (0..count).map(point).collect()
}

#[test]
fn every_text_at_its_limit_fits_an_entry() {
    // Four bytes a character is the most that UTF-8 and JSON need for a character that a line may hold.
    let wide = "\u{1d11e}";
    let line: Line = wide.repeat(limits::LINE_CHARS_MAX).parse().unwrap();
    let prose: Prose = wide.repeat(limits::PROSE_CHARS_MAX).parse().unwrap();
    let code: Code = "c".repeat(limits::CODE_CHARS_MAX).parse().unwrap();
    let everywhere = Place {
        address: Some(line.clone()),
        area: Some(line.clone()),
        ..place("harbour")
    };
    let areas: BTreeSet<Line> = many(limits::LIST_ITEMS_MAX, limits::LINE_CHARS_MAX, wide);
    let capabilities: BTreeSet<Code> = many(limits::LIST_ITEMS_MAX, limits::CODE_CHARS_MAX, "c");
    let personal = Personal {
        caller: Some(line.clone()),
        callback: Some(line.clone()),
        said: Some(prose.clone()),
        note: Some(prose.clone()),
        answers: answers(limits::ANSWERS_PER_CALL_MAX),
        part: None,
    };
    let details = CallDetails {
        place: Some(everywhere.clone()),
        category: Some(code.clone()),
        priority: Some(Priority::P1),
        personal,
    };
    let unit = UnitDetails {
        kind: code.clone(),
        capabilities,
        station: None,
        post: Some(everywhere.point),
        crew: Some(u8::MAX),
        areas: areas.clone(),
    };
    let station = StationDetails {
        name: line.clone(),
        place: everywhere.clone(),
        areas,
    };
    let person = PersonDetails {
        name: line.clone(),
        seats: Seat::ALL.into(),
        unit: None,
        program: true,
    };
    let mut world = World::new(1, ResponseFile::default());
    let source = Some(line.clone());
    let channel = Channel::Import;
    for action in [
        Action::Call(CallAction::Receive {
            ringing_at: None,
            onward: Default::default(),
            channel,
            source,
            details,
        }),
        Action::Unit(UnitAction::Enter {
            callsign: line.clone(),
            details: unit,
        }),
        Action::Station(StationAction::Enter {
            code: line.clone(),
            details: station,
        }),
        Action::Person(PersonAction::Enrol {
            login: line.clone(),
            details: person,
        }),
        Action::RoadCondition(RoadConditionAction::Enter {
            details: RoadConditionDetails {
                effect: RoadEffect::Slowed { percent: 99 },
                shape: RoadShape::Area {
                    points: far_points(limits::POINTS_PER_SHAPE_MAX),
                },
                reason: line.clone(),
                from: Timestamp(0),
                until: None,
            },
        }),
        Action::Incident(IncidentAction::Open {
            from_call: None,
            category: Some(code),
            priority: Some(Priority::P4),
            place: Some(everywhere),
        }),
    ] {
        let key = Some("\u{1}".repeat(limits::IDEMPOTENCY_KEY_CHARS_MAX));
        let person = PersonId(id(world.entries.len()));
        let asked = Asked {
            key,
            person,
            ..Asked::default()
        };
        world.ask(asked, action).unwrap();
    }
    let incident = *world.engine.board().incidents.keys().next().unwrap();
    let add = IncidentAction::AddNote {
        incident,
        text: prose,
    };
    done(&mut world, Action::Incident(add));
    let close = IncidentAction::Close {
        incident,
        disposition: line,
    };
    done(&mut world, Action::Incident(close));
    let largest = world
        .entries
        .iter()
        .map(|entry| entry.plain.len())
        .max()
        .unwrap();
    let max = watchfire_feed::limits::BODY_MAX_BYTES;
    assert!(
        largest > max * 3 / 4,
        "this test must come near: {largest} of {max}"
    );
    world.check();
}

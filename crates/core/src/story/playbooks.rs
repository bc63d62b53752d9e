//! Playbooks as files: what is read, what is refused and where it points; and when one fires.

use serde_json::Value;

use crate::basis::{CallId, Code, IncidentId, Place, Point, Priority, Timestamp};
use crate::limits;
use crate::playbook::{
    AlarmFact, CallFact, Earlier, Firing, How, IncidentFact, Material, Playbook, RequestFact,
    SCHEMA, Saw, Span, Task, To, Trigger, Wording, firings,
};
use crate::record::RecordRef;
use crate::timer::AlarmCode;

/// The six that are shipped.
pub(super) const SHIPPED: [(&str, &str); 6] = [
    (
        "crowd",
        include_str!("../../../../examples/playbooks/crowd.toml"),
    ),
    (
        "flood",
        include_str!("../../../../examples/playbooks/flood.toml"),
    ),
    (
        "large-fire",
        include_str!("../../../../examples/playbooks/large-fire.toml"),
    ),
    (
        "missing-person",
        include_str!("../../../../examples/playbooks/missing-person.toml"),
    ),
    (
        "parcel-interception",
        include_str!("../../../../examples/playbooks/parcel-interception.toml"),
    ),
    (
        "trapped",
        include_str!("../../../../examples/playbooks/trapped.toml"),
    ),
];

/// A small one; `WHEN` and `STEP` are put in by each story.
const HEAD: &str = "id = \"p\"\nen = \"P\"\nzh = \"甲\"\n";
const WHEN: &str = "[when.incident_opened]\ncategories = [\"fire\"]\n";
const STEP: &str = "[[step]]\ndo = \"propose\"\n[step.tell]\nseats = [\"dispatcher\"]\n\
    subject = { en = \"S\", zh = \"事\" }\ntext = { en = \"T {place}\", zh = \"文 {number}\" }\n";

fn playbook(when: &str) -> Playbook {
    Playbook::parse(&format!("{HEAD}{when}{STEP}")).unwrap()
}

fn code(text: &str) -> Code {
    text.parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp(seconds * 1_000)
}

/// A place so many metres north of a fixed one.
fn north(metres: i32) -> Place {
    Place {
        point: Point {
            lat_e6: 30_000_000 + metres * 9,
            lon_e6: 120_000_000,
        },
        address: None,
        area: None,
    }
}

fn call(id: u8, seconds: i64, metres: i32, category: &str) -> CallFact {
    CallFact {
        id: CallId([id; 16]),
        at: at(seconds),
        category: Some(code(category)),
        place: north(metres),
        incident: None,
    }
}

fn incident(id: u8, seconds: i64, metres: i32, priority: Priority) -> IncidentFact {
    IncidentFact {
        id: IncidentId([id; 16]),
        category: code("fire"),
        since: at(seconds),
        urgency: vec![(at(seconds), priority)],
        ended_at: None,
        place: north(metres),
    }
}

fn all(playbook: &Playbook, material: &Material) -> Vec<Firing> {
    let span = Span {
        from: at(0),
        until: at(1_000_000),
    };
    firings(playbook, material, &[], span)
}

fn times(found: &[Firing]) -> Vec<i64> {
    found.iter().map(|one| one.at.0 / 1_000).collect()
}

#[test]
fn the_six_that_are_shipped_are_read_and_only_propose_what_leaves_the_house() {
    for (name, text) in SHIPPED {
        let read = Playbook::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read.id.as_str(), name, "it is called as its file is");
        assert!(read.steps.len() >= 3, "{name} is worth its name");
        for step in &read.steps {
            let own = matches!(step.task, Task::Tell { .. });
            assert!(own || step.how == How::Propose, "{name}: {:?}", step.task);
        }
    }
    let crowd = Playbook::parse(SHIPPED[0].1).unwrap();
    assert!(!crowd.on, "a crowd is watched for on its day");
}

#[test]
fn what_a_file_leaves_out_has_a_usual_value_and_its_digest_tells_versions_apart() {
    let one = playbook(WHEN);
    assert!(one.on);
    assert_eq!(one.wording, Wording::Zh);
    assert_eq!((one.again_after_s, one.again_within_m), (3_600, 500));
    let wide = playbook("[when.calls_near]\ncount = 3\nradius_m = 900\nwithin_s = 60\n");
    assert_eq!(wide.again_within_m, 900, "as far as it looks, at least");
    assert_ne!(one.digest, wide.digest);
    assert_eq!(one.digest, playbook(WHEN).digest);
    assert_eq!(one.digest.as_str().len(), 16);
}

#[test]
fn addressees_are_named_by_what_they_are() {
    let step = "[[step]]\ndo = \"propose\"\n[step.open_operation]\nname = { en = \"N\", zh = \"名\" }\n\
        purpose = { en = \"N\", zh = \"名\" }\nlegal_basis = { en = \"N\", zh = \"名\" }\nhandling = \"police_use\"\n\
        [[step]]\ndo = \"propose\"\n[step.directive]\ntemplate = \"t\"\nsubject = { en = \"S\", zh = \"事\" }\n\
        to = [\"seat:dispatcher\", \"unit: E1\", \"station:S1\", \"agency:City centre\", \"everyone\", \"assigned\"]\nclose_within_s = 600\n";
    let read = Playbook::parse(&format!("{HEAD}{WHEN}{step}")).unwrap();
    let Task::Directive { to, .. } = &read.steps[1].task else {
        panic!("a directive");
    };
    assert!(matches!(
        to.as_slice(),
        [
            To::Seat(_),
            To::Unit(_),
            To::Station(_),
            To::Agency(_),
            To::Everyone,
            To::Assigned
        ]
    ));
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_what_may_stand_there() {
    let op = "[[step]]\ndo = \"propose\"\n[step.open_operation]\nname = { en = \"N\", zh = \"名\" }\n\
        purpose = { en = \"N\", zh = \"名\" }\nlegal_basis = { en = \"N\", zh = \"名\" }\nhandling = \"police_use\"\n";
    let invite = "[[step]]\ndo = \"propose\"\n[step.invite]\nagencies = [\"A\"]\nrole = { en = \"N\", zh = \"名\" }\n";
    let carried = invite.replace("propose", "carry_out");
    let many = STEP.repeat(limits::PLAYBOOK_STEPS_MAX + 1);
    let long = format!(
        "{HEAD}{WHEN}{STEP}# {}",
        "x".repeat(limits::PLAYBOOK_BYTES_MAX)
    );
    let table: Vec<(String, usize, &str)> = vec![
        (
            format!("{HEAD}colour = 1\n{WHEN}{STEP}"),
            4,
            "unknown field `colour`",
        ),
        (
            format!("{HEAD}{WHEN}{STEP}").replace("zh = \"甲\"\n", ""),
            1,
            "missing field `zh`",
        ),
        (
            format!("{HEAD}wording = \"fr\"\n{WHEN}{STEP}"),
            4,
            "one of `en`, `zh`",
        ),
        (
            format!("{HEAD}again_after_s = 59\n{WHEN}{STEP}"),
            4,
            "60 to 2592000",
        ),
        (
            format!("{HEAD}[when]\n{STEP}"),
            4,
            "nothing is said of when",
        ),
        (
            format!("{HEAD}{WHEN}[when.support_unmet]\nafter_s = 60\n{STEP}"),
            4,
            "one condition",
        ),
        (
            format!("{HEAD}[when.incident_opened]\ncategories = []\n{STEP}"),
            5,
            "the list is empty",
        ),
        (
            format!(
                "{HEAD}[when.incident_opened]\ncategories = [\"fire\"]\npriorities = [5]\n{STEP}"
            ),
            6,
            "1 (most urgent)",
        ),
        (
            format!("{HEAD}[when.alarm_unanswered]\nalarm = \"late\"\nafter_s = 60\n{STEP}"),
            5,
            "`late_departure`",
        ),
        (
            format!("{HEAD}[when.calls_near]\ncount = 1\nradius_m = 200\nwithin_s = 60\n{STEP}"),
            5,
            "2 to 100",
        ),
        (
            format!(
                "{HEAD}again_within_m = 100\n[when.calls_near]\ncount = 3\nradius_m = 200\nwithin_s = 60\n{STEP}"
            ),
            4,
            "200 to 20000",
        ),
        (
            format!("{HEAD}{WHEN}{STEP}").replace("propose", "perhaps"),
            7,
            "`propose`, `carry_out`",
        ),
        (
            format!("{HEAD}{WHEN}{STEP}").replace("dispatcher", "wall"),
            9,
            "`duty_officer`",
        ),
        (
            format!("{HEAD}{WHEN}{STEP}").replace("{place}", "{caller}"),
            11,
            "{number}",
        ),
        (format!("{HEAD}{WHEN}{invite}"), 6, "open_operation"),
        (format!("{HEAD}{WHEN}{op}{carried}"), 13, "only proposed"),
        (
            format!("{HEAD}{WHEN}{op}{op}"),
            13,
            "opens an operation already",
        ),
        (
            format!("{HEAD}{WHEN}[[step]]\ndo = \"propose\"\n"),
            6,
            "nothing is said of what",
        ),
        (format!("{HEAD}{WHEN}{many}"), 126, "more than 20 steps"),
        (long, 1, "at most 16000"),
        (
            format!("{HEAD}{WHEN}{STEP}").replace("\"fire\"", "\"Fire\""),
            5,
            "a code is made of",
        ),
        ("id = 3".to_owned(), 1, "invalid type"),
    ];
    for (text, line, says) in table {
        let error = Playbook::parse(&text).unwrap_err();
        assert!(
            error.to_string().contains(says),
            "{error} does not say {says}"
        );
        assert_eq!(error.line, line, "{error}");
    }
    let exactly = format!("{HEAD}{WHEN}{}", STEP.repeat(limits::PLAYBOOK_STEPS_MAX));
    assert_eq!(Playbook::parse(&exactly).unwrap().steps.len(), 20);
}

/// Asks the reader, table by table, what it takes, and holds that against the schema: neither knows a field that the other
/// does not, and the same words stand in both.
#[test]
fn the_schema_and_the_reader_know_the_same_fields() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let step = |name: &str, body: &str| {
        format!("{HEAD}{WHEN}[[step]]\ndo = \"propose\"\n[step.{name}]\n{body}")
    };
    let tables = [
        (String::new(), format!("nosuch = 1\n{HEAD}")),
        (
            "/properties/when".to_owned(),
            format!("{HEAD}[when]\nnosuch = 1\n"),
        ),
        (
            "/properties/step/items".to_owned(),
            format!("{HEAD}{WHEN}[[step]]\nnosuch = 1\n"),
        ),
        (
            "/$defs/text".to_owned(),
            step("open_operation", "name = { nosuch = 1 }\n"),
        ),
    ];
    let whens = [
        "incident_opened",
        "alarm_unanswered",
        "calls_near",
        "support_unmet",
    ];
    let whens = whens.map(|name| {
        let at = format!("/properties/when/properties/{name}");
        (at, format!("{HEAD}[when.{name}]\nnosuch = 1\n"))
    });
    let tasks = [
        "open_operation",
        "invite",
        "directive",
        "ask_support",
        "tell",
    ];
    let tasks = tasks.map(|name| {
        let at = format!("/properties/step/items/properties/{name}");
        (at, step(name, "nosuch = 1\n"))
    });
    for (pointer, text) in tables.into_iter().chain(whens).chain(tasks) {
        let said = Playbook::parse(&text).unwrap_err().problem;
        assert!(said.contains("unknown field `nosuch`"), "{pointer}: {said}");
        let named = said.split('`').skip(3).step_by(2);
        let mut read: Vec<String> = named.map(str::to_owned).collect();
        let described = schema.pointer(&format!("{pointer}/properties")).unwrap();
        let mut described: Vec<String> = described.as_object().unwrap().keys().cloned().collect();
        read.sort_unstable();
        described.sort_unstable();
        assert_eq!(read, described, "{pointer}");
    }
    let words = |pointer: &str| -> Vec<String> {
        let all = schema.pointer(pointer).unwrap().as_array().unwrap();
        all.iter()
            .map(|one| one.as_str().unwrap().to_owned())
            .collect()
    };
    let alarms = words("/properties/when/properties/alarm_unanswered/properties/alarm/enum");
    assert_eq!(alarms, AlarmCode::ALL.map(AlarmCode::as_str));
    let steps = "/properties/step/items/properties";
    assert_eq!(
        words(&format!("{steps}/do/enum")),
        How::ALL.map(How::as_str)
    );
    assert_eq!(
        words("/properties/wording/enum"),
        Wording::ALL.map(Wording::as_str)
    );
}

#[test]
fn an_incident_of_the_kind_fires_when_it_is_urgent_enough_and_once() {
    let urgent = playbook(&format!("{WHEN}priorities = [1]\n"));
    let mut raised = incident(1, 100, 0, Priority::P3);
    raised.urgency.push((at(400), Priority::P1));
    let mut ended = incident(2, 100, 5_000, Priority::P3);
    ended.urgency.push((at(900), Priority::P1));
    ended.ended_at = Some(at(800));
    let mut other = incident(3, 100, 9_000, Priority::P1);
    other.category = code("flood");
    let material = Material {
        incidents: vec![raised, ended, other],
        ..Material::default()
    };
    let found = all(&urgent, &material);
    assert_eq!(
        times(&found),
        [400],
        "when it became urgent; one that was over never did"
    );
    assert_eq!(found[0].subject, RecordRef::from(IncidentId([1; 16])));
    assert_eq!(found[0].incident, Some(IncidentId([1; 16])));
    assert_eq!(
        times(&all(&playbook(WHEN), &material)),
        [100, 100],
        "any priority"
    );
}

#[test]
fn what_was_imported_as_ended_when_it_began_has_been_there() {
    let mut brief = incident(1, 100, 0, Priority::P1);
    brief.ended_at = Some(at(100));
    let material = Material {
        incidents: vec![brief],
        ..Material::default()
    };
    assert_eq!(times(&all(&playbook(WHEN), &material)), [100]);
}

#[test]
fn calls_near_each_other_fire_at_the_last_that_makes_the_number() {
    let three = playbook(
        "[when.calls_near]\ncount = 3\nradius_m = 200\nwithin_s = 600\ncategory = \"fire\"\n",
    );
    let material = |calls: Vec<CallFact>| Material {
        calls,
        ..Material::default()
    };
    let at_the_edge = vec![
        call(3, 700, 0, "fire"), // The order in which they come is of no matter.
        call(1, 100, 0, "fire"),
        call(2, 400, 199, "fire"),
    ];
    let found = all(&three, &material(at_the_edge.clone()));
    assert_eq!(times(&found), [700], "the first is just ten minutes old");
    assert!(matches!(found[0].saw, Saw::Calls { count: 3, .. }));
    let late = |mut calls: Vec<CallFact>| {
        calls[0].at = Timestamp(700_001);
        calls
    };
    let far = |mut calls: Vec<CallFact>| {
        calls[2].place = north(202);
        calls
    };
    let another = |mut calls: Vec<CallFact>| {
        calls[1].category = Some(code("flood"));
        calls
    };
    for no in [
        late(at_the_edge.clone()),
        far(at_the_edge.clone()),
        another(at_the_edge),
    ] {
        assert!(all(&three, &material(no.clone())).is_empty(), "{no:?}");
    }
}

#[test]
fn it_does_not_fire_again_near_the_same_place_before_its_time() {
    let one = playbook(WHEN); // An hour, 500 m.
    let material = Material {
        incidents: vec![
            incident(1, 0, 0, Priority::P1),
            incident(2, 600, 400, Priority::P1), // near and soon
            incident(3, 700, 600, Priority::P1), // 600 m from the first
            incident(4, 3_600, 0, Priority::P1), // an hour after the first
        ],
        ..Material::default()
    };
    assert_eq!(times(&all(&one, &material)), [0, 700, 3_600]);
    let span = Span {
        from: at(0),
        until: at(3_600),
    };
    let before = Earlier {
        subject: IncidentId([3; 16]).into(),
        at: at(-100_000),
        place: None,
    };
    let found = firings(&one, &material, &[before], span);
    assert_eq!(
        times(&found),
        [0],
        "it fired for the third long ago; the end is no part"
    );
}

#[test]
fn an_alarm_fires_only_if_it_was_on_and_unseen_for_so_long() {
    let one = playbook("[when.alarm_unanswered]\nalarm = \"late_departure\"\nafter_s = 120\n");
    let alarm = |id: u8| AlarmFact {
        record: IncidentId([id; 16]).into(),
        code: AlarmCode::LateDeparture,
        since: at(1_000),
        acknowledged_at: None,
        ended_at: None,
        incident: None,
        place: None,
    };
    let mut seen = alarm(2);
    seen.acknowledged_at = Some(at(1_120));
    let mut ended = alarm(3);
    ended.ended_at = Some(at(1_119));
    let mut seen_late = alarm(4);
    seen_late.acknowledged_at = Some(at(1_121));
    let mut other = alarm(5);
    other.code = AlarmCode::Unassigned;
    let material = Material {
        alarms: vec![alarm(1), seen, ended, seen_late, other],
        ..Material::default()
    };
    let found = all(&one, &material);
    assert_eq!(times(&found), [1_120, 1_120]);
    assert_eq!(found[1].subject, RecordRef::from(IncidentId([4; 16])));
}

#[test]
fn a_request_fires_while_less_is_promised_than_it_needs() {
    let one = playbook("[when.support_unmet]\nafter_s = 300\ncapability = \"boat\"\n");
    let request = |id: u8, capability: &str, settled: Option<i64>| RequestFact {
        record: IncidentId([id; 16]).into(),
        capability: code(capability),
        asked_at: at(50),
        settled_at: settled.map(at),
        incident: None,
        place: Some(north(0)),
    };
    let material = Material {
        requests: vec![
            request(1, "boat", Some(350)),
            request(2, "dog", None),
            request(3, "boat", Some(351)),
        ],
        ..Material::default()
    };
    let found = all(&one, &material);
    assert_eq!(times(&found), [350]);
    assert_eq!(found[0].subject, RecordRef::from(IncidentId([3; 16])));
    assert!(matches!(one.when, Trigger::SupportUnmet { .. }));
}

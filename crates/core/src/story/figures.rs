//! Figures: what is counted, where, and what is left out and said to be.

use std::sync::Arc;

use crate::basis::{
    AssignmentId, CallId, IncidentId, Line, Personal, Place, Point, Priority, Timestamp, UnitId,
};
use crate::figures::{
    Interval, Material, Measures, Part, Period, Spread, Targets, WEEK_MS, YEAR_MS,
};
use crate::limits::FIGURE_ROWS_MAX;
use crate::record::Record;
use crate::record::assignment::{Assignment, AssignmentStatus, Why};
use crate::record::call::{Call, CallState, Channel};
use crate::record::incident::{Incident, IncidentState};

/// Ten in the morning of some day; all times below are seconds from it.
const TEN_MS: i64 = 1_700_000_000_000 / 86_400_000 * 86_400_000 + 10 * 3_600_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp(TEN_MS + seconds * 1_000)
}

fn place(area: &str) -> Place {
    let point = Point::from_degrees(30.0, 120.0).unwrap();
    Place {
        point,
        address: None,
        area: area.parse().ok(),
    }
}

/// Reads records, one a line: `incident ID OPENED PRIORITY AREA [cancelled|into ID]`, `call ID ANSWERED [ID] [rang AT]`,
/// `assignment INCIDENT SENT LEFT THERE [live]`; `-` is "not known".
fn records(text: &str) -> Vec<Record> {
    let number = |word: &str| word.parse::<i64>().unwrap();
    let maybe = |word: &str| (word != "-").then(|| at(number(word)));
    let incident_id = |word: &str| IncidentId([number(word) as u8; 16]);
    let record = |(line, text): (usize, &str)| {
        let words: Vec<&str> = text.split_whitespace().collect();
        let own = [line as u8; 16];
        match words[..] {
            ["incident", id, opened, priority, area, ref state @ ..] => {
                let state = match *state {
                    [] => IncidentState::Active,
                    ["cancelled"] => IncidentState::Cancelled {
                        reason: "no need".parse().unwrap(),
                        at: at(9_999),
                    },
                    ["into", into] => IncidentState::Merged {
                        into: incident_id(into),
                        at: at(9_999),
                    },
                    _ => panic!("{text}"),
                };
                Record::Incident(Arc::new(Incident {
                    id: incident_id(id),
                    version: 1,
                    changed_at: at(number(opened)),
                    number: number(id) as u64,
                    category: "fire".parse().unwrap(),
                    priority: Priority::try_from(number(priority) as u8).unwrap(),
                    alarm_level: 1,
                    place: place(area),
                    opened_at: at(number(opened)),
                    state,
                    reopened_at: None,
                    split_from: None,
                    links: Vec::new(),
                    notes: Vec::new(),
                    turns: Vec::new(),
                    urgency: Vec::new(),
                    seen: Vec::new(),
                    pairs: Vec::new(),
                    offered_to: None,
                    erased_at: None,
                    exercise: None,
                }))
            }
            ["call", id, answered, ref more @ ..] => {
                let (incident, rang) = match *more {
                    [ref incident @ .., "rang", rang] => (incident, maybe(rang)),
                    _ => (more, None),
                };
                let state = match incident {
                    [incident] => CallState::Joined {
                        incident: incident_id(incident),
                    },
                    _ => CallState::Received,
                };
                let received_at = at(number(answered));
                let id = number(id);
                Record::Call(Arc::new(Call {
                    id: CallId([id as u8; 16]),
                    version: 1,
                    changed_at: received_at,
                    number: id as u64,
                    channel: Channel::Phone,
                    ringing_at: rang,
                    received_at,
                    accepted_at: received_at,
                    place: None,
                    category: "fire".parse().ok(),
                    priority: None,
                    source: None,
                    state,
                    personal: Personal::default(),
                    turns: Vec::new(),
                    seen: Vec::new(),
                }))
            }
            [
                "assignment",
                incident,
                sent,
                departed,
                arrived,
                ref live @ ..,
            ] => {
                let ended = live.is_empty();
                Record::Assignment(Arc::new(Assignment {
                    id: AssignmentId(own),
                    version: 1,
                    changed_at: at(0),
                    incident: incident_id(incident),
                    unit: UnitId([1; 16]),
                    status: AssignmentStatus::Cleared,
                    why: Why::default(),
                    proposed_at: None,
                    sent_at: maybe(sent),
                    resent_at: None,
                    acknowledged_at: None,
                    departed_at: maybe(departed),
                    arrived_at: maybe(arrived),
                    ended_at: ended.then(|| at(9_999)),
                    ending: None,
                    resends: Vec::new(),
                    seen: Vec::new(),
                }))
            }
            _ => panic!("{text}"),
        }
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.enumerate().map(record).collect()
}

fn material(period: Period, text: &str) -> Material {
    let mut material = Material::of(period);
    records(text)
        .iter()
        .for_each(|record| material.take(record));
    material
}

fn measure(text: &str, part: &Part) -> Measures {
    let period = Period {
        from: at(0),
        to: at(3_600),
    };
    material(period, text).measure(part, &|at| (at.0 / 3_600_000 % 24) as u8)
}

/// Writes what was measured as `interval seconds`.
fn told(measures: &Measures) -> Vec<String> {
    let mut told: Vec<String> = measures
        .all
        .iter()
        .map(|one| format!("{} {}", one.interval.as_str(), one.seconds))
        .collect();
    told.sort_unstable();
    told
}

#[test]
fn an_incident_is_measured_from_its_first_call_to_the_first_unit_and_each_unit_by_itself() {
    let measures = measure(
        "incident 1 20 1 north
         call 5 10 1
         call 6 4 1
         assignment 1 60 130 400
         assignment 1 90 - 380
         assignment 1 95 - -",
        &Part::default(),
    );
    assert_eq!(
        told(&measures),
        [
            "answered_to_arrived 376",
            "answered_to_sent 56",
            "departed_to_arrived 270",
            "sent_to_departed 70",
        ]
    );
    let tally = measures.tally;
    assert_eq!((tally.incidents, tally.assignments), (1, 3));
    assert_eq!((tally.never_departed, tally.departure_not_reported), (1, 1));
    assert_eq!((tally.calls, tally.ringing_unknown), (2, 2));
}

#[test]
fn a_merged_family_counts_once_at_its_root_with_all_that_belongs_to_it() {
    // The third was opened before the period and merged into the second, which was merged into the first.
    let text = "incident 1 100 2 north
         incident 2 200 1 south into 1
         incident 3 -900 1 south into 2
         call 5 -1000 3
         call 6 90 1
         assignment 3 -800 -700 -600
         assignment 1 150 160 170";
    let measures = measure(text, &Part::default());
    let expected = [
        "answered_to_arrived 400",
        "answered_to_sent 200",
        "departed_to_arrived 10",
        "departed_to_arrived 100",
        "sent_to_departed 10",
        "sent_to_departed 100",
    ];
    assert_eq!(told(&measures), expected);
    assert_eq!((measures.tally.incidents, measures.tally.merged), (1, 2));
    assert!(measures.all.iter().all(|one| one.subject.number == Some(1)));
    let south = Part {
        area: Some("south".parse().ok()),
        ..Part::default()
    };
    assert!(
        told(&measure(text, &south)).is_empty(),
        "the root is in the north"
    );
}

#[test]
fn what_is_not_known_or_contradicts_itself_is_no_interval() {
    for (text, expected, contradictory) in [
        // Opened by a crew, without a call.
        (
            "incident 1 0 1 north\nassignment 1 5 9 -",
            vec!["sent_to_departed 4"],
            0,
        ),
        // Cancelled before anybody arrived: counted in what it has.
        (
            "incident 1 0 1 north cancelled\ncall 5 0 1\nassignment 1 30 - -",
            vec!["answered_to_sent 30"],
            0,
        ),
        // Departed before it was sent, as claimed.
        (
            "incident 1 0 1 north\nassignment 1 60 30 90",
            vec!["departed_to_arrived 60"],
            1,
        ),
        // Sent before the only call that joined it.
        (
            "incident 1 0 1 north\ncall 5 70 1\nassignment 1 60 - -",
            vec![],
            1,
        ),
        // Proposed and never sent.
        (
            "incident 1 0 1 north\ncall 5 0 1\nassignment 1 - - -",
            vec![],
            0,
        ),
        // Before the period, and the first second after it.
        (
            "incident 1 -1 1 north\ncall 5 -1 1\nassignment 1 60 70 80",
            vec![],
            0,
        ),
        (
            "incident 1 3600 1 north\ncall 5 3600 1\nassignment 1 3660 3670 3680",
            vec![],
            0,
        ),
    ] {
        let measures = measure(text, &Part::default());
        assert_eq!(told(&measures), expected, "{text}");
        assert_eq!(measures.tally.contradictory, contradictory, "{text}");
    }
    let cancelled = measure(
        "incident 1 0 1 north cancelled\nassignment 1 5 9 20",
        &Part::default(),
    );
    assert_eq!(
        cancelled.tally.cancelled_before_arrival, 0,
        "somebody had arrived"
    );
}

#[test]
fn a_call_whose_ringing_is_not_known_is_not_known_and_never_zero() {
    let measures = measure(
        "call 1 100 rang 100
         call 2 100 rang 85
         call 3 100 rang 84
         call 4 100",
        &Part::default(),
    );
    let tally = measures.tally;
    assert_eq!((tally.calls, tally.ringing_unknown), (4, 1));
    let answers = &measures.figures(&Targets::default())[0];
    assert_eq!(answers.interval, Interval::RingingToAnswered);
    let spread = answers.all.spread.unwrap();
    assert_eq!((spread.count, spread.p50_s, spread.p90_s), (3, 15, 16));
    // None of them has a priority yet: each is held against the strictest one's target.
    assert_eq!((answers.all.judged, answers.all.within), (3, 2));
}

#[test]
fn percentiles_are_by_nearest_rank_and_each_is_one_that_was_measured() {
    for (seconds, expected) in [
        (vec![], None),
        (vec![7], Some((7, 7))),
        (vec![1, 2], Some((1, 2))),
        ((1..=9).collect(), Some((5, 9))),
        ((1..=10).rev().collect(), Some((5, 9))),
        ((1..=11).collect(), Some((6, 10))),
        ((1..=100).collect(), Some((50, 90))),
    ] {
        let mut seconds: Vec<u32> = seconds;
        let found = Spread::of(&mut seconds).map(|spread| (spread.p50_s, spread.p90_s));
        assert_eq!(found, expected, "{seconds:?}");
    }
}

#[test]
fn a_target_is_met_at_its_very_second_and_a_priority_without_one_is_not_judged() {
    let measures = measure(
        "incident 1 0 1 north
         incident 2 0 2 north
         incident 3 0 4 -
         call 5 0 1
         call 6 0 2
         call 7 0 3
         assignment 1 60 - -
         assignment 2 61 - -
         assignment 3 999 - -",
        &Part::default(),
    );
    let figures = measures.figures(&Targets::default());
    let sent = &figures[1];
    assert_eq!(sent.interval, Interval::AnsweredToSent);
    assert_eq!(sent.all.spread.unwrap().count, 3);
    assert_eq!((sent.all.judged, sent.all.within), (2, 1));
    assert_eq!(sent.all.within_per_mille(), Some(500));
    let last = &sent.by_priority[&Some(Priority::P4)];
    assert_eq!((last.judged, last.within_per_mille()), (0, None));
    let counts = |area: Option<Line>| sent.by_area[&area].spread.unwrap().count;
    assert_eq!(
        (counts("north".parse().ok()), counts("-".parse().ok())),
        (2, 1)
    );
    assert_eq!(sent.by_hour[&10].spread.unwrap().count, 3);
    assert!(
        figures[0].all.spread.is_none(),
        "when they rang is not known"
    );
}

#[test]
fn every_part_is_the_same_as_what_is_shown_of_the_whole() {
    let text: String = (0..60)
        .map(|n| {
            let (opened, priority, area) = (n * 59 % 3_600, n % 4 + 1, ["north", "south", "east"][n as usize % 3]);
            let id = n + 1;
            format!(
                "incident {id} {opened} {priority} {area}\ncall {} {} {id}\nassignment {id} {} {} {}\n",
                id + 100, opened - 5, opened + n * 3, opened + n * 5, opened + n * 11
            )
        })
        .collect();
    let targets = Targets::default();
    let whole = measure(&text, &Part::default()).figures(&targets);
    for figures in &whole {
        let alone = |part: Part| {
            let all = measure(&text, &part).figures(&targets);
            all.into_iter()
                .find(|one| one.interval == figures.interval)
                .unwrap()
                .all
        };
        for (priority, cell) in &figures.by_priority {
            assert_eq!(
                alone(Part {
                    priority: Some(*priority),
                    ..Part::default()
                }),
                *cell
            );
        }
        for (area, cell) in &figures.by_area {
            assert_eq!(
                alone(Part {
                    area: Some(area.clone()),
                    ..Part::default()
                }),
                *cell
            );
        }
        for (hour, cell) in &figures.by_hour {
            assert_eq!(
                alone(Part {
                    hour: Some(*hour),
                    ..Part::default()
                }),
                *cell
            );
        }
    }
}

#[test]
fn calls_are_set_beside_the_same_weekday_a_week_and_a_year_before() {
    let period = Period {
        from: at(0),
        to: at(3_600),
    };
    let (week, year) = (WEEK_MS / 1_000, YEAR_MS / 1_000);
    let text = format!(
        "call 1 0\ncall 2 3599\ncall 3 3600\ncall 4 {}\ncall 5 {}\ncall 6 {}\ncall 7 {}",
        -week,
        3_599 - week,
        3_600 - week,
        -year
    );
    let material = material(period, &text);
    assert_eq!(material.earliest_call(), Some(at(-year)));
    let measures = material.measure(&Part::default(), &|_| 0);
    let (counts, left_out) = measures.calls_by_category();
    let count = counts[&"fire".parse().ok()];
    assert_eq!(
        (count.now, count.week_before, count.year_before, left_out),
        (2, 2, 1, 0)
    );
}

#[test]
fn more_areas_than_may_be_listed_are_counted_and_those_with_most_stay() {
    for (areas, left_out) in [(FIGURE_ROWS_MAX, 0), (FIGURE_ROWS_MAX + 1, 1)] {
        let mut material = Material::of(Period {
            from: at(0),
            to: at(3_600),
        });
        for number in 0..areas {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&(number as u64).to_be_bytes());
            let text = format!("incident 1 0 1 d{number}\nassignment 1 1 2 3\nassignment 1 1 2 3");
            // The first has one unit, all others two: it is the one that goes.
            for record in records(&text)
                .into_iter()
                .take(if number == 0 { 2 } else { 3 })
            {
                let record = if let Record::Incident(one) = record {
                    Record::Incident(Arc::new(Incident {
                        id: IncidentId(id),
                        ..Incident::clone(&one)
                    }))
                } else if let Record::Assignment(one) = record {
                    Record::Assignment(Arc::new(Assignment {
                        incident: IncidentId(id),
                        ..Assignment::clone(&one)
                    }))
                } else {
                    record
                };
                material.take(&record);
            }
        }
        let figures = material
            .measure(&Part::default(), &|_| 0)
            .figures(&Targets::default());
        let turnout = &figures[2];
        assert_eq!(
            (turnout.by_area.len(), turnout.areas_left_out),
            (FIGURE_ROWS_MAX, left_out)
        );
        assert_eq!(
            turnout.by_area.contains_key(&"d0".parse().ok()),
            left_out == 0
        );
        assert_eq!(turnout.all.spread.unwrap().count, areas * 2 - 1);
    }
}

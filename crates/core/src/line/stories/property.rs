//! Whatever is typed never stops the node, and every meaning survives being written out in full.

use proptest::prelude::{ProptestConfig, any, prop};
use proptest::test_runner::{RngSeed, TestCaseError, TestRunner};

use super::{NIGHT, Night, place, told};
use crate::basis::{Line, Point, Priority, Prose};
use crate::line::{Advance, Answer, DutyStep, Field, Meaning, Screen, Selected, Verb, complete};
use crate::record::assignment::AssignmentStatus;

fn runner(cases: u32, seed: u64) -> TestRunner {
    TestRunner::new(ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..ProptestConfig::default()
    })
}

fn selected(night: &Night, number: u8) -> Selected {
    Selected {
        incident: (number & 1 == 1).then(|| night.incident(231)),
        unit: (number & 2 == 2).then(|| night.unit("E12")),
        call: (number & 4 == 4).then(|| night.call(1)),
    }
}

/// Words that lines are made of, so that random ones get somewhere.
const WORDS: &[&str] = &[
    "d",
    "x",
    "en",
    "al",
    "n",
    "i",
    "mv",
    "g",
    "sw",
    "by",
    "?",
    "go",
    "dir",
    "sg",
    "report",
    "vf",
    "rc",
    "ask",
    "log",
    "relieve",
    "指令",
    "核验",
    "drone",
    "x3",
    "D2",
    "个",
    "item:",
    "directive:",
    "j",
    "rest",
    "mu",
    "n1",
    "城北",
    "待命",
    "station:",
    "off",
    "cancel",
    "派",
    "换",
    "到",
    "撤回",
    "e12",
    "E14",
    "t3",
    "城关1号",
    "e",
    "12",
    "231",
    "#231",
    "#",
    "1",
    "31",
    "p1",
    "级",
    "二",
    ".",
    "。",
    ",",
    "，",
    "@",
    "at:",
    "unit:",
    "incident:",
    "reason:",
    "备注：",
    "\"",
    "“",
    "”",
    "\\",
    "5th & main",
    "30.001,120.58",
    "structure",
    "火灾",
    "/",
    "  ",
    "\n",
    "\u{0}",
    "😀",
    "İ",
    "ß",
    "９",
];

#[test]
fn no_text_stops_it_and_nothing_is_pointed_at_outside_the_line() {
    let night = &*NIGHT;
    let words = prop::collection::vec((0..WORDS.len(), any::<bool>()), 0..9);
    let text = (words, ".{0,6}");
    for seed in [1, 42, 20_261_126] {
        let tried = runner(250, seed).run(
            &(text.clone(), any::<u8>(), 0_usize..60),
            |((words, tail), number, at)| {
                let mut line = String::new();
                for (word, space) in words {
                    line.push_str(WORDS[word]);
                    line.push_str(if space { " " } else { "" });
                }
                line.push_str(&tail);
                let chars = line.chars().count();
                let selected = selected(night, number);
                if let Err(not) = night.understand(selected, &line) {
                    proptest::prop_assert!(
                        not.from <= not.to && not.to <= chars,
                        "{line}: {not:?}"
                    );
                    proptest::prop_assert!(!not.what.zh.is_empty() && !not.next_step.zh.is_empty());
                }
                let offered = night.around(selected, |around| complete(&line, at, around));
                proptest::prop_assert!(
                    offered.from <= offered.to && offered.to <= chars,
                    "{line}: {offered:?}"
                );
                Ok(())
            },
        );
        if let Err(broken) = tried {
            panic!("seed {seed}: {broken}");
        }
    }
}

/// Makes some meaning of six numbers and a text.
fn meaning(night: &Night, n: [u16; 6], text: &str) -> Option<Meaning> {
    let board = night.board();
    let pick = |at: usize, len: usize| usize::from(n[at]) % len.max(1);
    let incidents = [131, 231, 232, 240, 241, 229, 228].map(|number| night.incident(number));
    let (incident, other) = (incidents[pick(1, 5)], incidents[pick(2, 5)]);
    let all: Vec<_> = board.units.keys().copied().collect();
    let mut units: Vec<_> = (0..=pick(3, 3))
        .map(|at| all[pick(at + 2, all.len())])
        .collect();
    let first = units[0];
    units.dedup();
    units.retain(|unit| *unit != first);
    units.insert(0, first);
    units.truncate(2);
    let live: Vec<_> = board.live_assignments().map(|live| live.id).collect();
    let assignment = live[pick(4, live.len())];
    let call = night.call(1);
    let line: Option<Line> = text.parse().ok();
    let prose: Option<Prose> = text.parse().ok();
    let category = ["structure_fire", "flood", "medical"][pick(5, 3)]
        .parse()
        .ok();
    let priority = Priority::try_from(pick(5, 4) as u8 + 1).ok();
    let mut at = place("x");
    at.point = Point::from_degrees(f64::from(n[2]) / 1_000.0, -f64::from(n[3]) / 1_000.0).ok()?;
    // Commas before an address are the writer's own and do not survive.
    at.address = text.trim_start_matches([',', '，', ' ']).parse().ok();
    at.area = n[4].is_multiple_of(2).then(|| line.clone()).flatten();
    let advance = |step| Meaning::Advance {
        assignments: vec![assignment],
        step,
    };
    let duty = |step| Meaning::Duty {
        units: units.clone(),
        step,
    };
    let free = || {
        units
            .iter()
            .all(|unit| board.live_assignment(*unit).is_none())
    };
    let meaning = match pick(0, 32) {
        0 => Meaning::Send { units, incident },
        1 => advance(Advance::Acknowledge),
        2 => advance(Advance::Depart),
        3 => advance(Advance::Arrive),
        4 => advance(Advance::Resend),
        5 => advance(Advance::Clear { ending: line }),
        6 => advance(Advance::CallOff { reason: line? }),
        7 => Meaning::Swap {
            assignment,
            unit: night.unit("E14"),
            reason: line,
        },
        8 => {
            let found = board.assignments.get(&assignment)?;
            assert_ne!(found.status, AssignmentStatus::Proposed);
            (found.incident != incident).then_some(Meaning::Reassign {
                assignment,
                incident,
                reason: line,
            })?
        }
        9 => Meaning::RaiseAlarm {
            incident,
            level: 2 + pick(5, 8) as u8,
        },
        10 => Meaning::Note {
            incident,
            text: prose?,
        },
        11 => Meaning::Close {
            incident,
            disposition: line?,
        },
        12 => Meaning::Cancel {
            incident,
            reason: line?,
        },
        13 => Meaning::Reopen {
            incident: incidents[5],
            reason: line?,
        },
        14 => Meaning::Grade {
            incident,
            category,
            priority,
        },
        15 => Meaning::Relocate {
            incident,
            place: at,
        },
        16 => (incident != other).then_some(Meaning::Merge {
            incident,
            into: other,
        })?,
        17 => (incident != other).then_some(Meaning::Link { incident, other })?,
        18 => Meaning::Open {
            from_call: n[1].is_multiple_of(2).then_some(call),
            category,
            priority,
            place: Some(at),
        },
        19 => Meaning::TakeCall { said: prose },
        20 => Meaning::Join { call, incident },
        21 => free().then(|| duty(DutyStep::Available))?,
        22 => duty(DutyStep::OutOfService { reason: line? }),
        23 => duty(DutyStep::Rest {
            minutes: 1 + u32::from(n[5]) % 1_440,
        }),
        24 => Meaning::MoveUp {
            units,
            to: night.station(["N1", "N2", "城北", "和平", "M7"][pick(1, 5)]),
        },
        25 => Meaning::Direct {
            details: told::details(night, &units, priority?),
            text: prose?,
        },
        26 => Meaning::Answer {
            directive: night.directive(2),
            item: pick(1, 2),
            step: match pick(2, 5) {
                0 => Answer::Sign,
                1 => Answer::Begin,
                2 => Answer::Report { text: prose? },
                3 => Answer::Verify,
                _ => Answer::Return { reason: line? },
            },
        },
        27 => Meaning::Recall {
            directive: night.directive(1),
            reason: line?,
        },
        28 => Meaning::Ask {
            wish: told::wish(night, incident, 1 + u32::from(n[2]) % 10_000),
            need: prose,
        },
        29 => Meaning::Log {
            shift: night.shift(),
            text: prose?,
        },
        30 => Meaning::Go(night.directive(1 + pick(1, 5) as u64).into()),
        _ => [
            Meaning::GoScreen(Screen::Roster),
            Meaning::Undo,
            Meaning::Unmerge {
                incident: incidents[6],
            },
            duty(DutyStep::OffDuty),
            Meaning::Show(first.into()),
            Meaning::Go(incident.into()),
            Meaning::Go(call.into()),
            Meaning::GoScreen(Screen::Duty),
            Meaning::Help(Some(Verb::CancelIncident)),
            Meaning::Help(None),
        ][pick(1, 10)]
        .clone(),
    };
    Some(meaning)
}

#[test]
fn what_is_written_out_in_full_means_the_same_whatever_is_selected() {
    let night = &*NIGHT;
    let text = "[a-z0-9 :,.\"\\\\“”，。到@#派]{1,12}";
    for seed in [1, 42, 20_261_126] {
        let tried = runner(300, seed).run(
            &(any::<[u16; 6]>(), text, any::<u8>()),
            |(n, text, number)| {
                let Some(meaning) = meaning(night, n, &text) else {
                    return Ok(());
                };
                let selected = selected(night, number);
                let printed = night.around(selected, |around| meaning.print(around));
                let read = night.understand(selected, &printed);
                match read {
                    Ok(read) => proptest::prop_assert_eq!(read.meaning, meaning, "{}", printed),
                    Err(not) => return Err(TestCaseError::fail(format!("{printed}: {not:?}"))),
                }
                Ok(())
            },
        );
        if let Err(broken) = tried {
            panic!("seed {seed}: {broken}");
        }
    }
}

#[test]
fn a_confirmation_is_for_one_meaning_on_the_records_as_they_are() {
    let night = &*NIGHT;
    let token = |text: &str| {
        let understood = night.understand(Selected::default(), text).unwrap();
        night.around(Selected::default(), |around| understood.token(around))
    };
    // The same meaning and the same doubt, said otherwise, is the same question.
    assert_eq!(token("x 231 dup"), token("call off 231 dup"));
    let other = [
        "x 231",
        "x 231 other",
        "x e12 dup",
        "x 232 dup",
        "cl 231 dup",
        "d 240",
        "al 231 3",
        "al 231 4",
    ];
    let mut all: Vec<String> = other.iter().map(|text| token(text)).collect();
    all.push(token("x 231 dup"));
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "each asks something of its own");

    // And when a record has moved on it is another question.
    let mut later = Night::new();
    let before = later.understand(Selected::default(), "cl 231 out").unwrap();
    let before = later.around(Selected::default(), |around| before.token(around));
    later.steps(
        "E12",
        crate::record::assignment::Step::Cancel {
            reason: "x".parse().unwrap(),
        },
    );
    let after = later.understand(Selected::default(), "cl 231 out").unwrap();
    assert!(!after.is_sure(), "T3 is still there");
    let after = later.around(Selected::default(), |around| after.token(around));
    assert_ne!(before, after);
    assert_eq!(Field::By.name(), "by");
}

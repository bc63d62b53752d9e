//! What must hold whatever is done: random runs of actions against the engine, shrunk when they fail.
//!
//! Each property runs under fixed seeds that are printed with the shortest run that breaks it. Start at
//! [`prove`]; [`random`] turns numbers into actions, [`invariants`] lists what is looked at after each.

mod alarms;
mod assessments;
mod directives;
mod duty;
mod filled;
mod invariants;
mod patrols;
mod playbooks;
mod random;
mod support;
mod taking_back;

use std::collections::BTreeSet;

use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use watchfire_feed::Entry;

use crate::basis::Personal;
use crate::board::Board;
use crate::engine::{self, Decoded};
use crate::entropy::Entropy;
use crate::plan::ResponseFile;
use crate::record::{Event, Meta, Record, RecordKind};
use crate::story::RESPONSE;
use crate::story::world::{Asked, World};
use random::Dice;

const SEEDS: [u64; 4] = [1, 7, 42, 20_260_301];

/// Tries a property on random runs of up to `steps_max` steps, under each seed.
fn prove(cases: u32, steps_max: usize, property: impl Fn(&[Dice])) {
    for seed in SEEDS {
        let config = Config {
            cases,
            rng_seed: RngSeed::Fixed(seed),
            failure_persistence: None,
            ..Config::default()
        };
        let dice = any::<[u16; 6]>().prop_map(Dice);
        let runs = proptest::collection::vec(dice, 1..steps_max);
        let tried = TestRunner::new(config).run(&runs, |run| {
            property(&run);
            Ok::<(), TestCaseError>(())
        });
        if let Err(broken) = tried {
            panic!("seed {seed}: {broken}");
        }
    }
}

fn new_world() -> World {
    let mut world = World::new(5, ResponseFile::parse(RESPONSE).unwrap());
    random::set_up(&mut world);
    world
}

/// Runs steps in a fresh world and returns it.
fn played(run: &[Dice]) -> World {
    let mut world = new_world();
    for dice in run {
        random::step(&mut world, dice);
    }
    random::road_conditions(&mut world, run);
    support::lived(&mut world, run);
    duty::acts(&mut world, run);
    directives::lived(&mut world, run);
    assessments::lived(&mut world, run);
    playbooks::lived(&mut world, run);
    world
}

#[test]
fn whatever_is_done_the_invariants_hold() {
    prove(24, 60, |run| {
        let mut world = new_world();
        for dice in run {
            random::step(&mut world, dice);
            invariants::check(&world);
        }
        random::road_conditions(&mut world, run);
        support::lived(&mut world, run);
        invariants::check(&world);
        world.check();
    });
}

#[test]
fn steps_together_are_all_done_or_leave_no_trace() {
    prove(12, 30, |run| {
        let mut world = played(run);
        for dice in run {
            // `ask` sees that a refusal leaves no trace.
            let done = world.ask(Asked::default(), random::together(&world, dice));
            assert!(done.is_err() || done.is_ok_and(|done| done.records.len() == 2));
        }
        world.check();
    });
}

#[test]
fn a_fold_of_a_prefix_and_of_the_rest_is_the_fold_of_all() {
    prove(12, 40, |run| {
        let world = played(run);
        let cut = usize::from(run[0].0[5]) % (world.entries.len() + 1);
        let (first, rest) = world.entries.split_at(cut);
        let mut board = Board::default();
        world.fold(&mut board, first);
        world.fold(&mut board, rest);
        assert!(board == *world.engine.board());
    });
}

#[test]
fn refusals_leave_no_trace_in_what_comes_after() {
    prove(12, 30, |run| {
        let (mut plain, mut disturbed) = (new_world(), new_world());
        for (at, dice) in run.iter().enumerate() {
            for action in random::refused(&disturbed, dice) {
                let before = disturbed.entries.len();
                let asked = Asked {
                    key: Some(format!("no {at}")),
                    ..Asked::default()
                };
                assert!(disturbed.ask(asked, action).is_err());
                assert_eq!(disturbed.entries.len(), before);
            }
            for world in [&mut plain, &mut disturbed] {
                let action = random::action(world, dice);
                let asked = Asked {
                    key: Some(format!("yes {at}")),
                    ..Asked::default()
                };
                drop(world.ask(asked, action));
            }
        }
        // Ids, nonces, times and signatures are all in the bytes.
        assert!(plain.entries == disturbed.entries);
        assert!(plain.rows == disturbed.rows);
    });
}

#[test]
fn events_survive_json_byte_for_byte_and_every_kind_of_event_is_known() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut dice = Entropy::from_number(3);
    let run: Vec<Dice> = (0..3_000).map(|_| Dice::drawn(&mut dice)).collect();
    let world = played(&run);
    for entry in &world.entries[1..] {
        let decoded = engine::decode(entry).unwrap();
        let Decoded::Event { record, event, .. } = decoded else {
            panic!(
                "{} is not known to the program that wrote it",
                entry.header.kind
            );
        };
        let json = event.to_json();
        let bytes = serde_json::to_vec(&json).unwrap();
        let back = Event::from_json(record.kind, serde_json::from_slice(&bytes).unwrap()).unwrap();
        assert_eq!(back, event);
        assert_eq!(serde_json::to_vec(&back.to_json()).unwrap(), bytes);
        assert_eq!(event.record_kind(), record.kind);
        seen.insert(entry.header.kind.clone());
    }
    // What takes two nodes is lived in the simulator of a federation.
    let alone = |kind: &RecordKind| !kind.lives_in_operation() && *kind != RecordKind::Peer;
    let known = RecordKind::ALL.into_iter().filter(alone).flat_map(|kind| {
        let names = kind.event_names().iter();
        names.map(move |name| format!("{}.{name}", kind.as_str()))
    });
    let joint = ["paired", ".offer", "handed_over", "erased"];
    let alone = |name: &String| !joint.iter().any(|word| name.contains(word));
    let unseen = known.filter(|name| alone(name) && !seen.contains(name));
    let unseen: Vec<String> = unseen.collect();
    assert!(unseen.is_empty(), "no random run came to {unseen:?}");
}

#[test]
fn apply_takes_any_event_on_any_record() {
    prove(6, 60, |run| {
        let world = played(run);
        let events = decoded(&world.entries);
        let mut board = Board::default();
        for (at, dice) in run.iter().enumerate() {
            let (event, meta, personal) = pick(&world, &events, dice.0[0]);
            let records: Vec<Record> = invariants::records(world.engine.board());
            let before = records.get(usize::from(dice.0[1]) % (records.len() + 1));
            let after = Record::apply(before, &event, personal.as_ref(), &meta);
            if let Some(before) = before {
                let fits = before.reference().kind == event.record_kind();
                let after = after.as_ref().expect("a record never goes away");
                assert!(
                    fits || after == before,
                    "step {at}: a misfit changes nothing"
                );
            }
            if let Some(after) = after {
                let restored = Record::from_row(
                    after.reference().kind,
                    &after.to_row_json(),
                    after.personal_json().as_deref(),
                );
                assert!(restored.unwrap() == after);
                board.put(after);
            }
            invariants::ask_everything(&board);
        }
    });
}

#[test]
fn a_hostile_feed_is_folded_without_end_or_panic() {
    prove(6, 60, |run| {
        let world = played(run);
        let events = decoded(&world.entries);
        let mut board = Board::default();
        for dice in run {
            let (event, mut meta, personal) = pick(&world, &events, dice.0[0]);
            // Few names, so that events meet records they were never meant for, and circles close.
            let (_, other, _) = pick(&world, &events, dice.0[1]);
            meta.record = other.record;
            let record = crate::record::RecordRef {
                kind: event.record_kind(),
                id: meta.record,
            };
            let decoded = Decoded::Event {
                record,
                event,
                meta,
                key: String::new(),
            };
            engine::fold(&mut board, &decoded, personal.as_ref());
            invariants::ask_everything(&board);
        }
    });
}

type Known = (Event, Meta, usize);

fn decoded(entries: &[Entry]) -> Vec<Known> {
    let read = |(at, entry): (usize, &Entry)| match engine::decode(entry).unwrap() {
        Decoded::Event { event, meta, .. } => Some((event, meta, at)),
        Decoded::FeedOpened(_) | Decoded::Unknown => None,
    };
    entries.iter().enumerate().filter_map(read).collect()
}

fn pick(world: &World, events: &[Known], number: u16) -> (Event, Meta, Option<Personal>) {
    let (event, meta, at) = &events[usize::from(number) % events.len()];
    (event.clone(), *meta, world.personal_of(&world.entries[*at]))
}

#[test]
fn personal_data_is_sealed_wherever_it_goes() {
    let mut world = new_world();
    let mut dice = Entropy::from_number(9);
    for _ in 0..400 {
        random::step(&mut world, &Dice::drawn(&mut dice));
    }
    for _ in 0..200 {
        duty::act(&mut world, &Dice::drawn(&mut dice));
    }
    let canary = random::CANARY;
    let open = |bytes: &[u8]| {
        bytes
            .windows(canary.len())
            .any(|part| part == canary.as_bytes())
    };
    let mut sealed = 0;
    for entry in &world.entries {
        assert!(
            !open(&entry.plain) && !open(&entry.header_bytes),
            "entry {}",
            entry.header.seq
        );
        assert!(!open(format!("{entry:?}").as_bytes()));
        if let Some(personal) = world.personal_of(entry) {
            assert!(
                open(&serde_json::to_vec(&personal).unwrap()),
                "the canary is really in it"
            );
            sealed += 1;
        }
    }
    assert!(sealed > 20, "the run must have sealed something: {sealed}");
    for row in world.rows.values() {
        assert!(!open(&row.state) && !open(&row.sealed), "{:?}", row.record);
    }
    for record in invariants::records(world.engine.board()) {
        assert!(
            !open(format!("{record:?}").as_bytes()),
            "logs print records"
        );
    }
    for _ in 0..400 {
        let action = random::action(&world, &Dice::drawn(&mut dice));
        assert!(
            !open(format!("{action:?}").as_bytes()),
            "logs print actions"
        );
    }
}

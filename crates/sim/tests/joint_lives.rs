//! A few hundred lives of federations, and the same life twice.

use watchfire_sim::joint_invariant;
use watchfire_sim::net::{Met, Mistake, Settings, run};

const STEPS: u64 = 60;
/// Seeds of each of the two tests that share them, so that two cores live at once.
const SEEDS: u64 = 40;

/// What is done with planned actions, each of which some life must come to. That a plan is taken over is no part of it: so few
/// lives do not come to command that changes hands after there was a plan.
const PLANNED: [&str; 13] = [
    "action planned",
    "plan changed",
    "plan issued",
    "plan taken back",
    "go",
    "no go",
    "hold",
    "phase done",
    "action ended",
    "action called off",
    "action rehearsed",
    "team said",
    "team manned",
];

/// What is done with directives and books, each of which some life must come to.
const DIRECTED: [&str; 17] = [
    "directive issued",
    "directive acted on",
    "directive reported on",
    "directive verified",
    "directive returned",
    "directive excused",
    "directive recalled",
    "directive closed",
    "file attached",
    "directive answered with a file",
    "support asked for",
    "support offered",
    "support accepted",
    "support released",
    "line carried over",
    "book signed",
    "book corrected",
];

fn settings(seed: u64, mistake: Mistake) -> Settings {
    Settings {
        seed,
        steps: STEPS,
        mistake,
    }
}

#[test]
fn no_federation_breaks_an_invariant() {
    live(0..SEEDS);
}

#[test]
fn nor_do_as_many_others() {
    live(1_000_000..1_000_000 + SEEDS);
}

/// Seeds that failed once, and may not again.
#[test]
fn no_kept_seed_fails_again() {
    for line in include_str!("../seeds/joint.txt").lines() {
        let mut words = line.split('#').next().unwrap_or("").split_whitespace();
        let Some(seed) = words.next() else { continue };
        let seed = seed.parse().unwrap();
        let steps = words.next().map_or(STEPS, |word| word.parse().unwrap());
        let mistake = Mistake::None;
        let lived = run(Settings {
            seed,
            steps,
            mistake,
        });
        assert!(lived.is_ok(), "seed {seed}: {}", lived.unwrap_err().broken);
    }
}

fn live(seeds: std::ops::Range<u64>) {
    let mut met = Met::default();
    for seed in seeds {
        match run(settings(seed, Mistake::None)) {
            Ok(report) => met.join(&report.met),
            Err(failure) => panic!(
                "{}\nseed {}: {}",
                failure.story.join("\n"),
                failure.seed,
                failure.broken
            ),
        }
    }
    assert!(met.of("accepted") > 1_000, "{met:?}");
    for what in PLANNED.into_iter().chain(DIRECTED) {
        assert!(met.of(what) > 0, "{what} never came up: {met:?}");
    }
}

#[test]
fn one_seed_tells_one_story() {
    let first = run(settings(77, Mistake::None)).unwrap();
    assert_eq!(first, run(settings(77, Mistake::None)).unwrap());
    let other = run(settings(78, Mistake::None)).unwrap();
    assert_ne!(first.trace, other.trace);
}

/// Lives lives of a node that makes a mistake until one of them is broken, and says by what it was caught.
fn caught(mistake: Mistake, by: &str) {
    assert!(joint_invariant::NAMES.contains(&by));
    for seed in 0..20 {
        if let Err(failure) = run(settings(seed, mistake)) {
            assert!(failure.broken.starts_with(by), "{}", failure.broken);
            return;
        }
    }
    panic!("twenty lives, and nobody noticed");
}

#[test]
fn silence_that_passes_for_done_is_caught() {
    caught(Mistake::TakesSilenceForDone, "unanswered_is_seen");
}

#[test]
fn a_promise_of_what_is_not_there_is_caught() {
    caught(Mistake::PromisesOneTooMany, "promised_once");
}

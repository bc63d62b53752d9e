//! A few hundred lives, the same life twice, and mistakes made on purpose that must be caught.

use watchfire_sim::{Counts, Plant, Settings, invariant, run};

const STEPS: u64 = 30;
/// Seeds of each of the two tests that share them, so that two cores live at once.
const SEEDS: u64 = 120;

fn settings(seed: u64, plant: Plant) -> Settings {
    Settings {
        seed,
        steps: STEPS,
        plant,
    }
}

#[test]
fn no_life_breaks_an_invariant_and_together_they_meet_every_fault() {
    live(0..SEEDS);
}

#[test]
fn nor_do_as_many_others() {
    live(1_000_000..1_000_000 + SEEDS);
}

fn live(seeds: std::ops::Range<u64>) {
    let mut seen = Counts::default();
    for seed in seeds {
        let counts = match run(settings(seed, Plant::None)) {
            Ok(report) => report.counts,
            Err(failure) => panic!(
                "{}\nseed {} at step {}: {}",
                failure.story.join("\n"),
                failure.seed,
                failure.step,
                failure.broken
            ),
        };
        seen.accepted += counts.accepted;
        seen.refused += counts.refused;
        seen.repeated += counts.repeated;
        seen.retried += counts.retried;
        seen.full += counts.full;
        seen.died_before += counts.died_before;
        seen.died_during += counts.died_during;
        seen.died_after += counts.died_after;
        seen.torn += counts.torn;
        seen.restarts += counts.restarts;
        seen.second_writers += counts.second_writers;
        seen.handed_over += counts.handed_over;
        seen.gone += counts.gone;
        seen.items += counts.items;
        seen.settled += counts.settled;
        seen.followed += counts.followed;
        seen.carried += counts.carried;
        seen.corrected += counts.corrected;
        seen.done += counts.done;
        seen.promised += counts.promised;
        seen.largest_batch = seen.largest_batch.max(counts.largest_batch);
    }
    assert_eq!(seen.largest_batch, 64, "a whole group commit must come up");
    for (count, least, what) in [
        (seen.accepted, 4_000, "accepted"),
        (seen.refused, 1_000, "refused"),
        (seen.repeated, 200, "repeated"),
        (seen.retried, 300, "retried"),
        (seen.full, 80, "full"),
        (seen.died_before, 80, "died before"),
        (seen.died_during, 100, "died during"),
        (seen.died_after, 100, "died after"),
        (seen.torn, 100, "torn"),
        (seen.restarts, 80, "restarts"),
        (seen.second_writers, 40, "second writers"),
        (seen.handed_over, 10, "handed over"),
        (seen.gone, 1, "gone"),
        (seen.items, 40, "items"),
        (seen.settled, 20, "settled"),
        (seen.followed, 5, "followed"),
        (seen.carried, 30, "carried"),
        (seen.corrected, 2, "corrected"),
        (seen.done, 5, "done"),
        (seen.promised, 1, "promised"),
    ] {
        assert!(
            count >= least,
            "too few to prove anything: {what} {count} of {seen:?}"
        );
    }
}

#[test]
fn one_seed_tells_one_story() {
    let first = run(settings(77, Plant::None)).unwrap();
    let again = run(settings(77, Plant::None)).unwrap();
    assert_eq!(first, again);
    let other = run(settings(78, Plant::None)).unwrap();
    assert_ne!(first.trace, other.trace);
}

#[track_caller]
fn caught(plant: Plant, by: &[&str]) {
    for seed in 0..60 {
        if let Err(failure) = run(settings(seed, plant)) {
            let named = by.iter().any(|name| failure.broken.starts_with(name));
            assert!(named, "{plant:?} was caught by another: {}", failure.broken);
            assert!(by.iter().all(|name| invariant::NAMES.contains(name)));
            assert!(!failure.story.is_empty(), "a failure has a story");
            return;
        }
    }
    panic!("sixty lives, and {plant:?} was not noticed");
}

#[test]
fn answers_before_the_append_are_caught() {
    caught(Plant::AnswersFirst, &["nothing_before_durable"]);
}

#[test]
fn outcomes_that_are_not_written_are_caught() {
    caught(Plant::ForgetsOutcomes, &["done_once"]);
}

#[test]
fn a_batch_that_is_not_taken_back_is_caught() {
    caught(Plant::KeepsWhatWasNotWritten, &["memory_is_the_disk"]);
}

#[test]
fn half_a_batch_is_caught() {
    caught(Plant::TakesTornBatches, &["rows_are_the_refold"]);
}

#[test]
fn a_lost_row_is_caught() {
    let by = [
        "memory_is_the_disk",
        "rows_are_the_refold",
        "nothing_before_durable",
    ];
    caught(Plant::LosesARow, &by);
}

#[test]
fn a_handover_that_overlooks_something_is_caught() {
    caught(Plant::HandsOverBlind, &["handover_loses_nothing"]);
}

#[test]
fn a_book_that_overlooks_something_is_caught() {
    caught(Plant::SettlesBlind, &["books_balance"]);
}

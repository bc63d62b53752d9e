//! Drawing cases for properties. Start at [`check`].
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test program uses its own part of this"
)]

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Runs one property from a fixed seed, so that every failure can be replayed.
#[allow(
    clippy::print_stdout,
    reason = "a failure must be replayable from what it printed"
)]
pub fn check<S: Strategy>(seed: u8, cases: u32, strategy: S, property: impl Fn(S::Value)) {
    println!("seed {seed}, {cases} cases");
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let run = TestRunner::new_with_rng(config, rng).run(&strategy, |value| {
        property(value);
        Ok(())
    });
    if let Err(failure) = run {
        panic!("seed {seed}: {failure}");
    }
}

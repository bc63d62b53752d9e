//! `watchfire-sim --seed N [--steps M] [--runs K]`: lives K lives from seed N on, and tells the story of
//! the first that breaks an invariant.

use std::io::Write;
use std::process::ExitCode;

use watchfire_sim::{Plant, Settings, run};

const STEPS: u64 = 60;
const USAGE: &str = "usage: watchfire-sim --seed N [--steps M] [--runs K]";

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    let told = match options() {
        Some((seed, steps, runs)) => live(&mut out, seed, steps, runs),
        None => writeln!(out, "{USAGE}").map(|()| false),
    };
    match told {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

fn options() -> Option<(u64, u64, u64)> {
    let (mut seed, mut steps, mut runs) = (None, STEPS, 1);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let number = words.next()?.parse().ok()?;
        match word.as_str() {
            "--seed" => seed = Some(number),
            "--steps" => steps = number,
            "--runs" => runs = number,
            _ => return None,
        }
    }
    Some((seed?, steps, runs))
}

fn live(out: &mut impl Write, seed: u64, steps: u64, runs: u64) -> std::io::Result<bool> {
    for seed in (0..runs).map(|run| seed.wrapping_add(run)) {
        let plant = Plant::None;
        match run(Settings { seed, steps, plant }) {
            Ok(report) => {
                let (entries, trace) = (report.entries, report.trace);
                writeln!(out, "seed {seed}: {entries} entries, trace {trace}")?;
                if runs == 1 {
                    writeln!(out, "{:#?}", report.counts)?;
                }
            }
            Err(failure) => {
                for line in &failure.story {
                    writeln!(out, "{line}")?;
                }
                writeln!(out, "BROKEN at step {}: {}", failure.step, failure.broken)?;
                writeln!(out, "again: --seed {} --steps {steps}", failure.seed)?;
                return Ok(false);
            }
        }
    }
    Ok(true)
}

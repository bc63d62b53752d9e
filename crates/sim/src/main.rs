//! `watchfire-sim --seed N [--steps M] [--runs K] [--joint]`: lives K lives from seed N on, of one node or with
//! `--joint` of a federation, and tells the story of the first that breaks an invariant.

use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use watchfire_sim::{Plant, Settings, net, run};

const STEPS: u64 = 60;
const JOINT_STEPS: u64 = 120;
const USAGE: &str = "usage: watchfire-sim --seed N [--steps M] [--runs K] [--joint]";

/// What was asked for.
struct Asked {
    seed: u64,
    steps: Option<u64>,
    runs: u64,
    joint: bool,
}

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    let told = match options() {
        Some(asked) if asked.joint => live_jointly(&mut out, &asked),
        Some(asked) => live(&mut out, &asked),
        None => writeln!(out, "{USAGE}").map(|()| false),
    };
    match told {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

fn options() -> Option<Asked> {
    let (mut seed, mut steps, mut runs, mut joint) = (None, None, 1, false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        if word == "--joint" {
            joint = true;
            continue;
        }
        let number = words.next()?.parse().ok()?;
        match word.as_str() {
            "--seed" => seed = Some(number),
            "--steps" => steps = Some(number),
            "--runs" => runs = number,
            _ => return None,
        }
    }
    Some(Asked {
        seed: seed?,
        steps,
        runs,
        joint,
    })
}

fn live(out: &mut impl Write, asked: &Asked) -> std::io::Result<bool> {
    let steps = asked.steps.unwrap_or(STEPS);
    for seed in (0..asked.runs).map(|run| asked.seed.wrapping_add(run)) {
        let plant = Plant::None;
        match run(Settings { seed, steps, plant }) {
            Ok(report) => {
                let (entries, trace) = (report.entries, report.trace);
                writeln!(out, "seed {seed}: {entries} entries, trace {trace}")?;
                if asked.runs == 1 {
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

fn live_jointly(out: &mut impl Write, asked: &Asked) -> std::io::Result<bool> {
    let steps = asked.steps.unwrap_or(JOINT_STEPS);
    let began = Instant::now();
    let mut met = net::Met::default();
    let (mut simulated_ms, mut entries, mut slowest_ms) = (0, 0, 0);
    for seed in (0..asked.runs).map(|run| asked.seed.wrapping_add(run)) {
        let mistake = net::Mistake::None;
        let settings = net::Settings {
            seed,
            steps,
            mistake,
        };
        match net::run(settings) {
            Ok(report) => {
                met.join(&report.met);
                simulated_ms += report.simulated_ms;
                entries += report.entries;
                slowest_ms = slowest_ms.max(report.healed_in_ms);
                if asked.runs == 1 {
                    writeln!(out, "seed {seed}: trace {}", report.trace)?;
                }
            }
            Err(failure) => {
                for line in &failure.story {
                    writeln!(out, "{line}")?;
                }
                writeln!(out, "BROKEN: {}", failure.broken)?;
                writeln!(
                    out,
                    "again: --joint --seed {} --steps {steps}",
                    failure.seed
                )?;
                return Ok(false);
            }
        }
    }
    for (what, times) in &met.0 {
        writeln!(out, "{times:9} {what}")?;
    }
    let (took_s, hours) = (
        began.elapsed().as_secs_f64(),
        simulated_ms as f64 / 3_600_000.0,
    );
    writeln!(
        out,
        "{} lives, {entries} entries, {hours:.0} simulated hours in {took_s:.1} s: {:.0} hours per second; \
         the slowest agreed {} s after it was healed",
        asked.runs,
        hours / took_s,
        slowest_ms / 1_000
    )?;
    Ok(true)
}

//! `watchfire-sim --seed N [--steps M] [--runs K] [--joint]`: lives K lives from seed N on, of one node or with
//! `--joint` of a federation, and tells the story of the first that breaks an invariant. `--models N` searches
//! every state that small federations can come to instead, with at most N states each.

use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use watchfire_sim::{Plant, Settings, model, net, run};

const STEPS: u64 = 60;
const JOINT_STEPS: u64 = 60;
const USAGE: &str = "usage: watchfire-sim --seed N [--steps M] [--runs K] [--joint]\n       watchfire-sim --models N";

/// What was asked for.
#[derive(Default)]
struct Asked {
    seed: Option<u64>,
    steps: Option<u64>,
    runs: Option<u64>,
    models: Option<u64>,
    joint: bool,
}

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    let told = match options() {
        Some(Asked {
            models: Some(states),
            ..
        }) => search(&mut out, states as usize),
        Some(asked) if asked.joint => live_jointly(&mut out, &asked),
        Some(asked) if asked.seed.is_some() => live(&mut out, &asked),
        Some(_) | None => writeln!(out, "{USAGE}").map(|()| false),
    };
    match told {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

fn options() -> Option<Asked> {
    let mut asked = Asked::default();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        if word == "--joint" {
            asked.joint = true;
            continue;
        }
        let number = Some(words.next()?.parse().ok()?);
        match word.as_str() {
            "--seed" => asked.seed = number,
            "--steps" => asked.steps = number,
            "--runs" => asked.runs = number,
            "--models" => asked.models = number,
            _ => return None,
        }
    }
    Some(asked)
}

impl Asked {
    fn seeds(&self) -> Vec<u64> {
        let first = self.seed.unwrap_or(1);
        let runs = self.runs.unwrap_or(1);
        (0..runs).map(|run| first.wrapping_add(run)).collect()
    }
}

fn live(out: &mut impl Write, asked: &Asked) -> std::io::Result<bool> {
    let steps = asked.steps.unwrap_or(STEPS);
    let seeds = asked.seeds();
    let alone = seeds.len() == 1;
    for seed in seeds {
        let plant = Plant::None;
        match run(Settings { seed, steps, plant }) {
            Ok(report) => {
                let (entries, trace) = (report.entries, report.trace);
                writeln!(out, "seed {seed}: {entries} entries, trace {trace}")?;
                if alone {
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

/// What came of many lives of federations.
#[derive(Default)]
struct Tally {
    met: net::Met,
    simulated_ms: i64,
    entries: usize,
    slowest_ms: i64,
    failures: Vec<net::Failure>,
}

impl Tally {
    fn add(&mut self, lived: Result<net::Report, Box<net::Failure>>) {
        match lived {
            Ok(report) => {
                self.met.join(&report.met);
                self.simulated_ms += report.simulated_ms;
                self.entries += report.entries;
                self.slowest_ms = self.slowest_ms.max(report.healed_in_ms);
            }
            Err(failure) => self.failures.push(*failure),
        }
    }

    fn join(&mut self, other: Tally) {
        self.met.join(&other.met);
        self.simulated_ms += other.simulated_ms;
        self.entries += other.entries;
        self.slowest_ms = self.slowest_ms.max(other.slowest_ms);
        self.failures.extend(other.failures);
    }
}

/// Lives the lives of these seeds on all processors: no life knows of another.
fn live_all(seeds: &[u64], steps: u64) -> Tally {
    let next = AtomicU64::new(0);
    let one_worker = || {
        let mut tally = Tally::default();
        while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
            let (seed, mistake) = (*seed, net::Mistake::None);
            tally.add(net::run(net::Settings {
                seed,
                steps,
                mistake,
            }));
            if !tally.failures.is_empty() {
                break;
            }
        }
        tally
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..workers).map(|_| scope.spawn(one_worker)).collect();
        let mut all = Tally::default();
        for worker in spawned {
            all.join(
                worker
                    .join()
                    .expect("an invariant is told and never panics"),
            );
        }
        all
    })
}

fn live_jointly(out: &mut impl Write, asked: &Asked) -> std::io::Result<bool> {
    let steps = asked.steps.unwrap_or(JOINT_STEPS);
    let began = Instant::now();
    let seeds = asked.seeds();
    let all = live_all(&seeds, steps);
    if let Some(failure) = all.failures.iter().min_by_key(|failure| failure.seed) {
        for line in &failure.story {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "BROKEN: {}", failure.broken)?;
        let seed = failure.seed;
        writeln!(out, "again: --joint --seed {seed} --steps {steps}")?;
        return Ok(false);
    }
    for (what, times) in &all.met.0 {
        writeln!(out, "{times:9} {what}")?;
    }
    let (took_s, hours) = (
        began.elapsed().as_secs_f64(),
        all.simulated_ms as f64 / 3_600_000.0,
    );
    writeln!(
        out,
        "{} lives, {} entries, {hours:.0} simulated hours in {took_s:.1} s: {:.0} hours per second; \
         the slowest agreed {} s after it was healed",
        seeds.len(),
        all.entries,
        hours / took_s,
        all.slowest_ms / 1_000
    )?;
    Ok(true)
}

fn search(out: &mut impl Write, states_max: usize) -> std::io::Result<bool> {
    for model in model::Model::ALL {
        let began = Instant::now();
        let (name, found) = (model.words(), model::search(*model, states_max));
        let took_s = began.elapsed().as_secs_f64();
        match found {
            Ok(found) => writeln!(
                out,
                "{name}: {} states, {} steps between them, {} in {took_s:.1} s",
                found.states,
                found.steps,
                if found.whole {
                    "all there are"
                } else {
                    "and there are more"
                },
            )?,
            Err(wrong) => {
                for line in &wrong.story {
                    writeln!(out, "{line}")?;
                }
                writeln!(out, "BROKEN: {name}: {}", wrong.broken)?;
                return Ok(false);
            }
        }
    }
    Ok(true)
}

//! The simulator's command line. `--seed N [--steps M] [--runs K]` lives K lives of one node from seed N on and tells
//! the story of the first that breaks an invariant; with `--joint` they are lives of a federation, for which `many.rs`
//! says what else can be asked. `--models N` searches every state that small federations can come to, with at most N
//! states each. `--scale` lives a day of many counties and measures what each of them pays.

mod cost;
mod many;

use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use watchfire_sim::{Plant, Settings, model, run};

const STEPS: u64 = 60;
const USAGE: &str = "usage: watchfire-sim --seed N [--steps M] [--runs K]
       watchfire-sim --joint [--seed N] [--steps M] [--runs K] [--minutes M] [--twice K] [--kept FILE [--keep]]
       watchfire-sim --models N
       watchfire-sim --scale [--nodes N] [--seed N]";

/// What was asked for.
#[derive(Default)]
struct Asked {
    seed: Option<u64>,
    steps: Option<u64>,
    runs: Option<u64>,
    minutes: Option<u64>,
    twice: Option<u64>,
    models: Option<u64>,
    kept: Option<String>,
    keep: bool,
    joint: bool,
    scale: bool,
    nodes: Option<u64>,
}

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    let told = match options(std::env::args().skip(1)) {
        Some(asked) if asked.models.is_some() => {
            search(&mut out, asked.models.unwrap_or(0) as usize)
        }
        Some(asked) if asked.scale => {
            let nodes = asked.nodes.unwrap_or(cost::COUNTIES) as usize;
            cost::measure(&mut out, nodes, asked.seed.unwrap_or(1))
        }
        Some(asked) if asked.joint => many::live(&mut out, &asked.many()),
        Some(asked) if asked.seed.is_some() => live(&mut out, &asked),
        Some(_) | None => writeln!(out, "{USAGE}").map(|()| false),
    };
    match told {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut words: impl Iterator<Item = String>) -> Option<Asked> {
    let mut asked = Asked::default();
    while let Some(word) = words.next() {
        let number = |words: &mut dyn Iterator<Item = String>| words.next()?.parse().ok();
        match word.as_str() {
            "--joint" => asked.joint = true,
            "--scale" => asked.scale = true,
            "--nodes" => asked.nodes = Some(number(&mut words)?),
            "--keep" => asked.keep = true,
            "--kept" => asked.kept = Some(words.next()?),
            "--seed" => asked.seed = Some(number(&mut words)?),
            "--steps" => asked.steps = Some(number(&mut words)?),
            "--runs" => asked.runs = Some(number(&mut words)?),
            "--minutes" => asked.minutes = Some(number(&mut words)?),
            "--twice" => asked.twice = Some(number(&mut words)?),
            "--models" => asked.models = Some(number(&mut words)?),
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

    fn many(self) -> many::Asked {
        many::Asked {
            first: self.seed.unwrap_or(1),
            steps: self.steps,
            runs: self.runs,
            minutes: self.minutes,
            twice: self.twice.unwrap_or(0),
            kept: self.kept,
            keep: self.keep,
        }
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

/// Searches the models, each on a thread of its own.
fn search(out: &mut impl Write, states_max: usize) -> std::io::Result<bool> {
    let one = |model: model::Model| {
        let began = Instant::now();
        let found = model::search(model, states_max);
        (model.words(), found, began.elapsed().as_secs_f64())
    };
    let searched: Vec<_> = std::thread::scope(|scope| {
        let models = model::Model::ALL.iter();
        let spawned: Vec<_> = models
            .map(|model| scope.spawn(move || one(*model)))
            .collect();
        let ended = spawned.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended
            .map(|ended| ended.expect("a search tells what is wrong and never panics"))
            .collect()
    });
    let mut all_right = true;
    for (name, found, took_s) in searched {
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
                all_right = false;
            }
        }
    }
    Ok(all_right)
}

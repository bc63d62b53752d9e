//! Measures what the field lives by, and holds it against its floors.
//!
//! `cargo xtask bench` runs it; `--quick` is a smoke run that asserts nothing, `--json` prints for a
//! program, `--runs N` repeats (three times unless told otherwise), `--only NAME` does one part, or several with commas between. Where a
//! figure is about the whole program, the program really runs: this executable starts itself again as
//! `watchfire serve` and speaks HTTP to it over loopback. Beside every durable figure stands what the
//! same disk needs for a bare append and fsync in the same run. It must not know how anything is done
//! inside; start at [`PARTS`], then `floors.rs` (what is promised) and `stage.rs` (what it is measured on).

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what a measurement is for"
)]

mod floors;
mod report;

mod actions;
mod batches;
mod calls;
mod day;
mod joint;
mod memory;
mod patrol;
mod positions;
mod recommend;
mod start;
mod trial;

mod by_hand;
mod client;
mod measure;
mod program;
mod stage;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use measure::fsync_ms;
use report::Report;

/// Set for the copies of this executable that are to be the program itself.
const AS_PROGRAM: &str = "WATCHFIRE_BENCH_AS_PROGRAM";

/// How often everything is measured unless told otherwise.
const RUNS: usize = 3;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// How much is measured.
struct Scale {
    /// True for a smoke run, which asserts nothing.
    quick: bool,
    /// Where stores are made: on the disk of the build, which is taken to be the node's.
    scratch: PathBuf,
    /// The map of the city, if another than the demo's.
    map: Option<PathBuf>,
}

impl Scale {
    /// Takes the first for a measurement and the second for a smoke run.
    fn of<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }
}

type Part = fn(&Scale, &mut Report) -> Outcome<()>;

/// What is measured, in this order.
const PARTS: [(&str, Part); 15] = [
    ("actions", actions::run),
    ("batches", batches::run),
    ("calls", calls::run),
    ("recommend", recommend::run),
    ("positions", positions::run),
    ("start", start::run),
    ("day", day::run),
    ("memory", memory::run),
    ("joint", joint::paced::run),
    ("rate", joint::paced::rate),
    ("apart", joint::apart::run),
    ("linked", joint::linked::run),
    ("flood", joint::flood::run),
    ("patrol", patrol::run),
    ("trial", trial::run),
];

fn main() -> ExitCode {
    if std::env::var_os(AS_PROGRAM).is_some() {
        return watchfire::cli::run();
    }
    match measure_all() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What was asked on the command line.
struct Asked {
    quick: bool,
    json: bool,
    runs: usize,
    only: Vec<String>,
    map: Option<PathBuf>,
}

fn asked() -> Outcome<Asked> {
    let mut asked = Asked {
        quick: false,
        json: false,
        runs: RUNS,
        only: Vec::new(),
        map: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => asked.quick = true,
            "--json" => asked.json = true,
            "--runs" => asked.runs = arguments.next().ok_or("--runs needs a number")?.parse()?,
            "--only" => {
                let parts = arguments.next().ok_or("--only needs a part")?;
                asked.only = parts.split(',').map(str::to_owned).collect();
            }
            "--map" => {
                let map = arguments.next().ok_or("--map needs a .osm.pbf file")?;
                asked.map = Some(PathBuf::from(map));
            }
            other => {
                let all = "--quick, --json, --runs N, --only PART,PART, --map FILE.osm.pbf";
                return Err(format!("{other}? {all}").into());
            }
        }
    }
    let known = |name: &String| PARTS.iter().any(|(part, _)| part == name);
    if let Some(name) = asked.only.iter().find(|name| !known(name)) {
        let parts: Vec<&str> = PARTS.iter().map(|(part, _)| *part).collect();
        return Err(format!("no part {name}; there are {}", parts.join(", ")).into());
    }
    if asked.quick {
        asked.runs = 1;
    }
    Ok(asked)
}

/// Measures and prints; false if a floor was not reached.
fn measure_all() -> Outcome<bool> {
    let asked = asked()?;
    let executable = std::env::current_exe()?;
    let target = executable.ancestors().nth(3);
    let target = target.ok_or("this executable is not in a target directory")?;
    let scale = Scale {
        quick: asked.quick,
        scratch: target.join("bench"),
        map: asked.map,
    };
    std::fs::create_dir_all(&scale.scratch)?;
    let mut report = Report::default();
    for run in 1..=asked.runs {
        for (name, part) in PARTS {
            if !asked.only.is_empty() && !asked.only.iter().any(|only| only == name) {
                continue;
            }
            eprintln!("run {run} of {}: {name}", asked.runs);
            disk(&scale, &mut report)?;
            part(&scale, &mut report)?;
        }
    }
    if asked.json {
        println!("{:#}", report.json(scale.quick));
    } else {
        println!("{}", report.table(scale.quick));
    }
    Ok(scale.quick || report.reached())
}

/// Measures the disk itself, next to everything that is measured on it.
fn disk(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let took = fsync_ms(&scale.scratch, scale.of(200, 50), Duration::ZERO)?;
    report.add(&floors::FSYNC_P50_MS, took.quantile(0.5));
    report.add(&floors::FSYNC_P99_MS, took.quantile(0.99));
    Ok(())
}

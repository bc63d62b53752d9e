//! Many joint lives at once, on all processors: those that were kept first, then as many as were asked for or as the
//! time allows. The first few are lived twice and must come to the same.
//!
//! Part of the program and not of the simulator: it reads clocks and files, and a life does not. A life that panics is
//! a failure of its seed like any other. Start at [`live`].

use std::collections::BTreeSet;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use watchfire_sim::net::{self, Attack, Fault, Met, Mistake};

/// How many things people ask for in a life, unless it is said otherwise.
const STEPS: u64 = 60;
/// How often it is said how far it is.
const PROGRESS_EVERY: Duration = Duration::from_secs(15);
/// How often the workers are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Which lives are to be lived.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// The first seed.
    pub(crate) first: u64,
    /// How many things people ask for in each, if not the usual number.
    pub(crate) steps: Option<u64>,
    /// How many lives; the time decides if nobody does.
    pub(crate) runs: Option<u64>,
    /// After how many minutes no other life begins.
    pub(crate) minutes: Option<u64>,
    /// How many of the first are lived twice.
    pub(crate) twice: u64,
    /// The file of seeds that are lived first.
    pub(crate) kept: Option<String>,
    /// Whether failing seeds are added to it.
    pub(crate) keep: bool,
}

/// A life that is to be lived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Life {
    seed: u64,
    steps: u64,
    twice: bool,
}

/// What came of many lives.
#[derive(Default)]
struct Tally {
    lives: u64,
    twice: u64,
    met: Met,
    simulated_ms: i64,
    entries: usize,
    slowest_ms: i64,
    failures: Vec<(Life, net::Failure)>,
}

impl Tally {
    fn add(&mut self, life: Life, lived: Result<net::Report, Box<net::Failure>>) {
        self.lives += 1;
        self.twice += u64::from(life.twice);
        match lived {
            Ok(report) => {
                self.met.join(&report.met);
                self.simulated_ms += report.simulated_ms;
                self.entries += report.entries;
                self.slowest_ms = self.slowest_ms.max(report.healed_in_ms);
            }
            Err(failure) => self.failures.push((life, *failure)),
        }
    }

    fn join(&mut self, other: Tally) {
        self.lives += other.lives;
        self.twice += other.twice;
        self.met.join(&other.met);
        self.simulated_ms += other.simulated_ms;
        self.entries += other.entries;
        self.slowest_ms = self.slowest_ms.max(other.slowest_ms);
        self.failures.extend(other.failures);
    }
}

/// Lives them and says what came of it; false if an invariant was broken.
pub(crate) fn live(out: &mut impl Write, asked: &Asked) -> std::io::Result<bool> {
    let began = Instant::now();
    let kept = match &asked.kept {
        Some(path) => kept_in(&std::fs::read_to_string(path)?),
        None => Vec::new(),
    };
    let mut all = live_all(asked, &kept, began);
    all.failures.sort_by_key(|(life, _)| life.seed);
    tell(out, &all, kept.len(), began.elapsed())?;
    let Some((_, first)) = all.failures.first() else {
        return Ok(true);
    };
    for line in &first.story {
        writeln!(out, "{line}")?;
    }
    for (life, failure) in &all.failures {
        let Life { seed, steps, .. } = life;
        writeln!(out, "BROKEN: {}", failure.broken)?;
        writeln!(
            out,
            "again: cargo run --release -p watchfire-sim -- --joint --seed {seed} --steps {steps}"
        )?;
    }
    if let Some(path) = asked.kept.as_ref().filter(|_| asked.keep) {
        keep(Path::new(path), &kept, &all.failures)?;
        writeln!(out, "kept in {path}")?;
    }
    Ok(false)
}

/// Returns the lives that a text keeps: a seed, and perhaps how many things people ask for, on each line.
fn kept_in(text: &str) -> Vec<Life> {
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or(""));
    let life = |line: &str| {
        let mut words = line.split_whitespace();
        let seed = words.next()?.parse().ok()?;
        let steps = words.next().and_then(|word| word.parse().ok());
        Some(Life {
            seed,
            steps: steps.unwrap_or(STEPS),
            twice: false,
        })
    };
    lines.filter_map(life).collect()
}

/// Adds failing lives to the file, each once.
fn keep(path: &Path, kept: &[Life], failures: &[(Life, net::Failure)]) -> std::io::Result<()> {
    let mut known: BTreeSet<(u64, u64)> = kept.iter().map(|life| (life.seed, life.steps)).collect();
    let mut file = std::fs::OpenOptions::new().append(true).open(path)?;
    for (life, failure) in failures {
        if known.insert((life.seed, life.steps)) {
            let steps = match life.steps == STEPS {
                true => String::new(),
                false => format!(" {}", life.steps),
            };
            let why = failure.broken.lines().next().unwrap_or_default();
            writeln!(file, "{}{steps} # {why}", life.seed)?;
        }
    }
    Ok(())
}

/// What all workers look at.
struct Shared<'a> {
    asked: &'a Asked,
    kept: &'a [Life],
    began: Instant,
    /// How many lives have begun.
    next: AtomicU64,
    /// Whether one has failed.
    failed: AtomicBool,
}

impl Shared<'_> {
    /// Returns the next life, as long as there is one.
    fn next(&self) -> Option<Life> {
        let minutes = self.asked.minutes.unwrap_or(u64::MAX / 60);
        let over = self.began.elapsed() >= Duration::from_secs(minutes.saturating_mul(60));
        if over || self.failed.load(Ordering::Relaxed) {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if let Some(kept) = self.kept.get(number as usize) {
            return Some(*kept);
        }
        let number = number - self.kept.len() as u64;
        let usual = match self.asked.minutes {
            Some(_) => u64::MAX,
            None => 1,
        };
        (number < self.asked.runs.unwrap_or(usual)).then(|| Life {
            seed: self.asked.first.wrapping_add(number),
            steps: self.asked.steps.unwrap_or(STEPS),
            twice: number < self.asked.twice,
        })
    }

    fn work(&self) -> Tally {
        let mut tally = Tally::default();
        while let Some(life) = self.next() {
            let lived = live_one(life);
            self.failed.fetch_or(lived.is_err(), Ordering::Relaxed);
            tally.add(life, lived);
        }
        tally
    }
}

/// Lives the lives on all processors, until one fails: no life knows of another.
fn live_all(asked: &Asked, kept: &[Life], began: Instant) -> Tally {
    let shared = Shared {
        asked,
        kept,
        began,
        next: AtomicU64::new(0),
        failed: AtomicBool::new(false),
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..workers)
            .map(|_| scope.spawn(|| shared.work()))
            .collect();
        let mut told = Instant::now();
        while !spawned.iter().all(|worker| worker.is_finished()) {
            std::thread::sleep(LOOK_EVERY);
            if told.elapsed() >= PROGRESS_EVERY {
                told = Instant::now();
                let begun = shared.next.load(Ordering::Relaxed);
                let _ = writeln!(
                    std::io::stderr(),
                    "{begun} lives begun after {} s",
                    began.elapsed().as_secs()
                );
            }
        }
        let mut all = Tally::default();
        for worker in spawned {
            all.join(
                worker
                    .join()
                    .expect("a panic of a life is caught, and nothing else here can"),
            );
        }
        all
    })
}

/// Lives one life, or the same one twice.
fn live_one(life: Life) -> Result<net::Report, Box<net::Failure>> {
    let Life { seed, steps, twice } = life;
    let failure = |broken: String, story| {
        Box::new(net::Failure {
            seed,
            broken,
            story,
        })
    };
    let settings = net::Settings {
        seed,
        steps,
        mistake: Mistake::None,
    };
    let once = || match catch_unwind(AssertUnwindSafe(|| net::run(settings))) {
        Ok(lived) => lived,
        Err(_) => Err(failure("the life panicked".to_owned(), Vec::new())),
    };
    let first = once()?;
    if twice {
        let second = once()?;
        if first != second {
            let (one, other) = (first.trace, second.trace);
            let broken =
                format!("the same seed was lived in two ways, with traces {one} and {other}");
            return Err(failure(broken, Vec::new()));
        }
    }
    Ok(first)
}

fn tell(out: &mut impl Write, all: &Tally, kept: usize, took: Duration) -> std::io::Result<()> {
    let mut rest = all.met.clone();
    let faults = Fault::ALL.iter().map(|fault| fault.words());
    let attacks = Attack::ALL.iter().map(|attack| attack.words());
    for (title, kinds) in [
        ("faults", faults.collect::<Vec<_>>()),
        ("attacks", attacks.collect()),
    ] {
        writeln!(out, "{title}:")?;
        for kind in kinds {
            let times = rest.0.remove(kind).unwrap_or(0);
            writeln!(out, "{times:9} {kind}")?;
        }
    }
    writeln!(out, "and:")?;
    for (what, times) in &rest.0 {
        writeln!(out, "{times:9} {what}")?;
    }
    let (took_s, hours) = (took.as_secs_f64(), all.simulated_ms as f64 / 3_600_000.0);
    writeln!(
        out,
        "{} lives ({kept} kept ones first, {} twice with equal traces), {} entries, {hours:.0} simulated hours in \
         {took_s:.1} s: {:.1} simulated hours per second; the slowest agreed {} s after it was healed",
        all.lives,
        all.twice,
        all.entries,
        hours / took_s,
        all.slowest_ms / 1_000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<(u64, u64)> {
        let kept = kept_in(text);
        kept.iter().map(|life| (life.seed, life.steps)).collect()
    }

    #[test]
    fn kept_seeds_are_read_with_or_without_their_steps() {
        let text = "# why\n7 # one lead\n\n12 200 # a long one\n";
        assert_eq!(numbers(text), [(7, STEPS), (12, 200)]);
        assert_eq!(numbers(""), []);
    }

    #[test]
    fn the_kept_ones_come_first_and_the_first_of_the_others_are_lived_twice() {
        let asked = Asked {
            first: 40,
            runs: Some(3),
            twice: 1,
            ..Asked::default()
        };
        let kept = kept_in("7");
        let shared = Shared {
            asked: &asked,
            kept: &kept,
            began: Instant::now(),
            next: AtomicU64::new(0),
            failed: AtomicBool::new(false),
        };
        let lives = std::iter::from_fn(|| shared.next());
        let lives: Vec<(u64, bool)> = lives.map(|life| (life.seed, life.twice)).collect();
        assert_eq!(lives, [(7, false), (40, true), (41, false), (42, false)]);
    }
}

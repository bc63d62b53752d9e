//! Policies side by side on the same calls: what fraction was late, how sure that is, and what it cost the units.
//!
//! Every policy meets the same calls, so differences are taken pair by pair: by run where there are several, else by day. Their
//! mean has a 95 % interval after Student; an interval that holds zero means that nothing was shown.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use super::engine::{Outcome, play};
use super::policy::Policy;
use super::scene::{DAY_MS, Run, Scene};

/// Seconds of one step of a response curve.
pub const CURVE_STEP_S: u32 = 30;
/// Steps of a response curve: half an hour.
const CURVE_STEPS: usize = 60;

/// A mean with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half the width of the interval; none with fewer than two pairs.
    pub half_width: Option<f64>,
    /// Pairs that it rests on.
    pub pairs: usize,
}

impl Estimate {
    /// Makes one of values.
    pub fn of(values: &[f64]) -> Estimate {
        let pairs = values.len();
        let mean = values.iter().sum::<f64>() / pairs.max(1) as f64;
        let half_width = (pairs >= 2).then(|| {
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            let deviation = (squares / (pairs - 1) as f64).sqrt();
            student(pairs - 1) * deviation / (pairs as f64).sqrt()
        });
        Estimate {
            mean,
            half_width,
            pairs,
        }
    }

    /// Returns whether the interval leaves zero out.
    pub fn is_sure(&self) -> bool {
        self.half_width.is_some_and(|half| self.mean.abs() > half)
    }
}

/// Student's 97.5 % point by degrees of freedom; above thirty that of thirty, sixty or the normal curve.
fn student(freedom: usize) -> f64 {
    const POINTS: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
        2.052, 2.048, 2.045, 2.042,
    ];
    match freedom {
        0 => f64::INFINITY,
        1..=30 => POINTS[freedom - 1],
        31..=59 => POINTS[29],
        60..=119 => 2.000,
        _ => 1.980,
    }
}

/// Calls and how many of them were late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Late {
    /// Calls.
    pub calls: u32,
    /// Late ones.
    pub late: u32,
}

impl Late {
    /// Returns the fraction; 0 without calls.
    pub fn fraction(self) -> f64 {
        f64::from(self.late) / f64::from(self.calls.max(1))
    }

    fn add(&mut self, late: bool) {
        self.calls += 1;
        self.late += u32::from(late);
    }
}

/// What came of a policy over all runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Its name.
    pub policy: String,
    /// All calls.
    pub all: Late,
    /// The late fraction less that of the first policy, by pairs.
    pub difference: Estimate,
    /// The difference as a share of the first policy's late fraction.
    pub relative: f64,
    /// By priority.
    pub by_priority: Vec<Late>,
    /// The difference by priority.
    pub difference_by_priority: Vec<Estimate>,
    /// By district.
    pub by_district: Vec<Late>,
    /// The difference by district.
    pub difference_by_district: Vec<Estimate>,
    /// Mean seconds from call to arrival.
    pub mean_s: f64,
    /// Half of the calls were reached within so many seconds.
    pub p50_s: f64,
    /// Nine in ten were reached within so many seconds.
    pub p90_s: f64,
    /// Share of calls reached within each [`CURVE_STEP_S`].
    pub curve: Vec<f64>,
    /// Moves per unit and day.
    pub moves_per_unit_day: f64,
    /// Minutes driven for moves per unit and day.
    pub move_minutes_per_unit_day: f64,
    /// Share of the time that units were bound by calls, by unit.
    pub bound: Vec<f64>,
    /// Moves per day, by unit.
    pub moves: Vec<f64>,
    /// Calls per day that found nobody free.
    pub waited_per_day: f64,
    /// Units per day taken off one call for a graver one.
    pub redirected_per_day: f64,
    /// Units per day relieved of a call by one that was nearer.
    pub swapped_per_day: f64,
}

/// What came of all policies.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// By policy, in the order asked for.
    pub summaries: Vec<Summary>,
    /// What pairs are: runs or days.
    pub paired_by: &'static str,
    /// Days that counted, all runs together.
    pub days: f64,
    /// By policy, run and call: milliseconds to arrival. Not written to the report.
    #[serde(skip)]
    pub outcomes: Vec<Vec<Outcome>>,
}

/// Plays every policy on every run, on as many threads; `done` is told how many of them are done.
///
/// The scenes are the policies' own, one for each, so that a policy may come with another station or another unit.
pub fn compare(
    cases: &[(&Scene, &Policy)],
    runs: &[Run],
    threads: usize,
    done: impl Fn(usize) + Sync,
) -> Comparison {
    let jobs: Vec<(usize, usize)> = (0..cases.len())
        .flat_map(|case| (0..runs.len()).map(move |run| (case, run)))
        .collect();
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(vec![vec![Outcome::default(); runs.len()]; cases.len()]);
    let work = || {
        while let Some((case, run)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (scene, policy) = cases[*case];
            let outcome = play(scene, &runs[*run], policy);
            // Nothing is done under the lock that could panic.
            let mut outcomes = outcomes
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            outcomes[*case][*run] = outcome;
            done(next.load(Ordering::Relaxed).min(jobs.len()));
        }
    };
    std::thread::scope(|scope| {
        (0..threads.max(1)).for_each(|_| {
            scope.spawn(work);
        });
    });
    let outcomes = outcomes
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let first = &outcomes[0];
    let summaries = cases
        .iter()
        .zip(&outcomes)
        .map(|((scene, policy), own)| summary(scene, policy, runs, first, own));
    Comparison {
        summaries: summaries.collect(),
        paired_by: if runs.len() > 1 { "run" } else { "day" },
        days: runs.iter().map(Run::days).sum(),
        outcomes,
    }
}

/// Late calls of blocks (runs, or the days of one run), of those that a test lets pass.
fn blocks(
    scene: &Scene,
    runs: &[Run],
    outcomes: &[Outcome],
    wanted: impl Fn(&super::scene::Call) -> bool,
) -> Vec<Late> {
    let mut blocks = Vec::new();
    for (run, outcome) in runs.iter().zip(outcomes) {
        let days = match runs.len() {
            1 => ((run.counted_to_ms - run.counted_from_ms) / DAY_MS + 1).max(1) as usize,
            _ => 1,
        };
        let mut own = vec![Late::default(); days];
        for (call, response) in run.calls.iter().zip(&outcome.response_ms) {
            if !run.counts(call) || !wanted(call) {
                continue;
            }
            let day = if days == 1 {
                0
            } else {
                ((call.at_ms - run.counted_from_ms) / DAY_MS) as usize
            };
            own[day].add(is_late(scene, call.priority, *response));
        }
        blocks.extend(own);
    }
    blocks
}

fn is_late(scene: &Scene, priority: u8, response: Option<i64>) -> bool {
    response.is_none_or(|ms| ms > scene.target_ms[usize::from(priority)])
}

fn difference(first: &[Late], own: &[Late]) -> Estimate {
    let pairs = first.iter().zip(own).filter(|(first, _)| first.calls > 0);
    let values: Vec<f64> = pairs
        .map(|(first, own)| own.fraction() - first.fraction())
        .collect();
    Estimate::of(&values)
}

fn sum(blocks: &[Late]) -> Late {
    blocks.iter().fold(Late::default(), |sum, block| Late {
        calls: sum.calls + block.calls,
        late: sum.late + block.late,
    })
}

fn summary(
    scene: &Scene,
    policy: &Policy,
    runs: &[Run],
    first: &[Outcome],
    own: &[Outcome],
) -> Summary {
    let both = |wanted: &dyn Fn(&super::scene::Call) -> bool| {
        let (before, after) = (
            blocks(scene, runs, first, wanted),
            blocks(scene, runs, own, wanted),
        );
        (sum(&before), sum(&after), difference(&before, &after))
    };
    let (before, all, difference) = both(&|_| true);
    let priorities = 0..scene.priorities.len();
    let by_priority: Vec<_> = priorities
        .map(|at| both(&|call| usize::from(call.priority) == at))
        .collect();
    let by_district: Vec<_> = (0..scene.districts.len())
        .map(|at| both(&|call| usize::from(call.district) == at))
        .collect();
    let mut seconds = responses(runs, own);
    let days: f64 = runs.iter().map(Run::days).sum();
    let units = scene.units.len();
    let per_unit = |of: &dyn Fn(&Outcome, usize) -> f64| -> Vec<f64> {
        (0..units)
            .map(|unit| own.iter().map(|one| of(one, unit)).sum::<f64>() / days)
            .collect()
    };
    let per_day = |of: &dyn Fn(&Outcome) -> f64| own.iter().map(of).sum::<f64>() / days;
    let moves = per_unit(&|one, unit| f64::from(one.moves[unit]));
    Summary {
        policy: policy.name.clone(),
        all,
        difference,
        relative: difference.mean / before.fraction().max(1e-9),
        by_priority: by_priority.iter().map(|(_, after, _)| *after).collect(),
        difference_by_priority: by_priority
            .iter()
            .map(|(_, _, estimate)| *estimate)
            .collect(),
        by_district: by_district.iter().map(|(_, after, _)| *after).collect(),
        difference_by_district: by_district
            .iter()
            .map(|(_, _, estimate)| *estimate)
            .collect(),
        mean_s: seconds.iter().sum::<f64>() / seconds.len().max(1) as f64,
        p50_s: percentile(&mut seconds, 0.5),
        p90_s: percentile(&mut seconds, 0.9),
        curve: curve(&seconds, all.calls),
        moves_per_unit_day: moves.iter().sum::<f64>() / units.max(1) as f64,
        move_minutes_per_unit_day: per_day(&|one| one.move_drive_ms as f64)
            / 60_000.0
            / units.max(1) as f64,
        bound: per_unit(&|one, unit| one.bound_ms[unit] as f64 / DAY_MS as f64),
        moves,
        waited_per_day: per_day(&|one| f64::from(one.waited)),
        redirected_per_day: per_day(&|one| f64::from(one.redirected)),
        swapped_per_day: per_day(&|one| f64::from(one.swapped)),
    }
}

/// Seconds to arrival of all counted calls that were reached.
fn responses(runs: &[Run], outcomes: &[Outcome]) -> Vec<f64> {
    let mut seconds = Vec::new();
    for (run, outcome) in runs.iter().zip(outcomes) {
        let counted = run
            .calls
            .iter()
            .zip(&outcome.response_ms)
            .filter(|(call, _)| run.counts(call));
        seconds.extend(counted.filter_map(|(_, ms)| Some((*ms)? as f64 / 1_000.0)));
    }
    seconds
}

fn percentile(seconds: &mut [f64], share: f64) -> f64 {
    seconds.sort_by(f64::total_cmp);
    let at = (seconds.len() as f64 * share).ceil() as usize;
    seconds.get(at.saturating_sub(1)).copied().unwrap_or(0.0)
}

fn curve(sorted: &[f64], calls: u32) -> Vec<f64> {
    let within = |step: usize| {
        let limit = f64::from(CURVE_STEP_S) * step as f64;
        sorted.partition_point(|seconds| *seconds <= limit) as f64 / f64::from(calls.max(1))
    };
    (0..=CURVE_STEPS).map(within).collect()
}

//! Speeds learned from an agency's own runs: how much longer its crews take than the map says, and how much that varies.
//!
//! A [`Run`] is one drive on record: from where, to where, at what hour, how many seconds. Each is put on the fastest way of
//! the map, and [`Factors`] are fitted: seconds that every run takes whatever its length, a factor for each class of road, a
//! factor for each hour, and the middle and the ninetieth of a hundred of what is left over, by length. Everything rests on
//! medians, so that a crew that stopped on its way does not shift it, and every factor is drawn towards none where few runs
//! speak for it. Nothing here knows of units or people: a run has no name. Start at [`fit`] and [`cross_validate`].

use crate::class::Class;
use crate::error::RoadsError;
use crate::limits::{RUNS_MAX, SHARE_RANGE_PERCENT};
use crate::router::Router;
use crate::snap::Snap;
use crate::source::check_count;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const HOURS: usize = 24;
/// How many runs weigh as much as "no factor" when a class or an hour is fitted.
const DOUBT_RUNS: f64 = 30.0;
const ROUNDS: usize = 8;
/// The ways are looked for again with the factors so far this often.
const REROUTES: usize = 2;
const FIXED_MAX_S: u32 = 180;
const FIXED_STEP_S: u32 = 10;
/// Lengths are told apart where each part has at least this many runs.
const SPREAD_RUNS_MIN: usize = 60;
const SPREADS_MAX: usize = 6;

/// One drive on record.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Where it began.
    pub from: Snap,
    /// Where it ended.
    pub to: Snap,
    /// The day, counted from any; runs of one day are left out together when others are tested.
    pub day: i64,
    /// The hour of the day at which it began, 0 to 23.
    pub hour: u8,
    /// How long it took.
    pub seconds: u32,
}

/// What was learned.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Factors {
    /// What every run takes besides driving, in seconds.
    pub fixed_s: u32,
    /// The time on each class of road, in percent of that of the map.
    pub class_percent: BTreeMap<Class, u16>,
    /// The time at each hour of the day, in percent; 24 of them, or none.
    pub hour_percent: Vec<u16>,
    /// What varies, by length: the first that is long enough holds.
    pub spread: Vec<Spread>,
}

/// How much the times of runs up to a length vary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Up to this time, in seconds.
    pub up_to_s: u32,
    /// Half of the runs take at most this percentage of it.
    pub p50_percent: u16,
    /// Nine of ten runs take at most this percentage of it.
    pub p90_percent: u16,
}

/// A travel time as what it is: a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    /// Half of the runs take at most this, in milliseconds.
    pub p50_ms: u32,
    /// Nine of ten runs take at most this, in milliseconds.
    pub p90_ms: u32,
}

/// How far predictions are from what happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Errors {
    /// Runs looked at.
    pub runs: usize,
    /// The middle of the absolute errors, in percent of what a run took.
    pub median_percent: f64,
    /// Nine of ten absolute errors are at most this, in percent.
    pub p90_percent: f64,
    /// How far the middle of the predictions is from the middle of the runs, in percent: below nought is too early.
    pub bias_percent: f64,
    /// The runs that took at most the p90 predicted, in percent; none where none was predicted.
    pub p90_covered_percent: Option<f64>,
}

/// Errors before and after, on days that the factors had not seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Validation {
    /// By the map alone.
    pub before: Errors,
    /// With the factors of the other days.
    pub after: Errors,
    /// Days in turn left out.
    pub days: usize,
}

impl Factors {
    /// Returns the times in percent by class at an hour of the day, for [`crate::Conditions::time_percent`].
    pub fn time_percent(&self, hour: u8) -> BTreeMap<Class, u16> {
        let of_hour = self.hour_percent.get(usize::from(hour)).copied();
        let of_hour = u32::from(of_hour.unwrap_or(100));
        let percent = |class: &Class| {
            let of_class = self.class_percent.get(class).copied().unwrap_or(100);
            let (min, max) = SHARE_RANGE_PERCENT;
            (u32::from(of_class) * of_hour / 100).clamp(u32::from(min), u32::from(max)) as u16
        };
        Class::ALL
            .iter()
            .map(|class| (*class, percent(class)))
            .collect()
    }

    /// Returns what a road time, driven under [`Factors::time_percent`], comes to.
    pub fn quantiles(&self, road_ms: u32) -> Quantiles {
        let all_ms = u64::from(road_ms) + u64::from(self.fixed_s) * 1_000;
        let fits = |spread: &&Spread| all_ms <= u64::from(spread.up_to_s) * 1_000;
        let spread = self.spread.iter().find(fits).or(self.spread.last());
        let share =
            |percent: u16| (all_ms * u64::from(percent) / 100).min(u64::from(u32::MAX)) as u32;
        Quantiles {
            p50_ms: share(spread.map_or(100, |spread| spread.p50_percent)),
            p90_ms: share(spread.map_or(100, |spread| spread.p90_percent)),
        }
    }

    /// The time of a run in seconds before anything that varies.
    fn seconds(&self, run: &Driven) -> f64 {
        let driven: f64 = run
            .by_class
            .iter()
            .map(|(class, s)| s * percent(self.class_percent.get(class)))
            .sum();
        f64::from(self.fixed_s) + driven * percent(self.hour_percent.get(usize::from(run.hour)))
    }
}

fn percent(of: Option<&u16>) -> f64 {
    of.map_or(1.0, |percent| f64::from(*percent) / 100.0)
}

/// A run with the time by the map on each class of road, in seconds.
struct Driven {
    by_class: BTreeMap<Class, f64>,
    hour: u8,
    seconds: f64,
}

/// Fits factors to runs, over the network and profile of a router that has the times of the map.
pub fn fit(router: &Router, runs: &[Run]) -> Result<Factors, RoadsError> {
    check_count("runs", runs.len() as u64, RUNS_MAX)?;
    let mut factors = Factors::default();
    for _ in 0..=REROUTES {
        factors = fitted(&driven(router, &factors, runs));
    }
    Ok(factors)
}

/// Leaves out one day after the other, fits factors to the rest, and says how well they do on the day left out.
pub fn cross_validate(router: &Router, runs: &[Run]) -> Result<Validation, RoadsError> {
    check_count("runs", runs.len() as u64, RUNS_MAX)?;
    let mut days: Vec<i64> = runs.iter().map(|run| run.day).collect();
    days.sort_unstable();
    days.dedup();
    let mut before = Vec::new();
    let mut after = Vec::new();
    let none = Factors::default();
    let mapped = driven(router, &none, runs);
    for &day in &days {
        let known: Vec<Run> = runs.iter().filter(|run| run.day != day).cloned().collect();
        let factors = fit(router, &known)?;
        let unseen: Vec<Run> = runs.iter().filter(|run| run.day == day).cloned().collect();
        for run in driven(router, &factors, &unseen) {
            let of = factors.quantiles_s(&run);
            after.push((run.seconds, of.0, Some(of.1)));
        }
    }
    for run in &mapped {
        before.push((run.seconds, none.seconds(run), None));
    }
    Ok(Validation {
        before: errors(&before),
        after: errors(&after),
        days: days.len(),
    })
}

impl Factors {
    fn quantiles_s(&self, run: &Driven) -> (f64, f64) {
        let all_s = self.seconds(run);
        let spread = self
            .spread
            .iter()
            .find(|spread| all_s <= f64::from(spread.up_to_s));
        let Some(spread) = spread.or(self.spread.last()) else {
            return (all_s, all_s);
        };
        let share = |percent: u16| all_s * f64::from(percent) / 100.0;
        (share(spread.p50_percent), share(spread.p90_percent))
    }
}

/// Puts runs on the fastest way under factors; those without a way, or that took no time, are left out.
fn driven(router: &Router, factors: &Factors, runs: &[Run]) -> Vec<Driven> {
    let under = |percent| {
        let conditions = crate::Conditions {
            time_percent: percent,
            ..crate::Conditions::default()
        };
        router.under_conditions(&conditions).ok()
    };
    // The hour stretches all roads alike, so that the fastest way is the same at every hour.
    let stretched = under(factors.time_percent(u8::MAX));
    let stretched = stretched.as_ref().unwrap_or(router);
    runs.iter()
        .filter(|run| run.seconds > 0)
        .filter_map(|run| {
            let by_class = stretched.mapped_ms_by_class(&run.from, &run.to).ok()?;
            let by_class = by_class.into_iter();
            Some(Driven {
                by_class: by_class.map(|(class, ms)| (class, ms / 1_000.0)).collect(),
                hour: run.hour,
                seconds: f64::from(run.seconds),
            })
        })
        .collect()
}

fn fitted(runs: &[Driven]) -> Factors {
    if runs.is_empty() {
        return Factors::default();
    }
    let tries = (0..=FIXED_MAX_S).step_by(FIXED_STEP_S as usize);
    let tried = tries.map(|fixed_s| {
        let fit = Fit::new(runs, f64::from(fixed_s));
        (fit.loss(runs), fixed_s, fit)
    });
    let best = tried.min_by(|a, b| a.0.total_cmp(&b.0));
    let Some((_, fixed_s, fit)) = best else {
        return Factors::default();
    };
    let (min, max) = SHARE_RANGE_PERCENT;
    let whole = |share: f64| {
        (share * 100.0)
            .round()
            .clamp(f64::from(min), f64::from(max)) as u16
    };
    let mut factors = Factors {
        fixed_s,
        class_percent: Class::ALL
            .iter()
            .map(|class| {
                (
                    *class,
                    whole(fit.all * fit.by_class.get(class).unwrap_or(&1.0)),
                )
            })
            .collect(),
        hour_percent: fit.by_hour.iter().copied().map(whole).collect(),
        spread: Vec::new(),
    };
    factors.spread = spread(&factors, runs);
    factors
}

/// Factors while they are fitted.
struct Fit {
    fixed_s: f64,
    all: f64,
    by_class: BTreeMap<Class, f64>,
    by_hour: [f64; HOURS],
}

impl Fit {
    fn new(runs: &[Driven], fixed_s: f64) -> Fit {
        let mut fit = Fit {
            fixed_s,
            all: 1.0,
            by_class: BTreeMap::new(),
            by_hour: [1.0; HOURS],
        };
        let classes: BTreeSet<Class> = runs
            .iter()
            .flat_map(|run| run.by_class.keys().copied())
            .collect();
        for _ in 0..ROUNDS {
            // What is left over counts against the driving alone, not against what is the same for all.
            fit.all *= middle(runs.iter().map(|run| (fit.left(run), 1.0))).exp();
            for &class in &classes {
                let shares = || runs.iter().map(|run| (fit.left(run), run.share(class)));
                let (weight, step) = (
                    shares().map(|(_, share)| share).sum::<f64>(),
                    middle(shares()),
                );
                let step = (step * weight / (weight + DOUBT_RUNS)).exp();
                *fit.by_class.entry(class).or_insert(1.0) *= step;
            }
            for hour in 0..HOURS {
                let at = |run: &&Driven| usize::from(run.hour) == hour;
                let of_hour = || runs.iter().filter(at).map(|run| (fit.left(run), 1.0));
                let (weight, step) = (of_hour().count() as f64, middle(of_hour()));
                fit.by_hour[hour] *= (step * weight / (weight + DOUBT_RUNS)).exp();
            }
        }
        fit
    }

    fn driven_s(&self, run: &Driven) -> f64 {
        let by_class = run.by_class.iter();
        let driven: f64 = by_class
            .map(|(class, s)| s * self.by_class.get(class).unwrap_or(&1.0))
            .sum();
        driven * self.all * self.by_hour[usize::from(run.hour) % HOURS]
    }

    /// How much longer a run took than predicted, as a logarithm.
    fn left(&self, run: &Driven) -> f64 {
        (run.seconds / (self.fixed_s + self.driven_s(run)).max(1.0)).ln()
    }

    fn loss(&self, runs: &[Driven]) -> f64 {
        runs.iter().map(|run| self.left(run).abs()).sum()
    }
}

impl Driven {
    fn share(&self, class: Class) -> f64 {
        let all: f64 = self.by_class.values().sum();
        self.by_class.get(&class).copied().unwrap_or(0.0) / all.max(f64::MIN_POSITIVE)
    }
}

/// The middle of values by weight; nought if there is none.
fn middle(values: impl Iterator<Item = (f64, f64)>) -> f64 {
    let mut values: Vec<(f64, f64)> = values.filter(|(_, weight)| *weight > 0.0).collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = values.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut below = 0.0;
    for (value, weight) in &values {
        below += weight;
        if below >= half {
            return *value;
        }
    }
    0.0
}

fn spread(factors: &Factors, runs: &[Driven]) -> Vec<Spread> {
    let mut known: Vec<(f64, f64)> = runs
        .iter()
        .map(|run| {
            let predicted_s = factors.seconds(run).max(1.0);
            (predicted_s, run.seconds / predicted_s)
        })
        .collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let parts = (known.len() / SPREAD_RUNS_MIN).clamp(1, SPREADS_MAX);
    let each = known.len().div_ceil(parts).max(1);
    let spread = |part: &[(f64, f64)]| {
        let mut ratios: Vec<f64> = part.iter().map(|(_, ratio)| *ratio).collect();
        ratios.sort_by(f64::total_cmp);
        let percent = |share: f64| {
            (quantile(&ratios, share) * 100.0)
                .round()
                .clamp(1.0, 10_000.0)
        };
        Spread {
            up_to_s: part
                .last()
                .map_or(0.0, |(predicted_s, _)| predicted_s.ceil()) as u32,
            p50_percent: percent(0.5) as u16,
            p90_percent: percent(0.9) as u16,
        }
    };
    known.chunks(each).map(spread).collect()
}

/// The value at a share of sorted values, between two of them where it falls there (Hyndman and Fan's seventh kind).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let at = share * last as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

/// The errors of what was predicted, from (what it took, p50, p90) in seconds.
fn errors(all: &[(f64, f64, Option<f64>)]) -> Errors {
    if all.is_empty() {
        return Errors::default();
    }
    let sorted = |values: Vec<f64>| {
        let mut values = values;
        values.sort_by(f64::total_cmp);
        values
    };
    let off = |(took, p50, _): &(f64, f64, Option<f64>)| (p50 - took).abs() / took * 100.0;
    let off = sorted(all.iter().map(off).collect());
    let took = quantile(&sorted(all.iter().map(|one| one.0).collect()), 0.5);
    let predicted = quantile(&sorted(all.iter().map(|one| one.1).collect()), 0.5);
    let covered = all
        .iter()
        .filter(|(took, _, p90)| p90.is_some_and(|p90| *took <= p90));
    let has_p90 = all.iter().all(|(_, _, p90)| p90.is_some());
    let share = covered.count() as f64 / all.len() as f64 * 100.0;
    Errors {
        runs: all.len(),
        median_percent: quantile(&off, 0.5),
        p90_percent: quantile(&off, 0.9),
        bias_percent: (predicted / took - 1.0) * 100.0,
        p90_covered_percent: has_p90.then_some(share),
    }
}

//! What is learned from runs: factors that were put in come out, and what is promised of days not seen holds.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use common::{Random, build_map, ends};
use std::sync::Arc;
use watchfire_roads::calibrate::{Factors, Quantiles, Run, Spread, cross_validate, fit};
use watchfire_roads::limits::RUNS_MAX;
use watchfire_roads::{Class, Conditions, Router};

const SEED: u64 = 0xca1b_2026;
const FIXED_S: f64 = 40.0;
const RUSH_HOUR: u8 = 8;

/// A town of fourteen streets each way, a third of them primary roads.
fn town() -> Router {
    let letters = 'a'..='n';
    let class = |index: usize| {
        if index.is_multiple_of(3) {
            "primary"
        } else {
            "residential"
        }
    };
    let mut text = String::new();
    for row in 0..14 {
        let points: Vec<String> = letters
            .clone()
            .map(|column| format!("{column}{row}"))
            .collect();
        text += &format!("Row{row}: {} highway={}\n", points.join(" "), class(row));
    }
    for (index, column) in letters.enumerate() {
        let points: Vec<String> = (0..14).map(|row| format!("{column}{row}")).collect();
        text += &format!(
            "Column{index}: {} highway={}\n",
            points.join(" "),
            class(index)
        );
    }
    Router::new(Arc::new(build_map(&text).unwrap().0))
}

/// Runs that take 40 s, and twice the time of the map, half as much again at eight; give or take a third, and one in
/// twenty stops on its way.
fn made_up_runs(router: &Router, count: usize) -> Vec<Run> {
    let mut random = Random(SEED);
    let ends = ends(router.graph());
    let mut runs = Vec::new();
    while runs.len() < count {
        let mut snap = || router.snap(ends[random.below(ends.len())]).unwrap();
        let (from, to) = (snap(), snap());
        let road_ms = router.times_to_snapped(&to, &[from])[0].unwrap().time_ms;
        let hour = random.below(24) as u8;
        let rush = if hour == RUSH_HOUR { 1.5 } else { 1.0 };
        let varied = 0.75 + random.share() * 0.5;
        let stopped = if random.below(20) == 0 { 600.0 } else { 0.0 };
        let seconds = (FIXED_S + f64::from(road_ms) / 1_000.0 * 2.0 * rush) * varied + stopped;
        runs.push(Run {
            from,
            to,
            day: random.below(5) as i64,
            hour,
            seconds: seconds as u32,
        });
    }
    runs
}

#[test]
fn the_factors_that_were_put_in_come_out() {
    let router = town();
    let factors = fit(&router, &made_up_runs(&router, 1_200)).unwrap();
    assert!(factors.fixed_s.abs_diff(40) <= 20, "{factors:?}");
    for class in [Class::Primary, Class::Residential] {
        let percent = factors.class_percent[&class];
        assert!(
            (170..=230).contains(&percent),
            "seed {SEED:#x}: {factors:?}"
        );
    }
    let rush = factors.hour_percent[usize::from(RUSH_HOUR)];
    let quiet = factors.hour_percent[12];
    assert!(rush > quiet + 15, "{factors:?}");
    let conditions = Conditions {
        time_percent: factors.time_percent(RUSH_HOUR),
        ..Conditions::default()
    };
    assert!(router.under_conditions(&conditions).is_ok());
}

#[test]
fn what_is_promised_holds_on_days_that_were_not_seen() {
    let router = town();
    let validation = cross_validate(&router, &made_up_runs(&router, 1_200)).unwrap();
    let (before, after) = (validation.before, validation.after);
    assert_eq!(
        (validation.days, before.runs, after.runs),
        (5, 1_200, 1_200)
    );
    assert!(
        after.median_percent * 2.0 < before.median_percent,
        "{validation:?}"
    );
    assert!(
        before.bias_percent < -40.0 && after.bias_percent.abs() < 8.0,
        "{validation:?}"
    );
    let covered = after.p90_covered_percent.unwrap();
    assert!((86.0..=94.0).contains(&covered), "{validation:?}");
    assert_eq!(before.p90_covered_percent, None);
}

#[test]
fn without_runs_nothing_is_learned_and_times_stay_as_they_are() {
    let router = town();
    assert_eq!(fit(&router, &[]), Ok(Factors::default()));
    let none = Factors::default();
    let same = Quantiles {
        p50_ms: 90_000,
        p90_ms: 90_000,
    };
    assert_eq!(none.quantiles(90_000), same);
    assert!(none.time_percent(3).values().all(|percent| *percent == 100));
    let mut one = made_up_runs(&router, 1);
    one[0].seconds = 0;
    assert_eq!(fit(&router, &one), Ok(Factors::default()));
    let many = vec![one[0].clone(); RUNS_MAX as usize + 1];
    assert!(fit(&router, &many).is_err());
    assert!(fit(&router, &many[1..]).is_ok());
}

#[test]
fn a_time_is_stretched_by_the_first_length_that_is_long_enough() {
    let spread = |up_to_s, p50_percent, p90_percent| Spread {
        up_to_s,
        p50_percent,
        p90_percent,
    };
    let factors = Factors {
        fixed_s: 30,
        spread: vec![spread(60, 100, 200), spread(300, 90, 150)],
        ..Factors::default()
    };
    let of = |road_s: u32| {
        let quantiles = factors.quantiles(road_s * 1_000);
        (quantiles.p50_ms, quantiles.p90_ms)
    };
    assert_eq!(of(30), (60_000, 120_000));
    assert_eq!(of(31), (54_900, 91_500));
    // Longer than anything on record: the longest is the nearest that is known.
    assert_eq!(of(970), (900_000, 1_500_000));
}

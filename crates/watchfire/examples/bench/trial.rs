//! Policies on the ten replications of a published city model, and how many days are simulated per minute.
//!
//! The model lies outside the repository (`jemss-cities/auckland` beside the shared data, or where `WATCHFIRE_TRIAL_MODEL` says);
//! where it is missing, this part says so and is left out. What is asked is what the field asks: fewer late calls than the
//! closest unit from fixed stations gives, surely, at no more moves than the published method. Start at [`run`].

use std::path::PathBuf;
use std::time::Instant;

use watchfire::trial::compare::{Comparison, compare};
use watchfire::trial::jemss;
use watchfire::trial::policy::Policy;
use watchfire::trial::scene::{Run, Scene};

use crate::floors;
use crate::report::Report;
use crate::{Outcome, Scale};

/// The policies; the first is what the others are compared with, the second the published method, the last ours.
const POLICIES: [&str; 3] = ["closest", "dmexclp", "joint+move_up"];

/// Measures trials.
pub(crate) fn run(scale: &Scale, report: &mut Report) -> Outcome<()> {
    let dir = model();
    if !dir.exists() {
        eprintln!("trial: left out, there is no model at {}", dir.display());
        return Ok(());
    }
    let scene = jemss::scene(&dir)?;
    let runs: Vec<Run> = jemss::runs(&dir, &scene)?
        .into_iter()
        .map(|(_, run)| run)
        .take(scale.of(10, 2))
        .collect();
    let policies: Vec<Policy> = POLICIES
        .iter()
        .filter_map(|name| Policy::named(name))
        .collect();
    let cases: Vec<(&Scene, &Policy)> = policies.iter().map(|policy| (&scene, policy)).collect();
    let began = Instant::now();
    let compared = compare(&cases, &runs, 2, |_| {});
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    let days: f64 = runs.iter().map(Run::days).sum::<f64>() * cases.len() as f64;
    report.add(&floors::TRIAL_DAYS_PER_MINUTE, days / minutes);
    add(report, &compared);
    Ok(())
}

fn add(report: &mut Report, compared: &Comparison) {
    let [closest, published, ours] = &compared.summaries[..] else {
        return;
    };
    report.add(
        &floors::TRIAL_LATE_CLOSEST_PERCENT,
        closest.all.fraction() * 100.0,
    );
    report.add(
        &floors::TRIAL_DROP_PUBLISHED_PERCENT,
        -published.relative * 100.0,
    );
    report.add(&floors::TRIAL_DROP_PERCENT, -ours.relative * 100.0);
    let half = ours.difference.half_width.unwrap_or(f64::INFINITY);
    report.add(
        &floors::TRIAL_DROP_SURELY_POINTS,
        (-ours.difference.mean - half) * 100.0,
    );
    report.add(
        &floors::TRIAL_MOVES_PER_PUBLISHED,
        ours.moves_per_unit_day / published.moves_per_unit_day,
    );
}

fn model() -> PathBuf {
    let beside =
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/jemss-cities/auckland");
    std::env::var_os("WATCHFIRE_TRIAL_MODEL").map_or_else(beside, PathBuf::from)
}

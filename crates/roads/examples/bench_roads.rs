//! Takes the figures of `docs/bench/roads.md` on one map: the nearest few of a thousand units, a table, closing a street, the
//! next hour, a flood, and the way from the map to the first answer.
//!
//! `cargo xtask bench roads MAP` runs it. With `--points FILE` it also writes where its units and calls are, so that
//! `conformance/roads/peers.py` can ask other programs the same. Every answer that is timed is held against Dijkstra's search
//! first, and a difference ends the run with an error: a fast wrong answer is not a result.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a measuring program, not the crate"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use watchfire_roads::oracle::Oracle;
use watchfire_roads::{
    BuildOptions, Class, Condition, Conditions, Effect, Format, Point, Profile, RoadGraph, Router,
    Snap, Stretch, build,
};

const SEED: u64 = 20_261_126;
const UNITS: usize = 1_000;
const NEAREST: usize = 50;
const CALLS: usize = 400;
const CHECKED_CALLS: usize = 20;
const ROUNDS: usize = 41;
const BUILDS: usize = 3;
const COVER_UNITS: usize = 1_500;
const COVER_PLACES: usize = 10_000;
const COVER_WITHIN_MS: u32 = 900_000;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let path = words.first().ok_or("give the path of a map")?;
    let points_file = words.iter().position(|word| word == "--points");
    let points_file = points_file.and_then(|at| words.get(at + 1));
    let mut from_map = Vec::new();
    let mut built = None;
    for _ in 0..BUILDS {
        let (router, took) = timed(|| first_answer(path));
        from_map.push(took);
        built = Some(router?);
    }
    let router = built.ok_or("nothing was built")?;
    let graph = Arc::clone(router.graph());
    println!(
        "{path}: {} junctions, {} arcs both ways",
        graph.junctions(),
        graph.edges() * 2
    );
    line("from the map to the first answer", &mut from_map);
    let mut random = SEED;
    let (units, calls) = (
        beside_roads(&graph, &mut random, UNITS),
        beside_roads(&graph, &mut random, CALLS),
    );
    if let Some(file) = points_file {
        std::fs::write(
            file,
            serde_json::to_string(&serde_json::json!({
                "units": units, "calls": calls,
            }))?,
        )?;
    }
    let snaps: Vec<Snap> = units.iter().filter_map(|unit| router.snap(*unit)).collect();
    check(&router, &snaps, &calls)?;
    nearest(&router, &units, &snaps, &calls);
    table(&router, &snaps)?;
    coverage(&router, &mut random)?;
    weights(&router, &snaps, &calls, &mut random)
}

/// Opens a map, builds the network, and answers one question.
fn first_answer(path: &str) -> Outcome<Router> {
    let bytes = std::fs::read(path)?;
    let format = Format::detect(path, &bytes[..bytes.len().min(4_096)])?;
    let (graph, _) = build(format, &bytes, &BuildOptions::default(), &mut |_, _, _| {})?;
    let router = Router::new(Arc::new(graph));
    let bounds = router.graph().bounds();
    router.times_to(bounds.south_west, &[bounds.north_east]);
    Ok(router)
}

/// Holds the nearest few against Dijkstra's search.
fn check(router: &Router, snaps: &[Snap], calls: &[Point]) -> Outcome {
    let oracle = Oracle::new(router);
    for call in calls.iter().take(CHECKED_CALLS) {
        let target = router.snap(*call).ok_or("a call lies beside no road")?;
        let slow = oracle.times_to_snapped(&target, snaps);
        let mut slow: Vec<(u32, usize)> = slow
            .iter()
            .zip(0..)
            .filter_map(|(time, unit)| Some((time.ok()?.time_ms, unit)))
            .collect();
        slow.sort_unstable();
        slow.truncate(NEAREST);
        let fast = router.nearest(&target, snaps, NEAREST)?;
        let fast: Vec<(u32, usize)> = fast
            .iter()
            .map(|(unit, time)| (time.time_ms, *unit))
            .collect();
        if fast != slow {
            return Err("the fast answer differs from Dijkstra's".into());
        }
    }
    println!(
        "{CHECKED_CALLS} calls: the {NEAREST} nearest are those of Dijkstra's search, to the millisecond"
    );
    Ok(())
}

fn nearest(router: &Router, units: &[Point], snaps: &[Snap], calls: &[Point]) {
    let mut kept: Vec<Duration> = Vec::new();
    let mut whole: Vec<Duration> = Vec::new();
    for call in calls {
        let ask = |snaps: &[Snap]| {
            let target = router.snap(*call)?;
            router.nearest(&target, snaps, NEAREST).ok()
        };
        kept.push(timed(|| ask(snaps)).1);
        let snapped = || {
            units
                .iter()
                .filter_map(|unit| router.snap(*unit))
                .collect::<Vec<Snap>>()
        };
        whole.push(timed(|| ask(&snapped())).1);
    }
    line("50 nearest of 1,000, units kept snapped", &mut kept);
    line("the same, every unit snapped anew", &mut whole);
}

fn table(router: &Router, snaps: &[Snap]) -> Outcome {
    let mut runs = Vec::new();
    for _ in 0..5 {
        let (cells, took) = timed(|| router.table(snaps, snaps));
        cells?;
        runs.push(took);
    }
    line("table of 1,000 by 1,000", &mut runs);
    Ok(())
}

/// The two soonest of 1,500 units at 10,000 places within a quarter of an hour, in one search.
fn coverage(router: &Router, random: &mut u64) -> Outcome {
    let on_road = |points: Vec<Point>| -> Vec<Snap> {
        points.iter().filter_map(|one| router.snap(*one)).collect()
    };
    let units = on_road(beside_roads(router.graph(), random, COVER_UNITS));
    let places = on_road(beside_roads(router.graph(), random, COVER_PLACES));
    let found = router.two_soonest(&units, &places, COVER_WITHIN_MS)?;
    let oracle = Oracle::new(router);
    for (place, found) in places
        .iter()
        .zip(&found)
        .step_by(COVER_PLACES / CHECKED_CALLS)
    {
        let slow = oracle.times_to_snapped(place, &units).into_iter();
        let best = slow.filter_map(|time| Some(time.ok()?.time_ms)).min();
        let best = best.filter(|ms| *ms <= COVER_WITHIN_MS);
        if found.first.map(|(_, ms)| ms) != best {
            return Err("the soonest differs from Dijkstra's".into());
        }
    }
    let mut runs = Vec::new();
    for _ in 0..ROUNDS {
        runs.push(timed(|| router.two_soonest(&units, &places, COVER_WITHIN_MS)).1);
    }
    line(
        "coverage: 10,000 places, 1,500 units, two soonest",
        &mut runs,
    );
    Ok(())
}

fn weights(router: &Router, snaps: &[Snap], calls: &[Point], random: &mut u64) -> Outcome {
    let graph = router.graph();
    let only = |place: Stretch| Conditions {
        places: vec![Condition {
            place,
            effect: Effect::Closed,
            profile: None,
        }],
        ..Conditions::default()
    };
    let (mut street, mut flood, mut hour) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let edge = next(random, graph.edges()) as u32;
        let closed = only(Stretch::Edges(vec![edge]));
        let (after, took) = timed(|| router.under_conditions(&closed));
        street.push(took);
        if round == 0 {
            check(&after?, snaps, calls)?;
        }
        let at = calls[round % calls.len()];
        let corner = |lat: f64, lon: f64| Point {
            lat: at.lat + lat * 0.003,
            lon: at.lon + lon * 0.004,
        };
        let ring = vec![
            corner(-1.0, -1.0),
            corner(-1.0, 1.0),
            corner(1.0, 1.0),
            corner(1.0, -1.0),
        ];
        let flooded = only(Stretch::Area(vec![ring]));
        flood.push(timed(|| router.under_conditions(&flooded)).1);
        let percent = 110 + round as u16;
        let other = Conditions {
            time_percent: Class::ALL
                .iter()
                .map(|class| (*class, percent))
                .collect::<BTreeMap<_, _>>(),
            ..Conditions::default()
        };
        hour.push(timed(|| router.under_conditions(&other)).1);
    }
    let both = Profile::ALL.len();
    line(&format!("one street closed, {both} profiles"), &mut street);
    line(
        &format!("a flood of 600 by 600 m, {both} profiles"),
        &mut flood,
    );
    line(
        &format!("another hour, all weights, {both} profiles"),
        &mut hour,
    );
    Ok(())
}

fn line(what: &str, runs: &mut [Duration]) {
    runs.sort_unstable();
    let ms = |at: usize| runs[at].as_secs_f64() * 1_000.0;
    let (least, middle, late) = (ms(0), ms(runs.len() / 2), ms(runs.len() * 95 / 100));
    println!("{what:<44} least {least:>9.3} ms   median {middle:>9.3} ms   p95 {late:>9.3} ms");
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

fn next(random: &mut u64, below: usize) -> usize {
    *random = random
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*random >> 33) as usize % below
}

/// Points a few metres beside roads all over the network, the same ones every time.
fn beside_roads(graph: &RoadGraph, random: &mut u64, count: usize) -> Vec<Point> {
    let ends: Vec<Point> = graph.lines().flat_map(|line| line.points).collect();
    let mut near = || {
        let base = ends[next(random, ends.len())];
        let mut jitter = || (next(random, 1_001) as f64 - 500.0) * 4e-7;
        Point {
            lat: base.lat + jitter(),
            lon: base.lon + jitter(),
        }
    };
    (0..count).map(|_| near()).collect()
}

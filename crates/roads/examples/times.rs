//! Measures a map: how long it takes to build, save, load and reweigh, and how fast it answers against plain Dijkstra.
//!
//! `cargo run --release -p watchfire-roads --example times -- FILE` prints one line per step. Every answer that is timed is
//! also compared with Dijkstra's, and a difference ends the run with an error: a fast wrong answer is not a result.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a measuring program, not the crate"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};
use watchfire_roads::oracle::Oracle;
use watchfire_roads::{BuildOptions, Format, Point, RoadGraph, Router, Snap, build};

const SEED: u64 = 20_261_124;
const REPEATS: usize = 25;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("give the path of a map")?;
    let bytes = std::fs::read(&path)?;
    let format = Format::detect(&path, &bytes[..bytes.len().min(4_096)])?;
    let (built, build_time) =
        timed(|| build(format, &bytes, &BuildOptions::default(), &mut |_, _, _| {}));
    let (graph, report) = built?;
    print!("{report}");
    line("build from the map", build_time);
    let (saved, save_time) = timed(|| graph.to_bytes());
    line(&format!("save ({} kB)", saved.len() / 1_000), save_time);
    let (graph, load_time) = timed(|| RoadGraph::from_bytes(&saved));
    let graph = Arc::new(graph?);
    line("load", load_time);
    let (router, router_time) = timed(|| Router::new(Arc::clone(&graph)));
    line("make a router", router_time);
    let (_, reweigh_time) = median(|| router.reweighed(&|arc| arc.base_ms.map(|ms| ms / 2 + 1)));
    line("all weights new", reweigh_time);

    let mut random = SEED;
    let points = road_points(&graph, &mut random, 10_001);
    let (snaps, snap_time) = timed(|| {
        points
            .iter()
            .filter_map(|point| router.snap(*point))
            .collect::<Vec<Snap>>()
    });
    line(&format!("snap {} points", points.len()), snap_time);
    let (target, sources) = snaps.split_first().ok_or("no point lies near a road")?;
    let oracle = Oracle::new(&router);
    for count in [1, 200, 10_000] {
        let sources = &sources[..count.min(sources.len())];
        let (fast, fast_time) = median(|| router.times_to_snapped(target, sources));
        let (slow, slow_time) = median(|| oracle.times_to_snapped(target, sources));
        line(&format!("{} to one, fast", sources.len()), fast_time);
        line(&format!("{} to one, Dijkstra", sources.len()), slow_time);
        if fast != slow {
            return Err("the fast answer differs from Dijkstra's".into());
        }
    }
    let (_, whole) = median(|| router.times_to(points[0], &points[1..]));
    line("10000 to one, snapping included", whole);
    let (_, route_time) = median(|| router.route(points[0], points[1]));
    line("one route with its line", route_time);
    Ok(())
}

fn line(what: &str, took: Duration) {
    println!("{what:<36} {:>10.3} ms", took.as_secs_f64() * 1_000.0);
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// Runs the work a number of times and gives the last result and the middle time.
fn median<T>(work: impl Fn() -> T) -> (T, Duration) {
    let mut runs: Vec<Duration> = (1..REPEATS).map(|_| timed(&work).1).collect();
    let (result, last) = timed(&work);
    runs.push(last);
    runs.sort_unstable();
    (result, runs[runs.len() / 2])
}

/// Points a few metres beside roads all over the network, the same ones every time.
fn road_points(graph: &RoadGraph, random: &mut u64, count: usize) -> Vec<Point> {
    let ends: Vec<Point> = graph.lines().flat_map(|line| line.points).collect();
    let mut next = |below: usize| {
        *random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*random >> 33) as usize % below
    };
    let mut near = || {
        let base = ends[next(ends.len())];
        let jitter = |step: usize| (step as f64 - 500.0) * 4e-7;
        Point {
            lat: base.lat + jitter(next(1_001)),
            lon: base.lon + jitter(next(1_001)),
        }
    };
    (0..count).map(|_| near()).collect()
}

//! Measures finding places on a map: `cargo run --release -p watchfire-roads --example places -- FILE [TEXT]`.
//!
//! Without a text it looks up what people type for the roads and crossings of that map, several hundred texts of each
//! kind, and prints the middle, the 95th of a hundred and the longest time of each. With one it prints what is found.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a measuring program, not the crate"
)]

use std::time::{Duration, Instant};
use watchfire_roads::{BuildOptions, Format, Gazetteer, RoadGraph, build};

const TEXTS_PER_KIND: usize = 400;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("give the path of a map")?;
    let bytes = std::fs::read(&path)?;
    let graph = match RoadGraph::from_bytes(&bytes) {
        Ok(graph) => graph,
        Err(_) => {
            let format = Format::detect(&path, &bytes[..bytes.len().min(4_096)])?;
            build(format, &bytes, &BuildOptions::default(), &mut |_, _, _| {})?.0
        }
    };
    let began = Instant::now();
    let map = Gazetteer::new(Some(&graph), Vec::new(), Vec::new())?;
    let (roads, crossings, others) = map.counts();
    let made_ms = began.elapsed().as_millis();
    println!("{roads} roads, {crossings} crossings, {others} others; made in {made_ms} ms");
    if let Some(text) = std::env::args().nth(2) {
        for found in map.search(&text, None, 10)? {
            println!("{found:?}");
        }
        return Ok(());
    }
    let middle = graph.bounds().south_west;
    let step = (roads / TEXTS_PER_KIND).max(1);
    let names: Vec<&str> = map.roads().step_by(step).map(|(name, _)| name).collect();
    let start = |name: &str, letters: usize| name.chars().take(letters).collect::<String>();
    let slip = |name: &str| {
        let mut letters: Vec<char> = name.chars().collect();
        if letters.len() > 3 {
            letters.swap(2, 3);
        }
        letters.into_iter().collect::<String>()
    };
    let mut kinds: Vec<(&str, Vec<String>)> = vec![
        (
            "whole name",
            names.iter().map(|name| (*name).to_owned()).collect(),
        ),
        (
            "one letter",
            names.iter().map(|name| start(name, 1)).collect(),
        ),
        (
            "three letters",
            names.iter().map(|name| start(name, 3)).collect(),
        ),
        ("with a slip", names.iter().map(|name| slip(name)).collect()),
        (
            "a house number",
            names.iter().map(|name| format!("120 {name}")).collect(),
        ),
        (
            "not there",
            names.iter().map(|name| format!("{name} qqqq")).collect(),
        ),
        (
            "letters for pinyin",
            names
                .iter()
                .map(|name| format!("zs{}", start(name, 1)))
                .collect(),
        ),
    ];
    let step = (crossings / TEXTS_PER_KIND).max(1);
    let pairs: Vec<_> = map.crossings().step_by(step).collect();
    let crossed = pairs.iter().map(|(a, b, _)| format!("{a} & {b}"));
    kinds.push(("a crossing", crossed.collect()));
    let begun = pairs
        .iter()
        .map(|(a, b, _)| format!("{}/{}", start(a, 3), start(b, 2)));
    kinds.push(("a crossing begun", begun.collect()));
    for (kind, texts) in kinds {
        let mut times: Vec<Duration> = Vec::new();
        for text in &texts {
            let began = Instant::now();
            let _ = map.search(text, Some(middle), 10)?;
            times.push(began.elapsed());
        }
        times.sort();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
        println!(
            "{kind:20} p50 {:6.2} ms  p95 {:6.2} ms  longest {:6.2} ms",
            at(50),
            at(95),
            at(100)
        );
    }
    Ok(())
}

//! `--scale`: the same day in a small, a middling and a large country, and what it costs each node, in one table.
//!
//! Part of the program and not of the simulator: it reads clocks. Work is timed by the processor time of the thread that
//! does it, where the system tells, so that other programs on the machine disturb it little. Start at [`measure`].

use std::io::Write;
use std::time::Instant;

use watchfire_sim::scale::{self, Cost, Country, Day, Settings, Shape, shape};

/// The number of divisions of county level.
pub(crate) const COUNTIES: u64 = 2_844;

/// A figure: what it is called, how it is read off a cost, and by what it is divided for people.
type Figure = (&'static str, fn(&Cost) -> u64, f64);

const FIGURES: &[Figure] = &[
    ("joint operations", |cost| cost.operations, 1.0),
    ("lines to other nodes", |cost| cost.lines, 1.0),
    ("feeds held in part or whole", |cost| cost.feeds, 1.0),
    ("entries made", |cost| cost.made, 1.0),
    ("entries taken from others", |cost| cost.taken, 1.0),
    ("kB sent, because something happened", |cost| cost.sent, 1e3),
    ("kB received, likewise", |cost| cost.received, 1e3),
    ("of both together vectors, kB", |cost| cost.vectors, 1e3),
    ("ms of work, likewise", |cost| cost.worked_ns, 1e6),
    (
        "MB of questions to which nothing is new",
        |cost| cost.idle,
        1e6,
    ),
    ("ms of work for these", |cost| cost.idle_ns, 1e6),
];

/// Lives the day in three countries and tells what it costs; false if something did not come out as it must.
pub(crate) fn measure(out: &mut impl Write, counties: usize, seed: u64) -> std::io::Result<bool> {
    let began = Instant::now();
    writeln!(out, "assumed, and where from:")?;
    for (what, source) in scale::ASSUMED {
        writeln!(out, "- {what} ({source})")?;
    }
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut days = Vec::new();
    for counties in [counties / 10, counties / 3, counties] {
        let begun = Instant::now();
        let lived = scale::live(Settings {
            country: Country::whole(counties),
            seed,
            workers,
            clock: worked_ns,
        });
        let took_s = begun.elapsed().as_secs_f64();
        match lived {
            Ok(day) => {
                let (joint, trace) = (day.joint.len(), day.trace);
                let members: usize = day.joint.iter().map(|joint| joint.members.len()).sum();
                writeln!(
                    out,
                    "{counties} counties: {joint} joint operations with {members} members, lived in {took_s:.1} s, \
                     trace {trace}"
                )?;
                days.push(day);
            }
            Err(wrong) => {
                writeln!(out, "BROKEN with {counties} counties: {wrong}")?;
                return Ok(false);
            }
        }
    }
    tell_all(out, &days)?;
    tell_unchanged(out, &days)?;
    if let Ok((made, took_ns)) = scale::own_day(seed, worked_ns) {
        let took_ms = took_ns as f64 / 1e6;
        writeln!(
            out,
            "\nfor comparison, what a county has to do for itself alone: {made} entries, {took_ms:.0} ms of work"
        )?;
    }
    let took_s = began.elapsed().as_secs_f64();
    writeln!(out, "all of it took {took_s:.0} s on {workers} processors")?;
    Ok(true)
}

fn tell_all(out: &mut impl Write, days: &[Day]) -> std::io::Result<()> {
    writeln!(
        out,
        "\n| per node and day | nodes | mean | p50 | p99 | max |"
    )?;
    writeln!(out, "|---|--:|--:|--:|--:|--:|")?;
    for figure in FIGURES {
        for day in days {
            tell_one(out, figure, day.costs.len(), day.costs.iter())?;
        }
    }
    let before: [Figure; 2] = [
        ("before the day: entries taken", |cost| cost.taken, 1.0),
        (
            "before the day: kB sent and received",
            |cost| cost.sent + cost.received,
            1e3,
        ),
    ];
    for figure in &before {
        for day in days {
            tell_one(out, figure, day.before.len(), day.before.iter())?;
        }
    }
    Ok(())
}

fn tell_one<'a>(
    out: &mut impl Write,
    (name, of, unit): &Figure,
    nodes: usize,
    costs: impl Iterator<Item = &'a Cost>,
) -> std::io::Result<()> {
    let Shape {
        mean,
        p50,
        p99,
        max,
    } = shape(costs, of);
    let [p50, p99, max] = [p50, p99, max].map(|figure| figure as f64 / unit);
    let digits = usize::from(*unit > 1.0);
    writeln!(
        out,
        "| {name} | {nodes} | {:.1} | {p50:.digits$} | {p99:.digits$} | {max:.digits$} |",
        mean / unit
    )
}

/// Tells what the day costs those to whom it is the same in all three countries.
fn tell_unchanged(out: &mut impl Write, days: &[Day]) -> std::io::Result<()> {
    let same = scale::unchanged(days);
    let nodes: Vec<String> = days.iter().map(|day| day.costs.len().to_string()).collect();
    writeln!(
        out,
        "\n| the {} counties whose operations are the same in all three, mean | {} |",
        same.len(),
        nodes.join(" | ")
    )?;
    writeln!(out, "|---|{}", "--:|".repeat(days.len()))?;
    for (name, of, unit) in FIGURES {
        let means = days.iter().map(|day| {
            let costs = same.iter().map(|county| &day.costs[*county]);
            format!("{:.2}", shape(costs, of).mean / unit)
        });
        let means: Vec<String> = means.collect();
        writeln!(out, "| {name} | {} |", means.join(" | "))?;
    }
    let entries = |cost: &Cost| {
        (
            cost.operations,
            cost.lines,
            cost.feeds,
            cost.made,
            cost.taken,
        )
    };
    let equal = same.iter().filter(|county| {
        let mut all = days.iter().map(|day| entries(&day.costs[**county]));
        let first = all.next();
        all.all(|one| Some(one) == first)
    });
    let bytes = |day: &Day, county: usize| {
        let cost = &day.costs[county];
        (cost.sent + cost.received + cost.idle) as f64
    };
    let apart = same.iter().flat_map(|county| {
        let first = bytes(&days[0], *county);
        let others = days.iter().map(move |day| bytes(day, *county));
        others.map(move |one| (one - first).abs() / first.max(1.0))
    });
    writeln!(
        out,
        "of these {} counties, {} have the same lines, feeds and entries in all three; their bytes differ by at most \
         {:.2} %",
        same.len(),
        equal.count(),
        100.0 * apart.fold(0.0, f64::max)
    )
}

/// Returns how long the calling thread has worked, in nanoseconds.
#[cfg(unix)]
fn worked_ns() -> u64 {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Returns the time since it was first asked, in nanoseconds.
#[cfg(not(unix))]
fn worked_ns() -> u64 {
    static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let began = BEGAN.get_or_init(Instant::now);
    began.elapsed().as_nanos() as u64
}

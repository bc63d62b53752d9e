//! `watchfire roads`: build a road network from a map, and look at one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use watchfire_formats::{PastCall, PastResponse, UnitRow};
use watchfire_roads::calibrate::{self, Errors, Factors, Run};
use watchfire_roads::{BuildOptions, RoadGraph, Router, Stage};

use super::{Ended, Output, Progress, Result};
use crate::city;

#[derive(Debug, Subcommand)]
pub(super) enum Roads {
    /// Build a road network from a map (.osm.pbf, .osm, .osm.gz, .graphml, TIGER .shp.zip)
    Build {
        /// The map
        map: PathBuf,
        /// The file to write; name it in the node's configuration under roads.file
        out: PathBuf,
        /// Speeds and access rules in TOML; `watchfire roads options` prints the defaults
        #[arg(long)]
        options: Option<PathBuf>,
        /// Whose map it is; shown wherever the map is (default: what the map's form calls for)
        #[arg(long)]
        attribution: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Print the speeds and access rules used when nothing is said, as TOML
    Options,
    /// Learn from the agency's own runs how long its crews take; says how far off times are before and after
    Calibrate {
        /// The road network, or a map
        #[arg(long)]
        roads: PathBuf,
        /// Past calls with the times of their units
        #[arg(long)]
        calls: PathBuf,
        /// How the file of calls is written
        #[arg(long)]
        map: PathBuf,
        /// The units and where each waits
        #[arg(long)]
        units: PathBuf,
        /// The stations, for units that name one and no place
        #[arg(long)]
        stations: Option<PathBuf>,
        /// The zone of the hours of the day, such as Asia/Shanghai
        #[arg(long, default_value = "UTC")]
        zone: String,
        /// Only runs to calls of this priority or graver
        #[arg(long, default_value_t = 1)]
        priority: u8,
        /// Only units of these kinds (default: all)
        #[arg(long)]
        kind: Vec<String>,
        /// Minutes that a unit must have been free, to have come from where it waits
        #[arg(long, default_value_t = 30)]
        free_min: u32,
        /// The file to write the factors to, as TOML
        #[arg(long)]
        out: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// Show the travel time and route between two points
    Time {
        /// The road network, or a map
        roads: PathBuf,
        /// From: latitude,longitude in degrees
        #[arg(allow_hyphen_values = true)]
        from: String,
        /// To: latitude,longitude in degrees
        #[arg(allow_hyphen_values = true)]
        to: String,
        /// How to print it
        #[arg(long, value_enum, default_value_t = TimeFormat::Text)]
        format: TimeFormat,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum TimeFormat {
    Text,
    Json,
}

pub(super) fn run(what: Roads) -> Result<Ended> {
    match what {
        Roads::Build {
            map,
            out,
            options,
            attribution,
            output,
        } => {
            let mut options: BuildOptions = match options {
                None => BuildOptions::default(),
                Some(path) => match toml::from_str(&city::read_text(&path)?) {
                    Ok(options) => options,
                    Err(error) => return super::fail(format!("{}: {error}", path.display())),
                },
            };
            options.attribution = attribution.or(options.attribution);
            let mut progress = Progress::new();
            let bytes = city::read(&map)?;
            let (graph, report) =
                city::build_roads(&map, &bytes, &options, |stage, done, total| {
                    progress.show(words(stage), done, total);
                })?;
            progress.end();
            city::write(&out, &graph.to_bytes())?;
            if output.json {
                println!("{}", serde_json::to_string_pretty(&report)?);
            } else {
                print!("{report}");
                println!("covers: {}", covers(&graph));
                if report.kept_share < KEPT_SHARE_TOLD {
                    println!(
                        "A good part of the map was left out. Islands and places that hang together only by ferries, private or \
                         unbuilt roads are; there, times are by straight line. Look at the access rules (watchfire roads options)."
                    );
                }
                println!("written: {}", out.display());
            }
            Ok(Ended::Done)
        }
        Roads::Options => {
            print!("{}", toml::to_string_pretty(&BuildOptions::default())?);
            Ok(Ended::Done)
        }
        Roads::Calibrate {
            roads,
            calls,
            map,
            units,
            stations,
            zone,
            priority,
            kind,
            free_min,
            out,
            output,
        } => {
            let router = city::router(&roads)?;
            let stations = match stations {
                Some(path) => city::stations(&path)?.rows,
                None => Vec::new(),
            };
            let units = city::units(&units, &stations)?.rows;
            let calls = city::calls(&calls, &map)?.calls;
            let Ok(zone) = jiff::tz::TimeZone::get(&zone) else {
                return super::fail(format!(
                    "{zone} is not a time zone; write one such as Asia/Shanghai"
                ));
            };
            let wanted = Wanted {
                priority,
                kinds: &kind,
                free_s: i64::from(free_min) * 60,
                zone: &zone,
            };
            let runs = runs(&router, &calls, &units, &wanted);
            learn(&router, &runs, out.as_deref(), output)
        }
        Roads::Time {
            roads,
            from,
            to,
            format,
        } => time(&roads, &from, &to, format),
    }
}

/// Fewer runs than this teach nothing.
const RUNS_MIN: usize = 50;
/// What ends outside of this was no drive, or somebody forgot to press a button, in seconds.
const RUN_S: std::ops::RangeInclusive<i64> = 20..=3_600;
/// A run that begins or ends farther than this from a road is not on this network, in metres.
const OFF_ROAD_MAX_M: f64 = 150.0;

/// Which runs are learned from.
struct Wanted<'a> {
    priority: u8,
    kinds: &'a [String],
    free_s: i64,
    zone: &'a jiff::tz::TimeZone,
}

/// Whole seconds of a time in milliseconds.
fn seconds(ms: i64) -> i64 {
    ms.div_euclid(1_000)
}

/// The runs of units that were free long enough to have come from where they wait.
fn runs(router: &Router, calls: &[PastCall], units: &[UnitRow], wanted: &Wanted<'_>) -> Vec<Run> {
    let known: BTreeMap<&str, &UnitRow> = units
        .iter()
        .map(|unit| (unit.callsign.as_str(), unit))
        .collect();
    let mut all: Vec<(&PastCall, &PastResponse)> = calls
        .iter()
        .flat_map(|call| call.responses.iter().map(move |response| (call, response)))
        .collect();
    all.sort_by_key(|(_, response)| response.dispatched);
    let mut busy_until: BTreeMap<&str, i64> = BTreeMap::new();
    let mut runs = Vec::new();
    for (call, response) in all {
        let last = busy_until.get(response.unit.as_str()).copied();
        let ends = [response.cleared, response.arrived, response.departed];
        if let Some(end) = ends.into_iter().flatten().max() {
            let end = seconds(end);
            busy_until.insert(&response.unit, last.unwrap_or(end).max(end));
        }
        let (Some(unit), Some(departed), Some(arrived)) = (
            known.get(response.unit.as_str()),
            response.departed.map(seconds),
            response.arrived.map(seconds),
        ) else {
            continue;
        };
        let was_free = last.is_none_or(|last| departed - last >= wanted.free_s);
        let is_wanted = wanted.kinds.is_empty() || wanted.kinds.contains(&unit.kind);
        let is_drive = RUN_S.contains(&(arrived - departed));
        if !was_free || !is_wanted || !is_drive || call.priority > wanted.priority {
            continue;
        }
        let Ok(at) = jiff::Timestamp::from_second(departed) else {
            continue;
        };
        let offset_s = i64::from(wanted.zone.to_offset(at).seconds());
        let hour = (departed + offset_s).rem_euclid(86_400) / 3_600;
        let snap = |lat, lon| {
            let snap = router.snap(watchfire_roads::Point { lat, lon });
            snap.filter(|snap| snap.distance_m <= OFF_ROAD_MAX_M)
        };
        let ends = (snap(unit.lat, unit.lon), snap(call.lat, call.lon));
        if let (Some(from), Some(to)) = ends {
            runs.push(Run {
                from,
                to,
                day: (departed + offset_s).div_euclid(86_400),
                hour: hour as u8, // 0 to 23.
                seconds: u32::try_from(arrived - departed).unwrap_or(u32::MAX),
            });
        }
    }
    runs
}

fn learn(
    router: &Router,
    runs: &[Run],
    out: Option<&std::path::Path>,
    output: Output,
) -> Result<Ended> {
    if runs.len() < RUNS_MIN {
        return super::fail(format!(
            "{} runs start where a unit waits, {RUNS_MIN} are needed; look at --priority, --kind, --free-min and at what \
             the network covers ({})",
            runs.len(),
            covers(router.graph())
        ));
    }
    let refused = |error: watchfire_roads::RoadsError| super::Failure {
        text: error.to_string(),
    };
    let validation = calibrate::cross_validate(router, runs).map_err(refused)?;
    let factors = calibrate::fit(router, runs).map_err(refused)?;
    if let Some(out) = out {
        city::write(out, toml::to_string_pretty(&factors)?.as_bytes())?;
    }
    if output.json {
        let all = serde_json::json!({ "validation": validation, "factors": factors });
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(Ended::Done);
    }
    println!(
        "{} runs on {} days; each day is tested with what the other days taught",
        runs.len(),
        validation.days
    );
    print_errors("by the map alone", &validation.before);
    print_errors("calibrated", &validation.after);
    print_factors(&factors);
    if let Some(out) = out {
        println!("written: {}", out.display());
    }
    Ok(Ended::Done)
}

fn print_errors(what: &str, errors: &Errors) {
    let covered = errors.p90_covered_percent;
    let covered = covered.map_or(String::new(), |share| {
        format!("; {share:.1} % within the p90 that was promised")
    });
    println!(
        "{what:<17} error of a run: half within {:.1} %, nine of ten within {:.1} %; middle of all runs off by {:+.1} %{covered}",
        errors.median_percent, errors.p90_percent, errors.bias_percent
    );
}

fn print_factors(factors: &Factors) {
    println!("every run: {} s besides driving", factors.fixed_s);
    let percents: Vec<String> = factors
        .class_percent
        .iter()
        .map(|(class, percent)| format!("{} {percent}", class.tag()))
        .collect();
    println!(
        "percent of the time by the map, by class: {}",
        percents.join(", ")
    );
    println!("percent by hour, from 0: {:?}", factors.hour_percent);
    for spread in &factors.spread {
        println!(
            "up to {} s: half within {} %, nine of ten within {} %",
            spread.up_to_s, spread.p50_percent, spread.p90_percent
        );
    }
}

/// Below this share of the road in the largest part, what was left out is explained.
const KEPT_SHARE_TOLD: f64 = 0.95;

fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::Reading => "reading the map",
        Stage::Cutting => "cutting roads at junctions",
        Stage::Connecting => "finding the largest connected part",
        Stage::Ordering => "ordering junctions for fast answers",
    }
}

fn time(roads: &std::path::Path, from: &str, to: &str, format: TimeFormat) -> Result<Ended> {
    let (Some(from), Some(to)) = (point(from), point(to)) else {
        return super::fail(
            "a point is written as latitude,longitude in degrees, such as 37.7793,-122.4193",
        );
    };
    let router = city::router(roads)?;
    match router.route(from, to) {
        Ok(route) => {
            match format {
                TimeFormat::Text => {
                    println!(
                        "{} s, {} m by road",
                        route.time_ms.div_ceil(1_000),
                        route.length_m.round()
                    );
                    if route.off_road_ms > 0 {
                        println!(
                            "of these {} s are the {} m between the points and the nearest road",
                            route.off_road_ms.div_ceil(1_000),
                            route.off_road_m.round()
                        );
                    }
                }
                TimeFormat::Json => {
                    let line: Vec<[f64; 2]> = route
                        .points
                        .iter()
                        .map(|point| [point.lon, point.lat])
                        .collect();
                    let json = serde_json::json!({
                        "seconds": route.time_ms.div_ceil(1_000), "length_m": route.length_m.round(),
                        "off_road_s": route.off_road_ms.div_ceil(1_000), "off_road_m": route.off_road_m.round(), "line": line,
                    });
                    println!("{json}");
                }
            }
            Ok(Ended::Done)
        }
        Err(none) => {
            let covers = covers(router.graph());
            super::fail(format!("no way: {none}; the network covers {covers}"))
        }
    }
}

fn point(text: &str) -> Option<watchfire_roads::Point> {
    let (lat, lon) = text.split_once(',')?;
    Some(watchfire_roads::Point {
        lat: lat.trim().parse().ok()?,
        lon: lon.trim().parse().ok()?,
    })
}

/// Says what a network is made of, for the start of a replay.
pub(super) fn describe(graph: &RoadGraph) -> String {
    format!(
        "{} junctions, {} stretches of road, {}",
        graph.junctions(),
        graph.edges(),
        covers(graph)
    )
}

/// Says where a network is.
pub(super) fn covers(graph: &RoadGraph) -> String {
    let bounds = graph.bounds();
    let (from, to) = (bounds.south_west, bounds.north_east);
    format!(
        "latitude {:.3} to {:.3}, longitude {:.3} to {:.3}",
        from.lat, to.lat, from.lon, to.lon
    )
}

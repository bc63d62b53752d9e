//! `watchfire roads`: build a road network from a map, and look at one.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use watchfire_roads::{BuildOptions, RoadGraph, Stage};

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
        Roads::Time {
            roads,
            from,
            to,
            format,
        } => time(&roads, &from, &to, format),
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

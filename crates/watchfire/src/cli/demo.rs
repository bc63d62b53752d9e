//! The demo: a city's night on one node, a case of five agencies, or a whole night of three. Start at [`demo`].

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use clap::Args;
use watchfire_core::basis::Timestamp;

use super::play::{
    self, Live, OWN_MACHINE_ONLY, ReplayArgs, Stage, calls_before, demo_cover, run_async, start_log,
};
use super::{Ended, Result, fail};
use crate::city;
use crate::config::Config;
use crate::cover::Cover;
use crate::night::{self, Check, City, Pace, Said};
use crate::past::Manners;
use crate::playbooks;

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Where the demo keeps its node; started again, a city's night goes on where it was
    #[arg(long, default_value = "demo-data")]
    data: PathBuf,
    /// The folder with the city's calls, roads, units, stations and plans; the one built into the program if left out
    #[arg(long)]
    city: Option<PathBuf>,
    /// How many times as fast as real time, 1 to 600: 60 for a city's night, 120 for a night of three agencies, which also
    /// takes `max`
    #[arg(long)]
    speed: Option<String>,
    /// The moment a city's night begins at, local time of the city
    #[arg(long, default_value = "2016-12-31T20:00:00")]
    from: String,
    /// Where the page is served; on this machine only
    #[arg(long, default_value = "127.0.0.1:8440", value_parser = super::address)]
    listen: SocketAddr,
    /// What is shown
    #[arg(long, value_enum, default_value_t = Scenario::City)]
    scenario: Scenario,
    /// How many times as fast as told the case of five agencies is played
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    pace: u32,
    /// End a night of three agencies after its checks, instead of staying up for a look round
    #[arg(long)]
    once: bool,
}

/// What the demo shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Scenario {
    /// San Francisco's real New Year's Eve on one node
    City,
    /// One whole night of three agencies: handover, real calls, assessment, consultation, directives, support, settlement
    Night,
    /// Five nodes stop a parcel, and a line between two of them is cut meanwhile
    Parcel,
}

/// The demo city's files, built into the program.
const CITY: [(&str, &[u8]); 7] = [
    (
        "calls.csv.gz",
        include_bytes!("../../../../examples/demo-city/calls.csv.gz"),
    ),
    (
        "calls.map.toml",
        include_bytes!("../../../../examples/demo-city/calls.map.toml"),
    ),
    (
        "roads.osm.pbf",
        include_bytes!("../../../../examples/demo-city/roads.osm.pbf"),
    ),
    (
        "areas.geojson",
        include_bytes!("../../../../examples/demo-city/areas.geojson"),
    ),
    (
        "stations.csv",
        include_bytes!("../../../../examples/demo-city/stations.csv"),
    ),
    (
        "units.csv",
        include_bytes!("../../../../examples/demo-city/units.csv"),
    ),
    (
        "response.toml",
        include_bytes!("../../../../examples/demo-city/response.toml"),
    ),
];

/// Percent put on the demo city's road times. Its network has no speeds, one-way streets or bridges; the
/// fastest way from a unit's own station takes 89 s in the median where the unit took 145 s on record.
const DEMO_TIME_PERCENT: u32 = 163;

pub(super) fn demo(args: DemoArgs) -> Result<Ended> {
    if !args.listen.ip().is_loopback() {
        return fail(OWN_MACHINE_ONLY);
    }
    match args.scenario {
        Scenario::Parcel => super::joint::parcel(&args.data, args.listen, args.pace),
        Scenario::City => city_night(&args),
        Scenario::Night => three_agencies(&args),
    }
}

/// Reads `--speed`; none means as fast as it goes.
fn speed_of(args: &DemoArgs, otherwise: u32) -> Result<Option<u32>> {
    match args.speed.as_deref() {
        None => Ok(Some(otherwise)),
        Some("max") if args.scenario == Scenario::Night => Ok(None),
        Some(text) => match text.parse::<u32>() {
            Ok(speed) if (1..=600).contains(&speed) => Ok(Some(speed)),
            _ => fail("--speed is a whole number from 1 to 600, and for --scenario night also max"),
        },
    }
}

fn stage_of(args: &DemoArgs) -> Result<Stage> {
    let city_dir = match &args.city {
        Some(dir) => dir.clone(),
        None => unpack_city(&args.data)?,
    };
    let file = |name: &str| city_dir.join(name);
    println!(
        "Preparing San Francisco's New Year's Eve 2016/17 (real calls, real roads, simulated crews) ...\n\
         正在准备旧金山 2016/17 跨年夜（真实报警、真实道路，处警力量为模拟）……"
    );
    play::set(&ReplayArgs {
        calls: file("calls.csv.gz"),
        map: file("calls.map.toml"),
        roads: Some(file("roads.osm.pbf")),
        units: file("units.csv"),
        stations: Some(file("stations.csv")),
        response: Some(file("response.toml")),
        write_plans: None,
        speed: "max".to_owned(),
        report: None,
        data: None,
        seed: 1,
        time_percent: DEMO_TIME_PERCENT,
        dispatcher_s: Manners::default().dispatcher_s,
        listen: args.listen,
    })
}

fn city_night(args: &DemoArgs) -> Result<Ended> {
    let Some(speed) = speed_of(args, 60)? else {
        return fail("--speed is a whole number here");
    };
    let stage = stage_of(args)?;
    let zone = stage.zone.clone().unwrap_or_else(|| "UTC".to_owned());
    let from = match args
        .from
        .parse::<jiff::civil::DateTime>()
        .and_then(|local| local.in_tz(&zone))
    {
        Ok(time) => Timestamp(time.timestamp().as_millisecond()),
        Err(error) => {
            return fail(format!(
                "--from {}: {error}; write it as 2016-12-31T20:00:00",
                args.from
            ));
        }
    };
    let plan = Live {
        dir: &args.data.join("node"),
        name: "San Francisco (demo)",
        speed,
        from,
        listen: args.listen,
        time_percent: DEMO_TIME_PERCENT,
        seed: 1,
        playbooks: playbooks::shipped()?,
    };
    play::play_live(stage, plan)
}

fn unpack_city(data: &Path) -> Result<PathBuf> {
    let dir = data.join("city");
    std::fs::create_dir_all(&dir)?;
    for (name, bytes) in CITY {
        city::write(&dir.join(name), bytes)?;
    }
    Ok(dir)
}

/// Plays one whole night of three agencies.
fn three_agencies(args: &DemoArgs) -> Result<Ended> {
    let pace = speed_of(args, 120)?.map_or_else(Pace::quickest, Pace::watched);
    start_log(&Config::default());
    let plan = night::Plan {
        dir: args.data.join("night"),
        listen: args.listen,
        pace,
        once: args.once,
    };
    // The night is told once; what an earlier telling left behind would be told twice.
    if plan.dir.join("0").exists() {
        std::fs::remove_dir_all(&plan.dir)?;
    }
    let stage = stage_of(args)?;
    let begins = night::begins(stage.zone.as_deref().unwrap_or("UTC"))?;
    let city = City {
        cover: Mutex::new(Cover::new(demo_cover(), calls_before(&stage.past, begins))),
        past: stage.past,
        stations: stage.stations,
        units: stage.units,
        response: stage.response,
        router: stage.router,
        time_percent: DEMO_TIME_PERCENT,
        areas: stage.areas,
        zone: stage.zone.unwrap_or_else(|| "UTC".to_owned()),
    };
    println!(
        "Preparing three nodes (invented agencies, simulated people; real nodes, real lines) ...\n\
         正在准备三个节点（机构为虚构，人员为模拟；节点与线路为真实）……"
    );
    let checks = run_async(night::run(plan, city, show, show_checks))??;
    match checks.iter().any(|check| check.wrong.is_some()) {
        true => fail("the night did not come out as it must; what is wrong is named above"),
        false => Ok(Ended::Done),
    }
}

fn show(said: &Said) {
    if said.act {
        println!(
            "\n{}  ===== {}\n       ===== {}",
            said.clock, said.zh, said.en
        );
    } else {
        println!("{}  {}\n       {}", said.clock, said.zh, said.en);
    }
    if let Some(look) = &said.look {
        println!("       {look}");
    }
}

fn show_checks(checks: &[Check]) {
    println!("\n检查 / Checks:");
    for check in checks {
        let mark = match check.wrong {
            None => "对 ok   ",
            Some(_) => "错 WRONG",
        };
        println!("  {mark} {}\n           {}", check.found.zh, check.found.en);
        if let Some(wrong) = &check.wrong {
            println!("           {wrong}");
        }
    }
    println!();
}

//! The commands that run a node: serve and replay; what a demo is made of is in [`super::demo`].

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use sha2::{Digest, Sha256};
use watchfire_core::basis::{PersonId, Point, Priority, Text, Timestamp};
use watchfire_core::entropy::Entropy;
use watchfire_core::plan::ResponseFile;
use watchfire_core::playbook::Playbook;
use watchfire_core::record::person::Seat;
use watchfire_formats::{PastCall, StationRow, UnitRow};
use watchfire_roads::limits::SNAP_MAX_M;
use watchfire_roads::{Area, Router, StraightLine};
use watchfire_store::{Reader, Store};

use super::{Ended, Failure, Progress, Result, fail, roads};
use crate::city;
use crate::clock::Clock;
use crate::config::{Config, Http, LogFormat};
use crate::cover::{Cover, CoverSettings};
use crate::desk::{DirectDesk, LiveDesk};
use crate::federation::identity;
use crate::node::{self, Node, Settings, random};
use crate::past::{Manners, Past};
use crate::playbooks;
use crate::replay::{self, Cast, Replay};
use crate::replay_report::{self, Report};
use crate::server;
use crate::travel::Travel;

#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// The past calls, CSV, also gzipped
    #[arg(long)]
    pub(super) calls: PathBuf,
    /// How the agency writes its calls: the mapping file (docs/book/import.md)
    #[arg(long)]
    pub(super) map: PathBuf,
    /// The roads: a file made by `watchfire roads build`, or a map. Without it, times are by straight line
    #[arg(long)]
    pub(super) roads: Option<PathBuf>,
    /// The units, CSV: callsign, kind and, if wanted, capabilities, station, lat, lon, crew, areas
    #[arg(long)]
    pub(super) units: PathBuf,
    /// The stations, CSV: code, name, lat, lon, areas. Without it: `stations.csv` beside the units, else each stands in the middle of its units
    #[arg(long)]
    pub(super) stations: Option<PathBuf>,
    /// Response plans. Without it: `response.toml` beside the mapping file, else what was usually sent
    #[arg(long)]
    pub(super) response: Option<PathBuf>,
    /// Write the response plans in use here, as a file to change and to give as --response
    #[arg(long)]
    pub(super) write_plans: Option<PathBuf>,
    /// How many times as fast as real time (the page is then served), or `max`
    #[arg(long, default_value = "max")]
    pub(super) speed: String,
    /// Write the report as JSON here
    #[arg(long)]
    pub(super) report: Option<PathBuf>,
    /// Keep the node here (default: nowhere, it is removed at the end)
    #[arg(long)]
    pub(super) data: Option<PathBuf>,
    /// The seed of ids: the same seed gives the same entries
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Percent put on road times, for what the network does not know
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(50..=500))]
    pub(super) time_percent: u32,
    /// Seconds the dispatcher looks at a recommendation before sending it
    #[arg(long, default_value_t = Manners::default().dispatcher_s)]
    pub(super) dispatcher_s: u32,
    /// Where the page is served while the replay is not at `max`
    #[arg(long, default_value = "127.0.0.1:8440", value_parser = super::address)]
    pub(super) listen: SocketAddr,
}

pub(super) fn serve(dir: &Path, listen: Option<SocketAddr>) -> Result<Ended> {
    if dir.join(SIMULATED).exists() {
        return fail(format!(
            "{} was made by a replay: its crews are simulated, and its key follows from a number. It can be looked at with `check` and \
             `export`, and shown again by the replay, but is no node for real use. Make one with `watchfire init`",
            dir.display()
        ));
    }
    let mut config = Config::read(dir)?;
    if let Some(listen) = listen {
        config.http.listen = listen;
        if config.http.tls == crate::config::Tls::Off && !listen.ip().is_loopback() {
            return Err(crate::config::ConfigError::Open { listen }.into());
        }
    }
    start_log(&config);
    let response = match config.response.file.as_os_str().is_empty() {
        true => ResponseFile::default(),
        false => city::response(&config.response.file)?,
    };
    let router = match config.roads.file.as_os_str().is_empty() {
        true => None,
        false => Some(city::router(&config.roads.file)?),
    };
    let areas = match config.roads.areas.as_os_str().is_empty() {
        true => Vec::new(),
        false => city::areas(&config.roads.areas)?,
    };
    if router.is_none() {
        tracing::warn!(
            "no road network (roads.file): travel times are by straight line and say so"
        );
    }
    let straight = StraightLine::new(
        config.roads.straight_line_kmh,
        config.roads.straight_line_percent,
    )?;
    let mut travel = Travel::new(router, straight, config.roads.time_percent).with_areas(areas);
    if !config.roads.hours.as_os_str().is_empty() {
        let hours = city::road_hours(&config.roads.hours)?;
        travel = travel.with_hours(hours, config.own_zone()?);
    }
    if !config.roads.learned.as_os_str().is_empty() {
        let learned = city::learned(&config.roads.learned)?;
        travel = travel.with_learned(learned, config.roads.estimate, config.own_zone()?);
    }
    if let Ok(least) = Priority::try_from(config.roads.siren_to_priority) {
        travel = travel.with_siren_to(least);
    }
    let playbooks = playbooks::of(&config)?;
    let settings = Settings {
        name: config.name.clone(),
        zone: Some(config.zone.clone()).filter(|zone| !zone.is_empty()),
        clock: Clock::Real,
        travel,
        timers: config.timers,
        duplicates: config.duplicates,
        targets: config.figures,
        cover: Cover::new(config.cover.clone(), Vec::new()),
        keep_ended_s: config.keep.ended_h * 3_600,
        keep_trail_s: config.keep.trail_h * 3_600,
        keep_draft_s: config.keep.draft_h * 3_600,
        keep_made_s: config.keep.recommendation_d * 24 * 3_600,
        simulated: None,
        demo: false,
    };
    let mut store = Store::open(dir)?;
    if config.federation.listen.is_some() {
        let addresses = &config.federation.addresses;
        identity::ensure(&mut store, dir, addresses, Clock::Real.now())?;
    }
    let (node, thread) = Node::start(store, settings, Arc::new(response), Entropy::new(random()))?;
    playbooks::start(&node, playbooks)?;
    let stopper = node.clone();
    let joint = &config.federation;
    let served = run_async(server::serve(
        node,
        &config.http,
        dir,
        None,
        joint,
        |address| {
            let scheme = match config.http.tls {
                crate::config::Tls::Off | crate::config::Tls::Proxy => "http",
                crate::config::Tls::SelfSigned | crate::config::Tls::Files => "https",
            };
            println!(
                "Watchfire \"{}\" is ready at {scheme}://{address}/",
                config.name
            );
        },
    ))?;
    // Also where serving never began; the thread makes durable what it had accepted before it ends.
    stopper.stop();
    let _ = thread.join();
    served?;
    Ok(Ended::Done)
}

/// The file that tells a replay's directory from a node for real use.
const SIMULATED: &str = "simulated";

pub(super) fn mark_simulated(dir: &Path) -> Result<()> {
    let words = "Made by a replay or demo: crews and desk are simulated. 由回放或演示生成：处警力量与台席为模拟。\n";
    city::write(&dir.join(SIMULATED), words.as_bytes())?;
    Ok(())
}

pub(super) fn run_async<T>(work: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    Ok(runtime.block_on(work))
}

pub(super) fn start_log(config: &Config) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::new(format!(
        "warn,watchfire={0},watchfire_store={0}",
        config.log.level
    ));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first log.
    let _ = match config.log.format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}

/// Everything a replay needs, read and checked.
pub(super) struct Stage {
    pub(super) past: Past,
    pub(super) stations: Vec<StationRow>,
    pub(super) units: Vec<UnitRow>,
    pub(super) response: Arc<ResponseFile>,
    pub(super) plans: String,
    pub(super) router: Option<Arc<Router>>,
    pub(super) areas: Vec<Area>,
    pub(super) zone: Option<String>,
}

/// Says on every screen of a replay what is simulated.
fn simulated(speed: u32) -> Text {
    Text::new(
        format!("Replay at {speed}x: the calls are real, the crews and desk are simulated"),
        format!("{speed} 倍速回放：警情为真实历史记录，处警力量与台席为模拟"),
    )
}

pub(super) fn replay(args: ReplayArgs) -> Result<Ended> {
    let speed = match args.speed.as_str() {
        "max" => None,
        _ if !args.listen.ip().is_loopback() => return fail(OWN_MACHINE_ONLY),
        speed => match speed.parse::<u32>() {
            Ok(speed) if (1..=600).contains(&speed) => Some(speed),
            _ => return fail("--speed is a whole number from 1 to 600, or max"),
        },
    };
    // Before minutes are spent: a report that cannot be written would be lost at the end.
    if let Some(path) = &args.report {
        city::write(path, b"{}\n")?;
    }
    let stage = set(&args)?;
    match speed {
        None => replay_at_once(&args, &stage),
        Some(speed) => {
            let dir = Kept::new(args.data.clone())?;
            let begin = stage.past.calls.first().map_or(0, |call| call.received);
            let plan = Live {
                dir: &dir.path,
                name: "Watchfire replay",
                speed,
                from: Timestamp(begin),
                listen: args.listen,
                time_percent: args.time_percent,
                seed: args.seed,
                playbooks: Vec::new(),
            };
            play_live(stage, plan)
        }
    }
}

pub(super) fn set(args: &ReplayArgs) -> Result<Stage> {
    let read = city::calls(&args.calls, &args.map)?;
    eprintln!("{}", read.report);
    if read.calls.is_empty() {
        return fail("no call could be taken; the report above says why");
    }
    let beside = Some(args.units.with_file_name("stations.csv")).filter(|path| path.exists());
    let stations = args.stations.clone().or(beside);
    if let Some(path) = &stations {
        eprintln!("stations: {}", path.display());
    }
    let stations = stations.as_deref().map(city::stations).transpose()?;
    let units = city::units(
        &args.units,
        stations.as_ref().map_or(&[], |list| &list.rows),
    )?;
    for report in stations
        .iter()
        .map(|list| &list.report)
        .chain([&units.report])
    {
        if report.rows_taken < report.rows_read {
            eprintln!("{report}");
        }
    }
    let units = units.rows;
    if units.is_empty() {
        return fail("no unit could be taken; the report above says why");
    }
    let stations = stations.map_or_else(|| city::stations_of(&units), |list| list.rows);
    let beside = args.map.with_file_name("response.toml");
    let (response, plans) = match &args.response {
        Some(path) => (city::response(path)?, path.display().to_string()),
        None if beside.exists() => (city::response(&beside)?, beside.display().to_string()),
        None => (
            city::plans_from(&read.calls, &units),
            "derived from what was usually sent".to_owned(),
        ),
    };
    eprintln!("response plans: {plans}");
    if let Some(path) = &args.write_plans {
        city::write(path, city::response_text(&response).as_bytes())?;
        eprintln!("written: {}", path.display());
    }
    let router = args.roads.as_deref().map(city::router).transpose()?;
    match &router {
        Some(router) => eprintln!("roads: {}", roads::describe(router.graph())),
        None => eprintln!(
            "roads: none given; times are by straight line (40 km/h over 1.3 times the distance)"
        ),
    }
    // Districts come with the city as its stations do; without them the map has fewer names.
    let beside = args.map.with_file_name("areas.geojson");
    let areas = match beside.exists() {
        true => city::areas(&beside)?,
        false => Vec::new(),
    };
    check_codes(&read.calls, &units, &response)?;
    if let Some(router) = &router {
        check_reach(router, &read.calls, &units)?;
    }
    let manners = Manners {
        dispatcher_s: args.dispatcher_s,
        ..Manners::default()
    };
    let zone = zone_of(&args.map);
    Ok(Stage {
        past: Past::new(read.calls, &units, manners),
        stations,
        units,
        response: Arc::new(response),
        plans,
        router,
        areas,
        zone,
    })
}

/// The time zone that the mapping file names; the screen then shows the city's own time.
pub(super) fn zone_of(map: &Path) -> Option<String> {
    let table: toml::Table = city::read_text(map).ok()?.parse().ok()?;
    table.get("time")?.get("zone")?.as_str().map(str::to_owned)
}

/// Tells all codes that the response file does not know at once, instead of refusing call by call.
fn check_codes(calls: &[PastCall], units: &[UnitRow], response: &ResponseFile) -> Result<()> {
    let unknown = |known: BTreeSet<&str>, used: BTreeSet<&str>| -> Vec<String> {
        if known.is_empty() {
            Vec::new()
        } else {
            used.difference(&known)
                .map(|code| (*code).to_owned())
                .collect()
        }
    };
    let known = |map: &'_ std::collections::BTreeMap<watchfire_core::basis::Code, Text>| -> BTreeSet<String> {
        map.keys().map(ToString::to_string).collect()
    };
    let (categories, kinds, capabilities) = (
        known(&response.categories),
        known(&response.kinds),
        known(&response.capabilities),
    );
    let borrowed = |set: &'_ BTreeSet<String>| -> BTreeSet<String> { set.clone() };
    let mut problems = Vec::new();
    let mut look = |what: &str, known: BTreeSet<String>, used: BTreeSet<&str>| {
        let missing = unknown(known.iter().map(String::as_str).collect(), used);
        if !missing.is_empty() {
            problems.push(format!(
                "{what} not in the response file: {}",
                missing.join(", ")
            ));
        }
    };
    look(
        "categories",
        borrowed(&categories),
        calls.iter().map(|call| call.category.as_str()).collect(),
    );
    look(
        "kinds of unit",
        borrowed(&kinds),
        units.iter().map(|unit| unit.kind.as_str()).collect(),
    );
    look(
        "capabilities",
        borrowed(&capabilities),
        units
            .iter()
            .flat_map(|unit| unit.capabilities.iter().map(String::as_str))
            .collect(),
    );
    if problems.is_empty() {
        return Ok(());
    }
    fail(format!(
        "{}\nadd them to the response file, or change the mapping or the list",
        problems.join("\n")
    ))
}

/// Tells of calls and units where the map has no road; a map of another city is refused.
fn check_reach(router: &Router, calls: &[PastCall], units: &[UnitRow]) -> Result<()> {
    let far = |lat, lon| router.snap(watchfire_roads::Point { lat, lon }).is_none();
    let calls_off = calls.iter().filter(|call| far(call.lat, call.lon)).count();
    let units_off = units.iter().filter(|unit| far(unit.lat, unit.lon)).count();
    let covers = roads::covers(router.graph());
    if calls_off == calls.len() {
        return fail(format!(
            "all {calls_off} calls lie more than {SNAP_MAX_M} m from every road: is it the map of another city, or are latitude and longitude \
             exchanged? The roads cover {covers}"
        ));
    }
    for (count, of, what) in [
        (calls_off, calls.len(), "calls"),
        (units_off, units.len(), "units"),
    ] {
        if count > 0 {
            eprintln!(
                "{count} of {of} {what} are more than {SNAP_MAX_M} m from every road (the roads cover {covers}): for these, times are by \
                 straight line"
            );
        }
    }
    Ok(())
}

/// A directory that is removed at the end unless somebody asked to keep it.
struct Kept {
    path: PathBuf,
    remove: bool,
}

impl Kept {
    fn new(asked: Option<PathBuf>) -> Result<Kept> {
        match asked {
            Some(path) => Ok(Kept {
                path,
                remove: false,
            }),
            None => {
                let name = format!("watchfire-replay-{}", std::process::id());
                Ok(Kept {
                    path: std::env::temp_dir().join(name),
                    remove: true,
                })
            }
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.remove {
            // Left behind it costs disk space and nothing else.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn replay_at_once(args: &ReplayArgs, stage: &Stage) -> Result<Ended> {
    let began = Instant::now();
    let dir = Kept::new(args.data.clone())?;
    let first = stage.past.calls.first().map_or(0, |call| call.received);
    // The node lives in the past that it replays: a feed's time never runs backwards.
    node::create(
        &dir.path,
        "Watchfire replay",
        seed(args.seed),
        Timestamp(first),
    )?;
    mark_simulated(&dir.path)?;
    let mut store = Store::open(&dir.path)?;
    let entropy = Entropy::from_number(args.seed);
    let last = stage.past.calls.last().map_or(0, |call| call.received);
    let (engine, _) = node::load(
        &mut store,
        Timestamp(0),
        Arc::clone(&stage.response),
        entropy,
    )?;
    let travel = Travel::new(
        stage.router.clone(),
        StraightLine::default(),
        args.time_percent,
    );
    let basis = serde_json::to_value(travel.basis())?
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut desk = DirectDesk::new(engine, store, travel, Arc::clone(&stage.response));
    let cast = stage_cast(&mut desk, stage, Timestamp(first))?;
    let mut replay = Replay::new(desk, &stage.past, cast, Timestamp(first), Timestamp(last));
    let mut progress = Progress::new();
    let (span, done) = ((last - first).max(1) as u64, |at: Timestamp| {
        u64::try_from(at.0 - first).unwrap_or(0)
    });
    replay.run(|at| progress.show("replaying", done(at).min(span), span))?;
    progress.end();
    let (short_at_first, refused) = (replay.short, std::mem::take(&mut replay.refused));
    let desk = replay.into_desk();
    let (intervals, counts) = {
        use crate::desk::Desk as _;
        desk.look(|board| {
            let closed = board
                .incidents
                .values()
                .filter(|incident| !incident.is_open())
                .count();
            let counts = (
                board.calls.len(),
                board.incidents.len(),
                closed,
                board.assignments.len(),
            );
            (replay_report::intervals(board, &stage.past), counts)
        })
    };
    drop(desk.into_store()?);
    let took_s = began.elapsed().as_secs_f64();
    let (entries, entries_digest) = digest(&dir.path)?;
    let report = Report {
        simulated: "crews, call takers and dispatchers are simulated; calls, turnout and time on scene are from the record",
        manners: stage.past.manners,
        travel_basis: basis,
        travel_percent: args.time_percent,
        plans: stage.plans.clone(),
        seed: args.seed,
        calls: counts.0,
        incidents: counts.1,
        closed: counts.2,
        assignments: counts.3,
        short_at_first,
        refused,
        entries,
        entries_digest,
        took_s: (took_s * 100.0).round() / 100.0,
        entries_per_s: (entries as f64 / took_s).round(),
        intervals,
    };
    println!("{}", replay_report::table(&report));
    println!(
        "{} calls, {} incidents ({} closed), {} assignments; too few units free at first for {}.",
        report.calls, report.incidents, report.closed, report.assignments, report.short_at_first
    );
    println!(
        "{} entries in {:.1} s ({:.0} each second); digest {}",
        entries, took_s, report.entries_per_s, report.entries_digest
    );
    println!("Simulated: {}.", report.simulated);
    for line in report.refused.iter().take(10) {
        println!("refused: {line}");
    }
    if let Some(path) = &args.report {
        city::write(path, serde_json::to_string_pretty(&report)?.as_bytes())?;
        println!("written: {}", path.display());
    }
    if !dir.remove {
        println!(
            "The node is in {}; look at it with:  watchfire check {}",
            dir.path.display(),
            dir.path.display()
        );
    }
    Ok(Ended::Done)
}

/// A node made for a replay has its key from the seed, so that a run can be repeated. It is not for real use.
fn seed(number: u64) -> [u8; 32] {
    Entropy::from_number(number ^ 0x6b65_7900).next_32()
}

fn stage_cast(desk: &mut impl crate::desk::Desk, stage: &Stage, at: Timestamp) -> Result<Cast> {
    match replay::set_stage(desk, &stage.stations, &stage.units, at)? {
        Ok(cast) => Ok(cast),
        Err(problem) => fail(problem),
    }
}

/// Counts and digests the entries of a node by what they say, whoever signed them.
fn digest(dir: &Path) -> Result<(u64, String)> {
    let reader = Reader::open(dir)?;
    let mut hash = Sha256::new();
    let (mut count, mut position) = (0, 0);
    loop {
        let page = reader.entries_after(position, 1_000)?;
        let Some(last) = page.last() else { break };
        position = last.position;
        for stored in &page {
            let header = &stored.entry.header;
            if header.kind == watchfire_feed::OPENING_KIND {
                continue; // It names the key.
            }
            count += 1;
            hash.update(header.kind.as_bytes());
            hash.update(header.record);
            hash.update(header.record_version.to_be_bytes());
            hash.update(header.time.0.to_be_bytes());
            hash.update(&stored.entry.plain);
        }
    }
    Ok((
        count,
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    ))
}

pub(super) const OWN_MACHINE_ONLY: &str = "a replay signs visitors in by itself, so its page is for this machine only: choose --listen 127.0.0.1:PORT";

pub(super) struct Live<'a> {
    pub(super) dir: &'a Path,
    pub(super) name: &'a str,
    pub(super) speed: u32,
    pub(super) from: Timestamp,
    pub(super) listen: SocketAddr,
    pub(super) time_percent: u32,
    pub(super) seed: u64,
    pub(super) playbooks: Vec<Playbook>,
}

/// Cover in the demo: an engine within four minutes of travel, as NFPA 1710 has it.
pub(super) fn demo_cover() -> CoverSettings {
    CoverSettings {
        kinds: vec!["engine".to_owned()],
        within_s: 240,
        ..CoverSettings::default()
    }
}

/// The calls of the record from before a replay begins: all that a node may know of what to expect.
pub(super) fn calls_before(past: &Past, from: Timestamp) -> Vec<(Timestamp, Point)> {
    let before = past.calls.iter().filter(|call| call.received < from.0);
    let known = before.filter_map(|call| {
        let point = Point::from_degrees(call.lat, call.lon).ok()?;
        Some((Timestamp(call.received), point))
    });
    known.collect()
}

pub(super) fn play_live(stage: Stage, plan: Live<'_>) -> Result<Ended> {
    start_log(&Config::default());
    let fresh = !plan.dir.join("watchfire.db").exists();
    if fresh {
        node::create(plan.dir, plan.name, random(), plan.from)?;
        mark_simulated(plan.dir)?;
    }
    let mut store = Store::open(plan.dir)?;
    // Started again, it goes on at the time of its last entry, so that no call of the night is left out.
    let last =
        Timestamp(i64::try_from(store.load(Timestamp(i64::MAX))?.last_time.ms()).unwrap_or(0));
    let from = if fresh {
        plan.from
    } else {
        last.max(plan.from)
    };
    let from = if from.0 > stage.past.calls.last().map_or(0, |call| call.received) {
        plan.from
    } else {
        from
    };
    let travel = Travel::new(
        stage.router.clone(),
        StraightLine::default(),
        plan.time_percent,
    )
    .with_areas(stage.areas.clone());
    let settings = Settings {
        name: plan.name.to_owned(),
        zone: stage.zone.clone(),
        clock: Clock::replay(from, plan.speed),
        travel,
        timers: Default::default(),
        duplicates: Default::default(),
        targets: Default::default(),
        cover: Cover::new(demo_cover(), calls_before(&stage.past, from)),
        keep_ended_s: 6 * 3_600,
        keep_trail_s: 24 * 3_600,
        keep_draft_s: 24 * 3_600,
        keep_made_s: 24 * 3_600,
        simulated: Some(simulated(plan.speed)),
        demo: true,
    };
    // Only its first start is by the seed; entropy that was used must not be used again.
    let entropy = if fresh {
        Entropy::from_number(plan.seed)
    } else {
        Entropy::new(random())
    };
    let (node, thread) = Node::start(store, settings, Arc::clone(&stage.response), entropy)?;
    playbooks::start(&node, plan.playbooks)?;
    let mut desk = LiveDesk { node: node.clone() };
    let cast = stage_cast(&mut desk, &stage, from)?;
    let visitor = enrol_visitor(&mut desk, from)?;
    let http = Http {
        listen: plan.listen,
        ..Http::default()
    };
    let player = std::thread::Builder::new()
        .name("replay".into())
        .spawn(move || {
            let mut replay = Replay::new(desk, &stage.past, cast, from, Timestamp(i64::MAX));
            let ended = replay.run(|_| {});
            for line in &replay.refused {
                // A person at the console may act on the same things; then the simulated ones give way.
                tracing::debug!(line, "a simulated action was refused");
            }
            match ended {
                Ok(()) => tracing::info!("the replay has come to its end"),
                Err(halt) => tracing::error!(error = %halt, "the replay stopped"),
            }
        })?;
    let speed = plan.speed;
    let stopper = node.clone();
    let served = run_async(server::serve(
        node,
        &http,
        plan.dir,
        Some(visitor),
        &crate::config::Federation::default(),
        |address| {
            println!();
            println!("  Watchfire is ready:  http://{address}/");
            println!();
            println!(
                "  One minute of the night passes every {:.1} s. Crews and desk are simulated; the calls are real.",
                60.0 / f64::from(speed)
            );
            println!(
                "  Whoever opens the page on this machine is signed in as a dispatcher. Ctrl-C ends it."
            );
            println!();
            println!(
                "  烽燧已就绪，请打开上述地址。夜间一分钟约 {:.1} 秒；处警力量与席位为模拟，报警为真实记录。",
                60.0 / f64::from(speed)
            );
            println!("  在本机打开页面即以调度员身份登录。按 Ctrl-C 结束。");
            println!();
        },
    ))?;
    stopper.stop();
    let _ = thread.join();
    let _ = player.join();
    Ok(served.map(|()| Ended::Done)?)
}

fn enrol_visitor(desk: &mut LiveDesk, at: Timestamp) -> Result<PersonId> {
    let seats = [
        Seat::CallTaker,
        Seat::Dispatcher,
        Seat::DutyOfficer,
        Seat::Analyst,
    ];
    let enrolled = replay::enrol(desk, "visitor", "Visitor 访客", &seats, false, at)?;
    enrolled.map_err(|refusal| Failure {
        text: refusal.what().en,
    })
}

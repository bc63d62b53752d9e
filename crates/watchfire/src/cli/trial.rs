//! `watchfire trial`: what another policy, another station or another unit would have meant, on an agency's own calls.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use jiff::tz::TimeZone;
use watchfire_formats::{PastCall, StationRow, UnitRow};

use super::{Ended, Progress, Result, fail};
use crate::city;
use crate::trial::compare::{Comparison, compare};
use crate::trial::network::Spot;
use crate::trial::policy::Policy;
use crate::trial::report::{self, About};
use crate::trial::scene::{Run, Scene};
use crate::trial::{jemss, own};

/// Runs that are drawn at most.
const RUNS_MAX: u32 = 10_000;
/// Days of one drawn run at most.
const DAYS_MAX: u32 = 400;

#[derive(Debug, Args)]
pub(super) struct TrialArgs {
    /// A city of the JEMSS simulator: the directory with its files. All else about the city is then read from there
    #[arg(long, conflicts_with_all = ["roads", "stations", "units", "map"])]
    jemss: Option<PathBuf>,
    /// The roads: a file made by `watchfire roads build`, or a map
    #[arg(long, required_unless_present = "jemss")]
    roads: Option<PathBuf>,
    /// The stations, CSV: code, name, lat, lon, areas
    #[arg(long, required_unless_present = "jemss")]
    stations: Option<PathBuf>,
    /// The units, CSV: callsign, kind and, if wanted, capabilities, station, lat, lon, crew, areas
    #[arg(long, required_unless_present = "jemss")]
    units: Option<PathBuf>,
    /// The calls: an export with --map; with --jemss, files of calls (default: those in the directory)
    #[arg(long, required_unless_present = "jemss", value_delimiter = ',')]
    calls: Vec<PathBuf>,
    /// How the agency writes its calls: the mapping file (docs/book/import.md)
    #[arg(long, required_unless_present = "jemss")]
    map: Option<PathBuf>,
    /// The policies, the first of which the others are compared with: closest, closest_p90, dmexclp, cover, joint, each also with +move_up
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "closest,dmexclp,cover+move_up,joint+move_up"
    )]
    policy: Vec<String>,
    /// Draw runs of so many days from demand, instead of playing the calls on record
    #[arg(long, conflicts_with = "jemss", value_parser = clap::value_parser!(u32).range(1..=i64::from(DAYS_MAX)))]
    days: Option<u32>,
    /// How many runs are drawn
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=i64::from(RUNS_MAX)))]
    runs: u32,
    /// The seed of what is drawn: the same seed gives the same calls
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds of drive that one percentage point of uncovered demand is worth (cover and joint)
    #[arg(long)]
    cover_worth_s: Option<u32>,
    /// Seconds from the call to the first arrival that are in time, by priority
    #[arg(long, value_delimiter = ',', num_args = 4, default_values_t = [480, 720, 1_200, 1_800])]
    target_s: Vec<u32>,
    /// Percent put on road times, for what the network does not know
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(50..=500))]
    time_percent: u32,
    /// Kinds of unit that can stand in for each other, such as medic+ambulance
    #[arg(long)]
    alike: Vec<String>,
    /// Shifts, CSV: callsign, from, to (such as 07:30); who is not in it is always on duty
    #[arg(long)]
    shifts: Option<PathBuf>,
    /// Categories that officers begin themselves: they are played, but make no demand
    #[arg(long, value_delimiter = ',')]
    not_public: Vec<String>,
    /// Every policy again with one more unit: kind@latitude,longitude
    #[arg(long, allow_hyphen_values = true)]
    add_unit: Option<String>,
    /// Every policy again with one more station, to which units may move up: latitude,longitude
    #[arg(long, allow_hyphen_values = true)]
    add_station: Option<String>,
    /// Every policy again with a station elsewhere: name@latitude,longitude
    #[arg(long, allow_hyphen_values = true)]
    move_station: Option<String>,
    /// The folder to which report.html, report.json and report.csv are written
    #[arg(long)]
    out: PathBuf,
    /// Threads to compute on (default: one for each core)
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

/// What was read, and where from, in words.
struct Read {
    runs: Vec<Run>,
    calls_en: String,
    calls_zh: String,
}

pub(super) fn run(args: &TrialArgs) -> Result<Ended> {
    let policies = policies(args)?;
    if let Err(error) = std::fs::create_dir_all(&args.out) {
        return fail(format!("{} cannot be made: {error}", args.out.display()));
    }
    let mut progress = Progress::new();
    progress.show("reading roads and calls", 0, 1);
    let (scene, read) = match &args.jemss {
        Some(dir) => of_model(args, dir)?,
        None => of_agency(args)?,
    };
    let other = changed(args, scene)?;
    let mut cases: Vec<(&Scene, &Policy)> = policies
        .iter()
        .map(|policy| (&other.plain, policy))
        .collect();
    let renamed: Vec<Policy> = match &other.changed {
        Some((_, what)) => policies
            .iter()
            .map(|policy| Policy {
                name: format!("{} {what}", policy.name),
                ..policy.clone()
            })
            .collect(),
        None => Vec::new(),
    };
    if let Some((scene, _)) = &other.changed {
        cases.extend(renamed.iter().map(|policy| (scene, policy)));
    }
    let threads = args.threads.map_or_else(
        || std::thread::available_parallelism().map_or(1, usize::from),
        usize::from,
    );
    let began = Instant::now();
    let progress = std::sync::Mutex::new(progress);
    let jobs = cases.len() * read.runs.len();
    let compared = compare(&cases, &read.runs, threads, |done| {
        let mut progress = progress
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        progress.show("playing", done as u64, jobs as u64);
    });
    progress
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
        .end();
    let played: f64 = read
        .runs
        .iter()
        .map(|run| run.counted_to_ms as f64 / 86_400_000.0)
        .sum::<f64>()
        * cases.len() as f64;
    let about = About {
        scene: other.plain.name.clone(),
        calls_en: read.calls_en,
        calls_zh: read.calls_zh,
        runs: read.runs.len(),
        seed: args.seed,
        attribution: other.plain.attribution.clone(),
        days_per_minute: played / began.elapsed().as_secs_f64().max(1e-9) * 60.0,
    };
    write(args, &about, &other.plain, &read.runs, &compared)?;
    tell(&about, &compared, &args.out);
    Ok(Ended::Done)
}

fn policies(args: &TrialArgs) -> Result<Vec<Policy>> {
    let mut policies = Vec::new();
    for name in &args.policy {
        let Some(mut policy) = Policy::named(name) else {
            return fail(format!(
                "there is no policy '{name}': take closest, closest_p90, dmexclp, cover or joint, each also with +move_up"
            ));
        };
        if let Some(worth) = args.cover_worth_s {
            policy.cover_worth_s = worth;
        }
        policies.push(policy);
    }
    match policies.is_empty() {
        true => fail("name one policy at least: --policy closest"),
        false => Ok(policies),
    }
}

fn of_model(args: &TrialArgs, dir: &Path) -> Result<(Scene, Read)> {
    let scene = jemss::scene(dir)?;
    let runs = match args.calls.is_empty() {
        true => jemss::runs(dir, &scene)?
            .into_iter()
            .map(|(_, run)| run)
            .collect(),
        false => args
            .calls
            .iter()
            .map(|path| jemss::run_file(path, &scene))
            .collect::<std::result::Result<Vec<_>, _>>()?,
    };
    let read = Read {
        runs,
        calls_en: "calls of the model, the first day of each run not counted".to_owned(),
        calls_zh: "模型给出的报警，每次首日不计".to_owned(),
    };
    Ok((scene, read))
}

fn of_agency(args: &TrialArgs) -> Result<(Scene, Read)> {
    // The arguments are required unless a model is given.
    let path = |path: &Option<PathBuf>| path.clone().unwrap_or_default();
    let (roads, stations, units, map) = (
        path(&args.roads),
        path(&args.stations),
        path(&args.units),
        path(&args.map),
    );
    let [calls] = &args.calls[..] else {
        return fail("one export of calls is read: --calls FILE");
    };
    let (stations, units) = lists(&stations, &units)?;
    let calls = city::calls(calls, &map)?;
    eprintln!("{}", calls.report);
    let shifts = shifts(args, &units)?;
    let alike = alike(args, &units)?;
    let not_public = not_public(args, &calls.calls)?;
    // The roads take longest: what is wrong with the others is said before.
    let router = city::router(&roads)?;
    let zone = super::play::zone_of(&map).and_then(|name| TimeZone::get(&name).ok());
    let mut targets_s = [0; 4];
    targets_s
        .iter_mut()
        .zip(&args.target_s)
        .for_each(|(to, from)| *to = *from);
    let name = map.parent().and_then(Path::file_name).map_or_else(
        || "city".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    let asked = own::Asked {
        name,
        router: &router,
        time_percent: args.time_percent,
        stations: &stations,
        units: &units,
        calls: &calls.calls,
        alike,
        not_public,
        targets_s,
        zone: zone.unwrap_or(TimeZone::UTC),
        shifts,
    };
    let (scene, record, told) = match own::scene(&asked) {
        Ok(made) => made,
        Err(problem) => return fail(problem),
    };
    told.iter().for_each(|line| eprintln!("{line}"));
    let read = played(args, &scene, record);
    Ok((scene, read))
}

/// Reads stations and units; says which rows are refused, and of a list that has none left, that it is of no use.
fn lists(stations: &Path, units: &Path) -> Result<(Vec<StationRow>, Vec<UnitRow>)> {
    let of_stations = city::stations(stations)?;
    let of_units = city::units(units, &of_stations.rows)?;
    for (path, report) in [(stations, &of_stations.report), (units, &of_units.report)] {
        if report.rows_taken < report.rows_read {
            eprintln!("{}: {report}", path.display());
        }
        if report.rows_taken == 0 {
            return fail(format!(
                "{}: there is no row that can be used",
                path.display()
            ));
        }
    }
    Ok((of_stations.rows, of_units.rows))
}

/// The calls on record, or runs that are drawn.
fn played(args: &TrialArgs, scene: &Scene, record: Run) -> Read {
    let Some(days) = args.days else {
        return Read {
            runs: vec![record],
            calls_en: "calls on record".to_owned(),
            calls_zh: "历史报警".to_owned(),
        };
    };
    let drawn = |run: u32| own::drawn(scene, &record, days, args.seed.wrapping_add(u64::from(run)));
    Read {
        runs: (0..args.runs).map(drawn).collect(),
        calls_en: format!("calls drawn from demand, {days} days a run"),
        calls_zh: format!("按需求抽取的报警，每次 {days} 天"),
    }
}

/// Reads when shifts begin and end, if that is said.
fn shifts(args: &TrialArgs, units: &[UnitRow]) -> Result<BTreeMap<String, (i64, i64)>> {
    let Some(path) = &args.shifts else {
        return Ok(BTreeMap::new());
    };
    let shifts = match own::shifts(&city::read_text(path)?) {
        Ok(shifts) => shifts,
        Err(problem) => return fail(format!("{}: {problem}", path.display())),
    };
    let known = |callsign: &String| units.iter().any(|unit| unit.callsign == *callsign);
    match shifts.keys().find(|callsign| !known(callsign)) {
        Some(nobody) => fail(format!(
            "{}: there is no unit '{nobody}' in the list of units",
            path.display()
        )),
        None => Ok(shifts),
    }
}

/// Reads which kinds can stand in for each other.
fn alike(args: &TrialArgs, units: &[UnitRow]) -> Result<Vec<Vec<String>>> {
    let groups = args.alike.iter().map(|group| group.split('+'));
    let groups: Vec<Vec<String>> = groups
        .map(|group| group.map(str::to_owned).collect())
        .collect();
    let known = |kind: &String| units.iter().any(|unit| unit.kind == *kind);
    match groups.iter().flatten().find(|kind| !known(kind)) {
        Some(none) => fail(format!("--alike: there is no unit of the kind '{none}'")),
        None => Ok(groups),
    }
}

/// Reads which categories are none of the public's.
fn not_public(args: &TrialArgs, calls: &[PastCall]) -> Result<BTreeSet<String>> {
    let known = |category: &String| calls.iter().any(|call| call.category == *category);
    match args.not_public.iter().find(|category| !known(category)) {
        Some(none) => fail(format!("--not-public: no call has the category '{none}'")),
        None => Ok(args.not_public.iter().cloned().collect()),
    }
}

/// The scene as it is, and what another would be like.
struct Other {
    plain: Scene,
    changed: Option<(Scene, String)>,
}

/// Makes the other scene that was asked for.
fn changed(args: &TrialArgs, scene: Scene) -> Result<Other> {
    let mut changes: Vec<(String, String, Option<Spot>)> = Vec::new();
    if let Some(text) = &args.add_station {
        changes.push(("add".to_owned(), "+ station".to_owned(), spot(text)));
    }
    for (text, what) in [
        (&args.add_unit, "+ unit"),
        (&args.move_station, "station moved"),
    ] {
        if let Some((name, place)) = text
            .as_ref()
            .map(|text| text.rsplit_once('@').unwrap_or((text, "")))
        {
            changes.push((name.to_owned(), what.to_owned(), spot(place)));
        }
    }
    if changes.is_empty() {
        return Ok(Other {
            plain: scene,
            changed: None,
        });
    }
    // Networks are large and hold no way back: the scene is read a second time rather than copied.
    let mut other = match &args.jemss {
        Some(dir) => jemss::scene(dir)?,
        None => of_agency(args)?.0,
    };
    let mut said = Vec::new();
    for (name, what, place) in changes {
        let Some(place) = place else {
            return fail(
                "a place is written as latitude,longitude in degrees; before it name@ or kind@ where one is needed",
            );
        };
        let done = match what.as_str() {
            "+ station" => other.add_station(place),
            "+ unit" => other.add_unit(&name, place),
            _ => other.move_station(&name, place),
        };
        if let Err(problem) = done {
            return fail(problem);
        }
        said.push(what);
    }
    Ok(Other {
        plain: scene,
        changed: Some((other, format!("({})", said.join(", ")))),
    })
}

fn spot(text: &str) -> Option<Spot> {
    let (lat, lon) = text.split_once(',')?;
    let spot = Spot {
        lat: lat.trim().parse().ok()?,
        lon: lon.trim().parse().ok()?,
    };
    (spot.lat.abs() <= 90.0 && spot.lon.abs() <= 180.0).then_some(spot)
}

fn write(
    args: &TrialArgs,
    about: &About,
    scene: &Scene,
    runs: &[Run],
    compared: &Comparison,
) -> Result<()> {
    city::write(
        &args.out.join("report.html"),
        report::html(about, scene, runs, compared).as_bytes(),
    )?;
    city::write(
        &args.out.join("report.json"),
        report::json(about, scene, compared).as_bytes(),
    )?;
    city::write(
        &args.out.join("report.csv"),
        report::csv(scene, compared).as_bytes(),
    )?;
    Ok(())
}

fn tell(about: &About, compared: &Comparison, out: &Path) {
    println!(
        "{:<34} {:>8} {:>22} {:>9} {:>7} {:>14}",
        "policy", "late", "difference, points", "relative", "mean s", "moves/unit/day"
    );
    for one in &compared.summaries {
        let half = one
            .difference
            .half_width
            .map_or(String::new(), |half| format!(" ± {:.2}", half * 100.0));
        println!(
            "{:<34} {:>6.2} % {:>22} {:>7.1} % {:>7.0} {:>14.2}",
            one.policy,
            one.all.fraction() * 100.0,
            format!("{:+.2}{half}", one.difference.mean * 100.0),
            one.relative * 100.0,
            one.mean_s,
            one.moves_per_unit_day
        );
    }
    println!(
        "{:.0} days counted in {} runs; {:.0} days simulated per minute; differences paired by {}",
        compared.days, about.runs, about.days_per_minute, compared.paired_by
    );
    println!("written: {}", out.join("report.html").display());
}

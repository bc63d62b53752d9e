//! A city of the JEMSS simulator (University of Auckland, Apache-2.0): its files, read as they are.
//!
//! The directory holds `stations_*.csv`, `hospitals_*.csv`, `ambulances_*.csv`, `priorities_*.csv`, `travel_*.csv`,
//! `map_*.csv`, if wanted `redispatch*.csv`, `demand*.csv` and `population.raw.gz`, the roads as `roads.zip` or as `nodes.csv`
//! and `arcs.csv`, and calls (`calls*.tar.gz`, `*calls*.csv`, also gzipped). Times are days in the model and seconds in the
//! calls; distances are kilometres by the map's own scale.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use watchfire_core::cover::NO_WAY_S;

use super::network::{Arc, Driving, HUBS_MAX, NEVER, Network, Scale, Spot};
use super::scene::{Call, Cover, DAY_MS, Run, Scene, Station, Task, Unit};
use super::tables::{Table, from_tar, from_zip, unpacked};

/// Bytes that one file of a model may have, unpacked.
const FILE_MAX: u64 = 1 << 30;
/// Arcs and nodes that a model may have.
const NETWORK_MAX: usize = 5_000_000;
/// Cells that the population is gathered into at most.
const CELLS_MAX: usize = 3_600;
/// The side of a cell to begin with, in metres.
const CELL_M: f64 = 400.0;
/// Days at the beginning of each run that do not count.
const WARM_UP_DAYS: i64 = 1;

/// Why a model could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {problem}", path = path.display())]
pub struct JemssError {
    path: PathBuf,
    problem: String,
}

type Read<T> = Result<T, JemssError>;

fn wrong(path: &Path) -> impl Fn(String) -> JemssError {
    move |problem| JemssError {
        path: path.to_owned(),
        problem,
    }
}

/// The files of a directory by name.
struct Folder {
    dir: PathBuf,
    names: Vec<String>,
}

impl Folder {
    fn open(dir: &Path) -> Read<Folder> {
        let listed = std::fs::read_dir(dir).map_err(|error| wrong(dir)(error.to_string()))?;
        let mut names: Vec<String> = listed
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        Ok(Folder {
            dir: dir.to_owned(),
            names,
        })
    }

    fn find(&self, begins: &str, ends: &str) -> Option<PathBuf> {
        let fits = |name: &&String| name.starts_with(begins) && name.ends_with(ends);
        self.names.iter().find(fits).map(|name| self.dir.join(name))
    }

    fn tables(&self, begins: &str) -> Read<(PathBuf, BTreeMap<String, Table>)> {
        let path = self.find(begins, ".csv");
        let path =
            path.ok_or_else(|| wrong(&self.dir)(format!("there is no file {begins}*.csv in it")))?;
        let text = String::from_utf8_lossy(&bytes_of(&path)?).into_owned();
        Ok((path, Table::all(&text)))
    }

    fn table(&self, begins: &str, name: &str) -> Read<(PathBuf, Table)> {
        let (path, mut tables) = self.tables(begins)?;
        let table = tables.remove(name);
        let table =
            table.ok_or_else(|| wrong(&path)(format!("there is no table '{name}' in it")))?;
        Ok((path, table))
    }
}

fn bytes_of(path: &Path) -> Read<Vec<u8>> {
    let bytes = std::fs::read(path).map_err(|error| wrong(path)(error.to_string()))?;
    unpacked(bytes, FILE_MAX).map_err(wrong(path))
}

/// Reads a model.
pub fn scene(dir: &Path) -> Read<Scene> {
    let folder = Folder::open(dir)?;
    let (priorities, target_ms, way) = priorities(&folder)?;
    let mut network = network(&folder, &way)?;
    let stations = stations(&folder, &mut network)?;
    let hospitals = hospitals(&folder, &mut network)?;
    let units = units(&folder, stations.len())?;
    let redirect = redirect(&folder, &priorities)?;
    let name = dir
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut scene = Scene {
        name,
        attribution: "© OpenStreetMap contributors, ODbL".to_owned(),
        network,
        districts: stations
            .iter()
            .map(|station| station.name.clone())
            .collect(),
        stations,
        hospitals,
        units,
        kinds: vec!["ambulance".to_owned()],
        turnout_p90_ms: vec![0], // The model has departure in the delay of the call, alike for all.
        priorities,
        target_ms,
        way,
        redirect,
        cover: vec![None],
        cover_targets: vec![(480, 1_000)],
    };
    if scene.stations.len() + scene.hospitals.len() > HUBS_MAX {
        return Err(wrong(dir)(format!(
            "more than {HUBS_MAX} stations and hospitals"
        )));
    }
    let (seconds, weight) = cover_rules(&folder, &scene)?;
    scene.cover_targets = vec![(seconds, 1_000)];
    if let Some(path) = folder.find("population", ".raw.gz") {
        scene.cover = vec![Some(population(&path, &scene, weight)?)];
    }
    Ok(scene)
}

type Priorities = (Vec<String>, Vec<i64>, Vec<usize>);

fn days_ms(days: f64) -> i64 {
    (days * DAY_MS as f64).round() as i64
}

fn priorities(folder: &Folder) -> Read<Priorities> {
    let (path, table) = folder.table("priorities", "priorities")?;
    let (travel_path, travel) = folder.table("travel", "travelSets")?;
    let mut ways = BTreeMap::new();
    for row in 0..travel.len() {
        let way = travel
            .index(row, "travelModeIndex")
            .map_err(wrong(&travel_path))?;
        let priority = travel.text(row, "priority").map_err(wrong(&travel_path))?;
        ways.entry(priority.to_owned()).or_insert(way);
    }
    let (mut names, mut targets, mut way) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..table.len() {
        let name = table.text(row, "name").map_err(wrong(&path))?;
        targets.push(days_ms(
            table
                .number(row, "targetResponseTime")
                .map_err(wrong(&path))?,
        ));
        let driven = ways.get(name).copied();
        way.push(
            driven.ok_or_else(|| wrong(&travel_path)(format!("no way of travel for '{name}'")))?,
        );
        names.push(name.to_owned());
    }
    match names.is_empty() || names.len() > 4 {
        true => Err(wrong(&path)(format!(
            "{} priorities: from 1 to 4 are taken",
            names.len()
        ))),
        false => Ok((names, targets, way)),
    }
}

fn network(folder: &Folder, way: &[usize]) -> Read<Network> {
    let (nodes_path, nodes) = road_table(folder, "nodes")?;
    let (arcs_path, arcs) = road_table(folder, "arcs")?;
    let (map_path, map) = folder.table("map", "map")?;
    let (travel_path, modes) = folder.table("travel", "travelModes")?;
    if nodes.len() > NETWORK_MAX || arcs.len() > NETWORK_MAX || nodes.len() == 0 {
        return Err(wrong(&nodes_path)(format!(
            "{} nodes and {} arcs: from 1 to {NETWORK_MAX} are taken",
            nodes.len(),
            arcs.len()
        )));
    }
    let (mut points, mut access) = (Vec::new(), Vec::new());
    for row in 0..nodes.len() {
        let field = |column| nodes.number(row, column).map_err(wrong(&nodes_path));
        let (lat, lon) = (field("y")?, field("x")?);
        points.push(Spot { lat, lon });
        access.push(!nodes.has("offRoadAccess") || field("offRoadAccess")? > 0.0);
    }
    let mut read = Vec::new();
    for row in 0..arcs.len() {
        let index = |column| arcs.index(row, column).map_err(wrong(&arcs_path));
        let (from, to) = (index("fromNode")?, index("toNode")?);
        if from.max(to) >= points.len() {
            return Err(wrong(&arcs_path)(format!(
                "row {}: there is no such node",
                row + 1
            )));
        }
        let mut ms = Vec::new();
        for mode in 0..modes.len() {
            let days = arcs
                .number(row, &format!("mode_{}", mode + 1))
                .map_err(wrong(&arcs_path))?;
            ms.push(u32::try_from(days_ms(days)).unwrap_or(NEVER - 1).max(1));
        }
        let (from, to) = (from as u32, to as u32);
        read.push(Arc { from, to, ms });
    }
    let mut driving = Vec::new();
    for mode in 0..modes.len() {
        let km_a_day = modes
            .number(mode, "offRoadSpeed")
            .map_err(wrong(&travel_path))?;
        let off_road_m_s = (km_a_day * 1_000.0 / 86_400.0).max(0.01);
        driving.push(Driving { off_road_m_s });
    }
    let metres = |column| {
        map.number(0, column)
            .map(|km| km * 1_000.0)
            .map_err(wrong(&map_path))
    };
    let scale = Scale {
        lat_m: metres("yScale")?,
        lon_m: metres("xScale")?,
    };
    // Who takes somebody to hospital or goes home drives as to the least urgent calls.
    let plain = way.last().copied().unwrap_or(0);
    if way.iter().any(|way| *way >= driving.len()) {
        return Err(wrong(&travel_path)(
            "a priority names a way of travel that is not there".to_owned(),
        ));
    }
    Ok(Network::new(points, &access, read, driving, plain, scale))
}

fn road_table(folder: &Folder, name: &str) -> Read<(PathBuf, Table)> {
    let file = format!("{name}.csv");
    let (path, bytes) = match folder.find(&file, "") {
        Some(path) => (path.clone(), bytes_of(&path)?),
        None => {
            let path = folder.dir.join("roads.zip");
            let zip = std::fs::read(&path).map_err(|error| wrong(&path)(error.to_string()))?;
            let bytes = from_zip(&zip, &file, FILE_MAX).map_err(wrong(&path))?;
            (path, bytes)
        }
    };
    let table = Table::all(&String::from_utf8_lossy(&bytes)).remove(name);
    let table =
        table.ok_or_else(|| wrong(&path)(format!("there is no table '{name}' in {file}")))?;
    Ok((path, table))
}

fn place(table: &Table, row: usize, path: &Path) -> Read<Spot> {
    let field = |column| table.number(row, column).map_err(wrong(path));
    Ok(Spot {
        lat: field("y")?,
        lon: field("x")?,
    })
}

fn stations(folder: &Folder, network: &mut Network) -> Read<Vec<Station>> {
    let (path, table) = folder.table("stations", "stations")?;
    let mut stations = Vec::new();
    for row in 0..table.len() {
        let place = place(&table, row, &path)?;
        let near = network.near(place);
        let name = ["NAME", "name"]
            .into_iter()
            .find(|column| table.has(column));
        let name = name
            .and_then(|column| table.text(row, column).ok())
            .unwrap_or("");
        stations.push(Station {
            name: if name.is_empty() {
                format!("station {}", row + 1)
            } else {
                name.to_owned()
            },
            place,
            hub: network.hub(near),
            // The model's own rule book gives stations room and lets no move depend on it.
            room: u32::MAX,
            open: true,
        });
    }
    match stations.is_empty() {
        true => Err(wrong(&path)("there is no station in it".to_owned())),
        false => Ok(stations),
    }
}

fn hospitals(folder: &Folder, network: &mut Network) -> Read<Vec<usize>> {
    let (path, table) = folder.table("hospitals", "hospitals")?;
    let places: Read<Vec<Spot>> = (0..table.len())
        .map(|row| place(&table, row, &path))
        .collect();
    let hub = |place| {
        let near = network.near(place);
        network.hub(near)
    };
    Ok(places?.into_iter().map(hub).collect())
}

fn units(folder: &Folder, stations: usize) -> Read<Vec<Unit>> {
    let (path, table) = folder.table("ambulances", "ambulances")?;
    let mut units = Vec::new();
    for row in 0..table.len() {
        let station = table.index(row, "stationIndex").map_err(wrong(&path))?;
        if station >= stations {
            return Err(wrong(&path)(format!(
                "row {}: there is no such station",
                row + 1
            )));
        }
        units.push(Unit {
            callsign: format!("A{}", row + 1),
            kind: 0,
            station,
            shift: None,
            only: Vec::new(),
        });
    }
    match units.is_empty() {
        true => Err(wrong(&path)("there is no ambulance in it".to_owned())),
        false => Ok(units),
    }
}

fn redirect(folder: &Folder, priorities: &[String]) -> Read<Vec<Vec<bool>>> {
    let count = priorities.len();
    let mut may = vec![vec![false; count]; count];
    if folder.find("redispatch", ".csv").is_none() {
        return Ok(may);
    }
    let (path, tables) = folder.tables("redispatch")?;
    let allowed = tables
        .get("miscData")
        .and_then(|table| table.number(0, "allowRedispatch").ok());
    let Some(table) = tables
        .get("redispatchConditions")
        .filter(|_| allowed == Some(1.0))
    else {
        return Ok(may);
    };
    for row in 0..table.len() {
        let index = |column| -> Read<Option<usize>> {
            let name = table.text(row, column).map_err(wrong(&path))?;
            Ok(priorities.iter().position(|priority| priority == name))
        };
        let yes = table.number(row, "allowRedispatch").map_err(wrong(&path))? == 1.0;
        if let (Some(from), Some(to)) = (index("fromCallPriority")?, index("toCallPriority")?) {
            may[from][to] = yes;
        }
    }
    Ok(may)
}

/// The seconds of travel within which a place is covered, and the share of calls for which that holds.
///
/// Calls with the gravest priority's target count in full, others not at all, as in the published experiments.
fn cover_rules(folder: &Folder, scene: &Scene) -> Read<(u16, f64)> {
    let gravest = scene.target_ms[0];
    let mut seconds = gravest / 1_000;
    if folder.find("demand_coverage", ".csv").is_some() {
        let (path, tables) = folder.tables("demand_coverage")?;
        if let Some(table) = tables.get("coverTimes").filter(|table| table.len() > 0) {
            seconds = days_ms(table.number(0, "coverTime").map_err(wrong(&path))?) / 1_000;
        }
    }
    Ok((u16::try_from(seconds).unwrap_or(NO_WAY_S - 1), 1.0))
}

/// Gathers the population into cells, each at the middle of those who live in it.
fn population(path: &Path, scene: &Scene, weight: f64) -> Read<Cover> {
    let raster = Raster::read(path)?;
    let mut cell_m = CELL_M;
    let gathered = loop {
        let gathered = raster.gathered(scene.network.scale, cell_m);
        if gathered.len() <= CELLS_MAX {
            break gathered;
        }
        cell_m *= 1.1;
    };
    let all: f64 = gathered.values().map(|(people, _, _)| people).sum();
    let cells: Vec<Spot> = gathered
        .values()
        .map(|(people, lat, lon)| Spot {
            lat: lat / people,
            lon: lon / people,
        })
        .collect();
    let weights: Vec<u32> = gathered
        .values()
        .map(|(people, _, _)| (people / all.max(1e-9) * weight * 1e9) as u32)
        .collect();
    let table = scene.travel_table(&cells).map_err(wrong(path))?;
    Ok(Cover {
        table,
        weights: vec![weights],
        first_hour: 0,
        cells,
        cell_m,
    })
}

/// People by square, as a raster has them.
struct Raster {
    columns: usize,
    transform: [f64; 6],
    people: Vec<f32>,
}

impl Raster {
    fn read(path: &Path) -> Read<Raster> {
        let bytes = bytes_of(path)?;
        let eight =
            |at: usize| -> Option<[u8; 8]> { bytes.get(at * 8..at * 8 + 8)?.try_into().ok() };
        let short = || wrong(path)("it is shorter than its head says".to_owned());
        let whole = |at| {
            eight(at)
                .map(i64::from_le_bytes)
                .and_then(|n| usize::try_from(n).ok())
        };
        let columns = whole(0).ok_or_else(short)?;
        let rows = whole(1).ok_or_else(short)?;
        let mut transform = [0.0; 6];
        for (at, value) in transform.iter_mut().enumerate() {
            *value = eight(at + 2).map(f64::from_le_bytes).ok_or_else(short)?;
        }
        let cells = bytes.get(64..).unwrap_or(&[]).chunks_exact(4);
        let people: Vec<f32> = cells
            .map(|cell| f32::from_le_bytes([cell[0], cell[1], cell[2], cell[3]]))
            .collect();
        match columns.checked_mul(rows) == Some(people.len()) && columns > 0 {
            true => Ok(Raster {
                columns,
                transform,
                people,
            }),
            false => Err(short()),
        }
    }

    /// Sums people, and where they live times how many, by square of a size.
    fn gathered(&self, scale: Scale, cell_m: f64) -> BTreeMap<(i64, i64), (f64, f64, f64)> {
        let mut gathered = BTreeMap::new();
        for (at, people) in self.people.iter().enumerate() {
            let people = f64::from(*people);
            if !people.is_finite() || people <= 0.0 {
                continue;
            }
            let (column, row) = (
                (at % self.columns) as f64 + 0.5,
                (at / self.columns) as f64 + 0.5,
            );
            let t = &self.transform;
            let (lon, lat) = (
                t[0] + column * t[1] + row * t[2],
                t[3] + column * t[4] + row * t[5],
            );
            let cell = (
                (lat * scale.lat_m / cell_m).floor() as i64,
                (lon * scale.lon_m / cell_m).floor() as i64,
            );
            let sum = gathered.entry(cell).or_insert((0.0, 0.0, 0.0));
            *sum = (sum.0 + people, sum.1 + lat * people, sum.2 + lon * people);
        }
        gathered
    }
}

/// Reads the calls that lie in the directory, one run for each file; the files are named.
pub fn runs(dir: &Path, scene: &Scene) -> Read<Vec<(String, Run)>> {
    let folder = Folder::open(dir)?;
    let mut runs = Vec::new();
    for name in &folder.names {
        if !name.contains("calls") {
            continue;
        }
        let path = folder.dir.join(name);
        if name.ends_with(".tar.gz") || name.ends_with(".tar") {
            for (inner, bytes) in from_tar(&bytes_of(&path)?) {
                runs.push((inner, run(&path, &bytes, scene)?));
            }
        } else if name.ends_with(".csv") || name.ends_with(".csv.gz") {
            runs.push((name.clone(), run(&path, &bytes_of(&path)?, scene)?));
        }
    }
    match runs.is_empty() {
        true => Err(wrong(dir)(
            "there are no calls in it (*calls*.csv, .csv.gz or .tar.gz)".to_owned(),
        )),
        false => Ok(runs),
    }
}

/// Reads one file of calls: index, priority, lon (or x), lat (or y), arrival_s, dispatch_delay_s, on_scene_s, transport, handover_s.
pub fn run_file(path: &Path, scene: &Scene) -> Read<Run> {
    run(path, &bytes_of(path)?, scene)
}

fn run(path: &Path, bytes: &[u8], scene: &Scene) -> Read<Run> {
    let table = Table::plain(&String::from_utf8_lossy(bytes));
    let mut run = Run::default();
    for row in 0..table.len() {
        let field = |column| table.number(row, column).map_err(wrong(path));
        let ms = |column| field(column).map(|seconds| (seconds * 1_000.0).round() as i64);
        let priority = table.index(row, "priority").map_err(wrong(path))?;
        if priority >= scene.priorities.len() {
            return Err(wrong(path)(format!(
                "row {}: there is no priority {}",
                row + 1,
                priority + 1
            )));
        }
        let place = Spot {
            lat: field(if table.has("lat") { "lat" } else { "y" })?,
            lon: field(if table.has("lon") { "lon" } else { "x" })?,
        };
        let near = scene.network.near(place);
        run.calls.push(Call {
            at_ms: ms("arrival_s")?,
            decide_ms: ms("dispatch_delay_s")?,
            priority: priority as u8,
            place,
            near,
            tasks: (row, row + 1),
            district: scene.nearest_station(near.node),
        });
        run.tasks.push(Task {
            call: row,
            kinds: 1,
            turnout_ms: 0,
            on_scene_ms: ms("on_scene_s")?,
            handover_ms: if field("transport")? > 0.0 {
                Some(ms("handover_s")?)
            } else {
                None
            },
        });
    }
    run.counted_from_ms = WARM_UP_DAYS * DAY_MS;
    let last = run.calls.last().map_or(0, |call| call.at_ms);
    // Whole days only; what comes after the last of them keeps the units as busy as before.
    run.counted_to_ms = (last / DAY_MS).max(WARM_UP_DAYS) * DAY_MS;
    Ok(run)
}

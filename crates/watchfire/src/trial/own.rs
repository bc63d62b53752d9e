//! A scene of an agency's own files: its roads, stations, units and past calls, as `watchfire replay` reads them.
//!
//! What the record says is kept: who was needed (each unit that arrived), how long it took to depart and to be free again. It
//! does not say where a hospital is, so a unit becomes free where the call was, after all the time that it was bound. Calls can
//! also be drawn from demand; each drawn call is then like some call on record, at another place and time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use watchfire_core::basis::Point;
use watchfire_core::cover::{
    Demand, DemandError, DemandRules, HOURS, HourOfWeek, Observed, PublicCall,
};
use watchfire_core::record::call::Channel;
use watchfire_formats::{PastCall, PastResponse, StationRow, UnitRow};
use watchfire_roads::Router;
use watchfire_roads::limits::{OFF_ROAD_KMH, SNAP_MAX_M};

use super::dice::Dice;
use super::network::{Arc, Driving, HUBS_MAX, NEVER, Network, Scale, Spot};
use super::scene::{Call, Cover, DAY_MS, Run, Scene, Station, Task, Unit};
use super::tables::Table;

/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;
/// Milliseconds at the beginning of a run that do not count, so that units are at work when counting begins.
const WARM_UP_MS: i64 = 6 * HOUR_MS;
/// Milliseconds to entry and choice, where the record does not say when a call was entered.
const DECIDE_MS: i64 = 75_000;
/// Milliseconds that a dispatcher takes to choose, after a call was entered.
const CHOOSE_MS: i64 = 15_000;
/// Milliseconds to departure, where the record does not say.
const TURNOUT_MS: i64 = 60_000;
/// A departure that took longer than this on record is taken for a mistake, in milliseconds.
const TURNOUT_MAX_MS: i64 = 600_000;
/// Kinds of unit at most: one bit each.
const KINDS_MAX: usize = 64;
/// Seconds of the target that pass before a unit drives: entry, choice and departure.
const BEFORE_DRIVE_S: i64 = 120;

/// What is asked of an agency's files.
pub struct Asked<'a> {
    /// What the scene is called.
    pub name: String,
    /// The roads.
    pub router: &'a Router,
    /// Percent put on road times.
    pub time_percent: u32,
    /// The stations.
    pub stations: &'a [StationRow],
    /// The units.
    pub units: &'a [UnitRow],
    /// The past calls.
    pub calls: &'a [PastCall],
    /// Kinds that can stand in for each other, as groups of codes.
    pub alike: Vec<Vec<String>>,
    /// Categories that officers begin themselves: calls of the trial, but no demand.
    pub not_public: BTreeSet<String>,
    /// Seconds from the call to the arrival that are in time, by priority.
    pub targets_s: [u32; 4],
    /// The agency's time zone.
    pub zone: TimeZone,
    /// By call sign, when a shift begins and ends, as milliseconds of the local day; who is not in it is always on duty.
    pub shifts: BTreeMap<String, (i64, i64)>,
}

/// Reads shifts: a CSV with the columns callsign, from and to, times as `07:30`.
pub fn shifts(text: &str) -> Result<BTreeMap<String, (i64, i64)>, String> {
    let table = Table::plain(text);
    let of_day = |row, column| -> Result<i64, String> {
        let text = table.text(row, column)?;
        let parts = text.split_once(':').and_then(|(hour, minute)| {
            Some((hour.parse::<i64>().ok()?, minute.parse::<i64>().ok()?))
        });
        match parts {
            Some((hour, minute)) if (0..24).contains(&hour) && (0..60).contains(&minute) => {
                Ok((hour * 60 + minute) * 60_000)
            }
            Some(_) | None => Err(format!(
                "row {}: '{text}' in column '{column}' is no time such as 07:30",
                row + 1
            )),
        }
    };
    let one = |row| {
        Ok((
            table.text(row, "callsign")?.to_owned(),
            (of_day(row, "from")?, of_day(row, "to")?),
        ))
    };
    (0..table.len()).map(one).collect()
}

/// Makes the scene, and the run of the calls on record; says what was left out, in words for people.
pub fn scene(asked: &Asked<'_>) -> Result<(Scene, Run, Vec<String>), String> {
    let mut network = network(asked)?;
    let kinds = kinds(asked)?;
    let mut stations = stations(asked.stations, &mut network)?;
    let areas = areas(asked.calls);
    let mut units = units(asked, &kinds, &areas, &mut stations, &mut network)?;
    let first = asked
        .calls
        .iter()
        .map(|call| call.received)
        .min()
        .unwrap_or(0);
    let began = of_day(first, &asked.zone).unwrap_or(0);
    for unit in &mut units {
        // Runs begin with the first call: their days are counted from there.
        let shift = asked.shifts.get(&unit.callsign);
        unit.shift = shift.map(|(from, to)| {
            (
                (from - began).rem_euclid(DAY_MS),
                (to - began).rem_euclid(DAY_MS),
            )
        });
    }
    let mut scene = Scene {
        name: asked.name.clone(),
        attribution: asked.router.graph().attribution().to_owned(),
        network,
        stations,
        hospitals: Vec::new(),
        units,
        turnout_p90_ms: vec![TURNOUT_MS; kinds.len()],
        kinds,
        priorities: (1..=4).map(|number| number.to_string()).collect(),
        target_ms: asked
            .targets_s
            .iter()
            .map(|seconds| i64::from(*seconds) * 1_000)
            .collect(),
        way: vec![0; 4],
        redirect: vec![vec![false; 4]; 4],
        districts: areas.clone(),
        cover: Vec::new(),
        cover_targets: Vec::new(),
    };
    // A unit on its way to something that can wait may be taken for a life at risk.
    (1..4).for_each(|from| scene.redirect[from][0] = true);
    match scene.districts.is_empty() {
        true => {
            scene.districts = scene
                .stations
                .iter()
                .map(|station| station.name.clone())
                .collect()
        }
        false => scene.districts.push("–".to_owned()),
    }
    let within_s = (i64::from(asked.targets_s[0]) - BEFORE_DRIVE_S).max(60);
    scene.cover_targets = vec![(u16::try_from(within_s).unwrap_or(u16::MAX - 1), 1_000)];
    let (run, left_out) = run(asked, &scene, &areas)?;
    for (kind, p90_ms) in scene.turnout_p90_ms.iter_mut().enumerate() {
        *p90_ms = turnout_p90_ms(&run, kind).unwrap_or(TURNOUT_MS);
    }
    scene.cover = covers(asked, &scene, &run)?;
    Ok((scene, run, left_out.told()))
}

/// Turns a road graph into a network: ends of edges at one place are one node.
fn network(asked: &Asked<'_>) -> Result<Network, String> {
    let mut numbers: BTreeMap<(i64, i64), u32> = BTreeMap::new();
    let mut points = Vec::new();
    let mut number = |at: watchfire_roads::Point| {
        let key = ((at.lat * 1e7).round() as i64, (at.lon * 1e7).round() as i64);
        *numbers.entry(key).or_insert_with(|| {
            points.push(Spot {
                lat: at.lat,
                lon: at.lon,
            });
            points.len() as u32 - 1
        })
    };
    let mut arcs = Vec::new();
    for arc in asked.router.arcs() {
        let (from, to) = (number(arc.from), number(arc.to));
        if let Some(ms) = arc.base_ms {
            let ms = u64::from(ms) * u64::from(asked.time_percent) / 100;
            let ms = u32::try_from(ms).unwrap_or(NEVER - 1).max(1);
            arcs.push(Arc {
                from,
                to,
                ms: vec![ms],
            });
        }
    }
    if points.is_empty() {
        return Err("the road network is empty: build it anew".to_owned());
    }
    let middle = points.iter().map(|at| at.lat).sum::<f64>() / points.len() as f64;
    let scale = Scale {
        lat_m: 111_195.0,
        lon_m: 111_195.0 * middle.to_radians().cos().max(0.01),
    };
    let driving = vec![Driving {
        off_road_m_s: OFF_ROAD_KMH / 3.6,
    }];
    let access = vec![true; points.len()];
    Ok(Network::new(points, &access, arcs, driving, 0, scale))
}

fn kinds(asked: &Asked<'_>) -> Result<Vec<String>, String> {
    let kinds: BTreeSet<String> = asked
        .units
        .iter()
        .map(|unit| pooled(&asked.alike, &unit.kind))
        .collect();
    match kinds.len() > KINDS_MAX {
        true => Err(format!(
            "{} kinds of unit: at most {KINDS_MAX} are taken",
            kinds.len()
        )),
        false => Ok(kinds.into_iter().collect()),
    }
}

fn areas(calls: &[PastCall]) -> Vec<String> {
    let areas: BTreeSet<&str> = calls
        .iter()
        .filter_map(|call| call.area.as_deref())
        .collect();
    areas
        .into_iter()
        .take(usize::from(u16::MAX))
        .map(str::to_owned)
        .collect()
}

fn stations(rows: &[StationRow], network: &mut Network) -> Result<Vec<Station>, String> {
    let mut stations = Vec::new();
    for row in rows {
        let place = Spot {
            lat: row.lat,
            lon: row.lon,
        };
        stations.push(Station {
            name: row.name.clone(),
            place,
            hub: hub(network, place)?,
            room: 2, // What its own units take is added with them.
            open: true,
        });
    }
    Ok(stations)
}

fn hub(network: &mut Network, place: Spot) -> Result<usize, String> {
    let near = network.near(place);
    let hub = network.hub(near);
    match hub >= HUBS_MAX {
        true => Err(format!(
            "more than {HUBS_MAX} stations and posts: leave some out"
        )),
        false => Ok(hub),
    }
}

fn units(
    asked: &Asked<'_>,
    kinds: &[String],
    areas: &[String],
    stations: &mut Vec<Station>,
    network: &mut Network,
) -> Result<Vec<Unit>, String> {
    let mut units = Vec::new();
    for row in asked.units {
        let place = Spot {
            lat: row.lat,
            lon: row.lon,
        };
        let at_home = |station: &Station| network.distance_m(station.place, place) < 1.0;
        let station = match stations.iter().position(at_home) {
            Some(station) => station,
            None => {
                stations.push(Station {
                    name: format!("post of {}", row.callsign),
                    place,
                    hub: hub(network, place)?,
                    room: 0,
                    open: false,
                });
                stations.len() - 1
            }
        };
        stations[station].room += 1;
        let only = row
            .areas
            .iter()
            .filter_map(|area| areas.iter().position(|known| known == area));
        units.push(Unit {
            callsign: row.callsign.clone(),
            kind: kinds
                .iter()
                .position(|kind| *kind == pooled(&asked.alike, &row.kind))
                .unwrap_or(0) as u8,
            station,
            shift: None,
            only: only.map(|area| area as u16).collect(),
        });
    }
    Ok(units)
}

/// What was left out of a record, and how often.
#[derive(Default)]
struct LeftOut {
    far: u32,
    nobody: u32,
    strange: u32,
}

impl LeftOut {
    fn told(&self) -> Vec<String> {
        let lines = [
            (self.far, "calls lie too far from every road"),
            (self.nobody, "calls that no unit reached on record"),
            (
                self.strange,
                "responses by kinds of unit that are not in the list of units",
            ),
        ];
        let said = lines.into_iter().filter(|(count, _)| *count > 0);
        said.map(|(count, what)| format!("left out: {count} {what}"))
            .collect()
    }
}

/// The run of the calls on record.
fn run(asked: &Asked<'_>, scene: &Scene, areas: &[String]) -> Result<(Run, LeftOut), String> {
    let kind_of: BTreeMap<&str, &str> = asked
        .units
        .iter()
        .map(|unit| (unit.callsign.as_str(), unit.kind.as_str()))
        .collect();
    let first = asked
        .calls
        .iter()
        .map(|call| call.received)
        .min()
        .ok_or("there is no call")?;
    let mut left_out = LeftOut::default();
    let mut run = Run::default();
    let mut order: Vec<&PastCall> = asked.calls.iter().collect();
    order.sort_by_key(|call| (call.received, &call.source_id));
    for past in order {
        let place = Spot {
            lat: past.lat,
            lon: past.lon,
        };
        let near = scene.network.near(place);
        if near.off_m > SNAP_MAX_M {
            left_out.far += 1;
            continue;
        }
        let begin = run.tasks.len();
        for response in past
            .responses
            .iter()
            .filter(|response| response.arrived.is_some())
        {
            let kind = kind_of
                .get(response.unit.as_str())
                .copied()
                .or(response.kind.as_deref());
            let kind = kind.map(|kind| pooled(&asked.alike, kind));
            match kind.and_then(|kind| scene.kinds.iter().position(|known| *known == kind)) {
                Some(kind) => run.tasks.push(task(run.calls.len(), 1 << kind, response)),
                None => left_out.strange += 1,
            }
        }
        if run.tasks.len() == begin {
            left_out.nobody += 1;
            continue;
        }
        let entered = past.entered.filter(|at| *at >= past.received);
        run.calls.push(Call {
            at_ms: past.received - first,
            decide_ms: entered.map_or(DECIDE_MS, |at| at - past.received + CHOOSE_MS),
            priority: past.priority.clamp(1, 4) - 1,
            place,
            near,
            tasks: (begin, run.tasks.len()),
            district: district(scene, areas, past.area.as_ref(), near.node),
        });
    }
    let last = run
        .calls
        .last()
        .map(|call| call.at_ms)
        .ok_or("no call is left to play")?;
    run.counted_from_ms = if last > 2 * DAY_MS { WARM_UP_MS } else { 0 };
    run.counted_to_ms = last + 1;
    Ok((run, left_out))
}

/// The area on record; without any areas, the station that is nearest.
fn district(scene: &Scene, areas: &[String], area: Option<&String>, node: u32) -> u16 {
    if areas.is_empty() {
        return scene.nearest_station(node);
    }
    let known = area.and_then(|area| areas.binary_search(area).ok());
    known.unwrap_or(areas.len()) as u16 // The last name in the list stands for none.
}

/// The name under which kinds that can stand in for each other are one.
fn pooled(alike: &[Vec<String>], kind: &str) -> String {
    let group = alike
        .iter()
        .find(|group| group.iter().any(|other| other == kind));
    group.map_or_else(|| kind.to_owned(), |group| group.join("+"))
}

fn task(call: usize, kinds: u64, response: &PastResponse) -> Task {
    let between = |from: Option<i64>, to: Option<i64>| Some(to? - from?).filter(|ms| *ms >= 0);
    let turnout =
        between(response.dispatched, response.departed).filter(|ms| *ms <= TURNOUT_MAX_MS);
    let scene = response
        .scene_time_s()
        .map(|seconds| (seconds * 1_000.0) as i64);
    let bound = between(response.arrived, response.cleared).or(scene);
    Task {
        call,
        kinds,
        turnout_ms: turnout.unwrap_or(TURNOUT_MS),
        on_scene_ms: bound.unwrap_or(20 * 60_000).min(DAY_MS),
        handover_ms: None,
    }
}

/// Milliseconds within which nine in ten units of a kind departed on record, by nearest rank; none without any.
fn turnout_p90_ms(run: &Run, kind: usize) -> Option<i64> {
    let own = run.tasks.iter().filter(|task| task.kinds >> kind & 1 == 1);
    let mut turnouts: Vec<i64> = own.map(|task| task.turnout_ms).collect();
    turnouts.sort_unstable();
    let rank = (turnouts.len() * 9).div_ceil(10);
    turnouts.get(rank.checked_sub(1)?).copied()
}

/// Milliseconds of the local day.
fn of_day(at_ms: i64, zone: &TimeZone) -> Option<i64> {
    let at = zone.to_datetime(jiff::Timestamp::from_millisecond(at_ms).ok()?);
    let seconds =
        i64::from(at.hour()) * 3_600 + i64::from(at.minute()) * 60 + i64::from(at.second());
    Some(seconds * 1_000)
}

fn hour_of_week(at_ms: i64, zone: &TimeZone) -> Option<HourOfWeek> {
    let at = zone.to_datetime(jiff::Timestamp::from_millisecond(at_ms).ok()?);
    let day = at.weekday().to_monday_zero_offset();
    HourOfWeek::new(u8::try_from(day).ok()?, u8::try_from(at.hour()).ok()?)
}

/// Demand by kind of unit, of the public's calls that needed it.
fn covers(asked: &Asked<'_>, scene: &Scene, run: &Run) -> Result<Vec<Option<Cover>>, String> {
    let first = asked
        .calls
        .iter()
        .map(|call| call.received)
        .min()
        .unwrap_or(0);
    let private: BTreeSet<i64> = asked
        .calls
        .iter()
        .filter(|call| asked.not_public.contains(&call.category))
        .map(|call| call.received - first)
        .collect();
    let first_hour = hour_of_week(first, &asked.zone)
        .ok_or("the first call has no time that a calendar knows")?;
    let last = run.calls.last().map_or(0, |call| call.at_ms);
    let observed = Observed {
        first: first_hour,
        hours: u32::try_from(last / HOUR_MS + 1).unwrap_or(u32::MAX),
    };
    let mut covers = Vec::new();
    for kind in 0..scene.kinds.len() {
        let needs = |call: &&Call| {
            run.tasks[call.tasks.0..call.tasks.1]
                .iter()
                .any(|task| task.kinds >> kind & 1 == 1)
        };
        let public = |call: &Call| {
            let hour = hour_of_week(first + call.at_ms, &asked.zone)?;
            let point = Point::from_degrees(call.place.lat, call.place.lon).ok()?;
            PublicCall::reported(Channel::Import, point, hour)
        };
        let began = |call: &&Call| !private.contains(&call.at_ms);
        let calls: Vec<PublicCall> = run
            .calls
            .iter()
            .filter(needs)
            .filter(began)
            .filter_map(public)
            .collect();
        covers.push(match demand(&calls, observed) {
            Ok(demand) => Some(cover(scene, &demand, first_hour)?),
            Err(DemandError::NoCalls) => None,
            Err(error) => return Err(error.to_string()),
        });
    }
    Ok(covers)
}

/// Makes demand, with larger cells if there would be too many.
fn demand(calls: &[PublicCall], observed: Observed) -> Result<Demand, DemandError> {
    let mut rules = DemandRules::default();
    loop {
        match Demand::new(calls, observed, rules) {
            Err(DemandError::Cells { cell_m }) => rules.cell_m = cell_m * 3 / 2,
            done => return done,
        }
    }
}

fn cover(scene: &Scene, demand: &Demand, first_hour: HourOfWeek) -> Result<Cover, String> {
    let cells: Vec<Spot> = demand
        .points()
        .iter()
        .map(|at| Spot {
            lat: at.lat(),
            lon: at.lon(),
        })
        .collect();
    let hour = |number: usize| HourOfWeek::new((number / 24) as u8, (number % 24) as u8);
    let weights = (0..HOURS)
        .filter_map(hour)
        .map(|hour| demand.weights(hour).to_vec());
    Ok(Cover {
        table: scene.travel_table(&cells)?,
        weights: weights.collect(),
        first_hour: first_hour.index(),
        cells,
        cell_m: f64::from(demand.cell_m()),
    })
}

/// Draws a run of so many days: how many calls come in which hour, and where, is drawn from demand; what each is like, and what
/// it needs, is that of a call on record chosen at random.
pub fn drawn(scene: &Scene, record: &Run, days: u32, seed: u64) -> Run {
    let mut run = Run {
        counted_from_ms: WARM_UP_MS,
        counted_to_ms: WARM_UP_MS + i64::from(days) * DAY_MS,
        ..Run::default()
    };
    let mut when = Dice::new(seed, 1);
    let mut which = Dice::new(seed, 2);
    let mut place = Dice::new(seed, 3);
    let span = (record.calls.last().map_or(1, |call| call.at_ms)).max(HOUR_MS);
    let busiest = busiest_hours(scene, record, span);
    let mut at = 0.0;
    loop {
        at += when.exponential(busiest.0);
        let at_ms = at as i64;
        if at_ms >= run.counted_to_ms + HOUR_MS || record.calls.is_empty() {
            return run;
        }
        // Thinning: of calls at the rate of the busiest hour, as many stay as this hour has.
        if when.share() >= busiest.1[(at_ms / HOUR_MS) as usize % HOURS] {
            continue;
        }
        let like = &record.calls[which.below(record.calls.len())];
        let begin = run.tasks.len();
        let call = run.calls.len();
        run.tasks.extend(
            record.tasks[like.tasks.0..like.tasks.1]
                .iter()
                .map(|task| Task {
                    call,
                    ..task.clone()
                }),
        );
        let place =
            drawn_place(scene, run.tasks[begin].kinds, at_ms, &mut place).unwrap_or(like.place);
        let near = scene.network.near(place);
        run.calls.push(Call {
            at_ms,
            place,
            near,
            tasks: (begin, run.tasks.len()),
            ..like.clone()
        });
    }
}

/// Milliseconds between calls in the busiest hour of the week, and each hour's share of that, from the hour in which runs begin.
fn busiest_hours(scene: &Scene, record: &Run, span_ms: i64) -> (f64, Vec<f64>) {
    let total = |hour: usize| -> f64 {
        let sums = scene.cover.iter().flatten().map(|cover| {
            let weights = cover.weights_at(hour as i64 * HOUR_MS);
            weights.iter().map(|weight| f64::from(*weight)).sum::<f64>()
        });
        sums.sum()
    };
    let totals: Vec<f64> = (0..HOURS).map(total).collect();
    let (most, sum) = (
        totals.iter().copied().fold(0.0, f64::max),
        totals.iter().sum::<f64>(),
    );
    if most <= 0.0 {
        return (
            span_ms as f64 / record.calls.len().max(1) as f64,
            vec![1.0; HOURS],
        );
    }
    // Calls that need several kinds are in several demands: the rhythm is taken from them, the number from the record.
    let mean_ms = span_ms as f64 / record.calls.len().max(1) as f64;
    let busiest_ms = mean_ms * (sum / HOURS as f64) / most;
    (
        busiest_ms,
        totals.iter().map(|total| total / most).collect(),
    )
}

fn drawn_place(scene: &Scene, kinds: u64, at_ms: i64, dice: &mut Dice) -> Option<Spot> {
    let cover = scene
        .cover
        .iter()
        .enumerate()
        .find(|(kind, cover)| kinds >> kind & 1 == 1 && cover.is_some());
    let cover = cover?.1.as_ref()?;
    let weights = cover.weights_at(at_ms);
    let all: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    let mut left = (dice.share() * all as f64) as u64;
    let mut cell = 0;
    for (number, weight) in weights.iter().enumerate() {
        cell = number;
        if left < u64::from(*weight) {
            break;
        }
        left -= u64::from(*weight);
    }
    let middle = cover.cells[cell];
    let scale = scene.network.scale;
    Some(Spot {
        lat: middle.lat + (dice.share() - 0.5) * cover.cell_m / scale.lat_m,
        lon: middle.lon + (dice.share() - 0.5) * cover.cell_m / scale.lon_m,
    })
}

//! What a trial is played on: stations, hospitals, units with their shifts, calls, and the rules of the agency.
//!
//! It is read from files by [`super::jemss`] or [`super::own`] and never changes during a day; what another policy, another
//! station or another unit would have meant is another scene with the same calls.

use watchfire_core::cover::{NO_WAY_S, TravelTable};

use super::network::{HUBS_MAX, Near, Network, Spot};

/// Milliseconds of a day.
pub const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// Where units wait.
#[derive(Debug, Clone)]
pub struct Station {
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub place: Spot,
    /// Its trees in the network.
    pub hub: usize,
    /// Units that find room.
    pub room: u32,
    /// Whether units may be moved up to it; a post of one unit is only that unit's.
    pub open: bool,
}

/// A unit.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Its call sign.
    pub callsign: String,
    /// Which of the kinds.
    pub kind: u8,
    /// Its home.
    pub station: usize,
    /// Its shift: from and to as milliseconds of the day, over midnight if the end is the earlier; none is around the clock.
    pub shift: Option<(i64, i64)>,
    /// Districts to which it is limited; empty is everywhere.
    pub only: Vec<u16>,
}

impl Unit {
    /// Returns whether it may do a task of a call.
    pub fn fits(&self, task: &Task, call: &Call) -> bool {
        task.kinds >> self.kind & 1 == 1
            && (self.only.is_empty() || self.only.contains(&call.district))
    }

    /// Returns whether it is on duty at a time.
    pub fn on_duty(&self, at: i64) -> bool {
        let Some((from, to)) = self.shift else {
            return true;
        };
        let of_day = at.rem_euclid(DAY_MS);
        if from <= to {
            from <= of_day && of_day < to
        } else {
            of_day >= from || of_day < to
        }
    }

    /// Returns how long its shift lasts from a time on, if it ends at all.
    pub fn duty_left_ms(&self, at: i64) -> Option<i64> {
        let (_, to) = self.shift?;
        Some((to - at).rem_euclid(DAY_MS))
    }
}

/// One unit's part in a call.
#[derive(Debug, Clone)]
pub struct Task {
    /// Which call.
    pub call: usize,
    /// The kinds that can do it, one bit each.
    pub kinds: u64,
    /// Milliseconds until a unit that stands at a station is on its way.
    pub turnout_ms: i64,
    /// Milliseconds on scene.
    pub on_scene_ms: i64,
    /// Milliseconds at the hospital, if somebody is taken there.
    pub handover_ms: Option<i64>,
}

/// A call, as every policy meets it.
#[derive(Debug, Clone)]
pub struct Call {
    /// When it comes in, in milliseconds from the beginning of the run.
    pub at_ms: i64,
    /// Milliseconds until a unit can be chosen.
    pub decide_ms: i64,
    /// Its priority, 0 for the gravest.
    pub priority: u8,
    /// Where it is.
    pub place: Spot,
    /// The same on the network.
    pub near: Near,
    /// Its tasks, the first to the last but one.
    pub tasks: (usize, usize),
    /// Its district, as a number in the scene's list.
    pub district: u16,
}

/// The calls of one run.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Calls in the order in which they come.
    pub calls: Vec<Call>,
    /// All their tasks.
    pub tasks: Vec<Task>,
    /// From when on calls count, so that the day begins with units at work.
    pub counted_from_ms: i64,
    /// Until when.
    pub counted_to_ms: i64,
}

impl Run {
    /// Returns whether a call counts.
    pub fn counts(&self, call: &Call) -> bool {
        (self.counted_from_ms..self.counted_to_ms).contains(&call.at_ms)
    }

    /// Returns the days that count.
    pub fn days(&self) -> f64 {
        (self.counted_to_ms - self.counted_from_ms) as f64 / DAY_MS as f64
    }
}

/// Demand of one kind of unit, for the policies that look at cover.
#[derive(Debug, Clone)]
pub struct Cover {
    /// Travel seconds from each station to each cell.
    pub table: TravelTable,
    /// Weight of each cell by hour of the week; one row serves all hours where nothing else is known.
    pub weights: Vec<Vec<u32>>,
    /// Hour of the week at which the run begins.
    pub first_hour: usize,
    /// Where each cell is, and how many metres wide.
    pub cells: Vec<Spot>,
    /// Side of a cell in metres.
    pub cell_m: f64,
}

impl Cover {
    /// Returns the weights at a time of the run.
    pub fn weights_at(&self, at_ms: i64) -> &[u32] {
        let hours = (at_ms / 3_600_000).max(0) as usize + self.first_hour;
        &self.weights[hours % self.weights.len()]
    }
}

/// Everything but the calls.
pub struct Scene {
    /// What it is called in the report.
    pub name: String,
    /// Whose map it is.
    pub attribution: String,
    /// The roads.
    pub network: Network,
    /// Stations and posts.
    pub stations: Vec<Station>,
    /// Hubs of the hospitals.
    pub hospitals: Vec<usize>,
    /// Units.
    pub units: Vec<Unit>,
    /// Codes of the kinds.
    pub kinds: Vec<String>,
    /// By kind, milliseconds within which nine in ten that stand at a station are on their way.
    pub turnout_p90_ms: Vec<i64>,
    /// Names of the priorities, the gravest first.
    pub priorities: Vec<String>,
    /// By priority, milliseconds from the call to the arrival that are in time.
    pub target_ms: Vec<i64>,
    /// By priority, how units drive to it.
    pub way: Vec<usize>,
    /// Whether a unit on its way to a call of the first priority may be sent to one of the second instead.
    pub redirect: Vec<Vec<bool>>,
    /// Names of the districts.
    pub districts: Vec<String>,
    /// By kind, where demand is; none where nothing is known.
    pub cover: Vec<Option<Cover>>,
    /// The targets by which cover is counted: seconds of travel and thousandths.
    pub cover_targets: Vec<(u16, u16)>,
}

impl Scene {
    /// Returns the hospital that is nearest to a node by time, as a hub; none if there is none or no way.
    pub fn nearest_hospital(&self, node: u32) -> Option<usize> {
        let plain = self.network.plain;
        let time = |hub: &usize| {
            let off = self.network.off_ms(plain, self.network.hub_at(*hub));
            self.network.to_hub(*hub, node).map(|ms| ms + off)
        };
        let reached = self
            .hospitals
            .iter()
            .filter_map(|hub| Some((time(hub)?, *hub)));
        reached.min().map(|(_, hub)| hub)
    }

    /// Adds a station to which units may move up.
    pub fn add_station(&mut self, place: Spot) -> Result<(), String> {
        let near = self.network.near(place);
        self.stations.push(Station {
            name: format!("{:.5},{:.5}", place.lat, place.lon),
            place,
            hub: self.network.hub(near),
            room: u32::MAX,
            open: true,
        });
        self.retimed()
    }

    /// Adds a unit of a kind at the station nearest to a place.
    pub fn add_unit(&mut self, kind: &str, place: Spot) -> Result<(), String> {
        let known = self.kinds.iter().position(|known| known == kind);
        let known = known.ok_or_else(|| {
            format!(
                "there is no kind of unit '{kind}': take one of {}",
                self.kinds.join(", ")
            )
        })?;
        let apart = |station: &Station| self.network.distance_m(station.place, place);
        let stations = self
            .stations
            .iter()
            .enumerate()
            .filter(|(_, station)| station.open);
        let nearest = stations
            .min_by(|a, b| apart(a.1).total_cmp(&apart(b.1)))
            .map(|(at, _)| at);
        let station = nearest.ok_or("there is no station to add a unit at")?;
        self.stations[station].room = self.stations[station].room.saturating_add(1);
        self.units.push(Unit {
            callsign: format!("{kind} +1"),
            kind: known as u8,
            station,
            shift: None,
            only: Vec::new(),
        });
        Ok(())
    }

    /// Puts a station elsewhere, with all units whose home it is.
    pub fn move_station(&mut self, name: &str, place: Spot) -> Result<(), String> {
        let known = self
            .stations
            .iter()
            .position(|station| station.name == name);
        let at = known.ok_or_else(|| format!("there is no station '{name}'"))?;
        let near = self.network.near(place);
        self.stations[at].place = place;
        self.stations[at].hub = self.network.hub(near);
        self.retimed()
    }

    /// Makes the tables of travel anew after stations have changed.
    fn retimed(&mut self) -> Result<(), String> {
        if self.stations.len() + self.hospitals.len() > HUBS_MAX {
            return Err(format!(
                "more than {HUBS_MAX} stations, posts and hospitals"
            ));
        }
        for kind in 0..self.cover.len() {
            let Some(cover) = &self.cover[kind] else {
                continue;
            };
            let table = self.travel_table(&cover.cells)?;
            if let Some(cover) = &mut self.cover[kind] {
                cover.table = table;
            }
        }
        Ok(())
    }

    /// Makes the table of travel seconds from each station to each cell, driving as to the gravest calls.
    pub fn travel_table(&self, cells: &[Spot]) -> Result<TravelTable, String> {
        let way = self.way[0];
        let near: Vec<Near> = cells.iter().map(|cell| self.network.near(*cell)).collect();
        let mut seconds = Vec::with_capacity(cells.len() * self.stations.len());
        for station in &self.stations {
            let own = self.network.off_ms(way, self.network.hub_at(station.hub));
            for cell in &near {
                let road = self.network.from_hub(station.hub, way, cell.node);
                let ms = road.map(|road| own + road + self.network.off_ms(way, *cell));
                let whole = ms.and_then(|ms| u16::try_from(ms / 1_000).ok());
                seconds.push(whole.unwrap_or(NO_WAY_S));
            }
        }
        TravelTable::new(self.stations.len(), cells.len(), seconds)
            .map_err(|error| error.to_string())
    }

    /// The station that is nearest to a node by time: its number names the district where nothing else does.
    pub fn nearest_station(&self, node: u32) -> u16 {
        let time = |(number, station): (usize, &Station)| {
            Some((
                self.network.from_hub(station.hub, self.way[0], node)?,
                number,
            ))
        };
        let nearest = self.stations.iter().enumerate().filter_map(time).min();
        nearest.map_or(0, |(_, number)| number as u16)
    }
}

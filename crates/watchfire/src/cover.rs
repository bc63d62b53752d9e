//! What calls are expected where, how many of them could be reached in time as units stand, and which moves would help.
//!
//! The arithmetic is the core's ([`watchfire_core::cover`]); here it is given this node's own past calls of the public, the
//! road network's times and where units are. What is expected is worked out on a thread of its own and renewed as calls
//! come in; until there are enough calls on record cover is *not known*, which is said and never shown as 0 %. Start at
//! [`Cover::now`].

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use watchfire_core::basis::{Code, Point, StationId, Timestamp, UnitId};
use watchfire_core::board::{Board, UnitStatus};
use watchfire_core::cover::{
    Bound, CoverField, CoverRules, Demand, DemandError, DemandRules, HourOfWeek, Move, MoveRules,
    NO_WAY_S, Observed, Post, PublicCall, Standing, Target, Trade, TravelTable, moves,
};
use watchfire_core::recommend::Weighed;
use watchfire_core::record::unit::Unit;
use watchfire_core::record::{Record, RecordKind};
use watchfire_core::watch::Watch;
use watchfire_store::{Filter, Reader, StoreError};

use crate::node::{Chain, Health, Node};
use crate::positions::Positions;
use crate::travel::{Travel, whereabouts};

/// Calls that must be on record before anything is expected of them.
pub const CALLS_MIN: usize = 50;
/// Calls that are looked back at, at most; the latest count.
const CALLS_MAX: usize = 2_000_000;
/// How often it is looked whether what is expected must be worked out anew.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// After so many looks it is worked out anew in any case (an hour).
const LOOKS_MAX: u32 = 720;
/// Rows that are read at a time.
const ROWS: usize = 1_000;

/// How cover is counted and kept, as the configuration says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CoverSettings {
    /// The kinds of unit that count; all when empty.
    pub kinds: Vec<String>,
    /// Seconds of travel within which a call should be reached.
    pub within_s: u16,
    /// How much of the time a unit is busy, in percent: how little the first unit alone is to be relied upon.
    pub busy_percent: u16,
    /// Side of the squares in which calls are counted, in metres.
    pub cell_m: u32,
    /// Days of calls that are looked back at.
    pub record_days: u32,
    /// Seconds of longer drive that one percentage point of cover is worth.
    pub worth_s: u32,
    /// The agency's line, in percent: below it, moves are proposed.
    pub line_percent: u32,
    /// Moves proposed at once at most.
    pub moves_max: u32,
    /// Percentage points that a move must add at least.
    pub move_gain_percent: u32,
    /// Seconds of driving that a move may take at most.
    pub move_drive_s: u32,
    /// Seconds after a move within which the same unit is not moved again.
    pub move_still_s: u32,
    /// Seconds within which a unit is not moved back to where it was moved from.
    pub move_no_return_s: u32,
    /// Units that have room at one station.
    pub station_room: u32,
}

impl Default for CoverSettings {
    fn default() -> CoverSettings {
        let moves = MoveRules::default();
        CoverSettings {
            kinds: Vec::new(),
            within_s: 480,
            busy_percent: 30,
            cell_m: DemandRules::default().cell_m,
            record_days: 365,
            worth_s: Trade::default().cover_worth_s,
            line_percent: moves.line_permille / 10,
            moves_max: moves.moves_max,
            move_gain_percent: moves.gain_min_ppm / 10_000,
            move_drive_s: moves.drive_max_s,
            move_still_s: moves.still_s,
            move_no_return_s: moves.no_return_s,
            station_room: 3,
        }
    }
}

impl CoverSettings {
    /// Returns what is wrong with them, if anything is.
    pub fn wrong(&self) -> Option<&'static str> {
        let kinds = self.kinds.iter().all(|kind| kind.parse::<Code>().is_ok());
        let lines = self.line_percent <= 100 && self.move_gain_percent <= 100;
        match () {
            () if !kinds => Some("cover.kinds must be codes of kinds of unit"),
            () if !(60..=7_200).contains(&self.within_s) => {
                Some("cover.within_s must be 60 to 7200")
            }
            () if self.busy_percent > 95 => Some("cover.busy_percent must be 0 to 95"),
            () if !(200..=20_000).contains(&self.cell_m) => {
                Some("cover.cell_m must be 200 to 20000")
            }
            () if !(1..=3_660).contains(&self.record_days) => {
                Some("cover.record_days must be 1 to 3660")
            }
            () if self.worth_s > 3_600 => Some("cover.worth_s must be 0 to 3600"),
            () if !lines => Some("cover.line_percent and move_gain_percent must be 0 to 100"),
            () if self.moves_max > 20 => Some("cover.moves_max must be 0 to 20"),
            () => None,
        }
    }

    /// Returns true if a unit is of a kind that counts.
    pub(crate) fn counts(&self, unit: &Unit) -> bool {
        let kind = unit.details.kind.as_str();
        self.kinds.is_empty() || self.kinds.iter().any(|one| one == kind)
    }

    fn rules(&self) -> CoverRules {
        CoverRules {
            targets: vec![Target {
                within_s: self.within_s,
                permille: 1_000,
            }],
            busy_permille: self.busy_percent * 10,
        }
    }

    fn move_rules(&self) -> MoveRules {
        MoveRules {
            line_permille: self.line_percent * 10,
            moves_max: self.moves_max,
            gain_min_ppm: self.move_gain_percent * 10_000,
            drive_max_s: self.move_drive_s,
            still_s: self.move_still_s,
            no_return_s: self.move_no_return_s,
            ..MoveRules::default()
        }
    }
}

/// What is expected, and from where it is reached.
#[derive(Debug)]
pub struct Expected {
    demand: Demand,
    table: TravelTable,
    posts: BTreeMap<StationId, Post>,
    /// Calls of the public that it is made of.
    pub calls: usize,
    /// From when they are.
    pub since: Timestamp,
    /// When it was made.
    pub made_at: Timestamp,
}

/// Why cover is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotKnown {
    /// It has not been worked out yet.
    NotYet,
    /// So many calls of the public are on record: too few.
    TooFewCalls(usize),
    /// It cannot be worked out with the settings that are set.
    Settings(String),
}

/// What is expected of the node's area, and how units stand to it.
#[derive(Debug)]
pub struct Cover {
    settings: CoverSettings,
    /// Calls of the public from before this node: a replay's record up to where it begins.
    before: Vec<(Timestamp, Point)>,
    expected: RwLock<Result<Arc<Expected>, NotKnown>>,
    /// What is usual of the public's calls, since when, and when that was made; read anew after [`WATCHED_S`].
    watched: RwLock<Option<(Timestamp, Watched)>>,
}

/// What is usual of the public's calls and since when they are counted; nothing if there are none.
pub type Watched = Arc<Option<(Timestamp, Watch)>>;

/// How long what is usual of the public's calls stands before the calls are read again, in seconds.
const WATCHED_S: u64 = 60;

/// How units stand at a moment.
#[derive(Debug)]
pub struct CoverNow {
    /// What is expected.
    pub expected: Arc<Expected>,
    /// Free units by spot.
    pub field: CoverField,
    spots: BTreeMap<UnitId, usize>,
    standing: Vec<Standing>,
    hour: HourOfWeek,
}

/// One square of the map: what is expected there, and how much of it could be reached in time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoverCell {
    /// Its south-western corner.
    pub south_west: Point,
    /// Its north-eastern corner.
    pub north_east: Point,
    /// Calls of the public expected in this hour.
    pub calls_per_h: f64,
    /// How surely one of them is reached in time, in parts per million.
    pub covered_ppm: u32,
}

impl Default for Cover {
    fn default() -> Cover {
        Cover::new(CoverSettings::default(), Vec::new())
    }
}

impl Cover {
    /// Makes it, knowing nothing yet. `before` are calls of the public from before this node.
    pub fn new(settings: CoverSettings, before: Vec<(Timestamp, Point)>) -> Cover {
        Cover {
            settings,
            before,
            expected: RwLock::new(Err(NotKnown::NotYet)),
            watched: RwLock::new(None),
        }
    }

    /// Returns what is usual of the public's calls, if it was made within the last minute.
    pub fn watched(&self, now: Timestamp) -> Option<Watched> {
        let kept = self.watched.read();
        let kept = kept.unwrap_or_else(|poisoned| poisoned.into_inner());
        let (made_at, watched) = kept.as_ref()?;
        let fresh = *made_at <= now && now.seconds_since(*made_at) < WATCHED_S;
        fresh.then(|| Arc::clone(watched))
    }

    /// Keeps what is usual of the public's calls.
    pub fn watch(&self, now: Timestamp, made: Option<(Timestamp, Watch)>) -> Watched {
        let made = Arc::new(made);
        let kept = self.watched.write();
        let mut kept = kept.unwrap_or_else(|poisoned| poisoned.into_inner());
        *kept = Some((now, Arc::clone(&made)));
        made
    }

    /// Returns how it is counted.
    pub fn settings(&self) -> &CoverSettings {
        &self.settings
    }

    /// Returns what is expected, or why that is not known.
    pub fn expected(&self) -> Result<Arc<Expected>, NotKnown> {
        self.expected
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .clone()
    }

    /// Counts the units of a board where they are, for the hour that it is.
    pub fn now(
        &self,
        board: &Board,
        positions: &Positions,
        zone: Option<&str>,
        now: Timestamp,
    ) -> Result<CoverNow, NotKnown> {
        let expected = self.expected()?;
        let hour = hour_of_week(&zone_of(zone), now);
        let weights = expected.demand.weights(hour);
        let mut field = CoverField::new(&expected.table, &self.settings.rules(), weights)
            .map_err(|error| NotKnown::Settings(error.to_string()))?;
        let (mut spots, mut standing) = (BTreeMap::new(), Vec::new());
        positions.read(|known| {
            for unit in board.units.values() {
                let free = board.unit_status(unit).0 == UnitStatus::Available;
                if !free || !self.settings.counts(unit) {
                    continue;
                }
                let on_the_way = self.moving_to(unit, now);
                let posted = on_the_way.and_then(|to| expected.posts.get(&to));
                let spot = posted.map(|post| post.spot).or_else(|| {
                    let (start, _) = whereabouts(board, known.get(&unit.id), unit, now)?;
                    let point = start.point;
                    Some(expected.demand.nearest(point))
                });
                let Some(spot) = spot else { continue };
                field.add(spot);
                spots.insert(unit.id, spot);
                standing.push(expected.standing(unit, spot, posted.is_some(), now));
            }
        });
        Ok(CoverNow {
            expected,
            field,
            spots,
            standing,
            hour,
        })
    }

    /// Where a unit is on its way to after a move, for as long as the longest move may take: it counts there.
    fn moving_to(&self, unit: &Unit, now: Timestamp) -> Option<StationId> {
        let moved = unit.moved.as_ref()?;
        (now < moved.at.plus_s(self.settings.move_drive_s)).then_some(moved.to)
    }

    /// Proposes moves, if cover is below the agency's line.
    pub fn moves(&self, now_at: &CoverNow, now: Timestamp) -> Vec<(Move, StationId)> {
        let posts: Vec<Post> = now_at.expected.posts.values().copied().collect();
        let CoverNow {
            field, standing, ..
        } = now_at;
        let table = &now_at.expected.table;
        let rules = self.settings.move_rules();
        let found = moves(field, table, standing, &posts, &rules, now);
        let station = |to: usize| {
            let mut all = now_at.expected.posts.iter();
            all.find(|(_, post)| post.spot == to).map(|(id, _)| *id)
        };
        let with_station = |one: Move| Some((one, station(one.to)?));
        found.into_iter().filter_map(with_station).collect()
    }

    /// Works out what is expected, again and again for as long as the node is there. On a thread of its own.
    pub fn keep(node: &Node, reader: &Reader) {
        let mut known = None;
        let mut looks = 0;
        while node.health() != Health::Stopped && node.health() != Health::Failed {
            let now_seen = Seen::of(node);
            if known.as_ref() != Some(&now_seen) || looks >= LOOKS_MAX {
                let made = node.cover().make(node, reader);
                let made = made.unwrap_or_else(|fault| {
                    tracing::error!(error = %Chain(&fault), "past calls could not be read");
                    Err(NotKnown::NotYet)
                });
                *node
                    .cover()
                    .expected
                    .write()
                    .unwrap_or_else(|poisoned| poisoned.into_inner()) = made.map(Arc::new);
                known = Some(now_seen);
                looks = 0;
            }
            looks += 1;
            for _ in 0..LOOK_EVERY.as_secs() * 4 {
                if node.health() == Health::Stopped || node.health() == Health::Failed {
                    return;
                }
                std::thread::sleep(Duration::from_millis(250));
            }
        }
    }

    fn make(&self, node: &Node, reader: &Reader) -> Result<Result<Expected, NotKnown>, StoreError> {
        let now = node.now();
        let zone = zone_of(node.settings().zone.as_deref());
        let back_ms = i64::from(self.settings.record_days) * 24 * 3_600_000;
        let oldest = Timestamp(now.0.saturating_sub(back_ms));
        let mut since = now;
        let mut calls = Vec::new();
        for (at, point) in self.before.iter().filter(|(at, _)| *at >= oldest) {
            since = since.min(*at);
            let hour = hour_of_week(&zone, *at);
            let channel = watchfire_core::record::call::Channel::Import;
            calls.extend(PublicCall::reported(channel, *point, hour));
        }
        let mut after = None;
        'reading: loop {
            let filter = Filter {
                open: None,
                parent: None,
            };
            let page = reader.records(RecordKind::Call, filter, after, ROWS)?;
            for row in &page.rows {
                // They come last changed first.
                if row.changed_at < oldest || calls.len() >= CALLS_MAX {
                    break 'reading;
                }
                let Record::Call(call) = reader.plain(row)? else {
                    continue;
                };
                if call.received_at >= oldest {
                    since = since.min(call.received_at);
                    calls.extend(PublicCall::of(&call, hour_of_week(&zone, call.received_at)));
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        if calls.len() < CALLS_MIN {
            return Ok(Err(NotKnown::TooFewCalls(calls.len())));
        }
        let hours = now.seconds_since(since).div_ceil(3_600).max(1);
        let observed = Observed {
            first: hour_of_week(&zone, since),
            hours: u32::try_from(hours).unwrap_or(u32::MAX),
        };
        let demand = match self.demand(&calls, observed) {
            Ok(demand) => demand,
            Err(error) => return Ok(Err(NotKnown::Settings(error.to_string()))),
        };
        let stations = node.board().stations.clone();
        let stations: Vec<(StationId, Point)> = stations
            .values()
            .map(|station| (station.id, station.details.place.point))
            .collect();
        let (table, posts) = self.table(&node.settings().travel, &demand, &stations);
        let table = table.map_err(|error| NotKnown::Settings(error.to_string()));
        Ok(table.map(|table| Expected {
            demand,
            table,
            posts,
            calls: calls.len(),
            since,
            made_at: now,
        }))
    }

    /// Makes demand in squares as small as was asked for, or as large as they must be.
    fn demand(&self, calls: &[PublicCall], observed: Observed) -> Result<Demand, DemandError> {
        let mut rules = DemandRules {
            cell_m: self.settings.cell_m,
            ..DemandRules::default()
        };
        loop {
            match Demand::new(calls, observed, rules) {
                Err(DemandError::Cells { .. }) if rules.cell_m < 10_000 => rules.cell_m *= 2,
                made => return made,
            }
        }
    }

    fn table(
        &self,
        travel: &Travel,
        demand: &Demand,
        stations: &[(StationId, Point)],
    ) -> (
        Result<TravelTable, watchfire_core::cover::TableError>,
        BTreeMap<StationId, Post>,
    ) {
        let cells = demand.points();
        let mut spots: Vec<Point> = cells.to_vec();
        spots.extend(stations.iter().map(|(_, point)| *point));
        let mut seconds = vec![NO_WAY_S; spots.len() * cells.len()];
        for (cell, point) in cells.iter().enumerate() {
            let times = travel.times_to(*point, &spots);
            for (spot, time) in times.into_iter().enumerate() {
                if let Some(time) = time {
                    let time_s = u16::try_from(time.seconds).unwrap_or(NO_WAY_S);
                    seconds[spot * cells.len() + cell] = time_s;
                }
            }
        }
        let post = |(at, (id, point)): (usize, &(StationId, Point))| {
            let post = Post {
                spot: cells.len() + at,
                cell: demand.nearest(*point),
                room: self.settings.station_room,
            };
            (*id, post)
        };
        let posts = stations.iter().enumerate().map(post).collect();
        (TravelTable::new(spots.len(), cells.len(), seconds), posts)
    }
}

impl Expected {
    /// Returns every square where calls are expected: its middle, and its corners of least and greatest degrees.
    pub fn squares(&self) -> impl Iterator<Item = [Point; 3]> {
        let middles = self.demand.points().iter().enumerate();
        middles.map(|(cell, middle)| {
            let (south_west, north_east) = self.demand.corners(cell);
            [*middle, south_west, north_east]
        })
    }

    fn standing(&self, unit: &Unit, spot: usize, moving: bool, now: Timestamp) -> Standing {
        let bound = if moving {
            Bound::Moving
        } else if unit.is_resting(now) {
            Bound::Resting
        } else {
            Bound::Free
        };
        let from = |moved: &watchfire_core::record::unit::Moved| {
            let post = moved.from.and_then(|from| self.posts.get(&from));
            (moved.at, post.map_or(usize::MAX, |post| post.spot))
        };
        Standing {
            unit: unit.id,
            spot,
            bound,
            moved: unit.moved.as_ref().map(from),
            duty_ends: None,
        }
    }
}

impl CoverNow {
    /// Returns the share of expected calls that could be reached in time, in parts per million.
    pub fn ppm(&self) -> u32 {
        self.field.ppm(self.field.cover())
    }

    /// Returns that share once some units are gone.
    pub fn ppm_without(&self, units: &[UnitId]) -> u32 {
        let mut field = self.field.clone();
        for spot in units.iter().filter_map(|unit| self.spots.get(unit)) {
            field.remove(*spot);
        }
        field.ppm(field.cover())
    }

    /// Returns how many free units count.
    pub fn units(&self) -> usize {
        self.spots.len()
    }

    /// Returns calls of the public expected in this hour, in millionths.
    pub fn calls_e6(&self) -> u64 {
        self.expected.demand.total(self.hour)
    }

    /// Returns what a recommendation weighs with.
    pub fn weighed(&self, settings: &CoverSettings) -> Weighed {
        // Many units stand at one spot, and to lose any of them is the same.
        let mut by_spot = vec![None; self.field.spots()];
        let mut loss = |(unit, spot): (&UnitId, &usize)| {
            let known = by_spot.get_mut(*spot)?;
            let loss = *known.get_or_insert_with(|| self.field.ppm(self.field.loss(*spot)));
            Some((*unit, loss))
        };
        Weighed {
            losses: self.spots.iter().filter_map(&mut loss).collect(),
            trade: Trade {
                cover_worth_s: settings.worth_s,
            },
            target_s: u32::from(settings.within_s),
        }
    }

    /// Returns every square of the map.
    pub fn cells(&self) -> impl Iterator<Item = CoverCell> {
        let weights = self.expected.demand.weights(self.hour);
        weights.iter().enumerate().map(|(cell, weight)| {
            let (south_west, north_east) = self.expected.demand.corners(cell);
            CoverCell {
                south_west,
                north_east,
                calls_per_h: f64::from(*weight) / 1e6,
                covered_ppm: self.field.cell_ppm(cell),
            }
        })
    }
}

/// What must have changed for the expected to be worked out anew: stations, or a tenth more calls.
#[derive(PartialEq, Eq)]
struct Seen {
    stations: Vec<(StationId, u64)>,
    /// How many tenths the number of calls has grown by, from one.
    grown: u32,
}

impl Seen {
    fn of(node: &Node) -> Seen {
        let board = node.board();
        let stations = board.stations.values();
        let last = board.calls.values().map(|call| call.number).max();
        let number = last.unwrap_or(0).max(1) as f64;
        Seen {
            stations: stations.map(|one| (one.id, one.version)).collect(),
            grown: (number.ln() / 1.1_f64.ln()) as u32, // Of a number from 1 up: small and not negative.
        }
    }
}

pub(crate) fn zone_of(zone: Option<&str>) -> TimeZone {
    let named = zone.and_then(|name| TimeZone::get(name).ok());
    named.unwrap_or(TimeZone::UTC)
}

pub(crate) fn hour_of_week(zone: &TimeZone, at: Timestamp) -> HourOfWeek {
    let time = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    let local = zone.to_datetime(time);
    let day = local.weekday().to_monday_zero_offset();
    let hour = HourOfWeek::new(day.unsigned_abs(), local.hour().unsigned_abs());
    hour.unwrap_or_else(|| HourOfWeek::new(0, 0).expect("a week has a first hour"))
}

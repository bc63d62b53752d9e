//! Demand for response: how many calls the public is expected to make, by place and hour of the week.
//!
//! It is made of [`PublicCall`]s, and there is no way to make one of what an officer began: where patrols go must not
//! decide where patrols go (§4 of the design). A call becomes a point and an hour here; nothing of who called is kept.
//!
//! A few days of calls leave most cells empty at most hours, which does not mean that nobody will call. So counts are spread
//! to the neighbouring cells by a binomial kernel (the discrete Gaussian; Silverman, *Density Estimation*, 1986), and what a
//! cell showed at an hour is drawn towards what the whole city's rhythm and the cell's size let expect, as a Poisson rate
//! under a gamma prior (Gelman et al., *Bayesian Data Analysis*, 2.6): the prior weighs as much as so many weeks of record.
//! That place and hour are near enough independent to begin with is what Setzler, Saydam and Park (Computers & Operations
//! Research 36, 2009) found simple averages to be good for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::basis::Point;
use crate::limits;
use crate::record::call::{Call, Channel};

/// Hours of a week.
pub const HOURS: usize = 168;
/// Hours of a day.
const DAY: usize = 24;
/// Millionths of a call per hour that one call per hour is.
const CALL: u64 = 1_000_000;
/// What one pass of the kernel multiplies a count by: (1+2+1) squared.
const PASS: u64 = 16;
/// Passes of the kernel: two have a standard deviation of one cell and reach two cells far.
const PASSES: u32 = 2;
/// What the kernel over the hours (1 2 1) multiplies a count by.
const HOUR_PASS: u64 = 4;
/// How many weeks of record the rhythm of the day weighs against that of the week, for the city as a whole.
const CITY_PRIOR_WEEKS: u64 = 4;
/// Millionths of a degree of latitude in a thousand metres.
const LAT_E6_PER_KM: i64 = 8_993;

/// An hour of the agency's local week: 0 is Monday from 00:00, 167 Sunday from 23:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HourOfWeek(u8);

impl HourOfWeek {
    /// Makes an hour of a day of the week (0 is Monday) and an hour of that day; none if there is no such hour.
    pub fn new(day: u8, hour: u8) -> Option<HourOfWeek> {
        (day < 7 && hour < 24).then_some(HourOfWeek(day * 24 + hour))
    }

    /// Returns the hour that so many hours later is.
    pub fn plus(self, hours: u32) -> HourOfWeek {
        let later = (u32::from(self.0) + hours % HOURS as u32) % HOURS as u32;
        HourOfWeek(later as u8) // Below 168.
    }

    /// Returns its number, 0 to 167.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Where and in which hour of the week somebody of the public asked for help. Nothing else is kept of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicCall {
    point: Point,
    hour: HourOfWeek,
}

impl PublicCall {
    /// Makes one of a call on record; none if an officer began it, or if nobody knows where it was.
    pub fn of(call: &Call, hour: HourOfWeek) -> Option<PublicCall> {
        let place = call.place.as_ref()?;
        PublicCall::reported(call.channel, place.point, hour)
    }

    /// Makes one of a channel, a place and an hour; none if the channel is one that officers use.
    ///
    /// [`Channel::Import`] does not say who began a call: whoever imports an export that holds more than calls of the public
    /// has to leave the others out, as the book says under "import".
    pub fn reported(channel: Channel, point: Point, hour: HourOfWeek) -> Option<PublicCall> {
        channel.is_public().then_some(PublicCall { point, hour })
    }
}

/// For how long calls were gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observed {
    /// The hour of the week in which the record begins.
    pub first: HourOfWeek,
    /// How many hours it covers.
    pub hours: u32,
}

/// How demand is made of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DemandRules {
    /// Side of a cell in metres.
    pub cell_m: u32,
    /// Weeks of record that the prior weighs: the more, the less a cell's own rhythm counts against the city's.
    pub prior_weeks: u32,
}

impl Default for DemandRules {
    /// Returns the defaults: cells of 500 m, a prior of 26 weeks.
    fn default() -> DemandRules {
        DemandRules {
            cell_m: 500,
            prior_weeks: 26,
        }
    }
}

/// Why no demand could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DemandError {
    /// No calls.
    #[error("there is no call of the public to make a demand of: import past calls first")]
    NoCalls,
    /// No time.
    #[error("the record covers no hour: say when it begins and ends")]
    NoTime,
    /// Cells too small or too large.
    #[error("cells of {cell_m} m: from {min} m to {max} m are taken", min = limits::DEMAND_CELL_MIN_M, max = limits::DEMAND_CELL_MAX_M)]
    CellSize {
        /// What was asked for.
        cell_m: u32,
    },
    /// Too many cells.
    #[error("cells of {cell_m} m make more than {max} cells: take larger ones", max = limits::DEMAND_CELLS_MAX)]
    Cells {
        /// What was asked for.
        cell_m: u32,
    },
}

/// Expected calls of the public by cell and hour of the week, in millionths of a call per hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    grid: Grid,
    /// Row and column of each cell, in order.
    at: Vec<(i32, i32)>,
    points: Vec<Point>,
    /// Hour after hour, cell after cell.
    weights: Vec<u32>,
}

impl Demand {
    /// Makes demand of calls of the public that were gathered over some time.
    pub fn new(
        calls: &[PublicCall],
        observed: Observed,
        rules: DemandRules,
    ) -> Result<Demand, DemandError> {
        let cell_m = rules.cell_m;
        if !(limits::DEMAND_CELL_MIN_M..=limits::DEMAND_CELL_MAX_M).contains(&cell_m) {
            return Err(DemandError::CellSize { cell_m });
        }
        if observed.hours == 0 {
            return Err(DemandError::NoTime);
        }
        let grid = Grid::over(calls, cell_m).ok_or(DemandError::NoCalls)?;
        let mut counts = BTreeMap::new();
        for call in calls {
            let hours = counts
                .entry(grid.cell(call.point))
                .or_insert([0_u64; HOURS]);
            hours[call.hour.index()] += 1;
            if counts.len() > limits::DEMAND_CELLS_MAX {
                return Err(DemandError::Cells { cell_m });
            }
        }
        for _ in 0..PASSES {
            counts = spread(&counts);
            if counts.len() > limits::DEMAND_CELLS_MAX {
                return Err(DemandError::Cells { cell_m });
            }
        }
        let at: Vec<(i32, i32)> = counts.keys().copied().collect();
        let counts: Vec<[u64; HOURS]> = counts.into_values().collect();
        Ok(Demand {
            points: at.iter().map(|cell| grid.middle(*cell)).collect(),
            weights: rates(&counts, observed, u64::from(rules.prior_weeks)),
            at,
            grid,
        })
    }

    /// Returns the middle of each cell.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Returns the weight of each cell in an hour: millionths of a call per hour.
    pub fn weights(&self, hour: HourOfWeek) -> &[u32] {
        let cells = self.points.len();
        &self.weights[hour.index() * cells..(hour.index() + 1) * cells]
    }

    /// Returns the weight of each cell over a whole week: millionths of a call per hour.
    pub fn week(&self) -> Vec<u32> {
        let cells = self.points.len();
        let mean = |cell: usize| {
            let sum: u64 = (0..HOURS)
                .map(|hour| u64::from(self.weights[hour * cells + cell]))
                .sum();
            (sum / HOURS as u64) as u32 // A mean of numbers that fit fits.
        };
        (0..cells).map(mean).collect()
    }

    /// Returns the calls expected in an hour, all cells together, in millionths.
    pub fn total(&self, hour: HourOfWeek) -> u64 {
        self.weights(hour).iter().map(|w| u64::from(*w)).sum()
    }

    /// Returns the cell that holds a point, or the one whose middle is nearest.
    pub fn nearest(&self, point: Point) -> usize {
        if let Ok(cell) = self.at.binary_search(&self.grid.cell(point)) {
            return cell;
        }
        let apart = |middle: &Point| {
            let north = i64::from(middle.lat_e6) - i64::from(point.lat_e6);
            let east = i64::from(middle.lon_e6) - i64::from(point.lon_e6);
            // As wide as high in cells, so that a degree counts for what it is here.
            let (rows, columns) = (
                north * 1_000 / self.grid.lat_e6,
                east * 1_000 / self.grid.lon_e6,
            );
            rows * rows + columns * columns
        };
        let cells = self.points.iter().enumerate();
        cells
            .min_by_key(|(cell, middle)| (apart(middle), *cell))
            .map_or(0, |(cell, _)| cell)
    }

    /// Returns the side of a cell in metres.
    pub fn cell_m(&self) -> u32 {
        self.grid.cell_m
    }

    /// Returns the south-western and north-eastern corner of a cell.
    pub fn corners(&self, cell: usize) -> (Point, Point) {
        let (lat, lon) = (self.grid.lat_e6 as i32 / 2, self.grid.lon_e6 as i32 / 2);
        let middle = self.points[cell];
        let moved = |sign: i32| Point {
            lat_e6: middle.lat_e6.saturating_add(sign * lat),
            lon_e6: middle.lon_e6.saturating_add(sign * lon),
        };
        (moved(-1), moved(1))
    }
}

/// Rows and columns over the Earth, in whole millionths of a degree, so that no rounding moves a call between cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Grid {
    cell_m: u32,
    lat_e6: i64,
    lon_e6: i64,
}

impl Grid {
    /// Returns the grid for the middle latitude of calls; none if there are none.
    fn over(calls: &[PublicCall], cell_m: u32) -> Option<Grid> {
        let lats = || calls.iter().map(|call| call.point.lat());
        let (south, north) = (
            lats().min_by(f64::total_cmp)?,
            lats().max_by(f64::total_cmp)?,
        );
        // Rounded to a hundredth: a column is the same width wherever the cosine's last bit differs.
        let narrow = ((south + north) / 2.0).to_radians().cos().max(0.05);
        let narrow = (narrow * 100.0).round() as i64;
        let lat_e6 = i64::from(cell_m) * LAT_E6_PER_KM / 1_000;
        Some(Grid {
            cell_m,
            lat_e6,
            lon_e6: lat_e6 * 100 / narrow.max(1),
        })
    }

    fn cell(&self, point: Point) -> (i32, i32) {
        let row = i64::from(point.lat_e6).div_euclid(self.lat_e6);
        let column = i64::from(point.lon_e6).div_euclid(self.lon_e6);
        (row as i32, column as i32) // Degrees over a cell's side: far within i32.
    }

    fn middle(&self, (row, column): (i32, i32)) -> Point {
        let lat = i64::from(row) * self.lat_e6 + self.lat_e6 / 2;
        let lon = i64::from(column) * self.lon_e6 + self.lon_e6 / 2;
        Point {
            lat_e6: lat.clamp(-90_000_000, 90_000_000) as i32,
            lon_e6: lon.clamp(-180_000_000, 180_000_000) as i32,
        }
    }
}

type Counts = BTreeMap<(i32, i32), [u64; HOURS]>;

/// Spreads counts over the neighbouring cells once: a quarter stays, an eighth goes to each side, a sixteenth to each corner.
fn spread(counts: &Counts) -> Counts {
    let mut spread = Counts::new();
    for ((row, column), hours) in counts {
        for (north, rows) in [(-1, 1), (0, 2), (1, 1)] {
            for (east, columns) in [(-1, 1), (0, 2), (1, 1)] {
                let cell = spread
                    .entry((row + north, column + east))
                    .or_insert([0; HOURS]);
                for (sum, count) in cell.iter_mut().zip(hours) {
                    *sum += count * rows * columns;
                }
            }
        }
    }
    spread
}

/// Turns spread counts into rates, hour after hour and cell after cell, in millionths of a call per hour.
fn rates(counts: &[[u64; HOURS]], observed: Observed, prior_weeks: u64) -> Vec<u32> {
    const COUNT: u128 = (PASS * PASS) as u128; // What one call has become by two passes.
    let times = exposure(observed);
    let city = rhythm(counts, &times);
    let sizes: Vec<u128> = counts
        .iter()
        .map(|hours| hours.iter().map(|n| u128::from(*n)).sum())
        .collect();
    let all: u128 = sizes.iter().sum::<u128>().max(1);
    let mut rates = Vec::with_capacity(counts.len() * HOURS);
    for (hour, of_city) in city.iter().enumerate() {
        let around = [(hour + HOURS - 1) % HOURS, hour, (hour + 1) % HOURS];
        let seen: u64 = around
            .iter()
            .zip([1, 2, 1])
            .map(|(at, w)| times[*at] * w)
            .sum();
        for (hours, size) in counts.iter().zip(&sizes) {
            let own: u64 = around
                .iter()
                .zip([1, 2, 1])
                .map(|(at, w)| hours[*at] * w)
                .sum();
            let expected = u128::from(*of_city) * size / all;
            // (calls + prior x expected) / (times seen + prior), both sides in quarters of an hour's count.
            let calls = u128::from(own) * u128::from(CALL) / COUNT;
            let prior = u128::from(prior_weeks * HOUR_PASS);
            let rate = (calls + prior * expected) / (u128::from(seen) + prior).max(1);
            rates.push(u32::try_from(rate).unwrap_or(u32::MAX));
        }
    }
    rates
}

/// Returns how often each hour of the week was seen.
fn exposure(observed: Observed) -> [u64; HOURS] {
    let mut times = [u64::from(observed.hours) / HOURS as u64; HOURS];
    for more in 0..observed.hours % HOURS as u32 {
        times[observed.first.plus(more).index()] += 1;
    }
    times
}

/// Returns the whole city's calls by hour of the week, in millionths per hour: what was seen, drawn towards the same hour of all days.
fn rhythm(counts: &[[u64; HOURS]], times: &[u64; HOURS]) -> [u64; HOURS] {
    let scale = PASS * PASS;
    let mut seen = [0_u64; HOURS];
    for hours in counts {
        for (sum, count) in seen.iter_mut().zip(hours) {
            *sum += count;
        }
    }
    // Counts are sums of whole calls again once all cells are added up.
    let calls: Vec<u64> = seen
        .iter()
        .map(|sum| sum * (CALL / 1_000) / scale * 1_000)
        .collect();
    let all_times: u64 = times.iter().sum::<u64>().max(1);
    let mean = calls.iter().sum::<u64>() / all_times;
    let day = |hour: usize| {
        let of_day = (0..HOURS).filter(|at| at % DAY == hour % DAY);
        let (sum, seen) = of_day.fold((0, 0), |(sum, seen), at| {
            (sum + calls[at], seen + times[at])
        });
        (sum + mean) / (seen + 1) // One day's worth of the mean, for an hour of the day that was never seen.
    };
    let smooth = |hour: usize| (day(hour + DAY - 1) + 2 * day(hour) + day(hour + 1)) / HOUR_PASS;
    std::array::from_fn(|hour| {
        (calls[hour] + CITY_PRIOR_WEEKS * smooth(hour)) / (times[hour] + CITY_PRIOR_WEEKS)
    })
}

//! Where units are right now: last known, in memory, never an entry (DESIGN §6).
//!
//! Only units on duty are followed. A sampled trail goes to a plain table while a unit is assigned and is deleted after a
//! short time. Positions lie in a grid, so that the nearest few are found without looking at all ([`Known::nearest`]), and
//! each knows in whose area it is, the station that is first there by road ([`StationAreas`]). Start at [`Positions`].

use std::collections::HashMap;
use std::sync::{Arc, RwLock, RwLockWriteGuard};

use watchfire_core::basis::{Point, Timestamp, UnitId};
use watchfire_roads::FirstThere;

/// The side of a cell of the grid in millionths of a degree: some 110 m. A whole number of them goes round the Earth.
const CELL_E6: i32 = 1_000;
/// How many cells go round.
const AROUND: i32 = 360_000_000 / CELL_E6;
/// How many rings of cells are looked at for the nearest few before everything is: some 7 km.
const RINGS_MAX: i32 = 64;
/// Of so few units all are looked at: that is faster than many empty cells. Tests are of few, and of the grid.
const FEW: usize = if cfg!(test) { 2 } else { 500 };
/// The length of a cell from south to north, in metres, and a little less than that.
const CELL_M: f64 = CELL_E6 as f64 * 0.111;

/// Where a unit was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The point.
    pub point: Point,
    /// Degrees clockwise from north, if it moves.
    pub heading_deg: Option<u16>,
    /// When.
    pub at: Timestamp,
}

/// Where a unit was, and the code of the station in whose area that is, where that is known.
pub type Located = (Position, Option<Arc<str>>);

/// A unit has gone from one station's area to another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossing {
    /// Which area it left, by its number among [`StationAreas`]; none where it was in no area, or is new.
    pub left: Option<u16>,
    /// Which it entered; none where it is in no area now.
    pub entered: Option<u16>,
}

/// Where each station is the first to arrive by road.
#[derive(Clone)]
pub struct StationAreas {
    areas: Arc<FirstThere>,
    codes: Arc<[Arc<str>]>,
}

impl StationAreas {
    /// Makes them from the areas of stations and the stations' short codes, in the same order.
    pub fn new(areas: Arc<FirstThere>, codes: Vec<Arc<str>>) -> StationAreas {
        StationAreas {
            areas,
            codes: codes.into(),
        }
    }

    fn at(&self, point: Point) -> Option<u16> {
        let point = watchfire_roads::Point {
            lat: point.lat(),
            lon: point.lon(),
        };
        u16::try_from(self.areas.source_at(point)?).ok()
    }
}

/// The last known position of every unit, and which of them have not been shown yet.
#[derive(Default)]
pub struct Positions {
    inner: RwLock<Inner>,
}

#[derive(Default)]
struct Inner {
    known: Known,
    /// Those that have moved; each is marked in its slot too.
    unshown: Vec<UnitId>,
}

/// The positions themselves.
#[derive(Default)]
pub struct Known {
    slots: Vec<Slot>,
    by_unit: HashMap<UnitId, u32>,
    cells: HashMap<Cell, Vec<u32>>,
    areas: Option<StationAreas>,
}

struct Slot {
    unit: UnitId,
    position: Position,
    area: Option<u16>,
    is_unshown: bool,
}

/// Row and column of the grid.
type Cell = (i32, i32);

fn cell_of(point: Point) -> Cell {
    let column = point.lon_e6.div_euclid(CELL_E6);
    (point.lat_e6.div_euclid(CELL_E6), column.rem_euclid(AROUND))
}

impl Known {
    /// Returns the position of one unit.
    pub fn get(&self, unit: &UnitId) -> Option<&Position> {
        Some(&self.slot(*unit)?.position)
    }

    /// Returns the code of the station in whose area a unit is, if areas are known and it is in one.
    pub fn area_of(&self, unit: UnitId) -> Option<Arc<str>> {
        let area = self.slot(unit)?.area?;
        let codes = &self.areas.as_ref()?.codes;
        codes.get(usize::from(area)).cloned()
    }

    /// Returns the units nearest to a point as the crow flies, nearest first, with their distance in metres; of those that
    /// are wanted, at most so many. Of two equally near the one with the lesser id comes first.
    pub fn nearest(
        &self,
        point: Point,
        count: usize,
        wanted: impl Fn(UnitId) -> bool,
    ) -> Vec<(UnitId, f64)> {
        let mut found: Vec<(f64, UnitId)> = Vec::new();
        let measured = |slot: &Slot| {
            wanted(slot.unit).then(|| (point.distance_m(slot.position.point), slot.unit))
        };
        let (row, column) = cell_of(point);
        let is_complete = self.slots.len() > FEW
            && (0..=RINGS_MAX).any(|ring| {
                for cell in cells_of_ring(row, column, ring) {
                    let slots = self.cells.get(&cell).into_iter().flatten();
                    found.extend(slots.filter_map(|slot| measured(&self.slots[*slot as usize])));
                }
                let beyond_m = beyond_m(point, ring);
                found.iter().filter(|(far_m, _)| *far_m <= beyond_m).count() >= count
            });
        if !is_complete {
            found = self.slots.iter().filter_map(measured).collect();
        }
        let in_order =
            |a: &(f64, UnitId), b: &(f64, UnitId)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        if found.len() > count {
            found.select_nth_unstable_by(count, in_order);
            found.truncate(count);
        }
        found.sort_unstable_by(in_order);
        found
            .into_iter()
            .map(|(far_m, unit)| (unit, far_m))
            .collect()
    }

    fn slot(&self, unit: UnitId) -> Option<&Slot> {
        Some(&self.slots[*self.by_unit.get(&unit)? as usize])
    }

    fn add(&mut self, unit: UnitId, position: Position) -> Option<Crossing> {
        let number = u32::try_from(self.slots.len()).ok()?;
        let area = self
            .areas
            .as_ref()
            .and_then(|areas| areas.at(position.point));
        self.slots.push(Slot {
            unit,
            position,
            area,
            is_unshown: false,
        });
        self.by_unit.insert(unit, number);
        self.cells
            .entry(cell_of(position.point))
            .or_default()
            .push(number);
        area.map(|_| Crossing {
            left: None,
            entered: area,
        })
    }

    fn move_to(&mut self, number: u32, position: Position) -> Option<Crossing> {
        let slot = &mut self.slots[number as usize];
        let (before, now) = (cell_of(slot.position.point), cell_of(position.point));
        slot.position = position;
        let left = slot.area;
        slot.area = self
            .areas
            .as_ref()
            .and_then(|areas| areas.at(position.point));
        let entered = slot.area;
        if before != now {
            self.take_out(before, number);
            self.cells.entry(now).or_default().push(number);
        }
        (left != entered).then_some(Crossing { left, entered })
    }

    fn take_out(&mut self, cell: Cell, number: u32) {
        if let Some(slots) = self.cells.get_mut(&cell) {
            slots.retain(|slot| *slot != number);
            if slots.is_empty() {
                self.cells.remove(&cell);
            }
        }
    }

    fn remove(&mut self, unit: UnitId) {
        let Some(number) = self.by_unit.remove(&unit) else {
            return;
        };
        self.take_out(cell_of(self.slots[number as usize].position.point), number);
        self.slots.swap_remove(number as usize);
        // The last has taken its place.
        let Some(moved) = self.slots.get(number as usize) else {
            return;
        };
        let (unit, cell) = (moved.unit, cell_of(moved.position.point));
        let from = self.slots.len() as u32; // Below u32::MAX: `add` sees to it.
        self.by_unit.insert(unit, number);
        for slot in self.cells.get_mut(&cell).into_iter().flatten() {
            if *slot == from {
                *slot = number;
            }
        }
    }
}

/// The cells at a distance of so many cells from one, each once.
fn cells_of_ring(row: i32, column: i32, ring: i32) -> impl Iterator<Item = Cell> {
    let at = move |row_off: i32, column_off: i32| {
        (row + row_off, (column + column_off).rem_euclid(AROUND))
    };
    let rows = (-ring..=ring).flat_map(move |off| {
        let is_end = off.abs() == ring;
        let step = if is_end { 1 } else { (2 * ring).max(1) } as usize;
        (-ring..=ring).step_by(step).map(move |other| (off, other))
    });
    rows.map(move |(off, other)| at(off, other))
}

/// How far off all must be that lies beyond the rings up to this one, in metres.
fn beyond_m(point: Point, ring: i32) -> f64 {
    // Rows towards the pole are the narrowest.
    let poleward = point.lat().abs() + f64::from((ring + 1) * CELL_E6) / 1e6;
    f64::from(ring) * CELL_M * poleward.min(90.0).to_radians().cos()
}

impl Positions {
    /// Takes a position, unless a later one is known already. One that is known from after `now` is of a clock
    /// that was set back since, and gives way: it would look fresh for as long as the clock was wrong. Returns the
    /// crossing if it is in another station's area than the one before.
    pub fn put(&self, unit: UnitId, position: Position, now: Timestamp) -> Option<Crossing> {
        let mut inner = self.write();
        let Inner { known, unshown } = &mut *inner;
        let number = known.by_unit.get(&unit).copied();
        let crossing = match number {
            None => known.add(unit, position),
            Some(number) => {
                let last = &known.slots[number as usize].position;
                if last.at > position.at && last.at <= now {
                    return None;
                }
                known.move_to(number, position)
            }
        };
        let number = number.or_else(|| known.by_unit.get(&unit).copied())?;
        let slot = &mut known.slots[number as usize];
        if !slot.is_unshown {
            slot.is_unshown = true;
            unshown.push(unit);
        }
        crossing
    }

    /// Forgets a unit that went off duty.
    pub fn forget(&self, unit: UnitId) {
        self.write().known.remove(unit);
    }

    /// Says where each station is the first by road from now on; none if that is not known.
    pub fn set_areas(&self, areas: Option<StationAreas>) {
        let mut inner = self.write();
        for slot in &mut inner.known.slots {
            slot.area = areas
                .as_ref()
                .and_then(|areas| areas.at(slot.position.point));
        }
        inner.known.areas = areas;
    }

    /// Returns the position of one unit.
    pub fn get(&self, unit: UnitId) -> Option<Position> {
        self.read(|known| known.get(&unit).copied())
    }

    /// Returns the position of one unit, and the code of the station in whose area that is.
    pub fn get_with_area(&self, unit: UnitId) -> Option<Located> {
        self.read(|known| Some((*known.get(&unit)?, known.area_of(unit))))
    }

    /// Looks at all of them at once.
    pub fn read<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        let inner = self.inner.read();
        look(&inner.unwrap_or_else(|poisoned| poisoned.into_inner()).known)
    }

    /// Takes those that have changed since the last call, in the order of their ids.
    pub fn take_unshown(&self) -> Vec<(UnitId, Located)> {
        let mut inner = self.write();
        let mut unshown = std::mem::take(&mut inner.unshown);
        unshown.sort_unstable();
        let mut take = |unit: UnitId| {
            let number = *inner.known.by_unit.get(&unit)?;
            let slot = &mut inner.known.slots[number as usize];
            // A unit that was forgotten and came back is listed twice.
            if !std::mem::take(&mut slot.is_unshown) {
                return None;
            }
            let position = slot.position;
            Some((unit, (position, inner.known.area_of(unit))))
        };
        unshown.into_iter().filter_map(&mut take).collect()
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        let inner = self.inner.write();
        inner.unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64, lat: f64, lon: f64) -> Position {
        Position {
            point: Point::from_degrees(lat, lon).unwrap(),
            heading_deg: None,
            at: Timestamp(ms),
        }
    }

    fn unit(number: u8) -> UnitId {
        UnitId([number; 16])
    }

    #[test]
    fn an_older_position_never_replaces_a_later_one() {
        let positions = Positions::default();
        let one = unit(1);
        positions.put(one, at(2_000, 1.0, 0.0), Timestamp(2_000));
        positions.put(one, at(1_000, 2.0, 0.0), Timestamp(2_000));
        assert_eq!(positions.get(one), Some(at(2_000, 1.0, 0.0)));
        assert_eq!(
            positions.take_unshown(),
            [(one, (at(2_000, 1.0, 0.0), None))]
        );
        assert!(
            positions.take_unshown().is_empty(),
            "each change is shown once"
        );
        positions.put(one, at(1_500, 3.0, 0.0), Timestamp(1_500));
        assert_eq!(
            positions.get(one),
            Some(at(1_500, 3.0, 0.0)),
            "the clock was set back"
        );
    }

    #[test]
    fn who_was_forgotten_is_not_shown_and_comes_back_once() {
        let positions = Positions::default();
        let now = Timestamp(1);
        positions.put(unit(1), at(1, 1.0, 1.0), now);
        positions.put(unit(2), at(1, 1.0, 1.0), now);
        positions.forget(unit(1));
        positions.forget(unit(9));
        let shown = positions.take_unshown();
        assert_eq!(shown, [(unit(2), (at(1, 1.0, 1.0), None))]);
        positions.put(unit(1), at(1, 2.0, 1.0), now);
        positions.forget(unit(1));
        positions.put(unit(1), at(1, 3.0, 1.0), now);
        assert_eq!(
            positions.take_unshown(),
            [(unit(1), (at(1, 3.0, 1.0), None))]
        );
    }

    /// Two stations at the ends of a street of four kilometres.
    fn areas() -> StationAreas {
        const MAP: &str = r#"<osm version="0.6">
            <node id="1" lat="30" lon="120"/><node id="2" lat="30" lon="120.02"/><node id="3" lat="30" lon="120.04"/>
            <way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/></way></osm>"#;
        let options = watchfire_roads::BuildOptions::default();
        let format = watchfire_roads::Format::detect("a.osm", MAP.as_bytes()).unwrap();
        let built = watchfire_roads::build(format, MAP.as_bytes(), &options, &mut |_, _, _| {});
        let router = watchfire_roads::Router::new(Arc::new(built.unwrap().0));
        let end = |lon| watchfire_roads::Point { lat: 30.0, lon };
        let first = router.nearest_areas(&[end(120.0), end(120.04)]).unwrap();
        StationAreas::new(Arc::new(first), vec!["WEST".into(), "EAST".into()])
    }

    #[test]
    fn a_unit_that_drives_from_one_stations_area_to_anothers_is_told_of_once() {
        let positions = Positions::default();
        let (one, now) = (unit(1), Timestamp(9));
        assert_eq!(positions.put(one, at(1, 30.0, 120.001), now), None);
        positions.set_areas(Some(areas()));
        let area = || positions.get_with_area(one).unwrap().1;
        assert_eq!(area().as_deref(), Some("WEST"), "known before areas were");
        assert_eq!(positions.put(one, at(2, 30.0, 120.005), now), None);
        let crossing = |left, entered| Some(Crossing { left, entered });
        let east = positions.put(one, at(3, 30.0, 120.035), now);
        assert_eq!(east, crossing(Some(0), Some(1)));
        assert_eq!(area().as_deref(), Some("EAST"));
        let away = positions.put(one, at(4, 31.0, 120.035), now);
        assert_eq!(away, crossing(Some(1), None));
        let back = positions.put(one, at(5, 30.0, 120.0), now);
        assert_eq!(back, crossing(None, Some(0)));
        let older = positions.put(one, at(3, 30.0, 120.035), now);
        assert_eq!((older, area().as_deref()), (None, Some("WEST")));
        positions.set_areas(None);
        assert_eq!(area(), None);
        let fresh = {
            positions.set_areas(Some(areas()));
            positions.put(unit(2), at(1, 30.0, 120.04), now)
        };
        assert_eq!(fresh, crossing(None, Some(1)));
    }

    proptest! {
        /// Whatever came, moved and went, the nearest few are those that looking at all of them finds; at the dateline and
        /// near a pole too.
        #[test]
        fn the_nearest_few_are_those_of_a_look_at_all(
            deeds in prop::collection::vec((0u8..40, 0usize..4, -300i32..300, -300i32..300, prop::bool::weighted(0.15)), 1..120),
            asked in (0usize..4, -300i32..300, -300i32..300),
            count in 0usize..12,
        ) {
            const PLACES: [(f64, f64); 4] = [(30.0, 120.58), (0.0, 179.999), (-89.95, 10.0), (64.0, -179.95)];
            let place = |where_: usize, north: i32, east: i32| {
                let (lat, lon) = PLACES[where_];
                let lon = lon + f64::from(east) / 1_000.0;
                let lon = if lon > 180.0 { lon - 360.0 } else if lon < -180.0 { lon + 360.0 } else { lon };
                Point::from_degrees((lat + f64::from(north) / 1_000.0).max(-90.0), lon).unwrap()
            };
            let positions = Positions::default();
            let mut plain = std::collections::BTreeMap::new();
            for (moment, (number, where_, north, east, goes)) in deeds.into_iter().enumerate() {
                if goes {
                    positions.forget(unit(number));
                    plain.remove(&unit(number));
                    continue;
                }
                let point = place(where_, north, east);
                let position = Position { point, heading_deg: None, at: Timestamp(moment as i64) };
                positions.put(unit(number), position, Timestamp(moment as i64));
                plain.insert(unit(number), point);
            }
            let from = place(asked.0, asked.1, asked.2);
            let wanted = |unit: UnitId| !unit.0[0].is_multiple_of(3);
            let mut all: Vec<(f64, UnitId)> = plain
                .iter()
                .filter(|(unit, _)| wanted(**unit))
                .map(|(unit, point)| (from.distance_m(*point), *unit))
                .collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let all: Vec<(UnitId, f64)> = all.into_iter().take(count).map(|(far_m, unit)| (unit, far_m)).collect();
            let found = positions.read(|known| known.nearest(from, count, wanted));
            prop_assert_eq!(found, all);
        }
    }
}

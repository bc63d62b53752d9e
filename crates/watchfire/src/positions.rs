//! Where units are right now: last known, in memory, never an entry (DESIGN §6).
//!
//! Only units on duty are followed. A sampled trail goes to a plain table while a unit is assigned and
//! is deleted after a short time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::RwLock;

use watchfire_core::basis::{Point, Timestamp, UnitId};

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

/// The last known position of every unit, and which of them have not been shown yet.
#[derive(Debug, Default)]
pub struct Positions {
    inner: RwLock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    last: BTreeMap<UnitId, Position>,
    unshown: BTreeSet<UnitId>,
}

impl Positions {
    /// Takes a position, unless a later one is known already. One that is known from after `now` is of a clock
    /// that was set back since, and gives way: it would look fresh for as long as the clock was wrong.
    pub fn put(&self, unit: UnitId, position: Position, now: Timestamp) {
        let mut inner = self
            .inner
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if inner
            .last
            .get(&unit)
            .is_none_or(|known| known.at <= position.at || known.at > now)
        {
            inner.last.insert(unit, position);
            inner.unshown.insert(unit);
        }
    }

    /// Forgets a unit that went off duty.
    pub fn forget(&self, unit: UnitId) {
        let mut inner = self
            .inner
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        inner.last.remove(&unit);
        inner.unshown.remove(&unit);
    }

    /// Returns the position of one unit.
    pub fn get(&self, unit: UnitId) -> Option<Position> {
        self.read(|last| last.get(&unit).copied())
    }

    /// Looks at all of them at once.
    pub fn read<T>(&self, look: impl FnOnce(&BTreeMap<UnitId, Position>) -> T) -> T {
        look(
            &self
                .inner
                .read()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .last,
        )
    }

    /// Takes those that have changed since the last call.
    pub fn take_unshown(&self) -> Vec<(UnitId, Position)> {
        let mut inner = self
            .inner
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let unshown = std::mem::take(&mut inner.unshown);
        unshown
            .into_iter()
            .filter_map(|unit| Some((unit, *inner.last.get(&unit)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_position_never_replaces_a_later_one() {
        let positions = Positions::default();
        let unit = UnitId([1; 16]);
        let at = |ms, lat| Position {
            point: Point::from_degrees(lat, 0.0).unwrap(),
            heading_deg: None,
            at: Timestamp(ms),
        };
        positions.put(unit, at(2_000, 1.0), Timestamp(2_000));
        positions.put(unit, at(1_000, 2.0), Timestamp(2_000));
        assert_eq!(positions.get(unit), Some(at(2_000, 1.0)));
        assert_eq!(positions.take_unshown(), [(unit, at(2_000, 1.0))]);
        assert!(
            positions.take_unshown().is_empty(),
            "each change is shown once"
        );
        positions.put(unit, at(1_500, 3.0), Timestamp(1_500));
        assert_eq!(
            positions.get(unit),
            Some(at(1_500, 3.0)),
            "the clock was set back"
        );
    }
}

//! Coverage: which share of the places a free unit reaches in time, now and if one of them is sent.
//!
//! Travel times come in as data: of each place the soonest unit and the soonest of all others. With these two, what is left
//! when any one unit is gone is looked up and not searched for again. Start at [`Coverage::of`].

/// Within how many seconds places are counted as reached.
pub const COVERAGE_WITHIN_S: [u32; 3] = [300, 600, 900];

/// How soon free units are at one place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Nearest {
    /// The number of the unit that is there first, and its seconds; none if nobody comes within what was looked at.
    pub first: Option<(u32, u32)>,
    /// The same of all other units.
    pub second: Option<(u32, u32)>,
}

impl Nearest {
    /// Takes another unit into account, one that is not among the two.
    pub fn offer(&mut self, other: (u32, u32)) {
        let sooner = |than: Option<(u32, u32)>| {
            than.is_none_or(|(number, seconds)| (other.1, other.0) < (seconds, number))
        };
        if sooner(self.first) {
            self.second = self.first;
            self.first = Some(other);
        } else if sooner(self.second) {
            self.second = Some(other);
        }
    }

    /// Returns the seconds of the soonest unit, one of them left out.
    pub fn seconds_without(&self, unit: Option<u32>) -> Option<u32> {
        let (number, seconds) = self.first?;
        if unit == Some(number) {
            self.second.map(|(_, seconds)| seconds)
        } else {
            Some(seconds)
        }
    }
}

/// Returns in which of [`COVERAGE_WITHIN_S`] a time falls: 0, 1 or 2, and 3 beyond all of them.
pub fn class_of(seconds: Option<u32>) -> usize {
    let beyond = COVERAGE_WITHIN_S.len();
    seconds.map_or(beyond, |seconds| {
        let mut ends = COVERAGE_WITHIN_S.iter();
        ends.position(|end| seconds <= *end).unwrap_or(beyond)
    })
}

/// How many of the places are reached in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Places that were looked at.
    pub places: u32,
    /// Of these, reached within each of [`COVERAGE_WITHIN_S`]; what is reached within the first is within all.
    pub within: [u32; 3],
}

impl Coverage {
    /// Counts places, one unit left out or none.
    pub fn of(nearest: &[Nearest], without: Option<u32>) -> Coverage {
        let mut counted = Coverage::default();
        for one in nearest {
            counted.places += 1;
            let class = class_of(one.seconds_without(without));
            for within in counted.within.iter_mut().skip(class) {
                *within += 1;
            }
        }
        counted
    }

    /// Returns the share of the places that is reached within each time, in tenths of a percent; none without places.
    pub fn permille(&self) -> [Option<u32>; 3] {
        let share = |count: u32| {
            let rounded = u64::from(count) * 1_000 + u64::from(self.places) / 2;
            let share = rounded.checked_div(u64::from(self.places))?;
            u32::try_from(share).ok()
        };
        self.within.map(share)
    }
}

//! Travel times as the crow flies, for an agency that has no road file yet.
//!
//! The answers have the shape of [`crate::Router`]'s and carry [`Basis::StraightLine`], so that a screen can say how much
//! they are worth.

use crate::error::{NoRoute, RoadsError};
use crate::geo::Point;
use crate::limits::SPEED_RANGE_KMH;
use crate::router::{Basis, TravelTime};

const FACTOR_PERCENT_RANGE: (u16, u16) = (100, 500);

/// A speed and how much longer roads are than the straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StraightLine {
    ms_per_m: f64,
}

impl Default for StraightLine {
    /// Returns 40 km/h over 1.3 times the straight line: a town with an ordinary street plan.
    fn default() -> Self {
        StraightLine {
            ms_per_m: ms_per_m(40.0, 130),
        }
    }
}

impl StraightLine {
    /// Takes the speed in km/h and the length of roads in percent of the straight line (130 is usual).
    pub fn new(speed_kmh: f64, factor_percent: u16) -> Result<Self, RoadsError> {
        let (min, max) = SPEED_RANGE_KMH;
        if !(f64::from(min)..=f64::from(max)).contains(&speed_kmh) {
            return Err(RoadsError::Speed {
                what: "straight line",
                kmh: speed_kmh.to_string(),
                min,
                max,
            });
        }
        let (min, max) = FACTOR_PERCENT_RANGE;
        if !(min..=max).contains(&factor_percent) {
            return Err(RoadsError::Option {
                what: "factor_percent",
                value: factor_percent.to_string(),
                min,
                max,
            });
        }
        Ok(StraightLine {
            ms_per_m: ms_per_m(speed_kmh, factor_percent),
        })
    }

    /// Returns the time from every source to the target, in the order of the sources.
    pub fn times_to(&self, target: Point, sources: &[Point]) -> Vec<Result<TravelTime, NoRoute>> {
        let time = |source: &Point| {
            if !target.is_valid() {
                return Err(NoRoute::TargetOffNetwork);
            }
            if !source.is_valid() {
                return Err(NoRoute::SourceOffNetwork);
            }
            let time_ms = (source.distance_m(target) * self.ms_per_m).round() as u32;
            Ok(TravelTime {
                time_ms,
                basis: Basis::StraightLine,
            })
        };
        sources.iter().map(time).collect()
    }
}

fn ms_per_m(speed_kmh: f64, factor_percent: u16) -> f64 {
    3_600.0 / speed_kmh * f64::from(factor_percent) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kilometre_at_36_km_h_takes_100_s_and_says_that_it_is_a_straight_line() {
        let line = StraightLine::new(36.0, 100).unwrap();
        let here = Point {
            lat: 30.0,
            lon: 120.0,
        };
        let north = Point {
            lat: 30.0 + 1_000.0 / 111_195.08,
            lon: 120.0,
        };
        let nowhere = Point {
            lat: f64::NAN,
            lon: 0.0,
        };
        let times = line.times_to(here, &[north, here, nowhere]);
        let first = times[0].unwrap();
        assert!(
            (99_990..=100_010).contains(&first.time_ms),
            "{}",
            first.time_ms
        );
        assert_eq!(first.basis, Basis::StraightLine);
        assert_eq!(times[1].unwrap().time_ms, 0);
        assert_eq!(times[2], Err(NoRoute::SourceOffNetwork));
        assert_eq!(
            line.times_to(nowhere, &[here]),
            [Err(NoRoute::TargetOffNetwork)]
        );
    }

    #[test]
    fn speeds_and_factors_hold_at_the_limit_and_not_one_past() {
        assert!(StraightLine::new(1.0, 100).is_ok() && StraightLine::new(250.0, 500).is_ok());
        for (speed_kmh, factor_percent) in [
            (0.9, 100),
            (250.1, 100),
            (f64::NAN, 100),
            (40.0, 99),
            (40.0, 501),
        ] {
            assert!(StraightLine::new(speed_kmh, factor_percent).is_err());
        }
    }
}

//! Speeds by hour: what road times are multiplied by, for each class of road and hour of the node's day.
//!
//! Read from a TOML file that the configuration names under `[roads] hours`: one line for a class (its `highway` value), or
//! `all` for every class that has none, with 24 whole percents from midnight on; 100 is the time of the map. Knows no clock.

use std::collections::BTreeMap;

use watchfire_roads::Class;
use watchfire_roads::calibrate::Factors;

/// The least and greatest percent that is taken; beyond it is a slip.
const PERCENT_RANGE: (i64, i64) = (25, 500);
/// Hours in a day.
const HOURS: usize = 24;

/// Percents of the map's road time by class and hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoadHours {
    by_class: BTreeMap<Class, [u32; HOURS]>,
}

/// What is wrong with a file of speeds by hour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoadHoursError {
    /// It is no TOML.
    #[error(
        "{0}\nwrite one line for a class, such as `primary = [100, 100, ... 24 percents]`, or `all = [...]`"
    )]
    Toml(String),
    /// A line names no class of road.
    #[error("\"{name}\" is no class of road; take `all` or one of: {}", classes())]
    Class {
        /// What it says.
        name: String,
    },
    /// A line is not 24 whole numbers.
    #[error(
        "{name}: there must be 24 whole percents, for the hours from 0 to 23, and there are {found}"
    )]
    Hours {
        /// Which line.
        name: String,
        /// How many there are.
        found: usize,
    },
    /// A percent is none that can be meant.
    #[error("{name}: {found} at hour {hour} is not a whole percent from {} to {}", PERCENT_RANGE.0, PERCENT_RANGE.1)]
    Percent {
        /// Which line.
        name: String,
        /// Which hour.
        hour: usize,
        /// What it says.
        found: String,
    },
}

fn classes() -> String {
    let tags: Vec<&str> = Class::ALL.iter().map(|class| class.tag()).collect();
    tags.join(", ")
}

impl RoadHours {
    /// Reads a file. Classes that it does not name, and has no `all` for, keep the map's times.
    pub fn parse(text: &str) -> Result<RoadHours, RoadHoursError> {
        let table: toml::Table =
            toml::from_str(text).map_err(|error| RoadHoursError::Toml(error.to_string()))?;
        let mut by_class = BTreeMap::new();
        if let Some(all) = table.get("all") {
            let percents = percents("all", all)?;
            by_class.extend(Class::ALL.iter().map(|class| (*class, percents)));
        }
        for (name, value) in table.iter().filter(|(name, _)| *name != "all") {
            let class = Class::from_tag(name)
                .ok_or_else(|| RoadHoursError::Class { name: name.clone() })?;
            by_class.insert(class, percents(name, value)?);
        }
        Ok(RoadHours { by_class })
    }

    /// Takes them from what was learned of an agency's own runs.
    pub fn learned(factors: &Factors) -> RoadHours {
        let mut by_class: BTreeMap<Class, [u32; HOURS]> = BTreeMap::new();
        for hour in 0..HOURS as u8 {
            for (class, percent) in factors.time_percent(hour) {
                let hours = by_class.entry(class).or_insert([100; HOURS]);
                hours[usize::from(hour)] = u32::from(percent);
            }
        }
        RoadHours { by_class }
    }

    /// Returns the percent put on the map's time on a class of road at an hour, 0 to 23.
    pub fn percent(&self, class: Class, hour: u8) -> u32 {
        let of_class = self.by_class.get(&class);
        of_class
            .and_then(|hours| hours.get(usize::from(hour)))
            .copied()
            .unwrap_or(100)
    }
}

fn percents(name: &str, value: &toml::Value) -> Result<[u32; HOURS], RoadHoursError> {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    if list.len() != HOURS {
        return Err(RoadHoursError::Hours {
            name: name.to_owned(),
            found: list.len(),
        });
    }
    let mut percents = [100; HOURS];
    for (hour, (one, value)) in percents.iter_mut().zip(list).enumerate() {
        let percent = value
            .as_integer()
            .filter(|percent| (PERCENT_RANGE.0..=PERCENT_RANGE.1).contains(percent))
            .and_then(|percent| u32::try_from(percent).ok());
        *one = percent.ok_or_else(|| RoadHoursError::Percent {
            name: name.to_owned(),
            hour,
            found: value.to_string(),
        })?;
    }
    Ok(percents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, hour_8: &str) -> String {
        let hours = (0..24).map(|hour| if hour == 8 { hour_8 } else { "100" });
        format!("{name} = [{}]\n", hours.collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn each_class_has_its_own_hours_and_all_is_for_the_rest() {
        let text = format!(
            "# rush hour\n{}{}",
            line("all", "130"),
            line("primary", "180")
        );
        let hours = RoadHours::parse(&text).unwrap();
        assert_eq!(hours.percent(Class::Primary, 8), 180);
        assert_eq!(hours.percent(Class::Residential, 8), 130);
        assert_eq!(hours.percent(Class::Primary, 9), 100);
        let only = RoadHours::parse(&line("primary", "180")).unwrap();
        assert_eq!(only.percent(Class::Residential, 8), 100);
        assert_eq!(RoadHours::parse("").unwrap().percent(Class::Trunk, 23), 100);
    }

    #[test]
    fn what_was_learned_has_its_own_classes_and_hours() {
        let mut hour_percent = vec![100; 24];
        hour_percent[8] = 150;
        let factors = Factors {
            class_percent: [(Class::Primary, 120)].into(),
            hour_percent,
            ..Factors::default()
        };
        let hours = RoadHours::learned(&factors);
        assert_eq!(hours.percent(Class::Primary, 8), 180);
        assert_eq!(hours.percent(Class::Primary, 9), 120);
        assert_eq!(hours.percent(Class::Residential, 8), 150);
        assert_eq!(hours.percent(Class::Residential, 23), 100);
    }

    #[test]
    fn a_slip_is_told_with_what_to_write() {
        let said = |text: &str| RoadHours::parse(text).unwrap_err().to_string();
        assert!(said(&line("primray", "100")).contains("\"primray\" is no class of road"));
        assert!(
            said("primary = [100, 100]")
                .contains("24 whole percents, for the hours from 0 to 23, and there are 2")
        );
        assert!(said("primary = 100").contains("there are 0"));
        assert!(said("primary = [").contains("one line for a class"));
        for (percent, fits) in [
            ("25", true),
            ("24", false),
            ("500", true),
            ("501", false),
            ("99.5", false),
            ("\"a\"", false),
        ] {
            let read = RoadHours::parse(&line("primary", percent));
            assert_eq!(read.is_ok(), fits, "{percent}: {read:?}");
        }
        assert!(
            said(&line("primary", "501"))
                .contains("501 at hour 8 is not a whole percent from 25 to 500")
        );
    }
}

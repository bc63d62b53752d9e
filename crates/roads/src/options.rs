//! What a builder may choose: speeds, access for emergency vehicles, attribution.
//!
//! All of it can be read from a settings file (serde) and every field has a default, so an agency writes down only what
//! differs. Start at [`BuildOptions`]. The meaning of each choice for a concrete way is in `tags.rs`.

use crate::class::SpeedTable;
use crate::error::RoadsError;
use crate::limits::ATTRIBUTION_MAX_BYTES;
use serde::{Deserialize, Serialize};

const LIMIT_PERCENT_RANGE: (u16, u16) = (10, 200);
const PENALTY_PERCENT_RANGE: (u16, u16) = (100, 2_000);
const SIREN_PERCENT_RANGE: (u16, u16) = (50, 300);
const BOARDING_RANGE_S: (u16, u16) = (0, 14_400);
const PART_RANGE_KM: (u16, u16) = (0, 10_000);

/// The choices for turning a map into a road graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BuildOptions {
    /// Speeds in km/h per class.
    pub speeds: SpeedTable,
    /// Whether a signed speed limit replaces the table.
    pub maxspeed: Maxspeed,
    /// The speed with lights and siren, in percent of the speed without: 120 unless told otherwise, a guess until it is
    /// calibrated on an agency's own runs. Ferries do not hurry.
    pub siren_speed_percent: u16,
    /// How long it takes to wait for a ferry and drive on and off, in seconds: ten minutes.
    pub ferry_boarding_s: u16,
    /// Which pieces of the network are kept.
    pub parts: Parts,
    /// Which ways an emergency vehicle may use.
    pub access: Access,
    /// The words shown wherever the map is shown; none means those of
    /// OpenStreetMap or the US Census when the source is in their form.
    pub attribution: Option<String>,
}

/// What a signed speed limit (`maxspeed`) does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Maxspeed {
    /// The table of classes alone decides.
    Ignored,
    /// This percentage of the signed limit is driven where there is one; the table decides elsewhere.
    Percent(u16),
}

impl Default for Maxspeed {
    /// Nine tenths: nobody averages the signed limit through junctions.
    fn default() -> Self {
        Maxspeed::Percent(90)
    }
}

impl Default for BuildOptions {
    fn default() -> Self {
        BuildOptions {
            speeds: SpeedTable::default(),
            maxspeed: Maxspeed::default(),
            siren_speed_percent: 120,
            ferry_boarding_s: 600,
            parts: Parts::default(),
            access: Access::default(),
            attribution: None,
        }
    }
}

/// Which pieces of a network that does not hang together are kept. A piece is a set of places from each of which every
/// other can be reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Parts {
    /// The one with the most road: nobody is sent into a corner that cannot be left.
    #[default]
    Largest,
    /// Every one with at least this many kilometres of road (islands, an extract in pieces); 0 keeps all.
    FromKm(u16),
}

/// Whether a kind of way may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// Used like any other way.
    Allowed,
    /// Used with lights and siren alone.
    SirenOnly,
    /// Left out of the graph.
    Forbidden,
}

/// Whether a one-way street may be driven the wrong way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AgainstOneway {
    /// Never.
    Forbidden,
    /// At this percentage of the time the right way takes (300 = three times as long); never on motorways, trunk roads,
    /// their ramps and roundabouts.
    Penalised(u16),
    /// The same, with lights and siren alone.
    SirenPenalised(u16),
}

/// What an emergency vehicle may use beyond an ordinary car.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Ways for residents, customers, deliveries or permit holders (`access=private` and its kin): allowed.
    pub private_ways: Entry,
    /// Ways closed to motor vehicles (`access=no`, `motor_vehicle=no`): forbidden, for what closes them is often a wall.
    pub closed_ways: Entry,
    /// Streets and lanes kept for buses: allowed.
    pub bus_ways: Entry,
    /// Pedestrian streets: allowed, at the speed of the table.
    pub pedestrian_streets: Entry,
    /// Field and forest tracks: allowed.
    pub tracks: Entry,
    /// Ferries that do not say that they take no vehicles: allowed.
    pub ferries: Entry,
    /// Gates and lifting bars across a way: allowed, for somebody opens them.
    pub gates: Entry,
    /// Bollards, blocks and other things across a way that stay where they are: forbidden.
    pub bollards: Entry,
    /// One-way streets the wrong way: forbidden.
    pub against_oneway: AgainstOneway,
}

impl Default for Access {
    fn default() -> Self {
        Access {
            private_ways: Entry::Allowed,
            closed_ways: Entry::Forbidden,
            bus_ways: Entry::Allowed,
            pedestrian_streets: Entry::Allowed,
            tracks: Entry::Allowed,
            ferries: Entry::Allowed,
            gates: Entry::Allowed,
            bollards: Entry::Forbidden,
            against_oneway: AgainstOneway::Forbidden,
        }
    }
}

impl BuildOptions {
    /// Refuses options outside their ranges.
    pub fn check(&self) -> Result<(), RoadsError> {
        self.speeds.check()?;
        match self.maxspeed {
            Maxspeed::Ignored => {}
            Maxspeed::Percent(percent) => {
                check_range("maxspeed.percent", percent, LIMIT_PERCENT_RANGE)?
            }
        }
        match self.access.against_oneway {
            AgainstOneway::Forbidden => {}
            AgainstOneway::Penalised(percent) | AgainstOneway::SirenPenalised(percent) => {
                check_range(
                    "access.against_oneway.penalised",
                    percent,
                    PENALTY_PERCENT_RANGE,
                )?;
            }
        }
        check_range(
            "siren_speed_percent",
            self.siren_speed_percent,
            SIREN_PERCENT_RANGE,
        )?;
        check_range("ferry_boarding_s", self.ferry_boarding_s, BOARDING_RANGE_S)?;
        if let Parts::FromKm(km) = self.parts {
            check_range("parts.from_km", km, PART_RANGE_KM)?;
        }
        let length = self.attribution.as_ref().map_or(0, String::len);
        if length > ATTRIBUTION_MAX_BYTES {
            return Err(RoadsError::TooMany {
                what: "bytes of attribution",
                found: length as u64,
                max: ATTRIBUTION_MAX_BYTES as u64,
            });
        }
        Ok(())
    }
}

fn check_range(what: &'static str, value: u16, (min, max): (u16, u16)) -> Result<(), RoadsError> {
    if value < min || value > max {
        return Err(RoadsError::Option {
            what,
            value: value.to_string(),
            min,
            max,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_read_back_and_name_only_what_differs() {
        let options: BuildOptions = serde_json::from_str(
            r#"{"speeds": {"service": 20}, "maxspeed": "ignored", "access": {"against_oneway": {"penalised": 300}}}"#,
        )
        .unwrap();
        assert_eq!(options.speeds.service, 20);
        assert_eq!(options.maxspeed, Maxspeed::Ignored);
        assert_eq!(options.access.against_oneway, AgainstOneway::Penalised(300));
        assert_eq!(options.access.private_ways, Entry::Allowed);
        assert!(options.check().is_ok());
    }

    #[test]
    fn percentages_and_attribution_hold_at_the_limit_and_not_one_past() {
        let with = |percent| {
            BuildOptions {
                maxspeed: Maxspeed::Percent(percent),
                ..BuildOptions::default()
            }
            .check()
        };
        assert!(with(10).is_ok() && with(200).is_ok());
        assert!(with(9).is_err() && with(201).is_err());
        let siren = |siren_speed_percent, ferry_boarding_s, km| {
            let options = BuildOptions {
                siren_speed_percent,
                ferry_boarding_s,
                parts: Parts::FromKm(km),
                ..BuildOptions::default()
            };
            options.check().is_ok()
        };
        assert!(siren(50, 0, 0) && siren(300, 14_400, 10_000));
        assert!(!siren(49, 0, 0) && !siren(301, 0, 0));
        assert!(!siren(100, 14_401, 0) && !siren(100, 0, 10_001));
        let access = |percent| {
            let against_oneway = AgainstOneway::Penalised(percent);
            BuildOptions {
                access: Access {
                    against_oneway,
                    ..Access::default()
                },
                ..BuildOptions::default()
            }
            .check()
        };
        assert!(access(100).is_ok() && access(2_000).is_ok());
        assert!(access(99).is_err() && access(2_001).is_err());
        let words = |length| {
            BuildOptions {
                attribution: Some("a".repeat(length)),
                ..BuildOptions::default()
            }
            .check()
        };
        assert!(words(ATTRIBUTION_MAX_BYTES).is_ok());
        assert!(words(ATTRIBUTION_MAX_BYTES + 1).is_err());
    }
}

//! Road classes and the speed driven on each.
//!
//! A class is the `highway` value of OpenStreetMap, narrowed to what a vehicle can be on. Start at [`SpeedTable`] to see or
//! change the speeds; what a way may be used for is decided in `tags.rs`, not here.

use crate::error::RoadsError;
use crate::limits::SPEED_RANGE_KMH;
use serde::{Deserialize, Serialize};

macro_rules! classes {
    ($($(#[$doc:meta])* $variant:ident, $field:ident, $tag:literal, $code:literal, $kmh:literal;)*) => {
        /// The class of a road, from the widest to the narrowest.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Class { $($(#[$doc])* $variant,)* }

        impl Class {
            /// Every class, from the widest to the narrowest.
            pub const ALL: &'static [Class] = &[$(Class::$variant,)*];

            /// Returns the value of the `highway` tag that stands for this class.
            pub fn tag(self) -> &'static str {
                match self { $(Class::$variant => $tag,)* }
            }

            /// Returns the class that a value of the `highway` tag stands for, if vehicles can be on it.
            pub fn from_tag(tag: &str) -> Option<Class> {
                match tag { $($tag => Some(Class::$variant),)* _ => None }
            }

            /// The number that stands for the class in a saved graph; never changed, never used again.
            pub(crate) fn code(self) -> u8 {
                match self { $(Class::$variant => $code,)* }
            }

            pub(crate) fn from_code(code: u8) -> Option<Class> {
                match code { $($code => Some(Class::$variant),)* _ => None }
            }
        }

        /// The speed driven on each class of road, in km/h: an average under way on an open road, not the limit.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct SpeedTable { $($(#[$doc])* pub $field: u16,)* }

        impl Default for SpeedTable {
            fn default() -> Self { SpeedTable { $($field: $kmh,)* } }
        }

        impl SpeedTable {
            /// Returns the speed on a class of road, in km/h.
            pub fn kmh(&self, class: Class) -> u16 {
                match class { $(Class::$variant => self.$field,)* }
            }
        }
    };
}

classes! {
    /// Motorway: 100 km/h unless told otherwise.
    Motorway, motorway, "motorway", 1, 100;
    /// Ramp of a motorway: 50 km/h.
    MotorwayLink, motorway_link, "motorway_link", 2, 50;
    /// Trunk road or urban expressway (快速路): 70 km/h.
    Trunk, trunk, "trunk", 3, 70;
    /// Ramp of a trunk road: 40 km/h.
    TrunkLink, trunk_link, "trunk_link", 4, 40;
    /// Primary road (主干路): 50 km/h.
    Primary, primary, "primary", 5, 50;
    /// Ramp of a primary road: 35 km/h.
    PrimaryLink, primary_link, "primary_link", 6, 35;
    /// Secondary road (次干路): 45 km/h.
    Secondary, secondary, "secondary", 7, 45;
    /// Ramp of a secondary road: 30 km/h.
    SecondaryLink, secondary_link, "secondary_link", 8, 30;
    /// Tertiary road (支路): 40 km/h.
    Tertiary, tertiary, "tertiary", 9, 40;
    /// Ramp of a tertiary road: 30 km/h.
    TertiaryLink, tertiary_link, "tertiary_link", 10, 30;
    /// Minor road without a class of its own: 35 km/h.
    Unclassified, unclassified, "unclassified", 11, 35;
    /// Street people live on: 30 km/h.
    Residential, residential, "residential", 12, 30;
    /// Street where walkers go first: 10 km/h.
    LivingStreet, living_street, "living_street", 13, 10;
    /// Drive, alley, car park, way inside a compound (小区): 15 km/h.
    Service, service, "service", 14, 15;
    /// Road of unknown kind: 25 km/h.
    Road, road, "road", 15, 25;
    /// Road of buses alone: 40 km/h.
    Busway, busway, "busway", 16, 40;
    /// Field or forest track (机耕路): 15 km/h.
    Track, track, "track", 17, 15;
    /// Pedestrian street: 8 km/h.
    Pedestrian, pedestrian, "pedestrian", 18, 8;
    /// Ferry that takes vehicles: 15 km/h under way where the map says no duration.
    Ferry, ferry, "ferry", 19, 15;
}

impl SpeedTable {
    /// Refuses a table with a speed outside [`SPEED_RANGE_KMH`].
    pub fn check(&self) -> Result<(), RoadsError> {
        let (min, max) = SPEED_RANGE_KMH;
        for &class in Class::ALL {
            let kmh = self.kmh(class);
            if kmh < min || kmh > max {
                return Err(RoadsError::Speed {
                    what: class.tag(),
                    kmh: kmh.to_string(),
                    min,
                    max,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_found_again_by_tag_and_by_code() {
        for &class in Class::ALL {
            assert_eq!(Class::from_tag(class.tag()), Some(class));
            assert_eq!(Class::from_code(class.code()), Some(class));
        }
        assert_eq!(Class::from_tag("steps"), None);
        assert_eq!(Class::from_code(0), None);
    }

    #[test]
    fn a_table_names_only_what_it_changes() {
        let table: SpeedTable = serde_json::from_str(r#"{"primary": 60}"#).unwrap();
        assert_eq!(table.kmh(Class::Primary), 60);
        assert_eq!(table.kmh(Class::Service), SpeedTable::default().service);
        assert!(serde_json::from_str::<SpeedTable>(r#"{"primray": 60}"#).is_err());
    }

    #[test]
    fn speeds_are_refused_one_past_the_limit() {
        let (min, max) = SPEED_RANGE_KMH;
        for kmh in [min, max] {
            assert!(
                SpeedTable {
                    track: kmh,
                    ..SpeedTable::default()
                }
                .check()
                .is_ok()
            );
        }
        for kmh in [min - 1, max + 1] {
            let refused = SpeedTable {
                track: kmh,
                ..SpeedTable::default()
            }
            .check();
            assert!(
                matches!(refused, Err(RoadsError::Speed { what: "track", .. })),
                "{refused:?}"
            );
        }
    }
}

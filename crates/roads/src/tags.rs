//! From the tags of one way to "may be driven, this fast, in these directions" or the reason why not.
//!
//! The rules are those of OpenStreetMap for access and one-way streets, read for a vehicle with blue lights. Unknown keys
//! and values are never an error: maps are written by many hands. The module knows nothing of geometry. Start at [`usage`].

use crate::class::Class;
use crate::options::{AgainstOneway, BuildOptions, Entry, Maxspeed};
use crate::report::DropReason;

const MPH_KMH: f64 = 1.609_344;
const KNOT_KMH: f64 = 1.852;
const WALK_KMH: f64 = 7.0;
const LIMIT_RANGE_KMH: (f64, f64) = (1.0, 250.0);

/// Limits that a sign gives by naming the kind of place; the longest ending that fits wins by standing first.
const ZONE_LIMITS_KMH: &[(&str, f64)] = &[
    ("ru:urban", 60.0),
    ("by:urban", 60.0),
    ("kz:urban", 60.0),
    ("de:rural", 100.0),
    ("at:rural", 100.0),
    ("ch:rural", 80.0),
    ("fr:rural", 80.0),
    ("nl:rural", 80.0),
    ("gb:nsl_single", 60.0 * MPH_KMH),
    ("gb:nsl_dual", 70.0 * MPH_KMH),
    (":living_street", 10.0),
    (":bicycle_road", 30.0),
    (":urban", 50.0),
    (":rural", 90.0),
];

/// The keys that any rule here or the basemap looks at; readers keep no others.
const KEPT_KEYS: &[&str] = &[
    "access",
    "area",
    "emergency",
    "highway",
    "junction",
    "landuse",
    "leisure",
    "maxspeed",
    "maxspeed:backward",
    "maxspeed:forward",
    "motor_vehicle",
    "motorcar",
    "name",
    "name:en",
    "name:zh",
    "natural",
    "oneway",
    "oneway:bus",
    "oneway:emergency",
    "oneway:psv",
    "bus",
    "place",
    "psv",
    "railway",
    "ref",
    "tiger:mtfcc",
    "tunnel",
    "type",
    "vehicle",
    "waterway",
];

/// The tags of one way, those that matter alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tags(Vec<(String, String)>);

impl Tags {
    /// Keeps a tag if a rule looks at it; the first of two equal keys wins.
    pub(crate) fn keep(&mut self, key: &str, value: &str) {
        if KEPT_KEYS.contains(&key) && self.get(key).is_none() {
            self.0.push((key.to_owned(), value.trim().to_owned()));
        }
    }

    /// Returns the value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(have, _)| have == key)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the names besides the first, in Chinese and in English.
    pub(crate) fn other_names(&self) -> impl Iterator<Item = &str> {
        let first = self.name();
        let others = ["name:zh", "name:en"]
            .into_iter()
            .filter_map(|key| self.get(key));
        others.filter(move |name| !name.is_empty() && Some(*name) != first)
    }

    /// Returns the name to draw beside the road: its name, else its number.
    pub(crate) fn name(&self) -> Option<&str> {
        ["name", "name:zh", "name:en", "ref"]
            .into_iter()
            .filter_map(|key| self.get(key))
            .find(|name| !name.is_empty())
    }
}

/// How a way is driven: the speed in km/h each way, where it may be driven at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usage {
    pub(crate) class: Class,
    pub(crate) forward_kmh: Option<f64>,
    pub(crate) backward_kmh: Option<f64>,
}

/// Decides what a way is good for.
pub(crate) fn usage(tags: &Tags, options: &BuildOptions) -> Result<Usage, DropReason> {
    let class = class_of(tags)?;
    if tags.get("area") == Some("yes") {
        return Err(DropReason::Area);
    }
    may_enter(class, tags, options)?;
    let kmh = |direction_key| {
        let table_kmh = f64::from(options.speeds.kmh(class));
        match options.maxspeed {
            Maxspeed::Ignored => table_kmh,
            Maxspeed::Percent(percent) => [direction_key, "maxspeed"]
                .into_iter()
                .find_map(|key| limit_kmh(tags.get(key)?))
                .map_or(table_kmh, |limit| limit * f64::from(percent) / 100.0),
        }
    };
    let (forward_kmh, backward_kmh) = (kmh("maxspeed:forward"), kmh("maxspeed:backward"));
    let both = Usage {
        class,
        forward_kmh: Some(forward_kmh),
        backward_kmh: Some(backward_kmh),
    };
    let against = |kmh: f64| match options.access.against_oneway {
        AgainstOneway::Forbidden => None,
        AgainstOneway::Penalised(percent) => {
            let deadly = matches!(
                class,
                Class::Motorway | Class::MotorwayLink | Class::Trunk | Class::TrunkLink
            );
            (!deadly && !is_roundabout(tags)).then_some(kmh * 100.0 / f64::from(percent))
        }
    };
    Ok(match oneway(class, tags, options) {
        Oneway::No => both,
        Oneway::Forward => Usage {
            backward_kmh: against(backward_kmh),
            ..both
        },
        Oneway::Backward => Usage {
            forward_kmh: against(forward_kmh),
            ..both
        },
    })
}

fn class_of(tags: &Tags) -> Result<Class, DropReason> {
    let highway = tags.get("highway").ok_or(DropReason::NotForVehicles)?;
    if let Some(class) = Class::from_tag(highway) {
        return Ok(class);
    }
    match highway {
        // A path marked for emergency vehicles is one of their ways in, at the pace of a pedestrian street.
        "footway" | "path" | "cycleway" | "bridleway" if is_open(tags.get("emergency")) => {
            Ok(Class::Pedestrian)
        }
        "emergency_access" | "emergency_bay" => Ok(Class::Service),
        "minor" | "yes" => Ok(Class::Road),
        "construction" | "proposed" | "planned" | "abandoned" | "disused" | "razed"
        | "demolished" => Err(DropReason::NotBuilt),
        "footway" | "path" | "cycleway" | "bridleway" | "steps" | "corridor" | "elevator"
        | "platform" | "raceway" | "bus_guideway" | "via_ferrata" | "rest_area" | "services" => {
            Err(DropReason::NotForVehicles)
        }
        _ => Err(DropReason::UnknownClass),
    }
}

fn may_enter(class: Class, tags: &Tags, options: &BuildOptions) -> Result<(), DropReason> {
    let access = &options.access;
    let gate = |entry, reason| match entry {
        Entry::Allowed => Ok(()),
        Entry::Forbidden => Err(reason),
    };
    match tags.get("emergency") {
        Some("no") => return Err(DropReason::Closed),
        open if is_open(open) => return Ok(()),
        _ => {}
    }
    if class == Class::Track {
        gate(access.tracks, DropReason::Track)?;
    }
    if class == Class::Busway {
        return gate(access.bus_ways, DropReason::BusWay);
    }
    if class == Class::Pedestrian {
        // Motor traffic is shut out of a pedestrian street by definition, so that tag adds nothing.
        return gate(access.pedestrian_streets, DropReason::PedestrianStreet);
    }
    let word = ["motorcar", "motor_vehicle", "vehicle", "access"]
        .into_iter()
        .find_map(|key| tags.get(key));
    match word {
        Some("no" | "bus" | "psv") if is_open(tags.get("bus")) || is_open(tags.get("psv")) => {
            gate(access.bus_ways, DropReason::BusWay)
        }
        Some("no") => gate(access.closed_ways, DropReason::Closed),
        Some(
            "private" | "permit" | "residents" | "customers" | "delivery" | "destination"
            | "employees" | "agricultural" | "forestry" | "military",
        ) => gate(access.private_ways, DropReason::Private),
        _ => Ok(()),
    }
}

fn is_open(value: Option<&str>) -> bool {
    matches!(
        value,
        Some("yes" | "designated" | "official" | "permissive")
    )
}

fn is_roundabout(tags: &Tags) -> bool {
    matches!(tags.get("junction"), Some("roundabout" | "circular"))
}

enum Oneway {
    No,
    Forward,
    Backward,
}

fn oneway(class: Class, tags: &Tags, options: &BuildOptions) -> Oneway {
    if tags.get("oneway:emergency") == Some("no") {
        return Oneway::No;
    }
    let bus_may_turn_round = ["oneway:bus", "oneway:psv"]
        .into_iter()
        .any(|key| tags.get(key) == Some("no"));
    if bus_may_turn_round && options.access.bus_ways == Entry::Allowed {
        return Oneway::No;
    }
    let word = tags.get("oneway").map(str::to_ascii_lowercase);
    match word.as_deref() {
        Some("yes" | "true" | "1") => Oneway::Forward,
        Some("-1" | "reverse") => Oneway::Backward,
        // The direction of a reversible lane changes by the hour; a crew sees which it is, the map does not.
        Some("no" | "false" | "0" | "reversible" | "alternating") => Oneway::No,
        // The TIGER lines of the US Census are drawn in no particular direction, so nothing may be read into it.
        _ if tags.get("tiger:mtfcc").is_some() => Oneway::No,
        _ if is_roundabout(tags) || class == Class::Motorway => Oneway::Forward,
        _ => Oneway::No,
    }
}

/// Returns the signed limit in km/h, if the text names one; `none` and variable limits name none.
fn limit_kmh(text: &str) -> Option<f64> {
    let text = text.to_ascii_lowercase();
    let parts = text
        .split([';', '|', ','])
        .filter_map(|part| one_limit_kmh(part.trim()));
    parts.min_by(f64::total_cmp)
}

fn one_limit_kmh(text: &str) -> Option<f64> {
    if text == "walk" {
        return Some(WALK_KMH);
    }
    if let Some((_, kmh)) = ZONE_LIMITS_KMH
        .iter()
        .find(|(ending, _)| text.ends_with(ending))
    {
        return Some(*kmh);
    }
    // "DE:zone:30", "FR:zone30" and "DE:30" carry the number behind the country.
    let text = text
        .rsplit(':')
        .next()
        .unwrap_or(text)
        .trim_start_matches("zone");
    let digits_end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number: f64 = text[..digits_end].parse().ok()?;
    let kmh = match text[digits_end..].trim() {
        "" | "km/h" | "kmh" | "kph" => number,
        "mph" => number * MPH_KMH,
        "knots" => number * KNOT_KMH,
        _ => return None,
    };
    (kmh >= LIMIT_RANGE_KMH.0 && kmh <= LIMIT_RANGE_KMH.1).then_some(kmh)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Access;

    fn tags(text: &str) -> Tags {
        let mut tags = Tags::default();
        for pair in text.split_whitespace() {
            let (key, value) = pair.split_once('=').unwrap();
            tags.keep(key, value);
        }
        tags
    }

    /// One way per line: tags, then what comes out as `class forward/backward` in whole km/h, or the reason it is dropped.
    fn check(options: &BuildOptions, table: &str) {
        for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (way, wanted) = line.split_once("=>").unwrap();
            let side = |kmh: Option<f64>| kmh.map_or("-".to_owned(), |kmh| format!("{kmh:.0}"));
            let got = match usage(&tags(way), options) {
                Ok(usage) => {
                    format!(
                        "{} {}/{}",
                        usage.class.tag(),
                        side(usage.forward_kmh),
                        side(usage.backward_kmh)
                    )
                }
                Err(reason) => format!("{reason:?}"),
            };
            assert_eq!(got, wanted.trim(), "{line}");
        }
    }

    fn signed() -> BuildOptions {
        BuildOptions {
            maxspeed: Maxspeed::Percent(100),
            ..BuildOptions::default()
        }
    }

    #[test]
    fn one_way_streets() {
        check(
            &signed(),
            "highway=primary => primary 50/50
             highway=primary oneway=yes => primary 50/-
             highway=primary oneway=True => primary 50/-
             highway=primary oneway=1 => primary 50/-
             highway=primary oneway=-1 => primary -/50
             highway=primary oneway=no junction=roundabout => primary 50/50
             highway=primary junction=roundabout => primary 50/-
             highway=motorway => motorway 100/-
             highway=motorway oneway=no => motorway 100/100
             highway=motorway tiger:mtfcc=S1100 => motorway 100/100
             highway=motorway_link => motorway_link 50/50
             highway=primary oneway=reversible => primary 50/50
             highway=primary oneway=what => primary 50/50
             highway=primary oneway=yes oneway:bus=no => primary 50/50
             highway=primary oneway=yes oneway:emergency=no => primary 50/50",
        );
    }

    #[test]
    fn the_wrong_way_costs_more_and_never_on_a_motorway() {
        let against_oneway = AgainstOneway::Penalised(200);
        let options = BuildOptions {
            access: Access {
                against_oneway,
                ..Access::default()
            },
            ..signed()
        };
        check(
            &options,
            "highway=primary oneway=yes => primary 50/25
             highway=primary oneway=-1 => primary 25/50
             highway=trunk oneway=yes => trunk 70/-
             highway=motorway => motorway 100/-
             highway=primary junction=roundabout => primary 50/-",
        );
    }

    #[test]
    fn signed_limits() {
        check(
            &signed(),
            "highway=primary maxspeed=60 => primary 60/60
             highway=primary maxspeed=30mph => primary 48/48
             highway=primary maxspeed=60km/h => primary 60/60
             highway=primary maxspeed=DE:urban => primary 50/50
             highway=primary maxspeed=DE:rural => primary 100/100
             highway=primary maxspeed=CN:urban => primary 50/50
             highway=primary maxspeed=RU:urban => primary 60/60
             highway=primary maxspeed=DE:zone:30 => primary 30/30
             highway=primary maxspeed=FR:zone30 => primary 30/30
             highway=primary maxspeed=walk => primary 7/7
             highway=motorway maxspeed=none => motorway 100/-
             highway=primary maxspeed=signals => primary 50/50
             highway=primary maxspeed=50;30 => primary 30/30
             highway=primary maxspeed=0 => primary 50/50
             highway=primary maxspeed=99999 => primary 50/50
             highway=primary maxspeed=60 maxspeed:backward=40 => primary 60/40",
        );
        check(
            &BuildOptions {
                maxspeed: Maxspeed::Ignored,
                ..BuildOptions::default()
            },
            "highway=primary maxspeed=30 => primary 50/50",
        );
        check(
            &BuildOptions::default(),
            "highway=primary maxspeed=60 => primary 54/54",
        );
    }

    #[test]
    fn access_as_it_comes() {
        check(
            &signed(),
            "highway=service access=private => service 15/15
             highway=service access=no => Closed
             highway=service access=no emergency=yes => service 15/15
             highway=service emergency=no => Closed
             highway=service access=no motor_vehicle=yes => service 15/15
             highway=service motor_vehicle=no bus=yes => service 15/15
             highway=pedestrian motor_vehicle=no => pedestrian 8/8
             highway=footway => NotForVehicles
             highway=footway emergency=yes => pedestrian 8/8
             highway=steps => NotForVehicles
             highway=construction => NotBuilt
             highway=fancy => UnknownClass
             highway=service area=yes => Area
             highway=busway => busway 40/40",
        );
    }

    #[test]
    fn access_as_chosen() {
        let access = Access {
            private_ways: Entry::Forbidden,
            closed_ways: Entry::Allowed,
            bus_ways: Entry::Forbidden,
            pedestrian_streets: Entry::Forbidden,
            tracks: Entry::Forbidden,
            against_oneway: AgainstOneway::Forbidden,
        };
        check(
            &BuildOptions { access, ..signed() },
            "highway=service access=private => Private
             highway=service access=no => service 15/15
             highway=service motor_vehicle=no bus=yes => BusWay
             highway=busway => BusWay
             highway=pedestrian => PedestrianStreet
             highway=track => Track
             highway=track emergency=yes => track 15/15
             highway=primary oneway=yes oneway:bus=no => primary 50/-",
        );
    }
}

//! From the tags of one way to "may be driven, this fast, in these directions" or the reason why not.
//!
//! The rules are those of OpenStreetMap for access and one-way streets, read for a vehicle with blue lights. Unknown keys
//! and values are never an error: maps are written by many hands. The module knows nothing of geometry. Start at [`usage`].

use crate::class::Class;
use crate::options::{AgainstOneway, BuildOptions, Entry, Maxspeed};
use crate::profile::{Bound, Profile};
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
    "barrier",
    "bollard",
    "day_on",
    "duration",
    "emergency",
    "except",
    "foot",
    "highway",
    "hour_on",
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
    "restriction",
    "restriction:conditional",
    "restriction:emergency",
    "restriction:motor_vehicle",
    "restriction:motor_vehicle:conditional",
    "restriction:motorcar",
    "restriction:motorcar:conditional",
    "restriction:vehicle",
    "route",
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

    /// Returns whether a way with these tags may be driven, by its kind alone.
    pub(crate) fn is_road(&self) -> bool {
        self.get("highway").is_some() || self.get("route") == Some("ferry")
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

/// How a way is driven: the speed in km/h by [`Profile`] and each way, where it may be driven at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usage {
    pub(crate) class: Class,
    pub(crate) kmh: [[Option<f64>; 2]; 2],
    /// How long the whole way takes, if that is known better than its speed, in seconds.
    pub(crate) whole_s: Option<u32>,
    pub(crate) is_roundabout: bool,
}

/// Decides what a way is good for.
pub(crate) fn usage(tags: &Tags, options: &BuildOptions) -> Result<Usage, DropReason> {
    let class = class_of(tags)?;
    if tags.get("area") == Some("yes") {
        return Err(DropReason::Area);
    }
    let bound = may_enter(class, tags, options)?;
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
    let drawn_kmh = [kmh("maxspeed:forward"), kmh("maxspeed:backward")];
    let direction = oneway(class, tags);
    let by_profile = Profile::ALL.map(|profile| {
        if bound == Some(Bound::PlainOnly) && profile == Profile::Plain {
            return [None; 2];
        }
        let speed = match profile {
            Profile::Siren if class != Class::Ferry => {
                f64::from(options.siren_speed_percent) / 100.0
            }
            Profile::Siren | Profile::Plain => 1.0,
        };
        let [forward, backward] = drawn_kmh.map(|kmh| kmh * speed);
        let against = |kmh| against_kmh(kmh, class, tags, options, profile);
        match direction {
            Oneway::No => [Some(forward), Some(backward)],
            Oneway::Forward => [Some(forward), against(backward)],
            Oneway::Backward => [against(forward), Some(backward)],
        }
    });
    let whole_s = (class == Class::Ferry)
        .then(|| tags.get("duration").and_then(duration_s))
        .flatten();
    Ok(Usage {
        class,
        kmh: by_profile,
        whole_s,
        is_roundabout: is_roundabout(tags),
    })
}

/// The speed against a one-way street, if this profile may drive there.
fn against_kmh(
    kmh: f64,
    class: Class,
    tags: &Tags,
    options: &BuildOptions,
    profile: Profile,
) -> Option<f64> {
    let is_siren = profile == Profile::Siren;
    let bus_may = ["oneway:bus", "oneway:psv"]
        .into_iter()
        .any(|key| tags.get(key) == Some("no"));
    let as_bus = match options.access.bus_ways {
        Entry::Allowed => bus_may,
        Entry::SirenOnly => bus_may && is_siren,
        Entry::Forbidden => false,
    };
    if as_bus {
        return Some(kmh);
    }
    let percent = match options.access.against_oneway {
        AgainstOneway::Forbidden => return None,
        AgainstOneway::Penalised(percent) => percent,
        AgainstOneway::SirenPenalised(percent) if is_siren => percent,
        AgainstOneway::SirenPenalised(_) => return None,
    };
    let deadly = matches!(
        class,
        Class::Motorway | Class::MotorwayLink | Class::Trunk | Class::TrunkLink
    );
    (!deadly && !is_roundabout(tags)).then_some(kmh * 100.0 / f64::from(percent))
}

/// Returns what a duration says in seconds: `25` (minutes), `0:25`, `00:25:00`, or ISO 8601 as `PT1H25M`.
fn duration_s(text: &str) -> Option<u32> {
    let seconds = if let Some(iso) = text.strip_prefix("PT") {
        iso_s(iso)?
    } else {
        let parts: Option<Vec<u32>> = text.split(':').map(|part| part.parse().ok()).collect();
        match *parts?.as_slice() {
            [minutes] => u64::from(minutes) * 60,
            [hours, minutes] => u64::from(hours) * 3_600 + u64::from(minutes) * 60,
            [hours, minutes, seconds] => {
                u64::from(hours) * 3_600 + u64::from(minutes) * 60 + u64::from(seconds)
            }
            _ => return None,
        }
    };
    let within_a_day = (1..=86_400).contains(&seconds);
    u32::try_from(seconds).ok().filter(|_| within_a_day)
}

fn iso_s(text: &str) -> Option<u64> {
    let (mut total, mut number) = (0u64, String::new());
    for letter in text.chars() {
        let unit_s = match letter {
            'H' => 3_600,
            'M' => 60,
            'S' => 1,
            digit => {
                number.push(digit);
                continue;
            }
        };
        let count: u32 = number.parse().ok()?;
        total += u64::from(count) * unit_s;
        number.clear();
    }
    number.is_empty().then_some(total)
}

/// Returns who cannot pass a barrier on a way; none if it stops nobody.
pub(crate) fn barred(tags: &Tags, options: &BuildOptions) -> Option<Barred> {
    let kind = tags.get("barrier")?;
    match tags.get("emergency") {
        Some("no") => return Some(Barred::Everyone),
        open if is_open(open) => return None,
        _ => {}
    }
    let opens = matches!(
        tags.get("bollard"),
        Some("removable" | "rising" | "foldable")
    );
    let entry = match kind {
        "gate" | "lift_gate" | "swing_gate" | "sliding_gate" | "hampshire_gate" | "wicket_gate"
        | "chain" | "sally_port" => options.access.gates,
        "bollard" | "rising_bollard" if opens || kind == "rising_bollard" => options.access.gates,
        "bollard"
        | "block"
        | "jersey_barrier"
        | "log"
        | "debris"
        | "cycle_barrier"
        | "wall"
        | "motorcycle_barrier"
        | "kissing_gate"
        | "stile"
        | "turnstile"
        | "full-height_turnstile"
        | "planter"
        | "fence"
        | "hedge"
        | "ditch"
        | "bump_gate"
        | "horse_stile" => options.access.bollards,
        _ => return None,
    };
    let word = ["motorcar", "motor_vehicle", "vehicle", "access"]
        .into_iter()
        .find_map(|key| tags.get(key));
    if is_open(word) {
        return None;
    }
    match entry {
        Entry::Allowed => None,
        Entry::SirenOnly => Some(Barred::PlainOnly),
        Entry::Forbidden => Some(Barred::Everyone),
    }
}

/// Who cannot pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Barred {
    /// Nobody can.
    Everyone,
    /// Those without lights and siren cannot.
    PlainOnly,
}

fn class_of(tags: &Tags) -> Result<Class, DropReason> {
    let Some(highway) = tags.get("highway") else {
        let is_ferry = tags.is_road();
        return is_ferry
            .then_some(Class::Ferry)
            .ok_or(DropReason::NotForVehicles);
    };
    if highway == Class::Ferry.tag() {
        return Err(DropReason::UnknownClass);
    }
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

/// Whether a way may be used at all, and by whom: none means by everybody.
fn may_enter(
    class: Class,
    tags: &Tags,
    options: &BuildOptions,
) -> Result<Option<Bound>, DropReason> {
    let access = &options.access;
    let gate = |entry, reason| match entry {
        Entry::Allowed => Ok(None),
        Entry::SirenOnly => Ok(Some(Bound::PlainOnly)),
        Entry::Forbidden => Err(reason),
    };
    match tags.get("emergency") {
        Some("no") => return Err(DropReason::Closed),
        open if is_open(open) => return Ok(None),
        _ => {}
    }
    if class == Class::Busway {
        return gate(access.bus_ways, DropReason::BusWay);
    }
    if class == Class::Pedestrian {
        // Motor traffic is shut out of a pedestrian street by definition, so that tag adds nothing.
        return gate(access.pedestrian_streets, DropReason::PedestrianStreet);
    }
    let mut by_class = None;
    if class == Class::Track {
        by_class = gate(access.tracks, DropReason::Track)?;
    }
    if class == Class::Ferry {
        by_class = gate(access.ferries, DropReason::Ferry)?;
    }
    let word = ["motorcar", "motor_vehicle", "vehicle", "access"]
        .into_iter()
        .find_map(|key| tags.get(key));
    let by_word = match word {
        // A ferry for walkers says that they are welcome and nothing of vehicles.
        None if class == Class::Ferry && tags.get("foot").is_some() => {
            return Err(DropReason::NotForVehicles);
        }
        Some("no" | "bus" | "psv") if is_open(tags.get("bus")) || is_open(tags.get("psv")) => {
            gate(access.bus_ways, DropReason::BusWay)?
        }
        Some("no") => gate(access.closed_ways, DropReason::Closed)?,
        Some(
            "private" | "permit" | "residents" | "customers" | "delivery" | "destination"
            | "employees" | "agricultural" | "forestry" | "military",
        ) => gate(access.private_ways, DropReason::Private)?,
        _ => None,
    };
    Ok(by_class.max(by_word))
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

fn oneway(class: Class, tags: &Tags) -> Oneway {
    if tags.get("oneway:emergency") == Some("no") {
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
                        side(usage.kmh[0][0]),
                        side(usage.kmh[0][1])
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
    fn ferries_take_vehicles_unless_they_say_otherwise() {
        check(
            &signed(),
            "route=ferry => ferry 15/15
             route=ferry motor_vehicle=no => Closed
             route=ferry motorcar=yes foot=yes => ferry 15/15
             route=ferry foot=yes => NotForVehicles
             route=bus => NotForVehicles
             highway=ferry => UnknownClass",
        );
        let forbidden = BuildOptions {
            access: Access {
                ferries: Entry::Forbidden,
                ..Access::default()
            },
            ..signed()
        };
        check(&forbidden, "route=ferry => Ferry");
        for (text, wanted) in [
            ("25", Some(1_500)),
            ("0:25", Some(1_500)),
            ("01:05:30", Some(3_930)),
            ("PT1H25M", Some(5_100)),
            ("PT90S", Some(90)),
            ("0", None),
            ("PT", None),
            ("PTM", None),
            ("25:61:00:00", None),
            ("99999:00", None),
            ("-5", None),
            ("soon", None),
        ] {
            assert_eq!(duration_s(text), wanted, "{text}");
        }
    }

    #[test]
    fn barriers_bar_whom_they_bar() {
        let table = [
            ("barrier=gate", None),
            ("barrier=gate access=private", None),
            ("barrier=gate emergency=no", Some(Barred::Everyone)),
            ("barrier=bollard", Some(Barred::Everyone)),
            ("barrier=bollard bollard=removable", None),
            ("barrier=bollard emergency=yes", None),
            ("barrier=bollard motor_vehicle=yes", None),
            ("barrier=toll_booth", None),
            ("highway=crossing", None),
        ];
        for (text, wanted) in table {
            assert_eq!(barred(&tags(text), &signed()), wanted, "{text}");
        }
        let access = Access {
            gates: Entry::Forbidden,
            bollards: Entry::SirenOnly,
            ..Access::default()
        };
        let options = BuildOptions { access, ..signed() };
        let gate = barred(&tags("barrier=lift_gate"), &options);
        assert_eq!(gate, Some(Barred::Everyone));
        let bollard = barred(&tags("barrier=bollard"), &options);
        assert_eq!(bollard, Some(Barred::PlainOnly));
    }

    #[test]
    fn with_lights_and_siren_more_is_open() {
        let access = Access {
            bus_ways: Entry::SirenOnly,
            pedestrian_streets: Entry::SirenOnly,
            against_oneway: AgainstOneway::SirenPenalised(200),
            ..Access::default()
        };
        let options = BuildOptions {
            access,
            siren_speed_percent: 150,
            ..signed()
        };
        for (way, wanted) in [
            ("highway=primary", "50/50 75/75"),
            ("highway=primary oneway=yes", "50/- 75/38"),
            ("highway=primary oneway=yes oneway:bus=no", "50/- 75/75"),
            ("highway=motorway", "100/- 150/-"),
            ("highway=pedestrian", "-/- 12/12"),
            ("highway=busway", "-/- 60/60"),
            ("highway=service motor_vehicle=no bus=yes", "-/- 22/22"),
            ("route=ferry", "15/15 15/15"),
        ] {
            let usage = usage(&tags(way), &options).unwrap();
            let side = |kmh: Option<f64>| kmh.map_or("-".to_owned(), |kmh| format!("{kmh:.0}"));
            let [plain, siren] = usage.kmh.map(|[there, back]| [side(there), side(back)]);
            assert_eq!(
                format!("{} {}", plain.join("/"), siren.join("/")),
                wanted,
                "{way}"
            );
        }
    }

    #[test]
    fn access_as_chosen() {
        let access = Access {
            private_ways: Entry::Forbidden,
            closed_ways: Entry::Allowed,
            bus_ways: Entry::Forbidden,
            pedestrian_streets: Entry::Forbidden,
            tracks: Entry::Forbidden,
            ..Access::default()
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

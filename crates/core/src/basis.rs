//! The small values that records are made of: ids, times, places, codes and text in two languages.
//!
//! Each is parsed at the door and trusted afterwards. Nothing here knows of any record.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits;

/// The same words in both languages of the product.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Text {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh: String,
}

impl Text {
    /// Makes a text from its English and its Chinese form.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Text {
        Text {
            en: en.into(),
            zh: zh.into(),
        }
    }
}

/// Why a piece of input could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not base64.
    #[error("a file is written in base64")]
    Base64,
    /// Not an id of 32 hexadecimal digits.
    #[error("an id is 32 hexadecimal digits")]
    Id,
    /// Empty where something must be said.
    #[error("it is empty")]
    Empty,
    /// Longer than its limit.
    #[error("it has {found} characters; at most {max} are taken")]
    TooLong {
        /// The limit, in characters.
        max: usize,
        /// What came, in characters.
        found: usize,
    },
    /// A control character other than a line break in prose.
    #[error("it holds a control character")]
    Control,
    /// Not a code.
    #[error(
        "a code is made of the letters a-z, digits, '_' and '-', and begins with a letter or digit"
    )]
    Code,
    /// Not a priority.
    #[error("a priority is 1 (most urgent), 2, 3 or 4")]
    Priority,
    /// Not a place on Earth.
    #[error("a latitude lies between -90 and 90 and a longitude between -180 and 180")]
    Place,
}

/// Milliseconds since the Unix epoch, UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns the seconds from `earlier` to this time, never below zero.
    pub fn seconds_since(self, earlier: Timestamp) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0) / 1_000).unwrap_or(0)
    }

    /// Returns the time that many seconds later.
    pub fn plus_s(self, seconds: u32) -> Timestamp {
        Timestamp(self.0.saturating_add(i64::from(seconds) * 1_000))
    }
}

macro_rules! record_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write_hex(f, &self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write_hex(f, &self.0) }
        }
        impl FromStr for $name {
            type Err = Unreadable;
            fn from_str(text: &str) -> Result<$name, Unreadable> { read_hex(text).map($name) }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> { to.collect_str(self) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

macro_rules! ids_of_kinds {
    ($($kind:ident $id:ident $action:ident $event:ident $module:ident $map:ident
        $word:literal ($en:literal, $zh:literal) $lives:ident $doc:literal;)+) => {
        record_ids! { $(#[doc = concat!("Names one ", $en, ". ", $doc, ".")] $id,)+ }
    };
}

crate::record::for_kinds!(ids_of_kinds);

pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8; 16]) -> fmt::Result {
    for byte in bytes {
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}

pub(crate) fn read_hex(text: &str) -> Result<[u8; 16], Unreadable> {
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return Err(Unreadable::Id);
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| match pair[at] {
            d @ b'0'..=b'9' => Ok(d - b'0'),
            d @ b'a'..=b'f' => Ok(d - b'a' + 10),
            _ => Err(Unreadable::Id),
        };
        *byte = digit(0)? << 4 | digit(1)?;
    }
    Ok(bytes)
}

macro_rules! checked_text {
    ($($(#[$doc:meta])* $name:ident, $max:expr, $prose:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Returns the text.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl FromStr for $name {
            type Err = Unreadable;
            fn from_str(text: &str) -> Result<$name, Unreadable> { check_text(text, $max, $prose).map($name) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
    )*};
}

checked_text! {
    /// One line that a person entered: trimmed, not empty, no control characters.
    Line, limits::LINE_CHARS_MAX, false;
    /// Free text that a person entered: trimmed, not empty, line breaks allowed.
    Prose, limits::PROSE_CHARS_MAX, true;
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl fmt::Debug for Prose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prose(..)") // Free text speaks of people; logs must never carry it.
    }
}

fn check_text(text: &str, max: usize, line_breaks: bool) -> Result<String, Unreadable> {
    let text = text.trim();
    let found = text.chars().count();
    if found == 0 {
        return Err(Unreadable::Empty);
    }
    if found > max {
        return Err(Unreadable::TooLong { max, found });
    }
    let allowed = |c: char| !c.is_control() || line_breaks && matches!(c, '\n' | '\r' | '\t');
    if !text.chars().all(allowed) {
        return Err(Unreadable::Control);
    }
    Ok(text.to_owned())
}

/// A code of the response file: a category, a kind of unit or a capability.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(String);

impl Code {
    /// Returns the code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Code {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Code, Unreadable> {
        let found = text.chars().count();
        if found == 0 {
            return Err(Unreadable::Empty);
        }
        if found > limits::CODE_CHARS_MAX {
            return Err(Unreadable::TooLong {
                max: limits::CODE_CHARS_MAX,
                found,
            });
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let fits =
            text.starts_with(plain) && text.chars().all(|c| plain(c) || c == '_' || c == '-');
        if fits {
            Ok(Code(text.to_owned()))
        } else {
            Err(Unreadable::Code)
        }
    }
}

/// How urgent an incident is: 1 is most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Priority {
    /// Life at risk, or a crime under way.
    P1,
    /// Urgent.
    P2,
    /// Soon.
    P3,
    /// When it suits.
    P4,
}

impl Priority {
    /// All priorities, most urgent first.
    pub const ALL: [Priority; 4] = [Priority::P1, Priority::P2, Priority::P3, Priority::P4];
}

impl TryFrom<u8> for Priority {
    type Error = Unreadable;

    fn try_from(number: u8) -> Result<Priority, Unreadable> {
        match number {
            1 => Ok(Priority::P1),
            2 => Ok(Priority::P2),
            3 => Ok(Priority::P3),
            4 => Ok(Priority::P4),
            _ => Err(Unreadable::Priority),
        }
    }
}

impl From<Priority> for u8 {
    fn from(priority: Priority) -> u8 {
        match priority {
            Priority::P1 => 1,
            Priority::P2 => 2,
            Priority::P3 => 3,
            Priority::P4 => 4,
        }
    }
}

/// A point on Earth (WGS 84) in whole millionths of a degree, so that it survives text without rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Point {
    /// Latitude in millionths of a degree, north positive.
    pub lat_e6: i32,
    /// Longitude in millionths of a degree, east positive.
    pub lon_e6: i32,
}

impl Point {
    /// Makes a point from degrees, rounded to the nearest millionth.
    pub fn from_degrees(lat: f64, lon: f64) -> Result<Point, Unreadable> {
        let fits = lat.is_finite() && lon.is_finite() && lat.abs() <= 90.0 && lon.abs() <= 180.0;
        if !fits {
            return Err(Unreadable::Place);
        }
        // The range check above keeps both products within i32.
        Ok(Point {
            lat_e6: (lat * 1e6).round() as i32,
            lon_e6: (lon * 1e6).round() as i32,
        })
    }

    /// Returns the latitude in degrees.
    pub fn lat(self) -> f64 {
        f64::from(self.lat_e6) / 1e6
    }

    /// Returns the longitude in degrees.
    pub fn lon(self) -> f64 {
        f64::from(self.lon_e6) / 1e6
    }

    /// Returns the distance along the Earth's surface in metres (equirectangular; within 0.1 % up to 50 km).
    pub fn distance_m(self, other: Point) -> f64 {
        const METRES_PER_DEGREE: f64 = 111_194.93;
        let middle = (self.lat() + other.lat()).to_radians() / 2.0;
        let mut around = (self.lon() - other.lon()).abs();
        if around > 180.0 {
            around = 360.0 - around;
        }
        let north = (self.lat() - other.lat()) * METRES_PER_DEGREE;
        let east = around * METRES_PER_DEGREE * middle.cos();
        north.hypot(east)
    }
}

/// Where something is: a point, and what people call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The point itself.
    pub point: Point,
    /// The address or description as entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Line>,
    /// The station area that the agency's own map gives for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Line>,
}

/// What a travel time rests on. A time without its basis is never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TravelBasis {
    /// The node's road network.
    Road,
    /// Straight line at a stated speed and factor, because the node has no road network for it.
    StraightLine,
}

/// How long a unit needs to a place, as computed outside the core and handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TravelTime {
    /// Whole seconds, rounded up.
    pub seconds: u32,
    /// What it rests on.
    pub basis: TravelBasis,
}

/// What a caller answered to a question of the response file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Answer {
    /// The question, by its name in the file.
    pub question: Code,
    /// The answer, by its name within the question.
    pub answer: Code,
}

/// Personal data of a record: always sealed under the record's own key, never in a header, an index or a log.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// Who called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Line>,
    /// The number or address to call back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<Line>,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Prose>,
    /// The text of a note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Prose>,
    /// What was answered to the questions of the response file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
    /// A part of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Blob>,
}

/// Bytes that are no text; in JSON in base64 (RFC 4648 §4).
#[derive(Clone, PartialEq, Eq)]
pub struct Blob(pub Vec<u8>);

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl FromStr for Blob {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Blob, Unreadable> {
        BASE64
            .decode(text)
            .map(Blob)
            .map_err(|_| Unreadable::Base64)
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Blob, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Personal {
    /// Returns true if nothing personal is in it.
    pub fn is_empty(&self) -> bool {
        *self == Personal::default()
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(..)") // Logs must never carry it.
    }
}

/// Writes a number of seconds as a dispatcher would say it, in both languages.
pub fn say_seconds(seconds: u32) -> Text {
    let (minutes, rest) = (seconds / 60, seconds % 60);
    match (minutes, rest) {
        (0, s) => Text::new(format!("{s} s"), format!("{s} 秒")),
        (m, 0) => Text::new(format!("{m} min"), format!("{m} 分钟")),
        (m, s) => Text::new(format!("{m} min {s} s"), format!("{m} 分 {s} 秒")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_taken_at_the_limit_and_refused_one_past_it() {
        let at = "烽".repeat(limits::LINE_CHARS_MAX);
        assert_eq!(at.parse::<Line>().unwrap().as_str(), at);
        let past = "烽".repeat(limits::LINE_CHARS_MAX + 1);
        assert_eq!(
            past.parse::<Line>(),
            Err(Unreadable::TooLong {
                max: 200,
                found: 201
            })
        );
        assert!("a\nb".parse::<Prose>().is_ok());
        assert_eq!("a\nb".parse::<Line>(), Err(Unreadable::Control));
        assert_eq!(" \t ".parse::<Prose>(), Err(Unreadable::Empty));
        assert!(
            "烽"
                .repeat(limits::PROSE_CHARS_MAX)
                .parse::<Prose>()
                .is_ok()
        );
        assert!(
            "烽"
                .repeat(limits::PROSE_CHARS_MAX + 1)
                .parse::<Prose>()
                .is_err()
        );
        assert!("a".repeat(limits::CODE_CHARS_MAX).parse::<Code>().is_ok());
        assert!(
            "a".repeat(limits::CODE_CHARS_MAX + 1)
                .parse::<Code>()
                .is_err()
        );
        assert!("Fire".parse::<Code>().is_err());
    }

    #[test]
    fn ids_survive_text_and_refuse_anything_else() {
        let id = CallId([7; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "07", &"0".repeat(33), &"G".repeat(32), &"A0".repeat(16)] {
            assert_eq!(bad.parse::<CallId>(), Err(Unreadable::Id), "{bad}");
        }
    }

    #[test]
    fn distances_are_those_of_the_earth() {
        let ferry_building = Point::from_degrees(37.7955, -122.3937).unwrap();
        let city_hall = Point::from_degrees(37.7793, -122.4193).unwrap();
        let metres = ferry_building.distance_m(city_hall);
        assert!((2_870.0..2_895.0).contains(&metres), "{metres}");
        let east = Point::from_degrees(0.0, 179.999).unwrap();
        let west = Point::from_degrees(0.0, -179.999).unwrap();
        assert!(east.distance_m(west) < 230.0, "the date line is no wall");
        assert!(Point::from_degrees(90.1, 0.0).is_err());
        assert!(Point::from_degrees(f64::NAN, 0.0).is_err());
    }
}

//! From fields to coordinates: two columns or one column with a pattern, bounds, scale and datum.
//!
//! Everything that leaves this module is WGS 84 in degrees. Knows nothing of rows or maps' syntax.
//! Start at [`TextPattern::read`] and [`PlaceRules::check`].

/// A position in degrees, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Position {
    pub(crate) lat: f64,
    pub(crate) lon: f64,
}

/// The box outside of which a place is refused, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) south: f64,
    pub(crate) west: f64,
    pub(crate) north: f64,
    pub(crate) east: f64,
}

impl Bounds {
    fn holds(&self, place: Position) -> bool {
        (self.south..=self.north).contains(&place.lat)
            && (self.west..=self.east).contains(&place.lon)
    }
}

/// The datum of the coordinates in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Datum {
    /// GPS; what all else is turned into.
    Wgs84,
    /// The shifted datum of Chinese maps.
    Gcj02,
    /// GCJ-02 shifted once more.
    Bd09,
}

/// What is done with a pair of numbers before it is a place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlaceRules {
    pub(crate) bounds: Option<Bounds>,
    pub(crate) scale: f64,
    pub(crate) datum: Datum,
}

/// Why a pair of numbers is no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoPlace {
    Missing,
    NotDegrees,
    OutsideBounds,
    /// Outside, but inside if latitude and longitude were exchanged.
    Exchanged,
}

impl PlaceRules {
    /// Returns the place in WGS 84, or why there is none.
    pub(crate) fn check(&self, lat: f64, lon: f64) -> Result<Position, NoPlace> {
        // 0, 0 lies in the sea off Africa; in an export it means that nobody knew the place.
        if lat == 0.0 && lon == 0.0 {
            return Err(NoPlace::Missing);
        }
        let stated = Position {
            lat: lat * self.scale,
            lon: lon * self.scale,
        };
        let exchanged = Position {
            lat: stated.lon,
            lon: stated.lat,
        };
        let inside = |place: Position| self.bounds.is_none_or(|bounds| bounds.holds(place));
        if !is_degrees(stated) {
            let fits = is_degrees(exchanged) && self.bounds.is_some() && inside(exchanged);
            return Err(if fits {
                NoPlace::Exchanged
            } else {
                NoPlace::NotDegrees
            });
        }
        let place = to_wgs84(stated, self.datum);
        if inside(place) {
            return Ok(place);
        }
        Err(if is_degrees(exchanged) && inside(exchanged) {
            NoPlace::Exchanged
        } else {
            NoPlace::OutsideBounds
        })
    }
}

fn is_degrees(place: Position) -> bool {
    (-90.0..=90.0).contains(&place.lat) && (-180.0..=180.0).contains(&place.lon)
}

/// Reads a number; `decimal` is the mark before the fraction.
pub(crate) fn number(text: &str, decimal: char) -> Option<f64> {
    let text = text.trim();
    let standard = if decimal == '.' {
        text.to_owned()
    } else {
        text.replace(decimal, ".")
    };
    // Rust reads "inf" and "nan" as numbers; an export that holds them means nothing by it.
    let plain = standard
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    standard
        .parse()
        .ok()
        .filter(|number: &f64| plain && number.is_finite())
}

/// How latitude and longitude stand in one field, such as `(lat, lon)` or `POINT (lon lat)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextPattern {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Lat,
    Lon,
    /// Folded to lower case, without spaces.
    Mark(char),
}

impl TextPattern {
    /// Compiles a pattern; `None` unless it holds lat and lon once each, with something between them.
    ///
    /// The words may stand in braces where `lat` is also a part of the text: `"latitude": "{lat}"`.
    pub(crate) fn compile(pattern: &str) -> Option<TextPattern> {
        let braced = pattern.contains("{lat}");
        let (lat, lon) = if braced {
            ("{lat}", "{lon}")
        } else {
            ("lat", "lon")
        };
        let lower = pattern.to_lowercase();
        let mut rest = lower.as_str();
        let mut parts = Vec::new();
        let mut between = false;
        while let Some(letter) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix(lat) {
                parts.push(Part::Lat);
                rest = after;
            } else if let Some(after) = rest.strip_prefix(lon) {
                parts.push(Part::Lon);
                rest = after;
            } else {
                if !letter.is_whitespace() {
                    parts.push(Part::Mark(letter));
                }
                between |= parts
                    .iter()
                    .any(|part| matches!(part, Part::Lat | Part::Lon));
                rest = &rest[letter.len_utf8()..];
            }
        }
        let once = |wanted: &Part| parts.iter().filter(|part| *part == wanted).count() == 1;
        (once(&Part::Lat) && once(&Part::Lon) && between).then_some(TextPattern { parts })
    }

    /// Returns latitude and longitude, wherever in the text the pattern matches; the last match counts, since
    /// exports put the coordinates behind the address.
    pub(crate) fn read(&self, text: &str, decimal: char) -> Option<(f64, f64)> {
        let letters: Vec<char> = text.chars().collect();
        let starts = (0..letters.len()).rev().filter(|at| {
            *at == 0
                || !is_number_part(letters[at - 1], decimal)
                || !is_number_part(letters[*at], decimal)
        });
        starts
            .into_iter()
            .find_map(|at| self.match_at(&letters, at, decimal))
    }

    fn match_at(&self, letters: &[char], mut at: usize, decimal: char) -> Option<(f64, f64)> {
        let (mut lat, mut lon) = (None, None);
        for part in &self.parts {
            while letters.get(at).is_some_and(|letter| letter.is_whitespace()) {
                at += 1;
            }
            match part {
                Part::Mark(mark) => {
                    let same = letters
                        .get(at)
                        .is_some_and(|letter| letter.to_lowercase().eq(mark.to_lowercase()));
                    if !same {
                        return None;
                    }
                    at += 1;
                }
                Part::Lat | Part::Lon => {
                    let end = at
                        + letters[at..]
                            .iter()
                            .take_while(|letter| is_number_part(**letter, decimal))
                            .count();
                    let text: String = letters[at..end].iter().collect();
                    let value = number(&text, decimal)?;
                    let slot = if *part == Part::Lat {
                        &mut lat
                    } else {
                        &mut lon
                    };
                    *slot = Some(value);
                    at = end;
                }
            }
        }
        Some((lat?, lon?))
    }
}

fn is_number_part(letter: char, decimal: char) -> bool {
    letter.is_ascii_digit() || letter == decimal || matches!(letter, '-' | '+')
}

fn to_wgs84(place: Position, datum: Datum) -> Position {
    match datum {
        Datum::Wgs84 => place,
        Datum::Gcj02 => undo(place, wgs84_to_gcj02),
        Datum::Bd09 => undo(undo(place, gcj02_to_bd09), wgs84_to_gcj02),
    }
}

/// Turns a shift round: looks for the place that `shift` moves to `shifted`. Both shifts are smooth and move a place by
/// less than 0.01 degrees, so a few steps reach a centimetre.
fn undo(shifted: Position, shift: fn(Position) -> Position) -> Position {
    let mut guess = shifted;
    for _ in 0..8 {
        let moved = shift(guess);
        guess = Position {
            lat: guess.lat + shifted.lat - moved.lat,
            lon: guess.lon + shifted.lon - moved.lon,
        };
    }
    guess
}

/// The shift of GCJ-02, as it is publicly known: sines over the offset from 35 N, 105 E on the Krasovsky ellipsoid.
fn wgs84_to_gcj02(place: Position) -> Position {
    // Outside a rough box around China the datum is not shifted.
    if !(0.8293..=55.8271).contains(&place.lat) || !(72.004..=137.8347).contains(&place.lon) {
        return place;
    }
    let (x, y) = (place.lon - 105.0, place.lat - 35.0);
    let wave = |amount: f64, angle: f64| amount * (angle * std::f64::consts::PI).sin();
    let ripple = 20.0 * (wave(1.0, 6.0 * x) + wave(1.0, 2.0 * x));
    let root = x.abs().sqrt();
    let north_m = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + (ripple
            + wave(20.0, y)
            + wave(40.0, y / 3.0)
            + wave(160.0, y / 12.0)
            + wave(320.0, y / 30.0))
            * 2.0
            / 3.0;
    let east_m = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + (ripple
            + wave(20.0, x)
            + wave(40.0, x / 3.0)
            + wave(150.0, x / 12.0)
            + wave(300.0, x / 30.0))
            * 2.0
            / 3.0;
    let (axis_m, eccentricity_squared) = (6_378_245.0, 0.006_693_421_622_965_943);
    let lat = place.lat.to_radians();
    let flat = 1.0 - eccentricity_squared * lat.sin().powi(2);
    let meridian_m = axis_m * (1.0 - eccentricity_squared) / flat.powf(1.5);
    let parallel_m = axis_m / flat.sqrt() * lat.cos();
    Position {
        lat: place.lat + (north_m / meridian_m).to_degrees(),
        lon: place.lon + (east_m / parallel_m).to_degrees(),
    }
}

/// The further shift of BD-09 on top of GCJ-02.
fn gcj02_to_bd09(place: Position) -> Position {
    let wobble = std::f64::consts::PI * 3000.0 / 180.0;
    let radius = place.lon.hypot(place.lat) + 0.000_02 * (place.lat * wobble).sin();
    let angle = place.lat.atan2(place.lon) + 0.000_003 * (place.lon * wobble).cos();
    Position {
        lat: radius * angle.sin() + 0.006,
        lon: radius * angle.cos() + 0.0065,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Bounds, Datum, NoPlace, PlaceRules, Position, TextPattern, gcj02_to_bd09, wgs84_to_gcj02,
    };

    #[test]
    fn coordinates_are_found_in_text() {
        let cases = r#"
            (lat, lon)                   | (37.79, -122.42)                            | 37.79 -122.42
            (lat, lon)                   | 12 OAK ST (rear) Norfolk, VA (36.8, -76.2)  | 36.8 -76.2
            POINT (lon lat)              | Point(-122.42 37.79)                        | 37.79 -122.42
            lat,lon                      | 37.79,-122.42                               | 37.79 -122.42
            lat;lon                      | +37.79 ; -122.42                            | 37.79 -122.42
            [{lon},{lat}]                | {"type":"Point","coordinates":[1.5, 2.5]}   | 2.5 1.5
            'latitude': '{lat}', 'longitude': '{lon}' | {'latitude': '37.7', 'longitude': '-122.4'} | 37.7 -122.4
            (lat, lon)                   | 37.79, -122.42                              | none
            (lat, lon)                   | (nan, inf)                                  | none
            (lat, lon)                   | (37.79)                                     | none"#;
        for case in cases.lines().filter(|line| !line.trim().is_empty()) {
            let fields: Vec<&str> = case.split(" | ").map(str::trim).collect();
            let pattern = TextPattern::compile(fields[0]).unwrap();
            let found = pattern
                .read(fields[1], '.')
                .map_or("none".to_owned(), |(lat, lon)| format!("{lat} {lon}"));
            assert_eq!(found, fields[2], "{case}");
        }
    }

    #[test]
    fn a_pattern_without_both_or_without_anything_between_is_no_pattern() {
        for pattern in ["(lat)", "lat lat", "latlon", "", "x, y", "lat, lon, lat"] {
            assert_eq!(TextPattern::compile(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn a_decimal_comma_is_read_beside_a_semicolon() {
        let pattern = TextPattern::compile("lat;lon").unwrap();
        assert_eq!(pattern.read("49,48;8,46", ','), Some((49.48, 8.46)));
    }

    #[test]
    fn stray_and_exchanged_places_are_told_apart() {
        let bounds = Bounds {
            south: 37.0,
            west: -123.0,
            north: 38.0,
            east: -122.0,
        };
        let rules = PlaceRules {
            bounds: Some(bounds),
            scale: 1.0,
            datum: Datum::Wgs84,
        };
        assert_eq!(
            rules.check(37.0, -123.0),
            Ok(Position {
                lat: 37.0,
                lon: -123.0
            }),
            "the edge is inside"
        );
        assert_eq!(rules.check(36.999, -123.0), Err(NoPlace::OutsideBounds));
        assert_eq!(rules.check(-122.4, 37.7), Err(NoPlace::Exchanged));
        assert_eq!(rules.check(0.0, 0.0), Err(NoPlace::Missing));
        assert_eq!(
            rules.check(6_012_345.0, 2_112_345.0),
            Err(NoPlace::NotDegrees)
        );
    }

    #[test]
    fn the_chinese_datums_are_undone() {
        // Tiananmen: the shift there is known to be about 0.0014 north and 0.0062 east.
        let truth = Position {
            lat: 39.907_333,
            lon: 116.391_083,
        };
        let gcj = wgs84_to_gcj02(truth);
        assert!(
            (gcj.lat - truth.lat - 0.0014).abs() < 0.0002
                && (gcj.lon - truth.lon - 0.0062).abs() < 0.0003,
            "{gcj:?}"
        );
        let bd = gcj02_to_bd09(gcj);
        for (datum, shifted) in [(Datum::Gcj02, gcj), (Datum::Bd09, bd)] {
            let rules = PlaceRules {
                bounds: None,
                scale: 1.0,
                datum,
            };
            let back = rules.check(shifted.lat, shifted.lon).unwrap();
            assert!(
                (back.lat - truth.lat).abs() < 1e-7 && (back.lon - truth.lon).abs() < 1e-7,
                "{datum:?} {back:?}"
            );
        }
    }
}

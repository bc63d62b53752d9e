//! An agency's units and stations: plain CSV with fixed column names, and stations also as GeoJSON points.
//!
//! These lists are short and made by hand for Watchfire, so there is no mapping file: the columns have our names, in any
//! order, and a wrong name is answered with the right one. What is refused is reported row by row, as for calls.
//! Knows nothing of past calls. Start at [`stations_csv`], then [`units_csv`], which needs the stations.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use csv::StringRecord;

use crate::codes::is_code;
use crate::limits::{LIST_ITEMS_MAX, LIST_ROWS_MAX, Limits, SHORT_TEXT_CHARS_MAX};
use crate::places::{Datum, PlaceRules, Position, number};
use crate::report::{Finding, Findings, Reason};
pub use crate::text::ImportError;
use crate::text::{Column, Table, TableShape, decode, nearest, shorten, unpack};

/// One unit of an agency.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UnitRow {
    /// Call sign, unique in the list.
    pub callsign: String,
    /// Code of its kind, such as `engine`.
    pub kind: String,
    /// Codes of what it can do, such as `als`.
    pub capabilities: Vec<String>,
    /// Code of its home station.
    pub station: Option<String>,
    /// Latitude of where it waits, degrees; that of the station where the list does not say.
    pub lat: f64,
    /// Longitude of where it waits, degrees.
    pub lon: f64,
    /// Persons aboard.
    pub crew: Option<u8>,
    /// Codes of the areas it may be sent to; empty means everywhere.
    pub areas: Vec<String>,
}

/// One station of an agency.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StationRow {
    /// Code, unique in the list.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Latitude in degrees.
    pub lat: f64,
    /// Longitude in degrees.
    pub lon: f64,
    /// Codes of the areas for which it is first due.
    pub areas: Vec<String>,
}

/// A list, and what was refused of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListImport<T> {
    /// The rows taken, in the order of the file.
    pub rows: Vec<T>,
    /// For each of `rows` the line of the file on which it begins, from 1; in GeoJSON its place among the features.
    pub lines: Vec<u64>,
    /// What was refused and why.
    pub report: ListReport,
}

/// What reading a list took and refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListReport {
    /// Rows of the file, the header not counted.
    pub rows_read: u64,
    /// Rows taken.
    pub rows_taken: u64,
    /// Why rows were refused.
    pub refused: Findings,
    /// Columns of the file that are not known, and so not used.
    pub columns_unused: Vec<String>,
}

impl fmt::Display for ListReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "{} rows read, {} taken",
            self.rows_read, self.rows_taken
        )?;
        for finding in self.refused.examples() {
            writeln!(out, "  refused: {finding}")?;
        }
        for column in &self.columns_unused {
            writeln!(out, "  column not used: {column}")?;
        }
        Ok(())
    }
}

const UNIT_COLUMNS: [&str; 8] = [
    "callsign",
    "kind",
    "capabilities",
    "station",
    "lat",
    "lon",
    "crew",
    "areas",
];
const STATION_COLUMNS: [&str; 5] = ["code", "name", "lat", "lon", "areas"];

/// Reads stations from CSV with the columns code, name, lat, lon and, if wanted, areas.
pub fn stations_csv(bytes: &[u8]) -> Result<ListImport<StationRow>, ImportError> {
    let text = decode(&unpack(bytes, &Limits::default())?, encoding_rs::UTF_8)?;
    let list = List::open(
        &text,
        "stations",
        &STATION_COLUMNS,
        &["code", "name", "lat", "lon"],
    )?;
    list.each("code", |row, code| {
        let place = row
            .place()?
            .ok_or_else(|| row.refuse("lat", Reason::PlaceMissing, "degrees such as 30.0012"))?;
        Ok(StationRow {
            code,
            name: row.required("name")?,
            lat: place.lat,
            lon: place.lon,
            areas: row.items("areas")?,
        })
    })
}

/// Reads units from CSV with the columns callsign, kind and, if wanted, capabilities, station, lat, lon, crew and areas.
///
/// A unit without coordinates waits at its station, which then has to be among `stations`. Without any stations, the
/// codes are taken as they are.
pub fn units_csv(
    bytes: &[u8],
    stations: &[StationRow],
) -> Result<ListImport<UnitRow>, ImportError> {
    let text = decode(&unpack(bytes, &Limits::default())?, encoding_rs::UTF_8)?;
    let list = List::open(&text, "units", &UNIT_COLUMNS, &["callsign", "kind"])?;
    let by_code: BTreeMap<&str, Position> = stations
        .iter()
        .map(|station| {
            (
                station.code.as_str(),
                Position {
                    lat: station.lat,
                    lon: station.lon,
                },
            )
        })
        .collect();
    list.each("callsign", |row, callsign| {
        let station = row.optional("station")?;
        let at_station = match &station {
            None => None,
            // Without a list of stations the code is taken as it is; the place then has to be in the row.
            Some(_) if by_code.is_empty() => None,
            Some(code) => Some(*by_code.get(code.as_str()).ok_or_else(|| {
                let meant = nearest_station(code, &by_code).map_or(String::new(), |other| {
                    format!("; did you mean \"{other}\"?")
                });
                row.refuse(
                    "station",
                    Reason::UnknownStation,
                    format!("the code of a station in the list of stations{meant}"),
                )
            })?),
        };
        let place = row
            .place()?
            .or(at_station)
            .ok_or_else(|| row.refuse("lat", Reason::PlaceMissing, "lat and lon, or a station"))?;
        Ok(UnitRow {
            callsign,
            kind: row.code("kind")?,
            capabilities: row.codes("capabilities")?,
            station,
            lat: place.lat,
            lon: place.lon,
            crew: row.crew()?,
            areas: row.items("areas")?,
        })
    })
}

/// Reads stations from a GeoJSON feature collection of points; the keys name the properties that hold code and name.
pub fn stations_geojson(
    bytes: &[u8],
    code_key: &str,
    name_key: &str,
) -> Result<ListImport<StationRow>, ImportError> {
    let bytes = unpack(bytes, &Limits::default())?;
    let wrong = |problem: &str| ImportError::NotGeoJson {
        problem: problem.to_owned(),
    };
    let json: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| wrong(&error.to_string()))?;
    let features = json
        .get("features")
        .and_then(serde_json::Value::as_array)
        .ok_or_else(|| wrong("it has no list called `features`"))?;
    if features.len() as u64 > LIST_ROWS_MAX {
        return Err(ImportError::TooManyRows { max: LIST_ROWS_MAX });
    }
    let mut stations = Vec::new();
    let mut lines = Vec::new();
    let mut report = ListReport::default();
    let mut seen = BTreeSet::new();
    for (index, feature) in features.iter().enumerate() {
        report.rows_read += 1;
        let line = index as u64 + 1;
        match station_of(feature, line, code_key, name_key) {
            Ok(station) if seen.insert(station.code.clone()) => {
                report.rows_taken += 1;
                stations.push(station);
                lines.push(line);
            }
            Ok(station) => report.refused.add(Finding {
                line,
                column: code_key.to_owned(),
                reason: Reason::Repeated,
                found: Some(shorten(&station.code)),
                expected: "a code that no other station has".to_owned(),
            }),
            Err(finding) => report.refused.add(finding),
        }
    }
    Ok(ListImport {
        rows: stations,
        lines,
        report,
    })
}

/// Reads one feature. Its place in the list, from 1, stands for a line: GeoJSON is often one line as a whole.
fn station_of(
    feature: &serde_json::Value,
    line: u64,
    code_key: &str,
    name_key: &str,
) -> Result<StationRow, Finding> {
    let geometry = feature.get("geometry").filter(|geometry| {
        geometry.get("type").and_then(serde_json::Value::as_str) == Some("Point")
    });
    let pair = geometry
        .and_then(|geometry| geometry.get("coordinates"))
        .and_then(serde_json::Value::as_array);
    let degree = |index: usize| {
        pair.and_then(|pair| pair.get(index))
            .and_then(serde_json::Value::as_f64)
    };
    let (lon, lat) = degree(0).zip(degree(1)).ok_or_else(|| {
        refuse_feature(
            line,
            "geometry",
            Reason::PlaceMissing,
            "a Point with longitude and latitude".to_owned(),
        )
    })?;
    let place = WGS84.check(lat, lon).map_err(|_| {
        refuse_feature(
            line,
            "geometry",
            Reason::PlaceUnreadable,
            "degrees, longitude first".to_owned(),
        )
    })?;
    Ok(StationRow {
        code: property(feature, line, code_key)?,
        name: property(feature, line, name_key)?,
        lat: place.lat,
        lon: place.lon,
        areas: Vec::new(),
    })
}

/// Reads a property that has to be there, text or number.
fn property(feature: &serde_json::Value, line: u64, key: &str) -> Result<String, Finding> {
    let properties = feature
        .get("properties")
        .and_then(serde_json::Value::as_object);
    let stated = match properties.and_then(|properties| properties.get(key)) {
        Some(serde_json::Value::String(text)) => text.trim().to_owned(),
        Some(serde_json::Value::Number(number)) => number.to_string(),
        Some(_) | None => String::new(),
    };
    if !stated.is_empty() && stated.chars().count() <= SHORT_TEXT_CHARS_MAX {
        return Ok(stated);
    }
    let names: Vec<&str> = properties
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .take(40)
        .collect();
    let meant = nearest(key, names.iter().copied())
        .map_or(String::new(), |name| format!("; did you mean `{name}`?"));
    let listed = names.join(", ");
    let expected = format!(
        "a property `{key}` of 1 to {SHORT_TEXT_CHARS_MAX} characters{meant}; the properties are: {listed}"
    );
    Err(refuse_feature(line, key, Reason::Missing, expected))
}

fn refuse_feature(line: u64, column: &str, reason: Reason, expected: String) -> Finding {
    Finding {
        line,
        column: column.to_owned(),
        reason,
        found: None,
        expected,
    }
}

const WGS84: PlaceRules = PlaceRules {
    bounds: None,
    scale: 1.0,
    datum: Datum::Wgs84,
};

/// The station that was probably meant: the same number with other zeros in front, or nearly the same letters.
fn nearest_station<'s>(code: &str, stations: &BTreeMap<&'s str, Position>) -> Option<&'s str> {
    let bare = |code: &str| code.trim_start_matches('0').to_lowercase();
    let same = stations
        .keys()
        .find(|other| bare(other) == bare(code))
        .copied();
    same.or_else(|| nearest(code, stations.keys().copied()))
}

/// A CSV list with known column names.
struct List<'t> {
    table: Table<'t>,
    columns: BTreeMap<&'static str, usize>,
    report: ListReport,
}

impl<'t> List<'t> {
    fn open(
        text: &'t str,
        what: &str,
        known: &[&'static str],
        required: &[&str],
    ) -> Result<List<'t>, ImportError> {
        let table = Table::read(
            text,
            &TableShape {
                delimiter: likely_delimiter(text),
                comment: Some(b'#'),
                ..TableShape::default()
            },
        )?;
        let mut columns = BTreeMap::new();
        for name in known {
            match table.find(
                &Column::Name((*name).to_owned()),
                &format!("the list of {what}"),
            ) {
                Ok(index) => drop(columns.insert(*name, index)),
                Err(missing) if required.contains(name) => return Err(missing),
                Err(_) => {}
            }
        }
        let used: BTreeSet<usize> = columns.values().copied().collect();
        let unused = (0..table.width()).filter(|index| !used.contains(index));
        let told = unused.map(|index| {
            let label = table.label(index);
            let free = known
                .iter()
                .copied()
                .filter(|name| !columns.contains_key(name));
            match nearest(&label, free) {
                Some(meant) => format!("{label} (did you mean `{meant}`?)"),
                None => label,
            }
        });
        let report = ListReport {
            columns_unused: told.collect(),
            ..ListReport::default()
        };
        Ok(List {
            table,
            columns,
            report,
        })
    }

    /// Takes the rows one by one, each with its value under `key`, which no other row taken may have.
    fn each<T>(
        mut self,
        key: &str,
        take: impl Fn(&Row<'_>, String) -> Result<T, Finding>,
    ) -> Result<ListImport<T>, ImportError> {
        let (mut rows, mut lines) = (Vec::new(), Vec::new());
        let mut seen = BTreeMap::new();
        let mut fields = StringRecord::new();
        while let Some(line) = self.table.next(&mut fields) {
            if self.report.rows_read == LIST_ROWS_MAX {
                return Err(ImportError::TooManyRows { max: LIST_ROWS_MAX });
            }
            self.report.rows_read += 1;
            let row = Row {
                columns: &self.columns,
                fields: &fields,
                line,
            };
            let value = row.unique(key, &seen);
            match value.and_then(|value| Ok((value.clone(), take(&row, value)?))) {
                Ok((value, taken)) => {
                    // Only now: a row that is refused must not keep its value from a later one that is right.
                    seen.insert(value, line);
                    rows.push(taken);
                    lines.push(line);
                    self.report.rows_taken += 1;
                }
                Err(finding) => self.report.refused.add(finding),
            }
        }
        Ok(ListImport {
            rows,
            lines,
            report: self.report,
        })
    }
}

/// The mark of the header that occurs most: spreadsheets write `;` where `,` is the decimal mark.
fn likely_delimiter(text: &str) -> u8 {
    let header = text
        .lines()
        .find(|line| !line.starts_with('#') && !line.trim().is_empty())
        .unwrap_or("");
    let count = |mark: u8| header.bytes().filter(|byte| *byte == mark).count();
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|mark| count(*mark))
        .unwrap_or(b',')
}

/// One row of a list.
struct Row<'r> {
    columns: &'r BTreeMap<&'static str, usize>,
    fields: &'r StringRecord,
    line: u64,
}

impl Row<'_> {
    fn field(&self, name: &str) -> &str {
        let index = self.columns.get(name);
        index
            .and_then(|index| self.fields.get(*index))
            .unwrap_or("")
            .trim()
    }

    fn refuse(&self, column: &str, reason: Reason, expected: impl Into<String>) -> Finding {
        let found = Some(self.field(column))
            .filter(|value| !value.is_empty())
            .map(shorten);
        Finding {
            line: self.line,
            column: column.to_owned(),
            reason,
            found,
            expected: expected.into(),
        }
    }

    fn optional(&self, name: &str) -> Result<Option<String>, Finding> {
        let value = self.field(name);
        if value.chars().count() > SHORT_TEXT_CHARS_MAX {
            return Err(self.refuse(
                name,
                Reason::FieldTooLong,
                format!("at most {SHORT_TEXT_CHARS_MAX} characters"),
            ));
        }
        Ok(Some(value)
            .filter(|value| !value.is_empty())
            .map(str::to_owned))
    }

    fn required(&self, name: &str) -> Result<String, Finding> {
        self.optional(name)?
            .ok_or_else(|| self.refuse(name, Reason::Missing, "a value in every row"))
    }

    fn unique(&self, name: &str, seen: &BTreeMap<String, u64>) -> Result<String, Finding> {
        let value = self.required(name)?;
        match seen.get(&value) {
            None => Ok(value),
            Some(before) => Err(self.refuse(
                name,
                Reason::Repeated,
                format!("a value that no other row has; line {before} has it too"),
            )),
        }
    }

    fn code(&self, name: &str) -> Result<String, Finding> {
        let value = self.required(name)?;
        if is_code(&value) {
            Ok(value)
        } else {
            Err(self.refuse(name, Reason::NotACode, CODE_EXPECTED))
        }
    }

    /// Reads a list within one field, parted by `;`, `|` or the Chinese marks.
    fn items(&self, name: &str) -> Result<Vec<String>, Finding> {
        let items: Vec<String> = self
            .field(name)
            .split([';', '|', '；', '、'])
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect();
        if items.len() > LIST_ITEMS_MAX {
            return Err(self.refuse(
                name,
                Reason::FieldTooLong,
                format!("at most {LIST_ITEMS_MAX} items"),
            ));
        }
        Ok(items)
    }

    fn codes(&self, name: &str) -> Result<Vec<String>, Finding> {
        let items = self.items(name)?;
        if items.iter().all(|item| is_code(item)) {
            Ok(items)
        } else {
            Err(self.refuse(name, Reason::NotACode, CODES_EXPECTED))
        }
    }

    fn place(&self) -> Result<Option<Position>, Finding> {
        let (lat, lon) = (self.field("lat"), self.field("lon"));
        if lat.is_empty() && lon.is_empty() {
            return Ok(None);
        }
        let degrees = |name: &str, most: f64| {
            let read = number(self.field(name), '.').filter(|degrees| degrees.abs() <= most);
            read.ok_or_else(|| {
                self.refuse(
                    name,
                    Reason::PlaceUnreadable,
                    format!("degrees from -{most} to {most}, such as 30.0012"),
                )
            })
        };
        let place = Position {
            lat: degrees("lat", 90.0)?,
            lon: degrees("lon", 180.0)?,
        };
        Ok(Some(place))
    }

    fn crew(&self) -> Result<Option<u8>, Finding> {
        let value = self.field("crew");
        if value.is_empty() {
            return Ok(None);
        }
        let crew = value.parse().ok();
        crew.map(Some).ok_or_else(|| {
            self.refuse(
                "crew",
                Reason::NumberUnreadable,
                "a whole number of persons from 0 to 255",
            )
        })
    }
}

const CODE_EXPECTED: &str = "a code of lower-case letters, digits and _ such as engine";
const CODES_EXPECTED: &str =
    "codes of lower-case letters, digits and _, parted by ; such as als;transport";

#[cfg(test)]
mod tests {
    use super::{stations_csv, stations_geojson, units_csv};
    use crate::limits::LIST_ITEMS_MAX;

    const STATIONS: &str = "code,name,lat,lon,areas\n01,Station 1,37.7794,-122.4041,01;08\n02,Station 2,37.797,-122.4098,\n";

    fn check_units(units: &str, expected: &str) {
        let stations = stations_csv(STATIONS.as_bytes()).unwrap().rows;
        let found = match units_csv(units.as_bytes(), &stations) {
            Err(error) => error.to_string(),
            Ok(list) => {
                let rows: Vec<String> = list
                    .rows
                    .iter()
                    .map(|unit| {
                        format!(
                            "{} {} [{}] at {:?} {} {} crew {:?} areas [{}]",
                            unit.callsign,
                            unit.kind,
                            unit.capabilities.join(" "),
                            unit.station,
                            unit.lat,
                            unit.lon,
                            unit.crew,
                            unit.areas.join(" ")
                        )
                    })
                    .collect();
                format!("{}\n{}", rows.join("\n"), list.report)
            }
        };
        assert_eq!(found.trim(), expected.trim());
    }

    #[test]
    fn a_unit_waits_at_its_station_unless_the_list_says_where() {
        check_units(
            "# our units\ncallsign,kind,capabilities,station,lat,lon,crew,areas\nE01,engine,pump;als,01,,,4,\nM7,medic,als | transport,,37.75,-122.45,2,airport\n",
            r#"
E01 engine [pump als] at Some("01") 37.7794 -122.4041 crew Some(4) areas []
M7 medic [als transport] at None 37.75 -122.45 crew Some(2) areas [airport]
2 rows read, 2 taken
"#,
        );
    }

    #[test]
    fn a_list_from_a_german_or_chinese_spreadsheet_is_read() {
        check_units(
            "\u{FEFF}station;kind;callsign;capabilities\n02;engine;消防01;pump、als\n",
            r#"
消防01 engine [pump als] at Some("02") 37.797 -122.4098 crew None areas []
1 rows read, 1 taken
"#,
        );
    }

    #[test]
    fn every_wrong_row_is_refused_with_the_reason() {
        check_units(
            "callsign,kind,capabilites,station,lat,lon,crew
E01,engine,,1,,,
E02,Engine Co,,01,,,
E03,engine,,,,,
E04,engine,,,north,-122,
E05,engine,,01,,,many
E06,engine,,01,,,4
E06,engine,,01,,,4
,engine,,01,,,
",
            r#"
E06 engine [] at Some("01") 37.7794 -122.4041 crew Some(4) areas []
8 rows read, 1 taken
  refused: line 2, station: station is not in the list: found "1"; the code of a station in the list of stations; did you mean "01"?
  refused: line 3, kind: not a code: found "Engine Co"; a code of lower-case letters, digits and _ such as engine
  refused: line 4, lat: no place; lat and lon, or a station
  refused: line 5, lat: place cannot be read: found "north"; degrees from -90 to 90, such as 30.0012
  refused: line 6, crew: number cannot be read: found "many"; a whole number of persons from 0 to 255
  refused: line 8, callsign: was there before: found "E06"; a value that no other row has; line 7 has it too
  refused: line 9, callsign: missing; a value in every row
  column not used: capabilites (did you mean `capabilities`?)
"#,
        );
    }

    #[test]
    fn a_refused_row_does_not_keep_its_code_from_a_right_one_and_rows_know_their_lines() {
        let stations = "code,name,lat,lon\n1,Station 1,north,-122.4\n2,Station 2,37.8,-122.4\n1,Station 1,37.7,-122.4\n1,Again,37.7,-122.4\n1,And again,37.7,-122.4\n";
        let list = stations_csv(stations.as_bytes()).unwrap();
        let codes: Vec<&str> = list.rows.iter().map(|row| row.code.as_str()).collect();
        assert_eq!((codes, list.lines), (vec!["2", "1"], vec![3, 4]));
        let told = list.report.to_string();
        for part in [
            "line 2, lat: place cannot be read",
            "line 5, code: was there before: found \"1\"; a value that no other row has; line 4 has",
            "line 6, code: was there before: found \"1\"; a value that no other row has; line 4 has",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }

        let units = "callsign,kind,lat,lon\n# ours\nE01,Engine Co,1,1\n\nE01,engine,1,1\n";
        let list = units_csv(units.as_bytes(), &[]).unwrap();
        assert_eq!(list.lines, [5], "{}", list.report);
    }

    #[test]
    fn a_list_without_a_needed_column_is_refused_with_the_nearest_name() {
        check_units(
            "call_sign,kind\nE01,engine\n",
            "line 1: there is no column `callsign` (wanted by the list of units); the nearest name in the header is `call_sign`",
        );
    }

    #[test]
    fn a_unit_has_at_most_so_many_areas() {
        for (count, taken) in [(LIST_ITEMS_MAX, 1), (LIST_ITEMS_MAX + 1, 0)] {
            let areas: Vec<String> = (0..count).map(|index| index.to_string()).collect();
            let list = units_csv(
                format!(
                    "callsign,kind,lat,lon,areas\nE01,engine,1,1,{}\n",
                    areas.join(";")
                )
                .as_bytes(),
                &[],
            )
            .unwrap();
            assert_eq!(list.rows.len(), taken, "{count}");
        }
    }

    #[test]
    fn stations_come_from_geojson_points() {
        let text = r#"{"features": [
            {"properties": {"number": 7, "common_name": "Station 7"}, "geometry": {"type": "Point", "coordinates": [-122.4, 37.7]}},
            {"properties": {"number": 7, "common_name": "again"}, "geometry": {"type": "Point", "coordinates": [-122.4, 37.7]}},
            {"properties": {"number": 8, "common_name": "area"}, "geometry": {"type": "Polygon", "coordinates": []}},
            {"properties": {"nummer": 9, "common_name": "Station 9"}, "geometry": {"type": "Point", "coordinates": [-122.4, 37.7]}}]}"#;
        let list = stations_geojson(text.as_bytes(), "number", "common_name").unwrap();
        assert_eq!(
            (
                list.rows.len(),
                list.rows[0].code.as_str(),
                list.rows[0].lon
            ),
            (1, "7", -122.4)
        );
        assert_eq!(list.lines, [1]);
        let told = list.report.to_string();
        for part in [
            "was there before",
            "a Point with longitude",
            "did you mean `nummer`",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
        assert!(
            stations_geojson(b"{}", "number", "name")
                .unwrap_err()
                .to_string()
                .contains("features")
        );
    }
}

//! Roads as the US Census Bureau publishes them: a zip file with a shapefile of lines (TIGER/Line).
//!
//! Three small forms one inside the other: zip (directory at the end), `.shp` (the lines) and `.dbf` (name and class of each).
//! Only what these files use is read. TIGER has no ids for points: lines meet where their coordinates are equal. It has no
//! one-way streets and no bridges either, so its times are optimistic; where there is an OpenStreetMap extract, use that.

use super::{Format, Way, Ways, check_count};
use crate::error::RoadsError;
use crate::geo::{Fixed, Point};
use crate::limits::{POINTS_MAX, SOURCE_MAX_BYTES, WAY_POINTS_MAX};
use crate::tags::Tags;
use flate2::read::DeflateDecoder;
use std::collections::BTreeMap;
use std::io::Read;

/// Feature classes of the Census and the class of road that each is nearest to.
const CLASSES: &[(&str, &str)] = &[
    ("S1100", "motorway"),
    ("S1200", "primary"),
    ("S1400", "residential"),
    ("S1500", "track"),
    ("S1630", "motorway_link"),
    ("S1640", "service"),
    ("S1710", "footway"),
    ("S1720", "steps"),
    ("S1730", "service"),
    ("S1740", "service"),
    ("S1750", "service"),
    ("S1780", "service"),
    ("S1820", "cycleway"),
    ("S1830", "bridleway"),
];
const CLASS_COLUMN: &str = "MTFCC";
const NAME_COLUMN: &str = "FULLNAME";
const DIRECTORY_END: &[u8] = b"PK\x05\x06";
const DIRECTORY_END_LEN: usize = 22;
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
const DIRECTORY_ENTRY_LEN: usize = 46;
const LOCAL_ENTRY_LEN: usize = 30;
const COMMENT_MAX_BYTES: usize = 65_535;
const SHP_HEADER_LEN: usize = 100;
/// Lines without and with heights or measures; what these add comes after the points.
const LINE_TYPES: &[u32] = &[3, 13, 23];

pub(super) fn read(bytes: &[u8]) -> Result<Ways, RoadsError> {
    let table = member(bytes, ".dbf")?;
    let rows = Table::parse(&table)?;
    let lines = member(bytes, ".shp")?;
    let mut found = Ways::default();
    let mut ids = BTreeMap::new();
    let mut at = SHP_HEADER_LEN;
    let mut row = 0;
    while at < lines.len() {
        let words = u32::from_be_bytes(array(&lines, at + 4)?);
        let len = (words as usize)
            .checked_mul(2)
            .ok_or_else(|| damaged("a line is too long"))?;
        let record = part(&lines, at + 8, len)?;
        at += 8 + len;
        let tags = rows.tags(row);
        row += 1;
        if !LINE_TYPES.contains(&number(record, 0)?) {
            continue;
        }
        for places in parts_of_line(record)? {
            let mut points = Vec::with_capacity(places.len());
            for place in places {
                let next = ids.len() as i64;
                let id = *ids.entry(place).or_insert(next);
                if id == next {
                    check_count("points", next as u64 + 1, POINTS_MAX)?;
                    found.points.push((id, place));
                }
                points.push(id);
            }
            check_count(
                "points in one way",
                points.len() as u64,
                WAY_POINTS_MAX as u64,
            )?;
            let id = found.ways.len() as i64;
            found.ways.push(Way {
                id,
                points,
                tags: tags.clone(),
            });
        }
    }
    Ok(found)
}

fn damaged(what: &str) -> RoadsError {
    Format::TigerZip.damaged(what)
}

/// The parts of one line; points that are not on Earth are left out.
fn parts_of_line(record: &[u8]) -> Result<Vec<Vec<Fixed>>, RoadsError> {
    let (parts, points) = (number(record, 36)? as usize, number(record, 40)? as usize);
    let starts = part(record, 44, parts.saturating_mul(4))?;
    let pairs = part(record, 44 + starts.len(), points.saturating_mul(16))?;
    let place = |pair: &[u8]| {
        let (lon, lat) = (array(pair, 0).ok()?, array(pair, 8).ok()?);
        Point {
            lat: f64::from_le_bytes(lat),
            lon: f64::from_le_bytes(lon),
        }
        .fixed()
    };
    let mut lines = Vec::new();
    for index in 0..parts {
        let start = number(starts, index * 4)? as usize;
        let end = if index + 1 < parts {
            number(starts, index * 4 + 4)? as usize
        } else {
            points
        };
        // Parts follow each other, so that all of them together hold no more points than there are.
        if start > end || end > points {
            return Err(damaged("the parts of a line are out of order"));
        }
        lines.push(
            pairs[start * 16..end * 16]
                .chunks_exact(16)
                .filter_map(place)
                .collect(),
        );
    }
    Ok(lines)
}

/// The attributes of the lines, one row each.
struct Table<'a> {
    rows: &'a [u8],
    row_len: usize,
    class: std::ops::Range<usize>,
    name: std::ops::Range<usize>,
}

impl Table<'_> {
    fn parse(bytes: &[u8]) -> Result<Table<'_>, RoadsError> {
        let header_len = usize::from(u16::from_le_bytes(array(bytes, 8)?));
        let row_len = usize::from(u16::from_le_bytes(array(bytes, 10)?));
        let header = part(bytes, 0, header_len)?;
        let (mut class, mut name) = (0..0, 0..0);
        // The first byte of a row says whether it was deleted.
        let mut start = 1;
        for column in header
            .get(32..)
            .unwrap_or(&[])
            .chunks_exact(32)
            .take_while(|column| column[0] != b'\r')
        {
            let range = start..start + usize::from(column[16]);
            start = range.end;
            match column[..11]
                .split(|byte| *byte == 0)
                .next()
                .map(String::from_utf8_lossy)
                .as_deref()
            {
                Some(CLASS_COLUMN) => class = range,
                Some(NAME_COLUMN) => name = range,
                _ => {}
            }
        }
        if class.is_empty() {
            let what = format!("a shapefile without the column {CLASS_COLUMN}");
            return Err(RoadsError::Unsupported {
                format: Format::TigerZip.name(),
                what,
            });
        }
        Ok(Table {
            rows: &bytes[header_len..],
            row_len,
            class,
            name,
        })
    }

    fn tags(&self, row: usize) -> Tags {
        let text = |column: &std::ops::Range<usize>| {
            let start = row.saturating_mul(self.row_len);
            let cell = self
                .rows
                .get(start..)
                .and_then(|row| row.get(column.clone()))
                .unwrap_or(&[]);
            String::from_utf8_lossy(cell).trim().to_owned()
        };
        let code = text(&self.class);
        let class = CLASSES
            .iter()
            .find(|(have, _)| *have == code)
            .map_or("unknown", |(_, class)| class);
        let mut tags = Tags::default();
        tags.keep("highway", class);
        tags.keep("tiger:mtfcc", &code);
        tags.keep("name", &text(&self.name));
        tags
    }
}

/// Unpacks the first file of a zip whose name has the given ending.
fn member(zip: &[u8], ending: &str) -> Result<Vec<u8>, RoadsError> {
    let tail = zip
        .len()
        .saturating_sub(DIRECTORY_END_LEN + COMMENT_MAX_BYTES);
    let last = zip[tail..]
        .windows(DIRECTORY_END.len())
        .rposition(|window| window == DIRECTORY_END);
    let end = part(
        zip,
        tail + last.ok_or_else(|| damaged("it is not a zip file, or it is cut"))?,
        DIRECTORY_END_LEN,
    )?;
    let entries = u16::from_le_bytes(array(end, 10)?);
    let mut at = number(end, 16)? as usize;
    for _ in 0..entries {
        let entry = part(zip, at, DIRECTORY_ENTRY_LEN)?;
        if !entry.starts_with(DIRECTORY_ENTRY) {
            return Err(damaged("the directory of the zip file is broken"));
        }
        let len =
            |place| Ok::<_, RoadsError>(usize::from(u16::from_le_bytes(array(entry, place)?)));
        let (name_len, extra_len, comment_len) = (len(28)?, len(30)?, len(32)?);
        let name = part(zip, at + DIRECTORY_ENTRY_LEN, name_len)?;
        at += DIRECTORY_ENTRY_LEN + name_len + extra_len + comment_len;
        if !name.to_ascii_lowercase().ends_with(ending.as_bytes()) {
            continue;
        }
        let local_at = number(entry, 42)? as usize;
        let local = part(zip, local_at, LOCAL_ENTRY_LEN)?;
        let skip =
            |place| Ok::<_, RoadsError>(usize::from(u16::from_le_bytes(array(local, place)?)));
        let packed = part(
            zip,
            local_at + LOCAL_ENTRY_LEN + skip(26)? + skip(28)?,
            number(entry, 20)? as usize,
        )?;
        return unpack(packed, len(10)?);
    }
    Err(damaged(&format!("the zip file holds no {ending} file")))
}

fn unpack(packed: &[u8], method: usize) -> Result<Vec<u8>, RoadsError> {
    match method {
        0 => Ok(packed.to_vec()),
        8 => {
            let mut out = Vec::new();
            let unpacked = DeflateDecoder::new(packed)
                .take(SOURCE_MAX_BYTES)
                .read_to_end(&mut out);
            unpacked.map_err(|_| damaged("a file in the zip does not unpack"))?;
            Ok(out)
        }
        _ => Err(RoadsError::Unsupported {
            format: Format::TigerZip.name(),
            what: "another compression than deflate".to_owned(),
        }),
    }
}

fn part(bytes: &[u8], start: usize, len: usize) -> Result<&[u8], RoadsError> {
    let end = start.checked_add(len).filter(|end| *end <= bytes.len());
    Ok(&bytes[start..end.ok_or_else(|| damaged("it ends too early"))?])
}

fn array<const N: usize>(bytes: &[u8], start: usize) -> Result<[u8; N], RoadsError> {
    let mut out = [0; N];
    out.copy_from_slice(part(bytes, start, N)?);
    Ok(out)
}

fn number(bytes: &[u8], start: usize) -> Result<u32, RoadsError> {
    Ok(u32::from_le_bytes(array(bytes, start)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shp(lines: &[&[(f64, f64)]]) -> Vec<u8> {
        let mut out = vec![0; SHP_HEADER_LEN];
        for line in lines {
            let mut record = [&3u32.to_le_bytes()[..], &[0; 32]].concat();
            for whole in [1, line.len() as u32, 0] {
                record.extend(whole.to_le_bytes());
            }
            for (lat, lon) in *line {
                record.extend(lon.to_le_bytes());
                record.extend(lat.to_le_bytes());
            }
            out.extend(1u32.to_be_bytes());
            out.extend((record.len() as u32 / 2).to_be_bytes());
            out.extend(record);
        }
        out
    }

    fn dbf(class_column: &str, rows: &[(&str, &str)]) -> Vec<u8> {
        let mut out = vec![0; 8];
        out.extend((32u16 + 64 + 1).to_le_bytes());
        out.extend(31u16.to_le_bytes());
        out.resize(32, 0);
        for (name, len) in [(NAME_COLUMN, 25), (class_column, 5)] {
            let mut column = name.as_bytes().to_vec();
            column.resize(32, 0);
            column[16] = len;
            out.extend(column);
        }
        out.push(b'\r');
        for (name, class) in rows {
            out.extend(format!(" {name:<25}{class:<5}").bytes());
        }
        out
    }

    /// A zip with stored files, as the form allows.
    fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let (mut out, mut directory) = (Vec::new(), Vec::new());
        for (name, bytes) in files {
            let local_at = out.len() as u32;
            let mut local = [b"PK\x03\x04", &[0; 22][..]].concat();
            local.extend((name.len() as u16).to_le_bytes());
            local.extend([0; 2]);
            out.extend([&local, name.as_bytes(), bytes].concat());
            let mut entry = [DIRECTORY_ENTRY, &[0; 16][..]].concat();
            entry.extend((bytes.len() as u32).to_le_bytes());
            entry.extend((bytes.len() as u32).to_le_bytes());
            entry.extend((name.len() as u16).to_le_bytes());
            entry.resize(42, 0);
            entry.extend(local_at.to_le_bytes());
            entry.extend(name.bytes());
            directory.extend(entry);
        }
        let directory_at = out.len() as u32;
        out.extend(&directory);
        out.extend(DIRECTORY_END);
        out.extend([0; 6]);
        out.extend((files.len() as u16).to_le_bytes());
        out.extend((directory.len() as u32).to_le_bytes());
        out.extend(directory_at.to_le_bytes());
        out.extend([0; 2]);
        out
    }

    fn county() -> Vec<u8> {
        let lines: &[&[(f64, f64)]] = &[
            &[(37.0, -122.0), (37.01, -122.0)],
            &[(37.01, -122.0), (37.01, -122.01)],
        ];
        zip(&[
            ("x/roads.SHP", shp(lines)),
            ("roads.prj", b"?".to_vec()),
            (
                "roads.dbf",
                dbf(CLASS_COLUMN, &[("Main St", "S1400"), ("Hwy 1", "S1100")]),
            ),
        ])
    }

    #[test]
    fn lines_meet_where_their_coordinates_are_equal() {
        let ways = read(&county()).unwrap();
        let seen: Vec<_> = ways
            .ways
            .iter()
            .map(|way| (way.tags.name(), way.tags.get("highway")))
            .collect();
        assert_eq!(
            seen,
            [
                (Some("Main St"), Some("residential")),
                (Some("Hwy 1"), Some("motorway"))
            ]
        );
        assert_eq!(ways.ways[0].points, [0, 1]);
        assert_eq!(ways.ways[1].points, [1, 2]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let words = |zip: &[u8]| read(zip).expect_err("something is missing").to_string();
        assert!(words(b"").contains("not a zip file"));
        assert!(words(&zip(&[("a.shp", shp(&[]))])).contains("no .dbf file"));
        assert!(words(&zip(&[("a.dbf", dbf(CLASS_COLUMN, &[]))])).contains("no .shp file"));
        assert!(words(&zip(&[("a.dbf", dbf("KIND", &[]))])).contains("without the column MTFCC"));
    }

    #[test]
    fn hostile_bytes_are_refused_or_read() {
        let county = county();
        for index in 0..county.len() {
            for byte in [0, 1, 0x7f, 0xff, county[index].wrapping_add(1)] {
                let mut changed = county.clone();
                changed[index] = byte;
                if let Ok(ways) = read(&changed) {
                    assert!(
                        ways.points.iter().all(|(_, place)| place.is_valid()),
                        "byte {index} = {byte}"
                    );
                }
            }
            let _ = read(&county[..index]);
        }
    }
}

//! Tables as the JEMSS simulator writes them: a name, a line of column names, rows, an empty line; several in one file.
//!
//! Also what such files come wrapped in: gzip, a zip of roads, a tar of call files.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

/// One table: rows of fields by column name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Table {
    columns: BTreeMap<String, usize>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a plain table: a line of column names, then rows.
    pub(super) fn plain(text: &str) -> Table {
        let mut lines = records(text);
        let columns = columns(lines.next().unwrap_or_default());
        Table {
            columns,
            rows: lines.collect(),
        }
    }

    /// Reads all tables of a file, by name.
    pub(super) fn all(text: &str) -> BTreeMap<String, Table> {
        let mut tables = BTreeMap::new();
        let mut lines = records(text).peekable();
        while let Some(line) = lines.next() {
            let Some(name) = line.first().filter(|name| !name.is_empty()) else {
                continue;
            };
            let columns = columns(lines.next().unwrap_or_default());
            let mut rows = Vec::new();
            while let Some(row) = lines.next_if(|row| row.iter().any(|field| !field.is_empty())) {
                rows.push(row);
            }
            tables.insert(name.clone(), Table { columns, rows });
        }
        tables
    }

    /// Returns how many rows it has.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns a field of a row as text; an error names what is missing.
    pub(super) fn text(&self, row: usize, column: &str) -> Result<&str, String> {
        let at = self.columns.get(column);
        let at = at.ok_or_else(|| format!("there is no column '{column}'"))?;
        let field = self.rows.get(row).and_then(|row| row.get(*at));
        Ok(field.map_or("", String::as_str))
    }

    /// Returns a field of a row as a number.
    pub(super) fn number(&self, row: usize, column: &str) -> Result<f64, String> {
        let text = self.text(row, column)?;
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| {
            format!(
                "row {}: '{text}' in column '{column}' is not a number",
                row + 1
            )
        })
    }

    /// Returns a field of a row as a number that counts from 1, turned to count from 0.
    pub(super) fn index(&self, row: usize, column: &str) -> Result<usize, String> {
        let number = self.number(row, column)?;
        let whole = number >= 1.0 && number.fract() == 0.0 && number < 1e9;
        match whole {
            true => Ok(number as usize - 1),
            false => Err(format!(
                "row {}: {number} in column '{column}' is no index from 1",
                row + 1
            )),
        }
    }

    /// Returns whether there is such a column.
    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }
}

fn columns(names: Vec<String>) -> BTreeMap<String, usize> {
    let numbered = names.into_iter().enumerate();
    numbered.map(|(at, name)| (name, at)).collect()
}

/// Splits lines into fields; rows of one file may have different lengths.
fn records(text: &str) -> impl Iterator<Item = Vec<String>> + '_ {
    // The reader skips empty lines, which end a table here: so each line is read by itself.
    text.lines().map(|line| {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(line.as_bytes());
        let record = reader.records().next().and_then(Result::ok);
        let fields =
            record.map(|record| record.iter().map(|field| field.trim().to_owned()).collect());
        fields.unwrap_or_default()
    })
}

/// Unpacks gzip if it is gzip, up to a limit.
pub(super) fn unpacked(bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, String> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut out = Vec::new();
    let reader = flate2::read::MultiGzDecoder::new(Cursor::new(bytes));
    let read = reader.take(limit + 1).read_to_end(&mut out);
    read.map_err(|error| format!("it is packed with gzip and damaged: {error}"))?;
    if out.len() as u64 > limit {
        return Err(format!("it unpacks to more than {limit} bytes"));
    }
    Ok(out)
}

/// Takes a file out of a zip, stored or deflated, up to a limit.
pub(super) fn from_zip(bytes: &[u8], name: &str, limit: u64) -> Result<Vec<u8>, String> {
    const END: &[u8] = b"PK\x05\x06";
    const ENTRY: &[u8] = b"PK\x01\x02";
    let short = || "the zip is damaged or not a zip".to_owned();
    let number = |at: usize, width: usize| -> Option<usize> {
        let field = bytes.get(at..at + width)?;
        Some(
            field
                .iter()
                .rev()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
        )
    };
    let end = bytes
        .windows(4)
        .rposition(|window| window == END)
        .ok_or_else(short)?;
    let mut at = number(end + 16, 4).ok_or_else(short)?;
    while bytes.get(at..at + 4) == Some(ENTRY) {
        let field = |offset, width| number(at + offset, width).ok_or_else(short);
        let (method, packed, named) = (field(10, 2)?, field(20, 4)?, field(28, 2)?);
        let own = bytes.get(at + 46..at + 46 + named).ok_or_else(short)?;
        if own != name.as_bytes() {
            at += 46 + named + field(30, 2)? + field(32, 2)?;
            continue;
        }
        let local = field(42, 4)?;
        let skip = |offset| number(local + offset, 2).ok_or_else(short);
        let start = local + 30 + skip(26)? + skip(28)?;
        let content = bytes
            .get(start..start.saturating_add(packed))
            .ok_or_else(short)?;
        let mut out = Vec::new();
        let read = match method {
            0 => content.take(limit + 1).read_to_end(&mut out),
            8 => flate2::read::DeflateDecoder::new(content)
                .take(limit + 1)
                .read_to_end(&mut out),
            other => {
                return Err(format!(
                    "{name} is packed in a way (number {other}) that is not read"
                ));
            }
        };
        read.map_err(|error| format!("{name} in the zip is damaged: {error}"))?;
        return match out.len() as u64 > limit {
            true => Err(format!("{name} unpacks to more than {limit} bytes")),
            false => Ok(out),
        };
    }
    Err(format!("there is no {name} in the zip"))
}

/// Lists the files of a tar, by name.
pub(super) fn from_tar(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    const BLOCK: usize = 512;
    let mut files = BTreeMap::new();
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + BLOCK) {
        let text = |range: std::ops::Range<usize>| {
            let field = &header[range];
            let end = field
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(field.len());
            String::from_utf8_lossy(&field[..end]).trim().to_owned()
        };
        let name = text(0..100);
        let Ok(size) = usize::from_str_radix(&text(124..136), 8) else {
            break;
        };
        let is_file = matches!(header[156], b'0' | 0);
        let start = at + BLOCK;
        let Some(content) = bytes.get(start..start.saturating_add(size)) else {
            break;
        };
        if is_file && !name.is_empty() {
            files.insert(name, content.to_vec());
        }
        at = start + size.div_ceil(BLOCK) * BLOCK;
    }
    files
}

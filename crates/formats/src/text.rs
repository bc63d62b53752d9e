//! From the bytes of a file to its text and rows: unpacking, character encoding, columns by name or number.
//!
//! Knows nothing of calls, units or maps' meaning; what is shared by every importer lives here, above all the words in
//! which a file is refused as a whole ([`ImportError`]). Start at [`unpack`], then [`decode`], then [`Table::read`].

use std::collections::BTreeMap;
use std::io::Read;

use csv::StringRecord;

use crate::limits::{COLUMNS_MAX, Limits, SHOWN_CHARS_MAX};

/// Why a file was refused as a whole. What is wrong with single rows is in the report instead.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ImportError {
    /// The file, unpacked, is larger than the limit.
    #[error(
        "the file holds more than {max} bytes once unpacked; cut it by date and import the parts one after the other"
    )]
    TooLarge {
        /// The limit in bytes.
        max: usize,
    },
    /// More rows than the limit.
    #[error(
        "the file has more than {max} rows; cut it by date and import the parts one after the other"
    )]
    TooManyRows {
        /// The limit in rows.
        max: u64,
    },
    /// The gzip stream is damaged.
    #[error(
        "the file begins like gzip but cannot be unpacked ({problem}); fetch it again, it was probably cut off"
    )]
    Gzip {
        /// What the unpacker said.
        problem: String,
    },
    /// A zip archive or a spreadsheet.
    #[error(
        "the file is a zip archive or a spreadsheet (.xlsx); unpack it, or save the sheet as CSV, and import that"
    )]
    Archive,
    /// Bytes that are not text in the stated encoding.
    #[error(
        "line {line}: byte 0x{byte:02X} is not {encoding} text; name the file's encoding in the map, for example `encoding = \"gbk\"` or `encoding = \"windows-1252\"` under [file]; save a list of units or stations as UTF-8"
    )]
    NotText {
        /// Line of the first bad byte, from 1.
        line: u64,
        /// The first bad byte.
        byte: u8,
        /// The encoding that was tried.
        encoding: String,
    },
    /// Nothing in the file, or no header.
    #[error("the file is empty: no header row was found after {skipped} skipped lines")]
    Empty {
        /// Lines left out by the map.
        skipped: u64,
    },
    /// More columns than the limit.
    #[error(
        "line {line}: the header has {found} columns, the limit is {COLUMNS_MAX}; is the delimiter right?"
    )]
    TooManyColumns {
        /// Line of the header, from 1.
        line: u64,
        /// Columns found.
        found: usize,
    },
    /// A column that the map names is not in the file.
    #[error("line {line}: there is no column {wanted} (wanted by {wanted_by}); {hint}")]
    NoSuchColumn {
        /// Line of the header, from 1.
        line: u64,
        /// The column as the map writes it.
        wanted: String,
        /// The key of the map, for example `call.received`.
        wanted_by: String,
        /// The nearest name, or the names there are.
        hint: String,
    },
    /// Two columns of the header carry the name that the map asks for.
    #[error(
        "line {line}: the column name `{wanted}` (wanted by {wanted_by}) occurs more than once in the header; use its number, counted from 1, instead of its name"
    )]
    ColumnTwice {
        /// Line of the header, from 1.
        line: u64,
        /// The name.
        wanted: String,
        /// The key of the map.
        wanted_by: String,
    },
    /// The file is not JSON or not the shape of GeoJSON that was expected.
    #[error("not a GeoJSON feature collection of points: {problem}")]
    NotGeoJson {
        /// What was found.
        problem: String,
    },
}

/// Unpacks gzip when the bytes begin like gzip, and refuses what is too large or an archive.
pub(crate) fn unpack(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, ImportError> {
    let too_large = ImportError::TooLarge {
        max: limits.file_bytes_max,
    };
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(ImportError::Archive);
    }
    if !bytes.starts_with(&[0x1F, 0x8B]) {
        return if bytes.len() > limits.file_bytes_max {
            Err(too_large)
        } else {
            Ok(bytes.to_vec())
        };
    }
    let mut out = Vec::new();
    // One byte more than allowed is read, to tell "exactly full" from "too large" without unpacking a bomb.
    let one_past = limits.file_bytes_max as u64 + 1;
    flate2::read::MultiGzDecoder::new(bytes)
        .take(one_past)
        .read_to_end(&mut out)
        .map_err(|error| ImportError::Gzip {
            problem: error.to_string(),
        })?;
    if out.len() > limits.file_bytes_max {
        Err(too_large)
    } else {
        Ok(out)
    }
}

/// Decodes bytes in the stated encoding. A byte order mark wins over the statement, and is dropped.
pub(crate) fn decode(
    bytes: &[u8],
    stated: &'static encoding_rs::Encoding,
) -> Result<String, ImportError> {
    let (encoding, mark_bytes) = encoding_rs::Encoding::for_bom(bytes).unwrap_or((stated, 0));
    let body = &bytes[mark_bytes..];
    if encoding == encoding_rs::UTF_8 {
        // UTF-8 is strict: when it fails, the file is almost surely in another encoding and every name would be ruined.
        return match std::str::from_utf8(body) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => {
                let at = error.valid_up_to();
                let line = 1 + body[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
                Err(ImportError::NotText {
                    line,
                    byte: body[at],
                    encoding: encoding.name().to_owned(),
                })
            }
        };
    }
    // Elsewhere a bad byte becomes U+FFFD, and the rows that hold one are reported.
    let (text, _) = encoding.decode_without_bom_handling(body);
    Ok(text.into_owned())
}

/// How the rows of a text file are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableShape {
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
    pub(crate) comment: Option<u8>,
    pub(crate) header: bool,
    pub(crate) skip_lines: u64,
}

impl Default for TableShape {
    fn default() -> TableShape {
        TableShape {
            delimiter: b',',
            quote: b'"',
            comment: None,
            header: true,
            skip_lines: 0,
        }
    }
}

/// A column as a map names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Column {
    /// By the name in the header.
    Name(String),
    /// By its place, from 1.
    Number(usize),
}

impl std::fmt::Display for Column {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Column::Name(name) => write!(out, "`{name}`"),
            Column::Number(number) => write!(out, "number {number}"),
        }
    }
}

/// The header of a file, and an iterator over its rows with their line numbers.
pub(crate) struct Table<'t> {
    names: Vec<String>,
    header_line: u64,
    delimiter: u8,
    has_header: bool,
    lines: LineCounter<'t>,
    reader: csv::Reader<&'t [u8]>,
    first: Option<StringRecord>,
}

impl<'t> Table<'t> {
    /// Reads the header. Without one the columns are those of the first row, and have numbers only.
    pub(crate) fn read(text: &'t str, shape: &TableShape) -> Result<Table<'t>, ImportError> {
        let mut body = text;
        for _ in 0..shape.skip_lines {
            body = body.split_once('\n').map_or("", |(_, rest)| rest);
        }
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(shape.delimiter)
            .quote(shape.quote)
            .comment(shape.comment)
            .from_reader(body.as_bytes());
        let mut first = StringRecord::new();
        let found = reader.read_record(&mut first).unwrap_or(false);
        let mut lines = LineCounter {
            text: text.as_bytes(),
            at: text.len() - body.len(),
            line: 1 + shape.skip_lines,
            comment: shape.comment,
            skipped_bytes: text.len() - body.len(),
        };
        let header_line = lines.line_of(&first);
        if !found {
            return Err(ImportError::Empty {
                skipped: shape.skip_lines,
            });
        }
        if first.len() > COLUMNS_MAX {
            return Err(ImportError::TooManyColumns {
                line: header_line,
                found: first.len(),
            });
        }
        let names = if shape.header {
            first.iter().map(|name| name.trim().to_owned()).collect()
        } else {
            vec![String::new(); first.len()]
        };
        let first = (!shape.header).then_some(first);
        Ok(Table {
            names,
            header_line,
            delimiter: shape.delimiter,
            has_header: shape.header,
            lines,
            reader,
            first,
        })
    }

    /// The number of columns.
    pub(crate) fn width(&self) -> usize {
        self.names.len()
    }

    /// The name of a column for people: its name, or "column 3" where the file has no header.
    pub(crate) fn label(&self, index: usize) -> String {
        match self.names.get(index) {
            Some(name) if !name.is_empty() => name.clone(),
            Some(_) | None => format!("column {}", index + 1),
        }
    }

    /// True when a row repeats the header, as files that were glued together do.
    pub(crate) fn is_header(&self, row: &StringRecord) -> bool {
        self.has_header
            && row.len() == self.names.len()
            && row
                .iter()
                .zip(&self.names)
                .all(|(field, name)| field.trim() == name)
    }

    /// Returns the index of a column, by its exact name, else by its name without regard to case and outer spaces.
    pub(crate) fn find(&self, column: &Column, wanted_by: &str) -> Result<usize, ImportError> {
        let missing = |hint: String| ImportError::NoSuchColumn {
            line: self.header_line,
            wanted: column.to_string(),
            wanted_by: wanted_by.to_owned(),
            hint,
        };
        let wanted = match column {
            Column::Number(number) if (1..=self.width()).contains(number) => return Ok(number - 1),
            Column::Number(_) => {
                return Err(missing(format!(
                    "the file has columns 1 to {}",
                    self.width()
                )));
            }
            Column::Name(_) if !self.has_header => {
                return Err(missing(
                    "the map says `header = false`, so columns are named by number, from 1"
                        .to_owned(),
                ));
            }
            Column::Name(name) => name.trim(),
        };
        let exact: Vec<usize> = (0..self.width())
            .filter(|index| self.names[*index] == wanted)
            .collect();
        let found = if exact.is_empty() {
            let folded = wanted.to_lowercase();
            (0..self.width())
                .filter(|index| self.names[*index].to_lowercase() == folded)
                .collect()
        } else {
            exact
        };
        match found.as_slice() {
            [index] => Ok(*index),
            [] => Err(missing(self.hint_for(wanted))),
            [..] => Err(ImportError::ColumnTwice {
                line: self.header_line,
                wanted: wanted.to_owned(),
                wanted_by: wanted_by.to_owned(),
            }),
        }
    }

    fn hint_for(&self, wanted: &str) -> String {
        if let [only] = self.names.as_slice() {
            let others = [(',', ","), (';', ";"), ('\t', "tab"), ('|', "|")];
            let likely = others
                .iter()
                .find(|(mark, _)| *mark != char::from(self.delimiter) && only.contains(*mark));
            if let Some((_, word)) = likely {
                return format!(
                    "the header is a single column, so the delimiter is probably not what the map says; try `delimiter = \"{word}\"` under [file]"
                );
            }
        }
        if let Some(nearest) = nearest(wanted, self.names.iter().map(String::as_str)) {
            return format!("the nearest name in the header is `{nearest}`");
        }
        let listed: Vec<&str> = self.names.iter().map(String::as_str).take(40).collect();
        format!("the header has: {}", listed.join(" | "))
    }

    /// Reads the next row into `row`. Returns its line number, or `None` at the end.
    pub(crate) fn next(&mut self, row: &mut StringRecord) -> Option<u64> {
        match self.first.take() {
            Some(first) => *row = first,
            // The text is valid UTF-8 and the reader is flexible, so reading from memory has no error left to give.
            None if self.reader.read_record(row).unwrap_or(false) => {}
            None => return None,
        }
        Some(self.lines.line_of(row))
    }
}

/// Counts lines up to the rows of a file.
///
/// The line numbers of the CSV reader do not fit what an editor shows: it starts a row before the blank lines and comments
/// above it, and after `\r\n` it is one behind.
struct LineCounter<'t> {
    text: &'t [u8],
    at: usize,
    line: u64,
    comment: Option<u8>,
    skipped_bytes: usize,
}

impl LineCounter<'_> {
    /// Returns the line on which a row begins, from 1. Rows have to come in their order.
    fn line_of(&mut self, row: &StringRecord) -> u64 {
        let start = self.skipped_bytes
            + row
                .position()
                .map_or(0, |position| position.byte() as usize);
        while self.at < start {
            self.step();
        }
        loop {
            match self.text.get(self.at) {
                Some(b'\r' | b'\n') => self.step(),
                mark if mark.is_some() && mark == self.comment.as_ref() => {
                    while !matches!(self.text.get(self.at), None | Some(b'\n')) {
                        self.step();
                    }
                }
                Some(_) | None => return self.line,
            }
        }
    }

    fn step(&mut self) {
        let ends = match self.text.get(self.at) {
            Some(b'\n') => true,
            Some(b'\r') => self.text.get(self.at + 1) != Some(&b'\n'),
            Some(_) | None => false,
        };
        self.line += u64::from(ends);
        self.at += 1;
    }
}

/// Returns the candidate that `wanted` was most likely meant to be, if any is near enough to be worth saying.
pub(crate) fn nearest<'c>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let wanted = plain(wanted);
    let far = (wanted.chars().count() / 3).max(2);
    let mut ranked: BTreeMap<(usize, usize), &'c str> = BTreeMap::new();
    for candidate in candidates {
        let other = plain(candidate);
        let (length, other_length) = (wanted.chars().count(), other.chars().count());
        if length == 0 || other_length == 0 {
            continue;
        }
        let part =
            length.min(other_length) >= 4 && (other.contains(&wanted) || wanted.contains(&other));
        let distance = match (wanted == other, part) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => edit_distance(&wanted, &other),
        };
        if distance <= far {
            ranked
                .entry((distance, length.abs_diff(other_length)))
                .or_insert(candidate);
        }
    }
    ranked.into_values().next()
}

/// Letters and digits only, lower case: `Received_DtTm` and `received dttm` are the same name to a person.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .take(64)
        .collect()
}

fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (index, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[index + 1];
            row[index + 1] = replaced.min(row[index] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

/// Returns a value as a report may show it: one line, at most [`SHOWN_CHARS_MAX`] characters.
pub(crate) fn shorten(value: &str) -> String {
    let line: String = value
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(SHOWN_CHARS_MAX + 1)
        .collect();
    if line.chars().count() <= SHOWN_CHARS_MAX {
        return line;
    }
    let kept: String = line.chars().take(SHOWN_CHARS_MAX - 1).collect();
    format!("{kept}…")
}

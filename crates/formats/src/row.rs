//! One row of an export, read as the map says: values, what is odd about them, or why the row is refused.
//!
//! Knows one row only; which rows belong to one call is the business of [`crate::calls`]. Nothing here may put the value
//! of a personal column into a finding: every value shown goes through [`RowReader::shown`]. Start at [`RowReader::read`].

mod doubled;
mod times;

use std::collections::BTreeSet;

use csv::StringRecord;

use doubled::Passes;

use crate::calls::PastResponse;
use crate::codes::{CodeTable, CodeTo, Found, Otherwise, plain_code};
use crate::limits::{ALARM_LEVEL_MAX, Limits, SAID_CHARS_MAX, SHORT_TEXT_CHARS_MAX};
use crate::map::{CallMap, CallText, Moment, PlaceSource, ResponseColumns, RowMeans};
use crate::places::{NoPlace, Position, number};
use crate::report::{Finding, Reason};
use crate::text::{Column, ImportError, Table, shorten};

/// What one row states.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RowValues {
    pub(crate) id: Option<String>,
    pub(crate) received: i64,
    /// True when it occurred twice and nothing in the row says which was meant.
    pub(crate) received_guessed: bool,
    pub(crate) entered: Option<i64>,
    pub(crate) category: String,
    pub(crate) priority: u8,
    pub(crate) lat: f64,
    pub(crate) lon: f64,
    pub(crate) address: Option<String>,
    pub(crate) area: Option<String>,
    pub(crate) caller: Option<String>,
    pub(crate) callback: Option<String>,
    pub(crate) said: Option<String>,
    pub(crate) disposition: Option<String>,
    pub(crate) alarm_level: u8,
    pub(crate) responses: Vec<PastResponse>,
}

/// What became of a row, with everything to be said about it.
pub(crate) struct RowRead {
    pub(crate) end: RowEnd,
    pub(crate) notices: Vec<Finding>,
    pub(crate) unmapped: Vec<(&'static str, String, String)>,
    pub(crate) filled: Vec<String>,
}

/// How the reading of a row ended.
pub(crate) enum RowEnd {
    Taken(Box<RowValues>),
    Skipped,
    Refused(Finding),
}

/// Reads rows of one file. The columns of its map are numbers.
pub(crate) struct RowReader {
    pub(crate) map: CallMap,
    limits: Limits,
    labels: Vec<String>,
    personal: BTreeSet<usize>,
    pub(crate) unused: Vec<String>,
}

/// The reading of one row under way.
struct Reading<'r> {
    reader: &'r RowReader,
    row: &'r StringRecord,
    line: u64,
    moments: [Option<i64>; 8],
    /// When its call was received, where another row of the call has said so.
    received_before: Option<i64>,
    /// The group of responses whose times are read; none while those of the call are.
    group: Option<usize>,
    /// Which passes of a doubled hour were found to be meant, once one was met.
    passes: Option<Passes>,
    notices: Vec<Finding>,
    unmapped: Vec<(&'static str, String, String)>,
    filled: Vec<String>,
}

/// Why a reading stopped.
enum Stop {
    Skip,
    Refuse(Finding),
}

impl RowReader {
    /// Finds the columns of the map in the header of the file.
    pub(crate) fn new(
        map: &CallMap,
        table: &Table<'_>,
        limits: Limits,
    ) -> Result<RowReader, ImportError> {
        let mut map = map.clone();
        let mut used = BTreeSet::new();
        let mut personal = BTreeSet::new();
        map.visit_columns(&mut |column, key| {
            let index = table.find(column, key)?;
            used.insert(index);
            let text = CallText::ALL
                .into_iter()
                .find(|text| key.strip_prefix("call.") == Some(text.key()));
            if text.is_some_and(CallText::is_personal) {
                personal.insert(index);
            }
            *column = Column::Number(index + 1);
            Ok(())
        })?;
        let labels: Vec<String> = (0..table.width()).map(|index| table.label(index)).collect();
        let unused = (0..table.width())
            .filter(|index| !used.contains(index))
            .map(|index| labels[index].clone())
            .collect();
        Ok(RowReader {
            map,
            limits,
            labels,
            personal,
            unused,
        })
    }

    /// Reads one row. `received_before` is the receipt of its call where an earlier row has stated it: it decides between
    /// the two meanings of a doubled hour.
    pub(crate) fn read(
        &self,
        row: &StringRecord,
        line: u64,
        received_before: Option<i64>,
    ) -> RowRead {
        let mut reading = Reading {
            reader: self,
            row,
            line,
            moments: [None; 8],
            received_before,
            group: None,
            passes: None,
            notices: Vec::new(),
            unmapped: Vec::new(),
            filled: Vec::new(),
        };
        let end = match reading.values() {
            Ok(values) => RowEnd::Taken(Box::new(values)),
            Err(Stop::Skip) => RowEnd::Skipped,
            Err(Stop::Refuse(finding)) => RowEnd::Refused(finding),
        };
        RowRead {
            end,
            notices: reading.notices,
            unmapped: reading.unmapped,
            filled: reading.filled,
        }
    }

    /// Returns the value of a column; the texts that mean nothing become empty.
    fn field<'r>(&self, row: &'r StringRecord, column: &Column) -> &'r str {
        let index = index_of(column);
        let value = row.get(index).unwrap_or("").trim();
        if self.map.file.empty.iter().any(|empty| empty == value) {
            ""
        } else {
            value
        }
    }

    /// Returns the first value that is not empty, and the index of its column.
    fn first<'r>(&self, row: &'r StringRecord, columns: &[Column]) -> (&'r str, usize) {
        let stated = columns
            .iter()
            .find(|column| !self.field(row, column).is_empty())
            .or(columns.first());
        stated.map_or(("", 0), |column| {
            (self.field(row, column), index_of(column))
        })
    }

    /// Returns a value as the report may show it: not at all in a personal column.
    fn shown(&self, index: usize, value: &str) -> Option<String> {
        (!self.personal.contains(&index)).then(|| shorten(value))
    }

    fn label(&self, index: usize) -> String {
        self.labels.get(index).cloned().unwrap_or_default()
    }
}

/// Columns of a reader's map are numbers; see [`RowReader::new`].
fn index_of(column: &Column) -> usize {
    match column {
        Column::Number(number) => number - 1,
        Column::Name(_) => usize::MAX,
    }
}

impl<'r> Reading<'r> {
    fn values(&mut self) -> Result<RowValues, Stop> {
        self.check_shape()?;
        let map = &self.reader.map;
        let id = self.id()?;
        let category = self.required_code("category", &map.category)?;
        let priority = self.required_code("priority", &map.priority)?;
        let disposition = map
            .disposition
            .as_ref()
            .map(|table| self.code("disposition", table))
            .transpose()?
            .flatten();
        let area = map
            .area
            .as_ref()
            .map(|table| self.code("area", table))
            .transpose()?
            .flatten();
        let received = self.received()?;
        let guessed = |passes: Passes| passes[Moment::Received as usize].is_none();
        let received_guessed = self.passes.is_some_and(guessed);
        let entered = self.optional_time("call", Moment::Entered, &map.call.times);
        let place = self.place()?;
        let mut values = RowValues {
            id,
            received,
            received_guessed,
            entered,
            category,
            // The table gives nothing but 1 to 4; what is kept as it stands was checked as well.
            priority: priority.parse().unwrap_or(4),
            lat: place.lat,
            lon: place.lon,
            disposition,
            area,
            alarm_level: self.alarm_level(),
            ..RowValues::default()
        };
        for (text, columns) in &map.call.texts {
            let value = self.text(*text, columns);
            match text {
                CallText::Address => values.address = value,
                CallText::Area => values.area = value,
                CallText::Caller => values.caller = value,
                CallText::Callback => values.callback = value,
                CallText::Said => values.said = value,
            }
        }
        let call_moments = self.moments;
        for (index, group) in map.responses.iter().enumerate() {
            self.moments = call_moments;
            (self.group, self.passes) = (Some(index), None);
            self.responses(group, &mut values.responses)?;
        }
        let told = |notice: &Finding| notice.reason == Reason::NoUnit;
        if map.file.rows == RowMeans::UnitResponse
            && values.responses.is_empty()
            && !self.notices.iter().any(told)
            && let Some(group) = map.responses.first()
        {
            // Agencies export calls to which nobody was sent as rows of their own.
            self.notice_no_unit(group, "the row was taken without a response");
        }
        Ok(values)
    }

    fn finding(
        &self,
        index: usize,
        reason: Reason,
        found: &str,
        expected: impl Into<String>,
    ) -> Finding {
        let found = if found.is_empty() {
            None
        } else {
            self.reader.shown(index, found)
        };
        Finding {
            line: self.line,
            column: self.reader.label(index),
            reason,
            found,
            expected: expected.into(),
        }
    }

    fn whole_row(&self, reason: Reason, expected: impl Into<String>) -> Stop {
        Stop::Refuse(Finding {
            line: self.line,
            column: String::new(),
            reason,
            found: None,
            expected: expected.into(),
        })
    }

    fn fill(&mut self, key: impl Into<String>) {
        self.filled.push(key.into());
    }

    fn check_shape(&mut self) -> Result<(), Stop> {
        let width = self.reader.labels.len();
        // Values of a row of the wrong width are never shown: a name may stand where a number should.
        let surplus = self
            .row
            .iter()
            .skip(width)
            .any(|field| !field.trim().is_empty());
        if self.row.len() < width || surplus {
            let expected = format!(
                "{} fields, the header has {width}; look for an unquoted delimiter or line break",
                self.row.len()
            );
            return Err(self.whole_row(Reason::FieldCount, expected));
        }
        let max = self.reader.limits.field_chars_max;
        // Bytes bound characters from above, so that most fields need not be counted.
        let long = self
            .row
            .iter()
            .position(|field| field.len() > max && field.chars().count() > max);
        if let Some(index) = long {
            let expected =
                format!("at most {max} characters; look for a quotation mark that is never closed");
            return Err(Stop::Refuse(self.finding(
                index,
                Reason::FieldTooLong,
                "",
                expected,
            )));
        }
        if self.row.iter().any(|field| field.contains('\u{FFFD}')) {
            let expected =
                "bytes that the encoding does not have; is `encoding` under [file] right?"
                    .to_owned();
            self.notices.push(Finding {
                line: self.line,
                column: String::new(),
                reason: Reason::TextReplaced,
                found: None,
                expected,
            });
        }
        Ok(())
    }

    fn id(&mut self) -> Result<Option<String>, Stop> {
        let Some(columns) = &self.reader.map.call.id else {
            return Ok(None);
        };
        let (value, index) = self.reader.first(self.row, columns);
        if value.is_empty() {
            return Err(Stop::Refuse(self.finding(
                index,
                Reason::NoCallId,
                "",
                "the id that all rows of one call share",
            )));
        }
        if value.chars().count() > SHORT_TEXT_CHARS_MAX {
            return Err(Stop::Refuse(self.finding(
                index,
                Reason::FieldTooLong,
                value,
                format!("an id of at most {SHORT_TEXT_CHARS_MAX} characters"),
            )));
        }
        self.fill("call.id");
        Ok(Some(value.to_owned()))
    }

    fn required_code(&mut self, name: &'static str, table: &CodeTable) -> Result<String, Stop> {
        match self.code(name, table)? {
            Some(code) => Ok(code),
            None => {
                let (value, index) = self.reader.first(self.row, &table.columns);
                let expected = format!("add it to [{name}.codes], or set `default` under [{name}]");
                Err(Stop::Refuse(self.finding(
                    index,
                    Reason::CodeUnmapped,
                    value,
                    expected,
                )))
            }
        }
    }

    fn code(&mut self, name: &'static str, table: &CodeTable) -> Result<Option<String>, Stop> {
        self.code_of(name, table, None)
    }

    /// Reads a code. One part of a field may stand for the whole: the call sign of one unit for a field of several.
    fn code_of(
        &mut self,
        name: &'static str,
        table: &CodeTable,
        part: Option<(usize, &str)>,
    ) -> Result<Option<String>, Stop> {
        let (reader, row) = (self.reader, self.row);
        let field = |column: &Column| match part {
            Some((index, value)) if index == index_of(column) => value,
            Some(_) | None => reader.field(row, column),
        };
        let values: Vec<&str> = table.columns.iter().map(field).collect();
        let of_rule = |conditions: &[(Column, String)]| {
            conditions.iter().map(|(column, _)| field(column)).collect()
        };
        let rule_values: Vec<Vec<&str>> =
            table.rules.iter().map(|rule| of_rule(&rule.when)).collect();
        let (to, stated) = match table.look_up(&values, &rule_values) {
            Found::Mapped(to) => (to, None),
            Found::Otherwise(value, otherwise) => {
                let keeps = otherwise == Otherwise::Keep;
                let to = otherwise_to(name, otherwise, &value);
                // A number from 1 to 4 needs no entry to be a priority, nor a name to be an area.
                let needs_no_entry =
                    matches!(name, "area" | "priority") && keeps && to != CodeTo::Empty;
                let nothing = value.is_empty() && !matches!(name, "category" | "priority");
                (to, (!needs_no_entry && !nothing).then_some(value))
            }
        };
        if let Some(value) = stated {
            let (_, index) = reader.first(self.row, &table.columns);
            let value = if value.is_empty() {
                "(empty)".to_owned()
            } else {
                reader
                    .shown(index, &value)
                    .unwrap_or("(personal)".to_owned())
            };
            let required = matches!(name, "category" | "priority");
            let became = match &to {
                CodeTo::Code(code) => format!("taken as {code}"),
                CodeTo::Skip => "skipped".to_owned(),
                CodeTo::Empty if required => "refused".to_owned(),
                CodeTo::Empty => "left empty".to_owned(),
            };
            // Several units of one row may share a code, and it is rows that are counted.
            let unmapped = (name, value, became);
            if !self.unmapped.contains(&unmapped) {
                self.unmapped.push(unmapped);
            }
        }
        match to {
            CodeTo::Skip => Err(Stop::Skip),
            CodeTo::Empty => Ok(None),
            CodeTo::Code(code) => {
                // Several units of one row have a kind each, and it is rows that are counted.
                if !self.filled.iter().any(|key| key == name) {
                    self.fill(name);
                }
                Ok(Some(code))
            }
        }
    }

    fn place(&mut self) -> Result<Position, Stop> {
        let map = &self.reader.map;
        let decimal = map.times.decimal;
        let (index, found, pair, expected) = match &map.place.source {
            PlaceSource::Pair { lat, lon } => {
                let ((lat, lat_index), (lon, lon_index)) = (
                    self.reader.first(self.row, lat),
                    self.reader.first(self.row, lon),
                );
                let numbers = (number(lat, decimal), number(lon, decimal));
                let index = if numbers.0.is_none() {
                    lat_index
                } else {
                    lon_index
                };
                let found = match (lat.is_empty() || lon.is_empty(), numbers.0) {
                    (true, _) => String::new(),
                    (false, None) => lat.to_owned(),
                    (false, Some(_)) if numbers.1.is_none() => lon.to_owned(),
                    (false, Some(_)) => format!("{lat} {lon}"),
                };
                (
                    index,
                    found,
                    numbers.0.zip(numbers.1),
                    format!("a number of degrees with \"{decimal}\""),
                )
            }
            PlaceSource::Text {
                columns,
                pattern,
                written,
            } => {
                let (value, index) = self.reader.first(self.row, columns);
                (
                    index,
                    value.to_owned(),
                    pattern.read(value, decimal),
                    format!("text like \"{written}\""),
                )
            }
        };
        let refuse = |reason, expected: String| {
            Err(Stop::Refuse(self.finding(index, reason, &found, expected)))
        };
        if found.is_empty() {
            return refuse(Reason::PlaceMissing, "where the call was".to_owned());
        }
        let with_comma = || match &map.place.source {
            PlaceSource::Pair { .. } => number(&found, ',').is_some(),
            PlaceSource::Text { pattern, .. } => pattern.read(&found, ',').is_some(),
        };
        // What cannot be read with the point and can with the comma has a comma for its decimal mark.
        let hint = || match decimal {
            '.' if with_comma() => "; `decimal = \",\"` under [file] reads it",
            _ => "",
        };
        let Some((lat, lon)) = pair else {
            return refuse(Reason::PlaceUnreadable, expected + hint());
        };
        match map.place.rules.check(lat, lon) {
            Ok(place) => {
                self.fill("place");
                Ok(place)
            }
            Err(NoPlace::Missing) => refuse(Reason::PlaceMissing, "0, 0 means that nobody knew".to_owned()),
            Err(NoPlace::NotDegrees) => refuse(Reason::PlaceUnreadable, "degrees of latitude (-90 to 90) and longitude (-180 to 180); larger numbers are a projected grid, which has to be converted first, or need `scale` under [place]".to_owned() + hint()),
            Err(NoPlace::OutsideBounds) => refuse(Reason::PlaceOutsideBounds, "a place inside place.bounds".to_owned()),
            Err(NoPlace::Exchanged) => refuse(Reason::PlaceOutsideBounds, "inside place.bounds if `lat` and `lon` are exchanged".to_owned()),
        }
    }

    fn alarm_level(&mut self) -> u8 {
        let Some(columns) = &self.reader.map.call.alarm_level else {
            return 1;
        };
        let (value, index) = self.reader.first(self.row, columns);
        if value.is_empty() {
            return 1;
        }
        let level = number(value, self.reader.map.times.decimal)
            .filter(|level| (1.0..=f64::from(ALARM_LEVEL_MAX)).contains(level));
        if level.is_none() {
            let notice = self.finding(
                index,
                Reason::NumberUnreadable,
                value,
                format!("an alarm level from 1 to {ALARM_LEVEL_MAX}; taken as 1"),
            );
            self.notices.push(notice);
        } else {
            self.fill("call.alarm_level");
        }
        level.map_or(1, |level| level as u8)
    }

    fn text(&mut self, text: CallText, columns: &[Column]) -> Option<String> {
        let (value, index) = self.reader.first(self.row, columns);
        if value.is_empty() {
            return None;
        }
        self.fill(format!("call.{}", text.key()));
        let max = if text == CallText::Said {
            SAID_CHARS_MAX
        } else {
            SHORT_TEXT_CHARS_MAX
        };
        Some(self.cut(value, max, index))
    }

    fn cut(&mut self, value: &str, max: usize, index: usize) -> String {
        if value.chars().count() <= max {
            return value.to_owned();
        }
        let notice = self.finding(
            index,
            Reason::TextCut,
            "",
            format!("cut to {max} characters"),
        );
        self.notices.push(notice);
        value.chars().take(max).collect()
    }

    fn responses(
        &mut self,
        group: &ResponseColumns,
        out: &mut Vec<PastResponse>,
    ) -> Result<(), Stop> {
        let name = &group.name;
        let filled = self.filled.len();
        let mut response = PastResponse {
            dispatched: self.optional_time(name, Moment::Dispatched, &group.times),
            departed: self.optional_time(name, Moment::Departed, &group.times),
            arrived: self.optional_time(name, Moment::Arrived, &group.times),
            transport: self.optional_time(name, Moment::Transport, &group.times),
            hospital: self.optional_time(name, Moment::Hospital, &group.times),
            cleared: self.optional_time(name, Moment::Cleared, &group.times),
            on_scene_s: self
                .optional_duration(format!("{name}.on_scene_s"), group.on_scene.as_ref()),
            handover_s: self
                .optional_duration(format!("{name}.handover_s"), group.handover.as_ref()),
            transported: self.transported(group),
            ..PastResponse::default()
        };
        response.add_durations();
        let blank = response == PastResponse::default();
        let (units, index) = self.units(group);
        let map = &self.reader.map;
        if units.is_empty() {
            match map.file.rows {
                // A row that is one call may say when help came without saying who came.
                RowMeans::Call if !blank => out.push(response),
                RowMeans::UnitResponse if !blank => {
                    self.filled.truncate(filled);
                    let done = "what the row says of a response was left out";
                    self.notice_no_unit(group, done);
                }
                RowMeans::Call | RowMeans::UnitResponse => {}
            }
            return Ok(());
        }
        let several = group.unit_separator.is_some();
        let before = out.len();
        for name in units {
            let part = several.then_some((index, name));
            let kind = match map.unit_kind.as_ref() {
                None => Ok(None),
                Some(table) => self.code_of("unit_kind", table, part),
            };
            let kind = match kind {
                // Among several units only the one is left out whose kind says so.
                Err(Stop::Skip) if several => continue,
                Err(stop) => return Err(stop),
                Ok(kind) => kind,
            };
            out.push(PastResponse {
                unit: self.cut(name, SHORT_TEXT_CHARS_MAX, index),
                kind,
                ..response.clone()
            });
        }
        if out.len() == before {
            return Err(Stop::Skip);
        }
        Ok(())
    }

    /// Returns the call signs of a group, and the column that states them.
    fn units(&mut self, group: &ResponseColumns) -> (Vec<&'r str>, usize) {
        let Some(columns) = &group.unit else {
            return (Vec::new(), 0);
        };
        let (value, index) = self.reader.first(self.row, columns);
        let names: Vec<&str> = match &group.unit_separator {
            Some(mark) => value.split(mark.as_str()).map(str::trim).collect(),
            None => vec![value],
        };
        let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
        if !names.is_empty() {
            self.fill(format!("{}.unit", group.name));
        }
        (names, index)
    }

    fn notice_no_unit(&mut self, group: &ResponseColumns, done: &str) {
        let columns = group.unit.as_deref().unwrap_or_default();
        let (_, index) = self.reader.first(self.row, columns);
        let notice = self.finding(index, Reason::NoUnit, "", done);
        self.notices.push(notice);
    }

    fn transported(&mut self, group: &ResponseColumns) -> Option<bool> {
        let (value, index) = self.reader.first(self.row, group.transported.as_ref()?);
        let flag = match value.to_lowercase().as_str() {
            "1" | "true" | "t" | "yes" | "y" | "是" => Some(true),
            "0" | "false" | "f" | "no" | "n" | "否" => Some(false),
            "" => return None,
            _ => None,
        };
        match flag {
            Some(_) => self.fill(format!("{}.transported", group.name)),
            None => {
                let notice = self.finding(
                    index,
                    Reason::NumberUnreadable,
                    value,
                    "1 or 0, true or false, yes or no; left empty",
                );
                self.notices.push(notice);
            }
        }
        flag
    }
}

/// Returns what becomes of a code without an entry.
fn otherwise_to(name: &str, otherwise: Otherwise, value: &str) -> CodeTo {
    let code = match otherwise {
        Otherwise::To(to) => return to,
        Otherwise::Refuse => return CodeTo::Empty,
        Otherwise::Keep if name == "priority" => {
            matches!(value, "1" | "2" | "3" | "4").then(|| value.to_owned())
        }
        // Areas are names that stations and units refer to, so they are kept letter by letter.
        Otherwise::Keep if name == "area" => Some(value.to_owned()),
        Otherwise::Keep => Some(plain_code(value)),
    };
    code.filter(|code| !code.is_empty())
        .map_or(CodeTo::Empty, CodeTo::Code)
}

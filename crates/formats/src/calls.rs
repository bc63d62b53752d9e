//! An agency's past calls: any export of calls or unit responses, read with a mapping file.
//!
//! Bytes and a [`CallMap`] in, calls and a report out; no row is lost without a word. Rows are read one by one (the
//! module `row`) and joined to calls here. Times that contradict each other are reported and kept as they are: what the
//! agency wrote down is the fact. Start at [`import`].

use std::collections::BTreeMap;

use csv::StringRecord;

use crate::limits::Limits;
use crate::map::{CallMap, RowMeans};
use crate::report::{Finding, ImportReport, Reason};
use crate::row::{RowEnd, RowRead, RowReader, RowValues};
pub use crate::text::ImportError;
use crate::text::{Table, decode, unpack};

/// Rows of one call whose times of receipt lie further apart are told to disagree.
const RECEIVED_DIFFERS_MS: u64 = 1_000;

/// One call that an agency took, with the units it sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PastCall {
    /// The agency's own id; `line-7` where the export has none.
    pub source_id: String,
    /// Line of the file on which the call first appears, from 1.
    pub line: u64,
    /// When the call was received, ms since 1970 UTC.
    pub received: i64,
    /// When its entry was done, ms since 1970 UTC.
    pub entered: Option<i64>,
    /// Our code of the category, such as `structure_fire`.
    pub category: String,
    /// 1 (highest) to 4.
    pub priority: u8,
    /// Latitude in degrees, WGS 84.
    pub lat: f64,
    /// Longitude in degrees, WGS 84.
    pub lon: f64,
    /// Where, in words. Personal.
    pub address: Option<String>,
    /// The agency's area, such as the station first due.
    pub area: Option<String>,
    /// Who called. Personal.
    pub caller: Option<String>,
    /// Where to call back. Personal.
    pub callback: Option<String>,
    /// What was said. Personal.
    pub said: Option<String>,
    /// How the call ended.
    pub disposition: Option<String>,
    /// Alarm level, from 1.
    pub alarm_level: u8,
    /// The units sent, by time of dispatch.
    pub responses: Vec<PastResponse>,
}

/// One unit on one call. All times are ms since 1970 UTC.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PastResponse {
    /// Call sign; empty where the export does not say who came.
    pub unit: String,
    /// Our code of the unit's kind.
    pub kind: Option<String>,
    /// When the unit was told.
    pub dispatched: Option<i64>,
    /// When it left (en route).
    pub departed: Option<i64>,
    /// When it came to the scene.
    pub arrived: Option<i64>,
    /// When it left the scene with a patient.
    pub transport: Option<i64>,
    /// When it came to the hospital.
    pub hospital: Option<i64>,
    /// When it was available again.
    pub cleared: Option<i64>,
    /// Seconds on the scene, where the export states a duration.
    pub on_scene_s: Option<f64>,
    /// Seconds at the hospital, where the export states a duration.
    pub handover_s: Option<f64>,
    /// Whether a patient was taken along, where the export says so.
    pub transported: Option<bool>,
}

impl PastResponse {
    /// Adds stated durations to the times before them, where the time after them is not stated.
    pub(crate) fn add_durations(&mut self) {
        if self.transported == Some(false) {
            // Some exports state a duration at the hospital for everybody; nobody was there.
            self.handover_s = None;
        }
        let add = |start: Option<i64>, seconds: Option<f64>| {
            Some(start? + (seconds? * 1_000.0).round() as i64)
        };
        if self.transported == Some(true) {
            self.transport = self
                .transport
                .or_else(|| add(self.arrived, self.on_scene_s));
        } else if self.transport.is_none() {
            self.cleared = self.cleared.or_else(|| add(self.arrived, self.on_scene_s));
        }
        self.cleared = self.cleared.or_else(|| add(self.hospital, self.handover_s));
    }

    /// Returns the seconds on the scene: as stated, else from the arrival to the transport or to being available.
    pub fn scene_time_s(&self) -> Option<f64> {
        let left = self.transport.or(self.cleared);
        let between = || Some((left? - self.arrived?) as f64 / 1_000.0);
        self.on_scene_s
            .or_else(between)
            .filter(|seconds| *seconds >= 0.0)
    }
}

/// Calls and what is to be said about them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Import {
    /// The calls, by time of receipt, then by id.
    pub calls: Vec<PastCall>,
    /// What was taken, what was refused and why.
    pub report: ImportReport,
}

/// Reads an export of calls (CSV, also gzipped) with the agency's map.
pub fn import(bytes: &[u8], map: &CallMap) -> Result<Import, ImportError> {
    import_within(bytes, map, Limits::default())
}

/// Reads an export within limits of one's own; [`import`] takes the standard ones.
pub fn import_within(bytes: &[u8], map: &CallMap, limits: Limits) -> Result<Import, ImportError> {
    let text = decode(&unpack(bytes, &limits)?, map.file.encoding)?;
    let mut table = Table::read(&text, &map.file.shape)?;
    let reader = RowReader::new(map, &table, limits)?;
    let mut joining = Joining {
        rows: map.file.rows,
        limits,
        by_id: BTreeMap::new(),
        import: Import::default(),
    };
    joining
        .import
        .report
        .columns_unused
        .clone_from(&reader.unused);
    let mut row = StringRecord::new();
    while let Some(line) = table.next(&mut row) {
        if joining.import.report.rows_read == limits.rows_max {
            return Err(ImportError::TooManyRows {
                max: limits.rows_max,
            });
        }
        joining.import.report.rows_read += 1;
        if table.is_header(&row) {
            joining.refuse(whole_row(
                line,
                Reason::RepeatedHeader,
                "the header again; the row was left out",
            ));
            continue;
        }
        joining.row(&reader, &row, line);
    }
    Ok(joining.finish())
}

/// Joins rows to calls.
struct Joining {
    rows: RowMeans,
    limits: Limits,
    by_id: BTreeMap<String, usize>,
    import: Import,
}

impl Joining {
    fn row(&mut self, reader: &RowReader, row: &StringRecord, line: u64) {
        let mut read = reader.read(row, line, None);
        if let Some(received) = self.received_before(&read) {
            read = reader.read(row, line, Some(received));
        }
        for (table, code, became) in read.unmapped {
            self.import
                .report
                .count_unmapped(table, &code, line, &became);
        }
        let values = match read.end {
            RowEnd::Taken(values) => *values,
            RowEnd::Skipped => {
                self.import.report.rows_skipped += 1;
                return;
            }
            RowEnd::Refused(finding) => return self.refuse(finding),
        };
        let id = values.id.clone().unwrap_or_else(|| format!("line-{line}"));
        let known = self.by_id.get(&id).copied();
        let joined = match known {
            None => self.open(id, values, line),
            Some(index) => self.join(index, values, line),
        };
        if let Err(finding) = joined {
            return self.refuse(finding);
        }
        let report = &mut self.import.report;
        report.rows_taken += 1;
        read.notices
            .into_iter()
            .for_each(|notice| report.noticed.add(notice));
        for key in read.filled {
            match report.filled.get_mut(&key) {
                Some(rows) => *rows += 1,
                None => drop(report.filled.insert(key, 1)),
            }
        }
    }

    /// Returns the receipt of the call of a row that does not itself say which hour of the doubled one it means.
    fn received_before(&self, read: &RowRead) -> Option<i64> {
        let RowEnd::Taken(values) = &read.end else {
            return None;
        };
        let call = &self.import.calls[*self.by_id.get(values.id.as_ref()?)?];
        let differs = call.received != values.received;
        (values.received_guessed && differs).then_some(call.received)
    }

    fn refuse(&mut self, finding: Finding) {
        self.import.report.rows_refused += 1;
        self.import.report.refused.add(finding);
    }

    fn open(&mut self, source_id: String, values: RowValues, line: u64) -> Result<(), Finding> {
        if values.responses.len() > self.limits.responses_per_call_max {
            return Err(self.too_many_responses(line));
        }
        self.by_id
            .insert(source_id.clone(), self.import.calls.len());
        self.import.calls.push(PastCall {
            source_id,
            line,
            received: values.received,
            entered: values.entered,
            category: values.category,
            priority: values.priority,
            lat: values.lat,
            lon: values.lon,
            address: values.address,
            area: values.area,
            caller: values.caller,
            callback: values.callback,
            said: values.said,
            disposition: values.disposition,
            alarm_level: values.alarm_level,
            responses: values.responses,
        });
        Ok(())
    }

    fn join(&mut self, index: usize, values: RowValues, line: u64) -> Result<(), Finding> {
        let too_many = self.too_many_responses(line);
        let call = &mut self.import.calls[index];
        if self.rows == RowMeans::Call {
            return Err(whole_row(
                line,
                Reason::RepeatedCall,
                format!(
                    "its id is that of line {}; every row is one call",
                    call.line
                ),
            ));
        }
        let known = |response| call.responses.contains(response);
        // A row without a unit repeats nothing: it says no more than that its call was there.
        if !values.responses.is_empty() && values.responses.iter().all(known) {
            return Err(whole_row(
                line,
                Reason::RepeatedRow,
                format!(
                    "the same unit and times as before on the call of line {}",
                    call.line
                ),
            ));
        }
        if call.responses.len() + values.responses.len() > self.limits.responses_per_call_max {
            return Err(too_many);
        }
        let differs = [
            // One export may write a time with its fraction here and without it there.
            (
                "received",
                call.received.abs_diff(values.received) >= RECEIVED_DIFFERS_MS,
            ),
            ("category", call.category != values.category),
            ("priority", call.priority != values.priority),
            ("place", (call.lat, call.lon) != (values.lat, values.lon)),
        ];
        let (first_line, differing) = (
            call.line,
            differs.into_iter().filter(|(_, differs)| *differs),
        );
        for (fact, _) in differing {
            let expected = format!("{fact} differs from line {first_line}, which counts");
            self.import.report.noticed.add(Finding {
                line,
                column: fact.to_owned(),
                reason: Reason::RowsDisagree,
                found: None,
                expected,
            });
        }
        call.alarm_level = call.alarm_level.max(values.alarm_level);
        call.responses.extend(values.responses);
        Ok(())
    }

    fn too_many_responses(&self, line: u64) -> Finding {
        whole_row(
            line,
            Reason::TooManyResponses,
            format!(
                "at most {} responses to one call; is `id` under [call] the right column?",
                self.limits.responses_per_call_max
            ),
        )
    }

    fn finish(mut self) -> Import {
        let calls = &mut self.import.calls;
        for call in &mut *calls {
            call.responses
                .sort_by_key(|response| response.dispatched.unwrap_or(i64::MAX));
        }
        calls.sort_by(|left, right| {
            (left.received, &left.source_id).cmp(&(right.received, &right.source_id))
        });
        let report = &mut self.import.report;
        report.calls = calls.len() as u64;
        report.responses = calls.iter().map(|call| call.responses.len() as u64).sum();
        report.received_span = calls
            .first()
            .zip(calls.last())
            .map(|(first, last)| (first.received, last.received));
        self.import
    }
}

fn whole_row(line: u64, reason: Reason, expected: impl Into<String>) -> Finding {
    Finding {
        line,
        column: String::new(),
        reason,
        found: None,
        expected: expected.into(),
    }
}

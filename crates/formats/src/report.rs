//! What an import says about itself: what was taken, what was refused and why, what was kept but is odd.
//!
//! A report is read by the person who writes the mapping file, and may be sent by mail to somebody who never may see the
//! calls. So it must never hold the value of a personal column (caller, callback, what was said, address): a [`Finding`]
//! in such a column has no `found`. Counts are complete; examples are limited. Start at [`ImportReport`].

use std::collections::BTreeMap;
use std::fmt;

use crate::limits::{FINDINGS_LISTED_MAX, UNMAPPED_LISTED_MAX};

/// Why a row was refused, or what is odd about a row that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// More or fewer fields than the header.
    FieldCount,
    /// A field longer than the limit.
    FieldTooLong,
    /// The header again in the middle of the file.
    RepeatedHeader,
    /// The call id is empty.
    NoCallId,
    /// One row is one call, and this id was there before.
    RepeatedCall,
    /// The same unit on the same call with the same times was there before.
    RepeatedRow,
    /// One row is one unit response, and the unit is empty; the row was taken without a response.
    NoUnit,
    /// More responses to one call than the limit.
    TooManyResponses,
    /// The time that a call cannot do without is empty.
    TimeMissing,
    /// A time that none of the formats reads.
    TimeUnreadable,
    /// A time outside the years that are taken.
    TimeOutOfRange,
    /// A duration that is not a number, negative or too long.
    DurationUnreadable,
    /// The place is empty or 0, 0.
    PlaceMissing,
    /// Coordinates that cannot be read.
    PlaceUnreadable,
    /// Coordinates outside the bounds of the map.
    PlaceOutsideBounds,
    /// A code that the table does not have.
    CodeUnmapped,
    /// A value that every row needs is empty.
    Missing,
    /// A value that may occur once occurs again.
    Repeated,
    /// Not a code of lower-case letters, digits and `_`.
    NotACode,
    /// A station that is not in the list of stations.
    UnknownStation,
    /// A number that cannot be read.
    NumberUnreadable,
    /// A later status has an earlier time.
    TimesOutOfOrder,
    /// A local time that the clocks skipped in spring; taken as the same distance after the gap.
    TimeInDstGap,
    /// A local time that occurred twice in autumn; taken as what fits the other times of the row, else as the first.
    TimeInDstFold,
    /// Rows of one call state different facts; those of the first were taken.
    RowsDisagree,
    /// Text longer than what is kept.
    TextCut,
    /// Bytes that are not text in the stated encoding were replaced.
    TextReplaced,
}

impl Reason {
    /// Returns the reason in words of the two languages, English and Chinese.
    pub fn text(self) -> (&'static str, &'static str) {
        match self {
            Reason::FieldCount => ("wrong number of fields", "字段数不符"),
            Reason::FieldTooLong => ("field too long", "字段过长"),
            Reason::RepeatedHeader => ("header repeated", "表头重复"),
            Reason::NoCallId => ("no call id", "缺少警情编号"),
            Reason::RepeatedCall => ("call id was there before", "警情编号重复"),
            Reason::RepeatedRow => ("row was there before", "重复行"),
            Reason::NoUnit => ("no unit", "缺少处警力量"),
            Reason::TooManyResponses => ("too many responses to one call", "同一警情派警过多"),
            Reason::TimeMissing => ("no time", "缺少时间"),
            Reason::TimeUnreadable => ("time cannot be read", "时间无法识别"),
            Reason::TimeOutOfRange => ("time out of range", "时间超出范围"),
            Reason::DurationUnreadable => ("duration cannot be read", "时长无法识别"),
            Reason::PlaceMissing => ("no place", "缺少位置"),
            Reason::PlaceUnreadable => ("place cannot be read", "位置无法识别"),
            Reason::PlaceOutsideBounds => ("place outside the bounds", "位置超出边界"),
            Reason::CodeUnmapped => ("code not in the table", "代码未映射"),
            Reason::Missing => ("missing", "缺少"),
            Reason::Repeated => ("was there before", "重复"),
            Reason::NotACode => ("not a code", "不是代码"),
            Reason::UnknownStation => ("station is not in the list", "站点不在列表中"),
            Reason::NumberUnreadable => ("number cannot be read", "数字无法识别"),
            Reason::TimesOutOfOrder => ("times out of order", "时间先后颠倒"),
            Reason::TimeInDstGap => (
                "time skipped by the change to summer time",
                "夏令时跳过的时间",
            ),
            Reason::TimeInDstFold => (
                "time occurred twice at the change from summer time",
                "夏令时重复的时间",
            ),
            Reason::RowsDisagree => ("rows of one call disagree", "同一警情各行不一致"),
            Reason::TextCut => ("text cut", "文本被截短"),
            Reason::TextReplaced => ("characters replaced", "字符被替换"),
        }
    }
}

/// One example of a reason, in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Line of the file on which the row begins, from 1.
    pub line: u64,
    /// Name of the column; empty when the whole row is meant.
    pub column: String,
    /// Why.
    pub reason: Reason,
    /// The value, shortened; `None` in a personal column and for whole rows.
    pub found: Option<String>,
    /// What was expected, or what was done.
    pub expected: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}", self.line)?;
        if !self.column.is_empty() {
            write!(out, ", {}", self.column)?;
        }
        write!(out, ": {}", self.reason.text().0)?;
        if let Some(found) = &self.found {
            write!(out, ": found \"{found}\"")?;
        }
        if !self.expected.is_empty() {
            write!(out, "; {}", self.expected)?;
        }
        Ok(())
    }
}

/// Findings: complete counts by reason and column, and the first few of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    counts: BTreeMap<(Reason, String), u64>,
    examples: Vec<Finding>,
}

impl Findings {
    /// Adds one finding; beyond [`FINDINGS_LISTED_MAX`] of one reason and column only the count grows.
    pub(crate) fn add(&mut self, finding: Finding) {
        let count = self
            .counts
            .entry((finding.reason, finding.column.clone()))
            .or_insert(0);
        *count += 1;
        if *count <= FINDINGS_LISTED_MAX as u64 {
            self.examples.push(finding);
        }
    }

    /// Returns how often each reason occurred in each column.
    pub fn counts(&self) -> impl Iterator<Item = (Reason, &str, u64)> {
        self.counts
            .iter()
            .map(|((reason, column), count)| (*reason, column.as_str(), *count))
    }

    /// Returns how often one reason occurred in any column.
    pub fn count_of(&self, reason: Reason) -> u64 {
        self.counts()
            .filter(|(other, _, _)| *other == reason)
            .map(|(_, _, count)| count)
            .sum()
    }

    /// Returns the examples, in the order of the file.
    pub fn examples(&self) -> &[Finding] {
        &self.examples
    }

    fn write(&self, out: &mut fmt::Formatter<'_>, title: &str, shown: usize) -> fmt::Result {
        if self.counts.is_empty() {
            return Ok(());
        }
        writeln!(out, "{title}")?;
        for ((reason, column), count) in &self.counts {
            let place = if column.is_empty() {
                String::new()
            } else {
                format!(" [{column}]")
            };
            writeln!(out, "  {count} x {}{place}", reason.text().0)?;
            let same = self
                .examples
                .iter()
                .filter(|finding| finding.reason == *reason && finding.column == *column);
            for finding in same.take(shown) {
                writeln!(out, "      {finding}")?;
            }
        }
        Ok(())
    }
}

/// A code of the agency that no entry of a table matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmapped {
    /// Rows with this code.
    pub rows: u64,
    /// Line of the first, from 1.
    pub first_line: u64,
    /// What was done with it: the default code, `left empty`, or `refused`.
    pub became: String,
}

/// What an import of calls took and refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Rows of the file, the header not counted.
    pub rows_read: u64,
    /// Rows that became a call or a response, or that say of a call that nobody was sent.
    pub rows_taken: u64,
    /// Rows left out because a code table says `skip`.
    pub rows_skipped: u64,
    /// Rows refused.
    pub rows_refused: u64,
    /// Calls that came out.
    pub calls: u64,
    /// Responses that came out.
    pub responses: u64,
    /// First and last time of receipt, ms since 1970 UTC.
    pub received_span: Option<(i64, i64)>,
    /// Why rows were refused.
    pub refused: Findings,
    /// What is odd about rows that were taken.
    pub noticed: Findings,
    /// Codes that no entry of a table matched, by table (`category`, `priority`, ...) and code.
    pub unmapped: BTreeMap<(String, String), Unmapped>,
    /// Different unmapped codes beyond the [`UNMAPPED_LISTED_MAX`] listed.
    pub unmapped_unlisted: u64,
    /// Rows taken that have a value, by key of the map (`call.received`, `response.arrived`, ...).
    pub filled: BTreeMap<String, u64>,
    /// Columns of the file that the map does not use.
    pub columns_unused: Vec<String>,
}

impl ImportReport {
    /// Counts a code that no entry matched.
    pub(crate) fn count_unmapped(&mut self, table: &str, code: &str, line: u64, became: &str) {
        let key = (table.to_owned(), code.to_owned());
        if let Some(unmapped) = self.unmapped.get_mut(&key) {
            unmapped.rows += 1;
        } else if self.unmapped.len() < UNMAPPED_LISTED_MAX {
            self.unmapped.insert(
                key,
                Unmapped {
                    rows: 1,
                    first_line: line,
                    became: became.to_owned(),
                },
            );
        } else {
            self.unmapped_unlisted += 1;
        }
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "{} rows read: {} taken, {} skipped by the map, {} refused; {} calls, {} responses",
            self.rows_read,
            self.rows_taken,
            self.rows_skipped,
            self.rows_refused,
            self.calls,
            self.responses
        )?;
        if let Some((first, last)) = self.received_span {
            writeln!(
                out,
                "received from {} to {} UTC",
                crate::times::show(first),
                crate::times::show(last)
            )?;
        }
        self.refused.write(out, "refused", 5)?;
        self.noticed.write(out, "taken, but odd", 3)?;
        if !self.unmapped.is_empty() {
            writeln!(out, "codes that no entry of the map matched")?;
        }
        for ((table, code), unmapped) in &self.unmapped {
            writeln!(
                out,
                "  {} x {table} \"{code}\" (first on line {}): {}",
                unmapped.rows, unmapped.first_line, unmapped.became
            )?;
        }
        if self.unmapped_unlisted > 0 {
            writeln!(
                out,
                "  and {} rows with further codes",
                self.unmapped_unlisted
            )?;
        }
        writeln!(out, "rows taken with a value")?;
        for (key, rows) in &self.filled {
            writeln!(out, "  {key}: {rows}")?;
        }
        if !self.columns_unused.is_empty() {
            writeln!(out, "columns not used: {}", self.columns_unused.join(" | "))?;
        }
        Ok(())
    }
}

//! The node's own figures: what is read from the tables for them, and how they are written as CSV.
//!
//! What an interval is and what is counted stands in the core (`figures`). All records of the period are read,
//! however long ago: from memory if all of them are there, from the tables if not. Nothing personal is opened. Start at
//! [`gather`], then [`csv()`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use watchfire_core::basis::{Code, IncidentId, Timestamp};
use watchfire_core::figures::{
    CallCount, CallFacts, Cell, IntervalFigures, Material, Period, Targets, WEEK_MS, YEAR_MS,
};
use watchfire_core::limits::CLAIM_AHEAD_MAX_MS;
use watchfire_core::record::call::Call;
use watchfire_core::record::{OfKind, Record, RecordKind};
use watchfire_store::{Filter, Reader, StoreError};

use crate::node::Node;

/// Facts that figures are made of at most; a longer period has to be asked for in parts.
pub const FACTS_MAX: usize = 3_000_000;
/// Calls of past days that are kept, for figures to be compared with.
const PAST_CALLS_MAX: usize = 1_000_000;
/// Rows that are read at a time.
const ROWS: usize = 1_000;

/// What was read for a period.
#[derive(Debug)]
pub struct Gathered {
    /// The facts.
    pub material: Material,
    /// Since when the node has records: its opening, or the first call it knows of.
    pub since: Timestamp,
}

/// Records of a period that are in memory; none if some of them have left it.
pub type InMemory = Option<Vec<Record>>;

/// Returns what is in memory of all that the figures of a period are made of.
pub fn in_memory(node: &Node, period: Period) -> InMemory {
    let kinds = [
        RecordKind::Incident,
        RecordKind::Assignment,
        RecordKind::Call,
    ];
    node.changed_in_memory(&kinds, period.changed_since())
}

/// Reads what the figures of a period are made of, and beside it the calls of the same time a week and a year before;
/// nothing if that is more than [`FACTS_MAX`].
pub fn gather(
    reader: &Reader,
    (period, in_memory): (Period, &InMemory),
    before: &PastCalls,
) -> Result<Option<Gathered>, StoreError> {
    let Some(mut gathered) = gather_period(reader, period, in_memory)? else {
        return Ok(None);
    };
    let Some(days) = before.read(reader, period)? else {
        return Ok(None);
    };
    let calls = days.iter().flat_map(|day| day.iter());
    gathered.material.take_before(calls);
    gathered.since = gathered.since_with_earliest();
    Ok((gathered.material.len() <= FACTS_MAX).then_some(gathered))
}

/// Reads what the figures of a period alone are made of: no calls of the same time before, and no more than what has changed
/// since the period began.
pub fn gather_period(
    reader: &Reader,
    period: Period,
    in_memory: &InMemory,
) -> Result<Option<Gathered>, StoreError> {
    let mut material = Material::of(period);
    let since = period.changed_since();
    let take_changed = |material: &mut Material, kind| match in_memory {
        Some(records) => {
            let records = records.iter().filter(|one| one.reference().kind == kind);
            records.for_each(|one| material.take(one));
            Ok(material.len() <= FACTS_MAX)
        }
        None => take(reader, material, kind, since, None),
    };
    if !take_changed(&mut material, RecordKind::Incident)?
        || !take_changed(&mut material, RecordKind::Assignment)?
    {
        return Ok(None);
    }
    // What was merged may bring kin that came to rest before the period, and those kin of their own.
    let mut done: BTreeSet<IncidentId> = BTreeSet::new();
    loop {
        let older = material.older_merged();
        let mut more = older.into_iter().filter(|id| done.insert(*id)).peekable();
        if more.peek().is_none() {
            break;
        }
        for id in more.collect::<Vec<_>>() {
            for kind in [RecordKind::Incident, RecordKind::Assignment] {
                if !take(reader, &mut material, kind, since, Some(id))? {
                    return Ok(None);
                }
            }
        }
    }
    if !take_changed(&mut material, RecordKind::Call)? {
        return Ok(None);
    }
    for id in done {
        if !take(reader, &mut material, RecordKind::Call, since, Some(id))? {
            return Ok(None);
        }
    }
    let opened = reader.opening_time()?;
    // The first call has the first number, whenever it was told of.
    let first = reader.record_by_number(RecordKind::Call, 1)?;
    let first = first.map(|row| reader.plain(&row)).transpose()?;
    let first = first.and_then(|record| Call::of(&record).map(|call| call.received_at));
    let mut gathered = Gathered {
        material,
        since: first.map_or(opened, |first| opened.min(first)),
    };
    gathered.since = gathered.since_with_earliest();
    Ok(Some(gathered))
}

impl Gathered {
    fn since_with_earliest(&self) -> Timestamp {
        let earliest = self.material.earliest_call();
        earliest.map_or(self.since, |earliest| self.since.min(earliest))
    }
}

/// Takes records of a kind: those that changed since a time, or of one incident those that did not. Returns false
/// once there are too many.
fn take(
    reader: &Reader,
    material: &mut Material,
    kind: RecordKind,
    since: Timestamp,
    parent: Option<IncidentId>,
) -> Result<bool, StoreError> {
    let filter = Filter { open: None, parent };
    let mut after = None;
    loop {
        let page = reader.records(kind, filter, after, ROWS)?;
        for row in &page.rows {
            match (row.changed_at >= since, parent) {
                (true, None) | (false, Some(_)) => material.take(&reader.plain(row)?),
                (true, Some(_)) => {}             // Taken already.
                (false, None) => return Ok(true), // They come last changed first.
            }
        }
        if material.len() > FACTS_MAX {
            return Ok(false);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(true),
        }
    }
}

/// The calls of days of the past, which figures are compared with: a day is read once, and again only after a call of it
/// changed. To read them anew for every answer would be to go through a year of calls each time.
#[derive(Debug, Default)]
pub struct PastCalls {
    kept: Mutex<KeptCalls>,
}

type DayOfCalls = Arc<Vec<CallFacts>>;

#[derive(Debug, Default)]
struct KeptCalls {
    /// By the number of the day since 1970, in UTC.
    days: BTreeMap<i64, DayOfCalls>,
    /// How often a call changed: what was read before that is not kept.
    changes: u64,
}

const DAY_MS: i64 = 24 * 3_600 * 1_000;

fn day_of(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY_MS)
}

impl PastCalls {
    /// Notes that records have changed: days with calls among them are read anew.
    pub fn changed<'a>(&self, records: impl IntoIterator<Item = &'a Record>) {
        for call in records.into_iter().filter_map(Call::of) {
            let mut kept = self.kept();
            kept.changes += 1;
            kept.days.remove(&day_of(call.received_at));
        }
    }

    /// Returns the days in which the same time lies a week and a year before a period; nothing if that is more than
    /// [`FACTS_MAX`] calls.
    fn read(&self, reader: &Reader, period: Period) -> Result<Option<Vec<DayOfCalls>>, StoreError> {
        let days = |shift| {
            let before = period.before(shift);
            day_of(before.from)..=day_of(Timestamp(before.to.0 - 1))
        };
        let wanted: BTreeSet<i64> = days(WEEK_MS).chain(days(YEAR_MS)).collect();
        let (mut found, changes) = {
            let kept = self.kept();
            let of = |day: &i64| kept.days.get(day).map(|calls| (*day, Arc::clone(calls)));
            let found: BTreeMap<i64, DayOfCalls> = wanted.iter().filter_map(of).collect();
            (found, kept.changes)
        };
        let missing: BTreeSet<i64> = wanted
            .into_iter()
            .filter(|day| !found.contains_key(day))
            .collect();
        if missing.is_empty() {
            return Ok(Some(found.into_values().collect()));
        }
        let Some(read) = read_days(reader, &missing)? else {
            return Ok(None);
        };
        found.extend(read);
        let mut kept = self.kept();
        if kept.changes == changes {
            let count = |days: &BTreeMap<i64, DayOfCalls>| -> usize {
                days.values().map(|calls| calls.len()).sum()
            };
            if count(&kept.days) + count(&found) > PAST_CALLS_MAX {
                kept.days.clear();
            }
            kept.days.extend(found.clone());
        }
        Ok(Some(found.into_values().collect()))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, KeptCalls> {
        self.kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn read_days(
    reader: &Reader,
    missing: &BTreeSet<i64>,
) -> Result<Option<BTreeMap<i64, DayOfCalls>>, StoreError> {
    let mut days: BTreeMap<i64, Vec<CallFacts>> =
        missing.iter().map(|day| (*day, Vec::new())).collect();
    let first = missing.first().map_or(0, |day| day.saturating_mul(DAY_MS));
    let since = Timestamp(first.saturating_sub(CLAIM_AHEAD_MAX_MS));
    let any = Filter {
        open: None,
        parent: None,
    };
    let (mut after, mut count) = (None, 0);
    'pages: loop {
        let page = reader.records(RecordKind::Call, any, after, ROWS)?;
        for row in &page.rows {
            if row.changed_at < since {
                break 'pages; // They come last changed first.
            }
            let record = reader.plain(row)?;
            let Some(call) = Call::of(&record) else {
                continue;
            };
            if let Some(day) = days.get_mut(&day_of(call.received_at)) {
                day.push(CallFacts::of(call));
                count += 1;
            }
        }
        if count > FACTS_MAX {
            return Ok(None);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let days = days.into_iter();
    Ok(Some(
        days.map(|(day, calls)| (day, Arc::new(calls))).collect(),
    ))
}

/// Figures with what they were asked for, as they are written.
#[derive(Debug)]
pub struct Written<'a> {
    /// The period.
    pub period: Period,
    /// The name of the time zone of hours.
    pub zone: &'a str,
    /// What they are held against.
    pub targets: &'a Targets,
    /// The intervals.
    pub intervals: &'a [IntervalFigures],
    /// Calls by category.
    pub calls: &'a BTreeMap<Option<Code>, CallCount>,
    /// Whether the node has records of the week before and of the year before.
    pub known: (bool, bool),
}

/// The language of a header row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Simplified Chinese.
    Chinese,
}

const COLUMNS: [(&str, &str); 13] = [
    ("figure", "统计项"),
    ("by", "分组"),
    ("of", "分组值"),
    ("count", "数量"),
    ("p50_s", "中位数（秒）"),
    ("p90_s", "九成分位（秒）"),
    ("judged", "有目标数"),
    ("within", "达标数"),
    ("within_percent", "达标率（%）"),
    ("target_s", "目标（秒）"),
    ("target_percent", "目标达标率（%）"),
    ("count_week_before", "一周前数量"),
    ("count_year_before", "一年前（364 天）数量"),
];

/// Writes figures as CSV (RFC 4180): a header row in the language asked for, and one row for each cell. What a figure
/// is, and by what it is told apart, are the API's words in either language, so that a program reads both.
pub fn csv(written: &Written<'_>, language: Language) -> String {
    let mut rows = Rows::default();
    let header = COLUMNS.iter().map(|(en, zh)| match language {
        Language::English => *en,
        Language::Chinese => *zh,
    });
    let (from, to, zone) = match language {
        Language::English => ("from", "to", "zone"),
        Language::Chinese => ("起", "止", "时区"),
    };
    rows.row(header.chain([from, to, zone]));
    let tail = [
        crate::api::view::time(written.period.from),
        crate::api::view::time(written.period.to),
        written.zone.to_owned(),
    ];
    for figures in written.intervals {
        let figure = figures.interval.as_str();
        let (seconds, percent) = written.targets.of(figures.interval);
        let mut add = |by: &str, of: &str, cell: &Cell, target: Option<u32>| {
            let number =
                |value: Option<u64>| value.map_or(String::new(), |value| value.to_string());
            let spread = cell.spread;
            let share = cell.within_per_mille();
            let head = [
                figure.to_owned(),
                by.to_owned(),
                of.to_owned(),
                spread.map_or(0, |spread| spread.count).to_string(),
                number(spread.map(|spread| spread.p50_s.into())),
                number(spread.map(|spread| spread.p90_s.into())),
                cell.judged.to_string(),
                cell.within.to_string(),
                share.map_or(String::new(), |share| {
                    format!("{}.{}", share / 10, share % 10)
                }),
                number(target.map(u64::from)),
                target.map_or(String::new(), |_| percent.to_string()),
                String::new(),
                String::new(),
            ];
            rows.row(head.iter().chain(&tail).map(String::as_str));
        };
        let [first, ..] = seconds;
        let same = Some(first).filter(|_| first > 0 && seconds.iter().all(|one| *one == first));
        add("all", "", &figures.all, same);
        for (priority, cell) in &figures.by_priority {
            let target = written.targets.seconds(figures.interval, *priority);
            let of = priority.map_or(String::new(), |priority| u8::from(priority).to_string());
            add("priority", &of, cell, target);
        }
        for (area, cell) in &figures.by_area {
            let of = area.as_ref().map_or("", |area| area.as_str());
            add("area", of, cell, same);
        }
        for (hour, cell) in &figures.by_hour {
            add("hour", &hour.to_string(), cell, same);
        }
    }
    add_calls(&mut rows, written, &tail);
    rows.0
}

fn add_calls(rows: &mut Rows, written: &Written<'_>, tail: &[String]) {
    let (week, year) = written.known;
    for (category, count) in written.calls {
        let known = |known: bool, count: u64| match known {
            true => count.to_string(),
            false => String::new(),
        };
        let mut row = vec![String::new(); COLUMNS.len()];
        row[0] = "calls".to_owned();
        row[1] = "category".to_owned();
        row[2] = category.as_ref().map_or(String::new(), ToString::to_string);
        row[3] = count.now.to_string();
        row[11] = known(week, count.week_before);
        row[12] = known(year, count.year_before);
        rows.row(row.iter().chain(tail).map(String::as_str));
    }
}

#[derive(Default)]
pub(crate) struct Rows(pub(crate) String);

impl Rows {
    /// Writes one row.
    pub(crate) fn row<'a>(&mut self, cells: impl Iterator<Item = &'a str>) {
        for (at, text) in cells.enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            // A area is what somebody typed. A spreadsheet takes text that begins like this for a formula.
            let formula =
                text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
            let quoted = text.contains([',', '"', '\r', '\n']);
            match (formula, quoted) {
                (false, false) => self.0.push_str(text),
                (true, false) => {
                    self.0.push('\'');
                    self.0.push_str(text);
                }
                (formula, true) => {
                    self.0.push('"');
                    if formula {
                        self.0.push('\'');
                    }
                    self.0.push_str(&text.replace('"', "\"\""));
                    self.0.push('"');
                }
            }
        }
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_stays_text_in_a_spreadsheet() {
        let mut rows = Rows::default();
        let typed = [
            "Old town",
            "=1+1",
            "+86",
            "-5",
            "@here",
            "a,b",
            "say \"no\"",
            "=a,b",
            "a=b",
            "",
        ];
        rows.row(typed.into_iter());
        assert_eq!(
            rows.0,
            "Old town,'=1+1,'+86,'-5,'@here,\"a,b\",\"say \"\"no\"\"\",\"'=a,b\",a=b,\r\n"
        );
    }
}

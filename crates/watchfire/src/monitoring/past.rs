//! What periods came to: today up to now, the same hours of other days, and the days, weeks and months of reports. A period
//! that is over is read once and kept; one that runs is read anew every few seconds while somebody looks, beside them.
//!
//! Screen and report are made of the same facts by the same function ([`Facts::figures`]). Start at [`PastPeriods::facts`].

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, RwLock};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use watchfire_core::basis::{Code, Timestamp};
use watchfire_core::figures::{Material, Measures, Part, Period};
use watchfire_core::record::call::Call;
use watchfire_core::record::directive::bins::Bins;
use watchfire_core::record::directive::{Directive, ItemStatus, Progress, statuses};
use watchfire_core::record::{OfKind, RecordKind};
use watchfire_store::{Filter, Reader, StoreError};

use crate::cover::zone_of;
use crate::figures::{gather_period, in_memory};
use crate::long_reader::LongReader;
use crate::node::Node;
use crate::problem::Problem;

/// Periods that are kept.
const KEPT_MAX: usize = 40;
/// How long a period has to be over before it counts as settled: what is not ended by then changes little.
const SETTLED_MS: i64 = 24 * 3_600 * 1_000;
/// How long a period that is settled stands before it is looked at again.
const SETTLED_FRESH: Duration = Duration::from_secs(6 * 3_600);
/// Within this time nothing is read anew.
const FRESH: Duration = Duration::from_secs(5);
/// Reading takes no more than one part in so many of the time.
const SHARE: u32 = 20;
/// Beyond this age nobody is given what is kept: they wait for the new one.
const OLD: Duration = Duration::from_secs(120);
/// How long somebody waits before they are told that it is being worked out.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Rows that are read at a time.
const ROWS: usize = 1_000;
/// A quarter of an hour, the finest that calls are counted by over years.
const QUARTER_MS: i64 = 15 * 60 * 1_000;

/// What a period's figures are made of.
#[derive(Debug)]
pub struct Facts {
    /// The period.
    pub period: Period,
    /// Since when the node has records.
    pub since: Timestamp,
    /// When they were read, by the node's clock.
    pub read_at: Timestamp,
    material: Material,
    directives: Vec<(Directive, Vec<(Progress, ItemStatus)>)>,
    /// What the whole period came to, once somebody asked.
    measured: OnceLock<Arc<Measures>>,
    made: Instant,
    took: Duration,
}

/// What a period came to.
#[derive(Debug)]
pub struct PeriodFigures {
    /// Intervals, calls and what was counted beside.
    pub measures: Arc<Measures>,
    /// How quickly directives were answered.
    pub bins: Bins,
}

impl Facts {
    /// Returns what the period came to, up to `to` if that is within it.
    pub fn figures(&self, to: Timestamp, now: Timestamp, zone: &TimeZone) -> PeriodFigures {
        let period = self.up_to(to);
        let hour_of = |at: Timestamp| {
            let time = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
            u8::try_from(zone.to_datetime(time).hour()).unwrap_or(0)
        };
        let measure = || {
            let part = Part::default();
            Arc::new(self.material.measure_within(period, &part, &hour_of))
        };
        // Of the whole period it is worked out once, however many look.
        let measures = match period == self.period {
            true => Arc::clone(self.measured.get_or_init(measure)),
            false => measure(),
        };
        let mut bins = Bins::default();
        for (directive, items) in self.directives_of(period) {
            bins.count(directive, items, now);
        }
        PeriodFigures { measures, bins }
    }

    /// Returns the directives that were issued in the period, up to `to`.
    pub fn directives(
        &self,
        to: Timestamp,
    ) -> impl Iterator<Item = &(Directive, Vec<(Progress, ItemStatus)>)> {
        self.directives_of(self.up_to(to))
    }

    fn up_to(&self, to: Timestamp) -> Period {
        Period {
            from: self.period.from,
            to: to.min(self.period.to),
        }
    }

    fn directives_of(
        &self,
        period: Period,
    ) -> impl Iterator<Item = &(Directive, Vec<(Progress, ItemStatus)>)> {
        let issued =
            move |one: &&(Directive, Vec<_>)| one.0.issued.is_some_and(|mark| period.has(mark.at));
        self.directives.iter().filter(issued)
    }

    /// True while it need not be read anew: for hours once the period is long over, since little of it changes any more.
    fn is_fresh(&self) -> bool {
        let settled = self.read_at.0.saturating_sub(self.period.to.0) >= SETTLED_MS;
        is_fresh(self.made, self.took) || (settled && self.made.elapsed() < SETTLED_FRESH)
    }
}

/// Calls of the public by quarter of an hour and category, over this year and the one before.
#[derive(Debug)]
pub struct CallCounts {
    /// Since when the node has records.
    pub since: Timestamp,
    /// When they were read, by the node's clock.
    pub read_at: Timestamp,
    by: BTreeMap<(i64, Option<Code>), u64>,
    made: Instant,
    took: Duration,
}

impl CallCounts {
    /// Returns the calls of the quarters of an hour that begin in a period, by category.
    pub fn between(&self, period: Period) -> BTreeMap<Option<Code>, u64> {
        let quarter = |at: Timestamp| (at.0.div_euclid(QUARTER_MS), None);
        let mut all: BTreeMap<Option<Code>, u64> = BTreeMap::new();
        for ((_, category), count) in self.by.range(quarter(period.from)..quarter(period.to)) {
            *all.entry(category.clone()).or_default() += count;
        }
        all
    }
}

/// Returns the beginning of the quarter of an hour in which a moment lies.
pub fn quarter_of(at: Timestamp) -> Timestamp {
    Timestamp(at.0.div_euclid(QUARTER_MS) * QUARTER_MS)
}

/// What is kept of periods.
#[derive(Debug, Default)]
pub struct PastPeriods {
    reader: OnceLock<LongReader>,
    kept: RwLock<BTreeMap<(Timestamp, Timestamp), Arc<Facts>>>,
    calls: RwLock<Option<Arc<CallCounts>>>,
    /// One reads at a time.
    turn: tokio::sync::Mutex<()>,
    calls_turn: tokio::sync::Mutex<()>,
}

/// What can be said at once.
#[derive(Debug)]
pub enum Known<T> {
    /// It is known.
    Yes(Arc<T>),
    /// It is being worked out: ask again.
    NotYet,
    /// There is more than is gone through.
    TooMuch,
}

/// True while what is kept need not be made anew.
fn is_fresh(made: Instant, took: Duration) -> bool {
    made.elapsed() < FRESH.max(took * SHARE)
}

impl PastPeriods {
    /// Makes them with a reader that nobody else uses.
    pub fn new(reader: Reader) -> PastPeriods {
        PastPeriods {
            reader: OnceLock::from(LongReader::new(reader)),
            ..PastPeriods::default()
        }
    }

    /// Returns what a period's figures are made of: at once if they are kept, else within a second or two, or not yet.
    pub async fn facts(node: &Node, period: Period) -> Result<Known<Facts>, Problem> {
        if let Some(kept) = node.monitoring().past.kept(period) {
            if !kept.is_fresh() {
                let runs = kept.read_at < kept.period.to;
                if runs && kept.made.elapsed() > OLD {
                    return Self::within_patience(node, period).await;
                }
                let node = node.clone();
                tokio::spawn(async move { PastPeriods::renew(&node, period).await });
            }
            return Ok(Known::Yes(kept));
        }
        Self::within_patience(node, period).await
    }

    async fn within_patience(node: &Node, period: Period) -> Result<Known<Facts>, Problem> {
        let working = node.clone();
        // It goes on whether anybody waits or not.
        let work = tokio::spawn(async move { PastPeriods::renew(&working, period).await });
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok(Ok(Some(facts)))) => Ok(Known::Yes(facts)),
            Ok(Ok(Ok(None))) => Ok(Known::TooMuch),
            Ok(Ok(Err(problem))) => Err(problem),
            Ok(Err(_)) => Err(Problem::fault()),
            Err(_) => Ok(Known::NotYet),
        }
    }

    async fn renew(node: &Node, period: Period) -> Result<Option<Arc<Facts>>, Problem> {
        let own = &node.monitoring().past;
        let _turn = own.turn.lock().await;
        let kept = own.kept(period);
        if let Some(kept) = kept.filter(|kept| kept.is_fresh()) {
            return Ok(Some(kept));
        }
        let Some(reader) = own.reader.get() else {
            return Ok(None);
        };
        let working = node.clone();
        let read = reader.read(move |reader| read_facts(&working, reader, period));
        let Some(facts) = read.await?.map(Arc::new) else {
            return Ok(None);
        };
        let mut kept = own
            .kept
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        kept.insert((period.from, period.to), Arc::clone(&facts));
        while kept.len() > KEPT_MAX {
            let oldest = kept.iter().min_by_key(|(_, one)| one.made);
            let Some(oldest) = oldest.map(|(at, _)| *at) else {
                break;
            };
            kept.remove(&oldest);
        }
        Ok(Some(facts))
    }

    fn kept(&self, period: Period) -> Option<Arc<Facts>> {
        let kept = self.kept.read();
        let kept = kept.unwrap_or_else(|poisoned| poisoned.into_inner());
        kept.get(&(period.from, period.to)).cloned()
    }

    /// Returns the calls of the public since a moment, counted.
    pub async fn calls(node: &Node, since: Timestamp) -> Result<Known<CallCounts>, Problem> {
        let own = &node.monitoring().past;
        if let Some(kept) = own.kept_calls() {
            if !is_fresh(kept.made, kept.took) {
                let node = node.clone();
                tokio::spawn(async move { PastPeriods::renew_calls(&node, since).await });
            }
            if kept.made.elapsed() < OLD.max(kept.took * SHARE * 2) {
                return Ok(Known::Yes(kept));
            }
        }
        let working = node.clone();
        let work = tokio::spawn(async move { PastPeriods::renew_calls(&working, since).await });
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok(Ok(Some(calls)))) => Ok(Known::Yes(calls)),
            Ok(Ok(Ok(None))) => Ok(Known::TooMuch),
            Ok(Ok(Err(problem))) => Err(problem),
            Ok(Err(_)) => Err(Problem::fault()),
            Err(_) => Ok(Known::NotYet),
        }
    }

    async fn renew_calls(
        node: &Node,
        since: Timestamp,
    ) -> Result<Option<Arc<CallCounts>>, Problem> {
        let own = &node.monitoring().past;
        let _turn = own.calls_turn.lock().await;
        if let Some(kept) = own
            .kept_calls()
            .filter(|kept| is_fresh(kept.made, kept.took))
        {
            return Ok(Some(kept));
        }
        let Some(reader) = own.reader.get() else {
            return Ok(None);
        };
        let now = node.now();
        let read = reader.read(move |reader| read_calls(reader, since, now));
        let counts = Arc::new(read.await?);
        let mut kept = own
            .calls
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        *kept = Some(Arc::clone(&counts));
        Ok(Some(counts))
    }

    fn kept_calls(&self) -> Option<Arc<CallCounts>> {
        let kept = self.calls.read();
        kept.unwrap_or_else(|poisoned| poisoned.into_inner())
            .clone()
    }
}

fn read_facts(node: &Node, reader: &Reader, period: Period) -> Result<Option<Facts>, StoreError> {
    let began = Instant::now();
    let read_at = node.now();
    let Some(gathered) = gather_period(reader, period, &in_memory(node, period))? else {
        return Ok(None);
    };
    let mut directives = Vec::new();
    each_changed_since::<Directive>(reader, period.changed_since(), |one| {
        let board = node.board();
        let operation = one.details.operation;
        let drill = operation.is_some_and(|operation| board.is_exercise(operation));
        if !drill && one.issued.is_some_and(|mark| period.has(mark.at)) {
            let items = statuses(&board, one);
            directives.push((one.clone(), items));
        }
    })?;
    Ok(Some(Facts {
        period,
        since: gathered.since,
        read_at,
        material: gathered.material,
        directives,
        measured: OnceLock::new(),
        made: Instant::now(),
        took: began.elapsed(),
    }))
}

fn read_calls(reader: &Reader, since: Timestamp, now: Timestamp) -> Result<CallCounts, StoreError> {
    let began = Instant::now();
    let mut by: BTreeMap<(i64, Option<Code>), u64> = BTreeMap::new();
    let mut earliest = reader.opening_time()?;
    if let Some(row) = reader.record_by_number(RecordKind::Call, 1)?
        && let Some(first) = Call::of(&reader.plain(&row)?)
    {
        earliest = earliest.min(first.received_at);
    }
    each_changed_since::<Call>(reader, since, |call| {
        earliest = earliest.min(call.received_at);
        if call.channel.is_public() && call.received_at >= since {
            let at = call.received_at.0.div_euclid(QUARTER_MS);
            *by.entry((at, call.category.clone())).or_default() += 1;
        }
    })?;
    Ok(CallCounts {
        since: earliest,
        read_at: now,
        by,
        made: Instant::now(),
        took: began.elapsed(),
    })
}

/// Looks at every record of a kind that has changed since, without what is personal in it.
fn each_changed_since<K: OfKind>(
    reader: &Reader,
    since: Timestamp,
    mut each: impl FnMut(&K),
) -> Result<(), StoreError> {
    let any = Filter {
        open: None,
        parent: None,
    };
    let mut after = None;
    loop {
        let page = reader.records(K::KIND, any, after, ROWS)?;
        for row in &page.rows {
            if row.changed_at < since {
                return Ok(()); // They come last changed first.
            }
            let record = reader.plain(row)?;
            if let Some(one) = K::of(&record) {
                each(one);
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// The calendar of a node: days, weeks, months and years as it lives them.
pub struct LocalCalendar {
    /// Its zone.
    pub zone: TimeZone,
}

impl LocalCalendar {
    /// Returns the calendar of a node.
    pub fn of(node: &Node) -> LocalCalendar {
        LocalCalendar {
            zone: zone_of(node.settings().zone.as_deref()),
        }
    }

    /// Returns the date on which a moment is.
    pub fn date(&self, at: Timestamp) -> jiff::civil::Date {
        let time = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
        self.zone.to_datetime(time).date()
    }

    /// Returns when a date begins.
    pub fn begin(&self, date: jiff::civil::Date) -> Timestamp {
        let local = self
            .zone
            .to_ambiguous_timestamp(date.at(0, 0, 0, 0))
            .compatible();
        let at = local.map(|at| at.as_millisecond());
        Timestamp(at.unwrap_or_default())
    }

    /// Returns the days from one date until before another.
    pub fn period(&self, from: jiff::civil::Date, until: jiff::civil::Date) -> Period {
        Period {
            from: self.begin(from),
            to: self.begin(until),
        }
    }

    /// Returns the moment of the same time on another date: so far into the day that a moment is on.
    pub fn same_time_on(&self, date: jiff::civil::Date, at: Timestamp) -> Timestamp {
        let into_ms = at.0.saturating_sub(self.begin(self.date(at)).0);
        Timestamp(self.begin(date).0.saturating_add(into_ms))
    }
}

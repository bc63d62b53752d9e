//! How quickly things went today, beside the same hours of yesterday, of a week and of a year before, and how many calls of the
//! public came beside the year before. What has no records is said to have none; it is never 0.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{Code, Priority, Timestamp};
use watchfire_core::figures::{IntervalFigures, Period};

use super::super::App;
use super::super::directive::{DirectiveBinsView, bins_view};
use super::super::figures::{CellView, TallyView, TargetView};
use super::super::map::beside;
use super::super::view::{self, TextView};
use crate::monitoring::past::{
    Facts, Known, LocalCalendar, PastPeriods, PeriodFigures, quarter_of,
};
use crate::node::Node;
use crate::policy::Session;
use crate::problem::Problem;

/// Weeks of a year of whole weeks, so that weekdays are compared with the same weekdays.
const YEAR_DAYS: i64 = 364;

/// How quickly things went today, beside other days, and how many calls came.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MonitoredPeriodsView {
    /// When this was, by the node's clock.
    at: String,
    /// The time zone in which days begin.
    zone: String,
    /// Today, up to now.
    today: PeriodView,
    /// Yesterday, up to the same time of day.
    yesterday: PeriodView,
    /// The same weekday a week before, up to the same time of day.
    week_before: PeriodView,
    /// The same weekday 52 weeks before, up to the same time of day.
    year_before: PeriodView,
    /// Calls of the public year on year: today, this month, this year.
    calls: Vec<YearOnYearView>,
}

/// Whether something is known of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PeriodStateView {
    /// The node has records of all of it.
    Known,
    /// The node has records of a part of it only: what is shown is of that part.
    InPart,
    /// The node has no records of it.
    NotOnRecord,
    /// It is being worked out: ask again in some seconds.
    UnderWay,
    /// There are more records than are gone through.
    TooMuch,
}

/// What a period came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PeriodView {
    /// From when.
    from: String,
    /// Until when, that moment not included.
    to: String,
    /// Whether anything is known of it.
    state: PeriodStateView,
    /// Since when the node has records, where that is known.
    records_since: Option<String>,
    /// When the records were read, where they were.
    read_at: Option<String>,
    /// The figures; absent where nothing is known.
    pub(crate) figures: Option<PeriodFiguresView>,
}

/// The figures of a period.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PeriodFiguresView {
    /// How long things took.
    pub(crate) intervals: Vec<PeriodIntervalView>,
    /// How quickly directives were answered.
    pub(crate) directives: DirectiveBinsView,
    /// What was counted, and what was left out.
    pub(crate) tally: TallyView,
}

/// One interval in a period.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PeriodIntervalView {
    /// Which.
    pub(crate) interval: &'static str,
    /// What it is called.
    pub(crate) label: TextView,
    /// The targets in seconds; a priority that is not listed has none.
    pub(crate) targets: Vec<TargetView>,
    /// Percent that are to be within target.
    pub(crate) target_percent: u8,
    /// What it came to.
    pub(crate) cell: CellView,
}

/// Calls of the public in a span of time, beside the year before.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct YearOnYearView {
    /// `day`, `month` or `year`.
    span: &'static str,
    /// From when.
    from: String,
    /// Until when: the last full quarter of an hour.
    to: String,
    /// From when it was a year before.
    before_from: String,
    /// Until when it was.
    before_to: String,
    /// Whether this span is known.
    state: PeriodStateView,
    /// Whether the year before is.
    before_state: PeriodStateView,
    /// All calls of the public; none where nothing is known.
    count: Option<u64>,
    /// All of the year before; none where nothing is known.
    before: Option<u64>,
    /// By category.
    by_category: Vec<YearOnYearCategoryView>,
}

/// Calls of one category.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct YearOnYearCategoryView {
    /// The category; none where none was given.
    category: Option<String>,
    /// What people call it.
    label: Option<TextView>,
    /// How many.
    count: Option<u64>,
    /// How many a year before.
    before: Option<u64>,
}

/// Shows how quickly things went today beside the same hours of other days, and calls of the public year on year.
#[utoipa::path(get, path = "/api/v1/monitoring/periods", tag = "monitoring",
    responses((status = 200, body = MonitoredPeriodsView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
) -> Result<Json<MonitoredPeriodsView>, Problem> {
    super::allowed(&session)?;
    let node = &app.node;
    let now = node.now();
    let calendar = LocalCalendar::of(node);
    let today = calendar.date(now);
    Ok(Json(MonitoredPeriodsView {
        at: view::time(now),
        zone: node
            .settings()
            .zone
            .clone()
            .unwrap_or_else(|| "UTC".to_owned()),
        today: day(node, &calendar, today, now).await?,
        yesterday: day(node, &calendar, back(today, 1), now).await?,
        week_before: day(node, &calendar, back(today, 7), now).await?,
        year_before: day(node, &calendar, back(today, YEAR_DAYS), now).await?,
        calls: year_on_year(node, &calendar, now).await?,
    }))
}

pub(crate) fn back(date: Date, days: i64) -> Date {
    let span = jiff::Span::new().try_days(days);
    let earlier = span.and_then(|span| date.checked_sub(span));
    earlier.unwrap_or(date)
}

/// A day up to the same time of day as now.
async fn day(
    node: &Node,
    calendar: &LocalCalendar,
    date: Date,
    now: Timestamp,
) -> Result<PeriodView, Problem> {
    let whole = calendar.period(date, back(date, -1));
    let to = calendar.same_time_on(date, now).min(whole.to);
    period(node, whole, to).await
}

/// What a period came to, up to `to`.
pub(crate) async fn period(
    node: &Node,
    whole: Period,
    to: Timestamp,
) -> Result<PeriodView, Problem> {
    let found = PastPeriods::facts(node, whole).await?;
    let shown = Period {
        from: whole.from,
        to,
    };
    let nothing = |state| PeriodView {
        from: view::time(shown.from),
        to: view::time(shown.to),
        state,
        records_since: None,
        read_at: None,
        figures: None,
    };
    let facts = match found {
        Known::Yes(facts) => facts,
        Known::NotYet => return Ok(nothing(PeriodStateView::UnderWay)),
        Known::TooMuch => return Ok(nothing(PeriodStateView::TooMuch)),
    };
    let state = state_of(shown, facts.since);
    let figures = match state == PeriodStateView::NotOnRecord {
        true => None,
        false => Some(figures(node, &figures_of(node, &facts, to).await?)),
    };
    Ok(PeriodView {
        records_since: Some(view::time(facts.since)),
        read_at: Some(view::time(facts.read_at)),
        figures,
        ..nothing(state)
    })
}

/// What facts come to, up to a moment: the one place at which screen and report make their figures.
pub(crate) async fn figures_of(
    node: &Node,
    facts: &Arc<Facts>,
    to: Timestamp,
) -> Result<PeriodFigures, Problem> {
    let zone = LocalCalendar::of(node).zone;
    let (facts, now) = (Arc::clone(facts), node.now());
    beside(move || facts.figures(to, now, &zone)).await
}

pub(crate) fn state_of(period: Period, since: Timestamp) -> PeriodStateView {
    if since <= period.from {
        PeriodStateView::Known
    } else if since < period.to {
        PeriodStateView::InPart
    } else {
        PeriodStateView::NotOnRecord
    }
}

pub(crate) fn figures(node: &Node, found: &PeriodFigures) -> PeriodFiguresView {
    let targets = &node.settings().targets;
    let intervals = found.measures.figures(targets);
    PeriodFiguresView {
        intervals: intervals.iter().map(|one| interval(node, one)).collect(),
        directives: bins_view(&found.bins),
        tally: found.measures.tally.into(),
    }
}

fn interval(node: &Node, figures: &IntervalFigures) -> PeriodIntervalView {
    let targets = &node.settings().targets;
    let (_, target_percent) = targets.of(figures.interval);
    let target = |priority: Priority| {
        let seconds = targets.seconds(figures.interval, Some(priority))?;
        Some(TargetView {
            priority: priority.into(),
            seconds,
        })
    };
    PeriodIntervalView {
        interval: figures.interval.as_str(),
        label: figures.interval.label().into(),
        targets: Priority::ALL.into_iter().filter_map(target).collect(),
        target_percent,
        cell: (&figures.all).into(),
    }
}

/// The spans that are compared with a year before: each now, and then.
fn spans(calendar: &LocalCalendar, now: Timestamp) -> [(&'static str, Period, Period); 3] {
    let to = quarter_of(now);
    let today = calendar.date(now);
    let year_ago = jiff::Span::new().try_years(1);
    let last_year = |date: Date| {
        let year_ago = year_ago.as_ref().ok();
        year_ago
            .and_then(|span| date.checked_sub(*span).ok())
            .unwrap_or(date)
    };
    let span = |from: Date, before_from: Date, before_day: Date| {
        let period = Period {
            from: calendar.begin(from),
            to,
        };
        let before = Period {
            from: calendar.begin(before_from),
            to: calendar.same_time_on(before_day, to),
        };
        (period, before)
    };
    let same_weekday = back(today, YEAR_DAYS);
    let day = span(today, same_weekday, same_weekday);
    let (month, year) = (today.first_of_month(), today.first_of_year());
    let month = span(month, last_year(month), last_year(today));
    let year = span(year, last_year(year), last_year(today));
    [
        ("day", day.0, day.1),
        ("month", month.0, month.1),
        ("year", year.0, year.1),
    ]
}

async fn year_on_year(
    node: &Node,
    calendar: &LocalCalendar,
    now: Timestamp,
) -> Result<Vec<YearOnYearView>, Problem> {
    let spans = spans(calendar, now);
    let oldest = spans.iter().map(|(.., before)| before.from).min();
    let found = PastPeriods::calls(node, oldest.unwrap_or(now)).await?;
    let one = |(span, period, before): (&'static str, Period, Period)| {
        let mut shown = YearOnYearView {
            span,
            from: view::time(period.from),
            to: view::time(period.to),
            before_from: view::time(before.from),
            before_to: view::time(before.to),
            state: PeriodStateView::UnderWay,
            before_state: PeriodStateView::UnderWay,
            count: None,
            before: None,
            by_category: Vec::new(),
        };
        let counts = match &found {
            Known::Yes(counts) => counts,
            Known::NotYet => return shown,
            Known::TooMuch => {
                shown.state = PeriodStateView::TooMuch;
                shown.before_state = PeriodStateView::TooMuch;
                return shown;
            }
        };
        // A year before counts only where all of it is on record: a part of it would look like a rise.
        shown.state = state_of(period, counts.since);
        let before_state = state_of(before, counts.since);
        shown.before_state = if matches!(before_state, PeriodStateView::InPart) {
            PeriodStateView::NotOnRecord
        } else {
            before_state
        };
        let counted = |state: PeriodStateView, period: Period| {
            let known = matches!(state, PeriodStateView::Known | PeriodStateView::InPart);
            known.then(|| counts.between(period))
        };
        let (now, then) = (
            counted(shown.state, period),
            counted(shown.before_state, before),
        );
        let sum = |counts: &Option<BTreeMap<Option<Code>, u64>>| {
            counts.as_ref().map(|counts| counts.values().sum())
        };
        (shown.count, shown.before) = (sum(&now), sum(&then));
        shown.by_category = categories(node, now.as_ref(), then.as_ref());
        shown
    };
    Ok(spans.into_iter().map(one).collect())
}

/// Categories with their counts, those with most calls first.
pub(crate) fn categories(
    node: &Node,
    now: Option<&BTreeMap<Option<Code>, u64>>,
    then: Option<&BTreeMap<Option<Code>, u64>>,
) -> Vec<YearOnYearCategoryView> {
    let both = [now, then].into_iter().flatten();
    let codes: BTreeSet<&Option<Code>> = both.flat_map(BTreeMap::keys).collect();
    let count = |counts: Option<&BTreeMap<Option<Code>, u64>>, code: &Option<Code>| {
        counts.map(|counts| counts.get(code).copied().unwrap_or(0))
    };
    let one = |code: &Option<Code>| {
        let label = code
            .as_ref()
            .and_then(|code| node.response().categories.get(code));
        YearOnYearCategoryView {
            category: code.as_ref().map(ToString::to_string),
            label: label.cloned().map(TextView::from),
            count: count(now, code),
            before: count(then, code),
        }
    };
    let mut all: Vec<YearOnYearCategoryView> = codes.into_iter().map(one).collect();
    all.sort_by_key(|one| std::cmp::Reverse((one.count, one.before)));
    all
}

impl YearOnYearCategoryView {
    /// Returns the category's word, its name, and how many calls there were now and before.
    pub(crate) fn cells(&self, chinese: bool) -> [String; 4] {
        let written = |count: Option<u64>| count.map_or(String::new(), |count| count.to_string());
        let label = self.label.as_ref();
        let label = label.map(|label| if chinese { &label.zh } else { &label.en });
        [
            self.category.clone().unwrap_or_default(),
            label.cloned().unwrap_or_default(),
            written(self.count),
            written(self.before),
        ]
    }
}

//! Figures: how long things took, by priority, area and hour, and how many calls came; as JSON, as CSV, and the
//! incidents behind each of them. There is none by person.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{Code, Line, Priority, Text, Timestamp};
use watchfire_core::figures::{
    CallCount, Cell, Interval, IntervalFigures, Measures, Part, Period, Subject, Tally, WEEK_MS,
    YEAR_MS,
};
use watchfire_core::limits::FIGURE_DAYS_MAX;
use watchfire_core::recommend::{Rule, RuleFigures};
use watchfire_store::Cursor;

use super::view::{self, PriorityView, ReasonView, TextView};
use super::{App, Query, read, read_cursor, read_limit, read_time};
use crate::figures::{Language, Written, gather, in_memory};
use crate::policy::{Permission, Session};
use crate::problem::Problem;

const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// Which figures.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FiguresQuery {
    /// From when; a day before `to` if absent.
    #[param(format = DateTime, max_length = 64)]
    from: Option<String>,
    /// Until when, that moment not included; now if absent.
    #[param(format = DateTime, max_length = 64)]
    to: Option<String>,
    /// Only this priority; 0 is "not given".
    #[param(minimum = 0, maximum = 4)]
    priority: Option<u8>,
    /// Only this area; empty is "not given".
    #[param(max_length = 200)]
    area: Option<String>,
    /// Only this category; empty is "not given".
    #[param(max_length = 48)]
    category: Option<String>,
    /// Only what was opened or answered in this local hour of the day.
    #[param(minimum = 0, maximum = 23)]
    hour: Option<u8>,
    /// The language of the header row of a CSV file; what the browser prefers if absent.
    #[param(inline)]
    lang: Option<LanguageView>,
}

/// Which figure's incidents.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BehindQuery {
    /// Which figure.
    #[param(inline)]
    interval: FigureView,
    /// From when; a day before `to` if absent.
    #[param(format = DateTime, max_length = 64)]
    from: Option<String>,
    /// Until when, that moment not included; now if absent.
    #[param(format = DateTime, max_length = 64)]
    to: Option<String>,
    /// Only this priority; 0 is "not given".
    #[param(minimum = 0, maximum = 4)]
    priority: Option<u8>,
    /// Only this area; empty is "not given".
    #[param(max_length = 200)]
    area: Option<String>,
    /// Only this category; empty is "not given".
    #[param(max_length = 48)]
    category: Option<String>,
    /// Only what was opened or answered in this local hour of the day.
    #[param(minimum = 0, maximum = 23)]
    hour: Option<u8>,
    /// Where the last page ended, as it said in `next`.
    #[serde(default, deserialize_with = "read_cursor")]
    #[param(max_length = 64)]
    cursor: Option<String>,
    /// How many at most.
    #[serde(default, deserialize_with = "read_limit")]
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// A language.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LanguageView {
    /// English.
    En,
    /// Simplified Chinese.
    Zh,
}

/// A figure that has incidents behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FigureView {
    /// From the first ring to the answer.
    RingingToAnswered,
    /// From the answer to the first unit sent.
    AnsweredToSent,
    /// From sent to departed.
    SentToDeparted,
    /// From departed to arrived.
    DepartedToArrived,
    /// From the answer to the first unit on scene.
    AnsweredToArrived,
    /// The calls answered.
    Calls,
}

impl FigureView {
    fn interval(self) -> Option<Interval> {
        match self {
            FigureView::RingingToAnswered => Some(Interval::RingingToAnswered),
            FigureView::AnsweredToSent => Some(Interval::AnsweredToSent),
            FigureView::SentToDeparted => Some(Interval::SentToDeparted),
            FigureView::DepartedToArrived => Some(Interval::DepartedToArrived),
            FigureView::AnsweredToArrived => Some(Interval::AnsweredToArrived),
            FigureView::Calls => None,
        }
    }
}

/// The figures of a period.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FiguresView {
    /// From when.
    from: String,
    /// Until when, that moment not included.
    to: String,
    /// The time zone of the hours of the day; UTC where the node names none.
    zone: String,
    /// Since when the node has records.
    records_since: String,
    /// What was counted, and what was left out.
    tally: TallyView,
    /// How long things took.
    intervals: Vec<IntervalView>,
    /// How many calls came.
    calls: CallsView,
    /// How often people sent another unit than the one recommended, by the rule that they named and never by person; of
    /// the whole period, whatever part of it was asked for.
    otherwise: Vec<OtherwiseView>,
}

/// Sendings of others than those recommended, by one rule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OtherwiseView {
    /// The rule.
    rule: ReasonView,
    /// How often.
    count: u32,
    /// How many of them reported that they departed and arrived.
    measured: u32,
    /// How many of these drove no longer than the one recommended was expected to.
    no_later: u32,
    /// Half of them drove no more than so many seconds longer than was expected of the one recommended; less than zero is
    /// sooner.
    median_beyond_s: Option<i64>,
}

/// What was counted, and what was left out of the figures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TallyView {
    /// Incidents opened, a merged family once.
    pub(crate) incidents: u64,
    /// Incidents that were merged into those and count with them.
    pub(crate) merged: u64,
    /// Incidents that no call belongs to.
    pub(crate) without_call: u64,
    /// Incidents cancelled before anybody arrived.
    pub(crate) cancelled_before_arrival: u64,
    /// Assignments that were sent.
    pub(crate) assignments: u64,
    /// Those that ended without having departed or arrived.
    pub(crate) never_departed: u64,
    /// Those that arrived without having reported that they departed.
    pub(crate) departure_not_reported: u64,
    /// Calls answered.
    pub(crate) calls: u64,
    /// Those of which it is not known when they began to ring.
    pub(crate) ringing_unknown: u64,
    /// Intervals that end before they begin, by the times that were claimed.
    pub(crate) contradictory: u64,
}

impl From<Tally> for TallyView {
    fn from(tally: Tally) -> TallyView {
        TallyView {
            incidents: tally.incidents,
            merged: tally.merged,
            without_call: tally.without_call,
            cancelled_before_arrival: tally.cancelled_before_arrival,
            assignments: tally.assignments,
            never_departed: tally.never_departed,
            departure_not_reported: tally.departure_not_reported,
            calls: tally.calls,
            ringing_unknown: tally.ringing_unknown,
            contradictory: tally.contradictory,
        }
    }
}

/// The figures of one interval.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IntervalView {
    /// Which.
    interval: &'static str,
    /// What it is called.
    label: TextView,
    /// What exactly is measured.
    definition: TextView,
    /// The targets in seconds; a priority that is not listed has none.
    targets: Vec<TargetView>,
    /// Percent that are to be within target.
    target_percent: u8,
    /// All together.
    all: CellView,
    /// By priority.
    by_priority: Vec<PriorityCellView>,
    /// By area.
    by_area: Vec<AreaCellView>,
    /// Areas that are not listed.
    areas_left_out: usize,
    /// By local hour of the day.
    by_hour: Vec<HourCellView>,
}

/// The target of a priority.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TargetView {
    /// The priority.
    pub(crate) priority: PriorityView,
    /// The target.
    pub(crate) seconds: u32,
}

/// What a set of intervals comes to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CellView {
    /// How many there are.
    pub(crate) count: usize,
    /// Half of them took no longer, in seconds.
    pub(crate) p50_s: Option<u32>,
    /// Nine in ten took no longer, in seconds.
    pub(crate) p90_s: Option<u32>,
    /// How many of them have a target.
    pub(crate) judged: u64,
    /// How many of those are within it.
    pub(crate) within: u64,
    /// The share of those, in percent to one place.
    pub(crate) within_percent: Option<f64>,
}

impl From<&Cell> for CellView {
    fn from(cell: &Cell) -> CellView {
        CellView {
            count: cell.spread.map_or(0, |spread| spread.count),
            p50_s: cell.spread.map(|spread| spread.p50_s),
            p90_s: cell.spread.map(|spread| spread.p90_s),
            judged: cell.judged,
            within: cell.within,
            within_percent: cell.within_per_mille().map(|share| share as f64 / 10.0),
        }
    }
}

/// The figures of a priority.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PriorityCellView {
    /// The priority; none where a call says none.
    priority: Option<PriorityView>,
    /// The figures.
    cell: CellView,
}

/// The figures of a area.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AreaCellView {
    /// The area; none where none is given.
    area: Option<String>,
    /// The figures.
    cell: CellView,
}

/// The figures of an hour of the day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HourCellView {
    /// The hour, 0 to 23.
    hour: u8,
    /// The figures.
    cell: CellView,
}

/// How many calls came, beside the same length of time before.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallsView {
    /// All.
    count: u64,
    /// One week before.
    week_before: BeforeView,
    /// One year of 364 days before: the same weekdays.
    year_before: BeforeView,
    /// By category.
    by_category: Vec<CategoryView>,
    /// Categories that are not listed.
    categories_left_out: usize,
}

/// A period before, and its calls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BeforeView {
    /// From when.
    from: String,
    /// Until when.
    to: String,
    /// All calls; none where the node's records do not reach back as far.
    count: Option<u64>,
}

/// The calls of a category.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CategoryView {
    /// The category; none where a call says none.
    category: Option<String>,
    /// What people call it.
    label: Option<TextView>,
    /// How many in the period.
    count: u64,
    /// One week before; none where the records do not reach back.
    week_before: Option<u64>,
    /// One year of 364 days before; none where the records do not reach back.
    year_before: Option<u64>,
}

/// What is behind a figure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BehindView {
    /// How many there are on all pages: the count of the figure.
    count: usize,
    /// A page of them, last opened first.
    items: Vec<BehindItemView>,
    /// What to give as `cursor` for the next page; absent on the last.
    next: Option<String>,
}

/// One thing that a figure counts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BehindItemView {
    /// The incident; a call may have none.
    incident: Option<String>,
    /// The incident's running number.
    number: Option<u64>,
    /// The call's running number, where a call is counted.
    call: Option<u64>,
    /// What kind of record was measured: call, incident or assignment.
    kind: &'static str,
    /// Its id.
    record: String,
    /// When the incident was opened, or the call answered.
    at: String,
    /// The priority it counts under.
    priority: Option<PriorityView>,
    /// The area it counts under.
    area: Option<String>,
    /// The category it counts under.
    category: Option<String>,
    /// The local hour of the day it counts under.
    hour: u8,
    /// How long it took; none for a call that is only counted.
    seconds: Option<u32>,
    /// Whether that is within target; none where there is no target.
    within: Option<bool>,
}

/// Shows how long things took in a period, by priority, area and hour, and how many calls came.
#[utoipa::path(get, path = "/api/v1/figures", tag = "figures", params(FiguresQuery),
    responses((status = 200, body = FiguresView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Query(query): Query<FiguresQuery>,
) -> Result<Json<FiguresView>, Problem> {
    let made = Made::of(&app, &session, &query).await?;
    let (calls, categories_left_out) = made.measures.calls_by_category();
    let (week, year) = made.known();
    let before = |shift: i64, known: bool, counts: &BTreeMap<Option<Code>, u64>| {
        let period = made.asked.period.before(shift);
        BeforeView {
            from: view::time(period.from),
            to: view::time(period.to),
            count: known.then(|| counts.values().sum()),
        }
    };
    let targets = &app.node.settings().targets;
    let intervals = made.measures.figures(targets);
    Ok(Json(FiguresView {
        from: view::time(made.asked.period.from),
        to: view::time(made.asked.period.to),
        zone: zone_name(&app).to_owned(),
        records_since: view::time(made.since),
        tally: made.measures.tally.into(),
        intervals: intervals.iter().map(|one| interval(&app, one)).collect(),
        calls: CallsView {
            count: made.measures.tally.calls,
            week_before: before(WEEK_MS, week, &made.measures.calls_week_before),
            year_before: before(YEAR_MS, year, &made.measures.calls_year_before),
            by_category: calls
                .iter()
                .map(|(code, count)| category(&app, code.as_ref(), count, (week, year)))
                .collect(),
            categories_left_out,
        },
        otherwise: made.measures.otherwise.iter().map(otherwise).collect(),
    }))
}

fn otherwise((rule, figures): (&Rule, &RuleFigures)) -> OtherwiseView {
    OtherwiseView {
        rule: ReasonView {
            code: rule.as_str().to_owned(),
            text: rule.text().into(),
        },
        count: figures.count,
        measured: figures.measured,
        no_later: figures.no_later,
        median_beyond_s: figures.median_beyond_s(),
    }
}

/// Shows the same figures as CSV (RFC 4180), with a header row in the language asked for.
#[utoipa::path(get, path = "/api/v1/figures.csv", tag = "figures", params(FiguresQuery),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub(crate) async fn csv(
    State(app): State<App>,
    session: Session,
    headers: HeaderMap,
    Query(query): Query<FiguresQuery>,
) -> Result<Response, Problem> {
    let made = Made::of(&app, &session, &query).await?;
    let preferred = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let language = match query.lang {
        Some(LanguageView::En) => Language::English,
        Some(LanguageView::Zh) => Language::Chinese,
        None if preferred.trim_start().starts_with("zh") => Language::Chinese,
        None => Language::English,
    };
    let targets = &app.node.settings().targets;
    let (calls, _) = made.measures.calls_by_category();
    let mut text = crate::figures::csv(
        &Written {
            period: made.asked.period,
            zone: zone_name(&app),
            targets,
            intervals: &made.measures.figures(targets),
            calls: &calls,
            known: made.known(),
        },
        language,
    );
    if language == Language::Chinese {
        // Without this mark the usual spreadsheet reads Chinese in an encoding of its own.
        text.insert(0, '\u{feff}');
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"figures.csv\"",
        ),
    ];
    Ok((headers, text).into_response())
}

/// Shows the incidents behind a figure: as many as the figure says.
#[utoipa::path(get, path = "/api/v1/figures/incidents", tag = "figures", params(BehindQuery),
    responses((status = 200, body = BehindView)))]
pub(crate) async fn incidents(
    State(app): State<App>,
    session: Session,
    query: Result<Query<BehindQuery>, Problem>,
) -> Result<Json<BehindView>, Problem> {
    allowed(&session)?;
    let Query(query) = query?;
    let after: Option<Cursor> = match query.cursor.as_deref() {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| super::board::bad_cursor())?),
    };
    let limit = query.limit.unwrap_or(super::PAGE_DEFAULT);
    let figure = query.interval;
    let query = FiguresQuery {
        from: query.from,
        to: query.to,
        priority: query.priority,
        area: query.area,
        category: query.category,
        hour: query.hour,
        lang: None,
    };
    let made = Made::of(&app, &session, &query).await?;
    let mut behind: Vec<(&Subject, Option<u32>)> = match figure.interval() {
        Some(interval) => {
            let measured = made.measures.all.iter();
            let of_it = measured.filter(|measure| measure.interval == interval);
            of_it
                .map(|measure| (&measure.subject, Some(measure.seconds)))
                .collect()
        }
        None => made.measures.calls.iter().map(|one| (one, None)).collect(),
    };
    let place = |subject: &Subject| (subject.at, subject.record.id);
    behind.sort_by_key(|(subject, _)| std::cmp::Reverse(place(subject)));
    let count = behind.len();
    if let Some(after) = after {
        behind.retain(|(subject, _)| place(subject) < (after.changed_at, after.id));
    }
    let goes_on = behind.len() > limit;
    behind.truncate(limit);
    let next = behind.last().filter(|_| goes_on).map(|(subject, _)| {
        let (changed_at, id) = place(subject);
        Cursor { changed_at, id }.to_string()
    });
    let items = behind
        .into_iter()
        .map(|(subject, seconds)| item(&app, figure.interval(), subject, seconds))
        .collect();
    Ok(Json(BehindView { count, items, next }))
}

fn allowed(session: &Session) -> Result<(), Problem> {
    if session.may(Permission::ReadFigures) {
        Ok(())
    } else {
        Err(Problem::denied())
    }
}

/// A question, read.
#[derive(Debug, Clone)]
struct AskedFor {
    period: Period,
    part: Part,
}

/// An answer, as far as it is the same for all who show it.
struct Made {
    asked: AskedFor,
    measures: Arc<Measures>,
    since: Timestamp,
}

impl Made {
    async fn of(app: &App, session: &Session, query: &FiguresQuery) -> Result<Made, Problem> {
        allowed(session)?;
        let asked = AskedFor::read(app, query)?;
        let AskedFor { period, part } = asked.clone();
        let zone = zone(app);
        let node = app.node.clone();
        let made = app.node.figures().read(move |reader| {
            let asked = (period, &in_memory(&node, period));
            let Some(gathered) = gather(reader, asked, node.past_calls())? else {
                return Ok(None);
            };
            let measures = gathered.material.measure(&part, &|at| hour_in(&zone, at));
            Ok(Some((measures, gathered.since)))
        });
        let (measures, since) = made.await?.ok_or_else(too_much)?;
        Ok(Made {
            asked,
            measures: Arc::new(measures),
            since,
        })
    }

    /// Returns whether the node has records of the whole of the week before, and of the year before.
    fn known(&self) -> (bool, bool) {
        let reaches = |shift| self.asked.period.before(shift).from >= self.since;
        (reaches(WEEK_MS), reaches(YEAR_MS))
    }
}

impl AskedFor {
    fn read(app: &App, query: &FiguresQuery) -> Result<AskedFor, Problem> {
        let to = match query.to.as_deref() {
            Some(text) => read_time("to", text)?,
            None => app.node.now(),
        };
        let from = match query.from.as_deref() {
            Some(text) => read_time("from", text)?,
            None => Timestamp(to.0.saturating_sub(DAY_MS)),
        };
        if from >= to {
            return Err(Problem::unreadable(
                "`from` is not before `to`.",
                "“from”不早于“to”。",
            ));
        }
        if to.0.saturating_sub(from.0) > FIGURE_DAYS_MAX * DAY_MS {
            return Err(too_long());
        }
        let priority = match query.priority {
            None => None,
            Some(0) => Some(None),
            Some(number) => Some(Some(
                Priority::try_from(number)
                    .map_err(|error| super::unreadable("priority", &error))?,
            )),
        };
        if query.hour.is_some_and(|hour| hour > 23) {
            return Err(Problem::unreadable(
                "`hour` is 0 to 23.",
                "“hour”应为 0 至 23。",
            ));
        }
        let part = Part {
            priority,
            area: not_given_if_empty::<Line>("area", query.area.as_deref())?,
            category: not_given_if_empty::<Code>("category", query.category.as_deref())?,
            hour: query.hour,
        };
        let period = Period { from, to };
        Ok(AskedFor { period, part })
    }
}

fn not_given_if_empty<T: std::str::FromStr<Err = watchfire_core::basis::Unreadable>>(
    field: &str,
    text: Option<&str>,
) -> Result<Option<Option<T>>, Problem> {
    match text {
        None => Ok(None),
        Some("") => Ok(Some(None)),
        Some(text) => read(field, text).map(|value| Some(Some(value))),
    }
}

fn interval(app: &App, figures: &IntervalFigures) -> IntervalView {
    let targets = &app.node.settings().targets;
    let (_, target_percent) = targets.of(figures.interval);
    let target = |priority: Priority| {
        targets
            .seconds(figures.interval, Some(priority))
            .map(|seconds| TargetView {
                priority: priority.into(),
                seconds,
            })
    };
    IntervalView {
        interval: figures.interval.as_str(),
        label: figures.interval.label().into(),
        definition: figures.interval.definition().into(),
        targets: Priority::ALL.into_iter().filter_map(target).collect(),
        target_percent,
        all: (&figures.all).into(),
        by_priority: figures
            .by_priority
            .iter()
            .map(|(priority, cell)| PriorityCellView {
                priority: priority.map(PriorityView::from),
                cell: cell.into(),
            })
            .collect(),
        by_area: figures
            .by_area
            .iter()
            .map(|(area, cell)| AreaCellView {
                area: area.as_ref().map(ToString::to_string),
                cell: cell.into(),
            })
            .collect(),
        areas_left_out: figures.areas_left_out,
        by_hour: figures
            .by_hour
            .iter()
            .map(|(hour, cell)| HourCellView {
                hour: *hour,
                cell: cell.into(),
            })
            .collect(),
    }
}

fn category(
    app: &App,
    code: Option<&Code>,
    count: &CallCount,
    (week, year): (bool, bool),
) -> CategoryView {
    let label = code.and_then(|code| app.node.response().categories.get(code));
    CategoryView {
        category: code.map(ToString::to_string),
        label: label.cloned().map(TextView::from),
        count: count.now,
        week_before: week.then_some(count.week_before),
        year_before: year.then_some(count.year_before),
    }
}

fn item(
    app: &App,
    interval: Option<Interval>,
    subject: &Subject,
    seconds: Option<u32>,
) -> BehindItemView {
    let traits = &subject.traits;
    let target = interval.and_then(|interval| {
        let targets = &app.node.settings().targets;
        targets.seconds(interval, traits.priority)
    });
    BehindItemView {
        incident: subject.incident.map(|id| id.to_string()),
        number: subject.number,
        call: subject.call,
        kind: subject.record.kind.as_str(),
        record: view::hex(&subject.record.id),
        at: view::time(subject.at),
        priority: traits.priority.map(PriorityView::from),
        area: traits.area.as_ref().map(ToString::to_string),
        category: traits.category.as_ref().map(ToString::to_string),
        hour: traits.hour,
        seconds,
        within: seconds
            .zip(target)
            .map(|(seconds, target)| seconds <= target),
    }
}

fn zone_name(app: &App) -> &str {
    app.node.settings().zone.as_deref().unwrap_or("UTC")
}

fn zone(app: &App) -> TimeZone {
    TimeZone::get(zone_name(app)).unwrap_or(TimeZone::UTC)
}

fn hour_in(zone: &TimeZone, at: Timestamp) -> u8 {
    let time = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    u8::try_from(zone.to_datetime(time).hour()).unwrap_or(0)
}

fn too_long() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "period_too_long",
        Text::new(
            format!("Figures are made of at most {FIGURE_DAYS_MAX} days."),
            format!("统计时段最长 {FIGURE_DAYS_MAX} 天。"),
        ),
        Text::new(
            "Ask for a shorter period, or for several one after the other.",
            "请缩短时段，或分段查询。",
        ),
    )
}

fn too_much() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "period_too_full",
        Text::new(
            format!(
                "The period has more than {} records.",
                crate::figures::FACTS_MAX
            ),
            format!("该时段记录超过 {} 条。", crate::figures::FACTS_MAX),
        ),
        Text::new(
            "Ask for a shorter period, or for several one after the other.",
            "请缩短时段，或分段查询。",
        ),
    )
}

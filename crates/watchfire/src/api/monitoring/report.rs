//! The report of a day, a week or a month: the figures of the live page for that time, what waited at its end, and the log
//! behind each, as a page to print and as CSV in either language.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::Timestamp;
use watchfire_core::figures::Period;
use watchfire_core::monitoring::{Moment, WaitGroup, groups, waiting};

use super::super::directive::DirectiveBinsView;
use super::super::duty::Calendar;
use super::super::figures::{CellView, LanguageView};
use super::super::view::{self, TextView};
use super::super::{App, Query};
use super::periods::{
    PeriodFiguresView, PeriodStateView, PeriodView, YearOnYearCategoryView, back, categories,
    figures_of, period, state_of,
};
use crate::figures::Rows;
use crate::monitoring::past::{Facts, Known, LocalCalendar, PastPeriods, PeriodFigures};
use crate::node::Node;
use crate::policy::Session;
use crate::problem::Problem;

/// Which report.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MonitoringReportQuery {
    /// `day` (if nothing is said), `week` (from Monday) or `month`.
    #[param(max_length = 8)]
    span: Option<String>,
    /// A date in it, `2026-11-27`; today if nothing is said.
    #[param(max_length = 10)]
    date: Option<String>,
    /// Of the CSV: `figures` (if nothing is said) or `log`, the records behind them.
    #[param(inline)]
    part: Option<ReportPartView>,
    /// The language of the CSV; what the browser prefers if absent.
    #[param(inline)]
    lang: Option<LanguageView>,
}

/// What of a report a file has.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReportPartView {
    /// The figures.
    Figures,
    /// The records behind them.
    Log,
}

/// The report of a day, a week or a month.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MonitoringReportView {
    /// `day`, `week` or `month`.
    span: &'static str,
    /// The first date in it.
    first: String,
    /// The last date in it.
    last: String,
    /// The time zone in which days begin.
    zone: String,
    /// When this was made, by the node's clock.
    made_at: String,
    /// What people call the node.
    name: String,
    /// True once the time is over; before that the report goes up to now.
    over: bool,
    /// What it came to.
    period: PeriodView,
    /// What the same length of time just before came to.
    before: PeriodView,
    /// What the same time a year before came to: 52 weeks for a day or a week, the same month of the year before.
    year_before: PeriodView,
    /// Calls of the public by category, beside the year before.
    calls: Vec<YearOnYearCategoryView>,
    /// What waited at the end, by step and who had to act; absent where that is not on record.
    waited: Option<Vec<WaitedView>>,
}

/// What waited at the end of a report's time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitedView {
    /// The step.
    step: &'static str,
    /// What people call it.
    label: TextView,
    /// Who had to act.
    with: TextView,
    /// How many.
    count: usize,
    /// How many should have been over.
    beyond: usize,
    /// The longest wait, in seconds.
    longest_s: u32,
    /// Half of them waited no longer, in seconds.
    median_s: u32,
}

/// The time that a report is of.
struct Span {
    word: &'static str,
    first: Date,
    until: Date,
    whole: Period,
    before: Period,
    year_before: Period,
}

impl Span {
    fn read(node: &Node, query: &MonitoringReportQuery) -> Result<Span, Problem> {
        let calendar = LocalCalendar::of(node);
        let date: Date = match query.date.as_deref() {
            None => calendar.date(node.now()),
            Some(text) => text.parse().map_err(|_| {
                Problem::unreadable(
                    "`date` is no date: write it as 2026-11-27.",
                    "“date”不是日期：请写作 2026-11-27。",
                )
            })?,
        };
        let (word, first, until) = match query.span.as_deref() {
            None | Some("day") => ("day", date, back(date, -1)),
            Some("week") => {
                let monday = back(date, date.weekday().to_monday_zero_offset().into());
                ("week", monday, back(monday, -7))
            }
            Some("month") => {
                let first = date.first_of_month();
                ("month", first, back(date.last_of_month(), -1))
            }
            Some(_) => {
                return Err(Problem::unreadable(
                    "`span` is day, week or month.",
                    "“span”应为 day、week 或 month。",
                ));
            }
        };
        if calendar.begin(first) > node.now() {
            return Err(Problem::unreadable(
                "`date` is ahead: there is nothing to report yet.",
                "“date”尚未到来，无可报告。",
            ));
        }
        let (before, year_before) = match word {
            "month" => {
                let last = back(first, 1).first_of_month();
                let span = jiff::Span::new().try_years(1).ok();
                let year = span
                    .and_then(|span| first.checked_sub(span).ok())
                    .unwrap_or(first);
                let end = back(year.last_of_month(), -1);
                (calendar.period(last, first), calendar.period(year, end))
            }
            _ => {
                let days = if word == "day" { 1 } else { 7 };
                let earlier = |by| calendar.period(back(first, by), back(until, by));
                (earlier(days), earlier(364))
            }
        };
        Ok(Span {
            word,
            first,
            until,
            whole: calendar.period(first, until),
            before,
            year_before,
        })
    }
}

/// Shows the report of a day, a week or a month.
#[utoipa::path(get, path = "/api/v1/monitoring/report", tag = "monitoring", params(MonitoringReportQuery),
    responses((status = 200, body = MonitoringReportView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    query: Result<Query<MonitoringReportQuery>, Problem>,
) -> Result<Json<MonitoringReportView>, Problem> {
    super::allowed(&session)?;
    let Query(query) = query?;
    Ok(Json(made(&app.node, &query).await?))
}

async fn made(node: &Node, query: &MonitoringReportQuery) -> Result<MonitoringReportView, Problem> {
    let span = Span::read(node, query)?;
    let now = node.now();
    let over = span.whole.to <= now;
    // A running time is compared with as much of the time before.
    let into_ms = now.0.saturating_sub(span.whole.from.0);
    let as_far = |period: Period| match over {
        true => period.to,
        false => Timestamp(period.from.0.saturating_add(into_ms)).min(period.to),
    };
    let to = span.whole.to.min(now);
    let calls = async |period: Period| -> Result<_, Problem> {
        let Known::Yes(facts) = PastPeriods::facts(node, period).await? else {
            return Ok(None);
        };
        let shown = Period {
            to: as_far(period),
            ..period
        };
        let whole = state_of(shown, facts.since) == PeriodStateView::Known;
        let known = whole || period == span.whole;
        if !known {
            return Ok(None);
        }
        let found = figures_of(node, &facts, shown.to).await?;
        Ok(Some(found.measures.public_calls.clone()))
    };
    let (own, then) = (calls(span.whole).await?, calls(span.year_before).await?);
    Ok(MonitoringReportView {
        span: span.word,
        first: span.first.to_string(),
        last: back(span.until, 1).to_string(),
        zone: node
            .settings()
            .zone
            .clone()
            .unwrap_or_else(|| "UTC".to_owned()),
        made_at: view::time(now),
        name: node.settings().name.clone(),
        over,
        period: period(node, span.whole, to).await?,
        before: period(node, span.before, as_far(span.before)).await?,
        year_before: period(node, span.year_before, as_far(span.year_before)).await?,
        calls: categories(node, own.as_ref(), then.as_ref()),
        waited: waited(node, to, now).await?,
    })
}

/// What waited at a moment, on the board as it then was.
async fn waited(
    node: &Node,
    at: Timestamp,
    now: Timestamp,
) -> Result<Option<Vec<WaitedView>>, Problem> {
    let keep_s = node.settings().keep_ended_s;
    let Ok(looked) = node.past().look(at, keep_s, now).await? else {
        return Ok(None);
    };
    let calendar = Calendar::of(node);
    let moment = Moment {
        node: node.feed().node,
        rules: &node.settings().timers,
        now: at,
        calendar: &|day, minute| calendar.at(day, minute),
    };
    let found = groups(&waiting(&looked.board, &moment), at);
    let one = |group: &WaitGroup| WaitedView {
        step: group.step.as_str(),
        label: group.step.label().into(),
        with: super::shown::waiter(&looked.board, &group.with).label,
        count: group.count,
        beyond: group.beyond,
        longest_s: group.longest_s,
        median_s: group.median_s,
    };
    let real = found.iter().filter(|group| !group.exercise);
    Ok(Some(real.map(one).collect()))
}

/// Gives the same report as CSV (RFC 4180), or the log behind it: one line for each thing that was measured.
#[utoipa::path(get, path = "/api/v1/monitoring/report.csv", tag = "monitoring", params(MonitoringReportQuery),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub(crate) async fn csv(
    State(app): State<App>,
    session: Session,
    headers: HeaderMap,
    query: Result<Query<MonitoringReportQuery>, Problem>,
) -> Result<Response, Problem> {
    super::allowed(&session)?;
    let Query(query) = query?;
    let preferred = headers.get(header::ACCEPT_LANGUAGE);
    let preferred = preferred.is_some_and(|value| value.as_bytes().starts_with(b"zh"));
    let chinese = match query.lang {
        Some(LanguageView::Zh) => true,
        Some(LanguageView::En) => false,
        None => preferred,
    };
    let node = &app.node;
    let mut rows = Rows::default();
    match query.part {
        None | Some(ReportPartView::Figures) => {
            write_figures(&mut rows, &made(node, &query).await?, chinese)
        }
        Some(ReportPartView::Log) => {
            let span = Span::read(node, &query)?;
            let Known::Yes(facts) = PastPeriods::facts(node, span.whole).await? else {
                return Err(Problem::unreadable(
                    "The records are still being read. Ask again in some seconds.",
                    "记录仍在读取，请数秒后重试。",
                ));
            };
            let to = span.whole.to.min(node.now());
            let found = figures_of(node, &facts, to).await?;
            write_log(&mut rows, node, (&facts, to), &found, chinese);
        }
    }
    let mut text = rows.0;
    if chinese {
        // Without this mark the usual spreadsheet reads Chinese in an encoding of its own.
        text.insert(0, '\u{feff}');
    }
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    let disposition = HeaderValue::from_static("attachment; filename=\"monitoring.csv\"");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, text).into_response())
}

fn words(text: &TextView, chinese: bool) -> String {
    if chinese {
        text.zh.clone()
    } else {
        text.en.clone()
    }
}

fn write_figures(rows: &mut Rows, report: &MonitoringReportView, chinese: bool) {
    let header = match chinese {
        true => ["部分", "事项", "项目", "本期", "上期", "上年同期", "目标"],
        false => [
            "part",
            "what",
            "figure",
            "this",
            "before",
            "year before",
            "target",
        ],
    };
    rows.row(header.into_iter());
    let periods = [&report.period, &report.before, &report.year_before];
    // What has no records leaves the cell empty.
    let three = |of: &dyn Fn(&PeriodFiguresView) -> Option<String>| {
        periods.map(|period| period.figures.as_ref().and_then(of).unwrap_or_default())
    };
    let mut row = |part: &str, what: &str, figure: &str, cells: [String; 3], target: String| {
        let [this, before, year] = cells;
        let all = [
            part.to_owned(),
            what.to_owned(),
            figure.to_owned(),
            this,
            before,
            year,
            target,
        ];
        rows.row(all.iter().map(String::as_str));
    };
    if let Some(own) = &report.period.figures {
        write_intervals(&mut row, own, &three, chinese);
        write_bins(&mut row, &own.directives, &three, chinese);
    }
    for one in &report.calls {
        let [code, label, count, before] = one.cells(chinese);
        let what = if label.is_empty() { code } else { label };
        row(
            "calls",
            &what,
            "count",
            [count, String::new(), before],
            String::new(),
        );
    }
    for one in report.waited.iter().flatten() {
        let what = format!(
            "{} / {}",
            words(&one.label, chinese),
            words(&one.with, chinese)
        );
        for (figure, value) in [
            ("count", one.count.to_string()),
            ("beyond", one.beyond.to_string()),
            ("longest_s", one.longest_s.to_string()),
            ("median_s", one.median_s.to_string()),
        ] {
            let cells = [value, String::new(), String::new()];
            row("waiting", &what, figure, cells, String::new());
        }
    }
}

fn write_intervals(
    row: &mut impl FnMut(&str, &str, &str, [String; 3], String),
    own: &PeriodFiguresView,
    three: &ThreeOf<'_>,
    chinese: bool,
) {
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    for (at, interval) in own.intervals.iter().enumerate() {
        let what = words(&interval.label, chinese);
        let mut cell =
            |figure: &str, target: String, read: &dyn Fn(&CellView) -> Option<String>| {
                let cells = three(&|of| read(&of.intervals.get(at)?.cell));
                row("intervals", &what, figure, cells, target);
            };
        let none = String::new;
        cell("count", none(), &|cell| Some(cell.count.to_string()));
        cell("p50_s", none(), &|cell| number(cell.p50_s));
        cell("p90_s", none(), &|cell| number(cell.p90_s));
        let target = interval.target_percent.to_string();
        let share = |cell: &CellView| cell.within_percent.map(|share| format!("{share:.1}"));
        cell("within_percent", target, &share);
    }
}

type ThreeOf<'a> = dyn Fn(&dyn Fn(&PeriodFiguresView) -> Option<String>) -> [String; 3] + 'a;

fn write_bins(
    row: &mut impl FnMut(&str, &str, &str, [String; 3], String),
    own: &DirectiveBinsView,
    three: &ThreeOf<'_>,
    chinese: bool,
) {
    let whole = if chinese { "指令" } else { "directives" };
    let figure =
        |read: fn(&DirectiveBinsView) -> u32| three(&|of| Some(read(&of.directives).to_string()));
    row(
        "directives",
        whole,
        "issued",
        figure(|of| of.directives),
        String::new(),
    );
    row(
        "directives",
        whole,
        "items",
        figure(|of| of.items),
        String::new(),
    );
    row(
        "directives",
        whole,
        "done",
        figure(|of| of.done),
        String::new(),
    );
    row(
        "directives",
        whole,
        "open_at_close",
        figure(|of| of.open_at_close),
        String::new(),
    );
    for (at, step) in own.steps.iter().enumerate() {
        let what = words(&step.label, chinese);
        for (bin, within) in step.within.iter().enumerate() {
            let name = format!("within_{}_s", within.seconds);
            let cells = three(&|of| {
                let step = of.directives.steps.get(at)?;
                Some(step.within.get(bin)?.count.to_string())
            });
            row("directives", &what, &name, cells, String::new());
        }
        let cells = three(&|of| Some(of.directives.steps.get(at)?.overdue.to_string()));
        row("directives", &what, "overdue", cells, String::new());
    }
}

fn write_log(
    rows: &mut Rows,
    node: &Node,
    (facts, to): (&Facts, Timestamp),
    found: &PeriodFigures,
    chinese: bool,
) {
    let header = match chinese {
        true => ["指标", "记录", "编号", "警情号", "时间", "秒", "是否达标"],
        false => [
            "figure", "record", "id", "incident", "at", "seconds", "within",
        ],
    };
    rows.row(header.into_iter());
    let targets = &node.settings().targets;
    let number = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
    for measure in &found.measures.all {
        let subject = &measure.subject;
        let target = targets.seconds(measure.interval, subject.traits.priority);
        let within = target.map(|target| measure.seconds <= target);
        let cells = [
            measure.interval.as_str().to_owned(),
            subject.record.kind.as_str().to_owned(),
            view::hex(&subject.record.id),
            number(subject.number),
            view::time(subject.at),
            measure.seconds.to_string(),
            within.map_or(String::new(), |within| within.to_string()),
        ];
        rows.row(cells.iter().map(String::as_str));
    }
    for subject in &found.measures.calls {
        let cells = [
            "calls".to_owned(),
            subject.record.kind.as_str().to_owned(),
            view::hex(&subject.record.id),
            number(subject.number),
            view::time(subject.at),
            String::new(),
            String::new(),
        ];
        rows.row(cells.iter().map(String::as_str));
    }
    for (directive, _) in facts.directives(to) {
        let issued = directive.issued.map(|mark| view::time(mark.at));
        let cells = [
            "directives".to_owned(),
            "directive".to_owned(),
            directive.id.to_string(),
            directive.number.to_string(),
            issued.unwrap_or_default(),
            String::new(),
            String::new(),
        ];
        rows.row(cells.iter().map(String::as_str));
    }
}

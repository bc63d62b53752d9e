//! Patterns of incidents: a question over place, time, category and words, with what to draw of the answer; which incidents are
//! like one, by terms that are shown; questions that are kept; and where more of the public call than usual.
//!
//! Past records are read beside everything else. Nothing personal is opened, and no word is looked for in what was said. Start
//! at [`search`].

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use watchfire_core::basis::{Code, IncidentId, Line, Point, SavedViewId, Timestamp};
use watchfire_core::cover::HourOfWeek;
use watchfire_core::pattern::{PatternQuery, Term, TermOf, likeness};
use watchfire_core::record::incident::Incident;
use watchfire_core::record::saved_view::{SavedView, SavedViewAction};
use watchfire_core::record::{Action, Record, RecordKind};
use watchfire_core::watch::{CallAlert, CountedCall, Watch, WatchRules};
use watchfire_store::{Filter, Reader, StoreError};

use super::board::{allowed, find};
use super::view::{self, TextView};
use super::{
    App, Asked, NothingMore, Query, read, read_id, read_maybe, read_time_maybe, unreadable,
};
use crate::cover::{hour_of_week, zone_of};
use crate::policy::{Permission, Session};
use crate::problem::Problem;

/// Incidents that are listed and drawn at most, newest first; the rest is counted.
const FOUND_MAX: usize = 500;
/// Incidents that are told as like one at most, and points below which one is not like it.
const LIKE_MAX: usize = 20;
const LIKE_POINTS_MIN: u32 = 50;
/// Rows that are read at a time, and in all.
const ROWS: usize = 1_000;
const ROWS_MAX: usize = 500_000;
/// Days of calls that are looked back at for what is usual, and calls at most; the latest count.
const USUAL_DAYS: i64 = 56;
const USUAL_CALLS_MAX: usize = 200_000;

/// How long lists of categories and of days of the week may be, in bytes.
const CATEGORIES_BYTES_MAX: usize = 1_000;
const DAYS_BYTES_MAX: usize = 20;

/// A question about past incidents; what is left out does not count.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct PatternQueryView {
    /// The station area.
    #[param(max_length = 200)]
    pub(crate) area: Option<String>,
    /// Around a point: latitude in degrees (WGS 84).
    #[param(minimum = -90, maximum = 90)]
    pub(crate) lat: Option<f64>,
    /// Around a point: longitude in degrees (WGS 84).
    #[param(minimum = -180, maximum = 180)]
    pub(crate) lon: Option<f64>,
    /// Around a point: so many metres.
    #[param(maximum = 50000)]
    pub(crate) radius_m: Option<u32>,
    /// Opened at or after.
    #[param(format = DateTime)]
    pub(crate) from: Option<String>,
    /// Opened before.
    #[param(format = DateTime)]
    pub(crate) until: Option<String>,
    /// Of one of these categories, with commas between.
    #[param(max_length = 1000)]
    pub(crate) categories: Option<String>,
    /// All of these words in category, address or area.
    #[param(max_length = 200)]
    pub(crate) words: Option<String>,
    /// From this hour of the day.
    #[param(maximum = 23)]
    pub(crate) from_hour: Option<u8>,
    /// Up to, not including, this hour; over midnight where the first is later.
    #[param(maximum = 23)]
    pub(crate) until_hour: Option<u8>,
    /// On these days of the week, 0 (Monday) to 6, with commas between.
    #[param(max_length = 20)]
    pub(crate) days: Option<String>,
}

impl PatternQueryView {
    fn read(&self) -> Result<PatternQuery, Problem> {
        let around = match (self.lat, self.lon, self.radius_m) {
            (Some(lat), Some(lon), Some(radius_m)) if radius_m <= 50_000 => {
                let point =
                    Point::from_degrees(lat, lon).map_err(|error| unreadable("lat", &error))?;
                Some((point, radius_m))
            }
            (None, None, None) => None,
            _ => {
                return Err(bad(
                    "`lat`, `lon` and `radius_m` (at most 50000) go together.",
                    "lat、lon 和 radius_m（最多 50000）须同时给出。",
                ));
            }
        };
        let hours = match (self.from_hour, self.until_hour) {
            (Some(from), Some(until)) if from < 24 && until < 24 && from != until => {
                Some((from, until))
            }
            (None, None) => None,
            _ => {
                return Err(bad(
                    "`from_hour` and `until_hour` are two hours, 0 to 23.",
                    "from_hour 与 until_hour 须为 0 至 23 的两个不同小时。",
                ));
            }
        };
        let longer = |text: &Option<String>, max| text.as_ref().is_some_and(|one| one.len() > max);
        if longer(&self.categories, CATEGORIES_BYTES_MAX) || longer(&self.days, DAYS_BYTES_MAX) {
            return Err(bad(
                "`categories` are at most 1000 bytes, `days` 20.",
                "categories 最多 1000 字节，days 最多 20 字节。",
            ));
        }
        let listed = |text: &Option<String>| -> Vec<String> {
            let text = text.clone().unwrap_or_default();
            text.split(',')
                .map(str::trim)
                .filter(|one| !one.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let categories: Result<_, Problem> = listed(&self.categories)
            .iter()
            .map(|one| read::<Code>("categories", one))
            .collect();
        let day = |one: &String| one.parse::<u8>().ok().filter(|day| *day < 7);
        let days: Option<_> = listed(&self.days).iter().map(day).collect();
        Ok(PatternQuery {
            area: read_maybe("area", self.area.as_deref())?,
            around,
            from: read_time_maybe("from", self.from.as_deref())?,
            until: read_time_maybe("until", self.until.as_deref())?,
            categories: categories?,
            words: read_maybe("words", self.words.as_deref())?,
            hours,
            days: days
                .ok_or_else(|| bad("Days are 0 (Monday) to 6.", "星期以 0（周一）至 6 表示。"))?,
        })
    }
}

impl From<&PatternQuery> for PatternQueryView {
    fn from(query: &PatternQuery) -> PatternQueryView {
        let joined = |all: Vec<String>| (!all.is_empty()).then(|| all.join(","));
        PatternQueryView {
            area: query.area.as_ref().map(ToString::to_string),
            lat: query.around.map(|(point, _)| point.lat()),
            lon: query.around.map(|(point, _)| point.lon()),
            radius_m: query.around.map(|(_, radius_m)| radius_m),
            from: view::maybe_time(query.from),
            until: view::maybe_time(query.until),
            categories: joined(query.categories.iter().map(ToString::to_string).collect()),
            words: query.words.as_ref().map(ToString::to_string),
            from_hour: query.hours.map(|(from, _)| from),
            until_hour: query.hours.map(|(_, until)| until),
            days: joined(query.days.iter().map(ToString::to_string).collect()),
        }
    }
}

fn bad(en: &str, zh: &str) -> Problem {
    Problem::unreadable(en, zh)
}

/// What a question found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PatternsView {
    /// How many incidents fit, all of them.
    count: usize,
    /// True if there is more on record than was looked through.
    cut: bool,
    /// The newest of them, to list and to draw.
    incidents: Vec<PatternFoundView>,
    /// How many by local day, from the first to the last.
    by_day: Vec<DayCountView>,
    /// How many by hour of the day, 0 to 23.
    by_hour: Vec<u32>,
    /// How many by day of the week, Monday first.
    by_weekday: Vec<u32>,
    /// The time zone of days and hours.
    zone: String,
}

/// An incident that fits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PatternFoundView {
    /// Its id.
    id: String,
    /// The agency's running number.
    number: u64,
    /// What it is.
    category: String,
    /// The same in words.
    category_text: TextView,
    /// How urgent.
    priority: u8,
    /// When it was opened.
    opened_at: String,
    /// Where, in words.
    address: Option<String>,
    /// The station area.
    area: Option<String>,
    /// Latitude in degrees (WGS 84).
    lat: f64,
    /// Longitude in degrees (WGS 84).
    lon: f64,
}

/// How many incidents a day had.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DayCountView {
    /// The local day.
    day: String,
    /// How many.
    count: u32,
}

fn may_study(session: &Session) -> Result<(), Problem> {
    if session.may(Permission::StudyPatterns) {
        Ok(())
    } else {
        Err(Problem::denied())
    }
}

/// Finds past incidents by place, time, category and words. Who called, what was said and what was noted are not looked through.
#[utoipa::path(get, path = "/api/v1/patterns", tag = "patterns", params(PatternQueryView),
    responses((status = 200, body = PatternsView)))]
pub(crate) async fn search(
    State(app): State<App>,
    session: Session,
    Query(query): Query<PatternQueryView>,
) -> Result<Json<PatternsView>, Problem> {
    allowed(&session)?;
    may_study(&session)?;
    let query = query.read()?;
    let zone = zone_of(app.node.settings().zone.as_deref());
    let response = app.node.response().clone();
    let of_zone = zone.clone();
    let found = app.node.figures().read(move |reader| {
        incidents(reader, query.from, |incident| {
            let label = response.category_label(&incident.category);
            query.fits(incident, &label, hour_of_week(&of_zone, incident.opened_at))
        })
    });
    let (mut found, cut) = found.await?;
    found.sort_by_key(|incident| std::cmp::Reverse(incident.opened_at));
    let (mut by_day, mut by_hour, mut by_weekday) = (BTreeMap::new(), vec![0; 24], vec![0; 7]);
    for incident in &found {
        let hour = hour_of_week(&zone, incident.opened_at).index();
        by_hour[hour % 24] += 1;
        by_weekday[hour / 24] += 1;
        *by_day
            .entry(day_of(&zone, incident.opened_at))
            .or_insert(0_u32) += 1;
    }
    let name = app.node.settings().zone.clone();
    Ok(Json(PatternsView {
        count: found.len(),
        cut,
        by_day: by_day
            .into_iter()
            .map(|(day, count)| DayCountView { day, count })
            .collect(),
        by_hour,
        by_weekday,
        zone: name.unwrap_or_else(|| "UTC".to_owned()),
        incidents: found
            .iter()
            .take(FOUND_MAX)
            .map(|one| shown(&app, one))
            .collect(),
    }))
}

fn day_of(zone: &TimeZone, at: Timestamp) -> String {
    let time = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    zone.to_datetime(time).date().to_string()
}

fn shown(app: &App, one: &Incident) -> PatternFoundView {
    PatternFoundView {
        id: one.id.to_string(),
        number: one.number,
        category: one.category.to_string(),
        category_text: app.node.response().category_label(&one.category).into(),
        priority: one.priority.into(),
        opened_at: view::time(one.opened_at),
        address: one.place.address.as_ref().map(ToString::to_string),
        area: one.place.area.as_ref().map(ToString::to_string),
        lat: one.place.point.lat(),
        lon: one.place.point.lon(),
    }
}

/// Reads the incidents of the record that fit and count: those that were merged go on as another. Says whether there are more
/// than may be looked through.
fn incidents(
    reader: &Reader,
    since: Option<Timestamp>,
    fits: impl Fn(&Incident) -> bool,
) -> Result<(Vec<Arc<Incident>>, bool), StoreError> {
    let mut found = Vec::new();
    let cut = rows(reader, RecordKind::Incident, since, |record| {
        if let Record::Incident(incident) = record
            && incident.merged_into().is_none()
            && fits(&incident)
        {
            found.push(incident);
        }
        true
    })?;
    Ok((found, cut))
}

/// Goes through the records of a kind that changed since a time, last changed first, for as long as it is told to; returns true
/// if it ended before their end.
fn rows(
    reader: &Reader,
    kind: RecordKind,
    since: Option<Timestamp>,
    mut take: impl FnMut(Record) -> bool,
) -> Result<bool, StoreError> {
    let filter = Filter {
        open: None,
        parent: None,
    };
    let (mut after, mut seen) = (None, 0);
    loop {
        let page = reader.records(kind, filter, after, ROWS)?;
        for row in &page.rows {
            if since.is_some_and(|since| row.changed_at < since) {
                return Ok(false);
            }
            if !take(reader.plain(row)?) {
                return Ok(true);
            }
        }
        seen += page.rows.len();
        match page.next {
            Some(_) if seen >= ROWS_MAX => return Ok(true),
            Some(next) => after = Some(next),
            None => return Ok(false),
        }
    }
}

/// Incidents like one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LikeView {
    /// Most alike first.
    items: Vec<AlikeView>,
    /// Points from which one is told, of 100.
    points_min: u32,
}

/// An incident like another, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlikeView {
    /// The incident.
    incident: PatternFoundView,
    /// How alike, of 100.
    points: u32,
    /// What that adds up from.
    terms: Vec<TermView>,
}

/// What one term adds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TermView {
    /// Which.
    what: TermOfView,
    /// Points it adds.
    points: u32,
    /// The most it could add.
    most: u32,
    /// In words.
    said: TextView,
}

/// What two incidents are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TermOfView {
    /// What they are.
    Category,
    /// How far apart.
    Distance,
    /// At what time of the day and on what kind of day.
    Hour,
    /// What their addresses share.
    Words,
}

super::view::same_words!(TermOf <=> TermOfView { Category, Distance, Hour, Words });

/// Finds past incidents that are like one, by terms that are shown: category, distance, hour and the words of the address.
#[utoipa::path(get, path = "/api/v1/patterns/like/{id}", tag = "patterns", params(("id" = String, Path)),
    responses((status = 200, body = LikeView)))]
pub(crate) async fn like(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Json<LikeView>, Problem> {
    may_study(&session)?;
    let one = find::<Incident>(&app, read_id::<IncidentId>(&id)?)?;
    let zone = zone_of(app.node.settings().zone.as_deref());
    let found = app.node.figures().read(move |reader| {
        let hour = |incident: &Incident| -> HourOfWeek { hour_of_week(&zone, incident.opened_at) };
        let mut alike: Vec<(u32, Arc<Incident>, [Term; 4])> = Vec::new();
        rows(reader, RecordKind::Incident, None, |record| {
            if let Record::Incident(other) = record
                && other.id != one.id
                && other.merged_into().is_none()
            {
                let terms = likeness((&one, hour(&one)), (&other, hour(&other)));
                let points = terms.iter().map(|term| term.points).sum();
                if points >= LIKE_POINTS_MIN {
                    alike.push((points, other, terms));
                }
            }
            true
        })?;
        alike.sort_by_key(|(points, other, _)| std::cmp::Reverse((*points, other.opened_at)));
        alike.truncate(LIKE_MAX);
        Ok(alike)
    });
    let items = found
        .await?
        .into_iter()
        .map(|(points, other, terms)| AlikeView {
            incident: shown(&app, &other),
            points,
            terms: terms
                .into_iter()
                .map(|term| TermView {
                    what: term.what.into(),
                    points: term.points,
                    most: term.most,
                    said: term.said.into(),
                })
                .collect(),
        });
    Ok(Json(LikeView {
        items: items.collect(),
        points_min: LIKE_POINTS_MIN,
    }))
}

/// Where more of the public call than usual.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallAlertsView {
    /// Rarest first.
    items: Vec<CallAlertView>,
    /// As of when.
    at: String,
    /// Since when calls are counted for what is usual; nothing if there are none.
    since: Option<String>,
    /// Groups of area and category that are watched.
    groups: usize,
    /// Hours of record that are needed before anything is told.
    hours_min: u32,
    /// False if there are not so many yet: then silence says nothing.
    known: bool,
    /// False alerts a day that the threshold is set for.
    false_alerts_per_day: f64,
}

/// More calls than usual.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallAlertView {
    /// The station area; all when absent.
    area: Option<String>,
    /// The category; all when absent.
    category: Option<String>,
    /// The same in words.
    category_text: Option<TextView>,
    /// Over how many hours.
    span_h: u32,
    /// How many came.
    count: u32,
    /// How many were to be expected.
    expected: f64,
    /// The chance that as many or more come when all is as usual, in millionths.
    chance_e6: f64,
}

/// Tells where more of the public call than usual, by station area and category, over the last 1, 8 and 24 hours. What officers
/// begin is not counted, and calls about one incident count once.
#[utoipa::path(get, path = "/api/v1/patterns/alerts", tag = "patterns",
    responses((status = 200, body = CallAlertsView)))]
pub(crate) async fn alerts(
    State(app): State<App>,
    session: Session,
) -> Result<Json<CallAlertsView>, Problem> {
    may_study(&session)?;
    let now = app.node.now();
    let watched = match app.node.cover().watched(now) {
        Some(watched) => watched,
        None => watch(&app, now).await?,
    };
    let rules = WatchRules::default();
    let (since, made) = match watched.as_ref() {
        Some((since, made)) => (Some(*since), Some(made)),
        None => (None, None),
    };
    let hours = since.map_or(0, |since| now.seconds_since(since) / 3_600);
    let found = made.map_or_else(Vec::new, |made| made.alerts(now));
    Ok(Json(CallAlertsView {
        items: found.iter().map(|one| alert(&app, one)).collect(),
        at: view::time(now),
        since: view::maybe_time(since),
        groups: made.map_or(0, Watch::groups),
        hours_min: rules.hours_min,
        known: hours > u64::from(rules.hours_min),
        false_alerts_per_day: rules.false_alerts_per_day,
    }))
}

fn alert(app: &App, one: &CallAlert) -> CallAlertView {
    let category = one.group.category.as_ref();
    CallAlertView {
        area: one.group.area.as_ref().map(ToString::to_string),
        category: category.map(ToString::to_string),
        category_text: category.map(|code| app.node.response().category_label(code).into()),
        span_h: one.span_h,
        count: one.count,
        expected: (one.expected * 100.0).round() / 100.0,
        chance_e6: one.chance * 1e6,
    }
}

/// Reads the calls of the public of the last weeks, and keeps what is made of them for a minute.
async fn watch(app: &App, now: Timestamp) -> Result<Arc<Option<(Timestamp, Watch)>>, Problem> {
    let oldest = Timestamp(now.0.saturating_sub(USUAL_DAYS * 24 * 3_600_000));
    let calls = app.node.figures().read(move |reader| {
        let mut calls: Vec<(Timestamp, CountedCall)> = Vec::new();
        rows(reader, RecordKind::Call, Some(oldest), |record| {
            if let Record::Call(call) = record
                && call.received_at >= oldest
            {
                let counted = CountedCall::of(&call);
                calls.extend(counted.map(|counted| (call.received_at, counted)));
            }
            calls.len() < USUAL_CALLS_MAX
        })?;
        Ok(calls)
    });
    let calls = calls.await?;
    let zone = zone_of(app.node.settings().zone.as_deref());
    let made = calls.iter().map(|(at, _)| *at).min().map(|since| {
        let counted: Vec<CountedCall> = calls.into_iter().map(|(_, one)| one).collect();
        let from = Timestamp(since.0.div_euclid(3_600_000) * 3_600_000);
        let first = hour_of_week(&zone, from);
        (
            from,
            Watch::new(&counted, from, first, WatchRules::default()),
        )
    });
    Ok(app.node.cover().watch(now, made))
}

/// A question that is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavedViewView {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// The question.
    query: PatternQueryView,
}

/// Questions that are kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavedViewsView {
    /// By name.
    items: Vec<SavedViewView>,
}

/// Lists the questions that are kept.
#[utoipa::path(get, path = "/api/v1/patterns/views", tag = "patterns",
    responses((status = 200, body = SavedViewsView)))]
pub(crate) async fn views(
    State(app): State<App>,
    session: Session,
) -> Result<Json<SavedViewsView>, Problem> {
    may_study(&session)?;
    Ok(Json(kept(&app)))
}

fn kept(app: &App) -> SavedViewsView {
    let board = app.node.board();
    let all = board.saved_views.values();
    let mut items: Vec<SavedViewView> = all
        .filter(|one| one.removed_at.is_none())
        .map(|one| SavedViewView {
            id: one.id.to_string(),
            name: one.name.to_string(),
            query: (&one.query).into(),
        })
        .collect();
    items.sort_by(|a, b| a.name.cmp(&b.name));
    SavedViewsView { items }
}

/// A question to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SaveViewBody {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// The question.
    query: PatternQueryView,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(SaveViewBody);

/// Keeps a question under a name.
#[utoipa::path(post, path = "/api/v1/patterns/views", tag = "patterns", request_body = SaveViewBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = SavedViewsView)))]
pub(crate) async fn save_view(asked: Asked) -> Result<(StatusCode, Json<SavedViewsView>), Problem> {
    let meaning = |body: SaveViewBody| {
        Ok(Action::SavedView(SavedViewAction::Save {
            name: read::<Line>("name", &body.name)?,
            query: body.query.read()?,
        }))
    };
    asked.act(&[Permission::KeepViews], meaning).await?;
    Ok((StatusCode::CREATED, Json(kept(&asked.app))))
}

/// Keeps a question no longer.
#[utoipa::path(post, path = "/api/v1/patterns/views/{id}/remove", tag = "patterns", request_body = NothingMore,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), responses((status = 200, body = SavedViewsView)))]
pub(crate) async fn remove_view(
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Json<SavedViewsView>, Problem> {
    let meaning = |_: NothingMore| {
        let view: SavedViewId = read_id(&id)?;
        find::<SavedView>(&asked.app, view)?;
        Ok(Action::SavedView(SavedViewAction::Remove { view }))
    };
    asked.act(&[Permission::KeepViews], meaning).await?;
    Ok(Json(kept(&asked.app)))
}

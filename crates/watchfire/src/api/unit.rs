//! Units: entered, brought on and off duty, and where they are.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{Code, Line, Point, StationId, UnitId};
use watchfire_core::record::Action;
use watchfire_core::record::unit::{Duty, Unit, UnitAction, UnitDetails};

use super::assignment::read_word;
use super::board::{allowed, find, page};
use super::view::{self, UnitView};
use super::{App, Asked, Body, Envelope, Page, PageQuery, Query, answer, read, read_id, read_time};
use crate::policy::{Permission, Session};
use crate::positions::Position;
use crate::problem::Problem;

/// Positions in one report at most.
pub const POSITIONS_PER_REPORT_MAX: usize = 2_000;

/// What a unit is and can do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "callsign": "E12", "kind": "engine", "capabilities": ["pump"], "post": { "lat": 37.7793, "lon": -122.4193 },
    "crew": 4,
}))]
pub(crate) struct UnitBody {
    /// What it is called on the radio; taken when it is entered, and not changed afterwards.
    #[schema(min_length = 1, max_length = 200)]
    callsign: String,
    /// Its kind, a code of the response file.
    #[schema(min_length = 1, max_length = 48)]
    kind: String,
    /// What it can do, codes of the response file.
    #[serde(default)]
    #[schema(max_items = 64)]
    capabilities: Vec<String>,
    /// The id of the station it starts from.
    station: Option<String>,
    /// Where it stands if it has no station: latitude and longitude in degrees.
    post: Option<PostBody>,
    /// How many people are on it.
    crew: Option<u8>,
    /// The station areas it may be sent to; everywhere when empty.
    #[serde(default)]
    #[schema(max_items = 64)]
    areas: Vec<String>,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// A point.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostBody {
    /// Latitude in degrees.
    #[schema(minimum = -90, maximum = 90)]
    lat: f64,
    /// Longitude in degrees.
    #[schema(minimum = -180, maximum = 180)]
    lon: f64,
}

/// A step in the duty of a unit.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DutyStepView {
    /// On duty, or back in service.
    Available,
    /// Out of service (needs a reason).
    OutOfService,
    /// Off duty.
    OffDuty,
    /// Its crew rests (needs `until`).
    Rest,
    /// Its rest ends early.
    EndRest,
}

/// What goes with a step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DutyBody {
    /// Why, for `out-of-service`.
    #[schema(min_length = 1, max_length = 200)]
    reason: Option<String>,
    /// Until when, for `rest`.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(UnitBody, DutyBody);

impl UnitBody {
    fn details(&self) -> Result<UnitDetails, Problem> {
        let capabilities: Result<_, Problem> = self
            .capabilities
            .iter()
            .map(|one| read::<Code>("capabilities", one))
            .collect();
        let areas: Result<_, Problem> = self
            .areas
            .iter()
            .map(|one| read::<Line>("areas", one))
            .collect();
        Ok(UnitDetails {
            kind: read("kind", &self.kind)?,
            capabilities: capabilities?,
            station: self
                .station
                .as_deref()
                .map(read_id::<StationId>)
                .transpose()?,
            post: self
                .post
                .as_ref()
                .map(|post| read_point(post.lat, post.lon))
                .transpose()?,
            crew: self.crew,
            areas: areas?,
        })
    }
}

fn read_point(lat: f64, lon: f64) -> Result<Point, Problem> {
    Point::from_degrees(lat, lon).map_err(|error| super::unreadable("position", &error))
}

/// Lists units, last changed first.
#[utoipa::path(get, path = "/api/v1/units", tag = "units", params(PageQuery),
    responses((status = 200, body = Page<UnitView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<UnitView>>, Problem> {
    page(&app, &session, &query, |board, one: &Unit| {
        view::unit(board, one, app.node.positions().get_with_area(one.id))
    })
}

/// Shows a unit.
#[utoipa::path(get, path = "/api/v1/units/{id}", tag = "units", params(("id" = String, Path)),
    responses((status = 200, body = UnitView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    allowed(&session)?;
    respond(&app, read_id(&id)?, StatusCode::OK)
}

pub(crate) fn respond(app: &App, id: UnitId, status: StatusCode) -> Result<Response, Problem> {
    let unit = find::<Unit>(app, id)?;
    let position = app.node.positions().get_with_area(id);
    Ok(answer(
        status,
        unit.version,
        &view::unit(&app.node.board(), &unit, position),
    ))
}

/// Enters a unit; it is off duty at first.
#[utoipa::path(post, path = "/api/v1/units", tag = "units", request_body = UnitBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = UnitView)))]
pub(crate) async fn enter(asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: UnitBody| {
        Ok(Action::Unit(UnitAction::Enter {
            callsign: read("callsign", &body.callsign)?,
            details: body.details()?,
        }))
    };
    let outcome = asked.act(&[Permission::KeepUnits], meaning).await?;
    respond(
        &asked.app,
        UnitId(outcome.records[0].0.id),
        StatusCode::CREATED,
    )
}

/// Changes what a unit is and can do.
#[utoipa::path(put, path = "/api/v1/units/{id}", tag = "units", request_body = UnitBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = UnitView)))]
pub(crate) async fn amend(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: UnitBody| {
        Ok(Action::Unit(UnitAction::Amend {
            unit: read_id(&id)?,
            details: body.details()?,
        }))
    };
    let outcome = asked.act(&[Permission::KeepUnits], meaning).await?;
    respond(&asked.app, UnitId(outcome.records[0].0.id), StatusCode::OK)
}

/// Brings a unit on or off duty, in or out of service, to rest or back.
#[utoipa::path(post, path = "/api/v1/units/{id}/{step}", tag = "units", request_body = DutyBody,
    params(("id" = String, Path), ("step" = inline(DutyStepView), Path), ("Idempotency-Key" = String, Header),
        ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = UnitView)))]
pub(crate) async fn step(
    Path((id, step)): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, Problem> {
    let meaning = |body: DutyBody| {
        let unit = read_id(&id)?;
        let step: DutyStepView = read_word(&step)?;
        Ok(Action::Unit(match step {
            DutyStepView::Available => UnitAction::MakeAvailable { unit },
            DutyStepView::OutOfService => {
                let reason = read("reason", body.reason.as_deref().unwrap_or_default())?;
                UnitAction::TakeOutOfService { unit, reason }
            }
            DutyStepView::OffDuty => UnitAction::GoOffDuty { unit },
            DutyStepView::Rest => UnitAction::Rest {
                unit,
                until: read_time("until", body.until.as_deref().unwrap_or_default())?,
            },
            DutyStepView::EndRest => UnitAction::EndRest { unit },
        }))
    };
    let outcome = asked
        .act(&[Permission::RunUnits, Permission::ReportOwnUnit], meaning)
        .await?;
    let id = UnitId(outcome.records[0].0.id);
    let off_duty = asked
        .app
        .node
        .board()
        .units
        .get(&id)
        .is_some_and(|unit| unit.duty == Duty::OffDuty);
    if off_duty {
        // Nobody is followed who is not on duty.
        asked.app.node.positions().forget(id);
    }
    respond(&asked.app, id, StatusCode::OK)
}

/// Where a unit is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PositionBody {
    /// The unit, by id or call sign; left out when the address names it.
    unit: Option<String>,
    /// Latitude in degrees.
    #[schema(minimum = -90, maximum = 90)]
    lat: f64,
    /// Longitude in degrees.
    #[schema(minimum = -180, maximum = 180)]
    lon: f64,
    /// Degrees clockwise from north, if it moves.
    #[schema(minimum = 0, maximum = 359)]
    heading_deg: Option<u16>,
    /// When it was there, if not now.
    #[schema(format = DateTime)]
    at: Option<String>,
}

/// Where several units are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PositionsBody {
    /// One for each unit.
    #[schema(max_items = 2000)]
    positions: Vec<PositionBody>,
}

/// What became of a report of positions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PositionsView {
    /// How many were taken.
    taken: usize,
    /// Those of units that are unknown or off duty, which nobody follows.
    passed_over: Vec<String>,
}

/// Reports where a unit is. Not an action: positions are kept in memory only.
#[utoipa::path(put, path = "/api/v1/units/{id}/position", tag = "units", request_body = PositionBody,
    params(("id" = String, Path)), responses((status = 200, body = PositionsView)))]
pub(crate) async fn report_position(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
    envelope: Envelope,
    body: Body,
) -> Result<Response, Problem> {
    let own = session.may(Permission::ReportOwnUnit)
        && session.unit.is_some_and(|unit| unit.to_string() == id);
    if !own && !session.may(Permission::ReportPositions) {
        return Err(Problem::denied());
    }
    let mut body: PositionBody = body.read(envelope.json)?;
    let unit: UnitId = read_id(&id)?;
    if app.node.board().unit(unit).is_err() {
        return Err(Problem::not_found());
    }
    body.unit = Some(id);
    Ok(Json(take(&app, &[body])?).into_response())
}

/// Reports where several units are. Not an action: positions are kept in memory only.
#[utoipa::path(post, path = "/api/v1/positions", tag = "units", request_body = PositionsBody,
    responses((status = 200, body = PositionsView)))]
pub(crate) async fn report_positions(
    State(app): State<App>,
    session: Session,
    envelope: Envelope,
    body: Body,
) -> Result<Response, Problem> {
    if !session.may(Permission::ReportPositions) {
        return Err(Problem::denied());
    }
    let body: PositionsBody = body.read(envelope.json)?;
    if body.positions.len() > POSITIONS_PER_REPORT_MAX {
        return Err(Problem::unreadable(
            format!("At most {POSITIONS_PER_REPORT_MAX} positions are taken at a time."),
            format!("每次最多 {POSITIONS_PER_REPORT_MAX} 个位置。"),
        ));
    }
    Ok(Json(take(&app, &body.positions)?).into_response())
}

fn take(app: &App, reports: &[PositionBody]) -> Result<PositionsView, Problem> {
    let now = app.node.now();
    let mut read = Vec::with_capacity(reports.len());
    for report in reports {
        if report.heading_deg.is_some_and(|heading| heading > 359) {
            return Err(Problem::unreadable(
                "`heading_deg` is 0 to 359.",
                "heading_deg 应为 0 至 359。",
            ));
        }
        let at = match report.at.as_deref() {
            // A position from the future would hide all that come after it.
            Some(text) => read_time("at", text)?.min(now),
            None => now,
        };
        let point = read_point(report.lat, report.lon)?;
        read.push((
            report.unit.as_deref().unwrap_or_default(),
            Position {
                point,
                heading_deg: report.heading_deg,
                at,
            },
        ));
    }
    app.node
        .settings()
        .travel
        .expect(read.iter().map(|(_, position)| position.start(0)));
    let board = app.node.board();
    let mut view = PositionsView {
        taken: 0,
        passed_over: Vec::new(),
    };
    for (name, position) in read {
        let by_id = name
            .parse()
            .ok()
            .and_then(|id: UnitId| board.units.get(&id))
            .map(AsRef::as_ref);
        let unit = by_id.or_else(|| board.unit_by_callsign(&name.parse().ok()?));
        match unit.filter(|unit| unit.duty != Duty::OffDuty) {
            Some(unit) => {
                app.node.positions().put(unit.id, position, now);
                view.taken += 1;
            }
            None => view.passed_over.push(name.chars().take(64).collect()),
        }
    }
    Ok(view)
}

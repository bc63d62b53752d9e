//! Stations: entered and amended.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use watchfire_core::basis::{Line, StationId};
use watchfire_core::record::Action;
use watchfire_core::record::station::{Station, StationAction, StationDetails};

use super::board::{allowed, find, page};
use super::view::{self, StationView};
use super::{App, Asked, Page, PageQuery, PlaceBody, Query, answer, read, read_id};
use crate::policy::{Permission, Session};
use crate::problem::Problem;

/// What a station is and where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "12", "name": "Fire Station 12", "place": { "lat": 37.7636, "lon": -122.4526 },
}))]
pub(crate) struct StationBody {
    /// The agency's short code for it; taken when it is entered, and not changed afterwards.
    #[schema(min_length = 1, max_length = 200)]
    code: String,
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Where.
    place: PlaceBody,
    /// The areas it answers for first; its own code when empty.
    #[serde(default)]
    #[schema(max_items = 64)]
    areas: Vec<String>,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(StationBody);

impl StationBody {
    fn details(&self) -> Result<StationDetails, Problem> {
        let areas: Result<_, Problem> = self
            .areas
            .iter()
            .map(|one| read::<Line>("areas", one))
            .collect();
        Ok(StationDetails {
            name: read("name", &self.name)?,
            place: self.place.read()?,
            areas: areas?,
        })
    }
}

/// Lists stations, last changed first.
#[utoipa::path(get, path = "/api/v1/stations", tag = "stations", params(PageQuery),
    responses((status = 200, body = Page<StationView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<StationView>>, Problem> {
    page(&app, &session, &query, |_, one: &Station| {
        view::station(one)
    })
}

/// Shows a station.
#[utoipa::path(get, path = "/api/v1/stations/{id}", tag = "stations", params(("id" = String, Path)),
    responses((status = 200, body = StationView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    allowed(&session)?;
    respond(&app, read_id(&id)?, StatusCode::OK)
}

fn respond(app: &App, id: StationId, status: StatusCode) -> Result<Response, Problem> {
    let found = find::<Station>(app, id)?;
    Ok(answer(status, found.version, &view::station(&found)))
}

/// Enters a station.
#[utoipa::path(post, path = "/api/v1/stations", tag = "stations", request_body = StationBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = StationView)))]
pub(crate) async fn enter(asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: StationBody| {
        Ok(Action::Station(StationAction::Enter {
            code: read("code", &body.code)?,
            details: body.details()?,
        }))
    };
    let outcome = asked.act(&[Permission::KeepUnits], meaning).await?;
    respond(
        &asked.app,
        StationId(outcome.records[0].0.id),
        StatusCode::CREATED,
    )
}

/// Changes what a station is and where.
#[utoipa::path(put, path = "/api/v1/stations/{id}", tag = "stations", request_body = StationBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = StationView)))]
pub(crate) async fn amend(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: StationBody| {
        Ok(Action::Station(StationAction::Amend {
            station: read_id(&id)?,
            details: body.details()?,
        }))
    };
    let outcome = asked.act(&[Permission::KeepUnits], meaning).await?;
    respond(
        &asked.app,
        StationId(outcome.records[0].0.id),
        StatusCode::OK,
    )
}

//! Operations: what several agencies do together, shown whole, and every step that can be taken in one.
//!
//! A view of an operation holds everything that its page shows (who takes part, what is shared and how fresh it is,
//! what was said, asked and answered, how far each thing has come to each member), so that a screen folds nothing.

pub mod shown;
mod steps;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use watchfire_core::basis::OperationId;
use watchfire_core::record::Action;
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::operation::{Handling, History, OperationAction};

use super::board::allowed;
use super::{App, Asked, Timed, answer, incident, read, read_id};
use crate::policy::{Permission, Session};
use crate::problem::Problem;
pub use shown::OperationView;
pub(crate) use shown::{on_board, shown};
pub(crate) use steps::OperationStep;

/// What an operation is raised for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RaiseBody {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it is for.
    #[schema(min_length = 1, max_length = 200)]
    purpose: String,
    /// On what legal basis agencies share in it.
    #[schema(min_length = 1, max_length = 200)]
    legal_basis: String,
    /// How what is shared in it may be handled.
    handling: HandlingView,
    /// True if late joiners get only what comes after they joined.
    #[serde(default)]
    history_since_join: bool,
    /// True if it is an exercise.
    #[serde(default)]
    exercise: bool,
    /// The operation that it goes on for, if its lead was lost.
    succeeds: Option<String>,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(RaiseBody);

/// How what is shared may be handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandlingView {
    /// For police use.
    PoliceUse,
    /// Not as evidence without permission.
    NotAsEvidence,
    /// Not passed on without permission.
    NoOnwardSharing,
}

impl From<HandlingView> for Handling {
    fn from(view: HandlingView) -> Handling {
        match view {
            HandlingView::PoliceUse => Handling::PoliceUse,
            HandlingView::NotAsEvidence => Handling::NotAsEvidence,
            HandlingView::NoOnwardSharing => Handling::NoOnwardSharing,
        }
    }
}

impl From<Handling> for HandlingView {
    fn from(handling: Handling) -> HandlingView {
        match handling {
            Handling::PoliceUse => HandlingView::PoliceUse,
            Handling::NotAsEvidence => HandlingView::NotAsEvidence,
            Handling::NoOnwardSharing => HandlingView::NoOnwardSharing,
        }
    }
}

impl Timed for OperationStep {
    fn happened_at(&self) -> Option<&str> {
        None
    }
}

/// Lists the operations that this node takes part in, was called into, or took part in.
#[utoipa::path(get, path = "/api/v1/operations", tag = "operations",
    responses((status = 200, body = Vec<OperationView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
) -> Result<Json<Vec<OperationView>>, Problem> {
    allowed(&session)?;
    let personal = session.may(Permission::ReadPersonal);
    let ids: Vec<OperationId> = {
        let board = app.node.board();
        board.all_operations().iter().map(|one| one.id).collect()
    };
    let all = ids
        .into_iter()
        .filter_map(|id| shown(&app.node, id, personal));
    Ok(Json(all.collect()))
}

/// Shows an operation.
#[utoipa::path(get, path = "/api/v1/operations/{id}", tag = "operations", params(("id" = String, Path)),
    responses((status = 200, body = OperationView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    allowed(&session)?;
    respond(&app, &session, read_id(&id)?, StatusCode::OK)
}

fn respond(
    app: &App,
    session: &Session,
    id: OperationId,
    status: StatusCode,
) -> Result<Response, Problem> {
    let personal = session.may(Permission::ReadPersonal);
    let found = shown(&app.node, id, personal).ok_or_else(Problem::not_found)?;
    Ok(answer(status, found.version, &found))
}

/// Raises an operation, which this node then leads.
#[utoipa::path(post, path = "/api/v1/operations", tag = "operations", request_body = RaiseBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = OperationView)))]
pub(crate) async fn raise(asked: Asked) -> Result<Response, Problem> {
    let own_name = asked.app.node.settings().name.clone();
    let meaning = |body: RaiseBody| {
        Ok(Action::Operation(OperationAction::Raise {
            name: read("name", &body.name)?,
            purpose: read("purpose", &body.purpose)?,
            legal_basis: read("legal_basis", &body.legal_basis)?,
            handling: body.handling.into(),
            history: match body.history_since_join {
                true => History::SinceJoin,
                false => History::All,
            },
            exercise: body.exercise,
            succeeds: body.succeeds.as_deref().map(read_id).transpose()?,
            own_name: read("name", &own_name)?,
        }))
    };
    let outcome = asked.act(&[Permission::LeadOperations], meaning).await?;
    let id = OperationId(outcome.records[0].0.id);
    respond(&asked.app, &asked.session, id, StatusCode::CREATED)
}

/// Takes a step in an operation: calls in, joins, shares, lends, says, asks, answers, signs, hands over, ends.
#[utoipa::path(post, path = "/api/v1/operations/{id}/steps", tag = "operations", request_body = OperationStep,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = OperationView)))]
pub(crate) async fn step(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let operation: OperationId = read_id(&id)?;
    let needed = [Permission::ActInOperations, Permission::LeadOperations];
    let now = asked.app.node.now();
    asked
        .act(&needed, |step: OperationStep| step.meaning(operation, now))
        .await?;
    respond(&asked.app, &asked.session, operation, StatusCode::OK)
}

/// An incident of another home.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ElsewhereBody {
    /// Its home.
    node: String,
    /// The incident there.
    incident: String,
    /// What it is here, if another category than there.
    category: Option<String>,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(ElsewhereBody);

impl ElsewhereBody {
    fn of(&self) -> Result<watchfire_core::record::Elsewhere, Problem> {
        steps::elsewhere(&self.node, &format!("incident:{}", self.incident))
    }
}

/// Opens an incident of this node's own about one that another home shares, and pairs them.
#[utoipa::path(post, path = "/api/v1/incidents/paired", tag = "operations", request_body = ElsewhereBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = super::view::IncidentView)))]
pub(crate) async fn open_for(asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: ElsewhereBody| {
        let category = body.category.as_deref();
        Ok(Action::Incident(IncidentAction::OpenFor {
            of: body.of()?,
            category: category.map(|one| read("category", one)).transpose()?,
        }))
    };
    let outcome = asked.act(&[Permission::RunIncidents], meaning).await?;
    let id = watchfire_core::basis::IncidentId(outcome.records[0].0.id);
    incident::respond(&asked.app, id, StatusCode::CREATED)
}

/// Says that an incident is about the same situation as one of another home.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/pairs", tag = "operations", request_body = ElsewhereBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::view::IncidentView)))]
pub(crate) async fn pair(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let incident = read_id(&id)?;
    let meaning = |body: ElsewhereBody| {
        let with = body.of()?;
        Ok(Action::Incident(IncidentAction::Pair { incident, with }))
    };
    asked.act(&[Permission::RunIncidents], meaning).await?;
    incident::respond(&asked.app, incident, StatusCode::OK)
}

/// Erases what was said in an incident that has ended, here and wherever it was told. There is no way back.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/erasure", tag = "operations", request_body = crate::api::WithReason,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::view::IncidentView)))]
pub(crate) async fn erase(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let incident = read_id(&id)?;
    let meaning = |body: super::WithReason| {
        let reason = read("reason", &body.reason)?;
        Ok(Action::Incident(IncidentAction::Erase { incident, reason }))
    };
    asked.act(&[Permission::LeadOperations], meaning).await?;
    incident::respond(&asked.app, incident, StatusCode::OK)
}

/// Says that it is not.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/pairs/end", tag = "operations", request_body = ElsewhereBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::view::IncidentView)))]
pub(crate) async fn unpair(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let incident = read_id(&id)?;
    let meaning = |body: ElsewhereBody| {
        let from = body.of()?;
        Ok(Action::Incident(IncidentAction::Unpair { incident, from }))
    };
    asked.act(&[Permission::RunIncidents], meaning).await?;
    incident::respond(&asked.app, incident, StatusCode::OK)
}

//! Planned actions: written down by the lead of an operation, issued, go, no-go and hold; what the agencies say of their teams.
//!
//! An operation has one at most, so that it is asked for by the operation: `POST /operations/{id}/planned-action` with a plan,
//! then `.../steps` for what the lead decides, and `.../words` for what is said of a team. Whoever is on a team's crew is shown
//! that team and nothing else by [`own`]. Start at [`plan`].

mod shown;
mod views;
mod written;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use watchfire_core::basis::{OperationId, PlannedActionId};
use watchfire_core::record::Action;
use watchfire_core::record::planned_action::PlannedActionAction;
use watchfire_feed::NodeId;

use super::{App, Asked, answer, read, read_id, read_time};
use crate::policy::{Permission, Session};
use crate::problem::Problem;
use shown::Viewer;
pub(crate) use shown::marked;
use views::{OwnTeamView, PlannedActionView};
use written::{PlanBody, PlannedActionStep, RehearsalBody, TeamWordBody};

/// Lists the planned actions that this node knows of: those that go on first, then the others, newest first.
#[utoipa::path(get, path = "/api/v1/planned-actions", tag = "planned actions",
    responses((status = 200, body = Vec<PlannedActionView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
) -> Result<Json<Vec<PlannedActionView>>, Problem> {
    readable(&session)?;
    let board = app.node.board();
    Ok(Json(Viewer::new(&app, &session, &board).all()))
}

/// Shows the teams that the asker's unit is part of, with their task, position and phases, once they may be briefed.
#[utoipa::path(get, path = "/api/v1/planned-actions/own", tag = "planned actions",
    responses((status = 200, body = Vec<OwnTeamView>)))]
pub(crate) async fn own(
    State(app): State<App>,
    session: Session,
) -> Result<Json<Vec<OwnTeamView>>, Problem> {
    if !session.may(Permission::ReportOwnTeam) {
        return Err(Problem::denied());
    }
    let board = app.node.board();
    Ok(Json(Viewer::new(&app, &session, &board).own_teams()))
}

/// Shows the planned action of an operation.
#[utoipa::path(get, path = "/api/v1/operations/{id}/planned-action", tag = "planned actions",
    params(("id" = String, Path)), responses((status = 200, body = PlannedActionView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    readable(&session)?;
    respond(&app, &session, read_id(&id)?, StatusCode::OK)
}

fn readable(session: &Session) -> Result<(), Problem> {
    match session.may(Permission::ReadPlannedActions) {
        true => Ok(()),
        false => Err(Problem::denied()),
    }
}

fn respond(
    app: &App,
    session: &Session,
    id: OperationId,
    status: StatusCode,
) -> Result<Response, Problem> {
    let board = app.node.board();
    let view = Viewer::new(app, session, &board).shown(id);
    let view = view.ok_or_else(Problem::not_found)?;
    Ok(answer(status, view.version, &view))
}

/// Writes the plan down; from now on the operation is a planned action. Only its lead does.
#[utoipa::path(post, path = "/api/v1/operations/{id}/planned-action", tag = "planned actions", request_body = PlanBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = PlannedActionView)))]
pub(crate) async fn plan(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let operation = read_id(&id)?;
    let meaning = |body: PlanBody| {
        let plan = body.read()?;
        let plan = PlannedActionAction::Plan { operation, plan };
        Ok(Action::PlannedAction(plan))
    };
    asked.act(&[Permission::LeadOperations], meaning).await?;
    respond(&asked.app, &asked.session, operation, StatusCode::CREATED)
}

/// Takes a step: the lead changes the plan, issues it, gives go, no-go or hold, says that a phase is done, ends it; an agency
/// says which of its units make up a team.
#[utoipa::path(post, path = "/api/v1/operations/{id}/planned-action/steps", tag = "planned actions",
    request_body = PlannedActionStep,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = PlannedActionView)))]
pub(crate) async fn step(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let operation: OperationId = read_id(&id)?;
    let found = named(&asked.app, operation);
    let any_of = [Permission::LeadOperations, Permission::ActInOperations];
    let meaning = |step: PlannedActionStep| step.meaning(operation, found);
    asked.act(&any_of, meaning).await?;
    respond(&asked.app, &asked.session, operation, StatusCode::OK)
}

/// Says where a team of this agency stands. Its crew does it on a phone, and anybody who acts in operations for it.
#[utoipa::path(post, path = "/api/v1/operations/{id}/planned-action/words", tag = "planned actions",
    request_body = TeamWordBody, params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 204)))]
pub(crate) async fn say(Path(id): Path<String>, asked: Asked) -> Result<StatusCode, Problem> {
    let operation: OperationId = read_id(&id)?;
    let found = named(&asked.app, operation);
    let any_of = [Permission::ActInOperations, Permission::ReportOwnTeam];
    let meaning = |body: TeamWordBody| body.meaning(operation, found);
    asked.act(&any_of, meaning).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Finds the planned action of an operation by its home and name.
fn named(app: &App, operation: OperationId) -> Option<(NodeId, PlannedActionId)> {
    let board = app.node.board();
    let (node, action) = board.planned_action_in(operation)?;
    Some((node, action.id))
}

/// Rehearses it: raises an exercise with the agencies of the plan and the very plan, its times moved. Answers with the new one.
#[utoipa::path(post, path = "/api/v1/operations/{id}/planned-action/rehearsal", tag = "planned actions",
    request_body = RehearsalBody, params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = PlannedActionView)))]
pub(crate) async fn rehearse(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let operation = read_id(&id)?;
    let own_name = asked.app.node.settings().name.clone();
    let meaning = |body: RehearsalBody| {
        Ok(Action::PlannedAction(PlannedActionAction::Rehearse {
            operation,
            name: read("name", &body.name)?,
            go_at: read_time("go_at", &body.go_at)?,
            own_name: read("name", &own_name)?,
        }))
    };
    let outcome = asked.act(&[Permission::LeadOperations], meaning).await?;
    let raised = OperationId(outcome.records[0].0.id);
    respond(&asked.app, &asked.session, raised, StatusCode::CREATED)
}

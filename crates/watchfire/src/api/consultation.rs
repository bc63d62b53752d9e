//! Consultations: called with papers and participants, held with a shared board and notes, concluded with decisions.
//!
//! A participant of another agency says what it has to say as a message in the operation, about the consultation
//! (`POST /operations/{id}/steps`, `say`); it is shown here among the cards and notes. Start at [`list`].

pub(crate) mod shown;
mod written;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::ConsultationId;
use watchfire_core::record::Action;
use watchfire_core::record::consultation::{Consultation, ConsultationAction};

use super::board::{allowed, find, page};
use super::{App, Asked, Page, PageQuery, Query, answer, read_id};
use crate::policy::{Permission, Session};
use crate::problem::Problem;
use shown::Sitter;
pub use shown::{ConsultationMark, ConsultationView};
use written::{ConsultationBody, ConsultationStep};

/// The consultations that somebody takes part in, or may follow.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsultationsView {
    /// Those that go on first, then those to come, then the others, newest first.
    items: Vec<ConsultationView>,
}

/// Lists the consultations that the asker takes part in or may follow, of this node and of others that called this agency in.
#[utoipa::path(get, path = "/api/v1/consultations", tag = "consultations",
    responses((status = 200, body = ConsultationsView)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
) -> Result<Json<ConsultationsView>, Problem> {
    allowed(&session)?;
    let items = Sitter::new(&app, &session).all();
    Ok(Json(ConsultationsView { items }))
}

/// Lists consultations that are over, last changed first, page by page.
#[utoipa::path(get, path = "/api/v1/consultations/ended", tag = "consultations", params(PageQuery),
    responses((status = 200, body = Page<ConsultationView>)))]
pub(crate) async fn ended(
    State(app): State<App>,
    session: Session,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ConsultationView>>, Problem> {
    if !session.may(Permission::ReadAssessments) {
        return Err(Problem::denied());
    }
    let sitter = Sitter::new(&app, &session);
    let query = PageQuery {
        open: Some(false),
        ..query
    };
    page(&app, &session, &query, |board, one: &Consultation| {
        sitter.own(board, one)
    })
}

/// Shows a consultation of this node.
#[utoipa::path(get, path = "/api/v1/consultations/{id}", tag = "consultations", params(("id" = String, Path)),
    responses((status = 200, body = ConsultationView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    allowed(&session)?;
    respond(&app, &session, read_id(&id)?, StatusCode::OK)
}

/// Shows a consultation that another home called this agency into.
#[utoipa::path(get, path = "/api/v1/consultations/of/{node}/{id}", tag = "consultations",
    params(("node" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = ConsultationView)))]
pub(crate) async fn show_elsewhere(
    State(app): State<App>,
    session: Session,
    Path((node, id)): Path<(String, String)>,
) -> Result<Json<ConsultationView>, Problem> {
    allowed(&session)?;
    let node = node.parse().map_err(|_| Problem::not_found())?;
    let found = Sitter::new(&app, &session).elsewhere(node, read_id(&id)?);
    found.map(Json).ok_or_else(Problem::not_found)
}

fn respond(
    app: &App,
    session: &Session,
    id: ConsultationId,
    status: StatusCode,
) -> Result<Response, Problem> {
    let found = find::<Consultation>(app, id)?;
    let sitter = Sitter::new(app, session);
    if !sitter.may_follow(&found) {
        return Err(Problem::not_found());
    }
    let view = sitter.own(&app.node.board(), &found);
    Ok(answer(status, found.version, &view))
}

/// Calls a consultation.
#[utoipa::path(post, path = "/api/v1/consultations", tag = "consultations", request_body = ConsultationBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = ConsultationView)))]
pub(crate) async fn call(asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: ConsultationBody| {
        let details = body.details()?;
        Ok(Action::Consultation(ConsultationAction::Call { details }))
    };
    let outcome = asked.act(&[Permission::CallConsultations], meaning).await?;
    let id = ConsultationId(outcome.records[0].0.id);
    respond(&asked.app, &asked.session, id, StatusCode::CREATED)
}

/// Takes a step in a consultation: opens it, puts a card or a note on it, decides, settles, concludes it or calls it off.
#[utoipa::path(post, path = "/api/v1/consultations/{id}/steps", tag = "consultations", request_body = ConsultationStep,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ConsultationView)))]
pub(crate) async fn step(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let any_of = [Permission::CallConsultations, Permission::Consult];
    let meaning = |step: ConsultationStep| Ok(Action::Consultation(step.meaning(read_id(&id)?)?));
    asked.act(&any_of, meaning).await?;
    respond(&asked.app, &asked.session, read_id(&id)?, StatusCode::OK)
}

//! Assessments: written, reviewed by a second person, issued to named readers, read and superseded; those of other homes that
//! were issued to this agency among them.
//!
//! Who may read one follows from its life: a draft is for those who write and review, an issued one for its readers as well.
//! So nothing of what it says is on the board or in the stream, where [`AssessmentMark`] tells only that there is something
//! to ask for. Start at [`list`].

pub(crate) mod shown;
pub(in crate::api) mod written;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::AssessmentId;
use watchfire_core::record::Action;
use watchfire_core::record::assessment::{Assessment, AssessmentAction};

use super::board::{allowed, find, page};
use super::{App, Asked, Page, PageQuery, Query, answer, read_id};
use crate::policy::{Permission, Session};
use crate::problem::Problem;
use shown::Looker;
pub use shown::{AssessmentMark, AssessmentView};
use written::{AssessmentBody, AssessmentStep};

/// The assessments that somebody may read, and those of other homes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssessmentsView {
    /// Most urgent first among those that are in work or hold, then the others, newest first.
    items: Vec<AssessmentView>,
}

/// Lists the assessments that the asker may read: what is in work, what holds and what ended recently, of this node and of
/// others that issued theirs to it. Without their text.
#[utoipa::path(get, path = "/api/v1/assessments", tag = "assessments",
    responses((status = 200, body = AssessmentsView)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
) -> Result<Json<AssessmentsView>, Problem> {
    allowed(&session)?;
    let items = Looker::new(&app, &session).all();
    Ok(Json(AssessmentsView { items }))
}

/// Lists assessments that ended, last changed first, page by page.
#[utoipa::path(get, path = "/api/v1/assessments/ended", tag = "assessments", params(PageQuery),
    responses((status = 200, body = Page<AssessmentView>)))]
pub(crate) async fn ended(
    State(app): State<App>,
    session: Session,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<AssessmentView>>, Problem> {
    if !session.may(Permission::ReadAssessments) {
        return Err(Problem::denied());
    }
    let looker = Looker::new(&app, &session);
    let query = PageQuery {
        open: Some(false),
        ..query
    };
    page(&app, &session, &query, |board, one: &Assessment| {
        looker.own(board, one)
    })
}

/// Shows an assessment of this node with its text, to whoever may read it.
#[utoipa::path(get, path = "/api/v1/assessments/{id}", tag = "assessments", params(("id" = String, Path)),
    responses((status = 200, body = AssessmentView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    allowed(&session)?;
    respond(&app, &session, read_id(&id)?, StatusCode::OK)
}

/// Shows an assessment that another home issued, with its text.
#[utoipa::path(get, path = "/api/v1/assessments/of/{node}/{id}", tag = "assessments",
    params(("node" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = AssessmentView)))]
pub(crate) async fn show_elsewhere(
    State(app): State<App>,
    session: Session,
    Path((node, id)): Path<(String, String)>,
) -> Result<Json<AssessmentView>, Problem> {
    allowed(&session)?;
    let node = node.parse().map_err(|_| Problem::not_found())?;
    let looker = Looker::new(&app, &session);
    let found = looker.elsewhere(node, read_id(&id)?);
    found.map(Json).ok_or_else(Problem::not_found)
}

pub(super) fn respond(
    app: &App,
    session: &Session,
    id: AssessmentId,
    status: StatusCode,
) -> Result<Response, Problem> {
    let found = find::<Assessment>(app, id)?;
    let looker = Looker::new(app, session);
    if !looker.may_read(&found) {
        return Err(Problem::not_found());
    }
    let view = looker.whole(&app.node.board(), &found);
    Ok(answer(status, found.version, &view))
}

/// Begins an assessment.
#[utoipa::path(post, path = "/api/v1/assessments", tag = "assessments", request_body = AssessmentBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = AssessmentView)))]
pub(crate) async fn draft(asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: AssessmentBody| {
        Ok(Action::Assessment(AssessmentAction::Draft {
            details: body.details()?,
            text: body.text()?,
            supersedes: body.supersedes()?,
        }))
    };
    let outcome = asked.act(&[Permission::WriteAssessments], meaning).await?;
    let id = AssessmentId(outcome.records[0].0.id);
    respond(&asked.app, &asked.session, id, StatusCode::CREATED)
}

/// Changes a draft; `supersedes` stays as it was.
#[utoipa::path(put, path = "/api/v1/assessments/{id}", tag = "assessments", request_body = AssessmentBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = AssessmentView)))]
pub(crate) async fn amend(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: AssessmentBody| {
        Ok(Action::Assessment(AssessmentAction::Amend {
            assessment: read_id(&id)?,
            details: body.details()?,
            text: body.text()?,
        }))
    };
    asked.act(&[Permission::WriteAssessments], meaning).await?;
    respond(&asked.app, &asked.session, read_id(&id)?, StatusCode::OK)
}

/// Takes a step in the life of an assessment: reviews, returns, issues, reads or withdraws it.
#[utoipa::path(post, path = "/api/v1/assessments/{id}/steps", tag = "assessments", request_body = AssessmentStep,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = AssessmentView)))]
pub(crate) async fn step(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let any_of = [
        Permission::WriteAssessments,
        Permission::ReviewAssessments,
        Permission::ReadIssued,
    ];
    let meaning = |step: AssessmentStep| Ok(Action::Assessment(step.meaning(read_id(&id)?)?));
    asked.act(&any_of, meaning).await?;
    respond(&asked.app, &asked.session, read_id(&id)?, StatusCode::OK)
}

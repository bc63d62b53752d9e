//! Assignments: shown, and taken from one step of their life to the next.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use watchfire_core::basis::AssignmentId;
use watchfire_core::record::assignment::{AssignmentAction, Step};
use watchfire_core::record::{Action, Record, RecordKind};

use super::view::{self, AssignmentView};
use super::{App, Asked, Page, PageQuery, Query, answer, read, read_id, read_maybe};
use crate::policy::{Permission, Session};
use crate::problem::Problem;

/// A step in the life of an assignment.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepView {
    /// Send one that was proposed.
    Send,
    /// Send it again.
    Resend,
    /// The crew has it.
    Acknowledge,
    /// The crew says no.
    Decline,
    /// The crew is on its way.
    Depart,
    /// The crew is there.
    Arrive,
    /// The crew is done.
    Clear,
    /// It is called off.
    Cancel,
}

/// What goes with a step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepBody {
    /// Why (for `decline` and `cancel`, which need it) or how it ended (for `clear`).
    #[schema(min_length = 1, max_length = 200)]
    reason: Option<String>,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(StepBody);

/// Lists assignments, last changed first.
#[utoipa::path(get, path = "/api/v1/assignments", tag = "assignments", params(PageQuery),
    responses((status = 200, body = Page<AssignmentView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<AssignmentView>>, Problem> {
    super::board::page(
        &app,
        &session,
        RecordKind::Assignment,
        &query,
        |_, record| match record {
            Record::Assignment(one) => Some(view::assignment(one, &app.node)),
            Record::Call(_)
            | Record::Incident(_)
            | Record::Unit(_)
            | Record::Station(_)
            | Record::Person(_) => None,
        },
    )
}

/// Shows an assignment.
#[utoipa::path(get, path = "/api/v1/assignments/{id}", tag = "assignments", params(("id" = String, Path)),
    responses((status = 200, body = AssignmentView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    super::board::allowed(&session)?;
    respond(&app, read_id(&id)?)
}

fn respond(app: &App, id: AssignmentId) -> Result<Response, Problem> {
    let Some(Record::Assignment(found)) = super::board::find(app, id.into())? else {
        return Err(Problem::not_found());
    };
    Ok(answer(
        StatusCode::OK,
        found.version,
        &view::assignment(&found, &app.node),
    ))
}

/// Takes an assignment a step further.
#[utoipa::path(post, path = "/api/v1/assignments/{id}/{step}", tag = "assignments", request_body = StepBody,
    params(("id" = String, Path), ("step" = inline(StepView), Path), ("Idempotency-Key" = String, Header),
        ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = AssignmentView)))]
pub(crate) async fn step(
    Path((id, step)): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, Problem> {
    let outcome = asked.act(
        &[Permission::SendUnits, Permission::ReportOwnUnit],
        |body: StepBody| {
            let assignment = read_id(&id)?;
            let step: StepView = read_word(&step)?;
            let needed = || {
                let reason = body.reason.as_deref();
                read("reason", reason.unwrap_or_default())
            };
            let step = match step {
                StepView::Send => Step::SendProposed,
                StepView::Resend => Step::Resend,
                StepView::Acknowledge => Step::Acknowledge,
                StepView::Decline => Step::Decline { reason: needed()? },
                StepView::Depart => Step::Depart,
                StepView::Arrive => Step::Arrive,
                StepView::Clear => Step::Clear {
                    ending: read_maybe("reason", body.reason.as_deref())?,
                },
                StepView::Cancel => Step::Cancel { reason: needed()? },
            };
            Ok(Action::Assignment(AssignmentAction::Advance {
                assignment,
                step,
            }))
        },
    );
    let outcome = outcome.await?;
    respond(&asked.app, AssignmentId(outcome.records[0].0.id))
}

/// Reads a word of a path that stands for one of a few things; any other is not found.
pub(crate) fn read_word<T: serde::de::DeserializeOwned>(word: &str) -> Result<T, Problem> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|_| Problem::not_found())
}

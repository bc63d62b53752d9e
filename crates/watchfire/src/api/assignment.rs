//! Assignments: shown, and taken from one step of their life to the next.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{AssignmentId, UnitId};
use watchfire_core::engine::Outcome;
use watchfire_core::log::KeptMade;
use watchfire_core::recommend::Rule;
use watchfire_core::record::Action;
use watchfire_core::record::assignment::{Assignment, AssignmentAction, Choice, Step, Why};
use watchfire_core::record::incident::Incident;

use super::alarm::SeenBody;
use super::board::{allowed, find, page};
use super::recommendation::{self, MadeView};
use super::view::{self, AssignmentView};
use super::{App, Asked, Page, PageQuery, Query, answer, read, read_id, read_maybe};
use crate::advice::Advice;
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

/// Which unit goes instead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwapBody {
    /// The unit; it must be free.
    unit: String,
    /// Why; the node says it in its own words if this is left out.
    #[schema(min_length = 1, max_length = 200)]
    reason: Option<String>,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// Which incident the unit goes to instead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReassignBody {
    /// The incident.
    incident: String,
    /// Why; the node says it in its own words if this is left out.
    #[schema(min_length = 1, max_length = 200)]
    reason: Option<String>,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// The two halves of an exchange.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExchangeView {
    /// The assignment that was given up.
    called_off: AssignmentView,
    /// The one that took its place.
    sent: AssignmentView,
}

crate::timed!(StepBody, SwapBody, ReassignBody);

/// Lists assignments, last changed first.
#[utoipa::path(get, path = "/api/v1/assignments", tag = "assignments", params(PageQuery),
    responses((status = 200, body = Page<AssignmentView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<AssignmentView>>, Problem> {
    page(&app, &session, &query, |board, one: &Assignment| {
        view::assignment(board, one, &app.node)
    })
}

/// Shows an assignment.
#[utoipa::path(get, path = "/api/v1/assignments/{id}", tag = "assignments", params(("id" = String, Path)),
    responses((status = 200, body = AssignmentView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    allowed(&session)?;
    respond(&app, read_id(&id)?)
}

fn respond(app: &App, id: AssignmentId) -> Result<Response, Problem> {
    let found = find::<Assignment>(app, id)?;
    Ok(answer(
        StatusCode::OK,
        found.version,
        &view::assignment(&app.node.board(), &found, &app.node),
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

/// Acknowledges an assignment's alarm: a person has seen it. It goes on until what it hangs on is done; for
/// `on_scene_check` that is this: the crew was asked.
#[utoipa::path(post, path = "/api/v1/assignments/{id}/alarm", tag = "assignments", request_body = SeenBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = AssignmentView)))]
pub(crate) async fn see_alarm(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: SeenBody| {
        Ok(Action::Assignment(AssignmentAction::SeeAlarm {
            assignment: read_id(&id)?,
            code: body.code.into(),
        }))
    };
    let outcome = asked.act(&[Permission::SendUnits], meaning).await?;
    respond(&asked.app, AssignmentId(outcome.records[0].0.id))
}

/// Calls an assignment off and sends another unit in its place: both or neither. `ETag` is of the one called off.
#[utoipa::path(post, path = "/api/v1/assignments/{id}/swap", tag = "assignments", request_body = SwapBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ExchangeView)))]
pub(crate) async fn swap(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: SwapBody| {
        let given_up = find::<Assignment>(&asked.app, read_id(&id)?)?;
        let unit: UnitId = read_id(&body.unit)?;
        let root = asked.app.node.board().merge_root(given_up.incident);
        let incident = find::<Incident>(&asked.app, root)?;
        let (choice, made) = choice(&asked.app, &incident, &given_up, unit);
        let action = Action::Assignment(AssignmentAction::Swap {
            assignment: given_up.id,
            choice,
            reason: read_maybe("reason", body.reason.as_deref())?,
        });
        Ok((action, Some(made)))
    };
    let outcome = asked.act_keeping(&[Permission::SendUnits], meaning).await?;
    exchanged(&asked.app, &outcome)
}

/// Takes a unit off its incident and sends it to another at once: both or neither. `ETag` is of the one called off.
#[utoipa::path(post, path = "/api/v1/assignments/{id}/reassign", tag = "assignments", request_body = ReassignBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ExchangeView)))]
pub(crate) async fn reassign(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: ReassignBody| {
        let given_up = find::<Assignment>(&asked.app, read_id(&id)?)?;
        let incident = find::<Incident>(&asked.app, read_id(&body.incident)?)?;
        let (choice, made) = choice(&asked.app, &incident, &given_up, given_up.unit);
        let action = Action::Assignment(AssignmentAction::Reassign {
            assignment: given_up.id,
            incident: incident.id,
            why: choice.why,
            reason: read_maybe("reason", body.reason.as_deref())?,
        });
        Ok((action, Some(made)))
    };
    let outcome = asked.act_keeping(&[Permission::SendUnits], meaning).await?;
    exchanged(&asked.app, &outcome)
}

/// Puts down why a unit goes instead: what is recommended once the other assignment is given up.
fn choice(
    app: &App,
    incident: &Incident,
    given_up: &Assignment,
    unit: UnitId,
) -> (Choice, KeptMade) {
    let board = app.node.board();
    let advice = Advice::of(&app.node, &board);
    let (mut choices, made) = advice.choices(incident, Some(given_up), &[unit], Rule::NotSaid);
    let choice = choices.pop().unwrap_or(Choice {
        unit,
        why: Why::default(),
    });
    (choice, made)
}

/// Shows the recommendation that was looked at when a unit was sent, made again of what it was made of.
#[utoipa::path(get, path = "/api/v1/assignments/{id}/recommendation", tag = "assignments", params(("id" = String, Path)),
    responses((status = 200, body = MadeView)))]
pub(crate) async fn recommendation(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Json<MadeView>, Problem> {
    allowed(&session)?;
    let found = find::<Assignment>(&app, read_id(&id)?)?;
    let name = found.why.made.as_ref().ok_or_else(Problem::not_found)?;
    let kept = app
        .node
        .read_store(|reader| reader.made(name.as_str()))
        .map_err(super::person::fault)?;
    let made = kept.and_then(|kept| crate::advice::unpacked(&kept));
    let made = made.ok_or_else(Problem::not_found)?;
    let again = made.again(app.node.response());
    Ok(Json(recommendation::shown_again(
        &app.node.board(),
        &app.node,
        &made,
        &again,
    )))
}

fn exchanged(app: &App, outcome: &Outcome) -> Result<Response, Problem> {
    let [(called_off, _), (sent, _)] = outcome.records[..] else {
        return Err(Problem::fault());
    };
    let called_off = find::<Assignment>(app, AssignmentId(called_off.id))?;
    let sent = find::<Assignment>(app, AssignmentId(sent.id))?;
    let board = app.node.board();
    let shown = ExchangeView {
        called_off: view::assignment(&board, &called_off, &app.node),
        sent: view::assignment(&board, &sent, &app.node),
    };
    Ok(answer(StatusCode::OK, called_off.version, &shown))
}

/// Reads a word of a path that stands for one of a few things; any other is not found.
pub(crate) fn read_word<T: serde::de::DeserializeOwned>(word: &str) -> Result<T, Problem> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|_| Problem::not_found())
}

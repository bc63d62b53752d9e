//! Playbooks: what each would do, when it would have fired, and what became of those that did.
//!
//! To take a step of a run needs leave for what the step does, the same as by hand; the node says which steps the asker
//! may take. The look back reads the tables beside everything else. Start at [`list`].

mod shown;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{IncidentId, Line, PlaybookRunId, Timestamp};
use watchfire_core::playbook::{Playbook, Saw, Span, Wording};
use watchfire_core::record::Action;
use watchfire_core::record::incident::Incident;
use watchfire_core::record::playbook_run::{PlaybookRun, PlaybookRunAction, Why};

use super::board::{find, page};
use super::{App, Asked, Page, PageQuery, Query, Timed, answer, read, read_id, view};
use crate::playbooks::past;
use crate::policy::{Permission, Session};
use crate::problem::Problem;
pub(crate) use shown::mark;
pub use shown::{PlaybookRunMark, PlaybookRunView, PlaybookView};
use shown::{WouldHaveFiredView, WouldHaveView};

/// The node's playbooks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlaybooksView {
    /// In the order of their files.
    items: Vec<PlaybookView>,
    /// Runs of which steps wait for a person.
    waiting: usize,
}

fn may_read(session: &Session) -> Result<(), Problem> {
    match session.may(Permission::ReadPlaybooks) {
        true => Ok(()),
        false => Err(Problem::denied()),
    }
}

/// Lists the playbooks, what each would do, and its last runs.
#[utoipa::path(get, path = "/api/v1/playbooks", tag = "playbooks",
    responses((status = 200, body = PlaybooksView)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
) -> Result<Json<PlaybooksView>, Problem> {
    may_read(&session)?;
    let board = app.node.board();
    let runs = board.playbook_runs.values();
    let waiting = runs.filter(|run| run.waiting().next().is_some()).count();
    let all = app.node.playbooks().iter();
    let items = all.map(|one| shown::playbook(&app, &board, one)).collect();
    Ok(Json(PlaybooksView { items, waiting }))
}

/// How far to look back.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LookBackQuery {
    /// How many days; 30 if left out.
    #[param(minimum = 1, maximum = 366)]
    days: Option<u32>,
}

fn named<'a>(app: &'a App, id: &str) -> Result<&'a Playbook, Problem> {
    let mut all = app.node.playbooks().iter();
    let found = all.find(|one| one.id.as_str() == id);
    found.ok_or_else(Problem::not_found)
}

/// Says when a playbook would have fired in the last days, and where.
#[utoipa::path(get, path = "/api/v1/playbooks/{id}/past", tag = "playbooks",
    params(("id" = String, Path), LookBackQuery), responses((status = 200, body = WouldHaveFiredView)))]
pub(crate) async fn past(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
    Query(query): Query<LookBackQuery>,
) -> Result<Json<WouldHaveFiredView>, Problem> {
    may_read(&session)?;
    let playbook = named(&app, &id)?.clone();
    let days = query.days.unwrap_or(30);
    if !(1..=past::DAYS_MAX).contains(&days) {
        return Err(Problem::unreadable(
            format!("days is 1 to {}.", past::DAYS_MAX),
            format!("days 应为 1 至 {}。", past::DAYS_MAX),
        ));
    }
    let until = app.node.now();
    let span = Span {
        from: Timestamp(until.0 - i64::from(days) * 24 * 3_600_000),
        until,
    };
    let timers = app.node.settings().timers;
    let tried = playbook.clone();
    let read = app.node.figures().read(move |reader| {
        let books = std::slice::from_ref(&tried);
        let found = past::gather(reader, books, &timers, span)?;
        let firings = found.firings(&tried);
        let count = firings.len();
        let latest = firings.into_iter().rev().take(shown::PAST_MAX);
        let with_number = latest.map(|one| {
            let number = shown::incident_number(reader, one.incident)?;
            Ok((one, number))
        });
        let latest: Result<Vec<_>, watchfire_store::StoreError> = with_number.collect();
        Ok((count, latest?, found.looked_at, found.whole))
    });
    let (count, latest, looked_at, whole) = read.await?;
    let items = latest
        .iter()
        .map(|(one, number)| shown::would_have(&app, one, *number));
    let items: Vec<WouldHaveView> = items.collect();
    Ok(Json(WouldHaveFiredView {
        days,
        from: view::time(span.from),
        until: view::time(span.until),
        count,
        items,
        looked_at,
        whole,
        counted: past::is_traced(&playbook),
    }))
}

/// Lists runs of playbooks, last changed first, page by page.
#[utoipa::path(get, path = "/api/v1/playbook-runs", tag = "playbooks", params(PageQuery),
    responses((status = 200, body = Page<PlaybookRunView>)))]
pub(crate) async fn runs(
    State(app): State<App>,
    session: Session,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<PlaybookRunView>>, Problem> {
    may_read(&session)?;
    page(&app, &session, &query, |board, one: &PlaybookRun| {
        shown::run(&app, board, &session, one)
    })
}

/// Shows a run of a playbook: why it fired, and what became of each step.
#[utoipa::path(get, path = "/api/v1/playbook-runs/{id}", tag = "playbooks", params(("id" = String, Path)),
    responses((status = 200, body = PlaybookRunView)))]
pub(crate) async fn show_run(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    may_read(&session)?;
    respond(&app, &session, read_id(&id)?, StatusCode::OK)
}

fn respond(
    app: &App,
    session: &Session,
    id: PlaybookRunId,
    status: StatusCode,
) -> Result<Response, Problem> {
    let found = find::<PlaybookRun>(app, id)?;
    let view = shown::run(app, &app.node.board(), session, &found);
    Ok(answer(status, found.version, &view))
}

/// For what a playbook is started.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartPlaybookBody {
    /// The incident.
    incident: String,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(StartPlaybookBody);

/// Starts a playbook by hand, for an incident.
#[utoipa::path(post, path = "/api/v1/playbooks/{id}/runs", tag = "playbooks", request_body = StartPlaybookBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = PlaybookRunView)))]
pub(crate) async fn start(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: StartPlaybookBody| {
        let playbook = Box::new(named(&asked.app, &id)?.clone());
        let incident = find::<Incident>(&asked.app, read_id::<IncidentId>(&body.incident)?)?;
        let why = Box::new(Why {
            subject: incident.id.into(),
            incident: Some(incident.id),
            place: Some(incident.place.clone()),
            saw: Saw::ByHand,
        });
        let fire = PlaybookRunAction::Fire { playbook, why };
        Ok(Action::PlaybookRun(fire))
    };
    let outcome = asked.act(&[Permission::RunPlaybooks], meaning).await?;
    let run = PlaybookRunId(outcome.records[0].0.id);
    respond(&asked.app, &asked.session, run, StatusCode::CREATED)
}

/// In which language something is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WordingView {
    /// English.
    En,
    /// Simplified Chinese.
    Zh,
}

super::view::same_words!(Wording <=> WordingView { En, Zh });

/// What is done with a run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum PlaybookRunStep {
    /// Do what a step says.
    Take {
        /// Which, from 1.
        no: u16,
        /// In which language it is written down; that of the playbook if left out.
        wording: Option<WordingView>,
    },
    /// Say that a step is not done.
    Decline {
        /// Which, from 1.
        no: u16,
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
    /// End the run, though steps wait.
    Close {
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
}

impl Timed for PlaybookRunStep {
    fn happened_at(&self) -> Option<&str> {
        None
    }
}

/// Takes or declines a step of a run, or ends the run.
#[utoipa::path(post, path = "/api/v1/playbook-runs/{id}/steps", tag = "playbooks", request_body = PlaybookRunStep,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = PlaybookRunView)))]
pub(crate) async fn step(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |step: PlaybookRunStep| {
        let found = find::<PlaybookRun>(&asked.app, read_id(&id)?)?;
        let run = found.id;
        let action = match step {
            PlaybookRunStep::Take { no, wording } => PlaybookRunAction::TakeStep {
                run,
                no,
                wording: wording.map_or(found.of.wording, Wording::from),
                own_name: own_name(&asked.app)?,
            },
            PlaybookRunStep::Decline { no, reason } => PlaybookRunAction::DeclineStep {
                run,
                no,
                reason: read("reason", &reason)?,
            },
            PlaybookRunStep::Close { reason } => PlaybookRunAction::Close {
                run,
                reason: read("reason", &reason)?,
            },
        };
        Ok(Action::PlaybookRun(action))
    };
    asked.act(&[Permission::RunPlaybooks], meaning).await?;
    respond(&asked.app, &asked.session, read_id(&id)?, StatusCode::OK)
}

fn own_name(app: &App) -> Result<Line, Problem> {
    read("name", &app.node.settings().name)
}

//! Directives: written down, issued, answered step by step by whom they are for, verified, returned, recalled, closed; and
//! how quickly they are answered, in the bins that people report by.
//!
//! Whoever a directive is for is shown its text by [`own`], whatever else they may see. What another agency is asked is
//! answered in the operation that it is told in (`POST /operations/{id}/steps`). Start at [`issue`].

pub(crate) mod files;
mod shown;
mod written;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use watchfire_core::basis::{DirectiveId, Text, Timestamp};
use watchfire_core::record::Action;
use watchfire_core::record::directive::bins::{self, Bins, StepBins};
use watchfire_core::record::directive::{Addressee, Directive, DirectiveAction, statuses};

use super::board::{allowed, find};
use super::view::{self, PriorityView, TextView};
use super::{App, Asked, Page, PageQuery, Query, answer, read_id, read_time_maybe};
use crate::policy::{Permission, Session};
use crate::problem::Problem;
pub use shown::{DirectiveView, MarkView, shown, shown_of};
use written::{DirectiveBody, DirectiveStep};

/// The hour of the day at which the night's directives are to be closed, where nothing else is said.
const CLOSE_HOUR: i8 = 8;
const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// Lists this agency's directives, last changed first.
#[utoipa::path(get, path = "/api/v1/directives", tag = "directives", params(PageQuery),
    responses((status = 200, body = Page<DirectiveView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<DirectiveView>>, Problem> {
    let (now, personal) = (app.node.now(), session.may(Permission::ReadPersonal));
    super::board::page(&app, &session, &query, |board, one: &Directive| {
        shown(board, one, now, personal)
    })
}

/// Shows a directive.
#[utoipa::path(get, path = "/api/v1/directives/{id}", tag = "directives", params(("id" = String, Path)),
    responses((status = 200, body = DirectiveView)))]
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
    id: DirectiveId,
    status: StatusCode,
) -> Result<Response, Problem> {
    let found = find::<Directive>(app, id)?;
    let board = app.node.board();
    let for_them = found
        .items
        .iter()
        .any(|item| session.is_addressed(&item.to, &board));
    let personal = session.may(Permission::ReadPersonal) || for_them;
    let view = shown(&board, &found, app.node.now(), personal);
    Ok(answer(status, found.version, &view))
}

/// Shows the open directives that are for whoever asks: for their unit, its station or their seat, with their text.
#[utoipa::path(get, path = "/api/v1/directives/own", tag = "directives",
    responses((status = 200, body = Vec<DirectiveView>)))]
pub(crate) async fn own(
    State(app): State<App>,
    session: Session,
) -> Result<Json<Vec<DirectiveView>>, Problem> {
    if !session.may(Permission::AnswerDirectives) {
        return Err(Problem::denied());
    }
    let board = app.node.board();
    let out = board.directives.values().filter(|one| one.is_out());
    let for_them = out.filter(|one| {
        let mut items = one.items.iter();
        items.any(|item| item.excused.is_none() && session.is_addressed(&item.to, &board))
    });
    let now = app.node.now();
    let mut all: Vec<DirectiveView> = for_them.map(|one| shown(&board, one, now, true)).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.number));
    Ok(Json(all))
}

/// What can be given: the agency's kinds of directive, and templates.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DirectiveKindsView {
    /// The kinds.
    kinds: Vec<DirectiveKindView>,
    /// Templates.
    templates: Vec<TemplateView>,
    /// By when a directive is to be closed, where nothing else is said.
    close_by: String,
}

/// A kind of directive.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DirectiveKindView {
    /// Its code.
    code: String,
    /// What people read.
    label: TextView,
    /// Seconds until it is to be signed for, for priority 1 to 4.
    sign_s: [u32; 4],
    /// Seconds until somebody is to act on it, if that is wanted.
    act_s: Option<u32>,
    /// Seconds until it is to be reported back, if that is wanted.
    report_s: Option<u32>,
    /// Whether somebody else must verify what was reported.
    verify: bool,
}

/// A directive that is half written already.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TemplateView {
    /// Its code.
    code: String,
    /// What people read.
    label: TextView,
    /// The kind of directive.
    kind: String,
    /// The priority.
    priority: PriorityView,
    /// The text to begin with.
    text: TextView,
}

/// Shows what can be given: kinds, templates, and the usual time to close by.
#[utoipa::path(get, path = "/api/v1/directives/kinds", tag = "directives",
    responses((status = 200, body = DirectiveKindsView)))]
pub(crate) async fn kinds(
    State(app): State<App>,
    session: Session,
) -> Result<Json<DirectiveKindsView>, Problem> {
    allowed(&session)?;
    let rules = &app.node.response().directives;
    let kinds = rules.kinds.iter().map(|(code, kind)| DirectiveKindView {
        code: code.to_string(),
        label: Text::new(kind.en.to_string(), kind.zh.to_string()).into(),
        sign_s: kind.sign_s,
        act_s: kind.act_s,
        report_s: kind.report_s,
        verify: kind.verify,
    });
    let templates = rules.templates.iter().map(|one| TemplateView {
        code: one.code.to_string(),
        label: one.label.clone().into(),
        kind: one.kind.to_string(),
        priority: one.priority.into(),
        text: one.text.clone().into(),
    });
    Ok(Json(DirectiveKindsView {
        kinds: kinds.collect(),
        templates: templates.collect(),
        close_by: view::time(next_close(&app)),
    }))
}

/// Returns the next 08:00 of the node's time zone.
pub(super) fn next_close(app: &App) -> Timestamp {
    let now = app.node.now();
    let zone = app.node.settings().zone.as_deref().unwrap_or("UTC");
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let next = || {
        let at = jiff::Timestamp::from_millisecond(now.0).ok()?;
        let local = zone.to_datetime(at);
        let today = local.date().at(CLOSE_HOUR, 0, 0, 0);
        let date = match local < today {
            true => today,
            false => today.checked_add(jiff::Span::new().days(1)).ok()?,
        };
        let at = zone.to_ambiguous_timestamp(date).compatible().ok()?;
        Some(Timestamp(at.as_millisecond()))
    };
    next().unwrap_or_else(|| now.plus_s(24 * 3_600))
}

/// Writes a directive down, and issues it in the same step unless it is to stay a draft.
#[utoipa::path(post, path = "/api/v1/directives", tag = "directives", request_body = DirectiveBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = DirectiveView)))]
pub(crate) async fn issue(asked: Asked) -> Result<Response, Problem> {
    let close = next_close(&asked.app);
    let meaning = |body: DirectiveBody| {
        let issue = !body.draft;
        let (details, text) = body.read(close)?;
        Ok(Action::Directive(DirectiveAction::Draft {
            details,
            text,
            issue,
        }))
    };
    let any_of = [Permission::DraftDirectives];
    let outcome = asked.act(&any_of, meaning).await?;
    let id = DirectiveId(outcome.records[0].0.id);
    respond(&asked.app, &asked.session, id, StatusCode::CREATED)
}

/// Changes a draft.
#[utoipa::path(put, path = "/api/v1/directives/{id}", tag = "directives", request_body = DirectiveBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = DirectiveView)))]
pub(crate) async fn amend(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let close = next_close(&asked.app);
    let app = asked.app.clone();
    let meaning = |body: DirectiveBody| {
        let directive = read_id(&id)?;
        let says_nothing = body.says_nothing_of_the_text();
        let (details, mut text) = body.read(close)?;
        // Whoever changes a draft may not be shown its text: what is not said of it stays.
        if says_nothing {
            let board = app.node.board();
            text = board
                .directives
                .get(&directive)
                .and_then(|one| one.text.clone());
        }
        Ok(Action::Directive(DirectiveAction::Amend {
            directive,
            details,
            text,
        }))
    };
    asked.act(&[Permission::DraftDirectives], meaning).await?;
    respond(&asked.app, &asked.session, read_id(&id)?, StatusCode::OK)
}

/// Takes a step: its issuer issues, verifies, returns, excuses, recalls or closes it; whom it is for receives, signs, acts
/// and reports.
#[utoipa::path(post, path = "/api/v1/directives/{id}/steps", tag = "directives", request_body = DirectiveStep,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = DirectiveView)))]
pub(crate) async fn step(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |step: DirectiveStep| Ok(Action::Directive(step.meaning(read_id(&id)?)?));
    let any_of = [
        Permission::IssueDirectives,
        Permission::DraftDirectives,
        Permission::AnswerDirectives,
    ];
    asked.act(&any_of, meaning).await?;
    respond(&asked.app, &asked.session, read_id(&id)?, StatusCode::OK)
}

/// Of which time.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BinsQuery {
    /// Directives issued from then; a day ago if nothing is said.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Until before then; now if nothing is said.
    #[param(format = DateTime)]
    to: Option<String>,
}

/// How quickly directives were answered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DirectiveBinsView {
    /// Directives that were issued.
    pub(crate) directives: u32,
    /// Items: one for each addressee of each.
    pub(crate) items: u32,
    /// Items that are done.
    pub(crate) done: u32,
    /// Items of which nothing more is asked.
    pub(crate) excused: u32,
    /// Directives that were open when they should have been closed.
    pub(crate) open_at_close: u32,
    /// Each step, with its bins.
    pub(crate) steps: Vec<StepBinsView>,
}

/// How quickly one step was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepBinsView {
    /// What it is called.
    pub(crate) label: TextView,
    /// Items of which it was asked.
    pub(crate) asked: u32,
    /// Taken within so many seconds: each counts those before, too.
    pub(crate) within: Vec<DirectiveWithinView>,
    /// Taken later than that.
    pub(crate) later: u32,
    /// Not taken, and still asked.
    pub(crate) waiting: u32,
    /// Taken late, or late and not taken.
    pub(crate) overdue: u32,
}

/// How many took a step within some time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DirectiveWithinView {
    /// The time, in seconds.
    pub(crate) seconds: u32,
    /// How many.
    pub(crate) count: u32,
}

/// Shows how quickly directives were answered, in the bins that people report by.
#[utoipa::path(get, path = "/api/v1/directives/bins", tag = "directives", params(BinsQuery),
    responses((status = 200, body = DirectiveBinsView)))]
pub(crate) async fn show_bins(
    State(app): State<App>,
    session: Session,
    Query(query): Query<BinsQuery>,
) -> Result<Json<DirectiveBinsView>, Problem> {
    if !session.may(Permission::ReadFigures) {
        return Err(Problem::denied());
    }
    let now = app.node.now();
    let to = read_time_maybe("to", query.to.as_deref())?.unwrap_or(Timestamp(now.0 + 1));
    let day_ago = Timestamp(to.0 - DAY_MS);
    let from = read_time_maybe("from", query.from.as_deref())?.unwrap_or(day_ago);
    let mut counted = Bins::default();
    super::board::every(&app, from, |board, one: &Directive| {
        let within = one
            .issued
            .is_some_and(|mark| mark.at >= from && mark.at < to);
        let exercise = one
            .details
            .operation
            .is_some_and(|id| board.is_exercise(id));
        if within && !exercise {
            counted.count(one, &statuses(board, one), now);
        }
    })?;
    Ok(Json(bins_view(&counted)))
}

pub(crate) fn bins_view(counted: &Bins) -> DirectiveBinsView {
    let step = |en: &str, zh: &str, bins: &StepBins, ends: [u32; 4]| StepBinsView {
        label: Text::new(en, zh).into(),
        asked: bins.asked,
        within: ends
            .into_iter()
            .zip(bins.within)
            .map(|(seconds, count)| DirectiveWithinView { seconds, count })
            .collect(),
        later: bins.later,
        waiting: bins.waiting,
        overdue: bins.overdue,
    };
    DirectiveBinsView {
        directives: counted.directives,
        items: counted.items,
        done: counted.done,
        excused: counted.excused,
        open_at_close: counted.open_at_close,
        steps: vec![
            step("signed for", "签收", &counted.signed, bins::SIGNED_S),
            step("departed", "出动", &counted.acting, bins::ACTING_S),
            step("reported", "反馈", &counted.reported, bins::REPORTED_S),
        ],
    }
}

impl Session {
    /// Says whether something for an addressee is for whoever this is.
    pub(crate) fn is_addressed(
        &self,
        to: &Addressee,
        board: &watchfire_core::board::Board,
    ) -> bool {
        to.is_for(self.unit, &self.seats, board)
    }
}

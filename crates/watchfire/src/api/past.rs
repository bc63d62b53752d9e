//! What this node's board showed at an earlier moment, and how much happened in each minute: for looking back
//! after an action. Moments are those of acceptance, not claimed ones: what was not known then is not shown.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{Text, Timestamp};

use super::board::BoardView;
use super::operation;
use super::{App, Query, read_time, view};
use crate::past_boards::{BeforeOpening, MARK_MINUTES_MAX, MINUTE_MS, Marks};
use crate::policy::{Permission, Session};
use crate::problem::Problem;

/// Which moment.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MomentQuery {
    /// The moment.
    #[param(format = DateTime, max_length = 64)]
    at: String,
}

/// Which minutes.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MarksQuery {
    /// From when; a day before `to` if absent.
    #[param(format = DateTime, max_length = 64)]
    from: Option<String>,
    /// Until when, that moment not included; now if absent.
    #[param(format = DateTime, max_length = 64)]
    to: Option<String>,
}

/// How much happened in each minute; the first begins at `from`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MarksView {
    /// From when.
    from: String,
    /// Until when, that moment not included.
    to: String,
    /// Entries accepted.
    entries: Vec<u32>,
    /// Calls received.
    calls: Vec<u32>,
    /// Incidents opened.
    incidents: Vec<u32>,
    /// Units sent.
    sent: Vec<u32>,
    /// Incidents closed or cancelled.
    ended: Vec<u32>,
    /// Alarms raised.
    alarms: Vec<u32>,
}

/// Shows the board as this node showed it at an earlier moment; units stand where their trails say they were.
#[utoipa::path(get, path = "/api/v1/past/board", tag = "past", params(MomentQuery),
    responses((status = 200, body = BoardView)))]
pub(crate) async fn board(
    State(app): State<App>,
    session: Session,
    query: Result<Query<MomentQuery>, Problem>,
) -> Result<Json<BoardView>, Problem> {
    allowed(&session)?;
    let Query(query) = query?;
    let at = read_time("at", &query.at)?;
    let node = &app.node;
    let now = node.now();
    if at > now {
        return Err(not_yet(now));
    }
    let looked = node.past().look(at, node.settings().keep_ended_s, now);
    let looked = looked.await?.map_err(before_opening)?;
    let personal = session.may(Permission::ReadPersonal);
    let position = |unit| looked.positions.get(&unit).map(|at| (*at, None));
    let cursor = looked.position.to_string();
    let shown = BoardView::of(&looked.board, cursor, personal, position, node, at);
    let ids = looked.board.all_operations().into_iter().map(|one| one.id);
    let operations =
        ids.filter_map(|id| operation::on_board(node, &looked.board, id, at, personal));
    Ok(Json(shown.with_operations(operations.collect())))
}

/// Counts entries, calls, incidents, units sent and alarms in each minute of a period.
#[utoipa::path(get, path = "/api/v1/past/marks", tag = "past", params(MarksQuery),
    responses((status = 200, body = MarksView)))]
pub(crate) async fn marks(
    State(app): State<App>,
    session: Session,
    Query(query): Query<MarksQuery>,
) -> Result<Json<MarksView>, Problem> {
    allowed(&session)?;
    let node = &app.node;
    let now = node.now();
    let to = match query.to.as_deref() {
        Some(text) => read_time("to", text)?,
        None => now,
    };
    let from = match query.from.as_deref() {
        Some(text) => read_time("from", text)?,
        None => Timestamp(to.0.saturating_sub(24 * 60 * MINUTE_MS)),
    };
    if from >= to {
        return Err(Problem::unreadable(
            "`from` is not before `to`.",
            "“from”不早于“to”。",
        ));
    }
    let length_ms = to.0.saturating_sub(from.0);
    if length_ms > MARK_MINUTES_MAX * MINUTE_MS {
        return Err(too_long());
    }
    // The last minute may be begun and not over.
    let minutes = usize::try_from((length_ms + MINUTE_MS - 1) / MINUTE_MS).unwrap_or(0);
    let settings = node.settings();
    let marks = node
        .past()
        .marks(from, minutes, settings.keep_ended_s, settings.timers, now);
    let Marks {
        entries,
        calls,
        incidents,
        sent,
        ended,
        alarms,
    } = marks.await?.ok_or_else(too_full)?;
    Ok(Json(MarksView {
        from: view::time(from),
        to: view::time(to),
        entries,
        calls,
        incidents,
        sent,
        ended,
        alarms,
    }))
}

fn allowed(session: &Session) -> Result<(), Problem> {
    if session.may(Permission::ReadEntries) {
        Ok(())
    } else {
        Err(Problem::denied())
    }
}

fn not_yet(now: Timestamp) -> Problem {
    let now = view::time(now);
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "not_yet",
        Text::new("That moment is still to come.", "该时刻尚未到来。"),
        Text::new(
            format!("Ask for a moment up to {now}, or look at the board."),
            format!("请查询 {now} 及以前的时刻，或查看当前态势。"),
        ),
    )
}

fn before_opening(before: BeforeOpening) -> Problem {
    let opened = view::time(before.0);
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "before_opening",
        Text::new(
            "This node was not there yet at that moment.",
            "该时刻本节点尚未启用。",
        ),
        Text::new(
            format!("Ask for a moment from {opened} on."),
            format!("请查询 {opened} 及以后的时刻。"),
        ),
    )
}

fn too_long() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "period_too_long",
        Text::new(
            format!("Minutes are counted for at most {MARK_MINUTES_MAX} of them."),
            format!("按分钟计数最多 {MARK_MINUTES_MAX} 分钟。"),
        ),
        Text::new("Ask for a shorter period.", "请缩短时段。"),
    )
}

fn too_full() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "period_too_full",
        Text::new(
            "Too much happened in that period to be counted at once.",
            "该时段内容过多，无法一次统计。",
        ),
        Text::new("Ask for a shorter period.", "请缩短时段。"),
    )
}

//! Monitoring: what waits and for how long at every step, how strong stations are, how lines and alarms stand, how much of the
//! area is reached in time, and how quickly things went, live and as a report. Nothing here changes anything.
//!
//! Screen, wall and report are made of the same functions ([`watchfire_core::monitoring`]). Start at [`show`].

pub(crate) mod coverage;
pub(crate) mod periods;
pub(crate) mod report;
pub(crate) mod shown;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use watchfire_core::basis::Timestamp;
use watchfire_core::monitoring::{Moment, Wait, WaitStep, groups, waiting};

use super::duty::Calendar;
use super::view;
use super::{App, Query, read_limit};
use crate::node::Node;
use crate::policy::{Permission, Session};
use crate::problem::Problem;
pub(crate) use shown::{MonitoringView, WaitsView};

/// What waits at a moment: what is kept if it is fresh.
pub(crate) fn waits(node: &Node, now: Timestamp) -> Arc<Vec<Wait>> {
    node.monitoring().waits.get(|| {
        let calendar = Calendar::of(node);
        let moment = Moment {
            node: node.feed().node,
            rules: &node.settings().timers,
            now,
            calendar: &|day, minute| calendar.at(day, minute),
        };
        waiting(&node.board(), &moment)
    })
}

/// Fails unless a session may see figures.
pub(crate) fn allowed(session: &Session) -> Result<(), Problem> {
    if session.may(Permission::ReadFigures) {
        Ok(())
    } else {
        Err(Problem::denied())
    }
}

/// Shows what waits, the strength of stations and duty posts, the lines to other nodes and the alarms, as all of it is now.
#[utoipa::path(get, path = "/api/v1/monitoring", tag = "monitoring", responses((status = 200, body = MonitoringView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
) -> Result<Json<MonitoringView>, Problem> {
    allowed(&session)?;
    Ok(Json(shown::live(&app.node)))
}

/// The longest name of one who must act, in bytes.
const WITH_MAX: usize = 80;

/// Which of the things that wait.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitsQuery {
    /// Only this step, as the live page names it.
    #[param(max_length = 48)]
    step: Option<String>,
    /// Only with one who must act, as the live page names it in `with.id`.
    #[param(max_length = 80)]
    with: Option<String>,
    /// Only what should be over by now (`true`), or only what need not (`false`).
    beyond: Option<bool>,
    /// Only what is practised (`true`), or only what is real (`false`).
    exercise: Option<bool>,
    /// How many at most, the longest waiting first.
    #[serde(default, deserialize_with = "read_limit")]
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// Shows the records behind what waits, the longest waiting first.
#[utoipa::path(get, path = "/api/v1/monitoring/waits", tag = "monitoring", params(WaitsQuery),
    responses((status = 200, body = WaitsView)))]
pub(crate) async fn behind(
    State(app): State<App>,
    session: Session,
    query: Result<Query<WaitsQuery>, Problem>,
) -> Result<Json<WaitsView>, Problem> {
    allowed(&session)?;
    let Query(query) = query?;
    if query
        .with
        .as_ref()
        .is_some_and(|with| with.len() > WITH_MAX)
    {
        return Err(Problem::unreadable(
            "`with` is none of those that /monitoring names.",
            "“with”不是 /monitoring 列出的对象。",
        ));
    }
    let step = query.step.as_deref().map(|word| {
        WaitStep::parse(word).ok_or_else(|| {
            Problem::unreadable(
                "`step` is none of those that /monitoring names.",
                "“step”不是 /monitoring 列出的环节。",
            )
        })
    });
    let step = step.transpose()?;
    let (node, now) = (&app.node, app.node.now());
    let all = waits(node, now);
    let board = node.board();
    let mut found: Vec<&Wait> = all
        .iter()
        .filter(|one| step.is_none_or(|step| one.step == step))
        .filter(|one| {
            query
                .beyond
                .is_none_or(|beyond| one.is_beyond(now) == beyond)
        })
        .filter(|one| query.exercise.is_none_or(|wanted| one.exercise == wanted))
        .filter(|one| {
            let with = query.with.as_deref();
            with.is_none_or(|with| shown::waiter_id(&one.with) == with)
        })
        .collect();
    found.sort_by_key(|one| (one.since, one.step, one.record, one.item));
    let count = found.len();
    found.truncate(query.limit.unwrap_or(super::PAGE_DEFAULT));
    Ok(Json(WaitsView {
        at: view::time(now),
        count,
        items: found
            .into_iter()
            .map(|one| shown::wait(&board, one, now))
            .collect(),
    }))
}

/// Returns the groups that what waits comes to.
pub(crate) fn grouped(node: &Node, now: Timestamp) -> Vec<watchfire_core::monitoring::WaitGroup> {
    groups(&waits(node, now), now)
}

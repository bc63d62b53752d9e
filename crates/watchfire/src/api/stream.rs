//! The stream: whole records as they change, by server-sent events, resumable from any cursor it gave.
//!
//! A reader that falls behind gets `reset` and fetches the board anew; it costs the others nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;

use super::{App, Query};
use crate::hub::Message;
use crate::policy::{Permission, Session};
use crate::problem::Problem;

/// Where to go on from.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FromQuery {
    /// The `cursor` of the board; `Last-Event-ID` goes before it. From now on if left out.
    from: Option<u64>,
}

/// Follows what changes: `record` (a whole record, see RecordView), `mark` (a cursor and nothing else), `positions`, `clock` and `reset`.
#[utoipa::path(get, path = "/api/v1/stream", tag = "board", params(FromQuery),
    responses((status = 200, description = "Server-sent events without end", content_type = "text/event-stream", body = String)))]
pub(crate) async fn follow(
    State(app): State<App>,
    session: Session,
    Query(query): Query<FromQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    super::board::allowed(&session)?;
    let personal = session.may(Permission::ReadPersonal);
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let from = last.or(query.from).unwrap_or_else(|| app.node.position());
    let subscription = app.node.hub().subscribe(from);
    let first: Vec<Event> = match subscription.missed {
        Some(missed) => missed
            .iter()
            .map(|message| event(message, personal))
            .collect(),
        None => vec![reset()],
    };
    let live = stream::unfold(subscription.live, move |mut live| async move {
        match live.recv().await {
            Ok(message) => Some((event(&message, personal), live)),
            Err(RecvError::Lagged(_)) => Some((reset(), live)),
            Err(RecvError::Closed) => None,
        }
    });
    let events = stream::iter(first).chain(live).map(Ok);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

fn event(message: &Arc<Message>, personal: bool) -> Event {
    let data = if personal {
        &message.full
    } else {
        &message.redacted
    };
    let event = Event::default().event(message.event).data(&**data);
    match message.position {
        Some(position) => event.id(position.to_string()),
        None => event,
    }
}

fn reset() -> Event {
    Event::default().event("reset").data("{}")
}

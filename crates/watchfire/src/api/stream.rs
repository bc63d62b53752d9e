//! The stream: whole records as they change, by server-sent events, resumable from any cursor it gave.
//!
//! A reader that falls behind gets `reset` and fetches the board anew; it costs the others nothing.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt};
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;

use super::{App, Query};
use crate::hub::Piece;
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
) -> Result<Response, Problem> {
    super::board::allowed(&session)?;
    let personal = session.may(Permission::ReadPersonal);
    let text = move |piece: &Piece| -> Bytes {
        match personal {
            true => piece.full.clone(),
            false => piece.redacted.clone(),
        }
    };
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let from = last.or(query.from).unwrap_or_else(|| app.node.position());
    let subscription = app.node.hub().subscribe(from);
    let first = text(&subscription.missed.unwrap_or_else(Piece::reset));
    let live = stream::unfold(subscription.live, move |live| async move {
        let mut live = live?;
        match live.recv().await {
            Ok(piece) => Some((text(&piece), Some(live))),
            Err(RecvError::Lagged(_)) => Some((text(&Piece::reset()), Some(live))),
            Err(RecvError::Closed) => None,
        }
    });
    let pieces = stream::iter([first]).chain(live);
    let body = Body::from_stream(pieces.map(Ok::<_, Infallible>));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        // For proxies that would gather it: it is of use at once or not at all.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, body).into_response())
}

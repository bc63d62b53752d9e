//! The stream: whole records as they change, by server-sent events, resumable from any cursor it gave.
//!
//! A reader that falls behind gets `reset` and fetches the board anew; it costs the others nothing.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt};
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::{App, Query};
use crate::auth;
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
    auth::From(address): auth::From,
    Query(query): Query<FromQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    super::board::allowed(&session)?;
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let from = last.or(query.from).unwrap_or_else(|| app.node.position());
    let subscription = app.node.hub().subscribe(from);
    let reader = Reader {
        personal: session.may(Permission::ReadPersonal),
        looked_at: Instant::now(),
        app,
        address,
        headers,
    };
    let first = reader.text(&subscription.missed.unwrap_or_else(Piece::reset));
    // At once: who loses the line a second later must know by then what time it is for the node.
    let time = reader.text(&Piece::alone(super::message::clock(&reader.app.node)));
    let following = subscription.live.map(|live| (reader, live));
    let live = stream::unfold(following, |following| async {
        let (mut reader, mut live) = following?;
        let piece = match live.recv().await {
            Ok(piece) => piece,
            Err(RecvError::Lagged(_)) => Arc::new(Piece::reset()),
            Err(RecvError::Closed) => return None,
        };
        reader
            .still_may()
            .then(|| (reader.text(&piece), Some((reader, live))))
    });
    let pieces = stream::iter([first, time]).chain(live);
    let body = Body::from_stream(pieces.map(Ok::<_, Infallible>));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        // For proxies that would gather it: it is of use at once or not at all.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, body).into_response())
}

/// How often a reader's right to be told is looked at anew.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Who is told, and what they may see.
struct Reader {
    app: App,
    address: IpAddr,
    headers: HeaderMap,
    personal: bool,
    looked_at: Instant,
}

impl Reader {
    /// Returns whether they may still be told, as of the last few seconds; notes what they may see.
    fn still_may(&mut self) -> bool {
        if self.looked_at.elapsed() < LOOK_EVERY {
            return true;
        }
        self.looked_at = Instant::now();
        let session = auth::current(&self.app, self.address, &self.headers);
        let session = session.ok().flatten();
        self.personal = session
            .as_ref()
            .is_some_and(|session| session.may(Permission::ReadPersonal));
        session.is_some_and(|session| session.may(Permission::ReadBoard))
    }

    fn text(&self, piece: &Piece) -> Bytes {
        match self.personal {
            true => piece.full.clone(),
            false => piece.redacted.clone(),
        }
    }
}

//! What peers are given: how far feeds are held, entries in ranges, keys to personal data. Who may read what is
//! decided by `watchfire_core::sync`; the line has said who asks.
//!
//! `POST /federation/v1/vector` takes how far the asker holds what it may read here, waits until there is news for it
//! (at most as long as it says), and answers in the same form. What was said before is not said again: a question may
//! name the digest of the vector that it would repeat, and an answer to which nothing is new ends after its greeting.
//! What this node wrote itself is told at once; what it holds of others, which they tell themselves, is gathered first.
//! Ranges of entries are the truth; this is only the hint that there are some.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use watchfire_core::basis::Timestamp;
use watchfire_core::board::Board;
use watchfire_core::record::{Elsewhere, RecordRef};
use watchfire_core::sync::{self, Giving};
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{FeedId, Hash, NodeId, Vector};

use super::pace::{Budgets, hold_back};
use crate::link::Caller;
use crate::node::Node;

/// Longest that an answer waits for news, in milliseconds.
pub const WAIT_MS_MAX: u64 = 25_000;
/// Most bytes of entries in one answer; at least one entry is given.
pub const RANGE_BYTES_MAX: usize = 1024 * 1024;
/// How long news of what others wrote is gathered before a peer is told again: it matters to whoever is cut off from
/// them, and in an operation of twenty every member would tell every other of everything.
const GATHER: Duration = Duration::from_millis(500);
/// Keys that may be asked for at once.
pub const KEYS_MAX: usize = 1_000;
/// Longest greeting, in bytes, its end among them: what it says is kept and shown.
const GREETING_BYTES_MAX: usize = 256;
/// Entries read for one answer.
const ENTRIES_MAX: usize = 500;

/// Returns the routes.
pub fn router(node: Node) -> Router {
    Router::new()
        .route("/federation/v1/vector", post(vector))
        .route("/federation/v1/feeds/{feed}", get(entries))
        .route("/federation/v1/keys", post(keys))
        .layer(from_fn_with_state(Budgets::default(), hold_back))
        .with_state(node)
}

/// What is asked along with a vector.
#[derive(Debug, Default, Deserialize)]
pub struct Waiting {
    /// The digest of the answer that the asker had last: it waits for another.
    after: Option<Hash>,
    /// How long it waits, in milliseconds.
    wait_ms: Option<u64>,
    /// The digest of the vector that the asker said last, instead of the same again. If that is not what was heard last,
    /// the answer is a conflict, and the asker says all of it.
    again: Option<Hash>,
}

/// What stands before the vector in an answer: one line of JSON, ended by a line feed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Greeting {
    /// The version of the program.
    pub version: String,
    /// Its clock, in milliseconds since 1970.
    pub now_ms: i64,
}

async fn vector(
    State(node): State<Node>,
    caller: Caller,
    Query(waiting): Query<Waiting>,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let asker = peer(&caller)?;
    let theirs = match waiting.again {
        None => Some(Vector::decode(&body).map_err(|_| StatusCode::BAD_REQUEST)?),
        Some(again) if again == node.federation().links().digest_of(&asker) => None,
        Some(_) => return Err(StatusCode::CONFLICT),
    };
    // Whoever asks is heard, and says what arrived there.
    node.federation().links().change(asker, |link| {
        if let Some(theirs) = theirs {
            link.theirs = theirs;
        }
        link.asked = Some(Instant::now());
    });
    node.tell_seen();
    let wait = Duration::from_millis(waiting.wait_ms.unwrap_or(0).min(WAIT_MS_MAX));
    let new = news_for(&node, &asker, waiting.after, wait).await;
    let greeting = Greeting {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now_ms: crate::clock::Clock::Real.now().0,
    };
    let mut answer =
        serde_json::to_vec(&greeting).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    answer.push(b'\n');
    if let Some(ours) = new {
        answer.extend(ours.encode());
    }
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], answer).into_response())
}

/// Waits for something that a peer has not heard since an answer, at most as long as it waits; returns all of it then.
async fn news_for(
    node: &Node,
    asker: &NodeId,
    after: Option<Hash>,
    wait: Duration,
) -> Option<Vector> {
    let (mut all, mut own) = (node.joint_news(), node.written_news());
    let deadline = tokio::time::Instant::now() + wait;
    loop {
        all.mark_unchanged();
        let written = *own.borrow_and_update();
        let answered = node.federation().links().answered(asker);
        let gathered = match answered {
            Some((at, by_then)) if after.is_some() && by_then == written => {
                tokio::time::Instant::from_std(at) + GATHER
            }
            _ => tokio::time::Instant::now(),
        };
        let until = gathered.min(deadline);
        if until > tokio::time::Instant::now()
            && matches!(
                tokio::time::timeout_at(until, own.changed()).await,
                Ok(Ok(()))
            )
        {
            continue;
        }
        let ours = vector_for(node, asker);
        if after != Some(ours.digest()) {
            // Who does not wait only says something; it is whoever waits that fetches.
            if !wait.is_zero() {
                let answered = Some((Instant::now(), written));
                let links = node.federation().links();
                links.change(*asker, |link| link.answered = answered);
            }
            return Some(ours);
        }
        let more = async {
            tokio::select! {
                more = all.changed() => more,
                more = own.changed() => more,
            }
        };
        let more = tokio::time::timeout_at(deadline, more).await;
        if !matches!(more, Ok(Ok(()))) {
            return None;
        }
    }
}

/// Returns how far this node holds what another may read. Nobody may hold the board's lock while asking.
pub fn vector_for(node: &Node, asker: &NodeId) -> Vector {
    let (mut vector, cut_short) = vector_on(&node.board(), node.feed().node, asker);
    // Read when the board is free again: whoever waits for the tables must not keep it from its writer.
    for (feed, seq) in cut_short {
        let found = node.read_store(|reader| reader.entries(&feed, seq, 1));
        if let Some(entry) = found.ok().and_then(|found| found.into_iter().next()) {
            let _ = vector.insert(entry.head());
        }
    }
    vector
}

/// Returns the same from a board, but for the feeds that may be read only up to an earlier entry, which it names.
pub fn vector_on(board: &Board, own: NodeId, asker: &NodeId) -> (Vector, Vec<(FeedId, u64)>) {
    let mut cut_short = Vec::new();
    let vector = sync::vector_for(board, own, asker, |feed, seq| {
        cut_short.push((feed, seq));
        None
    });
    (vector, cut_short)
}

#[derive(Debug, Deserialize)]
struct RangeAsked {
    from: u64,
    to: u64,
}

async fn entries(
    State(node): State<Node>,
    caller: Caller,
    Path(feed): Path<String>,
    Query(range): Query<RangeAsked>,
) -> Result<Response, StatusCode> {
    let asker = peer(&caller)?;
    let feed: FeedId = feed.parse().map_err(|_| StatusCode::BAD_REQUEST)?;
    let (known, last) = {
        let board = node.board();
        let followed = board.copies.feeds.get(&feed);
        let followed = followed.ok_or(StatusCode::NOT_FOUND)?;
        let may = sync::may_read(&board, node.feed().node, &asker, &followed.feed);
        (followed.feed, may.map(|last| last.min(followed.head.seq)))
    };
    // Whether there is such a feed is nobody's business who may not read it.
    let last = last.ok_or(StatusCode::NOT_FOUND)?.min(range.to);
    let (mut at, mut frames) = (range.from.max(1), Vec::new());
    while at <= last && frames.len() < RANGE_BYTES_MAX {
        let wanted = usize::try_from(last - at + 1)
            .unwrap_or(usize::MAX)
            .min(ENTRIES_MAX);
        let read = tokio::task::block_in_place(|| {
            node.read_store(|reader| reader.entries(&feed, at, wanted))
        });
        let read = read.map_err(|fault| {
            tracing::error!(error = %crate::node::Chain(&fault), "entries could not be read for a peer");
            StatusCode::INTERNAL_SERVER_ERROR
        })?;
        if read.is_empty() {
            break;
        }
        for mut entry in read {
            let written = i64::try_from(entry.header.time.ms()).unwrap_or(i64::MAX);
            let giving = {
                let board = node.board();
                sync::giving(&board, node.feed().node, &asker, &known, Timestamp(written))
            };
            match giving {
                Giving::Whole => {}
                Giving::WithoutWords => entry.erase_sealed(),
                Giving::NotByUs => {
                    at = last + 1;
                    break;
                }
            }
            let frame = entry.encode();
            if !frames.is_empty() && frames.len() + frame.len() > RANGE_BYTES_MAX {
                at = last + 1;
                break;
            }
            frames.extend(frame);
            at = entry.header.seq + 1;
        }
    }
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], frames).into_response())
}

/// A key that is asked for, and the record it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAsked {
    /// Its id, 32 hex digits.
    pub key: String,
    /// The home of the record.
    pub node: NodeId,
    /// The record.
    pub record: RecordRef,
}

/// A key that is given; the secret is wiped when it is dropped.
#[derive(Serialize, Deserialize)]
pub struct KeyGiven {
    /// Its id, 32 hex digits.
    pub key: String,
    /// The secret, 64 hex digits.
    pub secret: String,
}

impl Drop for KeyGiven {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.secret);
    }
}

async fn keys(
    State(node): State<Node>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let asker = peer(&caller)?;
    let asked: Vec<KeyAsked> =
        serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    if asked.len() > KEYS_MAX {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let now = node.now();
    let mut allowed = Vec::new();
    {
        let board = node.board();
        for one in &asked {
            let of = Elsewhere {
                node: one.node,
                record: one.record,
            };
            let mut id = [0; 16];
            if sync::may_have_key(&board, node.feed().node, &asker, of, now)
                && hex::decode_to_slice(&one.key, &mut id).is_ok()
            {
                allowed.push((id, of));
            }
        }
    }
    // Not under the board's lock: see `vector_for`.
    let wanted: Vec<[u8; 16]> = allowed.iter().map(|(id, _)| *id).collect();
    let found = node.read_store(|reader| reader.keys(&wanted));
    let mut found = found.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    found.retain(|key| {
        let mut of = allowed.iter().filter(|(id, _)| *id == key.id);
        of.any(|(_, of)| key_is_of(&node, key, of))
    });
    let given: Vec<KeyGiven> = found
        .iter()
        .map(|key| KeyGiven {
            key: hex::encode(key.id),
            secret: hex::encode(key.expose()),
        })
        .collect();
    let given = serde_json::to_vec(&given).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], given).into_response())
}

/// A key is given for the record that it seals and for no other, whoever named it first and also not for one of the same
/// id in another's name: else a share of one record would open them all.
fn key_is_of(node: &Node, key: &RecordKey, of: &Elsewhere) -> bool {
    let found = node.read_store(|reader| reader.opens(key, of));
    found.unwrap_or(false)
}

fn peer(caller: &Caller) -> Result<NodeId, StatusCode> {
    match caller {
        Caller::Peer(node) => Ok(*node),
        Caller::Stranger(_) => Err(StatusCode::FORBIDDEN),
    }
}

/// Reads an answer to the question for a vector; without one if nothing is new.
pub fn read_answer(bytes: &[u8]) -> Option<(Greeting, Option<Vector>)> {
    let mut begins = bytes.iter().take(GREETING_BYTES_MAX);
    let end = begins.position(|byte| *byte == b'\n')?;
    let greeting = serde_json::from_slice(&bytes[..end]).ok()?;
    let vector = match &bytes[end + 1..] {
        [] => None,
        said => Some(Vector::decode(said).ok()?),
    };
    Some((greeting, vector))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeted(version_chars: usize, now_ms: i64) -> Option<Greeting> {
        let version = "1".repeat(version_chars);
        let mut answer = serde_json::to_vec(&Greeting { version, now_ms }).unwrap();
        answer.push(b'\n');
        answer.extend(Vector::new().encode());
        read_answer(&answer).map(|(greeting, _)| greeting)
    }

    #[test]
    fn a_greeting_says_any_time_and_no_more_than_it_may() {
        let rest = serde_json::to_vec(&Greeting {
            version: String::new(),
            now_ms: 7,
        });
        let longest = GREETING_BYTES_MAX - 1 - rest.unwrap().len();
        assert_eq!(greeted(longest, 7).unwrap().version.len(), longest);
        assert!(greeted(longest + 1, 7).is_none());
        assert_eq!(greeted(5, i64::MIN).unwrap().now_ms, i64::MIN);
        assert!(read_answer(b"{}\n").is_none());
        assert!(read_answer(b"").is_none());
    }
}

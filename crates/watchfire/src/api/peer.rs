//! Peers: the nodes that this one deals with, how the line to each is, and what was decided about them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{Line, PeerId, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::record::Action;
use watchfire_core::record::peer::{Peer, PeerAction};
use watchfire_feed::NodeId;

use super::board::{allowed, find};
use super::view;
use super::{App, Asked, answer, read, read_id};
use crate::federation::links::Link;
use crate::node::Node;
use crate::policy::{Permission, Session};
use crate::problem::Problem;

/// This node among others, and its peers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PeersView {
    /// This node's id: 64 hex digits, made of its root key.
    node: String,
    /// What it calls itself.
    name: String,
    /// Where peers reach it, as its identity feed says.
    addresses: Vec<String>,
    /// Where it answers peers, if it does.
    listening: Option<String>,
    /// True if it speaks with others at all.
    federated: bool,
    /// The version of its program.
    version: String,
    /// Its peers, and the members of its operations that are none.
    peers: Vec<PeerView>,
}

/// A peer, or a member of an operation that is none.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PeerView {
    /// The id of the record, if it is a peer of this node.
    id: Option<String>,
    /// The version of the record.
    version: Option<u64>,
    /// The node.
    node: String,
    /// What people here call it.
    name: String,
    /// When it was enrolled.
    enrolled_at: Option<String>,
    /// Why nothing is taken from it or given to it, if so.
    shut_out: Option<ShutOutView>,
    /// Where it is reached.
    addresses: Vec<String>,
    /// How the line to it is.
    line: LineView,
    /// Entries of ours that it may read and has not.
    they_lack: u64,
    /// Entries of its that we may read and have not.
    we_lack: u64,
    /// When it wrote the last entry that is here, by its own clock.
    last_entry_at: Option<String>,
    /// True if its feeds were found to have two histories: nothing more is taken from them.
    forked: bool,
    /// True if its root key has ended it.
    revoked: bool,
    /// What of it was not taken, by reason, since this node started.
    refused: Vec<RefusedView>,
}

/// That a peer was shut out.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ShutOutView {
    /// When.
    at: String,
    /// Why.
    reason: String,
}

/// Entries that were not taken.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RefusedView {
    /// Why.
    why: String,
    /// How many times.
    times: u64,
}

/// How a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    /// It answers.
    Up,
    /// It does not.
    Cut,
    /// It was not tried yet, or this node speaks with nobody.
    Unknown,
}

/// How the line to a node is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LineView {
    /// How it is.
    pub(crate) state: LineState,
    /// Since when.
    pub(crate) since: Option<String>,
    /// When it last answered.
    pub(crate) heard_at: Option<String>,
    /// Why it does not answer.
    trouble: Option<String>,
    /// By how many milliseconds its clock is ahead of ours.
    clock_ahead_ms: Option<i64>,
    /// How long an answer takes, in milliseconds.
    round_trip_ms: Option<u64>,
    /// The version of its program.
    version: Option<String>,
}

impl LineView {
    /// Shows a line.
    pub(crate) fn of(link: &Link) -> LineView {
        let state = match link.up {
            Some((true, _)) => LineState::Up,
            Some((false, _)) => LineState::Cut,
            None => LineState::Unknown,
        };
        LineView {
            state,
            since: view::maybe_time(link.up.map(|(_, since)| since)),
            heard_at: view::maybe_time(link.heard_at),
            trouble: link.trouble.clone(),
            clock_ahead_ms: link.clock_ahead_ms,
            round_trip_ms: link.round_trip_ms,
            version: link.version.clone(),
        }
    }
}

/// Makes the view of all peers.
pub(crate) fn shown(node: &Node) -> PeersView {
    let board = node.board();
    let own = node.feed().node;
    let identity = board.copies.identities.get(&own);
    let mut partners: Vec<NodeId> = board.peers.values().map(|peer| peer.node).collect();
    for operation in board.all_operations() {
        if board.is_member(operation.id, &own) {
            partners.extend(operation.members.keys().copied());
        }
    }
    partners.retain(|partner| *partner != own);
    partners.sort_unstable();
    partners.dedup();
    let federation = node.federation();
    PeersView {
        node: own.to_string(),
        name: node.settings().name.clone(),
        addresses: identity.map_or(Vec::new(), |one| one.addresses().to_vec()),
        listening: federation.address().map(|address| address.to_string()),
        federated: federation.line().is_some(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        peers: partners.iter().map(|one| peer(&board, node, one)).collect(),
    }
}

fn peer(board: &Board, node: &Node, partner: &NodeId) -> PeerView {
    let record = board.peers.get(&Peer::id_of(partner));
    let identity = board.copies.identities.get(partner);
    let link = node.federation().links().get(partner);
    let ours = crate::federation::doors::vector_for(node, partner);
    let behind = watchfire_feed::plan(&ours, &link.theirs).behind;
    let feeds = board
        .copies
        .feeds
        .values()
        .filter(|one| one.feed.node == *partner);
    let last = feeds.clone().map(|one| one.time).max();
    let by_hand = record.map(|peer| {
        peer.addresses
            .iter()
            .map(Line::to_string)
            .collect::<Vec<_>>()
    });
    let certified = || identity.map_or(Vec::new(), |one| one.addresses().to_vec());
    PeerView {
        id: record.map(|peer| peer.id.to_string()),
        version: record.map(|peer| peer.version),
        node: partner.to_string(),
        name: board.name_of(partner),
        enrolled_at: record.map(|peer| view::time(peer.enrolled_at)),
        shut_out: record
            .and_then(|peer| peer.shut_out.as_ref())
            .map(|(at, reason)| ShutOutView {
                at: view::time(*at),
                reason: reason.to_string(),
            }),
        addresses: by_hand
            .filter(|one| !one.is_empty())
            .unwrap_or_else(certified),
        line: LineView::of(&link),
        they_lack: behind.iter().map(|range| range.to + 1 - range.from).sum(),
        we_lack: link.lacking,
        last_entry_at: last
            .map(|time| view::time(Timestamp(i64::try_from(time.ms()).unwrap_or(0)))),
        forked: feeds.clone().any(|one| one.forked),
        revoked: identity.is_some_and(|one| one.is_revoked()),
        refused: link
            .refused
            .iter()
            .map(|(why, times)| RefusedView {
                why: why.clone(),
                times: *times,
            })
            .collect(),
    }
}

/// Shows this node among others, its peers and how the lines to them are.
#[utoipa::path(get, path = "/api/v1/peers", tag = "peers", responses((status = 200, body = PeersView)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
) -> Result<Json<PeersView>, Problem> {
    allowed(&session).or_else(|denied| match session.may(Permission::KeepPeers) {
        true => Ok(()),
        false => Err(denied),
    })?;
    Ok(Json(shown(&app.node)))
}

/// What is decided about a peer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum PeerStep {
    /// Call it otherwise, or say where it is reached; no address: where its identity feed says.
    Amend {
        /// What people here call it.
        #[schema(min_length = 1, max_length = 200)]
        name: String,
        /// Where it is reached, host and port.
        #[serde(default)]
        #[schema(max_items = 8)]
        addresses: Vec<String>,
    },
    /// Take nothing more from it and give it nothing more, at once.
    ShutOut {
        /// Why.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    },
    /// Deal with it again.
    LetIn {},
}

impl super::Timed for PeerStep {
    fn happened_at(&self) -> Option<&str> {
        None
    }
}

/// Decides something about a peer.
#[utoipa::path(post, path = "/api/v1/peers/{id}/steps", tag = "peers", request_body = PeerStep,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = PeerView)))]
pub(crate) async fn step(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |step: PeerStep| {
        let peer: PeerId = read_id(&id)?;
        Ok(Action::Peer(match step {
            PeerStep::Amend { name, addresses } => PeerAction::Amend {
                peer,
                name: read("name", &name)?,
                addresses: addresses
                    .iter()
                    .map(|one| read("addresses", one))
                    .collect::<Result<_, Problem>>()?,
            },
            PeerStep::ShutOut { reason } => PeerAction::ShutOut {
                peer,
                reason: read("reason", &reason)?,
            },
            PeerStep::LetIn {} => PeerAction::LetIn { peer },
        }))
    };
    asked.act(&[Permission::KeepPeers], meaning).await?;
    let found = find::<Peer>(&asked.app, read_id(&id)?)?;
    let shown = peer(&asked.app.node.board(), &asked.app.node, &found.node);
    Ok(answer(StatusCode::OK, found.version, &shown))
}

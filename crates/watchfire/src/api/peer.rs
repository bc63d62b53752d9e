//! Peers: the nodes that this one deals with, how the line to each is, and what was decided about them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{Line, PeerId, Text, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::record::Action;
use watchfire_core::record::peer::{Peer, PeerAction};
use watchfire_feed::NodeId;

use super::board::{allowed, find};
use super::view;
use super::{App, Asked, answer, read, read_id};
use crate::federation::links::Link;
use crate::link::enrol::office::{Role, Shown};
use crate::link::enrol::{Code, EnrolmentId, Enrolments, State as Standing};
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
    pub(crate) federated: bool,
    /// The version of its program.
    version: String,
    /// Its peers, and the members of its operations that are none.
    pub(crate) peers: Vec<PeerView>,
    /// Enrolments on their way, and those that ended lately.
    enrolments: Vec<EnrolmentView>,
}

/// An enrolment on its way.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EnrolmentView {
    /// Its id.
    id: String,
    /// True if this node invited.
    invited: bool,
    /// How far it is.
    state: EnrolmentState,
    /// The code that two people compare, four groups of three digits.
    code: Option<String>,
    /// The other node, once it is known.
    node: Option<String>,
    /// What it calls itself.
    name: Option<String>,
    /// Why nothing came of it.
    why: Option<String>,
}

/// How far an enrolment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentState {
    /// An invitation is open, or the other side is being asked.
    Invited,
    /// Both sides show a code.
    Comparing,
    /// Somebody here has confirmed.
    ConfirmedHere,
    /// Somebody there has confirmed.
    ConfirmedThere,
    /// They are peers.
    Enrolled,
    /// Nothing came of it.
    Failed,
}

/// A peer, or a member of an operation that is none.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PeerView {
    /// The id of the record, if it is a peer of this node.
    id: Option<String>,
    /// The version of the record.
    version: Option<u64>,
    /// The node.
    pub(crate) node: String,
    /// What people here call it.
    pub(crate) name: String,
    /// When it was enrolled.
    enrolled_at: Option<String>,
    /// Why nothing is taken from it or given to it, if so.
    pub(crate) shut_out: Option<ShutOutView>,
    /// Where it is reached.
    addresses: Vec<String>,
    /// How the line to it is.
    pub(crate) line: LineView,
    /// Entries of ours that it may read and has not.
    pub(crate) they_lack: u64,
    /// Entries of its that we may read and have not.
    pub(crate) we_lack: u64,
    /// When it wrote the last entry that is here, by its own clock.
    last_entry_at: Option<String>,
    /// True if its feeds were found to have two histories: nothing more is taken from them.
    pub(crate) forked: bool,
    /// True if its root key has ended it.
    pub(crate) revoked: bool,
    /// What of it was not taken, by reason, since this node started.
    pub(crate) refused: Vec<RefusedView>,
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
        enrolments: federation
            .enrolments()
            .map_or(Vec::new(), |all| all.all().iter().map(enrolment).collect()),
    }
}

fn peer(board: &Board, node: &Node, partner: &NodeId) -> PeerView {
    let record = board.peers.get(&Peer::id_of(partner));
    let identity = board.copies.identities.get(partner);
    let link = node.federation().links().get(partner);
    let (ours, _) = crate::federation::doors::vector_on(board, node.feed().node, partner);
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

fn enrolment(shown: &Shown) -> EnrolmentView {
    let (state, compared) = match &shown.state {
        Standing::Invited => (EnrolmentState::Invited, None),
        Standing::Comparing(compared) => (EnrolmentState::Comparing, Some(compared)),
        Standing::ConfirmedHere(compared) => (EnrolmentState::ConfirmedHere, Some(compared)),
        Standing::ConfirmedThere(compared) => (EnrolmentState::ConfirmedThere, Some(compared)),
        Standing::Enrolled { .. } => (EnrolmentState::Enrolled, None),
        Standing::Failed(_) => (EnrolmentState::Failed, None),
    };
    let (node, name) = if let Standing::Enrolled { node, name } = &shown.state {
        (Some(node.to_string()), Some(name.clone()))
    } else {
        (
            compared.map(|one| one.node.to_string()),
            compared.map(|one| one.name.clone()),
        )
    };
    let why = if let Standing::Failed(why) = &shown.state {
        Some(why.to_string())
    } else {
        None
    };
    EnrolmentView {
        id: shown.id.to_string(),
        invited: shown.role == Role::Inviter,
        state,
        code: compared.map(|one| one.code.to_string()),
        node,
        name,
        why,
    }
}

/// An invitation, shown once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationView {
    /// The enrolment that it leads to.
    id: String,
    /// What is given to the other agency.
    text: String,
    /// Until when it can be accepted.
    expires_at: String,
}

fn enrolments(app: &App) -> Result<&Arc<Enrolments>, Problem> {
    app.node.federation().enrolments().ok_or_else(|| {
        Problem::new(
            StatusCode::CONFLICT,
            "not_federated",
            Text::new(
                "This node does not speak with others.",
                "本节点未开启联网。",
            ),
            Text::new(
                "Set federation.listen in watchfire.toml and start it again.",
                "请在 watchfire.toml 中设置 federation.listen 后重启。",
            ),
        )
    })
}

fn not_opened(why: &impl std::fmt::Display) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "not_enrolled",
        Text::new(
            format!("That did not work: {why}."),
            format!("未能完成：{why}。"),
        ),
        Text::new(
            "Ask the other agency for a new invitation.",
            "请对方重新发出邀请。",
        ),
    )
}

/// Invites another node to become a peer: the invitation is shown once.
#[utoipa::path(post, path = "/api/v1/peers/invitations", tag = "peers",
    responses((status = 201, body = InvitationView)))]
pub(crate) async fn invite(
    State(app): State<App>,
    session: Session,
) -> Result<(StatusCode, Json<InvitationView>), Problem> {
    may_keep(&session)?;
    let (id, invitation) = enrolments(&app)?.invite().map_err(|why| not_opened(&why))?;
    let expires = i64::try_from(invitation.expires)
        .unwrap_or(0)
        .saturating_mul(1_000);
    Ok((
        StatusCode::CREATED,
        Json(InvitationView {
            id: id.to_string(),
            text: invitation.text(),
            expires_at: view::time(Timestamp(expires)),
        }),
    ))
}

/// An invitation of another node.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptBody {
    /// What the other agency gave.
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
}

/// Accepts an invitation of another node, and begins to call there.
#[utoipa::path(post, path = "/api/v1/peers/enrolments", tag = "peers", request_body = AcceptBody,
    responses((status = 200, body = PeersView)))]
pub(crate) async fn accept(asked: Asked) -> Result<Json<PeersView>, Problem> {
    may_keep(&asked.session)?;
    let body: AcceptBody = asked.read()?;
    let all = enrolments(&asked.app)?;
    all.accept(&body.text).map_err(|why| not_opened(&why))?;
    Ok(Json(shown(&asked.app.node)))
}

/// What a person says who has compared the codes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum EnrolmentStep {
    /// It is the code that they see there, too.
    Confirm {
        /// The code.
        code: String,
    },
    /// It is not, or this is not wanted.
    Refuse {},
}

/// Says that the codes are the same, or that they are not.
#[utoipa::path(post, path = "/api/v1/peers/enrolments/{id}", tag = "peers", request_body = EnrolmentStep,
    params(("id" = String, Path)), responses((status = 200, body = PeersView)))]
pub(crate) async fn enrolment_step(
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Json<PeersView>, Problem> {
    may_keep(&asked.session)?;
    let step: EnrolmentStep = asked.read()?;
    let id = EnrolmentId::parse(&id).ok_or_else(Problem::not_found)?;
    let all = enrolments(&asked.app)?;
    let done = match step {
        EnrolmentStep::Confirm { code } => {
            let code = Code::parse(&code).ok_or_else(|| {
                Problem::unreadable("A code is twelve digits.", "核对码为 12 位数字。")
            })?;
            all.confirm(id, code).await
        }
        EnrolmentStep::Refuse {} => all.refuse(id),
    };
    done.map_err(|why| not_opened(&why))?;
    Ok(Json(shown(&asked.app.node)))
}

fn may_keep(session: &Session) -> Result<(), Problem> {
    match session.may(Permission::KeepPeers) {
        true => Ok(()),
        false => Err(Problem::denied()),
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

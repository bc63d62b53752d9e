//! A peer (对等节点): a node that this one federates with, because two people have compared who they are.
//!
//! Its keys, addresses and anchors are no part of this record: its own identity feed says them. Here stands
//! only what this node decided: that it deals with it, and whether it still does. Shutting a peer out works
//! at once and waits for nobody.

use serde::{Deserialize, Serialize};
use watchfire_feed::NodeId;

use super::{Context, Event, Happened, Life, Meta, RecordKind};
use crate::basis::{Line, PeerId, Personal, Text, Timestamp};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;

/// A peer as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its name in entries and the API.
    pub id: PeerId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The node.
    pub node: NodeId,
    /// What people here call it.
    pub name: Line,
    /// Where it is reached, if not where its identity feed says.
    pub addresses: Vec<Line>,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// Since when and why nothing is taken from it or given to it, if so.
    pub shut_out: Option<(Timestamp, Line)>,
}

impl Peer {
    /// Returns the id of the record about a node.
    pub fn id_of(node: &NodeId) -> PeerId {
        let mut id = [0; 16];
        id.copy_from_slice(&node.0[..16]);
        PeerId(id)
    }

    /// Returns true if this node deals with it.
    pub fn is_let_in(&self) -> bool {
        self.shut_out.is_none()
    }
}

impl Life for Peer {}

/// What can be asked of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerAction {
    /// Enrol it, once two people have compared.
    Enrol {
        /// The node.
        node: NodeId,
        /// What people here call it.
        name: Line,
    },
    /// Call it otherwise, or say where it is reached.
    Amend {
        /// Which.
        peer: PeerId,
        /// What people here call it.
        name: Line,
        /// Where it is reached, if not where its identity feed says.
        addresses: Vec<Line>,
    },
    /// Take nothing more from it and give it nothing more, at once.
    ShutOut {
        /// Which.
        peer: PeerId,
        /// Why.
        reason: Line,
    },
    /// Deal with it again.
    LetIn {
        /// Which.
        peer: PeerId,
    },
}

impl PeerAction {
    /// Returns the peer it changes.
    pub fn subject(&self) -> Option<PeerId> {
        match self {
            PeerAction::Enrol { .. } => None,
            PeerAction::Amend { peer, .. }
            | PeerAction::ShutOut { peer, .. }
            | PeerAction::LetIn { peer } => Some(*peer),
        }
    }
}

/// What happened to a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum PeerEvent {
    /// It was enrolled.
    Enrolled {
        /// The node.
        node: NodeId,
        /// What people here call it.
        name: Line,
    },
    /// It is called otherwise, or reached elsewhere.
    Amended {
        /// What people here call it.
        name: Line,
        /// Where it is reached.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        addresses: Vec<Line>,
    },
    /// It was shut out.
    ShutOut {
        /// Why.
        reason: Line,
    },
    /// It was let in again.
    LetIn,
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 4] = ["enrolled", "amended", "shut_out", "let_in"];

pub(super) fn decide(
    board: &Board,
    action: &PeerAction,
    context: &Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let (id, event) = match action {
        PeerAction::Enrol { node, name } => {
            let id = Peer::id_of(node);
            if *node == context.node || board.peers.contains_key(&id) {
                return Err(Refusal::Taken {
                    kind: RecordKind::Peer,
                    name: name.to_string(),
                });
            }
            if board.peers.len() >= limits::PEERS_MAX {
                return Err(Refusal::Limit {
                    what: Text::new("peers", "对等节点"),
                    max: limits::PEERS_MAX,
                });
            }
            let event = PeerEvent::Enrolled {
                node: *node,
                name: name.clone(),
            };
            (id, event)
        }
        PeerAction::Amend {
            peer,
            name,
            addresses,
        } => {
            board.peer(*peer)?;
            if addresses.len() > limits::ADDRESSES_PER_PEER_MAX {
                return Err(Refusal::Limit {
                    what: Text::new("addresses of a peer", "每个对等节点的地址"),
                    max: limits::ADDRESSES_PER_PEER_MAX,
                });
            }
            let event = PeerEvent::Amended {
                name: name.clone(),
                addresses: addresses.clone(),
            };
            (*peer, event)
        }
        PeerAction::ShutOut { peer, reason } => {
            if !board.peer(*peer)?.is_let_in() {
                return Err(already(Text::new("shut out", "已断开")));
            }
            let reason = reason.clone();
            (*peer, PeerEvent::ShutOut { reason })
        }
        PeerAction::LetIn { peer } => {
            if board.peer(*peer)?.is_let_in() {
                return Err(already(Text::new("let in", "已接通")));
            }
            (*peer, PeerEvent::LetIn)
        }
    };
    Ok(vec![Happened::new(id, Event::Peer(event))])
}

fn already(state: Text) -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::Peer,
        state,
        instead: Text::new("Nothing needs doing.", "无需操作。"),
    }
}

pub(super) fn apply(
    before: Option<&Peer>,
    event: &PeerEvent,
    _: Option<&Personal>,
    meta: &Meta,
) -> Option<Peer> {
    if let PeerEvent::Enrolled { node, name } = event {
        return Some(Peer {
            id: PeerId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            node: *node,
            name: name.clone(),
            addresses: Vec::new(),
            enrolled_at: meta.happened_at,
            shut_out: None,
        });
    }
    let mut peer = before?.clone();
    peer.version = meta.version;
    peer.changed_at = meta.at;
    match event {
        PeerEvent::Enrolled { .. } => {}
        PeerEvent::Amended { name, addresses } => {
            peer.name = name.clone();
            peer.addresses = addresses.clone();
        }
        PeerEvent::ShutOut { reason } => peer.shut_out = Some((meta.happened_at, reason.clone())),
        PeerEvent::LetIn => peer.shut_out = None,
    }
    Some(peer)
}

//! The node among others: its line to every peer, what it gives them, what it takes, and how that is going.
//!
//! One task for each peer asks it, again and again, how far it holds what this node may read, and fetches what is
//! missing; the answer waits until there is news, so nothing is asked in vain. Everything that comes goes through the
//! engine, which verifies it; nothing here decides what is believed or who may read what (`watchfire_core::sync` does).
//! Start at [`Federation::start`], then [`pull`] and [`doors`].

pub mod doors;
pub mod enrolling;
pub mod identity;
pub mod keys;
pub mod links;
pub mod pace;
pub mod pull;
pub mod show;
pub mod tail;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use watchfire_core::board::Board;
use watchfire_core::record::peer::Peer;
use watchfire_feed::NodeId;
use watchfire_store::Reader;

use crate::clock::Clock;
use crate::config;
use crate::link::enrol::Enrolments;
use crate::link::{Certificates, Doors, Line, LineClock, Serving, Trust, at, serve};
use crate::node::Node;
use keys::MissingKeys;
use links::Links;

/// How often it is looked whether peers came or went.
const LOOK: Duration = Duration::from_secs(5);
/// How long news is gathered before it is looked.
const GATHER: Duration = Duration::from_millis(50);
/// How often the leaf certificate is looked at.
const RENEW: Duration = Duration::from_secs(600);

/// How things stand with the other nodes. Empty until it is started.
#[derive(Default)]
pub struct Federation {
    started: OnceLock<Started>,
    links: Links,
    missing: MissingKeys,
}

struct Started {
    line: Line,
    address: Option<SocketAddr>,
    enrolments: Arc<Enrolments>,
    serving: Mutex<Option<Serving>>,
    keepers: Mutex<Vec<JoinHandle<()>>>,
    tasks: Mutex<BTreeMap<NodeId, Task>>,
}

/// What keeps the line to one peer, and the addresses that it tries.
type Task = (Vec<String>, JoinHandle<()>);

/// Why the node cannot speak with others.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen for peers on {address}; is another node or program using it?")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// There are no certificates.
    #[error(transparent)]
    Certificates(#[from] crate::link::certificates::CertificateError),
}

impl Federation {
    /// Ends it: no peer is answered or called any more.
    pub fn end(&self) {
        let Some(started) = self.started.get() else {
            return;
        };
        let mut tasks = started.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, task) in std::mem::take(&mut *tasks).into_values() {
            task.abort();
        }
        drop(tasks);
        let mut serving = started
            .serving
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        drop(serving.take());
        let mut keepers = started
            .keepers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        keepers.drain(..).for_each(|task| task.abort());
    }

    /// Returns how the line to every peer is.
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// Returns the keys that are missing of what is held here.
    pub fn missing_keys(&self) -> &MissingKeys {
        &self.missing
    }

    /// Returns the line, if the node speaks with others.
    pub fn line(&self) -> Option<&Line> {
        self.started.get().map(|started| &started.line)
    }

    /// Returns the enrolments that are on their way, if the node speaks with others.
    pub fn enrolments(&self) -> Option<&Arc<Enrolments>> {
        self.started.get().map(|started| &started.enrolments)
    }

    /// Returns where peers are answered, if they are.
    pub fn address(&self) -> Option<SocketAddr> {
        self.started.get()?.address
    }

    /// Begins to answer peers and to call them. Must be called within a runtime.
    pub fn start(node: &Node, dir: &Path, settings: &config::Federation) -> Result<(), StartError> {
        let now_s = u64::try_from(Clock::Real.now().0 / 1_000).unwrap_or_default();
        let certificates = Certificates::load_or_create(dir, node.feed().node, at(now_s))?;
        let line = Line {
            certificates: Arc::new(certificates),
            trust: Arc::new(Trust::default()),
            clock: LineClock::machine(),
        };
        trust_all(&line, node);
        let enrolling = enrolling::Enrolling {
            node: node.clone(),
            line: line.clone(),
        };
        let addresses = settings.addresses.clone();
        if self::addresses(&node.board(), &node.feed().node).is_empty() && !addresses.is_empty() {
            tracing::warn!(
                "invitations name federation.addresses, but the identity of this node names none, and peers that it \
                 accepts cannot call it: stop it and run `watchfire identity addresses`"
            );
        }
        let enrolments = Enrolments::new(line.clone(), Arc::new(enrolling), addresses);
        let serving = match settings.listen {
            None => None,
            Some(address) => {
                let listen = |source| StartError::Listen { address, source };
                let listener = std::net::TcpListener::bind(address).map_err(listen)?;
                let doors = Doors {
                    peers: doors::router(node.clone()).merge(enrolments.router()),
                    strangers: enrolments.router(),
                };
                Some(serve(line.clone(), listener, doors).map_err(listen)?)
            }
        };
        let started = Started {
            address: serving.as_ref().map(|serving| serving.address),
            enrolments,
            line,
            serving: Mutex::new(serving),
            keepers: Mutex::default(),
            tasks: Mutex::default(),
        };
        if node.federation().started.set(started).is_ok() {
            let keeping = tokio::spawn(keep(node.clone()));
            let showing = tokio::spawn(show::keep(node.clone()));
            tokio::task::spawn_blocking({
                let (node, dir) = (node.clone(), dir.to_owned());
                move || find_missing_keys(&node, &dir)
            });
            if let Some(started) = node.federation().started.get() {
                let mut keepers = started
                    .keepers
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                keepers.extend([keeping, showing]);
            }
        }
        Ok(())
    }
}

/// Finds the keys that an earlier life went without; beside everything else, since it may take seconds.
fn find_missing_keys(node: &Node, dir: &Path) {
    let missing = Reader::open(dir).and_then(|reader| reader.keys_missing(keys::MISSING_MAX));
    match missing {
        Ok(missing) => node.federation().missing.note(missing),
        Err(error) => {
            tracing::warn!(error = %crate::node::Chain(&error), "it could not be seen which keys are missing");
        }
    }
}

/// Sees that there is a task for every node to speak with, that anchors are known, and that the leaf is fresh.
async fn keep(node: Node) {
    let mut news = node.joint_news();
    let mut renewed = tokio::time::Instant::now();
    loop {
        if let Some(started) = node.federation().started.get() {
            trust_all(&started.line, &node);
            keep_tasks(&node, started);
            started.enrolments.tend();
            if renewed.elapsed() > RENEW {
                renewed = tokio::time::Instant::now();
                if let Err(error) = started
                    .line
                    .certificates
                    .renew_if_due(started.line.clock.now())
                {
                    tracing::error!(error = %crate::node::Chain(&error), "the certificate for peers could not be renewed");
                }
            }
        }
        tokio::select! {
            _ = tokio::time::sleep(LOOK) => {}
            changed = news.changed() => if changed.is_err() { return },
        }
        tokio::time::sleep(GATHER).await;
    }
}

/// Trusts every node that this one deals with, under the anchors that its identity feed certifies now.
fn trust_all(line: &Line, node: &Node) {
    let trusted = anchors_of_partners(&node.board(), node.feed().node);
    for gone in line.trust.peers() {
        if !trusted.contains_key(&gone) {
            line.trust.remove(gone);
        }
    }
    let links = node.federation().links();
    for (partner, anchors) in trusted {
        if links.anchors_changed(partner, &anchors)
            && let Err(error) = line.trust.set(partner, &anchors)
        {
            tracing::warn!(%partner, %error, "a peer's anchors cannot be used");
        }
    }
}

/// Returns the certificates by which each node that this one deals with is known.
fn anchors_of_partners(board: &Board, own: NodeId) -> BTreeMap<NodeId, Vec<Vec<u8>>> {
    let wanted: Vec<NodeId> = partners(board, own);
    let now_ms = u64::try_from(Clock::Real.now().0).unwrap_or(0);
    let mut trusted: BTreeMap<NodeId, Vec<Vec<u8>>> = BTreeMap::new();
    for partner in wanted {
        let Some(identity) = board.copies.identities.get(&partner) else {
            continue;
        };
        if identity.is_revoked() {
            continue;
        }
        let fresh = identity
            .anchors()
            .iter()
            .filter(|one| one.not_after_ms > now_ms);
        let anchors: Vec<Vec<u8>> = fresh.map(|one| one.certificate.clone()).collect();
        if !anchors.is_empty() {
            trusted.insert(partner, anchors);
        }
    }
    trusted
}

/// Returns the nodes to speak with: peers that are let in, and members of operations that this node takes part in.
fn partners(board: &Board, own: NodeId) -> Vec<NodeId> {
    let let_in = |node: &NodeId| {
        let peer = board.peers.get(&Peer::id_of(node));
        peer.is_none_or(|peer| peer.is_let_in())
    };
    let peers = board.peers.values().filter(|peer| peer.is_let_in());
    let mut nodes: Vec<NodeId> = peers.map(|peer| peer.node).collect();
    for operation in board.all_operations() {
        if operation.members.contains_key(&own) && board.is_member(operation.id, &own) {
            let named = operation
                .members
                .keys()
                .filter(|node| operation.names(node));
            nodes.extend(named.filter(|node| let_in(node)));
        }
    }
    nodes.retain(|node| *node != own);
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

fn keep_tasks(node: &Node, started: &Started) {
    let wanted: BTreeMap<NodeId, Vec<String>> = {
        let board = node.board();
        let partners = partners(&board, node.feed().node).into_iter();
        partners.map(|one| (one, addresses(&board, &one))).collect()
    };
    let mut tasks = started.tasks.lock().unwrap_or_else(PoisonError::into_inner);
    tasks.retain(|partner, (addresses, task)| {
        let same = wanted.get(partner) == Some(addresses) && !task.is_finished();
        if !same {
            task.abort();
            if !wanted.contains_key(partner) {
                node.federation().links.forget(partner);
            }
        }
        same
    });
    for (partner, addresses) in wanted {
        tasks.entry(partner).or_insert_with(|| {
            let (line, there) = (started.line.clone(), addresses.clone());
            let hear = pull::follow(node.clone(), line.clone(), partner, there.clone());
            let tell = pull::tell(node.clone(), line, partner, there);
            let both = async move {
                tokio::join!(hear, tell);
            };
            (addresses, tokio::spawn(both))
        });
    }
}

/// Returns where a node is reached: where people here say, else where its identity feed does.
fn addresses(board: &Board, node: &NodeId) -> Vec<String> {
    let peer = board.peers.get(&Peer::id_of(node));
    let by_hand: Vec<String> = peer
        .map(|peer| peer.addresses.iter().map(ToString::to_string).collect())
        .unwrap_or_default();
    if !by_hand.is_empty() {
        return by_hand;
    }
    let identity = board.copies.identities.get(node);
    identity.map_or(Vec::new(), |identity| identity.addresses().to_vec())
}

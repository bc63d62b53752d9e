//! A peer that is made by hand: a root key, an identity, certificates and doors of its own, and no node behind them. It
//! costs little, so that there can be a hundred; and it answers what it is told to, so that it can be hostile. The
//! tests of the program use it too. Start at [`ByHand::make`].

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use watchfire::link::certificates::{Anchor, Certificates};
use watchfire::link::serve::Limits;
use watchfire::link::{Doors, Line, LineClock, PeerClient, Serving, Trust, at, client};
use watchfire::node::{Node, Submission, random};
use watchfire::policy::Authorized;
use watchfire_core::record::Action;
use watchfire_core::record::peer::PeerAction;
use watchfire_feed::{
    Entry, HybridClock, HybridTime, IdentityEvent, NodeId, Signer, identity_entry, identity_opening,
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A peer without a node.
#[allow(dead_code, reason = "the tests use what the benchmark does not")]
pub(crate) struct ByHand {
    /// Its id.
    pub(crate) node: NodeId,
    /// Its root key, with which it signs its feeds too.
    pub(crate) signer: Signer,
    /// The secret of that key, for what no honest signer would sign.
    pub(crate) seed: [u8; 32],
    /// Its identity feed.
    pub(crate) identity: Vec<Entry>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its end of a line.
    pub(crate) line: Line,
    _serving: Serving,
}

impl ByHand {
    /// Makes one with these doors; its certificates are kept in a directory. Must be called within a runtime.
    pub(crate) fn make(dir: &Path, name: &str, doors: Router) -> Outcome<ByHand> {
        std::fs::create_dir_all(dir)?;
        let seed = random();
        let signer = Signer::from_seed(seed);
        let node = NodeId::of_key(&signer.public_key());
        let certificates = Certificates::load_or_create(dir, node, at(now_ms() / 1_000))?;
        let anchors = certificates.anchors();
        let line = Line {
            certificates: Arc::new(certificates),
            trust: Arc::new(Trust::default()),
            clock: LineClock::machine(),
        };
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let doors = Doors {
            peers: doors,
            strangers: Router::new(),
        };
        let limits = Limits {
            per_address_max: 1_000,
            ..Limits::default()
        };
        let serving = watchfire::link::serve::serve_with(line.clone(), listener, doors, limits)?;
        let address = serving.address;
        Ok(ByHand {
            identity: identity(&signer, name, &anchors, address)?,
            node,
            signer,
            seed,
            address,
            line,
            _serving: serving,
        })
    }

    /// Lets a node in that lives in a directory.
    pub(crate) fn lets_in(&self, node: NodeId, dir: &Path) -> Outcome<()> {
        let theirs = Certificates::load_or_create(dir, node, at(now_ms() / 1_000))?;
        let anchors: Vec<Vec<u8>> = theirs.anchors().into_iter().map(|one| one.der).collect();
        Ok(self.line.trust.set(node, &anchors)?)
    }

    /// Returns what calls a node, so many requests at once.
    pub(crate) fn calls(&self, node: NodeId, address: SocketAddr, at_once: usize) -> PeerClient {
        let limits = client::Limits {
            at_once_max: at_once,
            ..client::Limits::default()
        };
        PeerClient::new(self.line.clone(), node, &[address.to_string()]).limited(limits)
    }
}

/// Makes a peer of one made by hand: what enrolment does when two people have compared.
pub(crate) async fn enrol(node: &Node, name: &str, peer: &ByHand) -> Outcome<()> {
    let action = PeerAction::Enrol {
        node: peer.node,
        name: name.parse()?,
    };
    let action = Authorized::by_the_node(Action::Peer(action));
    let done = node.submit(Submission::fresh(action)).await;
    done.map_err(|why| format!("the peer was not enrolled: {why:?}"))?;
    let taken = node.take(peer.identity.clone(), Vec::new()).await;
    let taken = taken.map_err(|why| format!("its identity was not taken: {why:?}"))?;
    match taken.refused.first() {
        None => Ok(()),
        Some(refused) => Err(refused.why.to_string().into()),
    }
}

fn identity(
    signer: &Signer,
    name: &str,
    anchors: &[Anchor],
    address: SocketAddr,
) -> Outcome<Vec<Entry>> {
    let mut clock = HybridClock::new(HybridTime(0));
    let now = i64::try_from(now_ms())?;
    let opening = identity_opening(signer, clock.tick(now), "made by hand")?;
    let mut head = opening.head();
    let mut entries = vec![opening];
    let mut events = vec![
        IdentityEvent::Named {
            name: name.to_owned(),
        },
        IdentityEvent::KeyCertified {
            epoch: 1,
            public_key: signer.public_key(),
        },
    ];
    events.extend(
        anchors
            .iter()
            .map(watchfire::federation::identity::certified),
    );
    events.push(IdentityEvent::AddressesSet {
        addresses: vec![address.to_string()],
    });
    for event in events {
        let entry = identity_entry(signer, &head, clock.tick(now), &event)?;
        head = entry.head();
        entries.push(entry);
    }
    Ok(entries)
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or(Duration::ZERO).as_millis()).unwrap_or_default()
}

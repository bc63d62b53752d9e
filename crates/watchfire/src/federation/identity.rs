//! This node's own identity feed: beginning it, and saying more in it with the root key. Only ever done by whoever
//! holds the directory and the root key, while the node does not run. Start at [`begin`] and [`say`].

use std::path::Path;
use std::sync::Arc;

use watchfire_core::basis::Timestamp;
use watchfire_core::engine::{Engine, WhyNotTaken};
use watchfire_core::entropy::Entropy;
use watchfire_core::log::{Log, LogFault};
use watchfire_core::plan::ResponseFile;
use watchfire_feed::{
    Entry, FeedError, HybridClock, Identity, IdentityEvent, Signer, identity_entry,
    identity_opening,
};
use watchfire_store::{Store, StoreError};

use crate::link::at;
use crate::link::certificates::{CertificateError, Certificates};
use crate::node::{self, Founding, random};

/// Why nothing could be said in the identity feed.
#[derive(Debug, thiserror::Error)]
pub enum SayError {
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store could not be written.
    #[error(transparent)]
    Disk(#[from] LogFault),
    /// There are no certificates to certify.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// What was to be said cannot be said.
    #[error("that cannot be said: {0}")]
    Unfit(#[from] FeedError),
    /// What was to be said may not be said now.
    #[error("the identity feed does not allow it: {0}")]
    NotTaken(WhyNotTaken),
    /// The key is that of another node.
    #[error("that root key is not this node's; its name is made of its own root key")]
    OtherRoot,
}

/// Begins the identity feed of a node that was made a moment ago.
pub fn begin(dir: &Path, root: &Signer, founding: &Founding<'_>) -> Result<(), SayError> {
    let mut store = Store::open(dir)?;
    let key = store.signer().public_key();
    let node = store.feed().node;
    let certificates = Certificates::load_or_create(dir, node, unix(founding.now))?;
    let mut events = vec![
        IdentityEvent::Named {
            name: founding.name.chars().take(NAME_CHARS_MAX).collect(),
        },
        IdentityEvent::KeyCertified {
            epoch: store.feed().epoch,
            public_key: key,
        },
    ];
    events.extend(certificates.anchors().iter().map(certified));
    if !founding.addresses.is_empty() {
        events.push(IdentityEvent::AddressesSet {
            addresses: founding.addresses.to_vec(),
        });
    }
    write(&mut store, root, events, founding.now, &founding.reason())
}

/// Says more in the identity feed of a node that does not run; begins the feed if there is none yet.
pub fn say(
    dir: &Path,
    root: &Signer,
    events: Vec<IdentityEvent>,
    now: Timestamp,
) -> Result<(), SayError> {
    let mut store = Store::open(dir)?;
    write(&mut store, root, events, now, REASON)
}

/// Sees that a node from before there were identity feeds has one: its first key is its root key.
pub fn ensure(
    store: &mut Store,
    dir: &Path,
    addresses: &[String],
    now: Timestamp,
) -> Result<(), SayError> {
    let root = store.signer();
    let node = store.feed().node;
    let has_one = store
        .reader()?
        .feeds()?
        .iter()
        .any(|feed| feed.node == node && feed.scope == watchfire_feed::Scope::Identity);
    let own_root = watchfire_feed::NodeId::of_key(&root.public_key()) == node;
    if has_one || !own_root {
        return Ok(());
    }
    let certificates = Certificates::load_or_create(dir, node, unix(now))?;
    let name = store.node_name().chars().take(NAME_CHARS_MAX).collect();
    let mut events = vec![
        IdentityEvent::Named { name },
        IdentityEvent::KeyCertified {
            epoch: store.feed().epoch,
            public_key: root.public_key(),
        },
    ];
    events.extend(certificates.anchors().iter().map(certified));
    if !addresses.is_empty() {
        let addresses = addresses.to_vec();
        events.push(IdentityEvent::AddressesSet { addresses });
    }
    write(store, &root, events, now, REASON)
}

/// Why a feed is begun for a node that had none; every exercise node is made with one.
const REASON: &str = "a new node";

/// Longest name that an identity feed takes, in characters.
const NAME_CHARS_MAX: usize = 200;

/// Returns the event that certifies an anchor.
pub fn certified(anchor: &crate::link::certificates::Anchor) -> IdentityEvent {
    IdentityEvent::AnchorCertified {
        certificate: anchor.der.clone(),
        not_after_ms: anchor.expires.saturating_mul(1_000),
    }
}

fn unix(now: Timestamp) -> rustls::pki_types::UnixTime {
    at(u64::try_from(now.0 / 1_000).unwrap_or_default())
}

fn write(
    store: &mut Store,
    root: &Signer,
    events: Vec<IdentityEvent>,
    now: Timestamp,
    reason: &str,
) -> Result<(), SayError> {
    let response = Arc::new(ResponseFile::default());
    let (mut engine, _) = node::load(store, now, response, Entropy::new(random()))?;
    let held = engine
        .board()
        .copies
        .identities
        .get(&engine.node())
        .cloned();
    let entries = signed(store, root, held.as_ref(), &events, now, reason)?;
    append(&mut engine, store, entries, now)
}

fn signed(
    store: &Store,
    root: &Signer,
    held: Option<&Identity>,
    events: &[IdentityEvent],
    now: Timestamp,
    reason: &str,
) -> Result<Vec<Entry>, SayError> {
    if watchfire_feed::NodeId::of_key(&root.public_key()) != store.feed().node {
        return Err(SayError::OtherRoot);
    }
    let mut clock = HybridClock::new(store.last_time()?);
    let mut entries = Vec::new();
    let mut head = match held {
        Some(identity) => identity.head(),
        None => {
            let opening = identity_opening(root, clock.tick(now.0), reason)?;
            let head = opening.head();
            entries.push(opening);
            head
        }
    };
    for event in events {
        let entry = identity_entry(root, &head, clock.tick(now.0), event)?;
        head = entry.head();
        entries.push(entry);
    }
    Ok(entries)
}

fn append(
    engine: &mut Engine,
    store: &mut Store,
    entries: Vec<Entry>,
    now: Timestamp,
) -> Result<(), SayError> {
    let taken = engine.take(entries, &[], now);
    if let Some(refused) = taken.refused.into_iter().next() {
        return Err(SayError::NotTaken(refused.why));
    }
    store.append(&taken.append)?;
    Ok(())
}

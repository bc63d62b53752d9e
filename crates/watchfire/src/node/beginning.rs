//! How a node begins: made in an empty directory, read back from its store, and given keys before it needs them.
//!
//! The only place of the node that asks the operating system for randomness.

use std::path::Path;
use std::sync::Arc;

use watchfire_core::basis::Timestamp;
use watchfire_core::engine::Engine;
use watchfire_core::entropy::Entropy;
use watchfire_core::limits::BATCH_INPUTS_MAX;
use watchfire_core::plan::ResponseFile;
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{
    Draft, EXERCISE_REASON, Feed, Head, HybridClock, HybridTime, NodeId, OPENING_KIND,
    OPENING_KIND_VERSION, Scope, Signer,
};
use watchfire_store::{Store, StoreError};
use zeroize::Zeroizing;

/// Record keys kept ready; each batch uses up at most two for every input.
const SPARE_KEYS_WANTED: usize = 1_024;

/// Makes a new node in an empty directory: its key from the seed, its store, and the opening of its feed. One key is
/// its root key and signs day by day too; [`found`] keeps them apart.
pub fn create(dir: &Path, name: &str, seed: [u8; 32], now: Timestamp) -> Result<(), StoreError> {
    let node = NodeId::of_key(&Signer::from_seed(seed).public_key());
    create_under(dir, name, seed, node, now, OPENED)
}

const OPENED: &str = "a new node";

fn create_under(
    dir: &Path,
    name: &str,
    seed: [u8; 32],
    node: NodeId,
    now: Timestamp,
    reason: &str,
) -> Result<(), StoreError> {
    let signer = Signer::from_seed(seed);
    let key = signer.public_key();
    let feed = Feed {
        node,
        scope: Scope::Local,
        epoch: 1,
        key,
    };
    let draft = Draft {
        kind: OPENING_KIND,
        kind_version: OPENING_KIND_VERSION,
        critical: true,
        record: [0; 16],
        record_version: 1,
        time: HybridClock::new(HybridTime(0)).tick(now.0),
        deps: &[],
        plain: feed.opening_body(None, reason),
        sealed: Vec::new(),
    };
    let opening = watchfire_feed::sign(&signer, &Head::start(feed.id()), draft)
        .expect("an opening is far below the limits of an entry");
    Store::create(dir, &feed, &seed, &opening, name)
}

/// How a node speaks for itself when it is made.
pub struct Founding<'a> {
    /// What people call it.
    pub name: &'a str,
    /// What peers reach it by, host and port.
    pub addresses: &'a [String],
    /// What the opening of its feeds says.
    pub now: Timestamp,
    /// The exercise that it is made for; none for a node that is real. It never changes.
    pub exercise: Option<&'a str>,
}

impl Founding<'_> {
    /// Returns why its feeds are opened.
    pub fn reason(&self) -> String {
        match self.exercise {
            Some(name) => format!("{EXERCISE_REASON}{name}"),
            None => OPENED.to_owned(),
        }
    }
}

/// Makes a new node in an empty directory, with a root key apart from the key that signs day by day, certificates of
/// its own, and an identity feed that certifies all of it. Returns the seed of the root key, which is not in the
/// directory: the caller seals it.
pub fn found(dir: &Path, founding: &Founding<'_>) -> Result<Zeroizing<[u8; 32]>, FoundError> {
    let (root_seed, seed) = (Zeroizing::new(random()), Zeroizing::new(random()));
    let root = Signer::from_seed(*root_seed);
    let now = founding.now;
    create_under(
        dir,
        founding.name,
        *seed,
        NodeId::of_key(&root.public_key()),
        now,
        &founding.reason(),
    )?;
    crate::federation::identity::begin(dir, &root, founding)?;
    Ok(root_seed)
}

/// Why a node could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FoundError {
    /// Its store could not be made.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its identity could not be made.
    #[error(transparent)]
    Identity(#[from] crate::federation::identity::SayError),
}

/// Reads an engine and its log position from a store, and sees that it has spare record keys.
pub fn load(
    store: &mut Store,
    keep_since: Timestamp,
    response: Arc<ResponseFile>,
    entropy: Entropy,
) -> Result<(Engine, u64), StoreError> {
    let loaded = store.load(keep_since)?;
    let signer = store.signer();
    let start = watchfire_core::engine::Start {
        feed: loaded.feed,
        head: loaded.head,
        last_time: loaded.last_time,
        signer,
        board: loaded.board,
        keys: loaded.keys,
        copy_keys: loaded.copy_keys,
        outcomes: loaded.outcomes,
        entropy,
        response,
    };
    let mut engine = Engine::resume(start);
    engine.add_spare_keys(loaded.spare_keys);
    Ok((engine, loaded.position))
}

/// Sees that there are enough spare record keys for a batch, durable in the keyring before any is used.
pub fn top_up_keys(
    engine: &mut Engine,
    store: &mut Store,
    mut fresh: impl FnMut() -> RecordKey,
) -> Result<(), StoreError> {
    if engine.spare_key_count() > 2 * BATCH_INPUTS_MAX {
        return Ok(());
    }
    let keys: Vec<RecordKey> = (engine.spare_key_count()..SPARE_KEYS_WANTED)
        .map(|_| fresh())
        .collect();
    store.add_keys(&keys)?;
    engine.add_spare_keys(keys);
    Ok(())
}

/// Returns a record key from the operating system's randomness.
pub fn fresh_key() -> RecordKey {
    RecordKey::new(random(), random())
}

/// Returns bytes from the operating system's randomness.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("an operating system without randomness cannot run a node");
    bytes
}

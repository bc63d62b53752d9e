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
    Draft, Feed, Head, HybridClock, HybridTime, NodeId, OPENING_KIND, OPENING_KIND_VERSION, Scope,
    Signer,
};
use watchfire_store::{Store, StoreError};

/// Record keys kept ready; each batch uses up at most two for every input.
const SPARE_KEYS_WANTED: usize = 1_024;

/// Makes a new node in an empty directory: its key from the seed, its store, and the opening of its feed.
pub fn create(dir: &Path, name: &str, seed: [u8; 32], now: Timestamp) -> Result<(), StoreError> {
    let signer = Signer::from_seed(seed);
    let key = signer.public_key();
    let feed = Feed {
        node: NodeId::of_key(&key),
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
        plain: feed.opening_body(None, "a new node"),
        sealed: Vec::new(),
    };
    let opening = watchfire_feed::sign(&signer, &Head::start(feed.id()), draft)
        .expect("an opening is far below the limits of an entry");
    Store::create(dir, &feed, &seed, &opening, name)
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

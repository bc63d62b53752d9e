//! A new epoch: how a directory that was restored, copied or moved may write again.
//!
//! The old feed ends where the directory ends; a new feed of the same node, under a new key, says that
//! it follows on that end. Whatever the lost original wrote after it stays with the peers who hold it.
//! All records are kept. Must not decide whether the original is really gone: a person does. Start at
//! [`new_epoch`].

use std::path::Path;

use watchfire_core::basis::Timestamp;
use watchfire_feed::{
    Draft, Feed, Head, HybridClock, OPENING_KIND, OPENING_KIND_VERSION, Scope, Signer,
};

use crate::entries;
use crate::error::{Doing, StoreError, damaged};
use crate::files::{self, Lock};
use crate::incarnation::Incarnation;
use crate::keyring::Keyring;
use crate::schema::{self, Access};
use crate::{limits, store};

/// Returns what a directory holds of the epoch that is to end: its number, and the heads of all feeds of it, local and
/// of operations, in the order of their ids. Whoever holds the root key says in the identity feed that they count up to
/// here.
pub fn ending(dir: &Path) -> Result<(u32, Vec<Head>), StoreError> {
    let connection = schema::open(&files::database(dir)?, Access::Read)?;
    let current = store::verify_tail(&connection)?;
    let mut heads = Vec::new();
    for known in entries::feeds(&connection)? {
        let same = known.feed.node == current.feed.node && known.feed.epoch == current.feed.epoch;
        if same && known.feed.scope != Scope::Identity {
            let last = entries::last(&connection, known.number)?;
            heads.extend(last.map(|line| line.entry.head()));
        }
    }
    heads.sort_by_key(|head| head.feed);
    Ok((current.feed.epoch, heads))
}

/// Begins a new epoch under a new key in a directory that must not write its old feed any more; returns
/// the new feed. The reason is for people, is signed and shown to peers, and holds no personal data.
pub fn new_epoch(
    dir: &Path,
    reason: &str,
    signer_seed: &[u8; 32],
    now: Timestamp,
) -> Result<Feed, StoreError> {
    let (found, max) = (reason.chars().count(), limits::REASON_CHARS_MAX);
    if !(1..=max).contains(&found) {
        let what = format!("a new epoch's reason has 1 to {max} characters; this one has {found}");
        return Err(StoreError::NotTaken { what });
    }
    let path = files::database(dir)?;
    let _lock = Lock::take(dir)?;
    let mut connection = schema::open(&path, Access::Write)?;
    let before = store::verify_tail(&connection)?;
    let position = entries::count(&connection)?;
    let last = entries::last(&connection, before.number)?
        .ok_or_else(|| damaged("the feed has no entries"))?;
    let signer = Signer::from_seed(*signer_seed);
    let key = signer.public_key();
    if entries::feeds(&connection)?
        .iter()
        .any(|known| known.feed.key == key)
    {
        let what = "a new epoch needs a key that no epoch before has had".to_owned();
        return Err(StoreError::NotTaken { what });
    }
    let epoch = before.feed.epoch.checked_add(1);
    let feed = Feed {
        epoch: epoch.ok_or_else(|| damaged("the epoch is the last possible one"))?,
        key,
        ..before.feed
    };
    let draft = Draft {
        kind: OPENING_KIND,
        kind_version: OPENING_KIND_VERSION,
        critical: true,
        record: [0; 16],
        record_version: 0,
        time: HybridClock::new(last.entry.header.time).tick(now.0),
        deps: &[],
        plain: feed.opening_body(Some(&last.entry.head()), reason),
        sealed: Vec::new(),
    };
    let start = watchfire_feed::Head::start(feed.id());
    let opening = watchfire_feed::sign(&signer, &start, draft).map_err(|source| {
        let feed = feed.id().to_string();
        StoreError::BadEntry {
            feed,
            seq: 1,
            source,
        }
    })?;
    // Spare keys may have been used in entries that were lost with the original; none is used twice.
    match dir.join(files::KEYRING).is_file() {
        true => Keyring::open(dir, Access::Write)?.retire_fresh()?,
        false => drop(Keyring::create(dir)?),
    }
    let doing = "beginning the epoch";
    let transaction = connection.transaction().doing(doing)?;
    let number = entries::feeds(&transaction)?
        .iter()
        .map(|known| known.number)
        .max();
    let number = number.unwrap_or(before.number) + 1;
    store::insert_feed(&transaction, number, &feed)?;
    entries::insert(&transaction, position + 1, number, &opening)?;
    // Whoever was signed in on the original is not signed in here.
    for table in ["sessions", "codes"] {
        transaction
            .execute(&format!("DELETE FROM {table}"), [])
            .doing(doing)?;
    }
    let id = Incarnation::begin(&transaction)?;
    transaction.commit().doing(doing)?;
    drop(connection);
    // A crash before these two leaves a directory that is refused; the next epoch mends it.
    files::write_seed(dir, signer_seed)?;
    Incarnation::settle(dir, id, position + 1)?;
    Ok(feed)
}

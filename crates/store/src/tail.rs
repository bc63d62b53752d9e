//! The tail that a restored directory has lost: what this node had said in operations after the backup was made, and
//! its peers still hold. It is written back before a new epoch begins, so that the epoch before is closed at its true
//! end. What was said to nobody is lost with the original.
//!
//! Must not decide what is true where the directory and the tail differ: then two histories were written, and a person
//! has to say so. Start at [`recover_tail`].

use std::collections::BTreeMap;
use std::path::Path;

use watchfire_feed::seal::RecordKey;
use watchfire_feed::{Chain, Entry, FeedError, FeedId, Head, Opening, Scope};

use crate::entries::{self, StoredFeed};
use crate::error::{Doing, StoreError};
use crate::files::{self, Lock};
use crate::keyring::Keyring;
use crate::schema::{self, Access};
use crate::store;

/// What came of a tail.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TailReport {
    /// Entries that were written back.
    pub written: u64,
    /// Feeds that ended early, and why.
    pub ended: Vec<(FeedId, String)>,
}

/// Writes back what this node had said in operations in its last epoch, in order; entries of others, of other epochs
/// and those that are there already are left out. `keys` are
/// of what is sealed in them. Must come before [`new_epoch`](crate::new_epoch), and
/// [`rebuild`](fn@crate::rebuild) after that: until then the tables lack what the entries say, and [`Store::open`]
/// refuses.
///
/// [`Store::open`]: crate::Store::open
pub fn recover_tail(
    dir: &Path,
    tail: &[Entry],
    keys: &[RecordKey],
) -> Result<TailReport, StoreError> {
    let path = files::database(dir)?;
    let _lock = Lock::take(dir)?;
    // First: a key that seals nothing does no harm.
    let mut keyring = match dir.join(files::KEYRING).is_file() {
        true => Keyring::open(dir, Access::Write)?,
        false => Keyring::create(dir)?,
    };
    keyring.add_missing(keys)?;
    let mut connection = schema::open(&path, Access::Write)?;
    let current = store::verify_tail(&connection)?;
    let doing = "writing back what was lost";
    let transaction = connection.transaction().doing(doing)?;
    let known = entries::feeds(&transaction)?;
    let mut writing = Writing {
        position: entries::count(&transaction)?,
        number: known.iter().map(|known| known.number).max().unwrap_or(0),
        ends: ends(&transaction, &known)?,
        chains: BTreeMap::new(),
        known,
        current,
    };
    let mut report = TailReport::default();
    for entry in tail {
        let feed = entry.header.feed;
        if report.ended.iter().any(|(ended, _)| *ended == feed) {
            continue;
        }
        match writing.accept(&transaction, entry)? {
            Ok(true) => report.written += 1,
            Ok(false) => {}
            Err(why) => report.ended.push((feed, why)),
        }
    }
    if report.written > 0 {
        schema::write_meta(
            &transaction,
            schema::META_TABLES_OLD,
            b"a tail was written back",
        )?;
    }
    transaction.commit().doing(doing)?;
    Ok(report)
}

struct Writing {
    position: u64,
    number: i64,
    known: Vec<StoredFeed>,
    current: StoredFeed,
    /// The last entry of each feed that is held.
    ends: BTreeMap<FeedId, Head>,
    chains: BTreeMap<FeedId, (i64, Chain)>,
}

impl Writing {
    /// Writes one entry if it is of this node's last epoch and new. The inner error is for people.
    fn accept(
        &mut self,
        connection: &rusqlite::Connection,
        entry: &Entry,
    ) -> Result<Result<bool, String>, StoreError> {
        let id = entry.header.feed;
        if !self.chains.contains_key(&id) {
            match self.chain_of(entry) {
                Ok(Some(chain)) => drop(self.chains.insert(id, chain)),
                Ok(None) => return Ok(Ok(false)),
                Err(why) => return Ok(Err(why)),
            }
        }
        let Some((number, chain)) = self.chains.get_mut(&id) else {
            return Ok(Ok(false));
        };
        match chain.accept(entry) {
            Ok(()) => {}
            Err(FeedError::Repeated { .. }) => return Ok(Ok(false)),
            Err(error) => return Ok(Err(error.to_string())),
        }
        if *number == 0 {
            self.number += 1;
            *number = self.number;
            let feed = Opening::of(entry).map(|opening| opening.feed);
            let feed = feed.map_err(|source| StoreError::BadEntry {
                feed: id.to_string(),
                seq: 1,
                source,
            })?;
            store::insert_feed(connection, self.number, &feed)?;
        }
        self.position += 1;
        entries::insert(connection, self.position, *number, entry)?;
        Ok(Ok(true))
    }

    /// Returns where a feed goes on, with its number, 0 if it is not held; none if it is not one to write back.
    fn chain_of(&self, entry: &Entry) -> Result<Option<(i64, Chain)>, String> {
        let id = entry.header.feed;
        if let Some(known) = self.known.iter().find(|known| known.feed.id() == id) {
            let is_ours = self.is_last_epoch(&known.feed);
            let head = self.ends.get(&id).copied().filter(|_| is_ours);
            return Ok(head.map(|head| (known.number, Chain::resume(&known.feed, head))));
        }
        // Of a feed that is not held only its opening says whose it is.
        if entry.header.seq > 1 {
            return Ok(None);
        }
        let opening = Opening::of(entry).map_err(|error| error.to_string())?;
        if !self.is_last_epoch(&opening.feed) {
            return Ok(None);
        }
        let before = self.known.iter().filter(|known| {
            known.feed.node == opening.feed.node && known.feed.scope == opening.feed.scope
        });
        let before = before.max_by_key(|known| known.feed.epoch);
        let follows = before.and_then(|known| self.ends.get(&known.feed.id()).copied());
        if opening.follows != follows {
            return Err("it does not follow on what is held of the epoch before".to_owned());
        }
        Ok(Some((0, Chain::new(&opening.feed))))
    }

    fn is_last_epoch(&self, feed: &watchfire_feed::Feed) -> bool {
        let current = &self.current.feed;
        let within = matches!(feed.scope, Scope::Operation(_) | Scope::Command(_));
        let same = feed.node == current.node && feed.epoch == current.epoch;
        within && same && feed.key == current.key
    }
}

fn ends(
    connection: &rusqlite::Connection,
    known: &[StoredFeed],
) -> Result<BTreeMap<FeedId, Head>, StoreError> {
    let mut ends = BTreeMap::new();
    for one in known {
        if let Some(line) = entries::last(connection, one.number)? {
            ends.insert(one.feed.id(), line.entry.head());
        }
    }
    Ok(ends)
}

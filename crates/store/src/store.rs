//! The one writer of a data directory: making it, opening it, appending to it.
//!
//! A batch becomes durable in one transaction (write-ahead log, `synchronous=FULL`): the head on disk is
//! compared first, so that a second writer or a restored backup cannot fork the feed; if there is no room
//! the transaction is taken back whole and the store goes on. Any other failure of reading or writing
//! means that what is on disk is in doubt: the program must stop and open the store anew. Must not know
//! what entries mean. Start at [`Store::create`], [`Store::open`] and the `append` below.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior, params};
use watchfire_core::basis::Timestamp;
use watchfire_core::log::{Batch, Log, LogFault};
use watchfire_core::record::{Record, RecordRef};
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{Chain, Entry, Feed, FeedId, Head, HybridTime, Scope, Signer};
use zeroize::Zeroizing;

use crate::entries::{self, Line, StoredFeed};
use crate::error::{Doing, StoreError, damaged};
use crate::files::{self, Lock};
use crate::incarnation::Incarnation;
use crate::keyring::{Found, Keyring};
use crate::reader::Reader;
use crate::schema::{self, Access};
use crate::{copies, drafts, limits, load, made, records, refold};

/// The one writer of a data directory. Readers go beside it: see [`Store::reader`].
#[derive(Debug)]
pub struct Store {
    pub(crate) dir: PathBuf,
    pub(crate) connection: Connection,
    pub(crate) keyring: Keyring,
    feed: StoredFeed,
    /// The number of every feed in the database.
    numbers: BTreeMap<FeedId, i64>,
    seed: Zeroizing<[u8; 32]>,
    node_name: String,
    incarnation: Incarnation,
    _lock: Lock,
}

impl Store {
    /// Fills an empty directory (or makes one) with a node's store: its key and the opening entry of
    /// its feed, which was signed with that key.
    pub fn create(
        dir: &Path,
        feed: &Feed,
        signer_seed: &[u8; 32],
        opening: &Entry,
        node_name: &str,
    ) -> Result<(), StoreError> {
        check_name(node_name)?;
        let opened = Feed::from_opening(opening).map_err(|source| StoreError::BadEntry {
            feed: feed.id().to_string(),
            seq: 1,
            source,
        })?;
        if opened != *feed || Signer::from_seed(*signer_seed).public_key() != feed.key {
            return Err(StoreError::WrongKey {
                dir: dir.to_owned(),
            });
        }
        files::make_empty_dir(dir)?;
        let _lock = Lock::take(dir)?;
        files::write_seed(dir, signer_seed)?;
        Keyring::create(dir)?;
        let path = dir.join(files::DATABASE);
        files::make_private(&path)?;
        let mut connection = schema::create(&path)?;
        let transaction = connection.transaction().doing("making the database")?;
        schema::write_meta(&transaction, schema::META_NODE_NAME, node_name.as_bytes())?;
        let id = Incarnation::begin(&transaction)?;
        insert_feed(&transaction, 1, feed)?;
        entries::insert(&transaction, 1, 1, opening)?;
        transaction.commit().doing("making the database")?;
        drop(connection);
        // Last, so that a directory without it is one whose setting up was interrupted.
        Incarnation::settle(dir, id, 1)?;
        Ok(())
    }

    /// Opens a directory for writing. Refuses one that is in use, copied, restored, or damaged at its
    /// end; verifies the last [`limits::TAIL_VERIFIED_MAX`] entries.
    pub fn open(dir: &Path) -> Result<Store, StoreError> {
        let path = files::database(dir)?;
        let lock = Lock::take(dir)?;
        let mut incarnation = Incarnation::check(dir)?;
        let connection = schema::open(&path, Access::Write)?;
        let count = entries::count(&connection)?;
        incarnation.check_database(dir, &connection, count)?;
        let seed = files::read_seed(dir)?;
        let keyring = Keyring::open(dir, Access::Write)?;
        if schema::read_meta(&connection, schema::META_TABLES_OLD)?.is_some() {
            return Err(StoreError::TablesOld {
                dir: dir.to_owned(),
            });
        }
        let feed = verify_tail(&connection)?;
        if Signer::from_seed(*seed).public_key() != feed.feed.key {
            return Err(StoreError::WrongKey {
                dir: dir.to_owned(),
            });
        }
        incarnation.witness(dir, count)?;
        let numbers = entries::feeds(&connection)?;
        let numbers = numbers.iter().map(|known| (known.feed.id(), known.number));
        Ok(Store {
            numbers: numbers.collect(),
            dir: dir.to_owned(),
            node_name: node_name(&connection)?,
            connection,
            keyring,
            feed,
            seed,
            incarnation,
            _lock: lock,
        })
    }

    /// Returns the feed of the current epoch.
    pub fn feed(&self) -> &Feed {
        &self.feed.feed
    }

    /// Returns the time of the last entry.
    pub fn last_time(&self) -> Result<HybridTime, StoreError> {
        Ok(self.head()?.1)
    }

    /// Returns what signs the feed.
    pub fn signer(&self) -> Signer {
        Signer::from_seed(*self.seed)
    }

    /// Returns the secret seed of the signer, for keys derived from it.
    pub fn signer_seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// Returns what people call the node.
    pub fn node_name(&self) -> &str {
        &self.node_name
    }

    /// Returns the directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Changes what people call the node.
    pub fn rename_node(&mut self, name: &str) -> Result<(), StoreError> {
        check_name(name)?;
        schema::write_meta(&self.connection, schema::META_NODE_NAME, name.as_bytes())?;
        self.node_name = name.to_owned();
        Ok(())
    }

    /// Opens a connection of its own for reading beside the writer.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::open(&self.dir)
    }

    /// Adds fresh record keys; they are durable when this returns.
    pub fn add_keys(&mut self, keys: &[RecordKey]) -> Result<(), StoreError> {
        self.mark_used_keys()?;
        self.keyring.add(keys)
    }

    /// Returns the keys that no record uses, so that spare keys survive a restart.
    pub fn unused_keys(&mut self) -> Result<Vec<RecordKey>, StoreError> {
        let fresh = self.mark_used_keys()?;
        let mut keys = Vec::with_capacity(fresh.len());
        for id in fresh {
            keys.extend(self.keyring.find(&id)?.key());
        }
        Ok(keys)
    }

    /// Marks keys that records use by now and returns the others. Which record uses which key became
    /// durable with the record itself, so a mark may safely come late.
    fn mark_used_keys(&mut self) -> Result<Vec<[u8; 16]>, StoreError> {
        let (mut used, mut fresh) = (Vec::new(), Vec::new());
        for id in self.keyring.fresh_ids()? {
            match records::record_of_key(&self.connection, &id)? {
                Some(_) => used.push(id),
                None => fresh.push(id),
            }
        }
        self.keyring.mark_used(&used)?;
        Ok(fresh)
    }

    /// Destroys a record key and drops what was sealed under it: from then on the record is without its
    /// personal data, here and wherever only sealed copies are. An engine that has the record in memory
    /// still shows what it read; it must read the record anew.
    pub fn destroy_key(&mut self, key: &[u8; 16]) -> Result<(), StoreError> {
        // The key first: were the power to fail after it, what it sealed could not be read any more.
        self.keyring.destroy(key)?;
        let Some((kind, id)) = records::record_of_key(&self.connection, key)? else {
            return Ok(());
        };
        let doing = "erasing a record";
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .doing(doing)?;
        // Wherever it was told: in the log of this node and in every operation.
        for line in entries::of_record(&transaction, &id, None)? {
            if entries::sealed_under(&line.entry) == Some(*key) {
                entries::erase(&transaction, &line)?;
            }
        }
        let record = RecordRef {
            kind: records::parse_kind(&kind)?,
            id,
        };
        // The row may be sealed under a later key and still hold what this one sealed: it is made anew
        // of what its entries still say.
        if let Some((folded, key)) = refold::refold_one(&transaction, Some(&self.keyring), record)?
        {
            let row = refold::row(&folded, key.as_ref())?;
            records::write(&transaction, &[row])?;
        }
        transaction.commit().doing(doing)
    }

    /// Returns the keys of a record, for [`Store::destroy_key`].
    pub fn keys_of(&self, record: RecordRef) -> Result<Vec<[u8; 16]>, StoreError> {
        records::keys_of(&self.connection, record)
    }

    /// Returns a record with its key, and with it the whole family of the incident that it is or belongs to:
    /// root, merged ones, calls and assignments. Empty if there is no such record.
    pub fn kin_with_keys(
        &self,
        record: RecordRef,
    ) -> Result<Vec<(Record, Option<RecordKey>)>, StoreError> {
        let rows = load::kin(&self.connection, record)?;
        let whole = |row: &watchfire_core::log::Row| {
            let (record, _) = load::unseal(row, Some(&self.keyring))?;
            Ok((record, self.live_key(row.record)?))
        };
        rows.values().map(whole).collect()
    }

    /// Returns the key that a record's personal data is sealed under from now on, if it has one.
    pub(crate) fn live_key(&self, record: RecordRef) -> Result<Option<RecordKey>, StoreError> {
        for id in records::keys_of(&self.connection, record)? {
            if let Found::Here(key) = self.keyring.find(&id)? {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    /// Deletes outcomes and trail points from before these times, at most [`limits::PRUNED_MAX`] of each
    /// at a time; returns how many went. Also notes how far the log has come (see `incarnation`).
    pub fn prune(
        &mut self,
        outcomes_before: Timestamp,
        trail_before: Timestamp,
    ) -> Result<u64, StoreError> {
        let count = entries::count(&self.connection)?;
        self.incarnation.witness(&self.dir, count)?;
        let gone = self.prune_outcomes(outcomes_before)? + self.prune_trail(trail_before)?;
        Ok(gone)
    }

    /// Deletes outcomes from before a time; returns how many went.
    pub fn prune_outcomes(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let sql = "DELETE FROM outcomes WHERE line IN (SELECT line FROM outcomes WHERE at < ?1 ORDER BY at LIMIT ?2)";
        let gone = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.execute(params![before.0, limits::PRUNED_MAX as u64])
            })
            .doing("deleting old outcomes")?;
        Ok(gone as u64)
    }

    /// Limits how large the database may grow, in bytes, so that it leaves room for others on its disk;
    /// beyond it appends find the disk full.
    pub fn limit_size(&mut self, bytes_max: u64) -> Result<(), StoreError> {
        let doing = "limiting the size of the database";
        let page_bytes = schema::pragma_int(&self.connection, "page_size")?;
        let pages = bytes_max / u64::try_from(page_bytes).unwrap_or(1).max(1);
        self.connection
            .pragma_update_and_check(None, "max_page_count", pages.max(1), |_| Ok(()))
            .doing(doing)
    }

    /// Moves what is in the write-ahead log into the database, as before a copy of the disk; returns false
    /// if a reader was in the way and the log is not empty.
    pub fn checkpoint(&self) -> Result<bool, StoreError> {
        schema::empty_log(&self.connection)
    }

    /// Returns the head of the current feed and the time of its last entry, as they are on disk.
    pub(crate) fn head(&self) -> Result<(Head, HybridTime), StoreError> {
        let line = last_line(&self.connection, self.feed.number)?;
        Ok((line.entry.head(), line.entry.header.time))
    }

    fn try_append(&mut self, batch: &Batch) -> Result<Result<(), LogFault>, StoreError> {
        let doing = "writing a batch";
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .doing(doing)?;
        let mut numbers = self.numbers.clone();
        if let Err(fault) = append_entries(&transaction, &mut numbers, batch)? {
            return Ok(Err(fault));
        }
        records::write(&transaction, &batch.rows)?;
        copies::write(&transaction, batch)?;
        for outcome in &batch.outcomes {
            records::write_outcome(&transaction, outcome)?;
        }
        for one in &batch.made {
            made::put(&transaction, one)?;
        }
        for used in &batch.drafts {
            drafts::use_up(&transaction, used)?;
        }
        transaction.commit().doing(doing)?;
        self.numbers = numbers;
        Ok(Ok(()))
    }
}

impl Log for Store {
    fn append(&mut self, batch: &Batch) -> Result<(), LogFault> {
        // A transaction that is dropped takes everything back, also when its commit failed.
        match self.try_append(batch) {
            Ok(result) => result,
            Err(error) => Err(error.into_fault()),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Best effort: it only sharpens what a later opening can notice.
        if let Ok(count) = entries::count(&self.connection) {
            let _ = self.incarnation.witness(&self.dir, count);
        }
    }
}

/// Writes the entries of a batch, each at the end of its feed; a feed that is not there begins with its opening.
fn append_entries(
    connection: &Connection,
    numbers: &mut BTreeMap<FeedId, i64>,
    batch: &Batch,
) -> Result<Result<(), LogFault>, StoreError> {
    let mut heads: BTreeMap<FeedId, Head> = BTreeMap::new();
    for before in &batch.before {
        let held = match numbers.get(&before.feed) {
            Some(number) => last_line(connection, *number)?.entry.head(),
            None => Head::start(before.feed),
        };
        if held != *before {
            return Ok(Err(LogFault::WrongHead {
                expected: before.seq,
                found: held.seq,
            }));
        }
        heads.insert(before.feed, held);
    }
    let mut position = entries::last_position(connection)?;
    if let Some(at) = batch.arrived_at.filter(|_| !batch.entries.is_empty()) {
        copies::write_arrival(connection, position + 1, at)?;
    }
    for entry in &batch.entries {
        let id = entry.header.feed;
        let Some(before) = heads.get(&id) else {
            return Ok(Err(LogFault::WrongHead {
                expected: 0,
                found: entry.header.seq,
            }));
        };
        follows(before, entry)?;
        let number = match numbers.get(&id) {
            Some(number) => *number,
            None => {
                let next = numbers.values().max().map_or(1, |last| last + 1);
                let bad = |source| StoreError::BadEntry {
                    feed: id.to_string(),
                    seq: 1,
                    source,
                };
                let feed = Feed::from_opening(entry).map_err(bad)?;
                insert_feed(connection, next, &feed)?;
                numbers.insert(id, next);
                next
            }
        };
        position += 1;
        entries::insert(connection, position, number, entry)?;
        records::write_entry_key(connection, entry)?;
        heads.insert(id, entry.head());
    }
    Ok(Ok(()))
}

/// The engine signed or verified these entries a moment ago, so only their places are compared; signatures
/// are verified whenever entries are read.
fn follows(before: &Head, entry: &Entry) -> Result<(), StoreError> {
    let header = &entry.header;
    let next = header.feed == before.feed
        && header.previous == before.hash
        && before.seq.checked_add(1) == Some(header.seq);
    match next {
        true => Ok(()),
        false => Err(StoreError::NotTaken {
            what: format!(
                "entry {} does not follow on entry {}",
                header.seq, before.seq
            ),
        }),
    }
}

fn last_line(connection: &Connection, feed: i64) -> Result<Line, StoreError> {
    entries::last(connection, feed)?.ok_or_else(|| damaged("the feed has no entries"))
}

/// Enters a feed under its number in this database.
pub(crate) fn insert_feed(
    connection: &Connection,
    number: i64,
    feed: &Feed,
) -> Result<(), StoreError> {
    connection
        .execute(
            "INSERT INTO feeds (number, id) VALUES (?1, ?2)",
            params![number, feed.id().0],
        )
        .doing("writing the feed")?;
    Ok(())
}

/// Verifies the end of the current feed and returns the feed.
pub(crate) fn verify_tail(connection: &Connection) -> Result<StoredFeed, StoreError> {
    let feeds = entries::feeds(connection)?;
    let own = entries::own_node(&feeds)?;
    let local = |known: &StoredFeed| known.feed.node == own && known.feed.scope == Scope::Local;
    let current = feeds
        .into_iter()
        .filter(local)
        .max_by_key(|known| known.feed.epoch);
    let current = current.ok_or_else(|| damaged("there is no feed"))?;
    let last = last_line(connection, current.number)?;
    let bad = |seq, source| StoreError::BadEntry {
        feed: current.feed.id().to_string(),
        seq,
        source,
    };
    let first = last
        .entry
        .header
        .seq
        .saturating_sub(limits::TAIL_VERIFIED_MAX);
    let mut chain = match first {
        0 => Chain::new(&current.feed),
        first => {
            let line = entries::at_seq(connection, current.number, first)?;
            let line = line.ok_or_else(|| damaged(format!("entry {first} is missing")))?;
            Chain::resume(&current.feed, line.entry.head())
        }
    };
    for seq in first + 1..=last.entry.header.seq {
        let line = entries::at_seq(connection, current.number, seq)?;
        let line = line.ok_or_else(|| damaged(format!("entry {seq} is missing")))?;
        chain
            .accept(&line.entry)
            .map_err(|source| bad(seq, source))?;
    }
    Ok(current)
}

/// Returns what people call the node.
pub(crate) fn node_name(connection: &Connection) -> Result<String, StoreError> {
    let name = schema::read_meta(connection, schema::META_NODE_NAME)?;
    name.and_then(|name| String::from_utf8(name).ok())
        .ok_or_else(|| damaged("the name of the node is missing"))
}

fn check_name(name: &str) -> Result<(), StoreError> {
    let (found, max) = (name.chars().count(), limits::NAME_CHARS_MAX);
    if (1..=max).contains(&found) {
        return Ok(());
    }
    Err(StoreError::NotTaken {
        what: format!("a node's name has 1 to {max} characters; this one has {found}"),
    })
}

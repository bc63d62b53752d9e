//! What other nodes have told, as lines of tables: the copies of their records, their feeds' heads, who speaks
//! for them, and when what they said arrived here. Copies follow from entries and are made anew from them;
//! arrivals and the second halves of forks do not. Must not know what may be told to whom. Start at
//! [`write()`] and [`load()`].

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use watchfire_core::basis::{OperationId, Personal, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::copies::{Copies, Followed, ToldBy};
use watchfire_core::log::{Batch, Row};
use watchfire_core::record::{Elsewhere, RecordRef};
use watchfire_core::sync;
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{Entry, Feed, FeedId, Identity, NodeId, Scope};

use crate::checksum::Checksum;
use crate::entries::{self, COLUMNS, StoredFeed};
use crate::error::{Doing, StoreError, damaged};
use crate::keyring::Keyring;
use crate::load;
use crate::records;
use crate::schema;

/// The keys of copies.
pub(crate) type CopyKeys = BTreeMap<(NodeId, RecordRef), RecordKey>;

/// Writes what a batch says of others.
pub(crate) fn write(connection: &Connection, batch: &Batch) -> Result<(), StoreError> {
    for (node, row) in &batch.copies {
        write_copy(connection, *node, row)?;
    }
    for (feed, entry) in &batch.forks {
        let frame = entry.encode();
        let sum = Checksum::of("forks").bytes(&feed.0).bytes(&frame).finish();
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO forks (feed, frame, checksum) VALUES (?1, ?2, ?3)",
            )
            .and_then(|mut insert| insert.execute(params![feed.0, frame, sum]))
            .doing("writing the proof of a fork")?;
    }
    for (node, record) in &batch.newer {
        let sum = Checksum::of("newer").bytes(&node.0).bytes(record).finish();
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO newer (node, record, checksum) VALUES (?1, ?2, ?3)",
            )
            .and_then(|mut insert| insert.execute(params![node.0, record, sum]))
            .doing("writing what a newer program said")?;
    }
    Ok(())
}

/// Notes when entries of others arrived, from a position on.
pub(crate) fn write_arrival(
    connection: &Connection,
    position: u64,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sum = Checksum::of("arrivals").uint(position).int(at.0).finish();
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO arrivals (position, at, checksum) VALUES (?1, ?2, ?3)",
        )
        .and_then(|mut insert| insert.execute(params![position, at.0, sum]))
        .doing("writing when entries arrived")?;
    Ok(())
}

/// Returns when the entry of another node at a position arrived.
pub(crate) fn arrival(
    connection: &Connection,
    position: u64,
) -> Result<Option<Timestamp>, StoreError> {
    let doing = "reading when an entry arrived";
    connection
        .prepare_cached(
            "SELECT at FROM arrivals WHERE position <= ?1 ORDER BY position DESC LIMIT 1",
        )
        .doing(doing)?
        .query_row([position], |row| row.get(0).map(Timestamp))
        .optional()
        .doing(doing)
}

pub(crate) fn write_copy(
    connection: &Connection,
    node: NodeId,
    row: &Row,
) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO copies (node, kind, id, version, open, changed_at, state, sealed, checksum)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (node, kind, id) DO UPDATE SET version = ?4, open = ?5, changed_at = ?6,
         state = ?7, sealed = ?8, checksum = ?9";
    connection
        .prepare_cached(sql)
        .and_then(|mut insert| {
            insert.execute(params![
                node.0,
                row.record.kind.as_str(),
                row.record.id,
                row.version,
                row.open,
                row.changed_at.0,
                row.state,
                row.sealed,
                checksum(node, row),
            ])
        })
        .doing("writing a copy")?;
    Ok(())
}

fn checksum(node: NodeId, row: &Row) -> i64 {
    Checksum::of("copies")
        .bytes(&node.0)
        .bytes(row.record.kind.as_str().as_bytes())
        .bytes(&row.record.id)
        .uint(row.version)
        .int(i64::from(row.open))
        .int(row.changed_at.0)
        .bytes(&row.state)
        .bytes(&row.sealed)
        .finish()
}

/// Reads every copy that a query of the table finds.
pub(crate) fn read_copies(
    connection: &Connection,
    which: &str,
    parameters: impl rusqlite::Params,
    mut take: impl FnMut(NodeId, Row) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let doing = "reading the copies";
    // A database of an earlier format, read as it is, knows of no other node.
    if schema::pragma_int(connection, "user_version")? < schema::FORMAT_OF_COPIES {
        return Ok(());
    }
    let sql = format!(
        "SELECT node, kind, id, version, open, changed_at, state, sealed, checksum FROM copies {which}"
    );
    let mut statement = connection.prepare_cached(&sql).doing(doing)?;
    let mut lines = statement.query(parameters).doing(doing)?;
    while let Some(line) = lines.next().doing(doing)? {
        let node = NodeId(line.get(0).doing(doing)?);
        let kind: String = line.get(1).doing(doing)?;
        let row = Row {
            record: RecordRef {
                kind: records::parse_kind(&kind)?,
                id: line.get(2).doing(doing)?,
            },
            version: line.get(3).doing(doing)?,
            number: None,
            parent: None,
            open: line.get(4).doing(doing)?,
            changed_at: Timestamp(line.get(5).doing(doing)?),
            state: line.get(6).doing(doing)?,
            sealed: line.get(7).doing(doing)?,
        };
        let stored: i64 = line.get(8).doing(doing)?;
        if stored != checksum(node, &row) {
            return Err(damaged(format!(
                "the copy of {}",
                records::name(row.record)
            )));
        }
        take(node, row)?;
    }
    Ok(())
}

/// Reads what others have told into memory: copies that are open or changed since a time, every feed's head, and
/// who speaks for each node.
pub(crate) fn load(
    connection: &Connection,
    keyring: &Keyring,
    feeds: &[StoredFeed],
    own: &Board,
    keep_since: Timestamp,
) -> Result<(Copies, CopyKeys), StoreError> {
    let mut copies = Copies::default();
    let mut keys = CopyKeys::new();
    let which = "WHERE open = 1 OR changed_at >= ?1";
    read_copies(connection, which, [keep_since.0], |node, row| {
        let (record, _) = load::unseal(&row, Some(keyring))?;
        if let Some(id) = watchfire_feed::seal::key_id(&row.sealed)
            && let Some(key) = keyring.find(&id)?.key()
        {
            keys.insert((node, row.record), key);
        }
        copies.boards.entry(node).or_default().put(record);
        Ok(())
    })?;
    let forked = forked(connection)?;
    for known in feeds
        .iter()
        .filter(|known| known.feed.scope != Scope::Local)
    {
        let last = entries::last(connection, known.number)?;
        let last = last.ok_or_else(|| damaged(format!("feed {} is empty", known.number)))?;
        let followed = Followed {
            feed: known.feed,
            head: last.entry.head(),
            time: last.entry.header.time,
            forked: forked.contains(&known.feed.id()),
        };
        copies.feeds.insert(known.feed.id(), followed);
        match known.feed.scope {
            Scope::Identity => {
                let identity = identity(connection, known)?;
                copies.identities.insert(known.feed.node, identity);
            }
            Scope::Operation(id) | Scope::Command(id) if known.feed.node == feeds[0].feed.node => {
                let id = OperationId(id);
                if own.participation_of(id, known.feed.node).is_some() {
                    add_told(connection, known, id, &mut copies)?;
                }
            }
            Scope::Operation(_) | Scope::Command(_) | Scope::Local => {}
        }
    }
    copies.newer = newer(connection)?;
    Ok((copies, keys))
}

fn identity(connection: &Connection, known: &StoredFeed) -> Result<Identity, StoreError> {
    let mut folded: Option<Identity> = None;
    for line in entries::of_feed(connection, known.number)? {
        let bad = |error: watchfire_feed::IdentityError| {
            damaged(format!("the identity feed of {}: {error}", known.feed.node))
        };
        match &mut folded {
            None => folded = Some(Identity::begin(&line.entry).map_err(bad)?),
            Some(identity) => identity.take(&line.entry).map_err(bad)?,
        }
    }
    folded.ok_or_else(|| damaged(format!("feed {} is empty", known.number)))
}

/// Finds which version of each record was last told in an operation: the last entry about it in this node's feed.
fn add_told(
    connection: &Connection,
    known: &StoredFeed,
    operation: OperationId,
    copies: &mut Copies,
) -> Result<(), StoreError> {
    let doing = "reading what was told";
    let sql = format!(
        "SELECT {COLUMNS} FROM entries WHERE position IN
         (SELECT max(position) FROM entries WHERE feed = ?1 GROUP BY record)"
    );
    let mut statement = connection.prepare_cached(&sql).doing(doing)?;
    let mut rows = statement.query([known.number]).doing(doing)?;
    while let Some(row) = rows.next().doing(doing)? {
        let line = entries::read(row)?;
        let header = &line.entry.header;
        let word = header.kind.split('.').next().unwrap_or_default();
        let Some(kind) = watchfire_core::record::RecordKind::parse(word) else {
            continue;
        };
        let record = RecordRef {
            kind,
            id: header.record,
        };
        let by = ToldBy {
            version: header.record_version,
            head: line.entry.head(),
        };
        copies.told.insert((operation, record), by);
    }
    Ok(())
}

/// Returns the feeds that were found to have forked.
pub(crate) fn forked(connection: &Connection) -> Result<Vec<FeedId>, StoreError> {
    let doing = "reading the forks";
    let mut statement = connection.prepare("SELECT feed FROM forks").doing(doing)?;
    let found = statement
        .query_map([], |row| row.get(0).map(FeedId))
        .doing(doing)?;
    found.collect::<Result<_, _>>().doing(doing)
}

fn newer(
    connection: &Connection,
) -> Result<std::collections::BTreeSet<(NodeId, [u8; 16])>, StoreError> {
    let doing = "reading what newer programs said";
    let mut statement = connection
        .prepare("SELECT node, record FROM newer")
        .doing(doing)?;
    let found = statement
        .query_map([], |row| Ok((NodeId(row.get(0)?), row.get(1)?)))
        .doing(doing)?;
    found.collect::<Result<_, _>>().doing(doing)
}

impl crate::Store {
    /// Adds keys of copies, which came from other nodes; they are durable when this returns. One that is held, or
    /// was destroyed here, stays as it is.
    pub fn add_copy_keys(&mut self, keys: &[RecordKey]) -> Result<(), StoreError> {
        self.keyring.add_missing(keys)
    }

    /// Returns those of these keys that are here.
    pub fn held_keys(
        &self,
        wanted: &[([u8; 16], Elsewhere)],
    ) -> Result<Vec<RecordKey>, StoreError> {
        let mut held = Vec::new();
        for (id, _) in wanted {
            held.extend(self.keyring.find(id)?.key());
        }
        Ok(held)
    }

    /// Returns true if an entry that is held is sealed under a key, whether that is here or not.
    pub fn is_sealed_under(&self, key: &[u8; 16]) -> Result<bool, StoreError> {
        Ok(records::record_of_key(&self.connection, key)?.is_some())
    }

    /// Returns what other nodes have said of records of theirs, each in the order in which it became durable here.
    pub fn entries_of_copies(
        &self,
        all: &[Elsewhere],
    ) -> Result<Vec<Vec<(Feed, Entry)>>, StoreError> {
        let feeds = entries::feeds(&self.connection)?;
        let one = |of: &Elsewhere| entries_of_copy(&self.connection, &feeds, of);
        all.iter().map(one).collect()
    }

    /// Returns the keys that are to be destroyed when the home of a record has erased it, for [`destroy_key`](crate::Store::destroy_key).
    ///
    /// A key is of the home that was the first here to seal something of the record under it. Ids of records and keys
    /// are no secret among the members of an operation: another that names them comes by no key, and destroys none.
    pub fn keys_to_erase(&self, of: Elsewhere) -> Result<Vec<[u8; 16]>, StoreError> {
        let feeds = entries::feeds(&self.connection)?;
        let mut keys = Vec::new();
        for key in records::keys_of(&self.connection, of.record)? {
            let first = first_under(&self.connection, &of.record.id, &key)?;
            let home = first.and_then(|(number, _)| feeds.iter().find(|one| one.number == number));
            // Without any entry under it only a row of this node's own can be.
            let home = home.map_or(self.feed().node, |known| known.feed.node);
            if home == of.node {
                keys.push(key);
            }
        }
        Ok(keys)
    }
}

/// Returns the first entry about a record that is sealed under a key: the number of its feed, and where it stands.
fn first_under(
    connection: &Connection,
    record: &[u8; 16],
    key: &[u8; 16],
) -> Result<Option<(i64, u64)>, StoreError> {
    let lines = entries::of_record(connection, record, None)?;
    let mut under = lines.iter();
    let first = under.find(|line| entries::sealed_under(&line.entry) == Some(*key));
    Ok(first.map(|line| (line.feed, line.position)))
}

fn entries_of_copy(
    connection: &Connection,
    feeds: &[StoredFeed],
    of: &Elsewhere,
) -> Result<Vec<(Feed, Entry)>, StoreError> {
    let lines = entries::of_record(connection, &of.record.id, None)?;
    let told = lines.into_iter().filter_map(|line| {
        let known = feeds.iter().find(|known| known.number == line.feed)?;
        let joint = known.feed.node == of.node && known.feed.scope != Scope::Local;
        joint.then_some((known.feed, line.entry))
    });
    Ok(told.collect())
}

impl crate::Reader {
    /// Returns the entries of these kinds in which the home of a record, this node or another, spoke of it: each version once,
    /// in their order, with what is personal in it where its key is here.
    pub fn said_of(
        &self,
        of: Elsewhere,
        kinds: &[&str],
    ) -> Result<Vec<(Entry, Option<Personal>)>, StoreError> {
        let feeds = self.stored_feeds(|_| false)?;
        let lines = entries::of_record(&self.connection, &of.record.id, None)?;
        let mut said = BTreeMap::new();
        for line in lines {
            let known = feeds.iter().find(|known| known.number == line.feed);
            let wanted = kinds.contains(&line.entry.header.kind.as_str());
            if wanted && known.is_some_and(|known| known.feed.node == of.node) {
                said.insert(line.entry.header.record_version, line.entry);
            }
        }
        let open = |entry: Entry| Ok((entry.clone(), self.personal_of_entry(&entry)?));
        said.into_values().map(open).collect()
    }

    /// Returns the keys that entries of other nodes are sealed under and that were never here, so many at most, with
    /// the record of each.
    pub fn keys_missing(&self, most: usize) -> Result<Vec<([u8; 16], Elsewhere)>, StoreError> {
        let doing = "looking for keys that are missing";
        let Some(keyring) = &self.keyring else {
            return Ok(Vec::new());
        };
        let feeds = self.stored_feeds(|_| false)?;
        let own = entries::own_node(&feeds)?;
        if feeds.iter().all(|known| known.feed.node == own) {
            return Ok(Vec::new());
        }
        let mut statement = self
            .connection
            .prepare("SELECT key, record FROM record_keys")
            .doing(doing)?;
        let mut rows = statement.query([]).doing(doing)?;
        let mut missing = Vec::new();
        while let Some(row) = rows.next().doing(doing)? {
            let (key, record): ([u8; 16], [u8; 16]) =
                (row.get(0).doing(doing)?, row.get(1).doing(doing)?);
            if !matches!(keyring.find(&key)?, crate::keyring::Found::Missing) {
                continue;
            }
            for line in entries::of_record(&self.connection, &record, None)? {
                let known = feeds.iter().find(|known| known.number == line.feed);
                let sealed = known.and_then(|known| sync::sealed_under(&known.feed, &line.entry));
                let sealed = sealed.filter(|(id, of)| *id == key && of.node != own);
                missing.extend(sealed.filter(|one| !missing.contains(one)));
            }
            if missing.len() >= most {
                break;
            }
        }
        Ok(missing)
    }

    /// Returns those of these keys that are here; the caller has asked who may have them.
    pub fn keys(&self, wanted: &[[u8; 16]]) -> Result<Vec<RecordKey>, StoreError> {
        let mut held = Vec::new();
        if let Some(keyring) = &self.keyring {
            for id in wanted {
                held.extend(keyring.find(id)?.key());
            }
        }
        Ok(held)
    }

    /// Says whether a key opens something that a home said of a record. That an entry names a key proves nothing: anybody
    /// can name another's.
    pub fn opens(&self, key: &RecordKey, of: &Elsewhere) -> Result<bool, StoreError> {
        let lines = entries::of_record(&self.connection, &of.record.id, None)?;
        let said = |number: i64| {
            self.stored_feeds(|feeds| feeds.iter().any(|known| known.number == number))
                .map(|feeds| {
                    let mut feeds = feeds.iter();
                    feeds.any(|known| known.number == number && known.feed.node == of.node)
                })
        };
        for line in &lines {
            let named = entries::sealed_under(&line.entry) == Some(key.id);
            let of_kind = records::kind_word(&line.entry) == of.record.kind.as_str();
            if named
                && of_kind
                && said(line.feed)?
                && watchfire_core::engine::open_sealed(&line.entry, Some(key)).is_some()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the second of the two entries that prove a fork; the first is the one held in its place.
    pub fn fork(&self, feed: &FeedId) -> Result<Option<Entry>, StoreError> {
        let doing = "reading the proof of a fork";
        let frame: Option<Vec<u8>> = self
            .connection
            .query_row("SELECT frame FROM forks WHERE feed = ?1", [feed.0], |row| {
                row.get(0)
            })
            .optional()
            .doing(doing)?;
        let decode = |frame: Vec<u8>| {
            let decoded = Entry::decode(&frame);
            decoded.map_err(|error| damaged(format!("the proof of a fork: {error}")))
        };
        Ok(frame.map(decode).transpose()?.map(|(entry, _)| entry))
    }
}

//! Reading beside the writer: records that are no longer in memory, lists, and entries.
//!
//! Each reader has a connection of its own that cannot write, sees only what is durable, and holds
//! nobody up. Whatever it returns was verified: entries by signature and links, rows by checksum. Must
//! not know who may see what. Start at [`Reader`].

use std::cell::RefCell;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};
use watchfire_core::basis::{IncidentId, PersonId, Personal, Timestamp};
use watchfire_core::engine;
use watchfire_core::log::{KeptOutcome, Row};
use watchfire_core::record::{Record, RecordKind, RecordRef};
use watchfire_feed::{Entry, Feed, FeedError, FeedId, Opening};

use crate::entries::{self, StoredFeed};
use crate::error::{Doing, StoreError, damaged};
use crate::keyring::Keyring;
use crate::load::{self, Unsealed};
use crate::records::{self, COLUMNS};
use crate::schema::{self, Access};
use crate::{files, limits, store};

/// A read-only view of a store that always shows the latest durable state.
#[derive(Debug)]
pub struct Reader {
    pub(crate) connection: Connection,
    pub(crate) keyring: Option<Keyring>,
    feeds: RefCell<Vec<StoredFeed>>,
}

/// Which records a list is of; the default is all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only open ones, or only others.
    pub open: Option<bool>,
    /// Only those that belong to this incident.
    pub parent: Option<IncidentId>,
}

/// Where a list goes on; written as `changed_at.id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// When the last record listed had changed.
    pub changed_at: Timestamp,
    /// Its id.
    pub id: [u8; 16],
}

/// Part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The rows, last changed first.
    pub rows: Vec<Row>,
    /// Where it goes on, if it does.
    pub next: Option<Cursor>,
}

/// An entry and its place in this node's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Position in this node's log, over all feeds; the first is 1.
    pub position: u64,
    /// The entry.
    pub entry: Entry,
}

/// How many records of a kind there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The kind.
    pub kind: RecordKind,
    /// All of them.
    pub total: u64,
    /// Those that are open.
    pub open: u64,
}

impl Reader {
    /// Opens a directory for reading, whether a node works in it or not, and also a backup.
    pub fn open(dir: &Path) -> Result<Reader, StoreError> {
        let connection = schema::open(&files::database(dir)?, Access::Read)?;
        Ok(Reader {
            feeds: RefCell::new(entries::feeds(&connection)?),
            keyring: Keyring::open_if_there(dir)?,
            connection,
        })
    }

    /// Returns what people call the node.
    pub fn node_name(&self) -> Result<String, StoreError> {
        store::node_name(&self.connection)
    }

    /// Returns all feeds that the store holds, in the order in which they came; those that came since it was opened
    /// are there too.
    pub fn feeds(&self) -> Result<Vec<Feed>, StoreError> {
        let feeds = self.stored_feeds(|_| false)?;
        Ok(feeds.iter().map(|known| known.feed).collect())
    }

    /// Returns the feeds that are known; reads them anew unless they are `enough`.
    pub(crate) fn stored_feeds(
        &self,
        enough: impl Fn(&[StoredFeed]) -> bool,
    ) -> Result<Vec<StoredFeed>, StoreError> {
        if !enough(&self.feeds.borrow()) {
            self.feeds.replace(entries::feeds(&self.connection)?);
        }
        Ok(self.feeds.borrow().clone())
    }

    /// Returns the numbers of the feeds in which this node speaks first-hand of records of a kind, for a query.
    pub(crate) fn first_hand(&self, kind: RecordKind) -> Result<String, StoreError> {
        // An operation that was joined since has a feed that is not known yet.
        let enough = |_: &[StoredFeed]| !kind.lives_in_operation();
        Ok(entries::first_hand(&self.stored_feeds(enough)?, kind))
    }

    /// Returns what somebody's idempotency key led to, if it is still kept.
    pub fn outcome(&self, person: PersonId, key: &str) -> Result<Option<KeptOutcome>, StoreError> {
        records::outcome(&self.connection, person, key)
    }

    /// Returns one record's row.
    pub fn record(&self, record: RecordRef) -> Result<Option<Row>, StoreError> {
        records::find(&self.connection, record)
    }

    /// Returns the row of the record of a kind with that running number.
    pub fn record_by_number(
        &self,
        kind: RecordKind,
        number: u64,
    ) -> Result<Option<Row>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM records WHERE kind = ?1 AND number = ?2");
        let mut found = None;
        let parameters = params![kind.as_str(), number];
        records::read_all(&self.connection, &sql, parameters, |row| {
            if row.record.kind != kind || row.number != Some(number) {
                return Err(damaged(format!(
                    "the index entry of {} {number}",
                    kind.as_str()
                )));
            }
            found = Some(row);
            Ok(())
        })?;
        Ok(found)
    }

    /// Returns records of a kind, last changed first, at most `limit` and [`limits::PAGE_MAX`] of them.
    pub fn records(
        &self,
        kind: RecordKind,
        filter: Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let limit = limit.clamp(1, limits::PAGE_MAX);
        let mut sql = format!("SELECT {COLUMNS} FROM records WHERE kind = ?");
        let mut values = vec![Value::from(kind.as_str().to_owned())];
        match filter.open {
            Some(true) => sql.push_str(" AND open = 1"),
            Some(false) => sql.push_str(" AND open = 0"),
            None => {}
        }
        if let Some(parent) = filter.parent {
            sql.push_str(" AND parent = ?");
            values.push(Value::from(parent.0.to_vec()));
        }
        if let Some(after) = after {
            sql.push_str(" AND (changed_at, id) < (?, ?)");
            values.push(Value::from(after.changed_at.0));
            values.push(Value::from(after.id.to_vec()));
        }
        sql.push_str(" ORDER BY changed_at DESC, id DESC LIMIT ?");
        // One more than asked for tells whether the list goes on.
        values.push(Value::from(limit as i64 + 1));
        let mut rows: Vec<Row> = Vec::new();
        records::read_all(&self.connection, &sql, params_from_iter(values), |row| {
            let fits = row.record.kind == kind
                && filter.open.is_none_or(|open| row.open == open)
                && filter
                    .parent
                    .is_none_or(|parent| row.parent == Some(parent.0));
            if !fits {
                return Err(damaged(format!(
                    "the index entry of {}",
                    records::name(row.record)
                )));
            }
            rows.push(row);
            Ok(())
        })?;
        let goes_on = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| goes_on).map(|row| Cursor {
            changed_at: row.changed_at,
            id: row.record.id,
        });
        Ok(Page { rows, next })
    }

    /// Returns the personal data of a row as JSON; nothing if it has none or its key is gone.
    pub fn personal(&self, row: &Row) -> Result<Option<Vec<u8>>, StoreError> {
        match load::unseal_bytes(row, self.keyring.as_ref())? {
            Unsealed::Whole(json) => Ok(Some(json)),
            Unsealed::Nothing | Unsealed::Erased | Unsealed::KeyMissing => Ok(None),
        }
    }

    /// Returns a row as the record it is, with its personal data if its key is there.
    pub fn whole(&self, row: &Row) -> Result<Record, StoreError> {
        load::unseal(row, self.keyring.as_ref()).map(|(record, _)| record)
    }

    /// Returns a row as the record it is without its personal data, which nobody who only counts need open.
    pub fn plain(&self, row: &Row) -> Result<Record, StoreError> {
        load::parse(row, None)
    }

    /// Reads several things as they were at one moment, whatever is written meanwhile.
    pub fn at_one_moment<T>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let doing = "reading at one moment";
        let moment = self.connection.unchecked_transaction().doing(doing)?;
        let found = read(self)?;
        moment.commit().doing(doing)?;
        Ok(found)
    }

    /// Returns the personal data of an entry; nothing if it has none or its key is gone.
    pub fn personal_of_entry(&self, entry: &Entry) -> Result<Option<Personal>, StoreError> {
        let key = match (entries::sealed_under(entry), &self.keyring) {
            (Some(id), Some(keyring)) => keyring.find(&id)?.key(),
            (None, _) | (_, None) => None,
        };
        Ok(engine::open_personal(entry, key.as_ref()))
    }

    /// Returns entries of a feed from a sequence number on, verified with their links among each other,
    /// at most `limit` and [`limits::PAGE_MAX`] of them.
    pub fn entries(
        &self,
        feed: &FeedId,
        from_seq: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let is = |known: &StoredFeed| known.feed.id() == *feed;
        let feeds = self.stored_feeds(|feeds| feeds.iter().any(is))?;
        let Some(known) = feeds.into_iter().find(is) else {
            return Ok(Vec::new());
        };
        let sql = "WHERE feed = ?1 AND seq >= ?2 ORDER BY seq";
        let parameters = [Value::from(known.number), Value::from(to_i64(from_seq))];
        let found = self.verified(sql, parameters.to_vec(), limit)?;
        let mut before = None;
        for (expected, stored) in (from_seq.max(1)..).zip(&found) {
            let header = &stored.entry.header;
            let bad = |source| StoreError::BadEntry {
                feed: feed.to_string(),
                seq: header.seq,
                source,
            };
            if header.seq != expected {
                let found = header.seq;
                return Err(bad(FeedError::Gap { expected, found }));
            }
            if before.is_some_and(|before| before != header.previous) {
                return Err(bad(FeedError::BrokenLink { seq: header.seq }));
            }
            before = Some(stored.entry.hash);
        }
        Ok(found.into_iter().map(|stored| stored.entry).collect())
    }

    /// Returns the entries of all feeds after a position, verified, at most `limit` and
    /// [`limits::PAGE_MAX`] of them.
    pub fn entries_after(
        &self,
        position: u64,
        limit: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let parameters = vec![Value::from(to_i64(position))];
        self.verified("WHERE position > ?1 ORDER BY position", parameters, limit)
    }

    /// Returns a record and the whole family of the incident that it is or belongs to: root, merged ones,
    /// calls and assignments, with their personal data. Empty if there is no such record.
    pub fn kin(&self, record: RecordRef) -> Result<Vec<Record>, StoreError> {
        let rows = crate::load::kin(&self.connection, record)?;
        rows.values().map(|row| self.whole(row)).collect()
    }

    /// Returns the entries about these records after a position, oldest first and verified, at most
    /// `limit` and [`limits::PAGE_MAX`] of them; names at most [`limits::RECORDS_ASKED_MAX`] records.
    pub fn entries_of(
        &self,
        about: &[RecordRef],
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let max = limits::RECORDS_ASKED_MAX;
        if about.len() > max {
            let what = format!("entries of at most {max} records can be asked for at once");
            return Err(StoreError::NotTaken { what });
        }
        for record in about {
            self.must_have_all_entries(*record)?;
        }
        let mut first_hand: Vec<String> = Vec::new();
        for kind in RecordKind::ALL {
            if about.iter().any(|record| record.kind == kind) {
                first_hand.push(self.first_hand(kind)?);
            }
        }
        first_hand.retain(|numbers| !numbers.is_empty());
        let first_hand = first_hand.join(", ");
        let ids: Vec<String> = about.iter().map(|record| hex::encode(record.id)).collect();
        let ids = serde_json::to_string(&ids).expect("a list of strings is always JSON");
        let parameters = vec![Value::from(ids), Value::from(to_i64(after.unwrap_or(0)))];
        let sql = format!(
            "WHERE record IN (SELECT unhex(value) FROM json_each(?1)) AND position > ?2 AND feed IN ({first_hand}) ORDER BY position"
        );
        let found = self.verified(&sql, parameters, limit)?;
        let asked: std::collections::BTreeSet<[u8; 16]> =
            about.iter().map(|record| record.id).collect();
        let is_asked = |stored: &StoredEntry| asked.contains(&stored.entry.header.record);
        match found.iter().all(is_asked) {
            true => Ok(found),
            false => Err(damaged("the index of entries by record")),
        }
    }

    /// Each entry about a record makes one version of it, so a missing one shows in the count.
    fn must_have_all_entries(&self, record: RecordRef) -> Result<(), StoreError> {
        let Some(row) = self.record(record)? else {
            return Ok(());
        };
        let doing = "counting the entries of a record";
        let count: u64 = self
            .connection
            .prepare_cached("SELECT count(*) FROM entries WHERE record = ?1")
            .doing(doing)?
            .query_row([record.id], |line| line.get(0))
            .doing(doing)?;
        // The writer may have appended between the two reads, never taken away.
        match count >= row.version {
            true => Ok(()),
            false => Err(damaged(format!(
                "{} has {count} entries where there must be {}",
                records::name(record),
                row.version
            ))),
        }
    }

    pub(crate) fn verified(
        &self,
        which: &str,
        mut parameters: Vec<Value>,
        limit: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let doing = "reading entries";
        parameters.push(Value::from(limit.min(limits::PAGE_MAX) as i64));
        let limit_at = parameters.len();
        let columns = entries::COLUMNS;
        let sql = format!("SELECT {columns} FROM entries {which} LIMIT ?{limit_at}");
        let mut statement = self.connection.prepare_cached(&sql).doing(doing)?;
        let mut rows = statement.query(params_from_iter(parameters)).doing(doing)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().doing(doing)? {
            let line = entries::read(row)?;
            let feeds = self.feeds.borrow();
            if feeds.iter().any(|known| known.number == line.feed) {
                entries::verify(&feeds, &line)?;
            } else {
                drop(feeds);
                entries::verify(&self.stored_feeds(|_| false)?, &line)?;
            }
            found.push(StoredEntry {
                position: line.position,
                entry: line.entry,
            });
        }
        Ok(found)
    }

    /// Returns how many records of each kind there are.
    pub fn counts(&self) -> Result<Vec<Count>, StoreError> {
        let count = |kind| {
            let tally = records::read_tally(&self.connection, kind)?;
            let (total, open) = (tally.total, tally.open);
            Ok(Count { kind, total, open })
        };
        RecordKind::ALL.into_iter().map(count).collect()
    }

    /// Returns when the node was opened: the time of its first entry.
    pub fn opening_time(&self) -> Result<Timestamp, StoreError> {
        let first = self.entries_after(0, 1)?;
        let first = first.first().ok_or_else(|| damaged("the first entry"))?;
        Ok(entries::accepted_at(&first.entry))
    }

    /// Returns the name of the exercise that the node was made for, as its first entry says; none for one that is real.
    pub fn exercise(&self) -> Result<Option<String>, StoreError> {
        let first = self.entries_after(0, 1)?;
        let first = first.first().ok_or_else(|| damaged("the first entry"))?;
        let opening = Opening::of(&first.entry).map_err(|_| damaged("the first entry"))?;
        Ok(opening.exercise().map(str::to_owned))
    }

    /// Returns how many entries there are in all feeds.
    pub fn entry_count(&self) -> Result<u64, StoreError> {
        entries::last_position(&self.connection)
    }
}

fn to_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.changed_at.0, hex::encode(self.id))
    }
}

/// Text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is what an earlier page ended with; leave it out to begin anew")]
pub struct CursorError;

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Cursor, CursorError> {
        let (changed_at, digits) = text.split_once('.').ok_or(CursorError)?;
        let mut id = [0; 16];
        hex::decode_to_slice(digits, &mut id).map_err(|_| CursorError)?;
        let changed_at = changed_at.parse().map_err(|_| CursorError)?;
        Ok(Cursor {
            changed_at: Timestamp(changed_at),
            id,
        })
    }
}

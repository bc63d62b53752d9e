//! Entries as lines of a table: exact bytes beside the few columns they are found by. The columns only
//! find; what an entry says is read from its signed bytes, and both must agree. Must not know what
//! entries mean. Start at [`StoredFeed`] and [`read`].

use rusqlite::{Connection, Row, params};
use watchfire_core::basis::Timestamp;
use watchfire_core::record::RecordKind;
use watchfire_feed::{Entry, Feed, FeedId, Hash, Head, NodeId, Opening, Scope, SealedBody};

use crate::error::{Doing, StoreError, damaged};

pub(crate) const COLUMNS: &str =
    "position, feed, seq, record, header, signature, plain, form, sealed";

const FORM_NONE: i64 = 0;
const FORM_WHOLE: i64 = 1;
const FORM_ERASED: i64 = 2;

/// A feed that the store holds, as its opening entry says.
#[derive(Debug, Clone)]
pub(crate) struct StoredFeed {
    /// Its number in this database.
    pub(crate) number: i64,
    /// The feed.
    pub(crate) feed: Feed,
    /// The head of the epoch before.
    pub(crate) follows: Option<Head>,
}

/// An entry as read, whose columns agree with its bytes; not yet verified.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) position: u64,
    pub(crate) feed: i64,
    pub(crate) entry: Entry,
}

/// Returns the feeds in the order in which they came, each verified by its opening entry; this node's own local
/// feed of its first epoch is the first.
pub(crate) fn feeds(connection: &Connection) -> Result<Vec<StoredFeed>, StoreError> {
    let doing = "reading the feeds";
    let mut statement = connection
        .prepare_cached("SELECT number, id FROM feeds ORDER BY number")
        .doing(doing)?;
    let known = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect::<Result<Vec<(i64, [u8; 32])>, _>>)
        .doing(doing)?;
    let mut feeds = Vec::with_capacity(known.len());
    for (number, id) in known {
        let line = at_seq(connection, number, 1)?
            .ok_or_else(|| damaged(format!("feed {number} has no first entry")))?;
        let opening = Opening::of(&line.entry).map_err(|source| StoreError::BadEntry {
            feed: FeedId(id).to_string(),
            seq: 1,
            source,
        })?;
        if opening.feed.id().0 != id {
            return Err(damaged(format!("the name of feed {number}")));
        }
        feeds.push(StoredFeed {
            number,
            feed: opening.feed,
            follows: opening.follows,
        });
    }
    Ok(feeds)
}

/// Returns the node whose store it is: the one whose feed was there first.
pub(crate) fn own_node(feeds: &[StoredFeed]) -> Result<NodeId, StoreError> {
    let first = feeds.first().ok_or_else(|| damaged("there is no feed"))?;
    Ok(first.feed.node)
}

/// Returns the numbers of the feeds in which this node speaks first-hand of records of a kind, for a query: what it
/// tells again in an operation is no second event, and what others tell is not of its records.
pub(crate) fn first_hand(feeds: &[StoredFeed], kind: RecordKind) -> String {
    let own = feeds.first().map(|first| first.feed.node);
    let says = |known: &&StoredFeed| {
        let local = known.feed.scope == Scope::Local;
        Some(known.feed.node) == own && local != kind.lives_in_operation()
    };
    let numbers = feeds
        .iter()
        .filter(says)
        .map(|known| known.number.to_string());
    numbers.collect::<Vec<_>>().join(", ")
}

/// Returns all entries of a feed, in order.
pub(crate) fn of_feed(connection: &Connection, feed: i64) -> Result<Vec<Line>, StoreError> {
    let doing = "reading the entries of a feed";
    let sql = format!("SELECT {COLUMNS} FROM entries WHERE feed = ?1 ORDER BY seq");
    let mut statement = connection.prepare_cached(&sql).doing(doing)?;
    let mut rows = statement.query([feed]).doing(doing)?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next().doing(doing)? {
        lines.push(read(row)?);
    }
    Ok(lines)
}

/// Returns the last entry of a feed.
pub(crate) fn last(connection: &Connection, feed: i64) -> Result<Option<Line>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM entries WHERE feed = ?1 ORDER BY seq DESC LIMIT 1");
    first(connection, &sql, params![feed])
}

/// Returns the entry of a feed with that sequence number.
pub(crate) fn at_seq(
    connection: &Connection,
    feed: i64,
    seq: u64,
) -> Result<Option<Line>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM entries WHERE feed = ?1 AND seq = ?2");
    first(connection, &sql, params![feed, seq])
}

/// Returns the entry at a position.
pub(crate) fn at_position(
    connection: &Connection,
    position: u64,
) -> Result<Option<Line>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM entries WHERE position = ?1");
    first(connection, &sql, params![position])
}

/// Returns how many entries there are in all feeds; none was ever deleted, so it is the last position.
pub(crate) fn count(connection: &Connection) -> Result<u64, StoreError> {
    let doing = "counting the entries";
    let last: Option<u64> = connection
        .query_row("SELECT max(position) FROM entries", [], |row| row.get(0))
        .doing(doing)?;
    let mut sum: u64 = 0;
    let mut statement = connection
        .prepare_cached("SELECT (SELECT max(seq) FROM entries WHERE feed = number) FROM feeds")
        .doing(doing)?;
    let mut rows = statement.query([]).doing(doing)?;
    while let Some(row) = rows.next().doing(doing)? {
        let highest: Option<u64> = row.get(0).doing(doing)?;
        sum = sum.saturating_add(highest.unwrap_or(0));
    }
    match last.unwrap_or(0) == sum {
        true => Ok(sum),
        false => Err(damaged("the positions of the entries have gaps")),
    }
}

fn first(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Option<Line>, StoreError> {
    let doing = "reading an entry";
    let mut statement = connection.prepare_cached(sql).doing(doing)?;
    let mut rows = statement.query(parameters).doing(doing)?;
    match rows.next().doing(doing)? {
        Some(row) => read(row).map(Some),
        None => Ok(None),
    }
}

/// Reads one line of [`COLUMNS`] and compares the columns with the signed bytes.
pub(crate) fn read(row: &Row<'_>) -> Result<Line, StoreError> {
    let doing = "reading an entry";
    let position: u64 = row.get(0).doing(doing)?;
    let wrong = |what: &str| damaged(format!("the {what} of the entry at position {position}"));
    let (feed, seq): (i64, u64) = (row.get(1).doing(doing)?, row.get(2).doing(doing)?);
    let record: Vec<u8> = row.get(3).doing(doing)?;
    let (header, signature) = (row.get(4).doing(doing)?, row.get(5).doing(doing)?);
    let (plain, form) = (row.get(6).doing(doing)?, row.get(7).doing(doing)?);
    let sealed = sealed_body(form, row.get(8).doing(doing)?).ok_or_else(|| wrong("sealed part"))?;
    let entry = Entry::from_parts(header, signature, plain, sealed)
        .map_err(|error| damaged(format!("the entry at position {position}: {error}")))?;
    if entry.header.seq != seq {
        return Err(wrong("number"));
    }
    if entry.header.record.as_slice() != record {
        return Err(wrong("record"));
    }
    Ok(Line {
        position,
        feed,
        entry,
    })
}

fn sealed_body(form: i64, bytes: Vec<u8>) -> Option<SealedBody> {
    match form {
        FORM_NONE if bytes.is_empty() => Some(SealedBody::None),
        FORM_WHOLE => Some(SealedBody::Whole(bytes)),
        FORM_ERASED => bytes
            .try_into()
            .ok()
            .map(|hash| SealedBody::Erased(Hash(hash))),
        _ => None,
    }
}

fn form_and_bytes(sealed: &SealedBody) -> (i64, &[u8]) {
    match sealed {
        SealedBody::None => (FORM_NONE, &[]),
        SealedBody::Whole(bytes) => (FORM_WHOLE, bytes),
        SealedBody::Erased(hash) => (FORM_ERASED, &hash.0),
    }
}

/// Writes an entry at a position.
pub(crate) fn insert(
    connection: &Connection,
    position: u64,
    feed: i64,
    entry: &Entry,
) -> Result<(), StoreError> {
    let doing = "writing an entry";
    let sql =
        format!("INSERT INTO entries ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    let (form, sealed) = form_and_bytes(&entry.sealed);
    connection
        .prepare_cached(&sql)
        .doing(doing)?
        .execute(params![
            position,
            feed,
            entry.header.seq,
            entry.header.record,
            entry.header_bytes,
            entry.signature,
            entry.plain,
            form,
            sealed,
        ])
        .doing(doing)?;
    Ok(())
}

/// Replaces the sealed part of an entry by its hash.
pub(crate) fn erase(connection: &Connection, line: &Line) -> Result<(), StoreError> {
    let mut entry = line.entry.clone();
    entry.erase_sealed();
    let (form, sealed) = form_and_bytes(&entry.sealed);
    connection
        .prepare_cached("UPDATE entries SET form = ?2, sealed = ?3 WHERE position = ?1")
        .doing("erasing an entry")?
        .execute(params![line.position, form, sealed])
        .doing("erasing an entry")?;
    Ok(())
}

/// Verifies an entry as one of these feeds.
pub(crate) fn verify(feeds: &[StoredFeed], line: &Line) -> Result<(), StoreError> {
    let entry = &line.entry;
    let known = feeds
        .iter()
        .find(|known| known.number == line.feed && known.feed.id() == entry.header.feed);
    let Some(known) = known else {
        let position = line.position;
        return Err(damaged(format!(
            "the feed of the entry at position {position}"
        )));
    };
    entry
        .verify(&known.feed.key)
        .map_err(|source| StoreError::BadEntry {
            feed: entry.header.feed.to_string(),
            seq: entry.header.seq,
            source,
        })
}

/// Returns the last position, without counting.
pub(crate) fn last_position(connection: &Connection) -> Result<u64, StoreError> {
    let doing = "reading the last position";
    connection
        .prepare_cached("SELECT coalesce(max(position), 0) FROM entries")
        .doing(doing)?
        .query_row([], |row| row.get(0))
        .doing(doing)
}

/// Returns all entries in some feeds about one record, oldest first; in all feeds if none are named.
pub(crate) fn of_record(
    connection: &Connection,
    id: &[u8; 16],
    feeds: Option<&str>,
) -> Result<Vec<Line>, StoreError> {
    let doing = "reading the entries of a record";
    let within = feeds.map_or(String::new(), |feeds| format!(" AND feed IN ({feeds})"));
    let sql = format!("SELECT {COLUMNS} FROM entries WHERE record = ?1{within} ORDER BY position");
    let mut statement = connection.prepare_cached(&sql).doing(doing)?;
    let mut rows = statement.query([id]).doing(doing)?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next().doing(doing)? {
        lines.push(read(row)?);
    }
    Ok(lines)
}

/// Returns when an entry was accepted.
pub(crate) fn accepted_at(entry: &Entry) -> Timestamp {
    Timestamp(i64::try_from(entry.header.time.ms()).unwrap_or(i64::MAX))
}

/// Returns the id of the key that an entry's personal data is sealed under.
pub(crate) fn sealed_under(entry: &Entry) -> Option<[u8; 16]> {
    match &entry.sealed {
        SealedBody::Whole(sealed) => watchfire_feed::seal::key_id(sealed),
        SealedBody::None | SealedBody::Erased(_) => None,
    }
}

//! The tables of `watchfire.db` and how a connection to it is opened.
//!
//! The database says what program it is of, which format it has, and its table definitions are compared
//! with ours word by word: a definition that a bad disk altered would make SQLite read sound data
//! wrongly. Must not know what the lines mean. Start at [`TABLES`].

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use crate::checksum::Checksum;
use crate::error::{Doing, StoreError, damaged};
use crate::limits;

/// "WFRE": tells the file from other SQLite databases.
const APPLICATION_ID: i64 = 0x5746_5245;

/// Goes up when a table changes; an older database is brought up to it, a newer one is refused.
pub(crate) const FORMAT: i64 = 4;

/// The format that first knew of other nodes.
pub(crate) const FORMAT_OF_COPIES: i64 = 4;

/// The first format, which can still be read and is brought up to ours when it is opened for writing.
const FIRST_FORMAT: i64 = 1;

/// What format 2 has that format 1 had not: drafts of calls.
const ADDED_IN_2: [&str; 3] = [
    "CREATE TABLE drafts (line INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, person BLOB NOT NULL, seq INTEGER NOT NULL, changed_at INTEGER NOT NULL, ended INTEGER NOT NULL, call BLOB NOT NULL, key BLOB NOT NULL, sealed BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT",
    "CREATE INDEX drafts_by_person ON drafts (person, ended)",
    "CREATE INDEX drafts_by_end ON drafts (ended, changed_at)",
];

/// What format 3 has that format 2 had not: recommendations with what they were made of.
const ADDED_IN_3: [&str; 2] = [
    "CREATE TABLE made (line INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, body BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT",
    "CREATE INDEX made_by_time ON made (at)",
];

/// What format 4 has that format 3 had not: what other nodes have told.
const ADDED_IN_4: [&str; 6] = [
    "CREATE TABLE copies (line INTEGER PRIMARY KEY, node BLOB NOT NULL, kind TEXT NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL, open INTEGER NOT NULL, changed_at INTEGER NOT NULL, state BLOB NOT NULL, sealed BLOB NOT NULL, checksum INTEGER NOT NULL, UNIQUE (node, kind, id)) STRICT",
    "CREATE INDEX copies_open ON copies (changed_at) WHERE open = 1",
    "CREATE INDEX copies_changed ON copies (changed_at)",
    "CREATE TABLE forks (feed BLOB PRIMARY KEY, frame BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE newer (node BLOB NOT NULL, record BLOB NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (node, record)) STRICT, WITHOUT ROWID",
    "CREATE TABLE arrivals (position INTEGER PRIMARY KEY, at INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT",
];

/// The tables of format 1. `entries` is the truth; `records`, `tallies` and `record_keys` follow from it.
const TABLES: [&str; 12] = [
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE feeds (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE) STRICT",
    "CREATE TABLE entries (position INTEGER PRIMARY KEY, feed INTEGER NOT NULL, seq INTEGER NOT NULL, record BLOB NOT NULL, header BLOB NOT NULL, signature BLOB NOT NULL, plain BLOB NOT NULL, form INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT",
    "CREATE TABLE records (line INTEGER PRIMARY KEY, kind TEXT NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL, number INTEGER, parent BLOB, open INTEGER NOT NULL, changed_at INTEGER NOT NULL, state BLOB NOT NULL, sealed BLOB NOT NULL, checksum INTEGER NOT NULL, UNIQUE (kind, id)) STRICT",
    "CREATE TABLE tallies (kind TEXT PRIMARY KEY, total INTEGER NOT NULL, open INTEGER NOT NULL, open_sum INTEGER NOT NULL, number_max INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE record_keys (key BLOB PRIMARY KEY, kind TEXT NOT NULL, record BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE outcomes (line INTEGER PRIMARY KEY, person BLOB NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, at INTEGER NOT NULL, records TEXT NOT NULL, checksum INTEGER NOT NULL, UNIQUE (person, key)) STRICT",
    "CREATE TABLE credentials (person BLOB PRIMARY KEY, hash TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE codes (hash BLOB PRIMARY KEY, about TEXT NOT NULL, expires_at INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE sessions (hash BLOB PRIMARY KEY, person BLOB NOT NULL, seat TEXT NOT NULL, created_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE tokens (hash BLOB PRIMARY KEY, person BLOB NOT NULL, label TEXT NOT NULL, seat TEXT NOT NULL, created_at INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE trail (line INTEGER PRIMARY KEY, unit BLOB NOT NULL, assignment BLOB NOT NULL, at INTEGER NOT NULL, lat_e6 INTEGER NOT NULL, lon_e6 INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT",
];

/// The indexes of format 1. `records_open` is what a start reads, `records_changed` what lists read.
const INDEXES: [&str; 11] = [
    "CREATE UNIQUE INDEX entries_by_seq ON entries (feed, seq)",
    "CREATE INDEX entries_by_record ON entries (record, position)",
    "CREATE INDEX records_changed ON records (kind, changed_at, id)",
    "CREATE INDEX records_open ON records (kind, changed_at, id) WHERE open = 1",
    "CREATE INDEX records_by_parent ON records (parent, kind, changed_at, id) WHERE parent IS NOT NULL",
    "CREATE INDEX records_by_number ON records (kind, number) WHERE number IS NOT NULL",
    "CREATE INDEX keys_by_record ON record_keys (record)",
    "CREATE INDEX outcomes_by_time ON outcomes (at)",
    "CREATE INDEX sessions_by_person ON sessions (person)",
    "CREATE INDEX trail_by_time ON trail (at)",
    "CREATE INDEX trail_by_assignment ON trail (assignment, at)",
];

/// The tables that do not follow from entries: their names, and their columns in the order of the checksum.
const PLAIN_TABLES: [(&str, &str); 12] = [
    ("meta", "name, value, checksum"),
    (
        "outcomes",
        "person, key, fingerprint, at, records, checksum",
    ),
    ("credentials", "person, hash, checksum"),
    ("codes", "hash, about, expires_at, checksum"),
    (
        "sessions",
        "hash, person, seat, created_at, last_seen_at, expires_at, checksum",
    ),
    ("tokens", "hash, person, label, seat, created_at, checksum"),
    ("trail", "unit, assignment, at, lat_e6, lon_e6, checksum"),
    (
        "drafts",
        "id, person, seq, changed_at, ended, call, key, sealed, checksum",
    ),
    ("made", "name, at, body, checksum"),
    ("forks", "feed, frame, checksum"),
    ("newer", "node, record, checksum"),
    ("arrivals", "position, at, checksum"),
];

/// Returns those tables of a database that do not follow from entries; one of an earlier format has fewer.
pub(crate) fn plain_tables(
    connection: &Connection,
) -> Result<Vec<(&'static str, &'static str)>, StoreError> {
    let format = pragma_int(connection, "user_version")?;
    let there = |name: &str| match name {
        "drafts" => format >= 2,
        "made" => format >= 3,
        "forks" | "newer" | "arrivals" => format >= 4,
        _ => true,
    };
    let tables = PLAIN_TABLES.into_iter();
    Ok(tables.filter(|(name, _)| there(name)).collect())
}

/// How long a connection waits for another; a reader never does in WAL mode but while a log is being recovered or truncated.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// The one writer.
    Write,
    /// Any number of readers.
    Read,
}

/// Opens a database that exists and refuses one that is not ours.
pub(crate) fn open(path: &Path, access: Access) -> Result<Connection, StoreError> {
    let mut connection = connect(path, access)?;
    let known = |what| pragma_int(&connection, what);
    if known("application_id")? != APPLICATION_ID {
        return Err(damaged("watchfire.db does not say that it is Watchfire's"));
    }
    let found = known("user_version")?;
    if !(FIRST_FORMAT..=FORMAT).contains(&found) {
        return Err(StoreError::OtherFormat {
            found,
            known: FORMAT,
        });
    }
    if access == Access::Write {
        make_durable(&connection)?;
    }
    compare_definitions(&connection, found)?;
    if access == Access::Write && found < FORMAT {
        bring_up(&mut connection, found)?;
    }
    Ok(connection)
}

/// Makes a database of an earlier format one of ours, whole or not at all; nothing that it holds is touched.
fn bring_up(connection: &mut Connection, found: i64) -> Result<(), StoreError> {
    let doing = "bringing the database up to this program's format";
    let transaction = connection.transaction().doing(doing)?;
    for sql in added(found, FORMAT) {
        transaction.execute(sql, []).doing(doing)?;
    }
    transaction
        .pragma_update(None, "user_version", FORMAT)
        .doing(doing)?;
    transaction.commit().doing(doing)
}

/// Makes the tables in an empty database.
pub(crate) fn create(path: &Path) -> Result<Connection, StoreError> {
    let connection = connect(path, Access::Write)?;
    let pragma = |name: &str, value: i64| connection.pragma_update(None, name, value);
    pragma("page_size", 4_096).doing("making the database")?;
    pragma("application_id", APPLICATION_ID).doing("making the database")?;
    pragma("user_version", FORMAT).doing("making the database")?;
    make_durable(&connection)?;
    for sql in definitions(FORMAT) {
        connection.execute(sql, []).doing("making the tables")?;
    }
    Ok(connection)
}

/// Opens any SQLite file with the settings that all of ours have.
pub(crate) fn connect(path: &Path, access: Access) -> Result<Connection, StoreError> {
    let mode = match access {
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let path = path.canonicalize().doing("finding the database")?;
    let connection = Connection::open_with_flags(path, flags).doing("opening the database")?;
    let set = |name, on| connection.set_db_config(name, on).map(|_| ());
    set(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).doing("setting up the database")?;
    set(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false).doing("setting up the database")?;
    connection
        .busy_timeout(PATIENCE)
        .doing("setting up the database")?;
    let pragma = |name: &str, value: i64| connection.pragma_update(None, name, value);
    pragma("cell_size_check", 1).doing("setting up the database")?;
    pragma("mmap_size", 0).doing("setting up the database")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn make_durable(connection: &Connection) -> Result<(), StoreError> {
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .doing("setting up the log")?;
    if mode != "wal" {
        return Err(damaged("the database cannot use a write-ahead log here"));
    }
    let pragma = |name: &str, value: i64| connection.pragma_update(None, name, value);
    connection
        .pragma_update(None, "synchronous", "FULL")
        .doing("setting up the log")?;
    pragma("cache_size", -limits::WRITER_CACHE_KIB).doing("setting up the log")
}

/// Moves the write-ahead log into its database and empties it; returns false if a reader was in the way.
pub(crate) fn empty_log(connection: &Connection) -> Result<bool, StoreError> {
    let mut busy: i64 = 1;
    connection
        .pragma(None, "wal_checkpoint", "TRUNCATE", |row| {
            busy = row.get(0)?;
            Ok(())
        })
        .doing("emptying the write-ahead log")?;
    Ok(busy == 0)
}

/// Lets a backup overwrite the whole file of a connection, which is otherwise forbidden.
pub(crate) fn allow_overwriting(connection: &Connection) -> Result<(), StoreError> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)
        .doing("setting up the copy")?;
    Ok(())
}

pub(crate) fn pragma_int(connection: &Connection, name: &str) -> Result<i64, StoreError> {
    connection
        .pragma_query_value(None, name, |row| row.get(0))
        .doing("reading the database's head")
}

/// Returns the definitions of all tables and indexes of a format.
fn definitions(format: i64) -> impl Iterator<Item = &'static str> {
    let first = TABLES.iter().chain(&INDEXES).copied();
    first.chain(added(FIRST_FORMAT, format))
}

/// Returns what was added after one format, up to another.
fn added(after: i64, to: i64) -> impl Iterator<Item = &'static str> {
    let second = ADDED_IN_2.iter().filter(move |_| after < 2 && to >= 2);
    let third = ADDED_IN_3.iter().filter(move |_| after < 3 && to >= 3);
    let fourth = ADDED_IN_4.iter().filter(move |_| after < 4 && to >= 4);
    second.chain(third).chain(fourth).copied()
}

fn compare_definitions(connection: &Connection, format: i64) -> Result<(), StoreError> {
    let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid";
    let mut statement = connection.prepare(sql).doing("reading the tables")?;
    let found = statement
        .query_map([], |row| row.get::<_, String>(0))
        .and_then(Iterator::collect::<Result<Vec<String>, _>>)
        .doing("reading the tables")?;
    let mut wanted: Vec<&str> = definitions(format).collect();
    let mut found: Vec<&str> = found.iter().map(String::as_str).collect();
    // VACUUM and analysis tools may put them in another order; only their words matter.
    wanted.sort_unstable();
    found.sort_unstable();
    if wanted != found {
        return Err(damaged(
            "the definitions of the tables are not as they were made",
        ));
    }
    Ok(())
}

/// Names in `meta`.
pub(crate) const META_INCARNATION: &str = "incarnation";
/// There if entries were written whose meaning the tables lack.
pub(crate) const META_TABLES_OLD: &str = "tables_old";
/// What people call the node.
pub(crate) const META_NODE_NAME: &str = "node_name";

pub(crate) fn write_meta(
    connection: &Connection,
    name: &str,
    value: &[u8],
) -> Result<(), StoreError> {
    connection
        .execute(
            "INSERT OR REPLACE INTO meta (name, value, checksum) VALUES (?1, ?2, ?3)",
            params![name, value, meta_checksum(name, value)],
        )
        .doing("writing the table meta")?;
    Ok(())
}

pub(crate) fn remove_meta(connection: &Connection, name: &str) -> Result<(), StoreError> {
    connection
        .execute("DELETE FROM meta WHERE name = ?1", [name])
        .doing("writing the table meta")?;
    Ok(())
}

pub(crate) fn read_meta(
    connection: &Connection,
    name: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let found: Option<(Vec<u8>, i64)> = connection
        .query_row(
            "SELECT value, checksum FROM meta WHERE name = ?1",
            [name],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        .doing("reading the table meta")?;
    match found {
        Some((value, checksum)) if checksum == meta_checksum(name, &value) => Ok(Some(value)),
        Some(_) => Err(damaged(format!("the line {name:?} of the table meta"))),
        None => Ok(None),
    }
}

fn meta_checksum(name: &str, value: &[u8]) -> i64 {
    Checksum::of("meta")
        .bytes(name.as_bytes())
        .bytes(value)
        .finish()
}

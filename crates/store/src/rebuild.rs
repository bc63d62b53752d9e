//! The repair path: a new database of the verified entries, put in place of the old one.
//!
//! Everything that follows from entries is made anew; what does not (outcomes, who may sign in, the
//! trail) is taken over line by line as far as it can be read. The old file stays beside the new one. If
//! an entry does not verify, nothing is done: then only a backup or a peer can help. Start at
//! [`rebuild`].

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use watchfire_core::record::{Record, RecordRef};

use crate::entries;
use crate::error::{Doing, StoreError};
use crate::files::{self, Lock};
use crate::incarnation::Incarnation;
use crate::keyring::Keyring;
use crate::refold::{self, Refolded};
use crate::schema::{self, Access};
use crate::{Progress, checksum, limits, records, store};

/// The file that the old database is kept in.
const KEPT: &str = "watchfire.db.before-rebuild";

/// What was made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RebuildReport {
    /// Entries verified and taken over.
    pub entries: u64,
    /// Records made of them.
    pub records: u64,
    /// Lines of other tables that could not be read and are lost.
    pub lost: u64,
}

/// Makes a new database of the entries; refuses if they do not verify. No node may be running.
pub fn rebuild(
    dir: &Path,
    mut progress: impl FnMut(Progress),
) -> Result<RebuildReport, StoreError> {
    let path = files::database(dir)?;
    let _lock = Lock::take(dir)?;
    let old = schema::open(&path, Access::Write)?;
    let keyring = Keyring::open_if_there(dir)?;
    let beside = dir.join(format!("{}.new", files::DATABASE));
    remove_if_there(&beside)?;
    files::make_private(&beside)?;
    let mut new = schema::create(&beside)?;
    let doing = "writing the new database";
    let transaction = new.transaction().doing(doing)?;
    // A damaged index must not hide sound entries; what is mended here is taken back with the transaction.
    let reading = old
        .unchecked_transaction()
        .doing("reading the old database")?;
    reading
        .execute("REINDEX entries", [])
        .doing("reading the old database")?;
    let feeds = entries::feeds(&old)?;
    for known in &feeds {
        store::insert_feed(&transaction, known.number, &known.feed)?;
    }
    let refolded = refold::refold(&old, keyring.as_ref(), &feeds, &mut progress, &mut |line| {
        entries::insert(&transaction, line.position, line.feed, &line.entry)
    })?;
    let made = write_records(&transaction, &refolded, &mut progress)?;
    let lost = take_over(&old, &transaction)?;
    transaction.commit().doing(doing)?;
    reading.rollback().doing("reading the old database")?;
    let id = schema::read_meta(&new, schema::META_INCARNATION)?;
    for connection in [old, new] {
        connection
            .close()
            .map_err(|(_, error)| error)
            .doing(doing)?;
    }
    put_in_place(dir, &beside, &path)?;
    if let Some(id) = id.and_then(|id| <[u8; 16]>::try_from(id).ok()) {
        Incarnation::settle(dir, id, refolded.entries)?;
    }
    Ok(RebuildReport {
        entries: refolded.entries,
        records: made,
        lost,
    })
}

fn write_records(
    connection: &Connection,
    refolded: &Refolded,
    progress: &mut dyn FnMut(Progress),
) -> Result<u64, StoreError> {
    for (key, record) in &refolded.owners {
        records::write_key(connection, key, record.kind.as_str(), &record.id)?;
    }
    let board = &refolded.board;
    let mut all: Vec<RecordRef> = Vec::new();
    all.extend(board.calls.keys().map(|id| RecordRef::from(*id)));
    all.extend(board.incidents.keys().map(|id| RecordRef::from(*id)));
    all.extend(board.units.keys().map(|id| RecordRef::from(*id)));
    all.extend(board.assignments.keys().map(|id| RecordRef::from(*id)));
    all.extend(board.stations.keys().map(|id| RecordRef::from(*id)));
    all.extend(board.people.keys().map(|id| RecordRef::from(*id)));
    let (step, total) = ("records", all.len() as u64);
    let found = all.iter().filter_map(|reference| board.get(*reference));
    for (done, record) in (1..).zip(found) {
        let record: Record = record;
        let key = refolded.keys.get(&record.reference());
        records::write(connection, &[refold::row(&record, key)?])?;
        if done % limits::PROGRESS_EVERY == 0 || done == total {
            progress(Progress { step, done, total });
        }
    }
    Ok(total)
}

/// Takes the tables over that do not follow from entries; returns how many lines were lost.
fn take_over(old: &Connection, new: &Connection) -> Result<u64, StoreError> {
    let mut lost = 0;
    for (table, columns) in schema::PLAIN_TABLES {
        if take_over_table(old, new, table, columns, &mut lost)?.is_err() {
            // An unreadable page ends the table; what came before it is taken over.
            lost += 1;
        }
    }
    Ok(lost)
}

/// The outer error is of the new database, the inner one of the old.
fn take_over_table(
    old: &Connection,
    new: &Connection,
    table: &str,
    columns: &str,
    lost: &mut u64,
) -> Result<rusqlite::Result<()>, StoreError> {
    let doing = "taking over a table";
    let marks = vec!["?"; columns.split(',').count()].join(", ");
    let sql = format!("INSERT INTO {table} ({columns}) VALUES ({marks})");
    let mut insert = new.prepare(&sql).doing(doing)?;
    let sql = format!("SELECT {columns} FROM {table}");
    let mut select = match old.prepare(&sql) {
        Ok(select) => select,
        Err(error) => return Ok(Err(error)),
    };
    let width = select.column_count();
    let mut lines = match select.query([]) {
        Ok(lines) => lines,
        Err(error) => return Ok(Err(error)),
    };
    loop {
        let values = match lines.next() {
            Ok(Some(line)) => match checksum::is_sound(table, line) {
                Ok(true) => (0..width).map(|at| line.get(at)).collect(),
                Ok(false) => {
                    *lost += 1;
                    continue;
                }
                Err(error) => Err(error),
            },
            Ok(None) => return Ok(Ok(())),
            Err(error) => Err(error),
        };
        let values: Vec<Value> = match values {
            Ok(values) => values,
            Err(error) => return Ok(Err(error)),
        };
        insert.execute(params_from_iter(values)).doing(doing)?;
    }
}

/// Swaps the files; at every moment one sound database has the name.
fn put_in_place(dir: &Path, new: &Path, path: &Path) -> Result<(), StoreError> {
    let doing = "putting the new database in place";
    // The last connection to close empties and removes the log. A log that stayed belongs to the old
    // database and would be taken for the new one's.
    let log = dir.join(format!("{}-wal", files::DATABASE));
    if log.metadata().is_ok_and(|log| log.len() > 0) {
        let what = "another program reads the database; close it and rebuild again".to_owned();
        return Err(StoreError::NotTaken { what });
    }
    std::fs::File::open(new)
        .and_then(|file| file.sync_all())
        .doing(doing)?;
    let kept = dir.join(KEPT);
    remove_if_there(&kept)?;
    std::fs::hard_link(path, &kept).doing(doing)?;
    std::fs::rename(new, path).doing(doing)?;
    files::sync_dir(dir)
}

fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).doing("removing an old file")
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

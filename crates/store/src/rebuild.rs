//! The repair path: a new database of the verified entries, put in place of the old one.
//!
//! Everything that follows from entries is made anew; what does not (outcomes, who may sign in, the
//! trail) is taken over line by line as far as it can be read. The old file stays beside the new one. If
//! an entry does not verify, nothing is done: then only a backup or a peer can help.
//!
//! Must not make a second writer of the feed: what may not be opened as a copy, a restored or an older
//! database may not be rebuilt either. A backup may, for it can be read and checked; it gets no life of
//! its own and still waits for its epoch. Start at [`rebuild`].

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use watchfire_core::board::Board;

use crate::entries;
use crate::error::{Doing, StoreError};
use crate::files::{self, Lock};
use crate::incarnation::Incarnation;
use crate::keyring::Keyring;
use crate::refold::{self, Refolded};
use crate::schema::{self, Access};
use crate::{Progress, checksum, copies, limits, records, store};

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

/// Makes a new database of the entries; refuses if they do not verify, or if the directory is not the one
/// that may write. No node may be running.
pub fn rebuild(
    dir: &Path,
    mut progress: impl FnMut(Progress),
) -> Result<RebuildReport, StoreError> {
    let path = files::database(dir)?;
    let _lock = Lock::take(dir)?;
    let mut incarnation = Incarnation::check_if_there(dir)?;
    let beside = dir.join(format!("{}.new", files::DATABASE));
    let report = write_beside(dir, &path, &beside, incarnation.as_ref(), &mut progress)?;
    put_in_place(dir, &beside, &path, incarnation.as_mut())?;
    if let Some(incarnation) = incarnation {
        Incarnation::settle(dir, incarnation.id, report.entries)?;
    }
    Ok(report)
}

/// Writes the new database beside the old one, which stays as it is.
fn write_beside(
    dir: &Path,
    path: &Path,
    beside: &Path,
    incarnation: Option<&Incarnation>,
    progress: &mut dyn FnMut(Progress),
) -> Result<RebuildReport, StoreError> {
    let old = schema::open(path, Access::Write)?;
    // A damaged index must not hide sound entries; what is mended here is taken back with the transaction.
    let reading = old
        .unchecked_transaction()
        .doing("reading the old database")?;
    reading
        .execute("REINDEX entries", [])
        .doing("reading the old database")?;
    if let Some(incarnation) = incarnation {
        check_original(dir, &old, incarnation)?;
    }
    let keyring = Keyring::open_if_there(dir)?;
    remove_if_there(beside)?;
    files::make_private(beside)?;
    let mut new = schema::create(beside)?;
    let doing = "writing the new database";
    let transaction = new.transaction().doing(doing)?;
    let feeds = entries::feeds(&old)?;
    for known in &feeds {
        store::insert_feed(&transaction, known.number, &known.feed)?;
    }
    let refolded = refold::refold(&old, keyring.as_ref(), &feeds, progress, &mut |line| {
        entries::insert(&transaction, line.position, line.feed, &line.entry)
    })?;
    let records = write_records(&transaction, &refolded, progress)?;
    let lost = take_over(&old, &transaction)?;
    let life = schema::META_INCARNATION;
    match incarnation {
        // The line may have been among the lost ones.
        Some(incarnation) => schema::write_meta(&transaction, life, &incarnation.id)?,
        // What lost its file `incarnation` must not pass for the directory that it was copied from.
        None => schema::remove_meta(&transaction, life)?,
    }
    schema::remove_meta(&transaction, schema::META_TABLES_OLD)?;
    transaction.commit().doing(doing)?;
    reading.rollback().doing("reading the old database")?;
    for connection in [old, new] {
        connection
            .close()
            .map_err(|(_, error)| error)
            .doing(doing)?;
    }
    Ok(RebuildReport {
        entries: refolded.entries,
        records,
        lost,
    })
}

/// Checks what opening checks, but for a line that is damaged: the file was found to be the one made here
/// and has all entries, so its table is only hurt. A backup has no such line at all and is refused.
fn check_original(
    dir: &Path,
    old: &Connection,
    incarnation: &Incarnation,
) -> Result<(), StoreError> {
    match incarnation.check_life(dir, old) {
        Ok(()) | Err(StoreError::Damaged { .. }) => {}
        Err(error) => return Err(error),
    }
    incarnation.check_entries(dir, entries::count(old)?)
}

fn write_records(
    connection: &Connection,
    refolded: &Refolded,
    progress: &mut dyn FnMut(Progress),
) -> Result<u64, StoreError> {
    for (key, (kind, record)) in &refolded.owners {
        records::write_key(connection, key, kind, record)?;
    }
    let board = &refolded.board;
    let copies = board
        .copies
        .boards
        .values()
        .flat_map(Board::records)
        .count();
    let (step, total) = ("records", (board.records().count() + copies) as u64);
    let mut done = 0;
    let mut tell = || {
        done += 1;
        if done % limits::PROGRESS_EVERY == 0 || done == total {
            progress(Progress { step, done, total });
        }
    };
    for record in board.records() {
        let key = refolded.keys.get(&record.reference());
        records::write(connection, &[refold::row(&record, key)?])?;
        tell();
    }
    for (node, told) in &board.copies.boards {
        for record in told.records() {
            let key = refolded.copy_keys.get(&(*node, record.reference()));
            copies::write_copy(connection, *node, &refold::row(&record, key)?)?;
            tell();
        }
    }
    Ok(total)
}

/// Takes the tables over that do not follow from entries; returns how many lines were lost.
fn take_over(old: &Connection, new: &Connection) -> Result<u64, StoreError> {
    let mut lost = 0;
    for (table, columns) in schema::plain_tables(old)? {
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
fn put_in_place(
    dir: &Path,
    new: &Path,
    path: &Path,
    incarnation: Option<&mut Incarnation>,
) -> Result<(), StoreError> {
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
    // Before the renaming: a crash right after it must not make a stranger of the original.
    if let Some(incarnation) = incarnation {
        incarnation.announce(dir, new)?;
    }
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use watchfire_feed::{
        Draft, Feed, Head, HybridTime, NodeId, OPENING_KIND, OPENING_KIND_VERSION, Scope, Signer,
    };

    use super::*;
    use crate::store::Store;

    fn new_node(dir: &Path) {
        let signer = Signer::from_seed([3; 32]);
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
            record_version: 0,
            time: HybridTime::from_parts(1_700_000_000_000, 0),
            deps: &[],
            plain: feed.opening_body(None, "a new node"),
            sealed: Vec::new(),
        };
        let opening = watchfire_feed::sign(&signer, &Head::start(feed.id()), draft).unwrap();
        Store::create(dir, &feed, &[3; 32], &opening, "one").unwrap();
    }

    /// Rebuilds as far as a crash of these moments lets it; returns the database that was made.
    fn crash(dir: &Path, renamed: bool) -> PathBuf {
        let (path, beside) = (dir.join(files::DATABASE), dir.join("made"));
        let mut incarnation = Incarnation::check(dir).unwrap();
        write_beside(dir, &path, &beside, Some(&incarnation), &mut |_| ()).unwrap();
        match renamed {
            true => put_in_place(dir, &beside, &path, Some(&mut incarnation)).unwrap(),
            false => incarnation.announce(dir, &beside).unwrap(),
        }
        beside
    }

    fn copy_dir(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for item in fs::read_dir(from).unwrap() {
            let item = item.unwrap();
            fs::copy(item.path(), to.join(item.file_name())).unwrap();
        }
    }

    #[test]
    fn a_crash_around_the_renaming_leaves_the_original_itself_and_a_copy_a_copy() {
        for renamed in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            let (original, copy) = (dir.path().join("original"), dir.path().join("copy"));
            new_node(&original);
            crash(&original, renamed);
            copy_dir(&original, &copy);
            for refused in [Store::open(&copy).err(), rebuild(&copy, |_| ()).err()] {
                assert!(
                    matches!(refused, Some(StoreError::OtherIncarnation { .. })),
                    "{refused:?}"
                );
            }
            crash(&original, renamed);
            drop(Store::open(&original).unwrap());
            crash(&original, renamed);
            rebuild(&original, |_| ()).unwrap();
            drop(Store::open(&original).unwrap());
        }
    }

    #[test]
    fn what_a_crash_left_beside_is_no_second_database_once_the_node_went_on() {
        let dir = tempfile::tempdir().unwrap();
        new_node(dir.path());
        let made = crash(dir.path(), false);
        drop(Store::open(dir.path()).unwrap());
        fs::rename(made, dir.path().join(files::DATABASE)).unwrap();
        let error = Store::open(dir.path()).unwrap_err();
        assert!(
            matches!(error, StoreError::OtherIncarnation { .. }),
            "{error}"
        );
    }
}

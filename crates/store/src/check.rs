//! The auditor: proves that the tables say what the entries say, and that the entries are what was
//! signed. It only reads, in one snapshot, and works beside a running node and on a backup. Must not
//! repair anything. Start at [`check`].

use std::path::Path;

use rusqlite::Connection;
use watchfire_core::log::Row;
use watchfire_core::record::RecordKind;
use watchfire_feed::Scope;

use crate::entries;
use crate::error::{Doing, StoreError, damaged};
use crate::keyring::Keyring;
use crate::load::{self, Unsealed};
use crate::records::{self, COLUMNS, Tally};
use crate::refold::{self, Refolded};
use crate::schema::{self, Access};
use crate::{Progress, checksum, copies, files, limits, store};

/// What was checked, and what could not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// What people call the node.
    pub node_name: String,
    /// Entries verified: signature, link and body.
    pub entries: u64,
    /// Feeds that they are in, one for each epoch.
    pub epochs: u64,
    /// Records folded anew and found equal.
    pub records: u64,
    /// Copies of other nodes' records folded anew and found equal.
    pub copies: u64,
    /// Entries of kinds that this program does not know; verified, but not folded.
    pub unknown: u64,
    /// Entries whose personal data was erased.
    pub erased: u64,
    /// Entries whose personal data was not compared because the keyring is absent or never had the key.
    pub keys_missing: u64,
}

/// The first difference that was found.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The file of a database is damaged.
    #[error(
        "{file} is damaged: {what}; `watchfire rebuild` makes it anew if its entries are sound, else restore a backup"
    )]
    File {
        /// Which file.
        file: &'static str,
        /// SQLite's own words.
        what: String,
    },
    /// The entries are not what was signed.
    #[error(
        "the entries are damaged: {what}; keep the directory, restore a backup and begin a new epoch"
    )]
    Entries {
        /// Where, and what is wrong.
        what: String,
    },
    /// The tables are not what the entries say.
    #[error(
        "the entries are sound but the tables differ: {what}; `watchfire rebuild` makes the tables anew"
    )]
    Tables {
        /// Where, and what is wrong.
        what: String,
    },
    /// The check could not be done.
    #[error("the check could not be done")]
    NotDone {
        /// Why.
        source: StoreError,
    },
}

/// Verifies every entry and link, folds all of them anew and compares every row with the result.
pub fn check(dir: &Path, mut progress: impl FnMut(Progress)) -> Result<CheckReport, CheckError> {
    let file = |error| in_file(files::DATABASE, error);
    let path = files::database(dir).map_err(file)?;
    let connection = schema::open(&path, Access::Read).map_err(file)?;
    // One snapshot for all that follows, however much a running node appends meanwhile.
    let snapshot = connection
        .unchecked_transaction()
        .doing("beginning to read")
        .map_err(file)?;
    check_integrity(&snapshot, files::DATABASE, &mut progress)?;
    let feeds = entries::feeds(&snapshot).map_err(in_entries)?;
    let keyring = Keyring::open_if_there(dir).map_err(|error| in_file(files::KEYRING, error))?;
    if let Some(keyring) = &keyring {
        keyring
            .check()
            .map_err(|error| in_file(files::KEYRING, error))?;
    }
    let refolded = refold::refold(
        &snapshot,
        keyring.as_ref(),
        &feeds,
        &mut progress,
        &mut |_| Ok(()),
    )
    .map_err(in_entries)?;
    let count = entries::count(&snapshot).map_err(in_entries)?;
    if feeds.is_empty() || count != refolded.entries {
        let what = "there is no feed, or entries are missing".to_owned();
        return Err(CheckError::Entries { what });
    }
    let records =
        check_records(&snapshot, keyring.as_ref(), &refolded, &mut progress).map_err(in_tables)?;
    let copies = check_copies(&snapshot, keyring.as_ref(), &refolded).map_err(in_tables)?;
    check_keys(&snapshot, &refolded).map_err(in_tables)?;
    let own = entries::own_node(&feeds).map_err(in_entries)?;
    let epochs = feeds
        .iter()
        .filter(|known| known.feed.node == own && known.feed.scope == Scope::Local);
    check_plain_tables(&snapshot).map_err(in_tables)?;
    Ok(CheckReport {
        node_name: store::node_name(&snapshot).map_err(in_tables)?,
        entries: refolded.entries,
        epochs: epochs.count() as u64,
        records,
        copies,
        unknown: refolded.unknown,
        erased: refolded.erased,
        keys_missing: refolded.keys_missing,
    })
}

fn check_integrity(
    connection: &Connection,
    file: &'static str,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), CheckError> {
    let step = "file";
    let total = 1;
    progress(Progress {
        step,
        done: 0,
        total,
    });
    let answer: Result<String, _> = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .doing("looking at the file");
    match answer {
        Ok(answer) if answer == "ok" => {
            progress(Progress {
                step,
                done: 1,
                total,
            });
            Ok(())
        }
        Ok(what) => Err(CheckError::File { file, what }),
        Err(error) => Err(in_file(file, error)),
    }
}

/// Compares every row with the record that the entries make, and the tallies with the rows.
fn check_records(
    connection: &Connection,
    keyring: Option<&Keyring>,
    refolded: &Refolded,
    progress: &mut dyn FnMut(Progress),
) -> Result<u64, StoreError> {
    let mut tallies = RecordKind::ALL.map(|kind| (kind, Tally::default()));
    let sql = format!("SELECT {COLUMNS} FROM records ORDER BY line");
    let total = board_size(refolded);
    let step = "records";
    let mut done = 0;
    records::read_all(connection, &sql, [], |row| {
        compare(&row, keyring, refolded)?;
        for (kind, tally) in &mut tallies {
            if *kind == row.record.kind {
                tally.count(&row);
            }
        }
        done += 1;
        if done % limits::PROGRESS_EVERY == 0 || done == total {
            progress(Progress { step, done, total });
        }
        Ok(())
    })?;
    if done != total {
        return Err(damaged(format!(
            "the table has {done} records, the entries make {total}"
        )));
    }
    for (kind, tally) in &tallies {
        if records::read_tally(connection, *kind)? != *tally {
            return Err(damaged(format!("the tally of the kind {}", kind.as_str())));
        }
    }
    Ok(done)
}

fn compare(row: &Row, keyring: Option<&Keyring>, refolded: &Refolded) -> Result<(), StoreError> {
    let name = records::name(row.record);
    let Some(record) = refolded.board.get(row.record) else {
        return Err(damaged(format!("no entry is about {name}")));
    };
    let expected = refold::row(&record, None)?;
    let differs = |column: &str| Err(damaged(format!("the column {column} of {name}")));
    if row.state != expected.state {
        return differs("state");
    }
    if row.version != expected.version {
        return differs("version");
    }
    if row.number != expected.number {
        return differs("number");
    }
    if row.parent != expected.parent {
        return differs("parent");
    }
    if row.open != expected.open {
        return differs("open");
    }
    if row.changed_at != expected.changed_at {
        return differs("changed_at");
    }
    match load::unseal_bytes(row, keyring)? {
        Unsealed::Whole(json) if record.personal_json().as_ref() != Some(&json) => {
            differs("sealed")
        }
        Unsealed::Nothing if record.personal_json().is_some() => differs("sealed"),
        Unsealed::Whole(_) | Unsealed::Nothing | Unsealed::Erased | Unsealed::KeyMissing => Ok(()),
    }
}

fn board_size(refolded: &Refolded) -> u64 {
    refolded.board.records().count() as u64
}

/// Compares every copy with what its home's entries make of it; returns how many there are.
fn check_copies(
    connection: &Connection,
    keyring: Option<&Keyring>,
    refolded: &Refolded,
) -> Result<u64, StoreError> {
    let boards = &refolded.board.copies.boards;
    let mut count = 0;
    copies::read_copies(connection, "", [], |node, row| {
        count += 1;
        let name = format!("the copy of {}", records::name(row.record));
        let Some(record) = boards.get(&node).and_then(|board| board.get(row.record)) else {
            return Err(damaged(format!("no entry is about {name}")));
        };
        let expected = refold::row(&record, None)?;
        if row.state != expected.state || row.version != expected.version {
            return Err(damaged(name));
        }
        match load::unseal_bytes(&row, keyring)? {
            Unsealed::Whole(json) if record.personal_json().as_ref() != Some(&json) => {
                Err(damaged(name))
            }
            Unsealed::Whole(_) | Unsealed::Nothing | Unsealed::Erased | Unsealed::KeyMissing => {
                Ok(())
            }
        }
    })?;
    let sizes = boards.values().map(|board| board.records().count() as u64);
    let total: u64 = sizes.sum();
    match count == total {
        true => Ok(count),
        false => Err(damaged(format!(
            "the table has {count} copies, the entries make {total}"
        ))),
    }
}

fn check_keys(connection: &Connection, refolded: &Refolded) -> Result<(), StoreError> {
    for (key, (kind, record)) in &refolded.owners {
        let found = records::record_of_key(connection, key)?;
        if found != Some((kind.clone(), *record)) {
            let id: String = record.iter().map(|byte| format!("{byte:02x}")).collect();
            return Err(damaged(format!("the key of {kind} {id}")));
        }
    }
    Ok(())
}

fn check_plain_tables(connection: &Connection) -> Result<(), StoreError> {
    let doing = "reading the other tables";
    for (table, columns) in schema::plain_tables(connection)? {
        let sql = format!("SELECT {columns} FROM {table}");
        let mut statement = connection.prepare(&sql).doing(doing)?;
        let mut lines = statement.query([]).doing(doing)?;
        while let Some(line) = lines.next().doing(doing)? {
            if !checksum::is_sound(table, line).doing(doing)? {
                return Err(damaged(format!("a line of the table {table}")));
            }
        }
    }
    Ok(())
}

fn words(error: StoreError) -> Result<String, StoreError> {
    match error {
        StoreError::Damaged { what } => Ok(what),
        StoreError::BadEntry { feed, seq, source } => {
            Ok(format!("entry {seq} of feed {feed}: {source}"))
        }
        StoreError::NotEmpty { .. }
        | StoreError::NotAStore { .. }
        | StoreError::SetupUnfinished { .. }
        | StoreError::InUse { .. }
        | StoreError::OtherIncarnation { .. }
        | StoreError::WrongKey { .. }
        | StoreError::TablesOld { .. }
        | StoreError::OtherFormat { .. }
        | StoreError::NotTaken { .. }
        | StoreError::Sqlite { .. }
        | StoreError::Io { .. } => Err(error),
    }
}

fn in_file(file: &'static str, error: StoreError) -> CheckError {
    match words(error) {
        Ok(what) => CheckError::File { file, what },
        Err(source) => CheckError::NotDone { source },
    }
}

fn in_entries(error: StoreError) -> CheckError {
    match words(error) {
        Ok(what) => CheckError::Entries { what },
        Err(source) => CheckError::NotDone { source },
    }
}

fn in_tables(error: StoreError) -> CheckError {
    match words(error) {
        Ok(what) => CheckError::Tables { what },
        Err(source) => CheckError::NotDone { source },
    }
}

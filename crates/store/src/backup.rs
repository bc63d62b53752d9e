//! Copies of a store while it works: a backup as another directory, and the entries alone as a file.
//!
//! A backup is one consistent snapshot. It has no file `incarnation`, no signing key and, unless asked
//! for, no record keys: it can be read and checked anywhere, but nothing may be written to it before a
//! new epoch is begun in it. Must not need the writer or its lock. Start at [`backup`].

use std::io::Write;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::entries;
use crate::error::{Doing, StoreError, damaged};
use crate::keyring::Keyring;
use crate::reader::Reader;
use crate::schema::{self, Access};
use crate::{Progress, files, limits, store};

/// Whether a backup takes the record keys along. With them, what is erased later stays readable in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupKeys {
    /// Personal data in the backup can be read only together with the node's own keyring.
    LeftOut,
    /// The backup can be read by whoever has it.
    Included,
}

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupReport {
    /// Entries in it.
    pub entries: u64,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Copies a store into a new or empty directory while a node may be writing to it.
pub fn backup(
    dir: &Path,
    to: &Path,
    keys: BackupKeys,
    mut progress: impl FnMut(Progress),
) -> Result<BackupReport, StoreError> {
    let source = schema::open(&files::database(dir)?, Access::Read)?;
    files::make_empty_dir(to)?;
    let copied = copy(&source, to, files::DATABASE, &mut progress)?;
    // In the copy nothing may pass for the incarnation that it was taken from.
    schema::remove_meta(&copied, schema::META_INCARNATION)?;
    store::verify_tail(&copied)?;
    let entries = entries::count(&copied)?;
    finish(copied, to, files::DATABASE)?;
    if keys == BackupKeys::Included {
        // After the database: keys are durable before they are used, so the copy has all that it needs.
        let keyring = Keyring::open(dir, Access::Read)?;
        let copied = copy(keyring.connection(), to, files::KEYRING, &mut progress)?;
        finish(copied, to, files::KEYRING)?;
    }
    let mut bytes = 0;
    for item in std::fs::read_dir(to).doing("reading the backup")? {
        let item = item
            .and_then(|item| item.metadata())
            .doing("reading the backup")?;
        bytes += item.len();
    }
    Ok(BackupReport { entries, bytes })
}

fn copy(
    source: &Connection,
    to: &Path,
    name: &'static str,
    progress: &mut dyn FnMut(Progress),
) -> Result<Connection, StoreError> {
    let doing = "copying the database";
    let path = to.join(format!("{name}.partial"));
    files::make_private(&path)?;
    let mut target = schema::connect(&path, Access::Write)?;
    schema::allow_overwriting(&target)?;
    // A snapshot that is held stays the same through all steps; without it every write of the node would
    // make the copy begin anew.
    let snapshot = source.unchecked_transaction().doing(doing)?;
    schema::pragma_int(&snapshot, "schema_version")?;
    let copying = Backup::new(source, &mut target).doing(doing)?;
    loop {
        let result = copying.step(limits::BACKUP_STEP_PAGES).doing(doing)?;
        let (done, total) = (copying.progress().remaining, copying.progress().pagecount);
        let pages = |count: i32| u64::try_from(count).unwrap_or(0);
        progress(Progress {
            step: name,
            done: pages(total - done),
            total: pages(total),
        });
        if result == StepResult::Done {
            break;
        }
        if result != StepResult::More {
            return Err(damaged("the copy was disturbed by another program"));
        }
    }
    drop(copying);
    Ok(target)
}

/// Makes the copy one file that needs no other, durable under its own name.
fn finish(copied: Connection, to: &Path, name: &str) -> Result<(), StoreError> {
    let doing = "finishing the copy";
    copied
        .pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))
        .doing(doing)?;
    copied.close().map_err(|(_, error)| error).doing(doing)?;
    let partial = to.join(format!("{name}.partial"));
    let file = std::fs::File::open(&partial).doing(doing)?;
    file.sync_all().doing(doing)?;
    std::fs::rename(partial, to.join(name)).doing(doing)?;
    files::sync_dir(to)
}

/// Writes all entries of all epochs as frames, in the order of this node's log and verified; returns how many.
pub fn export(dir: &Path, mut out: impl Write) -> Result<u64, StoreError> {
    let reader = Reader::open(dir)?;
    let mut position = 0;
    loop {
        let page = reader.entries_after(position, limits::PAGE_MAX)?;
        if page.is_empty() {
            out.flush().doing("writing the export")?;
            return Ok(position);
        }
        for stored in page {
            position += 1;
            if stored.position != position {
                return Err(damaged(format!(
                    "the entry at position {position} is missing"
                )));
            }
            out.write_all(&stored.entry.encode())
                .doing("writing the export")?;
        }
    }
}

//! The files of a data directory: their names, the lock, and how a small file is replaced safely.
//!
//! ```text
//! watchfire.db   entries, tables (-wal and -shm beside it)
//! keyring.db     record keys; outside the log on purpose, so that destroying one erases
//! node.key       the seed that signs the feed, 64 hex digits, readable by the owner alone
//! incarnation    which life of the directory this is; never part of a backup
//! lock           held while a process writes
//! ```
//! Must not know what is in the databases. Start at [`Lock`].

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::{Zeroize, Zeroizing};

use crate::error::{Doing, StoreError};

pub(crate) const DATABASE: &str = "watchfire.db";
pub(crate) const KEYRING: &str = "keyring.db";
pub(crate) const NODE_KEY: &str = "node.key";
pub(crate) const INCARNATION: &str = "incarnation";
const LOCK: &str = "lock";

/// The right to write to a directory; the system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "held, never read")] File);

impl Lock {
    pub(crate) fn take(dir: &Path) -> Result<Lock, StoreError> {
        let path = dir.join(LOCK);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.mode(0o600).open(path).doing("opening the lock")?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only for the message: whatever cannot be read is left out of it.
                let known = file.read_to_string(&mut holder).is_ok() && !holder.is_empty();
                if !known {
                    holder = "process unknown".to_owned();
                }
                return Err(StoreError::InUse {
                    dir: dir.to_owned(),
                    holder: holder.trim().to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => {
                let what = "locking the directory".to_owned();
                return Err(StoreError::Io { what, source });
            }
        }
        file.set_len(0).doing("writing the lock")?;
        let holder = format!("process {}\n", std::process::id());
        file.write_all(holder.as_bytes())
            .doing("writing the lock")?;
        Ok(Lock(file))
    }
}

/// Makes a directory that only its owner can enter, or takes an empty one.
pub(crate) fn make_empty_dir(dir: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(dir).doing("making the directory")?;
    let mut items = fs::read_dir(dir).doing("reading the directory")?;
    if items.next().is_some() {
        return Err(StoreError::NotEmpty {
            dir: dir.to_owned(),
        });
    }
    Ok(())
}

/// Makes an empty file that only its owner can read, for SQLite to fill.
pub(crate) fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options.open(path).doing("making a file")?;
    Ok(())
}

/// Writes a small private file whole or not at all, and makes it durable.
pub(crate) fn replace(dir: &Path, name: &str, content: &[u8]) -> Result<(), StoreError> {
    let beside = dir.join(format!("{name}.new"));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&beside).doing("writing a file")?;
    file.write_all(content).doing("writing a file")?;
    file.sync_all().doing("writing a file")?;
    fs::rename(&beside, dir.join(name)).doing("writing a file")?;
    sync_dir(dir)
}

/// Makes the names in a directory durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    let opened = File::open(dir).doing("opening the directory")?;
    opened.sync_all().doing("syncing the directory")
}

/// Returns the path of the database, if there is one.
pub(crate) fn database(dir: &Path) -> Result<PathBuf, StoreError> {
    let path = dir.join(DATABASE);
    if path.is_file() {
        return Ok(path);
    }
    Err(StoreError::NotAStore {
        dir: dir.to_owned(),
    })
}

pub(crate) fn write_seed(dir: &Path, seed: &[u8; 32]) -> Result<(), StoreError> {
    let text = Zeroizing::new(hex::encode(seed));
    replace(dir, NODE_KEY, text.as_bytes())
}

pub(crate) fn read_seed(dir: &Path) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let path = dir.join(NODE_KEY);
    if !path.is_file() {
        return Err(StoreError::SetupUnfinished {
            dir: dir.to_owned(),
            missing: NODE_KEY,
        });
    }
    let mut text = fs::read(path).doing("reading node.key")?;
    let mut seed = Zeroizing::new([0; 32]);
    let read = hex::decode_to_slice(text.trim_ascii(), seed.as_mut_slice());
    text.zeroize();
    match read {
        Ok(()) => Ok(seed),
        Err(_) => Err(StoreError::WrongKey {
            dir: dir.to_owned(),
        }),
    }
}

//! What can go wrong with a data directory, in words that say what happened and what to do. Knows
//! nothing of how it is shown. The engine's own faults are the core's
//! [`LogFault`]; start at [`StoreError`].

use std::path::PathBuf;

use rusqlite::ErrorCode;
use watchfire_core::log::LogFault;
use watchfire_feed::FeedError;

/// Why a data directory could not be made, opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory to be filled has something in it.
    #[error("{} is not empty; name a directory that is empty or does not exist", .dir.display())]
    NotEmpty {
        /// The directory.
        dir: PathBuf,
    },
    /// There is no store in the directory.
    #[error("{} holds no Watchfire data; make a node there with `watchfire init`", .dir.display())]
    NotAStore {
        /// The directory.
        dir: PathBuf,
    },
    /// Setting the directory up was interrupted.
    #[error("setting up {} was interrupted, {missing} is missing; if this node never ran, empty the directory and set it up again", .dir.display())]
    SetupUnfinished {
        /// The directory.
        dir: PathBuf,
        /// The missing file.
        missing: &'static str,
    },
    /// Another process writes to it.
    #[error("{} is in use by another Watchfire ({holder}); stop that one first, or work with it", .dir.display())]
    InUse {
        /// The directory.
        dir: PathBuf,
        /// What is known of the other process.
        holder: String,
    },
    /// It is a copy, a restored backup, or was moved: writing here could fork the feed.
    #[error("{} may not be written to: {why}. If the original still exists, go on with the original. If it is gone for good, run `watchfire epoch {} --reason \"...\"`, which begins a new epoch under a new key and keeps all records", .dir.display(), .dir.display())]
    OtherIncarnation {
        /// The directory.
        dir: PathBuf,
        /// What gave it away.
        why: &'static str,
    },
    /// The signing key is not the one of the feed.
    #[error("the key in {} does not belong to the feed in the database; restore the right `node.key`, or run `watchfire epoch {} --reason \"...\"` if it is lost", .dir.display(), .dir.display())]
    WrongKey {
        /// The directory.
        dir: PathBuf,
    },
    /// Entries were written back after a restore, and the tables were not yet made anew.
    #[error("what was written back into {} is not in its tables yet; run `watchfire rebuild {}`", .dir.display(), .dir.display())]
    TablesOld {
        /// The directory.
        dir: PathBuf,
    },
    /// It was written by another version of the program.
    #[error(
        "the database has format {found} and this program knows {known}; use the program that wrote it, or a newer one"
    )]
    OtherFormat {
        /// Format of the database.
        found: i64,
        /// Format of this program.
        known: i64,
    },
    /// What is stored is not what was written.
    #[error(
        "the stored data is damaged: {what}; stop the node, keep a copy of the directory as it is, and run `watchfire check` on it"
    )]
    Damaged {
        /// Where, and what is wrong.
        what: String,
    },
    /// An entry does not verify.
    #[error(
        "the stored data is damaged: entry {seq} of feed {feed} does not verify; stop the node, keep a copy of the directory as it is, and run `watchfire check` on it"
    )]
    BadEntry {
        /// The feed, by its id.
        feed: String,
        /// Which entry.
        seq: u64,
        /// What is wrong with it.
        source: FeedError,
    },
    /// Something handed in breaks a limit or a rule of the store.
    #[error("{what}")]
    NotTaken {
        /// What was wrong with it.
        what: String,
    },
    /// SQLite failed.
    #[error("{what} failed")]
    Sqlite {
        /// What was being done.
        what: &'static str,
        /// SQLite's own words.
        source: rusqlite::Error,
    },
    /// The file system failed.
    #[error("{what} failed")]
    Io {
        /// What was being done.
        what: String,
        /// The system's own words.
        source: std::io::Error,
    },
}

impl StoreError {
    /// Returns true if there was no room on the disk; the same may succeed once there is room.
    pub fn is_disk_full(&self) -> bool {
        match self {
            StoreError::Sqlite { source, .. } => {
                source.sqlite_error_code() == Some(ErrorCode::DiskFull)
            }
            StoreError::Io { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            StoreError::NotEmpty { .. }
            | StoreError::NotAStore { .. }
            | StoreError::SetupUnfinished { .. }
            | StoreError::InUse { .. }
            | StoreError::OtherIncarnation { .. }
            | StoreError::WrongKey { .. }
            | StoreError::TablesOld { .. }
            | StoreError::OtherFormat { .. }
            | StoreError::Damaged { .. }
            | StoreError::BadEntry { .. }
            | StoreError::NotTaken { .. } => false,
        }
    }

    /// Returns the fault that the engine's host acts on.
    pub(crate) fn into_fault(self) -> LogFault {
        if self.is_disk_full() {
            return LogFault::DiskFull;
        }
        let mut words = self.to_string();
        let mut source = std::error::Error::source(&self);
        while let Some(error) = source {
            words.push_str(": ");
            words.push_str(&error.to_string());
            source = error.source();
        }
        LogFault::Io(words)
    }
}

/// Gives failures of SQLite and of the file system the words of what was being done.
pub(crate) trait Doing<T> {
    /// Names what was being done.
    fn doing(self, what: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, what: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| match is_damage(&source) {
            true => StoreError::Damaged {
                what: format!("{what}: {source}"),
            },
            false => StoreError::Sqlite { what, source },
        })
    }
}

/// Says whether SQLite's words mean that what is stored is not what was written.
fn is_damage(error: &rusqlite::Error) -> bool {
    // Not our enum: whatever else SQLite may say one day is a failure and no damage.
    if matches!(
        error,
        rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..)
    ) {
        return true;
    }
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, what: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Io {
            what: what.to_owned(),
            source,
        })
    }
}

/// Makes the error for stored data that is not what was written.
pub(crate) fn damaged(what: impl Into<String>) -> StoreError {
    StoreError::Damaged { what: what.into() }
}

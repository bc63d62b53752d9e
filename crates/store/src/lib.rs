//! The durable log of a node and its tables, on SQLite.
//!
//! [`Store`] is the one writer of a data directory and fills the core's seam
//! [`Log`](watchfire_core::log::Log): a batch of entries, rows and outcomes becomes durable in one
//! transaction or not at all. [`Reader`]s read beside it. Entries are the truth; rows are only a faster
//! way to what they say, which [`check()`] proves and [`rebuild()`] restores. This crate decides nothing: it
//! must not know what any action means, who may do it, or what time it is.
//!
//! Nothing is served unverified: an entry is verified against its signature when it is read, a row and
//! every other line of a table against its checksum, and the open rows against a tally, so that none
//! can go missing unseen. What a damaged index hides from a list of *ended* records is found by [`check()`].
//!
//! Start at [`Store`], then `load.rs` (how a node starts) and `incarnation.rs` (how a copied or
//! restored directory is told from the one that may write).

mod store;

mod copies;
mod load;
mod made;
mod reader;

mod access;
mod drafts;
mod entries;
mod past;
mod records;
mod trail;

mod backup;
mod check;
mod epoch;
mod rebuild;
mod refold;
mod tail;

mod incarnation;
mod keyring;

mod checksum;
mod error;
mod files;
pub mod limits;
mod schema;

pub use access::{Code, Session, Token};
pub use backup::{BackupKeys, BackupReport, backup, export};
pub use check::{CheckError, CheckReport, check};
pub use drafts::{CallDraft, DraftPut, DraftWrite};
pub use epoch::{ending, new_epoch};
pub use error::StoreError;
pub use load::Loaded;
pub use past::PastBoard;
pub use reader::{Count, Cursor, CursorError, Filter, Page, Reader, StoredEntry};
pub use rebuild::{RebuildReport, rebuild};
pub use store::Store;
pub use tail::{TailReport, recover_tail};
pub use trail::TrailPoint;

/// How far a long piece of work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub step: &'static str,
    /// How much of it is done, in entries, records or pages.
    pub done: u64,
    /// How much there is.
    pub total: u64,
}

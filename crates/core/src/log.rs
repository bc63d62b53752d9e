//! What the engine hands to a store and gets back from it: the seam that SQLite and the simulator fill.
//!
//! A batch is appended whole or not at all, entries and tables together. Rows are only a faster way to
//! what the entries say: they are rebuilt from them at will.

use watchfire_feed::{Entry, FeedId, Head, NodeId};

use crate::basis::{CallId, PersonId, Timestamp};
use crate::record::{RecordKind, RecordRef};

/// The kind of the entry that says that a record's personal data is erased.
const ERASED: &str = "incident.erased";

/// What one or more accepted actions come to on disk.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The head that each feed must have before of which there is an entry.
    pub before: Vec<Head>,
    /// The entries, in order: this node's own, or taken from others and verified.
    pub entries: Vec<Entry>,
    /// The records as they then stand; a record is in it once.
    pub rows: Vec<Row>,
    /// The copies of other nodes' records as they then stand; each is in it once.
    pub copies: Vec<(NodeId, Row)>,
    /// Feeds that have forked, with the entry that stands beside the one held: nothing more is taken from them.
    pub forks: Vec<(FeedId, Entry)>,
    /// Records of other nodes of which a newer program has said something.
    pub newer: Vec<(NodeId, [u8; 16])>,
    /// When entries of other nodes came, if there are any among the entries.
    pub arrived_at: Option<Timestamp>,
    /// What is answered if an idempotency key comes again.
    pub outcomes: Vec<KeptOutcome>,
    /// Drafts that became calls and end with it; the host adds them, the engine knows none.
    pub drafts: Vec<UsedDraft>,
    /// Recommendations that were followed or not; the host adds them too.
    pub made: Vec<KeptMade>,
}

/// A recommendation as it is kept, with what it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMade {
    /// Its name, by which assignments refer to it.
    pub name: String,
    /// When it was made.
    pub at: Timestamp,
    /// What is in it, in a form of the host's own.
    pub body: Vec<u8>,
}

impl Batch {
    /// Returns the records of whose personal data this batch says that it is erased, each with the feed in which that
    /// is said: if it is so, the keys of that home's record are destroyed.
    pub fn erased(&self) -> Vec<(FeedId, RecordRef)> {
        let said = self
            .entries
            .iter()
            .filter(|entry| entry.header.kind == ERASED);
        let named = said.map(|entry| {
            let kind = RecordKind::Incident;
            let id = entry.header.record;
            (entry.header.feed, RecordRef { kind, id })
        });
        named.collect()
    }

    /// Adds a later batch to this one; of two rows for a record the later stays.
    pub fn extend(&mut self, later: Batch) {
        for head in later.before {
            // The later batch goes on where this one ends.
            if !self.before.iter().any(|earlier| earlier.feed == head.feed) {
                self.before.push(head);
            }
        }
        self.entries.extend(later.entries);
        self.forks.extend(later.forks);
        self.newer.extend(later.newer);
        self.arrived_at = self.arrived_at.or(later.arrived_at);
        for (node, row) in later.copies {
            let same =
                |earlier: &&mut (NodeId, Row)| earlier.0 == node && earlier.1.record == row.record;
            match self.copies.iter_mut().find(same) {
                Some(earlier) => earlier.1 = row,
                None => self.copies.push((node, row)),
            }
        }
        self.outcomes.extend(later.outcomes);
        self.drafts.extend(later.drafts);
        self.made.extend(later.made);
        for row in later.rows {
            match self
                .rows
                .iter_mut()
                .find(|earlier| earlier.record == row.record)
            {
                Some(earlier) => *earlier = row,
                None => self.rows.push(row),
            }
        }
    }

    /// Returns true if there is nothing to append.
    pub fn is_empty(&self) -> bool {
        let beside = self.drafts.is_empty() && self.made.is_empty();
        let kept = self.outcomes.is_empty() && beside;
        let none = self.entries.is_empty() && self.rows.is_empty();
        none && kept && self.copies.is_empty() && self.forks.is_empty()
    }
}

/// A draft that became a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedDraft {
    /// The draft's id, chosen by the browser.
    pub draft: [u8; 16],
    /// Whose draft it is.
    pub person: PersonId,
    /// The call.
    pub call: CallId,
    /// When.
    pub at: Timestamp,
}

/// One record as its table holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which record.
    pub record: RecordRef,
    /// How many events made it.
    pub version: u64,
    /// The agency's running number, if the kind has one.
    pub number: Option<u64>,
    /// The incident it belongs to, for calls and assignments.
    pub parent: Option<[u8; 16]>,
    /// True while it needs attention and must be in memory.
    pub open: bool,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Its state without personal data, as JSON.
    pub state: Vec<u8>,
    /// Its personal data, sealed under the record's key; empty if there is none.
    pub sealed: Vec<u8>,
}

/// What an idempotency key led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptOutcome {
    /// Whose key.
    pub person: PersonId,
    /// The key.
    pub key: String,
    /// SHA-256 of what was asked, so that the key cannot be used for something else.
    pub fingerprint: [u8; 32],
    /// When.
    pub at: Timestamp,
    /// The records that it made or changed and the version each then had, the main one first.
    pub records: Vec<(RecordRef, u64)>,
}

/// Why a store could not append: a fault, never a refusal. Nothing of the batch was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogFault {
    /// No room on the disk; later appends may succeed once there is room.
    #[error("the disk is full")]
    DiskFull,
    /// The feed on disk is not where the engine believes: a second writer, or a restored backup.
    #[error(
        "the feed on disk stands at entry {found}, not at {expected}: another writer, or a restored backup"
    )]
    WrongHead {
        /// Where the engine believes it to be.
        expected: u64,
        /// Where it is.
        found: u64,
    },
    /// Reading or writing failed; what is on disk is in doubt until it was read again.
    #[error("reading or writing the store failed: {0}")]
    Io(String),
}

impl LogFault {
    /// Returns true if the engine may go on after it; otherwise the process must stop and start again.
    pub fn may_go_on(&self) -> bool {
        match self {
            LogFault::DiskFull => true,
            LogFault::WrongHead { .. } | LogFault::Io(_) => false,
        }
    }
}

/// A durable log with its tables.
pub trait Log {
    /// Appends a batch whole and makes it durable, or does nothing.
    fn append(&mut self, batch: &Batch) -> Result<(), LogFault>;
}

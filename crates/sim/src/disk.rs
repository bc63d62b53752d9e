//! A disk that is full at times, and loses power at every point of a write.
//!
//! Entries lie on it as bytes, batch by batch, each with its length and hash; what is read back after a
//! loss of power is read from those bytes. Tables and outcomes belong to the same transaction and are
//! there if their batch is. It knows no rule of the domain. Start at [`Disk::append`] and [`Disk::recover`].

use std::collections::BTreeMap;

use watchfire_core::log::{Batch, KeptOutcome, Log, LogFault, Row};
use watchfire_core::record::RecordRef;
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{Entry, Feed, Hash, Head};

use crate::Plant;

const LENGTH_BYTES: usize = 4;
const HASH_BYTES: usize = 32;

/// What becomes of the next append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is written.
    Written,
    /// There is no room; nothing is written.
    Full,
    /// Power is lost before anything is written.
    LostBefore,
    /// Power is lost while it is written: so many thousandths of its bytes arrive, the last one perhaps wrong.
    Torn {
        /// Thousandths of the bytes that arrive.
        kept_permille: u64,
        /// Whether the last byte that arrived is damaged.
        damaged: bool,
    },
}

/// The disk, and what is known of its content while there is power.
#[derive(Debug)]
pub(crate) struct Disk {
    /// The feed that is written on it.
    pub(crate) feed: Feed,
    /// The entries that are durable.
    pub(crate) entries: Vec<Entry>,
    /// The tables.
    pub(crate) rows: BTreeMap<RecordRef, Row>,
    /// The outcomes kept for repeated keys.
    pub(crate) outcomes: Vec<KeptOutcome>,
    /// The keys of records, durable before they are used.
    pub(crate) keyring: BTreeMap<[u8; 16], RecordKey>,
    /// What becomes of the next append.
    pub(crate) fate: Fate,
    /// How many torn tails recovery has found.
    pub(crate) torn_found: u64,
    bytes: Vec<u8>,
    tables: Vec<(Vec<Row>, Vec<KeptOutcome>)>,
    plant: Plant,
}

impl Disk {
    /// Makes a disk that holds the opening of a feed.
    pub(crate) fn new(feed: Feed, opening: Entry, plant: Plant) -> Disk {
        let mut disk = Disk {
            feed,
            entries: Vec::new(),
            rows: BTreeMap::new(),
            outcomes: Vec::new(),
            keyring: BTreeMap::new(),
            fate: Fate::Written,
            torn_found: 0,
            bytes: framed(std::slice::from_ref(&opening)),
            tables: vec![(Vec::new(), Vec::new())],
            plant,
        };
        disk.recover();
        disk
    }

    /// Returns the head of the feed on disk.
    pub(crate) fn head(&self) -> Head {
        self.entries
            .last()
            .map_or(Head::start(self.feed.id()), Entry::head)
    }

    /// Reads everything anew, as a process does when it starts; drops a torn tail.
    pub(crate) fn recover(&mut self) {
        self.entries.clear();
        self.rows.clear();
        self.outcomes.clear();
        let bytes = std::mem::take(&mut self.bytes);
        let mut at = 0;
        let mut batches = 0;
        while let Some((entries, length)) = whole_batch(&bytes[at..]) {
            self.take(entries, batches);
            at += length;
            batches += 1;
        }
        if at < bytes.len() {
            self.torn_found += 1;
            if self.plant == Plant::TakesTornBatches {
                let tail = bytes.get(at + LENGTH_BYTES + HASH_BYTES..).unwrap_or(&[]);
                self.entries.extend(readable(tail));
            }
        }
        self.bytes = bytes[..at].to_vec();
        self.tables.truncate(batches);
    }

    fn take(&mut self, entries: Vec<Entry>, batch: usize) {
        self.entries.extend(entries);
        let (rows, outcomes) = &self.tables[batch];
        for row in rows {
            self.rows.insert(row.record, row.clone());
        }
        self.outcomes.extend(outcomes.iter().cloned());
    }
}

impl Log for Disk {
    fn append(&mut self, batch: &Batch) -> Result<(), LogFault> {
        let head = self.head();
        let expected = batch.before.first().copied().unwrap_or(head);
        if expected != head {
            return Err(LogFault::WrongHead {
                expected: expected.seq,
                found: head.seq,
            });
        }
        let mut rows = batch.rows.clone();
        let mut outcomes = batch.outcomes.clone();
        match self.plant {
            Plant::ForgetsOutcomes => outcomes.clear(),
            Plant::LosesARow => drop(rows.pop()),
            Plant::None
            | Plant::AnswersFirst
            | Plant::KeepsWhatWasNotWritten
            | Plant::TakesTornBatches
            | Plant::HandsOverBlind
            | Plant::SettlesBlind => {}
        }
        let mut bytes = framed(&batch.entries);
        match std::mem::replace(&mut self.fate, Fate::Written) {
            Fate::Written => {
                self.bytes.extend(bytes);
                self.tables.push((rows, outcomes));
                self.take(batch.entries.clone(), self.tables.len() - 1);
                Ok(())
            }
            Fate::Full => Err(LogFault::DiskFull),
            Fate::LostBefore => Err(LogFault::Io("the power failed".to_owned())),
            Fate::Torn {
                kept_permille,
                damaged,
            } => {
                let length = bytes.len() as u64;
                bytes.truncate((length * kept_permille / 1_000) as usize);
                if let Some(last) = bytes.last_mut().filter(|_| damaged) {
                    *last ^= 0x20;
                }
                self.bytes.extend(bytes);
                self.tables.push((rows, outcomes));
                Err(LogFault::Io("the power failed".to_owned()))
            }
        }
    }
}

fn framed(entries: &[Entry]) -> Vec<u8> {
    let payload: Vec<u8> = entries.iter().flat_map(Entry::encode).collect();
    let length = u32::try_from(payload.len()).expect("a batch is far below 4 GiB");
    [
        length.to_be_bytes().as_slice(),
        &Hash::of(&payload).0,
        &payload,
    ]
    .concat()
}

fn whole_batch(bytes: &[u8]) -> Option<(Vec<Entry>, usize)> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH_BYTES>()?;
    let (hash, rest) = rest.split_first_chunk::<HASH_BYTES>()?;
    let length = u32::from_be_bytes(*length) as usize;
    let payload = rest.get(..length)?;
    (Hash::of(payload).0 == *hash).then(|| (readable(payload), LENGTH_BYTES + HASH_BYTES + length))
}

fn readable(mut bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Ok((entry, length)) = Entry::decode(bytes) {
        entries.push(entry);
        bytes = &bytes[length..];
    }
    entries
}

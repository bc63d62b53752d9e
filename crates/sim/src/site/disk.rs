//! The disk of one node of a federation: a log of all feeds that it holds, tables, a keyring, and what fails.
//!
//! A batch is written whole or not at all. The log has an index by feed, so that a node can serve any range
//! without reading all of it; the index is no more than a faster way to the log. It knows no rule of the domain
//! and takes the engine at its word for signatures; an auditor verifies them at the end. Start at
//! [`Disk::append`].

use std::collections::{BTreeMap, BTreeSet};

use watchfire_core::engine::open_sealed;
use watchfire_core::log::{Batch, KeptOutcome, LogFault, Row};
use watchfire_core::record::{Elsewhere, RecordRef};
use watchfire_core::sync;
use watchfire_feed::seal::RecordKey;
use watchfire_feed::{Entry, Feed, FeedId, Hash, Head, Identity, NodeId};

/// What becomes of the next append.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fate {
    /// It is written.
    #[default]
    Written,
    /// There is no room; nothing is written.
    Full,
    /// Power is lost before anything is written.
    LostBefore,
    /// Power is lost while it is written: so many thousandths of its bytes arrive.
    Torn(u64),
    /// Power is lost when all is written and nothing is said yet.
    LostAfter,
}

/// A disk and what is on it.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    /// Every entry that is durable here, with its feed, in the order in which it became so.
    pub log: Vec<(Feed, Entry)>,
    /// The rows of the node's own records.
    pub rows: BTreeMap<RecordRef, Row>,
    /// The rows of its copies.
    pub copies: BTreeMap<(NodeId, RecordRef), Row>,
    /// Who speaks for each node, as folded so far.
    pub identities: BTreeMap<NodeId, Identity>,
    /// The keys it holds; durable before they are used.
    pub keyring: BTreeMap<[u8; 16], RecordKey>,
    /// The keys that were destroyed because a record was erased, held or not; for it none of them is kept again.
    pub destroyed: BTreeSet<([u8; 16], Elsewhere)>,
    /// The outcomes kept for repeated keys.
    pub outcomes: Vec<KeptOutcome>,
    /// Feeds that have forked, each with the entry that stands beside the one held.
    pub forks: BTreeMap<FeedId, Entry>,
    /// What becomes of the next append.
    pub fate: Fate,
    /// How many torn batches were found and dropped.
    pub torn_found: u64,
    shelves: BTreeMap<FeedId, Shelf>,
    /// Where in the log entries say that they are sealed under a key.
    sealed: BTreeMap<[u8; 16], Vec<usize>>,
}

#[derive(Debug, Clone)]
struct Shelf {
    feed: Feed,
    /// Where in the log each entry lies, the first one first.
    places: Vec<usize>,
}

impl Disk {
    /// Returns how far a feed is held.
    pub fn head(&self, feed: FeedId) -> Head {
        let last = self
            .shelves
            .get(&feed)
            .and_then(|shelf| shelf.places.last());
        last.map_or(Head::start(feed), |place| self.log[*place].1.head())
    }

    /// Returns the entry of a feed at a place.
    pub fn entry(&self, feed: FeedId, seq: u64) -> Option<&Entry> {
        self.entries(feed, seq, seq).next()
    }

    /// Returns the entries of a feed from one to another, as far as they are held.
    pub fn entries(&self, feed: FeedId, from: u64, to: u64) -> impl Iterator<Item = &Entry> {
        let places = self
            .shelves
            .get(&feed)
            .map_or(&[][..], |shelf| &shelf.places);
        let from = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
        let to = usize::try_from(to).unwrap_or(usize::MAX).min(places.len());
        let places = places.get(from..to).unwrap_or(&[]);
        places.iter().map(|place| &self.log[*place].1)
    }

    /// Returns the feed of that id, if there is an entry of it.
    pub fn feed(&self, feed: FeedId) -> Option<&Feed> {
        self.shelves.get(&feed).map(|shelf| &shelf.feed)
    }

    /// Returns the feeds of which there is an entry.
    pub fn feeds(&self) -> impl Iterator<Item = &Feed> {
        self.shelves.values().map(|shelf| &shelf.feed)
    }

    /// Returns the entries that say they are sealed under a key, with the record that each is of.
    pub fn sealed_under(&self, key: &[u8; 16]) -> impl Iterator<Item = (Elsewhere, &Entry)> {
        let places = self.sealed.get(key).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| {
            let (feed, entry) = &self.log[*place];
            Some((sync::sealed_under(feed, entry)?.1, entry))
        })
    }

    /// Returns the records that have personal data here to which no key is here, and none was destroyed.
    pub fn keys_missing(&self) -> impl Iterator<Item = ([u8; 16], Elsewhere)> {
        let missing = self.sealed.keys();
        let missing = missing.filter(|key| !self.keyring.contains_key(*key));
        let missing = missing.flat_map(|key| self.sealed_under(key).map(|(of, _)| (*key, of)));
        missing.filter(|one| !self.destroyed.contains(one))
    }

    /// Returns the records of which a key opens an entry that is held, but for those that were erased.
    pub fn opened_by(&self, key: &RecordKey) -> impl Iterator<Item = Elsewhere> {
        let sealed = self.sealed_under(&key.id);
        let opens = |entry: &Entry| open_sealed(entry, Some(key)).is_some();
        let opened = sealed.filter(move |(_, entry)| opens(entry));
        let opened = opened.map(|(of, _)| of);
        opened.filter(|of| !self.destroyed.contains(&(key.id, *of)))
    }

    /// Destroys every key that opens an entry of a record, and will have none of them again for it.
    pub fn destroy_keys_of(&mut self, of: Elsewhere) {
        let keys: Vec<[u8; 16]> = self.sealed.keys().copied().collect();
        for key in keys {
            if !self.sealed_under(&key).any(|(found, _)| found == of) {
                continue;
            }
            let held = self.keyring.get(&key);
            if held.is_some_and(|held| self.opened_by(held).any(|opened| opened == of)) {
                self.keyring.remove(&key);
            }
            self.destroyed.insert((key, of));
        }
    }

    /// Makes a batch durable whole, or does nothing, or loses power. `feed_of` says which feed a new id is of.
    pub fn append(
        &mut self,
        batch: &Batch,
        feed_of: impl Fn(FeedId) -> Option<Feed>,
    ) -> Result<(), LogFault> {
        self.check_heads(batch)?;
        let lost = || LogFault::Io("the power failed".to_owned());
        match std::mem::take(&mut self.fate) {
            Fate::Written => {
                self.write(batch, feed_of)?;
                Ok(())
            }
            Fate::Full => Err(LogFault::DiskFull),
            Fate::LostBefore => Err(lost()),
            Fate::Torn(kept_permille) => {
                // What a recovery would find: a batch counts if its length and hash say that it is whole.
                let payload: Vec<u8> = batch.entries.iter().flat_map(Entry::encode).collect();
                let kept = payload.len() as u64 * kept_permille / 1_000;
                let found = payload.get(..kept as usize).unwrap_or(&payload);
                match Hash::of(found) == Hash::of(&payload) {
                    true => self.write(batch, feed_of)?,
                    false => self.torn_found += 1,
                }
                Err(lost())
            }
            Fate::LostAfter => {
                self.write(batch, feed_of)?;
                Err(lost())
            }
        }
    }

    /// Loses the last entry of another node, for a mistake that is made on purpose.
    pub fn lose_last_taken(&mut self, own: NodeId) {
        let taken = self.log.last().is_some_and(|(feed, _)| feed.node != own);
        if let Some((feed, _)) = taken.then(|| self.log.pop()).flatten()
            && let Some(shelf) = self.shelves.get_mut(&feed.id())
        {
            shelf.places.pop();
            let end = self.log.len();
            self.sealed
                .values_mut()
                .for_each(|places| places.retain(|place| *place < end));
        }
    }

    fn check_heads(&self, batch: &Batch) -> Result<(), LogFault> {
        for before in &batch.before {
            let held = self.head(before.feed);
            if held != *before {
                return Err(LogFault::WrongHead {
                    expected: before.seq,
                    found: held.seq,
                });
            }
        }
        Ok(())
    }

    fn write(
        &mut self,
        batch: &Batch,
        feed_of: impl Fn(FeedId) -> Option<Feed>,
    ) -> Result<(), LogFault> {
        for entry in &batch.entries {
            self.put(entry, &feed_of)?;
        }
        for row in &batch.rows {
            self.rows.insert(row.record, row.clone());
        }
        for (node, row) in &batch.copies {
            self.copies.insert((*node, row.record), row.clone());
        }
        for (feed, entry) in &batch.forks {
            self.forks.entry(*feed).or_insert_with(|| entry.clone());
        }
        self.outcomes.extend(batch.outcomes.iter().cloned());
        Ok(())
    }

    fn put(
        &mut self,
        entry: &Entry,
        feed_of: impl Fn(FeedId) -> Option<Feed>,
    ) -> Result<(), LogFault> {
        let id = entry.header.feed;
        let held = self.head(id);
        let follows = entry.header.seq == held.seq + 1 && entry.header.previous == held.hash;
        if !follows {
            return Err(LogFault::WrongHead {
                expected: entry.header.seq,
                found: held.seq,
            });
        }
        let feed = self.shelves.get(&id).map(|shelf| shelf.feed);
        let feed = feed.or_else(|| feed_of(id));
        let feed = feed.ok_or_else(|| LogFault::Io("nobody knows that feed".to_owned()))?;
        let places = Vec::new();
        let shelf = self.shelves.entry(id).or_insert(Shelf { feed, places });
        shelf.places.push(self.log.len());
        if let Some((key, _)) = sync::sealed_under(&feed, entry) {
            self.sealed.entry(key).or_default().push(self.log.len());
        }
        self.log.push((feed, entry.clone()));
        Ok(())
    }
}

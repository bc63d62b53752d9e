//! Follows one feed entry by entry and refuses whatever does not belong next. It holds the head only,
//! so a feed of any length is checked in constant memory; it must not know where entries come from.
//! Start at [`Chain::accept`].

use ed25519_dalek::VerifyingKey;

use crate::feed::Opening;
use crate::{Entry, Feed, FeedError, FeedId, Head, PublicKey};

/// The checked part of one feed, up to its head.
#[derive(Debug, Clone)]
pub struct Chain {
    feed: FeedId,
    // Read once and not for every entry: it is work that does not change. A bad
    // key is told when the first entry comes, so that a chain can be made from any feed.
    key: Result<VerifyingKey, FeedError>,
    head: Head,
}

impl Chain {
    /// Begins before the feed's first entry.
    pub fn new(feed: &Feed) -> Chain {
        Chain::resume(feed, Head::start(feed.id()))
    }

    /// Goes on after a head that was checked before. A head of another feed takes no entry at all.
    pub fn resume(feed: &Feed, head: Head) -> Chain {
        Chain {
            feed: feed.id(),
            key: feed.key.verifying(),
            head,
        }
    }

    /// Returns the last entry accepted.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Verifies the entry, checks that it is the next one, and moves the head. On an error the head
    /// stays. A signature is verified before a fork is reported, so that nobody can be framed.
    pub fn accept(&mut self, entry: &Entry) -> Result<(), FeedError> {
        let header = &entry.header;
        for found in [header.feed, self.head.feed] {
            if found != self.feed {
                return Err(FeedError::WrongFeed {
                    expected: self.feed,
                    found,
                });
            }
        }
        match &self.key {
            Ok(key) => entry.verify_with(key)?,
            Err(error) => return Err(error.clone()),
        }
        let (held, found) = (self.head.hash, entry.hash);
        let seq = header.seq;
        if seq == self.head.seq && found != held {
            return Err(FeedError::Fork { seq, held, found });
        }
        if seq <= self.head.seq {
            return Err(FeedError::Repeated { seq });
        }
        let expected = self.head.seq + 1;
        if seq != expected {
            return Err(FeedError::Gap {
                expected,
                found: seq,
            });
        }
        if header.previous != held {
            return Err(FeedError::BrokenLink { seq });
        }
        entry.check_place()?;
        if seq == 1 {
            Opening::of(entry)?;
        }
        self.head = entry.head();
        Ok(())
    }
}

/// Says whether these two entries prove that the holder of `key` wrote two histories of one feed:
/// both signed, same place, different content. Either may be erased.
pub fn proves_fork(key: &PublicKey, one: &Entry, other: &Entry) -> Result<bool, FeedError> {
    one.verify(key)?;
    other.verify(key)?;
    let same_place = one.header.feed == other.header.feed && one.header.seq == other.header.seq;
    Ok(same_place && one.hash != other.hash)
}

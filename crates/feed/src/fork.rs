//! The proof that somebody signed two histories of one feed: the two entries that stand in one place.
//! It is passed on and kept like an entry, and whoever has the feed's key can check it without
//! holding the feed. Must not know what follows from a fork. Start at [`ForkProof::new`].

use crate::{Entry, Feed, FeedError, FeedId, PublicKey, proves_fork};

/// Two entries of one feed with one sequence number and different content, both signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkProof {
    /// The one whose hash is the lower, so that one fork has one proof whoever finds it.
    pub one: Entry,
    /// The other.
    pub other: Entry,
}

impl ForkProof {
    /// Puts two entries, in any order, together to a proof; `key` is that of their feed.
    pub fn new(key: &PublicKey, one: Entry, other: Entry) -> Result<ForkProof, FeedError> {
        let (one, other) = match one.hash <= other.hash {
            true => (one, other),
            false => (other, one),
        };
        let proof = ForkProof { one, other };
        proof.verify(key)?;
        Ok(proof)
    }

    /// Checks that this proves a fork of this feed. Ask this where the proof came from somebody else.
    pub fn verify_for(&self, feed: &Feed) -> Result<(), FeedError> {
        let (expected, found) = (feed.id(), self.feed());
        if found != expected {
            return Err(FeedError::WrongFeed { expected, found });
        }
        self.verify(&feed.key)
    }

    /// Checks that the holder of `key` signed both. That alone says nothing of the feed they name
    /// unless the key is known to be that feed's: anybody can sign, with a key of their own, entries
    /// that name another's feed.
    pub fn verify(&self, key: &PublicKey) -> Result<(), FeedError> {
        match proves_fork(key, &self.one, &self.other)? {
            true => Ok(()),
            false => Err(bad("the entries are one, or do not stand in one place")),
        }
    }

    /// Returns the feed that the entries name.
    pub fn feed(&self) -> FeedId {
        self.one.header.feed
    }

    /// Returns the place in the feed; the feed counts up to the one before at most.
    pub fn seq(&self) -> u64 {
        self.one.header.seq
    }

    /// Returns the proof as bytes: one frame after the other.
    pub fn encode(&self) -> Vec<u8> {
        [self.one.encode(), self.other.encode()].concat()
    }

    /// Reads a proof that takes up all of `bytes`. It is well formed but not verified.
    pub fn decode(bytes: &[u8]) -> Result<ForkProof, FeedError> {
        let (one, first) = Entry::decode(bytes)?;
        let (other, second) =
            Entry::decode(&bytes[first..]).map_err(|error| counted_from_start(error, first))?;
        if first + second != bytes.len() {
            return Err(bad("bytes follow the second entry"));
        }
        let same_place = one.header.feed == other.header.feed && one.header.seq == other.header.seq;
        if !same_place {
            return Err(bad("the entries do not stand in one place"));
        }
        if one.hash >= other.hash {
            return Err(bad(
                "the entries are one, or not in ascending order of hash",
            ));
        }
        Ok(ForkProof { one, other })
    }
}

fn bad(why: &'static str) -> FeedError {
    FeedError::BadForkProof { why }
}

fn counted_from_start(error: FeedError, start: usize) -> FeedError {
    if let FeedError::Truncated { needed, found } = error {
        return FeedError::Truncated {
            needed: start + needed,
            found: start + found,
        };
    }
    error
}

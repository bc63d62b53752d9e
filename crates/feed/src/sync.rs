//! How two nodes find out what each lacks: each says up to where it holds which feeds, as heads with
//! their hashes, because heights alone would hide a fork. Knows nothing of how vectors and entries
//! travel, nor of who may have what. Start at [`Vector`], then [`plan`].

use std::collections::{BTreeMap, BTreeSet};

use crate::limits::VECTOR_FEEDS_MAX;
use crate::{FeedError, FeedId, Hash, Head};

const MAGIC: [u8; 4] = *b"WFV1";
const FIXED_BYTES: usize = 8;
const HEAD_BYTES: usize = 72;

/// Up to where somebody holds each feed. A feed that is not in it is not held at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vector {
    heads: BTreeMap<FeedId, (u64, Hash)>,
}

impl Vector {
    /// Makes a vector of no feeds.
    pub fn new() -> Vector {
        Vector::default()
    }

    /// Sets how far a feed is held. A head of no entry (seq 0) takes the feed out.
    pub fn insert(&mut self, head: Head) -> Result<(), FeedError> {
        if head.seq == 0 {
            self.heads.remove(&head.feed);
            return Ok(());
        }
        if !self.heads.contains_key(&head.feed) {
            check_count(self.heads.len() + 1)?;
        }
        self.heads.insert(head.feed, (head.seq, head.hash));
        Ok(())
    }

    /// Returns how far this feed is held, none if it is not.
    pub fn get(&self, feed: FeedId) -> Option<Head> {
        self.heads
            .get(&feed)
            .map(|&(seq, hash)| Head { feed, seq, hash })
    }

    /// Returns all heads, ascending by feed.
    pub fn iter(&self) -> impl Iterator<Item = Head> {
        self.heads
            .iter()
            .map(|(&feed, &(seq, hash))| Head { feed, seq, hash })
    }

    /// Returns the number of feeds.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Says whether no feed is held.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// Returns the hash that two vectors share if and only if they are the same.
    pub fn digest(&self) -> Hash {
        Hash::of_parts(&[b"watchfire vector v1\0", &self.encode()])
    }

    /// Returns the vector as bytes; the longest has [`crate::limits::VECTOR_MAX_BYTES`].
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FIXED_BYTES + self.heads.len() * HEAD_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&(self.heads.len() as u32).to_be_bytes());
        for head in self.iter() {
            bytes.extend_from_slice(&head.feed.0);
            bytes.extend_from_slice(&head.seq.to_be_bytes());
            bytes.extend_from_slice(&head.hash.0);
        }
        bytes
    }

    /// Reads a vector that takes up all of `bytes`. One vector has one form.
    pub fn decode(bytes: &[u8]) -> Result<Vector, FeedError> {
        let bad = |why| Err(FeedError::BadVector { why });
        let found = bytes.len();
        let Some((magic, rest)) = bytes.split_first_chunk::<4>() else {
            return truncated(FIXED_BYTES, found);
        };
        if *magic != MAGIC {
            return bad("it does not begin with WFV1");
        }
        let Some((count, rest)) = rest.split_first_chunk::<4>() else {
            return truncated(FIXED_BYTES, found);
        };
        let count = u32::from_be_bytes(*count) as usize;
        // Judged before the heads are asked for: a wrong count must not make a reader wait or reserve.
        check_count(count)?;
        let needed = FIXED_BYTES + count * HEAD_BYTES;
        if found < needed {
            return truncated(needed, found);
        }
        if found > needed {
            return bad("bytes follow the last head");
        }
        let mut heads = BTreeMap::new();
        let mut last = None;
        for bytes in rest.as_chunks::<HEAD_BYTES>().0 {
            let head = head(bytes);
            if head.seq == 0 {
                return bad("a head names no entry");
            }
            if last.is_some_and(|last| last >= head.feed) {
                return bad("the heads are not in strictly ascending order of feed");
            }
            last = Some(head.feed);
            heads.insert(head.feed, (head.seq, head.hash));
        }
        Ok(Vector { heads })
    }
}

fn check_count(count: usize) -> Result<(), FeedError> {
    match count > VECTOR_FEEDS_MAX {
        true => Err(FeedError::TooLarge {
            what: "vector",
            found: count as u64,
            max: VECTOR_FEEDS_MAX as u64,
        }),
        false => Ok(()),
    }
}

fn truncated(needed: usize, found: usize) -> Result<Vector, FeedError> {
    Err(FeedError::Truncated { needed, found })
}

fn head(bytes: &[u8; HEAD_BYTES]) -> Head {
    let (feed, rest) = bytes.split_at(32);
    let (seq, hash) = rest.split_at(8);
    let sized = "the parts of 72 bytes are 32, 8 and 32";
    Head {
        feed: FeedId(feed.try_into().expect(sized)),
        seq: u64::from_be_bytes(seq.try_into().expect(sized)),
        hash: Hash(hash.try_into().expect(sized)),
    }
}

/// Some entries of one feed that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    /// The feed.
    pub feed: FeedId,
    /// Sequence number of the first.
    pub from: u64,
    /// Sequence number of the last; not below `from`.
    pub to: u64,
}

/// What two nodes have to tell each other; each list ascending by feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// What we lack and they hold.
    pub pull: Vec<Range>,
    /// What they lack and we hold.
    pub behind: Vec<Range>,
    /// Feeds of which the two sides hold different histories: the two entries at the lower of the two
    /// heads, once both are at hand, prove a fork ([`crate::ForkProof`]).
    pub suspect: Vec<FeedId>,
}

/// Compares what we hold with what they say they hold, by heads alone: heads of one height and
/// different hash are suspect. Where they are behind, see [`Plan::judge_behind`]. Where we are behind,
/// they see it, or the first entry pulled does not link.
pub fn plan(ours: &Vector, theirs: &Vector) -> Plan {
    let mut plan = Plan::default();
    let feeds = ours.heads.keys().chain(theirs.heads.keys());
    let feeds: BTreeSet<FeedId> = feeds.copied().collect();
    for feed in feeds {
        let held = |vector: &Vector| vector.get(feed).unwrap_or(Head::start(feed));
        let (our, their) = (held(ours), held(theirs));
        let range = |from: Head, to: Head| Range {
            feed,
            from: from.seq + 1,
            to: to.seq,
        };
        if our.seq < their.seq {
            plan.pull.push(range(our, their));
        } else if their.seq < our.seq {
            plan.behind.push(range(their, our));
        } else if our.hash != their.hash {
            plan.suspect.push(feed);
        }
    }
    plan
}

impl Plan {
    /// Moves feeds in which they are behind *on another history* from `behind` to `suspect`. Only
    /// whoever holds the entry at their head can tell; `hash_at` looks it up.
    pub fn judge_behind(
        &mut self,
        theirs: &Vector,
        mut hash_at: impl FnMut(FeedId, u64) -> Option<Hash>,
    ) {
        let suspect = &mut self.suspect;
        self.behind.retain(|range| {
            let Some(their) = theirs.get(range.feed) else {
                return true;
            };
            let forked = matches!(
                check_head(&their, &mut hash_at),
                HeadCheck::Fork { held: _ }
            );
            if forked {
                suspect.push(range.feed);
            }
            !forked
        });
        suspect.sort_unstable();
    }

    /// Says whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.pull.is_empty() && self.behind.is_empty() && self.suspect.is_empty()
    }
}

/// What a head that somebody names is to one's own history of that feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadCheck {
    /// The entry there is the same: one history so far.
    Same,
    /// The entry there is another: two histories.
    Fork {
        /// Hash of the entry held.
        held: Hash,
    },
    /// No entry is held there, so that nothing can be said.
    NotHeld,
}

/// Compares a head that somebody names with the entry held in that place.
pub fn check_head(theirs: &Head, hash_at: impl FnOnce(FeedId, u64) -> Option<Hash>) -> HeadCheck {
    match hash_at(theirs.feed, theirs.seq) {
        None => HeadCheck::NotHeld,
        Some(held) if held == theirs.hash => HeadCheck::Same,
        Some(held) => HeadCheck::Fork { held },
    }
}

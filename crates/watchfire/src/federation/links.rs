//! How the line to every other node is, as people are shown it: up or cut since when, how far apart the clocks are,
//! what each lacks. In memory only: it is about now, and is found out again in seconds.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use watchfire_core::basis::Timestamp;
use watchfire_feed::{FeedId, Hash, NodeId, Vector};

/// How the line to one node is.
#[derive(Debug, Clone, Default)]
pub struct Link {
    /// Since when it answers, or does not; nothing before the first try has ended.
    pub up: Option<(bool, Timestamp)>,
    /// When it last answered.
    pub heard_at: Option<Timestamp>,
    /// Why it does not answer.
    pub trouble: Option<String>,
    /// By how many milliseconds its clock is ahead of ours.
    pub clock_ahead_ms: Option<i64>,
    /// How long an answer takes, in milliseconds.
    pub round_trip_ms: Option<u64>,
    /// The version of its program.
    pub version: Option<String>,
    /// How far it holds what it may read here, and how far its own feeds go.
    pub theirs: Vector,
    /// Entries that it has and this node has not yet.
    pub lacking: u64,
    /// Entries of it that were not taken, by why.
    pub refused: BTreeMap<String, u64>,
    /// When the line came back last, and since when it had been cut.
    pub healed: Option<(Timestamp, Timestamp)>,
    /// When it last asked for something, by which we know that it can be reached.
    pub asked: Option<Instant>,
    /// What this node last said to it that it holds; nothing if that may not have arrived.
    pub said: Option<Said>,
    /// When it was last answered how far this node holds things, and how often this node had written by then.
    pub answered: Option<(Instant, u64)>,
}

/// What this node said to another that it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// When.
    pub at: Instant,
    /// The digest of all that was said.
    pub digest: Hash,
    /// How far this node holds the other's own feeds.
    pub of_partner: Vector,
}

/// All lines.
#[derive(Debug, Default)]
pub struct Links {
    inner: Mutex<BTreeMap<NodeId, Link>>,
    anchors: Mutex<BTreeMap<NodeId, Hash>>,
}

impl Links {
    /// Returns how all lines are.
    pub fn all(&self) -> BTreeMap<NodeId, Link> {
        self.lock().clone()
    }

    /// Returns how the line to a node is.
    pub fn get(&self, node: &NodeId) -> Link {
        self.lock().get(node).cloned().unwrap_or_default()
    }

    /// Returns how far a node holds a feed, as it last said.
    pub fn held_by(&self, node: &NodeId, feed: FeedId) -> u64 {
        let inner = self.lock();
        let head = inner.get(node).and_then(|link| link.theirs.get(feed));
        head.map_or(0, |head| head.seq)
    }

    /// Returns what this node last said to another that it holds.
    pub fn said(&self, node: &NodeId) -> Option<Said> {
        self.lock().get(node)?.said.clone()
    }

    /// Returns when a node was last answered, and how often this node had written by then.
    pub fn answered(&self, node: &NodeId) -> Option<(Instant, u64)> {
        self.lock().get(node)?.answered
    }

    /// Returns the digest of what a node last said that it holds.
    pub fn digest_of(&self, node: &NodeId) -> Hash {
        let inner = self.lock();
        inner
            .get(node)
            .map_or_else(|| Vector::new().digest(), |link| link.theirs.digest())
    }

    /// Says whether a node has asked for something since a moment.
    pub fn has_asked_since(&self, node: &NodeId, since: Instant) -> bool {
        let inner = self.lock();
        let asked = inner.get(node).and_then(|link| link.asked);
        asked.is_some_and(|at| at >= since)
    }

    /// Changes what is known of a line; returns true if it came up or went down by that.
    pub fn change(&self, node: NodeId, change: impl FnOnce(&mut Link)) -> bool {
        let mut inner = self.lock();
        let link = inner.entry(node).or_default();
        let before = link.up.map(|(up, _)| up);
        change(link);
        before != link.up.map(|(up, _)| up)
    }

    /// Notes that a node answered.
    pub fn up(&self, node: NodeId, now: Timestamp, change: impl FnOnce(&mut Link)) -> bool {
        self.change(node, |link| {
            if let Some((false, since)) = link.up
                && link.heard_at.is_some()
            {
                link.healed = Some((now, since));
            }
            if link.up.is_none_or(|(up, _)| !up) {
                link.up = Some((true, now));
            }
            link.heard_at = Some(now);
            link.trouble = None;
            change(link);
        })
    }

    /// Notes that a node did not answer.
    pub fn down(&self, node: NodeId, now: Timestamp, trouble: String) -> bool {
        self.change(node, |link| {
            if link.up.is_none_or(|(up, _)| up) {
                // It may have been silent since it was last heard.
                link.up = Some((false, link.heard_at.unwrap_or(now)));
            }
            link.trouble = Some(trouble);
            link.said = None;
        })
    }

    /// Forgets a node that is no partner any more.
    pub fn forget(&self, node: &NodeId) {
        self.lock().remove(node);
        let mut anchors = self.anchors.lock().unwrap_or_else(PoisonError::into_inner);
        anchors.remove(node);
    }

    /// Says whether a node's anchors are others than the last time it was asked.
    pub(super) fn anchors_changed(&self, node: NodeId, anchors: &[Vec<u8>]) -> bool {
        let now = Hash::of(&anchors.concat());
        let mut known = self.anchors.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(node, now) != Some(now)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<NodeId, Link>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

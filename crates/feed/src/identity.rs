//! Who speaks for a node. A node is named by its *root key*; that key signs the node's identity feed,
//! and the entries of that feed say which keys sign everything else, up to where each counts, and how
//! the node is reached. Folding the feed answers the question that everybody has who holds an entry:
//! [`Identity::may_take`]. It must not know where entries are kept, who is enrolled or what time it
//! is. Start at [`Identity::begin`] and [`Identity::take`].

mod event;

use std::collections::BTreeMap;

pub use event::{ClosingCause, IdentityEvent, identity_entry, identity_opening};

use crate::limits::{ANCHORS_MAX, IDENTITY_EPOCHS_MAX, IDENTITY_HEADS_MAX};
use crate::{Chain, Entry, Feed, FeedError, FeedId, Hash, Head, NodeId, Opening, PublicKey, Scope};

/// What a node's identity feed says, up to its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    feed: Feed,
    head: Head,
    name: Option<String>,
    keys: BTreeMap<u32, EpochKey>,
    heads_named: usize,
    anchors: Vec<Anchor>,
    addresses: Vec<String>,
    revoked: Option<String>,
    unknown: u64,
    exercise: Option<String>,
}

/// The key of one epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochKey {
    /// The key that signs the local and operation feeds of the epoch.
    pub key: PublicKey,
    /// Up to where it counts; none while the epoch is open.
    pub closed: Option<Closing>,
}

/// Up to where the feeds of a closed epoch count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// Why, as the last closing of the epoch says.
    pub cause: ClosingCause,
    // All heads that were ever named: one that was moved up stays a place that the feed goes through.
    named: BTreeMap<(FeedId, u64), Hash>,
}

impl Closing {
    /// Returns the last entry of this feed that counts, none when the feed counts for nothing.
    pub fn head_of(&self, feed: FeedId) -> Option<Head> {
        let (&(feed, seq), &hash) = self.named.range((feed, 0)..=(feed, u64::MAX)).next_back()?;
        Some(Head { feed, seq, hash })
    }

    /// Returns the last entry that counts of each feed that counts, ascending by feed.
    pub fn heads(&self) -> impl Iterator<Item = Head> {
        let last: BTreeMap<FeedId, (u64, Hash)> = self
            .named
            .iter()
            .map(|(&(feed, seq), &hash)| (feed, (seq, hash)))
            .collect();
        last.into_iter()
            .map(|(feed, (seq, hash))| Head { feed, seq, hash })
    }
}

/// A certificate that proves the node's connections. Whether it has ended is for the caller's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Names it.
    pub sha256: Hash,
    /// The X.509 certificate in DER.
    pub certificate: Vec<u8>,
    /// When it ends, in milliseconds since the Unix epoch.
    pub not_after_ms: u64,
}

impl Identity {
    /// Begins with the opening of a node's identity feed.
    pub fn begin(opening: &Entry) -> Result<Identity, IdentityError> {
        let opened = Opening::of(opening)?;
        let feed = opened.feed;
        // That such a feed proves its node is a rule of every opening.
        if feed.scope != Scope::Identity {
            return Err(IdentityError::NotIdentity { scope: feed.scope });
        }
        Ok(Identity {
            feed,
            head: opening.head(),
            name: None,
            keys: BTreeMap::new(),
            heads_named: 0,
            anchors: Vec::new(),
            addresses: Vec::new(),
            revoked: None,
            unknown: 0,
            exercise: opened.exercise().map(str::to_owned),
        })
    }

    /// Returns the name of the exercise that the node was made for, none for one that is real.
    pub fn exercise(&self) -> Option<&str> {
        self.exercise.as_deref()
    }

    /// Verifies the next entry and does what it says. On an error nothing changes.
    pub fn take(&mut self, entry: &Entry) -> Result<(), IdentityError> {
        Chain::resume(&self.feed, self.head).accept(entry)?;
        if self.is_revoked() {
            return Err(IdentityError::Revoked);
        }
        match IdentityEvent::of(entry)? {
            Some(event) => self.apply(event)?,
            None => self.unknown = self.unknown.saturating_add(1),
        }
        self.head = entry.head();
        Ok(())
    }

    /// Says whether the node speaks in this entry of this feed: the key is certified for node, scope
    /// and epoch, and the entry is not beyond where the epoch counts. The entry itself, and the chain
    /// up to it, are verified by [`Chain`]. Some answers change when the identity feed goes on
    /// ([`NotSpokenFor::is_permanent`]).
    pub fn may_take(&self, feed: &Feed, entry_head: &Head) -> Result<(), NotSpokenFor> {
        if feed.node != self.feed.node {
            return Err(NotSpokenFor::AnotherNode { node: feed.node });
        }
        let id = feed.id();
        if entry_head.feed != id {
            return Err(NotSpokenFor::AnotherFeed {
                feed: entry_head.feed,
            });
        }
        if feed.scope == Scope::Identity {
            return self.may_take_own(feed, entry_head);
        }
        let epoch = feed.epoch;
        let Some(EpochKey { key, closed }) = self.keys.get(&epoch) else {
            return Err(match self.is_revoked() {
                true => NotSpokenFor::Revoked,
                false => NotSpokenFor::NotCertified { epoch },
            });
        };
        if *key != feed.key {
            return Err(NotSpokenFor::OtherKey { epoch });
        }
        let Some(closing) = closed else {
            return match self.is_revoked() {
                true => Err(NotSpokenFor::Revoked),
                false => Ok(()),
            };
        };
        let seq = entry_head.seq;
        let last = closing.head_of(id).map_or(0, |head| head.seq);
        if seq > last {
            return Err(match self.is_revoked() {
                true => NotSpokenFor::Revoked,
                false => NotSpokenFor::BeyondClosing { epoch, last },
            });
        }
        match closing.named.get(&(id, seq)) {
            Some(hash) if *hash != entry_head.hash => Err(NotSpokenFor::OtherBranch {
                seq,
                named: *hash,
                found: entry_head.hash,
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Returns the node.
    pub fn node(&self) -> NodeId {
        self.feed.node
    }

    /// Returns the root key, by which the node is named.
    pub fn root(&self) -> PublicKey {
        self.feed.key
    }

    /// Returns the identity feed itself.
    pub fn feed(&self) -> Feed {
        self.feed
    }

    /// Returns the last entry taken.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Returns what the node is called, none if it has not said so.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the key of each epoch.
    pub fn keys(&self) -> &BTreeMap<u32, EpochKey> {
        &self.keys
    }

    /// Returns the open epoch and its key: what the node signs with now. None when no epoch is open
    /// or the node is revoked.
    pub fn current_key(&self) -> Option<(u32, PublicKey)> {
        let (epoch, last) = self.keys.last_key_value()?;
        let open = last.closed.is_none() && !self.is_revoked();
        open.then_some((*epoch, last.key))
    }

    /// Returns the anchors in force, oldest first: two at most, ended ones among them until they are
    /// withdrawn.
    pub fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    /// Returns where the node is reached, as `host:port`.
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Says whether the node is over.
    pub fn is_revoked(&self) -> bool {
        self.revoked.is_some()
    }

    /// Returns why the node is over, none if it is not.
    pub fn revoked(&self) -> Option<&str> {
        self.revoked.as_deref()
    }

    /// Returns how many entries were taken whose kind, or its version, this program does not know.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    fn may_take_own(&self, feed: &Feed, entry_head: &Head) -> Result<(), NotSpokenFor> {
        if *feed != self.feed {
            return Err(NotSpokenFor::OtherKey { epoch: feed.epoch });
        }
        match self.is_revoked() && entry_head.seq > self.head.seq {
            true => Err(NotSpokenFor::Revoked),
            false => Ok(()),
        }
    }

    fn apply(&mut self, event: IdentityEvent) -> Result<(), IdentityError> {
        match event {
            IdentityEvent::Named { name } => self.name = Some(name),
            IdentityEvent::KeyCertified { epoch, public_key } => self.certify(epoch, public_key)?,
            IdentityEvent::EpochClosed {
                epoch,
                cause,
                heads,
            } => self.close(epoch, cause, &heads)?,
            IdentityEvent::AnchorCertified {
                certificate,
                not_after_ms,
            } => self.anchor(certificate, not_after_ms)?,
            IdentityEvent::AnchorWithdrawn { sha256 } => {
                let at = self
                    .anchors
                    .iter()
                    .position(|anchor| anchor.sha256 == sha256)
                    .ok_or(IdentityError::AnchorUnknown { sha256 })?;
                self.anchors.remove(at);
            }
            IdentityEvent::AddressesSet { addresses } => self.addresses = addresses,
            IdentityEvent::Revoked { reason } => self.revoked = Some(reason),
        }
        Ok(())
    }

    fn certify(&mut self, epoch: u32, key: PublicKey) -> Result<(), IdentityError> {
        let expected = match self.keys.last_key_value() {
            None => 1,
            Some((&open, last)) if last.closed.is_none() => {
                return Err(IdentityError::EpochOpen { epoch: open });
            }
            Some((&IDENTITY_EPOCHS_MAX, _)) => return Err(IdentityError::EpochsFull),
            Some((&last, _)) => last + 1,
        };
        if epoch != expected {
            return Err(IdentityError::EpochOrder {
                expected,
                found: epoch,
            });
        }
        // The root key may be that of epoch 1 (nodes from before identity feeds had one key for all),
        // and of no other: a closed epoch's key must never speak again.
        let root_again = key == self.feed.key && epoch > 1;
        if root_again || self.keys.values().any(|earlier| earlier.key == key) {
            return Err(IdentityError::KeyUsedBefore { epoch });
        }
        self.keys.insert(epoch, EpochKey { key, closed: None });
        Ok(())
    }

    fn close(
        &mut self,
        epoch: u32,
        cause: ClosingCause,
        heads: &[Head],
    ) -> Result<(), IdentityError> {
        let Some(key) = self.keys.get_mut(&epoch) else {
            return Err(IdentityError::EpochUnknown { epoch });
        };
        if let Some(closing) = &key.closed {
            for head in heads {
                let named = closing.head_of(head.feed).map_or(0, |named| named.seq);
                if head.seq <= named {
                    return Err(IdentityError::HeadNotHigher {
                        feed: head.feed,
                        named,
                        found: head.seq,
                    });
                }
            }
        }
        if self.heads_named + heads.len() > IDENTITY_HEADS_MAX {
            return Err(IdentityError::HeadsFull);
        }
        self.heads_named += heads.len();
        let closing = key.closed.get_or_insert_with(|| Closing {
            cause,
            named: BTreeMap::new(),
        });
        closing.cause = cause;
        let named = heads.iter().map(|head| ((head.feed, head.seq), head.hash));
        closing.named.extend(named);
        Ok(())
    }

    fn anchor(&mut self, certificate: Vec<u8>, not_after_ms: u64) -> Result<(), IdentityError> {
        let sha256 = Hash::of(&certificate);
        if self.anchors.iter().any(|anchor| anchor.sha256 == sha256) {
            return Err(IdentityError::AnchorRepeated { sha256 });
        }
        if self.anchors.len() == ANCHORS_MAX {
            return Err(IdentityError::AnchorsFull);
        }
        self.anchors.push(Anchor {
            sha256,
            certificate,
            not_after_ms,
        });
        Ok(())
    }
}

/// Why an entry was not taken into an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// A rule of every feed, or of the entry by itself, is broken. A fork is among these.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The opening is that of another feed than an identity feed.
    #[error("this opens the feed `{scope}`, not an identity feed")]
    NotIdentity {
        /// Its scope.
        scope: Scope,
    },
    /// The node is revoked: its identity feed has ended.
    #[error("the node is revoked: its identity feed takes no further entry")]
    Revoked,
    /// A key is certified for another epoch than the next one.
    #[error("a key is certified for epoch {found}, and the next one is {expected}")]
    EpochOrder {
        /// The epoch that would be next.
        expected: u32,
        /// The one named.
        found: u32,
    },
    /// A key is certified while another is in force.
    #[error("a key is certified while epoch {epoch} is open: close that first")]
    EpochOpen {
        /// The open epoch.
        epoch: u32,
    },
    /// An epoch is closed that has no key.
    #[error("epoch {epoch} is closed, and no key was certified for it")]
    EpochUnknown {
        /// The epoch.
        epoch: u32,
    },
    /// The identity has had all the epochs that it can have.
    #[error("the identity has used its last epoch")]
    EpochsFull,
    /// A key is certified that an earlier epoch had, or the root key for a later one.
    #[error("the key certified for epoch {epoch} was in use before")]
    KeyUsedBefore {
        /// The epoch.
        epoch: u32,
    },
    /// A closing names a feed that an earlier one named, and no later entry of it.
    #[error("feed {feed} counts up to entry {named} already, and the closing names entry {found}")]
    HeadNotHigher {
        /// The feed.
        feed: FeedId,
        /// The last entry that counts.
        named: u64,
        /// The one named now.
        found: u64,
    },
    /// The closings name as many heads as an identity can have.
    #[error("the identity names as many heads as it can")]
    HeadsFull,
    /// An anchor is certified while as many as may be are in force.
    #[error("two anchors are in force: withdraw one first")]
    AnchorsFull,
    /// An anchor is certified that is in force.
    #[error("anchor {sha256} is in force already")]
    AnchorRepeated {
        /// SHA-256 of its certificate.
        sha256: Hash,
    },
    /// An anchor is withdrawn that is not in force.
    #[error("anchor {sha256} is not in force")]
    AnchorUnknown {
        /// SHA-256 of its certificate.
        sha256: Hash,
    },
}

impl IdentityError {
    /// Says whether the same entry will be refused for ever. An identity feed is taken entry by
    /// entry, so that only missing entries and bytes can make a difference.
    pub fn is_permanent(&self) -> bool {
        match self {
            IdentityError::Feed(error) => error.is_permanent(),
            IdentityError::NotIdentity { .. }
            | IdentityError::Revoked
            | IdentityError::EpochOrder { .. }
            | IdentityError::EpochOpen { .. }
            | IdentityError::EpochUnknown { .. }
            | IdentityError::EpochsFull
            | IdentityError::KeyUsedBefore { .. }
            | IdentityError::HeadNotHigher { .. }
            | IdentityError::HeadsFull
            | IdentityError::AnchorsFull
            | IdentityError::AnchorRepeated { .. }
            | IdentityError::AnchorUnknown { .. } => true,
        }
    }

    /// Returns the short stable name of the broken rule, as the test vectors use it.
    pub fn code(&self) -> &'static str {
        match self {
            IdentityError::Feed(error) => error.code(),
            IdentityError::NotIdentity { .. } => "not_identity",
            IdentityError::Revoked => "revoked",
            IdentityError::EpochOrder { .. } => "epoch_order",
            IdentityError::EpochOpen { .. } => "epoch_open",
            IdentityError::EpochUnknown { .. } => "epoch_unknown",
            IdentityError::EpochsFull => "epochs_full",
            IdentityError::KeyUsedBefore { .. } => "key_used_before",
            IdentityError::HeadNotHigher { .. } => "head_not_higher",
            IdentityError::HeadsFull => "heads_full",
            IdentityError::AnchorsFull => "anchors_full",
            IdentityError::AnchorRepeated { .. } => "anchor_repeated",
            IdentityError::AnchorUnknown { .. } => "anchor_unknown",
        }
    }
}

/// Why an entry may not be taken as the node's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSpokenFor {
    /// The feed is another node's: ask that node's identity.
    #[error("the feed is of node {node}, whose identity this is not")]
    AnotherNode {
        /// The feed's node.
        node: NodeId,
    },
    /// The entry is of another feed than the one it is said to be of.
    #[error("the entry is of feed {feed}, which is not the one asked about")]
    AnotherFeed {
        /// The entry's feed.
        feed: FeedId,
    },
    /// No key is certified for the epoch so far.
    #[error("the node has certified no key for epoch {epoch}")]
    NotCertified {
        /// The feed's epoch.
        epoch: u32,
    },
    /// Another key is certified for the epoch.
    #[error("the feed is under another key than the one certified for epoch {epoch}")]
    OtherKey {
        /// The feed's epoch.
        epoch: u32,
    },
    /// The epoch is closed before this entry; a further closing may let it count.
    #[error("epoch {epoch} is closed, and entries of this feed count up to {last} only")]
    BeyondClosing {
        /// The feed's epoch.
        epoch: u32,
        /// The last entry that counts; 0 when no closing names the feed.
        last: u64,
    },
    /// The epoch's closing names another entry at this place: this is another branch of a fork.
    #[error("entry {seq} is {found}, and the closing of its epoch names {named}")]
    OtherBranch {
        /// Sequence number of both.
        seq: u64,
        /// Hash of the entry named.
        named: Hash,
        /// Hash of the entry that came.
        found: Hash,
    },
    /// The node is over, and no closing from before lets this entry count.
    #[error("the node is revoked")]
    Revoked,
}

impl NotSpokenFor {
    /// Says whether the answer will be the same for ever. The others may change when the identity
    /// feed has gone on, and not before: nothing is gained by asking again until its head has moved.
    pub fn is_permanent(&self) -> bool {
        match self {
            NotSpokenFor::NotCertified { .. } | NotSpokenFor::BeyondClosing { .. } => false,
            NotSpokenFor::AnotherNode { .. }
            | NotSpokenFor::AnotherFeed { .. }
            | NotSpokenFor::OtherKey { .. }
            | NotSpokenFor::OtherBranch { .. }
            | NotSpokenFor::Revoked => true,
        }
    }

    /// Returns the short stable name of the answer, as the test vectors use it.
    pub fn code(&self) -> &'static str {
        match self {
            NotSpokenFor::AnotherNode { .. } => "another_node",
            NotSpokenFor::AnotherFeed { .. } => "another_feed",
            NotSpokenFor::NotCertified { .. } => "not_certified",
            NotSpokenFor::OtherKey { .. } => "other_key",
            NotSpokenFor::BeyondClosing { .. } => "beyond_closing",
            NotSpokenFor::OtherBranch { .. } => "other_branch",
            NotSpokenFor::Revoked => "revoked",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::CLOSING_HEADS_MAX;
    use crate::{HybridTime, Signer};

    fn an_identity() -> Identity {
        let root = Signer::from_seed([1; 32]);
        let opening = identity_opening(&root, HybridTime(1), "first start").unwrap();
        Identity::begin(&opening).unwrap()
    }

    fn key(number: u32) -> PublicKey {
        // Points are not looked at by the fold.
        let mut bytes = [0xee; 32];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        PublicKey(bytes)
    }

    fn closed(epoch: u32, heads: Vec<Head>) -> IdentityEvent {
        let cause = ClosingCause::Rotation;
        IdentityEvent::EpochClosed {
            epoch,
            cause,
            heads,
        }
    }

    #[test]
    fn epochs_have_a_limit() {
        let mut identity = an_identity();
        for epoch in 1..=IDENTITY_EPOCHS_MAX {
            identity.certify(epoch, key(epoch)).unwrap();
            identity.apply(closed(epoch, Vec::new())).unwrap();
        }
        let past = IDENTITY_EPOCHS_MAX + 1;
        let before = identity.clone();
        assert_eq!(
            identity.certify(past, key(past)),
            Err(IdentityError::EpochsFull)
        );
        assert_eq!(identity, before);
    }

    #[test]
    fn heads_of_all_closings_have_a_limit() {
        let mut identity = an_identity();
        identity.certify(1, key(1)).unwrap();
        let head = |number: usize| {
            let mut feed = [0; 32];
            feed[..8].copy_from_slice(&(number as u64).to_be_bytes());
            Head {
                feed: FeedId(feed),
                seq: 1,
                hash: Hash::ZERO,
            }
        };
        for from in (0..IDENTITY_HEADS_MAX).step_by(CLOSING_HEADS_MAX) {
            let heads = (from..from + CLOSING_HEADS_MAX).map(head).collect();
            identity.apply(closed(1, heads)).unwrap();
        }
        let before = identity.clone();
        let past = closed(1, vec![head(IDENTITY_HEADS_MAX)]);
        assert_eq!(identity.apply(past), Err(IdentityError::HeadsFull));
        assert_eq!(identity, before);
        let closing = identity.keys[&1].closed.as_ref().unwrap();
        assert_eq!(closing.heads().count(), IDENTITY_HEADS_MAX);
        identity.apply(closed(1, Vec::new())).unwrap();
    }
}

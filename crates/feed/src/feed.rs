//! What a feed is and how its first entry says so. A feed's id is computed from node, scope, epoch
//! and key, so that nobody can claim an id without naming its key. Whether that key may speak for
//! that node is answered by the node's identity feed ([`crate::Identity`]) and not here. Start at
//! [`Feed`], then [`Opening`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::header::SUITE;
use crate::id::parse_lower_hex;
use crate::{Entry, FeedError, FeedId, Hash, NodeId, PublicKey};

/// Kind of the first entry of every feed.
pub const OPENING_KIND: &str = "feed.opened";
/// What the reason of an opening begins with if its node is made for an exercise; the exercise's name follows.
pub const EXERCISE_REASON: &str = "exercise: ";

/// Version of the opening's body.
pub const OPENING_KIND_VERSION: u16 = 1;

/// What a feed is about: who the node is, all that is its own, or its part of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The node's own records; written as `local`.
    Local,
    /// One operation by its record id; written as `operation:` and 32 hex digits.
    Operation([u8; 16]),
    /// Which keys, anchors and addresses speak for the node; written as `identity`.
    Identity,
    /// What a node says as the lead of one operation; written as `command:` and 32 hex digits.
    Command([u8; 16]),
}

/// Text that is neither `local` nor `identity` nor `operation:` or `command:` with 32 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `local`, `identity`, or `operation:` or `command:` and 32 lower-case hex digits")]
pub struct ScopeError;

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Local => f.write_str("local"),
            Scope::Operation(id) => write!(f, "operation:{}", hex::encode(id)),
            Scope::Identity => f.write_str("identity"),
            Scope::Command(id) => write!(f, "command:{}", hex::encode(id)),
        }
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Scope, ScopeError> {
        match text {
            "local" => return Ok(Scope::Local),
            "identity" => return Ok(Scope::Identity),
            _ => (),
        }
        let (scope, id) = text.split_once(':').ok_or(ScopeError)?;
        let id = parse_lower_hex(id).map_err(|_| ScopeError)?;
        match scope {
            "operation" => Ok(Scope::Operation(id)),
            "command" => Ok(Scope::Command(id)),
            _ => Err(ScopeError),
        }
    }
}

/// One signed log: of one node, for one scope, in one epoch, under one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feed {
    /// The node that writes it.
    pub node: NodeId,
    /// What it is about.
    pub scope: Scope,
    /// Counts the feeds of this node and scope from 1; a new key or a fork begins a new one.
    pub epoch: u32,
    /// The key that signs all of it.
    pub key: PublicKey,
}

impl Feed {
    /// Returns the identity feed of the node that is named by this root key.
    pub fn identity(root: PublicKey) -> Feed {
        Feed {
            node: NodeId::of_key(&root),
            scope: Scope::Identity,
            epoch: 1,
            key: root,
        }
    }

    /// Returns the id, which binds node, scope, epoch and key.
    pub fn id(&self) -> FeedId {
        let scope = match self.scope {
            Scope::Local => vec![0],
            Scope::Operation(id) => [&[1], id.as_slice()].concat(),
            Scope::Identity => vec![2],
            Scope::Command(id) => [&[3], id.as_slice()].concat(),
        };
        let parts: [&[u8]; 5] = [
            b"watchfire feed v1\0",
            &self.node.0,
            &scope,
            &self.epoch.to_be_bytes(),
            &self.key.0,
        ];
        FeedId(Hash::of_parts(&parts).0)
    }

    /// Says whether the key is the one that the node is named by, so that the feed needs no other
    /// proof of whose it is. True for every identity feed; for other feeds only where the root key
    /// signs them.
    pub fn proves_its_node(&self) -> bool {
        NodeId::of_key(&self.key) == self.node
    }

    /// Returns the exact plain body of this feed's opening entry. `follows` is the last entry held
    /// of the feed before (none for epoch 1); `reason` is for people and holds no personal data.
    pub fn opening_body(&self, follows: Option<&Head>, reason: &str) -> Vec<u8> {
        let body = OpeningBody {
            node: self.node,
            scope: self.scope.to_string(),
            epoch: self.epoch,
            suite: SUITE,
            public_key: self.key,
            follows: follows.copied(),
            reason: reason.to_owned(),
        };
        serde_json::to_vec(&body).expect("strings and numbers always serialise")
    }

    /// Reads and verifies an opening entry and returns the feed that it opens.
    pub fn from_opening(entry: &Entry) -> Result<Feed, FeedError> {
        Opening::of(entry).map(|opening| opening.feed)
    }
}

/// The last entry of a feed that somebody holds: `seq` 0 and a zero hash before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The feed.
    pub feed: FeedId,
    /// Sequence number of the entry.
    pub seq: u64,
    /// Hash of the entry. Numbers alone would hide forks.
    pub hash: Hash,
}

impl Head {
    /// Returns the head of a feed that has no entries yet.
    pub fn start(feed: FeedId) -> Head {
        Head {
            feed,
            seq: 0,
            hash: Hash::ZERO,
        }
    }
}

/// What the first entry of a feed says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The feed that it opens.
    pub feed: Feed,
    /// The last entry held of the feed before, of which this one is the next epoch.
    pub follows: Option<Head>,
    /// Why it was opened, for people.
    pub reason: String,
}

impl Opening {
    /// Returns the name of the exercise that the feed's node was made for, none for one that is real.
    pub fn exercise(&self) -> Option<&str> {
        self.reason.strip_prefix(EXERCISE_REASON)
    }

    /// Reads and verifies an opening entry: that it is the first, says exactly what an opening says,
    /// names the feed that it stands in, and is signed by the key that it names.
    pub fn of(entry: &Entry) -> Result<Opening, FeedError> {
        entry.check_place()?;
        let header = &entry.header;
        let bad = |why| Err(FeedError::BadOpening { why });
        if header.seq != 1 {
            return bad("it is not the first entry");
        }
        if !header.critical || header.kind_version != OPENING_KIND_VERSION {
            return bad("it is not critical, or not of version 1");
        }
        if header.sealed_size != 0 {
            return bad("it has a sealed part");
        }
        let Ok(body) = serde_json::from_slice::<OpeningBody>(&entry.plain) else {
            return bad("the body does not have the fields of an opening");
        };
        // One meaning, one spelling: a body that two JSON readers could take differently is refused.
        if serde_json::to_vec(&body).is_ok_and(|exact| exact != entry.plain) {
            return bad("the body is not spelled in the one exact form");
        }
        let Ok(scope) = body.scope.parse() else {
            return bad("the scope is neither local nor identity nor an operation");
        };
        if body.suite != SUITE {
            return bad("the suite is not that of the header");
        }
        if body.epoch == 0 || (body.epoch == 1 && body.follows.is_some()) {
            return bad("the epoch is 0, or the first epoch follows another");
        }
        let feed = Feed {
            node: body.node,
            scope,
            epoch: body.epoch,
            key: body.public_key,
        };
        // Nothing else could say whose it is, and a second one would be a second node's.
        if scope == Scope::Identity && feed != Feed::identity(feed.key) {
            return bad("an identity feed is of epoch 1 and under the key that names the node");
        }
        if feed.id() != header.feed {
            return bad("it opens another feed than the one it stands in");
        }
        entry.verify(&feed.key)?;
        Ok(Opening {
            feed,
            follows: body.follows,
            reason: body.reason,
        })
    }
}

/// The opening's body as it is spelled: these fields in this order, without white space.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpeningBody {
    node: NodeId,
    scope: String,
    epoch: u32,
    suite: u8,
    public_key: PublicKey,
    follows: Option<Head>,
    reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_feed() -> Feed {
        let key = PublicKey([2; 32]);
        Feed {
            node: NodeId::of_key(&key),
            scope: Scope::Local,
            epoch: 1,
            key,
        }
    }

    #[test]
    fn every_part_is_in_the_id() {
        let feed = a_feed();
        let others = [
            Feed {
                node: NodeId([9; 32]),
                ..feed
            },
            Feed {
                scope: Scope::Operation([0; 16]),
                ..feed
            },
            Feed {
                scope: Scope::Operation([1; 16]),
                ..feed
            },
            Feed {
                scope: Scope::Identity,
                ..feed
            },
            Feed { epoch: 2, ..feed },
            Feed {
                key: PublicKey([3; 32]),
                ..feed
            },
        ];
        let ids: std::collections::BTreeSet<FeedId> =
            others.iter().chain([&feed]).map(Feed::id).collect();
        assert_eq!(ids.len(), 7);
    }

    #[test]
    fn a_scope_has_one_spelling() {
        for scope in [Scope::Local, Scope::Operation([0xa5; 16]), Scope::Identity] {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        let upper = format!("operation:{}", "A5".repeat(16));
        for wrong in [
            "",
            "Local",
            "Identity",
            "operation:",
            "operation:a5",
            &upper,
        ] {
            assert_eq!(wrong.parse::<Scope>(), Err(ScopeError), "{wrong}");
        }
    }

    #[test]
    fn the_opening_body_is_spelled_exactly() {
        let feed = a_feed();
        let follows = Head {
            feed: FeedId([1; 32]),
            seq: 7,
            hash: Hash([2; 32]),
        };
        let node = feed.node.to_string();
        let (ones, twos) = ("01".repeat(32), "02".repeat(32));
        let body = |follows: &str| {
            format!(
                r#"{{"node":"{node}","scope":"local","epoch":1,"suite":1,"public_key":"{twos}","follows":{follows},"reason":"new key \"烽\""}}"#
            )
        };
        let text = |follows: Option<&Head>| {
            String::from_utf8(feed.opening_body(follows, "new key \"烽\"")).unwrap()
        };
        assert_eq!(text(None), body("null"));
        let followed = format!(r#"{{"feed":"{ones}","seq":7,"hash":"{twos}"}}"#);
        assert_eq!(text(Some(&follows)), body(&followed));
    }

    #[test]
    fn a_first_key_proves_its_node_and_a_later_one_does_not() {
        let feed = a_feed();
        assert!(feed.proves_its_node());
        assert!(
            !Feed {
                key: PublicKey([3; 32]),
                epoch: 2,
                ..feed
            }
            .proves_its_node()
        );
    }
}

//! What the hostile member answers, one attack each: the name, how it is made, and what the node that is attacked must
//! show of it. Most bring a fresh operation of its own, whose third entry would show a mark if it were taken.

use std::collections::BTreeMap;

use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::json;
use watchfire_feed::{Entry, Hash, Head, Scope, SealedBody, Signer};

use super::MARK;
use super::member::{Hostile, Play, Served, Words, opened, signed};

/// What is shown of an attack.
#[derive(Clone, Copy)]
pub(crate) enum Sees {
    /// That something was not taken, for a reason with these words.
    Refused(&'static str),
    /// That the line is in trouble, with these words.
    Trouble(&'static str),
    /// That a feed has forked.
    Forked,
    /// That a newer program has said something that is not understood.
    Newer,
    /// That the peers page shows a value at a path that begins like this.
    Shows(&'static str, &'static str),
    /// Nothing: it was heard to the end, and nothing came of it.
    Asked,
    /// Nothing: it was taken, since a home may say of its own what it likes, and nobody else's came to harm.
    Held,
    /// Nothing: the node waits for it, or is busy with it, and with nobody else.
    Stuck,
}

/// An attack.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) play: fn(&mut Hostile) -> Play,
    pub(crate) sees: Sees,
}

pub(crate) const fn case(name: &'static str, play: fn(&mut Hostile) -> Play, sees: Sees) -> Case {
    Case { name, play, sees }
}

/// Serves a feed, which is that of the first entry.
pub(crate) fn feed(entries: Vec<Entry>) -> Play {
    let named = entries[0].header.feed;
    Play {
        feeds: BTreeMap::from([(named, Served::Entries(entries))]),
        ..Play::default()
    }
}

/// Serves a fresh operation of which the third entry was tampered with.
fn third(hostile: &mut Hostile, tamper: impl FnOnce(&Hostile, &mut Entry)) -> Play {
    let (_, mut entries) = hostile.raises();
    let mut last = entries.pop().unwrap();
    tamper(hostile, &mut last);
    entries.push(last);
    feed(entries)
}

/// Serves a fresh operation with a third entry that is signed by hand: this kind, this body.
fn third_says(hostile: &mut Hostile, kind: &str, plain: &[u8]) -> Play {
    let (operation, mut entries) = hostile.raises();
    entries.pop();
    entries.push(hostile.signs(&entries, kind, plain, operation.0));
    feed(entries)
}

/// Signs an entry again after a change of its header.
fn with_header(hostile: &mut Hostile, change: impl FnOnce(&mut Vec<u8>)) -> Play {
    third(hostile, |hostile, entry| {
        change(&mut entry.header_bytes);
        entry.signature = signature(&hostile.by_hand.seed, &entry.header_bytes);
    })
}

/// Signs bytes that an honest signer would not.
fn signature(seed: &[u8; 32], bytes: &[u8]) -> [u8; 64] {
    SigningKey::from_bytes(seed).sign(bytes).to_bytes()
}

/// Where fields of a header stand.
const FEED: std::ops::Range<usize> = 8..40;
const TIME: std::ops::Range<usize> = 80..88;
const PLAIN_SIZE: std::ops::Range<usize> = 112..116;

pub(crate) fn nested(depth: usize) -> Vec<u8> {
    "[".repeat(depth).into_bytes()
}

/// Every attack that is an entry, or was one.
pub(crate) const CASES: &[Case] = &[
    case(
        "a wrong signature",
        |h| third(h, |_, entry| entry.signature[5] ^= 1),
        Sees::Refused("signature"),
    ),
    case(
        "a signature of zeros",
        |h| third(h, |_, entry| entry.signature = [0; 64]),
        Sees::Refused("signature"),
    ),
    case(
        "an altered header",
        |h| {
            third(h, |_, entry| {
                entry.header_bytes[TIME.start] ^= 1;
            })
        },
        Sees::Refused("signature"),
    ),
    case(
        "an altered text",
        |h| third(h, |_, entry| entry.plain[20] ^= 1),
        Sees::Refused("body"),
    ),
    case(
        "a sealed part that is another",
        |h| {
            third(h, |_, entry| {
                entry.sealed = SealedBody::Erased(Hash::of(b"another"));
            })
        },
        Sees::Trouble("is broken"),
    ),
    case(
        "an altered sealed part",
        |h| {
            let (operation, mut entries) = h.raises();
            let objective = entries.pop().unwrap();
            let head = entries[1].head();
            let mut words = Words::of("operation.objective_set", &objective.plain, operation.0, 2);
            words.sealed = vec![7; 60];
            let mut last = signed(&h.by_hand.signer, &head, words);
            last.sealed = SealedBody::Whole(vec![8; 60]);
            entries.push(last);
            feed(entries)
        },
        Sees::Refused("body"),
    ),
    case(
        "a gap",
        |h| {
            let (_, mut entries) = h.raises();
            entries.remove(1);
            feed(entries)
        },
        Sees::Refused(""),
    ),
    case(
        "a feed without its opening",
        |h| {
            let (_, mut entries) = h.raises();
            entries.remove(0);
            feed(entries)
        },
        Sees::Refused(""),
    ),
    case(
        "entries in the wrong order",
        |h| {
            let (_, entries) = h.raises();
            let backwards: Vec<u8> = entries.iter().rev().flat_map(Entry::encode).collect();
            let head = entries[2].head();
            Play {
                feeds: BTreeMap::from([(head.feed, Served::these(backwards))]),
                heads: vec![head],
                ..Play::default()
            }
        },
        Sees::Refused(""),
    ),
    case(
        "the same entry a thousand times",
        |h| {
            let (_, entries) = h.raises();
            let again: Vec<u8> = std::iter::repeat_n(&entries[0], 1_000)
                .flat_map(Entry::encode)
                .collect();
            let head = entries[2].head();
            Play {
                feeds: BTreeMap::from([(head.feed, Served::these(again))]),
                heads: vec![head],
                ..Play::default()
            }
        },
        Sees::Asked,
    ),
    case(
        "two histories",
        |h| {
            let (operation, entries) = h.raises();
            let other = h.signs(&entries[..1], "operation.raised", b"{}", operation.0);
            let third = h.signs(
                std::slice::from_ref(&other),
                "operation.objective_set",
                MARK.as_bytes(),
                operation.0,
            );
            // The first is told, then the second.
            let good: Vec<u8> = entries[..2].iter().flat_map(Entry::encode).collect();
            let bad: Vec<u8> = [&other, &third]
                .into_iter()
                .flat_map(Entry::encode)
                .collect();
            let head = third.head();
            h.forked = entries;
            Play {
                feeds: BTreeMap::from([(head.feed, Served::these([good, bad].concat()))]),
                heads: vec![head],
                ..Play::default()
            }
        },
        Sees::Forked,
    ),
    case(
        "a feed that has forked and goes on",
        |h| feed(h.forked.clone()),
        Sees::Refused("forked"),
    ),
    case(
        "a fork of an honest node's feed, by another hand",
        |h| {
            let own = h.theirs_of(|scope| matches!(scope, Scope::Command(_)));
            let before = &own[..own.len() - 1];
            let other = h.signs(before, "operation.objective_set", b"{}", h.joint.0);
            let bytes = other.encode();
            Play {
                feeds: BTreeMap::from([(other.header.feed, Served::these(bytes))]),
                heads: vec![other.head()],
                ..Play::default()
            }
        },
        Sees::Refused(""),
    ),
    case(
        "signed by a key that nobody certified",
        |h| {
            let (operation, mut entries) = h.raises();
            entries.pop();
            let stranger = Signer::from_seed([9; 32]);
            let head = entries[1].head();
            let kind = "operation.objective_set";
            let words = Words::of(kind, MARK.as_bytes(), operation.0, 2);
            entries.push(signed(&stranger, &head, words));
            feed(entries)
        },
        Sees::Refused("signature"),
    ),
    case(
        "a feed of an epoch that nobody certified",
        |h| {
            let stranger = Signer::from_seed([9; 32]);
            let (mut own, _) = h.opens(Scope::Command([3; 16]));
            own.epoch = 2;
            own.key = stranger.public_key();
            feed(vec![opened(&stranger, &own)])
        },
        Sees::Refused(""),
    ),
    case(
        "its local feed, which is nobody's business",
        |h| {
            let (_, opening) = h.opens(Scope::Local);
            let told = h.signs(
                std::slice::from_ref(&opening),
                "call.received",
                MARK.as_bytes(),
                [1; 16],
            );
            feed(vec![opening, told])
        },
        Sees::Refused("no reason to follow"),
    ),
    case(
        "a feed of an operation that nobody else is in",
        |h| {
            let (_, opening) = h.opens(Scope::Operation([5; 16]));
            let told = h.signs(
                std::slice::from_ref(&opening),
                "incident.opened",
                MARK.as_bytes(),
                [1; 16],
            );
            feed(vec![opening, told])
        },
        Sees::Refused("no reason to follow"),
    ),
    case(
        "a feed in another node's name",
        |h| {
            let (mut feed_of, _) = h.opens(Scope::Command([6; 16]));
            feed_of.node = watchfire_feed::NodeId([0x42; 32]);
            feed(vec![opened(&h.by_hand.signer, &feed_of)])
        },
        Sees::Refused("no reason to follow"),
    ),
    case(
        "a feed in the name of the node that asks",
        |h| {
            let (mut feed_of, _) = h.opens(Scope::Command([7; 16]));
            feed_of.node = watchfire_feed::NodeId(h.theirs_node());
            feed(vec![opened(&h.by_hand.signer, &feed_of)])
        },
        Sees::Refused("no reason to follow"),
    ),
    case(
        "more of an honest node's own feed",
        |h| {
            let own = h.theirs_of(|scope| matches!(scope, Scope::Command(_)));
            let more = h.signs(&own, "operation.objective_set", MARK.as_bytes(), h.joint.0);
            let mut entries = own;
            entries.push(more);
            let head = Head {
                seq: u64::from(u16::MAX),
                ..entries.last().unwrap().head()
            };
            let all: Vec<u8> = entries.iter().flat_map(Entry::encode).collect();
            Play {
                feeds: BTreeMap::from([(head.feed, Served::these(all))]),
                heads: vec![head],
                ..Play::default()
            }
        },
        Sees::Refused(""),
    ),
    case(
        "entries of another operation in place of those asked for",
        |h| {
            let (_, asked) = h.raises();
            let other: Vec<u8> = h.theirs.iter().flat_map(Entry::encode).collect();
            let head = asked[2].head();
            Play {
                feeds: BTreeMap::from([(head.feed, Served::these(other))]),
                heads: vec![head],
                ..Play::default()
            }
        },
        Sees::Asked,
    ),
    case(
        "an entry moved from one operation to another",
        |h| {
            let (_, one) = h.raises();
            let (_, mut entries) = h.raises();
            entries[2] = one[2].clone();
            let head = entries[1].head();
            let all: Vec<u8> = entries.iter().flat_map(Entry::encode).collect();
            Play {
                feeds: BTreeMap::from([(head.feed, Served::these(all))]),
                heads: vec![Head { seq: 3, ..head }],
                ..Play::default()
            }
        },
        Sees::Refused(""),
    ),
    case(
        "an operation that somebody else founded",
        |h| {
            let stolen = h.theirs_of(|scope| matches!(scope, Scope::Command(_)));
            let (_, opening) = h.opens(Scope::Command([8; 16]));
            let told = h.signs(
                std::slice::from_ref(&opening),
                "operation.raised",
                &stolen[1].plain,
                h.joint.0,
            );
            feed(vec![opening, told])
        },
        Sees::Asked,
    ),
    case(
        "command that was never offered",
        |h| {
            let (_, opening) = h.opens(Scope::Command(h.joint.0));
            let taken = h.engine.board().operation_anywhere(h.joint).unwrap();
            let mut taken = serde_json::to_value(taken).unwrap();
            taken["objectives"] = json!([{ "text": MARK, "reached_at": null }]);
            let lead = h.by_hand.node;
            let event = json!({ "event": "command_taken", "operation": taken, "lead": lead });
            let plain = h.body_of(&event);
            let words = Words::of("operation.command_taken", &plain, h.joint.0, 900);
            let told = signed(&h.by_hand.signer, &opening.head(), words);
            feed(vec![opening, told])
        },
        Sees::Asked,
    ),
    case(
        "an operation that is closed by nothing, and goes on",
        |h| {
            let (operation, mut entries) = h.raises();
            let objective = entries.pop().unwrap();
            entries.push(h.signs(&entries, "operation.closed", b"{}", operation.0));
            let kind = "operation.objective_set";
            entries.push(h.signs(&entries, kind, &objective.plain, operation.0));
            feed(entries)
        },
        Sees::Refused("body"),
    ),
    case(
        "an incident in a command feed",
        |h| {
            let plain = format!(
                r#"{{"by":{{"person":"{0}","seat":"dispatcher"}},"key":"k","event":{{"event":"cancelled","reason":"{MARK}"}}}}"#,
                "0".repeat(32)
            );
            third_says(h, "incident.cancelled", plain.as_bytes())
        },
        Sees::Asked,
    ),
    case(
        "a body that is not what its kind says",
        |h| third_says(h, "operation.objective_set", b"not JSON"),
        Sees::Refused("body"),
    ),
    case(
        "a body of nothing",
        |h| third_says(h, "operation.objective_set", b""),
        Sees::Refused("body"),
    ),
    case(
        "a body nested ten thousand deep",
        |h| third_says(h, "operation.objective_set", &nested(10_000)),
        Sees::Refused("body"),
    ),
    case(
        "a body as large as it may be, of junk",
        |h| third_says(h, "operation.objective_set", &vec![b'7'; 65_000]),
        Sees::Refused("body"),
    ),
    case(
        "a kind from a newer program",
        |h| third_says(h, "prophecy.made", MARK.as_bytes()),
        Sees::Newer,
    ),
    case(
        "a kind from a newer program that must be understood",
        |h| {
            let (operation, mut entries) = h.raises();
            entries.pop();
            let head = entries[1].head();
            let mut words = Words::of("prophecy.made", MARK.as_bytes(), operation.0, 2);
            words.critical = true;
            entries.push(signed(&h.by_hand.signer, &head, words));
            feed(entries)
        },
        Sees::Newer,
    ),
    case(
        "a version that leaves out a thousand",
        |h| {
            let (operation, mut entries) = h.raises();
            let last = entries.pop().unwrap();
            let head = entries[1].head();
            let kind = "operation.objective_set";
            let words = Words::of(kind, &last.plain, operation.0, 1_000);
            entries.push(signed(&h.by_hand.signer, &head, words));
            feed(entries)
        },
        Sees::Asked,
    ),
    case(
        "another suite of cryptography",
        |h| with_header(h, |header| header[4] ^= 0x40),
        Sees::Trouble("is broken"),
    ),
    case(
        "a flag that is reserved",
        |h| with_header(h, |header| header[5] |= 0x80),
        Sees::Trouble("is broken"),
    ),
    case(
        "an entry that answers itself",
        |h| {
            with_header(h, |header| {
                let feed = header[FEED].to_vec();
                *header.last_mut().unwrap() = 1;
                header.extend([feed, vec![0, 0, 0, 0, 0, 0, 0, 1], vec![7; 32]].concat());
            })
        },
        Sees::Trouble("own feed"),
    ),
    case(
        "an entry that answers more than it may",
        |h| {
            with_header(h, |header| {
                *header.last_mut().unwrap() = 33;
                header.extend(vec![7; 33 * 72]);
            })
        },
        Sees::Trouble("too large"),
    ),
    case(
        "an entry larger than any may be",
        |h| {
            third(h, |h, entry| {
                entry.plain = vec![b' '; 70_000];
                entry.header_bytes[PLAIN_SIZE].copy_from_slice(&70_000_u32.to_be_bytes());
                entry.signature = signature(&h.by_hand.seed, &entry.header_bytes);
            })
        },
        Sees::Trouble("too large"),
    ),
    case(
        "a header that ends early",
        |h| with_header(h, |header| header.truncate(60)),
        Sees::Trouble("is broken"),
    ),
    case(
        "another node's identity, continued by its own key",
        |h| {
            let mut entries = h.other.clone();
            let name = format!(r#"{{"name":"{MARK}"}}"#);
            entries.push(h.signs(&entries, "identity.named", name.as_bytes(), [0; 16]));
            feed(entries)
        },
        Sees::Refused(""),
    ),
    case(
        "an identity that says what cannot be",
        |h| {
            let mut entries = h.by_hand.identity.clone();
            entries.push(h.signs(
                &entries,
                "identity.key_certified",
                br#"{"epoch":99,"public_key":"00"}"#,
                [0; 16],
            ));
            feed(entries)
        },
        Sees::Refused(""),
    ),
];

impl Hostile {
    /// Returns the bytes of the honest node's id.
    fn theirs_node(&self) -> [u8; 32] {
        let opening = self
            .theirs
            .iter()
            .find(|entry| entry.header.seq == 1)
            .unwrap();
        watchfire_feed::Feed::from_opening(opening).unwrap().node.0
    }

    /// Returns an honest feed of some scope.
    pub(crate) fn theirs_of(&self, scope: impl Fn(&Scope) -> bool) -> Vec<Entry> {
        let openings = self.theirs.iter().filter(|entry| entry.header.seq == 1);
        let mut feeds = openings.filter_map(|entry| watchfire_feed::Feed::from_opening(entry).ok());
        let feed = feeds
            .find(|feed| scope(&feed.scope))
            .expect("there is one")
            .id();
        let within = self.theirs.iter().filter(|entry| entry.header.feed == feed);
        within.cloned().collect()
    }
}

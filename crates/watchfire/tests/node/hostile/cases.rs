//! What the hostile member answers, one attack each: the name, how it is made, and what the node that is attacked must
//! show of it. Most bring a fresh operation of its own, whose third entry would show a mark if it were taken.

use std::collections::BTreeMap;

use ed25519_dalek::{Signer as _, SigningKey};
use watchfire_core::record::Action;
use watchfire_core::record::message::MessageAction;
use watchfire_core::record::operation::OperationAction;
use watchfire_feed::{Entry, Hash, Head, Scope, SealedBody, Signer, Vector};

use super::MARK;
use super::member::{Hostile, Play, Served, answer, opened, signed};

/// What is shown of an attack.
pub(crate) enum Sees {
    /// That something was not taken, for a reason with these words.
    Refused(&'static str),
    /// That the line is in trouble, with these words.
    Trouble(&'static str),
    /// That a feed has forked.
    Forked,
    /// Nothing: it was asked, and nothing came of it.
    Asked,
}

/// An attack.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) play: fn(&mut Hostile) -> Play,
    pub(crate) sees: Sees,
}

const fn case(name: &'static str, play: fn(&mut Hostile) -> Play, sees: Sees) -> Case {
    Case { name, play, sees }
}

/// Serves a feed, which is that of the first entry.
fn feed(entries: Vec<Entry>) -> Play {
    let named = entries[0].header.feed;
    Play {
        feeds: BTreeMap::from([(named, Served::Entries(entries))]),
        ..Play::default()
    }
}

/// Serves bytes as a fresh feed, of which it says that it holds some entries.
fn bytes(hostile: &mut Hostile, served: Served) -> Play {
    let (_, entries) = hostile.raises();
    let head = entries[2].head();
    Play {
        feeds: BTreeMap::from([(head.feed, served)]),
        heads: vec![head],
        ..Play::default()
    }
}

/// Answers this to the question for a vector.
fn says(served: Served) -> Play {
    Play {
        vector: Some(served),
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

fn nested(depth: usize) -> Vec<u8> {
    "[".repeat(depth).into_bytes()
}

fn wide(seq: u64) -> Vector {
    let mut vector = Vector::new();
    for number in 0..20_000_u32 {
        let hash = Hash::of(&number.to_be_bytes());
        let feed = watchfire_feed::FeedId(hash.0);
        vector.insert(Head { feed, seq, hash }).unwrap();
    }
    vector
}

/// Lets the hostile one say something whose key must be asked for, and answers that with this.
fn keys(hostile: &mut Hostile, served: Served) -> Play {
    let say = MessageAction::Say {
        operation: hostile.joint,
        about: None,
        text: MARK.parse().unwrap(),
    };
    hostile.does(Action::Message(say));
    Play {
        keys: Some(served),
        ..Play::default()
    }
}

/// Every attack that is an answer.
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
                let last = entry.header_bytes.len() - 1;
                entry.header_bytes[last] ^= 1;
            })
        },
        Sees::Refused(""),
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
            let backwards = entries.iter().rev().flat_map(Entry::encode).collect();
            let head = entries[2].head();
            Play {
                feeds: BTreeMap::from([(head.feed, Served::Bytes(backwards))]),
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
            let again = std::iter::repeat_n(&entries[0], 1_000)
                .flat_map(Entry::encode)
                .collect();
            let head = entries[2].head();
            Play {
                feeds: BTreeMap::from([(head.feed, Served::Bytes(again))]),
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
            Play {
                feeds: BTreeMap::from([(head.feed, Served::Bytes([good, bad].concat()))]),
                heads: vec![head],
                ..Play::default()
            }
        },
        Sees::Forked,
    ),
    case(
        "signed by a key that nobody certified",
        |h| {
            let (operation, mut entries) = h.raises();
            entries.pop();
            let stranger = Signer::from_seed([9; 32]);
            let head = entries[1].head();
            entries.push(signed(
                &stranger,
                &head,
                "operation.objective_set",
                MARK.as_bytes(),
                operation.0,
                2,
            ));
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
            let all = entries.iter().flat_map(Entry::encode).collect();
            Play {
                feeds: BTreeMap::from([(head.feed, Served::Bytes(all))]),
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
                feeds: BTreeMap::from([(head.feed, Served::Bytes(other))]),
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
            let all = entries.iter().flat_map(Entry::encode).collect();
            Play {
                feeds: BTreeMap::from([(head.feed, Served::Bytes(all))]),
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
            let told = h.signs(
                std::slice::from_ref(&opening),
                "operation.command_taken",
                MARK.as_bytes(),
                h.joint.0,
            );
            feed(vec![opening, told])
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
        Sees::Asked,
    ),
    case(
        "a version that leaves out a thousand",
        |h| {
            let (operation, mut entries) = h.raises();
            let last = entries.pop().unwrap();
            let head = entries[1].head();
            entries.push(signed(
                &h.by_hand.signer,
                &head,
                "operation.objective_set",
                &last.plain,
                operation.0,
                1_000,
            ));
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
        "a header that ends early",
        |h| with_header(h, |header| header.truncate(60)),
        Sees::Trouble("is broken"),
    ),
    case(
        "identity entries that its root key did not sign",
        |h| {
            let stranger = Signer::from_seed([9; 32]);
            let mut entries = h.by_hand.identity.clone();
            let last = entries.last().unwrap().head();
            entries.push(signed(
                &stranger,
                &last,
                "identity.named",
                br#"{"name":"HOSTILE"}"#,
                [0; 16],
                0,
            ));
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
    case(
        "a frame that is four gigabytes long",
        |h| bytes(h, Served::Bytes(vec![0xFF; 64])),
        Sees::Trouble("is broken"),
    ),
    case(
        "a frame cut in the middle",
        |h| {
            let (_, entries) = h.raises();
            let mut all: Vec<u8> = entries.iter().flat_map(Entry::encode).collect();
            all.truncate(all.len() - 10);
            bytes(h, Served::Bytes(all))
        },
        Sees::Trouble("is broken"),
    ),
    case(
        "a page of HTML",
        |h| {
            bytes(
                h,
                Served::Bytes(b"<!doctype html><title>login</title>".to_vec()),
            )
        },
        Sees::Trouble("is broken"),
    ),
    case(
        "junk that says it is compressed",
        |h| {
            let junk: Vec<u8> = [0x1F, 0x8B, 8, 0]
                .into_iter()
                .chain((0..1_000).map(|n| n as u8))
                .collect();
            bytes(h, Served::With("content-encoding", "gzip", junk))
        },
        Sees::Trouble("is broken"),
    ),
    case(
        "an answer of ten megabytes",
        |h| bytes(h, Served::Bytes(vec![0; 10 << 20])),
        Sees::Trouble("longer than"),
    ),
    case(
        "an answer without end",
        |h| bytes(h, Served::Endless(vec![7; 65_536])),
        Sees::Trouble("longer than"),
    ),
    case(
        "an answer of one byte now and then",
        |h| bytes(h, Served::Drip),
        Sees::Asked,
    ),
    case("no answer", |h| bytes(h, Served::Silence), Sees::Asked),
    case(
        "a refusal of its own feed",
        |h| bytes(h, Served::Status(404, Vec::new())),
        Sees::Asked,
    ),
    case(
        "a fault at every question",
        |h| bytes(h, Served::Status(500, vec![b'x'; 1_000])),
        Sees::Trouble("refused it (500)"),
    ),
    case(
        "a refusal with an endless body",
        |h| bytes(h, Served::Status(503, vec![b'x'; 10 << 20])),
        Sees::Trouble("refused it (503)"),
    ),
    case(
        "a redirection to somebody else",
        |_| says(Served::Status(302, Vec::new())),
        Sees::Trouble("302"),
    ),
    case(
        "an empty answer in place of a vector",
        |_| says(Served::Bytes(Vec::new())),
        Sees::Trouble("no vector"),
    ),
    case(
        "a vector cut in the middle",
        |_| {
            let mut vector = wide(1).encode();
            vector.truncate(vector.len() - 7);
            says(Served::Bytes(answer(&vector)))
        },
        Sees::Trouble("no vector"),
    ),
    case(
        "a vector that names more feeds than it may",
        |_| {
            let mut vector = wide(1).encode();
            vector.extend(vec![0xFF; 72]);
            says(Served::Bytes(answer(&vector)))
        },
        Sees::Trouble("no vector"),
    ),
    case(
        "a vector that says everything twice",
        |_| {
            let one = wide(1).encode();
            says(Served::Bytes(answer(&[one.clone(), one].concat())))
        },
        Sees::Trouble("no vector"),
    ),
    case(
        "a greeting that is nested ten thousand deep",
        |_| {
            let mut greeting = nested(10_000);
            greeting.push(b'\n');
            greeting.extend(Vector::new().encode());
            says(Served::Bytes(greeting))
        },
        Sees::Trouble("no vector"),
    ),
    case(
        "a greeting without an end",
        |_| says(Served::Bytes(vec![b'{'; 3 << 20])),
        Sees::Trouble("no vector"),
    ),
    case(
        "a vector of twenty thousand feeds that are not there",
        |_| says(Served::Bytes(answer(&wide(1).encode()))),
        Sees::Asked,
    ),
    case(
        "entries without end, as far as it says",
        |_| says(Served::Bytes(answer(&wide(u64::MAX).encode()))),
        Sees::Asked,
    ),
    case(
        "an honest feed held further than it goes",
        |h| {
            let own = h.theirs_of(|scope| matches!(scope, Scope::Operation(_)));
            let head = Head {
                seq: u64::MAX,
                hash: Hash::of(b"?"),
                feed: own[0].header.feed,
            };
            Play {
                heads: vec![head],
                ..Play::default()
            }
        },
        Sees::Asked,
    ),
    case(
        "another hash at the same height of an honest feed",
        |h| {
            let own = h.theirs_of(|scope| matches!(scope, Scope::Command(_)));
            let head = Head {
                hash: Hash::of(b"?"),
                ..own.last().unwrap().head()
            };
            Play {
                heads: vec![head],
                ..Play::default()
            }
        },
        Sees::Asked,
    ),
    case(
        "answers at once, however long it may wait",
        |_| says(Served::Bytes(answer(&Vector::new().encode()))),
        Sees::Asked,
    ),
    case(
        "keys that open nothing",
        |h| {
            let wrong = serde_json::json!([{ "key": "11".repeat(16), "secret": "22".repeat(32) }]);
            keys(h, Served::Bytes(wrong.to_string().into_bytes()))
        },
        Sees::Asked,
    ),
    case(
        "keys nested ten thousand deep",
        |h| keys(h, Served::Bytes(nested(10_000))),
        Sees::Asked,
    ),
    case(
        "a hundred thousand keys that nobody asked for",
        |h| {
            let one = format!(
                r#"{{"key":"{}","secret":"{}"}}"#,
                "33".repeat(16),
                "44".repeat(32)
            );
            let all = format!("[{}]", vec![one; 20_000].join(","));
            keys(h, Served::Bytes(all.into_bytes()))
        },
        Sees::Asked,
    ),
    case(
        "an answer of ten megabytes in place of keys",
        |h| keys(h, Served::Bytes(vec![b' '; 10 << 20])),
        Sees::Trouble("longer than"),
    ),
    case(
        "a thousand operations at once",
        |h| {
            let mut play = Play::default();
            for _ in 0..100 {
                let raise = h.raises().1;
                let good = raise[..2].to_vec();
                play.feeds
                    .insert(good[0].header.feed, Served::Entries(good));
            }
            play
        },
        Sees::Asked,
    ),
    case(
        "an operation that closes and goes on",
        |h| {
            let (operation, mut entries) = h.raises();
            entries.pop();
            let close = OperationAction::StandDown {
                operation,
                reason: "done".parse().unwrap(),
            };
            let _ = h.makes(Action::Operation(close));
            let head = entries[1].head();
            entries.push(signed(
                &h.by_hand.signer,
                &head,
                "operation.closed",
                b"{}",
                operation.0,
                2,
            ));
            feed(entries)
        },
        Sees::Refused("body"),
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
    fn theirs_of(&self, scope: impl Fn(&Scope) -> bool) -> Vec<Entry> {
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

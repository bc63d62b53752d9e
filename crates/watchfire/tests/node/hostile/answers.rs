//! What the hostile member answers that is no entry at all, one attack each: bytes in place of frames, vectors that lie,
//! answers that never end, keys that open nothing.

use std::collections::BTreeMap;

use serde_json::json;
use watchfire_core::record::Action;
use watchfire_core::record::message::MessageAction;
use watchfire_feed::{Entry, Hash, Head, Scope, Vector};

use super::MARK;
use super::cases::{Case, Sees, case, nested};
use super::member::{Hostile, Play, Served, answer, greeted, now};

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

fn wide(seq: u64) -> Vector {
    wide_of(20_000, seq)
}

fn wide_of(feeds: u32, seq: u64) -> Vector {
    let mut vector = Vector::new();
    for number in 0..feeds {
        let hash = Hash::of(&number.to_be_bytes());
        let feed = watchfire_feed::FeedId(hash.0);
        vector.insert(Head { feed, seq, hash }).unwrap();
    }
    vector
}

/// Says that it holds many feeds, and gives nothing of them.
fn wide_says(seq: u64) -> Play {
    empty(answer(&wide(seq).encode()))
}

/// Answers this to the question for a vector, and gives nothing of what it names.
fn empty(vector: Vec<u8>) -> Play {
    Play {
        elsewhere: Some(Served::these(Vec::new())),
        ..says(Served::these(vector))
    }
}

/// Returns 103 MB of zeros as gzip: each step of 13 bits (a length of 258, a distance of 1) repeats the one literal.
pub(crate) fn bomb() -> Vec<u8> {
    let mut bits: Vec<bool> = vec![true, true, false];
    let huffman = |code: u32, length: u32| (0..length).rev().map(move |at| code >> at & 1 == 1);
    bits.extend(huffman(0x30, 8));
    for _ in 0..400_000 {
        bits.extend(huffman(0xC5, 8).chain(huffman(0, 5)));
    }
    bits.extend(huffman(0, 7));
    let mut bytes = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3];
    let packed = bits.chunks(8).map(|eight| {
        let set = eight.iter().enumerate().filter(|(_, bit)| **bit);
        set.fold(0, |byte, (at, _)| byte | 1 << at)
    });
    bytes.extend(packed);
    bytes
}

/// Lets the hostile one say something whose key must be asked for, and answers that with this.
fn keys(hostile: &mut Hostile, served: Served) -> Play {
    let say = MessageAction::Say {
        operation: hostile.joint,
        about: None,
        text: MARK.parse().unwrap(),
        break_silence: None,
    };
    hostile.does(Action::Message(say));
    Play {
        keys: Some(served),
        ..Play::default()
    }
}

/// Every attack that is an answer and no entry.
pub(crate) const ANSWERS: &[Case] = &[
    case(
        "a frame that is four gigabytes long",
        |h| bytes(h, Served::these(vec![0xFF; 64])),
        Sees::Trouble("is broken"),
    ),
    case(
        "a frame cut in the middle",
        |h| {
            let (_, entries) = h.raises();
            let mut all: Vec<u8> = entries.iter().flat_map(Entry::encode).collect();
            all.truncate(all.len() - 10);
            bytes(h, Served::these(all))
        },
        Sees::Trouble("is broken"),
    ),
    case(
        "a page of HTML",
        |h| {
            bytes(
                h,
                Served::these(b"<!doctype html><title>login</title>".to_vec()),
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
        "a hundred megabytes that were pressed together",
        |h| bytes(h, Served::With("content-encoding", "gzip", bomb())),
        Sees::Trouble("is broken"),
    ),
    case(
        "an answer of ten megabytes",
        |h| bytes(h, Served::these(vec![0; 10 << 20])),
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
        Sees::Stuck,
    ),
    case("no answer", |h| bytes(h, Served::Silence), Sees::Stuck),
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
        "a redirection to another of its doors",
        |_| says(Served::Elsewhere("/federation/v1/keys")),
        Sees::Trouble("302"),
    ),
    case(
        "a redirection to somebody else",
        |h| bytes(h, Served::Elsewhere("https://127.0.0.1:1/")),
        Sees::Trouble("302"),
    ),
    case(
        "an empty answer in place of a vector",
        |_| says(Served::these(Vec::new())),
        Sees::Trouble("no vector"),
    ),
    case(
        "a vector cut in the middle",
        |_| {
            let mut vector = wide(1).encode();
            vector.truncate(vector.len() - 7);
            says(Served::these(answer(&vector)))
        },
        Sees::Trouble("no vector"),
    ),
    case(
        "a vector that names more feeds than it may",
        |_| {
            let mut vector = wide(1).encode();
            vector.extend(vec![0xFF; 72]);
            says(Served::these(answer(&vector)))
        },
        Sees::Trouble("no vector"),
    ),
    case(
        "a vector that says everything twice",
        |_| {
            let one = wide(1).encode();
            says(Served::these(answer(&[one.clone(), one].concat())))
        },
        Sees::Trouble("no vector"),
    ),
    case(
        "a greeting that is nested ten thousand deep",
        |_| {
            let mut greeting = nested(10_000);
            greeting.push(b'\n');
            greeting.extend(Vector::new().encode());
            says(Served::these(greeting))
        },
        Sees::Trouble("no vector"),
    ),
    case(
        "a version of the program as long as a book",
        |_| {
            let version = MARK.repeat(100_000);
            let bytes = greeted(&version, now().0, &Vector::new().encode());
            says(Served::these(bytes))
        },
        Sees::Trouble("no vector"),
    ),
    case(
        "a clock at the beginning of all time",
        |_| empty(greeted("0.1.0", i64::MIN, &wide_of(1, 1).encode())),
        Sees::Shows("/line/clock_ahead_ms", "-9223372036"),
    ),
    case(
        "a clock at the end of all time",
        |_| empty(greeted("0.1.0", i64::MAX, &wide_of(1, 2).encode())),
        Sees::Shows("/line/clock_ahead_ms", "922337"),
    ),
    case(
        "a greeting without an end",
        |_| says(Served::these(vec![b'{'; 3 << 20])),
        Sees::Trouble("no vector"),
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
                elsewhere: Some(Served::these(Vec::new())),
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
                elsewhere: Some(Served::these(Vec::new())),
                ..Play::default()
            }
        },
        Sees::Asked,
    ),
    case(
        "answers at once, however long it may wait",
        |_| Play {
            restless: true,
            ..says(Served::these(answer(&Vector::new().encode())))
        },
        Sees::Asked,
    ),
    case(
        "keys that open nothing",
        |h| {
            let wrong = json!([{ "key": "11".repeat(16), "secret": "22".repeat(32) }]);
            keys(h, Served::these(wrong.to_string().into_bytes()))
        },
        Sees::Asked,
    ),
    case(
        "keys nested ten thousand deep",
        |h| keys(h, Served::these(nested(10_000))),
        Sees::Asked,
    ),
    case(
        "twenty thousand keys that nobody asked for",
        |h| {
            let one = format!(
                r#"{{"key":"{}","secret":"{}"}}"#,
                "33".repeat(16),
                "44".repeat(32)
            );
            let all = format!("[{}]", vec![one; 20_000].join(","));
            keys(h, Served::these(all.into_bytes()))
        },
        Sees::Asked,
    ),
    case(
        "an answer of ten megabytes in place of keys",
        |h| keys(h, Served::these(vec![b' '; 10 << 20])),
        Sees::Trouble("longer than"),
    ),
];

/// Attacks that are large, and after which everything takes longer: they come last.
pub(crate) const LARGE: &[Case] = &[
    case(
        "fifty operations at once",
        |h| {
            let mut play = Play::default();
            for _ in 0..50 {
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
        "a vector of twenty thousand feeds that are not there",
        |_| wide_says(1),
        Sees::Stuck,
    ),
    case(
        "entries without end, as far as it says",
        |_| wide_says(u64::MAX),
        Sees::Stuck,
    ),
];

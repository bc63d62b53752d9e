//! The test vectors of what nodes exchange beside entries: vectors of heads, what follows from two of
//! them, and proofs of forks. What must come of each is written here by hand. Start at [`vectors`].
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test program uses its own part of this"
)]

use serde::{Deserialize, Serialize};
use watchfire_feed::limits::VECTOR_FEEDS_MAX;
use watchfire_feed::{Entry, FeedId, ForkProof, Hash, Head, Range, Vector};

use super::raw::{Raw, signed_frame};
use super::{Writer, draft, head};

#[derive(Serialize, Deserialize)]
pub struct VectorVector {
    pub name: String,
    pub bytes: String,
    pub reason: String,
    pub heads: Vec<Head>,
    pub digest: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub struct PlanVector {
    pub name: String,
    pub ours: String,
    pub theirs: String,
    pub pull: Vec<RangeVector>,
    pub behind: Vec<RangeVector>,
    pub suspect: Vec<FeedId>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct RangeVector {
    pub feed: FeedId,
    pub from: u64,
    pub to: u64,
}

#[derive(Serialize, Deserialize)]
pub struct ForkVector {
    pub name: String,
    pub feed: String,
    pub bytes: String,
    pub reason: String,
}

impl From<&Range> for RangeVector {
    fn from(range: &Range) -> RangeVector {
        let &Range { feed, from, to } = range;
        RangeVector { feed, from, to }
    }
}

const OURS: &str = "what the fire brigade holds";
const THEIRS: &str = "what the police hold";
const NOTHING: &str = "nothing";

fn feed(byte: u8) -> FeedId {
    FeedId([byte; 32])
}

/// Returns vectors that are valid, and bytes that are not one.
pub fn vectors() -> Vec<VectorVector> {
    let ours = [
        head(feed(1), 5, 1),
        head(feed(2), 5, 1),
        head(feed(3), 5, 1),
        head(feed(4), 5, 1),
        head(feed(5), u64::MAX, 1),
    ];
    let theirs = [
        head(feed(0), 3, 1),
        head(feed(2), 5, 1),
        head(feed(3), 5, 2),
        head(feed(4), 9, 1),
        head(feed(5), u64::MAX - 1, 1),
    ];
    let mut all = vec![
        valid(NOTHING, &[]),
        valid(OURS, &ours),
        valid(THEIRS, &theirs),
    ];
    let two = bytes(&[head(feed(1), 1, 1), head(feed(2), 2, 2)]);
    let (start, first, second) = (&two[..8], &two[8..80], &two[80..]);
    let mut invalid = |name: &str, reason: &str, parts: &[&[u8]]| {
        all.push(VectorVector {
            name: name.to_owned(),
            bytes: hex::encode(parts.concat()),
            reason: reason.to_owned(),
            heads: Vec::new(),
            digest: None,
        });
    };
    invalid("no bytes at all", "truncated", &[]);
    invalid("cut inside the magic", "truncated", &[b"XYZ"]);
    invalid("another magic", "bad_vector", &[b"WFV2"]);
    invalid("cut inside the count", "truncated", &[&two[..7]]);
    invalid("cut inside a head", "truncated", &[&two[..151]]);
    invalid("a byte too many", "bad_vector", &[&two, b"x"]);
    invalid("descending", "bad_vector", &[start, second, first]);
    invalid("one feed twice", "bad_vector", &[start, first, first]);
    let none = [feed(3).0.as_slice(), &[0; 40]].concat();
    invalid("a head of no entry", "bad_vector", &[start, first, &none]);
    let most = (VECTOR_FEEDS_MAX as u32).to_be_bytes();
    invalid("20,000 feeds, without them", "truncated", &[b"WFV1", &most]);
    let past = (VECTOR_FEEDS_MAX as u32 + 1).to_be_bytes();
    invalid("20,001 feeds", "too_large", &[b"WFV1", &past]);
    all
}

fn bytes(heads: &[Head]) -> Vec<u8> {
    vector(heads).encode()
}

fn vector(heads: &[Head]) -> Vector {
    let mut vector = Vector::new();
    for head in heads {
        vector.insert(*head).expect("a few feeds");
    }
    vector
}

fn valid(name: &str, heads: &[Head]) -> VectorVector {
    let vector = vector(heads);
    VectorVector {
        name: name.to_owned(),
        bytes: hex::encode(vector.encode()),
        reason: "ok".to_owned(),
        heads: heads.to_vec(),
        digest: Some(vector.digest().to_string()),
    }
}

/// Returns what follows from two of the vectors.
pub fn plans() -> Vec<PlanVector> {
    let range = |byte: u8, from: u64, to: u64| RangeVector {
        feed: feed(byte),
        from,
        to,
    };
    let last = || range(5, u64::MAX, u64::MAX);
    let plan = |ours: &str, theirs: &str, pull, behind, suspect: &[FeedId]| PlanVector {
        name: format!("{ours}, beside {theirs}"),
        ours: ours.to_owned(),
        theirs: theirs.to_owned(),
        pull,
        behind,
        suspect: suspect.to_vec(),
    };
    let mine = || vec![range(1, 1, 5), last()];
    let yours = || vec![range(0, 1, 3), range(4, 6, 9)];
    let all: Vec<RangeVector> = (1..5)
        .map(|byte| range(byte, 1, 5))
        .chain([range(5, 1, u64::MAX)])
        .collect();
    vec![
        plan(OURS, THEIRS, yours(), mine(), &[feed(3)]),
        plan(THEIRS, OURS, mine(), yours(), &[feed(3)]),
        plan(OURS, OURS, Vec::new(), Vec::new(), &[]),
        plan(OURS, NOTHING, Vec::new(), all, &[]),
    ]
}

const FIRE: &str = "fire";
const FIRE_SEED: u8 = 1;

/// Returns proofs that the fire brigade's feed forked, and bytes that prove nothing.
pub fn forks() -> Vec<ForkVector> {
    let (mut fire, _) = Writer::opened(FIRE_SEED);
    let (mut twin, _) = Writer::opened(FIRE_SEED);
    let one = fire.write(draft("call.received", br#"{"n":1}"#, b"sealed caller"));
    let other = twin.write(draft("call.received", br#"{"n":2}"#, b"sealed caller"));
    let next = fire.write(draft("call.closed", b"{}", b""));
    let proof = |one: &Entry, other: &Entry| {
        let proof = ForkProof::new(&fire.feed.key, one.clone(), other.clone());
        proof.expect("is a fork")
    };
    let whole = proof(&one, &other);
    let (first, second) = (whole.one.encode(), whole.other.encode());
    let mut erased = other.clone();
    erased.erase_sealed();
    let erased = proof(&one, &erased);
    let fork = |name: &str, reason: &str, parts: &[&[u8]]| ForkVector {
        name: name.to_owned(),
        feed: FIRE.to_owned(),
        bytes: hex::encode(parts.concat()),
        reason: reason.to_owned(),
    };
    let mut forged = whole.clone();
    forged.one.signature[0] ^= 1;
    let mut altered = whole.clone();
    altered.other.plain[0] ^= 1;
    let [strange, stranger] = by_a_stranger(&whole);
    let framed = by_a_stranger_in_its_name(&whole);
    vec![
        fork("two entries in one place", "ok", &[&whole.encode()]),
        fork("the same, one erased", "ok", &[&erased.encode()]),
        fork("no bytes at all", "truncated", &[]),
        fork("one entry", "truncated", &[&first]),
        fork("cut", "truncated", &[&first, &second[..second.len() - 1]]),
        fork(
            "a byte too many",
            "bad_fork_proof",
            &[&first, &second, b"x"],
        ),
        fork(
            "the higher hash first",
            "bad_fork_proof",
            &[&second, &first],
        ),
        fork("one entry twice", "bad_fork_proof", &[&first, &first]),
        fork(
            "two places",
            "bad_fork_proof",
            &[&one.encode(), &next.encode()],
        ),
        fork("a forged signature", "bad_signature", &[&forged.encode()]),
        fork("an altered body", "body_mismatch", &[&altered.encode()]),
        fork("another feed's", "wrong_feed", &[&strange, &stranger]),
        fork("signed by another in its name", "bad_signature", &[&framed]),
    ]
}

/// The same fork of another node's feed.
fn by_a_stranger(whole: &ForkProof) -> [Vec<u8>; 2] {
    let feed = Writer::local(2).feed;
    signed_by_a_stranger(whole, feed.id())
}

/// A stranger's entries that name the fire brigade's feed.
fn by_a_stranger_in_its_name(whole: &ForkProof) -> Vec<u8> {
    signed_by_a_stranger(whole, whole.feed()).concat()
}

fn signed_by_a_stranger(whole: &ForkProof, feed: FeedId) -> [Vec<u8>; 2] {
    let frame = |entry: &Entry| {
        let mut raw = Raw::of(entry).with_body(&entry.plain, b"");
        raw.feed = feed.0;
        let header = raw.bytes();
        (Hash::of(&header), signed_frame(2, &header, 0, &entry.plain))
    };
    let mut frames = [frame(&whole.one), frame(&whole.other)];
    frames.sort();
    frames.map(|(_, frame)| frame)
}

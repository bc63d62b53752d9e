//! Any bytes at all, given to every decoder: none panics, and none takes more memory than the bytes
//! that are there allow, whatever sizes they claim. The bytes are drawn at random, or are valid ones
//! cut, flipped, spliced and given the numbers that hurt. What must hold is in `common/decoders.rs`,
//! which the fuzz targets share.

mod common;

use std::collections::BTreeMap;

use common::decoders::{self, KINDS, identity_case};
use common::draws::check;
use common::vectors::{Vectors, all};
use proptest::prelude::*;
use watchfire_feed::limits::{BODY_MAX_BYTES, VECTOR_FEEDS_MAX, VECTOR_MAX_BYTES};
use watchfire_feed::{
    Entry, FeedId, ForkProof, Hash, Head, Identity, IdentityEvent, SealedBody, Vector,
};

/// One decoder: what must hold of any bytes, and the decoding alone with what it may take.
struct Decoder {
    holds: fn(&[u8]),
    decode: fn(&[u8]),
    /// Most bytes of memory, for each byte given and for all.
    per_byte: u64,
    flat: u64,
}

// A header's deps and kind come on top of the bytes copied; the lists of a JSON body hold more than
// the bytes that spell them, and a growing list is in memory twice.
const FRAME: Decoder = Decoder {
    holds: decoders::frame,
    decode: |bytes| drop(Entry::decode(bytes)),
    per_byte: 2,
    flat: 16_384,
};
const HEADER: Decoder = Decoder {
    holds: decoders::header,
    decode: |bytes| {
        let parts = Entry::from_parts(bytes.to_vec(), [0; 64], Vec::new(), SealedBody::None);
        drop(parts);
    },
    per_byte: 2,
    flat: 16_384,
};
const IDENTITY: Decoder = Decoder {
    holds: decoders::identity,
    decode: |bytes| {
        // What it takes to make the entry is not the decoder's; it is the bytes and a header.
        if let Some((entry, _)) = identity_case(bytes) {
            drop(IdentityEvent::of(&entry));
        }
    },
    per_byte: 24,
    flat: 16_384,
};
const VECTOR: Decoder = Decoder {
    holds: decoders::vector,
    decode: |bytes| drop(Vector::decode(bytes)),
    per_byte: 3,
    flat: 4_096,
};
const FORK_PROOF: Decoder = Decoder {
    holds: decoders::fork_proof,
    decode: |bytes| drop(ForkProof::decode(bytes)),
    per_byte: 2,
    flat: 32_768,
};

impl Decoder {
    fn judge(&self, bytes: &[u8]) {
        (self.holds)(bytes);
        let most = self.flat + self.per_byte * bytes.len() as u64;
        let taken = allocation_counter::measure(|| (self.decode)(bytes)).bytes_max;
        assert!(taken <= most, "{taken} bytes taken for {}", bytes.len());
    }

    /// Judges bytes drawn at random, and these with changes.
    fn judge_all(&self, seed: u8, cases: u32, valid: &[Vec<u8>]) {
        for bytes in valid {
            self.judge(bytes);
            for cut in 0..bytes.len().min(400) {
                self.judge(&bytes[..cut]);
            }
        }
        let any = prop::collection::vec(any::<u8>(), 0..600);
        check(seed, cases, any, |bytes| self.judge(&bytes));
        let which = 0..valid.len();
        let strategy = (which.clone(), which, changes());
        check(seed + 1, cases * 4, strategy, |(one, other, changes)| {
            let mut bytes = valid[one].clone();
            for change in changes {
                change.make(&mut bytes, &valid[other]);
            }
            self.judge(&bytes);
        });
    }
}

/// One way to damage bytes; places are shares of the length.
#[derive(Debug, Clone)]
enum Change {
    Flip(u16, u8),
    Put(u16, Vec<u8>),
    Insert(u16, Vec<u8>),
    Remove(u16, u16),
    Cut(u16),
    Splice(u16, u16),
}

impl Change {
    fn make(self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = |share: u16, length: usize| usize::from(share) * length / (1 << 16);
        let length = bytes.len();
        match self {
            Change::Flip(share, bit) if length > 0 => bytes[at(share, length)] ^= 1 << (bit % 8),
            Change::Flip(..) => (),
            Change::Put(share, new) => {
                let from = at(share, length);
                for (place, byte) in bytes[from..].iter_mut().zip(new) {
                    *place = byte;
                }
            }
            Change::Insert(share, new) => {
                let from = at(share, length + 1);
                bytes.splice(from..from, new);
            }
            Change::Remove(one, other) => {
                let (one, other) = (at(one, length), at(other, length));
                bytes.drain(one.min(other)..one.max(other));
            }
            Change::Cut(share) => bytes.truncate(at(share, length)),
            Change::Splice(mine, yours) => {
                bytes.truncate(at(mine, length));
                bytes.extend_from_slice(&other[at(yours, other.len())..]);
            }
        }
    }
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    // Sizes, counts and characters that a decoder may trip over.
    let telling: [&[u8]; 17] = [
        &[0xff; 4],
        &[0; 4],
        &[0x7f, 0xff, 0xff, 0xff],
        &[0, 0, 0x10, 0x00],
        &[0, 0, 0x10, 0x01],
        &[0, 1, 0, 0],
        &[0xff; 8],
        &[0; 32],
        b"\"",
        b"\\u0000",
        b"\\ud800",
        b"[[[[[[[[",
        b"{\"a\":",
        b"-0",
        b"1e999",
        b"18446744073709551616",
        b",\"\"",
    ];
    let telling: Vec<Vec<u8>> = telling.iter().map(|bytes| bytes.to_vec()).collect();
    let new = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..9),
        prop::sample::select(telling)
    ];
    let share = any::<u16>;
    let change = prop_oneof![
        (share(), any::<u8>()).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (share(), new.clone()).prop_map(|(at, new)| Change::Put(at, new)),
        (share(), new).prop_map(|(at, new)| Change::Insert(at, new)),
        (share(), share()).prop_map(|(one, other)| Change::Remove(one, other)),
        share().prop_map(Change::Cut),
        (share(), share()).prop_map(|(mine, yours)| Change::Splice(mine, yours)),
    ];
    prop::collection::vec(change, 1..5)
}

fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text).expect("a vector holds hex")
}

/// Every frame of the test vectors, valid ones and others.
fn frames(vectors: &Vectors) -> Vec<Vec<u8>> {
    let valid = vectors.valid.iter().map(|it| &it.frame);
    let invalid = vectors.invalid.iter().map(|it| &it.frame);
    let taken = vectors.identities.iter().flat_map(|it| &it.entries);
    let taken = taken.map(|it| &it.frame);
    let all = valid.chain(invalid).chain(taken);
    // Long ones would only make the test slow.
    all.map(|it| unhex(it))
        .filter(|it| it.len() < 2_000)
        .collect()
}

#[test]
fn any_bytes_as_a_frame() {
    FRAME.judge_all(20, 3_000, &frames(&all()));
}

#[test]
fn any_bytes_as_a_header() {
    let headers: Vec<Vec<u8>> = frames(&all())
        .iter()
        .filter_map(|frame| Entry::decode(frame).ok())
        .map(|(entry, _)| entry.header_bytes)
        .collect();
    HEADER.judge_all(30, 3_000, &headers);
}

#[test]
fn any_bytes_as_what_an_identity_says() {
    let said: Vec<Vec<u8>> = common::identity_vectors::bodies()
        .iter()
        .map(|(kind, plain, _)| {
            let kind = KINDS.iter().position(|it| it == kind);
            let kind = kind.expect("is one of the kinds") as u8;
            [&[kind], plain.as_bytes()].concat()
        })
        .collect();
    IDENTITY.judge_all(40, 5_000, &said);
}

#[test]
fn the_longest_bodies_as_what_an_identity_says() {
    let filled = |start: &str, middle: &str, end: &str| {
        let room = BODY_MAX_BYTES - start.len() - end.len();
        let middles = middle.repeat(room / middle.len());
        [start, &middles, end].concat().into_bytes()
    };
    let head = format!(r#"{{"feed":"{0}","seq":1,"hash":"{0}"}},"#, "01".repeat(32));
    let bodies = [
        filled(r#"{"addresses":[""#, r#"",""#, r#""]}"#),
        filled(r#"{"epoch":1,"cause":"fork","heads":["#, &head, "1]}"),
        filled(r#"{"certificate":""#, "ff", r#"","not_after_ms":1}"#),
        filled(r#"{"name":""#, "\\n", r#""}"#),
        filled(r#"{"name":"#, "[", ""),
        filled(r#"{"name":"#, r#"{"a":"#, ""),
    ];
    for plain in bodies {
        for kind in 0..KINDS.len() as u8 {
            IDENTITY.judge(&[&[kind], plain.as_slice()].concat());
        }
    }
}

#[test]
fn any_bytes_as_a_vector() {
    let mut vectors: Vec<Vec<u8>> = all().vectors.iter().map(|it| unhex(&it.bytes)).collect();
    vectors.push(Vector::new().encode());
    VECTOR.judge_all(50, 3_000, &vectors);
}

#[test]
fn the_longest_vector_takes_no_more_than_its_share() {
    let mut vector = Vector::new();
    for number in 0..VECTOR_FEEDS_MAX as u64 {
        let mut feed = [0; 32];
        feed[..8].copy_from_slice(&number.to_be_bytes());
        let feed = FeedId(feed);
        let (seq, hash) = (u64::MAX, Hash([0xff; 32]));
        vector.insert(Head { feed, seq, hash }).unwrap();
    }
    let bytes = vector.encode();
    assert_eq!(bytes.len(), VECTOR_MAX_BYTES);
    VECTOR.judge(&bytes);
    VECTOR.judge(&bytes[..bytes.len() - 1]);
}

#[test]
fn any_bytes_as_a_fork_proof() {
    let proofs: Vec<Vec<u8>> = all().forks.iter().map(|it| unhex(&it.bytes)).collect();
    FORK_PROOF.judge_all(60, 3_000, &proofs);
}

/// Signed by the root and in its place, so that what the entries say is reached: any of the bodies,
/// damaged or not, in any order.
#[test]
fn any_bodies_signed_by_the_root() {
    let bodies = common::identity_vectors::bodies();
    let step = (0..bodies.len(), prop::option::weighted(0.3, changes()));
    let steps = prop::collection::vec(step, 1..30);
    check(70, 150, steps, |steps| {
        let mut root = common::Root::new(5);
        let mut taken = vec![root.identity.clone()];
        for (which, changes) in steps {
            let (kind, plain, _) = &bodies[which];
            let mut plain = plain.clone().into_bytes();
            for change in changes.into_iter().flatten() {
                change.make(&mut plain, b"{}");
            }
            let draft = watchfire_feed::Draft {
                plain,
                ..common::identity_vectors::identity_draft(kind, "")
            };
            let head = root.identity.head();
            let entry = watchfire_feed::sign(&root.signer, &head, draft).unwrap();
            if root.identity.take(&entry).is_ok() {
                root.entries.push(entry);
                taken.push(root.identity.clone());
            } else {
                assert_eq!(
                    Some(&root.identity),
                    taken.last(),
                    "a refusal changes nothing"
                );
            }
        }
        let mut again = Identity::begin(&root.entries[0]).unwrap();
        let mut seen = BTreeMap::new();
        for (entry, expected) in root.entries.iter().skip(1).zip(&taken[1..]) {
            again.take(entry).unwrap();
            assert_eq!(&again, expected);
            seen.insert(again.head().seq, again.head().hash);
        }
        assert_eq!(seen.len() + 1, taken.len());
    });
}

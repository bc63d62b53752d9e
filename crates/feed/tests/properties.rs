//! What must hold for all entries and all bytes. Cases are drawn from the seed that each test prints;
//! a failing run prints the smallest case that fails, too.

mod common;

use common::{Writer, draft};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use watchfire_feed::{
    Chain, Draft, Entry, FeedError, FeedId, Hash, Head, HybridClock, HybridTime, SealedBody, sign,
};

/// Runs one property from a fixed seed, so that every failure can be replayed.
#[allow(
    clippy::print_stdout,
    reason = "a failure must be replayable from what it printed"
)]
fn check<S: Strategy>(seed: u8, cases: u32, strategy: S, property: impl Fn(S::Value)) {
    println!("seed {seed}, {cases} cases");
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let run = TestRunner::new_with_rng(config, rng).run(&strategy, |value| {
        property(value);
        Ok(())
    });
    if let Err(failure) = run {
        panic!("seed {seed}: {failure}");
    }
}

#[derive(Debug, Clone)]
struct AnyDraft {
    kind: String,
    numbers: (u16, u64, u64),
    critical: bool,
    record: [u8; 16],
    deps: Vec<Head>,
    plain: Vec<u8>,
    sealed: Vec<u8>,
}

impl AnyDraft {
    fn draft(&self) -> Draft<'_> {
        Draft {
            kind: &self.kind,
            kind_version: self.numbers.0,
            critical: self.critical,
            record: self.record,
            record_version: self.numbers.1,
            time: HybridTime(self.numbers.2),
            deps: &self.deps,
            plain: self.plain.clone(),
            sealed: self.sealed.clone(),
        }
    }
}

fn any_draft() -> impl Strategy<Value = AnyDraft> {
    let letters = prop::sample::select(b"abcxyz0189_.".to_vec());
    let kind = prop::collection::vec(letters, 1..=48)
        .prop_map(|bytes| String::from_utf8(bytes).expect("letters are ASCII"))
        .prop_filter("is not the opening", |kind| kind != "feed.opened");
    let deps = prop::collection::btree_map(any::<[u8; 32]>(), (1_u64.., any::<[u8; 32]>()), 0..=32)
        .prop_map(|deps| {
            let head = |(feed, (seq, hash))| Head {
                feed: FeedId(feed),
                seq,
                hash: Hash(hash),
            };
            deps.into_iter().map(head).collect()
        });
    let bytes = || prop::collection::vec(any::<u8>(), 0..600);
    let rest = (any::<(u16, u64, u64)>(), any::<bool>(), any::<[u8; 16]>());
    (kind, rest, deps, bytes(), bytes()).prop_map(
        |(kind, (numbers, critical, record), deps, plain, sealed)| AnyDraft {
            kind,
            numbers,
            critical,
            record,
            deps,
            plain,
            sealed,
        },
    )
}

#[test]
fn every_entry_comes_back_as_it_was_written_whole_or_erased() {
    check(1, 200, any_draft(), |any| {
        let (mut writer, _) = Writer::opened(1);
        let before = writer.head;
        let entry = writer.write(any.draft());
        assert_eq!(entry.header.kind, any.kind);
        assert_eq!((&entry.plain, &entry.header.deps), (&any.plain, &any.deps));
        let mut erased = entry.clone();
        erased.erase_sealed();
        assert_eq!(erased.sealed == SealedBody::None, any.sealed.is_empty());
        for entry in [entry, erased] {
            let frame = entry.encode();
            let followed = [frame.as_slice(), b"next"].concat();
            assert_eq!(Entry::decode(&followed), Ok((entry.clone(), frame.len())));
            Chain::resume(&writer.feed, before)
                .accept(&entry)
                .expect("follows");
            let (header, plain) = (entry.header_bytes.clone(), entry.plain.clone());
            let parts = Entry::from_parts(header, entry.signature, plain, entry.sealed.clone());
            assert_eq!(parts, Ok(entry));
        }
    });
}

#[test]
fn every_single_flipped_bit_of_an_entry_is_noticed() {
    let (mut writer, _) = Writer::opened(1);
    let dep = Writer::opened(2).0.head;
    let deps = [dep];
    let full = writer.write(Draft {
        deps: &deps,
        ..draft("call.received", b"{}", b"sealed part")
    });
    let bare = writer.write(draft("k", b"{}", b""));
    let empty = writer.write(draft("k", b"", b""));
    let mut erased = full.clone();
    erased.erase_sealed();
    for entry in [full, bare, empty, erased] {
        let frame = entry.encode();
        for bit in 0..frame.len() * 8 {
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let verdict = Entry::decode(&flipped).and_then(|(it, _)| it.verify(&writer.feed.key));
            assert!(verdict.is_err(), "bit {} of byte {}", bit % 8, bit / 8);
        }
    }
}

#[test]
fn a_frame_cut_anywhere_asks_for_more_bytes_and_never_for_too_many() {
    let (mut writer, _) = Writer::opened(1);
    let frame = writer
        .write(draft("call.received", b"{}", b"sealed part"))
        .encode();
    for length in 0..frame.len() {
        match Entry::decode(&frame[..length]) {
            Err(FeedError::Truncated { needed, found }) => {
                assert!(found == length && needed > length && needed <= frame.len());
            }
            other => panic!("cut at {length}: {other:?}"),
        }
    }
}

#[test]
fn any_bytes_are_refused_without_a_panic_or_come_back_the_same() {
    let any_bytes = prop::collection::vec(any::<u8>(), 0..700);
    check(2, 2_000, any_bytes, |bytes| {
        let _ = Entry::decode(&bytes);
        let _ = Entry::from_parts(bytes.clone(), [0; 64], bytes, SealedBody::None);
    });
    // Bytes that get further: a valid frame with some of its bytes replaced.
    let (mut writer, _) = Writer::opened(1);
    let dep = Writer::opened(2).0.head;
    let deps = [dep];
    let frame = writer
        .write(Draft {
            deps: &deps,
            ..draft("k.k", b"{}", b"sealed")
        })
        .encode();
    let changes = prop::collection::vec((0..frame.len(), any::<u8>()), 1..6);
    check(3, 5_000, changes, |changes| {
        let mut changed = frame.clone();
        for (at, byte) in changes {
            changed[at] = byte;
        }
        if let Ok((entry, used)) = Entry::decode(&changed) {
            assert_eq!(
                entry.encode(),
                changed[..used],
                "re-encoding is the identity"
            );
            assert!(changed == frame || entry.verify(&writer.feed.key).is_err());
        }
    });
}

#[test]
fn a_signed_draft_is_valid_or_refused_but_never_a_surprise_to_readers() {
    let kind = prop::collection::vec(any::<char>(), 0..3);
    let dep = (any::<[u8; 32]>(), 0..3_u64);
    let deps = prop::collection::vec(dep, 0..4);
    check(4, 500, (kind, deps, 0..3_u64), |(kind, deps, seq)| {
        let (writer, _) = Writer::opened(1);
        let head = Head { seq, ..writer.head };
        let kind: String = kind.into_iter().collect();
        let deps: Vec<Head> = deps
            .into_iter()
            .map(|(feed, seq)| Head {
                feed: FeedId(feed),
                seq,
                hash: Hash(feed),
            })
            .collect();
        let draft = Draft {
            deps: &deps,
            ..draft(&kind, b"{}", b"")
        };
        if let Ok(entry) = sign(&writer.signer, &head, draft) {
            Chain::resume(&writer.feed, head)
                .accept(&entry)
                .expect("what is signed is taken");
        }
    });
}

#[test]
fn the_clock_goes_forward_whatever_it_is_told() {
    let step = (any::<bool>(), any::<i64>(), any::<u64>());
    let steps = prop::collection::vec(step, 1..60);
    check(5, 500, steps, |steps| {
        let mut clock = HybridClock::new(HybridTime::default());
        let mut last = HybridTime::default();
        for (observes, now_ms, remote) in steps {
            // Far from the end of the range, as all real time is.
            let (now_ms, remote) = (now_ms >> 18, HybridTime(remote >> 2));
            if observes {
                clock.observe(remote, now_ms);
                continue;
            }
            let time = clock.tick(now_ms);
            assert!(time > last, "{time} after {last}");
            assert!(i128::from(time.ms()) >= i128::from(now_ms));
            last = time;
        }
    });
}

//! What must hold for all entries and all bytes. Cases are drawn from the seed that each test prints;
//! a failing run prints the smallest case that fails, too.

mod common;

use std::collections::BTreeMap;

use common::draws::check;
use common::{Root, Writer, draft, key_certified};
use proptest::prelude::*;
use watchfire_feed::{
    Chain, ClosingCause, Draft, Entry, EpochKey, Feed, FeedError, FeedId, Hash, Head, HybridClock,
    HybridTime, IdentityEvent, Scope, SealedBody, Vector, plan, sign,
};

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

/// A small world: three keys, three epochs, two feeds of each, few places. So histories meet.
fn any_identity_event() -> impl Strategy<Value = IdentityEvent> {
    let head = (0..18_usize, 1..6_u64, 0..2_u8);
    let heads = prop::collection::vec(head, 0..4).prop_map(|heads| {
        let feeds = small_feeds();
        let of = |(feed, seq, hash): (usize, u64, u8)| head_of(&feeds[feed], seq, hash);
        let heads: BTreeMap<FeedId, Head> = heads
            .into_iter()
            .map(of)
            .map(|head| (head.feed, head))
            .collect();
        heads.into_values().collect()
    });
    let causes = [ClosingCause::Rotation, ClosingCause::Restore];
    let closed = (1..4_u32, prop::sample::select(causes.to_vec()), heads);
    prop_oneof![
        4 => (1..4_u32, 1..4_u8).prop_map(|(epoch, seed)| key_certified(epoch, seed)),
        4 => closed.prop_map(|(epoch, cause, heads)| IdentityEvent::EpochClosed {
            epoch,
            cause,
            heads,
        }),
        2 => (0..4_u8).prop_map(|byte| IdentityEvent::AnchorCertified {
            certificate: vec![byte],
            not_after_ms: 1,
        }),
        2 => (0..4_u8).prop_map(|byte| IdentityEvent::AnchorWithdrawn {
            sha256: Hash::of(&[byte]),
        }),
        1 => Just(IdentityEvent::Revoked { reason: "over".to_owned() }),
    ]
}

fn small_feeds() -> Vec<Feed> {
    let root = Root::new(1);
    let scopes = [Scope::Local, Scope::Operation([1; 16])];
    let of = |(seed, epoch)| scopes.map(|scope| root.feed(seed, scope, epoch));
    (1..4)
        .flat_map(|seed| (1..4).map(move |epoch| (seed, epoch)))
        .flat_map(of)
        .collect()
}

fn head_of(feed: &Feed, seq: u64, hash: u8) -> Head {
    common::head(feed.id(), seq, hash)
}

#[test]
fn an_identity_takes_back_no_answer_that_was_final() {
    let feeds = small_feeds();
    let questions: Vec<(Feed, Head)> = feeds
        .iter()
        .flat_map(|feed| (1..7).map(move |seq| (feed, seq)))
        .flat_map(|(feed, seq)| [0, 1].map(|hash| (*feed, head_of(feed, seq, hash))))
        .collect();
    let events = prop::collection::vec(any_identity_event(), 1..25);
    check(6, 150, events, |events| {
        let mut root = Root::new(1);
        let mut finally = BTreeMap::new();
        for event in events {
            let before = root.identity.clone();
            if root.say(&event).is_err() {
                assert_eq!(root.identity, before, "a refusal changes nothing");
                continue;
            }
            assert!(root.identity.anchors().len() <= 2);
            let open = |it: &&EpochKey| it.closed.is_none();
            assert!(root.identity.keys().values().filter(open).count() <= 1);
            for (feed, head) in &questions {
                let answer = root.identity.may_take(feed, head);
                let closed = root.identity.keys().get(&feed.epoch);
                let closed = closed.is_some_and(|key| key.closed.is_some());
                let last = match answer {
                    Ok(()) => closed,
                    Err(why) => why.is_permanent(),
                };
                if let Some(expected) = finally.get(head) {
                    assert_eq!(answer.is_ok(), *expected, "{feed:?} {head:?}");
                } else if last {
                    finally.insert(*head, answer.is_ok());
                }
            }
        }
    });
}

fn any_vector() -> impl Strategy<Value = Vec<Head>> {
    let head = (0..12_u8, 0..5_u64, 0..3_u8);
    let head = head.prop_map(|(feed, seq, hash)| common::head(FeedId([feed; 32]), seq, hash));
    prop::collection::vec(head, 0..12)
}

fn vector(heads: &[Head]) -> Vector {
    let mut vector = Vector::new();
    for head in heads {
        vector.insert(*head).expect("a few feeds");
    }
    vector
}

#[test]
fn two_vectors_that_follow_their_plan_agree_but_for_what_is_suspect() {
    check(7, 2_000, (any_vector(), any_vector()), |(ours, theirs)| {
        let (mut ours, mut theirs) = (vector(&ours), vector(&theirs));
        assert_eq!(Vector::decode(&ours.encode()), Ok(ours.clone()));
        assert_eq!(ours == theirs, ours.digest() == theirs.digest());
        let agreed = plan(&ours, &theirs);
        let mirrored = plan(&theirs, &ours);
        assert_eq!(
            (&agreed.pull, &agreed.behind, &agreed.suspect),
            (&mirrored.behind, &mirrored.pull, &mirrored.suspect)
        );
        assert_eq!(agreed.is_empty(), ours == theirs);
        let (our, their) = (ours.clone(), theirs.clone());
        for (ranges, from, to) in [
            (&agreed.pull, their, &mut ours),
            (&agreed.behind, our, &mut theirs),
        ] {
            for range in ranges {
                let held = to.get(range.feed).map_or(0, |head| head.seq);
                assert_eq!(held + 1, range.from);
                let head = from.get(range.feed).expect("has what it offers");
                assert_eq!(head.seq, range.to);
                to.insert(head).expect("a few feeds");
            }
        }
        let after = plan(&ours, &theirs);
        assert!(after.pull.is_empty() && after.behind.is_empty());
        assert_eq!(after.suspect, agreed.suspect);
    });
}

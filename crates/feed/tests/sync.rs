//! What two nodes find out from each other's vectors, and what proves a fork to a third.

mod common;

use std::collections::BTreeMap;

use common::raw::{Raw, signed_frame};
use common::{Writer, draft, head};
use watchfire_feed::limits::{FORK_PROOF_MAX_BYTES, VECTOR_FEEDS_MAX, VECTOR_MAX_BYTES};
use watchfire_feed::{
    Chain, Entry, FeedError, FeedId, ForkProof, Hash, Head, HeadCheck, Range, Vector, check_head,
    plan,
};

fn feed(byte: u8) -> FeedId {
    FeedId([byte; 32])
}

fn vector(heads: &[Head]) -> Vector {
    let mut vector = Vector::new();
    for head in heads {
        vector.insert(*head).expect("a few feeds");
    }
    vector
}

fn range(byte: u8, from: u64, to: u64) -> Range {
    let feed = feed(byte);
    Range { feed, from, to }
}

#[test]
fn each_side_learns_what_it_lacks_and_what_the_other_does() {
    let ours = vector(&[
        head(feed(1), 5, 1),
        head(feed(2), 5, 1),
        head(feed(3), 5, 1),
        head(feed(4), 5, 1),
        head(feed(5), 5, 1),
    ]);
    let theirs = vector(&[
        head(feed(0), 3, 1),
        head(feed(2), 5, 1),
        head(feed(3), 5, 2),
        head(feed(4), 9, 1),
        head(feed(5), 2, 1),
    ]);
    let found = plan(&ours, &theirs);
    assert_eq!(found.pull, [range(0, 1, 3), range(4, 6, 9)]);
    assert_eq!(found.behind, [range(1, 1, 5), range(5, 3, 5)]);
    assert_eq!(found.suspect, [feed(3)]);
    assert!(plan(&ours, &ours).is_empty() && !found.is_empty());

    let mirrored = plan(&theirs, &ours);
    assert_eq!(mirrored.pull, found.behind);
    assert_eq!(mirrored.behind, found.pull);
    assert_eq!(mirrored.suspect, found.suspect);
}

#[test]
fn a_feed_at_its_last_number_is_planned_like_any_other() {
    let ours = vector(&[head(feed(1), u64::MAX - 1, 1)]);
    let theirs = vector(&[head(feed(1), u64::MAX, 2)]);
    let last = range(1, u64::MAX, u64::MAX);
    assert_eq!(plan(&ours, &theirs).pull, [last]);
    assert_eq!(plan(&theirs, &ours).behind, [last]);
}

#[test]
fn a_lower_head_on_another_history_is_seen_by_whoever_holds_that_place() {
    let ours = vector(&[
        head(feed(1), 9, 9),
        head(feed(2), 9, 9),
        head(feed(3), 9, 9),
        head(feed(4), 9, 9),
        head(feed(5), 9, 9),
    ]);
    let theirs = vector(&[
        head(feed(1), 4, 4),
        head(feed(2), 4, 5),
        head(feed(3), 4, 5),
        head(feed(5), 9, 8),
    ]);
    // Of feed 3 the older entries are no longer at hand.
    let hash_at = |of: FeedId, seq: u64| {
        let there = of != feed(3) && seq == 4;
        there.then_some(Hash([4; 32]))
    };
    let mut found = plan(&ours, &theirs);
    assert_eq!(found.suspect, [feed(5)]);
    found.judge_behind(&theirs, hash_at);
    assert_eq!(found.suspect, [feed(2), feed(5)]);
    assert_eq!(
        found.behind,
        [range(1, 5, 9), range(3, 5, 9), range(4, 1, 9)]
    );

    let check = |byte: u8, hash: u8| check_head(&head(feed(byte), 4, hash), hash_at);
    assert_eq!(check(1, 4), HeadCheck::Same);
    let held = Hash([4; 32]);
    assert_eq!(check(1, 5), HeadCheck::Fork { held });
    assert_eq!(check(3, 4), HeadCheck::NotHeld);
}

#[test]
fn a_vector_is_a_map_and_a_head_of_no_entry_is_no_feed() {
    let mut vector = vector(&[head(feed(2), 2, 2), head(feed(1), 1, 1)]);
    assert_eq!(vector.get(feed(2)), Some(head(feed(2), 2, 2)));
    vector.insert(head(feed(2), 3, 3)).unwrap();
    assert_eq!(vector.get(feed(2)), Some(head(feed(2), 3, 3)));
    let heads: Vec<Head> = vector.iter().collect();
    assert_eq!(heads, [head(feed(1), 1, 1), head(feed(2), 3, 3)]);
    for byte in [1, 2, 3] {
        vector.insert(Head::start(feed(byte))).unwrap();
    }
    assert!(vector.is_empty());
    assert_eq!((vector.len(), vector.get(feed(1))), (0, None));
}

#[test]
fn the_digest_tells_vectors_apart_and_not_how_they_were_made() {
    let (one, two) = (head(feed(1), 1, 1), head(feed(2), 2, 2));
    let digest = vector(&[one, two]).digest();
    assert_eq!(vector(&[two, one]).digest(), digest);
    let others = [
        vector(&[]),
        vector(&[one]),
        vector(&[one, head(feed(2), 3, 2)]),
        vector(&[one, head(feed(2), 2, 3)]),
        vector(&[one, head(feed(3), 2, 2)]),
    ];
    for other in others {
        assert_ne!(other.digest(), digest);
        assert_ne!(other.digest(), Hash::of(&other.encode()), "has a domain");
    }
}

#[test]
fn a_vector_has_a_limit() {
    let numbered = |number: usize| {
        let mut feed = [0; 32];
        feed[..8].copy_from_slice(&(number as u64).to_be_bytes());
        head(FeedId(feed), 1, 1)
    };
    let mut vector = Vector::new();
    for number in 0..VECTOR_FEEDS_MAX {
        vector.insert(numbered(number)).unwrap();
    }
    let expected = FeedError::TooLarge {
        what: "vector",
        found: VECTOR_FEEDS_MAX as u64 + 1,
        max: VECTOR_FEEDS_MAX as u64,
    };
    let before = vector.clone();
    let past = vector.insert(numbered(VECTOR_FEEDS_MAX));
    assert_eq!(past, Err(expected.clone()));
    assert_eq!(vector, before);
    vector.insert(numbered(0)).expect("is there already");

    let bytes = vector.encode();
    assert_eq!(bytes.len(), VECTOR_MAX_BYTES);
    assert_eq!(Vector::decode(&bytes), Ok(vector));
    // Refused by its count alone, before any head has come.
    let count = VECTOR_FEEDS_MAX as u32 + 1;
    let past = [b"WFV1".as_slice(), &count.to_be_bytes()].concat();
    assert_eq!(Vector::decode(&past), Err(expected));
}

#[test]
fn a_vector_has_one_form() {
    let two = vector(&[head(feed(1), 1, 1), head(feed(2), 2, 2)]).encode();
    assert_eq!(two.len(), 8 + 2 * 72);
    for cut in 0..two.len() {
        let error = Vector::decode(&two[..cut]).unwrap_err();
        assert_eq!(error.code(), "truncated");
        assert!(!error.is_permanent());
    }
    let code = |bytes: &[u8]| Vector::decode(bytes).unwrap_err().code();
    assert_eq!(code(&[&two[..], b"x"].concat()), "bad_vector");
    assert_eq!(code(&[b"WFV2", &two[4..]].concat()), "bad_vector");
    let (first, second) = (&two[8..80], &two[80..]);
    let of = |heads: &[&[u8]]| [&[&two[..8]], heads].concat().concat();
    assert_eq!(of(&[first, second]), two);
    assert_eq!(code(&of(&[second, first])), "bad_vector");
    assert_eq!(code(&of(&[first, first])), "bad_vector");
    let mut none = two.clone();
    none[40 + 7] = 0;
    assert_eq!(code(&none), "bad_vector", "a head of no entry");
}

fn forked() -> (Writer, Entry, Entry) {
    let (mut writer, _) = Writer::opened(1);
    let (mut twin, _) = Writer::opened(1);
    let one = writer.write(draft("k", b"one", b"sealed"));
    let other = twin.write(draft("k", b"other", b"sealed"));
    (writer, one, other)
}

#[test]
fn a_fork_is_proved_to_whoever_has_the_key() {
    let (writer, one, mut other) = forked();
    let key = writer.feed.key;
    other.erase_sealed();
    let proof = ForkProof::new(&key, one.clone(), other.clone()).unwrap();
    let mirrored = ForkProof::new(&key, other.clone(), one.clone()).unwrap();
    assert_eq!(proof, mirrored, "one fork, one proof");
    assert_eq!((proof.feed(), proof.seq()), (writer.feed.id(), 2));
    let bytes = proof.encode();
    assert!(bytes.len() <= FORK_PROOF_MAX_BYTES);
    let read = ForkProof::decode(&bytes).unwrap();
    assert_eq!(read, proof);
    read.verify(&key).unwrap();
    let stranger = Writer::local(2).feed.key;
    assert_eq!(read.verify(&stranger), Err(FeedError::BadSignature));

    // The proof names the feed: a stranger's key under it proves nothing.
    read.verify_for(&writer.feed).unwrap();
    let framed = |byte: &[u8]| {
        let mut raw = Raw::of(&one).with_body(byte, b"");
        raw.feed = writer.feed.id().0;
        Entry::decode(&signed_frame(2, &raw.bytes(), 0, byte))
            .unwrap()
            .0
    };
    let frame_up = ForkProof::new(&stranger, framed(b"1"), framed(b"2")).unwrap();
    assert_eq!(frame_up.feed(), writer.feed.id());
    let refused = frame_up.verify_for(&writer.feed);
    assert_eq!(refused, Err(FeedError::BadSignature));
    let refused = frame_up.verify_for(&Writer::local(2).feed);
    assert_eq!(refused.unwrap_err().code(), "wrong_feed");

    // What a reader who follows one of them is told, and by whom it is proved.
    let mut chain = Chain::resume(&writer.feed, proof.one.head());
    let refused = chain.accept(&proof.other).unwrap_err();
    assert_eq!(refused.code(), "fork");
}

#[test]
fn nothing_less_proves_a_fork() {
    let (mut writer, one, other) = forked();
    let key = writer.feed.key;
    let next = writer.write(draft("k", b"next", b""));
    let code = |one: &Entry, other: &Entry| {
        ForkProof::new(&key, one.clone(), other.clone())
            .unwrap_err()
            .code()
    };
    assert_eq!(code(&one, &one), "bad_fork_proof");
    assert_eq!(code(&one, &next), "bad_fork_proof");
    let mut erased = one.clone();
    erased.erase_sealed();
    assert_eq!(code(&one, &erased), "bad_fork_proof");
    let mut forged = other.clone();
    forged.signature[0] ^= 1;
    assert_eq!(code(&one, &forged), "bad_signature");

    let proof = ForkProof::new(&key, one.clone(), other).unwrap();
    let (first, second) = (proof.one.encode(), proof.other.encode());
    let code = |parts: &[&[u8]]| ForkProof::decode(&parts.concat()).unwrap_err().code();
    assert_eq!(code(&[&second, &first]), "bad_fork_proof");
    assert_eq!(code(&[&first, &first]), "bad_fork_proof");
    assert_eq!(code(&[&first, &next.encode()]), "bad_fork_proof");
    assert_eq!(code(&[&first, &second, b"x"]), "bad_fork_proof");
    let whole = proof.encode();
    for cut in 0..whole.len() {
        match ForkProof::decode(&whole[..cut]) {
            Err(FeedError::Truncated { needed, found }) => {
                assert!(found == cut && needed > cut && needed <= whole.len());
            }
            other => panic!("cut at {cut}: {other:?}"),
        }
    }
}

#[test]
fn any_two_histories_are_told_apart_by_someone() {
    // Each side holds its own history whole; of whoever is ahead, the other's head is looked up.
    let history = |fork_at: u64, last: u64, byte: u8| -> BTreeMap<u64, Hash> {
        (1..=last)
            .map(|seq| (seq, Hash([if seq < fork_at { 0 } else { byte }; 32])))
            .collect()
    };
    for (fork_at, ours, theirs) in (1..5)
        .flat_map(|at| (at..6).flat_map(move |ours| (at..6).map(move |theirs| (at, ours, theirs))))
    {
        let (our, their) = (history(fork_at, ours, 1), history(fork_at, theirs, 2));
        let of = |history: &BTreeMap<u64, Hash>| {
            let (&seq, &hash) = history.last_key_value().unwrap();
            let feed = feed(7);
            vector(&[Head { feed, seq, hash }])
        };
        let sees = |mine: &BTreeMap<u64, Hash>, yours: &BTreeMap<u64, Hash>| {
            let mut plan = plan(&of(mine), &of(yours));
            plan.judge_behind(&of(yours), |_, seq| mine.get(&seq).copied());
            !plan.suspect.is_empty()
        };
        assert!(
            sees(&our, &their) || sees(&their, &our),
            "{fork_at} {ours} {theirs}"
        );
    }
}

//! The committed test vectors are what this crate makes and how it judges. Start at
//! [`the_committed_file_is_what_the_generator_makes`].

mod common;

use std::collections::BTreeMap;

use common::identity_vectors::{IdentityVector, QuestionVector, state};
use common::sync_vectors::RangeVector;
use common::vectors::{FeedVector, Place, Vectors, text, verdict};
use watchfire_feed::seal::{RecordKey, open};
use watchfire_feed::{
    Entry, Feed, FeedError, ForkProof, Head, Identity, IdentityError, Vector, plan,
};

const COMMITTED: &str = include_str!("../../../docs/spec/feed-vectors.json");

#[test]
fn the_committed_file_is_what_the_generator_makes() {
    assert!(
        COMMITTED == text(),
        "docs/spec/feed-vectors.json differs from what the code makes. If the format was meant to \
         change, run `cargo run -p watchfire-feed --example vectors`; else the code is wrong."
    );
}

#[test]
fn every_valid_entry_is_taken_and_every_invalid_one_refused_for_its_reason() {
    let vectors: Vectors = serde_json::from_str(COMMITTED).unwrap();
    let feeds: BTreeMap<&str, Feed> = vectors
        .feeds
        .iter()
        .map(|vector| (vector.name.as_str(), feed(vector)))
        .collect();
    for vector in &vectors.valid {
        let feed = &feeds[vector.feed.as_str()];
        let frame = hex::decode(&vector.frame).unwrap();
        let entry = verdict(feed, head(feed, &vector.after), &frame).expect(&vector.name);
        assert_eq!(entry.hash.to_string(), vector.hash, "{}", vector.name);
        assert_eq!(entry.encode(), frame, "{}", vector.name);
    }
    for vector in &vectors.invalid {
        let feed = &feeds[vector.feed.as_str()];
        let frame = hex::decode(&vector.frame).unwrap();
        let error = verdict(feed, head(feed, &vector.after), &frame).expect_err(&vector.name);
        assert_eq!(error.code(), vector.reason, "{}: {error}", vector.name);
        let transient = ["truncated", "gap"].contains(&vector.reason.as_str());
        assert_eq!(error.is_permanent(), !transient, "{}", vector.name);
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn every_rule_that_a_reader_checks_has_a_vector() {
    let vectors: Vectors = serde_json::from_str(COMMITTED).unwrap();
    let mut reasons: Vec<&str> = vectors
        .invalid
        .iter()
        .map(|it| it.reason.as_str())
        .collect();
    reasons.sort_unstable();
    reasons.dedup();
    // Not here: seq_exhausted, which only a writer meets, and body_size, which no frame can break.
    let expected = [
        "bad_dep",
        "bad_key",
        "bad_kind",
        "bad_magic",
        "bad_opening",
        "bad_signature",
        "body_mismatch",
        "broken_link",
        "dep_order",
        "fork",
        "gap",
        "header_length",
        "late_opening",
        "repeated",
        "reserved_flag",
        "sealed_form",
        "seq_zero",
        "too_large",
        "truncated",
        "unknown_suite",
        "wrong_feed",
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn every_seal_opens() {
    let vectors: Vectors = serde_json::from_str(COMMITTED).unwrap();
    for vector in &vectors.seals {
        let id = hex::decode(&vector.key_id).unwrap().try_into().unwrap();
        let key = RecordKey::new(id, hex::decode(&vector.key).unwrap().try_into().unwrap());
        let context = hex::decode(&vector.context).unwrap();
        let plain = open(&key, &context, &hex::decode(&vector.sealed).unwrap()).unwrap();
        assert_eq!(hex::encode(plain), vector.plain, "{}", vector.name);
    }
}

#[test]
fn every_identity_is_folded_and_asked_alike() {
    let vectors: Vectors = serde_json::from_str(COMMITTED).unwrap();
    for vector in &vectors.identities {
        let mut identity = None;
        for (at, taken) in vector.entries.iter().enumerate() {
            let frame = hex::decode(&taken.frame).unwrap();
            let found = take(&mut identity, &frame).map_or_else(|error| error.code(), |()| "ok");
            assert_eq!(found, taken.result, "{}, entry {}", vector.name, at + 1);
        }
        assert_eq!(
            identity.as_ref().map(state),
            vector.state,
            "{}",
            vector.name
        );
        for question in &vector.questions {
            let identity = identity.as_ref().expect("questions are put to an identity");
            let found = answer(identity, question);
            assert_eq!(found, question.answer, "{}: {}", vector.name, question.name);
        }
    }
}

#[test]
fn every_rule_of_an_identity_has_a_vector() {
    let vectors: Vectors = serde_json::from_str(COMMITTED).unwrap();
    let sorted = |codes: &mut dyn Iterator<Item = &'_ str>| {
        let codes: std::collections::BTreeSet<String> = codes.map(str::to_owned).collect();
        codes.into_iter().collect::<Vec<_>>().join(" ")
    };
    let entries = |it: &IdentityVector| it.entries.clone();
    let taken: Vec<_> = vectors.identities.iter().flat_map(entries).collect();
    // Not here: epochs_full and heads_full, which take thousands of entries.
    assert_eq!(
        sorted(&mut taken.iter().map(|it| it.result.as_str())),
        "anchor_repeated anchor_unknown anchors_full bad_identity bad_key bad_opening bad_signature \
         epoch_open epoch_order epoch_unknown fork gap head_not_higher key_used_before late_opening \
         not_identity ok repeated revoked too_large wrong_feed"
    );
    let questions = vectors.identities.iter().flat_map(|it| &it.questions);
    assert_eq!(
        sorted(&mut questions.map(|it| it.answer.as_str())),
        "another_feed another_node beyond_closing not_certified ok other_branch other_key revoked"
    );
}

#[test]
fn every_vector_of_heads_is_read_alike_and_planned_from() {
    let vectors: Vectors = serde_json::from_str(COMMITTED).unwrap();
    let mut valid = BTreeMap::new();
    for vector in &vectors.vectors {
        let bytes = hex::decode(&vector.bytes).unwrap();
        match Vector::decode(&bytes) {
            Ok(read) => {
                assert_eq!(vector.reason, "ok", "{}", vector.name);
                assert_eq!(read.iter().collect::<Vec<_>>(), vector.heads);
                assert_eq!(Some(read.digest().to_string()), vector.digest);
                assert_eq!(read.encode(), bytes);
                valid.insert(vector.name.as_str(), read);
            }
            Err(error) => assert_eq!(error.code(), vector.reason, "{}", vector.name),
        }
    }
    for vector in &vectors.plans {
        let found = plan(&valid[vector.ours.as_str()], &valid[vector.theirs.as_str()]);
        let ranges = |ranges: &[watchfire_feed::Range]| -> Vec<RangeVector> {
            ranges.iter().map(RangeVector::from).collect()
        };
        assert_eq!(ranges(&found.pull), vector.pull, "{}", vector.name);
        assert_eq!(ranges(&found.behind), vector.behind, "{}", vector.name);
        assert_eq!(found.suspect, vector.suspect, "{}", vector.name);
    }
}

#[test]
fn every_fork_proof_is_judged_alike() {
    let vectors: Vectors = serde_json::from_str(COMMITTED).unwrap();
    for vector in &vectors.forks {
        let of = vectors.feeds.iter().find(|it| it.name == vector.feed);
        let feed = feed(of.expect("a proof is of a feed in the file"));
        let bytes = hex::decode(&vector.bytes).unwrap();
        let judged = ForkProof::decode(&bytes).and_then(|proof| {
            assert_eq!(proof.encode(), bytes, "{}", vector.name);
            proof.verify_for(&feed)
        });
        let code = judged.as_ref().map_or_else(FeedError::code, |()| "ok");
        assert_eq!(code, vector.reason, "{}", vector.name);
    }
}

fn take(identity: &mut Option<Identity>, frame: &[u8]) -> Result<(), IdentityError> {
    let (entry, _) = Entry::decode(frame)?;
    match identity {
        Some(identity) => identity.take(&entry)?,
        None => *identity = Some(Identity::begin(&entry)?),
    }
    Ok(())
}

fn answer(identity: &Identity, question: &QuestionVector) -> &'static str {
    let spelled = "a vector is spelled right";
    let feed = Feed {
        node: question.node.parse().expect(spelled),
        scope: question.scope.parse().expect(spelled),
        epoch: question.epoch,
        key: question.public_key.parse().expect(spelled),
    };
    let head = Head {
        feed: question.feed.parse().expect(spelled),
        seq: question.seq,
        hash: question.hash.parse().expect(spelled),
    };
    let answer = identity.may_take(&feed, &head);
    answer.map_or_else(|why| why.code(), |()| "ok")
}

fn feed(vector: &FeedVector) -> Feed {
    let feed = Feed {
        node: vector.node.parse().expect("a vector is spelled right"),
        scope: vector.scope.parse().expect("a vector is spelled right"),
        epoch: vector.epoch,
        key: vector
            .public_key
            .parse()
            .expect("a vector is spelled right"),
    };
    assert_eq!(feed.id().to_string(), vector.feed, "{}", vector.name);
    feed
}

fn head(feed: &Feed, place: &Place) -> Head {
    Head {
        feed: feed.id(),
        seq: place.seq,
        hash: place.hash.parse().expect("a vector is spelled right"),
    }
}

//! The committed test vectors are what this crate makes and how it judges. Start at
//! [`the_committed_file_is_what_the_generator_makes`].

mod common;

use std::collections::BTreeMap;

use common::vectors::{FeedVector, Place, Vectors, text, verdict};
use watchfire_feed::seal::{RecordKey, open};
use watchfire_feed::{Feed, Head};

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

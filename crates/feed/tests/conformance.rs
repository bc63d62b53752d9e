//! A second implementation judges ours: `conformance/feed/verify.py`, written from the specification
//! alone. It gets the committed vectors, a whole node's feeds as a file, damaged copies of it, and
//! entries drawn at random, on which both must agree to the reason. Skips with a word where Python
//! or its `cryptography` package is missing. Identities are in `conformance_identity.rs`.
#![allow(
    clippy::print_stdout,
    reason = "the seed must be known when a case fails"
)]

mod common;
#[path = "common/second.rs"]
mod second;

use std::path::Path;

use common::raw::signed_frame;
use common::vectors::{InvalidVector, Vectors, all, verdict};
use common::{Writer, draft, opening_draft};
use second::{VECTORS, file, frames, python_is_there, text, verify};
use watchfire_feed::{Entry, Feed, Hash, Head, Scope};

/// All feeds of one node: two local epochs and an operation, with sealed, erased and empty bodies.
fn a_node() -> (Vec<Entry>, Head) {
    let (mut first, opening) = Writer::opened(1);
    let mut entries = vec![opening];
    let deps = [Writer::opened(2).0.head];
    entries.push(first.write(draft("call.received", b"{\"n\":1}", b"sealed caller")));
    let mut erased = first.write(draft("call.received", b"{\"n\":2}", b"sealed caller"));
    erased.erase_sealed();
    entries.push(erased);
    let answer = watchfire_feed::Draft {
        deps: &deps,
        ..draft("support.offered", b"", b"")
    };
    entries.push(first.write(answer));
    let mut operation = Writer::new(1, Scope::Operation([0x0a; 16]), 1);
    entries.push(operation.open());
    entries.push(operation.write(draft("operation.joined", b"{}", b"")));
    entries.push(first.write(draft("incident.closed", b"{}", b"")));

    let mut next = Writer::new(3, Scope::Local, 2);
    next.feed.node = first.feed.node;
    next.head = Head::start(next.feed.id());
    let body = next
        .feed
        .opening_body(Some(&first.head), "restored from backup");
    entries.push(next.write(opening_draft(body)));
    entries.push(next.write(draft("shift.started", b"{}", b"")));
    (entries, next.head)
}

#[test]
fn the_committed_vectors_are_judged_alike() {
    if !python_is_there() {
        return;
    }
    let output = verify(&["vectors"], Path::new(VECTORS));
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        text(&output).ends_with("all as expected"),
        "{}",
        text(&output)
    );
}

#[test]
fn a_whole_node_is_verified_from_its_file() {
    if !python_is_there() {
        return;
    }
    let (entries, head) = a_node();
    let output = verify(&["feed"], &file("node.feed", &frames(&entries)));
    assert!(output.status.success(), "{}", text(&output));
    let expected = format!(
        "9 entries, 3 feeds verified, head {} {}",
        head.seq, head.hash
    );
    assert_eq!(text(&output), expected);
}

#[test]
fn a_damaged_file_is_refused_at_the_entry_that_differs() {
    if !python_is_there() {
        return;
    }
    let (entries, _) = a_node();
    let check = |name: &str, bytes: &[u8], expected: &str| {
        let output = verify(&["feed"], &file(&format!("{name}.feed"), bytes));
        assert!(!output.status.success(), "{name}: {}", text(&output));
        assert!(
            text(&output).contains(expected),
            "{name}: {}",
            text(&output)
        );
    };
    let whole = frames(&entries);
    check("empty", b"", "no entries");
    check("cut", &whole[..whole.len() - 1], "entry 9, at byte");
    let without = |at: usize| {
        let mut some = entries.clone();
        some.remove(at);
        frames(&some)
    };
    check("no-opening", &without(0), "entry 1, at byte 0: gap");
    check("one-missing", &without(1), ": gap");
    let mut altered = entries.clone();
    altered[2].plain[5] ^= 1;
    check("altered", &frames(&altered), "entry 3, at byte");
    let mut twice = entries.clone();
    twice.push(entries[8].clone());
    check("twice", &frames(&twice), "entry 10, at byte");
    let mut foreign = entries.clone();
    foreign.push(Writer::opened(2).1);
    check("foreign", &frames(&foreign), "another_node");
    // The second epoch follows an entry that the first does not have.
    let mut forked = entries.clone();
    let last = forked.remove(6);
    let (mut first, _) = Writer::opened(1);
    first.head = entries[3].head();
    let other = first.write(draft("incident.closed", b"{\"other\":1}", b""));
    assert_ne!(other.hash, last.hash);
    forked.insert(6, other);
    check("forked", &frames(&forked), "broken_epoch");
}

/// Frames that are almost right: bytes of valid ones replaced, half of them signed again, so that
/// the rules behind the signature are reached too.
#[test]
fn entries_drawn_at_random_are_judged_alike() {
    const SEED: u8 = 77;
    const CASES: usize = 1_500;
    println!("seed {SEED}, {CASES} cases");
    if !python_is_there() {
        return;
    }
    let mut state = Hash([SEED; 32]);
    let mut draw = |below: usize| {
        state = Hash::of(&state.0);
        usize::from(u16::from_be_bytes([state.0[0], state.0[1]])) % below
    };
    let mut vectors: Vectors = all();
    let feed = Writer::local(1).feed;
    let fire: Vec<_> = vectors
        .valid
        .iter()
        .filter(|vector| vector.feed == "fire")
        .cloned()
        .collect();
    vectors.invalid.clear();
    for case in 0..CASES {
        let vector = &fire[draw(fire.len())];
        let valid = hex::decode(&vector.frame).unwrap();
        let (entry, _) = Entry::decode(&valid).unwrap();
        let mut frame = valid.clone();
        let signed_again = draw(2) == 0;
        let header_end = 4 + entry.header_bytes.len();
        for _ in 0..=draw(2) {
            let at = if signed_again {
                4 + draw(header_end - 4)
            } else {
                draw(frame.len())
            };
            frame[at] = [0, 1, 2, 0x2e, 0x61, 0xff, frame[at] ^ 1, draw(256) as u8][draw(8)];
        }
        if signed_again {
            let body = &valid[header_end + 65..];
            frame = signed_frame(1, &frame[4..header_end], valid[header_end + 64], body);
        }
        let reason = judged(&feed, &vector.after, &frame);
        vectors.invalid.push(InvalidVector {
            name: format!("case {case}: {}", vector.name),
            feed: vector.feed.clone(),
            after: vector.after.clone(),
            frame: hex::encode(&frame),
            reason,
        });
    }
    let kinds: std::collections::BTreeSet<&str> = vectors
        .invalid
        .iter()
        .map(|vector| vector.reason.as_str())
        .collect();
    assert!(
        kinds.len() >= 12,
        "the cases reach too few rules: {kinds:?}"
    );
    let path = file("random.json", &serde_json::to_vec(&vectors).unwrap());
    let output = verify(&["vectors"], &path);
    assert!(output.status.success(), "seed {SEED}: {}", text(&output));
}

fn judged(feed: &Feed, after: &common::vectors::Place, frame: &[u8]) -> String {
    let head = Head {
        feed: feed.id(),
        seq: after.seq,
        hash: after.hash.parse().expect("a vector holds hex"),
    };
    let code = match Entry::decode(frame) {
        Ok((_, used)) if used < frame.len() => "bytes after the frame",
        Ok(_) => verdict(feed, head, frame).map_or_else(|error| error.code(), |_| "ok"),
        Err(error) => error.code(),
    };
    code.to_owned()
}

//! The second implementation and identities: files of one node with its identity, files of several
//! nodes of one operation, what such a file must not hold, identity entries drawn at random and those
//! too large for the committed vectors. Skips with a word where Python is missing.
#![allow(
    clippy::print_stdout,
    reason = "the seed must be known when a case fails"
)]

mod common;
#[path = "common/second.rs"]
mod second;

use common::identity_vectors::{IdentityVector, Story, bodies, identity_draft};
use common::vectors::{Vectors, all};
use common::{Root, Writer, draft, head, key_certified, opening_draft};
use second::{file, frames, python_is_there, text, verify};
use watchfire_feed::limits::{
    CERTIFICATE_MAX_BYTES, CLOSING_HEADS_MAX, IDENTITY_EPOCHS_MAX, IDENTITY_HEADS_MAX,
};
use watchfire_feed::{ClosingCause, Entry, FeedId, Hash, Head, IdentityEvent, Scope, Signer};

const OPERATION: Scope = Scope::Operation([0xab; 16]);
const OPERATION_ID: &str = "abababababababababababababababab";

/// A node with an identity and a feed of one operation under a key of its own.
struct Node {
    root: Root,
    writer: Writer,
    entries: Vec<Entry>,
}

impl Node {
    fn new(seed: u8, scope: Scope) -> Node {
        let mut root = Root::new(seed);
        root.say(&key_certified(1, seed + 1)).expect("is the first");
        let writer = Writer {
            signer: Signer::from_seed([seed + 1; 32]),
            feed: root.feed(seed + 1, scope, 1),
            head: Head::start(root.feed(seed + 1, scope, 1).id()),
        };
        let mut node = Node {
            root,
            writer,
            entries: Vec::new(),
        };
        let opening = node.writer.open();
        node.entries.push(opening);
        node.write("operation.joined");
        node
    }

    fn write(&mut self, kind: &str) {
        let entry = self.writer.write(draft(kind, b"{}", b"sealed"));
        self.entries.push(entry);
    }

    fn close(&mut self, heads: &[Head]) {
        let closed = IdentityEvent::EpochClosed {
            epoch: 1,
            cause: ClosingCause::Compromise,
            heads: heads.to_vec(),
        };
        self.root.say(&closed).expect("has that epoch");
    }

    fn revoke(&mut self) {
        let reason = "the key was stolen".to_owned();
        let revoked = IdentityEvent::Revoked { reason };
        self.root.say(&revoked).expect("is not over yet");
    }
}

fn identities(nodes: &[&Node]) -> Vec<Entry> {
    let entries = nodes.iter().flat_map(|node| &node.root.entries);
    entries.cloned().collect()
}

/// First the identities, then the entries of all, by turns.
fn operation_file(nodes: &[&Node]) -> Vec<Entry> {
    let mut entries = identities(nodes);
    let longest = nodes.iter().map(|node| node.entries.len()).max();
    for at in 0..longest.unwrap_or(0) {
        entries.extend(
            nodes
                .iter()
                .filter_map(|node| node.entries.get(at))
                .cloned(),
        );
    }
    entries
}

fn check(name: &str, mode: &[&str], entries: &[Entry], expected: &str) {
    let path = file(&format!("{name}.feed"), &frames(entries));
    let output = verify(mode, &path);
    let said = text(&output);
    let good = expected.contains("verified");
    assert_eq!(output.status.success(), good, "{name}: {said}");
    match good {
        true => assert_eq!(said, expected, "{name}"),
        false => assert!(said.contains(expected), "{name}: {said}"),
    }
}

fn check_operation(name: &str, entries: &[Entry], expected: &str) {
    let mode = ["feed", "--operation", OPERATION_ID];
    check(&format!("operation-{name}"), &mode, entries, expected);
}

#[test]
fn a_file_of_an_operation_is_verified_from_the_identities_in_it() {
    if !python_is_there() {
        return;
    }
    let (mut fire, police) = (Node::new(11, OPERATION), Node::new(21, OPERATION));
    fire.write("incident.opened");
    fire.entries[2].erase_sealed();
    check_operation(
        "whole",
        &operation_file(&[&fire, &police]),
        "9 entries, 4 feeds of 2 nodes verified",
    );
    // A member who has said nothing yet, and a newer program's identity.
    let mut silent = Node::new(31, OPERATION);
    silent.entries.clear();
    let newer = identity_draft("identity.capabilities_set", "{}");
    let newer = watchfire_feed::sign(&silent.root.signer, &silent.root.identity.head(), newer);
    silent.root.entries.push(newer.unwrap());
    check_operation(
        "silent",
        &operation_file(&[&fire, &silent, &police]),
        "12 entries, 5 feeds of 3 nodes verified, 1 identity entries of kinds not known here",
    );
}

#[test]
fn what_a_closing_or_a_revocation_leaves_out_is_set_aside_and_said() {
    if !python_is_there() {
        return;
    }
    let police = Node::new(21, OPERATION);
    let mut fire = Node::new(11, OPERATION);
    let joined = fire.writer.head;
    fire.write("incident.opened");
    fire.write("incident.closed");
    fire.close(&[joined]);
    check_operation(
        "closed",
        &operation_file(&[&fire, &police]),
        "11 entries, 4 feeds of 2 nodes verified, 2 set aside (beyond_closing)",
    );
    fire.revoke();
    check_operation(
        "revoked",
        &operation_file(&[&fire, &police]),
        "12 entries, 4 feeds of 2 nodes verified, 2 set aside (revoked)",
    );
    // The closing names another entry in a place that the file holds: this is the wrong branch.
    let mut forked = Node::new(11, OPERATION);
    forked.write("incident.opened");
    forked.close(&[head(forked.writer.feed.id(), 2, 9)]);
    check_operation("branch", &operation_file(&[&forked]), "entry 5, at byte");
    check_operation("branch", &operation_file(&[&forked]), ": other_branch");
}

#[test]
fn what_does_not_belong_into_a_file_of_an_operation_is_refused() {
    if !python_is_there() {
        return;
    }
    let (fire, police) = (Node::new(11, OPERATION), Node::new(21, OPERATION));
    let whole = operation_file(&[&fire, &police]);
    let without = |at: usize| {
        let mut entries = whole.clone();
        entries.remove(at);
        entries
    };
    check_operation("empty", &[], "no entries");
    check_operation("no-identity", &without(0), "entry 1, at byte 0: gap");
    let only = [identities(&[&police]), fire.entries.clone()].concat();
    check_operation("stranger", &only, ": no_identity");
    check_operation("not-certified", &without(1), ": not_certified");
    let late = [operation_file(&[&fire]), identities(&[&police])].concat();
    check_operation("late", &late, ": late_identity");
    let local = Node::new(11, Scope::Local);
    check_operation("local", &operation_file(&[&local]), ": another_scope");
    let other = Node::new(11, Scope::Operation([0xac; 16]));
    check_operation("other", &operation_file(&[&other]), ": another_scope");

    // A key of its own choice under the node's name.
    let mut thief = Node::new(11, OPERATION);
    thief.writer = Writer {
        signer: Signer::from_seed([99; 32]),
        feed: thief.root.feed(99, OPERATION, 1),
        head: Head::start(thief.root.feed(99, OPERATION, 1).id()),
    };
    thief.entries = vec![thief.writer.open()];
    check_operation("thief", &operation_file(&[&thief]), ": other_key");

    // An identity that forked, and one whose second epoch follows an entry that is not there.
    let mut twin = Node::new(11, OPERATION);
    twin.root = Root::new(11);
    twin.root.say(&key_certified(1, 77)).unwrap();
    let forked = [identities(&[&fire]), vec![twin.root.entries[1].clone()]].concat();
    check_operation("fork", &forked, "entry 3, at byte");
    check_operation("fork", &forked, ": fork");
    let mut next = Node::new(11, OPERATION);
    next.close(&[]);
    next.root.say(&key_certified(2, 13)).unwrap();
    let feed = next.root.feed(13, OPERATION, 2);
    let wrong = head(next.writer.feed.id(), 2, 9);
    let mut second = Writer {
        signer: Signer::from_seed([13; 32]),
        feed,
        head: Head::start(feed.id()),
    };
    let opening = second.write(opening_draft(feed.opening_body(Some(&wrong), "rotated")));
    next.entries.push(opening);
    check_operation("follows", &operation_file(&[&next]), ": broken_epoch");
}

#[test]
fn a_file_of_one_node_is_asked_about_when_its_identity_is_in_it() {
    if !python_is_there() {
        return;
    }
    let check = |name: &str, entries: &[Entry], expected: &str| {
        check(&format!("one-{name}"), &["feed"], entries, expected);
    };
    let mut fire = Node::new(11, Scope::Local);
    let joined = fire.writer.head;
    fire.write("incident.opened");
    let said = |entries: usize, head: &Head, more: &str| {
        let (seq, hash) = (head.seq, head.hash);
        format!("{entries} entries, 2 feeds verified, head {seq} {hash}{more}")
    };
    let first = [identities(&[&fire]), fire.entries.clone()].concat();
    check("first", &first, &said(5, &fire.writer.head, ""));
    // As a log is: the identity may come later, even after what it speaks for.
    let later = [fire.entries.clone(), identities(&[&fire])].concat();
    check("later", &later, &said(5, &fire.root.identity.head(), ""));
    fire.close(&[joined]);
    let closed = [fire.entries.clone(), identities(&[&fire])].concat();
    let aside = ", 1 set aside (beyond_closing)";
    check(
        "closed",
        &closed,
        &said(6, &fire.root.identity.head(), aside),
    );

    let mut uncertified = fire.entries.clone();
    uncertified.push(fire.root.entries[0].clone());
    check(
        "uncertified",
        &uncertified,
        ": not_certified: entry 1 of feed ",
    );
    let police = Node::new(21, Scope::Local);
    let foreign = [first, identities(&[&police])].concat();
    check("foreign", &foreign, ": another_node");
}

#[test]
fn identity_entries_drawn_at_random_are_judged_alike() {
    const SEED: u8 = 78;
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
    // Bytes that a JSON reader may take for something: half of the changes are of these.
    const TELLING: &[u8] = b"\"\\{}[],:019-+.eEtrufalsn \x00\x7f\xc2\x85\xed\xa0\xff";
    let bodies = bodies();
    let mut codes = std::collections::BTreeSet::new();
    let mut stories: Vec<IdentityVector> = Vec::new();
    for case in 0..CASES / 50 {
        let mut story = Story::new(&format!("case {case}"), 5);
        if case % 2 == 0 {
            story.say(&key_certified(1, 6), "ok");
        }
        for _ in 0..50 {
            let (kind, plain, _) = &bodies[draw(bodies.len())];
            let mut plain = plain.clone().into_bytes();
            for _ in 0..draw(3) {
                let byte = match draw(2) {
                    0 => draw(256) as u8,
                    _ => TELLING[draw(TELLING.len())],
                };
                match (plain.is_empty(), draw(3)) {
                    (true, _) | (_, 0) => plain.insert(draw(plain.len() + 1), byte),
                    (_, 1) => drop(plain.remove(draw(plain.len()))),
                    _ => {
                        let at = draw(plain.len());
                        plain[at] = byte;
                    }
                }
            }
            let draft = watchfire_feed::Draft {
                plain,
                ..identity_draft(kind, "")
            };
            let (signer, head) = (&story.root.signer, story.root.identity.head());
            let entry = watchfire_feed::sign(signer, &head, draft).unwrap();
            codes.insert(story.judge(&entry));
        }
        stories.push(story.end());
    }
    assert!(codes.len() >= 7, "the cases reach too few rules: {codes:?}");
    judged_alike("random-identities.json", stories);
}

/// Has the second implementation judge stories that are not committed.
fn judged_alike(name: &str, stories: Vec<IdentityVector>) {
    let vectors = Vectors {
        identities: stories,
        ..all()
    };
    let path = file(
        name,
        &serde_json::to_vec(&vectors).expect("plain structures serialise"),
    );
    let output = verify(&["vectors"], &path);
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn limits_too_large_for_the_committed_vectors_are_judged_alike() {
    if !python_is_there() {
        return;
    }
    let numbered = |from: usize, count: usize| -> Vec<Head> {
        let head = |number: usize| {
            let mut feed = [0; 32];
            feed[..8].copy_from_slice(&(number as u64).to_be_bytes());
            head(FeedId(feed), u64::MAX, 0xff)
        };
        (from..from + count).map(head).collect()
    };
    let closed = |epoch: u32, heads: Vec<Head>| IdentityEvent::EpochClosed {
        epoch,
        cause: ClosingCause::Rotation,
        heads,
    };
    let mut heads = Story::new("as many heads as there may be, and one more", 5);
    heads.say(&key_certified(1, 6), "ok");
    let past = closed(1, numbered(0, CLOSING_HEADS_MAX + 1)).to_plain();
    let past = String::from_utf8(past).unwrap();
    heads.sign(identity_draft("identity.epoch_closed", &past), "too_large");
    for from in (0..IDENTITY_HEADS_MAX).step_by(CLOSING_HEADS_MAX) {
        heads.say(&closed(1, numbered(from, CLOSING_HEADS_MAX)), "ok");
    }
    heads.say(&closed(1, numbered(IDENTITY_HEADS_MAX, 1)), "heads_full");

    let mut epochs = Story::new("as many epochs as there may be, and one more", 5);
    let key = |epoch: u32| {
        let mut seed = [9; 32];
        seed[..4].copy_from_slice(&epoch.to_be_bytes());
        let public_key = Signer::from_seed(seed).public_key();
        IdentityEvent::KeyCertified { epoch, public_key }
    };
    for epoch in 1..=IDENTITY_EPOCHS_MAX {
        epochs.say(&key(epoch), "ok");
        epochs.say(&closed(epoch, Vec::new()), "ok");
    }
    epochs.say(&key(IDENTITY_EPOCHS_MAX + 1), "epochs_full");

    let mut certificates = Story::new("the largest certificate, and one larger", 5);
    for (bytes, expected) in [
        (CERTIFICATE_MAX_BYTES, "ok"),
        (CERTIFICATE_MAX_BYTES + 1, "too_large"),
    ] {
        let certificate = hex::encode(vec![0xff; bytes]);
        let plain = format!(r#"{{"certificate":"{certificate}","not_after_ms":0}}"#);
        certificates.sign(
            identity_draft("identity.anchor_certified", &plain),
            expected,
        );
    }
    let stories = vec![heads.end(), epochs.end(), certificates.end()];
    judged_alike("identity-limits.json", stories);
}

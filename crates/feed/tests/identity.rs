//! What an identity feed says and who may say it: stories of one node's keys, every refusal, and
//! every limit at its value and one past it.

mod common;

use common::identity_vectors::{bodies, identity_draft};
use common::{Root, Writer, draft, head, key_certified, opening_draft};
use watchfire_feed::limits::{
    ADDRESS_MAX_CHARS, ADDRESSES_MAX, ANCHORS_MAX, CERTIFICATE_MAX_BYTES, CLOSING_HEADS_MAX,
    NAME_MAX_CHARS, NOT_AFTER_MAX_MS, REASON_MAX_CHARS,
};
use watchfire_feed::{
    Chain, ClosingCause, Draft, Entry, Feed, FeedError, FeedId, Hash, Head, HybridTime, Identity,
    IdentityError, IdentityEvent, NodeId, NotSpokenFor, PublicKey, Scope, Signer, identity_entry,
    identity_opening, sign,
};

const OPERATION: Scope = Scope::Operation([7; 16]);

fn named(name: &str) -> IdentityEvent {
    IdentityEvent::Named {
        name: name.to_owned(),
    }
}

fn closed(epoch: u32, cause: ClosingCause, heads: &[Head]) -> IdentityEvent {
    IdentityEvent::EpochClosed {
        epoch,
        cause,
        heads: heads.to_vec(),
    }
}

fn anchor(byte: u8) -> IdentityEvent {
    IdentityEvent::AnchorCertified {
        certificate: vec![byte; 3],
        not_after_ms: 1_800_000_000_000,
    }
}

fn withdrawn(byte: u8) -> IdentityEvent {
    IdentityEvent::AnchorWithdrawn {
        sha256: Hash::of(&[byte; 3]),
    }
}

fn addresses(addresses: &[&str]) -> IdentityEvent {
    IdentityEvent::AddressesSet {
        addresses: addresses.iter().map(|&it| it.to_owned()).collect(),
    }
}

fn revoked() -> IdentityEvent {
    IdentityEvent::Revoked {
        reason: "the station is closed".to_owned(),
    }
}

/// A root that may be written to directly, for entries that [`identity_entry`] would not make.
fn signed(root: &Root, draft: Draft<'_>) -> Entry {
    sign(&root.signer, &root.identity.head(), draft).expect("is an entry")
}

#[test]
fn an_identity_says_who_the_node_is_and_where() {
    let mut root = Root::new(1);
    assert_eq!(root.identity.current_key(), None);
    assert_eq!(root.identity.name(), None);
    root.say(&named("东区消防站")).unwrap();
    root.say(&key_certified(1, 2)).unwrap();
    root.say(&anchor(1)).unwrap();
    root.say(&addresses(&["east.example:7443", "[2001:db8::1]:443"]))
        .unwrap();

    let identity = &root.identity;
    let root_key = Signer::from_seed([1; 32]).public_key();
    assert_eq!(
        (identity.root(), identity.node()),
        (root_key, NodeId::of_key(&root_key))
    );
    assert!(identity.feed().proves_its_node());
    assert_eq!(identity.feed(), Feed::identity(root_key));
    assert_eq!(identity.name(), Some("东区消防站"));
    let key = Signer::from_seed([2; 32]).public_key();
    assert_eq!(identity.current_key(), Some((1, key)));
    assert_eq!(identity.anchors()[0].sha256, Hash::of(&[1; 3]));
    assert_eq!(
        identity.addresses(),
        ["east.example:7443", "[2001:db8::1]:443"]
    );
    assert_eq!(identity.head(), root.entries[4].head());
    assert!(!identity.is_revoked());

    root.say(&named("East")).unwrap();
    root.say(&addresses(&[])).unwrap();
    assert_eq!(root.identity.name(), Some("East"));
    assert!(root.identity.addresses().is_empty());
}

#[test]
fn the_fold_is_the_same_wherever_the_bytes_have_been() {
    let mut root = Root::new(1);
    root.say(&key_certified(1, 2)).unwrap();
    let local = root.feed(2, Scope::Local, 1).id();
    root.say(&closed(1, ClosingCause::Restore, &[head(local, 4, 4)]))
        .unwrap();
    root.say(&key_certified(2, 3)).unwrap();
    let (opening, rest) = root.entries.split_first().unwrap();
    let read = |entry: &Entry| Entry::decode(&entry.encode()).unwrap().0;
    let mut there = Identity::begin(&read(opening)).unwrap();
    for entry in rest {
        there.take(&read(entry)).unwrap();
    }
    assert_eq!(there, root.identity);
}

#[test]
fn a_certified_key_speaks_for_local_and_operation_feeds_of_its_epoch_only() {
    let mut root = Root::new(1);
    let check = |root: &Root, feed: Feed, expected: Result<(), &str>| {
        let found = root.identity.may_take(&feed, &head(feed.id(), 9, 9));
        assert_eq!(found.map_err(|why| why.code()), expected, "{feed:?}");
    };
    check(&root, root.feed(2, Scope::Local, 1), Err("not_certified"));
    root.say(&key_certified(1, 2)).unwrap();
    check(&root, root.feed(2, Scope::Local, 1), Ok(()));
    check(&root, root.feed(2, OPERATION, 1), Ok(()));
    check(&root, root.feed(2, OPERATION, 2), Err("not_certified"));
    check(&root, root.feed(3, OPERATION, 1), Err("other_key"));
    check(&root, root.feed(1, Scope::Local, 1), Err("other_key"));
    check(&root, root.feed(1, Scope::Identity, 1), Ok(()));
    check(&root, root.feed(2, Scope::Identity, 1), Err("other_key"));
    let stranger = Root::new(9).feed(2, Scope::Local, 1);
    check(&root, stranger, Err("another_node"));

    let local = root.feed(2, Scope::Local, 1);
    let elsewhere = head(root.feed(2, OPERATION, 1).id(), 9, 9);
    let found = root.identity.may_take(&local, &elsewhere);
    assert_eq!(
        found,
        Err(NotSpokenFor::AnotherFeed {
            feed: elsewhere.feed
        })
    );
}

#[test]
fn a_node_from_before_identity_feeds_certifies_its_root_key_as_epoch_1() {
    let (writer, opening) = Writer::opened(1);
    let mut root = Root::new(1);
    root.say(&key_certified(1, 1)).unwrap();
    assert_eq!(root.identity.node(), writer.feed.node);
    assert_ne!(root.identity.feed().id(), writer.feed.id());
    root.identity
        .may_take(&writer.feed, &opening.head())
        .unwrap();

    root.say(&closed(1, ClosingCause::Rotation, &[])).unwrap();
    let again = root.say(&key_certified(2, 1));
    assert_eq!(again, Err(IdentityError::KeyUsedBefore { epoch: 2 }));
}

#[test]
fn the_root_key_signs_no_later_epoch_even_if_it_signed_no_earlier_one() {
    let mut root = Root::new(1);
    root.say(&key_certified(1, 2)).unwrap();
    root.say(&closed(1, ClosingCause::Rotation, &[])).unwrap();
    let again = root.say(&key_certified(2, 1));
    assert_eq!(again, Err(IdentityError::KeyUsedBefore { epoch: 2 }));
}

#[test]
fn epochs_follow_each_other_one_by_one() {
    let mut root = Root::new(1);
    let order = |expected, found| Err(IdentityError::EpochOrder { expected, found });
    assert_eq!(root.say(&key_certified(2, 2)), order(1, 2));
    let unknown = root.say(&closed(1, ClosingCause::Rotation, &[]));
    assert_eq!(unknown, Err(IdentityError::EpochUnknown { epoch: 1 }));
    root.say(&key_certified(1, 2)).unwrap();
    for epoch in [1, 2] {
        let open = root.say(&key_certified(epoch, 3));
        assert_eq!(open, Err(IdentityError::EpochOpen { epoch: 1 }));
    }
    root.say(&closed(1, ClosingCause::Compromise, &[])).unwrap();
    assert_eq!(root.identity.current_key(), None);
    assert_eq!(root.say(&key_certified(1, 3)), order(2, 1));
    assert_eq!(root.say(&key_certified(3, 3)), order(2, 3));
    let reused = root.say(&key_certified(2, 2));
    assert_eq!(reused, Err(IdentityError::KeyUsedBefore { epoch: 2 }));
    root.say(&key_certified(2, 3)).unwrap();
    assert_eq!(root.identity.current_key().map(|(epoch, _)| epoch), Some(2));
}

#[test]
fn a_closed_epoch_counts_up_to_its_heads_and_no_further() {
    let mut root = Root::new(1);
    root.say(&key_certified(1, 2)).unwrap();
    let (local, operation) = (root.feed(2, Scope::Local, 1), root.feed(2, OPERATION, 1));
    let named = head(local.id(), 4, 0x44);
    root.say(&closed(1, ClosingCause::Rotation, &[named]))
        .unwrap();
    let ask = |root: &Root, feed: &Feed, seq, hash| {
        let answer = root.identity.may_take(feed, &head(feed.id(), seq, hash));
        answer.map_err(|why| (why.code(), why.is_permanent()))
    };
    assert_eq!(ask(&root, &local, 3, 0x33), Ok(()));
    assert_eq!(ask(&root, &local, 4, 0x44), Ok(()));
    let other_branch = Err(("other_branch", true));
    assert_eq!(ask(&root, &local, 4, 0x45), other_branch);
    let beyond = Err(("beyond_closing", false));
    assert_eq!(ask(&root, &local, 5, 0x55), beyond);
    assert_eq!(ask(&root, &operation, 1, 0x11), beyond);

    // A second closing adds the operation, and moves the local feed up past its first head.
    let mut more = [head(local.id(), 6, 0x66), head(operation.id(), 1, 0x11)];
    more.sort();
    root.say(&closed(1, ClosingCause::Compromise, &more))
        .unwrap();
    assert_eq!(ask(&root, &operation, 1, 0x11), Ok(()));
    assert_eq!(ask(&root, &operation, 2, 0x22), beyond);
    assert_eq!(ask(&root, &local, 5, 0x55), Ok(()));
    assert_eq!(ask(&root, &local, 4, 0x45), other_branch, "as named before");
    assert_eq!(ask(&root, &local, 6, 0x67), other_branch);
    assert_eq!(ask(&root, &local, 7, 0x77), beyond);
    let closing = root.identity.keys()[&1].closed.as_ref().unwrap();
    assert_eq!(closing.cause, ClosingCause::Compromise);
    assert_eq!(closing.heads().collect::<Vec<_>>(), more);
    assert_eq!(closing.head_of(FeedId([0; 32])), None);

    // Nothing that counted ceases to.
    for seq in [1, 6] {
        let lower = root.say(&closed(
            1,
            ClosingCause::Fork,
            &[head(local.id(), seq, 0x66)],
        ));
        let expected = IdentityError::HeadNotHigher {
            feed: local.id(),
            named: 6,
            found: seq,
        };
        assert_eq!(lower, Err(expected));
    }
}

#[test]
fn two_anchors_overlap_and_a_third_waits() {
    let mut root = Root::new(1);
    for byte in 0..ANCHORS_MAX as u8 {
        root.say(&anchor(byte)).unwrap();
    }
    assert_eq!(root.say(&anchor(7)), Err(IdentityError::AnchorsFull));
    let sha256 = Hash::of(&[1; 3]);
    let repeated = IdentityError::AnchorRepeated { sha256 };
    assert_eq!(root.say(&anchor(1)), Err(repeated));
    root.say(&withdrawn(0)).unwrap();
    let sha256 = Hash::of(&[0; 3]);
    let unknown = IdentityError::AnchorUnknown { sha256 };
    assert_eq!(root.say(&withdrawn(0)), Err(unknown));
    root.say(&anchor(7)).unwrap();
    let held: Vec<&[u8]> = root
        .identity
        .anchors()
        .iter()
        .map(|it| it.certificate.as_slice())
        .collect();
    assert_eq!(held, [[1; 3], [7; 3]]);
}

#[test]
fn a_revoked_node_says_nothing_more_and_keeps_what_its_closings_named() {
    let mut root = Root::new(1);
    root.say(&key_certified(1, 2)).unwrap();
    let (first, second) = (root.feed(2, Scope::Local, 1), root.feed(3, Scope::Local, 2));
    root.say(&closed(
        1,
        ClosingCause::Rotation,
        &[head(first.id(), 4, 4)],
    ))
    .unwrap();
    root.say(&key_certified(2, 3)).unwrap();
    root.say(&revoked()).unwrap();
    assert!(root.identity.is_revoked());
    assert_eq!(root.identity.revoked(), Some("the station is closed"));
    assert_eq!(root.identity.current_key(), None);
    let before = root.identity.clone();
    assert_eq!(root.say(&named("again")), Err(IdentityError::Revoked));
    assert_eq!(root.identity, before);

    let ask = |feed: &Feed, seq, hash| before.may_take(feed, &head(feed.id(), seq, hash));
    assert_eq!(ask(&first, 4, 4), Ok(()));
    assert_eq!(ask(&first, 5, 5), Err(NotSpokenFor::Revoked));
    assert_eq!(ask(&second, 1, 1), Err(NotSpokenFor::Revoked));
    let third = root.feed(4, Scope::Local, 3);
    assert_eq!(ask(&third, 1, 1), Err(NotSpokenFor::Revoked));
    let own = before.feed();
    assert_eq!(before.may_take(&own, &before.head()), Ok(()));
    let further = head(own.id(), before.head().seq + 1, 1);
    assert_eq!(before.may_take(&own, &further), Err(NotSpokenFor::Revoked));
}

#[test]
fn kinds_of_a_newer_program_are_kept_and_change_nothing() {
    let mut root = Root::new(1);
    root.say(&named("East")).unwrap();
    let newer = [
        identity_draft("identity.capabilities_set", r#"{"a":1}"#),
        Draft {
            kind_version: 2,
            ..identity_draft("identity.named", r#"{"name":"West","short":"W"}"#)
        },
        draft("call.received", b"{}", b"sealed"),
    ];
    for draft in newer {
        let entry = signed(&root, draft);
        assert_eq!(IdentityEvent::of(&entry), Ok(None));
        root.identity.take(&entry).unwrap();
        assert_eq!(root.identity.head(), entry.head());
    }
    assert_eq!(root.identity.unknown(), 3);
    assert_eq!(root.identity.name(), Some("East"));
    root.say(&named("North")).unwrap();
}

#[test]
fn only_the_root_writes_and_a_fork_of_the_identity_is_seen() {
    let mut root = Root::new(1);
    let start = root.identity.clone();
    root.say(&named("East")).unwrap();
    let before = root.identity.clone();

    let forged = identity_entry(
        &Signer::from_seed([2; 32]),
        &before.head(),
        HybridTime(1),
        &named("Mine"),
    )
    .unwrap();
    let code = |taken: Result<(), IdentityError>| taken.map_err(|error| error.code());
    assert_eq!(code(root.identity.take(&forged)), Err("bad_signature"));
    let twin = identity_entry(&root.signer, &start.head(), HybridTime(1), &named("West")).unwrap();
    let fork = root.identity.take(&twin);
    assert!(matches!(
        fork,
        Err(IdentityError::Feed(FeedError::Fork { seq: 2, .. }))
    ));
    let opening = root.entries[0].clone();
    assert_eq!(code(root.identity.take(&opening)), Err("repeated"));
    let gap = Head {
        seq: 9,
        ..before.head()
    };
    let late = identity_entry(&root.signer, &gap, HybridTime(1), &named("Late")).unwrap();
    let error = root.identity.take(&late).unwrap_err();
    assert_eq!((error.code(), error.is_permanent()), ("gap", false));
    assert_eq!(root.identity, before, "a refused entry changes nothing");
}

#[test]
fn an_identity_begins_with_its_own_opening_and_no_other() {
    let (_, local) = Writer::opened(1);
    let refused = Identity::begin(&local);
    let scope = Scope::Local;
    assert_eq!(refused, Err(IdentityError::NotIdentity { scope }));
    let named = Root::new(1).next(&named("East"));
    assert_eq!(Identity::begin(&named).unwrap_err().code(), "bad_opening");

    // A later epoch, or a key that does not name the node, opens no identity feed, in any chain.
    let mut later = Writer::new(1, Scope::Identity, 2);
    let mut foreign = Writer::new(1, Scope::Identity, 1);
    foreign.feed.node = NodeId([9; 32]);
    for writer in [&mut later, &mut foreign] {
        writer.head = Head::start(writer.feed.id());
        let body = writer.feed.opening_body(None, "mine");
        let opened = sign(&writer.signer, &writer.head, opening_draft(body));
        assert!(matches!(opened, Err(FeedError::BadOpening { .. })));
    }
    let root = Signer::from_seed([1; 32]);
    let opening = identity_opening(&root, HybridTime(1), "first start").unwrap();
    Chain::new(&Feed::identity(root.public_key()))
        .accept(&opening)
        .unwrap();
}

#[test]
fn an_event_has_one_form() {
    let root = Root::new(1);
    let key = Signer::from_seed([2; 32]).public_key();
    let feed = FeedId([5; 32]);
    let (fives, sixes) = ("05".repeat(32), "06".repeat(32));
    let of = [
        (named("烽\"燧"), r#"{"name":"烽\"燧"}"#.to_owned()),
        (
            key_certified(7, 2),
            format!(r#"{{"epoch":7,"public_key":"{key}"}}"#),
        ),
        (
            closed(7, ClosingCause::Fork, &[head(feed, u64::MAX, 6)]),
            format!(
                r#"{{"epoch":7,"cause":"fork","heads":[{{"feed":"{fives}","seq":18446744073709551615,"hash":"{sixes}"}}]}}"#
            ),
        ),
        (
            anchor(0xab),
            r#"{"certificate":"ababab","not_after_ms":1800000000000}"#.to_owned(),
        ),
        (
            withdrawn(1),
            format!(r#"{{"sha256":"{}"}}"#, Hash::of(&[1; 3])),
        ),
        (
            addresses(&["a.example:1", "[::1]:65535"]),
            r#"{"addresses":["a.example:1","[::1]:65535"]}"#.to_owned(),
        ),
        (
            revoked(),
            r#"{"reason":"the station is closed"}"#.to_owned(),
        ),
    ];
    for (event, plain) in of {
        let entry = root.next(&event);
        assert_eq!(String::from_utf8_lossy(&entry.plain), plain);
        assert_eq!(entry.header.kind, event.kind());
        assert_eq!(entry.header.record, [0; 16]);
        assert!(entry.header.critical && entry.header.kind_version == 1);
        assert_eq!(IdentityEvent::of(&entry), Ok(Some(event)));
    }
}

#[test]
fn every_other_form_is_refused_and_changes_nothing() {
    let root = Root::new(1);
    let check = |draft: Draft<'_>, expected: &str| {
        let plain = String::from_utf8_lossy(&draft.plain).into_owned();
        let entry = signed(&root, draft);
        let mut identity = root.identity.clone();
        let error = identity.take(&entry).expect_err(&plain);
        assert_eq!(error.code(), expected, "{plain}");
        assert!(error.is_permanent() && !error.to_string().is_empty());
        assert_eq!(identity, root.identity, "{plain}");
    };
    for (kind, plain, expected) in bodies() {
        if expected != "ok" {
            check(identity_draft(kind, &plain), expected);
        }
    }
    let good = || identity_draft("identity.named", r#"{"name":"East"}"#);
    let not_critical = Draft {
        critical: false,
        ..good()
    };
    check(not_critical, "bad_identity");
    let about_a_record = Draft {
        record: [1; 16],
        ..good()
    };
    check(about_a_record, "bad_identity");
    let sealed = Draft {
        sealed: vec![1],
        ..good()
    };
    check(sealed, "bad_identity");
    root.identity.clone().take(&signed(&root, good())).unwrap();
}

#[test]
fn an_address_is_a_host_and_a_port() {
    let root = Root::new(1);
    let written = |address: &str| {
        let (signer, head) = (&root.signer, root.identity.head());
        identity_entry(signer, &head, HybridTime(1), &addresses(&[address]))
    };
    for good in [
        "a:1",
        "10.0.0.1:7443",
        "node_a.Fire-1.example:65535",
        "[::]:443",
        "[::ffff:10.0.0.1]:443",
    ] {
        written(good).expect(good);
    }
    for wrong in [
        "", ":", "a", "a:", ":1", "a:0", "a:01", "a:65536", "a:+1", "a b:1", "a/b:1", "::1:443",
        "[]:443", "[g]:443", "[::1]", "烽:1", "a:1 ", "u@a:1", "a:一",
    ] {
        let error = written(wrong).expect_err(wrong);
        assert_eq!(error.code(), "bad_identity", "{wrong}");
    }
    let (signer, head) = (&root.signer, root.identity.head());
    let twice = addresses(&["a:1", "a:1"]);
    let error = identity_entry(signer, &head, HybridTime(1), &twice).unwrap_err();
    assert_eq!(error.code(), "bad_identity");
}

#[test]
fn every_limit_of_an_event_holds_at_it_and_not_one_past() {
    let root = Root::new(1);
    let check = |what: &'static str, max: u64, event: &dyn Fn(u64) -> IdentityEvent| {
        let write = |event: &IdentityEvent| {
            identity_entry(&root.signer, &root.identity.head(), HybridTime(1), event)
        };
        let at = event(max);
        let entry = write(&at).unwrap();
        assert_eq!(IdentityEvent::of(&entry), Ok(Some(at)), "{what}");
        let past = event(max + 1);
        let found = max + 1;
        let expected = FeedError::TooLarge { what, found, max };
        assert_eq!(write(&past), Err(expected.clone()), "{what}");
        // A writer that does not look is refused by readers just so.
        let plain = past.to_plain();
        if plain.len() <= watchfire_feed::limits::BODY_MAX_BYTES {
            let plain = String::from_utf8(plain).unwrap();
            let entry = signed(&root, identity_draft(past.kind(), &plain));
            let error = root.identity.clone().take(&entry).unwrap_err();
            assert_eq!(error, IdentityError::Feed(expected), "{what}");
        }
    };
    check("name", NAME_MAX_CHARS as u64, &|chars| {
        named(&"烽".repeat(chars as usize))
    });
    check("reason", REASON_MAX_CHARS as u64, &|chars| {
        IdentityEvent::Revoked {
            reason: "燧".repeat(chars as usize),
        }
    });
    check("list of heads", CLOSING_HEADS_MAX as u64, &|count| {
        let head = |number: u64| {
            let mut feed = [0xff; 32];
            feed[..8].copy_from_slice(&number.to_be_bytes());
            head(FeedId(feed), u64::MAX, 0xff)
        };
        let heads: Vec<Head> = (0..count).map(head).collect();
        closed(u32::MAX, ClosingCause::Compromise, &heads)
    });
    check("certificate", CERTIFICATE_MAX_BYTES as u64, &|bytes| {
        IdentityEvent::AnchorCertified {
            certificate: vec![0xff; bytes as usize],
            not_after_ms: NOT_AFTER_MAX_MS,
        }
    });
    check("end of the anchor", NOT_AFTER_MAX_MS, &|not_after_ms| {
        IdentityEvent::AnchorCertified {
            certificate: vec![1],
            not_after_ms,
        }
    });
    check("list of addresses", ADDRESSES_MAX as u64, &|count| {
        IdentityEvent::AddressesSet {
            addresses: (1..=count).map(|port| format!("a:{port}")).collect(),
        }
    });
    check("address", ADDRESS_MAX_CHARS as u64, &|chars| {
        addresses(&[&format!("{}:1", "a".repeat(chars as usize - 2))])
    });
}

#[test]
fn a_key_that_anybody_can_sign_for_is_not_certified() {
    let root = Root::new(1);
    let event = IdentityEvent::KeyCertified {
        epoch: 1,
        public_key: PublicKey([0; 32]),
    };
    let refused = identity_entry(&root.signer, &root.identity.head(), HybridTime(1), &event);
    assert_eq!(refused, Err(FeedError::BadKey));
}

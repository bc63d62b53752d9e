//! Every limit at its value and one past it, and every refusal that a writer meets. What a reader
//! refuses is in the test vectors.

mod common;

use common::raw::{Raw, frame, signed_frame};
use common::{Writer, draft, opening_draft};
use watchfire_feed::limits::{
    BODY_MAX_BYTES, DEPS_MAX, FRAME_MAX_BYTES, HEADER_MAX_BYTES, KIND_MAX_BYTES,
};
use watchfire_feed::{
    Chain, Draft, Entry, FeedError, FeedId, Hash, Head, OPENING_KIND, SealedBody, Signer,
    proves_fork, sign,
};

fn try_sign(writer: &Writer, draft: Draft<'_>) -> Result<Entry, FeedError> {
    let entry = sign(&writer.signer, &writer.head, draft)?;
    // Whatever is signed must be taken by a reader.
    let (read, used) = Entry::decode(&entry.encode()).expect("what is signed is well formed");
    assert_eq!((&read, used), (&entry, entry.encode().len()));
    assert!(used <= FRAME_MAX_BYTES);
    Chain::resume(&writer.feed, writer.head)
        .accept(&read)
        .expect("what is signed is taken");
    Ok(entry)
}

fn too_large(what: &'static str, max: usize) -> FeedError {
    FeedError::TooLarge {
        what,
        found: max as u64 + 1,
        max: max as u64,
    }
}

fn dep(byte: u8) -> Head {
    Head {
        feed: FeedId([byte; 32]),
        seq: 1,
        hash: Hash([byte; 32]),
    }
}

#[test]
fn the_body_has_a_limit_for_both_parts_together() {
    let (writer, _) = Writer::opened(1);
    for plain_bytes in [0, 1, BODY_MAX_BYTES / 2, BODY_MAX_BYTES] {
        let sealed_bytes = BODY_MAX_BYTES - plain_bytes;
        let (plain, sealed) = (vec![b'p'; plain_bytes], vec![b's'; sealed_bytes]);
        try_sign(&writer, draft("at.limit", &plain, &sealed)).unwrap();
        let plain = vec![b'p'; plain_bytes + 1];
        let error = try_sign(&writer, draft("past.limit", &plain, &sealed)).unwrap_err();
        assert_eq!(error, too_large("body", BODY_MAX_BYTES));
    }
}

#[test]
fn the_kind_has_a_limit() {
    let (writer, _) = Writer::opened(1);
    let kind = "k".repeat(KIND_MAX_BYTES);
    try_sign(&writer, draft(&kind, b"", b"")).unwrap();
    let error = try_sign(&writer, draft(&format!("{kind}k"), b"", b"")).unwrap_err();
    assert_eq!(error, too_large("kind", KIND_MAX_BYTES));
    for wrong in [
        "",
        "Call",
        "call received",
        "call-received",
        "报警",
        "call\n",
    ] {
        assert_eq!(
            try_sign(&writer, draft(wrong, b"", b"")),
            Err(FeedError::BadKind),
            "{wrong}"
        );
    }
}

#[test]
fn deps_have_a_limit_and_are_put_in_order() {
    let (writer, _) = Writer::opened(1);
    let descending: Vec<Head> = (1..=DEPS_MAX as u8).rev().map(dep).collect();
    let entry = try_sign(
        &writer,
        Draft {
            deps: &descending,
            ..draft("k", b"", b"")
        },
    )
    .unwrap();
    assert!(entry.header.deps.is_sorted() && entry.header.deps.len() == DEPS_MAX);

    let one_more: Vec<Head> = (1..=DEPS_MAX as u8 + 1).map(dep).collect();
    let check = |deps: &[Head], expected: FeedError| {
        let error = try_sign(
            &writer,
            Draft {
                deps,
                ..draft("k", b"", b"")
            },
        )
        .unwrap_err();
        assert_eq!(error, expected);
    };
    check(&one_more, too_large("list of deps", DEPS_MAX));
    check(&[dep(1), dep(2), dep(1)], FeedError::DepOrder);
    check(&[Head { seq: 0, ..dep(1) }], FeedError::BadDep);
    check(&[writer.head], FeedError::BadDep);
}

#[test]
fn a_header_length_beyond_the_limit_is_refused_before_its_bytes_have_come() {
    let length = |bytes: usize| (bytes as u32).to_be_bytes();
    let expected = FeedError::Truncated {
        needed: 4 + HEADER_MAX_BYTES,
        found: 4,
    };
    assert_eq!(
        Entry::decode(&length(HEADER_MAX_BYTES)).unwrap_err(),
        expected
    );
    let error = Entry::decode(&length(HEADER_MAX_BYTES + 1)).unwrap_err();
    assert_eq!(error, too_large("header", HEADER_MAX_BYTES));

    // The same limit for parts out of a database.
    let parts = |bytes| Entry::from_parts(vec![0; bytes], [0; 64], Vec::new(), SealedBody::None);
    assert_eq!(parts(HEADER_MAX_BYTES), Err(FeedError::BadMagic));
    assert_eq!(
        parts(HEADER_MAX_BYTES + 1),
        Err(too_large("header", HEADER_MAX_BYTES))
    );
}

#[test]
fn the_last_sequence_number_is_used_and_no_other_after_it() {
    let (mut writer, _) = Writer::opened(1);
    writer.head.seq = u64::MAX - 1;
    let last = try_sign(&writer, draft("k", b"", b"")).unwrap();
    assert_eq!(last.header.seq, u64::MAX);
    let mut chain = Chain::resume(&writer.feed, writer.head);
    chain.accept(&last).unwrap();
    assert_eq!(
        chain.accept(&last),
        Err(FeedError::Repeated { seq: u64::MAX })
    );
    writer.head = last.head();
    assert_eq!(
        try_sign(&writer, draft("k", b"", b"")),
        Err(FeedError::SeqExhausted)
    );
}

#[test]
fn a_writer_cannot_begin_a_feed_with_anything_but_its_own_opening() {
    let writer = Writer::local(1);
    let refused = |draft: Draft<'_>| match try_sign(&writer, draft) {
        Err(FeedError::BadOpening { .. } | FeedError::BadSignature) => (),
        other => panic!("should be refused: {other:?}"),
    };
    let body = writer.feed.opening_body(None, "first start");
    refused(draft("call.received", b"{}", b""));
    refused(draft(OPENING_KIND, &body, b""));
    refused(Draft {
        critical: false,
        ..opening_draft(body.clone())
    });
    refused(Draft {
        sealed: vec![1],
        ..opening_draft(body.clone())
    });
    refused(opening_draft(
        Writer::local(2).feed.opening_body(None, "first start"),
    ));
    try_sign(&writer, opening_draft(body.clone())).unwrap();

    let stolen = sign(
        &Signer::from_seed([9; 32]),
        &writer.head,
        opening_draft(body.clone()),
    );
    assert_eq!(
        stolen,
        Err(FeedError::BadSignature),
        "the opening names another key"
    );
    let (opened, _) = Writer::opened(1);
    let again = try_sign(&opened, opening_draft(body));
    assert_eq!(again, Err(FeedError::LateOpening { seq: 2 }));
}

#[test]
fn parts_must_have_the_sizes_and_the_form_of_the_header() {
    let (mut writer, _) = Writer::opened(1);
    let bare = writer.write(draft("k", b"plain", b""));
    let full = writer.write(draft("k", b"plain", b"sealed"));
    let parts = |entry: &Entry, plain: &[u8], sealed: SealedBody| {
        Entry::from_parts(
            entry.header_bytes.clone(),
            entry.signature,
            plain.to_vec(),
            sealed,
        )
        .map_err(|error| error.code())
    };
    let whole = |bytes: &[u8]| SealedBody::Whole(bytes.to_vec());
    let erased = SealedBody::Erased(Hash::of(b"sealed"));
    assert_eq!(parts(&bare, b"plain", SealedBody::None), Ok(bare.clone()));
    assert_eq!(parts(&full, b"plain", whole(b"sealed")), Ok(full.clone()));
    assert!(
        parts(&full, b"plain", erased.clone())
            .unwrap()
            .verify(&writer.feed.key)
            .is_ok()
    );

    assert_eq!(parts(&bare, b"plai", SealedBody::None), Err("body_size"));
    assert_eq!(parts(&bare, b"plain1", SealedBody::None), Err("body_size"));
    assert_eq!(parts(&bare, b"plain", whole(b"s")), Err("body_size"));
    assert_eq!(parts(&bare, b"plain", whole(b"")), Err("sealed_form"));
    assert_eq!(parts(&bare, b"plain", erased), Err("sealed_form"));
    assert_eq!(parts(&full, b"plain", SealedBody::None), Err("body_size"));
    assert_eq!(parts(&full, b"plain", whole(b"seale")), Err("body_size"));
}

#[test]
fn a_stated_size_that_lies_is_noticed_when_the_parts_are_put_together() {
    // Signed by the right key, so that only the size and the commitment can tell.
    let (writer, opening) = Writer::opened(1);
    let entry = try_sign(&writer, draft("k", b"plain", b"sealed")).unwrap();
    let mut raw = Raw::of(&entry);
    (raw.plain_size, raw.sealed_size) = (6, 5);
    let moved = signed_frame(1, &raw.bytes(), 1, b"plainsealed");
    let (moved, _) = Entry::decode(&moved).unwrap();
    let refused = Chain::resume(&writer.feed, opening.head()).accept(&moved);
    assert_eq!(refused, Err(FeedError::BodyMismatch));
}

#[test]
fn a_fork_is_proved_by_two_signed_entries_and_nothing_less() {
    let (mut writer, opening) = Writer::opened(1);
    let mut twin = Writer::opened(1).0;
    let one = writer.write(draft("k", b"one", b"sealed"));
    let mut other = twin.write(draft("k", b"other", b"sealed"));
    let key = writer.feed.key;
    other.erase_sealed();
    assert_eq!(proves_fork(&key, &one, &other), Ok(true));
    assert_eq!(proves_fork(&key, &one, &one), Ok(false));
    assert_eq!(proves_fork(&key, &opening, &other), Ok(false));
    let forged = frame(
        &other.header_bytes,
        &[7; 64],
        2,
        &other.encode()[other.encode().len() - 37..],
    );
    let (forged, _) = Entry::decode(&forged).unwrap();
    assert_eq!(
        proves_fork(&key, &one, &forged),
        Err(FeedError::BadSignature)
    );
    let mut chain = Chain::resume(&writer.feed, one.head());
    assert_eq!(
        chain.accept(&forged),
        Err(FeedError::BadSignature),
        "nobody can be framed"
    );
    assert!(matches!(
        chain.accept(&other),
        Err(FeedError::Fork { seq: 2, .. })
    ));
    assert_eq!(chain.head(), one.head(), "a refused entry moves nothing");
}

#[test]
fn a_chain_with_the_head_of_another_feed_takes_nothing() {
    let (writer, opening) = Writer::opened(1);
    let (other, _) = Writer::opened(2);
    let mut chain = Chain::resume(&writer.feed, other.head);
    assert!(matches!(
        chain.accept(&opening),
        Err(FeedError::WrongFeed { .. })
    ));
}

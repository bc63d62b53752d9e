//! Calls that are still being typed: kept, never mixed up, gone with their keys; and what came before them.

use std::fs;

use rusqlite::Connection;
use watchfire_core::basis::{CallId, PersonId, Timestamp};
use watchfire_core::log::{Log, UsedDraft};
use watchfire_feed::seal::RecordKey;
use watchfire_store::{
    BackupKeys, CallDraft, DraftPut, DraftWrite, Reader, Store, StoreError, backup, check, limits,
    rebuild,
};

use crate::node::{self, CANARY, Node};

const ADA: PersonId = PersonId([1; 16]);
const BEN: PersonId = PersonId([2; 16]);

fn draft(id: u8, seq: u64, at_ms: i64) -> CallDraft {
    CallDraft {
        id: [id; 16],
        seq,
        changed_at: Timestamp(at_ms),
        json: format!("{{\"said\":\"{CANARY} {id} {seq}\"}}").into_bytes(),
    }
}

/// Keeps one draft; the key and nonce follow from it, as no two are alike in these stories.
fn put(store: &mut Store, person: PersonId, draft: CallDraft) -> DraftPut {
    let (id, seq) = (draft.id, draft.seq as u8);
    let write = DraftWrite {
        person,
        key: RecordKey::new(
            [id[0], seq, person.0[0], 9].repeat(4).try_into().unwrap(),
            [id[0]; 32],
        ),
        nonce: [seq; 12],
        draft,
    };
    let mut put = store.put_drafts(&[write]).unwrap();
    put.remove(0).unwrap()
}

fn kept(store: &Store, person: PersonId) -> Vec<(u8, u64)> {
    let drafts = store.reader().unwrap().drafts(person).unwrap();
    for found in &drafts {
        assert_eq!(*found, draft(found.id[0], found.seq, found.changed_at.0));
    }
    drafts
        .iter()
        .map(|found| (found.id[0], found.seq))
        .collect()
}

#[test]
fn a_draft_is_its_owners_alone_and_only_a_newer_one_takes_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Node::new(dir.path(), 81).store;
    assert_eq!(
        put(&mut store, ADA, draft(1, 1, 100)),
        DraftPut::Kept(draft(1, 1, 100))
    );
    assert_eq!(
        put(&mut store, ADA, draft(1, 3, 300)),
        DraftPut::Kept(draft(1, 3, 300))
    );
    for older in [2, 3] {
        let answer = put(&mut store, ADA, draft(1, older, 400));
        assert_eq!(answer, DraftPut::Kept(draft(1, 3, 300)), "{older}");
    }
    assert_eq!(put(&mut store, BEN, draft(1, 9, 400)), DraftPut::NotYours);
    assert_eq!(
        put(&mut store, BEN, draft(2, 1, 400)),
        DraftPut::Kept(draft(2, 1, 400))
    );
    assert!(!store.give_up_draft(BEN, &[1; 16], Timestamp(500)).unwrap());
    assert!(!store.give_up_draft(ADA, &[7; 16], Timestamp(500)).unwrap());
    assert_eq!(
        (kept(&store, ADA), kept(&store, BEN)),
        (vec![(1, 3)], vec![(2, 1)])
    );
    drop(store);
    let mut store = Store::open(dir.path()).unwrap();
    assert_eq!(kept(&store, ADA), [(1, 3)], "after a restart");
    // Two sent at once share a transaction, and one that is refused harms no other.
    let writes: Vec<DraftWrite> = [(BEN, 1, 5), (ADA, 3, 1), (ADA, 3, 2)]
        .map(|(person, id, seq)| DraftWrite {
            person,
            key: RecordKey::new([0x40 + seq as u8; 16], [7; 32]),
            nonce: [0x50 + seq as u8; 12],
            draft: draft(id, seq, 600),
        })
        .into();
    let answers: Vec<DraftPut> = store
        .put_drafts(&writes)
        .unwrap()
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let wanted = [
        DraftPut::NotYours,
        DraftPut::Kept(draft(3, 1, 600)),
        DraftPut::Kept(draft(3, 2, 600)),
    ];
    assert_eq!(answers, wanted);
    assert_eq!(kept(&store, ADA), [(1, 3), (3, 2)]);
    check(dir.path(), |_| ()).unwrap();
}

#[test]
fn what_ended_stays_ended_and_no_old_backup_can_show_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 82);
    for id in [1, 2, 3] {
        put(&mut node.store, ADA, draft(id, 1, 100));
    }
    let old = tempfile::tempdir().unwrap();
    backup(
        dir.path(),
        &old.path().join("b"),
        BackupKeys::LeftOut,
        |_| (),
    )
    .unwrap();
    fs::copy(dir.path().join("keyring.db"), old.path().join("keyring.db")).unwrap();

    assert!(
        node.store
            .give_up_draft(ADA, &[1; 16], Timestamp(200))
            .unwrap()
    );
    assert!(
        node.store
            .give_up_draft(ADA, &[1; 16], Timestamp(200))
            .unwrap(),
        "again is as good"
    );
    assert_eq!(
        put(&mut node.store, ADA, draft(1, 9, 300)),
        DraftPut::Ended(None)
    );
    let mut batch = node.decide_call();
    let call = CallId(batch.outcomes[0].records[0].0.id);
    let used = |draft: u8, person| UsedDraft {
        draft: [draft; 16],
        person,
        call,
        at: Timestamp(400),
    };
    // The second was never kept here, the third is not Ben's to end.
    batch.drafts = vec![used(2, ADA), used(9, ADA), used(3, BEN)];
    node.store.append(&batch).unwrap();
    assert_eq!(kept(&node.store, ADA), [(3, 1)]);
    for late in [2, 9] {
        assert_eq!(
            put(&mut node.store, ADA, draft(late, 9, 500)),
            DraftPut::Ended(Some(call))
        );
    }
    node.store.tend_drafts(Timestamp(0)).unwrap();
    assert_eq!(
        put(&mut node.store, ADA, draft(2, 9, 500)),
        DraftPut::Ended(Some(call))
    );
    check(dir.path(), |_| ()).unwrap();

    // The backup of before, read with the keys that are left.
    let copy = old.path().join("b");
    let seen = |keyring: &std::path::Path| {
        fs::copy(keyring, copy.join("keyring.db")).unwrap();
        let drafts = Reader::open(&copy).unwrap().drafts(ADA).unwrap();
        drafts.iter().map(|draft| draft.id[0]).collect::<Vec<_>>()
    };
    let _ = node.store.checkpoint();
    drop(node);
    assert_eq!(seen(&dir.path().join("keyring.db")), [3]);

    // The trace goes in the end, and with it the memory that there was one.
    let mut store = Store::open(dir.path()).unwrap();
    store.tend_drafts(Timestamp(401)).unwrap();
    assert_eq!(kept(&store, ADA), [(0, 0); 0], "nobody touched the third");
    assert_eq!(
        put(&mut store, ADA, draft(2, 7, 600)),
        DraftPut::Kept(draft(2, 7, 600))
    );
    check(dir.path(), |_| ()).unwrap();
}

#[test]
fn a_reader_of_the_keyring_delays_nobody_and_the_key_is_gone_from_its_log_once_it_has_left() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Node::new(dir.path(), 86).store;
    put(&mut store, ADA, draft(1, 1, 100));
    let reader = Connection::open(dir.path().join("keyring.db")).unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM keys;")
        .unwrap();
    let secret = [1; 32];
    let log_holds_it = || {
        let log = fs::read(dir.path().join("keyring.db-wal")).unwrap_or_default();
        log.windows(32).any(|window| window == secret)
    };
    assert!(log_holds_it(), "the search can find");
    assert!(store.give_up_draft(ADA, &[1; 16], Timestamp(200)).unwrap());
    store.tend_drafts(Timestamp(0)).unwrap();
    assert!(log_holds_it(), "the reader still reads");
    assert_eq!(
        put(&mut store, ADA, draft(1, 2, 300)),
        DraftPut::Ended(None)
    );
    reader.execute_batch("ROLLBACK").unwrap();
    store.tend_drafts(Timestamp(0)).unwrap();
    assert!(!log_holds_it());
    check(dir.path(), |_| ()).unwrap();
}

#[test]
fn what_is_typed_is_in_no_file_in_clear() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Node::new(dir.path(), 83).store;
    put(&mut store, ADA, draft(1, 1, 100));
    for item in fs::read_dir(dir.path()).unwrap() {
        let path = item.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let found = bytes
            .windows(CANARY.len())
            .any(|window| window == CANARY.as_bytes());
        assert!(!found, "{}", path.display());
    }
}

#[test]
fn the_limits_of_drafts_hold() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Node::new(dir.path(), 84).store;
    let max = limits::DRAFTS_PER_PERSON_MAX as u8;
    for id in 1..=max {
        assert!(matches!(
            put(&mut store, ADA, draft(id, 1, 100)),
            DraftPut::Kept(_)
        ));
    }
    assert_eq!(
        put(&mut store, ADA, draft(max + 1, 1, 100)),
        DraftPut::TooMany
    );
    assert!(
        matches!(put(&mut store, ADA, draft(max, 2, 100)), DraftPut::Kept(_)),
        "not a new one"
    );
    assert!(matches!(
        put(&mut store, BEN, draft(max + 1, 1, 100)),
        DraftPut::Kept(_)
    ));
    store.give_up_draft(ADA, &[1; 16], Timestamp(200)).unwrap();
    assert!(matches!(
        put(&mut store, ADA, draft(max + 2, 1, 100)),
        DraftPut::Kept(_)
    ));
    let sized = |id: u8, bytes: usize| DraftWrite {
        person: BEN,
        key: RecordKey::new([0x60 + id; 16], [7; 32]),
        nonce: [1; 12],
        draft: CallDraft {
            json: vec![b' '; bytes],
            ..draft(0x60 + id, 1, 100)
        },
    };
    let writes = [
        sized(1, limits::DRAFT_BYTES_MAX),
        sized(2, limits::DRAFT_BYTES_MAX + 1),
    ];
    let answers = store.put_drafts(&writes).unwrap();
    assert!(matches!(answers[0], Ok(DraftPut::Kept(_))));
    assert!(matches!(answers[1], Err(StoreError::NotTaken { .. })));
}

#[test]
fn a_database_of_the_format_before_is_brought_up_and_keeps_everything() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 85);
    node.work(60);
    let (board, head) = (node.engine.board().clone(), node.engine.head());
    assert!(node.store.checkpoint().unwrap());
    drop(node);
    // What format 1 was: the same without the tables of drafts, recommendations and other nodes.
    let path = dir.path().join("watchfire.db");
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch(
        "DROP TABLE drafts; DROP TABLE made; DROP TABLE copies; DROP TABLE forks; DROP TABLE newer;
         DROP TABLE arrivals; PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(raw);
    check(dir.path(), |_| ()).expect("it can be read and checked as it is");
    let format = || -> i64 {
        let raw = Connection::open(&path).unwrap();
        raw.pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap()
    };
    assert_eq!(format(), 1, "reading alters nothing");
    let mut store = Store::open(dir.path()).unwrap();
    assert!(matches!(
        put(&mut store, ADA, draft(1, 1, 100)),
        DraftPut::Kept(_)
    ));
    let loaded = store.load(Timestamp(0)).unwrap();
    assert!(loaded.board == board && loaded.head == head);
    drop((loaded, store));
    assert_eq!(format(), 4);
    check(dir.path(), |_| ()).unwrap();
    rebuild(dir.path(), |_| ()).unwrap();
    assert!(node::load_all(dir.path()).unwrap() == board);
    assert_eq!(
        kept(&Store::open(dir.path()).unwrap(), ADA),
        [(1, 1)],
        "a rebuilding takes drafts along"
    );

    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("PRAGMA user_version = 5;").unwrap();
    drop(raw);
    let error = Store::open(dir.path()).unwrap_err();
    assert!(
        matches!(error, StoreError::OtherFormat { found: 5, known: 4 }),
        "{error}"
    );
}

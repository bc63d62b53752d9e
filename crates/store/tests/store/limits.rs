//! Every limit holds at its value and one past it.

use rusqlite::Connection;
use watchfire_core::basis::{AssignmentId, PersonId, Point, Timestamp, UnitId};
use watchfire_core::log::{Batch, KeptOutcome, Log};
use watchfire_core::record::{RecordKind, RecordRef};
use watchfire_store::{Filter, Store, StoreError, TrailPoint, limits};

use crate::node::{self, Node};

#[test]
fn a_page_has_at_most_its_most_and_says_that_it_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 81);
    let call = node.call();
    let reader = node.store.reader().unwrap();
    let row = reader.record(call.into()).unwrap().unwrap();
    let more = |from: usize, to: usize| {
        let rows = (from..to).map(|number| {
            let mut row = row.clone();
            row.record.id[..8].copy_from_slice(&(number as u64).to_be_bytes());
            row
        });
        Batch {
            rows: rows.collect(),
            ..Batch::default()
        }
    };
    node.store.append(&more(1, limits::PAGE_MAX)).unwrap();
    let page = |limit| {
        let page = reader.records(RecordKind::Call, Filter::default(), None, limit);
        let page = page.unwrap();
        (page.rows.len(), page.next.is_some())
    };
    assert_eq!(page(usize::MAX), (limits::PAGE_MAX, false));
    node.store
        .append(&more(limits::PAGE_MAX, limits::PAGE_MAX + 1))
        .unwrap();
    assert_eq!(page(usize::MAX), (limits::PAGE_MAX, true));
    assert_eq!(page(0), (1, true), "a page has at least one");
}

#[test]
fn entries_come_in_pages_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 82);
    let mut batch = Batch::default();
    while batch.entries.len() < limits::PAGE_MAX {
        batch.extend(node.decide_call());
    }
    node.store.append(&batch).unwrap();
    node.engine.persisted();
    let reader = node.store.reader().unwrap();
    let feed = node.engine.feed().id();
    assert_eq!(
        node.engine.head().seq as usize,
        limits::PAGE_MAX + 1,
        "with the opening"
    );
    assert_eq!(
        reader.entries(&feed, 2, usize::MAX).unwrap().len(),
        limits::PAGE_MAX
    );
    assert_eq!(
        reader.entries(&feed, 1, usize::MAX).unwrap().len(),
        limits::PAGE_MAX
    );
    assert_eq!(
        reader.entries_after(1, usize::MAX).unwrap().len(),
        limits::PAGE_MAX
    );
    assert_eq!(
        reader.entries_after(0, usize::MAX).unwrap().len(),
        limits::PAGE_MAX
    );
}

#[test]
fn entries_of_so_many_records_and_no_more_are_asked_for_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let reader = Node::new(dir.path(), 83).store.reader().unwrap();
    let unknown = RecordRef {
        kind: RecordKind::Call,
        id: [9; 16],
    };
    let asked = vec![unknown; limits::RECORDS_ASKED_MAX];
    assert_eq!(reader.entries_of(&asked, None, 10).unwrap(), []);
    let error = reader.entries_of(&[asked, vec![unknown]].concat(), None, 10);
    assert!(matches!(error, Err(StoreError::NotTaken { .. })));
}

#[test]
fn an_opening_verifies_so_many_of_the_last_entries() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 84);
    let mut batch = Batch::default();
    while batch.entries.len() < limits::TAIL_VERIFIED_MAX as usize + 5 {
        batch.extend(node.decide_call());
    }
    node.store.append(&batch).unwrap();
    let last = node.engine.head().seq;
    drop(node);
    let forge = |seq: u64| {
        let connection = Connection::open(dir.path().join("watchfire.db")).unwrap();
        let sql = "UPDATE entries SET signature = zeroblob(64) WHERE position = ?1";
        assert_eq!(connection.execute(sql, [seq]).unwrap(), 1);
    };
    forge(last - limits::TAIL_VERIFIED_MAX);
    Store::open(dir.path()).unwrap();
    forge(last - limits::TAIL_VERIFIED_MAX + 1);
    let error = Store::open(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::BadEntry { .. }), "{error}");
}

#[test]
fn old_lines_are_deleted_in_bounded_pieces() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 85);
    let point = |at: usize| TrailPoint {
        unit: UnitId([1; 16]),
        assignment: AssignmentId([2; 16]),
        at: Timestamp(at as i64),
        point: Point {
            lat_e6: 0,
            lon_e6: 0,
        },
    };
    let points: Vec<TrailPoint> = (0..=limits::PRUNED_MAX).map(point).collect();
    node.store.add_trail(&points).unwrap();
    let outcome = |at: usize| KeptOutcome {
        person: PersonId([1; 16]),
        key: format!("key {at}"),
        fingerprint: [0; 32],
        at: Timestamp(at as i64),
        records: Vec::new(),
    };
    let batch = Batch {
        outcomes: (0..=limits::PRUNED_MAX).map(outcome).collect(),
        ..Batch::default()
    };
    node.store.append(&batch).unwrap();
    let end = Timestamp(i64::MAX);
    let most = limits::PRUNED_MAX as u64;
    assert_eq!(node.store.prune(end, end).unwrap(), 2 * most);
    assert_eq!(node.store.prune(end, end).unwrap(), 2);
    assert_eq!(node.store.prune(end, end).unwrap(), 0);
}

#[test]
fn a_nodes_name_at_its_limit_is_taken_and_one_past_it_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Node::new(dir.path(), 86).store;
    let longest = "燧".repeat(limits::NAME_CHARS_MAX);
    store.rename_node(&longest).unwrap();
    for wrong in ["", &format!("{longest}燧")] {
        let error = store.rename_node(wrong).unwrap_err();
        assert!(matches!(error, StoreError::NotTaken { .. }), "{error}");
    }
    drop(store);
    assert_eq!(Store::open(dir.path()).unwrap().node_name(), longest);
    assert!(node::load_all(dir.path()).is_ok());
}

//! What is appended is there, whole and in order; what does not follow is refused.

use watchfire_core::basis::Timestamp;
use watchfire_core::log::{Batch, Log, LogFault};
use watchfire_core::record::RecordKind;
use watchfire_store::{Filter, Store, StoreError};

use crate::node::{self, Node};

#[test]
fn the_bundled_sqlite_has_the_fixes_that_we_rely_on() {
    // 3.51.3 mends a race of the write-ahead log that could lose a checkpoint.
    assert!(
        rusqlite::version_number() >= 3_051_003,
        "{}",
        rusqlite::version()
    );
}

#[test]
fn a_node_that_starts_again_knows_what_it_knew() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 11);
    node.work(300);
    let (board, head) = (node.engine.board().clone(), node.engine.head());
    let outcomes_before = node.store.load(Timestamp(0)).unwrap().outcomes;
    drop(node.stop());
    let mut store = Store::open(dir.path()).unwrap();
    let loaded = store.load(Timestamp(0)).unwrap();
    assert!(loaded.board == board, "the board differs after a restart");
    assert_eq!(loaded.head, head);
    assert_eq!(loaded.position, head.seq);
    assert_eq!(loaded.outcomes, outcomes_before);
    assert!(loaded.outcomes.len() > 100 && board.incidents.len() > 20);
    assert_eq!(loaded.keys_missing, 0);
}

#[test]
fn a_second_writer_is_told_who_has_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let _node = Node::new(dir.path(), 1);
    let error = Store::open(dir.path()).unwrap_err();
    let words = error.to_string();
    assert!(matches!(error, StoreError::InUse { .. }), "{words}");
    let own = format!("process {}", std::process::id());
    assert!(
        words.contains(&own) && words.contains("stop that one first"),
        "{words}"
    );
}

#[test]
fn a_directory_with_something_in_it_is_not_filled() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("letter"), "keep me").unwrap();
    let error = node::create(dir.path(), 1).unwrap_err();
    assert!(matches!(error, StoreError::NotEmpty { .. }), "{error}");
    let error = Store::open(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::NotAStore { .. }), "{error}");
}

#[test]
fn a_batch_that_does_not_follow_on_the_disk_is_refused_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 2);
    node.work(20);
    let head = node.engine.head();
    let call = node.call();
    let good = node.engine.head();
    let (batch, _) = node.decide(watchfire_core::record::Action::Call(
        watchfire_core::record::call::CallAction::Close {
            call,
            reason: node::line("a test"),
        },
    ));
    let stale = Batch {
        before: vec![head],
        ..batch.clone()
    };
    let fault = node.store.append(&stale).unwrap_err();
    let (expected, found) = (head.seq, good.seq);
    assert_eq!(fault, LogFault::WrongHead { expected, found });
    assert!(!fault.may_go_on());
    let nowhere = Batch {
        before: Vec::new(),
        ..batch.clone()
    };
    assert!(node.store.append(&nowhere).is_err());
    let gap = Batch {
        entries: batch
            .entries
            .iter()
            .chain(&batch.entries)
            .cloned()
            .collect(),
        ..batch.clone()
    };
    assert!(node.store.append(&gap).is_err(), "an entry twice");
    node.store.append(&batch).unwrap();
    assert_eq!(
        node.store.load(Timestamp(0)).unwrap().head,
        node.engine.head()
    );
}

#[test]
fn a_list_is_read_page_by_page_and_nothing_is_missed() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 3);
    node.work(250);
    let reader = node.store.reader().unwrap();
    for kind in RecordKind::ALL {
        for open in [None, Some(true), Some(false)] {
            let filter = Filter { open, parent: None };
            let whole = reader.records(kind, filter, None, 1_000).unwrap();
            assert_eq!(whole.next, None);
            let (mut paged, mut after) = (Vec::new(), None);
            loop {
                let page = reader.records(kind, filter, after, 3).unwrap();
                paged.extend(page.rows);
                after = match page.next {
                    Some(next) => Some(next.to_string().parse().unwrap()),
                    None => break,
                };
            }
            assert_eq!(paged, whole.rows, "{kind:?} {open:?}");
            let newest_first = paged.is_sorted_by(|a, b| a.changed_at >= b.changed_at);
            assert!(newest_first, "{kind:?} {open:?}");
            let count = reader.counts().unwrap();
            let count = count.iter().find(|count| count.kind == kind).unwrap();
            let expected = match open {
                None => count.total,
                Some(true) => count.open,
                Some(false) => count.total - count.open,
            };
            assert_eq!(paged.len() as u64, expected, "{kind:?} {open:?}");
        }
    }
}

#[test]
fn entries_are_read_by_feed_by_record_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 4);
    node.work(200);
    let reader = node.store.reader().unwrap();
    let feed = node.engine.feed().id();
    let all = reader.entries(&feed, 1, 1_000).unwrap();
    assert_eq!(all.len() as u64, node.engine.head().seq);
    assert_eq!(reader.entries(&feed, 5, 3).unwrap(), all[4..7]);
    assert_eq!(reader.entry_count().unwrap(), node.engine.head().seq);
    let board = node.engine.board();
    let incident = board
        .incidents
        .values()
        .max_by_key(|incident| incident.version)
        .unwrap();
    let about = [incident.id.into()];
    let history = reader.entries_of(&about, None, 1_000).unwrap();
    assert_eq!(history.len() as u64, incident.version);
    let later = reader
        .entries_of(&about, Some(history[0].position), 1_000)
        .unwrap();
    assert_eq!(later, history[1..]);
    let number = reader
        .record_by_number(RecordKind::Incident, incident.number)
        .unwrap();
    assert_eq!(number.unwrap().record, incident.id.into());
}

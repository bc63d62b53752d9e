//! The check finds what differs and says where; a rebuild mends the tables; an export verifies elsewhere.

use std::path::Path;

use rusqlite::Connection;
use watchfire_core::basis::Timestamp;
use watchfire_core::board::Board;
use watchfire_core::engine;
use watchfire_core::log::{Batch, Log, Row};
use watchfire_feed::{Chain, Entry};
use watchfire_store::{CheckError, check, export, rebuild};

use crate::node::{Node, load_all};

fn busy(dir: &Path, seed: u64, actions: usize) -> Board {
    let mut node = Node::new(dir, seed);
    node.work(actions);
    node.engine.board().clone()
}

/// Does what a bad disk or a meddler could do.
fn meddle(dir: &Path, sql: &str) {
    let connection = Connection::open(dir.join("watchfire.db")).unwrap();
    assert!(
        connection.execute(sql, []).unwrap() > 0,
        "{sql} changed nothing"
    );
}

#[test]
fn a_busy_night_checks_while_the_node_runs() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 21);
    node.work(300);
    let mut steps = Vec::new();
    let report = check(dir.path(), |progress| steps.push(progress)).unwrap();
    assert_eq!(report.entries, node.engine.head().seq);
    assert_eq!((report.epochs, report.unknown), (1, 0));
    assert_eq!((report.erased, report.keys_missing), (0, 0));
    assert_eq!(report.node_name, "烽燧一号");
    assert!(report.records > 50, "{report:?}");
    let last = steps.last().unwrap();
    assert_eq!((last.step, last.done), ("records", report.records));
    node.work(5);
}

#[test]
fn what_the_tables_say_is_what_the_entries_say() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 22);
    node.work(400);
    let loaded = node.store.load(Timestamp(0)).unwrap();
    let reader = node.store.reader().unwrap();
    let mut folded = Board::default();
    for stored in reader.entries_after(0, 1_000).unwrap() {
        let personal = reader.personal_of_entry(&stored.entry).unwrap();
        let decoded = engine::decode(&stored.entry).unwrap();
        engine::fold(&mut folded, &decoded, personal.as_ref());
    }
    assert!(folded == loaded.board);
    assert!(folded == *node.engine.board());
}

#[test]
fn every_column_of_a_row_that_was_altered_is_found() {
    // A row that somebody wrote on purpose has the right checksum; only the entries can tell.
    type Case = (&'static str, fn(&mut Row));
    let alter: [Case; 8] = [
        ("state", |row| *row.state.last_mut().unwrap() = b' '),
        ("version", |row| row.version += 1),
        ("number", |row| row.number = Some(900)),
        ("parent", |row| row.parent = Some([3; 16])),
        ("open", |row| row.open = !row.open),
        ("changed_at", |row| row.changed_at.0 += 1),
        ("sealed", |row| row.sealed = Vec::new()),
        ("no entry is about call", |row| row.record.id[0] ^= 1),
    ];
    for (words, alter) in alter {
        let dir = tempfile::tempdir().unwrap();
        let mut node = Node::new(dir.path(), 23);
        node.work(30);
        let call = node.call();
        let reader = node.store.reader().unwrap();
        let mut row = reader.record(call.into()).unwrap().unwrap();
        alter(&mut row);
        let rows = vec![row];
        let batch = Batch {
            rows,
            ..Batch::default()
        };
        node.store.append(&batch).unwrap();
        let error = check(dir.path(), |_| ()).unwrap_err();
        assert!(
            matches!(error, CheckError::Tables { .. }),
            "{words}: {error}"
        );
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
}

#[test]
fn an_altered_line_of_every_table_is_found() {
    let cases = [
        (
            "UPDATE records SET version = version + 1 WHERE number = 1",
            "the row of",
        ),
        (
            "UPDATE records SET sealed = x'00' WHERE length(sealed) > 0",
            "the row of",
        ),
        (
            "DELETE FROM records WHERE number = 1 AND kind = 'incident'",
            "the table has",
        ),
        ("DELETE FROM record_keys", "the key of"),
        (
            "UPDATE tallies SET number_max = number_max + 1",
            "the tally of",
        ),
        (
            "UPDATE outcomes SET at = at + 1 WHERE line = 3",
            "a line of the table outcomes",
        ),
        (
            "UPDATE meta SET value = x'00' WHERE name = 'node_name'",
            "a line of the table meta",
        ),
    ];
    for (sql, words) in cases {
        let dir = tempfile::tempdir().unwrap();
        busy(dir.path(), 23, 60);
        meddle(dir.path(), sql);
        let error = check(dir.path(), |_| ()).unwrap_err();
        assert!(matches!(error, CheckError::Tables { .. }), "{sql}: {error}");
        assert!(error.to_string().contains(words), "{sql}: {error}");
    }
}

#[test]
fn an_altered_entry_is_found_and_cannot_be_rebuilt_from() {
    let cases = [
        "UPDATE entries SET plain = replace(plain, 'fire', 'fine') WHERE plain LIKE '%fire%'",
        "UPDATE entries SET signature = zeroblob(64) WHERE position = 7",
        "DELETE FROM entries WHERE position = 9",
        "UPDATE entries SET record = zeroblob(16) WHERE position = 5",
        "UPDATE entries SET seq = seq + 1000 WHERE position > 20",
        "UPDATE entries SET feed = 2 WHERE position = 11",
        "UPDATE entries SET form = 2, sealed = zeroblob(32) WHERE position = (SELECT min(position) FROM entries WHERE form = 1)",
    ];
    for sql in cases {
        let dir = tempfile::tempdir().unwrap();
        busy(dir.path(), 24, 60);
        // `replace` makes text of a blob; the column is strict.
        let sql = sql.replace(
            "replace(plain, 'fire', 'fine')",
            "CAST(replace(plain, 'fire', 'fine') AS BLOB)",
        );
        meddle(dir.path(), &sql);
        let error = check(dir.path(), |_| ()).unwrap_err();
        assert!(
            matches!(error, CheckError::Entries { .. }),
            "{sql}: {error}"
        );
        rebuild(dir.path(), |_| ()).unwrap_err();
    }
}

#[test]
fn the_last_entries_cut_off_are_found() {
    let dir = tempfile::tempdir().unwrap();
    busy(dir.path(), 25, 60);
    meddle(dir.path(), "DELETE FROM entries WHERE position > 40");
    let error = check(dir.path(), |_| ()).unwrap_err();
    assert!(matches!(error, CheckError::Tables { .. }), "{error}");
    let error = load_all(dir.path()).unwrap_err();
    assert!(
        error.to_string().contains("fewer entries than it has had"),
        "{error}"
    );
}

#[test]
fn a_rebuild_mends_the_tables_and_keeps_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let board = busy(dir.path(), 26, 200);
    for sql in [
        "UPDATE records SET checksum = 1, sealed = x'' WHERE kind = 'call'",
        "DELETE FROM records WHERE kind = 'incident'",
        "DELETE FROM tallies",
        "DELETE FROM record_keys",
        "UPDATE outcomes SET key = 'other' WHERE line = 2",
    ] {
        meddle(dir.path(), sql);
    }
    load_all(dir.path()).unwrap_err();
    let report = rebuild(dir.path(), |_| ()).unwrap();
    assert_eq!(report.lost, 1);
    assert_eq!(check(dir.path(), |_| ()).unwrap().records, report.records);
    assert!(load_all(dir.path()).unwrap() == board);
    assert!(dir.path().join("watchfire.db.before-rebuild").is_file());
    let mut node = Node::open(dir.path(), 27);
    node.work(50);
    drop(node);
    check(dir.path(), |_| ()).unwrap();
}

#[test]
fn a_rebuild_waits_until_the_node_has_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 28);
    node.work(10);
    let error = rebuild(dir.path(), |_| ()).unwrap_err();
    assert!(
        error.to_string().contains("in use by another Watchfire"),
        "{error}"
    );
}

#[test]
fn an_export_verifies_without_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 29);
    node.work(100);
    let mut bytes = Vec::new();
    let count = export(dir.path(), &mut bytes).unwrap();
    assert_eq!(count, node.engine.head().seq);
    let mut chain = Chain::new(node.engine.feed());
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let (entry, length) = Entry::decode(rest).unwrap();
        chain.accept(&entry).unwrap();
        rest = &rest[length..];
    }
    assert_eq!(chain.head(), node.engine.head());
}

//! The board as it stood at an earlier moment: folded from tables and entries, it is what it then was.

use tempfile::TempDir;
use watchfire_core::basis::Timestamp;
use watchfire_core::board::Board;
use watchfire_core::record::{Record, RecordKind};
use watchfire_store::Reader;

use super::node::{BEGIN_MS, CANARY, Node};

/// A copy of the board at a moment.
struct Moment {
    at: Timestamp,
    board: Board,
    position: u64,
}

fn all(board: &Board) -> Vec<Record> {
    let calls = board.calls.values().cloned().map(Record::Call);
    let incidents = board.incidents.values().cloned().map(Record::Incident);
    let units = board.units.values().cloned().map(Record::Unit);
    let assignments = board.assignments.values().cloned().map(Record::Assignment);
    let stations = board.stations.values().cloned().map(Record::Station);
    let people = board.people.values().cloned().map(Record::Person);
    let all = calls.chain(incidents).chain(units).chain(assignments);
    let patrols = board.patrols.values().cloned().map(Record::Patrol);
    all.chain(stations).chain(people).chain(patrols).collect()
}

/// Works for a while, lets go what is over, and keeps a copy; so many times.
fn live(node: &mut Node, moments: usize, keep_ms: i64) -> Vec<Moment> {
    let mut kept = Vec::new();
    for moment in 0..moments {
        node.work(10 + moment * 7 % 40);
        node.engine.let_go(Timestamp(node.now.0 - keep_ms));
        kept.push(Moment {
            at: node.now,
            board: node.engine.board().clone(),
            position: node.store.reader().unwrap().entry_count().unwrap(),
        });
    }
    kept
}

fn compare(reader: &Reader, moments: &[Moment], keep_ms: i64, seed: u64) {
    for moment in moments {
        let keep_since = Timestamp(moment.at.0 - keep_ms);
        let past = reader.board_at(moment.at, keep_since).unwrap();
        assert_eq!(past.position, moment.position, "seed {seed}");
        let (found, expected) = (all(&past.board), all(&moment.board));
        assert_eq!(found, expected, "seed {seed} at {:?}", moment.at);
        for incident in moment.board.incidents.values() {
            let status = past.board.incident_status(incident);
            let then = moment.board.incident_status(incident);
            assert_eq!(status, then, "seed {seed} at {:?}", moment.at);
        }
    }
}

#[test]
fn at_any_moment_the_board_is_shown_as_it_then_was() {
    for seed in 0..4 {
        let dir = TempDir::new().unwrap();
        let mut node = Node::new(&dir.path().join("node"), seed);
        let forever = 1_000_000_000;
        let moments = live(&mut node, 12, forever);
        let reader = node.store.reader().unwrap();
        compare(&reader, &moments, forever, seed);
    }
}

#[test]
fn what_had_left_memory_at_that_moment_is_absent() {
    for seed in 0..4 {
        let dir = TempDir::new().unwrap();
        let mut node = Node::new(&dir.path().join("node"), seed);
        // Each action takes a quarter of a second, so that this is a tenth of the run.
        let keep_ms = 10_000;
        let moments = live(&mut node, 12, keep_ms);
        let reader = node.store.reader().unwrap();
        let all_there = reader.counts().unwrap();
        let calls = all_there
            .iter()
            .find(|count| count.kind == RecordKind::Call);
        let last = moments.last().unwrap();
        assert!(calls.unwrap().total > last.board.calls.len() as u64);
        compare(&reader, &moments, keep_ms, seed);
    }
}

#[test]
fn only_what_changed_since_is_folded_anew() {
    let dir = TempDir::new().unwrap();
    let mut node = Node::new(&dir.path().join("node"), 1);
    node.work(200);
    let at = node.now;
    let call = node.call();
    node.incident(call);
    let reader = node.store.reader().unwrap();
    let past = reader.board_at(at, Timestamp(0)).unwrap();
    assert_eq!(past.refolded, 0, "the call and its incident were not there");
    let (calls, incidents) = (past.board.calls.len(), past.board.incidents.len());
    let now = node.engine.board();
    assert_eq!(
        (calls, incidents),
        (now.calls.len() - 1, now.incidents.len() - 1)
    );
}

#[test]
fn before_the_first_entry_there_is_nothing_and_from_it_on_there_is() {
    let dir = TempDir::new().unwrap();
    let mut node = Node::new(&dir.path().join("node"), 1);
    node.call();
    let reader = node.store.reader().unwrap();
    assert_eq!(reader.opening_time().unwrap(), Timestamp(BEGIN_MS));
    let count = reader.entry_count().unwrap();
    for (at, position) in [
        (i64::MIN, 0),
        (BEGIN_MS - 1, 0),
        (BEGIN_MS, 1),
        (node.now.0 - 1, count - 1),
        (node.now.0, count),
        (i64::MAX, count),
    ] {
        let found = reader.position_at(Timestamp(at)).unwrap();
        assert_eq!(found, position, "at {at}");
        let board = reader.board_at(Timestamp(at), Timestamp(i64::MIN)).unwrap();
        assert_eq!(board.position, position, "at {at}");
    }
}

#[test]
fn what_was_erased_since_is_not_shown_in_the_past_either() {
    let dir = TempDir::new().unwrap();
    let mut node = Node::new(&dir.path().join("node"), 1);
    let call = node.call();
    let at = node.now;
    let incident = node.incident(call);
    node.note(incident, CANARY).unwrap();
    let said = |node: &Node| {
        let reader = node.store.reader().unwrap();
        let past = reader.board_at(at, Timestamp(0)).unwrap();
        past.board.calls[&call].personal.said.clone()
    };
    assert_eq!(said(&node).unwrap().as_str(), CANARY);
    for key in node.store.keys_of(call.into()).unwrap() {
        node.store.destroy_key(&key).unwrap();
    }
    assert_eq!(said(&node), None);
}

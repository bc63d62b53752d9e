//! What a start brings into memory: what is open or new, and its whole family, and nothing else.

use watchfire_core::basis::Timestamp;
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::{Action, Record, RecordKind};
use watchfire_store::Store;

use crate::node::Node;

#[test]
fn old_and_ended_stays_in_the_tables_and_numbers_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 61);
    let call = node.call();
    let ended = node.incident(call);
    node.close(ended).unwrap();
    let call = node.call();
    let open = node.incident(call);
    let since = Timestamp(node.now.0 + 1);
    let next = node.engine.board().next_number(RecordKind::Call);
    drop(node);
    let mut node = Node::start(Store::open(dir.path()).unwrap(), 62, since).unwrap();
    let board = node.engine.board();
    assert!(board.incidents.keys().eq([&open]));
    assert!(
        board.calls.keys().eq([&call]),
        "the call of the open incident came along"
    );
    assert_eq!(board.next_number(RecordKind::Call), next);
    let kin = node.store.kin_with_keys(ended.into()).unwrap();
    let is_it = |record: &Record| record.reference() == ended.into();
    assert!(
        kin.iter()
            .any(|(record, _)| is_it(record) && record.number() == Some(1))
    );
    assert_eq!(kin.len(), 2, "its call came along");
    node.call();
    assert_eq!(node.engine.board().next_number(RecordKind::Call), next + 1);
}

#[test]
fn a_merged_family_comes_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 63);
    let mut family = Vec::new();
    for _ in 0..3 {
        let call = node.call();
        family.push(node.incident(call));
    }
    for pair in [(0, 1), (1, 2)] {
        let (incident, into) = (family[pair.0], family[pair.1]);
        let action = IncidentAction::Merge { incident, into };
        node.ask(Action::Incident(action)).unwrap();
    }
    let merged_at = node.now;
    node.close(family[2]).unwrap();
    let closed_at = node.now;
    drop(node);
    let loaded = |since: i64| {
        let mut store = Store::open(dir.path()).unwrap();
        let board = store.load(Timestamp(since)).unwrap().board;
        (board.incidents.len(), board.calls.len())
    };
    assert_eq!(loaded(merged_at.0), (3, 3), "merged lately");
    assert_eq!(loaded(closed_at.0), (3, 3), "only its root changed lately");
    assert_eq!(loaded(closed_at.0 + 1), (0, 0), "ended long ago");
}

#[test]
fn a_start_and_letting_go_agree_on_what_belongs_in_memory() {
    for seed in 64..70 {
        let dir = tempfile::tempdir().unwrap();
        let mut node = Node::new(dir.path(), seed);
        node.work(120);
        let middle = node.now;
        node.work(120);
        node.engine.let_go(middle);
        let kept = node.engine.board().clone();
        drop(node);
        let mut store = Store::open(dir.path()).unwrap();
        let loaded = store.load(middle).unwrap().board;
        for id in kept.incidents.keys() {
            assert!(
                loaded.incidents.contains_key(id),
                "seed {seed}: incident {id} is missing"
            );
        }
        for id in kept.calls.keys() {
            assert!(
                loaded.calls.contains_key(id),
                "seed {seed}: call {id} is missing"
            );
        }
        for id in kept.assignments.keys() {
            assert!(
                loaded.assignments.contains_key(id),
                "seed {seed}: assignment {id} is missing"
            );
        }
        for incident in loaded.incidents.values() {
            let status = loaded.incident_status(incident);
            let whole = load_status(&mut store, incident.id);
            assert_eq!(status, whole, "seed {seed}: {}", incident.id);
        }
    }
}

fn load_status(
    store: &mut Store,
    id: watchfire_core::basis::IncidentId,
) -> watchfire_core::board::IncidentStatus {
    let board = store.load(Timestamp(0)).unwrap().board;
    board.incident_status(&board.incidents[&id])
}

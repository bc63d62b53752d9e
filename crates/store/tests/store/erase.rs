//! Personal data is nowhere in clear, and gone with its key.

use std::fs;
use std::path::Path;

use watchfire_core::basis::Timestamp;
use watchfire_core::record::RecordRef;
use watchfire_store::{Store, check, rebuild};

use crate::node::{CANARY, Node};

fn files_with(dir: &Path, needle: &[u8]) -> Vec<String> {
    let mut hits = Vec::new();
    for item in fs::read_dir(dir).unwrap() {
        let path = item.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        if bytes.windows(needle.len()).any(|window| window == needle) {
            hits.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    hits
}

#[test]
fn what_callers_said_is_in_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 51);
    let call = node.call();
    let incident = node.incident(call);
    node.note(incident, CANARY).unwrap();
    node.work(100);
    // The search itself must be able to find: the call sign of a unit is not personal.
    assert!(!files_with(dir.path(), b"\"callsign\":\"E1\"").is_empty());
    assert_eq!(
        files_with(dir.path(), CANARY.as_bytes()),
        [""; 0],
        "while it runs"
    );
    assert!(node.store.checkpoint().unwrap());
    drop(node);
    assert_eq!(
        files_with(dir.path(), CANARY.as_bytes()),
        [""; 0],
        "after it stopped"
    );
}

#[test]
fn with_its_key_a_record_loses_its_personal_data_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 52);
    let (call, other) = (node.call(), node.call());
    let incident = node.incident(call);
    node.note(incident, "first note").unwrap();
    node.note(incident, "second note").unwrap();
    let before = node.engine.board().clone();
    let (call, incident): (RecordRef, RecordRef) = (call.into(), incident.into());
    let secrets: Vec<Vec<u8>> = [call, incident]
        .iter()
        .map(|record| {
            let kin = node.store.kin_with_keys(*record).unwrap();
            let (_, key) = kin
                .into_iter()
                .find(|(one, _)| one.reference() == *record)
                .unwrap();
            key.unwrap().expose().to_vec()
        })
        .collect();
    assert!(
        !files_with(dir.path(), &secrets[0]).is_empty(),
        "the search finds keys"
    );
    for record in [call, incident] {
        for key in node.store.keys_of(record).unwrap() {
            node.store.destroy_key(&key).unwrap();
        }
    }
    for secret in &secrets {
        assert_eq!(files_with(dir.path(), secret), [""; 0]);
    }
    drop(node);
    let mut store = Store::open(dir.path()).unwrap();
    let loaded = store.load(Timestamp(0)).unwrap();
    let after = &loaded.board.calls[&watchfire_core::basis::CallId(call.id)];
    assert!(after.personal.is_empty());
    let mut expected = before.calls[&after.id].as_ref().clone();
    expected.personal = Default::default();
    assert_eq!(**after, expected);
    assert_eq!(
        loaded.board.calls[&other], before.calls[&other],
        "the other keeps its own"
    );
    let notes = &loaded.board.incidents.values().next().unwrap().notes;
    assert!(notes.len() == 2 && notes.iter().all(|note| note.text.is_none()));
    drop(store);
    let report = check(dir.path(), |_| ()).unwrap();
    assert_eq!(report.erased, 3, "one call and two notes");
    let mut node = Node::open(dir.path(), 53);
    node.note(watchfire_core::basis::IncidentId(incident.id), "third note")
        .unwrap();
    drop(node);
    check(dir.path(), |_| ()).unwrap();
    rebuild(dir.path(), |_| ()).unwrap();
    assert_eq!(check(dir.path(), |_| ()).unwrap().erased, 3);
}

#[test]
fn of_two_keys_of_a_record_one_can_go() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 54);
    let call = node.call();
    let incident = node.incident(call);
    node.note(incident, "first note").unwrap();
    let first = node.store.keys_of(incident.into()).unwrap()[0];
    node.store.destroy_key(&first).unwrap();
    drop(node);
    let mut node = Node::open(dir.path(), 55);
    node.note(incident, "second note").unwrap();
    let keys = node.store.keys_of(incident.into()).unwrap();
    assert_eq!(keys.len(), 2);
    node.store.destroy_key(&first).unwrap();
    drop(node);
    let mut store = Store::open(dir.path()).unwrap();
    let loaded = store.load(Timestamp(0)).unwrap();
    let texts: Vec<Option<&str>> = loaded.board.incidents[&incident]
        .notes
        .iter()
        .map(|note| note.text.as_ref().map(|text| text.as_str()))
        .collect();
    assert_eq!(texts, [None, Some("second note")]);
    drop(store);
    check(dir.path(), |_| ()).unwrap();
}

#[test]
fn spare_keys_survive_a_restart_and_no_key_is_given_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 56);
    node.work(160);
    let spare = node.engine.spare_key_count();
    drop(node);
    let mut store = Store::open(dir.path()).unwrap();
    let loaded = store.load(Timestamp(0)).unwrap();
    assert_eq!(loaded.spare_keys.len(), spare);
    let used: Vec<[u8; 16]> = loaded.keys.values().map(|key| key.id).collect();
    assert!(used.len() > 10);
    assert!(loaded.spare_keys.iter().all(|key| !used.contains(&key.id)));
    assert_eq!(store.unused_keys().unwrap().len(), spare);
}

//! What people and programs sign in with, and the trail of units.

use watchfire_core::basis::{AssignmentId, PersonId, Point, Timestamp, UnitId};
use watchfire_core::record::person::Seat;
use watchfire_store::{Code, Session, StoreError, Token, TrailPoint, limits};

use crate::node::Node;

const ANNA: PersonId = PersonId([9; 16]);

fn session(hash: u8, expires_at: i64) -> Session {
    Session {
        hash: [hash; 32],
        person: ANNA,
        seat: Seat::Dispatcher,
        created_at: Timestamp(1),
        last_seen_at: Timestamp(1),
        expires_at: Timestamp(expires_at),
    }
}

#[test]
fn somebody_signs_in_is_seen_and_is_signed_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Node::new(dir.path(), 1).store;
    let reader = store.reader().unwrap();
    assert_eq!(reader.credential(ANNA).unwrap(), None);
    store.set_credential(ANNA, "$argon2id$one").unwrap();
    store.set_credential(ANNA, "$argon2id$two").unwrap();
    assert_eq!(reader.credential(ANNA).unwrap().unwrap(), "$argon2id$two");
    store.add_session(&session(1, 100)).unwrap();
    store.add_session(&session(2, 200)).unwrap();
    assert!(store.touch_session(&[1; 32], Timestamp(50)).unwrap());
    assert!(!store.touch_session(&[3; 32], Timestamp(50)).unwrap());
    let seen = reader.session(&[1; 32]).unwrap().unwrap();
    assert_eq!(seen.last_seen_at, Timestamp(50));
    assert_eq!(store.prune_access(Timestamp(100)).unwrap(), 1);
    assert_eq!(reader.session(&[1; 32]).unwrap(), None);
    assert!(store.end_session(&[2; 32]).unwrap());
    assert!(!store.end_session(&[2; 32]).unwrap());
    store.add_session(&session(4, 100)).unwrap();
    assert_eq!(store.end_sessions_of(ANNA).unwrap(), 1);
    assert!(store.remove_credential(ANNA).unwrap());
    assert_eq!(reader.credential(ANNA).unwrap(), None);
}

#[test]
fn a_code_works_once_and_not_after_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Node::new(dir.path(), 1).store;
    let code = |hash| Code {
        hash: [hash; 32],
        about: r#"{"enrol":"anna"}"#.to_owned(),
        expires_at: Timestamp(100),
    };
    store.add_code(&code(1)).unwrap();
    store.add_code(&code(2)).unwrap();
    let now = Timestamp(99);
    assert_eq!(store.take_code(&[1; 32], now).unwrap(), Some(code(1)));
    assert_eq!(store.take_code(&[1; 32], now).unwrap(), None);
    assert_eq!(store.take_code(&[2; 32], Timestamp(100)).unwrap(), None);
    assert_eq!(
        store.take_code(&[2; 32], now).unwrap(),
        None,
        "used up by the late try"
    );
}

#[test]
fn tokens_are_listed_and_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Node::new(dir.path(), 1).store;
    let token = |hash, label: &str| Token {
        hash: [hash; 32],
        person: ANNA,
        label: label.to_owned(),
        seat: Seat::Crew,
        created_at: Timestamp(i64::from(hash)),
    };
    store.add_token(&token(2, "importer")).unwrap();
    store.add_token(&token(1, "短信网关")).unwrap();
    let longest = "l".repeat(limits::NAME_CHARS_MAX);
    store.add_token(&token(3, &longest)).unwrap();
    let error = store
        .add_token(&token(4, &format!("{longest}l")))
        .unwrap_err();
    assert!(matches!(error, StoreError::NotTaken { .. }), "{error}");
    let reader = store.reader().unwrap();
    let labels: Vec<String> = reader
        .tokens()
        .unwrap()
        .into_iter()
        .map(|one| one.label)
        .collect();
    assert_eq!(labels, ["短信网关", "importer", &longest]);
    assert!(store.remove_token(&[2; 32]).unwrap());
    assert_eq!(reader.token(&[2; 32]).unwrap(), None);
    assert_eq!(reader.token(&[1; 32]).unwrap(), Some(token(1, "短信网关")));
}

#[test]
fn a_credential_at_its_limit_is_taken_and_one_past_it_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Node::new(dir.path(), 1).store;
    let at = "x".repeat(limits::ACCESS_TEXT_BYTES_MAX);
    store.set_credential(ANNA, &at).unwrap();
    let error = store.set_credential(ANNA, &format!("{at}x")).unwrap_err();
    assert!(error.to_string().contains("at most 8192 bytes"), "{error}");
}

#[test]
fn a_trail_is_kept_for_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Node::new(dir.path(), 1).store;
    let point = |at| TrailPoint {
        unit: UnitId([1; 16]),
        assignment: AssignmentId([2; 16]),
        at: Timestamp(at),
        point: Point {
            lat_e6: -1,
            lon_e6: 120_000_000 + at as i32,
        },
    };
    let all: Vec<TrailPoint> = (1..=5).map(point).collect();
    store.add_trail(&all).unwrap();
    let reader = store.reader().unwrap();
    let trail = |after| {
        reader
            .trail(AssignmentId([2; 16]), Timestamp(after))
            .unwrap()
    };
    assert_eq!(trail(0), all);
    assert_eq!(store.prune(Timestamp(0), Timestamp(4)).unwrap(), 3);
    assert_eq!(trail(0), all[3..]);
    assert_eq!(trail(4), all[4..]);
}

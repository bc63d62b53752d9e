//! Disks that are full, lie or lose power: nothing acknowledged is lost, nothing false is served.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use watchfire_core::basis::Timestamp;
use watchfire_core::board::Board;
use watchfire_core::log::{KeptOutcome, LogFault, Row};
use watchfire_core::record::call::CallAction;
use watchfire_core::record::{Action, RecordKind};
use watchfire_feed::{Entry, SealedBody};
use watchfire_store::{Filter, Store, StoreError, StoredEntry, check};

use crate::node::{self, Node};

#[test]
fn a_full_disk_takes_nothing_by_halves_and_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 71);
    node.work(50);
    assert!(node.store.checkpoint().unwrap());
    let size = fs::metadata(dir.path().join("watchfire.db")).unwrap().len();
    node.store.limit_size(size + 8 * 4_096).unwrap();
    let mut acknowledged = 0;
    let fault = loop {
        let call = CallAction::Receive {
            ringing_at: None,
            onward: Default::default(),
            channel: watchfire_core::record::call::Channel::Phone,
            source: None,
            details: Default::default(),
        };
        match node.try_ask(Action::Call(call)) {
            Ok(answer) => acknowledged += answer.map(|_| 1).unwrap(),
            Err(fault) => break fault,
        }
        assert!(acknowledged < 10_000, "the limit does not hold");
    };
    assert_eq!(fault, LogFault::DiskFull);
    assert!(fault.may_go_on());
    let (board, head) = (node.engine.board().clone(), node.engine.head());
    assert!(acknowledged > 3);
    let again = node.try_ask(Action::Call(CallAction::Receive {
        ringing_at: None,
        onward: Default::default(),
        channel: watchfire_core::record::call::Channel::Text,
        source: None,
        details: Default::default(),
    }));
    assert_eq!(again.unwrap_err(), LogFault::DiskFull, "still full");
    assert!(node.store.load(Timestamp(0)).unwrap().board == board);
    assert_eq!(node.store.load(Timestamp(0)).unwrap().head, head);
    node.store.limit_size(1 << 30).unwrap();
    node.work(30);
    let board = node.engine.board().clone();
    drop(node);
    assert!(node::load_all(dir.path()).unwrap() == board);
    check(dir.path(), |_| ()).unwrap();
}

#[test]
fn a_torn_log_opens_at_what_was_acknowledged_before_the_tear() {
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), 72);
    node.work(0);
    assert!(node.store.checkpoint().unwrap());
    let mut acknowledged = vec![(node.engine.head(), node.engine.board().clone())];
    while acknowledged.len() < 30 {
        node.work(1);
        let head = node.engine.head();
        if acknowledged.last().is_none_or(|(last, _)| *last != head) {
            acknowledged.push((head, node.engine.board().clone()));
        }
    }
    let path = |name: &str| dir.path().join(name);
    let database = fs::read(path("watchfire.db")).unwrap();
    let log = fs::read(path("watchfire.db-wal")).unwrap();
    let incarnation = fs::read(path("incarnation")).unwrap();
    drop(node);
    const HEADER: usize = 32;
    const FRAME: usize = 24 + 4_096;
    assert!(
        log.len() > HEADER + 60 * FRAME,
        "{} bytes of log",
        log.len()
    );
    let mut cuts: Vec<usize> = vec![0, 16, HEADER, log.len() - 1, log.len()];
    for frame in 0..(log.len() - HEADER) / FRAME {
        let start = HEADER + frame * FRAME;
        cuts.extend([start, start + 1, start + 24, start + FRAME / 2]);
    }
    cuts.sort_unstable();
    let mut reached = 0;
    for cut in cuts {
        fs::write(path("watchfire.db"), &database).unwrap();
        fs::write(path("watchfire.db-wal"), &log[..cut]).unwrap();
        let _ = fs::remove_file(path("watchfire.db-shm"));
        fs::write(path("incarnation"), &incarnation).unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let loaded = store.load(Timestamp(0)).unwrap();
        let at = acknowledged
            .iter()
            .position(|(head, _)| *head == loaded.head);
        let at =
            at.unwrap_or_else(|| panic!("cut at {cut}: {:?} was never acknowledged", loaded.head));
        assert!(
            loaded.board == acknowledged[at].1,
            "cut at {cut}: tables and entries differ"
        );
        assert!(at >= reached, "cut at {cut}: less than from a shorter log");
        reached = at;
        if cut == log.len() {
            assert_eq!(at, acknowledged.len() - 1, "a whole log gives everything");
        }
    }
}

/// Everything that a store hands out.
#[derive(PartialEq)]
struct Served {
    board: Board,
    outcomes: Vec<KeptOutcome>,
    rows: Vec<Row>,
    entries: Vec<Entry>,
    histories: Vec<Vec<Entry>>,
    name: String,
}

fn serve(dir: &Path) -> Result<Served, StoreError> {
    let mut store = Store::open(dir)?;
    let loaded = store.load(Timestamp(0))?;
    let reader = store.reader()?;
    let mut rows = Vec::new();
    for kind in RecordKind::ALL {
        rows.extend(reader.records(kind, Filter::default(), None, 1_000)?.rows);
    }
    let mut histories = Vec::new();
    for row in &rows {
        // The way of a lookup by name, by number and by history.
        let found = reader.record(row.record)?;
        assert!(found.is_none_or(|found| found == *row));
        if let Some(number) = row.number {
            let found = reader.record_by_number(row.record.kind, number)?;
            assert!(found.is_none_or(|found| found == *row));
        }
        let history = reader.entries_of(&[row.record], None, 1_000)?;
        histories.push(history.into_iter().map(|stored| stored.entry).collect());
    }
    let entries = reader.entries(&loaded.feed.id(), 1, 1_000)?;
    let name = store.node_name().to_owned();
    Ok(Served {
        board: loaded.board,
        outcomes: loaded.outcomes,
        rows,
        entries,
        histories,
        name,
    })
}

#[test]
fn a_flipped_bit_is_noticed_or_harmless_wherever_it_is() {
    const SEED: u64 = 73;
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::new(dir.path(), SEED);
    node.work(25);
    let reader = node.store.reader().unwrap();
    let sample = reader.entries_after(0, 1_000).unwrap();
    drop(reader);
    drop(node);
    let (path, witness) = (
        dir.path().join("watchfire.db"),
        dir.path().join("incarnation"),
    );
    let (sound, incarnation) = (fs::read(&path).unwrap(), fs::read(&witness).unwrap());
    let log = dir.path().join("watchfire.db-wal");
    assert!(!log.exists(), "a log would hide the flips");
    let expected = serve(dir.path()).unwrap();
    let positions = positions(&sound, &sample);
    assert!(positions.len() >= 2_000, "{}", positions.len());
    let (mut refused, mut harmless, mut found_by_check) = (0, 0, 0);
    // For each place where an entry's bytes lie in the file: whether every flip in it was refused.
    let mut entries: BTreeMap<Place, bool> = BTreeMap::new();
    for (at, place) in positions {
        let mut flipped = sound.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&path, &flipped).unwrap();
        fs::write(&witness, &incarnation).unwrap();
        let result = serve(dir.path());
        if let Some(place) = place {
            *entries.entry(place).or_insert(true) &= result.is_err();
        }
        match result {
            Err(_) => refused += 1,
            Ok(served) if served == expected => harmless += 1,
            Ok(served) => {
                // A damaged index may hide an ended record from a list; it never shows a false one.
                let all_true = served.rows.iter().all(|row| expected.rows.contains(row));
                assert!(all_true, "seed {SEED}, byte {at}: a false row");
                let same = served.entries == expected.entries;
                assert!(same, "seed {SEED}, byte {at}: a false entry");
                fs::write(&path, &flipped).unwrap();
                let checked = check(dir.path(), |_| ());
                assert!(checked.is_err(), "seed {SEED}, byte {at}: unnoticed");
                found_by_check += 1;
            }
        }
    }
    // SQLite leaves old copies behind in free space; one place is the one that is read.
    for number in (0..sample.len()).step_by(SAMPLED_EVERY) {
        let of_entry = |(place, refused): (&Place, &bool)| place.entry == number && *refused;
        let read = entries.iter().any(of_entry);
        assert!(
            read,
            "seed {SEED}: flips in entry {number} were not all refused"
        );
    }
    println!("{refused} refused, {harmless} harmless, {found_by_check} found by the check");
    assert!(refused > 500 && harmless > 100);
    fs::write(&path, &sound).unwrap();
    fs::write(&witness, &incarnation).unwrap();
    check(dir.path(), |_| ()).unwrap();
}

/// Every how many entries one is flipped byte by byte.
const SAMPLED_EVERY: usize = 5;

/// One of the places in the file where the bytes of an entry lie.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    entry: usize,
    start: usize,
}

/// Chooses bytes evenly over the file, and some of every column of some entries.
fn positions(database: &[u8], sample: &[StoredEntry]) -> BTreeMap<usize, Option<Place>> {
    let stride = (database.len() / 2_000).max(1);
    let all = (0..100).chain((0..database.len()).step_by(stride));
    let mut chosen: BTreeMap<usize, Option<Place>> = all.map(|at| (at, None)).collect();
    for (number, stored) in sample.iter().enumerate().step_by(SAMPLED_EVERY) {
        let entry = &stored.entry;
        let sealed: &[u8] = match &entry.sealed {
            SealedBody::Whole(bytes) => bytes,
            SealedBody::None | SealedBody::Erased(_) => &[],
        };
        // The columns of a line lie one after the other; the form takes no byte of its own, or one.
        let line = [
            entry.header.record.as_slice(),
            &entry.header_bytes,
            &entry.signature,
            &entry.plain,
        ]
        .concat();
        let end = database.len();
        for start in 0..end - line.len() {
            if !database[start..].starts_with(&line) {
                continue;
            }
            let sealed_at = start + line.len();
            for at in (start..sealed_at).step_by(7) {
                let entry = number;
                chosen.insert(at, Some(Place { entry, start }));
            }
            for at in (sealed_at..(sealed_at + sealed.len()).min(end)).step_by(7) {
                chosen.entry(at).or_insert(None);
            }
            // Before them lie the sizes of the columns and the numbers that the line is found by.
            for at in start.saturating_sub(24)..start {
                chosen.entry(at).or_insert(None);
            }
        }
    }
    chosen
}

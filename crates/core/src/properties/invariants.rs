//! What is looked at after every step of a random run. Each check says which rule of the design it guards.

use std::collections::{BTreeMap, BTreeSet};

use crate::board::{Board, IncidentStatus, UnitStatus};
use crate::record::incident::{Incident, Relation};
use crate::record::{Record, RecordKind};
use crate::story::world::World;

/// Checks all that must hold on the board of a home node.
pub(super) fn check(world: &World) {
    let board = world.engine.board();
    one_live_assignment(board);
    statuses_follow(board);
    every_call_is_kept(world);
    numbers_have_no_gaps(board);
    links_have_two_ends(board);
    indexes_follow(board);
    rows_say_the_same(world);
}

/// A crew cannot be in two places.
fn one_live_assignment(board: &Board) {
    let mut live = BTreeMap::new();
    for assignment in board
        .assignments
        .values()
        .filter(|assignment| assignment.is_live())
    {
        let earlier = live.insert(assignment.unit, assignment.id);
        assert_eq!(
            earlier, None,
            "unit {} has two live assignments",
            assignment.unit
        );
        let found = board.live_assignment(assignment.unit);
        assert_eq!(found.map(|found| found.id), Some(assignment.id));
    }
    assert_eq!(board.live_assignments().count(), live.len());
}

/// Statuses lie between records and are stored in neither.
fn statuses_follow(board: &Board) {
    for unit in board.units.values() {
        let bound = board.live_assignment(unit.id).is_some();
        match board.unit_status(unit).0 {
            UnitStatus::Assigned | UnitStatus::EnRoute | UnitStatus::OnScene => assert!(bound),
            UnitStatus::OffDuty | UnitStatus::Available | UnitStatus::OutOfService => {
                assert!(!bound, "a unit went off duty with an assignment")
            }
        }
    }
    for incident in board.incidents.values() {
        let root = board.merge_root(incident.id);
        assert!(
            board.incidents[&root].merged_into().is_none(),
            "merging closed a circle"
        );
        let live = board
            .assignments_of(root)
            .any(|assignment| assignment.is_live());
        match board.incident_status(&board.incidents[&root]) {
            IncidentStatus::Assigned | IncidentStatus::EnRoute | IncidentStatus::OnScene => {
                assert!(live)
            }
            IncidentStatus::Active | IncidentStatus::Closed | IncidentStatus::Cancelled => {
                assert!(!live, "an incident ended, or waits, with a unit on it")
            }
            IncidentStatus::Merged => panic!("a root is not merged"),
        }
    }
    let open = board
        .incidents
        .values()
        .filter(|incident| incident.is_open());
    assert_eq!(open.count(), board.open_incident_count());
    assert_eq!(board.open_incidents().count(), board.open_incident_count());
}

/// No report that reached the agency is ever lost: it is loose, closed, or in exactly one incident's family.
fn every_call_is_kept(world: &World) {
    let board = world.engine.board();
    let received = world
        .entries
        .iter()
        .filter(|entry| entry.header.kind == "call.received");
    assert_eq!(received.count(), board.calls.len());
    let mut families: BTreeMap<_, usize> = BTreeMap::new();
    let roots = board
        .incidents
        .values()
        .filter(|incident| incident.merged_into().is_none());
    for root in roots {
        for call in board.calls_of(root.id) {
            *families.entry(call.id).or_default() += 1;
        }
    }
    for call in board.calls.values() {
        let expected = usize::from(call.incident().is_some());
        let found = families.get(&call.id).copied().unwrap_or(0);
        assert_eq!(
            found, expected,
            "call {} is in {found} incidents",
            call.number
        );
    }
}

/// The running numbers are what people say on the phone: unique, and a gap would mean a lost record.
fn numbers_have_no_gaps(board: &Board) {
    let calls: BTreeSet<u64> = board.calls.values().map(|call| call.number).collect();
    let incidents: BTreeSet<u64> = board.incidents.values().map(|one| one.number).collect();
    assert!(calls.into_iter().eq(1..=board.calls.len() as u64));
    assert!(incidents.into_iter().eq(1..=board.incidents.len() as u64));
    assert_eq!(
        board.next_number(RecordKind::Call),
        board.calls.len() as u64 + 1
    );
}

fn links_have_two_ends(board: &Board) {
    let has = |one: &Incident, other, relation| {
        one.links
            .iter()
            .any(|link| link.other == other && link.relation == relation)
    };
    for incident in board.incidents.values() {
        for link in &incident.links {
            let reverse = match link.relation {
                Relation::Parent => Relation::Child,
                Relation::Child => Relation::Parent,
                Relation::Related => Relation::Related,
            };
            assert!(has(&board.incidents[&link.other], incident.id, reverse));
        }
    }
}

/// Indexes follow from the records, so a board filled anew, in any order, is the same board.
fn indexes_follow(board: &Board) {
    let mut anew = Board::default();
    for record in records(board).into_iter().rev() {
        anew.put(record);
    }
    assert!(anew == *board, "an index does not follow from the records");
}

fn rows_say_the_same(world: &World) {
    for record in records(world.engine.board()) {
        let row = &world.rows[&record.reference()];
        assert_eq!(row.version, record.version());
        assert_eq!(row.open, record.is_open());
        assert_eq!(row.number, record.number());
        assert_eq!(row.parent, record.parent().map(|parent| parent.0));
        assert_eq!(row.sealed.is_empty(), record.personal_json().is_none());
    }
}

/// Returns all records of a board.
pub(super) fn records(board: &Board) -> Vec<Record> {
    board.records().collect()
}

/// Asks a board, even a nonsensical one, all it can be asked; it must answer.
pub(super) fn ask_everything(board: &Board) {
    for incident in board.incidents.values() {
        let _ = board.merge_root(incident.id);
        let _ = board.incident_status(incident);
        let _ = board.calls_of(incident.id).count() + board.assignments_of(incident.id).count();
        assert!(board.merged_family(incident.id).len() <= board.incidents.len() + 1);
    }
    for unit in board.units.values() {
        let _ = board.unit_status(unit);
    }
    for record in records(board) {
        assert!(board.get(record.reference()).as_ref() == Some(&record));
    }
}

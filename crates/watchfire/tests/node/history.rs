//! Past calls stored in a node: what the record says is kept to the second, whatever it says.

use std::collections::BTreeMap;
use std::sync::Arc;

use tempfile::TempDir;
use watchfire::city;
use watchfire::clock::Clock;
use watchfire::desk::{Desk as _, DirectDesk};
use watchfire::history::{self, Stored};
use watchfire::node;
use watchfire::policy::Session;
use watchfire::replay;
use watchfire::travel::Travel;
use watchfire_core::basis::Timestamp;
use watchfire_core::entropy::Entropy;
use watchfire_core::plan::ResponseFile;
use watchfire_core::record::assignment::AssignmentStatus;
use watchfire_core::record::person::Seat;
use watchfire_formats::{CallMap, PastCall, UnitRow};
use watchfire_roads::StraightLine;
use watchfire_store::Store;

const MAP: &str = r#"
[file]
rows = "unit_response"
[time]
zone = "UTC"
formats = ["%Y-%m-%d %H:%M:%S"]
[place]
lat = "lat"
lon = "lon"
[call]
id = "id"
received = "received"
[response]
unit = "unit"
dispatched = "sent"
departed = "left"
arrived = "there"
cleared = "free"
[category]
default = "fire"
[priority]
default = 1
"#;

/// A node that is acted in directly.
pub(crate) struct Archive {
    pub(crate) desk: DirectDesk,
    session: Session,
    _dir: TempDir,
}

impl Archive {
    /// Makes a node with units E1 and E2.
    pub(crate) fn new() -> Archive {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("node");
        node::create(&path, "An archive", node::random(), Clock::Real.now()).unwrap();
        let mut store = Store::open(&path).unwrap();
        let (response, now) = (Arc::new(ResponseFile::default()), Clock::Real.now());
        let entropy = Entropy::new(node::random());
        let (engine, _) = node::load(&mut store, now, Arc::clone(&response), entropy).unwrap();
        let travel = Travel::new(None, StraightLine::default(), 100);
        let mut desk = DirectDesk::new(engine, store, travel, response);
        let seats = [Seat::CallTaker, Seat::Dispatcher, Seat::DutyOfficer];
        let person = replay::enrol(&mut desk, "importer", "Importer", &seats, true, now);
        let session = Session {
            person: person.unwrap().unwrap(),
            seats: seats.into(),
            unit: None,
        };
        for row in Archive::units() {
            let action = desk
                .look(|board| city::enter_unit(board, &row))
                .unwrap()
                .unwrap();
            let action = watchfire::policy::Authorized::by_the_node(action);
            desk.act(now, action, format!("unit {}", row.callsign))
                .unwrap()
                .unwrap();
        }
        Archive {
            desk,
            session,
            _dir: dir,
        }
    }

    /// Returns the units as a list of them would be read.
    pub(crate) fn units() -> Vec<UnitRow> {
        let units = "callsign,kind,lat,lon\nE1,engine,30,120\nE2,engine,30,120\n";
        watchfire_formats::units_csv(units.as_bytes(), &[])
            .unwrap()
            .rows
    }

    /// Reads rows of `id,unit,sent,left,there,free`, all received at 10:00 on one day.
    pub(crate) fn read(rows: &str) -> Vec<PastCall> {
        let mut text = String::from("id,received,lat,lon,unit,sent,left,there,free\n");
        for row in rows.split_whitespace() {
            let cells: Vec<&str> = row.split(',').collect();
            let time = |at: &str| match at {
                "" => String::new(),
                at => format!("2020-01-01 {at}:00"),
            };
            let times: Vec<String> = cells[2..].iter().map(|at| time(at)).collect();
            text += &format!(
                "{},2020-01-01 10:00:00,30,120,{},{}\n",
                cells[0],
                cells[1],
                times.join(",")
            );
        }
        let map = CallMap::parse(MAP).unwrap();
        let calls = watchfire_formats::import(text.as_bytes(), &map).unwrap();
        assert_eq!(calls.report.rows_refused, 0, "{}", calls.report);
        calls.calls
    }

    /// Stores such rows.
    fn store(&mut self, rows: &str) -> Stored {
        let calls = Archive::read(rows);
        let known = Default::default();
        let now = Clock::Real.now();
        history::store(
            &mut self.desk,
            &self.session,
            &calls,
            &known,
            now,
            |_, _| (),
        )
        .unwrap()
    }

    /// Returns the assignments as `unit sent left there free`, by unit and time, and sees that all is over.
    fn told(&self) -> Vec<String> {
        let clock = |at: Option<Timestamp>| {
            at.map_or("-".to_owned(), |at| {
                let minutes = at.0 / 60_000 % (24 * 60);
                format!("{:02}:{:02}", minutes / 60, minutes % 60)
            })
        };
        self.desk.look(|board| {
            assert!(board.incidents.values().all(|incident| !incident.is_open()));
            let mut lines = BTreeMap::new();
            for one in board.assignments.values() {
                assert_eq!(one.status, AssignmentStatus::Cleared);
                let unit = &board.units[&one.unit].callsign;
                let ending = one
                    .ending
                    .as_ref()
                    .map(|words| format!(" ({words})"))
                    .unwrap_or_default();
                let times = [one.sent_at, one.departed_at, one.arrived_at, one.ended_at].map(clock);
                lines.insert(
                    (unit.to_string(), one.sent_at),
                    format!("{unit} {}{ending}", times.join(" ")),
                );
            }
            lines.into_values().collect()
        })
    }
}

#[test]
fn units_that_overlap_on_record_do_not_stand_in_each_others_way() {
    let mut archive = Archive::new();
    let stored = archive.store(
        "a,E1,10:01,10:02,10:09,11:00 b,E1,10:30,10:31,10:40,10:50 b,E2,10:30,10:31,10:45,10:50",
    );
    assert_eq!(
        (stored.calls, stored.responses, stored.assignments),
        (2, 3, 3)
    );
    assert!(stored.notes.is_empty(), "{stored}");
    let told = [
        "E1 10:01 10:02 10:09 11:00",
        "E1 10:30 10:31 10:40 10:50",
        "E2 10:30 10:31 10:45 10:50",
    ];
    assert_eq!(archive.told(), told);
}

#[test]
fn times_out_of_order_are_kept_as_they_are_on_record() {
    let mut archive = Archive::new();
    archive.store("a,E1,10:01,10:19,10:18,11:00 b,E2,10:40,10:02,10:09,10:50");
    assert_eq!(
        archive.told(),
        ["E1 10:01 10:19 10:18 11:00", "E2 10:40 10:02 10:09 10:50"]
    );
}

#[test]
fn what_the_record_lacks_is_said_and_not_invented() {
    let mut archive = Archive::new();
    let stored =
        archive.store("a,E1,10:01,10:02,10:06, b,E1,,,10:20,10:50 c,E2,,,, d,E2,10:05,,,10:06");
    assert_eq!((stored.responses, stored.assignments), (4, 3), "{stored}");
    let told = [
        "E1 10:01 10:02 10:06 10:06 (no clear time on record)",
        "E1 10:20 - 10:20 10:50",
        "E2 10:05 - - 10:06",
    ];
    assert_eq!(archive.told(), told);
    let text = stored.to_string();
    for words in [
        "3 of 4 responses stored",
        "1 x ended at the last time known: no clear time on record\n      call a E1 (line 2)",
        "1 x sent at the first time known: no dispatch time on record",
        "1 x response not stored: it has no time at all\n      call c E2 (line 4)",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_unit_that_the_node_does_not_have_is_named() {
    let mut archive = Archive::new();
    let stored = archive.store("a,E9,10:01,,,10:06 a,E1,10:01,,,10:06");
    assert_eq!(stored.assignments, 1);
    assert!(
        stored
            .to_string()
            .contains("no such unit in this node\n      call a E9"),
        "{stored}"
    );
}

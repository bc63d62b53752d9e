//! Measures a start after years: makes a store of N entries as a busy agency would and times how long it
//! takes to open it and to load what belongs in memory, then what an append costs there.
//!
//! `cargo run --release -p watchfire-store --example big -- 1000000 DIR`; a DIR that has a store is only
//! timed. With `check` after it, the whole check is timed too.

#![allow(clippy::print_stdout, reason = "a measurement is printed")]
#![allow(clippy::unwrap_used, reason = "a measurement that fails stops")]

#[path = "../tests/store/node.rs"]
#[allow(dead_code, reason = "the stories use more of it")]
mod node;

use std::path::Path;
use std::time::Instant;

use node::{Node, line};
use watchfire_core::basis::{AssignmentId, CallId, IncidentId, Timestamp, UnitId};
use watchfire_core::log::{Batch, Log};
use watchfire_core::record::assignment::{AssignmentAction, Choice, Step, Why};
use watchfire_core::record::call::{CallAction, CallDetails, Channel};
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::{Action, RecordKind, RecordRef};
use watchfire_store::Store;

const UNITS: usize = 1_000;
const OPEN_AT_THE_END: u64 = 2_000;
const ENTRIES_PER_BATCH: usize = 400;
const DAY_MS: i64 = 24 * 3_600 * 1_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: big ENTRIES DIR";
    let wanted: u64 = arguments.next().expect(usage).parse().expect(usage);
    let dir = arguments.next().expect(usage);
    let dir = Path::new(&dir);
    if !dir.join("watchfire.db").exists() {
        make(dir, wanted);
    }
    for _ in 0..3 {
        time_a_start(dir);
    }
    time_appends(dir);
    if arguments.next().as_deref() == Some("check") {
        let begin = Instant::now();
        let report = watchfire_store::check(dir, |_| ()).unwrap();
        let took = begin.elapsed();
        println!(
            "{} entries and {} records checked in {took:.0?}",
            report.entries, report.records
        );
    }
}

fn time_a_start(dir: &Path) {
    let begin = Instant::now();
    let mut store = Store::open(dir).unwrap();
    let opened = begin.elapsed();
    let last = store.load(Timestamp(i64::MAX)).unwrap().last_time.ms();
    let begin = Instant::now();
    let loaded = store.load(Timestamp(last as i64 - DAY_MS)).unwrap();
    let took = begin.elapsed();
    let board = &loaded.board;
    println!(
        "{} entries: open {opened:.1?}, load {took:.1?}; in memory {} incidents ({} open), {} calls, {} assignments, {} outcomes",
        loaded.position,
        board.incidents.len(),
        board.open_incident_count(),
        board.calls.len(),
        board.assignments.len(),
        loaded.outcomes.len(),
    );
}

fn time_appends(dir: &Path) {
    let store = Store::open(dir).unwrap();
    let mut node = Node::start(store, 2, Timestamp(i64::MAX)).unwrap();
    let mut took: Vec<_> = (0..500)
        .map(|_| {
            let (batch, _) = node.decide(receive());
            let begin = Instant::now();
            node.store.append(&batch).unwrap();
            begin.elapsed()
        })
        .collect();
    took.sort_unstable();
    println!(
        "one call durable: median {:.1?}, p99 {:.1?}",
        took[250], took[495]
    );
}

fn make(dir: &Path, wanted: u64) {
    let begin = Instant::now();
    let mut filler = Filler {
        node: Node::new(dir, 1),
        batch: Batch::default(),
    };
    let units: Vec<UnitId> = (0..UNITS)
        .map(|number| filler.node.unit(&format!("U{number}")))
        .collect();
    let mut number: usize = 0;
    while filler.node.engine.head().seq < wanted {
        let left = wanted - filler.node.engine.head().seq;
        filler.incident(units[number % UNITS], left > 4 * OPEN_AT_THE_END);
        number += 1;
        if number.is_multiple_of(5_000) {
            filler.append();
            let before = Timestamp(filler.node.now.0 - DAY_MS);
            filler.node.engine.let_go(before);
            println!(
                "{} entries after {:.0?}",
                filler.node.engine.head().seq,
                begin.elapsed()
            );
        }
    }
    filler.append();
    filler.node.store.checkpoint().unwrap();
}

struct Filler {
    node: Node,
    batch: Batch,
}

impl Filler {
    /// A call, an incident, a unit from sent to cleared, and the end; or left open.
    fn incident(&mut self, unit: UnitId, to_the_end: bool) {
        self.node.now.0 += 60_000;
        let call = CallId(self.ask(receive())[0].id);
        let open = IncidentAction::Open {
            from_call: Some(call),
            category: Some(node::code("fire")),
            priority: Some(watchfire_core::basis::Priority::P2),
            place: Some(watchfire_core::basis::Place {
                point: watchfire_core::basis::Point {
                    lat_e6: 30_000_000,
                    lon_e6: 120_000_000,
                },
                address: Some(line("12 Harbour Road")),
                area: None,
            }),
        };
        let made = self.ask(Action::Incident(open));
        let made = made
            .iter()
            .find(|record| record.kind == RecordKind::Incident);
        let incident = IncidentId(made.unwrap().id);
        if !to_the_end {
            return;
        }
        let text = "two people at the window, smoke on the stairs"
            .parse()
            .unwrap();
        self.ask(Action::Incident(IncidentAction::AddNote { incident, text }));
        let why = Why::default();
        let choices = vec![Choice { unit, why }];
        let sent = self.ask(Action::Assignment(AssignmentAction::Send {
            incident,
            choices,
        }));
        let assignment = AssignmentId(sent[0].id);
        for step in [
            Step::Acknowledge,
            Step::Depart,
            Step::Arrive,
            Step::Clear { ending: None },
        ] {
            let advance = AssignmentAction::Advance { assignment, step };
            self.ask(Action::Assignment(advance));
        }
        let disposition = line("done");
        self.ask(Action::Incident(IncidentAction::Close {
            incident,
            disposition,
        }));
    }

    fn ask(&mut self, action: Action) -> Vec<RecordRef> {
        if self.batch.entries.len() >= ENTRIES_PER_BATCH {
            self.append();
        }
        let (batch, answer) = self.node.decide(action);
        self.batch.extend(batch);
        answer.unwrap()
    }

    fn append(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        self.node.store.append(&batch).unwrap();
        self.node.engine.persisted();
    }
}

fn receive() -> Action {
    Action::Call(CallAction::Receive {
        channel: Channel::Phone,
        source: None,
        details: CallDetails {
            personal: watchfire_core::basis::Personal {
                caller: Some(line("a neighbour")),
                callback: Some(line("+86 573 0000 0000")),
                said: Some("there is smoke from the third floor".parse().unwrap()),
                note: None,
            },
            ..CallDetails::default()
        },
    })
}

//! The figures of a replay: how long things took here, beside how long they took the agency on record.
//!
//! What an interval is stands in the core (`figures`), where a node's own figures come from too.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use watchfire_core::basis::Timestamp;
use watchfire_core::board::Board;
use watchfire_core::figures::{Interval, Response, Spread};
use watchfire_formats::PastResponse;

use crate::past::{Manners, Past};

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The priority; none for all together.
    pub priority: Option<u8>,
    /// Which interval.
    pub interval: Interval,
    /// Here.
    pub replayed: Option<Spread>,
    /// On record.
    pub recorded: Option<Spread>,
}

/// The report of a replay.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What was simulated and on what terms.
    pub simulated: &'static str,
    /// How the simulated people behaved where the record did not say.
    pub manners: Manners,
    /// What travel times rested on.
    pub travel_basis: String,
    /// Percent put on road times.
    pub travel_percent: u32,
    /// Where the response plans came from.
    pub plans: String,
    /// The seed of ids.
    pub seed: u64,
    /// Calls that came in.
    pub calls: usize,
    /// Incidents that were opened.
    pub incidents: usize,
    /// Incidents that were closed.
    pub closed: usize,
    /// Assignments that were made.
    pub assignments: usize,
    /// Incidents for which too few units were free at first.
    pub short_at_first: u64,
    /// Actions of the simulated people that were refused.
    pub refused: Vec<String>,
    /// Entries in the feed.
    pub entries: u64,
    /// SHA-256 over kind, record, version, time and plain body of every entry: the same in every run with the same seed.
    pub entries_digest: String,
    /// Seconds the replay took.
    pub took_s: f64,
    /// Entries made durable for each of them.
    pub entries_per_s: f64,
    /// The table.
    pub intervals: Vec<Line>,
}

/// The intervals of the report: past calls do not say when they began to ring.
const SHOWN: [(Interval, &str); 4] = [
    (Interval::AnsweredToSent, "answer to sent (first unit)"),
    (Interval::SentToDeparted, "sent to departed (each unit)"),
    (
        Interval::DepartedToArrived,
        "departed to arrived (each unit)",
    ),
    (
        Interval::AnsweredToArrived,
        "answer to arrived (first unit)",
    ),
];

#[derive(Default)]
struct Samples(BTreeMap<(Option<u8>, Interval), Vec<u32>>);

impl Samples {
    fn add(&mut self, priority: u8, answered: i64, responses: &[Response]) {
        for taken in watchfire_core::figures::of_incident(Some(Timestamp(answered)), responses) {
            // Times on record may contradict each other; an interval below zero is none.
            let Some(seconds) = taken.seconds else {
                continue;
            };
            for key in [Some(priority), None] {
                let samples = self.0.entry((key, taken.interval)).or_default();
                samples.push(seconds);
            }
        }
    }

    fn spread(&mut self, priority: Option<u8>, interval: Interval) -> Option<Spread> {
        Spread::of(self.0.get_mut(&(priority, interval))?)
    }
}

/// Measures the intervals on the board beside those of the past calls.
pub fn intervals(board: &Board, past: &Past) -> Vec<Line> {
    let mut replayed = Samples::default();
    let mut recorded = Samples::default();
    for call in board.calls.values() {
        let Some(old) = call
            .source
            .as_ref()
            .and_then(|source| past.call(source.as_str()))
        else {
            continue;
        };
        let responses: Vec<Response> = old.responses.iter().map(on_record).collect();
        recorded.add(old.priority, old.received, &responses);
        let Some(incident) = call.incident() else {
            continue;
        };
        let responses: Vec<Response> = board.assignments_of(incident).map(Response::from).collect();
        replayed.add(old.priority, call.received_at.0, &responses);
    }
    let mut priorities: Vec<Option<u8>> =
        past.calls.iter().map(|call| Some(call.priority)).collect();
    priorities.sort_unstable();
    priorities.dedup();
    priorities.push(None);
    let mut lines = Vec::new();
    for priority in priorities {
        for (interval, _) in SHOWN {
            lines.push(Line {
                priority,
                interval,
                replayed: replayed.spread(priority, interval),
                recorded: recorded.spread(priority, interval),
            });
        }
    }
    lines
}

fn on_record(response: &PastResponse) -> Response {
    Response {
        sent: response.dispatched.map(Timestamp),
        departed: response.departed.map(Timestamp),
        arrived: response.arrived.map(Timestamp),
    }
}

/// Writes the table for people.
pub fn table(report: &Report) -> String {
    let mut text = String::new();
    let cell = |spread: Option<Spread>| match spread {
        Some(Spread {
            count,
            p50_s,
            p90_s,
        }) => format!("{p50_s:>6} {p90_s:>6} {count:>6}"),
        None => format!("{:>6} {:>6} {:>6}", "-", "-", 0),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{:<8} {:<32} {:^22} {:^22}",
        "", "seconds", "here (simulated crews)", "on record"
    );
    let _ = writeln!(
        text,
        "{:<8} {:<32} {:>6} {:>6} {:>6}   {:>6} {:>6} {:>6}",
        "priority", "interval", "p50", "p90", "n", "p50", "p90", "n"
    );
    for line in &report.intervals {
        let priority = line
            .priority
            .map_or("all".to_owned(), |priority| priority.to_string());
        let _ = writeln!(
            text,
            "{priority:<8} {:<32} {}   {}",
            words(line.interval),
            cell(line.replayed),
            cell(line.recorded)
        );
    }
    text
}

fn words(interval: Interval) -> &'static str {
    let shown = SHOWN.iter().find(|(shown, _)| *shown == interval);
    shown.map_or(interval.as_str(), |(_, words)| words)
}

//! The figures of a replay: how long things took here, beside how long they took the agency on record.
//!
//! Two kinds of interval are told apart: those of a call (from the answer to the first unit sent, and to the
//! first unit there) and those of each unit (sent to departed, departed to arrived).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use watchfire_core::board::Board;
use watchfire_core::record::assignment::Assignment;
use watchfire_formats::PastCall;

use crate::past::{Manners, Past};

/// The intervals that are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// From the call's answer to the first unit sent; one for each call.
    AnswerToSent,
    /// From sent to departed; one for each unit.
    SentToDeparted,
    /// From departed to arrived; one for each unit.
    DepartedToArrived,
    /// From the call's answer to the first unit there; one for each call.
    Total,
}

impl Interval {
    /// All of them.
    pub const ALL: [Interval; 4] = [
        Interval::AnswerToSent,
        Interval::SentToDeparted,
        Interval::DepartedToArrived,
        Interval::Total,
    ];

    fn words(self) -> &'static str {
        match self {
            Interval::AnswerToSent => "answer to sent (first unit)",
            Interval::SentToDeparted => "sent to departed (each unit)",
            Interval::DepartedToArrived => "departed to arrived (each unit)",
            Interval::Total => "answer to arrived (first unit)",
        }
    }
}

/// The middle and the slow end of a set of intervals, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// How many there were.
    pub count: usize,
    /// The median.
    pub p50_s: u32,
    /// Nine in ten were no longer.
    pub p90_s: u32,
}

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

#[derive(Default)]
struct Samples(BTreeMap<(Option<u8>, Interval), Vec<u32>>);

impl Samples {
    fn add(&mut self, priority: u8, interval: Interval, from_ms: Option<i64>, to_ms: Option<i64>) {
        let (Some(from), Some(to)) = (from_ms, to_ms) else {
            return;
        };
        // Times on record may contradict each other; an interval below zero is none.
        if let Ok(seconds) = u32::try_from((to - from).div_euclid(1_000)) {
            for key in [Some(priority), None] {
                self.0.entry((key, interval)).or_default().push(seconds);
            }
        }
    }

    fn spread(&mut self, priority: Option<u8>, interval: Interval) -> Option<Spread> {
        let all = self.0.get_mut(&(priority, interval))?;
        all.sort_unstable();
        let at =
            |share: f64| all[((all.len() as f64 * share).ceil() as usize).clamp(1, all.len()) - 1];
        Some(Spread {
            count: all.len(),
            p50_s: at(0.5),
            p90_s: at(0.9),
        })
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
        record_past(&mut recorded, old);
        let Some(incident) = call.incident() else {
            continue;
        };
        let all: Vec<&Assignment> = board.assignments_of(incident).collect();
        let received = Some(call.received_at.0);
        let first =
            |time: fn(&Assignment) -> Option<i64>| all.iter().filter_map(|one| time(one)).min();
        let priority = old.priority;
        replayed.add(
            priority,
            Interval::AnswerToSent,
            received,
            first(|one| Some(one.sent_at?.0)),
        );
        replayed.add(
            priority,
            Interval::Total,
            received,
            first(|one| Some(one.arrived_at?.0)),
        );
        for one in all {
            let (sent, left) = (one.sent_at.map(|at| at.0), one.departed_at.map(|at| at.0));
            replayed.add(priority, Interval::SentToDeparted, sent, left);
            replayed.add(
                priority,
                Interval::DepartedToArrived,
                left,
                one.arrived_at.map(|at| at.0),
            );
        }
    }
    let mut priorities: Vec<Option<u8>> =
        past.calls.iter().map(|call| Some(call.priority)).collect();
    priorities.sort_unstable();
    priorities.dedup();
    priorities.push(None);
    let mut lines = Vec::new();
    for priority in priorities {
        for interval in Interval::ALL {
            let (replayed, recorded) = (
                replayed.spread(priority, interval),
                recorded.spread(priority, interval),
            );
            lines.push(Line {
                priority,
                interval,
                replayed,
                recorded,
            });
        }
    }
    lines
}

fn record_past(samples: &mut Samples, call: &PastCall) {
    let first = |time: fn(&watchfire_formats::PastResponse) -> Option<i64>| {
        call.responses.iter().filter_map(time).min()
    };
    let received = Some(call.received);
    samples.add(
        call.priority,
        Interval::AnswerToSent,
        received,
        first(|one| one.dispatched),
    );
    samples.add(
        call.priority,
        Interval::Total,
        received,
        first(|one| one.arrived),
    );
    for one in &call.responses {
        samples.add(
            call.priority,
            Interval::SentToDeparted,
            one.dispatched,
            one.departed,
        );
        samples.add(
            call.priority,
            Interval::DepartedToArrived,
            one.departed,
            one.arrived,
        );
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
            line.interval.words(),
            cell(line.replayed),
            cell(line.recorded)
        );
    }
    text
}

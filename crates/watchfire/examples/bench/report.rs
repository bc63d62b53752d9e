//! Collects what was measured and prints it: a table for people, JSON for programs.
//!
//! A floor is held against the median of the runs, and the best and worst stand beside it. Knows nothing
//! of how anything was measured; start at [`Report`].

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::floors::{Figure, Floor};

/// What was measured, in the order in which it was first seen.
#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

struct Line {
    figure: &'static Figure,
    runs: Vec<f64>,
}

impl Line {
    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.runs.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    fn median(&self) -> f64 {
        self.sorted()[self.runs.len() / 2]
    }

    fn reached(&self) -> Option<bool> {
        match self.figure.floor {
            Floor::AtMost(most) => Some(self.median() <= most),
            Floor::AtLeast(least) => Some(self.median() >= least),
            Floor::None => None,
        }
    }
}

impl Report {
    /// Adds what a run measured.
    pub(crate) fn add(&mut self, figure: &'static Figure, value: f64) {
        eprintln!("    {:<24} {}", figure.name.to_lowercase(), short(value));
        match self
            .lines
            .iter_mut()
            .find(|line| line.figure.name == figure.name)
        {
            Some(line) => line.runs.push(value),
            None => self.lines.push(Line {
                figure,
                runs: vec![value],
            }),
        }
    }

    /// Returns true if every floor was reached.
    pub(crate) fn reached(&self) -> bool {
        self.lines.iter().all(|line| line.reached() != Some(false))
    }

    /// Returns a table for people.
    pub(crate) fn table(&self, quick: bool) -> String {
        let mut text =
            String::from("| figure | min | median | max | floor | |\n|---|--:|--:|--:|--:|---|\n");
        for line in &self.lines {
            let sorted = line.sorted();
            let floor = match line.figure.floor {
                Floor::AtMost(most) => format!("≤ {}", short(most)),
                Floor::AtLeast(least) => format!("≥ {}", short(least)),
                Floor::None => String::new(),
            };
            let verdict = match line.reached() {
                Some(_) if quick => "smoke run",
                Some(true) => "PASS",
                Some(false) => "FAIL",
                None => "",
            };
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "| {}, `{}` | {} | {} | {} | {floor} | {verdict} |",
                line.figure.words,
                line.figure.name.to_lowercase(),
                short(sorted[0]),
                short(line.median()),
                short(sorted[sorted.len() - 1]),
            );
        }
        text
    }

    /// Returns the same for programs.
    pub(crate) fn json(&self, quick: bool) -> Value {
        let lines = self.lines.iter().map(|line| {
            let (kind, floor) = match line.figure.floor {
                Floor::AtMost(most) => (Some("at_most"), Some(most)),
                Floor::AtLeast(least) => (Some("at_least"), Some(least)),
                Floor::None => (None, None),
            };
            json!({
                "name": line.figure.name.to_lowercase(), "what": line.figure.words, "runs": line.runs,
                "median": line.median(), "floor_kind": kind, "floor": floor,
                "reached": line.reached().filter(|_| !quick),
            })
        });
        json!({ "quick": quick, "figures": lines.collect::<Vec<Value>>() })
    }
}

fn short(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

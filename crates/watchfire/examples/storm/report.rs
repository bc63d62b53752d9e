//! What a storm came to: which faults there were, what was asked for and answered, how long agreement took, and what
//! did not hold. Start at [`Report::print`].

use std::time::Duration;

use crate::deed::{self, Journal, Outcome};
use crate::faults::{self, Drawn};
use crate::wire::Frames;

/// What a storm came to.
#[derive(Debug, Default)]
pub(crate) struct Report {
    faults: [(u64, Duration); faults::KINDS.len()],
    /// What became of frames on the wire.
    pub(crate) frames: Frames,
    /// How long after everything was healed every deed was answered.
    pub(crate) answered_after: Duration,
    /// How long after that all members showed the same; nothing if they never did.
    pub(crate) agreed_after: Option<Duration>,
    /// Lines that all of them show.
    pub(crate) lines: usize,
    /// Copies that were compared with those of others.
    pub(crate) copies: usize,
    /// What the checks said.
    pub(crate) checked: Vec<String>,
    /// Deeds that were never answered.
    pub(crate) never: Vec<String>,
    /// How much was acknowledged and is not there.
    pub(crate) missing: usize,
    /// Everything that is not as it must be.
    pub(crate) wrong: Vec<String>,
}

impl Report {
    /// Notes that a fault began.
    pub(crate) fn begun(&mut self, drawn: &Drawn) {
        let (times, length) = &mut self.faults[drawn.fault.kind()];
        *times += 1;
        *length += drawn.ends - drawn.begins;
    }

    /// Returns true if everything held.
    pub(crate) fn is_good(&self) -> bool {
        self.wrong.is_empty()
            && self.never.is_empty()
            && self.missing == 0
            && self.agreed_after.is_some()
    }

    /// Prints all of it.
    pub(crate) fn print(&self, journals: &[Journal]) {
        println!("\n| fault | times | seconds |\n|---|--:|--:|");
        for (name, (times, length)) in faults::KINDS.iter().zip(self.faults) {
            println!("| {name} | {times} | {:.0} |", length.as_secs_f64());
        }
        let frames = self.frames;
        println!("\n| frames on the wire | |\n|---|--:|");
        println!(
            "| brought | {} |\n| lost | {} |\n| lost at a cut | {} |",
            frames.brought, frames.lost, frames.cut
        );
        println!(
            "| brought twice | {} |\n| overtaken | {} |",
            frames.twice, frames.overtaken
        );
        println!("\n| deed | acknowledged | refused |\n|---|--:|--:|");
        let mut counts = [(0_u64, 0_u64); deed::KINDS.len()];
        let mut refused = std::collections::BTreeMap::<&str, u64>::new();
        for (deed, outcome) in journals.iter().flat_map(|journal| &journal.answered) {
            let count = &mut counts[deed.what.kind()];
            match outcome {
                Outcome::Acknowledged(_) => count.0 += 1,
                Outcome::Refused(code) => {
                    count.1 += 1;
                    *refused.entry(code).or_default() += 1;
                }
            }
        }
        for (name, (yes, no)) in deed::KINDS.iter().zip(counts) {
            println!("| {name} | {yes} | {no} |");
        }
        let sum = |of: fn(&(u64, u64)) -> u64| counts.iter().map(of).sum::<u64>();
        println!("| **all** | {} | {} |", sum(|one| one.0), sum(|one| one.1));
        let unanswered: u64 = journals.iter().map(|journal| journal.unanswered).sum();
        let late: u64 = journals.iter().map(|journal| journal.late).sum();
        println!("\nrefused with: {refused:?}");
        println!(
            "tries without an answer: {unanswered}; acknowledged under the same key later: {late}; never: {}",
            self.never.len()
        );
        self.print_end();
    }

    fn print_end(&self) {
        println!(
            "every deed was answered {:.1} s after healing",
            self.answered_after.as_secs_f64()
        );
        match self.agreed_after {
            Some(after) => println!(
                "all members showed the same {} lines {:.1} s after healing",
                self.lines,
                after.as_secs_f64()
            ),
            None => println!("the members did NOT come to show the same"),
        }
        println!(
            "{} copies compared; {} acknowledged deeds missing",
            self.copies, self.missing
        );
        for said in &self.checked {
            println!("check: {said}");
        }
        for wrong in self.wrong.iter().chain(&self.never) {
            println!("WRONG: {wrong}");
        }
        println!(
            "{}",
            if self.is_good() {
                "the storm was weathered"
            } else {
                "the storm was NOT weathered"
            }
        );
    }
}

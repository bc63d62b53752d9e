//! How quickly directives are answered, in the bins that people already report by: signed for within 30, 60, 120 and
//! 180 s, departed within 5, 10, 15 and 30 min, reported within 30 min, 1 h, 2 h and 4 h, and what was still open at 08:00.
//! Computed from what the entries say and nothing else; one item counts once.

use super::{Directive, ItemStatus, Progress};
use crate::basis::Timestamp;

/// Upper ends of the bins, in seconds.
pub const SIGNED_S: [u32; 4] = [30, 60, 120, 180];
/// Upper ends of the bins, in seconds.
pub const ACTING_S: [u32; 4] = [300, 600, 900, 1_800];
/// Upper ends of the bins, in seconds.
pub const REPORTED_S: [u32; 4] = [1_800, 3_600, 7_200, 14_400];

/// How quickly one step was taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StepBins {
    /// Items of which the step was asked.
    pub asked: u32,
    /// Of these, taken within each of the four times; who is within the first is within all.
    pub within: [u32; 4],
    /// Taken after the last of the times.
    pub later: u32,
    /// Not taken, and still asked.
    pub waiting: u32,
    /// Taken after it was due, or due and not taken.
    pub overdue: u32,
}

/// How quickly directives were answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bins {
    /// Directives that were issued.
    pub directives: u32,
    /// Items of these: one for each addressee.
    pub items: u32,
    /// Items that are done.
    pub done: u32,
    /// Items of which nothing more is asked.
    pub excused: u32,
    /// Directives that were open at the end of the day on which they were to be closed by.
    pub open_at_close: u32,
    /// Signed for.
    pub signed: StepBins,
    /// Departed, or begun to act.
    pub acting: StepBins,
    /// Reported back.
    pub reported: StepBins,
}

impl StepBins {
    fn count(
        &mut self,
        issued: Timestamp,
        taken: Option<Timestamp>,
        due_s: u32,
        ends: [u32; 4],
        (over, now): (bool, Timestamp),
    ) {
        self.asked += 1;
        let due = issued.plus_s(due_s);
        let Some(at) = taken else {
            self.waiting += u32::from(!over);
            self.overdue += u32::from(!over && due <= now);
            return;
        };
        self.overdue += u32::from(at > due);
        for (within, end) in self.within.iter_mut().zip(ends) {
            *within += u32::from(at <= issued.plus_s(end));
        }
        self.later += u32::from(at > issued.plus_s(ends[3]));
    }
}

impl Bins {
    /// Counts a directive with what is known of the progress of each of its items.
    pub fn count(
        &mut self,
        directive: &Directive,
        items: &[(Progress, ItemStatus)],
        now: Timestamp,
    ) {
        let (Some(issued), Some(ladder)) = (directive.issued, directive.ladder.as_ref()) else {
            return;
        };
        self.directives += 1;
        let close_by = directive.details.close_by;
        let ended = directive.ended.as_ref().map(|(mark, _)| mark.at);
        let open = ended.is_none_or(|at| at > close_by);
        self.open_at_close += u32::from(open && close_by <= now);
        for (progress, status) in items {
            self.items += 1;
            self.done += u32::from(*status == ItemStatus::Done);
            self.excused += u32::from(*status == ItemStatus::Excused);
            let over = (status.is_over() || !directive.is_open(), now);
            let at = issued.at;
            let signed = progress.signed.map(|mark| mark.at);
            self.signed.count(at, signed, ladder.sign_s, SIGNED_S, over);
            if let Some(due_s) = ladder.act_s {
                let acting = progress.acting.map(|mark| mark.at);
                self.acting.count(at, acting, due_s, ACTING_S, over);
            }
            if let Some(due_s) = ladder.report_s {
                let reported = progress.reports.first().map(|report| report.mark.at);
                self.reported.count(at, reported, due_s, REPORTED_S, over);
            }
        }
    }
}

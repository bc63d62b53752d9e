//! Timers: what is late, derived from the times of an assignment and the clock that is passed in.
//!
//! Nothing here is stored, so nothing can be lost: after a restart the same entries and the same clock
//! give the same alarms.

use serde::{Deserialize, Serialize};

use crate::basis::{Text, Timestamp};
use crate::record::assignment::{Assignment, AssignmentStatus};

/// After how long a step is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimerRules {
    /// Seconds from sent until a crew that has not answered is reported.
    pub unanswered_s: u32,
    /// Seconds from sent until a crew that has not departed is reported.
    pub late_departure_s: u32,
    /// Percent of the expected travel time until a crew that has not arrived is reported.
    pub overdue_arrival_percent: u32,
    /// Seconds added to that.
    pub overdue_arrival_grace_s: u32,
    /// Seconds en route until a crew is reported when no travel time was known.
    pub arrival_without_estimate_s: u32,
}

impl Default for TimerRules {
    /// Returns the defaults: 60 s to answer (the field's answer-to-sent target), 180 s to depart, half again as long as expected plus two minutes to arrive.
    fn default() -> TimerRules {
        TimerRules {
            unanswered_s: 60,
            late_departure_s: 180,
            overdue_arrival_percent: 150,
            overdue_arrival_grace_s: 120,
            arrival_without_estimate_s: 1_200,
        }
    }
}

/// What is late about an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmCode {
    /// The crew has not answered.
    Unanswered,
    /// The crew has not departed.
    LateDeparture,
    /// The crew should have arrived.
    OverdueArrival,
}

/// One thing that is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    /// What.
    pub code: AlarmCode,
    /// Since when.
    pub since: Timestamp,
}

impl AlarmCode {
    /// Returns the words and what to do.
    pub fn text(self) -> Text {
        match self {
            AlarmCode::Unanswered => Text::new(
                "Unanswered: call the crew, send again or send another",
                "未应答：请呼叫、重发或改派",
            ),
            AlarmCode::LateDeparture => Text::new(
                "Not departed: call the crew or send another",
                "未出发：请呼叫或改派",
            ),
            AlarmCode::OverdueArrival => Text::new(
                "Overdue on scene: ask where they are",
                "逾时未到：请询问位置",
            ),
        }
    }
}

/// Returns what is late about an assignment at `now`, at most one alarm: the step it hangs on.
pub fn alarm(assignment: &Assignment, rules: &TimerRules, now: Timestamp) -> Option<Alarm> {
    let sent = assignment.resent_at.or(assignment.sent_at)?;
    let (code, due) = match assignment.status {
        AssignmentStatus::Sent => (AlarmCode::Unanswered, sent.plus_s(rules.unanswered_s)),
        AssignmentStatus::Acknowledged => (
            AlarmCode::LateDeparture,
            sent.plus_s(rules.late_departure_s),
        ),
        AssignmentStatus::Departed => {
            let left = assignment.departed_at.unwrap_or(sent);
            let allowed_s = match assignment.why.travel {
                Some(travel) => {
                    let stretched =
                        u64::from(travel.seconds) * u64::from(rules.overdue_arrival_percent) / 100;
                    u32::try_from(stretched)
                        .unwrap_or(u32::MAX)
                        .saturating_add(rules.overdue_arrival_grace_s)
                }
                None => rules.arrival_without_estimate_s,
            };
            (AlarmCode::OverdueArrival, left.plus_s(allowed_s))
        }
        AssignmentStatus::Proposed
        | AssignmentStatus::Declined
        | AssignmentStatus::Arrived
        | AssignmentStatus::Cleared
        | AssignmentStatus::Cancelled => return None,
    };
    (now >= due).then_some(Alarm { code, since: due })
}

//! What is measured, how, and against which targets: the one definition of each interval. Knows times and no records
//! but the assignment's; start at [`Interval`].

use serde::{Deserialize, Serialize};

use crate::basis::{Priority, Text, Timestamp};
use crate::record::assignment::Assignment;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// From the first ring to the answer; one for each call.
    RingingToAnswered,
    /// From the first call's answer to the first unit sent; one for each incident.
    AnsweredToSent,
    /// From sent to departed; one for each assignment.
    SentToDeparted,
    /// From departed to arrived; one for each assignment.
    DepartedToArrived,
    /// From the first call's answer to the first unit there; one for each incident.
    AnsweredToArrived,
}

impl Interval {
    /// All of them, in the order in which they happen.
    pub const ALL: [Interval; 5] = [
        Interval::RingingToAnswered,
        Interval::AnsweredToSent,
        Interval::SentToDeparted,
        Interval::DepartedToArrived,
        Interval::AnsweredToArrived,
    ];

    /// Returns the word used in the API and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Interval::RingingToAnswered => "ringing_to_answered",
            Interval::AnsweredToSent => "answered_to_sent",
            Interval::SentToDeparted => "sent_to_departed",
            Interval::DepartedToArrived => "departed_to_arrived",
            Interval::AnsweredToArrived => "answered_to_arrived",
        }
    }

    /// Returns what people call it.
    pub fn label(self) -> Text {
        match self {
            Interval::RingingToAnswered => Text::new("ringing to answered", "振铃至接听"),
            Interval::AnsweredToSent => Text::new("answered to first unit sent", "接听至首派"),
            Interval::SentToDeparted => Text::new("sent to departed", "派出至出发"),
            Interval::DepartedToArrived => Text::new("departed to arrived", "出发至到达"),
            Interval::AnsweredToArrived => {
                Text::new("answered to first unit on scene", "接听至首到")
            }
        }
    }

    /// Returns what exactly is measured, in words.
    pub fn definition(self) -> Text {
        match self {
            Interval::RingingToAnswered => Text::new(
                "From the first ring to the answer, one for each call answered in the period. Calls whose ringing was not reported are not known, and not counted.",
                "自首次振铃至接听，时段内每个接听的报警计一次。未报告振铃时间的报警为“未知”，不计入。",
            ),
            Interval::AnsweredToSent => Text::new(
                "From the answer of the incident's first call to the first unit sent, one for each incident opened in the period. Incidents without a call are not counted.",
                "自警情首个报警接听至首支力量派出，时段内每起警情计一次。无报警的警情不计入。",
            ),
            Interval::SentToDeparted => Text::new(
                "From the first sending of a unit to its departure, one for each assignment of the incidents opened in the period. Units that never departed are not counted.",
                "自首次派出至该力量出发，时段内警情的每次派警计一次。未出发者不计入。",
            ),
            Interval::DepartedToArrived => Text::new(
                "From a unit's departure to its arrival, one for each assignment of the incidents opened in the period. Units that never arrived are not counted.",
                "自力量出发至到达，时段内警情的每次派警计一次。未到达者不计入。",
            ),
            Interval::AnsweredToArrived => Text::new(
                "From the answer of the incident's first call to the first unit on scene, one for each incident opened in the period. Incidents at which nobody arrived are not counted.",
                "自警情首个报警接听至首支力量到场，时段内每起警情计一次。无力量到场的警情不计入。",
            ),
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

impl Spread {
    /// Returns the spread of some seconds by nearest rank: each percentile is one that was measured, none is
    /// interpolated. Nothing has no spread.
    pub fn of(seconds: &mut [u32]) -> Option<Spread> {
        seconds.sort_unstable();
        let count = seconds.len();
        let at = |percent: usize| seconds.get((count * percent).div_ceil(100).checked_sub(1)?);
        Some(Spread {
            count,
            p50_s: *at(50)?,
            p90_s: *at(90)?,
        })
    }
}

/// What one unit's response had, of all that is measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Response {
    /// When it was first sent.
    pub sent: Option<Timestamp>,
    /// When it departed.
    pub departed: Option<Timestamp>,
    /// When it arrived.
    pub arrived: Option<Timestamp>,
}

impl From<&Assignment> for Response {
    fn from(assignment: &Assignment) -> Response {
        Response {
            sent: assignment.sent_at,
            departed: assignment.departed_at,
            arrived: assignment.arrived_at,
        }
    }
}

/// One interval of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Which.
    pub interval: Interval,
    /// The place of the response it belongs to, where it belongs to one.
    pub response: Option<usize>,
    /// Whole seconds; none where the times contradict each other.
    pub seconds: Option<u32>,
}

/// Measures an incident: what its first call's answer and its responses come to.
pub fn of_incident(answered: Option<Timestamp>, responses: &[Response]) -> Vec<Taken> {
    let mut all = Vec::new();
    let mut add = |interval, response, from: Option<Timestamp>, to: Option<Timestamp>| {
        if let (Some(from), Some(to)) = (from, to) {
            let seconds = between(from, to);
            all.push(Taken {
                interval,
                response,
                seconds,
            });
        }
    };
    let first = |time: fn(&Response) -> Option<Timestamp>| responses.iter().filter_map(time).min();
    add(
        Interval::AnsweredToSent,
        None,
        answered,
        first(|one| one.sent),
    );
    add(
        Interval::AnsweredToArrived,
        None,
        answered,
        first(|one| one.arrived),
    );
    for (at, one) in responses.iter().enumerate() {
        add(Interval::SentToDeparted, Some(at), one.sent, one.departed);
        add(
            Interval::DepartedToArrived,
            Some(at),
            one.departed,
            one.arrived,
        );
    }
    all
}

pub(super) fn between(from: Timestamp, to: Timestamp) -> Option<u32> {
    u32::try_from(to.0.saturating_sub(from.0).div_euclid(1_000)).ok()
}

/// When an interval took too long: seconds by priority, and the share that is to be within them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Targets {
    /// Seconds from ringing to answered, for priorities 1 to 4; 0 is no target.
    pub ringing_to_answered_s: [u32; 4],
    /// Percent of calls to be answered within that.
    pub ringing_to_answered_percent: u8,
    /// Seconds from answered to the first unit sent.
    pub answered_to_sent_s: [u32; 4],
    /// Percent of incidents to be within that.
    pub answered_to_sent_percent: u8,
    /// Seconds from sent to departed.
    pub sent_to_departed_s: [u32; 4],
    /// Percent of assignments to be within that.
    pub sent_to_departed_percent: u8,
    /// Seconds from departed to arrived.
    pub departed_to_arrived_s: [u32; 4],
    /// Percent of assignments to be within that.
    pub departed_to_arrived_percent: u8,
    /// Seconds from answered to the first unit on scene.
    pub answered_to_arrived_s: [u32; 4],
    /// Percent of incidents to be within that.
    pub answered_to_arrived_percent: u8,
}

impl Default for Targets {
    /// Returns the defaults. Answer: 90 % within 15 s (NENA-STA-020.1-2020), whatever the call turns out to be.
    /// Answered to sent: 90 % within 60 s (NFPA 1225, 2022). Turnout 80 s and travel of the first engine 240 s at
    /// 90 % (NFPA 1710). Answered to arrived: the sum of these three. The standards speak of emergencies, so that
    /// priorities 3 and 4 have a target for the answer only; an agency sets its own.
    fn default() -> Targets {
        Targets {
            ringing_to_answered_s: [15, 15, 15, 15],
            ringing_to_answered_percent: 90,
            answered_to_sent_s: [60, 60, 0, 0],
            answered_to_sent_percent: 90,
            sent_to_departed_s: [80, 80, 0, 0],
            sent_to_departed_percent: 90,
            departed_to_arrived_s: [240, 240, 0, 0],
            departed_to_arrived_percent: 90,
            answered_to_arrived_s: [380, 380, 0, 0],
            answered_to_arrived_percent: 90,
        }
    }
}

/// Longest target, in seconds: a day.
pub const TARGET_MAX_S: u32 = 86_400;

impl Targets {
    /// Returns the seconds of an interval by priority (0 is none), and the share that is to be within them.
    pub fn of(&self, interval: Interval) -> ([u32; 4], u8) {
        match interval {
            Interval::RingingToAnswered => {
                (self.ringing_to_answered_s, self.ringing_to_answered_percent)
            }
            Interval::AnsweredToSent => (self.answered_to_sent_s, self.answered_to_sent_percent),
            Interval::SentToDeparted => (self.sent_to_departed_s, self.sent_to_departed_percent),
            Interval::DepartedToArrived => {
                (self.departed_to_arrived_s, self.departed_to_arrived_percent)
            }
            Interval::AnsweredToArrived => {
                (self.answered_to_arrived_s, self.answered_to_arrived_percent)
            }
        }
    }

    /// Returns the target in seconds, if there is one. What has no priority yet is held against the strictest
    /// one's: nobody has found it less urgent.
    pub fn seconds(&self, interval: Interval, priority: Option<Priority>) -> Option<u32> {
        let (seconds, _) = self.of(interval);
        let at = usize::from(priority.map_or(1, u8::from)) - 1;
        Some(seconds[at]).filter(|seconds| *seconds > 0)
    }

    /// Returns true if every target is one that can be met or missed.
    pub fn are_sound(&self) -> bool {
        Interval::ALL.into_iter().all(|interval| {
            let (seconds, percent) = self.of(interval);
            (1..=100).contains(&percent) && seconds.iter().all(|one| *one <= TARGET_MAX_S)
        })
    }
}

//! What is sent of duty posts, shifts and handovers, and how it is read: every name, number and time at the door.
//!
//! Start at [`DutyPostBody`], [`ShiftStepBody`] and [`HandoverStepBody`].

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;
use watchfire_core::basis::{HandoverId, PersonId, Prose, ShiftId};
use watchfire_core::duty::ItemName;
use watchfire_core::record::duty_post::{DutyPostDetails, Pattern, Turn};
use watchfire_core::record::handover::HandoverAction;
use watchfire_core::record::shift::{PlannedShift, ShiftAction, SwapWish};

use super::super::view::SeatView;
use super::super::{read, read_id, read_maybe, read_time};
use crate::problem::Problem;

/// A duty post as it is written down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "值班长席", "name_other": "Duty officer's desk", "seat": "duty_officer", "minimum": 1,
    "reach": "8110 / 3 频道", "rest_min": 660, "week_max": 5, "hands_over": true,
}))]
pub(crate) struct DutyPostBody {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// The same in the agency's other language.
    #[schema(min_length = 1, max_length = 200)]
    name_other: Option<String>,
    /// The seat that is held there: only who may take it comes on.
    seat: Option<SeatView>,
    /// The station it belongs to.
    station: Option<String>,
    /// How many must be there at least.
    #[schema(maximum = 60)]
    minimum: u16,
    /// How to reach whoever is there: a telephone, a radio channel.
    #[schema(min_length = 1, max_length = 200)]
    reach: String,
    /// In which pattern people come.
    pattern: Option<PatternBody>,
    /// Minutes of rest that a person has between two shifts at least.
    #[serde(default)]
    rest_min: u16,
    /// Shifts that a person may have within any seven days; 0 for as many as there are.
    #[serde(default)]
    week_max: u16,
    /// Whether the last one goes off only by a handover.
    #[serde(default)]
    hands_over: bool,
    /// When it was entered, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// A cycle of shifts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatternBody {
    /// A day on which the cycle begins, counted from 1970-01-01.
    anchor_day: i32,
    /// How many days until it begins again.
    #[schema(minimum = 1, maximum = 56)]
    cycle_days: u16,
    /// The shifts of one cycle.
    #[schema(min_items = 1, max_items = 200)]
    turns: Vec<TurnBody>,
    /// Who comes together.
    #[serde(default)]
    #[schema(max_items = 12)]
    teams: Vec<Vec<String>>,
}

/// One shift of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TurnBody {
    /// On which day of the cycle it begins, from 0.
    pub day: u16,
    /// How many minutes into the day.
    #[schema(maximum = 1439)]
    pub start_min: u16,
    /// How long it lasts, in minutes.
    #[schema(minimum = 1, maximum = 2880)]
    pub length_min: u16,
    /// Which team comes, from 0; whoever signs up when absent.
    pub team: Option<u16>,
}

impl DutyPostBody {
    pub(crate) fn details(&self) -> Result<DutyPostDetails, Problem> {
        Ok(DutyPostDetails {
            name: read("name", &self.name)?,
            name_other: read_maybe("name_other", self.name_other.as_deref())?,
            seat: self.seat.map(Into::into),
            station: self.station.as_deref().map(read_id).transpose()?,
            minimum: self.minimum,
            reach: read("reach", &self.reach)?,
            pattern: self
                .pattern
                .as_ref()
                .map(PatternBody::pattern)
                .transpose()?,
            rest_min: self.rest_min,
            week_max: self.week_max,
            hands_over: self.hands_over,
        })
    }
}

impl PatternBody {
    fn pattern(&self) -> Result<Pattern, Problem> {
        let turn = |one: &TurnBody| Turn {
            day: one.day,
            start_min: one.start_min,
            length_min: one.length_min,
            team: one.team,
        };
        Ok(Pattern {
            anchor_day: self.anchor_day,
            cycle_days: self.cycle_days,
            turns: self.turns.iter().map(turn).collect(),
            teams: self
                .teams
                .iter()
                .map(|team| people(team))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn people(all: &[String]) -> Result<BTreeSet<PersonId>, Problem> {
    all.iter().map(|one| read_id(one)).collect()
}

/// Somebody is not there for a while.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaveBody {
    /// Who.
    pub(super) person: String,
    /// From when.
    #[schema(format = DateTime)]
    pub(super) from: String,
    /// Until when.
    #[schema(format = DateTime)]
    pub(super) until: String,
    /// When it was given, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// A leave that is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaveEndBody {
    /// Whose.
    pub(super) person: String,
    /// When it would have begun.
    #[schema(format = DateTime)]
    pub(super) from: String,
    /// When it was taken back, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// For which days shifts are worked out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProposalBody {
    /// In how many days the first of them is; 0 for today.
    #[serde(default)]
    #[schema(maximum = 60)]
    in_days: u16,
    /// How many days.
    #[schema(minimum = 1, maximum = 42)]
    days: u16,
}

impl ProposalBody {
    /// Returns in how many days the first is, and how many there are.
    pub(super) fn span(&self) -> Result<(u16, u16), Problem> {
        if self.in_days <= 60 && (1..=42).contains(&self.days) {
            return Ok((self.in_days, self.days));
        }
        Err(Problem::unreadable(
            "Shifts are worked out for 1 to 42 days, of which the first is at most 60 days ahead.",
            "一次可生成 1 至 42 天的排班，首日最多在 60 天之后。",
        ))
    }
}

/// Shifts that are to be planned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShiftsBody {
    /// The shifts.
    #[schema(min_items = 1, max_items = 168)]
    shifts: Vec<ShiftBody>,
    /// Why a rule of rest is broken, if one is.
    #[schema(min_length = 1, max_length = 4000)]
    reason: Option<String>,
    /// When it was planned, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// A shift that is to be planned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShiftBody {
    /// From when.
    #[schema(format = DateTime)]
    from: String,
    /// Until when.
    #[schema(format = DateTime)]
    until: String,
    /// Who comes; nobody yet when empty.
    #[serde(default)]
    #[schema(max_items = 60)]
    people: Vec<String>,
}

impl ShiftsBody {
    pub(super) fn shifts(&self) -> Result<Vec<PlannedShift>, Problem> {
        let one = |body: &ShiftBody| {
            Ok(PlannedShift {
                from: read_time("from", &body.from)?,
                until: read_time("until", &body.until)?,
                people: people(&body.people)?,
            })
        };
        self.shifts.iter().map(one).collect()
    }

    pub(super) fn overriding(&self) -> Result<Option<Prose>, Problem> {
        read_maybe("reason", self.reason.as_deref())
    }
}

/// One thing that is done with a duty shift. `person` is oneself when left out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ShiftStepBody {
    /// Sign up, or put somebody on it.
    Assign {
        /// Whom.
        person: Option<String>,
        /// Why a rule of rest is broken, if one is; the duty officer says.
        reason: Option<String>,
    },
    /// Take somebody off before they have come.
    TakeOff {
        /// Whom.
        person: String,
        /// Why.
        reason: String,
    },
    /// Ask a colleague to take one's place.
    AskSwap {
        /// Who asks.
        person: Option<String>,
        /// Whom.
        to: String,
        /// Their shift that is taken in return.
        theirs: Option<String>,
    },
    /// Accept a swap, decline it or take it back.
    AnswerSwap {
        /// Who had asked.
        person: String,
        /// Yes or no.
        accept: bool,
    },
    /// Come on.
    ComeOn {
        /// Who.
        person: Option<String>,
    },
    /// Go off, while others stay or where nothing is handed over.
    GoOff {
        /// Who.
        person: Option<String>,
    },
    /// Write a line into the log.
    Write {
        /// The line.
        text: String,
        /// Whether it stays open until it is settled, and is handed over.
        #[serde(default)]
        hands_over: bool,
    },
    /// Say that a note that is handed over is settled.
    Settle {
        /// The note, by its number.
        no: u32,
    },
    /// Cancel a shift to which nobody has come.
    Cancel {
        /// Why.
        reason: String,
    },
}

impl ShiftStepBody {
    pub(super) fn action(&self, shift: ShiftId, own: PersonId) -> Result<ShiftAction, Problem> {
        let who = |person: &Option<String>| match person {
            Some(text) => read_id(text),
            None => Ok(own),
        };
        Ok(match self {
            ShiftStepBody::Assign { person, reason } => ShiftAction::Assign {
                shift,
                person: who(person)?,
                overriding: read_maybe("reason", reason.as_deref())?,
            },
            ShiftStepBody::TakeOff { person, reason } => ShiftAction::TakeOff {
                shift,
                person: read_id(person)?,
                reason: read("reason", reason)?,
            },
            ShiftStepBody::AskSwap { person, to, theirs } => ShiftAction::AskSwap {
                shift,
                swap: SwapWish {
                    from: who(person)?,
                    to: read_id(to)?,
                    theirs: theirs.as_deref().map(read_id).transpose()?,
                },
            },
            ShiftStepBody::AnswerSwap { person, accept } => ShiftAction::AnswerSwap {
                shift,
                from: read_id(person)?,
                accept: *accept,
            },
            ShiftStepBody::ComeOn { person } => ShiftAction::ComeOn {
                shift,
                person: who(person)?,
            },
            ShiftStepBody::GoOff { person } => ShiftAction::GoOff {
                shift,
                person: who(person)?,
            },
            ShiftStepBody::Write { text, hands_over } => ShiftAction::Write {
                shift,
                text: read("text", text)?,
                hands_over: *hands_over,
            },
            ShiftStepBody::Settle { no } => ShiftAction::Settle { shift, no: *no },
            ShiftStepBody::Cancel { reason } => ShiftAction::Cancel {
                shift,
                reason: read("reason", reason)?,
            },
        })
    }
}

/// A handover that begins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandoverBody {
    /// The shift that is left.
    pub(super) from: String,
    /// Who hands over.
    pub(super) outgoing: String,
    /// The shift that begins, or goes on.
    pub(super) to: String,
    /// Who takes over.
    pub(super) incoming: String,
    /// When it began, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// One thing that is done in a handover.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum HandoverStepBody {
    /// Take an item over.
    Accept {
        /// Which.
        item: String,
    },
    /// Question an item.
    Question {
        /// Which.
        item: String,
        /// What is asked.
        text: String,
    },
    /// Explain an item that was questioned.
    Explain {
        /// Which.
        item: String,
        /// The explanation.
        text: String,
    },
    /// Say that the outgoing person is gone and cannot hand over.
    SayGone {
        /// Why.
        reason: String,
    },
    /// Sign, as whoever one is in it.
    Sign,
    /// Give it up: the post stays with the outgoing person.
    GiveUp {
        /// Why.
        reason: String,
    },
}

impl HandoverStepBody {
    pub(super) fn action(&self, handover: HandoverId) -> Result<HandoverAction, Problem> {
        let named = |item: &String| ItemName(item.clone());
        Ok(match self {
            HandoverStepBody::Accept { item } => HandoverAction::Accept {
                handover,
                item: named(item),
            },
            HandoverStepBody::Question { item, text } => HandoverAction::Question {
                handover,
                item: named(item),
                text: read("text", text)?,
            },
            HandoverStepBody::Explain { item, text } => HandoverAction::Explain {
                handover,
                item: named(item),
                text: read("text", text)?,
            },
            HandoverStepBody::SayGone { reason } => HandoverAction::SayGone {
                handover,
                reason: read("reason", reason)?,
            },
            HandoverStepBody::Sign => HandoverAction::Sign { handover },
            HandoverStepBody::GiveUp { reason } => HandoverAction::GiveUp {
                handover,
                reason: read("reason", reason)?,
            },
        })
    }
}

crate::timed!(
    DutyPostBody,
    LeaveBody,
    LeaveEndBody,
    ShiftsBody,
    HandoverBody
);

// Coming on, answering and signing are done when they are done.
impl super::super::Timed for ShiftStepBody {
    fn happened_at(&self) -> Option<&str> {
        None
    }
}

impl super::super::Timed for HandoverStepBody {
    fn happened_at(&self) -> Option<&str> {
        None
    }
}

//! A support capability (支撑能力): what an agency can give others, how many of it, and who answers at which hours.
//!
//! A drone, a dog, a diver, a negotiator, an interpreter, the camera image of one place at one time, a laboratory, legal
//! advice, a crane. Who answers is a seat or a desk, never a person: this is no register of people. How many are
//! promised follows from the offers (see [`crate::support`]) and is stored nowhere.

use serde::{Deserialize, Serialize};

use super::{Context, Event, Happened, Life, Meta, RecordKind};
use crate::basis::{Code, Line, Personal, SupportCapabilityId, Text, Timestamp};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;
use crate::support;

/// A support capability as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportCapability {
    /// Its name in entries and the API.
    pub id: SupportCapabilityId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// What it is, how many there are and who answers.
    pub details: CapabilityDetails,
    /// When and why it was taken out of the catalogue, if it was.
    pub retired: Option<(Timestamp, Line)>,
}

/// What it is, how many there are and who answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityDetails {
    /// The word that agencies have agreed on for it, such as `drone`: requests name it.
    pub code: Code,
    /// What people call it.
    pub name: Line,
    /// The same in the agency's other language, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_other: Option<Line>,
    /// How many the agency has.
    pub quantity: u32,
    /// Who answers when, by the agency's own clock; the first that fits.
    pub hours: Vec<Hours>,
    /// What else is good to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Line>,
}

/// Who answers in some hours of some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// On which days, from 1 for Monday to 7; every day when empty. Hours that pass midnight belong to the day they begin on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<u8>,
    /// From which minute of the day.
    pub from_min: u16,
    /// Until which minute; the next day when it is not after `from_min`. The same twice is the whole day.
    pub until_min: u16,
    /// Which seat or desk answers.
    pub who: Line,
    /// How to reach it: a telephone number or a channel of the desk.
    pub reach: Line,
}

impl Hours {
    /// Says whether they hold at a minute of a day (1 for Monday).
    pub fn hold(&self, day: u8, minute: u16) -> bool {
        let on = |day: u8| self.days.is_empty() || self.days.contains(&day);
        if self.from_min < self.until_min {
            return on(day) && (self.from_min..self.until_min).contains(&minute);
        }
        let day_before = if day <= 1 { 7 } else { day - 1 };
        (on(day) && minute >= self.from_min) || (on(day_before) && minute < self.until_min)
    }
}

impl CapabilityDetails {
    /// Returns who answers at a minute of a day (1 for Monday), if anybody does.
    pub fn answering(&self, day: u8, minute: u16) -> Option<&Hours> {
        self.hours.iter().find(|hours| hours.hold(day, minute))
    }
}

impl SupportCapability {
    /// Returns true while it is in the catalogue.
    pub fn is_offered(&self) -> bool {
        self.retired.is_none()
    }
}

impl Life for SupportCapability {
    fn needs_attention(&self) -> bool {
        self.is_offered()
    }
}

/// What can be asked of a support capability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SupportCapabilityAction {
    /// Enter a new one into the catalogue.
    Enter {
        /// What it is.
        details: CapabilityDetails,
    },
    /// Change what it is, how many there are or who answers; one that was taken out comes back.
    Amend {
        /// Which.
        capability: SupportCapabilityId,
        /// What it is now, all of it.
        details: CapabilityDetails,
    },
    /// Take it out of the catalogue.
    Retire {
        /// Which.
        capability: SupportCapabilityId,
        /// Why.
        reason: Line,
    },
}

impl SupportCapabilityAction {
    /// Returns the support capability it changes.
    pub fn subject(&self) -> Option<SupportCapabilityId> {
        match self {
            SupportCapabilityAction::Enter { .. } => None,
            SupportCapabilityAction::Amend { capability, .. }
            | SupportCapabilityAction::Retire { capability, .. } => Some(*capability),
        }
    }
}

/// What happened to a support capability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SupportCapabilityEvent {
    /// It was entered.
    Entered {
        /// What it is.
        details: CapabilityDetails,
    },
    /// It was changed.
    Amended {
        /// What it is now.
        details: CapabilityDetails,
    },
    /// It was taken out of the catalogue.
    Retired {
        /// Why.
        reason: Line,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 3] = ["entered", "amended", "retired"];

pub(super) fn decide(
    board: &Board,
    action: &SupportCapabilityAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let (id, event) = match action {
        SupportCapabilityAction::Enter { details } => {
            check_details(details)?;
            must_be_new(board, None, details)?;
            if board.support_capabilities.len() >= limits::SUPPORT_CAPABILITIES_MAX {
                return Err(Refusal::Limit {
                    what: Text::new("support capabilities", "支撑能力"),
                    max: limits::SUPPORT_CAPABILITIES_MAX,
                });
            }
            let id = SupportCapabilityId(context.entropy.next_16());
            let details = details.clone();
            (id, SupportCapabilityEvent::Entered { details })
        }
        SupportCapabilityAction::Amend {
            capability,
            details,
        } => {
            let found = board.support_capability(*capability)?;
            check_details(details)?;
            must_be_new(board, Some(*capability), details)?;
            if found.details.code != details.code {
                return Err(Refusal::WrongState {
                    kind: RecordKind::SupportCapability,
                    state: Text::new(
                        format!("known to others as {}", found.details.code),
                        format!("其他单位已知其代码为 {}", found.details.code),
                    ),
                    instead: Text::new("Retire it and enter another.", "请停用后另行登记。"),
                });
            }
            let bound = support::bound_from_now(board, *capability, context.now);
            if details.quantity < bound {
                return Err(Refusal::NotEnough {
                    what: details.name.to_string(),
                    has: details.quantity,
                    bound,
                });
            }
            let details = details.clone();
            (*capability, SupportCapabilityEvent::Amended { details })
        }
        SupportCapabilityAction::Retire { capability, reason } => {
            let found = board.support_capability(*capability)?;
            if !found.is_offered() {
                return Err(Refusal::WrongState {
                    kind: RecordKind::SupportCapability,
                    state: Text::new("retired", "已停用"),
                    instead: Text::new("Nothing needs doing.", "无需操作。"),
                });
            }
            let bound = support::bound_from_now(board, *capability, context.now);
            if bound > 0 {
                return Err(Refusal::NotEnough {
                    what: found.details.name.to_string(),
                    has: 0,
                    bound,
                });
            }
            let reason = reason.clone();
            (*capability, SupportCapabilityEvent::Retired { reason })
        }
    };
    Ok(vec![Happened::new(id, Event::SupportCapability(event))])
}

fn check_details(details: &CapabilityDetails) -> Result<(), Refusal> {
    if details.quantity == 0 {
        return Err(Refusal::Missing(Text::new("How many there are", "数量")));
    }
    if details.quantity > limits::SUPPORT_QUANTITY_MAX {
        return Err(Refusal::Limit {
            what: Text::new("of one support capability", "单项支撑能力的数量"),
            max: limits::SUPPORT_QUANTITY_MAX as usize,
        });
    }
    if details.hours.is_empty() {
        return Err(Refusal::Missing(Text::new(
            "Who answers, and at which hours",
            "值守席位与时段",
        )));
    }
    if details.hours.len() > limits::SUPPORT_HOURS_MAX {
        return Err(Refusal::Limit {
            what: Text::new(
                "spans of hours of a support capability",
                "单项支撑能力的值守时段",
            ),
            max: limits::SUPPORT_HOURS_MAX,
        });
    }
    let sound = |hours: &Hours| {
        let days = hours.days.iter().all(|day| (1..=7).contains(day));
        days && hours.days.len() <= 7 && hours.from_min < 1_440 && hours.until_min <= 1_440
    };
    if !details.hours.iter().all(sound) {
        return Err(Refusal::Missing(Text::new(
            "Hours within a day and days from 1 to 7",
            "一天之内的时段与 1 至 7 的星期",
        )));
    }
    Ok(())
}

/// Two entries of one code would be two stocks of which nobody knows which is meant.
fn must_be_new(
    board: &Board,
    own: Option<SupportCapabilityId>,
    details: &CapabilityDetails,
) -> Result<(), Refusal> {
    let mut others = board.support_capabilities.values();
    let taken = others
        .any(|one| Some(one.id) != own && one.is_offered() && one.details.code == details.code);
    if taken {
        return Err(Refusal::Taken {
            kind: RecordKind::SupportCapability,
            name: details.code.to_string(),
        });
    }
    Ok(())
}

pub(super) fn apply(
    before: Option<&SupportCapability>,
    event: &SupportCapabilityEvent,
    _: Option<&Personal>,
    meta: &Meta,
) -> Option<SupportCapability> {
    if let SupportCapabilityEvent::Entered { details } = event {
        return Some(SupportCapability {
            id: SupportCapabilityId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            details: details.clone(),
            retired: None,
        });
    }
    let mut capability = before?.clone();
    capability.version = meta.version;
    capability.changed_at = meta.at;
    match event {
        SupportCapabilityEvent::Entered { .. } => {}
        SupportCapabilityEvent::Amended { details } => {
            capability.details = details.clone();
            capability.retired = None;
        }
        SupportCapabilityEvent::Retired { reason } => {
            capability.retired = Some((meta.happened_at, reason.clone()));
        }
    }
    Some(capability)
}

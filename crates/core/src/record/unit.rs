//! A unit (处警力量): a dispatchable crew, never a person and never the ICS sense.
//!
//! Its own life is whether it is on duty and in service. Whether it is assigned, en route or on scene
//! follows from its assignment. Where it is right now is no record at all: positions lie beside it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Context, Event, Happened, Life, Meta, RecordKind};
use crate::basis::{Code, Line, Personal, Point, StationId, Text, Timestamp, UnitId};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;

/// A unit as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its name.
    pub id: UnitId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// What it is called on the radio; unique on the node.
    pub callsign: Line,
    /// What it is and can do.
    pub details: UnitDetails,
    /// Whether it can be sent.
    pub duty: Duty,
    /// Since when.
    pub duty_since: Timestamp,
    /// Until when its crew rests, if it does.
    pub rest_until: Option<Timestamp>,
    /// Where it was last told to wait, if that is since it came on duty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
}

/// A move-up: a free unit waits at another station while the units of that one are bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The station at which it waits now.
    pub to: StationId,
    /// The station at which it waited before, if at any.
    pub from: Option<StationId>,
    /// When it was told.
    pub at: Timestamp,
    /// When its crew said that they know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub understood_at: Option<Timestamp>,
}

/// What a unit is and can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitDetails {
    /// Its kind, a code of the response file.
    pub kind: Code,
    /// What it can do, codes of the response file.
    pub capabilities: BTreeSet<Code>,
    /// Where it starts from.
    pub station: Option<StationId>,
    /// Where it stands when no position is known and it has no station.
    pub post: Option<Point>,
    /// How many people are on it.
    pub crew: Option<u8>,
    /// The station areas it may be sent to; everywhere when empty.
    pub areas: BTreeSet<Line>,
}

/// Whether a unit can be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Duty {
    /// Nobody is on it.
    OffDuty,
    /// On duty and in service.
    Available,
    /// On duty, but cannot be sent.
    OutOfService {
        /// Why.
        reason: Line,
    },
}

impl Unit {
    /// Returns true while its crew rests.
    pub fn is_resting(&self, now: Timestamp) -> bool {
        self.rest_until.is_some_and(|until| now < until)
    }

    /// Returns the station at which it waits while it is free: where it was moved up to, else its own.
    pub fn waits_at(&self) -> Option<StationId> {
        self.moved
            .as_ref()
            .map_or(self.details.station, |moved| Some(moved.to))
    }
}

impl Life for Unit {}

/// What can be asked of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitAction {
    /// Enter a new unit; it is off duty at first.
    Enter {
        /// What it is called.
        callsign: Line,
        /// What it is.
        details: UnitDetails,
    },
    /// Change what it is.
    Amend {
        /// Which.
        unit: UnitId,
        /// What it is now, all of it.
        details: UnitDetails,
    },
    /// Bring it on duty, or back into service.
    MakeAvailable {
        /// Which.
        unit: UnitId,
    },
    /// Take it out of service.
    TakeOutOfService {
        /// Which.
        unit: UnitId,
        /// Why.
        reason: Line,
    },
    /// Take it off duty.
    GoOffDuty {
        /// Which.
        unit: UnitId,
    },
    /// Let its crew rest.
    Rest {
        /// Which.
        unit: UnitId,
        /// Until when.
        until: Timestamp,
    },
    /// End its rest early.
    EndRest {
        /// Which.
        unit: UnitId,
    },
    /// Let it wait at a station (its own to bring it back).
    MoveUp {
        /// Which.
        unit: UnitId,
        /// Where.
        to: StationId,
    },
    /// Say that its crew knows where it is to wait.
    UnderstandMove {
        /// Which.
        unit: UnitId,
        /// Where, so that an answer that was long on its way is not taken for one to a later move.
        to: StationId,
    },
}

impl UnitAction {
    /// Returns the unit it changes.
    pub fn subject(&self) -> Option<UnitId> {
        match self {
            UnitAction::Enter { .. } => None,
            UnitAction::Amend { unit, .. }
            | UnitAction::MakeAvailable { unit }
            | UnitAction::TakeOutOfService { unit, .. }
            | UnitAction::GoOffDuty { unit }
            | UnitAction::Rest { unit, .. }
            | UnitAction::EndRest { unit }
            | UnitAction::MoveUp { unit, .. }
            | UnitAction::UnderstandMove { unit, .. } => Some(*unit),
        }
    }
}

/// What happened to a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum UnitEvent {
    /// It was entered, off duty.
    Entered {
        /// What it is called.
        callsign: Line,
        /// What it is.
        details: UnitDetails,
    },
    /// What it is was changed.
    Amended {
        /// What it is now.
        details: UnitDetails,
    },
    /// It came on duty or back into service.
    MadeAvailable,
    /// It was taken out of service.
    TakenOutOfService {
        /// Why.
        reason: Line,
    },
    /// It went off duty.
    WentOffDuty,
    /// Its crew began to rest.
    RestBegan {
        /// Until when.
        until: Timestamp,
    },
    /// Its rest ended early.
    RestEnded,
    /// It was told to wait at a station.
    MovedUp {
        /// Where it waits.
        to: StationId,
        /// Where it waited before, if at any station.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<StationId>,
    },
    /// Its crew said that they know where it is to wait.
    MoveUnderstood {
        /// Where.
        to: StationId,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 9] = [
    "entered",
    "amended",
    "made_available",
    "taken_out_of_service",
    "went_off_duty",
    "rest_began",
    "rest_ended",
    "moved_up",
    "move_understood",
];

pub(super) fn decide(
    board: &Board,
    action: &UnitAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    match action {
        UnitAction::Enter { callsign, details } => {
            check_details(board, details, context)?;
            if board.unit_by_callsign(callsign).is_some() {
                return Err(Refusal::Taken {
                    kind: RecordKind::Unit,
                    name: callsign.to_string(),
                });
            }
            if board.units.len() >= limits::UNITS_MAX {
                return Err(Refusal::Limit {
                    what: Text::new("units", "处警力量"),
                    max: limits::UNITS_MAX,
                });
            }
            let id = UnitId(context.entropy.next_16());
            one(
                id,
                UnitEvent::Entered {
                    callsign: callsign.clone(),
                    details: details.clone(),
                },
            )
        }
        UnitAction::Amend { unit, details } => {
            board.unit(*unit)?;
            check_details(board, details, context)?;
            one(
                *unit,
                UnitEvent::Amended {
                    details: details.clone(),
                },
            )
        }
        UnitAction::MakeAvailable { unit } => {
            let found = board.unit(*unit)?;
            if found.duty == Duty::Available {
                return Err(wrong_state(
                    found,
                    Text::new("Nothing needs doing.", "无需操作。"),
                ));
            }
            one(*unit, UnitEvent::MadeAvailable)
        }
        UnitAction::TakeOutOfService { unit, reason } => {
            must_be_unassigned(board, *unit)?;
            one(
                *unit,
                UnitEvent::TakenOutOfService {
                    reason: reason.clone(),
                },
            )
        }
        UnitAction::GoOffDuty { unit } => {
            let found = must_be_unassigned(board, *unit)?;
            if found.duty == Duty::OffDuty {
                return Err(wrong_state(
                    found,
                    Text::new("Nothing needs doing.", "无需操作。"),
                ));
            }
            one(*unit, UnitEvent::WentOffDuty)
        }
        UnitAction::Rest { unit, until } => {
            must_be_unassigned(board, *unit)?;
            if *until <= context.now {
                return Err(Refusal::Missing(Text::new(
                    "An end of the rest in the future",
                    "将来的休整结束时间",
                )));
            }
            one(*unit, UnitEvent::RestBegan { until: *until })
        }
        UnitAction::EndRest { unit } => {
            let found = board.unit(*unit)?;
            if !found.is_resting(context.now) {
                return Err(wrong_state(
                    found,
                    Text::new("It is not resting.", "该力量不在休整。"),
                ));
            }
            one(*unit, UnitEvent::RestEnded)
        }
        UnitAction::MoveUp { unit, to } => move_up(board, context, *unit, *to),
        UnitAction::UnderstandMove { unit, to } => understand_move(board, *unit, *to),
    }
}

/// Only a unit that could be sent is moved about, and never one whose crew rests.
fn move_up(
    board: &Board,
    context: &Context<'_>,
    unit: UnitId,
    to: StationId,
) -> Result<Vec<Happened>, Refusal> {
    let found = must_be_unassigned(board, unit)?;
    board.station(to)?;
    if found.duty != Duty::Available {
        return Err(wrong_state(
            found,
            Text::new("Bring it into service first.", "请先恢复待命。"),
        ));
    }
    if found.is_resting(context.now) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Unit,
            state: Text::new("resting", "休整中"),
            instead: Text::new(
                "Choose another, or end its rest.",
                "请另选力量，或结束其休整。",
            ),
        });
    }
    let from = found.waits_at();
    if from == Some(to) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Unit,
            state: Text::new("waiting there already", "已在该处待命"),
            instead: Text::new("Nothing needs doing.", "无需操作。"),
        });
    }
    one(unit, UnitEvent::MovedUp { to, from })
}

/// The answer is to one move: a phone that was without coverage may send it when another has been told since.
fn understand_move(board: &Board, unit: UnitId, to: StationId) -> Result<Vec<Happened>, Refusal> {
    let found = board.unit(unit)?;
    let told = found.moved.as_ref().filter(|moved| moved.to == to);
    let (state, instead) = match told {
        Some(Moved {
            understood_at: None,
            ..
        }) => return one(unit, UnitEvent::MoveUnderstood { to }),
        Some(Moved {
            understood_at: Some(_),
            ..
        }) => (
            Text::new("known to have answered", "已应答"),
            Text::new("Nothing needs doing.", "无需操作。"),
        ),
        None => (
            Text::new("no longer told to wait there", "已不在该处待命安排"),
            Text::new(
                "See where it is to wait now, and answer that.",
                "请查看现在的待命地点后再应答。",
            ),
        ),
    };
    Err(Refusal::WrongState {
        kind: RecordKind::Unit,
        state,
        instead,
    })
}

fn check_details(
    board: &Board,
    details: &UnitDetails,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    context.response.check_kind(&details.kind)?;
    for capability in &details.capabilities {
        context.response.check_capability(capability)?;
    }
    if let Some(station) = details.station {
        board.station(station)?;
    }
    if details.capabilities.len().max(details.areas.len()) > limits::LIST_ITEMS_MAX {
        let what = Text::new("capabilities or areas of a unit", "每支力量的能力或辖区");
        return Err(Refusal::Limit {
            what,
            max: limits::LIST_ITEMS_MAX,
        });
    }
    Ok(())
}

fn must_be_unassigned(board: &Board, unit: UnitId) -> Result<&Unit, Refusal> {
    let found = board.unit(unit)?;
    if board.live_assignment(unit).is_some() {
        return Err(Refusal::WrongState {
            kind: RecordKind::Unit,
            state: Text::new("on an assignment", "正在执行派警"),
            instead: Text::new(
                "Clear or cancel its assignment first.",
                "请先结束或取消其派警。",
            ),
        });
    }
    Ok(found)
}

fn wrong_state(unit: &Unit, instead: Text) -> Refusal {
    let state = match unit.duty {
        Duty::OffDuty => Text::new("off duty", "下班"),
        Duty::Available => Text::new("available", "待命"),
        Duty::OutOfService { .. } => Text::new("out of service", "停用"),
    };
    Refusal::WrongState {
        kind: RecordKind::Unit,
        state,
        instead,
    }
}

fn one(unit: UnitId, event: UnitEvent) -> Result<Vec<Happened>, Refusal> {
    Ok(vec![Happened::new(unit, Event::Unit(event))])
}

pub(super) fn apply(
    before: Option<&Unit>,
    event: &UnitEvent,
    _: Option<&Personal>,
    meta: &Meta,
) -> Option<Unit> {
    if let UnitEvent::Entered { callsign, details } = event {
        return Some(Unit {
            id: UnitId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            callsign: callsign.clone(),
            details: details.clone(),
            duty: Duty::OffDuty,
            duty_since: meta.happened_at,
            rest_until: None,
            moved: None,
        });
    }
    let mut unit = before?.clone();
    unit.version = meta.version;
    unit.changed_at = meta.at;
    let mut turn = |duty: Duty| {
        unit.duty = duty;
        unit.duty_since = meta.happened_at;
    };
    match event {
        UnitEvent::Entered { .. } => {}
        UnitEvent::MadeAvailable => turn(Duty::Available),
        UnitEvent::TakenOutOfService { reason } => turn(Duty::OutOfService {
            reason: reason.clone(),
        }),
        UnitEvent::WentOffDuty => {
            turn(Duty::OffDuty);
            unit.moved = None;
        }
        UnitEvent::Amended { details } => unit.details = details.clone(),
        UnitEvent::RestBegan { until } => unit.rest_until = Some(*until),
        UnitEvent::RestEnded => unit.rest_until = None,
        UnitEvent::MovedUp { to, from } => {
            let (to, from, at) = (*to, *from, meta.happened_at);
            unit.moved = Some(Moved {
                to,
                from,
                at,
                understood_at: None,
            });
        }
        UnitEvent::MoveUnderstood { to } => {
            if let Some(moved) = unit.moved.as_mut().filter(|moved| moved.to == *to) {
                moved.understood_at = Some(meta.happened_at);
            }
        }
    }
    Some(unit)
}

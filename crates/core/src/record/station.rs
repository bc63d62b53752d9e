//! A station (站点): a place units start from, and the areas it answers for first.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Context, Event, Happened, Life, Meta, RecordKind};
use crate::basis::{Line, Personal, Place, StationId, Text, Timestamp};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;

/// A station as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    /// Its name in entries and the API.
    pub id: StationId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The agency's short code for it; unique on the node.
    pub code: Line,
    /// What it is and where.
    pub details: StationDetails,
}

/// What a station is and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StationDetails {
    /// What people call it.
    pub name: Line,
    /// Where it stands.
    pub place: Place,
    /// The station areas it answers for first; its own code when empty.
    pub areas: BTreeSet<Line>,
}

impl Station {
    /// Returns true if this station answers first in that area.
    pub fn answers_first_in(&self, area: &Line) -> bool {
        if self.details.areas.is_empty() {
            self.code == *area
        } else {
            self.details.areas.contains(area)
        }
    }
}

impl Life for Station {}

/// What can be asked of a station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StationAction {
    /// Enter a new one.
    Enter {
        /// The agency's short code for it.
        code: Line,
        /// What it is.
        details: StationDetails,
    },
    /// Change what it is.
    Amend {
        /// Which.
        station: StationId,
        /// What it is now, all of it.
        details: StationDetails,
    },
}

impl StationAction {
    /// Returns the station it changes.
    pub fn subject(&self) -> Option<StationId> {
        match self {
            StationAction::Enter { .. } => None,
            StationAction::Amend { station, .. } => Some(*station),
        }
    }
}

/// What happened to a station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum StationEvent {
    /// It was entered.
    Entered {
        /// The agency's short code for it.
        code: Line,
        /// What it is.
        details: StationDetails,
    },
    /// What it is was changed.
    Amended {
        /// What it is now.
        details: StationDetails,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 2] = ["entered", "amended"];

pub(super) fn decide(
    board: &Board,
    action: &StationAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let (StationAction::Enter { details, .. } | StationAction::Amend { details, .. }) = action;
    if details.areas.len() > limits::LIST_ITEMS_MAX {
        return Err(Refusal::Limit {
            what: Text::new("areas of a station", "每个站点的辖区"),
            max: limits::LIST_ITEMS_MAX,
        });
    }
    let (id, event) = match action {
        StationAction::Enter { code, details } => {
            if board.station_by_code(code).is_some() {
                return Err(Refusal::Taken {
                    kind: RecordKind::Station,
                    name: code.to_string(),
                });
            }
            if board.stations.len() >= limits::STATIONS_MAX {
                return Err(Refusal::Limit {
                    what: Text::new("stations", "站点"),
                    max: limits::STATIONS_MAX,
                });
            }
            let event = StationEvent::Entered {
                code: code.clone(),
                details: details.clone(),
            };
            (StationId(context.entropy.next_16()), event)
        }
        StationAction::Amend { station, details } => {
            board.station(*station)?;
            (
                *station,
                StationEvent::Amended {
                    details: details.clone(),
                },
            )
        }
    };
    Ok(vec![Happened::new(id, Event::Station(event))])
}

pub(super) fn apply(
    before: Option<&Station>,
    event: &StationEvent,
    _: Option<&Personal>,
    meta: &Meta,
) -> Option<Station> {
    let (code, details) = match event {
        StationEvent::Entered { code, details } => (code.clone(), details.clone()),
        StationEvent::Amended { details } => (before?.code.clone(), details.clone()),
    };
    Some(Station {
        id: StationId(meta.record),
        version: meta.version,
        changed_at: meta.at,
        code,
        details,
    })
}

//! The turns in an incident's own life, remembered so that it can be told whether it needed somebody at any time.
//!
//! The state of an incident says how things are; what is late, and what was late in the past, also needs since
//! when. Start at [`Incident::attention`].

use serde::{Deserialize, Serialize};

use super::incident::{Incident, IncidentEvent};
use crate::basis::{IncidentId, Priority, Timestamp};
use crate::ledger::Booked;

/// A turn in an incident's own life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// When.
    pub at: Timestamp,
    /// Which way.
    pub way: Way,
}

/// Which way an incident's own life turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Way {
    /// It was opened.
    Opened,
    /// It was closed or cancelled.
    Ended,
    /// It was taken up again.
    Reopened,
    /// It was merged into another.
    Merged {
        /// Which.
        into: IncidentId,
    },
    /// It was found to be one of its own.
    Unmerged,
}

/// Since when an active incident needs somebody, and how urgently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attention {
    /// Since when it has stood for itself.
    pub since: Timestamp,
    /// When it was last taken up again.
    pub reopened_at: Option<Timestamp>,
    /// How urgent it is.
    pub priority: Priority,
}

impl Way {
    fn stands_up(self) -> bool {
        match self {
            Way::Opened | Way::Reopened | Way::Unmerged => true,
            Way::Ended | Way::Merged { .. } => false,
        }
    }
}

impl Incident {
    /// Returns since when it needs somebody, while it is active.
    pub fn attention(&self) -> Option<Attention> {
        let mut latest_first = self.turns.iter().rev();
        let stood_up = latest_first.find(|turn| turn.way.stands_up());
        self.is_open().then_some(Attention {
            since: stood_up.map_or(self.opened_at, |turn| turn.at),
            reopened_at: self.reopened_at,
            priority: self.priority,
        })
    }

    /// Returns the same as it was at some time.
    pub(crate) fn attention_at(&self, at: Timestamp) -> Option<Attention> {
        let by_then = self.turns.iter().filter(|turn| turn.at <= at);
        let last = by_then.clone().next_back()?;
        let mut reopened = by_then.filter(|turn| turn.way == Way::Reopened);
        let mut urgency = self.urgency.iter().rev();
        let urgency = urgency.find(|(from, _)| *from <= at);
        last.way.stands_up().then_some(Attention {
            since: last.at,
            reopened_at: reopened.next_back().map(|turn| turn.at),
            priority: urgency.map_or(self.priority, |(_, priority)| *priority),
        })
    }

    /// Returns from when until when it stood for itself, once for every time: what was taken up again stands in the books of
    /// both its times.
    pub(crate) fn stood(&self) -> Vec<Booked> {
        let mut all = Vec::new();
        // The oldest turns may not be kept any more.
        let begun = self.turns.first().is_some_and(|turn| turn.way.stands_up());
        let mut open = (!begun).then_some(self.opened_at);
        for turn in &self.turns {
            if turn.way.stands_up() {
                open.get_or_insert(turn.at);
            } else if let Some(opened_at) = open.take() {
                let ended_at = Some(turn.at);
                all.push(Booked {
                    opened_at,
                    ended_at,
                });
            }
        }
        all.extend(open.map(|opened_at| Booked {
            opened_at,
            ended_at: None,
        }));
        all
    }

    /// Returns every time at which its own life took a turn or it became more or less urgent.
    pub(crate) fn turning_points(&self) -> impl Iterator<Item = Timestamp> {
        let urgency = self.urgency.iter().map(|(from, _)| *from);
        self.turns.iter().map(|turn| turn.at).chain(urgency)
    }

    /// Returns the incidents that it has been part of.
    pub(crate) fn ever_merged_into(&self) -> impl Iterator<Item = IncidentId> {
        self.turns.iter().filter_map(|turn| match turn.way {
            Way::Merged { into } => Some(into),
            Way::Opened | Way::Ended | Way::Reopened | Way::Unmerged => None,
        })
    }

    /// Returns the incident that it was part of at some time.
    pub(crate) fn merged_into_at(&self, at: Timestamp) -> Option<IncidentId> {
        let last = self.turns.iter().rfind(|turn| turn.at <= at)?;
        match last.way {
            Way::Merged { into } => Some(into),
            Way::Opened | Way::Ended | Way::Reopened | Way::Unmerged => None,
        }
    }
}

/// Returns which way an event turns an incident's own life, if it does.
pub(super) fn way_of(event: &IncidentEvent) -> Option<Way> {
    match event {
        IncidentEvent::Opened { .. } => Some(Way::Opened),
        IncidentEvent::Closed { .. }
        | IncidentEvent::Cancelled { .. }
        | IncidentEvent::HandedOver { .. } => Some(Way::Ended),
        IncidentEvent::Reopened { .. } => Some(Way::Reopened),
        IncidentEvent::Merged { into } => Some(Way::Merged { into: *into }),
        IncidentEvent::Unmerged => Some(Way::Unmerged),
        IncidentEvent::Graded { .. }
        | IncidentEvent::Relocated { .. }
        | IncidentEvent::NoteAdded
        | IncidentEvent::AlarmRaised { .. }
        | IncidentEvent::Linked { .. }
        | IncidentEvent::Unlinked { .. }
        | IncidentEvent::AlarmSeen { .. }
        | IncidentEvent::Erased { .. }
        | IncidentEvent::Offered { .. }
        | IncidentEvent::OfferDeclined
        | IncidentEvent::Paired { .. }
        | IncidentEvent::Unpaired { .. } => None,
    }
}

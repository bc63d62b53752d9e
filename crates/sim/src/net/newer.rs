//! A member whose program is newer than all others': it says things of which nobody here knows the kind.
//!
//! It is honest. What it says must be kept and passed on as it is, its known records must stand as they stood before
//! the first word that is not understood, and people must be able to see that there is more. Start at
//! [`Newer::speak`].

use watchfire_core::basis::OperationId;
use watchfire_core::record::incident::IncidentEvent;
use watchfire_core::record::{Event, Record};
use watchfire_feed::{Entry, FeedId, NodeId, Scope};

use super::hostile::Hostile;
use super::wire::Message;
use crate::pen::Words;
use crate::site::Site;

/// A node with a newer program.
pub(crate) struct Newer {
    /// It joins and shares as any member does.
    member: Hostile,
    spoken: usize,
}

impl Newer {
    /// Joins an operation and shares an incident in it.
    pub(crate) fn join(site: &mut Site, operation: OperationId) -> Newer {
        let member = Hostile::join(site, operation);
        Newer { member, spoken: 0 }
    }

    /// Returns the node.
    pub(crate) fn node(&self) -> NodeId {
        self.member.node()
    }

    /// Says the next thing, if there is one: a kind that may be passed over, one that may not, and a known kind after
    /// them, which follows on a version that nobody here has.
    pub(crate) fn speak(&mut self) -> Message {
        let incident = self.incident().clone();
        let (id, version) = (incident.reference().id, incident.version());
        let scope = self.scope();
        let words = match self.spoken {
            0 => Some(Words::unknown("directive.issued", [5; 16], 1, false)),
            1 => Some(Words::unknown("incident.rerouted", id, version + 1, true)),
            2 => {
                let raised = Event::Incident(IncidentEvent::AlarmRaised { level: 4 });
                Some(Words::of(&raised, id, version + 2))
            }
            3 => Some(Words::unknown("incident.shaded", id, version + 3, false)),
            _ => None,
        };
        if let Some(words) = words {
            self.spoken += 1;
            self.member.pen.write(scope, words);
        }
        self.member.history()
    }

    /// Returns what it says in the operation, the first entry first.
    pub(crate) fn said(&self) -> &[Entry] {
        let said = self.member.pen.feeds.get(&self.scope());
        said.map_or(&[], Vec::as_slice)
    }

    /// Returns the feed in which it says that.
    pub(crate) fn feed(&self) -> FeedId {
        self.member.pen.feed(self.scope()).id()
    }

    /// Returns its incident as it stood before the first word that is not understood.
    pub(crate) fn incident(&self) -> &Record {
        self.member.incident()
    }

    /// Returns the operation.
    pub(crate) fn operation(&self) -> OperationId {
        self.member.operation()
    }

    fn scope(&self) -> Scope {
        Scope::Operation(self.operation().0)
    }
}

//! What is told in an operation is of a record that its home shares there now; what was ended tells nothing more.
//!
//! Reason: people choose record by record what leaves their house (design rule 6), and a share may have an end. Here
//! it is judged anew, from what people were answered: whoever was told "it is shared no longer" is believed.

use std::collections::BTreeSet;

use watchfire_core::basis::{AssignmentId, IncidentId, OperationId, UnitId};
use watchfire_core::board::Board;
use watchfire_core::record::participation::{Participation, ParticipationAction};
use watchfire_core::record::{Action, RecordKind, RecordRef};
use watchfire_feed::Scope;

use crate::net::world::World;
use crate::site::Site;

/// The shares that somebody was told have ended, and that nobody took up again.
#[derive(Debug, Default)]
pub(crate) struct Ended(BTreeSet<(OperationId, RecordRef)>);

impl Ended {
    /// Notes that something is asked for: a share that is taken up may be told with the same write.
    pub(crate) fn asked(&mut self, action: &Action) {
        if let Action::Participation(ParticipationAction::Share {
            operation, record, ..
        }) = action
        {
            self.0.remove(&(*operation, *record));
        }
    }

    /// Notes that it was answered with yes.
    pub(crate) fn answered(&mut self, action: &Action) {
        if let Action::Participation(ParticipationAction::EndShare { operation, record }) = action {
            self.0.insert((*operation, *record));
        }
    }
}

pub(crate) fn check(world: &World, at: usize, from: usize) -> Result<(), String> {
    let site = &world.stands[at].site;
    let own = site.node();
    for (feed, entry) in &site.disk.log[from..] {
        let Scope::Operation(id) = feed.scope else {
            continue;
        };
        let kind = super::kind_of(entry).filter(|kind| kind.can_be_shared());
        let Some(kind) = kind.filter(|_| feed.node == own) else {
            continue;
        };
        let (id, record) = (OperationId(id), super::reference(kind, entry));
        let part = site.shown.participation_of(id, own);
        let ended = world.book.ended(at);
        let by_name = part.is_some_and(|part| {
            part.share_of(record, site.now).is_some() && !ended.0.contains(&(id, record))
        });
        let with = part.is_some_and(|part| goes_with(site, part, record, &ended.0));
        if !by_name && !with {
            let (name, what) = (&site.name, &entry.header.kind);
            return Err(format!(
                "{name} told {what} of {record} in {id:?}, which it does not share there"
            ));
        }
    }
    Ok(())
}

/// Says whether a record is of the response of an incident that is shared with it.
fn goes_with(
    site: &Site,
    part: &Participation,
    record: RecordRef,
    ended: &BTreeSet<(OperationId, RecordRef)>,
) -> bool {
    let board = &site.shown;
    let Some(incident) = incident_of(board, record) else {
        return false;
    };
    let shared = |incident: IncidentId| {
        let record = RecordRef::from(incident);
        let share = part.share_of(record, site.now);
        share.is_some_and(|share| share.with_response) && !ended.contains(&(part.operation, record))
    };
    shared(incident) || shared(board.merge_root(incident))
}

fn incident_of(board: &Board, record: RecordRef) -> Option<IncidentId> {
    if record.kind == RecordKind::Assignment {
        let found = board.assignments.get(&AssignmentId(record.id))?;
        return Some(found.incident);
    }
    let unit = UnitId(record.id);
    let unit = (record.kind == RecordKind::Unit).then_some(unit)?;
    Some(board.live_assignment(unit)?.incident)
}

//! What each event makes of an incident: the fold of home, peer, restart, simulator and auditor.

use super::*;

pub(in crate::record) fn apply(
    before: Option<&Incident>,
    event: &IncidentEvent,
    personal: Option<&Personal>,
    meta: &Meta,
) -> Option<Incident> {
    if let IncidentEvent::Opened {
        number,
        category,
        priority,
        place,
        split_from,
        exercise,
    } = event
    {
        return Some(Incident {
            id: IncidentId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            number: *number,
            category: category.clone(),
            priority: *priority,
            alarm_level: 1,
            place: place.clone(),
            opened_at: meta.happened_at,
            state: IncidentState::Active,
            reopened_at: None,
            split_from: *split_from,
            links: Vec::new(),
            notes: Vec::new(),
            turns: vec![Turn {
                at: meta.happened_at,
                way: Way::Opened,
            }],
            urgency: vec![(meta.happened_at, *priority)],
            seen: Vec::new(),
            pairs: Vec::new(),
            offered_to: None,
            erased_at: None,
            exercise: *exercise,
        });
    }
    let mut incident = before?.clone();
    incident.version = meta.version;
    incident.changed_at = meta.at;
    let at = meta.happened_at;
    if let Some(way) = turn::way_of(event) {
        crate::record::keep_newest(&mut incident.turns, Turn { at, way });
    }
    match event {
        IncidentEvent::Opened { .. } => {}
        IncidentEvent::Graded { category, priority } => {
            incident.category = category.clone();
            if incident.priority != *priority {
                crate::record::keep_newest(&mut incident.urgency, (at, *priority));
            }
            incident.priority = *priority;
        }
        IncidentEvent::Relocated { place } => incident.place = place.clone(),
        IncidentEvent::NoteAdded => {
            let text = personal.and_then(|personal| personal.note.clone());
            incident.notes.push(Note {
                at: meta.happened_at,
                by: meta.by,
                text,
            });
        }
        IncidentEvent::AlarmRaised { level } => incident.alarm_level = *level,
        IncidentEvent::Closed { disposition } => {
            incident.state = IncidentState::Closed {
                disposition: disposition.clone(),
                at: meta.happened_at,
            };
        }
        IncidentEvent::Cancelled { reason } => {
            incident.state = IncidentState::Cancelled {
                reason: reason.clone(),
                at: meta.happened_at,
            };
        }
        IncidentEvent::Reopened { .. } => {
            incident.state = IncidentState::Active;
            incident.reopened_at = Some(meta.happened_at);
        }
        IncidentEvent::Unmerged => incident.state = IncidentState::Active,
        IncidentEvent::Merged { into } => {
            incident.state = IncidentState::Merged {
                into: *into,
                at: meta.happened_at,
            };
        }
        IncidentEvent::Linked { other, relation } => {
            incident.links.retain(|link| link.other != *other);
            incident.links.push(Link {
                other: *other,
                relation: *relation,
            });
        }
        IncidentEvent::Unlinked { other } => incident.links.retain(|link| link.other != *other),
        IncidentEvent::AlarmSeen { code } => {
            crate::record::keep_newest(&mut incident.seen, meta.seen(*code));
        }
        IncidentEvent::Paired { with } => {
            incident.pairs.retain(|one| one != with);
            incident.pairs.push(*with);
        }
        IncidentEvent::Unpaired { from } => incident.pairs.retain(|one| one != from),
        IncidentEvent::Offered { to } => incident.offered_to = Some(*to),
        IncidentEvent::OfferDeclined => incident.offered_to = None,
        IncidentEvent::Erased { .. } => {
            incident.erased_at = Some(at);
            incident.notes.iter_mut().for_each(|note| note.text = None);
        }
        IncidentEvent::HandedOver { to } => pair::hand_over(&mut incident, *to, at),
    }
    Some(incident)
}

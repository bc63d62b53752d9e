//! What a home has erased nobody who was told so can read any more.
//!
//! Reason: erasing is a right of the people a text is about, and a duty. The signed entries stay and verify; their
//! text must be beyond reach at every node that took the word, and stay so when another still offers the key.

use watchfire_core::basis::IncidentId;
use watchfire_core::record::{Elsewhere, Record};

use crate::net::world::World;

pub(crate) fn check(world: &World) -> Result<(), String> {
    for stand in &world.stands {
        let site = &stand.site;
        let log = site.disk.log.iter();
        for (feed, entry) in log.filter(|(_, entry)| entry.header.kind == "incident.erased") {
            let of = Elsewhere {
                node: feed.node,
                record: IncidentId(entry.header.record).into(),
            };
            let found = match feed.node == site.node() {
                true => site.shown.get(of.record),
                false => site.shown.copy(of),
            };
            let Some(Record::Incident(found)) = found else {
                continue;
            };
            if found.erased_at.is_none() {
                continue; // Somebody else's word, which erases nothing.
            }
            let mut keys = site.disk.keyring.values();
            let readable = found.notes.iter().any(|note| note.text.is_some());
            let opens = |key| site.disk.opened_by(key).any(|opened| opened == of);
            if readable || keys.any(opens) {
                let name = &site.name;
                return Err(format!(
                    "{name} can still read {}, which was erased",
                    of.record
                ));
            }
        }
    }
    Ok(())
}

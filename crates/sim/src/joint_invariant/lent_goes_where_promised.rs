//! While a loan holds, its home sends the unit nowhere but where the borrower wants it.
//!
//! Reason: a loan is a promise that holds across a cut, when nobody can ask. The borrower counts on the unit without
//! hearing from its home; sent elsewhere, it would be counted twice.

use watchfire_core::basis::AssignmentId;
use watchfire_core::engine::{self, Decoded};
use watchfire_core::record::Event;
use watchfire_core::record::assignment::AssignmentEvent;
use watchfire_feed::Scope;

use crate::net::world::World;

pub(crate) fn check(world: &World, at: usize, from: usize) -> Result<(), String> {
    let site = &world.stands[at].site;
    let board = &site.shown;
    for (feed, entry) in &site.disk.log[from..] {
        let sent = feed.scope == Scope::Local && entry.header.kind == "assignment.sent";
        let Some(Decoded::Event { event, .. }) = sent.then(|| engine::decode(entry).ok()).flatten()
        else {
            continue;
        };
        let Event::Assignment(AssignmentEvent::Sent { incident, unit, .. }) = event else {
            continue;
        };
        let parts = board.participations.values();
        let parts = parts.filter(|part| part.joined_at.is_some() && part.left.is_none());
        let loans = parts.flat_map(|part| &part.loans);
        let mut held = loans.filter(|loan| {
            let holds = loan.ended_at.is_none() && site.now < loan.until;
            loan.unit == unit && holds
        });
        let pairs = board.incidents.get(&incident).map(|found| &found.pairs);
        let wanted = |to| pairs.is_some_and(|pairs| pairs.iter().any(|pair| pair.node == to));
        if held.any(|loan| !wanted(loan.to)) {
            let assignment = AssignmentId(entry.header.record);
            let name = &site.name;
            return Err(format!(
                "{name} sent {unit:?}, which is lent, to {incident:?} by {assignment:?}"
            ));
        }
    }
    Ok(())
}

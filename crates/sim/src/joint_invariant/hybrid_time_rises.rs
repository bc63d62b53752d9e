//! The time that a node writes into its entries strictly rises, over all its feeds, whatever its clock does.
//!
//! Reason: screens order what happened at one node by it, and a node that starts anew goes on from the last. It
//! decides nothing else.

use watchfire_feed::Scope;

use crate::net::world::World;

pub(crate) fn check(world: &mut World, at: usize, from: usize) -> Result<(), String> {
    let site = &world.stands[at].site;
    let page = world.book.pages.entry(at).or_default();
    let own = site.node();
    for (feed, entry) in &site.disk.log[from..] {
        if feed.node != own || feed.scope == Scope::Identity {
            continue;
        }
        let time = entry.header.time;
        if time <= page.last_time {
            let (name, kind) = (&site.name, &entry.header.kind);
            return Err(format!(
                "{name} wrote {kind} at {time}, after {}",
                page.last_time
            ));
        }
        page.last_time = time;
    }
    Ok(())
}

//! How far a node holds a feed only ever rises, on one history.
//!
//! Reason: others stop offering what somebody says they hold. A node that forgot an entry would lose it for good,
//! and one that changed its history would hide a fork.

use crate::net::world::World;

pub(crate) fn check(world: &mut World, at: usize) -> Result<(), String> {
    let site = &world.stands[at].site;
    let page = world.book.pages.entry(at).or_default();
    for (feed, before) in &page.heads {
        let now = site.disk.head(*feed);
        let same = site.disk.entry(*feed, before.seq);
        if now.seq < before.seq || same.is_none_or(|entry| entry.hash != before.hash) {
            let name = &site.name;
            return Err(format!(
                "{name} held feed {feed} up to {}, and now up to {}, or another history",
                before.seq, now.seq
            ));
        }
    }
    for feed in site.disk.feeds() {
        page.heads.insert(feed.id(), site.disk.head(feed.id()));
    }
    Ok(())
}

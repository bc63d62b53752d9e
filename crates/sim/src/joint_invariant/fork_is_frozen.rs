//! A feed that was found to have forked goes no further at whoever found it, restarts included.
//!
//! Reason: two signed histories mean a stolen key or a restored backup. Whatever comes after may be written by
//! somebody else; people must look before more of it is believed.

use crate::net::world::World;

pub(crate) fn check(world: &mut World, at: usize) -> Result<(), String> {
    let stand = &world.stands[at];
    let site = &stand.site;
    let page = world.book.pages.entry(at).or_default();
    let shown = site.shown.copies.feeds.values();
    let shown = shown.filter(|held| held.forked).map(|held| held.feed.id());
    for feed in shown.chain(site.disk.forks.keys().copied()) {
        let head = site.disk.head(feed);
        page.frozen.entry(feed).or_insert(head);
    }
    for (feed, head) in &page.frozen {
        let now = site.disk.head(*feed);
        let known = site.shown.copies.feeds.get(feed);
        let forked = known.is_some_and(|followed| followed.forked);
        if now != *head || (stand.up && !forked) {
            let name = &site.name;
            return Err(format!(
                "{name} found at entry {} that feed {feed} has forked, and is at {} now, forked: {forked}",
                head.seq, now.seq
            ));
        }
    }
    Ok(())
}

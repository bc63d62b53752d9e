//! What a node shows is what a fold of its log says, and its engine says the same.
//!
//! Reason: truth has one form, the signed entries (design rule 8). An auditor with the same entries and keys must
//! see the same board, copies of other homes and who leads what included.

use super::Page;
use crate::net::world::World;

pub(crate) fn check(world: &mut World) -> Result<(), String> {
    for (at, stand) in world.stands.iter().enumerate() {
        let page = world.book.pages.entry(at).or_default();
        let site = &stand.site;
        if page.unsealed != site.unsealed {
            // A key that came late opens entries that were folded before.
            let past = std::mem::take(&mut page.past);
            let (unsealed, heads) = (site.unsealed, std::mem::take(&mut page.heads));
            *page = Page {
                past,
                unsealed,
                heads,
                ..Page::default()
            };
        }
        let own = site.node();
        for entry in page.audited_to..site.disk.log.len() {
            site.fold_one(&mut page.audited, entry);
            let (feed, entry) = &site.disk.log[entry];
            if feed.node == own
                && let Some(kind) = super::kind_of(entry)
                && let Some(record) = page.audited.get(super::reference(kind, entry))
            {
                let name = (record.reference(), record.version());
                page.past.entry(name).or_insert(record);
            }
        }
        page.audited_to = site.disk.log.len();
        site.add_forks(&mut page.audited);
        if !stand.up {
            continue;
        }
        let name = &site.name;
        if page.audited != site.shown {
            return Err(format!(
                "{name} shows what a refold of its log does not say"
            ));
        }
        if *site.engine.board() != site.shown {
            return Err(format!(
                "the engine of {name} holds what its screens do not show"
            ));
        }
    }
    Ok(())
}

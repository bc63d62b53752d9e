//! What a node shows is what a fold of its log says, and its engine says the same.
//!
//! Reason: truth has one form, the signed entries (design rule 8). An auditor with the same entries and keys must
//! see the same board, copies of other homes and who leads what included. The auditor here folds what is new; a
//! key that came late opens what was folded before, and then only a fold of everything can be compared.

use watchfire_core::board::Board;

use super::Page;
use crate::net::world::{Stand, World};

/// Folds what is new and compares, where no key came late.
pub(crate) fn check(world: &mut World) -> Result<(), String> {
    for (at, stand) in world.stands.iter().enumerate() {
        let page = world.book.pages.entry(at).or_default();
        fold_new(page, stand);
        if page.unsealed == stand.site.unsealed {
            compare(stand, &page.audited)?;
        }
    }
    Ok(())
}

/// Folds everything anew and compares.
pub(crate) fn check_whole(world: &World) -> Result<(), String> {
    for stand in &world.stands {
        compare(stand, &stand.site.refold())?;
    }
    Ok(())
}

fn fold_new(page: &mut Page, stand: &Stand) {
    let site = &stand.site;
    let own = site.node();
    page.audited
        .copies
        .identities
        .clone_from(&site.disk.identities);
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
}

fn compare(stand: &Stand, audited: &Board) -> Result<(), String> {
    let (site, name) = (&stand.site, &stand.site.name);
    if !stand.up {
        return Ok(());
    }
    if *audited != site.shown {
        let first = first_difference(&site.shown, audited);
        return Err(format!(
            "{name} shows what a refold of its log does not say: {first}"
        ));
    }
    if *site.engine.board() != site.shown {
        return Err(format!(
            "the engine of {name} holds what its screens do not show"
        ));
    }
    Ok(())
}

/// Returns where two boards first differ, in the words in which they are written out for programmers.
fn first_difference(shown: &Board, audited: &Board) -> String {
    let (shown, audited) = (format!("{shown:#?}"), format!("{audited:#?}"));
    let mut above: Vec<&str> = Vec::new();
    for (one, other) in shown.lines().zip(audited.lines()) {
        let depth = one.len() - one.trim_start().len();
        above.retain(|line| line.len() - line.trim_start().len() < depth);
        if one != other {
            let within: Vec<&str> = above.iter().map(|line| line.trim()).collect();
            let (one, other) = (one.trim(), other.trim());
            return format!("in {}: {one} shown, {other} refolded", within.join(" "));
        }
        above.push(one);
    }
    "one goes on where the other ends".to_owned()
}

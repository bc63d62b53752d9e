//! What a newer program says is kept and passed on as it is; its records stand where they were understood last, and
//! it is shown that there is more.
//!
//! Reason: nobody upgrades a federation at once. A node that dropped what it does not know, or guessed, would hold
//! another record than its home; one that refused it would cut the newer node off.

use watchfire_core::record::Elsewhere;

use crate::net::Newer;
use crate::net::world::World;
use crate::site::Site;

/// Looks at what a node holds of what the newer one said.
pub(crate) fn check(world: &World) -> Result<(), String> {
    let Some(newer) = world.newer() else {
        return Ok(());
    };
    for stand in &world.stands {
        kept(&stand.site, newer)?;
        // A process that died between the write and the showing shows nothing to anybody; it is looked at again when
        // it starts from what it wrote.
        if stand.up {
            shown(&stand.site, newer)?;
        }
    }
    Ok(())
}

fn kept(site: &Site, newer: &Newer) -> Result<(), String> {
    let name = &site.name;
    let held = site.disk.head(newer.feed()).seq;
    let said = newer.said();
    for (entry, held) in said.iter().zip(site.disk.entries(newer.feed(), 1, held)) {
        if entry.encode() != held.encode() {
            return Err(format!(
                "{name} holds other bytes than the newer program wrote"
            ));
        }
    }
    Ok(())
}

fn shown(site: &Site, newer: &Newer) -> Result<(), String> {
    let (name, node) = (&site.name, newer.node());
    let held = site.disk.head(newer.feed()).seq;
    let incident = newer.incident();
    let record = incident.reference();
    if let Some(copy) = site.shown.copy(Elsewhere { node, record })
        && copy != *incident
    {
        return Err(format!(
            "{name} shows version {} of what it understood up to {}",
            copy.version(),
            incident.version()
        ));
    }
    for entry in newer.said().iter().take(held as usize) {
        let known = ["directive", "incident.rerouted", "incident.shaded"];
        let unknown = known.iter().any(|kind| entry.header.kind.starts_with(kind));
        let shown = site
            .shown
            .copies
            .newer
            .contains(&(node, entry.header.record));
        if unknown && !shown {
            let kind = &entry.header.kind;
            return Err(format!("{name} does not show that there is a {kind}"));
        }
    }
    Ok(())
}

//! What somebody asked for twice under one key was done once.
//!
//! Reason: whoever got no answer asks again. A unit sent twice, or a support promised twice, because a process died
//! between the write and the word, would be the machine's doing (and the node's own reactions to what it takes go
//! by keys too).

use std::collections::BTreeSet;

use crate::net::world::World;

pub(crate) fn check(world: &World) -> Result<(), String> {
    for stand in &world.stands {
        let mut done = BTreeSet::new();
        for outcome in &stand.site.disk.outcomes {
            if !done.insert((outcome.person, &outcome.key)) {
                let (name, key) = (&stand.site.name, &outcome.key);
                return Err(format!("{name} did \"{key}\" twice"));
            }
        }
    }
    Ok(())
}

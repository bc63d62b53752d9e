//! At most one node may write an operation at any time.
//!
//! Reason: whoever leads says who is a member. Two that lead at once would make two memberships, and neither node
//! could see that it is wrong. An offer freezes the record until it is taken or declined, across any cut.

use std::collections::BTreeMap;

use watchfire_core::basis::OperationId;

use crate::net::world::World;

pub(crate) fn check(world: &World) -> Result<(), String> {
    let mut leads: BTreeMap<OperationId, &str> = BTreeMap::new();
    for stand in &world.stands {
        let board = &stand.site.shown;
        for id in board.operations.keys() {
            if board.leading(*id).is_err() {
                continue;
            }
            let name = &stand.site.name;
            if let Some(other) = leads.insert(*id, name) {
                return Err(format!("{other} and {name} both lead {id:?}"));
            }
        }
    }
    Ok(())
}

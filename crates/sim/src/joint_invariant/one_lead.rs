//! At most one node may write an operation at any time.
//!
//! Reason: whoever leads says who is a member. Two that lead at once would make two memberships, and neither node
//! could see that it is wrong. An offer freezes the record until it is taken or declined, across any cut.

use std::collections::BTreeMap;

use watchfire_core::basis::OperationId;

use crate::net::world::World;
use crate::site::Site;

pub(crate) fn check(world: &World) -> Result<(), String> {
    let sites: Vec<&Site> = world.stands.iter().map(|stand| &stand.site).collect();
    check_sites(&sites)
}

/// Looks who leads, by what each site shows.
pub(crate) fn check_sites(sites: &[&Site]) -> Result<(), String> {
    let mut leads: BTreeMap<OperationId, &str> = BTreeMap::new();
    for site in sites {
        for id in site.shown.operations.keys() {
            if site.shown.leading(*id).is_err() {
                continue;
            }
            if let Some(other) = leads.insert(*id, &site.name) {
                return Err(format!("{other} and {} both lead {id:?}", site.name));
            }
        }
    }
    Ok(())
}

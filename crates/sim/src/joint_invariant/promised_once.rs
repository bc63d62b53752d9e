//! At no moment has a home promised more of a capability than it has, and no request counts one offer twice.
//!
//! Reason: whoever accepted an offer in a cut counts on it without hearing from its home. Were the same thing promised to
//! two of them, one would wait on the river bank for a drone that is elsewhere.

use watchfire_core::basis::Timestamp;
use watchfire_core::board::Board;
use watchfire_core::record::support_offer::Stage;

use crate::net::world::World;

pub(crate) fn check(world: &World, at: usize, from: usize) -> Result<(), String> {
    let site = &world.stands[at].site;
    let support =
        |(_, entry): &(_, watchfire_feed::Entry)| entry.header.kind.starts_with("support_");
    if !site.disk.log[from..].iter().any(support) {
        return Ok(());
    }
    let judged = check_board(&site.shown);
    judged.map_err(|wrong| format!("{} {wrong}", site.name))
}

/// Looks at every node whose process runs: what was promised before a restart still is.
pub(crate) fn check_all(world: &World) -> Result<(), String> {
    for stand in world.stands.iter().filter(|stand| stand.up) {
        let judged = check_board(&stand.site.shown);
        judged.map_err(|wrong| format!("{} {wrong}", stand.site.name))?;
    }
    Ok(())
}

/// Looks at what a board shows of its own node's promises.
pub(crate) fn check_board(board: &Board) -> Result<(), String> {
    for capability in board.support_capabilities.values() {
        let offers = board.support_offers.values();
        let leases: Vec<(Timestamp, Timestamp, u32)> = offers
            .filter(|offer| matches!(offer.stage, Stage::Promised | Stage::Delivered))
            .filter_map(|offer| {
                let terms = offer.terms.as_ref()?;
                let of = terms.capability == capability.id;
                of.then_some((terms.from, terms.until, offer.promised))
            })
            .collect();
        for (moment, _, _) in &leases {
            let held = leases.iter();
            let held = held.filter(|(from, until, _)| from <= moment && moment < until);
            let sum: u32 = held.map(|(_, _, quantity)| quantity).sum();
            let has = capability.details.quantity;
            if sum > has {
                return Err(format!("promises {sum} of {has} at {moment:?}"));
            }
        }
    }
    for request in board.support_requests.values() {
        let mut offers: Vec<_> = request.commitments.iter().map(|one| one.offer).collect();
        offers.sort_unstable();
        if offers.windows(2).any(|two| two[0] == two[1]) {
            return Err(format!("counts an offer twice for {:?}", request.id));
        }
    }
    Ok(())
}

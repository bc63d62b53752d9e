//! At the end nobody has an entry of an operation, or a key to what was shared in it, who was never called in and
//! joined.
//!
//! Reason: the same as for what is told to whom, but judged from the logs alone and not by the rules of the core: a
//! mistake in these rules would otherwise judge itself. Who was a member once may have kept what it got.

use std::collections::{BTreeMap, BTreeSet};

use watchfire_core::basis::OperationId;
use watchfire_core::engine::{self, Decoded};
use watchfire_core::record::Event;
use watchfire_core::record::operation::OperationEvent;
use watchfire_core::record::participation::ParticipationEvent;
use watchfire_feed::{NodeId, Scope};

use crate::net::world::World;

pub(crate) fn check(world: &World) -> Result<(), String> {
    let members = members_ever(world);
    let told = told_ever(world);
    for stand in &world.stands {
        let site = &stand.site;
        let own = site.node();
        let was_in = |id: OperationId| members.contains(&(id, own));
        for feed in site.disk.feeds().filter(|feed| feed.node != own) {
            if let Scope::Operation(id) = feed.scope
                && !was_in(OperationId(id))
            {
                let whose = site.shown.name_of(&feed.node);
                return Err(format!(
                    "{} holds what {whose} wrote in {:?}, and was never a member",
                    site.name,
                    OperationId(id)
                ));
            }
        }
        for key in site.disk.keyring.values() {
            for of in site.disk.opened_by(key).filter(|of| of.node != own) {
                let record = (of.node, of.record.id);
                let within = told.get(&record);
                if !within.is_some_and(|within| within.iter().any(|id| was_in(*id))) {
                    return Err(format!(
                        "{} has a key to {}, which was never told where it is a member",
                        site.name, of.record
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Returns who was ever called into which operation and joined it.
fn members_ever(world: &World) -> BTreeSet<(OperationId, NodeId)> {
    let (mut called, mut joined) = (BTreeSet::new(), BTreeSet::new());
    for stand in &world.stands {
        for (feed, entry) in &stand.site.disk.log {
            let decoded = match feed.scope {
                Scope::Command(_) | Scope::Operation(_) => engine::decode(entry),
                Scope::Local | Scope::Identity => continue,
            };
            let Ok(Decoded::Event { record, event, .. }) = decoded else {
                continue;
            };
            if let Event::Operation(OperationEvent::Raised { genesis, .. }) = &event {
                called.insert((OperationId(record.id), genesis.founder));
            } else if let Event::Operation(OperationEvent::Invited { node, .. }) = &event {
                called.insert((OperationId(record.id), *node));
            } else if let Event::Participation(ParticipationEvent::Joined { operation, node }) =
                &event
            {
                joined.insert((*operation, *node));
            }
        }
    }
    called.intersection(&joined).copied().collect()
}

/// Returns in which operations each home has told of each of its records.
fn told_ever(world: &World) -> BTreeMap<(NodeId, [u8; 16]), BTreeSet<OperationId>> {
    let mut told: BTreeMap<(NodeId, [u8; 16]), BTreeSet<OperationId>> = BTreeMap::new();
    for stand in &world.stands {
        for (feed, entry) in &stand.site.disk.log {
            if let Scope::Operation(id) = feed.scope {
                let record = (feed.node, entry.header.record);
                told.entry(record).or_default().insert(OperationId(id));
            }
        }
    }
    told
}

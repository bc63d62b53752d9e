//! Nodes that hold the same entries of an operation agree on who leads it and who is a member.
//!
//! Reason: nothing but the entries may decide it: no order of arrival, no clock, no record of one's own. Where two
//! orders give two answers, a node is in for some and out for others, and nobody can say which is right.

use std::collections::BTreeMap;

use watchfire_core::basis::OperationId;
use watchfire_feed::{FeedId, Head, NodeId, Scope};

use crate::net::world::World;
use crate::site::Site;

pub(crate) fn check(world: &World) -> Result<(), String> {
    let sites: Vec<&Site> = world.stands.iter().map(|stand| &stand.site).collect();
    check_sites(&sites)
}

/// Compares what sites with equal feeds of an operation make of it.
pub(crate) fn check_sites(sites: &[&Site]) -> Result<(), String> {
    let mut seen: BTreeMap<(OperationId, Heads), (&str, View)> = BTreeMap::new();
    for site in sites {
        for (id, feeds) in feeds_by_operation(site) {
            let view = View::of(site, id);
            let name = site.name.as_str();
            let (other, before) = seen
                .entry((id, feeds))
                .or_insert_with(|| (name, view.clone()));
            if *before != view {
                return Err(format!(
                    "{other} and {name} hold the same of {id:?}; one sees {before:?}, the other {view:?}"
                ));
            }
        }
    }
    Ok(())
}

/// How far a node holds the feeds of an operation.
type Heads = Vec<(FeedId, Head)>;

/// What a node makes of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
struct View {
    lead: Option<(NodeId, u64, Option<NodeId>)>,
    members: Vec<NodeId>,
}

impl View {
    fn of(site: &Site, id: OperationId) -> View {
        let board = &site.shown;
        let found = board.operation_anywhere(id).ok();
        let named = found.iter().flat_map(|one| one.members.keys().copied());
        let members = named.filter(|node| board.is_member(id, node)).collect();
        View {
            lead: found.map(|one| (one.lead, one.version, one.offered_to)),
            members,
        }
    }
}

fn feeds_by_operation(site: &Site) -> BTreeMap<OperationId, Heads> {
    let mut all: BTreeMap<OperationId, Heads> = BTreeMap::new();
    for (feed, followed) in &site.shown.copies.feeds {
        match followed.feed.scope {
            Scope::Operation(id) | Scope::Command(id) => {
                let feeds = all.entry(OperationId(id)).or_default();
                feeds.push((*feed, followed.head));
            }
            Scope::Local | Scope::Identity => {}
        }
    }
    all
}

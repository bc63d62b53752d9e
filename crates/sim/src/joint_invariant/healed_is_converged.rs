//! Once all is healed, everybody who is in an operation holds the same of it, and soon.
//!
//! Reason: that they agree again by themselves is what federation is for. A difference that stays is one that two
//! agencies act on. What a removed member wrote beyond what the lead accepted is the one thing that may differ.

use std::collections::BTreeMap;

use watchfire_core::basis::OperationId;
use watchfire_core::record::operation::Operation;
use watchfire_feed::{Feed, FeedId, Head, NodeId, Scope};

use crate::net::world::World;
use crate::site::Site;

pub(crate) fn check(world: &World) -> Result<(), String> {
    let sites: Vec<&Site> = world.stands.iter().map(|stand| &stand.site).collect();
    let mut leads: BTreeMap<OperationId, (usize, &Operation)> = BTreeMap::new();
    for (at, site) in sites.iter().enumerate() {
        for operation in site.shown.operations.values() {
            if site.shown.leading(operation.id).is_ok() || operation.offered_to.is_some() {
                let known = leads.get(&operation.id);
                if known.is_none_or(|(_, known)| known.version < operation.version) {
                    leads.insert(operation.id, (at, operation));
                }
            }
        }
    }
    for (id, (lead, operation)) in leads {
        check_one(&sites, id, lead, operation)?;
        for other in world.others() {
            check_other(&sites, id, operation, other)?;
        }
    }
    Ok(())
}

/// Looks at what the members hold of a node that says nothing itself any more: the same, or that it has forked.
fn check_other(
    sites: &[&Site],
    id: OperationId,
    truth: &Operation,
    other: NodeId,
) -> Result<(), String> {
    let is_in = |site: &&&Site| site.shown.is_member(id, &site.node());
    let of = |feed: &Feed| {
        let within = [Scope::Operation(id.0), Scope::Command(id.0)].contains(&feed.scope);
        feed.node == other && within
    };
    let mut found: BTreeMap<FeedId, Vec<(&str, Head, bool)>> = BTreeMap::new();
    let members: Vec<&&Site> = sites.iter().filter(is_in).collect();
    for site in &members {
        for held in site
            .shown
            .copies
            .feeds
            .values()
            .filter(|held| of(&held.feed))
        {
            let line = (site.name.as_str(), held.head, held.forked);
            found.entry(held.feed.id()).or_default().push(line);
        }
    }
    for (feed, held) in found {
        let forked = held.iter().filter(|(.., forked)| *forked).count();
        let alike = held.windows(2).all(|two| two[0].1 == two[1].1);
        let all = held.len() == members.len() && alike;
        let agree = match forked {
            0 => all,
            _ => forked == held.len(),
        };
        // Who was removed is held up to where it was held when that came, and nothing later is looked at.
        if !agree && truth.names(&other) {
            return Err(format!("feed {feed} of {other} is held as {held:?}"));
        }
    }
    Ok(())
}

fn check_one(
    sites: &[&Site],
    id: OperationId,
    lead: usize,
    truth: &Operation,
) -> Result<(), String> {
    let lead = sites[lead];
    let mut heads: Option<(&Site, BTreeMap<FeedId, Head>)> = None;
    for site in sites {
        let node = site.node();
        if !truth.members.contains_key(&node) {
            continue;
        }
        let seen = site.shown.operation_anywhere(id);
        let seen = seen.map_err(|_| format!("{} does not know {id:?}", site.name))?;
        if !truth.names(&node) {
            if seen.names(&node) {
                return Err(format!("{} does not know that it was removed", site.name));
            }
            continue;
        }
        if seen != truth {
            let (at, of) = (&site.name, &lead.name);
            let short = |one: &Operation| (site.shown.name_of(&one.lead), one.version);
            return Err(format!(
                "{at} sees {id:?} led by {:?}, and {of} by {:?}",
                short(seen),
                short(truth)
            ));
        }
        if !lead.shown.is_member(id, &node) || !site.shown.is_member(id, &node) {
            continue;
        }
        for writer in sites.iter().filter(|writer| truth.names(&writer.node())) {
            holds_all_of(site, writer, id)?;
        }
        let mine = heads_of(site, id);
        match &heads {
            None => heads = Some((site, mine)),
            Some((other, theirs)) if mine != *theirs => {
                let differ = mine
                    .iter()
                    .find(|(feed, head)| theirs.get(feed) != Some(head));
                let (a, b) = (&site.name, &other.name);
                return Err(format!(
                    "{a} and {b} hold different command feeds of {id:?}: {differ:?}"
                ));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Says whether a site holds all that another says in an operation: that it joined, said no or left too.
fn holds_all_of(site: &Site, writer: &Site, id: OperationId) -> Result<(), String> {
    let own = |feed: &&Feed| feed.node == writer.node() && feed.scope == Scope::Operation(id.0);
    for feed in writer.disk.feeds().filter(own) {
        let (said, held) = (writer.disk.head(feed.id()), site.disk.head(feed.id()));
        if said != held {
            return Err(format!(
                "{} holds {} of the {} entries that {} wrote in {id:?}",
                site.name, held.seq, said.seq, writer.name
            ));
        }
    }
    Ok(())
}

/// Returns how far a site holds the command feeds of an operation.
fn heads_of(site: &Site, id: OperationId) -> BTreeMap<FeedId, Head> {
    let feeds = site.shown.copies.feeds.values();
    feeds
        .filter(|followed| followed.feed.scope == Scope::Command(id.0))
        .map(|followed| (followed.feed.id(), followed.head))
        .collect()
}

//! Whatever a hostile node says, no record of an honest home, no key and no membership is other afterwards.
//!
//! Reason: an agency that joins lets in whoever else was called in, and any of them may be taken over one day. What a
//! node has signed may be kept in its name; it must reach nothing that others have written. Each blow says what may
//! come of it at most, so that one that is let through is noticed though it does no harm yet.

use std::collections::{BTreeMap, BTreeSet};

use watchfire_core::basis::OperationId;
use watchfire_core::board::Board;
use watchfire_core::record::Elsewhere;
use watchfire_feed::{FeedId, NodeId};

use crate::net::world::World;
use crate::net::{Expect, Heard, Message, is_bounded};
use crate::site::Site;

/// What a node looks like, but for what is the hostile node's own.
#[derive(Debug, PartialEq)]
pub(crate) struct Glimpse {
    board: Board,
    keys: BTreeSet<[u8; 16]>,
    destroyed: BTreeSet<([u8; 16], Elsewhere)>,
    forked: BTreeSet<FeedId>,
    views: BTreeMap<OperationId, View>,
}

/// Who leads an operation, at which version, and who is a member.
type View = (NodeId, u64, BTreeSet<NodeId>);

impl Glimpse {
    /// Looks at a node.
    pub(crate) fn of(site: &Site, hostile: NodeId, honest: &[NodeId]) -> Glimpse {
        let mut board = site.shown.clone();
        board.copies.boards.remove(&hostile);
        board.copies.identities.remove(&hostile);
        board.copies.newer.retain(|(node, _)| *node != hostile);
        let others = |node: &NodeId| *node != hostile;
        board.copies.feeds.retain(|_, held| others(&held.feed.node));
        let mut views = BTreeMap::new();
        for one in site.shown.all_operations() {
            if !honest.contains(&one.genesis.founder) {
                continue;
            }
            let members = honest.iter().copied();
            let members = members.filter(|node| site.shown.is_member(one.id, node));
            let view = (one.lead, one.version, members.collect());
            views.insert(one.id, view);
        }
        let forked = site.disk.forks.keys().copied();
        let own = |feed: &FeedId| {
            let feed = site.disk.feed(*feed);
            feed.is_none_or(|feed| others(&feed.node))
        };
        let destroyed = site.disk.destroyed.iter();
        Glimpse {
            board,
            keys: site.disk.keyring.keys().copied().collect(),
            destroyed: destroyed
                .filter(|(_, of)| others(&of.node))
                .copied()
                .collect(),
            forked: forked.filter(own).collect(),
            views,
        }
    }
}

/// Compares a node before and after a blow, and what came of it with what may come of it at most.
pub(crate) fn check(
    world: &World,
    at: usize,
    hostile: NodeId,
    (before, copies): (&Glimpse, Option<&Board>),
    heard: &[Heard],
    expect: Expect,
) -> Result<(), String> {
    let site = &world.stands[at].site;
    let name = &site.name;
    let honest: Vec<NodeId> = world.stands.iter().map(|stand| stand.site.node()).collect();
    let after = Glimpse::of(site, hostile, &honest);
    if *before != after {
        let what = if before.board != after.board {
            "a record is other".to_owned()
        } else if before.keys != after.keys || before.destroyed != after.destroyed {
            "a key is other".to_owned()
        } else {
            format!("{:?} is now {:?}", before.views, after.views)
        };
        return Err(format!("at {name}, {what}"));
    }
    let taken: usize = heard.iter().map(|heard| heard.taken).sum();
    let unreadable: u64 = heard.iter().map(|heard| heard.unreadable).sum();
    let answers = || heard.iter().flat_map(|heard| &heard.answers);
    let gives = |answer: &Message| matches!(answer, Message::Frames(_) | Message::Keys(_));
    let own = site.shown.copies.boards.get(&hostile);
    let as_expected = match expect {
        Expect::Unreadable => unreadable > 0 && taken == 0,
        Expect::NotTaken => taken == 0,
        Expect::NoCopy => taken > 0 && own == copies,
        Expect::OwnOnly => taken > 0,
        Expect::Frozen => {
            let feeds = site.shown.copies.feeds.values();
            let mut own = feeds.filter(|held| held.feed.node == hostile);
            taken == 0 && own.any(|held| held.forked)
        }
        Expect::NothingGiven => !answers().any(gives),
        Expect::Bounded => heard.iter().all(|heard| is_bounded(&heard.answers)),
    };
    match as_expected {
        true => Ok(()),
        false => Err(format!(
            "{name} was expected to answer {expect:?}; it took {taken} entries, and could not read {unreadable}; {:?}",
            heard
                .iter()
                .flat_map(|heard| &heard.refused)
                .map(|one| one.why.to_string())
                .collect::<Vec<_>>()
        )),
    }
}

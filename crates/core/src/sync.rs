//! Who may read what: which feeds a node shows to which other, and how far. Pure, so that the program and the
//! simulator ask the same question.
//!
//! Only members of an operation are given its feeds, by whichever member they ask; who is invited is given the
//! command feed, to read what it is for; who deals with this node at all is given its identity feed. A node that
//! was shut out is given nothing, at once. Start at [`may_read`].

use std::collections::BTreeMap;

use watchfire_feed::{Entry, Feed, FeedId, Head, NodeId, Scope, SealedBody, Vector, seal};

use crate::basis::{OperationId, Timestamp};
use crate::board::Board;
use crate::limits;
use crate::record::message::Message;
use crate::record::operation::{History, Operation};
use crate::record::peer::Peer;
use crate::record::{Elsewhere, RecordKind, RecordRef};

/// Returns up to which entry a node may read a feed that this node holds; nothing if none of it.
pub fn may_read(board: &Board, own: NodeId, asker: &NodeId, feed: &Feed) -> Option<u64> {
    Reader::new(board, own, asker)?.up_to(feed)
}

/// Somebody who asks, with what was found out about it for one feed and holds for all: who is in what. Whoever holds
/// many feeds of many operations finds it out once for each operation.
struct Reader<'a> {
    board: &'a Board,
    own: NodeId,
    asker: NodeId,
    is_peer: bool,
    /// The operations in which both are named, once somebody wants to know.
    joint: Option<Vec<&'a Operation>>,
    operations: BTreeMap<OperationId, Standing<'a>>,
}

/// How asker and holder stand in one operation.
#[derive(Clone, Copy)]
struct Standing<'a> {
    operation: Option<&'a Operation>,
    asker_is_member: bool,
    own_is_member: bool,
}

impl<'a> Reader<'a> {
    /// Returns nothing for a node that was shut out.
    fn new(board: &'a Board, own: NodeId, asker: &NodeId) -> Option<Reader<'a>> {
        let peer = board.peers.get(&Peer::id_of(asker));
        if peer.is_some_and(|peer| !peer.is_let_in()) {
            return None;
        }
        Some(Reader {
            board,
            own,
            asker: *asker,
            is_peer: peer.is_some(),
            joint: None,
            operations: BTreeMap::new(),
        })
    }

    fn up_to(&mut self, feed: &Feed) -> Option<u64> {
        match feed.scope {
            Scope::Local => None,
            Scope::Identity => {
                // Its own it has; that it is here is how it knows that it arrived.
                let of_either = feed.node == self.own || feed.node == self.asker;
                let may = (self.is_peer && of_either) || self.is_joint_with(&feed.node);
                may.then_some(u64::MAX)
            }
            Scope::Command(id) => self.up_to_in_command(feed, OperationId(id)),
            Scope::Operation(id) => {
                let standing = self.standing(OperationId(id));
                // Its own word a node gives on after it left or said no: how else would the others know?
                let gives = feed.node == self.own || standing.own_is_member;
                let both = standing.asker_is_member && gives;
                let operation = standing.operation;
                let named = operation.is_some_and(|one| one.members.contains_key(&feed.node));
                (both && named).then_some(u64::MAX)
            }
        }
    }

    fn up_to_in_command(&mut self, feed: &Feed, id: OperationId) -> Option<u64> {
        let board = self.board;
        let member = self.standing(id).operation?.members.get(&self.asker)?;
        let Some(removal) = &member.removed else {
            return Some(u64::MAX);
        };
        let home = match feed.node == self.own {
            true => board,
            false => board.copies.boards.get(&feed.node)?,
        };
        let said = home.operations.get(&id)?;
        let head = board.copies.feeds.get(&feed.id())?.head;
        if said.version >= limits::version_floor(feed.epoch.saturating_add(1)) {
            return up_to_removal_before(said, feed.epoch, head, removal.version);
        }
        up_to_removal(said, head, removal.version)
    }

    /// Says whether there is an operation that names the asker, this node and another.
    fn is_joint_with(&mut self, node: &NodeId) -> bool {
        let (board, own, asker) = (self.board, self.own, self.asker);
        let joint = self.joint.get_or_insert_with(|| {
            let mut all = board.all_operations();
            all.retain(|one| one.members.contains_key(&asker) && one.members.contains_key(&own));
            all
        });
        joint.iter().any(|one| one.members.contains_key(node))
    }

    fn standing(&mut self, id: OperationId) -> Standing<'a> {
        let (board, own, asker) = (self.board, self.own, self.asker);
        let found = self.operations.entry(id).or_insert_with(|| Standing {
            operation: board.operation_anywhere(id).ok(),
            asker_is_member: board.is_member(id, &asker),
            own_is_member: board.is_member(id, &own),
        });
        *found
    }
}

/// Returns up to which entry a removed member may read the command feed in which a lead last said `said`: up to and
/// with the entry that removed it, so that it learns of that and of nothing later.
fn up_to_removal(said: &Operation, head: Head, removed: u64) -> Option<u64> {
    let began = said
        .taken_from
        .map_or(1, |(_, version)| version.saturating_add(1));
    if said.version < removed {
        // All of it was said before; the lead that removed it came later.
        Some(head.seq)
    } else if removed >= began {
        // Since this lead began to lead, every entry makes one version.
        Some(head.seq.saturating_sub(said.version - removed))
    } else {
        // It was removed before this lead took command, perhaps within an earlier time of its lead.
        None
    }
}

/// The same in the command feed of an epoch that has ended, whose lead went on in a later one. Counted from its beginning:
/// that gives a lead who led more than once in that epoch less than it might, and never more.
fn up_to_removal_before(said: &Operation, epoch: u32, head: Head, removed: u64) -> Option<u64> {
    if removed >= limits::version_floor(epoch.saturating_add(1)) {
        return Some(head.seq); // All of it was said before.
    }
    // The opening comes first, then the raising, the taking of command, or the telling anew.
    let floor = limits::version_floor(epoch);
    let taken = said.taken_from.map(|(_, version)| version);
    let taken = taken.filter(|version| *version >= floor);
    let first = taken.map_or(floor.max(1), |version| version.saturating_add(1));
    Some(removed.checked_sub(first)?.saturating_add(2).min(head.seq))
}

/// Returns how far this node holds each feed that another may read. `head_at` finds an earlier entry of a feed.
pub fn vector_for(
    board: &Board,
    own: NodeId,
    asker: &NodeId,
    mut head_at: impl FnMut(FeedId, u64) -> Option<Head>,
) -> Vector {
    let mut vector = Vector::new();
    let Some(mut reader) = Reader::new(board, own, asker) else {
        return vector;
    };
    for followed in board.copies.feeds.values() {
        let head = match reader.up_to(&followed.feed) {
            Some(last) if last >= followed.head.seq => Some(followed.head),
            Some(last) => head_at(followed.head.feed, last),
            None => None,
        };
        if let Some(head) = head {
            // More feeds than a vector holds are told the next time, when fewer are open.
            let _ = vector.insert(head);
        }
    }
    vector
}

/// How an entry is given to somebody who may read its feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Giving {
    /// As it is.
    Whole,
    /// Without what was said in it: the asker joined later, and the operation gives late joiners no history.
    WithoutWords,
    /// Not by this node, which joined later itself and holds it without words: another member gives it whole.
    NotByUs,
}

/// Returns how an entry of that time is given to a node.
pub fn giving(board: &Board, own: NodeId, asker: &NodeId, feed: &Feed, at: Timestamp) -> Giving {
    let Scope::Operation(id) = feed.scope else {
        return Giving::Whole;
    };
    let id = OperationId(id);
    let since_join = board
        .operation_anywhere(id)
        .is_ok_and(|one| one.genesis.history == History::SinceJoin);
    if !since_join || feed.node == *asker {
        return Giving::Whole;
    }
    let later = |node: NodeId| {
        let part = board.participation_of(id, node);
        part.and_then(|part| part.joined_at)
            .is_some_and(|joined| joined > at)
    };
    match (later(*asker), feed.node != own && later(own)) {
        (true, _) => Giving::WithoutWords,
        (false, true) => Giving::NotByUs,
        (false, false) => Giving::Whole,
    }
}

/// Says whether a node may have the key to the personal data of a record: if its home shares it in an operation of
/// which both are members, if it is what somebody said in one, or what was reported there on a record of its own.
pub fn may_have_key(
    board: &Board,
    own: NodeId,
    asker: &NodeId,
    of: Elsewhere,
    now: Timestamp,
) -> bool {
    if board
        .peers
        .get(&Peer::id_of(asker))
        .is_some_and(|peer| !peer.is_let_in())
    {
        return false;
    }
    let here = of.node == own;
    let home = match here {
        true => Some(board),
        false => board.copies.boards.get(&of.node),
    };
    let Some(home) = home else { return false };
    let within = |id: OperationId| board.is_member(id, asker) && board.is_member(id, &own);
    if of.record.kind == RecordKind::Message {
        let id = crate::basis::MessageId(of.record.id);
        let said: Option<&Message> = home.messages.get(&id).map(std::sync::Arc::as_ref);
        return said.is_some_and(|message| within(message.operation));
    }
    if of.record.kind == RecordKind::Reply {
        // What is reported on a record is for whoever gave it.
        let id = crate::basis::ReplyId(of.record.id);
        let reply = home.replies.get(&id);
        return reply.is_some_and(|reply| reply.to.node == *asker && within(reply.operation));
    }
    let operations = board.all_operations();
    operations.iter().any(|one| {
        let part = board.participation_of(one.id, of.node);
        within(one.id)
            && part.is_some_and(|part| home.share_covering(part, of.record, now).is_some())
    })
}

/// Returns the id of the key that an entry's personal data is sealed under, and the record it is of.
pub fn sealed_under(feed: &Feed, entry: &Entry) -> Option<([u8; 16], Elsewhere)> {
    let SealedBody::Whole(sealed) = &entry.sealed else {
        return None;
    };
    let kind = RecordKind::parse(entry.header.kind.split('.').next()?)?;
    let id = entry.header.record;
    let of = Elsewhere {
        node: feed.node,
        record: RecordRef { kind, id },
    };
    Some((seal::key_id(sealed)?, of))
}

/// Returns the keys that are needed to read the personal data in entries that have come, each once: a host looks
/// for them, or asks for them where the entries came from, before it hands both to the engine.
pub fn keys_for(board: &Board, entries: &[Entry]) -> Vec<([u8; 16], Elsewhere)> {
    let mut opened: Vec<Feed> = Vec::new();
    let mut wanted = Vec::new();
    for entry in entries {
        let id = entry.header.feed;
        if entry.header.seq == 1 {
            opened.extend(Feed::from_opening(entry));
        }
        let held = board.copies.feeds.get(&id).map(|followed| followed.feed);
        let feed = held.or_else(|| opened.iter().find(|feed| feed.id() == id).copied());
        let key = feed.and_then(|feed| sealed_under(&feed, entry));
        wanted.extend(key.filter(|key| !wanted.contains(key)));
    }
    wanted
}

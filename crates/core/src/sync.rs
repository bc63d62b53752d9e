//! Who may read what: which feeds a node shows to which other, and how far. Pure, so that the program and the
//! simulator ask the same question.
//!
//! Only members of an operation are given its feeds, by whichever member they ask; who is invited is given the
//! command feed, to read what it is for; who deals with this node at all is given its identity feed. A node that
//! was shut out is given nothing, at once. Start at [`may_read`].

use watchfire_feed::{Entry, Feed, FeedId, Head, NodeId, Scope, SealedBody, Vector, seal};

use crate::basis::{OperationId, Timestamp};
use crate::board::Board;
use crate::record::message::Message;
use crate::record::operation::{History, Operation};
use crate::record::peer::Peer;
use crate::record::{Elsewhere, RecordKind, RecordRef};

/// Returns up to which entry a node may read a feed that this node holds; nothing if none of it.
pub fn may_read(board: &Board, own: NodeId, asker: &NodeId, feed: &Feed) -> Option<u64> {
    if board
        .peers
        .get(&Peer::id_of(asker))
        .is_some_and(|peer| !peer.is_let_in())
    {
        return None;
    }
    match feed.scope {
        Scope::Local => None,
        Scope::Identity => {
            // Its own it has; that it is here is how it knows that it arrived.
            let of_either = feed.node == own || feed.node == *asker;
            let peer = board.peers.contains_key(&Peer::id_of(asker)) && of_either;
            let joint = |one: &&Operation| {
                let both = one.members.contains_key(asker) && one.members.contains_key(&feed.node);
                both && one.members.contains_key(&own)
            };
            let joint = board.all_operations().iter().any(joint);
            (peer || joint).then_some(u64::MAX)
        }
        Scope::Command(id) => {
            let found = board.operation_anywhere(OperationId(id)).ok()?;
            let member = found.members.get(asker)?;
            let Some(removal) = &member.removed else {
                return Some(u64::MAX);
            };
            let home = match feed.node == own {
                true => board,
                false => board.copies.boards.get(&feed.node)?,
            };
            let said = home.operations.get(&OperationId(id))?;
            let head = board.copies.feeds.get(&feed.id())?.head;
            up_to_removal(said, head, removal.version)
        }
        Scope::Operation(id) => {
            let id = OperationId(id);
            // Its own word a node gives on after it left or said no: how else would the others know?
            let gives = feed.node == own || board.is_member(id, &own);
            let both = board.is_member(id, asker) && gives;
            let named = board
                .operation_anywhere(id)
                .is_ok_and(|one| one.members.contains_key(&feed.node));
            (both && named).then_some(u64::MAX)
        }
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

/// Returns how far this node holds each feed that another may read. `head_at` finds an earlier entry of a feed.
pub fn vector_for(
    board: &Board,
    own: NodeId,
    asker: &NodeId,
    mut head_at: impl FnMut(FeedId, u64) -> Option<Head>,
) -> Vector {
    let mut vector = Vector::new();
    for followed in board.copies.feeds.values() {
        let head = match may_read(board, own, asker, &followed.feed) {
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
/// which both are members, or if it is what somebody said in one.
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

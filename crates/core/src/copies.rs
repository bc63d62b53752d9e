//! Copies (副本): what other nodes have told, one board for each of them, and who they are.
//!
//! A copy is written by folding its home's entries and in no other way, so no node can change another's
//! record here. Ids, numbers and call signs are each home's own, therefore every home has a board of its own.
//! Who is a member, who leads, what is shared to do what: all of it follows from these boards and this
//! node's own, and is stored nowhere. Start at [`fold`], then [`Board::is_member`].

use std::collections::{BTreeMap, BTreeSet};

use watchfire_feed::{Entry, Feed, FeedId, Head, HybridTime, Identity, NodeId, Scope};

use crate::basis::{OperationId, Timestamp, UnitId};
use crate::board::Board;
use crate::engine::Decoded;
use crate::limits;
use crate::record::message::Message;
use crate::record::operation::{Operation, OperationEvent};
use crate::record::participation::{Loan, Participation, ParticipationEvent, Share, Tier};
use crate::record::{Elsewhere, Event, Meta, Record, RecordKind, RecordRef};
use crate::refusal::Refusal;

/// What others have told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copies {
    /// The copies of each node's records.
    pub boards: BTreeMap<NodeId, Board>,
    /// Who speaks for each node, this one included, as its identity feed says.
    pub identities: BTreeMap<NodeId, Identity>,
    /// Every feed that is not local, this node's own included, and how far it is held.
    pub feeds: BTreeMap<FeedId, Followed>,
    /// What of this node's records was last told in each operation, and by which entry.
    pub told: BTreeMap<(OperationId, RecordRef), ToldBy>,
    /// Records of which a newer program has said something that this one does not understand.
    pub newer: BTreeSet<(NodeId, [u8; 16])>,
}

/// A feed and how far it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed {
    /// The feed.
    pub feed: Feed,
    /// The last entry held.
    pub head: Head,
    /// When that was written, by its writer's clock.
    pub time: HybridTime,
    /// True if its writer was found to have written two histories: nothing more is taken from it.
    pub forked: bool,
}

/// The entry by which a record was last told in an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldBy {
    /// The version that it told.
    pub version: u64,
    /// The entry: whoever holds the feed up to here has been told.
    pub head: Head,
}

/// One thing that is different now, for a host that keeps a board of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A copy.
    Copy(NodeId, Record),
    /// How far a feed is held.
    Followed(Followed),
    /// Who speaks for a node.
    Identity(Box<Identity>),
    /// A record of this node was told in an operation.
    Told(OperationId, RecordRef, ToldBy),
    /// A newer program said something of a record that is not understood here.
    Newer(NodeId, [u8; 16]),
}

impl Copies {
    /// Returns how far every feed of an operation is held that a node writes in it.
    pub fn heads_in(&self, operation: OperationId, node: &NodeId) -> Vec<Head> {
        let of = |followed: &&Followed| {
            let scope = followed.feed.scope;
            followed.feed.node == *node && scope == Scope::Operation(operation.0)
        };
        self.feeds.values().filter(of).map(|one| one.head).collect()
    }

    /// Says whether what a node said in an operation still counts at that version: not if it may be of a history that its
    /// node has since said does not count (it was restored, or ran twice), and it has not said it anew.
    fn still_counts(&self, operation: OperationId, node: &NodeId, version: u64) -> bool {
        let Some(identity) = self.identities.get(node) else {
            return true;
        };
        let last = identity.keys().last_key_value();
        let epoch = last.map_or(1, |(epoch, _)| *epoch);
        if version >= limits::version_floor(epoch) {
            return true;
        }
        let within = |followed: &Followed| {
            let (feed, head) = (&followed.feed, &followed.head);
            let spoken = identity.may_take(feed, head).is_ok();
            spoken && !followed.forked
        };
        let feeds = self.feeds.values();
        let mut said = feeds.filter(|followed| {
            let feed = &followed.feed;
            feed.node == *node && feed.scope == Scope::Operation(operation.0)
        });
        said.all(within)
    }

    /// Takes a change over.
    pub fn change(&mut self, change: Change) {
        match change {
            Change::Copy(node, record) => self.boards.entry(node).or_default().put(record),
            Change::Followed(followed) => drop(self.feeds.insert(followed.feed.id(), followed)),
            Change::Identity(one) => drop(self.identities.insert(one.node(), *one)),
            Change::Told(operation, record, by) => {
                self.told.insert((operation, record), by);
            }
            Change::Newer(node, record) => drop(self.newer.insert((node, record))),
        }
    }
}

/// Folds a verified entry of a feed that is not local, whoever wrote it: what home, peer, restart, simulator
/// and auditor all do. `opened` is its personal part, if it could be read. Returns what is different now.
///
/// What does not belong into such a feed, or speaks for another node, changes nothing.
pub fn fold(
    copies: &mut Copies,
    feed: &Feed,
    entry: &Entry,
    decoded: &Decoded,
    opened: Option<&[u8]>,
) -> Vec<Change> {
    let held = copies.feeds.get(&entry.header.feed);
    let followed = Followed {
        feed: *feed,
        head: entry.head(),
        time: entry.header.time,
        // What was found once stays found, though the feed may go on to where its closed epoch counts.
        forked: held.is_some_and(|held| held.forked),
    };
    let mut changes = vec![Change::Followed(followed)];
    match decoded {
        Decoded::FeedOpened(_) | Decoded::Unknown if feed.scope == Scope::Identity => {
            changes.extend(fold_identity(copies, feed, entry));
        }
        Decoded::FeedOpened(_) => {}
        Decoded::Unknown => {
            if entry.header.record != [0; 16] {
                changes.push(Change::Newer(feed.node, entry.header.record));
            }
        }
        Decoded::Event {
            record,
            event,
            meta,
            ..
        } => {
            let board = copies.boards.get(&feed.node);
            let before = board.and_then(|board| board.get(*record));
            // What begins in an epoch begins anew: its home knows nothing of what stands here, which is of a history
            // that does not count.
            let floor = limits::version_floor(feed.epoch);
            let begins = meta.version == floor + 1 && !matches!(event, Event::Told(_));
            let before = before.filter(|before| !begins || before.version() >= floor);
            if belongs(feed, *record, event, before.as_ref())
                && follows(before.as_ref(), floor, event, meta)
                && let Some(next) = next(before.as_ref(), event, opened, meta)
            {
                changes.push(Change::Copy(feed.node, next));
            }
        }
    }
    for change in &changes {
        copies.change(change.clone());
    }
    changes
}

/// Folds an entry of one of this node's own feeds that is not local: how far the feed is, and what was told in it.
/// Records that live in operations are on the node's own board, as all its records are.
pub fn fold_own(copies: &mut Copies, feed: &Feed, entry: &Entry, decoded: &Decoded) -> Vec<Change> {
    let mut changes = vec![Change::Followed(Followed {
        feed: *feed,
        head: entry.head(),
        time: entry.header.time,
        forked: false,
    })];
    match (feed.scope, decoded) {
        (Scope::Identity, _) => changes.extend(fold_identity(copies, feed, entry)),
        (
            Scope::Operation(operation) | Scope::Command(operation),
            Decoded::Event { record, meta, .. },
        ) => {
            let by = ToldBy {
                version: meta.version,
                head: entry.head(),
            };
            changes.push(Change::Told(OperationId(operation), *record, by));
        }
        _ => {}
    }
    for change in &changes {
        copies.change(change.clone());
    }
    changes
}

fn fold_identity(copies: &Copies, feed: &Feed, entry: &Entry) -> Option<Change> {
    let next = match copies.identities.get(&feed.node) {
        None => Identity::begin(entry).ok()?,
        Some(held) => {
            let mut next = held.clone();
            next.take(entry).ok()?;
            next
        }
    };
    Some(Change::Identity(Box::new(next)))
}

/// Says whether an event may stand in a feed: a home speaks of its own records, and in an operation of
/// nothing but that operation.
fn belongs(feed: &Feed, record: RecordRef, event: &Event, before: Option<&Record>) -> bool {
    match feed.scope {
        Scope::Local | Scope::Identity => false,
        Scope::Command(operation) => {
            if let Event::Told(told) = event {
                return record.id == operation && is_what_it_leads(feed, told, operation);
            }
            let Event::Operation(event) = event else {
                return false;
            };
            let speaks = match event {
                OperationEvent::Raised { genesis, .. } => genesis.founder == feed.node,
                OperationEvent::CommandTaken { lead, .. } => *lead == feed.node,
                OperationEvent::Invited { .. }
                | OperationEvent::Removed { .. }
                | OperationEvent::ObjectiveSet { .. }
                | OperationEvent::ObjectiveReached { .. }
                | OperationEvent::StoodDown { .. }
                | OperationEvent::Closed { .. }
                | OperationEvent::CommandOffered { .. }
                | OperationEvent::CommandKept => true,
            };
            speaks && record.id == operation
        }
        Scope::Operation(operation) => {
            let operation = OperationId(operation);
            // The first event names its operation, and the later ones follow on it.
            let named = event.operation().is_none_or(|named| named == operation);
            let within = match before {
                Some(Record::Message(message)) => {
                    message.operation == operation && says_the_same(message, event)
                }
                Some(record) => record.part_of().is_none_or(|part_of| part_of == operation),
                None => true,
            };
            let fits = if record.kind == RecordKind::Participation {
                let one = Participation::id_of(&feed.node, operation);
                record.id == one.0 && names_its_own(feed, event)
            } else if record.kind == RecordKind::Operation {
                false // The lead speaks of it in the command feed.
            } else {
                record.kind.can_be_told()
            };
            fits && named && within && event.record_kind() == record.kind
        }
    }
}

/// A message that is told anew says what it said.
fn says_the_same(before: &Message, event: &Event) -> bool {
    let Event::Told(told) = event else {
        return true;
    };
    matches!(told.as_ref(), Record::Message(told) if told.what == before.what && told.sent_at == before.sent_at)
}

/// A lead tells anew what it leads: no other operation, nothing else of how it was founded, and no more than one may
/// have. Whether it leads is seen from the founder's word on, as when it takes command.
fn is_what_it_leads(feed: &Feed, told: &Record, operation: [u8; 16]) -> bool {
    let Record::Operation(told) = told else {
        return false;
    };
    let founded_so = told.id.0 == operation && told.genesis.id() == told.id;
    let within = told.members.len() <= limits::MEMBERS_PER_OPERATION_MAX
        && told.objectives.len() <= limits::OBJECTIVES_PER_OPERATION_MAX;
    told.lead == feed.node && founded_so && within
}

/// A node joins and declines for itself only.
fn names_its_own(feed: &Feed, event: &Event) -> bool {
    if let Event::Told(told) = event {
        return matches!(told.as_ref(), Record::Participation(told) if told.node == feed.node);
    }
    let Event::Participation(
        ParticipationEvent::Joined { node, .. } | ParticipationEvent::Declined { node, .. },
    ) = event
    else {
        return true;
    };
    *node == feed.node
}

/// Versions of one home's record follow on each other without a gap. A record that is told anew, in this or in
/// another operation, may stand where it stood or later; what was told before already is no news. `floor` is the
/// version at which the epoch of the feed began.
fn follows(before: Option<&Record>, floor: u64, event: &Event, meta: &Meta) -> bool {
    let held = before.map_or(0, Record::version);
    if meta.version > limits::RECORD_VERSION_MAX {
        return false;
    }
    if matches!(event, Event::Told(_)) {
        return meta.version >= held;
    }
    if matches!(event, Event::Operation(OperationEvent::CommandTaken { .. })) {
        return meta.version > held;
    }
    Some(meta.version) == held.max(floor).checked_add(1)
}

fn next(
    before: Option<&Record>,
    event: &Event,
    opened: Option<&[u8]>,
    meta: &Meta,
) -> Option<Record> {
    if matches!(event, Event::Told(_)) {
        let told = Record::apply(before, event, None, meta)?;
        if let (Record::Message(told), Some(Record::Message(before))) = (&told, before)
            && before.text.is_some()
        {
            // Nobody says something else by saying it again.
            let mut told = told.as_ref().clone();
            told.text.clone_from(&before.text);
            return Some(Record::Message(std::sync::Arc::new(told)));
        }
        return match opened {
            Some(json) => told.with_personal(json).ok().or(Some(told)),
            None => Some(told),
        };
    }
    let personal = opened.and_then(|json| serde_json::from_slice(json).ok());
    Record::apply(before, event, personal.as_ref(), meta)
}

impl Board {
    /// Returns a copy of another home's record.
    pub fn copy(&self, of: Elsewhere) -> Option<Record> {
        self.copies.boards.get(&of.node)?.get(of.record)
    }

    /// Returns another node's message.
    pub fn message_elsewhere(&self, of: Elsewhere) -> Option<&Message> {
        let id = crate::basis::MessageId(of.record.id);
        let board = self.copies.boards.get(&of.node)?;
        board.messages.get(&id).map(std::sync::Arc::as_ref)
    }

    /// Returns an operation as its lead of today has it, wherever that is: from the founder along the offers of
    /// command that were taken. Each step has one writer, so everybody who holds the same entries finds the same lead.
    ///
    /// Without the founder's word there is no operation: anybody can say that they took command of it.
    pub fn operation_anywhere(&self, id: OperationId) -> Result<&Operation, Refusal> {
        let all: Vec<&Operation> = self.said_of(id).collect();
        current(&all).ok_or(Refusal::NotFound(RecordKind::Operation))
    }

    /// Returns what every node that says that it leads or led an operation last said of it, believed or not.
    fn said_of(&self, id: OperationId) -> impl Iterator<Item = &Operation> {
        let own = self.operations.get(&id);
        let boards = self.copies.boards.values();
        let copies = boards.filter_map(move |board| board.operations.get(&id));
        own.into_iter().chain(copies).map(AsRef::as_ref)
    }

    /// Says whether anybody says that a node is in that operation, or in any if none is given, with this node: reason
    /// enough to find out who that node is and what it has to say as the lead, and for nothing else. So whoever is
    /// called in by a later lead gets to the founder's word.
    pub(crate) fn is_named_with(
        &self,
        operation: Option<OperationId>,
        node: &NodeId,
        own: &NodeId,
    ) -> bool {
        let boards = self.copies.boards.values().chain([self]);
        let all = boards.flat_map(|board| board.operations.values());
        let mut of = all.filter(|one| operation.is_none_or(|id| one.id == id));
        of.any(|one| {
            let named = one.members.contains_key(node) || one.genesis.founder == *node;
            named && one.members.contains_key(own)
        })
    }

    /// Returns all operations that this node knows of, each as its lead of today has it.
    pub fn all_operations(&self) -> Vec<&Operation> {
        let mut said: BTreeMap<OperationId, Vec<&Operation>> = BTreeMap::new();
        // The same order as in `said_of`, by going through all boards once and not once for each operation.
        let boards = [self].into_iter().chain(self.copies.boards.values());
        for (id, one) in boards.flat_map(|board| &board.operations) {
            said.entry(*id).or_default().push(one);
        }
        said.values().filter_map(|all| current(all)).collect()
    }

    /// Returns the operation if this node leads it and no offer of command is open, or refuses.
    pub fn leading(&self, id: OperationId) -> Result<&Operation, Refusal> {
        let own = self.operation(id)?;
        let current = self.operation_anywhere(id)?;
        let wrong = |state, instead| Refusal::WrongState {
            kind: RecordKind::Operation,
            state,
            instead,
        };
        use crate::basis::Text;
        if current.lead != own.lead {
            return Err(wrong(
                Text::new("led by another node by now", "已由其他节点牵头"),
                Text::new("Ask its lead.", "请联系牵头单位。"),
            ));
        }
        if own.offered_to.is_some() {
            return Err(wrong(
                Text::new("being handed over", "正在移交指挥权"),
                Text::new(
                    "Wait for an answer, or ask them to decline.",
                    "请等待答复，或请对方拒绝接受。",
                ),
            ));
        }
        Ok(own)
    }

    /// Returns a node's part in an operation, wherever it is held.
    pub fn participation_of(&self, operation: OperationId, node: NodeId) -> Option<&Participation> {
        let id = Participation::id_of(&node, operation);
        let own = self.participations.get(&id);
        let copy = || {
            let held = self.copies.boards.get(&node)?.participations.get(&id)?;
            let counts = self.copies.still_counts(operation, &node, held.version);
            counts.then_some(held)
        };
        own.or_else(copy).map(std::sync::Arc::as_ref)
    }

    /// Returns true if a node is a member: the lead says so, and so does the node itself. Leading says it too: so
    /// whoever joins can tell the lead, before either holds a feed of the other.
    pub fn is_member(&self, operation: OperationId, node: &NodeId) -> bool {
        let Ok(found) = self.operation_anywhere(operation) else {
            return false;
        };
        let part = self.participation_of(operation, *node);
        let says_so = part.is_some_and(Participation::takes_part) || found.lead == *node;
        found.names(node) && says_so
    }

    /// Returns true if this node takes part in an operation that is not closed.
    pub fn takes_part(&self, node: NodeId, operation: OperationId) -> bool {
        self.must_take_part(node, operation).is_ok()
    }

    /// Returns this node's part in an operation that is not closed and counts it as a member, or refuses.
    pub fn must_take_part(
        &self,
        node: NodeId,
        operation: OperationId,
    ) -> Result<&Participation, Refusal> {
        let found = self.operation_anywhere(operation)?;
        let id = Participation::id_of(&node, operation);
        let part = self.participations.get(&id);
        match part {
            Some(part) if part.takes_part() && found.names(&node) && found.is_open() => Ok(part),
            Some(_) | None => Err(Refusal::NotAMember),
        }
    }

    /// Returns the operations that this node takes part in.
    pub fn own_operations(&self, node: NodeId) -> Vec<OperationId> {
        let joined = self.participations.values().filter(|one| one.takes_part());
        let joined = joined.map(|part| part.operation);
        joined.filter(|id| self.takes_part(node, *id)).collect()
    }

    /// Returns how a record on this board is shared by this part in an operation: by name, or as the response of
    /// an incident that is.
    pub fn share_covering<'a>(
        &self,
        part: &'a Participation,
        record: RecordRef,
        now: Timestamp,
    ) -> Option<&'a Share> {
        if let Some(share) = part.share_of(record, now) {
            return Some(share);
        }
        let incident = if record.kind == RecordKind::Assignment {
            let id = crate::basis::AssignmentId(record.id);
            self.assignments.get(&id)?.incident
        } else if record.kind == RecordKind::Unit {
            self.live_assignment(UnitId(record.id))?.incident
        } else {
            return None;
        };
        let by = |id| part.share_of(RecordRef::from(id), now);
        let share = by(incident).or_else(|| by(self.merge_root(incident)))?;
        share.with_response.then_some(share)
    }

    /// Returns true if a record of another home is shared so that its home may be asked for something with it.
    pub fn may_be_asked(&self, operation: OperationId, of: Elsewhere, now: Timestamp) -> bool {
        let share = self.share_elsewhere(operation, of, now);
        share.is_some_and(|share| share.tier == Tier::Assist)
    }

    /// Returns how another home shares a record in an operation, if it does and is a member.
    pub fn share_elsewhere(
        &self,
        operation: OperationId,
        of: Elsewhere,
        now: Timestamp,
    ) -> Option<&Share> {
        if !self.is_member(operation, &of.node) {
            return None;
        }
        let board = self.copies.boards.get(&of.node)?;
        let part = self.participation_of(operation, of.node)?;
        board.share_covering(part, of.record, now)
    }

    /// Returns the loan by which a unit of another home is lent to a node.
    pub fn loan_to(&self, node: NodeId, operation: OperationId, of: Elsewhere) -> Option<&Loan> {
        if of.record.kind != RecordKind::Unit {
            return None;
        }
        let part = self.participation_of(operation, of.node)?;
        let unit = UnitId(of.record.id);
        let mut loans = part.loans.iter().rev();
        loans.find(|loan| loan.unit == unit && loan.to == node && loan.ended_at.is_none())
    }

    /// Returns the loan by which a unit of this node is promised to another now.
    pub fn loan_of(&self, unit: UnitId, now: Timestamp) -> Option<&Loan> {
        let mut parts = self.participations.values().filter(|one| one.takes_part());
        parts.find_map(|part| part.loan_of(unit, now))
    }

    /// Returns what people call a node, without looking through every operation for it.
    pub fn name_of_in(&self, node: &NodeId, operation: &Operation) -> String {
        let id = crate::record::peer::Peer::id_of(node);
        let peer = self.peers.get(&id).map(|peer| peer.name.to_string());
        let named = || operation.members.get(node).map(|one| one.name.to_string());
        peer.or_else(named).unwrap_or_else(|| self.name_of(node))
    }

    /// Returns what people call a node: as it is called here, as its lead calls it, as it calls itself, or its id.
    pub fn name_of(&self, node: &NodeId) -> String {
        let id = crate::record::peer::Peer::id_of(node);
        if let Some(peer) = self.peers.get(&id) {
            return peer.name.to_string();
        }
        let mut operations = self.all_operations().into_iter();
        let named =
            operations.find_map(|one| one.members.get(node).map(|one| one.name.to_string()));
        let itself = || {
            let identity = self.copies.identities.get(node)?;
            identity.name().map(str::to_owned)
        };
        named.or_else(itself).unwrap_or_else(|| {
            let full = node.to_string();
            full[..8].to_owned()
        })
    }
}

/// Returns an operation as it stands, of what all who lead or led it last said of it.
fn current<'a>(all: &[&'a Operation]) -> Option<&'a Operation> {
    // Each node's record says what it last wrote as the lead.
    let founded = |one: &&&Operation| one.lead == one.genesis.founder;
    let mut current: &Operation = all.iter().find(founded)?;
    while let Some(to) = current.offered_to {
        // An offer freezes the record: whoever got it and wrote a later version has taken it. Versions rise, so
        // that command may go round as often as it likes and no step is gone twice.
        let taken = |one: &&&Operation| one.lead == to && one.version > current.version;
        match all.iter().find(taken) {
            Some(next) => current = next,
            None => break,
        }
    }
    Some(current)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Actor;
    use crate::record::message::{MessageEvent, What};

    #[test]
    fn a_version_that_is_told_may_be_as_high_as_a_store_can_hold_and_no_higher() {
        let meta = |version| Meta {
            record: [1; 16],
            version,
            at: Timestamp(0),
            happened_at: Timestamp(0),
            by: Actor::NODE,
        };
        let operation = OperationId([2; 16]);
        let what = What::Log { about: None };
        let sent = Event::Message(MessageEvent::Sent {
            operation,
            what,
            broke_silence: None,
        });
        let record = Record::apply(None, &sent, None, &meta(1)).unwrap();
        let told = Event::Told(Box::new(record));
        let follows = |version| follows(None, 0, &told, &meta(version));
        assert!(follows(1));
        assert!(follows(limits::RECORD_VERSION_MAX));
        assert!(!follows(limits::RECORD_VERSION_MAX + 1));
        assert!(!follows(u64::MAX));
    }

    fn meta_of(record: [u8; 16], version: u64) -> Meta {
        Meta {
            record,
            version,
            at: Timestamp(0),
            happened_at: Timestamp(0),
            by: Actor::NODE,
        }
    }

    #[test]
    fn nobody_elses_word_makes_more_of_an_operation_than_its_home_may() {
        let line = |text: String| text.parse::<crate::basis::Line>().unwrap();
        let node = |number: u8| NodeId([number; 32]);
        let genesis = crate::record::operation::Genesis {
            founder: node(0),
            name: line("parcel".to_owned()),
            purpose: line("stop it".to_owned()),
            legal_basis: line("art. 54".to_owned()),
            handling: crate::record::operation::Handling::PoliceUse,
            history: crate::record::operation::History::All,
            exercise: true,
            succeeds: None,
            nonce: OperationId([7; 16]),
        };
        let id = genesis.id().0;
        let own_name = line("A".to_owned());
        let mut events = vec![OperationEvent::Raised { genesis, own_name }];
        for number in 1..=150 {
            events.push(OperationEvent::Invited {
                node: node(number),
                name: line(format!("N{number}")),
                role: line("helps".to_owned()),
            });
            events.push(OperationEvent::ObjectiveSet {
                number: usize::from(number - 1),
                text: line(format!("reach {number}")),
            });
        }
        let mut held = None;
        for (at, event) in events.into_iter().enumerate() {
            let meta = meta_of(id, at as u64 + 1);
            held = Record::apply(held.as_ref(), &Event::Operation(event), None, &meta);
        }
        let Some(Record::Operation(held)) = held else {
            panic!("{held:?}");
        };
        assert_eq!(held.members.len(), limits::MEMBERS_PER_OPERATION_MAX);
        assert_eq!(held.objectives.len(), limits::OBJECTIVES_PER_OPERATION_MAX);
        // It goes on all the same: what comes later is not lost.
        assert_eq!(held.version, 301);

        let feed = Feed {
            node: node(0),
            scope: Scope::Command(id),
            epoch: 2,
            key: watchfire_feed::Signer::from_seed([1; 32]).public_key(),
        };
        let leads = |held: &Operation| {
            is_what_it_leads(
                &feed,
                &Record::Operation(std::sync::Arc::new(held.clone())),
                id,
            )
        };
        assert!(leads(&held));
        let mut other = held.as_ref().clone();
        other.genesis.exercise = false;
        assert!(!leads(&other), "it was founded otherwise");
        let mut other = held.as_ref().clone();
        other.lead = node(1);
        assert!(!leads(&other), "another leads it");
        let mut other = held.as_ref().clone();
        let more = other.objectives[0].clone();
        other.objectives.push(more);
        assert!(!leads(&other), "it has too much");
    }
}

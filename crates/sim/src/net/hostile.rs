//! A hostile node: it is enrolled, was called in and joined, holds valid keys, and lies.
//!
//! It keeps one history of its own as any node would, reads all that it may, and now and then strikes at one honest
//! node with something that no honest node would say. Each blow says beforehand what may come of it at most. What
//! it must never reach is told in [`crate::joint_invariant`]. Start at [`Hostile::strike`].

mod attack;
mod claims;
mod forged;
mod reads;

use std::collections::BTreeMap;

pub use attack::Attack;
use watchfire_core::basis::OperationId;
use watchfire_core::entropy::Entropy;
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::participation::{Participation, ParticipationEvent, Tier};
use watchfire_core::record::{Action, Elsewhere, Event, Record, RecordRef};
use watchfire_feed::{Entry, Feed, FeedId, Head, NodeId, Range, Scope, Vector};

use super::wire::{FRAMES_MAX_BYTES, Message, hear, read_frames};
use crate::pen::{Pen, Words};
use crate::site::Site;

/// What may come of a blow at most, at the node that it is struck at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// It cannot be read.
    Unreadable,
    /// No entry is taken.
    NotTaken,
    /// It is kept in the hostile node's own feed, and makes no copy other.
    NoCopy,
    /// The hostile node's own copies may be other, and nobody else's.
    OwnOnly,
    /// The hostile node's own feed is frozen.
    Frozen,
    /// It is given nothing.
    NothingGiven,
    /// It is given what it may have, within bounds.
    Bounded,
}

/// One blow.
pub(crate) struct Blow {
    /// What is said, one after the other.
    pub(crate) messages: Vec<Message>,
    /// What may come of it at most.
    pub(crate) expect: Expect,
}

impl Blow {
    fn frames(bytes: Vec<u8>, expect: Expect) -> Option<Blow> {
        Blow::say(Message::Frames(bytes), expect)
    }

    fn entry(entry: &Entry, expect: Expect) -> Option<Blow> {
        Blow::frames(entry.encode(), expect)
    }

    fn say(message: Message, expect: Expect) -> Option<Blow> {
        let messages = vec![message];
        Some(Blow { messages, expect })
    }
}

/// The hostile node.
pub(crate) struct Hostile {
    /// Its keys, and its own history.
    pub(crate) pen: Pen,
    /// The operation that it was called into.
    operation: OperationId,
    /// An incident of its own, shared in it.
    incident: Record,
    /// Honest entries that it was given.
    loot: BTreeMap<(FeedId, u64), Entry>,
}

impl Hostile {
    /// Joins an operation, and shares an incident of its own as any member might.
    pub(crate) fn join(site: &mut Site, operation: OperationId) -> Hostile {
        let mut pen = Pen::new(site.seeds(), &site.name);
        let open = IncidentAction::Open {
            from_call: None,
            category: Some("fraud".parse().expect("fraud is a code")),
            priority: Some(watchfire_core::basis::Priority::P2),
            place: Some(super::people::somewhere(&mut Entropy::from_number(7))),
        };
        let opened = site.ask(Action::Incident(open));
        let opened = opened.expect("nothing hinders it").records[0].0;
        let incident = site.shown.get(opened).expect("it was opened");
        let scope = Scope::Operation(operation.0);
        let node = site.node();
        let part = Participation::id_of(&node, operation).0;
        let joined = ParticipationEvent::Joined { operation, node };
        let shared = ParticipationEvent::Shared {
            record: opened,
            tier: Tier::Assist,
            with_response: true,
            until: None,
        };
        for (version, event) in [(1, joined), (2, shared)] {
            let event = Event::Participation(event);
            pen.write(scope, Words::of(&event, part, version));
        }
        let told = Event::Told(Box::new(incident.clone()));
        pen.write(scope, Words::of(&told, opened.id, incident.version()));
        Hostile {
            pen,
            operation,
            incident,
            loot: BTreeMap::new(),
        }
    }

    /// Returns the node.
    pub(crate) fn node(&self) -> NodeId {
        self.pen.node()
    }

    /// Returns its whole history as frames.
    pub(crate) fn history(&self) -> Message {
        // Who one is comes first, then what one leads, then what one says.
        let mut feeds: Vec<(&Scope, &Vec<Entry>)> = self.pen.feeds.iter().collect();
        feeds.sort_by_key(|(scope, _)| match scope {
            Scope::Identity => 0,
            Scope::Command(_) => 1,
            Scope::Operation(_) => 2,
            Scope::Local => 3,
        });
        let told = feeds.iter().filter(|(scope, _)| **scope != Scope::Local);
        let entries = told.flat_map(|(_, entries)| entries.iter());
        Message::Frames(entries.flat_map(Entry::encode).collect())
    }

    /// Says whether a node holds all of its history and would take more of it.
    pub(crate) fn is_heard_by(&self, target: &Site) -> bool {
        let board = &target.shown;
        let (node, id) = (self.node(), self.operation);
        let scope = self.scope();
        let feed = self.pen.feed(scope).id();
        let held = board.copies.feeds.get(&feed);
        let whole = held.is_some_and(|held| !held.forked && held.head == self.pen.head(scope));
        let named = board
            .operation_anywhere(id)
            .is_ok_and(|one| one.names(&node));
        whole && named && board.is_member(id, &target.node()) && self.is_let_in(target)
    }

    /// Says whether a node deals with it.
    pub(crate) fn is_let_in(&self, target: &Site) -> bool {
        let mut peers = target.shown.peers.values();
        let peer = peers.find(|peer| peer.node == self.node());
        peer.is_none_or(|peer| peer.is_let_in())
    }

    /// Reads all that a node gives it; returns what it was given, for others to judge.
    pub(crate) fn read(&mut self, target: &mut Site) -> Vec<Message> {
        let mut given = Vec::new();
        let node = self.node();
        let asked = hear(target, node, Message::Ask).map(|heard| heard.answers);
        for answer in asked.unwrap_or_default() {
            if let Message::Holds(bytes, _) = &answer {
                let ranges = self.lacking(bytes);
                let pulled = hear(target, node, Message::Pull(ranges)).map(|heard| heard.answers);
                for frames in pulled.unwrap_or_default() {
                    if let Message::Frames(bytes) = &frames {
                        self.keep(bytes);
                    }
                    given.push(frames);
                }
            }
            given.push(answer);
        }
        given
    }

    fn lacking(&self, vector: &[u8]) -> Vec<Range> {
        let heads = Vector::decode(vector).unwrap_or_default();
        let mut ranges = Vec::new();
        for head in heads.iter() {
            let held = self.loot.range((head.feed, 0)..=(head.feed, u64::MAX));
            let from = held.last().map_or(1, |((_, seq), _)| seq + 1);
            if from <= head.seq {
                let (feed, to) = (head.feed, head.seq);
                ranges.push(Range { feed, from, to });
            }
        }
        ranges
    }

    fn keep(&mut self, frames: &[u8]) {
        let own: Vec<FeedId> = self
            .pen
            .feeds
            .keys()
            .map(|scope| self.pen.feed(*scope).id())
            .collect();
        for entry in read_frames(frames).0 {
            let feed = entry.header.feed;
            if !own.contains(&feed) {
                self.loot.insert((feed, entry.header.seq), entry);
            }
        }
    }

    /// Strikes at a node, if there is what the attack needs.
    pub(crate) fn strike(
        &mut self,
        attack: Attack,
        target: &Site,
        dice: &mut Entropy,
    ) -> Option<Blow> {
        if let Some(blow) = self.forge(attack, target, dice) {
            return Some(blow);
        }
        if let Some(blow) = self.claim(attack, target, dice) {
            return Some(blow);
        }
        self.ask(attack, target, dice)
    }

    /// Returns the operation.
    pub(crate) fn operation(&self) -> OperationId {
        self.operation
    }

    /// Returns the incident that it shares.
    pub(crate) fn incident(&self) -> &Record {
        &self.incident
    }

    fn scope(&self) -> Scope {
        Scope::Operation(self.operation.0)
    }

    fn own_incident(&self) -> Elsewhere {
        let node = self.node();
        let record = self.incident.reference();
        Elsewhere { node, record }
    }

    /// Returns some word of its own that is nothing special.
    fn a_word(&self) -> Words {
        let version = self.incident.version() + 90;
        Words::unknown("message.mumbled", [9; 16], version, false)
    }

    /// Returns an honest entry that a node holds and did not write.
    fn held_by(&self, target: &Site, dice: &mut Entropy) -> Option<(Feed, Entry)> {
        let ours = [self.node(), target.node()];
        let strange = |(feed, _): &&(Feed, Entry)| {
            !ours.contains(&feed.node) && feed.scope != Scope::Identity
        };
        let all: Vec<&(Feed, Entry)> = target.disk.log.iter().filter(strange).collect();
        pick(dice, &all).map(|found| (*found).clone())
    }

    /// Returns an honest entry that a node does not hold yet and would take next, else one that it holds.
    fn next_for(&self, target: &Site, dice: &mut Entropy) -> Option<Entry> {
        let next = |entry: &&Entry| {
            let held = target.disk.head(entry.header.feed);
            entry.header.seq == held.seq + 1 && held.seq > 0
        };
        let next = self.loot.values().find(next).cloned();
        next.or_else(|| self.held_by(target, dice).map(|(_, entry)| entry))
    }

    /// Returns an honest node other than the one that is struck at.
    fn somebody(&self, target: &Site, dice: &mut Entropy) -> Option<NodeId> {
        let found = target.shown.operation_anywhere(self.operation).ok()?;
        let others = found.members.keys().copied();
        let others = others.filter(|node| ![self.node(), target.node()].contains(node));
        pick(dice, &others.collect::<Vec<_>>()).copied()
    }

    /// Returns a record of an honest node that it was told of.
    fn an_honest_record(&self, target: &Site, dice: &mut Entropy) -> Option<Record> {
        let copies = target.shown.copies.boards.iter();
        let honest = copies.filter(|(node, _)| **node != self.node());
        let incidents = honest.flat_map(|(_, board)| board.incidents.values());
        let all: Vec<Record> = incidents.cloned().map(Record::Incident).collect();
        pick(dice, &all).cloned()
    }
}

/// Says whether an answer is within what anybody may be given at once.
pub(crate) fn is_bounded(answers: &[Message]) -> bool {
    answers.iter().all(|answer| match answer {
        Message::Frames(bytes) => bytes.len() <= FRAMES_MAX_BYTES,
        Message::Keys(keys) => keys.len() <= super::wire::KEYS_MAX,
        Message::Pull(ranges) => ranges.len() <= super::wire::RANGES_MAX,
        Message::AskKeys(keys) => keys.len() <= super::wire::KEYS_MAX,
        Message::News | Message::Ask | Message::Holds(..) => true,
    })
}

fn pick<'a, T>(dice: &mut Entropy, among: &'a [T]) -> Option<&'a T> {
    match among.len() {
        0 => None,
        count => among.get(dice.below(count as u64) as usize),
    }
}

fn start(feed: &Feed) -> Head {
    Head::start(feed.id())
}

fn incident_ref(record: &Record) -> RecordRef {
    record.reference()
}

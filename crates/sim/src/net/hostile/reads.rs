//! Blows with questions and answers: what it asks for and may not have, keys that are none, vectors that lie, floods,
//! and going on where nobody listens any more.

use watchfire_core::entropy::Entropy;
use watchfire_core::record::Elsewhere;
use watchfire_core::record::Event;
use watchfire_core::record::incident::IncidentEvent;
use watchfire_core::sync;
use watchfire_feed::limits::VECTOR_FEEDS_MAX;
use watchfire_feed::seal::{self, RecordKey};
use watchfire_feed::{FeedId, Hash, Head, Range, Scope, Vector};

use super::{Attack, Blow, Expect, Hostile, incident_ref, pick};
use crate::net::wire::Message;
use crate::pen::Words;
use crate::site::Site;

/// More than anybody may ask for at once.
const VERY_MANY: usize = 5_000;

impl Hostile {
    /// Makes a blow of a question or an answer.
    pub(super) fn ask(
        &mut self,
        attack: Attack,
        target: &Site,
        dice: &mut Entropy,
    ) -> Option<Blow> {
        self.pull_what_is_not_for_it(attack, target)
            .or_else(|| self.keys(attack, target, dice))
            .or_else(|| self.vectors(attack, target, dice))
            .or_else(|| self.where_nobody_listens(attack, target))
    }

    fn pull_what_is_not_for_it(&self, attack: Attack, target: &Site) -> Option<Blow> {
        let whole = |feed: FeedId| Range {
            feed,
            from: 0,
            to: u64::MAX,
        };
        match attack {
            Attack::AsksLocal => {
                let range = whole(target.engine.feed().id());
                Blow::say(Message::Pull(vec![range]), Expect::NothingGiven)
            }
            Attack::AsksForeign => {
                let node = self.node();
                let feeds = target.shown.copies.feeds.values();
                let foreign = feeds.filter(|held| {
                    let may = sync::may_read(&target.shown, target.node(), &node, &held.feed);
                    may.is_none()
                });
                let ranges: Vec<Range> = foreign.map(|held| whole(held.feed.id())).collect();
                let some = !ranges.is_empty();
                Blow::say(Message::Pull(ranges), Expect::NothingGiven).filter(|_| some)
            }
            Attack::AsksEverything => {
                let feeds = target.shown.copies.feeds.keys();
                let ranges = feeds.map(|feed| whole(*feed)).collect();
                Blow::say(Message::Pull(ranges), Expect::Bounded)
            }
            Attack::AsksManyRanges => {
                let feed = *target.shown.copies.feeds.keys().next()?;
                let ranges = vec![whole(feed); VERY_MANY];
                Blow::say(Message::Pull(ranges), Expect::Bounded)
            }
            _ => None,
        }
    }

    /// Returns the id of a key to something at a node that it may not read, and the record.
    fn a_key_not_for_it(&self, target: &Site) -> Option<([u8; 16], Elsewhere)> {
        let node = target.node();
        let rows = target
            .disk
            .rows
            .iter()
            .filter(|(_, row)| !row.sealed.is_empty());
        let mut all = rows.filter_map(|(record, row)| {
            let of = Elsewhere {
                node,
                record: *record,
            };
            Some((seal::key_id(&row.sealed)?, of))
        });
        let asker = self.node();
        all.find(|(_, of)| !sync::may_have_key(&target.shown, node, &asker, *of, target.now))
    }

    fn keys(&mut self, attack: Attack, target: &Site, dice: &mut Entropy) -> Option<Blow> {
        match attack {
            Attack::AsksUnsharedKey => {
                let wanted = vec![self.a_key_not_for_it(target)?];
                Blow::say(Message::AskKeys(wanted), Expect::NothingGiven)
            }
            Attack::AsksKeyByOtherName => {
                let (id, _) = self.a_key_not_for_it(target)?;
                let node = target.node();
                let part = target.shown.participation_of(self.operation, node)?;
                let record = pick(dice, &part.shares)?.record;
                let of = Elsewhere { node, record };
                Blow::say(Message::AskKeys(vec![(id, of)]), Expect::NothingGiven)
            }
            Attack::AsksKeyByOwnRecord => {
                let (id, _) = self.a_key_not_for_it(target)?;
                let sealed = [id.as_slice(), &[7; 60]].concat();
                let noted = Event::Incident(IncidentEvent::NoteAdded);
                let record = incident_ref(&self.incident).id;
                let words = Words::of(&noted, record, self.incident.version() + 11);
                let entry = self.pen.write(self.scope(), Words { sealed, ..words });
                let wanted = vec![(id, self.own_incident())];
                Some(Blow {
                    messages: vec![Message::Frames(entry.encode()), Message::AskKeys(wanted)],
                    expect: Expect::NothingGiven,
                })
            }
            Attack::AsksManyKeys => {
                let of = self.own_incident();
                let wanted = (0..VERY_MANY).map(|_| (dice.next_16(), of)).collect();
                Blow::say(Message::AskKeys(wanted), Expect::NothingGiven)
            }
            Attack::WrongKey => {
                let (id, _) = target.keys_missing.first()?;
                let key = RecordKey::new(*id, dice.next_32());
                Blow::say(Message::Keys(vec![key]), Expect::NothingGiven)
            }
            Attack::KeysUnasked => {
                let mut key = || RecordKey::new(dice.next_16(), dice.next_32());
                let keys = (0..VERY_MANY).map(|_| key()).collect();
                Blow::say(Message::Keys(keys), Expect::NothingGiven)
            }
            _ => None,
        }
    }

    fn vectors(&mut self, attack: Attack, target: &Site, dice: &mut Entropy) -> Option<Blow> {
        let holds = |bytes| Message::Holds(bytes, Vec::new());
        match attack {
            Attack::JunkVector => {
                let junk = (0..9).flat_map(|_| dice.next_32()).collect();
                Blow::say(holds(junk), Expect::Unreadable)
            }
            Attack::HugeVector => {
                let mut bytes = Vector::new().encode();
                bytes[4..8].copy_from_slice(&(VECTOR_FEEDS_MAX as u32 + 1).to_be_bytes());
                bytes.resize(8 + 72 * (VECTOR_FEEDS_MAX + 1), 1);
                Blow::say(holds(bytes), Expect::Unreadable)
            }
            Attack::LyingVector => {
                let mut lies = Vector::new();
                for held in target.shown.copies.feeds.values() {
                    let (seq, hash) = (held.head.seq + 1_000, Hash(dice.next_32()));
                    let head = Head {
                        seq,
                        hash,
                        ..held.head
                    };
                    lies.insert(head).ok()?;
                }
                let feed = FeedId(dice.next_32());
                let (seq, hash) = (5, Hash(dice.next_32()));
                lies.insert(Head { feed, seq, hash }).ok()?;
                Blow::say(holds(lies.encode()), Expect::Bounded)
            }
            Attack::FramingVector => {
                let (_, mut entry) = self.held_by(target, dice)?;
                let mut lies = Vector::new();
                let hash = Hash(dice.next_32());
                lies.insert(Head {
                    hash,
                    ..entry.head()
                })
                .ok()?;
                entry.header_bytes[90] ^= 1;
                Some(Blow {
                    messages: vec![holds(lies.encode()), Message::Frames(entry.encode())],
                    expect: Expect::NotTaken,
                })
            }
            Attack::Flood => {
                let (_, entry) = self.held_by(target, dice)?;
                let frame = entry.encode();
                let many = frame.repeat(200);
                let messages = vec![Message::Frames(many); 3];
                let expect = Expect::NotTaken;
                Some(Blow { messages, expect })
            }
            _ => None,
        }
    }

    /// Goes on writing where it was removed, or shut out.
    fn where_nobody_listens(&mut self, attack: Attack, target: &Site) -> Option<Blow> {
        let known = target.shown.operation_anywhere(self.operation).ok()?;
        let removed = !known.names(&self.node());
        let fits = match attack {
            Attack::ThoughShutOut => !self.is_let_in(target),
            Attack::ThoughRemoved => removed && self.is_let_in(target),
            _ => false,
        };
        if !fits {
            return None;
        }
        let closed = IncidentEvent::AlarmRaised { level: 3 };
        let record = incident_ref(&self.incident).id;
        let words = Words::of(
            &Event::Incident(closed),
            record,
            self.incident.version() + 1,
        );
        let head = self.pen.head(self.scope());
        let entry = self.pen.sign(head, words);
        let opened = self.pen.feeds.get(&Scope::Identity)?.last()?;
        let mut bytes = opened.encode();
        bytes.extend(entry.encode());
        Blow::frames(bytes, Expect::NotTaken)
    }
}

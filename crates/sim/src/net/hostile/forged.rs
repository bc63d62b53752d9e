//! Blows with bytes: what cannot be read, what was altered on its way, and what stands in the wrong place of a feed.

use watchfire_core::entropy::Entropy;
use watchfire_feed::{
    Entry, Feed, Hash, Head, HybridTime, IdentityEvent, NodeId, Scope, SealedBody, Signer,
    identity_entry,
};

use super::{Attack, Blow, Expect, Hostile, start};
use crate::net::wire::FRAMES_MAX_BYTES;
use crate::pen::{Pen, Words, body};
use crate::site::{Seeds, Site};

/// Where the parts of a header lie.
const SUITE_AT: usize = 4;
const FLAGS_AT: usize = 5;
const FEED_AT: usize = 8;
const SEQ_AT: usize = 40;
const PREVIOUS_AT: usize = 48;
const TIME_AT: usize = 80;
const PLAIN_SIZE_AT: usize = 112;
const KIND_AT: usize = 153;
const DEP_BYTES: usize = 72;

impl Hostile {
    /// Makes a blow of bytes.
    pub(super) fn forge(
        &mut self,
        attack: Attack,
        target: &Site,
        dice: &mut Entropy,
    ) -> Option<Blow> {
        self.unreadable(attack, target, dice)
            .or_else(|| self.altered(attack, target, dice))
            .or_else(|| self.misplaced(attack, target))
            .or_else(|| self.not_spoken_for(attack, target, dice))
    }

    /// Signs a word of its own whose header was edited.
    fn edited(&mut self, words: Words, edit: impl FnOnce(&mut Vec<u8>)) -> Option<Blow> {
        let head = self.pen.head(self.scope());
        let frame = self.pen.forge(self.pen.seeds.online, words, head, edit);
        Blow::frames(frame, Expect::Unreadable)
    }

    fn unreadable(&mut self, attack: Attack, target: &Site, dice: &mut Entropy) -> Option<Blow> {
        let word = self.a_word();
        match attack {
            Attack::Junk => {
                let junk = (0..40).flat_map(|_| dice.next_32()).collect();
                Blow::frames(junk, Expect::Unreadable)
            }
            Attack::CutFrame => {
                let mut frame = self.held_by(target, dice)?.1.encode();
                frame.truncate(frame.len() - 1 - dice.below(100) as usize);
                Blow::frames(frame, Expect::Unreadable)
            }
            Attack::OversizeAnswer => {
                Blow::frames(vec![0; FRAMES_MAX_BYTES + 1], Expect::Unreadable)
            }
            Attack::HugeHeader => {
                let mut frame = self.held_by(target, dice)?.1.encode();
                frame[..4].copy_from_slice(&u32::MAX.to_be_bytes());
                Blow::frames(frame, Expect::Unreadable)
            }
            Attack::WrongMagic => self.edited(word, |header| header[0] ^= 1),
            Attack::UnknownSuite => self.edited(word, |header| header[SUITE_AT] = 9),
            Attack::ReservedFlag => self.edited(word, |header| header[FLAGS_AT] |= 0x80),
            Attack::HeaderTail => self.edited(word, |header| header.push(0)),
            Attack::HugeBody => self.edited(word, |header| header[PLAIN_SIZE_AT] = 0x7f),
            Attack::OddKind => self.edited(word, |header| header[KIND_AT] = b'<'),
            Attack::SeqZero => self.edited(word, |header| header[SEQ_AT..SEQ_AT + 8].fill(0)),
            Attack::OddSealedForm => {
                let head = self.pen.head(self.scope());
                let entry = self.pen.sign(head, word);
                let form_at = 4 + entry.header_bytes.len() + 64;
                let mut frame = entry.encode();
                frame[form_at] = 1;
                Blow::frames(frame, Expect::Unreadable)
            }
            Attack::DepsDisordered => {
                let loot: Vec<Head> = self.loot.values().map(Entry::head).collect();
                let one = *loot.first()?;
                let other = *loot.iter().find(|head| head.feed != one.feed)?;
                let deps = vec![one, other];
                self.edited(Words { deps, ..word }, |header| {
                    let second = header.len() - DEP_BYTES;
                    let (low, high) = header.split_at_mut(second);
                    low[second - DEP_BYTES..].swap_with_slice(high);
                })
            }
            Attack::DepOnItself => {
                let own = self.pen.head(self.scope()).feed;
                let deps = vec![self.loot.values().next()?.head()];
                self.edited(Words { deps, ..word }, |header| {
                    let dep = header.len() - DEP_BYTES;
                    header[dep..dep + 32].copy_from_slice(&own.0);
                })
            }
            _ => None,
        }
    }

    fn altered(&mut self, attack: Attack, target: &Site, dice: &mut Entropy) -> Option<Blow> {
        let mut entry = self.next_for(target, dice)?;
        match attack {
            Attack::AlteredHeader => entry.header_bytes[TIME_AT + 5] ^= 1,
            Attack::AlteredPlain => *entry.plain.last_mut()? ^= 1,
            Attack::AlteredSealed => {
                let sealed =
                    |(_, entry): &&(Feed, Entry)| matches!(entry.sealed, SealedBody::Whole(_));
                entry = target.disk.log.iter().find(sealed)?.1.clone();
                let SealedBody::Whole(bytes) = &mut entry.sealed else {
                    return None;
                };
                *bytes.last_mut()? ^= 1;
            }
            Attack::AlteredSignature => entry.signature[7] ^= 1,
            Attack::InAnothersName => {
                let (_, held) = self.held_by(target, dice)?;
                let head = target.disk.head(held.header.feed);
                let word = self.a_word();
                entry = self.pen.sign(head, word);
            }
            Attack::MovedEntry => {
                let feed = self.pen.head(self.scope()).feed;
                entry.header_bytes[FEED_AT..FEED_AT + 32].copy_from_slice(&feed.0);
            }
            _ => return None,
        }
        Blow::entry(&entry, Expect::NotTaken)
    }

    fn misplaced(&mut self, attack: Attack, target: &Site) -> Option<Blow> {
        let word = self.a_word();
        let scope = self.scope();
        let head = self.pen.head(scope);
        let secret = self.pen.seeds.online;
        match attack {
            Attack::Gap => {
                let seq = head.seq + 3;
                let hash = Hash::of(b"what was left out");
                let entry = self.pen.sign(Head { seq, hash, ..head }, word);
                Blow::entry(&entry, Expect::NotTaken)
            }
            Attack::LateOpening => {
                let word = Words::unknown("late.opened", [0; 16], 0, true);
                let frame = self
                    .pen
                    .forge(secret, word, head, |header| name_opening(header));
                Blow::frames(frame, Expect::NotTaken)
            }
            Attack::NoOpening => {
                let feed = self.pen.feed(Scope::Command([8; 16]));
                let frame = self.first(&feed, |header| {
                    header[KIND_AT..KIND_AT + 11].copy_from_slice(b"feed.opener");
                });
                Blow::frames(frame, Expect::NotTaken)
            }
            Attack::OtherOpening => {
                let feed = self.pen.feed(Scope::Command([8; 16]));
                let frame = self.first(&feed, |header| header[FEED_AT] ^= 1);
                Blow::frames(frame, Expect::NotTaken)
            }
            Attack::OddlySpeltOpening => {
                let feed = self.pen.feed(Scope::Command([8; 16]));
                let mut plain = feed.opening_body(None, "simulated");
                plain.insert(1, b' ');
                let frame = self.first_with(&feed, plain, secret);
                Blow::frames(frame, Expect::NotTaken)
            }
            Attack::OddBody => {
                let plain = body(r#"{"event":"closed","disposition":7}"#);
                let kind = "incident.closed".to_owned();
                let entry = self.pen.sign(
                    head,
                    Words {
                        kind,
                        plain,
                        ..word
                    },
                );
                Blow::entry(&entry, Expect::NotTaken)
            }
            Attack::Fork => {
                let again = self.pen.feeds.get(&scope)?.last()?.clone();
                let entry = self.pen.sign(before(&again), word);
                let expect = match self.is_heard_by(target) {
                    true => Expect::Frozen,
                    false => Expect::NotTaken,
                };
                Blow::entry(&entry, expect)
            }
            Attack::BrokenLink => {
                let hash = Hash::of(b"another history");
                let entry = self.pen.sign(Head { hash, ..head }, word);
                let expect = match self.is_heard_by(target) {
                    true => Expect::Frozen,
                    false => Expect::NotTaken,
                };
                Blow::entry(&entry, expect)
            }
            _ => None,
        }
    }

    /// Signs a first entry that is edited.
    fn first(&mut self, feed: &Feed, edit: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut entry = self.pen.seeds.opening(feed, None, HybridTime(1));
        edit(&mut entry.header_bytes);
        // It does not verify either way; that it is looked at before is what counts.
        entry.encode()
    }

    /// Signs a first entry with a body of its own.
    fn first_with(&mut self, feed: &Feed, plain: Vec<u8>, secret: [u8; 32]) -> Vec<u8> {
        let mut words = Words::unknown("late.opened", [0; 16], 0, true);
        words.plain = plain;
        let second = Head {
            seq: 1,
            hash: Hash::of(b"nothing"),
            ..start(feed)
        };
        self.pen.forge(secret, words, second, |header| {
            name_opening(header);
            header[SEQ_AT..SEQ_AT + 8].copy_from_slice(&1_u64.to_be_bytes());
            header[PREVIOUS_AT..PREVIOUS_AT + 32].fill(0);
        })
    }

    fn not_spoken_for(
        &mut self,
        attack: Attack,
        target: &Site,
        dice: &mut Entropy,
    ) -> Option<Blow> {
        let operation = self.operation.0;
        let (root, secret) = (self.pen.seeds.root, self.pen.seeds.online);
        let key = Signer::from_seed(secret).public_key();
        let epoch = 1;
        let frame = match attack {
            Attack::LocalFeed => {
                let feed = self.pen.feed(Scope::Local);
                self.pen.seeds.opening(&feed, None, HybridTime(1)).encode()
            }
            Attack::OperationInAnothersName | Attack::CommandInAnothersName => {
                let scope = match attack {
                    Attack::OperationInAnothersName => Scope::Operation(operation),
                    _ => Scope::Command(operation),
                };
                let node = self.somebody(target, dice)?;
                let feed = Feed {
                    node,
                    scope,
                    epoch,
                    key,
                };
                self.pen.seeds.opening(&feed, None, HybridTime(1)).encode()
            }
            Attack::IdentityOfAnother => {
                let node = self.somebody(target, dice)?;
                let key = Signer::from_seed(root).public_key();
                let scope = Scope::Identity;
                let feed = Feed {
                    node,
                    scope,
                    epoch,
                    key,
                };
                let plain = feed.opening_body(None, "it is me");
                self.first_with(&feed, plain, root)
            }
            Attack::IdentityOfStranger => frames(&a_stranger(dice).feeds[&Scope::Identity]),
            Attack::StrangerJoins => {
                let mut stranger = a_stranger(dice);
                let node = stranger.node();
                let (record, event) = joining(node, self.operation);
                stranger.write(self.scope(), Words::of(&event, record, 1));
                let mut bytes = frames(&stranger.feeds[&Scope::Identity]);
                bytes.extend(frames(&stranger.feeds[&self.scope()]));
                bytes
            }
            Attack::UncertifiedKey => {
                let online = dice.next_32();
                let feed = Feed {
                    epoch: 2,
                    key: Signer::from_seed(online).public_key(),
                    ..self.pen.feed(self.scope())
                };
                let seeds = Seeds::new(root, online);
                seeds.opening(&feed, None, HybridTime(1)).encode()
            }
            Attack::SecondKey => {
                let head = self.pen.head(Scope::Identity);
                let public_key = Signer::from_seed(dice.next_32()).public_key();
                let event = IdentityEvent::KeyCertified {
                    epoch: 2,
                    public_key,
                };
                let signer = Signer::from_seed(root);
                identity_entry(&signer, &head, HybridTime(2), &event)
                    .ok()?
                    .encode()
            }
            Attack::OddIdentityEntry => {
                let mut words = Words::unknown("identity.named", [0; 16], 0, true);
                words.plain = br#"{"name": "X"}"#.to_vec();
                let head = self.pen.head(Scope::Identity);
                let signer = Signer::from_seed(root);
                self.pen.sign_with(&signer, head, words).encode()
            }
            Attack::AnotherOperation => {
                let feed = self.pen.feed(Scope::Operation(dice.next_16()));
                self.pen.seeds.opening(&feed, None, HybridTime(1)).encode()
            }
            _ => return None,
        };
        Blow::frames(frame, Expect::NotTaken)
    }
}

/// Returns that a node joins an operation, and of which record.
pub(super) fn joining(
    node: NodeId,
    operation: watchfire_core::basis::OperationId,
) -> ([u8; 16], watchfire_core::record::Event) {
    use watchfire_core::record::Event;
    use watchfire_core::record::participation::{Participation, ParticipationEvent};
    let record = Participation::id_of(&node, operation).0;
    let event = ParticipationEvent::Joined { operation, node };
    (record, Event::Participation(event))
}

/// Returns a node that nobody here has heard of.
pub(super) fn a_stranger(dice: &mut Entropy) -> Pen {
    let seeds = Seeds::new(dice.next_32(), dice.next_32());
    Pen::new(seeds, "stranger")
}

fn frames(entries: &[Entry]) -> Vec<u8> {
    entries.iter().flat_map(Entry::encode).collect()
}

fn name_opening(header: &mut [u8]) {
    header[KIND_AT..KIND_AT + 11].copy_from_slice(b"feed.opened");
}

/// Returns the head on which an entry follows.
fn before(entry: &Entry) -> Head {
    Head {
        feed: entry.header.feed,
        seq: entry.header.seq - 1,
        hash: entry.header.previous,
    }
}

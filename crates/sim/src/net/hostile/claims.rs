//! Blows with words: entries that are signed as they should be, and say what their writer has no right to say.

use watchfire_core::basis::{OperationId, Timestamp};
use watchfire_core::entropy::Entropy;
use watchfire_core::record::incident::IncidentEvent;
use watchfire_core::record::message::{Ask, MessageEvent, What};
use watchfire_core::record::operation::OperationEvent;
use watchfire_core::record::participation::{Participation, ParticipationEvent};
use watchfire_core::record::peer::{Peer, PeerEvent};
use watchfire_core::record::reply::{Reply, ReplyEvent};
use watchfire_core::record::{Elsewhere, Event, Record};
use watchfire_feed::{HybridTime, Scope};

use super::forged::a_stranger;
use super::{Attack, Blow, Expect, Hostile, incident_ref};
use crate::pen::{Words, body};
use crate::site::Site;

impl Hostile {
    /// Makes a blow of words, at the end of its own history.
    pub(super) fn claim(
        &mut self,
        attack: Attack,
        target: &Site,
        dice: &mut Entropy,
    ) -> Option<Blow> {
        let found = self
            .about_records(attack, target, dice)
            .or_else(|| self.about_others(attack, target, dice))
            .or_else(|| self.about_command(attack, target, dice));
        let (scope, words, expect) = found?;
        let heard = match scope {
            Scope::Command(_) => self.is_let_in(target),
            Scope::Local | Scope::Identity | Scope::Operation(_) => self.is_heard_by(target),
        };
        self.pen.write(scope, words);
        let written = self.pen.feeds.get(&scope)?;
        // A feed that was opened with it comes with its opening.
        let last = &written[written.len().saturating_sub(2)..];
        let frames = last
            .iter()
            .flat_map(watchfire_feed::Entry::encode)
            .collect();
        Blow::frames(frames, if heard { expect } else { Expect::NotTaken })
    }

    fn about_records(
        &mut self,
        attack: Attack,
        target: &Site,
        dice: &mut Entropy,
    ) -> Option<(Scope, Words, Expect)> {
        let line = || "so says the other".parse().expect("it is a line");
        let own = incident_ref(&self.incident).id;
        let closed = Event::Incident(IncidentEvent::Closed {
            disposition: line(),
        });
        let graded = Event::Incident(IncidentEvent::AlarmRaised { level: 9 });
        let mut expect = Expect::NoCopy;
        let words = match attack {
            Attack::AnothersRecord => {
                let record = self.an_honest_record(target, dice)?;
                Words::of(&closed, record.reference().id, record.version() + 1)
            }
            Attack::AnothersRecordTold => {
                let record = self.an_honest_record(target, dice)?;
                expect = Expect::OwnOnly;
                let told = Event::Told(Box::new(record.clone()));
                Words::of(&told, record.reference().id, record.version() + 5)
            }
            Attack::AnothersRecordErased => {
                // Of the node itself that is struck at, or of any other.
                let mine = target.shown.incidents.values().next().cloned();
                let record = mine.map(Record::Incident);
                let record = record.or_else(|| self.an_honest_record(target, dice))?;
                let erased = Event::Incident(IncidentEvent::Erased { reason: line() });
                Words::of(&erased, record.reference().id, 1)
            }
            Attack::VersionJump => Words::of(&closed, own, self.incident.version() + 7),
            Attack::VersionAgain => Words::of(&graded, own, self.incident.version()),
            Attack::NewerOfAnother => {
                let record = self.an_honest_record(target, dice)?;
                expect = Expect::OwnOnly;
                let version = record.version() + 1;
                Words::unknown("incident.rerouted", record.reference().id, version, true)
            }
            Attack::AnothersKeyNamed => {
                let (_, entry) = self.held_by(target, dice)?;
                let watchfire_feed::SealedBody::Whole(sealed) = entry.sealed else {
                    return None;
                };
                let noted = Event::Incident(IncidentEvent::NoteAdded);
                let version = self.incident.version() + 9;
                let words = Words::of(&noted, own, version);
                Words { sealed, ..words }
            }
            Attack::FarFuture | Attack::FarPast => {
                let ms = match attack {
                    Attack::FarFuture => 221_845_000_000_000,
                    _ => 1,
                };
                let time = Some(HybridTime::from_parts(ms, 0));
                Words {
                    time,
                    ..self.a_word()
                }
            }
            _ => return None,
        };
        if matches!(attack, Attack::FarFuture | Attack::FarPast) {
            expect = Expect::OwnOnly;
        }
        Some((self.scope(), words, expect))
    }

    fn about_others(
        &mut self,
        attack: Attack,
        target: &Site,
        dice: &mut Entropy,
    ) -> Option<(Scope, Words, Expect)> {
        let line = || "so says the other".parse().expect("it is a line");
        let id = self.operation;
        let elsewhere = OperationId([6; 16]);
        let part = |node| Participation::id_of(node, id).0;
        let mut expect = Expect::NoCopy;
        let words = match attack {
            Attack::CallInOperation => Words {
                kind: "call.detached".to_owned(),
                plain: body(r#"{"event":"detached"}"#),
                ..self.a_word()
            },
            Attack::PeerInOperation => {
                let node = self.node();
                let name = line();
                let enrolled = Event::Peer(PeerEvent::Enrolled { node, name });
                Words::of(&enrolled, Peer::id_of(&node).0, 1)
            }
            Attack::AnotherJoins => {
                let node = a_stranger(dice).node();
                let operation = id;
                let joined = ParticipationEvent::Joined { operation, node };
                Words::of(&Event::Participation(joined), part(&node), 1)
            }
            Attack::AnotherLeaves => {
                let node = self.somebody(target, dice)?;
                let left = ParticipationEvent::Left { reason: line() };
                Words::of(&Event::Participation(left), part(&node), 2)
            }
            Attack::JoinsElsewhere => {
                let (operation, node) = (elsewhere, self.node());
                let joined = ParticipationEvent::Joined { operation, node };
                Words::of(&Event::Participation(joined), part(&node), 9)
            }
            Attack::MessageElsewhere => {
                let (operation, what) = (elsewhere, What::Log { about: None });
                let sent = MessageEvent::Sent {
                    operation,
                    what,
                    broke_silence: None,
                };
                Words::of(&Event::Message(sent), dice.next_16(), 1)
            }
            Attack::AskWithoutLoan => {
                expect = Expect::OwnOnly;
                let event = self.ask_without_loan(target)?;
                Words::of(&event, dice.next_16(), 1)
            }
            Attack::AnswerForAnother => {
                expect = Expect::OwnOnly;
                let (record, event) = self.answer_for_another(target)?;
                Words::of(&event, record, 1)
            }
            _ => return None,
        };
        Some((self.scope(), words, expect))
    }

    fn ask_without_loan(&self, target: &Site) -> Option<Event> {
        let node = target.node();
        let part = target.shown.participation_of(self.operation, node)?;
        let lent = |unit| part.loans.iter().any(|loan| loan.unit == unit);
        let mut units = target.shown.units.keys();
        let unit = units.find(|unit| !lent(**unit))?;
        let to = watchfire_core::basis::IncidentId(incident_ref(&self.incident).id);
        let far = Timestamp(target.now.0 + 3_600_000);
        let what = What::Ask {
            of: Elsewhere {
                node,
                record: (*unit).into(),
            },
            ask: Ask::Send { to },
            if_version: None,
            expires_at: far,
            within_loan: Some(far),
        };
        let operation = self.operation;
        Some(Event::Message(MessageEvent::Sent {
            operation,
            what,
            broke_silence: None,
        }))
    }

    fn answer_for_another(&self, target: &Site) -> Option<([u8; 16], Event)> {
        let (own, copies) = (target.node(), target.shown.copies.boards.iter());
        let mine = target.shown.messages.values().map(|message| (own, message));
        let theirs = copies.flat_map(|(node, board)| {
            let messages = board.messages.values();
            messages.map(|message| (*node, message))
        });
        let (node, message) = mine.chain(theirs).find(|(_, message)| {
            let asked = message.asked_of();
            asked.is_some_and(|of| of.node != self.node())
        })?;
        let asked = message.asked_of()?.node;
        let record = message.id.into();
        let to = Elsewhere { node, record };
        let answered = ReplyEvent::Answered {
            operation: self.operation,
            to,
            accepted: true,
            result: None,
            reason: None,
            clash: false,
        };
        Some((Reply::id_of(&asked, &to).0, Event::Reply(answered)))
    }

    fn about_command(
        &mut self,
        attack: Attack,
        target: &Site,
        dice: &mut Entropy,
    ) -> Option<(Scope, Words, Expect)> {
        let line = || "so says the other".parse().expect("it is a line");
        let known = target
            .shown
            .operation_anywhere(self.operation)
            .ok()?
            .clone();
        let id = self.operation.0;
        let mut expect = Expect::NoCopy;
        let (scope, words) = match attack {
            Attack::LeadInOperationFeed => {
                let removed = OperationEvent::Removed {
                    node: target.node(),
                    reason: line(),
                    accepted: Vec::new(),
                };
                let version = known.version + 1;
                let words = Words::of(&Event::Operation(removed), id, version);
                (self.scope(), words)
            }
            Attack::RaisedByAnother => {
                let mut genesis = known.genesis.clone();
                genesis.nonce = OperationId(dice.next_16());
                genesis.founder = self.somebody(target, dice)?;
                let record = genesis.id().0;
                let own_name = line();
                let raised = OperationEvent::Raised { genesis, own_name };
                let words = Words::of(&Event::Operation(raised), record, 1);
                (Scope::Command(record), words)
            }
            Attack::FalseGenesis => {
                let mut genesis = known.genesis.clone();
                genesis.founder = self.node();
                let own_name = line();
                let raised = OperationEvent::Raised { genesis, own_name };
                let record = dice.next_16();
                let words = Words::of(&Event::Operation(raised), record, 1);
                (Scope::Command(record), words)
            }
            Attack::CallsInUnasked => {
                let invited = OperationEvent::Invited {
                    node: a_stranger(dice).node(),
                    name: line(),
                    role: line(),
                };
                let version = known.version + 1;
                let words = Words::of(&Event::Operation(invited), id, version);
                expect = Expect::OwnOnly;
                (Scope::Command(id), words)
            }
            Attack::TakesUnoffered => {
                let mut stood = known.clone();
                stood.offered_to = None;
                let version = known.version + 1;
                let taken = OperationEvent::CommandTaken {
                    operation: Box::new(stood),
                    lead: self.node(),
                };
                expect = Expect::OwnOnly;
                let words = Words::of(&Event::Operation(taken), id, version);
                (Scope::Command(id), words)
            }
            _ => return None,
        };
        Some((scope, words, expect))
    }
}

//! The side that accepts an invitation: it calls, and what comes of it is decided at the inviter. Pure: it is asked for
//! what to say ([`Accepter::next`]) and told what was answered ([`Accepter::heard`]), as often as it takes; an
//! answer that is late or comes twice does nothing.

use watchfire_feed::Hash;

use super::invitation::Invitation;
use super::message::{Answer, Message, Standing};
use super::{
    COMPARE_S, Code, Compared, Confirmed, EnrolmentId, Exchange, INVITATION_S, Known, OUTCOME_S,
    Own, Party, State, Why, WordError, commitment, verified,
};

/// One accepted invitation and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Accepter {
    /// What names it on both sides.
    pub id: EnrolmentId,
    invitation: Invitation,
    own: Own,
    nonce: [u8; 32],
    /// When it is given up, in seconds since 1970.
    until: u64,
    phase: Phase,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Phase {
    /// The inviter has not answered yet.
    Calling,
    /// It has offered; our nonce is to be revealed.
    Offered(Party, Exchange),
    /// Our nonce is known there; people compare.
    Comparing(Party, Exchange, Confirmed),
    /// The inviter says that they are peers, and here it is not durable yet.
    Agreed(Party, Exchange),
    /// They are peers, durably.
    Enrolled(Party),
    /// Nothing came of it.
    Failed(Why, Tell),
}

/// Whether the inviter should be told that it failed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Tell {
    /// It does not know.
    Yes,
    /// It knows, or cannot be told.
    No,
}

impl Accepter {
    /// Begins with an invitation. The nonce is one that nobody has seen; `now` is in seconds since 1970.
    pub fn new(invitation: Invitation, own: Own, nonce: [u8; 32], now: u64) -> Accepter {
        let phase = match invitation.node == own.node {
            true => Phase::Failed(Why::Ourselves, Tell::No),
            false => Phase::Calling,
        };
        Accepter {
            id: EnrolmentId::of(&invitation.secret),
            invitation,
            own,
            nonce,
            until: now.saturating_add(INVITATION_S),
            phase,
        }
    }

    /// Returns whose invitation it is.
    pub fn invitation(&self) -> &Invitation {
        &self.invitation
    }

    /// Returns how it stands for the people here.
    pub fn state(&self) -> State {
        let compared = |party: &Party, exchange: &Exchange| Compared {
            code: exchange.code(),
            node: party.known.node,
            name: party.known.name.clone(),
        };
        match &self.phase {
            Phase::Calling | Phase::Offered(..) => State::Invited,
            Phase::Comparing(party, exchange, confirmed) => {
                let compared = compared(party, exchange);
                match confirmed {
                    Confirmed::Nobody => State::Comparing(compared),
                    Confirmed::There => State::ConfirmedThere(compared),
                    Confirmed::Here | Confirmed::Both => State::ConfirmedHere(compared),
                }
            }
            Phase::Agreed(party, exchange) => State::ConfirmedHere(compared(party, exchange)),
            Phase::Enrolled(party) => State::Enrolled {
                node: party.known.node,
                name: party.known.name.clone(),
            },
            Phase::Failed(why, _) => State::Failed(why.clone()),
        }
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: u64) {
        if now < self.until {
            return;
        }
        let why = match &self.phase {
            Phase::Calling | Phase::Offered(..) => Why::Expired,
            Phase::Comparing(_, _, Confirmed::Nobody | Confirmed::There) => Why::TooLate,
            Phase::Comparing(_, _, Confirmed::Here | Confirmed::Both) => Why::NotHeard,
            Phase::Agreed(..) | Phase::Enrolled(_) | Phase::Failed(..) => return,
        };
        self.fail(why);
    }

    /// Returns what to say to the inviter now; nothing when there is nothing more to say.
    pub fn next(&self) -> Option<Message> {
        let id = self.id;
        match &self.phase {
            Phase::Calling => Some(Message::Hello {
                secret: self.invitation.secret,
                commitment: commitment(self.own.node, &self.own.identity, &self.nonce),
                identity: self.own.identity.clone(),
            }),
            Phase::Offered(..) => Some(Message::Reveal {
                id,
                nonce: self.nonce,
            }),
            Phase::Comparing(_, exchange, confirmed) => match confirmed {
                Confirmed::Nobody | Confirmed::There => Some(Message::Ask { id }),
                Confirmed::Here | Confirmed::Both => Some(Message::Confirm {
                    id,
                    transcript: exchange.transcript(),
                }),
            },
            Phase::Failed(_, Tell::Yes) => Some(Message::Forget { id }),
            Phase::Agreed(..) | Phase::Enrolled(_) | Phase::Failed(_, Tell::No) => None,
        }
    }

    /// Returns whether the next message may have to be said more than once, so that there is no hurry after it.
    pub fn waits(&self) -> bool {
        matches!(self.phase, Phase::Comparing(..) | Phase::Failed(..))
    }

    /// Takes an answer of the inviter. `verify` tells what an identity says.
    pub fn heard(
        &mut self,
        answer: &Answer,
        verify: &dyn Fn(&[u8]) -> Result<Known, Why>,
        now: u64,
    ) {
        self.tick(now);
        match answer {
            Answer::Offer { nonce, identity } => {
                if self.phase == Phase::Calling {
                    self.offered(*nonce, identity, verify, now);
                }
            }
            Answer::Standing(Standing::Failed(why)) => match &self.phase {
                Phase::Calling | Phase::Offered(..) | Phase::Comparing(..) => {
                    self.phase = Phase::Failed(seen_from_here(why), Tell::No);
                }
                // It knows. Any other answer may be one to what was asked before it failed here.
                Phase::Failed(why, Tell::Yes) => self.phase = Phase::Failed(why.clone(), Tell::No),
                Phase::Agreed(..) | Phase::Enrolled(_) | Phase::Failed(_, Tell::No) => {}
            },
            Answer::Standing(standing) => self.stands(standing, now),
        }
    }

    /// There is no line to the inviter, and trying again will not change that.
    pub fn no_line(&mut self, why: String) {
        match &mut self.phase {
            Phase::Calling | Phase::Offered(..) | Phase::Comparing(..) => {
                self.phase = Phase::Failed(Why::Line(why), Tell::No);
            }
            Phase::Failed(_, tell) => *tell = Tell::No,
            Phase::Agreed(..) | Phase::Enrolled(_) => {}
        }
    }

    /// A person here has seen the same code there.
    pub fn confirm(&mut self, code: Code, now: u64) -> Result<(), WordError> {
        self.tick(now);
        match &mut self.phase {
            Phase::Comparing(_, exchange, confirmed) => {
                if exchange.code() != code {
                    return Err(WordError::OtherCode);
                }
                if matches!(confirmed, Confirmed::Nobody | Confirmed::There) {
                    *confirmed = Confirmed::Here;
                    self.until = now.saturating_add(OUTCOME_S);
                }
                Ok(())
            }
            Phase::Agreed(..) | Phase::Enrolled(_) => Ok(()),
            Phase::Calling | Phase::Offered(..) | Phase::Failed(..) => Err(WordError::NotComparing),
        }
    }

    /// A person here refuses, or gives up. Not possible once it is confirmed: the inviter may have decided.
    pub fn refuse(&mut self) -> Result<(), WordError> {
        match &self.phase {
            Phase::Calling
            | Phase::Offered(..)
            | Phase::Comparing(_, _, Confirmed::Nobody | Confirmed::There) => {
                self.fail(Why::RefusedHere);
                Ok(())
            }
            Phase::Failed(..) => Ok(()),
            Phase::Comparing(..) | Phase::Agreed(..) | Phase::Enrolled(_) => {
                Err(WordError::Confirmed)
            }
        }
    }

    /// Returns the inviter once it says that they are peers, until [`Accepter::settle`] says that it is durable here.
    pub fn agreed(&self) -> Option<&Party> {
        match &self.phase {
            Phase::Agreed(party, _) => Some(party),
            Phase::Calling
            | Phase::Offered(..)
            | Phase::Comparing(..)
            | Phase::Enrolled(_)
            | Phase::Failed(..) => None,
        }
    }

    /// It is durable here as well.
    pub fn settle(&mut self) {
        if let Phase::Agreed(party, _) = &self.phase {
            self.phase = Phase::Enrolled(party.clone());
        }
    }

    /// Says whether it has come to its end.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Enrolled(_) | Phase::Failed(..))
    }

    fn fail(&mut self, why: Why) {
        self.phase = Phase::Failed(why, Tell::Yes);
    }

    fn offered(
        &mut self,
        nonce: [u8; 32],
        identity: &[u8],
        verify: &dyn Fn(&[u8]) -> Result<Known, Why>,
        now: u64,
    ) {
        let Invitation { node, anchor, .. } = self.invitation;
        let is_invited = |certified: &[u8]| Hash::of(certified) == anchor;
        match verified(identity, node, self.own.node, is_invited, verify) {
            Ok(known) => {
                let exchange = Exchange {
                    inviter: (known.node, known.head, nonce),
                    accepter: (self.own.node, self.own.head, self.nonce),
                };
                let party = Party {
                    known,
                    identity: identity.to_vec(),
                    addresses: self.invitation.addresses.clone(),
                };
                self.until = now.saturating_add(COMPARE_S);
                self.phase = Phase::Offered(party, exchange);
            }
            Err(why) => self.fail(why),
        }
    }

    fn stands(&mut self, standing: &Standing, now: u64) {
        let there = *standing == Standing::Confirmed;
        let enrolled = *standing == Standing::Enrolled;
        match &mut self.phase {
            // It knows our nonce: the code can be shown.
            Phase::Offered(party, exchange) => {
                if enrolled {
                    return self.fail(Why::Protocol);
                }
                let confirmed = match there {
                    true => Confirmed::There,
                    false => Confirmed::Nobody,
                };
                self.until = now.saturating_add(COMPARE_S);
                self.phase = Phase::Comparing(party.clone(), *exchange, confirmed);
            }
            Phase::Comparing(party, exchange, confirmed) => match (enrolled, *confirmed) {
                (true, Confirmed::Here | Confirmed::Both) => {
                    self.phase = Phase::Agreed(party.clone(), *exchange);
                }
                // Nobody here has said anything: it cannot be.
                (true, Confirmed::Nobody | Confirmed::There) => self.fail(Why::Protocol),
                (false, Confirmed::Nobody) if there => *confirmed = Confirmed::There,
                (false, _) => {}
            },
            Phase::Calling | Phase::Agreed(..) | Phase::Enrolled(_) | Phase::Failed(..) => {}
        }
    }
}

/// What is here for the inviter is there for us.
fn seen_from_here(why: &Why) -> Why {
    match why {
        Why::RefusedHere => Why::RefusedThere,
        Why::RefusedThere => Why::RefusedHere,
        Why::Identity(_) => {
            Why::Line("the other side does not accept this node's identity".to_owned())
        }
        Why::Mismatch => Why::Line(
            "the other side finds that this node's identity is not that of its certificate"
                .to_owned(),
        ),
        other @ (Why::Expired
        | Why::NotInvited
        | Why::UsedTwice
        | Why::NeverMixed
        | Why::Commitment
        | Why::Ourselves
        | Why::AlreadyPeer
        | Why::TooLate
        | Why::NotHeard
        | Why::Protocol
        | Why::Line(_)) => other.clone(),
    }
}

//! The side that invites, which decides: the two are peers when a person here has confirmed and the accepter has said
//! that one there has. Pure: it is told the time, who calls, and what an identity says. Start at [`Inviter::take`].

use subtle::ConstantTimeEq as _;
use watchfire_feed::{Hash, NodeId};

use super::invitation::Invitation;
use super::message::{Answer, Message, Standing};
use super::{
    COMPARE_S, Code, Compared, Confirmed, EnrolmentId, Exchange, Known, Own, Party, State, Why,
    WordError, commitment, verified,
};

/// One invitation and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Inviter {
    /// What names it on both sides.
    pub id: EnrolmentId,
    /// Of the secret only this is kept.
    secret_hash: [u8; 32],
    /// When the invitation ends, in seconds since 1970.
    expires: u64,
    own: Own,
    phase: Phase,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Phase {
    /// Nobody has come.
    Open,
    /// Somebody has come and was offered a nonce.
    Met(Meeting),
    /// He has kept to his commitment; people compare.
    Comparing(Meeting, Exchange, Confirmed),
    /// They are peers, durably.
    Enrolled(Meeting),
    /// Nothing came of it.
    Failed(Why),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Meeting {
    /// The hello as it came, so that the same one is answered alike and no other is.
    hello: Hash,
    /// The anchor that the caller showed.
    anchor: Vec<u8>,
    commitment: Hash,
    nonce: [u8; 32],
    party: Party,
    /// When people must have confirmed.
    until: u64,
}

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calling<'a> {
    /// The node in his certificate.
    pub node: NodeId,
    /// The anchor that a stranger shows; none of a peer.
    pub anchor: Option<&'a [u8]>,
}

/// What a message is held against, beside the enrolment itself.
pub struct With<'a> {
    /// Tells what an identity says.
    pub verify: &'a dyn Fn(&[u8]) -> Result<Known, Why>,
    /// A nonce that nobody has seen.
    pub nonce: [u8; 32],
    /// The time, in seconds since 1970.
    pub now: u64,
}

impl Inviter {
    /// Opens what an invitation leads to.
    pub fn new(invitation: &Invitation, own: Own) -> Inviter {
        Inviter {
            id: EnrolmentId::of(&invitation.secret),
            secret_hash: Hash::of(&invitation.secret).0,
            expires: invitation.expires,
            own,
            phase: Phase::Open,
        }
    }

    /// Says whether this is the invitation's secret, in the same time whatever it is.
    pub fn has_secret(&self, secret: &[u8; 16]) -> bool {
        Hash::of(secret).0.ct_eq(&self.secret_hash).into()
    }

    /// Returns how it stands for the people here.
    pub fn state(&self) -> State {
        match &self.phase {
            Phase::Open | Phase::Met(_) => State::Invited,
            Phase::Comparing(meeting, exchange, confirmed) => {
                let compared = Compared {
                    code: exchange.code(),
                    node: meeting.party.known.node,
                    name: meeting.party.known.name.clone(),
                };
                match confirmed {
                    Confirmed::Nobody => State::Comparing(compared),
                    Confirmed::There => State::ConfirmedThere(compared),
                    // What both have confirmed is shown as done when it is durable.
                    Confirmed::Here | Confirmed::Both => State::ConfirmedHere(compared),
                }
            }
            Phase::Enrolled(meeting) => State::Enrolled {
                node: meeting.party.known.node,
                name: meeting.party.known.name.clone(),
            },
            Phase::Failed(why) => State::Failed(why.clone()),
        }
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: u64) {
        match &self.phase {
            Phase::Open if now >= self.expires => self.phase = Phase::Failed(Why::Expired),
            Phase::Met(meeting) | Phase::Comparing(meeting, _, _)
                if now >= meeting.until && !self.is_agreed() =>
            {
                self.phase = Phase::Failed(Why::TooLate);
            }
            Phase::Open
            | Phase::Met(_)
            | Phase::Comparing(..)
            | Phase::Enrolled(_)
            | Phase::Failed(_) => {}
        }
    }

    /// Takes a message that names this enrolment, or brings its secret, and answers it.
    pub fn take(&mut self, from: Calling<'_>, message: &Message, with: &With<'_>) -> Answer {
        self.tick(with.now);
        if let Message::Hello {
            secret,
            commitment,
            identity,
        } = message
        {
            if !self.has_secret(secret) {
                return failed(Why::NotInvited);
            }
            let hello = Hash::of(&message.encode());
            let Some(anchor) = from.anchor else {
                // One that became a peer by this very enrolment may have sent it twice.
                return match &self.phase {
                    Phase::Enrolled(meeting) if meeting.hello == hello && self.is_with(from) => {
                        self.standing()
                    }
                    Phase::Open
                    | Phase::Met(_)
                    | Phase::Comparing(..)
                    | Phase::Enrolled(_)
                    | Phase::Failed(_) => failed(Why::AlreadyPeer),
                };
            };
            return self.greet(from.node, anchor, hello, *commitment, identity, with);
        }
        if !self.is_with(from) {
            // It is somebody else's: he learns nothing of it and changes nothing. What failed is told to whoever has the
            // id, since there is nobody left to keep it from.
            let over = match &self.phase {
                Phase::Failed(why) => why.clone(),
                Phase::Open | Phase::Met(_) | Phase::Comparing(..) | Phase::Enrolled(_) => {
                    Why::NotInvited
                }
            };
            return failed(over);
        }
        match message {
            Message::Hello { .. } | Message::Ask { .. } => {}
            Message::Reveal { nonce, .. } => self.reveal(nonce),
            Message::Confirm { transcript, .. } => self.confirmed_there(*transcript),
            Message::Forget { .. } => {
                if !self.is_agreed() {
                    self.phase = Phase::Failed(Why::RefusedThere);
                }
            }
        }
        self.standing()
    }

    /// A person here has seen the same code there.
    pub fn confirm(&mut self, code: Code) -> Result<(), WordError> {
        match &mut self.phase {
            Phase::Comparing(_, exchange, confirmed) => {
                if exchange.code() != code {
                    return Err(WordError::OtherCode);
                }
                *confirmed = match confirmed {
                    Confirmed::Nobody | Confirmed::Here => Confirmed::Here,
                    Confirmed::There | Confirmed::Both => Confirmed::Both,
                };
                Ok(())
            }
            Phase::Enrolled(_) => Ok(()),
            Phase::Open | Phase::Met(_) | Phase::Failed(_) => Err(WordError::NotComparing),
        }
    }

    /// A person here refuses, or takes the invitation back.
    pub fn refuse(&mut self) -> Result<(), WordError> {
        if self.is_agreed() {
            return Err(WordError::Confirmed);
        }
        if !matches!(self.phase, Phase::Failed(_)) {
            self.phase = Phase::Failed(Why::RefusedHere);
        }
        Ok(())
    }

    /// Returns the other side once both have confirmed, until [`Inviter::settle`] says that it is durable.
    pub fn agreed(&self) -> Option<&Party> {
        match &self.phase {
            Phase::Comparing(meeting, _, Confirmed::Both) => Some(&meeting.party),
            Phase::Comparing(..)
            | Phase::Open
            | Phase::Met(_)
            | Phase::Enrolled(_)
            | Phase::Failed(_) => None,
        }
    }

    /// What both have confirmed is durable: the other side may hear of it.
    pub fn settle(&mut self) {
        if let Phase::Comparing(meeting, _, Confirmed::Both) = &self.phase {
            self.phase = Phase::Enrolled(meeting.clone());
        }
    }

    /// Says whether it has come to its end.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Enrolled(_) | Phase::Failed(_))
    }

    fn is_agreed(&self) -> bool {
        match &self.phase {
            Phase::Comparing(_, _, confirmed) => *confirmed == Confirmed::Both,
            Phase::Enrolled(_) => true,
            Phase::Open | Phase::Met(_) | Phase::Failed(_) => false,
        }
    }

    /// Says whether the caller is the one who came with the hello: the same node, and while it is a stranger under the
    /// same anchor.
    fn is_with(&self, from: Calling<'_>) -> bool {
        match &self.phase {
            Phase::Met(meeting) | Phase::Comparing(meeting, _, _) | Phase::Enrolled(meeting) => {
                let same_anchor = from.anchor.is_none_or(|anchor| anchor == meeting.anchor);
                meeting.party.known.node == from.node && same_anchor
            }
            Phase::Open | Phase::Failed(_) => false,
        }
    }

    fn greet(
        &mut self,
        node: NodeId,
        anchor: &[u8],
        hello: Hash,
        commitment: Hash,
        identity: &[u8],
        with: &With<'_>,
    ) -> Answer {
        match &self.phase {
            Phase::Open => {}
            Phase::Met(meeting) | Phase::Comparing(meeting, _, _) | Phase::Enrolled(meeting) => {
                // Its answer was lost on the way.
                if meeting.hello == hello && meeting.anchor == anchor {
                    return self.offer(meeting.nonce);
                }
                // A second one has the secret. Which of the two was meant nobody can say.
                if !self.is_agreed() {
                    self.phase = Phase::Failed(Why::UsedTwice);
                }
                return failed(Why::UsedTwice);
            }
            Phase::Failed(why) => return failed(why.clone()),
        }
        let is_shown = |certified: &[u8]| certified == anchor;
        match verified(identity, node, self.own.node, is_shown, with.verify) {
            Ok(known) => {
                self.phase = Phase::Met(Meeting {
                    hello,
                    anchor: anchor.to_vec(),
                    commitment,
                    nonce: with.nonce,
                    party: Party {
                        known,
                        identity: identity.to_vec(),
                        addresses: Vec::new(),
                    },
                    until: with.now.saturating_add(COMPARE_S),
                });
                self.offer(with.nonce)
            }
            // One attempt, whatever came of it.
            Err(why) => {
                self.phase = Phase::Failed(why.clone());
                failed(why)
            }
        }
    }

    fn offer(&self, nonce: [u8; 32]) -> Answer {
        Answer::Offer {
            nonce,
            identity: self.own.identity.clone(),
        }
    }

    fn reveal(&mut self, nonce: &[u8; 32]) {
        match &self.phase {
            Phase::Met(meeting) => {
                let Party {
                    known, identity, ..
                } = &meeting.party;
                self.phase = if commitment(known.node, identity, nonce) == meeting.commitment {
                    let exchange = Exchange {
                        inviter: (self.own.node, self.own.head, meeting.nonce),
                        accepter: (known.node, known.head, *nonce),
                    };
                    Phase::Comparing(meeting.clone(), exchange, Confirmed::Nobody)
                } else {
                    Phase::Failed(Why::Commitment)
                };
            }
            Phase::Comparing(_, exchange, _) if exchange.accepter.2 != *nonce => {
                if !self.is_agreed() {
                    self.phase = Phase::Failed(Why::Commitment);
                }
            }
            // The same once more: its answer was lost.
            Phase::Comparing(..) | Phase::Open | Phase::Enrolled(_) | Phase::Failed(_) => {}
        }
    }

    fn confirmed_there(&mut self, transcript: Hash) {
        match &mut self.phase {
            Phase::Comparing(_, exchange, confirmed) if exchange.transcript() == transcript => {
                *confirmed = match confirmed {
                    Confirmed::Nobody | Confirmed::There => Confirmed::There,
                    Confirmed::Here | Confirmed::Both => Confirmed::Both,
                };
            }
            // Of another exchange, or of none that people could have compared.
            Phase::Met(_) | Phase::Comparing(..) => {
                if !self.is_agreed() {
                    self.phase = Phase::Failed(Why::Commitment);
                }
            }
            Phase::Open | Phase::Enrolled(_) | Phase::Failed(_) => {}
        }
    }

    fn standing(&self) -> Answer {
        Answer::Standing(match &self.phase {
            Phase::Open | Phase::Met(_) => Standing::Waiting,
            Phase::Comparing(_, _, confirmed) => match confirmed {
                Confirmed::Nobody | Confirmed::There => Standing::Waiting,
                Confirmed::Here => Standing::Confirmed,
                // Not yet durable: it is asked again.
                Confirmed::Both => Standing::Waiting,
            },
            Phase::Enrolled(_) => Standing::Enrolled,
            Phase::Failed(why) => Standing::Failed(why.clone()),
        })
    }
}

fn failed(why: Why) -> Answer {
    Answer::Standing(Standing::Failed(why))
}

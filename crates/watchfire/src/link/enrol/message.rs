//! What the two sides of an enrolment say to each other, as bytes: a letter for its kind, then fields of fixed length
//! with at most one of free length at the end. What is not exactly such is refused whole. Start at [`Message`].

use watchfire_feed::Hash;

use super::{EnrolmentId, IDENTITY_MAX_BYTES, Why};

/// What the accepter says.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// Who comes with an invitation.
    Hello {
        /// The invitation's secret.
        secret: [u8; 16],
        /// The commitment to the accepter's nonce.
        commitment: Hash,
        /// The accepter's identity.
        identity: Vec<u8>,
    },
    /// The nonce that was committed to.
    Reveal {
        /// Which enrolment.
        id: EnrolmentId,
        /// The nonce.
        nonce: [u8; 32],
    },
    /// A person there has confirmed the code.
    Confirm {
        /// Which enrolment.
        id: EnrolmentId,
        /// Which exchange the code was of.
        transcript: Hash,
    },
    /// How it stands.
    Ask {
        /// Which enrolment.
        id: EnrolmentId,
    },
    /// A person there has refused, or it has failed there.
    Forget {
        /// Which enrolment.
        id: EnrolmentId,
    },
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Secrets and nonces do not belong into a log.
        f.write_str(match self {
            Message::Hello { .. } => "Hello",
            Message::Reveal { .. } => "Reveal",
            Message::Confirm { .. } => "Confirm",
            Message::Ask { .. } => "Ask",
            Message::Forget { .. } => "Forget",
        })
    }
}

/// What the inviter answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Answer {
    /// To a hello: the inviter's nonce and identity.
    Offer {
        /// The nonce.
        nonce: [u8; 32],
        /// The identity.
        identity: Vec<u8>,
    },
    /// To anything else.
    Standing(Standing),
}

/// How it stands at the inviter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Somebody is awaited.
    Waiting,
    /// A person at the inviter has confirmed; the accepter's word is awaited.
    Confirmed,
    /// The two are peers.
    Enrolled,
    /// Nothing came of it, as seen from the inviter.
    Failed(Why),
}

impl Message {
    /// Writes it.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Message::Hello {
                secret,
                commitment,
                identity,
            } => [b"h".as_slice(), secret, &commitment.0, identity].concat(),
            Message::Reveal { id, nonce } => [b"r".as_slice(), &id.0, nonce].concat(),
            Message::Confirm { id, transcript } => [b"c".as_slice(), &id.0, &transcript.0].concat(),
            Message::Ask { id } => [b"a".as_slice(), &id.0].concat(),
            Message::Forget { id } => [b"f".as_slice(), &id.0].concat(),
        }
    }

    /// Reads one.
    pub fn decode(bytes: &[u8]) -> Option<Message> {
        let (kind, rest) = bytes.split_first()?;
        let (first, rest) = rest.split_first_chunk::<16>()?;
        let id = EnrolmentId(*first);
        match kind {
            b'h' => {
                let (commitment, identity) = rest.split_first_chunk()?;
                (identity.len() <= IDENTITY_MAX_BYTES).then(|| Message::Hello {
                    secret: *first,
                    commitment: Hash(*commitment),
                    identity: identity.to_vec(),
                })
            }
            b'r' => rest
                .try_into()
                .ok()
                .map(|nonce| Message::Reveal { id, nonce }),
            b'c' => {
                let transcript = Hash(rest.try_into().ok()?);
                Some(Message::Confirm { id, transcript })
            }
            b'a' => rest.is_empty().then_some(Message::Ask { id }),
            b'f' => rest.is_empty().then_some(Message::Forget { id }),
            _ => None,
        }
    }
}

impl Answer {
    /// Writes it.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Answer::Offer { nonce, identity } => [b"o".as_slice(), nonce, identity].concat(),
            Answer::Standing(Standing::Waiting) => b"w".to_vec(),
            Answer::Standing(Standing::Confirmed) => b"c".to_vec(),
            Answer::Standing(Standing::Enrolled) => b"e".to_vec(),
            Answer::Standing(Standing::Failed(why)) => vec![b'f', letter_of(why)],
        }
    }

    /// Reads one.
    pub fn decode(bytes: &[u8]) -> Option<Answer> {
        let (kind, rest) = bytes.split_first()?;
        match (kind, rest) {
            (b'o', rest) => {
                let (nonce, identity) = rest.split_first_chunk()?;
                (identity.len() <= IDENTITY_MAX_BYTES).then(|| Answer::Offer {
                    nonce: *nonce,
                    identity: identity.to_vec(),
                })
            }
            (b'w', []) => Some(Answer::Standing(Standing::Waiting)),
            (b'c', []) => Some(Answer::Standing(Standing::Confirmed)),
            (b'e', []) => Some(Answer::Standing(Standing::Enrolled)),
            (b'f', [letter]) => Some(Answer::Standing(Standing::Failed(why_of(*letter)))),
            _ => None,
        }
    }
}

/// Only the kind is told: the words are for people on the side that found it.
fn letter_of(why: &Why) -> u8 {
    match why {
        Why::Expired => b'x',
        Why::NotInvited => b'n',
        Why::UsedTwice => b'u',
        Why::Identity(_) => b'i',
        Why::NeverMixed => b'e',
        Why::Mismatch => b'm',
        Why::Commitment => b'c',
        Why::Ourselves => b'o',
        Why::AlreadyPeer => b'p',
        Why::RefusedHere => b'h',
        Why::RefusedThere => b't',
        Why::TooLate => b'l',
        Why::NotHeard | Why::Protocol | Why::Line(_) => b'z',
    }
}

fn why_of(letter: u8) -> Why {
    match letter {
        b'x' => Why::Expired,
        b'n' => Why::NotInvited,
        b'u' => Why::UsedTwice,
        b'i' => Why::Identity("it was refused".to_owned()),
        b'e' => Why::NeverMixed,
        b'm' => Why::Mismatch,
        b'c' => Why::Commitment,
        b'o' => Why::Ourselves,
        b'p' => Why::AlreadyPeer,
        b'h' => Why::RefusedHere,
        b't' => Why::RefusedThere,
        b'l' => Why::TooLate,
        _ => Why::Protocol,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_read_as_it_was_written_and_nothing_else_is() {
        let id = EnrolmentId([7; 16]);
        let hello = |length| Message::Hello {
            secret: [1; 16],
            commitment: Hash([2; 32]),
            identity: vec![3; length],
        };
        for message in [
            hello(0),
            hello(IDENTITY_MAX_BYTES),
            Message::Reveal { id, nonce: [4; 32] },
            Message::Confirm {
                id,
                transcript: Hash([5; 32]),
            },
            Message::Ask { id },
            Message::Forget { id },
        ] {
            let bytes = message.encode();
            assert_eq!(Message::decode(&bytes), Some(message.clone()));
            let longer = [bytes.as_slice(), b"x"].concat();
            let is_hello =
                matches!(&message, Message::Hello { identity, .. } if identity.is_empty());
            assert_eq!(Message::decode(&longer).is_some(), is_hello, "{message:?}");
            let shorter = &bytes[..bytes.len() - 1];
            let is_hello =
                matches!(&message, Message::Hello { identity, .. } if !identity.is_empty());
            assert_eq!(Message::decode(shorter).is_some(), is_hello, "{message:?}");
        }
        for bytes in [b"".as_slice(), b"h", b"q0123456789abcdef", &[0; 100]] {
            assert_eq!(Message::decode(bytes), None);
            assert_eq!(Answer::decode(bytes), None);
        }
    }

    #[test]
    fn answers_are_read_as_they_were_written() {
        let offer = |length| Answer::Offer {
            nonce: [1; 32],
            identity: vec![2; length],
        };
        let largest = offer(IDENTITY_MAX_BYTES);
        assert_eq!(Answer::decode(&largest.encode()), Some(largest));
        assert_eq!(
            Answer::decode(&offer(IDENTITY_MAX_BYTES + 1).encode()),
            None
        );
        for standing in [
            Standing::Waiting,
            Standing::Confirmed,
            Standing::Enrolled,
            Standing::Failed(Why::Expired),
            Standing::Failed(Why::NotInvited),
            Standing::Failed(Why::UsedTwice),
            Standing::Failed(Why::Mismatch),
            Standing::Failed(Why::Commitment),
            Standing::Failed(Why::Ourselves),
            Standing::Failed(Why::AlreadyPeer),
            Standing::Failed(Why::RefusedHere),
            Standing::Failed(Why::RefusedThere),
            Standing::Failed(Why::TooLate),
            Standing::Failed(Why::Protocol),
        ] {
            let answer = Answer::Standing(standing);
            assert_eq!(Answer::decode(&answer.encode()), Some(answer.clone()));
            let longer = [answer.encode().as_slice(), b"x"].concat();
            assert_eq!(Answer::decode(&longer), None);
        }
    }
}

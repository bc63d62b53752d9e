//! Enrolment: how two nodes that do not know each other become peers, by two people who compare a number.
//!
//! ```text
//! inviter (A)                                     accepter (B)
//!   makes an invitation  ── by any way ──────────>  calls A's address; A must show the anchor in the invitation
//!                        <── hello ───────────────  the secret, B's identity, a commitment to B's nonce
//!   A's identity, nonce  ── offer ───────────────>
//!                        <── reveal ──────────────  B's nonce
//!   shows the code                                  shows the code
//!   a person confirms    <── confirm, ask ────────  a person confirms
//!                        ── standing ────────────>  enrolled, once both have
//! ```
//!
//! Whoever stands between the two had to choose his nonce on each side before he saw the other's, so that the code is
//! the same on both sides by chance of one in 10^12 and nobody can try again: an invitation works once. Whether both have
//! confirmed is decided at A alone; B counts itself enrolled only when A says so, and A answers so only after
//! it is durable. Both may forget at any moment before; then nothing has happened.
//!
//! [`Inviter`] and [`Accepter`] are pure: time, nonces and what an identity says are arguments. [`Enrolments`] gives them
//! a clock, a line and a place. An identity is opaque bytes here, told by [`Identities`]. Read [`invitation`], then
//! [`inviter`], [`accepter`], [`office`].

pub mod accepter;
pub mod invitation;
pub mod inviter;
#[cfg(test)]
mod lines;
pub mod message;
#[cfg(test)]
mod model;
pub mod office;
#[cfg(test)]
mod tests;

use std::fmt;

use futures_util::future::BoxFuture;
use watchfire_feed::{Hash, NodeId};

pub use accepter::Accepter;
pub use invitation::{Invitation, InvitationError};
pub use inviter::Inviter;
pub use office::Enrolments;

/// Largest identity, in bytes of its frames.
pub const IDENTITY_MAX_BYTES: usize = 1_024 * 1_024;
/// Longest name of a node, in characters.
pub const NAME_CHARS_MAX: usize = 200;
/// How long an invitation may be accepted, in seconds: an hour.
pub const INVITATION_S: u64 = 3_600;
/// How long two people have to compare, in seconds: a quarter of an hour.
pub const COMPARE_S: u64 = 900;
/// How long one who has confirmed goes on asking what came of it, in seconds: a day.
pub const OUTCOME_S: u64 = 86_400;

/// A node's own part of an enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Own {
    /// Who it is.
    pub node: NodeId,
    /// The head of its identity feed.
    pub head: Hash,
    /// Its identity, as bytes that the other side can verify.
    pub identity: Vec<u8>,
}

/// What a verified identity says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Known {
    /// Whose it is.
    pub node: NodeId,
    /// What that node is called.
    pub name: String,
    /// The head of the identity.
    pub head: Hash,
    /// The anchors that it certifies, DER.
    pub anchors: Vec<Vec<u8>>,
}

/// The other side: what its identity says, and the identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Party {
    /// What the identity says.
    pub known: Known,
    /// The bytes that say so.
    pub identity: Vec<u8>,
    /// Where it can be reached, as far as the invitation told.
    pub addresses: Vec<String>,
}

/// What the rest of the program does for enrolment.
pub trait Identities: Send + Sync {
    /// Returns our own part.
    fn own(&self) -> Own;

    /// Verifies an identity, or says why it is none.
    fn verify(&self, identity: &[u8]) -> Result<Known, Why>;

    /// Makes the other side a peer: durable first, then trusted on the line. It may be asked twice for the same, and is
    /// asked again if it fails. Only after it is done does the other side hear of it.
    fn enrol(&self, party: Party) -> BoxFuture<'_, Result<(), String>>;
}

/// What names an enrolment on both sides; made of the invitation's secret, which it does not tell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnrolmentId(pub [u8; 16]);

impl EnrolmentId {
    /// Returns the id of the enrolment that an invitation with this secret leads to.
    pub fn of(secret: &[u8; 16]) -> EnrolmentId {
        let hash = Hash::of(&[b"watchfire enrol id v1\0".as_slice(), secret].concat());
        let mut id = [0; 16];
        id.copy_from_slice(&hash.0[..16]);
        EnrolmentId(id)
    }

    /// Reads an id as it is written: 32 lower-case hex digits.
    pub fn parse(text: &str) -> Option<EnrolmentId> {
        let bytes = super::from_hex(text)?;
        bytes.try_into().ok().map(EnrolmentId)
    }
}

impl fmt::Display for EnrolmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::to_hex(&self.0))
    }
}

impl fmt::Debug for EnrolmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EnrolmentId({self})")
    }
}

/// How far an enrolment is, seen from one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// An invitation is open, or the other side is being asked.
    Invited,
    /// Both sides show a code, and nobody has said anything.
    Comparing(Compared),
    /// A person here has confirmed; the other side is awaited.
    ConfirmedHere(Compared),
    /// A person there has confirmed; somebody here is awaited.
    ConfirmedThere(Compared),
    /// They are peers.
    Enrolled {
        /// With whom.
        node: NodeId,
        /// What it is called.
        name: String,
    },
    /// Nothing has come of it, and both have forgotten.
    Failed(Why),
}

/// What people compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The code.
    pub code: Code,
    /// The other side.
    pub node: NodeId,
    /// What it calls itself.
    pub name: String,
}

/// Why nothing came of an enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Why {
    /// The invitation was not accepted in time.
    #[error("the invitation is out of date; ask for a new one")]
    Expired,
    /// Nobody invited with this secret, or it is forgotten.
    #[error("no such invitation is open there; ask for a new one")]
    NotInvited,
    /// A second node came with the same invitation, so a third party has it.
    #[error(
        "the invitation was used by two; somebody else has read it. Make a new one and send it another way"
    )]
    UsedTwice,
    /// Who called has no identity that holds.
    #[error("the other side's identity does not hold: {0}")]
    Identity(String),
    /// One was made for an exercise, and the other is real.
    #[error("one of the two is a node of an exercise and the other is real, and the two never mix")]
    NeverMixed,
    /// The identity is not of the node that is at the other end of the line.
    #[error("the other side's identity is not that of its certificate")]
    Mismatch,
    /// What was revealed is not what was committed to.
    #[error("the other side did not keep to the exchange; somebody may stand between")]
    Commitment,
    /// A node cannot be its own peer.
    #[error("the invitation is this node's own")]
    Ourselves,
    /// It is one.
    #[error("the two are peers already; remove the peer first if it is to be enrolled anew")]
    AlreadyPeer,
    /// A person here said that the codes differ.
    #[error("it was refused here")]
    RefusedHere,
    /// A person there said that the codes differ.
    #[error("it was refused there")]
    RefusedThere,
    /// Nobody confirmed in time.
    #[error("the codes were not confirmed on both sides in time")]
    TooLate,
    /// It was confirmed here, and what the other side made of it was not heard.
    #[error(
        "the other side did not answer for a day; if this node is listed there, remove it there"
    )]
    NotHeard,
    /// The other side said what it cannot say.
    #[error("the other side does not follow the exchange; is it a later version?")]
    Protocol,
    /// There is no line, and there will be none.
    #[error("{0}")]
    Line(String),
}

/// Who has confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Confirmed {
    Nobody,
    Here,
    There,
    Both,
}

/// Why a person's word was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// There is nothing to compare.
    #[error("there is no code to compare (any more)")]
    NotComparing,
    /// The code is not the one that is shown.
    #[error("that is not the code that is shown now; look again")]
    OtherCode,
    /// It was confirmed, and the other side may have been told.
    #[error(
        "it is confirmed already; wait for the outcome, and remove the peer if it is not wanted"
    )]
    Confirmed,
    /// There is no such enrolment.
    #[error("there is no such enrolment (any more)")]
    Unknown,
}

/// The code that both sides show: twelve digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(u64);

impl Code {
    /// Reads a code as somebody types it; only its digits count.
    pub fn parse(text: &str) -> Option<Code> {
        let kept: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let plain = kept.len() == 12 && kept.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| kept.parse().ok().map(Code)).flatten()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = |divisor: u64| self.0 / divisor % 1_000;
        let (a, b, c, d) = (
            group(1_000_000_000),
            group(1_000_000),
            group(1_000),
            group(1),
        );
        write!(f, "{a:03} {b:03} {c:03} {d:03}")
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({self})")
    }
}

/// What both sides must have seen alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Exchange {
    inviter: (NodeId, Hash, [u8; 32]),
    accepter: (NodeId, Hash, [u8; 32]),
}

impl Exchange {
    fn hash(&self, domain: &[u8]) -> Hash {
        let (a, b) = (&self.inviter, &self.accepter);
        // Every part has 32 bytes, so that no two exchanges have the same bytes.
        let parts = [domain, &a.0.0, &b.0.0, &a.1.0, &b.1.0, &a.2, &b.2];
        Hash::of(&parts.concat())
    }

    /// Returns what people compare.
    fn code(&self) -> Code {
        let hash = self.hash(b"watchfire enrol code v1\0");
        let (first, _) = hash.0.split_first_chunk().expect("a hash has 32 bytes");
        Code(u64::from_be_bytes(*first) % 1_000_000_000_000)
    }

    /// Returns what names this exchange and no other, so that no word of one counts in another.
    fn transcript(&self) -> Hash {
        self.hash(b"watchfire enrol transcript v1\0")
    }
}

/// Returns the accepter's commitment to its nonce, which it reveals only after it has seen the inviter's.
fn commitment(node: NodeId, identity: &[u8], nonce: &[u8; 32]) -> Hash {
    let identity = Hash::of(identity);
    let parts = [
        b"watchfire enrol commitment v1\0".as_slice(),
        &node.0,
        &identity.0,
        nonce,
    ];
    Hash::of(&parts.concat())
}

/// Verifies an identity and holds it against what is known of the other end of the line.
fn verified(
    identity: &[u8],
    node: NodeId,
    ours: NodeId,
    has_anchor: impl Fn(&[u8]) -> bool,
    verify: &dyn Fn(&[u8]) -> Result<Known, Why>,
) -> Result<Known, Why> {
    if identity.len() > IDENTITY_MAX_BYTES {
        return Err(Why::Identity("it is too large".to_owned()));
    }
    let known = verify(identity)?;
    if known.name.is_empty() || known.name.chars().count() > NAME_CHARS_MAX {
        return Err(Why::Identity("it has no name that can be shown".to_owned()));
    }
    if known.node == ours {
        return Err(Why::Ourselves);
    }
    if known.node != node || !known.anchors.iter().any(|anchor| has_anchor(anchor)) {
        return Err(Why::Mismatch);
    }
    Ok(known)
}

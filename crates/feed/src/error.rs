//! Why bytes were not taken as an entry. One variant per broken rule, so that a peer, a person and a
//! test vector can all name the same thing. Knows nothing of what the caller does next beyond one
//! question: would more bytes help ([`FeedError::is_permanent`])?

use crate::{FeedId, Hash};

/// A broken rule of the feed format, or entries that are still missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// The bytes stop before the frame does.
    #[error("the bytes end inside a frame: {needed} needed, {found} there")]
    Truncated {
        /// Bytes needed, counted from the start of the frame, to come further.
        needed: usize,
        /// Bytes there.
        found: usize,
    },
    /// Entries before this one are not there yet.
    #[error(
        "expected entry {expected} of the feed, found entry {found}: the ones between are missing"
    )]
    Gap {
        /// The sequence number that would follow.
        expected: u64,
        /// The one that came.
        found: u64,
    },
    /// The header is not one of ours.
    #[error("the header does not begin with WFE1")]
    BadMagic,
    /// The header names a signature and hash suite that this program does not know.
    #[error("suite {suite} is not known here: a newer program may have written this feed")]
    UnknownSuite {
        /// The suite named.
        suite: u8,
    },
    /// A flag is set that must be zero.
    #[error("flags {flags:#04x} have a reserved bit set")]
    ReservedFlag {
        /// The whole flags byte.
        flags: u8,
    },
    /// The header's fields need another length than the header has.
    #[error("the header is {found} bytes long, its fields need {needed}")]
    HeaderLength {
        /// Length in bytes that the fields need, as far as they could be read.
        needed: usize,
        /// Length in bytes that it has.
        found: usize,
    },
    /// Something is larger than the format allows.
    #[error("the {what} is too large: {found}, and {max} is the most")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is (bytes, or a count).
        found: u64,
        /// The most it may be.
        max: u64,
    },
    /// The kind is empty or has a character outside `a-z 0-9 _ .`.
    #[error("the kind must be 1 to 48 of the characters a-z 0-9 _ .")]
    BadKind,
    /// The deps are not strictly ascending by feed.
    #[error("the deps are not in strictly ascending order of feed")]
    DepOrder,
    /// A dep names the entry's own feed, or no entry at all (seq 0).
    #[error("a dep names the entry's own feed or an entry 0")]
    BadDep,
    /// The sequence number is zero; the first entry is 1.
    #[error("the sequence number is 0, and the first entry is 1")]
    SeqZero,
    /// The feed has used its last sequence number.
    #[error("the feed is full: its last possible entry is written")]
    SeqExhausted,
    /// Plain or sealed part have another size than the header says.
    #[error("the {part} part is {found} bytes long, the header says {expected}")]
    BodySize {
        /// `"plain"` or `"sealed"`.
        part: &'static str,
        /// Size in bytes that the header says.
        expected: u64,
        /// Size in bytes that it has.
        found: u64,
    },
    /// The frame's form byte is unknown or contradicts the sealed size.
    #[error("sealed form {form} does not go with a sealed part of {sealed_size} bytes")]
    SealedForm {
        /// The form byte.
        form: u8,
        /// Size of the sealed part in bytes that the header says.
        sealed_size: u32,
    },
    /// The public key is no point of the curve, or a weak one.
    #[error("the public key is not usable")]
    BadKey,
    /// The signature is not that of this key over this header.
    #[error("the signature does not match the header and key")]
    BadSignature,
    /// The body is not the one that was signed for.
    #[error("the body is not the one that the header commits to")]
    BodyMismatch,
    /// The entry belongs to another feed.
    #[error("the entry is of feed {found}, not of {expected}")]
    WrongFeed {
        /// The feed that was being read.
        expected: FeedId,
        /// The feed that the header names.
        found: FeedId,
    },
    /// The entry is already held.
    #[error("entry {seq} is already held")]
    Repeated {
        /// Its sequence number.
        seq: u64,
    },
    /// The entry follows on another history than the one held: the feed has forked.
    #[error("entry {seq} does not follow on the entry held before it")]
    BrokenLink {
        /// Its sequence number.
        seq: u64,
    },
    /// Two different entries are signed for one place: the feed has forked.
    #[error("entry {seq} was signed twice: held is {held}, found is {found}")]
    Fork {
        /// Their sequence number.
        seq: u64,
        /// Hash of the entry held.
        held: Hash,
        /// Hash of the entry that came.
        found: Hash,
    },
    /// The first entry does not open the feed, or opens another one, or wrongly.
    #[error("the opening entry is not valid: {why}")]
    BadOpening {
        /// Which rule it breaks.
        why: &'static str,
    },
    /// An entry of an identity feed does not say what its kind says, or not in the one exact form.
    #[error("the identity entry is not valid: {why}")]
    BadIdentity {
        /// Which rule it breaks.
        why: &'static str,
    },
    /// The bytes are not a vector of heads.
    #[error("the vector is not valid: {why}")]
    BadVector {
        /// Which rule it breaks.
        why: &'static str,
    },
    /// Two entries, or the bytes of two, prove no fork.
    #[error("this proves no fork: {why}")]
    BadForkProof {
        /// What is missing.
        why: &'static str,
    },
    /// An entry after the first is of the opening kind.
    #[error("entry {seq} opens the feed again")]
    LateOpening {
        /// Its sequence number.
        seq: u64,
    },
}

impl FeedError {
    /// Says whether the same bytes will be refused for ever. The others go away when the missing
    /// bytes or entries have come.
    pub fn is_permanent(&self) -> bool {
        self.class().1 == Lasting::Permanent
    }

    /// Returns the short stable name of the broken rule, as the test vectors use it.
    pub fn code(&self) -> &'static str {
        self.class().0
    }

    fn class(&self) -> (&'static str, Lasting) {
        use Lasting::{Permanent, Transient};
        match self {
            FeedError::Truncated { .. } => ("truncated", Transient),
            FeedError::Gap { .. } => ("gap", Transient),
            FeedError::BadMagic => ("bad_magic", Permanent),
            FeedError::UnknownSuite { .. } => ("unknown_suite", Permanent),
            FeedError::ReservedFlag { .. } => ("reserved_flag", Permanent),
            FeedError::HeaderLength { .. } => ("header_length", Permanent),
            FeedError::TooLarge { .. } => ("too_large", Permanent),
            FeedError::BadKind => ("bad_kind", Permanent),
            FeedError::DepOrder => ("dep_order", Permanent),
            FeedError::BadDep => ("bad_dep", Permanent),
            FeedError::SeqZero => ("seq_zero", Permanent),
            FeedError::SeqExhausted => ("seq_exhausted", Permanent),
            FeedError::BodySize { .. } => ("body_size", Permanent),
            FeedError::SealedForm { .. } => ("sealed_form", Permanent),
            FeedError::BadKey => ("bad_key", Permanent),
            FeedError::BadSignature => ("bad_signature", Permanent),
            FeedError::BodyMismatch => ("body_mismatch", Permanent),
            FeedError::WrongFeed { .. } => ("wrong_feed", Permanent),
            FeedError::Repeated { .. } => ("repeated", Permanent),
            FeedError::BrokenLink { .. } => ("broken_link", Permanent),
            FeedError::Fork { .. } => ("fork", Permanent),
            FeedError::BadOpening { .. } => ("bad_opening", Permanent),
            FeedError::LateOpening { .. } => ("late_opening", Permanent),
            FeedError::BadIdentity { .. } => ("bad_identity", Permanent),
            FeedError::BadVector { .. } => ("bad_vector", Permanent),
            FeedError::BadForkProof { .. } => ("bad_fork_proof", Permanent),
        }
    }
}

#[derive(PartialEq)]
enum Lasting {
    Permanent,
    Transient,
}

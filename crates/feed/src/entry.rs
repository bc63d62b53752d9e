//! One signed item of a feed: making it, verifying it, and dropping its sealed part without harming
//! the proof. An entry is verified here by itself; whether it follows on the one before is
//! [`crate::Chain`]'s question. Must not look into bodies. Start at [`sign`] and [`Entry::verify`].

use ed25519_dalek::{Signature, VerifyingKey};

use crate::feed::{OPENING_KIND, Opening};
use crate::header::body_commitment;
use crate::limits::BODY_MAX_BYTES;
use crate::{FeedError, Hash, Head, Header, HybridTime, PublicKey, Signer};

/// What an entry is to say, before it has a place in a feed.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    /// What it says: 1 to 48 of `a-z 0-9 _ .`.
    pub kind: &'a str,
    /// Version of the kind's body.
    pub kind_version: u16,
    /// Whether a reader that does not know the kind must stop rather than go on without it.
    pub critical: bool,
    /// Random id of the record that it is about; all zero when it is about none.
    pub record: [u8; 16],
    /// Version of the record after it.
    pub record_version: u64,
    /// When it is written, by the node's hybrid logical clock.
    pub time: HybridTime,
    /// Heads of other feeds that it answers, in any order, one per feed.
    pub deps: &'a [Head],
    /// The part that all readers see; never personal data.
    pub plain: Vec<u8>,
    /// The part sealed under the record's key (see [`crate::seal`]); empty = there is none.
    pub sealed: Vec<u8>,
}

/// The sealed part of an entry's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealedBody {
    /// There never was one.
    None,
    /// It is there. Never empty.
    Whole(Vec<u8>),
    /// It was dropped; its hash keeps the entry verifiable.
    Erased(Hash),
}

impl SealedBody {
    fn hash(&self) -> Hash {
        match self {
            SealedBody::None => Hash::of(&[]),
            SealedBody::Whole(bytes) => Hash::of(bytes),
            SealedBody::Erased(hash) => *hash,
        }
    }
}

/// One signed item of a feed. Its header bytes and body are kept as they came and never re-made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The fields of the header, read from `header_bytes`.
    pub header: Header,
    /// The exact bytes that are signed and hashed.
    pub header_bytes: Vec<u8>,
    /// Ed25519 signature over `header_bytes`.
    pub signature: [u8; 64],
    /// The part of the body that all readers see.
    pub plain: Vec<u8>,
    /// The part of the body that only holders of the record's key can read.
    pub sealed: SealedBody,
    /// SHA-256 of `header_bytes`: the entry's name in the chain.
    pub hash: Hash,
}

/// Signs the entry that follows `head`. The next head is [`Entry::head`] of the result; signing
/// twice on one head forks the feed, so the caller stores the entry before it does anything else.
pub fn sign(signer: &Signer, head: &Head, draft: Draft<'_>) -> Result<Entry, FeedError> {
    let seq = head.seq.checked_add(1).ok_or(FeedError::SeqExhausted)?;
    let body_bytes = draft.plain.len().saturating_add(draft.sealed.len());
    if body_bytes > BODY_MAX_BYTES {
        return Err(FeedError::TooLarge {
            what: "body",
            found: body_bytes as u64,
            max: BODY_MAX_BYTES as u64,
        });
    }
    let plain_size = draft.plain.len() as u32;
    let sealed_size = draft.sealed.len() as u32;
    let sealed = match draft.sealed.is_empty() {
        true => SealedBody::None,
        false => SealedBody::Whole(draft.sealed),
    };
    let mut deps = draft.deps.to_vec();
    deps.sort_by_key(|dep| dep.feed);
    let header = Header {
        critical: draft.critical,
        kind_version: draft.kind_version,
        feed: head.feed,
        seq,
        previous: head.hash,
        time: draft.time,
        record: draft.record,
        record_version: draft.record_version,
        plain_size,
        sealed_size,
        body: body_commitment(&draft.plain, &sealed.hash()),
        kind: draft.kind.to_owned(),
        deps,
    };
    header.check()?;
    let header_bytes = header.encode();
    let signature = signer.sign_header(&header_bytes);
    let hash = Hash::of(&header_bytes);
    let entry = Entry {
        header,
        header_bytes,
        signature,
        plain: draft.plain,
        sealed,
        hash,
    };
    entry.check_place()?;
    if seq == 1 {
        // Refused here, where it can still be corrected, and not by every reader later.
        Opening::of(&entry)?;
    }
    Ok(entry)
}

impl Entry {
    /// Puts an entry together from stored parts. Reads the header and compares sizes; does not verify.
    pub fn from_parts(
        header_bytes: Vec<u8>,
        signature: [u8; 64],
        plain: Vec<u8>,
        sealed: SealedBody,
    ) -> Result<Entry, FeedError> {
        let header = Header::decode(&header_bytes)?;
        let hash = Hash::of(&header_bytes);
        let entry = Entry {
            header,
            header_bytes,
            signature,
            plain,
            sealed,
            hash,
        };
        entry.check_sizes()?;
        Ok(entry)
    }

    /// Returns the head that the feed has when this is its last entry.
    pub fn head(&self) -> Head {
        Head {
            feed: self.header.feed,
            seq: self.header.seq,
            hash: self.hash,
        }
    }

    /// Verifies sizes, signature and body commitment. An erased sealed part verifies by its hash.
    pub fn verify(&self, key: &PublicKey) -> Result<(), FeedError> {
        self.verify_with(&key.verifying()?)
    }

    pub(crate) fn verify_with(&self, key: &VerifyingKey) -> Result<(), FeedError> {
        self.check_sizes()?;
        let signature = Signature::from_bytes(&self.signature);
        // Strict: a signature on which implementations could differ is refused.
        key.verify_strict(&self.header_bytes, &signature)
            .map_err(|_| FeedError::BadSignature)?;
        if body_commitment(&self.plain, &self.sealed.hash()) != self.header.body {
            return Err(FeedError::BodyMismatch);
        }
        Ok(())
    }

    /// Drops the sealed part and keeps its hash. The entry still verifies; nothing can be read again.
    pub fn erase_sealed(&mut self) {
        if let SealedBody::Whole(bytes) = &self.sealed {
            self.sealed = SealedBody::Erased(Hash::of(bytes));
        }
    }

    /// Checks that the opening kind stands first and nowhere else.
    pub(crate) fn check_place(&self) -> Result<(), FeedError> {
        let seq = self.header.seq;
        match (seq == 1, self.header.kind == OPENING_KIND) {
            (true, false) => Err(FeedError::BadOpening {
                why: "the first entry is of another kind",
            }),
            (false, true) => Err(FeedError::LateOpening { seq }),
            (true, true) | (false, false) => Ok(()),
        }
    }

    fn check_sizes(&self) -> Result<(), FeedError> {
        let size_is = |part, expected: u32, found: usize| match found as u64 == u64::from(expected)
        {
            true => Ok(()),
            false => Err(FeedError::BodySize {
                part,
                expected: u64::from(expected),
                found: found as u64,
            }),
        };
        size_is("plain", self.header.plain_size, self.plain.len())?;
        let sealed_size = self.header.sealed_size;
        match &self.sealed {
            SealedBody::None => size_is("sealed", sealed_size, 0),
            SealedBody::Whole(bytes) if !bytes.is_empty() => {
                size_is("sealed", sealed_size, bytes.len())
            }
            SealedBody::Erased(_) if sealed_size > 0 => Ok(()),
            // One entry has one form: no sealed part is `None`, not an empty or an erased one.
            SealedBody::Whole(_) | SealedBody::Erased(_) => Err(FeedError::SealedForm {
                form: self.sealed.form(),
                sealed_size,
            }),
        }
    }
}

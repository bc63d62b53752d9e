//! The signed part of an entry: what it is, where it stands and what it commits to, in exact bytes.
//! It carries no personal data and is never re-made from its fields to be verified. Knows nothing of
//! keys or of the entries around it. Start at [`Header`]; the table of bytes is in
//! `docs/spec/feed.md`.

use crate::limits::{BODY_MAX_BYTES, DEPS_MAX, HEADER_MAX_BYTES, KIND_MAX_BYTES};
use crate::{FeedError, FeedId, Hash, Head, HybridTime};

/// The first four bytes of every header.
pub const MAGIC: [u8; 4] = *b"WFE1";

/// The one suite there is: SHA-256 and Ed25519.
pub const SUITE: u8 = 1;

const FLAG_CRITICAL: u8 = 1;
const FIXED_BYTES: usize = 152;
const DEP_BYTES: usize = 72;

/// The fields of an entry's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Whether a reader that does not know the kind must stop rather than go on without it.
    pub critical: bool,
    /// Version of the kind's body.
    pub kind_version: u16,
    /// The feed that the entry belongs to.
    pub feed: FeedId,
    /// Place in the feed; the first is 1.
    pub seq: u64,
    /// Hash of the entry before, zero for the first.
    pub previous: Hash,
    /// When it was written, by the node's hybrid logical clock.
    pub time: HybridTime,
    /// Random id of the record that it is about; all zero when it is about none.
    pub record: [u8; 16],
    /// Version of the record after it.
    pub record_version: u64,
    /// Size of the plain part of the body, in bytes.
    pub plain_size: u32,
    /// Size of the sealed part of the body, in bytes; 0 = there is none.
    pub sealed_size: u32,
    /// Commitment to both parts of the body; see [`body_commitment`].
    pub body: Hash,
    /// What it says: 1 to 48 of `a-z 0-9 _ .`.
    pub kind: String,
    /// Heads of other feeds that it answers, strictly ascending by feed.
    pub deps: Vec<Head>,
}

/// Returns the commitment to a body: over the hashes of both parts, so that the sealed part may be
/// dropped and its hash kept.
pub(crate) fn body_commitment(plain: &[u8], sealed_hash: &Hash) -> Hash {
    Hash::of_parts(&[b"watchfire body v1\0", &Hash::of(plain).0, &sealed_hash.0])
}

impl Header {
    /// Checks every rule that a header can break by itself.
    pub(crate) fn check(&self) -> Result<(), FeedError> {
        if self.seq == 0 {
            return Err(FeedError::SeqZero);
        }
        if self.seq == 1 && self.previous != Hash::ZERO {
            return Err(FeedError::BrokenLink { seq: 1 });
        }
        let body_bytes = u64::from(self.plain_size) + u64::from(self.sealed_size);
        at_most("body", body_bytes, BODY_MAX_BYTES)?;
        at_most("kind", self.kind.len() as u64, KIND_MAX_BYTES)?;
        let kind_is_plain = self
            .kind
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.'));
        if self.kind.is_empty() || !kind_is_plain {
            return Err(FeedError::BadKind);
        }
        at_most("list of deps", self.deps.len() as u64, DEPS_MAX)?;
        if self
            .deps
            .iter()
            .any(|dep| dep.seq == 0 || dep.feed == self.feed)
        {
            return Err(FeedError::BadDep);
        }
        if !self.deps.is_sorted_by(|left, right| left.feed < right.feed) {
            return Err(FeedError::DepOrder);
        }
        Ok(())
    }

    /// Returns the exact bytes to sign. Only for headers that passed [`Header::check`].
    pub(crate) fn encode(&self) -> Vec<u8> {
        let length = FIXED_BYTES + 2 + self.kind.len() + self.deps.len() * DEP_BYTES;
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&MAGIC);
        bytes.push(SUITE);
        bytes.push(if self.critical { FLAG_CRITICAL } else { 0 });
        bytes.extend_from_slice(&self.kind_version.to_be_bytes());
        bytes.extend_from_slice(&self.feed.0);
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        bytes.extend_from_slice(&self.previous.0);
        bytes.extend_from_slice(&self.time.0.to_be_bytes());
        bytes.extend_from_slice(&self.record);
        bytes.extend_from_slice(&self.record_version.to_be_bytes());
        bytes.extend_from_slice(&self.plain_size.to_be_bytes());
        bytes.extend_from_slice(&self.sealed_size.to_be_bytes());
        bytes.extend_from_slice(&self.body.0);
        bytes.push(self.kind.len() as u8);
        bytes.extend_from_slice(self.kind.as_bytes());
        bytes.push(self.deps.len() as u8);
        for dep in &self.deps {
            bytes.extend_from_slice(&dep.feed.0);
            bytes.extend_from_slice(&dep.seq.to_be_bytes());
            bytes.extend_from_slice(&dep.hash.0);
        }
        bytes
    }

    /// Reads a header that takes up all of `bytes`.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Header, FeedError> {
        at_most("header", bytes.len() as u64, HEADER_MAX_BYTES)?;
        let mut fields = Fields { bytes, at: 0 };
        if fields.take::<4>()? != MAGIC {
            return Err(FeedError::BadMagic);
        }
        let [suite, flags] = fields.take::<2>()?;
        // Another suite may mean another layout: nothing after this byte may be judged.
        if suite != SUITE {
            return Err(FeedError::UnknownSuite { suite });
        }
        if flags & !FLAG_CRITICAL != 0 {
            return Err(FeedError::ReservedFlag { flags });
        }
        let header = Header {
            critical: flags & FLAG_CRITICAL != 0,
            kind_version: u16::from_be_bytes(fields.take()?),
            feed: FeedId(fields.take()?),
            seq: u64::from_be_bytes(fields.take()?),
            previous: Hash(fields.take()?),
            time: HybridTime(u64::from_be_bytes(fields.take()?)),
            record: fields.take()?,
            record_version: u64::from_be_bytes(fields.take()?),
            plain_size: u32::from_be_bytes(fields.take()?),
            sealed_size: u32::from_be_bytes(fields.take()?),
            body: Hash(fields.take()?),
            kind: fields.kind()?,
            deps: fields.deps()?,
        };
        if fields.at != bytes.len() {
            return Err(FeedError::HeaderLength {
                needed: fields.at,
                found: bytes.len(),
            });
        }
        header.check()?;
        Ok(header)
    }
}

fn at_most(what: &'static str, found: u64, max: usize) -> Result<(), FeedError> {
    if found > max as u64 {
        return Err(FeedError::TooLarge {
            what,
            found,
            max: max as u64,
        });
    }
    Ok(())
}

/// Reads fields one after the other and says which length was missing.
struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], FeedError> {
        let mut field = [0; N];
        field.copy_from_slice(self.slice(N)?);
        Ok(field)
    }

    fn slice(&mut self, length: usize) -> Result<&[u8], FeedError> {
        let end = self.at + length;
        let too_short = FeedError::HeaderLength {
            needed: end,
            found: self.bytes.len(),
        };
        let slice = self.bytes.get(self.at..end).ok_or(too_short)?;
        self.at = end;
        Ok(slice)
    }

    fn kind(&mut self) -> Result<String, FeedError> {
        let [length] = self.take::<1>()?;
        at_most("kind", u64::from(length), KIND_MAX_BYTES)?;
        let bytes = self.slice(usize::from(length))?.to_vec();
        String::from_utf8(bytes).map_err(|_| FeedError::BadKind)
    }

    fn deps(&mut self) -> Result<Vec<Head>, FeedError> {
        let [count] = self.take::<1>()?;
        at_most("list of deps", u64::from(count), DEPS_MAX)?;
        (0..count)
            .map(|_| {
                Ok(Head {
                    feed: FeedId(self.take()?),
                    seq: u64::from_be_bytes(self.take()?),
                    hash: Hash(self.take()?),
                })
            })
            .collect()
    }
}

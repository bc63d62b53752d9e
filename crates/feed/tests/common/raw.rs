//! Frames that no honest writer makes: a header with any field set to anything, signed all the same.
//! It must not share code with the crate's own encoder, or a mistake there would be repeated here.
//! Start at [`Raw::of`].

use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest, Sha256};
use watchfire_feed::{Entry, Hash, Head};

/// The bytes of a header, field by field.
#[derive(Clone)]
pub struct Raw {
    pub magic: [u8; 4],
    pub suite: u8,
    pub flags: u8,
    pub kind_version: u16,
    pub feed: [u8; 32],
    pub seq: u64,
    pub previous: [u8; 32],
    pub time: u64,
    pub record: [u8; 16],
    pub record_version: u64,
    pub plain_size: u32,
    pub sealed_size: u32,
    pub body: [u8; 32],
    pub kind: Vec<u8>,
    pub deps: Vec<Head>,
    pub tail: Vec<u8>,
}

impl Raw {
    pub fn of(entry: &Entry) -> Raw {
        let header = &entry.header;
        Raw {
            magic: *b"WFE1",
            suite: 1,
            flags: u8::from(header.critical),
            kind_version: header.kind_version,
            feed: header.feed.0,
            seq: header.seq,
            previous: header.previous.0,
            time: header.time.0,
            record: header.record,
            record_version: header.record_version,
            plain_size: header.plain_size,
            sealed_size: header.sealed_size,
            body: header.body.0,
            kind: header.kind.clone().into_bytes(),
            deps: header.deps.clone(),
            tail: Vec::new(),
        }
    }

    /// Sets sizes and commitment to those of this body.
    pub fn with_body(mut self, plain: &[u8], sealed: &[u8]) -> Raw {
        let mut hasher = Sha256::new();
        hasher.update(b"watchfire body v1\0");
        hasher.update(Sha256::digest(plain));
        hasher.update(Sha256::digest(sealed));
        self.body = hasher.finalize().into();
        self.plain_size = plain.len() as u32;
        self.sealed_size = sealed.len() as u32;
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.magic);
        bytes.extend([self.suite, self.flags]);
        bytes.extend(self.kind_version.to_be_bytes());
        bytes.extend(self.feed);
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.previous);
        bytes.extend(self.time.to_be_bytes());
        bytes.extend(self.record);
        bytes.extend(self.record_version.to_be_bytes());
        bytes.extend(self.plain_size.to_be_bytes());
        bytes.extend(self.sealed_size.to_be_bytes());
        bytes.extend(self.body);
        bytes.push(self.kind.len() as u8);
        bytes.extend(&self.kind);
        bytes.push(self.deps.len() as u8);
        for dep in &self.deps {
            bytes.extend(dep.feed.0);
            bytes.extend(dep.seq.to_be_bytes());
            bytes.extend(dep.hash.0);
        }
        bytes.extend(&self.tail);
        bytes
    }

    pub fn hash(&self) -> Hash {
        Hash(Sha256::digest(self.bytes()).into())
    }
}

/// Frames any header bytes with a good signature.
pub fn signed_frame(seed: u8, header: &[u8], form: u8, body: &[u8]) -> Vec<u8> {
    let signature = SigningKey::from_bytes(&[seed; 32]).sign(header).to_bytes();
    frame(header, &signature, form, body)
}

/// Frames any header bytes with any signature.
pub fn frame(header: &[u8], signature: &[u8; 64], form: u8, body: &[u8]) -> Vec<u8> {
    let length = (header.len() as u32).to_be_bytes();
    [&length, header, signature, &[form], body].concat()
}

//! Sealing of personal fields: AES-256-GCM under a random key per record that lives outside the
//! feeds, so that destroying the key erases the fields while the chain still verifies. The caller
//! draws keys and nonces and keeps the keys; one key must never see one nonce twice. Start at
//! [`seal`] and [`open`].

use std::fmt;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use zeroize::Zeroize;

/// Bytes that sealing adds: key id, nonce and tag.
pub const OVERHEAD_BYTES: usize = KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES;

const KEY_ID_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const DOMAIN: &[u8] = b"watchfire seal v1\0";

/// The secret key of one record and the id it is found by. The secret is wiped when dropped.
#[derive(Clone)]
pub struct RecordKey {
    /// Names the key in sealed bytes; random, tells nothing of the record.
    pub id: [u8; 16],
    key: [u8; 32],
}

impl RecordKey {
    /// Makes a key from its id and its 32 random secret bytes.
    pub fn new(id: [u8; 16], key: [u8; 32]) -> RecordKey {
        RecordKey { id, key }
    }

    /// Returns the secret bytes, for the key store and for handing the key to a member.
    pub fn expose(&self) -> &[u8; 32] {
        &self.key
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordKey({})", hex::encode(self.id))
    }
}

impl Drop for RecordKey {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

/// Why sealed bytes could not be opened. All are permanent for this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Fewer bytes than key id, nonce and tag take.
    #[error("the sealed part is too short")]
    TooShort,
    /// Sealed under another record key.
    #[error("the sealed part is under another key")]
    OtherKey,
    /// The bytes or the context are not those that were sealed.
    #[error("the sealed part does not open: it or its context was altered")]
    Altered,
}

/// Seals `plain` and binds it to `context` (the record id, for entries), so that it cannot be moved
/// to another record. Returns key id, nonce, ciphertext and tag.
pub fn seal(key: &RecordKey, nonce: [u8; 12], context: &[u8], plain: &[u8]) -> Vec<u8> {
    let associated = [DOMAIN, context].concat();
    let payload = Payload {
        msg: plain,
        aad: &associated,
    };
    let ciphertext = cipher(key)
        .encrypt(&nonce.into(), payload)
        .expect("AES-GCM refuses only messages of 64 GiB and more");
    [&key.id, nonce.as_slice(), &ciphertext].concat()
}

/// Returns the id of the record key that opens these bytes, none if they are too short.
pub fn key_id(sealed: &[u8]) -> Option<[u8; 16]> {
    split(sealed).map(|(id, _, _)| id)
}

/// Opens sealed bytes; the context must be the one that they were sealed with.
pub fn open(key: &RecordKey, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (id, nonce, ciphertext) = split(sealed).ok_or(SealError::TooShort)?;
    if id != key.id {
        return Err(SealError::OtherKey);
    }
    let associated = [DOMAIN, context].concat();
    let payload = Payload {
        msg: ciphertext,
        aad: &associated,
    };
    cipher(key)
        .decrypt(&nonce.into(), payload)
        .map_err(|_| SealError::Altered)
}

fn cipher(key: &RecordKey) -> Aes256Gcm {
    Aes256Gcm::new(&key.key.into())
}

fn split(sealed: &[u8]) -> Option<([u8; 16], [u8; 12], &[u8])> {
    let (id, rest) = sealed.split_first_chunk()?;
    let (nonce, ciphertext) = rest.split_first_chunk()?;
    (ciphertext.len() >= TAG_BYTES).then_some((*id, *nonce, ciphertext))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_key() -> RecordKey {
        RecordKey::new([1; 16], [2; 32])
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_and_context_only() {
        let sealed = seal(&a_key(), [3; 12], b"record", "回拨 110".as_bytes());
        assert_eq!(sealed.len(), "回拨 110".len() + OVERHEAD_BYTES);
        assert_eq!(key_id(&sealed), Some([1; 16]));
        assert_eq!(
            open(&a_key(), b"record", &sealed).unwrap(),
            "回拨 110".as_bytes()
        );
        assert_eq!(open(&a_key(), b"another", &sealed), Err(SealError::Altered));
        let same_id = RecordKey::new([1; 16], [9; 32]);
        assert_eq!(open(&same_id, b"record", &sealed), Err(SealError::Altered));
        let other = RecordKey::new([4; 16], [2; 32]);
        assert_eq!(open(&other, b"record", &sealed), Err(SealError::OtherKey));
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let sealed = seal(&a_key(), [3; 12], b"record", b"caller");
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(open(&a_key(), b"record", &altered).is_err(), "byte {at}");
        }
    }

    #[test]
    fn the_shortest_sealed_part_is_an_empty_one() {
        let sealed = seal(&a_key(), [0; 12], b"", b"");
        assert_eq!(sealed.len(), OVERHEAD_BYTES);
        assert_eq!(open(&a_key(), b"", &sealed).unwrap(), b"");
        let short = &sealed[..OVERHEAD_BYTES - 1];
        assert_eq!(open(&a_key(), b"", short), Err(SealError::TooShort));
        assert_eq!(key_id(short), None);
    }

    #[test]
    fn a_record_key_does_not_show_its_secret() {
        let shown = format!("{:?}", RecordKey::new([0; 16], [0xcd; 32]));
        assert!(!shown.contains("cdcd") && !shown.contains("205"), "{shown}");
    }
}

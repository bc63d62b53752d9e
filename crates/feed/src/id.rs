//! The 32-byte names of things: hashes, feeds, nodes and public keys. Each is its own type, so that
//! none can be passed for another, and each has one written form only: 64 lower-case hex digits.
//! Knows nothing of what is hashed. Start at [`struct@Hash`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::FeedError;

/// Text that is not 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 lower-case hex digits")]
pub struct IdError;

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(
            /// The bytes themselves.
            pub [u8; 32],
        );

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse_lower_hex(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id_type!(
    /// A SHA-256 hash: of an entry's header, which names the entry, or of a part of its body.
    Hash
);
id_type!(
    /// The name of one feed, computed from what the feed is; see [`crate::Feed::id`].
    FeedId
);
id_type!(
    /// The name of one node, computed from its root public key; it outlives the keys of its feeds.
    NodeId
);
id_type!(
    /// An Ed25519 public key as its 32 encoded bytes, not yet checked to be a point of the curve.
    PublicKey
);

impl Hash {
    /// What stands in the place of a previous hash when there is no previous entry.
    pub const ZERO: Hash = Hash([0; 32]);

    /// Returns the SHA-256 hash of these bytes.
    pub fn of(bytes: &[u8]) -> Hash {
        Hash::of_parts(&[bytes])
    }

    pub(crate) fn of_parts(parts: &[&[u8]]) -> Hash {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Hash(hasher.finalize().into())
    }
}

impl NodeId {
    /// Returns the id of the node whose root key this is: the first key that it ever had.
    pub fn of_key(root: &PublicKey) -> NodeId {
        NodeId(Hash::of_parts(&[b"watchfire node v1\0", &root.0]).0)
    }
}

impl PublicKey {
    /// Checks that this is a point of the curve and not one of the few weak ones whose
    /// "signatures" anyone can make.
    pub fn check(&self) -> Result<(), FeedError> {
        self.verifying().map(|_| ())
    }

    pub(crate) fn verifying(&self) -> Result<ed25519_dalek::VerifyingKey, FeedError> {
        let key =
            ed25519_dalek::VerifyingKey::from_bytes(&self.0).map_err(|_| FeedError::BadKey)?;
        if key.is_weak() {
            return Err(FeedError::BadKey);
        }
        Ok(key)
    }
}

/// Parses exactly `N` bytes of lower-case hex; upper case is refused so that one id has one spelling.
pub(crate) fn parse_lower_hex<const N: usize>(text: &str) -> Result<[u8; N], IdError> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(IdError);
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| IdError)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let text = "00ff".repeat(16);
        let id: FeedId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{text}\""));
        assert_eq!(
            serde_json::from_str::<FeedId>(&format!("\"{text}\"")).unwrap(),
            id
        );
        for wrong in [
            "",
            "00",
            &text.to_uppercase(),
            &format!("{text}00"),
            &"zz".repeat(32),
        ] {
            assert_eq!(wrong.parse::<FeedId>(), Err(IdError), "{wrong}");
        }
    }

    #[test]
    fn a_node_is_named_by_its_first_key() {
        let key = PublicKey([7; 32]);
        assert_eq!(NodeId::of_key(&key), NodeId::of_key(&key));
        assert_ne!(NodeId::of_key(&key), NodeId::of_key(&PublicKey([8; 32])));
        assert_ne!(
            NodeId::of_key(&key).0,
            Hash::of(&key.0).0,
            "the domain is part of the name"
        );
    }

    #[test]
    fn a_weak_or_impossible_key_is_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey(identity).check(), Err(FeedError::BadKey));
        let mut off_curve = [0; 32];
        off_curve[0] = 2;
        assert_eq!(PublicKey(off_curve).check(), Err(FeedError::BadKey));
    }
}

//! The one place that holds a signing key. It signs headers of entries and nothing else, so that no
//! other message can ever be passed off as an entry; it never shows the key. Start at
//! [`Signer::from_seed`].

use std::fmt;

use ed25519_dalek::Signer as _;
use ed25519_dalek::SigningKey;

use crate::PublicKey;

/// The private key of a feed. It is wiped from memory when dropped.
pub struct Signer {
    key: SigningKey,
}

impl Signer {
    /// Makes a signer from its 32 secret bytes, which the caller draws and keeps.
    pub fn from_seed(seed: [u8; 32]) -> Signer {
        Signer {
            key: SigningKey::from_bytes(&seed),
        }
    }

    /// Returns the public key that verifies what this signer signs.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.key.verifying_key().to_bytes())
    }

    pub(crate) fn sign_header(&self, header_bytes: &[u8]) -> [u8; 64] {
        self.key.sign(header_bytes).to_bytes()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public_key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signer_does_not_show_its_key() {
        let seed = [0xab; 32];
        let shown = format!("{:?}", Signer::from_seed(seed));
        assert!(!shown.contains("abab") && !shown.contains("171"), "{shown}");
    }
}

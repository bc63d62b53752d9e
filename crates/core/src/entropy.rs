//! Ids and nonces from a seed that is handed in.
//!
//! The host seeds it from the operating system; a simulation seeds it with a number, and then every id
//! and nonce of the run is the same again. SHA-256 in counter mode: the seed is never shown by its output.

use sha2::{Digest, Sha256};

/// A stream of unpredictable bytes that one 32-byte seed fixes.
#[derive(Clone)]
pub struct Entropy {
    seed: [u8; 32],
    counter: u64,
}

impl Entropy {
    /// Makes a stream from a seed.
    pub fn new(seed: [u8; 32]) -> Entropy {
        Entropy { seed, counter: 0 }
    }

    /// Makes a stream from a small number, for replays and simulations that a person names by it.
    pub fn from_number(number: u64) -> Entropy {
        let mut hash = Sha256::new();
        hash.update(b"watchfire replay seed v1\0");
        hash.update(number.to_be_bytes());
        Entropy::new(hash.finalize().into())
    }

    /// Returns the next 32 bytes.
    pub fn next_32(&mut self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"watchfire entropy v1\0");
        hash.update(self.seed);
        hash.update(self.counter.to_be_bytes());
        self.counter += 1;
        hash.finalize().into()
    }

    /// Returns the next 16 bytes, for a record id or a key id.
    pub fn next_16(&mut self) -> [u8; 16] {
        let bytes = self.next_32();
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[..16]);
        id
    }

    /// Returns the next 12 bytes, for a nonce.
    pub fn next_12(&mut self) -> [u8; 12] {
        let bytes = self.next_32();
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&bytes[..12]);
        nonce
    }

    /// Returns a number below `bound` (which must not be zero), evenly enough for simulations.
    pub fn below(&mut self, bound: u64) -> u64 {
        let bytes = self.next_32();
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[..8]);
        u64::from_be_bytes(word) % bound.max(1)
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entropy(..)") // The seed of a live node must not reach a log.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_stream_and_two_seeds_two() {
        let mut a = Entropy::from_number(1);
        let mut b = Entropy::from_number(1);
        let mut c = Entropy::from_number(2);
        let first: Vec<_> = (0..10).map(|_| a.next_16()).collect();
        assert_eq!(first, (0..10).map(|_| b.next_16()).collect::<Vec<_>>());
        assert_ne!(first, (0..10).map(|_| c.next_16()).collect::<Vec<_>>());
    }
}

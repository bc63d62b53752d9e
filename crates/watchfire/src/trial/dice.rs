//! Random numbers that a seed fixes, one stream for each purpose.
//!
//! What happens in a trial must not depend on how often somebody rolled before: each run draws its calls from a stream of
//! its own, before anything is decided, so that every policy meets the same calls with the same times on scene (common
//! random numbers). SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) is plenty for that.

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Makes the stream of a seed and a purpose; different purposes have nothing in common.
    pub fn new(seed: u64, purpose: u64) -> Dice {
        let mut mixed = Dice(seed ^ purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Dice(mixed.roll() ^ purpose)
    }

    /// Returns the next 64 bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 to just below 1.
    pub fn share(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns a whole number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.roll()) * bound as u128) >> 64) as usize
    }

    /// Returns a length of time that is exponential with a mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.share()).ln()
    }
}

//! A small source of numbers that one seed fixes (splitmix64 of Steele, Lea and Flood, 2014).
//!
//! [`crate::entropy::Entropy`] is for what nobody may guess; this is for a search that draws millions of numbers a second
//! and must be the same again. Start at [`Dice::below`].

/// A stream of numbers that a seed fixes.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// Makes a stream from a seed.
    pub(super) fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `bound`; zero when there is none.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        // The high half of the product is even enough: bounds are far below 2^32.
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Returns a number of at least 0 and below 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns true once in `times`, on average.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Puts a list in another order.
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}

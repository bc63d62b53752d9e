//! Hybrid logical time: wall-clock milliseconds where they can be had, never going back, and a
//! counter for what happens within one. It orders what a screen shows and nothing else: it never
//! decides who owns, may or wins. Reads no clock: the caller says what time it is. Start at
//! [`HybridClock::tick`].

use std::fmt;

use crate::limits::CLOCK_SKEW_MAX_MS;

const COUNTER_BITS: u32 = 16;
const MS_MAX: u64 = u64::MAX >> COUNTER_BITS;

/// A hybrid logical time: milliseconds since the Unix epoch in the upper 48 bits, a counter below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HybridTime(
    /// The packed value, as it stands in a header.
    pub u64,
);

impl HybridTime {
    /// Packs milliseconds since the Unix epoch (held at the largest that 48 bits can say) and a counter.
    pub fn from_parts(ms: u64, counter: u16) -> HybridTime {
        HybridTime(ms.min(MS_MAX) << COUNTER_BITS | u64::from(counter))
    }

    /// Returns the milliseconds since the Unix epoch.
    pub fn ms(self) -> u64 {
        self.0 >> COUNTER_BITS
    }

    /// Returns the counter within the millisecond.
    pub fn counter(self) -> u16 {
        (self.0 & 0xffff) as u16
    }
}

impl fmt::Display for HybridTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.ms(), self.counter())
    }
}

/// What a time from another node says about the two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skew {
    /// Not further ahead of our clock than is allowed. A time long past is within too: an old entry
    /// that arrives late looks the same as a slow clock.
    Within,
    /// Too far ahead; our clock was not moved. One of the two clocks is wrong.
    Ahead {
        /// How far the other time is ahead of our clock, in milliseconds.
        ahead_ms: u64,
    },
}

/// Gives the times of one node's entries.
#[derive(Debug, Clone)]
pub struct HybridClock {
    last: HybridTime,
}

impl HybridClock {
    /// Starts after the last time that this node has given (zero for a new node).
    pub fn new(last: HybridTime) -> HybridClock {
        HybridClock { last }
    }

    /// Returns a time later than any given or merged before, and not earlier than `now_ms`
    /// (milliseconds since the Unix epoch; before the epoch counts as zero).
    pub fn tick(&mut self, now_ms: i64) -> HybridTime {
        let now = HybridTime::from_parts(u64::try_from(now_ms).unwrap_or(0), 0);
        // A full counter runs over into the milliseconds: later than the wall clock, but in order.
        // The value saturates in the year 10889.
        let next = HybridTime(self.last.0.saturating_add(1));
        self.last = now.max(next);
        self.last
    }

    /// Merges the time of another node's entry, so that what we answer is shown after what we
    /// answered, unless it is more than [`CLOCK_SKEW_MAX_MS`] ahead of `now_ms`: one wrong clock
    /// must not carry all others away.
    pub fn observe(&mut self, remote: HybridTime, now_ms: i64) -> Skew {
        let now_ms = u64::try_from(now_ms).unwrap_or(0);
        let ahead_ms = remote.ms().saturating_sub(now_ms);
        if ahead_ms > CLOCK_SKEW_MAX_MS {
            return Skew::Ahead { ahead_ms };
        }
        self.last = self.last.max(remote);
        Skew::Within
    }

    /// Returns the last time given or merged.
    pub fn last(&self) -> HybridTime {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_when_the_wall_clock_goes_back() {
        let mut clock = HybridClock::new(HybridTime::default());
        let first = clock.tick(1_000);
        let same = clock.tick(1_000);
        let back = clock.tick(-5);
        let later = clock.tick(1_001);
        assert_eq!(first, HybridTime::from_parts(1_000, 0));
        assert_eq!(same, HybridTime::from_parts(1_000, 1));
        assert_eq!(back, HybridTime::from_parts(1_000, 2));
        assert_eq!(later, HybridTime::from_parts(1_001, 0));
    }

    #[test]
    fn a_full_counter_runs_over_into_the_next_millisecond() {
        let mut clock = HybridClock::new(HybridTime::from_parts(1_000, u16::MAX));
        assert_eq!(clock.tick(1_000), HybridTime::from_parts(1_001, 0));
    }

    #[test]
    fn a_restart_does_not_give_a_time_twice() {
        let last = HybridTime::from_parts(9_000, 4);
        assert!(HybridClock::new(last).tick(3_000) > last);
    }

    #[test]
    fn a_peer_moves_our_clock_up_to_the_limit_and_not_one_past() {
        let mut clock = HybridClock::new(HybridTime::default());
        let now_ms = 1_000_000_u64;
        let at = HybridTime::from_parts(now_ms + CLOCK_SKEW_MAX_MS, 3);
        assert_eq!(clock.observe(at, now_ms as i64), Skew::Within);
        assert!(clock.tick(now_ms as i64) > at);

        let mut clock = HybridClock::new(HybridTime::default());
        let past = HybridTime::from_parts(now_ms + CLOCK_SKEW_MAX_MS + 1, 0);
        let ahead_ms = CLOCK_SKEW_MAX_MS + 1;
        assert_eq!(clock.observe(past, now_ms as i64), Skew::Ahead { ahead_ms });
        assert_eq!(clock.tick(now_ms as i64), HybridTime::from_parts(now_ms, 0));
    }

    #[test]
    fn a_late_old_entry_moves_nothing() {
        let mut clock = HybridClock::new(HybridTime::from_parts(5_000, 0));
        assert_eq!(
            clock.observe(HybridTime::from_parts(10, 0), 5_000),
            Skew::Within
        );
        assert_eq!(clock.last(), HybridTime::from_parts(5_000, 0));
    }

    #[test]
    fn the_ends_of_the_range_hold() {
        assert_eq!(
            HybridTime::from_parts(u64::MAX, u16::MAX),
            HybridTime(u64::MAX)
        );
        let mut clock = HybridClock::new(HybridTime(u64::MAX));
        assert_eq!(clock.tick(i64::MAX), HybridTime(u64::MAX));
        let parts = HybridTime::from_parts(MS_MAX, 7);
        assert_eq!((parts.ms(), parts.counter()), (MS_MAX, 7));
    }
}

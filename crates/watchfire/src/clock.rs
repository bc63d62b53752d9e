//! The node's clock: the machine's, or one that replays a past night faster.
//!
//! Everything that needs to know the time asks here, so that a replay is a replay for all of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use watchfire_core::basis::Timestamp;

/// Where the node's time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    Real,
    /// A past time that runs on, `speed` times as fast as the machine's clock.
    Replay {
        /// The time it began at.
        from: Timestamp,
        /// When the machine began it.
        began: Instant,
        /// How many times as fast.
        speed: u32,
    },
    /// A past time that several nodes on this machine agree on, and whose pace changes.
    Shared(Arc<SharedClock>),
}

/// A past time that several nodes live by. It never runs backwards, however often its pace changes.
#[derive(Debug)]
pub struct SharedClock {
    run: Mutex<Run>,
}

/// How a shared clock runs since its pace was last changed.
#[derive(Debug, Clone, Copy)]
struct Run {
    from: Timestamp,
    began: Instant,
    speed: u32,
}

impl Run {
    fn now(&self) -> Timestamp {
        let passed_ms = self.began.elapsed().as_millis() * u128::from(self.speed);
        let passed_ms = i64::try_from(passed_ms).unwrap_or(i64::MAX);
        Timestamp(self.from.0.saturating_add(passed_ms))
    }
}

impl SharedClock {
    /// Starts a clock at a past time, so many times as fast as the machine's.
    pub fn begin(from: Timestamp, speed: u32) -> Arc<SharedClock> {
        let began = Instant::now();
        let run = Mutex::new(Run { from, began, speed });
        Arc::new(SharedClock { run })
    }

    /// Goes on from this moment so many times as fast as the machine's clock.
    pub fn run_at(&self, speed: u32) {
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        let (from, began) = (run.now(), Instant::now());
        *run = Run { from, began, speed };
    }

    fn run(&self) -> Run {
        *self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock {
    /// Starts a clock at a past time.
    pub fn replay(from: Timestamp, speed: u32) -> Clock {
        Clock::Replay {
            from,
            began: Instant::now(),
            speed,
        }
    }

    /// Returns the time now, UTC.
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::Real => {
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Clock::Replay { from, began, speed } => {
                let passed_ms = began.elapsed().as_millis() * u128::from(*speed);
                Timestamp(
                    from.0
                        .saturating_add(i64::try_from(passed_ms).unwrap_or(i64::MAX)),
                )
            }
            Clock::Shared(shared) => shared.run().now(),
        }
    }

    /// Returns how many times as fast as the machine's clock it runs, if it is a replay.
    pub fn speed(&self) -> Option<u32> {
        match self {
            Clock::Real => None,
            Clock::Replay { speed, .. } => Some(*speed),
            Clock::Shared(shared) => Some(shared.run().speed),
        }
    }

    /// Returns how long to wait on the machine's clock until a time of this clock.
    pub fn wait_until(&self, at: Timestamp) -> std::time::Duration {
        let ahead_ms = u64::try_from(at.0.saturating_sub(self.now().0)).unwrap_or(0);
        std::time::Duration::from_millis(ahead_ms / u64::from(self.speed().unwrap_or(1).max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_clock_is_one_clock_and_never_runs_backwards_when_its_pace_changes() {
        let shared = SharedClock::begin(Timestamp(1_000_000), 600);
        let (one, other) = (
            Clock::Shared(Arc::clone(&shared)),
            Clock::Shared(Arc::clone(&shared)),
        );
        let mut last = one.now();
        for speed in [1, 3_600, 60, 0, 600] {
            shared.run_at(speed);
            let (now, after) = (one.now(), other.now());
            assert!(
                last <= now && now <= after,
                "{last:?} {now:?} {after:?} at {speed}"
            );
            assert_eq!((one.speed(), other.speed()), (Some(speed), Some(speed)));
            last = after;
        }
        shared.run_at(0);
        assert_eq!(one.now(), other.now(), "it stands, for both");
    }
}

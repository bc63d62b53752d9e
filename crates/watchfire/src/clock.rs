//! The node's clock: the machine's, or one that replays a past night faster.
//!
//! Everything that needs to know the time asks here, so that a replay is a replay for all of it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use watchfire_core::basis::Timestamp;

/// Where the node's time comes from.
#[derive(Debug, Clone, Copy)]
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
        }
    }

    /// Returns how many times as fast as the machine's clock it runs, if it is a replay.
    pub fn speed(&self) -> Option<u32> {
        match self {
            Clock::Real => None,
            Clock::Replay { speed, .. } => Some(*speed),
        }
    }

    /// Returns how long to wait on the machine's clock until a time of this clock.
    pub fn wait_until(&self, at: Timestamp) -> std::time::Duration {
        let ahead_ms = u64::try_from(at.0.saturating_sub(self.now().0)).unwrap_or(0);
        std::time::Duration::from_millis(ahead_ms / u64::from(self.speed().unwrap_or(1).max(1)))
    }
}

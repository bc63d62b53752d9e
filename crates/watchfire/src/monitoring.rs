//! What monitoring keeps in memory so that nobody waits for it: how soon free units are where, for a second or two, and what
//! past days came to, for as long as the node runs.
//!
//! The arithmetic is the core's ([`watchfire_core::monitoring`]); here it is given boards, roads and the tables. Start at
//! [`Monitoring`].

pub mod coverage;
pub mod live;
pub mod past;

use coverage::Coverages;
use live::Shared;
use past::PastPeriods;
use watchfire_core::monitoring::Wait;
use watchfire_store::Reader;

/// What is kept for monitoring.
#[derive(Debug, Default)]
pub struct Monitoring {
    /// How soon free units are where.
    pub coverage: Coverages,
    /// All that waits.
    pub waits: Shared<Vec<Wait>>,
    /// What periods came to.
    pub past: PastPeriods,
}

impl Monitoring {
    /// Makes it with a reader that nobody else uses.
    pub fn new(reader: Reader) -> Monitoring {
        Monitoring {
            past: PastPeriods::new(reader),
            ..Monitoring::default()
        }
    }
}

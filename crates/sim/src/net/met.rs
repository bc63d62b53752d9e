//! What came up in a federation's life, so that nobody mistakes a dull one for a proof.
//!
//! Counted by name; the names of faults and attacks are those of their enums. Start at [`Met::add`].

use std::collections::BTreeMap;

/// How often each thing came up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Met(pub BTreeMap<&'static str, u64>);

impl Met {
    /// Counts something once.
    pub fn once(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    /// Counts something.
    pub fn add(&mut self, what: &'static str, times: u64) {
        *self.0.entry(what).or_default() += times;
    }

    /// Returns how often something came up.
    pub fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// Adds what came up in another life.
    pub fn join(&mut self, other: &Met) {
        for (what, times) in &other.0 {
            self.add(what, *times);
        }
    }
}

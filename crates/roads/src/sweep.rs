//! The fast question: the time from any place to one target, by customizable contraction hierarchies.
//!
//! The structure comes from the crate `cch`; the question is asked here, because what a dispatcher needs is many starts and
//! one end, with two ways into the end (a place in the middle of a street). One climb from the target, then each start pulls
//! down only the junctions above it, each once: ten thousand starts cost about as much as the network is large.

use cch::{Cch, INF_WEIGHT, Metric};

/// The times from places (junctions and their copies) to one target, worked out as they are asked for.
pub(crate) struct TimesTo<'a> {
    cch: &'a Cch,
    metric: &'a Metric,
    /// By rank, in milliseconds; [`INF_WEIGHT`] and more mean "no way".
    time_ms: Vec<u32>,
    is_final: Vec<bool>,
    stack: Vec<u32>,
}

impl<'a> TimesTo<'a> {
    /// Starts from the places next to the target and the time left from each, in milliseconds.
    pub(crate) fn new(
        cch: &'a Cch,
        metric: &'a Metric,
        entries: impl Iterator<Item = (u32, u32)> + Clone,
    ) -> Self {
        let count = cch.node_count();
        let mut time_ms = vec![INF_WEIGHT; count];
        for (place, ms) in entries.clone() {
            let slot = &mut time_ms[cch.rank[place as usize] as usize];
            *slot = ms.min(*slot);
        }
        for (place, _) in entries {
            let mut at = cch.rank[place as usize] as usize;
            while at < count {
                let below_ms = time_ms[at];
                if below_ms < INF_WEIGHT {
                    for arc in up_arcs(cch, at) {
                        let slot = &mut time_ms[cch.up_head[arc] as usize];
                        *slot = (*slot).min(below_ms.saturating_add(metric.backward[arc]));
                    }
                }
                // Above the root the parent is the largest number, which ends the climb.
                at = cch.elimination_tree_parent[at] as usize;
            }
        }
        TimesTo {
            cch,
            metric,
            time_ms,
            is_final: vec![false; count],
            stack: Vec::new(),
        }
    }

    /// Returns the time from a place to the target, in milliseconds, if there is a way.
    pub(crate) fn from(&mut self, place: u32) -> Option<u32> {
        let start = self.cch.rank[place as usize] as usize;
        let mut at = start;
        while at < self.is_final.len() && !self.is_final[at] {
            self.stack.push(at as u32);
            at = self.cch.elimination_tree_parent[at] as usize;
        }
        while let Some(at) = self.stack.pop() {
            let at = at as usize;
            let mut best_ms = self.time_ms[at];
            // Everything above is final by now: the arcs up from a junction lead only to those above it in the tree.
            for arc in up_arcs(self.cch, at) {
                let above_ms = self.time_ms[self.cch.up_head[arc] as usize];
                best_ms = best_ms.min(above_ms.saturating_add(self.metric.forward[arc]));
            }
            self.time_ms[at] = best_ms;
            self.is_final[at] = true;
        }
        Some(self.time_ms[start]).filter(|time_ms| *time_ms < INF_WEIGHT)
    }
}

fn up_arcs(cch: &Cch, at: usize) -> std::ops::Range<usize> {
    cch.up_first_out[at] as usize..cch.up_first_out[at + 1] as usize
}

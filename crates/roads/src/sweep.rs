//! The fast question: the time from any junction to one target, by customizable contraction hierarchies.
//!
//! The structure comes from the crate `cch`; the question is asked here, because what a dispatcher needs is many starts and
//! one end, with two ways into the end (a place in the middle of a street). One climb from the target, then each start pulls
//! down only the junctions above it, each once: ten thousand starts cost about as much as the network is large.

use crate::router::End;
use cch::{Cch, INF_WEIGHT, Metric};

/// The times from junctions to one target, worked out as they are asked for.
pub(crate) struct TimesTo<'a> {
    cch: &'a Cch,
    metric: &'a Metric,
    /// By rank, in milliseconds; [`INF_WEIGHT`] and more mean "no way".
    time_ms: Vec<u32>,
    is_final: Vec<bool>,
    stack: Vec<u32>,
}

impl<'a> TimesTo<'a> {
    /// Starts from the junctions next to the target and the time left from each, in milliseconds.
    pub(crate) fn new(cch: &'a Cch, metric: &'a Metric, entries: &[End]) -> Self {
        let count = cch.node_count();
        let mut time_ms = vec![INF_WEIGHT; count];
        for entry in entries {
            let slot = &mut time_ms[cch.rank[entry.junction as usize] as usize];
            *slot = entry.ms.min(*slot);
        }
        for entry in entries {
            let mut at = cch.rank[entry.junction as usize] as usize;
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

    /// Returns the time from a junction to the target, in milliseconds, if there is a way.
    pub(crate) fn from(&mut self, junction: u32) -> Option<u32> {
        let start = self.cch.rank[junction as usize] as usize;
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

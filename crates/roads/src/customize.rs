//! New weights for the fast structure where only a few arcs have changed.
//!
//! Working out all shortcuts anew is the work of `cch`; it takes some milliseconds for a city and grows with the network.
//! When a street is closed, few shortcuts depend on it: here they are found and worked out one by one, from the lowest up,
//! each from the arcs it stands for and the triangles below it. The result is the same to the last number. The method is
//! the "partial customization" of Dibbelt, Strasser and Wagner (Customizable Contraction Hierarchies, JEA 2016, section 7).

use cch::{Cch, INF_WEIGHT, Metric};
use std::collections::BTreeSet;

/// The place after the last that has something in it.
const NONE: u32 = u32::MAX;

/// Works out anew what depends on the given input arcs, of which `weights` has the new weights.
pub(crate) fn update(cch: &Cch, metric: &mut Metric, weights: &[u32], changed: &[u32]) {
    // Triangles below an arc have lower numbers, for arcs are numbered by their lower end, so one pass upward is enough.
    let own = changed
        .iter()
        .map(|arc| cch.input_arc_to_cch_arc[*arc as usize]);
    let mut open: BTreeSet<u32> = own.filter(|arc| *arc != NONE).collect();
    while let Some(arc) = open.pop_first() {
        let arc = arc as usize;
        let (forward, backward) = weigh(cch, metric, weights, arc);
        let old = (metric.forward[arc], metric.backward[arc]);
        if (forward, backward) == old {
            continue;
        }
        (metric.forward[arc], metric.backward[arc]) = (forward, backward);
        spread(cch, metric, arc, old, &mut open);
    }
}

/// The weights of an arc, from the input arcs that it stands for and all triangles below it.
fn weigh(cch: &Cch, metric: &Metric, weights: &[u32], arc: usize) -> (u32, u32) {
    let least = |first: u32, extra: &[u32], from: &[u32]| {
        let extra = &extra[from[arc] as usize..from[arc + 1] as usize];
        let all = std::iter::once(&first).chain(extra);
        let known = all.filter(|input| **input != NONE);
        known
            .map(|input| weights[*input as usize])
            .min()
            .unwrap_or(INF_WEIGHT)
    };
    let mut forward = least(
        cch.forward_input_arc_of_cch[arc],
        &cch.extra_forward_input_arc_of_cch,
        &cch.first_extra_forward_input_arc_of_cch,
    )
    .min(INF_WEIGHT);
    let mut backward = least(
        cch.backward_input_arc_of_cch[arc],
        &cch.extra_backward_input_arc_of_cch,
        &cch.first_extra_backward_input_arc_of_cch,
    )
    .min(INF_WEIGHT);
    let (low, high) = (cch.up_tail[arc] as usize, cch.up_head[arc]);
    for down in cch.down_first_out[low]..cch.down_first_out[low + 1] {
        let bottom = cch.down_to_up[down as usize] as usize;
        let lowest = cch.down_head[down as usize] as usize;
        if let Some(mid) = up_arc(cch, lowest, high) {
            forward = forward.min(metric.backward[bottom].saturating_add(metric.forward[mid]));
            backward = backward.min(metric.forward[bottom].saturating_add(metric.backward[mid]));
        }
    }
    (forward, backward)
}

/// Marks the arcs above that rested on the old weights of an arc, or are beaten by the new ones.
fn spread(cch: &Cch, metric: &Metric, arc: usize, old: (u32, u32), open: &mut BTreeSet<u32>) {
    let (low, head) = (cch.up_tail[arc] as usize, cch.up_head[arc]);
    let new = (metric.forward[arc], metric.backward[arc]);
    for other in cch.up_first_out[low] as usize..cch.up_first_out[low + 1] as usize {
        let other_head = cch.up_head[other];
        if other_head == head {
            continue;
        }
        let (below, above) = (head.min(other_head), head.max(other_head));
        let Some(top) = up_arc(cch, below as usize, above) else {
            continue;
        };
        // The way from the lower end to the higher goes down one arc and up the other.
        let through = |(forward, backward): (u32, u32)| {
            let (forth, back) = (
                backward.saturating_add(metric.forward[other]),
                metric.backward[other].saturating_add(forward),
            );
            if head == below {
                (forth, back)
            } else {
                (back, forth)
            }
        };
        let (before, now) = (through(old), through(new));
        let (top_forward, top_backward) = (metric.forward[top], metric.backward[top]);
        let rested = before.0 <= top_forward || before.1 <= top_backward;
        let is_beaten = now.0 < top_forward || now.1 < top_backward;
        if rested || is_beaten {
            open.insert(top as u32);
        }
    }
}

/// The arc up from one rank to another.
fn up_arc(cch: &Cch, low: usize, high: u32) -> Option<usize> {
    let first = cch.up_first_out[low] as usize;
    let heads = &cch.up_head[first..cch.up_first_out[low + 1] as usize];
    heads.binary_search(&high).ok().map(|at| first + at)
}

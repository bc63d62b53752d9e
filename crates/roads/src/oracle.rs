//! The slow answer that the fast one is held against: plain Dijkstra over the same arcs.
//!
//! Nothing in the product calls it. Tests and the example `times` do: over the same weights its answer must be the same to
//! the millisecond. It shares with [`Router`] how a point lies on an edge, and nothing of the search.

use crate::error::NoRoute;
use crate::router::{Basis, End, Router, Snap, TravelTime, with_off_road};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Ways longer than this count as none, in milliseconds: the greatest sum that the fast structure can hold.
const WAY_MAX_MS: u64 = cch::INF_WEIGHT as u64 - 1;

/// The arcs of a router turned round, for searches from the target.
pub struct Oracle<'a> {
    router: &'a Router,
    /// For each junction the tails of the open arcs into it, with their weights in milliseconds.
    incoming: Vec<Vec<(u32, u32)>>,
}

impl<'a> Oracle<'a> {
    /// Takes the arcs of a router under its present weights.
    pub fn new(router: &'a Router) -> Self {
        let mut incoming = vec![Vec::new(); router.graph().junctions()];
        for junction in 0..router.graph().junctions() as u32 {
            for (_, head, ms) in router.out_arcs(junction) {
                incoming[head as usize].push((junction, ms));
            }
        }
        Oracle { router, incoming }
    }

    /// Returns what [`Router::times_to_snapped`] must return.
    pub fn times_to_snapped(
        &self,
        target: &Snap,
        sources: &[Snap],
    ) -> Vec<Result<TravelTime, NoRoute>> {
        let left_ms = self.search(self.router.entries(target).as_slice());
        let time = |source: &Snap| {
            let exits = self.router.exits(source);
            let by_junctions = exits.as_slice().iter().filter_map(|exit| {
                let rest_ms = left_ms[exit.junction as usize].filter(|ms| *ms <= WAY_MAX_MS)?;
                Some(u64::from(exit.ms) + rest_ms)
            });
            let direct = self.router.along_one_edge(source, target).map(u64::from);
            let road_ms = by_junctions
                .chain(direct)
                .min()
                .ok_or(NoRoute::Unreachable)?;
            Ok(TravelTime {
                time_ms: with_off_road(road_ms, source, target),
                basis: Basis::Road,
            })
        };
        sources.iter().map(time).collect()
    }

    fn search(&self, entries: &[End]) -> Vec<Option<u64>> {
        let mut left_ms: Vec<Option<u64>> = vec![None; self.incoming.len()];
        let mut queue: BinaryHeap<_> = entries
            .iter()
            .map(|entry| Reverse((u64::from(entry.ms), entry.junction)))
            .collect();
        while let Some(Reverse((ms, junction))) = queue.pop() {
            if left_ms[junction as usize].is_some() {
                continue;
            }
            left_ms[junction as usize] = Some(ms);
            for &(tail, arc_ms) in &self.incoming[junction as usize] {
                if left_ms[tail as usize].is_none() {
                    queue.push(Reverse((ms + u64::from(arc_ms), tail)));
                }
            }
        }
        left_ms
    }
}

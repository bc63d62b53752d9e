//! Many starts, many ends: the nearest few of a fleet, and whole tables of times.
//!
//! The nearest few are asked for one by one, the straight-line nearest first, until no unit left can be sooner even at the
//! greatest speed on the network. A table goes through the part of the structure that lies above its sources once for every
//! [`LANES`] targets, with a row of times at each place, which a processor adds and compares side by side (after the RPHAST
//! of Delling, Goldberg and Werneck, Faster Batched Shortest Paths in Road Networks, ATMOS 2011). Both are exact. Start at
//! [`Router::nearest`] and [`Router::table`].

use crate::error::{NoRoute, RoadsError};
use crate::geo::in_space;
use crate::limits::{OFF_ROAD_KMH, TABLE_CELLS_MAX};
use crate::router::{Basis, Router, TravelTime, with_off_road};
use crate::snap::Snap;
use crate::source::check_count;
use cch::INF_WEIGHT;
use std::collections::BinaryHeap;

/// Targets that go through the structure together.
const LANES: usize = 16;
/// What rounding may take off a time in milliseconds: half of one at either end of the way.
const ROUNDING_MS: f64 = 2.0;
const NOT_HERE: u32 = u32::MAX;

impl Router {
    /// Returns the `count` sources that are soonest at a target, with their times, the soonest first; of those that are equal
    /// the first in the list. Sources without a way are left out.
    pub fn nearest(
        &self,
        target: &Snap,
        sources: &[Snap],
        count: usize,
    ) -> Result<Vec<(usize, TravelTime)>, NoRoute> {
        let all_known = sources.iter().all(|source| self.knows(source));
        if !self.knows(target) || !all_known {
            return Err(NoRoute::OtherGraph);
        }
        if count == 0 {
            return Ok(Vec::new());
        }
        let mut times = self.sweep_to(&self.entry_places(target));
        let mut best: BinaryHeap<(u32, usize)> = BinaryHeap::with_capacity(count + 1);
        for (least_ms, index) in self.by_least_time(target, sources) {
            let is_full = best.len() == count;
            if is_full
                && best
                    .peek()
                    .is_some_and(|(worst_ms, _)| least_ms > f64::from(*worst_ms))
            {
                break;
            }
            let source = &sources[index];
            let Some(road_ms) = self.road_ms(&mut times, source, target) else {
                continue;
            };
            best.push((with_off_road(road_ms, source, target), index));
            if best.len() > count {
                best.pop();
            }
        }
        let found = best.into_sorted_vec().into_iter();
        Ok(found
            .map(|(time_ms, index)| (index, by_road(time_ms)))
            .collect())
    }

    /// The sources by the least time that each can take, in milliseconds: straight there at the greatest speed on any road.
    fn by_least_time(&self, target: &Snap, sources: &[Snap]) -> Vec<(f64, usize)> {
        let ms_per_m = self.weights().least_ms_per_m;
        let to = in_space(target.place);
        let least_ms = |source: &Snap| {
            let from = source.space;
            let straight_m = (0..3)
                .map(|axis| (from[axis] - to[axis]).powi(2))
                .sum::<f64>();
            let off_road_ms = (source.distance_m + target.distance_m) * 3_600.0 / OFF_ROAD_KMH;
            straight_m.sqrt() * ms_per_m + off_road_ms - ROUNDING_MS
        };
        let mut order: Vec<(f64, usize)> = sources.iter().map(least_ms).zip(0..).collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        order
    }

    /// Returns the time in milliseconds from every source to every target, by source and then by target; none where there is
    /// no way, or a place belongs to another graph. Refuses tables of more than [`TABLE_CELLS_MAX`] cells.
    pub fn table(
        &self,
        sources: &[Snap],
        targets: &[Snap],
    ) -> Result<Vec<Option<u32>>, RoadsError> {
        let cells = sources.len() as u64 * targets.len() as u64;
        check_count("cells of a table", cells, TABLE_CELLS_MAX)?;
        let mut table = vec![None; sources.len() * targets.len()];
        let above = Above::new(self, sources);
        let mut climb = Climb::new(self);
        let mut rows = vec![[INF_WEIGHT; LANES]; above.ranks.len()];
        for (batch, batch_of) in targets.chunks(LANES).enumerate() {
            rows.fill([INF_WEIGHT; LANES]);
            for (lane, target) in batch_of.iter().enumerate() {
                if self.knows(target) {
                    climb.climb(self, target, |rank, ms| {
                        let row = above.row_of[rank];
                        if row != NOT_HERE {
                            rows[row as usize][lane] = ms;
                        }
                    });
                }
            }
            above.sweep(&mut rows);
            for (index, source) in sources.iter().enumerate() {
                let exits = &above.exits[index];
                let mut best = [u64::MAX; LANES];
                for &(row, ms) in exits {
                    for (best, rest_ms) in best.iter_mut().zip(&rows[row as usize]) {
                        if *rest_ms < INF_WEIGHT {
                            *best = (*best).min(u64::from(ms) + u64::from(*rest_ms));
                        }
                    }
                }
                let first = index * targets.len() + batch * LANES;
                let cells = table[first..first + batch_of.len()].iter_mut();
                for ((cell, target), best_ms) in cells.zip(batch_of).zip(best) {
                    let known = self.knows(source) && self.knows(target);
                    let direct = known.then(|| self.along_one_edge(source, target)).flatten();
                    let road_ms = direct.map_or(best_ms, |ms| best_ms.min(u64::from(ms)));
                    *cell = (known && road_ms != u64::MAX)
                        .then(|| with_off_road(road_ms, source, target));
                }
            }
        }
        Ok(table)
    }
}

pub(crate) fn by_road(time_ms: u32) -> TravelTime {
    TravelTime {
        time_ms,
        basis: Basis::Road,
    }
}

/// The part of the structure above some sources: every rank that a way from one of them climbs through.
struct Above {
    /// The ranks, from the highest down; a row is a place in this list.
    ranks: Vec<u32>,
    /// The row of each rank, or [`NOT_HERE`].
    row_of: Vec<u32>,
    /// Where the arcs up from each row start in `arcs`.
    first: Vec<u32>,
    /// Rows above, and the weights of the arcs there.
    arcs: Vec<(u32, u32)>,
    /// By source: the rows of its exits, and the time to each in milliseconds.
    exits: Vec<Vec<(u32, u32)>>,
}

impl Above {
    fn new(router: &Router, sources: &[Snap]) -> Above {
        let (cch, metric) = (&router.network.cch, &router.weights().metric);
        let mut row_of = vec![NOT_HERE; cch.node_count()];
        let mut ranks = Vec::new();
        let mut exits = Vec::with_capacity(sources.len());
        for source in sources {
            let ends = router.exits_known(source);
            let ends: Vec<(u32, u32)> = ends
                .map(|end| (cch.rank[router.exit_place(&end) as usize], end.ms))
                .collect();
            for &(rank, _) in &ends {
                let mut at = rank as usize;
                while at < row_of.len() && row_of[at] == NOT_HERE {
                    row_of[at] = 0;
                    ranks.push(at as u32);
                    at = cch.elimination_tree_parent[at] as usize;
                }
            }
            exits.push(ends);
        }
        ranks.sort_unstable_by(|a, b| b.cmp(a));
        for (row, &rank) in ranks.iter().enumerate() {
            row_of[rank as usize] = row as u32;
        }
        let (mut first, mut arcs) = (vec![0], Vec::new());
        for &rank in &ranks {
            let range = cch.up_first_out[rank as usize]..cch.up_first_out[rank as usize + 1];
            let up = range.map(|arc| arc as usize);
            // What cannot be driven helps nobody; everything above a row has one.
            let open = up.filter(|arc| metric.forward[*arc] < INF_WEIGHT);
            arcs.extend(open.map(|arc| (row_of[cch.up_head[arc] as usize], metric.forward[arc])));
            first.push(arcs.len() as u32);
        }
        for (rank, _) in exits.iter_mut().flatten() {
            *rank = row_of[*rank as usize];
        }
        Above {
            ranks,
            row_of,
            first,
            arcs,
            exits,
        }
    }

    /// Brings the times at the top down to every row.
    fn sweep(&self, rows: &mut [[u32; LANES]]) {
        for row in 0..self.ranks.len() {
            let mut best = rows[row];
            for &(above, ms) in &self.arcs[self.first[row] as usize..self.first[row + 1] as usize] {
                // Two weights of less than 2^31 cannot pass 2^32.
                for (best, rest) in best.iter_mut().zip(&rows[above as usize]) {
                    *best = (*best).min(rest.wrapping_add(ms));
                }
            }
            rows[row] = best;
        }
    }
}

/// The climb from one target after another, with one set of times for all.
struct Climb {
    /// By rank, in milliseconds; [`INF_WEIGHT`] between climbs.
    ms: Vec<u32>,
}

impl Climb {
    fn new(router: &Router) -> Climb {
        Climb {
            ms: vec![INF_WEIGHT; router.network.cch.node_count()],
        }
    }

    /// Calls `reached` with every rank above a target and the time from there to the target in milliseconds.
    fn climb(&mut self, router: &Router, target: &Snap, mut reached: impl FnMut(usize, u32)) {
        let (cch, metric) = (&router.network.cch, &router.weights().metric);
        let entries = router.entry_places(target);
        let ranks = || {
            entries
                .iter()
                .map(|entry| (cch.rank[entry.place as usize] as usize, entry.end.ms))
        };
        for (rank, ms) in ranks() {
            self.ms[rank] = ms.min(self.ms[rank]);
        }
        for (rank, _) in ranks() {
            let mut at = rank;
            while at < self.ms.len() {
                let below_ms = self.ms[at];
                if below_ms < INF_WEIGHT {
                    for arc in cch.up_first_out[at] as usize..cch.up_first_out[at + 1] as usize {
                        let slot = &mut self.ms[cch.up_head[arc] as usize];
                        *slot = (*slot).min(below_ms.saturating_add(metric.backward[arc]));
                    }
                }
                at = cch.elimination_tree_parent[at] as usize;
            }
        }
        for (rank, _) in ranks() {
            let mut at = rank;
            while at < self.ms.len() {
                let ms = std::mem::replace(&mut self.ms[at], INF_WEIGHT);
                if ms < INF_WEIGHT {
                    reached(at, ms);
                }
                at = cch.elimination_tree_parent[at] as usize;
            }
        }
    }
}

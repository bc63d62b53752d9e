//! The slow answer that the fast one is held against: Dijkstra's search from arc to arc, over the same weights.
//!
//! Nothing in the product calls it. Tests and the example `times` do: its answer must be the same to the millisecond. It
//! shares with [`Router`] how a point lies on an edge, and nothing of the search: it knows no copies of junctions. It walks
//! backwards from the target, and remembers of the way ahead as much as a forbidden sequence could still end with; that is
//! enough to see at every arc put before it whether a sequence is now complete.

use crate::error::NoRoute;
use crate::graph::CLOSED_MS;
use crate::router::{Basis, End, Router, TravelTime, with_off_road};
use crate::snap::Snap;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Ways longer than this count as none, in milliseconds: the greatest sum that the fast structure can hold.
const WAY_MAX_MS: u64 = cch::INF_WEIGHT as u64 - 1;
const NEVER_MS: u64 = u64::MAX;

/// The arcs of a router under its present weights and profile, and what may not be driven.
pub struct Oracle<'a> {
    router: &'a Router,
    /// For each junction the open arcs into it, with their weights in milliseconds.
    incoming: Vec<Vec<(u32, u32)>>,
    /// For each junction the open arcs out of it.
    outgoing: Vec<Vec<u32>>,
    /// Forbidden sequences by their first arc, without it.
    forbidden: BTreeMap<u32, Vec<&'a [u32]>>,
    /// Proper ends of forbidden sequences that are two arcs or longer, by their first arc, the longest first.
    ends: BTreeMap<u32, Vec<&'a [u32]>>,
}

/// The arcs next ahead: the first, and those after it that still matter.
type Ahead = (u32, Vec<u32>);

/// The times left at the starts of arcs, by what is ahead.
struct Found {
    /// Where only the first arc matters, by arc.
    plain_ms: Vec<u64>,
    /// Where more matters, by first arc.
    longer: BTreeMap<u32, BTreeMap<Vec<u32>, u64>>,
    /// The time left at a junction, whichever way one goes on from it.
    at_junction_ms: Vec<u64>,
}

impl<'a> Oracle<'a> {
    /// Takes the arcs of a router under its present weights.
    pub fn new(router: &'a Router) -> Self {
        let graph = router.graph();
        let mut incoming = vec![Vec::new(); graph.junctions()];
        let mut outgoing = vec![Vec::new(); graph.junctions()];
        for arc in 0..graph.edges() as u32 * 2 {
            let ms = router.weights().ms[arc as usize];
            if ms != CLOSED_MS {
                incoming[graph.head(arc) as usize].push((arc, ms));
                outgoing[graph.tail(arc) as usize].push(arc);
            }
        }
        let mut forbidden: BTreeMap<u32, Vec<&[u32]>> = BTreeMap::new();
        let mut ends: BTreeMap<u32, Vec<&[u32]>> = BTreeMap::new();
        for turn in &graph.turns {
            if turn.bound.binds(router.profile()) {
                forbidden
                    .entry(turn.arcs[0])
                    .or_default()
                    .push(&turn.arcs[1..]);
                for start in 1..turn.arcs.len() - 1 {
                    ends.entry(turn.arcs[start])
                        .or_default()
                        .push(&turn.arcs[start..]);
                }
            }
        }
        for list in ends.values_mut() {
            list.sort_by_key(|end| Reverse(end.len()));
        }
        Oracle {
            router,
            incoming,
            outgoing,
            forbidden,
            ends,
        }
    }

    /// Returns what [`Router::times_to_snapped`] must return.
    pub fn times_to_snapped(
        &self,
        target: &Snap,
        sources: &[Snap],
    ) -> Vec<Result<TravelTime, NoRoute>> {
        let entries: Vec<End> = self.router.entries(target).collect();
        let found = self.search(&entries);
        let time = |source: &Snap| {
            let exits = self.router.exits(source);
            let by_junctions = exits.filter_map(|exit| {
                let rest_ms = self.left_ms(&found, &exit, &entries);
                Some(u64::from(exit.ms) + rest_ms.filter(|ms| *ms <= WAY_MAX_MS)?)
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

    /// The time left for whoever has left its edge by an exit.
    fn left_ms(&self, found: &Found, exit: &End, entries: &[End]) -> Option<u64> {
        let at_ms = found.at_junction_ms[exit.junction as usize];
        let Some(arc) = exit.arc.filter(|arc| self.forbidden.contains_key(arc)) else {
            return Some(at_ms).filter(|ms| *ms != NEVER_MS);
        };
        let there = entries
            .iter()
            .filter(|entry| entry.arc.is_none() && entry.junction == exit.junction);
        let mut best_ms = there
            .map(|entry| u64::from(entry.ms))
            .min()
            .unwrap_or(NEVER_MS);
        // The target's own arc may be closed to all but those who end on it, so it is asked beside the open ones.
        let own = entries
            .iter()
            .filter(|entry| entry.junction == exit.junction);
        let first = self.outgoing[exit.junction as usize].iter().copied();
        for first in first.chain(own.filter_map(|entry| entry.arc)) {
            if self.may_follow(arc, first, &[]) {
                best_ms = best_ms.min(found.plain_ms[first as usize]);
            }
            for (rest, &ms) in found.longer.get(&first).into_iter().flatten() {
                if self.may_follow(arc, first, rest) {
                    best_ms = best_ms.min(ms);
                }
            }
        }
        Some(best_ms).filter(|ms| *ms != NEVER_MS)
    }

    /// Whether an arc may be put before these.
    fn may_follow(&self, arc: u32, first: u32, rest: &[u32]) -> bool {
        let mut forbidden = self.forbidden.get(&arc).into_iter().flatten();
        !forbidden.any(|after| after[0] == first && rest.starts_with(&after[1..]))
    }

    /// What of the way ahead still matters.
    fn what_matters(&self, first: u32, then: u32, rest: &[u32]) -> Ahead {
        let ends = self.ends.get(&first).into_iter().flatten();
        let fits = |end: &&&[u32]| end.len() >= 2 && end[1] == then && rest.starts_with(&end[2..]);
        let longest = ends.filter(|end| fits(end)).max_by_key(|end| end.len());
        (first, longest.map_or(Vec::new(), |end| end[1..].to_vec()))
    }

    fn search(&self, entries: &[End]) -> Found {
        let graph = self.router.graph();
        let mut found = Found {
            plain_ms: vec![NEVER_MS; graph.edges() * 2],
            longer: BTreeMap::new(),
            at_junction_ms: vec![NEVER_MS; graph.junctions()],
        };
        let mut queue: BinaryHeap<Reverse<(u64, Ahead)>> = BinaryHeap::new();
        for entry in entries {
            match entry.arc {
                Some(arc) => queue.push(Reverse((u64::from(entry.ms), (arc, Vec::new())))),
                None => {
                    found.at_junction_ms[entry.junction as usize] = u64::from(entry.ms);
                    for &(arc, ms) in &self.incoming[entry.junction as usize] {
                        let ms = u64::from(entry.ms) + u64::from(ms);
                        queue.push(Reverse((ms, (arc, Vec::new()))));
                    }
                }
            }
        }
        while let Some(Reverse((ms, (first, rest)))) = queue.pop() {
            let junction = graph.tail(first) as usize;
            if rest.is_empty() {
                if found.plain_ms[first as usize] != NEVER_MS {
                    continue;
                }
                found.plain_ms[first as usize] = ms;
            } else {
                let known = found.longer.entry(first).or_default();
                if known.contains_key(&rest) {
                    continue;
                }
                known.insert(rest.clone(), ms);
            }
            let at_ms = &mut found.at_junction_ms[junction];
            *at_ms = ms.min(*at_ms);
            for &(arc, arc_ms) in &self.incoming[junction] {
                if self.may_follow(arc, first, &rest) {
                    let ahead = self.what_matters(arc, first, &rest);
                    if !ahead.1.is_empty() || found.plain_ms[arc as usize] == NEVER_MS {
                        queue.push(Reverse((ms + u64::from(arc_ms), ahead)));
                    }
                }
            }
        }
        found
    }
}

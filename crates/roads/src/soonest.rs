//! Who is soonest at each of many places, and who would be if that one were gone: one search for all.
//!
//! Dijkstra's search from all sources at once, up to a time, that lets every place be reached by two sources instead of one.
//! A way of the second soonest to a place never leads through a place at which two others are sooner than it, so two labels
//! per place are enough (the same argument holds for any number of labels). Whoever asks what is left when one source is
//! gone looks it up and need not search again. Start at [`Router::two_soonest`].

use crate::error::NoRoute;
use crate::limits::OFF_ROAD_KMH;
use crate::router::{Router, with_off_road};
use crate::snap::Snap;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// A label that nobody has set.
const NOBODY: u32 = u32::MAX;

/// The two sources that are soonest at a place: their numbers in the list and their times in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TwoSoonest {
    /// The soonest; none if nobody is there within the time.
    pub first: Option<(u32, u32)>,
    /// The soonest of all others.
    pub second: Option<(u32, u32)>,
}

impl TwoSoonest {
    /// Takes a source into account: it is kept if it is among the two soonest, each source once.
    fn offer(&mut self, source: u32, ms: u32) {
        if let Some((known, best_ms)) = self.first {
            if known == source {
                self.first = Some((source, ms.min(best_ms)));
            } else if (ms, source) < (best_ms, known) {
                self.second = self.first;
                self.first = Some((source, ms));
            } else if self
                .second
                .is_none_or(|(other, other_ms)| (ms, source) < (other_ms, other))
            {
                self.second = Some((source, ms));
            }
        } else {
            self.first = Some((source, ms));
        }
    }
}

/// One of the two labels of a place: from which source, and the time on the road in milliseconds.
#[derive(Clone, Copy)]
struct Label {
    source: u32,
    road_ms: u32,
}

const UNSET: Label = Label {
    source: NOBODY,
    road_ms: 0,
};

impl Router {
    /// Returns for each target the two sources that are soonest there by road, as [`Router::times_to_snapped`] would time
    /// them, up to `within_ms`; of equals the first in the list. Fails if a place belongs to another graph.
    pub fn two_soonest(
        &self,
        sources: &[Snap],
        targets: &[Snap],
        within_ms: u32,
    ) -> Result<Vec<TwoSoonest>, NoRoute> {
        let mut all = sources.iter().chain(targets);
        if !all.all(|snap| self.knows(snap)) {
            return Err(NoRoute::OtherGraph);
        }
        let labels = self.spread_two(sources, within_ms);
        let mut by_edge: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (source, number) in sources.iter().zip(0u32..) {
            by_edge.entry(source.edge).or_default().push(number);
        }
        let found = targets.iter().map(|target| {
            let mut found = TwoSoonest::default();
            let mut offer = |number: u32, road_ms: u64| {
                let source = &sources[number as usize];
                let ms = with_off_road(road_ms, source, target);
                if ms <= within_ms {
                    found.offer(number, ms);
                }
            };
            for entry in self.entry_places(target) {
                for label in &labels[entry.place as usize] {
                    if label.source != NOBODY {
                        offer(
                            label.source,
                            u64::from(label.road_ms) + u64::from(entry.end.ms),
                        );
                    }
                }
            }
            // Who stands on the street itself need not drive round by a junction.
            for &number in by_edge.get(&target.edge).into_iter().flatten() {
                if let Some(ms) = self.along_one_edge(&sources[number as usize], target) {
                    offer(number, u64::from(ms));
                }
            }
            found
        });
        Ok(found.collect())
    }

    /// The two soonest sources of every place of the network, by the time on the road and to it.
    fn spread_two(&self, sources: &[Snap], within_ms: u32) -> Vec<[Label; 2]> {
        let mut labels = vec![[UNSET; 2]; self.network.places()];
        let mut open: BinaryHeap<Reverse<(u32, u32, u32, u32)>> = BinaryHeap::new();
        for (source, number) in sources.iter().zip(0u32..) {
            let off_road_ms = (source.distance_m * 3_600.0 / OFF_ROAD_KMH).round() as u32;
            for exit in self.exits(source) {
                let at_ms = off_road_ms.saturating_add(exit.ms);
                if at_ms <= within_ms {
                    open.push(Reverse((at_ms, number, self.exit_place(&exit), exit.ms)));
                }
            }
        }
        while let Some(Reverse((at_ms, source, place, road_ms))) = open.pop() {
            let Some(free) = free_label(&labels[place as usize], source) else {
                continue;
            };
            labels[place as usize][free] = Label { source, road_ms };
            for (_, head, ms) in self.out_arcs(place) {
                let next_ms = at_ms.saturating_add(ms);
                if next_ms <= within_ms && free_label(&labels[head as usize], source).is_some() {
                    let road_ms = road_ms.saturating_add(ms);
                    open.push(Reverse((next_ms, source, head, road_ms)));
                }
            }
        }
        labels
    }
}

/// Which label a source may still set at a place: none once it has one there, or two others have.
fn free_label(labels: &[Label; 2], source: u32) -> Option<usize> {
    if labels[0].source == NOBODY {
        Some(0)
    } else if labels[0].source == source || labels[1].source != NOBODY {
        None
    } else {
        Some(1)
    }
}

//! The network that is searched: the junctions of the graph, and copies of those that are reached in a way that matters.
//!
//! Whoever arrives over the first arc of a forbidden sequence ([`Turn`]) is bound by it, whoever arrives otherwise is not.
//! So each proper beginning of a forbidden sequence gets a *copy* of the junction at its end: a place that is left by the
//! arcs that go on from it, without the one that would complete the sequence. All other junctions stay as they are, and the
//! network grows by as many places as there are such beginnings, not by the number of arcs as it would if every arc became
//! a place. Every place remembers the longest beginning that ends there, as in the method of Aho and Corasick
//! (Communications of the ACM 18, 1975), so that sequences that overlap are all obeyed.
//!
//! A *place* here is a junction or a copy: numbers below [`RoadGraph::junctions`] are junctions.

use crate::customize;
use crate::geo::length_m;
use crate::graph::{CLOSED_MS, RoadArc, RoadGraph, Travel};
use crate::nearest::Nearest;
use crate::profile::{Bound, Profile};
use crate::turns::Turn;
use cch::{Cch, Metric};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What does not change with the weights.
pub(crate) struct Network {
    pub(crate) graph: Arc<RoadGraph>,
    pub(crate) cch: Cch,
    pub(crate) nearest: Nearest,
    /// By edge, in metres.
    pub(crate) length_m: Vec<f64>,
    /// Where the steps out of each place start.
    first_out: Vec<u32>,
    steps: Vec<Step>,
    /// By arc, the place that is reached by whoever starts on it.
    head_of_arc: Vec<u32>,
    /// The copies of a junction, by junction.
    copies: BTreeMap<u32, Vec<u32>>,
}

/// One arc as driven from one place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) arc: u32,
    /// The place it leads to.
    pub(crate) head: u32,
    /// Whether those without lights and siren may not take it from here.
    siren_only: bool,
}

impl Step {
    pub(crate) fn is_allowed(self, profile: Profile) -> bool {
        !self.siren_only || profile == Profile::Siren
    }
}

impl Network {
    pub(crate) fn new(graph: Arc<RoadGraph>) -> Network {
        let copying = Copying::new(&graph);
        let mut copies: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (junction, place) in copying.junctions().zip(graph.junctions..) {
            copies.entry(junction).or_default().push(place);
        }
        let (first_out, steps) = copying.steps();
        let head_of_arc = (0..graph.edges.len() as u32 * 2)
            .map(|arc| copying.after(&[arc]))
            .collect();
        let plain = cch::graph::Graph {
            head: steps.iter().map(|step| step.head).collect(),
            first_out,
            weight: Vec::new(),
        };
        // A copy has no neighbours that its junction has not, so that taking it in just before costs next to nothing.
        let mut order = Vec::with_capacity(plain.first_out.len());
        for junction in &graph.order {
            order.extend(copies.get(junction).into_iter().flatten());
            order.push(*junction);
        }
        let cch = Cch::build(&plain, &order);
        Network {
            nearest: Nearest::new(&graph),
            length_m: (0..graph.edges())
                .map(|edge| length_m(graph.shape(edge)))
                .collect(),
            cch,
            first_out: plain.first_out,
            steps,
            head_of_arc,
            copies,
            graph,
        }
    }

    /// Every arc with its time under a profile, in the order of their numbers.
    pub(crate) fn arcs(&self, profile: Profile) -> impl Iterator<Item = RoadArc<'_>> {
        self.length_m
            .iter()
            .enumerate()
            .flat_map(move |(edge, length_m)| {
                Travel::BOTH.map(|travel| self.graph.arc(edge, travel, profile, *length_m))
            })
    }

    /// The number of places.
    pub(crate) fn places(&self) -> usize {
        self.first_out.len() - 1
    }

    /// The place reached by whoever starts on an arc and drives to its end.
    pub(crate) fn head_of_arc(&self, arc: u32) -> u32 {
        self.head_of_arc[arc as usize]
    }

    /// A junction and its copies.
    pub(crate) fn places_at(&self, junction: u32) -> impl Iterator<Item = u32> {
        let copies = self.copies.get(&junction).into_iter().flatten().copied();
        std::iter::once(junction).chain(copies)
    }

    /// The steps out of a place, closed ones included.
    pub(crate) fn steps(&self, place: u32) -> &[Step] {
        let range = self.first_out[place as usize]..self.first_out[place as usize + 1];
        &self.steps[range.start as usize..range.end as usize]
    }
}

/// The making of places from forbidden sequences.
struct Copying<'a> {
    graph: &'a RoadGraph,
    /// The proper beginnings of forbidden sequences, and the place of each.
    beginnings: BTreeMap<&'a [u32], u32>,
    /// The same by place, copies alone.
    beginning_of: Vec<&'a [u32]>,
    forbidden: BTreeMap<&'a [u32], Bound>,
    first_arc: Vec<u32>,
    arcs: Vec<u32>,
}

impl<'a> Copying<'a> {
    fn new(graph: &'a RoadGraph) -> Self {
        let mut beginnings = BTreeMap::new();
        for Turn { arcs, .. } in &graph.turns {
            for len in 1..arcs.len() {
                beginnings.insert(&arcs[..len], 0);
            }
        }
        let mut beginning_of = Vec::with_capacity(beginnings.len());
        for ((beginning, place), number) in beginnings.iter_mut().zip(graph.junctions..) {
            *place = number;
            beginning_of.push(*beginning);
        }
        let forbidden = graph.turns.iter();
        let forbidden = forbidden.map(|turn| (turn.arcs.as_slice(), turn.bound));
        let (first_arc, arcs) = arcs_by_tail(graph);
        Copying {
            graph,
            beginnings,
            beginning_of,
            forbidden: forbidden.collect(),
            first_arc,
            arcs,
        }
    }

    /// The junction of each copy.
    fn junctions(&self) -> impl Iterator<Item = u32> {
        let last = |beginning: &&[u32]| beginning[beginning.len() - 1];
        self.beginning_of
            .iter()
            .map(move |arcs| self.graph.head(last(arcs)))
    }

    /// The place of whoever has driven these arcs: that of the longest beginning that they end with.
    fn after(&self, arcs: &[u32]) -> u32 {
        (0..arcs.len())
            .find_map(|start| self.beginnings.get(&arcs[start..]))
            .copied()
            .unwrap_or_else(|| self.graph.head(arcs[arcs.len() - 1]))
    }

    /// Who may not have driven these arcs: the strictest of all sequences that they end with.
    fn forbids(&self, arcs: &[u32]) -> Option<Bound> {
        let ends = (0..arcs.len().saturating_sub(1)).map(|start| &arcs[start..]);
        ends.filter_map(|end| self.forbidden.get(end))
            .min()
            .copied()
    }

    fn steps(&self) -> (Vec<u32>, Vec<Step>) {
        let places = self.graph.junctions() + self.beginning_of.len();
        let mut first_out = Vec::with_capacity(places + 1);
        let mut steps = Vec::with_capacity(self.arcs.len());
        for junction in 0..self.graph.junctions {
            first_out.push(steps.len() as u32);
            let free = self.arcs_out(junction).iter().map(|&arc| Step {
                arc,
                head: self.after(&[arc]),
                siren_only: false,
            });
            steps.extend(free);
        }
        let mut driven = Vec::new();
        for (beginning, junction) in self.beginning_of.iter().zip(self.junctions()) {
            first_out.push(steps.len() as u32);
            for &arc in self.arcs_out(junction) {
                driven.clear();
                driven.extend_from_slice(beginning);
                driven.push(arc);
                let siren_only = match self.forbids(&driven) {
                    Some(Bound::Everyone) => continue,
                    Some(Bound::PlainOnly) => true,
                    None => false,
                };
                let head = self.after(&driven);
                steps.push(Step {
                    arc,
                    head,
                    siren_only,
                });
            }
        }
        first_out.push(steps.len() as u32);
        (first_out, steps)
    }

    fn arcs_out(&self, junction: u32) -> &[u32] {
        let junction = junction as usize;
        &self.arcs[self.first_arc[junction] as usize..self.first_arc[junction + 1] as usize]
    }
}

/// All arcs by the junction at which they start, and where those of each start in the list.
fn arcs_by_tail(graph: &RoadGraph) -> (Vec<u32>, Vec<u32>) {
    let count = graph.edges.len() as u32 * 2;
    let mut first = vec![0u32; graph.junctions() + 1];
    for arc in 0..count {
        first[graph.tail(arc) as usize + 1] += 1;
    }
    for index in 1..first.len() {
        first[index] += first[index - 1];
    }
    let mut next = first.clone();
    let mut arcs = vec![0; count as usize];
    for arc in 0..count {
        let slot = &mut next[graph.tail(arc) as usize];
        arcs[*slot as usize] = arc;
        *slot += 1;
    }
    (first, arcs)
}

/// The times of one profile.
pub(crate) struct Weights {
    /// By arc number, in milliseconds or [`CLOSED_MS`].
    pub(crate) ms: Vec<u32>,
    pub(crate) metric: Metric,
    /// The least time on any arc for its length, now or by the map: nobody is faster.
    pub(crate) least_ms_per_m: f64,
}

/// Beyond one changed step in so many, everything is worked out anew: that is then as fast.
const FEW_OF: usize = 50;

impl Weights {
    pub(crate) fn new(network: &Network, profile: Profile, ms: Vec<u32>) -> Weights {
        let metric = network.cch.customize(&by_step(network, profile, &ms));
        Weights {
            least_ms_per_m: least_ms_per_m(network, &ms),
            ms,
            metric,
        }
    }

    /// Returns other weights over the same network, worked out from these where little has changed.
    pub(crate) fn changed(&self, network: &Network, profile: Profile, ms: Vec<u32>) -> Weights {
        let is_changed = |step: &Step| ms[step.arc as usize] != self.ms[step.arc as usize];
        let steps = network.steps.iter().zip(0u32..);
        let changed = steps.filter(|(step, _)| is_changed(step)).map(|(_, at)| at);
        let changed: Vec<u32> = changed.take(network.steps.len() / FEW_OF + 1).collect();
        if changed.len() > network.steps.len() / FEW_OF {
            return Weights::new(network, profile, ms);
        }
        let mut metric = self.metric.clone();
        if !changed.is_empty() {
            let weights = by_step(network, profile, &ms);
            customize::update(&network.cch, &mut metric, &weights, &changed);
        }
        Weights {
            least_ms_per_m: least_ms_per_m(network, &ms),
            ms,
            metric,
        }
    }
}

fn least_ms_per_m(network: &Network, ms: &[u32]) -> f64 {
    let edges = network.graph.edges.iter().zip(&network.length_m);
    let each = edges
        .zip(ms.chunks_exact(2))
        .map(|((edge, length_m), now)| {
            let all = edge.ms.iter().flatten().chain(now);
            // A closed arc has the greatest number, so it is never the least.
            let least_ms = all.copied().min().unwrap_or(CLOSED_MS);
            f64::from(least_ms) / length_m.max(f64::MIN_POSITIVE)
        });
    each.fold(f64::MAX, f64::min)
}

fn by_step(network: &Network, profile: Profile, ms: &[u32]) -> Vec<u32> {
    let weight = |step: &Step| match ms[step.arc as usize] {
        CLOSED_MS => cch::INF_WEIGHT,
        _ if !step.is_allowed(profile) => cch::INF_WEIGHT,
        open => open,
    };
    network.steps.iter().map(weight).collect()
}

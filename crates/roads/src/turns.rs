//! Turn restrictions: from the relations of a map to sequences of arcs that may not be driven one after the other.
//!
//! Every kind of restriction comes down to one form, a [`Turn`]: "whoever drives these arcs, in this order and without
//! another between, does what is forbidden". A `no_` restriction is one such sequence; an `only_` restriction is one for
//! every other way out. Whether ways lie between is only a matter of length. The relations are those of the OpenStreetMap
//! wiki, "Relation:restriction"; an `only_` restriction by ways is read strictly: from its first way on, no other way than
//! the one it names. Start at [`resolve`]; what a router makes of turns is in `network.rs`.

use crate::build::Roads;
use crate::graph::CLOSED_MS;
use crate::limits::TURN_ARCS_MAX;
use crate::profile::Bound;
use crate::report::{TurnReport, TurnSkip};
use crate::source::{Restriction, Ways};
use crate::tags::Tags;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Arcs that may not be driven one after the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Turn {
    /// Two at least; each starts where the one before it ends.
    pub(crate) arcs: Vec<u32>,
    pub(crate) bound: Bound,
}

/// Forbidden sequences while they are gathered: of two rules the stricter holds.
pub(crate) type Turns = BTreeMap<Vec<u32>, Bound>;

/// Adds a sequence.
pub(crate) fn forbid(turns: &mut Turns, arcs: Vec<u32>, bound: Bound) {
    let known = turns.entry(arcs).or_insert(bound);
    *known = bound.min(*known);
}

/// Where the ways of the source are among the edges.
pub(crate) struct Whereabouts<'a> {
    ways: &'a Ways,
    roads: &'a Roads,
    /// The edges of each way, by its id, in its order; more than one run where the extract has gaps.
    edges_of: BTreeMap<i64, Vec<Range<u32>>>,
    junction_of: &'a [u32],
    /// The arcs that start at each junction, open or not.
    beside: Vec<Vec<u32>>,
}

impl<'a> Whereabouts<'a> {
    /// Takes the edges, the way of each, and the junction of each point (`u32::MAX` for none).
    pub(crate) fn new(
        ways: &'a Ways,
        roads: &'a Roads,
        way_of_edge: &[u32],
        junction_of: &'a [u32],
    ) -> Self {
        let mut edges_of: BTreeMap<i64, Vec<Range<u32>>> = BTreeMap::new();
        for (edge, &way) in way_of_edge.iter().enumerate() {
            let edge = edge as u32;
            let runs = edges_of.entry(ways.ways[way as usize].id).or_default();
            match runs.last_mut() {
                Some(run) if run.end == edge => run.end += 1,
                _ => runs.push(edge..edge + 1),
            }
        }
        let mut beside = vec![Vec::new(); roads.junctions as usize];
        for arc in 0..roads.edges.len() as u32 * 2 {
            beside[tail(roads, arc) as usize].push(arc);
        }
        Whereabouts {
            ways,
            roads,
            edges_of,
            junction_of,
            beside,
        }
    }

    fn junction(&self, point: i64) -> Option<u32> {
        let points = &self.ways.points;
        let at = points.binary_search_by_key(&point, |(id, _)| *id).ok()?;
        Some(self.junction_of[at]).filter(|junction| *junction != u32::MAX)
    }

    /// The arcs out of a junction that somebody may drive.
    pub(crate) fn out(&self, junction: u32) -> impl Iterator<Item = u32> {
        let beside = self.beside[junction as usize].iter().copied();
        beside.filter(|arc| is_open(self.roads, *arc))
    }

    /// The arcs into a junction that somebody may drive.
    pub(crate) fn into(&self, junction: u32) -> impl Iterator<Item = u32> {
        let beside = self.beside[junction as usize].iter().map(|arc| arc ^ 1);
        beside.filter(|arc| is_open(self.roads, *arc))
    }

    fn edges(&self, way: i64) -> impl Iterator<Item = u32> {
        let runs = self.edges_of.get(&way).into_iter().flatten();
        runs.flat_map(|run| run.clone())
    }

    fn junctions_on(&self, way: i64) -> BTreeSet<u32> {
        let ends = |edge: u32| {
            let edge = &self.roads.edges[edge as usize];
            [edge.from, edge.to]
        };
        self.edges(way).flat_map(ends).collect()
    }

    /// The open arcs of a way that start at a junction.
    fn leaving(&self, way: i64, junction: u32) -> Vec<u32> {
        let arcs = self.edges(way).flat_map(|edge| [edge * 2, edge * 2 + 1]);
        arcs.filter(|&arc| is_open(self.roads, arc) && tail(self.roads, arc) == junction)
            .collect()
    }

    /// The open arcs of a way that end at a junction.
    fn arriving(&self, way: i64, junction: u32) -> Vec<u32> {
        let arcs = self.edges(way).flat_map(|edge| [edge * 2, edge * 2 + 1]);
        arcs.filter(|&arc| is_open(self.roads, arc) && head(self.roads, arc) == junction)
            .collect()
    }

    /// The arcs along a way from one junction to another, in whichever direction is open and shorter.
    fn along(&self, way: i64, from: u32, to: u32) -> Result<Vec<u32>, TurnSkip> {
        let forward: Vec<u32> = self.edges(way).map(|edge| edge * 2).collect();
        let backward: Vec<u32> = forward.iter().rev().map(|arc| arc + 1).collect();
        let walks = [forward, backward].into_iter().filter_map(|arcs| {
            let start = arcs.iter().position(|&arc| tail(self.roads, arc) == from)?;
            let mut walked = Vec::new();
            let mut at = from;
            // A ring goes on from its last edge to its first.
            for &arc in arcs.iter().cycle().skip(start).take(arcs.len()) {
                if tail(self.roads, arc) != at || !is_open(self.roads, arc) {
                    return None;
                }
                walked.push(arc);
                at = head(self.roads, arc);
                if at == to {
                    return Some(walked);
                }
            }
            None
        });
        walks.min_by_key(Vec::len).ok_or(TurnSkip::Moot)
    }
}

fn tail(roads: &Roads, arc: u32) -> u32 {
    let edge = &roads.edges[arc as usize / 2];
    if arc.is_multiple_of(2) {
        edge.from
    } else {
        edge.to
    }
}

fn head(roads: &Roads, arc: u32) -> u32 {
    tail(roads, arc ^ 1)
}

fn is_open(roads: &Roads, arc: u32) -> bool {
    let ms = &roads.edges[arc as usize / 2].ms;
    ms.iter().any(|ms| ms[arc as usize % 2] != CLOSED_MS)
}

/// Turns the restrictions of a map into forbidden sequences, and counts what became of each.
pub(crate) fn resolve(at: &Whereabouts<'_>, turns: &mut Turns, report: &mut TurnReport) {
    report.read = at.ways.restrictions.len() as u64;
    for restriction in &at.ways.restrictions {
        let found = rule(&restriction.tags).and_then(|rule| {
            let sequences = sequences(at, restriction, rule.kind)?;
            Ok((sequences, rule.bound))
        });
        match found {
            Ok((sequences, bound)) => {
                report.obeyed += 1;
                report.plain_only += u64::from(bound == Bound::PlainOnly);
                for arcs in sequences {
                    forbid(turns, arcs, bound);
                }
            }
            Err(reason) => *report.skipped.entry(reason).or_default() += 1,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    No,
    NoUTurn,
    Only,
}

struct Rule {
    kind: Kind,
    bound: Bound,
}

/// The nearest key to us wins; those after the first are the wider groups of vehicles.
const KEYS: &[&str] = &[
    "restriction:emergency",
    "restriction:motorcar",
    "restriction:motor_vehicle",
    "restriction:vehicle",
    "restriction",
];
const CONDITIONAL_KEYS: &[&str] = &[
    "restriction:conditional",
    "restriction:motorcar:conditional",
    "restriction:motor_vehicle:conditional",
];

fn rule(tags: &Tags) -> Result<Rule, TurnSkip> {
    let Some(word) = KEYS.iter().find_map(|key| tags.get(key)) else {
        let is_conditional = CONDITIONAL_KEYS.iter().any(|key| tags.get(key).is_some());
        return Err(if is_conditional {
            TurnSkip::Conditional
        } else {
            TurnSkip::OtherVehicles
        });
    };
    if ["day_on", "hour_on"]
        .iter()
        .any(|key| tags.get(key).is_some())
        || word.contains('@')
    {
        return Err(TurnSkip::Conditional);
    }
    let kind = match word {
        "no_u_turn" => Kind::NoUTurn,
        "none" => return Err(TurnSkip::OtherVehicles),
        no if no.starts_with("no_") => Kind::No,
        only if only.starts_with("only_") => Kind::Only,
        _ => return Err(TurnSkip::Malformed),
    };
    let mut bound = Bound::Everyone;
    for exempt in tags.get("except").unwrap_or("").split([';', ',']) {
        match exempt.trim() {
            "motorcar" | "motor_vehicle" | "vehicle" => return Err(TurnSkip::OtherVehicles),
            "emergency" => bound = Bound::PlainOnly,
            _ => {}
        }
    }
    Ok(Rule { kind, bound })
}

fn sequences(
    at: &Whereabouts<'_>,
    restriction: &Restriction,
    kind: Kind,
) -> Result<Vec<Vec<u32>>, TurnSkip> {
    let Restriction {
        from,
        to,
        via_nodes,
        via_ways,
        ..
    } = restriction;
    if from.is_empty() || to.is_empty() || via_nodes.is_empty() == via_ways.is_empty() {
        return Err(TurnSkip::Malformed);
    }
    // "No entry" has several first ways and "no exit" several last; of every other kind there is one.
    if kind == Kind::Only && (from.len() > 1 || to.len() > 1) {
        return Err(TurnSkip::Malformed);
    }
    if from
        .iter()
        .chain(via_ways)
        .chain(to)
        .any(|way| at.edges(*way).next().is_none())
    {
        return Err(TurnSkip::NotInGraph);
    }
    let mut all = Vec::new();
    for (&from, &to) in from
        .iter()
        .flat_map(|from| to.iter().map(move |to| (from, to)))
    {
        let named = match via_nodes.as_slice() {
            [] => vec![by_ways(at, from, via_ways, to)?],
            &[point] => by_junction(at, from, point, to, kind)?,
            _ => return Err(TurnSkip::Malformed),
        };
        for arcs in named {
            if arcs.len() > TURN_ARCS_MAX {
                return Err(TurnSkip::TooLong);
            }
            match kind {
                Kind::Only => all.extend(all_but(at, &arcs)),
                Kind::No | Kind::NoUTurn => {
                    all.extend(turned_round(at, &arcs));
                    all.push(arcs);
                }
            }
        }
    }
    if all.is_empty() {
        return Err(TurnSkip::Moot);
    }
    Ok(all)
}

fn by_junction(
    at: &Whereabouts<'_>,
    from: i64,
    point: i64,
    to: i64,
    kind: Kind,
) -> Result<Vec<Vec<u32>>, TurnSkip> {
    let junction = at.junction(point).ok_or(TurnSkip::NotInGraph)?;
    for way in [from, to] {
        if !at.junctions_on(way).contains(&junction) {
            return Err(TurnSkip::Ambiguous);
        }
    }
    let (arriving, leaving) = (at.arriving(from, junction), at.leaving(to, junction));
    if arriving.is_empty() || leaving.is_empty() {
        return Err(TurnSkip::Moot);
    }
    // Turning round within one way: it goes back where it came from, on whichever side of the point.
    if kind == Kind::NoUTurn && from == to {
        let back = arriving.iter().map(|&arc| vec![arc, arc ^ 1]);
        return Ok(back.filter(|pair| leaving.contains(&pair[1])).collect());
    }
    match (&arriving[..], &leaving[..]) {
        (&[arrive], &[leave]) => Ok(vec![vec![arrive, leave]]),
        _ => Err(TurnSkip::Ambiguous),
    }
}

fn by_ways(
    at: &Whereabouts<'_>,
    from: i64,
    via_ways: &[i64],
    to: i64,
) -> Result<Vec<u32>, TurnSkip> {
    let mut chain = vec![from];
    chain.extend(via_ways);
    chain.push(to);
    let mut meeting = Vec::new();
    for pair in chain.windows(2) {
        let common: BTreeSet<u32> = at
            .junctions_on(pair[0])
            .intersection(&at.junctions_on(pair[1]))
            .copied()
            .filter(|junction| Some(junction) != meeting.last())
            .collect();
        let mut common = common.into_iter();
        match (common.next(), common.next()) {
            (Some(junction), None) => meeting.push(junction),
            _ => return Err(TurnSkip::Ambiguous),
        }
    }
    let (first, last) = (meeting[0], meeting[meeting.len() - 1]);
    let (arriving, leaving) = (at.arriving(from, first), at.leaving(to, last));
    let (&[arrive], &[leave]) = (&arriving[..], &leaving[..]) else {
        return Err(if arriving.is_empty() || leaving.is_empty() {
            TurnSkip::Moot
        } else {
            TurnSkip::Ambiguous
        });
    };
    let mut arcs = vec![arrive];
    for (&way, ends) in via_ways.iter().zip(meeting.windows(2)) {
        arcs.extend(at.along(way, ends[0], ends[1])?);
    }
    arcs.push(leave);
    Ok(arcs)
}

/// Every way of leaving the named one, from its first arc on.
fn all_but(at: &Whereabouts<'_>, named: &[u32]) -> Vec<Vec<u32>> {
    let mut all = Vec::new();
    for taken in 1..named.len() {
        for other in at.out(head(at.roads, named[taken - 1])) {
            if other != named[taken] {
                let mut arcs = named[..taken].to_vec();
                arcs.push(other);
                all.push(arcs);
            }
        }
    }
    all
}

/// The sequence of whoever turns round at the end of the ways between, to come again and be bound by nothing. It is forbidden
/// too, unless there is no other way out.
fn turned_round(at: &Whereabouts<'_>, named: &[u32]) -> Option<Vec<u32>> {
    let (&leave, driven) = named.split_last()?;
    let (&last, before) = driven.split_last()?;
    let back = last ^ 1;
    let mut out = at.out(head(at.roads, last));
    let has_other = out.any(|arc| arc != leave && arc != back);
    let is_another = !before.is_empty() && leave != back && is_open(at.roads, back);
    (is_another && has_other).then(|| {
        let mut arcs = driven.to_vec();
        arcs.push(back);
        arcs
    })
}

//! What a build did, for the person who has to trust the result.
//!
//! Every way that did not become road is counted under a reason, and what the largest connected part leaves out is given in
//! kilometres by class: a missing bridge shows here before it shows as a wrong travel time.

use crate::class::Class;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// The steps of a build, in order, for a progress line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Reading the source; counted in bytes.
    Reading,
    /// Cutting ways at junctions; counted in ways.
    Cutting,
    /// Finding the largest connected part; one step.
    Connecting,
    /// Ordering the junctions for fast answers, the longest stage; one step.
    Ordering,
}

/// Why a way with a `highway` tag is not in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// For walkers, riders or passengers.
    NotForVehicles,
    /// Planned, under construction or gone.
    NotBuilt,
    /// A `highway` value that nobody here knows.
    UnknownClass,
    /// A square or other surface, drawn round its edge.
    Area,
    /// Closed to motor vehicles.
    Closed,
    /// Private, and private ways were not wanted.
    Private,
    /// For buses, and bus ways were not wanted.
    BusWay,
    /// A pedestrian street, and those were not wanted.
    PedestrianStreet,
    /// A track, and tracks were not wanted.
    Track,
    /// A ferry, and ferries were not wanted.
    Ferry,
    /// Fewer than two of its points are in the extract.
    NoGeometry,
    /// The same way was there before.
    Duplicate,
}

/// Why a turn restriction is not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnSkip {
    /// It holds at certain hours or under conditions only.
    Conditional,
    /// It is for other vehicles.
    OtherVehicles,
    /// It has no kind that is known, or not the members that it needs.
    Malformed,
    /// A way or point that it names is not in the extract or may not be driven.
    NotInGraph,
    /// Its ways do not meet where it says, or meet more than once.
    Ambiguous,
    /// One-way streets forbid the same already.
    Moot,
    /// The stretch between is longer than the limit.
    TooLong,
}

/// What became of turn restrictions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TurnReport {
    /// Restrictions in the source.
    pub read: u64,
    /// Of these obeyed.
    pub obeyed: u64,
    /// Of those obeyed, the ones that do not bind with lights and siren (`except=emergency`).
    pub plain_only: u64,
    /// The others, by reason.
    pub skipped: BTreeMap<TurnSkip, u64>,
}

/// What became of barriers on roads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BarrierReport {
    /// Those that stop nobody.
    pub open: u64,
    /// Those where the road is cut.
    pub closed: u64,
    /// Those that open for lights and siren alone.
    pub siren_only: u64,
    /// Those on a crossing of several roads, of which nobody can say which they close; they are not obeyed.
    pub at_crossings: u64,
}

/// What lies outside the largest part in which every place can be reached from every other.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Dropped {
    /// Junctions left out.
    pub junctions: u64,
    /// Directed arcs left out.
    pub arcs: u64,
    /// Road left out, in kilometres of centre line.
    pub length_km: f64,
    /// The same by class, in kilometres.
    pub length_km_by_class: BTreeMap<Class, f64>,
}

/// The figures of one build.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct BuildReport {
    /// Ways with a `highway` tag in the source.
    pub ways_read: u64,
    /// Ways of which at least a piece is in the graph or was before the largest part was taken.
    pub ways_kept: u64,
    /// Ways left out, by reason.
    pub ways_dropped: BTreeMap<DropReason, u64>,
    /// Points that ways name and the source does not hold; a way is cut there.
    pub points_missing: u64,
    /// Street names cut at the limit.
    pub names_cut: u64,
    /// What became of turn restrictions.
    pub turns: TurnReport,
    /// What became of barriers on roads.
    pub barriers: BarrierReport,
    /// Junctions in the graph.
    pub junctions: u64,
    /// Directed arcs in the graph that may be driven.
    pub arcs: u64,
    /// Road in the graph, in kilometres of centre line.
    pub length_km: f64,
    /// The same by class, in kilometres.
    pub length_km_by_class: BTreeMap<Class, f64>,
    /// Strongly connected parts before the largest was taken.
    pub parts: u64,
    /// The share of road that the largest part holds, 0 to 1, by length.
    pub kept_share: f64,
    /// What the other parts held.
    pub dropped: Dropped,
}

impl fmt::Display for BuildReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "ways: {} read, {} kept", self.ways_read, self.ways_kept)?;
        for (reason, count) in &self.ways_dropped {
            writeln!(f, "  {count} left out: {}", reason.words())?;
        }
        writeln!(
            f,
            "roads: {} junctions, {} arcs, {:.1} km",
            self.junctions, self.arcs, self.length_km
        )?;
        for (class, length_km) in &self.length_km_by_class {
            writeln!(f, "  {:<15} {length_km:>9.1} km", class.tag())?;
        }
        writeln!(
            f,
            "connected: the largest of {} parts holds {:.1} % of the road; left out: {} junctions, {} arcs, {:.1} km",
            self.parts,
            self.kept_share * 100.0,
            self.dropped.junctions,
            self.dropped.arcs,
            self.dropped.length_km
        )?;
        for (class, length_km) in &self.dropped.length_km_by_class {
            writeln!(f, "  {:<15} {length_km:>9.1} km left out", class.tag())?;
        }
        if self.points_missing > 0 {
            writeln!(
                f,
                "{} points are missing in the source; ways were cut there",
                self.points_missing
            )?;
        }
        if self.names_cut > 0 {
            writeln!(
                f,
                "{} street names were too long and were cut",
                self.names_cut
            )?;
        }
        let turns = &self.turns;
        if turns.read > 0 {
            writeln!(
                f,
                "turn restrictions: {} read, {} obeyed, of these {} not with lights and siren",
                turns.read, turns.obeyed, turns.plain_only
            )?;
        }
        for (reason, count) in &turns.skipped {
            writeln!(f, "  {count:>6} not obeyed: {}", reason.words())?;
        }
        let barriers = &self.barriers;
        if *barriers != BarrierReport::default() {
            writeln!(
                f,
                "barriers: {} open, {} closed, {} for lights and siren alone, {} at crossings and not obeyed",
                barriers.open, barriers.closed, barriers.siren_only, barriers.at_crossings
            )?;
        }
        Ok(())
    }
}

impl TurnSkip {
    /// Returns the reason in plain words.
    pub fn words(self) -> &'static str {
        match self {
            TurnSkip::Conditional => "at certain hours or under conditions only",
            TurnSkip::OtherVehicles => "for other vehicles",
            TurnSkip::Malformed => "of no known kind, or without the members it needs",
            TurnSkip::NotInGraph => "names a way or point that is not in the network",
            TurnSkip::Ambiguous => "its ways do not meet, or more than once",
            TurnSkip::Moot => "one-way streets say the same already",
            TurnSkip::TooLong => "the stretch between is too long",
        }
    }
}

impl DropReason {
    /// Returns the reason in plain words.
    pub fn words(self) -> &'static str {
        match self {
            DropReason::NotForVehicles => "for walkers, riders or passengers",
            DropReason::NotBuilt => "planned, under construction or gone",
            DropReason::UnknownClass => "unknown class of road",
            DropReason::Area => "a surface, not a line",
            DropReason::Closed => "closed to motor vehicles",
            DropReason::Private => "private",
            DropReason::BusWay => "for buses only",
            DropReason::PedestrianStreet => "pedestrian street",
            DropReason::Track => "track",
            DropReason::Ferry => "ferry",
            DropReason::NoGeometry => "fewer than two points in the source",
            DropReason::Duplicate => "there twice",
        }
    }
}

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
    /// Fewer than two of its points are in the extract.
    NoGeometry,
    /// The same way was there before.
    Duplicate,
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
    /// Turn restrictions seen; they are not obeyed yet.
    pub turn_restrictions_ignored: u64,
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
        if self.turn_restrictions_ignored > 0 {
            writeln!(
                f,
                "{} turn restrictions are not obeyed yet",
                self.turn_restrictions_ignored
            )?;
        }
        Ok(())
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
            DropReason::NoGeometry => "fewer than two points in the source",
            DropReason::Duplicate => "there twice",
        }
    }
}

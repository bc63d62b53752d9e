//! What can go wrong, in two families that are never mixed.
//!
//! [`RoadsError`] is about a file that cannot become a graph: a person has to look at it. [`NoRoute`] is an answer: the
//! question was understood and there is no way. Neither ever comes as a panic.

use thiserror::Error;

/// Why bytes did not become a road graph.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RoadsError {
    /// The format could not be told from the name or the first bytes.
    #[error(
        "{name}: not a road file that can be read here; expected .osm.pbf, .osm, .osm.gz, .graphml, .graphml.gz or a TIGER/Line .zip"
    )]
    UnknownFormat {
        /// The name that was given.
        name: String,
    },
    /// The source text or blocks are damaged.
    #[error("the {format} source is damaged: {what}")]
    Damaged {
        /// The format being read.
        format: &'static str,
        /// What was found, in plain words.
        what: String,
    },
    /// The source needs something that this reader does not know.
    #[error("the {format} source asks for {what}, which cannot be read here; convert it first")]
    Unsupported {
        /// The format being read.
        format: &'static str,
        /// The feature.
        what: String,
    },
    /// The source holds no road that a vehicle may use under these options.
    #[error(
        "no usable road in the source ({ways_read} ways read); check that the extract has `highway` tags and the access options"
    )]
    NoRoads {
        /// How many ways with a `highway` tag were read.
        ways_read: u64,
    },
    /// A limit of [`crate::limits`] was passed.
    #[error("too many {what}: {found}, the limit is {max}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many were found.
        found: u64,
        /// How many are allowed.
        max: u64,
    },
    /// A speed in the table is outside [`crate::limits::SPEED_RANGE_KMH`].
    #[error("the speed for {what} is {kmh} km/h; it must lie between {min} and {max}")]
    Speed {
        /// The class or the name of the setting.
        what: &'static str,
        /// The speed given, in km/h, as text.
        kmh: String,
        /// The least speed allowed, in km/h.
        min: u16,
        /// The greatest speed allowed, in km/h.
        max: u16,
    },
    /// A percentage or a factor in the options makes no sense.
    #[error("the option {what} is {value}; it must lie between {min} and {max}")]
    Option {
        /// The name of the option.
        what: &'static str,
        /// The value given, as text.
        value: String,
        /// The least value allowed.
        min: u16,
        /// The greatest value allowed.
        max: u16,
    },
    /// The bytes are not a saved road graph.
    #[error("not a saved road graph; build one from a map first")]
    NotAGraph,
    /// The graph was saved in a version that this program does not read.
    #[error(
        "the road graph was saved in version {found}; this program reads version {known}; build it again from the map"
    )]
    Version {
        /// The version found.
        found: u16,
        /// The version known.
        known: u16,
    },
    /// The saved graph was changed or cut after it was written.
    #[error(
        "the saved road graph is damaged ({what}); copy it again or build it again from the map"
    )]
    DamagedGraph {
        /// What was found.
        what: &'static str,
    },
}

/// Why there is no travel time for one pair of points. An answer, not a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoRoute {
    /// The start is not a place on Earth, or too far from every road.
    #[error(
        "the start is more than {} m from every road of the network",
        crate::limits::SNAP_MAX_M
    )]
    SourceOffNetwork,
    /// The end is not a place on Earth, or too far from every road.
    #[error(
        "the end is more than {} m from every road of the network",
        crate::limits::SNAP_MAX_M
    )]
    TargetOffNetwork,
    /// Both ends are on the network, but no open road leads from the one to the other.
    #[error("no open road leads there")]
    Unreachable,
    /// The snapped point belongs to another road graph; snap it again.
    #[error("the point was placed on another road graph")]
    OtherGraph,
}

//! Road times: from an OpenStreetMap extract to "how many seconds from each of these places to that one".
//!
//! This crate turns the bytes of a map into a [`RoadGraph`], keeps that graph in a file form of its own that loads in well
//! under a second, and answers travel-time questions over it with a [`Router`]. It knows nothing of units, incidents or
//! nodes: points go in, times come out, and the caller decides what they mean. It opens no file, reads no clock and draws
//! no random number, so the same bytes give the same graph and the same graph gives the same answer everywhere.
//!
//! Start at [`build()`] (bytes to graph), then [`Router::new`] and [`Router::times_to`]. An agency without a map uses
//! [`StraightLine`], whose answers have the same shape and say on what they rest ([`Basis`]).
//!
mod build;
pub mod calibrate;
mod cells;
mod class;
mod conditions;
mod customize;
mod error;
mod file;
mod gazetteer;
mod geo;
mod graph;
mod ground;
pub mod limits;
mod many;
mod nearest;
mod network;
mod options;
pub mod oracle;
mod outline;
mod profile;
mod reach;
mod report;
mod route;
mod router;
mod snap;
mod soonest;
mod source;
mod straight;
mod sweep;
mod tags;
mod turns;

pub use build::build;
pub use cells::RoadCell;
pub use class::{Class, SpeedTable};
pub use conditions::{Condition, Conditions, Effect, Stretch};
pub use error::{NoRoute, RoadsError};
pub use gazetteer::{
    Area, At, Found, FoundKind, Gazetteer, Listed, ListedKind, Matched, QueryTooLong,
};
pub use geo::{Bounds, Point};
pub use graph::{Line, RoadArc, RoadGraph, Travel};
pub use ground::{Course, Cover, Ground, Label};
pub use options::{Access, AgainstOneway, BuildOptions, Entry, Maxspeed, Parts};
pub use outline::Outline;
pub use profile::Profile;
pub use reach::{FirstThere, Reachable};
pub use report::{BarrierReport, BuildReport, DropReason, Dropped, Stage, TurnReport, TurnSkip};
pub use route::{Manoeuvre, Route, Step};
pub use router::{Basis, Router, TravelTime};
pub use snap::{Motion, Snap};
pub use soonest::TwoSoonest;
pub use source::Format;
pub use straight::StraightLine;

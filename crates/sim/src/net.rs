//! A simulated federation: several engines under one seed, with lines that lose, double, delay and are cut,
//! clocks that differ, disks that fail, people who act at random, and at times a node that lies.
//!
//! First everything goes wrong and safety must hold; then it heals and all must agree. Start at [`run`]; the world
//! is driven by [`world`], what must hold is in [`crate::joint_invariant`].

pub mod epochs;
mod faults;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "each function makes the attacks of its group; one that none makes is never counted as struck"
)]
mod hostile;
mod issuers;
mod met;
mod newer;
mod people;
mod planners;
pub(crate) mod supporters;
mod wire;
pub(crate) mod world;

pub use faults::Fault;
pub use hostile::Attack;
pub(crate) use hostile::{Expect, is_bounded};
pub use met::Met;
pub(crate) use newer::Newer;
pub(crate) use people::{invite, raise};
use watchfire_feed::Hash;
pub(crate) use wire::{Heard, Message, contacts, frames_of, lacks, read_frames, take};

pub use crate::site::Mistake;

/// What a federation's life is to be like.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// All follows from it.
    pub seed: u64,
    /// How many things people ask for.
    pub steps: u64,
    /// The mistake put in on purpose.
    pub mistake: Mistake,
}

/// A life that broke nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// SHA-256 of the whole story and of all that was signed in it.
    pub trace: Hash,
    /// What came up.
    pub met: Met,
    /// How long it was in the federation's own time, in milliseconds.
    pub simulated_ms: i64,
    /// Entries that are on all disks together at the end.
    pub entries: usize,
    /// How long it took to agree once it was healed, in milliseconds of simulated time.
    pub healed_in_ms: i64,
}

/// A broken invariant.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The seed that tells it again.
    pub seed: u64,
    /// What broke, and how.
    pub broken: String,
    /// The story so far, line by line.
    pub story: Vec<String>,
}

/// Lives one life.
pub fn run(settings: Settings) -> Result<Report, Box<Failure>> {
    world::World::begin(settings).live()
}

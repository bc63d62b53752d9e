//! The simulator: one engine on a disk that fails, a clock that jumps and clients that ask again, all from
//! one seed. Not shipped.
//!
//! It drives the engine and the feed through the same seams as the program does, and stops at the first
//! step at which an [`invariant`] is broken. It knows no real clock, disk or randomness, so that a seed
//! tells its story again, word for word. [`net`] does the same with several nodes, [`model`] searches all that can
//! happen to three, and [`scale`] counts what a day costs each of many. Start at [`run`]; a run is lived by [`life`], and [`disk`] and
//! [`host`] are what it is lived on.

mod client;
mod disk;
mod host;
pub mod invariant;
pub mod joint_invariant;
mod life;
pub mod model;
pub mod net;
mod office;
pub mod pen;
pub mod scale;
pub mod site;

pub use life::{Counts, Failure, Report, Settings, run};

/// A mistake put into the host or disk on purpose, to see that the invariants catch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// No mistake.
    None,
    /// The host answers and shows before the batch is on disk.
    AnswersFirst,
    /// The outcomes of idempotency keys are not written.
    ForgetsOutcomes,
    /// The engine is not taken back when the disk was full.
    KeepsWhatWasNotWritten,
    /// A torn batch is taken for whole as far as it can be read.
    TakesTornBatches,
    /// One row of a batch is not written.
    LosesARow,
    /// What a handover must hold is worked out without the incidents.
    HandsOverBlind,
    /// The book of a day is worked out without the incidents.
    SettlesBlind,
}

//! What must hold in a federation whatever happens: one file each, with its reason on top.
//!
//! An invariant reads the world and says what is wrong; it changes nothing but its own notes in the [`Book`]. Some
//! are looked at whenever something was written or sent, some every ten minutes of simulated time, the costliest
//! at the end. Only honest nodes are looked at: a hostile one can promise nothing.

mod acked_is_durable;
mod board_is_the_refold;
mod copies_are_what_home_had;
mod done_once;
mod healed_is_converged;
mod rows_are_the_board;
mod told_to_the_allowed;
mod vector_rises;

use std::collections::BTreeMap;

use watchfire_core::board::Board;
use watchfire_core::record::{Record, RecordKind, RecordRef};
use watchfire_feed::{Entry, FeedId, Head};

use crate::net::Message;
use crate::net::world::World;

/// The names of all invariants, as failures call them.
pub const NAMES: [&str; 8] = [
    "acked_is_durable",
    "board_is_the_refold",
    "copies_are_what_home_had",
    "done_once",
    "healed_is_converged",
    "rows_are_the_board",
    "told_to_the_allowed",
    "vector_rises",
];

/// What the invariants remember.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pages: BTreeMap<usize, Page>,
}

/// What they remember of one node.
#[derive(Debug, Default)]
struct Page {
    /// The log folded so far, by an auditor who has the node's keys.
    audited: Board,
    /// How much of the log was folded.
    audited_to: usize,
    /// How often copies had been folded anew, because a key came late, before the log was folded here.
    unsealed: u64,
    /// Every version that a record of this home ever had.
    past: BTreeMap<(RecordRef, u64), Record>,
    /// How far each feed was held when last looked at.
    heads: BTreeMap<FeedId, Head>,
}

/// Looks at what a node has just written, from a place of its log on.
pub(crate) fn when_appended(world: &mut World, at: usize, _from: usize) -> Result<(), String> {
    named("vector_rises", vector_rises::check(world, at))
}

/// Looks at a node whose process has just started.
pub(crate) fn when_started(world: &mut World, at: usize) -> Result<(), String> {
    named("vector_rises", vector_rises::check(world, at))?;
    named("acked_is_durable", acked_is_durable::check(world))?;
    named("done_once", done_once::check(world))
}

/// Looks at what a node is about to say.
pub(crate) fn when_sent(
    world: &World,
    from: usize,
    to: usize,
    message: &Message,
) -> Result<(), String> {
    named(
        "told_to_the_allowed",
        told_to_the_allowed::check(world, from, to, message),
    )
}

/// Looks at what must hold every now and then.
pub(crate) fn when_quiet(world: &mut World) -> Result<(), String> {
    named("acked_is_durable", acked_is_durable::check(world))?;
    named("board_is_the_refold", board_is_the_refold::check(world))?;
    named(
        "copies_are_what_home_had",
        copies_are_what_home_had::check(world),
    )
}

/// Looks whether everybody agrees.
pub(crate) fn healed(world: &World) -> Result<(), String> {
    named("healed_is_converged", healed_is_converged::check(world))
}

/// Looks at what is too dear to be looked at more than once.
pub(crate) fn at_the_end(world: &mut World) -> Result<(), String> {
    when_quiet(world)?;
    let whole = board_is_the_refold::check_whole(world);
    named("board_is_the_refold", whole)?;
    named("rows_are_the_board", rows_are_the_board::check(world))
}

fn named(name: &str, checked: Result<(), String>) -> Result<(), String> {
    checked.map_err(|wrong| format!("{name}: {wrong}"))
}

/// Returns the kind of record that an entry is about, if this program knows it.
fn kind_of(entry: &Entry) -> Option<RecordKind> {
    RecordKind::parse(entry.header.kind.split('.').next()?)
}

fn reference(kind: RecordKind, entry: &Entry) -> RecordRef {
    let id = entry.header.record;
    RecordRef { kind, id }
}

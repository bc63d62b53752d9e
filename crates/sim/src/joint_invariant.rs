//! What must hold in a federation whatever happens: one file each, with its reason on top.
//!
//! An invariant reads the world and says what is wrong; it changes nothing but its own notes in the [`Book`]. Some
//! are looked at whenever something was written or sent, some every ten minutes of simulated time, the costliest
//! at the end. Only honest nodes are looked at: a hostile one can promise nothing.

mod acked_is_durable;
mod asked_within_a_loan_is_answered;
mod board_is_the_refold;
mod books_balance;
pub(crate) mod copies_are_what_home_had;
mod done_once;
mod erased_is_gone;
mod fork_is_frozen;
mod given_to_members_only;
mod healed_is_converged;
mod hostile_disturbs_nobody;
mod hybrid_time_rises;
mod lent_goes_where_promised;
mod newer_is_kept_and_shown;
mod one_lead;
mod only_what_is_shared_is_told;
pub(crate) mod promised_once;
pub(crate) mod rows_are_the_board;
mod same_entries_same_members;
mod told_to_the_allowed;
mod unanswered_is_seen;
mod vector_rises;

use std::collections::BTreeMap;

use watchfire_core::board::Board;
use watchfire_core::record::{Action, Record, RecordKind, RecordRef};
use watchfire_feed::{Entry, FeedId, Head, HybridTime, NodeId, Scope};

use crate::net::world::World;
use crate::net::{Expect, Heard, Message};
use crate::site::Site;
pub(crate) use hostile_disturbs_nobody::Glimpse;
use only_what_is_shared_is_told::Ended;

/// The names of all invariants, as failures call them.
pub const NAMES: [&str; 22] = [
    "acked_is_durable",
    "asked_within_a_loan_is_answered",
    "board_is_the_refold",
    "books_balance",
    "copies_are_what_home_had",
    "done_once",
    "erased_is_gone",
    "fork_is_frozen",
    "given_to_members_only",
    "healed_is_converged",
    "hostile_disturbs_nobody",
    "hybrid_time_rises",
    "lent_goes_where_promised",
    "newer_is_kept_and_shown",
    "one_lead",
    "only_what_is_shared_is_told",
    "promised_once",
    "rows_are_the_board",
    "same_entries_same_members",
    "told_to_the_allowed",
    "unanswered_is_seen",
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
    /// Where each feed that has forked stood when that was found.
    frozen: BTreeMap<FeedId, Head>,
    /// The last time that this node wrote into an entry.
    last_time: HybridTime,
    /// The shares that somebody here was told have ended.
    ended: Ended,
    /// What is known of the directives that were given here.
    known: unanswered_is_seen::Known,
}

impl Book {
    fn ended(&self, at: usize) -> &Ended {
        &self.pages[&at].ended
    }
}

/// Notes that somebody asks for something.
pub(crate) fn when_asked(world: &mut World, at: usize, action: &Action) {
    world.book.pages.entry(at).or_default().ended.asked(action);
}

/// Notes that somebody was answered with yes.
pub(crate) fn when_answered(world: &mut World, at: usize, action: &Action) {
    let page = world.book.pages.entry(at).or_default();
    page.ended.answered(action);
}

/// Looks at what a node has just written, from a place of its log on.
pub(crate) fn when_appended(world: &mut World, at: usize, from: usize) -> Result<(), String> {
    named("vector_rises", vector_rises::check(world, at))?;
    named("fork_is_frozen", fork_is_frozen::check(world, at))?;
    let rises = hybrid_time_rises::check(world, at, from);
    named("hybrid_time_rises", rises)?;
    let stand = &world.stands[at];
    if !stand.up {
        return Ok(()); // What it showed died with it; its disk is looked at when it starts.
    }
    let command = |feed: &watchfire_feed::Feed| matches!(feed.scope, Scope::Command(_));
    if stand.site.disk.log[from..]
        .iter()
        .any(|(feed, _)| command(feed))
    {
        named("one_lead", one_lead::check(world))?;
    }
    let lent = lent_goes_where_promised::check(world, at, from);
    named("lent_goes_where_promised", lent)?;
    named("promised_once", promised_once::check(world, at, from))?;
    let told = only_what_is_shared_is_told::check(world, at, from);
    named("only_what_is_shared_is_told", told)?;
    let answered = asked_within_a_loan_is_answered::check(world, at, from);
    named("asked_within_a_loan_is_answered", answered)?;
    named("books_balance", books_balance::check(world, at, from))?;
    let about = |kind: &str| kind.starts_with("directive.") || kind.starts_with("reply.");
    let mut new = world.stands[at].site.disk.log[from..].iter();
    match new.any(|(_, entry)| about(&entry.header.kind)) {
        true => named("unanswered_is_seen", unanswered_is_seen::check(world, at)),
        false => Ok(()),
    }
}

/// Looks at a node whose process has just started.
pub(crate) fn when_started(world: &mut World, at: usize) -> Result<(), String> {
    named("vector_rises", vector_rises::check(world, at))?;
    named("fork_is_frozen", fork_is_frozen::check(world, at))?;
    named("acked_is_durable", acked_is_durable::check(world))?;
    when_newer_spoke(world)?;
    named("done_once", done_once::check(world))?;
    named("promised_once", promised_once::check_all(world))?;
    named("unanswered_is_seen", unanswered_is_seen::check(world, at))
}

/// Looks at what a node is about to say to another.
pub(crate) fn when_sent(
    world: &World,
    from: usize,
    to: NodeId,
    message: &Message,
) -> Result<(), String> {
    let site = &world.stands[from].site;
    let told = told_to_the_allowed::check(site, to, message);
    named("told_to_the_allowed", told)
}

/// Looks at what came of a hostile node's blow.
pub(crate) fn when_struck(
    world: &World,
    at: usize,
    hostile: NodeId,
    before: (&Glimpse, Option<&Board>),
    heard: &[Heard],
    expect: Expect,
) -> Result<(), String> {
    let checked = hostile_disturbs_nobody::check(world, at, hostile, before, heard, expect);
    named("hostile_disturbs_nobody", checked)
}

/// Looks at what is held of what a newer program said.
pub(crate) fn when_newer_spoke(world: &World) -> Result<(), String> {
    let kept = newer_is_kept_and_shown::check(world);
    named("newer_is_kept_and_shown", kept)
}

/// Says whether sites that may be in any state agree where they must: at most one leads, and equal entries give
/// equal members. For searches that have no world.
pub fn agree(sites: &[&Site]) -> Result<(), String> {
    named("one_lead", one_lead::check_sites(sites))?;
    let same = same_entries_same_members::check_sites(sites);
    named("same_entries_same_members", same)
}

/// Looks at what must hold every now and then.
pub(crate) fn when_quiet(world: &mut World) -> Result<(), String> {
    for at in 0..world.stands.len() {
        named("unanswered_is_seen", unanswered_is_seen::check(world, at))?;
    }
    named("promised_once", promised_once::check_all(world))?;
    named("acked_is_durable", acked_is_durable::check(world))?;
    named("board_is_the_refold", board_is_the_refold::check(world))?;
    let copies = copies_are_what_home_had::check(world);
    named("copies_are_what_home_had", copies)?;
    let same = same_entries_same_members::check(world);
    named("same_entries_same_members", same)
}

/// Looks whether everybody agrees.
pub(crate) fn healed(world: &World) -> Result<(), String> {
    named("healed_is_converged", healed_is_converged::check(world))?;
    named("unanswered_is_seen", unanswered_is_seen::healed(world))
}

/// Looks at what is too dear to be looked at more than once.
pub(crate) fn at_the_end(world: &mut World) -> Result<(), String> {
    when_quiet(world)?;
    let whole = board_is_the_refold::check_whole(world);
    named("board_is_the_refold", whole)?;
    named("rows_are_the_board", rows_are_the_board::check(world))?;
    let given = given_to_members_only::check(world);
    named("given_to_members_only", given)?;
    when_newer_spoke(world)?;
    named("erased_is_gone", erased_is_gone::check(world))
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

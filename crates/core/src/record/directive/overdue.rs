//! How far the items of a directive have come, which step is overdue, and who of the chain has heard of it: derived from what
//! was said and the clock, and kept nowhere. Start at [`progress_of`] and [`all_overdue`].

use std::collections::BTreeMap;
use std::sync::Arc;

use watchfire_feed::NodeId;

use super::{Addressee, Directive, Due, Item, ItemStatus, Mark, Overdue, Progress, Rung};
use crate::basis::Timestamp;
use crate::board::Board;
use crate::record::reply::Reply;
use crate::record::settlement::Settlement;
use crate::record::{Actor, Elsewhere};

/// Returns what an addressee has done: what the item says, and of another agency what its reply says.
///
/// `home` is the node that gives the directive. A node that holds the directive as a copy reads its own reply.
pub fn progress_of(
    board: &Board,
    home: NodeId,
    own: NodeId,
    directive: &Directive,
    item: &Item,
) -> Progress {
    let Addressee::Agency(node) = item.to else {
        return item.progress.clone();
    };
    let to = Elsewhere {
        node: home,
        record: directive.id.into(),
    };
    let reply = reply_of(board, own, node, &to);
    let Some(reply) = reply else {
        return item.progress.clone();
    };
    let shown = reply.shown.map(|(_, at)| at);
    let signed = reply.signed.map(|(_, at, by)| Mark { at, by });
    Progress {
        delivered_at: shown,
        shown: shown.map(|at| Mark {
            at,
            by: Actor::NODE,
        }),
        signed,
        acting: reply.acting,
        reports: reply.reports.clone(),
    }
}

/// Returns what a node said to a directive, as this one (`own`) knows.
pub fn reply_of<'a>(
    board: &'a Board,
    own: NodeId,
    by: NodeId,
    to: &Elsewhere,
) -> Option<&'a Reply> {
    let there = match by == own {
        true => board,
        false => board.copies.boards.get(&by)?,
    };
    there.replies.get(&Reply::id_of(&by, to)).map(Arc::as_ref)
}

/// Returns how far every item of one of this node's own directives has come.
pub fn statuses(board: &Board, directive: &Directive) -> Vec<(Progress, ItemStatus)> {
    let home = directive.home;
    let of = |item: &Item| {
        let progress = progress_of(board, home, home, directive, item);
        let status = directive.status(item, &progress);
        (progress, status)
    };
    directive.items.iter().map(of).collect()
}

/// Returns the first step of an item that is due by `now` and not taken; what counts is the time from issuing.
pub fn overdue_item(
    directive: &Directive,
    at: usize,
    progress: &Progress,
    now: Timestamp,
) -> Option<Overdue> {
    let (issued, ladder) = (directive.issued?, directive.ladder.as_ref()?);
    let item = directive.items.get(at)?;
    let status = directive.status(item, progress);
    if !directive.is_open() || status.is_over() {
        return None;
    }
    let late = |(step, seconds): (Due, u32)| {
        let waits = match step {
            Due::Signed => progress.signed.is_none(),
            Due::Acting => progress.acting.is_none() && progress.reports.is_empty(),
            Due::Reported => status < ItemStatus::Reported,
            Due::Closed => false,
        };
        // What was returned for rework is due as long after that as it was after issuing.
        let returned = (status == ItemStatus::Returned)
            .then(|| item.verdicts.last().map(|verdict| verdict.mark.at))
            .flatten();
        let since = returned.unwrap_or(issued.at).plus_s(seconds);
        (waits && since <= now).then_some(Overdue {
            item: Some(at),
            step,
            since,
        })
    };
    ladder.steps().find_map(late)
}

/// Returns what is overdue longest about one of this node's own directives.
pub fn overdue(board: &Board, directive: &Directive, now: Timestamp) -> Option<Overdue> {
    all_overdue(board, directive, now).into_iter().next()
}

/// Returns all that is overdue about one of this node's own directives: one step of each item, and the whole; what is overdue
/// longest first. What was carried over to a new date is not overdue before it.
pub fn all_overdue(board: &Board, directive: &Directive, now: Timestamp) -> Vec<Overdue> {
    all_overdue_of(board, (directive.home, directive.home), directive, now)
}

/// Returns the same of a directive of any home, as `own` knows of it. The books of another home are not known here.
pub fn all_overdue_of(
    board: &Board,
    (home, own): (NodeId, NodeId),
    directive: &Directive,
    now: Timestamp,
) -> Vec<Overdue> {
    if !directive.is_out() {
        return Vec::new();
    }
    let items = directive.items.iter().enumerate().filter_map(|(at, item)| {
        let progress = progress_of(board, home, own, directive, item);
        overdue_item(directive, at, &progress, now)
    });
    let close_by = directive.details.close_by;
    let closing = (close_by <= now).then_some(Overdue {
        item: None,
        step: Due::Closed,
        since: close_by,
    });
    let mut found: Vec<Overdue> = items.chain(closing).collect();
    if found.is_empty() {
        return found; // Only of what is late the books are asked.
    }
    let carried = carried(board, directive);
    if carried.is_empty() {
        found.sort_by_key(|one| (one.since, one.step));
        return found;
    }
    let is_ahead = |at: usize| carried.of_item(at).is_some_and(|until| until > now);
    found.retain(|one| !one.item.is_some_and(is_ahead));
    for one in &mut found {
        let until = one.item.and_then(|at| carried.of_item(at));
        one.since = until.map_or(one.since, |until| one.since.max(until));
    }
    let open = directive.items.iter().enumerate().filter(|(_, item)| {
        let progress = progress_of(board, home, own, directive, item);
        !directive.status(item, &progress).is_over()
    });
    let open: Vec<usize> = open.map(|(at, _)| at).collect();
    if let Some(until) = carried.of_all(&open) {
        found.retain(|one| one.item.is_some() || until <= now);
        let closing = found.iter_mut().filter(|one| one.item.is_none());
        closing.for_each(|one| one.since = one.since.max(until));
    }
    found.sort_by_key(|one| (one.since, one.step));
    found
}

/// The new dates to which a directive was carried over when days were settled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CarriedOver {
    /// Of the whole.
    whole: Option<Timestamp>,
    /// Of items by themselves.
    items: BTreeMap<usize, Timestamp>,
}

impl CarriedOver {
    fn is_empty(&self) -> bool {
        self.whole.is_none() && self.items.is_empty()
    }

    /// Returns the new date of an item: its own or that of the whole, the later of the two.
    pub fn of_item(&self, at: usize) -> Option<Timestamp> {
        self.whole.max(self.items.get(&at).copied())
    }

    /// Returns the new date by which all is to be done: the first of those of the items that are open, if each has one.
    fn of_all(&self, open: &[usize]) -> Option<Timestamp> {
        let dates: Option<Vec<Timestamp>> = open.iter().map(|at| self.of_item(*at)).collect();
        dates?.into_iter().min()
    }
}

/// Returns to which dates a directive was carried over in books of its home.
pub fn carried(board: &Board, directive: &Directive) -> CarriedOver {
    let mut dates = CarriedOver::default();
    let own = |one: &&Arc<Settlement>| one.book.home == directive.home;
    let books = board.settlements.values().filter(own);
    for (line, carried) in books.flat_map(|one| &one.carried) {
        if line.record != directive.id.into() {
            continue;
        }
        let until = Some(carried.until);
        match line.item {
            None => dates.whole = dates.whole.max(until),
            Some(at) => {
                let date = dates.items.entry(at).or_insert(carried.until);
                *date = carried.until.max(*date);
            }
        }
    }
    dates
}

/// Returns the rungs of the chain that hear of a step that is overdue since then.
pub fn escalated(directive: &Directive, since: Timestamp, now: Timestamp) -> Vec<&Rung> {
    let chain = directive.ladder.iter().flat_map(|ladder| &ladder.chain);
    chain
        .filter(|rung| since.plus_s(rung.after_s) <= now)
        .collect()
}

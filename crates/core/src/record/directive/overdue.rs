//! How far the items of a directive have come, which step is overdue, and who of the chain has heard of it: derived from what
//! was said and the clock, and kept nowhere. Start at [`progress_of`] and [`all_overdue`].

use watchfire_feed::NodeId;

use super::{Addressee, Directive, Due, Item, ItemStatus, Mark, Overdue, Progress, Rung};
use crate::basis::Timestamp;
use crate::board::Board;
use crate::record::reply::Reply;
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
    let id = Reply::id_of(&node, &to);
    let reply = match node == own {
        true => board.replies.get(&id),
        false => board
            .copies
            .boards
            .get(&node)
            .and_then(|there| there.replies.get(&id)),
    };
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
/// longest first.
pub fn all_overdue(board: &Board, directive: &Directive, now: Timestamp) -> Vec<Overdue> {
    if !directive.is_out() {
        return Vec::new();
    }
    let all = statuses(board, directive);
    let items = all
        .iter()
        .enumerate()
        .filter_map(|(at, (progress, _))| overdue_item(directive, at, progress, now));
    let close_by = directive.details.close_by;
    let closing = (close_by <= now).then_some(Overdue {
        item: None,
        step: Due::Closed,
        since: close_by,
    });
    let mut found: Vec<Overdue> = items.chain(closing).collect();
    found.sort_by_key(|one| (one.since, one.step));
    found
}

/// Returns the rungs of the chain that hear of a step that is overdue since then.
pub fn escalated(directive: &Directive, since: Timestamp, now: Timestamp) -> Vec<&Rung> {
    let chain = directive.ladder.iter().flat_map(|ladder| &ladder.chain);
    chain
        .filter(|rung| since.plus_s(rung.after_s) <= now)
        .collect()
}

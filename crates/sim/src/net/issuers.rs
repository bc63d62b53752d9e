//! The people who direct other agencies, answer what they are directed, and settle the day, beside all others: what they ask
//! for at random.
//!
//! They draw from dice of their own, so that what everybody else does in a life does not hang on them. They see what their
//! own node shows: whoever is cut off answers late, and whoever waits for them sees nothing of it. Start at [`act`].

use std::sync::Arc;

use watchfire_core::basis::{Blob, Line, Priority, Prose};
use watchfire_core::entropy::Entropy;
use watchfire_core::record::directive::{
    Addressee, Details, Directive, DirectiveAction, ItemStatus, Step, statuses,
};
use watchfire_core::record::person::Seat;
use watchfire_core::record::reply::{Reply, ReplyAction};
use watchfire_core::record::settlement::SettlementAction;
use watchfire_core::record::support_offer::SupportOfferAction;
use watchfire_core::record::support_request::SupportRequestAction;
use watchfire_core::record::{Action, Elsewhere};

use super::people::Wish;
use crate::office::{self, Desk};
use crate::site::Site;

/// A day of a book is that long here, so that most lives have several.
const DAY_MS: i64 = 300_000;
/// Nobody gives more directives than that before some are done.
const OUT_MAX: usize = 4;

fn line(text: &str) -> Line {
    text.parse().expect("the simulator's own words fit a line")
}

fn prose(text: &str) -> Prose {
    text.parse().expect("the simulator's own words are prose")
}

fn pick<T: Clone>(dice: &mut Entropy, among: &[T]) -> Option<T> {
    match among.len() {
        0 => None,
        count => Some(among[dice.below(count as u64) as usize].clone()),
    }
}

/// Returns what somebody at a node does about directives or the book of a day next, at times several things in a row.
pub(crate) fn act(site: &Site, dice: &mut Entropy) -> Vec<Wish> {
    let one = |wish: Option<Wish>| wish.into_iter().collect();
    match dice.below(12) {
        0 | 1 => one(direct(site, dice)),
        2..=6 => one(answer(site, dice).or_else(|| direct(site, dice))),
        7..=9 => one(judge(site, dice).or_else(|| answer(site, dice))),
        _ => {
            let desk = Desk {
                board: &site.shown,
                home: site.node(),
                now: site.now,
            };
            let all = office::settle(desk, (DAY_MS, site.now), dice);
            let wishes = all.into_iter().map(|(_, words, action)| (words, action));
            wishes.collect()
        }
    }
}

fn direct(site: &Site, dice: &mut Entropy) -> Option<Wish> {
    let out = site.shown.directives.values().filter(|one| one.is_out());
    if out.count() >= OUT_MAX {
        return None;
    }
    let operation = pick(dice, &site.shown.own_operations(site.node()))?;
    let found = site.shown.operation_anywhere(operation).ok()?;
    let own = site.node();
    let others = found.members.keys().filter(|node| **node != own);
    let others: Vec<_> = others.copied().collect();
    let mut to = match dice.below(3) {
        0 => vec![Addressee::Agency(pick(dice, &others)?)],
        _ => vec![Addressee::Everyone],
    };
    if dice.below(4) == 0 {
        to.push(Addressee::Seat(Seat::Dispatcher));
    }
    let kind = pick(dice, &["task", "inspection", "notice"])?;
    let details = Details {
        kind: kind.parse().expect("it is a code"),
        priority: Priority::P1,
        subject: line("watch the ford"),
        to,
        operation: Some(operation),
        related: Vec::new(),
        close_by: site.now.plus_s(600 + dice.below(7_200) as u32),
        replaces: None,
    };
    let draft = DirectiveAction::Draft {
        details,
        text: Some(prose("until the morning")),
        issue: true,
    };
    Some((format!("directs {kind}"), Action::Directive(draft)))
}

/// Does what is next about a directive of another agency; at times out of order, or once more.
fn answer(site: &Site, dice: &mut Entropy) -> Option<Wish> {
    let own = site.node();
    let joined = site.shown.own_operations(own);
    let mut asked = Vec::new();
    for (node, board) in &site.shown.copies.boards {
        for found in board.directives.values() {
            let here = |to: &Addressee| *to == Addressee::Agency(own);
            if found.is_out() && found.items.iter().any(|item| here(&item.to)) {
                let record = found.id.into();
                let to = Elsewhere {
                    node: *node,
                    record,
                };
                let operation = found.details.operation;
                let operation = operation.filter(|operation| joined.contains(operation));
                asked.extend(operation.map(|operation| (operation, to)));
            }
        }
    }
    let (operation, to) = pick(dice, &asked)?;
    let reply = site.shown.replies.get(&Reply::id_of(&own, &to));
    let signed = reply.is_some_and(|reply| reply.signed.is_some());
    let acting = reply.is_some_and(|reply| reply.acting.is_some());
    let text = Some(prose("nobody has crossed"));
    let step = |step| ReplyAction::Advance {
        operation,
        to,
        step,
        text: text.clone().filter(|_| step == Step::Reported),
    };
    let (words, action) = match (signed, acting, dice.below(8)) {
        (_, _, 0) => ("shows", ReplyAction::Show { operation, to }),
        (false, _, 1..=3) | (_, _, 1) => ("signs for", ReplyAction::Sign { operation, to }),
        (_, false, 2..=4) => ("acts on", step(Step::Acting)),
        (_, _, 5) => {
            let attach = ReplyAction::Attach {
                operation,
                to,
                label: line("the bank"),
                data: Blob(format!("ford {}", dice.below(20)).into_bytes()),
            };
            ("proves something of", attach)
        }
        (_, _, _) => ("reports on", step(Step::Reported)),
    };
    Some((format!("{words} {}", to.record), Action::Reply(action)))
}

/// Does something about one of its own directives that is out.
fn judge(site: &Site, dice: &mut Entropy) -> Option<Wish> {
    let out = site.shown.directives.values().filter(|one| one.is_out());
    let mut out: Vec<_> = out.cloned().collect();
    let waits = |one: &Arc<Directive>| {
        let mut all = statuses(&site.shown, one).into_iter();
        all.any(|(_, status)| status == ItemStatus::Reported)
    };
    if out.iter().any(waits) {
        out.retain(waits);
    }
    let found = pick(dice, &out)?;
    let (words, action) = office::answer(&site.shown, &found, dice);
    let words = format!("{words} directive {}", found.number);
    Some((words, Action::Directive(action)))
}

/// Returns in a word what an action did to a directive or a book, so that a life that comes to few of them is seen.
pub(crate) fn what_was_done(action: &Action) -> Option<&'static str> {
    if let Action::Reply(ReplyAction::Attach { .. }) = action {
        return Some("directive answered with a file");
    }
    if let Action::Reply(ReplyAction::Advance { step, .. }) = action {
        return Some(match step {
            Step::Reported => "directive reported on",
            Step::Delivered | Step::Shown | Step::Signed | Step::Acting => "directive acted on",
        });
    }
    if let Action::Settlement(action) = action {
        return Some(match action {
            SettlementAction::Carry { .. } => "line carried over",
            SettlementAction::Sign { .. } => "book signed",
            SettlementAction::Correct { .. } => "book corrected",
        });
    }
    if let Action::SupportRequest(action) = action {
        return match action {
            SupportRequestAction::Ask { .. } => Some("support asked for"),
            SupportRequestAction::Commit { .. } => Some("support accepted"),
            SupportRequestAction::Release { .. } => Some("support released"),
            SupportRequestAction::Amend { .. }
            | SupportRequestAction::Close { .. }
            | SupportRequestAction::Withdraw { .. }
            | SupportRequestAction::SeeAlarm { .. } => None,
        };
    }
    if let Action::SupportOffer(SupportOfferAction::Offer { .. }) = action {
        return Some("support offered");
    }
    let Action::Directive(action) = action else {
        return None;
    };
    match action {
        DirectiveAction::Draft { .. } => Some("directive issued"),
        DirectiveAction::Verify { .. } => Some("directive verified"),
        DirectiveAction::Return { .. } => Some("directive returned"),
        DirectiveAction::Excuse { .. } => Some("directive excused"),
        DirectiveAction::Recall { .. } => Some("directive recalled"),
        DirectiveAction::Close { .. } => Some("directive closed"),
        DirectiveAction::Attach { .. } => Some("file attached"),
        DirectiveAction::Amend { .. }
        | DirectiveAction::Issue { .. }
        | DirectiveAction::Discard { .. }
        | DirectiveAction::Advance { .. }
        | DirectiveAction::SeeAlarm { .. } => None,
    }
}

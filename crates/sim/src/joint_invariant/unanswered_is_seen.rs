//! Whoever directed another agency sees each item that was not answered as open, with how far it is known to have got; once
//! all is healed, both sides agree on every step.
//!
//! Reason: an order that nobody answers is the one that matters, and in a cut nobody answers. If silence could pass for "done",
//! or a late answer be lost, nobody would go to the ford. What is known is gathered here from the entries that are held, and
//! not from what the product makes of them.

use std::collections::{BTreeMap, BTreeSet};

use watchfire_core::basis::{DirectiveId, Timestamp};
use watchfire_core::engine::{self, Decoded};
use watchfire_core::record::directive::{
    self, Addressee, Directive, DirectiveEvent, Due, Ending, ItemStatus, Ladder, Progress, Step,
};
use watchfire_core::record::reply::{Reply, ReplyEvent};
use watchfire_core::record::settlement::SettlementEvent;
use watchfire_core::record::{Elsewhere, Event, RecordKind, RecordRef};
use watchfire_core::timer::{self, AlarmCode, TimerRules};
use watchfire_feed::{NodeId, Scope};

use crate::net::world::World;
use crate::site::Site;

/// What is known of the directives of one node, by the entries that it holds.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// How much of the log was read.
    read_to: usize,
    out: BTreeMap<DirectiveId, Given>,
    told: BTreeMap<(NodeId, DirectiveId), Told>,
    /// The last new date to which any line of a directive was carried over: it is not late before it.
    carried: BTreeMap<DirectiveId, Timestamp>,
}

/// A directive that was issued.
#[derive(Debug)]
struct Given {
    to: Vec<Addressee>,
    ladder: Ladder,
    excused: BTreeSet<usize>,
    /// The last verdict on each item: on how many reports, and whether it was yes.
    verdicts: BTreeMap<usize, (usize, bool)>,
    ended: bool,
}

/// What an agency has said of a directive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Told {
    signed: bool,
    acting: bool,
    reports: usize,
}

impl Told {
    fn of(progress: &Progress) -> Told {
        Told {
            signed: progress.signed.is_some(),
            acting: progress.acting.is_some(),
            reports: progress.reports.len(),
        }
    }
}

impl Given {
    /// Says whether all that was asked of an item is done, by what was said.
    fn is_over(&self, item: usize, told: Told) -> bool {
        let verdict = self.verdicts.get(&item);
        if self.excused.contains(&item) {
            return true;
        }
        if let Some((on, good)) = verdict.filter(|(on, _)| *on == told.reports) {
            return *good && *on > 0;
        }
        if self.ladder.verify {
            return false;
        }
        match (self.ladder.report_s, self.ladder.act_s) {
            (Some(_), _) => told.reports > 0,
            (None, Some(_)) => told.acting,
            (None, None) => told.signed,
        }
    }
}

/// Reads what is new in a node's log, and looks at what it shows of its directives.
pub(crate) fn check(world: &mut World, at: usize) -> Result<(), String> {
    let stand = &world.stands[at];
    let page = world.book.pages.entry(at).or_default();
    let site = &stand.site;
    read(&mut page.known, site)?;
    match stand.up {
        true => is_shown(&page.known, site),
        false => Ok(()),
    }
}

fn read(known: &mut Known, site: &Site) -> Result<(), String> {
    let own = site.node();
    for (feed, entry) in &site.disk.log[known.read_to..] {
        let about = entry.header.kind.as_str();
        let read = ["directive.", "reply.", "settlement."];
        if !read.iter().any(|start| about.starts_with(start)) {
            continue;
        }
        let Ok(Decoded::Event { record, event, .. }) = engine::decode(entry) else {
            continue;
        };
        if let Event::Settlement(SettlementEvent::Carried { lines, until, .. }) = &event {
            let own = lines.iter().filter(|_| feed.node == own);
            for line in own.filter(|line| line.record.kind == RecordKind::Directive) {
                let date = known.carried.entry(DirectiveId(line.record.id));
                let date = date.or_insert(*until);
                *date = (*until).max(*date);
            }
        } else if let Event::Reply(event) = &event {
            if feed.node != own {
                known.said(own, feed.node, record, event);
            }
        } else if let Event::Directive(event) = event
            && feed.node == own
            && feed.scope == Scope::Local
        {
            let given = known.given(DirectiveId(record.id), event);
            given.map_err(|wrong| format!("{}: {wrong}", site.name))?;
        }
    }
    known.read_to = site.disk.log.len();
    Ok(())
}

impl Known {
    fn given(&mut self, id: DirectiveId, event: DirectiveEvent) -> Result<(), String> {
        if let DirectiveEvent::Issued { ladder, items } = event {
            let given = Given {
                to: items,
                ladder: *ladder,
                excused: BTreeSet::new(),
                verdicts: BTreeMap::new(),
                ended: false,
            };
            self.out.insert(id, given);
            return Ok(());
        }
        let told = &self.told;
        let Some(given) = self.out.get_mut(&id) else {
            return Ok(());
        };
        let of = |given: &Given, item: usize| match given.to.get(item) {
            Some(Addressee::Agency(node)) => {
                Some((*node, told.get(&(*node, id)).copied().unwrap_or_default()))
            }
            Some(
                Addressee::Unit(_)
                | Addressee::Seat(_)
                | Addressee::Station(_)
                | Addressee::Everyone,
            )
            | None => None,
        };
        match event {
            DirectiveEvent::Excused { item, .. } => drop(given.excused.insert(item)),
            DirectiveEvent::Verified { item, on } | DirectiveEvent::Returned { item, on, .. }
                if of(given, item).is_some_and(|(_, told)| on == 0 || on > told.reports) =>
            {
                return Err(format!("a report on {id:?} was judged that nobody made"));
            }
            DirectiveEvent::Verified { item, on } => {
                given.verdicts.insert(item, (on, true));
            }
            DirectiveEvent::Returned { item, on, .. } => {
                given.verdicts.insert(item, (on, false));
            }
            DirectiveEvent::Ended { ending } => {
                given.ended = true;
                let whole = ending == Ending::Closed { in_part: None };
                for item in (0..given.to.len()).filter(|_| whole) {
                    let said = of(given, item);
                    if let Some((node, told)) = said.filter(|(_, told)| !given.is_over(item, *told))
                    {
                        return Err(format!("{id:?} was closed, and {node} said {told:?}"));
                    }
                }
            }
            DirectiveEvent::Drafted { .. }
            | DirectiveEvent::Attached { .. }
            | DirectiveEvent::AttachedMore {}
            | DirectiveEvent::Amended { .. }
            | DirectiveEvent::Issued { .. }
            | DirectiveEvent::Advanced { .. }
            | DirectiveEvent::AlarmSeen { .. } => {}
        }
        Ok(())
    }

    fn said(&mut self, own: NodeId, by: NodeId, reply: RecordRef, event: &ReplyEvent) {
        let (ReplyEvent::Signed { to, .. } | ReplyEvent::Advanced { to, .. }) = event else {
            return;
        };
        let is_its = Reply::id_of(&by, to).0 == reply.id;
        if to.node != own || to.record.kind != RecordKind::Directive || !is_its {
            return;
        }
        let id = DirectiveId(to.record.id);
        let told = self.told.entry((by, id)).or_default();
        told.signed = true;
        if let ReplyEvent::Advanced { step, .. } = event {
            told.acting |= *step >= Step::Acting;
            told.reports += usize::from(*step >= Step::Reported);
        }
    }
}

fn is_shown(known: &Known, site: &Site) -> Result<(), String> {
    let (board, name) = (&site.shown, &site.name);
    let alarms = timer::open(board, &TimerRules::default(), site.now);
    let late: BTreeSet<RecordRef> = alarms
        .into_iter()
        .filter(|(_, alarm)| alarm.code == AlarmCode::DirectiveOverdue)
        .map(|(record, _)| record)
        .collect();
    for (id, given) in known.out.iter().filter(|(_, given)| !given.ended) {
        let found = board.directives.get(id).filter(|found| found.is_out());
        let found = found.ok_or_else(|| format!("{name} does not show {id:?}, which is out"))?;
        let statuses = directive::statuses(board, found);
        if statuses.len() != given.to.len() {
            return Err(format!("{name} does not show every item of {id:?}"));
        }
        for (item, (progress, status)) in statuses.iter().enumerate() {
            let Addressee::Agency(node) = given.to[item] else {
                continue;
            };
            let told = known.told.get(&(node, *id)).copied().unwrap_or_default();
            if Told::of(progress) != told {
                return Err(format!(
                    "{name} shows {progress:?} of {node} about {id:?}, which said {told:?}"
                ));
            }
            if status.is_over() != given.is_over(item, told) {
                return Err(format!(
                    "{name} shows {status:?} for {node} about {id:?}, which said {told:?}"
                ));
            }
            let due = found
                .issued
                .map(|issued| issued.at.plus_s(given.ladder.sign_s));
            let carried = known.carried.get(id).is_some_and(|until| *until > site.now);
            let is_late = !carried && !told.signed && due.is_some_and(|due| due <= site.now);
            if is_late && !status.is_over() && !late.contains(&RecordRef::from(*id)) {
                return Err(format!(
                    "{name} is not told that {node} is late with {id:?}"
                ));
            }
            must_name_it(found, item, progress, (is_late, *status))?;
        }
    }
    Ok(())
}

/// Looks whether the item says itself which step is late.
fn must_name_it(
    found: &Directive,
    item: usize,
    progress: &Progress,
    (is_late, status): (bool, ItemStatus),
) -> Result<(), String> {
    let due = found.issued.map(|issued| issued.at);
    let due = due.zip(found.ladder.as_ref());
    let Some((at, ladder)) = due.filter(|_| is_late && !status.is_over()) else {
        return Ok(());
    };
    let now = at.plus_s(ladder.sign_s);
    let named = directive::overdue_item(found, item, progress, now);
    match named.is_some_and(|late| late.step == Due::Signed) {
        true => Ok(()),
        false => Err(format!(
            "item {item} of {:?} does not say that it is late",
            found.id
        )),
    }
}

/// Looks whether giver and addressee agree, once all is healed.
pub(crate) fn healed(world: &World) -> Result<(), String> {
    for giver in &world.stands {
        for found in giver.site.shown.directives.values() {
            for other in &world.stands {
                agree(&giver.site, &other.site, found)?;
            }
        }
    }
    Ok(())
}

fn agree(giver: &Site, other: &Site, found: &Directive) -> Result<(), String> {
    let (home, node) = (giver.node(), other.node());
    let item = found.items.iter();
    let item = item
        .enumerate()
        .find(|(_, item)| item.to == Addressee::Agency(node));
    let (Some((at, item)), Some(operation)) = (item, found.details.operation) else {
        return Ok(());
    };
    let all_in = [&giver.shown, &other.shown]
        .iter()
        .all(|board| board.is_member(operation, &home) && board.is_member(operation, &node));
    if !all_in {
        return Ok(());
    }
    let (name, to) = (&found.id, (&giver.name, &other.name));
    let here = directive::progress_of(&giver.shown, home, home, found, item);
    let there = directive::progress_of(&other.shown, home, node, found, item);
    if Told::of(&here) != Told::of(&there) {
        return Err(format!("of {name:?} {to:?} hold {here:?} and {there:?}"));
    }
    let of = Elsewhere {
        node: home,
        record: found.id.into(),
    };
    let shared = other.shown.share_elsewhere(operation, of, other.now);
    // What is said of a directive once its operation is closed is for its home alone.
    let open = giver.shown.takes_part(home, operation);
    if shared.is_none() || !open {
        return Ok(());
    }
    let copy = other.shown.copies.boards.get(&home);
    let copy = copy.and_then(|board| board.directives.get(&found.id));
    let copy = copy.ok_or_else(|| format!("{name:?} never came: {to:?}"))?;
    let (Some(theirs), true) = (copy.items.get(at), copy.version == found.version) else {
        let versions = (found.version, copy.version);
        return Err(format!("{to:?} hold {versions:?} of {name:?}"));
    };
    let (said, seen) = (found.status(item, &here), copy.status(theirs, &there));
    match said == seen {
        true => Ok(()),
        false => Err(format!("{to:?} see {name:?} as {said:?} and {seen:?}")),
    }
}

//! A settlement that was signed balances when it is worked out anew from the entries as of then, and what was carried out
//! of a day is carried into the next.
//!
//! Reason: a signature under a book is what a station answers with. A line that is in no book is one that nobody has to
//! finish any more; figures that only the program that wrote them can explain are no figures. The sums here are made from
//! the times of each line and not from what the product adds up.

use std::collections::{BTreeMap, BTreeSet};

use watchfire_core::basis::Timestamp;
use watchfire_core::board::Board;
use watchfire_core::ledger::{BookOf, LineId, Tally};
use watchfire_core::record::settlement::{Book, Settlement, SettlementEvent};
use watchfire_core::record::{Event, RecordKind, RecordRef};

/// Looks at an entry that was about to be written.
pub(crate) fn check(
    board: &Board,
    record: RecordRef,
    event: &Event,
    now: Timestamp,
) -> Result<(), String> {
    let Event::Settlement(SettlementEvent::Signed {
        book,
        tallies,
        follows,
    }) = event
    else {
        return Ok(());
    };
    if Settlement::id_of(book).0 != record.id {
        return Err(format!("{record} is signed for another book"));
    }
    judge(board, book, (tallies, *follows), now)
}

/// Looks at a signature under a book, on the board as it was when it was signed.
pub(crate) fn judge(
    board: &Board,
    book: &Book,
    (tallies, follows): (&[(RecordKind, Tally)], bool),
    now: Timestamp,
) -> Result<(), String> {
    let name = format!("the book of {:?} until {}", book.of, book.until.0);
    if now < book.until {
        return Err(format!("{name} was signed before its day was over"));
    }
    let mut sums: BTreeMap<RecordKind, Tally> = BTreeMap::new();
    let (mut came_in, mut went_out) = (BTreeSet::new(), BTreeSet::new());
    for (id, times) in lines(board, book) {
        let open_at = |at: Timestamp| {
            let open = |(from, to): &(Timestamp, Option<Timestamp>)| {
                *from < at && to.is_none_or(|to| to.max(*from) >= at)
            };
            times.iter().any(open)
        };
        let (before, after) = (open_at(book.from), open_at(book.until));
        let opened = times
            .iter()
            .any(|(at, _)| book.from <= *at && *at < book.until);
        let opened = opened && !before;
        if !before && !opened {
            continue;
        }
        let sum = sums.entry(id.record.kind).or_default();
        sum.carried_in += u32::from(before);
        sum.opened += u32::from(opened);
        sum.carried_out += u32::from(after);
        sum.closed += u32::from(!after);
        came_in.extend(before.then_some(id));
        went_out.extend(after.then_some(id));
    }
    let signed: BTreeMap<RecordKind, Tally> = tallies.iter().copied().collect();
    for kind in signed.keys().chain(sums.keys()) {
        let of = |all: &BTreeMap<RecordKind, Tally>| all.get(kind).copied().unwrap_or_default();
        let (said, found) = (of(&signed), of(&sums));
        if !said.balances() {
            return Err(format!(
                "{name} was signed and is uneven: {kind:?} {said:?}"
            ));
        }
        if said != found {
            return Err(format!(
                "{name} says {kind:?} {said:?}, and it was {found:?}"
            ));
        }
    }
    let explained = board.settlements.get(&Settlement::id_of(book));
    let explained = explained.into_iter().flat_map(|one| &one.carried);
    let explained: BTreeSet<LineId> = explained
        .filter(|(_, carried)| carried.until > book.until)
        .map(|(id, _)| *id)
        .collect();
    if explained != went_out {
        return Err(format!(
            "{name} gives reasons for {explained:?}, and {went_out:?} were open when the day ended"
        ));
    }
    let before = board.settlements.values().filter(|one| {
        let same = one.book.home == book.home && one.book.of == book.of;
        same && one.signed.is_some() && one.book.until <= book.from
    });
    let before = before.max_by_key(|one| one.book.until);
    if before.is_some() != follows {
        return Err(format!("{name} does not say which day it follows"));
    }
    let Some(before) = before else { return Ok(()) };
    let carried = before.carried_out();
    if carried != came_in {
        return Err(format!(
            "{name}: {carried:?} were carried out of the day before, and {came_in:?} into it"
        ));
    }
    Ok(())
}

/// From when until when something was to be done, once for every time.
type Times = Vec<(Timestamp, Option<Timestamp>)>;

/// Returns every line that a book may have. Those of the agency's are found here anew.
fn lines(board: &Board, book: &Book) -> Vec<(LineId, Times)> {
    let mut all = Vec::new();
    if book.of == BookOf::Agency {
        for record in board.records() {
            let drill = board.exercise_of(&record).is_some();
            let times = record.booked().into_iter();
            let times: Times = times.map(|one| (one.opened_at, one.ended_at)).collect();
            if !times.is_empty() && !drill {
                let item = None;
                let record = record.reference();
                all.push((LineId { record, item }, times));
            }
        }
        return all;
    }
    let ledger = Settlement::ledger(board, book);
    let own = ledger.lines.iter();
    all.extend(own.map(|line| {
        let times = vec![(line.booked.opened_at, line.booked.ended_at)];
        (line.id, times)
    }));
    all
}

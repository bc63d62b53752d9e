//! Whatever was open when a duty post changed hands is in the handover and was taken over, and nobody who holds a watch
//! leaves it otherwise.
//!
//! Reason: what falls between two shifts is nobody's any more: the missing child of the evening that the night never heard
//! of. What is open is found here from the records and the clock, and not from the product's own list. Who was gone signs
//! nothing; that must be written down.

use watchfire_core::basis::{DutyPostId, HandoverId, PersonId, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::duty::ItemKind;
use watchfire_core::record::handover::{Answer, Handover, Item};
use watchfire_core::record::person::Seat;
use watchfire_core::record::shift::{Logged, ShiftEvent};
use watchfire_core::record::{Event, RecordKind, RecordRef};
use watchfire_core::timer::{self, TimerRules};

/// Something that is open: what kind of item, of which record, and which note or since when, where that tells it apart.
type Open = (ItemKind, RecordRef, Option<String>);

/// Looks at an entry that was about to be written.
pub(crate) fn check(
    board: &Board,
    record: RecordRef,
    event: &Event,
    now: Timestamp,
) -> Result<(), String> {
    let Event::Shift(ShiftEvent::WentOff {
        person, handover, ..
    }) = event
    else {
        return Ok(());
    };
    let shift = board.shifts.values().find(|one| one.id.0 == record.id);
    let shift = shift.ok_or("somebody went off a shift that there is not")?;
    match handover {
        Some(handover) => handed_over(board, (shift.post, *person), *handover, now),
        None => left(board, shift.post, *person),
    }
}

fn handed_over(
    board: &Board,
    (post, person): (DutyPostId, PersonId),
    handover: HandoverId,
    now: Timestamp,
) -> Result<(), String> {
    let found = board.handovers.get(&handover);
    let found = found.ok_or("a post changed hands by a handover that there is not")?;
    let left = found.signed_out_at.is_some() || found.gone.is_some();
    if found.post != post || found.outgoing != person || !left || found.signed_in_at.is_none() {
        return Err(format!("{post:?} changed hands, and not both have signed"));
    }
    let waits = |item: &Item| matches!(item.answer, Answer::Questioned | Answer::Explained);
    if found.items.iter().any(waits) {
        return Err(format!("{post:?} changed hands while a question was open"));
    }
    for open in open_at(board, post, now) {
        if !is_taken_over(found, &open) {
            let (kind, record, part) = open;
            return Err(format!(
                "{post:?} changed hands, and {kind:?} {record} {part:?} was open and not taken over"
            ));
        }
    }
    Ok(())
}

/// Looks at somebody who went off without a handover: whoever holds a watch leaves it to somebody who holds it, too.
fn left(board: &Board, post: DutyPostId, person: PersonId) -> Result<(), String> {
    let hands_over = board.duty_posts.get(&post);
    if !hands_over.is_some_and(|one| one.details.hands_over) {
        return Ok(());
    }
    let shifts = board.shifts.values();
    let on = shifts.filter(|one| one.post == post && one.closed_at.is_none() && !one.cancelled);
    let on: Vec<_> = on.flat_map(|one| one.on.iter()).collect();
    let held = on.iter().any(|one| one.person == person && one.holds);
    let others = on.iter().any(|one| one.person != person && one.holds);
    match held && !others {
        true => Err(format!("{post:?} was left without a handover")),
        false => Ok(()),
    }
}

/// Returns what is open and the work of a post, by the records and the clock.
fn open_at(board: &Board, post: DutyPostId, now: Timestamp) -> Vec<Open> {
    let seat = board.duty_posts.get(&post).and_then(|one| one.details.seat);
    let calls = seat == Some(Seat::CallTaker);
    let all_of_it = matches!(seat, Some(Seat::DutyOfficer | Seat::Dispatcher));
    let mut all: Vec<Open> = Vec::new();
    let record = |name: RecordRef| (ItemKind::Record, name, None);
    if calls || all_of_it {
        let loose = board.calls.values().filter(|one| one.is_loose());
        all.extend(loose.map(|one| record(one.id.into())));
    }
    if all_of_it {
        let open = board.incidents.values().filter(|one| one.is_open());
        all.extend(open.map(|one| record(one.id.into())));
        let out = board.directives.values().filter(|one| one.is_out());
        all.extend(out.map(|one| record(one.id.into())));
    }
    for (name, alarm) in timer::open(board, &TimerRules::default(), now) {
        let ours = all_of_it || calls && name.kind == RecordKind::Call;
        if ours {
            let since = format!("@{}", alarm.since.0);
            all.push((ItemKind::Alarm, name, Some(since)));
        }
    }
    for shift in board.shifts.values().filter(|one| one.post == post) {
        let notes = shift.log.iter().filter(|line| {
            line.what == Logged::Note { hands_over: true } && line.settled_at.is_none()
        });
        let name = RecordRef::from(shift.id);
        all.extend(notes.map(|line| (ItemKind::Note, name, Some(format!("/{}", line.no)))));
    }
    all
}

fn is_taken_over(found: &Handover, (kind, record, part): &Open) -> bool {
    found.items.iter().any(|item| {
        let open = &item.open;
        let same = open.kind == *kind && open.record == *record;
        let part = part.as_ref();
        let same_part = part.is_none_or(|part| open.name.0.ends_with(part.as_str()));
        same && same_part && matches!(item.answer, Answer::Accepted { .. })
    })
}

//! Duty (值守) as it follows from records and the clock: who is on, whom alarms go to, what is open and has to be handed
//! over, where nobody will be, and what shifts a pattern comes to.
//!
//! Nothing here is stored. Local time is not known here: what a pattern says by the clock on the wall is turned into
//! moments by a function that is handed in. Start at [`now`], [`open_items`] or [`gaps`].

mod items;
mod roster;

use std::collections::BTreeSet;

use crate::basis::{DutyPostId, PersonId, Timestamp};
use crate::board::Board;
use crate::record::RecordKind;
use crate::record::duty_post::DutyPost;
use crate::record::handover::Handover;
use crate::record::person::Seat;
use crate::record::shift::{OnDuty, Shift};
pub use items::{ItemKind, ItemName, OpenItem, about, open_items};
pub use roster::{
    Gap, Proposed, Span, gaps, propose, rest_clash, shifts_of, team_turn_count, turns_between,
};

/// How long after a shift began somebody who has not come is missed, in seconds (ten minutes).
pub const NOT_COME_AFTER_S: u32 = 600;

/// Returns who is on at a post now, with the shift they are on.
pub fn on_duty(board: &Board, post: DutyPostId) -> impl Iterator<Item = (&Shift, OnDuty)> {
    board
        .shifts
        .values()
        .map(AsRef::as_ref)
        .filter(move |shift| shift.post == post && shift.is_open())
        .flat_map(|shift| shift.on.iter().map(move |one| (shift, *one)))
}

/// Returns the handover of a post that is open.
pub fn handover_of(board: &Board, post: DutyPostId) -> Option<&Handover> {
    let mut all = board.handovers.values().map(AsRef::as_ref);
    all.find(|one| one.post == post && one.is_open())
}

/// Returns what the screens call a person.
pub fn name_of(board: &Board, person: PersonId) -> String {
    let found = board.people.get(&person);
    found.map_or_else(
        || person.to_string(),
        |person| person.details.name.to_string(),
    )
}

/// How a duty post stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostNow {
    /// Who is on, each with the shift.
    pub on: Vec<(OnDuty, crate::basis::ShiftId)>,
    /// Who should have come and has not.
    pub not_come: Vec<PersonId>,
    /// Who is on longer than their shift lasts.
    pub over_time: Vec<PersonId>,
    /// How many must be there now; none when the pattern says that nobody need be.
    pub needed: u16,
}

impl PostNow {
    /// Returns how many are missing.
    pub fn missing(&self) -> usize {
        usize::from(self.needed).saturating_sub(self.on.len())
    }
}

/// Returns how a post stands now. `at` turns a day of the node's calendar and a minute of it into a moment.
pub fn now(
    board: &Board,
    post: &DutyPost,
    now: Timestamp,
    at: &dyn Fn(i32, u16) -> Timestamp,
) -> PostNow {
    let on: Vec<_> = on_duty(board, post.id)
        .map(|(shift, one)| (one, shift.id))
        .collect();
    let here: BTreeSet<PersonId> = on.iter().map(|(one, _)| one.person).collect();
    let running = board
        .shifts
        .values()
        .filter(|shift| shift.post == post.id && shift.runs(now));
    let mut not_come: Vec<PersonId> = running
        .filter(|shift| now >= shift.from.plus_s(NOT_COME_AFTER_S))
        .flat_map(|shift| {
            // Who was there and went off is not missed.
            let came = |person: &&PersonId| !shift.came(**person);
            shift.people.iter().filter(came)
        })
        .copied()
        .filter(|person| !here.contains(person))
        .collect();
    not_come.sort_unstable();
    not_come.dedup();
    let over_time = on_duty(board, post.id)
        .filter(|(shift, _)| now >= shift.until)
        .map(|(_, one)| one.person)
        .collect();
    PostNow {
        on,
        not_come,
        over_time,
        needed: roster::needed_at(post, now, at),
    }
}

/// Whom an alarm goes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipients {
    /// Who is on duty for it, each with the post.
    pub people: Vec<(PersonId, DutyPostId)>,
    /// True if there are posts for it and nobody is on: it goes to everyone, loudly.
    pub unmanned: bool,
}

/// Returns the seats that an alarm about a record of a kind goes to: the first at which somebody is.
fn seats_for(kind: RecordKind) -> &'static [Seat] {
    if kind == RecordKind::Call {
        &[Seat::CallTaker, Seat::Dispatcher, Seat::DutyOfficer]
    } else {
        &[Seat::Dispatcher, Seat::DutyOfficer]
    }
}

/// Returns whom an alarm about a record of a kind goes to: those on duty, and of them only those whom `here` finds signed
/// in. Without posts for it, all who see alarms are meant. Those on duty at the seats of `rungs`, which a chain of escalation
/// has reached, hear of it beside them.
pub fn recipients(
    board: &Board,
    kind: RecordKind,
    rungs: &BTreeSet<Seat>,
    here: &dyn Fn(PersonId) -> bool,
) -> Recipients {
    let mut all = Recipients::default();
    for seat in seats_for(kind) {
        let found = at_seat(board, *seat, here);
        if !found.people.is_empty() {
            all = found;
            break;
        }
        all.unmanned |= found.unmanned;
    }
    for rung in rungs {
        for one in at_seat(board, *rung, here).people {
            if !all.people.contains(&one) {
                all.people.push(one);
            }
        }
    }
    all
}

/// Returns who is on duty at a seat, and of them only those whom `here` finds signed in.
pub fn at_seat(board: &Board, seat: Seat, here: &dyn Fn(PersonId) -> bool) -> Recipients {
    let mut all = Recipients::default();
    let posts = board.duty_posts.values();
    for post in posts.filter(|post| post.is_open() && post.details.seat == Some(seat)) {
        all.unmanned = true;
        let on = on_duty(board, post.id).filter(|(_, one)| here(one.person));
        all.people.extend(on.map(|(_, one)| (one.person, post.id)));
    }
    all.unmanned &= all.people.is_empty();
    all
}

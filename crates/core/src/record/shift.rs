//! A duty shift (值班班次): who holds a duty post from when until when, and its log.
//!
//! Life: planned -> on -> handing over -> closed. People are planned by the duty officer, sign up, swap (one asks, the
//! other accepts) and are taken off; they come on themselves. Where the post hands over, the last one goes off by a
//! [`handover`](super::handover) and by nothing else. "Handing over" is no state: it follows from a handover that is
//! open. Every deed is a line of the log; what people wrote is personal and sealed.

mod rules;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Actor, Life, Meta};
use crate::basis::{DutyPostId, HandoverId, PersonId, Personal, Prose, ShiftId, Timestamp};
use crate::limits;
pub(super) use rules::{decide, must_be_open, must_come_on, not_on, taken_off_for};

/// A duty shift as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// Its name in entries and the API.
    pub id: ShiftId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// What is held.
    pub post: DutyPostId,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Who is planned.
    pub people: BTreeSet<PersonId>,
    /// Who is there now.
    pub on: Vec<OnDuty>,
    /// Swaps that were asked for and not answered.
    pub swaps: Vec<Swap>,
    /// What happened in it, in its order.
    pub log: Vec<LogLine>,
    /// When it closed.
    pub closed_at: Option<Timestamp>,
    /// True if it was cancelled: nobody was to come after all.
    pub cancelled: bool,
}

/// Somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnDuty {
    /// Who.
    pub person: PersonId,
    /// Since when.
    pub since: Timestamp,
    /// Whether they hold the watch: they came when nobody was there, or took it over by a handover. Who joined them since
    /// goes as they please; whoever holds it hands it over.
    pub holds: bool,
}

/// A swap that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// Who asks to be replaced.
    pub from: PersonId,
    /// By whom.
    pub to: PersonId,
    /// The other's shift that they take in return, if they take one.
    pub theirs: Option<ShiftId>,
    /// When it was asked.
    pub asked_at: Timestamp,
}

/// A line of a shift's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Its number in the shift, from 1.
    pub no: u32,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// What it is about.
    pub what: Logged,
    /// When a note that is handed over was settled.
    pub settled_at: Option<Timestamp>,
    /// What was written; absent when there is nothing, or its key is gone.
    #[serde(skip)]
    pub text: Option<Prose>,
}

/// What a line of a shift's log is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Logged {
    /// The shift was planned.
    Planned,
    /// Somebody was put on it, or signed up.
    Assigned {
        /// Who.
        person: PersonId,
        /// True if it breaks a rest rule, and the duty officer said why it must be.
        overridden: bool,
    },
    /// Somebody was taken off.
    TakenOff {
        /// Who.
        person: PersonId,
        /// Why.
        cause: Cause,
    },
    /// Somebody asked to be replaced.
    SwapAsked {
        /// Who.
        from: PersonId,
        /// By whom.
        to: PersonId,
    },
    /// That was answered, or taken back.
    SwapAnswered {
        /// Who had asked.
        from: PersonId,
        /// By whom they wanted to be replaced.
        to: PersonId,
        /// Yes or no.
        accepted: bool,
    },
    /// Somebody came on.
    CameOn {
        /// Who.
        person: PersonId,
    },
    /// Somebody went off.
    WentOff {
        /// Who.
        person: PersonId,
    },
    /// A note.
    Note {
        /// Whether it stays open until it is settled, and is handed over.
        hands_over: bool,
    },
    /// The shift was cancelled.
    Cancelled,
}

/// Why somebody was taken off a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// They are on leave.
    Leave,
    /// They swapped.
    Swap,
    /// The duty officer decided so.
    Planned,
}

impl Shift {
    /// Returns true until it closed or was cancelled.
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none() && !self.cancelled
    }

    /// Returns true if a person is there now.
    pub fn has_on(&self, person: PersonId) -> bool {
        self.on.iter().any(|one| one.person == person)
    }

    /// Returns true if a person has been there.
    pub fn came(&self, person: PersonId) -> bool {
        let came = Logged::CameOn { person };
        self.has_on(person) || self.log.iter().any(|line| line.what == came)
    }

    /// Returns the notes that wait to be settled.
    pub fn open_notes(&self) -> impl Iterator<Item = &LogLine> {
        self.log.iter().filter(|line| {
            line.what == Logged::Note { hands_over: true } && line.settled_at.is_none()
        })
    }

    /// Returns true while its time has come and is not over.
    pub fn runs(&self, now: Timestamp) -> bool {
        self.is_open() && self.from <= now && now < self.until
    }
}

impl Life for Shift {
    fn needs_attention(&self) -> bool {
        self.is_open() || self.open_notes().next().is_some()
    }

    // Its row says open until somebody closed it; its time may run out while nobody writes. It is kept for as long as the rest
    // that is due after it may be asked about.
    fn over_since(&self) -> Option<Timestamp> {
        if !self.on.is_empty() || self.open_notes().next().is_some() {
            return None;
        }
        let ended = self.closed_at.map_or(self.until, |at| at.max(self.until));
        Some(Timestamp(ended.0.saturating_add(limits::SHIFT_KEPT_MS)))
    }

    fn personal_json(&self) -> Option<Vec<u8>> {
        let texts: Vec<_> = self.log.iter().map(|line| line.text.as_ref()).collect();
        let any = texts.iter().any(Option::is_some).then_some(texts)?;
        serde_json::to_vec(&any).ok()
    }

    fn take_personal(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        let texts: Vec<Option<Prose>> = serde_json::from_slice(json)?;
        for (line, text) in self.log.iter_mut().zip(texts) {
            line.text = text;
        }
        Ok(())
    }
}

/// A shift that is to be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedShift {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Who comes.
    pub people: BTreeSet<PersonId>,
}

/// What can be asked of a duty shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShiftAction {
    /// Plan shifts of a duty post.
    Plan {
        /// Of which.
        post: DutyPostId,
        /// The shifts.
        shifts: Vec<PlannedShift>,
        /// Why a rest rule is broken, if one is.
        overriding: Option<Prose>,
    },
    /// Put somebody on a shift, or sign up.
    Assign {
        /// Which.
        shift: ShiftId,
        /// Whom.
        person: PersonId,
        /// Why a rest rule is broken, if one is.
        overriding: Option<Prose>,
    },
    /// Take somebody off before they have come.
    TakeOff {
        /// Which.
        shift: ShiftId,
        /// Whom.
        person: PersonId,
        /// Why.
        reason: Prose,
    },
    /// Ask a colleague to take one's place.
    AskSwap {
        /// Which.
        shift: ShiftId,
        /// The swap.
        swap: SwapWish,
    },
    /// Accept a swap, decline it or take it back.
    AnswerSwap {
        /// Which.
        shift: ShiftId,
        /// Who had asked.
        from: PersonId,
        /// Yes or no.
        accept: bool,
    },
    /// Come on.
    ComeOn {
        /// Which.
        shift: ShiftId,
        /// Who.
        person: PersonId,
    },
    /// Go off, while others stay or where nothing is handed over.
    GoOff {
        /// Which.
        shift: ShiftId,
        /// Who.
        person: PersonId,
    },
    /// Write a line into the log.
    Write {
        /// Which.
        shift: ShiftId,
        /// The line.
        text: Prose,
        /// Whether it stays open until it is settled, and is handed over.
        hands_over: bool,
    },
    /// Say that a note that is handed over is settled.
    Settle {
        /// Which.
        shift: ShiftId,
        /// The note, by its number.
        no: u32,
    },
    /// Cancel a shift to which nobody has come.
    Cancel {
        /// Which.
        shift: ShiftId,
        /// Why.
        reason: Prose,
    },
}

/// A swap that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwapWish {
    /// Who asks to be replaced.
    pub from: PersonId,
    /// By whom.
    pub to: PersonId,
    /// The other's shift that they take in return, if they take one.
    pub theirs: Option<ShiftId>,
}

impl ShiftAction {
    /// Returns the duty shift it changes.
    pub fn subject(&self) -> Option<ShiftId> {
        match self {
            ShiftAction::Plan { .. } => None,
            ShiftAction::Assign { shift, .. }
            | ShiftAction::TakeOff { shift, .. }
            | ShiftAction::AskSwap { shift, .. }
            | ShiftAction::AnswerSwap { shift, .. }
            | ShiftAction::ComeOn { shift, .. }
            | ShiftAction::GoOff { shift, .. }
            | ShiftAction::Write { shift, .. }
            | ShiftAction::Settle { shift, .. }
            | ShiftAction::Cancel { shift, .. } => Some(*shift),
        }
    }
}

/// What happened to a duty shift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ShiftEvent {
    /// It was planned.
    Planned {
        /// What is held.
        post: DutyPostId,
        /// From when.
        from: Timestamp,
        /// Until when.
        until: Timestamp,
        /// Who comes.
        people: BTreeSet<PersonId>,
    },
    /// Somebody was put on it, or signed up.
    Assigned {
        /// Who.
        person: PersonId,
        /// True if it breaks a rest rule; why it must be is in the personal part.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        overridden: bool,
    },
    /// Somebody was taken off; why is in the personal part.
    TakenOff {
        /// Who.
        person: PersonId,
        /// Why, in one word.
        cause: Cause,
    },
    /// Somebody asked to be replaced.
    SwapAsked {
        /// Who.
        from: PersonId,
        /// By whom.
        to: PersonId,
        /// The other's shift that they take in return.
        theirs: Option<ShiftId>,
    },
    /// That was answered, or taken back.
    SwapAnswered {
        /// Who had asked.
        from: PersonId,
        /// By whom they wanted to be replaced.
        to: PersonId,
        /// Yes or no.
        accepted: bool,
    },
    /// Somebody came on.
    CameOn {
        /// Who.
        person: PersonId,
        /// By which handover, if by one.
        handover: Option<HandoverId>,
        /// Whether they hold the watch.
        holds: bool,
    },
    /// Somebody went off.
    WentOff {
        /// Who.
        person: PersonId,
        /// By which handover, if by one.
        handover: Option<HandoverId>,
        /// Whether the shift is over with it.
        closes: bool,
    },
    /// A line was written; it is in the personal part.
    Written {
        /// Whether it stays open until it is settled, and is handed over.
        hands_over: bool,
    },
    /// A note that is handed over was settled.
    Settled {
        /// Its number.
        no: u32,
    },
    /// It was cancelled; why is in the personal part.
    Cancelled,
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 10] = [
    "planned",
    "assigned",
    "taken_off",
    "swap_asked",
    "swap_answered",
    "came_on",
    "went_off",
    "written",
    "settled",
    "cancelled",
];

pub(super) fn apply(
    before: Option<&Shift>,
    event: &ShiftEvent,
    personal: Option<&Personal>,
    meta: &Meta,
) -> Option<Shift> {
    let mut shift = match event {
        ShiftEvent::Planned {
            post,
            from,
            until,
            people,
        } => Shift {
            id: ShiftId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            post: *post,
            from: *from,
            until: *until,
            people: people.clone(),
            on: Vec::new(),
            swaps: Vec::new(),
            log: Vec::new(),
            closed_at: None,
            cancelled: false,
        },
        ShiftEvent::Assigned { .. }
        | ShiftEvent::TakenOff { .. }
        | ShiftEvent::SwapAsked { .. }
        | ShiftEvent::SwapAnswered { .. }
        | ShiftEvent::CameOn { .. }
        | ShiftEvent::WentOff { .. }
        | ShiftEvent::Written { .. }
        | ShiftEvent::Settled { .. }
        | ShiftEvent::Cancelled => before?.clone(),
    };
    shift.version = meta.version;
    shift.changed_at = meta.at;
    let text = personal.and_then(|personal| personal.note.clone());
    match event {
        ShiftEvent::Planned { .. } => shift.write(Logged::Planned, text, meta),
        ShiftEvent::Assigned { person, overridden } => {
            let (person, overridden) = (*person, *overridden);
            shift.people.insert(person);
            shift.write(Logged::Assigned { person, overridden }, text, meta);
        }
        ShiftEvent::TakenOff { person, cause } => {
            let (person, cause) = (*person, *cause);
            shift.take_off(person);
            shift.write(Logged::TakenOff { person, cause }, text, meta);
        }
        ShiftEvent::SwapAsked { from, to, theirs } => {
            let (from, to, theirs) = (*from, *to, *theirs);
            let asked_at = meta.happened_at;
            shift.swaps.push(Swap {
                from,
                to,
                theirs,
                asked_at,
            });
            shift.write(Logged::SwapAsked { from, to }, text, meta);
        }
        ShiftEvent::SwapAnswered { from, to, accepted } => {
            let (from, to, accepted) = (*from, *to, *accepted);
            shift.swaps.retain(|one| one.from != from);
            if accepted {
                shift.take_off(from);
                shift.people.insert(to);
            }
            shift.write(Logged::SwapAnswered { from, to, accepted }, text, meta);
        }
        ShiftEvent::CameOn { person, holds, .. } => {
            let (person, since, holds) = (*person, meta.happened_at, *holds);
            match shift.on.iter_mut().find(|one| one.person == person) {
                Some(there) => there.holds |= holds,
                None => shift.on.push(OnDuty {
                    person,
                    since,
                    holds,
                }),
            }
            shift.write(Logged::CameOn { person }, text, meta);
        }
        ShiftEvent::WentOff { person, closes, .. } => {
            let person = *person;
            shift.on.retain(|one| one.person != person);
            if *closes {
                shift.closed_at = Some(meta.happened_at);
            }
            shift.write(Logged::WentOff { person }, text, meta);
        }
        ShiftEvent::Written { hands_over } => {
            let hands_over = *hands_over;
            shift.write(Logged::Note { hands_over }, text, meta);
        }
        ShiftEvent::Settled { no } => {
            if let Some(line) = shift.log.iter_mut().find(|line| line.no == *no) {
                line.settled_at = Some(meta.happened_at);
            }
        }
        ShiftEvent::Cancelled => {
            shift.cancelled = true;
            shift.write(Logged::Cancelled, text, meta);
        }
    }
    Some(shift)
}

impl Shift {
    fn take_off(&mut self, person: PersonId) {
        self.people.remove(&person);
        self.swaps
            .retain(|one| one.from != person && one.to != person);
    }

    fn write(&mut self, what: Logged, text: Option<Prose>, meta: &Meta) {
        let no = self.log.last().map_or(1, |line| line.no.saturating_add(1));
        self.log.push(LogLine {
            no,
            at: meta.happened_at,
            by: meta.by,
            what,
            settled_at: None,
            text,
        });
    }
}

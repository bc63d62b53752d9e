//! The action line (操作行): one grammar for the console's `/` bar, the API and the shell.
//!
//! [`understand`] turns what somebody typed, in English or Chinese, into a [`Meaning`] on the board as it
//! stands, says in both languages what that would do, and whether it is sure. What it had to guess is
//! named, and the host asks before it acts; what it does not understand is named with the characters it
//! stands at. It decides no rule: a meaning becomes actions that the engine may refuse. [`complete()`] says
//! what may stand at a place of the line.
//!
//! The map lies outside this crate, so places and recommendations are asked of [`Around`]. Start at
//! [`words`] for what can be said, then `read` for what it means.

mod complete;
mod find;
mod mean;
mod meaning;
mod orders;
mod print;
mod read;
mod recognise;
mod say;
mod screens;
mod station;
mod tokens;
mod told;
pub mod words;

#[cfg(test)]
mod stories;

use std::collections::BTreeSet;

use crate::basis::{CallId, IncidentId, PersonId, Place, Text, Timestamp, UnitId};
use crate::board::Board;
use crate::plan::ResponseFile;
use crate::record::person::Seat;

pub use complete::{CHOICES_MAX, Choice, Completion, complete};
pub use meaning::{Advance, Answer, DutyStep, Meaning};
pub use read::understand;
pub use words::{Field, Screen, Verb};

/// What the line is read against.
pub struct Around<'a> {
    /// The records.
    pub board: &'a Board,
    /// The categories and their labels.
    pub response: &'a ResponseFile,
    /// What is selected on the asker's screen.
    pub selected: Selected,
    /// Who asks.
    pub asker: &'a Asker,
    /// The time.
    pub now: Timestamp,
    /// By when a directive is to be closed if nothing is said.
    pub close_by: Timestamp,
    /// Finds places by their text, best first.
    pub places: &'a dyn Fn(&str) -> Vec<FoundPlace>,
    /// Says which units are recommended for an incident now.
    pub recommended: &'a dyn Fn(IncidentId) -> Vec<UnitId>,
}

/// Who asks: what is for them, and whose shift is theirs. What they may do is decided elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Who.
    pub person: PersonId,
    /// The unit whose crew they are.
    pub unit: Option<UnitId>,
    /// The seats they may take.
    pub seats: BTreeSet<Seat>,
}

/// What is selected on the asker's screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Selected {
    /// The incident.
    pub incident: Option<IncidentId>,
    /// The unit.
    pub unit: Option<UnitId>,
    /// The call.
    pub call: Option<CallId>,
}

/// A place that was found by its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPlace {
    /// Where, with the text that is put down as its address.
    pub place: Place,
    /// True if the text names this place and no other; a likely one is asked about.
    pub exact: bool,
}

/// What a line means, and what it would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    /// The verb that was said.
    pub verb: Verb,
    /// What is meant.
    pub meaning: Meaning,
    /// What it would do, with names and numbers.
    pub text: Text,
    /// What had to be guessed, or what is rarely wanted; nothing if it is sure.
    pub unsure: Vec<Text>,
}

impl Understood {
    /// Returns true if it may be done at once.
    pub fn is_sure(&self) -> bool {
        self.unsure.is_empty()
    }
}

/// Why a line was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misunderstanding {
    /// What kind of trouble it is.
    pub trouble: Trouble,
    /// The first character of what was not understood, counted from 0 in the line as typed.
    pub from: usize,
    /// One past its last character.
    pub to: usize,
    /// What was not understood.
    pub what: Text,
    /// What may have been meant.
    pub nearest: Option<String>,
    /// What to do next.
    pub next_step: Text,
}

/// What kind of trouble a line is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing was said.
    Empty,
    /// It is longer than a line may be.
    TooLong,
    /// No verb is called that.
    Verb,
    /// A word is none that may stand there.
    Word,
    /// There is no such record, as far as this board knows.
    NoSuch,
    /// Several could be meant.
    Several,
    /// Something that must be said is missing.
    Missing,
    /// It is understood and makes no sense as things stand.
    Senseless,
}

//! A settlement (日清日结): what a person adds to the [book of a day](crate::ledger): why each line is carried over and to
//! which day, and the signature that seals it.
//!
//! There is one for each book and day; its name follows from both. A book that is off, or carries a line without a
//! reason, is not signed; the refusal names the lines. A signed day is never changed: what turns out to have been
//! otherwise is a correction, which says so and is signed by whoever made it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use watchfire_feed::NodeId;

use super::directive::Mark;
use super::participation::{self, Tier};
use super::{Context, Event, Happened, Life, Meta, RecordKind, RecordRef};
use crate::basis::{Line, Personal, SettlementId, Text, Timestamp};
use crate::board::Board;
use crate::ledger::{BookOf, Ledger, LineId, Tally};
use crate::limits;
use crate::refusal::Refusal;

/// A settlement as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// Its name.
    pub id: SettlementId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Which book of which day.
    pub book: Book,
    /// The lines that are carried over, and why.
    pub carried: Vec<(LineId, Carried)>,
    /// The signature, once it is signed.
    pub signed: Option<Signed>,
    /// What turned out to have been otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
}

/// Which book of which day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// The node whose it is.
    pub home: NodeId,
    /// Whose.
    #[serde(flatten)]
    pub of: BookOf,
    /// From when.
    pub from: Timestamp,
    /// Until before when.
    pub until: Timestamp,
}

/// Why a line is carried over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// Why.
    pub reason: Line,
    /// The new date.
    pub until: Timestamp,
    /// Who said so, and when.
    pub mark: Mark,
}

/// A signature under a book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// Who, and when.
    pub mark: Mark,
    /// The figures that were signed, by kind of record.
    pub tallies: Vec<(RecordKind, Tally)>,
    /// True if there was a signed day before, with which it agrees.
    pub follows: bool,
}

/// What turned out to have been otherwise on a day that was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Who said so, and when.
    pub mark: Mark,
    /// Of which line.
    pub line: LineId,
    /// True if it was open when the day ended, false if it was over by then.
    pub was_open: bool,
    /// Why.
    pub reason: Line,
}

impl Settlement {
    /// Returns the id of the settlement of a book and day.
    pub fn id_of(book: &Book) -> SettlementId {
        let mut hash = Sha256::new();
        hash.update(b"watchfire settlement v1\0");
        hash.update(book.home.0);
        let (word, id) = match book.of {
            BookOf::Agency => ("agency", [0; 16]),
            BookOf::Station(id) => ("station", id.0),
            BookOf::Unit(id) => ("unit", id.0),
            BookOf::Operation(id) => ("operation", id.0),
        };
        hash.update(word);
        hash.update(id);
        hash.update(book.from.0.to_be_bytes());
        hash.update(book.until.0.to_be_bytes());
        let bytes: [u8; 32] = hash.finalize().into();
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[..16]);
        SettlementId(id)
    }

    /// Returns the lines that were carried out of the day, by what is known of it now.
    pub fn carried_out(&self) -> BTreeSet<LineId> {
        let mut all: BTreeSet<LineId> = self.carried.iter().map(|(id, _)| *id).collect();
        for correction in &self.corrections {
            match correction.was_open {
                true => all.insert(correction.line),
                false => all.remove(&correction.line),
            };
        }
        all
    }

    /// Returns the last signed settlement of the same book that ended by the time the day began: it is held against it.
    pub fn before<'a>(board: &'a Board, book: &Book) -> Option<&'a Settlement> {
        let all = board.settlements.values().map(AsRef::as_ref);
        let signed = all.filter(|one| one.signed.is_some() && one.book.home == book.home);
        let earlier = signed.filter(|one| one.book.of == book.of && one.book.until <= book.from);
        earlier.max_by_key(|one| one.book.until)
    }

    /// Works out its book from the records on a board.
    pub fn ledger(board: &Board, book: &Book) -> Ledger {
        let before = Settlement::before(board, book);
        Ledger::of(board, book.of, (book.from, book.until), before)
    }
}

impl Life for Settlement {
    fn needs_attention(&self) -> bool {
        self.signed.is_none()
    }

    // The next day is held against it, and may be signed late.
    fn over_since(&self) -> Option<Timestamp> {
        let kept = Timestamp(self.changed_at.0.saturating_add(limits::SETTLEMENT_KEPT_MS));
        self.signed.is_some().then_some(kept)
    }
}

/// What can be asked of a settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettlementAction {
    /// Say why lines are carried over, and to which day.
    Carry {
        /// Which book of which day.
        book: Book,
        /// Which lines.
        lines: Vec<LineId>,
        /// Why.
        reason: Line,
        /// The new date.
        until: Timestamp,
    },
    /// Sign the book.
    Sign {
        /// Which book of which day.
        book: Book,
        /// The records of that day which may have left memory; the host brings them back first.
        within: Vec<RecordRef>,
    },
    /// Say that a line of a signed day was otherwise.
    Correct {
        /// Which day.
        settlement: SettlementId,
        /// Which line.
        line: LineId,
        /// True if it was open when the day ended, false if it was over by then.
        was_open: bool,
        /// Why.
        reason: Line,
    },
}

impl SettlementAction {
    /// Returns the settlement it changes. The first word on a book makes it, so that its version is asked of none.
    pub fn subject(&self) -> Option<SettlementId> {
        match self {
            SettlementAction::Carry { .. } | SettlementAction::Sign { .. } => None,
            SettlementAction::Correct { settlement, .. } => Some(*settlement),
        }
    }
}

/// What happened to a settlement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SettlementEvent {
    /// Lines are carried over.
    Carried {
        /// Which book of which day.
        book: Book,
        /// Which lines.
        lines: Vec<LineId>,
        /// Why.
        reason: Line,
        /// The new date.
        until: Timestamp,
    },
    /// Lines that were to be carried over are over after all.
    Dropped {
        /// Which lines.
        lines: Vec<LineId>,
    },
    /// The book was signed.
    Signed {
        /// Which book of which day.
        book: Book,
        /// The figures, by kind of record.
        tallies: Vec<(RecordKind, Tally)>,
        /// True if there was a signed day before.
        follows: bool,
    },
    /// A line of the signed day was otherwise.
    Corrected {
        /// Which line.
        line: LineId,
        /// True if it was open when the day ended.
        was_open: bool,
        /// Why.
        reason: Line,
    },
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 4] = ["carried", "dropped", "signed", "corrected"];

pub(super) fn decide(
    board: &Board,
    action: &SettlementAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    match action {
        SettlementAction::Carry {
            book,
            lines,
            reason,
            until,
        } => carry(board, context, book, lines, reason, *until),
        SettlementAction::Sign { book, .. } => sign(board, context, book),
        SettlementAction::Correct {
            settlement,
            line,
            was_open,
            reason,
        } => {
            let found = board.settlement(*settlement)?;
            if found.signed.is_none() {
                return Err(wrong(
                    Text::new("not signed yet", "尚未签字"),
                    Text::new("Carry the line over, or finish it.", "请结转或办结该项。"),
                ));
            }
            if found.carried_out().contains(line) == *was_open {
                return Err(wrong(
                    Text::new("what that day says already", "该日台账已如此记载"),
                    Text::new("Nothing needs doing.", "无需操作。"),
                ));
            }
            if found.corrections.len() >= limits::CORRECTIONS_MAX {
                return Err(Refusal::Limit {
                    what: Text::new("corrections of one day", "单日更正"),
                    max: limits::CORRECTIONS_MAX,
                });
            }
            let event = SettlementEvent::Corrected {
                line: *line,
                was_open: *was_open,
                reason: reason.clone(),
            };
            Ok(vec![happened(found.id, event)])
        }
    }
}

fn carry(
    board: &Board,
    context: &Context<'_>,
    book: &Book,
    lines: &[LineId],
    reason: &Line,
    until: Timestamp,
) -> Result<Vec<Happened>, Refusal> {
    let (id, found) = open_book(board, context, book)?;
    if lines.is_empty() {
        return Err(Refusal::Missing(Text::new("A line", "结转项")));
    }
    if lines.len() > limits::CARRIED_AT_ONCE_MAX {
        return Err(Refusal::Limit {
            what: Text::new("lines carried in one action", "单次结转"),
            max: limits::CARRIED_AT_ONCE_MAX,
        });
    }
    let carried = found.map_or(0, |found| found.carried.len());
    if carried + lines.len() > limits::CARRIED_MAX {
        return Err(Refusal::Limit {
            what: Text::new("lines carried over in one book", "单册结转"),
            max: limits::CARRIED_MAX,
        });
    }
    if until <= book.until {
        return Err(Refusal::Missing(Text::new(
            "A new date after the day that is settled",
            "新时限（须在结账日之后）",
        )));
    }
    let ledger = Settlement::ledger(board, book);
    let open: BTreeSet<LineId> = ledger.carried_out().map(|line| line.id).collect();
    if let Some(line) = lines.iter().find(|line| !open.contains(line)) {
        return Err(Refusal::NotFound(line.record.kind));
    }
    let event = SettlementEvent::Carried {
        book: *book,
        lines: lines.to_vec(),
        reason: reason.clone(),
        until,
    };
    Ok(vec![happened(id, event)])
}

fn sign(board: &Board, context: &Context<'_>, book: &Book) -> Result<Vec<Happened>, Refusal> {
    let (id, found) = open_book(board, context, book)?;
    if book.until > context.now {
        return Err(wrong(
            Text::new("not over yet", "当日尚未结束"),
            Text::new("Sign it once the day is over.", "请在当日结束后签字。"),
        ));
    }
    // A day that is left out would let what was carried over be forgotten.
    let before = Settlement::before(board, book);
    let gap = before.map_or(0, |before| book.from.0 - before.book.until.0);
    if gap > limits::BOOK_GAP_MAX_MS {
        return Err(wrong(
            Text::new(
                "not next: a day between the last that was signed and this one is not",
                "中间尚有未签字的日期",
            ),
            Text::new("Sign the days before first.", "请先为此前各日签字。"),
        ));
    }
    let ledger = Settlement::ledger(board, book);
    let questions = ledger.open_questions(found, book.until);
    let uneven = ledger.tallies.values().any(|tally| !tally.balances());
    if !questions.is_empty() || uneven {
        return Err(Refusal::Unbalanced { lines: questions });
    }
    let open: BTreeSet<LineId> = ledger.carried_out().map(|line| line.id).collect();
    let explained = found.into_iter().flat_map(|found| &found.carried);
    let over: Vec<LineId> = explained
        .map(|(id, _)| *id)
        .filter(|id| !open.contains(id))
        .collect();
    let mut all: Vec<Happened> = over
        .chunks(limits::CARRIED_AT_ONCE_MAX)
        .map(|lines| {
            let lines = lines.to_vec();
            happened(id, SettlementEvent::Dropped { lines })
        })
        .collect();
    let signed = SettlementEvent::Signed {
        book: *book,
        tallies: ledger.tallies.into_iter().collect(),
        follows: before.is_some(),
    };
    all.push(happened(id, signed));
    if let BookOf::Operation(operation) = book.of {
        let record = id.into();
        let seen = (Tier::View, 0);
        all.extend(participation::share_new(
            board, context, operation, record, seen,
        )?);
    }
    Ok(all)
}

/// Returns the settlement of a book that may still be written in, or refuses.
fn open_book<'a>(
    board: &'a Board,
    context: &Context<'_>,
    book: &Book,
) -> Result<(SettlementId, Option<&'a Settlement>), Refusal> {
    let length = book.until.0.saturating_sub(book.from.0);
    if book.home != context.node || length <= 0 || length > limits::BOOK_MAX_MS {
        return Err(Refusal::Missing(Text::new(
            "A book of one day",
            "起止不超过一天的台账",
        )));
    }
    match book.of {
        BookOf::Agency => {}
        BookOf::Station(station) => board.station(station).map(drop)?,
        BookOf::Unit(unit) => board.unit(unit).map(drop)?,
        BookOf::Operation(operation) => board.must_take_part(context.node, operation).map(drop)?,
    }
    let id = Settlement::id_of(book);
    let found = board.settlements.get(&id).map(AsRef::as_ref);
    if found.is_some_and(|found| found.signed.is_some()) {
        return Err(wrong(
            Text::new("signed and sealed", "已签字封存"),
            Text::new(
                "Correct a line of it; the correction says so.",
                "如有出入，请登记更正，更正会单独留痕。",
            ),
        ));
    }
    Ok((id, found))
}

fn wrong(state: Text, instead: Text) -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::Settlement,
        state,
        instead,
    }
}

fn happened(id: SettlementId, event: SettlementEvent) -> Happened {
    Happened::new(id, Event::Settlement(event))
}

pub(super) fn apply(
    before: Option<&Settlement>,
    event: &SettlementEvent,
    _: Option<&Personal>,
    meta: &Meta,
) -> Option<Settlement> {
    let mark = Mark {
        at: meta.happened_at,
        by: meta.by,
    };
    let new = |book: &Book| Settlement {
        id: SettlementId(meta.record),
        version: 0,
        changed_at: meta.at,
        book: *book,
        carried: Vec::new(),
        signed: None,
        corrections: Vec::new(),
    };
    let mut next = match (before, event) {
        (Some(before), _) => before.clone(),
        (None, SettlementEvent::Carried { book, .. } | SettlementEvent::Signed { book, .. }) => {
            new(book)
        }
        (None, SettlementEvent::Dropped { .. } | SettlementEvent::Corrected { .. }) => return None,
    };
    next.version = meta.version;
    next.changed_at = meta.at;
    match event {
        SettlementEvent::Carried {
            lines,
            reason,
            until,
            ..
        } => {
            next.carried.retain(|(id, _)| !lines.contains(id));
            let carried = Carried {
                reason: reason.clone(),
                until: *until,
                mark,
            };
            let room = limits::CARRIED_MAX.saturating_sub(next.carried.len());
            let lines = lines.iter().take(room);
            next.carried.extend(lines.map(|id| (*id, carried.clone())));
        }
        SettlementEvent::Dropped { lines } => next.carried.retain(|(id, _)| !lines.contains(id)),
        SettlementEvent::Signed {
            tallies, follows, ..
        } => {
            next.signed = Some(Signed {
                mark,
                tallies: tallies.clone(),
                follows: *follows,
            });
        }
        SettlementEvent::Corrected {
            line,
            was_open,
            reason,
        } => super::keep_newest(
            &mut next.corrections,
            Correction {
                mark,
                line: *line,
                was_open: *was_open,
                reason: reason.clone(),
            },
        ),
    }
    Some(next)
}

//! The book of a day (台账): what was carried in and opened, what was closed and carried out, line by line.
//!
//! A line is one thing somebody has to finish: a directive or an incident of the agency, an item of a directive or an
//! assignment of a unit. The book is worked out from the records and kept nowhere; what a person adds to it (why a
//! line is carried over, and to which day) is the [settlement](crate::record::settlement). What was carried out of the
//! day before must be what is carried into this one: whatever does not agree is a line that is *off*, and names itself.
//! What belongs to an exercise stands in that exercise's own book and in no other.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::basis::{OperationId, StationId, Timestamp, UnitId};
use crate::board::Board;
use crate::record::directive::{Addressee, Directive, ItemStatus, statuses};
use crate::record::settlement::Settlement;
use crate::record::{Record, RecordKind, RecordRef};

/// Whose book it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "of", content = "id", rename_all = "snake_case")]
pub enum BookOf {
    /// The whole agency's.
    Agency,
    /// A station's: all that its units have to do, and what was directed to it.
    Station(StationId),
    /// A unit's.
    Unit(UnitId),
    /// The agency's part in an operation: what it gave and shares there.
    Operation(OperationId),
}

/// Names one line of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LineId {
    /// The record.
    pub record: RecordRef,
    /// Which item of it, from 0, where it is one of a directive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
}

/// When something was begun that has to be finished, and when it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    /// Since when it is to be done.
    pub opened_at: Timestamp,
    /// Since when it is over.
    pub ended_at: Option<Timestamp>,
}

/// One line of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// What.
    pub id: LineId,
    /// From when until when it was to be done.
    pub booked: Booked,
    /// True if it was open when the day began.
    pub carried_in: bool,
    /// True if it was open when the day ended.
    pub carried_out: bool,
}

/// The four figures of a book.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Open when the day began.
    pub carried_in: u32,
    /// Opened that day.
    pub opened: u32,
    /// Closed that day.
    pub closed: u32,
    /// Open when it ended.
    pub carried_out: u32,
}

impl Tally {
    /// Says whether what came in is what went out.
    pub fn balances(&self) -> bool {
        self.carried_in + self.opened == self.closed + self.carried_out
    }
}

/// Why a line is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Off {
    /// It was open when the day began, and the day before did not carry it out.
    NotInTheDayBefore,
    /// The day before carried it out, and it was not open when this day began.
    OnlyInTheDayBefore,
}

/// The book of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Its lines, the oldest first.
    pub lines: Vec<Line>,
    /// The figures by kind of record.
    pub tallies: BTreeMap<RecordKind, Tally>,
    /// What does not agree with the day before.
    pub off: BTreeMap<LineId, Off>,
}

impl Ledger {
    /// Works out the book of a day from the records on a board, and from the settlement of the day before if there is
    /// one that was signed.
    pub fn of(
        board: &Board,
        of: BookOf,
        (from, until): (Timestamp, Timestamp),
        before: Option<&Settlement>,
    ) -> Ledger {
        let mut ledger = Ledger::default();
        for (id, booked) in all_of(board, of) {
            ledger.add(id, &booked, from, until);
        }
        ledger
            .lines
            .sort_by_key(|line| (line.booked.opened_at, line.id));
        if let Some(before) = before.filter(|before| before.signed.is_some()) {
            ledger.compare(&before.carried_out());
        }
        ledger
    }

    /// Puts down what was to be done that day, one line however often it was taken up.
    fn add(&mut self, id: LineId, times: &[Booked], from: Timestamp, until: Timestamp) {
        let held = times.iter().map(|booked| Booked {
            opened_at: booked.opened_at,
            // Somebody may have said afterwards when it ended, and have been wrong: what was opened is in the book of that day.
            ended_at: booked.ended_at.map(|at| at.max(booked.opened_at)),
        });
        let that_day = held.filter(|booked| {
            booked.opened_at < until && booked.ended_at.is_none_or(|at| at >= from)
        });
        let that_day: Vec<Booked> = that_day.collect();
        let Some(opened_at) = that_day.iter().map(|booked| booked.opened_at).min() else {
            return;
        };
        let ends = that_day.iter().map(|booked| booked.ended_at);
        let ended_at: Option<Vec<Timestamp>> = ends.collect();
        let ended_at = ended_at.and_then(|ends| ends.into_iter().max());
        let carried_in = opened_at < from;
        let carried_out = ended_at.is_none_or(|at| at >= until);
        let tally = self.tallies.entry(id.record.kind).or_default();
        tally.carried_in += u32::from(carried_in);
        tally.opened += u32::from(!carried_in);
        tally.carried_out += u32::from(carried_out);
        tally.closed += u32::from(!carried_out);
        self.lines.push(Line {
            id,
            booked: Booked {
                opened_at,
                ended_at,
            },
            carried_in,
            carried_out,
        });
    }

    fn compare(&mut self, carried: &BTreeSet<LineId>) {
        let came_in = self.lines.iter().filter(|line| line.carried_in);
        let came_in: BTreeSet<LineId> = came_in.map(|line| line.id).collect();
        for id in came_in.difference(carried) {
            self.off.insert(*id, Off::NotInTheDayBefore);
        }
        for id in carried.difference(&came_in) {
            self.off.insert(*id, Off::OnlyInTheDayBefore);
        }
        // The figures say what the day before says: so one that does not agree is seen in them, too.
        for tally in self.tallies.values_mut() {
            tally.carried_in = 0;
        }
        for id in carried {
            self.tallies.entry(id.record.kind).or_default().carried_in += 1;
        }
    }

    /// Returns the lines that are carried over to the next day.
    pub fn carried_out(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.carried_out)
    }

    /// Returns the lines that keep the book from being signed: those that are off, and those carried over without a
    /// reason and a day after this one.
    pub fn open_questions(&self, settlement: Option<&Settlement>, until: Timestamp) -> Vec<LineId> {
        let explained: BTreeSet<LineId> = settlement
            .into_iter()
            .flat_map(|found| &found.carried)
            .filter(|(_, carried)| carried.until > until)
            .map(|(id, _)| *id)
            .collect();
        let unexplained = self
            .carried_out()
            .map(|line| line.id)
            .filter(|id| !explained.contains(id));
        let mut all: Vec<LineId> = self.off.keys().copied().chain(unexplained).collect();
        all.dedup();
        all
    }
}

/// Returns all that a book may have lines of, however long ago it was.
fn all_of(board: &Board, of: BookOf) -> Vec<(LineId, Vec<Booked>)> {
    match of {
        BookOf::Agency => whole(board, |record| board.exercise_of(record).is_none()),
        BookOf::Operation(operation) => {
            let mut all = whole(board, |record| {
                let given = Directive::is_given_in(record, operation);
                given || shared_since(board, record.reference(), operation).is_some()
            });
            // What was there before it was shared is opened in this book when it was.
            for (id, times) in &mut all {
                let record = board.get(id.record);
                let given = record.is_some_and(|one| Directive::is_given_in(&one, operation));
                let since = shared_since(board, id.record, operation).filter(|_| !given);
                let Some(since) = since else {
                    continue;
                };
                for booked in times {
                    booked.opened_at = booked.opened_at.max(since);
                }
            }
            all
        }
        BookOf::Unit(unit) => of_units(board, &BTreeSet::from([unit]), None),
        BookOf::Station(station) => {
            let units = board.units.values();
            let own = units.filter(|unit| unit.details.station == Some(station));
            let units = own.map(|unit| unit.id).collect();
            of_units(board, &units, Some(station))
        }
    }
}

fn whole(board: &Board, wanted: impl Fn(&Record) -> bool) -> Vec<(LineId, Vec<Booked>)> {
    let mut all = Vec::new();
    for record in board.records() {
        let booked = record.booked();
        if !booked.is_empty() && wanted(&record) {
            let id = LineId {
                record: record.reference(),
                item: None,
            };
            all.push((id, booked));
        }
    }
    all
}

fn shared_since(board: &Board, record: RecordRef, operation: OperationId) -> Option<Timestamp> {
    let mut parts = board.participations.values();
    let part = parts.find(|part| part.operation == operation)?;
    let share = part.shares.iter().find(|share| share.record == record)?;
    Some(share.since)
}

/// Returns what units have to do: their assignments, and their items of directives with those of their station.
fn of_units(
    board: &Board,
    units: &BTreeSet<UnitId>,
    station: Option<StationId>,
) -> Vec<(LineId, Vec<Booked>)> {
    let mut all = Vec::new();
    for assignment in board.assignments.values() {
        let Some(opened_at) = assignment.sent_at else {
            continue;
        };
        let incident = board.incidents.get(&assignment.incident);
        let drill = incident.is_some_and(|incident| incident.exercise.is_some());
        if units.contains(&assignment.unit) && !drill {
            let id = LineId {
                record: assignment.id.into(),
                item: None,
            };
            let ended_at = assignment.ended_at;
            let booked = Booked {
                opened_at,
                ended_at,
            };
            all.push((id, vec![booked]));
        }
    }
    for directive in board.directives.values() {
        let Some(issued) = directive.issued else {
            continue;
        };
        let operation = directive.details.operation;
        if operation.is_some_and(|operation| board.is_exercise(operation)) {
            continue;
        }
        let ended = directive.ended.as_ref().map(|(mark, _)| mark.at);
        let items = directive.items.iter().zip(statuses(board, directive));
        for (at, (item, (progress, status))) in items.enumerate() {
            let own = match item.to {
                Addressee::Unit(unit) => units.contains(&unit),
                Addressee::Station(to) => station == Some(to),
                Addressee::Seat(_) | Addressee::Agency(_) | Addressee::Everyone => false,
            };
            if own {
                let over = over_at(item, &progress, status);
                let ended_at = match (over, ended) {
                    (Some(over), Some(ended)) => Some(over.min(ended)),
                    (over, ended) => over.or(ended),
                };
                let id = LineId {
                    record: directive.id.into(),
                    item: Some(at),
                };
                let opened_at = issued.at;
                let booked = Booked {
                    opened_at,
                    ended_at,
                };
                all.push((id, vec![booked]));
            }
        }
    }
    all
}

/// Returns since when nothing more is asked of an addressee.
fn over_at(
    item: &crate::record::directive::Item,
    progress: &crate::record::directive::Progress,
    status: ItemStatus,
) -> Option<Timestamp> {
    if let Some((mark, _)) = &item.excused {
        return Some(mark.at);
    }
    if status != ItemStatus::Done {
        return None;
    }
    let verified = item.verdicts.last().map(|verdict| verdict.mark.at);
    let reported = progress.reports.last().map(|report| report.mark.at);
    let others = [progress.acting, progress.signed];
    let others = others.into_iter().flatten().map(|mark| mark.at);
    verified.or(reported).or_else(|| others.max())
}

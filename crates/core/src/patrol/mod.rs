//! What follows from a patrol plan: which visits it promises, which were kept, whose unit was called away; and how
//! it is put to the search for routes and read back.
//!
//! Nothing here is stored. A promise is a span of time at a point ([`promised`]); it is kept by a report of a visit
//! in that span, late by one after it, skipped by a report that says why, and missed when its time is over and nobody
//! said anything ([`coverage`]). It must not know of roads: the times between points come in as data. Start at
//! [`promised`], then `layout.rs`.

mod layout;

pub use layout::{Begins, Layout, Proposal, Trouble};

use std::collections::BTreeMap;

use crate::basis::{Timestamp, UnitId};
use crate::board::Board;
use crate::record::patrol::{
    Patrol, PatrolDetails, PatrolPoint, PatrolStatus, Report, Wanted, Window,
};

/// Names a visit that a plan promises: the point by its number, and which of the visits there, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VisitName {
    /// The point.
    pub point: u16,
    /// Which of its visits.
    pub visit: u16,
}

/// A visit that a plan promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promised {
    /// Its name.
    pub name: VisitName,
    /// When it may begin at the earliest.
    pub from: Timestamp,
    /// When it must have begun at the latest.
    pub until: Timestamp,
}

/// What became of a visit that was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// Somebody came in time.
    InTime,
    /// Somebody came after its time.
    Late,
    /// A unit said that it does not go, and why.
    Skipped,
    /// Its time is over and nobody said anything.
    Missed,
    /// Its time is not over.
    Awaited,
}

/// How the visits of one point, or of a whole plan, add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Visits promised.
    pub promised: u32,
    /// Those that somebody came to in time.
    pub in_time: u32,
    /// Those that somebody came to late.
    pub late: u32,
    /// Those that were skipped with a reason.
    pub skipped: u32,
    /// Those that nobody came to.
    pub missed: u32,
    /// Those whose time is not over.
    pub awaited: u32,
    /// Those of the awaited that are in no round.
    pub unplanned: u32,
}

impl Coverage {
    fn add(&mut self, kept: Kept, planned: bool) {
        self.promised += 1;
        match kept {
            Kept::InTime => self.in_time += 1,
            Kept::Late => self.late += 1,
            Kept::Skipped => self.skipped += 1,
            Kept::Missed => self.missed += 1,
            Kept::Awaited => {
                self.awaited += 1;
                self.unplanned += u32::from(!planned);
            }
        }
    }

    fn join(self, other: Coverage) -> Coverage {
        Coverage {
            promised: self.promised + other.promised,
            in_time: self.in_time + other.in_time,
            late: self.late + other.late,
            skipped: self.skipped + other.skipped,
            missed: self.missed + other.missed,
            awaited: self.awaited + other.awaited,
            unplanned: self.unplanned + other.unplanned,
        }
    }
}

/// Returns the visits that a plan promises, point by point, the earliest first.
///
/// "Three times" are three equal parts of the time in which somebody may come, one visit in each; "every 30 minutes" is one
/// visit in each full span of 30 minutes of a window, and one in a window that is shorter. Two visits may so lie up to two
/// spans apart: what is promised is a visit in each span, and that is what is counted.
pub fn promised(details: &PatrolDetails) -> Vec<Promised> {
    let points = details.points.iter();
    points
        .flat_map(|point| promised_at(details, point))
        .collect()
}

/// Returns how many visits a plan promises, without making a list that may be far too long.
pub fn promised_count(details: &PatrolDetails) -> usize {
    let of_point = |point: &PatrolPoint| {
        let parts = parts(details, point);
        parts
            .iter()
            .map(|(_, count)| *count as usize)
            .sum::<usize>()
    };
    details.points.iter().map(of_point).sum()
}

/// Returns the windows of a point, each with how many visits fall in it.
fn parts(details: &PatrolDetails, point: &PatrolPoint) -> Vec<(Window, i64)> {
    let whole = [Window {
        from: details.from,
        until: details.until,
    }];
    let windows = if point.windows.is_empty() {
        &whole[..]
    } else {
        &point.windows[..]
    };
    let length = |window: &Window| (window.until.0 - window.from.0).max(0);
    match point.wanted {
        Wanted::Every { minutes } => {
            let span = i64::from(minutes.max(1)) * 60_000;
            let count = |window: &Window| (length(window) / span).max(1);
            windows.iter().map(|one| (*one, count(one))).collect()
        }
        Wanted::Times { count } => {
            // Each window gets what has fallen due by its end and not been given to one before.
            let total: i64 = windows.iter().map(length).sum::<i64>().max(1);
            let (mut gone, mut given) = (0, 0);
            let share = |window: &Window| {
                gone += length(window);
                // Widened: a day in milliseconds times the largest count stays far below the type's end.
                let due = (i64::from(count) * gone + total / 2) / total;
                let share = due - given;
                given = due;
                (*window, share)
            };
            windows.iter().map(share).collect()
        }
    }
}

fn promised_at(details: &PatrolDetails, point: &PatrolPoint) -> Vec<Promised> {
    let mut all = Vec::new();
    let mut visit = 0;
    for (window, count) in parts(details, point) {
        let length = window.until.0 - window.from.0;
        for at in 0..count {
            visit += 1;
            let edge = |at: i64| Timestamp(window.from.0 + length * at / count);
            all.push(Promised {
                name: VisitName {
                    point: point.no,
                    visit,
                },
                from: edge(at),
                until: edge(at + 1),
            });
        }
    }
    all
}

/// Returns what became of a promised visit by `now`.
pub fn kept(promised: &Promised, report: Option<&Report>, now: Timestamp) -> Kept {
    match report {
        Some(Report {
            skipped: Some(_), ..
        }) => Kept::Skipped,
        Some(report) if report.at <= promised.until => Kept::InTime,
        Some(_) => Kept::Late,
        None if promised.until < now => Kept::Missed,
        None => Kept::Awaited,
    }
}

/// Returns how the visits of each point add up by `now`, by its number. When a plan has ended, nothing is awaited any more.
pub fn coverage(patrol: &Patrol, now: Timestamp) -> BTreeMap<u16, Coverage> {
    let reports: BTreeMap<VisitName, &Report> = patrol
        .reports
        .iter()
        .map(|report| (report.name(), report))
        .collect();
    let legs = patrol.rounds.iter().flat_map(|round| &round.legs);
    let planned: std::collections::BTreeSet<VisitName> = legs.map(|leg| leg.name()).collect();
    let mut all: BTreeMap<u16, Coverage> = BTreeMap::new();
    for one in promised(&patrol.details) {
        let mut what = kept(&one, reports.get(&one.name).copied(), now);
        if what == Kept::Awaited && patrol.status == PatrolStatus::Ended {
            what = Kept::Missed;
        }
        all.entry(one.name.point)
            .or_default()
            .add(what, planned.contains(&one.name));
    }
    all
}

/// Returns how the visits of a whole plan add up.
pub fn coverage_of_all(points: &BTreeMap<u16, Coverage>) -> Coverage {
    points
        .values()
        .fold(Coverage::default(), |sum, one| sum.join(*one))
}

/// Returns the units of a plan under way that an assignment keeps from visits that are still in their rounds: others should
/// go there, and a person decides who.
pub fn called_away(board: &Board, patrol: &Patrol) -> Vec<UnitId> {
    if patrol.status != PatrolStatus::UnderWay {
        return Vec::new();
    }
    let to_do = |unit: UnitId| {
        let mut rounds = patrol.rounds.iter();
        let round = rounds.find(|round| round.unit == unit);
        let mut legs = round.into_iter().flat_map(|round| &round.legs);
        legs.any(|leg| patrol.report(leg.name()).is_none())
    };
    let away = |unit: &UnitId| board.live_assignment(*unit).is_some() && to_do(*unit);
    patrol.details.units.iter().copied().filter(away).collect()
}

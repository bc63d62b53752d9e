//! Past boards: what this node's board showed at an earlier moment, and how much happened in each minute.
//!
//! A board is read from tables and entries on a reader of its own. The last few are kept for a short while, so that
//! somebody who moves to and fro over the same minutes does not wait. What had left memory by the rule of today
//! (`keep.ended_h`) is absent. Start at [`PastBoards::look`].

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use watchfire_core::basis::{AssignmentId, Timestamp, UnitId};
use watchfire_core::board::Board;
use watchfire_core::engine::Decoded;
use watchfire_core::record::assignment::{Assignment, AssignmentEvent};
use watchfire_core::record::call::CallEvent;
use watchfire_core::record::incident::IncidentEvent;
use watchfire_core::record::{Event, Record};
use watchfire_core::timer::{self, TimerRules};
use watchfire_store::{Reader, StoreError};

use crate::long_reader::LongReader;
use crate::positions::Position;
use crate::problem::Problem;

/// Boards kept at once.
const KEPT_MAX: usize = 16;
/// How long one is kept.
const KEPT_FOR: Duration = Duration::from_secs(300);
/// A board this young is not kept: what was accepted in that moment may not be on disk yet.
const TOO_YOUNG_MS: i64 = 10_000;
/// Minutes that marks are made for at most: two days.
pub const MARK_MINUTES_MAX: i64 = 2_880;
/// Entries that marks are drawn from at most.
pub const MARK_ENTRIES_MAX: u64 = 1_000_000;
/// The length of a minute.
pub const MINUTE_MS: i64 = 60_000;

/// The boards of earlier moments.
#[derive(Debug)]
pub struct PastBoards {
    reader: LongReader,
    kept: Mutex<VecDeque<Kept>>,
}

#[derive(Debug)]
struct Kept {
    at: Timestamp,
    keep_s: u64,
    since: Instant,
    board: Arc<Looked>,
}

/// A board of an earlier moment.
#[derive(Debug)]
pub struct Looked {
    /// The records as they then were.
    pub board: Board,
    /// The position of the last entry it shows.
    pub position: u64,
    /// Where units were, as far as their trails say so.
    pub positions: BTreeMap<UnitId, Position>,
}

/// The node was not there yet; it was opened at that time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeforeOpening(pub Timestamp);

/// How much happened in each minute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Entries accepted.
    pub entries: Vec<u32>,
    /// Calls received.
    pub calls: Vec<u32>,
    /// Incidents opened.
    pub incidents: Vec<u32>,
    /// Units sent.
    pub sent: Vec<u32>,
    /// Incidents closed or cancelled.
    pub ended: Vec<u32>,
    /// Alarms raised.
    pub alarms: Vec<u32>,
}

impl PastBoards {
    /// Makes them from a reader that nobody else uses.
    pub fn new(reader: Reader) -> PastBoards {
        PastBoards {
            reader: LongReader::new(reader),
            kept: Mutex::default(),
        }
    }

    /// Returns the board as it stood at a time not after `now`. `keep_s` is how long ended records stay on it.
    pub async fn look(
        &self,
        at: Timestamp,
        keep_s: u64,
        now: Timestamp,
    ) -> Result<Result<Arc<Looked>, BeforeOpening>, Problem> {
        if let Some(board) = self.kept(at, keep_s) {
            return Ok(Ok(board));
        }
        let read = self.reader.read(move |reader| look(reader, at, keep_s));
        let board = match read.await? {
            Ok(looked) => Arc::new(looked),
            Err(before) => return Ok(Err(before)),
        };
        if now.0.saturating_sub(at.0) >= TOO_YOUNG_MS {
            self.keep(at, keep_s, &board);
        }
        Ok(Ok(board))
    }

    /// Counts what happened in each minute of a period that ends not after now; nothing if that is too much.
    pub async fn marks(
        &self,
        from: Timestamp,
        minutes: usize,
        keep_s: u64,
        rules: TimerRules,
        now: Timestamp,
    ) -> Result<Option<Marks>, Problem> {
        self.reader
            .read(move |reader| marks(reader, from, minutes, keep_s, rules, now))
            .await
    }

    fn kept(&self, at: Timestamp, keep_s: u64) -> Option<Arc<Looked>> {
        let mut kept = self.all_kept();
        kept.retain(|one| one.since.elapsed() < KEPT_FOR);
        let found = kept.iter().find(|one| (one.at, one.keep_s) == (at, keep_s));
        found.map(|one| Arc::clone(&one.board))
    }

    fn keep(&self, at: Timestamp, keep_s: u64, board: &Arc<Looked>) {
        let mut kept = self.all_kept();
        kept.truncate(KEPT_MAX - 1);
        kept.push_front(Kept {
            at,
            keep_s,
            since: Instant::now(),
            board: Arc::clone(board),
        });
    }

    fn all_kept(&self) -> std::sync::MutexGuard<'_, VecDeque<Kept>> {
        self.kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn earlier_s(at: Timestamp, seconds: u64) -> Timestamp {
    let ms = i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX);
    Timestamp(at.0.saturating_sub(ms))
}

fn look(
    reader: &Reader,
    at: Timestamp,
    keep_s: u64,
) -> Result<Result<Looked, BeforeOpening>, StoreError> {
    let opened = reader.opening_time()?;
    if at < opened {
        return Ok(Err(BeforeOpening(opened)));
    }
    let past = reader.board_at(at, earlier_s(at, keep_s))?;
    let positions = positions(reader, &past.board, at)?;
    Ok(Ok(Looked {
        board: past.board,
        position: past.position,
        positions,
    }))
}

/// Finds where units were: the last point of the trail of the assignment that each had last. A trail is kept
/// only while a unit is assigned, so that one which never was has no place here.
fn positions(
    reader: &Reader,
    board: &Board,
    at: Timestamp,
) -> Result<BTreeMap<UnitId, Position>, StoreError> {
    let mut latest: BTreeMap<UnitId, &Assignment> = BTreeMap::new();
    for assignment in board.assignments.values() {
        let known = latest.entry(assignment.unit).or_insert(assignment);
        if (known.is_live(), known.sent_at) < (assignment.is_live(), assignment.sent_at) {
            *known = assignment;
        }
    }
    let mut positions = BTreeMap::new();
    for (unit, assignment) in latest {
        if let Some(point) = reader.last_on_trail(assignment.id, at)? {
            let position = Position {
                point: point.point,
                heading_deg: None,
                at: point.at,
            };
            positions.insert(unit, position);
        }
    }
    Ok(positions)
}

fn marks(
    reader: &Reader,
    from: Timestamp,
    minutes: usize,
    keep_s: u64,
    rules: TimerRules,
    now: Timestamp,
) -> Result<Option<Marks>, StoreError> {
    // A millisecond before, since a minute begins with its first millisecond.
    let before = Timestamp(from.0.saturating_sub(1));
    let length_ms = i64::try_from(minutes)
        .unwrap_or(i64::MAX)
        .saturating_mul(MINUTE_MS);
    let until = Timestamp(from.0.saturating_add(length_ms).saturating_sub(1)).min(now);
    let mut counting = Counting::new(from, minutes, rules);
    let live = reader.board_at(before, earlier_s(before, keep_s))?;
    for assignment in live.board.live_assignments() {
        let began = Timestamp(i64::MIN);
        counting
            .live
            .insert(assignment.id, (assignment.clone(), began));
    }
    let whole =
        reader.each_entry_between(before, until, MARK_ENTRIES_MAX, &mut |at, decoded| {
            counting.take(at, decoded);
        })?;
    if !whole {
        return Ok(None);
    }
    for (assignment, began) in std::mem::take(&mut counting.live).values() {
        counting.count_alarm(assignment, *began, until);
    }
    Ok(Some(counting.marks))
}

struct Counting {
    from: Timestamp,
    rules: TimerRules,
    marks: Marks,
    /// Assignments that bind a unit, and since when each is as it is.
    live: BTreeMap<AssignmentId, (Assignment, Timestamp)>,
}

impl Counting {
    fn new(from: Timestamp, minutes: usize, rules: TimerRules) -> Counting {
        let none = || vec![0; minutes];
        Counting {
            from,
            rules,
            marks: Marks {
                entries: none(),
                calls: none(),
                incidents: none(),
                sent: none(),
                ended: none(),
                alarms: none(),
            },
            live: BTreeMap::new(),
        }
    }

    fn take(&mut self, at: Timestamp, decoded: &Decoded) {
        let from = self.from;
        bump(&mut self.marks.entries, from, at);
        let Decoded::Event {
            record,
            event,
            meta,
            ..
        } = decoded
        else {
            return;
        };
        if let Event::Call(CallEvent::Received { .. }) = event {
            bump(&mut self.marks.calls, from, at);
        } else if let Event::Incident(IncidentEvent::Opened { .. }) = event {
            bump(&mut self.marks.incidents, from, at);
        } else if let Event::Incident(
            IncidentEvent::Closed { .. } | IncidentEvent::Cancelled { .. },
        ) = event
        {
            bump(&mut self.marks.ended, from, at);
        } else if let Event::Assignment(change) = event {
            if matches!(change, AssignmentEvent::Sent { .. }) {
                bump(&mut self.marks.sent, from, at);
            }
            let id = AssignmentId(record.id);
            let before = self.live.remove(&id);
            if let Some((assignment, began)) = &before {
                self.count_alarm(assignment, *began, at);
            }
            let before = before.map(|(assignment, _)| Record::Assignment(Arc::new(assignment)));
            if let Some(Record::Assignment(next)) =
                Record::apply(before.as_ref(), event, None, meta)
                && next.is_live()
            {
                self.live.insert(id, (Assignment::clone(&next), at));
            }
        }
    }

    /// Counts the alarm that an assignment raised while it was as it is, from `began` until `ended`.
    fn count_alarm(&mut self, assignment: &Assignment, began: Timestamp, ended: Timestamp) {
        if let Some(alarm) = timer::alarm(assignment, &self.rules, ended) {
            bump(&mut self.marks.alarms, self.from, alarm.since.max(began));
        }
    }
}

/// Counts one in the minute it lies in, if it lies in one.
fn bump(minutes: &mut [u32], from: Timestamp, at: Timestamp) {
    let minute = usize::try_from(at.0.saturating_sub(from.0).div_euclid(MINUTE_MS));
    if let Some(count) = minute.ok().and_then(|minute| minutes.get_mut(minute)) {
        *count += 1;
    }
}

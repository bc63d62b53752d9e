//! Episodes: when alarms were on in the past, whether somebody acknowledged them, and when they ended.
//!
//! Nothing was written down when an alarm began, so it is worked out from the times that records keep, with the
//! rules of today: if the rules change, the past is judged by the new ones. Times are those that were
//! reported; where a crew's step was claimed for earlier than it was entered, the alarm that its dispatcher saw
//! meanwhile is shorter here, or absent. Alarms of support requests are not traced: their answers are other
//! homes' records, and `support::figures` says how long they took. Start at [`episodes`], then [`tally`].

use std::collections::{BTreeMap, BTreeSet};

use crate::basis::{IncidentId, Timestamp};
use crate::board::Board;
use crate::record::RecordRef;
use crate::record::assignment::Assignment;
use crate::record::incident::Incident;
use crate::timer::{self, Alarm, AlarmCode, Progress, Seen, TimerRules};

/// Milliseconds in an hour.
const HOUR_MS: i64 = 3_600_000;

/// One alarm from its beginning to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Episode {
    /// The record that it was about.
    pub record: RecordRef,
    /// What was late.
    pub code: AlarmCode,
    /// When it began.
    pub raised_at: Timestamp,
    /// When somebody first acknowledged it.
    pub acknowledged_at: Option<Timestamp>,
    /// When what it hung on was done, or something took its place; absent while it is on.
    pub ended_at: Option<Timestamp>,
}

/// How many alarms began, and how many of these were acknowledged and acted on by now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Began.
    pub raised: u64,
    /// Of these, acknowledged by somebody.
    pub acknowledged: u64,
    /// Of these, ended by what was done.
    pub acted: u64,
}

/// The alarms that began within one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hour {
    /// When the hour began.
    pub from: Timestamp,
    /// How many of each.
    pub sources: BTreeMap<AlarmCode, Tally>,
}

/// Returns every alarm that the records on a board have raised until `until`, by record and time. What was practised is
/// left out.
pub fn episodes(board: &Board, rules: &TimerRules, until: Timestamp) -> Vec<Episode> {
    let mut all = Vec::new();
    for assignment in board.assignments.values() {
        let points = assignment.turning_points();
        let at = |then, now| timer::late(assignment.progress_at(then), rules, now);
        trace(
            &mut all,
            assignment.id.into(),
            points,
            &assignment.seen,
            until,
            at,
        );
    }
    for call in board.calls.values() {
        let points = call.turns.iter().map(|(at, _)| *at);
        let at = |then, now| timer::call_waiting(call.loose_since_at(then), rules, now);
        trace(&mut all, call.id.into(), points, &call.seen, until, at);
    }
    let past = Past::of(board);
    for incident in board.incidents.values() {
        let at = |then, now| {
            let attention = incident.attention_at(then)?;
            timer::unassigned(attention, past.there(incident.id, then), rules, now)
        };
        let points = past.turning_points(incident);
        trace(
            &mut all,
            incident.id.into(),
            points,
            &incident.seen,
            until,
            at,
        );
    }
    all.retain(|episode| !board.is_practised(episode.record));
    all.sort_unstable();
    all
}

/// Counts the alarms that began in each of the last `hours` hours, the last of which ends at `now`; the earliest first.
pub fn tally(episodes: &[Episode], hours: u32, now: Timestamp) -> Vec<Hour> {
    let begin = |back: u32| Timestamp(now.0.saturating_sub(i64::from(back) * HOUR_MS));
    let mut all: Vec<Hour> = (1..=hours)
        .rev()
        .map(|back| Hour {
            from: begin(back),
            sources: BTreeMap::new(),
        })
        .collect();
    for episode in episodes {
        // Each hour begins with its first moment; the last one has the present moment too.
        let began = |hour: &&mut Hour| hour.from <= episode.raised_at;
        let Some(hour) = all.iter_mut().rev().find(began) else {
            continue;
        };
        let tally = hour.sources.entry(episode.code).or_default();
        tally.raised += 1;
        tally.acknowledged += u64::from(episode.acknowledged_at.is_some());
        tally.acted += u64::from(episode.ended_at.is_some());
    }
    all
}

/// Follows one record from turning point to turning point. Between two of them nothing changes but the clock, and
/// under that alone an alarm may begin and none can end.
fn trace(
    all: &mut Vec<Episode>,
    record: RecordRef,
    points: impl IntoIterator<Item = Timestamp>,
    seen: &[Seen],
    until: Timestamp,
    alarm_at: impl Fn(Timestamp, Timestamp) -> Option<Alarm>,
) {
    let points: BTreeSet<Timestamp> = points.into_iter().filter(|at| *at <= until).collect();
    let mut open: Option<Episode> = None;
    let mut points = points.into_iter().peekable();
    while let Some(from) = points.next() {
        let next = points.peek().copied();
        let last_moment = next.map_or(until, |next| Timestamp(next.0.saturating_sub(1)));
        let alarm = alarm_at(from, last_moment);
        let goes_on = |episode: &Episode| {
            alarm.is_some_and(|alarm| alarm.code == episode.code && alarm.since <= from)
        };
        if let Some(episode) = open.take_if(|episode| !goes_on(episode)) {
            all.push(ended(episode, Some(from), seen));
        }
        if let (None, Some(alarm)) = (&open, alarm) {
            open = Some(Episode {
                record,
                code: alarm.code,
                raised_at: alarm.since.max(from),
                acknowledged_at: None,
                ended_at: None,
            });
        }
    }
    all.extend(open.map(|episode| ended(episode, None, seen)));
}

fn ended(episode: Episode, at: Option<Timestamp>, seen: &[Seen]) -> Episode {
    let during = |seen: &&Seen| {
        let in_time = seen.at >= episode.raised_at && at.is_none_or(|at| seen.at <= at);
        seen.code == episode.code && in_time
    };
    Episode {
        acknowledged_at: seen.iter().find(during).map(|seen| seen.at),
        ended_at: at,
        ..episode
    }
}

/// Which incidents were ever merged into which, and who was sent to them.
struct Past<'a> {
    board: &'a Board,
    parts: BTreeMap<IncidentId, BTreeSet<IncidentId>>,
    assignments: BTreeMap<IncidentId, Vec<&'a Assignment>>,
}

impl<'a> Past<'a> {
    fn of(board: &'a Board) -> Past<'a> {
        let mut parts: BTreeMap<IncidentId, BTreeSet<IncidentId>> = BTreeMap::new();
        for incident in board.incidents.values() {
            for into in incident.ever_merged_into() {
                parts.entry(into).or_default().insert(incident.id);
            }
        }
        let mut assignments: BTreeMap<IncidentId, Vec<&Assignment>> = BTreeMap::new();
        for assignment in board.assignments.values() {
            let there = assignments.entry(assignment.incident).or_default();
            there.push(assignment);
        }
        Past {
            board,
            parts,
            assignments,
        }
    }

    /// Returns an incident and all that were part of it, as far as `is_part` says so.
    fn family(
        &self,
        incident: IncidentId,
        is_part: impl Fn(&Incident, IncidentId) -> bool,
    ) -> BTreeSet<IncidentId> {
        let mut family = BTreeSet::from([incident]);
        let mut to_look_at = vec![incident];
        while let Some(whole) = to_look_at.pop() {
            for part in self.parts.get(&whole).into_iter().flatten() {
                let found = self.board.incidents.get(part);
                if found.is_some_and(|found| is_part(found, whole)) && family.insert(*part) {
                    to_look_at.push(*part);
                }
            }
        }
        family
    }

    /// Returns how far the assignments on an incident had come, with those on what was then merged into it.
    fn there(&self, incident: IncidentId, then: Timestamp) -> Vec<Progress> {
        let family = self.family(incident, |part, whole| {
            part.merged_into_at(then) == Some(whole)
        });
        let known = family.iter().filter_map(|one| self.assignments.get(one));
        let known = known.flatten();
        known.map(|one| one.progress_at(then)).collect()
    }

    fn turning_points(&self, incident: &Incident) -> BTreeSet<Timestamp> {
        let mut points: BTreeSet<Timestamp> = incident.turning_points().collect();
        for one in self.family(incident.id, |_, _| true) {
            let found = self.board.incidents.get(&one);
            points.extend(found.into_iter().flat_map(|found| found.turning_points()));
            let there = self.assignments.get(&one).into_iter().flatten();
            points.extend(there.flat_map(|assignment| assignment.turning_points()));
        }
        points
    }
}

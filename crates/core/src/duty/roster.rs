//! Rosters: what shifts a pattern comes to, what rest is due, and where nobody, or too few, will be.
//!
//! Start at [`propose`], [`rest_clash`] and [`gaps`].

use std::collections::BTreeSet;

use crate::basis::{DutyPostId, PersonId, ShiftId, Text, Timestamp};
use crate::board::Board;
use crate::record::duty_post::{DutyPost, Pattern, Turn};
use crate::record::shift::Shift;

const MINUTE_MS: i64 = 60_000;
const WEEK_MS: i64 = 7 * 24 * 3_600 * 1_000;

/// One person at one post from when until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub post: DutyPostId,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// Returns the shifts of a person that were not cancelled, all posts together.
pub fn shifts_of(board: &Board, person: PersonId) -> impl Iterator<Item = &Shift> {
    let shifts = board.shifts.values().map(AsRef::as_ref);
    shifts.filter(move |one| !one.cancelled && (one.people.contains(&person) || one.came(person)))
}

/// Returns which rule of rest of the post it would break if a person had these hours, and with which shift it clashes.
/// `beside` is what is planned in the same step; the shift `but` does not count.
pub fn rest_clash(
    board: &Board,
    span: &Span,
    beside: &[Span],
    but: Option<ShiftId>,
) -> Option<Text> {
    let post = board.duty_posts.get(&span.post)?;
    let planned = shifts_of(board, span.person).filter(|one| Some(one.id) != but);
    let planned = planned.map(|one| Span {
        person: span.person,
        post: one.post,
        from: one.from,
        until: one.until,
    });
    let beside = beside.iter().filter(|one| one.person == span.person);
    let mut others: Vec<Span> = planned.chain(beside.copied()).collect();
    others.sort_by_key(|one| (one.from, one.until));
    let label = |one: &Span| {
        let post = board.duty_posts.get(&one.post);
        post.map_or_else(|| Text::new("?", "?"), |post| post.label())
    };
    for other in &others {
        // The longer of what the two posts want, whichever was planned first.
        let there = board.duty_posts.get(&other.post);
        let rest_min = there.map_or(0, |there| there.details.rest_min);
        let rest_min = rest_min.max(post.details.rest_min);
        let rest_ms = i64::from(rest_min) * MINUTE_MS;
        let overlaps = other.from < span.until && span.from < other.until;
        let between_ms = (span.from.0.saturating_sub(other.until.0))
            .max(other.from.0.saturating_sub(span.until.0));
        let name = label(other);
        if overlaps {
            return Some(Text::new(
                format!("it overlaps their shift at {}", name.en),
                format!("与其在“{}”的班次重叠", name.zh),
            ));
        }
        if between_ms < rest_ms {
            let (has, due) = (between_ms / MINUTE_MS, rest_min);
            return Some(Text::new(
                format!(
                    "only {} of rest beside their shift at {}; {} are due",
                    hours_en(has),
                    name.en,
                    hours_en(i64::from(due))
                ),
                format!(
                    "与其在“{}”的班次仅间隔{}，须休息{}",
                    name.zh,
                    hours_zh(has),
                    hours_zh(i64::from(due))
                ),
            ));
        }
    }
    let most = usize::from(post.details.week_max);
    (most > 0 && in_a_week(&others, span) > most).then(|| {
        Text::new(
            format!("it would be more than {most} shifts within seven days"),
            format!("七日内将超过 {most} 个班次"),
        )
    })
}

/// Returns the most shifts that would begin within any seven days with this one among them.
fn in_a_week(others: &[Span], span: &Span) -> usize {
    let mut begins: Vec<i64> = others.iter().map(|one| one.from.0).collect();
    begins.push(span.from.0);
    begins.sort_unstable();
    let week = |first: &i64| {
        let end = first.saturating_add(WEEK_MS);
        let within = |at: &&i64| *first <= **at && **at < end;
        if within(&&span.from.0) {
            begins.iter().filter(within).count()
        } else {
            0
        }
    };
    begins.iter().map(week).max().unwrap_or(0)
}

fn hours_en(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, min) => format!("{min} min"),
        (h, 0) => format!("{h} h"),
        (h, min) => format!("{h} h {min} min"),
    }
}

fn hours_zh(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, min) => format!(" {min} 分钟"),
        (h, 0) => format!(" {h} 小时"),
        (h, min) => format!(" {h} 小时 {min} 分钟"),
    }
}

/// A shift that a pattern comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Who comes.
    pub people: BTreeSet<PersonId>,
    /// Who of the team is on leave then.
    pub on_leave: BTreeSet<PersonId>,
    /// Which rule of rest would be broken, by whom.
    pub clashes: Vec<(PersonId, Text)>,
}

/// Returns the turns of a pattern that begin on these days, as moments. `at` turns a day of the node's calendar and a
/// minute of it into one: what is eight o'clock stays eight o'clock when the clocks are changed.
pub fn turns_between(
    pattern: &Pattern,
    first_day: i32,
    days: u16,
    at: &dyn Fn(i32, u16) -> Timestamp,
) -> Vec<(Timestamp, Timestamp, Turn)> {
    let cycle = i32::from(pattern.cycle_days.max(1));
    let mut all = Vec::new();
    for day in (0..i32::from(days)).map(|one| first_day.saturating_add(one)) {
        let in_cycle = day.saturating_sub(pattern.anchor_day).rem_euclid(cycle);
        let today = pattern
            .turns
            .iter()
            .filter(|turn| i32::from(turn.day) == in_cycle);
        all.extend(today.map(|turn| {
            let end = u32::from(turn.start_min) + u32::from(turn.length_min);
            let (days_on, minute) = (end / 1_440, end % 1_440);
            let end_day = day.saturating_add(days_on as i32);
            let until = at(end_day, minute as u16);
            (at(day, turn.start_min), until, *turn)
        }));
    }
    all.sort_by_key(|(from, until, turn)| (*from, *until, turn.team));
    all
}

/// Returns how many turns of a cycle a team has.
pub fn team_turn_count(pattern: &Pattern, team: u16) -> usize {
    let of_team = pattern.turns.iter().filter(|turn| turn.team == Some(team));
    of_team.count()
}

/// Returns the shifts that a post's pattern comes to on these days and that are not planned yet. Changes nothing: a
/// person accepts them. Turns at the same hours are one shift with all their people.
pub fn propose(
    board: &Board,
    post: &DutyPost,
    first_day: i32,
    days: u16,
    at: &dyn Fn(i32, u16) -> Timestamp,
) -> Vec<Proposed> {
    let Some(pattern) = &post.details.pattern else {
        return Vec::new();
    };
    let mut all: Vec<Proposed> = Vec::new();
    for (from, until, turn) in turns_between(pattern, first_day, days, at) {
        let there = |one: &&std::sync::Arc<Shift>| {
            one.post == post.id && one.from == from && !one.cancelled
        };
        if board.shifts.values().any(|one| there(&one)) {
            continue;
        }
        let team = turn
            .team
            .and_then(|team| pattern.teams.get(usize::from(team)));
        let people = team.into_iter().flatten().copied();
        match all.last_mut() {
            Some(last) if (last.from, last.until) == (from, until) => last.people.extend(people),
            Some(_) | None => all.push(Proposed {
                from,
                until,
                people: people.collect(),
                on_leave: BTreeSet::new(),
                clashes: Vec::new(),
            }),
        }
    }
    let mut beside: Vec<Span> = Vec::new();
    for one in &mut all {
        let away = |person: &&PersonId| {
            let mut posts = board.duty_posts.values();
            posts.any(|post| post.leave_of(**person, one.from, one.until).is_some())
        };
        one.on_leave = one.people.iter().filter(away).copied().collect();
        one.people.retain(|person| !one.on_leave.contains(person));
        for person in &one.people {
            let span = Span {
                person: *person,
                post: post.id,
                from: one.from,
                until: one.until,
            };
            if let Some(because) = rest_clash(board, &span, &beside, None) {
                one.clashes.push((*person, because));
            }
        }
        beside.extend(one.people.iter().map(|person| Span {
            person: *person,
            post: post.id,
            from: one.from,
            until: one.until,
        }));
    }
    all
}

/// A time in which too few are planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Where.
    pub post: DutyPostId,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// How many must be there.
    pub needed: u16,
    /// How many are planned.
    pub planned: u16,
}

/// Returns where nobody, or too few, are planned between two moments. A post without a pattern must be staffed all the
/// time, one with a pattern whenever it says that somebody comes.
pub fn gaps(
    board: &Board,
    from: Timestamp,
    until: Timestamp,
    at: &dyn Fn(i32, u16) -> Timestamp,
) -> Vec<Gap> {
    let open = board.duty_posts.values().filter(|post| post.is_open());
    open.flat_map(|post| gaps_of(board, post, from, until, at))
        .collect()
}

fn gaps_of(
    board: &Board,
    post: &DutyPost,
    from: Timestamp,
    until: Timestamp,
    at: &dyn Fn(i32, u16) -> Timestamp,
) -> Vec<Gap> {
    let shifts: Vec<&Shift> = board
        .shifts
        .values()
        .map(AsRef::as_ref)
        .filter(|one| one.post == post.id && one.is_open())
        .filter(|one| one.from < until && from < one.until)
        .collect();
    let turns = needed_turns(post, from, until, at);
    let mut bounds: BTreeSet<Timestamp> = [from, until].into();
    let inside = |moment: &Timestamp| from < *moment && *moment < until;
    let of_shifts = shifts.iter().flat_map(|one| [one.from, one.until]);
    bounds.extend(of_shifts.filter(inside));
    let of_turns = turns
        .iter()
        .flatten()
        .flat_map(|(from, until)| [*from, *until]);
    bounds.extend(of_turns.filter(inside));
    let bounds: Vec<Timestamp> = bounds.into_iter().collect();
    let mut all: Vec<Gap> = Vec::new();
    for pair in bounds.windows(2) {
        let (from, until) = (pair[0], pair[1]);
        let covers = |(begin, end): &(Timestamp, Timestamp)| *begin <= from && until <= *end;
        let wanted = turns.as_ref().is_none_or(|turns| turns.iter().any(covers));
        let needed = if wanted { post.details.minimum } else { 0 };
        let there: BTreeSet<PersonId> = shifts
            .iter()
            .filter(|one| one.from <= from && until <= one.until)
            .flat_map(|one| one.people.iter().copied())
            .collect();
        let planned = u16::try_from(there.len()).unwrap_or(u16::MAX);
        if planned >= needed {
            continue;
        }
        match all.last_mut() {
            Some(last)
                if last.until == from && (last.needed, last.planned) == (needed, planned) =>
            {
                last.until = until;
            }
            Some(_) | None => all.push(Gap {
                post: post.id,
                from,
                until,
                needed,
                planned,
            }),
        }
    }
    all
}

type Turns = Vec<(Timestamp, Timestamp)>;

/// Returns when somebody must be there; always, when there is no pattern.
fn needed_turns(
    post: &DutyPost,
    from: Timestamp,
    until: Timestamp,
    at: &dyn Fn(i32, u16) -> Timestamp,
) -> Option<Turns> {
    let pattern = post.details.pattern.as_ref()?;
    // A calendar is at most a day beside that of UTC, and a turn lasts at most two.
    let day = |moment: Timestamp| i32::try_from(moment.0.div_euclid(86_400_000)).unwrap_or(0);
    let first = day(from).saturating_sub(3);
    let days = day(until).saturating_add(2).saturating_sub(first);
    let days = u16::try_from(days).unwrap_or(u16::MAX);
    let turns = turns_between(pattern, first, days, at);
    let touching = turns
        .into_iter()
        .filter(|(begin, end, _)| *begin < until && from < *end);
    Some(touching.map(|(begin, end, _)| (begin, end)).collect())
}

/// Returns how many must be at a post at a moment.
pub(super) fn needed_at(
    post: &DutyPost,
    now: Timestamp,
    at: &dyn Fn(i32, u16) -> Timestamp,
) -> u16 {
    let turns = needed_turns(post, now, Timestamp(now.0.saturating_add(1)), at);
    let wanted = turns.is_none_or(|turns| !turns.is_empty());
    if wanted { post.details.minimum } else { 0 }
}

//! A duty post (岗位): a seat or station that must be staffed, how strong at least, how to reach whoever is there, in
//! which pattern of shifts, and who is on leave.
//!
//! A pattern is data: a cycle of days, and in it who comes when. Shifts are worked out from it by
//! [`duty::propose`](crate::duty::propose) and become records when the duty officer accepts them. That nobody is
//! there, or too few, follows from shifts and clock and is stored nowhere. The people named here are the agency's own
//! who sign in; why somebody is on leave is nobody's business and has no place here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::person::Seat;
use super::{Context, Event, Happened, Life, Meta, RecordKind};
use crate::basis::{DutyPostId, Line, PersonId, Personal, StationId, Text, Timestamp};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;

/// A duty post as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyPost {
    /// Its name in entries and the API.
    pub id: DutyPostId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// What must be staffed, and how.
    pub details: DutyPostDetails,
    /// Who is on leave, and was not long ago.
    pub leaves: Vec<Leave>,
    /// When it was given up, if it was.
    pub ended_at: Option<Timestamp>,
}

/// What must be staffed, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyPostDetails {
    /// What people call it; unique among those that are in use.
    pub name: Line,
    /// The same in the agency's other language, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_other: Option<Line>,
    /// The seat that is held there, if it is one of the node's: only who may take it comes on.
    pub seat: Option<Seat>,
    /// The station it belongs to, if to one.
    pub station: Option<StationId>,
    /// How many must be there at least.
    pub minimum: u16,
    /// How to reach whoever is there: a telephone, a radio channel.
    pub reach: Line,
    /// In which pattern people come; all round the clock, each shift planned by hand, when absent.
    pub pattern: Option<Pattern>,
    /// Minutes of rest that a person has between two shifts at least.
    pub rest_min: u16,
    /// Shifts that a person may have within any seven days; as many as there are when 0.
    pub week_max: u16,
    /// Whether the last one goes off only by a handover.
    pub hands_over: bool,
}

/// A cycle of shifts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// A day on which the cycle begins, counted from 1970-01-01 in the node's own calendar.
    pub anchor_day: i32,
    /// How many days until it begins again.
    pub cycle_days: u16,
    /// The shifts of one cycle.
    pub turns: Vec<Turn>,
    /// Who comes together.
    pub teams: Vec<BTreeSet<PersonId>>,
}

/// One shift of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Turn {
    /// On which day of the cycle it begins, from 0.
    pub day: u16,
    /// How many minutes into the day, by the clock on the wall.
    pub start_min: u16,
    /// How long it lasts, in minutes.
    pub length_min: u16,
    /// Which team comes; whoever signs up when absent.
    pub team: Option<u16>,
}

/// Somebody is not there for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leave {
    /// Who.
    pub person: PersonId,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl DutyPost {
    /// Returns true until it is given up.
    pub fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Returns the leave of a person that touches a span of time.
    pub fn leave_of(&self, person: PersonId, from: Timestamp, until: Timestamp) -> Option<&Leave> {
        let touches = |one: &&Leave| one.person == person && one.from < until && from < one.until;
        self.leaves.iter().find(touches)
    }

    /// Returns the name in both languages, where it has both.
    pub fn label(&self) -> Text {
        let name = self.details.name.to_string();
        let other = self.details.name_other.as_ref();
        let en = other.map_or_else(|| name.clone(), ToString::to_string);
        Text::new(en, name)
    }
}

impl Life for DutyPost {
    fn needs_attention(&self) -> bool {
        self.is_open()
    }
}

/// What can be asked of a duty post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DutyPostAction {
    /// Enter a new one.
    Enter {
        /// What must be staffed.
        details: DutyPostDetails,
    },
    /// Change what must be staffed, or how.
    Amend {
        /// Which.
        duty_post: DutyPostId,
        /// How it is now, all of it.
        details: DutyPostDetails,
    },
    /// Note that somebody is on leave, and take them off the shifts planned for that time.
    GiveLeave {
        /// Where.
        duty_post: DutyPostId,
        /// Who and when.
        leave: Leave,
    },
    /// Take a leave back, from its beginning.
    EndLeave {
        /// Where.
        duty_post: DutyPostId,
        /// Whose.
        person: PersonId,
        /// When it would have begun.
        from: Timestamp,
    },
    /// Give it up.
    End {
        /// Which.
        duty_post: DutyPostId,
    },
}

impl DutyPostAction {
    /// Returns the duty post it changes.
    pub fn subject(&self) -> Option<DutyPostId> {
        match self {
            DutyPostAction::Enter { .. } => None,
            DutyPostAction::Amend { duty_post, .. }
            | DutyPostAction::GiveLeave { duty_post, .. }
            | DutyPostAction::EndLeave { duty_post, .. }
            | DutyPostAction::End { duty_post } => Some(*duty_post),
        }
    }
}

/// What happened to a duty post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum DutyPostEvent {
    /// It was entered.
    Entered {
        /// What must be staffed.
        details: DutyPostDetails,
    },
    /// It was changed.
    Amended {
        /// How it is now.
        details: DutyPostDetails,
    },
    /// Somebody is on leave.
    LeaveGiven {
        /// Who and when.
        leave: Leave,
    },
    /// A leave was taken back.
    LeaveEnded {
        /// Whose.
        person: PersonId,
        /// When it would have begun.
        from: Timestamp,
    },
    /// It was given up.
    Ended,
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 5] =
    ["entered", "amended", "leave_given", "leave_ended", "ended"];

pub(super) fn decide(
    board: &Board,
    action: &DutyPostAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let (id, event) = match action {
        DutyPostAction::Enter { details } => {
            check_details(board, None, details)?;
            let open = board.duty_posts.values().filter(|one| one.is_open());
            if open.count() >= limits::DUTY_POSTS_MAX {
                return Err(limit("duty posts", "岗位", limits::DUTY_POSTS_MAX));
            }
            let details = details.clone();
            let id = DutyPostId(context.entropy.next_16());
            (id, DutyPostEvent::Entered { details })
        }
        DutyPostAction::Amend { duty_post, details } => {
            must_be_open(board, *duty_post)?;
            check_details(board, Some(*duty_post), details)?;
            let details = details.clone();
            (*duty_post, DutyPostEvent::Amended { details })
        }
        DutyPostAction::GiveLeave { duty_post, leave } => {
            let found = must_be_open(board, *duty_post)?;
            check_leave(board, found, leave, context.now)?;
            let leave = *leave;
            let mut all = vec![Happened::new(
                *duty_post,
                Event::DutyPost(DutyPostEvent::LeaveGiven { leave }),
            )];
            all.extend(super::shift::taken_off_for(board, leave));
            return Ok(all);
        }
        DutyPostAction::EndLeave {
            duty_post,
            person,
            from,
        } => {
            let found = must_be_open(board, *duty_post)?;
            let mut leaves = found.leaves.iter();
            if !leaves.any(|one| one.person == *person && one.from == *from) {
                return Err(missing("A leave that is noted", "已登记的休假"));
            }
            let (person, from) = (*person, *from);
            (*duty_post, DutyPostEvent::LeaveEnded { person, from })
        }
        DutyPostAction::End { duty_post } => {
            must_be_open(board, *duty_post)?;
            let mut shifts = board.shifts.values();
            let held = |one: &&std::sync::Arc<super::shift::Shift>| {
                one.post == *duty_post && !one.on.is_empty()
            };
            if shifts.any(|one| held(&one)) {
                return Err(Refusal::WrongState {
                    kind: RecordKind::DutyPost,
                    state: Text::new("held by somebody now", "当前有人在岗"),
                    instead: Text::new("Let them go off duty first.", "请先办理下岗。"),
                });
            }
            (*duty_post, DutyPostEvent::Ended)
        }
    };
    Ok(vec![Happened::new(id, Event::DutyPost(event))])
}

pub(super) fn must_be_open(board: &Board, post: DutyPostId) -> Result<&DutyPost, Refusal> {
    let found = board.duty_post(post)?;
    if found.is_open() {
        return Ok(found);
    }
    Err(Refusal::WrongState {
        kind: RecordKind::DutyPost,
        state: Text::new("given up", "已撤销"),
        instead: Text::new("Choose another duty post.", "请另选岗位。"),
    })
}

fn check_details(
    board: &Board,
    own: Option<DutyPostId>,
    details: &DutyPostDetails,
) -> Result<(), Refusal> {
    let same = |one: &&std::sync::Arc<DutyPost>| {
        Some(one.id) != own && one.is_open() && one.details.name == details.name
    };
    if board.duty_posts.values().any(|one| same(&one)) {
        return Err(Refusal::Taken {
            kind: RecordKind::DutyPost,
            name: details.name.to_string(),
        });
    }
    if let Some(station) = details.station {
        board.station(station)?;
    }
    if usize::from(details.minimum) > limits::DUTY_PEOPLE_MAX {
        return Err(limit(
            "people of a duty post",
            "岗位人数",
            limits::DUTY_PEOPLE_MAX,
        ));
    }
    match &details.pattern {
        Some(pattern) => check_pattern(board, pattern),
        None => Ok(()),
    }
}

fn check_pattern(board: &Board, pattern: &Pattern) -> Result<(), Refusal> {
    let days = usize::from(pattern.cycle_days);
    if days == 0 || pattern.turns.is_empty() {
        return Err(missing("A shift in the pattern", "班次"));
    }
    if days > limits::DUTY_CYCLE_DAYS_MAX {
        return Err(limit(
            "days of a cycle",
            "轮班周期天数",
            limits::DUTY_CYCLE_DAYS_MAX,
        ));
    }
    if pattern.turns.len() > limits::DUTY_TURNS_MAX {
        return Err(limit(
            "shifts of a cycle",
            "每个周期的班次",
            limits::DUTY_TURNS_MAX,
        ));
    }
    if pattern.teams.len() > limits::DUTY_TEAMS_MAX {
        return Err(limit("teams", "班组", limits::DUTY_TEAMS_MAX));
    }
    for turn in &pattern.turns {
        let team = turn.team.map_or(0, usize::from);
        let fits = usize::from(turn.day) < days
            && turn.start_min < 24 * 60
            && turn.length_min > 0
            && (turn.team.is_none() || team < pattern.teams.len());
        if !fits {
            return Err(missing(
                "A day of the cycle, a time of day, a length and a team that there is, for every shift",
                "每个班次在周期内的日期、时刻、时长和已有班组",
            ));
        }
        if usize::from(turn.length_min) > limits::SHIFT_MINUTES_MAX {
            return Err(limit(
                "minutes of a duty shift",
                "班次时长（分钟）",
                limits::SHIFT_MINUTES_MAX,
            ));
        }
    }
    for team in &pattern.teams {
        if team.len() > limits::DUTY_PEOPLE_MAX {
            return Err(limit(
                "people of a team",
                "每个班组人数",
                limits::DUTY_PEOPLE_MAX,
            ));
        }
        for person in team {
            board.person(*person)?;
        }
    }
    Ok(())
}

fn check_leave(
    board: &Board,
    found: &DutyPost,
    leave: &Leave,
    now: Timestamp,
) -> Result<(), Refusal> {
    board.person(leave.person)?;
    if leave.until <= leave.from || leave.until <= now {
        return Err(missing(
            "An end after the beginning and in the future",
            "晚于开始且尚未过去的结束时间",
        ));
    }
    let days = limits::DUTY_LEAVE_DAYS_MAX;
    if leave.until.0.saturating_sub(leave.from.0) > days as i64 * 24 * 3_600_000 {
        return Err(limit("days of a leave", "休假天数", days));
    }
    let running = found.leaves.iter().filter(|one| one.until > now);
    if running.count() >= limits::DUTY_LEAVES_MAX {
        return Err(limit(
            "leaves at a duty post",
            "每个岗位的休假",
            limits::DUTY_LEAVES_MAX,
        ));
    }
    if found
        .leave_of(leave.person, leave.from, leave.until)
        .is_some()
    {
        return Err(Refusal::WrongState {
            kind: RecordKind::DutyPost,
            state: Text::new(
                "one at which that person is on leave then already",
                "该人员此时段已登记休假",
            ),
            instead: Text::new(
                "End that leave first, or choose other days.",
                "请先销假，或另选时段。",
            ),
        });
    }
    Ok(())
}

pub(super) fn missing(en: &str, zh: &str) -> Refusal {
    Refusal::Missing(Text::new(en, zh))
}

pub(super) fn limit(en: &str, zh: &str, max: usize) -> Refusal {
    Refusal::Limit {
        what: Text::new(en, zh),
        max,
    }
}

pub(super) fn apply(
    before: Option<&DutyPost>,
    event: &DutyPostEvent,
    _: Option<&Personal>,
    meta: &Meta,
) -> Option<DutyPost> {
    if let DutyPostEvent::Entered { details } = event {
        return Some(DutyPost {
            id: DutyPostId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            details: details.clone(),
            leaves: Vec::new(),
            ended_at: None,
        });
    }
    let mut post = before?.clone();
    post.version = meta.version;
    post.changed_at = meta.at;
    match event {
        DutyPostEvent::Entered { .. } => {}
        DutyPostEvent::Amended { details } => post.details = details.clone(),
        DutyPostEvent::LeaveGiven { leave } => {
            // What is over is in the entries; here it would only grow.
            let kept = Timestamp(meta.at.0.saturating_sub(limits::SHIFT_KEPT_MS));
            post.leaves.retain(|one| one.until > kept);
            post.leaves.push(*leave);
        }
        DutyPostEvent::LeaveEnded { person, from } => {
            let ended = |one: &Leave| one.person == *person && one.from == *from;
            post.leaves.retain(|one| !ended(one));
        }
        DutyPostEvent::Ended => post.ended_at = Some(meta.happened_at),
    }
    Some(post)
}

//! A road condition (路况): for a while roads in a place are closed, or slower than usual, for the agency's units.
//!
//! People say what they know (a bridge is closed, a street is under water) as a shape on the map, not as a list of
//! roads: which roads that meets is worked out by whoever has the road network. That it is planned, in force or past
//! follows from its times and the clock ([`RoadCondition::phase`]) and is stored nowhere; it may also be ended by
//! a person. A lane that is closed to others and open to our units changes no time of ours and is no road condition.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Context, Event, Happened, Life, Meta, RecordKind};
use crate::basis::{Line, Personal, Point, RoadConditionId, Text, Timestamp};
use crate::board::Board;
use crate::limits;
use crate::refusal::Refusal;

/// A road condition as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoadCondition {
    /// Its name.
    pub id: RoadConditionId,
    /// How many events made it.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// When it was entered.
    pub entered_at: Timestamp,
    /// What it is, where, why and for how long.
    pub details: RoadConditionDetails,
    /// When somebody ended it, if somebody did.
    pub ended_at: Option<Timestamp>,
}

/// What a road condition is, where, why and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoadConditionDetails {
    /// What it does to the roads.
    pub effect: RoadEffect,
    /// Where.
    pub shape: RoadShape,
    /// Why.
    pub reason: Line,
    /// From when.
    pub from: Timestamp,
    /// Until when; until somebody ends it if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// What a road condition does to the roads, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum RoadEffect {
    /// Nobody drives through. Whoever stands within may leave, and whoever is sent into it may enter.
    Closed,
    /// It goes slower than usual.
    Slowed {
        /// Speed in percent of the usual one, 1 to 99.
        percent: u8,
    },
}

/// Where a road condition is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum RoadShape {
    /// On the roads that come into an area.
    Area {
        /// Its corners, in order; the last is joined to the first.
        points: Vec<Point>,
    },
    /// On the roads that run along a line.
    Line {
        /// Its points, in order.
        points: Vec<Point>,
        /// How wide it is, in metres, both sides together.
        width_m: u32,
    },
    /// On the roads that come into a circle.
    Circle {
        /// Its middle.
        centre: Point,
        /// Its radius in metres.
        radius_m: u32,
    },
}

/// Where a road condition is in its life, at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoadPhase {
    /// It begins later.
    Planned,
    /// It holds now.
    InForce,
    /// Its time ran out.
    RanOut,
    /// Somebody ended it.
    Ended,
}

impl RoadPhase {
    /// Returns the word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            RoadPhase::Planned => "planned",
            RoadPhase::InForce => "in_force",
            RoadPhase::RanOut => "ran_out",
            RoadPhase::Ended => "ended",
        }
    }
}

impl RoadCondition {
    /// Returns where it is in its life at a moment.
    pub fn phase(&self, now: Timestamp) -> RoadPhase {
        if self.ended_at.is_some() {
            RoadPhase::Ended
        } else if self.details.until.is_some_and(|until| until <= now) {
            RoadPhase::RanOut
        } else if now < self.details.from {
            RoadPhase::Planned
        } else {
            RoadPhase::InForce
        }
    }

    /// Returns true if it is or will be in force unless something is done.
    pub fn is_to_come_or_in_force(&self, now: Timestamp) -> bool {
        match self.phase(now) {
            RoadPhase::Planned | RoadPhase::InForce => true,
            RoadPhase::RanOut | RoadPhase::Ended => false,
        }
    }

    /// Returns since when it is over for good, if that was before a moment.
    pub fn over_since(&self, moment: Timestamp) -> Option<Timestamp> {
        let ran_out = self.details.until.filter(|until| *until < moment);
        match (self.ended_at, ran_out) {
            (Some(ended), Some(ran_out)) => Some(ended.min(ran_out)),
            (one, other) => one.or(other),
        }
    }
}

impl Life for RoadCondition {
    fn open_item(&self, now: Timestamp) -> Option<super::Open> {
        let reason = &self.details.reason;
        self.over_since(now).is_none().then(|| super::Open {
            what: Text::new(
                format!("road condition: {reason}"),
                format!("路况：{reason}"),
            ),
            since: self.details.from,
        })
    }

    // Its time may run out while nobody writes; that follows from the clock, which no row knows.
    fn needs_attention(&self) -> bool {
        self.ended_at.is_none()
    }
}

/// What can be asked of a road condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoadConditionAction {
    /// Enter a new one.
    Enter {
        /// What it is.
        details: RoadConditionDetails,
    },
    /// Change until when it holds.
    AmendEnd {
        /// Which.
        road_condition: RoadConditionId,
        /// Until when; until somebody ends it if not given.
        until: Option<Timestamp>,
    },
    /// End it now.
    End {
        /// Which.
        road_condition: RoadConditionId,
    },
    /// Put it in force again after it was ended: only to take the ending back.
    Resume {
        /// Which.
        road_condition: RoadConditionId,
    },
}

impl RoadConditionAction {
    /// Returns the road condition it changes.
    pub fn subject(&self) -> Option<RoadConditionId> {
        match self {
            RoadConditionAction::Enter { .. } => None,
            RoadConditionAction::AmendEnd { road_condition, .. }
            | RoadConditionAction::End { road_condition }
            | RoadConditionAction::Resume { road_condition } => Some(*road_condition),
        }
    }
}

/// What happened to a road condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RoadConditionEvent {
    /// It was entered.
    Entered {
        /// What it is.
        details: RoadConditionDetails,
    },
    /// Until when it holds was changed.
    EndAmended {
        /// Until when; until somebody ends it if not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// It was ended.
    Ended,
    /// Its ending was taken back.
    Resumed,
}

/// The names of its events, as entries carry them; one that is not listed is of a newer program.
pub(super) const EVENT_NAMES: [&str; 4] = ["entered", "end_amended", "ended", "resumed"];

pub(super) fn decide(
    board: &Board,
    action: &RoadConditionAction,
    context: &mut Context<'_>,
) -> Result<Vec<Happened>, Refusal> {
    let now = context.now;
    let (id, event) = match action {
        RoadConditionAction::Enter { details } => {
            check(details, now)?;
            room_for_one_more(board, now)?;
            let event = RoadConditionEvent::Entered {
                details: details.clone(),
            };
            (RoadConditionId(context.entropy.next_16()), event)
        }
        RoadConditionAction::AmendEnd {
            road_condition,
            until,
        } => {
            let found = board.road_condition(*road_condition)?;
            must_not_be_over(found, now)?;
            check_until(found.details.from, *until, now)?;
            (
                *road_condition,
                RoadConditionEvent::EndAmended { until: *until },
            )
        }
        RoadConditionAction::End { road_condition } => {
            must_not_be_over(board.road_condition(*road_condition)?, now)?;
            (*road_condition, RoadConditionEvent::Ended)
        }
        RoadConditionAction::Resume { road_condition } => {
            let found = board.road_condition(*road_condition)?;
            if found.phase(now) != RoadPhase::Ended {
                return Err(wrong_state(
                    found,
                    now,
                    "Nothing needs doing.",
                    "无需操作。",
                ));
            }
            room_for_one_more(board, now)?;
            (*road_condition, RoadConditionEvent::Resumed)
        }
    };
    Ok(vec![Happened::new(id, Event::RoadCondition(event))])
}

fn check(details: &RoadConditionDetails, now: Timestamp) -> Result<(), Refusal> {
    if let RoadEffect::Slowed { percent } = details.effect
        && !(1..=limits::SLOWED_PERCENT_MAX).contains(&percent)
    {
        return Err(Refusal::Missing(Text::new(
            format!(
                "A speed of 1 to {} percent of the usual one",
                limits::SLOWED_PERCENT_MAX
            ),
            format!("通常速度的 1 至 {}%", limits::SLOWED_PERCENT_MAX),
        )));
    }
    check_shape(&details.shape)?;
    let latest = now
        .0
        .saturating_add(limits::ROAD_CONDITION_AHEAD_MAX_MS)
        .max(now.0);
    if details.from.0 > latest {
        return Err(too_far_ahead());
    }
    check_until(details.from, details.until, now)
}

fn check_until(from: Timestamp, until: Option<Timestamp>, now: Timestamp) -> Result<(), Refusal> {
    let Some(until) = until else {
        return Ok(());
    };
    if until <= now || until <= from {
        return Err(Refusal::Missing(Text::new(
            "An end that is after the beginning and in the future",
            "晚于开始时间的将来结束时间",
        )));
    }
    if until.0.saturating_sub(now.0) > limits::ROAD_CONDITION_AHEAD_MAX_MS {
        return Err(too_far_ahead());
    }
    Ok(())
}

fn too_far_ahead() -> Refusal {
    let max = usize::try_from(limits::ROAD_CONDITION_AHEAD_MAX_MS / (24 * 3_600 * 1_000))
        .unwrap_or(usize::MAX);
    Refusal::Limit {
        what: Text::new("days that a road condition lies ahead", "路况提前的天数"),
        max,
    }
}

fn check_shape(shape: &RoadShape) -> Result<(), Refusal> {
    let (points, least, what) = match shape {
        RoadShape::Area { points } => (
            points.as_slice(),
            3,
            Text::new("An area of three corners or more", "至少三个角点的区域"),
        ),
        RoadShape::Line { points, width_m } => {
            within(
                *width_m,
                limits::ROAD_LINE_WIDTH_M_MAX,
                ("metres that a line is wide", "线的宽度（米）"),
            )?;
            (
                points.as_slice(),
                2,
                Text::new("A line of two points or more", "至少两个点的线"),
            )
        }
        RoadShape::Circle { radius_m, .. } => {
            return within(
                *radius_m,
                limits::ROAD_CIRCLE_RADIUS_M_MAX,
                ("metres of a circle's radius", "圆的半径（米）"),
            );
        }
    };
    if points.len() > limits::POINTS_PER_SHAPE_MAX {
        return Err(Refusal::Limit {
            what: Text::new("points of a road condition", "路况形状的点"),
            max: limits::POINTS_PER_SHAPE_MAX,
        });
    }
    let distinct: BTreeSet<Point> = points.iter().copied().collect();
    if distinct.len() < least {
        return Err(Refusal::Missing(what));
    }
    Ok(())
}

fn within(metres: u32, max: u32, (en, zh): (&str, &str)) -> Result<(), Refusal> {
    if metres == 0 {
        return Err(Refusal::Missing(Text::new(
            format!("A number of {en}"),
            format!("大于零的{zh}"),
        )));
    }
    if metres > max {
        return Err(Refusal::Limit {
            what: Text::new(en, zh),
            max: usize::try_from(max).unwrap_or(usize::MAX),
        });
    }
    Ok(())
}

fn room_for_one_more(board: &Board, now: Timestamp) -> Result<(), Refusal> {
    let conditions = board.road_conditions.values();
    let counted = conditions.filter(|one| one.is_to_come_or_in_force(now));
    if counted.count() < limits::ROAD_CONDITIONS_MAX {
        return Ok(());
    }
    Err(Refusal::Limit {
        what: Text::new("road conditions at a time", "同时存在的路况"),
        max: limits::ROAD_CONDITIONS_MAX,
    })
}

fn must_not_be_over(found: &RoadCondition, now: Timestamp) -> Result<(), Refusal> {
    if found.is_to_come_or_in_force(now) {
        return Ok(());
    }
    Err(wrong_state(
        found,
        now,
        "Enter a new one if the road is not clear.",
        "如道路仍受影响，请新建路况。",
    ))
}

fn wrong_state(found: &RoadCondition, now: Timestamp, en: &str, zh: &str) -> Refusal {
    let state = match found.phase(now) {
        RoadPhase::Planned => Text::new("planned", "待生效"),
        RoadPhase::InForce => Text::new("in force", "生效中"),
        RoadPhase::RanOut => Text::new("past its end", "已到期"),
        RoadPhase::Ended => Text::new("ended", "已解除"),
    };
    Refusal::WrongState {
        kind: RecordKind::RoadCondition,
        state,
        instead: Text::new(en, zh),
    }
}

pub(super) fn apply(
    before: Option<&RoadCondition>,
    event: &RoadConditionEvent,
    _: Option<&Personal>,
    meta: &Meta,
) -> Option<RoadCondition> {
    if let RoadConditionEvent::Entered { details } = event {
        return Some(RoadCondition {
            id: RoadConditionId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            entered_at: meta.at,
            details: details.clone(),
            ended_at: None,
        });
    }
    let mut next = before?.clone();
    next.version = meta.version;
    next.changed_at = meta.at;
    match event {
        RoadConditionEvent::Entered { .. } => {}
        RoadConditionEvent::EndAmended { until } => next.details.until = *until,
        RoadConditionEvent::Ended => next.ended_at = Some(meta.at),
        RoadConditionEvent::Resumed => next.ended_at = None,
    }
    Some(next)
}

//! Which unit to send when its time is weighed against the cover that it leaves behind.
//!
//! One setting with a plain meaning does the weighing: how many seconds of longer drive one percentage point of expected
//! public calls that can no longer be reached in time is worth. At 0 the nearest goes, always.
//!
//! A unit that reaches the incident within the target is never passed over, for the sake of cover, in favour of one that does
//! not. And if nobody reaches an incident of priority 1 within the target, the nearest goes: cover decides nothing then.

use serde::{Deserialize, Serialize};

use super::field::CoverField;
use crate::basis::Priority;

/// Parts per million that one percentage point is.
const POINT_PPM: u64 = 10_000;

/// How time is weighed against cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Trade {
    /// One more percentage point of expected public calls that could not be reached in time counts as much as so many
    /// seconds of longer drive.
    pub cover_worth_s: u32,
}

impl Default for Trade {
    /// Returns the default that the trials decided (docs/bench/trial.md).
    fn default() -> Trade {
        Trade { cover_worth_s: 30 }
    }
}

/// A unit that may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The spot at which it is counted in the field; none if it is not counted (already bound, or its class has no field).
    pub spot: Option<usize>,
    /// Seconds that it needs.
    pub drive_s: u32,
    /// Seconds that sending it costs the call from which it is taken; 0 for a unit that is free.
    pub costs_other_s: u32,
}

/// A candidate in its place, with what decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranked {
    /// Which of the candidates, from 0, in the order in which they came.
    pub candidate: usize,
    /// Share of expected public calls that sending it leaves uncovered, in parts per million.
    pub loss_ppm: u32,
    /// Its drive, what the cover is worth, and what another call loses, in milliseconds; the least is best.
    pub score_ms: u64,
}

/// Ranks candidates for an incident, best first; equal ones by shorter drive, then in the order in which they came.
pub fn rank(
    field: &CoverField,
    candidates: &[Candidate],
    priority: Priority,
    target_s: u32,
    trade: Trade,
) -> Vec<Ranked> {
    let loss = |candidate: &Candidate| {
        let loss = candidate.spot.map(|spot| field.loss(spot));
        loss.map_or(0, |loss| field.ppm(loss))
    };
    let losses: Vec<u32> = candidates.iter().map(loss).collect();
    rank_by_losses(candidates, &losses, priority, target_s, trade)
}

/// Does the same where it is known what sending each leaves uncovered, in parts per million, in the order of the candidates.
pub fn rank_by_losses(
    candidates: &[Candidate],
    losses: &[u32],
    priority: Priority,
    target_s: u32,
    trade: Trade,
) -> Vec<Ranked> {
    let in_time = |candidate: &Candidate| candidate.drive_s <= target_s;
    // Time alone decides where a life may hang on it and nobody is in time anyway.
    let time_alone = priority == Priority::P1 && !candidates.iter().any(in_time);
    let mut ranked: Vec<Ranked> = Vec::with_capacity(candidates.len());
    for (number, (candidate, loss_ppm)) in candidates.iter().zip(losses).enumerate() {
        let weighed = if time_alone {
            0
        } else {
            worth_ms(*loss_ppm, trade)
        };
        ranked.push(Ranked {
            candidate: number,
            loss_ppm: *loss_ppm,
            score_ms: (u64::from(candidate.drive_s) + u64::from(candidate.costs_other_s)) * 1_000
                + weighed,
        });
    }
    let order = |one: &Ranked| {
        let candidate = &candidates[one.candidate];
        (
            !in_time(candidate),
            one.score_ms,
            candidate.drive_s,
            one.candidate,
        )
    };
    ranked.sort_by_key(order);
    ranked
}

/// Returns what a loss of cover is worth, in milliseconds of drive.
fn worth_ms(loss_ppm: u32, trade: Trade) -> u64 {
    u64::from(loss_ppm) * u64::from(trade.cover_worth_s) * 1_000 / POINT_PPM
}

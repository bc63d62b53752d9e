//! Strength: how many units of which kind a station has, free, bound and out of service, and how its duty posts are staffed.
//! From the board alone; start at [`strength`] and [`post_strength`].

use std::collections::BTreeMap;

use crate::basis::{Code, DutyPostId, StationId, Timestamp};
use crate::board::{Board, UnitStatus};
use crate::duty;
use crate::record::person::Seat;

/// How many units of one kind a station has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Strength {
    /// On duty: free, bound and out of service together.
    pub on_duty: u32,
    /// Free to be sent.
    pub free: u32,
    /// Of the free ones, those whose crew rests.
    pub resting: u32,
    /// Bound by an assignment.
    pub bound: u32,
    /// On duty and not to be sent.
    pub out_of_service: u32,
    /// Entered, and nobody is on them.
    pub off_duty: u32,
}

impl Strength {
    /// Adds another.
    pub fn add(&mut self, other: &Strength) {
        self.on_duty += other.on_duty;
        self.free += other.free;
        self.resting += other.resting;
        self.bound += other.bound;
        self.out_of_service += other.out_of_service;
        self.off_duty += other.off_duty;
    }
}

/// Returns the units by station (none for those without one) and kind. A unit that waits elsewhere counts at its own station.
pub fn strength(board: &Board, now: Timestamp) -> BTreeMap<(Option<StationId>, Code), Strength> {
    let mut all: BTreeMap<(Option<StationId>, Code), Strength> = BTreeMap::new();
    for unit in board.units.values() {
        let at = (unit.details.station, unit.details.kind.clone());
        let counts = all.entry(at).or_default();
        let status = board.unit_status(unit).0;
        counts.on_duty += u32::from(status != UnitStatus::OffDuty);
        match status {
            UnitStatus::OffDuty => counts.off_duty += 1,
            UnitStatus::Available => {
                counts.free += 1;
                counts.resting += u32::from(unit.is_resting(now));
            }
            UnitStatus::Assigned | UnitStatus::EnRoute | UnitStatus::OnScene => counts.bound += 1,
            UnitStatus::OutOfService => counts.out_of_service += 1,
        }
    }
    all
}

/// How a duty post is staffed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostStrength {
    /// Which.
    pub post: DutyPostId,
    /// The station it belongs to.
    pub station: Option<StationId>,
    /// The seat that is held there.
    pub seat: Option<Seat>,
    /// How many must be there now.
    pub needed: u16,
    /// How many are.
    pub on: usize,
}

/// Returns how every duty post in use is staffed. `at` turns a day of the node's calendar and a minute of it into a moment.
pub fn post_strength(
    board: &Board,
    now: Timestamp,
    at: &dyn Fn(i32, u16) -> Timestamp,
) -> Vec<PostStrength> {
    let open = board.duty_posts.values().filter(|post| post.is_open());
    let one = |post: &std::sync::Arc<crate::record::duty_post::DutyPost>| {
        let found = duty::now(board, post, now, at);
        PostStrength {
            post: post.id,
            station: post.details.station,
            seat: post.details.seat,
            needed: found.needed,
            on: found.on.len(),
        }
    };
    open.map(one).collect()
}

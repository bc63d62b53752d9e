//! Policies that a trial compares: who is sent, and who waits where.
//!
//! A policy is a handful of settings; what they mean stands in [`watchfire_core::cover`], which the node itself uses too.

use watchfire_core::cover::MoveRules;

/// What another post must add over the unit's own, in parts per million of cover (docs/bench/trial.md): spares crews moves that
/// bring little.
const STAY_PPM: u32 = 4_000;

/// How a unit is chosen for a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Choice {
    /// The one that is there first.
    Closest,
    /// The one that is there first nine times in ten: a unit that stands is taken to need the departure that nine in ten keep.
    ClosestP90,
    /// Time against cover.
    Cover,
    /// Time against cover; and whenever a call comes in or a unit becomes free, all calls that nobody has reached and all units
    /// that can still be sent are matched at least cost, so that units on their way may change places (a swap).
    Joint,
}

/// A policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// What it is called on the command line and in the report.
    pub name: String,
    /// Who is sent.
    pub choice: Choice,
    /// One more percentage point of uncovered demand is worth so many seconds of drive.
    pub cover_worth_s: u32,
    /// Whether a unit that becomes free goes where it is needed most, rather than home.
    pub move_up: bool,
    /// The busy fraction q in thousandths.
    pub busy_permille: u16,
    /// How far cover fades around the target: 0 is a cliff at the target, as published; otherwise seconds to each side.
    pub fade_s: u16,
    /// Parts per million of cover that a minute of driving to a post must bring.
    pub minute_costs_ppm: u32,
    /// Parts per million of cover by which another post must beat the unit's own, before a unit that becomes free goes there.
    pub stay_ppm: u32,
    /// Seconds that a call which becomes late counts for, when a unit is taken from it for a graver one, or calls are matched.
    pub late_costs_s: u32,
    /// Seconds that it counts for when calls are matched and another unit takes over from one that is on its way.
    pub swap_s: u32,
    /// Moves of units that wait, when cover falls below the line; none moves nobody.
    pub moves: Option<MoveRules>,
}

impl Policy {
    /// Returns the policies that have a name.
    pub fn named(name: &str) -> Option<Policy> {
        let (base, move_up) = match name.strip_suffix("+move_up") {
            Some(base) => (base, true),
            None => (name, false),
        };
        let closest = Policy {
            name: name.to_owned(),
            choice: Choice::Closest,
            cover_worth_s: 0,
            move_up,
            busy_permille: 300,
            fade_s: 0,
            minute_costs_ppm: 0,
            stay_ppm: 0,
            swap_s: 0,
            late_costs_s: 600,
            moves: None,
        };
        let worth = watchfire_core::cover::Trade::default().cover_worth_s;
        match base {
            "closest" => Some(closest),
            "closest_p90" => Some(Policy {
                choice: Choice::ClosestP90,
                ..closest
            }),
            "dmexclp" => Some(Policy {
                move_up: true,
                ..closest
            }),
            "cover" => Some(Policy {
                choice: Choice::Cover,
                stay_ppm: STAY_PPM,
                cover_worth_s: worth,
                ..closest
            }),
            "joint" => Some(Policy {
                choice: Choice::Joint,
                stay_ppm: STAY_PPM,
                swap_s: 60,
                cover_worth_s: worth,
                ..closest
            }),
            _ => None,
        }
    }
}

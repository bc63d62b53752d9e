//! A day of a whole country: every county has a node of its own, and what it pays for the others is counted.
//!
//! The claim that this is to prove or break: what a node pays does not grow with the number of nodes that it shares
//! nothing with. Each county is a whole [`Site`](crate::site::Site), that is the engine, boards and entries of the
//! product on a disk in memory; vectors, plans, permissions, signatures and the taking of entries are the product's
//! own code. What is assumed of a county's day is in [`ASSUMED`] and [`day`]; what is counted by formula and not lived
//! is in [`ASSUMED`] too. Lines do not fail here: what faults do is the matter of [`crate::net`]. It knows no clock:
//! whoever starts it hands one in. Start at [`live`].

mod counted;
mod day;
mod federation;
mod own;

use watchfire_feed::Hash;

pub use counted::{Cost, Shape, shape};
pub use day::{Country, Joint};
use federation::Federation;
pub use own::own_day;

/// How often a node asks each other one for news, in seconds, while there is none: as the program does.
pub const ASKS_EVERY_S: u64 = 8;

/// How often one change is told over one line: as the answer to the question that waits, and by whoever has news. Each
/// time both vectors travel, as the program does it.
pub const TOLD_TIMES: u64 = 2;

/// Bytes of one key that is asked for, and of one that is given, about as long as the program's JSON of it.
pub const KEY_BYTES: u64 = 200;

/// What is assumed, each with where it comes from.
pub const ASSUMED: &[(&str, &str)] = &[
    (
        "2,844 counties in 333 cities in 31 provinces, all of equal size",
        "the number of divisions of each level; equal size is assumed",
    ),
    (
        "150 calls a day in a county, of which 43 in 100 send somebody",
        "143 million calls in 11 months of 2012 in the whole country; Shanghai 2020, 12,000 of 28,000 (field notes, 4.2)",
    ),
    (
        "these stay at home and are lived for one county only: their cost has nothing to do with other nodes",
        "counted, not lived",
    ),
    (
        "a county leads 0.5 joint operations a day: none in 60, one in 30, two in 10 of 100",
        "assumed, no figure is published",
    ),
    (
        "of these 70 in 100 call in 2 to 4 others of the same city, 22 call in 3 to 8 of the same province, 7 one of the \
         city and 1 or 2 from anywhere, 1 calls in 10 to 19 from anywhere",
        "assumed; 20 in one operation is what the design promises",
    ),
    (
        "an operation lasts 2 to 6 hours and begins and ends within the day",
        "assumed",
    ),
    (
        "the lead shares an incident with its response (one unit sent, five steps) and writes 10 notes and 4 messages",
        "assumed",
    ),
    (
        "each other member joins after 2 to 15 minutes and says 2 things; half of them share an incident with 4 notes",
        "assumed",
    ),
    (
        "notes and messages have 40 to 160 Chinese characters; no pictures",
        "assumed",
    ),
    (
        "every county is enrolled with its whole city and with those it calls in, before the day; nothing older is held",
        "assumed",
    ),
    (
        "each node asks each other one every 8 s while nothing happens; these questions are counted from the vectors of \
         every full hour",
        "the program's own interval; counted, not lived",
    ),
    (
        "a change goes over a line twice with both vectors, a key is 200 bytes; what HTTP and TLS add is left out",
        "the program's way; counted",
    ),
];

/// What is to be lived.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How many counties there are, and how they lie in cities and provinces.
    pub country: Country,
    /// All follows from it.
    pub seed: u64,
    /// How many threads live it; the result does not depend on it, except for times.
    pub workers: usize,
    /// Returns nanoseconds since whenever, of the calling thread's own work.
    pub clock: fn() -> u64,
}

/// A day that was lived.
#[derive(Debug, Clone)]
pub struct Day {
    /// The joint operations of the day.
    pub joint: Vec<Joint>,
    /// What the day cost each county.
    pub costs: Vec<Cost>,
    /// What getting to know each other cost each county before the day.
    pub before: Vec<Cost>,
    /// Two days of the same settings have the same trace.
    pub trace: Hash,
}

/// Lives one day of a country. What goes wrong is said: a deed that was refused, members that do not hold the same.
pub fn live(settings: Settings) -> Result<Day, String> {
    let joint = day::joint(settings.country, settings.seed);
    let mut federation = Federation::begin(settings, &joint);
    let before = federation.enrol(&joint)?;
    federation.live(&day::deeds(&joint, settings.seed), &joint)?;
    federation.agrees(&joint)?;
    let trace = federation.trace();
    let costs = federation.costs();
    Ok(Day {
        joint,
        costs,
        before,
        trace,
    })
}

impl Day {
    /// Returns the operations that a county takes part in, each by who leads it, which of its own it is, and who is
    /// in it: what is the same in two countries if the county's day is.
    pub fn joint_of(&self, county: usize) -> Vec<&Joint> {
        let of = |joint: &&Joint| joint.members.contains(&county);
        self.joint.iter().filter(of).collect()
    }
}

/// Returns the counties whose operations are the same in all days, members and all: nothing that they share with
/// anybody differs, only how many others there are.
pub fn unchanged(days: &[Day]) -> Vec<usize> {
    let counties = days.iter().map(|day| day.costs.len()).min().unwrap_or(0);
    let same = |county: &usize| {
        let mut all = days.iter().map(|day| day.joint_of(*county));
        let first = all.next();
        all.all(|one| Some(one) == first)
    };
    (0..counties).filter(same).collect()
}

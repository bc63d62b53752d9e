//! Cover: what can still be reached in time while some units are bound, and what to do when that is too little.
//!
//! [`Demand`] says where and when the public calls; nothing else may be put into it. [`CoverField`] holds how many free
//! units stand where and what share of that demand they are expected to reach within the target, after Daskin's maximum
//! expected covering location problem (MEXCLP, Transportation Science 17(1), 1983). From it follow what sending a unit
//! costs ([`CoverField::loss`]), which unit to send when time is weighed against cover ([`rank`]), where a unit that
//! becomes free does most good ([`best_post`]), and which few moves help when cover is below the agency's line ([`moves()`],
//! after Jagtenberg, Bhulai and van der Mei, Operations Research for Health Care 4, 2015: DMEXCLP).
//!
//! This module knows no road, no clock and no time zone: travel seconds, hours of the week and the present come in as
//! data. Whatever decides is computed in whole numbers, so that the same inputs give the same answer on every machine.

mod choice;
mod demand;
mod field;
mod moves;
mod table;
#[cfg(test)]
mod tests;

pub use choice::{Candidate, Ranked, Trade, rank, rank_by_losses};
pub use demand::{Demand, DemandError, DemandRules, HOURS, HourOfWeek, Observed, PublicCall};
pub use field::{CoverError, CoverField, CoverRules, Covered, Target};
pub use moves::{Bound, Move, MoveRules, Post, Standing, best_post, moves};
pub use table::{NO_WAY_S, TableError, TravelTable};

//! Monitoring (监测): how all that goes on is going at a moment, for the screen, the wall and the report alike.
//!
//! Nothing here is stored: it follows from a board, the rules of what is late and a clock that is passed in. What waits, at
//! which step and with whom, is [`waiting()`]; how many units there are of which kind where is [`strength()`]; how much of the area
//! a free unit reaches in time is [`Coverage`], made of travel times that come in. There is no figure by person, and none by
//! who acted: a step waits with a seat, a station, a unit, a duty post or an agency.

mod coverage;
mod strength;
mod waiting;

pub use coverage::{COVERAGE_WITHIN_S, Coverage, Nearest, class_of};
pub use strength::{PostStrength, Strength, post_strength, strength};
pub use waiting::{Moment, Wait, WaitGroup, WaitStep, Waiter, groups, waiting};

//! Routes for several vehicles past tasks with time windows: what a patrol plan is laid out with.
//!
//! It knows places by number, whole seconds (or any other whole unit of time) and nothing of units, stations or
//! calls; [`crate::patrol`] puts the one into the words of the other. Each vehicle has its own beginning, end, time
//! on the road and room; each task is done once, by a vehicle that may do it, or left out at a price. What is made
//! small is the prices of what is left out and the time under way, together.
//!
//! The method is "slack induction by string removals" (J. Christiaens and G. Vanden Berghe, Transportation Science
//! 54(2), 2020): strings of tasks near each other are taken out of routes next to each other, put back greedily with
//! some positions overlooked, and the result is kept as simulated annealing says. ADR 22 says why this and no crate.
//! The same problem, seed and steps give the same routes: no clock is read, the caller stops between two steps.
//!
//! Start at [`Search::step`]; then `problem.rs` (what is asked), `fleet.rs` (routes and their times), `near.rs` (who
//! is near whom) and `dice.rs`.

mod dice;
mod fleet;
mod near;
mod problem;
mod search;

pub use problem::{BadProblem, NO_WAY, Problem, Task, Vehicle};
pub use search::{Search, Solution};

#[cfg(test)]
mod tests;

//! What a store promises, told as stories: what was acknowledged is there, what is not sound is not
//! served, and a directory that may not write does not. Start at `log`.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod access;
mod audit;
mod drafts;
mod epoch;
mod erase;
mod faults;
mod limits;
mod log;
mod memory;
mod node;
mod past;

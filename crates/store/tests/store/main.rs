//! What a store promises, told as stories: what was acknowledged is there, what is not sound is not
//! served, and a directory that may not write does not. Start at `log`.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "helpers of tests fail like tests, and some wait for the next story"
)]

mod log;
mod node;

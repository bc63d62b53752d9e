//! What must hold whatever happens: one file each, with its reason on top.
//!
//! An invariant reads a life and says what is wrong; it changes nothing. Some are looked at after every
//! step, some after every restart (when memory is made anew from the disk), one at every spoken word.

pub(crate) mod acked_is_durable;
pub(crate) mod alarms_survive;
pub(crate) mod done_once;
pub(crate) mod every_call_kept;
pub(crate) mod feed_verifies;
pub(crate) mod memory_is_the_disk;
pub(crate) mod nonces_are_fresh;
pub(crate) mod nothing_before_durable;
pub(crate) mod rows_are_the_refold;

use crate::life::Life;

type Check = fn(&Life) -> Result<(), String>;

/// The names of all invariants, as failures call them.
pub const NAMES: [&str; 9] = [
    "acked_is_durable",
    "alarms_survive",
    "done_once",
    "every_call_kept",
    "feed_verifies",
    "memory_is_the_disk",
    "nonces_are_fresh",
    "nothing_before_durable",
    "rows_are_the_refold",
];

/// Looks at what must hold whenever no request is under way.
pub(crate) fn when_quiet(life: &Life) -> Result<(), String> {
    all(
        life,
        &[("memory_is_the_disk", memory_is_the_disk::check as Check)],
    )
}

/// Looks at what must hold when a process has just started.
pub(crate) fn after_restart(life: &Life) -> Result<(), String> {
    all(
        life,
        &[
            ("rows_are_the_refold", rows_are_the_refold::check as Check),
            ("acked_is_durable", acked_is_durable::check),
            ("done_once", done_once::check),
            ("every_call_kept", every_call_kept::check),
            ("alarms_survive", alarms_survive::check),
        ],
    )
}

/// Looks at what is too dear to be looked at more than once.
pub(crate) fn at_the_end(life: &Life) -> Result<(), String> {
    all(
        life,
        &[
            ("feed_verifies", feed_verifies::check as Check),
            ("nonces_are_fresh", nonces_are_fresh::check),
        ],
    )
}

fn all(life: &Life, checks: &[(&str, Check)]) -> Result<(), String> {
    for (name, check) in checks {
        check(life).map_err(|wrong| format!("{name}: {wrong}"))?;
    }
    Ok(())
}

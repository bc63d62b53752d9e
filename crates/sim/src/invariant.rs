//! What must hold whatever happens: one file each, with its reason on top.
//!
//! An invariant reads a life and says what is wrong; it changes nothing. Some are looked at after every
//! step, some after every restart (when memory is made anew from the disk), one at every spoken word.

pub(crate) mod acked_is_durable;
pub(crate) mod alarms_survive;
pub(crate) mod books_balance;
pub(crate) mod done_once;
pub(crate) mod every_call_kept;
pub(crate) mod feed_verifies;
pub(crate) mod handover_loses_nothing;
pub(crate) mod memory_is_the_disk;
pub(crate) mod nonces_are_fresh;
pub(crate) mod nothing_before_durable;
pub(crate) mod rows_are_the_refold;

use watchfire_core::board::Board;
use watchfire_core::engine::{self, Decoded};

use crate::joint_invariant::promised_once;
use crate::life::Life;

type Check = fn(&Life) -> Result<(), String>;

/// The names of all invariants, as failures call them.
pub const NAMES: [&str; 12] = [
    "acked_is_durable",
    "alarms_survive",
    "books_balance",
    "done_once",
    "every_call_kept",
    "feed_verifies",
    "handover_loses_nothing",
    "memory_is_the_disk",
    "nonces_are_fresh",
    "nothing_before_durable",
    "promised_once",
    "rows_are_the_refold",
];

/// Looks at what must hold whenever no request is under way.
pub(crate) fn when_quiet(life: &Life) -> Result<(), String> {
    all(
        life,
        &[
            ("memory_is_the_disk", memory_is_the_disk::check as Check),
            ("promised_once", |life| {
                promised_once::check_board(&life.host.shown)
            }),
        ],
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
    )?;
    walk(life)
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

/// Goes through all entries on the disk, and looks at each with the board as it was when it was written and what the clock
/// said then.
fn walk(life: &Life) -> Result<(), String> {
    let mut board = Board::default();
    for (entry, at) in life.disk.entries.iter().zip(&life.written) {
        let decoded = engine::decode(entry).map_err(|error| error.to_string())?;
        if let Decoded::Event { record, event, .. } = &decoded {
            let lost = handover_loses_nothing::check(&board, *record, event, *at);
            lost.map_err(|wrong| format!("handover_loses_nothing: {wrong}"))?;
            let uneven = books_balance::check(&board, *record, event, *at);
            uneven.map_err(|wrong| format!("books_balance: {wrong}"))?;
        }
        engine::fold(&mut board, &decoded, None);
    }
    Ok(())
}

//! The feed on the disk verifies from its first entry to its last, and its time strictly rises.
//!
//! Reason: an overseer must be able to prove that nothing was altered, whatever crashed and however the
//! clock went; and screens order what happened by hybrid time.

use watchfire_feed::Chain;

use crate::life::Life;

pub(crate) fn check(life: &Life) -> Result<(), String> {
    let mut chain = Chain::new(&life.disk.feed);
    let mut last = None;
    for entry in &life.disk.entries {
        chain.accept(entry).map_err(|error| error.to_string())?;
        let time = entry.header.time;
        if last.is_some_and(|last| time <= last) {
            return Err(format!("time does not rise at entry {}", entry.header.seq));
        }
        last = Some(time);
    }
    Ok(())
}

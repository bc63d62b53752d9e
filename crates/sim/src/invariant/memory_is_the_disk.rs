//! When nothing is under way, the engine, the screens and the disk say the same.
//!
//! Reason: a batch that could not be written must leave nothing behind in memory, or the next action is
//! decided on what never happened, and the next entry follows a head that nobody has.

use crate::life::Life;

pub(crate) fn check(life: &Life) -> Result<(), String> {
    if life.host.engine.head() != life.disk.head() {
        let (memory, disk) = (life.host.engine.head().seq, life.disk.head().seq);
        return Err(format!(
            "the engine stands at entry {memory}, the disk at {disk}"
        ));
    }
    if *life.host.engine.board() != life.host.shown {
        return Err("the engine holds records that the screens do not show".to_owned());
    }
    let unwritten = life.disk.rows.values().find(|row| {
        let record = life.host.shown.get(row.record);
        record.is_none_or(|record| record.version() != row.version)
    });
    match unwritten {
        Some(row) => Err(format!(
            "a {} differs from its row",
            row.record.kind.as_str()
        )),
        None => Ok(()),
    }
}

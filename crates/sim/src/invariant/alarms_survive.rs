//! Alarms are the same before and after a restart.
//!
//! Reason: a crew that does not answer must not fall silent because a server was restarted. Alarms are
//! derived from times and the clock, so the same records must give the same alarms.

use watchfire_core::basis::{AssignmentId, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::timer::{self, AlarmCode, TimerRules};

use crate::invariant::rows_are_the_refold;
use crate::life::Life;

pub(crate) fn check(life: &Life) -> Result<(), String> {
    let after = alarms(life.host.engine.board(), life.now);
    if after != alarms(&rows_are_the_refold::refold(life)?, life.now) {
        return Err("the alarms are not those that follow from the entries".to_owned());
    }
    let (head, screens) = &life.quiet;
    // If the disk has gone on since, because the process died before it could speak, more is known now.
    if *head == life.disk.head() && after != alarms(screens, life.now) {
        return Err("the restart changed the alarms".to_owned());
    }
    Ok(())
}

fn alarms(board: &Board, now: Timestamp) -> Vec<(AssignmentId, AlarmCode, Timestamp)> {
    let rules = TimerRules::default();
    let late = board.assignments.values().filter_map(|assignment| {
        let alarm = timer::alarm(assignment, &rules, now)?;
        Some((assignment.id, alarm.code, alarm.since))
    });
    late.collect()
}

//! Alarms are the same before and after a restart.
//!
//! Reason: a crew that does not answer must not fall silent because a server was restarted. Alarms are
//! derived from times and the clock, so the same records must give the same alarms.

use watchfire_core::basis::Timestamp;
use watchfire_core::board::Board;
use watchfire_core::record::{Record, RecordRef};
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

fn alarms(board: &Board, now: Timestamp) -> Vec<(RecordRef, AlarmCode, Timestamp, bool)> {
    let open = timer::open(board, &TimerRules::default(), now);
    let late = open.into_iter().map(|(record, alarm)| {
        let seen = match board.get(record) {
            Some(Record::Assignment(one)) => timer::acknowledged(&one.seen, alarm).is_some(),
            Some(Record::Incident(one)) => timer::acknowledged(&one.seen, alarm).is_some(),
            Some(Record::Call(one)) => timer::acknowledged(&one.seen, alarm).is_some(),
            Some(Record::Directive(one)) => timer::acknowledged(&one.seen, alarm).is_some(),
            Some(_) | None => false,
        };
        (record, alarm.code, alarm.since, seen)
    });
    late.collect()
}

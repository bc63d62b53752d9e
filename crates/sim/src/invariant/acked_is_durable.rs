//! What was answered "yes" is on the disk for good.
//!
//! Reason: a call taker who saw a call accepted has let go of it. If a crash could take it back, nobody
//! would ever know that somebody had called (design rule 2).

use crate::life::Life;

pub(crate) fn check(life: &Life) -> Result<(), String> {
    for acked in &life.acked {
        for (record, version) in &acked.records {
            let found = life.disk.rows.get(record).map_or(0, |row| row.version);
            if found < *version {
                let (key, kind) = (&acked.key, record.kind.as_str());
                return Err(format!(
                    "{key} was answered with version {version} of a {kind}; the disk has {found}"
                ));
            }
        }
    }
    Ok(())
}

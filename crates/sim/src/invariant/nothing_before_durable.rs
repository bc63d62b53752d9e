//! Nothing is answered or shown before it is on the disk.
//!
//! Reason: what one console shows, people act on. A unit that was seen as sent and is free again after a
//! restart may be sent twice, or never (design rule 2; house rule 2). Judged at the moment of speaking.

use watchfire_core::engine::Then;

use crate::disk::Disk;

pub(crate) fn check(disk: &Disk, then: &Then) -> Result<(), String> {
    let answered = then.answer.iter().flat_map(|outcome| &outcome.records);
    let shown = then
        .show
        .iter()
        .map(|record| (record.reference(), record.version()));
    for (record, version) in answered.copied().chain(shown) {
        let durable = disk.rows.get(&record).map_or(0, |row| row.version);
        if durable < version {
            let kind = record.kind.as_str();
            return Err(format!(
                "nothing_before_durable: version {version} of a {kind} was spoken of; the disk has {durable}"
            ));
        }
    }
    Ok(())
}

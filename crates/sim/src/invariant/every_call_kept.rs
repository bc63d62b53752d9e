//! Every call ever taken is loose, closed, or in the family of exactly one incident; no number is missing.
//!
//! Reason: merging, splitting and detaching move calls about, and each move is a chance to lose one. A
//! lost call is somebody who waits for help.

use std::collections::{BTreeMap, BTreeSet};

use crate::life::Life;

pub(crate) fn check(life: &Life) -> Result<(), String> {
    let board = life.host.engine.board();
    let entries = life.disk.entries.iter();
    let taken: BTreeSet<[u8; 16]> = entries
        .filter(|entry| entry.header.kind == "call.received")
        .map(|entry| entry.header.record)
        .collect();
    if taken.len() != board.calls.len() {
        return Err(format!(
            "{} taken, {} there",
            taken.len(),
            board.calls.len()
        ));
    }
    let mut families: BTreeMap<_, u64> = BTreeMap::new();
    for incident in board.incidents.values() {
        if incident.merged_into().is_none() {
            for call in board.calls_of(incident.id) {
                *families.entry(call.id).or_default() += 1;
            }
        }
    }
    let mut numbers = BTreeSet::new();
    for call in board.calls.values() {
        numbers.insert(call.number);
        let expected = u64::from(call.incident().is_some());
        let found = families.get(&call.id).copied().unwrap_or(0);
        if found != expected {
            return Err(format!("call {} is in {found} incidents", call.number));
        }
    }
    if !numbers.into_iter().eq(1..=board.calls.len() as u64) {
        return Err("the numbers of the calls have a gap".to_owned());
    }
    Ok(())
}

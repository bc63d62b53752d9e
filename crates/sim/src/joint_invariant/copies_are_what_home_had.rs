//! A copy, at whatever node, is what its home had at that version.
//!
//! Reason: one home writes a record (design rule 1). Two agencies that read the same version of the same record
//! must read the same; what personal data somebody has no key to is absent, and never other.

use watchfire_core::record::Record;
use watchfire_core::record::directive::Report;

use crate::net::world::World;

pub(crate) fn check(world: &World) -> Result<(), String> {
    let homes: Vec<_> = world.stands.iter().map(|stand| stand.site.node()).collect();
    for stand in world.stands.iter() {
        for (node, board) in &stand.site.shown.copies.boards {
            let Some(home) = homes.iter().position(|home| home == node) else {
                continue;
            };
            let past = &world.book.pages[&home].past;
            for copy in board.records() {
                let (name, version) = (copy.reference(), copy.version());
                let agrees = past
                    .get(&(name, version))
                    .is_some_and(|had| is_the_same(&copy, had));
                if !agrees {
                    let (at, home) = (&stand.site.name, &world.stands[home].site.name);
                    return Err(format!(
                        "{at} holds version {version} of {name}, and its home {home} never had it so"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Says whether a copy is what its home had, but for personal data that is absent.
pub(crate) fn is_the_same(copy: &Record, had: &Record) -> bool {
    if copy == had {
        return true;
    }
    match (copy, had) {
        (Record::Incident(copy), Record::Incident(had)) => {
            let mut filled = copy.as_ref().clone();
            for (note, had) in filled.notes.iter_mut().zip(&had.notes) {
                if note.text.is_none() {
                    note.text.clone_from(&had.text);
                }
            }
            filled == **had
        }
        (Record::Message(copy), Record::Message(had)) => {
            let mut filled = copy.as_ref().clone();
            if filled.text.is_none() {
                filled.text.clone_from(&had.text);
            }
            filled == **had
        }
        (Record::Directive(copy), Record::Directive(had)) => {
            let mut filled = copy.as_ref().clone();
            if filled.text.is_none() {
                filled.text.clone_from(&had.text);
            }
            for (item, had) in filled.items.iter_mut().zip(&had.items) {
                fill(&mut item.progress.reports, &had.progress.reports);
            }
            filled == **had
        }
        (Record::Reply(copy), Record::Reply(had)) => {
            let mut filled = copy.as_ref().clone();
            fill(&mut filled.reports, &had.reports);
            filled == **had
        }
        (Record::SupportRequest(copy), Record::SupportRequest(had)) => {
            let mut filled = copy.as_ref().clone();
            if filled.need.is_none() {
                filled.need.clone_from(&had.need);
            }
            filled == **had
        }
        (Record::SupportOffer(copy), Record::SupportOffer(had)) => {
            let mut filled = copy.as_ref().clone();
            if filled.note.is_none() {
                filled.note.clone_from(&had.note);
            }
            filled == **had
        }
        _ => false,
    }
}

/// Fills in the texts of reports that are absent.
fn fill(reports: &mut [Report], had: &[Report]) {
    for (report, had) in reports.iter_mut().zip(had) {
        if report.text.is_none() {
            report.text.clone_from(&had.text);
        }
    }
}

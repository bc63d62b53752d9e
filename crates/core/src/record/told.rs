//! A record made small enough to be told in one entry. Start at [`Record::to_tell`].
//!
//! What is left out is what its readers need least: old notes, old reports, the lines of a book whose figures are signed. The home
//! keeps all of it, and reads none of it back.

use std::sync::Arc;

use watchfire_feed::limits::BODY_MAX_BYTES;

use super::directive::{Addressee, Directive, Item, Report};
use super::incident::{Incident, Note};
use super::reply::Reply;
use super::settlement::Settlement;
use super::{Event, Record};
use crate::basis::Line;
use crate::limits;

/// Room for who tells it, and for what sealing adds.
const BESIDE_BYTES: usize = 2_000;

impl Record {
    /// Returns the record made small enough to be told in one entry; none if it cannot be.
    pub fn to_tell(&self) -> Option<Record> {
        let mut small = self.clone();
        if let Record::Incident(one) = self {
            small = Record::Incident(Arc::new(with_newest_notes(one)));
        }
        if let Record::Settlement(one) = self
            && !fits(&small)
        {
            small = Record::Settlement(Arc::new(figures_only(one)));
        }
        if let Record::Reply(one) = self
            && !fits(&small)
        {
            small = Record::Reply(Arc::new(with_newest_words(one)));
        }
        if let Record::Directive(one) = self {
            let steps: [fn(&mut Directive); 3] = [newest_texts, last_report_each, last_step_each];
            let mut trimmed = Directive::clone(one);
            for step in steps {
                if fits(&small) {
                    break;
                }
                step(&mut trimmed);
                small = Record::Directive(Arc::new(trimmed.clone()));
            }
        }
        fits(&small).then_some(small)
    }
}

fn fits(record: &Record) -> bool {
    let event = Event::Told(Box::new(record.clone())).to_json().to_string();
    let personal = record.personal_json().map_or(0, |json| json.len());
    event.len() + personal + BESIDE_BYTES <= BODY_MAX_BYTES
}

fn with_newest_notes(incident: &Incident) -> Incident {
    let mut room = limits::TOLD_NOTES_BYTES_MAX;
    let fits = |note: &Note| {
        let text = note.text.as_ref().map_or(0, |text| 2 * text.as_str().len());
        let left = room.checked_sub(200 + text);
        room = left.unwrap_or(0);
        left.is_some()
    };
    let notes = incident.notes.iter().rev().map(fits);
    let kept = notes.take_while(|fits| *fits).count();
    let mut small = incident.clone();
    small.notes.drain(..incident.notes.len() - kept);
    small
}

/// Other members see what was signed and how often it was corrected, not each line.
fn figures_only(one: &Settlement) -> Settlement {
    let mut small = one.clone();
    small.carried.clear();
    for correction in &mut small.corrections {
        correction.reason = left_out();
    }
    small
}

fn left_out() -> Line {
    "…".parse().expect("our own words are a line")
}

fn with_newest_words(one: &Reply) -> Reply {
    let mut small = one.clone();
    keep_newest_texts(small.reports.iter_mut().collect());
    small
}

/// Leaves the texts of the oldest reports out; that they were made stays.
fn keep_newest_texts(mut reports: Vec<&mut Report>) {
    reports.sort_by_key(|report| std::cmp::Reverse(report.mark.at));
    let mut room = limits::TOLD_NOTES_BYTES_MAX;
    for report in reports {
        let text = report.text.as_ref().map_or(0, |text| text.as_str().len());
        match room.checked_sub(text) {
            Some(left) => room = left,
            None => {
                room = 0;
                report.text = None;
            }
        }
    }
}

fn newest_texts(one: &mut Directive) {
    let items = one.items.iter_mut();
    keep_newest_texts(items.flat_map(|item| &mut item.progress.reports).collect());
}

/// An item of the home's own people is told to others by where it stands: the last report, and what was said of it.
fn last_report_each(one: &mut Directive) {
    for item in own_items(one) {
        let reports = item.progress.reports.len();
        item.progress.reports.drain(..reports.saturating_sub(1));
        item.verdicts.retain(|verdict| verdict.on == reports);
        item.verdicts.drain(..item.verdicts.len().saturating_sub(1));
        for verdict in &mut item.verdicts {
            verdict.on = item.progress.reports.len();
            verdict.returned = verdict.returned.as_ref().map(|_| left_out());
        }
        if let Some((_, reason)) = &mut item.excused {
            *reason = left_out();
        }
    }
}

/// A later step says that those before it were taken.
fn last_step_each(one: &mut Directive) {
    for item in own_items(one) {
        let progress = &mut item.progress;
        let acted = !progress.reports.is_empty();
        if acted {
            progress.acting = None;
        }
        let signed = acted || progress.acting.is_some();
        if signed {
            progress.signed = None;
        }
        if signed || progress.signed.is_some() {
            progress.shown = None;
            progress.delivered_at = None;
        }
        for report in &mut progress.reports {
            report.text = None;
        }
    }
}

fn own_items(one: &mut Directive) -> impl Iterator<Item = &mut Item> {
    let items = one.items.iter_mut();
    items.filter(|item| !matches!(item.to, Addressee::Agency(_)))
}

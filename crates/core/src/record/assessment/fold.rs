//! How the events of an assessment fold into its state. A home keeps to its limits in `decide`; a copy of a home that does not
//! is kept to them here.

use super::{Assessment, AssessmentEvent, AssessmentState, Issue, Reading, Returned};
use crate::basis::{AssessmentId, Personal};
use crate::limits;
use crate::record::Meta;

pub(crate) fn apply(
    before: Option<&Assessment>,
    event: &AssessmentEvent,
    personal: Option<&Personal>,
    meta: &Meta,
) -> Option<Assessment> {
    let text = || personal.and_then(|personal| personal.note.clone());
    if let AssessmentEvent::Drafted {
        number,
        details,
        supersedes,
    } = event
    {
        return Some(Assessment {
            id: AssessmentId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            number: *number,
            details: details.clone(),
            supersedes: *supersedes,
            authors: vec![meta.by],
            drafted_at: meta.happened_at,
            state: AssessmentState::Draft,
            returned: None,
            review: None,
            issue: None,
            reads: Vec::new(),
            text: text(),
        });
    }
    let mut next = before?.clone();
    next.version = meta.version;
    next.changed_at = meta.at;
    match event {
        AssessmentEvent::Drafted { .. } => {}
        AssessmentEvent::Amended { details } => {
            next.details = details.clone();
            next.text = text();
            next.returned = None;
            let room = next.authors.len() < limits::AUTHORS_PER_ASSESSMENT_MAX;
            if room && !next.is_by(meta.by.person) {
                next.authors.push(meta.by);
            }
        }
        AssessmentEvent::Reviewed => {
            next.state = AssessmentState::Reviewed;
            next.returned = None;
            next.review = Some((meta.happened_at, meta.by));
        }
        AssessmentEvent::Returned { remark } => {
            next.state = AssessmentState::Draft;
            next.review = None;
            next.returned = Some(Returned {
                remark: remark.clone(),
                at: meta.happened_at,
                by: meta.by,
            });
        }
        AssessmentEvent::Issued { readers } => {
            next.state = AssessmentState::Issued;
            next.issue = Some(Issue {
                readers: readers.clone(),
                at: meta.happened_at,
                by: meta.by,
            });
        }
        AssessmentEvent::Read { seat } => {
            if next.reads.len() < limits::READINGS_PER_ASSESSMENT_MAX {
                next.reads.push(Reading {
                    seat: *seat,
                    by: meta.by.person,
                    at: meta.happened_at,
                });
            }
        }
        AssessmentEvent::Superseded { by } => {
            let at = meta.happened_at;
            next.state = AssessmentState::Superseded { by: *by, at };
        }
        AssessmentEvent::Withdrawn { reason } => {
            next.state = AssessmentState::Withdrawn {
                reason: reason.clone(),
                at: meta.happened_at,
            };
        }
    }
    Some(next)
}

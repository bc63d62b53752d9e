//! How the events of a consultation fold into its state. A home keeps to its limits in `decide`; a copy of a home that does not
//! is kept to them here.

use super::{
    Consultation, ConsultationEvent, ConsultationState, Contribution, Decision, Outcome, Settling,
};
use crate::basis::{ConsultationId, Personal};
use crate::limits;
use crate::record::Meta;

pub(crate) fn apply(
    before: Option<&Consultation>,
    event: &ConsultationEvent,
    personal: Option<&Personal>,
    meta: &Meta,
) -> Option<Consultation> {
    if let ConsultationEvent::Called { number, details } = event {
        return Some(Consultation {
            id: ConsultationId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            number: *number,
            details: details.clone(),
            called_by: meta.by,
            called_at: meta.happened_at,
            state: ConsultationState::Called,
            contributions: Vec::new(),
            decisions: Vec::new(),
        });
    }
    let mut next = before?.clone();
    next.version = meta.version;
    next.changed_at = meta.at;
    let (at, by) = (meta.happened_at, meta.by);
    match event {
        ConsultationEvent::Called { .. } => {}
        ConsultationEvent::Opened => next.state = ConsultationState::Held { since: at },
        ConsultationEvent::Contributed { what, point } => {
            if next.contributions.len() < limits::CONTRIBUTIONS_PER_CONSULTATION_MAX {
                next.contributions.push(Contribution {
                    no: numbered(next.contributions.len()),
                    what: *what,
                    point: *point,
                    at,
                    by,
                    text: personal.and_then(|personal| personal.note.clone()),
                });
            }
        }
        ConsultationEvent::Decided { text } => {
            if next.decisions.len() < limits::DECISIONS_PER_CONSULTATION_MAX {
                next.decisions.push(Decision {
                    no: numbered(next.decisions.len()),
                    text: text.clone(),
                    at,
                    by,
                    outcome: Outcome::Open,
                });
            }
        }
        ConsultationEvent::Settled { no, settling } => {
            let mut all = next.decisions.iter_mut();
            if let Some(decision) = all.find(|decision| decision.no == *no) {
                decision.outcome = match settling.clone() {
                    Settling::Directive { directive } => Outcome::Directive { directive, at, by },
                    Settling::Declined { reason } => Outcome::Declined { reason, at, by },
                };
            }
        }
        ConsultationEvent::Concluded => {
            if let ConsultationState::Held { since } = next.state {
                next.state = ConsultationState::Concluded { since, at, by };
            }
        }
        ConsultationEvent::CalledOff { reason } => {
            let reason = reason.clone();
            next.state = ConsultationState::CalledOff { reason, at };
        }
    }
    Some(next)
}

/// Returns the number of the next of a list that is far shorter than what a number can say.
fn numbered(before: usize) -> u16 {
    u16::try_from(before + 1).unwrap_or(u16::MAX)
}

//! What each event makes of a planned action. A home keeps to its limits in `decide`; a copy of a home that does not is kept
//! to them here.

use super::{Decision, Ending, PlannedAction, PlannedActionEvent};
use crate::basis::{Personal, PlannedActionId};
use crate::limits;
use crate::record::Meta;
use crate::record::directive::Mark;

pub(crate) fn apply(
    before: Option<&PlannedAction>,
    event: &PlannedActionEvent,
    _: Option<&Personal>,
    meta: &Meta,
) -> Option<PlannedAction> {
    let mark = Mark {
        at: meta.happened_at,
        by: meta.by,
    };
    let mut next = match event {
        PlannedActionEvent::Planned {
            operation,
            led_from,
            plan,
            rehearses,
        } => PlannedAction {
            id: PlannedActionId(meta.record),
            version: 0,
            changed_at: meta.at,
            operation: *operation,
            led_from: *led_from,
            plan: plan.as_ref().clone(),
            planned: mark,
            issue: 0,
            decisions: Vec::new(),
            ended: None,
            rehearses: *rehearses,
        },
        PlannedActionEvent::TakenOver { led_from, action } => PlannedAction {
            id: PlannedActionId(meta.record),
            led_from: *led_from,
            ..action.as_ref().clone()
        },
        PlannedActionEvent::Changed { .. }
        | PlannedActionEvent::Decided { .. }
        | PlannedActionEvent::Ended { .. }
        | PlannedActionEvent::CalledOff { .. } => before?.clone(),
    };
    next.version = meta.version;
    next.changed_at = meta.at;
    match event {
        PlannedActionEvent::Planned { .. } | PlannedActionEvent::TakenOver { .. } => {}
        PlannedActionEvent::Changed { plan } => next.plan = plan.as_ref().clone(),
        PlannedActionEvent::Decided { what } => {
            if next.decisions.len() < limits::DECISIONS_PER_ACTION_MAX {
                if *what == super::Decided::Issued {
                    next.issue = next.issue.saturating_add(1);
                }
                let what = what.clone();
                next.decisions.push(Decision { mark, what });
            }
        }
        PlannedActionEvent::Ended { outcome } => {
            let outcome = outcome.clone();
            next.ended = Some((mark, Ending::Ended { outcome }));
        }
        PlannedActionEvent::CalledOff { reason } => {
            let reason = reason.clone();
            next.ended = Some((mark, Ending::CalledOff { reason }));
        }
    }
    Some(next)
}

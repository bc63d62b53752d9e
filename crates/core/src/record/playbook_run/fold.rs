//! How the events of a playbook run fold into its state.

use super::{Ended, PlaybookRun, PlaybookRunEvent, RunStep, StepState};
use crate::basis::{OperationId, Personal, PlaybookRunId};
use crate::record::{Meta, RecordKind};

pub(crate) fn apply(
    before: Option<&PlaybookRun>,
    event: &PlaybookRunEvent,
    _: Option<&Personal>,
    meta: &Meta,
) -> Option<PlaybookRun> {
    if let PlaybookRunEvent::Fired {
        number,
        of,
        why,
        steps,
    } = event
    {
        let steps = steps.iter().map(|step| RunStep {
            step: step.clone(),
            state: StepState::Waiting,
        });
        return Some(PlaybookRun {
            id: PlaybookRunId(meta.record),
            version: meta.version,
            changed_at: meta.at,
            number: *number,
            of: of.as_ref().clone(),
            why: why.as_ref().clone(),
            fired_at: meta.happened_at,
            fired_by: meta.by,
            steps: steps.collect(),
            operation: None,
            ended: None,
        });
    }
    let mut next = before?.clone();
    next.version = meta.version;
    next.changed_at = meta.at;
    let (at, by) = (meta.happened_at, meta.by);
    let (no, state) = match event.clone() {
        PlaybookRunEvent::Fired { .. } => return Some(next),
        PlaybookRunEvent::StepDone { no, came, left_out } => {
            let opened = came.iter().find(|one| one.kind == RecordKind::Operation);
            let opened = opened.map(|one| OperationId(one.id));
            next.operation = next.operation.or(opened);
            let done = StepState::Done {
                at,
                by,
                came,
                left_out,
            };
            (no, done)
        }
        PlaybookRunEvent::StepDeclined { no, reason } => {
            (no, StepState::Declined { reason, at, by })
        }
        PlaybookRunEvent::StepFailed { no, said } => (no, StepState::Failed { said, at }),
        PlaybookRunEvent::Ended { reason } => {
            next.ended = Some(Ended { at, by, reason });
            return Some(next);
        }
    };
    let place = usize::from(no).checked_sub(1);
    if let Some(step) = place.and_then(|place| next.steps.get_mut(place)) {
        step.state = state;
    }
    Some(next)
}

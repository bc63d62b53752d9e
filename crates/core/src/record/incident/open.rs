//! How an incident begins: from a call or of one's own accord, out of another, or for an exercise.
//!
//! What is raised for an exercise says so from its first entry on and for ever, and has nothing to do with what is real: no
//! call of the public joins it, and it is merged with no case. So neither hides the other.

use super::*;
use crate::record::call::CallDetails;

/// Opens an incident for an exercise that this node takes part in.
pub(super) fn open_in_exercise(
    board: &Board,
    context: &mut Context<'_>,
    operation: OperationId,
    category: &Code,
    priority: Priority,
    place: &Place,
) -> Result<Vec<Happened>, Refusal> {
    board.must_take_part(context.node, operation)?;
    if !board.is_exercise(operation) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Operation,
            state: Text::new("no exercise", "不是演练"),
            instead: Text::new(
                "Open it as an incident, and share it there.",
                "请按警情立案，再共享至该行动。",
            ),
        });
    }
    let of = (Some(category), Some(priority), Some(place));
    opened(board, context, None, of, Some(operation))
}

/// Refuses to mix what was raised for an exercise with what is real.
pub(in crate::record) fn not_with_an_exercise() -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::Incident,
        state: Text::new("raised for an exercise", "演练警情"),
        instead: Text::new(
            "What is real stays apart: open an incident of its own for it.",
            "真实情况须与演练分开：请另行立警。",
        ),
    }
}

pub(super) fn open(
    board: &Board,
    context: &mut Context<'_>,
    from_call: Option<CallId>,
    category: Option<&Code>,
    priority: Option<Priority>,
    place: Option<&Place>,
) -> Result<Vec<Happened>, Refusal> {
    let call = from_call.map(|call| board.call(call)).transpose()?;
    if let Some(call) = call {
        call::must_be_received(call)?;
    }
    let category = category.or_else(|| call?.category.as_ref());
    let priority = priority.or_else(|| call?.priority);
    let place = place.or_else(|| call?.place.as_ref());
    let of = (category, priority, place);
    opened(board, context, from_call, of, None)
}

/// Opens an incident from a call that is being taken in the same step, and is on no board yet.
pub(in crate::record) fn open_from_new(
    board: &Board,
    context: &mut Context<'_>,
    call: CallId,
    known: &CallDetails,
) -> Result<Vec<Happened>, Refusal> {
    let (category, place) = (known.category.as_ref(), known.place.as_ref());
    let of = (category, known.priority, place);
    opened(board, context, Some(call), of, None)
}

pub(super) fn opened(
    board: &Board,
    context: &mut Context<'_>,
    from_call: Option<CallId>,
    (category, priority, place): (Option<&Code>, Option<Priority>, Option<&Place>),
    exercise: Option<OperationId>,
) -> Result<Vec<Happened>, Refusal> {
    room_for_one_more(board)?;
    context.response.check_category(category)?;
    let missing = |en: &str, zh: &str| Refusal::Missing(Text::new(en, zh));
    let category = category.ok_or_else(|| missing("The category", "类别"))?;
    let priority = priority.ok_or_else(|| missing("The priority", "优先级"))?;
    let place = place.ok_or_else(|| missing("The place", "地点"))?;
    let id = IncidentId(context.entropy.next_16());
    let event = IncidentEvent::Opened {
        number: board.next_number(RecordKind::Incident),
        category: category.clone(),
        priority,
        place: place.clone(),
        split_from: None,
        exercise,
    };
    let mut all = vec![happened(id, event)];
    all.extend(from_call.map(|call| call::joined(call, id)));
    Ok(all)
}

pub(super) fn split(
    board: &Board,
    context: &mut Context<'_>,
    from: IncidentId,
    calls: &[CallId],
    category: Option<&Code>,
    priority: Option<Priority>,
    place: Option<&Place>,
) -> Result<Vec<Happened>, Refusal> {
    let old = open_one(board, from)?;
    room_for_one_more(board)?;
    context.response.check_category(category)?;
    if calls.is_empty() {
        return Err(Refusal::Missing(Text::new(
            "The list of calls to move",
            "需拆出的报警",
        )));
    }
    if calls.len() > limits::CALLS_PER_SPLIT_MAX {
        return Err(too_many(
            Text::new("calls in one split", "单次拆分的报警"),
            limits::CALLS_PER_SPLIT_MAX,
        ));
    }
    let id = IncidentId(context.entropy.next_16());
    let mut moved = Vec::new();
    let mut first_place = None;
    for call in calls {
        let found = board.call(*call)?;
        let here = found
            .incident()
            .is_some_and(|incident| board.merge_root(incident) == from);
        let twice = moved
            .iter()
            .any(|happened: &Happened| happened.record == (*call).into());
        if !here || twice {
            return Err(Refusal::NotFound(RecordKind::Call));
        }
        first_place = first_place.or_else(|| found.place.clone());
        moved.push(call::joined(*call, id));
    }
    let event = IncidentEvent::Opened {
        number: board.next_number(RecordKind::Incident),
        category: category.unwrap_or(&old.category).clone(),
        priority: priority.unwrap_or(old.priority),
        place: place
            .cloned()
            .or(first_place)
            .unwrap_or_else(|| old.place.clone()),
        split_from: Some(from),
        exercise: old.exercise,
    };
    let mut all = vec![happened(id, event)];
    all.extend(moved);
    Ok(all)
}

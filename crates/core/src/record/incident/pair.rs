//! How incidents stand to each other: links between this node's own, and pairs with those of other homes.
//!
//! What two agencies both work on is two incidents, one of each home, that refer to each other: each keeps its
//! calls, numbers and assignments, and neither waits for the other. So merging across agencies moves nothing,
//! and taking it back loses nothing.

use super::*;
use crate::basis::OperationId;
use crate::record::{Record, RecordRef};

pub(super) fn link(
    board: &Board,
    incident: IncidentId,
    other: IncidentId,
    relation: Relation,
) -> Result<Vec<Happened>, Refusal> {
    if incident == other {
        return Err(Refusal::Circle(RecordKind::Incident));
    }
    let found = board.incident(incident)?;
    let far = board.incident(other)?;
    let full = |one: &Incident, towards: IncidentId| {
        one.links.len() >= limits::LINKS_PER_INCIDENT_MAX
            && !one.links.iter().any(|link| link.other == towards)
    };
    if full(found, other) || full(far, incident) {
        return Err(too_many(
            Text::new("links on an incident", "每条警情的关联"),
            limits::LINKS_PER_INCIDENT_MAX,
        ));
    }
    Ok(vec![
        happened(incident, IncidentEvent::Linked { other, relation }),
        happened(
            other,
            IncidentEvent::Linked {
                other: incident,
                relation: relation.reverse(),
            },
        ),
    ])
}

/// Opens an incident of this node's own about a situation that another home shares, and pairs them.
pub(super) fn open_for(
    board: &Board,
    context: &mut Context<'_>,
    of: Elsewhere,
    category: Option<&Code>,
) -> Result<Vec<Happened>, Refusal> {
    let there = shared(board, context, of)?;
    let paired = |one: &&Incident| one.pairs.contains(&of);
    if let Some(found) = board.open_incidents().find(paired) {
        return Err(Refusal::Taken {
            kind: RecordKind::Incident,
            name: found.number.to_string(),
        });
    }
    let category = category.unwrap_or(&there.category);
    let (priority, place) = (there.priority, &there.place);
    let mut all = opened(
        board,
        context,
        None,
        (Some(category), Some(priority), Some(place)),
        there.exercise,
    )?;
    let id = IncidentId(all[0].record.id);
    all.push(happened(id, IncidentEvent::Paired { with: of }));
    Ok(all)
}

pub(super) fn pair(
    board: &Board,
    context: &Context<'_>,
    incident: IncidentId,
    with: Elsewhere,
) -> Result<Vec<Happened>, Refusal> {
    shared(board, context, with)?;
    let found = board.incident(incident)?;
    if found.pairs.contains(&with) {
        return Err(Refusal::WrongState {
            kind: RecordKind::Incident,
            state: Text::new("paired with that one", "已与该警情配对"),
            instead: Text::new("Nothing needs doing.", "无需操作。"),
        });
    }
    if found.pairs.len() >= limits::LINKS_PER_INCIDENT_MAX {
        return Err(too_many(
            Text::new("pairs of an incident", "每条警情的配对"),
            limits::LINKS_PER_INCIDENT_MAX,
        ));
    }
    one(incident, IncidentEvent::Paired { with })
}

pub(super) fn unpair(
    board: &Board,
    incident: IncidentId,
    from: Elsewhere,
) -> Result<Vec<Happened>, Refusal> {
    if !board.incident(incident)?.pairs.contains(&from) {
        return Err(Refusal::NotFound(RecordKind::Incident));
    }
    one(incident, IncidentEvent::Unpaired { from })
}

/// Offers an incident to another home for good. Nobody takes an offer back alone: that race would make two owners.
pub(super) fn offer(
    board: &Board,
    context: &Context<'_>,
    incident: IncidentId,
    to: NodeId,
) -> Result<Vec<Happened>, Refusal> {
    must_be_left(board, incident)?;
    let record = RecordRef::from(incident);
    let seen = |id: &OperationId| {
        let part = board.participation_of(*id, context.node);
        let shared = part.is_some_and(|part| part.share_of(record, context.now).is_some());
        shared && board.is_member(*id, &to)
    };
    if to == context.node || !board.own_operations(context.node).iter().any(seen) {
        return Err(Refusal::NotAMember);
    }
    one(incident, IncidentEvent::Offered { to })
}

pub(super) fn end_offer(
    board: &Board,
    incident: IncidentId,
    taken: Option<Elsewhere>,
) -> Result<Vec<Happened>, Refusal> {
    if board.incident(incident)?.offered_to.is_none() {
        return Err(Refusal::NotFound(RecordKind::Incident));
    }
    match taken {
        Some(to) => one(incident, IncidentEvent::HandedOver { to }),
        None => one(incident, IncidentEvent::OfferDeclined),
    }
}

pub(super) fn hand_over(incident: &mut Incident, to: Elsewhere, at: Timestamp) {
    incident.offered_to = None;
    incident.pairs.retain(|one| *one != to);
    incident.pairs.push(to);
    let disposition = "handed over to another agency / 已移交其他单位".parse();
    incident.state = IncidentState::Closed {
        disposition: disposition.expect("our own words are a line"),
        at,
    };
}

pub(super) fn erase(
    board: &Board,
    incident: IncidentId,
    reason: &Line,
) -> Result<Vec<Happened>, Refusal> {
    let found = board.incident(incident)?;
    if found.erased_at.is_some() {
        return Err(erased());
    }
    if found.is_open() {
        return Err(Refusal::WrongState {
            kind: RecordKind::Incident,
            state: Text::new("active", "处置中"),
            instead: Text::new("Close it first.", "请先关闭该警情。"),
        });
    }
    let reason = reason.clone();
    one(incident, IncidentEvent::Erased { reason })
}

pub(super) fn erased() -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::Incident,
        state: Text::new("erased", "内容已删除"),
        instead: Text::new(
            "Nothing more is written in it; open another and link it.",
            "不再写入内容；请另立警情并关联。",
        ),
    }
}

/// What is offered is changed by nobody until the other home has answered.
pub(super) fn frozen() -> Refusal {
    Refusal::WrongState {
        kind: RecordKind::Incident,
        state: Text::new("offered to another agency", "已向其他单位提出移交"),
        instead: Text::new(
            "Wait for their answer, or ask them to decline.",
            "请等待对方答复，或请对方拒绝接收。",
        ),
    }
}

/// Returns another home's incident, if it is shared with this node now.
fn shared(
    board: &Board,
    context: &Context<'_>,
    of: Elsewhere,
) -> Result<std::sync::Arc<Incident>, Refusal> {
    let missing = Refusal::NotFound(RecordKind::Incident);
    if of.node == context.node {
        return Err(Refusal::Here(RecordKind::Incident));
    }
    let Some(Record::Incident(there)) = board.copy(of) else {
        return Err(missing);
    };
    let seen = |id: &OperationId| board.share_elsewhere(*id, of, context.now).is_some();
    match board.own_operations(context.node).iter().any(seen) {
        true => Ok(there),
        false => Err(missing),
    }
}

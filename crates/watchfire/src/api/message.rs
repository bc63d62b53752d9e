//! What the stream carries: whole records as they are shown, where units have moved to, and the time.
//!
//! One record that changed may change how others look (an assignment its unit and its incident); which
//! others is decided here and nowhere else. It sends nothing itself. Start at [`of_batch`].

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{IncidentId, OperationId, Timestamp, UnitId};
use watchfire_core::board::Board;
use watchfire_core::record::patrol::Patrol;
use watchfire_core::record::{Record, RecordRef};

use super::assessment::{self, AssessmentMark};
use super::consultation::{self, ConsultationMark};
use super::directive::{self, DirectiveView};
use super::duty::{self, DutyPostView, HandoverView, ShiftView};
use super::operation::{self, OperationView};
use super::patrol::{self, PatrolView};
use super::peer::{self, PeersView};
use super::playbook::{self, PlaybookRunMark};
use super::road_condition::{self, RoadConditionView};
use super::support::{self, SupportMarkView};
use super::view::{self, AssignmentView, CallView, IncidentView, StationView, UnitView};
use crate::hub::{MARK, Message, RECORD};
use crate::node::Node;
use crate::positions::Located;

/// A record of any kind, as the stream carries it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "kind", content = "record", rename_all = "snake_case")]
pub enum RecordView {
    /// A call.
    Call(CallView),
    /// An incident.
    Incident(IncidentView),
    /// A unit.
    Unit(UnitView),
    /// An assignment.
    Assignment(AssignmentView),
    /// A station.
    Station(StationView),
    /// A road condition.
    RoadCondition(RoadConditionView),
    /// A patrol plan.
    Patrol(PatrolView),
    /// That there is an assessment; what it says is asked for by who may read it.
    Assessment(AssessmentMark),
    /// That there is a consultation; what it is about is asked for by who takes part.
    Consultation(ConsultationMark),
    /// That a playbook fired, and how many of its steps wait; what they say is asked for by who may read it.
    PlaybookRun(PlaybookRunMark),
    /// A directive of this agency.
    Directive(Box<DirectiveView>),
    /// That a record of support changed: who shows support asks anew.
    Support(SupportMarkView),
    /// A duty post.
    DutyPost(DutyPostView),
    /// A duty shift.
    Shift(ShiftView),
    /// A handover.
    Handover(HandoverView),
    /// An operation, whole.
    Operation(Box<OperationView>),
    /// This node among others.
    Peers(Box<PeersView>),
}

fn record_view(board: &Board, node: &Node, record: &Record, personal: bool) -> Option<RecordView> {
    if let Record::Call(one) = record {
        let call = view::call(board, one, node, personal);
        Some(RecordView::Call(call))
    } else if let Record::Incident(one) = record {
        Some(RecordView::Incident(view::incident(board, one, node)))
    } else if let Record::Unit(one) = record {
        let position = node.positions().get_with_area(one.id);
        Some(RecordView::Unit(view::unit(board, one, position)))
    } else if let Record::Assignment(one) = record {
        let assignment = view::assignment(board, one, node);
        Some(RecordView::Assignment(assignment))
    } else if let Record::Station(one) = record {
        Some(RecordView::Station(view::station(one)))
    } else if let Record::RoadCondition(one) = record {
        let condition = road_condition::shown(one, node.now());
        Some(RecordView::RoadCondition(condition))
    } else {
        other_view(board, record, node.now(), personal)
    }
}

/// Shows a record of a kind that has no list of its own on the board. People are nobody's business but the
/// administrator's, who asks for them; peers and what lives in operations are told as parts of these, whole.
fn other_view(board: &Board, record: &Record, at: Timestamp, personal: bool) -> Option<RecordView> {
    if let Record::Patrol(one) = record {
        Some(RecordView::Patrol(patrol::shown(board, one, at)))
    } else if let Record::Assessment(one) = record {
        Some(RecordView::Assessment(assessment::shown::mark(one)))
    } else if let Record::Consultation(one) = record {
        Some(RecordView::Consultation(consultation::shown::mark(one)))
    } else if let Record::Directive(one) = record {
        let directive = directive::shown(board, one, at, personal);
        Some(RecordView::Directive(Box::new(directive)))
    } else if let Record::PlaybookRun(one) = record {
        Some(RecordView::PlaybookRun(playbook::mark(board, one)))
    } else if let Record::DutyPost(one) = record {
        Some(RecordView::DutyPost(duty::post(board, one)))
    } else if let Record::Shift(one) = record {
        Some(RecordView::Shift(duty::shift(board, one)))
    } else if let Record::Handover(one) = record {
        Some(RecordView::Handover(duty::handover(board, one)))
    } else {
        support::mark(record).map(RecordView::Support)
    }
}

/// Shows all records of the kinds that have no list of their own on the board; of directives those that are open or were until
/// a time.
pub fn others(board: &Board, at: Timestamp, personal: bool, since: Timestamp) -> Vec<RecordView> {
    let patrols = board.patrols.values().cloned().map(Record::Patrol);
    let assessments = board.assessments.values().cloned().map(Record::Assessment);
    let consultations = board.consultations.values().cloned();
    let consultations = consultations.map(Record::Consultation);
    let directives = board.directives.values().cloned();
    let directives = directives.map(Record::Directive).filter(|one| {
        one.over_since().is_none_or(|over| over >= since) || one.changed_at() >= since
    });
    let posts = board.duty_posts.values().cloned().map(Record::DutyPost);
    let runs = board.playbook_runs.values().cloned();
    let runs = runs.map(Record::PlaybookRun);
    let shifts = board.shifts.values().cloned().map(Record::Shift);
    let handovers = board.handovers.values().cloned().map(Record::Handover);
    patrols
        .chain(posts)
        .chain(shifts)
        .chain(handovers)
        .chain(assessments)
        .chain(consultations)
        .chain(directives)
        .chain(runs)
        .filter_map(|record| other_view(board, &record, at, personal))
        .collect()
}

/// Makes the message that shows a record, as it is on the board, if its kind is told by itself.
pub fn of_record(board: &Board, node: &Node, record: &Record) -> Option<Message> {
    let text = |personal| -> Option<Arc<str>> {
        let view = record_view(board, node, record, personal)?;
        Some(serde_json::to_string(&view).ok()?.into())
    };
    let redacted = text(false)?;
    // The text of an incident's notes is asked for by itself.
    let full = if matches!(record, Record::Call(_) | Record::Directive(_)) {
        text(true)?
    } else {
        Arc::clone(&redacted)
    };
    Some(Message {
        position: None,
        event: RECORD,
        full,
        redacted,
    })
}

/// Returns what looks different because these records are about to change: what they leave behind, up to
/// the incident that counts for all merged into it.
pub fn left_behind(board: &Board, changed: &[Record]) -> Vec<RecordRef> {
    let before = changed
        .iter()
        .filter_map(|record| board.get(record.reference()));
    let parents: Vec<IncidentId> = before.filter_map(|record| record.parent()).collect();
    let roots = parents.iter().map(|parent| board.merge_root(*parent));
    parents
        .iter()
        .copied()
        .chain(roots)
        .map(Into::into)
        .collect()
}

/// Makes the messages that a batch of changed records comes to, with what changes along with them.
pub fn of_batch(
    board: &Board,
    node: &Node,
    changed: &[Record],
    left_behind: &[RecordRef],
    position: u64,
) -> Vec<Message> {
    let mut shown: Vec<RecordRef> = Vec::new();
    let mut add = |reference: RecordRef| {
        if !shown.contains(&reference) {
            shown.push(reference);
        }
    };
    left_behind.iter().copied().for_each(&mut add);
    for record in changed {
        add(record.reference());
        if let Record::Assignment(assignment) = record {
            add(assignment.unit.into());
            add(board.merge_root(assignment.incident).into());
            // Whose unit is called away, or comes back.
            let of_unit =
                |one: &&Arc<Patrol>| one.is_open() && one.details.units.contains(&assignment.unit);
            let patrols = board.patrols.values().filter(of_unit);
            patrols.for_each(|one| add(one.id.into()));
        } else if let Record::Handover(handover) = record {
            add(handover.from.into());
        } else if let Record::Shift(shift) = record {
            // Who may be asked for a swap there.
            add(shift.post.into());
        } else if let Record::Call(call) = record {
            if let Some(incident) = call.incident() {
                add(board.merge_root(incident).into());
            }
        } else if let Record::Incident(incident) = record {
            add(board.merge_root(incident.id).into());
            if let Some(from) = incident.split_from {
                add(board.merge_root(from).into());
            }
        }
    }
    let records = shown
        .into_iter()
        .filter_map(|reference| board.get(reference));
    let mut messages: Vec<Message> = records
        .filter_map(|record| of_record(board, node, &record))
        .collect();
    match messages.last_mut() {
        Some(last) => last.position = Some(position),
        None => messages.push(Message {
            position: Some(position),
            ..unlogged(MARK, &serde_json::json!({}))
        }),
    }
    messages
}

/// Makes the message that shows an operation whole, as it is now.
pub fn of_operation(node: &Node, id: OperationId) -> Option<Message> {
    let text = |personal| -> Option<Arc<str>> {
        let view = RecordView::Operation(Box::new(operation::shown(node, id, personal)?));
        Some(serde_json::to_string(&view).ok()?.into())
    };
    Some(Message {
        position: None,
        event: RECORD,
        full: text(true)?,
        redacted: text(false)?,
    })
}

/// Makes the message that shows this node among others.
pub fn of_peers(node: &Node) -> Message {
    let view = RecordView::Peers(Box::new(peer::shown(node)));
    unlogged(RECORD, &serde_json::to_value(&view).unwrap_or_default())
}

/// Makes the message that shows where units have moved to.
pub fn positions(node: &Node, moved: &[(UnitId, Located)]) -> Message {
    let rows: Vec<serde_json::Value> = moved
        .iter()
        .map(|(unit, (position, area))| {
            let (lat, lon) = (position.point.lat(), position.point.lon());
            serde_json::json!([
                unit.to_string(),
                lat,
                lon,
                position.heading_deg,
                position.at.0,
                area.as_deref()
            ])
        })
        .collect();
    unlogged(
        "positions",
        &serde_json::json!({ "at": node.now().0, "positions": rows }),
    )
}

/// Makes the message that tells the time, so that silence can be told from peace.
pub fn clock(node: &Node) -> Message {
    let clock = &node.settings().clock;
    unlogged(
        "clock",
        &serde_json::json!({ "now": view::time(node.now()), "speed": clock.speed(), "behind_s": node.clock_behind_s(), "conditions_version": node.settings().travel.conditions().version() }),
    )
}

fn unlogged(event: &'static str, data: &serde_json::Value) -> Message {
    let text: Arc<str> = data.to_string().into();
    Message {
        position: None,
        event,
        full: Arc::clone(&text),
        redacted: text,
    }
}

//! What the stream carries: whole records as they are shown, where units have moved to, and the time.
//!
//! One record that changed may change how others look (an assignment its unit and its incident); which
//! others is decided here and nowhere else. It sends nothing itself. Start at [`of_batch`].

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{IncidentId, OperationId, UnitId};
use watchfire_core::board::Board;
use watchfire_core::record::patrol::Patrol;
use watchfire_core::record::{Record, RecordKind, RecordRef};

use super::operation::{self, OperationView};
use super::patrol::{self, PatrolView};
use super::peer::{self, PeersView};
use super::road_condition::{self, RoadConditionView};
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
    /// An operation, whole.
    Operation(Box<OperationView>),
    /// This node among others.
    Peers(Box<PeersView>),
}

fn record_view(board: &Board, node: &Node, record: &Record, personal: bool) -> Option<RecordView> {
    Some(match record {
        Record::Call(one) => RecordView::Call(view::call(board, one, node, personal)),
        Record::Incident(one) => RecordView::Incident(view::incident(board, one, node)),
        Record::Unit(one) => RecordView::Unit(view::unit(
            board,
            one,
            node.positions().get_with_area(one.id),
        )),
        Record::Assignment(one) => RecordView::Assignment(view::assignment(board, one, node)),
        Record::Station(one) => RecordView::Station(view::station(one)),
        Record::RoadCondition(one) => {
            RecordView::RoadCondition(road_condition::shown(one, node.now()))
        }
        Record::Patrol(one) => RecordView::Patrol(patrol::shown(board, one, node.now())),
        // Told as parts of an operation as a whole, or of the page of peers.
        Record::Person(_)
        | Record::Peer(_)
        | Record::Operation(_)
        | Record::Participation(_)
        | Record::Message(_)
        | Record::Reply(_) => return None,
    })
}

/// Makes the message that shows a record, as it is on the board.
pub fn of_record(board: &Board, node: &Node, record: &Record, position: Option<u64>) -> Message {
    let text = |personal| -> Arc<str> {
        let view = record_view(board, node, record, personal);
        view.and_then(|view| serde_json::to_string(&view).ok())
            .unwrap_or_else(|| "null".to_owned())
            .into()
    };
    let redacted = text(false);
    let full = if matches!(record, Record::Call(_)) {
        text(true)
    } else {
        Arc::clone(&redacted)
    };
    Message {
        position,
        event: RECORD,
        full,
        redacted,
    }
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
        match record {
            Record::Assignment(assignment) => {
                add(assignment.unit.into());
                add(board.merge_root(assignment.incident).into());
                // Whose unit is called away, or comes back.
                let of_unit = |one: &&Arc<Patrol>| {
                    one.is_open() && one.details.units.contains(&assignment.unit)
                };
                let patrols = board.patrols.values().filter(of_unit);
                patrols.for_each(|one| add(one.id.into()));
            }
            Record::Call(call) => {
                if let Some(incident) = call.incident() {
                    add(board.merge_root(incident).into());
                }
            }
            Record::Incident(incident) => {
                add(board.merge_root(incident.id).into());
                if let Some(from) = incident.split_from {
                    add(board.merge_root(from).into());
                }
            }
            Record::Unit(_)
            | Record::Station(_)
            | Record::Person(_)
            | Record::RoadCondition(_)
            | Record::Patrol(_)
            | Record::Peer(_)
            | Record::Operation(_)
            | Record::Participation(_)
            | Record::Message(_)
            | Record::Reply(_) => {}
        }
    }
    // Who may sign in is nobody's business but the administrator's, who asks for it.
    let told = shown.into_iter().filter(|reference| {
        let kind = reference.kind;
        kind != RecordKind::Person && kind != RecordKind::Peer && !kind.lives_in_operation()
    });
    let records: Vec<Record> = told.filter_map(|reference| board.get(reference)).collect();
    if records.is_empty() {
        return vec![Message {
            position: Some(position),
            ..unlogged(MARK, &serde_json::json!({}))
        }];
    }
    let last = records.len().saturating_sub(1);
    let message = |(at, record): (usize, &Record)| {
        of_record(board, node, record, (at == last).then_some(position))
    };
    records.iter().enumerate().map(message).collect()
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

//! The board: everything open at once, with the cursor from which the stream goes on; and pages of what is kept.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{IncidentId, OperationId, Timestamp, UnitId};
use watchfire_core::board::Board;
use watchfire_core::record::incident::Incident;
use watchfire_core::record::{OfKind, Record, RecordKind, RecordRef};
use watchfire_store::{Reader, StoreError};

use super::message::{self, RecordView};
use super::operation::{self, OperationView};
use super::peer::{self, PeersView};
use super::road_condition::{self, RoadConditionView};
use super::view::{self, AssignmentView, CallView, IncidentView, StationView, UnitView};
use super::{App, Page, PageQuery};
use crate::node::{Chain, Node};
use crate::policy::{Permission, Session};
use crate::positions::Located;
use crate::problem::Problem;

/// How long what is over stays on the board that is shown: longer than anybody on duty looks for it there. What ended before
/// is in memory still and asked for by itself, and a day of thousands of calls does not go to every console whole.
const SHOWN_AFTER_MS: i64 = 3_600 * 1_000;

/// Everything open, and what ended within the last hour.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BoardView {
    /// Where the stream goes on from.
    cursor: String,
    /// Incidents.
    incidents: Vec<IncidentView>,
    /// Calls.
    calls: Vec<CallView>,
    /// Units.
    units: Vec<UnitView>,
    /// Assignments.
    assignments: Vec<AssignmentView>,
    /// Stations.
    stations: Vec<StationView>,
    /// Road conditions.
    road_conditions: Vec<RoadConditionView>,
    /// All other records that the stream tells one by one: patrol plans, duty posts, shifts and handovers, directives, and
    /// that there are assessments and consultations.
    records: Vec<RecordView>,
    /// Operations, whole.
    operations: Vec<OperationView>,
    /// This node among others; of an earlier moment nothing.
    peers: Option<PeersView>,
}

/// Shows everything open and what ended within the last hour.
#[utoipa::path(get, path = "/api/v1/board", tag = "board", responses((status = 200, body = BoardView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
) -> Result<Json<BoardView>, Problem> {
    allowed(&session)?;
    let personal = session.may(Permission::ReadPersonal);
    let node = &app.node;
    // Read first: the stream may then tell again what the board already shows, but never leaves anything out.
    let cursor = node.position().to_string();
    let joint = joint_of(node, personal);
    let board = node.board();
    let position = |unit| node.positions().get_with_area(unit);
    let now = node.now();
    let own = BoardView::of(&board, cursor, personal, position, node, now);
    let (operations, peers) = joint;
    let peers = Some(peers);
    Ok(Json(BoardView {
        peers,
        ..own.with_operations(operations)
    }))
}

/// Returns all operations, and this node among others.
fn joint_of(node: &Node, personal: bool) -> (Vec<OperationView>, PeersView) {
    let ids: Vec<OperationId> = {
        let board = node.board();
        board.all_operations().iter().map(|one| one.id).collect()
    };
    let shown = ids
        .into_iter()
        .filter_map(|id| operation::shown(node, id, personal));
    (shown.collect(), peer::shown(node))
}

impl BoardView {
    /// Returns it with operations on it.
    pub(crate) fn with_operations(self, operations: Vec<OperationView>) -> BoardView {
        BoardView { operations, ..self }
    }

    /// Shows a board as of a moment, with what is personal in it or without.
    pub(crate) fn of(
        board: &Board,
        cursor: String,
        personal: bool,
        position: impl Fn(UnitId) -> Option<Located>,
        node: &Node,
        at: Timestamp,
    ) -> BoardView {
        let since = Timestamp(at.0.saturating_sub(SHOWN_AFTER_MS));
        let kept = board.incidents_since(since);
        let incidents = board.incidents.values();
        let incidents = incidents.filter(|one| kept.contains(&one.id));
        let calls = board.calls.values().filter(|one| {
            let of_shown = one.incident().is_some_and(|id| kept.contains(&id));
            of_shown || one.is_loose() || one.changed_at >= since
        });
        let units = board.units.values();
        let assignments = board
            .assignments
            .values()
            .filter(|one| kept.contains(&one.incident) || one.is_live() || one.changed_at >= since);
        let stations = board.stations.values();
        let conditions = board.road_conditions.values();
        BoardView {
            cursor,
            incidents: incidents
                .map(|one| view::incident_at(board, one, node, at))
                .collect(),
            calls: calls
                .map(|one| view::call_at(board, one, node, personal, at))
                .collect(),
            units: units
                .map(|one| view::unit(board, one, position(one.id)))
                .collect(),
            assignments: assignments
                .map(|one| view::assignment_at(board, one, node, at))
                .collect(),
            stations: stations.map(|one| view::station(one)).collect(),
            road_conditions: conditions
                .map(|one| road_condition::shown(one, at))
                .collect(),
            records: message::others(board, at, personal, since),
            operations: Vec::new(),
            peers: None,
        }
    }
}

/// Fails unless a session may see the board.
pub(crate) fn allowed(session: &Session) -> Result<(), Problem> {
    if session.may(Permission::ReadBoard) {
        Ok(())
    } else {
        Err(Problem::denied())
    }
}

/// Finds a record in memory or in the tables; one that is not there is a problem to answer with.
pub(crate) fn find<K: OfKind>(app: &App, id: K::Id) -> Result<Arc<K>, Problem> {
    let found = record(app, id.into())?;
    found
        .as_ref()
        .and_then(K::of)
        .cloned()
        .ok_or_else(Problem::not_found)
}

fn record(app: &App, name: RecordRef) -> Result<Option<Record>, Problem> {
    if let Some(record) = app.node.board().get(name) {
        return Ok(Some(record));
    }
    let read = |reader: &Reader| {
        reader
            .record(name)?
            .map(|row| reader.whole(&row))
            .transpose()
    };
    app.node.read_store(read).map_err(|fault| {
        tracing::error!(error = %Chain(&fault), "a record could not be read");
        Problem::fault()
    })
}

/// Looks at a board on which these incidents are whole: those that left memory are read from the tables with
/// all their kin, so that an old incident shows what it showed when it was new.
pub(crate) fn look_with<T>(
    app: &App,
    incidents: impl IntoIterator<Item = IncidentId>,
    look: impl FnOnce(&Board) -> T,
) -> Result<T, Problem> {
    let board = app.node.board();
    let away: Vec<IncidentId> = incidents
        .into_iter()
        .filter(|id| !board.incidents.contains_key(id))
        .collect();
    if away.is_empty() {
        return Ok(look(&board));
    }
    // Records are shared between boards, so that this one costs little.
    let mut whole = board.clone();
    drop(board);
    for id in away {
        let kin = app.node.read_store(|reader| reader.kin(id.into()));
        kin.map_err(super::person::fault)?
            .into_iter()
            .for_each(|record| whole.put(record));
    }
    Ok(look(&whole))
}

/// The cursor is none that this node gave.
pub(crate) fn bad_cursor() -> Problem {
    Problem::unreadable(
        "`cursor` is none that this node gave.",
        "cursor 不是本节点给出的游标。",
    )
}

/// Records that are gone through at most, and read at once.
const EVERY_MAX: usize = 200_000;
const EVERY_AT_ONCE: usize = 500;

/// Goes through all records of a kind that have changed since a time, ended ones too, last changed first.
pub(crate) fn every<K: OfKind>(
    app: &App,
    since: Timestamp,
    mut look: impl FnMut(&Board, &K),
) -> Result<(), Problem> {
    every_record(app, K::KIND, since, |board, record| {
        if let Some(one) = K::of(record) {
            look(board, one);
        }
    })
}

/// Does the same for a kind that is named.
pub(crate) fn every_record(
    app: &App,
    kind: RecordKind,
    since: Timestamp,
    mut look: impl FnMut(&Board, &Record),
) -> Result<(), Problem> {
    let in_memory = app.node.changed_in_memory(&[kind], since);
    let board = app.node.board();
    if let Some(mut records) = in_memory {
        records.sort_by_key(|one| std::cmp::Reverse((one.changed_at(), one.reference().id)));
        records.iter().for_each(|one| look(&board, one));
        return Ok(());
    }
    let (mut cursor, mut gone_through) = (None, 0);
    let any = watchfire_store::Filter {
        open: None,
        parent: None,
    };
    loop {
        let read = app.node.read_store(|reader| {
            let page = reader.records(kind, any, cursor, EVERY_AT_ONCE)?;
            let fresh = page.rows.iter().take_while(|row| row.changed_at >= since);
            let records: Result<Vec<Record>, StoreError> =
                fresh.map(|row| reader.whole(row)).collect();
            let all = records?;
            let more = all.len() == page.rows.len();
            Ok::<_, StoreError>((all, page.next.filter(|_| more)))
        });
        let (records, next) = read.map_err(super::person::fault)?;
        gone_through += records.len();
        records.iter().for_each(|one| look(&board, one));
        match next {
            Some(next) if gone_through < EVERY_MAX => cursor = Some(next),
            Some(_) | None => return Ok(()),
        }
    }
}

/// Shows a page of records of a kind from the tables, last changed first.
pub(crate) fn page<K: OfKind, T>(
    app: &App,
    session: &Session,
    query: &PageQuery,
    shown: impl Fn(&Board, &K) -> T,
) -> Result<Json<Page<T>>, Problem> {
    allowed(session)?;
    let filter = watchfire_store::Filter {
        open: query.open,
        parent: None,
    };
    let after = match query.cursor.as_deref() {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| bad_cursor())?),
    };
    let found = app.node.read_store(|reader| {
        let page = reader.records(K::KIND, filter, after, query.limit())?;
        let records: Result<Vec<Record>, StoreError> =
            page.rows.iter().map(|row| reader.whole(row)).collect();
        Ok::<_, StoreError>((records?, page.next))
    });
    let (records, next) = found.map_err(|fault| {
        tracing::error!(error = %Chain(&fault), "a page of records could not be read");
        Problem::fault()
    })?;
    let incidents = records.iter().filter_map(Incident::of).map(|one| one.id);
    let items = look_with(app, incidents, |board| {
        let of_kind = records.iter().filter_map(K::of);
        of_kind.map(|one| shown(board, one)).collect()
    })?;
    Ok(Json(Page {
        items,
        next: next.map(|next| next.to_string()),
    }))
}

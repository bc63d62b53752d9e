//! What happened to an incident, entry by entry, in words, with its calls and assignments.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{IncidentId, PersonId};
use watchfire_core::board::Board;
use watchfire_core::engine::{self, Decoded};
use watchfire_core::record::{RecordKind, RecordRef};
use watchfire_store::StoreError;

use super::view::{self, TextView};
use super::{App, PageQuery, Query, read_id};
use crate::node::Chain;
use crate::policy::{Permission, Session};
use crate::problem::Problem;

/// One thing that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryView {
    /// Its place in the feed.
    seq: u64,
    /// When this node accepted it.
    at: String,
    /// When it happened, where something else was claimed.
    claimed_at: Option<String>,
    /// Who did it.
    by: String,
    /// What kind of entry.
    kind: String,
    /// The record it happened to.
    record: String,
    /// What happened, in words.
    text: TextView,
}

/// What happened, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntriesView {
    /// A page of it.
    entries: Vec<EntryView>,
    /// What to give as `cursor` for the next page; absent on the last.
    next: Option<String>,
}

/// Shows everything that happened to an incident, its calls and its assignments, oldest first.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/entries", tag = "incidents",
    params(("id" = String, Path), PageQuery), responses((status = 200, body = EntriesView)))]
pub(crate) async fn of_incident(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<EntriesView>, Problem> {
    if !session.may(Permission::ReadEntries) {
        return Err(Problem::denied());
    }
    let id: IncidentId = read_id(&id)?;
    super::incident::find(&app, id)?;
    let records = family(&app, id)?;
    let limit = query.limit();
    let after = match query.cursor.as_deref() {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| super::board::bad_cursor())?),
    };
    let found = app.node.read_store(|reader| {
        let stored = reader.entries_of(&records, after, limit)?;
        let next = stored
            .last()
            .filter(|_| stored.len() == limit)
            .map(|last| last.position.to_string());
        let opened: Result<Vec<_>, StoreError> = stored
            .into_iter()
            .map(|one| Ok((reader.personal_of_entry(&one.entry)?, one.entry)))
            .collect();
        Ok::<_, StoreError>((opened?, next))
    });
    let (found, next) = found.map_err(|fault| {
        tracing::error!(error = %Chain(&fault), "entries could not be read");
        Problem::fault()
    })?;
    let board = app.node.board();
    let personal_allowed = session.may(Permission::ReadPersonal);
    let mut entries = Vec::new();
    for (personal, entry) in found {
        let Ok(Decoded::Event {
            record,
            event,
            meta,
            ..
        }) = engine::decode(&entry)
        else {
            continue;
        };
        let personal = personal.filter(|_| personal_allowed);
        entries.push(EntryView {
            seq: entry.header.seq,
            at: view::time(meta.at),
            claimed_at: (meta.happened_at != meta.at).then(|| view::time(meta.happened_at)),
            by: name_of(&board, meta.by.person),
            kind: entry.header.kind.to_string(),
            record: RecordKind::as_str(record.kind).to_owned(),
            text: crate::words::of(
                &board,
                app.node.response(),
                record,
                &event,
                personal.as_ref(),
            )
            .into(),
        });
    }
    Ok(Json(EntriesView { entries, next }))
}

/// Returns an incident, those merged into it, and the calls and assignments of all of them.
fn family(app: &App, id: IncidentId) -> Result<Vec<RecordRef>, Problem> {
    let board = app.node.board();
    let mut records: Vec<RecordRef> = board
        .merged_family(id)
        .into_iter()
        .map(RecordRef::from)
        .collect();
    records.extend(board.calls_of(id).map(|call| RecordRef::from(call.id)));
    records.extend(
        board
            .assignments_of(id)
            .map(|assignment| RecordRef::from(assignment.id)),
    );
    drop(board);
    // One that ended long ago has its children in the tables only.
    for kind in [RecordKind::Call, RecordKind::Assignment] {
        let filter = watchfire_store::Filter {
            open: None,
            parent: Some(id),
        };
        let found = app
            .node
            .read_store(|reader| reader.records(kind, filter, None, super::PAGE_MAX));
        for child in found.map_err(super::person::fault)?.rows {
            if !records.contains(&child.record) {
                records.push(child.record);
            }
        }
    }
    Ok(records)
}

/// Returns what the screens call somebody; the node itself by the product's name.
pub(crate) fn name_of(board: &Board, person: PersonId) -> String {
    match board.people.get(&person) {
        Some(person) => person.details.name.to_string(),
        None => "Watchfire".to_owned(),
    }
}

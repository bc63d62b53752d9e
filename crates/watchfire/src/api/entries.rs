//! What happened to an incident with its calls and assignments, or to somebody's right to sign in: entry by
//! entry, in words.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{IncidentId, PersonId};
use watchfire_core::board::Board;
use watchfire_core::engine::{self, Decoded};
use watchfire_core::record::incident::Incident;
use watchfire_core::record::person::Person;
use watchfire_core::record::{RecordKind, RecordRef};
use watchfire_store::StoreError;

use super::board::find;
use super::view::{self, SeatView, TextView};
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
    /// From which seat.
    seat: SeatView,
    /// What kind of entry.
    kind: String,
    /// What kind of record it happened to.
    record: String,
    /// The id of that record.
    record_id: String,
    /// The version of the record that it made.
    version: u64,
    /// The agency's running number of the record, for the kinds that have one.
    number: Option<u64>,
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
    find::<Incident>(&app, id)?;
    let records = super::board::look_with(&app, [id], |board| family(board, id))?;
    page(&app, &session, &query, &records, Some(id)).map(Json)
}

/// Shows what happened to the record of somebody who may sign in: enrolled, changed, given codes and tokens, disabled.
#[utoipa::path(get, path = "/api/v1/people/{id}/entries", tag = "people",
    params(("id" = String, Path), PageQuery), responses((status = 200, body = EntriesView)))]
pub(crate) async fn of_person(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<EntriesView>, Problem> {
    if !session.may(Permission::ReadPeople) {
        return Err(Problem::denied());
    }
    let id: PersonId = read_id(&id)?;
    find::<Person>(&app, id)?;
    page(&app, &session, &query, &[id.into()], None).map(Json)
}

/// Reads a page of entries about these records and says them in words, which may need the kin of an incident.
fn page(
    app: &App,
    session: &Session,
    query: &PageQuery,
    records: &[RecordRef],
    incident: Option<IncidentId>,
) -> Result<EntriesView, Problem> {
    let limit = query.limit();
    let after = match query.cursor.as_deref() {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| super::board::bad_cursor())?),
    };
    let found = app.node.read_store(|reader| {
        let stored = reader.entries_of(records, after, limit)?;
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
    let personal_allowed = session.may(Permission::ReadPersonal);
    let told = |board: &Board| -> Vec<EntryView> {
        let words = found.iter().filter_map(|(personal, entry)| {
            let Ok(Decoded::Event {
                record,
                event,
                meta,
                ..
            }) = engine::decode(entry)
            else {
                return None;
            };
            let personal = personal.as_ref().filter(|_| personal_allowed);
            let text = crate::words::of(board, app.node.response(), record, &event, personal);
            Some(EntryView {
                seq: entry.header.seq,
                at: view::time(meta.at),
                claimed_at: (meta.happened_at != meta.at).then(|| view::time(meta.happened_at)),
                by: name_of(board, meta.by.person),
                seat: meta.by.seat.into(),
                kind: entry.header.kind.to_string(),
                record: RecordKind::as_str(record.kind).to_owned(),
                record_id: view::hex(&record.id),
                version: meta.version,
                number: board.get(record).and_then(|found| found.number()),
                text: text.into(),
            })
        });
        words.collect()
    };
    let entries = super::board::look_with(app, incident, told)?;
    Ok(EntriesView { entries, next })
}

/// Returns an incident, those merged into it, and the calls and assignments of all of them.
fn family(board: &Board, id: IncidentId) -> Vec<RecordRef> {
    let incidents = board.merged_family(id).into_iter().map(RecordRef::from);
    let calls = board.calls_of(id).map(|call| RecordRef::from(call.id));
    let assignments = board.assignments_of(id).map(|one| RecordRef::from(one.id));
    incidents.chain(calls).chain(assignments).collect()
}

/// Returns what the screens call somebody; the node itself by the product's name.
pub(crate) fn name_of(board: &Board, person: PersonId) -> String {
    match board.people.get(&person) {
        Some(person) => person.details.name.to_string(),
        None => "Watchfire".to_owned(),
    }
}

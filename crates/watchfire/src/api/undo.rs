//! Taking back what one has just done.

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::Text;
use watchfire_core::record::Action;
use watchfire_core::refusal::Refusal;

use super::{Asked, answer};
use crate::policy::Permission;
use crate::problem::Problem;

/// Which action is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UndoBody {
    /// The `Idempotency-Key` that it was asked with.
    #[schema(min_length = 1, max_length = 128)]
    key: String,
}

impl super::Timed for UndoBody {
    /// It is taken back now or not at all.
    fn happened_at(&self) -> Option<&str> {
        None
    }
}

/// What was changed by taking it back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UndoneView {
    /// The records, the main one first.
    records: Vec<ChangedView>,
}

/// A record that was changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangedView {
    /// Its kind.
    kind: String,
    /// Its id.
    id: String,
    /// The version it then had.
    version: u64,
}

/// Takes back what one did within the last ten seconds, if nothing else has happened to it since: all of it or nothing.
#[utoipa::path(post, path = "/api/v1/undo", tag = "board", request_body = UndoBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 200, body = UndoneView)))]
pub(crate) async fn take_back(asked: Asked) -> Result<Response, Problem> {
    // Who may do what takes it back is looked at again when that is known.
    let acting = [
        Permission::TakeCalls,
        Permission::RunIncidents,
        Permission::SendUnits,
        Permission::RunUnits,
        Permission::ReportOwnUnit,
        Permission::SetRoadConditions,
    ];
    let person = asked.session.person;
    let meaning = |body: UndoBody| match asked.app.node.deeds().find(person, &body.key) {
        Some(Ok(undo)) => Ok(Action::Undo(Box::new(undo))),
        Some(Err(refusal)) => Err(refusal.into()),
        None => Err(not_remembered().into()),
    };
    let outcome = asked.act(&acting, meaning).await?;
    let changed = |(record, version): &(watchfire_core::record::RecordRef, u64)| ChangedView {
        kind: record.kind.as_str().to_owned(),
        id: record.id.iter().map(|byte| format!("{byte:02x}")).collect(),
        version: *version,
    };
    let view = UndoneView {
        records: outcome.records.iter().map(changed).collect(),
    };
    let version = view.records.first().map_or(0, |first| first.version);
    Ok(answer(StatusCode::OK, version, &view))
}

pub(crate) fn not_remembered() -> Refusal {
    Refusal::NotUndone {
        because: Text::new(
            "nothing that you did of late had that key",
            "您近期没有以该键进行的操作",
        ),
        instead: Text::new("Put it right by what fits now.", "请用当前适用的操作更正。"),
    }
}

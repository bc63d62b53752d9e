//! Incidents: opened, graded, merged and closed; what to send to them, and what happened to them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{AssignmentId, CallId, IncidentId, Prose, UnitId};
use watchfire_core::board::Board;
use watchfire_core::recommend::Rule;
use watchfire_core::record::assignment::{Assignment, AssignmentAction};
use watchfire_core::record::incident::{Incident, IncidentAction};
use watchfire_core::record::{Action, RecordKind};

use super::alarm::SeenBody;
use super::board::{allowed, find, look_with, page};
use super::recommendation::{self, RecommendationView, RuleView, TogetherView};
use super::view::{self, AssignmentView, IncidentView, RelationView};
use super::{
    App, Asked, NothingMore, Page, PageQuery, PlaceBody, Query, WithReason, answer, read, read_id,
    read_maybe, read_place,
};
use crate::advice::Advice;
use crate::policy::{Permission, Session};
use crate::problem::Problem;

/// A new incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "category": "structure_fire", "priority": 1,
    "place": { "lat": 37.7793, "lon": -122.4193, "address": "1 Dr Carlton B Goodlett Pl" },
}))]
pub(crate) struct OpenBody {
    /// The call it begins with; what is left out below is taken from it.
    call: Option<String>,
    /// What it is, a code of the response file.
    #[schema(max_length = 48)]
    category: Option<String>,
    /// How urgent; 1 is most urgent.
    #[schema(minimum = 1, maximum = 4)]
    priority: Option<u8>,
    /// Where.
    place: Option<PlaceBody>,
    /// The exercise that it is raised for: then it begins with no call, and counts in nothing but that exercise.
    exercise: Option<String>,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// What an incident is now thought to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GradeBody {
    /// What it is.
    #[schema(max_length = 48)]
    category: Option<String>,
    /// How urgent.
    #[schema(minimum = 1, maximum = 4)]
    priority: Option<u8>,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// Where an incident really is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelocateBody {
    /// Where.
    place: PlaceBody,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// Something to write down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteBody {
    /// The text (sealed).
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// A higher alarm.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmBody {
    /// The new level.
    #[schema(minimum = 2, maximum = 9)]
    level: u8,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// How an incident ended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloseBody {
    /// How it ended.
    #[schema(min_length = 1, max_length = 200)]
    disposition: String,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// The incident that goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeBody {
    /// Which.
    into: String,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// The calls that turn out to be another incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitBody {
    /// The calls that move.
    #[schema(min_items = 1, max_items = 200)]
    calls: Vec<String>,
    /// What the new incident is; as the old one if left out.
    #[schema(max_length = 48)]
    category: Option<String>,
    /// How urgent; as the old one if left out.
    #[schema(minimum = 1, maximum = 4)]
    priority: Option<u8>,
    /// Where; as the first call or the old one if left out.
    place: Option<PlaceBody>,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// Another incident and how it stands to this one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkBody {
    /// The other.
    incident: String,
    /// How it stands to this one.
    relation: RelationView,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// Which units to send.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendBody {
    /// The units: all of them are sent, or none.
    #[schema(min_items = 1, max_items = 50)]
    units: Vec<String>,
    /// True to put them forward only.
    #[serde(default)]
    propose: bool,
    /// Why others than those recommended are sent; `not_said` if it is left out.
    otherwise: Option<RuleView>,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(
    OpenBody,
    GradeBody,
    RelocateBody,
    NoteBody,
    AlarmBody,
    CloseBody,
    MergeBody,
    SplitBody,
    LinkBody,
    SendBody
);

/// Lists incidents, last changed first.
#[utoipa::path(get, path = "/api/v1/incidents", tag = "incidents", params(PageQuery),
    responses((status = 200, body = Page<IncidentView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<IncidentView>>, Problem> {
    page(&app, &session, &query, |board, one: &Incident| {
        view::incident(board, one, &app.node)
    })
}

/// Shows an incident.
#[utoipa::path(get, path = "/api/v1/incidents/{id}", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = IncidentView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    allowed(&session)?;
    respond(&app, read_id(&id)?, StatusCode::OK)
}

/// Shows the incident of a running number, however long ago it was.
#[utoipa::path(get, path = "/api/v1/incidents/number/{number}", tag = "incidents",
    params(("number" = u64, Path, minimum = 1)), responses((status = 200, body = IncidentView)))]
pub(crate) async fn by_number(
    State(app): State<App>,
    session: Session,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    allowed(&session)?;
    // Numbers are kept as signed integers; one beyond them was never given.
    let number: i64 = number.parse().map_err(|_| Problem::not_found())?;
    let number = u64::try_from(number).map_err(|_| Problem::not_found())?;
    let row = app
        .node
        .read_store(|reader| reader.record_by_number(RecordKind::Incident, number));
    let row = row.map_err(super::person::fault)?;
    let row = row.ok_or_else(Problem::not_found)?;
    respond(&app, IncidentId(row.record.id), StatusCode::OK)
}

/// Says whether somebody was at an incident and nobody is bound by it any more.
pub(super) fn attended(board: &Board, incident: &Incident) -> bool {
    // Who had left before it was taken up again has not been to what it is now.
    let counts =
        |one: &&Assignment| one.counts() && (one.is_live() || one.ended_at >= incident.reopened_at);
    let mut there = board.assignments_of(incident.id).filter(counts).peekable();
    there.peek().is_some() && there.all(|one| !one.is_live())
}

pub(crate) fn respond(app: &App, id: IncidentId, status: StatusCode) -> Result<Response, Problem> {
    let incident = find::<Incident>(app, id)?;
    let shown = look_with(app, [id], |board| {
        view::incident(board, &incident, &app.node)
    })?;
    Ok(answer(status, incident.version, &shown))
}

async fn act<T: serde::de::DeserializeOwned + super::Timed>(
    asked: &Asked,
    permission: Permission,
    status: StatusCode,
    meaning: impl FnOnce(T) -> Result<IncidentAction, Problem>,
) -> Result<Response, Problem> {
    let outcome = asked
        .act(&[permission], |body: T| meaning(body).map(Action::Incident))
        .await?;
    respond(&asked.app, IncidentId(outcome.records[0].0.id), status)
}

/// Opens an incident, from a call or of one's own accord.
#[utoipa::path(post, path = "/api/v1/incidents", tag = "incidents", request_body = OpenBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = IncidentView)))]
pub(crate) async fn open(asked: Asked) -> Result<Response, Problem> {
    act(
        &asked,
        Permission::OpenIncidents,
        StatusCode::CREATED,
        |body: OpenBody| {
            if let Some(operation) = body.exercise.as_deref() {
                return in_exercise(&body, operation);
            }
            Ok(IncidentAction::Open {
                from_call: body.call.as_deref().map(read_id).transpose()?,
                category: read_maybe("category", body.category.as_deref())?,
                priority: super::call::read_priority(body.priority)?,
                place: read_place(body.place.as_ref())?,
            })
        },
    )
    .await
}

fn in_exercise(body: &OpenBody, operation: &str) -> Result<IncidentAction, Problem> {
    let missing = || {
        Problem::unreadable(
            "What is raised for an exercise needs `category`, `priority` and `place`, and takes no `call`.",
            "演练警情须填写 category、priority 和 place，且不得关联报警。",
        )
    };
    if body.call.is_some() {
        return Err(missing());
    }
    let category = read_maybe("category", body.category.as_deref())?;
    let priority = super::call::read_priority(body.priority)?;
    Ok(IncidentAction::OpenInExercise {
        operation: read_id(operation)?,
        category: category.ok_or_else(missing)?,
        priority: priority.ok_or_else(missing)?,
        place: read_place(body.place.as_ref())?.ok_or_else(missing)?,
    })
}

/// Changes what an incident is or how urgent.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/grade", tag = "incidents", request_body = GradeBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = IncidentView)))]
pub(crate) async fn grade(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    act(
        &asked,
        Permission::RunIncidents,
        StatusCode::OK,
        |body: GradeBody| {
            Ok(IncidentAction::Grade {
                incident: read_id(&id)?,
                category: read_maybe("category", body.category.as_deref())?,
                priority: super::call::read_priority(body.priority)?,
            })
        },
    )
    .await
}

/// Corrects where an incident is.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/relocate", tag = "incidents", request_body = RelocateBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = IncidentView)))]
pub(crate) async fn relocate(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    act(
        &asked,
        Permission::RunIncidents,
        StatusCode::OK,
        |body: RelocateBody| {
            Ok(IncidentAction::Relocate {
                incident: read_id(&id)?,
                place: body.place.read()?,
            })
        },
    )
    .await
}

/// Writes a note on an incident.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/notes", tag = "incidents", request_body = NoteBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 201, body = IncidentView)))]
pub(crate) async fn add_note(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: NoteBody| {
        Ok(Action::Incident(IncidentAction::AddNote {
            incident: read_id(&id)?,
            text: read::<Prose>("text", &body.text)?,
        }))
    };
    let outcome = asked
        .act(
            &[Permission::OpenIncidents, Permission::ReportOwnUnit],
            meaning,
        )
        .await?;
    respond(
        &asked.app,
        IncidentId(outcome.records[0].0.id),
        StatusCode::CREATED,
    )
}

/// A note.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoteView {
    /// When.
    at: String,
    /// By whom.
    by: String,
    /// The text; absent when its key is gone.
    text: Option<String>,
}

/// The notes of an incident.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotesView {
    /// Oldest first.
    notes: Vec<NoteView>,
}

/// Shows the notes of an incident.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/notes", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = NotesView)))]
pub(crate) async fn notes(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Json<NotesView>, Problem> {
    if !session.may(Permission::ReadPersonal) {
        return Err(Problem::denied());
    }
    let incident = find::<Incident>(&app, read_id(&id)?)?;
    let board = app.node.board();
    let note = |note: &watchfire_core::record::incident::Note| NoteView {
        at: view::time(note.at),
        by: super::entries::name_of(&board, note.by.person),
        text: note.text.as_ref().map(|text| text.as_str().to_owned()),
    };
    Ok(Json(NotesView {
        notes: incident.notes.iter().map(note).collect(),
    }))
}

/// Strikes a higher alarm.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/alarm", tag = "incidents", request_body = AlarmBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = IncidentView)))]
pub(crate) async fn raise_alarm(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    act(
        &asked,
        Permission::RunIncidents,
        StatusCode::OK,
        |body: AlarmBody| {
            Ok(IncidentAction::RaiseAlarm {
                incident: read_id(&id)?,
                level: body.level,
            })
        },
    )
    .await
}

/// Acknowledges an incident's alarm: a person has seen it. It goes on until what it hangs on is done.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/alarm-seen", tag = "incidents", request_body = SeenBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = IncidentView)))]
pub(crate) async fn see_alarm(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    act(
        &asked,
        Permission::RunIncidents,
        StatusCode::OK,
        |body: SeenBody| {
            Ok(IncidentAction::SeeAlarm {
                incident: read_id(&id)?,
                code: body.code.into(),
            })
        },
    )
    .await
}

/// Closes an incident.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/close", tag = "incidents", request_body = CloseBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = IncidentView)))]
pub(crate) async fn close(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    act(
        &asked,
        Permission::RunIncidents,
        StatusCode::OK,
        |body: CloseBody| {
            Ok(IncidentAction::Close {
                incident: read_id(&id)?,
                disposition: read("disposition", &body.disposition)?,
            })
        },
    )
    .await
}

/// Cancels an incident.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/cancel", tag = "incidents", request_body = WithReason,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = IncidentView)))]
pub(crate) async fn cancel(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    act(
        &asked,
        Permission::RunIncidents,
        StatusCode::OK,
        |body: WithReason| {
            Ok(IncidentAction::Cancel {
                incident: read_id(&id)?,
                reason: read("reason", &body.reason)?,
            })
        },
    )
    .await
}

/// Takes an ended incident up again.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/reopen", tag = "incidents", request_body = WithReason,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = IncidentView)))]
pub(crate) async fn reopen(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    act(
        &asked,
        Permission::RunIncidents,
        StatusCode::OK,
        |body: WithReason| {
            Ok(IncidentAction::Reopen {
                incident: read_id(&id)?,
                reason: read("reason", &body.reason)?,
            })
        },
    )
    .await
}

/// Says that an incident is the same situation as another.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/merge", tag = "incidents", request_body = MergeBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = IncidentView)))]
pub(crate) async fn merge(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    act(
        &asked,
        Permission::RunIncidents,
        StatusCode::OK,
        |body: MergeBody| {
            Ok(IncidentAction::Merge {
                incident: read_id(&id)?,
                into: read_id(&body.into)?,
            })
        },
    )
    .await
}

/// Says that a merged incident was one of its own after all.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/unmerge", tag = "incidents", request_body = NothingMore,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = IncidentView)))]
pub(crate) async fn unmerge(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    act(
        &asked,
        Permission::RunIncidents,
        StatusCode::OK,
        |_: NothingMore| {
            Ok(IncidentAction::Unmerge {
                incident: read_id(&id)?,
            })
        },
    )
    .await
}

/// Makes a new incident of some of the calls; answers with the new one.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/split", tag = "incidents", request_body = SplitBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 201, body = IncidentView)))]
pub(crate) async fn split(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    act(
        &asked,
        Permission::RunIncidents,
        StatusCode::CREATED,
        |body: SplitBody| {
            let calls: Result<Vec<CallId>, Problem> =
                body.calls.iter().map(|call| read_id(call)).collect();
            Ok(IncidentAction::Split {
                incident: read_id(&id)?,
                calls: calls?,
                category: read_maybe("category", body.category.as_deref())?,
                priority: super::call::read_priority(body.priority)?,
                place: read_place(body.place.as_ref())?,
            })
        },
    )
    .await
}

/// Links an incident to another, on both sides.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/links", tag = "incidents", request_body = LinkBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = IncidentView)))]
pub(crate) async fn link(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    act(
        &asked,
        Permission::RunIncidents,
        StatusCode::OK,
        |body: LinkBody| {
            let other = read_id(&body.incident)?;
            Ok(IncidentAction::Link {
                incident: read_id(&id)?,
                other,
                relation: body.relation.into(),
            })
        },
    )
    .await
}

/// Takes a link away, on both sides.
#[utoipa::path(delete, path = "/api/v1/incidents/{id}/links/{other}", tag = "incidents",
    params(("id" = String, Path), ("other" = String, Path), ("Idempotency-Key" = String, Header),
        ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = IncidentView)))]
pub(crate) async fn unlink(
    Path((id, other)): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, Problem> {
    let asked = asked.without_body();
    act(
        &asked,
        Permission::RunIncidents,
        StatusCode::OK,
        |_: NothingMore| {
            Ok(IncidentAction::Unlink {
                incident: read_id(&id)?,
                other: read_id(&other)?,
            })
        },
    )
    .await
}

/// Recommends what to send to an incident, and why.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/recommendation", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = RecommendationView)))]
pub(crate) async fn recommendation(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Json<RecommendationView>, Problem> {
    allowed(&session)?;
    let incident = find::<Incident>(&app, read_id(&id)?)?;
    let board = app.node.board();
    let advice = Advice::of(&app.node, &board);
    let made = advice.recommend(&incident);
    let diversions = advice.diversions(&incident, &made);
    Ok(Json(recommendation::shown(
        &board,
        &app.node,
        &made,
        advice.cover(),
        &diversions,
    )))
}

/// Proposes what to send to all incidents that nobody is on yet, looked at together: the least time in all.
#[utoipa::path(get, path = "/api/v1/recommendation", tag = "incidents",
    responses((status = 200, body = TogetherView)))]
pub(crate) async fn together(
    State(app): State<App>,
    session: Session,
) -> Result<Json<TogetherView>, Problem> {
    allowed(&session)?;
    // Of many incidents and many units: on a thread of its own, over a board of its own, so that nobody waits for it.
    let board = app.node.board().clone();
    let node = app.node.clone();
    let look = move || {
        let found = Advice::of(&node, &board).together();
        recommendation::shown_together(&board, &node, &found)
    };
    let shown = tokio::task::spawn_blocking(look).await;
    Ok(Json(shown.map_err(|_| Problem::fault())?))
}

/// The assignments that were made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SentView {
    /// One for each unit.
    assignments: Vec<AssignmentView>,
}

/// Sends (or proposes) units to an incident: all of them or none.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/assignments", tag = "incidents", request_body = SendBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), responses((status = 201, body = SentView)))]
pub(crate) async fn send(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: SendBody| {
        let id: IncidentId = read_id(&id)?;
        let incident = find::<Incident>(&asked.app, id)?;
        let units: Result<Vec<UnitId>, Problem> =
            body.units.iter().map(|unit| read_id(unit)).collect();
        let rule = body.otherwise.map_or(Rule::NotSaid, Rule::from);
        let board = asked.app.node.board();
        let advice = Advice::of(&asked.app.node, &board);
        let (choices, made) = advice.choices(&incident, None, &units?, rule);
        let action = Action::Assignment(if body.propose {
            AssignmentAction::Propose {
                incident: id,
                choices,
            }
        } else {
            AssignmentAction::Send {
                incident: id,
                choices,
            }
        });
        Ok((action, Some(made)))
    };
    let outcome = asked.act_keeping(&[Permission::SendUnits], meaning).await?;
    let board = asked.app.node.board();
    let made = outcome
        .records
        .iter()
        .filter_map(|(name, _)| board.assignments.get(&AssignmentId(name.id)));
    let sent = SentView {
        assignments: made
            .map(|one| view::assignment(&board, one, &asked.app.node))
            .collect(),
    };
    Ok(answer(StatusCode::CREATED, 1, &sent))
}

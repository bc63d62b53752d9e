//! Drafts: calls that are still being typed, kept for whoever types them, so that they survive a crash of the browser and
//! of the node. Nobody else sees them, whatever their seat; nothing has happened yet, so there is no entry.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{CallId, Text, Unreadable};
use watchfire_core::limits;
use watchfire_core::refusal::Refusal;
use watchfire_store::limits::{DRAFT_BYTES_MAX, DRAFTS_PER_PERSON_MAX};
use watchfire_store::{CallDraft, DraftPut};

use super::call::{AnswerBody, read_answers, read_priority};
use super::view::{ChannelView, time};
use super::{App, Body, Envelope, PlaceBody, read_time_maybe, unreadable};
use crate::node::DraftNotKept;
use crate::policy::{Permission, Session};
use crate::problem::Problem;

/// Largest `seq`: the largest whole number that every browser counts exactly.
const SEQ_MAX: u64 = (1 << 53) - 1;

/// A call that is still being typed. All of it is sealed; what is empty or unfinished is taken as it is.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "seq": 7, "opened_at": "2016-12-31T23:59:00Z", "said": "smoke from the thi", "place_text": "5th & ma",
}))]
pub(crate) struct DraftBody {
    /// The browser's own count of what it sent for this draft; only a higher one than is kept changes anything.
    #[schema(maximum = 9007199254740991_u64)]
    seq: u64,
    /// When typing began.
    #[schema(format = DateTime)]
    opened_at: String,
    /// When it began to ring.
    #[schema(format = DateTime)]
    ringing_at: Option<String>,
    /// How it came.
    channel: Option<ChannelView>,
    /// What was said so far.
    #[schema(max_length = 4000)]
    said: Option<String>,
    /// Who calls.
    #[schema(max_length = 200)]
    caller: Option<String>,
    /// The number to call back.
    #[schema(max_length = 200)]
    callback: Option<String>,
    /// What was typed for the place.
    #[schema(max_length = 200)]
    place_text: Option<String>,
    /// The place, once it was found.
    place: Option<PlaceBody>,
    /// What, as chosen so far.
    #[schema(max_length = 48)]
    category: Option<String>,
    /// How urgent; 1 is most urgent.
    #[schema(minimum = 1, maximum = 4)]
    priority: Option<u8>,
    /// What was answered so far.
    #[schema(max_items = 50)]
    #[serde(default)]
    answers: Vec<AnswerBody>,
}

/// A draft, as it is kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct DraftView {
    /// Its id.
    id: String,
    /// The browser's own count of what it sent.
    seq: u64,
    /// When this was kept.
    #[schema(format = DateTime)]
    changed_at: String,
    /// When typing began.
    #[schema(format = DateTime)]
    opened_at: String,
    /// When it began to ring.
    #[schema(format = DateTime)]
    ringing_at: Option<String>,
    /// How it came.
    channel: Option<ChannelView>,
    /// What was said so far.
    said: Option<String>,
    /// Who calls.
    caller: Option<String>,
    /// The number to call back.
    callback: Option<String>,
    /// What was typed for the place.
    place_text: Option<String>,
    /// The place.
    place: Option<DraftPlaceView>,
    /// What.
    category: Option<String>,
    /// How urgent.
    priority: Option<u8>,
    /// What was answered.
    answers: Vec<DraftAnswerView>,
}

/// Where a draft is about.
#[derive(Serialize, ToSchema)]
pub(crate) struct DraftPlaceView {
    /// Latitude in degrees (WGS 84).
    lat: f64,
    /// Longitude in degrees (WGS 84).
    lon: f64,
    /// The address.
    address: Option<String>,
    /// The station area.
    area: Option<String>,
}

/// What was answered while a draft was typed.
#[derive(Serialize, ToSchema)]
pub(crate) struct DraftAnswerView {
    /// The question.
    question: String,
    /// The answer.
    answer: String,
}

/// One's own drafts.
#[derive(Serialize, ToSchema)]
pub(crate) struct DraftsView {
    /// Those that have not ended, in the order in which they were begun.
    drafts: Vec<DraftView>,
}

/// Shows one's own drafts that have not ended; nobody sees another's.
#[utoipa::path(get, path = "/api/v1/drafts", tag = "calls", responses((status = 200, body = DraftsView)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
) -> Result<Json<DraftsView>, Problem> {
    if !session.may(Permission::TakeCalls) {
        return Err(Problem::denied());
    }
    let drafts = app.node.read_store(|reader| reader.drafts(session.person));
    let drafts = drafts.map_err(|error| fault(&error))?;
    let shown = drafts.into_iter().map(|draft| shown(&draft));
    Ok(Json(DraftsView {
        drafts: shown.collect::<Result<_, _>>()?,
    }))
}

/// Keeps a draft and answers once it is durable. With a `seq` that is not higher than the one kept nothing changes, and the
/// answer is what is kept. A draft that became a call or was given up stays ended (409 `draft_ended`).
#[utoipa::path(put, path = "/api/v1/drafts/{id}", tag = "calls", request_body = DraftBody,
    params(("id" = String, Path, pattern = "^[0-9a-f]{32}$")), responses((status = 200, body = DraftView)))]
pub(crate) async fn put(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
    envelope: Envelope,
    body: Body,
) -> Result<Json<DraftView>, Problem> {
    if !session.may(Permission::TakeCalls) {
        return Err(Problem::denied());
    }
    if body.bytes().len() > DRAFT_BYTES_MAX {
        return Err(too_large());
    }
    let body: DraftBody = body.read(envelope.json)?;
    check(&body)?;
    let draft = CallDraft {
        id: read_draft_id(&id)?,
        seq: body.seq,
        changed_at: app.node.now(),
        json: serde_json::to_vec(&body).map_err(|_| Problem::fault())?,
    };
    if draft.json.len() > DRAFT_BYTES_MAX {
        return Err(too_large());
    }
    match app.node.keep_draft(session.person, draft).await {
        Ok(DraftPut::Kept(draft)) => Ok(Json(shown(&draft)?)),
        Ok(DraftPut::Ended(call)) => Err(ended(&app, call)),
        Ok(DraftPut::NotYours) => Err(Problem::not_found()),
        Ok(DraftPut::TooMany) => Err(Refusal::Limit {
            what: Text::new("half-typed calls of one person", "每人的接警草稿"),
            max: DRAFTS_PER_PERSON_MAX,
        }
        .into()),
        Err(DraftNotKept::Node(not)) => Err(not.into()),
        Err(DraftNotKept::Fault) => Err(Problem::fault()),
    }
}

/// Gives a draft up: from then on nobody can read it, in no backup either. Again is as good as once.
#[utoipa::path(delete, path = "/api/v1/drafts/{id}", tag = "calls",
    params(("id" = String, Path, pattern = "^[0-9a-f]{32}$")), responses((status = 204)))]
pub(crate) async fn give_up(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    if !session.may(Permission::TakeCalls) {
        return Err(Problem::denied());
    }
    let id = read_draft_id(&id).map_err(|_| Problem::not_found())?;
    let (person, now) = (session.person, app.node.now());
    let given_up = app
        .node
        .on_store(move |store| store.give_up_draft(person, &id, now));
    match given_up.await?.map_err(|error| fault(&error))? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Problem::not_found()),
    }
}

/// Reads the id of a draft.
pub(super) fn read_draft_id(text: &str) -> Result<[u8; 16], Problem> {
    // As long and written as the id of any record.
    let id: Result<CallId, Unreadable> = text.parse();
    id.map(|id| id.0)
        .map_err(|error| unreadable("draft", &error))
}

/// Checks what would make a draft unreadable or endless; the rest is only checked once it is to be a call.
fn check(body: &DraftBody) -> Result<(), Problem> {
    if body.seq > SEQ_MAX {
        return Err(Problem::unreadable(
            format!("`seq` is {}; at most {SEQ_MAX} is taken.", body.seq),
            format!("“seq”为 {}，最大为 {SEQ_MAX}。", body.seq),
        ));
    }
    read_time_maybe("opened_at", Some(&body.opened_at))?;
    read_time_maybe("ringing_at", body.ringing_at.as_deref())?;
    let texts = [
        ("said", &body.said, limits::PROSE_CHARS_MAX),
        ("caller", &body.caller, limits::LINE_CHARS_MAX),
        ("callback", &body.callback, limits::LINE_CHARS_MAX),
        ("place_text", &body.place_text, limits::LINE_CHARS_MAX),
        ("category", &body.category, limits::CODE_CHARS_MAX),
    ];
    for (field, text, max) in texts {
        let found = text.as_ref().map_or(0, |text| text.chars().count());
        if found > max {
            return Err(unreadable(field, &Unreadable::TooLong { max, found }));
        }
    }
    if let Some(place) = &body.place {
        place.read()?;
    }
    read_priority(body.priority)?;
    if body.answers.len() > limits::ANSWERS_PER_CALL_MAX {
        return Err(Refusal::Limit {
            what: Text::new("answers on a call", "每条报警的回答"),
            max: limits::ANSWERS_PER_CALL_MAX,
        }
        .into());
    }
    read_answers(&body.answers).map(|_| ())
}

fn shown(draft: &CallDraft) -> Result<DraftView, Problem> {
    let body: DraftBody = serde_json::from_slice(&draft.json).map_err(|_| Problem::fault())?;
    Ok(DraftView {
        id: CallId(draft.id).to_string(),
        seq: draft.seq,
        changed_at: time(draft.changed_at),
        opened_at: body.opened_at,
        ringing_at: body.ringing_at,
        channel: body.channel,
        said: body.said,
        caller: body.caller,
        callback: body.callback,
        place_text: body.place_text,
        place: body.place.map(|place| DraftPlaceView {
            lat: place.lat,
            lon: place.lon,
            address: place.address,
            area: place.area,
        }),
        category: body.category,
        priority: body.priority,
        answers: body
            .answers
            .into_iter()
            .map(|given| DraftAnswerView {
                question: given.question,
                answer: given.answer,
            })
            .collect(),
    })
}

fn too_large() -> Problem {
    let max_kib = DRAFT_BYTES_MAX / 1_024;
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        Text::new(
            format!("The draft is too large: at most {max_kib} KiB are kept."),
            format!("草稿过大：最多保存 {max_kib} KiB。"),
        ),
        Text::new(
            "Shorten it, or take the call and add to it as notes.",
            "请缩短内容，或先接警再以备注补充。",
        ),
    )
}

fn ended(app: &App, call: Option<CallId>) -> Problem {
    let what = match call {
        None => Text::new("This draft was given up.", "该草稿已放弃。"),
        Some(call) => match app.node.board().call(call) {
            Ok(call) => Text::new(
                format!("This draft became call {}.", call.number),
                format!("该草稿已成为接警单 {}。", call.number),
            ),
            Err(_) => Text::new("This draft became a call.", "该草稿已成为接警单。"),
        },
    };
    Problem::new(
        StatusCode::CONFLICT,
        "draft_ended",
        what,
        Text::new(
            "Go on with the call, or begin a new draft under a new id.",
            "请在接警单上继续，或以新编号新建草稿。",
        ),
    )
}

fn fault(error: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(error = %crate::node::Chain(error), "a draft could not be read or removed");
    Problem::fault()
}

//! Calls: taken, amended, joined to incidents, closed; and what they may be duplicates of.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{Answer, CallId, IncidentId, Line, Personal, Priority};
use watchfire_core::duplicate::{self, Hint, Report};
use watchfire_core::record::Action;
use watchfire_core::record::call::{Call, CallAction, CallDetails, Onward};

use super::alarm::SeenBody;
use super::board::{allowed, find, page};
use super::view::{self, CallView, ChannelView, PriorityView, ReasonView};
use super::{
    App, Asked, Body, Envelope, NothingMore, Page, PageQuery, PlaceBody, Query, WithReason, answer,
    read, read_id, read_maybe, read_place, read_time_maybe,
};
use crate::policy::{Permission, Session};
use crate::problem::Problem;

/// A new call.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "place": { "lat": 37.7793, "lon": -122.4193, "address": "1 Dr Carlton B Goodlett Pl" },
    "category": "structure_fire", "priority": 1, "callback": "555 0100",
    "said": "smoke from the third floor",
}))]
pub(crate) struct CallBody {
    /// How it came; by telephone if nothing is said.
    channel: Option<ChannelView>,
    /// The sending system's own name for it.
    #[schema(max_length = 200)]
    source: Option<String>,
    /// Where.
    place: Option<PlaceBody>,
    /// What, a code of the response file.
    #[schema(max_length = 48)]
    category: Option<String>,
    /// How urgent; 1 is most urgent.
    #[schema(minimum = 1, maximum = 4)]
    priority: Option<u8>,
    /// Who called (sealed).
    #[schema(max_length = 200)]
    caller: Option<String>,
    /// The number to call back (sealed).
    #[schema(max_length = 200)]
    callback: Option<String>,
    /// What was said (sealed).
    #[schema(max_length = 4000)]
    said: Option<String>,
    /// What was answered to the questions of the response file (sealed).
    #[schema(max_items = 50)]
    #[serde(default)]
    answers: Vec<AnswerBody>,
    /// When it began to ring: not after it was answered, and at most 24 hours before.
    #[schema(format = DateTime)]
    ringing_at: Option<String>,
    /// The draft that it was typed in, which ends with it: its id as in `PUT /drafts/{id}`.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    draft: Option<String>,
    /// What is done with it in the same step; if that cannot be, the call is not taken either.
    then: Option<ThenBody>,
    /// When it was answered, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// What is done with a new call in the same step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ThenBody {
    /// Open an incident from it, with its category, priority and place.
    Open(Open),
    /// It is about the same event as this incident.
    Join(String),
}

/// Nothing more is said of an incident than what is known of its call.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {}

/// What a caller answered.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerBody {
    /// The question, by its name in the response file.
    #[schema(max_length = 48)]
    pub question: String,
    /// The answer, by its name within the question.
    #[schema(max_length = 48)]
    pub answer: String,
}

/// What is new about a call. How it came, and what the sending system calls it, stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "priority": 1, "said": "two people at a window" }))]
pub(crate) struct AmendBody {
    /// Where.
    place: Option<PlaceBody>,
    /// What, a code of the response file.
    #[schema(max_length = 48)]
    category: Option<String>,
    /// How urgent; 1 is most urgent.
    #[schema(minimum = 1, maximum = 4)]
    priority: Option<u8>,
    /// Who called (sealed).
    #[schema(max_length = 200)]
    caller: Option<String>,
    /// The number to call back (sealed).
    #[schema(max_length = 200)]
    callback: Option<String>,
    /// What was said (sealed).
    #[schema(max_length = 4000)]
    said: Option<String>,
    /// What was answered (sealed); a later answer to a question takes the place of the earlier one.
    #[schema(max_items = 50)]
    #[serde(default)]
    answers: Vec<AnswerBody>,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// Which incident to join.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JoinBody {
    /// The incident.
    incident: String,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(AmendBody, JoinBody);

impl super::Timed for CallBody {
    fn happened_at(&self) -> Option<&str> {
        self.happened_at.as_deref()
    }

    fn draft(&self) -> Option<&str> {
        self.draft.as_deref()
    }
}

impl CallBody {
    fn details(self) -> Result<CallDetails, Problem> {
        let CallBody {
            place,
            category,
            priority,
            caller,
            callback,
            said,
            answers,
            happened_at,
            ..
        } = self;
        let known = AmendBody {
            place,
            category,
            priority,
            caller,
            callback,
            said,
            answers,
            happened_at,
        };
        known.details()
    }
}

impl AmendBody {
    fn details(&self) -> Result<CallDetails, Problem> {
        Ok(CallDetails {
            place: read_place(self.place.as_ref())?,
            category: read_maybe("category", self.category.as_deref())?,
            priority: read_priority(self.priority)?,
            personal: Personal {
                caller: read_maybe("caller", self.caller.as_deref())?,
                callback: read_maybe("callback", self.callback.as_deref())?,
                said: read_maybe("said", self.said.as_deref())?,
                answers: read_answers(&self.answers)?,
                ..Personal::default()
            },
        })
    }
}

/// Reads what was answered.
pub(crate) fn read_answers(answers: &[AnswerBody]) -> Result<Vec<Answer>, Problem> {
    let read = answers.iter().map(|given| {
        Ok(Answer {
            question: read("answers.question", &given.question)?,
            answer: read("answers.answer", &given.answer)?,
        })
    });
    read.collect()
}

fn read_onward(then: Option<&ThenBody>) -> Result<Onward, Problem> {
    Ok(match then {
        None => Onward::Wait,
        Some(ThenBody::Open(Open {})) => Onward::Open,
        Some(ThenBody::Join(incident)) => Onward::Join(read_id(incident)?),
    })
}

/// Reads an optional priority.
pub(crate) fn read_priority(priority: Option<u8>) -> Result<Option<Priority>, Problem> {
    let read = priority.map(Priority::try_from).transpose();
    read.map_err(|error| {
        Problem::unreadable(
            format!("`priority` cannot be taken: {error}."),
            "优先级为 1（最急）、2、3 或 4。",
        )
    })
}

/// Lists calls, last changed first.
#[utoipa::path(get, path = "/api/v1/calls", tag = "calls", params(PageQuery), responses((status = 200, body = Page<CallView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<CallView>>, Problem> {
    let personal = session.may(Permission::ReadPersonal);
    page(&app, &session, &query, |board, one: &Call| {
        view::call(board, one, &app.node, personal)
    })
}

/// Shows a call.
#[utoipa::path(get, path = "/api/v1/calls/{id}", tag = "calls", params(("id" = String, Path)), responses((status = 200, body = CallView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    allowed(&session)?;
    respond(&app, &session, read_id(&id)?, StatusCode::OK)
}

fn respond(
    app: &App,
    session: &Session,
    id: CallId,
    status: StatusCode,
) -> Result<Response, Problem> {
    let call = find::<Call>(app, id)?;
    let personal = session.may(Permission::ReadPersonal);
    let shown = view::call(&app.node.board(), &call, &app.node, personal);
    Ok(answer(status, call.version, &shown))
}

/// Takes a call; with `then` also opens an incident from it or joins it to one, all of it or nothing.
#[utoipa::path(post, path = "/api/v1/calls", tag = "calls", request_body = CallBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = CallView)))]
pub(crate) async fn receive(asked: Asked) -> Result<Response, Problem> {
    let outcome = asked.act(&[Permission::TakeCalls], |body: CallBody| {
        Ok(Action::Call(CallAction::Receive {
            channel: body.channel.unwrap_or(ChannelView::Phone).into(),
            source: read_maybe("source", body.source.as_deref())?,
            ringing_at: read_time_maybe("ringing_at", body.ringing_at.as_deref())?,
            onward: read_onward(body.then.as_ref())?,
            details: body.details()?,
        }))
    });
    let outcome = outcome.await?;
    respond(
        &asked.app,
        &asked.session,
        CallId(outcome.records[0].0.id),
        StatusCode::CREATED,
    )
}

/// Adds to or corrects what is known of a call; what is left out stays as it was.
#[utoipa::path(patch, path = "/api/v1/calls/{id}", tag = "calls", request_body = AmendBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = CallView)))]
pub(crate) async fn amend(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let call = read_id(&id);
    let meaning = |body: AmendBody| {
        Ok(Action::Call(CallAction::Amend {
            call: call?,
            details: body.details()?,
        }))
    };
    let outcome = asked.act(&[Permission::TakeCalls], meaning).await?;
    respond(
        &asked.app,
        &asked.session,
        CallId(outcome.records[0].0.id),
        StatusCode::OK,
    )
}

/// Makes a call part of an incident.
#[utoipa::path(post, path = "/api/v1/calls/{id}/join", tag = "calls", request_body = JoinBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = CallView)))]
pub(crate) async fn join(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: JoinBody| {
        Ok(Action::Call(CallAction::Join {
            call: read_id(&id)?,
            incident: read_id::<IncidentId>(&body.incident)?,
        }))
    };
    let outcome = asked.act(&[Permission::TakeCalls], meaning).await?;
    respond(
        &asked.app,
        &asked.session,
        CallId(outcome.records[0].0.id),
        StatusCode::OK,
    )
}

/// Acknowledges a call's alarm: a person has seen it. It goes on until what it hangs on is done.
#[utoipa::path(post, path = "/api/v1/calls/{id}/alarm-seen", tag = "calls", request_body = SeenBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = CallView)))]
pub(crate) async fn see_alarm(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: SeenBody| {
        Ok(Action::Call(CallAction::SeeAlarm {
            call: read_id(&id)?,
            code: body.code.into(),
        }))
    };
    let outcome = asked.act(&[Permission::TakeCalls], meaning).await?;
    respond(
        &asked.app,
        &asked.session,
        CallId(outcome.records[0].0.id),
        StatusCode::OK,
    )
}

/// Takes a call off its incident again.
#[utoipa::path(post, path = "/api/v1/calls/{id}/detach", tag = "calls", request_body = NothingMore,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = CallView)))]
pub(crate) async fn detach(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |_: NothingMore| {
        Ok(Action::Call(CallAction::Detach {
            call: read_id(&id)?,
        }))
    };
    let outcome = asked.act(&[Permission::TakeCalls], meaning).await?;
    respond(
        &asked.app,
        &asked.session,
        CallId(outcome.records[0].0.id),
        StatusCode::OK,
    )
}

/// Closes a call without action.
#[utoipa::path(post, path = "/api/v1/calls/{id}/close", tag = "calls", request_body = WithReason,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = CallView)))]
pub(crate) async fn close(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: WithReason| {
        Ok(Action::Call(CallAction::Close {
            call: read_id(&id)?,
            reason: read("reason", &body.reason)?,
        }))
    };
    let outcome = asked.act(&[Permission::TakeCalls], meaning).await?;
    respond(
        &asked.app,
        &asked.session,
        CallId(outcome.records[0].0.id),
        StatusCode::OK,
    )
}

/// Something a call may be a duplicate of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HintView {
    /// The incident, unless the other report is still a loose call.
    incident: Option<String>,
    /// The loose call.
    call: Option<String>,
    /// The other's running number.
    number: u64,
    /// Why.
    reason: ReasonView,
    /// Metres between the places.
    distance_m: Option<u32>,
    /// Seconds since it was last reported.
    age_s: u32,
    /// What the other is about, if it is known.
    category: Option<String>,
    /// How urgent the other is, if it is known; 1 is most urgent.
    priority: Option<PriorityView>,
    /// The address of the other, if it has one.
    address: Option<String>,
}

/// Hints, best first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HintsView {
    /// What it may be a duplicate of.
    hints: Vec<HintView>,
}

/// Shows what a call may be a duplicate of.
#[utoipa::path(get, path = "/api/v1/calls/{id}/duplicates", tag = "calls", params(("id" = String, Path)),
    responses((status = 200, body = HintsView)))]
pub(crate) async fn duplicates(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Json<HintsView>, Problem> {
    allowed(&session)?;
    let id: CallId = read_id(&id)?;
    let call = find::<Call>(&app, id)?;
    let mut report = Report::of(&call);
    if !session.may(Permission::ReadPersonal) {
        // That two reports come from one number is as sealed as the number.
        report.callback = None;
    }
    Ok(hints(&app, &report))
}

/// What is known of a call that is still being typed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DuplicatesBody {
    /// Where.
    place: Option<PlaceBody>,
    /// What.
    #[schema(max_length = 48)]
    category: Option<String>,
    /// The number to call back; compared, never stored.
    #[schema(max_length = 200)]
    callback: Option<String>,
}

/// Shows what a call that is still being typed may be a duplicate of; nothing is stored.
#[utoipa::path(post, path = "/api/v1/duplicates", tag = "calls", request_body = DuplicatesBody,
    responses((status = 200, body = HintsView)))]
pub(crate) async fn duplicates_of_draft(
    State(app): State<App>,
    session: Session,
    envelope: Envelope,
    body: Body,
) -> Result<Response, Problem> {
    if !session.may(Permission::TakeCalls) {
        return Err(Problem::denied());
    }
    let draft: DuplicatesBody = body.read(envelope.json)?;
    let place = read_place(draft.place.as_ref())?;
    let category = read_maybe("category", draft.category.as_deref())?;
    let callback: Option<Line> = read_maybe("callback", draft.callback.as_deref())?;
    let report = Report {
        call: None,
        place: place.as_ref(),
        category: category.as_ref(),
        callback: callback.as_ref(),
        received_at: app.node.now(),
    };
    Ok(hints(&app, &report).into_response())
}

fn hints(app: &App, report: &Report<'_>) -> Json<HintsView> {
    let board = app.node.board();
    let found = duplicate::hints(&board, &app.node.settings().duplicates, report);
    let shown = found.iter().map(|hint| {
        let incident = hint.incident.and_then(|id| board.incidents.get(&id));
        let call = hint.call.and_then(|id| board.calls.get(&id));
        let number = incident.map(|incident| incident.number);
        let category = incident.map(|incident| &incident.category);
        let priority = incident.map(|incident| incident.priority);
        let place = incident.map(|incident| &incident.place);
        let place = place.or_else(|| call?.place.as_ref());
        HintView {
            incident: hint.incident.map(|id| id.to_string()),
            call: hint.call.map(|id| id.to_string()),
            number: number.or(call.map(|call| call.number)).unwrap_or_default(),
            reason: ReasonView {
                code: reason_code(hint).to_owned(),
                text: hint.reason.text().into(),
            },
            distance_m: hint.distance_m,
            age_s: hint.age_s,
            category: category
                .or_else(|| call?.category.as_ref())
                .map(ToString::to_string),
            priority: priority.or_else(|| call?.priority).map(PriorityView),
            address: place
                .and_then(|place| place.address.as_ref())
                .map(ToString::to_string),
        }
    });
    Json(HintsView {
        hints: shown.collect(),
    })
}

fn reason_code(hint: &Hint) -> &'static str {
    match hint.reason {
        duplicate::HintReason::SameCaller => "same_caller",
        duplicate::HintReason::SamePlaceAndCategory => "same_place_and_category",
        duplicate::HintReason::SamePlace => "same_place",
    }
}

//! People and programs that sign in: enrolled, changed, given codes and tokens.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{PersonId, UnitId};
use watchfire_core::record::Action;
use watchfire_core::record::person::{Access, Person, PersonAction, PersonDetails, Seat};
use watchfire_store::{Code, Token};

use super::board::find;
use super::view::{self, PersonView, SeatView};
use super::{App, Asked, Body, Envelope, NothingMore, answer, read, read_id};
use crate::auth::{CODE_S, CodeAbout, Secret, TOKEN_S};
use crate::clock::Clock;
use crate::node::Submission;
use crate::policy::{self, Permission, Session};
use crate::problem::Problem;

/// Who somebody is and what they may do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonBody {
    /// What they sign in with; taken when they are enrolled, and not changed afterwards.
    #[schema(min_length = 1, max_length = 200)]
    login: String,
    /// What the screens call them.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// The seats they may take.
    #[schema(min_items = 1, max_items = 8)]
    seats: Vec<SeatView>,
    /// The unit whose crew they are, for the seat of a crew.
    unit: Option<String>,
    /// True for a program.
    #[serde(default)]
    program: bool,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(PersonBody);

impl PersonBody {
    fn details(&self) -> Result<PersonDetails, Problem> {
        Ok(PersonDetails {
            name: read("name", &self.name)?,
            seats: self.seats.iter().map(|seat| (*seat).into()).collect(),
            unit: self.unit.as_deref().map(read_id::<UnitId>).transpose()?,
            program: self.program,
        })
    }
}

/// Everybody who may sign in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PeopleView {
    /// By login.
    people: Vec<PersonView>,
}

/// Lists the people and programs that sign in.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", responses((status = 200, body = PeopleView)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
) -> Result<Json<PeopleView>, Problem> {
    allowed(&session, Permission::ReadPeople)?;
    let board = app.node.board();
    let mut people: Vec<PersonView> = board
        .people
        .values()
        .map(|person| view::person(person))
        .collect();
    people.sort_by(|a, b| a.login.cmp(&b.login));
    Ok(Json(PeopleView { people }))
}

/// Shows a person.
#[utoipa::path(get, path = "/api/v1/people/{id}", tag = "people", params(("id" = String, Path)),
    responses((status = 200, body = PersonView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    allowed(&session, Permission::ReadPeople)?;
    respond(&app, read_id(&id)?, StatusCode::OK)
}

fn allowed(session: &Session, permission: Permission) -> Result<(), Problem> {
    if session.may(permission) {
        Ok(())
    } else {
        Err(Problem::denied())
    }
}

fn respond(app: &App, id: PersonId, status: StatusCode) -> Result<Response, Problem> {
    let person = find::<Person>(app, id)?;
    Ok(answer(status, person.version, &view::person(&person)))
}

/// Enrols a person or program; give them a code (or a token) next.
#[utoipa::path(post, path = "/api/v1/people", tag = "people", request_body = PersonBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = PersonView)))]
pub(crate) async fn enrol(asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: PersonBody| {
        Ok(Action::Person(PersonAction::Enrol {
            login: read("login", &body.login)?,
            details: body.details()?,
        }))
    };
    let outcome = asked.act(&[Permission::KeepPeople], meaning).await?;
    respond(
        &asked.app,
        PersonId(outcome.records[0].0.id),
        StatusCode::CREATED,
    )
}

/// Changes who somebody is and what they may do.
#[utoipa::path(put, path = "/api/v1/people/{id}", tag = "people", request_body = PersonBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = PersonView)))]
pub(crate) async fn amend(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: PersonBody| {
        Ok(Action::Person(PersonAction::Amend {
            person: read_id(&id)?,
            details: body.details()?,
        }))
    };
    let outcome = asked.act(&[Permission::KeepPeople], meaning).await?;
    respond(
        &asked.app,
        PersonId(outcome.records[0].0.id),
        StatusCode::OK,
    )
}

/// Takes somebody's right to sign in.
#[utoipa::path(post, path = "/api/v1/people/{id}/disable", tag = "people", request_body = NothingMore,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = PersonView)))]
pub(crate) async fn disable(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |_: NothingMore| {
        Ok(Action::Person(PersonAction::Disable {
            person: read_id(&id)?,
        }))
    };
    let outcome = asked.act(&[Permission::KeepPeople], meaning).await?;
    respond(
        &asked.app,
        PersonId(outcome.records[0].0.id),
        StatusCode::OK,
    )
}

/// Puts down that somebody is given a way in, before it can be used.
async fn give(
    app: &App,
    session: &Session,
    person: PersonId,
    access: Access,
) -> Result<(), Problem> {
    let action = Action::Person(PersonAction::GiveAccess { person, access });
    let action = policy::authorize(session, action, &app.node.board())?;
    app.node.submit(Submission::fresh(action)).await?;
    Ok(())
}

/// A secret, shown once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecretView {
    /// The secret. It is not kept and cannot be shown again.
    secret: String,
    /// Until when it can be used.
    expires_at: String,
}

/// Makes a code with which somebody chooses a (new) password, once.
#[utoipa::path(post, path = "/api/v1/people/{id}/code", tag = "people", params(("id" = String, Path)),
    responses((status = 201, body = SecretView)))]
pub(crate) async fn code(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    allowed(&session, Permission::KeepPeople)?;
    let person = find::<Person>(&app, read_id(&id)?)?;
    let secret = Secret::code();
    let expires_at = Clock::Real.now().plus_s(CODE_S);
    give(&app, &session, person.id, Access::Code).await?;
    let row = Code {
        hash: secret.hash,
        about: CodeAbout {
            person: Some(person.id),
        }
        .to_json(),
        expires_at,
    };
    app.node
        .on_store(move |store| store.add_code(&row))
        .await?
        .map_err(fault)?;
    let view = SecretView {
        secret: secret.text,
        expires_at: view::time(expires_at),
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// What a token is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenBody {
    /// What it is for, so that it can be told apart later.
    #[schema(min_length = 1, max_length = 200)]
    label: String,
    /// The one seat that it may act from.
    seat: SeatView,
}

/// Makes a token for a program.
#[utoipa::path(post, path = "/api/v1/people/{id}/tokens", tag = "people", request_body = TokenBody,
    params(("id" = String, Path)), responses((status = 201, body = SecretView)))]
pub(crate) async fn token(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
    envelope: Envelope,
    body: Body,
) -> Result<Response, Problem> {
    allowed(&session, Permission::KeepPeople)?;
    let body: TokenBody = body.read(envelope.json)?;
    let label: watchfire_core::basis::Line = read("label", &body.label)?;
    let person = find::<Person>(&app, read_id(&id)?)?;
    let secret = Secret::token();
    let created_at = Clock::Real.now();
    let seat: Seat = body.seat.into();
    if !person.details.seats.contains(&seat) {
        return Err(Problem::unreadable(
            "This person does not have that seat.",
            "该人员没有此席位。",
        ));
    }
    give(&app, &session, person.id, Access::Token { seat }).await?;
    let row = Token {
        hash: secret.hash,
        person: person.id,
        label: label.to_string(),
        seat,
        created_at,
    };
    app.node
        .on_store(move |store| store.add_token(&row))
        .await?
        .map_err(fault)?;
    let expires_at = view::time(created_at.plus_s(TOKEN_S));
    Ok((
        StatusCode::CREATED,
        Json(SecretView {
            secret: secret.text,
            expires_at,
        }),
    )
        .into_response())
}

pub(crate) fn fault(error: watchfire_store::StoreError) -> Problem {
    tracing::error!(error = %crate::node::Chain(&error), "the store could not be written");
    Problem::fault()
}

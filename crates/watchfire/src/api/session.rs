//! Signing in and out.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{Line, PersonId, Text};
use watchfire_core::record::Action;
use watchfire_core::record::person::{Access, PersonAction, PersonDetails, Seat};

use super::person::fault;
use super::view::SeatView;
use super::{App, Body, Envelope, read};
use crate::auth::{
    self, COOKIE, CodeAbout, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, SESSION_S, Secret, hash_of,
    session_of,
};
use crate::clock::Clock;
use crate::node::Submission;
use crate::policy::{Authorized, Permission, Session};
use crate::problem::Problem;

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// The person.
    person: SignedInView,
    /// True where visitors of the demo on this machine are signed in as dispatchers.
    demo: bool,
}

/// The person who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedInView {
    /// Their id.
    id: String,
    /// What they sign in with.
    login: String,
    /// What the screens call them.
    name: String,
    /// The seats they may take.
    roles: Vec<SeatView>,
    /// What these seats may do, so that a screen need not know the table.
    may: Vec<&'static str>,
    /// The unit whose crew they are.
    unit: Option<String>,
}

/// A login and its password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInBody {
    /// The login.
    #[schema(max_length = 200)]
    login: String,
    /// The password.
    #[schema(max_length = 200)]
    password: String,
}

/// A one-time code and the password chosen with it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolBody {
    /// The code.
    #[schema(max_length = 200)]
    code: String,
    /// What to sign in with. The code of `watchfire init` makes the first administrator of that login.
    #[schema(max_length = 200)]
    login: String,
    /// What the screens shall call them; for the first administrator only.
    #[schema(max_length = 200)]
    name: Option<String>,
    /// The password, 15 characters or more.
    #[schema(min_length = 15, max_length = 200)]
    password: String,
}

/// Shows who is signed in.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", responses((status = 200, body = SessionView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
) -> Result<Json<SessionView>, Problem> {
    shown(&app, &session).map(Json)
}

fn shown(app: &App, session: &Session) -> Result<SessionView, Problem> {
    let board = app.node.board();
    let found = board
        .people
        .get(&session.person)
        .ok_or_else(Problem::unauthenticated)?;
    let person = SignedInView {
        id: found.id.to_string(),
        login: found.login.to_string(),
        name: found.details.name.to_string(),
        roles: found
            .details
            .seats
            .iter()
            .map(|seat| SeatView::from(*seat))
            .collect(),
        may: session.permissions().map(Permission::as_str).collect(),
        unit: session.unit.map(|unit| unit.to_string()),
    };
    Ok(SessionView {
        person,
        demo: app.node.settings().demo,
    })
}

/// Signs in with a password.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignInBody, security(()),
    responses((status = 200, body = SessionView)))]
pub(crate) async fn sign_in(
    State(app): State<App>,
    auth::From(address): auth::From,
    envelope: Envelope,
    body: Body,
) -> Result<Response, Problem> {
    app.limits.attempt(address)?;
    let body: SignInBody = body.read(envelope.json)?;
    let login: Option<Line> = body.login.parse().ok();
    let person = login.and_then(|login| {
        app.node
            .board()
            .person_by_login(&login)
            .map(|person| person.id)
    });
    let kept = match person {
        Some(person) => app
            .node
            .read_store(|reader| reader.credential(person))
            .map_err(fault)?,
        None => None,
    };
    let right = app.limits.check_password(body.password, kept).await?;
    let allowed = person
        .filter(|_| right)
        .filter(|person| session_of(&app.node.board(), *person).is_some());
    match allowed {
        Some(person) => begin(&app, person).await,
        None => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "wrong_password",
            Text::new("Login or password is wrong.", "登录名或密码错误。"),
            Text::new(
                "Try again, or ask an administrator for a new code.",
                "请重试，或向管理员索取新的一次性代码。",
            ),
        )),
    }
}

/// Chooses a password with a one-time code, and signs in.
#[utoipa::path(post, path = "/api/v1/enrolment", tag = "session", request_body = EnrolBody, security(()),
    responses((status = 200, body = SessionView)))]
pub(crate) async fn enrol(
    State(app): State<App>,
    auth::From(address): auth::From,
    envelope: Envelope,
    body: Body,
) -> Result<Response, Problem> {
    app.limits.attempt(address)?;
    let body: EnrolBody = body.read(envelope.json)?;
    let login: Line = read("login", &body.login)?;
    let name: Line = read("name", body.name.as_deref().unwrap_or(&body.login))?;
    let length = body.password.chars().count();
    if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&length) {
        return Err(Problem::unreadable(
            format!(
                "A password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters; a sentence is good."
            ),
            format!("密码长度为 {PASSWORD_CHARS_MIN} 至 {PASSWORD_CHARS_MAX} 个字符，可用一句话。"),
        ));
    }
    let hashed = app.limits.hash_password(body.password).await?;
    let code = hash_of(&body.code.to_uppercase());
    let now = Clock::Real.now();
    let Some(code) = app
        .node
        .on_store(move |store| store.take_code(&code, now))
        .await?
        .map_err(fault)?
    else {
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "wrong_code",
            Text::new(
                "This code is wrong, used or too old.",
                "该代码错误、已使用或已过期。",
            ),
            Text::new(
                "Ask an administrator for a new one, or run `watchfire code DIR`.",
                "请向管理员索取新代码，或运行 watchfire code DIR。",
            ),
        ));
    };
    let person = match CodeAbout::from_json(&code.about).person {
        Some(person) => person,
        None => first_administrator(&app, login, name).await?,
    };
    let access = Access::Password;
    let chosen = Action::Person(PersonAction::GiveAccess { person, access });
    let chosen = Submission::fresh(Authorized::by_the_node(chosen));
    app.node.submit(chosen).await?;
    app.node
        .on_store(move |store| {
            store.set_credential(person, &hashed)?;
            // Whoever was signed in with the old password is not the one who has just chosen a new one.
            store.end_sessions_of(person)
        })
        .await?
        .map_err(fault)?;
    begin(&app, person).await
}

/// The holder of the code of `init` becomes administrator, and duty officer so that the board can be filled.
async fn first_administrator(app: &App, login: Line, name: Line) -> Result<PersonId, Problem> {
    let existing = app
        .node
        .board()
        .person_by_login(&login)
        .map(|person| person.id);
    if let Some(person) = existing {
        return Ok(person);
    }
    let details = PersonDetails {
        name,
        seats: [Seat::Administrator, Seat::DutyOfficer].into(),
        unit: None,
        program: false,
    };
    let enrol = Authorized::by_the_node(Action::Person(PersonAction::Enrol { login, details }));
    let submission = Submission::fresh(enrol);
    let outcome = app.node.submit(submission).await?;
    Ok(PersonId(outcome.records[0].0.id))
}

async fn begin(app: &App, person: PersonId) -> Result<Response, Problem> {
    let secret = Secret::token();
    let now = Clock::Real.now();
    let session = session_of(&app.node.board(), person).ok_or_else(Problem::denied)?;
    let row = watchfire_store::Session {
        hash: secret.hash,
        person,
        seat: (session.seats.first().copied()).ok_or_else(Problem::denied)?,
        created_at: now,
        last_seen_at: now,
        expires_at: now.plus_s(SESSION_S),
    };
    app.node
        .on_store(move |store| store.add_session(&row))
        .await?
        .map_err(fault)?;
    let cookie = format!(
        "{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={SESSION_S}",
        secret.text
    );
    let cookie = HeaderValue::from_str(&cookie).map_err(|_| Problem::fault())?;
    Ok(([(header::SET_COOKIE, cookie)], Json(shown(app, &session)?)).into_response())
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204)))]
pub(crate) async fn sign_out(
    State(app): State<App>,
    _: Session,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(secret) = auth::cookie(&headers) {
        let hash = hash_of(&secret);
        app.node
            .on_store(move |store| store.end_session(&hash))
            .await?
            .map_err(fault)?;
    }
    let gone = format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    let gone = HeaderValue::from_str(&gone).map_err(|_| Problem::fault())?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}

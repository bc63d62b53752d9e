//! A simulated person at a seat: asks the node over its API, as any program with a token does. Start at [`Agency::ask`].

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::net::SocketAddr;
use tower::ServiceExt as _;
use watchfire_core::record::person::Seat;

use super::stage::Agency;
use crate::node::random;
use crate::parcel::ScenarioError;

/// What a step of the night came to.
pub(super) type Told<T> = Result<T, ScenarioError>;

/// Who asks: a login, and the seat of theirs in which they do.
pub(super) type Who = (&'static str, Seat);

/// The duty officer of the evening.
pub(super) const EVENING: Who = ("evening", Seat::DutyOfficer);
/// The duty officer of the night.
pub(super) const NIGHT: Who = ("night", Seat::DutyOfficer);
/// The dispatcher of the night.
pub(super) const DESK: Who = ("desk", Seat::Dispatcher);
/// The analyst of the night.
pub(super) const ANALYST: Who = ("analyst", Seat::Analyst);
/// The crew of the agency's first own unit.
pub(super) const CREW: Who = ("crew", Seat::Crew);

/// An answer of the node.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) json: Value,
}

impl Answer {
    /// Returns the code of the problem, if it is one.
    pub(super) fn problem(&self) -> Option<&str> {
        self.json["code"].as_str()
    }
}

impl Agency {
    /// Asks and takes whatever the answer is.
    pub(super) async fn ask(
        &self,
        (login, seat): Who,
        method: &Method,
        path: &str,
        body: Option<Value>,
    ) -> Told<Answer> {
        let Some(token) = self.tokens.get(&(login, seat)) else {
            return Err(refused(format!(
                "{login} has no token for {}",
                seat.as_str()
            )));
        };
        let key: String = random::<16>()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))))
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())));
        let request = request.map_err(|error| refused(format!("{method} {path}: {error}")))?;
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.map(|all| all.to_bytes());
        let bytes = bytes.map_err(|error| refused(format!("{method} {path}: {error}")))?;
        Ok(Answer {
            status: parts.status,
            json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        })
    }

    /// Sends something that must be accepted.
    pub(super) async fn send(&self, who: Who, path: &str, body: Value) -> Told<Value> {
        let answer = self.ask(who, &Method::POST, path, Some(body)).await?;
        self.accepted(who, path, answer)
    }

    /// Reads something that must be there.
    pub(super) async fn read(&self, who: Who, path: &str) -> Told<Value> {
        let answer = self.ask(who, &Method::GET, path, None).await?;
        self.accepted(who, path, answer)
    }

    /// Takes a step in an operation.
    pub(super) async fn joint(&self, operation: &str, body: Value) -> Told<Value> {
        self.send(NIGHT, &format!("/operations/{operation}/steps"), body)
            .await
    }

    fn accepted(&self, (login, _): Who, path: &str, answer: Answer) -> Told<Value> {
        if answer.status.is_success() {
            return Ok(answer.json);
        }
        let (code, detail) = (&answer.json["code"], &answer.json["detail"]);
        Err(refused(format!(
            "{login} of {}: {path}: {code} {detail}",
            self.about.name
        )))
    }
}

/// Says that the night cannot go on.
pub(super) fn refused(why: impl Into<String>) -> ScenarioError {
    ScenarioError::Refused(why.into())
}

/// Returns the text at a path such as `/calls/0/id`.
pub(super) fn text(json: &Value, path: &str) -> Told<String> {
    let found = json.pointer(path).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .ok_or_else(|| refused(format!("an answer has no text at {path}")))
}

/// Returns the rows at a name.
pub(super) fn rows<'a>(json: &'a Value, name: &str) -> &'a [Value] {
    json[name].as_array().map_or(&[], Vec::as_slice)
}

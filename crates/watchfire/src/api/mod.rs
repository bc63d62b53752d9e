//! The HTTP API under `/api/v1`: resources in the glossary's words. Each file has one kind of record.
//!
//! A handler checks the seat, parses the body into an action, and hands both to [`Asked::act`]; it decides
//! nothing itself. Errors are problem details (RFC 9457) with a next step. The description served at
//! `/api/v1/openapi.json` is generated from this code and committed in `docs/openapi.json`.

pub mod alarm;
pub mod assessment;
pub mod assignment;
pub mod board;
pub mod call;
pub mod consultation;
pub mod cover;
pub mod description;
pub mod directive;
pub mod draft;
pub mod duty;
pub mod entries;
pub mod figures;
pub mod incident;
pub mod line;
pub mod map;
pub mod message;
pub mod monitoring;
pub mod node;
pub mod operation;
pub mod past;
pub mod patrol;
pub mod pattern;
pub mod peer;
pub mod person;
pub mod places;
pub mod planned_action;
pub mod playbook;
pub mod recommendation;
pub mod road_condition;
pub mod session;
pub mod settlement;
pub mod station;
pub mod stream;
pub mod support;
pub mod triage;
pub mod undo;
pub mod unit;
pub mod view;

use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;
use watchfire_core::basis::{PersonId, Place, Point, Text, Timestamp, Unreadable};
use watchfire_core::engine::{HappenedWhen, Outcome};
use watchfire_core::limits;
use watchfire_core::log::KeptMade;
use watchfire_core::record::{Action, Record};
use watchfire_core::undo::Deed;

use crate::auth::Limits;
use crate::deeds::UndoBefore;
use crate::node::{Node, Submission};
use crate::policy::{self, Permission, Session};
use crate::problem::Problem;

/// Largest request body, in bytes.
pub const BODY_MAX_BYTES: usize = 256 * 1024;
/// Items on one page at most, and when nothing is said.
pub const PAGE_MAX: usize = 500;
const PAGE_DEFAULT: usize = 100;

/// What every handler has at hand.
#[derive(Clone)]
pub struct App {
    /// The node.
    pub node: Node,
    /// Limits on how often things may be tried.
    pub limits: Arc<Limits>,
    /// Whom a visitor of the demo on this machine is signed in as.
    pub demo_visitor: Option<PersonId>,
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(description::base())
        .routes(routes!(session::show, session::sign_in, session::sign_out))
        .routes(routes!(session::enrol))
        .routes(routes!(node::show))
        .routes(routes!(places::find))
        .routes(routes!(places::at))
        .routes(routes!(places::units_near))
        .routes(routes!(map::roads))
        .routes(routes!(map::ground))
        .routes(routes!(map::station_areas))
        .routes(routes!(map::reach))
        .routes(routes!(map::route))
        .routes(routes!(board::show))
        .routes(routes!(stream::follow))
        .routes(routes!(alarm::show))
        .routes(routes!(undo::take_back))
        .routes(routes!(call::list, call::receive))
        .routes(routes!(call::show, call::amend))
        .routes(routes!(call::join))
        .routes(routes!(call::detach))
        .routes(routes!(call::close))
        .routes(routes!(call::see_alarm))
        .routes(routes!(call::duplicates))
        .routes(routes!(call::duplicates_of_draft))
        .routes(routes!(triage::assess))
        .routes(routes!(draft::list))
        .routes(routes!(draft::put, draft::give_up))
        .routes(routes!(incident::list, incident::open))
        .routes(routes!(incident::show))
        .routes(routes!(incident::by_number))
        .routes(routes!(incident::recommendation))
        .routes(routes!(incident::together))
        .routes(routes!(entries::of_incident))
        .routes(routes!(incident::send))
        .routes(routes!(incident::notes, incident::add_note))
        .routes(routes!(incident::grade))
        .routes(routes!(incident::relocate))
        .routes(routes!(incident::raise_alarm))
        .routes(routes!(incident::see_alarm))
        .routes(routes!(incident::close))
        .routes(routes!(incident::cancel))
        .routes(routes!(incident::reopen))
        .routes(routes!(incident::merge))
        .routes(routes!(incident::unmerge))
        .routes(routes!(incident::split))
        .routes(routes!(incident::link))
        .routes(routes!(incident::unlink))
        .routes(routes!(figures::show))
        .routes(routes!(figures::csv))
        .routes(routes!(figures::incidents))
        .routes(routes!(monitoring::show))
        .routes(routes!(monitoring::behind))
        .routes(routes!(monitoring::coverage::show))
        .routes(routes!(monitoring::periods::show))
        .routes(routes!(monitoring::report::show))
        .routes(routes!(monitoring::report::csv))
        .routes(routes!(past::board))
        .routes(routes!(past::marks))
        .routes(routes!(line::act))
        .routes(routes!(line::complete))
        .routes(routes!(unit::list, unit::enter))
        .routes(routes!(unit::show, unit::amend))
        .routes(routes!(cover::show))
        .routes(routes!(cover::move_up))
        .routes(routes!(cover::understood))
        .routes(routes!(unit::step))
        .routes(routes!(unit::report_position))
        .routes(routes!(unit::report_positions))
        .routes(routes!(assignment::list))
        .routes(routes!(assignment::show))
        .routes(routes!(assignment::recommendation))
        .routes(routes!(assignment::step))
        .routes(routes!(assignment::see_alarm))
        .routes(routes!(assignment::swap))
        .routes(routes!(assignment::reassign))
        .routes(routes!(station::list, station::enter))
        .routes(routes!(station::show, station::amend))
        .routes(routes!(road_condition::list, road_condition::enter))
        .routes(routes!(road_condition::show))
        .routes(routes!(road_condition::amend_end))
        .routes(routes!(road_condition::end))
        .routes(routes!(road_condition::met))
        .routes(routes!(patrol::list, patrol::enter))
        .routes(routes!(patrol::show, patrol::amend))
        .routes(routes!(patrol::propose))
        .routes(routes!(patrol::lines::show_lines))
        .routes(routes!(patrol::accept))
        .routes(routes!(patrol::start))
        .routes(routes!(patrol::visit))
        .routes(routes!(patrol::skip))
        .routes(routes!(patrol::end))
        .routes(routes!(patrol::own))
        .routes(routes!(assessment::list, assessment::draft))
        .routes(routes!(assessment::ended))
        .routes(routes!(assessment::show_elsewhere))
        .routes(routes!(assessment::show, assessment::amend))
        .routes(routes!(assessment::step))
        .routes(routes!(consultation::list, consultation::call))
        .routes(routes!(consultation::ended))
        .routes(routes!(consultation::show_elsewhere))
        .routes(routes!(consultation::show))
        .routes(routes!(consultation::step))
        .routes(routes!(pattern::search))
        .routes(routes!(pattern::like))
        .routes(routes!(pattern::alerts))
        .routes(routes!(pattern::views, pattern::save_view))
        .routes(routes!(pattern::remove_view))
        .routes(routes!(settlement::show))
        .routes(routes!(settlement::csv))
        .routes(routes!(settlement::carry))
        .routes(routes!(settlement::sign))
        .routes(routes!(settlement::correct))
        .routes(routes!(directive::list, directive::issue))
        .routes(routes!(directive::own))
        .routes(routes!(directive::kinds))
        .routes(routes!(directive::show_bins))
        .routes(routes!(directive::show, directive::amend))
        .routes(routes!(directive::step))
        .routes(routes!(directive::files::attach).layer(directive::files::limit()))
        .routes(routes!(directive::files::file))
        .routes(routes!(playbook::list))
        .routes(routes!(playbook::past))
        .routes(routes!(playbook::start))
        .routes(routes!(playbook::runs))
        .routes(routes!(playbook::show_run))
        .routes(routes!(playbook::step))
        .routes(routes!(support::show))
        .routes(routes!(support::figures))
        .routes(routes!(support::enter))
        .routes(routes!(support::amend))
        .routes(routes!(support::retire))
        .routes(routes!(support::ask))
        .routes(routes!(support::show_request))
        .routes(routes!(support::step))
        .routes(routes!(support::offer))
        .routes(routes!(support::decline))
        .routes(routes!(support::offer_step))
        .routes(routes!(duty::show))
        .routes(routes!(duty::enter))
        .routes(routes!(duty::amend))
        .routes(routes!(duty::end))
        .routes(routes!(duty::give_leave))
        .routes(routes!(duty::end_leave))
        .routes(routes!(duty::propose))
        .routes(routes!(duty::plan))
        .routes(routes!(duty::show_shift))
        .routes(routes!(duty::step))
        .routes(routes!(duty::list, duty::begin))
        .routes(routes!(duty::sheet))
        .routes(routes!(duty::handover_step))
        .routes(routes!(peer::list))
        .routes(routes!(peer::step))
        .routes(routes!(peer::invite))
        .routes(routes!(peer::accept))
        .routes(routes!(peer::enrolment_step))
        .routes(routes!(operation::list, operation::raise))
        .routes(routes!(operation::show))
        .routes(routes!(operation::step))
        .routes(routes!(planned_action::list))
        .routes(routes!(planned_action::own))
        .routes(routes!(planned_action::show, planned_action::plan))
        .routes(routes!(planned_action::step))
        .routes(routes!(planned_action::say))
        .routes(routes!(planned_action::rehearse))
        .routes(routes!(operation::open_for))
        .routes(routes!(operation::pair))
        .routes(routes!(operation::unpair))
        .routes(routes!(operation::erase))
        .routes(routes!(person::list, person::enrol))
        .routes(routes!(person::show, person::amend))
        .routes(routes!(person::disable))
        .routes(routes!(entries::of_person))
        .routes(routes!(person::code))
        .routes(routes!(person::token))
}

/// Returns all routes of the node: the API, its description, health, figures and the console.
pub fn router(app: App) -> Router {
    let (api, _) = routes().split_for_parts();
    // A description of megabytes is not made anew for every reader.
    let described: Arc<str> = description::whole().to_string().into();
    let served = move || {
        let described = Arc::clone(&described);
        async move {
            (
                [(header::CONTENT_TYPE, "application/json")],
                described.to_string(),
            )
        }
    };
    let exercise = node::exercise_header(app.node.exercise());
    let squeeze = SizeAbove::new(1_024).and(NotForContentType::new("text/event-stream"));
    api.route("/api/v1/openapi.json", axum::routing::get(served))
        .route("/healthz", axum::routing::get(node::healthy))
        .route("/readyz", axum::routing::get(node::ready))
        .route("/metrics", axum::routing::get(node::metrics))
        .fallback(crate::console::serve)
        .method_not_allowed_fallback(node::wrong_method)
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(CompressionLayer::new().compress_when(squeeze))
        .layer(middleware::from_fn(guard))
        .layer(middleware::from_fn_with_state(
            exercise,
            node::mark_exercise,
        ))
        .with_state(app)
}

/// Puts the headers on that keep a browser from doing more than it must, and until when what was done can be taken back.
async fn guard(mut request: Request, next: Next) -> Response {
    let private = request.uri().path().starts_with("/api/");
    let undo_before = UndoBefore::default();
    request.extensions_mut().insert(undo_before.clone());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Some(before) = undo_before.0.get()
        && let Ok(time) = HeaderValue::from_str(&view::time(*before))
    {
        headers.insert(HeaderName::from_static("undo-before"), time);
    }
    let mut set = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    set(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
         connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
    );
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    set(
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(self)",
    );
    if private {
        set(header::CACHE_CONTROL, "no-store");
    }
    response
}

/// What goes with an action besides its body.
#[derive(Debug)]
pub struct Envelope {
    key: String,
    if_version: Option<u64>,
    address: String,
    json: bool,
}

impl FromRequestParts<App> for Envelope {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Envelope, Problem> {
        let json = is_json(&parts.headers);
        let address = format!("{} {}", parts.method, parts.uri.path());
        // Whether the seat allows it is said before what is wrong with the request, so these stay unread until then.
        let key = parts
            .headers
            .get("idempotency-key")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let if_version = match parts.headers.get(header::IF_MATCH) {
            None => None,
            Some(value) => Some(version_in(value)?),
        };
        Ok(Envelope {
            key: key.to_owned(),
            if_version,
            address,
            json,
        })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    kind.split(';')
        .next()
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn version_in(value: &HeaderValue) -> Result<u64, Problem> {
    let quoted = value.to_str().ok().and_then(|text| {
        text.trim()
            .strip_prefix('"')?
            .strip_suffix('"')?
            .parse()
            .ok()
    });
    quoted.ok_or_else(|| {
        Problem::unreadable(
            "If-Match is a version in quotes, such as \"3\".",
            "If-Match 应为带引号的版本号，如 \"3\"。",
        )
    })
}

/// The body of a request, read only after the seat was checked.
#[derive(Debug)]
pub enum Body {
    /// As it was sent.
    Sent(Bytes),
    /// The method has none: all that may be left out is.
    Nothing,
}

impl axum::extract::FromRequest<App> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &App) -> Result<Body, Problem> {
        Bytes::from_request(request, state)
            .await
            .map(Body::Sent)
            .map_err(|_| {
                Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "too_large",
                    Text::new("The request is too large.", "请求过大。"),
                    Text::new("Send less at a time.", "请分批发送。"),
                )
            })
    }
}

impl Body {
    fn bytes(&self) -> &[u8] {
        match self {
            Body::Sent(bytes) => bytes,
            Body::Nothing => b"{}",
        }
    }

    fn read<T: DeserializeOwned>(&self, json: bool) -> Result<T, Problem> {
        if let Body::Sent(bytes) = self {
            if bytes.is_empty() {
                return Err(Problem::unreadable(
                    "The body is empty; where there is nothing to say it is {}.",
                    "请求体为空；无内容时请发送 {}。",
                ));
            }
            if !json {
                return Err(not_json());
            }
        }
        // A derived reader would take a list for an object whose members stand in order; the description names objects.
        if self.bytes().trim_ascii_start().first() == Some(&b'[') {
            return Err(Problem::unreadable(
                "The body is a list; an object is expected.",
                "请求体是列表；应为对象。",
            ));
        }
        serde_json::from_slice(self.bytes()).map_err(|error| {
            Problem::unreadable(
                format!("The body cannot be read: {error}."),
                format!("无法读取请求体：{error}。"),
            )
        })
    }
}

fn not_json() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "not_json",
        Text::new(
            "The body is not application/json.",
            "请求体不是 application/json。",
        ),
        Text::new(
            "Send JSON with that Content-Type.",
            "请以该 Content-Type 发送 JSON。",
        ),
    )
}

/// A request that acts: all that its handler takes besides the path.
pub struct Asked {
    /// The node and its limits.
    pub app: App,
    /// Who asks.
    pub session: Session,
    envelope: Envelope,
    body: Body,
    undo_before: Option<UndoBefore>,
}

impl axum::extract::FromRequest<App> for Asked {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Asked, Problem> {
        let (mut parts, body) = request.into_parts();
        let session = Session::from_request_parts(&mut parts, app).await?;
        let envelope = Envelope::from_request_parts(&mut parts, app).await?;
        let undo_before = parts.extensions.get::<UndoBefore>().cloned();
        let body = Body::from_request(Request::from_parts(parts, body), app).await?;
        Ok(Asked {
            app: app.clone(),
            session,
            envelope,
            body,
            undo_before,
        })
    }
}

/// What becomes durable together with an action and is no part of it.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// The draft that becomes a record with it.
    pub(crate) draft: Option<[u8; 16]>,
    /// The recommendation that was looked at.
    pub(crate) made: Option<KeptMade>,
}

impl Asked {
    /// Returns it as a method asks that has no body.
    pub fn without_body(self) -> Asked {
        Asked {
            body: Body::Nothing,
            ..self
        }
    }

    /// Checks the seat, reads the body, authorises the action it means and waits until it is durable.
    pub async fn act<T: DeserializeOwned + Timed>(
        &self,
        any_of: &[Permission],
        meaning: impl FnOnce(T) -> Result<Action, Problem>,
    ) -> Result<Outcome, Problem> {
        self.act_keeping(any_of, |body| Ok((meaning(body)?, None)))
            .await
    }

    /// Does the same, and keeps the recommendation that was looked at with what it leads to.
    pub(crate) async fn act_keeping<T: DeserializeOwned + Timed>(
        &self,
        any_of: &[Permission],
        meaning: impl FnOnce(T) -> Result<(Action, Option<KeptMade>), Problem>,
    ) -> Result<Outcome, Problem> {
        if !any_of
            .iter()
            .any(|permission| self.session.may(*permission))
        {
            return Err(Problem::denied());
        }
        self.must_have_key()?;
        let body: T = self.body.read(self.envelope.json)?;
        let happened = match body.happened_at() {
            None => HappenedWhen::Now,
            Some(text) => HappenedWhen::At(read_time("happened_at", text)?),
        };
        let draft = body.draft().map(draft::read_draft_id).transpose()?;
        let (action, made) = meaning(body)?;
        let beside = Beside { draft, made };
        self.carry_out(action, happened, beside).await
    }

    /// Reads the body; the seat was checked before.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.body.read(self.envelope.json)
    }

    /// Fails unless the request has a key against being done twice.
    pub(crate) fn must_have_key(&self) -> Result<(), Problem> {
        if self.envelope.key.is_empty()
            || self.envelope.key.chars().count() > limits::IDEMPOTENCY_KEY_CHARS_MAX
        {
            return Err(Problem::unreadable(
                format!(
                    "An Idempotency-Key of 1 to {} characters is needed.",
                    limits::IDEMPOTENCY_KEY_CHARS_MAX
                ),
                format!(
                    "需要 1 至 {} 个字符的 Idempotency-Key。",
                    limits::IDEMPOTENCY_KEY_CHARS_MAX
                ),
            ));
        }
        Ok(())
    }

    /// Returns what this very request led to when it was asked before; refuses if its key was used for another.
    pub(crate) fn answered_before(&self) -> Result<Option<Outcome>, Problem> {
        let (person, key) = (self.session.person, &self.envelope.key);
        let kept = self
            .app
            .node
            .read_store(|reader| reader.outcome(person, key));
        match kept.map_err(person::fault)? {
            None => Ok(None),
            Some(kept) if kept.fingerprint != self.fingerprint() => {
                Err(watchfire_core::refusal::Refusal::KeyReused.into())
            }
            Some(kept) => Ok(Some(Outcome {
                records: kept.records,
                repeated: true,
            })),
        }
    }

    /// Returns until when what this request did can be taken back, if it can.
    pub(crate) fn undo_before(&self) -> Option<Timestamp> {
        self.undo_before.as_ref()?.0.get().copied()
    }

    fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.envelope.address.as_bytes());
        hash.update([0]);
        hash.update(self.body.bytes());
        hash.finalize().into()
    }

    /// Authorises an action and waits until it is durable.
    pub(crate) async fn carry_out(
        &self,
        action: Action,
        happened: HappenedWhen,
        beside: Beside,
    ) -> Result<Outcome, Problem> {
        if self.envelope.if_version.is_some() && action.subject().is_none() {
            return Err(Problem::unreadable(
                "If-Match has nothing to be compared with here: this makes a new record.",
                "此处 If-Match 无可比对的版本：该操作会新建记录。",
            ));
        }
        let action = places::with_area(&self.app, action);
        let before = watchfire_core::undo::named(&action, &self.app.node.board());
        let deed = action.clone();
        let action = policy::authorize(&self.session, action, &self.app.node.board())?;
        let submission = Submission {
            action,
            key: self.envelope.key.clone(),
            fingerprint: self.fingerprint(),
            if_version: self.envelope.if_version,
            happened,
            draft: beside.draft,
            made: beside.made,
        };
        let outcome = self.app.node.submit(submission).await?;
        self.remember(deed, before, &outcome);
        Ok(outcome)
    }

    /// Remembers what was done for as long as it may be taken back, and leaves that time for the answer.
    fn remember(&self, action: Action, before: Vec<Record>, outcome: &Outcome) {
        let (node, person, key) = (&self.app.node, self.session.person, &self.envelope.key);
        let now = node.now();
        let before = if outcome.repeated {
            let known = node.deeds().find(person, key);
            let undo = known.and_then(Result::ok);
            undo.map(|undo| undo.until).filter(|until| now <= *until)
        } else {
            // A night that is replayed ten times as fast leaves people no less time.
            let speed = node.settings().clock.speed().unwrap_or(1);
            let deed = Deed::done(action, before, outcome.records.clone(), now, speed);
            node.deeds().remember(person, key, &deed, now)
        };
        if let (Some(before), Some(answer)) = (before, &self.undo_before) {
            let _ = answer.0.set(before); // One request acts once.
        }
    }
}

/// A body that may say when it happened.
pub trait Timed {
    /// Returns the claimed time, RFC 3339.
    fn happened_at(&self) -> Option<&str>;

    /// Returns the draft that becomes a record with it, if there is one.
    fn draft(&self) -> Option<&str> {
        None
    }
}

/// Answers with a record and its version as an ETag.
pub fn answer<T: Serialize>(status: StatusCode, version: u64, view: &T) -> Response {
    let body = serde_json::to_vec(view).unwrap_or_default();
    let etag = HeaderValue::from_str(&format!("\"{version}\""))
        .unwrap_or(HeaderValue::from_static("\"0\""));
    let kind = HeaderValue::from_static("application/json");
    (
        status,
        [(header::CONTENT_TYPE, kind), (header::ETAG, etag)],
        body,
    )
        .into_response()
}

/// Reads an id from a path or a body; something that is no id names nothing.
pub fn read_id<T: FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// Reads a value that a person entered, naming the field in the error.
pub fn read<T: FromStr<Err = Unreadable>>(field: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error| unreadable(field, &error))
}

/// Reads an optional value that a person entered.
pub fn read_maybe<T: FromStr<Err = Unreadable>>(
    field: &str,
    text: Option<&str>,
) -> Result<Option<T>, Problem> {
    text.map(|text| read(field, text)).transpose()
}

fn unreadable(field: &str, error: &Unreadable) -> Problem {
    let zh = match error {
        Unreadable::Base64 => "文件应以 base64 编码".to_owned(),
        Unreadable::Id => "编号应为 32 位十六进制数字".to_owned(),
        Unreadable::Empty => "不能为空".to_owned(),
        Unreadable::TooLong { max, found } => format!("共 {found} 字，最多 {max} 字"),
        Unreadable::Control => "含有控制字符".to_owned(),
        Unreadable::Code => "代码仅可用小写字母、数字、下划线和连字符".to_owned(),
        Unreadable::Priority => "优先级为 1（最急）、2、3 或 4".to_owned(),
        Unreadable::Place => "纬度应在 ±90 之间，经度应在 ±180 之间".to_owned(),
    };
    Problem::unreadable(
        format!("`{field}` cannot be taken: {error}."),
        format!("“{field}”无法接受：{zh}。"),
    )
}

/// Reads a time, RFC 3339.
pub fn read_time(field: &str, text: &str) -> Result<Timestamp, Problem> {
    let time: Result<jiff::Timestamp, _> = text.parse();
    time.map(|time| Timestamp(time.as_millisecond()))
        .map_err(|_| {
            Problem::unreadable(
                format!("`{field}` is no time: write it as 2016-12-31T23:59:00Z."),
                format!("“{field}”不是时间：请写作 2016-12-31T23:59:00Z。"),
            )
        })
}

/// Reads an optional time, RFC 3339.
pub fn read_time_maybe(field: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| read_time(field, text)).transpose()
}

/// A place in a request.
#[derive(Debug, Clone, serde::Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceBody {
    /// Latitude in degrees (WGS 84).
    #[schema(minimum = -90, maximum = 90)]
    lat: f64,
    /// Longitude in degrees (WGS 84).
    #[schema(minimum = -180, maximum = 180)]
    lon: f64,
    /// The address as entered.
    #[schema(max_length = 200)]
    address: Option<String>,
    /// The station area.
    #[schema(max_length = 200)]
    area: Option<String>,
}

impl PlaceBody {
    /// Reads the place.
    pub fn read(&self) -> Result<Place, Problem> {
        Ok(Place {
            point: Point::from_degrees(self.lat, self.lon)
                .map_err(|error| unreadable("place", &error))?,
            address: read_maybe("place.address", self.address.as_deref())?,
            area: read_maybe("place.area", self.area.as_deref())?,
        })
    }
}

/// Reads an optional place.
pub fn read_place(place: Option<&PlaceBody>) -> Result<Option<Place>, Problem> {
    place.map(PlaceBody::read).transpose()
}

/// An action that needs nothing more said.
#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NothingMore {
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// An action that needs a reason.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithReason {
    /// Why.
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// Lets a body say when it happened.
#[macro_export]
macro_rules! timed {
    ($($body:ty),* $(,)?) => {$(
        impl $crate::api::Timed for $body {
            fn happened_at(&self) -> Option<&str> { self.happened_at.as_deref() }
        }
    )*};
}

timed!(NothingMore, WithReason);

/// Which page of a list.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Only open ones (`true`), or only ended ones (`false`).
    pub open: Option<bool>,
    /// Where the last page ended, as it said in `next`.
    #[serde(default, deserialize_with = "read_cursor")]
    #[param(max_length = 64)]
    pub cursor: Option<String>,
    /// How many at most.
    #[serde(default, deserialize_with = "read_limit")]
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<usize>,
}

impl PageQuery {
    /// Returns how many items a page may have.
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(PAGE_DEFAULT)
    }
}

/// Longest cursor, in bytes; those that this node gives are shorter.
const CURSOR_BYTES_MAX: usize = 64;

pub(crate) fn read_cursor<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<String>, D::Error> {
    use serde::Deserialize as _;
    let cursor = String::deserialize(from)?;
    if cursor.len() > CURSOR_BYTES_MAX {
        return Err(serde::de::Error::custom(
            "the cursor is none that this node gave",
        ));
    }
    Ok(Some(cursor))
}

pub(crate) fn read_limit<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<usize>, D::Error> {
    use serde::Deserialize as _;
    match usize::deserialize(from)? {
        limit @ 1..=PAGE_MAX => Ok(Some(limit)),
        limit => Err(serde::de::Error::custom(format!(
            "limit is {limit}, and a page has 1 to {PAGE_MAX} items"
        ))),
    }
}

/// A query string, with problems like everything else.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &App) -> Result<Query<T>, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(query) => Ok(Query(query.0)),
            Err(error) => Err(Problem::unreadable(
                format!("The query cannot be read: {}.", error.body_text()),
                format!("无法读取查询参数：{}。", error.body_text()),
            )),
        }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The items, last changed first.
    pub items: Vec<T>,
    /// What to give as `cursor` for the next page; absent on the last.
    pub next: Option<String>,
}

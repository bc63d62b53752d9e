//! The node itself: its name, clock and catalogue, its roads for the map, its health and figures.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::{Code, Text};

use super::App;
use super::view::{self, BasisView, TextView};
use crate::auth::From;
use crate::node::Health;
use crate::policy::{Permission, Session};
use crate::problem::Problem;

/// The node, as a screen needs to know it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NodeView {
    /// What people call it.
    name: String,
    /// Its version.
    version: &'static str,
    /// Its id: the hash of its first public key.
    id: String,
    /// Its clock.
    clock: ClockView,
    /// The exercise that the node was made for; none for one that is real.
    exercise: Option<String>,
    /// What is simulated, if anything is.
    simulated: Option<SimulatedView>,
    /// Its travel times.
    roads: RoadsView,
    /// The words for its codes.
    catalogue: CatalogueView,
}

/// A node's clock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClockView {
    /// The time now.
    now: String,
    /// The machine's clock, or one that replays a past time.
    kind: ClockKindView,
    /// How many times as fast, for a replay.
    speed: Option<u32>,
    /// The time zone the node lives in, an IANA name; the browser's own if absent.
    zone: Option<String>,
    /// By how many seconds it is behind the log, if it is: then it was set back, or was ahead before.
    behind_s: Option<u64>,
}

/// What kind of clock it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClockKindView {
    /// The machine's.
    Real,
    /// A past time that runs on.
    Replay,
}

/// What is simulated.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SimulatedView {
    /// True if the crews are.
    crews: bool,
    /// What to say on the screen.
    text: TextView,
}

/// A node's travel times.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoadsView {
    /// What they rest on.
    basis: BasisView,
    /// By how much they are stretched: road times for what the network does not know, or the straight line.
    factor: Option<f64>,
    /// The number of the set of road conditions in force; it only rises. None without a road network.
    conditions_version: Option<u64>,
    /// Whose map it is; shown wherever it is.
    attribution: Option<String>,
    /// What the map covers.
    bounds: Option<BoundsView>,
}

/// A map's edges, in degrees (WGS 84).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BoundsView {
    /// Its least longitude.
    west: f64,
    /// Its least latitude.
    south: f64,
    /// Its greatest longitude.
    east: f64,
    /// Its greatest latitude.
    north: f64,
}

/// The words for a node's codes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CatalogueView {
    /// Of categories.
    categories: BTreeMap<String, TextView>,
    /// Of kinds of unit.
    kinds: BTreeMap<String, TextView>,
    /// Of capabilities.
    capabilities: BTreeMap<String, TextView>,
}

/// Shows the node.
#[utoipa::path(get, path = "/api/v1/node", tag = "board", responses((status = 200, body = NodeView)))]
pub(crate) async fn show(State(app): State<App>, _: Session) -> Json<NodeView> {
    let node = &app.node;
    let settings = node.settings();
    let speed = settings.clock.speed();
    let words = |map: &BTreeMap<Code, Text>| -> BTreeMap<String, TextView> {
        map.iter()
            .map(|(code, text)| (code.to_string(), text.clone().into()))
            .collect()
    };
    let response = node.response();
    let travel = &settings.travel;
    let router = travel.router();
    let graph = router.as_ref().map(|router| router.graph());
    Json(NodeView {
        name: settings.name.clone(),
        version: env!("CARGO_PKG_VERSION"),
        id: node.feed().node.to_string(),
        clock: ClockView {
            now: view::time(node.now()),
            kind: if speed.is_some() {
                ClockKindView::Replay
            } else {
                ClockKindView::Real
            },
            speed,
            zone: settings.zone.clone(),
            behind_s: node.clock_behind_s(),
        },
        exercise: node.exercise().map(str::to_owned),
        simulated: settings.simulated.clone().map(|text| SimulatedView {
            crews: true,
            text: text.into(),
        }),
        roads: RoadsView {
            basis: travel.basis().into(),
            // What is put on road times; the straight line has its own and says only that it is one.
            factor: graph.map(|_| f64::from(travel.factor_percent()) / 100.0),
            conditions_version: travel.conditions().version(),
            attribution: graph.map(|graph| graph.attribution().to_owned()),
            bounds: graph.map(|graph| {
                let bounds = graph.bounds();
                BoundsView {
                    west: bounds.south_west.lon,
                    south: bounds.south_west.lat,
                    east: bounds.north_east.lon,
                    north: bounds.north_east.lat,
                }
            }),
        },
        catalogue: CatalogueView {
            categories: words(&response.categories),
            kinds: words(&response.kinds),
            capabilities: words(&response.capabilities),
        },
    })
}

/// Returns what every answer of a node of an exercise says in its header `Exercise`: its name, with all that is not a letter
/// or digit of ASCII written as `%` and two hex digits.
pub(super) fn exercise_header(name: Option<&str>) -> Option<HeaderValue> {
    let mut text = String::new();
    for byte in name?.bytes() {
        match byte.is_ascii_alphanumeric() {
            true => text.push(char::from(byte)),
            false => text.push_str(&format!("%{byte:02X}")),
        }
    }
    HeaderValue::from_str(&text).ok()
}

/// Marks every answer of a node of an exercise, so that neither a program nor a page can take it for a real one.
pub(super) async fn mark_exercise(
    State(exercise): State<Option<HeaderValue>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    if let Some(name) = exercise {
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static("exercise"), name);
        // A file goes on to where nobody sees the headers.
        let file = headers.get(header::CONTENT_DISPOSITION);
        let file = file.and_then(|file| file.to_str().ok());
        let marked = file.map(|file| file.replacen("filename=\"", "filename=\"EXERCISE-", 1));
        if let Some(marked) = marked.and_then(|file| HeaderValue::from_str(&file).ok()) {
            headers.insert(header::CONTENT_DISPOSITION, marked);
        }
    }
    response
}

/// Answers that an address does not take a method.
pub(super) async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        Text::new(
            "This address does not take that method.",
            "该地址不支持此方法。",
        ),
        Text::new(
            "/api/v1/openapi.json lists what it takes.",
            "可用方法见 /api/v1/openapi.json。",
        ),
    )
}

/// Answers that the process is alive.
pub(crate) async fn healthy() -> &'static str {
    "alive\n"
}

/// Answers whether actions are accepted.
pub(crate) async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    match app.node.health() {
        Health::Ready => (StatusCode::OK, "ready\n"),
        Health::DiskFull => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the disk is full: reads, accepts nothing\n",
        ),
        Health::Failed => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the store failed: stopping\n",
        ),
        Health::Stopped => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
    }
}

/// Shows the node's figures to Prometheus: on this machine freely, elsewhere with a token.
pub(crate) async fn metrics(
    State(app): State<App>,
    From(address): From,
    headers: HeaderMap,
    session: Result<Session, Problem>,
) -> Result<Response, Problem> {
    // A proxy on this machine would make everybody look local, so its header takes that away.
    let local = address.is_loopback() && !headers.contains_key("x-forwarded-for");
    if !local && !session?.may(Permission::ReadMetrics) {
        return Err(Problem::denied());
    }
    let open = app.node.board().open_incident_count();
    let ready = app.node.health() == Health::Ready;
    let behind_s = app.node.clock_behind_s().unwrap_or(0);
    let text = app
        .node
        .metrics()
        .encode(app.node.hub().reader_count(), open, ready, behind_s);
    Ok((
        [(
            header::CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )],
        text,
    )
        .into_response())
}

//! The map: where a name is, what a place is called, and what to draw underneath.
//!
//! All of it is answered from the node's own map file; nobody outside is asked. What takes longer than a moment is
//! worked out beside the threads that answer, and never while the board is held.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use watchfire_core::basis::Text;
use watchfire_roads::limits::{PLACE_QUERY_MAX_CHARS, PLACES_FOUND_MAX};
use watchfire_roads::{Found, FoundKind, Matched, Point, Router};

use super::{App, Query};
use crate::atlas::StationKey;
use crate::policy::Session;
use crate::problem::Problem;

/// How many places are given when nothing is said.
const PLACES_DEFAULT: usize = 10;

/// Whoever may see the board. Taken before the query is read, so that others are told no whatever they ask.
pub(crate) struct Onlooker;

impl FromRequestParts<App> for Onlooker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Onlooker, Problem> {
        let session = Session::from_request_parts(parts, app).await?;
        super::board::allowed(&session)?;
        Ok(Onlooker)
    }
}

/// What to look for, and from where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlacesQuery {
    /// What was typed: a road, a crossing (`5th & main`, `解放路人民路`), a place, a station, a house number, coordinates;
    /// in English, Chinese, pinyin or its initials.
    #[param(max_length = 200)]
    q: String,
    /// Latitude of the middle of the map, in degrees (WGS 84); taken with `lon` only.
    #[param(minimum = -90, maximum = 90)]
    lat: Option<f64>,
    /// Its longitude.
    #[param(minimum = -180, maximum = 180)]
    lon: Option<f64>,
    /// How many places at most.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<usize>,
}

/// Places that a text names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlacesView {
    /// The best first.
    places: Vec<FoundView>,
}

/// A place that a text names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundView {
    /// What it is.
    kind: FoundKindView,
    /// What to write as the address: the name with the house number, or both roads of a crossing.
    text: String,
    /// Its name; of a crossing, the road that was typed first.
    name: String,
    /// The other road of a crossing.
    other: Option<String>,
    /// Latitude in degrees (WGS 84); of a road, of a point on it near its middle.
    lat: f64,
    /// Longitude in degrees (WGS 84).
    lon: f64,
    /// The named area that it lies in.
    area: Option<String>,
    /// How far its nearest part is from the middle of the map that was given, in metres.
    distance_m: Option<u32>,
    /// How the text fitted.
    matched: MatchedView,
}

/// What a place is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FoundKindView {
    /// A road.
    Road,
    /// A crossing of two roads.
    Crossing,
    /// A place, district or park.
    Place,
    /// A station of this node.
    Station,
    /// Coordinates.
    Point,
}

/// How a text fitted, the best first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MatchedView {
    /// It is the name.
    Exact,
    /// It is the beginning of the name.
    Start,
    /// It is within the name.
    Word,
    /// By pinyin.
    Pinyin,
    /// By initials of pinyin.
    Initials,
    /// But for a slip of the finger.
    Similar,
}

impl From<Found> for FoundView {
    fn from(found: Found) -> FoundView {
        FoundView {
            kind: match found.kind {
                FoundKind::Road => FoundKindView::Road,
                FoundKind::Crossing => FoundKindView::Crossing,
                FoundKind::Place => FoundKindView::Place,
                FoundKind::Station => FoundKindView::Station,
                FoundKind::Point => FoundKindView::Point,
            },
            text: found.text,
            name: found.name,
            other: found.other,
            lat: round(found.point.lat),
            lon: round(found.point.lon),
            area: found.area,
            distance_m: found.distance_m.map(metres),
            matched: match found.matched {
                Matched::Exact => MatchedView::Exact,
                Matched::Start => MatchedView::Start,
                Matched::Word => MatchedView::Word,
                Matched::Pinyin => MatchedView::Pinyin,
                Matched::Initials => MatchedView::Initials,
                Matched::Similar => MatchedView::Similar,
            },
        }
    }
}

/// Finds places by name, on the node's own map and among its stations.
#[utoipa::path(get, path = "/api/v1/places", tag = "map", params(PlacesQuery),
    responses((status = 200, body = PlacesView)))]
pub(crate) async fn find(
    State(app): State<App>,
    _: Onlooker,
    Query(query): Query<PlacesQuery>,
) -> Result<Json<PlacesView>, Problem> {
    let limit = query.limit.unwrap_or(PLACES_DEFAULT);
    if limit == 0 || limit > PLACES_FOUND_MAX {
        return Err(Problem::unreadable(
            format!("limit is {limit}, and 1 to {PLACES_FOUND_MAX} places can be given."),
            format!("limit 为 {limit}，应在 1 至 {PLACES_FOUND_MAX} 之间。"),
        ));
    }
    let sides = [(query.lat, 90.0), (query.lon, 180.0)];
    if sides
        .iter()
        .any(|(side, max)| side.is_some_and(|side| !(-max..=*max).contains(&side)))
    {
        return Err(not_on_earth());
    }
    let near = query
        .lat
        .zip(query.lon)
        .map(|(lat, lon)| Point { lat, lon });
    let stations = StationKey::all(&app.node.board());
    let found = beside(move || {
        let gazetteer = app.node.settings().travel.atlas().gazetteer(&stations);
        gazetteer.search(&query.q, near, limit)
    });
    let places = found.await?.map_err(|_| {
        Problem::unreadable(
            format!("`q` is longer than {PLACE_QUERY_MAX_CHARS} characters."),
            format!("“q”超过 {PLACE_QUERY_MAX_CHARS} 个字符。"),
        )
    })?;
    Ok(Json(PlacesView {
        places: places.into_iter().map(FoundView::from).collect(),
    }))
}

/// Which point.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AtQuery {
    /// Latitude in degrees (WGS 84).
    #[param(minimum = -90, maximum = 90)]
    lat: f64,
    /// Longitude in degrees (WGS 84).
    #[param(minimum = -180, maximum = 180)]
    lon: f64,
}

/// Where a point is, in words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AtView {
    /// The whole in one line; coordinates where nothing near has a name.
    text: String,
    /// The nearest road that has a name.
    road: Option<String>,
    /// The nearest crossing.
    crossing: Option<String>,
    /// How far that road is, in metres.
    distance_m: Option<u32>,
    /// The named area that it lies in.
    area: Option<String>,
    /// False where the map does not reach.
    on_map: bool,
}

/// Says where a point is: its crossing, road and area.
#[utoipa::path(get, path = "/api/v1/places/at", tag = "map", params(AtQuery),
    responses((status = 200, body = AtView)))]
pub(crate) async fn at(
    State(app): State<App>,
    _: Onlooker,
    Query(query): Query<AtQuery>,
) -> Result<Json<AtView>, Problem> {
    let point = Point {
        lat: query.lat,
        lon: query.lon,
    };
    if !point.is_valid() {
        return Err(not_on_earth());
    }
    let said = beside(move || {
        let travel = &app.node.settings().travel;
        let router = travel.router().map(Arc::as_ref);
        travel.atlas().of_map().at(router, point)
    });
    let said = said.await?;
    Ok(Json(AtView {
        text: said.text,
        road: said.road,
        crossing: said.crossing,
        distance_m: said.distance_m.map(metres),
        area: said.area,
        on_map: said.on_map,
    }))
}

/// Lines to draw the roads with, as GeoJSON (RFC 7946).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoadLinesView {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// One line for each stretch of road.
    features: Vec<RoadLineView>,
}

/// One line.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoadLineView {
    /// `Feature`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What it is.
    properties: RoadView,
    /// Where.
    geometry: LineView,
}

/// What a line is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoadView {
    /// Its class, OSM's word for it.
    class: String,
    /// Its name.
    name: Option<String>,
}

/// Where a line is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineView {
    /// `LineString`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Longitude and latitude in degrees.
    coordinates: Vec<[f64; 2]>,
}

/// Shows the roads of the node's own network, to draw the map with.
#[utoipa::path(get, path = "/api/v1/map/roads.geojson", tag = "board",
    responses((status = 200, body = RoadLinesView, content_type = "application/geo+json")))]
pub(crate) async fn roads(State(app): State<App>, _: Onlooker) -> Result<Response, Problem> {
    let router = road_map(&app)?;
    let feature = |line: watchfire_roads::Line<'_>| RoadLineView {
        kind: "Feature",
        properties: RoadView {
            class: line.class.tag().to_owned(),
            name: line.name.map(str::to_owned),
        },
        geometry: LineView {
            kind: "LineString",
            coordinates: coordinates(&line.points),
        },
    };
    let made = beside(move || {
        serde_json::to_vec(&RoadLinesView {
            kind: "FeatureCollection",
            features: router.graph().lines().map(feature).collect(),
        })
    });
    let body = made.await?.map_err(|_| Problem::fault())?;
    Ok(geo_json(body, Keep::AnHour))
}

/// Whether a browser may keep an answer.
enum Keep {
    /// It changes only with the map file, at a restart.
    AnHour,
}

fn geo_json(body: Vec<u8>, keep: Keep) -> Response {
    let keep = match keep {
        Keep::AnHour => "private, max-age=3600",
    };
    let headers = [
        (header::CONTENT_TYPE, "application/geo+json"),
        (header::CACHE_CONTROL, keep),
    ];
    (headers, body).into_response()
}

/// The roads of the node, or the words for a node that has none.
fn road_map(app: &App) -> Result<Arc<Router>, Problem> {
    app.node.settings().travel.router().cloned().ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "no_map",
            Text::new("This node has no road map.", "本节点没有道路地图。"),
            Text::new(
                "Build one with `watchfire roads build` and name it in the settings under [roads].",
                "请用 watchfire roads build 生成地图，并在配置的 [roads] 中指定。",
            ),
        )
    })
}

/// Works something out beside the threads that answer requests.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Problem::fault())
}

fn not_on_earth() -> Problem {
    Problem::unreadable(
        "That is no place on Earth: latitude is -90 to 90, longitude -180 to 180.",
        "该坐标不在地球上：纬度应在 ±90 之间，经度应在 ±180 之间。",
    )
}

/// Longitude and latitude, as GeoJSON has them.
fn coordinates(points: &[Point]) -> Vec<[f64; 2]> {
    points
        .iter()
        .map(|point| [round(point.lon), round(point.lat)])
        .collect()
}

/// To a tenth of a metre.
fn round(degrees: f64) -> f64 {
    (degrees * 1e6).round() / 1e6
}

fn metres(distance_m: f64) -> u32 {
    // A float is cut to the range by the cast.
    distance_m.round() as u32
}

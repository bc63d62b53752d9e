//! The map: what to draw underneath, how far a unit gets and by which way.
//!
//! All of it is answered from the node's own map file; nobody outside is asked. What takes longer than a moment is
//! worked out beside the threads that answer, and never while the board is held.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use watchfire_core::basis::{IncidentId, Text, UnitId};
use watchfire_core::recommend::StartsFrom;
use watchfire_core::record::incident::Incident;
use watchfire_roads::{Area, Ground, Manoeuvre, NoRoute, Outline, Point, Profile, Router, Step};

use super::board::{allowed, find};
use super::view::BasisView;
use super::{App, Query};
use crate::atlas::StationKey;
use crate::policy::Session;
use crate::problem::Problem;
use crate::travel::{self, Start};

/// How large a named area beside the map's file is taken to be: a quarter.
const AREA_RANK: u8 = 3;
/// Within what times the reach of a unit is shown, in seconds.
const REACH_S: [u32; 3] = [300, 600, 900];

/// Whoever may see the board. Taken before the query is read, so that others are told no whatever they ask.
pub(crate) struct Onlooker;

impl FromRequestParts<App> for Onlooker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Onlooker, Problem> {
        let session = Session::from_request_parts(parts, app).await?;
        allowed(&session)?;
        Ok(Onlooker)
    }
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
    geometry: MapLineView,
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
pub(crate) struct MapLineView {
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
        geometry: MapLineView {
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

/// What lies under the roads, as GeoJSON (RFC 7946).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroundView {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Areas first, then lines, then names.
    features: Vec<GroundFeatureView>,
}

/// An area, a line or a name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroundFeatureView {
    /// `Feature`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What it is.
    properties: GroundKindView,
    /// Where.
    geometry: GeometryView,
}

/// What an area, a line or a name is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroundKindView {
    /// `water`, `green` or `built` of an area; `river` or `rail` of a line; `place` of a name.
    kind: &'static str,
    /// Of a name: 1 a city, 2 a town or district, 3 a quarter or village, 4 anything smaller.
    rank: Option<u8>,
    /// The name in the language of the place.
    name: Option<String>,
    /// The name in Chinese, where the map says it.
    name_zh: Option<String>,
    /// The name in English, where the map says it.
    name_en: Option<String>,
}

impl GroundKindView {
    fn of(kind: &'static str) -> GroundKindView {
        GroundKindView {
            kind,
            rank: None,
            name: None,
            name_zh: None,
            name_en: None,
        }
    }
}

/// Where something is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", content = "coordinates")]
pub(crate) enum GeometryView {
    /// The outer ring and its holes.
    Polygon(Vec<Vec<[f64; 2]>>),
    /// The points of a line.
    LineString(Vec<[f64; 2]>),
    /// Longitude and latitude in degrees.
    Point([f64; 2]),
}

/// Shows what lies under the roads: water, green, built-up ground, rivers, railways, and the names to write.
#[utoipa::path(get, path = "/api/v1/map/ground.geojson", tag = "map",
    responses((status = 200, body = GroundView, content_type = "application/geo+json")))]
pub(crate) async fn ground(State(app): State<App>, _: Onlooker) -> Result<Response, Problem> {
    let router = road_map(&app)?;
    let made = beside(move || {
        let areas = app.node.settings().travel.atlas().areas();
        serde_json::to_vec(&GroundView {
            kind: "FeatureCollection",
            features: ground_features(router.graph().ground(), areas),
        })
    });
    let body = made.await?.map_err(|_| Problem::fault())?;
    Ok(geo_json(body, Keep::AnHour))
}

fn ground_features(ground: &Ground, areas: &[Area]) -> Vec<GroundFeatureView> {
    let feature = |properties, geometry| GroundFeatureView {
        kind: "Feature",
        properties,
        geometry,
    };
    let patches = ground.patches().map(|(cover, rings)| {
        let rings = rings.iter().map(|ring| coordinates(ring)).collect();
        feature(
            GroundKindView::of(cover.word()),
            GeometryView::Polygon(rings),
        )
    });
    let strips = ground.strips().map(|(course, points)| {
        let line = GeometryView::LineString(coordinates(&points));
        feature(GroundKindView::of(course.word()), line)
    });
    let at = |point: Point| GeometryView::Point([round(point.lon), round(point.lat)]);
    let labels = ground.labels().iter().map(|label| {
        let properties = GroundKindView {
            rank: Some(label.rank),
            name: Some(label.name.clone()),
            name_zh: label.name_zh.clone(),
            name_en: label.name_en.clone(),
            ..GroundKindView::of("place")
        };
        feature(properties, at(label.point()))
    });
    let districts = areas.iter().map(|area| {
        let properties = GroundKindView {
            rank: Some(AREA_RANK),
            name: Some(area.name().to_owned()),
            ..GroundKindView::of("place")
        };
        feature(properties, at(area.middle()))
    });
    patches
        .chain(strips)
        .chain(labels)
        .chain(districts)
        .collect()
}

/// Areas to draw, as GeoJSON (RFC 7946).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StationAreasView {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// One for each station that is first somewhere.
    features: Vec<StationAreaView>,
}

/// The area of a station.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StationAreaView {
    /// `Feature`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Whose it is.
    properties: AreaOfView,
    /// Where.
    geometry: PolygonsView,
}

/// Whose area it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AreaOfView {
    /// The id of the station.
    station: String,
    /// Its code.
    code: String,
    /// Its name.
    name: String,
}

/// Where an area is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolygonsView {
    /// `MultiPolygon`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Polygons, each an outer ring and its holes; longitude and latitude in degrees.
    coordinates: Vec<Vec<Vec<[f64; 2]>>>,
}

impl From<&Outline> for PolygonsView {
    fn from(outline: &Outline) -> PolygonsView {
        let rings = |rings: &Vec<Vec<Point>>| rings.iter().map(|ring| coordinates(ring)).collect();
        PolygonsView {
            kind: "MultiPolygon",
            coordinates: outline.polygons.iter().map(rings).collect(),
        }
    }
}

/// Shows which station is the first to arrive where, by road time from its door.
#[utoipa::path(get, path = "/api/v1/map/station-areas.geojson", tag = "map",
    responses((status = 200, body = StationAreasView, content_type = "application/geo+json")))]
pub(crate) async fn station_areas(
    State(app): State<App>,
    _: Onlooker,
) -> Result<Response, Problem> {
    road_map(&app)?;
    let stations = StationKey::all(&app.node.board());
    let made = beside(move || {
        let travel = &app.node.settings().travel;
        let roads = travel.conditions().in_force();
        let areas = travel.atlas().station_areas(&stations, roads.as_deref());
        let outlines = areas.iter().flat_map(|areas| areas.outlines());
        let features = stations.iter().zip(outlines);
        let features = features.filter(|(_, outline)| !outline.polygons.is_empty());
        serde_json::to_vec(&StationAreasView {
            kind: "FeatureCollection",
            features: features
                .map(|(station, outline)| StationAreaView {
                    kind: "Feature",
                    properties: AreaOfView {
                        station: station.id.to_string(),
                        code: station.code.clone(),
                        name: station.name.clone(),
                    },
                    geometry: outline.into(),
                })
                .collect(),
        })
    });
    let body = made.await?.map_err(|_| Problem::fault())?;
    Ok(geo_json(body, Keep::Not))
}

/// How far a unit gets, as GeoJSON (RFC 7946).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReachView {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// One for each time, the longest first, so that the shorter are drawn above.
    features: Vec<WithinView>,
    /// Where it starts from.
    from: FromView,
    /// What the times rest on.
    basis: BasisView,
}

/// What is reached within a time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WithinView {
    /// `Feature`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Within what time.
    properties: WithinTimeView,
    /// Where.
    geometry: PolygonsView,
}

/// A time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WithinTimeView {
    /// In seconds, with the node's factor on road times.
    within_s: u32,
}

/// Where a unit starts from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FromView {
    /// Latitude in degrees (WGS 84).
    lat: f64,
    /// Longitude in degrees (WGS 84).
    lon: f64,
    /// How old the position is, in seconds; none if it is the unit's post or station.
    position_age_s: Option<u32>,
}

/// Shows how far a unit gets in five, ten and fifteen minutes from where it is.
#[utoipa::path(get, path = "/api/v1/units/{id}/reach", tag = "map", params(("id" = String, Path)),
    responses((status = 200, body = ReachView, content_type = "application/geo+json")))]
pub(crate) async fn reach(
    State(app): State<App>,
    _: Onlooker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (start, from) = start_of(&app, super::read_id(&id)?)?;
    let router = road_map(&app)?;
    let factor_percent = app.node.settings().travel.factor_percent();
    let made = beside(move || {
        // What the node stretches by its factor is shortened here by the same.
        let limit_ms = |within_s: u32| {
            let ms = u64::from(within_s) * 100_000 / u64::from(factor_percent.max(1));
            u32::try_from(ms).unwrap_or(u32::MAX)
        };
        router.reach(map_point(start.point), &REACH_S.map(limit_ms))
    });
    let outlines = made.await?.map_err(no_road)?;
    let mut features: Vec<WithinView> = REACH_S
        .iter()
        .zip(&outlines)
        .map(|(within_s, outline)| WithinView {
            kind: "Feature",
            properties: WithinTimeView {
                within_s: *within_s,
            },
            geometry: outline.into(),
        })
        .collect();
    features.reverse();
    let view = ReachView {
        kind: "FeatureCollection",
        features,
        from,
        basis: BasisView::Road,
    };
    let body = serde_json::to_vec(&view).map_err(|_| Problem::fault())?;
    Ok(geo_json(body, Keep::Not))
}

/// Where a unit is to go.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RouteQuery {
    /// The id of an incident; that of the unit's live assignment if absent.
    #[param(max_length = 64)]
    incident: Option<String>,
}

/// The way of a unit to an incident.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RouteView {
    /// Which incident.
    incident: String,
    /// How long it takes, by the same reckoning as a recommendation's times.
    seconds: u32,
    /// Whether that is driven with lights and siren.
    siren: bool,
    /// How long it is on the road, in metres.
    length_m: u32,
    /// What the time rests on.
    basis: BasisView,
    /// The line to draw, from the unit to the incident; longitude and latitude in degrees.
    line: Vec<[f64; 2]>,
    /// What the crew does on the way, in order.
    steps: Vec<RouteStepView>,
}

/// One thing that the crew does, and the stretch after it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RouteStepView {
    /// `depart`, `straight`, `slight_left`, `left`, `sharp_left`, `slight_right`, `right`, `sharp_right`, `turn_round`,
    /// `roundabout`, `ferry` or `arrive`.
    manoeuvre: &'static str,
    /// For `roundabout`, by which exit, counted from 1.
    exit: Option<u16>,
    /// The name of the road then driven, if it has one.
    name: Option<String>,
    /// How long that stretch is, in metres.
    length_m: u32,
    /// Where, latitude in degrees (WGS 84).
    lat: f64,
    /// Where, longitude in degrees (WGS 84).
    lon: f64,
}

impl From<&Step> for RouteStepView {
    fn from(step: &Step) -> RouteStepView {
        let (manoeuvre, exit) = match step.manoeuvre {
            Manoeuvre::Depart => ("depart", None),
            Manoeuvre::Straight => ("straight", None),
            Manoeuvre::SlightLeft => ("slight_left", None),
            Manoeuvre::Left => ("left", None),
            Manoeuvre::SharpLeft => ("sharp_left", None),
            Manoeuvre::SlightRight => ("slight_right", None),
            Manoeuvre::Right => ("right", None),
            Manoeuvre::SharpRight => ("sharp_right", None),
            Manoeuvre::TurnRound => ("turn_round", None),
            Manoeuvre::Roundabout { exit } => ("roundabout", Some(exit)),
            Manoeuvre::Ferry => ("ferry", None),
            Manoeuvre::Arrive => ("arrive", None),
        };
        RouteStepView {
            manoeuvre,
            exit,
            name: step.name.clone(),
            length_m: metres(step.length_m),
            lat: round(step.at.lat),
            lon: round(step.at.lon),
        }
    }
}

/// Shows the fastest way of a unit to an incident by the node's map: what its times rest on, not a navigation.
#[utoipa::path(get, path = "/api/v1/units/{id}/route", tag = "map", params(("id" = String, Path), RouteQuery),
    responses((status = 200, body = RouteView)))]
pub(crate) async fn route(
    State(app): State<App>,
    _: Onlooker,
    Path(id): Path<String>,
    Query(query): Query<RouteQuery>,
) -> Result<Json<RouteView>, Problem> {
    let unit: UnitId = super::read_id(&id)?;
    let (start, _) = start_of(&app, unit)?;
    let incident: IncidentId = match &query.incident {
        Some(incident) => super::read_id(incident)?,
        None => {
            let board = app.node.board();
            let live = board.live_assignments().find(|one| one.unit == unit);
            live.map(|one| one.incident).ok_or_else(nowhere_to_go)?
        }
    };
    let found = find::<Incident>(&app, incident)?;
    let driven = app.node.settings().travel.driven(found.priority);
    let (node, end) = (app.node.clone(), found.place.point);
    let made = beside(move || node.settings().travel.route(driven, start, end)).await?;
    let (route, time) = made.ok_or_else(no_map)?.map_err(no_road)?;
    Ok(Json(RouteView {
        incident: incident.to_string(),
        seconds: time.seconds,
        siren: driven == Profile::Siren,
        length_m: metres(route.length_m),
        basis: BasisView::Road,
        line: coordinates(&route.points),
        steps: route.steps.iter().map(RouteStepView::from).collect(),
    }))
}

/// Where a unit starts from: its last position, else its post or station.
fn start_of(app: &App, id: UnitId) -> Result<(Start, FromView), Problem> {
    let board = app.node.board();
    let unit = board.units.get(&id).ok_or_else(Problem::not_found)?;
    let known = app.node.positions().get(id);
    let found = travel::whereabouts(&board, known.as_ref(), unit, app.node.now());
    let (start, from) = found.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "no_position",
            Text::new(
                "Where the unit is is not known: it has no position, no post and no station.",
                "不知道该力量在何处：没有位置、驻点或所属站点。",
            ),
            Text::new(
                "Report its position or give it a station.",
                "请上报其位置或为其指定站点。",
            ),
        )
    })?;
    let from = FromView {
        lat: round(start.point.lat()),
        lon: round(start.point.lon()),
        position_age_s: match from {
            StartsFrom::Position { age_s } => Some(age_s),
            StartsFrom::Post => None,
        },
    };
    Ok((start, from))
}

pub(super) fn map_point(point: watchfire_core::basis::Point) -> Point {
    Point {
        lat: point.lat(),
        lon: point.lon(),
    }
}

fn nowhere_to_go() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no_assignment",
        Text::new(
            "The unit has no live assignment to go to.",
            "该力量没有进行中的任务。",
        ),
        Text::new(
            "Name the incident with ?incident=.",
            "请用 ?incident= 指明事件。",
        ),
    )
}

fn no_road(why: NoRoute) -> Problem {
    let (en, zh) = match why {
        NoRoute::SourceOffNetwork => ("The unit is", "该力量"),
        NoRoute::TargetOffNetwork => ("The incident is", "事件地点"),
        NoRoute::Unreachable | NoRoute::OtherGraph => {
            return no_road_problem(Text::new(
                "No open road of the map leads there.",
                "地图上没有可通行的道路到达该处。",
            ));
        }
    };
    no_road_problem(Text::new(
        format!("{en} too far from every road of the map."),
        format!("{zh}离地图上所有道路都太远。"),
    ))
}

fn no_road_problem(what: Text) -> Problem {
    let next_step = Text::new(
        "Check the place; a map of a larger area may be needed.",
        "请核对地点；可能需要覆盖更大范围的地图。",
    );
    Problem::new(StatusCode::NOT_FOUND, "no_road", what, next_step)
}

/// Whether a browser may keep an answer.
enum Keep {
    /// It changes only with the map file, at a restart.
    AnHour,
    /// It changes with records.
    Not,
}

fn geo_json(body: Vec<u8>, keep: Keep) -> Response {
    let keep = match keep {
        Keep::AnHour => "private, max-age=3600",
        Keep::Not => "no-store",
    };
    let headers = [
        (header::CONTENT_TYPE, "application/geo+json"),
        (header::CACHE_CONTROL, keep),
    ];
    (headers, body).into_response()
}

/// The roads of the node, or the words for a node that has none.
fn road_map(app: &App) -> Result<Arc<Router>, Problem> {
    app.node.settings().travel.router().ok_or_else(no_map)
}

fn no_map() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no_map",
        Text::new("This node has no road map.", "本节点没有道路地图。"),
        Text::new(
            "Build one with `watchfire roads build` and name it in the settings under [roads].",
            "请用 watchfire roads build 生成地图，并在配置的 [roads] 中指定。",
        ),
    )
}

/// Works something out beside the threads that answer requests.
pub(super) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Problem::fault())
}

/// Longitude and latitude, as GeoJSON has them.
pub(super) fn coordinates(points: &[Point]) -> Vec<[f64; 2]> {
    points
        .iter()
        .map(|point| [round(point.lon), round(point.lat)])
        .collect()
}

/// To a tenth of a metre.
pub(super) fn round(degrees: f64) -> f64 {
    (degrees * 1e6).round() / 1e6
}

pub(super) fn metres(distance_m: f64) -> u32 {
    // A float is cut to the range by the cast.
    distance_m.round() as u32
}

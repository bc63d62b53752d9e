//! Places: where a name is, and what a point is called.
//!
//! All of it is answered from the node's own map file and its stations; nobody outside is asked, and people are not
//! searched.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use watchfire_core::basis::{Line, Point as CorePoint, Timestamp, UnitId};
use watchfire_core::record::Action;
use watchfire_core::record::call::CallAction;
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::station::Station;
use watchfire_roads::limits::{PLACE_QUERY_MAX_CHARS, PLACES_FOUND_MAX};
use watchfire_roads::{Found, FoundKind, Matched, Point};

use super::map::{Onlooker, beside, metres, round};
use super::view::UnitStatusView;
use super::{App, Query};
use crate::atlas::StationKey;
use crate::problem::Problem;

/// How many places are given when nothing is said.
const PLACES_DEFAULT: usize = 10;
/// How many units are given at most.
const NEAR_MAX: usize = 100;

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

/// Puts the station area on a new place of which nobody said one: that of the station from which its point is
/// reached soonest by road. Without a road network that reaches it, and where stations answer for areas of other
/// names, none is made up.
pub(crate) fn with_area(app: &App, mut action: Action) -> Action {
    let place = if let Action::Call(
        CallAction::Receive { details, .. } | CallAction::Amend { details, .. },
    ) = &mut action
    {
        details.place.as_mut()
    } else if let Action::Incident(
        IncidentAction::Open { place, .. } | IncidentAction::Split { place, .. },
    ) = &mut action
    {
        place.as_mut()
    } else if let Action::Incident(IncidentAction::Relocate { place, .. }) = &mut action {
        Some(place)
    } else {
        None
    };
    if let Some(place) = place.filter(|place| place.area.is_none()) {
        place.area = first_due(app, place.point);
    }
    action
}

fn first_due(app: &App, point: CorePoint) -> Option<Line> {
    let travel = &app.node.settings().travel;
    if travel.router().is_none() || !travel.reaches(point) {
        return None;
    }
    let (codes, points): (Vec<Line>, Vec<CorePoint>) = {
        let board = app.node.board();
        let own = |station: &&Arc<Station>| station.details.areas.is_empty();
        let stations = board.stations.values().filter(own);
        stations
            .map(|station| (station.code.clone(), station.details.place.point))
            .unzip()
    };
    let times = travel.times_to(point, &points).into_iter().zip(codes);
    times
        .filter_map(|(time, code)| Some((time?.seconds, code)))
        .min()
        .map(|(_, code)| code)
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
        let router = travel.router();
        travel.atlas().of_map().at(router.as_deref(), point)
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

/// Near which point, and how many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct NearQuery {
    /// Latitude in degrees (WGS 84).
    #[param(minimum = -90, maximum = 90)]
    lat: f64,
    /// Longitude in degrees (WGS 84).
    #[param(minimum = -180, maximum = 180)]
    lon: f64,
    /// How many at most, 1 to 100; 10 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// Units near a point.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NearView {
    /// The nearest as the crow flies first.
    units: Vec<NearUnitView>,
}

/// A unit near a point.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NearUnitView {
    /// Its id.
    unit: String,
    /// What it is called on the air.
    callsign: String,
    /// What it is doing.
    status: UnitStatusView,
    /// How far off it is as the crow flies, in metres.
    distance_m: u32,
    /// How long it would take, in seconds, driven as everybody does; none where no road leads there.
    travel_time_s: Option<u32>,
    /// How old its position is, in seconds.
    position_age_s: u32,
}

/// Shows the units on duty that are nearest to a point as the crow flies, whatever they do, of those with a position.
#[utoipa::path(get, path = "/api/v1/units/near", tag = "units", params(NearQuery),
    responses((status = 200, body = NearView)))]
pub(crate) async fn units_near(
    State(app): State<App>,
    _: Onlooker,
    Query(query): Query<NearQuery>,
) -> Result<Json<NearView>, Problem> {
    let limit = query.limit.unwrap_or(PLACES_DEFAULT);
    if limit == 0 || limit > NEAR_MAX {
        return Err(Problem::unreadable(
            format!("limit is {limit}, and 1 to {NEAR_MAX} units can be given."),
            format!("limit 为 {limit}，应在 1 至 {NEAR_MAX} 之间。"),
        ));
    }
    let point = CorePoint::from_degrees(query.lat, query.lon).map_err(|_| not_on_earth())?;
    let units = beside(move || {
        let now = app.node.now();
        let (mut units, starts) = near_now(&app, point, limit, now);
        // Worked out after the board is let go.
        let times = app.node.settings().travel.times_to(point, &starts);
        for (unit, time) in units.iter_mut().zip(times) {
            unit.travel_time_s = time.map(|time| time.seconds);
        }
        units
    });
    Ok(Json(NearView {
        units: units.await?,
    }))
}

/// The units nearest to a point, without their times yet, and where each is.
fn near_now(
    app: &App,
    point: CorePoint,
    limit: usize,
    now: Timestamp,
) -> (Vec<NearUnitView>, Vec<CorePoint>) {
    let board = app.node.board();
    app.node.positions().read(|known| {
        let near = known.nearest(point, limit, |unit| board.units.contains_key(&unit));
        let shown = |(unit, far_m): (UnitId, f64)| {
            let (at, unit) = (known.get(&unit)?, board.units.get(&unit)?);
            let view = NearUnitView {
                unit: unit.id.to_string(),
                callsign: unit.callsign.to_string(),
                status: board.unit_status(unit).0.into(),
                distance_m: metres(far_m),
                travel_time_s: None,
                position_age_s: u32::try_from(now.seconds_since(at.at)).unwrap_or(u32::MAX),
            };
            Some((view, at.point))
        };
        near.into_iter().filter_map(shown).unzip()
    })
}

fn not_on_earth() -> Problem {
    Problem::unreadable(
        "That is no place on Earth: latitude is -90 to 90, longitude -180 to 180.",
        "该坐标不在地球上：纬度应在 ±90 之间，经度应在 ±180 之间。",
    )
}

//! Coverage: how many places a free unit reaches in 5, 10 and 15 minutes, now and if one is sent; as numbers and as squares for
//! the map.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{Text, UnitId};
use watchfire_core::monitoring::{COVERAGE_WITHIN_S, Coverage, Nearest, class_of};

use super::super::view::{self, BasisView, TextView};
use super::super::{App, Query, read_id};
use crate::monitoring::coverage::{Coverages, NoPlaces, PlacesFrom, Reached, Square};
use crate::policy::Session;
use crate::problem::Problem;

/// What is asked of coverage.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CoverageQuery {
    /// A unit that is thought to be sent: the answer has also what is reached without it.
    #[param(max_length = 64)]
    without: Option<String>,
    /// Whether the squares of the map are wanted, too.
    squares: Option<bool>,
}

/// How many places a free unit reaches in time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AreaCoverageView {
    /// The figures; absent while coverage is not known.
    known: Option<CoverageKnownView>,
    /// Why it is not known.
    why_not: Option<TextView>,
}

/// Coverage as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverageKnownView {
    /// When it was looked, by the node's clock.
    at: String,
    /// How many seconds ago that was.
    age_s: u64,
    /// How long it took to work out, in milliseconds.
    took_ms: u64,
    /// What travel times rest on.
    basis: BasisView,
    /// Where places come from: `calls` (squares where the public calls from) or `roads` (squares with roads).
    places_from: &'static str,
    /// How many places there are.
    places: u32,
    /// Free units that count.
    units: usize,
    /// Free units that nobody knows where to find: they count nowhere.
    unplaced: usize,
    /// What is reached now.
    now: Vec<CoveredView>,
    /// What is reached without the unit that was asked about; absent if none was, or it is not free and sending it changes nothing.
    without: Option<Vec<CoveredView>>,
    /// The squares of the map, if they were asked for: a GeoJSON FeatureCollection.
    squares: Option<SquaresView>,
}

/// What is reached within one time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoveredView {
    /// Within so many seconds.
    within_s: u32,
    /// How many places.
    places: u32,
    /// The share of all places, in percent to one place; none where there are no places.
    percent: Option<f64>,
}

/// Squares for a map, as GeoJSON.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SquaresView {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// One polygon for each square.
    features: Vec<SquareView>,
}

/// One square.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SquareView {
    /// `Feature`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// How soon a free unit is there.
    properties: SquareReachedView,
    /// Where it is.
    geometry: SquareShapeView,
}

/// How soon a free unit is in a square.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SquareReachedView {
    /// 0: within 5 minutes, 1: within 10, 2: within 15, 3: beyond that.
    class: usize,
    /// Seconds; none beyond 15 minutes.
    seconds: Option<u32>,
    /// The class without the unit that was asked about, where that differs.
    class_without: Option<usize>,
}

/// The outline of a square.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SquareShapeView {
    /// `Polygon`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// One ring of five points, each longitude and latitude in degrees (WGS 84).
    coordinates: Vec<Vec<[f64; 2]>>,
}

/// Shows how many places a free unit reaches in 5, 10 and 15 minutes, now and without one unit.
#[utoipa::path(get, path = "/api/v1/monitoring/coverage", tag = "monitoring", params(CoverageQuery),
    responses((status = 200, body = AreaCoverageView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    query: Result<Query<CoverageQuery>, Problem>,
) -> Result<Json<AreaCoverageView>, Problem> {
    super::allowed(&session)?;
    let Query(query) = query?;
    let without = query
        .without
        .as_deref()
        .map(read_id::<UnitId>)
        .transpose()?;
    if let Some(unit) = without
        && !app.node.board().units.contains_key(&unit)
    {
        return Err(Problem::not_found());
    }
    let reached = match Coverages::now(&app.node).await {
        Ok(reached) => reached,
        Err(why) => {
            return Ok(Json(AreaCoverageView {
                known: None,
                why_not: Some(words(why).into()),
            }));
        }
    };
    let number = without.and_then(|unit| reached.number(unit));
    let squares = query.squares.unwrap_or(false);
    Ok(Json(AreaCoverageView {
        known: Some(CoverageKnownView {
            at: view::time(reached.at),
            age_s: app.node.now().seconds_since(reached.at),
            took_ms: u64::try_from(reached.took.as_millis()).unwrap_or(u64::MAX),
            basis: reached.basis.into(),
            places_from: match reached.squares.from {
                PlacesFrom::Calls => "calls",
                PlacesFrom::Roads => "roads",
            },
            places: reached.coverage(None).places,
            units: reached.units.len(),
            unplaced: reached.unplaced,
            now: covered(&reached.coverage(None)),
            without: number.map(|number| covered(&reached.coverage(Some(number)))),
            squares: squares.then(|| drawn(&reached, number)),
        }),
        why_not: None,
    }))
}

/// What coverage comes to, time by time.
pub(crate) fn covered(coverage: &Coverage) -> Vec<CoveredView> {
    let shares = coverage.permille().into_iter();
    let each = COVERAGE_WITHIN_S.into_iter().zip(coverage.within);
    each.zip(shares)
        .map(|((within_s, places), share)| CoveredView {
            within_s,
            places,
            percent: share.map(|permille| f64::from(permille) / 10.0),
        })
        .collect()
}

fn drawn(reached: &Reached, without: Option<u32>) -> SquaresView {
    let squares = reached.squares.all.iter().zip(&reached.nearest);
    SquaresView {
        kind: "FeatureCollection",
        features: squares
            .map(|(square, nearest)| one(square, nearest, without))
            .collect(),
    }
}

fn one(square: &Square, nearest: &Nearest, without: Option<u32>) -> SquareView {
    let seconds = nearest.seconds_without(None);
    let class = class_of(seconds);
    let later = class_of(nearest.seconds_without(without));
    let (south, west) = (square.south_west.lat(), square.south_west.lon());
    let (north, east) = (square.north_east.lat(), square.north_east.lon());
    SquareView {
        kind: "Feature",
        properties: SquareReachedView {
            class,
            seconds,
            class_without: (later != class).then_some(later),
        },
        geometry: SquareShapeView {
            kind: "Polygon",
            coordinates: vec![vec![
                [west, south],
                [east, south],
                [east, north],
                [west, north],
                [west, south],
            ]],
        },
    }
}

fn words(why: NoPlaces) -> Text {
    match why {
        NoPlaces::NeitherRoadsNorCalls => Text::new(
            "Not known: there is no road network, and too few calls of the public are on record to know where people are.",
            "未知：无路网，且在案的群众报警过少，无法得知人员分布。",
        ),
        NoPlaces::Failed => Text::new(
            "Not known: it could not be worked out. Ask again.",
            "未知：计算未完成，请重试。",
        ),
    }
}

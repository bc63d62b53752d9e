//! Road conditions: entered, given another end, ended; and which roads those in force meet.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{Point, RoadConditionId, Timestamp};
use watchfire_core::record::Action;
use watchfire_core::record::road_condition::{
    RoadCondition, RoadConditionAction, RoadConditionDetails, RoadEffect, RoadPhase, RoadShape,
};

use super::board::{allowed, find, page};
use super::map::{beside, round};
use super::view::{maybe_time, time};
use super::{
    App, Asked, NothingMore, Page, PageQuery, Query, answer, read, read_id, read_time,
    read_time_maybe, unreadable,
};
use crate::conditions::{InForce, Met};
use crate::policy::{Permission, Session};
use crate::problem::Problem;

/// Stretches of road that are drawn for one condition at most; what is beyond is counted.
const STRETCHES_DRAWN_MAX: usize = 5_000;
/// Street names told of one condition at most.
const STREETS_TOLD_MAX: usize = 8;

/// What a road condition does to the roads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub enum RoadEffectView {
    /// Nobody drives through.
    Closed {},
    /// It goes slower than usual.
    Slowed {
        /// Speed in percent of the usual one.
        #[schema(minimum = 1, maximum = 99)]
        percent: u8,
    },
}

impl From<RoadEffect> for RoadEffectView {
    fn from(effect: RoadEffect) -> RoadEffectView {
        match effect {
            RoadEffect::Closed => RoadEffectView::Closed {},
            RoadEffect::Slowed { percent } => RoadEffectView::Slowed { percent },
        }
    }
}

impl From<RoadEffectView> for RoadEffect {
    fn from(effect: RoadEffectView) -> RoadEffect {
        match effect {
            RoadEffectView::Closed {} => RoadEffect::Closed,
            RoadEffectView::Slowed { percent } => RoadEffect::Slowed { percent },
        }
    }
}

/// Where a road condition is. Points are longitude and latitude in degrees (WGS 84), as in GeoJSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub enum RoadShapeView {
    /// On the roads that come into an area.
    Area {
        /// Its corners, in order; the last is joined to the first.
        #[schema(min_items = 3, max_items = 200)]
        points: Vec<[f64; 2]>,
    },
    /// On the roads that run along a line.
    Line {
        /// Its points, in order.
        #[schema(min_items = 2, max_items = 200)]
        points: Vec<[f64; 2]>,
        /// How wide it is, in metres, both sides together.
        #[schema(minimum = 1, maximum = 200)]
        width_m: u32,
    },
    /// On the roads that come into a circle.
    Circle {
        /// Its middle.
        centre: [f64; 2],
        /// Its radius in metres.
        #[schema(minimum = 1, maximum = 50000)]
        radius_m: u32,
    },
}

impl From<&RoadShape> for RoadShapeView {
    fn from(shape: &RoadShape) -> RoadShapeView {
        let one = |point: &Point| [point.lon(), point.lat()];
        let all = |points: &[Point]| points.iter().map(one).collect();
        match shape {
            RoadShape::Area { points } => RoadShapeView::Area {
                points: all(points),
            },
            RoadShape::Line { points, width_m } => RoadShapeView::Line {
                points: all(points),
                width_m: *width_m,
            },
            RoadShape::Circle { centre, radius_m } => RoadShapeView::Circle {
                centre: one(centre),
                radius_m: *radius_m,
            },
        }
    }
}

impl RoadShapeView {
    fn read(&self) -> Result<RoadShape, Problem> {
        let one = |[lon, lat]: &[f64; 2]| {
            Point::from_degrees(*lat, *lon).map_err(|error| unreadable("shape", &error))
        };
        let all = |points: &[[f64; 2]]| points.iter().map(one).collect::<Result<_, _>>();
        Ok(match self {
            RoadShapeView::Area { points } => RoadShape::Area {
                points: all(points)?,
            },
            RoadShapeView::Line { points, width_m } => RoadShape::Line {
                points: all(points)?,
                width_m: *width_m,
            },
            RoadShapeView::Circle { centre, radius_m } => RoadShape::Circle {
                centre: one(centre)?,
                radius_m: *radius_m,
            },
        })
    }
}

/// Where a road condition is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoadPhaseView {
    /// It begins later.
    Planned,
    /// It holds now.
    InForce,
    /// Its time ran out.
    RanOut,
    /// Somebody ended it.
    Ended,
}

/// A road condition.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RoadConditionView {
    /// Its id.
    pub id: String,
    /// Its version, for `If-Match`.
    pub version: u64,
    /// What it does to the roads.
    pub effect: RoadEffectView,
    /// Where.
    pub shape: RoadShapeView,
    /// Why.
    pub reason: String,
    /// From when.
    pub from: String,
    /// Until when; until somebody ends it if absent.
    pub until: Option<String>,
    /// Where it is in its life.
    pub phase: RoadPhaseView,
    /// When it was entered.
    pub entered_at: String,
    /// When somebody ended it.
    pub ended_at: Option<String>,
}

/// Shows a road condition as it is at a moment.
pub fn shown(condition: &RoadCondition, at: Timestamp) -> RoadConditionView {
    let details = &condition.details;
    RoadConditionView {
        id: condition.id.to_string(),
        version: condition.version,
        effect: details.effect.into(),
        shape: (&details.shape).into(),
        reason: details.reason.to_string(),
        from: time(details.from),
        until: maybe_time(details.until),
        phase: match condition.phase(at) {
            RoadPhase::Planned => RoadPhaseView::Planned,
            RoadPhase::InForce => RoadPhaseView::InForce,
            RoadPhase::RanOut => RoadPhaseView::RanOut,
            RoadPhase::Ended => RoadPhaseView::Ended,
        },
        entered_at: time(condition.entered_at),
        ended_at: maybe_time(condition.ended_at),
    }
}

/// A new road condition.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "effect": { "is": "closed" },
    "shape": { "is": "line", "points": [[-122.3937, 37.7955], [-122.3942, 37.7961]], "width_m": 30 },
    "reason": "burst water main",
}))]
pub(crate) struct RoadConditionBody {
    /// What it does to the roads.
    effect: RoadEffectView,
    /// Where.
    shape: RoadShapeView,
    /// Why.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
    /// From when, if not now.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// Until when; until somebody ends it if absent.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

/// Until when a road condition holds.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UntilBody {
    /// Until when; until somebody ends it if null.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// When, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(RoadConditionBody, UntilBody);

impl RoadConditionBody {
    fn details(&self, now: Timestamp) -> Result<RoadConditionDetails, Problem> {
        let from = self.from.as_deref();
        Ok(RoadConditionDetails {
            effect: self.effect.into(),
            shape: self.shape.read()?,
            reason: read("reason", &self.reason)?,
            from: match from {
                Some(from) => read_time("from", from)?,
                None => now,
            },
            until: read_time_maybe("until", self.until.as_deref())?,
        })
    }
}

/// Lists road conditions, last changed first.
#[utoipa::path(get, path = "/api/v1/road-conditions", tag = "road conditions", params(PageQuery),
    responses((status = 200, body = Page<RoadConditionView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<RoadConditionView>>, Problem> {
    let now = app.node.now();
    page(&app, &session, &query, |_, one: &RoadCondition| {
        shown(one, now)
    })
}

/// Shows a road condition.
#[utoipa::path(get, path = "/api/v1/road-conditions/{id}", tag = "road conditions", params(("id" = String, Path)),
    responses((status = 200, body = RoadConditionView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    allowed(&session)?;
    respond(&app, read_id(&id)?, StatusCode::OK)
}

fn respond(app: &App, id: RoadConditionId, status: StatusCode) -> Result<Response, Problem> {
    let found = find::<RoadCondition>(app, id)?;
    Ok(answer(
        status,
        found.version,
        &shown(&found, app.node.now()),
    ))
}

/// Enters a road condition. It is in force for recommendations within a second or two: `conditions_version` then rises.
#[utoipa::path(post, path = "/api/v1/road-conditions", tag = "road conditions", request_body = RoadConditionBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = RoadConditionView)))]
pub(crate) async fn enter(asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: RoadConditionBody| {
        Ok(Action::RoadCondition(RoadConditionAction::Enter {
            details: body.details(asked.app.node.now())?,
        }))
    };
    let outcome = asked.act(&[Permission::SetRoadConditions], meaning).await?;
    respond(
        &asked.app,
        RoadConditionId(outcome.records[0].0.id),
        StatusCode::CREATED,
    )
}

/// Changes until when a road condition holds.
#[utoipa::path(post, path = "/api/v1/road-conditions/{id}/until", tag = "road conditions", request_body = UntilBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = RoadConditionView)))]
pub(crate) async fn amend_end(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: UntilBody| {
        Ok(Action::RoadCondition(RoadConditionAction::AmendEnd {
            road_condition: read_id(&id)?,
            until: read_time_maybe("until", body.until.as_deref())?,
        }))
    };
    let outcome = asked.act(&[Permission::SetRoadConditions], meaning).await?;
    respond(
        &asked.app,
        RoadConditionId(outcome.records[0].0.id),
        StatusCode::OK,
    )
}

/// Ends a road condition now.
#[utoipa::path(post, path = "/api/v1/road-conditions/{id}/end", tag = "road conditions", request_body = NothingMore,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = RoadConditionView)))]
pub(crate) async fn end(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |_: NothingMore| {
        Ok(Action::RoadCondition(RoadConditionAction::End {
            road_condition: read_id(&id)?,
        }))
    };
    let outcome = asked.act(&[Permission::SetRoadConditions], meaning).await?;
    respond(
        &asked.app,
        RoadConditionId(outcome.records[0].0.id),
        StatusCode::OK,
    )
}

/// The roads that the conditions in force meet, as GeoJSON (RFC 7946).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoadsMetView {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The number of the set of conditions in force; none without a road network.
    version: Option<u64>,
    /// One for each condition in force.
    features: Vec<RoadMetView>,
}

/// The roads that one condition meets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoadMetView {
    /// `Feature`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Which condition, and what it comes to.
    properties: MetOfView,
    /// Where.
    geometry: LinesView,
}

/// What a condition comes to on the road network.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MetOfView {
    /// The id of the condition.
    road_condition: String,
    /// True if nobody drives through, false if it goes slower.
    closed: bool,
    /// How many stretches of road, from one junction to the next, it meets. None means that it changes nothing.
    stretches: u64,
    /// The names of the streets, the first few in order.
    streets: Vec<String>,
}

/// Lines, as GeoJSON has them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinesView {
    /// `MultiLineString`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Longitude and latitude in degrees.
    coordinates: Vec<Vec<[f64; 2]>>,
}

/// Shows which roads the conditions in force meet; nothing without a road network.
#[utoipa::path(get, path = "/api/v1/map/road-conditions.geojson", tag = "map",
    responses((status = 200, body = RoadsMetView, content_type = "application/geo+json")))]
pub(crate) async fn met(State(app): State<App>, session: Session) -> Result<Response, Problem> {
    allowed(&session)?;
    let now = app.node.settings().travel.conditions().in_force();
    let made = beside(move || {
        let features = now.as_ref().map(|now| {
            let all = now.met.iter();
            all.map(|one| met_view(now, one)).collect::<Vec<_>>()
        });
        serde_json::to_vec(&RoadsMetView {
            kind: "FeatureCollection",
            version: now.as_ref().map(|now| now.version),
            features: features.unwrap_or_default(),
        })
    });
    let body = made.await?.map_err(|_| Problem::fault())?;
    let headers = [
        (axum::http::header::CONTENT_TYPE, "application/geo+json"),
        (axum::http::header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, body).into_response())
}

fn met_view(now: &InForce, met: &Met) -> RoadMetView {
    let graph = now.router.graph();
    let streets: BTreeSet<&str> = met
        .edges
        .iter()
        .filter_map(|edge| graph.name_of(*edge))
        .collect();
    let line = |edge: &u32| {
        let points = graph.points_of(*edge);
        let point = |point: &watchfire_roads::Point| [round(point.lon), round(point.lat)];
        points.iter().map(point).collect()
    };
    RoadMetView {
        kind: "Feature",
        properties: MetOfView {
            road_condition: met.id.to_string(),
            closed: met.effect == RoadEffect::Closed,
            stretches: met.edges.len() as u64,
            streets: streets
                .into_iter()
                .take(STREETS_TOLD_MAX)
                .map(str::to_owned)
                .collect(),
        },
        geometry: LinesView {
            kind: "MultiLineString",
            coordinates: met
                .edges
                .iter()
                .take(STRETCHES_DRAWN_MAX)
                .map(line)
                .collect(),
        },
    }
}

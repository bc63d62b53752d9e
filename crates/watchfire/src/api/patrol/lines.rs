//! The ways of patrol rounds as lines to draw: from stop to stop along the roads of the node's map as they are now, and straight
//! where no road leads or where the bounds are reached. A picture of a round, not a navigation, and kept nowhere.
//!
//! Start at [`lines`].

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use watchfire_core::record::patrol::{Patrol, Round};
use watchfire_roads::{Point, Router};

use super::super::map::{Onlooker, beside, coordinates, map_point};
use super::super::view::BasisView;
use super::super::{App, read_id};
use crate::node::Node;
use crate::problem::Problem;

/// Points of all lines of an answer at most; what is left is drawn straight.
const LINE_POINTS_MAX: usize = 20_000;
/// How long finding the ways of an answer may take; what is left is drawn straight.
const LINES_MAX: Duration = Duration::from_secs(2);
/// Answers that may be worked out at once; others wait for their turn.
const AT_ONCE_MAX: usize = 2;

static AT_ONCE: Semaphore = Semaphore::const_new(AT_ONCE_MAX);

/// The ways of rounds.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct RoundLinesView {
    /// One for each round.
    lines: Vec<RoundLineView>,
}

/// The way of a round, from its first stop to its last.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct RoundLineView {
    /// The unit.
    unit: String,
    /// One for each way between two stops, and for each stretch that is gone along.
    ways: Vec<WayView>,
}

/// A way between two stops.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct WayView {
    /// Whether it follows the roads.
    basis: BasisView,
    /// The line to draw; longitude and latitude in degrees.
    line: Vec<[f64; 2]>,
}

/// Shows the ways of the rounds that were accepted, to draw them on a map.
#[utoipa::path(get, path = "/api/v1/patrols/{id}/lines", tag = "patrols", params(("id" = String, Path)),
    responses((status = 200, body = RoundLinesView)))]
pub(crate) async fn show_lines(
    State(app): State<App>,
    _: Onlooker,
    Path(id): Path<String>,
) -> Result<Json<RoundLinesView>, Problem> {
    let found = super::find(&app, read_id(&id)?)?;
    let place = AT_ONCE.acquire().await.map_err(|_| Problem::fault())?;
    let node = app.node.clone();
    let lines = beside(move || lines(&node, &found, &found.rounds)).await?;
    drop(place);
    Ok(Json(RoundLinesView { lines }))
}

/// Finds the ways of rounds of a plan.
pub(super) fn lines(node: &Node, patrol: &Patrol, rounds: &[Round]) -> Vec<RoundLineView> {
    let router = node.settings().travel.router();
    let mut room = Room {
        points: LINE_POINTS_MAX,
        until: Instant::now() + LINES_MAX,
    };
    let line = |round: &Round| {
        let stops = stops(patrol, round);
        let pairs = stops.windows(2).filter(|pair| pair[0] != pair[1]);
        RoundLineView {
            unit: round.unit.to_string(),
            ways: pairs
                .map(|pair| way(router.as_deref(), pair[0], pair[1], &mut room))
                .collect(),
        }
    };
    rounds.iter().map(line).collect()
}

/// What an answer may still take.
struct Room {
    points: usize,
    until: Instant,
}

/// Returns where a round comes past, in its order; along a stretch that is its two ends.
fn stops(patrol: &Patrol, round: &Round) -> Vec<Point> {
    let points = round.legs.iter().filter_map(|leg| patrol.point(leg.point));
    points
        .flat_map(|point| [Some(point.at), point.to])
        .flatten()
        .map(map_point)
        .collect()
}

fn way(router: Option<&Router>, from: Point, to: Point, room: &mut Room) -> WayView {
    let found = router
        .filter(|_| Instant::now() < room.until)
        .and_then(|router| router.route(from, to).ok())
        .filter(|route| route.points.len() <= room.points);
    match found {
        Some(route) => {
            room.points -= route.points.len();
            let mut line = coordinates(&route.points);
            // A stop and where it lies on the road may be the same to a tenth of a metre.
            line.dedup();
            WayView {
                basis: BasisView::Road,
                line,
            }
        }
        None => WayView {
            basis: BasisView::StraightLine,
            line: coordinates(&[from, to]),
        },
    }
}

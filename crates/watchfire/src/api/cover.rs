//! Cover: what is expected, how much of it could be reached in time as units stand, and which moves would help. A person
//! accepts a move; the node moves nobody.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{StationId, Text, UnitId};
use watchfire_core::board::Board;
use watchfire_core::cover::Move;
use watchfire_core::record::Action;
use watchfire_core::record::unit::UnitAction;

use super::view::{self, TextView};
use super::{App, Asked, read_id};
use crate::cover::{CALLS_MIN, CoverNow, NotKnown};
use crate::node::Node;
use crate::policy::{Permission, Session};
use crate::problem::Problem;

/// How much of what is expected could be reached in time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverView {
    /// The figures; absent while cover is not known.
    known: Option<CoverKnownView>,
    /// Why it is not known.
    why_not: Option<TextView>,
    /// Seconds of travel within which a call should be reached.
    within_s: u16,
    /// The kinds of unit that count; all when empty.
    kinds: Vec<String>,
    /// The agency's line, in percent: below it, moves are proposed.
    line_percent: u32,
    /// Seconds of longer drive that one percentage point of cover is worth.
    worth_s: u32,
}

/// Cover as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverKnownView {
    /// The share of expected public calls that could be reached in time, in percent.
    percent: f64,
    /// Free units that count.
    units: usize,
    /// Calls of the public expected in this hour.
    calls_per_h: f64,
    /// Calls of the public that this is made of; never what officers began.
    calls: usize,
    /// From when they are.
    calls_since: String,
    /// When it was last worked out what is expected.
    made_at: String,
    /// Moves that would help, the one that adds most first.
    moves: Vec<MoveView>,
    /// The squares of the map.
    cells: Vec<CoverCellView>,
}

/// A unit that should wait elsewhere.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MoveView {
    /// The unit: `POST /units/{id}/move-up` does it.
    unit: String,
    /// What it is called.
    callsign: String,
    /// The station where it should wait.
    station: String,
    /// What that is called.
    station_name: String,
    /// Seconds of driving.
    drive_s: u32,
    /// Cover before, in percent, with the moves that stand before this one done.
    before_percent: f64,
    /// Cover once it stands there.
    after_percent: f64,
    /// The same in words.
    text: TextView,
}

/// A square of the map.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverCellView {
    /// Latitude of its southern edge.
    south: f64,
    /// Longitude of its western edge.
    west: f64,
    /// Latitude of its northern edge.
    north: f64,
    /// Longitude of its eastern edge.
    east: f64,
    /// Calls of the public expected there in this hour.
    calls_per_h: f64,
    /// How surely one of them is reached in time, in percent.
    covered_percent: f64,
}

/// Shows how much of what is expected could be reached in time, and which moves would help.
#[utoipa::path(get, path = "/api/v1/cover", tag = "cover", responses((status = 200, body = CoverView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
) -> Result<Json<CoverView>, Problem> {
    super::board::allowed(&session)?;
    let node = &app.node;
    let settings = node.cover().settings();
    let board = node.board().clone();
    let now = cover_now(node, &board);
    let why_not = now.as_ref().err().map(|why| words(why).into());
    Ok(Json(CoverView {
        known: now.ok().map(|now| known(node, &board, &now)),
        why_not,
        within_s: settings.within_s,
        kinds: settings.kinds.clone(),
        line_percent: settings.line_percent,
        worth_s: settings.worth_s,
    }))
}

/// Counts how units of a board stand.
pub(crate) fn cover_now(node: &Node, board: &Board) -> Result<CoverNow, NotKnown> {
    let zone = node.settings().zone.as_deref();
    node.cover().now(board, node.positions(), zone, node.now())
}

/// Parts per million as percent to one place.
pub(crate) fn percent(ppm: u32) -> f64 {
    f64::from((ppm + 500) / 1_000) / 10.0
}

fn known(node: &Node, board: &Board, now: &CoverNow) -> CoverKnownView {
    let moves = node.cover().moves(now, node.now());
    let cell = |cell: crate::cover::CoverCell| CoverCellView {
        south: cell.south_west.lat(),
        west: cell.south_west.lon(),
        north: cell.north_east.lat(),
        east: cell.north_east.lon(),
        calls_per_h: cell.calls_per_h,
        covered_percent: percent(cell.covered_ppm),
    };
    CoverKnownView {
        percent: percent(now.ppm()),
        units: now.units(),
        calls_per_h: now.calls_e6() as f64 / 1e6,
        calls: now.expected.calls,
        calls_since: view::time(now.expected.since),
        made_at: view::time(now.expected.made_at),
        moves: moves
            .iter()
            .filter_map(|(one, to)| shown(board, one, *to))
            .collect(),
        cells: now.cells().map(cell).collect(),
    }
}

fn shown(board: &Board, one: &Move, to: StationId) -> Option<MoveView> {
    let (unit, station) = (board.units.get(&one.unit)?, board.stations.get(&to)?);
    let name = station.details.name.to_string();
    Some(MoveView {
        unit: unit.id.to_string(),
        callsign: unit.callsign.to_string(),
        station: station.id.to_string(),
        drive_s: one.drive_s,
        before_percent: percent(one.before_ppm),
        after_percent: percent(one.after_ppm),
        text: one.text(unit.callsign.as_str(), &name).into(),
        station_name: name,
    })
}

fn words(why: &NotKnown) -> Text {
    match why {
        NotKnown::NotYet => Text::new("It is being worked out.", "正在计算。"),
        NotKnown::TooFewCalls(found) => Text::new(
            format!(
                "{found} calls of the public are on record; at least {CALLS_MIN} are needed to expect anything of them. Import past calls, or wait."
            ),
            format!(
                "现有公众报警记录 {found} 条，至少需要 {CALLS_MIN} 条。请导入历史接警记录，或待记录积累。"
            ),
        ),
        NotKnown::Settings(problem) => Text::new(
            format!("It cannot be worked out as [cover] is set: {problem}"),
            format!("[cover] 配置无法计算：{problem}"),
        ),
    }
}

/// Where a unit is to wait.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveUpBody {
    /// The station; its own brings it back.
    station: String,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(MoveUpBody);

/// Where a crew knows that it is to wait.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveUnderstoodBody {
    /// The station of the move that is answered.
    station: String,
    /// When they said so, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

crate::timed!(MoveUnderstoodBody);

/// Says that the crew of a unit knows where it is to wait: themselves, or whoever heard it by radio.
#[utoipa::path(post, path = "/api/v1/units/{id}/move-understood", tag = "units", request_body = MoveUnderstoodBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::view::UnitView)))]
pub(crate) async fn understood(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: MoveUnderstoodBody| {
        Ok(Action::Unit(UnitAction::UnderstandMove {
            unit: read_id(&id)?,
            to: read_id(&body.station)?,
        }))
    };
    let any_of = [Permission::RunUnits, Permission::ReportOwnUnit];
    let outcome = asked.act(&any_of, meaning).await?;
    let id = UnitId(outcome.records[0].0.id);
    super::unit::respond(&asked.app, id, StatusCode::OK)
}

/// Lets a free unit wait at another station, or brings it back to its own.
#[utoipa::path(post, path = "/api/v1/units/{id}/move-up", tag = "units", request_body = MoveUpBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::view::UnitView)))]
pub(crate) async fn move_up(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: MoveUpBody| {
        Ok(Action::Unit(UnitAction::MoveUp {
            unit: read_id(&id)?,
            to: read_id(&body.station)?,
        }))
    };
    let outcome = asked.act(&[Permission::RunUnits], meaning).await?;
    let id = UnitId(outcome.records[0].0.id);
    super::unit::respond(&asked.app, id, StatusCode::OK)
}

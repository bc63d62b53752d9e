//! Patrol plans: written down, laid out as rounds, accepted, begun, reported on and ended; and a unit's own round.
//!
//! A proposal is computed when it is asked for, over the roads as they are at that moment, and kept nowhere: a person accepts it by
//! sending its rounds back. Whoever has no view of the board (a volunteer) is shown [`own`] and nothing else: the
//! points of its own round, no other unit, no call. Start at [`propose`].

pub(crate) mod lines;
mod shown;
mod written;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use watchfire_core::basis::{Line, PatrolId, StationId, Text, Timestamp, TravelTime, UnitId};
use watchfire_core::board::Board;
use watchfire_core::patrol::{Begins, Layout, VisitName};
use watchfire_core::record::Action;
use watchfire_core::record::patrol::{Patrol, PatrolAction, PatrolStatus};
use watchfire_core::routing::Search;

use super::board::{allowed, find, page};
use super::{App, Asked, NothingMore, Page, PageQuery, Query, answer, read, read_id, read_maybe};
use crate::node::Node;
use crate::policy::{Permission, Session};
use crate::problem::Problem;
use crate::travel::whereabouts;
use shown::{OwnRoundsView, ProposalView, own_rounds, proposal_view};
pub use shown::{PatrolView, shown};
use written::{PatrolBody, PatrolEndBody, RoundBody, RoundsBody, SkipBody, VisitBody};

/// Proposals that may be worked out at once; one more is told that the node is busy.
const PROPOSALS_MAX: usize = 2;
/// Steps of a proposal's search for each visit, and the most there are: the same plan gives the same rounds.
const STEPS_PER_VISIT: usize = 1_500;
const STEPS_MAX: usize = 60_000;
/// How long a search may take at most, whatever steps are left.
const SEARCH_MAX: Duration = Duration::from_secs(4);
/// Steps between two looks at the clock.
const STEPS_BETWEEN: usize = 256;
/// What the search's numbers begin with; any would do, as long as it stays.
const SEED: u64 = 22;

static PROPOSALS: Semaphore = Semaphore::const_new(PROPOSALS_MAX);

/// Lists patrol plans, last changed first.
#[utoipa::path(get, path = "/api/v1/patrols", tag = "patrols", params(PageQuery),
    responses((status = 200, body = Page<PatrolView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<PatrolView>>, Problem> {
    let now = app.node.now();
    page(&app, &session, &query, |board, one: &Patrol| {
        shown(board, one, now)
    })
}

/// Shows a patrol plan.
#[utoipa::path(get, path = "/api/v1/patrols/{id}", tag = "patrols", params(("id" = String, Path)),
    responses((status = 200, body = PatrolView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    allowed(&session)?;
    respond(&app, read_id(&id)?, StatusCode::OK)
}

fn respond(app: &App, id: PatrolId, status: StatusCode) -> Result<Response, Problem> {
    let found = find::<Patrol>(app, id)?;
    let view = shown(&app.node.board(), &found, app.node.now());
    Ok(answer(status, found.version, &view))
}

/// Answers who acted: with the plan to whoever may see it, with their own rounds to whoever may not.
fn respond_to(asked: &Asked, id: PatrolId) -> Result<Response, Problem> {
    if asked.session.may(Permission::ReadBoard) {
        return respond(&asked.app, id, StatusCode::OK);
    }
    let found = find::<Patrol>(&asked.app, id)?;
    let own = own_rounds(&asked.app.node, &asked.session);
    Ok(answer(StatusCode::OK, found.version, &own))
}

/// Writes down a patrol plan.
#[utoipa::path(post, path = "/api/v1/patrols", tag = "patrols", request_body = PatrolBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = PatrolView)))]
pub(crate) async fn enter(asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: PatrolBody| {
        let details = body.details()?;
        Ok(Action::Patrol(PatrolAction::Enter { details }))
    };
    let outcome = asked.act(&[Permission::PlanPatrols], meaning).await?;
    let id = PatrolId(outcome.records[0].0.id);
    respond(&asked.app, id, StatusCode::CREATED)
}

/// Changes what is to be done, by whom or when.
#[utoipa::path(put, path = "/api/v1/patrols/{id}", tag = "patrols", request_body = PatrolBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = PatrolView)))]
pub(crate) async fn amend(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: PatrolBody| {
        Ok(Action::Patrol(PatrolAction::Amend {
            patrol: read_id(&id)?,
            details: body.details()?,
        }))
    };
    asked.act(&[Permission::PlanPatrols], meaning).await?;
    respond(&asked.app, read_id(&id)?, StatusCode::OK)
}

/// Accepts rounds that were proposed, in place of those there are.
#[utoipa::path(put, path = "/api/v1/patrols/{id}/rounds", tag = "patrols", request_body = RoundsBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = PatrolView)))]
pub(crate) async fn accept(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: RoundsBody| {
        let rounds: Result<_, Problem> = body.rounds.iter().map(RoundBody::read).collect();
        Ok(Action::Patrol(PatrolAction::Accept {
            patrol: read_id(&id)?,
            rounds: rounds?,
        }))
    };
    asked.act(&[Permission::PlanPatrols], meaning).await?;
    respond(&asked.app, read_id(&id)?, StatusCode::OK)
}

/// Begins a patrol plan whose rounds were accepted.
#[utoipa::path(post, path = "/api/v1/patrols/{id}/start", tag = "patrols", request_body = NothingMore,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = PatrolView)))]
pub(crate) async fn start(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |_: NothingMore| {
        let patrol = read_id(&id)?;
        Ok(Action::Patrol(PatrolAction::Start { patrol }))
    };
    asked.act(&[Permission::PlanPatrols], meaning).await?;
    respond(&asked.app, read_id(&id)?, StatusCode::OK)
}

/// Ends a patrol plan.
#[utoipa::path(post, path = "/api/v1/patrols/{id}/end", tag = "patrols", request_body = PatrolEndBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = PatrolView)))]
pub(crate) async fn end(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: PatrolEndBody| {
        Ok(Action::Patrol(PatrolAction::End {
            patrol: read_id(&id)?,
            ending: read_maybe("ending", body.ending.as_deref())?,
        }))
    };
    asked.act(&[Permission::PlanPatrols], meaning).await?;
    respond(&asked.app, read_id(&id)?, StatusCode::OK)
}

/// Says that a unit has been at a point. A crew or volunteer says so of their own unit, and is answered with its rounds.
#[utoipa::path(post, path = "/api/v1/patrols/{id}/visits", tag = "patrols", request_body = VisitBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PatrolView)))]
pub(crate) async fn visit(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: VisitBody| {
        Ok(Action::Patrol(PatrolAction::Visit {
            patrol: read_id(&id)?,
            unit: read_id(&body.unit)?,
            name: VisitName {
                point: body.point,
                visit: body.visit,
            },
        }))
    };
    let any_of = [Permission::PlanPatrols, Permission::ReportOwnRound];
    asked.act(&any_of, meaning).await?;
    respond_to(&asked, read_id(&id)?)
}

/// Says that a unit does not go to a point this time, and why.
#[utoipa::path(post, path = "/api/v1/patrols/{id}/skips", tag = "patrols", request_body = SkipBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PatrolView)))]
pub(crate) async fn skip(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: SkipBody| {
        Ok(Action::Patrol(PatrolAction::Skip {
            patrol: read_id(&id)?,
            unit: read_id(&body.unit)?,
            name: VisitName {
                point: body.point,
                visit: body.visit,
            },
            reason: read::<Line>("reason", &body.reason)?,
        }))
    };
    let any_of = [Permission::PlanPatrols, Permission::ReportOwnRound];
    asked.act(&any_of, meaning).await?;
    respond_to(&asked, read_id(&id)?)
}

/// Shows the rounds of one's own unit in plans that have not ended, and nothing of anybody else.
#[utoipa::path(get, path = "/api/v1/patrols/own", tag = "patrols",
    responses((status = 200, body = OwnRoundsView)))]
pub(crate) async fn own(
    State(app): State<App>,
    session: Session,
) -> Result<Json<OwnRoundsView>, Problem> {
    if !session.may(Permission::ReportOwnRound) {
        return Err(Problem::denied());
    }
    Ok(Json(own_rounds(&app.node, &session)))
}

/// Lays out what is left of a patrol plan as rounds, over the roads as they are now. Changes nothing: a person accepts them.
#[utoipa::path(post, path = "/api/v1/patrols/{id}/proposal", tag = "patrols", params(("id" = String, Path)),
    responses((status = 200, body = ProposalView)))]
pub(crate) async fn propose(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    if !session.may(Permission::PlanPatrols) {
        return Err(Problem::denied());
    }
    let found = find::<Patrol>(&app, read_id(&id)?)?;
    if !found.is_open() {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "patrol_ended",
            Text::new("The patrol plan has ended.", "该巡逻计划已结束。"),
            Text::new("Write another patrol plan.", "请另行拟订巡逻计划。"),
        ));
    }
    let Ok(place) = PROPOSALS.try_acquire() else {
        return Err(busy());
    };
    let node = app.node.clone();
    let work = tokio::task::spawn_blocking(move || proposed(&node, &found));
    let made = work.await.map_err(|fault| {
        tracing::error!(error = %fault, "a patrol proposal ended before its time");
        Problem::fault()
    })?;
    drop(place);
    Ok(Json(made?).into_response())
}

fn busy() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "busy_proposing",
        Text::new(
            "Rounds are being laid out for others at this moment.",
            "正在为他人生成巡逻路线。",
        ),
        Text::new("Ask again in a few seconds.", "请数秒后重试。"),
    )
}

/// Works a proposal out: where each unit begins, the times between all points, the search, and back to rounds.
fn proposed(node: &Node, patrol: &Patrol) -> Result<ProposalView, Problem> {
    let now = node.now();
    let board = node.board();
    let (begins, without_round) = beginnings(node, &board, patrol, now);
    let callsigns = callsigns(&board, patrol);
    drop(board);
    let layout = Layout::new(patrol, begins, now);
    let points = layout.points();
    let travel = &node.settings().travel;
    // Line by line from each point: the roads answer by column, so each answer is put where it belongs.
    let mut times: Vec<Option<TravelTime>> = vec![None; points.len() * points.len()];
    for (column, target) in points.iter().enumerate() {
        for (row, time) in travel.times_to(*target, points).into_iter().enumerate() {
            times[row * points.len() + column] = time;
        }
    }
    let problem = layout.problem(&times).map_err(|error| {
        tracing::error!(error = %error, "a patrol plan could not be laid out");
        Problem::fault()
    })?;
    let began = Instant::now();
    let mut search = Search::new(problem.clone(), SEED);
    let mut step = 0;
    let steps = STEPS_MAX.min(STEPS_PER_VISIT * problem.tasks().len());
    while step < steps && began.elapsed() < SEARCH_MAX {
        for _ in 0..STEPS_BETWEEN {
            search.step(step as f64 / steps as f64);
            step += 1;
        }
    }
    let made = layout.proposal(&problem, search.best(), &times);
    let lines = lines::lines(node, patrol, &made.rounds);
    Ok(proposal_view(
        patrol,
        &made,
        &callsigns,
        without_round,
        lines,
        step >= steps,
    ))
}

fn callsigns(board: &Board, patrol: &Patrol) -> BTreeMap<UnitId, String> {
    let name = |unit: &UnitId| {
        let found = board.units.get(unit)?;
        Some((*unit, found.callsign.to_string()))
    };
    patrol.details.units.iter().filter_map(name).collect()
}

/// Returns where and when each unit of a plan can begin, and those that cannot. Before the shift all begin at its beginning, where
/// the plan says; while it is under way each goes on from where it is, and one that an assignment keeps is left out.
fn beginnings(
    node: &Node,
    board: &Board,
    patrol: &Patrol,
    now: Timestamp,
) -> (BTreeMap<UnitId, Begins>, Vec<String>) {
    let details = &patrol.details;
    let place = |station: Option<StationId>| {
        let found = board.stations.get(&station?)?;
        Some(found.details.place.point)
    };
    let response = node.response();
    let (mut begins, mut without) = (BTreeMap::new(), Vec::new());
    for id in &details.units {
        let Some(unit) = board.units.get(id) else {
            without.push(id.to_string());
            continue;
        };
        let under_way = patrol.status == PatrolStatus::UnderWay;
        let away = under_way && board.live_assignment(*id).is_some();
        let position = node.positions().get(*id).filter(|_| under_way);
        let here = whereabouts(board, position.as_ref(), unit, now).map(|(start, _)| start.point);
        let home = place(details.start)
            .or(place(unit.details.station))
            .or(unit.details.post);
        let at = if position.is_some() {
            here
        } else {
            home.or(here)
        };
        match at.filter(|_| !away) {
            Some(at) => {
                let begin = Begins {
                    at,
                    end: place(details.end).or(home).unwrap_or(at),
                    from: now.max(details.from),
                    volunteers: response.is_volunteer(&unit.details.kind),
                };
                begins.insert(*id, begin);
            }
            None => without.push(id.to_string()),
        }
    }
    (begins, without)
}

//! Duty: who is on now and how to reach them, where nobody will be, rosters, shift logs and handovers.
//!
//! A roster is proposed from a post's pattern when it is asked for, by the clock on the node's wall, and kept nowhere: a
//! person accepts it by sending its shifts back. Start at [`show`] and [`sheet`].

mod shown;
mod written;

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::tz::TimeZone;
use watchfire_core::basis::{DutyPostId, HandoverId, PersonId, ShiftId, Timestamp};
use watchfire_core::duty;
use watchfire_core::record::duty_post::{DutyPost, DutyPostAction, Leave};
use watchfire_core::record::handover::{Handover, HandoverAction};
use watchfire_core::record::person::Seat;
use watchfire_core::record::shift::{Shift, ShiftAction};
use watchfire_core::record::{Action, RecordKind};

use super::board::{allowed, find, page};
use super::{App, Asked, NothingMore, Page, PageQuery, Query, answer, read_id, read_time};
use crate::node::Node;
use crate::policy::{Permission, Session};
use crate::problem::Problem;
pub use shown::{DutyPostView, HandoverView, RecipientsView, ShiftView, handover, post, shift};
use shown::{DutyView, HandoverSheetView, RosterProposalView, ShiftLogView};
use written::{
    DutyPostBody, HandoverBody, HandoverStepBody, LeaveBody, LeaveEndBody, ProposalBody,
    ShiftStepBody, ShiftsBody,
};

/// How many hours ahead gaps are shown.
const GAP_HOURS: i64 = 24;
/// Either may do what one does for oneself; the core says whose turn it is.
const ANY: [Permission; 2] = [Permission::PlanDuty, Permission::TakeDuty];

/// The node's calendar: days and minutes of it to moments and back.
pub(crate) struct Calendar(TimeZone);

impl Calendar {
    /// Returns the calendar of a node.
    pub(crate) fn of(node: &Node) -> Calendar {
        let name = node.settings().zone.as_deref().unwrap_or("UTC");
        Calendar(TimeZone::get(name).unwrap_or(TimeZone::UTC))
    }

    /// Returns a minute of a day, counted from 1970-01-01, as a moment.
    pub(crate) fn at(&self, day: i32, minute: u16) -> Timestamp {
        let first = jiff::civil::date(1970, 1, 1);
        let days = jiff::Span::new().try_days(i64::from(day));
        let date = days.and_then(|days| first.checked_add(days));
        let (hour, minute) = ((minute / 60).min(23) as i8, (minute % 60) as i8);
        let moment = date.and_then(|date| self.0.to_timestamp(date.at(hour, minute, 0, 0)));
        let plain = i64::from(day) * 86_400_000;
        Timestamp(moment.map_or(plain, |moment| moment.as_millisecond()))
    }

    /// Returns the day that a moment is on.
    pub(crate) fn day(&self, at: Timestamp) -> i32 {
        let moment = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
        let date = self.0.to_datetime(moment).date();
        let since = date.since(jiff::civil::date(1970, 1, 1));
        since.map_or(0, |span| span.get_days())
    }
}

/// Returns whether somebody is signed in now; a failing disk takes nobody's alarms away.
pub(crate) fn signed_in(node: &Node, person: PersonId) -> bool {
    // A visitor of the demo has no session of its own, and its colleagues are simulated: all are there.
    if node.settings().demo {
        return true;
    }
    let now = node.now();
    let found = node.read_store(|reader| reader.is_signed_in(person, now));
    found.unwrap_or(true)
}

/// Shows whom alarms about a kind of record go to, and beside them who is on duty at the seats that a chain has reached.
pub(crate) fn recipients(node: &Node, kind: RecordKind, rungs: &BTreeSet<Seat>) -> RecipientsView {
    let board = node.board();
    let found = duty::recipients(&board, kind, rungs, &|person| signed_in(node, person));
    shown::recipients(&board, &found)
}

/// Returns the seats whose alarms go to a session: it is on duty there; or nobody is, and it may sit there.
fn seats_heard(node: &Node, session: &Session) -> BTreeSet<Seat> {
    let board = node.board();
    let here = |person| signed_in(node, person);
    let hears = |seat: &Seat| {
        let found = duty::at_seat(&board, *seat, &here).people;
        match found.is_empty() {
            true => session.seats.contains(seat),
            false => found.iter().any(|(person, _)| *person == session.person),
        }
    };
    Seat::ALL.into_iter().filter(hears).collect()
}

/// Shows who is on duty now and how to reach them, whom alarms go to, and where too few will be in the next day.
#[utoipa::path(get, path = "/api/v1/duty", tag = "duty", responses((status = 200, body = DutyView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
) -> Result<Json<DutyView>, Problem> {
    allowed(&session)?;
    let (node, now) = (&app.node, app.node.now());
    let calendar = Calendar::of(node);
    let alarms = [
        recipients(node, RecordKind::Call, &BTreeSet::new()),
        recipients(node, RecordKind::Incident, &BTreeSet::new()),
    ];
    let seats = seats_heard(node, &session);
    let board = node.board();
    let until = Timestamp(now.0 + GAP_HOURS * 3_600_000);
    let at = |day, minute| calendar.at(day, minute);
    let gaps = duty::gaps(&board, now, until, &at);
    let today = calendar.day(now);
    Ok(Json(shown::duty_now(
        &board,
        &session,
        now,
        today,
        &at,
        &gaps,
        (alarms, &seats),
    )))
}

fn respond_post(app: &App, id: DutyPostId, status: StatusCode) -> Result<Response, Problem> {
    let found = find::<DutyPost>(app, id)?;
    let view = post(&app.node.board(), &found);
    Ok(answer(status, found.version, &view))
}

/// Enters a duty post.
#[utoipa::path(post, path = "/api/v1/duty/posts", tag = "duty", request_body = DutyPostBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = DutyPostView)))]
pub(crate) async fn enter(asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: DutyPostBody| {
        let details = body.details()?;
        Ok(Action::DutyPost(DutyPostAction::Enter { details }))
    };
    let outcome = asked.act(&[Permission::PlanDuty], meaning).await?;
    let id = DutyPostId(outcome.records[0].0.id);
    respond_post(&asked.app, id, StatusCode::CREATED)
}

/// Changes what must be staffed, or how.
#[utoipa::path(put, path = "/api/v1/duty/posts/{id}", tag = "duty", request_body = DutyPostBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = DutyPostView)))]
pub(crate) async fn amend(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: DutyPostBody| {
        Ok(Action::DutyPost(DutyPostAction::Amend {
            duty_post: read_id(&id)?,
            details: body.details()?,
        }))
    };
    asked.act(&[Permission::PlanDuty], meaning).await?;
    respond_post(&asked.app, read_id(&id)?, StatusCode::OK)
}

/// Gives a duty post up.
#[utoipa::path(post, path = "/api/v1/duty/posts/{id}/end", tag = "duty", request_body = NothingMore,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = DutyPostView)))]
pub(crate) async fn end(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |_: NothingMore| {
        let duty_post = read_id(&id)?;
        Ok(Action::DutyPost(DutyPostAction::End { duty_post }))
    };
    asked.act(&[Permission::PlanDuty], meaning).await?;
    respond_post(&asked.app, read_id(&id)?, StatusCode::OK)
}

/// Notes that somebody is on leave, and takes them off the shifts planned for that time.
#[utoipa::path(post, path = "/api/v1/duty/posts/{id}/leaves", tag = "duty", request_body = LeaveBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = DutyPostView)))]
pub(crate) async fn give_leave(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: LeaveBody| {
        Ok(Action::DutyPost(DutyPostAction::GiveLeave {
            duty_post: read_id(&id)?,
            leave: Leave {
                person: read_id(&body.person)?,
                from: read_time("from", &body.from)?,
                until: read_time("until", &body.until)?,
            },
        }))
    };
    asked.act(&[Permission::PlanDuty], meaning).await?;
    respond_post(&asked.app, read_id(&id)?, StatusCode::OK)
}

/// Takes a leave back.
#[utoipa::path(post, path = "/api/v1/duty/posts/{id}/leaves/end", tag = "duty", request_body = LeaveEndBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = DutyPostView)))]
pub(crate) async fn end_leave(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: LeaveEndBody| {
        Ok(Action::DutyPost(DutyPostAction::EndLeave {
            duty_post: read_id(&id)?,
            person: read_id(&body.person)?,
            from: read_time("from", &body.from)?,
        }))
    };
    asked.act(&[Permission::PlanDuty], meaning).await?;
    respond_post(&asked.app, read_id(&id)?, StatusCode::OK)
}

/// Works out the shifts that a post's pattern comes to and that are not planned yet. Changes nothing: a person accepts them.
#[utoipa::path(post, path = "/api/v1/duty/posts/{id}/proposal", tag = "duty", request_body = ProposalBody,
    params(("id" = String, Path)), responses((status = 200, body = RosterProposalView)))]
pub(crate) async fn propose(
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Json<RosterProposalView>, Problem> {
    if !asked.session.may(Permission::PlanDuty) {
        return Err(Problem::denied());
    }
    let body: ProposalBody = asked.read()?;
    let node = &asked.app.node;
    let (in_days, days) = body.span()?;
    let found = find::<DutyPost>(&asked.app, read_id(&id)?)?;
    let calendar = Calendar::of(node);
    let board = node.board();
    // From today on, the turn that began the evening before goes on after midnight.
    let began_before = u16::from(in_days == 0);
    let days_ahead = i32::from(in_days) - i32::from(began_before);
    let first = calendar.day(node.now()).saturating_add(days_ahead);
    let at = |day, minute| calendar.at(day, minute);
    let mut made = duty::propose(&board, &found, first, days + began_before, &at);
    // What is over by now cannot be planned any more.
    made.retain(|one| one.until > node.now());
    Ok(Json(shown::proposal(&board, &made)))
}

/// Plans shifts of a duty post.
#[utoipa::path(post, path = "/api/v1/duty/posts/{id}/shifts", tag = "duty", request_body = ShiftsBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = DutyPostView)))]
pub(crate) async fn plan(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: ShiftsBody| {
        Ok(Action::Shift(ShiftAction::Plan {
            post: read_id(&id)?,
            shifts: body.shifts()?,
            overriding: body.overriding()?,
        }))
    };
    asked.act(&[Permission::PlanDuty], meaning).await?;
    respond_post(&asked.app, read_id(&id)?, StatusCode::CREATED)
}

/// Shows a duty shift and its log.
#[utoipa::path(get, path = "/api/v1/duty/shifts/{id}", tag = "duty", params(("id" = String, Path)),
    responses((status = 200, body = ShiftLogView)))]
pub(crate) async fn show_shift(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    allowed(&session)?;
    respond_shift(&app, &session, read_id(&id)?)
}

fn respond_shift(app: &App, session: &Session, id: ShiftId) -> Result<Response, Problem> {
    let found = find::<Shift>(app, id)?;
    // Who is on it reads its log, whatever their seat.
    let own = found.people.contains(&session.person) || found.came(session.person);
    let personal = own || session.may(Permission::ReadPersonal);
    let view = shown::shift_log(&app.node.board(), &found, personal);
    Ok(answer(StatusCode::OK, found.version, &view))
}

/// Does one thing with a duty shift: sign up, take off, swap, come on, go off, write into its log.
#[utoipa::path(post, path = "/api/v1/duty/shifts/{id}/steps", tag = "duty", request_body = ShiftStepBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ShiftLogView)))]
pub(crate) async fn step(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let own = asked.session.person;
    let meaning = |body: ShiftStepBody| Ok(Action::Shift(body.action(read_id(&id)?, own)?));
    asked.act(&ANY, meaning).await?;
    respond_shift(&asked.app, &asked.session, read_id(&id)?)
}

/// Lists handovers, last changed first.
#[utoipa::path(get, path = "/api/v1/duty/handovers", tag = "duty", params(PageQuery),
    responses((status = 200, body = Page<HandoverView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    session: Session,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<HandoverView>>, Problem> {
    page(&app, &session, &query, |board, one: &Handover| {
        handover(board, one)
    })
}

/// Shows a handover, item by item, with what has arisen since it began.
#[utoipa::path(get, path = "/api/v1/duty/handovers/{id}", tag = "duty", params(("id" = String, Path)),
    responses((status = 200, body = HandoverSheetView)))]
pub(crate) async fn sheet(
    State(app): State<App>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    allowed(&session)?;
    respond_handover(&app, &session, read_id(&id)?, StatusCode::OK)
}

fn respond_handover(
    app: &App,
    session: &Session,
    id: HandoverId,
    status: StatusCode,
) -> Result<Response, Problem> {
    let found = find::<Handover>(app, id)?;
    let (node, now) = (&app.node, app.node.now());
    let board = node.board();
    let open = if found.is_open() {
        let rules = &node.settings().timers;
        duty::open_items(&board, node.feed().node, found.post, rules, now)
    } else {
        Vec::new()
    };
    let view = shown::sheet(&board, node.response(), &found, &open, session);
    Ok(answer(status, found.version, &view))
}

/// Begins a handover: the node lists what is open.
#[utoipa::path(post, path = "/api/v1/duty/handovers", tag = "duty", request_body = HandoverBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = HandoverSheetView)))]
pub(crate) async fn begin(asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: HandoverBody| {
        Ok(Action::Handover(HandoverAction::Open {
            from: read_id(&body.from)?,
            outgoing: read_id(&body.outgoing)?,
            to: read_id(&body.to)?,
            incoming: read_id(&body.incoming)?,
        }))
    };
    let outcome = asked.act(&ANY, meaning).await?;
    let id = HandoverId(outcome.records[0].0.id);
    respond_handover(&asked.app, &asked.session, id, StatusCode::CREATED)
}

/// Does one thing in a handover: accept, question or explain an item, say that somebody is gone, sign, give it up.
#[utoipa::path(post, path = "/api/v1/duty/handovers/{id}/steps", tag = "duty", request_body = HandoverStepBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = HandoverSheetView)))]
pub(crate) async fn handover_step(
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let meaning = |body: HandoverStepBody| Ok(Action::Handover(body.action(read_id(&id)?)?));
    asked.act(&ANY, meaning).await?;
    respond_handover(&asked.app, &asked.session, read_id(&id)?, StatusCode::OK)
}

//! Support: the catalogue of what agencies can give each other, requests, the offers that answer them, and what a period came to.
//!
//! One answer shows everything that the page needs ([`show`]); each step answers with the request that it was about, as it
//! then stands. Requests and offers are a pair of records: a step on a request is its asker's, a step on an offer its home's.

mod shown;
mod written;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchfire_core::basis::{SupportCapabilityId, SupportOfferId, SupportRequestId, Timestamp};
use watchfire_core::record::support_capability::SupportCapabilityAction;
use watchfire_core::record::support_offer::{SupportOffer, SupportOfferAction};
use watchfire_core::record::support_request::SupportRequest;
use watchfire_core::record::{Action, Elsewhere, OfKind, Record, RecordKind};
use watchfire_core::support::figures::figures as counted;
use watchfire_core::support::{self};
use watchfire_store::{Filter, Reader, StoreError};

use super::board::allowed;
use super::view::time;
use super::{App, Asked, Query, WithReason, answer, read, read_id, read_time_maybe};
use crate::policy::{Permission, Session};
use crate::problem::Problem;
use shown::{CapabilityView, Look, SupportRequestView, SupportView};
pub use shown::{SupportMarkView, mark};
use written::{
    AskBody, CapabilityBody, DeclineBody, OfferBody, OfferStepBody, RequestStepBody, node_named,
};

/// Rows that are read at a time.
const ROWS: usize = 500;
/// Records that figures of support are made of at most; a longer period has to be asked for in parts.
const RECORDS_MAX: usize = 200_000;
/// Milliseconds in a day: the period of figures when nothing is said.
const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// Shows the catalogue, this node's requests, and those of others that it may answer.
#[utoipa::path(get, path = "/api/v1/support", tag = "support", responses((status = 200, body = SupportView)))]
pub(crate) async fn show(
    State(app): State<App>,
    session: Session,
) -> Result<Json<SupportView>, Problem> {
    allowed(&session)?;
    let personal = session.may(Permission::ReadPersonal);
    let board = app.node.board();
    Ok(Json(Look::at(&app.node, &board, personal).all()))
}

/// Shows a support request: this node's own, or one of another home that it may answer.
#[utoipa::path(get, path = "/api/v1/support/requests/{node}/{id}", tag = "support",
    params(("node" = String, Path), ("id" = String, Path)), responses((status = 200, body = SupportRequestView)))]
pub(crate) async fn show_request(
    State(app): State<App>,
    session: Session,
    Path((node, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    allowed(&session)?;
    let id: SupportRequestId = read_id(&id)?;
    let name = Elsewhere {
        node: node_named(&node)?,
        record: id.into(),
    };
    respond(&app, &session, name, StatusCode::OK)
}

fn respond(
    app: &App,
    session: &Session,
    name: Elsewhere,
    status: StatusCode,
) -> Result<Response, Problem> {
    let personal = session.may(Permission::ReadPersonal);
    let board = app.node.board();
    let look = Look::at(&app.node, &board, personal);
    let view = look.request(name).ok_or_else(Problem::not_found)?;
    Ok(answer(status, view.version, &view))
}

fn respond_capability(
    app: &App,
    id: SupportCapabilityId,
    status: StatusCode,
) -> Result<Response, Problem> {
    let board = app.node.board();
    let found = board.support_capability(id)?;
    let look = Look::at(&app.node, &board, false);
    let view = look.capability(app.node.feed().node, found);
    Ok(answer(status, found.version, &view))
}

/// Enters a capability into the catalogue.
#[utoipa::path(post, path = "/api/v1/support/capabilities", tag = "support", request_body = CapabilityBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = CapabilityView)))]
pub(crate) async fn enter(asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: CapabilityBody| {
        let details = body.details()?;
        let action = SupportCapabilityAction::Enter { details };
        Ok(Action::SupportCapability(action))
    };
    let outcome = asked.act(&[Permission::KeepUnits], meaning).await?;
    let id = SupportCapabilityId(outcome.records[0].0.id);
    respond_capability(&asked.app, id, StatusCode::CREATED)
}

/// Changes what a capability is, how many there are or who answers; one that was retired comes back.
#[utoipa::path(put, path = "/api/v1/support/capabilities/{id}", tag = "support", request_body = CapabilityBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = CapabilityView)))]
pub(crate) async fn amend(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: CapabilityBody| {
        Ok(Action::SupportCapability(SupportCapabilityAction::Amend {
            capability: read_id(&id)?,
            details: body.details()?,
        }))
    };
    asked.act(&[Permission::KeepUnits], meaning).await?;
    respond_capability(&asked.app, read_id(&id)?, StatusCode::OK)
}

/// Takes a capability out of the catalogue.
#[utoipa::path(post, path = "/api/v1/support/capabilities/{id}/retire", tag = "support", request_body = WithReason,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = CapabilityView)))]
pub(crate) async fn retire(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: WithReason| {
        Ok(Action::SupportCapability(SupportCapabilityAction::Retire {
            capability: read_id(&id)?,
            reason: read("reason", &body.reason)?,
        }))
    };
    asked.act(&[Permission::KeepUnits], meaning).await?;
    respond_capability(&asked.app, read_id(&id)?, StatusCode::OK)
}

/// Asks for support: within the agency, or of all members of an operation.
#[utoipa::path(post, path = "/api/v1/support/requests", tag = "support", request_body = AskBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = SupportRequestView)))]
pub(crate) async fn ask(asked: Asked) -> Result<Response, Problem> {
    let now = asked.app.node.now();
    let meaning = |body: AskBody| Ok(Action::SupportRequest(body.meaning(now)?));
    let outcome = asked.act(&[Permission::ActOnSupport], meaning).await?;
    let name = Elsewhere {
        node: asked.app.node.feed().node,
        record: outcome.records[0].0,
    };
    respond(&asked.app, &asked.session, name, StatusCode::CREATED)
}

/// Does a step on one of this node's requests: amends it, accepts an offer, lets one go, withdraws it, closes it.
#[utoipa::path(post, path = "/api/v1/support/requests/{id}/steps", tag = "support", request_body = RequestStepBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = SupportRequestView)))]
pub(crate) async fn step(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: RequestStepBody| {
        let request = read_id(&id)?;
        Ok(Action::SupportRequest(body.meaning(request)?))
    };
    asked.act(&[Permission::ActOnSupport], meaning).await?;
    let id: SupportRequestId = read_id(&id)?;
    let name = Elsewhere {
        node: asked.app.node.feed().node,
        record: id.into(),
    };
    respond(&asked.app, &asked.session, name, StatusCode::OK)
}

/// Answers a request by an offer, which binds this node until it is accepted or its time is over.
#[utoipa::path(post, path = "/api/v1/support/offers", tag = "support", request_body = OfferBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = SupportRequestView)))]
pub(crate) async fn offer(asked: Asked) -> Result<Response, Problem> {
    let now = asked.app.node.now();
    let meaning = |body: OfferBody| Ok(Action::SupportOffer(body.meaning(now)?));
    let outcome = asked.act(&[Permission::ActOnSupport], meaning).await?;
    respond_offer(
        &asked,
        SupportOfferId(outcome.records[0].0.id),
        StatusCode::CREATED,
    )
}

/// Answers a request by saying that one cannot.
#[utoipa::path(post, path = "/api/v1/support/declines", tag = "support", request_body = DeclineBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = SupportRequestView)))]
pub(crate) async fn decline(asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: DeclineBody| Ok(Action::SupportOffer(body.meaning()?));
    let outcome = asked.act(&[Permission::ActOnSupport], meaning).await?;
    respond_offer(
        &asked,
        SupportOfferId(outcome.records[0].0.id),
        StatusCode::CREATED,
    )
}

/// Does a step on one of this node's offers: promises what was accepted, changes its times, delivers, returns, withdraws it.
#[utoipa::path(post, path = "/api/v1/support/offers/{id}/steps", tag = "support", request_body = OfferStepBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = SupportRequestView)))]
pub(crate) async fn offer_step(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let meaning = |body: OfferStepBody| {
        let offer = read_id(&id)?;
        let action: SupportOfferAction = body.meaning(offer)?;
        Ok(Action::SupportOffer(action))
    };
    asked.act(&[Permission::ActOnSupport], meaning).await?;
    respond_offer(&asked, read_id(&id)?, StatusCode::OK)
}

fn respond_offer(
    asked: &Asked,
    id: SupportOfferId,
    status: StatusCode,
) -> Result<Response, Problem> {
    let request = asked.app.node.board().support_offer(id)?.request;
    respond(&asked.app, &asked.session, request, status)
}

/// Which period.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SupportFiguresQuery {
    /// From when; a day before `to` if absent.
    #[param(format = DateTime, max_length = 64)]
    from: Option<String>,
    /// Until when, that moment not included; now if absent.
    #[param(format = DateTime, max_length = 64)]
    to: Option<String>,
}

/// What this agency's support requests of a period came to, by capability.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SupportFiguresView {
    /// From when.
    from: String,
    /// Until when, that moment not included.
    to: String,
    /// One line for each capability that was asked for.
    capabilities: Vec<CapabilityFiguresView>,
}

/// What the requests for one capability came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CapabilityFiguresView {
    /// Which.
    code: String,
    /// Requests that were made.
    asked: u64,
    /// Of these, answered by anybody, be it by a no.
    answered: u64,
    /// Of these, answered by an offer.
    offered: u64,
    /// Of these, met.
    met: u64,
    /// Of these, closed as not met.
    unmet: u64,
    /// Of these, withdrawn.
    withdrawn: u64,
    /// How many were wanted in all that were not withdrawn.
    wanted: u64,
    /// How many of these came.
    delivered: u64,
    /// Seconds to the first offer, the median.
    first_offer_p50_s: Option<u32>,
    /// Seconds to the first offer, nine in ten were no longer.
    first_offer_p90_s: Option<u32>,
}

/// Shows what the support requests of a period came to: asked, answered, time to the first offer, met.
#[utoipa::path(get, path = "/api/v1/support/figures", tag = "support", params(SupportFiguresQuery),
    responses((status = 200, body = SupportFiguresView)))]
pub(crate) async fn figures(
    State(app): State<App>,
    session: Session,
    Query(query): Query<SupportFiguresQuery>,
) -> Result<Json<SupportFiguresView>, Problem> {
    if !session.may(Permission::ReadFigures) {
        return Err(Problem::denied());
    }
    let now = app.node.now();
    let to = read_time_maybe("to", query.to.as_deref())?.unwrap_or(Timestamp(now.0 + 1));
    let from = read_time_maybe("from", query.from.as_deref())?;
    let from = from.unwrap_or(Timestamp(to.0.saturating_sub(DAY_MS)));
    let read = move |reader: &Reader| {
        let mut all = kept::<SupportRequest>(reader, from)?;
        all.extend(kept::<SupportOffer>(reader, from)?);
        Ok(all)
    };
    let kept = app.node.figures().read(read).await?;
    // Records are shared between boards, so that this one costs little.
    let mut board = app.node.board().clone();
    for record in kept {
        if board.get(record.reference()).is_none() {
            board.put(record);
        }
    }
    let answers = support::answers_by_request(&board);
    let requests = board.support_requests.values().filter(|request| {
        let operation = request.wish.operation;
        !operation.is_some_and(|operation| board.is_exercise(operation))
    });
    let requests = requests.map(|request| {
        let found = answers.get(&request.name()).cloned();
        (request.as_ref(), found.unwrap_or_default())
    });
    let all = counted(requests, from, to, now);
    let capabilities = all.into_iter().map(|(code, one)| CapabilityFiguresView {
        code: code.to_string(),
        asked: one.asked,
        answered: one.answered,
        offered: one.offered,
        met: one.met,
        unmet: one.unmet,
        withdrawn: one.withdrawn,
        wanted: one.wanted,
        delivered: one.delivered,
        first_offer_p50_s: one.first_offer.map(|spread| spread.p50_s),
        first_offer_p90_s: one.first_offer.map(|spread| spread.p90_s),
    });
    Ok(Json(SupportFiguresView {
        from: time(from),
        to: time(to),
        capabilities: capabilities.collect(),
    }))
}

/// Reads the records of a kind that changed since a time; of very many the last.
fn kept<K: OfKind>(reader: &Reader, since: Timestamp) -> Result<Vec<Record>, StoreError> {
    let kind: RecordKind = K::KIND;
    let filter = Filter {
        open: None,
        parent: None,
    };
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = reader.records(kind, filter, cursor, ROWS)?;
        for row in &page.rows {
            if row.changed_at < since || all.len() >= RECORDS_MAX {
                return Ok(all);
            }
            all.push(reader.plain(row)?);
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(all),
        }
    }
}

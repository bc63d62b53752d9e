//! Files of directives, in and out. Start at [`attach()`] and [`file()`].
//!
//! What comes in is told by its first bytes and not by what anybody calls it; what goes out is only ever saved, or shown as a
//! picture, and never run.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use watchfire_core::basis::{Blob, DirectiveId, Text};
use watchfire_core::engine::{self, Decoded};
use watchfire_core::limits;
use watchfire_core::record::directive::{
    Attachment, Directive, DirectiveAction, DirectiveEvent, File, reply_of,
};
use watchfire_core::record::reply::{ReplyAction, ReplyEvent};
use watchfire_core::record::{Action, Elsewhere, Event, Record, RecordKind};
use watchfire_core::refusal::Refusal;
use watchfire_feed::NodeId;

use super::super::board::{allowed, find};
use super::super::{App, Asked, Query, answer, read, read_id};
use super::shown::shown_of;
use crate::node::Chain;
use crate::policy::{Permission, Session};
use crate::problem::Problem;
use crate::timed;

/// Room for the largest file in base64 and what is said of it.
const BODY_BYTES: usize = limits::ATTACHMENT_BYTES_MAX / 3 * 4 + 4_096;

/// Lets a larger body in where a file is attached.
pub(crate) fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(BODY_BYTES)
}

/// A file to be attached: a JPEG, PNG or WebP picture, a PDF, or plain text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"label": "Plan of the yard", "data": "JVBERi0xLjcK"}))]
pub(crate) struct AttachmentBody {
    /// What it shows, in words that name nobody.
    #[schema(min_length = 1, max_length = 200)]
    label: String,
    /// The file, 1,000,000 bytes at most, in base64 (RFC 4648 §4).
    #[schema(min_length = 4)]
    data: String,
    /// The item that it proves something of, from 0, if of one; never said of another agency's directive.
    item: Option<usize>,
    /// The node that gives the directive; this one if nothing is said. A file for another's belongs to what this agency answers.
    #[schema(max_length = 64)]
    node: Option<String>,
    /// When it happened, if not now.
    #[schema(format = DateTime)]
    happened_at: Option<String>,
}

timed!(AttachmentBody);

/// Attaches a file to a directive that is issued. Its issuer does, and whom it is for as proof of what they did; of another
/// agency's it belongs to this agency's answer.
#[utoipa::path(post, path = "/api/v1/directives/{id}/attachments", tag = "directives", request_body = AttachmentBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = super::DirectiveView)))]
pub(crate) async fn attach(Path(id): Path<String>, asked: Asked) -> Result<Response, Problem> {
    let directive: DirectiveId = read_id(&id)?;
    let app = asked.app.clone();
    let session = asked.session.clone();
    let own = app.node.feed().node;
    // Whose it is, as the body says; the rules are those of its kind.
    let mut of = own;
    let meaning = |body: AttachmentBody| {
        of = named(body.node.as_deref(), own)?;
        let label = read("label", &body.label)?;
        let data = read::<Blob>("data", &body.data)?;
        if of == own {
            return Ok(Action::Directive(DirectiveAction::Attach {
                directive,
                item: body.item,
                label,
                data,
            }));
        }
        let to = elsewhere(of, directive);
        let Some(Record::Directive(found)) = app.node.board().copy(to) else {
            return Err(Problem::not_found());
        };
        let (Some(operation), None) = (found.details.operation, body.item) else {
            return Err(Problem::not_found());
        };
        Ok(Action::Reply(ReplyAction::Attach {
            operation,
            to,
            label,
            data,
        }))
    };
    let any_of = [
        Permission::IssueDirectives,
        Permission::AnswerDirectives,
        Permission::ActInOperations,
    ];
    asked.act(&any_of, meaning).await?;
    if of == own {
        return super::respond(&app, &session, directive, StatusCode::OK);
    }
    let board = app.node.board();
    let Some(Record::Directive(found)) = board.copy(elsewhere(of, directive)) else {
        return Err(Problem::not_found());
    };
    let personal = session.may(Permission::ReadPersonal);
    let come = |to: &NodeId| [own, of].contains(to);
    let view = shown_of(&board, &found, of, own, app.node.now(), personal, &come);
    Ok(answer(StatusCode::OK, found.version, &view))
}

fn elsewhere(node: NodeId, directive: DirectiveId) -> Elsewhere {
    Elsewhere {
        node,
        record: directive.into(),
    }
}

fn named(node: Option<&str>, own: NodeId) -> Result<NodeId, Problem> {
    node.map_or(Ok(own), |text| {
        text.parse().map_err(|_| Problem::not_found())
    })
}

/// Which node's directive it is, and whose answer to it the file belongs to.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FileQuery {
    /// The node that gives it; this one if nothing is said.
    #[param(max_length = 64)]
    node: Option<String>,
    /// The node to whose answer the file belongs; if nothing is said, it belongs to the directive.
    #[param(max_length = 64)]
    answer_of: Option<String>,
}

/// Gives a file of a directive.
#[utoipa::path(get, path = "/api/v1/directives/{id}/attachments/{number}", tag = "directives", params(("id" = String, Path),
    ("number" = usize, Path, description = "Its place among the files, from 1"), FileQuery),
    responses((status = 200, description = "The file, byte for byte", content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"),
        (Vec<u8> = "image/webp"), (Vec<u8> = "application/pdf"), (String = "text/plain; charset=utf-8")))))]
pub(crate) async fn file(
    State(app): State<App>,
    session: Session,
    Path((id, number)): Path<(String, String)>,
    Query(query): Query<FileQuery>,
) -> Result<Response, Problem> {
    allowed(&session)?;
    let id: DirectiveId = read_id(&id)?;
    let number: usize = number.parse().map_err(|_| Problem::not_found())?;
    let own = app.node.feed().node;
    let of = elsewhere(named(query.node.as_deref(), own)?, id);
    let found = whose(&app, &session, (own, of), id)?;
    let board = app.node.board();
    let at = number.checked_sub(1).ok_or_else(Problem::not_found)?;
    let (wanted, parts) = match query.answer_of.as_deref() {
        None => (found.attachments.get(at), of),
        Some(text) => {
            let by = named(Some(text), own)?;
            let reply = reply_of(&board, own, by, &of).ok_or_else(Problem::not_found)?;
            let said_in = Elsewhere {
                node: by,
                record: reply.id.into(),
            };
            (reply.attachments.get(at), said_in)
        }
    };
    let wanted = wanted.ok_or_else(Problem::not_found)?;
    let parts = parts_of(&app, parts, &wanted.file)?;
    let bytes = wanted.join(&parts).ok_or_else(|| {
        Problem::from(Refusal::WrongState {
            kind: RecordKind::Directive,
            state: Text::new(
                "without that file here: it was attached before this node was told, or its key is gone",
                "本节点没有该文件：上传在先、下达在后，或其密钥已销毁",
            ),
            instead: Text::new("Ask whoever attached it for it.", "请向上传单位索取。"),
        })
    })?;
    let name = format!(
        "directive-{}-{number}.{}",
        found.number,
        wanted.file.media.ending()
    );
    let disposition = format!("attachment; filename=\"{name}\"");
    let disposition =
        HeaderValue::from_str(&disposition).unwrap_or(HeaderValue::from_static("attachment"));
    let sandbox = HeaderValue::from_static("default-src 'none'; sandbox");
    Ok((
        [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static(wanted.file.media.as_str()),
            ),
            (header::CONTENT_DISPOSITION, disposition),
            (header::CONTENT_SECURITY_POLICY, sandbox),
        ],
        Bytes::from(bytes),
    )
        .into_response())
}

/// Finds the directive, of this node or another, if whoever asks may read what it says.
fn whose(
    app: &App,
    session: &Session,
    (own, of): (NodeId, Elsewhere),
    id: DirectiveId,
) -> Result<Arc<Directive>, Problem> {
    let personal = session.may(Permission::ReadPersonal);
    if of.node == own {
        let found = find::<Directive>(app, id)?;
        let board = app.node.board();
        let mut items = found.items.iter();
        let for_them = items.any(|item| session.is_addressed(&item.to, &board));
        return match personal || for_them {
            true => Ok(found),
            false => Err(Problem::denied()),
        };
    }
    let found = app.node.board().copy(of);
    let Some(Record::Directive(found)) = found else {
        return Err(Problem::not_found());
    };
    match personal {
        true => Ok(found),
        false => Err(Problem::denied()),
    }
}

/// Reads the parts of a file from the log: they follow on the entry that says what it is.
fn parts_of(app: &App, of: Elsewhere, file: &File) -> Result<Vec<Blob>, Problem> {
    let kinds = &Attachment::ENTRIES;
    let said = app.node.read_store(|reader| reader.said_of(of, kinds));
    let said = said.map_err(|fault| {
        tracing::error!(error = %Chain(&fault), "a file could not be read");
        Problem::fault()
    })?;
    let mut of_it = false;
    let mut parts = Vec::new();
    for (entry, personal) in said {
        let Ok(Decoded::Event { event, .. }) = engine::decode(&entry) else {
            continue;
        };
        if let Event::Directive(DirectiveEvent::Attached { file: begins })
        | Event::Reply(ReplyEvent::Attached { file: begins, .. }) = &event
        {
            of_it = begins.sha256 == file.sha256;
        }
        if of_it {
            parts.extend(personal.and_then(|personal| personal.part));
        }
    }
    Ok(parts)
}

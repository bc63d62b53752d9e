//! Problem details (RFC 9457): what every error of the API looks like, with a next step.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use watchfire_core::basis::Text;
use watchfire_core::refusal::{Refusal, RefusalClass};

use crate::api::view::TextView;
use crate::node::NotAccepted;
use crate::policy::Denied;

/// An error that somebody is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    what: Text,
    /// In a box, so that a result with a problem in it stays small.
    next_step: Box<Text>,
    line: Option<Box<OfLine>>,
}

/// What an action line was about; few problems have it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum OfLine {
    /// It was understood as this, and refused.
    Understood(Text),
    /// It was not understood.
    Slip(Slip),
}

/// Where an action line was not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Slip {
    /// The first character of what was not understood, counted from 0 in Unicode characters.
    pub(crate) from: usize,
    /// One past its last character.
    pub(crate) to: usize,
    /// What may have been meant.
    pub(crate) nearest: Option<String>,
}

/// An error, as `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemView {
    /// A URI reference that names the kind of problem; its page is in the book.
    #[serde(rename = "type")]
    kind: String,
    /// The HTTP status.
    status: u16,
    /// A stable word for programs.
    code: &'static str,
    /// What kind of problem it is, in English.
    title: String,
    /// What happened, to what, in English.
    detail: String,
    /// What happened, to what, in both languages.
    what: TextView,
    /// What to do next, in both languages.
    next_step: TextView,
    /// What an action line was understood as, when that was refused.
    understood: Option<TextView>,
    /// Where an action line was not understood.
    #[schema(inline)]
    slip: Option<Slip>,
}

impl Problem {
    /// Makes a problem.
    pub fn new(status: StatusCode, code: &'static str, what: Text, next_step: Text) -> Problem {
        Problem {
            status,
            code,
            what,
            next_step: Box::new(next_step),
            line: None,
        }
    }

    /// Says what the refused line was understood as.
    pub(crate) fn of_line(self, understood: Text) -> Problem {
        Problem {
            line: Some(Box::new(OfLine::Understood(understood))),
            ..self
        }
    }

    /// Says where the line was not understood.
    pub(crate) fn with_slip(self, slip: Slip) -> Problem {
        Problem {
            line: Some(Box::new(OfLine::Slip(slip))),
            ..self
        }
    }

    /// The request could not be read.
    pub fn unreadable(en: impl std::fmt::Display, zh: impl std::fmt::Display) -> Problem {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "unreadable",
            Text::new(en.to_string(), zh.to_string()),
            Text::new(
                "Correct it and send it again; /api/v1/openapi.json says what is expected.",
                "请更正后重发；格式见 /api/v1/openapi.json。",
            ),
        )
    }

    /// Nobody has signed in.
    pub fn unauthenticated() -> Problem {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "not_signed_in",
            Text::new("You are not signed in.", "您尚未登录。"),
            Text::new(
                "Sign in, or send a token in the Authorization header.",
                "请登录，或在 Authorization 头中提供令牌。",
            ),
        )
    }

    /// The seat does not allow it.
    pub fn denied() -> Problem {
        Problem::new(
            StatusCode::FORBIDDEN,
            "not_allowed",
            Text::new("Your seat does not allow this.", "您的席位无权进行此操作。"),
            Text::new(
                "Ask a duty officer, or an administrator for another seat.",
                "请联系值班长，或请管理员调整席位。",
            ),
        )
    }

    /// There is no such thing, or none that the asker may know of.
    pub fn not_found() -> Problem {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not_found",
            Text::new("There is nothing here.", "此处没有内容。"),
            Text::new(
                "Check the address, or open the list again.",
                "请核对地址，或重新打开列表。",
            ),
        )
    }

    /// Too much was asked in too short a time.
    pub fn too_many() -> Problem {
        Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            Text::new("Too many requests in a short time.", "短时间内请求过多。"),
            Text::new(
                "Wait for the seconds in Retry-After, then send it again.",
                "请按 Retry-After 所示秒数等待后重发。",
            ),
        )
    }

    /// Something on our side failed.
    pub fn fault() -> Problem {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "fault",
            Text::new("Something failed on this node.", "本节点发生故障。"),
            Text::new(
                "Send it again with the same Idempotency-Key; if it goes on, look at the log.",
                "请使用相同幂等键重发；如持续出现，请查看日志。",
            ),
        )
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let status = match refusal.class() {
            RefusalClass::NotFound => StatusCode::NOT_FOUND,
            RefusalClass::Stale => StatusCode::PRECONDITION_FAILED,
            RefusalClass::Conflict => StatusCode::CONFLICT,
            RefusalClass::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Problem::new(status, refusal.code(), refusal.what(), refusal.next_step())
    }
}

impl From<Denied> for Problem {
    fn from(_: Denied) -> Problem {
        Problem::denied()
    }
}

impl From<NotAccepted> for Problem {
    fn from(not: NotAccepted) -> Problem {
        let unavailable =
            |code, what, next| Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, what, next);
        match not {
            NotAccepted::Refused(refusal) => refusal.into(),
            NotAccepted::DiskFull => unavailable(
                "disk_full",
                Text::new(
                    "The node's disk is full: nothing was saved.",
                    "节点磁盘已满：未保存任何内容。",
                ),
                Text::new(
                    "Make room on the disk, then send it again. Write it down meanwhile.",
                    "请清理磁盘后重发；其间请手工记录。",
                ),
            ),
            NotAccepted::Busy => unavailable(
                "busy",
                Text::new(
                    "The node has too much waiting: nothing was saved.",
                    "节点排队已满：未保存任何内容。",
                ),
                Text::new(
                    "Send it again in a second with the same Idempotency-Key.",
                    "请一秒后使用相同幂等键重发。",
                ),
            ),
            NotAccepted::Stopping => unavailable(
                "stopping",
                Text::new(
                    "The node is stopping; whether this was saved is not known.",
                    "节点正在停止；不确定是否已保存。",
                ),
                Text::new(
                    "Send it again with the same Idempotency-Key once it is back.",
                    "恢复后请使用相同幂等键重发。",
                ),
            ),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status;
        let (understood, slip) = match self.line.map(|line| *line) {
            Some(OfLine::Understood(understood)) => (Some(understood.into()), None),
            Some(OfLine::Slip(slip)) => (None, Some(slip)),
            None => (None, None),
        };
        let view = ProblemView {
            kind: format!("/problems/{}", self.code),
            status: status.as_u16(),
            code: self.code,
            title: self.code.replace('_', " "),
            detail: self.what.en.clone(),
            what: self.what.into(),
            next_step: (*self.next_step).into(),
            understood,
            slip,
        };
        let body = serde_json::to_vec(&view).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        ) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}

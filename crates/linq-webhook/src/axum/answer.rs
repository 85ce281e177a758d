//! What a delivery is answered with.

use std::fmt;

use ::axum::http::header::RETRY_AFTER;
use ::axum::http::{HeaderValue, StatusCode};
use ::axum::response::{IntoResponse, Response};

use super::Rejection;

/// The first pause of Linq's own schedule, in seconds.
const PAUSE: HeaderValue = HeaderValue::from_static("2");

/// What became of a delivery by the time it is answered.
#[derive(Debug)]
pub(super) enum Answer {
    Handled,
    HandledBefore,
    Started,
    Failed,
    Panicked,
    /// Another delivery of the event is being handled.
    Held,
    Late,
    Full,
    Draining,
    DeduperFailed,
    /// The task is gone without a word.
    Abandoned,
    Rejected(Rejection),
}

impl Answer {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Handled | Self::HandledBefore | Self::Started => StatusCode::OK,
            Self::Failed | Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Held
            | Self::Late
            | Self::Full
            | Self::Draining
            | Self::DeduperFailed
            | Self::Abandoned => StatusCode::SERVICE_UNAVAILABLE,
            Self::Rejected(rejection) => rejection.status(),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Handled => "handled",
            Self::HandledBefore => "handled before",
            Self::Started => "being handled",
            Self::Failed => "the handler failed",
            Self::Panicked => "the handler panicked",
            Self::Held => "another delivery of the event is being handled",
            Self::Late => "the handler is not done yet",
            Self::Full => "too many deliveries are being handled",
            Self::Draining => "shutting down",
            Self::DeduperFailed => "the deduper failed",
            Self::Abandoned => "the handler was stopped",
            Self::Rejected(rejection) => return rejection.fmt(formatter),
        })
    }
}

impl From<Rejection> for Answer {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self.status() {
            StatusCode::OK => StatusCode::OK.into_response(),
            status => response(status, self.to_string()),
        }
    }
}

/// An answer that is no success, with the reason.
pub(super) fn response(status: StatusCode, mut reason: String) -> Response {
    reason.push('\n');
    let mut response = (status, reason).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, PAUSE);
    }
    response
}

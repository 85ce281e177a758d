//! Why a delivery was not even handed over.

use std::fmt;

use ::axum::http::StatusCode;
use ::axum::response::{IntoResponse, Response};
use linq_types::EventError;

use super::answer;
use crate::VerifyError;

/// Why a request is no delivery that can be handled; its `Display` repeats nothing of the request.
///
/// As a response it has the status of [`status`](Self::status), and its text as the body.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rejection {
    /// The body is longer than the limit (413). Linq does not deliver it again.
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The body did not come in time (503).
    TooSlow,
    /// The body broke off (503).
    BrokenOff,
    /// Headers, time or signature are wrong (401).
    Unverified(VerifyError),
    /// The body is verified, but is no JSON object (400).
    NoObject(EventError),
}

impl Rejection {
    /// The status to answer with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            // Linq gives up after any 4xx, and the next time the body may come through.
            Self::TooSlow | Self::BrokenOff => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unverified(_) => StatusCode::UNAUTHORIZED,
            Self::NoObject(_) => StatusCode::BAD_REQUEST,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => {
                write!(formatter, "the body is longer than {limit} bytes")
            }
            Self::TooSlow => formatter.write_str("the body did not come in time"),
            Self::BrokenOff => formatter.write_str("the body broke off"),
            Self::Unverified(error) => error.fmt(formatter),
            Self::NoObject(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for Rejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The other errors are what `Display` says already.
        match self {
            Self::NoObject(error) => error.source(),
            _ => None,
        }
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        answer::response(self.status(), self.to_string())
    }
}

//! From a request to a verified delivery: extractors, for handlers of one's own, and what the router begins with.

use std::fmt;
use std::time::Duration;

use ::axum::body::{Body, Bytes, HttpBody};
use ::axum::extract::{FromRef, FromRequest, Request};
use ::axum::http::header::RETRY_AFTER;
use ::axum::http::{HeaderValue, StatusCode};
use ::axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use linq_types::{EventError, WebhookEvent};
use tokio::time::timeout;

use crate::{Delivery, Verifier, VerifyError};

/// How long a body may be unless it is set: 1 MiB.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// How long a body may take; who sends slower holds the place of one that is there at once.
const BODY_DEADLINE: Duration = Duration::from_secs(5);

/// The first pause of Linq's own schedule, in seconds.
const PAUSE: HeaderValue = HeaderValue::from_static("2");

/// Extracts the event of a delivery, verified and parsed.
///
/// The state of the app is a [`Verifier`], or one can be had from it by [`FromRef`]. `LIMIT` is the longest body
/// in bytes, 1 MiB if not given, as in `Event<65536>`; axum's `DefaultBodyLimit` has no effect. A body has to come
/// within 5 seconds. What is refused becomes a [`Rejection`].
///
/// Nothing keeps an event from being handled twice here, or the app from taking more than it can handle: that is
/// what [`router()`](super::router()) is for.
///
/// ```
/// use axum::Router;
/// use axum::http::StatusCode;
/// use axum::routing::post;
/// use linq_webhook::Verifier;
/// use linq_webhook::axum::Event;
///
/// async fn hook(Event(event): Event) -> StatusCode {
///     println!("{}", event.event_type());
///     StatusCode::OK
/// }
///
/// # let secret = "whsec_bm90IGEgc2VjcmV0LCBvbmx5IGFuIGV4YW1wbGU=";
/// let app: Router = Router::new()
///     .route("/webhooks", post(hook))
///     .with_state(Verifier::new(secret)?);
/// # Ok::<(), linq_webhook::SecretError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Event<const LIMIT: usize = BODY_LIMIT>(
    /// The event.
    pub WebhookEvent,
);

/// Extracts a delivery, verified and not parsed: with its id, the time it was sent, and the bytes as they came.
///
/// Otherwise as [`Event`].
#[derive(Clone, Debug)]
pub struct Verified<const LIMIT: usize = BODY_LIMIT>(
    /// The delivery.
    pub Delivery<Bytes>,
);

impl<S, const LIMIT: usize> FromRequest<S> for Event<LIMIT>
where
    Verifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        let Verified(delivery) = Verified::<LIMIT>::from_request(request, state).await?;
        delivery.parse().map(Self).map_err(Rejection::NoObject)
    }
}

impl<S, const LIMIT: usize> FromRequest<S> for Verified<LIMIT>
where
    Verifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        let verifier = Verifier::from_ref(state);
        verified(&verifier, request, LIMIT).await.map(Self)
    }
}

/// Reads a request and verifies it.
pub(super) async fn verified(
    verifier: &Verifier,
    request: Request,
    limit: usize,
) -> Result<Delivery<Bytes>, Rejection> {
    let (parts, body) = request.into_parts();
    let body = read(body, limit).await?;
    verifier
        .verify(&parts.headers, body)
        .map_err(Rejection::Unverified)
}

/// Reads a body to its end.
async fn read(body: Body, limit: usize) -> Result<Bytes, Rejection> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Rejection::TooLarge { limit });
    }
    let reading = timeout(BODY_DEADLINE, Limited::new(body, limit).collect());
    match reading.await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Rejection::TooLarge { limit }),
        Ok(Err(_)) => Err(Rejection::BrokenOff),
        Err(_) => Err(Rejection::TooSlow),
    }
}

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
        response(self.status(), self.to_string())
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

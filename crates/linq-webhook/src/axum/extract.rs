//! From a request to a verified delivery: extractors for your own handlers, and what the router starts with.

use std::fmt;
use std::time::Duration;

use ::axum::body::{Body, Bytes, HttpBody};
use ::axum::extract::{FromRef, FromRequest, Request};
use ::axum::http::header::{CONTENT_LENGTH, RETRY_AFTER};
use ::axum::http::{HeaderMap, HeaderValue, StatusCode};
use ::axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use linq_types::WebhookEvent;
use tokio::time::timeout;

use super::room::{Place, Room};
use crate::verify::{Claimed, DEFAULT_TOLERANCE};
use crate::{Delivery, Verifier, VerifyError};

/// The longest body unless it is set: 1 MiB.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// How long a body may take.
const BODY_DEADLINE: Duration = Duration::from_secs(5);

/// What a body counts for in addition to its bytes: the buffers of its connection.
const OVERHEAD: usize = 16 * 1024;

/// The first pause of Linq's own schedule, in seconds.
const PAUSE: HeaderValue = HeaderValue::from_static("2");

/// Extracts the event of a delivery, verified and parsed.
///
/// The state of the app is a [`Verifier`], or contains one by [`FromRef`]. `LIMIT` is the longest body in bytes, by
/// default 1 MiB, as in `Event<65536>`; axum's `DefaultBodyLimit` has no effect. A body must be received within
/// 5 seconds. What is refused becomes a [`Rejection`].
///
/// Nothing keeps an event from being handled twice here, or the app from accepting more than it can handle, and
/// deliveries may be at most 5 minutes old: the [`router()`](super::router()) takes care of these.
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
    /// The event. What is not a JSON object is [`WebhookEvent::Unknown`] too.
    pub WebhookEvent,
);

/// Extracts a delivery, verified and not parsed: with its id, the time it was sent, and the bytes as received.
///
/// Otherwise the same as [`Event`].
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
        Ok(Self(delivery.event()))
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
        // Room for this body alone.
        let mut place = Room::new(LIMIT.saturating_add(OVERHEAD)).place();
        let delivery = verified(&verifier, request, LIMIT, &mut place, DEFAULT_TOLERANCE).await?;
        Ok(Self(delivery))
    }
}

/// Reads a request into a place, and verifies it. Headers that no body can match are refused before the body is read.
pub(super) async fn verified(
    verifier: &Verifier,
    request: Request,
    limit: usize,
    place: &mut Place,
    tolerance: Duration,
) -> Result<Delivery<Bytes>, Rejection> {
    let (parts, body) = request.into_parts();
    let is_trusted = verifier.trusts_loopback() && parts.extensions.get::<Loopback>().is_some();
    let claimed: Option<Claimed<'_>> = match is_trusted {
        true => None,
        false => Some(
            verifier
                .read(&parts.headers)
                .map_err(Rejection::Unverified)?,
        ),
    };
    let body = read(body, limit, place).await?;
    if body.is_empty() && announces_a_body(&parts.headers) {
        return Err(Rejection::Consumed);
    }
    match claimed {
        None => Ok(verifier.trust(body)),
        Some(claimed) => {
            let verified = verifier.verify_within(tolerance, claimed, body);
            verified.map_err(Rejection::Unverified)
        }
    }
}

/// An extension of requests that came over a listener bound to a loopback address.
#[derive(Clone)]
pub(super) struct Loopback;

fn announces_a_body(headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH);
    length.is_some_and(|length| length != "0")
}

/// Reads a body to its end.
async fn read(mut body: Body, limit: usize, place: &mut Place) -> Result<Bytes, Rejection> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Rejection::TooLarge { limit });
    }
    let displaced = place.displaced();
    let reading = async {
        if !place.take(OVERHEAD) {
            return Err(Rejection::Displaced);
        }
        // Copied, so that a piece does not hold on to the buffer of the connection.
        let mut bytes = Vec::<u8>::new();
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                return Err(Rejection::BrokenOff);
            };
            let Ok(piece) = frame.into_data() else {
                continue;
            };
            if piece.len() > limit - bytes.len() {
                return Err(Rejection::TooLarge { limit });
            }
            let length = bytes.len() + piece.len();
            if length > bytes.capacity() {
                // What is allocated counts, which is at most twice of what was received.
                let capacity = length.max(2 * bytes.len()).min(limit);
                if !place.take(capacity - bytes.capacity()) {
                    return Err(Rejection::Displaced);
                }
                bytes.reserve_exact(capacity - bytes.len());
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Bytes::from(bytes))
    };
    match timeout(BODY_DEADLINE, displaced.run_until_cancelled(reading)).await {
        Ok(Some(result)) => result,
        Ok(None) => Err(Rejection::Displaced),
        Err(_) => Err(Rejection::TooSlow),
    }
}

/// Why a request is not a delivery that can be handled. Its `Display` contains nothing of the request.
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
    /// The body was not received in time (503).
    TooSlow,
    /// The bodies that are being received are too many or too large, and this one has taken longest (503).
    Displaced,
    /// The connection failed before the end of the body (503).
    BrokenOff,
    /// The request announces a body and has none: a layer of the app has consumed it (503).
    Consumed,
    /// The delivery was not verified: 401, but 503 if it is [genuine](VerifyError::is_genuine), or if the verifier
    /// has no secret.
    Unverified(VerifyError),
}

impl Rejection {
    /// Returns the status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            // Linq gives up after any 4xx, so what may succeed the next time is 503.
            Self::TooSlow | Self::Displaced | Self::BrokenOff | Self::Consumed => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Unverified(error) if error.is_genuine() || *error == VerifyError::NoSecret => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Unverified(_) => StatusCode::UNAUTHORIZED,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => {
                write!(formatter, "the body is longer than {limit} bytes")
            }
            Self::TooSlow => formatter.write_str("the body was not received in time"),
            Self::Displaced => {
                formatter.write_str("too many bodies are being received, and this one took longest")
            }
            Self::BrokenOff => {
                formatter.write_str("the connection failed before the end of the body")
            }
            Self::Consumed => formatter.write_str(
                "the request announces a body and has none: a layer in front of the webhooks has consumed it",
            ),
            Self::Unverified(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for Rejection {}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        response(self.status(), self.to_string())
    }
}

/// Returns a response that is not a success, with the reason as its body.
pub(super) fn response(status: StatusCode, mut reason: String) -> Response {
    reason.push('\n');
    let mut response = (status, reason).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, PAUSE);
    }
    response
}

//! Extractors, for handlers of one's own.

use ::axum::body::Bytes;
use ::axum::extract::{FromRef, FromRequest, Request};
use linq_types::WebhookEvent;

use super::{BODY_LIMIT, Rejection, body};
use crate::{Delivery, Verifier};

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
    let body = body::read(body, limit).await?;
    verifier
        .verify(&parts.headers, body)
        .map_err(Rejection::Unverified)
}

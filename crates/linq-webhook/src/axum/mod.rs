//! Receiving webhooks with axum: a [`router()`], or extractors for an app of one's own.
//!
//! The router verifies a delivery, keeps its event from being handled twice, runs a handler, and answers so that
//! Linq delivers again exactly what was not handled:
//!
//! ```no_run
//! use linq_webhook::axum::router;
//! use linq_webhook::{MemoryDeduper, Verifier};
//!
//! # async fn example(listener: tokio::net::TcpListener) -> Result<(), Box<dyn std::error::Error>> {
//! let webhooks = router(Verifier::from_env()?, MemoryDeduper::new(), |received| async move {
//!     println!("{}", received.event().event_type());
//!     Ok::<(), std::io::Error>(())
//! });
//! let tasks = webhooks.tasks();
//! let app = axum::Router::new().merge(webhooks.into_router());
//! axum::serve(listener, app)
//!     .with_graceful_shutdown(async { tokio::signal::ctrl_c().await.unwrap_or(()) })
//!     .await?;
//! tasks.drain().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Answers
//!
//! Linq delivers again after 5xx, 429, and 10 seconds without an answer, for up to 30 minutes; not after any other
//! 4xx. So 4xx stands for what can never be handled, and 503 for all that may go well the next time.
//!
//! | answer | when |
//! |---|---|
//! | 200 | The handler succeeded, now or at an earlier delivery; in the mode [`answer_first`](WebhookRouter::answer_first), it was started. |
//! | 400 | Verified, but the body is no JSON object. |
//! | 401 | A header is missing or malformed, the time is too far off, or no signature fits the bytes as they came. A body that was compressed, decoded or changed on the way is among these. |
//! | 405 | Not a POST. |
//! | 413 | The body is longer than the limit. |
//! | 500 | The handler failed or panicked; the redelivery is handled again. |
//! | 503 | Not handled yet, or not known to be: the handler takes longer than the deadline and goes on, another delivery of the event is being handled, too many are, the router is draining, the deduper failed, or the body broke off or did not come in 5 seconds. |
//!
//! An event of a type that this release does not know goes to the handler as
//! [`Unknown`](linq_types::WebhookEvent::Unknown), like any other.
//!
//! Every answer but 200 says why in its body, in one line without anything of the delivery. Every
//! delivery is an event of [`tracing`] with the target `linq_webhook`, with answer, event type and key.

mod extract;
mod receive;
mod router;

pub use extract::{BODY_LIMIT, Event, Rejection, Verified};
pub use receive::{Received, Tasks};
pub use router::{InvalidPath, WebhookRouter, router};

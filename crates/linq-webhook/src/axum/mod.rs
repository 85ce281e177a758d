//! Receiving webhooks with axum: a [`router()`] and a server for it, or extractors for your own app.
//!
//! The router verifies a delivery, keeps its event from being handled twice, runs a handler, and responds so that
//! Linq delivers again what was not handled. [`serve`] runs it with limits on connections, heads and shutdown:
//!
//! ```no_run
//! use linq_webhook::axum::{router, serve};
//! use linq_webhook::{MemoryDeduper, Verifier};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let webhooks = router(Verifier::from_env()?, MemoryDeduper::new(), |received| async move {
//!     println!("{}", received.event().event_type());
//!     Ok(())
//! });
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! serve(listener, webhooks)
//!     .with_graceful_shutdown(async { tokio::signal::ctrl_c().await.unwrap_or(()) })
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Which mode to choose
//!
//! | mode | for | what is lost, and when |
//! |---|---|---|
//! | direct (the default) | handlers of a few seconds | Nothing, as long as the process is back within the 30 minutes that Linq redelivers. A handler that a crash interrupts runs again. |
//! | [respond first](WebhookRouter::respond_first) | longer handlers whose events may get lost | An event whose handler fails, and all events being handled when the process crashes. |
//!
//! Handlers of different events run at the same time, also those of one chat, in no particular order. A handler that
//! takes longer than the [deadline](WebhookRouter::deadline) goes on in the direct mode: Linq redelivers until it is
//! done, and gets 503 until then.
//!
//! With [`MemoryDeduper`](crate::MemoryDeduper) a restart of the process forgets which events were handled: what was
//! delivered in the last 45 minutes could be replayed then by whoever recorded it. A
//! `RedisDeduper` (feature `redis`) remembers.
//!
//! # Responses
//!
//! Linq delivers again after 5xx, 429, and 10 seconds without a response, for up to 30 minutes, but not after any other
//! 4xx. So 4xx is for what can never be handled, and 503 for all that may succeed the next time.
//!
//! | response | when |
//! |---|---|
//! | 200 | The handler succeeded, now or at an earlier delivery; or it failed [permanently](crate::HandlerError); in the mode [`respond_first`](WebhookRouter::respond_first), it was started. |
//! | 401 | A header is missing or malformed, or no signature matches the bytes as received. A body that was compressed, decoded or changed on the way is among these. |
//! | 405 | Not a POST. |
//! | 413 | The body is longer than the limit. |
//! | 500 | The handler failed, panicked, or reached its time limit; the redelivery is handled again. |
//! | 503 | Not handled yet, or not known to be: the handler takes longer than the deadline and goes on, another delivery of the event is being handled, too many handlers run, the router is draining, or the deduper failed. The signature is right, but the time of sending is more than 45 minutes off. The body was cut off, took more than 5 seconds, or was displaced by others. |
//!
//! Everything that is verified goes to the handler. What this release does not know, what does not match its type, and
//! what is not even JSON is [`Unknown`](linq_types::WebhookEvent::Unknown) and keeps its bytes.
//!
//! Every response but 200 says why in its body, in one line without anything of the delivery.
//!
//! # Logs
//!
//! Every delivery is an event of [`tracing`] with the target `linq_webhook`, with response, event type and key, and
//! never with content. Warnings: `linq_delivery` with a status of 400 or more, `linq_unhandled` with the error of a
//! handler, `linq_unknown_event`, `linq_clock_offset` if the time of sending is more than 5 minutes off,
//! `linq_deduper_failed`, and `linq_claim_lost`.
//!
//! # Several secrets
//!
//! One route accepts several secrets with [`Verifier::with_secret`](crate::Verifier::with_secret). Routes with
//! different secrets are several routers with a [path](WebhookRouter::path) each, put together with
//! [`with_routes`](WebhookRouter::with_routes), or with axum's `merge` and `nest`.

mod extract;
mod receive;
mod room;
mod router;
mod serve;
mod trace;

pub use extract::{BODY_LIMIT, Event, Rejection, Verified};
pub use receive::{Received, Tasks};
pub use router::{InvalidPath, WebhookRouter, router};
pub use serve::{Serve, serve};

//! Webhooks of the Linq Partner API V3: verified, parsed, and each event handled once.
//!
//! # Where to start
//!
//! - With axum: [`axum::router`](mod@crate::axum) verifies each delivery, keeps its event from being handled twice,
//!   runs a handler, and responds so that Linq delivers again what was not handled.
//! - With another framework, or none: [`Verifier::verify`] checks the headers and the body as raw bytes, and
//!   [`Delivery::parse`] reads the [`WebhookEvent`](linq_types::WebhookEvent). A [`Deduper`] keeps an event from
//!   being handled twice.
//! - To read messages and reactions without caring about payload versions: [`Inbound`] and [`InboundReaction`].
//! - To test a receiver: [`Signer`] signs deliveries as Linq does.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use linq_webhook::{Signer, Verifier};
//!
//! let secret = "whsec_bm90IGEgc2VjcmV0LCBvbmx5IGFuIGV4YW1wbGU=";
//! let verifier = Verifier::new(secret)?;
//!
//! // In a program these come from the web server; in a test, from a `Signer`.
//! let body: &[u8] = br#"{"event_type":"tea.ready","event_id":"evt_1","data":{}}"#;
//! let headers = Signer::new(secret)?.sign("evt_1", SystemTime::now(), body)?;
//!
//! let event = verifier.verify(&headers, body)?.parse()?;
//! assert_eq!(event.event_type(), "tea.ready");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! - `axum` (default): the router and extractors for axum.
//! - `redis`: deduplication over several processes, in Redis.
//!
//! Without default features the crate verifies, parses and deduplicates in memory, and has neither an HTTP stack
//! nor an async runtime among its dependencies. It never has an HTTP client; to send messages, use `linq-ext`.

#[cfg(feature = "axum")]
pub mod axum;
mod dedupe;
mod inbound;
mod reaction;
#[cfg(feature = "redis")]
mod redis;
mod sign;
mod verify;

#[cfg(feature = "redis")]
pub use self::redis::{RedisDeduper, RedisDeduperError};
pub use dedupe::{Claim, Deduper, EventKey, MemoryDeduper, Ticket};
pub use inbound::{Inbound, ReplyTarget};
pub use reaction::InboundReaction;
pub use sign::{SecretError, SignError, Signer};
pub use verify::{Delivery, StrictError, Verifier, VerifyError};

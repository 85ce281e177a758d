//! Webhooks of the Linq Partner API V3: verified, parsed, and each event handled once.
//!
//! # Where to start
//!
//! - With axum: `axum::router` verifies each delivery, keeps its event from being handled twice,
//!   runs a handler, and responds so that Linq delivers again what was not handled; `axum::serve`
//!   serves it. The module compares the modes, and says what each loses when.
//! - With another framework, or none: [`Verifier::verify`] or [`Verifier::verify_headers`] checks the headers and the
//!   body as raw bytes, and [`Delivery::event`] parses the [`WebhookEvent`](linq_types::WebhookEvent). A [`Deduper`]
//!   keeps an event from being handled twice.
//! - Views read events without regard to payload versions, also those that match no type of this release:
//!   [`Inbound`], [`InboundReaction`], [`DeliveryUpdate`], [`MessageEdit`], [`Typing`], [`ParticipantChange`],
//!   [`InboundPoll`] and [`PollVote`].
//! - A handler fails with a [`HandlerError`], which is permanent or not.
//! - For tests of a receiver, [`Signer`] signs deliveries as Linq does.
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
//! - `axum` (default): the router, a server for it, and extractors for axum.
//! - `redis`: deduplication over several processes, in Redis.
//!
//! Without default features the crate verifies, parses and deduplicates in memory, and has neither an HTTP stack
//! nor an async runtime among its dependencies. It never has an HTTP client; to send messages, use `linq-ext`.

#[cfg(feature = "axum")]
pub mod axum;
mod dedupe;
mod handle;
mod inbound;
mod outcome;
mod payload;
mod reaction;
#[cfg(feature = "redis")]
mod redis;
mod sign;
mod updates;
mod verify;

#[cfg(feature = "redis")]
pub use self::redis::{RedisDeduper, RedisDeduperError};
pub use dedupe::{Claim, Deduper, EventKey, MemoryDeduper, MemoryFull, Ticket};
pub use handle::{AllowList, normalize_handle};
pub use inbound::{Inbound, InboundMedia, Mention, ReplyTarget};
pub use outcome::HandlerError;
pub use reaction::InboundReaction;
pub use sign::{SecretError, SignError, Signer};
pub use updates::{
    DeliveryState, DeliveryUpdate, InboundPoll, MessageEdit, ParticipantChange, PollVote, Typing,
};
pub use verify::{Delivery, StrictError, Verifier, VerifyError};

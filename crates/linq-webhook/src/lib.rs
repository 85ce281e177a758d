//! Webhooks: verification, one view of what came in, and deduplication, without an HTTP client.
//!
//! A delivery is verified from its headers and its body as raw bytes, and read into a
//! [`WebhookEvent`](linq_types::WebhookEvent) after that:
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

#[cfg(feature = "axum")]
pub mod axum;
mod dedupe;
mod delivery;
mod error;
mod headers;
mod inbound;
mod memory;
mod reaction;
#[cfg(feature = "redis")]
mod redis;
mod secret;
mod signature;
mod signer;
mod verifier;

#[cfg(feature = "redis")]
pub use self::redis::{RedisDeduper, RedisDeduperError};
pub use dedupe::{Claim, Deduper, EventKey, Ticket};
pub use delivery::{Delivery, StrictError};
pub use error::VerifyError;
pub use inbound::{Inbound, ReplyTarget};
pub use memory::MemoryDeduper;
pub use reaction::InboundReaction;
pub use secret::SecretError;
pub use signer::{SignError, Signer};
pub use verifier::Verifier;

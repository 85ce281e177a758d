//! Webhooks: verification, one view of what came in, and deduplication, without an HTTP client.
//!
//! A delivery is verified from its headers and its body as raw bytes, and read into a
//! [`WebhookEvent`](crate::types::WebhookEvent) after that:
//!
//! ```
//! use std::time::SystemTime;
//!
//! use linq_ext::webhook::{Signer, Verifier};
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

mod delivery;
mod error;
mod headers;
mod secret;
mod signature;
mod signer;
mod verifier;

pub use delivery::{Delivery, StrictError};
pub use error::VerifyError;
pub use secret::SecretError;
pub use signer::{SignError, Signer};
pub use verifier::Verifier;

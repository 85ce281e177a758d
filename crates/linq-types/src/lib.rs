//! Types of the Linq Partner API V3: every schema, and every webhook as one enum.
//!
//! # Webhooks
//!
//! [`WebhookEvent`] has a variant for each event type and payload version. The type is read from the
//! delivery's `event_type` and `webhook_version`, never guessed from its shape.
//!
//! ```
//! use linq_types::WebhookEvent;
//!
//! let body = br#"{
//!     "api_version": "v3",
//!     "webhook_version": "2026-02-03",
//!     "event_type": "chat.typing_indicator.started",
//!     "event_id": "5d2c8f0e-61b7-4a39-9c55-0f4f7be1a2d8",
//!     "created_at": "2026-04-14T18:02:11.482Z",
//!     "data": { "chat_id": "3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13" }
//! }"#;
//! match WebhookEvent::from_slice(body)? {
//!     WebhookEvent::ChatTypingIndicatorStarted(event) => {
//!         println!("somebody types in {}", event.data.chat_id);
//!     }
//!     // Added after this release, or not as documented: every byte is still there.
//!     WebhookEvent::Unknown(event) => println!("{}: {:?}", event.reason(), event.raw()),
//!     _ => {}
//! }
//! # Ok::<(), linq_types::EventError>(())
//! ```
//!
//! # What all types have in common
//!
//! - Unknown fields are ignored; optional fields may be missing or null, and are written back as they
//!   came.
//! - String enums and tagged unions have a variant `Unknown` that keeps what this release does not know.
//! - Everything is `#[non_exhaustive]`. What a request can hold is made with `new(required, …)` and
//!   `with_…` setters; what only the API makes comes from JSON.
//! - Limits are documented and not checked: the server decides.
//! - `Debug` hides secrets. Errors and [`UnknownEvent::reason`] name a place and kinds, never a value.
//!
//! # Features
//!
//! - `schemars`: derives `schemars::JsonSchema` (1.x) on every type.
#![deny(missing_docs)]

mod support;

#[rustfmt::skip]
mod generated;

pub use generated::*;
pub use support::decode::{DecodeError, decode};
pub use support::event::{EventError, UnknownEvent, UnknownKind};
pub use support::fit::{At, Fit, Misfit};
pub use support::nullable::Nullable;
pub use support::open_enum::Unrecognized;
pub use support::permanent::Permanent;
pub use support::union::UnknownObject;

//! Types of the Linq Partner API V3, and its webhooks as one enum.
//!
//! Placeholder.
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
pub use support::union::UnknownObject;

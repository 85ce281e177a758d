//! Ergonomics for the Linq Partner API V3: a client that retries and never sends twice, messages that are checked
//! before they are sent, and webhooks that are verified, and handled once.
//!
//! Written by hand on top of the generated crates `linq-types` and `linq-client`, which it re-exports as
//! [`types`] and `client`.
//!
//! # Features
//!
//! - `client` (default): `Linq` and its calls, with retries and errors, lists as streams, files and the typing
//!   indicator.
//! - `rustls` (default): TLS through rustls, with the certificates of the platform.
//! - `tracing`: a span for every call, with operation, status, attempts, duration and trace id, and an event for
//!   every delivery that the router answers.
//! - `markdown`: messages from Markdown.
//! - `webhook`: webhooks verified, seen the same over both payload versions, and deduplicated, without an HTTP
//!   client or tokio; see `webhook::Verifier`.
//! - `axum`: receiving webhooks with axum, by extractors or a router that loses nothing; see `webhook::axum`.
//! - `redis`: deduplication over several processes; see `webhook::RedisDeduper`.
//!
//! # Where to start
//!
//! `Linq` makes the client. `create_chat`, `send_to` and `chat(id).message()` send; `chat(id)`, `message(id)`
//! and `line(number)` are handles with a short method for what can be done with each, and what belongs to none
//! of them is a method of `Linq` itself. Each method checks what can be known before sending; where the API
//! should decide instead, `Linq::api` is the generated client, which retries by the same rules but adds no
//! idempotency keys.
#![deny(missing_docs)]

mod code;
pub mod message;
#[cfg(feature = "webhook")]
pub mod webhook;

#[cfg(feature = "client")]
mod call;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod files;
#[cfg(feature = "client")]
mod handle;
#[cfg(feature = "client")]
mod linq;
#[cfg(feature = "client")]
pub mod page;
#[cfg(feature = "client")]
mod raw;
#[cfg(feature = "client")]
mod retry;
#[cfg(feature = "client")]
mod trace;
#[cfg(feature = "client")]
mod typing;

pub use code::ErrorCode;
#[cfg(feature = "client")]
pub use linq_client as client;
pub use linq_types as types;
pub use message::Message;

#[cfg(feature = "client")]
pub use call::{Call, CallFuture, Response};
#[cfg(feature = "client")]
pub use error::Error;
#[cfg(feature = "client")]
pub use files::{Download, DownloadStream, Downloaded, Upload, Uploaded};
#[cfg(feature = "client")]
pub use handle::{
    AvailableNumber, Background, ChatHandle, Destination, LineHandle, MessageHandle, Reaction,
    SendMessage, Sticker, ToChat, ToHandles, ToNewChat,
};
#[cfg(feature = "client")]
pub use linq::{Linq, LinqBuilder};
#[cfg(feature = "client")]
pub use raw::RawCall;
#[cfg(feature = "client")]
pub use retry::clock::{Clock, SystemClock};
#[cfg(feature = "client")]
pub use typing::Typing;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

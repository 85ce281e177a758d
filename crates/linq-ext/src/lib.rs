//! Ergonomics for the Linq Partner API V3: a client that retries and never sends twice, messages that are checked
//! before they are sent, lists as streams, and files.
//!
//! Written by hand on top of the generated crates `linq-types` and `linq-client`, which it re-exports as
//! [`types`] and [`client`]. Webhooks are received with the crate `linq-webhook`.
//!
//! Each call is a span of [`tracing`](https://docs.rs/tracing) with operation, status, attempts, duration and
//! trace id.
//!
//! # Features
//!
//! - `rustls` (default): TLS through rustls, with the certificates of the platform.
//! - `markdown`: messages from Markdown.
//!
//! # Where to start
//!
//! `Linq` makes the client. `create_chat`, `send_to` and `chat(id).message()` send; `chat(id)`, `message(id)`
//! and `line(number)` are handles with a short method for what can be done with each, and what belongs to none
//! of them is a method of `Linq` itself. Each method checks what can be known before sending; where the API
//! should decide instead, `Linq::api` is the generated client, which retries by the same rules but adds no
//! idempotency keys.
#![deny(missing_docs)]

mod account;
mod call;
mod chat_client;
mod code;
mod error;
mod files;
mod id;
mod line_client;
mod linq;
pub mod list;
pub mod message;
mod message_client;
mod payment;
mod raw;
mod reaction;
mod retry;
mod send;
mod subscription;
mod trace;
mod typing;

pub use linq_client as client;
pub use linq_types as types;

pub use call::{Call, CallFuture, Response};
pub use chat_client::{Background, ChatClient};
pub use code::ErrorCode;
pub use error::Error;
pub use files::{Download, DownloadStream, Downloaded, Upload, Uploaded};
pub use id::IntoId;
pub use line_client::{AvailableNumber, LineClient};
pub use linq::{Linq, LinqBuilder};
pub use message::Message;
pub use message_client::MessageClient;
pub use raw::RawCall;
pub use reaction::{Reaction, Sticker};
pub use retry::clock::{Clock, SystemClock};
pub use send::{Destination, Recipient, SendMessage, Sent, ToAny, ToChat, ToHandles, ToNewChat};
pub use subscription::{EnsureSubscription, Subscription, SubscriptionChange};
pub use typing::Typing;

//! An ergonomic client for the Linq Partner API V3: it retries and sends at most once, checks messages before they are
//! sent, and offers lists as streams, and files.
//!
//! It is written on top of the generated crates `linq-types` and `linq-client`, which it re-exports as [`types`] and
//! [`client`]. Webhooks are received with the crate `linq-webhook`.
//!
//! # Where to start
//!
//! [`Linq`] is the client. A message is sent with [`Linq::create_chat`], [`Linq::send_to`], [`ChatClient::message`], or
//! [`Linq::to`] for a destination that is known at run time only. [`Linq::chat`], [`Linq::message`] and [`Linq::line`]
//! return clients for one chat, message or line, with a method for each operation on it. Methods check their input
//! before anything is sent. [`Linq::call`] calls every operation of the API, with the same idempotency keys, retries and
//! errors.
//!
//! Methods of `Linq` named `list_…`, [`ChatClient::messages`] and [`MessageClient::thread`] return a
//! [`List`](list::List), page by page; methods such as [`Linq::lines`] return all items at once. Handles (phone numbers
//! and e-mail addresses) are [normalized](message::normalize_handle).
//!
//! Each call is a span of [`tracing`](https://docs.rs/tracing) with operation, status, attempts, duration and trace id.
//!
//! # Features
//!
//! - `rustls` (default): TLS with rustls, and the certificates of the platform.
//! - `markdown`: messages from Markdown.
#![deny(missing_docs)]

mod account;
mod call;
mod chat_client;
mod code;
mod error;
mod event;
mod files;
mod id;
mod indicator;
mod line_client;
mod linq;
pub mod list;
pub mod message;
mod message_client;
mod raw;
mod reaction;
mod retry;
mod send;
mod subscription;
mod trace;
mod typing;

pub use linq_client as client;
pub use linq_client::Response;
pub use linq_types as types;

pub use call::{Call, CallFuture};
pub use chat_client::{Background, ChatClient};
pub use code::ErrorCode;
pub use error::Error;
pub use files::{Download, DownloadStream, Downloaded, Upload, Uploaded};
pub use id::IntoId;
pub use line_client::LineClient;
pub use linq::{Linq, LinqBuilder};
pub use message::Message;
pub use message_client::MessageClient;
pub use raw::RawCall;
pub use reaction::{Reaction, Sticker};
pub use retry::clock::{Clock, SystemClock};
pub use send::{Destination, Recipient, SendMessage, Sent, ToAny, ToChat, ToHandles, ToNewChat};
pub use subscription::{EnsureSubscription, Subscription, SubscriptionChange};
pub use typing::Typing;

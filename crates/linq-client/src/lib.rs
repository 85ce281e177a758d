//! Client of the Linq Partner API V3: one method per operation of the API document.
//!
//! [`Client`] holds the address and the API key. Every operation is a method that returns a builder; its
//! setters have the names of the parameters, and `send` makes the call; `prepare` gives it as a [`Prepared`], to be
//! sent later on.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = linq_client::Client::new(linq_client::DEFAULT_BASE_URL, "api key")?;
//! let chats = client.list_chats().from("+12025550100").limit(50).send().await?;
//! println!("status {}, trace id {:?}", chats.status(), chats.trace_id());
//! # Ok(())
//! # }
//! ```
//!
//! # Answers and errors
//!
//! Any 2xx status is success and comes as a [`ResponseValue`], which derefs to the decoded body and keeps
//! status and headers. Everything else is an [`Error`], which keeps what is known: operation, status,
//! headers, the decoded error body, or the bytes where they were something else. An answer that says the
//! API took the request, but whose body cannot be read, is an error with [`Error::is_accepted`]: do not
//! repeat such a call blindly, it may send a message twice.
//!
//! Neither `Display` nor `Debug` of an error prints message texts, phone numbers, ids or the API key.
//!
//! # What goes over the wire
//!
//! The headers `Accept`, `Authorization`, `User-Agent` and, with a body, `Content-Type`, besides those that
//! HTTP itself asks for (`Host`, `Content-Length`) and those that are parameters of an operation. Redirects are not followed and
//! nothing is retried; a [`Hook`] is the place for retries, tracing and timing.
//!
//! [`Client::with_options`] gives single calls a timeout, headers, query pairs or body fields of their own, and
//! [`Client::raw`] calls a path that the API document does not know.
//!
//! # Features
//!
//! - `rustls` (default): TLS through rustls, with the certificates of the platform. Without it `https`
//!   addresses fail unless another TLS feature of [`reqwest`] is switched on, or an HTTP client of one's own
//!   is given to [`ClientBuilder::http_client`].

#![deny(missing_docs)]

#[rustfmt::skip]
mod generated;
mod support;

pub use bytes;
pub use linq_types as types;
pub use reqwest;

pub use generated::*;
pub use support::{
    BoxFuture, CallOptions, Client, ClientBuilder, DEFAULT_BASE_URL, Error, Hook, Next, Operation,
    Prepared, RawCall, Repeat, Request, ResponseValue, TransportError, read_body,
};

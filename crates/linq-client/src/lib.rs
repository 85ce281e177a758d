//! Client of the Linq Partner API V3: one method per operation of the API document.
//!
//! [`Client`] holds the address and the API key. Every operation is a method that returns a builder; its
//! setters have the names of the parameters, and `send` makes the call; `prepare` returns it as a [`Prepared`], to
//! be sent later.
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
//! # Responses and errors
//!
//! Any 2xx status is success and returns a [`Response`], which derefs to the decoded body and keeps status,
//! headers and the body as it was received. Everything else is an [`Error`], which keeps what is known. If the API
//! accepted the request, but its response cannot be read, the error has [`Error::is_accepted`]: do not repeat
//! such a call blindly, it may send a message twice.
//!
//! A response is read up to [8 MiB](ClientBuilder::response_limit), within the
//! [timeout](ClientBuilder::timeout) of the request, and is not decompressed.
//!
//! Neither `Display` nor `Debug` of an error prints message texts, phone numbers, ids or the API key.
//!
//! # What is sent
//!
//! The headers `Accept`, `Authorization`, `User-Agent` and, with a body, `Content-Type`, besides those that
//! HTTP requires (`Host`, `Content-Length`) and those that are parameters of an operation. Redirects are not
//! followed and nothing is retried; a [`Hook`] is the place for tracing, timing and simple retries.
//!
//! [`Client::with_options`] gives single calls a timeout, headers, query pairs or body fields of their own, and
//! [`Client::raw`] calls a path that the API document does not know.
//!
//! # Features
//!
//! - `rustls` (default): TLS through rustls, with the certificates of the platform. Without it `https`
//!   addresses fail unless another TLS feature of [`reqwest`] is enabled, or a custom HTTP client is set with [`ClientBuilder::http_client`].

#![deny(missing_docs)]

#[rustfmt::skip]
mod generated;
mod support;

pub use bytes;
pub use linq_types as types;
pub use reqwest;

pub use generated::*;
pub use support::{
    BoxFuture, CallOptions, Client, ClientBuilder, DEFAULT_BASE_URL, Error, ErrorDetail, Hook,
    Next, Operation, Prepared, RawRequest, Repeat, Request, Response, TransportError, retry_after,
};

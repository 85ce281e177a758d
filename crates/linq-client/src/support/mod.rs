//! The runtime of the generated code: the client, calls, responses and errors.
//!
//! A builder collects [`parameters`] into a [`call`]. The [`client`] sends its [`request`] through the
//! [`hook`]s to the network, where [`transport`] reads the [`response`]; the call decodes it, or makes an
//! [`error`] of it.

mod builder;
mod call;
mod client;
mod encode;
mod error;
mod hook;
mod operation;
mod options;
mod parameters;
mod redacted;
mod request;
mod response;
#[cfg(test)]
mod tests;
mod transport;

// Which of these the generated code uses depends on the API document.
#[allow(unused_imports, reason = "a document need not have list parameters")]
pub(crate) use {
    encode::ListStyle,
    parameters::{Parameters, Reason},
    redacted::Redacted,
};

pub use builder::ClientBuilder;
pub use call::{Prepared, RawRequest};
pub use client::{Client, DEFAULT_BASE_URL};
pub use error::Error;
pub use hook::{BoxFuture, Hook, Next};
pub use operation::{Operation, Repeat};
pub use options::CallOptions;
pub use request::Request;
pub use response::{ErrorDetail, Response, retry_after};
pub use transport::TransportError;

//! What the generated code stands on: the client, one call, its answer and its errors.

mod answer;
mod builder;
mod call;
mod client;
mod detail;
mod encode;
mod error;
mod hook;
mod operation;
mod options;
mod prepared;
mod problem;
mod raw;
mod redacted;
mod request;
mod response;
#[cfg(test)]
mod tests;
mod transport;

// Which of these the generated code uses is up to the API document.
#[allow(unused_imports, reason = "a document need not have list parameters")]
pub(crate) use {call::Call, encode::ListStyle, problem::Reason, redacted::Redacted};

pub use answer::read_body;
pub use builder::ClientBuilder;
pub use client::{Client, DEFAULT_BASE_URL};
pub use error::Error;
pub use hook::{BoxFuture, Hook, Next};
pub use operation::{Operation, Repeat};
pub use options::CallOptions;
pub use prepared::Prepared;
pub use raw::RawCall;
pub use request::Request;
pub use response::ResponseValue;
pub use transport::TransportError;

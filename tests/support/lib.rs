//! What the integration tests share: the API document, its examples, ways to parse and to compare
//! them, and a server to call.

pub mod compare;
pub mod document;
pub mod parse;
pub mod server;

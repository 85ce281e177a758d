//! What the integration tests share: the API document, its examples, ways to verify, to parse and to
//! compare them, servers to call, a Redis server, and programs of other languages.

pub mod broken;
pub mod compare;
pub mod deliver;
pub mod document;
pub mod install;
pub mod loopback;
pub mod operations;
pub mod parse;
pub mod redis;
pub mod server;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// Compiles the examples of linq-types' README.
#[cfg(doctest)]
#[doc = include_str!("../../crates/linq-types/README.md")]
pub struct TypesReadme;

/// Compiles the examples of linq-client's README.
#[cfg(doctest)]
#[doc = include_str!("../../crates/linq-client/README.md")]
pub struct ClientReadme;

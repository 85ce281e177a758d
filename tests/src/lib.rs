//! What the benchmarks share: a server in a process of its own.

pub mod loopback;

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

/// Compiles the examples of linq-ext's README.
#[cfg(doctest)]
#[doc = include_str!("../../crates/linq-ext/README.md")]
pub struct ExtReadme;

/// Compiles the examples of linq-webhook's README.
#[cfg(doctest)]
#[doc = include_str!("../../crates/linq-webhook/README.md")]
pub struct WebhookReadme;

//! The tests of this crate, one module for each part of it.

mod allocations;
mod broken_deliveries;
mod dedupe;
#[cfg(feature = "axum")]
mod handlers;
mod inbound;
mod inbound_examples;
mod lenient;
mod marks;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "axum")]
mod router;
#[cfg(feature = "axum")]
mod router_tracing;
#[cfg(feature = "axum")]
mod serve;
mod standard_webhooks;
mod updates;
mod verification;
mod verification_properties;

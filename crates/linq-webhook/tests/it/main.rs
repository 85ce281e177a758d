//! The tests of this crate, one module for each part of it.

mod allocations;
mod broken_deliveries;
mod dedupe;
mod inbound;
mod inbound_examples;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "axum")]
mod router;
#[cfg(feature = "axum")]
mod router_tracing;
mod standard_webhooks;
mod verification;
mod verification_properties;

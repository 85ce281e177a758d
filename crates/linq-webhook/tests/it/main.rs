//! The tests of this crate, one module for each part of it.

mod dedupe;
mod inbound;
mod router;
mod router_tracing;
mod verification;
mod verification_properties;

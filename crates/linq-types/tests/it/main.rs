//! The tests of this crate, one module for each part of it.

mod properties;
mod types;
mod unknown_webhooks;
mod webhooks;

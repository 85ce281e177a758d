//! Ergonomics for the Linq Partner API V3.
//!
//! This is where handles and builders, pagination as streams, retries that never send twice and the
//! verification of webhooks will stand, written by hand on top of the generated crates. Nothing of it is there
//! yet: parse webhooks with `linq_types::WebhookEvent`, and call the API with `linq_client::Client`.
#![deny(missing_docs)]

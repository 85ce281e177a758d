//! Tests of what crosses the crates, from a user's chair.

mod allocations;
mod broken_deliveries;
mod document;
mod document_facts;
mod inbound;
mod no_type_twice;
mod operations;
mod properties;
mod redis;
mod standard_webhooks;
mod tree;
mod types;
mod unknown_webhooks;
mod webhooks;

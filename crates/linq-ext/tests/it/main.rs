//! The tests of this crate, one module for each part of it.

mod design;
mod faults;
mod files;
mod for_event;
mod handles;
mod http2;
mod messages;
mod pagination;
mod retries;
mod subscriptions;
mod tracing;
mod typing;

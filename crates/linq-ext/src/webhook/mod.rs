//! Webhooks: verification, one view of what came in, and deduplication, without an HTTP client.

#[cfg(feature = "client")]
mod subscription;

#[cfg(feature = "client")]
pub use subscription::{EnsureSubscription, Subscription, SubscriptionChange};

//! Webhooks: verification, one view of what came in, and deduplication, without an HTTP client.

#[cfg(feature = "client")]
mod subscription;

#[cfg(feature = "client")]
pub use subscription::{EnsureSubscription, Subscription, SubscriptionChange};
mod dedupe;
mod memory;
#[cfg(feature = "redis")]
mod redis;

#[cfg(feature = "redis")]
pub use self::redis::{RedisDeduper, RedisDeduperError};
pub use dedupe::{Claim, Deduper, EventKey, Ticket};
pub use memory::MemoryDeduper;

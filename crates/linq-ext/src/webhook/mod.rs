//! Webhooks: verification, one view of what came in, and deduplication, without an HTTP client.

mod dedupe;
mod inbound;
mod memory;
mod reaction;
#[cfg(feature = "redis")]
mod redis;

#[cfg(feature = "redis")]
pub use self::redis::{RedisDeduper, RedisDeduperError};
pub use dedupe::{Claim, Deduper, EventKey, Ticket};
pub use inbound::{Inbound, ReplyTarget};
pub use memory::MemoryDeduper;
pub use reaction::InboundReaction;

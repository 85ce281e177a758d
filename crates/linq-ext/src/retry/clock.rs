//! Clock and jitter, which tests replace.

use std::fmt;
use std::time::{Duration, SystemTime};

use linq_client::BoxFuture;

/// The clock and the jitter of retries.
///
/// Tests implement it to make pauses take no time; see [`LinqBuilder::clock`](crate::LinqBuilder::clock).
pub trait Clock: Send + Sync + 'static {
    /// Returns the time of day, which a `Retry-After` with a date is compared with.
    fn now(&self) -> SystemTime;

    /// Waits.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// Returns how much of the jitter is taken off a pause: from 0, nothing, to 1, all of it.
    fn jitter(&self) -> f64;
}

/// The clock of the system, and the timer of tokio.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn jitter(&self) -> f64 {
        // The low bits of a random UUID are random, and the crate depends on uuid anyway.
        let (_, low) = uuid::Uuid::new_v4().as_u64_pair();
        f64::from(low as u32) / f64::from(u32::MAX)
    }
}

impl fmt::Debug for SystemClock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SystemClock")
    }
}

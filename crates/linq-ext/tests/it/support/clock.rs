//! Time that does not pass: pauses are written down and take none.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use linq_ext::Clock;
use linq_ext::client::BoxFuture;

#[derive(Clone, Default)]
pub(crate) struct TestClock {
    pauses: Arc<Mutex<Vec<Duration>>>,
}

impl TestClock {
    /// The pauses so far.
    pub(crate) fn pauses(&self) -> Vec<Duration> {
        self.pauses.lock().expect("no panic").clone()
    }

    /// The pauses so far, in milliseconds.
    pub(crate) fn millis(&self) -> Vec<u128> {
        self.pauses().iter().map(Duration::as_millis).collect()
    }
}

impl Clock for TestClock {
    /// Sun, 06 Nov 1994 08:49:37 GMT.
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.pauses.lock().expect("no panic").push(duration);
        Box::pin(tokio::task::yield_now())
    }

    fn jitter(&self) -> f64 {
        0.0
    }
}

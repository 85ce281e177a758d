//! A clock that the test moves.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use linq_client::BoxFuture;
use linq_ext::Clock;
use tokio::sync::oneshot;

/// A clock on which time passes in pauses alone; they take none, or last until the test ends them.
#[derive(Clone, Debug, Default)]
pub struct TestClock {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    pauses: Vec<Duration>,
    /// Those who pause, if the test ends the pauses.
    sleepers: Option<VecDeque<(Duration, oneshot::Sender<()>)>>,
}

impl TestClock {
    /// Creates a clock whose pauses last until [`wake`](Self::wake).
    pub fn by_hand() -> Self {
        let clock = Self::default();
        clock.lock().sleepers = Some(VecDeque::new());
        clock
    }

    /// Returns the pauses so far.
    pub fn pauses(&self) -> Vec<Duration> {
        self.lock().pauses.clone()
    }

    /// Returns the pauses so far in milliseconds.
    pub fn millis(&self) -> Vec<u128> {
        self.pauses().iter().map(Duration::as_millis).collect()
    }

    /// Waits for a pause to begin, ends it, and returns how long it was meant to be.
    pub async fn wake(&self) -> Duration {
        loop {
            let first = self.lock().sleepers.as_mut().and_then(VecDeque::pop_front);
            if let Some((duration, sleeper)) = first {
                let _ = sleeper.send(());
                return duration;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Returns how many pause.
    pub fn sleepers(&self) -> usize {
        let mut state = self.lock();
        let Some(sleepers) = &mut state.sleepers else {
            return 0;
        };
        sleepers.retain(|(_, sleeper)| !sleeper.is_closed());
        sleepers.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with the lock")
    }
}

impl Clock for TestClock {
    /// Returns Sun, 06 Nov 1994 08:49:37 GMT and the pauses so far.
    fn now(&self) -> SystemTime {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        start + self.lock().pauses.iter().sum::<Duration>()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut state = self.lock();
        state.pauses.push(duration);
        let Some(sleepers) = &mut state.sleepers else {
            return Box::pin(tokio::task::yield_now());
        };
        let (sleeper, woken) = oneshot::channel();
        sleepers.push_back((duration, sleeper));
        Box::pin(async move {
            let _ = woken.await;
        })
    }

    fn jitter(&self) -> f64 {
        0.0
    }
}

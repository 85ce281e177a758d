//! The handlers that run: how many there may be, and waiting for their end.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use super::answer::Answer;

/// The handlers of a [`WebhookRouter`](super::WebhookRouter) that run; clones are of the same handlers.
#[derive(Clone)]
pub struct Tasks {
    state: Arc<watch::Sender<State>>,
}

#[derive(Clone, Copy, Default)]
struct State {
    running: usize,
    is_draining: bool,
}

impl Tasks {
    pub(super) fn new() -> Self {
        let (state, _) = watch::channel(State::default());
        Self {
            state: Arc::new(state),
        }
    }

    /// Counts one more, unless there are too many.
    pub(super) fn start(&self, limit: usize) -> Result<Running, Answer> {
        let mut refusal = None;
        self.state.send_if_modified(|state| {
            if state.is_draining {
                refusal = Some(Answer::Draining);
            } else if state.running >= limit {
                refusal = Some(Answer::Full);
            } else {
                state.running += 1;
            }
            // Only the end is waited for.
            false
        });
        match refusal {
            Some(answer) => Err(answer),
            None => Ok(Running(self.clone())),
        }
    }

    /// How many handlers run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.state.borrow().running
    }

    /// Has no other handler start, which answers deliveries with 503, and waits until none runs.
    ///
    /// Call it after axum has shut down gracefully. Handlers run on behind requests that were answered: because
    /// they were late, because the connection was closed, or by
    /// [`answer_first`](super::WebhookRouter::answer_first). To wait no longer than some time, put it into
    /// `tokio::time::timeout`; the events of handlers that end with the process are delivered again, unless they
    /// were answered first.
    pub async fn drain(&self) {
        let mut state = self.state.subscribe();
        self.state.send_modify(|state| state.is_draining = true);
        // It fails only without a sender, and `self` has one.
        let _ = state.wait_for(|state| state.running == 0).await;
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = *self.state.borrow();
        formatter
            .debug_struct("Tasks")
            .field("running", &state.running)
            .field("is_draining", &state.is_draining)
            .finish()
    }
}

/// One handler that runs, until it is dropped.
pub(super) struct Running(Tasks);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.state.send_modify(|state| state.running -= 1);
    }
}

//! The attempts at a transfer, retried by the same rules as calls of the API.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use linq_client::reqwest::{self, Response};
use tokio::time::Instant;

use crate::error::CallReport;
use crate::retry::backoff;
use crate::retry::clock::Clock;
use crate::retry::policy::{self, Class, Decision, Limits, Outcome, Signals};
use crate::{Error, Linq};

/// Longer than any transfer lasts.
pub(super) const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Returns a time from now on, which is far away if it cannot be expressed.
pub(super) fn after(duration: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(duration).unwrap_or(now + FOREVER)
}

/// An attempt that failed.
pub(super) struct Failure {
    error: Error,
    outcome: Outcome,
}

impl Failure {
    /// A failure that another attempt would repeat.
    pub(super) fn permanent(error: Error) -> Self {
        Self {
            error,
            outcome: Outcome::Refused,
        }
    }

    /// No response was received, or it broke off.
    pub(super) fn lost(error: Error) -> Self {
        Self {
            error,
            outcome: Outcome::Lost,
        }
    }

    pub(super) fn of_transport(what: &'static str, error: reqwest::Error) -> Self {
        let outcome = if error.is_builder() || error.is_redirect() {
            Outcome::Refused
        } else if error.is_connect() {
            Outcome::NotSent
        } else {
            Outcome::Lost
        };
        Self {
            error: Error::transfer(what, error),
            outcome,
        }
    }

    pub(super) fn of_status(what: &'static str, response: &Response, now: SystemTime) -> Self {
        Self {
            error: Error::transfer_status(what, response.status()),
            outcome: Outcome::Responded(Signals {
                status: response.status(),
                code: None,
                forbids: false,
                retry_after: backoff::retry_after(response.headers(), now),
            }),
        }
    }

    pub(super) fn into_error(self) -> Error {
        self.error
    }
}

/// Counts the attempts at a transfer, and pauses between them.
pub(super) struct Retrying {
    clock: Arc<dyn Clock>,
    limits: Limits,
    class: Class,
    /// No attempt but the first starts after it.
    deadline: Option<SystemTime>,
    made: u32,
}

impl Retrying {
    pub(super) fn new(linq: &Linq, class: Class, max_retries: Option<u32>) -> Self {
        let limits = linq.limits();
        Self {
            clock: Arc::clone(linq.clock()),
            limits: Limits {
                max_retries: max_retries.unwrap_or(limits.max_retries),
                ..limits
            },
            class,
            deadline: None,
            made: 0,
        }
    }

    /// Starts no attempt after this time but the first, so that the server decides.
    pub(super) fn until(mut self, deadline: SystemTime) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Waits until the next attempt, or returns the error if there is none.
    pub(super) async fn pause(&mut self, failure: Failure) -> Result<(), Error> {
        let Failure { error, outcome } = failure;
        self.made += 1;
        let error = error.with_report(CallReport {
            attempts: self.made,
            retry_after: outcome.retry_after(),
            // Uploading again creates another attachment.
            retryable: self.class == Class::Read && policy::may_repeat(outcome, self.class),
            idempotency_key: None,
        });
        let after = match policy::decide(self.made, outcome, self.class, self.limits) {
            Decision::Repeat { after } => after,
            Decision::Stop => return Err(error),
        };
        let pause = after
            .filter(|after| !after.is_zero())
            .unwrap_or_else(|| backoff::pause(self.made, self.clock.jitter()));
        if self.is_late(pause) {
            return Err(error);
        }
        self.clock.sleep(pause).await;
        match self.is_late(Duration::ZERO) {
            true => Err(error),
            false => Ok(()),
        }
    }

    fn is_late(&self, pause: Duration) -> bool {
        let start = self.clock.now().checked_add(pause);
        self.deadline
            .is_some_and(|deadline| start.is_none_or(|start| start >= deadline))
    }
}

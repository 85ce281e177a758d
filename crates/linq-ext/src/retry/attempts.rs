//! Sends a request as often as it takes.

use std::time::{Duration, Instant, SystemTime};

use linq_client::reqwest::header::HeaderName;
use linq_client::{Client, Operation, Request, Response, TransportError};

use super::backoff;
use super::clock::Clock;
use super::policy::{self, Class, Decision, Limits, Outcome, Signals};
use crate::ErrorCode;
use crate::error::CallReport;
use crate::trace::CallSpan;

static SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// How a request is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) class: Class,
    pub(crate) limits: Limits,
    /// How long an attempt may take.
    pub(crate) timeout: Duration,
    /// How long all attempts and pauses may take.
    pub(crate) deadline: Option<Duration>,
}

/// Sends a request until there is nothing to gain from another attempt.
pub(crate) async fn send(
    client: &Client,
    clock: &dyn Clock,
    operation: &'static Operation,
    mut request: Request,
    plan: Plan,
    span: &CallSpan,
) -> (Result<Response, TransportError>, CallReport) {
    let start = Instant::now();
    let (mut made, mut paused) = (0, Duration::ZERO);
    loop {
        // The clock of a test makes pauses that take no time.
        let left = plan
            .deadline
            .map(|deadline| deadline.saturating_sub(start.elapsed().max(paused)));
        if let Some(left) = left {
            let timeout = request.timeout().unwrap_or(plan.timeout);
            *request.timeout_mut() = Some(timeout.min(left));
        }
        made += 1;
        let result = client.execute(operation, request.clone()).await;
        let outcome = outcome_of(&result, clock.now());
        let report = || CallReport {
            attempts: made,
            retry_after: outcome.retry_after(),
            retryable: policy::may_repeat(outcome, plan.class),
            idempotency_key: None,
        };
        let Decision::Repeat { after } = policy::decide(made, outcome, plan.class, plan.limits)
        else {
            return (result, report());
        };
        let pause = after
            .filter(|after| !after.is_zero())
            .unwrap_or_else(|| backoff::pause(made, clock.jitter()));
        let waited = start.elapsed().max(paused).saturating_add(pause);
        if plan.deadline.is_some_and(|deadline| waited >= deadline) {
            return (result, report());
        }
        span.retry(made, pause);
        clock.sleep(pause).await;
        paused = paused.saturating_add(pause);
    }
}

/// What happened to an attempt.
fn outcome_of(result: &Result<Response, TransportError>, now: SystemTime) -> Outcome {
    let error = match result {
        Ok(response) => return Outcome::Responded(signals(response, now)),
        Err(error) => error,
    };
    match error.response() {
        Some(response) if response.status().is_success() && !error.is_unreadable() => {
            Outcome::BrokenOff
        }
        Some(response) => Outcome::Responded(signals(response, now)),
        None if error.is_hook() || error.is_request() => Outcome::Refused,
        None if error.is_connect() => Outcome::NotSent,
        None => Outcome::Lost,
    }
}

fn signals(response: &Response, now: SystemTime) -> Signals {
    let error = response.error();
    let should_retry = response.headers().get(&SHOULD_RETRY);
    Signals {
        status: response.status(),
        code: error.and_then(|error| error.code()).map(ErrorCode::from),
        forbids: should_retry.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"false")),
        retry_after: error.and_then(|_| response.retry_after(now)),
    }
}

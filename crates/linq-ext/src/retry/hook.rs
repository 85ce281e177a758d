//! The hook that repeats requests.

use std::error::Error as _;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use linq_client::bytes::Bytes;
use linq_client::reqwest::header::HeaderName;
use linq_client::reqwest::{Body, Method, Request, Response, StatusCode};
use linq_client::{BoxFuture, Hook, Next, Operation, TransportError, reqwest};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::clock::Clock;
use super::policy::{Answer, Attempts, Class, Decision, Limits, Outcome};
use super::{backoff, key, policy};
use crate::ErrorCode;
use crate::call::CallState;
use crate::error::CallReport;
use crate::trace::CallSpan;

/// How much of an error's body is read.
const ERROR_BODY_LIMIT: usize = 64 * 1024;

static SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// Repeats requests that can be repeated, and puts idempotency keys into those that want one.
pub(crate) struct Retries {
    limits: Limits,
    clock: Arc<dyn Clock>,
}

impl Hook for Retries {
    fn call<'a>(
        &'a self,
        request: Request,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            let span = CallSpan::new(next.operation());
            let mut report = CallReport::default();
            let result = {
                // It is large, and pinned it does not move again.
                let run = pin!(self.run(request, next, &span, &mut report));
                span.cover(run).await
            };
            span.end(&result, report.attempts);
            if let Some(state) = next.extension::<CallState>() {
                state.set_report(report);
            }
            result
        })
    }
}

impl Retries {
    pub(crate) fn new(limits: Limits, clock: Arc<dyn Clock>) -> Self {
        Self { limits, clock }
    }

    async fn run(
        &self,
        mut request: Request,
        next: Next<'_>,
        span: &CallSpan,
        report: &mut CallReport,
    ) -> Result<Response, TransportError> {
        let operation = next.operation();
        let wishes = next.extension::<CallState>().map(|state| &state.wishes);
        report.idempotency_key =
            key::settle(&mut request, operation.repeat(), wishes).map_err(TransportError::other)?;
        let class = Class::of(operation.repeat(), report.idempotency_key.is_some());
        let limits = Limits {
            max_retries: wishes
                .and_then(|wishes| wishes.max_retries)
                .unwrap_or(self.limits.max_retries),
            ..self.limits
        };
        let is_delete = *operation.method() == Method::DELETE;
        let mut may_have_arrived = false;
        loop {
            let can_repeat = report.attempts < limits.max_retries;
            let again = can_repeat.then(|| request.try_clone()).flatten();
            report.attempts += 1;
            let reads_body = class == Class::Read && operation.accept().is_some();
            let result = next.run(request).await;
            let (result, outcome) = self.judge(result, reads_body && again.is_some()).await;
            report.retryable = policy::may_repeat(outcome, class);
            report.retry_after = match outcome {
                Outcome::Answered(answer) => answer.retry_after,
                _ => None,
            };
            let attempts = Attempts {
                made: report.attempts,
                may_have_arrived,
            };
            let after = match policy::decide(attempts, outcome, class, is_delete, limits) {
                Decision::Stop => return result,
                Decision::Done => return result.map(|answer| gone(operation, answer)),
                Decision::Repeat { after } => after,
            };
            let Some(again) = again else {
                return result;
            };
            drop(result);
            let jitter = self.clock.jitter();
            let pause = after
                .filter(|after| !after.is_zero())
                .unwrap_or_else(|| backoff::pause(report.attempts, jitter));
            span.retry(report.attempts, pause);
            self.clock.sleep(pause).await;
            may_have_arrived |= policy::may_have_arrived(outcome);
            request = again;
        }
    }

    /// Sorts the result of an attempt, and reads as much of its body as that takes.
    async fn judge(
        &self,
        result: Result<Response, TransportError>,
        reads_body: bool,
    ) -> (Result<Response, TransportError>, Outcome) {
        let response = match result {
            Ok(response) => response,
            Err(error) => {
                let outcome = outcome_of(&error);
                return (Err(error), outcome);
            }
        };
        let mut answer = Answer {
            status: response.status(),
            code: None,
            forbids: response
                .headers()
                .get(&SHOULD_RETRY)
                .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"false")),
            retry_after: None,
        };
        if answer.status.is_success() {
            if !reads_body || answer.forbids {
                return (Ok(response), Outcome::Answered(answer));
            }
            let (response, body, interruption) = buffered(response, usize::MAX).await;
            return match interruption {
                Some(error) => (Err(error), Outcome::BrokenOff),
                None if is_cut_off(&body) => (Ok(response), Outcome::BrokenOff),
                None => (Ok(response), Outcome::Answered(answer)),
            };
        }
        let (response, body, _) = buffered(response, ERROR_BODY_LIMIT).await;
        let detail = Detail::of(&body);
        answer.code = detail.code.map(ErrorCode::from);
        answer.retry_after =
            backoff::retry_after(response.headers(), self.clock.now()).or(detail.retry_after);
        (Ok(response), Outcome::Answered(answer))
    }
}

fn outcome_of(error: &TransportError) -> Outcome {
    let is_builder = error
        .source()
        .and_then(|source| source.downcast_ref::<reqwest::Error>())
        .is_some_and(reqwest::Error::is_builder);
    if error.is_hook() || is_builder {
        Outcome::Refused
    } else if error.is_connect() {
        Outcome::NotSent
    } else {
        Outcome::Lost
    }
}

/// An answer whose body is at hand: what came of it, up to a limit, and why it broke off.
async fn buffered(
    mut response: Response,
    limit: usize,
) -> (Response, Bytes, Option<TransportError>) {
    let mut body = Bytes::new();
    let mut interruption = None;
    let mut joined: Vec<u8> = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.is_empty() && joined.is_empty() => body = chunk,
            Ok(Some(chunk)) => {
                if joined.is_empty() {
                    joined.extend_from_slice(&std::mem::take(&mut body));
                }
                joined.extend_from_slice(&chunk);
            }
            Ok(None) => break,
            Err(error) => {
                interruption = Some(TransportError::from(error));
                break;
            }
        }
        if body.len().max(joined.len()) >= limit {
            break;
        }
    }
    if !joined.is_empty() {
        body = joined.into();
    }
    body.truncate(limit);
    let status = response.status();
    (rebuilt(response, status, body.clone()), body, interruption)
}

/// The same answer, with a body that is at hand.
fn rebuilt(mut response: Response, status: StatusCode, body: Bytes) -> Response {
    let mut parts = http::Response::new(Body::from(body));
    *parts.status_mut() = status;
    *parts.version_mut() = response.version();
    *parts.headers_mut() = std::mem::take(response.headers_mut());
    Response::from(parts)
}

/// The answer to a DELETE of what the first try has deleted already.
fn gone(operation: &Operation, response: Response) -> Response {
    let body = match operation.accept() {
        // What the answers of such operations require, as far as they require anything.
        Some(_) => r#"{"success":true,"message":"gone"}"#,
        None => "",
    };
    rebuilt(
        response,
        StatusCode::OK,
        Bytes::from_static(body.as_bytes()),
    )
}

/// True for JSON that ends too early.
///
/// Parsing it only to know takes as long as half of the decoding, so what looks whole is taken for it: where
/// brackets in texts make up for those that are missing, the decoding finds out, and the call is not repeated.
fn is_cut_off(body: &[u8]) -> bool {
    let looks_whole = matches!(body.trim_ascii_end(), [.., b'}' | b']']) && is_balanced(body);
    !looks_whole
        && matches!(serde_json::from_slice::<IgnoredAny>(body), Err(error) if error.is_eof())
}

/// True if as many brackets are closed as are opened, wherever they stand.
fn is_balanced(body: &[u8]) -> bool {
    // Sums of few bytes fit into a byte, which lets the compiler add many at a time.
    let depth_of = |bytes: &[u8]| -> i8 {
        let depths = bytes.iter().map(|byte| match byte {
            b'{' | b'[' => 1,
            b'}' | b']' => -1,
            _ => 0,
        });
        depths.sum()
    };
    let depths = body.chunks(96).map(|bytes| i64::from(depth_of(bytes)));
    depths.sum::<i64>() == 0
}

/// What an error body says about repeating.
#[derive(Default)]
struct Detail {
    code: Option<i64>,
    retry_after: Option<Duration>,
}

impl Detail {
    fn of(body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = &body["error"];
        let seconds = error["retry_after"].as_f64();
        Self {
            code: error["code"].as_i64(),
            retry_after: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_cut_off;

    const WHOLE: &str =
        r#"{"chats": [{"id": "a", "name": "}{"}, {"id": "\"[]", "name": null}], "n": 1}"#;

    #[test]
    fn json_that_ends_anywhere_before_its_end_is_cut_off() {
        for end in 0..WHOLE.len() {
            assert!(is_cut_off(&WHOLE.as_bytes()[..end]), "{}", &WHOLE[..end]);
        }
    }

    #[test]
    fn whole_json_is_not_cut_off_whatever_its_texts_are() {
        let long = format!(r#"{{"a": "{}"}}"#, "]".repeat(100_000));
        let texts = [
            WHOLE,
            "{}",
            "[]\r\n",
            " null ",
            "\"}\"",
            r#"{"a": ":]"}"#,
            r#"["{{{"]"#,
            &long,
        ];
        for text in texts {
            assert!(!is_cut_off(text.as_bytes()), "{text}");
        }
        // Nor is what is no JSON.
        assert!(!is_cut_off(b"<html>") && !is_cut_off(b"{}}"));
    }
}

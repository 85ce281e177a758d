//! The hook that repeats requests.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use linq_client::bytes::Bytes;
use linq_client::reqwest::header::HeaderName;
use linq_client::reqwest::{Body, Method, Request, Response, StatusCode};
use linq_client::{BoxFuture, Hook, Next, Operation, TransportError, read_body, reqwest};
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

/// Bodies up to this size are copied rather than shared, in bytes.
const COPIED_BODY: usize = 4 * 1024;

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
        let span = CallSpan::new(next.operation());
        let cover = span.clone();
        let run = self.run(request, next, span);
        if cover.is_seen() {
            Box::pin(cover.cover(run))
        } else {
            Box::pin(run)
        }
    }
}

impl Retries {
    pub(crate) fn new(limits: Limits, clock: Arc<dyn Clock>) -> Self {
        Self { limits, clock }
    }

    /// Settles the key, sends the request as often as it takes, and reports.
    ///
    /// The future keeps the request where it is and sends copies, since whatever it holds beside costs each call
    /// that waits.
    fn run<'a>(
        &'a self,
        mut request: Request,
        next: Next<'a>,
        span: CallSpan,
    ) -> impl Future<Output = Result<Response, TransportError>> + Send + 'a {
        let operation = next.operation();
        let state = next.extension::<CallState>();
        let wishes = state.map(|state| &state.wishes);
        let key = key::settle(&mut request, operation.repeat(), wishes);
        let max_retries = wishes.and_then(|wishes| wishes.max_retries);
        let limits = Limits {
            max_retries: max_retries.unwrap_or(self.limits.max_retries),
            ..self.limits
        };
        let mut request = Some(request);
        async move {
            let mut report = CallReport::default();
            let result = 'call: {
                report.idempotency_key = match key {
                    Ok(key) => key,
                    Err(refused) => break 'call Err(TransportError::other(refused)),
                };
                let class = Class::of(operation.repeat(), report.idempotency_key.is_some());
                let mut may_have_arrived = false;
                loop {
                    let can_repeat = report.attempts < limits.max_retries;
                    let kept = request.as_ref().filter(|_| can_repeat);
                    let copy = kept.and_then(copy_of);
                    let is_last = copy.is_none();
                    let Some(sent) = copy.or_else(|| request.take()) else {
                        break 'call Err(TransportError::other("the request is used up"));
                    };
                    report.attempts += 1;
                    let mut result = next.run(sent).await;
                    let mut outcome = first_sight(&result);
                    if let (Ok(response), Outcome::Answered(answer)) = (&mut result, outcome)
                        && is_read_here(answer, class, operation, is_last)
                    {
                        // On the heap: the answers to sends are not read here.
                        match Box::pin(self.read(response, answer)).await {
                            Ok(read) => outcome = read,
                            Err(error) => (result, outcome) = (Err(error), Outcome::BrokenOff),
                        }
                    }
                    report.retryable = policy::may_repeat(outcome, class);
                    report.retry_after = outcome.retry_after();
                    let attempts = Attempts {
                        made: report.attempts,
                        may_have_arrived,
                    };
                    let is_delete = *operation.method() == Method::DELETE;
                    let after = match policy::decide(attempts, outcome, class, is_delete, limits) {
                        Decision::Repeat { after } if !is_last => after,
                        decision => {
                            if let (Decision::Done, Ok(answer)) = (decision, &mut result) {
                                gone(operation, answer);
                            }
                            break 'call result;
                        }
                    };
                    drop(result);
                    let pause = after
                        .filter(|after| !after.is_zero())
                        .unwrap_or_else(|| backoff::pause(report.attempts, self.clock.jitter()));
                    span.retry(report.attempts, pause);
                    self.clock.sleep(pause).await;
                    may_have_arrived |= policy::may_have_arrived(outcome);
                }
            };
            span.end(&result, report.attempts);
            if let Some(state) = state {
                state.set_report(report);
            }
            result
        }
    }

    /// Reads the body of an answer, to learn what its head does not say.
    async fn read(
        &self,
        response: &mut Response,
        mut answer: Answer,
    ) -> Result<Outcome, TransportError> {
        if answer.status.is_success() {
            let (body, interruption) = buffer(response, usize::MAX).await;
            return match interruption {
                Some(error) => Err(error),
                None if is_cut_off(&body) => Ok(Outcome::BrokenOff),
                None => Ok(Outcome::Answered(answer)),
            };
        }
        let (body, _) = buffer(response, ERROR_BODY_LIMIT).await;
        let detail = Detail::of(&body);
        answer.code = detail.code.map(ErrorCode::from);
        answer.retry_after =
            backoff::retry_after(response.headers(), self.clock.now()).or(detail.retry_after);
        Ok(Outcome::Answered(answer))
    }
}

/// The same request once more, if its body is at hand.
///
/// `try_clone` makes a map for a timeout that is not there. The requests of the client have none of the extensions
/// that this leaves out, and short bodies are copied as fast as they are shared.
fn copy_of(request: &Request) -> Option<Request> {
    let mut copy = Request::new(request.method().clone(), request.url().clone());
    if let Some(body) = request.body() {
        match body.as_bytes()? {
            body if body.len() <= COPIED_BODY => *copy.body_mut() = Some(body.to_vec().into()),
            _ => return request.try_clone(),
        }
    }
    if let Some(timeout) = request.timeout() {
        *copy.timeout_mut() = Some(*timeout);
    }
    copy.headers_mut().clone_from(request.headers());
    *copy.version_mut() = request.version();
    Some(copy)
}

/// What became of an attempt, as far as no body tells more.
fn first_sight(result: &Result<Response, TransportError>) -> Outcome {
    match result {
        Err(error) => outcome_of(error),
        Ok(response) => Outcome::Answered(Answer {
            status: response.status(),
            code: None,
            forbids: response
                .headers()
                .get(&SHOULD_RETRY)
                .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"false")),
            retry_after: None,
        }),
    }
}

/// True if the body has to be read before the call can end: it tells why an answer is no success, and that of a
/// read may break off, so that it is read again.
fn is_read_here(answer: Answer, class: Class, operation: &Operation, is_last: bool) -> bool {
    let has_body = || class == Class::Read && operation.accept().is_some();
    !answer.status.is_success() || (!answer.forbids && !is_last && has_body())
}

fn outcome_of(error: &TransportError) -> Outcome {
    let is_builder = error
        .source()
        .and_then(|source| source.downcast_ref::<reqwest::Error>())
        .is_some_and(reqwest::Error::is_builder);
    if error.is_hook() || is_builder {
        Outcome::Refused
    } else if error.is_connect() || is_refused_stream(error) {
        Outcome::NotSent
    } else {
        Outcome::Lost
    }
}

/// True if an HTTP/2 server says that it has not looked at the request (RFC 9113, section 8.7).
///
/// A connection that goes away says so of some requests only, and the error does not tell of which.
fn is_refused_stream(error: &TransportError) -> bool {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            return error.is_remote()
                && error.is_reset()
                && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        }
        next = error.source();
    }
    false
}

/// Reads the body of an answer up to a limit, and leaves the answer with what was read as its body; gives that
/// and why it broke off.
async fn buffer(response: &mut Response, limit: usize) -> (Bytes, Option<TransportError>) {
    let (body, interruption) = read_body(response, limit).await;
    rebuild(response, response.status(), body.clone());
    (body, interruption)
}

/// Gives an answer another status and body.
fn rebuild(response: &mut Response, status: StatusCode, body: Bytes) {
    let mut parts = http::Response::new(Body::from(body));
    *parts.status_mut() = status;
    *parts.version_mut() = response.version();
    *parts.headers_mut() = std::mem::take(response.headers_mut());
    *response = Response::from(parts);
}

/// Makes an answer that of a DELETE of what the first try has deleted already.
fn gone(operation: &Operation, response: &mut Response) {
    let body = match operation.accept() {
        // What the answers of such operations require, as far as they require anything.
        Some(_) => r#"{"success":true,"message":"gone"}"#,
        None => "",
    };
    rebuild(
        response,
        StatusCode::OK,
        Bytes::from_static(body.as_bytes()),
    );
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

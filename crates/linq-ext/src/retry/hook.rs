//! The hook that repeats requests.

use std::borrow::Cow;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use linq_client::reqwest::header::HeaderName;
use linq_client::reqwest::{Body, Method, Response, StatusCode};
use linq_client::{BoxFuture, Hook, Next, Operation, Request, TransportError, read_body, reqwest};
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
    /// The future keeps the request where it is and sends copies. Whatever it holds beside costs each call that
    /// waits, so requests and answers are only passed on, and never borrowed, where it can be interrupted.
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
        let class = Class::of(operation.repeat(), matches!(key, Ok(Some(_))));
        let max_retries = wishes
            .and_then(|wishes| wishes.max_retries)
            .unwrap_or(self.limits.max_retries);
        let (refused, idempotency_key) = match key {
            Err(refused) => (Some(refused), None),
            Ok(Some(Cow::Owned(key))) => (None, Some(key)),
            // The call knows the one that it has placed itself.
            Ok(None | Some(Cow::Borrowed(_))) => (None, None),
        };
        let mut request = Some(request);
        async move {
            let mut attempts = 0;
            let (result, retryable, retry_after) = 'call: {
                if let Some(refused) = refused {
                    break 'call (Err(TransportError::other(refused)), false, None);
                }
                let mut may_have_arrived = false;
                loop {
                    let Some(attempt) = begin(next, &mut request, attempts < max_retries) else {
                        let error = TransportError::other("the request is used up");
                        break 'call (Err(error), false, None);
                    };
                    let is_last = request.is_none();
                    attempts += 1;
                    let pause = {
                        let reads =
                            !is_last && class == Class::Read && operation.accept().is_some();
                        let (result, outcome) = match attempt.await {
                            Ok(response) if response.status().is_success() && !reads => {
                                break 'call (Ok(response), false, None);
                            }
                            result => at_first_sight(result),
                        };
                        let (result, outcome) = match (result, outcome) {
                            (Ok(response), Outcome::Answered(answer)) if is_read_here(answer) => {
                                self.read_boxed(response, answer).await
                            }
                            seen => seen,
                        };
                        let made = Attempts {
                            made: attempts,
                            may_have_arrived,
                        };
                        let limits = Limits {
                            max_retries,
                            ..self.limits
                        };
                        let is_delete = *operation.method() == Method::DELETE;
                        let end = |result| {
                            let retryable = policy::may_repeat(outcome, class);
                            (result, retryable, outcome.retry_after())
                        };
                        match policy::decide(made, outcome, class, is_delete, limits) {
                            Decision::Repeat { after } if !is_last => {
                                may_have_arrived |= policy::may_have_arrived(outcome);
                                after.filter(|after| !after.is_zero())
                            }
                            Decision::Done => {
                                break 'call end(result.map(|answer| gone(operation, answer)));
                            }
                            _ => break 'call end(result),
                        }
                    };
                    let pause =
                        pause.unwrap_or_else(|| backoff::pause(attempts, self.clock.jitter()));
                    span.retry(attempts, pause);
                    self.clock.sleep(pause).await;
                }
            };
            span.end(&result, attempts);
            if let Some(state) = state {
                state.set_report(CallReport {
                    attempts,
                    retry_after,
                    retryable,
                    idempotency_key,
                });
            }
            result
        }
    }

    /// Reads an answer, which those to sends need not be.
    #[inline(never)]
    fn read_boxed(
        &self,
        response: Response,
        answer: Answer,
    ) -> BoxFuture<'_, (Result<Response, TransportError>, Outcome)> {
        Box::pin(self.read(response, answer))
    }

    /// Reads the body of an answer, to learn what its head does not say.
    async fn read(
        &self,
        mut response: Response,
        mut answer: Answer,
    ) -> (Result<Response, TransportError>, Outcome) {
        let is_success = answer.status.is_success();
        let limit = if is_success {
            usize::MAX
        } else {
            ERROR_BODY_LIMIT
        };
        let (body, interruption) = read_body(&mut response, limit).await;
        let outcome = if is_success {
            if let Some(error) = interruption {
                return (Err(error), Outcome::BrokenOff);
            }
            match is_cut_off(&body) {
                true => Outcome::BrokenOff,
                false => Outcome::Answered(answer),
            }
        } else {
            let detail = Detail::of(&body);
            answer.code = detail.code.map(ErrorCode::from);
            answer.retry_after =
                backoff::retry_after(response.headers(), self.clock.now()).or(detail.retry_after);
            Outcome::Answered(answer)
        };
        (Ok(with(response, answer.status, Body::from(body))), outcome)
    }
}

/// Sends the request, or a copy of it if it is to be kept.
#[inline(never)]
fn begin<'a>(
    next: Next<'a>,
    request: &mut Option<Request>,
    keeps: bool,
) -> Option<impl Future<Output = Result<Response, TransportError>> + Send + use<'a>> {
    let sent = if keeps {
        request.clone()
    } else {
        request.take()
    };
    sent.map(|sent| next.start(sent))
}

/// What became of an attempt, as far as no body tells more, beside the result itself.
#[inline(never)]
fn at_first_sight(
    result: Result<Response, TransportError>,
) -> (Result<Response, TransportError>, Outcome) {
    let outcome = match &result {
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
    };
    (result, outcome)
}

/// True if the body has to be read before the call can end: it tells why an answer is no success, and that of a
/// read may break off, so that it is read again.
fn is_read_here(answer: Answer) -> bool {
    !answer.status.is_success() || !answer.forbids
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

/// Makes an answer that of a DELETE of what the first try has deleted already.
fn gone(operation: &Operation, answer: Response) -> Response {
    let body = match operation.accept() {
        // What the answers of such operations require, as far as they require anything.
        Some(_) => r#"{"success":true,"message":"gone"}"#,
        None => "",
    };
    with(answer, StatusCode::OK, Body::from(body))
}

/// An answer with another status and body.
fn with(mut answer: Response, status: StatusCode, body: Body) -> Response {
    let mut changed = http::Response::new(body);
    *changed.status_mut() = status;
    *changed.version_mut() = answer.version();
    *changed.headers_mut() = std::mem::take(answer.headers_mut());
    changed.into()
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

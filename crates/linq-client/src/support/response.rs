//! A response, and what it says about itself.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

/// Longest trace id that is believed; a longer one is not an id, and would flood a log line.
const TRACE_ID_LIMIT: usize = 128;

/// Longest wait that is reported, so that it can be added to any clock: a year.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A response of the API: status, headers, the body as it was received, and what it was decoded to.
///
/// It derefs to the decoded value. [`Hook`](crate::Hook)s see responses that are not decoded yet, whose value
/// is the body.
#[derive(Clone)]
pub struct Response<T = Bytes> {
    value: T,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    attempts: u32,
    error: OnceLock<Box<ErrorDetail>>,
}

impl Response {
    /// Creates a response, for hooks that respond without the network.
    #[must_use]
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self {
            value: body.clone(),
            status,
            headers,
            body,
            attempts: 1,
            error: OnceLock::new(),
        }
    }
}

impl<T> Response<T> {
    /// Returns the decoded value.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Returns the decoded value alone.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }

    /// Returns the HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the body as it was received.
    ///
    /// It contains the members that the types of this release do not know.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns how many times the request was sent: 1, unless it was retried.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Sets [`attempts`](Self::attempts), for code that retries.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Returns the id that the API gave this call; quote it to Linq's support.
    ///
    /// It is the header `X-Trace-ID`, or else that of an error body, or else the header `X-Request-ID`.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.header_id("x-trace-id")
            .or_else(|| self.error()?.trace_id.as_deref())
            .or_else(|| self.header_id("x-request-id"))
    }

    /// Returns what the body of an error says; `None` for a success.
    ///
    /// The body is parsed the first time.
    #[must_use]
    pub fn error(&self) -> Option<&ErrorDetail> {
        if self.status.is_success() {
            return None;
        }
        let detail = || Box::new(ErrorDetail::parse(&self.body));
        Some(self.error.get_or_init(detail))
    }

    /// Returns how long the API asks to wait before the next request, at most a year.
    ///
    /// The headers say so, or else the body of an error. A date is compared with `now`.
    #[must_use]
    pub fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        retry_after(&self.headers, now).or_else(|| self.error()?.retry_after)
    }

    /// Replaces the value, and keeps the rest.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Response<U> {
        let Self {
            value,
            status,
            headers,
            body,
            attempts,
            error,
        } = self;
        Response {
            value: change(value),
            status,
            headers,
            body,
            attempts,
            error,
        }
    }

    fn header_id(&self, name: &str) -> Option<&str> {
        let text = self.headers.get(name)?.to_str().ok()?;
        is_trace_id(text).then_some(text)
    }
}

/// Trace ids are printed, so text that could break a line or hide something in it is not one.
fn is_trace_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= TRACE_ID_LIMIT
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:=".contains(&byte))
}

impl<T> Deref for Response<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Response<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

// Without headers, body and value, which are not for logs.
impl<T> fmt::Debug for Response<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Response")
            .field("status", &self.status.as_u16())
            .field("trace_id", &self.trace_id())
            .field("body", &self.body.len())
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// What the body of an error says, as far as it can be read.
#[derive(Clone, Default)]
pub struct ErrorDetail {
    code: Option<i64>,
    message: Option<String>,
    doc_url: Option<String>,
    trace_id: Option<String>,
    retry_after: Option<Duration>,
}

impl ErrorDetail {
    /// Reads a body leniently: proxies respond with other bodies than the API.
    fn parse(body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = &body["error"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let seconds = error["retry_after"].as_f64();
        Self {
            code: error["code"].as_i64(),
            message: text(&error["message"]),
            doc_url: text(&error["doc_url"]),
            trace_id: text(&body["trace_id"]).filter(|id| is_trace_id(id)),
            retry_after: seconds.and_then(wait),
        }
    }

    /// Returns Linq's own code for the error.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        self.code
    }

    /// Returns what went wrong, for a person to read; it may repeat content of the request.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Returns the address of Linq's page about the error.
    #[must_use]
    pub fn doc_url(&self) -> Option<&str> {
        self.doc_url.as_deref()
    }
}

// Without the message, which may repeat content of the request.
impl fmt::Debug for ErrorDetail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ErrorDetail")
            .field("code", &self.code)
            .field("trace_id", &self.trace_id)
            .field("retry_after", &self.retry_after)
            .finish_non_exhaustive()
    }
}

/// Returns how long headers ask to wait, at most a year: `retry-after-ms`, or else `retry-after` in seconds or
/// as a date, which is compared with `now`.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = text("retry-after-ms").and_then(number);
    if let Some(milliseconds) = milliseconds {
        return wait(milliseconds / 1000.0);
    }
    let text = text(RETRY_AFTER.as_str())?;
    if let Some(seconds) = number(text) {
        return wait(seconds);
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(
        date.duration_since(now)
            .unwrap_or_default()
            .min(LONGEST_WAIT),
    )
}

/// A number that is not negative.
fn number(text: &str) -> Option<f64> {
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| is_number)
}

fn wait(seconds: f64) -> Option<Duration> {
    let is_number = seconds >= 0.0;
    let longest = LONGEST_WAIT.as_secs_f64();
    is_number.then(|| Duration::from_secs_f64(seconds.min(longest)))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, SystemTime};

    use reqwest::StatusCode;
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::{LONGEST_WAIT, Response, retry_after};

    type Pairs = &'static [(&'static str, &'static str)];

    fn headers(pairs: Pairs) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_trace_id_is_in_the_header_or_the_error_body_or_added_by_a_proxy() {
        let body = r#"{"trace_id":"body","error":{"code":2001}}"#;
        let odd = r#"{"trace_id":"a\nb","error":{"code":"text"}}"#;
        let table: &[(Pairs, &str, Option<&str>, Option<i64>)] = &[
            (&[("x-trace-id", "trace")], body, Some("trace"), Some(2001)),
            (&[("x-request-id", "proxy")], body, Some("body"), Some(2001)),
            (&[("x-request-id", "proxy")], "<html>", Some("proxy"), None),
            (&[("x-request-id", "proxy")], odd, Some("proxy"), None),
            (&[("x-trace-id", "two words")], odd, None, None),
            (&[("x-trace-id", "a_b.c:d=")], "", Some("a_b.c:d="), None),
        ];
        for (pairs, body, trace_id, code) in table {
            let response = Response::new(StatusCode::NOT_FOUND, headers(pairs), *body);
            assert_eq!(response.trace_id(), *trace_id, "{pairs:?} {body}");
            let error = response.error().expect("404 is an error");
            assert_eq!(error.code(), *code, "{pairs:?} {body}");
        }
        // The members of a success are its own.
        assert_eq!(
            Response::new(StatusCode::OK, HeaderMap::new(), body).trace_id(),
            None
        );
        assert_eq!(
            Response::new(StatusCode::OK, headers(&[("x-request-id", "proxy")]), "").trace_id(),
            Some("proxy")
        );
    }

    #[test]
    fn the_server_asks_to_wait_in_three_ways() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date");
        let millis = |millis| Some(Duration::from_millis(millis));
        let table: &[(Pairs, Option<Duration>)] = &[
            (&[], None),
            (&[("retry-after", "7")], millis(7_000)),
            (&[("retry-after", " 1.5 ")], millis(1_500)),
            (&[("retry-after", "0")], millis(0)),
            (&[("retry-after", "-7")], None),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "")], None),
            (&[("retry-after", "inf")], None),
            (&[("retry-after", "NaN")], None),
            (
                &[("retry-after", "18446744073709551615")],
                Some(LONGEST_WAIT),
            ),
            (
                &[("retry-after-ms", "99999999999999999999999999")],
                Some(LONGEST_WAIT),
            ),
            (
                &[("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")],
                Some(LONGEST_WAIT),
            ),
            (
                &[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")],
                millis(10_000),
            ),
            (
                &[("retry-after", "Sunday, 06-Nov-94 08:49:47 GMT")],
                millis(10_000),
            ),
            (
                &[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")],
                millis(0),
            ),
            (&[("retry-after-ms", "250")], millis(250)),
            (
                &[("retry-after-ms", "250"), ("retry-after", "9")],
                millis(250),
            ),
            (
                &[("retry-after-ms", "soon"), ("retry-after", "9")],
                millis(9_000),
            ),
        ];
        for (pairs, expected) in table {
            assert_eq!(retry_after(&headers(pairs), now), *expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_wait_can_be_added_to_any_clock() {
        let bodies = [
            r#"{"error":{"retry_after":1e300}}"#,
            r#"{"error":{"retry_after":18446744073709551615}}"#,
        ];
        for body in bodies {
            let status = StatusCode::TOO_MANY_REQUESTS;
            let response = Response::new(status, HeaderMap::new(), body);
            let wait = response.retry_after(SystemTime::now()).expect("a wait");
            assert_eq!(wait, LONGEST_WAIT);
            assert!(Instant::now().checked_add(wait).is_some());
            assert!(SystemTime::now().checked_add(wait).is_some());
        }
        let negative = r#"{"error":{"retry_after":-1}}"#;
        let status = StatusCode::TOO_MANY_REQUESTS;
        let response = Response::new(status, HeaderMap::new(), negative);
        assert_eq!(response.retry_after(SystemTime::now()), None);
    }
}

//! What an answer says about itself, read without its type.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// Longest trace id believed; a longer one is not an id, and would flood a log line.
const TRACE_ID_LIMIT: usize = 128;

/// Trace id and error code of an answer.
#[derive(Default)]
pub(crate) struct Detail {
    pub(crate) trace_id: Option<String>,
    pub(crate) code: Option<i64>,
}

/// Reads the trace id from the body or else the headers, and the code from the body.
pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Detail {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let trace_id = body
        .get("trace_id")
        .and_then(Value::as_str)
        .filter(|id| is_trace_id(id));
    Detail {
        trace_id: trace_id.or_else(|| trace_id_of(headers)).map(str::to_owned),
        code: body
            .get("error")
            .and_then(|error| error.get("code"))
            .and_then(Value::as_i64),
    }
}

/// The trace id that the headers carry.
pub(crate) fn trace_id_of(headers: &HeaderMap) -> Option<&str> {
    ["x-trace-id", "x-request-id"]
        .into_iter()
        .filter_map(|name| headers.get(name)?.to_str().ok())
        .find(|id| is_trace_id(id))
}

/// Trace ids are printed, so whatever could break a line or hide text in it is not one.
fn is_trace_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= TRACE_ID_LIMIT
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:=".contains(&byte))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::read;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn the_body_comes_before_the_headers() {
        let headers = headers(&[("x-request-id", "request"), ("x-trace-id", "trace")]);
        let detail = read(&headers, br#"{"trace_id":"body","error":{"code":2001}}"#);
        assert_eq!(
            (detail.trace_id.as_deref(), detail.code),
            (Some("body"), Some(2001))
        );
        assert_eq!(read(&headers, b"<html>").trace_id.as_deref(), Some("trace"));
    }

    #[test]
    fn what_is_not_an_id_is_passed_over() {
        let headers = headers(&[("x-trace-id", "two words"), ("x-request-id", "request")]);
        let detail = read(&headers, br#"{"trace_id":"a\nb","error":{"code":"text"}}"#);
        assert_eq!(
            (detail.trace_id.as_deref(), detail.code),
            (Some("request"), None)
        );
    }
}

//! How parameters are written into a URL or a header.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;

/// Everything but the unreserved characters of RFC 3986, which never have a special meaning.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How a list is written into a query.
#[allow(
    dead_code,
    reason = "which styles the generated code uses depends on the API document"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListStyle {
    /// One pair, its items joined by commas: `to=a,b`.
    Joined,
    /// One pair per item: `to=a&to=b`.
    Repeated,
    /// One pair, its items joined by spaces: `to=a%20b`.
    Spaces,
    /// One pair, its items joined by pipes: `to=a%7Cb`.
    Pipes,
}

impl ListStyle {
    /// What stands between the items of one pair; `None` where each has its own.
    pub(crate) fn separator(self) -> Option<&'static str> {
        match self {
            // A bare comma, so that one inside an item can be told from it.
            Self::Joined => Some(","),
            Self::Spaces => Some("%20"),
            Self::Pipes => Some("%7C"),
            Self::Repeated => None,
        }
    }
}

/// A value that is neither text nor a number nor a boolean, or cannot be serialized at all.
#[derive(Debug)]
pub(crate) struct NotScalar;

/// The text of a scalar, `None` for null.
///
/// Going through serde makes the text the same as in a JSON body, for every type of the API.
pub(crate) fn text<T: Serialize>(value: &T) -> Result<Option<String>, NotScalar> {
    match serde_json::to_value(value).map_err(|_| NotScalar)? {
        Value::Null => Ok(None),
        Value::Bool(value) => Ok(Some(value.to_string())),
        Value::Number(value) => Ok(Some(value.to_string())),
        Value::String(value) => Ok(Some(value)),
        Value::Array(_) | Value::Object(_) => Err(NotScalar),
    }
}

/// Percent-encodes text so that it is data in any part of a URL.
pub(crate) fn percent(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, RESERVED).into()
}

/// Adds a pair to a query; `value` is encoded already.
pub(crate) fn push_pair(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.extend(utf8_percent_encode(name, RESERVED));
    query.push('=');
    query.push_str(value);
}

/// True for one or two dots, percent-encoded or not: a segment that is removed when a URL is parsed.
fn is_dots(segment: &str) -> bool {
    let after_dot = |text| {
        let mut dots = [".", "%2e", "%2E"].into_iter();
        dots.find_map(|dot| str::strip_prefix(text, dot))
    };
    after_dot(segment).is_some_and(|rest| rest.is_empty() || after_dot(rest) == Some(""))
}

/// True for a path that stays one, and the same one, when it is put into a URL.
pub(crate) fn is_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['?', '#', '\\', '{', '}'])
        && path.bytes().all(|byte| byte.is_ascii_graphic())
        && !path.split('/').any(is_dots)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{is_path, percent, push_pair, text};

    #[test]
    fn scalars_are_written_as_in_json_but_without_quotes() {
        let uuid = uuid::Uuid::from_u128(7);
        let time = chrono::DateTime::from_timestamp(0, 0).expect("the epoch is a time");
        assert_eq!(
            text(&uuid).expect("text").as_deref(),
            Some("00000000-0000-0000-0000-000000000007")
        );
        assert_eq!(
            text(&time).expect("text").as_deref(),
            Some("1970-01-01T00:00:00Z")
        );
        assert_eq!(text(&-5).expect("text").as_deref(), Some("-5"));
        assert_eq!(text(&true).expect("text").as_deref(), Some("true"));
        assert_eq!(text(&"a \"b\"").expect("text").as_deref(), Some("a \"b\""));
        assert_eq!(text(&()).expect("null"), None);
        assert!(text(&json!({ "a": 1 })).is_err());
        assert!(text(&[1]).is_err());
    }

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(percent("aZ09-._~"), "aZ09-._~");
        assert_eq!(percent("a/b?c#d%2e é+"), "a%2Fb%3Fc%23d%252e%20%C3%A9%2B");
    }

    #[test]
    fn paths_are_told_from_what_would_change_in_a_url() {
        for path in ["/", "/v3/chats", "/v3/a%2Fb/.well-known", "/v3/a..b/..."] {
            assert!(is_path(path), "{path}");
        }
        let others = [
            "",
            "v3/chats",
            "/v3?a=b",
            "/v3#a",
            "/v3/../chats",
            "/v3/.",
            "/%2e%2E/a",
            "/a b",
            "/\u{e9}",
            "/{id}",
            "/a\\..\\b",
            "/a\nb",
            "http://example.com/",
            "//example.com/",
        ];
        for path in others {
            assert!(!is_path(path), "{path}");
        }
    }

    #[test]
    fn pairs_are_joined() {
        let mut query = String::new();
        push_pair(&mut query, "a b", "1");
        push_pair(&mut query, "c", "2,3");
        assert_eq!(query, "a%20b=1&c=2,3");
    }
}

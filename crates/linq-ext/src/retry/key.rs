//! Idempotency keys: where a request carries its key, and putting one in.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use linq_client::Repeat;
use linq_client::reqwest::Request;
use linq_client::reqwest::header::HeaderValue;
use serde_json::value::RawValue;

use crate::call::CallWishes;

/// A new key; UUIDs are among what the API has always taken.
pub(crate) fn new_key() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// A key that was asked for and cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyRefused {
    /// The operation takes none.
    NoPlace,
    /// The body does not have the place, or the header cannot hold it.
    NotPlaced,
}

impl KeyRefused {
    pub(crate) fn problem(self) -> &'static str {
        match self {
            Self::NoPlace => "the operation takes no idempotency key",
            Self::NotPlaced => "the request has no place for the idempotency key",
        }
    }
}

impl fmt::Display for KeyRefused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.problem())
    }
}

impl std::error::Error for KeyRefused {}

/// Finds the key that a request carries, after putting in the one that its call wants.
///
/// A call without wishes was made with the generated client alone, and is left as it is.
pub(crate) fn settle(
    request: &mut Request,
    repeat: Repeat,
    wishes: Option<&CallWishes>,
) -> Result<Option<String>, KeyRefused> {
    let wanted = wishes.and_then(|wishes| wishes.idempotency_key.as_deref());
    let Repeat::Keyed { header, body, .. } = repeat else {
        return match repeat {
            Repeat::Read | Repeat::Idempotent => Ok(None),
            _ if wanted.is_some() => Err(KeyRefused::NoPlace),
            _ => Ok(None),
        };
    };
    let places = Places { header, body };
    if let Some(key) = wanted {
        return match places.put(request, key) {
            Some(()) => Ok(Some(key.to_owned())),
            None => Err(KeyRefused::NotPlaced),
        };
    }
    let carried = places.carried(request);
    if carried.is_some() || wishes.is_none_or(|wishes| wishes.adds_no_key) {
        return Ok(carried);
    }
    let key = new_key();
    // Without the place the API refuses the request, and says why better than this could.
    Ok(places.put(request, &key).map(|()| key))
}

/// Where an operation takes its key.
#[derive(Clone, Copy)]
struct Places {
    header: Option<&'static str>,
    body: Option<&'static str>,
}

impl Places {
    fn carried(self, request: &Request) -> Option<String> {
        let in_header = || {
            let value = request.headers().get(self.header?)?.to_str().ok()?;
            Some(value.to_owned()).filter(|key| !key.is_empty())
        };
        in_header().or_else(|| in_body(body_of(request)?, self.body?))
    }

    /// Puts a key into the header, or else the body; into both if the body has another one.
    fn put(self, request: &mut Request, key: &str) -> Option<()> {
        let body = self.body.filter(|pointer| {
            self.header.is_none()
                || body_of(request).is_some_and(|body| in_body(body, pointer).is_some())
        });
        if let Some(pointer) = body {
            let changed = with_key(body_of(request)?, pointer, key)?;
            *request.body_mut() = Some(changed.into());
        }
        if let Some(name) = self.header {
            let value = HeaderValue::from_str(key).ok()?;
            request.headers_mut().insert(name, value);
        }
        (self.header.is_some() || body.is_some()).then_some(())
    }
}

fn body_of(request: &Request) -> Option<&str> {
    std::str::from_utf8(request.body()?.as_bytes()?).ok()
}

/// The key at a place in a JSON body, if one is there.
fn in_body(body: &str, pointer: &str) -> Option<String> {
    match find(body, pointer)? {
        Place::Taken(range) => serde_json::from_str::<String>(&body[range])
            .ok()
            .filter(|key| !key.is_empty()),
        Place::Free { .. } => None,
    }
}

/// The body with a key at a place; the rest stays as it is, byte for byte.
fn with_key(body: &str, pointer: &str, key: &str) -> Option<Vec<u8>> {
    let key = serde_json::to_string(key).ok()?;
    let (range, text) = match find(body, pointer)? {
        Place::Taken(range) => (range, key),
        Place::Free { at, name, is_empty } => {
            let name = serde_json::to_string(&name).ok()?;
            let comma = if is_empty { "" } else { "," };
            (at..at, format!("{name}:{key}{comma}"))
        }
    };
    Some(
        [&body[..range.start], &text, &body[range.end..]]
            .concat()
            .into_bytes(),
    )
}

/// A place in a JSON text.
enum Place {
    /// Where the value stands.
    Taken(Range<usize>),
    /// Where the first member of the object would stand.
    Free {
        at: usize,
        name: String,
        is_empty: bool,
    },
}

/// Finds the member that a JSON pointer names; every object on the way has to be there.
fn find(body: &str, pointer: &str) -> Option<Place> {
    let (parents, name) = pointer.rsplit_once('/')?;
    let mut object = body.trim();
    for parent in parents.split('/').skip(1) {
        object = members(object)?.get(&unescaped(parent))?.get();
    }
    let (members, name) = (members(object)?, unescaped(name));
    let start = offset(body, object)?;
    Some(match members.get(&name) {
        Some(value) => {
            let start = offset(body, value.get())?;
            Place::Taken(start..start + value.get().len())
        }
        None => Place::Free {
            at: start + 1,
            name,
            is_empty: members.is_empty(),
        },
    })
}

fn members(object: &str) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(object).ok()
}

/// Where a part begins that was borrowed from a text.
fn offset(text: &str, part: &str) -> Option<usize> {
    (part.as_ptr() as usize)
        .checked_sub(text.as_ptr() as usize)
        .filter(|start| start + part.len() <= text.len())
}

/// A token of a JSON pointer, as it stands in the JSON.
fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use linq_client::Repeat;
    use linq_client::reqwest::{Method, Request};

    use super::{KeyRefused, in_body, new_key, settle, with_key};
    use crate::call::CallWishes;

    const POINTER: &str = "/message/idempotency_key";
    const HEADER: &str = "Idempotency-Key";

    fn request(body: &str) -> Request {
        let url = "http://example.com".parse().expect("a URL");
        let mut request = Request::new(Method::POST, url);
        *request.body_mut() = Some(body.to_owned().into());
        request
    }

    fn wishes(key: Option<&str>) -> CallWishes {
        CallWishes {
            idempotency_key: key.map(str::to_owned),
            ..CallWishes::default()
        }
    }

    fn body(request: &Request) -> &str {
        super::body_of(request).expect("text")
    }

    #[test]
    fn keys_differ_and_are_safe_everywhere() {
        let (one, two) = (new_key(), new_key());
        assert_ne!(one, two);
        assert_eq!(one.len(), 36);
        assert!(
            one.bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        );
    }

    #[test]
    fn keys_are_found_where_the_pointer_says() {
        let bodies = [
            (r#"{"message":{"idempotency_key":"k"}}"#, Some("k")),
            (
                r#" { "message" : { "parts": [], "idempotency_key" : "k\u0041" } } "#,
                Some("kA"),
            ),
            (r#"{"message":{"idempotency_key":""}}"#, None),
            (r#"{"message":{"idempotency_key":null}}"#, None),
            (r#"{"message":{"idempotency_key":7}}"#, None),
            (r#"{"message":{"parts":[{"idempotency_key":"k"}]}}"#, None),
            (r#"{"idempotency_key":"k","message":{}}"#, None),
            (r#"{"message":[]}"#, None),
            (r#"{"message":{"idempotency_key":"k"}"#, None),
            ("", None),
            ("[]", None),
        ];
        for (body, key) in bodies {
            assert_eq!(in_body(body, POINTER).as_deref(), key, "{body}");
        }
        assert_eq!(
            in_body(r#"{"a/b":{"~":"k"}}"#, "/a~1b/~0").as_deref(),
            Some("k")
        );
        assert_eq!(in_body(r#"{"k":"v"}"#, "/k").as_deref(), Some("v"));
    }

    #[test]
    fn a_key_goes_in_and_nothing_else_changes() {
        let bodies = [
            (
                r#"{"message":{}}"#,
                r#"{"message":{"idempotency_key":"k"}}"#,
            ),
            (
                r#" {"to":[1.10], "message": { "b":1e400,"a":"\u00e9" }}"#,
                r#" {"to":[1.10], "message": {"idempotency_key":"k", "b":1e400,"a":"\u00e9" }}"#,
            ),
            (
                r#"{"message":{"a":1,"idempotency_key":null}}"#,
                r#"{"message":{"a":1,"idempotency_key":"k"}}"#,
            ),
            (
                r#"{"message":{"idempotency_key":"x"},"z":0}"#,
                r#"{"message":{"idempotency_key":"k"},"z":0}"#,
            ),
        ];
        for (before, after) in bodies {
            let changed = with_key(before, POINTER, "k").expect("there is a place");
            assert_eq!(String::from_utf8(changed).expect("text"), after);
        }
        for body in [
            r#"{"massage":{}}"#,
            r#"{"message":null}"#,
            r#"{"message":[]}"#,
            "",
            "{",
        ] {
            assert!(with_key(body, POINTER, "k").is_none(), "{body}");
        }
        let quoted = with_key(r#"{"message":{}}"#, POINTER, "a\"b").expect("there is a place");
        assert_eq!(
            in_body(std::str::from_utf8(&quoted).expect("text"), POINTER).as_deref(),
            Some("a\"b")
        );
    }

    #[test]
    fn a_send_gets_a_key_once() {
        let keyed = Repeat::keyed(None, Some(POINTER));
        let mut request = request(r#"{"message":{}}"#);
        let first = settle(&mut request, keyed, Some(&wishes(None))).expect("no refusal");
        let second = settle(&mut request, keyed, Some(&wishes(None))).expect("no refusal");
        assert!(first.is_some());
        assert_eq!(first, second);
        assert_eq!(in_body(body(&request), POINTER), first);
    }

    #[test]
    fn the_header_comes_first_where_there_is_one() {
        let keyed = Repeat::keyed(Some(HEADER), Some(POINTER));
        let mut request = request(r#"{"message":{}}"#);
        let key = settle(&mut request, keyed, Some(&wishes(None))).expect("no refusal");
        assert_eq!(request.headers()[HEADER].to_str().ok(), key.as_deref());
        assert_eq!(body(&request), r#"{"message":{}}"#);
    }

    #[test]
    fn the_key_of_the_caller_wins_everywhere() {
        let keyed = Repeat::keyed(Some(HEADER), Some(POINTER));
        let mut request = request(r#"{"message":{"idempotency_key":"old"}}"#);
        let found = settle(&mut request, keyed, Some(&wishes(None))).expect("no refusal");
        assert_eq!(found.as_deref(), Some("old"));
        assert!(!request.headers().contains_key(HEADER));
        let found = settle(&mut request, keyed, Some(&wishes(Some("own")))).expect("no refusal");
        assert_eq!(found.as_deref(), Some("own"));
        assert_eq!(request.headers()[HEADER], "own");
        assert_eq!(body(&request), r#"{"message":{"idempotency_key":"own"}}"#);
    }

    #[test]
    fn the_generated_client_alone_adds_no_key() {
        let keyed = Repeat::keyed(Some(HEADER), Some(POINTER));
        let mut request = request(r#"{"message":{}}"#);
        assert_eq!(settle(&mut request, keyed, None), Ok(None));
        let none = CallWishes {
            adds_no_key: true,
            ..CallWishes::default()
        };
        assert_eq!(settle(&mut request, keyed, Some(&none)), Ok(None));
        assert!(!request.headers().contains_key(HEADER));
        assert_eq!(body(&request), r#"{"message":{}}"#);
    }

    #[test]
    fn a_key_that_would_protect_from_nothing_is_refused() {
        let own = wishes(Some("own"));
        let settle = |repeat, body| settle(&mut request(body), repeat, Some(&own));
        assert_eq!(settle(Repeat::Once, "{}"), Err(KeyRefused::NoPlace));
        assert_eq!(settle(Repeat::Read, ""), Ok(None));
        assert_eq!(settle(Repeat::Idempotent, ""), Ok(None));
        assert_eq!(
            settle(Repeat::keyed(None, Some(POINTER)), "{}"),
            Err(KeyRefused::NotPlaced)
        );
    }
}

//! Idempotency keys: where a request carries its key, and putting one in.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use linq_client::reqwest::header::HeaderValue;
use linq_client::{Repeat, Request};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
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

/// Finds the key that a request carries, after putting in the one that its call wants; it is borrowed if the call
/// has placed it itself.
///
/// A call without wishes was made with the generated client alone, and is left as it is.
pub(crate) fn settle<'w>(
    request: &mut Request,
    repeat: Repeat,
    wishes: Option<&'w CallWishes>,
) -> Result<Option<Cow<'w, str>>, KeyRefused> {
    let wanted = wishes.and_then(|wishes| wishes.idempotency_key.as_deref());
    let Repeat::Keyed { header, body, .. } = repeat else {
        return match repeat {
            Repeat::Read | Repeat::Idempotent => Ok(None),
            _ if wanted.is_some() => Err(KeyRefused::NoPlace),
            _ => Ok(None),
        };
    };
    if let Some(key) = wishes.and_then(|wishes| wishes.placed_key.as_deref()) {
        return Ok(Some(Cow::Borrowed(key)));
    }
    let place = body.and_then(|pointer| find(body_of(request)?, pointer));
    if let Some(key) = wanted {
        return match put(request, header, place, key) {
            Some(()) => Ok(Some(Cow::Owned(key.to_owned()))),
            None => Err(KeyRefused::NotPlaced),
        };
    }
    let carried =
        in_header(request, header).or_else(|| in_body(body_of(request)?, place.as_ref()?));
    if carried.is_some() || wishes.is_none_or(|wishes| wishes.adds_no_key) {
        return Ok(carried.map(Cow::Owned));
    }
    let key = new_key();
    // Without the place the API refuses the request, and says why better than this could.
    Ok(put(request, header, place, &key).map(|()| Cow::Owned(key)))
}

/// Puts a key into the header, or else the body; into both if the body has another one.
fn put(
    request: &mut Request,
    header: Option<&'static str>,
    place: Option<Place>,
    key: &str,
) -> Option<()> {
    let place = place.filter(|place| {
        header.is_none() || body_of(request).is_some_and(|body| in_body(body, place).is_some())
    });
    let is_in_body = place.is_some();
    if let Some(place) = place {
        let changed = with_key(body_of(request)?, place, key)?;
        *request.body_mut() = Some(changed.into());
    }
    if let Some(name) = header {
        let value = HeaderValue::from_str(key).ok()?;
        request.headers_mut().insert(name, value);
    }
    (header.is_some() || is_in_body).then_some(())
}

fn body_of(request: &Request) -> Option<&str> {
    std::str::from_utf8(request.body()?).ok()
}

fn in_header(request: &Request, name: Option<&'static str>) -> Option<String> {
    let value = request.headers().get(name?)?.to_str().ok()?;
    Some(value.to_owned()).filter(|key| !key.is_empty())
}

/// The key at a place in a JSON body, if one is there.
fn in_body(body: &str, place: &Place) -> Option<String> {
    match place {
        Place::Taken(range) => serde_json::from_str::<String>(&body[range.clone()])
            .ok()
            .filter(|key| !key.is_empty()),
        Place::Free { .. } => None,
    }
}

/// The body with a key at a place; the rest stays as it is, byte for byte.
fn with_key(body: &str, place: Place, key: &str) -> Option<Vec<u8>> {
    // The name, quotes, colon and comma, and some room for characters that are escaped.
    let mut changed = Vec::with_capacity(body.len() + key.len() + 64);
    let rest = match place {
        Place::Taken(range) => {
            changed.extend_from_slice(&body.as_bytes()[..range.start]);
            serde_json::to_writer(&mut changed, key).ok()?;
            range.end
        }
        Place::Free { at, name, is_empty } => {
            changed.extend_from_slice(&body.as_bytes()[..at]);
            serde_json::to_writer(&mut changed, &name).ok()?;
            changed.push(b':');
            serde_json::to_writer(&mut changed, key).ok()?;
            if !is_empty {
                changed.push(b',');
            }
            at
        }
    };
    changed.extend_from_slice(&body.as_bytes()[rest..]);
    Some(changed)
}

/// A place in a JSON text.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// Where the value stands.
    Taken(Range<usize>),
    /// Where the first member of the object would stand.
    Free {
        at: usize,
        name: Cow<'static, str>,
        is_empty: bool,
    },
}

/// Finds the member that a JSON pointer names; every object on the way has to be there.
fn find(body: &str, pointer: &'static str) -> Option<Place> {
    find_free_at_start(body, pointer).or_else(|| find_anywhere(body, pointer))
}

/// The place in a body that starts with the objects on the way to it, as those of most sends do, if its name stands
/// nowhere in the body; finding it takes no parsing.
fn find_free_at_start(body: &str, pointer: &'static str) -> Option<Place> {
    let (parents, name) = pointer.rsplit_once('/')?;
    let mut object = body;
    for parent in parents.split('/').skip(1) {
        let name = object.strip_prefix("{\"")?.strip_prefix(parent)?;
        object = name.strip_prefix("\":")?;
    }
    let members = object.strip_prefix('{')?;
    let is_free = !pointer.contains('~') && !body.contains(name);
    is_free.then(|| Place::Free {
        at: body.len() - members.len(),
        name: name.into(),
        is_empty: members.starts_with('}'),
    })
}

fn find_anywhere(body: &str, pointer: &'static str) -> Option<Place> {
    let (parents, name) = pointer.rsplit_once('/')?;
    let mut object = body.trim();
    for parent in parents.split('/').skip(1) {
        object = Member::of(object, &unescaped(parent))?.value?.get();
    }
    let name = unescaped(name);
    let Member { value, is_alone } = Member::of(object, &name)?;
    let start = offset(body, object)?;
    Some(match value {
        Some(value) => {
            let start = offset(body, value.get())?;
            Place::Taken(start..start + value.get().len())
        }
        None => Place::Free {
            at: start + 1,
            name,
            is_empty: is_alone,
        },
    })
}

/// What an object has under a name; the last one where a name stands there twice.
struct Member<'a> {
    value: Option<&'a RawValue>,
    /// True if the object has no other member.
    is_alone: bool,
}

impl<'a> Member<'a> {
    /// `None` if the text is no JSON object.
    fn of(object: &'a str, name: &str) -> Option<Self> {
        let mut text = serde_json::Deserializer::from_str(object);
        let member = text.deserialize_map(Named(name)).ok()?;
        text.end().ok()?;
        Some(member)
    }
}

/// Looks a member up by its name, and passes over the others.
struct Named<'n>(&'n str);

impl<'de> Visitor<'de> for Named<'_> {
    type Value = Member<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut member = Member {
            value: None,
            is_alone: true,
        };
        while let Some(is_it) = object.next_key_seed(Is(self.0))? {
            if is_it {
                member.value = Some(object.next_value()?);
            } else {
                member.is_alone = false;
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(member)
    }
}

/// Whether a name is a certain one.
struct Is<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<bool, D::Error> {
        name.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

/// Where a part begins that was borrowed from a text.
fn offset(text: &str, part: &str) -> Option<usize> {
    (part.as_ptr() as usize)
        .checked_sub(text.as_ptr() as usize)
        .filter(|start| start + part.len() <= text.len())
}

/// A token of a JSON pointer, as it stands in the JSON.
fn unescaped(token: &'static str) -> Cow<'static, str> {
    if token.contains('~') {
        token.replace("~1", "/").replace("~0", "~").into()
    } else {
        token.into()
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use linq_client::reqwest::Method;
    use linq_client::{Repeat, Request};

    use super::{KeyRefused, find, new_key};
    use crate::call::CallWishes;

    const POINTER: &str = "/message/idempotency_key";
    const HEADER: &str = "Idempotency-Key";

    fn settle(
        request: &mut Request,
        repeat: Repeat,
        wishes: Option<&CallWishes>,
    ) -> Result<Option<String>, KeyRefused> {
        let key = super::settle(request, repeat, wishes)?;
        Ok(key.map(Cow::into_owned))
    }

    fn in_body(body: &str, pointer: &'static str) -> Option<String> {
        super::in_body(body, &find(body, pointer)?)
    }

    fn with_key(body: &str, key: &str) -> Option<String> {
        let changed = super::with_key(body, find(body, POINTER)?, key)?;
        Some(String::from_utf8(changed).expect("text"))
    }

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
            assert_eq!(with_key(before, "k").as_deref(), Some(after));
        }
        for body in [
            r#"{"massage":{}}"#,
            r#"{"message":null}"#,
            r#"{"message":[]}"#,
            "",
            "{",
        ] {
            assert!(with_key(body, "k").is_none(), "{body}");
        }
        let quoted = with_key(r#"{"message":{}}"#, "a\"b").expect("there is a place");
        assert_eq!(in_body(&quoted, POINTER).as_deref(), Some("a\"b"));
    }

    #[test]
    fn the_short_way_finds_the_same_place() {
        let bodies = [
            (r#"{"message":{}}"#, true),
            (r#"{"message":{"parts":[{}]},"override_optout":true}"#, true),
            (
                r#"{"message":{"parts":[{"type":"text","value":"{\"message\":{}"}]}}"#,
                true,
            ),
            (r#"{"message":{"idempotency_key":"k"}}"#, false),
            (r#"{"message":{"parts":[]},"idempotency_key":"k"}"#, false),
            (r#"{"from":"+12025550100","message":{}}"#, false),
            (r#"{"message" : {}}"#, false),
            (r#"{"message":[{}]}"#, false),
        ];
        for (body, is_short) in bodies {
            let place = super::find_free_at_start(body, POINTER);
            assert_eq!(place.is_some(), is_short, "{body}");
            if is_short {
                assert_eq!(place, super::find_anywhere(body, POINTER), "{body}");
            }
        }
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

//! What every webhook event has in common, and how a delivery is read into one in one pass.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::decode::{self, DecodeError};
use super::fit::{At, Misfit};
use super::replay::{Held, Key, Replay};

/// The fields that choose an event's type, and its id.
pub(crate) const EVENT_TYPE: &str = "event_type";
pub(crate) const WEBHOOK_VERSION: &str = "webhook_version";
const DATA: &str = "data";

/// The longest body of which parts are made a tree: a tree takes many times its text. Of a longer
/// one nothing is held before its type is known, and what does not fit is told by line and column.
/// No webhook comes near.
const LONGEST_TREE: usize = 1 << 20;

/// A delivery that is not a JSON object, the one thing that cannot become an event.
///
/// The caller still has the body; keep it. The message names the place, never the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventError(DecodeError);

impl fmt::Display for EventError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the webhook body is no JSON object: {}", self.0)
    }
}

impl std::error::Error for EventError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Why an event is [`UnknownEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnknownKind {
    /// The document that this crate was generated from names no payload for the event type.
    EventType,
    /// The event type is known, in other payload versions.
    Version,
    /// Type and version are known, and the payload does not fit their type.
    Mismatch,
    /// The payload is nested too deeply to be read.
    TooDeep,
    /// The body is not a JSON object.
    NotAnObject,
}

/// A delivery that is no event known to this version of the crate, kept byte for byte.
///
/// An event type or payload version added after this version of the crate was made, or a payload
/// that does not fit its type. Store [`raw`](Self::raw), or read it as you see fit; nothing of it
/// is lost.
#[derive(Clone, PartialEq, Eq)]
pub struct UnknownEvent {
    raw: Box<[u8]>,
    event_type: String,
    webhook_version: String,
    event_id: String,
    kind: UnknownKind,
    reason: String,
}

impl UnknownEvent {
    /// Keeps a body that [`WebhookEvent::from_slice`](crate::WebhookEvent::from_slice) refused, for
    /// receivers that hand every genuine delivery on, readable or not.
    ///
    /// Type, version and id are empty. Such an event cannot be serialized, since its body is not JSON.
    pub fn unreadable(raw: impl Into<Box<[u8]>>, error: &EventError) -> Self {
        Self {
            raw: raw.into(),
            event_type: String::new(),
            webhook_version: String::new(),
            event_id: String::new(),
            kind: UnknownKind::NotAnObject,
            reason: error.to_string(),
        }
    }

    /// The body as it was received.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Why the event is unknown: for logs, as it holds no value of the payload.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Why the event is unknown, for decisions.
    pub fn kind(&self) -> UnknownKind {
        self.kind
    }

    /// The event type, such as `call.ended`; empty where the body has none.
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// The payload version, such as `2026-02-03`; empty where the body has none.
    pub fn webhook_version(&self) -> &str {
        &self.webhook_version
    }

    /// The event's id; empty where the body has none.
    pub fn event_id(&self) -> &str {
        &self.event_id
    }
}

impl fmt::Debug for UnknownEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UnknownEvent")
            .field("event_type", &self.event_type)
            .field("webhook_version", &self.webhook_version)
            .field("event_id", &self.event_id)
            .field("reason", &self.reason)
            .field("raw", &format_args!("{} bytes", self.raw.len()))
            .finish()
    }
}

impl Serialize for UnknownEvent {
    /// Writes the body as it came; for formats that are not text, its value.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error;
        if serializer.is_human_readable() {
            serde_json::from_slice::<&RawValue>(&self.raw)
                .map_err(S::Error::custom)?
                .serialize(serializer)
        } else {
            serde_json::from_slice::<Value>(&self.raw)
                .map_err(S::Error::custom)?
                .serialize(serializer)
        }
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for UnknownEvent {
    fn schema_name() -> Cow<'static, str> {
        "UnknownEvent".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object" })
    }
}

/// The generated side of the events: one kind for each pair of event type and payload version.
pub(crate) trait Events: Sized {
    /// Names a variant.
    type Kind: Copy;

    /// The kind of a pair, if the document has it.
    fn kind(event_type: &str, webhook_version: &str) -> Option<Self::Kind>;

    /// The kind of an event type that is the same in every payload version.
    fn kind_of_any_version(event_type: &str) -> Option<Self::Kind>;

    /// Whether the document has the event type in some payload version.
    fn has_type(event_type: &str) -> bool;

    /// Reads the object as that kind.
    fn read<'de, A: MapAccess<'de>>(
        kind: Self::Kind,
        object: Replay<'de, A>,
    ) -> Result<Self, A::Error>;

    /// The first place where the value does not fit that kind.
    fn misfit(kind: Self::Kind, value: &Value) -> Option<Misfit>;

    /// Wraps an event that is none of the kinds.
    fn unknown(event: UnknownEvent) -> Self;
}

/// What one pass over a delivery came to.
enum Outcome<K> {
    Event,
    /// The kind is known, but part of the object was skipped before it was.
    Again(K),
    Unknown,
}

/// Reads an object up to the point where its kind is known, and on as that kind.
///
/// Events are large: each is put where it is wanted, and not handed from one return to the next.
struct EventVisitor<'a, T>(&'a mut Option<T>);

impl<'de, T: Events> Visitor<'de> for EventVisitor<'_, T> {
    type Value = Outcome<T::Kind>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut head: Vec<(Cow<'de, str>, Held<'de>)> = Vec::with_capacity(4);
        let mut event_type = None;
        let mut version = None;
        let mut skipped = false;
        while let Some(Key(key)) = object.next_key()? {
            let slot = match &*key {
                EVENT_TYPE => &mut event_type,
                WEBHOOK_VERSION => &mut version,
                DATA => {
                    let known = event_type
                        .and_then(|at: usize| head[at].1.text())
                        .and_then(T::kind_of_any_version);
                    if let (Some(kind), false) = (known, skipped) {
                        let object = Replay::before_value(head, key, object);
                        *self.0 = Some(T::read(kind, object)?);
                        return Ok(Outcome::Event);
                    }
                    object.next_value::<IgnoredAny>()?;
                    skipped = true;
                    continue;
                }
                _ => {
                    head.push((key, object.next_value()?));
                    continue;
                }
            };
            if slot.is_some() {
                return Err(A::Error::custom("a field stands twice"));
            }
            *slot = Some(head.len());
            head.push((key, object.next_value()?));
            if let (Some(event_type), Some(version)) = (event_type, version) {
                let texts = (head[event_type].1.text(), head[version].1.text());
                let (Some(event_type), Some(version)) = texts else {
                    break;
                };
                return match T::kind(event_type, version) {
                    Some(kind) if skipped => {
                        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                        Ok(Outcome::Again(kind))
                    }
                    Some(kind) => {
                        *self.0 = Some(T::read(kind, Replay::new(head, object))?);
                        Ok(Outcome::Event)
                    }
                    None => {
                        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                        Ok(Outcome::Unknown)
                    }
                };
            }
        }
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        let text = |at: Option<usize>| at.and_then(|at| head[at].1.text());
        Ok(
            match text(event_type).and_then(|name| T::kind(name, text(version).unwrap_or_default()))
            {
                Some(kind) => Outcome::Again(kind),
                None => Outcome::Unknown,
            },
        )
    }
}

/// Reads an object whose kind is known.
struct KindVisitor<T: Events>(T::Kind);

impl<'de, T: Events> Visitor<'de> for KindVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::read(self.0, Replay::new(Vec::new(), object))
    }
}

/// Reads all of `text`, which is to be one object.
fn read_object<'de, V: Visitor<'de>>(
    text: &'de str,
    visitor: V,
) -> Result<V::Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = reader.deserialize_map(visitor)?;
    reader.end()?;
    Ok(value)
}

/// Reads a delivery.
pub(crate) fn from_slice<T: Events>(body: &[u8]) -> Result<T, EventError> {
    // One check of the whole text is cheaper than one of each string.
    let text = std::str::from_utf8(body).map_err(|e| EventError(DecodeError::not_utf8(e)))?;
    if text.len() > LONGEST_TREE {
        return look_again(text);
    }
    let mut event = None;
    match read_object(text, EventVisitor::<T>(&mut event)) {
        Ok(Outcome::Event) => event.map_or_else(|| look_again(text), Ok),
        Ok(Outcome::Again(kind)) => {
            read_object(text, KindVisitor::<T>(kind)).or_else(|_| look_again(text))
        }
        Ok(Outcome::Unknown) | Err(_) => look_again(text),
    }
}

/// What an unknown event still says of itself.
#[derive(Default)]
struct Identity {
    event_type: Text,
    webhook_version: Text,
    event_id: Text,
}

/// A string, or nothing where another kind of value stands.
#[derive(Default)]
struct Text(String);

/// Reads a delivery anew, its kind told first; or keeps it whole, and says why it is none of the known events.
#[cold]
fn look_again<T: Events>(text: &str) -> Result<T, EventError> {
    let identity: Identity =
        serde_json::from_str(text).map_err(|error| EventError(no_object(text, &error)))?;
    let Identity {
        event_type,
        webhook_version,
        event_id,
    } = identity;
    let (kind, reason) = match T::kind(&event_type.0, &webhook_version.0) {
        None if T::has_type(&event_type.0) => (
            UnknownKind::Version,
            "no payload of this event type is known in its version".into(),
        ),
        None => (
            UnknownKind::EventType,
            "no payload is known for the event type".into(),
        ),
        // Ahead of the type a field that no type knows is held, and may be more than can be; a
        // reader of the type skips it.
        Some(kind) => match read_object(text, KindVisitor::<T>(kind)) {
            Ok(event) => return Ok(event),
            Err(error) => why_not::<T>(kind, text, &error),
        },
    };
    Ok(T::unknown(UnknownEvent {
        raw: text.as_bytes().into(),
        event_type: event_type.0,
        webhook_version: webhook_version.0,
        event_id: event_id.0,
        kind,
        reason,
    }))
}

/// Why reading an object as `kind` ended in `error`.
fn why_not<T: Events>(
    kind: T::Kind,
    text: &str,
    error: &serde_json::Error,
) -> (UnknownKind, String) {
    if text.len() > LONGEST_TREE {
        return if decode::is_deep(text) {
            (UnknownKind::TooDeep, decode::TOO_DEEP.into())
        } else {
            let (line, column) = (error.line(), error.column());
            let reason =
                format!("a value does not fit its type, before line {line} column {column}");
            (UnknownKind::Mismatch, reason)
        };
    }
    match serde_json::from_str::<Value>(text) {
        Err(_) if decode::is_deep(text) => (UnknownKind::TooDeep, decode::TOO_DEEP.into()),
        Err(_) => (UnknownKind::Mismatch, decode::UNREADABLE.into()),
        Ok(value) => (
            UnknownKind::Mismatch,
            // All that a tree of the value does not show: a field that stands twice.
            T::misfit(kind, &value).map_or_else(
                || "a field stands twice".into(),
                |misfit| misfit.to_string(),
            ),
        ),
    }
}

/// Why a text is no object; `error` says why it is no JSON, if it begins like one.
fn no_object(text: &str, error: &serde_json::Error) -> DecodeError {
    let found = match text.trim_start().bytes().next() {
        Some(b'[') => Value::Array(Vec::new()),
        Some(b'"') => Value::String(String::new()),
        Some(b't' | b'f') => Value::Bool(true),
        Some(b'n') => Value::Null,
        Some(b'-' | b'0'..=b'9') => Value::from(0),
        _ => return DecodeError::not_json(error),
    };
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => DecodeError::wrong(At::Root.misfit("an object", Some(&found))),
        Err(error) => DecodeError::not_json(&error),
    }
}

impl<'de> Deserialize<'de> for Identity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdentityVisitor;

        impl<'de> Visitor<'de> for IdentityVisitor {
            type Value = Identity;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Identity, A::Error> {
                let mut identity = Identity::default();
                while let Some(Key(key)) = object.next_key()? {
                    match &*key {
                        EVENT_TYPE => identity.event_type = object.next_value()?,
                        WEBHOOK_VERSION => identity.webhook_version = object.next_value()?,
                        "event_id" => identity.event_id = object.next_value()?,
                        _ => {
                            object.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(identity)
            }
        }

        deserializer.deserialize_map(IdentityVisitor)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LenientVisitor;

        impl<'de> Visitor<'de> for LenientVisitor {
            type Value = Text;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }

            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Text, E> {
                Ok(Text::default())
            }

            fn visit_i64<E>(self, _: i64) -> Result<Text, E> {
                Ok(Text::default())
            }

            fn visit_u64<E>(self, _: u64) -> Result<Text, E> {
                Ok(Text::default())
            }

            fn visit_f64<E>(self, _: f64) -> Result<Text, E> {
                Ok(Text::default())
            }

            fn visit_unit<E>(self) -> Result<Text, E> {
                Ok(Text::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Text, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Text::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Text, A::Error> {
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Text::default())
            }
        }

        deserializer.deserialize_any(LenientVisitor)
    }
}

/// Reads an event through any deserializer: byte for byte where it is serde_json on text, equal
/// in value elsewhere.
pub(crate) fn deserialize<'de, T: Events, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let body = Box::<RawValue>::deserialize(RawOrValue(deserializer))?;
    from_slice(body.get().as_bytes()).map_err(D::Error::custom)
}

/// Lets `RawValue` read from formats other than JSON, by way of `Value`.
///
/// serde_json marks a raw value by the name of a newtype. Its own deserializers answer that name
/// with a map of one entry, other formats with the newtype they know.
struct RawOrValue<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for RawOrValue<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0
            .deserialize_newtype_struct(name, RawOrValueVisitor { name, visitor })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct RawOrValueVisitor<V> {
    name: &'static str,
    visitor: V,
}

impl<V> RawOrValueVisitor<V> {
    /// Gives the visitor the text of a value, as serde_json would.
    fn text<'de, E: serde::de::Error>(self, text: String) -> Result<V::Value, E>
    where
        V: Visitor<'de>,
    {
        let entry = std::iter::once((self.name, text));
        self.visitor
            .visit_map(serde::de::value::MapDeserializer::new(entry))
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for RawOrValueVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a webhook event")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let value = Value::deserialize(inner)?;
        self.text(value.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<V::Value, A::Error> {
        let mut entries = serde_json::Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if entries.is_empty() && key == self.name {
                let text = map.next_value::<String>()?;
                return self.text(text);
            }
            entries.insert(key, map.next_value()?);
        }
        self.text(Value::Object(entries).to_string())
    }
}

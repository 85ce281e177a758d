//! Stage 8, union. In: the API's events. Out: `WebhookEvent`, one variant for each pair of event
//! type and payload version.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::docs::{self, literal};
use super::format::Files;
use super::model::{Api, Event, Kind, Type};
use super::types::FOLDER;

/// The only fields of an envelope that may be required: what chooses the type, and the payload.
const REQUIRED: &[&str] = &["event_type", "event_id", "data"];
/// The fields of an envelope that are opaque text, whatever format a document gives them.
const OPAQUE: &[&str] = &["event_type", "event_id", "webhook_version"];

/// Makes the envelopes lenient: a delivery is known by its type, version and data, and must not
/// become unknown because a trace id is missing or an event id is no UUID.
pub fn relax_envelopes(api: &mut Api) {
    for event in &api.events {
        let Some(Kind::Struct(object)) = api.types.get_mut(&event.payload).map(|t| &mut t.kind)
        else {
            continue;
        };
        for field in &mut object.fields {
            let wire = field.wire.as_str();
            field.required &= REQUIRED.contains(&wire);
            if OPAQUE.contains(&wire) && field.ty == Type::Uuid {
                field.ty = Type::String;
            }
        }
    }
}

/// Writes the file of the union.
pub fn emit(api: &Api) -> Files {
    let mut out = String::from("//! The webhook events as one enum.\n\n");
    if api.events.is_empty() {
        out.push_str("#![allow(unused_imports, reason = \"the document has no webhooks\")]\n\n");
    }
    out.push_str(
        "use super::*;\nuse crate::support::event::{self, EventError, Events, UnknownEvent};\n\
         use crate::support::fit::{At, Fit, Misfit};\nuse crate::support::replay::Replay;\n\n",
    );
    definition(&mut out, api);
    accessors(&mut out, api);
    conversions(&mut out);
    events(&mut out, api);
    let mut files = Files::default();
    files.add(api, &format!("{FOLDER}/webhook_event.rs"), &out);
    files
}

fn definition(out: &mut String, api: &Api) {
    out.push_str(
        "/// A webhook event, by event type and payload version.\n\
         ///\n\
         /// A variant named for its event type alone holds the payload version 2026-02-03, or the\n\
         /// only one that the event has; one of another version carries its year. An event that is\n\
         /// none of these is [`Unknown`](Self::Unknown) and keeps every byte of the delivery.\n",
    );
    out.push_str("#[derive(Clone, Debug, PartialEq)]\n#[non_exhaustive]\n");
    out.push_str(
        "#[allow(\n    clippy::large_enum_variant,\n    \
         reason = \"nearly every event is of the large kind, and a box would cost each an allocation\"\n)]\n",
    );
    out.push_str(
        "#[cfg_attr(feature = \"schemars\", derive(schemars::JsonSchema), schemars(untagged))]\n",
    );
    out.push_str("pub enum WebhookEvent {\n");
    for event in &api.events {
        let version = event.version.as_deref().map_or_else(
            || "every payload version".to_owned(),
            |version| format!("payload version {version}"),
        );
        let first = format!("`{}`, {version}.", event.event_type);
        let mut lines = vec![first];
        let described = docs::lines(&event.description);
        if !described.is_empty() {
            lines.push(String::new());
            lines.extend(described);
        }
        docs::push(out, "    ", &lines);
        let _ = writeln!(out, "    {}({}),", event.variant, event.payload);
    }
    out.push_str("    /// An event that this version of the crate does not know, byte for byte.\n");
    out.push_str("    Unknown(UnknownEvent),\n}\n\n");
}

/// The Rust expression that reads a text field of an envelope.
fn text_of(api: &Api, event: &Event, wire: &str) -> Option<String> {
    let Kind::Struct(object) = &api.types.get(&event.payload)?.kind else {
        return None;
    };
    let field = object.fields.iter().find(|field| field.wire == wire)?;
    let is_enum = match &field.ty {
        Type::String => false,
        Type::Named(name) => matches!(api.types.get(name)?.kind, Kind::Enum(_)),
        _ => return None,
    };
    Some(match (field.required && !field.nullable, is_enum) {
        (true, false) => format!("&event.{}", field.name),
        (true, true) => format!("event.{}.as_str()", field.name),
        (false, false) => format!("event.{}.as_deref().unwrap_or_default()", field.name),
        (false, true) => {
            format!(
                "event.{}.as_ref().map(|text| text.as_str()).unwrap_or_default()",
                field.name
            )
        }
    })
}

fn accessors(out: &mut String, api: &Api) {
    let mut types = String::new();
    let mut versions = String::new();
    let mut ids = String::new();
    for event in &api.events {
        let variant = &event.variant;
        let _ = writeln!(
            types,
            "            Self::{variant}(_) => {},",
            literal(&event.event_type)
        );
        let (held, version) = match &event.version {
            Some(version) => ("_", literal(version)),
            None => match text_of(api, event, event::VERSION) {
                Some(text) => ("event", text),
                None => ("_", "\"\"".to_owned()),
            },
        };
        let _ = writeln!(
            versions,
            "            Self::{variant}({held}) => {version},"
        );
        let (held, id) = match text_of(api, event, event::ID) {
            Some(text) => ("event", text),
            None => ("_", "\"\"".to_owned()),
        };
        let _ = writeln!(ids, "            Self::{variant}({held}) => {id},");
    }
    let _ = write!(
        out,
        "impl WebhookEvent {{
    /// Reads a delivery.
    ///
    /// # Errors
    ///
    /// Only what is no JSON object. Whatever is one and no known event, or one whose data does
    /// not fit, becomes [`Unknown`](Self::Unknown).
    pub fn from_slice(body: &[u8]) -> Result<Self, EventError> {{
        event::from_slice(body)
    }}

    /// The event type, such as `message.received`; empty where an unknown event has none.
    pub fn event_type(&self) -> &str {{
        match self {{
{types}            Self::Unknown(event) => event.event_type(),
        }}
    }}

    /// The payload version, such as `2026-02-03`; empty where the event names none.
    pub fn webhook_version(&self) -> &str {{
        match self {{
{versions}            Self::Unknown(event) => event.webhook_version(),
        }}
    }}

    /// The event's id, the same in every delivery of it; empty where an unknown event has none.
    pub fn event_id(&self) -> &str {{
        match self {{
{ids}            Self::Unknown(event) => event.event_id(),
        }}
    }}

    /// Whether this version of the crate does not know the event.
    pub fn is_unknown(&self) -> bool {{
        matches!(self, Self::Unknown(_))
    }}
}}

"
    );
}

/// The names of the envelope's fields that accessors hand out.
mod event {
    pub(super) const VERSION: &str = "webhook_version";
    pub(super) const ID: &str = "event_id";
}

fn conversions(out: &mut String) {
    out.push_str(
        "impl std::str::FromStr for WebhookEvent {
    type Err = EventError;

    fn from_str(body: &str) -> Result<Self, EventError> {
        Self::from_slice(body.as_bytes())
    }
}

/// Byte for byte where serde_json reads from text, equal in value elsewhere.
impl<'de> serde::Deserialize<'de> for WebhookEvent {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        event::deserialize(deserializer)
    }
}

",
    );
}

fn events(out: &mut String, api: &Api) {
    let mut by_type: BTreeMap<usize, BTreeMap<&str, Vec<&Event>>> = BTreeMap::new();
    for event in &api.events {
        let length = event.event_type.len();
        let same_length = by_type.entry(length).or_default();
        same_length
            .entry(event.event_type.as_str())
            .or_default()
            .push(event);
    }
    let (mut kinds, mut known, mut any, mut reads, mut misfits, mut writes) = (
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
    );
    for event in &api.events {
        let Event {
            variant, payload, ..
        } = event;
        let _ = writeln!(kinds, "    {variant},");
        let _ = writeln!(
            reads,
            "            WebhookEventKind::{variant} => object.read().map(Self::{variant}),"
        );
        let _ = writeln!(
            misfits,
            "            WebhookEventKind::{variant} => {payload}::misfit(value, At::Root),"
        );
        let _ = writeln!(
            writes,
            "            Self::{variant}(event) => event.serialize(serializer),"
        );
    }
    for (length, types) in &by_type {
        // By length first: comparing with each of the names in turn would cost more than reading
        // the rest of a small event.
        let _ = writeln!(known, "            {length} => match event_type {{");
        for (name, events) in types {
            let fallback = events.iter().find(|event| event.version.is_none());
            let fallback = fallback.map_or_else(
                || "None".to_owned(),
                |event| format!("Some(WebhookEventKind::{})", event.variant),
            );
            let versions: Vec<String> = events
                .iter()
                .filter_map(|event| {
                    let version = literal(event.version.as_deref()?);
                    Some(format!(
                        "{version} => Some(WebhookEventKind::{}), ",
                        event.variant
                    ))
                })
                .collect();
            let choice = if versions.is_empty() {
                let _ = writeln!(any, "            {} => {fallback},", literal(name));
                fallback
            } else {
                format!(
                    "match webhook_version {{ {}_ => {fallback} }}",
                    versions.concat()
                )
            };
            let _ = writeln!(known, "                {} => {choice},", literal(name));
        }
        known.push_str("                _ => None,\n            },\n");
    }
    let names: Vec<String> = by_type
        .values()
        .flat_map(|t| t.keys())
        .map(|t| literal(t))
        .collect();
    let has_type = if names.is_empty() {
        "false".to_owned()
    } else {
        format!(
            "matches!(\n            event_type,\n            {}\n        )",
            names.join("\n                | ")
        )
    };
    let known = choice("event_type.len()", &known);
    let any = choice("event_type", &any);
    let kinds_allow = if api.events.is_empty() {
        "#[allow(dead_code)]\n"
    } else {
        ""
    };
    let _ = write!(
        out,
        "impl serde::Serialize for WebhookEvent {{
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {{
        match self {{
{writes}            Self::Unknown(event) => event.serialize(serializer),
        }}
    }}
}}

/// The variants, without what they hold.
{kinds_allow}#[derive(Clone, Copy)]
pub(crate) enum WebhookEventKind {{
{kinds}}}

impl Events for WebhookEvent {{
    type Kind = WebhookEventKind;

    fn kind(event_type: &str, webhook_version: &str) -> Option<WebhookEventKind> {{
        let _ = webhook_version;
        {known}
    }}

    fn kind_of_any_version(event_type: &str) -> Option<WebhookEventKind> {{
        {any}
    }}

    fn has_type(event_type: &str) -> bool {{
        let _ = event_type;
        {has_type}
    }}

    fn read<'de, A: serde::de::MapAccess<'de>>(
        kind: WebhookEventKind,
        object: Replay<'de, A>,
    ) -> Result<Self, A::Error> {{
        let _ = &object;
        match kind {{
{reads}        }}
    }}

    fn misfit(kind: WebhookEventKind, value: &serde_json::Value) -> Option<Misfit> {{
        let _ = value;
        match kind {{
{misfits}        }}
    }}

    fn unknown(event: UnknownEvent) -> Self {{
        Self::Unknown(event)
    }}
}}
"
    );
}

/// A `match` with these arms and `None` otherwise, or that alone where there are no arms.
fn choice(on: &str, arms: &str) -> String {
    if arms.is_empty() {
        "let _ = event_type;\n        None".to_owned()
    } else {
        format!("match {on} {{\n{arms}            _ => None,\n        }}")
    }
}

//! Stage 4, webhooks out. In: a document. Out: its webhook events, and the document without its
//! `webhooks:` map.
//!
//! The map is the only place that says which payload belongs to which event type and payload
//! version: the type stands in the key (`message.received.v2026`), the dated version in the tag
//! (`2026-02-03`), and nothing of it in the schemas.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::check::target;
use super::load::Document;
use super::names;
use crate::pointer::{METHODS, child};
use crate::problem::{Problem, Problems};

/// The payload version whose events have the plain names, now and later: an event of another
/// version carries the version's year.
const PLAIN_VERSION: &str = "2026-02-03";

/// A webhook event, as the document names it.
#[derive(Clone, Debug)]
pub struct Event {
    /// The variant of the union.
    pub variant: String,
    /// The event type on the wire.
    pub event_type: String,
    /// The payload version; `None` where the payload is the same in every version.
    pub version: Option<String>,
    /// What the document says of it.
    pub description: String,
    /// The payload's schema, until it is hoisted.
    pub schema: Value,
    /// The pointer of the schema.
    pub pointer: String,
}

/// Takes the events out of the document, and returns a note for each webhook without a payload.
///
/// # Errors
///
/// A webhook whose event type or payload version cannot be told, or that another one claims too.
pub fn extract(document: &mut Document) -> Result<(Vec<Event>, Vec<String>), Problems> {
    let root = &document.root;
    let mut found = Vec::new();
    let mut notes = Vec::new();
    for section in ["webhooks", "x-webhooks"] {
        for (key, item) in root
            .get(section)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let item = target(root, item);
            let at = child(&format!("#/{section}"), key);
            let Some((method, operation)) = METHODS
                .iter()
                .find_map(|method| Some((method, item.get(method)?)))
            else {
                notes.push(format!("webhook `{key}` has no operation"));
                continue;
            };
            match source(root, key, operation, &child(&at, method)) {
                Some(source) => found.push(source),
                None => notes.push(format!("webhook `{key}` has no payload; it stays unknown")),
            }
        }
    }
    let events = resolve(found)?;
    if let Some(object) = document.root.as_object_mut() {
        object.shift_remove("webhooks");
        object.shift_remove("x-webhooks");
    }
    Ok((events, notes))
}

/// A webhook as it stands, its version perhaps still to be told from the others.
struct Source {
    event_type: String,
    suffix: Option<String>,
    version: Option<String>,
    example_version: Option<String>,
    description: String,
    schema: Value,
    pointer: String,
    place: String,
}

fn source(root: &Value, key: &str, operation: &Value, at: &str) -> Option<Source> {
    let body = target(root, operation.get("requestBody")?);
    let (media, content) = body
        .get("content")?
        .as_object()?
        .iter()
        .find(|(media, content)| media.contains("json") && content.get("schema").is_some())?;
    let example = example(content);
    let example_text = |name: &str| Some(example?.get(name)?.as_str()?.to_owned());
    let (base, suffix) = match key.rsplit_once(".v") {
        Some((base, digits)) if digits.starts_with(|c: char| c.is_ascii_digit()) => {
            (base, Some(format!("v{digits}")))
        }
        _ => (key, None),
    };
    let extension = |name: &str| Some(operation.get(name)?.as_str()?.to_owned());
    let event_type = extension("x-event-type").unwrap_or_else(|| {
        // A key that is no event type names the webhook in another way; its example tells.
        let from_example = example_text("event_type").filter(|_| !base.contains('.'));
        from_example.unwrap_or_else(|| base.to_owned())
    });
    let tag = operation
        .get("tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .find(|tag| is_date(tag))
        .map(str::to_owned);
    let text = |name: &str| {
        operation
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let description = match (text("summary"), text("description")) {
        ("", description) => description.to_owned(),
        (summary, "") => summary.to_owned(),
        (summary, description) if summary.ends_with(['.', '!', '?']) => {
            format!("{summary}\n\n{description}")
        }
        (summary, description) => format!("{summary}.\n\n{description}"),
    };
    let content_at = child(&child(&child(at, "requestBody"), "content"), media);
    Some(Source {
        event_type,
        suffix,
        version: extension("x-webhook-version").or(tag),
        example_version: example_text("webhook_version"),
        description,
        schema: content.get("schema")?.clone(),
        pointer: child(&content_at, "schema"),
        place: at.to_owned(),
    })
}

fn example(content: &Value) -> Option<&Value> {
    content.get("example").or_else(|| {
        content
            .get("examples")?
            .as_object()?
            .values()
            .next()?
            .get("value")
    })
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.char_indices().all(|(index, c)| match index {
            4 | 7 => c == '-',
            _ => c.is_ascii_digit(),
        })
}

/// Settles versions and names once all webhooks are known.
fn resolve(mut sources: Vec<Source>) -> Result<Vec<Event>, Problems> {
    let mut problems = Problems::default();
    let by_suffix: BTreeMap<String, String> = sources
        .iter()
        .filter_map(|source| Some((source.suffix.clone()?, source.version.clone()?)))
        .collect();
    let versioned: BTreeSet<String> = sources
        .iter()
        .filter(|source| source.suffix.is_some() || source.version.is_some())
        .map(|source| source.event_type.clone())
        .collect();
    for source in &mut sources {
        if source.version.is_some() {
            continue;
        }
        let example_version = source
            .example_version
            .clone()
            .filter(|version| is_date(version));
        source.version = match &source.suffix {
            Some(suffix) => {
                let version = example_version.or_else(|| by_suffix.get(suffix).cloned());
                if version.is_none() {
                    problems.push(Problem::new(
                        source.place.clone(),
                        format!("nothing says which date the payload version `{suffix}` has"),
                        "add `x-webhook-version: YYYY-MM-DD` in the overlay",
                    ));
                }
                version
            }
            // Beside a version of the same event, one without is the version of its example.
            None if versioned.contains(&source.event_type) => example_version,
            None => None,
        };
    }
    let first = first_of_years(&sources);
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    let mut pairs: BTreeMap<(String, Option<String>), String> = BTreeMap::new();
    let mut events = Vec::new();
    for source in sources {
        let base = names::variant_name(&source.event_type);
        let variant = match source.version.as_deref() {
            Some(PLAIN_VERSION) => base,
            None if versioned.contains(&source.event_type) => format!("{base}AnyVersion"),
            None => base,
            Some(version) => {
                let year = version.get(..4).unwrap_or(version).to_owned();
                match first.get(&(source.event_type.clone(), year.clone())) {
                    Some(first) if first == version => format!("{base}V{year}"),
                    _ => format!("{base}V{}", version.replace('-', "")),
                }
            }
        };
        let pair = (source.event_type.clone(), source.version.clone());
        if let Some(other) = pairs.insert(pair, source.place.clone()) {
            problems.push(Problem::new(
                source.place.clone(),
                format!("the event type and payload version are those of {other} too"),
                "give one of them its version with `x-webhook-version` in the overlay",
            ));
        } else if let Some(other) = taken.insert(variant.clone(), source.place.clone()) {
            problems.push(Problem::new(
                source.place.clone(),
                format!("the variant `{variant}` exists already, from {other}"),
                "rename one of the event types with `x-event-type` in the overlay",
            ));
        }
        events.push(Event {
            variant,
            event_type: source.event_type,
            version: source.version,
            description: source.description,
            schema: source.schema,
            pointer: source.pointer,
        });
    }
    problems.into_result().map(|()| events)
}

/// The first payload version that an event type has in a year, the plain one aside.
///
/// It has the year alone in its name, and keeps it when a later one of that year comes.
fn first_of_years(sources: &[Source]) -> BTreeMap<(String, String), String> {
    let mut first: BTreeMap<(String, String), String> = BTreeMap::new();
    for source in sources {
        if let Some(version) = source.version.as_deref().filter(|v| *v != PLAIN_VERSION) {
            let year = version.get(..4).unwrap_or(version).to_owned();
            let known = first
                .entry((source.event_type.clone(), year))
                .or_insert_with(|| version.to_owned());
            if version < known.as_str() {
                *known = version.to_owned();
            }
        }
    }
    first
}

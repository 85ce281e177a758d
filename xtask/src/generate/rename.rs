//! `x-rust-name`: names in Rust that the document or the overlay chooses.
//!
//! A place can choose the name of its type (`UpperCamelCase`), the name of its field or parameter
//! (`snake_case`), and the variants of its values (a map from value to variant); a list chooses
//! several of them:
//!
//! ```yaml
//! x-rust-name: HealthLevel
//! x-rust-name: [kind_of_media, MediaKind, { "+1": ThumbsUp }]
//! ```
//!
//! Nothing of it changes what is sent.

use serde_json::{Map, Value};

use super::names;
use crate::problem::{Problem, Problems};

/// What to do about a name, before the overlay action that does it.
pub const ADVICE: &str =
    "choose a name in Rust in openapi/overlay.yaml, which changes nothing that is sent";

/// The extension.
pub const EXTENSION: &str = "x-rust-name";

/// The name that a schema chooses for its type.
pub fn of_type(schema: &Map<String, Value>) -> Option<&str> {
    texts(schema).find(|name| is_of_type(name))
}

/// The name that a schema or parameter chooses for its field.
pub fn of_field(schema: &Map<String, Value>) -> Option<&str> {
    texts(schema).find(|name| !is_of_type(name))
}

/// The variants that a schema chooses for values.
pub fn of_values(schema: &Map<String, Value>) -> impl Iterator<Item = (&str, &str)> {
    entries(schema)
        .filter_map(Value::as_object)
        .flatten()
        .filter_map(|(value, name)| Some((value.as_str(), name.as_str()?)))
}

/// Checks the choices of a place; only schemas have types and values to name.
pub fn check(schema: &Map<String, Value>, is_schema: bool, pointer: &str, problems: &mut Problems) {
    for entry in entries(schema) {
        let is_name = match entry {
            Value::String(name) if is_of_type(name) => is_schema && names::is_type_name(name),
            Value::String(name) => !name.is_empty() && names::field_name(name) == *name,
            Value::Object(values) => {
                let mut names = values.values().map(Value::as_str);
                is_schema && names.all(|name| name.is_some_and(names::is_type_name))
            }
            _ => false,
        };
        if !is_name {
            problems.push(Problem::new(
                format!("{pointer}/{EXTENSION}"),
                format!("{entry} is not a name in Rust that can be chosen"),
                if is_schema {
                    "use UpperCamelCase for a type, snake_case for a field, a map from value to \
                     UpperCamelCase for variants, or a list of these"
                } else {
                    "use snake_case"
                },
            ));
        }
    }
}

/// The YAML of an overlay's `update` that adds a choice to those of a place.
pub fn update(schema: &Value, choice: &Value) -> String {
    let mut all: Vec<Value> = schema
        .as_object()
        .map(|schema| entries(schema).cloned().collect())
        .unwrap_or_default();
    let names = |entry: &Value| entry.as_str().map(is_of_type);
    all.retain(|entry| names(entry) != names(choice));
    all.push(choice.clone());
    let value = match all.as_slice() {
        [Value::String(only)] => only.clone(),
        [only] => only.to_string(),
        all => Value::from(all.to_vec()).to_string(),
    };
    format!("update:\n      {EXTENSION}: {value}")
}

fn is_of_type(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
}

fn texts(schema: &Map<String, Value>) -> impl Iterator<Item = &str> {
    entries(schema).filter_map(Value::as_str)
}

/// The choices of a place, of which there may be one or a list.
fn entries(schema: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    match schema.get(EXTENSION) {
        Some(Value::Array(entries)) => entries.iter(),
        Some(one) => std::slice::from_ref(one).iter(),
        None => [].iter(),
    }
}

//! Stage 5, normal form. In: a document and its events. Out: the same, with every schema in the
//! forms that later stages read.
//!
//! - What stands beside a `$ref` and shapes values becomes a part of an `allOf` with it.
//! - A schema of several types (`type: [string, integer]`), or with values of several kinds,
//!   becomes a union of one schema for each.
//!
//! A part that is moved keeps its place in the document under [`AT`].

use serde_json::{Map, Value, json};

use super::accept::{Loss, Losses};
use super::json_schema::{
    AT, Kinds, NUMBER_FORMATS, OF_ARRAYS, OF_NUMBERS, OF_OBJECTS, OF_STRINGS, SHAPING, UNIONS,
    listed, takes_null, types,
};
use super::keywords::{self, Object};
use super::load::Document;
use super::webhooks::Event;
use crate::problem::{Problem, Problems};

/// Brings all schemas into normal form.
///
/// # Errors
///
/// A type that JSON Schema lacks, and lists and values that contradict each other.
pub fn normalize(
    document: &mut Document,
    events: &mut [Event],
    losses: &mut Losses,
) -> Result<(), Problems> {
    let mut problems = Problems::default();
    let mut visit = |object: Object, pointer: &str, schema: &mut Map<String, Value>| {
        if object == Object::Schema {
            unknown_types(schema, pointer, &mut problems);
            empty_lists(schema, pointer, losses, &mut problems);
            excluded_values(schema, pointer, losses, &mut problems);
            beside_reference(schema, pointer);
            several_kinds(schema, pointer);
        }
    };
    keywords::each_mut(&mut document.root, Object::Document, "#", &mut visit);
    for event in events {
        keywords::each_mut(
            &mut event.schema,
            Object::Schema,
            &event.pointer,
            &mut visit,
        );
    }
    problems.into_result()
}

/// Refuses types that JSON Schema lacks.
fn unknown_types(schema: &Map<String, Value>, pointer: &str, problems: &mut Problems) {
    for name in types(schema) {
        if Kinds::named(name) == Kinds::ALL {
            problems.push(Problem::new(
                pointer,
                format!("`{name}` is no type of JSON Schema"),
                "correct the document, with the overlay if need be",
            ));
        }
    }
}

/// Drops lists that leave no value.
fn empty_lists(
    schema: &mut Map<String, Value>,
    pointer: &str,
    losses: &mut Losses,
    problems: &mut Problems,
) {
    for key in ["type", "enum", "allOf", "oneOf", "anyOf"] {
        if schema
            .get(key)
            .and_then(Value::as_array)
            .is_some_and(Vec::is_empty)
        {
            let what = format!("`{key}` is empty, which leaves no value");
            if let Err(problem) = losses.accept(Loss::Contradiction, pointer, &what) {
                problems.push(problem);
            }
            schema.shift_remove(key);
        }
    }
}

/// Drops the values that the type of a schema excludes.
fn excluded_values(
    schema: &mut Map<String, Value>,
    pointer: &str,
    losses: &mut Losses,
    problems: &mut Problems,
) {
    if !schema.contains_key("type") || listed(schema).is_empty() {
        return;
    }
    let named = types(schema);
    let is_allowed = |value: &Value| match value {
        Value::Null => true,
        Value::Number(number) if number.is_f64() => named.contains(&"number"),
        value => named
            .iter()
            .any(|name| Kinds::named(name) == Kinds::of(value)),
    };
    let excluded: Vec<String> = listed(schema)
        .into_iter()
        .filter(|value| !is_allowed(value))
        .map(Value::to_string)
        .collect();
    if excluded.is_empty() {
        return;
    }
    let what = format!("`type` excludes the value {}", excluded.join(" and "));
    if let Err(problem) = losses.accept(Loss::Contradiction, pointer, &what) {
        problems.push(problem);
    }
    let named: Vec<String> = named.into_iter().map(str::to_owned).collect();
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !excluded.contains(&value.to_string()) || named.is_empty());
    }
    schema.shift_remove("const");
}

/// Makes a reference and the shape beside it parts of one composition.
fn beside_reference(schema: &mut Map<String, Value>, pointer: &str) {
    if !schema.contains_key("$ref") {
        return;
    }
    let mut beside = taken(schema, SHAPING);
    if beside.is_empty() {
        return;
    }
    beside.insert(AT.to_owned(), pointer.into());
    let reference = schema.shift_remove("$ref");
    let parts = json!([{ "$ref": reference, AT: pointer }, beside]);
    schema.insert("allOf".to_owned(), parts);
}

/// Makes a schema of several kinds a union of one schema for each.
fn several_kinds(schema: &mut Map<String, Value>, pointer: &str) {
    if schema.contains_key("allOf") || UNIONS.iter().any(|union| schema.contains_key(*union)) {
        return;
    }
    let mut named: Vec<String> = types(schema).into_iter().map(str::to_owned).collect();
    let kinds_of_values: Vec<Kinds> = listed(schema)
        .into_iter()
        .map(Kinds::of)
        .filter(|kind| *kind != Kinds::NULL)
        .collect();
    if !schema.contains_key("type") && !kinds_of_values.is_empty() {
        named = ["string", "integer", "boolean", "array", "object"]
            .into_iter()
            .filter(|name| kinds_of_values.contains(&Kinds::named(name)))
            .map(str::to_owned)
            .collect();
    }
    if named.iter().any(|name| name == "number") {
        named.retain(|name| name != "integer");
    }
    if named.len() < 2 {
        return;
    }
    if takes_null(schema) {
        schema.insert("nullable".to_owned(), Value::Bool(true));
    }
    schema.shift_remove("type");
    let values = schema.shift_remove("enum");
    let constant = schema.shift_remove("const");
    let names = schema.shift_remove("x-enum-varnames");
    let format_is_numeric = schema
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(|format| NUMBER_FORMATS.contains(&format));
    let format = schema.shift_remove("format");
    let mut members = Vec::new();
    for name in &named {
        let kind = Kinds::named(name);
        let mut member = match name.as_str() {
            "string" => taken(schema, OF_STRINGS),
            "integer" | "number" => taken(schema, OF_NUMBERS),
            "array" => taken(schema, OF_ARRAYS),
            "object" => taken(schema, OF_OBJECTS),
            _ => Map::new(),
        };
        member.insert("type".to_owned(), name.as_str().into());
        let wants_format = match name.as_str() {
            "string" => !format_is_numeric,
            "integer" | "number" => format_is_numeric,
            _ => false,
        };
        if let Some(format) = format.as_ref().filter(|_| wants_format) {
            member.insert("format".to_owned(), format.clone());
        }
        if let Some(Value::Array(values)) = &values {
            let mut own = Vec::new();
            let mut own_names = Vec::new();
            for (index, value) in values.iter().enumerate() {
                if Kinds::of(value) == kind {
                    own.push(value.clone());
                    let chosen = names.as_ref().and_then(|names| names.get(index));
                    own_names.push(chosen.cloned().unwrap_or_default());
                }
            }
            // A type without a value beside others that have some cannot occur.
            if own.is_empty() {
                continue;
            }
            if own.iter().any(|value| value.is_f64()) {
                member.insert("type".to_owned(), "number".into());
            }
            member.insert("enum".to_owned(), own.into());
            if names.is_some() {
                member.insert("x-enum-varnames".to_owned(), own_names.into());
            }
        } else if let Some(constant) = &constant {
            if Kinds::of(constant) != kind {
                continue;
            }
            member.insert("const".to_owned(), constant.clone());
        }
        member.insert(AT.to_owned(), pointer.into());
        members.push(Value::Object(member));
    }
    schema.insert("anyOf".to_owned(), members.into());
}

/// Takes some keywords out of a schema.
fn taken(schema: &mut Map<String, Value>, keys: &[&str]) -> Map<String, Value> {
    let mut taken = Map::new();
    for key in keys {
        if let Some(value) = schema.shift_remove(*key) {
            taken.insert((*key).to_owned(), value);
        }
    }
    taken
}

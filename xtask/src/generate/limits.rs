//! What a schema demands beyond its Rust type, as sentences for docs and for `cargo xtask diff`.
//!
//! Limits (lengths, patterns, bounds) do not become types, since a type that checks them would
//! refuse answers too.

use serde_json::Value;

use super::json_schema::wrapped;

/// The formats that become types of their own.
const TYPED_FORMATS: &[&str] = &["uuid", "date-time", "date", "int32"];

/// What the schema of a field or parameter demands beyond its type and its own limits.
pub fn details(schema: &Value) -> Vec<String> {
    let Some(object) = schema.as_object() else {
        return Vec::new();
    };
    let mut sentences = own(schema);
    if let Some((union, index)) = wrapped(object) {
        sentences.extend(of_type(&schema[union][index]));
    }
    for (key, what) in [("items", "Items"), ("additionalProperties", "Values")] {
        if let Some(inner) = schema.get(key) {
            let inner = of_type(inner);
            sentences.extend(
                inner
                    .into_iter()
                    .map(|sentence| format!("{what}: {sentence}")),
            );
        }
    }
    sentences
}

/// What the schema of a type demands beyond its shape, its own limits included.
pub fn of_type(schema: &Value) -> Vec<String> {
    let mut sentences = limits(schema);
    sentences.extend(details(schema));
    sentences
}

fn own(schema: &Value) -> Vec<String> {
    let mut sentences = Vec::new();
    let format = schema.get("format").and_then(Value::as_str);
    if let Some(format) = format.filter(|format| !TYPED_FORMATS.contains(format)) {
        sentences.push(format!("Format `{format}`."));
    }
    let values = schema.get("enum").and_then(Value::as_array);
    if let Some(values) = values.filter(|values| !values.iter().any(Value::is_string)) {
        let values: Vec<String> = values.iter().map(Value::to_string).collect();
        sentences.push(format!("One of {}.", values.join(", ")));
    }
    if let Some(factor) = schema.get("multipleOf") {
        sentences.push(format!("A multiple of {factor}."));
    }
    for (key, sentence) in [
        ("uniqueItems", "No item twice."),
        ("readOnly", "Only in answers."),
        ("writeOnly", "Only in requests."),
    ] {
        if schema.get(key) == Some(&Value::Bool(true)) {
            sentences.push(sentence.to_owned());
        }
    }
    sentences
}

/// The limits and the default of a schema, as sentences.
pub fn limits(schema: &Value) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut range = |least: &str, most: &str, unit: &str| {
        // OpenAPI 3.0 says by a flag that a bound itself is excluded.
        let excluded = |key: &str| match key {
            "minimum" => schema.get("exclusiveMinimum") == Some(&Value::Bool(true)),
            "maximum" => schema.get("exclusiveMaximum") == Some(&Value::Bool(true)),
            _ => false,
        };
        let bound = |key: &str| {
            schema
                .get(key)
                .filter(|value| value.is_number() && !excluded(key))
        };
        match (bound(least), bound(most)) {
            (Some(least), Some(most)) if least == most => {
                sentences.push(format!("Exactly {least}{unit}."));
            }
            (Some(least), Some(most)) => sentences.push(format!("From {least} to {most}{unit}.")),
            (Some(least), None) => sentences.push(format!("At least {least}{unit}.")),
            (None, Some(most)) => sentences.push(format!("At most {most}{unit}.")),
            (None, None) => {}
        }
    };
    range("minLength", "maxLength", " characters");
    range("minimum", "maximum", "");
    range("minItems", "maxItems", " items");
    range("minProperties", "maxProperties", " entries");
    for (key, inclusive, what) in [
        ("exclusiveMinimum", "minimum", "More than"),
        ("exclusiveMaximum", "maximum", "Less than"),
    ] {
        let bound = match schema.get(key) {
            Some(Value::Bool(true)) => schema.get(inclusive),
            bound => bound,
        };
        if let Some(bound) = bound.filter(|value| value.is_number()) {
            sentences.push(format!("{what} {bound}."));
        }
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
        && is_plain(pattern)
    {
        sentences.push(format!("Matches `{pattern}`."));
    }
    match schema.get("default") {
        None | Some(Value::Null | Value::Object(_) | Value::Array(_)) => {}
        Some(Value::String(value)) if !is_plain(value) => {}
        Some(Value::String(value)) => sentences.push(format!("Default: `{value}`.")),
        Some(value) => sentences.push(format!("Default: `{value}`.")),
    }
    sentences
}

/// Whether a text can stand between backticks in one line.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c == '`' || c.is_control())
}

//! What a schema demands that neither a Rust type nor its docs say: formats, values that are no
//! texts, and the limits of what stands inside lists, maps and wrappers. `cargo xtask diff`
//! compares it.

use serde_json::Value;

use super::hoist::wrapped;
use super::lower::limits;

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

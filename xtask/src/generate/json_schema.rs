//! What a schema says by itself, without the schemas it refers to.

use serde_json::{Map, Value, json};

/// The text of a value, without the blanks around it.
pub fn text(value: Option<&Value>) -> String {
    value
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// The entries of a list below a key, none where there is no such list.
pub fn list_of<'v>(schema: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    schema
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// Whether a schema allows texts only.
pub fn is_text(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("string")
        || schema.get("const").is_some_and(Value::is_string)
        || schema
            .get("enum")
            .and_then(Value::as_array)
            .is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_string))
}

/// The one schema that a wrapper adds nothing to but null or a description: its union and index.
pub fn wrapped(object: &Map<String, Value>) -> Option<(&'static str, usize)> {
    if object.contains_key("properties") || object.contains_key("enum") {
        return None;
    }
    ["allOf", "oneOf", "anyOf"].into_iter().find_map(|union| {
        let members = object.get(union)?.as_array()?;
        let mut others = members
            .iter()
            .enumerate()
            .filter(|(_, member)| !is_null(member));
        match (others.next(), others.next()) {
            (Some((index, _)), None) => Some((union, index)),
            _ => None,
        }
    })
}

/// Whether a schema is `null` and nothing else.
pub fn is_null(schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == "null",
        Some(Value::Array(names)) => names.iter().all(|name| name == "null") && !names.is_empty(),
        _ => {
            schema.get("const").is_some_and(Value::is_null)
                || schema
                    .get("enum")
                    .and_then(Value::as_array)
                    .is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_null))
        }
    }
}

/// Whether a schema says itself that null may stand in its place.
pub fn takes_null(object: &Map<String, Value>) -> bool {
    let in_list = |name: &str, wanted: &Value| {
        object
            .get(name)
            .and_then(Value::as_array)
            .is_some_and(|list| list.contains(wanted))
    };
    object.get("nullable") == Some(&Value::Bool(true))
        || in_list("type", &json!("null"))
        || in_list("enum", &Value::Null)
        || ["oneOf", "anyOf"].iter().any(|union| {
            object
                .get(*union)
                .and_then(Value::as_array)
                .is_some_and(|members| members.iter().any(is_null))
        })
}

/// The one string that a schema allows.
pub fn single(schema: &Value) -> Option<String> {
    if let Some(text) = schema.get("const").and_then(Value::as_str) {
        return Some(text.to_owned());
    }
    match schema
        .get("enum")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        Some([Value::String(only)]) => Some(only.clone()),
        _ => None,
    }
}

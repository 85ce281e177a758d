//! The skeleton of an API document: names, types, limits and statuses, and no prose.
//!
//! It is an OpenAPI document itself, so it is read and compared like any other, and it can be kept
//! where the vendor's sentences cannot.

use serde_json::{Map, Value};

/// Members that hold prose or examples wherever an object of the document has them.
const PROSE: &[&str] = &[
    "description",
    "summary",
    "title",
    "example",
    "examples",
    "externalDocs",
    "contact",
    "license",
    "termsOfService",
];

/// Members whose value is a map with names of the API as keys, which are kept whatever they are.
const NAMES: &[&str] = &[
    "properties",
    "patternProperties",
    "dependentSchemas",
    "$defs",
    "schemas",
    "responses",
    "parameters",
    "requestBodies",
    "headers",
    "securitySchemes",
    "paths",
    "pathItems",
    "webhooks",
    "callbacks",
    "content",
    "encoding",
    "variables",
    "links",
];

/// Members whose value is data of the API, kept as it is.
const DATA: &[&str] = &[
    "enum", "const", "default", "required", "mapping", "scopes", "security", "tags",
];

/// Returns the skeleton of a document.
pub fn of(document: &Value) -> Value {
    let mut skeleton = object(document);
    if let Some(info) = skeleton.get_mut("info").and_then(Value::as_object_mut) {
        info.insert("title".to_owned(), "Linq Partner API V3".into());
    }
    // At the top of a document tags are objects with prose; in operations they are names.
    if let Some(tags) = skeleton.get_mut("tags") {
        *tags = object(tags);
    }
    skeleton
}

/// An object of the document, or a list of them.
fn object(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !is_prose(name));
            let member =
                |(name, value): (&String, &Value)| (name.clone(), self::member(name, value));
            Value::Object(kept.map(member).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(object).collect()),
        scalar => scalar.clone(),
    }
}

fn member(name: &str, value: &Value) -> Value {
    match value {
        _ if DATA.contains(&name) => value.clone(),
        Value::Object(members) if NAMES.contains(&name) => {
            let entries = members
                .iter()
                .map(|(name, value)| (name.clone(), object(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        value => object(value),
    }
}

/// Extensions hold prose and code samples; those that the generator reads are ours, not the vendor's.
fn is_prose(name: &str) -> bool {
    PROSE.contains(&name) || name.starts_with("x-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::of;

    #[test]
    fn prose_goes_and_names_stay() {
        let document = json!({
            "openapi": "3.1.0",
            "info": {"title": "Their title", "version": "3", "description": "Prose."},
            "tags": [{"name": "Chats", "description": "Prose."}],
            "paths": {"/v3/things": {"get": {
                "operationId": "listThings", "tags": ["Chats"], "summary": "Prose.",
                "parameters": [{"name": "title", "in": "query", "description": "Prose.",
                    "schema": {"type": "string", "maxLength": 5, "example": "Prose."}}],
                "responses": {"200": {"description": "Prose."}},
            }}},
            "components": {"schemas": {"description": {"type": "object", "required": ["title"],
                "x-prose": "Prose.",
                "properties": {
                    "title": {"type": "string", "description": "Prose."},
                    "example": {"enum": ["summary", {"description": "kept"}], "title": "Prose."},
                }}}},
        });
        let skeleton = of(&document);
        assert!(!skeleton.to_string().contains("Prose"), "{skeleton}");
        let expected = json!({
            "openapi": "3.1.0",
            "info": {"title": "Linq Partner API V3", "version": "3"},
            "tags": [{"name": "Chats"}],
            "paths": {"/v3/things": {"get": {
                "operationId": "listThings", "tags": ["Chats"],
                "parameters": [{"name": "title", "in": "query",
                    "schema": {"type": "string", "maxLength": 5}}],
                "responses": {"200": {}},
            }}},
            "components": {"schemas": {"description": {"type": "object", "required": ["title"],
                "properties": {
                    "title": {"type": "string"},
                    "example": {"enum": ["summary", {"description": "kept"}]},
                }}}},
        });
        assert_eq!(skeleton, expected);
    }

    #[test]
    fn a_skeleton_is_its_own_skeleton() {
        let skeleton = of(&json!({"openapi": "3.1.0", "info": {"title": "A"}, "paths": {}}));
        assert_eq!(of(&skeleton), skeleton);
    }
}

//! JSON Schema of what the derive cannot see.

use schemars::{Schema, json_schema};

/// A string, with the known values named.
pub(crate) fn open_enum(known: &[&str]) -> Schema {
    json_schema!({ "anyOf": [{ "type": "string", "enum": known }, { "type": "string" }] })
}

/// An integer, with the known values named.
#[allow(dead_code, reason = "not every document has enums of integers")]
pub(crate) fn open_integer(known: &[i64]) -> Schema {
    json_schema!({ "anyOf": [{ "type": "integer", "enum": known }, { "type": "integer" }] })
}

/// Adds the constant tag that a struct of a union writes but does not hold.
#[derive(Clone)]
pub(crate) struct Tag(pub(crate) &'static str, pub(crate) &'static str);

impl schemars::transform::Transform for Tag {
    fn transform(&mut self, schema: &mut Schema) {
        let Self(name, value) = *self;
        let object = schema.ensure_object();
        if let Some(properties) = object
            .entry("properties")
            .or_insert_with(|| serde_json::Value::Object(serde_json::Map::new()))
            .as_object_mut()
        {
            properties.insert(name.to_owned(), serde_json::json!({ "const": value }));
        }
        if let Some(required) = object
            .entry("required")
            .or_insert_with(|| serde_json::Value::Array(Vec::new()))
            .as_array_mut()
        {
            required.insert(0, name.into());
        }
    }
}

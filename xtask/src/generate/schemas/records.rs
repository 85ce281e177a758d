//! Objects: their fields, gathered from compositions.

use std::collections::BTreeSet;

use serde_json::Value;

use super::context::{Lowering, MAX_DEPTH};
use crate::generate::json_schema::{list_of, single, text, wrapped};
use crate::generate::limits;
use crate::generate::model::{Field, Struct};
use crate::generate::names;
use crate::pointer::child;

/// The fields of an object, gathered from its parts.
#[derive(Default)]
pub(super) struct Parts<'a> {
    pub(super) properties: Vec<(&'a str, &'a Value, String)>,
    pub(super) required: BTreeSet<&'a str>,
}

impl<'a> Parts<'a> {
    pub(super) fn add(&mut self, name: &'a str, schema: &'a Value, pointer: String) {
        match self
            .properties
            .iter_mut()
            .find(|(known, ..)| *known == name)
        {
            // A later part says more of a field than the one before.
            Some(entry) => *entry = (name, schema, pointer),
            None => self.properties.push((name, schema, pointer)),
        }
    }
}

impl<'a> Lowering<'a> {
    /// Whether an `allOf` comes to an object with fields.
    pub fn is_composed(&self, schema: &'a Value, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        let schema = self
            .referred(schema)
            .map_or(schema, |component| &component.schema);
        schema.get("properties").is_some()
            || schema
                .get("allOf")
                .and_then(Value::as_array)
                .is_some_and(|parts| parts.iter().any(|part| self.is_composed(part, depth + 1)))
    }

    /// Gathers the fields of an object from its compositions.
    pub(super) fn collect(
        &mut self,
        schema: &'a Value,
        pointer: &str,
        parts: &mut Parts<'a>,
        depth: usize,
    ) {
        if depth > MAX_DEPTH {
            self.refuse(pointer, "the composition contains itself", "cut the circle");
            return;
        }
        if let Some(component) = self.referred(schema) {
            self.collect(&component.schema, &component.pointer, parts, depth + 1);
            return;
        }
        for (index, part) in list_of(schema, "allOf").enumerate() {
            self.collect(part, &format!("{pointer}/allOf/{index}"), parts, depth + 1);
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let at = child(pointer, "properties");
        for (name, property) in properties.into_iter().flatten() {
            parts.add(name, property, child(&at, name));
        }
        parts
            .required
            .extend(list_of(schema, "required").filter_map(Value::as_str));
        // Alternatives beside fields: whatever one of them allows may be there.
        for union in ["oneOf", "anyOf"] {
            for (index, member) in list_of(schema, union).enumerate() {
                let mut alternative = Parts::default();
                let at = format!("{pointer}/{union}/{index}");
                self.collect(member, &at, &mut alternative, depth + 1);
                for (name, property, at) in alternative.properties {
                    if !parts.properties.iter().any(|(known, ..)| *known == name) {
                        parts.add(name, property, at);
                    }
                }
            }
        }
    }

    pub(super) fn fields(&mut self, parts: Parts<'a>) -> Struct {
        let mut fields: Vec<Field> = Vec::new();
        for (wire, schema, pointer) in parts.properties {
            let name = names::field_name(wire);
            if name.is_empty() {
                let what = format!("the field `{wire}` gives no Rust name");
                self.refuse(&pointer, what, "remove it with the overlay, or rename it");
                continue;
            }
            if let Some(other) = fields.iter().find(|field| field.name == name) {
                let what = format!(
                    "the fields `{}` and `{wire}` have one Rust name",
                    other.wire
                );
                self.refuse(&pointer, what, "remove one of them with the overlay");
                continue;
            }
            let (ty, nullable) = self.type_of(schema, &pointer);
            let seen = self.seen_through(schema);
            let described = schema.get("description").or_else(|| {
                // A wrapper's description counts for more than that of what it wraps.
                let (union, index) = wrapped(schema.as_object()?)?;
                schema[union][index].get("description")
            });
            fields.push(Field {
                wire: wire.to_owned(),
                name,
                description: text(described.or_else(|| seen.get("description"))),
                limits: limits::limits(schema),
                details: limits::details(schema),
                ty,
                required: parts.required.contains(wire),
                nullable,
                secret: schema.get("x-secret") == Some(&Value::Bool(true)),
                deprecated: schema.get("deprecated") == Some(&Value::Bool(true)),
                constant: single(seen),
                boxed: false,
            });
        }
        Struct { fields, tag: None }
    }
}

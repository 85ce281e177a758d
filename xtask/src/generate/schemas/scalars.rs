//! The type of a place: scalars, lists, maps and references.

use serde_json::{Map, Value};

use super::context::Lowering;
use crate::generate::accept::Loss;
use crate::generate::json_schema::{is_null, single, takes_null, wrapped};
use crate::generate::model::Type;
use crate::pointer::child;

impl<'a> Lowering<'a> {
    /// The type of a place, and whether null may stand there.
    pub fn type_of(&mut self, schema: &'a Value, pointer: &str) -> (Type, bool) {
        let Some(object) = schema.as_object() else {
            return (Type::Any, false);
        };
        let nullable = takes_null(object) || is_null(schema);
        if let Some(component) = self.referred(schema) {
            let inner = component.schema.as_object().is_some_and(takes_null);
            return (Type::Named(component.name.clone()), nullable || inner);
        }
        if object.contains_key("$ref") {
            self.refuse(
                pointer,
                "a schema may refer to a component only, not into one",
                "make the target a component of its own",
            );
            return (Type::Any, nullable);
        }
        if let Some((union, index)) = wrapped(object) {
            let at = format!("{pointer}/{union}/{index}");
            let (inner, inner_null) = self.type_of(&schema[union][index], &at);
            return (inner, nullable || inner_null);
        }
        let named: Vec<&str> = match object.get("type") {
            Some(Value::String(name)) if name != "null" => vec![name],
            Some(Value::Array(names)) => names
                .iter()
                .filter_map(Value::as_str)
                .filter(|name| *name != "null")
                .collect(),
            _ => Vec::new(),
        };
        let format = object
            .get("format")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let ty = match named.as_slice() {
            ["string"] => match format {
                "uuid" => Type::Uuid,
                "date-time" => Type::DateTime,
                "date" => Type::Date,
                _ => Type::String,
            },
            ["integer"] if format == "int32" => Type::I32,
            ["integer"] => Type::I64,
            ["number"] | ["integer", "number"] | ["number", "integer"] => Type::F64,
            ["boolean"] => Type::Bool,
            ["array"] => self.list(object, pointer),
            ["object"] => self.map(object, pointer),
            [] if object.contains_key("items") => self.list(object, pointer),
            [] if object.contains_key("additionalProperties") => self.map(object, pointer),
            [] if single(schema).is_some() => Type::String,
            [] => {
                if object.contains_key("oneOf") || object.contains_key("anyOf") {
                    self.lose(
                        Loss::PlainJson,
                        pointer,
                        "values of several kinds become plain JSON",
                    );
                }
                Type::Any
            }
            [name] => {
                let what = format!("`{name}` is no type of JSON Schema");
                self.refuse(pointer, what, "mend the document, or the overlay");
                Type::Any
            }
            _ => {
                self.lose(
                    Loss::PlainJson,
                    pointer,
                    "values of several kinds become plain JSON",
                );
                Type::Any
            }
        };
        (ty, nullable)
    }

    fn list(&mut self, object: &'a Map<String, Value>, pointer: &str) -> Type {
        let item = match object.get("items") {
            Some(items) => self.held(items, &child(pointer, "items")),
            None => Type::Any,
        };
        Type::List(Box::new(item))
    }

    fn map(&mut self, object: &'a Map<String, Value>, pointer: &str) -> Type {
        match object.get("additionalProperties") {
            Some(values @ Value::Object(schema)) if !schema.is_empty() => {
                let at = child(pointer, "additionalProperties");
                Type::Map(Box::new(self.held(values, &at)))
            }
            _ => Type::Object,
        }
    }

    /// The type of what a list or map holds, null included.
    fn held(&mut self, schema: &'a Value, pointer: &str) -> Type {
        match self.type_of(schema, pointer) {
            (ty, true) => Type::OrNull(Box::new(ty)),
            (ty, false) => ty,
        }
    }
}

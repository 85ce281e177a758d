//! Schemas as types: each component becomes the definition of a Rust type.

pub mod context;
mod enums;
mod records;
mod scalars;
mod unions;

use serde_json::Value;

use self::context::Lowering;
use self::records::Parts;
use super::hoist::Component;
use super::json_schema::{text, wrapped};
use super::limits;
use super::model::{Kind, Type, TypeDef};

impl<'a> Lowering<'a> {
    /// Lowers a component to the type that it becomes.
    pub fn definition(&mut self, component: &'a Component) -> TypeDef {
        let schema = &component.schema;
        let sdk_names = schema
            .get("x-sdk-name")
            .into_iter()
            .flat_map(|names| match names {
                Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                other => other.as_str().into_iter().collect::<Vec<_>>(),
            });
        let key = (!component.is_hoisted).then_some(component.key.as_str());
        let aliases = key
            .into_iter()
            .chain(sdk_names)
            .filter(|alias| *alias != component.name)
            .map(str::to_owned)
            .collect();
        TypeDef {
            name: component.name.clone(),
            aliases,
            description: text(schema.get("description")),
            deprecated: schema.get("deprecated") == Some(&Value::Bool(true)),
            details: limits::of_type(schema),
            kind: self.kind(component),
            pointer: component.pointer.clone(),
            is_hoisted: component.is_hoisted,
            in_request: false,
            in_answer: false,
            area: String::new(),
        }
    }

    fn kind(&mut self, component: &'a Component) -> Kind {
        let schema = &component.schema;
        let pointer = component.pointer.as_str();
        let Some(object) = schema.as_object() else {
            return Kind::Alias(Type::Any);
        };
        if object.contains_key("enum")
            && let Some(variants) = self.variants(object, pointer)
        {
            return Kind::Enum(variants);
        }
        let has = |key: &str| {
            object.get(key).is_some_and(|value| match value {
                Value::Object(entries) => !entries.is_empty(),
                Value::Array(entries) => !entries.is_empty(),
                _ => false,
            })
        };
        let unions = ["oneOf", "anyOf"];
        if has("properties") || (has("allOf") && self.is_composed(schema, 0)) {
            let mut parts = Parts::default();
            self.collect(schema, pointer, &mut parts, 0);
            return Kind::Struct(self.fields(parts));
        }
        if wrapped(object).is_none()
            && let Some(union) = unions.into_iter().find(|union| has(union))
        {
            return self.union(schema, union, pointer);
        }
        Kind::Alias(self.type_of(schema, pointer).0)
    }
}

//! Schemas as types: each component becomes the definition of a Rust type.
//!
//! [`context`] is what lowering has at hand; `scalars` gives the type of a place, and the other
//! modules those with a name: `records`, `enums` and `unions`.

pub mod context;
mod enums;
mod records;
mod sanity;
mod scalars;
mod unions;

use serde_json::Value;

use self::context::Lowering;
use super::accept::Loss;
use super::hoist::Component;
use super::json_schema::{Kinds, UNIONS, is_null, list_of, members, text, wrapped};
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
        let mut limits = self.limits(schema);
        limits.extend(self.undescribed(component));
        TypeDef {
            name: component.name.clone(),
            aliases,
            description: text(schema.get("description")),
            deprecated: schema.get("deprecated") == Some(&Value::Bool(true)),
            limits,
            kind: self.kind(component),
            pointer: component.pointer.clone(),
            is_hoisted: component.is_hoisted,
            ..TypeDef::default()
        }
    }

    fn kind(&mut self, component: &'a Component) -> Kind {
        let schema = &component.schema;
        let pointer = component.pointer.as_str();
        let Some(object) = schema.as_object() else {
            return Kind::Alias(self.type_of(schema, pointer).0);
        };
        let parts = || list_of(schema, "allOf").map(|part| self.kinds(part));
        if parts().all(|kinds| kinds != Kinds::NONE)
            && parts().fold(Kinds::ALL, |all, kinds| all & kinds) == Kinds::NONE
        {
            let what = "its parts have no kind of value in common";
            self.lose(Loss::Contradiction, pointer, what);
        }
        self.contradictions(object, pointer);
        if object.contains_key("enum")
            && let Some(values) = self.values(schema)
            && let Some(found) = self.enumeration(&values, schema, pointer)
        {
            return found;
        }
        let has = |key: &str| {
            object.get(key).is_some_and(|value| match value {
                Value::Object(entries) => !entries.is_empty(),
                Value::Array(entries) => !entries.is_empty(),
                _ => false,
            })
        };
        if has("properties") || (has("allOf") && self.is_composed(schema)) {
            return Kind::Struct(self.record(component));
        }
        if wrapped(object).is_some() {
            return Kind::Alias(self.type_of(schema, pointer).0);
        }
        if has("allOf") {
            return self.narrowed(schema, pointer);
        }
        match UNIONS.into_iter().find(|union| has(union)) {
            Some(union) => self.union(component, union),
            None => Kind::Alias(self.type_of(schema, pointer).0),
        }
    }

    /// The type of a composition without fields: what matches all of its parts.
    fn narrowed(&mut self, schema: &'a Value, pointer: &str) -> Kind {
        if let Some(values) = self.values(schema) {
            if values.is_empty() {
                let what = "its parts have no value in common";
                self.lose(Loss::Contradiction, pointer, what);
            }
            if let Some(found) = self.enumeration(&values, schema, pointer) {
                return found;
            }
        }
        let parts: Vec<_> = list_of(schema, "allOf")
            .filter_map(|part| self.seen_through(part).as_object())
            .collect();
        self.limits_leave_values(&parts, pointer);
        let mut found: Option<(Type, &'a Value)> = None;
        for (part, at) in members(schema, "allOf", pointer) {
            if is_null(part) || self.kinds(part) == Kinds::ALL {
                continue;
            }
            let (ty, _) = self.type_of(part, &at);
            found = match found {
                None => Some((ty, part)),
                Some((known, other)) => match self.narrower(other, known, part, ty.clone()) {
                    Some(narrow) => Some((narrow, part)),
                    None if self.kinds(schema) == Kinds::NONE => Some((ty, part)),
                    None => {
                        let what = "the part has no value in common with those before it";
                        self.lose(Loss::Contradiction, &at, what);
                        Some((ty, part))
                    }
                },
            };
        }
        Kind::Alias(found.map_or(Type::Any, |(ty, _)| ty))
    }
}

//! Unions: of objects that a tag tells apart, or of texts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::context::Lowering;
use super::records::Parts;
use crate::generate::accept::Loss;
use crate::generate::json_schema::{is_null, is_text, list_of, single};
use crate::generate::model::{Kind, Type, Union};
use crate::generate::names;
use crate::pointer::component;

impl<'a> Lowering<'a> {
    pub(super) fn union(&mut self, schema: &'a Value, union: &str, pointer: &str) -> Kind {
        let members: Vec<(&'a Value, String)> = list_of(schema, union)
            .enumerate()
            .map(|(index, member)| (member, format!("{pointer}/{union}/{index}")))
            .filter(|(member, _)| !is_null(member))
            .collect();
        let seen: Vec<&Value> = members.iter().map(|(m, _)| self.seen_through(m)).collect();
        if seen.iter().all(|member| is_text(member)) {
            return self.texts(schema, &seen, pointer);
        }
        if !seen.iter().all(|member| self.is_composed(member, 0)) {
            self.lose(
                Loss::PlainJson,
                pointer,
                "values of several kinds become plain JSON",
            );
            return Kind::Alias(Type::Any);
        }
        if let Some(union) = self.tagged(schema, &members) {
            return Kind::Union(union);
        }
        // Nothing tells the objects apart: one struct that has room for each of them.
        self.note(
            pointer,
            "objects without a tag become one struct with the fields of all",
        );
        let mut all = Parts::default();
        let mut required: Option<BTreeSet<&str>> = None;
        for (member, at) in &members {
            let mut parts = Parts::default();
            self.collect(member, at, &mut parts, 0);
            required = Some(match required {
                Some(known) => known.intersection(&parts.required).copied().collect(),
                None => parts.required,
            });
            for (name, property, at) in parts.properties {
                let clash = all.properties.iter_mut().find(|(known, ..)| *known == name);
                match clash {
                    None => all.add(name, property, at),
                    Some(entry) if self.same_type(entry.1, property) => {}
                    Some(entry) => entry.1 = &Value::Bool(true),
                }
            }
        }
        all.required = required.unwrap_or_default();
        Kind::Struct(self.fields(all))
    }

    fn same_type(&mut self, one: &'a Value, other: &'a Value) -> bool {
        // Constants that differ are one string; their enums do not matter here.
        let text = is_text(self.seen_through(one)) && is_text(self.seen_through(other));
        text || self.type_of(one, "") == self.type_of(other, "")
    }

    /// A union of texts: an open enum of all the values they name.
    fn texts(&mut self, schema: &Value, members: &[&Value], pointer: &str) -> Kind {
        let values: Vec<Value> = members
            .iter()
            .flat_map(|member| {
                list_of(member, "enum")
                    .cloned()
                    .chain(member.get("const").cloned())
            })
            .collect();
        let mut object = Map::new();
        object.insert("enum".to_owned(), Value::Array(values));
        for key in ["description", "x-enum-varnames"] {
            if let Some(value) = schema.get(key) {
                object.insert(key.to_owned(), value.clone());
            }
        }
        self.variants(&object, pointer)
            .map_or(Kind::Alias(Type::String), Kind::Enum)
    }

    /// A union of objects told apart by a constant field.
    fn tagged(&mut self, schema: &'a Value, members: &[(&'a Value, String)]) -> Option<Union> {
        let mut shapes = Vec::new();
        for (member, at) in members {
            let component = self.referred(member)?;
            let mut parts = Parts::default();
            self.collect(member, at, &mut parts, 0);
            let constants: BTreeMap<&str, String> = parts
                .properties
                .iter()
                .filter_map(|(name, property, _)| {
                    Some((*name, single(self.seen_through(property))?))
                })
                .collect();
            shapes.push((component, constants));
        }
        let discriminator = schema.get("discriminator");
        let tag = match discriminator.and_then(|d| d.get("propertyName")?.as_str()) {
            Some(tag) => tag.to_owned(),
            None => {
                let mut candidates = shapes.first()?.1.keys().copied();
                candidates
                    .find(|tag| {
                        let values: BTreeSet<&String> =
                            shapes.iter().filter_map(|(_, c)| c.get(tag)).collect();
                        values.len() == shapes.len()
                    })?
                    .to_owned()
            }
        };
        let mapping = discriminator.and_then(|d| d.get("mapping")?.as_object());
        let mut variants: Vec<(String, String, String)> = Vec::new();
        let mut add = |value: &str, ty: &str| {
            let name = names::variant_name(value);
            let clash = variants
                .iter()
                .any(|(known, wire, _)| *known == name || wire == value);
            if clash || !names::is_type_name(&name) {
                return false;
            }
            variants.push((name, value.to_owned(), ty.to_owned()));
            true
        };
        let mut mapped: BTreeSet<&str> = BTreeSet::new();
        for (value, reference) in mapping.into_iter().flatten() {
            let reference = reference.as_str()?;
            let key = component(reference, "schemas").unwrap_or(reference);
            let target = self.components.get(key).copied()?;
            mapped.insert(&target.key);
            if !add(value, &target.name) {
                return None;
            }
        }
        for (component, constants) in &shapes {
            if mapped.contains(component.key.as_str()) {
                continue;
            }
            // Without a mapping or a constant, the standard takes the schema's own name.
            let value = constants.get(tag.as_str()).unwrap_or(&component.key);
            if !add(value, &component.name) {
                return None;
            }
        }
        Some(Union { tag, variants })
    }
}

//! Objects: their fields, gathered from compositions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::context::Lowering;
use crate::generate::accept::Loss;
use crate::generate::docs::code;
use crate::generate::hoist::Component;
use crate::generate::json_schema::{
    Kinds, UNIONS, is_null, is_set, list_of, members, text, wrapped,
};
use crate::generate::model::{Field, Struct, Type};
use crate::generate::{names, rename};
use crate::pointer::child;

/// The fields of an object, gathered from its parts.
#[derive(Default)]
pub(super) struct Parts<'a> {
    pub(super) properties: Vec<Property<'a>>,
    pub(super) required: BTreeSet<&'a str>,
    /// The components that were gathered, so that none counts twice.
    gathered: BTreeSet<&'a str>,
}

/// A property, with each schema that describes it: a value has to match them all.
pub(super) struct Property<'a> {
    pub(super) wire: &'a str,
    pub(super) schemas: Vec<(&'a Value, String)>,
    /// Whether nothing is known of its type, as alternatives differ.
    pub(super) is_any: bool,
}

impl<'a> Parts<'a> {
    pub(super) fn property(&mut self, wire: &str) -> Option<&mut Property<'a>> {
        let mut properties = self.properties.iter_mut();
        properties.find(|property| property.wire == wire)
    }

    fn add(&mut self, wire: &'a str, schema: &'a Value, pointer: String) {
        match self.property(wire) {
            Some(known) => known.schemas.push((schema, pointer)),
            None => self.properties.push(Property {
                wire,
                schemas: vec![(schema, pointer)],
                is_any: false,
            }),
        }
    }
}

impl<'a> Lowering<'a> {
    /// The struct of an object with fields.
    pub(super) fn record(&mut self, component: &'a Component) -> Struct {
        let parts = self.parts(&component.schema, &component.pointer);
        self.fields(parts)
    }

    /// The fields that an object must have and that nothing describes, as a sentence.
    pub(super) fn undescribed(&mut self, component: &'a Component) -> Option<String> {
        if !self.is_composed(&component.schema) || self.is_part(component) {
            return None;
        }
        let parts = self.parts(&component.schema, &component.pointer);
        let unknown: Vec<String> = parts
            .required
            .iter()
            .filter(|wire| !parts.properties.iter().any(|known| known.wire == **wire))
            .map(|wire| code(wire))
            .collect();
        if unknown.is_empty() {
            return None;
        }
        let unknown = unknown.join(" and ");
        let what = format!("`required` names {unknown}, which nothing describes");
        self.note(&component.pointer, &what);
        Some(format!(
            "Requires {unknown}, which the API does not describe."
        ))
    }

    /// Gathers the fields of an object.
    pub(super) fn parts(&mut self, schema: &'a Value, pointer: &str) -> Parts<'a> {
        let mut parts = Parts::default();
        self.collect(schema, pointer, &mut parts, &mut Vec::new());
        parts
    }

    fn collect(
        &mut self,
        schema: &'a Value,
        pointer: &str,
        parts: &mut Parts<'a>,
        inside: &mut Vec<&'a str>,
    ) {
        if let Some(component) = self.referred(schema) {
            let key = component.key.as_str();
            if inside.contains(&key) {
                let what = "the composition contains itself";
                let action = self.losses.remove(pointer, what);
                let help = format!("leave the part out in openapi/overlay.yaml:\n{action}");
                self.refuse(pointer, what, help);
            } else if parts.gathered.insert(key) {
                inside.push(key);
                self.collect(&component.schema, &component.pointer, parts, inside);
                inside.pop();
            }
            return;
        }
        for (part, at) in members(schema, "allOf", pointer) {
            self.collect(part, &at, parts, inside);
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let at = child(pointer, "properties");
        for (name, property) in properties.into_iter().flatten() {
            parts.add(name, property, child(&at, name));
        }
        parts
            .required
            .extend(list_of(schema, "required").filter_map(Value::as_str));
        for key in ["additionalProperties", "patternProperties"] {
            if !matches!(schema.get(key), None | Some(Value::Bool(false))) {
                let what = format!("a struct has no place for the members of `{key}`");
                self.lose(Loss::AdditionalMembers, pointer, &what);
            }
        }
        for union in UNIONS {
            self.alternatives(schema, union, pointer, parts, inside);
        }
        let is_union = UNIONS.iter().any(|union| schema.get(*union).is_some());
        if schema.get("discriminator").is_some() && !is_union {
            self.lose(
                Loss::AdditionalMembers,
                pointer,
                "the schemas that `discriminator` tells apart are not read in its place",
            );
        }
    }

    /// Alternatives beside fields: whatever one of them describes may be there.
    fn alternatives(
        &mut self,
        schema: &'a Value,
        union: &'static str,
        pointer: &str,
        parts: &mut Parts<'a>,
        inside: &mut Vec<&'a str>,
    ) {
        let alternatives: Vec<(&Value, String)> = members(schema, union, pointer)
            .into_iter()
            .filter(|(member, _)| !is_null(member))
            .collect();
        if let [(only, at)] = alternatives.as_slice() {
            return self.collect(only, at, parts, inside);
        }
        let mut is_merged = false;
        for (member, at) in alternatives {
            let mut alternative = Parts::default();
            self.collect(member, &at, &mut alternative, inside);
            is_merged |= !alternative.properties.is_empty();
            for property in alternative.properties {
                if parts.property(property.wire).is_none() {
                    parts.properties.push(property);
                }
            }
        }
        // What alternatives only require is a sentence of the docs.
        if is_merged {
            let what = "the fields of alternatives become optional fields beside the others";
            self.lose(Loss::MergedObjects, pointer, what);
        }
    }

    pub(super) fn fields(&mut self, parts: Parts<'a>) -> Struct {
        let mut fields: Vec<Field> = Vec::new();
        let mut places: Vec<(&'a Value, String)> = Vec::new();
        for property in &parts.properties {
            let Some((schema, pointer)) = property.schemas.last() else {
                continue;
            };
            let mut field = self.field(property);
            field.required = parts.required.contains(property.wire);
            let clash = fields.iter().position(|known| known.name == field.name);
            if field.name.is_empty() {
                let what = format!("the field `{}` gives no Rust name", property.wire);
                let name = format!("field_{}", fields.len() + 1);
                self.refuse_name(schema, pointer, &what, &name);
                continue;
            }
            if let Some(index) = clash {
                let (other, (_, other_place)) = (&fields[index], &places[index]);
                let what = format!(
                    "the field `{}` has the Rust name of `{}` at {other_place}, `{}`",
                    property.wire, other.wire, other.name
                );
                let mut name = format!("{}_2", field.name.trim_end_matches('_'));
                while fields.iter().any(|known| known.name == name) {
                    name.push_str("_2");
                }
                self.refuse_name(schema, pointer, &what, &name);
                continue;
            }
            fields.push(field);
            places.push((schema, pointer.clone()));
        }
        Struct { fields, tag: None }
    }

    /// Refuses the name of a field, with the overlay action that gives it another.
    fn refuse_name(&mut self, schema: &Value, pointer: &str, what: &str, name: &str) {
        let change = rename::update(schema, &json!(name));
        let action = self.losses.rename(pointer, &change, what);
        let help = format!("{}:\n{action}", rename::ADVICE);
        self.refuse(pointer, what, help);
    }

    fn field(&mut self, property: &Property<'a>) -> Field {
        let wire = property.wire;
        let mut field = Field {
            wire: wire.to_owned(),
            name: names::field_name(wire),
            description: String::new(),
            limits: Vec::new(),
            ty: Type::Any,
            required: false,
            nullable: true,
            read_only: false,
            write_only: false,
            secret: false,
            deprecated: false,
            constant: None,
            boxed: false,
        };
        let mut known: Option<(&'a Value, &str)> = None;
        for (schema, pointer) in &property.schemas {
            let (ty, nullable) = self.type_of(schema, pointer);
            field.nullable &= nullable;
            field.ty = match known {
                None => ty,
                Some((other, place)) => {
                    let narrow = self.narrower(other, field.ty.clone(), schema, ty.clone());
                    narrow.unwrap_or_else(|| {
                        let what = match self.is_disjoint(other, schema) {
                            true => format!("`{wire}` has no value in common with {place}"),
                            false => {
                                format!("`{wire}` matches {place} too, which Rust cannot express")
                            }
                        };
                        self.lose(Loss::Contradiction, pointer, &what);
                        ty
                    })
                }
            };
            known = Some((schema, pointer));
            self.describe(&mut field, schema);
        }
        if property.is_any {
            field.ty = Type::Any;
        }
        if let [_, .., (_, pointer)] = property.schemas.as_slice() {
            let schemas: Vec<_> = property
                .schemas
                .iter()
                .filter_map(|(schema, _)| self.seen_through(schema).as_object())
                .collect();
            self.limits_leave_values(&schemas, pointer);
        }
        field
    }

    /// Adds what one of the schemas of a field says beside its type.
    fn describe(&mut self, field: &mut Field, schema: &'a Value) {
        let seen = self.seen_through(schema);
        let object = schema.as_object();
        if let Some(name) = object.and_then(rename::of_field) {
            name.clone_into(&mut field.name);
        }
        // A wrapper's description counts for more than that of what it wraps.
        let wrapper = object.and_then(wrapped);
        let described = schema.get("description").or_else(|| {
            let (union, index) = wrapper?;
            schema[union][index].get("description")
        });
        let described = text(described.or_else(|| seen.get("description")));
        if !described.is_empty() {
            field.description = described;
        }
        for sentence in self.limits(schema) {
            if !field.limits.contains(&sentence) {
                field.limits.push(sentence);
            }
        }
        field.secret |= is_set(schema, "x-secret");
        field.deprecated |= is_set(schema, "deprecated");
        field.read_only |= is_set(schema, "readOnly") || is_set(seen, "readOnly");
        field.write_only |= is_set(schema, "writeOnly") || is_set(seen, "writeOnly");
        field.constant = self.constant(schema).or(field.constant.take());
    }

    /// The type of what matches two schemas, if there is anything.
    pub(super) fn narrower(
        &mut self,
        one: &'a Value,
        one_type: Type,
        other: &'a Value,
        other_type: Type,
    ) -> Option<Type> {
        if one_type == other_type {
            return Some(other_type);
        }
        if self.is_disjoint(one, other) {
            return None;
        }
        if let (Some(known), Some(values)) = (self.values(one), self.values(other)) {
            let is_narrow = values.iter().all(|value| known.contains(value));
            return Some(if is_narrow { other_type } else { one_type });
        }
        // What lists its values says more than what does not.
        if self.values(other).is_some() {
            return Some(other_type);
        }
        if self.values(one).is_some() {
            return Some(one_type);
        }
        let (plain_one, plain_other) = (self.plain_type(one), self.plain_type(other));
        match (&plain_one, &plain_other) {
            (Some(Type::List(_)), Some(Type::List(_))) => {
                let (one, other) = (self.items(one)?, self.items(other)?);
                let (one_item, other_item) = (self.quiet_type(one), self.quiet_type(other));
                let item = self.narrower(one, one_item, other, other_item)?;
                Some(Type::List(Box::new(item)))
            }
            (Some(one), Some(other)) if one == other => Some(other_type),
            (one, other) if is_narrower(other.as_ref(), one.as_ref()) => Some(other_type),
            (one, other) if is_narrower(one.as_ref(), other.as_ref()) => Some(one_type),
            _ => None,
        }
    }

    /// Whether nothing matches two schemas.
    fn is_disjoint(&self, one: &'a Value, other: &'a Value) -> bool {
        match (self.values(one), self.values(other)) {
            (Some(known), Some(values)) => !values.iter().any(|value| known.contains(value)),
            _ => (self.kinds(one) & self.kinds(other)).without_null() == Kinds::NONE,
        }
    }

    /// The items of an array, through references.
    fn items(&self, schema: &'a Value) -> Option<&'a Value> {
        self.seen_through(schema).get("items")
    }

    /// The type of a schema once names of aliases are followed; none for a type of its own.
    fn plain_type(&mut self, schema: &'a Value) -> Option<Type> {
        let seen = self.seen_through(schema);
        let has_name = self.is_composed(seen)
            || UNIONS.iter().any(|union| seen.get(*union).is_some())
            || seen.get("allOf").is_some();
        (!has_name).then(|| self.quiet_type(seen))
    }

    /// The type of a schema whose problems are named at its own place.
    pub(super) fn quiet_type(&mut self, schema: &'a Value) -> Type {
        let known = self.problems.0.len();
        let (ty, _) = self.type_of(schema, "");
        self.problems.0.truncate(known);
        ty
    }
}

/// Whether one type holds some of the values of another, and no others; none is an object or
/// union with a name.
fn is_narrower(one: Option<&Type>, other: Option<&Type>) -> bool {
    match other {
        Some(Type::Any) => true,
        Some(Type::String) => matches!(one, Some(Type::Uuid | Type::DateTime | Type::Date)),
        Some(Type::F64) => matches!(one, Some(Type::I64 | Type::I32 | Type::U64)),
        Some(Type::I64) => matches!(one, Some(Type::I32 | Type::U64)),
        Some(Type::Object) => matches!(one, None | Some(Type::Map(_))),
        _ => false,
    }
}

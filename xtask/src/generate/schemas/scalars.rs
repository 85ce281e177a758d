//! The type of a place: scalars, lists, maps and references.

use serde_json::{Map, Value};

use super::context::Lowering;
use super::sanity;
use crate::generate::accept::Loss;
use crate::generate::json_schema::{
    UNIONS, is_null, listed, member_place, members, types, wrapped,
};
use crate::generate::model::Type;
use crate::pointer::child;

impl<'a> Lowering<'a> {
    /// The type of a place, and whether null may stand there.
    pub fn type_of(&mut self, schema: &'a Value, pointer: &str) -> (Type, bool) {
        if let Some(why) = sanity::default_misfit(self, schema) {
            self.lose(Loss::InvalidDefault, pointer, &why);
        }
        let nullable = self.is_nullable(schema);
        (self.type_without_null(schema, pointer), nullable)
    }

    fn type_without_null(&mut self, schema: &'a Value, pointer: &str) -> Type {
        let Some(object) = schema.as_object() else {
            if schema == &Value::Bool(false) {
                let what = "no value is allowed here";
                let action = self.losses.remove(pointer, what);
                let help = format!("leave the place out in openapi/overlay.yaml:\n{action}");
                self.refuse(pointer, what, help);
            }
            return Type::Any;
        };
        if let Some(component) = self.referred(schema) {
            return Type::Named(component.name.clone());
        }
        if object.contains_key("$ref") {
            self.refuse(
                pointer,
                "a schema may refer to a component only, not into one",
                "make the target a component of its own",
            );
            return Type::Any;
        }
        self.contradictions(object, pointer);
        if let Some((union, index)) = wrapped(object) {
            let inner = &schema[union][index];
            return self
                .type_of(inner, &member_place(inner, pointer, union, index))
                .0;
        }
        if let Some(union) = UNIONS.into_iter().find(|union| object.contains_key(*union)) {
            return self.common_type(schema, union, pointer);
        }
        match types(object).as_slice() {
            ["string"] => text_type(object),
            ["integer"] => self.integer(object, pointer),
            ["number"] | ["integer", "number"] | ["number", "integer"] => {
                self.number(object, pointer)
            }
            ["boolean"] => Type::Bool,
            ["array"] => self.list(object, pointer),
            ["object"] => self.map(object, pointer),
            [] => Type::Any,
            _ => {
                self.plain(pointer, "values of several kinds become plain JSON");
                Type::Any
            }
        }
    }

    /// Records that a place becomes plain JSON.
    pub(super) fn plain(&mut self, pointer: &str, what: &str) {
        self.lose(Loss::PlainJson, pointer, what);
    }

    /// The type of a union that has no name: its members differ in limits only.
    fn common_type(&mut self, schema: &'a Value, union: &str, pointer: &str) -> Type {
        let mut found: Vec<Type> = Vec::new();
        for (member, at) in members(schema, union, pointer) {
            if !is_null(member) {
                let (ty, _) = self.type_of(member, &at);
                if !found.contains(&ty) {
                    found.push(ty);
                }
            }
        }
        let is_text =
            |ty: &Type| matches!(ty, Type::String | Type::Uuid | Type::DateTime | Type::Date);
        let is_number = |ty: &Type| matches!(ty, Type::I64 | Type::I32 | Type::U64 | Type::F64);
        match found.as_slice() {
            [only] => only.clone(),
            [] => Type::Any,
            all if all.iter().all(is_text) => Type::String,
            all if all.iter().all(is_number) => match all.contains(&Type::F64) {
                true => Type::F64,
                false => Type::I64,
            },
            _ => {
                self.plain(pointer, "values of several kinds become plain JSON");
                Type::Any
            }
        }
    }

    fn integer(&mut self, object: &Map<String, Value>, pointer: &str) -> Type {
        let format = object
            .get("format")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let bound = |keys: [&str; 2]| {
            let bounds = keys.into_iter().filter_map(|key| object.get(key)?.as_f64());
            bounds.reduce(f64::max)
        };
        let values = listed(object);
        let largest = values.iter().filter_map(|value| value.as_f64());
        let largest = largest.chain(bound(["maximum", "exclusiveMaximum"]));
        // The next number that a float can hold is out of range.
        let is_large = largest
            .reduce(f64::max)
            .is_some_and(|most| most >= 2_f64.powi(63));
        let least = bound(["minimum", "exclusiveMinimum"]).or_else(|| {
            values
                .iter()
                .filter_map(|value| value.as_f64())
                .reduce(f64::min)
        });
        let is_small = least.is_some_and(|least| least < -(2_f64.powi(63)));
        let (ty, range) = match format {
            "int8" | "int16" | "uint8" | "uint16" | "int32" => (Type::I32, 32),
            "uint64" => (Type::U64, 64),
            "" | "int64" | "uint32" if is_large && least.is_some_and(|least| least >= 0.0) => {
                (Type::U64, 64)
            }
            "" | "int64" | "uint32" => (Type::I64, 63),
            other => {
                let what = format!("an integer of the format `{other}` becomes one of 64 bits");
                self.lose(Loss::NarrowedNumber, pointer, &what);
                (Type::I64, 63)
            }
        };
        let is_beyond = match range {
            32 => {
                let out = |bound: Option<f64>| {
                    bound.is_some_and(|bound| bound.abs() > f64::from(i32::MAX) + 1.0)
                };
                out(bound(["maximum", "exclusiveMaximum"])) || out(least)
            }
            63 => is_large || is_small,
            _ => least.is_some_and(|least| least < 0.0),
        };
        if is_beyond {
            let what = format!("the limits go beyond `{}`", ty.rust());
            self.lose(Loss::NarrowedNumber, pointer, &what);
        }
        ty
    }

    fn number(&mut self, object: &Map<String, Value>, pointer: &str) -> Type {
        let format = object.get("format").and_then(Value::as_str);
        if let Some(format) = format.filter(|format| !["float", "double"].contains(format)) {
            let what = format!("a number of the format `{format}` becomes a float of 64 bits");
            self.lose(Loss::NarrowedNumber, pointer, &what);
        }
        Type::F64
    }

    fn list(&mut self, object: &'a Map<String, Value>, pointer: &str) -> Type {
        let mut found = Vec::new();
        if let Some(items) = object.get("items").filter(|items| !items.is_boolean()) {
            found.push(self.held(items, &child(pointer, "items")));
        }
        let first = object.get("prefixItems").and_then(Value::as_array);
        for (index, item) in first.into_iter().flatten().enumerate() {
            let item = self.held(item, &format!("{pointer}/prefixItems/{index}"));
            if !found.contains(&item) {
                found.push(item);
            }
        }
        let item = match found.as_slice() {
            [] => Type::Any,
            [only] => only.clone(),
            _ => {
                self.plain(pointer, "items of several types become plain JSON");
                Type::Any
            }
        };
        Type::List(Box::new(item))
    }

    fn map(&mut self, object: &'a Map<String, Value>, pointer: &str) -> Type {
        let mut found = Vec::new();
        let says_more = |schema: &Value| schema.as_object().is_some_and(|keys| !keys.is_empty());
        if let Some(values) = object.get("additionalProperties").filter(|v| says_more(v)) {
            found.push(self.held(values, &child(pointer, "additionalProperties")));
        }
        let patterns = object.get("patternProperties").and_then(Value::as_object);
        for (pattern, values) in patterns.into_iter().flatten() {
            let at = child(&child(pointer, "patternProperties"), pattern);
            let values = self.held(values, &at);
            if !found.contains(&values) {
                found.push(values);
            }
        }
        match found.as_slice() {
            [] => Type::Object,
            [only] => Type::Map(Box::new(only.clone())),
            _ => {
                self.plain(pointer, "values of several types become plain JSON");
                Type::Object
            }
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

fn text_type(object: &Map<String, Value>) -> Type {
    match object.get("format").and_then(Value::as_str) {
        Some("uuid") => Type::Uuid,
        Some("date-time") => Type::DateTime,
        Some("date") => Type::Date,
        _ => Type::String,
    }
}

//! Whether what a schema says goes together: type and shape, limits, and the default.

use serde_json::{Map, Value};

use super::context::Lowering;
use crate::generate::accept::Loss;
use crate::generate::json_schema::{Kinds, types};

/// Keywords that shape values of one type.
const SHAPES: [(&str, &[&str]); 2] = [
    ("array", &["items", "prefixItems"]),
    (
        "object",
        &[
            "properties",
            "patternProperties",
            "additionalProperties",
            "required",
        ],
    ),
];

/// Keywords of the least and the most that go together.
const LIMITS: [(&str, &str); 4] = [
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
];

impl<'a> Lowering<'a> {
    /// Refuses keywords that shape values of a type that the schema excludes, and limits that leave
    /// no value.
    pub(super) fn contradictions(&mut self, object: &'a Map<String, Value>, pointer: &str) {
        if let [name] = types(object).as_slice() {
            for (shaped, keys) in SHAPES {
                let keys = keys.iter().filter(|key| object.contains_key(**key));
                for key in keys.filter(|_| *name != shaped) {
                    let what = format!("the type excludes what `{key}` describes");
                    self.lose(Loss::Contradiction, pointer, &what);
                }
            }
        }
        self.limits_leave_values(&[object], pointer);
    }

    /// Refuses limits that leave no value, where all of some schemas have to match.
    pub(super) fn limits_leave_values(
        &mut self,
        schemas: &[&'a Map<String, Value>],
        pointer: &str,
    ) {
        for (least, most) in LIMITS {
            let bounds = |key: &'static str| {
                let schemas = schemas.iter();
                schemas.filter_map(move |schema| schema.get(key)?.as_f64())
            };
            let (lower, upper) = (
                bounds(least).reduce(f64::max),
                bounds(most).reduce(f64::min),
            );
            if let (Some(lower), Some(upper)) = (lower, upper)
                && lower > upper
            {
                let what = format!("no value is within `{least}` {lower} and `{most}` {upper}");
                self.lose(Loss::Contradiction, pointer, &what);
            }
        }
    }
}

/// Why the default of a schema is not one of its values, if it has one and it is not.
pub(super) fn default_misfit<'a>(lowering: &Lowering<'a>, schema: &'a Value) -> Option<String> {
    let default = schema.get("default")?;
    // Null says that there is none, whether null may be sent or not.
    if default.is_null() {
        return None;
    }
    let why = if lowering.kinds(schema) & Kinds::of(default) == Kinds::NONE {
        let allowed = lowering.kinds(schema).without_null().words();
        format!("is not {allowed}")
    } else if let Some(values) = lowering.values(schema)
        && !values.contains(&default)
    {
        "is not one of the values".to_owned()
    } else {
        let own = schema
            .as_object()
            .and_then(|schema| beyond(schema, default));
        let seen = lowering.seen_through(schema).as_object();
        own.or_else(|| seen.and_then(|seen| beyond(seen, default)))?
    };
    Some(format!("the default {default} {why}"))
}

/// What keeps a value of the right kind out of a schema.
fn beyond(schema: &Map<String, Value>, value: &Value) -> Option<String> {
    let format = schema.get("format").and_then(Value::as_str);
    let is_integer = schema.get("type").and_then(Value::as_str) == Some("integer");
    let fits = match (value, format) {
        (Value::Number(number), _) if is_integer && number.is_f64() => {
            number.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        (Value::Number(number), Some(format)) => {
            let within = |least: i64, most: i64| {
                number
                    .as_i64()
                    .is_some_and(|number| (least..=most).contains(&number))
            };
            match format {
                "int8" => within(i8::MIN.into(), i8::MAX.into()),
                "int16" => within(i16::MIN.into(), i16::MAX.into()),
                "int32" => within(i32::MIN.into(), i32::MAX.into()),
                "int64" => number.is_i64(),
                "uint8" => within(0, u8::MAX.into()),
                "uint16" => within(0, u16::MAX.into()),
                "uint32" => within(0, u32::MAX.into()),
                "uint64" => number.is_u64(),
                _ => true,
            }
        }
        (Value::String(text), Some("uuid")) => is_uuid(text),
        (Value::String(text), Some("date")) => is_date(text),
        (Value::String(text), Some("date-time")) => text
            .split_once(['T', 't'])
            .is_some_and(|(date, time)| is_date(date) && time.len() > 8),
        _ => true,
    };
    if !fits {
        return Some(match format {
            Some(format) => format!("is not of the format `{format}`"),
            None => "is not an integer".to_owned(),
        });
    }
    let (size, least, most) = match value {
        Value::Number(number) => (number.as_f64()?, "minimum", "maximum"),
        Value::String(text) => (count(text.chars().count()), "minLength", "maxLength"),
        Value::Array(items) => (count(items.len()), "minItems", "maxItems"),
        Value::Object(entries) => (count(entries.len()), "minProperties", "maxProperties"),
        _ => return None,
    };
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let is_out = bound(least).is_some_and(|least| size < least)
        || bound(most).is_some_and(|most| size > most);
    is_out.then(|| "is beyond the limits".to_owned())
}

fn count(length: usize) -> f64 {
    u32::try_from(length).map_or(f64::INFINITY, f64::from)
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [4, 2, 2]
        && parts
            .iter()
            .all(|part| part.bytes().all(|b| b.is_ascii_digit()))
}

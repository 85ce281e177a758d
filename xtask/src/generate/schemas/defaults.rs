//! Whether a default is a value of its schema.

use serde_json::{Map, Value};

use super::context::Lowering;
use crate::generate::json_schema::Kinds;

/// Why the default of a schema is not one of its values, if it has one and it is not.
pub(super) fn misfit<'a>(lowering: &Lowering<'a>, schema: &'a Value) -> Option<String> {
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

//! Comparing JSON by what it means.

use chrono::{DateTime, FixedOffset};
use serde_json::Value;

/// The path of the first place where two values mean different things.
///
/// Times mean the same if they are the same instant, numbers if they have the same value. A field
/// that is null and one that is missing differ.
pub fn difference(left: &Value, right: &Value) -> Option<String> {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => left
            .keys()
            .chain(right.keys())
            .find_map(|name| in_part(&format!(".{name}"), left.get(name), right.get(name))),
        (Value::Array(left), Value::Array(right)) => (0..left.len().max(right.len()))
            .find_map(|index| in_part(&format!("[{index}]"), left.get(index), right.get(index))),
        (Value::String(left), Value::String(right)) => {
            (left != right && !is_same_instant(left, right)).then(String::new)
        }
        (Value::Number(left), Value::Number(right)) => {
            (left != right && left.as_f64() != right.as_f64()).then(String::new)
        }
        _ => (left != right).then(String::new),
    }
}

/// Fails where two values mean different things.
///
/// # Panics
///
/// If they do.
pub fn assert_same(what: &str, left: &Value, right: &Value) {
    let difference = difference(left, right);
    assert!(
        difference.is_none(),
        "{what}: {} differs\n{left}\n{right}",
        difference.unwrap_or_default()
    );
}

fn in_part(step: &str, left: Option<&Value>, right: Option<&Value>) -> Option<String> {
    match (left, right) {
        (Some(left), Some(right)) => difference(left, right).map(|path| format!("{step}{path}")),
        _ => Some(step.to_owned()),
    }
}

fn is_same_instant(left: &str, right: &str) -> bool {
    let instant = |text| DateTime::<FixedOffset>::parse_from_rfc3339(text).ok();
    instant(left).is_some() && instant(left) == instant(right)
}

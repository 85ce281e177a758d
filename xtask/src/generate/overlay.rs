//! Stage 2, overlay. In: a document and the fix-ups of `openapi/overlay.yaml` (OpenAPI Overlay
//! 1.0). Out: the document with them applied.
//!
//! Each fix-up carries an id, a reason and its evidence. `x-for: ours` must apply to our own
//! document, or generating fails; it is applied to a vendor's document too, where a place that is
//! missing is only noted. `x-for: vendor` is for the vendor's documents alone.

use serde_json::Value;
use serde_json_path::JsonPath;

use super::load::Document;
use crate::problem::{Problem, Problems};

/// Whose document is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The one in `openapi/`.
    Ours,
    /// One named with `--spec`.
    Vendor,
}

/// Applies the fix-ups, and returns a note for each that found no place in a vendor's document.
///
/// # Errors
///
/// An overlay that is malformed, or a fix-up for our document that no longer applies to it.
pub fn apply(
    document: &mut Document,
    overlay: &Value,
    whose: Whose,
) -> Result<Vec<String>, Problems> {
    let mut problems = Problems::default();
    let mut notes = Vec::new();
    if !overlay
        .get("overlay")
        .and_then(Value::as_str)
        .is_some_and(|v| v.starts_with("1.0"))
    {
        problems.push(Problem::new(
            "#/overlay",
            "the overlay is not of version 1.0",
            "begin it with `overlay: 1.0.0`",
        ));
    }
    let actions = overlay.get("actions").and_then(Value::as_array);
    for (index, action) in actions.into_iter().flatten().enumerate() {
        let pointer = format!("#/actions/{index}");
        match apply_one(&mut document.root, action, whose) {
            Ok(None) => {}
            Ok(Some(note)) => notes.push(note),
            Err(what) => problems.push(Problem::new(
                pointer,
                what,
                "mend or remove the action in openapi/overlay.yaml",
            )),
        }
    }
    problems.into_result().map(|()| notes)
}

fn apply_one(root: &mut Value, action: &Value, whose: Whose) -> Result<Option<String>, String> {
    let text = |name: &str| {
        action
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| format!("the action has no `{name}`"))
    };
    let id = text("x-id")?;
    text("x-reason")?;
    text("x-evidence")?;
    let for_ours = match text("x-for")? {
        "ours" => true,
        "vendor" => false,
        other => {
            return Err(format!(
                "`{id}`: `x-for` is `{other}`, not `ours` or `vendor`"
            ));
        }
    };
    if whose == Whose::Ours && !for_ours {
        return Ok(None);
    }
    let target = text("target")?;
    let path = JsonPath::parse(target).map_err(|error| format!("`{id}`: {target}: {error}"))?;
    let places: Vec<String> = path
        .query_located(root)
        .locations()
        .map(|place| place.to_json_pointer())
        .collect();
    let removes = action
        .get("remove")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let changed = if removes {
        // From the back, so that the places in front keep theirs.
        places
            .iter()
            .rev()
            .filter(|place| remove(root, place))
            .count()
            > 0
    } else {
        let update = action
            .get("update")
            .ok_or_else(|| format!("`{id}` changes nothing"))?;
        places
            .iter()
            .filter_map(|place| root.pointer_mut(place).map(|value| merge(value, update)))
            .fold(false, |any, one| any | one)
    };
    match (changed, whose) {
        (true, _) => Ok(None),
        (false, Whose::Ours) if places.is_empty() => {
            Err(format!("`{id}` no longer applies: {target} is not there"))
        }
        (false, Whose::Ours) => Err(format!("`{id}` no longer applies: {target} is already so")),
        (false, Whose::Vendor) if for_ours && places.is_empty() => {
            Ok(Some(format!("fix-up `{id}` found no place")))
        }
        (false, Whose::Vendor) => Ok(None),
    }
}

/// Removes a place, and says whether it was there.
fn remove(root: &mut Value, place: &str) -> bool {
    let Some((parent, name)) = place.rsplit_once('/') else {
        return false;
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    match root.pointer_mut(parent) {
        Some(Value::Object(object)) => object.shift_remove(&name).is_some(),
        Some(Value::Array(items)) => match name.parse::<usize>() {
            Ok(index) if index < items.len() => {
                items.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

/// Merges `update` into `value` as the Overlay standard has it: objects by key, arrays by
/// appending, all else by replacing. Says whether anything changed.
fn merge(value: &mut Value, update: &Value) -> bool {
    match (value, update) {
        (Value::Object(object), Value::Object(changes)) => {
            let mut changed = false;
            for (name, change) in changes {
                changed |= match object.get_mut(name) {
                    Some(present) => merge(present, change),
                    None => {
                        object.insert(name.clone(), change.clone());
                        true
                    }
                };
            }
            changed
        }
        (Value::Array(items), Value::Array(more)) => {
            let before = items.len();
            // An item that is already there would make the fix-up apply without end.
            let new: Vec<Value> = more
                .iter()
                .filter(|item| !items.contains(item))
                .cloned()
                .collect();
            items.extend(new);
            items.len() > before
        }
        (Value::Array(items), item) => {
            if items.contains(item) {
                false
            } else {
                items.push(item.clone());
                true
            }
        }
        (value, update) => {
            let changed = value != update;
            *value = update.clone();
            changed
        }
    }
}

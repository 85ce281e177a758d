//! Enums of texts.

use serde_json::{Map, Value};

use super::context::Lowering;
use crate::generate::accept::Loss;
use crate::generate::json_schema::text;
use crate::generate::model::Variant;
use crate::generate::names;

impl Lowering<'_> {
    pub(super) fn variants(
        &mut self,
        object: &Map<String, Value>,
        pointer: &str,
    ) -> Option<Vec<Variant>> {
        let values = object.get("enum")?.as_array()?;
        let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        if texts.is_empty() {
            return None;
        }
        if texts.len() + values.iter().filter(|value| value.is_null()).count() < values.len() {
            self.lose(
                Loss::PlainJson,
                pointer,
                "an enum of several kinds becomes plain JSON",
            );
            return None;
        }
        let description = text(object.get("description"));
        let chosen: Vec<Option<&str>> = object
            .get("x-enum-varnames")
            .and_then(Value::as_array)
            .map(|names| names.iter().map(Value::as_str).collect())
            .unwrap_or_default();
        let mut variants: Vec<Variant> = Vec::new();
        for (index, wire) in texts.iter().enumerate() {
            let at = format!("{pointer}/enum/{index}");
            let name = chosen
                .get(index)
                .copied()
                .flatten()
                .map_or_else(|| names::variant_name(wire), str::to_owned);
            let advice = "name the values with `x-enum-varnames` in the overlay";
            if variants.iter().any(|variant| variant.wire == *wire) {
                continue;
            }
            if !names::is_type_name(&name) || name == "Unknown" {
                self.refuse(
                    &at,
                    format!("the value `{wire}` gives no Rust name"),
                    advice,
                );
            } else if let Some(other) = variants.iter().find(|variant| variant.name == name) {
                let what = format!(
                    "the values `{}` and `{wire}` have one Rust name",
                    other.wire
                );
                self.refuse(&at, what, advice);
            }
            variants.push(Variant {
                name,
                wire: (*wire).to_owned(),
                description: value_description(&description, wire),
            });
        }
        Some(variants)
    }
}

/// What an enum's description says of one value, in a line such as "- `bold`: thick strokes".
fn value_description(description: &str, value: &str) -> String {
    let start = format!("`{value}`");
    let mut lines = description.lines().skip_while(|line| {
        let line = line.trim_start();
        !line
            .strip_prefix(['-', '*'])
            .is_some_and(|rest| rest.trim_start().starts_with(&start))
    });
    let Some(first) = lines.next() else {
        return String::new();
    };
    let indent = first.len() - first.trim_start().len();
    let mut found = first.trim_start()[1..].trim_start()[start.len()..]
        .trim_start_matches([':', ' ', '–', '-'])
        .to_owned();
    for line in lines {
        let deeper = line.len() - line.trim_start().len() > indent;
        if line.trim().is_empty() || !deeper {
            break;
        }
        found.push(' ');
        found.push_str(line.trim());
    }
    found
}

//! Enums of texts or integers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::context::Lowering;
use crate::generate::docs::code;
use crate::generate::json_schema::{UNIONS, list_of, text};
use crate::generate::model::{Kind, Variant};
use crate::generate::{names, rename};

impl<'a> Lowering<'a> {
    /// The enum of some values: texts, or integers of which there are several.
    pub(super) fn enumeration(
        &mut self,
        values: &[&'a Value],
        schema: &'a Value,
        pointer: &str,
    ) -> Option<Kind> {
        let texts: Option<Vec<String>> = values
            .iter()
            .map(|value| value.as_str().map(str::to_owned))
            .collect();
        if let Some(texts) = texts.filter(|texts| !texts.is_empty()) {
            return Some(Kind::Enum(self.variants(&texts, schema, pointer)));
        }
        let integers: Option<Vec<String>> = values
            .iter()
            .map(|value| value.as_i64().map(|value| value.to_string()))
            .collect();
        match integers {
            Some(integers) if integers.len() > 1 => {
                Some(Kind::Integers(self.variants(&integers, schema, pointer)))
            }
            _ => None,
        }
    }

    fn variants(&mut self, values: &[String], schema: &'a Value, pointer: &str) -> Vec<Variant> {
        let description = text(schema.get("description"));
        let mut chosen = BTreeMap::new();
        self.chosen(schema, &mut chosen, 0);
        let mut variants: Vec<Variant> = Vec::new();
        for wire in values {
            let name = match chosen.get(wire) {
                Some(name) => (*name).to_owned(),
                None => names::variant_name(wire),
            };
            let clash = variants.iter().find(|variant| variant.name == name);
            let what = if !names::is_type_name(&name) || name == "Unknown" {
                Some(format!("the value {} gives no Rust name", code(wire)))
            } else {
                clash.map(|other| {
                    format!(
                        "the value {} has the Rust name of {} at {}, `{name}`",
                        code(wire),
                        code(&other.wire),
                        value_place(schema, pointer, &other.wire)
                    )
                })
            };
            if let Some(what) = what {
                let mut free = format!("Value{}", variants.len() + 1);
                while variants.iter().any(|variant| variant.name == free) {
                    free.push('X');
                }
                let change = rename::update(schema, &json!({ wire.as_str(): free }));
                let action = self.losses.rename(pointer, &change, &what);
                let help = format!("{}:\n{action}", rename::ADVICE);
                self.refuse(&value_place(schema, pointer, wire), what, help);
            }
            variants.push(Variant {
                name,
                wire: wire.clone(),
                description: value_description(&description, wire),
            });
        }
        variants
    }

    /// The variants that a schema, and those it is made of, choose for their values.
    fn chosen(&self, schema: &'a Value, chosen: &mut BTreeMap<String, &'a str>, depth: usize) {
        const MAX_DEPTH: usize = 8;
        let Some(object) = schema.as_object().filter(|_| depth < MAX_DEPTH) else {
            return;
        };
        if let Some(component) = self.referred(schema) {
            self.chosen(&component.schema, chosen, depth + 1);
        }
        for key in UNIONS.into_iter().chain(["allOf"]) {
            for member in list_of(schema, key) {
                self.chosen(member, chosen, depth + 1);
            }
        }
        let names = list_of(schema, "x-enum-varnames");
        for (value, name) in list_of(schema, "enum").zip(names) {
            if let Some(name) = name.as_str() {
                chosen.insert(wire(value), name);
            }
        }
        // A constant with a name of its own, as a member of a union.
        if let (Some(value), Some(name)) = (object.get("const"), rename::of_type(object)) {
            chosen.insert(wire(value), name);
        }
        for (value, name) in rename::of_values(object) {
            chosen.insert(value.to_owned(), name);
        }
    }
}

/// The place of a value of an enum.
fn value_place(schema: &Value, pointer: &str, value: &str) -> String {
    match list_of(schema, "enum").position(|listed| wire(listed) == value) {
        Some(index) => format!("{pointer}/enum/{index}"),
        None => pointer.to_owned(),
    }
}

fn wire(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
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

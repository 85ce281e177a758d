//! Stage 5, hoist. In: a document without webhooks, and its events. Out: every schema that
//! becomes a type as a component with a Rust name, in the document's order, and a reference
//! wherever it stood.
//!
//! A nested schema is named after the place it stands in: `Chat` and `icon` give `ChatIcon`, the
//! items of a list add `Item`, the values of a map `Value`, an operation adds `Request`,
//! `Response` or `Error`, a webhook `Delivery`. `x-rust-name` overrides the name; places of one shape may share
//! one, and become one type.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::accept::Losses;
use super::json_schema::{
    UNIONS, is_null, listed, member_place, single, takes_null, types, wrapped,
};
use super::load::Document;
use super::webhooks::Event;
use super::{names, rename};
use crate::pointer::{METHODS, child};
use crate::problem::{Problem, Problems};

/// A schema that becomes a type.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name in references.
    pub key: String,
    /// The name of its Rust type.
    pub name: String,
    /// The schema.
    pub schema: Value,
    /// Where it stood.
    pub pointer: String,
    /// Whether it was nested in another place.
    pub is_hoisted: bool,
}

/// What hoisting made.
#[derive(Clone, Debug, Default)]
pub struct Hoisted {
    /// The schemas that become types.
    pub components: Vec<Component>,
    /// Names that could not be shared as the overlay asks.
    pub notes: Vec<String>,
}

/// Keys that describe a schema without shaping it.
const PROSE: &[&str] = &[
    "description",
    "title",
    "example",
    "examples",
    "deprecated",
    "externalDocs",
    "$comment",
];

/// Keys that speak of a place, and stay there when its schema becomes a type.
const BESIDE: &[&str] = &[
    "default",
    "deprecated",
    "description",
    "readOnly",
    "writeOnly",
    "x-rust-name",
    "x-secret",
];

/// Hoists every nested schema that becomes a type.
///
/// # Errors
///
/// Two different schemas that would have the same Rust name, or one whose name is taken.
pub fn hoist(
    document: &mut Document,
    events: &mut [Event],
    losses: &Losses,
) -> Result<Hoisted, Problems> {
    let mut hoist = Hoist {
        losses,
        components: Vec::new(),
        names: BTreeMap::new(),
        notes: Vec::new(),
        problems: Problems::default(),
    };
    let root = document.root.clone();
    let schemas = root
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    for (key, schema) in schemas.into_iter().flatten() {
        hoist.reserve(key, schema);
    }
    for (key, schema) in schemas.into_iter().flatten() {
        hoist.component(key, schema.clone());
    }
    hoist.shared_sections(&mut document.root);
    hoist.operations(&mut document.root);
    for event in events {
        let name = format!("{}Delivery", event.variant);
        hoist.place(&mut event.schema, &name, &event.pointer.clone());
    }
    if let Some(components) = document
        .root
        .get_mut("components")
        .and_then(Value::as_object_mut)
    {
        components.shift_remove("schemas");
    }
    let Hoist {
        components,
        notes,
        problems,
        ..
    } = hoist;
    problems
        .into_result()
        .map(|()| Hoisted { components, notes })
}

struct Hoist<'l> {
    losses: &'l Losses,
    components: Vec<Component>,
    /// Where each Rust name comes from, and its shape where it was nested.
    names: BTreeMap<String, (String, Option<Value>)>,
    notes: Vec<String>,
    problems: Problems,
}

impl Hoist<'_> {
    /// Gives a component its name before any nested schema can take it.
    fn reserve(&mut self, key: &str, schema: &Value) {
        let pointer = child("#/components/schemas", key);
        let name = component_name(key, schema);
        if !names::is_type_name(&name) {
            let what = format!("`{key}` gives no Rust type name");
            self.refuse_name(schema, &pointer, what, &nameable(key));
            return;
        }
        self.claim(name, pointer, schema, None);
    }

    /// Takes a Rust name, and says whether it was free.
    fn claim(
        &mut self,
        name: String,
        pointer: String,
        schema: &Value,
        shape: Option<Value>,
    ) -> bool {
        if !names::is_free(&name) {
            let what = format!("the type name `{name}` is taken by Rust or the crate itself");
            self.refuse_name(schema, &pointer, what, &name);
            return false;
        }
        match self.names.get(&name) {
            None => {
                self.names.insert(name, (pointer, shape));
                true
            }
            Some((_, known)) if known.is_some() && *known == shape => false,
            Some((other, _)) => {
                let what = format!("the type name `{name}` exists already, from {other}");
                self.refuse_name(schema, &pointer, what, &name);
                false
            }
        }
    }

    /// Refuses the name of a type, with the overlay action that gives it another.
    fn refuse_name(&mut self, schema: &Value, pointer: &str, what: String, like: &str) {
        let is_free = |name: &str| names::is_free(name) && !self.names.contains_key(name);
        let mut name = like.to_owned();
        let mut number = 2;
        while !is_free(&name) {
            name = format!("{like}{number}");
            number += 1;
        }
        let change = rename::update(schema, &json!(name));
        let action = self.losses.rename(pointer, &change, &what);
        let help = format!("{}:\n{action}", rename::ADVICE);
        self.problems.push(Problem::new(pointer, what, help));
    }

    fn component(&mut self, key: &str, schema: Value) {
        let name = component_name(key, &schema);
        let pointer = child("#/components/schemas", key);
        let index = self.components.len();
        self.components.push(Component {
            key: key.to_owned(),
            name: name.clone(),
            schema: Value::Null,
            pointer: pointer.clone(),
            is_hoisted: false,
        });
        let mut schema = schema;
        self.inside(&mut schema, &name, &pointer);
        self.components[index].schema = schema;
    }

    /// Hoists out of a schema that has a name itself.
    fn inside(&mut self, schema: &mut Value, name: &str, pointer: &str) {
        let Some(object) = schema.as_object_mut() else {
            return;
        };
        if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
            let at = child(pointer, "properties");
            for (index, (property, inner)) in properties.iter_mut().enumerate() {
                let part = match names::part_name(property) {
                    part if part.is_empty() => format!("Field{}", index + 1),
                    part => part,
                };
                self.place(inner, &format!("{name}{part}"), &child(&at, property));
            }
        }
        self.held(object, name, pointer);
        if let Some(parts) = object.get_mut("allOf").and_then(Value::as_array_mut) {
            let mut seen = BTreeSet::new();
            for (index, part) in parts.iter_mut().enumerate() {
                let at = member_place(part, pointer, "allOf", index);
                // A property that an earlier part describes too may have another type here.
                let properties = part.get("properties").and_then(Value::as_object);
                let names: Vec<String> = properties
                    .into_iter()
                    .flatten()
                    .map(|p| p.0.clone())
                    .collect();
                let is_repeated = names.iter().any(|name| seen.contains(name));
                seen.extend(names);
                let numbered = format!("{name}Part{}", index + 1);
                self.inside(part, if is_repeated { &numbered } else { name }, &at);
            }
        }
        for union in ["oneOf", "anyOf"] {
            let Some(members) = object.get_mut(union).and_then(Value::as_array_mut) else {
                continue;
            };
            let alone = members.iter().filter(|member| !is_null(member)).count() == 1;
            for (index, member) in members.iter_mut().enumerate() {
                let at = member_place(member, pointer, union, index);
                if alone {
                    self.inside(member, name, &at);
                    continue;
                }
                let part = constant(member).map_or_else(
                    || match kind_suffix(member) {
                        Some(suffix) => suffix.to_owned(),
                        None => format!("Variant{}", index + 1),
                    },
                    |tag| names::variant_name(&tag),
                );
                self.place(member, &format!("{name}{part}"), &at);
            }
        }
    }

    /// Hoists what the items of a list or the values of a map are.
    fn held(&mut self, object: &mut Map<String, Value>, name: &str, pointer: &str) {
        if let Some(items) = object.get_mut("items") {
            self.place(items, &format!("{name}Item"), &child(pointer, "items"));
        }
        let first = object.get_mut("prefixItems").and_then(Value::as_array_mut);
        for (index, item) in first.into_iter().flatten().enumerate() {
            let at = format!("{pointer}/prefixItems/{index}");
            self.place(item, &format!("{name}Item{}", index + 1), &at);
        }
        if let Some(values) = object.get_mut("additionalProperties") {
            let at = child(pointer, "additionalProperties");
            self.place(values, &format!("{name}Value"), &at);
        }
        let at = child(pointer, "patternProperties");
        let patterns = object
            .get_mut("patternProperties")
            .and_then(Value::as_object_mut);
        for (index, (pattern, values)) in patterns.into_iter().flatten().enumerate() {
            let suffix = if index == 0 {
                String::new()
            } else {
                (index + 1).to_string()
            };
            let name = format!("{name}Matching{suffix}");
            self.place(values, &name, &child(&at, pattern));
        }
    }

    /// Hoists the schema at a place, if it becomes a type.
    fn place(&mut self, schema: &mut Value, name: &str, pointer: &str) {
        let Some(object) = schema.as_object_mut() else {
            return;
        };
        if object.contains_key("$ref") {
            return;
        }
        let name = self.chosen_name(object, name, pointer);
        if let Some((union, index)) = wrapped(object) {
            if let Some(inner) = object
                .get_mut(union)
                .and_then(|members| members.get_mut(index))
            {
                let at = member_place(inner, pointer, union, index);
                self.place(inner, &name, &at);
            }
            return;
        }
        if !becomes_type(object) {
            self.held(object, &name, pointer);
            return;
        }
        let mut remains = Map::new();
        remains.insert(
            "$ref".to_owned(),
            json!(format!("#/components/schemas/{}", nested_key(&name))),
        );
        for key in BESIDE {
            if let Some(value) = object.get(*key) {
                remains.insert((*key).to_owned(), value.clone());
            }
        }
        if takes_null(object) {
            remains.insert("nullable".to_owned(), Value::Bool(true));
        }
        // What speaks of the place alone is no part of the type.
        for key in ["default", "readOnly", "writeOnly"] {
            object.shift_remove(key);
        }
        let inner = std::mem::replace(schema, Value::Object(remains));
        self.define(name, inner, pointer);
    }

    /// The name of a place: the one it is given, unless a place of another shape has it.
    ///
    /// Two places may share a name because they are the same list of alternatives. When a new
    /// edition of the document tells them apart, that must cost a look at the note and not the
    /// whole run.
    fn chosen_name(&mut self, object: &Map<String, Value>, derived: &str, pointer: &str) -> String {
        let Some(chosen) = rename::of_type(object) else {
            return derived.to_owned();
        };
        // What is defined under the name is what stands in the wrapper.
        let mut inner = object;
        while let Some(next) =
            wrapped(inner).and_then(|(union, index)| inner.get(union)?.get(index)?.as_object())
        {
            inner = next;
        }
        let shape = shape(&Value::Object(inner.clone()));
        match self.names.get(chosen) {
            Some((other, Some(known))) if *known != shape => {
                self.notes.push(format!(
                    "{pointer}: differs from {other}, so it is `{derived}` and not `{chosen}`"
                ));
                derived.to_owned()
            }
            _ => chosen.to_owned(),
        }
    }

    fn define(&mut self, name: String, mut schema: Value, pointer: &str) {
        let shape = shape(&schema);
        if !names::is_type_name(&name) {
            let what = format!("`{name}` is no Rust type name");
            self.refuse_name(&schema, pointer, what, &nameable(&name));
            return;
        }
        if !self.claim(name.clone(), pointer.to_owned(), &schema, Some(shape)) {
            return;
        }
        let index = self.components.len();
        self.components.push(Component {
            key: nested_key(&name),
            name: name.clone(),
            schema: Value::Null,
            pointer: pointer.to_owned(),
            is_hoisted: true,
        });
        self.inside(&mut schema, &name, pointer);
        self.components[index].schema = schema;
    }

    /// Hoists out of the responses, bodies and parameters that operations share.
    fn shared_sections(&mut self, root: &mut Value) {
        for (section, suffix) in [
            ("responses", "Response"),
            ("requestBodies", "Request"),
            ("parameters", ""),
        ] {
            let at = format!("#/components/{section}");
            let entries = root
                .get_mut("components")
                .and_then(|components| components.get_mut(section))
                .and_then(Value::as_object_mut);
            for (key, entry) in entries.into_iter().flatten() {
                let name = format!("{}{suffix}", names::part_name(key));
                let at = child(&at, key);
                self.contents(entry, &name, &at);
                if let Some(schema) = entry.get_mut("schema") {
                    self.place(schema, &name, &child(&at, "schema"));
                }
            }
        }
    }

    fn contents(&mut self, holder: &mut Value, name: &str, at: &str) {
        let at = child(at, "content");
        let content = holder.get_mut("content").and_then(Value::as_object_mut);
        for (media, content) in content.into_iter().flatten() {
            if let Some(schema) = content.get_mut("schema") {
                self.place(schema, name, &child(&child(&at, media), "schema"));
            }
        }
    }

    fn operations(&mut self, root: &mut Value) {
        let paths = root.get_mut("paths").and_then(Value::as_object_mut);
        for (path, item) in paths.into_iter().flatten() {
            let at = child("#/paths", path);
            let shared_name = METHODS
                .iter()
                .find_map(|method| item.get(method)?.get("operationId")?.as_str())
                .map(names::part_name)
                .unwrap_or_default();
            self.parameters(item, &shared_name, &at);
            for method in METHODS {
                if let Some(operation) = item.get_mut(method) {
                    self.operation(operation, &child(&at, method));
                }
            }
        }
    }

    fn operation(&mut self, operation: &mut Value, at: &str) {
        let id = operation
            .get("operationId")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let base = names::part_name(id);
        self.parameters(operation, &base, at);
        if let Some(body) = operation.get_mut("requestBody") {
            self.contents(body, &format!("{base}Request"), &child(at, "requestBody"));
        }
        let at = child(at, "responses");
        let responses = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut);
        // A second body of another shape is a type of its own.
        let mut shapes: BTreeMap<&str, Value> = BTreeMap::new();
        for (code, response) in responses.into_iter().flatten() {
            let Some(content) = response.get("content").filter(|content| is_nested(content)) else {
                continue;
            };
            let role = match code.starts_with('2') {
                true => "Response",
                false => "Error",
            };
            let shape = shape(content);
            let first = shapes.entry(role).or_insert_with(|| shape.clone());
            let code_name = match *first == shape {
                true => String::new(),
                false => names::part_name(code),
            };
            let name = format!("{base}{role}{code_name}");
            self.contents(response, &name, &child(&at, code));
        }
    }

    fn parameters(&mut self, holder: &mut Value, base: &str, at: &str) {
        let at = child(at, "parameters");
        let parameters = holder.get_mut("parameters").and_then(Value::as_array_mut);
        for (index, parameter) in parameters.into_iter().flatten().enumerate() {
            let name = parameter
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let name = format!("{base}{}", names::part_name(name));
            if let Some(schema) = parameter.get_mut("schema") {
                self.place(schema, &name, &format!("{at}/{index}/schema"));
            }
        }
    }
}

/// A type name like one that is none.
fn nameable(key: &str) -> String {
    let name = names::type_name(&format!("schema {key}"));
    if names::is_type_name(&name) {
        name
    } else {
        "Schema".to_owned()
    }
}

/// The key of a nested schema, which no component of the document has.
fn nested_key(name: &str) -> String {
    format!("{name} (nested)")
}

/// Whether a body has a schema that is not a reference.
fn is_nested(content: &Value) -> bool {
    let forms = content.as_object().into_iter().flatten();
    let mut schemas = forms.filter_map(|(_, form)| form.get("schema"));
    schemas.any(|schema| schema.get("$ref").is_none())
}

fn component_name(key: &str, schema: &Value) -> String {
    let chosen = schema.as_object().and_then(rename::of_type);
    chosen.map_or_else(|| names::type_name(key), str::to_owned)
}

/// Whether a schema is a type of its own and not a scalar, list or map.
fn becomes_type(object: &Map<String, Value>) -> bool {
    if object
        .get("properties")
        .and_then(Value::as_object)
        .is_some_and(|p| !p.is_empty())
    {
        return true;
    }
    let values = listed(object);
    if object.contains_key("enum") {
        let integers = values.iter().filter(|value| value.is_i64()).count();
        if values.iter().any(|value| value.is_string()) || integers > 1 {
            return true;
        }
    }
    let is_union = UNIONS.iter().all(|union| object.contains_key(*union));
    if (object.contains_key("allOf") || is_union) && wrapped(object).is_none() {
        return true;
    }
    UNIONS.iter().any(|union| {
        let members: Vec<&Map<String, Value>> = object
            .get(*union)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter(|member| !is_null(member))
            .filter_map(Value::as_object)
            .collect();
        let is_plain = |member: &Map<String, Value>| {
            !becomes_type(member) && !member.contains_key("$ref") && listed(member).is_empty()
        };
        let first = members.first().map(|member| types(member));
        members.len() > 1
            && !members
                .iter()
                .all(|member| is_plain(member) && Some(types(member)) == first)
    })
}

/// What names a nested union member that is not an object with fields.
fn kind_suffix(schema: &Value) -> Option<&'static str> {
    let object = schema.as_object()?;
    if ["properties", "allOf", "oneOf", "anyOf"]
        .iter()
        .any(|key| object.contains_key(*key))
    {
        return None;
    }
    match types(object).as_slice() {
        ["string"] => Some("Text"),
        ["integer" | "number"] => Some("Number"),
        ["boolean"] => Some("Flag"),
        ["array"] => Some("List"),
        ["object"] => Some("Object"),
        _ => None,
    }
}

/// The constant of a nested union member, which names its variant.
fn constant(schema: &Value) -> Option<String> {
    let properties = schema.get("properties")?.as_object()?;
    properties.values().find_map(single)
}

/// A schema without its prose, to tell whether two are the same.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<(&String, &Value)> = object
                .iter()
                .filter(|(key, inner)| !PROSE.contains(&key.as_str()) || inner.is_object())
                .collect();
            entries.sort_by_key(|(key, _)| *key);
            entries
                .into_iter()
                .map(|(key, inner)| (key.clone(), shape(inner)))
                .collect()
        }
        Value::Array(items) => items.iter().map(shape).collect(),
        other => other.clone(),
    }
}

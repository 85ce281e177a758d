//! Stage 6, lower. In: components, operations and events. Out: the API as types, with
//! every construct of the schema language reduced to what a Rust type can say.
//!
//! Limits (lengths, patterns, bounds) do not become types, since a type that checks them would
//! refuse answers too; they become sentences in the docs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::accept::{Loss, Losses};
use super::hoist::{Component, is_null, single, takes_null, wrapped};
use super::load::Document;
use super::model::{Api, Event, Field, Kind, Struct, Type, TypeDef, Union, Variant};
use super::webhooks;
use super::{details, names, operations};
use crate::pointer::{child, component};
use crate::problem::{Problem, Problems};

/// How deep compositions may refer to each other.
const MAX_DEPTH: usize = 64;

/// Lowers the whole API.
///
/// # Errors
///
/// Everything that a Rust type cannot say, each with its place.
pub fn lower(
    document: &Document,
    components: &[Component],
    events: &[webhooks::Event],
    losses: &mut Losses,
) -> Result<Api, Problems> {
    let mut lowering = Lowering::new(document, components, losses);
    let mut api = Api {
        source: document.name.clone(),
        title: text(document.root.pointer("/info/title")),
        ..Api::default()
    };
    for component in components {
        let definition = lowering.definition(component);
        api.order.push(definition.name.clone());
        api.types.insert(definition.name.clone(), definition);
    }
    circles(&api, &mut lowering.problems);
    api.operations = operations::lower(&mut lowering);
    api.error = operations::common_error(&api.operations);
    for event in events {
        api.events.extend(lowering.event(event, &api.types));
    }
    lowering.problems.into_result()?;
    api.notes = lowering.notes;
    super::repeat::find_keys(&mut api);
    tags(&mut api);
    drop_unused(&mut api);
    boxes(&mut api);
    super::areas::assign(&mut api, &document.root);
    Ok(api)
}

/// What lowering needs at hand.
pub struct Lowering<'a> {
    /// The document, without its schemas.
    pub root: &'a Value,
    components: BTreeMap<&'a str, &'a Component>,
    /// What the document accepts to lose.
    pub losses: &'a mut Losses,
    /// What cannot be lowered.
    pub problems: Problems,
    /// What was lowered to less than it says.
    pub notes: Vec<String>,
}

/// The fields of an object, gathered from its parts.
#[derive(Default)]
struct Parts<'a> {
    properties: Vec<(&'a str, &'a Value, String)>,
    required: BTreeSet<&'a str>,
}

impl<'a> Parts<'a> {
    fn add(&mut self, name: &'a str, schema: &'a Value, pointer: String) {
        match self
            .properties
            .iter_mut()
            .find(|(known, ..)| *known == name)
        {
            // A later part says more of a field than the one before.
            Some(entry) => *entry = (name, schema, pointer),
            None => self.properties.push((name, schema, pointer)),
        }
    }
}

impl<'a> Lowering<'a> {
    fn new(document: &'a Document, components: &'a [Component], losses: &'a mut Losses) -> Self {
        Self {
            losses,
            root: &document.root,
            components: components.iter().map(|c| (c.key.as_str(), c)).collect(),
            problems: Problems::default(),
            notes: Vec::new(),
        }
    }

    fn refuse(&mut self, pointer: &str, what: impl Into<String>, help: &str) {
        self.problems.push(Problem::new(pointer, what, help));
    }

    /// Records a loss, or refuses it where the document does not accept it.
    pub fn lose(&mut self, loss: Loss, pointer: &str, what: &str) {
        if let Err(problem) = self.losses.accept(loss, pointer, what) {
            self.problems.push(problem);
        }
    }

    fn note(&mut self, pointer: &str, what: &str) {
        let note = format!("{pointer}: {what}");
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The component that a schema refers to.
    fn referred(&self, schema: &Value) -> Option<&'a Component> {
        let reference = schema.get("$ref")?.as_str()?;
        let key = component(reference, "schemas")?;
        self.components.get(key).copied().or_else(|| {
            let key = key.replace("~1", "/").replace("~0", "~");
            self.components.get(key.as_str()).copied()
        })
    }

    /// The schema itself, or the one it refers to in the end.
    pub fn seen_through(&self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        for _ in 0..MAX_DEPTH {
            if let Some(component) = self.referred(schema) {
                schema = &component.schema;
            } else if let Some((union, index)) = schema.as_object().and_then(wrapped) {
                schema = &schema[union][index];
            } else {
                break;
            }
        }
        schema
    }

    /// The type of a place, and whether null may stand there.
    pub fn type_of(&mut self, schema: &'a Value, pointer: &str) -> (Type, bool) {
        let Some(object) = schema.as_object() else {
            return (Type::Any, false);
        };
        let nullable = takes_null(object) || is_null(schema);
        if let Some(component) = self.referred(schema) {
            let inner = component.schema.as_object().is_some_and(takes_null);
            return (Type::Named(component.name.clone()), nullable || inner);
        }
        if object.contains_key("$ref") {
            self.refuse(
                pointer,
                "a schema may refer to a component only, not into one",
                "make the target a component of its own",
            );
            return (Type::Any, nullable);
        }
        if let Some((union, index)) = wrapped(object) {
            let at = format!("{pointer}/{union}/{index}");
            let (inner, inner_null) = self.type_of(&schema[union][index], &at);
            return (inner, nullable || inner_null);
        }
        let named: Vec<&str> = match object.get("type") {
            Some(Value::String(name)) if name != "null" => vec![name],
            Some(Value::Array(names)) => names
                .iter()
                .filter_map(Value::as_str)
                .filter(|name| *name != "null")
                .collect(),
            _ => Vec::new(),
        };
        let format = object
            .get("format")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let ty = match named.as_slice() {
            ["string"] => match format {
                "uuid" => Type::Uuid,
                "date-time" => Type::DateTime,
                "date" => Type::Date,
                _ => Type::String,
            },
            ["integer"] if format == "int32" => Type::I32,
            ["integer"] => Type::I64,
            ["number"] | ["integer", "number"] | ["number", "integer"] => Type::F64,
            ["boolean"] => Type::Bool,
            ["array"] => self.list(object, pointer),
            ["object"] => self.map(object, pointer),
            [] if object.contains_key("items") => self.list(object, pointer),
            [] if object.contains_key("additionalProperties") => self.map(object, pointer),
            [] if single(schema).is_some() => Type::String,
            [] => {
                if object.contains_key("oneOf") || object.contains_key("anyOf") {
                    self.lose(
                        Loss::PlainJson,
                        pointer,
                        "values of several kinds become plain JSON",
                    );
                }
                Type::Any
            }
            [name] => {
                let what = format!("`{name}` is no type of JSON Schema");
                self.refuse(pointer, what, "mend the document, or the overlay");
                Type::Any
            }
            _ => {
                self.lose(
                    Loss::PlainJson,
                    pointer,
                    "values of several kinds become plain JSON",
                );
                Type::Any
            }
        };
        (ty, nullable)
    }

    fn list(&mut self, object: &'a Map<String, Value>, pointer: &str) -> Type {
        let item = match object.get("items") {
            Some(items) => self.held(items, &child(pointer, "items")),
            None => Type::Any,
        };
        Type::List(Box::new(item))
    }

    fn map(&mut self, object: &'a Map<String, Value>, pointer: &str) -> Type {
        match object.get("additionalProperties") {
            Some(values @ Value::Object(schema)) if !schema.is_empty() => {
                let at = child(pointer, "additionalProperties");
                Type::Map(Box::new(self.held(values, &at)))
            }
            _ => Type::Object,
        }
    }

    /// The type of what a list or map holds, null included.
    fn held(&mut self, schema: &'a Value, pointer: &str) -> Type {
        match self.type_of(schema, pointer) {
            (ty, true) => Type::OrNull(Box::new(ty)),
            (ty, false) => ty,
        }
    }

    fn definition(&mut self, component: &'a Component) -> TypeDef {
        let schema = &component.schema;
        let sdk_names = schema
            .get("x-sdk-name")
            .into_iter()
            .flat_map(|names| match names {
                Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                other => other.as_str().into_iter().collect::<Vec<_>>(),
            });
        let key = (!component.is_hoisted).then_some(component.key.as_str());
        let aliases = key
            .into_iter()
            .chain(sdk_names)
            .filter(|alias| *alias != component.name)
            .map(str::to_owned)
            .collect();
        TypeDef {
            name: component.name.clone(),
            aliases,
            description: text(schema.get("description")),
            deprecated: schema.get("deprecated") == Some(&Value::Bool(true)),
            details: details::of_type(schema),
            kind: self.kind(component),
            pointer: component.pointer.clone(),
            is_hoisted: component.is_hoisted,
            in_request: false,
            in_answer: false,
            area: String::new(),
        }
    }

    fn kind(&mut self, component: &'a Component) -> Kind {
        let schema = &component.schema;
        let pointer = component.pointer.as_str();
        let Some(object) = schema.as_object() else {
            return Kind::Alias(Type::Any);
        };
        if object.contains_key("enum")
            && let Some(variants) = self.variants(object, pointer)
        {
            return Kind::Enum(variants);
        }
        let has = |key: &str| {
            object.get(key).is_some_and(|value| match value {
                Value::Object(entries) => !entries.is_empty(),
                Value::Array(entries) => !entries.is_empty(),
                _ => false,
            })
        };
        let unions = ["oneOf", "anyOf"];
        if has("properties") || (has("allOf") && self.is_composed(schema, 0)) {
            let mut parts = Parts::default();
            self.collect(schema, pointer, &mut parts, 0);
            return Kind::Struct(self.fields(parts));
        }
        if wrapped(object).is_none()
            && let Some(union) = unions.into_iter().find(|union| has(union))
        {
            return self.union(schema, union, pointer);
        }
        Kind::Alias(self.type_of(schema, pointer).0)
    }

    /// Whether an `allOf` comes to an object with fields.
    pub fn is_composed(&self, schema: &'a Value, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        let schema = self
            .referred(schema)
            .map_or(schema, |component| &component.schema);
        schema.get("properties").is_some()
            || schema
                .get("allOf")
                .and_then(Value::as_array)
                .is_some_and(|parts| parts.iter().any(|part| self.is_composed(part, depth + 1)))
    }

    /// Gathers the fields of an object from its compositions.
    fn collect(&mut self, schema: &'a Value, pointer: &str, parts: &mut Parts<'a>, depth: usize) {
        if depth > MAX_DEPTH {
            self.refuse(pointer, "the composition contains itself", "cut the circle");
            return;
        }
        if let Some(component) = self.referred(schema) {
            self.collect(&component.schema, &component.pointer, parts, depth + 1);
            return;
        }
        for (index, part) in list_of(schema, "allOf").enumerate() {
            self.collect(part, &format!("{pointer}/allOf/{index}"), parts, depth + 1);
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let at = child(pointer, "properties");
        for (name, property) in properties.into_iter().flatten() {
            parts.add(name, property, child(&at, name));
        }
        parts
            .required
            .extend(list_of(schema, "required").filter_map(Value::as_str));
        // Alternatives beside fields: whatever one of them allows may be there.
        for union in ["oneOf", "anyOf"] {
            for (index, member) in list_of(schema, union).enumerate() {
                let mut alternative = Parts::default();
                let at = format!("{pointer}/{union}/{index}");
                self.collect(member, &at, &mut alternative, depth + 1);
                for (name, property, at) in alternative.properties {
                    if !parts.properties.iter().any(|(known, ..)| *known == name) {
                        parts.add(name, property, at);
                    }
                }
            }
        }
    }

    fn fields(&mut self, parts: Parts<'a>) -> Struct {
        let mut fields: Vec<Field> = Vec::new();
        for (wire, schema, pointer) in parts.properties {
            let name = names::field_name(wire);
            if name.is_empty() {
                let what = format!("the field `{wire}` gives no Rust name");
                self.refuse(&pointer, what, "remove it with the overlay, or rename it");
                continue;
            }
            if let Some(other) = fields.iter().find(|field| field.name == name) {
                let what = format!(
                    "the fields `{}` and `{wire}` have one Rust name",
                    other.wire
                );
                self.refuse(&pointer, what, "remove one of them with the overlay");
                continue;
            }
            let (ty, nullable) = self.type_of(schema, &pointer);
            let seen = self.seen_through(schema);
            let described = schema.get("description").or_else(|| {
                // A wrapper's description counts for more than that of what it wraps.
                let (union, index) = wrapped(schema.as_object()?)?;
                schema[union][index].get("description")
            });
            fields.push(Field {
                wire: wire.to_owned(),
                name,
                description: text(described.or_else(|| seen.get("description"))),
                limits: limits(schema),
                details: details::details(schema),
                ty,
                required: parts.required.contains(wire),
                nullable,
                secret: schema.get("x-secret") == Some(&Value::Bool(true)),
                deprecated: schema.get("deprecated") == Some(&Value::Bool(true)),
                constant: single(seen),
                boxed: false,
            });
        }
        Struct { fields, tag: None }
    }

    fn variants(&mut self, object: &Map<String, Value>, pointer: &str) -> Option<Vec<Variant>> {
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

    fn union(&mut self, schema: &'a Value, union: &str, pointer: &str) -> Kind {
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

    fn event(
        &mut self,
        event: &'a webhooks::Event,
        types: &BTreeMap<String, TypeDef>,
    ) -> Option<Event> {
        let (ty, _) = self.type_of(&event.schema, &event.pointer);
        match ty {
            Type::Named(payload)
                if matches!(types.get(&payload).map(|t| &t.kind), Some(Kind::Struct(_))) =>
            {
                Some(Event {
                    variant: event.variant.clone(),
                    event_type: event.event_type.clone(),
                    version: event.version.clone(),
                    payload,
                    description: event.description.clone(),
                })
            }
            _ => {
                self.refuse(
                    &event.pointer,
                    "the webhook's body is no object with fields",
                    "refer to the schema of the whole delivery, envelope and data",
                );
                None
            }
        }
    }
}

/// The entries of a list below a key, none where there is no such list.
fn list_of<'v>(schema: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    schema
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn is_text(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("string")
        || schema.get("const").is_some_and(Value::is_string)
        || schema
            .get("enum")
            .and_then(Value::as_array)
            .is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_string))
}

/// The text of a value, without the blanks around it.
pub fn text(value: Option<&Value>) -> String {
    value
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim()
        .to_owned()
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

/// The limits and the default of a schema, as sentences.
pub fn limits(schema: &Value) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut range = |least: &str, most: &str, unit: &str| {
        // OpenAPI 3.0 says by a flag that a bound itself is excluded.
        let excluded = |key: &str| match key {
            "minimum" => schema.get("exclusiveMinimum") == Some(&Value::Bool(true)),
            "maximum" => schema.get("exclusiveMaximum") == Some(&Value::Bool(true)),
            _ => false,
        };
        let bound = |key: &str| {
            schema
                .get(key)
                .filter(|value| value.is_number() && !excluded(key))
        };
        match (bound(least), bound(most)) {
            (Some(least), Some(most)) if least == most => {
                sentences.push(format!("Exactly {least}{unit}."));
            }
            (Some(least), Some(most)) => sentences.push(format!("From {least} to {most}{unit}.")),
            (Some(least), None) => sentences.push(format!("At least {least}{unit}.")),
            (None, Some(most)) => sentences.push(format!("At most {most}{unit}.")),
            (None, None) => {}
        }
    };
    range("minLength", "maxLength", " characters");
    range("minimum", "maximum", "");
    range("minItems", "maxItems", " items");
    range("minProperties", "maxProperties", " entries");
    for (key, inclusive, what) in [
        ("exclusiveMinimum", "minimum", "More than"),
        ("exclusiveMaximum", "maximum", "Less than"),
    ] {
        let bound = match schema.get(key) {
            Some(Value::Bool(true)) => schema.get(inclusive),
            bound => bound,
        };
        if let Some(bound) = bound.filter(|value| value.is_number()) {
            sentences.push(format!("{what} {bound}."));
        }
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
        && is_plain(pattern)
    {
        sentences.push(format!("Matches `{pattern}`."));
    }
    match schema.get("default") {
        None | Some(Value::Null | Value::Object(_) | Value::Array(_)) => {}
        Some(Value::String(value)) if !is_plain(value) => {}
        Some(Value::String(value)) => sentences.push(format!("Default: `{value}`.")),
        Some(value) => sentences.push(format!("Default: `{value}`.")),
    }
    sentences
}

/// Whether a text can stand between backticks in one line.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c == '`' || c.is_control())
}

/// Moves the tag of a union's members from a field to the struct itself.
fn tags(api: &mut Api) {
    let mut wanted: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for definition in api.types.values() {
        if let Kind::Union(union) = &definition.kind {
            for (_, value, ty) in &union.variants {
                let pair = (union.tag.clone(), value.clone());
                wanted.entry(ty.clone()).or_default().insert(pair);
            }
        }
    }
    for (name, pairs) in wanted {
        let Some(Kind::Struct(object)) = api.types.get_mut(&name).map(|t| &mut t.kind) else {
            continue;
        };
        let mut pairs = pairs.into_iter();
        // With two tags, the field alone says which of them a value has.
        let (Some((tag, value)), None) = (pairs.next(), pairs.next()) else {
            continue;
        };
        match object.fields.iter().position(|field| field.wire == tag) {
            None => object.tag = Some((tag, value)),
            Some(index) if object.fields[index].constant.as_ref() == Some(&value) => {
                object.fields.remove(index);
                object.tag = Some((tag, value));
            }
            Some(_) => {}
        }
    }
}

/// The named types that a type's fields or variants hold.
pub fn uses(definition: &TypeDef) -> Vec<&str> {
    match &definition.kind {
        Kind::Struct(object) => object.fields.iter().filter_map(|f| f.ty.named()).collect(),
        Kind::Union(union) => union
            .variants
            .iter()
            .map(|(_, _, ty)| ty.as_str())
            .collect(),
        Kind::Alias(ty) => ty.named().into_iter().collect(),
        Kind::Enum(_) => Vec::new(),
    }
}

/// Drops nested types that nothing uses any more: tags that became part of a struct.
fn drop_unused(api: &mut Api) {
    loop {
        let mut used: BTreeSet<&str> = api.types.values().flat_map(uses).collect();
        for operation in &api.operations {
            used.extend(operations::uses(operation));
        }
        used.extend(api.events.iter().map(|event| event.payload.as_str()));
        let unused: Vec<String> = api
            .types
            .values()
            .filter(|definition| definition.is_hoisted && !used.contains(definition.name.as_str()))
            .map(|definition| definition.name.clone())
            .collect();
        if unused.is_empty() {
            return;
        }
        for name in &unused {
            api.types.remove(name);
        }
        api.order.retain(|name| !unused.contains(name));
    }
}

/// Refuses names that stand for themselves: lists, maps and references without a struct between.
fn circles(api: &Api, problems: &mut Problems) {
    let next = |name: &str| match api.types.get(name).map(|definition| &definition.kind) {
        Some(Kind::Alias(ty)) => ty.named(),
        _ => None,
    };
    for name in &api.order {
        let met = std::iter::successors(next(name), |name| next(name)).take(api.order.len());
        if met.into_iter().any(|met| met == name) {
            let pointer = api
                .types
                .get(name)
                .map_or("", |definition| &definition.pointer);
            problems.push(Problem::new(
                pointer,
                format!("`{name}` stands for itself, with no object between"),
                "put an object between, or describe it as any JSON with the overlay",
            ));
        }
    }
}

/// Boxes the fields through which a type would contain itself.
fn boxes(api: &mut Api) {
    for name in api.order.clone() {
        let Some(Kind::Struct(object)) = api.types.get(&name).map(|t| &t.kind) else {
            continue;
        };
        let closing: Vec<usize> = object
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| match &field.ty {
                Type::Named(target) => contains(api, target, &name, &mut BTreeSet::new()),
                _ => false,
            })
            .map(|(index, _)| index)
            .collect();
        if let Some(Kind::Struct(object)) = api.types.get_mut(&name).map(|t| &mut t.kind) {
            for index in closing {
                object.fields[index].boxed = true;
            }
        }
    }
}

/// Whether a value of `from` holds one of `wanted` in place, not behind a list, map or box.
fn contains(api: &Api, from: &str, wanted: &str, seen: &mut BTreeSet<String>) -> bool {
    if from == wanted {
        return true;
    }
    if !seen.insert(from.to_owned()) {
        return false;
    }
    let Some(definition) = api.types.get(from) else {
        return false;
    };
    let direct: Vec<&str> = match &definition.kind {
        Kind::Struct(object) => object
            .fields
            .iter()
            .filter(|field| !field.boxed)
            .filter_map(|field| match &field.ty {
                Type::Named(name) => Some(name.as_str()),
                _ => None,
            })
            .collect(),
        Kind::Union(union) => union
            .variants
            .iter()
            .map(|(_, _, ty)| ty.as_str())
            .collect(),
        Kind::Alias(Type::Named(name)) => vec![name.as_str()],
        _ => Vec::new(),
    };
    direct
        .into_iter()
        .any(|next| contains(api, next, wanted, seen))
}

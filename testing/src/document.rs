//! The API document, and the payloads that it gives as examples.

use std::path::Path;
use std::sync::LazyLock;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::Value;

/// Returns the root folder of the repository.
pub fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// Returns the API document as it is in the repository.
///
/// It is read here a second time, so that not every crate's tests need the generator and its dependencies.
///
/// # Panics
///
/// If it cannot be read.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
        let path = root().join("openapi/linq-api-v3.yaml");
        let text = std::fs::read_to_string(path).expect("the document is there");
        let documents = Yaml::load_from_str(&text).expect("the document is YAML");
        json(&documents[0])
    });
    &DOCUMENT
}

fn json(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(flag)) => (*flag).into(),
        Yaml::Value(Scalar::Integer(number)) => (*number).into(),
        Yaml::Value(Scalar::FloatingPoint(number)) => number.into_inner().into(),
        Yaml::Value(Scalar::String(text)) => text.to_string().into(),
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        Yaml::Mapping(entries) => entries
            .iter()
            .map(|(name, value)| match json(name) {
                Value::String(name) => (name, json(value)),
                name => (name.to_string(), json(value)),
            })
            .collect(),
        other => unreachable!("{other:?} is refused by the generator"),
    }
}

/// A webhook that the document gives an example of.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its key, such as `message.received.v2026`.
    pub key: String,
    /// The payload version that its tag names, such as `2026-02-03`.
    pub version: Option<String>,
    /// The example as text, in the document's order of fields.
    pub body: String,
}

impl Webhook {
    /// Its event type: the key without the version, such as `message.received`.
    pub fn event_type(&self) -> &str {
        self.split_key().0
    }

    /// The variant of `WebhookEvent` that it is to become, such as `MessageReceivedV2025`.
    pub fn variant(&self) -> String {
        let (event_type, suffix) = self.split_key();
        variant_name(event_type, suffix == OLD)
    }

    /// The example as a value.
    ///
    /// # Panics
    ///
    /// If it is no JSON.
    pub fn value(&self) -> Value {
        self.body.parse().expect("the example is JSON")
    }

    fn split_key(&self) -> (&str, &'static str) {
        if let Some(event_type) = self.key.strip_suffix(".v2025") {
            (event_type, OLD)
        } else {
            (self.key.strip_suffix(".v2026").unwrap_or(&self.key), "")
        }
    }
}

/// What the name of a variant ends in if it is of the payload version of 2025.
const OLD: &str = "V2025";

/// The variant of `WebhookEvent` for an event type in the newest payload version, or in that of 2025.
pub fn variant_name(event_type: &str, is_old: bool) -> String {
    let words = event_type.split(['.', '_']).map(capitalized);
    words.collect::<String>() + if is_old { OLD } else { "" }
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

fn version(tags: &Value) -> Option<String> {
    let tags = tags.as_array().into_iter().flatten();
    let mut names = tags.filter_map(Value::as_str);
    names.find(|name| name.starts_with("20")).map(str::to_owned)
}

/// The webhook of a key.
///
/// # Panics
///
/// If the document has none.
pub fn webhook(key: &str) -> Webhook {
    let mut webhooks = webhooks().into_iter();
    webhooks
        .find(|webhook| webhook.key == key)
        .expect("the document has the webhook")
}

/// The webhooks of the document, with their examples.
///
/// # Panics
///
/// If a webhook has no example.
pub fn webhooks() -> Vec<Webhook> {
    let document = document();
    let webhooks = document["webhooks"]
        .as_object()
        .expect("there are webhooks");
    webhooks
        .iter()
        .map(|(key, item)| {
            let example = &item["post"]["requestBody"]["content"]["application/json"]["example"];
            assert!(example.is_object(), "{key} has no example");
            Webhook {
                key: key.clone(),
                version: version(&item["post"]["tags"]),
                body: example.to_string(),
            }
        })
        .collect()
}

/// The value that a `$ref` points at, or the value itself.
///
/// # Panics
///
/// If it points nowhere.
pub fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            let pointer = reference.trim_start_matches('#');
            let target = document.pointer(pointer);
            resolved(document, target.expect("a reference has its target"))
        }
        None => value,
    }
}

/// The examples of a media type.
pub fn examples(content: &Value) -> Vec<Value> {
    let named = content["examples"].as_object().into_iter().flatten();
    content
        .get("example")
        .into_iter()
        .chain(named.map(|(_, example)| &example["value"]))
        .cloned()
        .collect()
}

/// The members of an object or a list, each with its name as a JSON pointer writes it.
pub fn children(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| (name.replace('/', "~1"), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => Vec::new(),
    }
}

/// Visits every schema of the document, nested ones too, with its pointer.
pub fn for_each_schema(document: &Value, visit: &mut impl FnMut(&str, &Value)) {
    for (name, schema) in children(&document["components"]["schemas"]) {
        inside(schema, &format!("#/components/schemas/{name}"), visit);
    }
    for section in ["paths", "webhooks", "components"] {
        outside(&document[section], &format!("#/{section}"), visit);
    }
}

/// Looks for schemas where none is around.
fn outside(value: &Value, pointer: &str, visit: &mut impl FnMut(&str, &Value)) {
    for (name, value) in children(value) {
        let pointer = format!("{pointer}/{name}");
        match &*name {
            "schema" => inside(value, &pointer, visit),
            "schemas" | "example" | "examples" => {}
            _ => outside(value, &pointer, visit),
        }
    }
}

/// Visits a schema and those it is made of.
fn inside(schema: &Value, pointer: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(pointer, schema);
    for (key, value) in children(schema) {
        let pointer = format!("{pointer}/{key}");
        match &*key {
            "items" | "additionalProperties" | "not" | "propertyNames" => {
                inside(value, &pointer, visit);
            }
            "properties" | "oneOf" | "anyOf" | "allOf" | "prefixItems" => {
                for (name, value) in children(value) {
                    inside(value, &format!("{pointer}/{name}"), visit);
                }
            }
            _ => {}
        }
    }
}

/// Visits every summary and description of the document; properties of that name are not texts.
pub fn for_each_text(value: &Value, pointer: &str, visit: &mut impl FnMut(&str, &str)) {
    for (name, value) in children(value) {
        let pointer = format!("{pointer}/{name}");
        match (&*name, value) {
            ("example" | "examples", _) => {}
            ("summary" | "description" | "title", Value::String(text)) => visit(&pointer, text),
            _ => for_each_text(value, &pointer, visit),
        }
    }
}

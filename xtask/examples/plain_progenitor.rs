//! Writes one crate as plain progenitor makes it from our document, types and client together, to
//! measure build times beside: `cargo run -p xtask --example plain_progenitor -- DIR`.
//!
//! Plain progenitor does not take the document as it stands (see the table of inputs in
//! `xtask/tests/known_defects.rs`). It is given what is left once nested schemas are hoisted, each
//! operation has one success and one error answer, and the schemas speak the language of 3.0.

use std::collections::BTreeMap;
use std::path::Path;

use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::{Map, Value, json};
use xtask::command;
use xtask::command::gen_command::{DOCUMENT, OVERLAY};
use xtask::generate::accept::Losses;
use xtask::generate::overlay::Whose;
use xtask::generate::{check, hoist, json_schema, load, overlay, webhooks};

const MANIFEST: &str = r#"[package]
name = "plain"
version = "0.0.0"
edition = "2024"
publish = false

[dependencies]
bytes = "1.6"
chrono = { version = "0.4.38", default-features = false, features = ["alloc", "serde"] }
futures-core = "0.3"
progenitor-client = { version = "0.15.1", default-features = false }
regress = "0.12"
reqwest = { version = "0.13.1", default-features = false, features = ["http2", "json", "query", "rustls", "stream"] }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
uuid = { version = "1.10", features = ["serde"] }

[workspace]
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = std::env::args()
        .nth(1)
        .ok_or("usage: plain_progenitor DIR")?;
    let root = command::root();
    let mut document = load::load(&root.join(DOCUMENT), DOCUMENT)?;
    let fixups = load::parse(&std::fs::read_to_string(root.join(OVERLAY))?, OVERLAY)?;
    overlay::apply(&mut document, &fixups, Whose::Ours)?;
    let mut losses = Losses::new(BTreeMap::new(), BTreeMap::new(), Whose::Ours)?;
    check::check(&document, &mut losses)?;
    let (mut events, _) = webhooks::extract(&mut document)?;
    let components = hoist::hoist(&mut document, &mut events, &losses)?.components;
    let schemas: Map<String, Value> = components
        .iter()
        .map(|c| (c.key.clone(), lowered(&c.schema)))
        .collect();
    let mut paths = Map::new();
    for place in check::places(&document.root) {
        let path = paths.entry(place.path).or_insert_with(|| json!({}));
        path[place.method] = operation(&document.root, &place);
    }
    let plain = json!({
        "openapi": "3.0.3",
        "info": { "title": "Plain", "version": "1.0.0" },
        "paths": paths,
        "components": { "schemas": schemas },
    });
    let mut settings = GenerationSettings::new();
    settings.with_interface(InterfaceStyle::Builder);
    let tokens = Generator::new(&settings).generate_tokens(&serde_json::from_value(plain)?)?;
    let text = prettyplease::unparse(&syn::parse2(tokens)?);
    let out = Path::new(&out);
    std::fs::create_dir_all(out.join("src"))?;
    std::fs::write(out.join("Cargo.toml"), MANIFEST)?;
    std::fs::write(out.join("src/lib.rs"), &text)?;
    eprintln!("{} lines", text.lines().count());
    Ok(())
}

/// An operation with one success and one error answer.
fn operation(root: &Value, place: &check::Place<'_>) -> Value {
    let mut responses = Map::new();
    for (status, response) in place.operation["responses"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let class = if status.starts_with('2') {
            "2XX"
        } else {
            "4XX"
        };
        let response = check::target(root, response);
        let content = response.get("content").and_then(Value::as_object);
        let schema = content.and_then(|content| content.values().next()?.get("schema"));
        let mut answer = json!({ "description": "" });
        if let Some(schema) = schema {
            answer["content"] = json!({ "application/json": { "schema": lowered(schema) } });
        }
        responses.entry(class).or_insert(answer);
    }
    let parameters: Vec<Value> = check::parameters(root, place)
        .into_iter()
        .map(|(_, parameter)| {
            let mut parameter = parameter.clone();
            parameter["schema"] = lowered(&parameter["schema"]);
            parameter
        })
        .collect();
    let mut operation = json!({
        "operationId": place.operation["operationId"],
        "description": place.operation["description"],
        "parameters": parameters,
        "responses": responses,
    });
    if let Some(body) = place.operation.get("requestBody") {
        let schema = lowered(&body["content"]["application/json"]["schema"]);
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": schema } },
        });
    }
    operation
}

/// A schema in the language of OpenAPI 3.0.
fn lowered(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => lowered_object(object),
        Value::Array(items) => items.iter().map(lowered).collect(),
        other => other.clone(),
    }
}

fn lowered_object(object: &Map<String, Value>) -> Value {
    if let Some(reference) = object.get("$ref") {
        let reference = json!({ "$ref": reference });
        return if json_schema::takes_null(object) {
            json!({ "allOf": [reference], "nullable": true })
        } else {
            reference
        };
    }
    if let Some((union, index)) = json_schema::wrapped(object) {
        let inner = lowered(&object[union][index]);
        return json!({ "allOf": [inner], "nullable": json_schema::takes_null(object) });
    }
    let mut plain = Map::new();
    for (key, value) in object {
        match key.as_str() {
            "type" if value.is_array() => {
                let mut names = value.as_array().into_iter().flatten();
                let name = names.rfind(|name| *name != "null");
                plain.insert(key.clone(), name.cloned().unwrap_or(Value::Null));
            }
            "enum" => {
                let values = value.as_array().into_iter().flatten();
                let values = values.filter(|value| !value.is_null()).cloned().collect();
                plain.insert(key.clone(), Value::Array(values));
            }
            "const" => {
                plain.insert("enum".to_owned(), json!([value]));
            }
            "properties" => {
                let properties = value.as_object().into_iter().flatten();
                let properties = properties.map(|(name, inner)| (name.clone(), lowered(inner)));
                plain.insert(key.clone(), Value::Object(properties.collect()));
            }
            "example" | "examples" | "discriminator" => {}
            extension if extension.starts_with("x-") => {}
            _ => {
                plain.insert(key.clone(), lowered(value));
            }
        }
    }
    if json_schema::takes_null(object) {
        plain.insert("nullable".to_owned(), Value::Bool(true));
    }
    Value::Object(plain)
}

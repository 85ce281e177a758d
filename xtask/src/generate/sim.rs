//! Stage 10, sim. In: the document with its fix-ups. Out: one file of data that the simulator serves and
//! validates by: operations, schemas, an example of each response, and which error code a broken
//! constraint gets.
//!
//! The schemas are the document's own. Schemas made from linq-types would hide the faults of our types.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::format::Files;
use super::load::Document;
use crate::skeleton;

/// Where the file is.
pub const FOLDER: &str = "crates/linq-sim/src/generated";

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Makes the file.
pub fn emit(document: &Document) -> Files {
    let root = &document.root;
    let schemas = json!({ "schemas": root["components"]["schemas"] });
    let mut data = json!({
        "generated": format!("by `cargo xtask gen` from {}; do not edit", document.name),
        "operations": operations(root),
        "component_codes": component_codes(&root["components"]["schemas"]),
        "components": skeleton::of(&schemas),
    });
    choose_by_tag(&mut data);
    let text = serde_json::to_string_pretty(&data).unwrap_or_default();
    let mut files = Files::default();
    files.0.insert(format!("{FOLDER}/api.json"), text + "\n");
    files
}

/// Turns unions with a tag into conditions on the tag, so that an error is one of the member that was meant, and
/// not that no member matches.
fn choose_by_tag(value: &mut Value) {
    match value {
        Value::Object(schema) => {
            schema.values_mut().for_each(choose_by_tag);
            let discriminator = &schema.get("discriminator").cloned().unwrap_or_default();
            let (Some(tag), Some(mapping)) = (
                discriminator["propertyName"].as_str(),
                discriminator["mapping"].as_object(),
            ) else {
                return;
            };
            schema.remove("oneOf");
            let values: Vec<&String> = mapping.keys().collect();
            let mut conditions = vec![json!({
                "required": [tag], "properties": { tag: { "enum": values } },
            })];
            conditions.extend(mapping.iter().map(|(value, target)| {
                json!({
                    "if": { "required": [tag], "properties": { tag: { "const": value } } },
                    "then": { "$ref": target },
                })
            }));
            schema.insert("allOf".to_owned(), conditions.into());
        }
        Value::Array(items) => items.iter_mut().for_each(choose_by_tag),
        _ => {}
    }
}

/// Every operation: id, method, path, parameters, body, and the success response with an example.
fn operations(root: &Value) -> Vec<Value> {
    let mut operations = Vec::new();
    for (path, item) in root["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let shared = item["parameters"].as_array().into_iter().flatten();
            let own = operation["parameters"].as_array().into_iter().flatten();
            let parameters: Vec<Value> = shared.chain(own).map(skeleton::of).collect();
            let body = operation.get("requestBody").map(|body| {
                let content = body["content"]
                    .as_object()
                    .and_then(|content| content.iter().next());
                json!({
                    "required": body["required"].as_bool().unwrap_or(false),
                    "schema": content.map(|(_, content)| skeleton::of(&content["schema"])),
                })
            });
            operations.push(json!({
                "id": operation["operationId"],
                "method": method.to_uppercase(),
                "path": path,
                "tag": operation["tags"][0],
                "parameters": parameters,
                "body": body,
                "success": success(operation),
            }));
        }
    }
    operations
}

/// The first 2xx response of an operation, with its media type, schema and an example.
fn success(operation: &Value) -> Option<Value> {
    let responses = operation["responses"].as_object()?;
    let (status, response) = responses
        .iter()
        .find(|(status, _)| status.starts_with('2'))?;
    let content = response["content"]
        .as_object()
        .and_then(|content| content.iter().next());
    Some(json!({
        "status": status.parse::<u16>().unwrap_or(200),
        "schema": content.map(|(_, content)| skeleton::of(&content["schema"])),
        "example": content.and_then(|(_, content)| example(content)),
    }))
}

/// The first example of a media type.
fn example(content: &Value) -> Option<&Value> {
    content.get("example").or_else(|| {
        let examples = content["examples"].as_object()?;
        examples.values().next()?.get("value")
    })
}

/// The code that a broken constraint inside a component gets, where it does not depend on the constraint: what
/// only messages hold is bad content (1004), and an app part has a code of its own (1008).
fn component_codes(schemas: &Value) -> BTreeMap<&str, u16> {
    let mut codes: BTreeMap<&str, u16> = BTreeMap::new();
    for name in reachable(schemas, "MessageContent") {
        let is_app = name.starts_with("IMessageApp");
        codes.insert(name, if is_app { 1008 } else { 1004 });
    }
    // Other bodies hold these too.
    for shared in ["ServiceType", "ReplyTo"] {
        codes.remove(shared);
    }
    codes
}

/// The components that one holds, itself included.
fn reachable<'a>(schemas: &'a Value, start: &'a str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![start];
    while let Some(name) = open.pop() {
        if let Some(schema) = schemas.get(name)
            && found.insert(name)
        {
            references(schema, &mut open);
        }
    }
    found
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member.as_str().filter(|_| key == "$ref") {
                    Some(reference) => {
                        found.extend(reference.strip_prefix("#/components/schemas/"))
                    }
                    None => references(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

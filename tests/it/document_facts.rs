//! What the API document says as values is complete, and its prose agrees with it.

use std::collections::BTreeSet;

use linq_tests::document::{children, document};
use serde_json::Value;

/// Adds every component that a value refers to, directly or through others.
fn reach(document: &Value, value: &Value, found: &mut BTreeSet<String>) {
    for (name, value) in children(value) {
        match value {
            Value::String(pointer) if pointer.starts_with("#/components/") => {
                if found.insert(pointer.clone()) {
                    let component = document.pointer(&pointer[1..]);
                    reach(document, component.expect("it is there"), found);
                }
            }
            _ if name == "example" || name == "examples" => {}
            value => reach(document, value, found),
        }
    }
}

#[test]
fn an_operation_or_event_uses_every_component() {
    let document = document();
    let mut found = BTreeSet::new();
    for section in ["paths", "webhooks"] {
        reach(&document, &document[section], &mut found);
    }
    let mut unused = Vec::new();
    for kind in ["schemas", "responses"] {
        for (name, _) in children(&document["components"][kind]) {
            let pointer = format!("#/components/{kind}/{name}");
            if !found.contains(&pointer) {
                unused.push(pointer);
            }
        }
    }
    assert!(found.len() >= 200, "{} components", found.len());
    assert!(unused.is_empty(), "unused: {}", unused.join("\n"));
}

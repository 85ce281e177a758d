//! The API document is sound: its examples satisfy their schemas, and everything is described.

use jsonschema::Validator;
use linq_testing::document::{
    children, document, examples, for_each_schema, for_each_text, resolved,
};
use serde_json::{Value, json};

/// A schema, and what is meant to satisfy it.
struct Case {
    pointer: String,
    schema: Value,
    examples: Vec<Value>,
}

/// Every place in the document that has a schema and examples of it.
fn cases(document: &Value) -> Vec<Case> {
    let mut cases = Vec::new();
    for section in ["paths", "webhooks", "components"] {
        collect_cases(&document[section], &format!("#/{section}"), &mut cases);
    }
    for_each_schema(document, &mut |pointer, schema| {
        let listed = schema["examples"].as_array().into_iter().flatten();
        let single = [schema.get("example"), schema.get("default")];
        let examples: Vec<Value> = listed
            .chain(single.into_iter().flatten())
            .cloned()
            .collect();
        push_case(&mut cases, pointer, schema, examples);
    });
    cases
}

fn push_case(cases: &mut Vec<Case>, pointer: &str, schema: &Value, examples: Vec<Value>) {
    if !examples.is_empty() {
        cases.push(Case {
            pointer: pointer.to_owned(),
            schema: schema.clone(),
            examples,
        });
    }
}

/// Media types, parameters and headers: what has a schema beside its examples.
fn collect_cases(value: &Value, pointer: &str, cases: &mut Vec<Case>) {
    if let Some(schema) = value.get("schema") {
        push_case(cases, pointer, schema, examples(value));
        return;
    }
    for (name, value) in children(value) {
        if name != "schemas" {
            collect_cases(value, &format!("{pointer}/{name}"), cases);
        }
    }
}

/// A validator of a schema of the document, formats included.
fn validator(document: &Value, schema: &Value) -> Validator {
    // References point into the components, which therefore stand beside the schema.
    let whole = json!({ "allOf": [schema], "components": document["components"] });
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&whole)
        .expect("the schema is one")
}

#[test]
fn every_example_satisfies_its_schema() {
    let document = document();
    let cases = cases(document);
    assert!(cases.len() >= 100, "{} places have examples", cases.len());
    let mut problems = Vec::new();
    for case in cases {
        let validator = validator(document, &case.schema);
        for example in &case.examples {
            for error in validator.iter_errors(example) {
                let place = error.instance_path();
                problems.push(format!("{} at {place}: {error}", case.pointer));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The validator does refuse what is wrong, by type, by format and behind references.
#[test]
fn what_is_wrong_would_be_found() {
    let document = document();
    let chat = json!({ "$ref": "#/components/schemas/Chat" });
    let validator = validator(document, &chat);
    let operation = &document["paths"]["/v3/chats/{chatId}"]["get"];
    let sound = &operation["responses"]["200"]["content"]["application/json"]["example"];
    assert!(validator.is_valid(sound));
    for (pointer, wrong) in [
        ("/id", json!("no UUID")),
        ("/created_at", json!("yesterday")),
        ("/handles/0/handle", json!(7)),
        ("/handles/0/joined_at", Value::Null),
    ] {
        let mut changed = sound.clone();
        *changed.pointer_mut(pointer).expect("the place is there") = wrong;
        assert!(!validator.is_valid(&changed), "{pointer}");
    }
}

/// Every body has an example, so that each is tried.
#[test]
fn every_body_has_an_example() {
    fn check(value: &Value, pointer: &str, bodies: &mut usize) {
        for (name, value) in children(value) {
            let pointer = format!("{pointer}/{name}");
            if name.starts_with("application~1") {
                assert!(!examples(value).is_empty(), "{pointer} has no example");
                *bodies += 1;
            } else if name != "example" {
                check(value, &pointer, bodies);
            }
        }
    }
    let document = document();
    let mut bodies = 0;
    for section in ["paths", "webhooks", "components"] {
        check(&document[section], &format!("#/{section}"), &mut bodies);
    }
    assert!(bodies >= 90, "{bodies} bodies");
}

fn has_text(value: &Value, name: &str) -> bool {
    let text = value.get(name).and_then(Value::as_str);
    text.is_some_and(|text| !text.trim().is_empty())
}

/// The operations of paths and webhooks, each with its pointer.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let items = ["paths", "webhooks"].into_iter().flat_map(|section| {
        let items = children(&document[section]).into_iter();
        items.map(move |(name, item)| (format!("#/{section}/{name}"), item))
    });
    items
        .flat_map(|(pointer, item)| {
            let operations = children(item).into_iter();
            operations.map(move |(name, value)| (format!("{pointer}/{name}"), value))
        })
        .filter(|(_, operation)| operation.get("operationId").is_some())
        .collect()
}

#[test]
fn every_operation_parameter_and_answer_is_described() {
    let document = document();
    let operations = operations(document);
    assert!(operations.len() >= 69);
    let mut bare = Vec::new();
    for (pointer, operation) in operations {
        let mut check = |value: &Value, name: &str, place: String| {
            if !has_text(resolved(document, value), name) {
                bare.push(format!("{place} has no {name}"));
            }
        };
        check(operation, "summary", pointer.clone());
        check(operation, "description", pointer.clone());
        for list in ["parameters", "responses"] {
            for (name, value) in children(&operation[list]) {
                check(value, "description", format!("{pointer}/{list}/{name}"));
            }
        }
        if let Some(body) = operation.get("requestBody") {
            check(body, "description", format!("{pointer}/requestBody"));
        }
    }
    assert!(bare.is_empty(), "{}", bare.join("\n"));
}

#[test]
fn every_schema_property_and_enum_is_described() {
    let document = document();
    let mut bare = Vec::new();
    let mut described = 0;
    for_each_schema(document, &mut |pointer, schema| {
        let (around, _) = pointer.rsplit_once('/').unwrap_or_default();
        let named = around.ends_with("/properties") || around == "#/components/schemas";
        // The schema of a parameter is described by the parameter.
        let of_parameter = around.contains("/parameters/") && pointer.ends_with("/schema");
        if !named && (of_parameter || schema.get("enum").is_none()) {
            return;
        }
        described += 1;
        if !has_text(schema, "description") && !has_text(resolved(document, schema), "description")
        {
            bare.push(pointer.to_owned());
        }
    });
    assert!(described >= 500, "{described} schemas");
    assert!(bare.is_empty(), "no description: {}", bare.join("\n"));
}

/// Text without its code, which may show anything.
fn without_code(text: &str) -> String {
    text.split('`').step_by(2).collect()
}

fn has_html(text: &str) -> bool {
    let code_free = without_code(text);
    let mut tags = code_free.split('<').skip(1);
    tags.any(|tag| {
        let is_tag = tag.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
        is_tag && !tag.starts_with("https://") && tag.contains('>')
    })
}

fn is_unfinished(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| ["TODO", "FIXME", "TBD", "XXX", "Placeholder"].contains(&word))
}

#[test]
fn no_text_has_html_or_is_unfinished() {
    let mut texts = 0;
    for_each_text(document(), "#", &mut |pointer, text| {
        assert!(!has_html(text), "{pointer}: {text}");
        assert!(!is_unfinished(text), "{pointer}: {text}");
        texts += 1;
    });
    assert!(texts >= 800, "{texts} texts");
    assert!(has_html("a <b>bold</b> word") && has_html("one<br/>two") && has_html("<!-- x -->"));
    assert!(!has_html("`<b>`, 1 < 2, <https://example.com>"));
    assert!(is_unfinished("Chat. TODO: say more") && !is_unfinished("Todos"));
}

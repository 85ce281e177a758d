//! Losses that are refused, unless the document accepts them by name.

use serde_json::{Value, json};
use xtask::generate::overlay::Whose;

use crate::support::{
    expect_all, expect_problem, generate, generate_with, holding, operation_of, overlay_of, pasted,
    with_operation, with_schemas,
};

const LOSS: &str = "items of several types become plain JSON";

fn thing(value: Value) -> Value {
    with_schemas(json!({ "Thing": {
        "type": "object",
        "properties": { "value": value },
    } }))
}

fn odd() -> Value {
    json!({ "type": "array", "prefixItems": [{ "type": "string" }, { "type": "integer" }] })
}

#[test]
fn the_action_in_the_help_accepts_the_loss() {
    for whose in [Whose::Ours, Whose::Vendor] {
        let problems = generate_with(thing(odd()), &overlay_of(&[]), whose).expect_err(LOSS);
        assert_eq!(problems.0[0].what, LOSS);
        let actions = pasted(&problems.0[0]);
        assert_eq!(actions.len(), 1);
        let generated =
            generate_with(thing(odd()), &overlay_of(&actions), whose).expect("it is accepted");
        assert_eq!(
            generated.api.notes,
            [format!(
                "#/components/schemas/Thing/properties/value: {LOSS} (accepted)"
            )]
        );
    }
}

#[test]
fn an_action_in_an_operation_can_leave_it_out() {
    let responses = json!({ "200": holding(odd()) });
    let root = || with_operation(json!({ "responses": responses }), json!({}));
    let problems = generate(root()).expect_err(LOSS);
    let actions = pasted(&problems.0[0]);
    expect_all(
        &problems.to_string(),
        &[
            "\n  or leave the operation out:\n  - target: $.paths['/things'].get\n    remove: true\n",
        ],
    );
    let with = |action: &Value| {
        let overlay = overlay_of(std::slice::from_ref(action));
        let generated = generate_with(root(), &overlay, Whose::Vendor).expect("it is accepted");
        generated.api.operations.len()
    };
    assert_eq!(actions.iter().map(with).collect::<Vec<_>>(), [1, 0]);
}

#[test]
fn an_acceptance_of_what_does_not_occur_is_an_error() {
    let accepted = json!({ "type": "string", "x-accept": ["plain-json"] });
    let pointer = "#/components/schemas/Thing/properties/value/x-accept";
    let what = "`plain-json` does not occur here";
    let help = "remove it from the document, or from openapi/overlay.yaml";
    for whose in [Whose::Ours, Whose::Vendor] {
        let outcome = generate_with(thing(accepted.clone()), &overlay_of(&[]), whose).map(|_| ());
        expect_problem(outcome, pointer, what, help);
    }
    // The overlay is for the vendor's documents of all dates.
    let action = |whose: &str| {
        json!({
            "target": "$.components.schemas.Thing.properties.value",
            "update": { "x-accept": ["plain-json"] },
            "x-id": "the-fix",
            "x-for": whose,
            "x-reason": "It is odd.",
            "x-evidence": "It was seen.",
        })
    };
    let plain = || thing(json!({ "type": "string" }));
    let outcome = generate_with(plain(), &overlay_of(&[action("ours")]), Whose::Ours);
    expect_problem(outcome.map(|_| ()), pointer, what, help);
    for whose in ["ours", "vendor"] {
        assert!(generate_with(plain(), &overlay_of(&[action(whose)]), Whose::Vendor).is_ok());
    }
}

#[test]
fn only_losses_are_accepted() {
    for names in [
        json!([]),
        json!(["something"]),
        json!("plain-json"),
        json!([1]),
    ] {
        let mut value = odd();
        value["x-accept"] = names;
        let problems = generate(thing(value)).expect_err("this accepts nothing");
        let problem = &problems.0[0];
        assert_eq!(
            problem.pointer,
            "#/components/schemas/Thing/properties/value/x-accept"
        );
        assert_eq!(problem.what, "this is not a list of losses");
        assert!(problem.help.contains("plain-json"), "{problem}");
    }
}

#[test]
fn a_property_called_as_the_extension_is_a_property() {
    let root = with_schemas(json!({ "Thing": {
        "type": "object",
        "properties": { "x-accept": { "type": "string" } },
    } }));
    assert!(generate(root).is_ok());
}

/// Names with which a path to a place could go wrong.
#[test]
fn places_of_any_name_can_be_targets() {
    for name in ["plain", "it's", "a/b", "a~b", "0", "ü", "a\"b", "a: b"] {
        let operation = operation_of(json!({ "responses": { "200": holding(odd()) } }));
        let mut root = with_operation(json!({}), json!({}));
        root["paths"] = json!({ format!("/{name}"): { "get": operation } });
        each_action_helps(&root, name);
    }
    for name in ["a\\b", "x #y", "a\tb"] {
        let mut root = thing(json!({ "type": "string" }));
        root["components"]["schemas"]["Thing"]["properties"] = json!({ name: odd() });
        each_action_helps(&root, name);
    }
}

#[track_caller]
fn each_action_helps(root: &Value, name: &str) {
    let problems = generate(root.clone()).expect_err(LOSS);
    for action in pasted(&problems.0[0]) {
        let outcome = generate_with(root.clone(), &overlay_of(&[action]), Whose::Vendor);
        assert!(
            outcome.is_ok(),
            "{name}: {}",
            outcome.expect_err("it is refused")
        );
    }
}

//! Fix-ups: they apply, or say why not.

use crate::support::{
    NAME, Text, document, expect_all, expect_problem, generate_with, operation_of, with_schemas,
};
use serde_json::{Value, json};
use xtask::generate::load::Document;
use xtask::generate::overlay::{self, Whose};

const HELP: &str = "mend or remove the action in openapi/overlay.yaml";

/// A fix-up for our document.
fn fix_up(target: &str, change: Value) -> Value {
    let mut action = json!({
        "target": target,
        "x-id": "the-fix",
        "x-for": "ours",
        "x-reason": "It is wrong.",
        "x-evidence": "It was seen.",
    });
    let entries = action.as_object_mut().expect("an object");
    entries.extend(change.as_object().expect("an object").clone());
    action
}

fn overlay_of(actions: &[Value]) -> Value {
    json!({ "overlay": "1.0.0", "actions": actions })
}

fn thing() -> Value {
    with_schemas(json!({ "Thing": {
        "type": "object",
        "required": ["name"],
        "properties": { "name": { "type": "string" }, "size": { "type": "integer" } },
    } }))
}

/// A document after one fix-up, and the notes.
#[track_caller]
fn applied(root: Value, action: Value, whose: Whose) -> (Value, Vec<String>) {
    let mut document = Document {
        name: NAME.to_owned(),
        root,
    };
    let notes = overlay::apply(&mut document, &overlay_of(&[action]), whose).expect("it applies");
    (document.root, notes)
}

#[track_caller]
fn fails(action: Value, whose: Whose, what: &str) {
    let outcome = generate_with(thing(), &overlay_of(&[action]), whose).map(|_| ());
    expect_problem(outcome, "#/actions/0", what, HELP);
}

const NAME_OF_THING: &str = "$.components.schemas.Thing.properties.name";

#[test]
fn an_update_reaches_the_generated_type() {
    let action = fix_up(
        NAME_OF_THING,
        json!({ "update": { "format": "uuid", "x-secret": true } }),
    );
    let made = generate_with(thing(), &overlay_of(&[action]), Whose::Ours).expect("it applies");
    let made = Text(made);
    expect_all(&made.item("Thing"), &["pub name: Uuid,"]);
    expect_all(
        &made.macro_of("Thing"),
        &["name, with_name: Uuid = \"name\" required secret;"],
    );
    assert!(made.notes().is_empty());
}

#[test]
fn an_update_merges_objects_appends_to_lists_and_replaces_the_rest() {
    let action = fix_up(
        "$.components.schemas.Thing",
        json!({ "update": {
            "type": "string",
            "required": ["name", "size"],
            "properties": { "size": { "minimum": 1 } },
        } }),
    );
    let (root, _) = applied(thing(), action, Whose::Ours);
    assert_eq!(
        root["components"]["schemas"]["Thing"],
        json!({
            "type": "string",
            "required": ["name", "size"],
            "properties": {
                "name": { "type": "string" },
                "size": { "type": "integer", "minimum": 1 },
            },
        })
    );
}

#[test]
fn an_update_of_a_list_adds_an_entry_once() {
    let add = |root| {
        let action = fix_up(
            "$.components.schemas.Thing.required",
            json!({ "update": "size" }),
        );
        applied(root, action, Whose::Vendor).0
    };
    let once = add(thing());
    assert_eq!(
        once["components"]["schemas"]["Thing"]["required"],
        json!(["name", "size"])
    );
    assert_eq!(add(once.clone()), once);
}

#[test]
fn a_removal_takes_the_place_out() {
    let action = fix_up(
        "$.components.schemas.Thing.properties.size",
        json!({ "remove": true }),
    );
    let (root, _) = applied(thing(), action, Whose::Ours);
    let properties = &root["components"]["schemas"]["Thing"]["properties"];
    assert_eq!(*properties, json!({ "name": { "type": "string" } }));
}

#[test]
fn a_removal_takes_several_entries_of_a_list_out() {
    let parameter = |name: &str, place: &str| json!({ "name": name, "in": place, "schema": { "type": "string" } });
    let root = document(
        json!({ "/things": { "get": operation_of(json!({ "parameters": [
            parameter("a", "cookie"), parameter("b", "query"),
            parameter("c", "cookie"), parameter("d", "cookie"),
        ] })) } }),
        json!({}),
    );
    let action = fix_up(
        "$.paths.*.*.parameters[?@.in == 'cookie']",
        json!({ "remove": true }),
    );
    let made = generate_with(root, &overlay_of(&[action]), Whose::Ours).expect("it applies");
    let parameters: Vec<&str> = made.api.operations[0]
        .parameters
        .iter()
        .map(|parameter| parameter.wire.as_str())
        .collect();
    assert_eq!(parameters, ["b"]);
}

#[test]
fn a_filter_chooses_by_what_stands_there() {
    let action = fix_up(
        "$.components.schemas[?@.properties.name].properties.name",
        json!({ "update": { "x-secret": true } }),
    );
    let mut root = thing();
    root["components"]["schemas"]["Other"] = json!({ "type": "object", "properties": {} });
    let (root, _) = applied(root, action, Whose::Ours);
    assert_eq!(
        root["components"]["schemas"]["Thing"]["properties"]["name"]["x-secret"],
        json!(true)
    );
    assert_eq!(
        root["components"]["schemas"]["Other"],
        json!({ "type": "object", "properties": {} })
    );
}

#[test]
fn keys_with_slashes_are_reached() {
    let root = document(
        json!({ "/a~b/c": { "get": { "deprecated": true } } }),
        json!({}),
    );
    let action = fix_up(
        "$.paths['/a~b/c'].get.deprecated",
        json!({ "remove": true }),
    );
    let (root, _) = applied(root, action, Whose::Ours);
    assert_eq!(root["paths"], json!({ "/a~b/c": { "get": {} } }));
}

#[test]
fn fix_ups_apply_one_after_the_other() {
    let first = fix_up(NAME_OF_THING, json!({ "update": { "x-seen": true } }));
    let second = fix_up(
        "$.components.schemas.*.properties[?@['x-seen']]",
        json!({ "remove": true }),
    );
    let mut document = Document {
        name: NAME.to_owned(),
        root: thing(),
    };
    overlay::apply(&mut document, &overlay_of(&[first, second]), Whose::Ours).expect("both apply");
    let properties = &document.root["components"]["schemas"]["Thing"]["properties"];
    assert_eq!(*properties, json!({ "size": { "type": "integer" } }));
}

#[test]
fn ours_fails_where_the_place_is_gone() {
    let target = "$.components.schemas.Gone";
    for change in [
        json!({ "update": { "title": "x" } }),
        json!({ "remove": true }),
    ] {
        fails(
            fix_up(target, change),
            Whose::Ours,
            "`the-fix` no longer applies: $.components.schemas.Gone is not there",
        );
    }
}

#[test]
fn ours_fails_where_the_place_is_already_so() {
    fails(
        fix_up(NAME_OF_THING, json!({ "update": { "type": "string" } })),
        Whose::Ours,
        &format!("`the-fix` no longer applies: {NAME_OF_THING} is already so"),
    );
}

#[test]
fn ours_is_noted_where_a_document_of_the_vendor_lacks_the_place() {
    let action = fix_up("$.components.schemas.Gone", json!({ "remove": true }));
    let (root, notes) = applied(thing(), action, Whose::Vendor);
    assert_eq!(root, thing());
    assert_eq!(notes, ["fix-up `the-fix` found no place"]);
}

#[test]
fn ours_is_silent_where_a_document_of_the_vendor_is_already_so() {
    let action = fix_up(NAME_OF_THING, json!({ "update": { "type": "string" } }));
    let (_, notes) = applied(thing(), action, Whose::Vendor);
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn a_fix_up_for_the_vendor_leaves_our_document_alone() {
    let change = json!({ "x-for": "vendor", "remove": true });
    let (root, notes) = applied(thing(), fix_up(NAME_OF_THING, change.clone()), Whose::Ours);
    assert_eq!((root, notes), (thing(), Vec::new()));
    let (root, _) = applied(thing(), fix_up(NAME_OF_THING, change), Whose::Vendor);
    assert_ne!(root, thing());
}

#[test]
fn a_fix_up_for_the_vendor_is_silent_where_it_finds_nothing() {
    let change = json!({ "x-for": "vendor", "remove": true });
    let (root, notes) = applied(
        thing(),
        fix_up("$.components.schemas.Gone", change),
        Whose::Vendor,
    );
    assert_eq!((root, notes), (thing(), Vec::new()));
}

#[test]
fn each_fix_up_carries_its_reason() {
    for key in ["x-id", "x-reason", "x-evidence", "x-for", "target"] {
        let mut action = fix_up(NAME_OF_THING, json!({ "update": { "title": "x" } }));
        action.as_object_mut().expect("an object").remove(key);
        fails(
            action.clone(),
            Whose::Ours,
            &format!("the action has no `{key}`"),
        );
        action[key] = json!("  ");
        fails(action, Whose::Vendor, &format!("the action has no `{key}`"));
    }
}

#[test]
fn malformed_fix_ups_are_refused() {
    fails(
        fix_up(NAME_OF_THING, json!({ "x-for": "all", "remove": true })),
        Whose::Ours,
        "`the-fix`: `x-for` is `all`, not `ours` or `vendor`",
    );
    fails(
        fix_up(NAME_OF_THING, json!({})),
        Whose::Ours,
        "`the-fix` changes nothing",
    );
    let actions = overlay_of(&[fix_up("components", json!({ "remove": true }))]);
    let problems = generate_with(thing(), &actions, Whose::Ours).expect_err("it is no JSONPath");
    assert_eq!(problems.0.len(), 1);
    assert!(
        problems.0[0].what.starts_with("`the-fix`: components: "),
        "{problems}"
    );
}

#[test]
fn an_overlay_of_another_version_is_refused() {
    for version in [json!("2.0.0"), json!(1.0), Value::Null] {
        let outcome = generate_with(thing(), &json!({ "overlay": version }), Whose::Ours);
        expect_problem(
            outcome.map(|_| ()),
            "#/overlay",
            "the overlay is not of version 1.0",
            "begin it with `overlay: 1.0.0`",
        );
    }
}

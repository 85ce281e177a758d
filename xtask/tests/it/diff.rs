//! `cargo xtask diff`: each kind of change on a small pair of documents, and the command itself.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use xtask::diff::change::{Change, Class, Position, What};
use xtask::diff::class::{class, reason, rule};
use xtask::diff::version::advise;
use xtask::diff::{Difference, compare};
use xtask::generate::load::Document;
use xtask::generate::model::Api;
use xtask::generate::overlay::Whose;

use Class::{Added, Breaking, Docs};
use Position::{Answer, Both, Request};

/// A document with something of each kind: `NewThing` is only sent, `Thing` only received, and
/// `Label` both.
fn document() -> Value {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let holding = |schema: Value| json!({ "description": "It.", "content": { "application/json": { "schema": schema } } });
    let mut body = holding(reference("NewThing"));
    body["required"] = json!(true);
    let text = || json!({ "type": "string" });
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Small", "version": "1" },
        "paths": {
            "/things": {
                "post": {
                    "operationId": "createThing",
                    "tags": ["Things"],
                    "summary": "Make a thing",
                    "requestBody": body,
                    "responses": { "201": holding(reference("Thing")), "400": holding(reference("Problem")) },
                },
                "get": {
                    "operationId": "listThings",
                    "tags": ["Things"],
                    "parameters": [
                        { "name": "limit", "in": "query", "schema": { "type": "integer", "maximum": 100 } },
                        { "name": "after", "in": "query", "required": true, "schema": text() },
                    ],
                    "responses": { "200": holding(json!({ "type": "array", "items": reference("Thing") })) },
                },
            },
        },
        "components": { "schemas": {
            "NewThing": {
                "type": "object",
                "description": "What to make.",
                "required": ["name", "label"],
                "properties": {
                    "name": { "type": "string", "maxLength": 50 },
                    "label": reference("Label"),
                    "note": text(),
                    "hint": { "type": ["string", "null"] },
                    "size": { "type": "string", "enum": ["small", "large"] },
                },
            },
            "Thing": {
                "type": "object",
                "required": ["id", "label"],
                "properties": {
                    "id": text(),
                    "label": reference("Label"),
                    "note": text(),
                    "state": { "type": "string", "enum": ["ready", "broken"] },
                    "part": { "oneOf": [reference("Wheel"), reference("Seat")] },
                },
            },
            "Label": {
                "type": "object",
                "required": ["text"],
                "properties": {
                    "text": text(),
                    "note": text(),
                    "tone": { "type": "string", "enum": ["light", "dark"] },
                },
            },
            "Wheel": { "type": "object", "required": ["type"], "properties": {
                "type": { "type": "string", "enum": ["wheel"] }, "width": { "type": "integer" } } },
            "Seat": { "type": "object", "required": ["type"], "properties": {
                "type": { "type": "string", "enum": ["seat"] }, "cloth": text() } },
            "Problem": { "type": "object", "required": ["code"], "properties": {
                "code": { "type": "integer" }, "message": text() } },
            "EventType": { "type": "string", "enum": ["thing.made", "thing.lost", "thing.found"] },
            "ThingMade": event(reference("Thing")),
            "ThingLost": event(reference("Label")),
        } },
        "webhooks": {
            "thing.made.v2026": webhook("2026-02-03", "ThingMade"),
            "thing.lost.v2026": webhook("2026-02-03", "ThingLost"),
        },
    })
}

fn event(data: Value) -> Value {
    json!({ "type": "object", "required": ["event_type", "event_id", "data"], "properties": {
        "event_type": { "type": "string" }, "event_id": { "type": "string" }, "data": data } })
}

fn webhook(version: &str, payload: &str) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{payload}") });
    json!({ "post": {
        "tags": [version],
        "requestBody": { "content": { "application/json": { "schema": schema } } },
    } })
}

/// A document as the generator understands it.
#[track_caller]
fn api(root: Value) -> Api {
    let document = Document {
        name: "small.yaml".to_owned(),
        root,
    };
    let overlay = json!({ "overlay": "1.0.0", "actions": [] });
    xtask::generate::api(document, &overlay, Whose::Vendor, &mut |_, _| {})
        .unwrap_or_else(|problems| panic!("{problems}"))
}

/// What a change of the document is found to be.
#[track_caller]
fn changed(change: impl FnOnce(&mut Value)) -> Difference {
    let mut new = document();
    change(&mut new);
    // As text: the order of fields counts too.
    assert_ne!(
        new.to_string(),
        document().to_string(),
        "nothing was changed"
    );
    compare(&api(document()), &api(new))
}

/// The way back: what the change of the document is found to be where it is taken back.
#[track_caller]
fn unchanged(change: impl FnOnce(&mut Value)) -> Difference {
    let mut old = document();
    change(&mut old);
    compare(&api(old), &api(document()))
}

fn at<'a>(root: &'a mut Value, pointer: &str) -> &'a mut Value {
    root.pointer_mut(pointer)
        .unwrap_or_else(|| panic!("{pointer} is there"))
}

fn schema<'a>(root: &'a mut Value, name: &str) -> &'a mut Value {
    at(root, &format!("/components/schemas/{name}"))
}

fn property<'a>(root: &'a mut Value, name: &str, field: &str) -> &'a mut Value {
    &mut schema(root, name)["properties"][field]
}

fn push(list: &mut Value, value: Value) {
    list.as_array_mut().expect("a list").push(value);
}

fn remove(object: &mut Value, key: &str) -> Value {
    object
        .as_object_mut()
        .expect("an object")
        .shift_remove(key)
        .expect("it is there")
}

fn require(root: &mut Value, name: &str, field: &str) {
    push(&mut schema(root, name)["required"], json!(field));
}

/// A change in short: its kind, class and place.
fn short(change: &Change) -> (What, Class, String) {
    let member = change
        .member
        .as_ref()
        .map_or_else(String::new, |member| format!(".{member}"));
    (
        change.what,
        change.class(),
        format!("{}{member}", change.name),
    )
}

#[track_caller]
fn assert_changes(difference: &Difference, expected: &[(What, Class, &str)]) {
    let mut found: Vec<_> = difference.changes.iter().map(short).collect();
    let mut expected: Vec<_> = expected
        .iter()
        .map(|(what, class, place)| (*what, *class, (*place).to_owned()))
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "{:#?}", difference.changes);
}

#[test]
fn the_same_document_has_no_differences() {
    let difference = compare(&api(document()), &api(document()));
    assert!(difference.is_none());
    assert_eq!(difference.worst(), None);
    assert_eq!(
        difference.new.event_types, 3,
        "one of them without a payload"
    );
}

#[test]
fn order_and_spelling_of_a_document_mean_nothing() {
    let difference = changed(|root| {
        // The order of schemas, a type as a list, and a reference in a wrapper.
        let label = remove(&mut root["components"]["schemas"], "Label");
        root["components"]["schemas"]["Label"] = label;
        *property(root, "Thing", "id") = json!({ "type": ["string"] });
        *property(root, "Thing", "label") =
            json!({ "allOf": [{ "$ref": "#/components/schemas/Label" }] });
    });
    assert!(difference.is_none(), "{difference:#?}");
}

#[test]
fn a_removed_field_breaks_everywhere() {
    for name in ["NewThing", "Thing", "Label"] {
        let difference = changed(|root| {
            remove(&mut schema(root, name)["properties"], "note");
        });
        assert_changes(
            &difference,
            &[(What::FieldRemoved, Breaking, &format!("{name}.note"))],
        );
    }
}

#[test]
fn an_optional_field_more_breaks_nothing() {
    for name in ["NewThing", "Thing", "Label"] {
        let difference =
            changed(|root| *property(root, name, "extra") = json!({ "type": "string" }));
        assert_changes(
            &difference,
            &[(What::FieldAdded, Added, &format!("{name}.extra"))],
        );
        assert_eq!(
            difference.changes[0].after.as_deref(),
            Some("Option<String>")
        );
    }
}

#[test]
fn a_required_field_more_breaks_what_is_sent_and_what_was_stored() {
    for name in ["NewThing", "Thing", "Label"] {
        let difference = changed(|root| {
            *property(root, name, "extra") = json!({ "type": "string" });
            require(root, name, "extra");
        });
        let place = format!("{name}.extra");
        assert_changes(&difference, &[(What::RequiredFieldAdded, Breaking, &place)]);
    }
}

#[test]
fn a_field_made_required_has_another_type() {
    for (name, position) in [("NewThing", Request), ("Thing", Answer), ("Label", Both)] {
        let difference = changed(|root| require(root, name, "note"));
        let place = format!("{name}.note");
        assert_changes(&difference, &[(What::FieldMadeRequired, Breaking, &place)]);
        let change = &difference.changes[0];
        assert_eq!(change.position, position);
        assert_eq!(change.before.as_deref(), Some("Option<String>"));
        assert_eq!(change.after.as_deref(), Some("String"));
        // On the wire only the request is broken, and the reason says so.
        assert_eq!(
            change.reason().starts_with("fine on the wire"),
            position == Answer
        );
        let back = unchanged(|root| require(root, name, "note"));
        assert_changes(&back, &[(What::FieldMadeOptional, Breaking, &place)]);
    }
}

#[test]
fn null_counts_only_where_it_changes_the_type() {
    let nullable = |root: &mut Value, name: &str, field: &str| {
        property(root, name, field)["type"] = json!(["string", "null"]);
    };
    let received = changed(|root| nullable(root, "Thing", "note"));
    assert_changes(
        &received,
        &[(What::FieldPresenceChanged, Docs, "Thing.note")],
    );
    let sent = changed(|root| nullable(root, "NewThing", "note"));
    assert_changes(
        &sent,
        &[(What::FieldMadeNullable, Breaking, "NewThing.note")],
    );
    assert_eq!(sent.changes[0].after.as_deref(), Some("Nullable<String>"));
    let required = changed(|root| nullable(root, "Thing", "id"));
    assert_changes(
        &required,
        &[(What::FieldMadeNullable, Breaking, "Thing.id")],
    );
    let back = unchanged(|root| nullable(root, "Thing", "id"));
    assert_changes(&back, &[(What::FieldMadeNotNullable, Breaking, "Thing.id")]);
}

#[test]
fn a_changed_type_breaks() {
    let difference = changed(|root| *property(root, "Thing", "id") = json!({ "type": "integer" }));
    assert_changes(
        &difference,
        &[(What::FieldTypeChanged, Breaking, "Thing.id")],
    );
    let change = &difference.changes[0];
    assert_eq!(
        (change.before.as_deref(), change.after.as_deref()),
        (Some("String"), Some("i64"))
    );
    let format = changed(|root| property(root, "Thing", "id")["format"] = json!("uuid"));
    assert_changes(&format, &[(What::FieldTypeChanged, Breaking, "Thing.id")]);
}

#[test]
fn arguments_in_another_order_break_a_constructor() {
    let difference = changed(|root| {
        let name = remove(&mut schema(root, "NewThing")["properties"], "name");
        *property(root, "NewThing", "name") = name;
    });
    assert_changes(
        &difference,
        &[(What::ConstructorReordered, Breaking, "NewThing")],
    );
    let change = &difference.changes[0];
    assert_eq!(change.before.as_deref(), Some("new(name, label)"));
    assert_eq!(change.after.as_deref(), Some("new(label, name)"));
}

#[test]
fn a_type_that_is_sent_has_a_constructor() {
    let send_wheels = |root: &mut Value| {
        *property(root, "NewThing", "wheel") = json!({ "$ref": "#/components/schemas/Wheel" });
    };
    let sent = changed(send_wheels);
    let expected = [
        (What::FieldAdded, Added, "NewThing.wheel"),
        (What::ConstructorAdded, Added, "Wheel"),
    ];
    assert_changes(&sent, &expected);
    let no_more = unchanged(send_wheels);
    let expected = [
        (What::FieldRemoved, Breaking, "NewThing.wheel"),
        (What::ConstructorRemoved, Breaking, "Wheel"),
    ];
    assert_changes(&no_more, &expected);
}

#[test]
fn a_value_more_breaks_nothing_and_one_less_does() {
    for (name, field) in [("NewThing", "size"), ("Thing", "state"), ("Label", "tone")] {
        let add = |root: &mut Value| push(&mut property(root, name, field)["enum"], json!("other"));
        let place = format!("{name}{}{}.other", field[..1].to_uppercase(), &field[1..]);
        assert_changes(&changed(add), &[(What::ValueAdded, Added, &place)]);
        assert_changes(&unchanged(add), &[(What::ValueRemoved, Breaking, &place)]);
    }
}

#[test]
fn a_value_with_another_rust_name_breaks() {
    let difference = changed(|root| {
        property(root, "Thing", "state")["x-enum-varnames"] = json!(["Ready", "Torn"]);
    });
    assert_changes(
        &difference,
        &[(What::ValueRenamed, Breaking, "ThingState.broken")],
    );
    let spelled =
        changed(|root| property(root, "Thing", "state")["enum"] = json!(["ready", "BROKEN"]));
    assert_changes(
        &spelled,
        &[(What::ValueSentOtherwise, Breaking, "ThingState.Broken")],
    );
}

/// Renames a schema wherever it is named.
fn rename_schema(root: &mut Value, before: &str, after: &str) {
    let text = root.to_string();
    let text = text.replace(
        &format!("/schemas/{before}\""),
        &format!("/schemas/{after}\""),
    );
    let text = text.replace(&format!("\"{before}\":"), &format!("\"{after}\":"));
    *root = serde_json::from_str(&text).expect("still JSON");
}

#[test]
fn a_renamed_schema_is_a_rename_and_so_are_the_types_named_for_it() {
    let difference = changed(|root| rename_schema(root, "Thing", "Item"));
    let expected = [
        (What::TypeRenamed, Breaking, "Item"),
        (What::TypeRenamed, Breaking, "ItemPart"),
        (What::TypeRenamed, Breaking, "ItemState"),
    ];
    assert_changes(&difference, &expected);
    assert_eq!(difference.changes[0].before.as_deref(), Some("Thing"));
}

#[test]
fn a_renamed_schema_that_nothing_uses_is_known_by_its_shape() {
    let with = |name: &str| {
        let mut root = document();
        root["components"]["schemas"][name] = json!({ "type": "object", "properties": {
            "one": { "type": "string" },
            "kind": { "type": "string", "enum": ["a", "b"] },
        } });
        api(root)
    };
    let difference = compare(&with("Alone"), &with("Single"));
    let expected = [
        (What::TypeRenamed, Breaking, "Single"),
        (What::TypeRenamed, Breaking, "SingleKind"),
    ];
    assert_changes(&difference, &expected);
}

#[test]
fn a_renamed_schema_that_also_changed_is_both() {
    let difference = changed(|root| {
        *property(root, "Problem", "trace") = json!({ "type": "string" });
        rename_schema(root, "Problem", "Failure");
    });
    let expected = [
        (What::TypeRenamed, Breaking, "Failure"),
        (What::FieldAdded, Added, "Failure.trace"),
    ];
    assert_changes(&difference, &expected);
}

#[test]
fn another_schema_in_the_same_place_is_no_rename() {
    let difference = changed(|root| {
        remove(&mut root["components"]["schemas"], "Problem");
        root["components"]["schemas"]["Failure"] = json!({ "type": "object", "properties": {
            "why": { "type": "string" }, "when": { "type": "string" } } });
        let text = root
            .to_string()
            .replace("schemas/Problem", "schemas/Failure");
        *root = serde_json::from_str(&text).expect("still JSON");
    });
    let expected = [
        (What::TypeRemoved, Breaking, "Problem"),
        (What::TypeAdded, Added, "Failure"),
        (What::ErrorChanged, Breaking, "create_thing"),
        (What::ErrorChanged, Breaking, "list_things"),
        (What::ErrorChanged, Breaking, "ErrorBody"),
    ];
    assert_changes(&difference, &expected);
}

#[test]
fn a_type_of_another_kind_breaks() {
    let difference = changed(|root| {
        *schema(root, "Wheel") = json!({ "type": "string", "enum": ["wheel"] });
        *property(root, "Thing", "part") = json!({ "$ref": "#/components/schemas/Wheel" });
    });
    let places: Vec<_> = difference.changes.iter().map(short).collect();
    assert!(
        places.contains(&(What::TypeKindChanged, Breaking, "Wheel".to_owned())),
        "{places:?}"
    );
}

#[test]
fn a_union_may_gain_variants_but_not_lose_them() {
    let add = |root: &mut Value| {
        root["components"]["schemas"]["Lamp"] = json!({ "type": "object", "required": ["type"],
            "properties": { "type": { "type": "string", "enum": ["lamp"] } } });
        let lamp = json!({ "$ref": "#/components/schemas/Lamp" });
        push(&mut property(root, "Thing", "part")["oneOf"], lamp);
    };
    let expected = [
        (What::TypeAdded, Added, "Lamp"),
        (What::VariantAdded, Added, "ThingPart.Lamp"),
    ];
    assert_changes(&changed(add), &expected);
    let expected = [
        (What::TypeRemoved, Breaking, "Lamp"),
        (What::VariantRemoved, Breaking, "ThingPart.Lamp"),
    ];
    assert_changes(&unchanged(add), &expected);
}

#[test]
fn operations_come_go_and_move() {
    let list = "/paths/~1things/get";
    let deprecate = |root: &mut Value| at(root, list)["deprecated"] = json!(true);
    let expected = [(What::OperationDeprecated, Added, "list_things")];
    assert_changes(&changed(deprecate), &expected);
    let expected = [(What::OperationUndeprecated, Docs, "list_things")];
    assert_changes(&unchanged(deprecate), &expected);

    let add = |root: &mut Value| {
        root["paths"]["/things"]["delete"] = json!({ "operationId": "clearThings",
            "tags": ["Things"], "responses": { "204": { "description": "Done." } } });
    };
    assert_changes(
        &changed(add),
        &[(What::OperationAdded, Added, "clear_things")],
    );
    assert_changes(
        &unchanged(add),
        &[(What::OperationRemoved, Breaking, "clear_things")],
    );

    let mended = changed(|root| at(root, list)["operationId"] = json!("getThings"));
    let endpoint = "get_things.GET /things";
    assert_changes(&mended, &[(What::OperationRenamed, Breaking, endpoint)]);

    let moved = changed(|root| {
        let things = remove(&mut root["paths"], "/things");
        root["paths"]["/v4/things"] = things;
    });
    let expected = [
        (What::OperationMoved, Breaking, "create_thing"),
        (What::OperationMoved, Breaking, "list_things"),
    ];
    assert_changes(&moved, &expected);

    let repeated =
        changed(|root| at(root, "/paths/~1things/post")["x-repeat"] = json!("idempotent"));
    assert_changes(
        &repeated,
        &[(What::RepetitionChanged, Breaking, "create_thing")],
    );

    let regrouped = changed(|root| at(root, list)["tags"] = json!(["Lists"]));
    assert_changes(
        &regrouped,
        &[(What::OperationRegrouped, Docs, "list_things")],
    );
}

#[test]
fn parameters_and_bodies_are_what_a_builder_takes() {
    let parameters = "/paths/~1things/get/parameters";
    let changed_parameter = |index: usize, change: &dyn Fn(&mut Value)| {
        changed(|root| change(&mut at(root, parameters)[index]))
    };
    let required = changed_parameter(0, &|limit| limit["required"] = json!(true));
    assert_changes(
        &required,
        &[(What::ParameterMadeRequired, Breaking, "list_things.limit")],
    );
    let optional = changed_parameter(1, &|after| after["required"] = json!(false));
    assert_changes(
        &optional,
        &[(What::ParameterMadeOptional, Added, "list_things.after")],
    );
    let ty = changed_parameter(0, &|limit| limit["schema"]["type"] = json!("number"));
    assert_changes(
        &ty,
        &[(What::ParameterTypeChanged, Breaking, "list_things.limit")],
    );
    let place = changed_parameter(0, &|limit| limit["in"] = json!("header"));
    assert_changes(
        &place,
        &[(What::ParameterSentOtherwise, Breaking, "list_things.limit")],
    );

    for (is_required, what, class) in [
        (false, What::ParameterAdded, Added),
        (true, What::RequiredParameterAdded, Breaking),
    ] {
        let add = |root: &mut Value| {
            let parameter = json!({ "name": "order", "in": "query", "required": is_required,
                "schema": { "type": "string" } });
            push(at(root, parameters), parameter);
        };
        assert_changes(&changed(add), &[(what, class, "list_things.order")]);
        assert_changes(
            &unchanged(add),
            &[(What::ParameterRemoved, Breaking, "list_things.order")],
        );
    }

    let body = "/paths/~1things/post/requestBody";
    let optional = changed(|root| at(root, body)["required"] = json!(false));
    assert_changes(
        &optional,
        &[(What::ParameterMadeOptional, Added, "create_thing.body")],
    );
    let other = changed(|root| {
        let schema = json!({ "$ref": "#/components/schemas/Label" });
        at(root, body)["content"]["application/json"]["schema"] = schema;
    });
    let found: Vec<_> = other.changes.iter().map(short).collect();
    let expected = (
        What::ParameterTypeChanged,
        Breaking,
        "create_thing.body".to_owned(),
    );
    assert!(found.contains(&expected), "{found:?}");
}

#[test]
fn answers_count_by_their_type_and_statuses_are_docs() {
    let responses = "/paths/~1things/post/responses";
    let empty = changed(|root| at(root, responses)["201"] = json!({ "description": "Done." }));
    assert_changes(&empty, &[(What::AnswerChanged, Breaking, "create_thing")]);
    assert_eq!(empty.changes[0].after.as_deref(), Some("()"));

    let status = changed(|root| {
        let created = remove(at(root, responses), "201");
        at(root, responses)["202"] = created;
        at(root, responses)["409"] = json!({ "description": "Twice." });
    });
    let expected = [
        (What::StatusRemoved, Docs, "create_thing.201"),
        (What::StatusAdded, Docs, "create_thing.202"),
        (What::StatusAdded, Docs, "create_thing.409"),
    ];
    assert_changes(&status, &expected);

    let media = changed(|root| {
        let content = &mut at(root, responses)["201"]["content"];
        let json = remove(content, "application/json");
        content["application/things+json"] = json;
    });
    assert_changes(
        &media,
        &[(What::MediaTypeChanged, Breaking, "create_thing")],
    );
}

#[test]
fn a_tightened_limit_refuses_what_was_accepted() {
    let name = |limit: u64| {
        move |root: &mut Value| property(root, "NewThing", "name")["maxLength"] = json!(limit)
    };
    let tightened = changed(name(20));
    assert_changes(
        &tightened,
        &[(What::LimitTightened, Breaking, "NewThing.name")],
    );
    assert_eq!(
        tightened.changes[0].loss(),
        Some("requests that were accepted may be refused")
    );
    assert_changes(
        &changed(name(80)),
        &[(What::LimitLoosened, Docs, "NewThing.name")],
    );
    let parameter = changed(|root| {
        at(root, "/paths/~1things/get/parameters/0/schema")["default"] = json!(20);
    });
    assert_changes(
        &parameter,
        &[(What::LimitChanged, Breaking, "list_things.limit")],
    );
}

#[test]
fn limits_that_the_docs_do_not_show_are_compared_too() {
    let wrapped = |most: u64| {
        move |root: &mut Value| {
            *property(root, "NewThing", "tags") = json!({ "type": "array",
                "items": { "type": "string", "maxLength": most } });
            root["components"]["schemas"]["Code"] = json!({ "type": "string", "maxLength": most });
        }
    };
    let of = |most: u64| {
        let mut root = document();
        wrapped(most)(&mut root);
        api(root)
    };
    let expected = [
        (What::LimitTightened, Breaking, "NewThing.tags"),
        (What::LimitTightened, Breaking, "Code"),
    ];
    assert_changes(&compare(&of(9), &of(8)), &expected);
}

#[test]
fn deprecated_types_and_fields_are_lines_of_the_docs() {
    let difference = changed(|root| {
        schema(root, "Wheel")["deprecated"] = json!(true);
        property(root, "Thing", "note")["deprecated"] = json!(true);
        property(root, "Thing", "id")["x-secret"] = json!(true);
    });
    let expected = [
        (What::TypeDeprecated, Docs, "Wheel"),
        (What::FieldDeprecated, Docs, "Thing.note"),
        (What::FieldHidden, Docs, "Thing.id"),
    ];
    assert_changes(&difference, &expected);
}

#[test]
fn descriptions_are_only_counted() {
    let difference = changed(|root| {
        schema(root, "NewThing")["description"] = json!("What to create.");
        property(root, "Thing", "note")["description"] = json!("A note.");
        at(root, "/paths/~1things/post")["summary"] = json!("Create a thing");
        at(root, "/paths/~1things/post/responses/400")["description"] = json!("Wrong.");
    });
    assert_changes(&difference, &[]);
    assert_eq!(difference.docs, 4);
    assert!(!difference.is_none());
    assert_eq!(difference.worst(), Some(Docs));
}

#[test]
fn events_come_and_go_by_type_and_payload_version() {
    let add = |root: &mut Value| {
        root["components"]["schemas"]["ThingSold"] = event(json!({ "type": "string" }));
        root["webhooks"]["thing.sold.v2026"] = webhook("2026-02-03", "ThingSold");
        root["webhooks"]["thing.sold.v2025"] = webhook("2025-01-01", "ThingSold");
    };
    let expected = [
        (What::TypeAdded, Added, "ThingSold"),
        (What::EventTypeAdded, Added, "thing.sold"),
    ];
    let added = changed(add);
    assert_changes(&added, &expected);
    let event_type = added
        .changes
        .iter()
        .find(|change| change.what == What::EventTypeAdded);
    let variants = event_type.and_then(|change| change.after.as_deref());
    assert_eq!(variants, Some("ThingSold, ThingSoldV2025"));
    let expected = [
        (What::TypeRemoved, Breaking, "ThingSold"),
        (What::EventTypeRemoved, Breaking, "thing.sold"),
    ];
    assert_changes(&unchanged(add), &expected);

    let older = |root: &mut Value| {
        root["webhooks"]["thing.made.v2025"] = webhook("2025-01-01", "ThingLost");
    };
    let place = "thing.made.ThingMadeV2025";
    assert_changes(&changed(older), &[(What::PayloadAdded, Added, place)]);
    assert_changes(
        &unchanged(older),
        &[(What::PayloadRemoved, Breaking, place)],
    );

    // An event type that had no payload, and one that is only listed.
    let described = changed(|root| {
        root["webhooks"]["thing.found.v2026"] = webhook("2026-02-03", "ThingLost");
    });
    assert_changes(
        &described,
        &[(What::PayloadAdded, Added, "thing.found.ThingFound")],
    );
    let list = |root: &mut Value| push(&mut schema(root, "EventType")["enum"], json!("thing.bent"));
    let expected = [
        (What::EventTypeAdded, Added, "thing.bent"),
        (What::ValueAdded, Added, "EventType.thing.bent"),
    ];
    assert_changes(&changed(list), &expected);
    let found: Vec<_> = unchanged(list).changes.iter().map(short).collect();
    let expected = (What::EventNameRemoved, Breaking, "thing.bent".to_owned());
    assert!(found.contains(&expected), "{found:?}");
}

#[test]
fn an_event_may_change_what_it_holds_and_when() {
    let payload = changed(|root| {
        root["webhooks"]["thing.made.v2026"] = webhook("2026-02-03", "ThingLost");
    });
    let expected = [(What::PayloadTypeChanged, Breaking, "thing.made.ThingMade")];
    assert_changes(&payload, &expected);
    let every = changed(|root| {
        let made = remove(&mut root["webhooks"], "thing.made.v2026");
        root["webhooks"]["thing.made"] = made;
        root["webhooks"]["thing.made"]["post"]["tags"] = json!(["Webhooks"]);
    });
    assert_changes(
        &every,
        &[(What::PayloadWidened, Added, "thing.made.ThingMade")],
    );
}

#[test]
fn changes_are_grouped_by_area_the_worst_first() {
    let difference = changed(|root| {
        *property(root, "Thing", "extra") = json!({ "type": "string" });
        remove(&mut schema(root, "Thing")["properties"], "note");
        root["components"]["schemas"]["ThingSold"] = event(json!({ "type": "string" }));
        root["webhooks"]["thing.sold.v2026"] = webhook("2026-02-03", "ThingSold");
    });
    let order: Vec<_> = difference
        .changes
        .iter()
        .map(|change| (change.area.as_str(), change.class()))
        .collect();
    let expected = [
        ("things", Breaking),
        ("things", Added),
        ("events_thing", Added),
        ("events_thing", Added),
    ];
    assert_eq!(order, expected);
}

/// Every kind of change with its class in a request and in an answer, as they are meant to be.
const CLASSES: &[(What, Class, Class)] = &[
    (What::OperationAdded, Added, Added),
    (What::OperationRemoved, Breaking, Breaking),
    (What::OperationRenamed, Breaking, Breaking),
    (What::OperationMoved, Docs, Docs),
    (What::OperationRegrouped, Docs, Docs),
    (What::OperationDeprecated, Added, Added),
    (What::OperationUndeprecated, Docs, Docs),
    (What::RepetitionChanged, Docs, Docs),
    (What::ParameterAdded, Added, Added),
    (What::RequiredParameterAdded, Breaking, Breaking),
    (What::ParameterRemoved, Breaking, Breaking),
    (What::ParameterTypeChanged, Breaking, Breaking),
    (What::ParameterMadeRequired, Breaking, Breaking),
    (What::ParameterMadeOptional, Added, Added),
    (What::ParameterSentOtherwise, Docs, Docs),
    (What::AnswerChanged, Breaking, Breaking),
    (What::MediaTypeChanged, Docs, Docs),
    (What::BodyMediaTypeChanged, Docs, Docs),
    (What::SecurityChanged, Docs, Docs),
    (What::ServerChanged, Docs, Docs),
    (What::HeaderAdded, Docs, Docs),
    (What::HeaderRemoved, Docs, Docs),
    (What::ErrorChanged, Breaking, Breaking),
    (What::StatusAdded, Docs, Docs),
    (What::StatusRemoved, Docs, Docs),
    (What::EventTypeAdded, Added, Added),
    (What::EventTypeRemoved, Breaking, Breaking),
    (What::EventNameRemoved, Docs, Docs),
    (What::PayloadAdded, Added, Added),
    (What::PayloadRemoved, Breaking, Breaking),
    (What::PayloadRenamed, Breaking, Breaking),
    (What::PayloadTypeChanged, Breaking, Breaking),
    (What::PayloadNarrowed, Docs, Docs),
    (What::PayloadWidened, Added, Added),
    (What::TypeAdded, Added, Added),
    (What::TypeRemoved, Breaking, Breaking),
    (What::TypeRenamed, Breaking, Breaking),
    (What::TypeKindChanged, Breaking, Breaking),
    (What::AliasChanged, Breaking, Breaking),
    (What::TypeDeprecated, Docs, Docs),
    (What::TypeUndeprecated, Docs, Docs),
    (What::ConstructorAdded, Added, Added),
    (What::ConstructorRemoved, Breaking, Breaking),
    (What::ConstructorReordered, Breaking, Breaking),
    (What::FieldAdded, Added, Added),
    (What::RequiredFieldAdded, Breaking, Added),
    (What::FieldRemoved, Breaking, Breaking),
    (What::FieldTypeChanged, Breaking, Breaking),
    (What::FieldMadeRequired, Breaking, Breaking),
    (What::FieldMadeOptional, Breaking, Breaking),
    (What::FieldMadeNullable, Breaking, Breaking),
    (What::FieldMadeNotNullable, Breaking, Breaking),
    (What::FieldPresenceChanged, Docs, Docs),
    (What::FieldSentOtherwise, Docs, Docs),
    (What::FieldHidden, Docs, Docs),
    (What::FieldShown, Docs, Docs),
    (What::FieldDeprecated, Docs, Docs),
    (What::FieldUndeprecated, Docs, Docs),
    (What::ConstantChanged, Docs, Docs),
    (What::ValueAdded, Added, Added),
    (What::ValueRemoved, Breaking, Breaking),
    (What::ValueRenamed, Breaking, Breaking),
    (What::ValueSentOtherwise, Docs, Docs),
    (What::VariantAdded, Added, Added),
    (What::VariantRemoved, Breaking, Breaking),
    (What::VariantTypeChanged, Breaking, Breaking),
    (What::TagChanged, Docs, Docs),
    (What::LimitTightened, Docs, Docs),
    (What::LimitLoosened, Docs, Docs),
    (What::LimitChanged, Docs, Docs),
];

/// Kinds of change that compile and take something from a program that runs, by position.
const LOSSES: &[(What, &[Position])] = &[
    (What::OperationMoved, &[Request, Answer, Both]),
    (What::RepetitionChanged, &[Request, Answer, Both]),
    (What::ParameterSentOtherwise, &[Request, Answer, Both]),
    (What::MediaTypeChanged, &[Request, Answer, Both]),
    (What::BodyMediaTypeChanged, &[Request, Answer, Both]),
    (What::SecurityChanged, &[Request, Answer, Both]),
    (What::ServerChanged, &[Request, Answer, Both]),
    (What::HeaderRemoved, &[Request, Answer, Both]),
    (What::EventNameRemoved, &[Request, Answer, Both]),
    (What::PayloadNarrowed, &[Request, Answer, Both]),
    (What::RequiredFieldAdded, &[Answer]),
    (What::FieldPresenceChanged, &[Request, Both]),
    (What::FieldSentOtherwise, &[Request, Answer, Both]),
    (What::ConstantChanged, &[Request, Answer, Both]),
    (What::ValueSentOtherwise, &[Request, Answer, Both]),
    (What::TagChanged, &[Request, Answer, Both]),
    (What::LimitTightened, &[Request, Both]),
    (What::LimitChanged, &[Request, Both]),
];

#[test]
fn what_compiles_and_loses_something_is_known() {
    for (what, ..) in CLASSES {
        for position in [Request, Answer, Both] {
            let change = Change::new(*what, "area", "name", position);
            let expected = LOSSES
                .iter()
                .any(|(known, positions)| known == what && positions.contains(&position));
            assert_eq!(
                change.is_only_at_run_time(),
                expected,
                "{what:?} in {position:?}"
            );
            if expected {
                assert_eq!(change.class(), Breaking);
            }
        }
    }
}

#[test]
fn an_event_that_gets_a_version_loses_its_other_deliveries() {
    let narrowed = unchanged(|root| {
        let made = remove(&mut root["webhooks"], "thing.made.v2026");
        root["webhooks"]["thing.made"] = made;
        root["webhooks"]["thing.made"]["post"]["tags"] = json!(["Webhooks"]);
    });
    assert_changes(
        &narrowed,
        &[(What::PayloadNarrowed, Breaking, "thing.made.ThingMade")],
    );
    let loss = narrowed.changes[0].loss().expect("a loss");
    assert!(loss.contains("`Unknown`"), "{loss}");
    let advice = advise("0.1.0", &narrowed).expect("a version");
    assert_eq!(advice.next.as_deref(), Some("0.2.0"));
    assert_eq!(
        advice.reason,
        "1 breaking change, 1 of them only at run time"
    );
}

#[test]
fn what_is_sent_in_another_way_is_never_no_difference() {
    let bearer = json!({ "type": "http", "scheme": "bearer" });
    let secured = |root: &mut Value| {
        root["components"]["securitySchemes"] = json!({ "Key": bearer });
        root["security"] = json!([{ "Key": [] }]);
    };
    assert_eq!(changed(secured).worst(), Some(Breaking));
    let server = changed(|root| root["servers"] = json!([{ "url": "https://api.example.org/v9" }]));
    assert_eq!(server.changes[0].what, What::ServerChanged);
    let media = changed(|root| {
        let content = &mut at(root, "/paths/~1things/post/requestBody/content");
        let json = remove(content, "application/json");
        content["application/merge-patch+json"] = json;
    });
    assert_changes(
        &media,
        &[(What::BodyMediaTypeChanged, Breaking, "create_thing")],
    );
    let header = |root: &mut Value| {
        at(root, "/paths/~1things/post/responses/201")["headers"] =
            json!({ "X-Total": { "schema": { "type": "string" } } });
    };
    assert_changes(
        &changed(header),
        &[(What::HeaderAdded, Docs, "create_thing.201")],
    );
    assert_changes(
        &unchanged(header),
        &[(What::HeaderRemoved, Breaking, "create_thing.201")],
    );
}

#[test]
fn another_method_or_path_is_a_new_place() {
    let patched = changed(|root| {
        let post = remove(&mut root["paths"]["/things"], "post");
        root["paths"]["/things"]["patch"] = post;
    });
    let whats: Vec<_> = patched.changes.iter().map(|change| change.what).collect();
    assert!(whats.contains(&What::OperationMoved), "{whats:?}");
    assert_eq!(patched.worst(), Some(Breaking));
}

#[test]
fn the_table_of_rules_is_as_meant() {
    for (what, request, answer) in CLASSES {
        assert_eq!(class(*what, Request), *request, "{what:?} in a request");
        assert_eq!(class(*what, Answer), *answer, "{what:?} in an answer");
        assert_eq!(class(*what, Both), *request.max(answer), "{what:?} in both");
        for position in [Request, Answer, Both] {
            assert!(!reason(*what, position).is_empty());
        }
    }
    let mut names: Vec<_> = CLASSES
        .iter()
        .map(|row| (rule(row.0).noun, rule(row.0).verb))
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(
        names.len(),
        CLASSES.len(),
        "each kind has a name of its own"
    );
}

fn write(folder: &Path, name: &str, root: &Value) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, root.to_string()).expect("writable");
    path
}

fn run(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("diff")
        .args(arguments)
        .output()
        .expect("xtask starts")
}

fn output(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// A pair of documents with a change of each class, on disk.
fn pair() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut new = document();
    remove(&mut schema(&mut new, "Thing")["properties"], "note");
    *property(&mut new, "Thing", "extra") = json!({ "type": "string" });
    property(&mut new, "Thing", "id")["deprecated"] = json!(true);
    schema(&mut new, "Label")["description"] = json!("A label.");
    let (old, new) = (
        write(folder.path(), "old.json", &document()),
        write(folder.path(), "new.json", &new),
    );
    (folder, old, new)
}

#[test]
fn the_command_exits_with_0_where_nothing_changed() {
    let (_folder, old, _) = pair();
    let same = run(&[&old, &old]);
    assert_eq!(same.status.code(), Some(0));
    assert!(output(&same).contains("No difference"), "{}", output(&same));
    // The document of the repository, named or not.
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/linq-api-v3.yaml");
    for arguments in [vec![ours.as_path()], vec![&ours, &ours]] {
        let same = run(&arguments);
        assert_eq!(same.status.code(), Some(0), "{}", output(&same));
    }
    // Nor does it matter whether it lies elsewhere, as that of an older release does.
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("released.yaml");
    std::fs::copy(&ours, &copy).expect("a copy");
    assert_eq!(run(&[&copy]).status.code(), Some(0));
}

#[test]
fn the_command_exits_with_1_where_something_changed() {
    let (folder, old, new) = pair();
    let different = run(&[&old, &new]);
    assert_eq!(different.status.code(), Some(1));
    let text = output(&different);
    for expected in [
        "1 field removed",
        "Thing.note  Option<String>",
        "Thing: extra",
        "1 field deprecated",
        "docs changed: 1",
        "things: 1 breaking, 1 added, 1 docs only",
        " breaking change",
    ] {
        assert!(text.contains(expected), "`{expected}` in:\n{text}");
    }
    // Even where it is words alone.
    let mut words = document();
    schema(&mut words, "Label")["description"] = json!("A label.");
    let words = write(folder.path(), "words.json", &words);
    let different = run(&[&old, &words]);
    assert_eq!(different.status.code(), Some(1));
    assert!(output(&different).contains("docs changed: 1"));
}

#[test]
fn the_command_exits_with_2_on_bad_input() {
    let (folder, old, _) = pair();
    let missing = folder.path().join("missing.yaml");
    let no_document = write(folder.path(), "no.json", &json!({ "swagger": "2.0" }));
    let mut broken = document();
    *property(&mut broken, "Thing", "label") = json!({ "$ref": "#/components/schemas/Gone" });
    let broken = write(folder.path(), "broken.json", &broken);
    let (flag, format) = (Path::new("--format"), Path::new("yaml"));
    for arguments in [
        vec![],
        vec![missing.as_path()],
        vec![&old, &missing],
        vec![&no_document, &old],
        vec![&old, &broken],
        vec![&old, &old, &old],
        vec![&old, &old, flag, format],
        vec![&old, &old, Path::new("--colour")],
    ] {
        let refused = run(&arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(refused.stdout.is_empty(), "{arguments:?}");
        assert!(!refused.stderr.is_empty(), "{arguments:?}");
    }
    // The message says which of the two it is.
    let message = String::from_utf8(run(&[&old, &broken]).stderr).expect("UTF-8");
    assert!(message.contains("broken.json"), "{message}");
}

#[test]
fn a_report_for_programs_is_json() {
    let (_folder, old, new) = pair();
    let report = run(&[&old, &new, Path::new("--format"), Path::new("json")]);
    assert_eq!(report.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&report.stdout).expect("JSON");
    assert_eq!(report["same"], json!(false));
    assert_eq!(report["counts"]["breaking"], json!(1));
    assert_eq!(report["counts"]["added"], json!(1));
    assert_eq!(report["counts"]["docs_only"], json!(1));
    assert_eq!(report["counts"]["docs_changed"], json!(1));
    assert_eq!(report["counts"]["kinds"]["field_removed"], json!(1));
    let change = &report["changes"][0];
    for (key, value) in [
        ("class", "breaking"),
        ("kind", "field_removed"),
        ("area", "things"),
        ("name", "Thing"),
        ("member", "note"),
        ("position", "answer"),
        ("before", "Option<String>"),
    ] {
        assert_eq!(change[key], json!(value), "{key}");
    }
    assert!(report["version"]["next"].is_string());
    let same = run(&[&old, &old, Path::new("--format"), Path::new("json")]);
    let same: Value = serde_json::from_slice(&same.stdout).expect("JSON");
    assert_eq!(same["same"], json!(true));
    assert_eq!(same["version"]["next"], Value::Null);
}

#[test]
fn a_report_in_markdown_is_a_section_of_a_changelog() {
    let (_folder, old, new) = pair();
    let report = output(&run(&[
        &old,
        &new,
        Path::new("--format"),
        Path::new("markdown"),
    ]));
    let headings: Vec<&str> = report
        .lines()
        .filter(|line| line.starts_with('#'))
        .collect();
    assert!(headings[0].starts_with("## "), "{report}");
    assert_eq!(
        headings[1..],
        ["### Breaking", "### Added", "### Docs only"]
    );
    assert!(
        report.contains("- `Thing.note`: `Option<String>`"),
        "{report}"
    );
    assert!(report.contains("- docs changed: 1"), "{report}");
}

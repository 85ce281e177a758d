//! Keywords that are unknown, misplaced or lost.

use serde_json::{Value, json};

use crate::support::{generate, mended, pasted, with_operation, with_schemas};

/// Expects one problem, with an overlay action that leaves the place out.
#[track_caller]
fn removable(root: Value, pointer: &str, what: &str) {
    let problems = generate(root).expect_err("the input should be refused");
    assert_eq!(problems.0.len(), 1, "{problems}");
    let problem = &problems.0[0];
    assert_eq!((&*problem.pointer, &*problem.what), (pointer, what));
    let actions = pasted(problem);
    assert_eq!(actions.len(), 1, "{problem}");
    assert_eq!(actions[0]["remove"], true, "{problem}");
}

fn thing(value: Value) -> Value {
    with_schemas(json!({ "Thing": {
        "type": "object",
        "properties": { "value": value },
    } }))
}

#[test]
fn an_unknown_keyword() {
    mended(
        thing(json!({ "type": "string", "maxLenght": 5 })),
        "#/components/schemas/Thing/properties/value/maxLenght",
        "`maxLenght` is not a keyword of a schema",
    );
    mended(
        with_operation(json!({ "operationID": "other" }), json!({})),
        "#/paths/~1things/get/operationID",
        "`operationID` is not a keyword of an operation",
    );
}

#[test]
fn an_extension_of_ours_where_nothing_reads_it() {
    mended(
        with_operation(json!({ "x-secret": true }), json!({})),
        "#/paths/~1things/get/x-secret",
        "`x-secret` is not read in an operation",
    );
    assert!(generate(thing(json!({ "type": "string", "x-other": true }))).is_ok());
}

#[test]
fn names_and_data_are_not_keywords() {
    let root = thing(json!({
        "type": "object",
        "properties": { "maxLenght": { "type": "string" } },
        "example": { "maxLenght": "a", "$ref": "#/nowhere" },
        "default": { "maxLenght": "b" },
    }));
    assert!(generate(root).is_ok());
}

#[test]
fn a_constraint_that_is_lost() {
    let not = json!({ "type": "string", "not": { "pattern": "^a" } });
    let problems = generate(thing(not.clone())).expect_err("it says what is excluded");
    let problem = &problems.0[0];
    assert_eq!(
        problem.pointer,
        "#/components/schemas/Thing/properties/value"
    );
    assert_eq!(
        problem.what,
        "`not` has no place in a Rust type or its docs"
    );
    let mut accepted = not;
    accepted["x-accept"] = json!(["constraint"]);
    assert!(generate(thing(accepted)).is_ok());
}

#[test]
fn further_members_may_be_excluded() {
    let root = thing(json!({
        "type": "object",
        "properties": { "a": { "type": "string" } },
        "unevaluatedProperties": false,
    }));
    assert!(generate(root).is_ok());
}

#[test]
fn values_of_another_kind() {
    let at = |rest: &str| format!("#/paths/~1things/get/{rest}");
    let parameter = |required: Value| json!([{ "name": "a", "in": "query", "required": required, "schema": { "type": "string" } }]);
    for (operation, place, what) in [
        (
            json!({ "parameters": {} }),
            "parameters",
            "`parameters` is not a list",
        ),
        (
            json!({ "parameters": ["a"] }),
            "parameters/0",
            "`0` is not an object",
        ),
        (
            json!({ "parameters": parameter(json!("true")) }),
            "parameters/0/required",
            "`required` is not a boolean",
        ),
        (
            json!({ "responses": [] }),
            "responses",
            "`responses` is not an object",
        ),
        (
            json!({ "responses": { "200": "Done." } }),
            "responses/200",
            "`200` is not an object",
        ),
        (
            json!({ "tags": "Things" }),
            "tags",
            "`tags` is not a list of texts",
        ),
        (
            json!({ "summary": 5 }),
            "summary",
            "`summary` is not a text",
        ),
        (
            json!({ "security": {} }),
            "security",
            "`security` is not a list of objects",
        ),
    ] {
        removable(with_operation(operation, json!({})), &at(place), what);
    }
    removable(
        thing(json!("string")),
        "#/components/schemas/Thing/properties/value",
        "`value` is not an object",
    );
}

//! What the back end panics on or silently gets wrong, each in a document of its own: it comes
//! out right, or is refused with its place.

use crate::support::{
    document, expect_all, generated, holding, mended, operation_of, reference, refused,
    with_operation, with_schemas,
};
use serde_json::{Value, json};

fn object(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties })
}

#[test]
fn versions_3_0_and_3_1_give_the_same_types() {
    let mut new = with_schemas(json!({ "Thing": object(json!({
        "name": { "type": ["string", "null"] },
        "size": { "type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10 },
    })) }));
    new["openapi"] = json!("3.1.0");
    let mut old = with_schemas(json!({ "Thing": object(json!({
        "name": { "type": "string", "nullable": true },
        "size": {
            "type": "integer",
            "minimum": 0, "exclusiveMinimum": true,
            "maximum": 10, "exclusiveMaximum": true,
        },
    })) }));
    old["openapi"] = json!("3.0.3");
    let (new, old) = (generated(new).0.files, generated(old).0.files);
    // The simulator has the schemas as the document writes them.
    assert!(new.rust().eq(old.rust()));
}

#[test]
fn null_in_a_list_of_types_makes_a_field_optional() {
    let mut thing = object(json!({
        "there": { "type": ["string", "null"] },
        "may_lack": { "type": ["null", "integer"] },
    }));
    thing["required"] = json!(["there"]);
    let made = generated(with_schemas(json!({ "Thing": thing })));
    expect_all(
        &made.item("Thing"),
        &["pub there: Option<String>,", "pub may_lack: Option<i64>,"],
    );
    // It must be written as null, and not be left out.
    expect_all(
        &made.macro_of("Thing"),
        &["there, with_there: String = \"there\" nullable;"],
    );
}

#[test]
fn null_alone_is_plain_json() {
    let made = generated(with_schemas(json!({
        "Thing": object(json!({ "nothing": { "type": "null" } })),
    })));
    expect_all(&made.item("Thing"), &["pub nothing: Option<Value>,"]);
}

#[test]
fn null_as_a_member_of_a_union_makes_a_field_optional() {
    let made = generated(with_schemas(json!({
        "Thing": {
            "type": "object",
            "required": ["name", "other"],
            "properties": {
                "name": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
                "other": { "oneOf": [{ "type": "null" }, reference("Other")] },
            },
        },
        "Other": object(json!({ "a": { "type": "boolean" } })),
    })));
    expect_all(
        &made.item("Thing"),
        &["pub name: Option<String>,", "pub other: Option<Other>,"],
    );
}

#[test]
fn numeric_exclusive_bounds_become_docs() {
    let made = generated(with_schemas(json!({ "Thing": object(json!({
        "size": { "type": "integer", "exclusiveMinimum": 0, "maximum": 9 },
    })) })));
    expect_all(
        &made.item("Thing"),
        &[
            "    /// At most 9. More than 0.\n",
            "pub size: Option<i64>,",
        ],
    );
}

#[test]
fn boolean_exclusive_bounds_become_docs() {
    let made = generated(with_schemas(json!({ "Thing": object(json!({
        "size": { "type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 9,
                  "exclusiveMaximum": false },
    })) })));
    expect_all(
        &made.item("Thing"),
        &[
            "    /// At most 9. More than 0.\n",
            "pub size: Option<f64>,",
        ],
    );
}

#[test]
fn limits_do_not_become_types() {
    let made = generated(with_schemas(json!({ "Thing": object(json!({
        "name": { "type": "string", "minLength": 1, "maxLength": 5, "pattern": "^a+$" },
        "tags": { "type": "array", "items": { "type": "string" }, "minItems": 2, "maxItems": 2 },
    })) })));
    expect_all(
        &made.item("Thing"),
        &[
            "    /// From 1 to 5 characters. Matches `^a+$`.\n    pub name: Option<String>,",
            "    /// Exactly 2 items.\n    pub tags: Option<Vec<String>>,",
        ],
    );
}

#[test]
fn one_success_type_under_two_statuses_is_one_answer() {
    let made = generated(with_operation(
        json!({ "responses": {
            "200": holding(reference("One")),
            "202": holding(reference("One")),
        } }),
        json!({ "One": object(json!({ "a": { "type": "string" } })) }),
    ));
    expect_all(
        &made.builder("ListThings"),
        &["Result<Response<types::One>, Error<serde_json::Value>>"],
    );
}

#[test]
fn default_counts_as_the_error_answer() {
    let responses = json!({
        "200": { "description": "Done." },
        "default": holding(reference("Problem")),
    });
    let made = generated(with_operation(
        json!({ "responses": responses }),
        json!({ "Problem": object(json!({ "a": { "type": "string" } })) }),
    ));
    expect_all(
        &made.builder("ListThings"),
        &["Result<Response<()>, Error<types::Problem>>"],
    );
    let docs = made.method("list_things");
    let (answers, errors) = docs.split_once("# Errors").expect("two sections");
    assert!(answers.contains("- `200`: Done."), "{answers}");
    assert!(!answers.contains("`default`"), "{answers}");
    assert!(errors.contains("- `default`: It."), "{errors}");
}

#[test]
fn json_without_a_schema_is_plain_json() {
    let responses =
        json!({ "200": { "description": "It.", "content": { "application/json": {} } } });
    let body = json!({ "required": true, "content": { "application/json": {} } });
    let made = generated(with_operation(
        json!({ "responses": responses, "requestBody": body }),
        json!({}),
    ));
    expect_all(
        &made.builder("ListThings"),
        &[
            "Result<Response<serde_json::Value>, Error<serde_json::Value>>",
            "body: Result<serde_json::Value, support::Reason>,",
        ],
    );
}

#[test]
fn a_path_parameter_is_always_required() {
    let parameters = json!([{ "name": "id", "in": "path", "schema": { "type": "string" } }]);
    let made = generated(document(
        json!({ "/things/{id}": { "get": operation_of(json!({ "parameters": parameters })) } }),
        json!({}),
    ));
    expect_all(
        &made.builder("ListThings"),
        &[
            "id: Result<String, support::Reason>,",
            "Sets `id`; it must be set.",
            "call.path(\"id\", self.id);",
        ],
    );
}

#[test]
fn a_reference_to_nothing_is_refused() {
    refused(
        with_schemas(json!({ "Thing": object(json!({ "other": reference("Other") })) })),
        "#/components/schemas/Thing/properties/other/$ref",
        "`#/components/schemas/Other` leads nowhere",
        "add the component, or mend its name",
    );
}

#[test]
fn a_reference_to_nothing_below_names_that_look_like_data_is_refused() {
    let gone = json!({ "$ref": "#/components/responses/Gone" });
    let responses = json!({ "200": { "description": "Done." }, "default": gone });
    refused(
        with_operation(json!({ "responses": responses }), json!({})),
        "#/paths/~1things/get/responses/default/$ref",
        "`#/components/responses/Gone` leads nowhere",
        "add the component, or mend its name",
    );
    refused(
        with_schemas(json!({ "Thing": object(json!({ "example": reference("Gone") })) })),
        "#/components/schemas/Thing/properties/example/$ref",
        "`#/components/schemas/Gone` leads nowhere",
        "add the component, or mend its name",
    );
}

#[test]
fn a_reference_within_an_example_is_data() {
    let made = generated(with_schemas(json!({ "Thing": {
        "type": "object",
        "properties": { "name": { "type": "string" } },
        "example": { "$ref": "#/nowhere" },
    } })));
    assert!(made.has_type("Thing"));
}

#[test]
fn values_that_share_a_name_can_be_given_others() {
    let made = generated(with_schemas(json!({ "Kind": {
        "type": "string",
        "enum": ["a.b", "a_b", "!"],
        "x-enum-varnames": ["WithDot", "WithLine", "Mark"],
    } })));
    expect_all(
        &made.macro_of("Kind"),
        &["WithDot = \"a.b\",", "WithLine = \"a_b\",", "Mark = \"!\","],
    );
}

#[test]
fn signs_digits_and_nothing_have_names() {
    let made = generated(with_schemas(json!({ "Kind": {
        "type": "string",
        "enum": ["+1", "-1", "", "2nd", "unknown", "self"],
    } })));
    expect_all(
        &made.macro_of("Kind"),
        &[
            "Plus1 = \"+1\",",
            "Minus1 = \"-1\",",
            "Empty = \"\",",
            "Value2nd = \"2nd\",",
            "UnknownValue = \"unknown\",",
            "SelfValue = \"self\",",
        ],
    );
}

#[test]
fn schemas_that_share_a_name_are_refused() {
    mended(
        with_schemas(json!({
            "foo-bar": object(json!({ "a": { "type": "string" } })),
            "FooBar": object(json!({ "b": { "type": "string" } })),
        })),
        "#/components/schemas/FooBar",
        "the type name `FooBar` exists already, from #/components/schemas/foo-bar",
    );
}

#[test]
fn a_nested_schema_named_as_a_component_is_refused() {
    mended(
        with_schemas(json!({
            "One": object(json!({ "kind": { "type": "string", "enum": ["x"] } })),
            "OneKind": { "type": "string", "enum": ["y"] },
        })),
        "#/components/schemas/One/properties/kind",
        "the type name `OneKind` exists already, from #/components/schemas/OneKind",
    );
}

#[test]
fn a_nested_schema_can_be_given_another_name() {
    let made = generated(with_schemas(json!({
        "One": object(json!({
            "kind": { "type": "string", "enum": ["x"], "x-rust-name": "KindOfA" },
        })),
        "OneKind": { "type": "string", "enum": ["y"] },
    })));
    expect_all(&made.item("One"), &["pub kind: Option<KindOfA>,"]);
    expect_all(&made.macro_of("KindOfA"), &["X = \"x\","]);
    expect_all(&made.macro_of("OneKind"), &["Y = \"y\","]);
}

#[test]
fn nested_success_and_error_are_two_types() {
    let responses = json!({
        "200": holding(object(json!({ "a": { "type": "string" } }))),
        "400": holding(object(json!({ "b": { "type": "string" } }))),
    });
    let made = generated(with_operation(json!({ "responses": responses }), json!({})));
    expect_all(
        &made.builder("ListThings"),
        &[
            "Response<types::ListThingsResponse>,",
            "Error<types::ListThingsError>,",
        ],
    );
    expect_all(
        &made.item("ListThingsResponse"),
        &["pub a: Option<String>,"],
    );
    expect_all(&made.item("ListThingsError"), &["pub b: Option<String>,"]);
}

#[test]
fn what_stands_beside_a_reference_counts() {
    let made = generated(with_schemas(json!({
        "Thing": {
            "type": "object",
            "required": ["other", "hidden"],
            "properties": {
                "other": {
                    "$ref": "#/components/schemas/Other",
                    "description": "The other one, for now.",
                    "nullable": true,
                    "deprecated": true,
                },
                "hidden": { "$ref": "#/components/schemas/Other", "x-secret": true },
            },
        },
        "Other": { "type": "object", "description": "Another.", "properties": { "a": {} } },
    })));
    expect_all(
        &made.item("Thing"),
        &[
            "    /// The other one, for now.\n    ///\n    /// **Deprecated** by the API.\n    \
             pub other: Option<Other>,",
            "    /// Another.\n    pub hidden: Other,",
        ],
    );
    expect_all(
        &made.macro_of("Thing"),
        &["hidden, with_hidden: Other = \"hidden\" required secret;"],
    );
}

#[test]
fn a_constant_is_plain_text() {
    let made = generated(with_schemas(json!({ "Thing": object(json!({
        "service": { "const": "iMessage" },
        "other": { "type": "string", "const": "x" },
    })) })));
    expect_all(
        &made.item("Thing"),
        &["pub service: Option<String>,", "pub other: Option<String>,"],
    );
}

#[test]
fn a_discriminator_chooses_the_variant() {
    let member = |name: &str| {
        json!({
            "type": "object",
            "required": ["type", name],
            "properties": { "type": { "type": "string" }, name: { "type": "string" } },
        })
    };
    let made = generated(with_schemas(json!({
        "Part": {
            "oneOf": [reference("TextPart"), reference("MediaPart")],
            "discriminator": { "propertyName": "type", "mapping": {
                "text": "#/components/schemas/TextPart",
                "media": "MediaPart",
            } },
        },
        "TextPart": member("value"),
        "MediaPart": member("url"),
    })));
    expect_all(
        &made.macro_of("Part"),
        &[
            "Part by \"type\" {",
            "Text(TextPart) = \"text\",",
            "Media(MediaPart) = \"media\",",
        ],
    );
    expect_all(&made.item("Part"), &["    Unknown(UnknownObject),\n"]);
    assert!(!made.item("Part").contains("serde(untagged)"));
}

#[test]
fn a_discriminator_without_a_mapping_takes_the_names_of_the_schemas() {
    let member = json!({
        "type": "object",
        "required": ["kind"],
        "properties": { "kind": { "type": "string" } },
    });
    let made = generated(with_schemas(json!({
        "Pet": {
            "oneOf": [reference("Cat"), reference("Dog")],
            "discriminator": { "propertyName": "kind" },
        },
        "Cat": member,
        "Dog": member,
    })));
    expect_all(
        &made.macro_of("Pet"),
        &["Cat(Cat) = \"Cat\",", "Dog(Dog) = \"Dog\","],
    );
}

#[test]
fn statuses_that_are_not_listed_are_decoded_like_the_others() {
    let plain = operation_of(json!({ "operationId": "plain" }));
    let listing = json!({ "operationId": "listing", "responses": {
        "202": holding(reference("Thing")),
        "400": holding(reference("Problem")),
    } });
    let made = generated(document(
        json!({ "/plain": { "get": plain }, "/listing": { "get": listing } }),
        json!({
            "Thing": object(json!({ "a": { "type": "string" } })),
            "Problem": object(json!({ "b": { "type": "string" } })),
        }),
    ));
    // One answer for each 2xx, one error for the rest; no status chooses between types.
    let listing = made.builder("Listing");
    expect_all(
        &listing,
        &[
            "Result<Response<types::Thing>, Error<types::Problem>>",
            "call.json()\n",
        ],
    );
    assert!(!listing.contains("202"), "{listing}");
    // An operation that lists no error still gives that of the API.
    expect_all(
        &made.builder("Plain"),
        &[
            "Result<Response<()>, Error<types::Problem>>",
            "call.empty()\n",
        ],
    );
    expect_all(
        made.file("linq-client", "mod.rs"),
        &["pub type ErrorBody = crate::types::Problem;"],
    );
}

#[test]
fn an_optional_body_may_be_left_out() {
    let body = |required: Value| {
        let mut body = holding(reference("Thing"));
        body["required"] = required;
        generated(with_operation(
            json!({ "requestBody": body }),
            json!({ "Thing": object(json!({ "a": { "type": "string" } })) }),
        ))
        .builder("ListThings")
    };
    expect_all(
        &body(json!(false)),
        &[
            "body: Result<Option<types::Thing>, support::Reason>,",
            "call.body_optional(self.body);",
        ],
    );
    expect_all(
        &body(json!(true)),
        &[
            "body: Result<types::Thing, support::Reason>,",
            "call.body(self.body);",
        ],
    );
}

#[test]
fn code_fences_get_a_language() {
    let made = generated(with_schemas(json!({ "Thing": {
        "type": "object",
        "description": "Such as:\n\n```\nlet x = 1;\n```\n\n```rust\nlet y = 1;\n```",
        "properties": { "a": { "type": "string" } },
    } })));
    expect_all(
        &made.item("Thing"),
        &[
            "/// ```text\n/// let x = 1;\n/// ```",
            "/// ```text\n/// let y = 1;\n/// ```",
        ],
    );
}

#[test]
fn deprecated_operations_say_so() {
    let made = generated(document(
        json!({
            "/old": { "get": operation_of(json!({ "operationId": "old", "deprecated": true })) },
            "/new": { "get": operation_of(json!({ "operationId": "fresh" })) },
        }),
        json!({ "Thing": {
            "type": "object",
            "deprecated": true,
            "properties": { "a": { "type": "string" } },
        } }),
    ));
    expect_all(
        &made.method("old"),
        &["#[deprecated = \"the API calls this operation deprecated\"]\n    pub fn old("],
    );
    assert!(!made.method("fresh").contains("deprecated"));
    expect_all(&made.item("Thing"), &["/// **Deprecated** by the API.\n"]);
}

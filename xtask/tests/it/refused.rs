//! Inputs that are refused, each with its place, what is wrong and help; and those that only look
//! as if they should be.

use crate::support::{
    NAME, document, expect_all, expect_problem, generated, holding, load, mended, operation_of,
    reference, refused, with_operation, with_schemas,
};
use serde_json::{Value, json};
use xtask::generate::load::{Document, parse};
use xtask::problem::Problems;

const VERSIONS: &str = "name an OpenAPI document of version 3.0.x or 3.1.x";

/// The one problem of a text, with the path of the machine cut off.
#[track_caller]
fn refused_text(text: impl AsRef<[u8]>, pointer: &str, what: &str, help: &str) {
    let outcome = load(text).map(|_| ()).map_err(|problems| {
        let cut = |text: &str| match text.find(NAME) {
            Some(at) => text[at..].to_owned(),
            None => text.to_owned(),
        };
        Problems(
            problems
                .0
                .into_iter()
                .map(|mut problem| {
                    problem.what = cut(&problem.what);
                    problem
                })
                .collect(),
        )
    });
    expect_problem(outcome, pointer, what, help);
}

fn generated_from(document: Document) -> crate::support::Text {
    generated(document.root)
}

#[test]
fn a_file_that_is_not_there() {
    let problems = xtask::generate::load::load("nowhere/api.yaml".as_ref(), "api.yaml")
        .expect_err("there is no such file");
    let problem = &problems.0[0];
    assert!(
        problem.what.starts_with("cannot read nowhere/api.yaml: "),
        "{problem}"
    );
    assert_eq!(problem.help, "name an OpenAPI document in YAML or JSON");
}

#[test]
fn bytes_that_are_no_text() {
    refused_text(
        [0xff, 0xfe, 0x00, 0x80],
        "",
        "small.yaml is no UTF-8 text",
        "save it as UTF-8",
    );
}

#[test]
fn text_that_is_no_yaml() {
    let problems = load("openapi: [3.1.0\npaths: {").expect_err("nothing closes");
    assert_eq!(problems.0.len(), 1);
    assert!(
        problems.0[0].what.contains("small.yaml is no YAML: "),
        "{problems}"
    );
    assert!(problems.0[0].what.contains("line "), "{problems}");
    assert_eq!(problems.0[0].help, "mend the file, or name another");
}

#[test]
fn several_documents() {
    refused_text(
        "openapi: 3.1.0\n---\nopenapi: 3.1.0\n",
        "",
        "small.yaml is no YAML: it holds more than one document",
        "mend the file, or name another",
    );
}

#[test]
fn nothing() {
    for text in ["", "\n", "# only a comment\n"] {
        refused_text(
            text,
            "",
            "small.yaml is no YAML: it is empty",
            "mend the file, or name another",
        );
    }
}

#[test]
fn a_list() {
    refused_text("[]", "", "the document is no object", VERSIONS);
    refused_text(
        "- openapi: 3.1.0\n",
        "",
        "the document is no object",
        VERSIONS,
    );
}

#[test]
fn a_document_without_a_version() {
    refused_text(
        "info: {}\npaths: {}\n",
        "",
        "there is no `openapi` field",
        VERSIONS,
    );
}

#[test]
fn swagger() {
    refused_text(
        "swagger: '2.0'\npaths: {}\n",
        "#/swagger",
        "this is Swagger \"2.0\", not OpenAPI 3",
        "convert it to OpenAPI 3.1 first",
    );
}

#[test]
fn a_later_version() {
    refused_text(
        "openapi: 3.2.0\npaths: {}\n",
        "#/openapi",
        "OpenAPI 3.2.0 is not read by this generator",
        VERSIONS,
    );
    refused_text(
        "openapi: 3.10.0\npaths: {}\n",
        "#/openapi",
        "OpenAPI 3.10.0 is not read by this generator",
        VERSIONS,
    );
}

#[test]
fn repeated_keys() {
    let problems = load("openapi: 3.1.0\npaths: {}\npaths: {}\n").expect_err("two of a name");
    assert!(
        problems.0[0].what.contains("small.yaml is no YAML: "),
        "{problems}"
    );
}

#[test]
fn nesting_without_end() {
    let deep = |depth: usize| {
        format!(
            "openapi: 3.1.0\npaths: {{}}\nx: {}{}\n",
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    assert!(load(deep(150)).is_ok());
    refused_text(
        deep(250),
        "",
        "small.yaml is no YAML: it is nested more than 200 levels deep",
        "mend the file, or name another",
    );
    // So deep that reading it level by level would end the program.
    let problems = load(deep(200_000)).expect_err("too deep");
    assert!(
        problems.0[0].what.contains("recursion limit exceeded"),
        "{problems}"
    );
    let json = format!(
        "{{\"openapi\":\"3.1.0\",\"x\":{}{}}}",
        "[".repeat(9_000),
        "]".repeat(9_000)
    );
    let problems = load(json).expect_err("too deep");
    assert!(
        problems.0[0].what.contains("recursion limit exceeded"),
        "{problems}"
    );
}

#[test]
fn aliases_that_multiply() {
    let mut text = String::from("openapi: 3.1.0\na0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let problems = load(text).expect_err("nine to the twelfth entries");
    assert!(
        problems.0[0].what.contains("alias expansion exceeded"),
        "{problems}"
    );
}

#[test]
fn neither_paths_nor_webhooks() {
    let mut root = document(json!({}), json!({}));
    root.as_object_mut().expect("an object").remove("paths");
    refused(
        root.clone(),
        "",
        "the document has neither `paths` nor `webhooks`",
        "name a complete OpenAPI document",
    );
    root["webhooks"] = json!({});
    assert!(generated(root).0.api.operations.is_empty());
}

#[test]
fn sections_of_the_wrong_kind() {
    let mut root = document(json!({}), json!({}));
    root["paths"] = json!([]);
    root["components"]["schemas"] = json!("none");
    let problems = crate::support::generate(root).expect_err("neither is an object");
    let places: Vec<&str> = problems
        .0
        .iter()
        .map(|problem| problem.pointer.as_str())
        .collect();
    assert_eq!(places, ["#/paths", "#/components/schemas"]);
}

#[test]
fn a_reference_out_of_the_document() {
    for target in ["other.yaml#/Thing", "https://example.com/api.yaml"] {
        refused(
            with_schemas(json!({ "Thing": { "type": "array", "items": { "$ref": target } } })),
            "#/components/schemas/Thing/items/$ref",
            &format!("`{target}` leads out of the document"),
            "bundle the document into one file first",
        );
    }
}

#[test]
fn references_in_a_circle() {
    let problems = crate::support::generate(with_schemas(json!({
        "One": reference("Two"),
        "Two": reference("One"),
    })))
    .expect_err("neither describes itself");
    let places: Vec<&str> = problems
        .0
        .iter()
        .map(|problem| problem.pointer.as_str())
        .collect();
    assert_eq!(
        places,
        [
            "#/components/schemas/One/$ref",
            "#/components/schemas/Two/$ref"
        ]
    );
    for problem in &problems.0 {
        assert!(problem.what.ends_with("leads in a circle"), "{problem}");
        assert_eq!(problem.help, "let the component describe itself");
    }
}

#[test]
fn a_reference_into_a_component() {
    refused(
        with_schemas(json!({
            "One": { "type": "object", "properties": { "a": { "type": "string" } } },
            "Two": { "type": "object", "properties": {
                "b": { "$ref": "#/components/schemas/One/properties/a" },
            } },
        })),
        "#/components/schemas/Two/properties/b",
        "a schema may refer to a component only, not into one",
        "make the target a component of its own",
    );
}

#[test]
fn a_list_of_itself() {
    mended(
        with_schemas(json!({ "Tree": { "type": "array", "items": reference("Tree") } })),
        "#/components/schemas/Tree",
        "`Tree` stands for itself and becomes plain JSON",
    );
    let problems = crate::support::generate(with_schemas(json!({
        "One": { "type": "array", "items": reference("Two") },
        "Two": { "type": "object", "additionalProperties": reference("One") },
        "Three": { "type": "array", "items": reference("One") },
    })))
    .expect_err("Rust has no such type");
    let places: Vec<&str> = problems
        .0
        .iter()
        .map(|problem| problem.pointer.as_str())
        .collect();
    assert_eq!(
        places,
        ["#/components/schemas/One", "#/components/schemas/Two"]
    );
}

#[test]
fn a_composition_of_itself() {
    let part = |other: &str| {
        json!({ "allOf": [
            { "type": "object", "properties": { "a": { "type": "string" } } },
            reference(other),
        ] })
    };
    let problems = crate::support::generate(with_schemas(
        json!({ "One": part("Two"), "Two": part("One") }),
    ))
    .expect_err("there is no end to it");
    assert!(
        problems
            .0
            .iter()
            .all(|p| p.what == "the composition contains itself"),
        "{problems}"
    );
}

#[test]
fn a_path_parameter_that_is_not_declared() {
    refused(
        document(
            json!({ "/things/{id}": { "get": operation_of(json!({})) } }),
            json!({}),
        ),
        "#/paths/~1things~1{id}/get",
        "the path parameter `id` is not declared",
        "add it to `parameters`",
    );
}

#[test]
fn a_path_parameter_that_the_path_lacks() {
    refused(
        with_parameter(json!({ "name": "id", "in": "path", "schema": { "type": "string" } })),
        "#/paths/~1things/get/parameters/0",
        "the path has no `{id}`",
        "correct the parameter's name or the path",
    );
}

#[test]
fn a_path_whose_braces_do_not_pair() {
    refused(
        document(
            json!({ "/things/{id": { "get": operation_of(json!({})) } }),
            json!({}),
        ),
        "#/paths/~1things~1{id/get",
        "the path's braces do not pair",
        "correct the path",
    );
}

fn with_parameter(parameter: Value) -> Value {
    with_operation(json!({ "parameters": [parameter] }), json!({}))
}

#[test]
fn a_parameter_without_a_schema() {
    refused(
        with_parameter(json!({ "name": "q", "in": "query" })),
        "#/paths/~1things/get/parameters/0",
        "the parameter `q` has no schema",
        "add one",
    );
}

#[test]
fn names_that_rust_or_the_crate_has() {
    for name in ["String", "Option", "Self", "WebhookEvent", "Field"] {
        let schema = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
        mended(
            with_schemas(json!({ name: schema })),
            &format!("#/components/schemas/{name}"),
            &format!("the type name `{name}` is taken by Rust or the crate itself"),
        );
        let mut mended = schema.clone();
        mended["x-rust-name"] = json!("Other");
        let made = generated(with_schemas(json!({ name: mended })));
        expect_all(
            &made.item("Other"),
            &[&format!("#[doc(alias = \"{name}\")]")],
        );
    }
}

#[test]
fn a_schema_that_gives_no_name() {
    mended(
        with_schemas(json!({ "1st": { "type": "string" } })),
        "#/components/schemas/1st",
        "`1st` gives no Rust type name",
    );
}

#[test]
fn a_type_that_json_schema_lacks() {
    refused(
        with_schemas(json!({ "Thing": { "type": "object", "properties": {
            "file": { "type": "file" },
        } } })),
        "#/components/schemas/Thing/properties/file",
        "`file` is no type of JSON Schema",
        "correct the document, with the overlay if need be",
    );
}

#[test]
fn every_problem_is_named_at_once() {
    let mut operation = operation_of(json!({
        "parameters": [{ "name": "a", "in": "query" }],
    }));
    operation
        .as_object_mut()
        .expect("an object")
        .remove("operationId");
    let problems = crate::support::generate(document(
        json!({ "/things/{id}": { "get": operation } }),
        json!({}),
    ))
    .expect_err("three things are wrong");
    assert_eq!(problems.0.len(), 3, "{problems}");
    let text = problems.to_string();
    assert_eq!(
        text.matches("error: #/paths/~1things~1{id}/get").count(),
        3,
        "{text}"
    );
    assert_eq!(text.matches("\n  help: ").count(), 3, "{text}");
}

#[test]
fn anchors_and_aliases_are_read() {
    let document = load(
        "openapi: 3.1.0
info: {title: Small, version: '1'}
paths: {}
components:
  schemas:
    One: &one
      type: object
      properties: {a: {type: string}}
    Two: *one
",
    )
    .expect("aliases are YAML");
    expect_all(
        &generated_from(document).item("Two"),
        &["pub a: Option<String>,"],
    );
}

#[test]
fn statuses_and_versions_need_no_quotes() {
    let document = load(
        "openapi: 3.1
info: {title: Small, version: 1.0}
paths:
  /things:
    get:
      operationId: list_things
      responses:
        200: {description: Done.}
        404: {description: Gone.}
",
    )
    .expect("keys may be numbers");
    let docs = generated_from(document).method("list_things");
    expect_all(&docs, &["- `200`: Done.", "- `404`: Gone."]);
}

#[test]
fn nullable_of_3_0_is_read() {
    let document = load(
        "openapi: 3.0.3
info: {title: Small, version: '1'}
paths: {}
components:
  schemas:
    Thing:
      type: object
      required: [name, other]
      properties:
        name: {type: string, nullable: true}
        other:
          nullable: true
          allOf: [{$ref: '#/components/schemas/Other'}]
    Other: {type: object, properties: {a: {type: string}}}
",
    )
    .expect("it is 3.0");
    expect_all(
        &generated_from(document).item("Thing"),
        &["pub name: Option<String>,", "pub other: Option<Other>,"],
    );
}

#[test]
fn words_that_old_yaml_took_for_flags_are_text() {
    let tree = parse("[on, off, yes, no, y]", NAME).expect("it is YAML");
    assert_eq!(tree, json!(["on", "off", "yes", "no", "y"]));
}

#[test]
fn shared_parts_of_operations_are_read() {
    let mut root = with_operation(
        json!({
            "parameters": [{ "$ref": "#/components/parameters/Limit" }],
            "requestBody": { "$ref": "#/components/requestBodies/Thing" },
            "responses": { "200": { "$ref": "#/components/responses/Thing" } },
        }),
        json!({ "Thing": { "type": "object", "properties": { "a": { "type": "string" } } } }),
    );
    root["components"]["parameters"] =
        json!({ "Limit": { "name": "limit", "in": "query", "schema": { "type": "integer" } } });
    let mut body = holding(reference("Thing"));
    body["required"] = json!(true);
    root["components"]["requestBodies"] = json!({ "Thing": body });
    root["components"]["responses"] = json!({ "Thing": holding(reference("Thing")) });
    expect_all(
        &generated(root).builder("ListThings"),
        &[
            "call.query(\"limit\", self.limit);",
            "call.body(self.body);",
            "Result<Response<types::Thing>, Error<serde_json::Value>>",
        ],
    );
}

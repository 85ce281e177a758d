//! What operations become as methods and builders.

use crate::support::{
    document, expect_all, generated, holding, operation_of, reference, with_operation,
};
use serde_json::{Value, json};

fn parameter(name: &str, place: &str, schema: Value) -> Value {
    json!({ "name": name, "in": place, "schema": schema })
}

#[test]
fn a_method_says_what_it_does() {
    let made = generated(with_operation(
        json!({
            "operationId": "getChatById",
            "summary": "Get a chat",
            "description": "Answers it.",
            "x-sdk-name": ["retrieve", "get_chat_by_id", "getChatById"],
            "responses": {
                "200": { "description": "The chat." },
                "404": { "description": "No such chat." },
            },
        }),
        json!({}),
    ));
    let method = made.method("get_chat_by_id");
    expect_all(
        &method,
        &[
            "    /// Get a chat.\n    ///\n    /// `GET /things`\n    ///\n    /// Answers it.\n",
            "    /// # Responses\n    ///\n    /// - `200`: The chat.\n",
            "    /// # Errors\n    ///\n",
            "    /// - `404`: No such chat.\n",
            "    #[doc(alias = \"retrieve\")]\n",
            "pub fn get_chat_by_id(&self) -> builder::GetChatById<'_> {",
        ],
    );
    // rustdoc refuses an alias that is the name itself, and warns of one that stands twice.
    assert!(!method.contains("alias = \"get_chat_by_id\""), "{method}");
    assert_eq!(
        method.matches("alias = \"getChatById\"").count(),
        1,
        "{method}"
    );
}

#[test]
fn builders_do_not_take_the_names_that_their_code_uses() {
    for (id, builder) in [
        ("call", "Call"),
        ("prepared", "Prepared"),
        ("send", "SendBuilder"),
        ("future", "FutureBuilder"),
        ("option", "OptionBuilder"),
        ("client", "ClientBuilder"),
    ] {
        let made = generated(with_operation(json!({ "operationId": id }), json!({})));
        expect_all(
            &made.method(id),
            &[&format!("pub fn {id}(&self) -> builder::{builder}<'_> {{")],
        );
        assert!(!made.builder(builder).is_empty());
    }
}

#[test]
fn methods_do_not_take_the_names_that_the_client_has() {
    for id in [
        "new", "builder", "base_url", "raw", "clone", "into", "from", "borrow",
    ] {
        let made = generated(with_operation(json!({ "operationId": id }), json!({})));
        expect_all(
            &made.method(&format!("{id}_")),
            &[&format!("#[doc(alias = \"{id}\")]")],
        );
    }
}

#[test]
fn an_operation_may_be_called_as_the_table_of_all() {
    let made = generated(with_operation(json!({ "operationId": "all" }), json!({})));
    expect_all(
        made.file("linq-client", "operations.rs"),
        &[
            "pub const ALL_: Operation",
            "pub const ALL: &[&Operation] = &[\n    &ALL_,\n];",
        ],
    );
    expect_all(
        &made.builder("All"),
        &["support::Parameters::new(&operations::ALL_)"],
    );
}

/// What a builder stores and hands out must be one name, however odd the parameter's is.
#[test]
fn setters_and_what_they_set_have_one_name() {
    let names = [
        "type",
        "self",
        "async",
        "try",
        "gen",
        "union",
        "macro",
        "client",
        "send",
        "prepare",
        "new",
        "clone",
        "into",
        "builder",
        "call",
        "value",
        "1st",
        "filter[a.b]",
        "camelCase",
        "page_2",
        "sha256Sum",
    ];
    for name in names {
        let schema = json!({ "type": "string" });
        let made = generated(with_operation(
            json!({ "parameters": [parameter(name, "query", schema)] }),
            json!({}),
        ));
        let setter = &made.0.api.operations[0].parameters[0].name;
        let builder = made.builder("ListThings");
        expect_all(
            &builder,
            &[
                "        client: &'a Client,\n",
                &format!("        {setter}: Result<Option<String>, support::Reason>,\n"),
                &format!(
                    "        /// Sets `{name}`.\n        pub fn {setter}<V>(mut self, value: V)"
                ),
                &format!("call.query({name:?}, self.{setter});"),
            ],
        );
        for method in ["pub fn send(", "pub fn prepare(", "fn new("] {
            assert_eq!(builder.matches(method).count(), 1, "{method} {builder}");
        }
    }
}

#[test]
fn parameters_stand_where_they_belong() {
    let made = generated(document(
        json!({ "/things/{id}": {
            "parameters": [parameter("id", "path", json!({ "type": "string", "format": "uuid" }))],
            "get": operation_of(json!({ "parameters": [
                parameter("limit", "query", json!({ "type": "integer" })),
                parameter("Idempotency-Key", "header", json!({ "type": "string" })),
                parameter("Authorization", "header", json!({ "type": "string" })),
            ] })),
        } }),
        json!({}),
    ));
    let builder = made.builder("ListThings");
    expect_all(
        &builder,
        &[
            "id: Result<uuid::Uuid, support::Reason>,",
            "call.path(\"id\", self.id);",
            "call.query(\"limit\", self.limit);",
            "call.header(\"Idempotency-Key\", self.idempotency_key);",
        ],
    );
    // The client sets that one itself.
    assert!(!builder.contains("uthorization"), "{builder}");
}

#[test]
fn a_parameter_of_an_operation_counts_for_more_than_that_of_its_path() {
    let made = generated(document(
        json!({ "/things": {
            "parameters": [parameter("limit", "query", json!({ "type": "string" }))],
            "get": operation_of(json!({ "parameters": [
                parameter("limit", "query", json!({ "type": "integer" })),
            ] })),
        } }),
        json!({}),
    ));
    let builder = made.builder("ListThings");
    expect_all(&builder, &["limit: Result<Option<i64>, support::Reason>,"]);
    assert_eq!(builder.matches("call.query(").count(), 1, "{builder}");
}

#[test]
fn required_parameters_must_be_set() {
    let mut limit = parameter("limit", "query", json!({ "type": "integer", "minimum": 1 }));
    limit["required"] = json!(true);
    limit["description"] = json!("How many.");
    let made = generated(with_operation(json!({ "parameters": [limit] }), json!({})));
    expect_all(
        &made.builder("ListThings"),
        &[
            "limit: Result<i64, support::Reason>,",
            "        /// Sets `limit`; it must be set.\n        ///\n        /// How many.\n        \
             ///\n        /// At least 1.\n        pub fn limit<V>",
            "call.query_required(\"limit\", self.limit);",
        ],
    );
}

#[test]
fn lists_are_repeated_or_joined() {
    let list = json!({ "type": "array", "items": { "type": "string" } });
    let mut joined = parameter("joined", "query", list.clone());
    joined["explode"] = json!(false);
    let made = generated(with_operation(
        json!({ "parameters": [
            parameter("plain", "query", list),
            joined,
            parameter("named", "query", reference("Names")),
        ] }),
        json!({ "Names": { "type": "array", "items": { "type": "string" } } }),
    ));
    expect_all(
        &made.builder("ListThings"),
        &[
            "call.query_list(\"plain\", self.plain, support::ListStyle::Repeated);",
            "call.query_list(\"joined\", self.joined, support::ListStyle::Joined);",
            // A list with a name is one all the same.
            "named: Result<Option<Vec<String>>, support::Reason>,",
            "call.query_list(\"named\", self.named, support::ListStyle::Repeated);",
        ],
    );
}

#[test]
fn nested_enums_of_parameters_have_names() {
    let made = generated(with_operation(
        json!({ "parameters": [
            parameter("sort", "query", json!({ "type": "string", "enum": ["up", "down"] })),
        ] }),
        json!({}),
    ));
    expect_all(
        &made.builder("ListThings"),
        &["sort: Result<Option<types::ListThingsSort>, support::Reason>,"],
    );
    expect_all(
        &made.macro_of("ListThingsSort"),
        &["Up = \"up\",", "Down = \"down\","],
    );
}

#[test]
fn answers_may_be_empty_bytes_or_json() {
    let operation = |id: &str, answer: Value| json!({ "get": { "operationId": id, "responses": { "200": answer } } });
    let bytes = json!({ "description": "It.", "content": { "image/png": { "schema": {} } } });
    let problem = json!({ "description": "It.", "content": { "application/vnd.thing+json; v=1": {
        "schema": { "type": "array", "items": { "type": ["string", "null"] } },
    } } });
    let made = generated(document(
        json!({
            "/a": operation("a", json!({ "description": "Nothing." })),
            "/b": operation("b", bytes),
            "/c": operation("c", problem),
            "/d": operation("d", holding(json!({ "type": "object" }))),
        }),
        json!({}),
    ));
    expect_all(&made.builder("A"), &["Response<()>", "call.empty()\n"]);
    expect_all(
        &made.builder("B"),
        &["Response<bytes::Bytes>", "call.bytes()\n"],
    );
    expect_all(
        &made.builder("C"),
        &["Response<Vec<Option<String>>>", "call.json()\n"],
    );
    expect_all(
        &made.builder("D"),
        &[
            "Response<serde_json::Map<String, serde_json::Value>>",
            "call.json()\n",
        ],
    );
    expect_all(
        made.file("linq-client", "operations.rs"),
        &[
            "Some(\"image/png\"),",
            "Some(\"application/vnd.thing+json; v=1\"),",
            "    None,\n",
        ],
    );
}

#[test]
fn the_table_names_all_operations_in_order() {
    let made = generated(document(
        json!({
            "/z": { "post": operation_of(json!({ "operationId": "zed" })) },
            "/a/{id}": { "delete": operation_of(json!({
                "operationId": "deleteA",
                "parameters": [parameter("id", "path", json!({ "type": "string" }))],
                "tags": ["The As"],
            })) },
        }),
        json!({}),
    ));
    expect_all(
        made.file("linq-client", "operations.rs"),
        &[
            "/// `DELETE /a/{id}`\npub const DELETE_A: Operation = Operation::new(\n    \
             \"delete_a\",\n    \"deleteA\",\n    Method::DELETE,\n    \"/a/{id}\",\n    \"The As\",\n",
            "&[\n    &ZED,\n    &DELETE_A,\n];",
        ],
    );
}

#[test]
fn an_item_kept_elsewhere_is_read_where_it_is_used() {
    let mut root = document(
        json!({ "/things": { "$ref": "#/x-items/things" } }),
        json!({}),
    );
    root["x-items"] = json!({ "things": { "get": operation_of(json!({
        "responses": { "200": holding(json!({ "type": "object", "properties": { "a": {} } })) },
    })) } });
    let made = generated(root);
    expect_all(
        &made.builder("ListThings"),
        &["Response<types::ListThingsResponse>"],
    );
}

//! Changes to a sound document, each with what must become of it: it is honoured, or refused with an
//! overlay action that works.

use serde_json::{Value, json};
use xtask::generate::overlay::Whose;

use crate::support::{
    Text, document, expect_all, generate, generate_with, holding, overlay_of, pasted, reference,
};

/// What becomes of a changed document.
enum Outcome {
    /// It is generated, with these parts in linq-client.
    Made(&'static [&'static str]),
    /// It is generated without any of these in linq-client.
    Without(&'static [&'static str]),
    /// It is refused for this reason, and generated with each of the actions in the help: so many that
    /// accept the loss, then one that leaves the operation out where there is an operation.
    Actions(&'static str, usize),
    /// It is refused for this reason, without an action.
    Refused(&'static str),
}

use Outcome::{Actions, Made, Refused, Without};

/// A change: what it is, what it does, and what must become of it.
type Row = (&'static str, fn(&mut Value), Outcome);

/// The document that is changed: three operations, a scheme and a server.
fn sound() -> Value {
    let thing =
        |name: &str| json!({ "type": "object", "properties": { name: { "type": "string" } } });
    let mut root = document(
        json!({
            "/things": {
                "get": {
                    "operationId": "listThings",
                    "tags": ["Things"],
                    "parameters": [
                        { "name": "ids", "in": "query",
                          "schema": { "type": "array", "items": { "type": "string" } } },
                    ],
                    "responses": { "200": holding(reference("Thing")), "400": holding(reference("Problem")) },
                },
                "post": {
                    "operationId": "makeThing",
                    "tags": ["Things"],
                    "requestBody": { "required": true, "content": {
                        "application/json": { "schema": reference("Thing") },
                    } },
                    "responses": { "201": holding(reference("Thing")), "400": holding(reference("Problem")) },
                },
            },
            "/things/{id}": {
                "get": {
                    "operationId": "getThing",
                    "tags": ["Things"],
                    "parameters": [
                        { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } },
                    ],
                    "responses": { "200": holding(reference("Thing")), "400": holding(reference("Problem")) },
                },
            },
        }),
        json!({ "Thing": thing("name"), "Other": thing("other"), "Problem": thing("code") }),
    );
    root["servers"] = json!([{ "url": "https://things.example.com/v1" }]);
    root["security"] = json!([{ "Key": [] }]);
    root["components"]["securitySchemes"] =
        json!({ "Key": { "type": "http", "scheme": "bearer" } });
    root
}

fn list(root: &mut Value) -> &mut Value {
    &mut root["paths"]["/things"]["get"]
}

fn make(root: &mut Value) -> &mut Value {
    &mut root["paths"]["/things"]["post"]
}

fn get(root: &mut Value) -> &mut Value {
    &mut root["paths"]["/things/{id}"]["get"]
}

fn scheme(root: &mut Value, scheme: Value) {
    root["components"]["securitySchemes"]["Key"] = scheme;
}

fn schema_of(media: &str) -> Value {
    json!({ media: { "schema": { "type": "object", "properties": { "form": { "type": "string" } } } } })
}

/// What `makeThing` sends, in two media types.
fn body(root: &mut Value, first: &str, second: &str) {
    make(root)["requestBody"]["content"] = schema_of(first);
    make(root)["requestBody"]["content"][second] = json!({ "schema": reference("Thing") });
}

#[track_caller]
fn check(rows: &[Row]) {
    assert!(generate(sound()).is_ok(), "the document is sound");
    for (what, change, outcome) in rows {
        let mut root = sound();
        change(&mut root);
        let made = generate(root.clone());
        match (outcome, made) {
            (Made(parts), Ok(made)) => expect_all(&Text(made).of_crate("linq-client"), parts),
            (Without(parts), Ok(made)) => {
                let made = Text(made);
                for part in *parts {
                    for name in ["linq-client", "linq-types"] {
                        assert!(!made.of_crate(name).contains(part), "{what}: {part}");
                    }
                }
            }
            (Refused(expected), Err(problems)) => {
                assert_eq!(problems.0.len(), 1, "{what}: {problems}");
                assert_eq!(problems.0[0].what, *expected, "{what}");
                assert!(!problems.0[0].pointer.is_empty(), "{what}");
                assert!(pasted(&problems.0[0]).is_empty(), "{what}");
            }
            (Actions(expected, count), Err(problems)) => {
                assert_eq!(problems.0.len(), 1, "{what}: {problems}");
                assert_eq!(problems.0[0].what, *expected, "{what}");
                let actions = pasted(&problems.0[0]);
                assert_eq!(actions.len(), *count, "{what}: {problems}");
                for action in actions {
                    let with = overlay_of(std::slice::from_ref(&action));
                    let made = generate_with(root.clone(), &with, Whose::Vendor);
                    let made = made.unwrap_or_else(|problems| panic!("{what}: {problems}"));
                    let target = action["target"].as_str().expect("a text");
                    let operations = match target.ends_with(".get") || target.ends_with(".post") {
                        true if action.get("remove").is_some() => 2,
                        _ => 3,
                    };
                    assert_eq!(made.api.operations.len(), operations, "{what}");
                    match action["update"].get("x-accept") {
                        None => {}
                        Some(_) => assert!(
                            made.api
                                .notes
                                .iter()
                                .any(|note| note.ends_with("(accepted)")),
                            "{what}"
                        ),
                    }
                }
            }
            (_, Ok(_)) => panic!("{what}: generated"),
            (_, Err(problems)) => panic!("{what}: {problems}"),
        }
    }
}

#[test]
fn security() {
    check(&[
        (
            "an API key in a header",
            |root| {
                scheme(
                    root,
                    json!({ "type": "apiKey", "in": "header", "name": "X-Key" }),
                )
            },
            Actions(
                "requests are to carry an API key in the header `X-Key`, and linq-client sends its API \
                 key as a bearer token",
                1,
            ),
        ),
        (
            "HTTP basic",
            |root| scheme(root, json!({ "type": "http", "scheme": "Basic" })),
            Actions(
                "requests are to carry credentials of the HTTP scheme `basic`, and linq-client sends its \
                 API key as a bearer token",
                1,
            ),
        ),
        (
            "OAuth",
            |root| scheme(root, json!({ "type": "oauth2", "flows": {} })),
            Actions(
                "requests are to carry an OAuth 2 token, and linq-client sends its API key as a bearer \
                 token",
                1,
            ),
        ),
        (
            "an operation without security",
            |root| get(root)["security"] = json!([]),
            Actions(
                "requests are to carry no credentials, and linq-client sends its API key as a bearer token",
                2,
            ),
        ),
        (
            "a scheme that is not there",
            |root| get(root)["security"] = json!([{ "Other": [] }]),
            Refused("there is no security scheme `Other`"),
        ),
        (
            "a bearer token in another case, among alternatives",
            |root| {
                scheme(root, json!({ "type": "http", "scheme": "Bearer" }));
                get(root)["security"] = json!([{}, { "Key": [] }]);
            },
            Made(&[]),
        ),
        (
            "a scheme that nothing uses",
            |root| {
                root["components"]["securitySchemes"]["Other"] =
                    json!({ "type": "apiKey", "in": "query", "name": "key" });
            },
            Made(&[]),
        ),
        (
            "no security at all",
            |root| drop(root.as_object_mut().map(|root| root.remove("security"))),
            Made(&[]),
        ),
    ]);
}

#[test]
fn servers() {
    check(&[
        (
            "another server",
            |root| root["servers"] = json!([{ "url": "https://other.example.com/" }]),
            Made(&["pub const DEFAULT_BASE_URL: &str = \"https://other.example.com\";"]),
        ),
        (
            "no server",
            |root| drop(root.as_object_mut().map(|root| root.remove("servers"))),
            Made(&["pub const DEFAULT_BASE_URL: &str = \"https://api.linqapp.com/api/partner\";"]),
        ),
        (
            "two servers",
            |root| {
                root["servers"] = json!([
                    { "url": "https://one.example.com" },
                    { "url": "https://two.example.com" },
                ]);
            },
            Actions(
                "the default base URL is `https://one.example.com`; `https://two.example.com` has to be \
                 set by hand",
                1,
            ),
        ),
        (
            "the same server twice",
            |root| {
                root["servers"] = json!([
                    { "url": "https://one.example.com" },
                    { "url": "https://one.example.com/" },
                ]);
            },
            Made(&["DEFAULT_BASE_URL: &str = \"https://one.example.com\""]),
        ),
        (
            "a variable",
            |root| {
                root["servers"] = json!([{
                    "url": "https://{region}.example.com",
                    "variables": { "region": { "default": "eu", "enum": ["eu", "us"] } },
                }]);
            },
            Actions(
                "the default base URL is `https://eu.example.com`; other values of its variables have to \
                 be set by hand",
                1,
            ),
        ),
        (
            "a variable without a default",
            |root| root["servers"] = json!([{ "url": "https://{region}.example.com" }]),
            Refused("`https://{region}.example.com` has a variable without a default"),
        ),
        (
            "a relative server",
            |root| root["servers"] = json!([{ "url": "/v1" }]),
            Refused("`/v1` is not an absolute http or https URL"),
        ),
        (
            "a server with a query",
            |root| root["servers"] = json!([{ "url": "https://a.example.com/?a=b" }]),
            Refused("`https://a.example.com/?a=b` has characters that a base URL cannot have"),
        ),
        (
            "a server with a wrong port",
            |root| root["servers"] = json!([{ "url": "https://a.example.com:port" }]),
            Refused("`https://a.example.com:port` has no host, or a port that is not a number"),
        ),
        (
            "an operation with another server",
            |root| get(root)["servers"] = json!([{ "url": "https://other.example.com" }]),
            Actions(
                "it is served at `https://other.example.com`, and linq-client has one base URL for all \
                 operations",
                2,
            ),
        ),
        (
            "a path with another server",
            |root| {
                root["paths"]["/things/{id}"]["servers"] =
                    json!([{ "url": "https://other.example.com" }]);
            },
            Actions(
                "it is served at `https://other.example.com`, and linq-client has one base URL for all \
                 operations",
                2,
            ),
        ),
        (
            "an operation with the same server",
            |root| get(root)["servers"] = json!([{ "url": "https://things.example.com/v1/" }]),
            Made(&[]),
        ),
    ]);
}

#[test]
fn request_bodies() {
    check(&[
        (
            "a merge patch",
            |root| {
                make(root)["requestBody"]["content"] = schema_of("application/merge-patch+json");
            },
            Made(&[".sending(\"application/merge-patch+json\")"]),
        ),
        (
            "JSON in a character set",
            |root| {
                make(root)["requestBody"]["content"] = schema_of("application/json; charset=utf-8");
            },
            Made(&[".sending(\"application/json; charset=utf-8\")"]),
        ),
        (
            "a form beside JSON",
            |root| body(root, "multipart/form-data", "application/json"),
            Without(&["MakeThingRequest", "sending("]),
        ),
        (
            "a patch before JSON",
            |root| body(root, "application/merge-patch+json", "application/json"),
            Without(&["MakeThingRequest", "sending("]),
        ),
        (
            "a form only",
            |root| make(root)["requestBody"]["content"] = schema_of("multipart/form-data"),
            Actions(
                "the body is sent as `multipart/form-data`, and linq-client sends JSON",
                1,
            ),
        ),
        (
            "bytes only",
            |root| make(root)["requestBody"]["content"] = json!({ "application/octet-stream": {} }),
            Actions(
                "the body is sent as `application/octet-stream`, and linq-client sends JSON",
                1,
            ),
        ),
        (
            "any JSON",
            |root| make(root)["requestBody"]["content"] = schema_of("application/*+json"),
            Actions(
                "the body is sent as `application/*+json`, and linq-client sends JSON",
                1,
            ),
        ),
        (
            "a media type that is none",
            |root| make(root)["requestBody"]["content"] = schema_of("x y+json"),
            Refused("`x y+json` is not a media type"),
        ),
    ]);
}

#[test]
fn responses() {
    check(&[
        (
            "JSON or an image",
            |root| {
                get(root)["responses"]["200"]["content"]["image/*"] = json!({});
            },
            Made(&["call.path(\"id\", self.id);\n            call.json()"]),
        ),
        (
            "an image",
            |root| {
                get(root)["responses"]["200"]["content"] =
                    json!({ "image/png": {}, "image/jpeg": {} });
            },
            Made(&["Some(\"image/png, image/jpeg\")", "call.bytes()"]),
        ),
        (
            "a stream",
            |root| get(root)["responses"]["200"]["content"] = schema_of("text/event-stream"),
            Actions(
                "`text/event-stream` is a stream, which is handed out as bytes once it ended",
                2,
            ),
        ),
        (
            "two types",
            |root| get(root)["responses"]["202"] = holding(reference("Other")),
            Actions(
                "the responses 200 and 202 have bodies of different types, which are handed out as bytes",
                2,
            ),
        ),
        (
            "a type or nothing",
            |root| get(root)["responses"]["204"] = json!({ "description": "Nothing." }),
            Actions(
                "the responses 200 and 204 have bodies of different types, which are handed out as bytes",
                2,
            ),
        ),
        (
            "one type in two kinds of JSON",
            |root| {
                get(root)["responses"]["203"] = json!({ "description": "It.", "content": {
                    "application/hal+json": { "schema": reference("Thing") },
                } });
            },
            Made(&["Some(\"application/json, application/hal+json\")"]),
        ),
        (
            "an error of its own",
            |root| get(root)["responses"]["422"] = holding(reference("Other")),
            Made(&[
                "Response<types::Thing>, Error<types::Problem>",
                "/// - `422`: It.\n    ///   - body: [`Other`](crate::types::Other), see [`Error::body`](crate::Error::body)\n",
            ]),
        ),
        (
            "an error of another kind",
            |root| {
                get(root)["responses"]["422"] = json!({ "description": "It.", "content": {
                    "application/problem+json": { "schema": { "type": "array", "items": reference("Other") } },
                } });
            },
            Made(&["/// - `422`: It.\n    ///   - body: `Vec<Other>`, see "]),
        ),
        (
            "nested errors of two shapes",
            |root| {
                let object = |name: &str| {
                    holding(
                        json!({ "type": "object", "properties": { name: { "type": "string" } } }),
                    )
                };
                get(root)["responses"]["409"] = object("a");
                get(root)["responses"]["422"] = object("b");
            },
            Made(&["[`GetThingError`]", "[`GetThingError422`]"]),
        ),
        (
            "a header",
            |root| {
                get(root)["responses"]["200"]["headers"] = json!({ "Retry-After": {
                    "description": "Seconds to wait.",
                    "schema": { "type": "integer" },
                } });
            },
            Made(&["///   - header `Retry-After` (integer): Seconds to wait.\n"]),
        ),
        (
            "no success",
            |root| get(root)["responses"] = json!({ "302": { "description": "Elsewhere." } }),
            Actions("no response to success is described", 1),
        ),
        (
            "a body where HTTP allows none",
            |root| {
                get(root)["responses"] = json!({ "204": holding(reference("Thing")) });
            },
            Actions("HTTP allows no body with status 204", 1),
        ),
        (
            "a status that is none",
            |root| get(root)["responses"]["20"] = json!({ "description": "It." }),
            Refused("`20` is not a status"),
        ),
        (
            "a response to HEAD",
            |root| {
                let get = get(root).take();
                root["paths"]["/things/{id}"] = json!({ "head": get });
            },
            Made(&["Method::HEAD", "call.empty()"]),
        ),
        (
            "callbacks",
            |root| get(root)["callbacks"] = json!({ "done": { "{$request.body#/url}": {} } }),
            Actions(
                "`callbacks` describe requests that the API makes, which get no types",
                2,
            ),
        ),
    ]);
}

#[test]
fn parameters() {
    check(&[
        (
            "a list joined by pipes",
            |root| list(root)["parameters"][0]["style"] = json!("pipeDelimited"),
            Made(&["call.query_list(\"ids\", self.ids, support::ListStyle::Pipes);"]),
        ),
        (
            "a list joined by spaces",
            |root| list(root)["parameters"][0]["style"] = json!("spaceDelimited"),
            Made(&["call.query_list(\"ids\", self.ids, support::ListStyle::Spaces);"]),
        ),
        (
            "a list of pairs",
            |root| {
                list(root)["parameters"][0]["style"] = json!("pipeDelimited");
                list(root)["parameters"][0]["explode"] = json!(true);
            },
            Made(&["call.query_list(\"ids\", self.ids, support::ListStyle::Repeated);"]),
        ),
        (
            "a path in the style matrix",
            |root| get(root)["parameters"][0]["style"] = json!("matrix"),
            Actions(
                "linq-client cannot write a parameter in the style `matrix`",
                1,
            ),
        ),
        (
            "a deep object",
            |root| list(root)["parameters"][0]["style"] = json!("deepObject"),
            Actions(
                "linq-client cannot write a parameter in the style `deepObject`",
                2,
            ),
        ),
        (
            "an object in the query",
            |root| list(root)["parameters"][0]["schema"] = reference("Thing"),
            Actions(
                "the parameter `ids` is neither a scalar nor a list of them in the query",
                2,
            ),
        ),
        (
            "a list in the path",
            |root| get(root)["parameters"][0]["schema"] = json!({ "type": "array", "items": {} }),
            Actions(
                "the parameter `id` is neither a scalar nor a list of them in the query",
                1,
            ),
        ),
        (
            "JSON in the query",
            |root| {
                list(root)["parameters"][0] =
                    json!({ "name": "q", "in": "query", "content": { "application/json": {} } });
            },
            Actions(
                "linq-client cannot write `q`, which is described by `content`",
                2,
            ),
        ),
        (
            "a cookie",
            |root| list(root)["parameters"][0]["in"] = json!("cookie"),
            Actions("linq-client sends no parameters in `cookie`", 2),
        ),
        (
            "a header of HTTP itself",
            |root| {
                list(root)["parameters"][0] =
                    json!({ "name": "Host", "in": "header", "schema": { "type": "string" } });
            },
            Actions("the header `Host` is set by HTTP itself", 2),
        ),
        (
            "two of one name",
            |root| {
                let mut other = list(root)["parameters"][0].clone();
                other["name"] = json!("Ids");
                list(root)["parameters"] = json!([list(root)["parameters"][0], other]);
            },
            Actions(
                "`Ids` is set by `ids`, and so is #/paths/~1things/get/parameters/0",
                1,
            ),
        ),
        (
            "a parameter called as the body",
            |root| {
                make(root)["parameters"] =
                    json!([{ "name": "body", "in": "query", "schema": { "type": "string" } }]);
            },
            Actions(
                "`body` is set by `body`, and so is #/paths/~1things/post/requestBody",
                1,
            ),
        ),
        (
            "a name without letters",
            |root| list(root)["parameters"][0]["name"] = json!("日"),
            Actions("`日` gives no Rust name", 1),
        ),
        (
            "the name of a type",
            |root| list(root)["parameters"][0]["x-rust-name"] = json!("Identities"),
            Refused("\"Identities\" is not a name in Rust that can be chosen"),
        ),
        (
            "a header that is none",
            |root| {
                list(root)["parameters"][0] =
                    json!({ "name": "X Key", "in": "header", "schema": { "type": "string" } });
            },
            Refused("`X Key` is not the name of a header"),
        ),
        (
            "a parameter twice",
            |root| {
                let parameter = list(root)["parameters"][0].clone();
                list(root)["parameters"] = json!([parameter, parameter]);
            },
            Refused(
                "the parameter `ids` stands in the query already, from \
                 #/paths/~1things/get/parameters/0",
            ),
        ),
        (
            "a deprecated parameter",
            |root| list(root)["parameters"][0]["deprecated"] = json!(true),
            Made(&[
                "#[deprecated = \"the API calls this parameter deprecated\"]\n        pub fn ids",
            ]),
        ),
        (
            "a parameter called body beside none",
            |root| list(root)["parameters"][0]["name"] = json!("body"),
            Made(&["call.query_list(\"body\", self.body, "]),
        ),
        (
            "another name",
            |root| list(root)["parameters"][0]["x-rust-name"] = json!("identities"),
            Made(&["call.query_list(\"ids\", self.identities, "]),
        ),
    ]);
}

#[test]
fn names_and_paths() {
    check(&[
        (
            "another name",
            |root| get(root)["x-rust-name"] = json!("fetch_thing"),
            Made(&[
                "pub fn fetch_thing(&self) -> builder::FetchThing<'_> {",
                "\"getThing\",",
            ]),
        ),
        (
            "send",
            |root| get(root)["operationId"] = json!("send"),
            Made(&["pub fn send(&self) -> builder::SendBuilder<'_> {"]),
        ),
        (
            "from",
            |root| get(root)["operationId"] = json!("from"),
            Made(&["pub fn from_(&self) -> builder::FromBuilder<'_> {"]),
        ),
        (
            "an id twice",
            |root| get(root)["operationId"] = json!("list_things"),
            Actions(
                "the method `list_things` or its builder exists already, from \
                 #/paths/~1things/get/operationId",
                1,
            ),
        ),
        (
            "ids of one builder",
            |root| {
                list(root)["operationId"] = json!("get_things2");
                get(root)["operationId"] = json!("get_things_2");
            },
            Actions(
                "the method `get_things_2` or its builder exists already, from \
                 #/paths/~1things/get/operationId",
                1,
            ),
        ),
        (
            "an id that is too long",
            |root| get(root)["operationId"] = json!("a".repeat(201)),
            Actions("`operationId` gives no Rust name of 1 to 200 characters", 1),
        ),
        (
            "no id",
            |root| {
                drop(
                    get(root)
                        .as_object_mut()
                        .map(|get| get.remove("operationId")),
                )
            },
            Actions(
                "the operation has no `operationId`, so its method has no name",
                1,
            ),
        ),
        (
            "an id without letters",
            |root| get(root)["operationId"] = json!("日本"),
            Actions("`operationId` gives no Rust name of 1 to 200 characters", 1),
        ),
        (
            "a query in a path",
            |root| {
                let item = root["paths"]["/things"].take();
                root["paths"] = json!({ "/things?all=1": { "get": item["get"] } });
            },
            Refused("the path has characters that a URL's path cannot have"),
        ),
        (
            "dots in a path",
            |root| {
                let item = root["paths"]["/things"].take();
                root["paths"] = json!({ "/a/../things": { "get": item["get"] } });
            },
            Refused("the path has a segment of dots, which leads to another path"),
        ),
        (
            "a reference to a path with more beside it",
            |root| {
                let item = root["paths"]["/things"].take();
                root["components"]["pathItems"] = json!({ "Things": item });
                root["paths"]["/things"] =
                    json!({ "$ref": "#/components/pathItems/Things", "parameters": [] });
            },
            Refused("`parameters` stands beside a reference to a path"),
        ),
        (
            "a reference to a path",
            |root| {
                let item = root["paths"]["/things"].take();
                root["components"]["pathItems"] = json!({ "Things": item });
                root["paths"]["/things"] = json!({ "$ref": "#/components/pathItems/Things" });
            },
            Made(&["pub fn list_things("]),
        ),
        (
            "a summary of code and an id of quotes",
            |root| {
                get(root)["summary"] = json!("```rust\nfn main() {}\n```");
                get(root)["operationId"] = json!("get \"it's\"");
                get(root)["x-sdk-name"] = json!(["", " a", "things\tget"]);
            },
            Without(&["```rust", "doc(alias = \"get "]),
        ),
    ]);
}

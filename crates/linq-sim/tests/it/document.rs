//! Every operation of the document is served, and every request is held against it.

use linq_sim::operations;
use linq_testing::document::{document, examples};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::support::{call, chat, read, sim};

/// Every operation of the document with its method, path and definition.
fn all() -> Vec<(String, String, &'static Value)> {
    let mut all = Vec::new();
    for (path, item) in document()["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            if operation["operationId"].is_string() {
                all.push((method.to_uppercase(), path.clone(), operation));
            }
        }
    }
    all
}

#[test]
fn every_operation_is_on_the_list() {
    let mut ids: Vec<&str> = all()
        .iter()
        .map(|(.., operation)| operation["operationId"].as_str().expect("an id"))
        .collect();
    let mut listed: Vec<&str> = operations().iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, ids);
    let stateful = operations()
        .iter()
        .filter(|(_, kind)| *kind == "stateful")
        .count();
    assert_eq!((listed.len(), stateful), (70, 49));
}

/// Fills path parameters in.
fn filled(path: &str, chat_id: &str, message_id: &str) -> String {
    path.replace("{chatId}", chat_id)
        .replace("{messageId}", message_id)
        .split('/')
        .map(|segment| {
            if segment.starts_with('{') {
                "3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13"
            } else {
                segment
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

#[tokio::test]
async fn every_example_of_a_request_passes_validation() {
    let sim = sim().await;
    let (chat_id, message_id) = chat(&sim, &["+12025550101"]).await;
    let mut checked = 0;
    for (method, path, operation) in all() {
        let content = &operation["requestBody"]["content"]["application/json"];
        for example in examples(content) {
            let method: Method = method.parse().expect("a method");
            let mut path = filled(&path, &chat_id, &message_id);
            if path == "/v3/contact_card" {
                path.push_str("?phone_number=%2B12025550100");
            }
            let (status, body) = read(call(&sim, method, &path, example.clone()).await).await;
            // Its ids are not of this world, but its form is that of the document.
            let code = body["error"]["code"].as_u64();
            let is_form = status == 400 && !matches!(code, Some(1004 | 1005));
            assert!(
                status < 500 && !is_form,
                "{path} {example}: {status} {body}"
            );
            if status == 400 {
                let message = body["error"]["message"].as_str().expect("a message");
                assert!(
                    !message.contains('`') || !message.starts_with('`'),
                    "{path}: {message}"
                );
            }
            checked += 1;
        }
    }
    assert!(checked >= 30, "{checked}");
}

#[tokio::test]
async fn a_body_without_a_required_member_is_refused_with_1001() {
    let sim = sim().await;
    let (chat_id, message_id) = chat(&sim, &["+12025550101"]).await;
    let mut checked = 0;
    for (method, path, operation) in all() {
        let content = &operation["requestBody"]["content"]["application/json"];
        let schema = &content["schema"];
        let name = schema["$ref"]
            .as_str()
            .and_then(|name| name.rsplit('/').next());
        let schema = name.map_or(schema, |name| &document()["components"]["schemas"][name]);
        for required in schema["required"].as_array().into_iter().flatten() {
            let Some(mut example) = examples(content).into_iter().next() else {
                continue;
            };
            let members: &mut Map<String, Value> = example.as_object_mut().expect("an object");
            members.remove(required.as_str().expect("a name"));
            let method: Method = method.parse().expect("a method");
            let path = filled(&path, &chat_id, &message_id);
            let response = call(&sim, method, &path, example).await;
            assert!(response.headers().contains_key("x-trace-id"));
            let (status, body) = read(response).await;
            assert_eq!(
                (status, body["error"]["code"].as_u64()),
                (400, Some(1001)),
                "{path} {required}: {body}"
            );
            assert_eq!(body["success"], false);
            assert!(body["trace_id"].is_string() && body["error"]["doc_url"].is_string());
            checked += 1;
        }
    }
    assert!(checked > 25, "{checked}");
}

#[tokio::test]
async fn broken_constraints_have_the_codes_of_the_api() {
    let sim = sim().await;
    let message = json!({ "parts": [{ "type": "text", "value": "Hi" }] });
    let long = "a".repeat(10_001);
    for (body, code) in [
        (
            json!({ "from": "12025550100", "to": ["+12025550101"], "message": message }),
            1002,
        ),
        (
            json!({ "from": "+12025550100", "to": ["not a handle"], "message": message }),
            1002,
        ),
        (
            json!({ "from": "+12025550100", "to": [], "message": message }),
            1005,
        ),
        (
            json!({ "from": "+12025550100", "to": 7, "message": message }),
            1005,
        ),
        (json!([]), 1003),
        (
            json!({ "from": "+12025550100", "to": ["+12025550101"], "message": { "parts": [] } }),
            1004,
        ),
        (
            json!({ "from": "+12025550100", "to": ["+12025550101"], "message": { "parts": [{ "type": "hologram" }] } }),
            1004,
        ),
        (
            json!({ "from": "+12025550100", "to": ["+12025550101"], "message": { "parts": [{ "type": "text", "value": long }] } }),
            1004,
        ),
        (
            json!({ "from": "+12025550100", "to": ["+12025550101"], "message": { "parts": [{ "type": "text" }] } }),
            1001,
        ),
    ] {
        let (status, answer) =
            read(call(&sim, Method::POST, "/v3/chats", body.clone()).await).await;
        assert_eq!(
            (status, answer["error"]["code"].as_u64()),
            (400, Some(code)),
            "{body}: {answer}"
        );
    }
    for (path, code) in [
        ("/v3/chats?limit=0", 1005),
        ("/v3/chats?limit=101", 1005),
        ("/v3/chats?limit=many", 1005),
    ] {
        let (status, answer) = read(call(&sim, Method::GET, path, Value::Null).await).await;
        assert_eq!(
            (status, answer["error"]["code"].as_u64()),
            (400, Some(code)),
            "{path}: {answer}"
        );
    }
}

#[tokio::test]
async fn what_the_document_does_not_name_is_a_warning() {
    let sim = sim().await;
    let body = json!({
        "from": sim.line(), "to": ["+12025550101"],
        "message": { "parts": [{ "type": "text", "value": "Hi", "colour": "red" }], "urgent": true },
    });
    let response = call(&sim, Method::POST, "/v3/chats?dry_run=1", body).await;
    assert_eq!(response.status(), 201);
    let warnings = response.headers().get_all("linq-sim-warning").iter();
    let warnings: Vec<_> = warnings
        .map(|value| value.to_str().expect("text").to_owned())
        .collect();
    for expected in ["`message.urgent`", "`message.parts[0].colour`", "`dry_run`"] {
        assert!(
            warnings.iter().any(|warning| warning.contains(expected)),
            "{expected}: {warnings:?}"
        );
    }
}

#[tokio::test]
async fn keys_and_paths_are_checked() {
    let sim = sim().await;
    let client = reqwest::Client::new();
    for key in [None, Some("bad"), Some("")] {
        let request = client.get(format!("{}/v3/chats", sim.base_url()));
        let request = match key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        let (status, body) = read(request.send().await.expect("a response")).await;
        assert_eq!((status, body["error"]["code"].as_u64()), (401, Some(2004)));
    }
    assert_eq!(
        call(&sim, Method::GET, "/v3/nothing", Value::Null)
            .await
            .status(),
        404
    );
    assert_eq!(
        call(&sim, Method::PATCH, "/v3/chats", Value::Null)
            .await
            .status(),
        405
    );
}

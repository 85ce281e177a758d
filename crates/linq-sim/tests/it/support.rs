//! A client of the plain API, so that no type of ours hides what the simulator says.

use linq_sim::Sim;
use reqwest::{Method, Response};
use serde_json::{Value, json};

pub(crate) const ANA: &str = "+12025550101";
pub(crate) const BEN: &str = "+12025550102";
pub(crate) const CEM: &str = "+12025550103";

/// A simulator whose clock only tests move.
pub(crate) async fn sim() -> Sim {
    Sim::builder().stopped().start().await.expect("a free port")
}

/// Calls the API.
pub(crate) async fn call(sim: &Sim, method: Method, path: &str, body: Value) -> Response {
    let request = reqwest::Client::new()
        .request(method, format!("{}{path}", sim.base_url()))
        .bearer_auth(sim.api_key());
    let request = match body {
        Value::Null => request,
        body => request.json(&body),
    };
    request.send().await.expect("a response")
}

pub(crate) async fn post(sim: &Sim, path: &str, body: Value) -> (u16, Value) {
    read(call(sim, Method::POST, path, body).await).await
}

pub(crate) async fn get(sim: &Sim, path: &str) -> (u16, Value) {
    read(call(sim, Method::GET, path, Value::Null).await).await
}

pub(crate) async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or_default())
}

/// A message of one text.
pub(crate) fn text(text: &str) -> Value {
    json!({ "parts": [{ "type": "text", "value": text }] })
}

/// Starts a chat with a person; returns the ids of chat and message.
pub(crate) async fn chat(sim: &Sim, to: &[&str]) -> (String, String) {
    let body = json!({ "from": sim.line(), "to": to, "message": text("Hello") });
    let (status, body) = post(sim, "/v3/chats", body).await;
    assert_eq!(status, 201, "{body}");
    let id = |value: &Value| value.as_str().expect("an id").to_owned();
    (id(&body["chat"]["id"]), id(&body["chat"]["message"]["id"]))
}

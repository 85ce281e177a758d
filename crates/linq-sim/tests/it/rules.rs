//! Rules of the API, each named by its code.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ANA, BEN, call, chat, post, read, sim, text};

async fn code(sim: &linq_sim::Sim, path: &str, body: Value) -> Value {
    post(sim, path, body).await.1["error"]["code"].clone()
}

#[tokio::test]
async fn a_first_message_has_no_link_effect_or_reply_1005() {
    let sim = sim().await;
    for message in [
        json!({ "parts": [{ "type": "link", "value": "https://example.com" }] }),
        text("See https://example.com"),
        json!({ "parts": [{ "type": "text", "value": "Hi" }], "effect": { "type": "screen", "name": "confetti" } }),
    ] {
        let body = json!({ "from": sim.line(), "to": [ANA], "message": message });
        assert_eq!(code(&sim, "/v3/chats", body).await, 1005);
    }
    // A message without a line to come from may have a link.
    let link = json!({ "parts": [{ "type": "link", "value": "https://example.com" }] });
    let (status, _) = post(
        &sim,
        "/v3/messages",
        json!({ "to": [ANA], "message": link }),
    )
    .await;
    assert_eq!(status, 202);
}

#[tokio::test]
async fn parts_that_do_not_go_together_are_1004() {
    let sim = sim().await;
    let (chat_id, _) = chat(&sim, &[ANA]).await;
    let path = format!("/v3/chats/{chat_id}/messages");
    let part = |value: Value| value;
    for parts in [
        json!([{ "type": "text", "value": "a" }, { "type": "text", "value": "b" }]),
        json!([{ "type": "link", "value": "https://example.com" }, { "type": "text", "value": "b" }]),
        json!([part(json!({ "type": "media" }))]),
        json!([{ "type": "text", "value": "🎉 party", "text_decorations": [{ "range": [0, 1], "style": "bold" }] }]),
        json!([{ "type": "text", "value": "party", "text_decorations": [{ "range": [0, 9], "style": "bold" }] }]),
        json!([{ "type": "text", "value": "party", "text_decorations": [{ "range": [0, 3] }] }]),
    ] {
        let body = json!({ "message": { "parts": parts } });
        assert_eq!(code(&sim, &path, body.clone()).await, 1004, "{body}");
    }
    let mention = json!({ "parts": [{ "type": "text", "value": "Ana", "mention": ANA, "mention_range": [0, 3] }] });
    assert_eq!(code(&sim, &path, json!({ "message": mention })).await, 2023);
}

#[tokio::test]
async fn one_key_sends_once_and_a_deleted_message_is_gone() {
    let sim = sim().await;
    let (chat_id, _) = chat(&sim, &[ANA]).await;
    let path = format!("/v3/chats/{chat_id}/messages");
    let mut message = text("Once");
    message["idempotency_key"] = "order-1".into();
    let (_, first) = post(&sim, &path, json!({ "message": message })).await;
    let (_, second) = post(&sim, &path, json!({ "message": message })).await;
    assert_eq!(first, second);
    assert_eq!(sim.phone(ANA).messages(), ["Hello", "Once"]);
    message["parts"][0]["value"] = "Other".into();
    let other = call(&sim, Method::POST, &path, json!({ "message": message })).await;
    assert!(other.headers().contains_key("linq-sim-warning"));
    let id = first["message"]["id"].as_str().expect("an id");
    let deleted = call(
        &sim,
        Method::DELETE,
        &format!("/v3/messages/{id}"),
        Value::Null,
    )
    .await;
    assert_eq!(deleted.status(), 204);
    let (status, gone) = post(&sim, &path, json!({ "message": message })).await;
    assert_eq!((status, gone["error"]["code"].as_u64()), (404, Some(2002)));
    // The header does the same where the operation has it.
    let send = || async {
        let request = reqwest::Client::new()
            .post(format!("{}/v3/messages", sim.base_url()))
            .bearer_auth("k");
        let request = request
            .header("Idempotency-Key", "header-1")
            .json(&json!({ "to": [BEN], "message": text("Hi") }));
        read(request.send().await.expect("a response")).await
    };
    assert_eq!(send().await, send().await);
    assert_eq!(sim.phone(BEN).messages(), ["Hi"]);
}

#[tokio::test]
async fn thirty_messages_a_minute_then_1007() {
    let sim = sim().await;
    let (chat_id, _) = chat(&sim, &[ANA]).await;
    let path = format!("/v3/chats/{chat_id}/messages");
    for _ in 0..29 {
        assert_eq!(
            post(&sim, &path, json!({ "message": text("Hi") })).await.0,
            202
        );
    }
    let response = call(&sim, Method::POST, &path, json!({ "message": text("Hi") })).await;
    let seconds = response
        .headers()
        .get("retry-after")
        .map(|value| value.to_str().expect("text").to_owned());
    let (status, body) = read(response).await;
    assert_eq!((status, body["error"]["code"].as_u64()), (429, Some(1007)));
    assert_eq!(seconds.as_deref(), Some("60"));
    assert_eq!(body["error"]["retry_after"], 60);
    sim.clock().advance(Duration::from_secs(61)).await;
    assert_eq!(
        post(&sim, &path, json!({ "message": text("Hi") })).await.0,
        202
    );
}

#[tokio::test]
async fn who_opts_out_is_not_written_to_2024_and_a_reply_ends_it() {
    let sim = sim().await;
    let ana = sim.phone(ANA);
    let (chat_id, _) = chat(&sim, &[ANA]).await;
    let path = format!("/v3/chats/{chat_id}/messages");
    ana.says("STOP").await.expect("a line");
    let (status, body) = post(&sim, &path, json!({ "message": text("Please") })).await;
    assert_eq!((status, body["error"]["code"].as_u64()), (403, Some(2024)));
    let overridden = json!({ "message": text("Your code"), "override_optout": true });
    assert_eq!(post(&sim, &path, overridden).await.0, 202);
    ana.says("stop it, you").await.expect("a line");
    assert_eq!(
        post(&sim, &path, json!({ "message": text("Welcome back") }))
            .await
            .0,
        202
    );
}

#[tokio::test]
async fn blocked_handles_are_2026_until_unblocked() {
    let sim = sim().await;
    let (chat_id, _) = chat(&sim, &[ANA]).await;
    let path = format!("/v3/chats/{chat_id}/messages");
    let handle = json!({ "handle": ANA });
    assert_eq!(
        post(&sim, "/v3/blocked_handles", handle.clone()).await.0,
        200
    );
    assert_eq!(
        code(&sim, &path, json!({ "message": text("Hi") })).await,
        2026
    );
    assert_eq!(
        call(&sim, Method::DELETE, "/v3/blocked_handles", handle)
            .await
            .status(),
        204
    );
    assert_eq!(
        post(&sim, &path, json!({ "message": text("Hi") })).await.0,
        202
    );
}

#[tokio::test]
async fn edits_end_after_five_and_after_fifteen_minutes() {
    let sim = sim().await;
    let (chat_id, id) = chat(&sim, &[ANA]).await;
    let edit = |id: String| {
        call(
            &sim,
            Method::PATCH,
            Box::leak(format!("/v3/messages/{id}").into_boxed_str()),
            json!({ "text": "x" }),
        )
    };
    for _ in 0..5 {
        assert_eq!(edit(id.clone()).await.status(), 200);
    }
    assert_eq!(edit(id).await.status(), 400);
    let (_, sent) = post(
        &sim,
        &format!("/v3/chats/{chat_id}/messages"),
        json!({ "message": text("Late") }),
    )
    .await;
    sim.clock().advance(Duration::from_secs(15 * 60 + 1)).await;
    assert_eq!(
        edit(sent["message"]["id"].as_str().expect("an id").to_owned())
            .await
            .status(),
        400
    );
}

#[tokio::test]
async fn magic_handles_behave_as_their_numbers_say() {
    let sim = sim().await;
    for (number, status, expected) in [("+12025550192", 403, 2024), ("+12025550193", 403, 2026)] {
        let body = json!({ "from": sim.line(), "to": [number], "message": text("Hi") });
        let (got, body) = post(&sim, "/v3/chats", body).await;
        assert_eq!(
            (got, body["error"]["code"].as_u64()),
            (status, Some(expected))
        );
    }
    let (id, _) = chat(&sim, &["+12025550191"]).await;
    assert_eq!(
        sim.state()["chats"]
            .as_array()
            .expect("chats")
            .iter()
            .find(|chat| chat["id"] == *id)
            .expect("the chat")["service"],
        "SMS"
    );
    let (id, message) = chat(&sim, &["+12025550194"]).await;
    sim.clock().advance(Duration::from_secs(5)).await;
    let state = |message: &str| {
        let chats = sim.state()["chats"].as_array().expect("chats").clone();
        let messages = chats
            .iter()
            .flat_map(|chat| chat["messages"].as_array().expect("messages").clone());
        messages
            .into_iter()
            .find(|one| one["id"] == *message)
            .expect("the message")["delivery_status"]
            .clone()
    };
    assert_eq!(state(&message), "failed");
    assert!(!id.is_empty());
    let (_, message) = chat(&sim, &["+12025550199"]).await;
    sim.clock().advance(Duration::from_secs(5)).await;
    assert_eq!(state(&message), "read");
    chat(&sim, &["+12025550198"]).await;
    sim.clock().advance(Duration::from_secs(5)).await;
    let answered = sim.state()["chats"]
        .as_array()
        .expect("chats")
        .iter()
        .any(|chat| {
            chat["messages"]
                .as_array()
                .expect("messages")
                .iter()
                .any(|message| message["parts"][0]["value"] == "Thanks!")
        });
    assert!(answered);
}

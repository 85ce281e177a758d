//! Conversations of both sides.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ANA, BEN, CEM, call, chat, get, post, read, sim, text};

#[tokio::test]
async fn a_person_and_the_account_write_to_each_other() {
    let sim = sim().await;
    let ana = sim.phone(ANA);
    let (chat_id, _) = chat(&sim, &[ANA]).await;
    ana.expect_message("Hello").await.expect("it came");
    let inbound = ana.says("Hi there").await.expect("a line");
    let body = json!({ "message": {
        "parts": [{ "type": "text", "value": "How are you?" }], "reply_to": { "message_id": inbound },
    } });
    let (status, sent) = post(&sim, &format!("/v3/chats/{chat_id}/messages"), body).await;
    assert_eq!((status, sent["chat_id"].as_str()), (202, Some(&*chat_id)));
    let (_, list) = get(&sim, &format!("/v3/chats/{chat_id}/messages")).await;
    let texts: Vec<_> = list["messages"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|message| &message["parts"][0]["value"])
        .collect();
    assert_eq!(texts, ["How are you?", "Hi there", "Hello"]);
    let (_, thread) = get(&sim, &format!("/v3/messages/{inbound}/thread")).await;
    assert_eq!(thread["messages"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn the_same_people_share_a_chat_until_it_has_a_name() {
    let sim = sim().await;
    let (one, _) = chat(&sim, &[ANA, BEN]).await;
    let (other, _) = chat(&sim, &[BEN, ANA]).await;
    assert_eq!(one, other);
    let (direct, _) = chat(&sim, &[ANA]).await;
    assert_ne!(direct, one);
    let renamed = call(
        &sim,
        Method::PUT,
        &format!("/v3/chats/{one}"),
        json!({ "display_name": "Lunch" }),
    )
    .await;
    assert_eq!(renamed.status(), 202);
    let (third, _) = chat(&sim, &[ANA, BEN]).await;
    assert_ne!(third, one);
    let refused = call(
        &sim,
        Method::PUT,
        &format!("/v3/chats/{direct}"),
        json!({ "display_name": "No" }),
    )
    .await;
    assert_eq!(read(refused).await.1["error"]["code"], 1006);
}

#[tokio::test]
async fn groups_gain_and_lose_people() {
    let sim = sim().await;
    let (id, _) = chat(&sim, &[ANA, BEN]).await;
    let path = format!("/v3/chats/{id}/participants");
    let handle = json!({ "handle": CEM });
    assert_eq!(post(&sim, &path, handle.clone()).await.0, 202);
    assert_eq!(post(&sim, &path, handle.clone()).await.0, 409);
    assert_eq!(
        call(&sim, Method::DELETE, &path, handle).await.status(),
        202
    );
    let last = call(&sim, Method::DELETE, &path, json!({ "handle": ANA })).await;
    assert_eq!(read(last).await.1["error"]["code"], 2015);
    let (_, chat) = get(&sim, &format!("/v3/chats/{id}")).await;
    let left: Vec<_> = chat["handles"]
        .as_array()
        .expect("handles")
        .iter()
        .filter(|handle| handle["status"] == "left")
        .collect();
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn pages_follow_each_other() {
    let sim = sim().await;
    for number in 1..=5 {
        chat(&sim, &[&format!("+1202555012{number}")]).await;
    }
    let mut seen: Vec<Value> = Vec::new();
    let mut path = "/v3/chats?limit=2".to_owned();
    loop {
        let (_, page) = get(&sim, &path).await;
        seen.extend(
            page["chats"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|chat| chat["id"].clone()),
        );
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v3/chats?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    let count = seen.len();
    seen.sort_by_key(Value::to_string);
    seen.dedup();
    assert_eq!((count, seen.len()), (5, 5));
}

#[tokio::test]
async fn a_file_goes_up_and_into_a_message() {
    let sim = sim().await;
    let (chat_id, _) = chat(&sim, &[ANA]).await;
    let announced =
        json!({ "filename": "menu.txt", "content_type": "text/plain", "size_bytes": 5 });
    let (status, upload) = post(&sim, "/v3/attachments", announced).await;
    assert_eq!(status, 200, "{upload}");
    let id = upload["attachment_id"].as_str().expect("an id");
    let message = json!({ "message": { "parts": [{ "type": "media", "attachment_id": id }] } });
    let path = format!("/v3/chats/{chat_id}/messages");
    let (_, early) = post(&sim, &path, message.clone()).await;
    assert_eq!(early["error"]["code"], 2007);
    let put = |bytes: &'static str| {
        let url = upload["upload_url"].as_str().expect("an address");
        reqwest::Client::new()
            .put(url)
            .header("content-type", "text/plain")
            .body(bytes)
            .send()
    };
    assert_eq!(put("four").await.expect("a response").status(), 400);
    assert_eq!(put("fives").await.expect("a response").status(), 200);
    let (status, sent) = post(&sim, &path, message).await;
    assert_eq!(status, 202, "{sent}");
    let part = &sent["message"]["parts"][0];
    assert_eq!(
        (part["filename"].as_str(), part["size_bytes"].as_u64()),
        (Some("menu.txt"), Some(5))
    );
    let file = reqwest::get(part["url"].as_str().expect("an address"))
        .await
        .expect("a response");
    assert_eq!(file.text().await.expect("a body"), "fives");
}

#[tokio::test]
async fn polls_reactions_and_edits_are_kept() {
    let sim = sim().await;
    let ana = sim.phone(ANA);
    let (chat_id, message_id) = chat(&sim, &[ANA]).await;
    let poll = json!({ "poll": { "options": [{ "text": "Seven" }, { "text": "Eight" }] } });
    let (_, made) = post(&sim, &format!("/v3/chats/{chat_id}/polls"), poll).await;
    let poll_path = format!(
        "/v3/messages/{}/poll",
        made["message_id"].as_str().expect("an id")
    );
    let vote = json!({ "operation": "add", "option_id": made["poll"]["options"][0]["option_id"] });
    assert_eq!(post(&sim, &format!("{poll_path}/votes"), vote).await.0, 200);
    let (_, poll) = get(&sim, &poll_path).await;
    assert_eq!(poll["poll"]["total_voters"], 1);
    ana.reacts(&message_id, "love").await.expect("a message");
    let edit = json!({ "text": "Hello!" });
    let edited = call(
        &sim,
        Method::PATCH,
        &format!("/v3/messages/{message_id}"),
        edit,
    )
    .await;
    assert_eq!(edited.status(), 200);
    let (_, message) = get(&sim, &format!("/v3/messages/{message_id}")).await;
    assert_eq!(message["parts"][0]["value"], "Hello!");
    assert_eq!(message["parts"][0]["reactions"][0]["type"], "love");
}

#[tokio::test]
async fn the_right_line_is_chosen_where_none_is_named() {
    let sim = sim().await;
    let body = json!({ "to": [ANA], "message": text("Hi") });
    let (status, first) = post(&sim, "/v3/messages", body.clone()).await;
    assert_eq!(
        (status, first["created_new_chat"].as_bool()),
        (202, Some(true))
    );
    let (_, second) = post(&sim, "/v3/messages", body).await;
    assert_eq!(second["from_selection"]["reason"], "reused_active_chat");
    assert_eq!(second["chat_id"], first["chat_id"]);
}

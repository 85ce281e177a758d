//! What goes over the wire.

use crate::support::{CHAT_ID, create_chat_body, create_chat_json};
use linq_client::{CallOptions, Client, Prepared, reqwest, types};
use linq_testing::API_KEY;
use linq_testing::responses::{CHAT, CREATED, NO_CHATS};
use linq_testing::server::{Server, Step};
use serde_json::json;

const USER_AGENT: &str = concat!("linq-rs/", env!("CARGO_PKG_VERSION"));

fn client(server: &Server) -> Client {
    Client::new(&server.base_url(), API_KEY).expect("both are valid")
}

fn headers(pairs: &[(&str, &str)], base_url: &str) -> Vec<(String, String)> {
    let host = base_url
        .trim_start_matches("http://")
        .trim_end_matches("/api/partner");
    let mut headers: Vec<_> = [("host", host), ("accept", "application/json")]
        .iter()
        .chain(&[("authorization", "Bearer key-4f7d2a")])
        .chain(pairs)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    headers.sort();
    headers
}

#[tokio::test]
async fn a_get_has_these_headers_and_no_other() {
    let server = Server::start([Step::bare(200, CHAT)]).await;
    client(&server)
        .get_chat()
        .chat_id(CHAT_ID)
        .send()
        .await
        .expect("a chat");
    let request = server.only_request();
    let target = "/api/partner/v3/chats/3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13";
    assert_eq!(request.line(), format!("GET {target}"));
    assert_eq!(
        request.headers,
        headers(&[("user-agent", USER_AGENT)], &server.base_url())
    );
    assert!(request.body.is_empty());
}

#[tokio::test]
async fn a_post_has_these_headers_and_no_other() {
    let server = Server::start([Step::bare(201, CREATED)]).await;
    client(&server)
        .create_chat()
        .body(create_chat_body())
        .send()
        .await
        .expect("a chat");
    let request = server.only_request();
    let length = request.body.len().to_string();
    let own = [
        ("content-length", length.as_str()),
        ("content-type", "application/json"),
        ("user-agent", USER_AGENT),
    ];
    assert_eq!(request.line(), "POST /api/partner/v3/chats");
    assert_eq!(request.headers, headers(&own, &server.base_url()));
    let body: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
    assert_eq!(body, create_chat_json());
}

#[tokio::test]
async fn a_suffix_is_added_to_the_user_agent() {
    let server = Server::start([Step::bare(200, NO_CHATS)]).await;
    let builder = Client::builder()
        .base_url(server.base_url())
        .api_key(API_KEY);
    let client = builder
        .user_agent_suffix("shop/1.4")
        .build()
        .expect("all are valid");
    client.list_chats().send().await.expect("a page");
    let user_agent = format!("{USER_AGENT} shop/1.4");
    assert_eq!(
        server.only_request().headers,
        headers(&[("user-agent", &user_agent)], &server.base_url())
    );
}

#[tokio::test]
async fn a_custom_http_client_sends_the_same() {
    let server = Server::start([Step::bare(200, NO_CHATS)]).await;
    let http = reqwest::Client::builder()
        .user_agent("other")
        .build()
        .expect("a client");
    let builder = Client::builder()
        .base_url(server.base_url())
        .api_key(API_KEY);
    let client = builder.http_client(http).build().expect("all are valid");
    client.list_chats().send().await.expect("a page");
    assert_eq!(
        server.only_request().headers,
        headers(&[("user-agent", USER_AGENT)], &server.base_url())
    );
}

#[tokio::test]
async fn query_values_are_data_whatever_they_hold() {
    let server = Server::start([Step::bare(200, NO_CHATS)]).await;
    let call = client(&server);
    let call = call
        .list_chats()
        .from("+12025550100")
        .to("a b&c=d#é%2e")
        .limit(50)
        .cursor("x/y?");
    call.send().await.expect("a page");
    assert_eq!(
        server.only_request().target,
        "/api/partner/v3/chats?from=%2B12025550100&to=a%20b%26c%3Dd%23%C3%A9%252e&limit=50&cursor=x%2Fy%3F"
    );
}

#[tokio::test]
async fn an_unset_parameter_keeps_the_request_from_being_sent() {
    let server = Server::start([Step::bare(200, CHAT)]).await;
    let client = client(&server);
    let error = client.get_chat().send().await.expect_err("no id");
    assert!(error.is_invalid_request() && !error.is_configuration());
    assert_eq!(
        error.to_string(),
        "get_chat: invalid request: `chatId` was not set"
    );
    assert_eq!(
        error.operation().map(|operation| operation.operation_id()),
        Some("getChat")
    );
    let error = client.create_chat().send().await.expect_err("no body");
    assert_eq!(
        error.to_string(),
        "create_chat: invalid request: `body` was not set"
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_value_that_does_not_convert_is_not_printed() {
    let server = Server::start([Step::bare(200, CHAT)]).await;
    let error = client(&server)
        .get_chat()
        .chat_id("+12025550199")
        .send()
        .await;
    let error = error.expect_err("not a UUID");
    assert!(error.is_invalid_request());
    assert!(
        error
            .to_string()
            .starts_with("get_chat: invalid request: `chatId` was set to")
    );
    assert!(!format!("{error} {error:?}").contains("2025550199"));
    assert!(server.requests().is_empty());
}

#[test]
fn debug_of_a_builder_says_what_is_set_and_holds_no_values() {
    let client = linq_client::Client::new("http://127.0.0.1:9", "secret-key").expect("valid");
    let chats = client.list_chats().from("+12025550100").limit(50);
    assert_eq!(
        format!("{chats:?}"),
        "ListChats { from: set, limit: set, .. }"
    );
    let chat = client.get_chat().chat_id("not a UUID");
    assert_eq!(format!("{chat:?}"), "GetChat { chat_id: invalid, .. }");
}

#[tokio::test]
async fn a_call_can_be_sent_later_and_its_key_set_until_then() {
    let server = Server::start([Step::bare(201, CREATED)]).await;
    let client = client(&server);
    let mut call: Prepared<_> = client.create_chat().body(create_chat_body()).into();
    assert_eq!(call.idempotency_key(), None);
    call.set_idempotency_key("key-1").expect("it takes a key");
    assert_eq!(call.idempotency_key(), Some("key-1"));
    call.send(&client).await.expect("a chat");
    let body: serde_json::Value =
        serde_json::from_slice(&server.only_request().body).expect("JSON");
    assert_eq!(body["message"]["idempotency_key"], "key-1");
    assert_eq!(
        body["message"]["parts"],
        create_chat_json()["message"]["parts"]
    );
}

#[tokio::test]
async fn a_key_goes_where_the_operation_takes_it() {
    let server = Server::start([]).await;
    let client = client(&server);
    let body = || -> types::CreateMessageRequest {
        let mut body = create_chat_json();
        body.as_object_mut().expect("an object").remove("from");
        serde_json::from_value(body).expect("a message")
    };
    let written = |call: &Prepared<_>| {
        let request = call.request(&client).expect("all is valid");
        let body: serde_json::Value =
            serde_json::from_slice(request.body().expect("a body")).expect("JSON");
        let header = request.headers().get("idempotency-key");
        let header = header.map(|key| key.to_str().expect("text").to_owned());
        (header, body["message"]["idempotency_key"].clone())
    };
    // Into the header if there is one, and into the body if it had a key before.
    let mut call = client.create_message().body(body()).prepare();
    call.set_idempotency_key("own").expect("it takes a key");
    assert_eq!(
        written(&call),
        (Some("own".to_owned()), serde_json::Value::Null)
    );
    let mut with_key = body();
    with_key.message.idempotency_key = Some("old".to_owned());
    let mut call = client.create_message().body(with_key).prepare();
    assert_eq!(call.idempotency_key(), Some("old"));
    call.set_idempotency_key("own").expect("it takes a key");
    assert_eq!(written(&call), (Some("own".to_owned()), "own".into()));
    let call = client
        .create_message()
        .body(body())
        .idempotency_key("first")
        .prepare();
    assert_eq!(call.idempotency_key(), Some("first"));

    let mut read = client.get_chat().chat_id(CHAT_ID).prepare();
    read.set_idempotency_key("own").expect("reading needs none");
    assert_eq!(read.idempotency_key(), None);
    let mut leave = client.leave_chat().chat_id(CHAT_ID).prepare();
    let error = leave
        .set_idempotency_key("own")
        .expect_err("it takes no key");
    assert_eq!(
        error.to_string(),
        "leave_chat: invalid request: `idempotency key` is set, but the operation does not take one"
    );
    let mut call = client.create_message().body(body()).prepare();
    let error = call
        .set_idempotency_key("a\nb")
        .expect_err("not for a header");
    assert!(error.is_invalid_request());
}

#[tokio::test]
async fn a_key_is_not_lost_with_a_member_that_is_replaced() {
    let server = Server::start([]).await;
    let client = client(&server);
    let written = |message: serde_json::Value, key: Option<&str>| {
        let client = client.with_options(CallOptions::new().body_field("message", message));
        let mut call = client.create_chat().body(create_chat_body()).prepare();
        if let Some(key) = key {
            call.set_idempotency_key(key).expect("it takes a key");
        }
        let request = call.request(&client)?;
        let body = request.body().expect("a body").clone();
        Ok::<_, linq_client::Error>(
            serde_json::from_slice::<serde_json::Value>(&body).expect("JSON"),
        )
    };
    let written = |message, key| written(message, key).map(|body| body["message"].clone());
    for (message, key, expected) in [
        (json!({ "a": 1 }), None, json!({ "a": 1 })),
        (json!("text"), None, json!("text")),
        (
            json!({ "a": 1 }),
            Some("own"),
            json!({ "a": 1, "idempotency_key": "own" }),
        ),
        (
            json!({ "idempotency_key": "own" }),
            Some("own"),
            json!({ "idempotency_key": "own" }),
        ),
    ] {
        assert_eq!(written(message, key).expect("it is valid"), expected);
    }
    for message in [
        json!({ "idempotency_key": "other" }),
        json!("text"),
        json!([]),
    ] {
        let error = written(message, Some("own")).expect_err("the key would be lost");
        assert!(error.is_invalid_request(), "{error}");
    }
}

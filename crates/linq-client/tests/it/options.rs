//! Options of single calls, and calls of any path.

use std::time::Duration;

use crate::support::{create_chat_body, create_chat_json};
use linq_client::reqwest::Method;
use linq_client::reqwest::header::{HeaderName, HeaderValue};
use linq_client::{CallOptions, Client, Error, Operation, Prepared, Repeat};
use linq_testing::API_KEY;
use linq_testing::responses::{CREATED, NO_CHATS, NOT_FOUND};
use linq_testing::server::{Server, Step};
use serde_json::{Value, json};

static STICKERS: Operation = Operation::new(
    "list_stickers",
    "listStickers",
    Method::GET,
    "/v3/stickers",
    "Stickers",
    Some("application/json"),
    Repeat::Read,
);

static MAKE_STICKER: Operation = Operation::new(
    "make_sticker",
    "makeSticker",
    Method::POST,
    "/v3/stickers",
    "Stickers",
    Some("application/json"),
    Repeat::Once,
);

fn client(server: &Server) -> Client {
    Client::new(&server.base_url(), API_KEY).expect("all is valid")
}

fn header(name: &'static str, value: &'static str) -> (HeaderName, HeaderValue) {
    (
        HeaderName::from_static(name),
        HeaderValue::from_static(value),
    )
}

#[tokio::test]
async fn options_come_beside_the_parameters_or_in_their_place() {
    let server = Server::start([Step::bare(201, CREATED)]).await;
    let (name, value) = header("x-extra", "yes");
    let (agent, shop) = header("user-agent", "shop");
    let options = CallOptions::new()
        .header(name, value)
        .header(agent, shop)
        .query("expand", "a,b&c")
        .query("expand", "d")
        .body_field("from", "+12025550102")
        .body_field("extra", json!({ "a": 1 }));
    let shown = format!("{options:?}");
    assert!(!shown.contains("yes") && !shown.contains("555"), "{shown}");
    client(&server)
        .with_options(options)
        .create_chat()
        .body(create_chat_body())
        .send()
        .await
        .expect("success");
    let request = server.only_request();
    assert_eq!(
        request.target,
        "/api/partner/v3/chats?expand=a%2Cb%26c&expand=d"
    );
    let mut expected = create_chat_json();
    expected["from"] = "+12025550102".into();
    expected["extra"] = json!({ "a": 1 });
    let body: Value = serde_json::from_slice(&request.body).expect("JSON");
    assert_eq!(body, expected);
    for (name, value) in [("x-extra", "yes"), ("user-agent", "shop")] {
        assert!(
            request
                .headers
                .contains(&(name.to_owned(), value.to_owned())),
            "{name}"
        );
    }
}

#[tokio::test]
async fn options_hold_for_the_client_that_was_given_them() {
    let server = Server::start([Step::bare(200, NO_CHATS), Step::bare(200, NO_CHATS)]).await;
    let client = client(&server);
    let with = client.with_options(CallOptions::new().query("a", "1"));
    with.with_options(CallOptions::new().query("b", "2"))
        .list_chats()
        .limit(5)
        .send()
        .await
        .expect("success");
    client.list_chats().send().await.expect("success");
    let targets: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.target.to_owned())
        .collect();
    assert_eq!(
        targets,
        ["/api/partner/v3/chats?limit=5&b=2", "/api/partner/v3/chats"]
    );
}

#[tokio::test]
async fn a_timeout_of_a_call_takes_the_place_of_the_clients() {
    let server = Server::start([Step::bare(200, "{").stalled()]).await;
    let client = client(&server);
    let options = CallOptions::new().timeout(Duration::from_millis(50));
    let call = client.with_options(options);
    let error = call
        .list_chats()
        .send()
        .await
        .expect_err("the answer stalls");
    assert!(error.is_timeout());
}

#[tokio::test]
async fn a_field_makes_a_body_and_is_refused_by_a_list() {
    let server = Server::start([Step::bare(200, "{}")]).await;
    let client = client(&server).with_options(CallOptions::new().body_field("name", "wave"));
    let call = client.raw(&MAKE_STICKER, "/v3/stickers");
    call.send().await.expect("success");
    assert_eq!(server.only_request().body, br#"{"name":"wave"}"#);
    let call = client.raw(&MAKE_STICKER, "/v3/stickers").json(&[1]);
    let error = call.send().await.expect_err("a list has no fields");
    assert_eq!(
        error.to_string(),
        "make_sticker: invalid request: `body` is not a JSON object, so that no field can be added"
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn fields_leave_the_rest_of_the_body_to_the_last_digit() {
    let server = Server::start([Step::bare(200, "{}")]).await;
    let client = client(&server).with_options(CallOptions::new().body_field("z", 1));
    let body =
        serde_json::value::RawValue::from_string(r#"{"a":0.10000000000000000001}"#.to_owned());
    let call = client
        .raw(&MAKE_STICKER, "/v3/stickers")
        .json(&body.expect("JSON"));
    call.send().await.expect("success");
    assert_eq!(
        server.only_request().body,
        br#"{"a":0.10000000000000000001,"z":1}"#
    );
}

#[tokio::test]
async fn any_path_is_called_like_an_operation() {
    let server = Server::start([
        Step::bare(200, r#"{"stickers":[]}"#),
        Step::bare(404, NOT_FOUND),
    ])
    .await;
    let client = client(&server);
    let call = client
        .raw(&STICKERS, "/v3/stickers/a%2Fb")
        .query("limit", 3)
        .query("none", ());
    let call = call.header("x-extra", true);
    let response = call.send().await.expect("success");
    assert_eq!(*response, json!({ "stickers": [] }));
    let error: Error = client
        .raw(&STICKERS, "/v3/stickers")
        .send()
        .await
        .expect_err("not there");
    assert_eq!(error.code(), Some(2001));
    assert_eq!(error.operation(), Some(&STICKERS));
    let request = &server.requests()[0];
    assert_eq!(request.line(), "GET /api/partner/v3/stickers/a%2Fb?limit=3");
    for (name, value) in [
        ("x-extra", "true".to_owned()),
        ("accept", "application/json".to_owned()),
        ("authorization", format!("Bearer {API_KEY}")),
    ] {
        assert!(
            request.headers.contains(&(name.to_owned(), value)),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_path_that_would_change_is_refused() {
    let server = Server::start([]).await;
    let client = client(&server);
    for path in [
        "stickers",
        "",
        "//other.example/v3",
        "/v3/../../other",
        "/a?b=c",
        "/a#b",
        "/%2E%2e/a",
        "/a b",
        "/{id}",
    ] {
        let call = client.raw(&STICKERS, path);
        let error = call.send().await.expect_err("no path");
        assert!(error.is_invalid_request(), "{path}");
    }
    let call = client.raw(&STICKERS, "/a").header("a b", "c");
    let error = call.send().await.expect_err("no header");
    assert!(
        error
            .to_string()
            .starts_with("list_stickers: invalid request: `header` has"),
        "{error}"
    );
    let call = client.raw(&STICKERS, "/a").query("a", json!({}));
    let error = call.send().await.expect_err("no scalar");
    assert!(
        error
            .to_string()
            .starts_with("list_stickers: invalid request: `query` is"),
        "{error}"
    );
}

#[tokio::test]
async fn headers_of_the_connection_and_the_key_cannot_be_set() {
    let server = Server::start([]).await;
    let client = client(&server);
    for name in [
        "content-length",
        "transfer-encoding",
        "host",
        "connection",
        "authorization",
        "upgrade",
    ] {
        let (header, value) = header(name, "3");
        let with = client.with_options(CallOptions::new().header(header, value));
        let error = with.list_chats().send().await.expect_err(name);
        assert!(error.is_invalid_request(), "{name}");
        let message = "list_chats: invalid request: `header` is one that the client or HTTP sets, so that a call \
                       cannot";
        assert_eq!(error.to_string(), message);
        let call = client.raw(&STICKERS, "/v3/stickers").header(name, 3);
        let error = call.send().await.expect_err(name);
        assert!(error.is_invalid_request(), "{name}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_timeout_of_zero_is_refused() {
    let server = Server::start([]).await;
    let client = client(&server).with_options(CallOptions::new().timeout(Duration::ZERO));
    let error = client.list_chats().send().await.expect_err("no time");
    assert_eq!(
        error.to_string(),
        "list_chats: invalid request: `timeout` is zero"
    );
}

#[tokio::test]
async fn a_response_is_decoded_to_any_type() {
    let server = Server::start([
        Step::bare(200, r#"["a"]"#),
        Step::bare(200, r#"["secret"]"#),
        Step::bare(204, ""),
    ])
    .await;
    let client = client(&server);
    let call = || client.raw(&STICKERS, "/v3/stickers");
    let names: Prepared<Vec<String>> = call().prepare();
    let names = names.map(|names| names.len());
    assert_eq!(*names.send(&client).await.expect("a list of names"), 1);
    let numbers: Prepared<Vec<u8>> = call().prepare();
    let error = numbers.send(&client).await.expect_err("not numbers");
    assert!(error.is_accepted() && error.is_decode());
    let cause = std::error::Error::source(&error).expect("a cause");
    assert_eq!(cause.to_string(), "of another type at line 1 column 9");
    assert!(!format!("{error} {error:?} {cause:?}").contains("secret"));
    assert!(call().send().await.expect("no content").is_null());
}

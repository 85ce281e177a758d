//! How responses are read and decoded.

use std::error::Error as _;
use std::time::{Duration, Instant};

use crate::support::{CHAT_ID, create_chat_body};
use linq_client::{Client, Error, Response, types};
use linq_testing::API_KEY;
use linq_testing::responses::{CHAT, CREATED, NOT_FOUND};
use linq_testing::server::{ClosedPort, Server, Step};

const TIMEOUT: Duration = Duration::from_millis(300);

fn client(server: &Server) -> Client {
    let builder = Client::builder()
        .base_url(server.base_url())
        .api_key(API_KEY);
    builder.timeout(TIMEOUT).build().expect("all are valid")
}

/// Fetches a chat from a server that does what the script says.
async fn get_chat(script: Step) -> Result<Response<types::Chat>, Error> {
    let server = Server::start([script]).await;
    client(&server).get_chat().chat_id(CHAT_ID).send().await
}

/// The error, after a check that it prints nothing that is private.
async fn failure(script: Step) -> Error {
    let error = get_chat(script).await.expect_err("the call fails");
    let mut printed = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        printed.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    let chat_id = CHAT_ID.to_string();
    for private in [
        API_KEY,
        "2025550",
        &chat_id,
        "no chat with",
        "http://",
        "/v3",
    ] {
        assert!(!printed.contains(private), "{private} is in {printed}");
    }
    assert_eq!(
        error.operation().map(|operation| operation.name()),
        Some("get_chat")
    );
    assert_eq!(error.to_string().lines().count(), 1);
    error
}

fn status(error: &Error) -> Option<u16> {
    error.status().map(|status| status.as_u16())
}

#[tokio::test]
async fn every_2xx_is_success() {
    for status in [200, 201, 202, 299] {
        let step = Step::bare(status, CHAT)
            .header("X-Trace-ID", "trace-1")
            .header("x-request-id", "request-1");
        let chat = get_chat(step).await.expect("a chat");
        assert_eq!(chat.status().as_u16(), status);
        assert_eq!(chat.headers()["x-request-id"], "request-1");
        assert_eq!(chat.trace_id(), Some("trace-1"));
        assert_eq!(chat.attempts(), 1);
        assert_eq!(chat.body(), CHAT.as_bytes());
        let shown = format!("{chat:?}");
        assert!(
            shown.contains("trace-1") && !shown.contains("2025550"),
            "{shown}"
        );
        assert_eq!(chat.value().id, CHAT_ID);
        let chat = chat.map(|chat| serde_json::to_value(chat).expect("JSON"));
        assert_eq!(chat["id"], CHAT_ID.to_string());
        assert_eq!(chat.into_value()["is_group"], false);
    }
}

#[tokio::test]
async fn an_error_of_the_api_is_decoded_whatever_its_status() {
    for code in [404, 400, 418, 429, 500, 599] {
        let error = failure(Step::bare(code, NOT_FOUND).header("retry-after", "7")).await;
        assert!(error.is_status() && !error.is_accepted() && !error.is_decode());
        assert_eq!(status(&error), Some(code));
        assert_eq!(error.headers().expect("headers")["retry-after"], "7");
        assert_eq!(error.code(), Some(2001));
        assert_eq!(error.trace_id(), Some("4bd1c70e92a35f68d0417be6a9c2583f"));
        assert_eq!(error.body(), Some(NOT_FOUND.as_bytes()));
        assert_eq!(error.message(), Some("no chat with +12025550199"));
        assert_eq!(error.doc_url(), Some("https://example.com/errors/2001"));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        assert!(error.source().is_none());
        assert_eq!(
            error.to_string(),
            format!(
                "get_chat: refused, status {code}, code 2001, trace id 4bd1c70e92a35f68d0417be6a9c2583f"
            )
        );
        let api = error.api().expect("it is as documented");
        assert_eq!(api.error.message, "no chat with +12025550199");
        let api = error.into_api().expect("it is as documented");
        assert_eq!(api.error.code, 2001);
    }
}

#[tokio::test]
async fn a_page_of_a_proxy_keeps_status_headers_and_its_beginning() {
    let page = format!("<html>{}</html>", "x".repeat(200_000));
    let error = failure(Step::bare(502, &page).header("x-request-id", "proxy-1")).await;
    assert_eq!(status(&error), Some(502));
    assert!(error.is_status() && error.api().is_none() && error.code().is_none());
    assert_eq!(error.trace_id(), Some("proxy-1"));
    assert_eq!(error.body(), Some(&page.as_bytes()[..64 * 1024]));
    assert!(error.source().is_none());
}

#[tokio::test]
async fn an_endless_error_is_not_read_to_its_end() {
    let error = failure(Step::bare(500, "x".repeat(64 * 1024 + 1)).stalled()).await;
    assert_eq!(status(&error), Some(500));
    assert!(!error.is_timeout(), "reading went on after 64 KiB");
}

#[tokio::test]
async fn an_empty_error_keeps_its_status() {
    let error = failure(Step::bare(500, "")).await;
    assert_eq!((status(&error), error.body()), (Some(500), Some(&b""[..])));
    assert!(error.is_status() && error.api().is_none());
    assert_eq!(error.to_string(), "get_chat: refused, status 500");
}

#[tokio::test]
async fn an_error_that_breaks_off_keeps_its_status() {
    let error = failure(Step::bare(503, "{\"success\":").cut_off()).await;
    assert_eq!(
        (status(&error), error.body()),
        (Some(503), Some(&b"{\"success\":"[..]))
    );
    assert!(error.is_status() && !error.is_timeout());
    assert!(error.source().is_some());
    let error = failure(Step::bare(503, "{\"success\":").stalled()).await;
    assert_eq!(status(&error), Some(503));
    assert!(error.is_status() && error.is_timeout());
}

#[tokio::test]
async fn redirects_are_errors_and_not_followed() {
    let other = Server::start([Step::bare(200, CHAT)]).await;
    let location = other.base_url();
    for code in [301, 302, 307, 304] {
        let error = failure(Step::bare(code, "").header("location", &location)).await;
        assert_eq!(status(&error), Some(code));
        assert!(error.is_status());
        assert_eq!(
            error.headers().expect("headers")["location"],
            location.as_str()
        );
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn an_accepted_answer_that_is_not_json_keeps_everything() {
    let page = "<html>".repeat(2_000);
    let error = failure(Step::bare(200, &page).header("x-trace-id", "trace-1")).await;
    assert!(error.is_accepted() && error.is_decode() && !error.is_status());
    assert_eq!(
        (status(&error), error.trace_id()),
        (Some(200), Some("trace-1"))
    );
    assert_eq!(error.body(), Some(page.as_bytes()));
    assert!(error.headers().is_some() && error.api().is_none());
    assert_eq!(
        error.to_string(),
        "get_chat: accepted, but the response is not of the expected type, status 200, trace id trace-1"
    );
}

#[tokio::test]
async fn accepted_json_that_ends_too_early_is_accepted() {
    for body in ["", &CHAT[..40]] {
        let error = failure(Step::bare(202, body)).await;
        assert!(error.is_accepted() && error.is_decode());
        assert_eq!(
            (status(&error), error.body()),
            (Some(202), Some(body.as_bytes()))
        );
        let cause = error.source().expect("a cause").to_string();
        assert!(
            cause.starts_with("JSON that ends too early, at line"),
            "{cause}"
        );
    }
}

#[tokio::test]
async fn a_read_that_breaks_off_keeps_what_was_received_and_may_be_repeated() {
    let error = failure(Step::bare(200, &CHAT[..40]).cut_off()).await;
    assert!(!error.is_accepted() && !error.is_decode() && !error.is_timeout());
    assert_eq!(
        (status(&error), error.body()),
        (Some(200), Some(&CHAT.as_bytes()[..40]))
    );
    let error = failure(Step::bare(200, &CHAT[..40]).stalled()).await;
    assert!(!error.is_accepted() && error.is_timeout());
    assert_eq!(
        (status(&error), error.body()),
        (Some(200), Some(&CHAT.as_bytes()[..40]))
    );
    assert_eq!(
        error.to_string(),
        "get_chat: accepted, but reading the response timed out, status 200"
    );
}

#[tokio::test]
async fn a_write_that_breaks_off_is_accepted() {
    let half = &CREATED[..40];
    for script in [
        Step::bare(201, half).cut_off(),
        Step::bare(201, half).stalled(),
    ] {
        let server = Server::start([script]).await;
        let call = client(&server);
        let call = call.create_chat().body(create_chat_body());
        let error = call.send().await.expect_err("half a response");
        assert!(error.is_accepted() && !error.is_decode());
        assert_eq!(
            (status(&error), error.body()),
            (Some(201), Some(half.as_bytes()))
        );
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_a_timeout() {
    let start = Instant::now();
    let error = failure(Step::Silence { done: false }).await;
    assert!(start.elapsed() >= TIMEOUT && start.elapsed() < TIMEOUT * 10);
    assert!(
        error.is_timeout() && !error.is_connect() && !error.is_accepted() && !error.is_status()
    );
    assert!(error.status().is_none() && error.headers().is_none() && error.body().is_none());
    assert_eq!(error.to_string(), "get_chat: timed out");
    assert!(
        error
            .source()
            .is_some_and(|cause| cause.is::<linq_client::reqwest::Error>())
    );
}

#[tokio::test]
async fn a_timeout_holds_for_an_http_client_of_ones_own() {
    let server = Server::start([Step::Silence { done: false }]).await;
    let builder = Client::builder()
        .base_url(server.base_url())
        .api_key(API_KEY)
        .timeout(TIMEOUT);
    let client = builder
        .http_client(linq_client::reqwest::Client::new())
        .build();
    let error = client
        .expect("a client")
        .list_chats()
        .send()
        .await
        .expect_err("no answer");
    assert!(error.is_timeout());
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_a_connect_error() {
    let closed = ClosedPort::new();
    let base_url = format!("http://127.0.0.1:{}", closed.port());
    let client = Client::new(&base_url, API_KEY).expect("both are valid");
    let error = client
        .list_chats()
        .send()
        .await
        .expect_err("nobody listens");
    assert!(error.is_connect() && !error.is_timeout() && !error.is_hook());
    assert_eq!(
        error.to_string(),
        format!(
            "list_chats: could not connect to 127.0.0.1:{}",
            closed.port()
        )
    );
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_neither_timeout_nor_accepted() {
    let error = failure(Step::Closed).await;
    assert!(!error.is_timeout() && !error.is_connect() && !error.is_accepted());
    assert_eq!(error.to_string(), "get_chat: no response");
}

#[tokio::test]
async fn a_created_chat_is_decoded() {
    let server = Server::start([Step::bare(201, CREATED)]).await;
    let created = client(&server)
        .create_chat()
        .body(create_chat_body())
        .send()
        .await;
    let created = serde_json::to_value(created.expect("a chat").into_value()).expect("JSON");
    assert_eq!(created["chat"]["id"], CHAT_ID.to_string());
}

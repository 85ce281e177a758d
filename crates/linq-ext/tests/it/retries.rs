//! Retries, as a user of the crate sees them: what is sent again, when, and what the error says.

use std::time::Duration;

use linq_ext::{Error, ErrorCode, Linq, LinqBuilder};
use linq_testing::clock::TestClock;
use linq_testing::hook::Refusals;
use linq_testing::responses::{self, TRACE_ID};
use linq_testing::server::{Server, Step};
use serde_json::{Value, json};

fn builder(server: &Server, clock: &TestClock) -> LinqBuilder {
    Linq::builder()
        .api_key("key-4f7d2a")
        .base_url(server.base_url())
        .timeout(Duration::from_secs(1))
        .clock(clock.clone())
        .hook(Refusals::of(server))
}

/// What a GET gives, the pauses it made, and how many requests the server read.
async fn get(script: impl IntoIterator<Item = Step>) -> (Result<Value, Error>, Vec<u128>, usize) {
    let (server, clock) = (Server::start(script).await, TestClock::default());
    let linq = builder(&server, &clock).build().expect("all is valid");
    let result = linq.get("/v3/chats").await;
    (result, clock.millis(), server.requests().len())
}

/// The same for a POST, with a key or without.
async fn post(step: Step, key: Option<&str>) -> (Result<Value, Error>, usize) {
    let (server, clock) = (Server::start([step]).await, TestClock::default());
    let linq = builder(&server, &clock).build().expect("all is valid");
    let mut call = linq.post("/v3/chats").json(&json!({ "text": "secret" }));
    if let Some(key) = key {
        call = call.idempotency_key(key);
    }
    (call.await, server.seen().len())
}

fn transient() -> Vec<Step> {
    vec![
        Step::Refused,
        Step::ResetUnread,
        Step::Reset { done: false },
        Step::Silence { done: false },
        Step::html(),
        Step::error(408, 1003),
        Step::error(409, 2009),
        Step::error(404, 2007),
        Step::error(429, 1007),
        Step::error(500, 3001),
        Step::respond(500, ""),
        Step::error(503, 4004),
        Step::error(504, 3005),
    ]
}

#[tokio::test]
async fn reads_go_on_after_every_fault_that_passes() {
    let broken = [Step::StalledBody, Step::CutOff];
    for step in transient().into_iter().chain(broken) {
        let (result, pauses, _) = get([step.clone()]).await;
        let chats = result.unwrap_or_else(|error| panic!("{step:?}: {error}"));
        assert!(chats["chats"].is_array(), "{step:?}");
        assert_eq!(pauses, [500], "{step:?}");
    }
}

#[tokio::test]
async fn what_does_not_pass_is_not_sent_again() {
    let steps = [
        Step::error(400, 1001),
        Step::error(401, 2004),
        Step::error(403, 2024),
        Step::error(404, 2001),
        Step::error(409, 2015),
        Step::error(500, 3007),
        Step::error(503, 4009),
        Step::error(500, 3001).header("x-should-retry", "false"),
        Step::error(429, 1007).header("X-Should-Retry", "False"),
        Step::error(400, 1001).header("x-should-retry", "true"),
        Step::respond(200, "<html>"),
        Step::CutOffJson,
        Step::respond(200, "compressed").header("content-encoding", "gzip"),
        Step::respond(302, "").header("location", "/elsewhere"),
    ];
    for step in steps {
        let (result, pauses, requests) = get([step.clone()]).await;
        let error = result.expect_err("no retry");
        assert_eq!(
            (pauses.len(), requests, error.attempts()),
            (0, 1, 1),
            "{step:?}"
        );
        assert!(!error.is_retryable(), "{step:?}");
    }
}

#[tokio::test]
async fn two_retries_with_growing_pauses_and_then_the_error() {
    let (result, pauses, requests) = get(vec![Step::error(500, 3001); 9]).await;
    let error = result.expect_err("500 for ever");
    assert_eq!(
        (pauses, requests, error.attempts()),
        (vec![500, 1000], 3, 3)
    );
    assert!(error.is_retryable());
    assert_eq!(
        error.to_string(),
        format!(
            "raw_get: refused, status 500, code 3001 (ServerError3001), trace id {TRACE_ID}, 3 attempts"
        )
    );
}

#[tokio::test]
async fn the_number_of_retries_is_a_setting_of_client_and_call() {
    let forever = || vec![Step::respond(503, ""); 20];
    for (of_client, of_call, attempts) in
        [(0, None, 1), (4, None, 5), (4, Some(0), 1), (0, Some(6), 7)]
    {
        let (server, clock) = (Server::start(forever()).await, TestClock::default());
        let linq = builder(&server, &clock)
            .max_retries(of_client)
            .build()
            .expect("all is valid");
        let mut call = linq.get("/v3/chats");
        if let Some(retries) = of_call {
            call = call.max_retries(retries);
        }
        let error = call.await.expect_err("503 for ever");
        assert_eq!(error.attempts(), attempts);
        let pauses = [500, 1000, 2000, 4000, 8000, 8000];
        assert_eq!(clock.millis(), pauses[..attempts as usize - 1]);
    }
}

#[tokio::test]
async fn the_server_says_how_long_to_wait() {
    let table = [
        (Step::error(429, 1007).header("retry-after", "7"), 7_000),
        (Step::error(503, 4004).header("retry-after", "60"), 60_000),
        (
            Step::error(429, 1007).header("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"),
            10_000,
        ),
        (
            Step::error(429, 1007).header("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"),
            500,
        ),
        (
            Step::error(429, 1007)
                .header("retry-after-ms", "1250")
                .header("retry-after", "9"),
            1_250,
        ),
        (
            Step::respond(
                429,
                r#"{"error":{"status":429,"code":1007,"message":"","retry_after":3}}"#,
            ),
            3_000,
        ),
        (Step::error(429, 1007), 500),
        (Step::error(429, 1007).header("retry-after", "soon"), 500),
    ];
    for (step, pause) in table {
        let (result, pauses, _) = get([step.clone()]).await;
        result.expect("the second try");
        assert_eq!(pauses, [pause], "{step:?}");
    }
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_left_to_the_caller() {
    let (result, pauses, requests) =
        get([Step::error(429, 1007).header("retry-after", "61")]).await;
    let error = result.expect_err("a minute and a second");
    assert_eq!((pauses.len(), requests), (0, 1));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(61)));
    assert!(error.is_rate_limited() && error.is_retryable());

    let server = Server::start([Step::error(429, 1007).header("retry-after", "2")]).await;
    let clock = TestClock::default();
    let linq = builder(&server, &clock)
        .max_retry_after(Duration::from_secs(1))
        .build()
        .expect("all is valid");
    let error = linq.get("/v3/chats").await.expect_err("two seconds");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(2)));
}

#[tokio::test]
async fn without_a_key_only_what_did_not_arrive_is_sent_again() {
    for step in transient() {
        let is_safe = matches!(&step, Step::Refused) || step.status() == Some(429);
        let (result, attempts) = post(step.clone(), None).await;
        assert_eq!(
            (result.is_ok(), attempts),
            if is_safe { (true, 2) } else { (false, 1) },
            "{step:?}"
        );
        if let Err(error) = result {
            assert!(
                !error.is_retryable() && error.idempotency_key().is_none(),
                "{step:?}"
            );
        }
        let (result, attempts) = post(step.clone(), Some("own")).await;
        assert!(result.is_ok() && attempts == 2, "{step:?}");
    }
}

#[tokio::test]
async fn what_the_server_took_is_never_sent_again() {
    for step in [
        Step::StalledBody,
        Step::CutOff,
        Step::CutOffJson,
        Step::respond(202, "<html>"),
    ] {
        for key in [None, Some("own")] {
            let (result, attempts) = post(step.clone(), key).await;
            let error = result.expect_err("half an answer");
            assert!(
                error.is_accepted() && !error.is_retryable(),
                "{step:?}: {error}"
            );
            assert_eq!((attempts, error.attempts()), (1, 1), "{step:?}");
            assert_eq!(error.idempotency_key(), key);
            assert!(error.status().is_some_and(|status| status.is_success()));
            assert!(
                error.body().is_some_and(|body| !body.is_empty()),
                "{step:?}"
            );
            assert_eq!(error.trace_id(), Some(TRACE_ID));
            assert_eq!(error.is_timeout(), matches!(step, Step::StalledBody));
        }
    }
}

#[tokio::test]
async fn what_the_server_took_at_the_second_try_has_nothing_of_the_first_in_its_error() {
    let busy = Step::error(429, 1007).header("retry-after", "3");
    let server = Server::start([busy, Step::respond(202, "<html>")]).await;
    let clock = TestClock::default();
    let linq = builder(&server, &clock).build().expect("all is valid");
    let chat = linq.chat("3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13");
    let error = chat.message().text("Hello").await.expect_err("no JSON");
    assert_eq!((error.attempts(), clock.millis()), (2, vec![3000]));
    assert!(error.is_accepted() && !error.is_retryable());
    assert_eq!(error.retry_after(), None);
    let sent = &server.requests()[1];
    let key = error.idempotency_key().expect("sends have one");
    assert!(
        String::from_utf8_lossy(&sent.body).contains(key),
        "{sent:?}"
    );
}

#[tokio::test]
async fn an_operation_of_the_generated_client_gets_a_key_and_retries_with_call() {
    let send = |key: Option<&'static str>| async move {
        let server = Server::start([Step::error(502, 3001)]).await;
        let linq = builder(&server, &TestClock::default())
            .build()
            .expect("all is valid");
        let body = json!({ "message": { "parts": [], "idempotency_key": key } });
        let body: linq_ext::types::SendMessageToChatRequest =
            serde_json::from_value(body).expect("a message");
        let id = responses::ID.parse::<uuid::Uuid>().expect("a UUID");
        let call = || {
            linq.api()
                .send_message_to_chat()
                .chat_id(id)
                .body(body.clone())
        };
        // Alone it is sent once, as it is.
        let error = call().send().await.expect_err("a proxy fails");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(502));
        let call = linq.call(call());
        let key = call.key().expect("sends have one").to_owned();
        call.await.expect("the server is well again");
        let keys: Vec<_> = server
            .requests()
            .iter()
            .map(|request| request.key())
            .collect();
        (key, keys)
    };
    let (key, keys) = send(None).await;
    assert_eq!(keys, [None, Some(key)]);
    let (key, keys) = send(Some("own")).await;
    assert_eq!(key, "own");
    assert_eq!(keys, [Some("own".to_owned()), Some("own".to_owned())]);
}

#[tokio::test]
async fn a_send_that_is_cancelled_can_be_sent_again_with_its_key() {
    let server = Server::start([Step::Silence { done: true }]).await;
    let linq = builder(&server, &TestClock::default())
        .build()
        .expect("all is valid");
    let send = || linq.chat(responses::ID).message().text("Hello").call();
    let call = send();
    let key = call.key().expect("sends have one").to_owned();
    let cancelled = tokio::time::timeout(Duration::from_millis(200), call.into_future()).await;
    cancelled.expect_err("the server is silent");
    send()
        .idempotency_key(key.clone())
        .await
        .expect("the second try");
    assert_eq!(server.done(), [Some(key)]);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_deadline_holds_for_all_attempts_and_pauses() {
    let run = |deadline: Duration| async move {
        let server = Server::start(vec![Step::error(503, 4004); 9]).await;
        let clock = TestClock::default();
        let linq = builder(&server, &clock).build().expect("all is valid");
        let call = linq.get("/v3/chats").max_retries(8).deadline(deadline);
        let error = call.await.expect_err("503 for ever");
        assert!(error.is_retryable(), "{error}");
        (error.attempts(), clock.millis())
    };
    // No pause ends at the deadline or after it.
    let (attempts, pauses) = run(Duration::from_millis(1_500)).await;
    assert_eq!((attempts, pauses), (2, vec![500]));
    let (attempts, pauses) = run(Duration::from_millis(3_600)).await;
    assert_eq!((attempts, pauses), (4, vec![500, 1_000, 2_000]));

    // An attempt under way ends with it.
    let server = Server::start(vec![Step::Silence { done: false }; 3]).await;
    let linq = builder(&server, &TestClock::default())
        .timeout(Duration::from_secs(60))
        .build()
        .expect("all is valid");
    let start = std::time::Instant::now();
    let call = linq.get("/v3/chats").deadline(Duration::from_millis(300));
    let error = call.await.expect_err("silence");
    assert!(error.is_timeout(), "{error}");
    assert!(start.elapsed() < Duration::from_secs(10));
    let error = linq.get("/v3/chats").deadline(Duration::ZERO).await;
    assert!(error.expect_err("no time").is_invalid_request());
}

#[tokio::test]
async fn a_read_that_breaks_off_to_the_last_is_retryable_and_not_accepted() {
    for step in [Step::CutOff, Step::StalledBody] {
        let (result, _, requests) = get(vec![step.clone(); 3]).await;
        let error = result.expect_err("half a response");
        assert!(
            error.is_retryable() && !error.is_accepted(),
            "{step:?}: {error}"
        );
        assert_eq!((requests, error.attempts()), (3, 3), "{step:?}");
    }
}

#[tokio::test]
async fn a_deleted_thing_is_not_found_also_at_the_second_try() {
    let server = Server::start([Step::error(503, 4004), Step::error(404, 2002)]).await;
    let linq = builder(&server, &TestClock::default())
        .build()
        .expect("all is valid");
    let error = linq
        .delete("/v3/a-path-with-a-typo")
        .await
        .expect_err("404");
    assert!(error.is_not_found(), "{error}");
    assert_eq!(error.attempts(), 2);
    assert!(
        error
            .headers()
            .is_some_and(|headers| headers.contains_key("x-trace-id"))
    );
}

#[tokio::test]
async fn a_long_wait_can_be_added_to_any_clock() {
    for wait in ["18446744073709551615", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        let step = Step::error(429, 1007).header("retry-after", wait);
        let error = get([step]).await.0.expect_err("a long wait");
        let wait = error.retry_after().expect("it is known");
        assert!(std::time::Instant::now().checked_add(wait).is_some());
        assert!(std::time::SystemTime::now().checked_add(wait).is_some());
    }
    let server = Server::start([
        Step::error(429, 1007).header("retry-after-ms", "99999999999999999999999999")
    ])
    .await;
    let linq = builder(&server, &TestClock::default())
        .max_retry_after(Duration::MAX)
        .build()
        .expect("all is valid");
    let call = linq.get("/v3/chats").deadline(Duration::MAX);
    call.await.expect("pauses of the test clock take no time");
}

#[tokio::test]
async fn an_error_of_the_generated_client_can_be_taken_over() {
    let server = Server::start([Step::error(429, 1007).header("retry-after", "99")]).await;
    let linq = builder(&server, &TestClock::default())
        .build()
        .expect("all is valid");
    let chats = async { Ok::<_, Error>(linq.api().list_chats().send().await?.into_value()) };
    let error = chats.await.expect_err("too many");
    assert!(error.is_rate_limited());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(99)));
    assert_eq!(error.attempts(), 0);
}

#[tokio::test]
async fn an_error_says_what_is_known_and_nothing_that_is_private() {
    let (result, _, _) = get([Step::error(403, 2024)]).await;
    let error = result.expect_err("opted out");
    assert!(
        error.is_opted_out()
            && !error.is_not_found()
            && !error.is_unauthorized()
            && !error.is_timeout()
    );
    assert_eq!(error.code(), Some(ErrorCode::RecipientOptedOut));
    assert_eq!(
        error.operation().map(|operation| operation.name()),
        Some("raw_get")
    );
    assert_eq!(error.doc_url(), Some("https://example.com/errors/2024"));
    assert_eq!(error.message(), Some("secret of +12025550199"));
    assert_eq!(error.trace_id(), Some(TRACE_ID));
    assert!(
        error
            .headers()
            .is_some_and(|headers| headers.contains_key("x-trace-id"))
    );
    let line = error.to_string();
    assert_eq!(
        line,
        format!("raw_get: refused, status 403, code 2024 (RecipientOptedOut), trace id {TRACE_ID}")
    );
    assert!(!format!("{line}{error:?}").contains("secret"));

    let (result, _, _) = get([Step::html(), Step::html(), Step::html()]).await;
    let error = result.expect_err("a proxy");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(502));
    assert_eq!(error.body(), Some(responses::HTML.as_bytes()));
    assert_eq!(error.code(), None);

    let (result, _, _) = get(vec![Step::Refused; 3]).await;
    let error = result.expect_err("nobody listens");
    assert!(error.is_connect() && error.is_retryable() && error.status().is_none());
    let line = error.to_string();
    assert!(
        line.starts_with("raw_get: could not connect to 127.0.0.1:"),
        "{line}"
    );
    assert!(line.ends_with(", 3 attempts"), "{line}");
    assert!(format!("{error:?}").ends_with(&line), "{error:?}");
    assert!(std::error::Error::source(&error).is_some());

    let (result, _, _) = get(vec![Step::Silence { done: false }; 3]).await;
    let error = result.expect_err("no answer");
    assert!(error.is_timeout() && !error.is_connect());
    assert_eq!(error.to_string(), "raw_get: timed out, 3 attempts");
}

#[tokio::test]
async fn an_error_body_is_read_up_to_a_limit() {
    let page = "x".repeat(1_000_000);
    let (result, _, _) = get(vec![Step::respond(502, page); 3]).await;
    let error = result.expect_err("a long page");
    assert_eq!(error.body().map(<[u8]>::len), Some(64 * 1024));
}

#[tokio::test]
async fn a_response_has_what_comes_beside_the_value() {
    let server = Server::start([Step::error(429, 1007)]).await;
    let linq = builder(&server, &TestClock::default())
        .build()
        .expect("all is valid");
    let response = linq
        .get("/v3/chats")
        .call()
        .send_with_response()
        .await
        .expect("the second try");
    assert_eq!((response.status().as_u16(), response.attempts()), (200, 2));
    assert_eq!(response.trace_id(), Some(TRACE_ID));
    assert!(response.headers().contains_key("content-length"));
    assert!(response.value()["chats"].is_array());
    assert!(!format!("{response:?}").contains("chats"));
}

#[tokio::test]
async fn options_of_a_call_reach_the_server() {
    let server = Server::start([]).await;
    let linq = builder(&server, &TestClock::default())
        .user_agent_suffix("shop/1")
        .build()
        .expect("all is valid");
    let call = linq
        .post("/v3/new%20things")
        .json(&json!({ "a": 1 }))
        .query("x", "1&2")
        .header("x-extra", "yes");
    let call = call
        .call()
        .body_field("b", json!([2]))
        .query("y", "z")
        .idempotency_key("k");
    call.await.expect("success");
    let request = server.requests().remove(0);
    assert_eq!(request.target, "/api/partner/v3/new%20things?x=1%262&y=z");
    assert_eq!(request.json(), json!({ "a": 1, "b": [2] }));
    assert_eq!(request.header("x-extra"), Some("yes"));
    assert_eq!(request.header("idempotency-key"), Some("k"));
    assert_eq!(request.header("authorization"), Some("Bearer key-4f7d2a"));
    let agent = request.header("user-agent").expect("a user agent");
    assert!(agent.ends_with(" shop/1"), "{agent}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_an_error_before_anything_is() {
    let server = Server::start([]).await;
    let linq = builder(&server, &TestClock::default())
        .build()
        .expect("all is valid");
    let calls = [
        linq.get("v3/chats").call(),
        linq.get("/v3/../chats").call(),
        linq.get("/v3/chats?limit=1").call(),
        linq.get("/v3/chats").header("a b", "c").call(),
        linq.get("/v3/chats").header("a", "b\nc").call(),
        linq.get("/v3/chats").header("Content-Length", "3").call(),
        linq.get("/v3/chats")
            .header("authorization", "Bearer other")
            .call(),
        linq.post("/v3/chats").idempotency_key("").call(),
        linq.post("/v3/chats")
            .idempotency_key("k".repeat(256))
            .call(),
        linq.post("/v3/chats").json(&[1]).call().body_field("a", 1),
    ];
    for call in calls {
        let shown = format!("{call:?}");
        let error = call.await.expect_err("it is invalid");
        assert!(
            error.is_invalid_request() && !error.is_accepted(),
            "{error}"
        );
        assert!(error.to_string().contains("invalid request: "), "{error}");
        assert_eq!(error.attempts(), 0);
        assert!(!shown.contains("v3"), "{shown}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_type_of_ones_own_can_be_read() {
    type Page = std::collections::BTreeMap<String, Option<Vec<u8>>>;
    let server = Server::start([
        Step::respond(200, r#"{"chats":[]}"#),
        Step::respond(200, r#"{"chats":"secret"}"#),
    ])
    .await;
    let linq = builder(&server, &TestClock::default())
        .build()
        .expect("all is valid");
    let page: Page = linq.get("/v3/chats").send_as().await.expect("a page");
    assert_eq!(page["chats"], Some(Vec::new()));
    let error = linq
        .get("/v3/chats")
        .send_as::<Page>()
        .await
        .expect_err("no list");
    assert!(error.is_accepted() && !error.is_retryable());
    assert_eq!(error.body(), Some(br#"{"chats":"secret"}"#.as_slice()));
    let source = std::error::Error::source(&error)
        .expect("a cause")
        .to_string();
    assert!(!format!("{error} {error:?} {source}").contains("secret"));
    assert!(source.starts_with("of another type at line 1"), "{source}");
}

#[test]
fn a_client_that_cannot_be_made_says_why() {
    let error = Linq::builder().build().expect_err("no key");
    assert!(error.is_configuration());
    assert_eq!(
        error.to_string(),
        "invalid configuration: the API key is empty"
    );
    let error = Linq::builder()
        .api_key("key-4f7d2a")
        .base_url("nowhere")
        .build()
        .expect_err("no URL");
    assert_eq!(
        error.to_string(),
        "invalid configuration: the base URL is not a URL"
    );
    assert!(!format!("{:?}", Linq::builder().api_key("key-4f7d2a")).contains("key-4f7d2a"));
}

#[test]
fn calls_and_clients_go_between_threads() {
    fn check<T: Send + 'static>(_: &T) {}
    fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    fn error<T: std::error::Error + Send + Sync + 'static>() {}
    let linq = Linq::builder()
        .api_key("key")
        .build()
        .expect("a key is enough");
    shared(&linq);
    check(&linq.get("/v3/chats"));
    check(&linq.get("/v3/chats").call());
    check(&linq.get("/v3/chats").into_future());
    error::<Error>();
}

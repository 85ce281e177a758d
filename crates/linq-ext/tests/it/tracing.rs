//! The span of a call: what is in it, and what is not.

use linq_ext::Linq;
use linq_testing::clock::TestClock;
use linq_testing::hook::Refusals;
use linq_testing::log::Log;
use linq_testing::responses::TRACE_ID;
use linq_testing::server::{Server, Step};
use serde_json::json;

#[tokio::test]
async fn a_span_has_how_it_went_and_nothing_of_what() {
    let log = Log::start("linq_ext");
    let server = Server::start([Step::error(429, 1007), Step::Success, Step::Refused]).await;
    let linq = Linq::builder()
        .api_key("key-4f7d2a")
        .base_url(server.base_url())
        .max_retries(1)
        .clock(TestClock::default())
        .hook(Refusals::of(&server))
        .build()
        .expect("all is valid");
    let body = json!({ "from": "+12025550100", "text": "secret" });
    linq.post("/v3/chats")
        .query("to", "+12025550101")
        .json(&body)
        .await
        .expect("the second try");
    linq.get("/v3/chats")
        .max_retries(0)
        .await
        .expect_err("nobody listens");

    let entries = log.entries();
    let [call, retry, failed] = entries.as_slice() else {
        panic!("two spans and an event: {entries:?}");
    };
    assert_eq!(call.name, "linq_call");
    assert_eq!(call.field("operation"), "raw_post");
    assert_eq!(call.field("status"), "201");
    assert_eq!(call.field("attempts"), "2");
    assert_eq!(call.field("trace_id"), TRACE_ID);
    assert!(call.field("duration_ms").parse::<u64>().is_ok());
    assert_eq!(
        (retry.field("attempt"), retry.field("pause_ms")),
        ("1", "500")
    );
    assert_eq!(failed.field("operation"), "raw_get");
    let error = failed.field("error");
    assert!(
        error.starts_with("could not connect to 127.0.0.1:"),
        "{error}"
    );
    assert_eq!(failed.field("status"), "");
    let all = format!("{entries:?}");
    for secret in ["secret", "+1202", "key-4f7d2a", "/v3"] {
        assert!(!all.contains(secret), "{all}");
    }
}

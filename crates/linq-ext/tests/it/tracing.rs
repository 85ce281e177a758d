//! The span of a call: what is in it, and what is not.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use linq_ext::Linq;
use linq_testing::clock::TestClock;
use linq_testing::hook::Refusals;
use linq_testing::responses::TRACE_ID;
use linq_testing::server::{Server, Step};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Everything that is written down: name and fields of each span and event.
#[derive(Clone, Default)]
struct Log {
    last: Arc<AtomicU64>,
    spans: Arc<Mutex<BTreeMap<u64, BTreeMap<String, String>>>>,
}

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl Log {
    fn start(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut Fields<'_>)) -> Id {
        let mut fields = BTreeMap::new();
        record(&mut Fields(&mut fields));
        fields.insert("name".to_owned(), metadata.name().to_owned());
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        self.spans.lock().expect("no panic").insert(id, fields);
        Id::from_u64(id)
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("linq_ext")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.start(span.metadata(), |fields| span.record(fields))
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut spans = self.spans.lock().expect("no panic");
        let fields = spans.get_mut(&span.into_u64()).expect("the span is there");
        values.record(&mut Fields(fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.start(event.metadata(), |fields| event.record(fields));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn a_span_has_how_it_went_and_nothing_of_what() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
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

    let spans: Vec<_> = log
        .spans
        .lock()
        .expect("no panic")
        .values()
        .cloned()
        .collect();
    let [call, retry, failed] = spans.as_slice() else {
        panic!("two spans and an event: {spans:?}");
    };
    let get = |fields: &BTreeMap<String, String>, name: &str| {
        fields.get(name).cloned().unwrap_or_default()
    };
    assert_eq!(get(call, "name"), "linq_call");
    assert_eq!(get(call, "operation"), "raw_post");
    assert_eq!(get(call, "status"), "201");
    assert_eq!(get(call, "attempts"), "2");
    assert_eq!(get(call, "trace_id"), TRACE_ID);
    assert!(get(call, "duration_ms").parse::<u64>().is_ok());
    assert_eq!(
        (get(retry, "attempt"), get(retry, "pause_ms")),
        ("1".to_owned(), "500".to_owned())
    );
    assert_eq!(get(failed, "operation"), "raw_get");
    assert_eq!(get(failed, "error"), "could not connect");
    assert_eq!(get(failed, "status"), "");
    let all = format!("{spans:?}");
    for secret in ["secret", "+1202", "key-4f7d2a", "/v3"] {
        assert!(!all.contains(secret), "{all}");
    }
}

//! What `tracing` is told of a delivery, and what it is not.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method};
use linq_webhook::axum::router;
use linq_webhook::{MemoryDeduper, Signer, Verifier};
use tower::ServiceExt;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const SECRET: &str = "whsec_bm90IGEgc2VjcmV0LCBvbmx5IGFuIGV4YW1wbGU=";

/// Level and fields of each event, one in a line.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<String>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        self.0.lock().expect("no panic").clone()
    }
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // How long it took is never the same.
        if field.name() != "duration_ms" {
            write!(self.0, " {}={value:?}", field.name()).expect("a string takes it");
        }
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "linq_webhook"
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = self.0.lock().expect("no panic");
        text.push_str(event.metadata().level().as_str());
        event.record(&mut Line(&mut text));
        text.push('\n');
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

async fn deliver(app: &Router, headers: HeaderMap, body: &'static str) {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = "/webhooks".parse().expect("a path is a URI");
    *request.headers_mut() = headers;
    let answer = app.clone().oneshot(request).await;
    answer.expect("a router is infallible");
}

#[tokio::test]
async fn every_delivery_is_told_of_and_nothing_of_its_content() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let verifier = Verifier::new(SECRET).expect("the secret is fit");
    let app = router(verifier, MemoryDeduper::new(), |received| async move {
        match received.event().event_id() {
            "bad" => Err("text of the handler".into()),
            _ => Ok(()),
        }
    });
    let app = app.into_router();
    let signer = Signer::new(SECRET).expect("the secret is fit");
    let good = r#"{"event_type":"tea.ready","event_id":"good","data":"text of the event"}"#;
    let bad = r#"{"event_type":"tea.ready","event_id":"bad","data":"text of the event"}"#;
    for body in [good, good, bad] {
        let headers = signer.sign("a", SystemTime::now(), body);
        deliver(&app, headers.expect("the id is fit"), body).await;
    }
    deliver(&app, HeaderMap::new(), good).await;
    let text = log.text();
    let expected = r#"
WARN message=linq_unknown_event event_type="tea.ready" key="event:good" reason="no payload is known for the event type"
DEBUG message=linq_handled event_type="tea.ready" key="event:good"
DEBUG message=linq_delivery status=200 reason=handled event_type="tea.ready" key="event:good"
DEBUG message=linq_delivery status=200 reason=handled before event_type="tea.ready" key="event:good"
WARN message=linq_unknown_event event_type="tea.ready" key="event:bad" reason="no payload is known for the event type"
WARN message=linq_unhandled event_type="tea.ready" key="event:bad" reason=the handler failed error=text of the handler
WARN message=linq_delivery status=500 reason=the handler failed event_type="tea.ready" key="event:bad"
WARN message=linq_delivery status=401 reason=the header webhook-id is missing
"#;
    assert_eq!(text.trim(), expected.trim());
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_of_and_no_content_is() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let verifier = Verifier::new(SECRET).expect("the secret is fit");
    let app = router(verifier, MemoryDeduper::new(), |_| async { Ok(()) }).into_router();
    let signer = Signer::new(SECRET).expect("the secret is fit");
    let body = r#"{"event_type":"call +12025550101","event_id":"+12025550101","data":"Hello"}"#;
    for (minutes, warnings) in [(4, 0), (6, 1)] {
        let sent_at = SystemTime::now() - std::time::Duration::from_secs(60 * minutes);
        let headers = signer.sign("a", sent_at, body).expect("the id is fit");
        deliver(&app, headers, body).await;
        let text = log.text();
        assert_eq!(
            text.matches("linq_clock_offset").count(),
            warnings,
            "{text}"
        );
        assert!(
            !text.contains("202555") && !text.contains("Hello"),
            "{text}"
        );
    }
}

//! What `tracing` is told of a delivery, and what it is not.

use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method};
use linq_testing::log::Log;
use linq_webhook::axum::router;
use linq_webhook::{MemoryDeduper, Signer, Verifier};
use tower::ServiceExt;

const SECRET: &str = "whsec_bm90IGEgc2VjcmV0LCBvbmx5IGFuIGV4YW1wbGU=";

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
    let log = Log::start("linq_webhook");
    let verifier = Verifier::new(SECRET).expect("the secret is fit");
    let app = router(verifier, MemoryDeduper::new(), |received| async move {
        match received.event().event_id() {
            "bad" => Err("text of the handler"),
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
    let entries = log.entries().into_iter();
    let lines: Vec<_> = entries.map(|entry| entry.to_string()).collect();
    let expected = r#"
DEBUG message=linq_handled event_type=tea.ready key=event:good
DEBUG message=linq_delivery status=200 reason=handled event_type=tea.ready key=event:good
DEBUG message=linq_delivery status=200 reason=handled before event_type=tea.ready key=event:good
WARN message=linq_unhandled event_type=tea.ready key=event:bad reason=the handler failed
WARN message=linq_delivery status=500 reason=the handler failed event_type=tea.ready key=event:bad
WARN message=linq_delivery status=401 reason=the header webhook-id is missing
"#;
    assert_eq!(lines.join("\n"), expected.trim());
}

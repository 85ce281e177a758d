//! The router and the extractors, as Linq and the author of a handler see them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRef, Request};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::post;
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use linq_types::WebhookEvent;
use linq_webhook::axum::{BODY_LIMIT, Event, Received, Verified, WebhookRouter, router};
use linq_webhook::{
    Claim, Deduper, EventKey, HandlerError, MemoryDeduper, MemoryFull, Signer, Ticket, Verifier,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tower::ServiceExt;

pub(crate) const SECRET: &str = "whsec_bm90IGEgc2VjcmV0LCBvbmx5IGFuIGV4YW1wbGU=";
pub(crate) const OTHER_SECRET: &str = "whsec_YSBzZWNyZXQgb2Ygc29tZWJvZHkgZWxzZSBpbiB0b3du";

pub(crate) fn verifier() -> Verifier {
    Verifier::new(SECRET).expect("the secret is fit")
}

pub(crate) fn signed_by(secret: &str, id: &str, body: &[u8]) -> HeaderMap {
    let signer = Signer::new(secret).expect("the secret is fit");
    let headers = signer.sign(id, SystemTime::now(), body);
    headers.expect("the id is fit")
}

pub(crate) fn event(id: &str) -> String {
    format!(
        r#"{{"api_version":"v3","webhook_version":"2026-02-03","event_type":"chat.typing_indicator.started",
        "event_id":"{id}","created_at":"2026-04-14T18:02:11.482Z",
        "data":{{"chat_id":"3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13"}}}}"#
    )
}

pub(crate) fn request(headers: HeaderMap, body: impl Into<Body>) -> Request {
    let mut request = Request::new(body.into());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = "/webhooks".parse().expect("a path is a URI");
    *request.headers_mut() = headers;
    request
}

/// A delivery of an event, signed as it should be.
pub(crate) fn delivery(id: &str) -> Request {
    let body = event(id);
    request(signed_by(SECRET, id, body.as_bytes()), body)
}

/// The status, and the text of the answer.
pub(crate) async fn answer(app: &Router, request: Request) -> (u16, String) {
    let response = app.clone().oneshot(request).await;
    let (parts, body) = response.expect("a router is infallible").into_parts();
    let status = parts.status.as_u16();
    assert_eq!(
        parts.headers.contains_key("retry-after"),
        status == 503,
        "{status}"
    );
    let body = body.collect().await.expect("the body is there").to_bytes();
    let text = String::from_utf8(body.to_vec()).expect("an answer is text");
    (status, text.trim_end_matches('\n').to_owned())
}

pub(crate) async fn status(app: &Router, request: Request) -> u16 {
    answer(app, request).await.0
}

/// The same in a task of its own.
pub(crate) fn deliver(app: &Router, id: &str) -> JoinHandle<u16> {
    let (app, request) = (app.clone(), delivery(id));
    tokio::spawn(async move { status(&app, request).await })
}

/// What one call of the handler does.
#[derive(Clone, Copy)]
enum Act {
    Succeed,
    Fail,
    Panic,
    PanicAtOnce,
}

/// A handler that waits at a gate, does what its script says, and then succeeds for ever.
#[derive(Clone)]
struct Script {
    acts: Arc<Mutex<VecDeque<Act>>>,
    started: Arc<Semaphore>,
    gate: Arc<Semaphore>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Script {
    /// A handler whose gate is open.
    fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        let script = Self::shut(acts);
        script.gate.add_permits(Semaphore::MAX_PERMITS / 2);
        script
    }

    fn shut(acts: impl IntoIterator<Item = Act>) -> Self {
        Self {
            acts: Arc::new(Mutex::new(acts.into_iter().collect())),
            started: Arc::new(Semaphore::new(0)),
            gate: Arc::new(Semaphore::new(0)),
            seen: Arc::default(),
        }
    }

    /// Waits until the handler is called once more.
    async fn called(&self) {
        let permit = self.started.acquire().await;
        permit.expect("it is never closed").forget();
    }

    /// Lets one call of the handler through.
    fn open(&self) {
        self.gate.add_permits(1);
    }

    /// The ids of the events that the handler was called with.
    fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("nobody panics with it").clone()
    }

    fn handle(
        &self,
        received: Received,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send + use<> {
        let mut seen = self.seen.lock().expect("nobody panics with it");
        seen.push(received.event().event_id().to_owned());
        drop(seen);
        let act = self.acts.lock().expect("nobody panics with it").pop_front();
        self.started.add_permits(1);
        assert!(!matches!(act, Some(Act::PanicAtOnce)), "as the script says");
        let gate = Arc::clone(&self.gate);
        async move {
            gate.acquire().await.expect("it is never closed").forget();
            match act {
                Some(Act::Fail) => Err("as the script says".into()),
                Some(Act::Panic | Act::PanicAtOnce) => panic!("as the script says"),
                Some(Act::Succeed) | None => Ok(()),
            }
        }
    }
}

fn webhooks(script: &Script) -> WebhookRouter<MemoryDeduper> {
    with_deduper(script, MemoryDeduper::new())
}

fn with_deduper<D: Deduper>(script: &Script, deduper: D) -> WebhookRouter<D> {
    let script = script.clone();
    router(verifier(), deduper, move |received| script.handle(received))
}

#[tokio::test]
async fn a_delivery_is_handled_and_its_repeat_is_not() {
    let script = Script::new([]);
    let app = webhooks(&script).into_router();
    assert_eq!(answer(&app, delivery("a")).await, (200, String::new()));
    assert_eq!(status(&app, delivery("a")).await, 200);
    assert_eq!(status(&app, delivery("b")).await, 200);
    // Another subscription delivers the same event under an id of its own.
    let body = event("a");
    let other = request(signed_by(SECRET, "other", body.as_bytes()), body);
    assert_eq!(status(&app, other).await, 200);
    assert_eq!(script.seen(), ["a", "b"]);
}

#[tokio::test]
async fn the_handler_gets_everything() {
    let got = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&got);
    let webhooks = router(verifier(), MemoryDeduper::new(), move |received| {
        let keep = Arc::clone(&keep);
        async move {
            *keep.lock().expect("nobody panics with it") = Some(received);
            Ok(())
        }
    });
    let app = webhooks.into_router();
    assert_eq!(status(&app, delivery("a")).await, 200);
    let received: Received = got
        .lock()
        .expect("nobody panics with it")
        .take()
        .expect("the handler ran");
    assert_eq!(received.id(), Some("a"));
    assert_eq!(received.key().as_str(), "event:a");
    assert_eq!(received.body(), event("a").as_bytes());
    let age = SystemTime::now().duration_since(received.sent_at());
    assert!(age.is_ok_and(|age| age < Duration::from_secs(300)));
    assert!(!format!("{received:?}").contains("3f6a1c52"));
    assert!(!received.into_event().is_unknown());
}

#[tokio::test]
async fn what_is_not_from_linq_is_refused_before_the_handler() {
    let script = Script::new([]);
    let app = webhooks(&script).into_router();
    let good = |body: &str| signed_by(SECRET, "a", body.as_bytes());
    let without = |name: &str| {
        let mut headers = good(&event("a"));
        headers.remove(name);
        headers
    };
    let legacy = || {
        let signer = Signer::new(SECRET).expect("the secret is fit");
        let headers = signer.sign_legacy(SystemTime::now(), event("a"));
        headers.expect("the time is fit")
    };
    let mut compressed = good(&event("a"));
    compressed.insert("content-encoding", "gzip".parse().expect("it is a header"));
    for (name, headers, body) in [
        ("no headers", HeaderMap::new(), event("a")),
        ("no id", without("webhook-id"), event("a")),
        ("no timestamp", without("webhook-timestamp"), event("a")),
        ("no signature", without("webhook-signature"), event("a")),
        (
            "other secret",
            signed_by(OTHER_SECRET, "a", event("a").as_bytes()),
            event("a"),
        ),
        ("other body", good(&event("a")), event("b")),
        ("compressed", compressed, "\u{1f}\u{8b}".to_owned()),
        ("legacy", legacy(), event("a")),
    ] {
        let (status, text) = answer(&app, request(headers, body)).await;
        assert_eq!(status, 401, "{name}");
        assert!(!text.is_empty() && !text.contains("v1,"), "{name}: {text}");
    }
    let mut other_method = delivery("a");
    *other_method.method_mut() = Method::GET;
    assert_eq!(status(&app, other_method).await, 405);
    let mut other_path = delivery("a");
    *other_path.uri_mut() = "/".parse().expect("a path is a URI");
    assert_eq!(status(&app, other_path).await, 404);
    assert!(script.seen().is_empty());

    let script = Script::new([]);
    let accepting = script.clone();
    let verifier = verifier().accept_legacy();
    let app = router(verifier, MemoryDeduper::new(), move |received| {
        accepting.handle(received)
    });
    assert_eq!(
        status(&app.into_router(), request(legacy(), event("a"))).await,
        200
    );
    assert_eq!(script.seen(), ["a"]);
}

/// A delivery whose sender's clock is off by so many seconds, into the past or the future.
fn sent_off_by(seconds: i64, body: &[u8]) -> HeaderMap {
    let signer = Signer::new(SECRET).expect("the secret is fit");
    let offset = Duration::from_secs(seconds.unsigned_abs());
    let now = SystemTime::now();
    let sent_at = if seconds < 0 {
        now - offset
    } else {
        now + offset
    };
    let headers = signer.sign(&format!("off-{seconds}"), sent_at, body);
    headers.expect("the id is fit")
}

#[tokio::test]
async fn every_kind_of_delivery_gets_its_response() {
    const MINUTE: i64 = 60;
    let body = r#"{"event_type":"tea.ready","data":{}}"#.as_bytes();
    let signed = |body: &[u8]| signed_by(SECRET, "a", body);
    let cases: Vec<(&str, HeaderMap, &[u8], u16)> = vec![
        ("now", sent_off_by(0, body), body, 200),
        ("10 minutes ago", sent_off_by(-10 * MINUTE, body), body, 200),
        (
            "10 minutes ahead",
            sent_off_by(10 * MINUTE, body),
            body,
            200,
        ),
        (
            "redelivered after 25 minutes",
            sent_off_by(-25 * MINUTE, body),
            body,
            200,
        ),
        ("2 hours ago", sent_off_by(-120 * MINUTE, body), body, 503),
        ("2 hours ahead", sent_off_by(120 * MINUTE, body), body, 503),
        (
            "2 hours ago, changed",
            sent_off_by(-120 * MINUTE, body),
            b"{}",
            401,
        ),
        (
            "another secret",
            signed_by(OTHER_SECRET, "a", body),
            body,
            401,
        ),
        ("no headers", HeaderMap::new(), body, 401),
        ("empty", signed(b""), b"", 200),
        ("not JSON", signed(b"tea"), b"tea", 200),
        ("cut off", signed(b"{\"data\":"), b"{\"data\":", 200),
        (
            "not UTF-8",
            signed(b"{\"a\":\"\xff\"}"),
            b"{\"a\":\"\xff\"}",
            200,
        ),
        ("an array", signed(b"[]"), b"[]", 200),
        ("null", signed(b"null"), b"null", 200),
        (
            "a byte order mark",
            signed(b"\xef\xbb\xbf{}"),
            b"\xef\xbb\xbf{}",
            200,
        ),
        (
            "a lone surrogate",
            signed(br#"{"event_id":"\ud800"}"#),
            br#"{"event_id":"\ud800"}"#,
            200,
        ),
        ("NUL", signed(b"{}\0"), b"{}\0", 200),
    ];
    for (name, headers, body, expected) in cases {
        let seen = Arc::new(Mutex::new(None));
        let see = Arc::clone(&seen);
        let webhooks = router(verifier(), MemoryDeduper::new(), move |received| {
            *see.lock().expect("no panic") = Some(received);
            async { Ok(()) }
        });
        let app = webhooks.into_router();
        let response = answer(&app, request(headers, body.to_vec())).await;
        assert_eq!(response.0, expected, "{name}: {}", response.1);
        let seen = seen.lock().expect("no panic").take();
        assert_eq!(seen.is_some(), expected == 200, "{name}");
        let Some(received) = seen else { continue };
        assert_eq!(received.body(), body, "{name}");
        let WebhookEvent::Unknown(event) = received.event() else {
            panic!("{name}: {received:?}");
        };
        assert_eq!(event.raw(), body, "{name}");
    }
}

#[tokio::test]
async fn a_body_that_a_layer_has_consumed_is_told_of() {
    let script = Script::new([]);
    let app = webhooks(&script).into_router();
    let mut consumed = request(signed_by(SECRET, "a", event("a").as_bytes()), "");
    let length = event("a").len().into();
    consumed.headers_mut().insert("content-length", length);
    let (status, reason) = answer(&app, consumed).await;
    assert_eq!(status, 503);
    assert!(reason.contains("a layer"), "{reason}");
}

#[tokio::test]
async fn a_slash_too_many_is_the_same_path() {
    for path in ["/webhooks", "/linq/hook/"] {
        let script = Script::new([]);
        let app = webhooks(&script).path(path).expect("a path").into_router();
        let app = Router::new().nest("/v1", app);
        for (id, slash) in [("a", ""), ("b", "/")] {
            let mut request = delivery(id);
            let uri = format!("/v1{}{slash}", path.trim_end_matches('/'));
            *request.uri_mut() = uri.parse().expect("a path is a URI");
            assert_eq!(status(&app, request).await, 200, "{path} {slash}");
        }
        assert_eq!(script.seen(), ["a", "b"]);
    }
}

#[tokio::test]
async fn routes_have_secrets_of_their_own() {
    let (ours, theirs) = (Script::new([]), Script::new([]));
    let see = theirs.clone();
    let other = Verifier::new(OTHER_SECRET).expect("the secret is fit");
    let other = router(other, MemoryDeduper::new(), move |received| {
        see.handle(received)
    });
    let app = webhooks(&ours).with_routes(other.path("/theirs").expect("a path"));
    let app = app.into_router();
    for (secret, path, expected) in [
        (SECRET, "/webhooks", 200),
        (SECRET, "/theirs", 401),
        (OTHER_SECRET, "/webhooks", 401),
        (OTHER_SECRET, "/theirs", 200),
    ] {
        let body = event("a");
        let mut request = request(signed_by(secret, "a", body.as_bytes()), body);
        *request.uri_mut() = path.parse().expect("a path is a URI");
        assert_eq!(status(&app, request).await, expected, "{path}");
    }
    assert_eq!(
        (ours.seen(), theirs.seen()),
        (vec!["a".to_owned()], vec!["a".to_owned()])
    );
}

#[tokio::test]
async fn an_event_can_have_a_key_of_ones_own() {
    let script = Script::new([]);
    let webhooks = webhooks(&script).key(|event| {
        let is_custom = event.event_id().starts_with("order");
        is_custom.then(|| EventKey::custom("order-4711"))
    });
    let app = webhooks.into_router();
    for id in ["order-a", "order-b", "c", "d"] {
        assert_eq!(status(&app, delivery(id)).await, 200);
    }
    assert_eq!(script.seen(), ["order-a", "c", "d"]);
}

#[tokio::test]
async fn an_unknown_event_goes_to_the_handler_too() {
    let script = Script::new([Act::Fail]);
    let app = webhooks(&script).into_router();
    for body in [
        r#"{"event_type":"tea.ready","event_id":"a","data":{}}"#,
        r#"{"event_type":"message.received","webhook_version":"2026-02-03","event_id":"b","data":7}"#,
        "{}",
    ] {
        let delivery = || request(signed_by(SECRET, "id", body.as_bytes()), body);
        let expected = if body.contains("tea") { 500 } else { 200 };
        assert_eq!(status(&app, delivery()).await, expected, "{body}");
        assert_eq!(status(&app, delivery()).await, 200, "{body}");
        assert_eq!(status(&app, delivery()).await, 200, "{body}");
    }
    assert_eq!(script.seen(), ["a", "a", "b", ""]);
}

#[tokio::test]
async fn after_a_failure_or_a_panic_the_redelivery_is_handled() {
    let script = Script::new([Act::Fail, Act::Panic, Act::PanicAtOnce, Act::Succeed]);
    let app = webhooks(&script).into_router();
    for (expected, reason) in [
        (500, "the handler failed"),
        (500, "the handler panicked"),
        (500, "the handler panicked"),
        (200, ""),
        (200, ""),
    ] {
        let answer = answer(&app, delivery("a")).await;
        assert_eq!(answer, (expected, reason.to_owned()));
    }
    assert_eq!(script.seen().len(), 4);
}

#[tokio::test]
async fn an_event_that_is_being_handled_is_not_started_again() {
    let script = Script::shut([]);
    let webhooks = webhooks(&script);
    let tasks = webhooks.tasks();
    let app = webhooks.into_router();
    let first = deliver(&app, "a");
    script.called().await;
    let second = answer(&app, delivery("a")).await;
    assert_eq!(second.0, 503);
    assert!(second.1.contains("another delivery"), "{}", second.1);
    assert_eq!(tasks.running(), 1);
    script.open();
    assert_eq!(first.await.expect("no panic"), 200);
    assert_eq!(status(&app, delivery("a")).await, 200);
    assert_eq!(script.seen(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_is_late_goes_on() {
    for (act, calls) in [(Act::Succeed, 1), (Act::Fail, 2), (Act::Panic, 2)] {
        let script = Script::shut([act]);
        let webhooks = webhooks(&script);
        let tasks = webhooks.tasks();
        let app = webhooks.into_router();
        let start = Instant::now();
        let (late, reason) = answer(&app, delivery("a")).await;
        assert_eq!(
            (late, reason.as_str()),
            (503, "the handler is not done yet")
        );
        let waited = start.elapsed().as_millis();
        assert!((7_990..=8_010).contains(&waited), "{waited}");
        // It is not started again while it runs.
        assert_eq!(status(&app, delivery("a")).await, 503);
        script.open();
        while tasks.running() > 0 {
            tokio::task::yield_now().await;
        }
        script.open();
        assert_eq!(status(&app, delivery("a")).await, 200);
        assert_eq!(script.seen().len(), calls);
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_a_setting() {
    for (deadline, expected) in [(Duration::ZERO, 503), (Duration::MAX, 200)] {
        let webhooks = router(verifier(), MemoryDeduper::new(), |_| async {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            Ok(())
        });
        let webhooks = webhooks.handler_timeout(Duration::MAX);
        let app = webhooks.deadline(deadline).into_router();
        assert_eq!(status(&app, delivery("a")).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn more_than_can_be_handled_is_put_off() {
    for concurrency in [0, 1, 3] {
        let script = Script::shut([]);
        let app = webhooks(&script).concurrency(concurrency).into_router();
        let limit = concurrency.max(1);
        let running: Vec<_> = (0..limit)
            .map(|number| deliver(&app, &number.to_string()))
            .collect();
        for _ in 0..limit {
            script.called().await;
        }
        let start = Instant::now();
        let (full, reason) = answer(&app, delivery("more")).await;
        assert_eq!(
            (full, reason.as_str()),
            (503, "too many deliveries are being handled")
        );
        let waited = start.elapsed().as_millis();
        assert!((3_990..=4_010).contains(&waited), "{waited}");
        // Who does not have the secret is told so all the same.
        let body = event("more");
        let bad = request(signed_by(OTHER_SECRET, "a", body.as_bytes()), body);
        assert_eq!(status(&app, bad).await, 401);
        for running in running {
            script.open();
            assert_eq!(running.await.expect("no panic"), 200);
        }
        script.open();
        assert_eq!(status(&app, delivery("more")).await, 200);
        assert_eq!(script.seen().len(), limit + 1);
    }
}

/// A request whose headers look like those of a delivery, as anybody can write them.
fn forged(body: Body) -> Request {
    request(signed_by(OTHER_SECRET, "forged", b""), body)
}

#[tokio::test(start_paused = true)]
async fn the_body_that_takes_longest_makes_room() {
    let script = Script::new([]);
    // Room for four bodies of which little was received.
    let budget = 4 * (16 * 1024 + 100);
    let webhooks = webhooks(&script).body_limit(1000).body_budget(budget);
    let app = webhooks.into_router();
    let mut stalled: Vec<_> = (0..4)
        .map(|_| {
            let body = body_of([Bytes::from_static(b"{\"a\":")], End::Stalled);
            let (app, request) = (app.clone(), forged(body));
            tokio::spawn(async move { answer(&app, request).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(status(&app, delivery("a")).await, 200);
    let (status, reason) = stalled.remove(0).await.expect("no panic");
    assert_eq!(status, 503);
    assert!(reason.contains("took longest"), "{reason}");
    assert!(stalled.iter().all(|stalled| !stalled.is_finished()));
    assert_eq!(script.seen(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn hundreds_of_stalled_bodies_keep_no_delivery_out() {
    let script = Script::new([]);
    let app = webhooks(&script).into_router();
    let mut stalled = Vec::new();
    for number in 0..370 {
        for _ in 0..30 {
            let body = body_of([Bytes::from(vec![b' '; 4096])], End::Stalled);
            let (app, request) = (app.clone(), forged(body));
            stalled.push(tokio::spawn(async move { status(&app, request).await }));
        }
        tokio::task::yield_now().await;
        assert_eq!(status(&app, delivery(&format!("a{number}"))).await, 200);
    }
    assert_eq!(script.seen().len(), 370);
    // Headers that no body can match are refused without waiting for the body.
    let mut headless = forged(body_of([], End::Stalled));
    headless.headers_mut().clear();
    assert_eq!(status(&app, headless).await, 401);
}

#[tokio::test(start_paused = true)]
async fn deliveries_that_wait_for_a_handler_are_not_displaced() {
    let script = Script::shut([]);
    let webhooks = webhooks(&script).concurrency(1).body_limit(16 * 1024);
    let app = webhooks.body_budget(0).into_router();
    let first = deliver(&app, "a");
    script.called().await;
    let second = deliver(&app, "b");
    tokio::time::sleep(Duration::from_millis(10)).await;
    // Room is for four of the longest bodies, that is two with what their connections count for.
    let stalled: Vec<_> = (0..10)
        .map(|_| {
            let body = body_of([Bytes::from_static(b" ")], End::Stalled);
            let (app, request) = (app.clone(), forged(body));
            tokio::spawn(async move { status(&app, request).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(10)).await;
    script.open();
    script.open();
    assert_eq!(first.await.expect("no panic"), 200);
    assert_eq!(second.await.expect("no panic"), 200);
    for stalled in stalled {
        assert_eq!(stalled.await.expect("no panic"), 503);
    }
    assert_eq!(script.seen(), ["a", "b"]);
}

#[tokio::test]
async fn the_answer_can_come_first() {
    let script = Script::shut([Act::Succeed, Act::Fail]);
    let webhooks = webhooks(&script).respond_first();
    let tasks = webhooks.tasks();
    let app = webhooks.into_router();
    assert_eq!(answer(&app, delivery("a")).await, (200, String::new()));
    assert_eq!(status(&app, delivery("b")).await, 200);
    assert_eq!(
        status(&app, delivery("a")).await,
        503,
        "it is being handled"
    );
    script.called().await;
    script.called().await;
    assert_eq!(tasks.running(), 2);

    let mut drain = Box::pin(tasks.drain());
    assert!(poll_once(drain.as_mut()).is_pending());
    let (draining, reason) = answer(&app, delivery("c")).await;
    assert_eq!((draining, reason.as_str()), (503, "shutting down"));
    script.open();
    assert!(poll_once(drain.as_mut()).is_pending());
    script.open();
    drain.await;
    tasks.drain().await;
    assert_eq!(tasks.running(), 0);
    assert_eq!(status(&app, delivery("a")).await, 503, "it has shut down");
    assert_eq!(script.seen(), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn answering_first_is_bounded_too() {
    let script = Script::shut([]);
    let webhooks = webhooks(&script).respond_first().concurrency(2);
    let app = webhooks.into_router();
    for (id, expected) in [("a", 200), ("b", 200), ("c", 503)] {
        assert_eq!(status(&app, delivery(id)).await, expected, "{id}");
    }
}

#[tokio::test]
async fn drain_waits_for_those_that_are_late() {
    let script = Script::shut([]);
    let webhooks = webhooks(&script).deadline(Duration::ZERO);
    let tasks = webhooks.tasks();
    let app = webhooks.into_router();
    assert_eq!(status(&app, delivery("a")).await, 503);
    script.called().await;
    let mut drain = Box::pin(tasks.drain());
    assert!(poll_once(drain.as_mut()).is_pending());
    script.open();
    drain.await;
    assert_eq!(script.seen(), ["a"]);
}

#[tokio::test]
async fn a_closed_connection_does_not_stop_the_handler() {
    let script = Script::shut([]);
    let webhooks = webhooks(&script);
    let tasks = webhooks.tasks();
    let app = webhooks.into_router();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("there is a free port");
    let address = listener.local_addr().expect("a listener has an address");
    let served = app.clone();
    let server = tokio::spawn(async move { axum::serve(listener, served).await });

    let body = event("a");
    let mut text = format!(
        "POST /webhooks HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in &signed_by(SECRET, "a", body.as_bytes()) {
        let value = value.to_str().expect("it is ASCII");
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("it listens");
    stream
        .write_all(format!("{text}\r\n{body}").as_bytes())
        .await
        .expect("it reads");
    script.called().await;
    drop(stream);
    // The server is gone, and with it everything that waited for the answer.
    server.abort();
    let _ = server.await;
    assert_eq!(tasks.running(), 1);
    script.open();
    tasks.drain().await;
    assert_eq!(script.seen(), ["a"]);
}

#[tokio::test]
async fn a_real_server_answers_over_one_connection() {
    let script = Script::new([Act::Fail]);
    let app = webhooks(&script).into_router();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("there is a free port");
    let address = listener.local_addr().expect("a listener has an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("it listens");
    for expected in ["500", "200", "200"] {
        let body = event("a");
        let mut text =
            "POST /webhooks HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n".to_owned();
        for (name, value) in &signed_by(SECRET, "a", body.as_bytes()) {
            let value = value.to_str().expect("it is ASCII");
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        for piece in [&body[..9], &body[9..], ""] {
            text.push_str(&format!("{:x}\r\n{piece}\r\n", piece.len()));
        }
        stream.write_all(text.as_bytes()).await.expect("it reads");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("it answers"));
        }
        let head = String::from_utf8(head).expect("a head is text");
        assert_eq!(head.get(9..12), Some(expected), "{head}");
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then_some(value)
        });
        let length = length.map_or(0, |length| length.parse().expect("a number"));
        let mut rest = vec![0; length];
        stream.read_exact(&mut rest).await.expect("it is whole");
    }
    assert_eq!(script.seen(), ["a", "a"]);
}

#[tokio::test]
async fn long_bodies_are_refused() {
    let long = |length: usize| format!(r#"{{"event_id":"{}"}}"#, "a".repeat(length - 15));
    let cases: [(Option<usize>, usize, u16); 5] = [
        (None, BODY_LIMIT, 200),
        (None, BODY_LIMIT + 1, 413),
        (Some(99), 99, 200),
        (Some(99), 100, 413),
        (Some(2 * BODY_LIMIT), 2 * BODY_LIMIT, 200),
    ];
    for (limit, length, expected) in cases {
        let script = Script::new([]);
        let webhooks = webhooks(&script);
        let app = match limit {
            Some(limit) => webhooks.body_limit(limit),
            None => webhooks,
        };
        let app = app.into_router();
        let body = long(length);
        assert_eq!(body.len(), length);
        let headers = signed_by(SECRET, "a", body.as_bytes());
        let pieces = body.as_bytes().chunks(64 * 1024);
        let unannounced = body_of(pieces.map(Bytes::copy_from_slice), End::Whole);
        let unannounced = request(headers.clone(), unannounced);
        assert_eq!(
            status(&app, unannounced).await,
            expected,
            "{length} in pieces"
        );
        assert_eq!(
            status(&app, request(headers, body)).await,
            expected,
            "{length}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_whole_may_come_again() {
    let script = Script::new([]);
    let app = webhooks(&script).into_router();
    let body = event("a");
    let headers = signed_by(SECRET, "a", body.as_bytes());
    let half = || [Bytes::copy_from_slice(&body.as_bytes()[..40])];
    let stalled = request(headers.clone(), body_of(half(), End::Stalled));
    let start = Instant::now();
    let (slow, reason) = answer(&app, stalled).await;
    assert_eq!(
        (slow, reason.as_str()),
        (503, "the body was not received in time")
    );
    let waited = start.elapsed().as_millis();
    assert!((4_990..=5_010).contains(&waited), "{waited}");
    let broken = request(headers, body_of(half(), End::Broken));
    let (broken, reason) = answer(&app, broken).await;
    assert_eq!(
        (broken, reason.as_str()),
        (503, "the connection failed before the end of the body")
    );
    assert_eq!(status(&app, delivery("a")).await, 200);
    assert_eq!(script.seen(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_deduper_that_fails_loses_nothing() {
    let fail = |which: &'static str| {
        let deduper = Failing::new(which);
        let script = Script::new([Act::Fail]);
        let app = with_deduper(&script, Arc::clone(&deduper)).into_router();
        (deduper, script, app)
    };
    // No claim, no handler.
    let (deduper, script, app) = fail("claim");
    let (unclaimed, reason) = answer(&app, delivery("a")).await;
    assert_eq!((unclaimed, reason.as_str()), (503, "the deduper failed"));
    assert!(script.seen().is_empty());
    deduper.mend();
    assert_eq!(status(&app, delivery("a")).await, 500);

    // A release that fails is tried again.
    let (deduper, script, app) = fail("release");
    assert_eq!(status(&app, delivery("a")).await, 500);
    assert_eq!(
        status(&app, delivery("a")).await,
        503,
        "it is still claimed"
    );
    deduper.mend();
    deduper.settled().await;
    assert_eq!(status(&app, delivery("a")).await, 200);
    assert_eq!(script.seen(), ["a", "a"]);

    // An event that is handled is so, whether that can be noted down or not.
    let (deduper, script, app) = fail("complete");
    assert_eq!(status(&app, delivery("a")).await, 500);
    assert_eq!(status(&app, delivery("a")).await, 200);
    deduper.mend();
    deduper.settled().await;
    assert_eq!(status(&app, delivery("a")).await, 200);
    assert_eq!(script.seen(), ["a", "a"]);

    // So it is if that does not even end.
    let (deduper, script, app) = fail("hang");
    assert_eq!(status(&app, delivery("a")).await, 500);
    assert_eq!(status(&app, delivery("a")).await, 200);
    deduper.mend();
    deduper.settled().await;
    assert_eq!(status(&app, delivery("a")).await, 200);
    assert_eq!(script.seen(), ["a", "a"]);
}

#[tokio::test(start_paused = true)]
async fn a_claim_is_renewed_while_its_handler_runs() {
    for which in ["nothing", "renew"] {
        let deduper = Failing::new(which);
        let script = Script::shut([]);
        let webhooks = with_deduper(&script, Arc::clone(&deduper));
        let app = webhooks.deadline(Duration::from_secs(100)).into_router();
        let first = deliver(&app, "a");
        script.called().await;
        tokio::time::sleep(Duration::from_secs(65)).await;
        assert_eq!(
            deduper.renewals.load(Ordering::SeqCst),
            6,
            "every 10 of 30 seconds"
        );
        script.open();
        assert_eq!(first.await.expect("no panic"), 200);
        tokio::time::sleep(Duration::from_secs(65)).await;
        assert_eq!(
            deduper.renewals.load(Ordering::SeqCst),
            6,
            "and not after its end"
        );
    }
}

#[tokio::test]
async fn the_path_is_a_setting_and_the_router_nests() {
    let script = Script::new([]);
    let webhooks = webhooks(&script).path("/linq/hook").expect("it is a path");
    let app = Router::new().nest("/v1", webhooks.into());
    let to = |path: &str| {
        let mut request = delivery("a");
        *request.uri_mut() = path.parse().expect("a path is a URI");
        request
    };
    assert_eq!(status(&app, to("/webhooks")).await, 404);
    assert_eq!(
        status(&app, to("/v1/linq/hook?version=2026-02-03")).await,
        200
    );
    for path in [
        "", "webhooks", "/{a}", "/{*a}", "/:a", "/*a", "/a b", "/ä", "/a?b", "/a#b",
    ] {
        let script = Script::new([]);
        assert!(
            with_deduper(&script, MemoryDeduper::new())
                .path(path)
                .is_err(),
            "{path}"
        );
    }
    for path in ["/", "/a/", "/a//b", "/a%20b", "/a-b_c.d~e"] {
        let script = Script::new([]);
        let webhooks = with_deduper(&script, MemoryDeduper::new()).path(path);
        let app = webhooks.expect("it is a path").into_router();
        assert_eq!(status(&app, to(path)).await, 200, "{path}");
    }
}

/// The state of somebody's app.
#[derive(Clone)]
struct App {
    verifier: Verifier,
    seen: Arc<Mutex<Vec<String>>>,
}

impl FromRef<App> for Verifier {
    fn from_ref(app: &App) -> Self {
        app.verifier.clone()
    }
}

#[tokio::test]
async fn the_extractors_stand_in_any_app() {
    async fn parsed(state: axum::extract::State<App>, Event(event): Event) -> StatusCode {
        let mut seen = state.seen.lock().expect("nobody panics with it");
        seen.push(event.event_id().to_owned());
        StatusCode::NO_CONTENT
    }
    async fn raw(Verified(delivery): Verified) -> String {
        assert_eq!(delivery.id(), Some("a"));
        String::from_utf8(delivery.into_body().to_vec()).expect("it is text")
    }
    async fn short(_: Event<64>) {}

    let state = App {
        verifier: verifier(),
        seen: Arc::default(),
    };
    let app = Router::new()
        .route("/parsed", post(parsed))
        .route("/raw", post(raw))
        .route("/short", post(short))
        .with_state(state.clone());
    let send = async |path: &str, headers: HeaderMap, body: &str| {
        let mut request = request(headers, body.to_owned());
        *request.uri_mut() = path.parse().expect("a path is a URI");
        answer(&app, request).await
    };
    let good = |body: &str| signed_by(SECRET, "a", body.as_bytes());
    let body = event("a");
    assert_eq!(send("/parsed", good(&body), &body).await.0, 204);
    assert_eq!(send("/raw", good(&body), &body).await, (200, body.clone()));
    assert_eq!(send("/parsed", good(&body), "{}").await.0, 401);
    assert_eq!(send("/raw", HeaderMap::new(), &body).await.0, 401);
    assert_eq!(send("/parsed", good("[]"), "[]").await.0, 204);
    assert_eq!(send("/raw", good("a"), "a").await, (200, "a".to_owned()));
    assert_eq!(send("/short", good(&body), &body).await.0, 413);
    assert_eq!(send("/short", good("{}"), "{}").await.0, 200);
    let long = " ".repeat(BODY_LIMIT + 1);
    assert_eq!(send("/parsed", good(&long), &long).await.0, 413);
    assert_eq!(
        state.seen.lock().expect("nobody panics with it")[..],
        ["a", ""]
    );
}

fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(std::task::Waker::noop()))
}

/// How a body ends that comes in pieces, without saying how long it will be.
enum End {
    Whole,
    /// There would be more, but it does not come.
    Stalled,
    Broken,
}

fn body_of(pieces: impl IntoIterator<Item = Bytes>, end: End) -> Body {
    let pieces: Vec<_> = pieces.into_iter().map(Ok).collect();
    let pieces = stream::iter(pieces);
    let broken = || Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
    match end {
        End::Whole => Body::from_stream(pieces.chain(stream::empty::<std::io::Result<_>>())),
        End::Stalled => Body::from_stream(pieces.chain(stream::pending())),
        End::Broken => Body::from_stream(pieces.chain(stream::iter([broken()]))),
    }
}

/// A deduper one of whose calls fails, until it is mended.
struct Failing {
    inner: MemoryDeduper,
    which: &'static str,
    is_mended: AtomicBool,
    renewals: AtomicUsize,
    settled: Semaphore,
}

impl Failing {
    fn new(which: &'static str) -> Arc<Self> {
        Arc::new(Self {
            inner: MemoryDeduper::new(),
            which,
            is_mended: AtomicBool::new(false),
            renewals: AtomicUsize::new(0),
            settled: Semaphore::new(0),
        })
    }

    fn mend(&self) {
        self.is_mended.store(true, Ordering::SeqCst);
    }

    /// Waits until a claim is completed or released, after the mending.
    async fn settled(&self) {
        let settled = tokio::time::timeout(Duration::from_secs(60), self.settled.acquire());
        let permit = settled.await.expect("it is tried again before long");
        permit.expect("it is never closed").forget();
    }

    fn check(&self, call: &str) -> std::io::Result<()> {
        let is_mended = self.is_mended.load(Ordering::SeqCst);
        if is_mended && matches!(call, "complete" | "release") {
            self.settled.add_permits(1);
        }
        if self.which == call && !is_mended {
            return Err(std::io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

fn full(error: MemoryFull) -> std::io::Error {
    std::io::Error::other(error)
}

impl Deduper for Failing {
    type Error = std::io::Error;

    async fn claim(&self, key: &EventKey) -> Result<Claim, Self::Error> {
        self.check("claim")?;
        self.inner.claim(key).await.map_err(full)
    }

    async fn complete(&self, ticket: &Ticket) -> Result<bool, Self::Error> {
        if self.which == "hang" && !self.is_mended.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        self.check("complete")?;
        self.inner.complete(ticket).await.map_err(full)
    }

    async fn release(&self, ticket: &Ticket) -> Result<(), Self::Error> {
        self.check("release")?;
        self.inner.release(ticket).await.map_err(full)
    }

    fn lease(&self) -> Option<Duration> {
        Some(Duration::from_secs(30))
    }

    async fn renew(&self, ticket: &Ticket) -> Result<bool, Self::Error> {
        self.renewals.fetch_add(1, Ordering::SeqCst);
        self.check("renew")?;
        self.inner.renew(ticket).await.map_err(full)
    }
}

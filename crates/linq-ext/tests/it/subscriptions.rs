//! Subscriptions: found, mended or created, and never created twice.

use std::time::Duration;

use linq_ext::types::WebhookEventType;
use linq_ext::{EnsureSubscription, Subscription, SubscriptionChange};
use linq_ext::{Error, Linq};
use linq_testing::clock::TestClock;
use linq_testing::hook::Refusals;
use linq_testing::responses;
use linq_testing::server::{Recorded, Server, Step};
use serde_json::{Value, json};

const URL: &str = "https://example.com/hook?key=1";
const PINNED: &str = "https://example.com/hook?key=1&version=2026-02-03";
const SECRET: &str = "whsec_c2VjcmV0IHRoYXQgaXMgc2hvd24gb25jZQ==";

fn subscription(url: &str, events: &[&str]) -> Value {
    json!({
        "id": responses::ID,
        "target_url": url,
        "subscribed_events": events,
        "is_active": true,
        "created_at": "2026-04-14T18:02:11Z",
        "updated_at": "2026-04-14T18:02:11Z",
    })
}

fn with(mut subscription: Value, field: &str, value: Value) -> Value {
    subscription[field] = value;
    subscription
}

fn list(subscriptions: &[Value]) -> Step {
    let body = json!({ "subscriptions": subscriptions });
    Step::respond(200, body.to_string()).done(true)
}

fn created() -> Step {
    let body = subscription(PINNED, &["message.received"]);
    let body = with(body, "signing_secret", json!(SECRET));
    Step::respond(201, body.to_string()).done(true)
}

fn updated(subscription: &Value) -> Step {
    Step::respond(200, subscription.to_string()).done(true)
}

/// What the script leads to, and the requests that were read.
async fn ensure(
    script: impl IntoIterator<Item = Step>,
    settings: impl FnOnce(EnsureSubscription) -> EnsureSubscription,
) -> (Result<Subscription, Error>, Vec<Recorded>) {
    let server = Server::start(script).await;
    let linq = Linq::builder()
        .api_key("key")
        .base_url(server.base_url())
        .timeout(Duration::from_millis(200))
        .clock(TestClock::default())
        .hook(Refusals::of(&server))
        .build()
        .expect("all is valid");
    let result = settings(linq.ensure_subscription(URL, ["message.received"])).await;
    (result, server.requests())
}

fn methods(requests: &[Recorded]) -> Vec<&str> {
    let methods = requests.iter().map(|request| request.method.as_str());
    methods.collect()
}

#[tokio::test]
async fn one_that_is_missing_is_created_with_its_secret() {
    let others = [
        subscription(
            "https://example.com/hook?version=2026-02-03",
            &["message.received"],
        ),
        subscription(
            "https://example.org/hook?key=1&version=2026-02-03",
            &["message.received"],
        ),
        subscription("not a URL", &[]),
    ];
    let (result, requests) = ensure([list(&others), created()], |ensure| {
        ensure.phone_numbers(["+12025550100"])
    })
    .await;
    let subscription = result.expect("it is created");
    assert_eq!(subscription.change(), SubscriptionChange::Created);
    assert_eq!(subscription.signing_secret(), Some(SECRET));
    assert_eq!(subscription.target_url(), PINNED);
    assert!(!format!("{subscription:?}").contains("whsec_"));
    assert_eq!(methods(&requests), ["GET", "POST"]);
    assert_eq!(
        requests[1].json(),
        json!({
            "target_url": PINNED,
            "subscribed_events": ["message.received"],
            "phone_numbers": ["+12025550100"],
        })
    );
}

#[tokio::test]
async fn one_that_is_there_is_left_alone() {
    let there = subscription(PINNED, &["message.sent", "message.received"]);
    let there = with(there, "phone_numbers", json!(["+12025550100"]));
    for lines in [None, Some(["+12025550100"])] {
        let (result, requests) =
            ensure([list(std::slice::from_ref(&there))], |ensure| match lines {
                Some(lines) => ensure.phone_numbers(lines),
                None => ensure,
            })
            .await;
        let subscription = result.expect("it is there");
        assert_eq!(subscription.change(), SubscriptionChange::None);
        assert_eq!(subscription.signing_secret(), None);
        assert_eq!(subscription.phone_numbers(), ["+12025550100"]);
        assert_eq!(methods(&requests), ["GET"]);
    }
}

#[tokio::test]
async fn what_it_lacks_is_changed_and_nothing_else() {
    let good = || subscription(PINNED, &["message.received"]);
    let keep = |ensure: EnsureSubscription| ensure;
    type Settings = fn(EnsureSubscription) -> EnsureSubscription;
    let cases: [(Value, Settings, Value); 7] = [
        (
            subscription(PINNED, &["message.sent"]),
            keep,
            json!({ "subscribed_events": ["message.sent", "message.received"] }),
        ),
        (
            subscription(PINNED, &["message.sent", "message.received"]),
            EnsureSubscription::exact_events,
            json!({ "subscribed_events": ["message.received"] }),
        ),
        (
            with(good(), "is_active", json!(false)),
            keep,
            json!({ "is_active": true }),
        ),
        (
            subscription(URL, &["message.received"]),
            keep,
            json!({ "target_url": PINNED }),
        ),
        (
            subscription(
                "https://example.com/hook?version=2025-01-01&key=1",
                &["message.received"],
            ),
            keep,
            json!({ "target_url": PINNED }),
        ),
        (
            good(),
            |ensure| ensure.phone_numbers(["+12025550101"]),
            json!({ "phone_numbers": ["+12025550101"] }),
        ),
        (
            with(good(), "phone_numbers", json!(["+12025550100"])),
            |ensure| ensure.phone_numbers([""; 0]),
            json!({ "phone_numbers": [] }),
        ),
    ];
    for (there, settings, change) in cases {
        let script = [list(&[there]), updated(&good())];
        let (result, requests) = ensure(script, settings).await;
        let subscription = result.expect("it is changed");
        assert_eq!(
            subscription.change(),
            SubscriptionChange::Updated,
            "{change}"
        );
        assert_eq!(methods(&requests), ["GET", "PUT"]);
        assert!(requests[1].target.ends_with(responses::ID));
        assert_eq!(requests[1].json(), change);
    }
}

#[tokio::test]
async fn the_one_with_the_same_version_is_preferred() {
    let other = subscription(URL, &["message.received"]);
    let same = subscription(PINNED, &["message.received"]);
    let (result, requests) = ensure([list(&[other, same])], |ensure| ensure).await;
    assert_eq!(result.expect("it is there").target_url(), PINNED);
    assert_eq!(methods(&requests), ["GET"]);
}

#[tokio::test]
async fn after_an_unclear_failure_it_is_looked_for_and_not_created_twice() {
    let unclear = [
        Step::Reset { done: true },
        Step::Silence { done: true },
        Step::StalledBody,
        Step::CutOff,
        Step::error(500, 3001),
        Step::html(),
    ];
    for step in unclear {
        let there = subscription(PINNED, &["message.received"]);
        let script = [list(&[]), step.clone(), list(&[there])];
        let (result, requests) = ensure(script, |ensure| ensure).await;
        let subscription = result.unwrap_or_else(|error| panic!("{step:?}: {error}"));
        assert_eq!(
            subscription.change(),
            SubscriptionChange::SecretLost,
            "{step:?}"
        );
        assert_eq!(methods(&requests), ["GET", "POST", "GET"], "{step:?}");

        let script = [list(&[]), step.clone(), list(&[])];
        let (result, requests) = ensure(script, |ensure| ensure).await;
        let error = result.expect_err("it is not there");
        assert_eq!(
            error.operation().map(|operation| operation.name()),
            Some("create_webhook_subscription")
        );
        assert_eq!(methods(&requests), ["GET", "POST", "GET"], "{step:?}");
    }
}

#[tokio::test]
async fn one_that_somebody_else_created_meanwhile_is_taken() {
    let there = subscription(PINNED, &["message.received"]);
    let script = [list(&[]), Step::error(409, 2015), list(&[there])];
    let (result, _) = ensure(script, |ensure| ensure).await;
    assert_eq!(
        result.expect("it is there").change(),
        SubscriptionChange::None
    );
}

#[tokio::test]
async fn a_refusal_is_the_answer() {
    for (status, code, made) in [(400, 1001, 3), (401, 2004, 2)] {
        let script = [list(&[]), Step::error(status, code), list(&[])];
        let (result, requests) = ensure(script, |ensure| ensure).await;
        let error = result.expect_err("it is refused");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(requests.len(), made);
    }
}

#[tokio::test]
async fn what_cannot_be_a_subscription_is_not_sent() {
    let server = Server::start([]).await;
    let linq = Linq::builder()
        .api_key("key")
        .base_url(server.base_url())
        .build()
        .expect("all is valid");
    let received = || [WebhookEventType::MessageReceived];
    let none: [WebhookEventType; 0] = [];
    for ensure in [
        linq.ensure_subscription("http://example.com/hook", received()),
        linq.ensure_subscription("hook", received()),
        linq.ensure_subscription(URL, none),
        linq.ensure_subscription(URL, received())
            .phone_numbers(["secret"]),
    ] {
        let error = ensure.await.expect_err("it is unfit");
        assert!(error.is_invalid_request(), "{error}");
        assert!(!error.to_string().contains("secret"));
    }
    assert!(server.seen().is_empty());
}

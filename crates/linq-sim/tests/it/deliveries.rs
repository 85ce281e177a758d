//! Deliveries: signed, repeated, filtered.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post as posted;
use linq_sim::{Fault, FaultKind, Sim};
use linq_webhook::Verifier;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{ANA, BEN, chat, post, sim, text};

type Received = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A program that receives deliveries and responds with these statuses in turn, the last one for ever.
async fn target(statuses: &'static [u16]) -> (String, Received) {
    let received = Received::default();
    let kept = Arc::clone(&received);
    let handler = move |headers: HeaderMap, body: Bytes| {
        let mut all = kept.lock().expect("no panic");
        all.push((headers, body));
        let status = statuses[(all.len() - 1).min(statuses.len() - 1)];
        async move { StatusCode::from_u16(status).expect("a status") }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        axum::serve(listener, Router::new().route("/hooks", posted(handler))).await
    });
    (format!("http://{address}/hooks"), received)
}

async fn subscribe(sim: &Sim, url: &str, events: &[&str]) -> Value {
    let body = json!({ "target_url": url, "subscribed_events": events });
    let (status, body) = post(sim, "/v3/webhook-subscriptions", body).await;
    assert_eq!(status, 201, "{body}");
    body
}

fn bodies(received: &Received) -> Vec<Value> {
    let received = received.lock().expect("no panic");
    received
        .iter()
        .map(|(_, body)| serde_json::from_slice(body).expect("JSON"))
        .collect()
}

#[tokio::test]
async fn a_message_is_delivered_signed_in_both_ways_and_both_versions() {
    let sim = sim().await;
    for (version, query) in [
        ("2026-02-03", ""),
        ("2026-02-03", "?version=2026-02-03"),
        ("2025-01-01", "?version=2025-01-01"),
    ] {
        let (url, received) = target(&[200]).await;
        let created = subscribe(&sim, &format!("{url}{query}"), &["message.received"]).await;
        let secret = created["signing_secret"].as_str().expect("a secret");
        sim.phone(ANA).says("Hello?").await.expect("a line");
        sim.settle().await;
        let event = bodies(&received).pop().expect("a delivery");
        assert_eq!(event["webhook_version"], version);
        let (headers, body) = received.lock().expect("no panic")[0].clone();
        let verified = Verifier::new(secret)
            .expect("a secret")
            .verify(&headers, &body)
            .expect("a signature")
            .parse()
            .expect("an event");
        assert!(!verified.is_unknown(), "{verified:?}");
        let mut legacy = headers.clone();
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            legacy.remove(name);
        }
        let verifier = Verifier::new(secret).expect("a secret").accept_legacy();
        assert!(verifier.verify(&legacy, &body).is_ok());
    }
}

#[tokio::test]
async fn every_event_of_a_message_is_one_that_linq_types_knows() {
    let sim = sim().await;
    let (url, received) = target(&[200]).await;
    let events = [
        "message.sent",
        "message.delivered",
        "message.read",
        "message.failed",
        "message.edited",
        "message.received",
        "reaction.added",
        "reaction.removed",
        "chat.created",
        "chat.typing_indicator.started",
        "chat.typing_indicator.stopped",
        "participant.added",
        "chat.group_name_updated",
        "poll.sent",
        "poll.delivered",
        "poll.vote.added",
    ];
    subscribe(&sim, &url, &events).await;
    subscribe(&sim, &format!("{url}?version=2025-01-01"), &events).await;
    let ana = sim.phone(ANA);
    let (chat_id, message_id) = chat(&sim, &[ANA]).await;
    chat(&sim, &["+12025550194"]).await;
    sim.clock().advance(Duration::from_secs(3)).await;
    ana.reads().await.expect("a chat");
    ana.types().await.expect("a chat");
    let inbound = ana.says("Yes").await.expect("a line");
    ana.reacts(&message_id, "like").await.expect("a message");
    let react = json!({ "operation": "add", "type": "love" });
    post(&sim, &format!("/v3/messages/{inbound}/reactions"), react).await;
    let (group, _) = chat(&sim, &[ANA, BEN]).await;
    post(
        &sim,
        &format!("/v3/chats/{group}/participants"),
        json!({ "handle": "+12025550103" }),
    )
    .await;
    let poll = json!({ "poll": { "options": [{ "text": "Seven" }, { "text": "Eight" }] } });
    let (_, made) = post(&sim, &format!("/v3/chats/{chat_id}/polls"), poll).await;
    let vote = json!({ "operation": "add", "option_id": made["poll"]["options"][0]["option_id"] });
    post(
        &sim,
        &format!(
            "/v3/messages/{}/poll/votes",
            made["message_id"].as_str().expect("an id")
        ),
        vote,
    )
    .await;
    sim.clock().advance(Duration::from_secs(3)).await;
    let mut seen: Vec<String> = Vec::new();
    for (_, body) in received.lock().expect("no panic").iter() {
        let event = linq_types::WebhookEvent::from_slice(body).expect("an object");
        assert!(
            !event.is_unknown(),
            "{event:?}: {}",
            String::from_utf8_lossy(body)
        );
        seen.push(event.event_type().to_owned());
    }
    for expected in [
        "message.sent",
        "message.delivered",
        "message.read",
        "message.failed",
        "message.received",
        "reaction.added",
        "chat.created",
        "chat.typing_indicator.started",
        "chat.typing_indicator.stopped",
        "participant.added",
        "poll.sent",
        "poll.vote.added",
    ] {
        assert!(
            seen.iter().any(|event| event == expected),
            "{expected} in {seen:?}"
        );
    }
}

#[tokio::test]
async fn a_failed_delivery_is_repeated_on_the_schedule_for_thirty_minutes() {
    let sim = sim().await;
    let (url, received) = target(&[500]).await;
    subscribe(&sim, &url, &["message.received"]).await;
    sim.phone(ANA).says("Hello?").await.expect("a line");
    sim.clock().advance(Duration::from_secs(3600)).await;
    let delivery = sim.deliveries().pop().expect("a delivery");
    let times: Vec<chrono::DateTime<chrono::Utc>> = delivery["attempts"]
        .as_array()
        .expect("attempts")
        .iter()
        .map(|attempt| {
            attempt["at"]
                .as_str()
                .expect("a time")
                .parse()
                .expect("a time")
        })
        .collect();
    let pauses: Vec<f64> = times
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).as_seconds_f64())
        .collect();
    for (pause, expected) in pauses
        .iter()
        .zip([2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 600.0])
    {
        assert!(
            (expected * 0.79..=expected * 1.21).contains(pause),
            "{pauses:?}"
        );
    }
    assert!(pauses.len() >= 9, "{pauses:?}");
    assert!(times[times.len() - 1] - times[0] <= chrono::TimeDelta::minutes(30));
    assert_eq!(received.lock().expect("no panic").len(), times.len());
    assert_eq!(delivery["state"], "failed");
}

#[tokio::test]
async fn success_and_most_4xx_end_a_delivery_and_429_does_not() {
    for (statuses, expected) in [
        (&[200_u16][..], 1),
        (&[404], 1),
        (&[401], 1),
        (&[429, 200], 2),
        (&[503, 200], 2),
    ] {
        let sim = sim().await;
        let (url, received) = target(statuses).await;
        subscribe(&sim, &url, &["message.received"]).await;
        sim.phone(ANA).says("Hello?").await.expect("a line");
        sim.clock().advance(Duration::from_secs(60)).await;
        assert_eq!(
            received.lock().expect("no panic").len(),
            expected,
            "{statuses:?}"
        );
    }
}

#[tokio::test]
async fn a_refused_connection_is_tried_again() {
    let sim = sim().await;
    subscribe(&sim, "http://127.0.0.1:1/hooks", &["message.received"]).await;
    sim.phone(ANA).says("Hello?").await.expect("a line");
    sim.clock().advance(Duration::from_secs(10)).await;
    let delivery = sim.deliveries().pop().expect("a delivery");
    assert!(delivery["attempts"].as_array().expect("attempts").len() >= 2);
}

#[tokio::test]
async fn faults_of_deliveries_do_as_they_say() {
    let sim = sim().await;
    let (url, received) = target(&[200]).await;
    let secret = subscribe(&sim, &url, &["message.received"]).await["signing_secret"]
        .as_str()
        .expect("a secret")
        .to_owned();
    let says = || async {
        received.lock().expect("no panic").clear();
        sim.phone(ANA).says("Hello?").await.expect("a line");
        sim.settle().await;
    };
    sim.fault(Fault::new(FaultKind::Doubled));
    says().await;
    let both = bodies(&received);
    assert_eq!(both.len(), 2);
    assert_eq!(both[0], both[1]);
    sim.fault(Fault::new(FaultKind::BrokenSignature));
    says().await;
    let (headers, body) = received.lock().expect("no panic")[0].clone();
    assert!(
        Verifier::new(&secret)
            .expect("a secret")
            .verify(&headers, &body)
            .is_err()
    );
    sim.fault(Fault::new(FaultKind::UnknownVersion));
    says().await;
    assert_eq!(bodies(&received)[0]["webhook_version"], "2099-01-01");
    sim.fault(Fault::new(FaultKind::Missing {
        pointer: "/sender_handle/joined_at".to_owned(),
    }));
    says().await;
    assert!(bodies(&received)[0]["data"]["sender_handle"]["joined_at"].is_null());
    sim.fault(Fault::new(FaultKind::Delayed { millis: 60_000 }));
    says().await;
    assert!(bodies(&received).is_empty());
    sim.clock().advance(Duration::from_secs(61)).await;
    assert_eq!(bodies(&received).len(), 1);
}

#[tokio::test]
async fn subscriptions_are_filtered_by_event_and_line() {
    let sim = Sim::builder()
        .line("+12025550100")
        .line("+12025550109")
        .stopped()
        .start()
        .await
        .expect("a port");
    let (url, received) = target(&[200]).await;
    let body = json!({ "target_url": url, "subscribed_events": ["message.received"], "phone_numbers": ["+12025550109"] });
    post(&sim, "/v3/webhook-subscriptions", body).await;
    sim.phone(ANA)
        .says_to("+12025550100", "one")
        .await
        .expect("a line");
    sim.phone(ANA)
        .says_to("+12025550109", "two")
        .await
        .expect("a line");
    let send = json!({ "from": "+12025550109", "to": [BEN], "message": text("three") });
    post(&sim, "/v3/chats", send).await;
    sim.clock().advance(Duration::from_secs(5)).await;
    let texts: Vec<_> = bodies(&received)
        .iter()
        .map(|event| event["data"]["parts"][0]["value"].clone())
        .collect();
    assert_eq!(texts, ["two"]);
}

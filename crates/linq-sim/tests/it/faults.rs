//! Faults that are ordered.

use linq_sim::{Fault, FaultKind};
use serde_json::json;

use crate::support::{ANA, chat, post, sim, text};

async fn try_send(sim: &linq_sim::Sim, path: &str) -> Result<(u16, String), reqwest::Error> {
    let request = reqwest::Client::new()
        .post(format!("{}{path}", sim.base_url()))
        .bearer_auth(sim.api_key());
    let response = request
        .json(&json!({ "message": text("Hi") }))
        .send()
        .await?;
    let status = response.status().as_u16();
    Ok((status, response.text().await?))
}

#[tokio::test]
async fn what_is_accepted_and_what_is_heard_of_it_differ() {
    let sim = sim().await;
    let (chat_id, _) = chat(&sim, &[ANA]).await;
    let path = format!("/v3/chats/{chat_id}/messages");
    let sent = || sim.phone(ANA).messages().len() - 1;
    let order = |kind| sim.fault(Fault::new(kind).on("sendMessageToChat"));

    order(FaultKind::Reset);
    assert!(try_send(&sim, &path).await.is_err());
    assert_eq!(sent(), 0);
    order(FaultKind::AcceptThenReset);
    assert!(try_send(&sim, &path).await.is_err());
    assert_eq!(sent(), 1);
    order(FaultKind::AcceptThenCut);
    assert!(try_send(&sim, &path).await.is_err());
    assert_eq!(sent(), 2);
    order(FaultKind::AcceptThenGarble);
    let (status, text) = try_send(&sim, &path).await.expect("a response");
    assert_eq!(status, 202);
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
    assert_eq!(sent(), 3);
    order(FaultKind::Error {
        status: 429,
        code: 1007,
        retry_after: Some(7),
    });
    assert_eq!(try_send(&sim, &path).await.expect("a response").0, 429);
    order(FaultKind::ProxyPage { status: 502 });
    let (status, text) = try_send(&sim, &path).await.expect("a response");
    assert_eq!((status, text.starts_with("<html>")), (502, true));
    assert_eq!(sent(), 3);
    // Each hit once.
    assert_eq!(try_send(&sim, &path).await.expect("a response").0, 202);
}

#[tokio::test]
async fn a_fault_waits_for_its_turn_and_its_operation() {
    let sim = sim().await;
    let (chat_id, _) = chat(&sim, &[ANA]).await;
    let path = format!("/v3/chats/{chat_id}/messages");
    let error = FaultKind::Error {
        status: 503,
        code: 3002,
        retry_after: None,
    };
    sim.fault(Fault::new(error).on("sendMessageToChat").after(1).times(2));
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(post(&sim, &path, json!({ "message": text("Hi") })).await.0);
    }
    assert_eq!(statuses, [202, 503, 503, 202, 202]);
}

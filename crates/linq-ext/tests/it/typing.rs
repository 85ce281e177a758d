//! The typing indicator, as the server and those who drop it see it.

use std::time::Duration;

use linq_ext::{Error, Linq, Typing};
use linq_testing::clock::TestClock;
use linq_testing::responses::ID;
use linq_testing::server::{Server, Step};
use serde_json::json;

const MINUTE: Duration = Duration::from_secs(60);

/// Waits for something to be there; the limit is there to end a test that fails.
async fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found)
        .await
        .expect("it comes at last")
}

async fn linq(script: impl IntoIterator<Item = Step>) -> (Linq, Server, TestClock) {
    let (server, clock) = (Server::start(script).await, TestClock::by_hand());
    let linq = Linq::builder()
        .api_key("key-4f7d2a")
        .base_url(server.base_url())
        .clock(clock.clone())
        .build()
        .expect("all is valid");
    (linq, server, clock)
}

/// The requests so far, such as `POST typing`.
fn requests(server: &Server) -> Vec<String> {
    let short = |request: linq_testing::server::Recorded| {
        let last = request
            .target
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        format!("{} {last}", request.method)
    };
    server.requests().into_iter().map(short).collect()
}

async fn until_requests(server: &Server, expected: &[&str]) {
    until(|| (server.requests().len() >= expected.len()).then_some(())).await;
    assert_eq!(requests(server), expected);
}

const START: &str = "POST typing";
const STOP: &str = "DELETE typing";

#[tokio::test]
async fn it_is_refreshed_every_minute_and_stopped_once() {
    let (linq, server, clock) = linq([]).await;
    let typing = linq
        .chat(ID.parse::<uuid::Uuid>().expect("an id"))
        .typing()
        .await
        .expect("success");
    assert_eq!(requests(&server), [START]);
    assert_eq!(
        server.requests()[0].target,
        format!("/api/partner/v3/chats/{ID}/typing")
    );
    for made in 2..=4 {
        assert_eq!(clock.wake().await, MINUTE);
        until_requests(&server, &vec![START; made]).await;
    }
    until(|| (clock.sleepers() == 1).then_some(())).await;
    typing.stop().await.expect("success");
    assert_eq!(requests(&server), [START, START, START, START, STOP]);
    // The task is gone, and with it its sleep.
    assert_eq!(clock.sleepers(), 0);
}

async fn start(linq: &Linq) -> Typing {
    linq.chat(ID.parse::<uuid::Uuid>().expect("an id"))
        .typing()
        .await
        .expect("the indicator is there")
}

#[tokio::test]
async fn a_refresh_that_fails_is_survived_and_made_again_before_the_indicator_fades() {
    let faults = [
        Step::Success,
        Step::error(500, 3001),
        Step::ResetUnread,
        Step::Success,
        Step::error(404, 2001),
        Step::Success,
    ];
    let (linq, server, clock) = linq(faults).await;
    let typing = start(&linq).await;
    let mut pauses = Vec::new();
    for seen in 2..=7 {
        pauses.push(clock.wake().await.as_secs());
        until(|| (server.seen().len() >= seen).then_some(())).await;
    }
    // What does not pass by itself is left for a minute.
    assert_eq!(pauses, [60, 10, 10, 60, 60, 60]);
    typing.stop().await.expect("success");
    assert_eq!(requests(&server).last().map(String::as_str), Some(STOP));
}

#[tokio::test]
async fn the_first_failure_is_told() {
    let (linq_, server, clock) = linq([Step::error(404, 2001)]).await;
    let error = linq_
        .chat(ID.parse::<uuid::Uuid>().expect("an id"))
        .typing()
        .await
        .expect_err("no such chat");
    assert!(error.is_not_found());
    assert_eq!(
        error.operation().map(|operation| operation.name()),
        Some("start_typing")
    );
    assert_eq!((requests(&server).len(), clock.sleepers()), (1, 0));

    let (linq_, server, _) = linq([]).await;
    let error = linq_.chat("no id").typing().await.expect_err("no id");
    assert!(error.is_invalid_request());
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn dropping_it_takes_the_indicator_away() {
    let (linq, server, clock) = linq([]).await;
    let typing = start(&linq).await;
    assert!(!format!("{typing:?}").contains("key-4f7d2a"));
    drop(typing);
    until_requests(&server, &[START, STOP]).await;
    assert_eq!(clock.sleepers(), 0);

    // On a thread that knows of no runtime.
    let typing = start(&linq).await;
    std::thread::spawn(move || drop(typing))
        .join()
        .expect("no panic");
    until_requests(&server, &[START, STOP, START, STOP]).await;
    assert_eq!(clock.sleepers(), 0);
}

#[test]
fn dropping_it_after_its_runtime_is_no_panic() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime")
    };
    let (serving, typing_at) = (runtime(), runtime());
    let (linq, server, _) = serving.block_on(linq([]));
    let typing = typing_at.block_on(start(&linq));
    drop(typing_at);
    drop(typing);
    assert_eq!(requests(&server), [START]);
}

#[tokio::test]
async fn the_stop_waits_for_a_refresh_that_is_on_its_way() {
    let (linq, server, clock) = linq([Step::Success, Step::Silence { done: true }]).await;
    let typing = start(&linq).await;
    clock.wake().await;
    until_requests(&server, &[START, START]).await;
    let mut stop = Box::pin(typing.stop());
    let early = tokio::time::timeout(Duration::from_millis(50), &mut stop).await;
    assert!(early.is_err());
    assert_eq!(requests(&server), [START, START]);
}

#[tokio::test]
async fn a_message_takes_it_away_by_itself() {
    let (linq, server, clock) = linq([]).await;
    let typing = start(&linq).await;
    let call = linq.post("/v3/chats/1/messages").json(&json!({}));
    typing.send(call).await.expect("success");
    assert_eq!(requests(&server), [START, "POST messages"]);
    assert_eq!(clock.sleepers(), 0);

    // No refresh goes out while the message does.
    let typing = start(&linq).await;
    let clock_ = clock.clone();
    let slow = async move { Ok::<_, Error>(clock_.sleepers()) };
    assert_eq!(typing.send(slow).await.expect("success"), 0);

    // The next request goes out when all others are through.
    start(&linq).await.stop().await.expect("success");
    assert_eq!(
        requests(&server),
        [START, "POST messages", START, START, STOP]
    );
}

#[tokio::test]
async fn a_message_that_fails_leaves_no_indicator() {
    let send = |linq: &Linq| linq.post("/v3/chats/1/messages").json(&json!({}));
    let (linq_, server, _) = linq([Step::Success, Step::error(403, 2024)]).await;
    let error = start(&linq_)
        .await
        .send(send(&linq_))
        .await
        .expect_err("refused");
    assert!(error.is_opted_out());
    until_requests(&server, &[START, "POST messages", STOP]).await;

    // One that was taken, as far as is known.
    let (linq_, server, _) = linq([Step::Success, Step::CutOff]).await;
    let error = start(&linq_)
        .await
        .send(send(&linq_))
        .await
        .expect_err("half an answer");
    assert!(error.is_accepted());
    start(&linq_).await.stop().await.expect("success");
    assert_eq!(requests(&server), [START, "POST messages", START, STOP]);

    // One that is given up.
    let (linq_, server, _) = linq([Step::Success, Step::Silence { done: true }]).await;
    let typing = start(&linq_).await;
    let sending = typing.send(send(&linq_));
    let given_up = tokio::time::timeout(Duration::from_millis(50), sending).await;
    assert!(given_up.is_err());
    until_requests(&server, &[START, "POST messages", STOP]).await;
}

#[test]
fn it_goes_between_threads() {
    fn check<T: Send + 'static>(value: T) -> T {
        value
    }
    fn moves<T: Send + Sync + 'static>() {}
    moves::<Typing>();
    let linq = Linq::builder()
        .api_key("key")
        .build()
        .expect("a key is enough");
    drop(check(linq.chat("id").typing()));
    drop(check(async move {
        let typing = linq.chat("id").typing().await?;
        typing.send(linq.post("/v3/chats")).await
    }));
}

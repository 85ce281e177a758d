//! The typing indicator, as the server and those who drop it see it.

use std::time::Duration;

use linq_ext::{Linq, Typing};
use linq_testing::clock::TestClock;
use linq_testing::responses::ID;
use linq_testing::server::{Server, Step};

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

fn start(linq: &Linq) -> Typing {
    linq.chat(ID).typing()
}

#[tokio::test]
async fn it_is_refreshed_every_minute_and_stopped_once() {
    let (linq, server, clock) = linq([]).await;
    let typing = start(&linq);
    until_requests(&server, &[START]).await;
    assert_eq!(
        server.requests()[0].target,
        format!("/api/partner/v3/chats/{ID}/typing")
    );
    for requests in 2..=4 {
        assert_eq!(clock.wake().await, MINUTE);
        until_requests(&server, &vec![START; requests]).await;
    }
    until(|| (clock.sleepers() == 1).then_some(())).await;
    typing.stop().await;
    assert_eq!(requests(&server), [START, START, START, START, STOP]);
    // The task has ended, and with it its pause.
    assert_eq!(clock.sleepers(), 0);
}

#[tokio::test]
async fn a_failed_refresh_is_repeated_before_the_indicator_fades() {
    let faults = [
        Step::Success,
        Step::error(500, 3001),
        Step::ResetUnread,
        Step::Success,
        Step::error(404, 2001),
        Step::Success,
    ];
    let (linq, server, clock) = linq(faults).await;
    let typing = start(&linq);
    let mut pauses = Vec::new();
    for seen in 2..=7 {
        pauses.push(clock.wake().await.as_secs());
        until(|| (server.seen().len() >= seen).then_some(())).await;
    }
    // A failure that does not pass by itself can wait for a minute.
    assert_eq!(pauses, [60, 10, 10, 60, 60, 60]);
    typing.stop().await;
    assert_eq!(requests(&server).last().map(String::as_str), Some(STOP));
}

#[tokio::test]
async fn it_never_fails() {
    // A chat that does not exist: nothing is shown, so nothing has to be removed.
    let (linq_, server, _) = linq([Step::error(404, 2001)]).await;
    let typing = start(&linq_);
    until_requests(&server, &[START]).await;
    typing.stop().await;
    assert_eq!(requests(&server), [START]);

    let (linq_, server, _) = linq([]).await;
    linq_.chat("not an id").typing().stop().await;
    // Outside a runtime.
    let outside = std::thread::spawn(move || drop(start(&linq_)));
    outside.join().expect("no panic");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn dropping_it_removes_the_indicator() {
    let (linq, server, clock) = linq([]).await;
    let typing = start(&linq);
    assert!(!format!("{typing:?}").contains("key-4f7d2a"));
    until_requests(&server, &[START]).await;
    drop(typing);
    until_requests(&server, &[START, STOP]).await;
    until(|| (clock.sleepers() == 0).then_some(())).await;

    // On a thread without a runtime.
    let typing = start(&linq);
    until_requests(&server, &[START, STOP, START]).await;
    std::thread::spawn(move || drop(typing))
        .join()
        .expect("no panic");
    until_requests(&server, &[START, STOP, START, STOP]).await;
    until(|| (clock.sleepers() == 0).then_some(())).await;
}

#[test]
fn dropping_it_after_its_runtime_does_not_panic() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime")
    };
    let (serving, typing_at) = (runtime(), runtime());
    let (linq, server, _) = serving.block_on(linq([]));
    let typing = typing_at.block_on(async {
        let typing = start(&linq);
        until_requests(&server, &[START]).await;
        typing
    });
    drop(typing_at);
    drop(typing);
    // Another runtime shows it again.
    let typing = serving.block_on(async {
        let typing = start(&linq);
        until_requests(&server, &[START, START]).await;
        typing
    });
    drop(typing);
}

#[tokio::test]
async fn the_stop_waits_for_a_refresh_that_is_being_sent() {
    let (linq, server, clock) = linq([Step::Success, Step::Silence { done: true }]).await;
    let typing = start(&linq);
    clock.wake().await;
    until_requests(&server, &[START, START]).await;
    let mut stop = Box::pin(typing.stop());
    let early = tokio::time::timeout(Duration::from_millis(50), &mut stop).await;
    assert!(early.is_err());
    assert_eq!(requests(&server), [START, START]);
}

#[tokio::test]
async fn it_survives_messages_and_the_last_one_removes_it() {
    let (linq, server, clock) = linq([]).await;
    let typing = start(&linq);
    until(|| (clock.sleepers() == 1).then_some(())).await;
    let send = || linq.chat(ID).message().text("one moment");
    send().await.expect("success");
    // The pause of a minute ended early.
    until(|| (clock.pauses().len() == 2).then_some(())).await;
    assert_eq!(clock.pauses()[1], Duration::from_secs(3));
    until(|| (clock.sleepers() == 1).then_some(())).await;
    assert_eq!(clock.wake().await, Duration::from_secs(3));
    until_requests(&server, &[START, "POST messages", START]).await;

    // The last message has removed it, so there is nothing left to do.
    until(|| (clock.sleepers() == 1).then_some(())).await;
    linq.to(ID).text("done").await.expect("success");
    typing.stop().await;
    assert_eq!(
        requests(&server),
        [START, "POST messages", START, "POST messages"]
    );
    assert_eq!(clock.sleepers(), 0);
}

#[tokio::test]
async fn a_message_that_fails_does_not_remove_it() {
    let (linq, server, clock) = linq([Step::Success, Step::error(403, 2024)]).await;
    let typing = start(&linq);
    until(|| (clock.sleepers() == 1).then_some(())).await;
    let error = linq.chat(ID).message().text("Hi").await;
    assert!(error.expect_err("refused").is_opted_out());
    typing.stop().await;
    assert_eq!(requests(&server), [START, "POST messages", STOP]);
}

#[tokio::test]
async fn several_guards_share_one_indicator() {
    let (linq, server, clock) = linq([]).await;
    let (first, second) = (start(&linq), start(&linq.clone()));
    until(|| (clock.sleepers() == 1).then_some(())).await;
    first.stop().await;
    assert_eq!(requests(&server), [START]);
    // A new one waits for the end of the one before, whose last request could remove it.
    drop(second);
    let third = start(&linq);
    until_requests(&server, &[START, STOP, START]).await;
    let other = linq.chat("c2497d1e-06fb-4a38-b5d2-9e140c7f83a5").typing();
    until_requests(&server, &[START, STOP, START, START]).await;
    third.stop().await;
    other.stop().await;
}

#[test]
fn it_moves_between_threads() {
    fn check<T: Send + 'static>(_: T) {}
    fn moves<T: Send + Sync + 'static>() {}
    moves::<Typing>();
    let linq = Linq::builder()
        .api_key("key")
        .build()
        .expect("a key is enough");
    check(async move { linq.chat("id").typing().stop().await });
}

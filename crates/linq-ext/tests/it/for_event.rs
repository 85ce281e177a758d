//! The handling of an event that runs several times, and sends each message once.

use linq_ext::{Error, Linq, Message};
use linq_testing::clock::TestClock;
use linq_testing::responses::ID;
use linq_testing::server::{Server, Step};

const ANN: &str = "+12025550101";
const BEN: &str = "ben@example.com";
const LINE: &str = "+12025550100";

fn linq(server: &Server) -> Linq {
    Linq::builder()
        .api_key("key")
        .base_url(server.base_url())
        .default_line(LINE)
        .max_retries(0)
        .clock(TestClock::default())
        .build()
        .expect("all is valid")
}

/// The keys of the requests that the server has accepted, each once.
fn accepted(server: &Server) -> Vec<Option<String>> {
    let mut keys = Vec::new();
    for key in server.done() {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

fn keys(server: &Server) -> Vec<String> {
    let keys = server.requests().into_iter().map(|request| request.key());
    keys.map(|key| key.expect("every send has a key")).collect()
}

fn keys_from(server: &Server, start: usize) -> Vec<Option<String>> {
    let requests = server.requests().into_iter().skip(start);
    requests.map(|request| request.key()).collect()
}

/// Three messages in order; fails where a send does.
async fn handle(linq: Linq) -> Result<(), Error> {
    let chat = linq.chat(ID);
    for text in ["one", "two", "three"] {
        chat.message().text(text).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_handling_that_runs_three_times_sends_each_message_once() {
    // First the response of a send that was accepted cannot be read; then the third send fails; then all is well.
    let script = [
        Step::CutOff,
        Step::Success,
        Step::Success,
        Step::error(500, 3001),
    ];
    let server = Server::start(script).await;
    let linq = linq(&server);
    let error = handle(linq.for_event("event-1"))
        .await
        .expect_err("unreadable");
    assert!(error.is_accepted());
    handle(linq.for_event("event-1"))
        .await
        .expect_err("the third send fails");
    handle(linq.for_event("event-1"))
        .await
        .expect("all is well");
    assert_eq!(server.requests().len(), 1 + 3 + 3);
    assert_eq!(accepted(&server).len(), 3);
    let keys = keys(&server);
    assert_eq!((&keys[0], &keys[1..4]), (&keys[4], &keys[4..7]));

    // Another event sends its own.
    handle(linq.for_event("event-2"))
        .await
        .expect("all is well");
    assert_eq!(accepted(&server).len(), 6);
}

#[tokio::test]
async fn steps_that_run_concurrently_are_sent_once() {
    let handle = async |linq: Linq, order: [usize; 3]| {
        let (chat, names) = (linq.chat(ID), ["one", "two", "three"]);
        let sends = order.map(|index| {
            let send = chat.message().text(names[index]).step(names[index]);
            tokio::spawn(send.into_future())
        });
        let mut results = Vec::new();
        for send in sends {
            results.push(send.await.expect("no panic").is_ok());
        }
        results
    };
    let script = [Step::CutOff, Step::Success, Step::error(500, 3001)];
    let server = Server::start(script).await;
    let linq = linq(&server);
    let first = handle(linq.for_event("event-1"), [0, 1, 2]).await;
    assert!(first.contains(&false));
    let second = handle(linq.for_event("event-1"), [2, 0, 1]).await;
    assert_eq!(second, [true; 3]);
    assert_eq!(server.requests().len(), 6);
    assert_eq!(accepted(&server).len(), 3);
}

#[tokio::test]
async fn slots_are_counted_when_a_send_becomes_a_future() {
    let server = Server::start([]).await;
    let linq = linq(&server);
    let polled = async |order: [usize; 2]| {
        let linq = linq.for_event("event-1");
        let send = |text: &str| Some(linq.chat(ID).message().text(text).into_future());
        let mut sends = [send("one"), send("two")];
        for index in order {
            sends[index].take().expect("once").await.expect("success");
        }
        let keys = keys(&server);
        order.map(|index| keys[keys.len() - 2..][index].clone())
    };
    assert_eq!(polled([0, 1]).await, polled([1, 0]).await);
    assert_eq!(accepted(&server).len(), 2);
}

#[tokio::test]
async fn destinations_and_operations_do_not_share_keys() {
    let server = Server::start([]).await;
    let plain = linq(&server);
    let linq = plain.for_event("event-1");
    let other = "c2497d1e-06fb-4a38-b5d2-9e140c7f83a5";
    for chat in [ID, other] {
        linq.chat(chat).message().text("Hi").await.expect("success");
        let named = linq.chat(chat).message().text("Hi").step("greeting");
        named.await.expect("success");
        linq.chat(chat)
            .create_poll(["a", "b"])
            .await
            .expect("success");
    }
    for to in [ANN, BEN] {
        linq.to(to).text("Hi").await.expect("success");
        linq.send_to([to]).text("Hi").await.expect("success");
    }
    let mut all = keys(&server);
    assert_eq!(all.len(), 10);
    // The order of recipients does not matter.
    linq.create_chat(LINE, [ANN, BEN])
        .text("Hi")
        .step("a")
        .await
        .expect("success");
    linq.create_chat(LINE, [BEN, ANN])
        .text("Hi")
        .step("a")
        .await
        .expect_err("other content");
    linq.clone()
        .chat(ID)
        .message()
        .text("Hi")
        .await
        .expect("the second slot");
    let requests = server.requests().len();
    assert_eq!(requests, 12);
    all = keys(&server);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), requests);
    for key in all {
        assert!(
            key.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{key}"
        );
    }
}

#[tokio::test]
async fn other_content_under_the_same_step_is_an_error() {
    let server = Server::start([]).await;
    let linq = linq(&server).for_event("event-1");
    let send = |text: &str| linq.chat(ID).message().text(text).step("greeting");
    send("Hello").await.expect("success");
    // The same again is what a retry does.
    send("Hello").await.expect("success");
    let error = send("Goodbye").await.expect_err("other content");
    assert!(error.is_invalid_request() && !error.to_string().contains("Goodbye"));
    assert_eq!(server.requests().len(), 2);
    assert_eq!(accepted(&server).len(), 1);
}

#[tokio::test]
async fn own_keys_take_precedence_and_steps_need_an_event() {
    let server = Server::start([]).await;
    let plain = linq(&server);
    let linq = plain.for_event("event-1");
    let send = |linq: &Linq| linq.chat(ID).message().text("Hi");
    send(&linq).idempotency_key("own").await.expect("success");
    let keyed = Message::from("Hi").idempotency_key("of content");
    linq.chat(ID)
        .message()
        .content(keyed)
        .await
        .expect("success");
    assert_eq!(keys(&server), ["own", "of content"]);
    // What takes no key is sent as always.
    linq.message(ID).react("👍").await.expect("success");
    linq.chat(ID).mark_read().await.expect("success");
    let request = linq.message(ID).react("👍").step("like");
    assert!(
        request
            .await
            .expect_err("it takes no key")
            .is_invalid_request()
    );
    let error = send(&plain).step("greeting").await.expect_err("no event");
    assert!(error.to_string().contains("for_event"), "{error}");
    // A call of the generated client is covered too.
    let count = server.requests().len();
    for _ in 0..2 {
        let linq = plain.for_event("event-2");
        let request = linq_ext::types::PaymentRequestCreateRequest::new();
        let request = linq.api().create_payment_request().body(request);
        linq.call(request).await.expect("success");
    }
    let keys = keys_from(&server, count);
    assert_eq!(keys[0], keys[1]);
}

/// Where the server of the process is, if this is one that is killed.
const SERVER: &str = "LINQ_TEST_SERVER";

/// Runs in a process of its own, which the test below starts and kills.
#[tokio::test]
#[ignore = "run by the test of killed processes"]
async fn handle_in_a_process() {
    let base_url = std::env::var(SERVER).expect("the test sets it");
    let linq = Linq::builder()
        .api_key("key")
        .base_url(base_url)
        .build()
        .expect("all is valid");
    handle(linq.for_event("event-1")).await.expect("success");
}

#[tokio::test]
async fn a_process_that_is_killed_between_sends_sends_each_message_once() {
    // The second send is accepted, and its response never arrives.
    let server = Server::start([Step::Success, Step::Silence { done: true }]).await;
    let start = || {
        tokio::process::Command::new(std::env::current_exe().expect("this program"))
            .args(["for_event::handle_in_a_process", "--exact", "--ignored"])
            .env(SERVER, server.base_url())
            .stdout(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("a process")
    };
    let mut process = start();
    while server.done().len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    process.kill().await.expect("it was running");
    assert_eq!(accepted(&server).len(), 2);
    let status = start().wait().await.expect("a status");
    assert!(status.success());
    assert_eq!(server.requests().len(), 5);
    assert_eq!(accepted(&server).len(), 3);
}

//! Claims on events in a real Redis server; two dedupers stand for two processes.

use std::collections::HashSet;
use std::error::Error;
use std::time::Duration;

use linq_testing::redis::{self, RedisServer};
use linq_types::WebhookEvent;
use linq_webhook::{Claim, Deduper, EventKey, RedisDeduper, Ticket};

/// What a claim is named in Redis, with the default prefix.
const NAME: &str = "linq:webhook:event:e1";

fn key(id: &str) -> EventKey {
    let body = serde_json::json!({"event_type": "message.received", "event_id": id, "data": {}});
    let event = WebhookEvent::from_slice(body.to_string().as_bytes()).expect("it is an object");
    EventKey::new(Some(&event), None, b"")
}

async fn connect(server: &RedisServer) -> RedisDeduper {
    let deduper = RedisDeduper::connect(&server.url()).await;
    deduper.expect("the server is up")
}

async fn claim(deduper: &RedisDeduper, id: &str) -> Claim {
    deduper.claim(&key(id)).await.expect("the server is up")
}

async fn ticket(deduper: &RedisDeduper, id: &str) -> Ticket {
    match claim(deduper, id).await {
        Claim::New(ticket) => ticket,
        other => panic!("{other:?}"),
    }
}

/// How many milliseconds Redis keeps a claim for yet.
fn millis_left(server: &RedisServer) -> i64 {
    let answer = server.command(&format!("PTTL {NAME}"));
    let millis = answer.strip_prefix(':').expect("it is a number");
    millis.parse().expect("it is a number")
}

/// Tries until something is there, for as long as a slow machine may need.
async fn until<T>(mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..1000 {
        if let Some(value) = attempt().await {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came to be");
}

async fn until_it_ran_out(server: &RedisServer) {
    let name = format!("EXISTS {NAME}");
    until(async || (server.command(&name) == ":0").then_some(())).await;
}

#[tokio::test]
async fn a_claim_of_one_process_is_held_for_the_other() {
    let Some(server) = redis::start() else { return };
    let (one, other) = (connect(&server).await, connect(&server).await);
    let ticket = ticket(&one, "e1").await;
    assert_eq!(claim(&other, "e1").await, Claim::Held);
    assert_eq!(claim(&one, "e1").await, Claim::Held);
    assert!(matches!(claim(&other, "e2").await, Claim::New(_)));
    one.complete(&ticket).await.expect("the server is up");
    assert_eq!(claim(&other, "e1").await, Claim::Done);
    one.release(&ticket).await.expect("the server is up");
    assert!(!one.renew(&ticket).await.expect("the server is up"));
    assert_eq!(claim(&other, "e1").await, Claim::Done);
}

#[tokio::test]
async fn an_event_that_failed_in_one_process_is_handled_in_the_other() {
    let Some(server) = redis::start() else { return };
    let (one, other) = (connect(&server).await, connect(&server).await);
    let first = ticket(&one, "e1").await;
    one.release(&first).await.expect("the server is up");
    let second = ticket(&other, "e1").await;
    one.release(&first).await.expect("the server is up");
    assert_eq!(claim(&one, "e1").await, Claim::Held);
    other.complete(&second).await.expect("the server is up");
    assert_eq!(claim(&one, "e1").await, Claim::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_the_same_time_one_gets_the_claim() {
    let Some(server) = redis::start() else { return };
    let dedupers = [connect(&server).await, connect(&server).await];
    let tasks: Vec<_> = (0..1000)
        .map(|number: usize| {
            let deduper = dedupers[number % 2].clone();
            let id = (number / 20).to_string();
            tokio::spawn(async move { claim(&deduper, &id).await })
        })
        .collect();
    let (mut won, mut held) = (Vec::new(), 0);
    for task in tasks {
        match task.await.expect("no task panics") {
            Claim::New(ticket) => won.push(ticket),
            Claim::Held => held += 1,
            other => panic!("{other:?}"),
        }
    }
    let keys: HashSet<_> = won.iter().map(Ticket::key).collect();
    assert_eq!((won.len(), keys.len(), held), (50, 50, 950));
}

#[tokio::test]
async fn the_claim_of_a_killed_process_runs_out_and_then_has_no_say() {
    let Some(server) = redis::start() else { return };
    let killed = connect(&server).await;
    let killed = killed.hold_for(Duration::from_millis(50));
    let lost = ticket(&killed, "e1").await;
    let other = connect(&server).await;
    let second = until(async || match claim(&other, "e1").await {
        Claim::New(ticket) => Some(ticket),
        _ => None,
    })
    .await;
    assert!(!killed.complete(&lost).await.expect("the server is up"));
    assert_eq!(claim(&other, "e1").await, Claim::Held);
    killed.release(&lost).await.expect("the server is up");
    assert_eq!(claim(&other, "e1").await, Claim::Held);
    assert!(!killed.renew(&lost).await.expect("the server is up"));
    other.complete(&second).await.expect("the server is up");
    assert_eq!(claim(&killed, "e1").await, Claim::Done);
}

#[tokio::test]
async fn a_claim_is_renewed() {
    let Some(server) = redis::start() else { return };
    let deduper = connect(&server).await;
    let brief = deduper.clone().hold_for(Duration::from_secs(5));
    assert_eq!(brief.lease(), Some(Duration::from_secs(5)));
    let ticket = ticket(&brief, "e1").await;
    assert!(millis_left(&server) <= 5_000);
    assert!(deduper.renew(&ticket).await.expect("the server is up"));
    assert!(millis_left(&server) > 5_000);
    assert_eq!(claim(&brief, "e1").await, Claim::Held);
}

#[tokio::test]
async fn a_claim_that_ran_out_and_that_nobody_took_is_renewed_and_completed() {
    let Some(server) = redis::start() else { return };
    let deduper = connect(&server).await;
    let brief = deduper.clone().hold_for(Duration::ZERO);
    let ticket = ticket(&brief, "e1").await;
    until_it_ran_out(&server).await;
    assert!(deduper.renew(&ticket).await.expect("the server is up"));
    assert_eq!(claim(&deduper, "e1").await, Claim::Held);
    assert!(brief.renew(&ticket).await.expect("the server is up"));
    until_it_ran_out(&server).await;
    deduper.complete(&ticket).await.expect("the server is up");
    assert_eq!(claim(&deduper, "e1").await, Claim::Done);
}

#[tokio::test]
async fn a_claim_is_let_go_of_before_linq_gives_up_and_a_handled_event_is_not() {
    let Some(server) = redis::start() else { return };
    let (minute, half_hour) = (60_000, 30 * 60_000);
    let deduper = connect(&server).await.hold_for(Duration::MAX);
    assert_eq!(deduper.lease(), Some(Duration::from_secs(60)));
    let ticket = ticket(&deduper, "e1").await;
    assert!((1..=minute).contains(&millis_left(&server)));
    deduper.complete(&ticket).await.expect("the server is up");
    assert!(millis_left(&server) > half_hour);
    assert_eq!(claim(&deduper, "e1").await, Claim::Done);
}

#[tokio::test]
async fn a_handled_event_is_remembered_for_as_long_as_told() {
    let Some(server) = redis::start() else { return };
    let deduper = connect(&server).await;
    for (time, least) in [
        (Duration::from_secs(7200), 3_600_000),
        (Duration::MAX, i64::MAX / 4),
    ] {
        let deduper = deduper.clone().remember_for(time);
        let ticket = ticket(&deduper, "e1").await;
        deduper.complete(&ticket).await.expect("the server is up");
        assert!(millis_left(&server) > least);
        assert_eq!(server.command(&format!("DEL {NAME}")), ":1");
    }
}

#[tokio::test]
async fn applications_with_prefixes_of_their_own_do_not_meet() {
    let Some(server) = redis::start() else { return };
    let [sales, support] = ["sales:", "support:"].map(|prefix| (prefix, connect(&server)));
    let sales = sales.1.await.prefix(sales.0);
    let support = support.1.await.prefix(support.0);
    let ticket = ticket(&sales, "e1").await;
    sales.complete(&ticket).await.expect("the server is up");
    assert!(matches!(claim(&support, "e1").await, Claim::New(_)));
    assert_eq!(server.command("EXISTS support:event:e1"), ":1");
}

#[tokio::test]
async fn calls_fail_while_the_server_is_gone_and_succeed_once_it_is_back() {
    let Some(mut server) = redis::start() else {
        return;
    };
    let deduper = connect(&server).await;
    let ticket = ticket(&deduper, "e1").await;
    server.kill();
    let error = deduper
        .claim(&key("e1"))
        .await
        .expect_err("the server is gone");
    assert_eq!(error.to_string(), "could not claim an event in Redis");
    assert!(error.source().is_some());
    deduper
        .complete(&ticket)
        .await
        .expect_err("the server is gone");
    deduper
        .release(&ticket)
        .await
        .expect_err("the server is gone");
    deduper
        .renew(&ticket)
        .await
        .expect_err("the server is gone");
    server.restart();
    // The new server knows neither the scripts nor the claim.
    let claim = until(async || deduper.claim(&key("e1")).await.ok()).await;
    assert!(matches!(claim, Claim::New(_)));
}

#[tokio::test]
async fn a_password_is_not_shown() {
    let Some(server) = redis::start() else { return };
    let url = format!("redis://:hunter2@127.0.0.1:{}/", server.port());
    let refused = RedisDeduper::connect(&url)
        .await
        .expect_err("there is no password yet");
    assert_eq!(server.command("CONFIG SET requirepass hunter2"), "+OK");
    let deduper = RedisDeduper::connect(&url)
        .await
        .expect("the password is right");
    let unread = RedisDeduper::connect("hunter2://hunter2@x/")
        .await
        .expect_err("no address");
    let shown = format!("{deduper:?} {refused:?} {refused} {unread:?} {unread}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn what_does_not_work_is_found_out_at_the_start() {
    let Some(server) = redis::start() else { return };
    let connect = async |user: &str| {
        let url = format!("redis://{user}127.0.0.1:{}/", server.port());
        RedisDeduper::connect(&url).await
    };
    // A user who may run the scripts on the prefix and nothing else, not even INFO.
    let allowed = "+evalsha +eval +script|load +get +set +del +client +hello +select +ping";
    for (name, rights, hint) in [
        ("good", format!("~linq:webhook:* {allowed}"), None),
        (
            "weak",
            format!("~linq:webhook:* {allowed} -eval -evalsha"),
            Some("EVAL"),
        ),
    ] {
        let command = format!("ACL SETUSER {name} on >pass {rights}");
        assert_eq!(server.command(&command), "+OK");
        let connected = connect(&format!("{name}:pass@")).await;
        match hint {
            None => assert!(connected.is_ok(), "{name}: {connected:?}"),
            Some(hint) => {
                let error = connected.expect_err(name).to_string();
                assert!(error.contains(hint), "{error}");
            }
        }
    }
    assert_eq!(server.command("KEYS *"), "*0", "nothing is left behind");
    assert_eq!(server.command("CONFIG SET requirepass hunter2"), "+OK");
    let error = connect("").await.expect_err("it requires a password");
    assert!(error.to_string().contains("password"), "{error}");
}

#[tokio::test]
async fn a_message_is_the_same_under_either_of_its_names() {
    let Some(server) = redis::start() else { return };
    let (one, other) = (connect(&server).await, connect(&server).await);
    let message = |event_id: &str, message_id: &str| {
        let body = serde_json::json!({
            "event_type": "message.received", "webhook_version": "2031-01-01", "event_id": event_id,
            "data": {"id": message_id},
        });
        let body = body.to_string();
        let event = WebhookEvent::from_slice(body.as_bytes()).expect("it is an object");
        EventKey::new(Some(&event), None, body.as_bytes())
    };
    let claim = async |deduper: &RedisDeduper, key| deduper.claim(&key).await.expect("it is up");
    let Claim::New(ticket) = claim(&one, message("e1", "m1")).await else {
        panic!("it is new");
    };
    for (deduper, key) in [(&other, message("e2", "m1")), (&one, message("e1", "m2"))] {
        assert_eq!(claim(deduper, key).await, Claim::Held);
    }
    assert!(one.renew(&ticket).await.expect("it is up"));
    assert!(one.complete(&ticket).await.expect("it is up"));
    for (deduper, key) in [(&other, message("e2", "m1")), (&one, message("e1", "m2"))] {
        assert_eq!(claim(deduper, key).await, Claim::Done);
    }
    let Claim::New(ticket) = claim(&one, message("e3", "m3")).await else {
        panic!("it is new");
    };
    one.release(&ticket).await.expect("it is up");
    assert!(matches!(
        claim(&other, message("e4", "m3")).await,
        Claim::New(_)
    ));
    assert!(
        !one.complete(&ticket).await.expect("it is up"),
        "the claim is lost"
    );
}

#[tokio::test]
async fn a_node_of_a_cluster_is_refused_by_name() {
    let file = std::env::temp_dir().join(format!("linq-redis-nodes-{}", std::process::id()));
    let path = file.to_str().expect("a path of this test");
    let options = ["--cluster-enabled", "yes", "--cluster-config-file", path];
    let Some(server) = redis::start_with(&options) else {
        return;
    };
    let error = RedisDeduper::connect(&server.url())
        .await
        .expect_err("refused");
    assert!(error.to_string().contains("Redis Cluster"), "{error}");
    drop(server);
    let _ = std::fs::remove_file(file);
}

//! A thousand random scripts of faults: nothing is sent twice, and nothing is reported that did not happen.

#[path = "../../tests/support/mod.rs"]
mod support;

use std::time::Duration;

use linq_client::reqwest;
use linq_client::{BoxFuture, types};
use serde::de::DeserializeOwned;
use serde_json::json;

use self::support::Chance;
use self::support::answers::{self, ID};
use self::support::clock::TestClock;
use self::support::server::{Recorded, Server, Step};
use crate::{Call, Error, Linq};

const SEEDS: u64 = 1_000;
const AT_ONCE: u64 = 24;

/// How long an attempt may take; faults that are slow take longer.
const TIMEOUT: Duration = Duration::from_millis(120);

/// What may be repeated after the server may have read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It carries a key.
    Keyed,
    /// Its class allows it.
    Harmless,
    /// It must not be.
    Once,
}

type Make = fn(&Linq) -> BoxFuture<'static, Result<(), Error>>;

fn body<T: DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).expect("the body is of its type")
}

fn id() -> uuid::Uuid {
    ID.parse().expect("a UUID")
}

fn message() -> serde_json::Value {
    json!({ "parts": [{ "type": "text", "value": "Hello" }] })
}

/// A call of the generated client, with what linq-ext adds.
macro_rules! call {
    ($linq:ident, $client:ident => $call:expr) => {{
        let call = Call::new($linq, |$client| async move { $call.send().await });
        Box::pin(async move { call.await.map(|_| ()) })
    }};
}

/// A call of the generated client alone.
macro_rules! api {
    ($linq:ident, $client:ident => $call:expr) => {{
        let $client = $linq.api().clone();
        Box::pin(async move { Ok($call.send().await.map(|_| ())?) })
    }};
}

const OPERATIONS: &[(&str, Kind, Make)] = &[
    ("create_chat", Kind::Keyed, |linq| {
        let chat = json!({ "from": "+12025550100", "to": ["+12025550101"], "message": message() });
        call!(linq, client => client.create_chat().body(body::<types::CreateChatRequest>(chat)))
    }),
    ("send_message_to_chat", Kind::Keyed, |linq| {
        let message = json!({ "message": message() });
        call!(linq, client => client.send_message_to_chat().chat_id(id()).body(body::<types::SendMessageToChatRequest>(message)))
    }),
    ("create_message", Kind::Keyed, |linq| {
        let message = json!({ "to": ["+12025550101"], "message": message() });
        call!(linq, client => client.create_message().body(body::<types::CreateMessageRequest>(message)))
    }),
    ("raw_post with a key", Kind::Keyed, |linq| {
        let call = linq
            .post("/v3/chats/1/messages")
            .json(&json!({}))
            .idempotency_key("own");
        Box::pin(async move { call.await.map(|_| ()) })
    }),
    (
        "send_message_to_chat of the generated client, with a key",
        Kind::Keyed,
        |linq| {
            let mut message = message();
            message["idempotency_key"] = "own".into();
            let message = json!({ "message": message });
            api!(linq, client => client.send_message_to_chat().chat_id(id()).body(body::<types::SendMessageToChatRequest>(message)))
        },
    ),
    (
        "send_message_to_chat of the generated client",
        Kind::Once,
        |linq| {
            let message = json!({ "message": message() });
            api!(linq, client => client.send_message_to_chat().chat_id(id()).body(body::<types::SendMessageToChatRequest>(message)))
        },
    ),
    ("send_voice_memo_to_chat", Kind::Once, |linq| {
        let memo = json!({ "voice_memo_url": "https://example.com/a.m4a" });
        call!(linq, client => client.send_voice_memo_to_chat().chat_id(id()).body(body::<types::SendVoiceMemoToChatRequest>(memo)))
    }),
    ("send_reaction", Kind::Once, |linq| {
        let reaction = json!({ "operation": "add", "type": "love" });
        call!(linq, client => client.send_reaction().message_id(id()).body(body::<types::SendReactionRequest>(reaction)))
    }),
    ("raw_post", Kind::Once, |linq| {
        let call = linq.post("/v3/other").json(&json!({}));
        Box::pin(async move { call.await.map(|_| ()) })
    }),
    (
        "mark_chat_as_read",
        Kind::Harmless,
        |linq| call!(linq, client => client.mark_chat_as_read().chat_id(id())),
    ),
    (
        "delete_message",
        Kind::Harmless,
        |linq| call!(linq, client => client.delete_message().message_id(id())),
    ),
    ("update_chat", Kind::Harmless, |linq| {
        let name = json!({ "display_name": "Team" });
        call!(linq, client => client.update_chat().chat_id(id()).body(body::<types::UpdateChatRequest>(name)))
    }),
    (
        "get_chat",
        Kind::Harmless,
        |linq| call!(linq, client => client.get_chat().chat_id(id())),
    ),
];

/// What happens to one attempt, at random.
fn step(chance: &mut Chance) -> Step {
    let done = chance.coin();
    let keep = chance.coin();
    match chance.below(16) {
        0 => Step::Refused,
        1 => Step::ResetUnread,
        2 => Step::Reset { done },
        3 => Step::Silence { done },
        4 => Step::StalledBody,
        5 => Step::CutOff,
        6 => Step::CutOffJson,
        7 => Step::html().done(done).keep(keep),
        8 => Step::error(429, 1007).keep(keep),
        9 => Step::error(429, 1007).header("retry-after", "1").keep(keep),
        10 => Step::error(500, 3001).done(done).keep(keep),
        11 => Step::error(409, 2009).keep(keep),
        12 => Step::error(409, 2015).keep(keep),
        13 => Step::error(504, 3005)
            .done(done)
            .header("x-should-retry", "true")
            .keep(keep),
        14 => Step::error(404, 2007).keep(keep),
        _ => Step::Success,
    }
}

/// True if the server read the request, or could have.
fn is_read(step: &Step) -> bool {
    !matches!(step, Step::Refused)
}

fn is_rate_limit(step: &Step) -> bool {
    matches!(step, Step::Answer(answer) if answer.status == 429)
}

async fn play(seed: u64, http: reqwest::Client) -> Outcome {
    let mut chance = Chance::new(seed);
    let (name, kind, make) = OPERATIONS[chance.below(OPERATIONS.len())];
    let length = 1 + chance.below(4);
    let script: Vec<_> = (0..length).map(|_| step(&mut chance)).collect();
    let what = format!("seed {seed}, {name}, {script:?}");
    let server = Server::start(script).await;
    let linq = Linq::builder()
        .api_key("key-4f7d2a")
        .base_url(server.base_url())
        .http_client(http)
        .timeout(TIMEOUT)
        .max_retries(2 + u32::try_from(chance.below(2)).expect("a small number"))
        .clock(TestClock::default())
        .hook(server.refusals())
        .build()
        .expect("all is valid");
    let result = make(&linq).await;
    let (seen, done) = (server.seen(), server.done());

    let mut keys: Vec<_> = done.clone();
    keys.dedup();
    assert!(keys.len() <= 1, "accepted under two keys: {what}");
    match &result {
        Ok(()) => assert!(
            !done.is_empty() || name == "delete_message",
            "reported and not done: {what}"
        ),
        Err(error) => {
            assert!(
                !error.is_accepted() || !done.is_empty(),
                "accepted and not done: {what}"
            );
            let line = format!("{error} {error:?}");
            let secrets = ["secret", "+1202", "key-4f7d2a", ID];
            assert!(
                !secrets.iter().any(|secret| line.contains(secret)),
                "{line}"
            );
        }
    }
    let mut answers = server.answers();
    let is_taken = |status: &Option<u16>| status.is_some_and(|status| status / 100 == 2);
    if answers.pop().as_ref().is_some_and(is_taken) {
        let is_known = result.as_ref().err().is_none_or(Error::is_accepted);
        assert!(is_known, "taken, and the error does not say so: {what}");
    }
    if name != "get_chat" {
        assert!(
            !answers.iter().any(is_taken),
            "sent again after a 2xx: {what}"
        );
    }
    match kind {
        Kind::Keyed => {
            assert!(done.len() <= 1, "done twice: {what}");
            let mut keys: Vec<_> = server.requests().iter().map(Recorded::key).collect();
            assert!(keys.iter().all(Option::is_some), "without its key: {what}");
            keys.dedup();
            assert!(keys.len() <= 1, "sent with two keys: {what}");
        }
        Kind::Once => {
            assert!(done.len() <= 1, "done twice: {what}");
            let read: Vec<_> = seen.iter().filter(|seen| is_read(&seen.step)).collect();
            if let Some((_, before)) = read.split_last() {
                assert!(
                    before.iter().all(|seen| is_rate_limit(&seen.step)),
                    "repeated: {what}"
                );
            }
        }
        Kind::Harmless => {}
    }
    Outcome {
        is_ok: result.is_ok(),
        is_accepted: result.is_err_and(|error| error.is_accepted()),
        attempts: seen.len(),
    }
}

struct Outcome {
    is_ok: bool,
    is_accepted: bool,
    attempts: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_scripts_of_faults() {
    let http = reqwest::Client::builder().build().expect("a client");
    let (mut sent, mut repeated, mut accepted) = (0, 0, 0);
    for start in (0..SEEDS).step_by(usize::try_from(AT_ONCE).expect("a small number")) {
        let seeds = start..SEEDS.min(start + AT_ONCE);
        let plays: Vec<_> = seeds
            .map(|seed| tokio::spawn(play(seed, http.clone())))
            .collect();
        for play in plays {
            let outcome = play.await.expect("the properties hold");
            sent += u64::from(outcome.is_ok);
            repeated += u64::from(outcome.is_ok && outcome.attempts > 1);
            accepted += u64::from(outcome.is_accepted);
        }
    }
    eprintln!(
        "{sent} of {SEEDS} succeeded, {repeated} of them after retries; {accepted} accepted without a readable answer"
    );
    // The scripts reach what they are meant to.
    assert!(sent > SEEDS / 4 && repeated > SEEDS / 10 && accepted > SEEDS / 50);
}

/// Every operation of the table succeeds where nothing goes wrong, so that the faults are what is tested.
#[tokio::test]
async fn every_operation_succeeds_without_faults() {
    for (name, kind, make) in OPERATIONS {
        let server = Server::start([]).await;
        let linq = Linq::builder()
            .api_key("key")
            .base_url(server.base_url())
            .build()
            .expect("all is valid");
        make(&linq).await.unwrap_or_else(|error| {
            panic!("{name}: {error}: {:?}", std::error::Error::source(&error))
        });
        let requests = server.requests();
        assert_eq!(requests.len(), 1, "{name}");
        assert_eq!(requests[0].key().is_some(), *kind == Kind::Keyed, "{name}");
        assert_eq!(
            answers::success(&requests[0].method, &requests[0].target).0 / 100,
            2
        );
    }
}

/// A repeated DELETE whose first try was carried out has done what it should, whatever its answer holds.
#[tokio::test]
async fn a_delete_that_finds_nothing_left_is_a_success() {
    let deletes: &[(&str, Make)] = &[
        (
            "delete_message",
            |linq| call!(linq, client => client.delete_message().message_id(id())),
        ),
        ("remove_participant", |linq| {
            let handle = json!({ "handle": "+12025550101" });
            call!(linq, client => client.remove_participant().chat_id(id()).body(body::<types::RemoveParticipantRequest>(handle)))
        }),
        ("stop_chat_location", |linq| {
            let handle = json!({ "handle": "+12025550101" });
            call!(linq, client => client.stop_chat_location().chat_id(id()).body(body::<types::StopChatLocationRequest>(handle)))
        }),
        (
            "revoke_payment_handle_connection",
            |linq| call!(linq, client => client.revoke_payment_handle_connection().handle("+12025550101")),
        ),
        ("raw_delete", |linq| {
            let call = linq.delete("/v3/other/1");
            Box::pin(async move {
                assert!(call.await?.is_null());
                Ok(())
            })
        }),
    ];
    for (name, make) in deletes {
        let linq = |server: &Server| {
            Linq::builder()
                .api_key("key")
                .base_url(server.base_url())
                .clock(TestClock::default())
                .hook(server.refusals())
                .build()
                .expect("all is valid")
        };
        let first = Step::Reset { done: true };
        for script in [vec![first.clone()], vec![first, Step::Refused]] {
            let server = Server::start(script).await;
            make(&linq(&server))
                .await
                .unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_eq!(server.requests().len(), 2, "{name}");
        }
        // Where the first try did not arrive, nothing was there to begin with.
        for first in [Step::Refused, Step::error(429, 1007)] {
            let server = Server::start([first, Step::error(404, 2002)]).await;
            let error = make(&linq(&server)).await.expect_err("it was not there");
            assert!(error.is_not_found(), "{name}");
            assert_eq!(error.attempts(), 2, "{name}");
        }
    }
}

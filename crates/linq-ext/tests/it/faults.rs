//! A thousand random scripts of faults: nothing is sent twice, and nothing is reported that did not happen.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::time::Duration;

use linq_ext::client::{BoxFuture, reqwest};
use linq_ext::types::{
    CreateWebhookSubscriptionRequest, IMessageAppLayout, PaymentCreateRequest,
    PaymentRequestCreateRequest, SendMessageToChatRequest, SetContactCardRequest,
    UpdateAppCardRequest, UpdateWebhookSubscriptionRequest,
};
use linq_ext::{Background, Error, Linq, Message, Reaction};
use linq_testing::Chance;
use linq_testing::clock::TestClock;
use linq_testing::hook::Refusals;
use linq_testing::responses::{self, ID};
use linq_testing::server::{Recorded, Server, Step};
use serde_json::json;

const SEEDS: u64 = 1_000;
const AT_ONCE: u64 = 24;

/// How long an attempt may take; faults that are slow take longer.
const TIMEOUT: Duration = Duration::from_millis(120);

const LINE: &str = "+12025550100";
const ANN: &str = "+12025550101";
/// What must show up in no error: message texts, numbers, ids and the API key.
const PRIVATE: &[&str] = &["secret", "1202555", "key-4f7d2a", ID];

/// What may be repeated after the server may have read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It carries a key.
    Keyed,
    /// It reads.
    Read,
    /// Doing it twice leaves what doing it once does.
    Harmless,
    /// It must not be.
    Once,
}

type Make = fn(&Linq) -> BoxFuture<'static, Result<(), Error>>;

fn sent<T: Send + 'static>(
    call: impl IntoFuture<Output = Result<T, Error>, IntoFuture: Send + 'static>,
) -> BoxFuture<'static, Result<(), Error>> {
    let call = call.into_future();
    Box::pin(async move { call.await.map(drop) })
}

/// A send of the generated client, with `call`.
fn sent_by_call(linq: &Linq, message: Message) -> BoxFuture<'static, Result<(), Error>> {
    let body = SendMessageToChatRequest::new(message.build().expect("a valid message"));
    let id = ID.parse::<uuid::Uuid>().expect("a UUID");
    sent(linq.call(linq.api().send_message_to_chat().chat_id(id).body(body)))
}

/// A send of the generated client alone, which is neither retried nor gets a key.
fn sent_by_api(linq: &Linq, message: Message) -> BoxFuture<'static, Result<(), Error>> {
    let client = linq.api().clone();
    let body = SendMessageToChatRequest::new(message.build().expect("a valid message"));
    let id = ID.parse::<uuid::Uuid>().expect("a UUID");
    Box::pin(async move {
        let call = client.send_message_to_chat().chat_id(id).body(body);
        Ok(call.send().await.map(drop)?)
    })
}

/// What is played half of the time.
#[rustfmt::skip]
const SENDS: &[(&str, Kind, Make)] = &[
    ("create_chat", Kind::Keyed, |linq| sent(linq.create_chat(LINE, [ANN]).text("secret"))),
    ("create_chat_to", Kind::Keyed, |linq| sent(linq.create_chat_to([ANN]).text("secret").bold("secret"))),
    ("message", Kind::Keyed, |linq| sent(linq.chat(ID).message().text("secret"))),
    ("reply", Kind::Keyed, |linq| sent(linq.chat(ID).reply(ID).media_url("https://example.com/secret"))),
    ("message with a key", Kind::Keyed, |linq| sent(linq.chat(ID).message().text("secret").idempotency_key("own"))),
    ("message with a key of its own", Kind::Keyed,
        |linq| sent(linq.chat(ID).message().content(Message::from("secret").idempotency_key("own")))),
    ("send_to", Kind::Keyed, |linq| sent(linq.send_to([ANN]).text("secret").continuation_message("secret"))),
    ("create_poll", Kind::Keyed, |linq| sent(linq.chat(ID).create_poll(["secret", "other"]))),
    ("create_payment_request", Kind::Keyed, |linq| sent(linq.call(linq.api().create_payment_request().body(
        PaymentRequestCreateRequest::new().with_amount(500).with_currency("usd").with_description("secret"))))),
    ("create_payment", Kind::Keyed, |linq| {
        sent(linq.call(linq.api().create_payment().body(PaymentCreateRequest::new(ANN, 500, "usd"))))
    }),
    ("api with a key", Kind::Keyed, |linq| sent_by_api(linq, Message::from("secret").idempotency_key("own"))),
    ("call", Kind::Keyed, |linq| sent_by_call(linq, Message::from("secret"))),
    ("call with a key", Kind::Keyed, |linq| sent_by_call(linq, Message::from("secret").idempotency_key("own"))),
    ("post with a key", Kind::Keyed, |linq| {
        sent(linq.post("/v3/chats/1/messages").json(&json!({ "a": "secret" })).idempotency_key("own"))
    }),
];

/// What is played the other half of the time.
#[rustfmt::skip]
const OTHERS: &[(&str, Kind, Make)] = &[
    ("api without a key", Kind::Once, |linq| sent_by_api(linq, Message::from("secret"))),
    ("post without a key", Kind::Once, |linq| sent(linq.post("/v3/other").json(&json!({ "a": "secret" })))),
    ("send_voice_memo", Kind::Once, |linq| sent(linq.chat(ID).send_voice_memo(ID))),
    ("react", Kind::Once, |linq| sent(linq.message(ID).react(Reaction::love()))),
    ("unreact", Kind::Once, |linq| sent(linq.message(ID).unreact("🦀"))),
    ("edit", Kind::Once, |linq| sent(linq.message(ID).edit("secret"))),
    ("add_participant", Kind::Once, |linq| sent(linq.chat(ID).add_participant(ANN))),
    ("leave", Kind::Once, |linq| sent(linq.chat(ID).leave())),
    ("share_contact_card", Kind::Once, |linq| sent(linq.chat(ID).share_contact_card())),
    ("set_background", Kind::Once, |linq| sent(linq.chat(ID).set_background(Background::color("ice")))),
    ("request_location", Kind::Once, |linq| sent(linq.chat(ID).request_location())),
    ("update_app_card", Kind::Once, |linq| sent(linq.message(ID).update_app_card(
        UpdateAppCardRequest::new(IMessageAppLayout::new().with_caption("secret"))))),
    ("add_poll_options", Kind::Once, |linq| sent(linq.message(ID).add_poll_options(["secret"]))),
    ("vote", Kind::Once, |linq| sent(linq.message(ID).vote(ID))),
    ("check_imessage", Kind::Once, |linq| sent(linq.check_imessage(ANN))),
    ("set_up_contact_card", Kind::Once,
        |linq| sent(linq.set_up_contact_card(SetContactCardRequest::new(LINE, "secret")))),
    ("create_subscription", Kind::Once, |linq| sent(linq.call(linq.api().create_webhook_subscription().body(
        CreateWebhookSubscriptionRequest::new("https://example.com/secret", vec!["message.sent".into()]))))),
    ("cancel_payment_request", Kind::Once, |linq| {
        sent(linq.call(linq.api().cancel_payment_request().payment_request_id(ID)))
    }),
    ("mark_read", Kind::Harmless, |linq| sent(linq.chat(ID).mark_read())),
    ("start_typing", Kind::Harmless, |linq| sent(linq.chat(ID).start_typing())),
    ("rename", Kind::Harmless, |linq| sent(linq.chat(ID).rename("secret"))),
    ("forward_calls", Kind::Harmless, |linq| sent(linq.forward_calls(ID, ANN))),
    ("block_handle", Kind::Harmless, |linq| sent(linq.block_handle(ANN))),
    ("update_subscription", Kind::Harmless, |linq| sent(linq.call(linq.api().update_webhook_subscription()
        .subscription_id(ID).body(UpdateWebhookSubscriptionRequest::new().with_is_active(false))))),
    ("delete", Kind::Harmless, |linq| sent(linq.message(ID).delete())),
    ("stop_typing", Kind::Harmless, |linq| sent(linq.chat(ID).stop_typing())),
    ("remove_participant", Kind::Harmless, |linq| sent(linq.chat(ID).remove_participant(ANN))),
    ("delete_attachment", Kind::Harmless, |linq| sent(linq.delete_attachment(ID))),
    ("get_chat", Kind::Read, |linq| sent(linq.chat(ID).get())),
    ("get_message", Kind::Read, |linq| sent(linq.message(ID).get())),
    ("lines", Kind::Read, |linq| sent(linq.lines())),
    ("raw_get", Kind::Read, |linq| sent(linq.get("/v3/chats"))),
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
    step.status() == Some(429)
}

async fn play(seed: u64, http: reqwest::Client) -> Outcome {
    let mut chance = Chance::new(seed);
    let operations = if chance.coin() { SENDS } else { OTHERS };
    let (name, kind, make) = operations[chance.below(operations.len())];
    let length = 1 + chance.below(4);
    let script: Vec<_> = (0..length).map(|_| step(&mut chance)).collect();
    let what = format!("seed {seed}, {name}, {script:?}");
    let server = Server::start(script).await;
    let refusals = Refusals::of(&server);
    let linq = Linq::builder()
        .api_key("key-4f7d2a")
        .base_url(server.base_url())
        .http_client(http)
        .default_line(LINE)
        .timeout(TIMEOUT)
        .max_retries(2 + u32::try_from(chance.below(2)).expect("a small number"))
        .clock(TestClock::default())
        .hook(refusals.clone())
        .build()
        .expect("all is valid");
    let result = make(&linq).await;
    let (seen, done) = (server.seen(), server.done());

    let mut keys: Vec<_> = done.clone();
    keys.dedup();
    assert!(keys.len() <= 1, "accepted under two keys: {what}");
    match &result {
        Ok(()) => assert!(
            !done.is_empty() || kind == Kind::Harmless,
            "reported and not done: {what}"
        ),
        Err(error) => {
            assert!(
                !error.is_accepted() || !done.is_empty(),
                "accepted and not done: {what}"
            );
            let shown = shown(error);
            assert!(
                !PRIVATE.iter().any(|private| shown.contains(private)),
                "{shown}: {what}"
            );
        }
    }
    let mut statuses = refusals.statuses();
    let is_taken = |status: &Option<u16>| status.is_some_and(|status| status / 100 == 2);
    if statuses.pop().as_ref().is_some_and(is_taken) {
        // A read that broke off may be repeated.
        let is_known = result
            .as_ref()
            .err()
            .is_none_or(|error| error.is_accepted() || kind == Kind::Read);
        assert!(is_known, "accepted, and the error does not say so: {what}");
    }
    if kind != Kind::Read {
        assert!(
            !statuses.iter().any(is_taken),
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
        Kind::Read | Kind::Harmless => {}
    }
    Outcome {
        name,
        is_ok: result.is_ok(),
        is_accepted: result.is_err_and(|error| error.is_accepted()),
        attempts: seen.len(),
    }
}

/// All that an error and its causes show.
fn shown(error: &Error) -> String {
    let mut shown = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        shown.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    shown
}

struct Outcome {
    name: &'static str,
    is_ok: bool,
    is_accepted: bool,
    attempts: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_scripts_of_faults() {
    let http = reqwest::Client::builder().build().expect("a client");
    let (mut sent, mut repeated, mut accepted) = (0, 0, 0);
    let mut played = BTreeSet::new();
    for start in (0..SEEDS).step_by(usize::try_from(AT_ONCE).expect("a small number")) {
        let seeds = start..SEEDS.min(start + AT_ONCE);
        let plays: Vec<_> = seeds
            .map(|seed| tokio::spawn(play(seed, http.clone())))
            .collect();
        for play in plays {
            let outcome = play.await.expect("the properties hold");
            played.insert(outcome.name);
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
    assert_eq!(played.len(), SENDS.len() + OTHERS.len());
}

/// Every operation of the table succeeds where nothing goes wrong, so that the faults are what is tested.
#[tokio::test]
async fn every_operation_succeeds_without_faults() {
    let http = reqwest::Client::builder().build().expect("a client");
    for (name, kind, make) in SENDS.iter().chain(OTHERS) {
        let server = Server::start([]).await;
        let linq = Linq::builder()
            .api_key("key")
            .base_url(server.base_url())
            .http_client(http.clone())
            .default_line(LINE)
            .build()
            .expect("all is valid");
        make(&linq)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}: {:?}", error.source()));
        let requests = server.requests();
        assert_eq!(requests.len(), 1, "{name}");
        assert_eq!(requests[0].key().is_some(), *kind == Kind::Keyed, "{name}");
        assert_eq!(
            responses::success(&requests[0].method, &requests[0].target).0 / 100,
            2
        );
    }
}

//! Events handled once: what they are known by, and the claims on them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use linq_types::WebhookEvent;
use linq_webhook::{Claim, Deduper, EventKey, MemoryDeduper, MemoryFull, Ticket};
use proptest::prelude::*;

const BODY: &[u8] = br#"{"event_type":"message.received","event_id":"e1","data":{}}"#;

fn event(id: &str) -> WebhookEvent {
    let body = serde_json::json!({"event_type": "message.received", "event_id": id, "data": {}});
    WebhookEvent::from_slice(body.to_string().as_bytes()).expect("it is an object")
}

fn key(id: impl ToString) -> EventKey {
    EventKey::new(Some(&event(&id.to_string())), None, b"")
}

/// The result of a call of the deduper in memory, which never waits.
fn now<T>(call: impl Future<Output = Result<T, MemoryFull>>) -> T {
    let result = call.now_or_never().expect("it does not wait");
    result.expect("there is room")
}

fn ticket(claim: Claim) -> Ticket {
    match claim {
        Claim::New(ticket) => ticket,
        other => panic!("{other:?}"),
    }
}

/// A clock that stands still unless it is moved, and a deduper that reads it.
fn with_clock(deduper: MemoryDeduper) -> (MemoryDeduper, Arc<AtomicU64>) {
    let seconds = Arc::new(AtomicU64::new(0));
    let (start, read) = (Instant::now(), Arc::clone(&seconds));
    let clock = move || start + Duration::from_secs(read.load(Ordering::SeqCst));
    (deduper.clock(clock), seconds)
}

#[test]
fn an_event_is_known_by_its_id_else_that_of_the_delivery_else_its_body() {
    let event = event("e1");
    let all = EventKey::new(Some(&event), Some("w1"), BODY);
    assert_eq!(all.as_str(), "event:e1");
    assert_eq!(all, EventKey::new(Some(&event), Some("w2"), b"another"));
    assert_eq!(
        EventKey::new(None, Some("w1"), BODY).as_str(),
        "webhook-id:w1"
    );
    assert_eq!(
        EventKey::new(None, None, b"abc").to_string(),
        "body-sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn an_event_without_an_id_is_known_by_what_there_is() {
    let nameless = WebhookEvent::from_slice(b"{\"event_type\":\"new\"}").expect("it is an object");
    let delivered = EventKey::new(Some(&nameless), Some("w1"), BODY);
    assert_eq!(delivered.as_str(), "webhook-id:w1");
    let bare = EventKey::new(Some(&nameless), Some(""), BODY);
    assert_eq!(bare, EventKey::new(None, None, BODY));
}

#[test]
fn kinds_of_ids_are_not_mistaken_for_one_another() {
    let long = "x".repeat(1_000_000);
    let hashed = key(&long);
    let digest = hashed
        .as_str()
        .strip_prefix("event-sha256:")
        .expect("hashed");
    let keys = [
        key("w1"),
        EventKey::new(None, Some("w1"), b"w1"),
        EventKey::new(None, Some("event:w1"), b""),
        EventKey::new(None, None, b"w1"),
        EventKey::new(None, Some(&long), b""),
        EventKey::new(None, None, long.as_bytes()),
        key(digest),
        EventKey::new(None, Some(digest), b""),
        hashed,
    ];
    let different: std::collections::HashSet<_> = keys.iter().collect();
    assert_eq!(different.len(), keys.len());
}

proptest! {
    #[test]
    fn a_key_can_be_stored_whatever_the_id(id in ".{0,300}", other in ".{0,300}") {
        let [one, two] = [&id, &other].map(|id| EventKey::new(None, Some(id), b""));
        prop_assert!(one.as_str().len() <= 150 && one.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
        prop_assert_eq!(one == two, id == other);
    }
}

#[test]
fn a_claim_is_held_until_it_is_completed() {
    let deduper = MemoryDeduper::new();
    let first = ticket(now(deduper.claim(&key(1))));
    assert_eq!(now(deduper.claim(&key(1))), Claim::Held);
    assert!(matches!(now(deduper.claim(&key(2))), Claim::New(_)));
    now(deduper.complete(&first));
    assert_eq!(now(deduper.claim(&key(1))), Claim::Done);
    now(deduper.release(&first));
    assert_eq!(now(deduper.claim(&key(1))), Claim::Done);
}

#[test]
fn an_event_that_failed_is_handled_on_redelivery() {
    let deduper = MemoryDeduper::new();
    let first = ticket(now(deduper.claim(&key(1))));
    now(deduper.release(&first));
    let second = ticket(now(deduper.claim(&key(1))));
    assert_ne!(first, second);
    now(deduper.release(&first));
    assert_eq!(now(deduper.claim(&key(1))), Claim::Held);
}

#[test]
fn a_claim_left_behind_runs_out_and_then_has_no_say() {
    let (deduper, seconds) = with_clock(MemoryDeduper::new());
    let lost = ticket(now(deduper.claim(&key(1))));
    seconds.store(59, Ordering::SeqCst);
    assert_eq!(now(deduper.claim(&key(1))), Claim::Held);
    seconds.store(60, Ordering::SeqCst);
    let second = ticket(now(deduper.claim(&key(1))));
    assert!(!now(deduper.complete(&lost)));
    now(deduper.release(&lost));
    assert!(!now(deduper.renew(&lost)));
    assert_eq!(now(deduper.claim(&key(1))), Claim::Held);
    now(deduper.complete(&second));
    assert_eq!(now(deduper.claim(&key(1))), Claim::Done);
}

#[test]
fn a_renewed_claim_does_not_run_out() {
    let (deduper, seconds) = with_clock(MemoryDeduper::new());
    assert_eq!(deduper.lease(), Some(Duration::from_secs(60)));
    let ticket = ticket(now(deduper.claim(&key(1))));
    for minute in 1..10 {
        seconds.store(minute * 50, Ordering::SeqCst);
        assert!(now(deduper.renew(&ticket)));
    }
    assert_eq!(now(deduper.claim(&key(1))), Claim::Held);
}

#[test]
fn full_memory_refuses_events_rather_than_forget_recent_ones() {
    let (deduper, seconds) = with_clock(MemoryDeduper::new().capacity(3));
    let held = ticket(now(deduper.claim(&key("held"))));
    for id in 0..3 {
        let ticket = ticket(now(deduper.claim(&key(id))));
        now(deduper.complete(&ticket));
        seconds.fetch_add(1, Ordering::SeqCst);
    }
    let claim = |id: &str| deduper.claim(&key(id)).now_or_never().expect("no wait");
    let error = claim("new").expect_err("it is full");
    assert!(error.to_string().contains("capacity"), "{error}");
    // What is known is known all the same, and what was begun is completed.
    assert_eq!(now(deduper.claim(&key(0))), Claim::Done);
    assert!(now(deduper.complete(&held)));
    assert_eq!(now(deduper.claim(&key("held"))), Claim::Done);
    // Two hours later the first two are forgotten, which makes room for one.
    seconds.store(2 * 3600 + 1, Ordering::SeqCst);
    assert!(matches!(claim("new"), Ok(Claim::New(_))));
    let remembered = (0..3).map(|id| claim(&id.to_string()) == Ok(Claim::Done));
    assert_eq!(remembered.collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn settings_cannot_switch_deduplication_off() {
    let deduper = MemoryDeduper::new().capacity(0);
    let deduper = deduper
        .remember_for(Duration::ZERO)
        .hold_for(Duration::ZERO);
    let (deduper, seconds) = with_clock(deduper);
    let ticket = ticket(now(deduper.claim(&key(1))));
    assert_eq!(now(deduper.claim(&key(1))), Claim::Held);
    now(deduper.complete(&ticket));
    seconds.store(2 * 3600 - 1, Ordering::SeqCst);
    assert_eq!(now(deduper.claim(&key(1))), Claim::Done);
}

const MESSAGE: &str = "c2f3a7de-3f0c-4f0e-8a57-6c1d2b3e4f50";

/// The key of a message, as a subscription with that payload version delivers it.
fn message_key(event_type: &str, version: &str, event_id: &str, message_id: &str) -> EventKey {
    let chat = "0b0e7c1e-55d2-4b5f-9a43-2b6d1f6f5b10";
    let data = match version {
        "2025-01-01" => serde_json::json!({
            "chat_id": chat, "is_from_me": false, "message": {"id": message_id, "parts": []},
        }),
        _ => serde_json::json!({
            "chat": {"id": chat}, "id": message_id, "direction": "inbound", "parts": [],
        }),
    };
    let body = serde_json::json!({
        "event_type": event_type, "webhook_version": version, "event_id": event_id, "data": data,
    });
    let body = body.to_string();
    let event = WebhookEvent::from_slice(body.as_bytes()).expect("it is an object");
    EventKey::new(Some(&event), Some("w1"), body.as_bytes())
}

#[test]
fn a_message_is_the_same_under_either_of_its_names() {
    let other = "7d9f0c3a-9b1e-4a57-bd1a-0e5f6a7b8c90";
    let received =
        |version, event, message| message_key("message.received", version, event, message);
    let first = received("2026-02-03", "e1", MESSAGE);
    assert_eq!(first.as_str(), format!("message.received:{MESSAGE}"));
    assert_eq!(
        first.names().collect::<Vec<_>>(),
        [first.as_str(), "event:e1"]
    );
    let same = [
        (
            "another subscription",
            received("2026-02-03", "e2", MESSAGE),
        ),
        ("an older version", received("2025-01-01", "e3", MESSAGE)),
        ("a newer version", received("2031-01-01", "e4", MESSAGE)),
        ("the same event id", received("2026-02-03", "e1", other)),
    ];
    let different = [
        ("another message", received("2026-02-03", "e9", other)),
        (
            "sent",
            message_key("message.sent", "2026-02-03", "e8", MESSAGE),
        ),
        (
            "read",
            message_key("message.read", "2026-02-03", "e7", MESSAGE),
        ),
    ];
    let deduper = MemoryDeduper::new();
    let ticket = ticket(now(deduper.claim(&first)));
    for (name, key) in &same {
        assert_eq!(now(deduper.claim(key)), Claim::Held, "{name}");
    }
    now(deduper.complete(&ticket));
    for (name, key) in &same {
        assert_eq!(now(deduper.claim(key)), Claim::Done, "{name}");
    }
    for (name, key) in &different {
        assert!(matches!(now(deduper.claim(key)), Claim::New(_)), "{name}");
    }
}

#[test]
fn no_handle_becomes_part_of_a_key() {
    for id in [
        "+12025550101",
        "12025550101",
        "ada@example.com",
        "a b",
        "a:b",
    ] {
        for key in [
            EventKey::new(None, Some(id), b""),
            EventKey::custom(id),
            key(id),
        ] {
            assert!(!key.as_str().contains(id), "{key}");
        }
    }
    assert_eq!(EventKey::custom("order-4711").as_str(), "custom:order-4711");
}

#[test]
fn a_handled_event_is_remembered_for_longer_than_redeliveries_go_on() {
    let (deduper, seconds) = with_clock(MemoryDeduper::new());
    let ticket = ticket(now(deduper.claim(&key(1))));
    now(deduper.complete(&ticket));
    seconds.store(24 * 3600 - 1, Ordering::SeqCst);
    assert_eq!(now(deduper.claim(&key(1))), Claim::Done);
    seconds.store(24 * 3600, Ordering::SeqCst);
    assert!(matches!(now(deduper.claim(&key(1))), Claim::New(_)));
}

#[test]
fn dropped_tickets_do_not_pile_up() {
    let (deduper, seconds) = with_clock(MemoryDeduper::new());
    for id in 0..20_000 {
        seconds.store(id, Ordering::SeqCst);
        let _dropped = ticket(now(deduper.claim(&key(id))));
    }
    let held = format!("{deduper:?}");
    let (_, held) = held.split_once("held: ").expect("it says how many");
    let (held, _) = held.split_once(',').expect("more follows");
    assert!(held.parse::<usize>().expect("a number") <= 1025, "{held}");
}

#[test]
fn of_many_at_the_same_time_one_gets_the_claim() {
    const THREADS: usize = 16;
    let deduper = Arc::new(MemoryDeduper::new());
    let keys: Vec<_> = (0..500).map(key).collect();
    let barrier = Barrier::new(THREADS);
    let claims = || {
        barrier.wait();
        let claims = keys.iter().map(|key| now(deduper.claim(key)));
        claims
            .filter(|claim| matches!(claim, Claim::New(_)))
            .count()
    };
    let won: usize = thread::scope(|scope| {
        let threads = [(); THREADS].map(|()| scope.spawn(claims));
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .sum()
    });
    assert_eq!(won, keys.len());
}

#[derive(Clone, Debug)]
enum Step {
    Claim(u8),
    Complete(usize),
    Release(usize),
    Renew(usize),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..4_u8).prop_map(Step::Claim),
        2 => (0..8_usize).prop_map(Step::Complete),
        2 => (0..8_usize).prop_map(Step::Release),
        2 => (0..8_usize).prop_map(Step::Renew),
        2 => prop_oneof![0..15_u64, 0..5000_u64].prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..80)
}

/// What a deduper is to do, with all that ever happened to one event.
#[derive(Default)]
struct Model {
    /// The number of the ticket that has the claim, and when it runs out.
    holder: Option<(usize, u64)>,
    /// When the event will be forgotten.
    done: Option<u64>,
}

impl Model {
    const HOLD: u64 = 10;
    const REMEMBER: u64 = 2 * 3600;

    fn claim(&mut self, number: usize, now: u64) -> &'static str {
        self.pass(now);
        if self.done.is_some() {
            return "done";
        }
        if self.holder.is_some() {
            return "held";
        }
        self.holder = Some((number, now + Self::HOLD));
        "new"
    }

    fn is_lost(&mut self, number: usize, now: u64) -> bool {
        self.pass(now);
        self.done.is_some() || self.holder.is_some_and(|(holder, _)| holder != number)
    }

    fn pass(&mut self, now: u64) {
        self.holder = self.holder.filter(|(_, end)| now < *end);
        self.done = self.done.filter(|end| now < *end);
    }
}

proptest! {
    #[test]
    fn claims_go_as_told(steps in steps()) {
        let hold = Duration::from_secs(Model::HOLD);
        let remember = Duration::from_secs(Model::REMEMBER);
        let (deduper, seconds) = with_clock(MemoryDeduper::new().hold_for(hold).remember_for(remember));
        let mut models: HashMap<u8, Model> = HashMap::new();
        let mut tickets: Vec<(u8, Ticket)> = Vec::new();
        let mut time = 0;
        for step in steps {
            match step {
                Step::Wait(duration) => {
                    time += duration;
                    seconds.store(time, Ordering::SeqCst);
                }
                Step::Claim(id) => {
                    let claim = now(deduper.claim(&key(id)));
                    let said = match &claim {
                        Claim::New(_) => "new",
                        Claim::Held => "held",
                        _ => "done",
                    };
                    prop_assert_eq!(said, models.entry(id).or_default().claim(tickets.len(), time));
                    if let Claim::New(ticket) = claim {
                        tickets.push((id, ticket));
                    }
                }
                Step::Complete(number) | Step::Release(number) | Step::Renew(number) => {
                    let Some((id, ticket)) = tickets.get(number) else { continue };
                    let model = models.entry(*id).or_default();
                    let lost = model.is_lost(number, time);
                    match step {
                        Step::Complete(_) => {
                            prop_assert_eq!(now(deduper.complete(ticket)), !lost);
                            if !lost {
                                (model.holder, model.done) = (None, Some(time + Model::REMEMBER));
                            }
                        }
                        Step::Release(_) => {
                            now(deduper.release(ticket));
                            if !lost {
                                model.holder = None;
                            }
                        }
                        _ => {
                            prop_assert_eq!(now(deduper.renew(ticket)), !lost);
                            if !lost {
                                model.holder = Some((number, time + Model::HOLD));
                            }
                        }
                    }
                }
            }
        }
    }

    /// Each delivery is of an event, and goes on for a few others; a handler succeeds or fails.
    #[test]
    fn each_event_is_handled_to_success_once(
        deliveries in prop::collection::vec((0..6_u8, any::<bool>(), 0..5_usize), 0..120),
    ) {
        let deduper = MemoryDeduper::new();
        let mut running: Vec<(u8, bool, usize, Ticket)> = Vec::new();
        let mut successes: HashMap<u8, u32> = HashMap::new();
        let mut open: HashMap<u8, bool> = HashMap::new();
        for (id, succeeds, duration) in deliveries {
            match now(deduper.claim(&key(id))) {
                Claim::New(ticket) => {
                    prop_assert!(running.iter().all(|(other, ..)| *other != id), "two at the same time");
                    running.push((id, succeeds, duration, ticket));
                    open.insert(id, false);
                }
                Claim::Done => prop_assert_eq!(successes.get(&id), Some(&1)),
                _ => prop_assert!(running.iter().any(|(other, ..)| *other == id)),
            }
            for (id, succeeds, duration, ticket) in std::mem::take(&mut running) {
                match (duration, succeeds) {
                    (0, true) => {
                        *successes.entry(id).or_default() += 1;
                        now(deduper.complete(&ticket));
                    }
                    (0, false) => {
                        open.insert(id, true);
                        now(deduper.release(&ticket));
                    }
                    _ => running.push((id, succeeds, duration - 1, ticket)),
                }
            }
        }
        prop_assert!(successes.values().all(|times| *times == 1));
        for (id, _) in open.into_iter().filter(|(_, failed)| *failed) {
            let claim = now(deduper.claim(&key(id)));
            prop_assert!(matches!(claim, Claim::New(_)), "a failed event is lost");
        }
    }
}

//! Handling each event once, although it is delivered at least once.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use linq_types::WebhookEvent;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::payload::Payload;

/// The longest claim that is given out, and the default: the claim of a process that was killed ends well before
/// Linq stops redelivering, which is after some 25 minutes at the least.
pub(crate) const LONGEST_CLAIM: Duration = Duration::from_secs(60);

/// The shortest claim: a shorter one would run out before it can be renewed.
pub(crate) const SHORTEST_CLAIM: Duration = Duration::from_secs(1);

/// How long a handled event is remembered by default.
pub(crate) const MEMORY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a handled event is remembered at least. The router accepts a delivery from 45 minutes before to
/// 45 minutes after its time of sending, so a replay can come up to 90 minutes after the event was handled.
pub(crate) const SHORTEST_MEMORY: Duration = Duration::from_secs(2 * 60 * 60);

/// The longest id that is part of a key as received.
const LONGEST_ID: usize = 64;

/// The key by which all deliveries of one event are recognized.
///
/// - A message (`message.received`, `message.sent`) has **two names**: its message id and its event id. Deliveries
///   with one of them in common are of the same event: a message reaches two subscriptions under two event ids.
/// - Any other event has its event id, or if it has none the header `webhook-id`, or the SHA-256 of the body.
///
/// Redeliveries repeat all of these ids. Over several subscriptions, only account events are documented to keep their
/// event id.
///
/// Names are printable ASCII without spaces, of 150 bytes at most, and contain no handle of a person: an id that is
/// longer, or consists of anything but letters, digits, `-`, `_` and `.`, is replaced by its SHA-256, and so is one
/// without a letter.
///
/// ```
/// use linq_types::WebhookEvent;
/// use linq_webhook::EventKey;
///
/// let body = br#"{"event_type":"message.read","event_id":"4a8e","data":{}}"#;
/// let event = WebhookEvent::from_slice(body)?;
/// let key = EventKey::new(Some(&event), Some("msg_1"), body);
/// assert_eq!(key.as_str(), "event:4a8e");
/// # Ok::<(), linq_types::EventError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventKey {
    name: Arc<str>,
    other_name: Option<Arc<str>>,
}

impl EventKey {
    /// Returns the key of a delivery: of its event if it was parsed, its `webhook-id` if it has one, and its body.
    ///
    /// An empty id counts as none.
    #[must_use]
    pub fn new(event: Option<&WebhookEvent>, webhook_id: Option<&str>, body: &[u8]) -> Self {
        let event_id = event.map_or("", WebhookEvent::event_id);
        let webhook_id = webhook_id.unwrap_or_default();
        let name = match (event_id, webhook_id) {
            ("", "") => format!("body-sha256:{}", sha256(body)).into(),
            ("", id) => named("webhook-id", id),
            (id, _) => named("event", id),
        };
        match event.and_then(message_name) {
            Some(message_name) => Self {
                name: message_name,
                other_name: Some(name),
            },
            None => Self {
                name,
                other_name: None,
            },
        }
    }

    /// Returns a key with a name of your own, for events that you identify yourself.
    #[must_use]
    pub fn custom(name: &str) -> Self {
        Self {
            name: named("custom", name),
            other_name: None,
        }
    }

    /// Returns the first name, which is the same over subscriptions where one is: use it to derive other ids, such as
    /// idempotency keys.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Returns all names, of which a store has to remember each.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.shared_names().map(|name| &**name)
    }

    fn shared_names(&self) -> impl Iterator<Item = &Arc<str>> {
        [&self.name].into_iter().chain(&self.other_name)
    }
}

impl fmt::Display for EventKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl AsRef<str> for EventKey {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// The name of a message, which is received and sent once each. It can be delivered, read and edited more often.
fn message_name(event: &WebhookEvent) -> Option<Arc<str>> {
    let kind = match event.event_type() {
        kind @ ("message.received" | "message.sent") => kind,
        _ => return None,
    };
    let id = match event {
        WebhookEvent::MessageReceived(event) => event.data.id.to_string(),
        WebhookEvent::MessageSent(event) => event.data.id.to_string(),
        WebhookEvent::MessageReceivedV2025(event) => event.data.message.id.to_string(),
        WebhookEvent::MessageSentV2025(event) => event.data.message.id.to_string(),
        _ => Payload::of(event)?.message_id()?.to_owned(),
    };
    Some(named(kind, &id))
}

/// Prefixes an id with its kind. What is before the first colon says which kind it is, and whether it is hashed.
fn named(kind: &str, id: &str) -> Arc<str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_safe = id.len() <= LONGEST_ID
        && id.bytes().all(is_plain)
        && id.bytes().any(|byte| byte.is_ascii_alphabetic());
    if is_safe {
        format!("{kind}:{id}").into()
    } else {
        format!("{kind}-sha256:{}", sha256(id.as_bytes())).into()
    }
}

fn sha256(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes).into_iter();
    digits.map(|byte| format!("{byte:02x}")).collect()
}

/// Keeps an event from being handled twice, and from being lost.
///
/// Linq delivers each event at least once: again if the response was not 2xx within 10 seconds, and sometimes without
/// a reason. A receiver [claims](Self::claim) an event before handling it. [`Claim::New`] is the permission to handle
/// it. Afterwards the ticket is returned with [`complete`](Self::complete) if the event was handled, or with
/// [`release`](Self::release) if it was not; then the redelivery is handled like a first delivery. A ticket that is
/// dropped keeps the event from being handled until the claim [expires](Self::lease).
///
/// An event that is marked as handled *before* it is handled is lost if the handler fails. For the same reason
/// nothing is done with an event on [`Claim::Held`], and the response has to make Linq deliver it again (503).
///
/// Implementations: [`MemoryDeduper`] for one process, and with the feature `redis` `RedisDeduper` for several.
///
/// ```
/// use linq_webhook::{Claim, Deduper, EventKey};
///
/// /// Handles a delivery, and returns the status of the response.
/// async fn receive<D: Deduper>(deduper: &D, key: EventKey) -> u16 {
///     let ticket = match deduper.claim(&key).await {
///         Ok(Claim::New(ticket)) => ticket,
///         Ok(Claim::Done) => return 200,
///         _ => return 503,
///     };
///     match handle().await {
///         // The event is handled: if that cannot be recorded, a redelivery would only repeat it.
///         Ok(()) => deduper.complete(&ticket).await.map_or(200, |_| 200),
///         Err(_) => deduper.release(&ticket).await.map_or(500, |()| 500),
///     }
/// }
/// # async fn handle() -> std::io::Result<()> { Ok(()) }
/// ```
pub trait Deduper: Send + Sync + 'static {
    /// Why a call failed. The state of the event is unknown then; 503 makes Linq deliver it again.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Claims an event. If it is claimed several times at once, one caller gets [`Claim::New`].
    ///
    /// An event is claimed or handled if any of the [names](EventKey::names) of its key is.
    ///
    /// # Errors
    ///
    /// If the store failed, or is full. The event may be claimed all the same, until the claim expires.
    fn claim(&self, key: &EventKey) -> impl Future<Output = Result<Claim, Self::Error>> + Send;

    /// Records that the event was handled: from now on, claims of it return [`Claim::Done`].
    ///
    /// Returns false, and does nothing, if the claim was lost: somebody else has claimed or handled the event in the
    /// meantime. A claim that has expired, and was taken by nobody else, is completed all the same.
    ///
    /// # Errors
    ///
    /// If the store failed.
    fn complete(&self, ticket: &Ticket) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Gives the claim back because the event was not handled: the next claim gets it.
    ///
    /// Does nothing if the claim was lost.
    ///
    /// # Errors
    ///
    /// If the store failed.
    fn release(&self, ticket: &Ticket) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Returns how long a claim holds unless it is [renewed](Self::renew); `None` if it holds until it is completed
    /// or released.
    fn lease(&self) -> Option<Duration> {
        None
    }

    /// Extends the claim to another [lease](Self::lease) from now on, for a handler that takes long.
    ///
    /// Returns false if the claim was lost. A claim that has expired, and was taken by nobody else, belongs to the
    /// ticket again; so stop renewing before completing or releasing.
    ///
    /// # Errors
    ///
    /// If the store failed.
    fn renew(&self, ticket: &Ticket) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}

impl<D: Deduper> Deduper for Arc<D> {
    type Error = D::Error;

    fn claim(&self, key: &EventKey) -> impl Future<Output = Result<Claim, Self::Error>> + Send {
        D::claim(self, key)
    }

    fn complete(&self, ticket: &Ticket) -> impl Future<Output = Result<bool, Self::Error>> + Send {
        D::complete(self, ticket)
    }

    fn release(&self, ticket: &Ticket) -> impl Future<Output = Result<(), Self::Error>> + Send {
        D::release(self, ticket)
    }

    fn lease(&self) -> Option<Duration> {
        D::lease(self)
    }

    fn renew(&self, ticket: &Ticket) -> impl Future<Output = Result<bool, Self::Error>> + Send {
        D::renew(self, ticket)
    }
}

/// The result of claiming an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a ticket that is dropped keeps the event from being handled"]
pub enum Claim {
    /// The event is yours to handle.
    New(Ticket),
    /// The event is being handled. Whether that succeeds is open, so have it delivered again (503).
    Held,
    /// The event was handled before; nothing is left to do (200).
    Done,
}

/// The right to handle an event, from [`Claim::New`].
///
/// Its token distinguishes it from every other claim of the same event, so that an expired one cannot complete or
/// release a later one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    key: EventKey,
    token: Uuid,
}

impl Ticket {
    /// Creates a ticket, for an implementation of [`Deduper`]. No two claims of an event may have the same token.
    #[must_use]
    pub fn new(key: EventKey, token: Uuid) -> Self {
        Self { key, token }
    }

    /// Returns the key of the event.
    #[must_use]
    pub fn key(&self) -> &EventKey {
        &self.key
    }

    /// Returns the token of the claim.
    #[must_use]
    pub fn token(&self) -> Uuid {
        self.token
    }
}

/// How many claimed names there are before expired ones are looked for.
const FEWEST_TO_SWEEP: usize = 1024;

/// A [`Deduper`] for one process. It forgets everything when the process ends, and replays of events that an earlier
/// process handled are handled again then.
///
/// It remembers up to 500,000 handled events for 24 hours; both can be set. Full memory takes some 150 MiB. When it is
/// full, events of more than 2 hours ago are forgotten to make room; if there are none, claims fail with
/// [`MemoryFull`], which makes Linq deliver again, rather than forget events that can still be redelivered or replayed.
///
/// A claim holds for 60 seconds and can be renewed. Then it expires, so that an event whose ticket was dropped is
/// handled on redelivery.
///
/// ```
/// use std::time::Duration;
/// use linq_webhook::MemoryDeduper;
///
/// let deduper = MemoryDeduper::new().capacity(1_000_000).remember_for(Duration::from_secs(3 * 3600));
/// ```
pub struct MemoryDeduper {
    capacity: usize,
    hold_for: Duration,
    remember_for: Duration,
    clock: Box<dyn Fn() -> Instant + Send + Sync>,
    state: Mutex<State>,
}

impl MemoryDeduper {
    /// Creates an empty deduper.
    #[must_use]
    pub fn new() -> Self {
        Self {
            capacity: 500_000,
            hold_for: LONGEST_CLAIM,
            remember_for: MEMORY,
            clock: Box::new(Instant::now),
            state: Mutex::default(),
        }
    }

    /// Sets how many handled events are remembered, at least 1; by default 500,000.
    #[must_use]
    pub fn capacity(self, events: usize) -> Self {
        Self {
            capacity: events.max(1),
            ..self
        }
    }

    /// Sets how long a handled event is remembered, at least 2 hours; by default 24 hours.
    #[must_use]
    pub fn remember_for(self, duration: Duration) -> Self {
        Self {
            remember_for: duration.max(SHORTEST_MEMORY),
            ..self
        }
    }

    /// Sets how long a claim holds unless it is renewed, at least 1 second; by default 60 seconds.
    #[must_use]
    pub fn hold_for(self, duration: Duration) -> Self {
        Self {
            hold_for: duration.max(SHORTEST_CLAIM),
            ..self
        }
    }

    /// Sets the clock, for tests.
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self {
            clock: Box::new(clock),
            ..self
        }
    }

    /// Returns the state as it is now, without what is too old.
    fn now(&self) -> (MutexGuard<'_, State>, Instant) {
        // Before the lock, which a clock that panics would poison.
        let now = (self.clock)();
        // No panic can occur between two changes that belong together.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.forget(now, self.remember_for, 0);
        (state, now)
    }
}

impl Default for MemoryDeduper {
    fn default() -> Self {
        Self::new()
    }
}

impl Deduper for MemoryDeduper {
    type Error = MemoryFull;

    async fn claim(&self, key: &EventKey) -> Result<Claim, MemoryFull> {
        let (mut state, now) = self.now();
        if state.is_done(key) {
            return Ok(Claim::Done);
        }
        if state.is_held(key, now, self.hold_for) {
            return Ok(Claim::Held);
        }
        state.forget(now, SHORTEST_MEMORY, self.capacity - 1);
        if state.handled.len() >= self.capacity {
            return Err(MemoryFull(self.capacity));
        }
        let ticket = Ticket::new(key.clone(), state.next_token());
        state.hold(&ticket, now, self.hold_for);
        Ok(Claim::New(ticket))
    }

    async fn complete(&self, ticket: &Ticket) -> Result<bool, MemoryFull> {
        let (mut state, now) = self.now();
        let is_free = state.is_free_for(ticket, now, self.hold_for);
        if is_free {
            state.let_go(ticket.key());
            let names = ticket.key().shared_names().cloned();
            state.done.extend(names);
            state.handled.push_back((ticket.key().clone(), now));
        }
        Ok(is_free)
    }

    async fn release(&self, ticket: &Ticket) -> Result<(), MemoryFull> {
        let (mut state, _) = self.now();
        if state.has_claim(ticket) {
            state.let_go(ticket.key());
        }
        Ok(())
    }

    fn lease(&self) -> Option<Duration> {
        Some(self.hold_for)
    }

    async fn renew(&self, ticket: &Ticket) -> Result<bool, MemoryFull> {
        let (mut state, now) = self.now();
        let is_free = state.is_free_for(ticket, now, self.hold_for);
        if is_free {
            state.hold(ticket, now, self.hold_for);
        }
        Ok(is_free)
    }
}

impl fmt::Debug for MemoryDeduper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        formatter
            .debug_struct("MemoryDeduper")
            .field("capacity", &self.capacity)
            .field("hold_for", &self.hold_for)
            .field("remember_for", &self.remember_for)
            .field("held", &state.held.len())
            .field("handled", &state.handled.len())
            .finish_non_exhaustive()
    }
}

/// The memory of a [`MemoryDeduper`] is full of events that were handled in the last two hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryFull(usize);

impl fmt::Display for MemoryFull {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the memory is full of {} events handled in the last two hours: raise MemoryDeduper::capacity",
            self.0
        )
    }
}

impl std::error::Error for MemoryFull {}

#[derive(Default)]
struct State {
    /// The names that are claimed.
    held: HashMap<Arc<str>, Hold>,
    /// The names of handled events.
    done: HashSet<Arc<str>>,
    /// The handled events in the order in which they were handled, each once.
    handled: VecDeque<(EventKey, Instant)>,
    tokens: u128,
    /// At how many claimed names to look for expired ones.
    sweep_at: usize,
}

struct Hold {
    token: Uuid,
    since: Instant,
}

impl Hold {
    fn is_live(&self, now: Instant, hold_for: Duration) -> bool {
        now.saturating_duration_since(self.since) < hold_for
    }
}

impl State {
    fn next_token(&mut self) -> Uuid {
        self.tokens += 1;
        Uuid::from_u128(self.tokens)
    }

    fn is_done(&self, key: &EventKey) -> bool {
        key.names().any(|name| self.done.contains(name))
    }

    fn is_held(&self, key: &EventKey, now: Instant, hold_for: Duration) -> bool {
        let mut holds = key.names().filter_map(|name| self.held.get(name));
        holds.any(|hold| hold.is_live(now, hold_for))
    }

    fn has_claim(&self, ticket: &Ticket) -> bool {
        ticket.key().names().all(|name| {
            let hold = self.held.get(name);
            hold.is_some_and(|hold| hold.token == ticket.token())
        })
    }

    /// Whether nobody but the holder of the ticket is handling the event, or has handled it.
    fn is_free_for(&self, ticket: &Ticket, now: Instant, hold_for: Duration) -> bool {
        let key = ticket.key();
        let mut holds = key.names().filter_map(|name| self.held.get(name));
        !self.is_done(key)
            && holds.all(|hold| hold.token == ticket.token() || !hold.is_live(now, hold_for))
    }

    fn hold(&mut self, ticket: &Ticket, now: Instant, hold_for: Duration) {
        for name in ticket.key().shared_names() {
            let hold = Hold {
                token: ticket.token(),
                since: now,
            };
            self.held.insert(Arc::clone(name), hold);
        }
        // Dropped tickets leave claims behind that nobody may ever ask for again.
        if self.held.len() > self.sweep_at.max(FEWEST_TO_SWEEP) {
            self.held.retain(|_, hold| hold.is_live(now, hold_for));
            self.sweep_at = self.held.len() * 2;
        }
    }

    fn let_go(&mut self, key: &EventKey) {
        for name in key.names() {
            self.held.remove(name);
        }
    }

    /// Forgets the oldest events beyond a number, as far as they were handled longer ago than `age`.
    fn forget(&mut self, now: Instant, age: Duration, beyond: usize) {
        while let Some((key, at)) = self.handled.front() {
            if self.handled.len() <= beyond || now.saturating_duration_since(*at) < age {
                return;
            }
            for name in key.names() {
                self.done.remove(name);
            }
            self.handled.pop_front();
        }
    }
}

//! Handling each event once, though it is delivered at least once.

use std::collections::{HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use linq_types::WebhookEvent;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The longest claim that is given out, and the default: so one left behind by a process that was killed ends
/// well before Linq stops redelivering, which is after some 25 minutes at the least.
pub(crate) const LONGEST_CLAIM: Duration = Duration::from_secs(60);

/// How long a handled event is remembered by default; Linq redelivers for up to 30 minutes.
pub(crate) const MEMORY: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest id that stands in a key as it came.
const LONGEST_ID: usize = 128;

/// What an event is known by: its event id, else the `webhook-id` of the delivery, else the SHA-256 of the body.
///
/// The kinds cannot be mistaken for one another. A key is printable ASCII without spaces, of 150 bytes at
/// most: an id that is longer, or holds anything else, stands in it as its SHA-256.
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
pub struct EventKey(Arc<str>);

impl EventKey {
    /// The key of a delivery: of its event, if it was parsed, its `webhook-id`, if it had one, and its body.
    ///
    /// An empty id counts as none. The event id comes first because it stays the same over redeliveries and
    /// over subscriptions; the two ids need not be equal.
    #[must_use]
    pub fn new(event: Option<&WebhookEvent>, webhook_id: Option<&str>, body: &[u8]) -> Self {
        let event_id = event.map_or("", WebhookEvent::event_id);
        let webhook_id = webhook_id.unwrap_or_default();
        Self(match (event_id, webhook_id) {
            ("", "") => format!("body-sha256:{}", sha256(body)).into(),
            ("", id) => named("webhook-id", id),
            (id, _) => named("event", id),
        })
    }

    /// The key as text, fit to be stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
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

/// An id with its kind before it; what stands before the first colon says which kind, and whether it is hashed.
fn named(kind: &str, id: &str) -> Arc<str> {
    if id.len() <= LONGEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic()) {
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
/// Linq delivers each event at least once: again if it was not answered with 2xx within 10 seconds, and at times
/// without a reason. Who handles one [claims](Self::claim) it first. [`Claim::New`] is the permission to do so;
/// afterwards the ticket goes back through [`complete`](Self::complete) if the event was handled, or through
/// [`release`](Self::release) if it was not, and then its redelivery is handled as if it were the first.
/// A ticket that is dropped keeps the event from being handled until the claim [runs out](Self::lease).
///
/// An event that is marked *before* it is handled is lost if the handler fails; so nothing is done with an event
/// on [`Claim::Held`] either, and its answer has to make Linq deliver again (503).
///
/// Implementations: [`MemoryDeduper`](crate::MemoryDeduper) for one process, and with the feature `redis`
/// `RedisDeduper` for several.
///
/// ```
/// use linq_webhook::{Claim, Deduper, EventKey};
///
/// /// Handles a delivery, and says which status to answer it with.
/// async fn receive<D: Deduper>(deduper: &D, key: EventKey) -> u16 {
///     let ticket = match deduper.claim(&key).await {
///         Ok(Claim::New(ticket)) => ticket,
///         Ok(Claim::Done) => return 200,
///         _ => return 503,
///     };
///     match handle().await {
///         // The event is handled: a failure to note it down is no reason to have it delivered again.
///         Ok(()) => deduper.complete(&ticket).await.map_or(200, |()| 200),
///         Err(_) => deduper.release(&ticket).await.map_or(500, |()| 500),
///     }
/// }
/// # async fn handle() -> std::io::Result<()> { Ok(()) }
/// ```
pub trait Deduper: Send + Sync + 'static {
    /// Why a call failed; nothing is known about the event then, and 503 has Linq deliver it again.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Claims an event; of several that claim the same one at the same time, one gets [`Claim::New`].
    ///
    /// # Errors
    ///
    /// If the store of the claims failed. The event may be claimed all the same, until the claim runs out.
    fn claim(&self, key: &EventKey) -> impl Future<Output = Result<Claim, Self::Error>> + Send;

    /// Notes that the event was handled: claims of it are answered with [`Claim::Done`] from here on.
    ///
    /// Does nothing if someone else holds the claim by now. A claim that has run out, and was taken by nobody
    /// else, is completed all the same.
    ///
    /// # Errors
    ///
    /// If the store of the claims failed.
    fn complete(&self, ticket: &Ticket) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Gives the claim back, because the event was not handled: the next claim gets it.
    ///
    /// Does nothing if the claim is not the ticket's any more.
    ///
    /// # Errors
    ///
    /// If the store of the claims failed.
    fn release(&self, ticket: &Ticket) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// How long a claim holds unless it is [renewed](Self::renew); `None` if until it is completed or released.
    fn lease(&self) -> Option<Duration> {
        None
    }

    /// Has the claim hold for another [lease](Self::lease) from now on, for a handler that takes long.
    ///
    /// False if someone else has claimed or handled the event in the meantime. A claim that has run out, and was
    /// taken by nobody else, is the ticket's again; so stop renewing before completing or releasing.
    ///
    /// # Errors
    ///
    /// If the store of the claims failed.
    fn renew(&self, ticket: &Ticket) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}

impl<D: Deduper> Deduper for Arc<D> {
    type Error = D::Error;

    fn claim(&self, key: &EventKey) -> impl Future<Output = Result<Claim, Self::Error>> + Send {
        D::claim(self, key)
    }

    fn complete(&self, ticket: &Ticket) -> impl Future<Output = Result<(), Self::Error>> + Send {
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

/// What came of claiming an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a ticket that is dropped keeps the event from being handled"]
pub enum Claim {
    /// The event is the claimant's to handle.
    New(Ticket),
    /// Someone else is handling the event; whether it succeeds is open, so have it delivered again (503).
    Held,
    /// The event was handled before; nothing is left to do (200).
    Done,
}

/// The right to handle an event, got with [`Claim::New`].
///
/// Its token tells it from every other claim of the same event, so that one that has run out cannot complete or
/// release a later one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    key: EventKey,
    token: Uuid,
}

impl Ticket {
    /// A ticket, for implementing a [`Deduper`]; no two claims of an event may have the same token.
    #[must_use]
    pub fn new(key: EventKey, token: Uuid) -> Self {
        Self { key, token }
    }

    /// The event that it is for.
    #[must_use]
    pub fn key(&self) -> &EventKey {
        &self.key
    }

    /// What tells it from every other claim of the event.
    #[must_use]
    pub fn token(&self) -> Uuid {
        self.token
    }
}

/// How many held claims there may be before those that have run out are looked for.
const FEWEST_TO_SWEEP: usize = 1024;

/// A [`Deduper`] for one process, which forgets everything when the process ends.
///
/// It remembers the 100,000 events that were handled last, in some 16 MiB, for 24 hours at most; both can be set. A
/// redelivery of an event that is forgotten is handled again, so the capacity has to be that of the busiest half
/// hour, which is how long Linq redelivers. An event that is claimed is never forgotten to make room: there are as
/// many of those as handlers run at the same time.
///
/// A claim holds for 60 seconds, can be renewed, and then counts as left behind: so an event is handled on
/// redelivery though its ticket was dropped, as happens when a connection closes before the handler is done.
///
/// ```
/// use std::time::Duration;
/// use linq_webhook::MemoryDeduper;
///
/// let deduper = MemoryDeduper::new().capacity(1_000_000).remember_for(Duration::from_secs(3600));
/// ```
pub struct MemoryDeduper {
    capacity: usize,
    hold_for: Duration,
    remember_for: Duration,
    clock: Box<dyn Fn() -> Instant + Send + Sync>,
    state: Mutex<State>,
}

impl MemoryDeduper {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self {
            capacity: 100_000,
            hold_for: LONGEST_CLAIM,
            remember_for: MEMORY,
            clock: Box::new(Instant::now),
            state: Mutex::default(),
        }
    }

    /// Remembers at most so many handled events (100,000); the one handled first is forgotten first.
    #[must_use]
    pub fn capacity(self, events: usize) -> Self {
        Self {
            capacity: events,
            ..self
        }
    }

    /// Remembers a handled event for so long at most (24 hours); less than 30 minutes is less than Linq redelivers.
    #[must_use]
    pub fn remember_for(self, duration: Duration) -> Self {
        Self {
            remember_for: duration,
            ..self
        }
    }

    /// Has a claim hold for so long unless it is renewed (60 seconds).
    #[must_use]
    pub fn hold_for(self, duration: Duration) -> Self {
        Self {
            hold_for: duration,
            ..self
        }
    }

    /// Takes the time from `clock`, for tests.
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self {
            clock: Box::new(clock),
            ..self
        }
    }

    /// The state as it is now, with what is too old forgotten.
    fn now(&self) -> (MutexGuard<'_, State>, Instant) {
        // Before the lock, which a clock that panics would poison.
        let now = (self.clock)();
        // No panic can come between two changes that belong together.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.forget(now, self.remember_for);
        (state, now)
    }
}

impl Default for MemoryDeduper {
    fn default() -> Self {
        Self::new()
    }
}

impl Deduper for MemoryDeduper {
    type Error = Infallible;

    async fn claim(&self, key: &EventKey) -> Result<Claim, Infallible> {
        let (mut state, now) = self.now();
        if state.done.contains(key) {
            return Ok(Claim::Done);
        }
        if state.is_held(key, now, self.hold_for) {
            return Ok(Claim::Held);
        }
        let ticket = Ticket::new(key.clone(), state.next_token());
        state.hold(&ticket, now, self.hold_for);
        Ok(Claim::New(ticket))
    }

    async fn complete(&self, ticket: &Ticket) -> Result<(), Infallible> {
        let (mut state, now) = self.now();
        if state.is_free_for(ticket, now, self.hold_for) {
            state.held.remove(ticket.key());
            state.done.insert(ticket.key().clone());
            state.order.push_back((ticket.key().clone(), now));
            state.shrink(self.capacity);
        }
        Ok(())
    }

    async fn release(&self, ticket: &Ticket) -> Result<(), Infallible> {
        let (mut state, _) = self.now();
        if state.has_claim(ticket) {
            state.held.remove(ticket.key());
        }
        Ok(())
    }

    fn lease(&self) -> Option<Duration> {
        Some(self.hold_for)
    }

    async fn renew(&self, ticket: &Ticket) -> Result<bool, Infallible> {
        let (mut state, now) = self.now();
        let free = state.is_free_for(ticket, now, self.hold_for);
        if free {
            state.hold(ticket, now, self.hold_for);
        }
        Ok(free)
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
            .field("done", &state.done.len())
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    held: HashMap<EventKey, Hold>,
    done: HashSet<EventKey>,
    /// The events of `done`, in the order in which they were handled, each once.
    order: VecDeque<(EventKey, Instant)>,
    tokens: u128,
    /// With how many held claims to look for those that have run out.
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

    fn is_held(&self, key: &EventKey, now: Instant, hold_for: Duration) -> bool {
        let hold = self.held.get(key);
        hold.is_some_and(|hold| hold.is_live(now, hold_for))
    }

    fn has_claim(&self, ticket: &Ticket) -> bool {
        let hold = self.held.get(ticket.key());
        hold.is_some_and(|hold| hold.token == ticket.token())
    }

    /// Whether nobody but the holder of the ticket is handling the event, or has handled it.
    fn is_free_for(&self, ticket: &Ticket, now: Instant, hold_for: Duration) -> bool {
        let key = ticket.key();
        !self.done.contains(key) && (self.has_claim(ticket) || !self.is_held(key, now, hold_for))
    }

    fn hold(&mut self, ticket: &Ticket, now: Instant, hold_for: Duration) {
        let hold = Hold {
            token: ticket.token(),
            since: now,
        };
        self.held.insert(ticket.key().clone(), hold);
        // Tickets that were dropped leave claims behind that nobody may ever ask for again.
        if self.held.len() > self.sweep_at.max(FEWEST_TO_SWEEP) {
            self.held.retain(|_, hold| hold.is_live(now, hold_for));
            self.sweep_at = self.held.len() * 2;
        }
    }

    fn forget(&mut self, now: Instant, remember_for: Duration) {
        let is_old = |at: &Instant| now.saturating_duration_since(*at) >= remember_for;
        while self.order.front().is_some_and(|(_, at)| is_old(at)) {
            self.forget_first();
        }
    }

    fn shrink(&mut self, capacity: usize) {
        while self.order.len() > capacity {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((key, _)) = self.order.pop_front() {
            self.done.remove(&key);
        }
    }
}

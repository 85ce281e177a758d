//! Deduplication within one process.

use std::collections::{HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::dedupe::{Claim, Deduper, EventKey, LONGEST_CLAIM, MEMORY, Ticket};

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

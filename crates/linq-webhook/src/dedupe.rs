//! Handling each event once, though it is delivered at least once.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use linq_types::WebhookEvent;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The longest claim that is given out, and the default: so one left behind by a process that was killed ends
/// well before Linq stops redelivering, which is after some 25 minutes at the least.
pub(super) const LONGEST_CLAIM: Duration = Duration::from_secs(60);

/// How long a handled event is remembered by default; Linq redelivers for up to 30 minutes.
pub(super) const MEMORY: Duration = Duration::from_secs(24 * 60 * 60);

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

//! A delivery on its way from the request to the response: received, claimed, handled in a task of its own, settled.

use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ::axum::body::Bytes;
use ::axum::extract::Request;
use ::axum::http::StatusCode;
use ::axum::response::{IntoResponse, Response};
use linq_types::WebhookEvent;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::extract::{Rejection, response, verified};
use super::room::Room;
use super::trace::{self, About};
use crate::verify::DEFAULT_TOLERANCE;
use crate::{Claim, Deduper, Delivery, EventKey, HandlerError, Inbound, Ticket, Verifier};

/// How far from now the router lets the time of sending be: a redelivery may carry its first time for the 30 minutes
/// that Linq redelivers, and clocks differ. Deduplication keeps replays out meanwhile.
const TOLERANCE: Duration = Duration::from_secs(45 * 60);

/// How long one attempt to settle a claim may take.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(2);

/// The pauses between attempts to settle a claim.
const SETTLE_PAUSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1600),
    Duration::from_millis(6400),
    Duration::from_millis(25600),
];

pub(super) type Handling = Pin<Box<dyn Future<Output = Result<(), HandlerError>> + Send>>;
pub(super) type Handler = Box<dyn Fn(Received) -> Handling + Send + Sync>;
pub(super) type DeadLetters = Box<dyn Fn(Received, HandlerError) -> Handling + Send + Sync>;
pub(super) type KeyOf = Box<dyn Fn(&WebhookEvent) -> Option<EventKey> + Send + Sync>;

/// A delivery that was verified and claimed, for the handler to handle.
#[derive(Clone)]
pub struct Received {
    event: WebhookEvent,
    delivery: Delivery<Bytes>,
    key: EventKey,
    claim_lost: CancellationToken,
}

impl Received {
    /// Returns the event.
    #[must_use]
    pub fn event(&self) -> &WebhookEvent {
        &self.event
    }

    /// Returns the event by value.
    #[must_use]
    pub fn into_event(self) -> WebhookEvent {
        self.event
    }

    /// Returns the message, if the event is one; see [`Inbound::from_body`].
    #[must_use]
    pub fn message(&self) -> Option<Inbound> {
        match self.event.event_type() {
            "" | "message.received" | "message.sent" => Inbound::from_body(self.body()),
            _ => None,
        }
    }

    /// Returns the key by which all deliveries of the event are recognized.
    ///
    /// Handling can be interrupted by a crash, and starts again with the redelivery. Derive the idempotency keys of
    /// sends from this key, as `Linq::for_event` does, and each is sent once.
    #[must_use]
    pub fn key(&self) -> &EventKey {
        &self.key
    }

    /// Returns the header `webhook-id`; `None` for the legacy scheme.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.delivery.id()
    }

    /// Returns the time of sending, in whole seconds.
    #[must_use]
    pub fn sent_at(&self) -> SystemTime {
        self.delivery.sent_at()
    }

    /// Returns the body as received: what belongs into a queue, since an event has only the members that this release
    /// knows.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.delivery.body()
    }

    /// Waits until the claim on the event is lost, which is usually never.
    ///
    /// It is lost if it could not be renewed for the time of a [lease](Deduper::lease) and somebody else has taken it,
    /// for example another process after Redis lost its data. The event is then being handled twice; a handler can
    /// stop early with this.
    pub async fn claim_lost(&self) {
        self.claim_lost.cancelled().await;
    }
}

/// Without the event and the body.
impl fmt::Debug for Received {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Received")
            .field("event_type", &trace::event_type(&self.event))
            .field("key", &self.key)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

/// Receives deliveries, with all its settings.
pub(super) struct Receiver<D> {
    pub(super) verifier: Verifier,
    pub(super) deduper: Arc<D>,
    pub(super) handler: Arc<Handler>,
    pub(super) dead_letters: Option<Arc<DeadLetters>>,
    pub(super) key_of: Option<KeyOf>,
    pub(super) body_limit: usize,
    pub(super) deadline: Duration,
    pub(super) handler_timeout: Duration,
    pub(super) responds_first: bool,
    /// For bodies that are being received, and those that wait for a handler.
    pub(super) bodies: Arc<Room>,
    /// For running handlers.
    pub(super) handlers: Arc<Semaphore>,
    pub(super) tasks: Tasks,
}

impl<D: Deduper> Receiver<D> {
    pub(super) async fn receive(&self, request: Request) -> Response {
        let start = Instant::now();
        let mut about = None;
        let outcome = self.outcome(request, start, &mut about).await;
        let outcome = outcome.unwrap_or_else(|outcome| outcome);
        trace::responded(&outcome, outcome.status(), about.as_ref(), start.elapsed());
        outcome.into_response()
    }

    async fn outcome(
        &self,
        request: Request,
        start: Instant,
        about: &mut Option<About>,
    ) -> Result<Outcome, Outcome> {
        let mut place = self.bodies.place();
        let verified = verified(
            &self.verifier,
            request,
            self.body_limit,
            &mut place,
            TOLERANCE,
        );
        let delivery = verified.await?;
        // It is genuine, so it cannot be displaced by what may not be.
        place.keep();
        let event = delivery.event();
        let custom = self.key_of.as_ref().and_then(|key_of| key_of(&event));
        let key = custom.unwrap_or_else(|| delivery.key(&event));
        let received = Received {
            event,
            delivery,
            key,
            claim_lost: CancellationToken::new(),
        };
        let about = about.insert(About::of(&received.event, &received.key));
        let offset = offset(&received.delivery);
        if offset > DEFAULT_TOLERANCE {
            trace::clock_offset(about, offset);
        }
        if self.tasks.is_draining() {
            return Err(Outcome::Draining);
        }
        // Whoever waits longer would be late anyway.
        let waiting = Arc::clone(&self.handlers).acquire_owned();
        let Ok(Ok(handler_place)) = timeout(self.deadline / 2, waiting).await else {
            return Err(Outcome::Full);
        };
        drop(place);
        let running = self.tasks.start()?;
        let (responder, response) = oneshot::channel();
        let task = Task {
            deduper: Arc::clone(&self.deduper),
            handler: Arc::clone(&self.handler),
            dead_letters: self.dead_letters.clone(),
            handler_timeout: self.handler_timeout,
            responds_first: self.responds_first,
            about: about.clone(),
            responder: Some(responder),
        };
        // In a task of its own, which a closed connection does not stop.
        tokio::spawn(async move {
            task.run(received).await;
            drop((handler_place, running));
        });
        let left = self.deadline.saturating_sub(start.elapsed());
        match timeout(left, response).await {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(_)) => Err(Outcome::Abandoned),
            Err(_) => Err(Outcome::Late),
        }
    }
}

/// How far the time of sending is from the time of receiving, in either direction.
fn offset(delivery: &Delivery<Bytes>) -> Duration {
    let age = delivery.received_at().duration_since(delivery.sent_at());
    age.unwrap_or_else(|error| error.duration())
}

/// One event, from its claim to the end of its handling.
struct Task<D> {
    deduper: Arc<D>,
    handler: Arc<Handler>,
    dead_letters: Option<Arc<DeadLetters>>,
    handler_timeout: Duration,
    responds_first: bool,
    about: About,
    /// `None` once the response is given.
    responder: Option<oneshot::Sender<Outcome>>,
}

impl<D: Deduper> Task<D> {
    async fn run(mut self, received: Received) {
        let ticket = match self.deduper.claim(received.key()).await {
            Ok(Claim::New(ticket)) => ticket,
            Ok(Claim::Done) => return self.respond(Outcome::HandledBefore),
            Ok(Claim::Held) => return self.respond(Outcome::Held),
            Err(error) => {
                trace::deduper_failed("claim", &self.about, &error);
                return self.respond(Outcome::DeduperFailed);
            }
        };
        if self.responds_first {
            self.respond(Outcome::Started);
        }
        if let WebhookEvent::Unknown(event) = received.event() {
            trace::unknown_event(&self.about, event);
        }
        let outcome = {
            // In a task of its own: a handler that blocks its thread must not lose its claim.
            let renewal = Renewal {
                deduper: Arc::clone(&self.deduper),
                ticket: ticket.clone(),
                lost: received.claim_lost.clone(),
                about: self.about.clone(),
            };
            let renewal = tokio::spawn(renewal.run());
            let outcome = self.handle(received).await;
            renewal.abort();
            // No renewal may follow the completion.
            let _ = renewal.await;
            outcome
        };
        let is_handled = outcome.status() == StatusCode::OK;
        let mut is_settled = self.settle(&ticket, is_handled).await;
        // Handled is handled, recorded or not: 503 would have it handled once more.
        self.respond(outcome);
        for pause in SETTLE_PAUSES {
            if is_settled {
                break;
            }
            sleep(pause).await;
            is_settled = self.settle(&ticket, is_handled).await;
        }
    }

    /// Responds to the request, if it waits and was not responded to before.
    fn respond(&mut self, outcome: Outcome) {
        if let Some(responder) = self.responder.take() {
            // Nobody waits any more if the response is late, or the connection was closed.
            let _ = responder.send(outcome);
        }
    }

    /// Runs the handler, and after a permanent failure the sink of dead letters.
    async fn handle(&self, received: Received) -> Outcome {
        let handler = Arc::clone(&self.handler);
        let for_handler = received.clone();
        let error = match self
            .run_guarded(async move { handler(for_handler).await })
            .await
        {
            Ok(Ok(())) => {
                trace::handled(&self.about);
                return Outcome::Handled;
            }
            Ok(Err(error)) => error,
            Err(outcome) => {
                trace::failed(&self.about, &outcome, None);
                return outcome;
            }
        };
        if !error.is_permanent() {
            trace::failed(&self.about, &Outcome::Failed, Some(&error));
            return Outcome::Failed;
        }
        trace::failed(&self.about, &Outcome::GivenUp, Some(&error));
        let Some(sink) = self.dead_letters.clone() else {
            return Outcome::GivenUp;
        };
        match self
            .run_guarded(async move { sink(received, error).await })
            .await
        {
            Ok(Ok(())) => Outcome::GivenUp,
            Ok(Err(error)) => {
                trace::failed(&self.about, &Outcome::DeadLetterFailed, Some(&error));
                Outcome::DeadLetterFailed
            }
            Err(outcome) => {
                trace::failed(&self.about, &outcome, None);
                outcome
            }
        }
    }

    /// Runs a future of the user in a task of its own, up to the time limit. One that blocks its thread ends when it
    /// lets go of it.
    async fn run_guarded(
        &self,
        handling: impl Future<Output = Result<(), HandlerError>> + Send + 'static,
    ) -> Result<Result<(), HandlerError>, Outcome> {
        let mut task = tokio::spawn(handling);
        let joined = match timeout(self.handler_timeout, &mut task).await {
            Ok(joined) => joined,
            Err(_) => {
                task.abort();
                task.await
            }
        };
        joined.map_err(|error| match error.try_into_panic() {
            Ok(payload) => {
                // Some payload may panic again when it is dropped.
                let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
                dropped.unwrap_or_else(mem::forget);
                Outcome::Panicked
            }
            Err(_) => Outcome::TimedOut,
        })
    }

    /// Completes the claim or gives it back; true if that succeeded.
    async fn settle(&self, ticket: &Ticket, is_handled: bool) -> bool {
        let settling = async {
            match is_handled {
                true => self.deduper.complete(ticket).await,
                false => self.deduper.release(ticket).await.map(|()| true),
            }
        };
        match timeout(SETTLE_TIMEOUT, settling).await {
            Ok(Ok(true)) => true,
            Ok(Ok(false)) => {
                trace::claim_lost(&self.about);
                true
            }
            Ok(Err(error)) => {
                trace::deduper_failed("settle", &self.about, &error);
                false
            }
            Err(error) => {
                trace::deduper_failed("settle", &self.about, &error);
                false
            }
        }
    }
}

/// Keeps a claim while its handler runs.
struct Renewal<D> {
    deduper: Arc<D>,
    ticket: Ticket,
    lost: CancellationToken,
    about: About,
}

impl<D: Deduper> Renewal<D> {
    /// Ends when the claim is lost, or is aborted.
    async fn run(self) {
        let Some(lease) = self.deduper.lease() else {
            return;
        };
        loop {
            sleep((lease / 3).max(Duration::from_millis(1))).await;
            match self.deduper.renew(&self.ticket).await {
                Ok(true) => {}
                Ok(false) => {
                    trace::claim_lost(&self.about);
                    return self.lost.cancel();
                }
                Err(error) => trace::deduper_failed("renew", &self.about, &error),
            }
        }
    }
}

/// The running handlers of a [`WebhookRouter`](super::WebhookRouter). Clones refer to the same handlers.
#[derive(Clone)]
pub struct Tasks(TaskTracker);

impl Tasks {
    pub(super) fn new() -> Self {
        Self(TaskTracker::new())
    }

    /// Counts one more until the token is dropped, unless the router is draining.
    fn start(&self) -> Result<TaskTrackerToken, Outcome> {
        // In this order, or `drain` could find nothing running in between.
        let token = self.0.token();
        match self.is_draining() {
            true => Err(Outcome::Draining),
            false => Ok(token),
        }
    }

    fn is_draining(&self) -> bool {
        self.0.is_closed()
    }

    /// Returns how many handlers run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.0.len()
    }

    /// Starts no further handlers, which responds to deliveries with 503, and waits until none runs.
    ///
    /// [`serve`](super::serve) does this by itself. With another server, call it after that has shut down. Handlers
    /// may still run then, after their response was given: because they were late, because the connection was closed,
    /// or because of [`respond_first`](super::WebhookRouter::respond_first). Use `tokio::time::timeout` to limit the
    /// wait; events whose handlers end with the process are delivered again, unless they were responded to first.
    pub async fn drain(&self) {
        self.0.close();
        self.0.wait().await;
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tasks")
            .field("running", &self.running())
            .field("is_draining", &self.is_draining())
            .finish()
    }
}

/// What became of a delivery by the time of its response.
#[derive(Debug)]
pub(super) enum Outcome {
    Handled,
    HandledBefore,
    Started,
    GivenUp,
    Failed,
    Panicked,
    TimedOut,
    DeadLetterFailed,
    /// Another delivery of the event is being handled.
    Held,
    Late,
    Full,
    Draining,
    DeduperFailed,
    /// The task ended without an outcome.
    Abandoned,
    Rejected(Rejection),
}

impl Outcome {
    fn status(&self) -> StatusCode {
        match self {
            Self::Handled | Self::HandledBefore | Self::Started | Self::GivenUp => StatusCode::OK,
            Self::Failed | Self::Panicked | Self::TimedOut | Self::DeadLetterFailed => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Held
            | Self::Late
            | Self::Full
            | Self::Draining
            | Self::DeduperFailed
            | Self::Abandoned => StatusCode::SERVICE_UNAVAILABLE,
            Self::Rejected(rejection) => rejection.status(),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Handled => "handled",
            Self::HandledBefore => "handled before",
            Self::Started => "being handled",
            Self::GivenUp => "the handler failed permanently",
            Self::Failed => "the handler failed",
            Self::Panicked => "the handler panicked",
            Self::TimedOut => "the handler reached its time limit",
            Self::DeadLetterFailed => "the dead letter could not be stored",
            Self::Held => "another delivery of the event is being handled",
            Self::Late => "the handler is not done yet",
            Self::Full => "too many deliveries are being handled",
            Self::Draining => "shutting down",
            Self::DeduperFailed => "the deduper failed",
            Self::Abandoned => "the handler was stopped",
            Self::Rejected(rejection) => return rejection.fmt(formatter),
        })
    }
}

impl From<Rejection> for Outcome {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        match self.status() {
            StatusCode::OK => StatusCode::OK.into_response(),
            status => response(status, self.to_string()),
        }
    }
}

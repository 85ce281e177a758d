//! A delivery on its way from the request to its answer: read, claimed, handled in a task of its own, and settled.

use std::convert::Infallible;
use std::fmt::{self, Display};
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::thread;
use std::time::{Duration, SystemTime};

use ::axum::body::Bytes;
use ::axum::extract::Request;
use ::axum::http::StatusCode;
use ::axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use linq_types::WebhookEvent;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::extract::{Rejection, response, verified};
use crate::{Claim, Deduper, Delivery, EventKey, Ticket, Verifier};

/// How long one try to settle a claim may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The pauses between tries to settle a claim.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1600),
    Duration::from_millis(6400),
    Duration::from_millis(25600),
];

/// A handler, with its result made a bool: true if it succeeded.
pub(super) type Handler =
    Box<dyn Fn(Received) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// A delivery that was verified and is the handler's to handle.
#[derive(Clone)]
pub struct Received {
    event: WebhookEvent,
    delivery: Delivery<Bytes>,
    key: EventKey,
}

impl Received {
    /// The event.
    #[must_use]
    pub fn event(&self) -> &WebhookEvent {
        &self.event
    }

    /// Takes the event out.
    #[must_use]
    pub fn into_event(self) -> WebhookEvent {
        self.event
    }

    /// What the event is known by over all its deliveries.
    ///
    /// Handling can be cut off by a crash, and starts again with the redelivery then: give what is done for the
    /// event an id that is made of this key, such as the idempotency key of a send, and it is done once.
    #[must_use]
    pub fn key(&self) -> &EventKey {
        &self.key
    }

    /// The header `webhook-id`; `None` for the legacy scheme.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.delivery.id()
    }

    /// When the delivery was sent, to the second.
    #[must_use]
    pub fn sent_at(&self) -> SystemTime {
        self.delivery.sent_at()
    }

    /// The body as it came.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.delivery.body()
    }
}

/// Without the event and the body.
impl fmt::Debug for Received {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Received")
            .field("event_type", &self.event.event_type())
            .field("key", &self.key)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

/// What receives deliveries, with all its settings.
pub(super) struct Receiver<D> {
    pub(super) verifier: Verifier,
    pub(super) deduper: Arc<D>,
    pub(super) handler: Arc<Handler>,
    pub(super) body_limit: usize,
    pub(super) deadline: Duration,
    pub(super) answers_first: bool,
    /// For bodies that are being read and verified, whoever sent them.
    pub(super) reading: Semaphore,
    /// For handlers that run.
    pub(super) handling: Arc<Semaphore>,
    pub(super) tasks: Tasks,
}

impl<D: Deduper> Receiver<D> {
    pub(super) async fn receive(&self, request: Request) -> Response {
        let start = Instant::now();
        let mut about = None;
        let answer = match self.read(request).await {
            Ok(received) => {
                about = Some(About::of(&received));
                self.hand_over(received, start).await
            }
            Err(answer) => answer,
        };
        answered(&answer, about, start.elapsed());
        answer.into_response()
    }

    async fn read(&self, request: Request) -> Result<Received, Answer> {
        let _place = self.reading.try_acquire().map_err(|_| Answer::Full)?;
        let delivery = verified(&self.verifier, request, self.body_limit).await?;
        let event = delivery.parse().map_err(Rejection::NoObject)?;
        let key = delivery.key(&event);
        Ok(Received {
            event,
            delivery,
            key,
        })
    }

    /// Has the event handled in a task of its own, which a closed connection does not stop, and waits for it.
    async fn hand_over(&self, received: Received, start: Instant) -> Answer {
        let running = match self.tasks.start() {
            Ok(running) => running,
            Err(answer) => return answer,
        };
        let Ok(place) = Arc::clone(&self.handling).try_acquire_owned() else {
            return Answer::Full;
        };
        let (answer, answered) = oneshot::channel();
        let task = Task {
            deduper: Arc::clone(&self.deduper),
            handler: Arc::clone(&self.handler),
            answers_first: self.answers_first,
            answer: Some(answer),
        };
        tokio::spawn(async move {
            task.run(received).await;
            drop((place, running));
        });
        let left = self.deadline.saturating_sub(start.elapsed());
        match timeout(left, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Answer::Abandoned,
            Err(_) => Answer::Late,
        }
    }
}

struct Task<D> {
    deduper: Arc<D>,
    handler: Arc<Handler>,
    answers_first: bool,
    /// `None` once the answer is given.
    answer: Option<oneshot::Sender<Answer>>,
}

impl<D: Deduper> Task<D> {
    async fn run(mut self, received: Received) {
        let ticket = match self.deduper.claim(received.key()).await {
            Ok(Claim::New(ticket)) => ticket,
            Ok(Claim::Done) => return self.give(Answer::HandledBefore),
            Ok(Claim::Held) => return self.give(Answer::Held),
            Err(error) => {
                deduper_failed("claim", received.key(), &error);
                return self.give(Answer::DeduperFailed);
            }
        };
        if self.answers_first {
            self.give(Answer::Started);
        }
        let about = About::of(&received);
        let answer = match self.handle(received, &ticket).await {
            Ok(true) => Answer::Handled,
            Ok(false) => Answer::Failed,
            Err(_) => Answer::Panicked,
        };
        let is_handled = matches!(answer, Answer::Handled);
        handled(&answer, about);
        let mut is_settled = self.settle(&ticket, is_handled).await;
        // Handled is handled, noted down or not: 503 would have it handled once more.
        self.give(answer);
        for pause in PAUSES {
            if is_settled {
                break;
            }
            sleep(pause).await;
            is_settled = self.settle(&ticket, is_handled).await;
        }
    }

    /// Answers the request, if it waits and was not answered before.
    fn give(&mut self, answer: Answer) {
        if let Some(sender) = self.answer.take() {
            // Nobody waits any more if the answer is late, or the connection was closed.
            let _ = sender.send(answer);
        }
    }

    /// Runs the handler, and keeps the claim while it runs; an error if it panics.
    async fn handle(&self, received: Received, ticket: &Ticket) -> thread::Result<bool> {
        let handler = &self.handler;
        let handling = AssertUnwindSafe(async move { handler(received).await });
        // It is not polled again after a panic, so nobody sees what the panic left behind.
        let mut handling = pin!(handling.catch_unwind());
        let mut renewing = pin!(self.renew(ticket));
        poll_fn(|context| {
            let poll = handling.as_mut().poll(context);
            if poll.is_pending() {
                // It has no end.
                let _: Poll<Infallible> = renewing.as_mut().poll(context);
            }
            poll
        })
        .await
    }

    /// Renews the claim over and over.
    async fn renew(&self, ticket: &Ticket) -> Infallible {
        let Some(lease) = self.deduper.lease() else {
            return std::future::pending().await;
        };
        loop {
            sleep((lease / 3).max(Duration::from_millis(1))).await;
            match self.deduper.renew(ticket).await {
                Ok(true) => {}
                // The handler cannot be called back, and no harm comes of asking again.
                Ok(false) => claim_lost(ticket.key()),
                Err(error) => deduper_failed("renew", ticket.key(), &error),
            }
        }
    }

    /// Completes the claim or gives it back; true if that went well.
    async fn settle(&self, ticket: &Ticket, is_handled: bool) -> bool {
        let settling = async {
            match is_handled {
                true => self.deduper.complete(ticket).await,
                false => self.deduper.release(ticket).await,
            }
        };
        match timeout(PATIENCE, settling).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                deduper_failed("settle", ticket.key(), &error);
                false
            }
            Err(error) => {
                deduper_failed("settle", ticket.key(), &error);
                false
            }
        }
    }
}

/// The handlers of a [`WebhookRouter`](super::WebhookRouter) that run; clones are of the same handlers.
#[derive(Clone)]
pub struct Tasks(TaskTracker);

impl Tasks {
    pub(super) fn new() -> Self {
        Self(TaskTracker::new())
    }

    /// Counts one more, until the token is dropped, unless the router is draining.
    fn start(&self) -> Result<TaskTrackerToken, Answer> {
        // In this order, or `drain` could find nothing running in between.
        let token = self.0.token();
        match self.0.is_closed() {
            true => Err(Answer::Draining),
            false => Ok(token),
        }
    }

    /// How many handlers run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.0.len()
    }

    /// Has no other handler start, which answers deliveries with 503, and waits until none runs.
    ///
    /// Call it after axum has shut down gracefully. Handlers run on behind requests that were answered: because
    /// they were late, because the connection was closed, or by
    /// [`answer_first`](super::WebhookRouter::answer_first). To wait no longer than some time, put it into
    /// `tokio::time::timeout`; the events of handlers that end with the process are delivered again, unless they
    /// were answered first.
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
            .field("is_draining", &self.0.is_closed())
            .finish()
    }
}

/// What became of a delivery by the time it is answered.
#[derive(Debug)]
enum Answer {
    Handled,
    HandledBefore,
    Started,
    Failed,
    Panicked,
    /// Another delivery of the event is being handled.
    Held,
    Late,
    Full,
    Draining,
    DeduperFailed,
    /// The task is gone without a word.
    Abandoned,
    Rejected(Rejection),
}

impl Answer {
    fn status(&self) -> StatusCode {
        match self {
            Self::Handled | Self::HandledBefore | Self::Started => StatusCode::OK,
            Self::Failed | Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
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

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Handled => "handled",
            Self::HandledBefore => "handled before",
            Self::Started => "being handled",
            Self::Failed => "the handler failed",
            Self::Panicked => "the handler panicked",
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

impl From<Rejection> for Answer {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self.status() {
            StatusCode::OK => StatusCode::OK.into_response(),
            status => response(status, self.to_string()),
        }
    }
}

/// Which event something is about.
struct About {
    event_type: String,
    key: EventKey,
}

impl About {
    fn of(received: &Received) -> Self {
        Self {
            event_type: received.event().event_type().to_owned(),
            key: received.key().clone(),
        }
    }
}

/// A delivery was answered; `about` is there if it was verified.
fn answered(answer: &Answer, about: Option<About>, elapsed: Duration) {
    let status = answer.status().as_u16();
    let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let event_type = about.as_ref().map(|about| about.event_type.as_str());
    let key = about.as_ref().map(|about| about.key.as_str());
    if status < 400 {
        tracing::debug!(target: "linq_webhook", status, reason = %answer, event_type, key, duration_ms, "linq_delivery");
    } else {
        tracing::warn!(target: "linq_webhook", status, reason = %answer, event_type, key, duration_ms, "linq_delivery");
    }
}

/// A handler is done, whether its delivery was answered before or not.
fn handled(answer: &Answer, about: About) {
    let (event_type, key) = (about.event_type.as_str(), about.key.as_str());
    match answer {
        Answer::Handled => {
            tracing::debug!(target: "linq_webhook", event_type, key, "linq_handled");
        }
        _ => {
            tracing::warn!(target: "linq_webhook", event_type, key, reason = %answer, "linq_unhandled");
        }
    }
}

fn deduper_failed(what: &str, key: &EventKey, error: &dyn Display) {
    tracing::warn!(target: "linq_webhook", what, key = %key, error = %error, "linq_deduper_failed");
}

fn claim_lost(key: &EventKey) {
    tracing::warn!(target: "linq_webhook", key = %key, "linq_claim_lost");
}

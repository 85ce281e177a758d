//! A delivery on its way from the request to its answer.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ::axum::body::Bytes;
use ::axum::extract::Request;
use ::axum::response::{IntoResponse, Response};
use linq_types::WebhookEvent;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, timeout};

use super::answer::Answer;
use super::task::Task;
use super::{Rejection, Tasks, extract, trace};
use crate::{Deduper, Delivery, EventKey, Verifier};

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
    pub(super) concurrency: usize,
    pub(super) answers_first: bool,
    /// For bodies that are being read and verified, whoever sent them.
    pub(super) reading: Semaphore,
    pub(super) tasks: Tasks,
}

impl<D: Deduper> Receiver<D> {
    pub(super) async fn receive(&self, request: Request) -> Response {
        let start = Instant::now();
        let mut about = None;
        let answer = match self.read(request).await {
            Ok(received) => {
                about = trace::About::of(&received);
                self.hand_over(received, start).await
            }
            Err(answer) => answer,
        };
        trace::answered(&answer, about, start.elapsed());
        answer.into_response()
    }

    async fn read(&self, request: Request) -> Result<Received, Answer> {
        let _place = self.reading.try_acquire().map_err(|_| Answer::Full)?;
        let delivery = extract::verified(&self.verifier, request, self.body_limit).await?;
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
        let running = match self.tasks.start(self.concurrency) {
            Ok(running) => running,
            Err(answer) => return answer,
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
            drop(running);
        });
        let left = self.deadline.saturating_sub(start.elapsed());
        match timeout(left, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Answer::Abandoned,
            Err(_) => Answer::Late,
        }
    }
}

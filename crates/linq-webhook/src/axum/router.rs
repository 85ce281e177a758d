//! The router, and its settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::axum::Router;
use ::axum::extract::Request;
use ::axum::routing::post;
use tokio::sync::Semaphore;

use super::extract::BODY_LIMIT;
use super::receive::{Handler, Received, Receiver, Tasks};
use crate::{Deduper, Verifier};

const DEFAULT_PATH: &str = "/webhooks";
const DEFAULT_DEADLINE: Duration = Duration::from_secs(8);
const DEFAULT_CONCURRENCY: usize = 64;

/// How many bodies may be read and verified at the same time, for each handler that may run.
const BODIES_PER_HANDLER: usize = 4;

/// Starts a router that receives deliveries, at `/webhooks` unless [`path`](WebhookRouter::path) says otherwise.
///
/// Each verified event goes to the handler once: `Ok` means that it is handled and never comes again, `Err` that
/// it was not, and Linq is to deliver it again. The error itself goes nowhere, so log it in the handler. The
/// handler runs in a task of its own: it goes on when the connection closes, or when the
/// [deadline](WebhookRouter::deadline) passes, and its claim is renewed meanwhile. Only the end of the process
/// stops it; then the redelivery starts it again.
///
/// A handler that waits long should have its time limited by itself: Linq delivers again for up to 30 minutes.
///
/// What the handler needs, such as a `Linq`, goes into the closure by `move`, and is cloned for each call. See the
/// [module](crate::axum) for an example and all answers.
pub fn router<D, F, R, E>(verifier: Verifier, deduper: D, handler: F) -> WebhookRouter<D>
where
    D: Deduper,
    F: Fn(Received) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), E>> + Send + 'static,
{
    WebhookRouter {
        verifier,
        deduper,
        handler: Box::new(move |received| {
            let handling = handler(received);
            Box::pin(async move { handling.await.is_ok() })
        }),
        path: DEFAULT_PATH.to_owned(),
        body_limit: BODY_LIMIT,
        deadline: DEFAULT_DEADLINE,
        concurrency: DEFAULT_CONCURRENCY,
        answers_first: false,
        tasks: Tasks::new(),
    }
}

/// A router that receives deliveries, and its settings; start with [`router()`].
#[must_use = "it receives nothing until it is made an axum router"]
pub struct WebhookRouter<D> {
    verifier: Verifier,
    deduper: D,
    handler: Handler,
    path: String,
    body_limit: usize,
    deadline: Duration,
    concurrency: usize,
    answers_first: bool,
    tasks: Tasks,
}

impl<D: Deduper> WebhookRouter<D> {
    /// The path that deliveries are posted to; `/webhooks` if not set.
    ///
    /// # Errors
    ///
    /// If it does not begin with `/`, or has other characters than a plain path has: visible ASCII without
    /// `{`, `}`, `?`, `#`, `*` and `:`.
    pub fn path(mut self, path: impl Into<String>) -> Result<Self, InvalidPath> {
        self.path = path.into();
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"{}?#*:".contains(&byte);
        if self.path.starts_with('/') && self.path.bytes().all(is_plain) {
            Ok(self)
        } else {
            Err(InvalidPath)
        }
    }

    /// The longest body, in bytes; 1 MiB if not set.
    ///
    /// What is longer is answered with 413, and Linq does not deliver it again.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// How many handlers run at the same time at most; 64 if not set, and at least 1.
    ///
    /// More deliveries than that are answered with 503, and come again. Up to four times as many bodies are read
    /// and verified at the same time, so memory is bounded by this number and the body limit.
    pub fn concurrency(mut self, handlers: usize) -> Self {
        self.concurrency = handlers.max(1);
        self
    }

    /// How long a delivery waits for its handler before it is answered with 503; 8 seconds if not set.
    ///
    /// Linq itself waits for 10. The handler goes on, its claim keeps the redelivery from running beside it, and
    /// the redelivery after its success is answered with 200.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Answers 200 as soon as an event is claimed, before the handler runs.
    ///
    /// For handlers that must not make Linq wait, and can do without its redeliveries: **an event whose handler
    /// fails or panics is lost, and a crash or kill loses all events in memory**, which are as many as
    /// [`concurrency`](Self::concurrency) at most. On an orderly end [`Tasks::drain`] waits for them. Where nothing
    /// may be lost, keep the default, and have the handler write the event to a queue.
    pub fn answer_first(mut self) -> Self {
        self.answers_first = true;
        self
    }

    /// The handlers that run, to wait for at the end of the program.
    #[must_use]
    pub fn tasks(&self) -> Tasks {
        self.tasks.clone()
    }

    /// The router, to be served, nested or merged; for an app with state, call `with_state(())` on it first.
    pub fn into_router(self) -> Router {
        let bodies = self.concurrency.saturating_mul(BODIES_PER_HANDLER);
        let receiver = Arc::new(Receiver {
            verifier: self.verifier,
            deduper: Arc::new(self.deduper),
            handler: Arc::new(self.handler),
            body_limit: self.body_limit,
            deadline: self.deadline,
            answers_first: self.answers_first,
            reading: Semaphore::new(bodies.min(Semaphore::MAX_PERMITS)),
            handling: Arc::new(Semaphore::new(self.concurrency.min(Semaphore::MAX_PERMITS))),
            tasks: self.tasks,
        });
        let receive = move |request: Request| {
            let receiver = Arc::clone(&receiver);
            async move { receiver.receive(request).await }
        };
        Router::new().route(&self.path, post(receive))
    }
}

impl<D: Deduper> From<WebhookRouter<D>> for Router {
    fn from(router: WebhookRouter<D>) -> Self {
        router.into_router()
    }
}

impl<D> fmt::Debug for WebhookRouter<D> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WebhookRouter")
            .field("path", &self.path)
            .field("body_limit", &self.body_limit)
            .field("deadline", &self.deadline)
            .field("concurrency", &self.concurrency)
            .field("answers_first", &self.answers_first)
            .field("tasks", &self.tasks)
            .finish_non_exhaustive()
    }
}

/// A path that a [`WebhookRouter`] cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidPath;

impl fmt::Display for InvalidPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "the path of the webhooks has to begin with `/`, and to be visible ASCII without `{}?#*:`",
        )
    }
}

impl std::error::Error for InvalidPath {}

//! The router and its settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::axum::Router;
use ::axum::extract::Request;
use ::axum::routing::post;
use linq_types::WebhookEvent;
use tokio::sync::Semaphore;

use super::extract::BODY_LIMIT;
use super::receive::{DeadLetters, Handler, KeyOf, Received, Receiver, Tasks};
use super::room::Room;
use crate::{Deduper, EventKey, HandlerError, Verifier};

const DEFAULT_PATH: &str = "/webhooks";
const DEFAULT_DEADLINE: Duration = Duration::from_secs(8);
const DEFAULT_HANDLER_TIMEOUT: Duration = Duration::from_secs(10 * 60);
const DEFAULT_CONCURRENCY: usize = 64;
const DEFAULT_BODY_BUDGET: usize = 32 * 1024 * 1024;

/// Creates a router that receives deliveries at `/webhooks`, unless [`path`](WebhookRouter::path) is set.
///
/// Each verified event goes to the handler. `Ok` means that it is handled and never comes again. After an error Linq
/// delivers it again, unless the error is [permanent](HandlerError). The handler runs in a task of its own: it goes on
/// when the connection closes, or when the [deadline](WebhookRouter::deadline) passes, and its claim is renewed
/// meanwhile, in another task, so that it may even block its thread if the runtime has others.
///
/// What the handler needs, such as a `Linq`, moves into the closure, and is cloned for each call:
///
/// ```
/// use linq_webhook::axum::router;
/// use linq_webhook::{HandlerError, MemoryDeduper, Verifier};
///
/// # #[derive(Clone)] struct Linq;
/// # async fn reply(linq: Linq, event: &linq_types::WebhookEvent) -> std::io::Result<()> { Ok(()) }
/// # fn example(verifier: Verifier, linq: Linq) {
/// let webhooks = router(verifier, MemoryDeduper::new(), move |received| {
///     let linq = linq.clone();
///     async move {
///         reply(linq, received.event()).await?;
///         Ok(())
///     }
/// });
/// # }
/// ```
///
/// See the [module](crate::axum) for all responses.
pub fn router<D, F, R>(verifier: Verifier, deduper: D, handler: F) -> WebhookRouter<D>
where
    D: Deduper,
    F: Fn(Received) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), HandlerError>> + Send + 'static,
{
    WebhookRouter {
        verifier,
        deduper,
        handler: Box::new(move |received| Box::pin(handler(received))),
        dead_letters: None,
        key_of: None,
        path: DEFAULT_PATH.to_owned(),
        body_limit: BODY_LIMIT,
        body_budget: DEFAULT_BODY_BUDGET,
        deadline: DEFAULT_DEADLINE,
        handler_timeout: DEFAULT_HANDLER_TIMEOUT,
        concurrency: DEFAULT_CONCURRENCY,
        responds_first: false,
        tasks: Tasks::new(),
        others: Router::new(),
    }
}

/// A router that receives deliveries, and its settings; created by [`router()`].
#[must_use = "it receives nothing until it is served, or converted to an axum router"]
pub struct WebhookRouter<D> {
    verifier: Verifier,
    deduper: D,
    handler: Handler,
    dead_letters: Option<DeadLetters>,
    key_of: Option<KeyOf>,
    path: String,
    body_limit: usize,
    body_budget: usize,
    deadline: Duration,
    handler_timeout: Duration,
    concurrency: usize,
    responds_first: bool,
    tasks: Tasks,
    others: Router,
}

impl<D: Deduper> WebhookRouter<D> {
    /// Sets the path that deliveries are posted to; by default `/webhooks`. With a slash at its end it is the same
    /// path.
    ///
    /// # Errors
    ///
    /// If it does not begin with `/`, or contains anything but visible ASCII without `{`, `}`, `?`, `#`, `*` and `:`.
    pub fn path(mut self, path: impl Into<String>) -> Result<Self, InvalidPath> {
        self.path = path.into();
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"{}?#*:".contains(&byte);
        if self.path.starts_with('/') && self.path.bytes().all(is_plain) {
            Ok(self)
        } else {
            Err(InvalidPath)
        }
    }

    /// Adds other routes, such as a health check, or another webhook router with a secret and path of its own.
    pub fn with_routes(self, routes: impl Into<Router>) -> Self {
        Self {
            others: self.others.merge(routes.into()),
            ..self
        }
    }

    /// Sets what becomes of events whose handling failed [permanently](HandlerError), for example to store
    /// [`Received::body`] for inspection. By default they are only logged.
    ///
    /// If the sink fails itself, the event is delivered and handled again.
    pub fn dead_letters<F, R>(self, sink: F) -> Self
    where
        F: Fn(Received, HandlerError) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        Self {
            dead_letters: Some(Box::new(move |received, error| {
                Box::pin(sink(received, error))
            })),
            ..self
        }
    }

    /// Sets the key of events, where the function returns one; by default [`EventKey::new`].
    pub fn key(
        self,
        key_of: impl Fn(&WebhookEvent) -> Option<EventKey> + Send + Sync + 'static,
    ) -> Self {
        Self {
            key_of: Some(Box::new(key_of)),
            ..self
        }
    }

    /// Sets the longest body, in bytes; by default 1 MiB.
    ///
    /// Longer ones are refused with 413, and Linq does not deliver them again.
    pub fn body_limit(self, bytes: usize) -> Self {
        Self {
            body_limit: bytes,
            ..self
        }
    }

    /// Sets how many bytes of bodies that are being received, or wait for a handler, are kept at most; by default
    /// 32 MiB, and at least four of the longest bodies.
    ///
    /// Each body counts with what was received, not with what was announced, and 16 KiB for its connection. When
    /// another body does not fit, the one that has taken longest is refused with 503. A body may take 5 seconds.
    pub fn body_budget(self, bytes: usize) -> Self {
        Self {
            body_budget: bytes,
            ..self
        }
    }

    /// Sets how many handlers run at the same time, at least 1; by default 64.
    ///
    /// Further deliveries wait for half of the [deadline](Self::deadline), and are then refused with 503, which makes
    /// Linq deliver them again.
    pub fn concurrency(self, handlers: usize) -> Self {
        Self {
            concurrency: handlers.clamp(1, Semaphore::MAX_PERMITS),
            ..self
        }
    }

    /// Sets how long a delivery waits for its handler before the response is 503; by default 8 seconds.
    ///
    /// Linq itself waits for 10. The handler goes on, its claim keeps the redelivery from running beside it, and
    /// the response to a redelivery after its success is 200.
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Sets how long a handler may run before it is stopped and its event is to be delivered again; by default
    /// 10 minutes.
    pub fn handler_timeout(self, timeout: Duration) -> Self {
        Self {
            handler_timeout: timeout,
            ..self
        }
    }

    /// Responds with 200 as soon as an event is claimed, before the handler runs.
    ///
    /// For handlers that take longer than Linq waits, and whose events may get lost: **an event whose handler fails or
    /// panics is lost, and a crash loses all events in memory**, which are as many as
    /// [`concurrency`](Self::concurrency) at most. An orderly shutdown waits for them. The [module](crate::axum)
    /// compares the alternatives.
    pub fn respond_first(self) -> Self {
        Self {
            responds_first: true,
            ..self
        }
    }

    /// Returns the running handlers, to wait for them at the end of a program that does not use
    /// [`serve`](super::serve).
    #[must_use]
    pub fn tasks(&self) -> Tasks {
        self.tasks.clone()
    }

    pub(super) fn trusts_loopback(&self) -> bool {
        self.verifier.trusts_loopback()
    }

    /// Converts to an axum router, to be nested or merged, or served by another server than
    /// [`serve`](super::serve). For an app with state, call `with_state(())` on it first.
    pub fn into_router(self) -> Router {
        let budget = self.body_budget.max(self.body_limit.saturating_mul(4));
        let receiver = Arc::new(Receiver {
            verifier: self.verifier,
            deduper: Arc::new(self.deduper),
            handler: Arc::new(self.handler),
            dead_letters: self.dead_letters.map(Arc::new),
            key_of: self.key_of,
            body_limit: self.body_limit,
            deadline: self.deadline,
            handler_timeout: self.handler_timeout,
            responds_first: self.responds_first,
            bodies: Room::new(budget),
            handlers: Arc::new(Semaphore::new(self.concurrency)),
            tasks: self.tasks,
        });
        let receive = move |request: Request| {
            let receiver = Arc::clone(&receiver);
            async move { receiver.receive(request).await }
        };
        let path = match self.path.trim_end_matches('/') {
            "" => "/",
            path => path,
        };
        let router = self.others.route(path, post(receive.clone()));
        match path {
            "/" => router,
            // Linq gives up after 404, so a slash too many must not be one.
            path => router.route(&format!("{path}/"), post(receive)),
        }
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
            .field("body_budget", &self.body_budget)
            .field("deadline", &self.deadline)
            .field("handler_timeout", &self.handler_timeout)
            .field("concurrency", &self.concurrency)
            .field("responds_first", &self.responds_first)
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
            "the path of the webhooks must begin with `/`, and be visible ASCII without `{}?#*:`",
        )
    }
}

impl std::error::Error for InvalidPath {}

//! A server for webhooks, which slow and silent clients cannot fill.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::axum::Router;
use ::axum::body::Body;
use ::axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use super::extract::Loopback;
use super::receive::Tasks;
use super::room::{Place, Room};
use super::router::WebhookRouter;
use super::trace;
use crate::Deduper;

const DEFAULT_HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(25);
const DEFAULT_CONNECTIONS: usize = 1024;

/// The size of the read buffer of a connection, and so the longest head.
const BUFFER: usize = 16 * 1024;

/// How long to wait after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves webhooks on a listener, over HTTP/1.
///
/// In contrast to `axum::serve`, clients that are slow or silent cannot keep others out:
///
/// - The head of a request may have 16 KiB, and must be received within 10 seconds. So must the next request on a
///   connection that is kept alive.
/// - Up to 1,024 connections wait for a request. When there are more, the one that has waited longest is closed.
/// - A shutdown takes at most 25 seconds: connections without a request are closed at once, responses are completed,
///   and handlers that still run are waited for.
///
/// ```no_run
/// use linq_webhook::axum::{router, serve};
/// use linq_webhook::{MemoryDeduper, Verifier};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let webhooks = router(Verifier::from_env()?, MemoryDeduper::new(), |received| async move {
///     println!("{}", received.event().event_type());
///     Ok(())
/// });
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// serve(listener, webhooks)
///     .with_graceful_shutdown(async { tokio::signal::ctrl_c().await.unwrap_or(()) })
///     .await?;
/// # Ok(())
/// # }
/// ```
pub fn serve<D: Deduper>(listener: TcpListener, webhooks: WebhookRouter<D>) -> Serve {
    Serve {
        listener,
        tasks: webhooks.tasks(),
        trusts_loopback: webhooks.trusts_loopback(),
        app: webhooks.into_router(),
        signal: Box::pin(std::future::pending()),
        connections: DEFAULT_CONNECTIONS,
        head_timeout: DEFAULT_HEAD_TIMEOUT,
        shutdown_timeout: DEFAULT_SHUTDOWN_TIMEOUT,
    }
}

/// A server and its settings, started with [`serve`]; it runs when it is awaited.
#[must_use = "it serves nothing until it is awaited"]
pub struct Serve {
    listener: TcpListener,
    app: Router,
    tasks: Tasks,
    trusts_loopback: bool,
    signal: Pin<Box<dyn Future<Output = ()> + Send>>,
    connections: usize,
    head_timeout: Duration,
    shutdown_timeout: Duration,
}

impl Serve {
    /// Shuts down when the signal completes. Without this it runs until the process ends.
    pub fn with_graceful_shutdown(self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            signal: Box::pin(signal),
            ..self
        }
    }

    /// Sets how long a shutdown may take; by default 25 seconds.
    ///
    /// Events whose handlers are cut off are delivered again, unless they were responded to first.
    pub fn shutdown_timeout(self, timeout: Duration) -> Self {
        Self {
            shutdown_timeout: timeout,
            ..self
        }
    }

    /// Sets how long the head of a request may take; by default 10 seconds.
    pub fn head_timeout(self, timeout: Duration) -> Self {
        Self {
            head_timeout: timeout,
            ..self
        }
    }

    /// Sets how many connections may wait for a request, at least 1; by default 1,024.
    ///
    /// The limit of open files of the process has to allow for them, and for those whose requests are being handled.
    pub fn connections(self, connections: usize) -> Self {
        Self {
            connections: connections.max(1),
            ..self
        }
    }

    async fn run(self) -> io::Result<()> {
        let address = self.listener.local_addr()?;
        let is_loopback = address.ip().to_canonical().is_loopback();
        if self.trusts_loopback && !is_loopback {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "webhooks without verification are served on loopback addresses only, not on {address}"
                ),
            ));
        }
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.head_timeout)
            .max_buf_size(BUFFER);
        let server = Arc::new(Server {
            http,
            app: self.app,
            is_loopback,
            waiting: Room::new(self.connections),
            closing: CancellationToken::new(),
            stopped: CancellationToken::new(),
        });
        let open = TaskTracker::new();
        let signalled = CancellationToken::new();
        let watch = {
            let (signal, signalled) = (self.signal, signalled.clone());
            tokio::spawn(async move {
                signal.await;
                signalled.cancel();
            })
        };
        while let Some(accepted) = signalled.run_until_cancelled(self.listener.accept()).await {
            match accepted {
                Ok((stream, _)) => {
                    let server = Arc::clone(&server);
                    open.spawn(async move { server.connection(stream).await });
                }
                Err(error) if is_of_connection(&error) => {}
                Err(error) => {
                    // Often there are too many open files, so one that nobody uses makes room.
                    trace::accept_failed(&error);
                    server.waiting.displace_one();
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        watch.abort();
        drop(self.listener);
        let deadline = Instant::now() + self.shutdown_timeout;
        server.closing.cancel();
        server.waiting.displace_all();
        open.close();
        let _ = timeout_at(deadline, open.wait()).await;
        server.stopped.cancel();
        let _ = timeout_at(deadline, self.tasks.drain()).await;
        Ok(())
    }
}

impl IntoFuture for Serve {
    type Output = io::Result<()>;
    type IntoFuture = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Serve {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Serve")
            .field("listener", &self.listener)
            .field("connections", &self.connections)
            .field("head_timeout", &self.head_timeout)
            .field("shutdown_timeout", &self.shutdown_timeout)
            .finish_non_exhaustive()
    }
}

/// Whether it concerns one connection, which was gone before it was accepted.
fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

struct Server {
    http: http1::Builder,
    app: Router,
    is_loopback: bool,
    /// For connections that wait for a request.
    waiting: Arc<Room>,
    /// No further requests.
    closing: CancellationToken,
    /// No further responses either.
    stopped: CancellationToken,
}

impl Server {
    async fn connection(&self, stream: TcpStream) {
        let place = self.waiting.place();
        let displaced = place.displaced();
        let place = Arc::new(Mutex::new(place));
        if !enter(&place) {
            return;
        }
        let service = service_fn(|request: Request<Incoming>| {
            // From here on the request has its own limits.
            leave(&place);
            let mut request = request.map(Body::new);
            if self.is_loopback {
                request.extensions_mut().insert(Loopback);
            }
            let response = self.app.clone().call(request);
            let place = Arc::clone(&place);
            async move {
                let response = response.await;
                enter(&place);
                response
            }
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let serving = async {
            if self
                .closing
                .run_until_cancelled(connection.as_mut())
                .await
                .is_none()
            {
                connection.as_mut().graceful_shutdown();
                // The errors of a connection concern its client.
                let _ = connection.await;
            }
        };
        let serving = displaced.run_until_cancelled(serving);
        self.stopped.run_until_cancelled(serving).await;
    }
}

fn enter(place: &Mutex<Place>) -> bool {
    let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
    place.take(1)
}

fn leave(place: &Mutex<Place>) {
    let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
    place.leave();
}

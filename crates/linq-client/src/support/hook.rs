//! Hooks: code that runs around every request.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use super::client::Shared;
use super::operation::Operation;
use super::request::Request;
use super::response::Response;
use super::transport::TransportError;

/// A future on the heap that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Code that runs around every request: to retry, trace, time, or refuse it.
///
/// Hooks are added with [`ClientBuilder::hook`](crate::ClientBuilder::hook). They nest in the order in which
/// they were added: the first one is outermost, sees a request first and its response last. The API key is not in
/// the request yet, but addresses and bodies are not for logs either. A response of any status is `Ok`, and its
/// body has been read; if that failed, [`TransportError::response`] has what was received.
///
/// # Example
///
/// A hook that tries once more when the API is unavailable:
///
/// ```
/// use linq_client::reqwest::StatusCode;
/// use linq_client::{BoxFuture, Hook, Next, Request, Response, TransportError};
///
/// struct RetryOnce;
///
/// impl Hook for RetryOnce {
///     fn call<'a>(
///         &'a self,
///         request: Request,
///         next: Next<'a>,
///     ) -> BoxFuture<'a, Result<Response, TransportError>> {
///         Box::pin(async move {
///             let response = next.run(request.clone()).await?;
///             if response.status() == StatusCode::SERVICE_UNAVAILABLE {
///                 return next.run(request).await;
///             }
///             Ok(response)
///         })
///     }
/// }
///
/// # fn respond(listener: &std::net::TcpListener, head: &str) {
/// #     use std::io::{Read, Write};
/// #     let (mut stream, _) = listener.accept().expect("the client connects");
/// #     let mut request = Vec::new();
/// #     while !request.ends_with(b"\r\n\r\n") {
/// #         let mut byte = [0];
/// #         stream.read_exact(&mut byte).expect("the client sends a request");
/// #         request.push(byte[0]);
/// #     }
/// #     stream.write_all(head.as_bytes()).expect("the client reads");
/// # }
/// # let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
/// # let base_url = format!("http://{}", listener.local_addr().expect("an address"));
/// # let server = std::thread::spawn(move || {
/// #     respond(&listener, "HTTP/1.1 503 Busy\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
/// #     respond(&listener, "HTTP/1.1 404 Gone\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
/// # });
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(async {
/// let client = linq_client::Client::builder().base_url(base_url).api_key("key").hook(RetryOnce).build()?;
/// # let error = client.list_chats().send().await.expect_err("the second response is 404");
/// # assert_eq!(error.status(), Some(StatusCode::NOT_FOUND));
/// # Ok::<(), linq_client::Error>(())
/// # }).expect("a client");
/// # server.join().expect("two requests came");
/// ```
pub trait Hook: Send + Sync + 'static {
    /// Handles a request, usually by passing it to `next`.
    fn call<'a>(
        &'a self,
        request: Request,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<Response, TransportError>>;
}

impl<H: Hook + ?Sized> Hook for Arc<H> {
    fn call<'a>(
        &'a self,
        request: Request,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        self.as_ref().call(request, next)
    }
}

/// What comes after a hook: the hooks inside it, then the network.
///
/// It can be run several times, with a request each time.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    operation: &'static Operation,
    /// Those that are left.
    hooks: &'a [Arc<dyn Hook>],
    shared: &'a Shared,
}

impl<'a> Next<'a> {
    pub(crate) fn new(operation: &'static Operation, shared: &'a Shared) -> Self {
        Self {
            operation,
            hooks: &shared.hooks,
            shared,
        }
    }

    /// Returns the operation that is called.
    #[must_use]
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Passes the request on and waits for the response.
    ///
    /// The timeout of the request starts anew with every run.
    pub fn run(self, request: Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        match self.hooks.split_first() {
            Some((hook, hooks)) => hook.call(request, Self { hooks, ..self }),
            None => Box::pin(self.shared.exchange(self.operation, request)),
        }
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Next")
            .field("operation", &self.operation.name())
            .field("hooks", &self.hooks.len())
            .finish_non_exhaustive()
    }
}

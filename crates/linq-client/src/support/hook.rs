//! Hooks: code that runs around every request.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use super::client::Shared;
use super::{Operation, Request, TransportError};

/// A future on the heap that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Code that runs around every request: to retry, trace, time, or refuse it.
///
/// Hooks are added with [`ClientBuilder::hook`](crate::ClientBuilder::hook). They nest in the order in which
/// they were added: the first one is outermost, sees a request first and its answer last. The API key is not in
/// the request yet, but addresses and bodies hold what is not for logs either. An answer of any status comes as
/// `Ok`; its body is still unread and is read after all hooks are through.
///
/// # Example
///
/// A hook that tries once more when the API is unavailable:
///
/// ```
/// use linq_client::reqwest::{Response, StatusCode};
/// use linq_client::{BoxFuture, Hook, Next, Request, TransportError};
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
///             let answer = next.run(request.clone()).await?;
///             if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
///                 return next.run(request).await;
///             }
///             Ok(answer)
///         })
///     }
/// }
///
/// # fn answer(listener: &std::net::TcpListener, head: &str) {
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
/// #     answer(&listener, "HTTP/1.1 503 Busy\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
/// #     answer(&listener, "HTTP/1.1 404 Gone\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
/// # });
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(async {
/// let client = linq_client::Client::builder().base_url(base_url).api_key("key").hook(RetryOnce).build()?;
/// # let error = client.list_chats().send().await.expect_err("the second answer is 404");
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
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>>;
}

impl<H: Hook + ?Sized> Hook for Arc<H> {
    fn call<'a>(
        &'a self,
        request: Request,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
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
    extension: Option<&'a (dyn Any + Send + Sync)>,
}

impl<'a> Next<'a> {
    pub(crate) fn new(
        operation: &'static Operation,
        shared: &'a Shared,
        extension: Option<&'a (dyn Any + Send + Sync)>,
    ) -> Self {
        Self {
            operation,
            hooks: &shared.hooks,
            shared,
            extension,
        }
    }

    /// The operation that is being called.
    #[must_use]
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// What [`CallOptions::extension`](crate::CallOptions::extension) gave to this call, if it is a `T`.
    #[must_use]
    pub fn extension<T: Any + Send + Sync>(&self) -> Option<&'a T> {
        self.extension?.downcast_ref()
    }

    /// Passes the request on and waits for status and headers of the answer.
    ///
    /// The total timeout of the client starts anew with every run.
    pub fn run(self, request: Request) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
        match self.hooks.split_first() {
            Some((hook, hooks)) => hook.call(request, Self { hooks, ..self }),
            None => {
                // In the block, since a request that is not polled yet must not be timed.
                Box::pin(async move { self.execute(request).await.map_err(TransportError::from) })
            }
        }
    }

    /// The same, begun before it is polled, so that the future need not hold the request.
    ///
    /// For hooks that wait for the answer on the spot, inside of a Tokio runtime: the time of the request runs
    /// from here on.
    pub fn start(
        self,
        request: Request,
    ) -> impl Future<Output = Result<reqwest::Response, TransportError>> + Send + use<'a> {
        let begun = if self.hooks.is_empty() {
            Ok(self.execute(request))
        } else {
            Err(self.run(request))
        };
        async move {
            match begun {
                Ok(response) => response.await.map_err(TransportError::from),
                Err(response) => response.await,
            }
        }
    }

    fn execute(
        self,
        request: Request,
    ) -> impl Future<Output = reqwest::Result<reqwest::Response>> + use<> {
        let Self {
            operation, shared, ..
        } = self;
        shared.http.execute(request.complete(operation, shared))
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

//! The client: where calls go, and what they have in common.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};

use super::hook::{BoxFuture, Hook, Next};
use super::operation::Operation;
use super::options::CallOptions;
use super::request::Request;
use super::response::Response;
use super::transport::{self, TransportError};

pub use crate::generated::DEFAULT_BASE_URL;

/// Client of the API, with one method per operation.
///
/// Clones are cheap and share connections; keep one and clone it where it is needed.
///
/// ```
/// let client = linq_client::Client::new("https://api.linqapp.com/api/partner", "api key")?;
/// let call = client.get_chat().chat_id(uuid::Uuid::nil());
/// // let chat = call.send().await?;
/// # drop(call);
/// # Ok::<(), linq_client::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    options: CallOptions,
}

/// What all clones of a client share.
pub(crate) struct Shared {
    /// Without user name, password, query and fragment; its path ends in a slash only if it is nothing else.
    pub(crate) base_url: Url,
    /// The headers of every request, including the API key.
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Duration,
    pub(crate) response_limit: usize,
    pub(crate) http: reqwest::Client,
    pub(crate) hooks: Vec<Arc<dyn Hook>>,
}

impl Shared {
    /// Sends a request over the network and reads the response.
    pub(crate) async fn exchange(
        &self,
        operation: &'static Operation,
        request: Request,
    ) -> Result<Response, TransportError> {
        let request = self.complete(operation, request);
        transport::exchange(&self.http, request, self.response_limit).await
    }

    /// Adds to a request what all requests have; headers that it has already win.
    fn complete(&self, operation: &'static Operation, request: Request) -> reqwest::Request {
        let Request {
            method,
            url,
            headers: own,
            body,
            timeout,
        } = request;
        let mut headers = self.headers.clone();
        if let Some(accept) = operation.accept() {
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
        }
        if body.is_some() {
            let content_type = operation.content_type();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        } else if matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            // HTTP asks for it where a body could be expected, and some proxies insist.
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        headers.extend(own);
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = headers;
        *request.body_mut() = body.map(reqwest::Body::from);
        *request.timeout_mut() = Some(timeout.unwrap_or(self.timeout));
        request
    }
}

impl Client {
    /// Returns the address that paths are added to.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.shared.base_url.as_str().trim_end_matches('/')
    }

    /// Returns the HTTP client, which adds no API key by itself.
    ///
    /// Of the settings of a [`ClientBuilder`](crate::ClientBuilder) only the timeout for connecting applies to
    /// its requests.
    #[must_use]
    pub fn http_client(&self) -> &reqwest::Client {
        &self.shared.http
    }

    /// Returns a client that shares connections and settings, and makes calls with these options instead of
    /// those set before.
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            options,
        }
    }

    /// Sends a request through the hooks, for code that sends a [`Prepared`](crate::Prepared) call several
    /// times.
    pub fn execute(
        &self,
        operation: &'static Operation,
        request: Request,
    ) -> BoxFuture<'_, Result<Response, TransportError>> {
        Next::new(operation, &self.shared).run(request)
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn options(&self) -> &CallOptions {
        &self.options
    }
}

impl From<Shared> for Client {
    fn from(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
            options: CallOptions::new(),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("base_url", &self.base_url())
            .field("timeout", &self.shared.timeout)
            .field("hooks", &self.shared.hooks.len())
            .finish_non_exhaustive()
    }
}

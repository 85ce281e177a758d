//! A request on its way to the network.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};

use super::Operation;
use super::client::Shared;

pub(crate) const JSON: &str = "application/json";

/// A request as hooks get it: what is particular to the call.
///
/// The API key, the user agent and the headers that follow from the operation and the body are added when the
/// request is sent, except those that are here already. Clones share the body.
#[derive(Clone)]
pub struct Request {
    method: Method,
    url: Url,
    headers: Headers,
    body: Option<Bytes>,
    timeout: Option<Duration>,
}

impl Request {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self::with(method, url, Headers::default(), None)
    }

    pub(crate) fn with(method: Method, url: Url, headers: Headers, body: Option<Vec<u8>>) -> Self {
        Self {
            method,
            url,
            headers,
            body: body.map(Bytes::from),
            timeout: None,
        }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The address, which may hold ids and phone numbers.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The address, to change it.
    pub fn url_mut(&mut self) -> &mut Url {
        &mut self.url
    }

    /// The headers that come with the call.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.headers.get()
    }

    /// The headers that come with the call, to change them.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers.get_mut()
    }

    /// The JSON body, if there is one.
    #[must_use]
    pub fn body(&self) -> Option<&Bytes> {
        self.body.as_ref()
    }

    /// The JSON body, to change it.
    pub fn body_mut(&mut self) -> &mut Option<Bytes> {
        &mut self.body
    }

    /// How long the request may take, if not as long as [`ClientBuilder::timeout`](crate::ClientBuilder::timeout)
    /// says.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// How long the request may take, to change it.
    pub fn timeout_mut(&mut self) -> &mut Option<Duration> {
        &mut self.timeout
    }

    /// The request with all that goes over the network.
    pub(crate) fn complete(
        self,
        operation: &'static Operation,
        shared: &Shared,
    ) -> reqwest::Request {
        let Self {
            method,
            url,
            headers: own,
            body,
            timeout,
        } = self;
        // Copying headers takes less than adding them one by one.
        let mut headers = match body {
            Some(_) => shared.headers_with_body.clone(),
            None => shared.headers.clone(),
        };
        match operation.accept() {
            Some(JSON) => {}
            Some(accept) => {
                headers.insert(ACCEPT, HeaderValue::from_static(accept));
            }
            None => {
                headers.remove(ACCEPT);
            }
        }
        if body.is_some() && operation.content_type() != JSON {
            let media = HeaderValue::from_static(operation.content_type());
            headers.insert(CONTENT_TYPE, media);
        }
        if body.is_none() && matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            // HTTP asks for it where a body could be expected, and some proxies insist.
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        if let Some(own) = own.0 {
            headers.extend(*own);
        }
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = headers;
        *request.body_mut() = body.map(reqwest::Body::from);
        // A request without one takes up less memory.
        if let Some(timeout) = timeout.or(shared.request_timeout) {
            *request.timeout_mut() = Some(timeout);
        }
        request
    }
}

/// Headers, on the heap since most requests have none of their own.
#[derive(Clone, Default)]
pub(crate) struct Headers(Option<Box<HeaderMap>>);

impl Headers {
    fn get(&self) -> &HeaderMap {
        static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
        self.0.as_deref().unwrap_or_else(|| &NONE)
    }

    pub(crate) fn get_mut(&mut self) -> &mut HeaderMap {
        self.0.get_or_insert_default()
    }
}

// Without address, headers and body: these hold what is not for logs.
impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("method", &self.method)
            .field("headers", &self.headers().len())
            .field("body", &self.body.as_ref().map(Bytes::len))
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

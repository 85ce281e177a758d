//! The client: where calls go, and what they have in common.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderMap;

use super::hook::{Hook, Next};
use super::options::Changes;
use super::{CallOptions, ClientBuilder, Error, Operation};

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
    /// Without user name, password, query and fragment; its path ends in a slash only where it is nothing else.
    pub(crate) base_url: Url,
    /// The same with a long path, so that copies have room for that of any call.
    pub(crate) roomy_url: Url,
    /// The headers of every request for JSON, with the API key among them.
    pub(crate) headers: HeaderMap,
    /// The same with those of a JSON body.
    pub(crate) headers_with_body: HeaderMap,
    pub(crate) timeout: Duration,
    /// The same, where the HTTP client does not see to it.
    pub(crate) request_timeout: Option<Duration>,
    pub(crate) http: reqwest::Client,
    pub(crate) hooks: Vec<Arc<dyn Hook>>,
}

impl Shared {
    /// What paths are added to.
    pub(crate) fn base_path(&self) -> &str {
        let path = self.base_url.path();
        path.strip_suffix('/').unwrap_or(path)
    }
}

impl Client {
    /// Makes a client for the API at `base_url`; see [`DEFAULT_BASE_URL`].
    ///
    /// # Errors
    ///
    /// The same as of [`ClientBuilder::build`].
    pub fn new(base_url: &str, api_key: &str) -> Result<Self, Error> {
        Self::builder().base_url(base_url).api_key(api_key).build()
    }

    /// Starts a client with more settings.
    #[must_use]
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// The address that paths are added to.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.shared.base_url.as_str().trim_end_matches('/')
    }

    /// The HTTP client, which sends no API key by itself.
    ///
    /// [`ClientBuilder::timeout`] holds for it too, unless it was [given](ClientBuilder::http_client).
    #[must_use]
    pub fn http_client(&self) -> &reqwest::Client {
        &self.shared.http
    }

    /// The same client, for calls with these options; those given to it before no longer count.
    ///
    /// Connections and settings are shared, so it can be done for every call.
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            options,
        }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// What the options change about requests.
    pub(crate) fn changes(&self) -> Option<&Changes> {
        self.options.changes.as_deref()
    }

    /// The chain of hooks, with the network at its end.
    pub(crate) fn next(&self, operation: &'static Operation) -> Next<'_> {
        let extension = self.options.extension.as_deref();
        Next::new(operation, &self.shared, extension)
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

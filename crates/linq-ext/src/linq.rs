//! The client, and its settings.

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use linq_client::{Client, Hook, reqwest};

use crate::Error;
use crate::retry::clock::{Clock, SystemClock};
use crate::retry::hook::Retries;
use crate::retry::policy::Limits;
use crate::typing::Indicators;

const API_KEY_VARIABLE: &str = "LINQ_API_V3_API_KEY";
const BASE_URL_VARIABLE: &str = "LINQ_API_V3_BASE_URL";

/// The client: makes handles, and the calls that belong to none.
///
/// Clones are cheap and share connections; keep one and clone it where it is needed.
#[derive(Clone)]
pub struct Linq {
    inner: Arc<Inner>,
}

struct Inner {
    api: Client,
    clock: Arc<dyn Clock>,
    limits: Limits,
    default_line: Option<String>,
    indicators: Indicators,
}

impl Linq {
    /// Makes a client from the environment: `LINQ_API_V3_API_KEY`, and `LINQ_API_V3_BASE_URL` if it is set.
    ///
    /// # Errors
    ///
    /// An error with [`Error::is_configuration`] if there is no key, which says how to get one, or if the client
    /// cannot be made.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().env()?.build()
    }

    /// Starts a client with settings of one's own.
    #[must_use]
    pub fn builder() -> LinqBuilder {
        LinqBuilder::new()
    }

    /// The generated client, for every operation of the API, with the same authentication, retries and tracing.
    ///
    /// Its sends are repeated only if their body or a header carries an idempotency key; none is added.
    #[must_use]
    pub fn api(&self) -> &Client {
        &self.inner.api
    }

    /// The line that messages go out from where none is named.
    pub(crate) fn default_line(&self) -> Option<&str> {
        self.inner.default_line.as_deref()
    }

    /// The HTTP client, without the API key, for servers other than the API.
    pub(crate) fn http(&self) -> &reqwest::Client {
        self.inner.api.http_client()
    }

    /// The typing indicators.
    pub(crate) fn indicators(&self) -> &Indicators {
        &self.inner.indicators
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// How often and how long requests are repeated, where a call says nothing else.
    pub(crate) fn limits(&self) -> Limits {
        self.inner.limits
    }
}

impl fmt::Debug for Linq {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Linq")
            .field("api", &self.inner.api)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`Linq`]; start with [`Linq::builder`].
///
/// ```
/// let linq = linq_ext::Linq::builder()
///     .api_key("api key")
///     .base_url("http://127.0.0.1:4010")
///     .max_retries(2)
///     .build()?;
/// # drop(linq);
/// # Ok::<(), linq_ext::Error>(())
/// ```
pub struct LinqBuilder {
    client: linq_client::ClientBuilder,
    max_retries: u32,
    max_retry_after: Duration,
    default_line: Option<String>,
    clock: Arc<dyn Clock>,
    hooks: Vec<Arc<dyn Hook>>,
}

impl LinqBuilder {
    fn new() -> Self {
        Self {
            client: Client::builder(),
            max_retries: 2,
            max_retry_after: Duration::from_secs(60),
            default_line: None,
            clock: Arc::new(SystemClock),
            hooks: Vec::new(),
        }
    }

    /// Takes what the environment says: `LINQ_API_V3_API_KEY`, and `LINQ_API_V3_BASE_URL` if it is set.
    ///
    /// # Errors
    ///
    /// An error with [`Error::is_configuration`] if there is no key, which says how to get one.
    pub fn env(self) -> Result<Self, Error> {
        self.variables(std::env::var_os)
    }

    fn variables(
        mut self,
        variable: impl Fn(&'static str) -> Option<std::ffi::OsString>,
    ) -> Result<Self, Error> {
        let text = |name| -> Result<Option<String>, Error> {
            match variable(name).map(std::ffi::OsString::into_string) {
                None => Ok(None),
                Some(Ok(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
                Some(Err(_)) => Err(Error::configuration(format!(
                    "the environment variable {name} is not UTF-8"
                ))),
            }
        };
        let Some(api_key) = text(API_KEY_VARIABLE)? else {
            return Err(Error::configuration(format!(
                "the environment variable {API_KEY_VARIABLE} is not set: put an API key of yours into it, \
                 which you make in Linq's dashboard, https://dashboard.linqapp.com"
            )));
        };
        self = self.api_key(api_key);
        if let Some(base_url) = text(BASE_URL_VARIABLE)? {
            self = self.base_url(base_url);
        }
        Ok(self)
    }

    /// The API key, sent as a bearer token; there is no default.
    #[must_use]
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.client = self.client.api_key(api_key);
        self
    }

    /// The address that paths like `/v3/chats` are added to; the API's own if not set.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.client = self.client.base_url(base_url);
        self
    }

    /// How long each attempt may take, from connecting to the last byte of the answer; 60 seconds if not set.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.client = self.client.timeout(timeout);
        self
    }

    /// How long a connection may take to come about; 10 seconds if not set.
    ///
    /// It has no effect together with [`http_client`](Self::http_client).
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.client = self.client.connect_timeout(timeout);
        self
    }

    /// How often a request may be repeated; 2 if not set, 0 for never.
    ///
    /// What may be repeated at all depends on the operation: a request that could do something twice is not.
    #[must_use]
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.max_retries = max_retries;
        self
    }

    /// The longest pause before a retry that the API may ask for; 60 seconds if not set.
    ///
    /// Where it asks for more, the call fails at once, with [`Error::retry_after`].
    #[must_use]
    pub fn max_retry_after(mut self, pause: Duration) -> Self {
        self.max_retry_after = pause;
        self
    }

    /// The line that messages go out from where none is named, such as `+12025550100`.
    #[must_use]
    pub fn default_line(mut self, line: impl Into<String>) -> Self {
        self.default_line = Some(line.into());
        self
    }

    /// An HTTP client of one's own, for proxies, certificates or DNS.
    ///
    /// Redirects, repeating refused streams of HTTP/2 and the timeout for connecting are its own business then.
    /// The client made otherwise follows no redirect, so that the API key goes to no other host.
    #[must_use]
    pub fn http_client(mut self, http_client: reqwest::Client) -> Self {
        self.client = self.client.http_client(http_client);
        self
    }

    /// Text that is added to the header `User-Agent`.
    #[must_use]
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.client = self.client.user_agent_suffix(suffix);
        self
    }

    /// Adds a hook, inside the retries and inside those added before, so that it sees every attempt.
    #[must_use]
    pub fn hook(mut self, hook: impl Hook) -> Self {
        self.hooks.push(Arc::new(hook));
        self
    }

    /// Time and chance of one's own, so that tests need not wait.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    ///
    /// An error with [`Error::is_configuration`] if there is no API key, if the base URL is not one, or if
    /// the HTTP client cannot be made.
    pub fn build(self) -> Result<Linq, Error> {
        let limits = Limits {
            max_retries: self.max_retries,
            max_retry_after: self.max_retry_after,
        };
        let retries = Retries::new(limits, Arc::clone(&self.clock));
        let mut client = self.client.hook(retries);
        for hook in self.hooks {
            client = client.hook(hook);
        }
        let api = client.build().map_err(|error| {
            let text = error.to_string();
            let problem = text
                .strip_prefix("invalid configuration: ")
                .unwrap_or(&text);
            let configuration = Error::configuration(problem.to_owned());
            // Most say all themselves; that there is no HTTP client has a cause.
            match error.source() {
                Some(_) => configuration.with_source(error),
                None => configuration,
            }
        })?;
        Ok(Linq {
            inner: Arc::new(Inner {
                api,
                clock: self.clock,
                limits,
                default_line: self.default_line,
                indicators: Indicators::default(),
            }),
        })
    }
}

impl fmt::Debug for LinqBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LinqBuilder")
            .field("client", &self.client)
            .field("max_retries", &self.max_retries)
            .field("max_retry_after", &self.max_retry_after)
            .field("hooks", &self.hooks.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{API_KEY_VARIABLE, BASE_URL_VARIABLE, Linq};
    use crate::Error;

    fn from(key: Option<&str>, base_url: Option<&str>) -> Result<Linq, Error> {
        let builder = Linq::builder().variables(|name| match name {
            API_KEY_VARIABLE => key.map(OsString::from),
            BASE_URL_VARIABLE => base_url.map(OsString::from),
            _ => None,
        });
        builder?.build()
    }

    #[test]
    fn the_environment_has_the_key_and_may_have_the_address() {
        let linq = from(Some("key"), None).expect("a key is enough");
        assert_eq!(linq.api().base_url(), "https://api.linqapp.com/api/partner");
        let linq = from(Some(" key\n"), Some("")).expect("blank is as good as unset");
        assert_eq!(linq.api().base_url(), "https://api.linqapp.com/api/partner");
        let linq = from(Some("key"), Some("http://127.0.0.1:4010/")).expect("both are there");
        assert_eq!(linq.api().base_url(), "http://127.0.0.1:4010");
    }

    #[test]
    fn a_missing_key_is_named_with_the_way_to_one() {
        for key in [None, Some(""), Some("  ")] {
            let error = from(key, None).expect_err("no key");
            assert!(error.is_configuration());
            let line = error.to_string();
            assert!(
                line.contains("LINQ_API_V3_API_KEY") && line.contains("https://"),
                "{line}"
            );
        }
        let error = from(Some("key"), Some("no address")).expect_err("no URL");
        assert_eq!(
            error.to_string(),
            "invalid configuration: the base URL is not a URL"
        );
    }
}

//! The client, and its settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use linq_client::{Client, Hook, reqwest};

use crate::Error;
use crate::event::Handling;
use crate::indicator::Indicators;
use crate::retry::clock::{Clock, SystemClock};
use crate::retry::policy::Limits;

const API_KEY_VARIABLE: &str = "LINQ_API_V3_API_KEY";
const BASE_URL_VARIABLE: &str = "LINQ_API_V3_BASE_URL";

/// The client of the API.
///
/// Clones are cheap and share connections; keep one and clone it where it is needed.
#[derive(Clone)]
pub struct Linq {
    inner: Arc<Inner>,
    /// The handling of an event that this client is for.
    handling: Option<Arc<Handling>>,
}

struct Inner {
    api: Client,
    clock: Arc<dyn Clock>,
    limits: Limits,
    timeout: Duration,
    default_line: Option<String>,
    indicators: Indicators,
}

impl Linq {
    /// Creates a client from the environment: `LINQ_API_V3_API_KEY`, and `LINQ_API_V3_BASE_URL` if it is set.
    ///
    /// # Errors
    ///
    /// An error with [`Error::is_configuration`] if there is no key, which says how to get one, or if the client
    /// cannot be made.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().env()?.build()
    }

    /// Starts a client with custom settings.
    #[must_use]
    pub fn builder() -> LinqBuilder {
        LinqBuilder::new()
    }

    /// Returns the generated client, with a method for every operation of the API.
    ///
    /// [`call`](Self::call) sends its operations with idempotency keys and retries. What is sent without it, with
    /// `send` of a builder, is sent once and gets no key.
    #[must_use]
    pub fn api(&self) -> &Client {
        &self.inner.api
    }

    /// Sets the line that sends messages where none is named.
    pub(crate) fn default_line(&self) -> Option<&str> {
        self.inner.default_line.as_deref()
    }

    /// The HTTP client, without the API key, for servers other than the API.
    pub(crate) fn http(&self) -> &reqwest::Client {
        self.inner.api.http_client()
    }

    /// Returns a client for the handling of one event or turn, whose sends have the same idempotency keys each time
    /// the event is handled.
    ///
    /// The key of the event can be its id, the id of its message, or the key of a turn. When the handling fails after
    /// some of its sends and runs again, the API accepts those again and sends them once.
    ///
    /// The key of a send is a hash of the key of the event, the operation, the destination and a slot. The slot is
    /// the number of sends before it to the same destination, counted when a call becomes a future, so that calls
    /// which are awaited in order, or polled in any order, have the same slots each time. Give sends that are
    /// conditional, or created concurrently, a name with [`Call::step`](crate::Call::step) instead.
    ///
    /// - If the handling runs again with other content, the first content stands. Within one handling, other content
    ///   under the same step is an error.
    /// - A 404 for a send that was accepted before means that its message was deleted since.
    /// - An own idempotency key takes precedence. Operations without keys, such as voice memos, reactions and edits,
    ///   are not covered.
    /// - Clones of the client share the slots. Create one client for each run of the handling.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     linq: linq_ext::Linq,
    /// #     event_id: &str,
    /// #     chat_id: uuid::Uuid,
    /// #     is_new: bool,
    /// # ) -> Result<(), linq_ext::Error> {
    /// let linq = linq.for_event(event_id);
    /// let chat = linq.chat(chat_id);
    /// if is_new {
    ///     chat.message().text("Welcome!").step("welcome").await?;
    /// }
    /// chat.message().text("Your table is ready.").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn for_event(&self, key: impl Into<String>) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            handling: Some(Arc::new(Handling::new(key.into()))),
        }
    }

    /// The handling of an event that this client is for.
    pub(crate) fn handling(&self) -> Option<&Handling> {
        self.handling.as_deref()
    }

    /// The typing indicators.
    pub(crate) fn indicators(&self) -> &Indicators {
        &self.inner.indicators
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// How often and how long requests are retried, unless a call has its own setting.
    pub(crate) fn limits(&self) -> Limits {
        self.inner.limits
    }

    /// How long an attempt may take, unless a call has its own setting.
    pub(crate) fn timeout(&self) -> Duration {
        self.inner.timeout
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
    timeout: Duration,
    max_retries: u32,
    max_retry_after: Duration,
    default_line: Option<String>,
    clock: Arc<dyn Clock>,
}

impl LinqBuilder {
    fn new() -> Self {
        Self {
            client: Client::builder(),
            timeout: Duration::from_secs(60),
            max_retries: 2,
            max_retry_after: Duration::from_secs(60),
            default_line: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// Reads the environment: `LINQ_API_V3_API_KEY`, and `LINQ_API_V3_BASE_URL` if it is set.
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
                "the environment variable {API_KEY_VARIABLE} is not set: set it to an API key, which you \
                 create in Linq's dashboard, https://dashboard.linqapp.com"
            )));
        };
        self = self.api_key(api_key);
        if let Some(base_url) = text(BASE_URL_VARIABLE)? {
            self = self.base_url(base_url);
        }
        Ok(self)
    }

    /// Sets the API key, sent as a bearer token; there is no default.
    #[must_use]
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.client = self.client.api_key(api_key);
        self
    }

    /// Sets the address that paths like `/v3/chats` are added to, which does not end in `/v3` itself; the address of
    /// the API if not set.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.client = self.client.base_url(base_url);
        self
    }

    /// Sets how long each attempt may take, from connecting to the last byte of the response; 60 seconds if not
    /// set.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how many bytes the body of a response may have; 8 MiB if not set.
    #[must_use]
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.client = self.client.response_limit(bytes);
        self
    }

    /// Allows a base URL with plain `http` to this host; see
    /// [`ClientBuilder::allow_http_to`](linq_client::ClientBuilder::allow_http_to).
    #[must_use]
    pub fn allow_http_to(mut self, host: impl Into<String>) -> Self {
        self.client = self.client.allow_http_to(host);
        self
    }

    /// Sets how long connecting may take; 10 seconds if not set.
    ///
    /// It has no effect together with [`http_client`](Self::http_client).
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.client = self.client.connect_timeout(timeout);
        self
    }

    /// Sets how often a request may be retried; 2 if not set, 0 for never.
    ///
    /// Which requests are retried at all depends on the operation: one that could do something twice is not.
    #[must_use]
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.max_retries = max_retries;
        self
    }

    /// Sets the longest pause before a retry that the API may ask for; 60 seconds if not set.
    ///
    /// Where it asks for more, the call fails at once, with [`Error::retry_after`].
    #[must_use]
    pub fn max_retry_after(mut self, pause: Duration) -> Self {
        self.max_retry_after = pause;
        self
    }

    /// Sets the line that sends messages where none is named, such as `+12025550100`.
    #[must_use]
    pub fn default_line(mut self, line: impl Into<String>) -> Self {
        self.default_line = Some(line.into());
        self
    }

    /// Sets a custom HTTP client, for proxies, certificates or DNS; see
    /// [`ClientBuilder::http_client`](linq_client::ClientBuilder::http_client).
    #[must_use]
    pub fn http_client(mut self, http_client: reqwest::Client) -> Self {
        self.client = self.client.http_client(http_client);
        self
    }

    /// Adds text to the header `User-Agent`.
    #[must_use]
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.client = self.client.user_agent_suffix(suffix);
        self
    }

    /// Adds a hook, inside the retries and inside those added before, so that it sees every attempt.
    #[must_use]
    pub fn hook(mut self, hook: impl Hook) -> Self {
        self.client = self.client.hook(hook);
        self
    }

    /// Sets a custom clock and jitter, so that tests need not wait.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Creates the client.
    ///
    /// # Errors
    ///
    /// An error with [`Error::is_configuration`] if the API key is missing or a setting is invalid; see
    /// [`ClientBuilder::build`](linq_client::ClientBuilder::build).
    pub fn build(self) -> Result<Linq, Error> {
        let limits = Limits {
            max_retries: self.max_retries,
            max_retry_after: self.max_retry_after,
        };
        Ok(Linq {
            inner: Arc::new(Inner {
                api: self.client.timeout(self.timeout).build()?,
                clock: self.clock,
                limits,
                timeout: self.timeout,
                default_line: self.default_line,
                indicators: Indicators::default(),
            }),
            handling: None,
        })
    }
}

impl fmt::Debug for LinqBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LinqBuilder")
            .field("client", &self.client)
            .field("timeout", &self.timeout)
            .field("max_retries", &self.max_retries)
            .field("max_retry_after", &self.max_retry_after)
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

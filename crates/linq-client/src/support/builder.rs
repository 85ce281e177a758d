//! Settings of a client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};

use super::client::Shared;
use super::hook::Hook;
use super::request::JSON;
use super::{Client, DEFAULT_BASE_URL, Error};

const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// Few paths of calls are longer, in bytes.
const PATH_LENGTH: usize = 128;

/// Settings of a [`Client`]; start with [`Client::builder`].
///
/// ```
/// use std::time::Duration;
///
/// let client = linq_client::Client::builder()
///     .api_key("api key")
///     .timeout(Duration::from_secs(20))
///     .user_agent_suffix("my-shop/1.4")
///     .build()?;
/// # drop(client);
/// # Ok::<(), linq_client::Error>(())
/// ```
#[derive(Clone)]
pub struct ClientBuilder {
    base_url: String,
    api_key: String,
    connect_timeout: Duration,
    timeout: Duration,
    user_agent_suffix: Option<String>,
    http_client: Option<reqwest::Client>,
    hooks: Vec<Arc<dyn Hook>>,
}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self {
            base_url: DEFAULT_BASE_URL.to_owned(),
            api_key: String::new(),
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            timeout: DEFAULT_TIMEOUT,
            user_agent_suffix: None,
            http_client: None,
            hooks: Vec::new(),
        }
    }

    /// The address that paths like `/v3/chats` are added to; [`DEFAULT_BASE_URL`] if not set.
    ///
    /// A slash at its end makes no difference. A user name and password in it are dropped, since the API key
    /// takes their place.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// The API key, sent as a bearer token; there is no default.
    #[must_use]
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.api_key = api_key.into();
        self
    }

    /// How long a connection may take to come about; 10 seconds if not set.
    ///
    /// It has no effect together with [`http_client`](Self::http_client).
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a request may take, from connecting to the last byte of the answer; 60 seconds if not set.
    ///
    /// Where a hook sends a request several times, each time counts on its own.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Text that is added to the header `User-Agent`, which starts with `linq-rs/` and the version.
    #[must_use]
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent_suffix = Some(suffix.into());
        self
    }

    /// An HTTP client of one's own, for proxies, certificates or DNS.
    ///
    /// Redirects, repeating refused streams of HTTP/2 and the timeout for connecting are its own business then.
    /// The client made otherwise follows no redirect, so that the API key goes to no other host, and repeats
    /// nothing by itself.
    #[must_use]
    pub fn http_client(mut self, http_client: reqwest::Client) -> Self {
        self.http_client = Some(http_client);
        self
    }

    /// Adds a hook, inside those added before.
    #[must_use]
    pub fn hook(mut self, hook: impl Hook) -> Self {
        self.hooks.push(Arc::new(hook));
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    ///
    /// An error with [`Error::is_configuration`] if the base URL is not an `http` or `https` URL or has a
    /// query or fragment, if the API key is empty or has control characters or such beyond ASCII, if the
    /// suffix cannot stand in a header, or if the HTTP client cannot be made, for example because the system has no
    /// certificates.
    pub fn build(self) -> Result<Client, Error> {
        let base_url = base_url(&self.base_url).map_err(Error::configuration)?;
        let authorization = authorization(&self.api_key).map_err(Error::configuration)?;
        let suffix = self.user_agent_suffix.as_deref();
        let user_agent = user_agent(suffix).map_err(Error::configuration)?;
        // An HTTP client made here knows the timeout, so that no request has to.
        let (http, request_timeout) = match self.http_client {
            Some(http) => (http, Some(self.timeout)),
            None => {
                let http = http_client(self.connect_timeout, self.timeout);
                (http.map_err(Error::http_client)?, None)
            }
        };
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, authorization),
            (USER_AGENT, user_agent),
            (ACCEPT, HeaderValue::from_static(JSON)),
        ]);
        let mut headers_with_body = headers.clone();
        headers_with_body.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        let mut roomy_url = base_url.clone();
        roomy_url.set_path(&"/".repeat(base_url.path().len() + PATH_LENGTH));
        let (timeout, hooks) = (self.timeout, self.hooks);
        Ok(Client::from(Shared {
            base_url,
            roomy_url,
            headers,
            headers_with_body,
            timeout,
            request_timeout,
            http,
            hooks,
        }))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The base URL is still unchecked text here, which may hold a password.
        formatter
            .debug_struct("ClientBuilder")
            .field(
                "base_url",
                &base_url(&self.base_url).ok().as_ref().map(Url::as_str),
            )
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("user_agent_suffix", &self.user_agent_suffix)
            .field("hooks", &self.hooks.len())
            .finish_non_exhaustive()
    }
}

fn base_url(text: &str) -> Result<Url, &'static str> {
    let mut url = Url::parse(text).map_err(|_| "the base URL is not a URL")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("the base URL must start with `http://` or `https://`");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the base URL must not have a query or a fragment");
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    // These fail only for URLs that cannot have them, and those have no host either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(url)
}

fn authorization(api_key: &str) -> Result<HeaderValue, &'static str> {
    const FORBIDDEN: &str = "the API key has control characters or such beyond ASCII";
    if api_key.trim().is_empty() {
        return Err("the API key is empty");
    }
    if !api_key
        .bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic())
    {
        return Err(FORBIDDEN);
    }
    let mut value = HeaderValue::try_from(format!("Bearer {api_key}")).map_err(|_| FORBIDDEN)?;
    value.set_sensitive(true);
    Ok(value)
}

fn user_agent(suffix: Option<&str>) -> Result<HeaderValue, &'static str> {
    let own = concat!("linq-rs/", env!("CARGO_PKG_VERSION"));
    match suffix {
        None => Ok(HeaderValue::from_static(own)),
        Some(suffix) => HeaderValue::from_str(&format!("{own} {suffix}"))
            .map_err(|_| "the user agent suffix has characters that a header cannot carry"),
    }
}

fn http_client(
    connect_timeout: Duration,
    timeout: Duration,
) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .connect_timeout(connect_timeout)
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // What is sent again is up to hooks, and keeping a copy of every request costs time.
        .retry(reqwest::retry::never().max_retries_per_request(0))
        .build()
}

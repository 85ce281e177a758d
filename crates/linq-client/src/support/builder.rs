//! The settings of a client.

use std::fmt;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, USER_AGENT};

use super::client::{Client, DEFAULT_BASE_URL, Shared};
use super::error::Error;
use super::hook::Hook;

const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
const DEFAULT_RESPONSE_LIMIT: usize = 8 * 1024 * 1024;

impl Client {
    /// Creates a client of the API at `base_url`; see [`DEFAULT_BASE_URL`].
    ///
    /// # Errors
    ///
    /// Those of [`ClientBuilder::build`].
    pub fn new(base_url: &str, api_key: &str) -> Result<Self, Error> {
        Self::builder().base_url(base_url).api_key(api_key).build()
    }

    /// Starts a client with more settings.
    #[must_use]
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }
}

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
    http_hosts: Vec<String>,
    connect_timeout: Duration,
    timeout: Duration,
    response_limit: usize,
    user_agent_suffix: Option<String>,
    http_client: Option<reqwest::Client>,
    hooks: Vec<Arc<dyn Hook>>,
}

impl ClientBuilder {
    fn new() -> Self {
        Self {
            base_url: DEFAULT_BASE_URL.to_owned(),
            api_key: String::new(),
            http_hosts: Vec::new(),
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            timeout: DEFAULT_TIMEOUT,
            response_limit: DEFAULT_RESPONSE_LIMIT,
            user_agent_suffix: None,
            http_client: None,
            hooks: Vec::new(),
        }
    }

    /// Sets the address that paths like `/v3/chats` are added to; [`DEFAULT_BASE_URL`] if not set.
    ///
    /// A slash at its end makes no difference. A user name and password in it are dropped, since the API key
    /// takes their place.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Sets the API key, sent as a bearer token; there is no default.
    #[must_use]
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.api_key = api_key.into();
        self
    }

    /// Allows a base URL with plain `http` to this host, over which everybody on the way can read the API key.
    ///
    /// Private hosts need no permission: loopback and private addresses, and names without a dot or that end in
    /// `.localhost`, `.local`, `.internal` or `.test`.
    #[must_use]
    pub fn allow_http_to(mut self, host: impl Into<String>) -> Self {
        self.http_hosts.push(host.into());
        self
    }

    /// Sets how long connecting may take; 10 seconds if not set.
    ///
    /// It has no effect together with [`http_client`](Self::http_client).
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long a request may take, from connecting to the last byte of the response; 60 seconds if not set.
    ///
    /// Where a hook sends a request several times, each time counts on its own.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how many bytes the body of a response may have; 8 MiB if not set.
    ///
    /// A call whose response is larger fails, and at most this much of it is held. For a
    /// [custom HTTP client](Self::http_client) that decompresses, the decompressed bytes count.
    #[must_use]
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.response_limit = bytes;
        self
    }

    /// Adds text to the header `User-Agent`, which starts with `linq-rs/` and the version.
    #[must_use]
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent_suffix = Some(suffix.into());
        self
    }

    /// Sets a custom HTTP client, for proxies, certificates or DNS.
    ///
    /// Redirects, compression, the timeout for connecting and the repetition of refused HTTP/2 streams are up to
    /// it then. The default client follows no redirect, so that the API key goes to no other host, does not
    /// decompress, even if another crate turns that on in reqwest, and repeats nothing.
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

    /// Creates the client.
    ///
    /// # Errors
    ///
    /// An error with [`Error::is_configuration`]
    ///
    /// - if the base URL is not an `http` or `https` URL, has a query or fragment, ends in `/v3`, or is plain
    ///   `http` to a public host that is not [allowed](Self::allow_http_to);
    /// - if the API key is empty or has control or non-ASCII characters;
    /// - if a timeout or the response limit is zero;
    /// - if the suffix cannot be part of a header;
    /// - if the HTTP client cannot be made, for example because the system has no certificates.
    pub fn build(self) -> Result<Client, Error> {
        let base_url = base_url(&self.base_url, &self.http_hosts).map_err(Error::configuration)?;
        let authorization = authorization(&self.api_key).map_err(Error::configuration)?;
        let suffix = self.user_agent_suffix.as_deref();
        let user_agent = user_agent(suffix).map_err(Error::configuration)?;
        if self.timeout.is_zero() || self.connect_timeout.is_zero() {
            return Err(Error::configuration("a timeout is zero"));
        }
        if self.response_limit == 0 {
            return Err(Error::configuration("the response limit is zero"));
        }
        let http = match self.http_client {
            Some(http) => http,
            None => http_client(self.connect_timeout).map_err(Error::http_client)?,
        };
        Ok(Client::from(Shared {
            base_url,
            headers: HeaderMap::from_iter([
                (AUTHORIZATION, authorization),
                (USER_AGENT, user_agent),
            ]),
            timeout: self.timeout,
            response_limit: self.response_limit,
            http,
            hooks: self.hooks,
        }))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The base URL is unchecked text here, which may contain a password.
        let base_url = base_url(&self.base_url, &self.http_hosts).ok();
        formatter
            .debug_struct("ClientBuilder")
            .field("base_url", &base_url.as_ref().map(Url::as_str))
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("response_limit", &self.response_limit)
            .field("user_agent_suffix", &self.user_agent_suffix)
            .field("hooks", &self.hooks.len())
            .finish_non_exhaustive()
    }
}

fn base_url(text: &str, http_hosts: &[String]) -> Result<Url, &'static str> {
    let mut url = Url::parse(text).map_err(|_| "the base URL is not a URL")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("the base URL must start with `http://` or `https://`");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the base URL must not have a query or a fragment");
    }
    let path = url.path().trim_end_matches('/').to_owned();
    if path.ends_with("/v3") {
        return Err(
            "the base URL must not end in `/v3`, which the paths of the API start with: remove it, as in \
             `https://api.linqapp.com/api/partner`",
        );
    }
    let host = url.host_str().unwrap_or_default();
    let is_allowed = || {
        http_hosts.iter().any(|allowed| {
            Url::parse(&format!("http://{allowed}")).is_ok_and(|url| url.host_str() == Some(host))
        })
    };
    if url.scheme() == "http" && !is_private(host) && !is_allowed() {
        return Err(
            "the base URL is plain `http` to a public host, so that everybody on the way could read the API key: \
             use `https`, or allow the host with `allow_http_to`",
        );
    }
    url.set_path(&path);
    // These fail only for URLs that cannot have them, and those have no host either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(url)
}

/// Whether a host is this machine or in a private network, as far as its name says.
fn is_private(host: &str) -> bool {
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    if let Some(address) = bracketed {
        return address.parse().is_ok_and(is_private_v6);
    }
    match host.parse::<std::net::Ipv4Addr>() {
        Ok(address) => {
            // 100.64.0.0/10 is shared by carriers and private networks.
            let is_shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
                || is_shared
        }
        Err(_) => {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            let mut names = host.rsplit('.');
            let last = names.next().unwrap_or_default();
            names.next().is_none() || matches!(last, "localhost" | "local" | "internal" | "test")
        }
    }
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    match address.to_ipv4_mapped() {
        Some(address) => is_private(&address.to_string()),
        None => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
        }
    }
}

fn authorization(api_key: &str) -> Result<HeaderValue, &'static str> {
    const FORBIDDEN: &str = "the API key has control or non-ASCII characters";
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

fn http_client(connect_timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .connect_timeout(connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // Other crates may turn decompression on in reqwest.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        // By default reqwest repeats requests after a GOAWAY too, which the server may have handled.
        .retry(reqwest::retry::never())
        .build()
}

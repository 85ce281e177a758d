//! Options of single calls.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::problem::{Problem, Reason};

/// What calls of a client have beside their parameters; given with [`Client::with_options`](crate::Client::with_options).
///
/// ```
/// use std::time::Duration;
///
/// let client = linq_client::Client::new(linq_client::DEFAULT_BASE_URL, "api key")?;
/// let options = linq_client::CallOptions::new()
///     .timeout(Duration::from_secs(5))
///     .query("expand", "handles");
/// let call = client.with_options(options);
/// // let chats = call.list_chats().send().await?;
/// # drop(call);
/// # Ok::<(), linq_client::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body_fields: Map<String, Value>,
    pub(crate) extension: Option<Arc<dyn Any + Send + Sync>>,
}

impl CallOptions {
    /// Starts without any option.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long a request may take, in place of [`ClientBuilder::timeout`](crate::ClientBuilder::timeout).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends a header, in place of one of the same name that would be sent otherwise.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Adds a pair to the query, after those of the operation.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets a member of the JSON body, in place of one of the same name.
    ///
    /// A request without a body gets one; a call whose body is no JSON object fails with
    /// [`Error::is_invalid_request`](crate::Error::is_invalid_request), and nothing is sent.
    #[must_use]
    pub fn body_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body_fields.insert(name.into(), value.into());
        self
    }

    /// Hands a value to the hooks, which read it with [`Next::extension`](crate::Next::extension).
    ///
    /// There is one; a second takes the place of the first.
    #[must_use]
    pub fn extension<T: Any + Send + Sync>(mut self, extension: Arc<T>) -> Self {
        self.extension = Some(extension);
        self
    }

    /// The body with the fields added.
    pub(crate) fn complete(&self, body: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, Problem> {
        if self.body_fields.is_empty() {
            return Ok(body);
        }
        let problem = |reason| Problem {
            parameter: "body",
            reason,
        };
        // What is there already is taken over as it is written, to the last digit.
        let mut members: BTreeMap<String, Box<RawValue>> = match &body {
            None => BTreeMap::new(),
            Some(body) => serde_json::from_slice(body).map_err(|_| problem(Reason::NotObject))?,
        };
        for (name, value) in &self.body_fields {
            let value = to_raw_value(value).map_err(|_| problem(Reason::NotJson))?;
            members.insert(name.clone(), value);
        }
        let body = serde_json::to_vec(&members).map_err(|_| problem(Reason::NotJson))?;
        Ok(Some(body))
    }
}

// Without any value: headers, query and body may hold what should not be logged.
impl fmt::Debug for CallOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("headers", &self.headers.len())
            .field("query", &self.query.len())
            .field("body_fields", &self.body_fields.len())
            .field("extension", &self.extension.is_some())
            .finish()
    }
}

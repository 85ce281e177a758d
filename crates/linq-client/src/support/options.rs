//! Options of single calls.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::problem::{Problem, Reason};
use super::{Request, encode};

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
    /// `None` as long as there is nothing in it, which is the rule.
    pub(super) changes: Option<Arc<Changes>>,
    pub(super) extension: Option<Arc<dyn Any + Send + Sync>>,
}

/// What options change about a request.
#[derive(Clone, Default)]
pub(crate) struct Changes {
    timeout: Option<Duration>,
    headers: Vec<(HeaderName, HeaderValue)>,
    query: Vec<(String, String)>,
    body_fields: Map<String, Value>,
}

impl CallOptions {
    /// Starts without any option.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            changes: None,
            extension: None,
        }
    }

    /// How long a request may take, in place of [`ClientBuilder::timeout`](crate::ClientBuilder::timeout).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.changes_mut().timeout = Some(timeout);
        self
    }

    /// Sends a header, in place of one of the same name that would be sent otherwise.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.changes_mut().headers.push((name, value));
        self
    }

    /// Adds a pair to the query, after those of the operation.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let pair = (name.into(), value.into());
        self.changes_mut().query.push(pair);
        self
    }

    /// Sets a member of the JSON body, in place of one of the same name.
    ///
    /// A request without a body gets one; a call whose body is no JSON object fails with
    /// [`Error::is_invalid_request`](crate::Error::is_invalid_request), and nothing is sent.
    #[must_use]
    pub fn body_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.changes_mut().body_fields.insert(name, value);
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

    fn changes_mut(&mut self) -> &mut Changes {
        Arc::make_mut(self.changes.get_or_insert_default())
    }
}

impl Changes {
    /// Makes the changes to a request.
    #[cold]
    pub(crate) fn apply(&self, request: &mut Request) -> Result<(), Problem> {
        if !self.body_fields.is_empty() {
            let body = self.complete(request.body().map(Bytes::as_ref))?;
            *request.body_mut() = Some(body.into());
        }
        if !self.query.is_empty() {
            let mut query = request.url().query().unwrap_or_default().to_owned();
            for (name, value) in &self.query {
                encode::push_pair(&mut query, name, &encode::percent(value));
            }
            request.url_mut().set_query(Some(&query));
        }
        for (name, value) in &self.headers {
            request.headers_mut().insert(name, value.clone());
        }
        *request.timeout_mut() = self.timeout;
        Ok(())
    }

    /// The body with the fields added.
    fn complete(&self, body: Option<&[u8]>) -> Result<Vec<u8>, Problem> {
        let problem = |reason| Problem {
            parameter: "body",
            reason,
        };
        // What is there already is taken over as it is written, to the last digit.
        let mut members: BTreeMap<String, Box<RawValue>> = match body {
            None => BTreeMap::new(),
            Some(body) => serde_json::from_slice(body).map_err(|_| problem(Reason::NotObject))?,
        };
        for (name, value) in &self.body_fields {
            let value = to_raw_value(value).map_err(|_| problem(Reason::NotJson))?;
            members.insert(name.clone(), value);
        }
        serde_json::to_vec(&members).map_err(|_| problem(Reason::NotJson))
    }
}

// Without any value: headers, query and body may hold what should not be logged.
impl fmt::Debug for CallOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let none = Changes::default();
        let changes = self.changes.as_deref().unwrap_or(&none);
        formatter
            .debug_struct("CallOptions")
            .field("timeout", &changes.timeout)
            .field("headers", &changes.headers.len())
            .field("query", &changes.query.len())
            .field("body_fields", &changes.body_fields.len())
            .field("extension", &self.extension.is_some())
            .finish()
    }
}

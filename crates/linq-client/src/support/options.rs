//! Options of single calls.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::encode;
use super::parameters::{Problem, Reason, is_reserved};
use super::request::Request;

/// What calls have besides their parameters; set with [`Client::with_options`](crate::Client::with_options).
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
    timeout: Option<Duration>,
    headers: Vec<(HeaderName, HeaderValue)>,
    query: Vec<(String, String)>,
    body_fields: Map<String, Value>,
}

impl CallOptions {
    /// Creates options that change nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long a request may take, in place of [`ClientBuilder::timeout`](crate::ClientBuilder::timeout).
    ///
    /// A call with a timeout of zero fails with [`Error::is_invalid_request`](crate::Error::is_invalid_request).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends a header, in place of one of the same name that would be sent otherwise.
    ///
    /// Headers that belong to the connection (`Connection`, `Content-Length`, `Host`, `Transfer-Encoding` and
    /// the like) and `Authorization` cannot be set: the call fails with
    /// [`Error::is_invalid_request`](crate::Error::is_invalid_request), and nothing is sent.
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
    /// A request without a body gets one. A call whose body is not a JSON object fails with
    /// [`Error::is_invalid_request`](crate::Error::is_invalid_request), and nothing is sent. The idempotency key
    /// of a member that is replaced is kept, and the new one must not have another.
    #[must_use]
    pub fn body_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body_fields.insert(name.into(), value.into());
        self
    }

    /// Makes the changes to a request, whose body has an idempotency key at a JSON pointer.
    pub(crate) fn apply(
        &self,
        request: &mut Request,
        key: Option<(&str, &str)>,
    ) -> Result<(), Problem> {
        if !self.body_fields.is_empty() {
            let body = self.with_fields(request.body.as_deref(), key)?;
            request.body = Some(body.into());
        }
        if !self.query.is_empty() {
            let mut query = request.url.query().unwrap_or_default().to_owned();
            for (name, value) in &self.query {
                encode::push_pair(&mut query, name, &encode::percent(value));
            }
            request.url.set_query(Some(&query));
        }
        for (name, value) in &self.headers {
            if is_reserved(name) {
                return Err(Problem::new("header", Reason::Reserved));
            }
            request.headers.insert(name, value.clone());
        }
        if self.timeout == Some(Duration::ZERO) {
            return Err(Problem::new("timeout", Reason::Zero));
        }
        request.timeout = self.timeout;
        Ok(())
    }

    /// The body with the fields added.
    fn with_fields(
        &self,
        body: Option<&[u8]>,
        key: Option<(&str, &str)>,
    ) -> Result<Vec<u8>, Problem> {
        // The other members stay as they are written, to the last digit.
        let mut members: BTreeMap<String, Box<RawValue>> = match body {
            None => BTreeMap::new(),
            Some(body) => {
                serde_json::from_slice(body).map_err(|_| Problem::new("body", Reason::NotObject))?
            }
        };
        let not_json = |_| Problem::new("body", Reason::NotJson);
        for (name, value) in &self.body_fields {
            let place = key.and_then(|(pointer, key)| Some((inside(pointer, name)?, key)));
            let value = match place {
                Some((pointer, key)) => to_raw_value(&with_key(value, pointer, key)?),
                None => to_raw_value(value),
            };
            members.insert(name.clone(), value.map_err(not_json)?);
        }
        serde_json::to_vec(&members).map_err(not_json)
    }
}

/// What is left of a JSON pointer inside a member, if it points there.
fn inside<'p>(pointer: &'p str, member: &str) -> Option<&'p str> {
    let rest = pointer.strip_prefix('/')?.strip_prefix(member)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// The value with an idempotency key at a JSON pointer, where no other may be.
fn with_key(value: &Value, pointer: &str, key: &str) -> Result<Value, Problem> {
    let mut value = value.clone();
    let place = match pointer.rsplit_once('/') {
        None => Some(&mut value),
        Some((parent, name)) => value
            .pointer_mut(parent)
            .and_then(Value::as_object_mut)
            .map(|object| object.entry(name).or_insert(Value::Null)),
    };
    match place {
        Some(place) if place.is_null() || place == key => {
            *place = key.into();
            Ok(value)
        }
        _ => Err(Problem::new("body", Reason::KeyReplaced)),
    }
}

// Without any value: headers, query and body are not for logs.
impl fmt::Debug for CallOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("headers", &self.headers.len())
            .field("query", &self.query.len())
            .field("body_fields", &self.body_fields.len())
            .finish()
    }
}

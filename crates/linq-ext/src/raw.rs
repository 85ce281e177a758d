//! Calls of endpoints that the API document does not know.

use std::fmt;
use std::time::Duration;

use futures_util::FutureExt;
use linq_client::reqwest::Method;
use linq_client::{ErrorBody, Operation, Repeat};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::call::Settings;
use crate::{Call, CallFuture, Error, Linq, Response};

const fn raw(name: &'static str, method: Method, repeat: Repeat) -> Operation {
    Operation::new(name, name, method, "", "Raw", JSON, repeat)
}

const JSON: Option<&str> = Some("application/json");

const KEY_HEADER: Repeat = Repeat::keyed(Some("Idempotency-Key"), None);

const RAW_GET: Operation = raw("raw_get", Method::GET, Repeat::Read);
const RAW_PUT: Operation = raw("raw_put", Method::PUT, Repeat::Idempotent);
/// Most answers to a DELETE have no content.
const RAW_DELETE: Operation = Operation::new(
    "raw_delete",
    "raw_delete",
    Method::DELETE,
    "",
    "Raw",
    None,
    Repeat::Idempotent,
);
/// These two carry a key only if the caller gives one.
const RAW_POST: Operation = raw("raw_post", Method::POST, KEY_HEADER);
const RAW_PATCH: Operation = raw("raw_patch", Method::PATCH, KEY_HEADER);

#[derive(Clone, Copy, Debug)]
enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    fn operation(self) -> &'static Operation {
        match self {
            Self::Get => &RAW_GET,
            Self::Post => &RAW_POST,
            Self::Put => &RAW_PUT,
            Self::Patch => &RAW_PATCH,
            Self::Delete => &RAW_DELETE,
        }
    }
}

impl Linq {
    /// Starts a GET of a path that the API document does not know, such as `/v3/stickers`.
    ///
    /// The path is added to the base URL; it must start with a slash and be percent-encoded where that is
    /// needed. A query goes into [`RawCall::query`].
    pub fn get(&self, path: impl Into<String>) -> RawCall {
        RawCall::new(self, Verb::Get, path.into())
    }

    /// Starts a POST to a path that the API document does not know; see [`get`](Self::get).
    ///
    /// It is repeated only if it surely did not arrive, or with an [idempotency key](RawCall::idempotency_key).
    pub fn post(&self, path: impl Into<String>) -> RawCall {
        RawCall::new(self, Verb::Post, path.into())
    }

    /// Starts a PUT to a path that the API document does not know; see [`get`](Self::get).
    pub fn put(&self, path: impl Into<String>) -> RawCall {
        RawCall::new(self, Verb::Put, path.into())
    }

    /// Starts a PATCH of a path that the API document does not know; see [`get`](Self::get).
    ///
    /// It is repeated only if it surely did not arrive, or with an [idempotency key](RawCall::idempotency_key).
    pub fn patch(&self, path: impl Into<String>) -> RawCall {
        RawCall::new(self, Verb::Patch, path.into())
    }

    /// Starts a DELETE of a path that the API document does not know; see [`get`](Self::get).
    pub fn delete(&self, path: impl Into<String>) -> RawCall {
        RawCall::new(self, Verb::Delete, path.into())
    }
}

/// A call of an endpoint that the API document does not know; start with [`Linq::get`], [`Linq::post`], ….
///
/// Authentication, retries and errors are those of every call. Awaiting it gives the answer as JSON; an answer
/// without a body is null.
///
/// ```no_run
/// # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
/// let stickers = linq.get("/v3/stickers").query("limit", "10").await?;
/// println!("{}", stickers["stickers"]);
///
/// let made: Vec<String> = linq
///     .post("/v3/stickers")
///     .json(&serde_json::json!({ "name": "wave" }))
///     .call_as()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until the call is awaited"]
pub struct RawCall {
    linq: Linq,
    verb: Verb,
    path: String,
    body: Option<Box<RawValue>>,
    settings: Settings,
}

impl RawCall {
    fn new(linq: &Linq, verb: Verb, path: String) -> Self {
        Self {
            linq: linq.clone(),
            verb,
            path,
            body: None,
            settings: Settings::without_key_of_its_own(),
        }
    }

    /// Adds a pair to the query.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.query(name.into(), value.into());
        self
    }

    /// Sets the JSON body.
    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        match to_raw_value(body) {
            Ok(body) => self.body = Some(body),
            Err(_) => self.settings.refuse("the body cannot be written as JSON"),
        }
        self
    }

    /// Sends the header `Idempotency-Key`, and takes it that the endpoint does what comes with a key once.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.settings.idempotency_key(key.into());
        self
    }

    /// Sends a header; see [`Call::header`].
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.settings.header(name.as_ref(), value.as_ref());
        self
    }

    /// How long each attempt may take; see [`Call::timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout(timeout);
        self
    }

    /// How often the request may be repeated; see [`Call::max_retries`].
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.settings.max_retries(max_retries);
        self
    }

    /// The call that gives the answer as JSON, null if it has no body.
    pub fn call(self) -> Call<Value> {
        self.call_as()
    }

    /// The call that gives the answer as a type of one's own.
    ///
    /// An answer of another shape is an error with [`Error::is_accepted`].
    pub fn call_as<T: DeserializeOwned + Send + 'static>(self) -> Call<T> {
        let Self {
            linq,
            verb,
            path,
            body,
            settings,
        } = self;
        let operation = verb.operation();
        let call = Call::with_errors(&linq, move |client| {
            let mut call = client.raw(operation, &path);
            if let Some(body) = &body {
                call = call.json(body);
            }
            Box::pin(call.send_bytes::<ErrorBody>().map(move |answer| {
                let answer = answer?;
                match decode(&answer) {
                    Ok(value) => Ok(answer.map(|_| value)),
                    Err(problem) => Err(Error::undecodable(operation, answer).with_source(problem)),
                }
            }))
        });
        call.with_settings(settings)
    }

    /// Makes the call and gives the answer as JSON, null if it has no body.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn send(self) -> Result<Value, Error> {
        self.call().await
    }

    /// Makes the call, and keeps status, headers, trace id and the number of attempts.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn send_with_response(self) -> Result<Response<Value>, Error> {
        self.call().send_with_response().await
    }

    /// Makes the call and gives the answer as a type of one's own.
    ///
    /// # Errors
    ///
    /// See [`Error`]; an answer of another shape is an error with [`Error::is_accepted`].
    pub async fn send_as<T: DeserializeOwned + Send + 'static>(self) -> Result<T, Error> {
        self.call_as().await
    }
}

impl IntoFuture for RawCall {
    type Output = Result<Value, Error>;
    type IntoFuture = CallFuture<Value>;

    fn into_future(self) -> Self::IntoFuture {
        self.call().into_future()
    }
}

impl fmt::Debug for RawCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RawCall")
            .field("verb", &self.verb)
            .field("body", &self.body.is_some())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, NotDecodable> {
    let body = if body.is_empty() { b"null" } else { body };
    serde_json::from_slice(body).map_err(|error| NotDecodable {
        line: error.line(),
        column: error.column(),
        is_json: error.is_data(),
    })
}

/// Why an answer is not of the type asked for; where, but not what, since serde's messages quote values.
#[derive(Debug)]
struct NotDecodable {
    line: usize,
    column: usize,
    is_json: bool,
}

impl fmt::Display for NotDecodable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = if self.is_json {
            "of another type"
        } else {
            "no JSON"
        };
        let Self { line, column, .. } = self;
        write!(formatter, "{problem} at line {line} column {column}")
    }
}

impl std::error::Error for NotDecodable {}

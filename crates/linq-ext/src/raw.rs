//! Calls of endpoints that the API document does not know.

use std::fmt;

use linq_client::reqwest::Method;
use linq_client::{Operation, Repeat, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::call::{Settings, option_methods};
use crate::{Call, CallFuture, Error, Linq};

const fn raw(name: &'static str, method: Method, repeat: Repeat) -> Operation {
    Operation::new(name, name, method, "", "Raw", JSON, repeat)
}

const JSON: Option<&str> = Some("application/json");

const KEY_HEADER: Repeat = Repeat::keyed(Some("Idempotency-Key"), None);

const RAW_GET: Operation = raw("raw_get", Method::GET, Repeat::Read);
const RAW_PUT: Operation = raw("raw_put", Method::PUT, Repeat::Idempotent);
/// Most responses to a DELETE have no content.
const RAW_DELETE: Operation = Operation::new(
    "raw_delete",
    "raw_delete",
    Method::DELETE,
    "",
    "Raw",
    None,
    Repeat::Idempotent,
);
/// These two have a key only if the caller sets one.
const RAW_POST: Operation = raw("raw_post", Method::POST, KEY_HEADER);
const RAW_PATCH: Operation = raw("raw_patch", Method::PATCH, KEY_HEADER);

impl Linq {
    /// Starts a GET of a path that the API document does not know, such as `/v3/stickers`.
    ///
    /// The path is added to the base URL; it must start with a slash and be percent-encoded where that is
    /// needed. A query goes into [`RawCall::query`].
    pub fn get(&self, path: impl Into<String>) -> RawCall {
        RawCall::new(self, &RAW_GET, path.into())
    }

    /// Starts a POST to a path that the API document does not know; see [`get`](Self::get).
    ///
    /// It is retried only if it certainly was not received, or with an
    /// [idempotency key](RawCall::idempotency_key).
    pub fn post(&self, path: impl Into<String>) -> RawCall {
        RawCall::new(self, &RAW_POST, path.into())
    }

    /// Starts a PUT to a path that the API document does not know; see [`get`](Self::get).
    pub fn put(&self, path: impl Into<String>) -> RawCall {
        RawCall::new(self, &RAW_PUT, path.into())
    }

    /// Starts a PATCH of a path that the API document does not know; see [`post`](Self::post).
    pub fn patch(&self, path: impl Into<String>) -> RawCall {
        RawCall::new(self, &RAW_PATCH, path.into())
    }

    /// Starts a DELETE of a path that the API document does not know; see [`get`](Self::get).
    pub fn delete(&self, path: impl Into<String>) -> RawCall {
        RawCall::new(self, &RAW_DELETE, path.into())
    }
}

/// A call of an endpoint that the API document does not know; start with [`Linq::get`], [`Linq::post`], ….
///
/// Authentication, retries and errors are those of every call. Awaiting it returns the response as JSON; one
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
    operation: &'static Operation,
    path: String,
    body: Option<Box<RawValue>>,
    settings: Settings,
}

impl RawCall {
    fn new(linq: &Linq, operation: &'static Operation, path: String) -> Self {
        Self {
            linq: linq.clone(),
            operation,
            path,
            body: None,
            settings: Settings::default(),
        }
    }

    /// Sets the JSON body.
    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        match to_raw_value(body) {
            Ok(body) => self.body = Some(body),
            Err(_) => self.settings.refuse("the body cannot be written as JSON"),
        }
        self
    }

    option_methods!();

    /// Sends the header `Idempotency-Key`, for an endpoint that accepts requests with the same key once.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.settings.idempotency_key(key.into());
        self
    }

    /// Returns the call, which decodes the response as JSON, null if it has no body.
    pub fn call(self) -> Call<Value> {
        self.call_as()
    }

    /// Returns the call, which decodes the response as a type of your own.
    ///
    /// A response of another shape is an error with [`Error::is_accepted`].
    pub fn call_as<T: DeserializeOwned + Send + 'static>(self) -> Call<T> {
        let mut request = self.linq.api().raw(self.operation, &self.path);
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        Call::without_key(&self.linq, Ok(request.prepare())).with_settings(self.settings)
    }

    /// Makes the call and returns the response as JSON, null if it has no body.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn send(self) -> Result<Value, Error> {
        self.call().await
    }

    /// Makes the call, and returns the JSON with status, headers, body, trace id and the number of attempts.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn send_with_response(self) -> Result<Response<Value>, Error> {
        self.call().send_with_response().await
    }

    /// Makes the call and returns the response as a type of your own.
    ///
    /// # Errors
    ///
    /// See [`Error`]; a response of another shape is an error with [`Error::is_accepted`].
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
            .field("operation", &self.operation.name())
            .field("body", &self.body.is_some())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

//! A call that has its parameters, and is sent later.

use std::fmt;

use bytes::Bytes;
use linq_types::Fit;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::to_raw_value;

use super::client::Client;
use super::error::Error;
use super::operation::{Operation, Repeat};
use super::parameters::{Parameters, Problem, Reason};
use super::request::Request;
use super::response::Response;
use super::transport::TransportError;
use crate::ErrorBody;

/// Decodes a response of status 2xx.
type Decode<T, E> =
    Box<dyn FnOnce(&'static Operation, Response) -> Result<Response<T>, Error<E>> + Send>;

/// A call that has its parameters, apart from the client that sends it.
///
/// Every builder converts into it, with `prepare` or `From`. A parameter that is missing or invalid is reported
/// when the call is sent.
///
/// ```no_run
/// # async fn example(client: linq_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let call = client.list_chats().limit(50).prepare();
/// println!("about to call {}", call.operation());
/// let chats = call.send(&client).await?;
/// # drop(chats);
/// # Ok(())
/// # }
/// ```
///
/// Code that sends a call several times takes it apart: [`request`](Self::request) writes the request once,
/// [`Client::execute`] sends a copy of it, and [`receive`](Self::receive) decodes the last response.
#[must_use = "nothing is sent before `send`"]
pub struct Prepared<T, E = ErrorBody> {
    parameters: Parameters,
    /// Whether the body of a success does not matter.
    ignores_body: bool,
    decode: Decode<T, E>,
}

impl<T, E> Prepared<T, E> {
    /// Returns the operation that will be called.
    #[must_use]
    pub fn operation(&self) -> &'static Operation {
        self.parameters.operation()
    }

    /// Returns the path of the request below the base URL, with its parameters.
    #[must_use]
    pub fn path(&self) -> &str {
        self.parameters.path_text()
    }

    /// Returns the idempotency key that will be sent.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.parameters.idempotency_key()
    }

    /// Sets the idempotency key, in the header or the field of the body that the operation has for it.
    ///
    /// An operation that is safe to repeat without a key ignores it.
    ///
    /// # Errors
    ///
    /// One with [`Error::is_invalid_request`] if the operation takes no key and is not safe to repeat, or if
    /// the key cannot be sent.
    pub fn set_idempotency_key(&mut self, key: &str) -> Result<(), Error<E>> {
        let operation = self.operation();
        self.parameters
            .set_idempotency_key(key)
            .map_err(|problem| Error::invalid_request(operation, problem))
    }

    /// Sends the call.
    ///
    /// # Errors
    ///
    /// Those of the operation; one with [`Error::is_invalid_request`] if a parameter is missing or invalid, and
    /// nothing was sent.
    pub async fn send(self, client: &Client) -> Result<Response<T>, Error<E>> {
        let request = self.request(client)?;
        let result = client.execute(self.operation(), request).await;
        self.receive(result)
    }

    /// Writes the request, with the options of the client.
    ///
    /// # Errors
    ///
    /// One with [`Error::is_invalid_request`] if a parameter is missing or invalid.
    pub fn request(&self, client: &Client) -> Result<Request, Error<E>> {
        self.written(client)
            .map_err(|problem| Error::invalid_request(self.operation(), problem))
    }

    fn written(&self, client: &Client) -> Result<Request, Problem> {
        let mut request = self.parameters.request(&client.shared().base_url)?;
        let place = match self.operation().repeat() {
            Repeat::Keyed {
                header: None, body, ..
            } => body,
            _ => None,
        };
        client
            .options()
            .apply(&mut request, place.zip(self.idempotency_key()))?;
        Ok(request)
    }

    /// Decodes the response, or returns why there is none.
    ///
    /// # Errors
    ///
    /// Those of the operation.
    pub fn receive(
        self,
        result: Result<Response, TransportError>,
    ) -> Result<Response<T>, Error<E>> {
        let operation = self.operation();
        let result = match result {
            Err(error) if self.ignores_body => error.into_accepted(),
            result => result,
        };
        let response = result.map_err(|error| Error::transport(operation, error))?;
        match response.status().is_success() {
            true => (self.decode)(operation, response),
            false => Err(Error::refused(operation, response)),
        }
    }
}

impl<T: 'static, E: 'static> Prepared<T, E> {
    /// Changes what a success is decoded to.
    pub fn map<U>(self, change: impl FnOnce(T) -> U + Send + 'static) -> Prepared<U, E> {
        let decode = self.decode;
        Prepared {
            parameters: self.parameters,
            ignores_body: self.ignores_body,
            decode: Box::new(move |operation, response| {
                Ok(decode(operation, response)?.map(change))
            }),
        }
    }
}

// Without the parameters, which are not for logs.
impl<T, E> fmt::Debug for Prepared<T, E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Prepared")
            .field("operation", &self.operation().name())
            .finish_non_exhaustive()
    }
}

#[allow(
    dead_code,
    reason = "which kinds of responses there are depends on the API document"
)]
impl Parameters {
    /// A call that decodes the JSON of the response.
    pub(crate) fn json<T, E>(self) -> Prepared<T, E>
    where
        T: DeserializeOwned + Fit + 'static,
        E: 'static,
    {
        self.prepared(
            |operation, response| match linq_types::decode(response.body()) {
                Ok(value) => Ok(response.map(|_| value)),
                Err(error) => Err(Error::undecodable(operation, response, error)),
            },
        )
    }

    /// A call that ignores the body of a success.
    pub(crate) fn empty<E: 'static>(self) -> Prepared<(), E> {
        Prepared {
            ignores_body: true,
            ..self.prepared(|_, response| Ok(response.map(|_| ())))
        }
    }

    /// A call that returns the body as it is received.
    pub(crate) fn bytes<E: 'static>(self) -> Prepared<Bytes, E> {
        self.prepared(|_, response| Ok(response))
    }

    fn prepared<T, E>(
        self,
        decode: impl FnOnce(&'static Operation, Response) -> Result<Response<T>, Error<E>>
        + Send
        + 'static,
    ) -> Prepared<T, E> {
        Prepared {
            parameters: self,
            ignores_body: false,
            decode: Box::new(decode),
        }
    }
}

impl Client {
    /// Starts a call of any path, with the authentication, the hooks and the errors of all calls.
    ///
    /// `operation` gives the method and the media type of the response, and is what hooks and errors see; its
    /// path does not count. `path` is added to the base URL, must start with a slash and be percent-encoded
    /// where that is needed; a query goes into [`RawRequest::query`].
    ///
    /// ```
    /// use linq_client::reqwest::Method;
    /// use linq_client::{Client, Operation, Repeat};
    ///
    /// static LIST_STICKERS: Operation = Operation::new(
    ///     "list_stickers",
    ///     "listStickers",
    ///     Method::GET,
    ///     "/v3/stickers",
    ///     "Stickers",
    ///     Some("application/json"),
    ///     Repeat::Read,
    /// );
    ///
    /// let client = Client::new(linq_client::DEFAULT_BASE_URL, "api key")?;
    /// let call = client.raw(&LIST_STICKERS, "/v3/stickers").query("limit", 10);
    /// // let stickers = call.send().await?; // serde_json::Value
    /// # drop(call);
    /// # Ok::<(), linq_client::Error>(())
    /// ```
    pub fn raw(&self, operation: &'static Operation, path: &str) -> RawRequest<'_> {
        RawRequest {
            client: self,
            parameters: Parameters::with_path(operation, path),
        }
    }
}

/// A call of any path; start with [`Client::raw`].
#[must_use = "nothing is sent before `send`"]
pub struct RawRequest<'a> {
    client: &'a Client,
    parameters: Parameters,
}

impl<'a> RawRequest<'a> {
    /// Adds a pair to the query; null adds nothing.
    pub fn query<T: Serialize>(mut self, name: &str, value: T) -> Self {
        self.parameters.query_named(name, &value);
        self
    }

    /// Sends a header; null adds nothing.
    ///
    /// See [`CallOptions::header`](crate::CallOptions::header) for headers that cannot be set.
    pub fn header<T: Serialize>(mut self, name: &str, value: T) -> Self {
        self.parameters.header_named(name, &value);
        self
    }

    /// Sets the JSON body.
    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        self.parameters
            .body(to_raw_value(body).map_err(|_| Reason::NotJson));
        self
    }

    /// Sends the request and decodes the JSON of the response; an empty body is null.
    ///
    /// # Errors
    ///
    /// Those of every operation.
    pub fn send(
        self,
    ) -> impl Future<Output = Result<Response<Value>, Error<ErrorBody>>> + Send + use<'a> {
        let client = self.client;
        self.prepare().send(client)
    }

    /// Returns the call, which decodes the JSON of the response to any type; an empty body is null.
    ///
    /// An error says where the body does not match, but not what it contains.
    pub fn prepare<T: DeserializeOwned + 'static>(self) -> Prepared<T> {
        self.parameters
            .prepared(|operation, response| match decode(response.body()) {
                Ok(value) => Ok(response.map(|_| value)),
                Err(mismatch) => Err(Error::undecodable(operation, response, mismatch)),
            })
    }
}

impl From<RawRequest<'_>> for Prepared<Value> {
    fn from(request: RawRequest<'_>) -> Self {
        request.prepare()
    }
}

impl fmt::Debug for RawRequest<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RawRequest")
            .field("operation", &self.parameters.operation().name())
            .finish_non_exhaustive()
    }
}

fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Mismatch> {
    let body = if body.is_empty() { b"null" } else { body };
    serde_json::from_slice(body).map_err(|error| Mismatch {
        line: error.line(),
        column: error.column(),
        is_json: error.is_data(),
    })
}

/// Where a body is not of the type asked for; not why, since serde's messages quote values.
#[derive(Debug)]
struct Mismatch {
    line: usize,
    column: usize,
    is_json: bool,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match self.is_json {
            true => "of another type",
            false => "not JSON",
        };
        let Self { line, column, .. } = self;
        write!(formatter, "{problem} at line {line} column {column}")
    }
}

impl std::error::Error for Mismatch {}

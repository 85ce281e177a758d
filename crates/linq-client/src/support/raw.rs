//! Calls of endpoints that the API document does not know.

use std::fmt;

use bytes::Bytes;
use linq_types::Fit;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::call::Call;
use super::{Client, Error, Operation, ResponseValue};

impl Client {
    /// Starts a call of a path of one's own, with the authentication, the hooks and the errors of all calls.
    ///
    /// `operation` gives the method and the media type of the answer, and is what hooks and errors see; its
    /// path does not count. `path` is added to the base URL, must start with a slash and be percent-encoded
    /// where that is needed; a query goes into [`RawCall::query`].
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
    /// // let stickers: linq_client::ResponseValue<serde_json::Value> = call.send().await?;
    /// # drop(call);
    /// # Ok::<(), linq_client::Error>(())
    /// ```
    pub fn raw(&self, operation: &'static Operation, path: &str) -> RawCall<'_> {
        RawCall {
            client: self,
            call: Call::with_path(operation, path),
        }
    }
}

/// A call of a path of one's own; start with [`Client::raw`].
#[must_use = "nothing is sent until one of the `send` methods is awaited"]
pub struct RawCall<'a> {
    client: &'a Client,
    call: Call,
}

impl<'a> RawCall<'a> {
    /// Adds a pair to the query; null adds nothing.
    pub fn query<T: Serialize>(mut self, name: &str, value: T) -> Self {
        self.call.query_named(name, &value);
        self
    }

    /// Sends a header; null adds nothing.
    pub fn header<T: Serialize>(mut self, name: &str, value: T) -> Self {
        self.call.header_named(name, &value);
        self
    }

    /// Sets the JSON body.
    pub fn json<T: Serialize>(mut self, body: &T) -> Self {
        self.call.body(Ok(body));
        self
    }

    /// Sends the request and decodes the JSON of the answer.
    ///
    /// # Errors
    ///
    /// As of every operation.
    pub fn send<T, E>(
        self,
    ) -> impl Future<Output = Result<ResponseValue<T>, Error<E>>> + Send + use<'a, T, E>
    where
        T: DeserializeOwned + Fit,
        E: DeserializeOwned + Fit,
    {
        self.call.json().send(self.client)
    }

    /// Sends the request and hands out the answer as it comes.
    ///
    /// # Errors
    ///
    /// As of every operation.
    pub fn send_bytes<E>(
        self,
    ) -> impl Future<Output = Result<ResponseValue<Bytes>, Error<E>>> + Send + use<'a, E>
    where
        E: DeserializeOwned + Fit,
    {
        self.call.bytes().send(self.client)
    }
}

impl fmt::Debug for RawCall<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RawCall")
            .field("operation", &self.call.operation().name())
            .finish_non_exhaustive()
    }
}

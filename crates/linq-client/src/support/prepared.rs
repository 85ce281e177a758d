//! A call that has all it needs.

use std::fmt;

use bytes::Bytes;
use linq_types::Fit;
use serde::de::DeserializeOwned;

use super::answer::{self, Answer, Failure};
use super::call::Call;
use super::error::Report;
use super::problem::Problem;
use super::{BoxFuture, Client, Error, Operation, ResponseValue, TransportError};

type Sending<'a> = BoxFuture<'a, Result<reqwest::Response, TransportError>>;

type Decode<T, E> =
    fn(&'static Operation, Result<Answer, Failure>) -> Result<ResponseValue<T>, Error<E>>;

/// A call that has all it needs, apart from the client that sends it.
///
/// Builders make it with `prepare`; `send` of a builder is both in one.
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
#[must_use = "nothing is sent before `send`"]
pub struct Prepared<T, E> {
    call: Call,
    wants_body: bool,
    decode: Decode<T, E>,
}

impl<T, E> Prepared<T, E> {
    /// The operation that will be called.
    #[must_use]
    pub fn operation(&self) -> &'static Operation {
        self.call.operation()
    }

    /// Sends the request.
    ///
    /// # Errors
    ///
    /// As of the operation; one with [`Error::is_invalid_request`] if a parameter is missing or unfit, and
    /// nothing was sent.
    pub fn send<'a>(
        self,
        client: &'a Client,
    ) -> impl Future<Output = Result<ResponseValue<T>, Error<E>>> + Send + use<'a, T, E> {
        let Self {
            call,
            wants_body,
            decode,
        } = self;
        let operation = call.operation();
        // Built here and handed to the hooks, so that the future holds neither parameters nor request; nothing
        // is sent before it is polled.
        let response = call
            .request(client)
            .map(|request| client.next(operation).run(request));
        async move { decode(operation, receive(operation, response, wants_body).await) }
    }
}

#[allow(
    dead_code,
    reason = "which kinds of answers there are is up to the API document"
)]
impl Call {
    /// A call that decodes the JSON of the answer.
    pub(crate) fn json<T, E>(self) -> Prepared<T, E>
    where
        T: DeserializeOwned + Fit,
        E: DeserializeOwned + Fit,
    {
        self.prepared(true, decoded)
    }

    /// A call that ignores a body which comes with a success.
    pub(crate) fn empty<E: DeserializeOwned + Fit>(self) -> Prepared<(), E> {
        self.prepared(false, |_, answer| taken(answer, |_| ()))
    }

    /// A call that hands out the answer as it comes.
    pub(crate) fn bytes<E: DeserializeOwned + Fit>(self) -> Prepared<Bytes, E> {
        self.prepared(true, |_, answer| taken(answer, |body| body))
    }

    fn prepared<T, E>(self, wants_body: bool, decode: Decode<T, E>) -> Prepared<T, E> {
        Prepared {
            call: self,
            wants_body,
            decode,
        }
    }
}

/// Waits for the answer and reads it; what does not depend on types is compiled once.
async fn receive(
    operation: &'static Operation,
    response: Result<Sending<'_>, Problem>,
    wants_body: bool,
) -> Result<Answer, Failure> {
    let response = response.map_err(|problem| Failure::invalid_request(operation, problem))?;
    let response = response.await;
    let mut response = response.map_err(|error| Failure::transport(operation, error))?;
    answer::read(operation, &mut response, wants_body).await
}

fn decoded<T, E>(
    operation: &'static Operation,
    answer: Result<Answer, Failure>,
) -> Result<ResponseValue<T>, Error<E>>
where
    T: DeserializeOwned + Fit,
    E: DeserializeOwned + Fit,
{
    let answer = answer.map_err(Failure::into_error)?;
    match linq_types::decode(&answer.body) {
        Ok(value) => Ok(ResponseValue::new(value, answer.status, answer.headers)),
        Err(error) => Err(Error::from(Report::undecodable(operation, answer, error))),
    }
}

fn taken<T, E: DeserializeOwned + Fit>(
    answer: Result<Answer, Failure>,
    take: fn(Bytes) -> T,
) -> Result<ResponseValue<T>, Error<E>> {
    let answer = answer.map_err(Failure::into_error)?;
    let value = take(answer.body);
    Ok(ResponseValue::new(value, answer.status, answer.headers))
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

//! Why a client could not be made, or a call failed.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use linq_types::Fit;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

use super::operation::{Operation, Repeat};
use super::parameters::Problem;
use super::response::{ErrorDetail, Response};
use super::transport::TransportError;
use crate::ErrorBody;

/// Why a client could not be made, or a call failed.
///
/// `E` is the type of the API's error bodies. The predicates say what happened, the accessors return what is
/// known; neither `Display` nor `Debug` prints texts of the API, phone numbers, ids or the API key.
///
/// ```no_run
/// # async fn example(client: linq_client::Client) {
/// if let Err(error) = client.list_chats().send().await {
///     if error.is_timeout() || error.is_connect() {
///         eprintln!("the API is out of reach: {error}");
///     } else {
///         eprintln!("status {:?}, code {:?}", error.status(), error.code());
///     }
/// }
/// # }
/// ```
pub struct Error<E = ErrorBody>(Box<Inner<E>>);

struct Inner<E> {
    operation: Option<&'static Operation>,
    kind: Kind,
    /// The error body, decoded when it is asked for.
    api: OnceLock<Option<E>>,
}

enum Kind {
    Configuration {
        problem: &'static str,
        source: Option<reqwest::Error>,
    },
    InvalidRequest(Problem),
    /// No complete response was received.
    Transport(TransportError),
    /// The status of the response is not 2xx.
    Refused(Response),
    /// The status is 2xx, and the body is not of the expected type.
    Undecodable {
        response: Response,
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl<E> Error<E> {
    fn new(operation: Option<&'static Operation>, kind: Kind) -> Self {
        Self(Box::new(Inner {
            operation,
            kind,
            api: OnceLock::new(),
        }))
    }

    pub(crate) fn configuration(problem: &'static str) -> Self {
        let source = None;
        Self::new(None, Kind::Configuration { problem, source })
    }

    pub(crate) fn http_client(error: reqwest::Error) -> Self {
        let problem = "no HTTP client could be made";
        let source = Some(error.without_url());
        Self::new(None, Kind::Configuration { problem, source })
    }

    pub(crate) fn invalid_request(operation: &'static Operation, problem: Problem) -> Self {
        Self::new(Some(operation), Kind::InvalidRequest(problem))
    }

    pub(crate) fn transport(operation: &'static Operation, error: TransportError) -> Self {
        Self::new(Some(operation), Kind::Transport(error))
    }

    pub(crate) fn refused(operation: &'static Operation, response: Response) -> Self {
        Self::new(Some(operation), Kind::Refused(response))
    }

    pub(crate) fn undecodable(
        operation: &'static Operation,
        response: Response,
        source: impl StdError + Send + Sync + 'static,
    ) -> Self {
        let source = Box::new(source);
        Self::new(Some(operation), Kind::Undecodable { response, source })
    }

    fn transport_error(&self) -> Option<&TransportError> {
        match &self.0.kind {
            Kind::Transport(error) => Some(error),
            _ => None,
        }
    }

    fn is_success(&self) -> bool {
        self.status().is_some_and(|status| status.is_success())
    }
}

impl<E> Error<E> {
    /// Returns the operation that was called; `None` if no client could be made.
    #[must_use]
    pub fn operation(&self) -> Option<&'static Operation> {
        self.0.operation
    }

    /// Returns what happened, in a few words: `refused`, `timed out`, …
    #[must_use]
    pub fn reason(&self) -> Cow<'static, str> {
        match &self.0.kind {
            Kind::Configuration { problem, .. } => {
                format!("invalid configuration: {problem}").into()
            }
            Kind::InvalidRequest(problem) => format!("invalid request: {problem}").into(),
            Kind::Transport(error) if self.is_success() => format!("accepted, but {error}").into(),
            Kind::Transport(error) if error.response().is_none() => error.to_string().into(),
            Kind::Transport(_) | Kind::Refused(_) => "refused".into(),
            Kind::Undecodable { .. } => {
                "accepted, but the response is not of the expected type".into()
            }
        }
    }

    /// Returns the response, if one was received, even if only in part.
    ///
    /// Its body is everything that was read: of a success up to
    /// [`ClientBuilder::response_limit`](crate::ClientBuilder::response_limit), else up to 64 KiB.
    #[must_use]
    pub fn response(&self) -> Option<&Response> {
        match &self.0.kind {
            Kind::Refused(response) | Kind::Undecodable { response, .. } => Some(response),
            Kind::Transport(error) => error.response(),
            Kind::Configuration { .. } | Kind::InvalidRequest(_) => None,
        }
    }

    /// Returns the HTTP status, if a response was received.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        Some(self.response()?.status())
    }

    /// Returns the headers of the response, if one was received.
    #[must_use]
    pub fn headers(&self) -> Option<&HeaderMap> {
        Some(self.response()?.headers())
    }

    /// Returns the body of the [response](Self::response), which may contain what should not be logged.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        Some(self.response()?.body())
    }

    /// Returns the id that the API gave this call; see [`Response::trace_id`].
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.response()?.trace_id()
    }

    /// Returns Linq's own code for the error, `error.code` of the body.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        self.detail()?.code()
    }

    /// Returns what the API says went wrong, for a person to read; it may repeat content of the request.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.detail()?.message()
    }

    /// Returns the address of Linq's page about the error.
    #[must_use]
    pub fn doc_url(&self) -> Option<&str> {
        self.detail()?.doc_url()
    }

    /// Returns how long the API asks to wait before the next request, at most a year.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let response = self.response().filter(|_| !self.is_success());
        response?.retry_after(SystemTime::now())
    }

    fn detail(&self) -> Option<&ErrorDetail> {
        self.response()?.error()
    }

    /// Returns true if no client could be made with the settings.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        matches!(self.0.kind, Kind::Configuration { .. })
    }

    /// Returns true if a parameter was missing or invalid; nothing was sent.
    #[must_use]
    pub fn is_invalid_request(&self) -> bool {
        matches!(self.0.kind, Kind::InvalidRequest(_))
    }

    /// Returns true if there was no connection; nothing was sent.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.transport_error()
            .is_some_and(TransportError::is_connect)
    }

    /// Returns true if the time ran out: while connecting, waiting for the response, or reading it.
    ///
    /// If there is a [`status`](Self::status), it ran out while reading.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.transport_error()
            .is_some_and(TransportError::is_timeout)
    }

    /// Returns true if a [`Hook`](crate::Hook) failed with an error of its own.
    #[must_use]
    pub fn is_hook(&self) -> bool {
        self.transport_error().is_some_and(TransportError::is_hook)
    }

    /// Returns true if the status of the response is not 2xx.
    #[must_use]
    pub fn is_status(&self) -> bool {
        self.response().is_some() && !self.is_success()
    }

    /// Returns true if the API accepted the request, with a status of 2xx, but its response could not be read
    /// or decoded.
    ///
    /// What was asked for has been done, or will be: sending the request again may do it twice. It is false for
    /// a read whose response broke off, which is safe to repeat.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        let is_read = self
            .operation()
            .is_some_and(|operation| operation.repeat() == Repeat::Read);
        let broke_off = self
            .transport_error()
            .is_some_and(|error| !error.is_unreadable());
        self.is_success() && !(is_read && broke_off)
    }

    /// Returns true if a complete response of status 2xx could not be decoded.
    #[must_use]
    pub fn is_decode(&self) -> bool {
        matches!(self.0.kind, Kind::Undecodable { .. })
    }
}

impl<E: DeserializeOwned + Fit> Error<E> {
    /// Returns the error body of the API, if there is one and it can be decoded.
    #[must_use]
    pub fn api(&self) -> Option<&E> {
        let decode = || linq_types::decode(self.body().filter(|_| self.is_status())?).ok();
        self.0.api.get_or_init(decode).as_ref()
    }

    /// Returns the error body of the API alone.
    #[must_use]
    pub fn into_api(self) -> Option<E> {
        let _ = self.api();
        self.0.api.into_inner().flatten()
    }
}

impl<E> fmt::Display for Error<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation() {
            write!(formatter, "{operation}: ")?;
        }
        formatter.write_str(&self.reason())?;
        if let Some(status) = self.status() {
            write!(formatter, ", status {}", status.as_u16())?;
        }
        if let Some(code) = self.code() {
            write!(formatter, ", code {code}")?;
        }
        if let Some(trace_id) = self.trace_id() {
            write!(formatter, ", trace id {trace_id}")?;
        }
        Ok(())
    }
}

// Without body and headers of the response, which are not for logs.
impl<E> fmt::Debug for Error<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Error({self})")
    }
}

impl<E> StdError for Error<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.kind {
            Kind::Configuration { source, .. } => source.as_ref().map(|source| source as _),
            Kind::Transport(error) => error.source(),
            Kind::Undecodable { source, .. } => Some(&**source),
            Kind::InvalidRequest(_) | Kind::Refused(_) => None,
        }
    }
}

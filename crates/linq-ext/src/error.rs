//! Why a call failed.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use linq_client::reqwest::StatusCode;
use linq_client::reqwest::header::HeaderMap;
use linq_client::{ErrorBody, Operation};
use uuid::Uuid;

use crate::ErrorCode;
use crate::message::{InvalidMessage, Violation};

type ClientError = linq_client::Error<ErrorBody>;
type Source = Box<dyn StdError + Send + Sync>;

/// Why a client could not be made, or a call failed.
///
/// The predicates say what happened, the accessors return what is known, and [`source`](StdError::source)
/// keeps the cause. `Display` is one line with operation, status, code and trace id, and `Debug` contains it;
/// neither prints message texts, phone numbers, ids or the API key.
///
/// ```no_run
/// # async fn example(linq: linq_ext::Linq) {
/// # let call = linq.get("/v3/chats");
/// if let Err(error) = call.await {
///     if let Some(wait) = error.retry_after() {
///         eprintln!("try again in {wait:?}");
///     } else if error.is_opted_out() {
///         eprintln!("this person wants no messages");
///     } else {
///         eprintln!("{error}");
///     }
/// }
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    operation: Option<&'static Operation>,
    attempts: u32,
    retry_after: Option<Duration>,
    retryable: bool,
    idempotency_key: Option<String>,
    attachment_id: Option<Uuid>,
    source: Option<Source>,
}

enum Kind {
    /// A call of the API failed.
    Call(Box<ClientError>),
    /// No client could be made.
    Configuration(Cow<'static, str>),
    /// Something given to a call is invalid; nothing was sent.
    InvalidRequest(Cow<'static, str>),
    /// A message breaks a rule; nothing was sent.
    InvalidMessage(InvalidMessage),
    /// Something other than the API failed: a file, or the transfer of one.
    Other {
        what: Cow<'static, str>,
        status: Option<StatusCode>,
        timeout: bool,
        connect: bool,
    },
}

/// What the retries know about a call that failed.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallReport {
    pub(crate) attempts: u32,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) retryable: bool,
    pub(crate) idempotency_key: Option<String>,
}

impl Error {
    /// No client could be made.
    pub(crate) fn configuration(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Configuration(what.into()))
    }

    /// Something given to a call is invalid, and nothing was sent; `what` must not contain text of a message.
    pub(crate) fn invalid_request(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::InvalidRequest(what.into()))
    }

    /// A message breaks a rule, and nothing was sent.
    pub(crate) fn invalid_message(invalid: InvalidMessage) -> Self {
        Self::new(Kind::InvalidMessage(invalid))
    }

    /// Something other than the API failed, such as reading a file.
    pub(crate) fn other(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Other {
            what: what.into(),
            status: None,
            timeout: false,
            connect: false,
        })
    }

    /// The time ran out, for something other than a call of the API.
    pub(crate) fn timed_out(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Other {
            what: what.into(),
            status: None,
            timeout: true,
            connect: false,
        })
    }

    /// A request to another server than the API failed, such as the upload of a file.
    pub(crate) fn transfer(
        what: impl Into<Cow<'static, str>>,
        error: linq_client::reqwest::Error,
    ) -> Self {
        let kind = Kind::Other {
            what: what.into(),
            status: error.status(),
            timeout: error.is_timeout(),
            connect: error.is_connect(),
        };
        Self::new(kind).with_source(error.without_url())
    }

    /// Another server than the API refused a request.
    pub(crate) fn transfer_status(what: impl Into<Cow<'static, str>>, status: StatusCode) -> Self {
        Self::new(Kind::Other {
            what: what.into(),
            status: Some(status),
            timeout: false,
            connect: false,
        })
    }

    /// The cause.
    pub(crate) fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_operation(mut self, operation: &'static Operation) -> Self {
        self.0.operation = Some(operation);
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// The attachment that was reserved before this went wrong.
    pub(crate) fn with_attachment_id(mut self, id: Uuid) -> Self {
        self.0.attachment_id = Some(id);
        self
    }

    /// What the retries know about the call.
    pub(crate) fn with_report(mut self, report: CallReport) -> Self {
        let CallReport {
            attempts,
            retry_after,
            retryable,
            idempotency_key,
        } = report;
        self.0.attempts = attempts;
        self.0.retry_after = retry_after.or(self.0.retry_after);
        self.0.retryable = retryable;
        self.0.idempotency_key = idempotency_key;
        self
    }

    fn new(kind: Kind) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: None,
            attempts: 0,
            retry_after: None,
            retryable: false,
            idempotency_key: None,
            attachment_id: None,
            source: None,
        }))
    }

    fn call(&self) -> Option<&ClientError> {
        match &self.0.kind {
            Kind::Call(error) => Some(error),
            _ => None,
        }
    }
}

impl Error {
    /// Returns the operation that was called; `None` if there was none.
    #[must_use]
    pub fn operation(&self) -> Option<&'static Operation> {
        self.0.operation.or_else(|| self.call()?.operation())
    }

    /// Returns the HTTP status, if a response was received.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match &self.0.kind {
            Kind::Other { status, .. } => *status,
            _ => self.call()?.status(),
        }
    }

    /// Returns the headers of the response, if the API sent one.
    #[must_use]
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.call()?.headers()
    }

    /// Returns the body of the response as it was received.
    ///
    /// For a call that was [accepted](Self::is_accepted) it is everything that was read, else the first 64 KiB
    /// at most. It may contain what should not be logged.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.call()?.body()
    }

    /// Returns Linq's own code for the error, finer than the status.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        self.call()?.code().map(ErrorCode::from)
    }

    /// Returns what the API says went wrong, for a person to read.
    ///
    /// It may repeat numbers or content of the request, so think before logging it.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.call()?.message()
    }

    /// Returns the address of Linq's page about the error.
    #[must_use]
    pub fn doc_url(&self) -> Option<&str> {
        self.call()?.doc_url()
    }

    /// Returns the id that the API gave this call; quote it to Linq's support.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.call()?.trace_id()
    }

    /// Returns how long the API asks to wait before the next attempt, at most a year.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns how many attempts to send the request were made; 0 if none, or if that is not known.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the idempotency key of the call, if it had one.
    ///
    /// Set it on the same call with [`Call::idempotency_key`](crate::Call::idempotency_key) to try again without
    /// sending twice.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.0.idempotency_key.as_deref()
    }

    /// Returns the attachment that an [upload](crate::Upload) had reserved before it failed.
    ///
    /// The file may have been received all the same, if only the response was lost: ask with
    /// [`Linq::get_attachment`](crate::Linq::get_attachment). Otherwise nothing refers to the reservation, and it can be left
    /// alone, or deleted with `delete_attachment`; the address it came with is not kept, so that an upload
    /// starts again with a new one.
    #[must_use]
    pub fn attachment_id(&self) -> Option<Uuid> {
        self.0.attachment_id
    }

    /// Returns true if no client could be made with the settings.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        match &self.0.kind {
            Kind::Configuration(_) => true,
            Kind::Call(error) => error.is_configuration(),
            _ => false,
        }
    }

    /// Returns true if something given to the call is invalid, or the message breaks a rule; nothing was sent.
    #[must_use]
    pub fn is_invalid_request(&self) -> bool {
        match &self.0.kind {
            Kind::InvalidRequest(_) | Kind::InvalidMessage(_) => true,
            Kind::Call(error) => error.is_invalid_request(),
            _ => false,
        }
    }

    /// Returns true if the message, a handle or a file breaks a rule of the API: found before sending, and then
    /// [`violations`](Self::violations) says which, or by the API (code 1004).
    #[must_use]
    pub fn is_invalid_message(&self) -> bool {
        matches!(self.0.kind, Kind::InvalidMessage(_))
            || self.code() == Some(ErrorCode::InvalidMessageContent)
    }

    /// Returns the rules that a message, a handle or a file breaks, if that was found before sending.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        match &self.0.kind {
            Kind::InvalidMessage(invalid) => invalid.violations(),
            _ => &[],
        }
    }

    /// Returns true if there were too many requests in too short a time (429).
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(StatusCode::TOO_MANY_REQUESTS)
    }

    /// Returns true if what was asked for does not exist (404).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// Returns true if the API key is missing, wrong or expired (401).
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(StatusCode::UNAUTHORIZED)
    }

    /// Returns true if the recipient has opted out of messages (code 2024).
    #[must_use]
    pub fn is_opted_out(&self) -> bool {
        self.code() == Some(ErrorCode::RecipientOptedOut)
    }

    /// Returns true if the time ran out: while connecting, waiting for the response, or reading it.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match &self.0.kind {
            Kind::Call(error) => error.is_timeout(),
            Kind::Other { timeout, .. } => *timeout,
            _ => false,
        }
    }

    /// Returns true if the last attempt could not connect.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        match &self.0.kind {
            Kind::Call(error) => error.is_connect(),
            Kind::Other { connect, .. } => *connect,
            _ => false,
        }
    }

    /// Returns true if the API accepted the request, with a status of 2xx, but its response could not be read.
    ///
    /// What was asked for has been done, or will be: do not send it again. [`body`](Self::body) is what was
    /// received. It is false for a read whose response broke off, which is safe to repeat.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.call().is_some_and(ClientError::is_accepted)
    }

    /// Returns true if the same call can succeed later, and making it again does nothing twice.
    ///
    /// For a send this is so only with the same [key](Self::idempotency_key).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }
}

impl From<InvalidMessage> for Error {
    /// An error with [`Error::is_invalid_message`], whose [`Error::violations`] are those of the message.
    fn from(invalid: InvalidMessage) -> Self {
        Self::invalid_message(invalid)
    }
}

impl From<ClientError> for Error {
    /// Converts an error of [`Linq::api`](crate::Linq::api).
    ///
    /// Such a call is sent once, so it never counts as [retryable](Error::is_retryable).
    fn from(error: ClientError) -> Self {
        let retry_after = error.retry_after();
        let mut new = Self::new(Kind::Call(Box::new(error)));
        new.0.retry_after = retry_after;
        new
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation() {
            write!(formatter, "{operation}: ")?;
        }
        match &self.0.kind {
            Kind::Call(error) => formatter.write_str(&error.reason())?,
            Kind::Configuration(what) => write!(formatter, "invalid configuration: {what}")?,
            Kind::InvalidRequest(what) => write!(formatter, "invalid request: {what}")?,
            Kind::InvalidMessage(invalid) => write!(formatter, "invalid message: {invalid}")?,
            Kind::Other { what, .. } => formatter.write_str(what)?,
        }
        if let Some(status) = self.status() {
            write!(formatter, ", status {}", status.as_u16())?;
        }
        if let Some(code) = self.code() {
            write!(formatter, ", code {code}")?;
        }
        if let Some(trace_id) = self.trace_id() {
            write!(formatter, ", trace id {trace_id}")?;
        }
        match self.attempts() {
            0 | 1 => Ok(()),
            attempts => write!(formatter, ", {attempts} attempts"),
        }
    }
}

// Without body and headers of the response, which are not for logs.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Error")
            .field("retryable", &self.is_retryable())
            .field("retry_after", &self.retry_after())
            .finish_non_exhaustive()?;
        write!(formatter, ": {self}")
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.source {
            Some(source) => Some(source.as_ref()),
            None => self.call()?.source(),
        }
    }
}

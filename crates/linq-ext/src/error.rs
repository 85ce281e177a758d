//! Why a call failed.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::{Duration, SystemTime};

use linq_client::reqwest::StatusCode;
use linq_client::reqwest::header::HeaderMap;
use linq_client::{ErrorBody, Operation};
use uuid::Uuid;

use crate::ErrorCode;
use crate::message::InvalidMessage;
use crate::retry::backoff;
use crate::retry::key::KeyRefused;

type ClientError = linq_client::Error<ErrorBody>;
type Source = Box<dyn StdError + Send + Sync>;

/// Why a client could not be made, or a call failed.
///
/// The predicates tell what happened, the accessors give what is known, and [`source`](StdError::source)
/// keeps the cause. `Display` is one line with operation, status, code and trace id; neither it nor `Debug`
/// prints message texts, phone numbers, ids or the API key.
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
    /// Something given to a call is unfit; nothing was sent.
    InvalidRequest(Cow<'static, str>),
    /// A message breaks a rule; nothing was sent. The source says which.
    InvalidMessage,
    /// Something beside the API failed: a file, or the transfer of one.
    Other {
        what: Cow<'static, str>,
        status: Option<StatusCode>,
        timeout: bool,
        connect: bool,
    },
    /// The API accepted a call, and its answer is not of the type that was asked for.
    Undecodable {
        status: StatusCode,
        headers: Box<HeaderMap>,
        body: linq_client::bytes::Bytes,
        trace_id: Option<String>,
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

#[allow(dead_code, reason = "which of these are needed is up to the features")]
impl Error {
    /// No client could be made.
    pub(crate) fn configuration(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Configuration(what.into()))
    }

    /// Something given to a call is unfit, and nothing was sent; `what` must hold no text of a message.
    pub(crate) fn invalid_request(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::InvalidRequest(what.into()))
    }

    /// Something beside the API failed, such as reading a file.
    pub(crate) fn other(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Other {
            what: what.into(),
            status: None,
            timeout: false,
            connect: false,
        })
    }

    /// Time ran out beside the API.
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

    /// The API accepted a call, and its answer is not of the type that was asked for.
    pub(crate) fn undecodable(
        operation: &'static Operation,
        answer: linq_client::ResponseValue<linq_client::bytes::Bytes>,
    ) -> Self {
        let kind = Kind::Undecodable {
            status: answer.status(),
            headers: Box::new(answer.headers().clone()),
            trace_id: answer.trace_id().map(str::to_owned),
            body: answer.into_inner(),
        };
        Self::new(kind).with_operation(operation)
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
    /// The operation that was called; `None` if it was not about one.
    #[must_use]
    pub fn operation(&self) -> Option<&'static Operation> {
        self.0.operation.or_else(|| self.call()?.operation())
    }

    /// The HTTP status, if an answer came.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match &self.0.kind {
            Kind::Call(error) => error.status(),
            Kind::Other { status, .. } => *status,
            Kind::Undecodable { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The headers of the answer, if one came from the API.
    #[must_use]
    pub fn headers(&self) -> Option<&HeaderMap> {
        match &self.0.kind {
            Kind::Call(error) => error.headers(),
            Kind::Undecodable { headers, .. } => Some(headers),
            _ => None,
        }
    }

    /// The body of the answer as it came.
    ///
    /// Of a call that was [accepted](Self::is_accepted) it is everything that was read, else the first 4 KiB at
    /// most. It may hold what should not be logged.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        match &self.0.kind {
            Kind::Call(error) => error.body(),
            Kind::Undecodable { body, .. } => Some(body),
            _ => None,
        }
    }

    /// Linq's own code for the error, finer than the status.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        self.call()?.code().map(ErrorCode::from)
    }

    /// What the API says went wrong, for a person to read.
    ///
    /// It may repeat numbers or content of the request, so think before logging it.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        Some(&self.call()?.api()?.error.message)
    }

    /// The address of Linq's page about the error.
    #[must_use]
    pub fn doc_url(&self) -> Option<&str> {
        self.call()?.api()?.error.doc_url.as_deref()
    }

    /// The id that the API gave this call; quote it to Linq's support.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Call(error) => error.trace_id(),
            Kind::Undecodable { trace_id, .. } => trace_id.as_deref(),
            _ => None,
        }
    }

    /// How long the API asks to wait before the next try.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How often the request was sent, or tried to be; 0 if it was not, or if that is not known.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The idempotency key of the call, if it had one.
    ///
    /// Give it to the same call with [`Call::idempotency_key`](crate::Call::idempotency_key) to try again
    /// without sending twice.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.0.idempotency_key.as_deref()
    }

    /// The attachment that an [upload](crate::Upload) had reserved before it failed.
    ///
    /// The file may have arrived all the same, where the answer got lost: `get_attachment` of
    /// [`Linq::api`](crate::Linq::api) tells. Otherwise nothing refers to the reservation, and it can be left
    /// alone, or deleted with `delete_attachment`; the address it came with is not kept, so that an upload
    /// starts again with a new one.
    #[must_use]
    pub fn attachment_id(&self) -> Option<Uuid> {
        self.0.attachment_id
    }

    /// True if no client could be made from what it was given.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        match &self.0.kind {
            Kind::Configuration(_) => true,
            Kind::Call(error) => error.is_configuration(),
            _ => false,
        }
    }

    /// True if something given to the call is unfit, or the message breaks a rule; nothing was sent.
    #[must_use]
    pub fn is_invalid_request(&self) -> bool {
        match &self.0.kind {
            Kind::InvalidRequest(_) | Kind::InvalidMessage => true,
            Kind::Call(error) => error.is_invalid_request(),
            _ => false,
        }
    }

    /// True if the message, a handle or a file breaks a rule of the API: found before sending, and then the
    /// source is an [`InvalidMessage`], or by the API (code 1004).
    #[must_use]
    pub fn is_invalid_message(&self) -> bool {
        matches!(self.0.kind, Kind::InvalidMessage)
            || self.code() == Some(ErrorCode::InvalidMessageContent)
    }

    /// True if too many requests came in too short a time (429).
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(StatusCode::TOO_MANY_REQUESTS)
    }

    /// True if what was asked for does not exist (404).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// True if the API key is missing, wrong or expired (401).
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(StatusCode::UNAUTHORIZED)
    }

    /// True if the recipient has opted out of messages (code 2024).
    #[must_use]
    pub fn is_opted_out(&self) -> bool {
        self.code() == Some(ErrorCode::RecipientOptedOut)
    }

    /// True if time ran out: while connecting, waiting for the answer, or reading it.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match &self.0.kind {
            Kind::Call(error) => error.is_timeout(),
            Kind::Other { timeout, .. } => *timeout,
            _ => false,
        }
    }

    /// True if no connection came about at the last attempt.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        match &self.0.kind {
            Kind::Call(error) => error.is_connect(),
            Kind::Other { connect, .. } => *connect,
            _ => false,
        }
    }

    /// True if the API took the request, with a status of 2xx, but its answer could not be read.
    ///
    /// What was asked for has been done, or will be: do not send it again. [`body`](Self::body) is what came.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        match &self.0.kind {
            Kind::Call(error) => error.is_accepted(),
            Kind::Undecodable { .. } => true,
            _ => false,
        }
    }

    /// True if the same call can succeed later, and making it again does nothing twice.
    ///
    /// For a send that holds with the same [key](Self::idempotency_key) only.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }
}

impl From<InvalidMessage> for Error {
    /// An error with [`Error::is_invalid_message`], whose source says which rule is broken.
    fn from(invalid: InvalidMessage) -> Self {
        Self::new(Kind::InvalidMessage).with_source(invalid)
    }
}

impl From<ClientError> for Error {
    /// Takes over an error of [`Linq::api`](crate::Linq::api).
    ///
    /// How often the request was sent is not known then, and so it never counts as
    /// [retryable](Error::is_retryable).
    fn from(error: ClientError) -> Self {
        let refused = error
            .source()
            .and_then(|source| source.downcast_ref::<KeyRefused>());
        let operation = error.operation();
        let mut new = match refused {
            Some(refused) => Self::invalid_request(refused.problem()),
            None => Self::new(Kind::Call(Box::new(error))),
        };
        new.0.operation = operation;
        new.0.retry_after = new.wait_of_answer();
        new
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The generated client says these best, and has the operation in it.
        if let Kind::Call(error) = &self.0.kind
            && (error.is_configuration() || error.is_invalid_request())
        {
            return error.fmt(formatter);
        }
        if let Some(operation) = self.operation() {
            write!(formatter, "{operation}: ")?;
        }
        formatter.write_str(self.what())?;
        match &self.0.kind {
            Kind::Configuration(what) | Kind::InvalidRequest(what) => {
                write!(formatter, ": {what}")?
            }
            // Without it nobody would know which rule it is.
            Kind::InvalidMessage => {
                if let Some(rule) = &self.0.source {
                    write!(formatter, ": {rule}")?;
                }
            }
            _ => {}
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

impl Error {
    fn what(&self) -> &str {
        match &self.0.kind {
            Kind::Configuration(_) => "invalid configuration",
            Kind::InvalidRequest(_) => "invalid request",
            Kind::InvalidMessage => "invalid message",
            Kind::Other { what, .. } => what,
            Kind::Undecodable { .. } => "accepted, but the answer is not of the type asked for",
            Kind::Call(error) => match (error.is_connect(), error.is_timeout()) {
                _ if error.is_status() => "refused",
                _ if error.is_decode() => "accepted, but the answer is not what is documented",
                (_, true) if error.is_accepted() => "accepted, but reading the answer timed out",
                _ if error.is_accepted() => "accepted, but the answer broke off",
                (true, true) => "timed out while connecting",
                (true, false) => "could not connect",
                (false, true) => "timed out",
                (false, false) if error.is_hook() => "a hook failed",
                (false, false) => "no answer",
            },
        }
    }

    /// How long an answer that is no success asks to wait, in its headers or its body.
    fn wait_of_answer(&self) -> Option<Duration> {
        let error = self.call().filter(|error| error.is_status())?;
        let in_headers = || backoff::retry_after(error.headers()?, SystemTime::now());
        let in_body = || u64::try_from(error.api()?.error.retry_after?).ok();
        in_headers().or_else(|| in_body().map(Duration::from_secs))
    }
}

// By hand, since the body and the headers of an answer hold what should not be logged.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Error")
            .field("operation", &self.operation().map(Operation::name))
            .field("what", &self.what())
            .field("status", &self.status().map(|status| status.as_u16()))
            .field("code", &self.code())
            .field("trace_id", &self.trace_id())
            .field("attempts", &self.attempts())
            .field("retry_after", &self.retry_after())
            .field("retryable", &self.is_retryable())
            .finish_non_exhaustive()
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

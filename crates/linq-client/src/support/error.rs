//! Why a call failed.

use std::error::Error as StdError;
use std::fmt;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::answer::Answer;
use super::problem::Problem;
use super::{Operation, TransportError, detail};
use linq_types::DecodeError;

/// How much of an error's body is kept.
const EXCERPT_LIMIT: usize = 4 * 1024;

/// Why a client could not be made, or a call failed.
///
/// `E` is the type of the API's error bodies. The predicates tell what happened, the accessors give what is
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
pub struct Error<E = serde_json::Value>(Box<Inner<E>>);

struct Inner<E> {
    report: Report,
    api: Option<E>,
}

/// Everything about an error that does not depend on the type of the error body.
pub(crate) struct Report {
    operation: Option<&'static Operation>,
    kind: Kind,
    timeout: bool,
    connect: bool,
    answer: Option<Answer>,
    trace_id: Option<String>,
    code: Option<i64>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Configuration(&'static str),
    InvalidRequest(Problem),
    /// No answer came.
    Transport,
    /// No answer came, since a hook failed.
    Hook,
    /// An answer came, and its status is not 2xx.
    Status,
    /// An answer of status 2xx came, and its body broke off.
    Unreadable,
    /// An answer of status 2xx came, and its body is not of the documented type.
    Undecodable,
}

impl<E> Error<E> {
    pub(crate) fn new(report: Report, api: Option<E>) -> Self {
        Self(Box::new(Inner { report, api }))
    }

    pub(crate) fn configuration(problem: &'static str) -> Self {
        Report::new(None, Kind::Configuration(problem)).into()
    }

    pub(crate) fn http_client(error: reqwest::Error) -> Self {
        let mut report = Report::new(None, Kind::Configuration("no HTTP client could be made"));
        report.add_source(error.without_url());
        report.into()
    }

    /// The operation that was called; `None` if no client could be made.
    #[must_use]
    pub fn operation(&self) -> Option<&'static Operation> {
        self.0.report.operation
    }

    /// The HTTP status, if an answer came.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        Some(self.0.report.answer.as_ref()?.status)
    }

    /// The headers of the answer, if one came.
    #[must_use]
    pub fn headers(&self) -> Option<&HeaderMap> {
        Some(&self.0.report.answer.as_ref()?.headers)
    }

    /// The error body of the API, if one came and could be decoded.
    #[must_use]
    pub fn api(&self) -> Option<&E> {
        self.0.api.as_ref()
    }

    /// The error body of the API alone.
    #[must_use]
    pub fn into_api(self) -> Option<E> {
        self.0.api
    }

    /// The body of the answer as it came.
    ///
    /// Of an answer that was accepted it is everything that was read, else the first 4 KiB at most. It may
    /// hold what should not be logged.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        Some(&self.0.report.answer.as_ref()?.body)
    }

    /// The id that the API gave this call, from the body, or else the header `X-Trace-ID` or `X-Request-ID`.
    ///
    /// Quote it to Linq's support.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.0.report.trace_id.as_deref()
    }

    /// Linq's own code for the error, `error.code` of the body.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        self.0.report.code
    }

    /// True if no client could be made from what it was given.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        matches!(self.0.report.kind, Kind::Configuration(_))
    }

    /// True if a parameter was missing or unfit; nothing was sent.
    #[must_use]
    pub fn is_invalid_request(&self) -> bool {
        matches!(self.0.report.kind, Kind::InvalidRequest(_))
    }

    /// True if no connection came about; nothing was sent.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.0.report.connect
    }

    /// True if time ran out: while connecting, waiting for the answer, or reading it.
    ///
    /// If [`status`](Self::status) is there, it ran out while reading.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0.report.timeout
    }

    /// True if a [`Hook`](crate::Hook) failed with an error of its own.
    #[must_use]
    pub fn is_hook(&self) -> bool {
        self.0.report.kind == Kind::Hook
    }

    /// True if the API answered with a status that is not 2xx.
    #[must_use]
    pub fn is_status(&self) -> bool {
        self.0.report.kind == Kind::Status
    }

    /// True if the API took the request, with a status of 2xx, but its answer could not be read or decoded.
    ///
    /// What was asked for has been done, or will be: repeating the call may do it twice.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        matches!(self.0.report.kind, Kind::Unreadable | Kind::Undecodable)
    }

    /// True if an accepted request's answer was read, but is not what the API document says.
    #[must_use]
    pub fn is_decode(&self) -> bool {
        self.0.report.kind == Kind::Undecodable
    }

    /// Changes the type of the error body, and keeps the rest.
    #[must_use]
    pub fn map_api<F>(self, change: impl FnOnce(E) -> F) -> Error<F> {
        let Inner { report, api } = *self.0;
        Error::new(report, api.map(change))
    }
}

impl Report {
    fn new(operation: Option<&'static Operation>, kind: Kind) -> Self {
        Self {
            operation,
            kind,
            timeout: false,
            connect: false,
            answer: None,
            trace_id: None,
            code: None,
            source: None,
        }
    }

    /// A parameter that keeps the request from being sent.
    pub(crate) fn invalid_request(operation: &'static Operation, problem: Problem) -> Self {
        Self::new(Some(operation), Kind::InvalidRequest(problem))
    }

    /// A request that got no answer.
    pub(crate) fn transport(operation: &'static Operation, error: TransportError) -> Self {
        let kind = if error.is_hook() {
            Kind::Hook
        } else {
            Kind::Transport
        };
        Self::new(Some(operation), kind).interrupted(error)
    }

    /// An answer whose status is not 2xx; gives the body back, of which it keeps the beginning.
    pub(crate) fn refused(
        operation: &'static Operation,
        answer: Answer,
        interruption: Option<TransportError>,
    ) -> (Self, Bytes) {
        let Answer {
            status,
            headers,
            body,
        } = answer;
        let detail = detail::read(&headers, &body);
        let excerpt = Bytes::copy_from_slice(&body[..body.len().min(EXCERPT_LIMIT)]);
        let report = Self {
            answer: Some(Answer {
                status,
                headers,
                body: excerpt,
            }),
            trace_id: detail.trace_id,
            code: detail.code,
            ..Self::new(Some(operation), Kind::Status)
        };
        match interruption {
            Some(error) => (report.interrupted(error), body),
            None => (report, body),
        }
    }

    /// A success whose body broke off.
    pub(crate) fn unreadable(
        operation: &'static Operation,
        answer: Answer,
        error: TransportError,
    ) -> Self {
        Self::accepted(operation, answer, Kind::Unreadable).interrupted(error)
    }

    /// A success whose body is of another type.
    pub(crate) fn undecodable(
        operation: &'static Operation,
        answer: Answer,
        error: DecodeError,
    ) -> Self {
        let mut report = Self::accepted(operation, answer, Kind::Undecodable);
        report.add_source(error);
        report
    }

    /// Adds a cause, unless there is one from before.
    pub(crate) fn add_source(&mut self, error: impl StdError + Send + Sync + 'static) {
        self.source.get_or_insert_with(|| Box::new(error));
    }

    fn accepted(operation: &'static Operation, answer: Answer, kind: Kind) -> Self {
        let trace_id = detail::read(&answer.headers, &answer.body).trace_id;
        Self {
            answer: Some(answer),
            trace_id,
            ..Self::new(Some(operation), kind)
        }
    }

    fn interrupted(mut self, error: TransportError) -> Self {
        self.timeout = error.is_timeout();
        self.connect = error.is_connect();
        self.source = Some(error.into_cause());
        self
    }

    fn what(&self) -> &'static str {
        match (self.kind, self.connect, self.timeout) {
            (Kind::Configuration(_), ..) => "invalid configuration",
            (Kind::InvalidRequest(_), ..) => "invalid request",
            (Kind::Transport, true, true) => "timed out while connecting",
            (Kind::Transport, true, false) => "could not connect",
            (Kind::Transport | Kind::Hook, _, true) => "timed out",
            (Kind::Transport, false, false) => "no answer",
            (Kind::Hook, _, false) => "a hook failed",
            (Kind::Status, ..) => "refused",
            (Kind::Unreadable, _, true) => "accepted, but reading the answer timed out",
            (Kind::Unreadable, ..) => "accepted, but the answer broke off",
            (Kind::Undecodable, ..) => "accepted, but the answer is not what is documented",
        }
    }
}

impl<E> From<Report> for Error<E> {
    fn from(report: Report) -> Self {
        Self::new(report, None)
    }
}

impl<E> fmt::Display for Error<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &self.0.report;
        if let Some(operation) = report.operation {
            write!(formatter, "{operation}: ")?;
        }
        formatter.write_str(report.what())?;
        match report.kind {
            Kind::Configuration(problem) => write!(formatter, ": {problem}")?,
            Kind::InvalidRequest(problem) => write!(formatter, ": {problem}")?,
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
        Ok(())
    }
}

// By hand, since the body and the headers of an answer hold what should not be logged.
impl<E> fmt::Debug for Error<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Error")
            .field("operation", &self.operation().map(Operation::name))
            .field("kind", &self.0.report.kind)
            .field("timeout", &self.is_timeout())
            .field("connect", &self.is_connect())
            .field("status", &self.status().map(|status| status.as_u16()))
            .field("code", &self.code())
            .field("trace_id", &self.trace_id())
            .field("body_length", &self.body().map(<[u8]>::len))
            .finish_non_exhaustive()
    }
}

impl<E> StdError for Error<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .report
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

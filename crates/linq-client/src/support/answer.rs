//! Reading an answer: the status decides what its body means.

use bytes::Bytes;
use linq_types::Fit;
use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;

use super::error::Report;
use super::problem::Problem;
use super::{Error, Operation, TransportError};

/// How much of an error's body is read; a proxy's page must not fill the memory.
const ERROR_BODY_LIMIT: usize = 64 * 1024;

/// Most memory set aside on the word of a `Content-Length`.
const CAPACITY_LIMIT: u64 = 1024 * 1024;

/// An answer of status 2xx that was read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A call that failed, before the type of its error body comes into play.
pub(crate) struct Failure {
    report: Box<Report>,
    /// The body of an answer that is no success, up to the limit.
    error_body: Option<Bytes>,
}

// Apart from the path of success, so that calls that succeed need no memory for reports.
impl Failure {
    #[cold]
    pub(crate) fn invalid_request(operation: &'static Operation, problem: Problem) -> Self {
        Self::new(Report::invalid_request(operation, problem), None)
    }

    #[cold]
    pub(crate) fn transport(operation: &'static Operation, error: TransportError) -> Self {
        Self::new(Report::transport(operation, error), None)
    }

    #[cold]
    fn unreadable(operation: &'static Operation, answer: Answer, error: TransportError) -> Self {
        Self::new(Report::unreadable(operation, answer, error), None)
    }

    #[cold]
    fn refused(
        operation: &'static Operation,
        answer: Answer,
        interruption: Option<TransportError>,
    ) -> Self {
        let (report, body) = Report::refused(operation, answer, interruption);
        Self::new(report, Some(body))
    }

    fn new(report: Report, error_body: Option<Bytes>) -> Self {
        Self {
            report: Box::new(report),
            error_body,
        }
    }

    /// Decodes the error body, where there is one and it is an `E`.
    #[cold]
    pub(crate) fn into_error<E: DeserializeOwned + Fit>(self) -> Error<E> {
        let mut report = *self.report;
        let api = self
            .error_body
            .and_then(|body| match linq_types::decode(&body) {
                Ok(api) => Some(api),
                Err(error) => {
                    report.add_source(error);
                    None
                }
            });
        Error::new(report, api)
    }
}

/// Reads an answer, and sorts it by its status alone.
pub(crate) async fn read(
    operation: &'static Operation,
    response: &mut Response,
    wants_body: bool,
) -> Result<Answer, Failure> {
    let status = response.status();
    let (body, interruption) = match status.is_success() {
        true if wants_body => read_body(response, usize::MAX).await,
        true => (Bytes::new(), None),
        false => read_body(response, ERROR_BODY_LIMIT).await,
    };
    let headers = std::mem::take(response.headers_mut());
    let answer = Answer {
        status,
        headers,
        body,
    };
    match (status.is_success(), interruption) {
        (true, None) => Ok(answer),
        (true, Some(error)) => Err(Failure::unreadable(operation, answer, error)),
        (false, interruption) => Err(Failure::refused(operation, answer, interruption)),
    }
}

/// Reads what is left of a body, up to `limit` bytes; gives what came, and why it broke off if it did.
///
/// For [hooks](crate::Hook) that look at bodies. The answer has none afterwards: hand on one that is made anew.
pub async fn read_body(response: &mut Response, limit: usize) -> (Bytes, Option<TransportError>) {
    // Most bodies come in one piece, which is not copied.
    let mut first = Bytes::new();
    let mut joined = Vec::new();
    let interruption = loop {
        match response.chunk().await {
            Ok(Some(chunk)) if first.is_empty() => first = chunk,
            Ok(Some(chunk)) => {
                if joined.is_empty() {
                    joined.reserve(expected_length(response, limit));
                    joined.extend_from_slice(&first);
                }
                joined.extend_from_slice(&chunk);
            }
            Ok(None) => break None,
            Err(error) => break Some(TransportError::from(error)),
        }
        if first.len().max(joined.len()) >= limit {
            break None;
        }
    };
    let mut body = if joined.is_empty() {
        first
    } else {
        Bytes::from(joined)
    };
    body.truncate(limit);
    (body, interruption)
}

/// How much memory a body is expected to take.
fn expected_length(response: &Response, limit: usize) -> usize {
    let length = response.content_length().unwrap_or_default();
    usize::try_from(length.min(CAPACITY_LIMIT)).map_or(limit, |length| length.min(limit))
}

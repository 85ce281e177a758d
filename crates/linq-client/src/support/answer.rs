//! Reading an answer: the status decides what its body means.

use linq_types::Fit;
use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;

use super::error::Report;
use super::{Error, Operation, TransportError};

/// How much of an error's body is read; a proxy's page must not fill the memory.
const ERROR_BODY_LIMIT: usize = 64 * 1024;

/// Most memory set aside on the word of a `Content-Length`.
const CAPACITY_LIMIT: u64 = 1024 * 1024;

/// An answer of status 2xx that was read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A call that failed, before the type of its error body comes into play.
pub(crate) struct Failure {
    report: Box<Report>,
    /// The body of an answer that is no success, up to the limit.
    error_body: Option<Vec<u8>>,
}

impl From<Report> for Failure {
    fn from(report: Report) -> Self {
        Self {
            report: Box::new(report),
            error_body: None,
        }
    }
}

impl Failure {
    /// Decodes the error body, where there is one and it is an `E`.
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
    mut response: Response,
    wants_body: bool,
) -> Result<Answer, Failure> {
    let status = response.status();
    if status.is_success() && !wants_body {
        let headers = std::mem::take(response.headers_mut());
        return Ok(Answer {
            status,
            headers,
            body: Vec::new(),
        });
    }
    let limit = if status.is_success() {
        usize::MAX
    } else {
        ERROR_BODY_LIMIT
    };
    let (body, interruption) = read_body(&mut response, limit).await;
    let headers = std::mem::take(response.headers_mut());
    let answer = Answer {
        status,
        headers,
        body,
    };
    match (status.is_success(), interruption) {
        (true, None) => Ok(answer),
        (true, Some(error)) => Err(Report::unreadable(operation, answer, error).into()),
        (false, interruption) => {
            let (report, body) = Report::refused(operation, answer, interruption);
            Err(Failure {
                report: Box::new(report),
                error_body: Some(body),
            })
        }
    }
}

/// Reads a body up to `limit` bytes; what came before an interruption is kept.
async fn read_body(response: &mut Response, limit: usize) -> (Vec<u8>, Option<TransportError>) {
    let expected = response
        .content_length()
        .unwrap_or_default()
        .min(CAPACITY_LIMIT);
    let mut body = Vec::with_capacity(usize::try_from(expected).unwrap_or_default().min(limit));
    while body.len() < limit {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = limit - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
            Ok(None) => break,
            Err(error) => return (body, Some(TransportError::from(error))),
        }
    }
    (body, None)
}

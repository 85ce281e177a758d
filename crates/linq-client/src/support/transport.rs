//! The exchange of a request for a response, and why there was none.

use std::error::Error;
use std::fmt;
use std::io;

use reqwest::header::{CONTENT_ENCODING, HeaderMap};

use super::response::Response;

/// How much of an error's body is read; the page of a proxy must not fill the memory.
const ERROR_BODY_LIMIT: usize = 64 * 1024;

/// Why there is no complete response: the network failed, or a [`Hook`](crate::Hook) did.
///
/// If status and headers were received, [`response`](Self::response) has them. URLs contain ids, so they are
/// removed from errors of [`reqwest`].
#[derive(Debug)]
pub struct TransportError {
    cause: Cause,
    host: Option<String>,
    response: Option<Box<Response>>,
}

#[derive(Debug)]
enum Cause {
    Http(reqwest::Error),
    /// The body is larger than this many bytes.
    TooLarge(usize),
    /// The body is compressed.
    Compressed,
    Hook(Box<dyn Error + Send + Sync>),
}

/// Sends a request and reads the response, of which at most `limit` bytes are held.
pub(crate) async fn exchange(
    http: &reqwest::Client,
    request: reqwest::Request,
    limit: usize,
) -> Result<Response, TransportError> {
    let mut response = http.execute(request).await?;
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let (body, cause) = if is_compressed(&headers) {
        (Vec::new(), Some(Cause::Compressed))
    } else if status.is_success() {
        read(&mut response, limit).await
    } else {
        match read(&mut response, limit.min(ERROR_BODY_LIMIT)).await {
            // The beginning is enough to know what went wrong.
            (body, Some(Cause::TooLarge(_))) => (body, None),
            read => read,
        }
    };
    let response = Response::new(status, headers, body);
    match cause {
        None => Ok(response),
        Some(cause) => Err(TransportError {
            cause,
            host: None,
            response: Some(Box::new(response)),
        }),
    }
}

/// Reads a body up to a limit; returns what was received, and why that is not everything.
async fn read(response: &mut reqwest::Response, limit: usize) -> (Vec<u8>, Option<Cause>) {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = limit - body.len();
                if chunk.len() > room {
                    body.extend_from_slice(&chunk[..room]);
                    return (body, Some(Cause::TooLarge(limit)));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(None) => return (body, None),
            Err(error) => return (body, Some(Cause::Http(error.without_url()))),
        }
    }
}

/// Whether a body is compressed still: an HTTP client that decompresses removes the header.
fn is_compressed(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

impl TransportError {
    /// Wraps the error of a hook.
    ///
    /// A [`reqwest::Error`] and a `TransportError` are recognized and not wrapped.
    pub fn other(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = match error.into().downcast::<Self>() {
            Ok(error) => return *error,
            Err(error) => error,
        };
        match error.downcast::<reqwest::Error>() {
            Ok(error) => Self::from(*error),
            Err(error) => Self {
                cause: Cause::Hook(error),
                host: None,
                response: None,
            },
        }
    }

    /// Returns the response as far as it was received: status, headers and the beginning of the body.
    ///
    /// With a status of 2xx the API has accepted the request: sending it again may do twice what it asks for.
    #[must_use]
    pub fn response(&self) -> Option<&Response> {
        self.response.as_deref()
    }

    /// Returns true if the time ran out, while connecting or later.
    ///
    /// The error of a hook counts if an [`io::Error`] of the kind `TimedOut` is in its chain of sources.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match &self.cause {
            Cause::Http(error) => error.is_timeout(),
            Cause::Hook(error) => is_timed_out(error.as_ref()),
            Cause::TooLarge(_) | Cause::Compressed => false,
        }
    }

    /// Returns true if there was no connection, so that nothing was sent.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(&self.cause, Cause::Http(error) if error.is_connect())
    }

    /// Returns true if it is the error of a hook, made by [`TransportError::other`].
    #[must_use]
    pub fn is_hook(&self) -> bool {
        matches!(self.cause, Cause::Hook(_))
    }

    /// Returns true if the request cannot be sent at all, for example to an address without a host.
    #[must_use]
    pub fn is_request(&self) -> bool {
        matches!(&self.cause, Cause::Http(error) if error.is_builder())
    }

    /// Returns true if a response was received that is larger than
    /// [`ClientBuilder::response_limit`](crate::ClientBuilder::response_limit) or compressed, which another
    /// attempt would not change.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        matches!(self.cause, Cause::TooLarge(_) | Cause::Compressed)
    }

    /// Takes the response out, if its status is 2xx.
    pub(crate) fn into_accepted(mut self) -> Result<Response, Self> {
        match self
            .response
            .take_if(|response| response.status().is_success())
        {
            Some(response) => Ok(*response),
            None => Err(self),
        }
    }
}

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        let host = error.url().and_then(|url| {
            let host = url.host_str()?;
            Some(match url.port() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            })
        });
        Self {
            cause: Cause::Http(error.without_url()),
            host,
            response: None,
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_reading = self.response.is_some();
        match &self.cause {
            Cause::Http(error) if error.is_connect() => {
                formatter.write_str(match error.is_timeout() {
                    true => "timed out while connecting",
                    false => "could not connect",
                })?;
                match &self.host {
                    Some(host) => write!(formatter, " to {host}"),
                    None => Ok(()),
                }
            }
            Cause::TooLarge(limit) => {
                write!(formatter, "the response is larger than {limit} bytes")
            }
            Cause::Compressed => {
                formatter.write_str("the response is compressed, which was not asked for")
            }
            _ => formatter.write_str(match (self.is_timeout(), is_reading) {
                (true, true) => "reading the response timed out",
                (true, false) => "timed out",
                (false, _) if self.is_hook() => "a hook failed",
                (false, true) => "the response broke off",
                (false, false) => "no response",
            }),
        }
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Http(error) => Some(error),
            Cause::Hook(error) => Some(error.as_ref()),
            Cause::TooLarge(_) | Cause::Compressed => None,
        }
    }
}

/// Whether an I/O error that ran out of time is in the chain.
fn is_timed_out(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
        {
            return true;
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io;

    use super::TransportError;

    #[test]
    fn errors_of_this_crate_are_not_wrapped_twice() {
        let inner = TransportError::other("circuit open");
        let outer = TransportError::other(inner);
        assert!(outer.is_hook());
        let source = outer.source().expect("a cause");
        assert_eq!(source.to_string(), "circuit open");
    }

    #[test]
    fn a_reqwest_error_is_recognized_and_loses_its_url() {
        let error = reqwest::Client::new()
            .get("http://[")
            .build()
            .expect_err("no URL");
        assert!(!TransportError::other(error).is_hook());
    }

    #[test]
    fn a_hook_can_report_that_the_time_ran_out() {
        assert!(TransportError::other(io::Error::from(io::ErrorKind::TimedOut)).is_timeout());
        assert!(!TransportError::other("circuit open").is_timeout());
    }
}

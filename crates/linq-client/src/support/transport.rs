//! Why a request got no answer.

use std::error::Error;
use std::fmt;
use std::io;

/// A request that got no answer: the network failed, or a [`Hook`](crate::Hook) did.
///
/// URLs hold ids, so they are taken out of the errors of [`reqwest`] that come in here.
#[derive(Debug)]
pub struct TransportError {
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    Http(reqwest::Error),
    Other(Box<dyn Error + Send + Sync>),
}

impl TransportError {
    /// Wraps an error of a hook's own.
    ///
    /// A [`reqwest::Error`] and a `TransportError` are recognized and kept as what they are.
    pub fn other(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = match error.into().downcast::<Self>() {
            Ok(error) => return *error,
            Err(error) => error,
        };
        match error.downcast::<reqwest::Error>() {
            Ok(error) => Self::from(*error),
            Err(error) => Self {
                cause: Cause::Other(error),
            },
        }
    }

    /// True if time ran out, while connecting or later.
    ///
    /// A hook's own error counts if an [`io::Error`] of the kind `TimedOut` is behind it.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match &self.cause {
            Cause::Http(error) => error.is_timeout(),
            Cause::Other(error) => is_timed_out(error.as_ref()),
        }
    }

    /// True if no connection came about, so that nothing was sent.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(&self.cause, Cause::Http(error) if error.is_connect())
    }

    /// True if it is an error of a hook's own, made by [`TransportError::other`].
    #[must_use]
    pub fn is_hook(&self) -> bool {
        matches!(self.cause, Cause::Other(_))
    }

    /// The cause alone, for an error that says the rest itself.
    pub(crate) fn into_cause(self) -> Box<dyn Error + Send + Sync> {
        match self.cause {
            Cause::Http(error) => Box::new(error),
            Cause::Other(error) => error,
        }
    }
}

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        Self {
            cause: Cause::Http(error.without_url()),
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match (self.is_connect(), self.is_timeout()) {
            (true, true) => "timed out while connecting",
            (true, false) => "could not connect",
            (false, true) => "timed out",
            (false, false) if self.is_hook() => "a hook failed",
            (false, false) => "no answer",
        })
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Http(error) => Some(error),
            Cause::Other(error) => Some(error.as_ref()),
        }
    }
}

/// True if an I/O error that ran out of time is in the chain.
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
    use std::io;

    use super::TransportError;

    #[test]
    fn errors_of_this_crate_are_not_wrapped_twice() {
        let inner = TransportError::other("circuit open");
        let outer = TransportError::other(inner);
        assert!(outer.is_hook());
        assert_eq!(outer.into_cause().to_string(), "circuit open");
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
    fn a_hook_can_say_that_time_ran_out() {
        assert!(TransportError::other(io::Error::from(io::ErrorKind::TimedOut)).is_timeout());
        assert!(!TransportError::other("circuit open").is_timeout());
    }
}

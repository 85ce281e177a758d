//! The answer of a call that succeeded.

use std::fmt;
use std::ops::{Deref, DerefMut};

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::detail;

/// A decoded body, with the status and the headers it came with.
///
/// It derefs to the body, so fields and methods of `T` are at hand directly.
// On the heap, as the error of a call is: bodies take hundreds of bytes, and answers are passed on many times.
#[derive(Clone)]
pub struct ResponseValue<T>(Box<Answer<T>>);

#[derive(Clone)]
struct Answer<T> {
    inner: T,
    status: StatusCode,
    headers: HeaderMap,
}

impl<T> ResponseValue<T> {
    pub(crate) fn new(inner: T, status: StatusCode, headers: HeaderMap) -> Self {
        Self(Box::new(Answer {
            inner,
            status,
            headers,
        }))
    }

    /// The body alone.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0.inner
    }

    /// The HTTP status, always 2xx.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The headers of the answer.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The id that the API gave this call, from the header `X-Trace-ID` or `X-Request-ID`.
    ///
    /// Quote it to Linq's support.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        detail::trace_id_of(&self.0.headers)
    }

    /// Changes the body and keeps the rest.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> ResponseValue<U> {
        let Answer {
            inner,
            status,
            headers,
        } = *self.0;
        ResponseValue::new(change(inner), status, headers)
    }
}

impl<T> Deref for ResponseValue<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.inner
    }
}

impl<T> DerefMut for ResponseValue<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0.inner
    }
}

impl<T: fmt::Debug> fmt::Debug for ResponseValue<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ResponseValue")
            .field("inner", &self.0.inner)
            .field("status", &self.0.status)
            .field("headers", &self.0.headers)
            .finish()
    }
}

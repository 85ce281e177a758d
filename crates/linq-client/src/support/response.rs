//! The answer of a call that succeeded.

use std::ops::{Deref, DerefMut};

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::detail;

/// A decoded body, with the status and the headers it came with.
///
/// It derefs to the body, so fields and methods of `T` are at hand directly.
#[derive(Clone, Debug)]
pub struct ResponseValue<T> {
    inner: T,
    status: StatusCode,
    headers: HeaderMap,
}

impl<T> ResponseValue<T> {
    pub(crate) fn new(inner: T, status: StatusCode, headers: HeaderMap) -> Self {
        Self {
            inner,
            status,
            headers,
        }
    }

    /// The body alone.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.inner
    }

    /// The HTTP status, always 2xx.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers of the answer.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The id that the API gave this call, from the header `X-Trace-ID` or `X-Request-ID`.
    ///
    /// Quote it to Linq's support.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        detail::trace_id_of(&self.headers)
    }

    /// Changes the body and keeps the rest.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> ResponseValue<U> {
        ResponseValue::new(change(self.inner), self.status, self.headers)
    }
}

impl<T> Deref for ResponseValue<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T> DerefMut for ResponseValue<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

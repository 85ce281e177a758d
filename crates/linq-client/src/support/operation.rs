//! What is known about an operation before it is called.

use std::fmt;
use std::mem::ManuallyDrop;

use reqwest::Method;

use super::request::JSON;

/// What it means to send a call of an operation a second time.
///
/// Nothing in this crate repeats a call; a [`Hook`](crate::Hook) that does has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repeat {
    /// It only reads.
    Read,
    /// Doing it twice leaves what doing it once does.
    Idempotent,
    /// The API does it once for each key, so it may be repeated while the same key goes with it.
    #[non_exhaustive]
    Keyed {
        /// The header that takes the key.
        header: Option<&'static str>,
        /// The place in the JSON body that takes the key, as a JSON pointer.
        body: Option<&'static str>,
    },
    /// Each call counts.
    Once,
}

impl Repeat {
    /// An operation whose key goes into a header, a place in the body, or either of them.
    #[must_use]
    pub const fn keyed(header: Option<&'static str>, body: Option<&'static str>) -> Self {
        Self::Keyed { header, body }
    }
}

/// One operation of the API, as its document describes it.
///
/// The crate has one value per operation, in the module `operations`. A [`Hook`](crate::Hook) reads it to
/// tell calls apart, an [`Error`](crate::Error) names it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Operation {
    name: &'static str,
    operation_id: &'static str,
    // A type without destructor lets `&CONSTANT` be `&'static`, for constants of this type.
    method: ManuallyDrop<Method>,
    path: &'static str,
    tag: &'static str,
    content_type: &'static str,
    accept: Option<&'static str>,
    repeat: Repeat,
}

impl Operation {
    /// Describes an operation.
    ///
    /// `name` is the method of [`Client`](crate::Client), `path` the template with its `{parameters}`,
    /// `accept` the media type of the answer, or `None` where the answer has no content, `repeat` what a
    /// second call does.
    #[must_use]
    pub const fn new(
        name: &'static str,
        operation_id: &'static str,
        method: Method,
        path: &'static str,
        tag: &'static str,
        accept: Option<&'static str>,
        repeat: Repeat,
    ) -> Self {
        let method = ManuallyDrop::new(method);
        Self {
            name,
            operation_id,
            method,
            path,
            tag,
            content_type: JSON,
            accept,
            repeat,
        }
    }

    /// Returns the operation with a body of another media type than `application/json`.
    #[must_use]
    pub const fn sending(mut self, content_type: &'static str) -> Self {
        self.content_type = content_type;
        self
    }

    /// Name of the method of [`Client`](crate::Client), for example `get_chat`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The `operationId` of the API document, for example `getChat`.
    #[must_use]
    pub const fn operation_id(&self) -> &'static str {
        self.operation_id
    }

    /// The HTTP method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path below the base URL, with its parameters in braces: `/v3/chats/{chatId}`.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// The area of the API it belongs to, for example `Chats`.
    #[must_use]
    pub const fn tag(&self) -> &'static str {
        self.tag
    }

    /// Returns the media type of a request's body, which is a kind of JSON.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// The media type of the answer, `None` where the answer has no content.
    #[must_use]
    pub const fn accept(&self) -> Option<&'static str> {
        self.accept
    }

    /// What sending a call of it a second time means.
    #[must_use]
    pub const fn repeat(&self) -> Repeat {
        self.repeat
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Operation")
            .field("name", &self.name)
            .field("operation_id", &self.operation_id)
            .field("method", self.method())
            .field("path", &self.path)
            .field("tag", &self.tag)
            .field("content_type", &self.content_type)
            .field("accept", &self.accept)
            .field("repeat", &self.repeat)
            .finish()
    }
}

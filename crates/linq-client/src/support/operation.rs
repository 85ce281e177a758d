//! What is known about an operation before it is called.

use std::fmt;
use std::mem::ManuallyDrop;

use reqwest::Method;

/// What it means to send a call of an operation a second time.
///
/// Nothing in this crate repeats a call; code that does has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repeat {
    /// It only reads.
    Read,
    /// Sending it twice has the effect of sending it once.
    Idempotent,
    /// The API does it at most once for each idempotency key, so it may be repeated with the same key.
    #[non_exhaustive]
    Keyed {
        /// The header that takes the key.
        header: Option<&'static str>,
        /// The place in the JSON body that takes the key, as a JSON pointer.
        body: Option<&'static str>,
    },
    /// Every call has an effect of its own.
    Once,
}

impl Repeat {
    /// Describes an operation whose key goes into a header, a place in the body, or either of them.
    #[must_use]
    pub const fn keyed(header: Option<&'static str>, body: Option<&'static str>) -> Self {
        Self::Keyed { header, body }
    }
}

/// One operation of the API, as its document describes it.
///
/// The crate has one value per operation, in the module `operations`. A [`Hook`](crate::Hook) reads it, an
/// [`Error`](crate::Error) names it.
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
    /// `accept` the media type of the response, or `None` where it has no content, `repeat` what a second call
    /// does.
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
            content_type: "application/json",
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

    /// Returns the name of the method of [`Client`](crate::Client), for example `get_chat`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the `operationId` of the API document, for example `getChat`.
    #[must_use]
    pub const fn operation_id(&self) -> &'static str {
        self.operation_id
    }

    /// Returns the HTTP method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the path below the base URL, with its parameters in braces: `/v3/chats/{chatId}`.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Returns the area of the API it belongs to, for example `Chats`.
    #[must_use]
    pub const fn tag(&self) -> &'static str {
        self.tag
    }

    /// Returns the media type of a request's body, which is a kind of JSON.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// Returns the media type of the response, `None` where it has no content.
    #[must_use]
    pub const fn accept(&self) -> Option<&'static str> {
        self.accept
    }

    /// Returns what sending a call of it a second time means.
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

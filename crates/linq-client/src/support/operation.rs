//! What is known about an operation before it is called.

use std::fmt;
use std::mem::ManuallyDrop;

use reqwest::Method;

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
    accept: Option<&'static str>,
}

impl Operation {
    /// Describes an operation.
    ///
    /// `name` is the method of [`Client`](crate::Client), `path` the template with its `{parameters}`,
    /// `accept` the media type of the answer, or `None` where the answer has no content.
    #[must_use]
    pub const fn new(
        name: &'static str,
        operation_id: &'static str,
        method: Method,
        path: &'static str,
        tag: &'static str,
        accept: Option<&'static str>,
    ) -> Self {
        let method = ManuallyDrop::new(method);
        Self {
            name,
            operation_id,
            method,
            path,
            tag,
            accept,
        }
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

    /// The media type of the answer, `None` where the answer has no content.
    #[must_use]
    pub const fn accept(&self) -> Option<&'static str> {
        self.accept
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
            .field("accept", &self.accept)
            .finish()
    }
}

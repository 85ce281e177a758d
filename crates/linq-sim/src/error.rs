//! Errors as the API responds with them.

use serde_json::{Value, json};

/// An error response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: u16,
    pub(crate) message: String,
    /// Seconds, for `Retry-After` and the body.
    pub(crate) retry_after: Option<u64>,
}

impl ApiError {
    /// Makes an error with a status and a code of the API.
    pub(crate) fn new(status: u16, code: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            retry_after: None,
        }
    }

    /// Makes a 429 with the time to wait.
    pub(crate) fn rate_limited(seconds: u64, message: impl Into<String>) -> Self {
        Self {
            retry_after: Some(seconds.max(1)),
            ..Self::new(429, 1007, message)
        }
    }

    /// Returns the JSON body.
    pub(crate) fn body(&self, trace_id: &str) -> Value {
        let mut error = json!({
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "doc_url": format!("https://docs.linqapp.com/error-codes#{}", self.code),
        });
        if let Some(seconds) = self.retry_after {
            error["retry_after"] = seconds.into();
        }
        json!({ "success": false, "error": error, "trace_id": trace_id })
    }
}

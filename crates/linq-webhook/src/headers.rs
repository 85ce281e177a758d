//! The headers of a delivery, each of which stands there once or not at all.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::VerifyError;

/// The headers of the Standard Webhooks scheme.
pub(super) static ID: HeaderName = HeaderName::from_static("webhook-id");
pub(super) static TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
pub(super) static SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// The signed headers of the legacy scheme.
pub(super) static LEGACY_TIMESTAMP: HeaderName = HeaderName::from_static("x-webhook-timestamp");
pub(super) static LEGACY_SIGNATURE: HeaderName = HeaderName::from_static("x-webhook-signature");

/// A header that has to be there.
#[derive(Clone, Copy)]
pub(super) struct Header<'h> {
    pub(super) name: &'static HeaderName,
    pub(super) value: &'h HeaderValue,
    pub(super) text: &'h [u8],
}

impl<'h> Header<'h> {
    /// The header of that name: once, not empty, and in visible ASCII.
    pub(super) fn of(
        headers: &'h HeaderMap,
        name: &'static HeaderName,
    ) -> Result<Self, VerifyError> {
        let mut values = headers.get_all(name).iter();
        let Some(value) = values.next() else {
            let header = name.as_str();
            return Err(VerifyError::MissingHeader { header });
        };
        if values.next().is_some() {
            let header = name.as_str();
            return Err(VerifyError::RepeatedHeader { header });
        }
        // Control characters are in no header value; what is ASCII beside them is visible.
        let text = value.as_bytes();
        if text.is_empty() || !text.is_ascii() {
            return Err(VerifyError::malformed(name));
        }
        Ok(Self { name, value, text })
    }

    pub(super) fn malformed(&self) -> VerifyError {
        VerifyError::malformed(self.name)
    }
}

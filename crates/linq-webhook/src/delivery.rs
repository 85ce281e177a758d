//! A delivery that has been verified.

use std::fmt;
use std::time::SystemTime;

use http::HeaderValue;
use linq_types::{EventError, UnknownEvent, WebhookEvent};

use crate::EventKey;

/// A delivery that has been verified, with its body as it came.
///
/// Made by [`Verifier::verify`](crate::Verifier::verify) alone. `B` is what the body was given as: `&[u8]`,
/// `Vec<u8>`, `Bytes` and the like.
#[derive(Clone)]
pub struct Delivery<B> {
    id: Option<HeaderValue>,
    sent_at: SystemTime,
    body: B,
}

impl<B: AsRef<[u8]>> Delivery<B> {
    pub(super) fn new(id: Option<HeaderValue>, sent_at: SystemTime, body: B) -> Self {
        Self { id, sent_at, body }
    }

    /// The header `webhook-id`; `None` for the legacy scheme, which signs no id.
    ///
    /// It stays the same when the delivery is repeated. The event's own id is
    /// [`WebhookEvent::event_id`], and need not be equal.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_ref()?.to_str().ok()
    }

    /// When it was sent, to the second, as the signed timestamp says.
    #[must_use]
    pub fn sent_at(&self) -> SystemTime {
        self.sent_at
    }

    /// The body as it came.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.body.as_ref()
    }

    /// Takes the body out.
    #[must_use]
    pub fn into_body(self) -> B {
        self.body
    }

    /// Whether it was verified by the legacy scheme.
    #[must_use]
    pub fn is_legacy(&self) -> bool {
        self.id.is_none()
    }

    /// What the event in it is known by over all its deliveries.
    #[must_use]
    pub fn key(&self, event: &WebhookEvent) -> EventKey {
        EventKey::new(Some(event), self.id(), self.body())
    }

    /// Reads the body, as [`WebhookEvent::from_slice`] does: what is no known event, or does not fit its type,
    /// is [`WebhookEvent::Unknown`] and keeps every byte.
    ///
    /// # Errors
    ///
    /// [`EventError`] if the body is no JSON object.
    pub fn parse(&self) -> Result<WebhookEvent, EventError> {
        WebhookEvent::from_slice(self.body())
    }

    /// Reads the body, and refuses what would become [`WebhookEvent::Unknown`].
    ///
    /// # Errors
    ///
    /// [`StrictError`], which gives the unknown event back, or says why the body is no JSON object.
    pub fn parse_strict(&self) -> Result<WebhookEvent, StrictError> {
        match self.parse() {
            Ok(WebhookEvent::Unknown(event)) => Err(StrictError::Unknown(event)),
            Ok(event) => Ok(event),
            Err(error) => Err(StrictError::NoObject(error)),
        }
    }
}

impl<B: AsRef<[u8]>> fmt::Debug for Delivery<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Delivery")
            .field("id", &self.id())
            .field("sent_at", &self.sent_at)
            .field("body", &format_args!("{} bytes", self.body().len()))
            .finish()
    }
}

/// Why [`Delivery::parse_strict`] refused a body.
///
/// Its text repeats nothing of the body.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StrictError {
    /// The body is no JSON object.
    NoObject(EventError),
    /// The body is no event that this release knows; [`UnknownEvent::reason`] says why.
    Unknown(UnknownEvent),
}

impl StrictError {
    /// The event that was refused, with every byte of the body.
    #[must_use]
    pub fn into_event(self) -> Option<WebhookEvent> {
        match self {
            Self::NoObject(_) => None,
            Self::Unknown(event) => Some(WebhookEvent::Unknown(event)),
        }
    }
}

impl fmt::Display for StrictError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject(error) => error.fmt(formatter),
            Self::Unknown(event) => write!(formatter, "unknown event: {}", event.reason()),
        }
    }
}

impl std::error::Error for StrictError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoObject(error) => error.source(),
            Self::Unknown(_) => None,
        }
    }
}

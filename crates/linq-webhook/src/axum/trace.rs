//! The events of `tracing`: what became of each delivery, without anything of its content.

use std::error::Error;
use std::fmt::Display;
use std::time::Duration;

use ::axum::http::StatusCode;
use linq_types::{UnknownEvent, WebhookEvent};

use crate::outcome::Chain;
use crate::{EventKey, HandlerError};

/// Which event a line is about.
#[derive(Clone)]
pub(super) struct About {
    event_type: String,
    key: EventKey,
}

impl About {
    pub(super) fn of(event: &WebhookEvent, key: &EventKey) -> Self {
        Self {
            event_type: event_type(event).to_owned(),
            key: key.clone(),
        }
    }
}

/// The event type, unless it has a form that event types do not have, and may be content.
pub(super) fn event_type(event: &WebhookEvent) -> &str {
    let name = event.event_type();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'_');
    match name.len() <= 64 && name.bytes().all(is_plain) {
        true => name,
        false => "(malformed)",
    }
}

/// A response was given. `about` is present if the delivery was verified.
pub(super) fn responded(
    reason: &dyn Display,
    status: StatusCode,
    about: Option<&About>,
    elapsed: Duration,
) {
    let status = status.as_u16();
    let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let event_type = about.map(|about| about.event_type.as_str());
    let key = about.map(|about| about.key.as_str());
    if status < 400 {
        tracing::debug!(target: "linq_webhook", status, %reason, event_type, key, duration_ms, "linq_delivery");
    } else {
        tracing::warn!(target: "linq_webhook", status, %reason, event_type, key, duration_ms, "linq_delivery");
    }
}

/// A handler has succeeded, whether its delivery was responded to before or not.
pub(super) fn handled(about: &About) {
    let (event_type, key) = (about.event_type.as_str(), about.key.as_str());
    tracing::debug!(target: "linq_webhook", event_type, key, "linq_handled");
}

/// A handler has not succeeded.
pub(super) fn failed(about: &About, reason: &dyn Display, error: Option<&HandlerError>) {
    let (event_type, key) = (about.event_type.as_str(), about.key.as_str());
    let error = error.map(tracing::field::display);
    tracing::warn!(target: "linq_webhook", event_type, key, %reason, error, "linq_unhandled");
}

/// An event that has no type in this release goes to the handler.
pub(super) fn unknown_event(about: &About, event: &UnknownEvent) {
    let (event_type, key) = (about.event_type.as_str(), about.key.as_str());
    let reason = event.reason();
    tracing::warn!(target: "linq_webhook", event_type, key, reason, "linq_unknown_event");
}

/// The time of sending is farther from now than a plain verifier allows.
pub(super) fn clock_offset(about: &About, offset: Duration) {
    let (event_type, key) = (about.event_type.as_str(), about.key.as_str());
    let offset_s = offset.as_secs();
    tracing::warn!(target: "linq_webhook", event_type, key, offset_s, "linq_clock_offset");
}

pub(super) fn deduper_failed(what: &str, about: &About, error: &(dyn Error + 'static)) {
    let error = Chain(error);
    tracing::warn!(target: "linq_webhook", what, key = %about.key, %error, "linq_deduper_failed");
}

pub(super) fn claim_lost(about: &About) {
    let (event_type, key) = (about.event_type.as_str(), about.key.as_str());
    tracing::warn!(target: "linq_webhook", event_type, key, "linq_claim_lost");
}

/// A connection could not be accepted.
pub(super) fn accept_failed(error: &std::io::Error) {
    tracing::warn!(target: "linq_webhook", %error, "linq_accept_failed");
}

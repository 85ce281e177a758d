//! One event of `tracing` for each delivery.

use std::fmt::Display;
use std::time::Duration;

use super::Received;
use super::answer::Answer;
use crate::EventKey;

/// Which event something is about.
pub(super) struct About {
    event_type: String,
    key: EventKey,
}

impl About {
    pub(super) fn of(received: &Received) -> Option<Self> {
        Some(Self {
            event_type: received.event().event_type().to_owned(),
            key: received.key().clone(),
        })
    }
}

/// A delivery was answered; `about` is there if it was verified.
pub(super) fn answered(answer: &Answer, about: Option<About>, elapsed: Duration) {
    let status = answer.status().as_u16();
    let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let event_type = about.as_ref().map(|about| about.event_type.as_str());
    let key = about.as_ref().map(|about| about.key.as_str());
    if status < 400 {
        tracing::debug!(target: "linq_ext", status, reason = %answer, event_type, key, duration_ms, "linq_delivery");
    } else {
        tracing::warn!(target: "linq_ext", status, reason = %answer, event_type, key, duration_ms, "linq_delivery");
    }
}

/// A handler is done, whether its delivery was answered before or not.
pub(super) fn handled(answer: &Answer, about: Option<About>) {
    let event_type = about.as_ref().map(|about| about.event_type.as_str());
    let key = about.as_ref().map(|about| about.key.as_str());
    match answer {
        Answer::Handled => {
            tracing::debug!(target: "linq_ext", event_type, key, "linq_handled");
        }
        _ => {
            tracing::warn!(target: "linq_ext", event_type, key, reason = %answer, "linq_unhandled");
        }
    }
}

pub(super) fn deduper_failed(what: &str, key: &EventKey, error: &dyn Display) {
    tracing::warn!(target: "linq_ext", what, key = %key, error = %error, "linq_deduper_failed");
}

pub(super) fn claim_lost(key: &EventKey) {
    tracing::warn!(target: "linq_ext", key = %key, "linq_claim_lost");
}

//! Ways of parsing a webhook, to be measured beside each other.

use std::hint::black_box;

use linq_types::WebhookEvent;
use serde::Deserialize;
use serde_json::Value;

use crate::document;

/// A payload, with the parser of the very type it has.
pub struct Payload {
    /// The webhook's key.
    pub key: &'static str,
    /// The body.
    pub body: Vec<u8>,
    typed: fn(&[u8]),
}

impl Payload {
    /// Parses the body straight into the right struct.
    pub fn parse_typed(&self) {
        (self.typed)(&self.body);
    }
}

/// One way of parsing.
pub type Way = fn(&Payload);

/// A way by its name: `none`, `typed` (the right struct, known beforehand), `event`
/// (`WebhookEvent::from_slice`), `value` (`serde_json::Value`) or `untagged` (an untagged union).
pub fn way(name: &str) -> Option<Way> {
    Some(match name {
        "none" => |payload| {
            black_box(&payload.body);
        },
        "typed" => Payload::parse_typed,
        "event" => |payload| {
            black_box(WebhookEvent::from_slice(black_box(&payload.body))).expect("an object");
        },
        "value" => |payload| {
            black_box(serde_json::from_slice::<Value>(black_box(&payload.body))).expect("JSON");
        },
        "untagged" => |payload| {
            black_box(serde_json::from_slice::<Untagged>(black_box(&payload.body))).expect("JSON");
        },
        _ => return None,
    })
}

fn typed<T: serde::de::DeserializeOwned>(body: &[u8]) {
    black_box(serde_json::from_slice::<T>(black_box(body)).expect("the example fits its type"));
}

/// The payloads of both dated versions, as the document gives them.
///
/// # Panics
///
/// If the document lacks one of them.
pub fn payloads() -> Vec<Payload> {
    let webhooks = document::webhooks();
    TYPES
        .iter()
        .map(|(key, typed)| {
            let webhook = webhooks.iter().find(|webhook| webhook.key == *key);
            let body = webhook
                .expect("the document has the webhook")
                .body
                .clone()
                .into_bytes();
            Payload {
                key,
                body,
                typed: *typed,
            }
        })
        .collect()
}

/// The same payloads with `data` in front of the fields that tell its type.
///
/// # Panics
///
/// If a payload is no object.
pub fn payloads_with_data_first() -> Vec<Payload> {
    let mut payloads = payloads();
    for payload in &mut payloads {
        let value: Value = serde_json::from_slice(&payload.body).expect("JSON");
        let object = value.as_object().expect("an object");
        let mut entries: Vec<_> = object.iter().collect();
        entries.sort_by_key(|(name, _)| *name != "data");
        let text: Vec<String> = entries
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        payload.body = format!("{{{}}}", text.join(",")).into_bytes();
    }
    payloads
}

macro_rules! types {
    ($($key:literal => $type:ident,)*) => {
        const TYPES: &[(&str, fn(&[u8]))] =
            &[$(($key, typed::<linq_types::$type> as fn(&[u8])),)*];
    };
}

types! {
    "message.sent.v2026" => MessageSentWebhookV2,
    "message.received.v2026" => MessageReceivedWebhookV2,
    "message.read.v2026" => MessageReadWebhookV2,
    "message.delivered.v2026" => MessageDeliveredWebhookV2,
    "message.failed.v2026" => MessageFailedWebhook,
    "reaction.added.v2026" => ReactionAddedWebhook,
    "reaction.removed.v2026" => ReactionRemovedWebhook,
    "participant.added.v2026" => ParticipantAddedWebhook,
    "participant.removed.v2026" => ParticipantRemovedWebhook,
    "chat.group_name_updated.v2026" => ChatGroupNameUpdatedWebhook,
    "chat.group_icon_updated.v2026" => ChatGroupIconUpdatedWebhook,
    "chat.group_name_update_failed.v2026" => ChatGroupNameUpdateFailedWebhook,
    "chat.group_icon_update_failed.v2026" => ChatGroupIconUpdateFailedWebhook,
    "chat.created.v2026" => ChatCreatedWebhook,
    "chat.typing_indicator.started.v2026" => ChatTypingIndicatorStartedWebhook,
    "chat.typing_indicator.stopped.v2026" => ChatTypingIndicatorStoppedWebhook,
    "message.edited.v2026" => MessageEditedWebhookV2,
    "phone_number.status_updated.v2026" => PhoneNumberStatusUpdatedWebhook,
    "message.sent.v2025" => MessageSentWebhook,
    "message.received.v2025" => MessageReceivedWebhook,
    "message.read.v2025" => MessageReadWebhook,
    "message.delivered.v2025" => MessageDeliveredWebhook,
    "message.failed.v2025" => MessageFailedWebhook,
    "reaction.added.v2025" => ReactionAddedWebhook,
    "reaction.removed.v2025" => ReactionRemovedWebhook,
    "participant.added.v2025" => ParticipantAddedWebhook,
    "participant.removed.v2025" => ParticipantRemovedWebhook,
    "chat.group_name_updated.v2025" => ChatGroupNameUpdatedWebhook,
    "chat.group_icon_updated.v2025" => ChatGroupIconUpdatedWebhook,
    "chat.group_name_update_failed.v2025" => ChatGroupNameUpdateFailedWebhook,
    "chat.group_icon_update_failed.v2025" => ChatGroupIconUpdateFailedWebhook,
    "chat.created.v2025" => ChatCreatedWebhook,
    "chat.typing_indicator.started.v2025" => ChatTypingIndicatorStartedWebhook,
    "chat.typing_indicator.stopped.v2025" => ChatTypingIndicatorStoppedWebhook,
    "phone_number.status_updated.v2025" => PhoneNumberStatusUpdatedWebhook,
}

/// What a generator makes of the events that does not know what tells them apart.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[allow(
    dead_code,
    clippy::large_enum_variant,
    reason = "only parsed, to be measured"
)]
enum Untagged {
    MessageSentWebhookV2(linq_types::MessageSentWebhookV2),
    MessageReceivedWebhookV2(linq_types::MessageReceivedWebhookV2),
    MessageReadWebhookV2(linq_types::MessageReadWebhookV2),
    MessageDeliveredWebhookV2(linq_types::MessageDeliveredWebhookV2),
    MessageFailedWebhook(linq_types::MessageFailedWebhook),
    ReactionAddedWebhook(linq_types::ReactionAddedWebhook),
    ReactionRemovedWebhook(linq_types::ReactionRemovedWebhook),
    ParticipantAddedWebhook(linq_types::ParticipantAddedWebhook),
    ParticipantRemovedWebhook(linq_types::ParticipantRemovedWebhook),
    ChatGroupNameUpdatedWebhook(linq_types::ChatGroupNameUpdatedWebhook),
    ChatGroupIconUpdatedWebhook(linq_types::ChatGroupIconUpdatedWebhook),
    ChatGroupNameUpdateFailedWebhook(linq_types::ChatGroupNameUpdateFailedWebhook),
    ChatGroupIconUpdateFailedWebhook(linq_types::ChatGroupIconUpdateFailedWebhook),
    ChatCreatedWebhook(linq_types::ChatCreatedWebhook),
    ChatTypingIndicatorStartedWebhook(linq_types::ChatTypingIndicatorStartedWebhook),
    ChatTypingIndicatorStoppedWebhook(linq_types::ChatTypingIndicatorStoppedWebhook),
    MessageEditedWebhookV2(linq_types::MessageEditedWebhookV2),
    PhoneNumberStatusUpdatedWebhook(linq_types::PhoneNumberStatusUpdatedWebhook),
    MessageSentWebhook(linq_types::MessageSentWebhook),
    MessageReceivedWebhook(linq_types::MessageReceivedWebhook),
    MessageReadWebhook(linq_types::MessageReadWebhook),
    MessageDeliveredWebhook(linq_types::MessageDeliveredWebhook),
}

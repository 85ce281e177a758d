//! One view of a reaction, whichever event carries it.

use std::fmt;

use chrono::{DateTime, Utc};
use linq_types::{ChatHandle, ReactionEventBaseSticker, ReactionType, ServiceType, WebhookEvent};

use crate::payload::{Payload, Speaker};

/// A reaction from a webhook: added to a message or a poll, or removed.
///
/// Like [`Inbound`](crate::Inbound) it is read leniently, also from unknown versions.
///
/// ```
/// use linq_types::{ReactionType, WebhookEvent};
/// use linq_webhook::InboundReaction;
///
/// fn is_liked(event: &WebhookEvent) -> bool {
///     InboundReaction::from_event(event).is_some_and(|reaction| {
///         reaction.may_auto_reply() && !reaction.is_removed() && reaction.emoji() == Some("👍")
///     })
/// }
/// ```
#[derive(Clone)]
pub struct InboundReaction {
    payload: Payload,
    speaker: Speaker,
    kind: Option<ReactionType>,
}

const ADDED: &str = "reaction.added";
const REMOVED: &str = "reaction.removed";
const ADDED_TO_POLL: &str = "poll.reaction.added";

impl InboundReaction {
    /// Returns the reaction of a `reaction.added`, `reaction.removed` or `poll.reaction.added` event.
    #[must_use]
    pub fn from_event(event: &WebhookEvent) -> Option<Self> {
        let payload = Payload::of_types(event, &[ADDED, REMOVED, ADDED_TO_POLL])?;
        if payload.event_type.is_empty() {
            return None;
        }
        let speaker = Speaker::of(&payload);
        let kind = payload.get("reaction_type").read();
        Some(Self {
            payload,
            speaker,
            kind,
        })
    }

    /// Returns true if the reaction was removed, false if it was added.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.payload.event_type == REMOVED
    }

    /// Returns true if one of your own lines reacted, through this program or otherwise.
    #[must_use]
    pub fn is_echo(&self) -> bool {
        self.speaker.is_me
    }

    /// Returns true if a program may respond by itself, by the same marks as
    /// [`Inbound::may_auto_reply`](crate::Inbound::may_auto_reply).
    #[must_use]
    pub fn may_auto_reply(&self) -> bool {
        self.speaker.may_be_answered()
    }

    /// Returns the kind of the reaction.
    #[must_use]
    pub fn kind(&self) -> Option<&ReactionType> {
        self.kind.as_ref()
    }

    /// Returns the reaction as one emoji, whatever its kind; `None` for a sticker.
    #[must_use]
    pub fn emoji(&self) -> Option<&str> {
        Some(match self.kind.as_ref()? {
            ReactionType::Love => "❤️",
            ReactionType::Like => "👍",
            ReactionType::Dislike => "👎",
            ReactionType::Laugh => "😂",
            ReactionType::Emphasize => "‼️",
            ReactionType::Question => "❓",
            ReactionType::Custom => return self.custom_emoji(),
            _ => return None,
        })
    }

    /// Returns the emoji of a reaction of the kind `custom`.
    #[must_use]
    pub fn custom_emoji(&self) -> Option<&str> {
        self.payload.get("custom_emoji").text()
    }

    /// Returns the image of a reaction of the kind `sticker`. Its address is valid for an hour.
    #[must_use]
    pub fn sticker(&self) -> Option<ReactionEventBaseSticker> {
        self.payload.get("sticker").read()
    }

    /// Returns the reaction's id; older deliveries have none.
    #[must_use]
    pub fn reaction_id(&self) -> Option<&str> {
        self.payload.get("reaction_id").text()
    }

    /// Returns the chat's id.
    #[must_use]
    pub fn chat_id(&self) -> Option<&str> {
        self.payload.chat_id()
    }

    /// Returns the id of the message or poll.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.payload.get("message_id").text()
    }

    /// Returns the part of the message, counted from 0.
    #[must_use]
    pub fn part_index(&self) -> Option<u16> {
        self.payload.get("part_index").index()
    }

    /// Returns who reacted: a phone number in E.164, or an e-mail address,
    /// [normalized](crate::normalize_handle).
    #[must_use]
    pub fn sender(&self) -> Option<&str> {
        self.speaker.sender.as_deref()
    }

    /// Returns who reacted, as a participant of the chat.
    ///
    /// It can be `None` although the [`sender`](Self::sender) is known.
    #[must_use]
    pub fn sender_handle(&self) -> Option<ChatHandle> {
        self.payload.get("from_handle").read()
    }

    /// Returns the service that carried the reaction, once it is known.
    #[must_use]
    pub fn service(&self) -> Option<ServiceType> {
        self.payload.get("service").read()
    }

    /// Returns when it was added or, if it [is removed](Self::is_removed), removed.
    #[must_use]
    pub fn reacted_at(&self) -> Option<DateTime<Utc>> {
        self.payload.get("reacted_at").time()
    }
}

/// Ids and kinds; the event itself has the rest.
impl fmt::Debug for InboundReaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("InboundReaction")
            .field("chat_id", &self.chat_id())
            .field("message_id", &self.message_id())
            .field("part_index", &self.part_index())
            .field("kind", &self.kind)
            .field("is_removed", &self.is_removed())
            .field("is_echo", &self.is_echo())
            .finish_non_exhaustive()
    }
}

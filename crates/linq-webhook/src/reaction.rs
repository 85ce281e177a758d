//! One view of a reaction, whichever event brought it.

use std::fmt;

use chrono::{DateTime, Utc};
use linq_types::{ChatHandle, ReactionEventBaseSticker, ReactionType, ServiceType, WebhookEvent};
use uuid::Uuid;

/// A reaction as a webhook brought it: put on a message or a poll, or taken off.
///
/// Like [`Inbound`](crate::Inbound) it borrows from the event, and says nothing that does not stand there.
///
/// ```
/// use linq_types::{ReactionType, WebhookEvent};
/// use linq_webhook::InboundReaction;
///
/// fn is_liked(event: &WebhookEvent) -> bool {
///     InboundReaction::from_event(event).is_some_and(|reaction| {
///         !reaction.is_echo() && !reaction.is_removed() && *reaction.kind() == ReactionType::Like
///     })
/// }
/// ```
#[derive(Clone, Copy)]
pub struct InboundReaction<'a> {
    is_removed: bool,
    is_from_me: bool,
    kind: &'a ReactionType,
    custom_emoji: Option<&'a str>,
    sticker: Option<&'a ReactionEventBaseSticker>,
    reaction_id: Option<&'a str>,
    chat_id: Option<Uuid>,
    message_id: Option<Uuid>,
    part_index: Option<i32>,
    from: Option<&'a str>,
    from_handle: Option<&'a ChatHandle>,
    service: Option<&'a ServiceType>,
    reacted_at: Option<DateTime<Utc>>,
}

/// The view of the data of one event; the types have the same fields, and nothing else in common.
macro_rules! view {
    ($data:expr, $is_removed:literal) => {
        InboundReaction {
            is_removed: $is_removed,
            is_from_me: $data.is_from_me,
            kind: &$data.reaction_type,
            custom_emoji: $data.custom_emoji.as_deref(),
            sticker: $data.sticker.as_ref(),
            reaction_id: $data.reaction_id.as_deref(),
            chat_id: $data.chat_id,
            message_id: $data.message_id,
            part_index: $data.part_index,
            from: $data.from.as_deref(),
            from_handle: $data.from_handle.as_ref(),
            service: $data.service.as_ref(),
            reacted_at: $data.reacted_at,
        }
    };
}

impl<'a> InboundReaction<'a> {
    /// The reaction that an event is about, if it is `reaction.added`, `reaction.removed` or
    /// `poll.reaction.added`.
    #[must_use]
    pub fn from_event(event: &'a WebhookEvent) -> Option<Self> {
        Some(match event {
            WebhookEvent::ReactionAdded(event) | WebhookEvent::ReactionAddedV2025(event) => {
                view!(event.data, false)
            }
            WebhookEvent::ReactionRemoved(event) | WebhookEvent::ReactionRemovedV2025(event) => {
                view!(event.data, true)
            }
            WebhookEvent::PollReactionAdded(event) => view!(event.data, false),
            _ => return None,
        })
    }

    /// True if it was taken off, false if it was put on.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.is_removed
    }

    /// True if a line of one's own reacted, through this program or otherwise.
    #[must_use]
    pub fn is_echo(&self) -> bool {
        self.is_from_me
    }

    /// Which reaction it is.
    #[must_use]
    pub fn kind(&self) -> &'a ReactionType {
        self.kind
    }

    /// The emoji of a reaction of kind `custom`.
    #[must_use]
    pub fn custom_emoji(&self) -> Option<&'a str> {
        self.custom_emoji
    }

    /// The image of a reaction of kind `sticker`. Its address is good for an hour.
    #[must_use]
    pub fn sticker(&self) -> Option<&'a ReactionEventBaseSticker> {
        self.sticker
    }

    /// The id of the reaction; older deliveries have none.
    #[must_use]
    pub fn reaction_id(&self) -> Option<&'a str> {
        self.reaction_id
    }

    /// The chat, if the payload names it.
    #[must_use]
    pub fn chat_id(&self) -> Option<Uuid> {
        self.chat_id
    }

    /// The message or poll, if the payload names it.
    #[must_use]
    pub fn message_id(&self) -> Option<Uuid> {
        self.message_id
    }

    /// The part of the message, counted from 0.
    #[must_use]
    pub fn part_index(&self) -> Option<u16> {
        self.part_index?.try_into().ok()
    }

    /// Who reacted: a phone number in E.164, or an e-mail address.
    #[must_use]
    pub fn sender(&self) -> Option<&'a str> {
        let handle = self.from_handle.map(|handle| handle.handle.as_str());
        handle.or(self.from)
    }

    /// Who reacted, as a participant of the chat.
    ///
    /// It can be missing where [`sender`](Self::sender) is known.
    #[must_use]
    pub fn sender_handle(&self) -> Option<&'a ChatHandle> {
        self.from_handle
    }

    /// The service that carried it, once it is known.
    #[must_use]
    pub fn service(&self) -> Option<&'a ServiceType> {
        self.service
    }

    /// When it was put on or, if it [is removed](Self::is_removed), taken off.
    #[must_use]
    pub fn reacted_at(&self) -> Option<DateTime<Utc>> {
        self.reacted_at
    }
}

/// Ids and kinds; the event itself prints the rest.
impl fmt::Debug for InboundReaction<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("InboundReaction")
            .field("chat_id", &self.chat_id())
            .field("message_id", &self.message_id())
            .field("part_index", &self.part_index)
            .field("kind", &self.kind)
            .field("is_removed", &self.is_removed)
            .field("is_echo", &self.is_echo())
            .finish_non_exhaustive()
    }
}

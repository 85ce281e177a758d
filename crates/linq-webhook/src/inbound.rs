//! One view of a message, whichever payload version brought it.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use linq_types::{
    ChatHandle, EventPart, MessageEvent, MessageEventV2, MessageEventV2Direction,
    SchemasMediaPartResponse, SchemasMessageEffect, SchemasTextPartResponse, ServiceType,
    TextMention, UnknownObject, WebhookEvent,
};
use uuid::Uuid;

/// A message as a webhook brought it, the same for the payload versions 2026-02-03 and 2025-01-01.
///
/// It borrows from the event, and says nothing that does not stand there: what a payload leaves out is `None`.
///
/// ```
/// use linq_types::WebhookEvent;
/// use linq_webhook::Inbound;
///
/// fn handle(event: &WebhookEvent) {
///     let Some(message) = Inbound::from_event(event) else { return };
///     remember(&message);
///     if message.may_auto_reply() {
///         answer(&message);
///     }
/// }
/// # fn remember(message: &Inbound<'_>) {}
/// # fn answer(message: &Inbound<'_>) {}
/// ```
#[derive(Clone, Copy)]
pub struct Inbound<'a> {
    payload: Payload<'a>,
    is_sent: bool,
}

#[derive(Clone, Copy)]
enum Payload<'a> {
    V2026(&'a MessageEventV2),
    V2025(&'a MessageEvent),
}

impl<'a> Inbound<'a> {
    /// The message that an event is about, if it is `message.received` or `message.sent`.
    ///
    /// `message.sent` is told of every message that leaves a line of one's own, so those are
    /// [echoes](Self::is_echo) always. `message.delivered` and `message.read` repeat a message that was sent
    /// before and are not taken, lest a receipt be read as a message.
    #[must_use]
    pub fn from_event(event: &'a WebhookEvent) -> Option<Self> {
        let (payload, is_sent) = match event {
            WebhookEvent::MessageReceived(event) => (Payload::V2026(&event.data), false),
            WebhookEvent::MessageReceivedV2025(event) => (Payload::V2025(&event.data), false),
            WebhookEvent::MessageSent(event) => (Payload::V2026(&event.data), true),
            WebhookEvent::MessageSentV2025(event) => (Payload::V2025(&event.data), true),
            _ => return None,
        };
        Some(Self { payload, is_sent })
    }

    /// The chat that it belongs to.
    #[must_use]
    pub fn chat_id(&self) -> Uuid {
        match self.payload {
            Payload::V2026(data) => data.chat.id,
            Payload::V2025(data) => data.chat_id,
        }
    }

    /// The id of the message.
    #[must_use]
    pub fn message_id(&self) -> Uuid {
        match self.payload {
            Payload::V2026(data) => data.id,
            Payload::V2025(data) => data.message.id,
        }
    }

    /// Who wrote it: a phone number in E.164, or an e-mail address.
    #[must_use]
    pub fn sender(&self) -> Option<&'a str> {
        let handle = self.sender_handle().map(|handle| handle.handle.as_str());
        handle.or(match self.payload {
            Payload::V2026(_) => None,
            Payload::V2025(data) => data.from.as_deref(),
        })
    }

    /// Who wrote it, as a participant of the chat.
    ///
    /// It can be missing where [`sender`](Self::sender) is known.
    #[must_use]
    pub fn sender_handle(&self) -> Option<&'a ChatHandle> {
        match self.payload {
            Payload::V2026(data) => data.sender_handle.as_ref(),
            Payload::V2025(data) => data.from_handle.as_ref(),
        }
    }

    /// One's own line in the chat: the one that got the message or, of an [echo](Self::is_echo), sent it.
    #[must_use]
    pub fn own_line(&self) -> Option<&'a str> {
        let (handle, number) = match self.payload {
            Payload::V2026(data) => (&data.chat.owner_handle, None),
            Payload::V2025(data) => (&data.recipient_handle, data.recipient_phone.as_deref()),
        };
        let line = handle.as_ref().map(|handle| handle.handle.as_str());
        line.or(number)
            .or_else(|| self.sender().filter(|_| self.is_echo()))
    }

    /// True if a line of one's own sent it, through this program or otherwise.
    ///
    /// Answering those makes a program talk to itself.
    #[must_use]
    pub fn is_echo(&self) -> bool {
        self.is_sent
            || match self.payload {
                Payload::V2026(data) => data.direction == MessageEventV2Direction::Outbound,
                Payload::V2025(data) => data.is_from_me,
            }
    }

    /// True if Linq missed the message at first, and found it later; see [`reconciled_at`](Self::reconciled_at).
    #[must_use]
    pub fn is_reconciled(&self) -> bool {
        self.reconciled_at().is_some()
    }

    /// When Linq found the message, having missed it at first.
    ///
    /// Such a message belongs in the history of the chat, and calls for no automatic answer: it may be old, and
    /// others may have been answered since. Payload version 2025-01-01 does not tell.
    #[must_use]
    pub fn reconciled_at(&self) -> Option<DateTime<Utc>> {
        match self.payload {
            Payload::V2026(data) => data.reconciled_at,
            Payload::V2025(_) => None,
        }
    }

    /// True if a program may answer by itself: someone else wrote the message, and it came through in time.
    ///
    /// That is, it is neither an [echo](Self::is_echo) nor [reconciled](Self::is_reconciled), and its direction
    /// is one that this release knows.
    #[must_use]
    pub fn may_auto_reply(&self) -> bool {
        let is_known = match self.payload {
            Payload::V2026(data) => !data.direction.is_unknown(),
            Payload::V2025(_) => true,
        };
        is_known && !self.is_echo() && !self.is_reconciled()
    }

    /// The text: that of all text parts, with a line break between each two; empty if there is none.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        let mut texts = self.texts().map(|part| part.value.as_str());
        let first = texts.next().unwrap_or_default();
        match texts.next() {
            None => first.into(),
            Some(second) => {
                let mut all = vec![first, second];
                all.extend(texts);
                all.join("\n").into()
            }
        }
    }

    /// The files, in order. Their addresses are good for an hour.
    pub fn media(&self) -> impl Iterator<Item = &'a SchemasMediaPartResponse> + use<'a> {
        self.parts().iter().filter_map(|part| match part {
            EventPart::Media(media) => Some(media),
            _ => None,
        })
    }

    /// The addresses of the link parts, in order; not those that stand in the text.
    pub fn links(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.parts().iter().filter_map(|part| match part {
            EventPart::Link(link) => Some(link.value.as_str()),
            _ => None,
        })
    }

    /// The participants whom the text names, in order.
    pub fn mentions(&self) -> impl Iterator<Item = &'a TextMention> + use<'a> {
        self.texts().flat_map(|part| part.mentions.iter().flatten())
    }

    /// True if the text names one's own line.
    #[must_use]
    pub fn mentions_me(&self) -> bool {
        // Older deliveries name one participant at most, and do not say whether it is oneself.
        let own_line = self.own_line();
        let named_alone = |part: &SchemasTextPartResponse| {
            part.mention.is_some() && part.mention.as_deref() == own_line
        };
        self.mentions().any(|mention| mention.is_me) || self.texts().any(named_alone)
    }

    /// All parts as they came, among them the cards of apps.
    #[must_use]
    pub fn parts(&self) -> &'a [EventPart] {
        match self.payload {
            Payload::V2026(data) => &data.parts,
            Payload::V2025(data) => &data.message.parts,
        }
    }

    /// The parts of a kind that this release does not know, in order.
    pub fn unknown_parts(&self) -> impl Iterator<Item = &'a UnknownObject> + use<'a> {
        self.parts().iter().filter_map(|part| match part {
            EventPart::Unknown(part) => Some(part),
            _ => None,
        })
    }

    /// The message that this one answers; `None` if it is no reply, or does not say to what.
    #[must_use]
    pub fn reply_to(&self) -> Option<ReplyTarget> {
        let (message_id, part_index) = match self.payload {
            Payload::V2026(data) => {
                let reply = data.reply_to.as_ref()?;
                (reply.message_id?, reply.part_index)
            }
            Payload::V2025(data) => {
                let reply = data.message.reply_to.as_ref()?;
                (reply.message_id?, reply.part_index)
            }
        };
        Some(ReplyTarget {
            message_id,
            part_index: part_index.and_then(|index| index.try_into().ok()),
        })
    }

    /// Returns the effect that the message was sent with.
    #[must_use]
    pub fn effect(&self) -> Option<&'a SchemasMessageEffect> {
        match self.payload {
            Payload::V2026(data) => data.effect.as_ref(),
            Payload::V2025(data) => data.message.effect.as_ref(),
        }
    }

    /// The service that carried it, once it is known.
    #[must_use]
    pub fn service(&self) -> Option<&'a ServiceType> {
        match self.payload {
            Payload::V2026(data) => data.service.as_ref(),
            Payload::V2025(data) => data.service.as_ref(),
        }
    }

    /// When it was sent.
    #[must_use]
    pub fn sent_at(&self) -> Option<DateTime<Utc>> {
        match self.payload {
            Payload::V2026(data) => data.sent_at,
            Payload::V2025(data) => data.message.sent_at,
        }
    }

    /// When one's own line got it. Only payload version 2025-01-01 tells.
    #[must_use]
    pub fn received_at(&self) -> Option<DateTime<Utc>> {
        match self.payload {
            Payload::V2026(_) => None,
            Payload::V2025(data) => data.received_at,
        }
    }

    /// Whether the chat is a group; `None` if the payload does not tell.
    #[must_use]
    pub fn is_group(&self) -> Option<bool> {
        match self.payload {
            Payload::V2026(data) => data.chat.is_group,
            Payload::V2025(data) => data.is_group,
        }
    }

    /// The idempotency key that an [echo](Self::is_echo) was sent with, which tells one's own sends apart.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&'a str> {
        match self.payload {
            Payload::V2026(data) => data.idempotency_key.as_deref(),
            Payload::V2025(data) => data.idempotency_key.as_deref(),
        }
    }

    fn texts(&self) -> impl Iterator<Item = &'a SchemasTextPartResponse> + use<'a> {
        self.parts().iter().filter_map(|part| match part {
            EventPart::Text(text) => Some(text),
            _ => None,
        })
    }
}

/// Ids and counts; the event itself prints the rest.
impl fmt::Debug for Inbound<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Inbound")
            .field("chat_id", &self.chat_id())
            .field("message_id", &self.message_id())
            .field("is_echo", &self.is_echo())
            .field("is_reconciled", &self.is_reconciled())
            .field("parts", &self.parts().len())
            .finish_non_exhaustive()
    }
}

/// The message, and the part of it, that a message answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ReplyTarget {
    /// The message.
    pub message_id: Uuid,
    /// The part, counted from 0; `None` if the payload does not tell.
    pub part_index: Option<u16>,
}

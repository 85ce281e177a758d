//! One view of a message, whichever payload version carries it.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use linq_types::{
    ChatHandle, EventPart, HealthLevel, SchemasMessageEffect, ServiceType, WebhookEvent,
};

use crate::handle::{AllowList, normalize_handle};
use crate::payload::{Member, Payload, Speaker, joined};

/// A message from a webhook, the same for every payload version.
///
/// It is read leniently: also from an event that is [`Unknown`](WebhookEvent::Unknown), because its version is new or
/// because it does not match its type, as far as each member can be read. What a payload leaves out is `None`.
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
/// # fn remember(message: &Inbound) {}
/// # fn answer(message: &Inbound) {}
/// ```
#[derive(Clone)]
pub struct Inbound {
    payload: Payload,
    speaker: Speaker,
}

/// The event types of messages.
const RECEIVED: &str = "message.received";
const SENT: &str = "message.sent";

impl Inbound {
    /// Returns the message of a `message.received` or `message.sent` event.
    ///
    /// `message.sent` reports every message that leaves one of your own lines, so those are
    /// [echoes](Self::is_echo). `message.delivered` and `message.read` repeat a message that was sent before; see
    /// [`DeliveryUpdate`](crate::DeliveryUpdate) for them.
    ///
    /// An event whose type is missing is read too if it contains the parts of a message; it is never
    /// [answered](Self::may_auto_reply).
    #[must_use]
    pub fn from_event(event: &WebhookEvent) -> Option<Self> {
        Self::of(Payload::of_types(event, &[RECEIVED, SENT])?)
    }

    /// Returns the same as [`from_event`](Self::from_event) from the body of a delivery.
    ///
    /// This also sees the marks that the type of the event does not have, such as those of another payload version:
    /// an event keeps only the members that its type has.
    #[must_use]
    pub fn from_body(body: &[u8]) -> Option<Self> {
        Self::of(Payload::of_body(body)?)
    }

    fn of(payload: Payload) -> Option<Self> {
        if !["", RECEIVED, SENT].contains(&&*payload.event_type) {
            return None;
        }
        if payload.event_type.is_empty() && payload.of_message("parts").items().next().is_none() {
            return None;
        }
        let mut speaker = Speaker::of(&payload);
        if payload.event_type == SENT && !speaker.is_me {
            speaker.is_me = true;
            speaker.own_line = speaker.sender.clone().or(speaker.own_line);
        }
        Some(Self { payload, speaker })
    }

    /// Returns the chat's id.
    #[must_use]
    pub fn chat_id(&self) -> Option<&str> {
        self.payload.chat_id()
    }

    /// Returns the message's id.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.payload.message_id()
    }

    /// Returns who wrote the message: a phone number in E.164, or an e-mail address,
    /// [normalized](normalize_handle).
    #[must_use]
    pub fn sender(&self) -> Option<&str> {
        self.speaker.sender.as_deref()
    }

    /// Returns true if the [`sender`](Self::sender) is on the list; false if there is no sender.
    #[must_use]
    pub fn is_from(&self, allowed: &AllowList) -> bool {
        self.sender().is_some_and(|sender| allowed.contains(sender))
    }

    /// Returns who wrote the message, as a participant of the chat.
    ///
    /// It can be `None` although the [`sender`](Self::sender) is known.
    #[must_use]
    pub fn sender_handle(&self) -> Option<ChatHandle> {
        let handle: Option<_> = self.payload.get("sender_handle").read();
        handle.or_else(|| self.payload.get("from_handle").read())
    }

    /// Returns your own line in the chat, [normalized](normalize_handle): the one that received the message or, of an
    /// [echo](Self::is_echo), sent it.
    #[must_use]
    pub fn own_line(&self) -> Option<&str> {
        self.speaker.own_line.as_deref()
    }

    /// Returns true if one of your own lines sent the message, through this program or otherwise.
    #[must_use]
    pub fn is_echo(&self) -> bool {
        self.speaker.is_me
    }

    /// Returns true if a program may answer by itself.
    ///
    /// It may not answer itself, nor somebody who has left, nor what is too late. So this is false if *any* mark of
    /// the payload says so, or is present and cannot be read:
    ///
    /// - the event is `message.sent`, or does not say its type;
    /// - `direction` is not `inbound`, or `is_from_me` is true;
    /// - the sender is marked as your own line (`is_me`), or is the own line of the chat;
    /// - the sender's `status` is not `active`, or without a status, `left_at` is set;
    /// - the message [is reconciled](Self::is_reconciled) or [is empty](Self::is_empty).
    ///
    /// A mark that is missing or null forbids nothing.
    #[must_use]
    pub fn may_auto_reply(&self) -> bool {
        self.payload.event_type == RECEIVED
            && self.speaker.may_be_answered()
            && !self.is_reconciled()
            && !self.is_empty()
    }

    /// Returns true if Linq missed the message at first, and found it later.
    ///
    /// Such a message belongs in the history of the chat and should not be answered automatically: it may be old, and
    /// later messages may have been answered already. Payload version 2025-01-01 does not tell.
    #[must_use]
    pub fn is_reconciled(&self) -> bool {
        self.payload.of_message("reconciled_at").is_present()
    }

    /// Returns when Linq found the message, if it [is reconciled](Self::is_reconciled).
    #[must_use]
    pub fn reconciled_at(&self) -> Option<DateTime<Utc>> {
        self.payload.of_message("reconciled_at").time()
    }

    /// Returns true if there is nothing in the message but white space: no text, media, link or other part.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw_parts()
            .all(|part| matches!(Part::of(part), Part::Text(text) if text.trim().is_empty()))
    }

    /// Returns the text: that of all text parts, separated by line breaks; empty if there is none.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        joined(self.raw_parts().filter_map(|part| match Part::of(part) {
            Part::Text(text) => Some(text),
            _ => None,
        }))
    }

    /// Returns the files, in order. Their addresses are valid for an hour.
    pub fn media(&self) -> impl Iterator<Item = InboundMedia<'_>> {
        self.raw_parts().filter_map(|part| match Part::of(part) {
            Part::Media(media) => Some(media),
            _ => None,
        })
    }

    /// Returns the addresses of the link parts, in order; not those in the text.
    pub fn links(&self) -> impl Iterator<Item = &str> {
        self.raw_parts().filter_map(|part| match Part::of(part) {
            Part::Link(link) => Some(link),
            _ => None,
        })
    }

    /// Returns how many parts are neither text, nor media, nor a link: the cards of apps, parts that this release does
    /// not know, and parts that cannot be read.
    #[must_use]
    pub fn other_parts(&self) -> usize {
        let others = |part: &Member<'_>| matches!(Part::of(*part), Part::Other);
        self.raw_parts().filter(others).count()
    }

    /// Returns the parts that match a type of linq-types, for example to forward them.
    #[must_use]
    pub fn parts(&self) -> Vec<EventPart> {
        self.raw_parts().filter_map(Member::read).collect()
    }

    /// Returns the participants that the text mentions, in order.
    pub fn mentions(&self) -> impl Iterator<Item = Mention<'_>> {
        let own_line = self.own_line();
        self.raw_parts().flat_map(move |part| {
            // Older deliveries mention one participant at most, and do not say whether it is your own line.
            let single = part.get("mention");
            let several = part.get("mentions").items();
            let all = several.chain(single.is_present().then_some(single));
            all.filter_map(move |mention| {
                let handle = mention.handle()?;
                let is_own_line = own_line.is_some_and(|line| line == normalize_handle(handle));
                Some(Mention {
                    handle,
                    is_me: mention.get("is_me").flag().unwrap_or(false) || is_own_line,
                })
            })
        })
    }

    /// Returns true if the text mentions your own line, for programs that answer in groups only when addressed.
    #[must_use]
    pub fn mentions_me(&self) -> bool {
        self.mentions().any(|mention| mention.is_me)
    }

    /// Returns the message that this one replies to.
    #[must_use]
    pub fn reply_to(&self) -> Option<ReplyTarget<'_>> {
        let reply = self.payload.of_message("reply_to");
        Some(ReplyTarget {
            message_id: reply.get("message_id").text()?,
            part_index: reply.get("part_index").index(),
        })
    }

    /// Returns the effect that the message was sent with.
    #[must_use]
    pub fn effect(&self) -> Option<SchemasMessageEffect> {
        self.payload.of_message("effect").read()
    }

    /// Returns the service that carried the message, once it is known.
    #[must_use]
    pub fn service(&self) -> Option<ServiceType> {
        self.payload.of_message("service").read()
    }

    /// Returns when the message was sent.
    #[must_use]
    pub fn sent_at(&self) -> Option<DateTime<Utc>> {
        self.payload.of_message("sent_at").time()
    }

    /// Returns when your own line received the message. Only payload version 2025-01-01 tells.
    #[must_use]
    pub fn received_at(&self) -> Option<DateTime<Utc>> {
        self.payload.get("received_at").time()
    }

    /// Returns whether the chat is a group; `None` if the payload does not tell.
    #[must_use]
    pub fn is_group(&self) -> Option<bool> {
        let group = self.payload.get("chat").get("is_group").flag();
        group.or(self.payload.get("is_group").flag())
    }

    /// Returns the health of the chat, which only payload version 2026-02-03 tells.
    #[must_use]
    pub fn chat_health(&self) -> Option<HealthLevel> {
        let health = self.payload.get("chat").get("health_status");
        health.get("status").read()
    }

    /// Returns the idempotency key that an [echo](Self::is_echo) was sent with, which identifies your own sends.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.payload.of_message("idempotency_key").text()
    }

    /// Returns true if the text is one of the words by which a person opts out of further messages.
    ///
    /// By Linq's rules the whole text has to be `STOP`, `UNSUBSCRIBE`, `OPTOUT`, `CANCEL`, `END` or `QUIT` in upper
    /// case, or `opt out` in any case, with or without a space or hyphen. White space around it is ignored. Linq marks
    /// the chat, and may refuse what is sent to it with error 2024.
    #[must_use]
    pub fn is_opt_out(&self) -> bool {
        const WORDS: [&str; 6] = ["STOP", "UNSUBSCRIBE", "OPTOUT", "CANCEL", "END", "QUIT"];
        let text = self.text();
        let text = text.trim();
        let forms = ["opt out", "opt-out", "optout"];
        WORDS.contains(&text) || forms.iter().any(|form| form.eq_ignore_ascii_case(text))
    }

    fn raw_parts(&self) -> impl Iterator<Item = Member<'_>> + Clone {
        self.payload.of_message("parts").items()
    }
}

/// Ids and counts; the event itself has the rest.
impl fmt::Debug for Inbound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Inbound")
            .field("chat_id", &self.chat_id())
            .field("message_id", &self.message_id())
            .field("is_echo", &self.is_echo())
            .field("is_reconciled", &self.is_reconciled())
            .field("parts", &self.raw_parts().count())
            .finish_non_exhaustive()
    }
}

/// A part as far as it can be read.
enum Part<'a> {
    Text(&'a str),
    Media(InboundMedia<'a>),
    Link(&'a str),
    Other,
}

impl<'a> Part<'a> {
    fn of(part: Member<'a>) -> Self {
        let kind = part.get("type").text();
        let value = part.get("value").text();
        match (kind, value) {
            (Some("text"), Some(text)) => Self::Text(text),
            (Some("text"), None) if !part.get("value").is_present() => Self::Text(""),
            (Some("link"), Some(link)) => Self::Link(link),
            (Some("media"), _) => InboundMedia::of(part).map_or(Self::Other, Self::Media),
            // Without a kind, the members tell.
            (None, Some(text)) => Self::Text(text),
            (None, None) => InboundMedia::of(part).map_or(Self::Other, Self::Media),
            _ => Self::Other,
        }
    }
}

/// A file of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboundMedia<'a> {
    /// The address to download it from, valid for an hour.
    pub url: &'a str,
    /// The id of the attachment.
    pub id: Option<&'a str>,
    /// The name of the file.
    pub filename: Option<&'a str>,
    /// The media type, such as `image/jpeg`.
    pub mime_type: Option<&'a str>,
    /// The size in bytes.
    pub size_bytes: Option<u64>,
}

impl<'a> InboundMedia<'a> {
    /// Also by the names of older payloads.
    fn of(part: Member<'a>) -> Option<Self> {
        let size = part.get("size_bytes").integer();
        let size = size.or(part.get("size").integer());
        Some(Self {
            url: part.get("url").text()?,
            id: part.get("id").text().or(part.get("attachment_id").text()),
            filename: part.get("filename").text(),
            mime_type: part.get("mime_type").text(),
            size_bytes: size.and_then(|size| size.try_into().ok()),
        })
    }
}

/// Without the address and the name.
impl fmt::Debug for InboundMedia<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("InboundMedia")
            .field("id", &self.id)
            .field("mime_type", &self.mime_type)
            .field("size_bytes", &self.size_bytes)
            .finish_non_exhaustive()
    }
}

/// A participant that a text mentions.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mention<'a> {
    /// The phone number or e-mail address, as received.
    pub handle: &'a str,
    /// Whether it is your own line.
    pub is_me: bool,
}

/// Without the handle.
impl fmt::Debug for Mention<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Mention")
            .field("is_me", &self.is_me)
            .finish_non_exhaustive()
    }
}

/// The message that a message replies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ReplyTarget<'a> {
    /// The message's id.
    pub message_id: &'a str,
    /// The part, counted from 0; `None` if the payload does not tell.
    pub part_index: Option<u16>,
}

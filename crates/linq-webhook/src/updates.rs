//! Views of what happens around messages: delivery, edits, typing, participants, polls and votes.
//!
//! Each is read leniently, like [`Inbound`](crate::Inbound), and the same for every payload version.

use std::fmt;

use chrono::{DateTime, Utc};
use linq_types::{PollOption, WebhookEvent};

use crate::handle::normalize_handle;
use crate::payload::{Payload, Speaker};

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeliveryState {
    /// It left your line.
    Sent,
    /// It reached the recipient's device. Groups, SMS and MMS never report this.
    Delivered,
    /// The recipient read it. Only direct iMessage chats report this, if the recipient allows it.
    Read,
    /// It was given up. In rare cases it [is delivered](Self::Delivered) later all the same.
    Failed,
}

/// A change in the delivery of a message or poll that one of your own lines sent.
///
/// Updates of one message arrive in any order, and some never do; they may even arrive before the response of the
/// request that sent it.
///
/// ```
/// use linq_types::WebhookEvent;
/// use linq_webhook::{DeliveryState, DeliveryUpdate};
///
/// fn handle(event: &WebhookEvent) {
///     let Some(update) = DeliveryUpdate::from_event(event) else { return };
///     if update.state() == DeliveryState::Failed && update.may_resend() {
///         println!("{:?} failed with code {:?}", update.message_id(), update.code());
///     }
/// }
/// ```
#[derive(Clone)]
pub struct DeliveryUpdate {
    payload: Payload,
    state: DeliveryState,
}

impl DeliveryUpdate {
    /// Returns the update of a `message.…` or `poll.…` event that ends in `sent`, `delivered`, `read` or `failed`.
    #[must_use]
    pub fn from_event(event: &WebhookEvent) -> Option<Self> {
        let state = match event.event_type() {
            "message.sent" | "poll.sent" => DeliveryState::Sent,
            "message.delivered" | "poll.delivered" => DeliveryState::Delivered,
            "message.read" | "poll.read" => DeliveryState::Read,
            "message.failed" | "poll.failed" => DeliveryState::Failed,
            _ => return None,
        };
        let payload = Payload::of(event)?;
        Some(Self { payload, state })
    }

    /// Returns how far the message has come.
    #[must_use]
    pub fn state(&self) -> DeliveryState {
        self.state
    }

    /// Returns the chat's id.
    #[must_use]
    pub fn chat_id(&self) -> Option<&str> {
        self.payload.chat_id()
    }

    /// Returns the id of the message or poll.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.payload.message_id()
    }

    /// Returns the idempotency key that the message was sent with, which identifies it without its id.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.payload.of_message("idempotency_key").text()
    }

    /// Returns Linq's error code of a failure.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        let code = self.payload.get("code").integer();
        code.or(self.payload.get("error").get("code").integer())
    }

    /// Returns true if the message failed for a reason that can pass: delivery attempts used up (3007), delivery
    /// failed (4001), line offline (4002) or time-out (4006).
    ///
    /// Resend it at most once, under a new idempotency key: the failed message may still arrive.
    #[must_use]
    pub fn may_resend(&self) -> bool {
        matches!(self.code(), Some(3007 | 4001 | 4002 | 4006))
            && self.state == DeliveryState::Failed
    }

    /// Returns when the message came this far.
    #[must_use]
    pub fn at(&self) -> Option<DateTime<Utc>> {
        let time = match self.state {
            DeliveryState::Sent => "sent_at",
            DeliveryState::Delivered => "delivered_at",
            DeliveryState::Read => "read_at",
            DeliveryState::Failed => "failed_at",
        };
        self.payload.of_message(time).time()
    }
}

impl fmt::Debug for DeliveryUpdate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DeliveryUpdate")
            .field("state", &self.state)
            .field("chat_id", &self.chat_id())
            .field("message_id", &self.message_id())
            .field("code", &self.code())
            .finish_non_exhaustive()
    }
}

/// Methods of a view with a speaker, and its `Debug`, which shows ids only.
macro_rules! spoken {
    ($view:ident) => {
        impl $view {
            /// Returns the chat's id.
            #[must_use]
            pub fn chat_id(&self) -> Option<&str> {
                self.payload.chat_id()
            }

            /// Returns the id of the message or poll.
            #[must_use]
            pub fn message_id(&self) -> Option<&str> {
                self.payload.message_id()
            }

            /// Returns who did it: a phone number in E.164, or an e-mail address,
            /// [normalized](crate::normalize_handle).
            #[must_use]
            pub fn sender(&self) -> Option<&str> {
                self.speaker.sender.as_deref()
            }

            /// Returns your own line in the chat, normalized like the [`sender`](Self::sender).
            #[must_use]
            pub fn own_line(&self) -> Option<&str> {
                self.speaker.own_line.as_deref()
            }

            /// Returns true if one of your own lines did it.
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
        }

        impl fmt::Debug for $view {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter
                    .debug_struct(stringify!($view))
                    .field("event_type", &self.payload.event_type)
                    .field("chat_id", &self.chat_id())
                    .field("message_id", &self.message_id())
                    .field("is_echo", &self.is_echo())
                    .finish_non_exhaustive()
            }
        }
    };
}

/// An edit of a message, by whoever wrote it.
#[derive(Clone)]
pub struct MessageEdit {
    payload: Payload,
    speaker: Speaker,
}

spoken!(MessageEdit);

impl MessageEdit {
    /// Returns the edit of a `message.edited` event.
    #[must_use]
    pub fn from_event(event: &WebhookEvent) -> Option<Self> {
        let (payload, speaker) = spoken(event, &["message.edited"])?;
        Some(Self { payload, speaker })
    }

    /// Returns the new text of the part.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        let part = self.payload.get("part");
        part.get("text").text().or(part.get("value").text())
    }

    /// Returns the edited part, counted from 0.
    #[must_use]
    pub fn part_index(&self) -> Option<u16> {
        self.payload.get("part").get("index").index()
    }

    /// Returns when the message was edited.
    #[must_use]
    pub fn edited_at(&self) -> Option<DateTime<Utc>> {
        self.payload.get("edited_at").time()
    }
}

/// A poll that was created in a chat, or got further options.
///
/// [`DeliveryUpdate`] tells how far a poll of your own has come.
#[derive(Clone)]
pub struct InboundPoll {
    payload: Payload,
    speaker: Speaker,
}

spoken!(InboundPoll);

impl InboundPoll {
    /// Returns the poll of a `poll.received`, `poll.sent` or `poll.updated` event.
    #[must_use]
    pub fn from_event(event: &WebhookEvent) -> Option<Self> {
        let types = ["poll.received", "poll.sent", "poll.updated"];
        let (payload, mut speaker) = spoken(event, &types)?;
        speaker.is_me |= payload.event_type == "poll.sent";
        Some(Self { payload, speaker })
    }

    /// Returns true if the poll existed before, and its [options](Self::options) are those that were added to it.
    #[must_use]
    pub fn is_update(&self) -> bool {
        self.payload.event_type == "poll.updated"
    }

    /// Returns the options, as far as they match their type.
    #[must_use]
    pub fn options(&self) -> Vec<PollOption> {
        let options = match self.is_update() {
            true => self.payload.get("added_options"),
            false => self.payload.get("poll").get("options"),
        };
        options.items().filter_map(|option| option.read()).collect()
    }
}

/// A vote for an option of a poll, or its withdrawal.
#[derive(Clone)]
pub struct PollVote {
    payload: Payload,
    speaker: Speaker,
}

spoken!(PollVote);

impl PollVote {
    /// Returns the vote of a `poll.vote.added` or `poll.vote.removed` event.
    #[must_use]
    pub fn from_event(event: &WebhookEvent) -> Option<Self> {
        let (payload, speaker) = spoken(event, &["poll.vote.added", "poll.vote.removed"])?;
        Some(Self { payload, speaker })
    }

    /// Returns true if the vote was withdrawn.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.payload.event_type == "poll.vote.removed"
    }

    /// Returns the id of the option.
    #[must_use]
    pub fn option_id(&self) -> Option<&str> {
        self.payload.get("option_id").text()
    }
}

fn spoken(event: &WebhookEvent, types: &[&str]) -> Option<(Payload, Speaker)> {
    let payload = Payload::of_types(event, types)?;
    let speaker = Speaker::of(&payload);
    (!payload.event_type.is_empty()).then_some((payload, speaker))
}

/// The other side started or stopped typing, in a direct chat.
#[derive(Clone)]
pub struct Typing {
    payload: Payload,
}

impl Typing {
    /// Returns the change of a `chat.typing_indicator.started` or `chat.typing_indicator.stopped` event.
    #[must_use]
    pub fn from_event(event: &WebhookEvent) -> Option<Self> {
        match event.event_type() {
            "chat.typing_indicator.started" | "chat.typing_indicator.stopped" => {
                let payload = Payload::of(event)?;
                Some(Self { payload })
            }
            _ => None,
        }
    }

    /// Returns the chat's id.
    #[must_use]
    pub fn chat_id(&self) -> Option<&str> {
        self.payload.chat_id()
    }

    /// Returns true if typing started, false if it stopped.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.payload.event_type == "chat.typing_indicator.started"
    }

    /// Returns who types, [normalized](crate::normalize_handle), if the payload tells.
    #[must_use]
    pub fn sender(&self) -> Option<String> {
        let handle = self.payload.get("actor_handle").handle();
        handle.map(normalize_handle)
    }
}

impl fmt::Debug for Typing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Typing")
            .field("chat_id", &self.chat_id())
            .field("is_started", &self.is_started())
            .finish_non_exhaustive()
    }
}

/// Somebody joined or left a group.
#[derive(Clone)]
pub struct ParticipantChange {
    payload: Payload,
}

impl ParticipantChange {
    /// Returns the change of a `participant.added` or `participant.removed` event.
    #[must_use]
    pub fn from_event(event: &WebhookEvent) -> Option<Self> {
        match event.event_type() {
            "participant.added" | "participant.removed" => {
                let payload = Payload::of(event)?;
                Some(Self { payload })
            }
            _ => None,
        }
    }

    /// Returns the chat's id.
    #[must_use]
    pub fn chat_id(&self) -> Option<&str> {
        self.payload.chat_id()
    }

    /// Returns true if the participant was removed or left, false if the participant was added.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.payload.event_type == "participant.removed"
    }

    /// Returns the participant, [normalized](crate::normalize_handle).
    #[must_use]
    pub fn handle(&self) -> Option<String> {
        let participant = self.payload.get("participant").handle();
        let handle = participant.or(self.payload.get("handle").handle());
        handle.map(normalize_handle)
    }

    /// Returns true if the participant is one of your own lines.
    #[must_use]
    pub fn is_me(&self) -> bool {
        let is_me = self.payload.get("participant").get("is_me");
        is_me.flag().unwrap_or(false)
    }

    /// Returns when it happened.
    #[must_use]
    pub fn at(&self) -> Option<DateTime<Utc>> {
        let added = self.payload.get("added_at").time();
        added.or(self.payload.get("removed_at").time())
    }
}

impl fmt::Debug for ParticipantChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ParticipantChange")
            .field("chat_id", &self.chat_id())
            .field("is_removed", &self.is_removed())
            .finish_non_exhaustive()
    }
}
